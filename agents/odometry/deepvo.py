"""DeepVO: visual odometry from one camera, end to end, by a recurrent convolutional network.

S. Wang, R. Clark, H. Wen and N. Trigoni, DeepVO: Towards End-to-End Visual Odometry with Deep
Recurrent Convolutional Neural Networks, ICRA 2017. Consecutive images are stacked as channels and
go through the contracting part of FlowNetSimple; its features go through two layers of LSTM, which
learn how motions follow each other; a linear layer gives six numbers, translation and Euler angles.
The loss is the squared error of translation plus κ times that of orientation, over clips (equation
8). As the network has seen metric motions, its trajectory is metric, though from one camera.

Here: poses are relative and in the body's frame (x forward); nothing is pre-trained on optical
flow. DeepVO saw cars, which drive a metre between two frames; bodies here move 2 to 5 cm in a
twentieth of a second, so `small` compares frames that are `interval` apart and takes the body to go
on between them (`Paced`). It looks at 64 × 64 pixels, is given a pair as its mean and its
difference at one contrast, and has a linear layer before the LSTM and a way around it: from the two
images as they are, or through the LSTM alone, so short a training does not find motion. Clips are
also mirrored and put into other light: how bright a place is tells nothing of how fast one moves.
`network.temporal=none` is the ablation.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from navworld.agents.odometry.learned import LearnedOdometer
from navworld.agents.odometry.paced import Paced
from navworld.contracts import Odometer
from navworld.envs.sources import RideClips
from navworld.losses.pose import pose_weighted
from navworld.nn.encoders.image import FlowNetEncoder, binned, mean_and_change, pair_channels
from navworld.nn.heads.pose import RelativePoseHead, decode_pose, encode_pose
from navworld.nn.temporal.recurrent import Recurrent
from navworld.recipe import Preset, Recipe, settings_of
from navworld.training.settings import TrainSettings

if TYPE_CHECKING:
    from navworld.agents.claims import Check, Proof
    from navworld.recipe import Batch

MEAN, SPREAD = 0.45, 0.25
"""Of colours in [0, 1]."""


@dataclass(frozen=True)
class DeepVOSettings:
    """Shape of the network.

    Attributes:
        image_size: (height, width) that images are brought to [px].
        widths: Channels of the encoder's stages.
        change: How much the difference of a pair is magnified, where it is given beside the mean;
            0 for the two images as they are.
        neck: Features after a linear layer before the recurrence; 0 for no such layer.
        dropout: Share of them that is left out at random in training.
        around: Whether the head sees what goes into the recurrence beside what comes out.
        temporal: "lstm", "gru" or "none".
        hidden, layers: Of the recurrence.
        scale: Typical motion between two frames ([m], [rad]); errors count in these units.
        kappa: Weight of orientation in the loss.
        interval: Least time between two images that are compared, in use [s]; training has its
            clips at such a rate. 0 for every image.
    """

    image_size: tuple[int, int] = (64, 64)
    widths: tuple[int, ...] = (16, 32, 64, 128)
    change: float = 6.0
    neck: int = 128
    dropout: float = 0.2
    around: bool = True
    temporal: str = "lstm"
    hidden: int = 128
    layers: int = 2
    scale: tuple[float, float] = (0.2, 0.2)
    kappa: float = 1.0
    interval: float = 0.2

    def __post_init__(self) -> None:
        if not self.interval >= 0:
            raise ValueError(f"network.interval={self.interval!r}: expected at least 0 s")


class DeepVO(nn.Module):
    """Images in a row to motions between them."""

    def __init__(self, settings: DeepVOSettings) -> None:
        super().__init__()
        self.settings = s = settings
        self.encoder = FlowNetEncoder(6, s.widths)
        features = self.encoder.features(s.image_size)
        self.neck = nn.Sequential()
        if s.neck:
            self.neck = nn.Sequential(
                nn.Linear(features, s.neck), nn.LeakyReLU(0.1), nn.Dropout(s.dropout)
            )
            features = s.neck
        self.temporal: Recurrent | None = None
        if s.temporal != "none":
            self.temporal = Recurrent(features, s.hidden, cell=s.temporal, layers=s.layers)
            features = s.hidden + features * s.around
        self.head = RelativePoseHead(features, form="euler", scale=s.scale)

    def forward(self, rgb: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        """Runs over a clip.

        Args:
            rgb: (B, n, H, W, 3) in 0 … 255.
            state: (B, …) of the recurrence, as returned; None begins anew.

        Returns:
            (B, n − 1, 6) x, y, z [m], yaw, pitch, roll [rad] of T_previous_current, and the state.
        """
        s = self.settings
        images = binned(rgb, s.image_size).float()
        if s.change:
            pairs = mean_and_change(images, s.change)
        else:
            pairs = pair_channels((images / 255 - MEAN) / SPREAD)
        features = self.neck(self.encoder(pairs).flatten(1)).unflatten(0, (len(rgb), -1))
        if self.temporal is not None:
            recalled, state = self.temporal(features, state)
            features = torch.cat([features.float(), recalled], -1) if s.around else recalled
        return self.head(features), state

    def initial(self) -> Tensor | None:
        """The state of a beginning, without the batch; None where there is none."""
        if self.temporal is None:
            return None
        return torch.zeros(self.temporal.parts, self.temporal.layers, self.temporal.hidden)


MIRRORED = torch.tensor([1.0, -1.0, 1.0, -1.0, 1.0, -1.0])
"""What a mirror makes of x, y, z, yaw, pitch, roll."""
SHADE = 0.8
"""Clips are learned from with their colours to a power between the exponentials of −/+ this."""


def loss(network: nn.Module, batch: Batch, random: torch.Generator | None) -> dict[str, Tensor]:
    """Equation 8 over clips, half of them mirrored, each in colours and light of its own."""
    rgb = batch["rgb"]
    target = encode_pose(batch["T_previous_current"], "euler")
    if random is not None:
        flip = torch.rand(len(rgb), device=rgb.device, generator=random) < 0.5
        rgb = torch.where(flip[:, None, None, None, None], rgb.flip(3), rgb)
        signs = MIRRORED.to(target)
        target = torch.where(flip[:, None, None], target * signs, target)
        tint = torch.rand(len(rgb), 3, device=rgb.device, generator=random) + 0.5
        power = torch.rand(len(rgb), 1, device=rgb.device, generator=random) * 2 - 1
        shade, tint = (x[:, None, None, None] for x in (torch.exp(power * SHADE), 255 * tint))
        rgb = (rgb / 255) ** shade * tint
    estimate, _ = network(rgb)
    settings = settings_of(network)
    return pose_weighted(estimate, target, kappa=settings.kappa, units=settings.scale)


def odometer(network: nn.Module) -> Odometer:
    """The network as an odometer that keeps its recurrent state for every environment."""
    interval = settings_of(network).interval

    def estimate(
        pair: dict[str, Tensor], action: Tensor | None, state: Tensor | None
    ) -> tuple[Tensor, Tensor | None]:
        motion, after = network(pair["rgb"], state)
        return decode_pose(motion[:, -1].double(), "euler"), after

    initial = network.initial()  # type: ignore[operator]
    every = LearnedOdometer(network, ("rgb",), estimate, name=RECIPE.name, initial=initial)
    return Paced(every, interval) if interval else every


def checks(proof: Proof) -> Iterator[Check]:
    """The claim: better than without recurrence and than constant velocity, and metric."""
    mine, plain, floor = proof.scores("", "no LSTM", "odometry/constant-velocity")
    yield proof.below("t_err_percent", mine, plain)
    yield proof.below("t_err_percent", mine, floor)
    yield proof.at_most("scale_error_percent", mine, 10.0)


RIDES = RideClips(
    scenes=(
        "apartment:train[:24]", "maze:train[:24]", "office:train[:8]", "tunnel:0-15",
        "tunnel:16-31", "city:0-4", "city:5-9",
    ),
    validation=(
        "apartment:validation[:3]", "maze:validation[:2]", "tunnel:validation[:2]",
        "office:validation[:1]", "city:validation[:1]",
    ),
    carriers=("wheeled", "handheld", "drone"),
    rate_hz=5.0,
    seconds=96.0,
    length=21,
    image_size=64,
    supersample=2,
    conditions=({}, {"hour": 21}, {"fog": 2, "rain": 2, "shiny": 3}),
    fresh=7,
    held=98,
    passes=6,
    memory_gb=6.0,
)  # fmt: skip
"""What carries the cameras of `odometry-v1`, in other places; twice as much in tunnels and cities,
where speed is hard to see."""

RECIPE = Recipe(
    name="odometry/deepvo",
    paper="Wang et al., ICRA 2017",
    mechanism="FlowNetS-like encoder over stacked frame pairs → two-layer LSTM → 6-D motion",
    claim=(
        "On held-out scenes t_err is lower than that of the same network without the LSTM and of "
        "constant velocity, and the trajectory is metric (scale error < 10 %) from one camera."
    ),
    sensors=("rgb",),
    presets={
        "tiny": Preset(
            DeepVOSettings((32, 32), (8, 8, 16), neck=16, hidden=16),
            RideClips(
                scenes="apartment:train[:1]", validation="apartment:validation[:1]", image_size=32,
                rate_hz=5.0, seconds=24.0, length=5, fresh=1, held=4, light="none",
            ),
            TrainSettings(
                steps=8, batch=4, round_steps=4, warmup=2, validation_batches=1, workers=0
            ),
        ),
        "small": Preset(
            DeepVOSettings(),
            RIDES,
            TrainSettings(
                steps=7000, batch=8, round_steps=500, learning_rate=1e-3, weight_decay=0.1,
                warmup=100, validation_batches=16, precision="bf16",
            ),
        ),
        "paper": Preset(
            DeepVOSettings(
                (384, 1280), FlowNetEncoder.PUBLISHED, change=0.0, neck=0, around=False,
                hidden=1000, kappa=100.0, scale=(1.0, 1.0), interval=0.1,
            ),
            replace(
                RIDES, image_size=(384, 1280), supersample=1, rate_hz=10.0, seconds=12.0, fresh=1,
                held=2,
            ),
            TrainSettings(
                steps=200_000, batch=16, round_steps=1000, learning_rate=1e-4, warmup=1000,
                validation_batches=16, patience=20, workers=2,
            ),
        ),
    },
    build=DeepVO,
    loss=loss,
    wrap=odometer,
    ablations={"no LSTM": ("network.temporal=none",)},
    checks=checks,
)  # fmt: skip
