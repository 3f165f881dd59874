"""`navworld gallery`: one page with every world, every sensor and every condition as pictures.

It goes through the registries (`FAMILIES`, `SENSORS`, the fields of `Conditions`), so that what is
added there appears here. Pictures lie beside the page in `pictures/`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

from navworld.envs.gallery.driving import Drive
from navworld.envs.gallery.page import Page
from navworld.envs.gallery.sensing import sensor_section
from navworld.envs.gallery.weather import conditions_section
from navworld.envs.gallery.worlds import Shown, look_at, worlds_section
from navworld.evaluation.result import Metric, Result
from navworld.scenes import FAMILIES, SUFFIXES

TITLE = "navworld: worlds, sensors, conditions"


def gallery(
    out: str | Path,
    *,
    size: int = 480,
    seeds: int = 2,
    scenes: Sequence[object] | None = None,
    sensors: Sequence[str] | None = None,
    light: str = "fast",
) -> Result:
    """Writes `index.html` and its pictures into a folder.

    Args:
        size: Width of a camera's image [px].
        seeds: Of every scene family, from 0 on.
        scenes: Scene specifications that are shown instead of all families and, where the
            environment variable NAVWORLD_DATA names a folder, the files in its `scenes/`.
        sensors: Names that are shown instead of all.
        light: Quality of baked light of all but the first place of every family, which has the
            full light and is shown by night, in fog and in rain as well, in fast light. Places
            under the open sky are all shown by night.

    Returns:
        How many of each there are and how long it took; a check fails for what could not be shown,
        files that hold no place aside.
    """
    if not 64 <= size <= 2048:
        raise ValueError(f"size={size!r}: expected a width of 64 to 2048 pixels")
    if seeds < 1:
        raise ValueError(f"seeds={seeds!r}: expected at least 1")
    began = time.perf_counter()
    page = Page(Path(out), TITLE)
    groups = _groups(seeds) if scenes is None else {"chosen": list(scenes)}
    shown: dict[str, list[Shown]] = {}
    for name, specs in groups.items():
        looked = [
            look_at(page, spec, size=size, light=light if k else "full", weather=not k)
            for k, spec in enumerate(specs)
        ]
        shown[name] = [found for found in looked if found is not None]
    worlds_section(page, shown)
    everything = [found for group in shown.values() for found in group]
    if everything:
        drive = Drive.through(everything[0], size=size, light="full")
        sensor_section(page, drive, sensors)
        conditions_section(page, everything, size=size)
    path = page.write()
    print(path)
    seconds = time.perf_counter() - began
    metrics = {name: Metric(count) for name, count in page.counts().items()}
    names = {spec.name for group in groups.values() for spec in group if isinstance(spec, Path)}
    checks = {"everything could be shown": not page.left_out.keys() - names}
    config = {
        "out": str(out),
        "size": size,
        "seeds": seeds,
        "scenes": scenes and [str(s) for s in scenes],
        "light": light,
    }
    return Result(metrics | {"seconds": Metric(seconds, "s")}, config, checks)


def _groups(seeds: int) -> dict[str, list[object]]:
    """Heading → scene specifications: every family, and files where there are any."""
    groups: dict[str, list[object]] = {
        name: [f"{name}:{seed}" for seed in range(seeds)] for name in FAMILIES
    }
    data = os.environ.get("NAVWORLD_DATA")
    if data:
        files = _files(Path(data) / "scenes")
        if files:
            groups["from files"] = list(files)
    return groups


def _files(folder: Path) -> list[Path]:
    """The largest scene file of every format in every folder: its parts are not places."""
    best: dict[tuple[Path, str], Path] = {}
    for file in sorted(folder.glob("*/*")):
        suffix = next((s for s in SUFFIXES if file.name.lower().endswith(s)), None)
        if suffix is None or "collision" in file.stem:
            continue
        key = (file.parent, suffix)
        if key not in best or file.stat().st_size > best[key].stat().st_size:
            best[key] = file
    return [best[key] for key in sorted(best)]
