"""The network of PointNav VO: two looks at a pair of RGB-D frames, alignment before each.

What it does and where that is published is told in `navworld.agents.odometry.pointnav_vo`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from navworld.actions import FORWARD, LEFT, RIGHT, STOP
from navworld.nn.alignment import Alignment, Stage
from navworld.nn.encoders.depth import HEIGHTS, REACH, depth_layers, top_down
from navworld.nn.encoders.image import ResNetEncoder, resized
from navworld.nn.heads.pose import RelativePoseHead
from navworld.nn.rows import kernel_by_rows
from navworld.nn.views import NEAREST, planar_inverse, planar_product, rays, seen_again
from navworld.nn.views_kernels import compare

HEADS = 5
BACKWARD = 4
MIRROR = (STOP, FORWARD, RIGHT, LEFT, BACKWARD)
"""Action → the action of the mirrored pair."""
REVERSE = (STOP, BACKWARD, RIGHT, LEFT, FORWARD)
"""Action → the action of the pair in reverse order."""
SIDES = (1.0, -1.0, -1.0)
"""What a mirror makes of x, y, yaw."""

CHANNELS = 11
"""Of what is compared, besides layers and pictures from above: two images of colours, their
difference, differences of depth, inverse depth, depth, what both frames show."""
STEP = 0.05
"""What counts as 1 of the way that alignment went [m, rad]."""
FIRM = 0.002
"""What counts as 1 of how loosely it holds [m, rad]."""
TOLD = 6
"""Numbers that heads are told of alignment: its way, and how loosely it holds."""
CLOSEST = 0.5
"""Least depth that is told apart from others [m]."""
LIGHTER = 4.0
"""Weight of differences of brightness."""
NEARER = 0.1
"""Differences of depth beyond this count less and less [m]."""


@dataclass(frozen=True)
class PointNavVOSettings:
    """Shape of the network, and the terms of its loss.

    Attributes:
        image_size: (height, width) that images are brought to [px].
        widths, blocks, stem: Of the trunk (`ResNetEncoder`).
        hidden: Of the layer before the heads.
        depth_layers: One-hot layers of distance; 0 for none.
        top_down: Whether the picture from above is seen as well.
        far: Depth that counts as 1 [m].
        fov_deg, camera_height: Of the camera [m].
        forward, turn_deg: What actions are meant to do [m], [deg].
        drive_spread, turn_spread: How far motions are from that, as standard deviations along,
            across [m], round [rad]; those of `habitat-challenge`.
        direct: Stages of alignment before the first look; the heads are told where they led. ()
            for none before any look.
        again: Likewise before the looks after it.
        looks: How often the frames are compared, each time from the last estimate.
        certain: Pairs of which a look corrects less than this are not looked at again in use;
            errors of `units` count as 1.
        averaged: Whether in use the estimate of the mirrored pair counts as well.
        conditioned: Whether every action has a head of its own and is expected to do something.
        augmented: Whether pairs are mirrored and reversed.
        consistency: Weight of forward–backward consistency.
        units: What counts as an error of 1: [m] forward, [m] left, [rad].
        beta: Where errors begin to count by their size [units].
        doubt: How far from the truth looks begin at most in training, as standard deviations [m],
            [m], [rad].
    """

    image_size: tuple[int, int] = (64, 64)
    widths: tuple[int, ...] = (32, 64, 128)
    blocks: int = 1
    stem: int = 4
    hidden: int = 128
    depth_layers: int = 4
    top_down: bool = True
    far: float = 10.0
    fov_deg: float = 90.0
    camera_height: float = 0.88
    forward: float = 0.25
    turn_deg: float = 30.0
    drive_spread: tuple[float, float, float] = (0.04, 0.08, 0.08)
    turn_spread: tuple[float, float, float] = (0.016, 0.032, 0.065)
    direct: tuple[Stage, ...] = ((2, 10, 0.6, 0.2), (2, 3, 0.3, 0.06), (1, 3, 0.3, 0.06))
    again: tuple[Stage, ...] = ((1, 2, 0.3, 0.06),)
    looks: int = 2
    certain: float = 0.2
    averaged: bool = False
    conditioned: bool = True
    augmented: bool = True
    consistency: float = 0.5
    units: tuple[float, float, float] = (0.05, 0.05, 0.03)
    beta: float = 0.4
    doubt: tuple[float, float, float] = (0.06, 0.06, 0.06)


@dataclass(frozen=True)
class _Pair:
    """What stays the same of two frames (B, …, H, W) from look to look.

    Attributes:
        frames: For alignment.
        looked_up: (B, 4, H, W) colours and depth of the first.
        second, depth: (B, 3, H, W) in [-1, 1] and (B, H, W) [m] of the second.
    """

    frames: Alignment
    looked_up: Tensor
    second: Tensor
    depth: Tensor

    def rows(self, which: Tensor) -> _Pair:
        """Some of the pairs, by a mask (B,)."""
        return _Pair(
            self.frames.rows(which),
            self.looked_up[which],
            self.second[which],
            self.depth[which],
        )


class PointNavVO(nn.Module):
    """Two RGB-D frames and an action to planar motion."""

    def __init__(self, settings: PointNavVOSettings) -> None:
        super().__init__()
        self.settings = s = settings
        self._channels = CHANNELS + s.depth_layers + 2 * s.top_down
        self.encoder = ResNetEncoder(self._channels, s.widths, s.blocks, s.stem)
        self.head = RelativePoseHead(
            self.encoder.features(s.image_size) + TOLD * bool(s.direct),
            form="planar",
            heads=HEADS if s.conditioned else 1,
            hidden=s.hidden,
            scale=(0.1, 0.1),
        )
        turn = math.radians(s.turn_deg)
        meant = [[0.0] * 3, [s.forward, 0, 0], [0, 0, turn], [0, 0, -turn], [-s.forward, 0, 0]]
        tables: dict[str, Any] = {"mirror": MIRROR, "reverse": REVERSE, "sides": SIDES}
        tables["meant"] = meant if s.conditioned else [[0.0] * 3] * HEADS
        turns, drives = list(s.turn_spread), list(s.drive_spread)
        tables["spread"] = [turns, drives, turns, turns, drives]
        for name, table in tables.items():
            self.register_buffer(name, torch.tensor(table), persistent=False)

    def forward(
        self,
        rgb: Tensor,
        depth: Tensor,
        action: Tensor,
        *,
        also: str = "",
        start: Tensor | None = None,
        looks: int = 1,
        certain: float = 0.0,
    ) -> Tensor:
        """Estimates motions.

        Args:
            rgb: (B, 2, H, W, 3) uint8.
            depth: (B, 2, H, W, 1) [m], 0 where there is none.
            action: (B,) int64 between the frames; `BACKWARD` undoes `FORWARD`.
            also: "reverse" or "mirror": estimates for the pairs in that form follow, (2 B, 3).
            start: (B, 3) the motion as it is taken to be before looking; by default what the
                action is meant to do.
            looks: How often to compare the frames, each time from the estimate of before.
            certain: Pairs of which a look corrects less than this are not looked at again [units].

        Returns:
            (B, 3) x, y [m], yaw [rad] of T_previous_current.
        """
        rgb, depth = self._scaled(rgb, depth)
        stages = self.settings.direct if start is None else self.settings.again
        start = self.meant[action] if start is None else start  # type: ignore[index]
        if also == "reverse":
            rgb, depth = (torch.cat([image, image.flip(1)]) for image in (rgb, depth))
            start = torch.cat([start, planar_inverse(start)])
            action = torch.cat([action, self.reverse[action]])  # type: ignore[index]
        elif also == "mirror":
            rgb, depth = (torch.cat([image, image.flip(-1)]) for image in (rgb, depth))
            start = torch.cat([start, start * self.sides])  # type: ignore[operator]
            action = torch.cat([action, self.mirror[action]])  # type: ignore[index]
        pair, rows = self._pair(rgb, depth), torch.arange(len(action), device=action.device)
        units = start.new_tensor(self.settings.units)
        for look in range(1, looks + 1):
            aligned, rest = self._look(pair, action[rows], start[rows], stages)
            start = start.index_copy(0, rows, planar_product(aligned, rest))
            unsure = (rest / units).norm(dim=1) > certain
            if look == looks or not unsure.any():
                break
            if not unsure.all():
                pair, rows = pair.rows(unsure), rows[unsure]
            stages = self.settings.again
        return start

    def averaged(self, rgb: Tensor, depth: Tensor, action: Tensor) -> Tensor:
        """The mean estimate of pairs and their mirror images; arguments as of `forward`."""
        looks = self.settings.looks
        direct, mirrored = self(rgb, depth, action, also="mirror", looks=looks).chunk(2)
        return (direct + mirrored * self.sides) / 2

    def _scaled(self, rgb: Tensor, depth: Tensor) -> tuple[Tensor, Tensor]:
        """Colours (B, 2, 3, H, W) in [-1, 1] and depth (B, 2, H, W) [m] in the network's size."""
        s = self.settings
        rgb = resized(rgb, s.image_size).float().permute(0, 1, 4, 2, 3) * (2 / 255) - 1
        depth = depth[..., 0].float()
        if tuple(depth.shape[2:]) != s.image_size:
            depth = nn.functional.interpolate(depth, s.image_size, mode="nearest")
        return rgb.contiguous(), depth

    def _pair(self, rgb: Tensor, depth: Tensor) -> _Pair:
        """What stays the same from look to look."""
        s, (before, after) = self.settings, depth.unbind(1)
        return _Pair(
            frames=Alignment(rgb.mean(2), depth, fov_deg=s.fov_deg, far=s.far),
            looked_up=torch.cat([rgb[:, 0], before[:, None]], 1),
            second=rgb[:, 1].contiguous(),
            depth=after.contiguous(),
        )

    def _look(
        self, pair: _Pair, action: Tensor, motion: Tensor, stages: tuple[Stage, ...]
    ) -> tuple[Tensor, Tensor]:
        """Where alignment leads from a motion (B, 3), and what is left from there (B, 3)."""
        s, before = self.settings, motion
        told = []
        if s.direct:
            known = {"expected": self.meant[action], "spread": self.spread[action]}  # type: ignore[index]
            motion, loose = pair.frames.refine(motion, stages, **known if s.conditioned else {})
            way = planar_product(planar_inverse(before), motion)
            told = [way / STEP, (loose / FIRM).log().clamp(-3, 3)]
        features = self.encoder(self._compared(pair, motion)).flatten(1).float()
        return motion, self.head(torch.cat([features, *told], 1), action if s.conditioned else None)

    def _compared(self, pair: _Pair, motion: Tensor) -> Tensor:
        """Frames as the trunk sees them (B, C, H, W): the first one as the second should be."""
        on_cpu = motion.device.type == "cpu"
        return (self._on_threads if on_cpu else self._in_tensors)(pair, motion.detach())

    def _on_threads(self, pair: _Pair, motion: Tensor) -> Tensor:
        """What the trunk sees, on the CPU; see `navworld.nn.views_kernels.compare`."""
        s = self.settings
        shown = motion.new_empty(len(motion), *s.image_size, self._channels, dtype=torch.float32)
        right, below = rays(s.image_size, s.fov_deg, motion.device)
        given = pair.looked_up, pair.second, pair.depth, motion.float(), shown
        arrays = (tensor.numpy() for tensor in given)
        axes = right.numpy(), below[:, 0].numpy()
        plane = math.tan(math.radians(s.fov_deg) / 2)
        camera = plane, s.far, NEAREST, LIGHTER, NEARER, CLOSEST
        low, high = HEIGHTS
        above = REACH, s.camera_height - high, s.camera_height - low
        kernel_by_rows(compare, len(motion), *arrays, s.depth_layers, *axes, camera, above)
        return shown.permute(0, 3, 1, 2)

    def _in_tensors(self, pair: _Pair, motion: Tensor) -> Tensor:
        """The same by tensors, wherever they are."""
        s = self.settings
        values, expected, inside = seen_again(
            pair.looked_up, pair.depth, motion, fov_deg=s.fov_deg, far=s.far
        )
        there = pair.depth > 0
        known = inside & there & (values[:, 3] > 0)
        lighter = LIGHTER * (values[:, :3] - pair.second).mean(1) * inside
        nearer = torch.tanh((values[:, 3] - expected) / NEARER) * known
        inverse = there / pair.depth.clamp(min=CLOSEST)
        more = torch.stack([lighter, nearer, inverse, pair.depth / s.far, inside.float()], 1)
        parts = [pair.second, values[:, :3], more]
        if s.depth_layers:
            parts.append(depth_layers(pair.depth, s.depth_layers, far=s.far))
        if s.top_down:
            after, before = pair.depth, pair.looked_up[:, 3]
            parts.append(self._drawn(after)[:, None])
            parts.append(self._drawn(before, T_drawn_depth=planar_inverse(motion))[:, None])
        return torch.cat(parts, 1).contiguous(memory_format=torch.channels_last)

    def _drawn(self, depth: Tensor, T_drawn_depth: Tensor | None = None) -> Tensor:
        s = self.settings
        return top_down(
            depth, fov_deg=s.fov_deg, camera_height=s.camera_height, T_drawn_depth=T_drawn_depth
        )
