"""What the navigation environments promise, on a home made for tests."""

import gymnasium
import numpy as np
import pytest

import navworld  # noqa: F401
from navworld.beliefs import GPS, Oracle
from navworld.envs.options import Options
from navworld.envs.sb3 import NavigationVecEnv
from navworld.envs.tasks.pointnav import Episode, PointNav
from navworld.envs.vector import NavigationVectorEnv
from navworld.scenes import family
from navworld.sensors import GPSCompass
from navworld.sensors.noise import GaussianActuation
from navworld.world.body import Robot
from tests.rooms import two_rooms

ROOMS = family(two_rooms, range(4))
STOP, FORWARD, LEFT, RIGHT = range(4)


def make(num_envs=1, **options):
    options = {"scenes": ROOMS, "light": "none", "sensors": ("depth", "gps"), **options}
    return NavigationVectorEnv(num_envs, Options.of(options))


def same(a, b):
    return a.keys() == b.keys() and all(np.array_equal(a[k], b[k]) for k in a)


def script(env, steps, row=0):
    """Observations of a fixed script that stops now and then."""
    for step in range(steps):
        actions = [(row + i + 2 * step) % 3 + 1 for i in range(env.num_envs)]
        if step % 9 == 8:
            actions[step % env.num_envs] = STOP
        yield env.step(np.array(actions))


def test_gymnasium_makes_single_and_batched_environments():
    env = gymnasium.make("navworld/PointNav-v0", scenes=ROOMS, light="none")
    observation, info = env.reset(seed=1)
    assert env.observation_space.contains(observation)
    assert info["scene"].startswith("two-rooms")
    batch = gymnasium.make_vec("navworld/PointNav-v0", num_envs=3, scenes=ROOMS, light="none")
    observation, _ = batch.reset(seed=1)
    assert observation["depth"].shape == (3, 64, 64, 1)


def test_environment_k_of_a_batch_equals_a_single_environment():
    batch = make(3, scenes=ROOMS, sensors=("rgb", "depth", "gps"), exposure=(0.5, 2.0))
    first, _ = batch.reset(seed=10)
    seen = [first]
    actions = np.random.default_rng(0).integers(0, 4, (25, 3))
    seen += [batch.step(a)[0] for a in actions]
    for k in range(3):
        alone = make(1, scenes=ROOMS, sensors=("rgb", "depth", "gps"), exposure=(0.5, 2.0))
        observation, _ = alone.reset(seed=10 + k)
        for step, expected in enumerate(seen):
            assert same(
                {key: v[0] for key, v in observation.items()},
                {key: v[k] for key, v in expected.items()},
            ), f"step {step}"
            if step < len(actions):
                observation = alone.step(actions[step, k : k + 1])[0]


def test_adding_a_sensor_changes_no_other_observation():
    few, many = make(2), make(2, sensors=("rgb", "depth", "semantic", "gps"))
    a, b = few.reset(seed=3)[0], many.reset(seed=3)[0]
    assert all(np.array_equal(a[k], b[k]) for k in a)


def test_every_step_returns_fresh_arrays():
    env = make(2, sensors=("rgb", "depth", "semantic", "instance", "gps"))
    before, _ = env.reset(seed=0)
    kept = {k: v.copy() for k, v in before.items()}
    for _ in range(3):
        after = env.step(np.array([FORWARD, LEFT]))[0]
        assert same(before, kept)
        assert not any(np.shares_memory(before[k], after[k]) for k in before)


def test_a_reset_in_the_same_step_reports_the_last_observation_and_metrics():
    env = make(2)
    env.reset(seed=0)
    observation, _, terminated, _, info = env.step(np.array([STOP, LEFT]))
    assert terminated.tolist() == [True, False]
    assert info["_final_info"].tolist() == [True, False]
    last = info["final_obs"][0]
    assert last["gps"] == pytest.approx(np.zeros(3))
    assert not np.array_equal(last["depth"], observation["depth"][0])
    assert info["final_info"]["distance_to_goal_m"][0] > 0.36


def test_success_is_a_stop_within_reach_of_the_goal():
    episodes = [Episode(two_rooms(0), (1.0, 1.0, 0.0), (1.3, 1.0), 0.3, 0)]
    env = make(1, episodes=episodes)
    env.reset(seed=0)
    *_, info = env.step(np.array([STOP]))
    assert info["final_info"]["success"][0] == 1
    assert info["final_info"]["spl"][0] == pytest.approx(1.0)


def test_spl_compares_the_path_with_the_shortest():
    scene = two_rooms(0)
    env = make(1, episodes=[Episode(scene, (1.0, 1.0, np.pi), (2.0, 1.0), 1.0, 0)])
    env.reset(seed=0)
    for action in (FORWARD, LEFT, LEFT, LEFT, LEFT, LEFT, LEFT, *[FORWARD] * 5):
        env.step(np.array([action]))
    *_, info = env.step(np.array([STOP]))
    metrics = {k: v[0] for k, v in info["final_info"].items()}
    assert metrics["path_m"] == pytest.approx(1.5)
    assert metrics["spl"] == pytest.approx(1.0 / 1.5, abs=1e-3)
    assert metrics["soft_spl"] == pytest.approx(1.0 / 1.5, abs=1e-2)


def test_the_goal_is_given_in_the_frame_of_the_start():
    scene = two_rooms(0)
    env = make(1, episodes=[Episode(scene, (1.0, 1.0, np.pi / 2), (1.0, 3.0), 2.0, 0)])
    observation, _ = env.reset(seed=0)
    assert observation["goal"][0] == pytest.approx([2.0, 0.0, 0.0], abs=1e-5)
    assert observation["goal_polar"][0] == pytest.approx([2.0, 1.0, 0.0], abs=1e-5)
    observation = env.step(np.array([LEFT]))[0]
    angle = -np.radians(30)
    assert observation["goal"][0] == pytest.approx([2.0, 0.0, 0.0], abs=1e-5)
    assert observation["goal_polar"][0] == pytest.approx(
        [2.0, np.cos(angle), np.sin(angle)], abs=1e-5
    )


def test_gps_and_oracle_believe_the_same():
    gps, oracle = make(2, localizer=GPS()), make(2, localizer=Oracle())
    a, b = gps.reset(seed=4)[0], oracle.reset(seed=4)[0]
    for actions in np.random.default_rng(0).integers(1, 4, (15, 2)):
        assert a["goal_polar"] == pytest.approx(b["goal_polar"], abs=1e-4)
        a, b = gps.step(actions)[0], oracle.step(actions)[0]


def test_a_noisy_gps_errs_and_drifts():
    env = make(64, sensors=("depth", GPSCompass(position_std=0.1, drift_std=0.2)))
    observation, _ = env.reset(seed=0)
    ids = np.arange(64)
    assert observation["gps"][:, :2].std() == pytest.approx(0.1, rel=0.25)
    for _ in range(6):
        observation = env.step(np.full(64, FORWARD))[0]
    error = observation["gps"][:, :2] - env.batch.world.T_start_body(ids)[:, :2, 3]
    walked = env.batch.world.travelled
    expected = np.sqrt(0.1**2 + 0.2**2 * walked.mean())
    assert error.std() == pytest.approx(expected, rel=0.35)


def test_named_cameras_can_be_noisy_and_others_stay_as_they_are():
    sensors = ("rgb", "depth", "semantic", "gps")
    plain, _ = make(2, sensors=sensors).reset(seed=0)
    noise = {"depth": "redwood", "stereo": "gaussian-0.1"}
    noisy, _ = make(2, sensors=sensors, image_noise=noise).reset(seed=0)
    assert {k for k in plain if not np.array_equal(plain[k], noisy[k])} == {"depth"}
    again, _ = make(2, sensors=sensors, image_noise=noise).reset(seed=0)
    assert same(noisy, again)


@pytest.mark.parametrize(
    ("noise", "error", "named"),
    [({"dept": "redwood"}, TypeError, "'depth'"), ({"depth": "redwod"}, ValueError, "'redwood'"),
     ({"depth": "gaussian-0.1"}, ValueError, "noise of")],
)  # fmt: skip
def test_unknown_or_unfit_image_noise_is_refused(noise, error, named):
    with pytest.raises(error, match=named):
        make(1, image_noise=noise)


def test_state_saved_and_restored_continues_byte_for_byte():
    noisy = GaussianActuation(forward_std=0.1, turn_std=0.1)
    env = make(3, sensors=("depth", GPSCompass(position_std=0.1, drift_std=0.1)), actuation=noisy)
    env.reset(seed=0)
    list(script(env, 5))
    state = env.save_state()
    expected = [step[0] for step in script(env, 20)]
    env.load_state(state)
    for a, b in zip(expected, (step[0] for step in script(env, 20)), strict=True):
        assert same(a, b)


def test_velocity_actions_drive_and_rest_means_stop():
    env = make(1, actions="velocity", robot=Robot(max_speed=1.0, dt=0.25))
    env.reset(seed=1)
    start = env.batch.world.xy.copy()
    env.step(np.array([[0.0, 1.0]], np.float32))
    assert env.batch.world.xy == pytest.approx(start)
    _, _, terminated, _, _ = env.step(np.array([[0.05, 0.02]], np.float32))
    assert terminated[0]


def test_every_frozen_episode_runs_once_for_any_number_of_environments():
    from navworld.agents.policies.oracle import ShortestPathOracle
    from navworld.envs.rollouts import run_episodes

    scene = two_rooms(0)
    starts = [(1.0, 1.0 + 0.4 * k, 0.0) for k in range(7)]
    episodes = [Episode(scene, s, (6.5, 4.5), 6.0, k) for k, s in enumerate(starts)]
    found = []
    for num_envs in (1, 3):
        env = make(num_envs, episodes=episodes)
        rollouts = sorted(run_episodes(env, ShortestPathOracle()), key=lambda r: r.index)
        assert [r.index for r in rollouts] == list(range(7))
        found.append([r.metrics["path_m"] for r in rollouts])
    assert found[0] == found[1]


def test_the_oracle_succeeds():
    from navworld.agents.policies.oracle import ShortestPathOracle

    env = make(8)
    observation, _ = env.reset(seed=0)
    policy = ShortestPathOracle()
    policy.bind(env.batch)
    spl = []
    for _ in range(150):
        *_, info = env.step(policy.predict(observation)[0])
        if info:
            spl += info["final_info"]["spl"][info["_final_info"]].tolist()
    assert len(spl) > 20
    assert np.mean(spl) > 0.9


def test_stable_baselines_gets_terminal_observations_and_episode_statistics():
    env = NavigationVecEnv(make(2))
    env.seed(0)
    env.reset()
    env.step_async(np.array([STOP, FORWARD]))
    observation, _, done, infos = env.step_wait()
    assert done.tolist() == [True, False]
    assert set(infos[0]["terminal_observation"]) == set(observation)
    assert infos[0]["episode"]["l"] == 1
    assert infos[0]["TimeLimit.truncated"] is False


def test_truncation_is_told_apart_from_the_end():
    env = NavigationVecEnv(make(1, task=PointNav(max_steps=3)))
    env.reset()
    for _ in range(3):
        env.step_async(np.array([LEFT]))
        _, _, done, infos = env.step_wait()
    assert done[0]
    assert infos[0]["TimeLimit.truncated"] is True


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sensors": ("dept",)}, "did you mean 'depth'"),
        ({"sensor": ("depth",)}, "did you mean 'sensors'"),
        ({"sensors": "depth"}, "expected a sequence"),
        ({"image_size": 0}, "image height"),
        ({"image_size": "big"}, "image"),
        ({"scenes": "apartmnt:train"}, "did you mean 'apartment'"),
        ({"scenes": "apartment:trian"}, "did you mean 'train'"),
        ({"scenes": "apartment:9-3"}, "range of seeds"),
        ({"scenes": "apartment:test[:0]"}, "names no scene"),
        ({"scenes": "no/such/house.glb"}, "no scene file"),
        ({"scenes": []}, "empty"),
        ({"actions": "continuous"}, "'discrete' or 'velocity'"),
        ({"light": "bright"}, "light="),
        ({"task": PointNav(min_geodesic=20, max_geodesic=25)}, "widen min_geodesic"),
    ],
)
def test_bad_options_get_one_clear_sentence(options, message):
    with pytest.raises((ValueError, TypeError, FileNotFoundError), match=message):
        make(1, **options).reset(seed=0)


def test_a_step_before_the_first_reset_is_refused():
    single = gymnasium.make("navworld/PointNav-v0", scenes=ROOMS)
    for env, action in ((single, FORWARD), (make(2), np.array([FORWARD, FORWARD]))):
        with pytest.raises(gymnasium.error.ResetNeeded, match=r"call reset\(\)"):
            env.step(action)


@pytest.mark.parametrize("field", ["radius", "max_turn_rate", "dt"])
def test_a_robot_needs_positive_measures(field):
    with pytest.raises(ValueError, match=field):
        Robot(**{field: np.nan})


@pytest.mark.parametrize("action", [4, -1, 0.5, np.nan, [1, 2]])
def test_actions_outside_the_space_are_refused(action):
    env = make(1)
    env.reset(seed=0)
    with pytest.raises(ValueError, match="action"):
        env.step(np.array([action]))


def test_a_goal_that_cannot_be_reached_is_refused():
    env = make(1, episodes=[Episode(two_rooms(0), (1.0, 1.0, 0.0), (40.0, 1.0), 1.0, 0)])
    with pytest.raises(ValueError, match="goal"):
        env.reset(seed=0)
