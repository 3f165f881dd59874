"""From a configuration to its rides, in the order in which they are recorded."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from navworld.envs.recording.config import RecordConfig
from navworld.envs.recording.instruments import ROUNDING, instruments
from navworld.envs.recording.ride import Ride
from navworld.scenes import SPLITS, scene_refs
from navworld.streams import Streams
from navworld.world.company.rides import ticks
from navworld.world.conditions import Conditions, Draw
from navworld.world.routes import TICK
from navworld.world.store import SceneRef


def rides(config: RecordConfig) -> list[Ride]:
    """Every sequence of a data set; nothing is loaded yet.

    Raises:
        ValueError: Scenes, sensors or options are unknown, or two scenes share a name.
    """
    refs = list(scene_refs(config.scenes))
    labels = [_label(ref) for ref in refs]
    if len(set(labels)) < len(labels):
        twice = next(label for label in labels if labels.count(label) > 1)
        raise ValueError(
            f"two scenes are called {twice!r}: name each once, rename one of the files"
        )
    items = {name: _items(config, name) for name in config.carriers}
    return [
        ride
        for ref, label in zip(refs, labels, strict=True)
        for carrier in config.carriers
        for route in range(config.routes)
        for ride in _of_route(config, ref, label, carrier, route, items[carrier])
    ]


def split_of(label: str) -> str:
    """The split that a scene belongs to by its seed; "" for one that has none."""
    match = re.fullmatch(r".*-(\d+)", label)
    if match:
        for name, seeds in SPLITS.items():
            if int(match[1]) in seeds:
                return name
    return ""


def _items(config: RecordConfig, carrier: str) -> int:
    """Measurements of all channels of a ride together."""
    seconds = float(np.ceil(config.seconds / TICK - ROUNDING) * TICK)  # as long as routes are
    tools = instruments(config, carrier)
    poses = len(ticks(seconds)) if config.moving is not None else 0
    return poses + sum(len(tool.outputs) * len(tool.stamps(seconds)) for tool in tools)


def _of_route(
    config: RecordConfig, ref: SceneRef, label: str, carrier: str, route: int, items: int
) -> list[Ride]:
    found = _conditions(config, label, carrier, route)
    rides = []
    for visit, conditions in enumerate(found):
        for back in (False, True) if config.reverse else (False,):
            name = f"{label}-{carrier}-{route}"
            name += f"-visit{visit}" if len(found) > 1 else ""
            name += "-back" if back else ""
            rides.append(
                Ride(
                    name, config, ref, label, split_of(label), carrier, route, back, visit,
                    conditions, items, tuple(found),
                )
            )  # fmt: skip
    return rides


def _conditions(config: RecordConfig, label: str, carrier: str, route: int) -> list[Conditions]:
    """What is found on every ride of a route."""
    streams, row = Streams(1), 0
    seeds = np.random.SeedSequence([config.seed, route, *f"{label} {carrier}".encode()])
    streams.seed(row, int(seeds.generate_state(1, np.uint64)[0]))
    draws = [Draw(given) for given in config.given_conditions]
    found = []
    for visit in range(config.repeat * len(draws)):
        streams.episodes[row] = visit
        found.append(draws[visit % len(draws)](streams, row))
    return found


def _label(ref: SceneRef) -> str:
    """What a scene is called in names of files."""
    name = Path(ref.key).stem if "/" in ref.key else ref.key
    return re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-") or "scene"
