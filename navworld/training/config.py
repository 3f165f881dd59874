"""Configurations: frozen dataclasses, written as YAML, refused when a key is misspelt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

import yaml
from pydantic import TypeAdapter, ValidationError

from navworld.names import nearest

Config = TypeVar("Config")


def load_config(cls: type[Config], path: str | Path, overrides: Sequence[str] = ()) -> Config:
    """A configuration from a YAML file.

    Args:
        cls: The dataclass to make; its fields may be dataclasses.
        path: YAML mapping of its fields.
        overrides: "key=value" or "part.key=value", stronger than the file.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: Not YAML, an unknown key (the nearest known one is named), a wrong value.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"there is no config {str(path)!r}: check the path; see configs/")
    try:
        data = yaml.safe_load(path.read_text()) or {}
    except yaml.YAMLError as error:
        where = getattr(error, "problem_mark", None)
        line = f" (line {where.line + 1})" if where else ""
        raise ValueError(f"config {str(path)!r} is not YAML{line}: check its indentation") from None
    if not isinstance(data, dict):
        raise ValueError(f"config {str(path)!r} holds no keys: expected lines like 'key: value'")
    for item in overrides:
        _override(data, item)
    _refuse_unknown(cls, data, "")
    try:
        return TypeAdapter(cls).validate_python(data)
    except ValidationError as error:
        raise ValueError(_told(error)) from None


def changed(config: Config, overrides: Sequence[str]) -> Config:
    """A configuration with some keys changed.

    Args:
        config: A frozen dataclass; its fields may be dataclasses of any kind.
        overrides: "key=value" or "part.key=value".

    Raises:
        ValueError: An unknown key (the nearest known one is named) or a wrong value.
    """
    for item in overrides:
        key, value = _parted(item)
        config = _with(config, key.split("."), value, key)
    return config


def _with(config: Any, path: list[str], value: Any, key: str) -> Any:
    name, *rest = path
    known = [f.name for f in fields(config)]
    if name not in known:
        raise ValueError(f"unknown config key {key!r}{nearest(name, known)}")
    if rest:
        part = getattr(config, name)
        if not is_dataclass(part):
            raise ValueError(f"config key {name!r} has no parts, as {key!r} supposes")
        return replace(config, **{name: _with(part, rest, value, key)})
    try:
        value = TypeAdapter(get_type_hints(type(config))[name]).validate_python(value)
    except ValidationError as error:
        raise ValueError(_told(error, key)) from None
    return replace(config, **{name: value})


def _told(error: ValidationError, within: str = "") -> str:
    """What is wrong first, and with which key; what a class says of itself, in its own words."""
    first = error.errors()[0]
    key = within or ".".join(str(part) for part in first["loc"])
    own = first.get("ctx", {}).get("error")
    if isinstance(own, Exception):
        return f"config key {key!r}: {own}" if key else str(own)
    return f"config key {key!r}: {first['msg']} (given {first['input']!r})"


def _parted(item: str) -> tuple[str, Any]:
    key, equals, value = item.partition("=")
    if not equals:
        raise ValueError(f"{item!r} changes nothing: expected key=value")
    return key, yaml.safe_load(value)


def _override(data: dict[str, Any], item: str) -> None:
    key, value = _parted(item)
    *parents, last = key.split(".")
    for parent in parents:
        data = data.setdefault(parent, {})
        if not isinstance(data, dict):
            raise ValueError(f"config key {parent!r} has no parts, as {key!r} supposes")
    data[last] = value


def _refuse_unknown(cls: type, data: dict[str, Any], prefix: str) -> None:
    types = get_type_hints(cls)
    known = [f.name for f in fields(cls)]
    for key, value in data.items():
        if key not in known:
            raise ValueError(f"unknown config key {prefix + str(key)!r}{nearest(str(key), known)}")
        if is_dataclass(types[key]) and isinstance(value, dict):
            _refuse_unknown(types[key], value, f"{prefix}{key}.")
