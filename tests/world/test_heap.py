"""Kernels write only to memory that is theirs: the C library's checking allocator watches them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CHECKING = Path("/lib/x86_64-linux-gnu/libc_malloc_debug.so.0")


@pytest.mark.skipif(not CHECKING.exists(), reason="glibc's checking allocator is not installed")
def test_images_are_made_without_a_write_to_freed_memory():
    some = "outside_the_image or normals_face"
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-k", some]
    done = subprocess.run(
        [*command, "tests/sensors/test_cameras.py"],
        cwd=ROOT,
        env=os.environ | {"LD_PRELOAD": str(CHECKING), "MALLOC_CHECK_": "3"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
