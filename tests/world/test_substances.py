"""Substances: materials say what they are, paint and unknown names what the class suggests."""

import pytest

from navworld.world.substances import SUBSTANCES, _substance, substances
from tests.rooms import two_rooms


@pytest.mark.parametrize(
    ("material", "semantic", "name"),
    [
        ("oak planks", "floor", "floorboard"),
        ("wallpaper stripes", "wall", "plaster"),
        ("breton stripes", "sofa", "fabric"),
        ("black metal", "chair", "painted steel"),
        ("brushed steel", "oven", "steel"),
        ("chrome", "sink", "bright metal"),
        ("painted white", "fridge", "painted steel"),
        ("painted white", "wardrobe", "wood"),
        ("painted white", "window", "wood"),
        ("window view 1a2b", "window", "glass"),
        ("material_17", "radiator", "painted steel"),
        ("material_17", "wall", "plaster"),
        ("", "person", "fabric"),
    ],
)
def test_what_things_are_made_of(material, semantic, name):
    assert SUBSTANCES[_substance(material, semantic)].name == name


def test_every_triangle_has_a_substance():
    scene = two_rooms()
    assert substances(scene).shape == (len(scene.triangles),)


def test_metals_reflect_all_and_wood_little():
    share = {item.name: item.reflectance for item in SUBSTANCES}
    assert share["steel"] == share["painted steel"] == 1.0
    assert share["wood"] == pytest.approx(0.029, abs=0.001)
    assert share["glass"] == pytest.approx(0.185, abs=0.002)


@pytest.mark.parametrize("item", SUBSTANCES, ids=lambda item: item.name)
def test_numbers_are_possible(item):
    assert 0 < item.emissivity <= 1
    assert item.permittivity >= 1
    assert 0 <= item.scatter < 1
    assert item.slope > 0
