"""PointNav: go to a point given in the frame of the start.

Metrics are habitat-lab's; see `navworld.envs.tasks.journey`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from navworld.beliefs import FAR, Observation
from navworld.contracts import Outcome
from navworld.envs.tasks.journey import CANDIDATES, MARGIN, TRIES, Journey, Terms, no_episode
from navworld.streams import IntArray, Streams
from navworld.world.geodesic import DistanceField, path_length
from navworld.world.navigability import Navigator
from navworld.world.world import World


@dataclass(frozen=True)
class Episode:
    """Where an episode starts and where it should end, in the scene's frame.

    Attributes:
        scene: Scene specification, for example "apartment:20003".
        start: x, y [m], heading [rad].
        goal: x, y [m].
        geodesic: Length of the shortest path [m].
        seed: Of every random stream of the episode.
    """

    scene: str
    start: tuple[float, float, float]
    goal: tuple[float, float]
    geodesic: float
    seed: int


class PointNav:
    """The task.

    Args:
        success_distance: Geodesic [m].
        min_geodesic, max_geodesic: Of drawn episodes [m].
        min_ratio: At least `ratio_share` of drawn episodes have geodesic ≥ this × Euclidean.
        max_steps: After which an episode is truncated.
        success_reward: Times SPL, at success.
        slack_reward: Per step.
    """

    def __init__(
        self,
        *,
        success_distance: float = 0.36,
        min_geodesic: float = 1.0,
        max_geodesic: float = 30.0,
        min_ratio: float = 1.1,
        ratio_share: float = 0.8,
        max_steps: int = 500,
        success_reward: float = 2.5,
        slack_reward: float = -0.01,
    ) -> None:
        terms = Terms(
            success_distance, min_geodesic, max_geodesic, max_steps, success_reward, slack_reward
        )
        self.min_ratio, self.ratio_share = min_ratio, ratio_share
        self.journey = Journey(terms)
        self.space = spaces.Dict({"goal": spaces.Box(-FAR, FAR, (3,), np.float32)})

    @property
    def fields(self) -> list[DistanceField]:
        """Distances to the goals."""
        return self.journey.fields

    @property
    def success_distance(self) -> float:
        """Geodesic [m]."""
        return self.journey.terms.success_distance

    def reset(
        self, world: World, ids: IntArray, streams: Streams, episodes: list[Episode | None]
    ) -> None:
        """Places the bodies `ids` at the start of their episodes."""
        for i, episode in zip(ids, episodes, strict=True):
            place = world.places[i]
            if episode is None:
                start, field, geodesic = self.draw(
                    place.navigator(world.robot.radius), streams.generator("pointnav", i)
                )
            else:
                start, geodesic = np.array(episode.start), episode.geodesic
                field = place.field(world.robot.radius, episode.goal)
            self.journey.begin(world, i, start, field, geodesic)

    def draw(
        self, navigator: Navigator, rng: np.random.Generator
    ) -> tuple[NDArray, DistanceField, float]:
        """Draws an episode in a place: start (x, y, heading), goal with its field, path length."""
        terms = self.journey.terms
        insist = rng.random() < self.ratio_share
        fallback = None
        for _ in range(TRIES):
            spots = navigator.sample(rng, CANDIDATES + 1)
            spots = spots[navigator.clearance(spots) >= navigator.radius + MARGIN]
            if len(spots) < 2:
                continue
            field, starts = DistanceField(navigator, spots[0]), spots[1:]
            length = field.distance(starts)
            straight = np.linalg.norm(starts - field.goal_xy, axis=1)
            fits = (length >= terms.min_geodesic) & (length <= terms.max_geodesic)
            good = np.flatnonzero(fits & (length >= self.min_ratio * straight))
            good = good if insist else np.flatnonzero(fits)
            if len(good) or (fallback is None and fits.any()):
                pick = good[0] if len(good) else np.flatnonzero(fits)[0]
                fallback = starts[pick], field
            if len(good):
                break
        if fallback is None:
            raise no_episode(
                navigator,
                f"shortest path of {terms.min_geodesic} to {terms.max_geodesic} m",
                "widen min_geodesic and max_geodesic",
            )
        start, field = fallback
        heading = rng.uniform(-np.pi, np.pi)
        return np.array([*start, heading]), field, path_length(field.path(start))

    def observe(self, world: World, ids: IntArray) -> Observation:
        """The goal in the frame of the start: {"goal": (n, 3)} [m]."""
        T = world.T_world_start[ids]
        offset = np.zeros((len(ids), 3))
        offset[:, :2] = np.array([self.fields[i].goal_xy for i in ids]) - T[:, :2, 3]
        return {"goal": np.einsum("nji,nj->ni", T[:, :3, :3], offset).astype(np.float32)}

    def outcome(self, world: World, actions: NDArray) -> Outcome:
        """Reward: geodesic progress [m] + slack, plus success_reward · SPL at success."""
        return self.journey.outcome(world, self.journey.step(world))

    def state(self) -> dict:
        """Everything needed to continue an episode."""
        return self.journey.state()

    def load(self, state: dict) -> None:
        """Continues from `state()`."""
        self.journey.load(state)
