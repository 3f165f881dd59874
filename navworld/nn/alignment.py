"""Direct alignment of two RGB-D frames on a plane.

C. Kerl, J. Sturm, D. Cremers, Robust odometry estimation for RGB-D cameras, ICRA 2013; Dense
visual SLAM for RGB-D cameras, IROS 2013: differences of brightness between two frames, and of
points from the planes that they should lie on, are brought down by steps of weighted
Gauss–Newton, from coarse to fine. Weights as those of S. Geman and D. McClure leave out what does
not fit. What is asked of the second frame stays the same from step to step, and is worked out once
(S. Baker, I. Matthews, Lucas–Kanade 20 years on, IJCV 2004: inverse compositional). As an input of
networks it says exactly what they find it hard to learn: motions of a fraction of a pixel.

Noise is met in three ways. Brightness is smoothed. Depth is compared as its inverse, which planes
make linear in the image, and relative to the distance, as cameras that triangulate err. And the
motion is expected near what was meant, as far as that is known.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields

import torch
from torch import Tensor, nn

from navworld.nn.alignment_kernels import descend, prepare
from navworld.nn.rows import kernel_by_rows
from navworld.nn.views import moved, planar_inverse, planar_product, rays

Stage = tuple[int, int, float, float]
"""(how many times smaller the frames are made, steps, difference of brightness beyond which a
pixel counts less [of grey values in [-1, 1]], the same of distance [share of it])."""

SMOOTHED = 2
"""How often brightness is smoothed, over 3 × 3 pixels."""
EDGE = 0.3
"""Inverse depth that changes by more than this share from pixel to pixel has no plane."""
WORSE = 0.3
"""Differences of distance count less the farther they are [1/m]."""
NEAREST, FARTHEST = 0.05, 1000.0
"""Distances are kept within these [m]."""
WHOLE = 0.99
"""Share of known pixels that depth is looked up among."""
SETTLED = 2e-4
"""A step shorter than this is the last of its stage [m, rad]."""
LONGEST = 0.15
"""Of a step, in each of its numbers [m, rad]."""
DAMPING = 10.0
"""Added to the curvature [1 / m², 1 / rad²]: where nothing is seen nothing moves."""
EXPECTED = 3.0
"""Weight of what is expected: neighbouring pixels err alike, and are fewer than they seem."""
ANYWHERE = 1e6
"""Standard deviation of what is not expected anywhere [m, rad]."""
SMALLEST = 4
"""Frames have at least so many pixels along both sides."""
STRAY = 1.7
"""Motions beyond so many standard deviations from what is expected are drawn to it less."""


@dataclass(frozen=True)
class _Level:
    """Frames of one size, and what of the second stays from step to step.

    Attributes:
        first: (B, 3, h, w) brightness, inverse depth [1/m], whether it is known.
        second: (B, h, w) brightness.
        points: (B, 3, h, w) right, below and ahead, of the second's pixels [m].
        planes: (B, 3, h, w) normals over distances: 1 = planes · (right, below, ahead).
        even: (B, h, w) where the second frame has a plane.
        changes: (B, 3, 2 h w) how brightness and distance change with a step.
    """

    first: Tensor
    second: Tensor
    points: Tensor
    planes: Tensor
    even: Tensor
    changes: Tensor


class Alignment:
    """Pairs of frames of a level camera, for motions to be found between them.

    Args:
        grey: (B, 2, H, W) in [-1, 1].
        depth: (B, 2, H, W) [m], 0 where there is none.
        fov_deg: Horizontal field of view.
        far: Depth of what has none [m].
    """

    def __init__(self, grey: Tensor, depth: Tensor, *, fov_deg: float, far: float) -> None:
        self._grey, self._depth = grey.float(), depth.float()
        self._fov, self._far = fov_deg, far
        self._levels: dict[int, _Level] = {}

    def rows(self, which: Tensor) -> Alignment:
        """Some of the pairs, by a mask (B,)."""
        some = Alignment(self._grey[which], self._depth[which], fov_deg=self._fov, far=self._far)
        for part, level in self._levels.items():
            kept = {field.name: getattr(level, field.name)[which] for field in fields(level)}
            some._levels[part] = _Level(**kept)
        return some

    @torch.no_grad()
    def refine(
        self,
        motion: Tensor,
        stages: Sequence[Stage],
        *,
        expected: Tensor | None = None,
        spread: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Steps towards the motion that brings the frames together.

        Args:
            motion: (B, 3) planar T_first_second where to begin [m, m, rad].
            stages: From coarse to fine.
            expected: (B, 3) what the motion is expected to be; None for nothing.
            spread: (B, 3) standard deviations of the motion from that, in its own axes.

        Returns:
            (B, 3) the motion, and (B, 3) how far it may go in each of its numbers at the price of
            one pixel that does not fit: great where the frames say little of it.
        """
        if expected is None or spread is None:
            expected, spread = motion, torch.full_like(motion, ANYWHERE)
        motion = motion.double()
        curvature = torch.eye(3, dtype=motion.dtype, device=motion.device).repeat(len(motion), 1, 1)
        walk = self._on_threads if motion.device.type == "cpu" else self._in_tensors
        # Mixed precision would round the sums.
        with torch.autocast(motion.device.type, enabled=False):
            for stage in stages:
                motion, curvature = walk(stage, motion, curvature, expected, spread)
            loose = torch.linalg.inv(curvature).diagonal(dim1=1, dim2=2)
        return motion.float(), loose.float().clamp(min=0).sqrt()

    def _on_threads(
        self, stage: Stage, motion: Tensor, curvature: Tensor, expected: Tensor, spread: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The steps of a stage on the CPU: motions (B, 3) and curvatures (B, 3, 3) after it."""
        part, steps, *units = stage
        level = self._level(part)
        parts = (level.first, level.second, level.points, level.planes, level.even, level.changes)
        numbers = (motion.clone(), expected.double(), spread.double(), curvature)
        arrays = [tensor.numpy() for tensor in (*parts, *numbers)]
        reach = math.tan(math.radians(self._fov) / 2)
        limits = (
            reach, NEAREST, FARTHEST, WORSE, WHOLE, LONGEST, DAMPING, EXPECTED, STRAY,
        )  # fmt: skip
        pixel_units = float(units[0]), float(units[1])
        kernel_by_rows(descend, len(motion), *arrays, steps, pixel_units, limits, SETTLED)
        return numbers[0], curvature

    def _in_tensors(
        self, stage: Stage, motion: Tensor, curvature: Tensor, expected: Tensor, spread: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The same by tensors, wherever they are."""
        part, steps, brightness, distance = stage
        level = self._level(part)
        for _ in range(steps):
            pull, curvature = self._pull(level, motion.float(), brightness, distance)
            off = planar_product(planar_inverse(expected.double()), motion)
            firm = EXPECTED / (spread.double().square() + (off / STRAY).square())
            curvature = curvature.double() + torch.diag_embed(firm)
            step = torch.linalg.solve(curvature, -(pull.double() + firm * off))
            motion = planar_product(motion, step.clamp(-LONGEST, LONGEST))
            if step.abs().max() < SETTLED:
                break
        return motion, curvature

    def _level(self, part: int) -> _Level:
        if part not in self._levels:
            small = min(self._grey.shape[-2:]) // part
            if small < SMALLEST:
                raise ValueError(
                    f"a stage of alignment makes frames {part} times smaller, {small} pixels "
                    f"high or wide: expected at least {SMALLEST}"
                )
            frames = smaller(self._grey, self._depth, part)
            made = _level_on_threads if self._grey.device.type == "cpu" else _level
            self._levels[part] = made(*frames, fov_deg=self._fov, far=self._far)
        return self._levels[part]

    def _pull(
        self, level: _Level, motion: Tensor, brightness: float, distance: float
    ) -> tuple[Tensor, Tensor]:
        """Slope (B, 3) and curvature (B, 3, 3) of the cost as a step goes on from a motion."""
        differences, weights = [], []
        compared = self._compared(level, motion)
        for (off, there), unit in zip(compared, (brightness, distance), strict=True):
            differences.append(off.flatten(1))
            weights.append((there / (unit + off.square() / unit).square()).flatten(1))
        weighted = level.changes * torch.cat(weights, 1)[:, None]
        pull = weighted @ torch.cat(differences, 1)[..., None]
        curvature = weighted @ level.changes.mT
        return pull[..., 0], curvature + DAMPING * torch.eye(3, device=motion.device)

    def _compared(self, level: _Level, motion: Tensor) -> tuple[tuple[Tensor, Tensor], ...]:
        """Differences (B, h, w) and where there are any: of brightness, of points from planes."""
        right, below, z = level.points.unbind(1)
        height, width = z.shape[-2:]
        ahead, aside = moved(z, right, motion)
        nearness = 1 / ahead.clamp(min=NEAREST)
        across, down = aside * nearness, below * nearness
        reach = math.tan(math.radians(self._fov) / 2)
        grid = torch.stack([across / reach, down * (width / height / reach)], -1)
        seen = (ahead > NEAREST) & ((across / reach).abs() <= 1 - 1 / width)
        seen &= grid[..., 1].abs() <= 1 - 1 / height
        found = nn.functional.grid_sample(level.first, grid, align_corners=False)
        grey, inverse, known = found.unbind(1)
        met = (known > WHOLE) & seen & level.even
        reached = 1 / inverse.clamp(min=1 / FARTHEST)
        back, side = moved(reached, reached * across, planar_inverse(motion))
        grown, deeper, nearer = level.planes.unbind(1)
        apart = grown * side + deeper * (reached * down) + nearer * back - 1
        return (grey - level.second, seen), (apart / (1 + WORSE * z), met)


def smaller(grey: Tensor, depth: Tensor, part: int) -> tuple[Tensor, Tensor, Tensor]:
    """Frames of pairs (B, 2, H, W), `part` times smaller: means, of depth those of its inverse.

    Returns:
        (B, 2, H / part, W / part) each: grey values, inverse depth [1/m], and whether half of it
        at least is known.
    """
    known = depth > 0
    inverse = torch.where(known, 1 / depth.clamp(min=NEAREST), 0.0)
    if part > 1:
        pool = nn.functional.avg_pool2d
        share = pool(known.float(), part)
        grey, known = pool(grey, part), share > 0.5
        inverse = torch.where(known, pool(inverse, part) / share.clamp(min=0.5), 0.0)
    return grey, inverse, known


def _level_on_threads(
    grey: Tensor, inverse: Tensor, known: Tensor, *, fov_deg: float, far: float
) -> _Level:
    """What alignment needs of frames of one size (B, 2, h, w), on the CPU."""
    size = grey.shape[0], *grey.shape[2:]
    shapes = (3, *size[1:]), size[1:], (3, *size[1:]), (3, *size[1:])
    first, second, points, planes = (grey.new_empty(size[0], *shape) for shape in shapes)
    even = known.new_empty(size)
    changes = grey.new_empty(size[0], 3, 2 * size[1] * size[2])
    right, below = rays((size[1], size[2]), fov_deg, grey.device)
    given = (grey, inverse, known, right, below[:, 0], first, second, points, planes, even, changes)
    pixel = 2 * math.tan(math.radians(fov_deg) / 2) / size[2]
    limits = (pixel, float(far), FARTHEST, WORSE, EDGE)
    arrays = [tensor.contiguous().numpy() for tensor in given]
    kernel_by_rows(prepare, len(grey), *arrays, SMOOTHED, limits)
    return _Level(first, second, points, planes, even, changes)


def _level(grey: Tensor, inverse: Tensor, known: Tensor, *, fov_deg: float, far: float) -> _Level:
    """The same by tensors, wherever they are."""
    for _ in range(SMOOTHED):
        grey = _smooth(grey)
    flat, there = inverse[:, 1], known[:, 1]
    height, width = flat.shape[-2:]
    right, below = rays((height, width), fov_deg, grey.device)
    pixel = 2 * math.tan(math.radians(fov_deg) / 2) / width
    share = _smooth(there.float())
    smoothed = torch.where(there, _smooth(flat) / share.clamp(min=0.05), flat)
    grown, deeper = (slope / pixel for slope in _slopes(smoothed))
    lighter, lower = (slope * (there / pixel) for slope in _slopes(grey[:, 1]))
    nearer = smoothed - right * grown - below * deeper
    z = torch.where(there, 1 / flat.clamp(min=1 / FARTHEST), far)
    outwards = lighter * right + lower * below
    weaker = 1 + WORSE * z
    # With a step ahead [m], to the left [m], round [rad].
    brightness = [-outwards / z, -lighter / z, -lighter - right * outwards]
    distance = [-nearer / weaker, grown / weaker, (grown - right * nearer) * (z / weaker)]
    changes = [torch.stack(columns, 1).flatten(2) for columns in (brightness, distance)]
    return _Level(
        first=torch.stack([grey[:, 0], inverse[:, 0], known[:, 0].float()], 1),
        second=grey[:, 1].contiguous(),
        points=torch.stack([z * right, z * below, z], 1),
        planes=torch.stack([grown, deeper, nearer], 1),
        even=there & ((grown.abs() + deeper.abs()) * pixel <= EDGE * smoothed),
        changes=torch.cat(changes, 2),
    )


def _smooth(image: Tensor) -> Tensor:
    """(..., h, w) with the weights 1, 2, 1 along both axes."""
    for axis in (-1, -2):
        wide = _widened(image, axis)
        many = image.shape[axis]
        ends = wide.narrow(axis, 0, many) + wide.narrow(axis, 2, many)
        image = ends / 4 + image / 2
    return image


def _slopes(image: Tensor) -> tuple[Tensor, Tensor]:
    """Central differences to the right and downwards, per pixel."""
    found = []
    for axis in (-1, -2):
        wide, many = _widened(image, axis), image.shape[axis]
        found.append((wide.narrow(axis, 2, many) - wide.narrow(axis, 0, many)) / 2)
    return found[0], found[1]


def _widened(image: Tensor, axis: int) -> Tensor:
    """One more on either side, going on straight: what is linear stays so to its border."""
    many = image.shape[axis]
    inner = [image.narrow(axis, k, 1) for k in (0, 1, many - 2, many - 1)]
    return torch.cat([2 * inner[0] - inner[1], image, 2 * inner[3] - inner[2]], axis)
