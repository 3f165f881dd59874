"""Examples for Hypothesis: batch shapes, and angles where formulas change or lose digits."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

SHAPES = st.sampled_from([(), (1,), (3,), (2, 3)])
SEEDS = st.integers(0, 2**32 - 1)
ANGLES = st.one_of(
    st.floats(0, np.pi - 1e-12),  # beyond, +axis and -axis are one rotation to a float64
    st.sampled_from([0.0, 1e-300, 1e-160, 1e-12, 1e-9, 1e-6, 1e-4, 1e-3, 0.4999, 0.5, 0.5001]),
    st.sampled_from([1e-3, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12]).map(lambda d: np.pi - d),
)


def rotation_vectors(seed: int, shape: tuple[int, ...], angle: float) -> np.ndarray:
    """(*shape, 3) rotation vectors of one angle [rad] about random axes."""
    axis = np.random.default_rng(seed).standard_normal((*shape, 3))
    return angle * axis / np.linalg.norm(axis, axis=-1, keepdims=True)
