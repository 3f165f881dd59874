"""Top-down pictures: walkable space, where a body went, where it was to go."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from navworld.world.navigability import Navigator

START, GOAL, BODY = (46, 134, 222), (39, 174, 96), (192, 57, 43)
BELIEVED = (243, 156, 18)


def draw_trajectory(
    navigator: Navigator,
    T_world_body: NDArray,
    goal_xy: NDArray,
    *,
    believed: NDArray | None = None,
    height: int = 480,
) -> NDArray[np.uint8]:
    """The path of an episode over the map of the place.

    Args:
        T_world_body: (N, 4, 4) true poses; the path changes from blue to red along the way.
        goal_xy: (2,) [m].
        believed: (N, 4, 4) believed poses in the scene's frame, drawn in orange beneath.
        height: Of the picture; about, the map keeps its proportions [px].
    """
    base = navigator.topdown()
    scale = max(1, round(height / base.shape[0]))
    picture = cv2.resize(base, None, fx=scale, fy=scale, interpolation=cv2.INTER_NEAREST)

    def pixels(xy: NDArray) -> NDArray:
        return np.round((np.asarray(navigator.to_pixels(xy)) + 0.5) * scale).astype(np.int32)

    thick = max(1, scale)
    if believed is not None:
        told = pixels(believed[:, :2, 3])
        cv2.polylines(picture, [told], False, BELIEVED, thick, cv2.LINE_AA)
        cv2.circle(picture, told[-1].tolist(), 2 * thick, BELIEVED, -1, cv2.LINE_AA)
    path = pixels(T_world_body[:, :2, 3])
    for k in range(len(path) - 1):
        share = k / max(1, len(path) - 2)
        color = tuple(int(a + share * (b - a)) for a, b in zip(START, BODY, strict=True))
        cv2.line(picture, path[k].tolist(), path[k + 1].tolist(), color, thick, cv2.LINE_AA)
    cv2.circle(picture, path[0].tolist(), 3 * thick, START, -1, cv2.LINE_AA)
    goal = pixels(np.asarray(goal_xy)[None])[0].tolist()
    cv2.circle(picture, goal, 4 * thick, GOAL, -1, cv2.LINE_AA)
    cv2.circle(picture, goal, 7 * thick, GOAL, max(1, thick // 2), cv2.LINE_AA)
    ahead = T_world_body[-1, :2, 3] + 0.35 * T_world_body[-1, :2, 0]
    cv2.arrowedLine(
        picture, path[-1].tolist(), pixels(ahead[None])[0].tolist(), BODY, thick, cv2.LINE_AA
    )
    return np.asarray(picture, np.uint8)
