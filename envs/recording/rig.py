"""Instruments of one rate, read at any moments of a motion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from navworld.envs.recording.instruments import Instrument, imu_block
from navworld.envs.recording.motions import Sampled, driven
from navworld.geometry.curves import Curve
from navworld.sensors.events import EventCamera
from navworld.sensors.noise import OdometerPose
from navworld.sensors.wheels import WheelOdometry
from navworld.streams import Streams
from navworld.world.body import Robot
from navworld.world.company.tracks import Passing, Tracks
from navworld.world.conditions import Conditions
from navworld.world.store import Place
from navworld.world.world import World

CHUNK_BYTES, MOST_ROWS = 12 << 20, 64
"""How much is measured at a time: enough to keep kernels busy, little enough for caches."""
WHEELS = (WheelOdometry, OdometerPose)
"""Sensors that read how far wheels were driven."""

Items = dict[str, list[NDArray]]


@dataclass(frozen=True, eq=False)
class Setting:
    """Where and how instruments are carried.

    Attributes:
        place: The scene, as it is found.
        curve: The motion.
        conditions: Hour, weather and season.
        seed: Of all noise.
        light: Quality of baked light.
        threads: For rendering; they change no byte.
        tracks: What moves beside the body; None where nothing does. Where it has
            doors, `place` lacks their leaves.
    """

    place: Place
    curve: Curve
    conditions: Conditions
    seed: int
    light: str = "full"
    threads: int = 1
    tracks: Tracks | None = None


class Rig:
    """Instruments of one rate in worlds whose rows are moments of the motion.

    Sensors that remember nothing are read many moments at a time, together with those that were
    read with them for the moments before. One that remembers has a rig of its own and is led
    through the motion from its start: asked for an earlier moment it begins anew, so that what it
    gives depends on the moment alone.

    Args:
        tools: Those that remember nothing, or a single one that does.
    """

    def __init__(self, setting: Setting, tools: list[Instrument]) -> None:
        self._setting, self._tools = setting, tools
        self._free = all(tool.at_once for tool in tools)
        self._inertial = tools[0].inertial
        self._rolls = any(isinstance(tool.sensor, WHEELS) for tool in tools)
        self._rate_hz = tools[0].rate_hz
        self._times = _moments(setting, tools[0])
        self._curve = Sampled(setting.curve, self._times)
        self._per_row = imu_block(self._rate_hz) if self._inertial else 1
        self._rows = self._row_count() if self._free else 1
        self._streams = Streams(self._rows)
        for row in range(self._rows):
            self._streams.seed(row, setting.seed)
        self._tool_of = {name: k for k, tool in enumerate(tools) for name in tool.outputs}
        self._passing: Passing | None = None
        if setting.tracks is not None and not self._inertial:
            self._passing = Passing(setting.tracks, self._rows)
        self._worlds: dict[tuple[int, ...], World] = {}
        self._usual, self._used = set(range(len(tools))), set(range(len(tools)))
        self._next, self._at = 0, -1
        self._items: Items = {}

    def read(self, channel: str, index: int) -> NDArray:
        """An item of one of the instruments."""
        block, within = divmod(index, self._rows * self._per_row)
        if self._at != block:
            self._usual, self._used = self._used, set()
            self._at, self._items = block, {}
        tool = self._tool_of[channel]
        if channel not in self._items:
            measured = {self._tool_of[name] for name in self._items}
            self._items |= self._block(block, sorted((self._usual | {tool}) - measured))
        self._used.add(tool)
        return self._items[channel][within].copy()

    def _row_count(self) -> int:
        size = sum(
            int(np.prod(np.abs(output.shape))) * output.dtype.itemsize
            for tool in self._tools
            for output in tool.outputs.values()
        )
        return int(np.clip(CHUNK_BYTES // max(size, 1), 1, MOST_ROWS))

    def _block(self, block: int, tools: list[int]) -> Items:
        """The items of one reading."""
        if self._free:
            return self._measure(block, tools)
        if block < self._next:
            self._worlds.clear()
            self._next = 0
        for at in range(self._next, block):
            self._measure(at, tools)
        self._next = block + 1
        return self._measure(block, tools)

    def _world(self, tools: list[int]) -> World:
        """The world in which some instruments are read, with them at the start of the motion."""
        world = self._worlds.get(tuple(tools))
        if world is None:
            setting, ids = self._setting, np.arange(self._rows)
            robot = Robot(dt=self._per_row / self._rate_hz)
            world = World(self._rows, robot, light=setting.light, threads=setting.threads)
            for row in range(self._rows):
                world.ride(row, setting.place, self._curve)
                world.meet(row, setting.conditions, setting.seed)
            if self._passing is not None:
                self._passing.show(world, np.zeros(self._rows), np.zeros(self._rows))
            self._streams.steps[:] = 0
            for k in tools:
                world.want(self._tools[k].sensor.renders)
                self._tools[k].sensor.reset(world, ids, self._streams)
            self._worlds[tuple(tools)] = world
        return world

    def _measure(self, block: int, tools: list[int]) -> Items:
        world = self._world(tools)
        steps = np.arange(block * self._rows, min((block + 1) * self._rows, len(self._times)))
        self._streams.steps[: len(steps)] = steps
        self._seek(world, steps)
        ids, found = np.arange(len(steps)), Items()
        for k in tools:
            observation = self._tools[k].sensor.read(world, ids, self._streams)
            for name, output in self._tools[k].outputs.items():
                if self._inertial:
                    count = int(observation[f"{name}_count"][0, 0])
                    found[name] = list(observation[name][0, :count])
                    continue
                found[name] = [output.take(observation, row) for row in range(len(ids))]
                if isinstance(self._tools[k].sensor, EventCamera):  # counts from the last reading
                    found[name][0][:, 0] += self._times[steps[0]] - world.dt[0]
        return found

    def _seek(self, world: World, steps: NDArray[np.int64]) -> None:
        """Puts row k to moment steps[k] of the motion, as if it had come there from the last."""
        times, n = self._times[steps], len(steps)
        dt = times - np.where(steps > 0, self._times[steps - 1], 0.0)
        T_world_body = self._curve.moments.T_world_body[steps]
        world.time[:n], world.dt[:n] = times, dt
        world.xy[:n], world.z[:n] = T_world_body[:, :2, 3], T_world_body[:, 2, 3]
        world.yaw[:n] = np.arctan2(T_world_body[:, 1, 0], T_world_body[:, 0, 0])
        if self._rolls:
            world.driven[:n] = driven(self._setting.curve, times, dt)
        if self._passing is not None:
            self._passing.show(world, times, times - dt)
        # Also tells the world that images of another moment are out of date.
        world.meet(0, self._setting.conditions, self._setting.seed)


def _moments(setting: Setting, tool: Instrument) -> NDArray[np.float64]:
    """When an instrument is read, from the start of the motion [s].

    An IMU's samples come by the block, each covers the time up to its stamp: the last block is
    shorter where the motion ends within it.
    """
    stamps = tool.stamps(setting.curve.duration)
    if tool.inertial:
        size = imu_block(tool.rate_hz)
        stamps = np.append(stamps[size - 1 :: size], stamps[-1:] if len(stamps) % size else [])
    return np.minimum(stamps, setting.curve.duration)
