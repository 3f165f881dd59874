"""Drive: goals on the map, told by name, address or coordinates."""

import numpy as np
import pytest

from navworld.envs.experts import RandomActions, expert_for
from navworld.envs.tasks.drive import (
    COURIER,
    TOLD,
    Drive,
    DriveEpisode,
    decode_text,
    destinations,
    encode_text,
)
from navworld.world.body import Robot
from navworld.world.store import Place
from tests.envs.tasks.places import STOP, act, make, town
from tests.rooms import two_rooms

TOWN = town()


def test_a_place_told_by_name_is_where_the_map_has_it():
    env = make(Drive(told=("name",)), TOWN, 8, robot=COURIER)
    observation, _ = env.reset(seed=0)
    for i in range(8):
        text = decode_text(observation["goal_name"][i])
        assert text in ("Bakery", "Fountain")
        assert env.batch.task.fields[i].goal_xy == pytest.approx(TOWN.map.locate(text), abs=0.5)
    assert (observation["goal_told"] == TOLD.index("name")).all()
    assert not observation["goal_coordinates"].any()


def test_coordinates_lead_to_the_goal_by_the_origin():
    env = make(Drive(told=("coordinates",)), TOWN, 6, robot=COURIER)
    observation, _ = env.reset(seed=0)
    assert not observation["goal_name"].any()
    geodetic = np.column_stack([observation["goal_coordinates"], np.full(6, 30.0)])
    found = TOWN.map.origin.to_world(geodetic)[:, :2]
    goals = np.array([field.goal_xy for field in env.batch.task.fields])
    assert found == pytest.approx(goals, abs=1e-3)


def test_every_way_of_telling_is_used():
    env = make(Drive(), TOWN, 40, robot=COURIER)
    told = env.reset(seed=0)[0]["goal_told"].ravel()
    assert set(told) == {0, 1, 2}


def test_the_start_on_the_map_is_where_the_body_stands():
    env = make(Drive(), TOWN, 3, robot=COURIER)
    told, world = env.reset(seed=0)[0]["start_on_map"], env.batch.world
    assert told == pytest.approx(np.column_stack([world.xy, world.yaw]), abs=1e-5)


def test_success_is_a_stop_within_three_metres():
    for x, reached in ((52.5, 1), (51.5, 0)):
        episode = DriveEpisode(TOWN, (x, 5.0, 0.0), (55.0, 5.0), "Fountain", "name", 3.0, 0)
        env = make(Drive(), TOWN, episodes=[episode], robot=COURIER)
        env.reset(seed=0)
        assert act(env, STOP)["success"] == reached


def test_the_expert_delivers_and_chance_does_not():
    env = make(Drive(), TOWN, 8, robot=COURIER)
    policies = (expert_for(env.batch), 1, 1), (RandomActions(env.action_space), 0, 0.1)
    for policy, low, high in policies:
        env.reset(seed=0)
        found = []
        for _ in range(90):
            *_, info = env.step(policy.predict(None)[0])
            if info:
                found += info["final_info"]["success"][info["_final_info"]].tolist()
        assert len(found) >= 8
        assert low <= np.mean(found) <= high


def test_places_that_a_body_cannot_come_near_are_no_goals():
    place = Place(TOWN, None)
    known = destinations(TOWN.map, place.navigator(0.3))
    assert {d.text for d in known} == {"Bakery", "Fountain", "1 Long Street", "3 Long Street"}
    narrow = Robot(radius=9.9)
    far = destinations(TOWN.map, place.navigator(narrow.radius))
    assert len(far) < len(known)


@pytest.mark.parametrize("text", ["Bakery", "Weserstraße 12", "Café Zoë", ""])
def test_text_survives_its_coding(text):
    assert decode_text(encode_text(text)) == text


@pytest.mark.parametrize(
    ("task", "scene", "message"),
    [
        (Drive(), two_rooms(0), "has no map of roads and names"),
        (Drive(told=("coordinates",)), town(origin=None), "no goal told by coordinates"),
        (Drive(min_geodesic=200), TOWN, "widen min_geodesic"),
    ],
)
def test_a_scene_that_cannot_be_driven_in_is_refused(task, scene, message):
    with pytest.raises(ValueError, match=message):
        make(task, scene, robot=COURIER).reset(seed=0)


def test_a_misspelt_way_of_telling_is_refused():
    with pytest.raises(ValueError, match="did you mean 'address'"):
        Drive(told=("adress",))
    with pytest.raises(ValueError, match="at most 64"):
        encode_text("x" * 65)
