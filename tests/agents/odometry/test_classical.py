"""Classical odometry in an apartment, and where there is nothing to see."""

from functools import lru_cache

import numpy as np
import pytest

from navworld.actions import FORWARD, LEFT, RIGHT
from navworld.agents.odometry.classical_depth import RgbdPnp, StereoPnp
from navworld.agents.odometry.classical_mono import KltEssential
from navworld.agents.odometry.commanded import Commanded, commanded_motion
from navworld.envs.navigation import Navigation
from navworld.envs.options import Options
from navworld.geometry import from_planar, se3
from navworld.localization.dead_reckoning import DeadReckoning
from navworld.world.body import Robot

pytest.importorskip("poselib", reason="needs poselib: pip install 'navworld[solvers]'")
pytest.importorskip("gtsam", reason="needs gtsam: pip install 'navworld[solvers]'")

SCENE = "apartment:10003"
DRIVE = ([FORWARD] * 2 + [LEFT]) * 5 + [RIGHT] * 3 + [FORWARD] * 3
TURN = [LEFT] * 12
BOTH = np.arange(2)


@lru_cache
def ride(way, size=64):
    """Observations, actions and true poses relative to the start of two bodies."""
    options = Options(
        scenes=SCENE, sensors=("rgb", "depth", "stereo"), image_size=size, localizer=None,
        actuation="habitat-challenge" if way == "drive" else None, light="none",
    )  # fmt: skip
    batch = Navigation(2, options)
    seen, poses = [batch.reset(BOTH, [3, 4])], [batch.world.T_start_body(BOTH)]
    actions = {"drive": DRIVE, "turn": TURN}[way]
    for action in actions:
        seen.append(batch.step(np.full(2, action))[0])
        poses.append(batch.world.T_start_body(BOTH))
    return seen, actions, np.stack(poses)


def motions(odometer, seen, actions, ids=BOTH):
    """(N, n, 4, 4) what an odometer says, and its motions as they came."""
    odometer.reset(ids)
    told = [odometer.step(seen[0], None, 0.5, ids)]
    assert np.array_equal(told[0].T_previous_current, np.tile(np.eye(4), (len(ids), 1, 1)))
    for observation, action in zip(seen[1:], actions, strict=True):
        told.append(odometer.step(observation, np.full(len(ids), action), 0.5, ids))
    return np.stack([m.T_previous_current for m in told[1:]]), told[1:]


def errors(T, poses):
    """Of every step: (N, n) [m], (N, n) [deg]; and of the end [m]."""
    off = se3.log(se3.relative(se3.relative(poses[:-1], poses[1:]), T))
    end = poses[0]
    for step in T:
        end = end @ step
    metres, degrees = (np.linalg.norm(off[..., k : k + 3], axis=-1) for k in (0, 3))
    away = np.linalg.norm((end - poses[-1])[:, :3, 3], axis=-1)
    return metres, np.degrees(degrees), away


@pytest.mark.parametrize(
    ("odometer", "metres", "degrees"),
    [(RgbdPnp, 0.02, 0.7), (StereoPnp, 0.04, 1.0), (KltEssential, 0.10, 2.5)],
)
def test_errors_stay_below_their_bounds_and_below_commanded_motion(odometer, metres, degrees):
    seen, actions, poses = ride("drive")
    found = errors(motions(odometer(), seen, actions)[0], poses)
    floor = errors(motions(Commanded(), seen, actions)[0], poses)
    assert np.median(found[0]) < metres < np.median(floor[0]) * 2
    assert np.median(found[1]) < degrees < np.median(floor[1])
    assert found[2].max() < floor[2].max()


def test_a_full_turn_on_the_spot_ends_where_it_began():
    seen, actions, poses = ride("turn")
    T, _ = motions(RgbdPnp(), seen, actions)
    _, degrees, away = errors(T, poses)
    assert np.median(degrees) < 0.5
    assert away.max() < 0.1
    end = np.linalg.multi_dot(T[:, 0])
    assert abs(np.degrees(se3.log(end)[5])) < 4


def test_turning_is_no_translation_for_one_camera():
    seen, actions, poses = ride("turn")
    metres, degrees, _ = errors(motions(KltEssential(), seen, actions)[0], poses)
    assert metres.max() < 1e-9
    assert np.median(degrees) < 2


def test_rows_of_a_batch_are_what_each_gets_alone():
    seen, actions, _ = ride("drive")
    for odometer in (RgbdPnp, StereoPnp, KltEssential):
        together, _ = motions(odometer(), seen[:6], actions[:5])
        for row in BOTH:
            alone = [{k: v[row : row + 1] for k, v in o.items()} for o in seen[:6]]
            single, _ = motions(odometer(), alone, actions[:5], np.array([7]))
            assert np.array_equal(single[:, 0], together[:, row])


@pytest.mark.parametrize("odometer", [RgbdPnp, StereoPnp, KltEssential])
def test_in_the_dark_it_says_that_it_guesses(odometer):
    seen, actions, _ = ride("drive")
    dark = [{k: v * 0 if "depth" not in k else v for k, v in o.items()} for o in seen[:4]]
    T, told = motions(odometer(), [*seen[:3], *dark[3:]], actions[:3])
    expected = from_planar(commanded_motion(np.array([actions[2]] * 2), 0.5, Robot(), 2))
    assert T[2] == pytest.approx(expected)
    assert told[1].lost.tolist() == [False, False]
    assert told[2].lost.tolist() == [True, True]
    sure, unsure = (np.sqrt(told[k].covariance[:, 5, 5]) for k in (1, 2))
    assert (unsure > 5 * sure).all()


def test_it_goes_on_after_the_dark():
    seen, actions, poses = ride("drive")
    dark = {k: v * 0 for k, v in seen[3].items()}
    T, told = motions(RgbdPnp(), [*seen[:3], dark, *seen[4:9]], actions[:8])
    assert [bool(m.lost.any()) for m in told[2:5]] == [True, True, False]
    metres, _, _ = errors(T, poses[:9])
    assert np.median(metres[4:]) < 0.03


def test_without_actions_it_still_measures():
    seen, _, poses = ride("drive", 128)
    odometer = RgbdPnp()
    odometer.reset(BOTH)
    T = [odometer.step(o, None, 0.05, BOTH).T_previous_current for o in seen[:3]]
    assert np.median(errors(np.stack(T[1:]), poses[:3])[0]) < 0.03
    mono = KltEssential()
    mono.reset(BOTH)
    told = [mono.step(o, None, 0.05, BOTH) for o in seen[:2]]
    assert [m.metric for m in told] == [True, False]


def test_reckoning_with_it_is_nearer_the_truth_than_doing_as_told():
    seen, actions, poses = ride("drive")
    ends = {}
    for name, odometer in (("seen", RgbdPnp()), ("told", Commanded())):
        reckoning = DeadReckoning(odometer)
        reckoning.reset(poses[0], BOTH)
        reckoning.update(seen[0], None, 0.5, BOTH)
        for observation, action in zip(seen[1:], actions, strict=True):
            belief = reckoning.update(observation, np.full(2, action), 0.5, BOTH)
        ends[name] = np.linalg.norm((belief.T_world_body - poses[-1])[:, :3, 3], axis=1)
    assert ends["seen"].max() < 0.35
    assert ends["seen"].mean() < 0.5 * ends["told"].mean()


def test_missing_and_spoilt_observations_are_named():
    seen, *_ = ride("drive")
    only = {"depth": seen[0]["depth"]}
    for odometer in (RgbdPnp(), KltEssential()):
        with pytest.raises(ValueError, match="'rgb', which no sensor gives"):
            odometer.step(only, None, 0.5, BOTH)
    spoilt = {**seen[0], "depth": np.full_like(seen[0]["depth"], np.nan)}
    with pytest.raises(ValueError, match="NaN or infinity"):
        RgbdPnp().step(spoilt, None, 0.5, BOTH)


def test_velocity_commands_are_arcs():
    robot = Robot()
    motion = commanded_motion(np.array([[1.0, 0.0], [1.0, 1.0]]), 0.5, robot, 2)
    assert motion[0] == pytest.approx([robot.max_speed * 0.5, 0, 0])
    fine = np.eye(4)
    for _ in range(1000):
        turn = robot.max_turn_rate * 0.5 / 1000
        fine = fine @ from_planar(np.array([robot.max_speed * 0.5 / 1000, 0, turn]))
    assert from_planar(motion[1]) == pytest.approx(fine, abs=1e-3)
