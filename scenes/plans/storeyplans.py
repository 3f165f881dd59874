"""Reader of floor plans of several storeys in JSON.

```json
{"storeys": [
   {"z": 0.0, "height": 2.6, "rooms": […], "doors": […], "windows": […], "furniture": […]},
   {"z": 3.0, "height": 2.6, "rooms": […]}],
 "stairs": [{"from": [5.2, 2.0], "to": [9.6, 2.0], "width": 1.0, "storeys": [0, 1]}],
 "ramps":  [{"from": [0.0, 2.0], "to": [-4.0, 2.0], "width": 1.4, "storeys": [0, 2]}]}
```
Every storey is a plan as in `floorplans`, with the height `z` of its floor. A flight leads from
the middle of its foot to the edge of the floor it ends on; doorways to rooms that it touches are
made with it, and walls around it where it runs outside of rooms. `storeys` says which two it
joins: [0, 1] if left out. Stairs are up to 42° steep, ramps up to 20°.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from navworld.scenes.plans.floorplans import read_plan
from navworld.scenes.plans.reading import FARTHEST, Notes, number, points_of
from navworld.scenes.plans.storeys import Storey
from navworld.scenes.plans.walking import (
    RISER,
    STEEPEST_RAMP,
    STEEPEST_STAIRS,
    Flight,
)


def is_storeyed(content: dict[str, Any]) -> bool:
    """Whether an object looks like a plan of several storeys."""
    return isinstance(content.get("storeys"), list)


def read_storeys(path: Path, content: dict[str, Any]) -> tuple[list[Storey], list[Flight], Notes]:
    """The storeys and flights of a JSON object, and what of it was left out."""
    notes = Notes()
    storeys: dict[int, Storey] = {}
    for k, item in enumerate(content["storeys"]):
        z = number(item.get("z")) if isinstance(item, dict) else None
        if z is None or abs(z) > FARTHEST or not isinstance(item.get("rooms"), list):
            notes.add("storey without a height or rooms left out", k)
            continue
        storeys[k] = Storey(z, read_plan(path, item))
    flights = []
    for name in ("stairs", "ramps"):
        listed = content.get(name)
        for k, item in enumerate(listed if isinstance(listed, list) else []):
            flight = _flight(item, storeys, name == "stairs", notes, f"{name} {k}")
            if flight is not None:
                flights.append(flight)
    return list(storeys.values()), flights, notes


def _flight(
    item: object, storeys: dict[int, Storey], steps: bool, notes: Notes, what: str
) -> Flight | None:
    """A flight, or a note why there is none."""
    if not isinstance(item, dict):
        notes.add("flight that is no object left out", what)
        return None
    ends = points_of([item.get("from"), item.get("to")])
    joined = item.get("storeys", [0, 1])
    known = (
        isinstance(joined, list)
        and len(joined) == 2
        and all(isinstance(k, int) and k in storeys for k in joined)
    )
    if len(ends) != 2 or not known:
        notes.add("flight without two ends or two storeys left out", what)
        return None
    low, high = (storeys[k].z for k in joined)
    foot, head = ends
    if low > high:
        low, high, foot, head = high, low, head, foot
    run, rise = float(np.linalg.norm(head - foot)), high - low
    risers = max(2, round(rise / RISER)) if steps else 0
    width = float(np.clip(number(item.get("width"), 1.0) or 1.0, 0.6, 10.0))
    if run < 0.3 or rise < 0.05:
        notes.add("flight without length or height left out", what)
        return None
    flight = Flight(_point(foot), _point(head), low, high, width, risers)
    if np.arctan(flight.slope) > (STEEPEST_STAIRS if steps else STEEPEST_RAMP):
        notes.add(f"{'stairs' if steps else 'ramp'} too steep left out", what)
        return None
    return flight


def _point(xy: np.ndarray) -> tuple[float, float]:
    return float(xy[0]), float(xy[1])
