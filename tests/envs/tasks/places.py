"""Small places for the tests of tasks: a town with a map, an empty hall, an episode's script."""

from __future__ import annotations

from typing import Any

import numpy as np

from navworld.envs.options import Options
from navworld.envs.vector import NavigationVectorEnv
from navworld.world.mesh import MeshBuilder
from navworld.world.navigability import walkable_floors
from navworld.world.scene import Material, Scene
from navworld.world.vector_map import GeoOrigin, MapBuilding, MapPoint, MapRoad, VectorMap

STOP, FORWARD, LEFT, RIGHT = range(4)


BERLIN = GeoOrigin(52.5, 13.4, 30.0)


def town(seed: int = 0, *, origin: GeoOrigin | None = BERLIN) -> Scene:
    """60 × 40 m of ground behind a wall, with two houses on a street, and their map."""
    b = MeshBuilder()
    ground, wall = b.add_instance("road", "road"), b.add_instance("wall", "wall")
    stone, paint = Material("stone", (0.5, 0.5, 0.5)), Material("paint", (0.8, 0.7, 0.6))
    b.quad([(0, 0, 0), (60, 0, 0), (60, 40, 0), (0, 40, 0)], stone, ground)
    for low, high in (
        ((-0.5, -0.5, 0), (60.5, 0, 3)),
        ((-0.5, 40, 0), (60.5, 40.5, 3)),
        ((-0.5, 0, 0), (0, 40, 3)),
        ((60, 0, 0), (60.5, 40, 3)),
    ):
        b.box(low, high, paint, wall)
    houses = ((10, 25, 22, 33), (34, 25, 50, 33))
    for x0, y0, x1, y1 in houses:
        house = b.add_instance("house", "building")
        b.box((x0, y0, 0), (x1, y1, 8), paint, house)
    outlines = [((x0, y0), (x1, y0), (x1, y1), (x0, y1)) for x0, y0, x1, y1 in houses]
    arrays = b.arrays()
    town_map = VectorMap(
        roads=(MapRoad("Long Street", ((0, 15), (60, 15)), 6.0),),
        buildings=(
            MapBuilding(outlines[0], 8.0, "", "1 Long Street", (16.0, 24.0)),
            MapBuilding(outlines[1], 8.0, "Bakery", "3 Long Street", (42.0, 24.0)),
        ),
        points=(MapPoint("Fountain", "fountain", (55.0, 5.0)),),
        origin=origin,
    )
    return Scene(
        name=f"town-{seed}-{origin is not None}",
        materials=tuple(b.materials),
        instances=tuple(b.instances),
        floors=walkable_floors(arrays["vertices"], arrays["triangles"], cell=0.1),
        map=town_map,
        **arrays,
    )


def hall(width: float = 6.0, depth: float = 4.0) -> Scene:
    """An empty room without objects, from (0, 0) to (width, depth)."""
    b = MeshBuilder()
    ground, shell = b.add_instance("floor", "floor"), b.add_instance("shell", "wall")
    paint = Material("paint", (0.8, 0.8, 0.8))
    b.quad([(0, 0, 0), (width, 0, 0), (width, depth, 0), (0, depth, 0)], paint, ground)
    for low, high in (
        ((-0.1, -0.1, 0), (width + 0.1, 0, 2.5)),
        ((-0.1, depth, 0), (width + 0.1, depth + 0.1, 2.5)),
        ((-0.1, 0, 0), (0, depth, 2.5)),
        ((width, 0, 0), (width + 0.1, depth, 2.5)),
    ):
        b.box(low, high, paint, shell)
    arrays = b.arrays()
    return Scene(
        name=f"hall-{width}-{depth}",
        materials=tuple(b.materials),
        instances=tuple(b.instances),
        floors=walkable_floors(arrays["vertices"], arrays["triangles"]),
        **arrays,
    )


def make(task: Any, scenes: Any, num_envs: int = 1, **options: Any) -> NavigationVectorEnv:
    """A batch of environments with a task that only sense what the task tells."""
    given = {"sensors": (), "localizer": None, "light": "none", "image_size": 16, **options}
    return NavigationVectorEnv(num_envs, Options.of({"task": task, "scenes": scenes, **given}))


def act(env: NavigationVectorEnv, action: int) -> dict[str, float]:
    """Makes the one environment act; the metrics if that ended its episode, else nothing."""
    *_, info = env.step(np.array([action]))
    return {k: float(v[0]) for k, v in info["final_info"].items()} if info else {}
