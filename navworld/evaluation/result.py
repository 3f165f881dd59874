"""One object per result: what was measured, by which command, on what machine."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, is_dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Metric:
    """A number with its unit and, where there are several runs, its 95 % interval."""

    value: float
    unit: str = ""
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Result:
    """What a command found.

    Attributes:
        metrics: Name → metric.
        config: The resolved configuration.
        checks: Name → whether it holds, for commands that verify.
        command: As typed.
    """

    metrics: dict[str, Metric]
    config: Mapping[str, Any] = field(default_factory=dict)
    checks: dict[str, bool] = field(default_factory=dict)
    command: str = field(default_factory=lambda: " ".join(["navworld", *sys.argv[1:]]))

    def write(self, path: str | Path) -> None:
        """Writes the result as JSON, with commit, versions and hardware; never half a file."""
        metrics = {
            name: {k: v for k, v in asdict(m).items() if v is not None}
            for name, m in self.metrics.items()
        }
        data = {
            "metrics": metrics,
            "checks": self.checks,
            "command": self.command,
            "config": _plain(self.config),
            "commit": commit(),
            "hardware": hardware(),
            "versions": versions(),
        }
        path = Path(path)
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        temporary.write_text(json.dumps(data, indent=2, default=str) + "\n")
        temporary.replace(path)


def commit() -> str:
    """The git commit of the sources, with "+" when they were changed; "" outside a checkout."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return ""
    try:
        changed = "+" if _git(root, "status", "--porcelain", "-uno") else ""
        return _git(root, "rev-parse", "HEAD") + changed
    except (OSError, subprocess.SubprocessError):
        return ""


def hardware() -> dict[str, Any]:
    """Processor, cores and system."""
    name, flags = platform.processor(), ""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                name = value.strip()
            if key.strip() == "flags":
                flags = value
                break
    except OSError:
        pass
    vector = "avx512" if "avx512f" in flags else "avx2" if "avx2" in flags else platform.machine()
    return {"cpu": name, "vector": vector, "cores": os.cpu_count(), "system": platform.platform()}


def versions() -> dict[str, str]:
    """Versions of what results depend on."""
    from importlib.metadata import PackageNotFoundError, version

    found = {"python": platform.python_version()}
    for package in ("navworld", "numpy", "torch", "numba", "embreex", "gymnasium"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _git(root: Path, *words: str) -> str:
    command = ["git", "-C", str(root), *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=10).stdout.strip()


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {k: _plain(v) for k, v in vars(value).items()}
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return repr(value)
