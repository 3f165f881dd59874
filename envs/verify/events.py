"""The event camera against itself with ten times as many rendered sub-frames."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from navworld.envs.verify.findings import RADIUS, Findings
from navworld.evaluation.result import Metric
from navworld.scenes import scene_refs
from navworld.sensors import event_kernel
from navworld.sensors.events import EventCamera
from navworld.streams import Streams
from navworld.world.body import Camera, Robot
from navworld.world.store import Place, shared_store
from navworld.world.world import World

TIMES = 10
"""Sub-frames of the reference for one of the sensor."""

FEWEST = 500
"""A view with fewer events, a bare wall, tells nothing."""

MOTIONS = {
    "forward": (0.25, 0.0),
    "turn": (0.0, np.pi / 6),
    "curve": (0.25, np.pi / 8),
}
"""Metres forward and radians to the left within one step; the curve is driven by velocities."""


@dataclass(frozen=True)
class _Recorded:
    """Events of one step, (N, 4): time, x, y, polarity; and when its K + 1 images were taken."""

    events: NDArray[np.float32]
    times: NDArray[np.float64]
    seconds: float


def verify_events(fast: bool = False) -> Findings:
    """Counts and times of events over motions, apartments and sizes of the image."""
    refs = scene_refs("apartment:validation")[: 1 if fast else 4]
    light = "fast" if fast else "full"
    errors, shares, exact, rates = [], [], [], []
    for k, ref in enumerate(refs):
        place = shared_store().get(ref)
        for size in (64,) if fast or k else (64, 128):
            start = _start(place, size, light)
            for motion in MOTIONS:
                ours = _recorded(place, start, size, motion, light=light)
                theirs = _recorded(place, start, size, motion, times=TIMES, light=light)
                count = max(len(ours.events), len(theirs.events))
                errors.append(abs(len(ours.events) / len(theirs.events) - 1))
                shares.append(matched(ours.events, theirs.events, ours.times) / count)
                exact.append(matched(ours.events, theirs.events, ours.times, reach=0) / count)
                if size == 64:
                    rates.append((len(ours.times) - 1) / ours.seconds)
    metrics = {
        "events_count_error_worst": Metric(100 * max(errors), "%"),
        "events_matched_worst": Metric(100 * min(shares), "%"),
        "events_matched_mean": Metric(100 * float(np.mean(shares)), "%"),
        "events_matched_same_pixel_worst": Metric(100 * min(exact), "%"),
        "events_subframes_per_s": Metric(float(np.median(rates)), "1/s"),
    }
    return metrics, {
        "events: count within 5 % of a reference of ten times the sub-frames": max(errors) <= 0.05,
        "events: 95 % matched within one sub-frame and one pixel": min(shares) >= 0.95,
    }


def matched(ours: NDArray, theirs: NDArray, times: NDArray, *, reach: int = 1) -> int:
    """How many events have a partner of their own: same polarity, near in time and place.

    Partners are sought at the same pixel first; what is left is matched to its neighbours.

    Args:
        ours, theirs: (N, 4) and (M, 4) events.
        times: (K + 1,) of the images [s]; two events may be as far apart as two of them.
        reach: Greatest distance in x and in y [px], 0 or 1.
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import maximum_bipartite_matching
    from scipy.spatial import cKDTree

    a, b = (_coordinates(events, times) for events in (ours, theirs))
    a, b = (points[np.lexsort(points.T[[0, 1, 2, 3]])] for points in (a, b))
    left_a, left_b = np.ones(len(a), bool), np.ones(len(b), bool)
    pairs = _pair_pixels(a, b, left_a, left_b)
    if not (reach and left_a.any() and left_b.any()):
        return pairs
    tree, other = cKDTree(a[left_a]), cKDTree(b[left_b])
    near = tree.sparse_distance_matrix(other, 1.0, p=np.inf, output_type="coo_matrix")
    edges = csr_array((np.ones(near.nnz), (near.row, near.col)), shape=near.shape)
    return pairs + int((maximum_bipartite_matching(edges, perm_type="column") >= 0).sum())


def _coordinates(events: NDArray, times: NDArray) -> NDArray[np.float64]:
    """(N, 4) time in images, x, y, and polarities too far apart to match."""
    at = np.interp(events[:, 0], times, np.arange(len(times)))
    return np.column_stack([at, events[:, 1], events[:, 2], 2.0 * events[:, 3]])


@njit
def _pair_pixels(a, b, left_a, left_b):
    """Pairs events in the order of their times at every pixel; both sorted by pixel, then time."""
    i, j, pairs = 0, 0, 0
    while i < len(a) and j < len(b):
        side = 0
        for axis in (3, 2, 1):
            if side == 0:
                side = -1 if a[i, axis] < b[j, axis] else int(a[i, axis] > b[j, axis])
        if side == 0:
            apart = a[i, 0] - b[j, 0]
            side = -1 if apart < -1 else int(apart > 1)
        if side == 0:
            left_a[i], left_b[j] = False, False
            pairs += 1
        i += side <= 0
        j += side >= 0
    return pairs


def _start(place: Place, size: int, light: str) -> tuple[NDArray, float]:
    """A place and a heading from which the camera sees more than a bare wall."""
    rng = np.random.default_rng(0)
    navigator = place.navigator(RADIUS)
    while True:
        xy, yaw = navigator.sample(rng, 1)[0], rng.uniform(-np.pi, np.pi)
        start = xy, float(yaw)
        if all(
            len(_recorded(place, start, size, name, light=light).events) >= FEWEST
            for name in MOTIONS
        ):
            return start


def _recorded(
    place: Place,
    start: tuple[NDArray, float],
    size: int,
    motion: str,
    *,
    light: str,
    times: int = 1,
) -> _Recorded:
    """One step of a body with the sensor, or with one that takes more images."""
    forward, turn = MOTIONS[motion]
    world = World(1, Robot(), light=light)
    world.place(0, place, *start)
    usual = EventCamera(Camera(size, size))
    sensor = EventCamera(
        usual.camera,
        displacement=usual.displacement / times,
        max_subframes=usual.max_subframes * times,
    )
    ids, streams = np.zeros(1, np.int64), Streams(1)
    sensor.reset(world, ids, streams)
    sensor.events(world, ids, streams)
    if motion == "curve":
        world.step_velocity(np.array([[forward, turn]]) / world.robot.dt, world.robot.dt)
    else:
        world.step(np.array([[forward, 0.0, turn]]))
    images = sensor.subframes(world, ids)[0] * world.dt[0]
    began = time.perf_counter()
    packed = sensor.events(world, ids, streams)[0]
    seconds = time.perf_counter() - began
    rows = np.empty((len(packed), 4), np.float32)
    event_kernel.listed(packed, size, rows)
    return _Recorded(rows, images, seconds)
