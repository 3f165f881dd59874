"""What a check finds, and small things that checks share."""

from __future__ import annotations

import subprocess

from navworld.evaluation.result import Metric

Findings = tuple[dict[str, Metric], dict[str, bool]]
"""What was measured, by name, and for every sentence of a check whether it holds."""

RADIUS = 0.18
"""Of the body whose walkable space poses are drawn from [m]."""


def last_words(done: subprocess.CompletedProcess[str]) -> str:
    """The last line that a failed process wrote."""
    lines = done.stderr.strip().splitlines()
    return lines[-1] if lines else f"status {done.returncode}; is there enough memory?"
