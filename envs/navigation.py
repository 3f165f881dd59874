"""Navigation in a batch of scenes: world, sensors, task and an agent's components together.

`Navigation` is the implementation, without autoreset; `navworld.envs.vector` shows it as a
`gymnasium.vector.VectorEnv`, `navworld.envs.single` as a `gymnasium.Env` for a batch of one, and
`navworld.envs.sb3` to stable-baselines3.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from navworld.beliefs import Observation, Oracle, augment, augmented_space
from navworld.contracts import Equipped, Leading, Listening, Outcome, Resumable, Task
from navworld.envs.options import Options
from navworld.envs.steering import Actions, Steering
from navworld.scenes import scene_refs
from navworld.scenes.people import figure, vehicle
from navworld.scenes.rearranged import rearranged_ref
from navworld.streams import IntArray, Streams
from navworld.world.appearance.looks import Look
from navworld.world.company.doors import unhung
from navworld.world.conditions import Draw
from navworld.world.movers import Others
from navworld.world.store import Place, SceneRef, shared_store
from navworld.world.world import World


class Navigation:
    """A batch of navigation environments without autoreset.

    Attributes:
        world, task, streams, steering, localizer, mappers: The parts, each carrying the batch.
        single_observation_space, single_action_space: Of one environment.
        episode: (B,) index of the frozen episode each environment runs; −1 once there are none
            left, or when episodes are drawn.
        T_start_believed: (B, 4, 4) what the localizer believes, in the frame of the start; the
            identity without one. guessed: (B,) whether its last motion was a guess (`Belief.lost`).
    """

    def __init__(self, num_envs: int, options: Options) -> None:
        self.options, self.num_envs = options, num_envs
        self.world = World(
            num_envs,
            options.robot,
            sliding=options.sliding,
            light=options.light,
            threads=options.threads,
        )
        self.streams = Streams(num_envs)
        self.steering = Steering(num_envs, options)
        self.sensors = options.make_sensors()
        for sensor in self.sensors:
            self.world.want(sensor.renders)
        self.task = _pointnav() if options.task is None else copy.deepcopy(options.task)
        self.localizer = copy.deepcopy(options.localizer)
        self.mappers = [copy.deepcopy(mapper) for mapper in options.mappers]
        if isinstance(self.localizer, Oracle):
            self.localizer.bind(self.world)
        self.single_action_space = self.steering.moves
        if isinstance(self.task, Equipped):
            self.single_action_space = self.task.equip(options.camera, self.steering.moves)
        self.others: Others | None = None
        if options.movers is not None:
            self.others = self.world.others = Others(
                num_envs, options.movers, robot_radius=options.robot.radius, figure=figure,
                vehicle=vehicle,
            )  # fmt: skip
        self.refs = scene_refs(options.scenes)
        self.conditions = Draw(options.conditions)
        self.episode = np.full(num_envs, -1)
        self.T_start_believed = np.tile(np.eye(4), (num_envs, 1, 1))
        self.guessed = np.zeros(num_envs, bool)
        self._next_episode = 0
        self._seeded = np.zeros(num_envs, bool)
        sensed = {k: v for s in self.sensors for k, v in s.space.spaces.items()}
        space = spaces.Dict({**sensed, **self.task.space.spaces})
        self.single_observation_space = augmented_space(space, self.localizer, self.mappers)

    def reset(self, ids: IntArray, seeds: Sequence[int] | None = None) -> Observation:
        """Begins new episodes in environments `ids`.

        Args:
            seeds: One per id; None goes on with the next episode of each.
        """
        rows = []
        for k, i in enumerate(ids):
            if seeds is not None:
                self.streams.seed(i, seeds[k])
            elif self._seeded[i]:
                self.streams.episodes[i] += 1
            self._seeded[i] = True
            self.streams.steps[i] = 0
            rows.append(self._begin(i))
        self.task.reset(self.world, ids, self.streams, rows)
        low, high = self.options.exposure
        if high > low:
            gain = low * (high / low) ** self.streams.uniform("exposure", ids)
            self.world.gain[ids] = gain[:, None]
        else:
            self.world.gain[ids] = low
        if self.others is not None:
            self.others.begin(self.world, ids, self.streams)
        for sensor in self.sensors:
            sensor.reset(self.world, ids, self.streams)
        if self.localizer is not None:
            self.localizer.reset(np.tile(np.eye(4), (len(ids), 1, 1)), ids)
        for mapper in self.mappers:
            mapper.reset(ids)
        return self._observe(ids, None)

    def step(self, actions: Actions) -> tuple[Observation, Outcome]:
        """Makes every environment act: observations after the action, and what it was worth."""
        given, moves = self.steering.checked(actions, self.single_action_space)
        if isinstance(self.task, Leading):
            moves = self.task.lead(self.world, moves)
        self.streams.steps += 1
        self.steering.step(self.world, moves, streams=self.streams, others=self.others)
        if self.others is not None:
            self.others.advance(self.world, self.options.robot.dt)
        outcome = self.task.outcome(self.world, given)
        return self._observe(np.arange(self.num_envs), moves), outcome

    def T_world_believed(self) -> NDArray:
        """(B, 4, 4) believed poses in the frames of the scenes, where the start is known."""
        return self.world.T_world_start @ self.T_start_believed

    def state(self) -> dict[str, Any]:
        """Everything that changes, so that `load` continues exactly here."""
        parts: dict[str, Any] = {"mappers": self.mappers, "sensors": self.sensors}
        if not isinstance(self.localizer, Oracle):
            parts["localizer"] = self.localizer
        task = self.task.state() if isinstance(self.task, Resumable) else None
        if task is None:
            parts["task"] = self.task
        return {
            "world": self.world.state(),
            "streams": self.streams.state(),
            "task": task,
            "parts": copy.deepcopy(parts),
            "others": None if self.others is None else self.others.state(),
            "believed": (self.T_start_believed.copy(), self.guessed.copy()),
            "episode": (self.episode.copy(), self._next_episode, self._seeded.copy()),
        }

    def load(self, state: dict[str, Any]) -> None:
        """Continues from `state()` of an environment with the same options."""
        self.world.load(state["world"])
        self.streams.load(state["streams"])
        if isinstance(self.task, Resumable):
            self.task.load(state["task"])
        for name, part in copy.deepcopy(state["parts"]).items():
            setattr(self, name, part)
        if self.others is not None:
            self.others.load(state["others"], self.world)
        T_start_believed, guessed = state["believed"]
        self.T_start_believed, self.guessed = T_start_believed.copy(), guessed.copy()
        episode, self._next_episode, seeded = state["episode"]
        self.episode, self._seeded = episode.copy(), seeded.copy()

    def _begin(self, i: int) -> Any:
        """Chooses the scene (and the frozen episode, if any) of environment i."""
        if self.options.episodes is not None:
            episodes = self.options.episodes
            if self._next_episode < len(episodes):
                self.episode[i] = self._next_episode
                self._next_episode += 1
            else:
                self.episode[i] = -1
            episode = episodes[self.episode[i]]
            self.streams.seed(i, episode.seed)
            self._enter(i, scene_refs(episode.scene)[0])
            if self._next_episode < len(episodes):
                coming = episodes[self._next_episode]
                self._fetch_ahead(scene_refs(coming.scene)[0], coming.seed, 0)
            return episode
        turn, within = divmod(int(self.streams.episodes[i]), self.options.episodes_per_scene)
        self._enter(i, self._ref(i, turn))
        if within == self.options.episodes_per_scene - 1:
            seed, episode = int(self.streams.seeds[i]), int(self.streams.episodes[i])
            self._fetch_ahead(self._ref(i, turn + 1), seed, episode + 1)
        return None

    def _enter(self, i: int, ref: SceneRef) -> None:
        """Puts environment i into a scene, as its episode finds it."""
        conditions = self.conditions(self.streams, i)
        place = shared_store().get(rearranged_ref(ref, conditions))
        self.world.places[i] = self._place(place)
        key = int(self.streams.keys("weather", np.array([i]))[0])
        self.world.meet(i, conditions, key)

    def _fetch_ahead(self, ref: SceneRef, seed: int, episode: int) -> None:
        """Loads the scene of a coming episode in the background, as it will be found."""
        own = Streams(1)
        own.seed(0, seed)
        own.episodes[0] = episode
        conditions = self.conditions(own, 0)
        light = self.options.light if self._colour else None
        coming = rearranged_ref(ref, conditions)
        shared_store().prefetch(coming, light=light, look=Look.of(conditions))

    def _place(self, place: Place) -> Place:
        """The place, less what moves in it by itself."""
        movers = self.options.movers
        return unhung(place) if movers is not None and movers.doors else place

    def _ref(self, i: int, turn: int) -> SceneRef:
        """The scene environment i visits at its `turn`-th move; depends on its seed alone."""
        own = Streams(1)
        own.seeds[:] = self.streams.seeds[i]
        own.episodes[:] = turn % self.options.scene_pool if self.options.scene_pool else turn
        u = own.uniform("scene", np.zeros(1, np.int64))[0]
        return self.refs[int(u * len(self.refs))]

    @property
    def _colour(self) -> bool:
        looks = [(*s.renders, *getattr(s, "views", ())) for s in self.sensors]
        looks.append(getattr(self.task, "views", ()))
        return any(output in ("rgb", "color") for pairs in looks for _, output in pairs)

    def _observe(self, ids: IntArray, actions: NDArray | None) -> Observation:
        observation: Observation = {}
        for sensor in self.sensors:
            observation.update(sensor.read(self.world, ids, self.streams))
        observation.update(self.task.observe(self.world, ids))
        dt = self.options.robot.dt
        result, belief = augment(
            observation, actions, dt, ids, localizer=self.localizer, mappers=self.mappers
        )
        if belief is not None:
            self.T_start_believed[ids] = belief.T_world_body
            self.guessed[ids] = False if belief.lost is None else belief.lost
            if isinstance(self.task, Listening):
                self.task.hear(belief, ids)
        return result


def _pointnav() -> Task:
    # Its module has the environments too, which are made of this one.
    from navworld.envs.tasks.pointnav import PointNav

    return PointNav()
