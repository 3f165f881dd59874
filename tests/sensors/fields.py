"""Boxes of known materials in an empty hall, for tests of heat, radar, radio and magnetism."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from navworld.contracts import Sensor
from navworld.streams import Streams
from navworld.world.body import Robot
from navworld.world.mesh import MeshBuilder
from navworld.world.scene import Floor, Material, Scene
from navworld.world.store import Place
from navworld.world.world import World

LENGTH, WIDTH, HEIGHT = 12.0, 8.0, 3.0
Box = tuple[str, str, tuple[float, float, float], tuple[float, float, float]]


def hall(*boxes: Box, name: str = "hall", wall: str = "plaster white") -> Place:
    """A closed room from the origin to 12 × 8 × 3 m, walls 0.3 m thick, with boxes in it.

    Args:
        boxes: (class, material, low corner, high corner) each.
    """
    b = MeshBuilder()
    shell = b.add_instance("building", "wall")
    ceiling = b.add_instance("ceiling", "ceiling")
    ground = b.add_instance("ground", "floor")
    plaster, planks = Material(wall), Material("oak planks")
    t = 0.3
    for low, high in (
        ((-t, -t, 0), (0, WIDTH + t, HEIGHT)),
        ((LENGTH, -t, 0), (LENGTH + t, WIDTH + t, HEIGHT)),
        ((0, -t, 0), (LENGTH, 0, HEIGHT)),
        ((0, WIDTH, 0), (LENGTH, WIDTH + t, HEIGHT)),
    ):
        b.box(low, high, plaster, shell)
    b.box((-t, -t, -0.2), (LENGTH + t, WIDTH + t, 0), planks, ground)
    b.box((-t, -t, HEIGHT), (LENGTH + t, WIDTH + t, HEIGHT + 0.2), plaster, ceiling)
    for semantic, material, low, high in boxes:
        b.box(low, high, Material(material), b.add_instance(semantic, semantic))
    clearance = np.full((int(WIDTH / 0.1), int(LENGTH / 0.1)), 1.0, np.float32)
    scene = Scene(
        name=f"{name} {_key(boxes)} {wall}",
        materials=tuple(b.materials),
        instances=tuple(b.instances),
        floors=(Floor((0.0, 0.0), 0.1, 0.0, clearance),),
        **b.arrays(),
    )
    return Place(scene, None)


def _key(boxes: Sequence[Box]) -> str:
    return "-".join(f"{semantic}{low[0]:g}" for semantic, _, low, _ in boxes)


def stand(place: Place, *poses: tuple[float, float, float], robot: Robot | None = None) -> World:
    """A world with one body at every (x, y, yaw) of a place."""
    world = World(len(poses), robot or Robot(), light="none")
    for row, (x, y, yaw) in enumerate(poses):
        world.place(row, place, np.array([x, y]), yaw)
    return world


def seeded(count: int, seed: int = 0) -> Streams:
    """Streams of environments seeded one after the other."""
    streams = Streams(count)
    for row in range(count):
        streams.seed(row, seed + row)
    return streams


def rest(world: World, streams: Streams, steps: int = 1) -> None:
    """Lets time pass."""
    for _ in range(steps):
        world.step(np.zeros((world.num_envs, 3)))
        streams.steps += 1


def measure(sensor: Sensor, world: World, streams: Streams, ids=None) -> dict[str, np.ndarray]:
    """A reading, checked against the sensor's space."""
    rows = np.arange(world.num_envs) if ids is None else np.array(ids)
    seen = sensor.read(world, rows, streams)
    assert seen.keys() == sensor.space.spaces.keys()
    for key, value in seen.items():
        assert all(sensor.space[key].contains(item) for item in value), key
    return seen


def begin(sensor: Sensor, world: World, streams: Streams | None = None) -> Streams:
    """Starts an episode of a sensor in all environments."""
    streams = seeded(world.num_envs) if streams is None else streams
    world.want(sensor.renders)
    sensor.reset(world, np.arange(world.num_envs), streams)
    return streams
