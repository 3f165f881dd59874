"""Rays into scenes: the one primitive that every camera and range sensor is made of.

`render` traces and shades the images of a batch of cameras, which may stand in different scenes;
`cast` and `occluded` trace single rays. What a surface looks like is texture · colour · baked
light, with the texture read at the resolution that one ray stands for.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from math import inf

import numpy as np
from numpy.typing import ArrayLike, NDArray

from navworld.world.buffers import fresh
from navworld.world.scene import LIGHT_GAMMA, LIGHT_WHITE
from navworld.world.threads import on_threads
from navworld.world.tracing import shading
from navworld.world.tracing.fallback import ReferenceInstances, ReferenceMesh
from navworld.world.tracing.moving import MovingParts, parts_table
from navworld.world.tracing.packets import HIT_ROWS
from navworld.world.tracing.pattern import NO_CONES, RayPattern
from navworld.world.tracing.prepared import RayScene
from navworld.world.tracing.single_rays import trace_rays, trace_shadows

__all__ = ["OUTPUTS", "MovingParts", "RayPattern", "RayScene", "cast", "occluded", "render"]

OUTPUTS: dict[str, tuple[tuple[int, ...], type]] = {
    "rgb": ((3,), np.uint8),
    "depth": ((), np.float32),
    "semantic": ((), np.int32),
    "instance": ((), np.int32),
    "normals": ((3,), np.float32),
    "triangle": ((), np.int32),
    "color": ((3,), np.float32),
}
"""What `render` can give: shape beyond (N, H, W), and type."""

SHARE = 128
"""Packets of the smallest share that a thread takes, a sixth of a millisecond's work."""
LEVEL_BIAS = 0.5
"""How much blurrier than one texel per ray textures are read [levels]."""


def render(
    scenes: Sequence[RayScene],
    which: ArrayLike,
    T_world_camera: ArrayLike,
    pattern: RayPattern,
    outputs: Collection[str],
    *,
    near: float = 0.0,
    far: float = inf,
    gain: ArrayLike | None = None,
    movers: Sequence[MovingParts | None] | None = None,
    supersample: int = 1,
    filtering: bool = True,
    threads: int = 1,
) -> dict[str, NDArray]:
    """Images of a batch of cameras, the same bytes whatever the batch and the threads.

    Args:
        scenes: Places the cameras stand in.
        which: (N,) index into `scenes` for every camera.
        T_world_camera: (N, 4, 4) poses; camera frame x right, y down, z forward.
        pattern: The rays of every camera.
        outputs: Names out of `OUTPUTS`.
        near: What is nearer (in ray parameters, like depth) is not seen at all.
        far: Depth beyond it is 0; the other outputs see on.
        gain: (N, 3) factors on red, green and blue.
        movers: What moves, for every camera; None where nothing does.
        supersample: Averages the colours of this many rays in x and in y per pixel; the other
            outputs belong to the ray through the middle of the pixel.
        filtering: False reads the nearest texel of the finest level, which aliases.
        threads: Threads to work with.

    Returns:
        Fresh arrays by name: "rgb" (N, H, W, 3) uint8, a sky where nothing was hit; "depth"
        (N, H, W) float32 ray parameter [m], 0 without a hit; "semantic" (N, H, W) int32 class, 0
        without a hit; "instance" (N, H, W) int32, 0 for the building and without a hit;
        "normals" (N, H, W, 3) float32 in the world frame, facing the camera, 0 without a hit;
        "triangle" (N, H, W) int32 index into `Scene.triangles`, -1 without a hit, -2 on what
        moves; "color" (N, H, W, 3) float32, what "rgb" is rounded from: encoded for display,
        1 for white, not clipped.
    """
    poses = _checked_poses(T_world_camera)
    which = _checked_which(which, len(poses), len(scenes))
    gains = _checked_gain(gain, len(poses))
    _check_options(outputs, near, far, supersample, threads)
    if movers is not None and len(movers) != len(poses):
        raise ValueError(f"movers has {len(movers)} entries for {len(poses)} cameras")
    setting = _settings(pattern, outputs, near=near, far=far, filtering=filtering)
    job = (scenes, which, poses, gains, movers, threads)
    colors = [name for name in ("rgb", "color") if name in outputs]
    if supersample > 1 and colors:
        rest = [name for name in outputs if name not in colors]
        fine = pattern.finer(supersample)
        shot = _run(fine, colors, _settings(fine, colors, near=near, filtering=filtering), *job)
        images = _run(pattern, rest, setting, *job) if rest else {}
        return {name: _averaged(shot[name], supersample) for name in colors} | images
    return _run(pattern, outputs, setting, *job)


def cast(
    scene: RayScene, origins: ArrayLike, directions: ArrayLike, *, far: float = inf
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Nearest hits of single rays with the scene (without what moves).

    Args:
        scene: Where to trace.
        origins: (R, 3) [m].
        directions: (R, 3), of any length.
        far: Greatest ray parameter.

    Returns:
        (R,) float32 ray parameter, inf without a hit, and (R,) int32 triangle, -1 without.
    """
    start, along = _checked_rays(origins, directions)
    t, triangle = np.empty(len(start), np.float32), np.empty(len(start), np.int32)
    if not len(start):
        return t, triangle
    if isinstance(scene.mesh, ReferenceMesh):
        hits = scene.mesh.nearest(start, along, near=0.0, far=far)
        triangle = hits.view(np.int32)[6].copy()
        return np.where(triangle >= 0, hits[0], np.float32(inf)), triangle
    calls, handle = scene.mesh.calls, scene.mesh.handle
    trace_rays(calls, handle, start, along, np.float32(far), t, triangle)
    return t, triangle


def occluded(
    scene: RayScene,
    origins: ArrayLike,
    directions: ArrayLike,
    distance: ArrayLike,
    *,
    movers: MovingParts | None = None,
) -> NDArray[np.bool_]:
    """Whether anything lies on single rays (R, 3) before the ray parameter `distance` (R,).

    Args:
        movers: What moves there and counts as well.
    """
    start, along = _checked_rays(origins, directions)
    reach = np.ascontiguousarray(np.broadcast_to(distance, len(start)), np.float32)
    if np.isnan(reach).any():
        raise ValueError("distance contains NaN")
    if isinstance(scene.mesh, ReferenceMesh):
        hits = scene.mesh.nearest(start, along, near=0.0, far=inf)
        if movers is not None:
            assert isinstance(movers.scene, ReferenceInstances)
            movers.scene.improve(hits, start, along, near=0.0, far=inf)
        return (hits.view(np.int32)[7] >= 0) & (hits[0] <= reach)
    blocked = np.empty(len(start), np.bool_)
    if len(start):
        calls, handle = scene.mesh.calls, scene.mesh.handle
        trace_shadows(calls, handle, start, along, reach, blocked)
        if movers is not None:
            behind = np.empty_like(blocked)
            trace_shadows(calls, movers.scene.handle, start, along, reach, behind)
            blocked |= behind
    return blocked


def _checked_poses(T_world_camera: ArrayLike) -> NDArray[np.float32]:
    """(N, 12): the rotation by rows, then the position."""
    T = np.asarray(T_world_camera, np.float64)
    if T.ndim != 3 or T.shape[1:] != (4, 4) or len(T) == 0:
        raise ValueError(f"T_world_camera has shape {T.shape}: give (N, 4, 4) with N ≥ 1")
    if not np.isfinite(T).all():
        bad = int(np.flatnonzero(~np.isfinite(T).all((1, 2)))[0])
        raise ValueError(f"T_world_camera[{bad}] is not finite: every pose must be a real pose")
    poses = np.empty((len(T), 12), np.float32)
    poses[:, :9] = T[:, :3, :3].reshape(-1, 9)
    poses[:, 9:] = T[:, :3, 3]
    return poses


def _checked_which(which: ArrayLike, cameras: int, scenes: int) -> NDArray[np.int64]:
    index = np.asarray(which)
    if index.shape != (cameras,) or index.dtype.kind not in "iu":
        raise ValueError(
            f"which is {index.shape} {index.dtype}: give one scene index for each of {cameras}"
        )
    if index.min() < 0 or index.max() >= scenes:
        raise ValueError(f"which reaches from {index.min()} to {index.max()} of {scenes} scenes")
    return index.astype(np.int64)


def _checked_gain(gain: ArrayLike | None, cameras: int) -> NDArray[np.float32]:
    factors = np.zeros((cameras, 4), np.float32)
    factors[:, :3] = LIGHT_WHITE ** (1 / LIGHT_GAMMA) / 255**2
    if gain is not None:
        g = np.asarray(gain, np.float32)
        if g.shape != (cameras, 3) or not (np.isfinite(g) & (g >= 0)).all():
            raise ValueError(f"gain is {g.shape}: give ({cameras}, 3) finite factors ≥ 0")
        factors[:, :3] *= g
    return factors


def _check_options(
    outputs: Collection[str], near: float, far: float, supersample: int, threads: int
) -> None:
    unknown = [name for name in outputs if name not in OUTPUTS]
    if isinstance(outputs, str) or unknown or not outputs:
        raise ValueError(f"outputs is {outputs!r}: name one or more of {', '.join(OUTPUTS)}")
    if not 0 <= near < far:
        raise ValueError(f"near is {near} and far is {far}: 0 ≤ near < far is needed")
    if supersample < 1 or threads < 1:
        raise ValueError(f"supersample is {supersample}, threads {threads}: both must be ≥ 1")


def _checked_rays(
    origins: ArrayLike, directions: ArrayLike
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    start = np.ascontiguousarray(origins, np.float32)
    along = np.ascontiguousarray(directions, np.float32)
    if start.ndim != 2 or start.shape[1] != 3 or start.shape != along.shape:
        raise ValueError(f"origins {start.shape} and directions {along.shape} must both be (R, 3)")
    if not (np.isfinite(start).all() and np.isfinite(along).all()):
        raise ValueError("origins and directions must be finite")
    return start, along


def _settings(
    pattern: RayPattern,
    outputs: Collection[str],
    *,
    near: float,
    far: float = inf,
    filtering: bool,
) -> NDArray[np.float32]:
    only_depth = set(outputs) == {"depth"}
    values = np.zeros(shading.SETTINGS, np.float32)
    values[shading.NEAR], values[shading.FAR] = near, far
    values[shading.REACH] = far if only_depth else inf
    values[shading.COHERENT] = pattern.coherent
    values[shading.BLEND : shading.BLEND + 4] = 1
    values[shading.SHIFT : shading.SHIFT + 4] = 0.5
    if filtering:
        values[shading.FOOTPRINT] = pattern.spread**2 * 4**LEVEL_BIAS
        values[shading.PARALLEL] = pattern.spacing**2 * 4**LEVEL_BIAS
    else:
        values[shading.BLEND : shading.BLEND + 2] = 0
        values[shading.SHIFT : shading.SHIFT + 2] = 0
    return values


def _run(
    pattern: RayPattern,
    outputs: Collection[str],
    settings: NDArray[np.float32],
    scenes: Sequence[RayScene],
    which: NDArray[np.int64],
    poses: NDArray[np.float32],
    gains: NDArray[np.float32],
    movers: Sequence[MovingParts | None] | None,
    threads: int,
) -> dict[str, NDArray]:
    directions, origins, pixels, whole = pattern.packets
    cones = pattern.cones if movers is not None else NO_CONES
    images: dict[str, NDArray] = {
        name: fresh((len(poses), *pattern.shape, *OUTPUTS[name][0]), OUTPUTS[name][1])
        for name in outputs
    }
    addresses = np.zeros(len(OUTPUTS), np.int64)
    for k, name in enumerate(OUTPUTS):
        if name in images:
            addresses[k] = images[name].ctypes.data
    states = [scene.state for scene in scenes]  # keeps what the addresses point at
    table = np.stack([state.row for state in states])
    # Alone, the kernel settles what it may hit; several threads could do so at the same time.
    moving = parts_table(movers or [None] * len(poses), settled=threads > 1)
    calls = scenes[0].mesh.calls
    packets, resolution = len(pixels), pattern.shape[0] * pattern.shape[1]

    def work(shares: NDArray[np.int64], taken: NDArray[np.int64], hits: int = 0) -> None:
        shading.trace_images(
            calls, table, moving, which, poses, gains, directions, origins, pixels, whole,
            addresses, settings, shares, taken, resolution, hits, *cones,
        )  # fmt: skip

    if isinstance(scenes[0].mesh, ReferenceMesh):
        for k in range(len(poses)):
            parts = movers[k] if movers is not None else None
            hits = _reference_hits(scenes[which[k]], parts, poses[k], pattern, settings)
            own = np.array([k, k + 1], np.int64) * packets
            work(own, np.zeros(1, np.int64), hits.ctypes.data)
    else:
        shares, taken = _shares(len(poses), packets, threads), np.zeros(1, np.int64)
        on_threads(lambda: work(shares, taken), min(threads, len(shares) - 1))
    return images


def _shares(cameras: int, packets: int, threads: int) -> NDArray[np.int64]:
    """Where shares of all packets begin, and their end: whole images, which share what caches hold.

    The last images come in small pieces, so that all threads finish at nearly the same time.
    """
    total = cameras * packets
    if threads == 1:
        return np.array([0, total], np.int64)
    whole = max(cameras - 2 * threads, 0) * packets
    images, pieces = np.arange(0, whole, max(packets, SHARE)), np.arange(whole, total, SHARE)
    return np.concatenate([images, pieces, [total]])


def _reference_hits(
    scene: RayScene,
    parts: MovingParts | None,
    pose: NDArray[np.float32],
    pattern: RayPattern,
    settings: NDArray[np.float32],
) -> NDArray[np.float32]:
    """(P, HIT_ROWS, 16) hits of one camera's packets through embreex's own API."""
    directions, starts, _, _ = pattern.packets
    R = pose[:9].reshape(3, 3)
    along = directions.transpose(0, 2, 1).reshape(-1, 3) @ R.T
    origins = np.broadcast_to(pose[9:], along.shape)
    if len(starts):
        origins = starts.transpose(0, 2, 1).reshape(-1, 3) @ R.T + pose[9:]
    near, far = float(settings[shading.NEAR]), float(settings[shading.REACH])
    assert isinstance(scene.mesh, ReferenceMesh)
    hits = scene.mesh.nearest(origins, along, near=near, far=far)
    if parts is not None:
        assert isinstance(parts.scene, ReferenceInstances)
        parts.scene.improve(hits, origins, along, near=near, far=far)
    packets = hits.reshape(HIT_ROWS, len(directions), -1).transpose(1, 0, 2)
    return np.ascontiguousarray(packets)


def _averaged(fine: NDArray, factor: int) -> NDArray:
    n, height, width, _ = fine.shape
    blocks = fine.reshape(n, height // factor, factor, width // factor, factor, 3)
    mean = blocks.mean((2, 4), dtype=np.float32)
    return np.rint(mean).astype(np.uint8) if fine.dtype == np.uint8 else mean
