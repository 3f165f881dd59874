"""A tour: the body is led to a few places, one after the other, while it observes.

While it is led its own actions count for nothing; `Tours.told` says what was done instead, and
localizers hear the same. Bodies are led by `guide`, by the actions of the environment, so noise of
the motion and obstacles are as for any other drive.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from gymnasium import spaces
from numpy.typing import ArrayLike, NDArray

from navworld.beliefs import Observation
from navworld.envs.tasks.episodes import TRIES, no_episode, spots, start_for
from navworld.envs.tasks.guide import next_action, next_velocity
from navworld.streams import IntArray
from navworld.world.geodesic import DistanceField
from navworld.world.navigability import Navigator
from navworld.world.store import Place
from navworld.world.world import World

ARRIVED = 0.2
"""A body has come to a place when it is this near [m]; or 0.6 of a forward action."""

PATIENCE = 12
"""A leg that takes so many times the steps of its length is given up: noise can block a way."""

TURNS = 40
"""Steps that a leg may take beside, for turning."""

LONGEST = 10_000
"""Bound of the number of steps of a tour in observation spaces."""


@dataclass(frozen=True)
class Tour:
    """The tour of one environment.

    Attributes:
        fields: Distances to the places, in the order of the tour.
        at: Number of places reached; all of them once the tour is over.
        steps: Of the tour so far.
        patience: Steps left for the present leg.
        poses: (at + 1, 4) x, y, heading and step where the body began and where it arrived.
    """

    fields: tuple[DistanceField, ...]
    at: int
    steps: int
    patience: int
    poses: NDArray

    @property
    def over(self) -> bool:
        """Whether the body is on its own."""
        return self.at == len(self.fields)


class Tours:
    """Tours of a batch.

    Attributes:
        rows: B tours.
        space: What the agent is told of them.
    """

    def __init__(self) -> None:
        self.rows: list[Tour] = []
        self.space = spaces.Dict({})
        self._width = 1
        self._done = np.zeros((0, 1), np.float32)

    def equip(self, moves: spaces.Space) -> None:
        """Leads by these actions."""
        low, high, count = -1.0, 1.0, 2
        if isinstance(moves, spaces.Discrete):
            low, high, count = 0.0, float(moves.n - 1), 1
        self._width = count
        self.space = spaces.Dict(
            {
                "led": spaces.Box(0.0, 1.0, (1,), np.float32),
                "done": spaces.Box(low, high, (count,), np.float32),
            }
        )

    def begin(
        self, world: World, i: int, start: ArrayLike, stops: tuple[tuple[float, float], ...]
    ) -> None:
        """Sets body i down at the start (x, y, heading) of a tour."""
        if not self.rows:
            self.rows = [None] * world.num_envs  # type: ignore[list-item]
            self._done = np.zeros((world.num_envs, self._width), np.float32)
        place, radius = world.places[i], world.robot.radius
        x, y, heading = np.asarray(start, np.float64)
        world.place(i, place, np.array([x, y]), heading)
        fields = tuple(place.field(radius, stop) for stop in stops)
        pose = np.array([[x, y, world.yaw[i], 0.0]])
        self.rows[i] = Tour(fields, 0, 0, self._patience(world, i, fields[0]), pose)
        self._done[i] = 0.0

    @property
    def led(self) -> NDArray[np.bool_]:
        """(B,) whether bodies are still led."""
        return np.array([not tour.over for tour in self.rows])

    def lead(self, world: World, moves: NDArray) -> NDArray:
        """What the batch does: the guide's action where a body is led, else its own."""
        moves = moves.copy()
        for i in np.flatnonzero(self.led):
            tour = self.rows[i]
            field = tour.fields[tour.at]
            step = next_action if moves.ndim == 1 else next_velocity
            moves[i] = step(world, int(i), field)
        self._done[:] = moves.reshape(len(moves), -1)
        return moves

    def step(self, world: World) -> NDArray[np.bool_]:
        """Follows a step; (B,) where a body has just come to a place of its tour."""
        arrived = np.zeros(world.num_envs, bool)
        for i in np.flatnonzero(self.led):
            tour = self.rows[i]
            field = tour.fields[tour.at]
            near = field.distance(world.xy[i : i + 1])[0] <= max(ARRIVED, 0.6 * _stride(world))
            tour = replace(tour, steps=tour.steps + 1, patience=tour.patience - 1)
            if near or tour.patience <= 0:
                pose = np.array([[*world.xy[i], world.yaw[i], tour.steps]])
                following = tour.fields[tour.at + 1 :]
                patience = self._patience(world, int(i), following[0]) if following else 0
                poses = np.concatenate([tour.poses, pose])
                tour = replace(tour, at=tour.at + 1, patience=patience, poses=poses)
                arrived[i] = True
            self.rows[i] = tour
        return arrived

    def told(self, ids: IntArray) -> Observation:
        """Whether bodies are led, and what they really did last: {"led": …, "done": …}."""
        led = self.led[ids].astype(np.float32)[:, None]
        return {"led": led, "done": self._done[ids]}

    def state(self) -> dict:
        """Everything needed to continue."""
        return {"rows": list(self.rows), "done": self._done.copy()}

    def load(self, state: dict) -> None:
        """Continues from `state()`."""
        self.rows, self._done = list(state["rows"]), state["done"].copy()

    def _patience(self, world: World, i: int, field: DistanceField) -> int:
        length = field.distance(world.xy[i : i + 1])[0]
        length = float(length) if np.isfinite(length) else 0.0
        return TURNS + round(PATIENCE * length / _stride(world))


def draw_tour(
    place: Place,
    radius: float,
    rng: np.random.Generator,
    *,
    count: int,
    low: float,
    high: float,
) -> tuple[NDArray, list[NDArray]] | None:
    """A start (x, y, heading) and `count` places, each `low` to `high` metres from the last.

    None where there is no such tour.
    """
    navigator = place.navigator(radius)
    for _ in range(TRIES):
        stops = _places(place, navigator, rng, count, low, high)
        if stops is None:
            continue
        field = place.field(radius, (float(stops[0][0]), float(stops[0][1])))
        start = start_for(navigator, field, rng, around=stops[0], low=low, high=high)
        if start is not None:
            return start, stops
    return None


def no_tour(place: Place, radius: float, low: float, high: float) -> ValueError:
    """The sentence for a scene without a tour whose legs are `low` to `high` metres long."""
    what = f"tour with legs of {low} to {high} m"
    return no_episode(place.navigator(radius), what, "widen min_leg and max_leg")


def _places(
    place: Place,
    navigator: Navigator,
    rng: np.random.Generator,
    count: int,
    low: float,
    high: float,
) -> list[NDArray] | None:
    stops: list[NDArray] = list(spots(navigator, rng, 4)[:1])
    while stops and len(stops) < count:
        x, y = (float(value) for value in stops[-1])
        field = place.field(navigator.radius, (x, y))
        following = start_for(navigator, field, rng, around=stops[-1], low=low, high=high)
        if following is None:
            return None
        stops.append(following[:2])
    return stops or None


def _stride(world: World) -> float:
    return world.robot.forward
