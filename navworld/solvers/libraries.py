"""The libraries that solvers stand on and that not every installation has."""

from __future__ import annotations

from importlib import import_module
from typing import Any


class MissingPackageError(ValueError):
    """A package that belongs to an extra is not installed."""


def solver_library(name: str) -> Any:
    """The module poselib or gtsam.

    Raises:
        MissingPackageError: It is not installed; names the extra that brings it.
    """
    try:
        return import_module(name)
    except ImportError:
        raise MissingPackageError(
            f"this solver needs the package {name}, which is not installed: "
            'pip install "navworld[solvers]"'
        ) from None
