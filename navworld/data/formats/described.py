"""What a channel is, as plain words and numbers, and back: for formats that keep everything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from navworld.data.sequences import Channel
from navworld.geometry.cameras import Fisheye, Orthographic, Panorama, Pinhole

_MODELS = (Pinhole, Fisheye, Panorama, Orthographic)
_LENSES: dict[str, Any] = {model.__name__: model for model in _MODELS}


def describe(channel: Channel) -> dict[str, Any]:
    """All of a channel but its stamps, as JSON can hold it."""
    lens, T = channel.lens, channel.T_body_sensor
    return {
        "kind": channel.kind,
        "shape": list(channel.shape),
        "dtype": channel.dtype.str,
        "T_body_sensor": None if T is None else np.asarray(T, np.float64).tolist(),
        "lens": None if lens is None else {"model": type(lens).__name__, **asdict(lens)},
        "unit": channel.unit,
        "info": plain(channel.info),
    }


def described(entry: Mapping[str, Any], stamps: NDArray[np.float64]) -> Channel:
    """The channel of a description.

    Raises:
        KeyError, TypeError, ValueError: It is none.
    """
    lens, T = entry["lens"], entry["T_body_sensor"]
    if lens is not None:
        values = {k: tuple(v) if isinstance(v, list) else v for k, v in lens.items()}
        lens = _LENSES[str(values.pop("model"))](**values)
    return Channel(
        kind=entry["kind"],
        stamps=stamps,
        shape=tuple(entry["shape"]),
        dtype=np.dtype(entry["dtype"]),
        T_body_sensor=None if T is None else np.array(T, np.float64),
        lens=lens,
        unit=entry["unit"],
        info=entry["info"],
    )


def plain(value: Any) -> Any:
    """Notes as JSON can hold them: numbers and arrays of NumPy become Python's."""
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    return value
