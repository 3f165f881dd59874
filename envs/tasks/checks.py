"""What tasks refuse to be asked, in one sentence each."""

from __future__ import annotations

import numpy as np


def check_steps(max_steps: object) -> None:
    """Refuses a budget that is no positive whole number."""
    if not (isinstance(max_steps, (int, np.integer)) and max_steps > 0):
        raise ValueError(f"max_steps={max_steps!r}: expected a positive whole number")


def check_lengths(**lengths: float) -> None:
    """Refuses a length [m] that is not above 0, by its name."""
    for name, value in lengths.items():
        if not value > 0:
            raise ValueError(f"{name}={value!r}: expected above 0 m")


def check_range(what: str, low: float, high: float) -> None:
    """Refuses `min_{what}` and `max_{what}` [m] that leave nothing in between."""
    if not 0 < low < high:
        raise ValueError(
            f"min_{what}={low} and max_{what}={high}: expected 0 < min_{what} < max_{what}"
        )
