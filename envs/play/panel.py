"""The panel beside the 3-D scene: the sensor, the map, the controls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any

from navworld.envs.play.keys import LABELS
from navworld.envs.play.session import MODES, Session
from navworld.envs.play.stage import CAMERAS, Stage
from navworld.scenes import FAMILIES
from navworld.sensors import SENSOR_NAMES
from navworld.viz.captions import sheet
from navworld.world.conditions import SEASONS, SEVERITIES, WORST, Conditions
from navworld.world.movers import Movers

WIDTH = 480
MAP_SIDE = 420
AS_BUILT = "as built"
HELP = (
    "**W A D** or the arrow keys drive, **Space** stops and ends the episode: it counts when that "
    "is at the green ring. Blue is the body, orange is where its odometer believes it is."
)


class Panel:
    """viser's panel.

    Args:
        post: Runs a task on the thread that owns the session.
        drive: Asks for an action.

    Attributes:
        speed: Of velocity actions, as a share of the largest.
        live: Whether time goes on while no key is held.
    """

    def __init__(
        self,
        server: Any,
        session: Session,
        stage: Stage,
        post: Callable[[Callable[[], None]], None],
        drive: Callable[[str], None],
    ) -> None:
        self._gui, self._session, self._post = server.gui, session, post
        self.speed, self.live = 0.6, session.movers is not None
        self._stage, self._latest = stage, session.conditions
        self._sensor = self._gui.add_dropdown("sensor", SENSOR_NAMES, initial_value=session.sensor)
        self._sensor.on_update(lambda _: post(lambda: session.look(self._sensor.value)))
        self._picture = self._gui.add_image(sheet(session.frame(), WIDTH), jpeg_quality=85)
        self._buttons(drive)
        self._told = self._gui.add_markdown("")
        with self._gui.add_folder("Map"):
            self._map = self._gui.add_image(session.map(MAP_SIDE), jpeg_quality=88)
        self._ways()
        self._places()
        self._weather()
        self._gui.add_markdown(HELP)

    def show(self) -> None:
        """Shows how things stand."""
        session = self._session
        self._picture.image = sheet(session.frame(), WIDTH)
        self._map.image = session.map(MAP_SIDE)
        rows = "".join(f"| {name} | **{value}** |\n" for name, value in session.told().items())
        self._told.content = f"| | |\n|---|---|\n{rows}"

    def _buttons(self, drive: Callable[[str], None]) -> None:
        names = {label: action for action, label in LABELS.items()}
        group = self._gui.add_button_group("drive", tuple(names))
        group.on_click(lambda _: drive(names[group.value]))

    def _places(self) -> None:
        gui, session, post = self._gui, self._session, self._post
        with gui.add_folder("Place", expand_by_default=False):
            given, own = session.scene, str(session.place.scene.name)
            family, _, seed = str(given).partition(":")
            known = family in FAMILIES
            names = tuple(FAMILIES) if known else (own, *FAMILIES)
            place = gui.add_dropdown("scene", names, initial_value=family if known else own)
            first = int(seed) if seed.isdigit() else 0
            number = gui.add_number("scene's seed", initial_value=first, min=0, step=1)
            episode = gui.add_number("episode's seed", initial_value=session.seed, min=0, step=1)
            now = session.movers or Movers()
            people = gui.add_number("people", initial_value=now.people, min=0, max=50, step=1)
            vehicles = gui.add_number("vehicles", initial_value=now.vehicles, min=0, max=50, step=1)
            doors = gui.add_checkbox("doors swing", initial_value=now.doors)
            begin = gui.add_button("Begin anew", color="blue")

            def load(_: Any) -> None:
                made = place.value in FAMILIES
                spec = f"{place.value}:{int(number.value)}" if made else given
                movers = Movers(int(people.value), int(vehicles.value), bool(doors.value))
                self.live = self._time.value = movers != Movers()

                def work() -> None:
                    session.movers = movers if movers != Movers() else None
                    session.load(spec, int(episode.value))

                post(work)

            begin.on_click(load)

    def _ways(self) -> None:
        """How one drives and how one looks on."""
        gui, session, post = self._gui, self._session, self._post
        with gui.add_folder("Driving and view", expand_by_default=False):
            mode = gui.add_dropdown("actions", MODES, initial_value=session.mode)
            speed = gui.add_slider("speed", min=0.1, max=1.0, step=0.1, initial_value=self.speed)
            self._time = gui.add_checkbox("time goes on by itself", initial_value=self.live)
            view = gui.add_dropdown("view", CAMERAS, initial_value=self._stage.camera)
            roof = gui.add_checkbox("without roof", initial_value=True)
            self._time.on_update(lambda _: setattr(self, "live", bool(self._time.value)))
            view.on_update(lambda _: post(lambda: self._stage.follow(view.value)))
            roof.on_update(lambda _: post(lambda: setattr(self._stage, "open_roof", roof.value)))
            mode.on_update(lambda _: post(lambda: session.switch(mode.value)))
            speed.on_update(lambda _: setattr(self, "speed", float(speed.value)))

    def _weather(self) -> None:
        gui = self._gui
        with gui.add_folder("Hour and weather", expand_by_default=False):
            now = self._session.conditions
            clock = gui.add_checkbox("by the clock", initial_value=now.hour is not None)
            hour = gui.add_slider(
                "hour", min=0.0, max=23.5, step=0.5,
                initial_value=12.0 if now.hour is None else min(now.hour, 23.5),
            )  # fmt: skip
            season = gui.add_dropdown(
                "season", (AS_BUILT, *SEASONS), initial_value=now.season or AS_BUILT
            )
            names = [f.name for f in fields(Conditions) if f.name in SEVERITIES]
            sliders = {
                name: gui.add_slider(
                    name, min=0.0, max=WORST, step=0.5, initial_value=float(getattr(now, name))
                )
                for name in names
            }

            def meet(_: Any) -> None:
                levels = {name: float(slider.value) for name, slider in sliders.items()}
                self._latest = Conditions(
                    hour=float(hour.value) if clock.value else None,
                    season=None if season.value == AS_BUILT else season.value,
                    **levels,  # type: ignore[arg-type]
                )
                self._post(self._meet_latest)

            for control in (clock, season, hour, *sliders.values()):
                control.on_update(meet)

    def _meet_latest(self) -> None:
        """Of all that a dragged slider asked for only the last is done: an hour takes seconds."""
        if self._session.conditions != self._latest:
            self._session.meet(self._latest)
