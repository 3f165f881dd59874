"""What every family asks of its seeds."""

from __future__ import annotations

import numpy as np


def checked_seed(seed: int, family: str) -> int:
    """A seed, which is a whole number ≥ 0; a ValueError names the family where it is none."""
    if not isinstance(seed, (int, np.integer)) or seed < 0:
        raise ValueError(f"{family} seed {seed!r}: expected a whole number ≥ 0")
    return int(seed)
