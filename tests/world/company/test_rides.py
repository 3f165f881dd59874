"""Movers beside a body that goes its own way: they yield, whatever it does."""

import numpy as np
import pytest

from navworld.geometry.curves import Moments
from navworld.scenes.people import figure, vehicle
from navworld.world.company.giving_way import SAMPLES, Refuge
from navworld.world.company.people import PERSON
from navworld.world.company.rides import lived
from navworld.world.company.roads import DISC, OFFSETS
from navworld.world.company.tracks import Passing
from navworld.world.movers import Movers
from navworld.world.navigability import Navigator
from navworld.world.scene import Floor
from navworld.world.store import Place
from navworld.world.walkable.clearance import clearances
from tests.world.test_movers import grid_of_roads, plain


class Straight:
    """From one place to another at an even speed."""

    def __init__(self, start, end, seconds):
        self.start, self.way, self.duration = np.array(start), np.subtract(end, start), seconds

    def at(self, t):
        T = np.tile(np.eye(4), (len(t), 1, 1))
        T[:, :2, 3] = self.start + self.way * (np.asarray(t) / self.duration)[:, None]
        return Moments.at_rest(T)


def around(place, curve, seed=0, **given):
    return lived(
        place, Movers(**given), curve, np.random.default_rng(seed), radius=0.3, figure=figure,
        vehicle=vehicle,
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_vehicles_stop_for_whoever_crosses_and_drives_their_lanes(seed):
    """Across three streets, then 40 m along the lane of one, slowly."""
    place = Place(plain(grid_of_roads()), None)
    for curve in (
        Straight((20.0, -58.0), (20.0, 58.0), 100.0),
        Straight((-50.0, 1.7), (-10.0, 1.7), 60.0),
    ):
        tracks = around(place, curve, seed, vehicles=10)
        times = np.arange(0.0, curve.duration, 0.02)
        T, body = tracks.at(times), curve.at(times).T_world_body[:, None, :2, 3]
        for offset in OFFSETS:
            middle = T[..., :2, 3] + offset * T[..., :2, 0]
            assert np.linalg.norm(middle - body, axis=2).min() > DISC + 0.3
        gone = np.linalg.norm(np.diff(tracks.T_world_mover[..., :2, 3], axis=0), axis=2).sum(0)
        assert np.median(gone) > 60.0


def corridor():
    """1 m wide, 20 m long, closed at one end; a hall at the other."""
    free = np.zeros((80, 480), bool)
    free[30:50, 20:420] = True
    free[2:78, 380:478] = True
    return Navigator(Floor((0.0, 0.0), 0.05, 0.0, clearances(free, 0.05)), 0.25)


def test_nobody_stays_in_a_dead_end_that_a_body_drives_into():
    """Two discs of 0.25 and 0.2 m do not pass each other in it, so it is lost as a whole."""
    x = np.concatenate([np.linspace(22.0, 1.4, 400 * SAMPLES), np.full(40 * SAMPLES + 1, 1.4)])
    way = np.column_stack([x, np.full(len(x), 2.0)])
    refuge = Refuge(corridor(), way, radius=0.2, tick=0.1, pace=1.3)
    inside = np.column_stack([np.arange(3.0, 18.0, 0.5), np.full(30, 2.0)])
    hall = np.array([[20.0, 0.5], [23.0, 3.5]])
    assert not refuge.admits(0, inside[:10]).any()  # too far in to get out before it comes
    assert refuge.admits(0, inside[-2:]).all() and refuge.admits(0, hall).all()
    assert not refuge.admits(150, inside[:20]).any()  # it comes, and they are before it
    assert refuge.admits(150, inside[-4:]).all()  # it has passed
    assert refuge.admits(439, inside[4:]).all()  # behind it all is free


def test_whoever_stands_in_the_way_leaves_it_in_time():
    people = np.zeros(1, PERSON)
    people["x"], people["y"], people["pace"], people["stride"] = 19.8, 1.9, 1.0, 1.2
    x = np.linspace(23.0, 19.3, 60 * SAMPLES + 1)
    way = np.column_stack([x, np.full(len(x), 2.0)])
    refuge = Refuge(corridor(), way, radius=0.2, tick=0.1, pace=1.3)
    least = np.inf
    for k in range(1, 60):
        before = people.copy()  # it does not look where the body is
        refuge.give_way(k, people, before, 0.25)
        assert np.hypot(people["x"] - before["x"], people["y"] - before["y"]) < 0.101
        gap = np.hypot(people["x"] - way[k * SAMPLES, 0], people["y"] - way[k * SAMPLES, 1])
        least = min(least, float(gap[0]))
    assert 0.45 < least < 0.7


def test_parts_move_as_their_mover_does():
    place = Place(plain(grid_of_roads()), None)
    tracks = around(place, Straight((20.0, 20.0), (25.0, 20.0), 10.0), people=3, vehicles=3)
    passing = Passing(tracks, 2)
    world = type("Rows", (), {"movers": [None, None], "others": None})()
    passing.show(world, np.array([4.0, 7.3]), np.array([3.9, 7.05]))
    for row, (before, now) in enumerate([(3.9, 4.0), (7.05, 7.3)]):
        parts = passing.part_motion(row)
        for k in range(3, 6):
            own = np.flatnonzero(parts.instance == tracks.instance[k])
            assert np.allclose(parts.T_before[own], tracks.at(np.array([before]))[0, k])
            assert np.allclose(parts.T_now[own], tracks.at(np.array([now]))[0, k])
        states = passing.states(row)
        assert np.array_equal(states.T_world_mover, tracks.at(np.array([now]))[0])
        fastest = np.linalg.norm(states.velocity, axis=1)
        assert fastest[:3].max() < 1.4 and fastest.max() < 11.0
