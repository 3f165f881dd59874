"""PointNav VO: egomotion between two RGB-D frames, knowing which action was taken.

X. Zhao, H. Agrawal, D. Batra and A. Schwing, The Surprising Effectiveness of Visual Odometry
Techniques for Embodied PointGoal Navigation, ICCV 2021; R. Partsey, E. Wijmans, N. Yokoyama,
O. Dobosevych, D. Batra and O. Maksymets, Is Mapping Necessary for Realistic PointGoal Navigation?,
CVPR 2022. Two frames of colour and depth, the depth also in one-hot layers and as a picture from
above, go through a residual trunk; every action has a last layer of its own that gives the planar
motion (forward, left, turn). Pairs are also learned from in reverse order, as the opposite action,
and both estimates together must make no motion; half of the pairs are mirrored. In use the
estimates of the pair and of its mirror image are averaged.

Here: driving backwards, which only the reverse of a forward pair does, has a head of its own; heads
begin with what the action was meant to do; errors count squared when small and by their size when
large (a few collisions would outweigh the rest).
`network.conditioned=false` has one head for all actions, `network.augmented=false` neither mirrors
nor reverses.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from navworld.actions import FORWARD, LEFT, RIGHT, STOP
from navworld.agents.odometry.learned import LearnedOdometer
from navworld.envs.action_pairs import ActionPairs
from navworld.geometry import se3
from navworld.losses.pose import motion_mse, pose_relative
from navworld.nn.encoders.depth import depth_layers, top_down
from navworld.nn.encoders.image import ResNetEncoder, pair_channels, resized
from navworld.nn.heads.pose import RelativePoseHead, encode_pose
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
        conditioned: Whether every action has a head of its own.
        augmented: Whether pairs are mirrored and reversed, and estimates averaged.
        consistency: Weight of forward–backward consistency.
        units: What counts as an error of 1: [m] forward, [m] left, [rad].
        beta: Where errors begin to count by their size [units].
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
    conditioned: bool = True
    augmented: bool = True
    consistency: float = 0.5
    units: tuple[float, float, float] = (0.05, 0.05, 0.05)
    beta: float = 1.0


class PointNavVO(nn.Module):
    """Two RGB-D frames and an action to planar motion."""

    def __init__(self, settings: PointNavVOSettings) -> None:
        super().__init__()
        self.settings = s = settings
        channels = 2 * (4 + s.depth_layers + s.top_down)
        self.encoder = ResNetEncoder(channels, s.widths, s.blocks, s.stem)
        turn = math.radians(s.turn_deg)
        meant = [[0.0] * 3, [s.forward, 0, 0], [0, 0, turn], [0, 0, -turn], [-s.forward, 0, 0]]
        self.head = RelativePoseHead(
            self.encoder.features(s.image_size),
            form="planar",
            heads=HEADS if s.conditioned else 1,
            hidden=s.hidden,
            scale=(0.1, 0.1),
            start=meant if s.conditioned else None,
        )
        for name, table in (("mirror", MIRROR), ("reverse", REVERSE)):
            self.register_buffer(name, torch.tensor(table), persistent=False)
        self.register_buffer("sides", torch.tensor(SIDES), persistent=False)

    def forward(self, rgb: Tensor, depth: Tensor, action: Tensor, *, also: str = "") -> Tensor:
        """Estimates motions.

        Args:
            rgb: (B, 2, H, W, 3) uint8.
            depth: (B, 2, H, W, 1) [m], 0 where there is none.
            action: (B,) int64 between the frames; `BACKWARD` undoes `FORWARD`.
            also: "reverse" or "mirror": estimates for the pairs in that form follow, (2 B, 3).

        Returns:
            (B, 3) x, y [m], yaw [rad] of T_previous_current.
        """
        frames = self._seen(rgb, depth)
        if also:
            table = self.reverse if also == "reverse" else self.mirror
            frames = torch.cat([frames, frames.flip(1 if also == "reverse" else 3)])
            action = torch.cat([action, table[action]])  # type: ignore[index]
        features = self.encoder(pair_channels(frames)).flatten(1)
        return self.head(features, action if self.settings.conditioned else None)

    def averaged(self, rgb: Tensor, depth: Tensor, action: Tensor) -> Tensor:
        """The mean estimate of pairs and their mirror images; arguments as of `forward`."""
        if not self.settings.augmented:
            return self(rgb, depth, action)
        direct, mirrored = self(rgb, depth, action, also="mirror").chunk(2)
        return (direct + mirrored * self.sides) / 2

    def _seen(self, rgb: Tensor, depth: Tensor) -> Tensor:
        """Frames as the trunk sees them, (B, 2, H, W, C)."""
        s = self.settings
        rgb = resized(rgb, s.image_size).float() / 255 - 0.5
        if tuple(depth.shape[2:4]) != s.image_size:
            flat = depth[..., 0].flatten(0, 1)[:, None]
            flat = nn.functional.interpolate(flat, s.image_size, mode="nearest")
            depth = flat.unflatten(0, depth.shape[:2]).permute(0, 1, 3, 4, 2)
        parts = [2 * rgb, depth / s.far]
        if s.depth_layers:
            parts.append(depth_layers(depth, s.depth_layers, far=s.far))
        if s.top_down:
            parts.append(top_down(depth, fov_deg=s.fov_deg, camera_height=s.camera_height))
        return torch.cat(parts, -1)


def loss(network: nn.Module, batch: Batch, random: torch.Generator | None) -> dict[str, Tensor]:
    """Error of the motion there and of the motion back, and of both together."""
    s: PointNavVOSettings = settings_of(network)
    rgb, depth, action = batch["rgb"], batch["depth"], batch["action"]
    target = encode_pose(batch["T_previous_current"], "planar")
    units = torch.tensor(s.units).to(target)
    if not s.augmented:
        estimate = network(rgb, depth, action)
        return _told(motion_mse(estimate, target, units=units, beta=s.beta), estimate, target)
    if random is not None:
        flip = torch.rand(len(rgb), device=rgb.device, generator=random) < 0.5
        mask = flip[:, None, None, None, None]
        rgb = torch.where(mask, rgb.flip(3), rgb)
        depth = torch.where(mask, depth.flip(3), depth)
        action = torch.where(flip, torch.tensor(MIRROR).to(action)[action], action)
        target = torch.where(flip[:, None], target * torch.tensor(SIDES).to(target), target)
    both = network(rgb, depth, action, also="reverse")
    there, home = both.chunk(2)
    undone = se3.to_planar(se3.inverse(se3.from_planar(target)))
    error = motion_mse(both, torch.cat([target, undone]), units=units, beta=s.beta)
    around = pose_relative(there, home, units=units)
    terms = _told(error + s.consistency * around, there, target)
    return {**terms, "consistency": around}


def _told(total: Tensor, estimate: Tensor, target: Tensor) -> dict[str, Tensor]:
    square = (estimate - target).square()
    return {
        "loss": total,
        "translation_m": square[:, :2].sum(-1).mean().sqrt(),
        "rotation_rad": square[:, 2].mean().sqrt(),
    }


def odometer(network: nn.Module) -> LearnedOdometer:
    """The network as an odometer of an agent that acts."""

    def estimate(
        pair: dict[str, Tensor], action: Tensor | None, state: Tensor | None
    ) -> tuple[Tensor, None]:
        planar = network.averaged(pair["rgb"], pair["depth"], action)  # type: ignore[operator]
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
            PointNavVOSettings(),
            ActionPairs(scenes="apartment:train[:96]"),
            TrainSettings(
                steps=8000, batch=64, round_steps=400, learning_rate=1e-3, warmup=100,
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
