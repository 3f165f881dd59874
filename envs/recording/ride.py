"""A ride: a carrier moves through a scene while its sensors measure; a sequence made on demand."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from threading import RLock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from navworld.data.movers import CHANNEL
from navworld.data.sequences import Channel, check_item
from navworld.envs.recording.config import RecordConfig
from navworld.envs.recording.instruments import Instrument, instruments
from navworld.envs.recording.life import life, poses_channel, told
from navworld.envs.recording.motions import Backwards, body_velocity
from navworld.envs.recording.rig import Rig, Setting
from navworld.geometry.curves import Curve
from navworld.geometry.trajectories import Trajectory
from navworld.scenes.rearranged import rearranged_ref
from navworld.world.carriers import carrier
from navworld.world.company.doors import unhung
from navworld.world.conditions import Conditions
from navworld.world.store import Place, SceneRef, shared_store

ROUTES_TRIED = 40
"""Routes drawn before it is given up to find one that moved furniture leaves free."""
BODY_RADIUS = 0.25
"""What is kept free around a route where furniture has been moved [m]."""


@dataclass(frozen=True)
class Ride:
    """One sequence of a data set, before it is made.

    Attributes:
        name: Unique in the data set.
        config: What is recorded, and how.
        ref: The scene.
        label: What the scene is called, the same wherever its file lies.
        split: It belongs to; "" for none.
        carrier: Its name.
        route: Number of the route among those of the scene and carrier.
        back: Whether the route is ridden from its end to its start.
        visit: Number of the ride among those of the route.
        conditions: What is found there.
        items: How many measurements it will have, of all channels together.
        arrangements: The conditions of all rides of the route: it must be free under each.
    """

    name: str
    config: RecordConfig
    ref: SceneRef
    label: str
    split: str
    carrier: str
    route: int
    back: bool
    visit: int
    conditions: Conditions
    items: int = 0
    arrangements: tuple[Conditions, ...] = ()

    def sequence(self, *, threads: int = 1, still: bool = False) -> RiddenSequence:
        """What is measured on the ride; items are made as they are read.

        Args:
            still: As if nothing moved beside the carrier; the same in all else.
        """
        place = shared_store().get(rearranged_ref(self.ref, self.conditions))
        there = self.curve()
        curve = Backwards(there) if self.back else there
        seed = _number(
            self.config.seed, self.label, self.carrier, self.route, self.visit, self.back
        )
        tracks, movers = None, None if still else self.config.moving
        if movers is not None:
            tracks = life(
                place, movers, curve, name=self.name, label=self.label, carrier=self.carrier,
                seed=seed,
            )  # fmt: skip
            place = unhung(place) if movers.doors else place
        setting = Setting(
            place, curve, self.conditions, seed, self.config.light, threads, tracks=tracks
        )
        tools = instruments(self.config, self.carrier)
        return RiddenSequence(self.name, setting, tools, self._info())

    def curve(self) -> Curve:
        """The motion there, the same for all rides of the route."""
        place = shared_store().get(self.ref)
        rng = np.random.default_rng(_number(self.config.seed, self.label, self.carrier, self.route))
        mover, seconds = carrier(self.carrier), self.config.seconds
        moved = {rearranged_ref(self.ref, c).key: c for c in self.arrangements if c.moved}
        others = [shared_store().get(rearranged_ref(self.ref, c)) for c in moved.values()]
        for _ in range(ROUTES_TRIED):
            curve = mover.curve(place, rng, seconds, loop=self.config.loop)
            if all(_free(other, curve) for other in others):
                return curve
        raise ValueError(
            f"{self.name}: {ROUTES_TRIED} routes of {seconds:g} s all lead through furniture that "
            "is moved on some visit: lower `moved`, shorten `seconds` or leave the scene out"
        )

    def _info(self) -> dict[str, Any]:
        found = {k: v for k, v in asdict(self.conditions).items() if v != DEFAULTS[k]}
        movers = self.config.moving
        living = {} if movers is None else {"movers": told(movers, self.carrier)}
        return {
            "scene": self.label,
            "split": self.split,
            "carrier": self.carrier,
            "route": self.route,
            "direction": "back" if self.back else "there",
            "visit": self.visit,
            "conditions": found,
            "loop": self.config.loop,
            "seed": self.config.seed,
            "light": self.config.light,
            **living,
        }


DEFAULTS = asdict(Conditions())


class RiddenSequence:
    """What is measured on a ride; see `navworld.data.sequences.Sequence`.

    Items are rendered when they are read, some at a time, and are the same bytes in whatever
    order they are read. Reading in the order of stamps is the fastest.
    """

    def __init__(
        self, name: str, setting: Setting, tools: list[Instrument], info: Mapping[str, Any]
    ) -> None:
        self.name, self.info, self.setting = name, info, setting
        self._lock = RLock()
        self._rigs: dict[str, Rig] = {}
        self.channels: dict[str, Channel] = {}
        for group in _grouped(tools):
            rig = Rig(setting, group)
            stamps = group[0].stamps(setting.curve.duration)
            for tool in group:
                for channel, output in tool.outputs.items():
                    if channel in self._rigs:
                        raise ValueError(f"two sensors give a channel {channel!r}: leave one out")
                    self._rigs[channel] = rig
                    self.channels[channel] = Channel(
                        output.kind, stamps, output.shape, output.dtype,
                        None if output.T_body_sensor is None else np.array(output.T_body_sensor),
                        output.lens, output.unit, output.info,
                    )  # fmt: skip

        if setting.tracks is not None:
            self.channels[CHANNEL] = poses_channel(setting.tracks)

    @cached_property
    def truth(self) -> Trajectory:
        """Where the body was, at the moments of the fastest channel and at the start."""
        fastest = max(self.channels.values(), key=len)
        stamps = np.union1d([0.0], fastest.stamps)
        return Trajectory(stamps, self.setting.curve.at(stamps).T_world_body)

    @cached_property
    def velocity(self) -> NDArray[np.float64]:
        """(len(truth), 6) of the body, in its frame [m/s, rad/s]."""
        return body_velocity(self.setting.curve.at(self.truth.stamps))

    def read(self, channel: str, index: int) -> NDArray:
        """An item; see `Sequence.read`."""
        check_item(self, channel, index)
        if channel == CHANNEL:
            assert self.setting.tracks is not None
            return self.setting.tracks.T_world_mover[index].copy()
        with self._lock:
            return self._rigs[channel].read(channel, index)


def _grouped(tools: list[Instrument]) -> list[list[Instrument]]:
    """Instruments that are read together: those of one rate that remember nothing."""
    groups: dict[float, list[Instrument]] = {}
    alone = []
    for tool in tools:
        if tool.at_once:
            groups.setdefault(tool.rate_hz, []).append(tool)
        else:
            alone.append([tool])
    return [*groups.values(), *alone]


def _free(place: Place, curve: Curve) -> bool:
    """Whether a body can go along a motion."""
    xy = curve.at(np.arange(0.0, curve.duration, 0.05)).T_world_body[:, :2, 3]
    return bool((place.navigator(BODY_RADIUS).clearance(xy) >= BODY_RADIUS).all())


def _number(*parts: object) -> int:
    """63 bits that depend on all parts, the same everywhere."""
    words = [zlib.crc32(repr(part).encode()) for part in parts]
    return int(np.random.SeedSequence(words).generate_state(1, np.uint64)[0] >> np.uint64(1))
