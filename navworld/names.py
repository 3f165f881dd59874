"""Answers to misspelt names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, TypeVar

T = TypeVar("T")


def named(name: str, table: Mapping[str, T], what: str) -> T:
    """The entry of a table under a name; a ValueError names the nearest one when unknown."""
    if name not in table:
        raise ValueError(f"unknown {what} {name!r}{nearest(name, table)}")
    return table[name]


def nearest(name: str, known: Iterable[str]) -> str:
    """The end of a sentence about an unknown name: the likeliest one meant, and all there are."""
    known = list(known)
    near = get_close_matches(str(name), known, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return f"{hint} (known: {', '.join(map(str, known))})"


def refuse_unknown(given: Mapping[str, Any], known: Iterable[str], what: str) -> None:
    """Raises TypeError naming the first key of `given` that is not among `known`."""
    known = list(known)
    for name in given:
        if name not in known:
            raise TypeError(f"unknown {what} {name!r}{nearest(name, known)}")
