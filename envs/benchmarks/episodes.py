"""Benchmarks of agents: which episodes, under which conditions.

`pointnav-v1` is the comparison that results are reported on: five episodes in each of 100 test
apartments that nothing is ever tuned on. `pointnav-validation-v1` is its twin in validation
apartments, for tuning. `pointnav-noisy-v1` and `pointnav-noisy-validation-v1` have the same
episodes, but bodies do not move as they are told and cameras are noisy: actuation, colour and depth
as in the Habitat challenges of 2020 and 2021 (`navworld.sensors.noise`). Episodes are stored in
`envs/episodes`, so that a benchmark stays what it was; `draw_episodes` is how they were made.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from navworld.envs.tasks.pointnav import Episode, PointNav
from navworld.names import named
from navworld.scenes import scene_refs
from navworld.streams import Streams
from navworld.world.body import Robot
from navworld.world.store import SceneStore, shared_store

EPISODES = Path(__file__).parents[1] / "episodes"


@dataclass(frozen=True)
class Benchmark:
    """A frozen protocol.

    Attributes:
        name: With its version.
        env: Gymnasium id.
        scenes: Scene specifications, one per place.
        per_scene: Episodes in each.
        options: Keyword arguments of the environment that are part of the protocol.
        seed: Of the drawing of episodes.
        drawn_for: The benchmark whose episodes these are; its own where empty.
    """

    name: str
    env: str
    scenes: tuple[str, ...]
    per_scene: int
    options: dict[str, Any] = field(default_factory=dict)
    seed: int = 0
    drawn_for: str = ""

    def episodes(self) -> list[Episode]:
        """The frozen episodes, in order."""
        path = EPISODES / f"{self.drawn_for or self.name}.json"
        if not path.exists():
            raise FileNotFoundError(
                f"the episodes of benchmark {self.name!r} are missing ({path.name}): install again"
            )
        table = json.loads(path.read_text())
        return [
            Episode(scene, (x, y, yaw), (gx, gy), geodesic, seed)
            for scene, x, y, yaw, gx, gy, geodesic, seed in table["episodes"]
        ]

    def write(self) -> Path:
        """Draws the episodes and stores them; done once, when a benchmark is made."""
        rows = [
            [e.scene, *(round(v, 4) for v in (*e.start, *e.goal, e.geodesic)), e.seed]
            for e in draw_episodes(self.scenes, self.per_scene, seed=self.seed)
        ]
        columns = ["scene", "x", "y", "heading", "goal_x", "goal_y", "geodesic", "seed"]
        if self.drawn_for:
            raise ValueError(f"{self.name} has the episodes of {self.drawn_for}: write that one")
        path = EPISODES / f"{self.name}.json"
        lines = ",\n".join(json.dumps(row) for row in rows)
        path.write_text(f'{{"columns": {json.dumps(columns)},\n"episodes": [\n{lines}\n]}}\n')
        return path


_TEST = tuple(f"apartment:{seed}" for seed in range(20_000, 20_100))
_VALIDATION = tuple(f"apartment:{seed}" for seed in range(10_000, 10_050))
_NOISY = {
    "actuation": "habitat-challenge",
    "image_noise": {"rgb": "gaussian-0.1", "depth": "redwood"},
}

BENCHMARKS: tuple[Benchmark, ...] = (
    Benchmark("pointnav-v1", "navworld/PointNav-v0", _TEST, 5),
    Benchmark("pointnav-validation-v1", "navworld/PointNav-v0", _VALIDATION, 4),
    Benchmark(
        "pointnav-noisy-v1", "navworld/PointNav-v0", _TEST, 5, _NOISY, drawn_for="pointnav-v1"
    ),
    Benchmark(
        "pointnav-noisy-validation-v1", "navworld/PointNav-v0", _VALIDATION, 4, _NOISY,
        drawn_for="pointnav-validation-v1",
    ),
)  # fmt: skip


def benchmark(name: str) -> Benchmark:
    """A benchmark by name; a ValueError names the nearest one when unknown."""
    return named(name, {item.name: item for item in BENCHMARKS}, "benchmark")


def draw_episodes(
    scenes: Sequence[object],
    per_scene: int,
    *,
    seed: int = 0,
    task: PointNav | None = None,
    robot: Robot | None = None,
) -> list[Episode]:
    """Draws PointNav episodes, `per_scene` in each scene; depends on seed and scene alone."""
    task, robot = task or PointNav(), robot or Robot()
    store = SceneStore(max_bytes=0)
    episodes = []
    for number, spec in enumerate(scenes):
        ref = scene_refs(spec)[0]
        navigator = store.get(ref).navigator(robot.radius)
        for k in range(per_scene):
            index = number * per_scene + k
            streams = Streams(1)
            streams.seed(0, seed * 1_000_003 + index)
            start, field_, length = task.draw(navigator, streams.generator("pointnav", 0))
            x, y, yaw = (float(v) for v in start)
            goal = (float(field_.goal_xy[0]), float(field_.goal_xy[1]))
            episodes.append(Episode(str(spec), (x, y, yaw), goal, length, index))
    return episodes


def draw_frozen(
    task: Any,
    scenes: Sequence[object],
    per_scene: int,
    *,
    seed: int = 0,
    robot: Robot | None = None,
) -> list[Any]:
    """Draws episodes of any task but PointNav, `per_scene` in each scene.

    They depend on seed and scene alone, and are what `episodes=` of the task's environment takes.

    Args:
        task: With a method `draw(place, robot, rng)`, as the tasks in `navworld.envs.tasks` have.
    """
    store, robot = shared_store(), robot or Robot()
    episodes = []
    for number, spec in enumerate(scenes):
        place = store.get(scene_refs(spec)[0])
        for k in range(per_scene):
            index = number * per_scene + k
            streams = Streams(1)
            streams.seed(0, seed * 1_000_003 + index)
            rng = streams.generator("frozen episode", 0)
            name = spec if isinstance(spec, str) else place.scene
            episodes.append(replace(task.draw(place, robot, rng), scene=name, seed=index))
    return episodes


def detour_share(episodes: Sequence[Episode], ratio: float = 1.1) -> float:
    """Share of episodes whose shortest path is at least `ratio` times the straight line."""
    offsets = np.array([[e.goal[0] - e.start[0], e.goal[1] - e.start[1]] for e in episodes])
    geodesic = np.array([e.geodesic for e in episodes])
    return float(np.mean(geodesic >= ratio * np.linalg.norm(offsets, axis=1)))
