"""What moves beside the carrier on a ride, and the channel that tells where it was."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from navworld.data.sequences import Channel
from navworld.geometry.curves import Curve
from navworld.scenes.people import figure, vehicle
from navworld.world.carriers import carrier
from navworld.world.company.rides import lived
from navworld.world.company.tracks import Tracks
from navworld.world.movers import Movers
from navworld.world.store import Place

WALKER = 0.3
"""Radius of whoever carries something by hand or on the body [m]."""

LIVES = 0x1F3
"""What random numbers of a ride are for."""


def life(
    place: Place, movers: Movers, curve: Curve, *, name: str, label: str, carrier: str, seed: int
) -> Tracks:
    """Everything that moves on a ride.

    Args:
        place: As it is found, its doors hung.
        curve: The carrier's motion.
        name: Of the ride. label: Of the scene. carrier: Its name.
        seed: Of the ride.

    Raises:
        ValueError: There is no room for so many, no road for vehicles, or nothing that moves.
    """
    plan = place.scene.map
    if movers.vehicles and (plan is None or not plan.roads):
        raise ValueError(
            f"{name}: movers.vehicles={movers.vehicles}, but {label} has no roads: leave vehicles "
            "out, or record a scene with streets, such as 'city'"
        )
    tracks = lived(
        place, movers, curve, np.random.default_rng([LIVES, seed]), radius=body_radius(carrier),
        figure=figure, vehicle=vehicle,
    )  # fmt: skip
    for key, kind, remedy in (
        ("people", "person", "ask for fewer, or lower movers.radius or movers.start_distance"),
        ("vehicles", "vehicle", "ask for fewer"),
    ):
        wanted, there = getattr(movers, key), tracks.kinds.count(kind)
        if there < wanted:
            raise ValueError(
                f"{name}: movers.{key}={wanted}, but beside a carrier {carrier!r} {label} has room "
                f"for {there}: {remedy}"
            )
    if not len(tracks):
        raise ValueError(
            f"{name}: movers asks for doors alone, but {label} has none that move: ask for people "
            "as well, or leave movers out"
        )
    return tracks


def body_radius(name: str) -> float:
    """How much of the ground a carrier takes up, around its origin [m]."""
    return float(getattr(carrier(name), "radius", WALKER))


def poses_channel(tracks: Tracks) -> Channel:
    """The channel of true poses: T_world_mover (M, 4, 4), an item a tick."""
    told = {
        "kind": list(tracks.kinds),
        "class": list(tracks.classes),
        "instance": tracks.instance.tolist(),
    }
    dtype = np.dtype(np.float64)
    return Channel("samples", tracks.stamps, (len(tracks), 4, 4), dtype, unit="m", info=told)


def told(movers: Movers, carrier: str) -> dict[str, Any]:
    """What a sequence's `info` says about its movers."""
    return {**asdict(movers), "pace": list(movers.pace), "body_radius": body_radius(carrier)}
