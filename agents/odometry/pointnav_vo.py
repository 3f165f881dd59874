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

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from navworld.agents.odometry.learned import LearnedOdometer
from navworld.agents.odometry.pointnav_vo_network import (
    MIRROR,
    SIDES,
    PointNavVO,
    PointNavVOSettings,
)
from navworld.envs.action_pairs import ActionPairs
from navworld.geometry import se3
from navworld.losses.pose import motion_mse, pose_relative
from navworld.nn.heads.pose import encode_pose
from navworld.nn.views import planar_inverse, planar_product
from navworld.recipe import Preset, Recipe, settings_of
from navworld.training.settings import TrainSettings

if TYPE_CHECKING:
    from navworld.agents.claims import Check, Proof
    from navworld.recipe import Batch


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
    parts = "", "unconditioned, un-augmented", "odometry/commanded"
    mine, plain, commanded = proof.scores(*parts)
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
