"""What moves is traced where it is, and only by packets that could hit it."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

from navworld.geometry import so3
from navworld.geometry.cameras import Fisheye, Panorama
from navworld.world import rays
from navworld.world.mesh import MeshBuilder
from navworld.world.ranging import Receiver, Sweep, scan
from navworld.world.scene import Material, Scene
from navworld.world.tracing.culling import COVERS, blocks, cones, cover, nearest_parts
from navworld.world.tracing.fallback import native
from navworld.world.tracing.moving import MovingParts
from navworld.world.tracing.pattern import NO_CONES, RayPattern

ALL = tuple(rays.OUTPUTS)
AHEAD = np.array([[0, 0, 1, 0], [-1, 0, 0, 0], [0, -1, 0, 0], [0, 0, 0, 1]], float)
PATTERNS = {
    "pinhole": RayPattern.pinhole(30, 50, 90),
    "one ray": RayPattern.pinhole(1, 1, 10),
    "fisheye": RayPattern.of(Fisheye.from_fov(40, 40, 190)),
    "panorama": RayPattern.of(Panorama(64, 32)),
}

pytestmark = pytest.mark.skipif(not native(), reason="rays are traced one by one")


def scene_of(builder: MeshBuilder, name: str) -> Scene:
    return Scene(
        name, **builder.arrays(), materials=tuple(builder.materials),
        instances=tuple(builder.instances),
    )  # fmt: skip


def box(low, high, name="box") -> rays.RayScene:
    b = MeshBuilder()
    b.add_instance(name, "person")
    b.box(low, high, Material("shirt", (1, 0, 0)), 0)
    return rays.RayScene(scene_of(b, name))


def pillars(seed: int = 0) -> rays.RayScene:
    """A room full of pillars."""
    rng, b = np.random.default_rng(seed), MeshBuilder()
    b.add_instance("room", "wall")
    for x, y in rng.uniform(-8, 8, (25, 2)):
        if np.hypot(x, y) > 1:
            b.box((x, y, -2), (x + 0.6, y + 0.6, 2), Material("grey"), 0)
    b.box((-9, -9, -3), (9, 9, -2), Material("floor"), 0)
    return rays.RayScene(scene_of(b, "pillars"))


def crowd(rng: np.random.Generator, count: int = 12) -> MovingParts:
    """Things of all proportions, anywhere and turned anyhow, some around the camera."""
    shapes = [
        box(-s / 2, s / 2, f"thing {k}") for k, s in enumerate(rng.uniform(0.1, 2, (count, 3)))
    ]
    T = np.tile(np.eye(4), (count, 1, 1))
    T[:, :3, :3] = so3.exp(rng.uniform(-3, 3, (count, 3)))
    T[:, :3, 3] = rng.uniform(-7, 7, (count, 3)) * [1, 1, 0.2]
    return MovingParts(shapes, T, instances=list(range(100, 100 + count)))


@pytest.mark.parametrize("seed", range(5))
def test_spheres_hold_all_that_they_cover(seed):
    rng = np.random.default_rng(seed)
    corners = rng.normal(size=(30, 3, 3)) * rng.uniform(0.1, 5, 3)
    spheres = cover(corners.reshape(-1, 3), np.arange(90).reshape(30, 3))
    assert spheres.shape == (COVERS, 4)
    weights = rng.dirichlet((0.5, 0.5, 0.5), (30, 400))
    points = np.einsum("tpc,tci->tpi", weights, corners).reshape(-1, 3)
    gaps = np.linalg.norm(points[:, None] - spheres[:, :3], axis=2) - spheres[:, 3]
    assert gaps.min(1).max() <= 0


@pytest.mark.parametrize("name", PATTERNS)
@pytest.mark.parametrize("seed", range(3))
def test_packets_that_are_spared_could_not_have_hit_anything(name, seed):
    """The same bytes as when every packet is traced among everything that moves."""
    rng, scene, pattern = np.random.default_rng(seed), pillars(seed), PATTERNS[name]
    thorough = copy.copy(pattern)
    object.__setattr__(thorough, "cones", NO_CONES)
    parts = crowd(rng)
    poses = np.tile(AHEAD, (6, 1, 1))
    poses[:, :3, :3] = so3.exp(rng.uniform(-3, 3, (6, 3))) @ AHEAD[:3, :3]
    poses[:, :3, 3] = rng.uniform(-3, 3, (6, 3)) * [1, 1, 0.2]
    for outputs, far in ((ALL, np.inf), (("depth",), 4.0)):
        images = [
            rays.render([scene], [0] * 6, poses, each, outputs, far=far, movers=[parts] * 6)
            for each in (pattern, thorough)
        ]
        for output in outputs:
            assert images[0][output].tobytes() == images[1][output].tobytes(), output
    if name != "one ray":
        shown = rays.render([scene], [0] * 6, poses, pattern, ("triangle",), movers=[parts] * 6)
        assert (shown["triangle"] == -2).any()


def test_most_packets_look_past_a_person():
    pattern = PATTERNS["pinhole"]
    spheres = np.ascontiguousarray(box((-0.2, -0.2, 0), (0.2, 0.2, 1.8)).mesh.spheres)
    spheres[:, :3] += (4.0, 0.0, -1.0)
    whole, grouped = pattern.cones
    packets = len(pattern.packets[2])
    nearest = np.zeros(packets + 16, np.float32)
    pose = np.append(AHEAD[:3, :3].ravel(), np.zeros(3)).astype(np.float32)
    nearest_parts(whole, grouped, pose, spheres.ctypes.data, COVERS, 0, packets, nearest)
    met = nearest[:packets] < np.inf
    assert 0 < met.mean() < 0.25
    assert (nearest[:packets][met] > 2.5).all()
    pose[:9] = (AHEAD[:3, :3] * [-1, 1, -1]).ravel()  # turned round
    nearest_parts(whole, grouped, pose, spheres.ctypes.data, COVERS, 0, packets, nearest)
    assert (nearest[:packets] == np.inf).all()


def test_no_cone_narrower_than_a_right_angle_means_that_everything_is_met():
    around = np.array([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0]] * 4, np.float32)
    table = cones(np.ascontiguousarray(around.T[None]))
    pose = np.append(np.eye(3).ravel(), np.zeros(3)).astype(np.float32)
    for place in np.random.default_rng(0).normal(size=(20, 3)):
        spheres = np.append(9 * place, 0.1).astype(np.float32)
        nearest = np.zeros(16, np.float32)
        args = table[:, -1].copy(), blocks(table), pose, spheres.ctypes.data, 1, 0, 1, nearest
        nearest_parts(*args)
        assert nearest[0] < np.inf


@pytest.mark.parametrize("threads", [1, 2])
def test_whoever_looks_first_sees_things_where_they_have_moved_to(threads):
    scene, pattern = pillars(3), RayPattern.pinhole(24, 24, 90)
    part = MovingParts([box((-0.3, -0.3, -0.3), (0.3, 0.3, 0.3))], instances=[7])
    T = np.eye(4)[None].copy()
    sweep = Sweep(np.zeros(1), np.zeros(1))
    for ahead in (0.9, 0.7, 0.5):
        looks = [
            lambda: rays.render(
                [scene] * 2, [0, 1], np.stack([AHEAD] * 2), pattern, ("depth",),
                movers=[part, part], threads=threads,
            )["depth"][:, 12, 12],
            lambda: scan(
                [scene], np.zeros(1, int), np.eye(4)[None], sweep, Receiver(), movers=[part],
                threads=threads,
            )[0],
        ]  # fmt: skip
        for look in looks:
            T[0, :3, 3] = 5, 5, 5
            part.set_transforms(T)
            assert (np.abs(look() - (ahead - 0.3)) > 0.05).all()
            T[0, :3, 3] = ahead, 0, 0
            part.set_transforms(T)
            assert np.allclose(look(), ahead - 0.3, atol=1e-3)
        part.set_transforms(np.eye(4)[None] + np.eye(4, k=3)[None] * ahead)
        ray = np.zeros((1, 3)), np.array([[1.0, 0, 0]])
        assert rays.occluded(scene, *ray, ahead, movers=part)
        assert not rays.occluded(scene, *ray, ahead - 0.35, movers=part)


def test_things_that_are_enlarged_are_covered_as_well():
    scene, pattern = pillars(1), PATTERNS["pinhole"]
    T = np.diag([1.0, 6.0, 1.0, 1.0])[None]
    T[0, 0, 3] = 1.0
    part = MovingParts([box((-0.1, -0.1, -0.1), (0.1, 0.1, 0.1))], T, instances=[7])
    thorough = copy.copy(pattern)
    object.__setattr__(thorough, "cones", NO_CONES)
    seen = [
        rays.render([scene], [0], AHEAD[None], each, ("instance",), movers=[part])["instance"]
        for each in (pattern, thorough)
    ]
    assert np.array_equal(*seen)
    assert np.ptp(np.flatnonzero((seen[0][0] == 7).any(0))) > 20


def test_what_stands_still_needs_nothing():
    part = MovingParts([box((-0.3, -0.3, -0.3), (0.3, 0.3, 0.3))] * 2, instances=[7, 8])
    placing = part.scene.placing
    T = np.tile(np.eye(4), (2, 1, 1))
    T[1, 0, 3] = 2.0
    part.set_transforms(T)
    assert placing["stale"] == 1
    part.settle()
    part.set_transforms(T)
    assert placing["stale"] == 0


@pytest.mark.parametrize("made", [RayPattern.pinhole(16, 16, 90), Sweep(np.zeros(3), np.zeros(7))])
def test_copies_of_rays_start_at_a_cache_line_too(made):
    """Sensors that hold them are copied with the state of an environment; kernels rely on it."""
    assert made.packets[0].ctypes.data % 64 == 0
    kept = []  # so that chance does not help
    for k in range(8):
        kept.append(np.empty(100 + 8 * k, np.uint8))
        for copied in (copy.deepcopy(made), pickle.loads(pickle.dumps(made))):
            assert all(a.ctypes.data % 64 == 0 for a in copied.packets[:1])
            assert np.array_equal(copied.packets[0], made.packets[0])
