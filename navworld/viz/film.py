"""Films of episodes: what the robot sees beside where it is, and where it believes to be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from navworld.viz.topdown import draw_trajectory
from navworld.world.body import Camera
from navworld.world.world import World

SIDE = 360


class Film:
    """Draws one frame per step: colour, depth and the map with the path so far.

    Args:
        believed: Tells the believed poses (B, 4, 4) in the scenes' frames; None draws none.
    """

    def __init__(self, believed: Callable[[], NDArray] | None = None) -> None:
        self._believed = believed
        self._told: dict[int, list[NDArray]] = {}
        self._paths: dict[int, list[NDArray]] = {}
        self._starts: dict[int, bytes] = {}

    def __call__(
        self, world: World, row: int, goal_xy: NDArray, observation: dict[str, NDArray]
    ) -> NDArray[np.uint8]:
        """(SIDE, W, 3) a frame of body `row`."""
        ids = np.array([row])
        T = world.T_world_body(ids)
        start = world.T_world_start[row].tobytes()
        if self._starts.get(row) != start:
            self._starts[row], self._paths[row], self._told[row] = start, [], []
        path = self._paths[row]
        path.append(T[0])
        if self._believed is not None:
            self._told[row].append(self._believed()[row])
        told = np.stack(self._told[row]) if self._told[row] else None
        camera = Camera(SIDE, SIDE, position=(0.0, 0.0, world.robot.camera_height))
        seen = world.view(camera, T, ids, ("depth", "rgb"))
        depth = np.clip(seen["depth"][0] / 6.0, 0, 1)
        depth = cv2.applyColorMap((255 * (1 - depth)).astype(np.uint8), cv2.COLORMAP_INFERNO)[
            ..., ::-1
        ]
        map_ = draw_trajectory(
            world.navigator(row), np.stack(path), goal_xy, believed=told, height=SIDE
        )
        width = round(map_.shape[1] * SIDE / map_.shape[0])
        small = cv2.resize(map_, (width, SIDE), interpolation=cv2.INTER_AREA)
        return np.concatenate([seen["rgb"][0], depth, np.asarray(small, np.uint8)], 1)


def write_video(path: Path, frames: Sequence[NDArray[np.uint8]], *, fps: int = 8) -> None:
    """Writes (H, W, 3) frames as an H.264 film; smaller frames are padded to the largest."""
    import av

    height = max(f.shape[0] for f in frames) // 2 * 2
    width = -(-max(f.shape[1] for f in frames) // 2) * 2
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}")
    with av.open(str(temporary), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=fps)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.options = {"crf": "23", "preset": "veryfast"}
        for frame in frames:
            padded = np.full((height, width, 3), 255, np.uint8)
            part = frame[:height, :width]
            padded[: part.shape[0], : part.shape[1]] = part
            for packet in stream.encode(av.VideoFrame.from_ndarray(padded, format="rgb24")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    temporary.replace(path)
