"""The occupancy grid shows what was seen, where it was seen."""

from __future__ import annotations

import numpy as np
import pytest

from navworld.beliefs import Belief
from navworld.maps.occupancy import Crop, OccupancyMapper, pack_crop, unpack_crop
from tests.flats import CELL, FlatsEnv, MappedFlats

ONE = np.zeros(1, np.int64)


def pose(x: float = 0.0, y: float = 0.0, yaw: float = 0.0) -> Belief:
    T = np.eye(4)[None].copy()
    T[0, :2, :2] = [[np.cos(yaw), -np.sin(yaw)], [np.sin(yaw), np.cos(yaw)]]
    T[0, :2, 3] = x, y
    return Belief(T)


def wall_ahead(distance: float, size: int = 64) -> dict:
    """Depth of a wall across the view, with the floor in front of it."""
    rise = (0.5 * size - np.arange(size) - 0.5) / (0.5 * size)
    floor = np.where(rise < 0, -0.88 / np.minimum(rise, -1e-9), np.inf)
    depth = np.minimum(distance, floor).astype(np.float32)
    return {"depth": np.broadcast_to(depth[None, :, None, None], (1, size, size, 1)).copy()}


def at(mapper: OccupancyMapper, x: float, y: float) -> tuple[int, int]:
    return int((y - mapper.origin) / mapper.cell), int((x - mapper.origin) / mapper.cell)


def test_wall_two_metres_ahead_is_an_obstacle_and_the_way_there_is_free():
    mapper = OccupancyMapper()
    mapper.reset(ONE)
    mapper.update(wall_ahead(2.0), pose(), ONE)
    rows, columns = np.nonzero(mapper.obstacles(0))
    x = (columns + 0.5) * mapper.cell + mapper.origin
    y = (rows + 0.5) * mapper.cell + mapper.origin
    assert np.abs(x - 2.0).max() <= mapper.cell
    assert y.min() < -1.8 and y.max() > 1.8
    for ahead in (0.9, 1.2, 1.8):
        assert mapper.explored(0)[at(mapper, ahead, 0.0)]
    assert not mapper.explored(0)[at(mapper, 2.3, 0.0)]
    assert not mapper.explored(0)[at(mapper, 0.5, 0.0)], "below the picture nothing is known"


def test_map_stays_in_place_when_the_body_turns():
    mapper = OccupancyMapper()
    mapper.reset(ONE)
    mapper.update(wall_ahead(2.0), pose(), ONE)
    nothing = {"depth": np.zeros((1, 64, 64, 1), np.float32)}
    near = mapper.update(nothing, pose(yaw=np.pi / 2), ONE).observation["map_near"][0]
    rows, columns = np.nonzero(near[0])
    # facing left, what was 2 m ahead is 2 m to the right of the middle
    assert np.abs(columns - (32 + 20)).max() <= 1
    assert rows.min() < 32 - 17 and rows.max() > 32 + 17


def test_crops_agree_in_scale():
    mapper = OccupancyMapper()
    mapper.reset(ONE)
    seen = mapper.update(wall_ahead(2.4), pose(), ONE).observation
    assert mapper.near == Crop(64, 0.1) and mapper.far == Crop(64, pytest.approx(0.3))
    assert np.abs(np.nonzero(seen["map_near"][0, 0])[0] - (32 - 24)).max() <= 1
    assert np.abs(np.nonzero(seen["map_far"][0, 0] > 100)[0] - (32 - 8)).max() <= 1


def test_bump_marks_what_the_camera_did_not_see():
    mapper = OccupancyMapper()
    mapper.reset(ONE)
    nothing = {"depth": np.zeros((1, 64, 64, 1), np.float32)}
    mapper.update(nothing, pose(), ONE)
    motion = mapper.update(nothing, pose(x=0.1), ONE).observation["map_motion"][0]
    assert motion == pytest.approx([0.1, 0.0, 1.0])
    assert mapper.obstacles(0)[at(mapper, 0.1 + 0.18 + 0.025, 0.0)]
    mapper.update(nothing, pose(x=0.35), ONE)
    assert mapper.obstacles(0).sum() == 1, "a whole step is no bump"


def test_low_obstacle_is_remembered_when_it_leaves_the_picture():
    mapper = OccupancyMapper()
    mapper.reset(ONE)
    size, rise = 64, (32 - np.arange(64) - 0.5) / 32
    box = np.where(0.88 + rise * 1.5 < 0.3, 1.5, np.where(rise < 0, -0.88 / rise, 5.0))
    box = np.where(0.88 + rise * 1.5 < 0.3, np.minimum(1.5, -0.88 / np.minimum(rise, -1e-9)), box)
    depth = np.broadcast_to(box.astype(np.float32)[None, :, None, None], (1, size, size, 1))
    mapper.update({"depth": depth}, pose(), ONE)
    assert mapper.obstacles(0)[at(mapper, 1.51, 0.0)]
    mapper.update(wall_ahead(3.8), pose(x=1.2), ONE)
    assert mapper.obstacles(0)[at(mapper, 1.51, 0.0)]


def test_seeing_through_wears_noisy_obstacles_away():
    mapper = OccupancyMapper(persistence=2)
    mapper.reset(ONE)
    mapper.update(wall_ahead(1.5), pose(), ONE)
    assert mapper.obstacles(0)[at(mapper, 1.51, 0.0)]
    for _ in range(200):
        mapper.update(wall_ahead(3.0), pose(), ONE)
    assert not mapper.obstacles(0)[at(mapper, 1.51, 0.0)]
    assert mapper.obstacles(0)[at(mapper, 3.01, 0.0)]


def test_reset_forgets_one_environment_only():
    mapper = OccupancyMapper()
    both = np.arange(2)
    mapper.reset(both)
    belief = Belief(np.tile(np.eye(4), (2, 1, 1)))
    mapper.update({"depth": np.repeat(wall_ahead(2.0)["depth"], 2, 0)}, belief, both)
    mapper.reset(np.array([1]))
    assert mapper.obstacles(0).any() and not mapper.explored(1).any()
    assert mapper.pooled[0].any() and not mapper.pooled[1].any()


def test_rows_do_not_depend_on_the_batch():
    env = FlatsEnv(3, seed=3, flats=2)
    mapped = MappedFlats(env, OccupancyMapper())
    alone = OccupancyMapper()
    alone.reset(ONE)
    observation, _ = mapped.reset()
    for action in (1, 2, 1, 3, 1):
        T = pose(*observation["gps"][2, :2], observation["compass"][2, 0])
        single = alone.update({"depth": observation["depth"][2:]}, T, ONE).observation
        for key, value in single.items():
            np.testing.assert_array_equal(value[0], observation[key][2], err_msg=key)
        observation, *_ = mapped.step(np.full(3, action))


def test_walls_of_a_flat_are_mapped_where_they_are():
    env = FlatsEnv(1, seed=5, flats=1)
    mapped = MappedFlats(env, OccupancyMapper())
    mapped.reset()
    for _ in range(12):
        mapped.step(np.array([2]))
    mapper, body = mapped.mapper, env.bodies[0]
    rows, columns = np.nonzero(mapper.obstacles(0))
    local = np.stack([columns + 0.5, rows + 0.5], 1) * mapper.cell + mapper.origin
    x0, y0, yaw = body.start
    c, s = np.cos(yaw), np.sin(yaw)
    world = local @ np.array([[c, s], [-s, c]]) + (x0, y0)
    solid = np.argwhere(env.flats[0] >= 0.1)[:, ::-1] * CELL + 0.5 * CELL
    from scipy.spatial import cKDTree

    off = cKDTree(solid).query(world)[0]
    assert len(world) > 50 and np.quantile(off, 0.99) < 1.5 * CELL


def test_packing_a_crop_loses_nothing():
    env = MappedFlats(FlatsEnv(2, seed=1, flats=1), OccupancyMapper())
    observation, _ = env.reset()
    for key in ("map_near", "map_far"):
        packed = pack_crop(observation[key])
        assert packed.shape == (2, 64, 64)
        np.testing.assert_array_equal(unpack_crop(packed), observation[key])


def test_observations_are_fresh_and_in_the_space():
    env = MappedFlats(FlatsEnv(1, seed=1, flats=1), OccupancyMapper())
    first, _ = env.reset()
    kept = {key: first[key].copy() for key in env.mapper.space}
    env.step(np.array([1]))
    for key, space in env.mapper.space.spaces.items():
        np.testing.assert_array_equal(first[key], kept[key])
        assert space.contains(first[key][0])


def test_missing_depth_is_refused():
    mapper = OccupancyMapper()
    mapper.reset(ONE)
    with pytest.raises(ValueError, match="depth"):
        mapper.update({}, pose(), ONE)
