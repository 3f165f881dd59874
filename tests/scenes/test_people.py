"""People and vehicles: bodies of the right size, feet on the floor, the same every time."""

from __future__ import annotations

import numpy as np
import pytest

from navworld.scenes.people import bodies, figure, vehicle, vehicles
from navworld.world.company.gait import MOMENTS, PARTS, POSES, moment
from navworld.world.company.roads import DISC, OFFSETS
from navworld.world.semantics import CLASS_ID


def vertices(person, pose):
    return person.poses[pose].mesh._vertices[:-1]


@pytest.mark.parametrize("number", range(4))
def test_a_figure_is_as_tall_as_a_person_and_as_wide(number):
    size = np.ptp(vertices(figure(number), 0), axis=0)
    assert 1.1 < size[2] < 2.05
    assert 0.3 < size[1] < 0.75
    assert size[0] < 0.65


@pytest.mark.parametrize("pose", range(POSES))
def test_feet_are_on_the_floor_in_every_pose(pose):
    lowest = vertices(figure(0), pose)[:, 2].min()
    assert -1e-4 < lowest < 0.015


def test_legs_swing_and_the_trunk_stays():
    person = figure(0)
    reach = [np.ptp(vertices(person, pose)[:, 0]) for pose in range(POSES)]
    steps = reach[1 + MOMENTS :]
    assert max(steps) > reach[0] + 0.3
    assert max(steps) < 1.2
    assert moment(0) == (0.0, 0.0)
    assert len(person.bounds) == len(PARTS)


def test_a_person_is_one_instance_of_its_class():
    scene = figure(1).poses[0].scene
    assert (scene.semantic == CLASS_ID["person"]).all()
    assert len(scene.instances) == 1


def test_people_look_different_and_each_the_same_again():
    looks = [figure(k).poses[0].scene for k in range(4)]
    assert len({scene.vertices.tobytes() for scene in looks}) == 4
    again = bodies.figure.__wrapped__(2).poses[0].scene
    assert again.vertices.tobytes() == looks[2].vertices.tobytes()
    assert [m.color for m in again.materials] == [m.color for m in looks[2].materials]


@pytest.mark.parametrize("number", range(vehicles.LOOKS))
def test_a_vehicle_stands_on_its_wheels_within_its_discs(number):
    scene = vehicle(number).scene
    low, high = scene.bounds
    assert low[2] == pytest.approx(0.0, abs=1e-3)
    assert 1.3 < high[2] < 2.2
    gaps = np.stack([np.hypot(scene.vertices[:, 0] - d, scene.vertices[:, 1]) for d in OFFSETS])
    assert gaps.min(0).max() <= DISC + 0.15
    assert (scene.semantic == CLASS_ID["vehicle"]).all()
