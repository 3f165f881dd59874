"""Checks of uneven ground: in the country, bodies stand, drive and see on the ground that is there.

What rays straight down hit is the independent account of where the ground is.
"""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from navworld.envs.verify.findings import Findings
from navworld.evaluation.result import Metric
from navworld.scenes import scene_refs
from navworld.world.body import Robot
from navworld.world.rays import RayScene, cast
from navworld.world.scene import Scene
from navworld.world.semantics import CLASS_ID
from navworld.world.store import Place
from navworld.world.world import World

BODIES, DT = 8, 0.2
GROUND = [CLASS_ID[name] for name in ("terrain", "road")]
STEEPEST_DEG = 25.0


def verify_country(fast: bool = False) -> Findings:
    """Bodies drive at random through countries; how well they keep to the ground and the paths."""
    gaps, slopes, reached, seconds = [], [], [], []
    for ref in scene_refs("country:validation")[: 1 if fast else 8]:
        start = time.process_time()
        scene = ref.load()
        seconds.append(time.process_time() - start)
        gap, slope = _driven(scene, steps=40 if fast else 400)
        gaps.append(gap)
        slopes.append(slope)
        reached.append(_reached(scene))
    off, steepest = float(np.quantile(np.concatenate(gaps), 0.99)), float(np.max(slopes))
    metrics = {
        "country_gap_to_ground_m": Metric(off, "m"),
        "country_steepest_deg": Metric(steepest, "°"),
        "country_generated_s": Metric(float(np.median(seconds)), "s"),
    }
    return metrics, {
        "country: bodies stand within 3 cm of the ground seen below them": off <= 0.03,
        "country: no slope above 25° is driven": steepest <= STEEPEST_DEG,
        "country: every named place can be reached from every other": all(reached),
        "country: generated in ≤ 5 s": float(np.median(seconds)) <= 5.0,
    }


def _driven(scene: Scene, *, steps: int) -> tuple[NDArray, float]:
    """Gaps between bodies and the ground below them [m]; steepest way driven [deg]."""
    rng, speed = np.random.default_rng(0), np.ones(BODIES)
    place, world, rays = Place(scene, None), World(BODIES, Robot(), sliding=True), RayScene(scene)
    for row, xy in enumerate(place.navigator(world.robot.radius).sample(rng, BODIES)):
        world.place(row, place, xy, float(rng.uniform(-np.pi, np.pi)))
    gaps, steepest = [], 0.0
    down = np.tile(np.array([0.0, 0.0, -1.0]), (BODIES, 1))
    for _ in range(steps):
        before = np.column_stack([world.xy, world.z])
        turn = rng.uniform(-1.0, 1.0, BODIES)
        world.step_velocity(np.column_stack([speed, turn]), DT)
        moved = np.column_stack([world.xy, world.z]) - before
        way = np.linalg.norm(moved[:, :2], axis=1)
        far = way > 0.1
        if far.any():
            rise = np.abs(moved[far, 2]) / way[far]
            steepest = max(steepest, float(np.degrees(np.arctan(rise.max()))))
        above = np.column_stack([world.xy, world.z + 0.5]).astype(np.float32)
        distance, triangle = cast(rays, above, down)
        seen = np.isin(scene.semantic[triangle], GROUND)  # not on a blade of grass
        gaps.append(np.abs(distance[seen] - 0.5))
    return np.concatenate(gaps), steepest


def _reached(scene: Scene) -> bool:
    """Whether all named places lie within a step of the largest component."""
    assert scene.map is not None
    places = np.array([scene.map.locate(name) for name in scene.map.names])
    near = Place(scene, None).navigator(Robot().radius).snap(places)
    return bool((np.linalg.norm(near - places, axis=1) < 2.5).all())
