"""The libraries that solvers stand on and that not every installation has."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def solver_library(name: str) -> Any:
    """The module poselib or gtsam.

    Raises:
        ValueError: It is not installed; names the extra that brings it.
    """
    try:
        return import_module(name)
    except ImportError:
        raise ValueError(
            f"this solver needs the package {name}, which is not installed: "
            'pip install "navworld[solvers]"'
        ) from None
