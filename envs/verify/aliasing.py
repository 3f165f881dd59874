"""Perceptual aliasing: how often places that lie apart are confused by their pixels alone.

The database holds images from places `SPACING` apart, in `HEADINGS` directions each: of the
corridors of offices, of all rooms of apartments. Queries are new images, `SHIFT` and `TURN` away
from one of the database at most, so a right answer exists for each. A retrieval is the image with
the least difference of raw pixels (L2 over 24 × 32 colours); it is wrong if it was taken more
than 2 m or 30° from the query.
"""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from navworld.envs.verify.findings import RADIUS, Findings
from navworld.evaluation.result import Metric
from navworld.scenes import scene_refs
from navworld.world.body import Camera
from navworld.world.rays import render
from navworld.world.store import Place, shared_store

SPACING, HEADINGS = 0.5, 36
SHIFT, TURN = 0.25, np.radians(5)
NEAR, NARROW = 2.0, np.radians(30)
HALLS = ("corridor", "hallway")


def verify_aliasing(fast: bool = False) -> Findings:
    """Confusion in offices against confusion in apartments."""
    count = 1 if fast else 6
    rates = {}
    for family, most in (("office", count), ("apartment", 2 * count)):
        refs = scene_refs(f"{family}:validation")[:most]
        found = [
            confusion(shared_store().get(ref), seed, halls=family == "office")
            for seed, ref in enumerate(refs)
        ]
        rates[family] = float(np.mean(found))
    ratio = rates["office"] / max(rates["apartment"], 1e-3)
    metrics = {
        "confusion_office": Metric(100 * rates["office"], "%"),
        "confusion_apartment": Metric(100 * rates["apartment"], "%"),
        "confusion_ratio": Metric(ratio, ""),
    }
    return metrics, {"aliasing: offices confuse corridors three times as often": ratio >= 3.0}


def confusion(place: Place, seed: int = 0, *, halls: bool, queries: int = 300) -> float:
    """Share of queries whose nearest image was taken elsewhere."""
    rng = np.random.default_rng(seed)
    xy, yaw = _database(place, rng, halls=halls)
    stored = _descriptors(place, xy, yaw)
    chosen = rng.integers(len(xy), size=queries)
    asked_xy = _moved(place, xy[chosen], rng)
    asked_yaw = yaw[chosen] + rng.uniform(-TURN, TURN, queries)
    asked = _descriptors(place, asked_xy, asked_yaw)
    nearest = ((stored**2).sum(1) - 2 * asked @ stored.T).argmin(1)
    apart = np.linalg.norm(xy[nearest] - asked_xy, axis=1)
    turned = np.abs((yaw[nearest] - asked_yaw + np.pi) % (2 * np.pi) - np.pi)
    return float(((apart > NEAR) | (turned > NARROW)).mean())


def _database(place: Place, rng: np.random.Generator, *, halls: bool) -> tuple[NDArray, NDArray]:
    """(N, 2) places on a lattice and (N,) headings; `halls` keeps to the corridors."""
    navigator = place.navigator(RADIUS)
    low, high = navigator.bounds + rng.uniform(0, SPACING, 2)
    x, y = np.meshgrid(np.arange(low[0], high[0], SPACING), np.arange(low[1], high[1], SPACING))
    points = np.stack([x.ravel(), y.ravel()], 1)
    points = points[navigator.component(points) == 0]
    if halls:
        outlines = [shapely.Polygon(r.polygon) for r in place.scene.rooms if r.kind in HALLS]
        whole = shapely.union_all(outlines)
        points = points[shapely.contains_xy(whole, points[:, 0], points[:, 1])]
    yaw = np.tile(np.arange(HEADINGS) * 2 * np.pi / HEADINGS, len(points))
    return np.repeat(points, HEADINGS, axis=0), yaw


def _moved(place: Place, xy: NDArray, rng: np.random.Generator) -> NDArray[np.float64]:
    """Walkable places within `SHIFT` of others."""
    navigator = place.navigator(RADIUS)
    moved = xy.copy()
    for _ in range(8):
        angle = rng.uniform(-np.pi, np.pi, len(xy))
        trial = xy + (SHIFT * np.sqrt(rng.random(len(xy)))[:, None]) * np.stack(
            [np.cos(angle), np.sin(angle)], 1
        )
        still = (moved == xy).all(1) & navigator.is_walkable(trial)
        moved[still] = trial[still]
    return moved


def _descriptors(place: Place, xy: NDArray, yaw: NDArray) -> NDArray:
    """(N, 2304) colours of small images."""
    camera = Camera(24, 32)
    T = np.tile(np.eye(4), (len(xy), 1, 1))
    c, s = np.cos(yaw), np.sin(yaw)
    T[:, 0, 0], T[:, 0, 1], T[:, 1, 0], T[:, 1, 1] = c, -s, s, c
    T[:, :2, 3] = xy
    T[:, 2, 3] = place.navigator(RADIUS).floor.height
    seen = render(
        [place.rays("fast")], np.zeros(len(xy), np.intp), T @ camera.T_body_camera,
        camera.pattern, ("rgb",),
    )["rgb"]  # fmt: skip
    return seen.reshape(len(xy), -1).astype(np.float32) / np.float32(255)
