"""PointNav VO: egomotion between two RGB-D frames, knowing which action was taken.

X. Zhao, H. Agrawal, D. Batra and A. Schwing, The Surprising Effectiveness of Visual Odometry
Techniques for Embodied PointGoal Navigation, ICCV 2021; R. Partsey, E. Wijmans, N. Yokoyama,
O. Dobosevych, D. Batra and O. Maksymets, Is Mapping Necessary for Realistic PointGoal Navigation?,
CVPR 2022. Two frames of colour and depth, the depth also in one-hot layers and as a picture from
above, go through a residual trunk; every action has a last layer of its own that gives the planar
motion (forward, left, turn). Pairs are also learned from in reverse order, as the opposite action,
and both estimates together must make no motion; half of the pairs are mirrored. In use the
estimates of the pair and of its mirror image may be averaged (`network.averaged=true`; it costs
twice the time and is worth little here).

Here the network looks twice, and tells what is left of the motion: the first frame is resampled to
where the points of the second would lie in it, had the body done what it was meant to, or what the
first look found. Before each look a few steps of direct alignment are taken
(`navworld.nn.alignment`), which expects every action to do what it is meant to; heads are told
where these led and how firmly. That saves learning by heart what geometry knows: in minutes on two
cores the network as published is not exact enough to navigate.
Training begins half of the pairs near the truth, so that both looks are learned at once. Driving
backwards, which only the reverse of a forward pair does, has a head of its own; errors count
squared when small and by their size when large (a few collisions would outweigh the rest).
`network.conditioned=false` has one head for all actions and expects nothing of them,
`network.augmented=false` neither mirrors nor reverses, `network.direct=[]` takes no steps before
looking.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from navworld.actions import FORWARD, LEFT, RIGHT, STOP
from navworld.agents.odometry.learned import LearnedOdometer
from navworld.envs.action_pairs import ActionPairs
from navworld.geometry import se3
from navworld.losses.pose import motion_mse, pose_relative
from navworld.nn.alignment import Alignment, Stage
from navworld.nn.encoders.depth import depth_layers, top_down
from navworld.nn.encoders.image import ResNetEncoder, resized
from navworld.nn.heads.pose import RelativePoseHead, encode_pose
from navworld.nn.views import planar_inverse, planar_product, seen_again
from navworld.recipe import Preset, Recipe, settings_of
from navworld.training.settings import TrainSettings

if TYPE_CHECKING:
    from navworld.agents.claims import Check, Proof
    from navworld.recipe import Batch

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
NEAR_ENOUGH = 0.1
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
        depths: (B, 2, H, W) inverse depth and depth of the second, as the trunk sees them.
        pictures: What else the trunk sees of the second.
    """

    frames: Alignment
    looked_up: Tensor
    second: Tensor
    depth: Tensor
    depths: Tensor
    pictures: list[Tensor]

    def rows(self, which: Tensor) -> _Pair:
        """Some of the pairs, by a mask (B,)."""
        return _Pair(
            self.frames.rows(which),
            self.looked_up[which],
            self.second[which],
            self.depth[which],
            self.depths[which],
            [picture[which] for picture in self.pictures],
        )


class PointNavVO(nn.Module):
    """Two RGB-D frames and an action to planar motion."""

    def __init__(self, settings: PointNavVOSettings) -> None:
        super().__init__()
        self.settings = s = settings
        channels = CHANNELS + s.depth_layers + 2 * s.top_down
        self.encoder = ResNetEncoder(channels, s.widths, s.blocks, s.stem)
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
        inverse = 1 / after.clamp(min=0.5) * (after > 0)
        pictures = []
        if s.depth_layers:
            pictures.append(depth_layers(after, s.depth_layers, far=s.far))
        if s.top_down:
            pictures.append(self._drawn(after)[:, None])
        return _Pair(
            frames=Alignment(rgb.mean(2), depth, fov_deg=s.fov_deg, far=s.far),
            looked_up=torch.cat([rgb[:, 0], before[:, None]], 1),
            second=rgb[:, 1],
            depth=after,
            depths=torch.stack([inverse, after / s.far], 1),
            pictures=pictures,
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
        s = self.settings
        values, expected, inside = seen_again(
            pair.looked_up, pair.depth, motion, fov_deg=s.fov_deg, far=s.far
        )
        known = inside & (pair.depth > 0) & (values[:, 3] > 0)
        lighter = (values[:, :3] - pair.second).mean(1) * inside
        nearer = torch.tanh((values[:, 3] - expected) / NEAR_ENOUGH) * known
        off = torch.stack([4 * lighter, nearer], 1)
        inside = inside[:, None].float()
        parts = [pair.second, values[:, :3], off, pair.depths, inside, *pair.pictures]
        if s.top_down:
            before = pair.looked_up[:, 3]
            parts.append(self._drawn(before, T_drawn_depth=planar_inverse(motion))[:, None])
        return torch.cat(parts, 1).contiguous(memory_format=torch.channels_last)

    def _drawn(self, depth: Tensor, T_drawn_depth: Tensor | None = None) -> Tensor:
        s = self.settings
        return top_down(
            depth, fov_deg=s.fov_deg, camera_height=s.camera_height, T_drawn_depth=T_drawn_depth
        )


def loss(network: nn.Module, batch: Batch, random: torch.Generator | None) -> dict[str, Tensor]:
    """Error of the motion there and of the motion back, and of both together."""
    s: PointNavVOSettings = settings_of(network)
    rgb, depth, action = batch["rgb"], batch["depth"], batch["action"]
    target = encode_pose(batch["T_previous_current"], "planar")
    units = torch.tensor(s.units).to(target)
    if random is not None and s.augmented:
        flip = torch.rand(len(rgb), device=rgb.device, generator=random) < 0.5
        mask = flip[:, None, None, None, None]
        rgb = torch.where(mask, rgb.flip(3), rgb)
        depth = torch.where(mask, depth.flip(3), depth)
        action = torch.where(flip, torch.tensor(MIRROR).to(action)[action], action)
        target = torch.where(flip[:, None], target * torch.tensor(SIDES).to(target), target)
    how = {"looks": s.looks} if random is None else {"start": _taken(s, target, random)}
    if not s.augmented:
        estimate = network(rgb, depth, action, **how)
        return _told(motion_mse(estimate, target, units=units, beta=s.beta), estimate, target)
    both = network(rgb, depth, action, also="reverse", **how)
    there, home = both.chunk(2)
    undone = planar_inverse(target)
    error = motion_mse(both, torch.cat([target, undone]), units=units, beta=s.beta)
    around = pose_relative(there, home, units=units)
    terms = _told(error + s.consistency * around, there, target)
    return {**terms, "consistency": around}


def _taken(s: PointNavVOSettings, target: Tensor, random: torch.Generator) -> Tensor | None:
    """Where looking begins: half of the time with what was meant, else somewhere near the truth.

    So the second look is learned as well, from estimates as exact as they will be one day.
    """
    if torch.rand((), device=target.device, generator=random) < 0.5:
        return None
    size = torch.rand(len(target), 1, device=target.device, generator=random)
    wide = torch.randn(target.shape, device=target.device, generator=random)
    return planar_product(target, wide * torch.tensor(s.doubt).to(target) * size.square())


def _told(total: Tensor, estimate: Tensor, target: Tensor) -> dict[str, Tensor]:
    square = (estimate - target).square()
    return {
        "loss": total,
        "translation_m": square[:, :2].sum(-1).mean().sqrt(),
        "rotation_rad": square[:, 2].mean().sqrt(),
    }


def odometer(network: nn.Module) -> LearnedOdometer:
    """The network as an odometer of an agent that acts."""
    network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    s: PointNavVOSettings = settings_of(network)

    def estimate(
        pair: dict[str, Tensor], action: Tensor | None, state: Tensor | None
    ) -> tuple[Tensor, None]:
        frames = pair["rgb"], pair["depth"], action
        once: Any = partial(network, looks=s.looks, certain=s.certain)
        ask: Any = network.averaged if s.averaged else once
        planar = ask(*frames)
        return se3.from_planar(planar.double()), None

    return LearnedOdometer(network, ("rgb", "depth"), estimate, name=RECIPE.name, needs_action=True)


def checks(proof: Proof) -> Iterator[Check]:
    """The claim: closes the gap that is left without GPS, and every part of it helps."""
    yield proof.oracle_reaches("success", 0.85)
    yield proof.closes("success", 0.75)
    yield proof.closes("spl", 0.75)
    mine, plain = proof.trained(), proof.trained("unconditioned, un-augmented")
    commanded = proof.floor("odometry/commanded")
    for metric in ("rotation_rad", "translation_m"):
        yield proof.below(metric, mine, plain)
        yield proof.below(metric, mine, commanded)


RECIPE = Recipe(
    name="odometry/pointnav_vo",
    paper="Zhao et al., ICCV 2021; Partsey et al., CVPR 2022",
    mechanism="two RGB-D frames + action → planar motion; a head per action, consistency, flips",
    claim=(
        "In PointNav with noisy actuation and sensors and no GPS it closes at least 0.75 of the "
        "success gap between no localization and the oracle, and beats the unconditioned, "
        "un-augmented network."
    ),
    sensors=("rgb", "depth"),
    presets={
        "tiny": Preset(
            PointNavVOSettings((32, 32), (8, 16), stem=4, hidden=16, depth_layers=2),
            ActionPairs(
                scenes="apartment:train[:1]", validation="apartment:validation[:1]", image_size=32,
                envs=4, held=16, light="none",
            ),
            TrainSettings(
                steps=8, batch=8, round_steps=4, warmup=2, validation_batches=1, workers=0
            ),
        ),
        "small": Preset(
            PointNavVOSettings(widths=(16, 32, 64, 128), stem=2),
            ActionPairs(scenes="apartment:train[:96]", random=0.25),
            TrainSettings(
                steps=5000, batch=32, round_steps=250, learning_rate=1e-3, warmup=100,
                validation_batches=24, precision="bf16",
            ),
        ),
        "paper": Preset(
            PointNavVOSettings(
                (192, 341), (64, 64, 128, 256, 512), blocks=2, stem=2, hidden=512, depth_layers=10
            ),
            ActionPairs(image_size=(192, 341), envs=32, held=4096),
            TrainSettings(
                steps=1_000_000, batch=128, round_steps=4000, learning_rate=2.5e-4, warmup=1000,
                validation_batches=64, patience=40, workers=4,
            ),
        ),
    },
    build=PointNavVO,
    loss=loss,
    wrap=odometer,
    ablations={
        "unconditioned, un-augmented": ("network.conditioned=false", "network.augmented=false"),
    },
    checks=checks,
)  # fmt: skip
