"""Return: go back, in a given order, to places that were seen before.

First the body is led on a tour (`navworld.envs.tasks.tour`) past a few places; then it is asked to
return to some of them by the pictures that its own camera took there, as in teach and repeat
(Furgale and Barfoot, "Visual teach and repeat for long-range rover autonomy", JFR 2010), but with
any way allowed. Every place counts as an ImageNav goal does: a stop within 1 m (geodesic) reaches
it, and SPL (`navworld.envs.tasks.journey`) compares with the shortest way from where the leg began.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from navworld.beliefs import Observation
from navworld.contracts import Outcome
from navworld.envs.single import TaskEnv
from navworld.envs.tasks.checks import check_lengths, check_range, check_steps
from navworld.envs.tasks.episodes import TRIES, begun
from navworld.envs.tasks.journey import Journey
from navworld.envs.tasks.pictures import Pictures
from navworld.envs.tasks.resuming import Resuming
from navworld.envs.tasks.tour import LONGEST, Tours, draw_tour, no_tour
from navworld.envs.vector import TaskVectorEnv
from navworld.streams import IntArray, Streams
from navworld.world.body import Camera, Robot
from navworld.world.geodesic import DistanceField
from navworld.world.store import Place
from navworld.world.world import World


@dataclass(frozen=True)
class ReturnEpisode:
    """A frozen episode, in the scene's frame.

    Attributes:
        scene: Scene specification, for example "apartment:20003".
        start: x, y [m], heading [rad].
        stops: x, y of the places that the body is led to [m].
        order: Which places to return to: 0 is the start, k the k-th of `stops`.
        seed: Of every random stream of the episode.
    """

    scene: str
    start: tuple[float, float, float]
    stops: tuple[tuple[float, float], ...]
    order: tuple[int, ...]
    seed: int

    @property
    def goal(self) -> tuple[float, float]:
        """x, y of the first place to return to [m]."""
        first = self.order[0]
        return self.stops[first - 1] if first else (self.start[0], self.start[1])


class Return(Resuming):
    """The task.

    Args:
        places: To return to.
        stops: Of the tour; at least as many.
        success_distance: Geodesic [m].
        min_leg, max_leg: Ways between the tour's stops [m].
        max_steps: For all the ways back, after which an episode is truncated.
        success_reward: Times SPL, for every place reached.
        slack_reward: Per step, while the body is on its own.
    """

    views: tuple[tuple[Camera, str], ...] = ()
    changing = (
        "journey", "pictures", "tours", "_order", "_number", "_reached", "_spl", "_from",
    )  # fmt: skip

    def __init__(
        self,
        *,
        places: int = 2,
        stops: int = 3,
        success_distance: float = 1.0,
        min_leg: float = 2.0,
        max_leg: float = 10.0,
        max_steps: int = 500,
        success_reward: float = 2.5,
        slack_reward: float = -0.01,
    ) -> None:
        if not 1 <= places <= stops:
            raise ValueError(f"places={places} and stops={stops}: expected 1 ≤ places ≤ stops")
        check_steps(max_steps)
        check_lengths(success_distance=success_distance)
        check_range("leg", min_leg, max_leg)
        self.places, self.stops, self.max_steps = places, stops, max_steps
        self.success_distance, self.min_leg, self.max_leg = success_distance, min_leg, max_leg
        self.success_reward, self.slack_reward = success_reward, slack_reward
        self.journey, self.pictures, self.tours = Journey(), Pictures(), Tours()
        self.space = spaces.Dict({})
        self._allocate(0)

    def equip(self, camera: Camera, moves: spaces.Space) -> spaces.Space:
        """Pictures are the environment's camera's; actions stay as they are."""
        self.views = self.pictures.equip(camera)
        self.tours.equip(moves)
        self.space = spaces.Dict(
            {
                **self.tours.space.spaces,
                "goal_image": self.pictures.space,
                "goal_step": spaces.Box(0.0, LONGEST, (1,), np.float32),
                "goal_number": spaces.Box(0.0, self.places - 1, (1,), np.float32),
            }
        )
        return moves

    @property
    def fields(self) -> list[DistanceField]:
        """Distances to the places that bodies are returning to."""
        return self.journey.fields

    def reset(
        self, world: World, ids: IntArray, streams: Streams, episodes: list[ReturnEpisode | None]
    ) -> None:
        """Places the bodies `ids` at the start of their tours."""
        if len(self._number) != world.num_envs:
            self._allocate(world.num_envs)
        for i, episode in begun(
            episodes, self.draw, name="return goal", world=world, ids=ids, streams=streams
        ):
            if len(episode.order) != self.places:
                raise ValueError(
                    f"the episode returns to {len(episode.order)} places, the task to "
                    f"{self.places}: give Return(places={len(episode.order)})"
                )
            self._order[i] = episode.order
            self._number[i] = self._reached[i] = 0
            self._spl[i] = self._from[i] = 0.0
            self.tours.begin(world, i, episode.start, episode.stops)
            self.journey.enter(world, i, self.tours.rows[i].fields[0])
            self.pictures.blank(world, i)

    def draw(self, place: Place, robot: Robot, rng: np.random.Generator) -> ReturnEpisode:
        """Draws an episode."""
        low, high = self.min_leg, self.max_leg
        for _ in range(TRIES):
            tour = draw_tour(place, robot.radius, rng, count=self.stops, low=low, high=high)
            if tour is None:
                break
            start, stops = tour
            known = [start[:2], *stops]
            order = rng.permutation(self.stops)[: self.places]
            ways = zip((self.stops, *order[:-1]), order, strict=True)
            if all(self._apart(place, robot, known[a], known[b]) >= low for a, b in ways):
                x, y, yaw = (float(v) for v in start)
                places = tuple((float(stop[0]), float(stop[1])) for stop in stops)
                return ReturnEpisode("", (x, y, yaw), places, tuple(int(k) for k in order), 0)
        raise no_tour(place, robot.radius, low, high)

    def lead(self, world: World, moves: NDArray) -> NDArray:
        """The guide's actions during the tour, the agent's own after it."""
        return self.tours.lead(world, moves)

    def observe(self, world: World, ids: IntArray) -> Observation:
        """Whether the body is led, and where it is to return to; see `ReturnEnv`."""
        number = np.minimum(self._number[ids], self.places - 1)
        steps = np.zeros(len(ids), np.float32)
        for k, i in enumerate(ids):
            tour = self.tours.rows[i]
            if tour.over:
                steps[k] = tour.poses[self._order[i, number[k]], 3]
        return {
            **self.tours.told(ids),
            "goal_image": self.pictures.show(world, ids),
            "goal_step": steps[:, None],
            "goal_number": number.astype(np.float32)[:, None],
        }

    def outcome(self, world: World, actions: NDArray) -> Outcome:
        """Reward: as of ImageNav for every place; 0 while the body is led."""
        led = self.tours.led
        self.tours.step(world)
        leg = self.journey.step(world, self.success_distance)
        stopped, success = world.stopped & ~led, leg.success & ~led
        self._spl += leg.spl * success
        self._reached += success
        self._number += stopped
        done = self._number == self.places
        for i in np.flatnonzero((led & ~self.tours.led) | (stopped & ~done)):
            self._send_back(world, int(i), begins=bool(led[i]))
        complete = done & (self._reached == self.places)
        reward = leg.progress + self.slack_reward + self.success_reward * leg.spl * success
        return Outcome(
            reward=np.where(led, 0.0, reward),
            terminated=done,
            truncated=~led & ~done & (self.journey.steps >= self.max_steps),
            success=complete,
            metrics={
                "success": complete.astype(np.float64),
                "places_reached": self._reached / self.places,
                "spl": self._spl / self.places,
                "distance_to_goal_m": leg.distance,
                "collisions": self.journey.collisions.astype(np.float64),
                "path_m": np.where(led, 0.0, world.travelled - self._from),
                "tour_m": np.where(led, world.travelled, self._from),
            },
        )

    def _send_back(self, world: World, i: int, *, begins: bool) -> None:
        """Asks body i to return to its next place; the first one as the tour ends."""
        which = self._order[i, self._number[i]]
        x, y, yaw, _ = (float(value) for value in self.tours.rows[i].poses[which])
        field = world.places[i].field(world.robot.radius, (x, y))
        if begins:
            self.journey.enter(world, i, field)
            self._from[i] = world.travelled[i]
        else:
            self.journey.head_for(world, i, field)
        self.pictures.plan(world, i, (x, y, yaw))

    def _apart(self, place: Place, robot: Robot, a: NDArray, b: NDArray) -> float:
        field = place.field(robot.radius, (float(b[0]), float(b[1])))
        return float(field.distance(a[None])[0])

    def _allocate(self, num_envs: int) -> None:
        self._order = np.zeros((num_envs, self.places), np.int64)
        self._number, self._reached = np.zeros((2, num_envs), np.int64)
        self._spl, self._from = np.zeros((2, num_envs))


class ReturnEnv(TaskEnv):
    """Return: be led around, then go back to places seen on the way, in a given order.

    ## Phases
    While `led` is 1 the body is led on a tour past three places; its actions count for nothing
    (`done` says what was done instead; localizers hear that), and observations come as always.
    Then it is on its own, and is asked to return to two of the places it began at or was led to.
    A stop says "here"; whether that is right or not, the next place is asked for.

    ## Action space
    As of PointNav (`navworld.envs.tasks.pointnav.PointNavEnv`): `Discrete(4)`, 0 stop, 1 forward,
    2 turn left, 3 turn right; or `Box(-1, 1, (2,))` with `actions="velocity"`.

    ## Observation space
    A `Dict` of what the sensors, localizer and mappers give, and

    | key | space |
    |---|---|
    | `led` | `Box(0, 1, (1,), float32)` 1 while the body is led |
    | `done` | `Box(…, (1,) or (2,), float32)` the action that was really done last |
    | `goal_image` | `Box(0, 255, (H, W, 3), uint8)` the place to return to; black on the tour |
    | `goal_step` | `Box(0, 10000, (1,), float32)` the step of the tour when the body was there |
    | `goal_number` | `Box(0, places − 1, (1,), float32)` how many places came before this one |

    ## Reward
    0 on the tour. Then the decrease of the geodesic distance to the place [m], −0.01 a step, and
    2.5 × SPL for every place reached.

    ## End of an episode
    Terminated when the last place was stopped for; truncated after 500 steps on its own. A place
    is reached by a stop within 1 m (geodesic). Success is to reach all of them. `info` has
    `success`, `places_reached` (share), `spl` (mean over the places), `distance_to_goal_m`,
    `collisions`, `path_m` (on its own), `tour_m`, the true pose `T_world_body` (4, 4) and the
    scene's name.

    ## Arguments
    Every field of `navworld.envs.options.Options`, and `render_mode` ("rgb_array"). Options of the
    task: `task=Return(places=3, stops=4)`; frozen episodes are `ReturnEpisode`.

    ## Versions
    v0: first.
    """

    task = Return


class ReturnVectorEnv(TaskVectorEnv):
    """Return for a batch; its manual page is `ReturnEnv`."""

    single = ReturnEnv
