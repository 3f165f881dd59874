"""Every world: at eye height as it is, by night, in fog and in rain, and from above."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from navworld.envs.gallery.page import Card, Page
from navworld.scenes import FAMILIES, scene_refs
from navworld.scenes.rearranged import rearranged_ref
from navworld.viz.viewpoints import from_above, is_roofed, standpoints
from navworld.world.body import Camera, Robot
from navworld.world.conditions import Conditions
from navworld.world.store import Place, shared_store
from navworld.world.world import World

VISITS = {
    "by night": Conditions(hour=22.0),
    "in fog": Conditions(fog=3.0),
    "in rain": Conditions(rain=4.0),
}
BY_NIGHT = ("by night",)
"""How places under the open sky are shown that are not shown in all weathers."""

WEATHER_LIGHT = "fast"
"""Quality of the light of the many hours and skies of one place: each is baked anew."""

EYES = 1.5
"""Height of the eyes, in parts of that of the robot's camera."""

FAR = 2000.0
STANDS = 2


@dataclass(frozen=True, eq=False)
class Shown:
    """A place that can be shown.

    Attributes:
        spec: What `scenes=` takes for it.
        stands: (N, 3) x, y, heading from which there is much to see.
        roofed: Whether one is indoors there.
        cards: Its pictures.
    """

    spec: object
    place: Place
    stands: NDArray
    roofed: bool
    cards: list[Card]

    @property
    def name(self) -> str:
        """What it is called: files without their folders, scenes by their own names."""
        if isinstance(self.spec, (str, Path)):
            return Path(self.spec).name if "/" in str(self.spec) else str(self.spec)
        return self.place.scene.name

    @property
    def call(self) -> str:
        """How an environment is told to be there."""
        return f"scenes={str(self.spec) if isinstance(self.spec, Path) else self.name!r}"


def look_at(
    page: Page, spec: object, *, size: int, light: str, weather: bool = True
) -> Shown | None:
    """Loads a place and takes its pictures; None, and a line on the page, where that fails.

    Args:
        light: Quality of its light.
        weather: Whether it is shown at night, in fog and in rain as well; under the open sky it
            is shown by night in any case.
    """
    try:
        place = shared_store().get(scene_refs(spec)[0])
        robot = Robot()
        rng = np.random.default_rng(0)
        found = Shown(
            spec,
            place,
            standpoints(place, robot, rng, STANDS, height=EYES * robot.camera_height),
            is_roofed(place, robot),
            [],
        )
        found.cards.extend(_cards(page, found, size=size, light=light))
        visits = VISITS if weather else () if found.roofed else BY_NIGHT
        found.cards.extend(_visits(page, found, visits, size=size))
        return found
    except Exception as error:
        # One broken place must not cost the page of all others; it is listed there instead. Of
        # files the reason begins with the path.
        name = spec.name if isinstance(spec, Path) else str(spec)[:80]
        page.left_out[name] = str(error).removeprefix(f"{spec}: ") or type(error).__name__
        return None


def eye(
    found: Shown, stand: int, conditions: Conditions, *, size: int, light: str
) -> NDArray[np.uint8]:
    """(2/3 size, size, 3) what one sees at a stand, under conditions."""
    robot = Robot()
    world = World(1, robot, light=light)
    x, y, yaw = found.stands[stand % len(found.stands)]
    place = found.place
    if conditions.moved:
        place = shared_store().get(rearranged_ref(scene_refs(found.spec)[0], conditions))
    world.place(0, place, np.array([x, y]), yaw)
    world.meet(0, conditions)
    camera = Camera(
        2 * size // 3, size, 80.0, (0.0, 0.0, EYES * robot.camera_height), pitch_deg=4.0, far=FAR,
        supersample=2,
    )  # fmt: skip
    ids = np.zeros(1, np.int64)
    return world.view(camera, world.T_world_body(ids), ids, ("rgb",))["rgb"][0]


def worlds_section(page: Page, shown: dict[str, list[Shown]]) -> None:
    """The chapter on worlds, a section per family."""
    text = (
        "Every family makes a place from a seed, the same bytes every time; files of other kinds "
        "are read as well. Places with a roof are cut open to be seen from above."
    )
    page.chapter("Worlds", text, count=sum(len(group) for group in shown.values()))
    for family, group in shown.items():
        cards = [card for found in group for card in found.cards]
        anchor = page.section(family, _told(family), cards)
        if len(cards) > 1:
            page.cover(cards[1].media, family, anchor)


def _cards(page: Page, found: Shown, *, size: int, light: str) -> list[Card]:
    shape = (2 * size // 3, size)
    name = found.name
    above = from_above(found.place, Robot(), light=light, size=shape)
    triangles = f"{len(found.place.scene.triangles):,} triangles".replace(",", " ")
    cards = [
        Card(
            page.photo(f"{name} above", above), f"{name} from above", found.call,
            note=triangles,
        )
    ]  # fmt: skip
    for k in range(len(found.stands)):
        image = eye(found, k, Conditions(), size=size, light=light)
        media = page.photo(f"{name} eye {k}", image)
        cards.append(Card(media, f"{name} at eye height", found.call))
    return cards


def _visits(page: Page, found: Shown, names: Iterable[str], *, size: int) -> list[Card]:
    cards = []
    for text in names:
        conditions = VISITS[text]
        image = eye(found, 0, conditions, size=size, light=WEATHER_LIGHT)
        media = page.photo(f"{found.name} {text}", image)
        cards.append(Card(media, f"{found.name} {text}", told(conditions)))
    return cards


def told(conditions: Conditions) -> str:
    """The conditions as code, without what is as ever."""
    plain = Conditions()
    given = {k: v for k, v in vars(conditions).items() if k in Conditions.__dataclass_fields__}
    words = [f"{k}={v:g}" if isinstance(v, float) else f"{k}={v!r}" for k, v in given.items()
             if v != getattr(plain, k)]  # fmt: skip
    return f"conditions=Conditions({', '.join(words)})"


def _told(family: str) -> str:
    """What a family says of itself, its first sentences."""
    if family not in FAMILIES:
        return ""
    module = import_module(FAMILIES[family].partition(":")[0])
    text = inspect.getdoc(module) or ""
    return text.split("\n\n")[0].replace("\n", " ").replace("`", "")
