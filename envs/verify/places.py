"""Real places: an expert drives half a kilometre on the roads of maps of real towns."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from navworld.envs.verify.findings import Findings
from navworld.evaluation.result import Metric
from navworld.scenes import load_scene
from navworld.world.geodesic import DistanceField
from navworld.world.motion import advance
from navworld.world.navigability import Navigator
from navworld.world.rays import RayScene, cast
from navworld.world.scene import Floor, Scene
from navworld.world.semantics import CLASS_ID
from navworld.world.walkable.clearance import clearances
from navworld.world.walkable.columns import covered_columns

RADIUS = 0.3
DISTANCE = 500.0
STRIDE = 0.25
PLACES = ("delft_3d_city/delft.city.json", "osm_neukolln/input.osm", "osm_neukolln/city_block.json")


@dataclass(frozen=True, eq=False)
class Drive:
    """How a drive went.

    Attributes:
        track: (N, 2) positions [m].
        driven: Length of the way [m].
        collisions: Steps that touched something.
        off_road: Share of positions below which the scene shows no road.
    """

    track: NDArray[np.float64]
    driven: float
    collisions: int
    off_road: float


def verify_places(fast: bool = False) -> Findings:
    """500 m on the roads of every place; skipped, saying so, without NAVWORLD_DATA."""
    folder = os.environ.get("NAVWORLD_DATA")
    if not folder:
        return {}, {"places: skipped, for NAVWORLD_DATA names no folder with scenes/": True}
    metrics: dict[str, Metric] = {}
    checks: dict[str, bool] = {}
    for name in PLACES[: 2 if fast else None]:
        path = Path(folder) / "scenes" / name
        if not path.exists():
            checks[f"places: skipped {name}, which NAVWORLD_DATA lacks"] = True
            continue
        drive = drive_on_roads(load_scene(path))
        place = name.partition("/")[0] if "block" not in name else "city_block"
        metrics[f"{place}_driven"] = Metric(drive.driven, "m")
        metrics[f"{place}_off_road"] = Metric(100 * drive.off_road, "%")
        checks[f"places: {name}: {DISTANCE:g} m on roads without leaving them"] = (
            drive.driven >= DISTANCE and drive.collisions == 0 and drive.off_road == 0
        )
    return metrics, checks


def drive_on_roads(scene: Scene, *, distance: float = DISTANCE, seed: int = 0) -> Drive:
    """Drives shortest ways over roads from goal to goal until it has come far enough.

    The ways are planned on cells of road alone; the body moves in the scene as it is, and rays
    cast straight down say what it drives on.
    """
    rng = np.random.default_rng(seed)
    floor = max(scene.floors, key=lambda f: int((f.clearance > RADIUS).sum()))
    roads, ground = Navigator(road_floor(scene, floor), RADIUS), Navigator(floor, RADIUS)
    xy = roads.sample(rng, 1)
    track, driven, collisions = [xy[0]], 0.0, 0
    while driven < distance:
        goal = _farthest(roads, xy[0], rng)
        field = DistanceField(roads, goal)
        for _ in range(int(4 * distance / STRIDE)):
            left = float(field.distance(xy)[0])
            if not left > 0.05 or not np.isfinite(left):
                break
            step = field.direction(xy, lookahead=STRIDE)[0] * min(STRIDE, left)
            xy, hit, length = advance(
                [ground], np.zeros(1, np.int64), xy, step[None], sliding=False
            )
            driven += float(length[0])
            collisions += int(hit[0])
            track.append(xy[0].copy())
            if hit[0]:
                break
        else:
            break
        if len(track) < 2 or collisions or not np.isfinite(left):
            break
    places = np.array(track)
    return Drive(places, driven, collisions, 1.0 - float(on_road(scene, floor, places).mean()))


def road_floor(scene: Scene, floor: Floor) -> Floor:
    """What of a floor is road."""
    road = np.isin(scene.semantic, [CLASS_ID["road"]])
    corners = scene.vertices[scene.triangles[road]].astype(np.float64)
    covered = covered_columns(
        corners, origin=floor.origin, cell=floor.cell, shape=floor.clearance.shape
    )
    free = covered & (floor.clearance > 0)
    free[[0, -1]] = free[:, [0, -1]] = False
    if not free.any():
        raise ValueError(f"scene {scene.name!r} has no road that can be driven on")
    return replace(floor, clearance=clearances(free, floor.cell))


def on_road(scene: Scene, floor: Floor, xy: NDArray) -> NDArray[np.bool_]:
    """(N,) whether a ray straight down onto each point (N, 2) finds a road."""
    z = np.full(len(xy), floor.height)
    if floor.heights is not None:
        column, row = ((xy - floor.origin) / floor.cell).astype(int).T
        z = z + floor.heights[row, column]
    origins = np.column_stack([xy, z + 1.0])
    _, triangle = cast(RayScene(scene), origins, np.tile([0.0, 0.0, -1.0], (len(xy), 1)))
    return (triangle >= 0) & (scene.semantic[triangle] == CLASS_ID["road"])


def _farthest(roads: Navigator, xy: NDArray, rng: np.random.Generator) -> NDArray[np.float64]:
    """Of some random places the one with the longest shortest way."""
    field = DistanceField(roads, xy)
    places = roads.sample(rng, 64)
    far = field.distance(places)
    return places[int(np.where(np.isfinite(far), far, -1).argmax())]
