"""Explore: what has been seen, by an account of its own, and what it is worth."""

import numpy as np
import pytest

from navworld.envs.tasks.explore import Explore, ExploreEpisode
from navworld.envs.tasks.sight import SEEN, UNSEEN, look
from navworld.world.navigability import Navigator
from navworld.world.scene import Floor
from navworld.world.store import Place
from tests.envs.tasks.places import FORWARD, LEFT, STOP, act, hall, make
from tests.rooms import two_rooms


def test_a_quarter_circle_is_seen_in_the_open():
    navigator = Place(hall(20.0, 20.0), None).navigator(0.18)
    cells = np.zeros(navigator.labels.shape, np.uint8)
    pose = np.array([10.0, 10.0, 0.3])
    fresh = look(navigator.records, cells, 0, 0, pose, np.pi / 4, 5.0)
    area = np.pi * 5.0**2 / 4
    assert fresh * navigator.floor.cell**2 == pytest.approx(area, rel=0.03)
    assert fresh == (cells == SEEN).sum()
    row, column = np.nonzero(cells == SEEN)
    offset = (np.stack([column, row], 1) + 0.5) * navigator.floor.cell
    offset += np.array(navigator.floor.origin) - pose[:2]
    far = np.linalg.norm(offset, axis=1)
    bearing = np.abs(np.arctan2(offset[:, 1], offset[:, 0]) - 0.3)[far > 0.2]
    assert far.max() <= 5.05
    assert bearing.max() <= np.pi / 4 + 0.2


def test_nothing_is_seen_twice():
    navigator = Place(hall(), None).navigator(0.18)
    cells = np.zeros(navigator.labels.shape, np.uint8)
    pose = np.array([2.0, 2.0, 0.0])
    assert look(navigator.records, cells, 0, 0, pose, np.pi / 4, 10.0) > 0
    assert look(navigator.records, cells, 0, 0, pose, np.pi / 4, 10.0) == 0


def test_walls_hide_what_is_behind_them_as_marching_in_small_steps_finds():
    navigator = Place(two_rooms(0), None).navigator(0.18)
    floor = navigator.floor
    pose = np.array([2.0, 3.0, 0.5])
    cells = np.zeros(navigator.labels.shape, np.uint8)
    look(navigator.records, cells, 0, 0, pose, np.radians(45), 10.0)
    rng = np.random.default_rng(0)
    agree = []
    for _ in range(1500):
        row, column = (rng.integers(0, n) for n in cells.shape)
        target = (np.array([column, row]) + 0.5) * floor.cell + floor.origin
        agree.append(_marched(floor, pose, target) == (cells[row, column] == SEEN))
    assert np.mean(agree) > 0.985


def _marched(floor: Floor, pose: np.ndarray, target: np.ndarray) -> bool:
    """Whether a line of points a hundredth of a cell apart stays on cells that can be walked."""
    offset = target - pose[:2]
    bearing = (np.arctan2(offset[1], offset[0]) - pose[2] + np.pi) % (2 * np.pi) - np.pi
    if abs(bearing) > np.radians(45):
        return False
    count = int(np.linalg.norm(offset) / floor.cell * 100) + 2
    line = pose[:2] + np.linspace(0, 1, count)[:, None] * offset
    column, row = np.floor((line - floor.origin) / floor.cell).astype(int).T
    return bool((floor.clearance[row, column] > 0).all())


def test_the_reward_is_the_area_newly_seen():
    env = make(Explore(), two_rooms(0), 3)
    env.reset(seed=0)
    start = [sight.seen for sight in env.batch.task.sights]
    total = np.zeros(3)
    for action in (LEFT, FORWARD, LEFT, LEFT):
        total += env.step(np.full(3, action))[1]
    seen = [sight.seen for sight in env.batch.task.sights]
    assert total == pytest.approx((np.array(seen) - start) * 0.05**2)
    assert (total > 0).any()


def test_turning_round_in_an_empty_hall_sees_all_of_it():
    scene = hall()
    env = make(Explore(), scene, episodes=[ExploreEpisode(scene, (3.0, 2.0, 0.0), 0)])
    env.reset(seed=0)
    for _ in range(12):
        act(env, LEFT)
    metrics = act(env, STOP)
    navigator = env.batch.world.navigator(0)
    assert metrics["coverage"] == 1.0
    assert metrics["success"] == 1
    assert metrics["seen_area_m2"] == pytest.approx(navigator.area)


def test_only_what_lies_within_the_radius_counts():
    scene = hall(20.0, 20.0)
    episode = ExploreEpisode(scene, (10.0, 10.0, 0.0), 0)
    env = make(Explore(radius=3.0), scene, episodes=[episode])
    env.reset(seed=0)
    for _ in range(12):
        act(env, LEFT)
    assert act(env, STOP)["seen_area_m2"] == pytest.approx(np.pi * 9, rel=0.01)


def test_the_budget_counts_down_and_ends_the_episode():
    env = make(Explore(max_steps=4), two_rooms(0))
    told = [env.reset(seed=0)[0]["budget"][0, 0]]
    for _ in range(4):
        observation, _, _, truncated, info = env.step(np.array([LEFT]))
        told.append((info["final_obs"][0] if info else observation)["budget"].ravel()[0])
    assert told == pytest.approx([1.0, 0.75, 0.5, 0.25, 0.0])
    assert truncated[0]


def test_a_camera_sees_no_further_than_it_can():
    near, far = (make(Explore(max_range=reach), hall(20.0, 20.0)) for reach in (2.0, 8.0))
    for env in (near, far):
        env.reset(seed=1)
    assert near.batch.task.sights[0].seen < 0.3 * far.batch.task.sights[0].seen
    assert (near.batch.task.sights[0].cells == UNSEEN).any()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"success_coverage": 1.5}, "success_coverage=1.5"),
        ({"radius": -1}, "radius=-1"),
        ({"max_range": 0}, "max_range=0"),
        ({"max_steps": 2.5}, "max_steps=2.5"),
    ],
)
def test_options_without_sense_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        Explore(**options)


def test_a_body_of_another_radius_has_other_places_to_see():
    floor = hall().floors[0]
    assert Navigator(floor, 0.5).area < Navigator(floor, 0.18).area
