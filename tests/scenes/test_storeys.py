"""Plans of several storeys: stairs have steps, and one walks up them to the floor above."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from navworld.scenes import load_scene
from navworld.world.body import Robot
from navworld.world.geodesic import shortest_path
from navworld.world.navigability import Navigator
from navworld.world.rays import RayScene, cast
from navworld.world.scene import Scene, SceneError
from navworld.world.semantics import CLASSES
from navworld.world.store import Place
from navworld.world.world import World
from tests.scenes.worlds import backward, fingerprint, leaks

RISE = 3.0
LIVING, BED = [[0, 0], [5, 0], [5, 4], [0, 4]], [[9.9, 0], [14, 0], [14, 4], [9.9, 4]]
STUDIO = [[-8, 0], [-3.2, 0], [-3.2, 4], [-8, 4]]
STAIRS = {"from": [5.15, 2], "to": [9.9, 2], "width": 1.1}
FOOT, HEAD, STEPS = 5.15, 9.9, 17


def plan(**changes: Any) -> dict[str, Any]:
    """A room, one 3 m above it by stairs, and one 0.5 m below it by a ramp."""
    return {
        "storeys": [
            {"z": 0, "wall": 0.15, "rooms": [{"kind": "living room", "polygon": LIVING}],
             "furniture": [{"kind": "sofa", "position": [2.5, 3.4], "yaw": -1.5708}],
             "windows": [{"from": [1, -0.08], "to": [3, -0.08]}]},
            {"z": RISE, "wall": 0.15, "rooms": [{"kind": "bedroom", "polygon": BED}],
             "furniture": [{"kind": "safe", "position": [13, 3], "size": [0.5, 0.5, 0.9]}]},
            {"z": -0.5, "wall": 0.15, "rooms": [{"kind": "studio", "polygon": STUDIO}]},
        ],
        "stairs": [STAIRS],
        "ramps": [{"from": [0, 1], "to": [-3.2, 1], "width": 1.2, "storeys": [0, 2]}],
        **changes,
    }  # fmt: skip


def load(folder: Path, content: object) -> Scene:
    path = folder / "storeys.json"
    path.write_text(json.dumps(content))
    return load_scene(path)


@pytest.fixture(scope="module")
def scene(tmp_path_factory) -> Scene:
    return load(tmp_path_factory.mktemp("plan"), plan())


def test_stairs_have_real_steps(scene):
    stairs = np.array([i.name == "stairs" for i in scene.instances])[scene.instance]
    corners = scene.vertices[scene.triangles[stairs]].astype(float)
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    treads = corners[normal[:, 2] > 0.9 * np.linalg.norm(normal, axis=1)]
    heights = np.unique(np.round(treads[..., 2], 4))
    np.testing.assert_allclose(heights, RISE / STEPS * np.arange(1, STEPS), atol=1e-4)
    assert {CLASSES[i.semantic] for i in scene.instances} >= {"stairs", "floor", "wall", "ceiling"}


def test_the_way_up_is_over_the_stairs_and_one_graph(scene):
    (floor,) = scene.floors
    navigator = Navigator(floor, 0.18)
    assert navigator._sizes[0] > 0.99 * navigator._sizes.sum()
    length, path = shortest_path(navigator, (2.0, 2.0), (12.0, 2.0))
    assert length == pytest.approx(10.0, abs=0.02)
    length, path = shortest_path(navigator, (12.0, 3.5), (-6.0, 3.5))
    assert length > 18.5  # through both doorways, not as the crow flies
    assert [len(path[(path[:, 0] > a) & (path[:, 0] < b)]) >= 0 for a, b in ((5, 10), (-3, 0))]
    np.testing.assert_allclose(
        navigator.ground([[2.0, 2.0], [12.0, 2.0], [-6.0, 2.0]]), [0.0, RISE, -0.5], atol=1e-6
    )


def test_what_is_walked_lies_on_the_steps_and_never_below_one(scene):
    navigator = Navigator(scene.floors[0], 0.18)
    x = np.linspace(FOOT + 0.05, HEAD - 0.05, 200)
    start = np.column_stack([x, np.full_like(x, 2.0), np.full_like(x, RISE + 1.5)])
    t, _ = cast(RayScene(scene), start, np.tile([0.0, 0.0, -1.0], (len(x), 1)))
    above = navigator.ground(start[:, :2]) - (start[:, 2] - t)
    riser = RISE / STEPS
    assert above.min() > -0.01 and above.max() < riser + 0.01


def test_a_body_walks_up_and_down_smoothly(scene):
    world = World(1, Robot())
    world.place(0, Place(scene, None), np.array([4.0, 2.0]), 0.0)
    heights = [0.0]
    for _ in range(80):
        world.step_velocity(np.array([[1.0, 0.0]]), 0.1)
        heights.append(float(world.z[0]))
        assert not world.collided[0]
    steps = np.diff(heights)
    assert heights[-1] == pytest.approx(RISE) and steps.min() >= -1e-9
    assert steps.max() < 0.1 * 0.75  # no faster than the slope of the stairs
    assert world.xy[0, 0] == pytest.approx(12.0)
    world.place(0, world.places[0], np.array([1.0, 1.0]), np.pi)
    for _ in range(60):
        world.step_velocity(np.array([[1.0, 0.0]]), 0.1)
    assert world.z[0] == pytest.approx(-0.5) and not world.collided[0]


def test_furniture_stands_on_its_own_storey_and_rooms_say_which(scene):
    for name, z in (("safe", RISE), ("sofa", 0.0)):
        item = next(k for k, i in enumerate(scene.instances) if name in i.name)
        part = scene.vertices[scene.triangles[scene.instance == item]]
        assert part[..., 2].min() == pytest.approx(z, abs=0.01)
    assert {(r.kind, r.floor) for r in scene.rooms} == {
        ("studio", 0), ("living room", 1), ("bedroom", 2),
    }  # fmt: skip
    assert {round(lamp.position[2] - 2.46, 2) for lamp in scene.lamps} >= {0.0, RISE, -0.5}


def test_nobody_sees_out_or_the_back_of_a_surface(scene):
    assert leaks(scene, 2000) == 0
    assert backward(scene, 2000) < 0.01


def test_the_same_file_gives_the_same_bytes(scene, tmp_path):
    assert fingerprint(load(tmp_path, plan())) == fingerprint(scene)


def test_stairs_within_a_room_lead_through_a_hole_in_the_floor_above(tmp_path):
    hall = {"kind": "hall", "polygon": [[0, 0], [9, 0], [9, 5], [0, 5]]}
    above = {"kind": "gallery", "polygon": [[5.2, 0], [9, 0], [9, 5], [5.2, 5]]}
    content = {
        "storeys": [{"z": 0, "rooms": [hall]}, {"z": RISE, "rooms": [above]}],
        "stairs": [{"from": [0.9, 1.2], "to": [5.2, 1.2]}],
    }
    scene = load(tmp_path, content)
    navigator = Navigator(scene.floors[0], 0.18)
    length, _ = shortest_path(navigator, (0.5, 3.0), (7.0, 3.0))
    assert 7.0 < length < 9.5
    assert navigator.ground([[7.0, 3.0]])[0] == pytest.approx(RISE)
    assert any("not walked" in note for note in scene.notes)
    up, _ = cast(RayScene(scene), [[4.5, 1.2, 2.6]], [[0.0, 0.0, 1.0]])
    assert up[0] > 1.5  # headroom where the stairs pass the slab


@pytest.mark.parametrize(
    ("change", "note"),
    [
        ({"stairs": [{**STAIRS, "to": [7.0, 2.0]}]}, "too steep"),
        ({"ramps": [{"from": [0, 1], "to": [-0.5, 1], "storeys": [0, 2]}]}, "too steep"),
        ({"stairs": [{**STAIRS, "storeys": [0, 7]}]}, "two storeys"),
        ({"stairs": [{"from": [1, 1]}]}, "two ends"),
        ({"stairs": [3]}, "no object"),
        ({"stairs": [{**STAIRS, "to": STAIRS["from"]}]}, "length"),
        ({"storeys": [*plan()["storeys"], {"rooms": []}, "attic"]}, "without a height"),
    ],
)
def test_damaged_parts_are_left_out_and_noted(change, note, tmp_path):
    scene = load(tmp_path, plan(**change))
    assert any(note in line for line in scene.notes), scene.notes
    assert scene.floors[0].clearance.max() > 1.0


@pytest.mark.parametrize("content", [{"storeys": []}, {"storeys": [{"z": 0, "rooms": [{}]}]}])
def test_a_plan_without_a_room_is_refused_in_one_sentence(content, tmp_path):
    with pytest.raises(SceneError, match=r"storeys\.json.*room"):
        load(tmp_path, content)
