"""Weights on disk: safetensors, every shared parameter once, written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn


def parameters(network: nn.Module) -> dict[str, Tensor]:
    """Parameters by name; one that is reachable by several names appears under its first."""
    return {name: value.detach() for name, value in network.named_parameters()}


def set_parameters(network: nn.Module, values: dict[str, Tensor]) -> None:
    """Copies values into the parameters; refuses other names and shapes."""
    own = dict(network.named_parameters())
    if set(own) != set(values):
        odd = sorted(set(own) ^ set(values))
        raise ValueError(f"the weights are another network's: {len(odd)} names differ, as {odd[0]}")
    for name, value in values.items():
        if own[name].shape != value.shape:
            raise ValueError(
                f"the weights are another network's: {name} is {tuple(value.shape)}, expected "
                f"{tuple(own[name].shape)}"
            )
        with torch.no_grad():
            own[name].copy_(value)


def save_weights(
    network: nn.Module, path: str | Path, *, notes: Mapping[str, str] | None = None
) -> None:
    """Writes the parameters as fp16, and notes about them into the same file."""
    state = {k: v.cpu().half().contiguous() for k, v in parameters(network).items()}
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    save_file(state, partial, dict(notes or {}))
    os.replace(partial, path)


def read_notes(path: str | Path) -> dict[str, str]:
    """The notes of a weights file; empty where there are none.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is no safetensors file.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(
            f"there is no weights file {str(path)!r}: train one, or check the path"
        )
    try:
        with safe_open(path, "pt") as file:
            return file.metadata() or {}
    except Exception as error:
        raise ValueError(f"{str(path)!r} is not a safetensors file: {error}") from error


def load_weights(network: nn.Module, path: str | Path) -> None:
    """Reads what `save_weights` wrote.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is damaged, or holds another network's weights.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(
            f"there is no weights file {str(path)!r}: train one, or check the path"
        )
    try:
        state = load_file(path)
    except Exception as error:
        raise ValueError(f"{str(path)!r} is not a safetensors file: {error}") from error
    try:
        set_parameters(network, {k: v.float() for k, v in state.items()})
    except ValueError as error:
        raise ValueError(f"{str(path)!r} does not fit: {error}") from None
