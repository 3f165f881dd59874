"""Somebody who walks by, for tests of what sensors make of people."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from navworld.scenes.people import figure
from navworld.world.company.states import MoverStates
from navworld.world.tracing.moving import MovingParts
from navworld.world.world import World


def pass_by(
    world: World, xy: tuple[float, float], velocity: tuple[float, float] = (0.0, 0.0), *,
    turn: float = 0.0,
) -> int:  # fmt: skip
    """Puts a person on the level floor of body 0's scene; returns its instance.

    Args:
        xy: Where [m]. velocity: Of it [m/s]. turn: How fast it turns about its middle [rad/s].
    """
    T = np.eye(4)[None]
    T[0, :2, 3] = xy
    instance = len(world.places[0].scene.instances)
    world.movers[0] = MovingParts([figure(0).poses], T, instances=[instance])
    states = MoverStates(
        ("person",), np.array([instance]), T, np.array([[*velocity, 0.0]]), np.array([turn])
    )
    world.others = SimpleNamespace(states=lambda row: states)  # type: ignore[assignment]
    world.load(world.state())  # what was seen before is forgotten
    return instance
