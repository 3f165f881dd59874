"""Light for what is smaller than a light texel: facets of one object that lie close share a texel.

A city has a million facets, most of them leaves, mouldings and parts of vehicles; a chart for each
would make the lightmap larger than the city. Facets of one object, of one voxel and of about one
direction are lit evenly, by what the largest of them sees. The place itself, instance 0 (the land,
the walls of a tunnel), is a surface and not a heap of things: its facets are merged by the texels
of the full quality, or a coarse one would show them one by one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from navworld.world.baking.atlas import Atlas
from navworld.world.baking.charts import Charts

FINE = 0.05
"""Scenes with light texels of up to this side [m] are lit facet by facet."""

FACING = 1.2
SMALL_AREA, LONGEST, VOXEL = 2.5, 9.0, 2.0
"""Charts of up to so many texels, none longer than so many, are merged by voxels of so many."""


@dataclass(frozen=True, eq=False)
class Merged:
    """Facets that share texels.

    Attributes:
        group: (T,) int32 group of every triangle, −1 for those with a chart (or without light).
        leader: (G,) int32 the triangle that stands for each group.
    """

    group: NDArray[np.int32]
    leader: NDArray[np.int32]


def merge_small(
    charts: Charts, instance: NDArray[np.int32], texel: float, *, finest: float
) -> tuple[Charts, Merged]:
    """Takes charts of hardly a texel's area out of the atlas and groups their facets.

    Args:
        charts: Of all facets.
        instance: (T,) object of every triangle; groups do not cross objects.
        texel: Side of a texel [m].
        finest: That of the full quality [m].
    """
    has = charts.chart >= 0
    side = np.full(len(charts.size), texel)
    side[charts.chart[has & (instance == 0)]] = min(finest, texel)
    small = charts.size.prod(1) <= SMALL_AREA * side**2
    small &= charts.size[:, 0] <= LONGEST * side
    taken = np.flatnonzero(has & small[charts.chart])
    number = (np.cumsum(~small) - 1).astype(np.int32)
    kept = np.where(has & ~small[charts.chart], number[charts.chart], np.int32(-1))
    center = charts.corners[taken].mean(1)
    cell = np.floor(center / (VOXEL * side[charts.chart[taken], None])).astype(np.int64)
    facing = np.rint(FACING * charts.normal[taken]).astype(np.int64) + 1
    key = instance[taken].astype(np.int64)
    for axis in range(3):
        key = (key * 8191 + cell[:, axis]) * 3 + facing[:, axis]
    order = np.lexsort((taken, -charts.area[taken], key))
    first = np.ones(len(taken), bool)
    first[1:] = np.diff(key[order]) != 0
    group = np.full(len(has), -1, np.int32)
    group[taken[order]] = np.cumsum(first) - 1
    leader = taken[order][first].astype(np.int32)
    return replace(charts, chart=kept, size=charts.size[~small]), Merged(group, leader)


def with_points(atlas: Atlas, charts: Charts, merged: Merged) -> Atlas:
    """The atlas with one texel more for every group, in rows below its charts."""
    count = len(merged.leader)
    if not count:
        return atlas
    height, width = atlas.shape
    number = np.arange(count)
    x, y = number % (width - 1), height - 2 + number // (width - 1)
    rows = -(-count // (width - 1))
    uv = atlas.uv.copy()
    has = merged.group >= 0
    place = np.stack([x, y], 1).astype(np.float32) + 0.5
    uv[has] = place[merged.group[has]][:, None]
    center = charts.corners[merged.leader].mean(1).astype(np.float32)
    ones = np.ones(count, np.int64)
    rectangles = np.stack([x, y, ones, ones], 1).astype(np.int32)

    def joined(old: NDArray, new: NDArray) -> NDArray:
        return np.concatenate([old, new.astype(old.dtype)])

    return Atlas(
        uv=uv,
        shape=(height + rows, width),
        rectangles=joined(atlas.rectangles, rectangles),
        texel=joined(atlas.texel, y * width + x),
        chart=joined(atlas.chart, len(atlas.rectangles) + number),
        triangle=joined(atlas.triangle, merged.leader),
        position=joined(atlas.position, center),
        rim=joined(atlas.rim, center),
        normal=joined(atlas.normal, charts.normal[merged.leader]),
    )
