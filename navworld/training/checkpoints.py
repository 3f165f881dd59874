"""Runs and weights on disk: safetensors with JSON notes inside, whole or not at all, no pickles.

A checkpoint has everything that a run needs to go on exactly: the network in full precision, the
optimiser's state and where the run stands. Weights are what is left of a run when it is over: the
parameters as fp16 and which recipe, version and settings they belong to.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import torch
from pydantic import TypeAdapter, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from navworld.nn.weights import load_weights, read_notes, save_weights
from navworld.recipe import Preset, Recipe

NOTES = "navworld"
FREE = ("training.minutes", "training.threads", "training.patience")
"""What may change while a run is continued."""

Config = TypeVar("Config")


def identity(recipe: Recipe, preset: Preset) -> dict[str, Any]:
    """What weights and checkpoints say of themselves."""
    return {"recipe": recipe.name, "version": recipe.version, "preset": plain(preset)}


def plain(config: Any) -> Any:
    """A dataclass as JSON has it."""
    return json.loads(json.dumps(asdict(config)))


def save_checkpoint(
    path: Path, network: nn.Module, optimizer: torch.optim.Optimizer, notes: Mapping[str, Any]
) -> None:
    """Writes a run's state under a temporary name, then renames it.

    Args:
        notes: What else is needed, as JSON has it.
    """
    tensors = {f"network/{k}": v for k, v in network.state_dict().items()}
    for index, state in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer/{index}/{k}": v for k, v in state.items()}
    # A copy for every name: two names of one tensor are refused.
    copies = {k: v.detach().cpu().clone().contiguous() for k, v in tensors.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    save_file(copies, partial, {NOTES: json.dumps(notes)})
    os.replace(partial, path)


def load_checkpoint(
    path: Path,
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    *,
    expected: Mapping[str, Any],
) -> dict[str, Any]:
    """Restores a run and returns its notes.

    Args:
        expected: `identity` of the run that is to go on.

    Raises:
        ValueError: The file is damaged, of another recipe or version, or of other settings.
    """
    try:
        with safe_open(path, "pt") as file:
            notes = json.loads((file.metadata() or {})[NOTES])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, KeyError, json.JSONDecodeError) as error:
        raise ValueError(
            f"checkpoint {str(path)!r} is damaged ({error}): delete it to begin anew"
        ) from None
    _check_same(str(path), notes, expected)
    network.load_state_dict(_under("network/", tensors))
    # Where a tensor lies in memory decides in which order some kernels add: kept as it was.
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in _under("optimizer/", tensors).items():
        index, _, key = name.partition("/")
        like = parameters[int(index)]
        if value.shape == like.shape:
            value = torch.empty_like(like, device="cpu").copy_(value)
        state.setdefault(int(index), {})[key] = value
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": state, "param_groups": groups})
    return notes


def save_trained(network: nn.Module, path: Path, notes: Mapping[str, Any]) -> None:
    """Writes trained weights; `notes` are `identity` and whatever else is worth knowing."""
    save_weights(network, path, notes={NOTES: json.dumps(notes)})


def load_trained(recipe: Recipe, path: str | Path) -> nn.Module:
    """The network of a recipe with trained weights, of the size that they were trained in.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The weights are of another recipe or version.
    """
    try:
        notes = json.loads(read_notes(path).get(NOTES, "{}"))
    except json.JSONDecodeError:
        notes = {}
    for key, wanted in (("recipe", recipe.name), ("version", recipe.version)):
        if notes.get(key) != wanted:
            raise ValueError(
                f"weights {str(path)!r} are of {key} {notes.get(key, 'unknown')!r}, not "
                f"{wanted!r}: train anew with `navworld train {recipe.name}`"
            )
    cls = type(next(iter(recipe.presets.values())).network)
    network = recipe.build(restored(cls, notes["preset"]["network"]))
    load_weights(network, path)
    return network.eval()


def trained_notes(path: str | Path) -> dict[str, Any]:
    """What trained weights say of themselves."""
    return json.loads(read_notes(path).get(NOTES, "{}"))


def restored(cls: type[Config], data: Mapping[str, Any]) -> Config:
    """A dataclass from what `plain` made of it."""
    try:
        return TypeAdapter(cls).validate_python(dict(data))
    except ValidationError as error:
        raise ValueError(f"these are no settings of a {cls.__name__}: {error}") from None


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}


def _check_same(path: str, notes: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    for key in ("recipe", "version"):
        if notes.get(key) != expected[key]:
            raise ValueError(
                f"checkpoint {path!r} is of {key} {notes.get(key)!r}, not {expected[key]!r}: "
                "choose another --out"
            )
    was, now = _flat(notes["preset"]), _flat(expected["preset"])
    for key in sorted(was.keys() | now.keys()):
        if key not in FREE and was.get(key) != now.get(key):
            raise ValueError(
                f"checkpoint {path!r} was made with {key}={was.get(key)!r}, not {now.get(key)!r}: "
                "give the same to go on, or choose another --out"
            )


def _flat(data: Any, prefix: str = "") -> dict[str, Any]:
    if not isinstance(data, Mapping):
        return {prefix: data}
    items: dict[str, Any] = {}
    for key, value in data.items():
        items |= _flat(value, f"{prefix}.{key}" if prefix else str(key))
    return items
