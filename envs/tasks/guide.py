"""Which way to go when the scene is known: what leads bodies along tours and drives experts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from navworld.actions import FORWARD, LEFT, RIGHT
from navworld.world.geodesic import DistanceField
from navworld.world.motion import advance
from navworld.world.upright import wrap
from navworld.world.world import World

if TYPE_CHECKING:
    from navworld.world.navigability import Navigator

STRAIGHT = np.radians(8.0)
"""A velocity guide drives on while it points this well along the path."""


def next_action(
    world: World,
    i: int,
    field: DistanceField,
    *,
    lookahead: int = 3,
    turn_cost: float = 0.02,
    contact_cost: float = 0.3,
) -> int:
    """The discrete action that brings body i nearer to the goal of a field.

    Tries a few forward moves along every heading. What counts is the way driven plus the geodesic
    distance left plus a little for every turn, so the choice holds while the body turns towards
    it.

    Args:
        lookahead: Forward moves tried along each heading.
        turn_cost: Of a turn [m].
        contact_cost: Of a forward move that ends at an obstacle [m].
    """
    position, robot = world.xy[i], world.robot
    turn = np.radians(robot.turn_deg)
    half = int(np.floor(np.pi / turn + 1e-6))
    turns = np.arange(-half, half + 1)
    heading = world.yaw[i] + turns * turn
    ahead = np.stack([np.cos(heading), np.sin(heading)], 1)
    way = _free_way(world.navigator(i), position, ahead * robot.forward, lookahead)
    moves = np.arange(1, lookahead + 1) * robot.forward
    driven = np.minimum(moves, way[:, None])
    points = position + ahead[:, None] * driven[..., None]
    left = field.distance(points.reshape(-1, 2)).reshape(len(turns), -1)
    contact = driven < moves - 1e-6
    cost = driven + left + contact_cost * contact + turn_cost * np.abs(turns)[:, None]
    cost[driven < 0.01] = np.inf
    best = turns[np.argmin(cost.min(1))]
    return FORWARD if best == 0 else (LEFT if best > 0 else RIGHT)


def next_velocity(world: World, i: int, field: DistanceField) -> NDArray[np.float64]:
    """(2,) the velocity action that brings body i nearer to the goal of a field."""
    robot = world.robot
    step = robot.max_speed * robot.dt
    dx, dy = field.direction(world.xy[i : i + 1], max(step, 0.25))[0]
    error = float(wrap(np.arctan2(dy, dx) - world.yaw[i]))
    turn = float(np.clip(error / (robot.max_turn_rate * robot.dt), -1.0, 1.0))
    if abs(error) > STRAIGHT:
        # Below a tenth of full speed an action would mean to stop.
        return np.array([0.0, np.copysign(max(abs(turn), 0.11), error)])
    left = float(field.distance(world.xy[i : i + 1])[0])
    return np.array([float(np.clip(left / step, 0.11, 1.0)), 0.0 if abs(turn) < 0.02 else turn])


def _free_way(
    navigator: Navigator, position: NDArray, step: NDArray, lookahead: int
) -> NDArray[np.float64]:
    """How far (n,) the body gets from one position along (n, 2) forward moves, repeated [m]."""
    count = len(step)
    which, start = np.zeros(count, np.int64), np.tile(position, (count, 1))
    return advance([navigator], which, start, step * lookahead)[2]
