"""Corners, and where they went in the next image.

Corners by J. Shi and C. Tomasi (Good features to track, CVPR 1994), followed by pyramidal
Lucas–Kanade (J.-Y. Bouguet, 2000), both OpenCV's. A body that turns by 30° between two images
leaves little that looks as it did: the earlier image is first turned by the motion that is
expected, so that only its error and what comes of the translation is left to follow.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from navworld.geometry.cameras import Pinhole


@dataclass(frozen=True)
class Tracking:
    """How corners are found and followed; lengths in pixels of an image 64 wide, scaled with it.

    Attributes:
        corners: At most so many.
        quality: Least corner response, as a fraction of the best one.
        apart: Least distance between corners.
        window: Side of the patch that is followed.
        levels: Of the pyramid, beyond the image itself.
        returns: A corner followed back has to come this near to where it was.
        contrast: Images whose grey values spread less than this (standard deviation) show nothing.
    """

    corners: int = 150
    quality: float = 0.001
    apart: float = 2.5
    window: float = 5.0
    levels: int = 1
    returns: float = 0.4
    contrast: float = 2.0

    def scaled(self, length: float, width: int) -> float:
        """A length in an image of this width; images larger than 128 have finer corners instead."""
        return length * min(max(width / 64, 1.0), 2.0) ** 0.5


def corners(
    gray: NDArray[np.uint8], known: NDArray, allowed: NDArray[np.bool_] | None, tracking: Tracking
) -> NDArray[np.float32]:
    """New corners, away from known ones.

    Args:
        known: (N, 2) pixels of corners that are there already.
        allowed: (H, W) where corners may be; None for everywhere.

    Returns:
        (M, 2) float32 pixels.
    """
    most = tracking.corners - len(known)
    if most <= 0 or gray.std() < tracking.contrast:
        return np.zeros((0, 2), np.float32)
    apart = tracking.scaled(tracking.apart, gray.shape[1])
    mask = np.full(gray.shape, 255, np.uint8)
    if allowed is not None:
        mask[~allowed] = 0
    for u, v in np.round(known).astype(int).tolist():
        cv2.circle(mask, (u, v), round(apart), 0, -1)
    found = cv2.goodFeaturesToTrack(gray, most, tracking.quality, apart, mask=mask, blockSize=3)
    if found is None:
        return np.zeros((0, 2), np.float32)
    # Lucas-Kanade finds corners to a fraction of a pixel as long as it starts from the same place.
    return found.reshape(-1, 2).astype(np.float32, copy=False)


def follow(
    before: NDArray[np.uint8],
    after: NDArray[np.uint8],
    pixels: NDArray,
    expected: NDArray,
    turn: NDArray,
    camera: Pinhole,
    tracking: Tracking,
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Where corners of one image are in the next.

    Args:
        pixels: (N, 2) where they are in `before`.
        expected: (N, 2) where they should be in `after`.
        turn: (3, 3) expected rotation R_after_before of the camera.

    Returns:
        (N, 2) pixels and (N,) which of them were found.
    """
    height, width = before.shape
    if not len(pixels):
        return np.zeros((0, 2), np.float32), np.zeros(0, bool)
    H = camera.K @ turn @ np.linalg.inv(camera.K)
    turned = cv2.warpPerspective(before, H, (width, height), borderMode=cv2.BORDER_REPLICATE)
    homogeneous = np.concatenate([pixels, np.ones((len(pixels), 1))], 1) @ H.T
    ahead = homogeneous[:, 2] > 1e-6
    start = homogeneous[:, :2] / np.where(ahead, homogeneous[:, 2], 1.0)[:, None]
    edge = 1.0
    inside = ahead & _inside(start, width, height, edge) & _inside(expected, width, height, edge)
    found, there = expected.astype(np.float32), np.zeros(len(pixels), bool)
    rows = np.flatnonzero(inside)
    if not len(rows):
        return found, there
    side = round(tracking.scaled(tracking.window, width)) | 1
    flow = partial(
        cv2.calcOpticalFlowPyrLK,
        winSize=(side, side),
        maxLevel=tracking.levels,
        flags=cv2.OPTFLOW_USE_INITIAL_FLOW,
        minEigThreshold=1e-4,
        criteria=(cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 20, 0.01),
    )
    origin = start[rows].astype(np.float32)
    there_, seen, _ = flow(turned, after, origin, found[rows].copy())
    back, again, _ = flow(after, turned, there_, origin.copy())
    astray = np.linalg.norm(back - origin, axis=1)
    good = (seen.ravel() > 0) & (again.ravel() > 0)
    good &= astray < tracking.scaled(tracking.returns, width)
    good &= _inside(there_, width, height, 0.0)
    found[rows], there[rows] = there_, good
    return found, there


def _inside(pixels: NDArray, width: int, height: int, edge: float) -> NDArray[np.bool_]:
    u, v = pixels[:, 0], pixels[:, 1]
    return (u >= edge) & (v >= edge) & (u <= width - 1 - edge) & (v <= height - 1 - edge)
