"""Laser scans of scenes: ranges, intensities and their noise in one kernel.

`scan` traces every beam of a batch of scanners, which may stand in different scenes, and turns
hits into what a receiver makes of them:

- The share of the light that a surface sends back is Lambert's, s = ρ · cos θ, with the
  near-infrared reflectance ρ of `reflectances` and the angle θ between beam and normal. Glass
  mirrors nearly all light away, so it answers with a narrow lobe instead, s = 0.08 · cos⁶⁴ θ (two
  faces of 4 %, seen up to some 20° off the normal). What lies behind glass, and what mirrors show,
  is not traced.
- The received power goes with s / r² (the lidar equation for targets larger than the beam;
  Wagner et al., ISPRS J. Photogrammetry 60, 2006). A scanner whose data sheet says that 10 %
  reflectance is detected up to `reach` nine times in ten misses a return with the probability
  1 / (1 + 9 q⁴), q = (s / 0.1) · (reach / r)²: a logistic curve in the logarithm of the power,
  one half at q = 0.58.
- Noise of the range is normal, with the variance `noise`² + (`proportional_noise` · r)².

Packets are 4 beams × 4 azimuths, tile by tile of 16 azimuths. Tracing alone, the 64 × 1024 rays of
a scanner in an apartment go 554 times a second through such packets on one core, 546 times through
2 × 8, 516 through 8 × 2, 502 through 1 × 16 and 450 through 16 × 1.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from itertools import pairwise
from math import inf
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from navworld.world.scene import LIGHT_GAMMA, Scene, Texture
from navworld.world.threads import on_threads
from navworld.world.tracing import ranging_kernel as kernel
from navworld.world.tracing.fallback import ReferenceInstances, ReferenceMesh
from navworld.world.tracing.moving import MovingParts, parts_table
from navworld.world.tracing.packets import HIT_ROWS, LANES, aligned_copy
from navworld.world.tracing.prepared import RayScene

GLASS = 0.08
"""What a pane mirrors straight back."""
LUMINANCE = np.array([0.2126, 0.7152, 0.0722])
DARKEST, BRIGHTEST = 0.04, 0.95
DETECTED = 0.1
"""Reflectance of the target that data sheets give the reach for."""


@dataclass(frozen=True, eq=False)
class Sweep:
    """The beams of one scan.

    Attributes:
        elevations: (H,) angles of the beams above the horizon [rad].
        azimuths: (W,) directions in the order in which they are fired, positive to the left [rad].
    """

    elevations: NDArray[np.float64]
    azimuths: NDArray[np.float64]

    def __deepcopy__(self, memo: object) -> Sweep:
        return self  # nothing changes

    def __getstate__(self) -> dict[str, Any]:
        # Without what is cached: unpickled, it would not start at a cache line any more.
        return {each.name: getattr(self, each.name) for each in fields(self)}

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W)."""
        return len(self.elevations), len(self.azimuths)

    @cached_property
    def directions(self) -> NDArray[np.float32]:
        """(H, W, 3) unit vectors in the frame of the sensor: x forward, y left, z up."""
        up, along = np.sin(self.elevations)[:, None], np.cos(self.elevations)[:, None]
        axes = along * np.cos(self.azimuths), along * np.sin(self.azimuths), up
        return np.stack(np.broadcast_arrays(*axes), -1).astype(np.float32)

    @cached_property
    def packets(self) -> tuple[NDArray[np.float32], NDArray[np.int32], NDArray[np.bool_]]:
        """Rays in groups of 16 that run close together; those over the border repeat its rays.

        Returns:
            (P, 3, 16) directions, (P, 16) indices into the H · W rays, and (P,) whether each four
            of them in turn are neighbours.
        """
        height, width = self.shape
        rows = 4 if height > 2 else height
        columns = LANES // rows
        # Tiles of 16 azimuths × all beams, each (beams / rows, packets, rows, columns).
        x = np.arange(0, width, LANES)[:, None, None, None, None]
        x = x + np.arange(0, LANES, columns)[:, None, None] + np.arange(columns)
        y = np.arange(0, height, rows)[:, None, None, None] + np.arange(rows)[:, None]
        rays = np.minimum(y, height - 1) * width + np.minimum(x, width - 1)
        needed = np.broadcast_to(x[..., :1, 0] < width, rays.shape[:4])[..., 0]
        rays = aligned_copy(rays[needed].reshape(-1, LANES), np.int32)
        directions = self.directions.reshape(-1, 3)[rays].transpose(0, 2, 1)
        whole = (np.diff(rays.reshape(-1, 4, 4), axis=2) == 1).all((1, 2))
        return aligned_copy(directions, np.float32), rays, whole


@dataclass(frozen=True)
class Receiver:
    """What becomes of the light that comes back; the defaults measure exactly.

    Attributes:
        near, far: Ranges outside are no returns [m].
        noise: Standard deviation of the range [m].
        proportional_noise: The same per metre of range.
        dropout: Probability that a return is lost whatever its strength.
        reach: Where nine in ten pulses are detected on 10 % reflectance, head on [m].
        falloff: Whether intensity falls with 1/r² beyond 1 m; False compensates the range.
    """

    near: float = 0.0
    far: float = inf
    noise: float = 0.0
    proportional_noise: float = 0.0
    dropout: float = 0.0
    reach: float = inf
    falloff: bool = False

    @property
    def noisy(self) -> bool:
        """Whether ranges are disturbed."""
        return self.noise > 0 or self.proportional_noise > 0

    @property
    def weak(self) -> bool:
        """Whether weak returns are lost."""
        return self.reach < inf

    @property
    def dropping(self) -> bool:
        """Whether any returns are lost."""
        return self.weak or self.dropout > 0

    @property
    def settings(self) -> NDArray[np.float32]:
        """As the kernel reads them."""
        values = np.zeros(kernel.SETTINGS, np.float32)
        values[kernel.NEAR], values[kernel.FAR] = self.near, self.far
        values[kernel.VARIANCE] = self.noise**2
        values[kernel.GROWTH] = self.proportional_noise**2
        values[kernel.DROPOUT] = self.dropout
        values[kernel.REACH] = self.reach**2 / DETECTED if self.weak else 0
        return values

    @property
    def tasks(self) -> int:
        """What the kernel has to do."""
        tasks = kernel.FALLOFF * self.falloff + kernel.WEAK * self.weak
        return tasks + kernel.DROPPING * self.dropping + kernel.NOISY * self.noisy


def scan(
    scenes: Sequence[RayScene],
    which: NDArray[np.integer],
    T_world_sensor: ArrayLike,
    sweep: Sweep,
    receiver: Receiver,
    *,
    reflectance: Sequence[NDArray[np.float32]] | None = None,
    intensity: bool = False,
    keys: NDArray[np.uint64] | None = None,
    movers: Sequence[MovingParts | None] | None = None,
    threads: int = 1,
) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
    """Scans of a batch of scanners, the same bytes whatever the batch and the threads.

    Args:
        scenes: Places that the scanners stand in.
        which: (N,) index into `scenes` for every scanner.
        T_world_sensor: (N, 4, 4), or (N, W, 4, 4) with a pose for every azimuth.
        reflectance: For every scene what `reflectances` gives; needed for intensities and `reach`.
        intensity: Whether to give intensities.
        keys: (N,) keys of the random numbers; needed for noise and lost returns.
        movers: What moves, for every scanner; None where nothing does.

    Returns:
        Fresh (N, H, W) ranges [m], 0 for no return, and intensities in 0…1, or None.
    """
    poses = _checked_poses(T_world_sensor, sweep.shape[1])
    index = np.asarray(which, np.int64)
    if index.shape != (len(poses),) or index.min() < 0 or index.max() >= len(scenes):
        raise ValueError(f"which must be ({len(poses)},) indices of {len(scenes)} scenes")
    if movers is not None and len(movers) != len(poses):
        raise ValueError(f"movers has {len(movers)} entries for {len(poses)} scanners")
    if (intensity or receiver.weak) and reflectance is None:
        raise ValueError("intensities and reach need reflectance=, that of every scene")
    if (receiver.noisy or receiver.dropping) and (keys is None or len(keys) != len(poses)):
        raise ValueError("noise and lost returns need keys=, one for every scanner")
    ranges: NDArray[np.float32] = np.empty((len(poses), *sweep.shape), np.float32)
    light = np.empty_like(ranges) if intensity else None
    table = np.zeros((len(scenes), 2), np.int64)
    table[:, kernel.HANDLE] = [scene.mesh.handle for scene in scenes]
    if reflectance is not None:
        for k, (scene, shares) in enumerate(zip(scenes, reflectance, strict=True)):
            if shares.dtype != np.float32 or shares.shape != (len(scene.scene.triangles),):
                raise ValueError(f"reflectance[{k}] must be what reflectances(scene) gives")
            table[k, kernel.REFLECTANCE] = shares.ctypes.data
    moving = parts_table(movers or [None] * len(poses), settled=True)
    draws = np.zeros(len(poses), np.uint64) if keys is None else np.ascontiguousarray(keys)
    job = (
        scenes[0].mesh.calls, table, moving, index, poses, draws.view(np.int64), *sweep.packets,
        receiver.settings, receiver.tasks | kernel.INTENSITY * intensity, ranges.ctypes.data,
        0 if light is None else light.ctypes.data,
    )  # fmt: skip
    _run(job, scenes, poses, sweep, receiver, movers, threads)
    return ranges, light


def reflectances(scene: Scene) -> NDArray[np.float32]:
    """(T,) near-infrared reflectance of every triangle, negative for glass.

    Scenes know colours only, so it is the luminance of the material's linear colour times its
    texture's mean, within 0.04…0.95. Real paints and fabrics are often brighter in the near
    infrared than in visible light, seldom darker.
    """
    values = np.empty(len(scene.materials), np.float32)
    for k, material in enumerate(scene.materials):
        color = np.clip(material.color, 0, 1) ** LIGHT_GAMMA
        if material.texture is not None:
            color = color * _mean_color(material.texture)
        values[k] = np.clip(color @ LUMINANCE, DARKEST, BRIGHTEST)
        if material.transparent:
            values[k] = -GLASS
    return values[scene.material]


def _mean_color(texture: Texture) -> NDArray:
    """(3,) linear."""
    linear = (np.arange(256) / 255) ** LIGHT_GAMMA
    channels = texture.pixels.reshape(-1, 3).T
    return np.array([np.bincount(c, minlength=256) @ linear for c in channels]) / channels.shape[1]


def _checked_poses(T_world_sensor: ArrayLike, width: int) -> NDArray[np.float32]:
    """(N, 1 or W, 12): the rotations by rows, then the positions."""
    T = np.asarray(T_world_sensor, np.float64)
    T = T[:, None] if T.ndim == 3 else T
    if T.ndim != 4 or T.shape[1] not in (1, width) or T.shape[2:] != (4, 4) or len(T) == 0:
        raise ValueError(f"T_world_sensor is {T.shape}: give (N, 4, 4) or (N, {width}, 4, 4)")
    if not np.isfinite(T).all():
        raise ValueError("T_world_sensor is not finite: every pose must be a real pose")
    poses = np.empty((*T.shape[:2], 12), np.float32)
    poses[..., :9] = T[..., :3, :3].reshape(*T.shape[:2], 9)
    poses[..., 9:] = T[..., :3, 3]
    return poses


def _run(
    job: tuple[Any, ...],
    scenes: Sequence[RayScene],
    poses: NDArray[np.float32],
    sweep: Sweep,
    receiver: Receiver,
    movers: Sequence[MovingParts | None] | None,
    threads: int,
) -> None:
    """Traces the packets of all scans, spread over threads."""
    packets, beams = len(sweep.packets[0]), sweep.shape[0] * sweep.shape[1]
    trace: Callable[..., None] = kernel.trace_scans

    def work(first: int, last: int, hits: int = 0) -> None:
        trace(*job, np.array([first, last, beams], np.int64), hits)

    total = len(poses) * packets
    if isinstance(scenes[0].mesh, ReferenceMesh):
        for n, k in enumerate(job[3]):
            parts = movers[n] if movers is not None else None
            hits = _reference_hits(scenes[k], parts, poses[n], sweep, receiver.far)
            work(n * packets, (n + 1) * packets, hits.ctypes.data)
    elif threads == 1 or total < 2 * threads:
        work(0, total)
    else:
        shares = min(4 * threads if total > 512 * threads else threads, total)
        edges = np.linspace(0, total, shares + 1).astype(int).tolist()
        queue = deque(pairwise(edges))

        def take() -> None:
            while queue:
                try:
                    share = queue.popleft()
                except IndexError:  # another thread was faster
                    return
                work(*share)

        on_threads(take, threads)


def _reference_hits(
    scene: RayScene,
    parts: MovingParts | None,
    poses: NDArray[np.float32],
    sweep: Sweep,
    far: float,
) -> NDArray[np.float32]:
    """(P, HIT_ROWS, 16) hits of one scanner's packets through embreex's own API."""
    rays = sweep.packets[1].ravel()
    own = np.broadcast_to(poses, (sweep.shape[1], 12))[rays % sweep.shape[1]]
    along = np.einsum(
        "rij,rj->ri", own[:, :9].reshape(-1, 3, 3), sweep.directions.reshape(-1, 3)[rays]
    )
    assert isinstance(scene.mesh, ReferenceMesh)
    hits = scene.mesh.nearest(own[:, 9:], along, near=0.0, far=far)
    if parts is not None:
        assert isinstance(parts.scene, ReferenceInstances)
        parts.scene.improve(hits, own[:, 9:], along, near=0.0, far=far)
    return np.ascontiguousarray(hits.reshape(HIT_ROWS, -1, LANES).transpose(1, 0, 2))
