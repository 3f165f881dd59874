"""ObjectNav: what counts as near and in sight, and as having found it."""

import dataclasses

import numpy as np
import pytest

from navworld.envs.tasks.objectnav import ObjectNav, ObjectNavEpisode
from navworld.envs.tasks.viewpoints import class_field, object_classes, view_points
from navworld.world.mesh import MeshBuilder
from navworld.world.navigability import walkable_floors
from navworld.world.scene import Material, Scene
from navworld.world.semantics import class_id
from navworld.world.store import Place
from tests.envs.tasks.places import FORWARD, LEFT, STOP, act, hall, make
from tests.rooms import two_rooms


def screened() -> Scene:
    """A vase at (3, 2) in a hall of 6 × 4 m; a high screen at x = 2.6…2.7 hides it in the west."""
    b = MeshBuilder()
    names = [("floor", "floor"), ("shell", "wall"), ("screen", "shelf"), ("vase", "vase")]
    ground, shell, screen, vase = (b.add_instance(name, kind) for name, kind in names)
    paint = Material("paint", (0.8, 0.8, 0.8))
    b.quad([(0, 0, 0), (6, 0, 0), (6, 4, 0), (0, 4, 0)], paint, ground)
    for low, high in (
        ((-0.1, -0.1, 0), (6.1, 0, 2.5)),
        ((-0.1, 4, 0), (6.1, 4.1, 2.5)),
        ((-0.1, 0, 0), (0, 4, 2.5)),
        ((6, 0, 0), (6.1, 4, 2.5)),
    ):
        b.box(low, high, paint, shell)
    b.box((2.6, 1.0, 0), (2.7, 3.0, 2.0), paint, screen)
    b.box((2.95, 1.95, 0), (3.05, 2.05, 0.4), paint, vase)
    arrays = b.arrays()
    return Scene(
        name="screened",
        materials=tuple(b.materials),
        instances=tuple(b.instances),
        floors=walkable_floors(arrays["vertices"], arrays["triangles"]),
        **arrays,
    )


def test_view_points_are_near_and_see_past_everything_else():
    place = Place(screened(), None)
    found = view_points(place.rays(None), place.navigator(0.18), 3, eye=0.88, reach=1.0)
    assert len(found) > 50
    nearest = np.clip(found, [2.95, 1.95], [3.05, 2.05])
    assert np.linalg.norm(found - nearest, axis=1).max() <= 1.03
    # From west of the screen the straight line to the vase crosses it, but from beside its ends.
    west = found[found[:, 0] < 2.6]
    assert ((west[:, 1] < 1.1) | (west[:, 1] > 2.9)).all()
    assert (found[:, 0] > 3.5).any()


def test_distances_are_to_the_nearest_of_several_objects():
    scene = two_rooms(0)
    place = Place(scene, None)
    field = class_field(place, class_id("table"), radius=0.18, eye=0.88, reach=1.0)
    assert field is not None
    xy = place.navigator(0.18).sample(np.random.default_rng(0), 40)
    straight = np.linalg.norm(field.goals[None] - xy[:, None], axis=2).min(1)
    found = field.distance(xy)
    assert (found >= straight - 1e-3).all()
    same_room = xy[:, 0] > 4.4
    assert np.median(found[same_room] - straight[same_room]) < 0.05


def test_structure_and_people_are_not_looked_for():
    assert [class_id("table")] == list(object_classes(two_rooms(0)))
    assert object_classes(hall()) == ()


def test_success_is_a_stop_where_the_object_is_near_and_in_sight():
    scene = screened()
    for start, reached in (((3.8, 2.0, 0.0), 1), ((4.5, 2.0, 0.0), 0), ((2.2, 2.0, 0.0), 0)):
        env = make(ObjectNav(), scene, episodes=[
            ObjectNavEpisode(scene, start, "vase", 1.0, (3.8, 2.0), 0)
        ])  # fmt: skip
        observation, _ = env.reset(seed=0)
        assert observation["goal_class"].tolist() == [[class_id("vase")]]
        assert act(env, STOP)["success"] == reached


def test_the_distance_left_is_to_the_edge_of_the_view_points():
    scene = screened()
    episode = ObjectNavEpisode(scene, (5.0, 2.0, np.pi), "vase", 0.95, (4.05, 2.0), 0)
    env = make(ObjectNav(), scene, episodes=[episode])
    env.reset(seed=0)
    for _ in range(2):
        act(env, FORWARD)
    metrics = act(env, STOP)
    assert metrics["distance_to_goal_m"] == pytest.approx(0.45, abs=0.06)
    assert metrics["success"] == 0


def test_only_the_wanted_classes_are_drawn():
    env = make(ObjectNav(classes=("vase",), min_geodesic=0.5), screened(), 6)
    observation, _ = env.reset(seed=0)
    assert set(observation["goal_class"].ravel()) == {class_id("vase")}
    both = make(ObjectNav(min_geodesic=0.5), screened(), 16).reset(seed=0)[0]["goal_class"]
    assert set(both.ravel()) == {class_id("vase"), class_id("shelf")}


@pytest.mark.parametrize(
    ("task", "scene", "message"),
    [
        (ObjectNav(), hall(), "no objects to look for"),
        (ObjectNav(classes=("bed",)), two_rooms(0), "has none of the classes bed; it has table"),
        (ObjectNav(min_geodesic=20), two_rooms(0), "widen min_geodesic"),
    ],
)
def test_a_scene_without_a_goal_is_refused_in_a_sentence(task, scene, message):
    with pytest.raises(ValueError, match=message):
        make(task, scene).reset(seed=0)


def test_a_misspelt_class_is_refused_with_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'chair'"):
        ObjectNav(classes=("chiar",))
    with pytest.raises(TypeError, match="sequence"):
        ObjectNav(classes="chair")


def test_a_frozen_class_that_is_not_there_is_refused():
    scene = two_rooms(0)
    episode = ObjectNavEpisode(scene, (1.0, 1.0, 0.0), "bed", 1.0, (2.0, 2.0), 0)
    with pytest.raises(ValueError, match="no 'bed' that can be reached"):
        make(ObjectNav(), scene, episodes=[episode]).reset(seed=0)
    with pytest.raises(ValueError, match="did you mean 'bed'"):
        frozen = dataclasses.replace(episode, object="bedd")
        make(ObjectNav(), scene, episodes=[frozen]).reset(seed=0)


def test_turning_does_not_bring_the_object_nearer():
    env = make(ObjectNav(), two_rooms(0))
    env.reset(seed=0)
    _, reward, *_ = env.step(np.array([LEFT]))
    assert reward[0] == pytest.approx(-0.01)
