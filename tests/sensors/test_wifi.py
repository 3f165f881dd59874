"""WiFi: path loss by hand, walls that are counted, fields and fading with known statistics."""

import numpy as np
import pytest
from scipy import stats

from navworld.sensors.wifi import WiFi, walls_of
from navworld.world.envelope import envelope
from navworld.world.radio import DOOR, HEAVY_WALL, LIGHT_WALL, access_points
from navworld.world.rays import RayScene
from navworld.world.store import Place
from tests.rooms import two_rooms
from tests.sensors.fields import begin, hall, measure, rest, seeded, stand

EMPTY = hall()
ROOMS = Place(two_rooms(0), None)
CLEAN = {"shadowing_std": 0.0, "fading": False, "step": 0.0}


def test_free_space_loses_54_decibels_in_five_metres():
    wifi = WiFi(power=0.0, **CLEAN)
    point = wifi.points(EMPTY).position[0]
    inward = np.sign(np.array([6.0, 4.0]) - point[:2]) * np.array([3.0, 0.0])
    at = point + np.array([*inward, 0.0]) * (5 / 3) * (1 if inward[0] else 0)
    level, loss = wifi.mean_power(EMPTY, at)
    assert np.linalg.norm(at - point) == pytest.approx(5.0)
    assert loss[0] == 0
    assert level[0] == pytest.approx(-(20 * np.log10(5) + 20 * np.log10(2.44e9) - 147.55), abs=0.01)


def test_ten_times_the_distance_costs_ten_decibels_per_unit_of_exponent():
    wifi = WiFi(exponent=3.0, **CLEAN)
    point = wifi.points(EMPTY).position[0]
    aside = np.array([np.sign(6.0 - point[0]), 0.0, 0.0])
    near, far = (wifi.mean_power(EMPTY, point + d * aside)[0][0] for d in (1.01, 4.04))
    assert near - far == pytest.approx(30 * np.log10(4.0), abs=1e-6)


def test_a_light_wall_takes_its_decibels_and_an_open_door_none():
    faces = walls_of(ROOMS)
    through_wall = faces.between(np.array([2.0, 1.0, 1.5]), np.array([[6.0, 1.0, 1.5]]))
    through_door = faces.between(np.array([2.0, 4.0, 1.0]), np.array([[6.0, 4.0, 1.0]]))
    assert through_wall == pytest.approx([LIGHT_WALL])
    assert through_door == pytest.approx([0.0])


def test_a_thick_wall_and_a_door_leaf_take_theirs():
    place = hall(
        ("wall", "plaster white", (5.0, 0.0, 0.0), (5.3, 5.0, 3.0)),
        ("door", "painted white", (5.1, 5.0, 0.0), (5.15, 8.0, 3.0)),
        name="partition",
    )
    faces = walls_of(place)
    ends = np.array([[9.0, 2.0, 1.0], [9.0, 6.0, 1.0]])
    loss = [faces.between(end - (6.0, 0, 0), end[None])[0] for end in ends]
    assert loss == pytest.approx([HEAVY_WALL, DOOR])


def test_the_way_back_loses_as_much():
    rng = np.random.default_rng(0)
    faces = walls_of(ROOMS)
    a, b = (rng.uniform((0.2, 0.2, 0.2), (7.8, 4.8, 2.3), (200, 3)) for _ in range(2))
    there = [faces.between(p, q[None])[0] for p, q in zip(a, b, strict=True)]
    back = [faces.between(q, p[None])[0] for p, q in zip(a, b, strict=True)]
    assert np.mean(np.isclose(there, back)) > 0.98
    assert len(np.unique(np.round(there, 3))) >= 2


def test_the_kernel_counts_what_single_rays_count():
    rng = np.random.default_rng(1)
    faces = walls_of(ROOMS)
    targets = rng.uniform((-1, -1, 0.2), (9, 6, 2.3), (300, 3))
    start = np.array([2.0, 2.0, 1.0])
    slow = faces._between_slowly(start.astype(np.float32), (targets - start).astype(np.float32))
    assert np.mean(np.isclose(faces.between(start, targets), slow)) > 0.99


def test_the_envelope_feels_walls():
    shell = envelope(RayScene(EMPTY.scene))
    inner = (EMPTY.scene.instance == 0) & (shell.outer > 0.9) & ~shell.outside
    assert inner.sum() == 8  # two triangles of each of the four inner faces
    assert shell.thickness[inner] == pytest.approx(0.3, abs=1e-3)


def test_shadowing_is_gaussian_and_decorrelates_exponentially():
    rng = np.random.default_rng(2)
    here, near, far = [], [], []
    for seed in range(300):
        points = access_points(
            EMPTY.scene, seed=seed, area_per_point=20.0, most=8, decorrelation=1.5
        )
        p = rng.uniform(0, 8, 3)
        direction = rng.standard_normal(3)
        direction /= np.linalg.norm(direction)
        for store, distance in ((here, 0.0), (near, 1.5), (far, 4.5)):
            store.append(points.shadowing(p + distance * direction)[:2])
    here, near, far = (np.ravel(v) for v in (here, near, far))
    assert here.std() == pytest.approx(1.0, rel=0.1)
    assert stats.kstest(here, "norm").pvalue > 1e-3
    assert np.mean(here * near) == pytest.approx(np.exp(-1), abs=0.15)
    assert abs(np.mean(here * far)) < 0.2


def test_a_place_sounds_the_same_at_every_visit():
    world = stand(ROOMS, (2.0, 2.5, 0.0))
    wifi = WiFi(fading=False)
    streams = begin(wifi, world)
    before = measure(wifi, world, streams)["wifi"]
    world.step(np.array([[0.25, 0, 0]]))
    assert not np.array_equal(before, measure(wifi, world, streams)["wifi"])
    world.place(0, Place(two_rooms(0), None), np.array([2.0, 2.5]), 0.0)
    assert np.array_equal(before, measure(wifi, world, streams)["wifi"])


def test_points_stay_with_the_scene_and_move_with_the_seed():
    first, same, other = (WiFi(seed=s).points(ROOMS).position for s in (0, 0, 1))
    assert np.array_equal(first, same)
    assert not np.array_equal(first[:2], other[:2])
    low, high = ROOMS.scene.bounds
    assert ((first > low) & (first < high)).all()


@pytest.mark.parametrize(("rician_db", "hidden"), [(6.0, False), (6.0, True)])
def test_fading_is_rician_in_sight_and_rayleigh_behind_walls(rician_db, hidden):
    wifi = WiFi(diversity=1, rician_db=rician_db, max_access_points=200)
    faded = wifi._faded(np.full((50, 200), hidden), np.arange(50), seeded(50)).ravel()
    power = 10 ** (faded / 10)
    factor = 0.0 if hidden else 10 ** (rician_db / 10)
    known = stats.ncx2(2, 2 * factor, scale=0.5 / (factor + 1))
    assert stats.kstest(power, known.cdf).pvalue > 1e-3


def test_readings_are_whole_decibels_and_what_is_weak_is_not_heard():
    world = stand(ROOMS, (2.0, 2.5, 0.0), (6.0, 1.0, 0.0))
    wifi = WiFi()
    seen = measure(wifi, world, begin(wifi, world))["wifi"]
    assert np.array_equal(seen, np.rint(seen))
    heard = seen > -95
    assert heard.any(1).all()
    deaf = WiFi(power=-100.0)
    assert (measure(deaf, world, begin(deaf, world))["wifi"] == -95).all()


def test_fading_is_drawn_at_every_scan():
    world = stand(ROOMS, (2.0, 2.5, 0.0))
    wifi = WiFi(step=0.0)
    streams = begin(wifi, world)
    scans = []
    for _ in range(300):
        scans.append(measure(wifi, world, streams)["wifi"][0, 0])
        rest(world, streams)
    assert 0.5 < np.std(scans) < 4.0


def test_a_subset_reads_the_same_as_the_whole_batch():
    world = stand(ROOMS, (2.0, 2.5, 0.0), (6.0, 1.0, 0.0), (1.0, 1.0, 1.0))
    wifi = WiFi()
    streams = begin(wifi, world)
    whole = measure(wifi, world, streams)["wifi"]
    assert np.array_equal(measure(wifi, world, streams, [2, 0])["wifi"], whole[[2, 0]])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"max_access_points": 0}, "max_access_points=0"),
        ({"shadowing_std": -1.0}, "shadowing_std=-1.0"),
        ({"frequency": 0.0}, "frequency=0.0"),
        ({"decorrelation": 0.0}, "decorrelation=0.0"),
        ({"floor": 10.0}, "floor=10.0"),
        ({"power": float("nan")}, "finite"),
    ],
)
def test_impossible_parameters_are_refused(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        WiFi(**arguments)
