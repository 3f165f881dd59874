"""Ranges from above: point clouds of laser scanners, echoes of radars."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from navworld.viz.legends import Scale

SIDE = 480
GROUND = (18, 22, 30)
FAINT = (52, 60, 74)
BODY = (255, 196, 64)
HEIGHTS = Scale(-1.5, 1.5, "m", "turbo")


def cloud_picture(
    points: NDArray, *, with_height: bool, side: int = SIDE
) -> tuple[NDArray[np.uint8], float]:
    """Points (N, 3) in the frame of a sensor from above, ahead being up.

    Returns:
        (side, side, 3) the picture, and how many metres it is across.
    """
    distance = np.linalg.norm(points[:, :2], axis=1)
    reach = float(np.percentile(distance, 98)) if len(points) else 5.0
    across = 2.2 * max(reach, 1.0)
    image = _ground(side, across)
    if with_height:
        points = points[np.argsort(points[:, 2], kind="stable")]
    colors = HEIGHTS.colors(points[:, 2]) if with_height else np.full((len(points), 3), 235)
    u, v = _pixels(points, side, across)
    inside = (u >= 1) & (v >= 1) & (u < side - 1) & (v < side - 1)
    u, v, colors = u[inside], v[inside], colors[inside]
    for du in (-1, 0, 1):
        for dv in (-1, 0, 1):
            image[v + dv, u + du] = colors
    return _with_body(image), across


def echoes_picture(rows: NDArray, scale: Scale, *, side: int = SIDE) -> NDArray[np.uint8]:
    """(side, side, 3) radar returns (N, 5), coloured by radial velocity, sized by strength."""
    reach = max(4.0, float(rows[:, 0].max(initial=4.0)))
    image = _ground(side, 2.1 * reach, every=2.0)
    ahead = rows[:, 0] * np.cos(rows[:, 2])
    points = np.stack([ahead * np.cos(rows[:, 1]), ahead * np.sin(rows[:, 1])], 1)
    u, v = _pixels(points, side, 2.1 * reach)
    colors = scale.colors(rows[:, 3])
    for k in np.argsort(-rows[:, 4]):
        radius = int(np.clip(rows[k, 4] / 5, 3, 11))
        color = colors[k].tolist()
        cv2.circle(image, (int(u[k]), int(v[k])), radius, color, -1, cv2.LINE_AA)
    return _with_body(image)


def _pixels(points: NDArray, side: int, across: float) -> tuple[NDArray, NDArray]:
    scale = side / across
    u = np.round(side / 2 - points[:, 1] * scale).astype(np.int64)
    return u, np.round(side / 2 - points[:, 0] * scale).astype(np.int64)


def _ground(side: int, across: float, every: float | None = None) -> NDArray[np.uint8]:
    image = np.full((side, side, 3), GROUND, np.uint8)
    step = every or max(1.0, round(across / 8))
    for k in range(1, int(across / step) + 1):
        cv2.circle(image, (side // 2, side // 2), round(k * step * side / across), FAINT, 1, 16)
    return image


def _with_body(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    c = image.shape[0] // 2
    triangle = np.array([[c, c - 10], [c - 7, c + 7], [c + 7, c + 7]], np.int32)
    return np.asarray(cv2.fillPoly(image, [triangle], BODY, cv2.LINE_AA), np.uint8)
