"""Scenes from files: what a room in a file must become."""

from __future__ import annotations

import json
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
import trimesh

from navworld.scenes.imported import imported
from navworld.scenes.importing.names import class_of, is_structure
from navworld.scenes.importing.structure import surfaces
from navworld.world.scene import Scene, SceneError
from navworld.world.semantics import CLASSES
from tests.scenes.rooms import (
    QUADRANTS,
    TO_Y_UP,
    box,
    picture,
    picture_quad,
    room_parts,
    write_room,
)


def classes(scene: Scene) -> dict[str, str]:
    return {item.name: CLASSES[item.semantic] for item in scene.instances}


def bounds_of(scene: Scene, name: str) -> np.ndarray:
    index = [item.name for item in scene.instances].index(name)
    points = scene.vertices[scene.triangles[scene.instance == index]].reshape(-1, 3)
    return np.array([points.min(0), points.max(0)])


def color_at(scene: Scene, triangle: int, weights: np.ndarray) -> np.ndarray:
    """Texel (nearest) of a point in a triangle, as `Texture` defines coordinates."""
    pixels = scene.materials[scene.material[triangle]].texture.pixels
    u, v = weights @ scene.uv[triangle]
    height, width = pixels.shape[:2]
    return pixels[int(np.floor(v * height)) % height, int(np.floor(u * width)) % width]


def area_of(scene: Scene) -> float:
    return sum(float((floor.clearance > 0).sum()) * floor.cell**2 for floor in scene.floors)


def test_room_from_glb_is_upright_walkable_and_named(tmp_path):
    scene = imported(write_room(tmp_path / "room.glb"))
    assert np.allclose(
        bounds_of(scene, "KitchenTable_01"), [[1, 0.5, 0], [2, 1.5, 0.75]], atol=1e-5
    )
    found = classes(scene)
    assert found["KitchenTable_01"] == "table" and found["Floor_01"] == "floor"
    assert found["WallNorth_01"] == "wall" and found["added ceiling"] == "ceiling"
    assert 20 < area_of(scene) < 24  # 24 m² less the table
    assert abs(scene.floors[0].height) < 0.03
    assert scene.name == "room"


def test_lamps_hang_in_the_room_below_the_ceiling(tmp_path):
    scene = imported(write_room(tmp_path / "room.glb"))
    assert scene.lamps
    for lamp in scene.lamps:
        x, y, z = lamp.position
        assert abs(x) < 3 and abs(y) < 2 and 1.5 < z < 2.5


def test_ceiling_is_added_at_wall_height_unless_refused(tmp_path):
    path = write_room(tmp_path / "room.glb")
    assert np.allclose(bounds_of(imported(path), "added ceiling")[:, 2], 2.5)
    assert "added ceiling" not in classes(imported(path, ceiling=False))
    roof = {"Ceiling": box((-3.1, -2.1, 2.5), (3.1, 2.1, 2.6))}
    assert "added ceiling" not in classes(imported(write_room(tmp_path / "roofed.glb", extra=roof)))


@pytest.mark.parametrize("suffix", [".glb", ".gltf"])
def test_pictures_are_neither_flipped_nor_mirrored(tmp_path, suffix):
    path = write_room(tmp_path / f"room{suffix}", extra={"Picture": picture_quad(picture())})
    check_picture(imported(path))


def test_pictures_in_obj_are_neither_flipped_nor_mirrored(tmp_path):
    write_textured_obj(tmp_path)
    check_picture(imported(tmp_path / "room.obj"))


def check_picture(scene: Scene) -> None:
    """Red and green above, blue and yellow below, for who looks north: left is -x, up is +z."""
    textured = [
        k for k in range(len(scene.triangles)) if scene.materials[scene.material[k]].texture
    ]
    assert len(textured) == 2
    for k in textured:
        for weights in permutations((0.6, 0.25, 0.15)):
            x, _, z = np.array(weights) @ scene.vertices[scene.triangles[k]]
            expected = QUADRANTS[int(z < 1.5), int(x > 0)]
            assert np.abs(color_at(scene, k, np.array(weights)).astype(int) - expected).max() < 40


def write_textured_obj(folder: Path) -> Path:
    picture().save(folder / "picture.png")
    (folder / "room.mtl").write_text(
        "newmtl paint\nKd 0.5 0.25 0\nnewmtl poster\nKd 1 1 1\nmap_Kd picture.png\n"
    )
    lines, count = ["mtllib room.mtl"], 1
    for name, mesh in (room_parts() | {"Poster": picture_quad(picture())}).items():
        lines += [f"o {name}", f"usemtl {'poster' if name == 'Poster' else 'paint'}"]
        lines += ["v {} {} {}".format(*v) for v in mesh.vertices]
        if name == "Poster":
            lines += ["vt {} {}".format(*uv) for uv in mesh.visual.uv]
            lines += [
                f"f {a + count}/{a + 1} {b + count}/{b + 1} {c + count}/{c + 1}"
                for a, b, c in mesh.faces
            ]
        else:
            lines += ["f {} {} {}".format(*(f + count)) for f in mesh.faces]
        count += len(mesh.vertices)
    path = folder / "room.obj"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_objects_and_materials_of_obj_are_kept(tmp_path):
    scene = imported(write_textured_obj(tmp_path))
    found = classes(scene)
    assert found["KitchenTable_01"] == "table" and found["Poster"] == "picture"
    index = [item.name for item in scene.instances].index("KitchenTable_01")
    used = scene.materials[scene.material[scene.instance == index][0]]
    assert used.name == "paint" and np.allclose(used.color, (0.5, 0.25, 0))


def test_a_material_that_is_not_in_its_library_is_plain(tmp_path):
    path = write_textured_obj(tmp_path)
    (tmp_path / "room.mtl").write_text("newmtl paint\nKd 0.5 0.25 0\n")
    scene = imported(path)
    index = [item.name for item in scene.instances].index("Poster")
    used = {scene.materials[k].name for k in np.unique(scene.material[scene.instance == index])}
    assert used == {"plain"}


def test_a_material_library_that_is_not_there_is_named_in_one_sentence(tmp_path):
    path = write_textured_obj(tmp_path)
    (tmp_path / "room.mtl").unlink()
    with pytest.raises(SceneError, match=r"room\.mtl.*not in its folder; put the file there"):
        imported(path)


@pytest.mark.parametrize("suffix", [".obj", ".ply"])
@pytest.mark.parametrize("up", ["y", "z"])
def test_up_axis_of_obj_and_ply_is_found(tmp_path, suffix, up):
    mesh = trimesh.util.concatenate(list(room_parts().values()))
    if up == "y":
        mesh.apply_transform(TO_Y_UP)
    path = tmp_path / f"room{suffix}"
    mesh.export(path)
    scene = imported(path)
    assert np.allclose(scene.bounds, [[-3.1, -2.1, -0.1], [3.1, 2.1, 2.5]], atol=1e-4)
    assert {"floor", "wall"} <= set(classes(scene).values())


def test_up_and_scale_are_obeyed(tmp_path):
    mesh = trimesh.util.concatenate(list(room_parts().values()))
    mesh.apply_transform(trimesh.transformations.rotation_matrix(np.pi / 2, [0, 1, 0]))
    mesh.apply_scale(1000)
    mesh.export(tmp_path / "room.ply")
    scene = imported(tmp_path / "room.ply", up="x", scale=0.001)
    assert np.allclose(np.ptp(scene.bounds, axis=0), [4.2, 6.2, 2.6], atol=1e-4)


def test_mirrored_nodes_keep_their_outside_out(tmp_path):
    scene = trimesh.Scene()
    for name, mesh in room_parts().items():
        scene.add_geometry(mesh, node_name=name, geom_name=name, transform=TO_Y_UP)
    mirror = TO_Y_UP @ np.diag([-1.0, 1, 1, 1])
    scene.add_geometry(
        box((0.5, -1.5, 0), (1, -1, 1)), node_name="Box_01", geom_name="b", transform=mirror
    )
    scene.export(tmp_path / "room.glb")
    result = imported(tmp_path / "room.glb")
    index = [item.name for item in result.instances].index("Box_01")
    crate = trimesh.Trimesh(result.vertices, result.triangles[result.instance == index])
    assert crate.volume == pytest.approx(0.25, rel=1e-4)
    assert np.allclose(bounds_of(result, "Box_01"), [[-1, -1.5, 0], [-0.5, -1, 1]], atol=1e-5)


def test_nobody_walks_on_water(tmp_path):
    lake = {"Lake": box((-3, -30, -0.1), (3, -2.2, 0))}
    scene = imported(write_room(tmp_path / "room.glb", extra=lake))
    assert "water" in classes(scene).values()
    assert area_of(scene) < 24


def test_base_colour_factor_is_linear(tmp_path):
    material = trimesh.visual.material.PBRMaterial(baseColorFactor=[0.2140, 0.2140, 1.0, 1.0])
    chair = box((-2, -1, 0), (-1.5, -0.5, 1))
    chair.visual = trimesh.visual.TextureVisuals(uv=np.zeros((8, 2)), material=material)
    scene = imported(write_room(tmp_path / "room.glb", extra={"ChairA_01": chair}))
    index = [item.name for item in scene.instances].index("ChairA_01")
    color = scene.materials[scene.material[scene.instance == index][0]].color
    assert np.allclose(color, (0.5, 0.5, 1), atol=0.005)


def test_vertex_colours_become_colours_of_triangles(tmp_path):
    mesh = trimesh.util.concatenate(list(room_parts().values()))
    mesh.visual.vertex_colors = np.where(
        mesh.vertices[:, 2:] <= 0, [[255, 0, 0, 255]], [[0, 0, 255, 255]]
    )
    mesh.export(tmp_path / "room.ply")
    scene = imported(tmp_path / "room.ply", ceiling=False)
    heights = scene.vertices[scene.triangles][:, :, 2]
    colors = np.array([material.color for material in scene.materials])[scene.material]
    assert np.allclose(colors[heights.max(1) <= 0], [1, 0, 0], atol=0.02)
    assert np.allclose(colors[heights.min(1) > 0], [0, 0, 1], atol=0.02)


def test_large_textures_are_shrunk(tmp_path):
    quad = picture_quad(picture(2048))
    scene = imported(write_room(tmp_path / "room.glb", extra={"Picture": quad}))
    shapes = {m.texture.pixels.shape for m in scene.materials if m.texture}
    assert shapes == {(1024, 1024, 3)}


def test_copies_and_degenerate_triangles_are_removed(tmp_path):
    crate = box((-2, -1, 0), (-1.5, -0.5, 1))
    faces = np.concatenate(
        [crate.faces, crate.faces[:5], crate.faces[:2, ::-1], [[0, 0, 1], [2, 2, 2]]]
    )
    spoilt = trimesh.Trimesh(crate.vertices, faces, process=False)
    scene = imported(write_room(tmp_path / "room.glb", extra={"Box_01": spoilt}))
    index = [item.name for item in scene.instances].index("Box_01")
    assert (scene.instance == index).sum() == 12


def test_instance_list_beside_the_file_groups_and_names(tmp_path):
    path = write_room(tmp_path / "room_visual.glb")
    entries = [
        {"name": "KitchenTable_01", "category": "Piano"},
        {"name": "gone", "available": False},
    ]
    (tmp_path / "room_instances.json").write_text(json.dumps({"instances": entries}))
    assert classes(imported(path))["KitchenTable_01"] == "piano"


def test_nodes_of_one_object_become_one_instance(tmp_path):
    legs = {f"ChairA_01/{k}": box((-2 + k, -1, 0), (-1.8 + k, -0.8, 0.5)) for k in range(2)}
    scene = imported(write_room(tmp_path / "room.glb", extra=legs))
    assert [item.name for item in scene.instances].count("ChairA_01") == 1
    assert np.allclose(bounds_of(scene, "ChairA_01")[:, 0], [-2, -0.8], atol=1e-5)


def test_the_same_file_gives_the_same_scene_and_version(tmp_path):
    path = write_room(tmp_path / "room.glb")
    one, two, other = imported(path), imported(path), imported(path, ceiling=False)
    assert one.version == two.version != other.version
    for name in ("vertices", "triangles", "uv", "material", "instance"):
        assert getattr(one, name).tobytes() == getattr(two, name).tobytes()
    assert one.lamps == two.lamps


def test_arrays_of_a_scene_fit_together(tmp_path):
    scene = imported(write_room(tmp_path / "room.glb", extra={"P": picture_quad(picture())}))
    count = len(scene.triangles)
    assert scene.triangles.max() < len(scene.vertices) and scene.triangles.min() >= 0
    assert scene.uv.shape == (count, 3, 2) and np.isfinite(scene.uv).all()
    assert scene.material.shape == scene.instance.shape == (count,)
    assert scene.material.max() < len(scene.materials) and scene.instance.max() < len(
        scene.instances
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("SofaC_01", "sofa"),
        ("NightStand_01_002", "nightstand"),
        ("KitchenUtensils_01", "tableware"),
        ("AirconditionerA", "appliance"),
        ("TVCabinet_01", "tv stand"),
        ("bookshelves", "bookcase"),
        ("floor_lamp_3", "lamp"),
        ("TableLamp", "lamp"),
        ("diningtable.002", "table"),
        ("RoomWindow_01", "window"),
        ("Chest of Drawers", "dresser"),
        ("WaterBody", "water"),
        ("vegetable", None),
        ("Cube.001", None),
    ],
)
def test_names_speak_of_classes(name, expected):
    assert class_of(name) == expected


def test_a_room_is_structure_and_a_bedroom_lamp_is_not():
    assert is_structure("living_room") and is_structure("Stage_v3")
    assert not is_structure("bedroom_lamp") and not is_structure("Cube.001")


def test_floor_walls_and_ceiling_are_told_apart_by_shape():
    shell = trimesh.util.concatenate([*room_parts().values(), box((-3, -2, 2.5), (3, 2, 2.6))])
    labels = surfaces(shell.vertices, shell.faces)
    center = shell.triangles_center
    level = np.abs(shell.face_normals[:, 2]) > 0.9
    assert (labels[level & (np.abs(center[:, 2]) < 0.01)] == "floor").any()
    assert set(labels[level & (center[:, 2] > 2.49)]) <= {"ceiling"}
    inside = ~level & (np.abs(np.abs(center[:, 1]) - 2) < 0.01) & (center[:, 2] > 0.1)
    assert set(labels[inside]) == {"wall"}
    assert set(labels[level & (np.abs(center[:, 2] - 0.75) < 0.01)]) == {"object"}


def real_scene(data: Path, *names: str) -> Path:
    path = data.joinpath("scenes", *names)
    if not path.exists():
        pytest.skip(f"the data folder holds no {names[-1]}")
    return path


@pytest.mark.parametrize(
    ("names", "listing", "key", "wanted", "area"),
    [
        (
            ("aws_small_house", "aws_small_house_visual.glb"),
            "aws_small_house_instances.json",
            "aabb_world",
            {"bed", "sofa", "fridge", "table", "chair", "wardrobe", "tv", "curtain", "ceiling"},
            (90, 190),
        ),
        (
            ("drake_furnished_living_room", "living_room_visual.glb"),
            "living_room_instances.json",
            "aabb_world_zup",
            {"sofa", "cabinet", "bookcase", "stool", "curtain", "wall", "floor", "ceiling", "door"},
            (18, 36),
        ),
    ],
)
def test_real_houses_stand_where_their_lists_say(data, names, listing, key, wanted, area):
    path = real_scene(data, *names)
    scene = imported(path)
    assert wanted <= set(classes(scene).values())
    assert area[0] < area_of(scene) < area[1]
    assert scene.lamps
    present = {item.name for item in scene.instances}
    for entry in json.loads(path.with_name(listing).read_text())["instances"]:
        if entry["name"] in present:
            assert np.allclose(bounds_of(scene, entry["name"]), entry[key], atol=0.01)


def test_z_up_glb_says_what_to_pass(data):
    path = real_scene(data, "habitat_test_assets", "simple_room.glb")
    with pytest.raises(ValueError, match="up='z'"):
        imported(path)
    assert area_of(imported(path, up="z")) > 50
