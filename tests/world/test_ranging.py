"""Laser scans: known answers, independent casters and statistics, and the same bytes every time."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

from navworld.streams import Streams
from navworld.world import rays
from navworld.world.mesh import MeshBuilder
from navworld.world.ranging import Receiver, Sweep, reflectances, scan
from navworld.world.scene import LIGHT_GAMMA, Material, Scene, Texture
from navworld.world.tracing import draws, fallback
from tests.rooms import two_rooms

EXACT = Receiver()


def sweep(height, width, up=20.0):
    azimuths = np.radians(180 - 360 * np.arange(width) / width)
    return Sweep(np.radians(np.linspace(up, -up, height)), azimuths)


def ahead(height=1, width=1, degrees=0.0):
    """Beams within a few degrees of straight ahead."""
    elevations = np.radians(np.linspace(degrees, -degrees, height)) if height > 1 else np.zeros(1)
    return Sweep(elevations, np.radians(np.linspace(degrees, -degrees, width)))


def turned(yaw, position=(0.0, 0.0, 0.0)):
    T = np.eye(4)
    T[:2, :2] = [[np.cos(yaw), -np.sin(yaw)], [np.sin(yaw), np.cos(yaw)]]
    T[:3, 3] = position
    return T


def scene_of(builder, name="test"):
    materials, instances = tuple(builder.materials), tuple(builder.instances)
    return Scene(name=name, materials=materials, instances=instances, **builder.arrays())


def wall(material=None, distance=2.0, side=50.0):
    """A wall that faces the origin, `distance` metres along x."""
    b = MeshBuilder()
    item = b.add_instance("building", "wall")
    d, s = distance, side
    corners = [(d, s, -s), (d, -s, -s), (d, -s, s), (d, s, s)]
    b.quad(corners, material or Material("plain"), item)
    return scene_of(b, "wall")


def one(scene, beams, receiver=EXACT, T=None, **options):
    """A single scan: ranges and intensities (H, W)."""
    pose = np.eye(4) if T is None else T
    shares = [reflectances(scene)]
    found = scan(
        [rays.RayScene(scene)], [0], pose[None], beams, receiver,
        reflectance=shares, intensity=True, keys=np.array([7], np.uint64), **options,
    )  # fmt: skip
    return found[0][0], found[1][0]


@pytest.fixture(scope="module")
def room():
    return rays.RayScene(two_rooms())


def poses(count, seed=0):
    """In the two rooms, tilted a little."""
    rng = np.random.default_rng(seed)
    T = np.stack([turned(rng.uniform(0, 6.28), (*rng.uniform(1, 3, 2), 1.0)) for _ in range(count)])
    tilt = np.radians(rng.uniform(-5, 5, count))
    for k in range(count):
        T[k, :3, :3] @= [
            [np.cos(tilt[k]), 0, np.sin(tilt[k])], [0, 1, 0], [-np.sin(tilt[k]), 0, np.cos(tilt[k])]
        ]  # fmt: skip
    return T


def test_a_beam_finds_the_wall_two_metres_ahead():
    ranges, light = one(wall(), ahead())
    assert ranges[0, 0] == pytest.approx(2.0, abs=1e-6)
    assert light[0, 0] == pytest.approx(0.95)


def test_what_is_too_near_or_too_far_does_not_return():
    assert one(wall(), ahead(), Receiver(near=1.99, far=2.01))[0].all()
    for limits in (Receiver(near=2.01, far=9.0), Receiver(far=1.99)):
        ranges, light = one(wall(), ahead(), limits)
        assert not ranges.any()
        assert not light.any()
    assert not one(wall(), ahead(), T=turned(np.pi))[0].any()


@pytest.mark.parametrize("shape", [(64, 128), (1, 50), (2, 9), (3, 3), (5, 1), (13, 21), (1, 1)])
def test_every_beam_of_every_shape_is_its_own_ray(room, shape):
    T, beams = poses(1), sweep(*shape)
    ranges, _ = scan([room], [0], T, beams, Receiver())
    along = beams.directions.reshape(-1, 3) @ T[0, :3, :3].T
    t, _ = rays.cast(room, np.tile(T[0, :3, 3], (len(along), 1)), along)
    assert ranges.shape == (1, *shape)
    assert np.allclose(ranges.ravel(), t, atol=1e-4)


def test_beams_point_forward_left_and_up():
    beams = Sweep(np.array([0.0, np.pi / 2]), np.array([0.0, np.pi / 2]))
    assert np.allclose(beams.directions[0], [[1, 0, 0], [0, 1, 0]], atol=1e-7)
    assert np.allclose(beams.directions[1], [[0, 0, 1], [0, 0, 1]], atol=1e-7)


def test_a_pose_for_every_azimuth_casts_each_column_from_its_own(room):
    beams = sweep(7, 37)
    T = poses(2 * 37).reshape(2, 37, 4, 4)
    ranges, _ = scan([room], [0, 0], T, beams, Receiver())
    for n in range(2):
        for c in range(37):
            along = beams.directions[:, c] @ T[n, c, :3, :3].T
            t, _ = rays.cast(room, np.tile(T[n, c, :3, 3], (7, 1)), along)
            assert np.allclose(ranges[n, :, c], t, atol=1e-4)
    still, _ = scan([room], [0], np.tile(T[:1, :1], (1, 37, 1, 1)), beams, Receiver())
    assert np.allclose(still, scan([room], [0], T[:1, 0], beams, Receiver())[0], atol=1e-4)


def test_light_is_lamberts_and_may_fall_with_the_square_of_the_range():
    grey = Material("grey", (0.5, 0.5, 0.5))
    share = 0.5**LIGHT_GAMMA
    for degrees in (0, 30, 60, 80):
        T = turned(np.radians(degrees))
        ranges, light = one(wall(grey), ahead(), T=T)
        cosine = np.cos(np.radians(degrees))
        assert ranges[0, 0] == pytest.approx(2 / cosine, rel=1e-5)
        assert light[0, 0] == pytest.approx(share * cosine, rel=1e-4)
        raw = one(wall(grey), ahead(), Receiver(falloff=True), T=T)[1]
        assert raw[0, 0] == pytest.approx(share * cosine / (2 / cosine) ** 2, rel=1e-4)
    near = one(wall(grey, 0.5), ahead(), Receiver(falloff=True))[1]
    assert near[0, 0] == pytest.approx(share, rel=1e-4)


def test_glass_answers_only_near_its_normal():
    pane = wall(Material("pane", transparent=True))
    light = [one(pane, ahead(), T=turned(np.radians(a)))[1][0, 0] for a in (0, 10, 20, 40)]
    assert light[0] == pytest.approx(0.08, rel=1e-4)
    assert light[1] == pytest.approx(0.08 * np.cos(np.radians(10)) ** 64, rel=1e-3)
    assert light[3] < 1e-6
    weak = Receiver(far=50.0, reach=45.0)
    head_on = one(pane, ahead(20, 20, degrees=5.0), weak)[0]
    slanted = one(pane, ahead(20, 20, degrees=5.0), weak, T=turned(np.radians(50)))[0]
    assert (head_on > 0).mean() > 0.99
    assert (slanted > 0).mean() < 0.01


def test_reflectance_is_the_luminance_of_colour_times_texture():
    half = np.zeros((2, 2, 3), np.uint8)
    half[0] = 255
    material = Material("half red", (1.0, 0.0, 0.0), Texture("half", half))
    assert np.allclose(reflectances(wall(material)), 0.2126 / 2, atol=1e-6)
    assert np.allclose(reflectances(wall(Material("black", (0, 0, 0)))), 0.04)
    assert np.allclose(reflectances(wall(Material("white"))), 0.95)


def test_ranges_are_normal_with_the_variance_of_the_receiver():
    beams = ahead(250, 400, degrees=0.05)  # 10⁵ beams head on
    for distance, receiver in (
        (2.0, Receiver(noise=0.03)),
        (10.0, Receiver(noise=0.03, proportional_noise=0.01)),
    ):
        exact, _ = one(wall(distance=distance), beams)
        ranges, _ = one(wall(distance=distance), beams, receiver)
        sigma = np.hypot(receiver.noise, receiver.proportional_noise * distance)
        z = ((ranges - exact) / sigma).ravel().astype(float)
        assert stats.kstest(z, "norm").pvalue > 1e-3
        assert abs(np.corrcoef(z[1:], z[:-1])[0, 1]) < 0.015
        assert abs(np.corrcoef(z[400:], z[:-400])[0, 1]) < 0.015


def test_noise_stays_within_the_limits():
    receiver = Receiver(near=1.9, far=2.1, noise=0.5)
    ranges, _ = one(wall(), ahead(40, 40, degrees=1.0), receiver)
    assert ranges.min() == np.float32(1.9)
    assert ranges.max() == np.float32(2.1)


def test_returns_are_lost_as_often_as_said():
    beams = ahead(200, 200, degrees=0.1)
    count = 200 * 200
    for receiver, share, distance in (
        (Receiver(dropout=0.2), 0.2, 3.0),
        (Receiver(reach=10.0), 0.1, 10.0),
        (Receiver(reach=10.0, dropout=0.5), 0.5 + 0.5 * 0.1, 10.0),
        (Receiver(reach=10.0), 0.9, 10.0 * np.sqrt(3.0)),
        (Receiver(reach=10.0), 0.0, 1.0),
    ):
        grey = Material("ten percent", (0.1 ** (1 / LIGHT_GAMMA),) * 3)
        ranges, light = one(wall(grey, distance), beams, receiver)
        lost = (ranges == 0).sum()
        spread = np.sqrt(count * share * (1 - share)) + 1e-9
        assert abs(lost - count * share) < 4 * spread + 0.01 * count * share
        assert np.array_equal(light == 0, ranges == 0)


def test_lost_returns_do_not_depend_on_the_noise():
    beams = ahead(100, 100, degrees=0.1)
    both = one(wall(), beams, Receiver(noise=0.1, dropout=0.5))[0]
    alone = one(wall(), beams, Receiver(dropout=0.5))[0]
    all_noisy = one(wall(), beams, Receiver(noise=0.1))[0]
    assert np.array_equal(both == 0, alone == 0)
    assert np.array_equal(both[both > 0], all_noisy[both > 0])
    kept, lost = all_noisy[both > 0], all_noisy[both == 0]
    assert stats.ks_2samp(kept, lost).pvalue > 1e-3


def test_batches_and_threads_change_no_byte(room):
    other = rays.RayScene(two_rooms(1))
    receiver = Receiver(0.1, 30.0, noise=0.02, dropout=0.1, reach=8.0)
    T, which, keys = poses(5), np.array([0, 1, 0, 1, 1]), np.arange(5, dtype=np.uint64)
    shares = [reflectances(room.scene), reflectances(other.scene)]
    options = {"reflectance": shares, "intensity": True}
    job = (sweep(30, 70), receiver)
    whole = scan([room, other], which, T, *job, keys=keys, **options)
    threaded = scan([room, other], which, T, *job, keys=keys, threads=3, **options)
    for a, b in zip(whole, threaded, strict=True):
        assert a.tobytes() == b.tobytes()
    for k in range(5):
        pick = slice(k, k + 1)
        alone = scan([room, other], which[pick], T[pick], *job, keys=keys[pick], **options)
        for a, b in zip(whole, alone, strict=True):
            assert a[k].tobytes() == b[0].tobytes()
    assert not np.array_equal(whole[0][0], scan([room, other], which, T, *job, keys=keys + 9,
                                                **options)[0][0])  # fmt: skip


def test_moving_parts_are_hit_where_they_are():
    b = MeshBuilder()
    b.add_instance("body", "person")
    b.box((-0.2, -0.2, -0.2), (0.2, 0.2, 0.2), Material("shirt", (1, 0, 0)), 0)
    parts = rays.MovingParts([rays.RayScene(scene_of(b))], turned(np.pi / 4, (1.2, 0, 0))[None])
    ranges, light = one(wall(), ahead(), movers=[parts])
    assert ranges[0, 0] == pytest.approx(1.2 - 0.2 * np.sqrt(2), abs=1e-3)
    assert light[0, 0] == pytest.approx(0.5 * np.cos(np.pi / 4), abs=1e-3)
    assert one(wall(), ahead(), movers=[None])[0][0, 0] == pytest.approx(2.0)


@pytest.fixture
def reference_engine(monkeypatch):
    monkeypatch.setenv("NAVWORLD_RAYS", "embreex")
    fallback.native.cache_clear()
    yield
    fallback.native.cache_clear()


@pytest.fixture
def native_scans(room):
    return standard_scans(room)


def standard_scans(room):
    """With one pose, and with one per azimuth."""
    T, beams, shares = poses(2), sweep(9, 40), [reflectances(room.scene)]
    receiver = Receiver(0.1, 20.0, noise=0.01, dropout=0.05, reach=20.0)
    keys = np.array([1, 2], np.uint64)
    options = {"reflectance": shares, "intensity": True, "keys": keys}
    still = scan([room], [0, 0], T, beams, receiver, **options)
    moving = scan([room], [0, 0], np.repeat(T[:, None], 40, 1), beams, receiver, **options)
    return np.array([*still, *moving])


def test_without_the_library_the_scans_are_the_same(room, native_scans, reference_engine):
    scene = rays.RayScene(room.scene)
    assert isinstance(scene.mesh, fallback.ReferenceMesh)
    same = np.isclose(standard_scans(scene), native_scans, atol=1e-3)
    assert same.mean() > 0.998


def test_impossible_scans_are_refused(room):
    beams = sweep(2, 3)
    with pytest.raises(ValueError, match="not finite"):
        scan([room], [0], np.full((1, 4, 4), np.nan), beams, Receiver())
    with pytest.raises(ValueError, match=r"give \(N, 4, 4\) or \(N, 3, 4, 4\)"):
        scan([room], [0], np.zeros((1, 5, 4, 4)), beams, Receiver())
    with pytest.raises(ValueError, match="indices of 1 scenes"):
        scan([room], [1], poses(1), beams, Receiver())
    with pytest.raises(ValueError, match="keys="):
        scan([room], [0], poses(1), beams, Receiver(noise=0.1))
    with pytest.raises(ValueError, match="reflectance="):
        scan([room], [0], poses(1), beams, Receiver(), intensity=True)


def test_draws_are_the_exact_quantiles_of_the_hashes():
    streams = Streams(1)
    streams.seed(0, 3)
    key = streams.keys("test", np.array([0]))
    ours = draws.normals(key, 100_000)[0]
    counter = np.arange(1, 100_001, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    x = key[0] + counter
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    high = (x ^ (x >> np.uint64(31))) >> np.uint64(32)
    tail = ((high & np.uint64(0x7FFFFFFF)).astype(float) + 0.5) / 2**32
    exact = -special.ndtri(tail) * np.where(high >> np.uint64(31), -1, 1)
    assert np.abs(ours - exact).max() < 3e-6


def test_draws_pass_kolmogorov_and_smirnov_at_a_million():
    keys = np.array([11, 12, 13], np.uint64) << np.uint64(40)
    for z, u in zip(draws.normals(keys, 10**6), draws.uniforms(keys, 10**6), strict=True):
        assert stats.kstest(z.astype(float), "norm").pvalue > 1e-3
        assert stats.kstest(u.astype(float), "uniform").pvalue > 1e-3
        assert abs(np.corrcoef(z, u)[0, 1]) < 4e-3
        assert 0 <= u.min() <= u.max() < 1


def test_draws_of_a_longer_stream_begin_like_a_shorter_one():
    keys = np.array([5], np.uint64)
    assert np.array_equal(draws.normals(keys, 100)[:, :33], draws.normals(keys, 33))
