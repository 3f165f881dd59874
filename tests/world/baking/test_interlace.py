"""Texels that take what their neighbours see, against surroundings that are known."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from navworld.world.baking import gather as gt
from navworld.world.baking.atlas import Atlas, lay_out
from navworld.world.baking.charts import cut_charts
from navworld.world.baking.interlace import look_around


def plane(half: float = 2.0) -> Atlas:
    """A square of texels, 5 cm apart."""
    a, b, c, d = [(-half, -half, 0), (half, -half, 0), (half, half, 0), (-half, half, 0)]
    corners = np.array([(a, b, c), (a, c, d)], np.float32)
    return lay_out(cut_charts(corners, np.zeros(2, np.int32), np.ones(2, bool)), 0.05)


def looked(atlas: Atlas, truth: NDArray[np.float32]) -> tuple[NDArray[np.float32], int]:
    """What `look_around` returns where every point would see its row of `truth`, and its looks."""
    looks = 0

    def look(which: NDArray[np.int64], seen: NDArray[np.float32]) -> None:
        nonlocal looks
        looks += len(which)
        seen[which] = truth[which]

    texels = np.arange(len(atlas.texel))
    return look_around(atlas, texels, texels, look), looks


def test_even_surroundings_are_looked_at_from_few_texels_and_interpolated():
    atlas = plane()
    truth = np.zeros((len(atlas.texel), 7), np.float32)
    truth[:, gt.RED], truth[:, gt.NEARNESS] = 1 + 0.1 * atlas.rim[:, 0], 0.8
    seen, looks = looked(atlas, truth)
    assert looks < 0.3 * len(truth)
    np.testing.assert_allclose(seen, truth, atol=1e-5)


def test_texels_look_for_themselves_where_an_edge_of_something_near_passes():
    atlas = plane()
    truth = np.zeros((len(atlas.texel), 7), np.float32)
    truth[:, gt.NEARNESS] = np.where(atlas.rim[:, 0] > 0.31, 9.0, 0.8)
    seen, looks = looked(atlas, truth)
    assert looks < 0.4 * len(truth)
    np.testing.assert_allclose(seen, truth, atol=1e-5)


def test_what_is_buried_never_mixes_with_what_is_open():
    atlas = plane()
    truth = np.zeros((len(atlas.texel), 7), np.float32)
    truth[:, gt.BACK] = np.hypot(*atlas.rim[:, :2].T) < 0.47
    seen, _ = looked(atlas, truth)
    np.testing.assert_array_equal(seen[:, gt.BACK] > 0.5, truth[:, gt.BACK] > 0.5)
