"""Images with a pose each, as COLMAP and nerfstudio have them, and sequences.

Both tell where every image was taken, and neither where cameras sat on a body: read back, the body
is the camera that took the image, with its axes renamed. Where they tell no time either, images
are one second apart, in their order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from navworld.data import text
from navworld.data.formats import parts
from navworld.data.formats.images import ImageFiles, image_files
from navworld.data.sequences import Channel, Lens, Recorded, Sequence
from navworld.geometry.trajectories import Trajectory


@dataclass(frozen=True, eq=False)
class View:
    """An image and where it was taken.

    Attributes:
        channel: Of the camera.
        stamp: Time [s]; None if it is not known.
        T_world_camera: (4, 4).
        depth: Its depth image or map; None for none.
    """

    channel: str
    stamp: float | None
    path: Path
    lens: Lens
    T_world_camera: NDArray[np.float64]
    depth: Path | None = None


def main_camera(sequence: Sequence, lenses: tuple[type, ...], format: str) -> str:
    """The first camera whose lens and place are known, of the lenses that a format holds.

    Raises:
        ValueError: There is none, or there are no poses.
    """
    if sequence.truth is None:
        raise ValueError(f"{sequence.name} has no poses: {format} holds images with a pose each")
    for name in parts.cameras(sequence):
        channel = sequence.channels[name]
        if isinstance(channel.lens, lenses) and channel.T_body_sensor is not None:
            return name
    known = " or ".join(lens.__name__ for lens in lenses)
    raise ValueError(
        f"{sequence.name} has no camera of a known place and lens: {format} needs a {known}"
    )


def camera_poses(sequence: Sequence, camera: str, format: str) -> NDArray[np.float64]:
    """(n, 4, 4) T_world_camera of every image of a channel."""
    channel = sequence.channels[camera]
    assert sequence.truth is not None and channel.T_body_sensor is not None
    poses = parts.poses_at(sequence.truth, channel.stamps)
    if poses is None:
        raise ValueError(
            f"the poses of {sequence.name} do not last as long as {camera}: {format} holds images "
            "with a pose each"
        )
    return poses @ channel.T_body_sensor


def depth_index(sequence: Sequence, camera: str, depth: str | None) -> dict[int, int]:
    """Image of a camera → item of the depth beside it that was taken at the same time."""
    if depth is None:
        return {}
    place = {stamp: k for k, stamp in enumerate(sequence.channels[depth].stamps.tolist())}
    stamps = sequence.channels[camera].stamps.tolist()
    return {k: place[stamp] for k, stamp in enumerate(stamps) if stamp in place}


def stamp_of(stem: str) -> float | None:
    """The time [s] in the name of an image file, where it is one: a number with a point in it."""
    return float(stem) if "." in stem and text.is_number(stem) else None


def sequence_of(
    name: str,
    views: list[View],
    depth: Callable[[tuple[Path, ...], tuple[int, int]], Any],
    T_body_camera: Mapping[str, NDArray] | None = None,
) -> Recorded:
    """A sequence of views.

    Args:
        depth: Makes items of the paths of depth, given them and the size (H, W).
        T_body_camera: Where cameras sit, if it is known: those after the first took images at
            times of the first, whose poses are the truth.
    """
    placed = dict(T_body_camera or {})
    timed = _timed(views, placed)
    channels: dict[str, Channel] = {}
    items: dict[str, Any] = {}
    for channel in dict.fromkeys(view.channel for view in views):
        mine = [(stamp, view) for stamp, view in timed if view.channel == channel]
        stamps = np.array([stamp for stamp, _ in mine])
        paths = tuple(view.path for _, view in mine)
        files = image_files(paths)
        T, lens = placed.get(channel, parts.T_BODY_CAMERA), mine[0][1].lens
        _check_size(files, lens)
        channels[channel] = Channel(files.kind, stamps, files.shape, np.dtype(np.uint8), T, lens)
        items[channel] = files
        deep = [(stamp, view.depth) for stamp, view in mine if view.depth is not None]
        if deep:
            beside = channel.replace("rgb", "depth").replace("gray", "depth")
            beside = beside if beside != channel else f"{channel}_depth"
            when = np.array([stamp for stamp, _ in deep])
            channels[beside] = Channel(
                "depth", when, files.shape[:2], np.dtype(np.float32), T, lens, "m"
            )
            items[beside] = depth(tuple(path for _, path in deep), (lens.height, lens.width))
    lead = [(s, view) for s, view in timed if view.channel == next(iter(placed), view.channel)]
    stamps = np.array([stamp for stamp, _ in lead])
    poses = parts.from_camera(np.stack([view.T_world_camera for _, view in lead]))
    return Recorded(name, channels, items, Trajectory(stamps, poses))


def _timed(views: list[View], placed: Mapping[str, NDArray]) -> list[tuple[float, View]]:
    """Views with their times, in order; counted where they have none or share one."""
    known = [view.stamp for view in views]
    keys = [(view.channel if placed else "", view.stamp) for view in views]
    if None in known or len(set(keys)) < len(keys):
        return [(float(k), view) for k, view in enumerate(views)]
    pairs = [(float(view.stamp or 0.0), view) for view in views]
    return sorted(pairs, key=lambda pair: pair[0])


def _check_size(files: ImageFiles, lens: Lens) -> None:
    if files.shape[:2] != (lens.height, lens.width):
        raise ValueError(
            f"{files.paths[0]} has {files.shape[1]} × {files.shape[0]} pixels, but its camera "
            f"{lens.width} × {lens.height}"
        )
