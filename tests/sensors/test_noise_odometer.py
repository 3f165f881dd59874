"""The odometer that adds an error to every action, and the check of all presets."""

import numpy as np
import pytest

from navworld.beliefs import GPS
from navworld.sensors.noise import OdometerPose, odometer_preset
from navworld.streams import Streams
from tests.sensors.worlds import stand

SIDE = 0.25
LOOP = [(SIDE, 0.0, 0.0), (0.0, 0.0, np.pi / 2)] * 4


def drive(sensor, world, motions):
    """Reads a sensor at rest and after every motion."""
    ids, streams = np.arange(world.num_envs), Streams(world.num_envs)
    streams.seeds[:] = ids + 1
    sensor.reset(world, ids, streams)
    seen = [sensor.read(world, ids, streams)]
    for motion in motions:
        world.step(np.tile(motion, (world.num_envs, 1)))
        streams.steps += 1
        seen.append(sensor.read(world, ids, streams))
    return seen


def test_without_errors_it_tells_the_true_pose():
    world = stand((2.0, 2.5, 1.0))
    sensor = OdometerPose(preset=odometer_preset("ans-form-own-values", multiplier=0.0))
    seen = drive(sensor, world, [*LOOP, (0.5, 0.0, 0.3), (0.2, 0.1, 0.0)])
    T = world.T_start_body(np.arange(1))[0]
    heading = np.arctan2(T[1, 0], T[0, 0])
    assert seen[-1]["odometer"][0] == pytest.approx([*T[:2, 3], heading], abs=1e-5)
    assert seen[1]["odometer_motion"][0] == pytest.approx([SIDE, 0, 0], abs=1e-6)
    assert seen[2]["odometer_motion"][0] == pytest.approx([0, 0, np.pi / 2], abs=1e-6)


def test_errors_are_those_of_the_preset_and_add_up():
    world = stand(*[(2.0, 2.5, 0.0)] * 2000)
    seen = drive(OdometerPose(), world, [(SIDE, 0, 0), (0, 0, 0), (0, 0, np.pi / 2)])
    model = odometer_preset("ans-form-own-values")
    error = seen[1]["odometer_motion"] - [SIDE, 0, 0]
    assert error.std(0) == pytest.approx(model.forward.std, rel=0.1)
    assert not seen[0]["odometer_motion"].any()
    assert not seen[2]["odometer_motion"].any()
    turned = seen[3]["odometer_motion"] - [0, 0, np.pi / 2]
    assert turned.std(0) == pytest.approx(model.left.std, rel=0.1)
    believed = seen[3]["odometer"][:, 2]
    assert believed == pytest.approx(
        seen[1]["odometer"][:, 2] + seen[3]["odometer_motion"][:, 2], abs=1e-5
    )


def test_a_wall_is_felt_in_the_true_motion():
    world = stand((2.0, 2.5, 0.0))
    sensor = OdometerPose(preset="ans-form-own-values*0")
    seen = drive(sensor, world, [(5.0, 0.0, 0.0)])
    assert seen[1]["odometer"][0, 0] == pytest.approx(1.95 - 0.18, abs=0.06)


def test_it_can_stand_for_gps():
    world = stand((2.0, 2.5, 0.4))
    sensor = OdometerPose(preset="ans-form-own-values*0", stands_for_gps=True)
    observation = drive(sensor, world, LOOP[:3])[-1]
    assert all(sensor.space[k].contains(v[0]) for k, v in observation.items())
    belief = GPS().update(observation, None, 0.5, np.arange(1))
    truth = world.T_start_body(np.arange(1))
    assert belief.T_world_body[:, :2, :4] == pytest.approx(truth[:, :2, :4], abs=1e-5)


def test_an_unknown_preset_is_refused():
    with pytest.raises(ValueError, match="did you mean 'ans-form-own-values'"):
        OdometerPose(preset="ans-form-own-value")


def test_the_check_of_the_presets_finds_a_wrong_one(monkeypatch):
    from navworld.envs.verify import noise

    monkeypatch.setattr(noise, "DRAWS", 4000)
    monkeypatch.setattr(noise, "SEEDS", 1)
    metrics, checks = noise.verify_noise()
    assert all(checks.values()), [name for name, held in checks.items() if not held]
    assert metrics["noise_comparisons"].value > 90
    wrong = noise.PUBLISHED["locobot-ilqr"].replace("14 9 6", "14 9 9")
    monkeypatch.setitem(noise.PUBLISHED, "locobot-ilqr", wrong)
    _, checks = noise.verify_noise()
    assert [name.split()[1] for name, held in checks.items() if not held] == ["locobot-ilqr"]
