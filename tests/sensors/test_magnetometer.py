"""Magnetometer: the earth's field by hand, dipoles against the potential, chip and carrier."""

import numpy as np
import pytest

from navworld.sensors.magnetometer import PRESETS, Chip, Magnetometer
from navworld.world.magnetism import Steel, earth_field, steel
from navworld.world.store import Place
from tests.rooms import two_rooms
from tests.sensors.fields import begin, hall, measure, rest, stand

EMPTY = hall()
NONE = np.zeros(3)


def dipole(moment, radius=0.05):
    return Steel(np.zeros((1, 3)), np.array([radius]), np.zeros(1), np.array([moment], float))


def test_the_earths_field_dips_and_points_north():
    world = stand(EMPTY, (6.0, 4.0, 0.0), (6.0, 4.0, np.pi / 2))
    sensor = Magnetometer(steel=0.0)
    seen = measure(sensor, world, begin(sensor, world))["magnetometer"]
    level, down = 49 * np.cos(np.radians(66)), 49 * np.sin(np.radians(66))
    assert seen[0] == pytest.approx([0.0, level, -down], abs=1e-4)  # faces east, north is left
    assert seen[1] == pytest.approx([level, 0.0, -down], abs=1e-4)


def test_north_may_lie_elsewhere():
    field = earth_field(50.0, 60.0, 0.0)
    assert field == pytest.approx([25.0, 0.0, -43.3013], abs=1e-4)


def test_a_pitched_sensor_sees_the_field_in_its_own_frame():
    world = stand(EMPTY, (6.0, 4.0, np.pi / 2))
    sensor = Magnetometer(steel=0.0, pitch_deg=66.0)  # looks along the field
    seen = measure(sensor, world, begin(sensor, world))["magnetometer"][0]
    assert seen == pytest.approx([49.0, 0.0, 0.0], abs=1e-4)


def test_a_dipole_of_1_ampere_square_metre_gives_a_fifth_of_a_microtesla_at_1_m_on_its_axis():
    source = dipole((0.0, 0.0, 1.0))
    field = source.field(np.array([[0, 0, 1.0], [1.0, 0, 0], [0, 0, 2.0]]), NONE)
    assert field[0] == pytest.approx([0, 0, 0.2])
    assert field[1] == pytest.approx([0, 0, -0.1])
    assert field[2] == pytest.approx([0, 0, 0.025])


def test_the_dipole_field_is_the_gradient_of_its_potential():
    rng = np.random.default_rng(0)
    moment = rng.standard_normal(3)
    source = dipole(moment)
    points, h = rng.uniform(0.5, 2.0, (20, 3)), 1e-5
    field = source.field(points, NONE)

    def potential(p):
        return 0.1 * (p @ moment) / np.linalg.norm(p, axis=1) ** 3

    for k in range(3):
        step = h * np.eye(3)[k]
        slope = (potential(points + step) - potential(points - step)) / (2 * h)
        assert field[:, k] == pytest.approx(-slope, rel=1e-6, abs=1e-9)


def test_inside_a_magnetised_sphere_the_field_is_even():
    source = dipole((0.0, 0.0, 2.0), radius=0.2)
    inside = source.field(np.array([[0, 0, 0.0], [0.1, 0, 0], [0, 0.05, 0.1]]), NONE)
    magnetisation = 2.0 / (4 / 3 * np.pi * 0.2**3)
    expected = 2 / 3 * 4e-7 * np.pi * magnetisation * 1e6
    assert inside == pytest.approx(np.tile([0, 0, expected], (3, 1)))


def test_induced_moments_follow_the_earths_field():
    source = Steel(np.zeros((1, 3)), np.array([0.05]), np.array([0.3]), np.zeros((1, 3)))
    earth = np.array([0.0, 20.0, -40.0])
    at = np.array([[0.0, 0.0, 1.0]])
    bent = source.field(at, earth) - earth
    assert bent == pytest.approx(dipole(0.3 * earth).field(at, NONE))
    assert source.field(at, earth, strength=0.0) == pytest.approx(earth[None])


def test_steel_is_found_where_things_are_made_of_it():
    fridge = ("fridge", "painted white", (5.0, 4.0, 0.0), (5.6, 4.6, 1.8))
    chest = ("wardrobe", "oak", (5.0, 4.0, 0.0), (5.6, 4.6, 1.8))
    earth = earth_field(49.0, 66.0, 90.0)
    near, far = np.array([[4.7, 4.3, 0.9]]), np.array([[5.3, 0.3, 0.9]])
    bare, wood, metal = (hall(*b, name="same").scene for b in ((), (chest,), (fridge,)))
    fields = [_steel_of(scene).field(near, earth)[0] for scene in (bare, wood, metal)]
    assert np.linalg.norm(fields[1] - fields[0]) < 0.01
    assert np.linalg.norm(fields[2] - fields[0]) > 1.0
    away = [_steel_of(scene).field(far, earth)[0] for scene in (bare, metal)]
    assert np.linalg.norm(away[1] - away[0]) < 0.5


def _steel_of(scene):
    """The steel of things alone, without the slabs' (drawn from the scene's name)."""
    found = steel(scene)
    kept = (found.position[:, 2] > 0) & (found.position[:, 2] < 3)
    return Steel(*(getattr(found, n)[kept] for n in ("position", "radius", "induced", "kept")))


def test_the_field_indoors_deviates_by_microteslas():
    found = steel(EMPTY.scene)
    earth = earth_field(49.0, 66.0, 90.0)
    rng = np.random.default_rng(0)
    points = np.column_stack([rng.uniform(1, 11, 500), rng.uniform(1, 7, 500), np.full(500, 0.9)])
    magnitude = np.linalg.norm(found.field(points, earth), axis=1)
    assert 1.0 < magnitude.std() < 8.0


def test_a_place_has_the_same_field_at_every_visit():
    world = stand(Place(two_rooms(0), None), (2.0, 2.5, 0.0))
    sensor = Magnetometer()
    streams = begin(sensor, world)
    before = measure(sensor, world, streams)["magnetometer"]
    world.step(np.array([[0.25, 0, 0]]))
    assert not np.array_equal(before, measure(sensor, world, streams)["magnetometer"])
    world.place(0, Place(two_rooms(0), None), np.array([2.0, 2.5]), 0.0)
    assert np.array_equal(before, measure(sensor, world, streams)["magnetometer"])


def test_the_iron_of_the_carrier_distorts_and_shifts():
    world = stand(EMPTY, (6.0, 4.0, 0.4))
    plain = Magnetometer()
    S, h = np.array([[1.1, 0.02, 0], [0.02, 0.9, 0.01], [0, 0.01, 1.0]]), np.array([5.0, -3, 2])
    iron = Magnetometer(hard_iron=h, soft_iron=S)
    a, b = (measure(s, world, begin(s, world))["magnetometer"][0] for s in (plain, iron))
    assert b == pytest.approx(S @ a + h, abs=1e-4)


def test_drawn_iron_stays_for_an_episode():
    world = stand(EMPTY, *[(6.0, 4.0, 0.0)] * 400)
    sensor = Magnetometer(steel=0.0, hard_iron_std=8.0, soft_iron_std=0.05, magnitude=0.0)
    streams = begin(sensor, world)
    first = measure(sensor, world, streams)["magnetometer"]
    rest(world, streams, 3)
    assert np.array_equal(measure(sensor, world, streams)["magnetometer"], first)
    assert first.std(0) == pytest.approx(8.0, rel=0.12)


def test_noise_has_the_chips_strength_and_the_bias_walks():
    world = stand(EMPTY, *[(6.0, 4.0, 0.0)] * 500)
    sensor = Magnetometer(steel=0.0, chip=Chip(noise=0.3), magnitude=0.0)
    streams = begin(sensor, world)
    assert measure(sensor, world, streams)["magnetometer"].std() == pytest.approx(0.3, rel=0.08)
    sensor = Magnetometer(steel=0.0, chip=Chip(bias_walk=0.2), magnitude=0.0)
    streams = begin(sensor, world)
    for _ in range(32):  # 16 s
        rest(world, streams)
        seen = measure(sensor, world, streams)["magnetometer"]
    assert seen.std() == pytest.approx(0.2 * 4, rel=0.08)


def test_readings_are_steps_of_the_chip_within_its_range():
    world = stand(EMPTY, (6.0, 4.0, 0.0))
    sensor = Magnetometer(preset="ak8963")
    seen = measure(sensor, world, begin(sensor, world))["magnetometer"] / 0.15
    assert np.abs(seen - np.rint(seen)).max() < 1e-3
    sensor = Magnetometer(preset="hmc5883l", magnitude=500.0)
    assert np.abs(measure(sensor, world, begin(sensor, world))["magnetometer"]).max() == 188.0


def test_samples_at_a_rate_follow_the_motion_and_end_with_the_step():
    world = stand(EMPTY, (3.0, 4.0, 0.0))
    fast, slow = Magnetometer(rate_hz=20.0), Magnetometer()
    streams = begin(fast, world)
    begin(slow, world)
    still = measure(fast, world, streams)["magnetometer"][0]
    assert np.array_equal(still, np.tile(still[0], (10, 1)))
    world.step(np.array([[0.0, 0.0, np.pi / 2]]))
    samples = measure(fast, world, streams)["magnetometer"][0]
    now = measure(slow, world, streams)["magnetometer"][0]
    assert samples[-1] == pytest.approx(now, abs=1e-4)
    middle = np.arctan2(samples[4, 1], samples[4, 0])
    assert np.arctan2(still[0, 1], still[0, 0]) - middle == pytest.approx(np.pi / 4, abs=1e-6)


def test_a_rate_needs_the_worlds_time_step():
    world = stand(EMPTY, (3.0, 4.0, 0.0))
    with pytest.raises(ValueError, match=r"give dt=0\.5"):
        begin(Magnetometer(rate_hz=20.0, dt=0.1), world)


def test_a_subset_reads_the_same_as_the_whole_batch():
    world = stand(EMPTY, (2.0, 3.0, 0.0), (6.0, 1.0, 0.0), (9.0, 5.0, 1.0))
    sensor = Magnetometer(preset="lis3mdl", hard_iron_std=3.0)
    streams = begin(sensor, world)
    whole = measure(sensor, world, streams)["magnetometer"]
    part = measure(sensor, world, streams, [2, 0])["magnetometer"]
    assert np.array_equal(part, whole[[2, 0]])


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_have_errors(preset):
    chip = PRESETS[preset]
    assert chip.noise > 0
    assert chip.range > 100


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"preset": "ak8936"}, "did you mean 'ak8963'"),
        ({"chip": Chip(noise=-0.1)}, "noise=-0.1"),
        ({"chip": Chip(range=0.0)}, "range=0.0"),
        ({"magnitude": -1.0}, "magnitude=-1.0"),
        ({"inclination_deg": 100.0}, "inclination_deg=100.0"),
        ({"rate_hz": 0.0}, "rate_hz=0.0"),
        ({"rate_hz": 3.0}, "whole number"),
        ({"hard_iron": (1.0, 2.0)}, "hard_iron"),
        ({"preset": "ak8963", "chip": Chip()}, "not both"),
    ],
)
def test_impossible_parameters_are_refused(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        Magnetometer(**arguments)
