"""Which texels look around themselves, and which take what their neighbours see.

In the open only every fourth texel looks around; then those between four across the corner take
their mean, and at last those between four across the side. Along rims and in narrow charts every
second texel looks around. Where the neighbours differ, a texel looks for itself.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numba import njit
from numpy.typing import NDArray

from navworld.world.baking import gather as gt
from navworld.world.baking.atlas import Atlas

MIN_WIDE = 6
OPEN_NEARNESS, UNLIKE = 2.5, 0.2
MAX_BACK, BACK_SPREAD, MIN_BURIED = 0.4, 0.25, 0.6
LOOKS, ROW, COLUMN, CORNERS, SIDES = range(5)


def look_around(
    atlas: Atlas,
    first_texel: NDArray[np.integer],
    of_texel: NDArray[np.integer],
    look: Callable[[NDArray[np.int64], NDArray[np.float32]], None],
) -> NDArray[np.float32]:
    """(M, 7) what `gather` sees from every point, where needed or else from its neighbours.

    Args:
        first_texel: (M,) the first texel of every point.
        of_texel: (N,) the point of every texel.
        look: Writes what some points see to their rows.
    """
    width = atlas.shape[1]
    texel = atlas.texel[first_texel].astype(np.int64)
    kind = _kinds(texel, width, atlas.chart[first_texel], atlas.rectangles)
    number = np.full(atlas.shape[0] * width, -1, np.int64)
    number[atlas.texel] = of_texel
    seen = np.zeros((len(texel), 7), np.float32)
    known = kind == LOOKS
    look(np.flatnonzero(known), seen)
    for turn, steps in (
        (ROW, (-1, 1)),
        (COLUMN, (-width, width)),
        (CORNERS, (-width - 1, -width + 1, width - 1, width + 1)),
        (SIDES, (-1, 1, -width, width)),
    ):
        spared = np.flatnonzero(kind == turn)
        restless = _settle(spared, texel, np.array(steps), number, known, seen)
        look(spared[restless], seen)
        known[spared] = True
    return seen


@njit(nogil=True, cache=True)
def _kinds(texel, width, chart, rectangles):
    """Whether a texel looks around, or where it takes it from unless that differs."""
    kind = np.full(len(texel), LOOKS, np.int8)
    for k in range(len(texel)):
        x, y = texel[k] % width, texel[k] // width
        left, top, columns, rows = rectangles[chart[k]]
        across, down = left < x < left + columns - 1, top < y < top + rows - 1
        wide = min(columns, rows) >= MIN_WIDE
        odd_x, odd_y = x % 2 == 1, y % 2 == 1
        if across and down and wide:
            if odd_x or odd_y:
                kind[k] = CORNERS if odd_x and odd_y else SIDES
        elif across and odd_x:
            kind[k] = ROW
        elif down and wide and odd_y and not across:
            kind[k] = COLUMN
    return kind


@njit(nogil=True, cache=True)
def _settle(spared, texel, steps, number, known, seen):
    """Gives points the mean of their neighbours; returns which of them have to look themselves."""
    restless = np.zeros(len(spared), np.bool_)
    share = np.float32(1.0 / len(steps))
    for k in range(len(spared)):
        point = spared[k]
        least, most, least_back, most_back, known_all = np.inf, 0.0, 1.0, 0.0, True
        for step in steps:
            other = number[texel[point] + step]
            if other < 0 or not known[other]:
                known_all = False
                break
            least = min(least, seen[other, gt.NEARNESS])
            most = max(most, seen[other, gt.NEARNESS])
            least_back = min(least_back, seen[other, gt.BACK])
            most_back = max(most_back, seen[other, gt.BACK])
        alike = most < OPEN_NEARNESS or most - least < UNLIKE * (most + least)
        alike &= most_back < MAX_BACK and most_back - least_back < BACK_SPREAD
        if not (known_all and (alike or least_back > MIN_BURIED)):
            restless[k] = True
            continue
        for step in steps:
            other = number[texel[point] + step]
            for c in range(7):
                seen[point, c] += share * seen[other, c]
    return restless
