"""Baked light against known answers."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from navworld.world.baking.atlas import lay_out
from navworld.world.baking.charts import cut_charts
from navworld.world.baking.irradiance import QUALITIES, irradiance
from navworld.world.cache import ArrayCache
from navworld.world.light import bake, lightmap_for
from navworld.world.mesh import MeshBuilder
from navworld.world.scene import LIGHT_GAMMA, LIGHT_WHITE, Lamp, Lightmap, Material, Scene, Sun

WHITE = Material("white", (0.93, 0.93, 0.93))
GLASS = Material("glass", transparent=True)
GLOW = Material("glow", emission=1.0)
FAST, FULL = QUALITIES["fast"], QUALITIES["full"]


def scene_of(builder: MeshBuilder, **light) -> Scene:
    light.setdefault("ambient", (0.0, 0.0, 0.0))
    return Scene(
        name="test",
        **builder.arrays(),
        materials=tuple(builder.materials),
        instances=tuple(builder.instances),
        **light,
    )


def new_builder() -> MeshBuilder:
    builder = MeshBuilder()
    builder.add_instance("building", "wall")
    return builder


def floor(builder: MeshBuilder, half: float = 2.0) -> None:
    corners = [(-half, -half, 0), (half, -half, 0), (half, half, 0), (-half, half, 0)]
    builder.quad(corners, WHITE, 0)


def room(pane: Material | None = None) -> MeshBuilder:
    """5 × 4 × 2.5 m; the wall at y = 4 has a hole x 1.5…3.5, z 0.8…2, filled with `pane`."""
    b = new_builder()
    b.box((0, 0, -0.1), (5, 4, 0), WHITE, 0)
    b.box((0, 0, 2.5), (5, 4, 2.6), WHITE, 0)
    for low, high in (
        ((-0.1, 0, 0), (0, 4, 2.5)),
        ((5, 0, 0), (5.1, 4, 2.5)),
        ((0, -0.1, 0), (5, 0, 2.5)),
        ((0, 4, 0), (1.5, 4.1, 2.5)),
        ((3.5, 4, 0), (5, 4.1, 2.5)),
        ((1.5, 4, 0), (3.5, 4.1, 0.8)),
        ((1.5, 4, 2), (3.5, 4.1, 2.5)),
    ):
        b.box(low, high, WHITE, 0)
    if pane is not None:
        b.box((1.5, 4.04, 0.8), (3.5, 4.06, 2), pane, 0)
    return b


def on_floor(found) -> np.ndarray:
    """Indices of the texels on a floor at z = 0 that looks up."""
    return np.flatnonzero((found.atlas.normal[:, 2] > 0.99) & (abs(found.atlas.rim[:, 2]) < 1e-4))


def look_up(light: Lightmap, scene: Scene, triangle: int, points: np.ndarray) -> np.ndarray:
    """(N, 3) irradiance of a lightmap at points of a triangle's plane, read bilinearly."""
    a, b, c = scene.vertices[scene.triangles[triangle]].astype(float)
    weights = np.linalg.lstsq(np.stack([b - a, c - a], 1), (points - a).T, rcond=None)[0].T
    uv = light.uv[triangle].astype(float)
    at = uv[0] + weights @ (uv[1:] - uv[0]) - 0.5
    low = np.floor(at).astype(int)
    f = at - low
    decoded = LIGHT_WHITE * (light.texels / 255.0) ** LIGHT_GAMMA
    x, y = low.T
    top = decoded[y, x] * (1 - f[:, :1]) + decoded[y, x + 1] * f[:, :1]
    bottom = decoded[y + 1, x] * (1 - f[:, :1]) + decoded[y + 1, x + 1] * f[:, :1]
    return top * (1 - f[:, 1:]) + bottom * f[:, 1:]


def test_a_lamp_above_a_plane_follows_the_cosine_cubed_law():
    b = new_builder()
    floor(b)
    height, power = 1.5, (4.0, 2.0, 1.0)
    found = irradiance(scene_of(b, lamps=(Lamp((0, 0, height), power, 0.02),)), FULL)
    squared = (found.atlas.position[:, :2].astype(float) ** 2).sum(1) + height**2
    expected = np.outer(height / squared**1.5, power)
    np.testing.assert_allclose(found.light, expected, rtol=0.03)


def test_an_open_plane_receives_all_of_the_ambient_light_and_the_sun_by_its_cosine():
    b = new_builder()
    floor(b)
    found = irradiance(scene_of(b, ambient=(0.2, 0.3, 0.4)), FAST)
    np.testing.assert_allclose(found.light, np.tile([0.2, 0.3, 0.4], (len(found.light), 1)), 1e-5)
    sun = Sun((0.6, 0.0, 0.8), (1.0, 1.0, 1.0))
    sky = irradiance(scene_of(b, sun=dataclasses.replace(sun, direction=(0.0, 0.0, -1.0))), FAST)
    both = irradiance(scene_of(b, sun=sun), FAST)
    np.testing.assert_allclose(both.light - sky.light, 0.8, rtol=1e-4)
    assert (sky.light > 0).all()


def test_inside_a_closed_box_there_is_only_occluded_ambient_light():
    b = new_builder()
    floor(b)
    b.box((-0.5, -0.5, 0.001), (0.5, 0.5, 1.0), WHITE, 0)
    inverted = MeshBuilder()
    arrays = b.arrays()
    inverted.add_instance("box", "wall")
    inside = arrays["triangles"][2:][:, ::-1]
    inverted.triangles(arrays["vertices"], inside, np.zeros((len(inside), 3, 2)), WHITE, 0)
    lamp = Lamp((0, 0, 2.0), (5.0, 5.0, 5.0))
    dark = irradiance(scene_of(inverted, lamps=(lamp,)), FAST)
    assert (dark.light == 0).all()
    ambient = irradiance(scene_of(inverted, lamps=(lamp,), ambient=(1.0, 1.0, 1.0)), FAST)
    assert (ambient.light > 0.1).all() and (ambient.light < 0.9).all()


def sun_patch(found, towards: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Light of floor texels, and whether the sun shines on them through the hole of `room`.

    +1 in the patch, −1 outside, 0 within 0.12 m of its rim.
    """
    texels = on_floor(found)
    point = found.atlas.position[texels].astype(float)
    margins = []
    for y in (4.0, 4.1):
        hit = point + towards * ((y - point[:, 1]) / towards[1])[:, None]
        x, z = hit[:, 0], hit[:, 2]
        margins.append(np.min([x - 1.5, 3.5 - x, z - 0.8, 2.0 - z], axis=0))
    margin = np.min(margins, axis=0)
    return found.light[texels], np.where(margin > 0.12, 1, np.where(margin < -0.12, -1, 0))


@pytest.mark.parametrize("pane", [None, GLASS], ids=["hole", "glass"])
def test_the_sun_patch_lies_where_the_window_puts_it(pane):
    towards = np.array([-0.2, 0.7, 0.5]) / np.linalg.norm([-0.2, 0.7, 0.5])
    scene = scene_of(room(pane), sun=Sun(tuple(towards), (3.0, 3.0, 3.0), 0.005))
    light, where = sun_patch(irradiance(scene, FULL), towards)
    assert (where > 0).sum() > 300
    assert light[where > 0].min() > 0.95 * 3.0 * towards[2]
    assert light[where < 0].max() < 0.7 * 3.0 * towards[2]


def test_an_opaque_pane_keeps_the_sun_out():
    towards = np.array([-0.2, 0.7, 0.5]) / np.linalg.norm([-0.2, 0.7, 0.5])
    scene = scene_of(room(WHITE), sun=Sun(tuple(towards), (3.0, 3.0, 3.0)))
    light, _ = sun_patch(irradiance(scene, FAST), towards)
    assert light.max() < 0.02


def test_a_lit_ceiling_brightens_what_the_lamp_does_not_reach():
    b = room(WHITE)
    b.box((1, 1, 1.9), (4, 3, 2.0), WHITE, 0)
    found = irradiance(scene_of(b, lamps=(Lamp((2.5, 2.0, 2.2), (2.0, 2.0, 2.0)),)), FAST)
    texels = on_floor(found)
    centre = abs(found.atlas.position[texels, :2] - [2.5, 2.0]).max(1) < 0.5
    assert found.light[texels][centre].min() > 0.002


def test_furniture_on_the_floor_does_not_bleed_black():
    b = new_builder()
    floor(b)
    b.box((-0.513, -0.307, 0.0), (0.488, 0.294, 1.9), WHITE, b.add_instance("wardrobe", "wardrobe"))
    b.box((-1.72, -1.11, -0.2), (-1.61, 1.13, 2.2), WHITE, b.add_instance("wall", "wall"))
    scene = scene_of(b, ambient=(1.0, 1.0, 1.0))
    light = bake(scene)
    xs = np.linspace(-0.5, 0.48, 60)
    beside = np.concatenate(
        [np.stack([xs, np.full_like(xs, y), 0 * xs], 1) for y in (-0.315, -0.33, 0.302, 0.32)]
    )
    far = look_up(light, scene, 0, np.array([[1.5, -1.5, 0.0]]))
    close = np.concatenate([look_up(light, scene, t, beside) for t in (0, 1)])
    assert close.min() > 0.25 * far.max()
    wall = 2 + 12 + 2  # the face +x of the wall
    foot = np.stack([np.full(40, -1.61), np.linspace(-1, 1, 40), np.full(40, 0.01)], 1)
    found = np.concatenate([look_up(light, scene, t, foot) for t in (wall, wall + 1)])
    assert found.min() > 0.25 * far.max()


def test_neighbouring_quads_of_one_wall_show_no_seam():
    b = new_builder()
    for x in range(4):
        b.quad([(x, 0, 0), (x + 1, 0, 0), (x + 1, 0, 2), (x, 0, 2)], WHITE, 0)
    b.box((1.2, -0.5, 0.5), (1.9, -0.3, 1.5), WHITE, b.add_instance("box", "box"))
    scene = scene_of(b, ambient=(0.5,) * 3, lamps=(Lamp((2.2, -1.5, 1.2), (1.0,) * 3),))
    light = bake(scene)
    heights = np.linspace(0.05, 1.95, 40)
    for x in (1, 2, 3):
        seam = np.stack([np.full(40, float(x)), np.zeros(40), heights], 1)
        left, right = (look_up(light, scene, 2 * q, seam) for q in (x - 1, x))
        assert abs(left - right).max() < 0.02 * left.max()


def test_an_upright_cylinder_is_evenly_lit_by_even_light():
    b = new_builder()
    b.cylinder(0.3, 0.0, 1.0, WHITE, 0, segments=24)
    found = irradiance(scene_of(b, ambient=(1.0, 1.0, 1.0)), FULL)
    assert found.valid.all()
    np.testing.assert_allclose(found.light, 1.0, atol=1e-5)


def test_a_sheet_that_faces_a_wall_is_lit_from_its_other_side():
    lights = []
    sheet = np.array([(2, 1, 0.01), (3, 1, 0.01), (3, 3, 0.01), (2, 3, 0.01)])
    for order in (slice(None), slice(None, None, -1)):
        b = room(WHITE)
        b.quad(sheet[order], WHITE, b.add_instance("sheet", "rug"))
        found = irradiance(scene_of(b, lamps=(Lamp((2.5, 2.0, 1.3), (2.0,) * 3),)), FAST)
        lights.append(found.light[abs(found.atlas.rim[:, 2] - 0.01) < 1e-5].mean())
    assert lights[0] > 0.5 and lights[1] == pytest.approx(lights[0], rel=0.02)


def test_a_white_wall_of_a_lit_room_is_exposed_well():
    scene = scene_of(room(WHITE), lamps=(Lamp((2.5, 2.0, 2.2), (0.3,) * 3),), ambient=(0.02,) * 3)
    light = bake(scene, quality="fast")
    atlas = irradiance(scene, FAST).atlas
    wall = (atlas.normal[:, 0] > 0.99) & (abs(atlas.rim[:, 0]) < 1e-4)
    pixel = light.texels.reshape(-1, 3)[atlas.texel] / 255 * LIGHT_WHITE ** (1 / LIGHT_GAMMA)
    shown = np.minimum(pixel * 0.93, 1.0)[wall]
    assert 0.7 <= np.median(shown) <= 0.9
    assert shown.min() >= 0.12


def test_emissive_surfaces_keep_their_own_brightness():
    b = room(WHITE)
    b.quad([(1, 1, 2.4), (1, 2, 2.4), (2, 2, 2.4), (2, 1, 2.4)], GLOW, 0)
    scene = scene_of(b, lamps=(Lamp((2.5, 2.0, 2.2), (9.0,) * 3),))
    shown = look_up(bake(scene, quality="fast"), scene, -1, np.array([[1.2, 1.5, 2.4]]))
    np.testing.assert_allclose(shown, 1.0, atol=0.01)


def test_two_runs_give_the_same_bytes():
    scene = scene_of(
        room(GLASS),
        lamps=(Lamp((2.5, 2.0, 2.2), (2.0, 1.9, 1.7)),),
        sun=Sun((-0.2, 0.8, 0.56), (3.0, 3.0, 3.0)),
    )
    one, two = bake(scene), bake(scene)
    assert one.texels.tobytes() == two.texels.tobytes()
    assert one.uv.tobytes() == two.uv.tobytes()


def test_every_look_up_stays_in_its_own_chart():
    b = room(GLASS)
    b.lathe([(0, 0), (0.2, 0), (0.3, 0.4), (0.1, 0.7)], WHITE, b.add_instance("vase", "vase"))
    b.triangles(
        [(1, 1, 1), (1.7, 1, 1), (1.1, 1.9, 1.2)], [(0, 1, 2)], np.zeros((1, 3, 2)), WHITE, 0
    )
    scene = scene_of(b)
    corners = scene.vertices[scene.triangles]
    charts = cut_charts(corners, scene.instance, np.ones(len(corners), bool))
    atlas = lay_out(charts, 0.05)
    owner = np.full(atlas.shape, -1)
    owner.reshape(-1)[atlas.texel] = atlas.chart
    assert len(np.unique(atlas.texel)) == len(atlas.texel)
    weights = np.random.default_rng(0).dirichlet((0.5,) * 3, (len(corners), 200))
    weights[:, :3] = np.eye(3)
    at = np.einsum("tkc,tcd->tkd", weights, atlas.uv.astype(float)) - 0.5
    low = np.floor(at + 1e-4).astype(int)
    high = np.ceil(at - 1e-4).astype(int)
    for x in (low, high):
        for y in (low, high):
            assert (owner[y[..., 1], x[..., 0]] == charts.chart[:, None]).all()


def test_texels_lie_where_the_atlas_says():
    b = room(GLASS)
    b.lathe([(0, 0), (0.2, 0), (0.3, 0.4), (0.1, 0.7)], WHITE, b.add_instance("vase", "vase"))
    scene = scene_of(b)
    corners = scene.vertices[scene.triangles].astype(float)
    charts = cut_charts(corners, scene.instance, np.ones(len(corners), bool))
    atlas = lay_out(charts, 0.05)
    a, b_, c = np.moveaxis(corners[atlas.triangle], 1, 0)
    uv = atlas.uv[atlas.triangle].astype(float)
    texel = np.stack([atlas.texel % atlas.shape[1], atlas.texel // atlas.shape[1]], 1) + 0.5
    steps = np.linalg.solve(np.swapaxes(uv[:, 1:] - uv[:, :1], 1, 2), (texel - uv[:, 0])[..., None])
    inside = (steps.min((1, 2)) >= -1e-4) & (steps.sum((1, 2)) <= 1 + 1e-4)
    expected = a + steps[:, 0] * (b_ - a) + steps[:, 1] * (c - a)
    assert inside.mean() > 0.9
    np.testing.assert_allclose(atlas.rim[inside], expected[inside], atol=1e-3)
    assert np.linalg.norm(atlas.rim - atlas.position, axis=1).max() < 0.05


def test_an_atlas_keeps_to_its_budget():
    b = new_builder()
    floor(b, half=30.0)
    arrays = b.arrays()
    corners = arrays["vertices"][arrays["triangles"]]
    charts = cut_charts(corners, arrays["instance"], np.ones(2, bool))
    atlas = lay_out(charts, 0.05, max_texels=20_000)
    assert 10_000 < len(atlas.texel) <= 20_000
    assert atlas.shape[1] & (atlas.shape[1] - 1) == 0


def test_degenerate_triangles_and_dark_scenes_are_baked():
    b = new_builder()
    nothing = [(0, 0, 0), (1, 0, 0), (2, 0, 0), (0, 0, 0)]
    b.triangles(nothing, [(0, 1, 2), (0, 3, 3), (1, 1, 1)], np.zeros((3, 3, 2)), WHITE, 0)
    assert bake(scene_of(b), quality="fast").uv.shape == (3, 3, 2)
    floor(b)
    light = bake(scene_of(b), quality="fast")
    assert np.isfinite(light.uv).all() and light.texels.max() > 0
    glowing = new_builder()
    glowing.quad([(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0)], GLOW, 0)
    assert bake(scene_of(glowing), quality="fast").texels.max() > 100


def test_an_unknown_quality_is_refused():
    b = new_builder()
    floor(b)
    with pytest.raises(ValueError, match="full"):
        bake(scene_of(b), quality="best")


def test_a_cold_and_a_warm_cache_give_the_same_bytes(tmp_path):
    scene = scene_of(room(), lamps=(Lamp((2.5, 2.0, 2.2), (2.0, 1.9, 1.7)),))
    cache = ArrayCache(tmp_path)
    baked = bake(scene, quality="fast")
    cold = lightmap_for(scene, quality="fast", cache=cache)
    warm = lightmap_for(scene, quality="fast", cache=cache)
    without = lightmap_for(scene, quality="fast")
    for light in (cold, warm, without):
        assert light.texels.tobytes() == baked.texels.tobytes()
        assert light.uv.tobytes() == baked.uv.tobytes()
    assert len(list(tmp_path.iterdir())) == 1


def test_the_cache_tells_scenes_apart_by_all_that_light_depends_on(tmp_path):
    scene = scene_of(room(), lamps=(Lamp((2.5, 2.0, 2.2), (2.0, 1.9, 1.7)),))
    cache = ArrayCache(tmp_path)
    moved = scene.vertices.copy()
    moved[0, 0] += 0.01
    others = [
        dataclasses.replace(scene, lamps=(Lamp((2.5, 2.0, 2.1), (2.0, 1.9, 1.7)),)),
        dataclasses.replace(scene, vertices=moved),
        dataclasses.replace(scene, version="2"),
        dataclasses.replace(scene, materials=(Material("black", (0.1, 0.1, 0.1)),)),
    ]
    for k, other in enumerate([scene, *others]):
        lightmap_for(other, quality="fast", cache=cache)
        assert len(list(tmp_path.iterdir())) == k + 1
