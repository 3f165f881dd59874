"""Heads that give relative poses, and what their numbers mean."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from navworld.geometry import se3, so3
from navworld.names import nearest

SIZES = {"euler": 6, "twist": 6, "planar": 3}
"""Parametrisation → numbers: (x, y, z, yaw, pitch, roll), (translation, rotation) of the
logarithm of SE(3), (x, y, yaw); [m, rad]."""


def encode_pose(T: Tensor, form: str) -> Tensor:
    """T (..., 4, 4) to its numbers (..., 6) or (..., 3) [m, rad], float32."""
    T = T.double()
    if form == "twist":
        return se3.log(T).float()
    if form == "planar":
        return se3.to_planar(T).float()
    _known(form)
    return torch.cat([T[..., :3, 3], so3.to_euler_zyx(T[..., :3, :3])], -1).float()


def decode_pose(numbers: Tensor, form: str) -> Tensor:
    """The inverse of `encode_pose`: T (..., 4, 4)."""
    if form == "twist":
        return se3.exp(numbers)
    if form == "planar":
        return se3.from_planar(numbers)
    _known(form)
    R = so3.from_euler_zyx(numbers[..., 3:])
    return se3.from_rotation_translation(R, numbers[..., :3])


BLOCK = 16
"""Rows that matrix products take at a time, or fewer."""


class RelativePoseHead(nn.Module):
    """Relative pose from a feature vector, by one head or by one of several.

    Its outputs are the network's numbers times `scale`, the size that motions have, so that the
    last layer works with numbers around 1.

    Args:
        features: Of the input.
        form: See `SIZES`.
        heads: How many; each has the last layer of its own.
        hidden: Of a layer before that they share; 0 for none.
        scale: Typical (translation [m], rotation [rad]).
        start: What each head tells before it has learned anything [m, rad]; no motion by default.
    """

    def __init__(
        self,
        features: int,
        *,
        form: str = "euler",
        heads: int = 1,
        hidden: int = 0,
        scale: tuple[float, float] = (1.0, 1.0),
        start: Sequence[Sequence[float]] | None = None,
    ) -> None:
        super().__init__()
        self.form, self.size, self.heads = form, _known(form), heads
        self.shared = nn.Sequential()
        if hidden:
            self.shared = nn.Sequential(nn.Linear(features, hidden), nn.LeakyReLU(0.1))
        self.last = nn.Linear(hidden or features, heads * self.size)
        linear = 2 if form == "planar" else 3
        units = [scale[0]] * linear + [scale[1]] * (self.size - linear)
        self.register_buffer("units", torch.tensor(units), persistent=False)
        with torch.no_grad():
            self.last.weight *= 0.1
            self.last.bias.zero_()
            if start is not None:
                self.last.bias.copy_((torch.tensor(start) / torch.tensor(units)).flatten())

    def forward(self, features: Tensor, which: Tensor | None = None) -> Tensor:
        """Numbers of the form [m, rad].

        Args:
            features: (..., features).
            which: (...) int64, the head of every row; None where there is one.
        """
        with torch.autocast(features.device.type, enabled=False):
            out = self.last(self.shared(_filled(features.float())))[: len(features)]
        if which is None:
            return out * self.units
        each = out.unflatten(-1, (self.heads, self.size))
        index = which[..., None, None].expand(*which.shape, 1, self.size)
        return each.gather(-2, index).squeeze(-2) * self.units


def _filled(features: Tensor) -> Tensor:
    """Rows of zeros to the next full block.

    Sums of a row then come out bit by bit the same, whatever stands beside it.
    """
    if features.ndim != 2:
        return features
    return nn.functional.pad(features, (0, 0, 0, -len(features) % BLOCK))


def _known(form: str) -> int:
    if form not in SIZES:
        raise ValueError(f"unknown form of poses {form!r}{nearest(form, SIZES)}")
    return SIZES[form]
