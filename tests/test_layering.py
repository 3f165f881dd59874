"""Imports run one way, navworld ← scenes ← envs ← agents, and importing is cheap."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FLOORS = {"navworld": 0, "scenes": 1, "envs": 2, "agents": 3}
OURS = {"navworld", "tests"}
# What a declared package brings and pins itself: numba's compiler, viser's sockets.
COME_WITH_OTHERS = {"llvmlite", "websockets"}
MAY_IMPORT_UPWARDS = {"navworld/cli.py"}
HEAVY = {
    "cv2", "embreex", "matplotlib", "numba", "pydantic", "scipy", "stable_baselines3", "torch",
    "trimesh",
}  # fmt: skip


def source_files(folder: str) -> list[Path]:
    """Python files of a top-level folder, the links inside navworld/ not followed."""
    top = ROOT / folder
    linked = [path for path in top.iterdir() if path.is_symlink()]
    files = sorted(top.rglob("*.py"))
    return [path for path in files if not any(link in path.parents for link in linked)]


def imported_modules(source: str) -> Iterator[str]:
    """Full names of everything that a module imports, at any depth of its code."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"relative import in line {node.lineno}: write it in full"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def upward_imports(source: str, folder: str) -> list[str]:
    """Imports of a module in a top-level folder that go to a floor above its own."""
    below = FLOORS[folder]
    above = [f"navworld.{name}." for name, floor in FLOORS.items() if floor > below]
    return [name for name in imported_modules(source) if f"{name}.".startswith(tuple(above))]


def bare_imports(source: str) -> list[str]:
    """Imports of envs, agents or scenes without navworld in front."""
    bare = FLOORS.keys() - {"navworld"}
    return [name for name in imported_modules(source) if name.split(".")[0] in bare]


@pytest.mark.parametrize("folder", FLOORS)
def test_imports_run_one_way(folder: str) -> None:
    files = source_files(folder)
    assert files
    found = {
        str(path.relative_to(ROOT)): upward
        for path in files
        if (upward := upward_imports(path.read_text(), folder))
    }
    assert not {name: upward for name, upward in found.items() if name not in MAY_IMPORT_UPWARDS}


@pytest.mark.parametrize("folder", [*FLOORS, "tests"])
def test_nobody_imports_the_bare_names(folder: str) -> None:
    found = {
        str(path.relative_to(ROOT)): bare
        for path in source_files(folder)
        if (bare := bare_imports(path.read_text()))
    }
    assert not found


@pytest.mark.parametrize(
    ("source", "folder", "upward"),
    [
        ("import navworld.agents.catalog", "envs", ["navworld.agents.catalog"]),
        ("from navworld import envs", "scenes", ["navworld.envs"]),
        ("def f():\n    from navworld.scenes import x", "navworld", ["navworld.scenes.x"]),
        ("from navworld.world import World", "agents", []),
        ("from navworld.scenes import load_scene", "envs", []),
    ],
)
def test_an_upward_import_is_found(source: str, folder: str, upward: list[str]) -> None:
    assert upward_imports(source, folder) == upward


def test_a_bare_import_is_found() -> None:
    assert bare_imports("import envs.vector\nfrom navworld import agents") == ["envs.vector"]


def test_what_is_imported_is_declared() -> None:
    def normal(name: str) -> str:
        return name.lower().replace("_", "-")

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"].values()
    declared = {
        normal(re.split(r"[^\w.-]", line)[0])
        for line in [*project["dependencies"], *(line for extra in extras for line in extra)]
    }
    installed = packages_distributions()
    undeclared = {
        str(path.relative_to(ROOT)): module
        for folder in (*FLOORS, "tests")
        for path in source_files(folder)
        for name in imported_modules(path.read_text())
        if (module := name.split(".")[0]) not in OURS | COME_WITH_OTHERS
        and module not in sys.stdlib_module_names
        and not {normal(one) for one in installed.get(module, [module])} & declared
    }
    assert not undeclared


@pytest.mark.parametrize("folder", ["scenes", "envs", "agents"])
def test_the_folders_at_the_root_are_linked_into_the_package(folder: str) -> None:
    link = ROOT / "navworld" / folder
    assert link.is_symlink()
    assert link.readlink() == Path("..") / folder


@pytest.mark.parametrize("module", ["navworld", "navworld.cli", "navworld.geometry"])
def test_importing_loads_nothing_heavy(module: str) -> None:
    code = f"import sys, {module}; print(*(set({sorted(HEAVY)}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []


def test_help_answers_in_half_a_second() -> None:
    def seconds() -> float:
        start = time.perf_counter()
        command = [sys.executable, "-m", "navworld", "--help"]
        subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
        return time.perf_counter() - start

    assert min(seconds() for _ in range(5)) <= 0.5
