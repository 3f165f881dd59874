"""Distances on grids: the same bytes on any number of threads."""

import cv2
import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt

from navworld.world.walkable.clearance import distances


@pytest.fixture(params=[1, 2, 5])
def opencv_threads(request):
    before = cv2.getNumThreads()
    cv2.setNumThreads(request.param)
    yield
    cv2.setNumThreads(before)


@pytest.mark.parametrize(("size", "share"), [((90, 70), 0.01), ((700, 900), 0.0005)])
def test_distances_are_exact_on_any_number_of_threads(opencv_threads, size, share):
    inside = (np.random.default_rng(0).random(size) >= share).astype(np.uint8)
    expected = distance_transform_edt(inside).astype(np.float32)
    assert np.array_equal(distances(inside), expected)
