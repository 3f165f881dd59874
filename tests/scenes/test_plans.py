"""Maps and plans become worlds: heights, widths and places as the file says, damage listed."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import numpy as np
import pytest
import shapely

from navworld.scenes import load_scene
from navworld.scenes.plans import planned
from navworld.scenes.plans.places import geodetic
from navworld.world.geodesic import shortest_path
from navworld.world.navigability import Navigator
from navworld.world.rays import RayScene, cast
from navworld.world.scene import Scene, SceneError
from navworld.world.semantics import CLASSES
from tests.scenes import maps
from tests.scenes.test_importer_fuzz import DAMAGES
from tests.scenes.worlds import backward, fingerprint, leaks

ROUNDS = 36


def load(tmp_path: Path, content: object, name: str = "a.json") -> Scene:
    path = tmp_path / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return planned(path)


def refusal(tmp_path: Path, content: object, name: str = "a.json") -> str:
    with pytest.raises(SceneError) as error:
        load(tmp_path, content, name)
    sentence = str(error.value)
    assert "\n" not in sentence and len(sentence) < 500 and name in sentence, sentence
    return sentence


def below(scene: Scene, x: float, y: float) -> tuple[float, str]:
    """Height and class of what lies below a point high in the sky."""
    t, triangle = cast(RayScene(scene), [[x, y, 200.0]], [[0.0, 0.0, -1.0]])
    return 200.0 - float(t[0]), CLASSES[scene.semantic[triangle[0]]]


@pytest.mark.parametrize("suffix", maps.sound())
def test_sound_files_load_without_remarks_and_the_same_every_time(suffix, tmp_path):
    path = tmp_path / f"sound{suffix}"
    path.write_bytes(maps.sound()[suffix])
    scene = load_scene(path)
    known = ("asset-database", "footprint")  # what no plan without its collection can say
    assert [n for n in scene.notes if not any(word in n for word in known)] == []
    assert scene.floors and (scene.floors[0].clearance > 0.3).any()
    assert fingerprint(load_scene(path)) == fingerprint(scene)


def test_cityjson_keeps_heights_classes_and_names(tmp_path):
    scene = load(tmp_path, maps.cityjson())
    shift = np.array([30.0, 0.0])  # the middle of the model is the origin
    assert below(scene, *(np.array([16.0, 13.0]) - shift)) == (
        pytest.approx(6.2, abs=0.01),
        "building",
    )
    assert below(scene, *(np.array([40.0, -13.0]) - shift)) == (
        pytest.approx(9.2, abs=0.01),
        "building",
    )
    assert below(scene, *(np.array([50.0, 1.0]) - shift)) == (pytest.approx(0.2, abs=0.01), "road")
    assert {b.name for b in scene.map.buildings} == {"north", "south"}
    (floor,) = scene.floors
    assert floor.height == pytest.approx(0.2, abs=0.01)


def test_cityjson_finds_its_place_on_earth(tmp_path):
    scene = load(tmp_path, maps.cityjson())
    # UTM 33N, easting 500 km: the central meridian 15° E; 5761038.21 m north is 52°.
    assert scene.map.origin.longitude == pytest.approx(15.0, abs=1e-3)
    assert scene.map.origin.latitude == pytest.approx(52.0, abs=1e-4)


def test_reference_systems_agree_with_published_points():
    # The base point of RD is Amersfoort's tower, at 52° 9' 18.62" N, 5° 23' 13.93" E in WGS 84.
    latitude, longitude = geodetic(28992, 155_000.0, 463_000.0)
    assert latitude == pytest.approx(52.155174, abs=2e-5)
    assert longitude == pytest.approx(5.387206, abs=2e-5)
    assert geodetic(4326, 0.0, 0.0) is None


def test_roads_are_as_wide_as_their_tags_say(tmp_path):
    scene = load(tmp_path, maps.osm(), "a.osm")
    x0, y0 = scene.map.origin.to_world([[maps.LATITUDE, maps.LONGITUDE, 0.0]])[0, :2]
    assert below(scene, x0 + 70, y0 + 3.3)[1] == "road"
    assert below(scene, x0 + 70, y0 + 3.8)[1] == "pavement"
    assert below(scene, x0 + 2.8, y0 + 60)[1] == "road"  # two lanes of 3 m
    assert below(scene, x0 - 40, y0 + 55)[1] == "vegetation"


def test_houses_are_as_high_as_their_storeys_and_have_addresses(tmp_path):
    scene = load(tmp_path, maps.osm(), "a.osm")
    x0, y0 = scene.map.origin.to_world([[maps.LATITUDE, maps.LONGITUDE, 0.0]])[0, :2]
    assert below(scene, x0 + 27, y0 + 17) == (pytest.approx(2 * 3 + 0.4, abs=0.01), "building")
    assert below(scene, x0 + 57, y0 + 17) == (pytest.approx(3 * 3 + 0.4, abs=0.01), "building")
    assert {b.address for b in scene.map.buildings} == {f"{k} Long Street" for k in (1, 2, 3, 4)}
    assert scene.map.locate("corner café") == pytest.approx((x0 + 25, y0 + 8), abs=0.05)
    assert not Navigator(scene.floors[0], 0.2).is_walkable([[x0 + 27, y0 + 17]])[0]


def test_a_road_leads_across_the_map(tmp_path):
    scene = load(tmp_path, maps.osm(), "a.osm")
    x0, y0 = scene.map.origin.to_world([[maps.LATITUDE, maps.LONGITUDE, 0.0]])[0, :2]
    navigator = Navigator(scene.floors[0], 0.3)
    length, _ = shortest_path(navigator, (x0 - 55, y0), (x0 + 60, y0))
    assert length == pytest.approx(115.0, abs=0.5)


def test_a_floor_plan_becomes_rooms_with_a_door(tmp_path):
    scene = load(tmp_path, maps.house())
    assert [room.kind for room in scene.rooms] == ["living room", "bedroom"]
    navigator = Navigator(scene.floors[0], 0.2)
    length, _ = shortest_path(navigator, (4.0, 2.0), (6.0, 2.0))
    assert length == pytest.approx(2.0, abs=0.05)
    assert not navigator.is_walkable([[5.075, 0.8]])[0]
    names = {CLASSES[item.semantic] for item in scene.instances}
    assert {"sofa", "bed", "window", "object"} <= names
    assert leaks(scene, 2000) == 0
    assert backward(scene, 2000) < 0.01


def test_a_procthor_house_gets_walls_between_rooms_that_touch(tmp_path):
    scene = load(tmp_path, maps.procthor())
    navigator = Navigator(scene.floors[0], 0.2)
    assert navigator.is_walkable([[5.0, 1.5]])[0]  # its door, 1 to 2 m along the wall
    assert not navigator.is_walkable([[5.0, 3.0]])[0]
    assert [room.kind for room in scene.rooms] == ["living room", "bedroom"]
    assert leaks(scene, 2000) == 0


def test_a_world_in_yaml_joins_its_rooms_by_hallways(tmp_path):
    scene = load(tmp_path, maps.WORLD, "a.yaml")
    navigator = Navigator(scene.floors[0], 0.2)
    length, _ = shortest_path(navigator, (1.5, 0.5), (8.0, 0.5))
    assert 6.4 < length < 7.2
    assert not navigator.is_walkable([[5.0, 1.6]])[0]


def test_a_building_without_its_roof_is_kept_and_noted(tmp_path):
    content = maps.cityjson()
    shell = content["CityObjects"]["north"]["geometry"][0]
    shell["boundaries"][0][1] = [[0, 1]]
    scene = load(tmp_path, content)
    assert any("unsound surfaces" in note and "north" in note for note in scene.notes)
    assert len(scene.map.buildings) == 2


def test_surfaces_without_a_material_or_a_class_are_told_by_how_they_face(tmp_path):
    content = maps.cityjson()
    for item in content["CityObjects"].values():
        for shape in item["geometry"]:
            shape.pop("semantics", None)
            shape["material"] = {"plain": {"value": 7}}
    scene = load(tmp_path, content)
    assert below(scene, 16.0 - 30.0, 13.0)[1] == "building"
    assert all(m.texture is not None or m.color for m in scene.materials)
    assert scene.material.max() < len(scene.materials)
    assert len(scene.map.buildings) == 2


def test_unclosed_rings_are_closed_and_noted(tmp_path):
    text = maps.osm()
    nodes = [1, 2, 5, 6]
    inner = "".join(f'<nd ref="{n}"/>' for n in nodes)
    open_way = f'<way id="77">{inner}<tag k="building" v="yes"/></way>'
    scene = load(tmp_path, text.replace("</osm>", open_way + "</osm>"), "a.osm")
    assert any("unclosed ring" in note for note in scene.notes)


def test_a_road_that_crosses_itself_loads_and_an_extract_without_buildings_says_so(tmp_path):
    loop = "".join(f'<nd ref="{n}"/>' for n in (1, 2, 4, 3))
    road = f'<way id="78">{loop}<tag k="highway" v="service"/></way>'
    scene = load(tmp_path, maps.osm(buildings=False, extra=road), "a.osm")
    assert any("no buildings" in note for note in scene.notes)
    assert any("crosses itself" in note for note in scene.notes)
    assert len(scene.map.roads) == 3


@pytest.mark.parametrize(
    ("content", "name", "word"),
    [
        ("", "a.json", "empty"),
        ("{", "a.json", "JSON"),
        ("[1]", "a.json", "object"),
        ({"a": 1}, "a.json", "expected"),
        ({"type": "CityJSON"}, "a.json", "CityObjects"),
        ({"rooms": [{"polygon": [[0, 0]]}]}, "a.json", "room"),
        ("[" * 100_000, "a.json", "nested"),
        ("<osm><node", "a.osm", "XML"),
        ("<gpx/>", "a.osm", "OpenStreetMap"),
        ('<!DOCTYPE osm [<!ENTITY a "aa">]><osm>&a;</osm>', "a.osm", "document type"),
        ("<osm/>", "a.osm", "nodes"),
        ("a: &x [1]\nb: *x", "a.yaml", "anchors"),
        ("rooms: 3", "a.yaml", "rooms"),
    ],
)  # fmt: skip
def test_what_is_no_plan_is_refused_in_one_sentence(content, name, word, tmp_path):
    assert word in refusal(tmp_path, content, name)


def test_a_file_that_is_not_there_is_named():
    with pytest.raises(FileNotFoundError, match="nowhere"):
        planned("nowhere.osm")


@pytest.mark.parametrize("suffix", maps.sound())
def test_damaged_files_become_a_scene_or_a_sentence(suffix, tmp_path):
    rng = np.random.default_rng(4)
    content = maps.sound()[suffix]

    def late(*_: object) -> None:
        pytest.fail("took longer than 20 s")

    before = signal.signal(signal.SIGALRM, late)
    loaded = 0
    try:
        for k in range(ROUNDS):
            path = tmp_path / f"damaged{suffix}"
            path.write_bytes(DAMAGES[k % len(DAMAGES)](content, rng))
            signal.setitimer(signal.ITIMER_REAL, 20.0)
            try:
                scene = planned(path)
            except SceneError as error:
                sentence = str(error)
                assert "damaged" in sentence and "\n" not in sentence and len(sentence) < 500
                continue
            loaded += 1
            assert np.isfinite(scene.vertices).all()
            assert scene.triangles.max() < len(scene.vertices)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert loaded < ROUNDS


def scenes() -> Path:
    return Path(os.environ["NAVWORLD_DATA"]) / "scenes"


@pytest.mark.skipif("NAVWORLD_DATA" not in os.environ, reason="NAVWORLD_DATA is not set")
class TestRealPlaces:
    """Delft and Neukölln, whose counts their sources state."""

    def test_delft_has_its_160_buildings_where_they_are(self):
        scene = planned(scenes() / "delft_3d_city/delft.city.json")
        assert len(scene.map.buildings) == 160
        listed = json.loads((scenes() / "delft_3d_city/delft_buildings.json").read_text())
        heights = sorted(b["aabb"][1][2] - b["aabb"][0][2] for b in listed["buildings"])
        assert np.allclose(sorted(b.height for b in scene.map.buildings), heights, atol=0.02)
        # Delft's Oude Kerk stands at 52.0126° N, 4.3557° E; the model lies 750 m east of it.
        assert scene.map.origin.latitude == pytest.approx(52.012, abs=0.002)
        assert scene.map.origin.longitude == pytest.approx(4.3667, abs=0.002)

    def test_neukoelln_has_the_buildings_of_its_ready_block(self):
        scene = planned(scenes() / "osm_neukolln/input.osm")
        ready = json.loads((scenes() / "osm_neukolln/city_block.json").read_text())
        assert len(scene.map.buildings) == pytest.approx(len(ready["buildings"]), abs=2)
        church = next(b for b in scene.map.buildings if b.name == "Magdalenenkirche")
        other = next(b for b in ready["buildings"] if b["name"] == "Magdalenenkirche")
        area = shapely.Polygon(other["footprint"]).area
        assert shapely.Polygon(church.polygon).area == pytest.approx(area, rel=0.01)
        assert church.height == other["height_m"]

    def test_an_expert_drives_half_a_kilometre_on_their_roads(self):
        from navworld.envs.verify.places import verify_places

        metrics, checks = verify_places(True)
        assert len(metrics) == 4 and all(checks.values()), (metrics, checks)
