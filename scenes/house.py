"""Houses from seeds: rooms on three levels joined by stairs and a ramp.

A living room and a kitchen below, a landing with bedrooms and a bathroom one storey up, and a
studio half a metre down. The storeys stand beside one another, as on a slope, so that the
walkable ground has one height at every place.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import shapely
from numpy.random import Generator
from numpy.typing import NDArray

from navworld.scenes.plans.reading import Notes
from navworld.scenes.plans.rooms import House, Pane, Thing, ribbon
from navworld.scenes.plans.storeys import Storey, storeyed_scene
from navworld.scenes.plans.walking import RISER, Flight
from navworld.scenes.seeds import checked_seed
from navworld.world.navigability import Navigator
from navworld.world.scene import Scene, SceneError

__all__ = ["VERSION", "house"]

VERSION = "1"
WALL, TREAD, DOOR = 0.15, 0.28, 0.9
SILL = 0.9
ATTEMPTS = 20
BODY = 0.25

FURNITURE: dict[str, tuple[tuple[str, tuple[float, float, float]], ...]] = {
    "living room": (("sofa", (0.9, 2.0, 0.8)), ("bookcase", (0.3, 0.9, 1.9)),
                    ("tv stand", (0.4, 1.4, 0.5)), ("armchair", (0.85, 0.8, 0.8)),
                    ("plant", (0.4, 0.4, 1.2))),
    "kitchen": (("kitchen counter", (0.62, 1.2, 0.9)), ("fridge", (0.65, 0.6, 1.8)),
                ("dining table", (0.8, 1.3, 0.75)), ("bin", (0.3, 0.3, 0.5))),
    "bedroom": (("double bed", (2.0, 1.6, 0.6)), ("wardrobe", (0.6, 1.5, 2.1)),
                ("dresser", (0.45, 1.0, 0.8)), ("plant", (0.4, 0.4, 1.0))),
    "bathroom": (("toilet", (0.65, 0.4, 0.8)), ("bathtub", (0.75, 1.6, 0.55))),
    "studio": (("desk", (0.7, 1.4, 0.75)), ("bookcase", (0.3, 0.9, 1.9)),
               ("armchair", (0.85, 0.8, 0.8)), ("shelf", (0.35, 0.9, 1.5))),
}  # fmt: skip
"""What stands in a room, (depth, width, height) [m], as far as there is room for it."""

Box = tuple[float, float, float, float]


@dataclass
class _Level:
    """A storey while it is drawn: its rooms as boxes, what stays free, and before windows."""

    z: float
    rooms: list[tuple[str, Box]] = field(default_factory=list)
    plan: House = field(default_factory=lambda: House(wall=WALL))
    free: list[shapely.Polygon] = field(default_factory=list)
    lit: list[shapely.Polygon] = field(default_factory=list)

    def room(self, kind: str, x0: float, y0: float, x1: float, y1: float) -> None:
        """A room between two corners."""
        self.rooms.append((kind, (x0, y0, x1, y1)))
        self.plan.rooms.append((kind, shapely.box(x0, y0, x1, y1)))

    def door(self, x: float, y: float, *, along: int) -> None:
        """A doorway about a point in a wall that runs along x (0) or y (1)."""
        line = _about(x, y, DOOR, along)
        self.plan.passages.append(ribbon(line, 4 * WALL))
        self.free.append(ribbon(line, 2.2))

    def window(self, x: float, y: float, width: float, *, along: int) -> None:
        """A window about a point in a wall that runs along x (0) or y (1)."""
        line = shapely.LineString(_about(x, y, width, along))
        self.plan.panes.append(Pane(line, SILL, 2.1))
        self.lit.append(line.buffer(1.2, cap_style="flat"))


def _about(x: float, y: float, width: float, along: int) -> NDArray[np.float64]:
    """(2, 2) ends of a line of some width about its middle, along x (0) or y (1)."""
    half = 0.5 * width * np.eye(2)[along]
    return np.array([x, y]) + np.array([-half, half])


def house(seed: int) -> Scene:
    """The house of a seed; the same bytes on every run.

    Args:
        seed: Any whole number ≥ 0.
    """
    seed = checked_seed(seed, "house")
    name = f"house-{seed}"
    for attempt in range(ATTEMPTS):
        rng = np.random.default_rng([seed, attempt, 6])
        levels, flights = _drawn(rng)
        for level in levels:
            _furnish(rng, level)
        storeys = [Storey(level.z, level.plan) for level in levels]
        version = f"{VERSION} {seed}"
        try:
            scene = storeyed_scene(storeys, flights, Notes(), name=name, version=version, path=name)
        except SceneError:
            continue
        if _joined(scene, levels):
            return scene
    raise RuntimeError(f"{name}: no arrangement in {ATTEMPTS} leaves all rooms within reach")


def _drawn(rng: Generator) -> tuple[list[_Level], list[Flight]]:
    """Three levels and the flights between them."""

    def between(low: float, high: float) -> float:
        return round(float(rng.uniform(low, high)), 2)

    depth, length = between(7.2, 9.0), between(5.0, 7.0)
    split = round(depth * float(rng.uniform(0.5, 0.6)), 2)
    ground, upper, studio = _Level(0.0), _Level(between(2.7, 3.1)), _Level(-between(0.35, 0.6))
    ground.room("living room", 0.0, 0.0, length, split)
    ground.room("kitchen", 0.0, split + WALL, length, depth)
    ground.door(between(1.2, length - 1.2), split + WALL / 2, along=0)
    ground.window(0.5 * length, -WALL / 2, between(1.6, 3.0), along=0)
    ground.window(0.5 * length, depth + WALL / 2, between(1.2, 2.2), along=0)
    steps = round(upper.z / RISER)
    y, foot = between(1.2, split - 1.2), length + WALL
    head = round(foot + (steps - 1) * TREAD, 3)
    stairs = Flight((foot, y), (head, y), 0.0, upper.z, between(1.0, 1.3), steps)
    _upstairs(rng, upper, head, depth)
    fall, at = -studio.z, between(1.0, split - 1.0)
    run = round(fall / np.tan(np.radians(float(rng.uniform(6.0, 9.0)))), 2)
    east = -WALL - run
    west = round(east - between(3.6, 5.0), 2)
    studio.room("studio", west, 0.0, east, split)
    studio.window(0.5 * (west + east), -WALL / 2, between(1.4, 2.4), along=0)
    ramp = Flight((east, at), (-WALL, at), studio.z, 0.0, between(1.1, 1.4))
    ground.free += [stairs.outline(-1.4), ramp.outline(0.0, run + 1.2)]
    upper.free.append(stairs.outline(0.0, stairs.run + 1.2))
    studio.free.append(ramp.outline(-1.2))
    return [studio, ground, upper], [stairs, ramp]


def _upstairs(rng: Generator, upper: _Level, x: float, depth: float) -> None:
    """A landing across the house, and behind it two bedrooms with a bathroom between them."""
    wide = round(float(rng.uniform(1.3, 1.7)), 2)
    bath = round(float(rng.uniform(1.9, 2.3)), 2)
    first = round(0.5 * (depth - bath) - WALL + float(rng.uniform(-0.3, 0.3)), 2)
    inner = round(x + wide + WALL, 3)
    outer = round(inner + float(rng.uniform(3.6, 4.6)), 2)
    upper.room("hall", x, 0.0, x + wide, depth)
    edges = (0.0, first, first + WALL, first + WALL + bath, first + 2 * WALL + bath, depth)
    for kind, low, high in zip(
        ("bedroom", "bathroom", "bedroom"), edges[::2], edges[1::2], strict=True
    ):
        upper.room(kind, inner, low, outer, high)
        middle = 0.5 * (low + high)
        upper.door(inner - WALL / 2, middle, along=1)
        width = 0.8 if kind == "bathroom" else round(float(rng.uniform(1.2, 1.8)), 2)
        upper.window(outer + WALL / 2, middle, width, along=1)
    upper.window(x + 0.5 * wide, -WALL / 2, 0.9, along=0)


def _furnish(rng: Generator, level: _Level) -> None:
    """Pieces with their backs to the walls, clear of doors, flights and one another."""
    taken = list(level.free)
    for kind, (x0, y0, x1, y1) in level.rooms:
        room = shapely.box(x0, y0, x1, y1)
        for name, (depth, width, height) in FURNITURE.get(kind, ()):
            clear = taken + (level.lit if height > SILL else [])
            for _ in range(12):
                side = int(rng.integers(4))
                yaw = 0.5 * np.pi * side
                out = np.array([round(np.cos(yaw)), round(np.sin(yaw))], float)
                across = np.array([-out[1], out[0]])
                low, high = np.array([x0, y0]), np.array([x1, y1])
                back = np.where(out > 0, low, high) * np.abs(out)
                spare = 0.5 * width + 0.08
                span = np.abs(across)
                reach = float((high - low) @ span) - 2 * spare
                if reach <= 0:
                    continue
                along = (low @ span + spare + reach * float(rng.random())) * span
                xy = back + along + (0.5 * depth + 0.04) * out
                half = np.abs(0.5 * depth * out) + np.abs(0.5 * width * across)
                body = shapely.box(*(xy - half), *(xy + half))
                if room.contains(body) and not any(body.intersects(t) for t in clear):
                    place = round(float(xy[0]), 3), round(float(xy[1]), 3)
                    size = depth, width, height
                    level.plan.things.append(Thing(name, name, place, yaw, size))
                    taken.append(body.buffer(0.35))
                    break


def _joined(scene: Scene, levels: list[_Level]) -> bool:
    """Whether one can walk well into every room from every other."""
    navigator = Navigator(scene.floors[0], BODY)
    xy = navigator.sample(np.random.default_rng(0), 600)
    z = navigator.ground(xy)
    for level in levels:
        own = np.abs(z - level.z) < 0.05
        for _, shape in level.plan.rooms:
            if not (own & shapely.contains_xy(shape, xy[:, 0], xy[:, 1])).any():
                return False
    return True
