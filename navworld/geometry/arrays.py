"""One implementation for NumPy and torch: which library an argument belongs to.

The functions of this package are written once, over the names that `numpy` and `torch` share
(`sin`, `where`, `stack(axis=)`, `@`, `.mT` …). torch is never imported here: a tensor can only
be given by someone who has imported it.
"""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor

Array: TypeAlias = "NDArray[Any] | Tensor"
ArrayT = TypeVar("ArrayT", "NDArray[Any]", "Tensor")


def as_arrays(*values: Any) -> tuple[Any, ...]:
    """The library that the values belong to, followed by the values as its arrays.

    Floating-point arrays keep their type; integers and lists become float64 (NumPy), or the
    type and device of the first tensor where there is one.

    Raises:
        TypeError: NumPy arrays and torch tensors were mixed.
    """
    torch = sys.modules.get("torch")
    tensors = [v for v in values if isinstance(v, torch.Tensor)] if torch is not None else []
    if torch is None or not tensors:
        return np, *(_floating(np.asarray(v)) for v in values)
    if any(isinstance(v, np.ndarray) for v in values):
        raise TypeError(
            "NumPy arrays and torch tensors were mixed in one call: "
            "convert one side with torch.from_numpy or Tensor.numpy"
        )
    dtype = tensors[0].dtype if tensors[0].is_floating_point() else torch.float64
    converted = (
        v
        if isinstance(v, torch.Tensor) and v.is_floating_point()
        else torch.as_tensor(v, dtype=dtype, device=tensors[0].device)
        for v in values
    )
    return torch, *converted


def flatten_batch(values: Array, batch: tuple[int, ...]) -> Any:
    """Values (*batch, ..., C) as (*batch, N, C): axes after the batch become one.

    An axis of length 1 may stand where the batch has another length.

    Raises:
        ValueError: the leading axes of the values are not those of the batch.
    """
    lead = tuple(values.shape[:-1][: len(batch)])
    pairs = zip(lead, batch, strict=False)
    if len(lead) < len(batch) or any(a not in (1, b) and b != 1 for a, b in pairs):
        raise ValueError(
            f"values of shape {tuple(values.shape)} do not fit a batch of shape {batch}: "
            "their leading axes must be those of the batch (1 repeats)"
        )
    inner = tuple(values.shape[len(batch) : -1])
    return values.reshape((*lead, math.prod(inner), values.shape[-1]))


def unflatten_batch(values: Any, like: Array) -> Any:
    """Undoes `flatten_batch` for values (*batch, N, C) whose source had the shape of `like`."""
    batch = values.shape[:-2]
    return values.reshape((*batch, *like.shape[len(batch) : -1], values.shape[-1]))


def _floating(value: NDArray[Any]) -> NDArray[Any]:
    return value if value.dtype.kind == "f" else value.astype(np.float64)
