"""A drive by hand, without a screen: what `navworld play` shows and what its controls do."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from navworld.actions import FORWARD, LEFT, RIGHT, STOP
from navworld.beliefs import GPS, Observation
from navworld.contracts import Localizer, Outcome, Sensor
from navworld.envs.navigation import Navigation
from navworld.envs.options import Options
from navworld.envs.play.patience import Patience
from navworld.names import nearest
from navworld.scenes import scene_refs
from navworld.sensors import make_sensor
from navworld.sensors.noise import OdometerPose
from navworld.viz.ground import GroundMap
from navworld.viz.panels import Panel, Readings, panels
from navworld.world.appearance.looks import Lighting, Look
from navworld.world.body import Camera, Robot
from navworld.world.conditions import Conditions
from navworld.world.movers import Movers
from navworld.world.scene import Lightmap, Scene
from navworld.world.store import Place
from navworld.world.world import World

MODES = ("velocity", "discrete")
ACTIONS = {
    "forward": (FORWARD, (1.0, 0.0)),
    "left": (LEFT, (0.0, 0.6)),
    "right": (RIGHT, (0.0, -0.6)),
    "stop": (STOP, (0.0, 0.0)),
}
"""Name → the discrete action, and the velocity action (forward, turn) of the same meaning."""

MEMORY = 600
"""Readings of the chosen sensor that are kept for plots."""

IDS = np.zeros(1, np.int64)
TRUTH, BELIEF = (46, 134, 222), (240, 138, 36)
"""Colours of where the body is and of where it believes to be."""

KINDS = {"person": (186, 84, 196), "vehicle": (226, 188, 60), "door": (150, 110, 70)}
"""Colours of what moves beside it."""


@dataclass(eq=False)
class Session:
    """One body in one scene, driven by hand; a localizer follows it blindfolded.

    Args:
        scene: Specification of one scene, such as "apartment:7" or a file.
        seed: Of the episode: start, goal and noise.
        mode: One of `MODES`; velocity steps last 0.1 s.
        size: Width of the cameras' images [px].
        sensor: The sensor that is shown.
        localizer: Tells where the body believes to be; it sees the odometer, as `gps`.
        light: Quality of baked light; other hours are baked "fast", while one waits.
        max_speed: Of velocity actions [m/s].
        movers: What moves beside the body.

    Attributes:
        conditions: Hour and weather; set them with `meet`.
        truth, belief: Poses (4, 4) since the start, in the scene's frame.
        outcome: Of the last step, None before the first.
    """

    scene: object = "apartment:10000"
    seed: int = 0
    mode: str = "velocity"
    size: int = 480
    sensor: str = "rgb"
    localizer: Localizer = field(default_factory=GPS)
    light: str = "full"
    max_speed: float = 1.0
    movers: Movers | None = None
    conditions: Conditions = field(default_factory=Conditions)
    truth: list[NDArray] = field(default_factory=list, init=False)
    belief: list[NDArray] = field(default_factory=list, init=False)
    outcome: Outcome | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        if not 64 <= self.size <= 2048:
            raise ValueError(f"size={self.size!r}: expected a width of 64 to 2048 pixels")
        self.load(self.scene, self.seed)

    @property
    def world(self) -> World:
        """The truth."""
        return self._navigation.world

    @property
    def robot(self) -> Robot:
        """The body."""
        return self._navigation.options.robot

    @property
    def camera(self) -> Camera:
        """What the named sensors look through."""
        position = (0.0, 0.0, self.robot.camera_height)
        return Camera(3 * self.size // 4, self.size, 90.0, position, far=20.0)

    @property
    def goal(self) -> NDArray[np.float64]:
        """(3,) where the episode should end, in the scene's frame [m]."""
        offset = self._task.observe(self.world, IDS)["goal"][0]
        T = self.world.T_world_start[0]
        return T[:3, :3] @ offset + T[:3, 3]

    @property
    def over(self) -> bool:
        """Whether the episode has ended; driving on is allowed and counts no more."""
        return self.outcome is not None and bool(
            self.outcome.terminated[0] or self.outcome.truncated[0]
        )

    @property
    def place(self) -> Place:
        """Where the body is."""
        return self.world.places[0]

    def load(self, scene: object = None, seed: int | None = None) -> None:
        """Begins an episode, in another scene where one is given."""
        scene = self.scene if scene is None else scene
        refs = scene_refs(scene)
        if len(refs) != 1:
            raise ValueError(f"{scene!r} names {len(refs)} scenes: give one, e.g. 'apartment:7'")
        navigation = Navigation(1, self._options(scene))
        seed = self.seed if seed is None else seed
        navigation.world.light = self._light(self.conditions)
        observation = navigation.reset(IDS, [seed])
        self._navigation, self.scene, self.seed = navigation, scene, seed
        self._map = GroundMap(self.place, self.robot, light=self.light)
        self.truth, self.belief, self.outcome = [], [], None
        self.localizer.reset(np.eye(4)[None], IDS)
        self._note(observation, None)
        self.look(self.sensor)

    def switch(self, mode: str) -> None:
        """Goes on with the other kind of actions, from here."""
        if mode not in MODES:
            raise ValueError(f"mode={mode!r}{nearest(mode, MODES)}: expected one of {MODES}")
        if mode == self.mode:
            return
        self.mode = mode
        state = self._navigation.state()
        self._navigation = Navigation(1, self._options(self.scene))
        self._navigation.load(state)
        self.world.light = self._light(self.conditions)
        self.look(self.sensor)

    def look(self, sensor: str) -> None:
        """Chooses the sensor that is shown; it begins to measure now."""
        made = make_sensor(sensor, self.camera, self.robot)
        made.reset(self.world, IDS, self._navigation.streams)
        self.sensor, self._made = sensor, made
        self._readings: deque[tuple[float, Observation]] = deque(maxlen=MEMORY)
        self._read(made)

    def meet(self, conditions: Conditions) -> None:
        """Changes hour and weather on the spot; with other furniture the episode begins anew."""
        before, self.conditions = self.conditions, conditions
        if (before.moved, before.visit) != (conditions.moved, conditions.visit):
            self.load()
            return
        self.world.light = self._light(conditions)
        self.world.meet(0, conditions, self.seed)

    def act(self, action: str | tuple[float, float]) -> Outcome:
        """Acts once: a name out of `ACTIONS`, or forward and turn in [−1, 1] for velocities."""
        if isinstance(action, str):
            if action not in ACTIONS:
                raise ValueError(f"unknown action {action!r}{nearest(action, ACTIONS)}")
            self._task.declared = action == "stop"
            actions = np.array([ACTIONS[action][self.mode == "velocity"]])
        elif self.mode == "discrete":
            raise ValueError(f"action {action!r}: discrete actions are named, {tuple(ACTIONS)}")
        else:
            actions = np.array([action])
        observation, outcome = self._navigation.step(actions)
        if not self.over:
            self.outcome = outcome
        self._note(observation, actions)
        self._read(self._made)
        return outcome

    def wait(self) -> None:
        """Lets the time of one step pass."""
        self._task.declared = False
        rest = ACTIONS["stop"][self.mode == "velocity"]
        observation, _ = self._navigation.step(np.array([rest]))
        self._note(observation, np.array([rest]))
        self._read(self._made)

    def others(self) -> list[tuple[str, NDArray]]:
        """Kinds and poses (4, 4) of what moves beside the body."""
        if self._navigation.others is None:
            return []
        states = self._navigation.others.states(0)
        return list(zip(states.kinds, states.T_world_mover, strict=True))

    def frame(self) -> list[Panel]:
        """What the chosen sensor measures, drawn."""
        frame = None
        if hasattr(self._made, "camera"):
            T = self.world.T_world_body()
            frame = self.world.view(self._made.camera, T, IDS, ("rgb",))["rgb"][0]
        times, seen = zip(*self._readings, strict=True)
        return panels(Readings(self._made, np.array(times), seen, frame))

    def dressed(self) -> tuple[Scene, Lightmap]:
        """The scene as it looks at this hour and in this weather, and its baked light."""
        place, look = self.place, Look.of(self.conditions)
        quality = "fast" if self.world.light == "none" else self.world.light
        light = place.lit(look.lighting, quality)[1]
        assert light is not None
        return (place.scene if look == Look() else place.look(look, quality).scene), light

    def eyes(self) -> NDArray[np.uint8]:
        """(H, W, 3) what the main camera sees, whatever sensor is chosen."""
        T = self.world.T_world_body()
        return self.world.view(self.camera, T, IDS, ("rgb",))["rgb"][0]

    def map(self, side: int = 420) -> NDArray[np.uint8]:
        """(side, side, 3) the surroundings from above, north up, with both paths and the goal."""
        window = self._map.around(self.world.xy[0], side)
        for poses, color in ((self.truth, TRUTH), (self.belief, BELIEF)):
            window.path(np.stack(poses)[:, :2, 3], color)
            window.body(poses[-1], color)
        for kind, T in self.others():
            window.dot(T[:2, 3], KINDS.get(kind, KINDS["person"]))
        window.goal(self.goal[:2])
        return window.image

    def told(self) -> dict[str, str]:
        """How things stand, in words."""
        apart = float(np.linalg.norm(self.truth[-1][:3, 3] - self.belief[-1][:3, 3]))
        metrics = {} if self.outcome is None else self.outcome.metrics
        words = {
            "time": f"{self.world.time[0]:.1f} s",
            "path": f"{self.world.travelled[0]:.1f} m",
            "belief is off by": f"{100 * apart:.0f} cm",
        }
        if "distance_to_goal_m" in metrics:
            words["way to the goal"] = f"{metrics['distance_to_goal_m'][0]:.1f} m"
        if "collisions" in metrics:
            words["collisions"] = f"{metrics['collisions'][0]:.0f}"
        if self.over:
            arrived = bool(self.outcome is not None and self.outcome.success[0])
            words["episode"] = "arrived" if arrived else "ended away from the goal"
            if "spl" in metrics:
                words["SPL"] = f"{metrics['spl'][0]:.2f}"
        return words

    def _options(self, scene: object) -> Options:
        velocity = self.mode == "velocity"
        return Options(
            scenes=scene,
            sensors=(OdometerPose(stands_for_gps=True),),
            image_size=self.size,
            localizer=None,
            robot=Robot(dt=0.1, max_speed=self.max_speed) if velocity else Robot(),
            actions=self.mode,
            sliding=True,
            light=self.light,
            conditions=self.conditions,
            movers=self.movers,
            task=Patience(),
        )

    @property
    def _task(self) -> Patience:
        task = self._navigation.task
        assert isinstance(task, Patience)
        return task

    def _light(self, conditions: Conditions) -> str:
        """Quality of the light under some conditions."""
        plain = self.light == "none" or Look.of(conditions).lighting == Lighting()
        return self.light if plain else "fast"

    def _read(self, sensor: Sensor) -> None:
        observation = sensor.read(self.world, IDS, self._navigation.streams)
        seen = {key: value[0] for key, value in observation.items()}
        self._readings.append((float(self.world.time[0]), seen))

    def _note(self, observation: Observation, actions: NDArray | None) -> None:
        believed = self.localizer.update(observation, actions, self.robot.dt, IDS)
        self.truth.append(self.world.T_world_body()[0])
        self.belief.append(self.world.T_world_start[0] @ believed.T_world_body[0])


def shrunk(image: NDArray[np.uint8], width: int) -> NDArray[np.uint8]:
    """The image at most so wide."""
    if image.shape[1] <= width:
        return image
    height = round(image.shape[0] * width / image.shape[1])
    return np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
