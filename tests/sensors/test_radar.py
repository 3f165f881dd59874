"""Radar: ranges, Doppler and powers by hand; noise, false alarms and refusals."""

import copy
from dataclasses import replace

import numpy as np
import pytest

from navworld.sensors.radar import Chirps, Radar, substances_of
from navworld.sensors.radar_devices import PRESETS
from navworld.sensors.radar_kernel import Cells, _receding, fill
from navworld.world.body import Robot
from navworld.world.company.states import no_motion
from navworld.world.substances import SUBSTANCE_ID, SUBSTANCES
from tests.sensors.fields import LENGTH, begin, hall, measure, rest, seeded, stand
from tests.sensors.people import pass_by

EMPTY = hall()
FORWARD = np.array([[0.25, 0.0, 0.0]])
TOP_SPEED = 1.875 * 0.25 / 0.5  # of a quintic from rest to rest, in the middle [m/s]
POST = hall(("pole", "brushed steel", (5.0, 3.9, 0.0), (5.1, 4.1, 2.0)), name="post")


def returns(radar, world, streams):
    seen = measure(radar, world, streams)
    return seen["radar"][0, : seen["radar_count"][0, 0]]


def exact(**changes):
    return Radar(chirps=replace(Chirps(), **changes), noise=False)


def test_the_strongest_return_of_a_wall_is_where_it_is_nearest():
    world = stand(EMPTY, (LENGTH - 3.0, 4.0, 0.0))
    radar = exact()
    found = returns(radar, world, begin(radar, world))
    assert abs(found[0, 0] - 3.0) <= 0.5 * 0.044 + 1e-6
    assert abs(found[0, 1]) < np.radians(1)
    assert abs(found[0, 2]) < np.radians(1)


def test_a_post_is_found_where_it_stands():
    world = stand(POST, (2.0, 3.0, 0.0))
    radar = exact()
    found = returns(radar, world, begin(radar, world))
    off = np.hypot(
        found[:, 0] * np.cos(found[:, 2]) * np.cos(found[:, 1]) - 3.05,
        found[:, 0] * np.cos(found[:, 2]) * np.sin(found[:, 1]) - 1.0,
    )
    assert off.min() < 0.1


def test_approach_has_negative_velocity_and_falls_off_with_the_cosine():
    world = stand(EMPTY, (LENGTH - 4.0, 4.0, 0.0))
    radar = exact(velocity_resolution=0.02, max_velocity=2.0)
    streams = begin(radar, world)
    assert (returns(radar, world, streams)[:, 3] == 0).all()
    world.step(FORWARD)
    found = returns(radar, world, streams)
    ahead = np.cos(found[:, 1]) * np.cos(found[:, 2])
    assert len(found) > 20
    assert found[0, 3] == pytest.approx(-TOP_SPEED, abs=0.011)
    assert np.abs(found[:, 3] + TOP_SPEED * ahead).max() < 0.04


def near(found, distance, azimuth=0.0):
    """Of returns (K, 5) those of a person so far away."""
    return found[
        (np.abs(found[:, 0] - distance) < 0.45) & (np.abs(found[:, 1] - azimuth) < np.radians(10))
    ]


@pytest.mark.parametrize("speed", [-1.2, 0.0, 0.7])
def test_people_who_walk_away_or_come_have_their_own_doppler(speed):
    world = stand(EMPTY, (2.0, 4.0, 0.0))
    pass_by(world, (5.0, 4.0), (speed, 0.4))  # across, nothing is seen of it
    radar = exact(velocity_resolution=0.02, max_velocity=2.0)
    found = near(returns(radar, world, begin(radar, world)), 3.0)
    own = np.abs(found[:, 3] - speed * np.cos(found[:, 1])) < 0.1
    assert own[0]  # the strongest
    assert own.sum() >= 3
    assert (found[~own, 3] == 0).all()  # floor and ceiling as far away
    assert (returns(radar, world, begin(radar, world))[:, 3] == 0).any()  # walls stand still


def test_somebody_who_keeps_ahead_of_a_driving_radar_seems_to_stand():
    world = stand(EMPTY, (2.0, 4.0, 0.0))
    radar = exact(velocity_resolution=0.02, max_velocity=2.0)
    streams = begin(radar, world)
    world.step(FORWARD)
    pass_by(world, (5.0, 4.0), (TOP_SPEED, 0.0))
    found = near(returns(radar, world, streams), 5.0 - 2.125)
    assert np.abs(found[0, 3]) < 0.05
    assert returns(radar, world, streams)[:, 3].min() < -0.8  # what stands comes nearer


def test_what_turns_goes_away_on_one_side_and_comes_on_the_other():
    moving, T = np.array([[7.0, 3.0, 0.0, 0.0, 0.5, 0.0, 0.0, 2.0]]), np.eye(4)
    ways = [
        _receding(moving, 7, T, *np.array([3.0, y, 0.0]) / np.hypot(3.0, y), np.hypot(3.0, y))
        for y in (-0.2, 0.0, 0.2)
    ]
    share = 3.0 / np.hypot(3.0, 0.2)
    assert np.allclose(ways, [share * 0.9, 0.5, share * 0.1])
    assert _receding(moving, 8, T, 1.0, 0.0, 0.0, 3.0) == 0.0


def test_a_radar_that_looks_back_sees_the_wall_recede():
    world = stand(EMPTY, (3.0, 4.0, 0.0))
    radar = Radar(chirps=Chirps(), noise=False, yaw_deg=180.0)
    streams = begin(radar, world)
    world.step(FORWARD)
    assert returns(radar, world, streams)[0, 3] == pytest.approx(TOP_SPEED, abs=0.07)


def test_turning_moves_a_radar_that_is_mounted_off_the_axis():
    world = stand(EMPTY, (LENGTH - 3.0, 4.0, 0.0))
    radar = Radar(
        chirps=replace(Chirps(), velocity_resolution=0.02), noise=False, position=(0.0, 0.5, 0.88)
    )
    streams = begin(radar, world)
    world.step(np.array([[0.0, 0.0, np.radians(2.0)]]))
    speed = 1.875 * np.radians(2.0) / 0.5 * 0.5  # forwards is −x for a point on the left
    found = returns(radar, world, streams)[0]
    assert found[3] == pytest.approx(speed, abs=0.011)


def test_at_the_end_of_a_discrete_step_everything_rests():
    world = stand(EMPTY, (LENGTH - 4.0, 4.0, 0.0))
    radar = Radar(chirps=Chirps(), noise=False, moment=1.0)
    streams = begin(radar, world)
    world.step(FORWARD)
    found = returns(radar, world, streams)
    assert (found[:, 3] == 0).all()
    assert abs(found[0, 0] - 3.75) <= 0.044


def test_velocities_beyond_the_limit_wrap_round():
    world = stand(EMPTY, (LENGTH - 4.0, 4.0, 0.0), robot=Robot(dt=0.25))
    radar = exact()
    streams = begin(radar, world)
    world.step(FORWARD)
    cells = round(-2 * TOP_SPEED / 0.13)
    assert returns(radar, world, streams)[0, 3] == pytest.approx((cells + 16) * 0.13, abs=1e-5)


def wall_power(wall: str, distance: float) -> tuple[float, float]:
    """Mirrored and scattered power of a wall straight ahead, seen by an even antenna."""
    place = hall(wall=wall)
    world = stand(place, (LENGTH - distance, 4.0, 0.0))
    chirps = replace(Chirps(), beam_deg=(1e6, 1e6), rays=(256, 128), max_range=20.0)
    radar = Radar(chirps=chirps, noise=False)
    radar.reset(world, np.zeros(1, int), seeded(1))
    ids, cells = np.zeros(1, int), Cells.make(radar._counts)
    seen = world.view(
        radar._head, world.T_world_body(ids), ids, ("depth", "normals", "triangle", "semantic")
    )
    T = world.T_world_body(ids)[0] @ radar._T_body_sensor
    only = seen["triangle"][0].copy()
    facing = np.abs(seen["normals"][0, ..., 0]) > 0.9
    depth = np.where(facing, seen["depth"][0], 0)
    fill(
        depth, seen["normals"][0], only, seen["semantic"][0], only, substances_of(place),
        np.zeros(100, np.int8), surfaces(), no_motion(), radar._directions, radar._solid,
        radar._gain, radar._beam, T, np.zeros(3), radar._counts, radar._settings, *cells,
    )  # fmt: skip
    return cells.mirrored.sum(), cells.scattered.sum()


def surfaces():
    return np.array([(s.reflectance, s.slope, s.scatter) for s in SUBSTANCES], np.float32)


def test_a_flat_wall_returns_what_its_mirror_image_would():
    chirps, plaster = Chirps(), SUBSTANCES[SUBSTANCE_ID["plaster"]]
    section = np.pi * 3.0**2 * (1 - plaster.scatter) * plaster.reflectance
    gain = 10 ** (10.5 / 10)
    wavelength = 299792458 / 77e9
    watts = 10**1.2 * 1e-3 * gain**2 * wavelength**2 * section / ((4 * np.pi) ** 3 * 3.0**4)
    noise = 1.380649e-23 * 293 * 10**1.5 / chirps.coherent_time
    mirrored, _ = wall_power("plaster white", 3.0)
    assert mirrored == pytest.approx(watts / noise, rel=0.03)


def test_a_mirror_fades_with_the_square_of_distance():
    near, far = wall_power("plaster white", 2.0)[0], wall_power("plaster white", 4.0)[0]
    assert near / far == pytest.approx(4.0, rel=0.03)


def test_plaster_reflects_as_fresnel_says():
    steel = wall_power("brushed steel", 3.0)[0] / (1 - 0.03)
    plaster = wall_power("plaster white", 3.0)[0] / (1 - 0.10)
    root = np.sqrt(2.94)
    assert plaster / steel == pytest.approx(((root - 1) / (root + 1)) ** 2, rel=0.05)


def test_noise_disturbs_angles_but_ranges_stay_in_their_cells():
    world = stand(EMPTY, (LENGTH - 3.0, 4.0, 0.0))
    chirps = replace(Chirps(), false_alarms=0.0, angle_std_deg=2.0)
    radar = Radar(chirps=chirps)
    streams = begin(radar, world)
    first = []
    for _ in range(100):
        first.append(returns(radar, world, streams)[0])
        rest(world, streams)
    first = np.array(first)
    assert np.degrees(first[:, 1].std()) == pytest.approx(2.0, rel=0.25)
    cells = first[:, 0] / 0.044
    assert np.abs(cells - np.rint(cells)).max() < 1e-3


def test_false_alarms_come_at_their_rate():
    open_air = hall(name="far away")
    world = stand(open_air, (6.0, 4.0, 0.0))
    chirps = replace(Chirps(), false_alarms=1.5, max_range=1.0)
    radar = Radar(chirps=chirps, position=(0.0, 0.0, 1.5))
    streams = begin(radar, world)
    counts, snr = [], []
    for _ in range(400):
        found = returns(radar, world, streams)
        counts.append(len(found))
        snr.extend(found[:, 4])
        rest(world, streams)
    assert np.mean(counts) == pytest.approx(1.5, abs=4 * np.sqrt(1.5 / 400))
    assert np.var(counts) == pytest.approx(1.5, rel=0.3)
    assert min(snr) >= 15.0 - 1e-4


def test_the_strongest_returns_are_kept():
    world = stand(POST, (2.0, 3.0, 0.3))
    all_, few = Radar(preset="awr1843"), Radar(preset="awr1843", capacity=5)
    found = returns(all_, world, begin(all_, world))
    kept = returns(few, world, begin(few, world))
    assert len(found) > 5
    assert (np.diff(found[:, 4]) <= 0).all()
    assert np.array_equal(kept, found[:5])


def test_a_subset_reads_the_same_as_the_whole_batch():
    world = stand(POST, (2.0, 3.0, 0.3), (3.0, 5.0, 1.0), (9.0, 5.0, 3.0))
    radar = Radar(preset="iwr1443")
    streams = begin(radar, world)
    whole = measure(radar, world, streams)["radar"]
    assert np.array_equal(measure(radar, world, streams, [2, 0])["radar"], whole[[2, 0]])
    again = measure(copy.deepcopy(radar), world, streams)["radar"]
    assert np.array_equal(again, whole)


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_measure(preset):
    world = stand(POST, (2.0, 3.0, 0.3))
    radar = Radar(preset=preset)
    assert len(returns(radar, world, begin(radar, world))) > 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"preset": "awr1834"}, "did you mean 'awr1843'"),
        ({"chirps": Chirps(range_resolution=0.0)}, "range_resolution=0.0"),
        ({"chirps": Chirps(angle_std_deg=-1.0)}, "angle_std_deg=-1.0"),
        ({"chirps": Chirps(fov_deg=(180.0, 40.0))}, "under 180"),
        ({"chirps": Chirps(rays=(0, 32))}, "rays"),
        ({"chirps": Chirps(velocity_resolution=1e-5)}, "coarser"),
        ({"capacity": 0}, "capacity=0"),
        ({"moment": 1.5}, "moment=1.5"),
        ({"preset": "awr1843", "chirps": Chirps()}, "not both"),
    ],
)
def test_impossible_parameters_are_refused(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        Radar(**arguments)
