"""What every task promises: repeatable, resumable, frozen, solvable, never by chance."""

import dataclasses
import json
import re

import gymnasium
import numpy as np
import pytest

import navworld  # noqa: F401
from navworld.contracts import Resumable, Task
from navworld.envs.benchmarks import draw_frozen
from navworld.envs.experts import (
    ExploreExpert,
    RandomActions,
    RelocalizeExpert,
    ShortestPathOracle,
    expert_for,
)
from navworld.envs.rollouts import run_episodes
from navworld.envs.tasks.drive import COURIER, Drive, DriveEnv
from navworld.envs.tasks.explore import Explore
from navworld.envs.tasks.imagenav import ImageNav
from navworld.envs.tasks.objectnav import ObjectNav
from navworld.envs.tasks.pointnav import PointNav
from navworld.envs.tasks.relocalize import Relocalize, RelocalizeEnv
from navworld.envs.tasks.returning import Return
from navworld.envs.verify.checkers import checker_warnings
from navworld.envs.verify.tasks import task_successes
from navworld.registration import ENVIRONMENTS
from navworld.scenes import family
from navworld.world.body import Robot
from tests.envs.tasks.places import FORWARD, LEFT, RIGHT, make, town
from tests.rooms import two_rooms

ROOMS = family(two_rooms, range(3))
TOWN = town()
TASKS = {
    "PointNav": PointNav(),
    "ObjectNav": ObjectNav(min_geodesic=0.5),
    "ImageNav": ImageNav(),
    "Explore": Explore(),
    "Return": Return(stops=2, places=2, max_steps=80),
    "Relocalize": Relocalize(stops=1, max_steps=30),
    "Drive": Drive(),
}


def batch(name, num_envs, **options):
    scenes, robot = (TOWN, COURIER) if name == "Drive" else (ROOMS, Robot())
    given = {"episodes_per_scene": 2, "sensors": ("depth",), **options}
    return make(TASKS[name], scenes, num_envs, robot=robot, **given)


def script(env, step, first=0):
    """Actions that depend on the row and the step alone, with a stop now and then."""
    row = first + np.arange(env.num_envs)
    moves = np.array([FORWARD, LEFT, FORWARD, RIGHT, FORWARD])[(row + 2 * step) % 5]
    moves = np.where((row + step) % 11 == 10, 0, moves)
    if isinstance(env.single_action_space, gymnasium.spaces.Dict):
        return {"move": moves, "pose": np.tile(np.float32([row[0], 1, 0]), (env.num_envs, 1))}
    return moves


def run(env, steps, first=0, begin=0):
    """Everything that comes back from a scripted run."""
    told = []
    for step in range(begin, begin + steps):
        observation, reward, terminated, truncated, info = env.step(script(env, step, first))
        metrics = info.get("final_info", {})
        told.append({**observation, "reward": reward, "end": terminated, "cut": truncated,
                     **{f"final {key}": value for key, value in metrics.items()}})  # fmt: skip
    return told


def same(a, b):
    return all(
        x.keys() == y.keys() and all(np.array_equal(x[k], y[k]) for k in x)
        for x, y in zip(a, b, strict=True)
    )


@pytest.mark.parametrize("name", TASKS)
def test_environment_k_of_a_batch_equals_a_single_environment(name):
    together = batch(name, 3)
    first, _ = together.reset(seed=5)
    told = [first, *run(together, 60)]
    for k in (0, 2):
        alone = batch(name, 1)
        begun, _ = alone.reset(seed=5 + k)
        for a, b in zip([begun, *run(alone, 60, first=k)], told, strict=True):
            keys = [key for key in a if not key.startswith("final")]
            assert all(np.array_equal(a[key][0], b[key][k]) for key in keys)


@pytest.mark.parametrize("name", TASKS)
def test_state_saved_and_restored_continues_byte_for_byte(name):
    env = batch(name, 2)
    env.reset(seed=1)
    run(env, 17)
    state = env.save_state()
    expected = run(env, 50, begin=17)
    env.load_state(state)
    assert same(expected, run(env, 50, begin=17))
    assert same(expected, run(_loaded(batch(name, 2), state), 50, begin=17))


def _loaded(env, state):
    env.reset(seed=99)
    env.load_state(state)
    return env


@pytest.mark.parametrize("name", TASKS)
def test_tasks_keep_the_protocol(name):
    assert isinstance(TASKS[name], Task)
    assert isinstance(TASKS[name], Resumable)


@pytest.mark.parametrize(
    ("task", "terms", "sentence"),
    [
        (PointNav, {"max_steps": 0}, "max_steps=0: expected a positive whole number"),
        (ImageNav, {"success_distance": 0.0}, "success_distance=0.0: expected above 0 m"),
        (Drive, {"min_geodesic": 9, "max_geodesic": 2}, "expected 0 < min_geodesic < max_geodesic"),
        (ObjectNav, {"view_distance": -1.0}, "view_distance=-1.0: expected above 0 m"),
        (Return, {"min_leg": 5, "max_leg": 2}, "min_leg=5 and max_leg=2: expected 0 < min_leg"),
        (Relocalize, {"min_leg": 0}, "min_leg=0 and max_leg=10.0: expected 0 < min_leg < max_leg"),
        (Explore, {"max_range": 0.0}, "max_range=0.0: expected above 0 m"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_terms_that_no_episode_could_meet_are_refused(task, terms, sentence):
    with pytest.raises(ValueError, match=re.escape(sentence)):
        task(**terms)


def test_what_is_given_goes_before_what_an_environment_has_of_its_own():
    assert DriveEnv.options({}).robot == COURIER
    assert DriveEnv.options({"robot": Robot()}).robot == Robot()
    assert RelocalizeEnv.options({}).localizer is None
    assert RelocalizeEnv.options({"sensors": ("gps",)}).sensors == ("gps",)


@pytest.mark.parametrize("expert", [ShortestPathOracle, ExploreExpert, RelocalizeExpert])
def test_an_expert_without_a_world_says_so(expert):
    with pytest.raises(ValueError, match="call bind"):
        expert().predict(None)


@pytest.mark.parametrize("name", [name for name in TASKS if name != "PointNav"])
def test_frozen_episodes_survive_json_and_run_once_each(name):
    scenes = [TOWN] if name == "Drive" else [two_rooms(0), two_rooms(1)]
    robot = COURIER if name == "Drive" else Robot()
    drawn = draw_frozen(TASKS[name], scenes, 2, robot=robot)
    assert drawn == draw_frozen(TASKS[name], scenes, 2, robot=robot)
    kind = type(drawn[0])
    stored = json.loads(json.dumps([{**vars(e), "scene": ""} for e in drawn]))
    again = [kind(**_tuples(row)) for row in stored]
    assert again == [dataclasses.replace(episode, scene="") for episode in drawn]
    found = []
    for num_envs in (1, 3):
        env = batch(name, num_envs, episodes=drawn)
        rollouts = sorted(run_episodes(env, expert_for(env.batch)), key=lambda r: r.index)
        assert [r.index for r in rollouts] == list(range(len(drawn)))
        assert all(r.metrics["success"] == 1 for r in rollouts)
        found.append([r.metrics for r in rollouts])
    assert found[0] == found[1]


def _tuples(value):
    if isinstance(value, dict):
        return {key: _tuples(item) for key, item in value.items()}
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value


@pytest.mark.parametrize("name", [name for name in TASKS if name != "Drive"])
def test_the_expert_succeeds_and_chance_does_not(name):
    env = batch(name, 8, sensors=())
    policies = (expert_for(env.batch), 0.95, 1), (RandomActions(env.action_space), 0, 0.1)
    for policy, low, high in policies:
        env.reset(seed=3)
        found = []
        for _ in range(140 if low else 60):
            *_, info = env.step(policy.predict(None)[0])
            if info:
                found += info["final_info"]["success"][info["_final_info"]].tolist()
        if low:
            assert len(found) >= 5
        assert not found or low <= np.mean(found) <= high


@pytest.mark.parametrize("name", TASKS)
def test_gymnasium_makes_every_task(name):
    assert f"navworld/{name}-v0" in ENVIRONMENTS
    scenes = TOWN if name == "Drive" else ROOMS
    options = {"scenes": scenes, "light": "none", "task": TASKS[name], "image_size": 16}
    env = gymnasium.make(f"navworld/{name}-v0", **options)
    observation, info = env.reset(seed=1)
    assert env.observation_space.contains(observation)
    observation, *_ = env.step(env.action_space.sample())
    assert env.observation_space.contains(observation)
    assert "T_world_body" in info
    many = gymnasium.make_vec(f"navworld/{name}-v0", num_envs=2, **options)
    observation, _ = many.reset(seed=1)
    many.step(many.action_space.sample())
    assert many.observation_space.contains(observation)


@pytest.mark.parametrize("actions", ["discrete", "velocity"])
@pytest.mark.parametrize("name", TASKS)
def test_both_checkers_have_nothing_to_say_that_is_not_listed(name, actions):
    scenes = TOWN if name == "Drive" else two_rooms(0)
    told = checker_warnings(
        ("rgb", "depth"), actions, name=f"navworld/{name}-v0", scenes=scenes, light="none"
    )
    assert told == {"gymnasium": [], "stable-baselines3": []}


@pytest.mark.parametrize("name", TASKS)
def test_the_manual_page_names_every_key_and_metric(name):
    module, _, cls = ENVIRONMENTS[f"navworld/{name}-v0"][0].partition(":")
    page = getattr(__import__(module, fromlist=[cls]), cls).__doc__
    for heading in ("## Action space", "## Observation space", "## Reward", "## End of an episode",
                    "## Arguments", "## Versions"):  # fmt: skip
        assert heading in page
    env = batch(name, 1)
    env.reset(seed=0)
    assert all(f"`{key}`" in page for key in env.batch.task.space.spaces)
    outcome = env.batch.step(script(env, 0))[1]
    assert all(f"`{metric}`" in page for metric in outcome.metrics)


def test_the_check_of_tasks_counts_every_episode_in_an_apartment():
    found = task_successes("ImageNav", "apartment", scenes=1, per_scene=2)
    assert found == {"expert": 1.0, "random": 0.0}
