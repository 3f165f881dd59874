"""Coarse scenes are lit with few texels: small facets share them, shadows stay where they are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from navworld.world.baking.charts import cut_charts
from navworld.world.baking.merging import merge_small
from navworld.world.light import bake
from navworld.world.mesh import MeshBuilder
from navworld.world.scene import Lamp, Material, Scene, Sun


@pytest.fixture(scope="module")
def yard() -> Scene:
    """40 m of level ground, a wall 6 m high across it, and 300 twigs in front of the wall."""
    mesh = MeshBuilder()
    white = Material("white")
    ground, wall, bush = (mesh.add_instance(n, "terrain") for n in ("ground", "wall", "bush"))
    edges = np.arange(-20.0, 21.0, 10.0)
    for x in edges[:-1]:
        for y in edges[:-1]:
            corners = [(x, y, 0), (x + 10, y, 0), (x + 10, y + 10, 0), (x, y + 10, 0)]
            mesh.quad(corners, white, ground)
    mesh.box((-0.2, -15, 0), (0.2, 15, 6), white, wall)
    rng = np.random.default_rng(0)
    for place in rng.uniform((-9, -2, 0.2), (-7, 2, 1.8), (300, 3)):
        mesh.quad(place + rng.normal(scale=0.06, size=(4, 3)), white, bush)
    return Scene(
        "yard", **mesh.arrays(), materials=tuple(mesh.materials), instances=tuple(mesh.instances),
        sun=Sun((-0.6, 0.0, 0.8), (2.0, 2.0, 2.0)), texel=0.4,
    )  # fmt: skip


def brightness(scene: Scene, xy: tuple[float, float]) -> float:
    """Baked light of the ground at a place, 0…255, read where its triangle puts it."""
    light = bake(scene)
    corners = scene.vertices[scene.triangles].astype(np.float64)
    for k in np.flatnonzero((scene.instance == 0) & (corners[..., 2] == 0).all(1)):
        a, b, c = corners[k, :, :2]
        u, v = np.linalg.solve(np.stack([b - a, c - a], 1), np.array(xy) - a)
        if u >= 0 and v >= 0 and u + v <= 1:
            column, row = light.uv[k, 0] + (light.uv[k, 1:] - light.uv[k, 0]).T @ (u, v)
            return float(light.texels[int(row), int(column)].mean())
    raise AssertionError(f"no ground at {xy}")


def test_small_facets_share_texels_and_large_ones_keep_their_charts(yard):
    corners = yard.vertices[yard.triangles]
    charts = cut_charts(corners, yard.instance, np.ones(len(corners), bool))
    kept, merged = merge_small(charts, yard.instance, 0.4, finest=0.4)
    bush = yard.instance == 2
    assert (kept.chart[~bush] >= 0).all() and (merged.group[~bush] < 0).all()
    assert (kept.chart[bush] < 0).all() and (merged.group[bush] >= 0).all()
    assert len(merged.leader) < 0.8 * bush.sum()
    for group in np.unique(merged.group[bush]):
        own = np.flatnonzero(merged.group == group)
        assert merged.leader[group] in own
        assert np.ptp(corners[own].mean(1), axis=0).max() <= 2 * 0.4 + 1e-6
        assert charts.area[merged.leader[group]] == charts.area[own].max()


def test_a_coarse_scene_takes_far_fewer_texels(yard):
    coarse, fine = bake(yard), bake(replace(yard, name="fine yard", texel=0.05))
    assert coarse.texels.size < 0.1 * fine.texels.size


def test_the_shadow_of_a_wall_lies_where_the_sun_puts_it(yard):
    """The sun stands at 0.8 / 0.6: 6 m of wall shade the ground 4.5 m beyond it."""
    assert brightness(yard, (7.0, 1.0)) > 1.15 * brightness(yard, (2.0, 1.0))
    assert brightness(yard, (5.8, 1.0)) > 1.1 * brightness(yard, (3.2, 1.0))


def test_no_facet_is_left_black_and_every_bake_gives_the_same_bytes(yard):
    light, again = bake(yard), bake(yard)
    assert (light.texels == again.texels).all() and (light.uv == again.uv).all()
    column, row = light.uv.mean(1).astype(int).T
    seen = yard.instance != 1
    assert light.texels[row, column][seen].max(1).min() > 20


def test_lamps_for_the_dark_are_off_in_the_sun(yard):
    lamp = Lamp((8.0, 0.0, 4.0), (30.0, 30.0, 30.0))
    always, dark = (replace(yard, lamps=(replace(lamp, dark_only=k),)) for k in (False, True))
    assert (bake(dark).texels == bake(yard).texels).all()
    assert (bake(always).texels != bake(yard).texels).any()
    night = replace(dark, sun=None, sky=(0.0, 0.0, 0.0), ambient=(0.01, 0.01, 0.01))
    assert brightness(night, (8.0, 0.5)) > 3 * brightness(night, (-18.0, 0.5))


def test_coarse_light_of_the_land_joins_at_the_edges_of_its_facets():
    """Rolling land in facets far smaller than a coarse texel, under a roof: no facet stands out."""
    mesh = MeshBuilder()
    mesh.add_instance("land", "terrain")
    x, y = (grid.astype(float) for grid in np.meshgrid(np.arange(16), np.arange(16)))
    points = np.stack([x, y, 0.4 * np.sin(0.5 * x) * np.cos(0.4 * y)], -1).reshape(-1, 3)
    k = (np.arange(15)[:, None] * 16 + np.arange(15)).reshape(-1)
    index = np.concatenate([np.stack([k, k + 1, k + 17], 1), np.stack([k, k + 17, k + 16], 1)])
    uv = np.zeros((len(index), 3, 2))
    mesh.triangles(points, index, uv, Material("grass", (0.4, 0.5, 0.3)), 0)
    roof = mesh.add_instance("roof", "building")
    mesh.box((4, 4, 3), (9, 9, 3.2), Material("slate"), roof)
    land = Scene(
        "rolling land", **mesh.arrays(), materials=tuple(mesh.materials),
        instances=tuple(mesh.instances), sun=Sun((-0.6, 0.0, 0.8), (2.0, 2.0, 2.0)), texel=0.5,
    )  # fmt: skip
    light = bake(land, quality="fast")
    corner = {}
    for t in np.flatnonzero(land.instance == 0):
        for c in range(3):
            column, row = (int(value) for value in light.uv[t, c])
            shown = float(light.texels[row, column].mean())
            corner.setdefault(int(land.triangles[t, c]), []).append(shown)
    spread = [np.ptp(values) for values in corner.values() if len(values) > 2]
    everywhere = np.ptp([value for values in corner.values() for value in values])
    assert len(spread) > 150 and everywhere > 40
    assert np.percentile(spread, 90) < 0.1 * everywhere
