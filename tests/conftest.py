"""What every test finds: real data where there is some, a cache of its own, repeatable examples."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("navworld", deadline=None, derandomize=True)
settings.load_profile("navworld")

_CACHE = pytest.StashKey[tempfile.TemporaryDirectory]()


def pytest_configure(config: pytest.Config) -> None:
    """Keeps the tests out of the user's cache; workers of pytest-xdist share one."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        cache = config.stash[_CACHE] = tempfile.TemporaryDirectory(prefix="navworld-tests-")
        os.environ["NAVWORLD_CACHE"] = cache.name


def pytest_unconfigure(config: pytest.Config) -> None:
    """Removes the cache."""
    cache = config.stash.get(_CACHE, None)
    if cache is not None:
        cache.cleanup()


@pytest.fixture(scope="session")
def data() -> Path:
    """Folder of real scenes, images and sequences; tests that need it are skipped without it."""
    folder = os.environ.get("NAVWORLD_DATA")
    if not folder:
        pytest.skip("needs real data: set NAVWORLD_DATA to the folder that holds it")
    path = Path(folder)
    if not path.is_dir():
        pytest.fail(f"NAVWORLD_DATA={folder} is not a folder")
    return path
