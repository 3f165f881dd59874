"""How much light reaches every texel of a scene's atlas, before exposure.

Irradiance is what lamps and the sun send directly, with soft shadows; plus what the hemisphere
around a texel sends: directly lit surfaces (one bounce, scaled up for the ones that follow), the
sky through windows, and the scene's ambient light where it is open. A texel's rays are few;
neighbours use different ones of a stratified set, and a blur within the chart joins them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from navworld.world.baking import gather as gt
from navworld.world.baking import shadows as sh
from navworld.world.baking.atlas import Atlas, lay_out
from navworld.world.baking.charts import Charts, cut_charts
from navworld.world.baking.denoise import agree, blur, fill, paint
from navworld.world.baking.interlace import look_around
from navworld.world.baking.merging import FINE, Merged, merge_small, with_points
from navworld.world.scene import LIGHT_GAMMA, Scene
from navworld.world.tracing import embree as em

AMBIENT_REACH = 2.0
LATER_BOUNCES = 0.7
SKY_SHARE = (0.8, 0.92, 1.08)
BURIED_SHARE = 0.5
UNRELIABLE_SHARE = 0.25
WELD_COSINE = 0.64
TINY = 4
PATTERN = np.array([0, 8, 2, 10, 12, 4, 14, 6, 3, 11, 1, 9, 15, 7, 13, 5])
OUTDOORS, OUTDOOR_TEXELS, MAX_OUTDOOR_SHARE = 0.85, 4.0, 0.7
FOOTPRINT = 0.75
HIDDEN_SHARE = 0.25
TILE_TEXELS, MAX_TEXELS, FADE_M = 64, 1_800_000, 20.0
GATHER_SIGMA, SHADOW_SIGMA = 5.0, 0.7


@dataclass(frozen=True)
class Quality:
    """How finely light is baked.

    Attributes:
        texel: Distance of neighbouring texels [m].
        tiny_sets: Direction sets (16 rays) per texel of charts too small to blur; others use one.
        shadow_rays: Shadow rays per light and texel in penumbra, 4 to 16.
    """

    texel: float
    tiny_sets: int
    shadow_rays: int


QUALITIES = {"full": Quality(0.05, 1, 16), "fast": Quality(0.15, 1, 4)}


@dataclass(frozen=True, eq=False)
class Irradiance:
    """Light by texel.

    Attributes:
        atlas: Where the texels are.
        light: (N, 3) linear RGB irradiance of `atlas.texel`; 1 shows a white surface white.
        sky_share: (N,) fraction of the hemisphere where a texel sees out of the scene.
        valid: (N,) False for texels inside other objects, whose light is their neighbours'.
    """

    atlas: Atlas
    light: NDArray[np.float32]
    sky_share: NDArray[np.float32]
    valid: NDArray[np.bool_]


def irradiance(scene: Scene, quality: Quality) -> Irradiance:
    """Computes the light of every texel; the same bytes on every run."""
    corners = scene.vertices[scene.triangles]
    emission = np.array([m.emission for m in scene.materials], np.float32)[scene.material]
    clear = np.array([m.transparent for m in scene.materials])[scene.material]
    coarse = scene.texel > FINE
    scale = scene.texel / FINE
    tile = TILE_TEXELS * scene.texel if coarse else None
    charts = cut_charts(corners, scene.instance, emission <= 0, tile=tile)
    merged = None
    if coarse:
        charts, merged = merge_small(
            charts, scene.instance, quality.texel * scale, finest=FINE * scale
        )
    owner = np.flatnonzero((emission <= 0) & ~clear).astype(np.int32)
    mesh = em.TriangleMesh(scene.vertices, scene.triangles[owner], watertight=False)
    calls = em.device().calls
    texel = np.full(len(charts.size), quality.texel)
    if coarse:
        texel *= scale * _remoteness(scene, charts)
    atlas, normal = _prepare(charts, calls, mesh.handle, texel, merged)
    points = _weld(atlas, normal, scene.instance)
    direct = _direct(scene, calls, mesh.handle, points, quality)
    image = np.zeros((*atlas.shape, 3), np.float32)
    image.reshape(-1, 3)[atlas.texel] = direct[points.of_texel] * _albedo(scene)[atlas.triangle]
    seen = _surroundings(scene, atlas, points, quality, (calls, mesh.handle, owner, image))
    return _assemble(scene, atlas, points, direct, seen)


@dataclass(frozen=True, eq=False)
class _Points:
    """Where light is computed.

    Attributes:
        position, normal: (M, 3).
        footprint: (M,) radius that shadows are averaged over [m].
        of_texel: (N,) the point of every texel.
        first_texel: (M,) the first texel of every point.
        spacing: (C,) distance of neighbouring texels of every chart [m].
    """

    position: NDArray[np.float32]
    normal: NDArray[np.float32]
    footprint: NDArray[np.float64]
    of_texel: NDArray[np.int64]
    first_texel: NDArray[np.int64]
    spacing: NDArray[np.float64]


def _prepare(
    charts: Charts, calls: NDArray, scene: int, texel: NDArray[np.float64], merged: Merged | None
) -> tuple[Atlas, NDArray[np.float32]]:
    """The atlas, with few texels for what is outdoors or out of sight, and (N, 3) normals.

    Normals are turned round in charts that are buried in front and open behind. Coarse scenes
    (those with merged facets) are outdoors themselves.
    """
    front, back, leaving, buried = gt.probe(
        calls, scene, len(charts.size), charts.chart, charts.corners, charts.normal, charts.area,
        gt.hemisphere_sets(),
    ).T  # fmt: skip
    turned = back > 2 * front + 0.02
    area = charts.size.prod(1)
    outdoors = leaving > OUTDOORS
    if merged is None and area[outdoors].sum() < MAX_OUTDOOR_SHARE * area.sum():
        texel[outdoors] *= OUTDOOR_TEXELS
    texel[(buried == 1) & ~turned] = np.inf
    if merged is None:
        atlas = lay_out(charts, texel)
    else:
        atlas = with_points(lay_out(charts, texel, max_texels=MAX_TEXELS), charts, merged)
        turned = np.append(turned, np.zeros(len(merged.leader), bool))
    sign = np.where(turned, np.float32(-1), np.float32(1))[atlas.chart]
    return atlas, atlas.normal * sign[:, None]


def _remoteness(scene: Scene, charts: Charts) -> NDArray[np.float64]:
    """(C,) how many times coarser texels may be, for their distance from where bodies can be."""
    if not scene.floors:
        return np.ones(len(charts.size))
    has = charts.chart >= 0
    own = charts.chart[has]
    count = np.maximum(np.bincount(own, minlength=len(charts.size)), 1)
    away = np.zeros(len(charts.size))
    for axis in range(2):
        center = np.bincount(own, charts.corners[has][..., axis].mean(1), len(charts.size)) / count
        low = min(floor.origin[axis] for floor in scene.floors)
        high = max(f.origin[axis] + f.cell * f.clearance.shape[1 - axis] for f in scene.floors)
        away = np.maximum(away, np.maximum(low - center, center - high))
    return 1 + away / FADE_M


def _weld(atlas: Atlas, normal: NDArray, instance: NDArray) -> _Points:
    """One point for the rim texels that facets of an object share at less than 50°."""
    rectangle = atlas.rectangles[atlas.chart]
    column = atlas.texel % atlas.shape[1] - rectangle[:, 0]
    row = atlas.texel // atlas.shape[1] - rectangle[:, 1]
    on_rim = (column == 0) | (row == 0)
    on_rim |= (column == rectangle[:, 2] - 1) | (row == rectangle[:, 3] - 1)
    rim = np.flatnonzero(on_rim)
    cell = np.floor(atlas.rim[rim].astype(np.float64) * 512 + 0.37).astype(np.int64)
    key = instance[atlas.triangle[rim]].astype(np.int64)
    for axis in range(3):
        key = key * 0x9E3779B97F4A7C1 + cell[:, axis]
    order = np.argsort(key, kind="stable")
    leader = np.arange(len(atlas.texel))
    position, direction = atlas.position.copy(), normal.astype(np.float32)
    spacing = _texel_sizes(atlas)
    footprint = np.where(on_rim, 0, FOOTPRINT * spacing[atlas.chart])
    _join(rim[order], key[order], atlas.rim, normal, leader, position, direction)
    leads = leader == np.arange(len(leader))
    number = np.cumsum(leads) - 1
    return _Points(
        position=position[leads],
        normal=direction[leads],
        footprint=footprint[leads],
        of_texel=number[leader],
        first_texel=np.flatnonzero(leads),
        spacing=spacing,
    )


@njit(nogil=True, cache=True)
def _join(texels, key, rim, normal, leader, position, direction):
    """Clusters texels of equal key whose normals agree; moves the leaders to the common point."""
    mean, total = np.zeros(3), np.zeros(3)
    at = 0
    while at < len(texels):
        end = at
        while end < len(texels) and key[end] == key[at]:
            end += 1
        for a in range(at, end):
            first = texels[a]
            if leader[first] != first:
                continue
            mean[:], total[:], count = 0.0, 0.0, 0
            for b in range(a, end):
                t = texels[b]
                if leader[t] == t and _dot(normal[t], normal[first]) > WELD_COSINE:
                    leader[t] = first
                    count += 1
                    for c in range(3):
                        mean[c] += position[t, c]
                        total[c] += normal[t, c]
            if count == 1:
                continue
            length = np.sqrt(_dot(total, total))
            for c in range(3):
                mean[c] /= count
                total[c] /= length
            lift = 0.0
            for b in range(a, end):
                if leader[texels[b]] == first:
                    n = normal[texels[b]]
                    depth = _dot(rim[first], n) - _dot(mean, n)
                    lift = max(lift, depth / max(_dot(total, n), 0.5))
            for c in range(3):
                position[first, c] = mean[c] + lift * total[c]
                direction[first, c] = total[c]
        at = end


@njit(nogil=True, cache=True)
def _dot(a, b):
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def _direct(
    scene: Scene, calls: NDArray, handle: int, points: _Points, quality: Quality
) -> NDArray[np.float32]:
    """(M, 3) light of lamps and sun."""
    out = np.zeros((len(points.position), 3), np.float32)
    burning = [lamp for lamp in scene.lamps if scene.sun is None or not lamp.dark_only]
    lights = [(*lamp.position, *lamp.power, lamp.radius, 0.0) for lamp in burning]
    if scene.sun is not None:
        towards = np.asarray(scene.sun.direction) / np.linalg.norm(scene.sun.direction)
        spread = float(np.tan(scene.sun.angular_radius))
        lights.append((*towards.tolist(), *scene.sun.power, spread, 1.0))
    anywhere = np.ones((1, 1, 1), np.bool_), 1.0
    for light in np.array(lights, np.float64).reshape(-1, 8):
        volume, cell = anywhere if light[7] == 1.0 else sh.lit_volume(calls, handle, light)
        sh.add_light(
            calls, handle, points.position, points.normal, points.footprint, light, volume, cell,
            sh.disc_samples(), sh.turn_table(), quality.shadow_rays, out,
        )  # fmt: skip
    return out


def _surroundings(
    scene: Scene,
    atlas: Atlas,
    points: _Points,
    quality: Quality,
    traced: tuple[NDArray, int, NDArray, NDArray],
) -> NDArray[np.float32]:
    """(M, 7) what `gather` sees from every point."""
    calls, handle, owner, radiance = traced
    texel = atlas.texel[points.first_texel]
    x, y = texel % atlas.shape[1], texel // atlas.shape[1]
    tiny = (atlas.rectangles[:, 2:].max(1) <= TINY)[atlas.chart[points.first_texel]]
    packets = np.where(tiny, quality.tiny_sets, 1)
    pattern = (PATTERN[y // 2 % 4 * 4 + x // 2 % 4] + 5 * (x % 2) + 10 * (y % 2)) % gt.SETS

    def look(which: NDArray[np.int64], seen: NDArray[np.float32]) -> None:
        gt.gather(
            calls, handle, which, points.position, points.normal, pattern, packets,
            gt.hemisphere_sets(), owner, atlas.uv, radiance, _sky(scene), AMBIENT_REACH, seen,
        )  # fmt: skip

    return look_around(atlas, points.first_texel, points.of_texel, look)


def _albedo(scene: Scene) -> NDArray[np.float32]:
    """(T, 3) mean linear colour of every triangle's material."""
    colors = []
    for material in scene.materials:
        color = np.asarray(material.color, np.float64) ** LIGHT_GAMMA
        if material.texture is not None:
            pixels = material.texture.pixels[::8, ::8, :3].reshape(-1, 3) / 255.0
            color = color * (pixels**LIGHT_GAMMA).mean(0)
        colors.append(color)
    return np.asarray(colors, np.float32)[scene.material]


def _sky(scene: Scene) -> NDArray[np.float64]:
    """(3,) radiance of the sky: as given, else a share of the sun's irradiance."""
    if scene.sky is not None:
        return np.asarray(scene.sky, np.float64)
    return np.zeros(3) if scene.sun is None else np.asarray(scene.sun.power) * SKY_SHARE


def _assemble(
    scene: Scene, atlas: Atlas, points: _Points, direct: NDArray, seen: NDArray
) -> Irradiance:
    """Adds everything up by texel, smooths it, and repairs texels that lie inside objects.

    Charts that are hidden altogether get some light, in case a corner of one shows after all.
    """
    open_share = seen[:, gt.OPEN, None]
    around = (1 + LATER_BOUNCES * open_share) * seen[:, :3] + open_share * np.asarray(
        scene.ambient, np.float32
    )
    buried = seen[:, gt.BACK] > BURIED_SHARE
    if np.count_nonzero(~buried & (seen[:, gt.BACK] > 0.1)) > UNRELIABLE_SHARE * len(buried):
        buried &= seen[:, gt.NEARNESS] > 7.0
    valid = ~buried[points.of_texel]
    chart = np.full(atlas.shape, -1, np.int32)
    chart.reshape(-1)[atlas.texel] = atlas.chart

    def image(values: NDArray) -> NDArray:
        pixels = np.zeros((*atlas.shape, *values.shape[1:]), values.dtype)
        channels = 1 if values.ndim == 1 else values.shape[1]
        rows = values.reshape(len(values), channels)
        paint(rows, points.of_texel, atlas.texel, pixels.reshape(chart.size, channels))
        return pixels

    light, usable = image(around), image(~buried)
    nearness = image(seen[:, gt.NEARNESS])
    blur(light, chart, usable, nearness, points.spacing, GATHER_SIGMA)
    beams = image(direct)
    blur(beams, chart, usable, nearness, points.spacing, SHADOW_SIGMA)
    light += beams
    fill(light, chart, usable, len(atlas.rectangles))
    texels = light.reshape(-1, 3)[atlas.texel]
    agree(texels, points.of_texel, valid, len(points.position))
    if valid.any():
        hidden = np.bincount(atlas.chart, valid, len(atlas.rectangles))[atlas.chart] == 0
        least = HIDDEN_SHARE * np.median(texels[valid], axis=0).astype(np.float32)
        texels[hidden] = np.maximum(texels[hidden], least)
    return Irradiance(atlas, texels, seen[points.of_texel, gt.SKY], valid)


def _texel_sizes(atlas: Atlas) -> NDArray[np.float64]:
    """(C,) distance of neighbouring texels of every chart [m], taken along a row."""
    neighbours = np.flatnonzero((np.diff(atlas.texel) == 1) & (np.diff(atlas.chart) == 0))
    step = np.linalg.norm(atlas.position[neighbours + 1] - atlas.position[neighbours], axis=1)
    chart = atlas.chart[neighbours]
    count = np.bincount(chart, minlength=len(atlas.rectangles))
    total = np.bincount(chart, step, minlength=len(atlas.rectangles))
    return np.maximum(total / np.maximum(count, 1), 1e-3)
