"""A world of bodies in two rooms, and what sensors need to be read by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from navworld.beliefs import Observation
from navworld.contracts import Sensor
from navworld.streams import Streams
from navworld.world.body import Robot
from navworld.world.store import Place
from navworld.world.world import World
from tests.rooms import two_rooms

PLACE = Place(two_rooms(0), None)
WALL = 3.95  # x of the near face of the wall between the rooms; it has a door at y 3.5 … 4.5


def stand(*poses: tuple[float, float, float], light: str = "none", **options) -> World:
    """A world with one body at every (x, y, yaw)."""
    world = World(len(poses), Robot(), light=light, **options)
    for row, (x, y, yaw) in enumerate(poses):
        world.place(row, PLACE, np.array([x, y]), yaw)
    return world


def start(world: World, *sensors: Sensor) -> Observation:
    """Begins an episode of all sensors and reads them."""
    ids = np.arange(world.num_envs)
    for sensor in sensors:
        world.want(sensor.renders)
        sensor.reset(world, ids, Streams(world.num_envs))
    return read(world, sensors)


def read(world: World, sensors: Sequence[Sensor], ids: Sequence[int] | None = None) -> Observation:
    """What the sensors measure, each value checked against its space."""
    rows = np.arange(world.num_envs) if ids is None else np.array(ids)
    seen: Observation = {}
    for sensor in sensors:
        own = sensor.read(world, rows, Streams(world.num_envs))
        assert own.keys() == sensor.space.spaces.keys()
        for key, value in own.items():
            assert all(sensor.space[key].contains(item) for item in value), key
        seen |= own
    return seen


def trimesh_range(origins: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """(R,) distance of the first surface along rays, by trimesh; 0 without one."""
    import trimesh

    scene = PLACE.scene
    mesh = trimesh.Trimesh(scene.vertices, scene.triangles, process=False)
    caster = trimesh.ray.ray_triangle.RayMeshIntersector(mesh)
    along = directions / np.linalg.norm(directions, axis=1, keepdims=True)
    origins = np.broadcast_to(origins, along.shape)
    points, ray, _ = caster.intersects_location(origins, along, multiple_hits=True)
    nearest = np.full(len(along), np.inf)
    np.minimum.at(nearest, ray, np.linalg.norm(points - origins[ray], axis=1))
    return np.where(np.isfinite(nearest), nearest, 0.0)
