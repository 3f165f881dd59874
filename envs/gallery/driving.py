"""A short drive during which sensors measure.

A body drives along shortest paths at a steady 10 Hz and at last runs into whatever is ahead, so
that there is something for every sensor to feel. It drives twice: first blind, to find the moment
with most to see; then with sensors, of which cameras look at that moment only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from navworld.contracts import Sensor
from navworld.envs.gallery.worlds import Shown
from navworld.streams import Streams
from navworld.viz.panels import Readings
from navworld.viz.viewpoints import interest
from navworld.world.body import Camera, Robot
from navworld.world.store import Place
from navworld.world.upright import wrap
from navworld.world.world import World

STEPS, LAST_STEPS, ASIDE = 170, 40, 12
"""Steps of a drive, how many of them lead off the way into something, and turn off it."""

MANY = 160
"""Sensors that measure more numbers at once are scanners."""

ROBOT = Robot(dt=0.1)
IDS = np.zeros(1, np.int64)


@dataclass(frozen=True, eq=False)
class Drive:
    """A recorded drive.

    Attributes:
        name, place, start: Where it began.
        velocities: (T, 2) forward [m/s] and turn rate [rad/s] of every step.
        moment: The step with most to see.
        camera: Through which cameras look.
    """

    name: str
    place: Place
    start: NDArray
    velocities: NDArray
    moment: int
    camera: Camera
    light: str

    @classmethod
    def through(cls, found: Shown, *, size: int, light: str) -> Drive:
        """Drives from the best stand of a place to the far end of it."""
        place, start = found.place, found.stands[0]
        camera = Camera(
            3 * size // 4, size, 90.0, (0.0, 0.0, ROBOT.camera_height), far=10.0, supersample=2
        )
        world = _world(place, start, light)
        navigator = place.navigator(ROBOT.radius)
        spots = navigator.sample(np.random.default_rng(1), 64)
        field = place.field(ROBOT.radius, tuple(start[:2]))
        away = np.nan_to_num(field.distance(spots), posinf=-1.0)
        goal = place.field(ROBOT.radius, tuple(spots[np.argmax(away)]))
        small = Camera(24, 32, 90.0, camera.position, far=1000.0)
        velocities, scores = [], []
        command = np.zeros(2)
        for k in range(STEPS):
            towards = goal.direction(world.xy, 0.8)[0]
            error = float(wrap(np.arctan2(towards[1], towards[0]) - world.yaw[0]))
            wanted = np.array([0.5 * max(0.0, np.cos(error)) ** 2, np.clip(2 * error, -1.2, 1.2)])
            if k >= STEPS - LAST_STEPS:
                turning = k < STEPS - LAST_STEPS + ASIDE
                wanted = np.array([0.1, 1.2]) if turning else np.array([0.6, 0.0])
            command = command + 0.35 * (wanted - command)
            world.step_velocity(command[None], ROBOT.dt)
            velocities.append(command)
            seen = world.view(small, world.T_world_body(), IDS, ("depth", "semantic", "instance"))
            steady = command[0] > 0.2 and abs(command[1]) < 0.5
            score = interest(*(image[0] for image in seen.values())) + (0.0 if steady else -3.0)
            scores.append(score if 10 <= k < STEPS - LAST_STEPS else -np.inf)
        moment = int(np.argmax(scores))
        return cls(found.name, place, start, np.stack(velocities), moment, camera, light)

    def measure(self, sensor: Sensor) -> Readings:
        """What a sensor measures: cameras at the best moment, all else along the whole drive."""
        world, streams = _world(self.place, self.start, self.light), Streams(1)
        world.want(sensor.renders)
        looks = _looks(sensor)
        seen: list[dict[str, NDArray]] = []
        times: list[float] = []
        frame = None
        for k in range(len(self.velocities) + 1):
            if k == 0 if not looks else k == self.moment:
                sensor.reset(world, IDS, streams)
            if not looks or k in (self.moment, self.moment + 1):
                read = sensor.read(world, IDS, streams)
                seen.append({key: value[0] for key, value in read.items()})
                times.append(float(world.time[0]))
            if looks and k == self.moment + 1:
                T, camera = world.T_world_body(), getattr(sensor, "camera", self.camera)
                frame = world.view(camera, T, IDS, ("rgb",))["rgb"][0]
                break
            if k < len(self.velocities):
                world.step_velocity(self.velocities[k][None], ROBOT.dt)
                streams.steps += 1
        return Readings(sensor, np.array(times), seen, frame)


def _looks(sensor: Sensor) -> bool:
    """Whether a sensor's readings are of a moment (images, scans), not a course over time."""
    if sensor.renders or hasattr(sensor, "camera"):
        return True
    return any(np.prod(space.shape or ()) > MANY for space in sensor.space.spaces.values())


def _world(place: Place, start: NDArray, light: str) -> World:
    world = World(1, ROBOT, light=light, sliding=False)
    world.place(0, place, start[:2], float(start[2]))
    return world
