"""A map that looks like the place: seen straight from above, with paths and bodies on it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from navworld.geometry.cameras import Orthographic
from navworld.viz.viewpoints import CUT, eyes, is_roofed
from navworld.world.body import Robot
from navworld.world.rays import render
from navworld.world.store import Place
from navworld.world.tracing.pattern import RayPattern

GOAL = (39, 174, 96)
REACH, MARGIN, SLACK = 30.0, 1.5, 0.5
"""Half the widest window [m], what is shown around a place that fits it [m], and how far a body
may leave the middle before the window follows, as a share of half its width."""


class GroundMap:
    """A place from above, drawn where one is.

    Args:
        place: To be shown; where it has a roof it is cut open above the floor.
        robot: Whose walkable space matters.
        light: Quality of baked light.
    """

    def __init__(self, place: Place, robot: Robot, *, light: str = "full") -> None:
        navigator = place.navigator(robot.radius)
        low, high = navigator.bounds
        self._place, self._light = place, light
        self._low, self._high = low - MARGIN, high + MARGIN
        self.across = float(min(np.ptp([self._low, self._high], axis=0).max(), 2 * REACH))
        ground = float(np.median(eyes(place, robot)[:, 2])) - robot.camera_height
        roofed = is_roofed(place, robot)
        self._top = ground + CUT if roofed else float(place.scene.bounds[1, 2]) + 1.0
        self._kept: Window | None = None

    def around(self, xy: NDArray, side: int) -> Window:
        """The window that shows a point (2,), `side` pixels wide, to be drawn on."""
        kept, half = self._kept, self.across / 2
        low, high = self._low + half, self._high - half
        inside = np.clip(xy, np.minimum(low, high), np.maximum(low, high))
        middle = np.where(high < low, (low + high) / 2, inside)
        far = kept is None or np.abs(middle - kept.middle).max() > SLACK * half
        if kept is None or far or kept.side != side:
            kept = self._kept = Window(self._seen(middle, side), middle, self.across)
        return Window(kept.image.copy(), kept.middle, kept.across)

    def _seen(self, middle: NDArray, side: int) -> NDArray[np.uint8]:
        pattern = RayPattern.of(Orthographic(side, side, self.across / side))
        T = np.array([[1.0, 0, 0, 0], [0, -1, 0, 0], [0, 0, -1, 0], [0, 0, 0, 1]])
        T[:3, 3] = *middle, self._top
        seen = render(
            [self._place.rays(self._light)], np.zeros(1, np.int64), T[None], pattern,
            ("rgb", "triangle"), supersample=2,
        )  # fmt: skip
        image = seen["rgb"][0]
        image[seen["triangle"][0] < 0] = (30, 34, 42)
        return image


class Window:
    """A part of the map.

    Attributes:
        image: (side, side, 3) uint8.
        middle: (2,) what is in its middle [m]. across: Its width [m].
    """

    def __init__(self, image: NDArray[np.uint8], middle: NDArray, across: float) -> None:
        self.image, self.middle, self.across = image, middle, across

    @property
    def side(self) -> int:
        """Pixels."""
        return self.image.shape[0]

    def path(self, xy: NDArray, color: tuple[int, int, int]) -> None:
        """Draws a path (N, 2) [m]."""
        points = [self._pixels(xy)]
        cv2.polylines(self.image, points, False, (255, 255, 255), 4, cv2.LINE_AA)
        cv2.polylines(self.image, points, False, color, 2, cv2.LINE_AA)

    def body(self, T_world_body: NDArray, color: tuple[int, int, int]) -> None:
        """Draws an arrow head at a pose (4, 4)."""
        size = 11 * self.across / self.side
        shape = size * np.array([[1.1, 0.0], [-0.8, 0.75], [-0.4, 0.0], [-0.8, -0.75]])
        corners = [self._pixels(T_world_body[:2, 3] + shape @ T_world_body[:2, :2].T)]
        cv2.fillPoly(self.image, corners, color, cv2.LINE_AA)
        cv2.polylines(self.image, corners, True, (255, 255, 255), 1, cv2.LINE_AA)

    def dot(self, xy: NDArray, color: tuple[int, int, int]) -> None:
        """Draws somebody else at a point (2,) [m]."""
        at = self._pixels(np.asarray(xy)[None])[0].tolist()
        cv2.circle(self.image, at, 5, (255, 255, 255), -1, cv2.LINE_AA)
        cv2.circle(self.image, at, 4, color, -1, cv2.LINE_AA)

    def goal(self, xy: NDArray) -> None:
        """Draws where to go."""
        at = self._pixels(np.asarray(xy)[None])[0].tolist()
        cv2.circle(self.image, at, 9, (255, 255, 255), 5, cv2.LINE_AA)
        cv2.circle(self.image, at, 9, GOAL, 3, cv2.LINE_AA)
        cv2.circle(self.image, at, 3, GOAL, -1, cv2.LINE_AA)

    def _pixels(self, xy: NDArray) -> NDArray[np.int32]:
        offset = (np.asarray(xy) - self.middle) * (self.side / self.across) * np.array([1, -1])
        return np.round(offset + self.side / 2).astype(np.int32)
