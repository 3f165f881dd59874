"""Images and rays: known answers, an independent caster, and the same bytes every time."""

from __future__ import annotations

import gc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from navworld.geometry import cameras
from navworld.world import rays
from navworld.world.mesh import MeshBuilder
from navworld.world.scene import LIGHT_GAMMA, LIGHT_WHITE, Lightmap, Material, Scene, Texture
from navworld.world.semantics import class_id
from navworld.world.tracing import embree, fallback, packets, prepared, texturing

ALL = tuple(rays.OUTPUTS)
AHEAD = np.array([[0, 0, 1, 0], [-1, 0, 0, 0], [0, -1, 0, 0], [0, 0, 0, 1]], float)
"""A camera at the origin that looks along x with z up."""


def looking(yaw, position=(0.0, 0.0, 0.0), pitch=0.0):
    """(4, 4) pose of a camera."""
    c, s, cp, sp = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch)
    forward = np.array([c * cp, s * cp, sp])
    right = np.array([s, -c, 0])
    T = np.eye(4)
    T[:3, :3] = np.stack([right, np.cross(forward, right), forward], 1)
    T[:3, 3] = position
    return T


def turned(yaw, position):
    """(4, 4) pose of an upright thing."""
    T = np.eye(4)
    T[:2, :2] = [[np.cos(yaw), -np.sin(yaw)], [np.sin(yaw), np.cos(yaw)]]
    T[:3, 3] = position
    return T


def nearest_by_brute_force(scene, origin, directions):
    """Möller and Trumbore (1997) over all pairs: t (R,) and triangle (R,) of closed scenes."""
    a, b, c = np.moveaxis(scene.vertices[scene.triangles].astype(float), 1, 0)
    d = directions[:, None]
    p = np.cross(d, c - a)
    scale = 1 / np.sum((b - a) * p, -1)
    u = np.sum((origin - a) * p, -1) * scale
    q = np.cross(origin - a, b - a)
    v = np.sum(d * q, -1) * scale
    t = np.sum((c - a) * q, -1) * scale
    t[(u < 0) | (v < 0) | (u + v > 1) | (t < 0)] = np.inf
    return t.min(1), t.argmin(1)


def noise_texture(name, seed=0, size=128):
    pixels = np.random.default_rng(seed).integers(0, 256, (size, size, 3))
    return Texture(name, pixels.astype(np.uint8))


def scene_of(builder, name="test"):
    return Scene(
        name=name,
        materials=tuple(builder.materials),
        instances=tuple(builder.instances),
        **builder.arrays(),
    )


def wall(material=None, distance=2.0, side=10.0, tile=1.0):
    """A wall that faces the origin, `distance` metres along x."""
    b = MeshBuilder()
    b.add_instance("building", "wall")
    picture = b.add_instance("picture", "picture")
    d, s = distance, side
    corners = [(d, s, -s), (d, -s, -s), (d, -s, s), (d, s, s)]
    b.quad(corners, material or Material("plain"), picture, tile=tile)
    return scene_of(b, "wall")


def furnished(seed=0):
    """A room of 5 × 5 m with boxes and turned parts in it."""
    rng = np.random.default_rng(seed)
    b = MeshBuilder()
    materials = [
        Material(f"m{k}", tuple(rng.uniform(0.5, 1, 3)), noise_texture(f"noise {k}", k, 64))
        for k in range(4)
    ]
    building = b.add_instance("building", "wall")
    b.box((-2.5, -2.5, -1), (2.5, 2.5, 1.6), materials[0], building)
    for k in range(25):
        item = b.add_instance(f"item {k}", ("box", "vase")[k % 2])
        T = turned(rng.uniform(0, 6), (*rng.uniform(-2.3, 2.3, 2), -0.99))
        if k % 2:
            profile = [(0, 0), (0.2, 0.1), (0.1, 0.5), (0, 0.6)]
            b.lathe(profile, materials[k % 4], item, T=T)
        else:
            b.box((0, 0, 0), (0.4, 0.3, 0.5), materials[k % 4], item, T=T)
    return scene_of(b, f"furnished-{seed}")


def poses(count, seed=0):
    rng = np.random.default_rng(seed)
    return np.stack(
        [
            looking(rng.uniform(0, 6.28), (*rng.uniform(-2, 2, 2), 0.3), rng.uniform(-0.4, 0.4))
            for _ in range(count)
        ]
    )


def shoot(scene, outputs, T=AHEAD, *, size=32, **options):
    pattern = rays.RayPattern.pinhole(size, size, 90)
    images = rays.render([scene], [0], T[None], pattern, outputs, **options)
    return {name: image[0] for name, image in images.items()}


@pytest.fixture(scope="module")
def room():
    return rays.RayScene(furnished())


def test_ray_hits_wall_two_metres_ahead():
    images = shoot(rays.RayScene(wall()), ALL)
    assert np.allclose(images["depth"], 2.0, atol=1e-6)
    assert np.all(images["semantic"] == class_id("picture"))
    assert np.all(images["instance"] == 1)
    assert np.allclose(images["normals"], [-1, 0, 0])


def test_nothing_ahead_is_sky_without_depth_or_class():
    images = shoot(rays.RayScene(wall()), ALL, looking(np.pi))
    assert not images["depth"].any()
    assert not images["semantic"].any()
    assert not images["instance"].any()
    assert not images["normals"].any()
    assert np.all(images["triangle"] == -1)
    assert images["rgb"].min() > 100
    assert images["rgb"][0, 16, 2] > images["rgb"][0, 16, 0]  # blue above


def test_unit_directions_give_range():
    pattern = rays.RayPattern.pinhole(32, 32, 90)
    length = np.linalg.norm(pattern.directions, axis=2, keepdims=True)
    ranges = rays.RayPattern(pattern.directions / length, pattern.spread)
    image = rays.render([rays.RayScene(wall())], [0], AHEAD[None], ranges, ["depth"])["depth"][0]
    assert np.allclose(image, 2 * length[..., 0], rtol=1e-5)


def test_near_and_far_clip():
    scene = rays.RayScene(wall())
    assert not shoot(scene, ["depth"], far=1.9)["depth"].any()
    both = shoot(scene, ["depth", "semantic"], far=1.9)
    assert not both["depth"].any()
    assert both["semantic"].all()
    assert not shoot(scene, ["depth", "semantic"], near=2.1)["semantic"].any()


def test_plain_colour_under_white_light_is_itself():
    color = (200 / 255, 100 / 255, 50 / 255)
    scene = wall(Material("paint", color))
    white = np.full((8, 8, 3), round(255 * (1 / LIGHT_WHITE) ** (1 / LIGHT_GAMMA)), np.uint8)
    light = Lightmap(np.full((2, 3, 2), 4.0, np.float32), white)
    rgb = shoot(rays.RayScene(scene, light), ["rgb"])["rgb"]
    assert np.abs(rgb - np.array([200.0, 100, 50])).max() <= 1


def test_emission_ignores_the_light_and_gain_scales_colours():
    lamp = wall(Material("lamp", (1, 1, 1), emission=0.5))
    scene = rays.RayScene(lamp, Lightmap(np.ones((2, 3, 2), np.float32), np.zeros((4, 4, 3), "u1")))
    expected = 255 * 0.5 ** (1 / 2.2)
    rgb = shoot(scene, ["rgb"])["rgb"]
    assert np.abs(rgb - expected).max() <= 1.5
    exact = shoot(scene, ["color"], gain=[[0.5, 1, 2]])["color"]
    assert np.allclose(exact, 0.5 ** (1 / 2.2) * np.array([0.5, 1, 2]), atol=0.005)  # not clipped
    dim = shoot(scene, ["rgb"], gain=[[0.5, 1, 2]])["rgb"]
    assert np.abs(dim - np.minimum(255, expected * np.array([0.5, 1, 2]))).max() <= 3


def test_textures_lie_where_their_coordinates_say():
    pixels = np.zeros((64, 64, 3), np.uint8)
    pixels[:32, :32] = 255, 0, 0
    pixels[:32, 32:] = 0, 255, 0
    pixels[32:, :32] = 0, 0, 255
    picture = wall(Material("poster", texture=Texture("quadrants", pixels), emission=1), side=1.8)
    picture = replace(
        picture, uv=np.array([[[0, 1], [1, 1], [1, 0]], [[0, 1], [1, 0], [0, 0]]], "f4")
    )
    rgb = shoot(rays.RayScene(picture), ["rgb"])["rgb"].astype(int)
    quarters = [rgb[8, 8], rgb[8, 24], rgb[24, 8], rgb[24, 24]]
    assert np.argmax(quarters[:3], 1).tolist() == [0, 1, 2]
    assert quarters[3].max() == 0


def test_bytes_are_the_colours_clipped_and_rounded(room):
    T = poses(3)
    T[2] = looking(0.5, (9, 9, 0), 0.3)  # out of the room: sky
    pattern = rays.RayPattern.pinhole(33, 47, 100)
    gain = [[1, 1, 1], [2.5, 0.5, 1], [1.3, 1, 0.8]]
    both = rays.render([room], [0] * 3, T, pattern, ["rgb", "color"], gain=gain)
    lone = rays.render([room], [0] * 3, T, pattern, ["color"], gain=gain)["color"]
    assert lone.tobytes() == both["color"].tobytes()
    assert both["color"].max() > 1
    expected = 255 * np.clip(both["color"].astype(float), 0, 1)
    assert np.abs(both["rgb"] - expected).max() < 0.5 + 1e-4


def test_lightmap_is_read_at_its_coordinates():
    ramp = np.repeat(np.linspace(0, 120, 64).astype(np.uint8)[None, :, None], 64, 0).repeat(3, 2)
    uv = np.array([[[8, 8], [56, 8], [56, 56]], [[8, 8], [56, 56], [8, 56]]], np.float32)
    rgb = shoot(rays.RayScene(wall(side=2.0), Lightmap(uv, ramp)), ["rgb"])["rgb"]
    columns = 8 + 48 * (np.arange(32) + 0.5) / 32 - 0.5  # position in the atlas
    expected = columns * 120 / 63 * LIGHT_WHITE ** (1 / LIGHT_GAMMA)
    assert np.abs(rgb[16, :, 0] - expected).max() < 4


def test_images_agree_with_an_independent_caster(room):
    for T in poses(2):
        images = shoot(room, ["depth", "normals", "instance", "triangle"], T, size=16)
        pattern = rays.RayPattern.pinhole(16, 16, 90)
        along = pattern.directions.reshape(-1, 3).astype(float) @ T[:3, :3].T
        t, triangle = nearest_by_brute_force(room.scene, T[:3, 3], along)
        assert np.abs(images["depth"].ravel() - t).max() < 1e-4
        corners = room.scene.vertices[room.scene.triangles[triangle]].astype(float)
        normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        normal /= np.linalg.norm(normal, axis=1, keepdims=True)
        normal *= -np.sign(np.sum(normal * along, 1, keepdims=True))
        assert (np.abs(images["normals"].reshape(-1, 3) - normal).max(1) < 1e-3).mean() > 0.99
        assert (images["instance"].ravel() == room.scene.instance[triangle]).mean() > 0.99
        assert (images["triangle"].ravel() == triangle).mean() > 0.99


@pytest.mark.parametrize("size", [(16, 16), (13, 21), (1, 50), (2, 9), (3, 3), (5, 1)])
def test_every_pixel_of_every_size_is_its_own_ray(room, size):
    pattern = rays.RayPattern.pinhole(*size, 80)
    T = poses(1)
    depth = rays.render([room], [0], T, pattern, ["depth"])["depth"][0]
    along = pattern.directions.reshape(-1, 3) @ T[0, :3, :3].T
    t, _ = rays.cast(room, np.tile(T[0, :3, 3], (len(along), 1)), along)
    assert depth.shape == size
    assert np.allclose(depth.ravel(), t, atol=1e-4)


def test_batches_and_threads_change_no_byte(room):
    other = rays.RayScene(furnished(1))
    T, which = poses(7), np.array([0, 1, 0, 0, 1, 1, 0])
    pattern = rays.RayPattern.pinhole(30, 44, 90)
    whole = rays.render([room, other], which, T, pattern, ALL)
    for threads in (2, 3, 8):
        threaded = rays.render([room, other], which, T, pattern, ALL, threads=threads)
        for name in ALL:
            assert whole[name].flags.c_contiguous
            assert whole[name].tobytes() == threaded[name].tobytes()
    for k in range(7):
        one = rays.render([room, other], which[k : k + 1], T[k : k + 1], pattern, ALL)
        lone = rays.render([room, other], which[k : k + 1], T[k : k + 1], pattern, ["rgb"])
        assert lone["rgb"].tobytes() == whole["rgb"][k].tobytes()
        for name in ALL:
            assert one[name].tobytes() == whole[name][k].tobytes()


def test_what_no_ray_hits_has_the_same_bytes_in_every_batch():
    scene, pattern = rays.RayScene(wall(side=1.0)), rays.RayPattern.pinhole(20, 20, 90)
    T = np.stack([looking(yaw, (0, 0, 0), 0.1) for yaw in (0.1, 0.9, -1.2, 3.0)])
    whole = rays.render([scene], [0] * 4, T, pattern, ALL)
    assert (whole["triangle"] == -1).any((1, 2)).all()
    for k in range(4):
        one = rays.render([scene], [0], T[k : k + 1], pattern, ALL)
        for name in ALL:
            assert one[name].tobytes() == whole[name][k].tobytes(), name


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize(("cameras", "packets"), [(1, 1), (1, 4096), (50, 256), (9, 3), (64, 130)])
def test_shares_hold_every_packet_once(cameras, packets, threads):
    edges = rays._shares(cameras, packets, threads)
    assert edges[0] == 0
    assert edges[-1] == cameras * packets
    assert np.all(np.diff(edges) > 0)
    assert np.diff(edges).max() <= (max(packets, rays.SHARE) if threads > 1 else edges[-1])
    assert threads == 1 or np.diff(edges)[-1] <= rays.SHARE


def moving_box():
    b = MeshBuilder()
    b.add_instance("body", "person")
    b.box((-0.2, -0.2, -0.2), (0.2, 0.2, 0.2), Material("shirt", (1, 0, 0)), 0)
    return rays.RayScene(scene_of(b, "box"))


def test_moving_parts_are_seen_where_they_are_and_only_by_their_camera(room):
    scene = rays.RayScene(wall())
    box = moving_box()
    parts = rays.MovingParts([box, box], instances=[100, 200])
    T = np.tile(np.eye(4), (2, 1, 1))
    T[0, :3, 3] = 1.2, 0, 0
    T[1] = turned(0.3, (5, 0, 0))  # behind the wall
    parts.set_transforms(T)
    pattern = rays.RayPattern.pinhole(32, 32, 90)
    images = rays.render([scene], [0, 0], np.stack([AHEAD] * 2), pattern, ALL, movers=[parts, None])
    assert np.isclose(images["depth"][0, 16, 16], 1.0)
    assert images["instance"][0, 16, 16] == 100
    assert np.array_equal(images["triangle"][0] == -2, images["instance"][0] == 100)
    assert images["triangle"][1].min() == 0
    assert images["semantic"][0, 16, 16] == class_id("person")
    red, green, _ = images["rgb"][0, 16, 16].astype(int)
    assert red > green + 50
    assert np.isclose(images["depth"][0, 0, 0], 2.0)
    assert not (images["instance"][0] == 200).any()
    assert np.allclose(images["depth"][1], 2.0)
    T[0] = turned(np.pi / 6, (1.2, 0, 0))
    parts.set_transforms(T)
    seen = rays.render([scene], [0], AHEAD[None], pattern, ALL, movers=[parts])
    normals = seen["normals"][0][seen["instance"][0] == 100]
    assert np.allclose(np.linalg.norm(normals, axis=1), 1, atol=1e-5)
    angles = np.degrees(np.arctan2(normals[:, 1], normals[:, 0])) % 90
    assert np.allclose(np.minimum(angles, 90 - angles), 30, atol=0.1)


def test_filtering_and_supersampling_tame_aliasing():
    checks = np.kron([[0, 255], [255, 0]], np.ones((8, 8)))[..., None].repeat(3, 2)
    material = Material("checks", texture=Texture("checks", checks.astype(np.uint8)), emission=1)
    scene = rays.RayScene(wall(material, tile=0.1))
    spread = {
        name: shoot(scene, ["rgb"], **options)["rgb"].std()
        for name, options in {
            "nearest": {"filtering": False},
            "supersampled": {"filtering": False, "supersample": 4},
            "filtered": {},
        }.items()
    }
    assert spread["nearest"] > 90
    assert spread["supersampled"] < 0.6 * spread["nearest"]
    assert spread["filtered"] < 30


def test_supersampling_leaves_the_other_outputs_alone(room):
    T = poses(1)[0]
    plain, smooth = shoot(room, ALL, T), shoot(room, ALL, T, supersample=2)
    for name in ALL:
        assert np.array_equal(plain[name], smooth[name]) == (name not in ("rgb", "color"))
    pattern = rays.RayPattern.pinhole(64, 64, 90)
    fine = rays.render([room], [0], T[None], pattern, ["color"])["color"][0]
    mean = fine.reshape(32, 2, 32, 2, 3).mean((1, 3))
    assert np.abs(smooth["color"] - mean).mean() < 1e-4
    assert np.abs(plain["rgb"].astype(int) - smooth["rgb"]).mean() < 12


def test_a_finer_pinhole_pattern_is_the_pinhole_of_a_finer_image():
    coarse, fine = rays.RayPattern.pinhole(5, 8, 70), rays.RayPattern.pinhole(15, 24, 70)
    assert np.allclose(coarse.finer(3).directions, fine.directions, atol=1e-6)
    assert np.isclose(coarse.finer(3).spread, fine.spread)


MODELS = (
    cameras.Pinhole(24, 16, 20.0, 21.0, 11.0, 8.0, (-0.2, 0.05, 0.01, 0.0, 0.0)),
    cameras.Fisheye.from_fov(20, 20, 200.0),
    cameras.Panorama(32, 16),
    cameras.Orthographic(22, 14, 0.1),
)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
def test_images_of_every_camera_model_hold_the_points_that_it_projects(room, model):
    T = looking(0.7, (0.1, 0.2, 0.5), -1.2 if isinstance(model, cameras.Orthographic) else 0.2)
    pattern = rays.RayPattern.of(model)
    images = rays.render([room], [0], T[None], pattern, ALL, threads=2)
    starts, along = (vectors.reshape(-1, 3) for vectors in model.rays())
    origins, along = T[:3, 3] + starts @ T[:3, :3].T, along @ T[:3, :3].T
    t, triangle = np.array(
        [np.concatenate(nearest_by_brute_force(room.scene, *ray)) for ray in _each(origins, along)]
    ).T
    points = (origins + t[:, None] * along - T[:3, 3]) @ T[:3, :3]
    depth = np.linalg.norm(points, axis=1) if model.depth_is_range else points[:, 2]
    hit = np.isfinite(t)
    assert hit.mean() > 0.9
    error = np.abs(images["depth"].ravel() - depth)[hit]
    assert np.quantile(error, 0.99) < 1e-4
    assert (images["triangle"].ravel() == np.where(hit, triangle, -1)).mean() > 0.99
    pixels, valid = model.project(points[hit])
    grid = cameras.pixel_grid(model.width, model.height).reshape(-1, 2)[hit]
    assert np.abs(pixels - grid)[valid].max() < 1e-5


def _each(origins, along):
    return ((origin, direction[None]) for origin, direction in zip(origins, along, strict=True))


def test_a_pinhole_of_the_geometry_is_the_pinhole_of_the_kernel():
    model = rays.RayPattern.of(cameras.Pinhole.from_fov(48, 32, 80.0))
    plain = rays.RayPattern.pinhole(32, 48, 80.0)
    assert model.origins is None
    assert np.array_equal(model.directions, plain.directions)
    assert np.isclose(model.spread, plain.spread)


def test_neighbouring_rays_are_as_far_apart_as_pixels():
    panorama = rays.RayPattern.of(cameras.Panorama(360, 180))
    assert 0.8 < panorama.spread / np.radians(1) <= 1
    fisheye = rays.RayPattern.of(cameras.Fisheye.from_fov(90, 90, 180.0))
    assert 0.8 < fisheye.spread / np.radians(2) <= 1
    ground = rays.RayPattern.of(cameras.Orthographic(30, 20, 0.05))
    assert (ground.spread, round(ground.spacing, 12)) == (0.0, 0.05)
    assert np.allclose(
        ground.finer(2).origins,
        rays.RayPattern.of(cameras.Orthographic(60, 40, 0.025)).origins,
        atol=1e-6,
    )
    assert np.isclose(ground.finer(2).spacing, 0.025)


def test_parallel_rays_blur_textures_alike_at_any_distance():
    checks = np.kron([[0, 255], [255, 0]], np.ones((8, 8)))[..., None].repeat(3, 2)
    material = Material("checks", texture=Texture("checks", checks.astype(np.uint8)), emission=1)
    model = cameras.Orthographic(32, 32, 0.03)

    def contrast(metres_per_pixel, distance):
        pattern = rays.RayPattern.of(replace(model, metres_per_pixel=metres_per_pixel))
        scene = rays.RayScene(wall(material, tile=0.1, distance=distance))
        return rays.render([scene], [0], AHEAD[None], pattern, ["rgb"])["rgb"].std()

    assert contrast(0.2, 1.0) < 20  # a pixel holds four tiles
    assert contrast(0.004, 1.0) > 100
    assert contrast(0.004, 1.0) == contrast(0.004, 60.0)
    assert contrast(0.2, 1.0) == contrast(0.2, 60.0)


def test_cast_and_occluded_know_the_wall():
    scene = rays.RayScene(wall())
    origins = np.zeros((3, 3))
    directions = np.array([[1, 0, 0], [0.5, 0, 0], [-1, 0, 0]])
    t, triangle = rays.cast(scene, origins, directions)
    assert t.tolist() == [2, 4, np.inf]
    assert np.all(triangle[:2] >= 0)
    assert triangle[2] == -1
    assert rays.occluded(scene, origins, directions, 3.0).tolist() == [True, False, False]
    assert rays.occluded(scene, origins, directions, np.inf).tolist() == [True, True, False]
    assert len(rays.cast(scene, np.zeros((0, 3)), np.zeros((0, 3)))[0]) == 0


@pytest.fixture
def reference_engine(monkeypatch):
    monkeypatch.setenv("NAVWORLD_RAYS", "embreex")
    fallback.native.cache_clear()
    yield
    fallback.native.cache_clear()


@pytest.fixture
def native_images(room):
    scene = rays.RayScene(wall())
    parts = rays.MovingParts([moving_box()], turned(0.4, (1.0, 0.1, 0))[None], instances=[7])
    pattern = rays.RayPattern.pinhole(30, 42, 90)
    moving = rays.render([scene], [0], AHEAD[None], pattern, ALL, movers=[parts])
    above = rays.render([room], [0] * 3, poses(3), rays.RayPattern.of(MODELS[3]), ALL)
    return rays.render([room], [0] * 3, poses(3), pattern, ALL, near=0.1, far=3), moving, above


def test_without_the_library_the_images_are_the_same(room, native_images, reference_engine):
    pattern = rays.RayPattern.pinhole(30, 42, 90)
    scene = rays.RayScene(room.scene)
    assert isinstance(scene.mesh, fallback.ReferenceMesh)
    parts = rays.MovingParts([moving_box()], turned(0.4, (1.0, 0.1, 0))[None], instances=[7])
    still = rays.render([scene], [0] * 3, poses(3), pattern, ALL, near=0.1, far=3)
    moving = rays.render([rays.RayScene(wall())], [0], AHEAD[None], pattern, ALL, movers=[parts])
    above = rays.render([scene], [0] * 3, poses(3), rays.RayPattern.of(MODELS[3]), ALL)
    for ours, theirs in zip(native_images, (still, moving, above), strict=True):
        assert np.quantile(np.abs(ours["depth"] - theirs["depth"]), 0.999) < 1e-4
        for name in ALL[1:]:
            same = np.isclose(ours[name], theirs[name], atol=0.01)
            # Rays through the seam of the wall's two triangles may hit either.
            assert same.mean() > (0.98 if name == "triangle" else 0.998), name
        assert (np.abs(ours["rgb"].astype(int) - theirs["rgb"]) <= 1).mean() > 0.998
    assert (moving["triangle"] == -2).any()
    assert (moving["instance"] == 7).any()
    origins, directions = np.zeros((9, 3)), np.random.default_rng(0).normal(size=(9, 3))
    assert np.allclose(
        rays.cast(scene, origins, directions)[0], rays.cast(room, origins, directions)[0]
    )
    assert np.array_equal(
        rays.occluded(scene, origins, directions, 1.5),
        rays.occluded(room, origins, directions, 1.5),
    )
    assert not rays.occluded(rays.RayScene(wall()), [[0, 0, 0]], [[-1, 0, 0]], np.inf)


def test_a_failing_self_test_falls_back_with_a_warning(monkeypatch):
    monkeypatch.setattr(fallback, "self_test", lambda: "packets hit other triangles")
    fallback.native.cache_clear()
    with pytest.warns(UserWarning, match="one by one, which is slow: packets hit"):
        assert not fallback.native()
    fallback.native.cache_clear()


def test_eight_wide_packets_give_the_images_of_sixteen_wide(room, monkeypatch):
    pattern = rays.RayPattern.pinhole(32, 32, 90)
    wide = rays.render([room], [0], poses(1), pattern, ALL)
    narrow_device = embree.Device(width=8)
    monkeypatch.setattr(embree, "device", lambda: narrow_device)
    scene = rays.RayScene(room.scene)
    assert scene.mesh.calls[packets.NATIVE_WIDTH] == 8
    narrow = rays.render([scene], [0], poses(1), pattern, ALL)
    assert np.allclose(wide["depth"], narrow["depth"], atol=1e-5)
    for name in ALL:
        assert np.isclose(wide[name], narrow[name], atol=1).mean() > 0.998


def test_textures_are_shared_by_name_and_freed_with_their_last_scene():
    texture = noise_texture("shared by two", 5)
    scene = wall(Material("a", texture=texture))
    first, second = rays.RayScene(scene), rays.RayScene(scene)
    assert "shared by two" in texturing._pool
    del first
    gc.collect()
    assert "shared by two" in texturing._pool
    del second
    gc.collect()
    assert "shared by two" not in texturing._pool


def test_memory_stays_put_over_five_hundred_scenes():
    if not Path("/proc/self/statm").exists():
        pytest.skip("resident memory is read from /proc")
    scene = replace(furnished(), materials=tuple(Material(f"m{k}") for k in range(4)))
    pattern = rays.RayPattern.pinhole(8, 8, 90)

    def cycle(times):
        for k in range(times):
            texture = noise_texture(f"passing {k}", k, 32)
            material = Material("passing", texture=texture)
            made = prepared.RayScene(replace(scene, materials=(material, *scene.materials[1:])))
            rays.render([made], [0], poses(1), pattern, ["rgb"])
        gc.collect()
        return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

    before = cycle(100)
    assert cycle(500) - before < 8e6


def test_odd_texture_sizes_are_resampled():
    pixels = np.zeros((100, 48, 3), np.uint8)
    pixels[:50] = 200
    chain = texturing.MipChain(pixels)
    assert chain.size == (64, 128)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"T_world_camera": np.full((1, 4, 4), np.nan)}, r"T_world_camera\[0\] is not finite"),
        ({"T_world_camera": np.eye(4)}, r"T_world_camera has shape \(4, 4\): give \(N, 4, 4\)"),
        ({"T_world_camera": np.zeros((0, 4, 4))}, "N ≥ 1"),
        ({"which": [1]}, "which reaches from 1 to 1 of 1 scenes"),
        ({"which": [0.0]}, "one scene index for each of 1"),
        ({"outputs": ["colour"]}, "name one or more of rgb, depth"),
        ({"outputs": []}, "name one or more"),
        ({"outputs": "rgb"}, "name one or more"),
        ({"near": 2.0, "far": 1.0}, "0 ≤ near < far"),
        ({"gain": [1, 1, 1]}, r"give \(1, 3\) finite factors"),
        ({"supersample": 0}, "both must be ≥ 1"),
        ({"threads": 0}, "both must be ≥ 1"),
        ({"movers": []}, "movers has 0 entries for 1 cameras"),
    ],
)
def test_bad_requests_are_refused_in_a_sentence(room, change, message):
    request = {
        "which": [0],
        "T_world_camera": AHEAD[None],
        "pattern": rays.RayPattern.pinhole(4, 4, 90),
        "outputs": ["depth"],
    }
    with pytest.raises(ValueError, match=message):
        rays.render([room], **(request | change))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: rays.RayPattern.pinhole(0, 4, 90), "both sides must be at least 1"),
        (lambda: rays.RayPattern.pinhole(4, 4, 180), "more than 0° and less than 180°"),
        (lambda: rays.RayPattern(np.zeros((4, 3)), 0.1), r"give \(H, W, 3\)"),
        (lambda: rays.RayPattern(np.zeros((2, 2, 3)), 0.1), "none may be zero"),
        (
            lambda: rays.RayPattern(np.ones((2, 2, 3)), 0.1, origins=np.zeros((2, 2))),
            r"origins have shape \(2, 2\): give \(2, 2, 3\)",
        ),
        (lambda: rays.RayPattern(np.ones((2, 2, 3)), 0.1, spacing=-1), "spacing is -1"),
        (lambda: rays.MovingParts([]), "at least one shape"),
        (
            lambda: rays.RayScene(replace(wall(), material=np.array([0, 3], np.int32))),
            "`material` must be",
        ),
        (
            lambda: rays.RayScene(
                wall(), Lightmap(np.zeros((9, 3, 2), "f4"), np.zeros((2, 2, 3), "u1"))
            ),
            "bake it for this scene",
        ),
        (
            lambda: rays.RayScene(wall(Material("m", texture=Texture("bad", np.zeros((2, 2)))))),
            "texture 'bad' is",
        ),
    ],
)
def test_bad_patterns_and_scenes_are_refused_in_a_sentence(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_rays_that_are_not_finite_are_refused(room):
    with pytest.raises(ValueError, match="must be finite"):
        rays.cast(room, [[0, 0, np.nan]], [[1, 0, 0]])
    with pytest.raises(ValueError, match=r"must both be \(R, 3\)"):
        rays.occluded(room, [[0, 0, 0]], [1, 0, 0], 1.0)
