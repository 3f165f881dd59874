"""Where episodes begin: the frozen ones that are given, and drawing others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from navworld.streams import IntArray, Streams
from navworld.world.body import Robot
from navworld.world.geodesic import DistanceField
from navworld.world.navigability import Navigator
from navworld.world.store import Place
from navworld.world.world import World

MARGIN = 0.002
"""Starts and goals keep this much more clearance than needed, whatever is rounded later [m]."""

CANDIDATES = 48
"""Starts tried for one goal: distances to a goal are cheap once its field is there."""

TRIES = 16
"""Goals tried before a scene is refused."""

Episode = TypeVar("Episode")


def begun(
    episodes: Sequence[Episode | None],
    draw: Callable[[Place, Robot, np.random.Generator], Episode],
    *,
    name: str,
    world: World,
    ids: IntArray,
    streams: Streams,
) -> Iterator[tuple[int, Episode]]:
    """The environments `ids`, each with the episode that it begins.

    Args:
        episodes: One for every id; None where one is to be drawn.
        draw: Draws an episode in a place for a body.
        name: Of the random stream that it is drawn from.
    """
    for i, episode in zip(ids, episodes, strict=True):
        if episode is None:
            episode = draw(world.places[i], world.robot, streams.generator(name, i))
        yield i, episode


def spots(
    navigator: Navigator,
    rng: np.random.Generator,
    count: int,
    *,
    around: NDArray | None = None,
    reach: float = np.inf,
) -> NDArray[np.float64]:
    """(≤ count, 2) walkable points, evenly spread; only those within `reach` of `around` [m]."""
    low, high = navigator.bounds
    if around is None or reach >= np.linalg.norm(high - low):
        found = navigator.sample(rng, count)
    else:
        box = np.maximum(low, around - reach), np.minimum(high, around + reach)
        found = rng.uniform(*box, (8 * count, 2))
        near = np.linalg.norm(found - around, axis=1) <= reach
        found = found[near & (navigator.component(found) == 0)][:count]
    return found[navigator.clearance(found) >= navigator.radius + MARGIN]


def start_for(
    navigator: Navigator,
    field: DistanceField,
    rng: np.random.Generator,
    *,
    around: NDArray,
    low: float,
    high: float,
    tries: int = CANDIDATES,
) -> NDArray[np.float64] | None:
    """(3,) x, y and heading from which it is `low` to `high` metres to a goal; None if none is."""
    found = spots(navigator, rng, tries, around=around, reach=high)
    heading = rng.uniform(-np.pi, np.pi)
    length = field.distance(found) if len(found) else np.empty(0)
    fits = np.flatnonzero((length >= low) & (length <= high))
    return np.array([*found[fits[0]], heading]) if len(fits) else None


def no_episode(navigator: Navigator, what: str, remedy: str) -> ValueError:
    """The sentence for a scene in which no episode is found."""
    return ValueError(
        f"no {what} was found in {navigator.area:.1f} m² of walkable space: {remedy}, or choose "
        "another scene"
    )
