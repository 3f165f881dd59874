"""How walking people look from outside: seven rigid parts that swing at hips, knees, shoulders.

A figure stands on the lower of its two soles, whatever its legs do, so its feet are on the floor
and neither in it nor above it. Angles are of the order of those of human walking (D. A. Winter,
The Biomechanics and Motor Control of Human Gait, 1987): hips ±24°, knees up to 50° in swing.

To be traced fast, a person is one moving part with `POSES` shapes: standing, and eight moments of
a stride with short and with full steps; a walker shows the one that comes nearest.
"""

from __future__ import annotations

from collections.abc import Sequence

import numba
import numpy as np
from numpy.typing import NDArray

from navworld.world.company.people import PERSON
from navworld.world.scene import Scene
from navworld.world.tracing.prepared import RayScene
from navworld.world.walkable.clearance import ground_at

PARTS = ("body", "left thigh", "right thigh", "left shin", "right shin", "left arm", "right arm")
"""What a figure consists of; head and trunk are one."""

PROPORTIONS = ("hip", "thigh", "shin", "drop", "heel", "toe", "shoulder", "shoulder_height")

_HIP, _KNEE, _ARM = 0.42, 0.80, 0.38  # swings at the pace one likes to walk at [rad]
_STANDING_KNEE = 0.06


MOMENTS = 8
"""Moments of a stride that are shown."""

POSES = 1 + 2 * MOMENTS
"""Shapes of a person: standing, then the moments of short steps, then those of full ones."""

SHORT = 0.55
"""How far limbs swing in short steps."""


class Figure:
    """A person's looks.

    Args:
        parts: One scene per name in `PARTS`. The body's origin is midway between the hips; a
            thigh's is the hip, a shin's (with its shoe) the knee, an arm's the shoulder, and they
            hang down from there; x forward, y left, z up.
        proportions: (8,) [m], see `PROPORTIONS`: half the way between the hips, thigh, knee to
            ankle, ankle to sole, heel behind and toe before the ankle, half the way between the
            shoulders, shoulders above the hips.

    Attributes:
        poses: The whole person in every pose, on the ground, x forward.
        bounds: (7, 2, 3) lowest and highest corner of each part in its own frame [m].
    """

    def __init__(self, parts: Sequence[Scene], proportions: NDArray[np.float64]) -> None:
        if len(parts) != len(PARTS) or proportions.shape != (len(PROPORTIONS),):
            raise ValueError(
                f"a figure has {len(parts)} parts and proportions {proportions.shape}: expected "
                f"{len(PARTS)} and ({len(PROPORTIONS)},)"
            )
        self.proportions = proportions
        self.bounds = np.stack([part.bounds for part in parts])
        whole = _merged(parts, proportions, 0)
        first = RayScene(whole)
        others = [_merged_vertices(parts, proportions, k) for k in range(1, POSES)]
        self.poses = (first, *(first.on(v, whole.triangles) for v in others))


def _merged_vertices(
    parts: Sequence[Scene], proportions: NDArray, pose: int
) -> NDArray[np.float32]:
    """(V, 3) vertices of all parts in a pose."""
    T = np.zeros((1, len(PARTS), 4, 4))
    shown = np.zeros(1, PERSON)
    shown["phase"], shown["swing"] = moment(pose)
    pose_figures(shown, np.zeros(1), proportions[None], T)
    moved = [part.vertices @ T[0, k, :3, :3].T + T[0, k, :3, 3] for k, part in enumerate(parts)]
    return np.concatenate(moved).astype(np.float32)


def _merged(parts: Sequence[Scene], proportions: NDArray, pose: int) -> Scene:
    """All parts in a pose as one scene with one instance."""
    materials = [material for part in parts for material in part.materials]
    points = np.cumsum([0, *(len(part.vertices) for part in parts)])
    surfaces = np.cumsum([0, *(len(part.materials) for part in parts)])
    return Scene(
        parts[0].name,
        vertices=_merged_vertices(parts, proportions, pose),
        triangles=np.concatenate([p.triangles + n for p, n in zip(parts, points, strict=False)]),
        uv=np.concatenate([part.uv for part in parts]),
        material=np.concatenate([p.material + n for p, n in zip(parts, surfaces, strict=False)]),
        instance=np.concatenate([np.zeros_like(part.instance) for part in parts]),
        materials=tuple(materials),
        instances=parts[0].instances[:1],
    )


def moment(pose: int) -> tuple[float, float]:
    """Phase [rad] and swing that a pose shows."""
    if pose == 0:
        return 0.0, 0.0
    step, k = divmod(pose - 1, MOMENTS)
    return 2 * np.pi * k / MOMENTS, (SHORT, 1.0)[step]


def as_shown(people: NDArray[np.void]) -> NDArray[np.void]:
    """A copy of people (P,) of PERSON with the phase and the swing that they show."""
    moments = np.array([moment(pose) for pose in range(POSES)])
    copy = people.copy()
    for person in copy:
        person["phase"], person["swing"] = moments[_shown(person["phase"], person["swing"])]
    return copy


@numba.njit(cache=True, nogil=True)
def _shown(phase, swing):
    """The pose that comes nearest."""
    if swing < 0.5 * SHORT:
        return 0
    k = np.int64(np.rint(phase * (MOMENTS / (2 * np.pi)))) % MOMENTS
    return 1 + k + (MOMENTS if swing > 0.5 * (1 + SHORT) else 0)


@numba.njit(cache=True, nogil=True)
def shown_in(phase, swing, shown):
    """Writes which pose people show, (N,) each."""
    for k in range(len(phase)):
        shown[k] = _shown(phase[k], swing[k])


@numba.njit(cache=True, nogil=True)
def stand(rows, people, counts, grids, T_world_mover, shown):
    """Writes where the people of some rows are and which pose they show.

    Args:
        rows: (R,) which rows.
        people: (B, P) of PERSON; the first `counts[b]` of a row are there.
        grids: (B,) of `clearance.GRID`, of the floors they walk on.
        T_world_mover: (B, ≥ P, 4, 4), shown: (B, ≥ P); written where people are.
    """
    total = 0
    for b in rows:
        total += counts[b]
    which, xy = np.empty(total, np.int64), np.empty((total, 2))
    n = 0
    for b in rows:
        for p in range(counts[b]):
            me, T = people[b, p], T_world_mover[b, p]
            c, s = np.cos(me.yaw), np.sin(me.yaw)
            T[0, 0], T[0, 1], T[1, 0], T[1, 1] = c, -s, s, c
            T[0, 3], T[1, 3] = me.x, me.y
            shown[b, p] = _shown(me.phase, me.swing)
            which[n], xy[n, 0], xy[n, 1] = b, me.x, me.y
            n += 1
    ground = ground_at(grids, which, xy)
    n = 0
    for b in rows:
        for p in range(counts[b]):
            T_world_mover[b, p, 2, 3] = ground[n, 0]
            n += 1


@numba.njit(inline="always")
def _set(T, c, s, x, y, z, pitch):
    """A frame turned by the yaw of cosine c and sine s, then pitched backwards; at (x, y, z)."""
    k, m = np.cos(pitch), np.sin(pitch)
    T[0, 0], T[0, 1], T[0, 2], T[0, 3] = c * k, -s, -c * m, x
    T[1, 0], T[1, 1], T[1, 2], T[1, 3] = s * k, c, -s * m, y
    T[2, 0], T[2, 1], T[2, 2], T[2, 3] = m, 0.0, k, z
    T[3, 0], T[3, 1], T[3, 2], T[3, 3] = 0.0, 0.0, 0.0, 1.0


@numba.njit(inline="always")
def _lowest(f, hip, shin):
    """How far the sole reaches below the hip, with the thigh and the shin at these pitches."""
    knee = f[1] * np.cos(hip)
    k, m = np.cos(shin), np.sin(shin)
    down = f[2] + f[3]
    return knee + max(down * k + f[4] * m, down * k - f[5] * m)


@numba.njit(cache=True, nogil=True)
def pose_figures(people, ground, proportions, T_world_part):
    """Poses of all parts of figures.

    Args:
        people: (P,) of PERSON. ground: (P,) heights they stand on [m].
        proportions: (P, 8).
        T_world_part: (P, 7, 4, 4) float64, written.
    """
    for p in range(len(people)):
        me, f, T = people[p], proportions[p], T_world_part[p]
        c, s = np.cos(me.yaw), np.sin(me.yaw)
        a, b = np.sin(me.phase), np.cos(me.phase)
        swing = me.swing
        left, right = _HIP * swing * a + 0.02, -_HIP * swing * a + 0.02
        # A knee bends while its leg swings forward.
        left_knee = _STANDING_KNEE + _KNEE * swing * max(0.0, b) ** 2
        right_knee = _STANDING_KNEE + _KNEE * swing * max(0.0, -b) ** 2
        left_shin, right_shin = left - left_knee, right - right_knee
        height = max(_lowest(f, left, left_shin), _lowest(f, right, right_shin))
        z = ground[p] + height
        _set(T[0], c, s, me.x, me.y, z, -0.04 * swing)
        for side in range(2):
            sign = 1.0 if side == 0 else -1.0
            hip, shin = (left, left_shin) if side == 0 else (right, right_shin)
            x, y = me.x - sign * f[0] * s, me.y + sign * f[0] * c
            _set(T[1 + side], c, s, x, y, z, hip)
            reach, drop = f[1] * np.sin(hip), f[1] * np.cos(hip)
            _set(T[3 + side], c, s, x + reach * c, y + reach * s, z - drop, shin)
            x, y = me.x - sign * f[6] * s, me.y + sign * f[6] * c
            lean = 0.04 * swing * f[7]
            arm = -sign * _ARM * swing * a
            _set(T[5 + side], c, s, x + lean * c, y + lean * s, z + f[7], arm)
