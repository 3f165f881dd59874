"""How warm a scene is: surface temperatures, and the air that warms or cools surfaces from near.

Every surface follows the air of its height unless it has a reason not to:

- the inside of outer walls, and window panes and frames, lie between in and out:
  T = T_in − U · R_si · (T_in − T_out) with the surface resistance R_si = 0.13 m²K/W of ISO 6946
  (`TRANSMITTANCE` has the U values: an outer wall of the 1990s, double glazing, frame);
- lamps, stoves, radiators, screens, people and the like have temperatures of their own
  (`SOURCES`), drawn per instance from the scene's name, so that they never change;
- near windows the air is colder, above radiators and around lamps warmer: a field on a grid.

The air is layered: it warms with height by `Climate.gradient`.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from navworld.world.envelope import Envelope
from navworld.world.scene import Room, Scene
from navworld.world.semantics import CLASS_ID, CLASSES
from navworld.world.substances import property_table, substances, substances_of_classes

SURFACE_RESISTANCE = 0.13
"""Of an inner surface, ISO 6946 [m²K/W]."""

TRANSMITTANCE = {"wall": 0.8, "pane": 1.6, "frame": 1.8}
"""U values [W/(m²K)]: a wall of moderate insulation, double glazing, a wooden frame."""

MID_HEIGHT = 1.1
"""Height above the floor at which the air has the indoor temperature [m]."""

SKY_BELOW_AIR = 15.0
"""How much colder than the air outside the sky looks [K]."""

CELL, MAX_CELLS = 0.15, 400_000


@dataclass(frozen=True)
class Climate:
    """The weather and the heating.

    Attributes:
        indoor, outdoor: Air temperatures [°C].
        gradient: Warming of the indoor air with height [K/m].
        spread: Deviation of ordinary objects from the air, one per instance [K].
    """

    indoor: float = 21.0
    outdoor: float = 5.0
    gradient: float = 0.5
    spread: float = 0.25

    def __post_init__(self) -> None:
        for name, low, high in (
            ("indoor", -30, 60), ("outdoor", -60, 60), ("gradient", -5, 5), ("spread", 0, 10),
        ):  # fmt: skip
            value = getattr(self, name)
            if not low <= value <= high:
                raise ValueError(f"Climate({name}={value!r}) must lie between {low} and {high}")


@dataclass(frozen=True)
class Source:
    """What has a temperature of its own.

    Attributes:
        mean, spread: Temperature [°C], normal, one draw per instance.
        relative: Whether `mean` is above the air instead.
        material: Only surfaces whose material has this word; "" for all of the instance.
        on: Probability that the instance is in use; otherwise it is as warm as the air.
        heating: Follows the heating, which is on when it is below 15 °C outside.
    """

    mean: float
    spread: float = 0.0
    relative: bool = False
    material: str = ""
    on: float = 1.0
    heating: bool = False


SOURCES: dict[str, tuple[Source, ...]] = {
    "lamp": (
        Source(55, 5, material="bulb"), Source(38, 3, material="frosted"),
        Source(30, 2, material="lampshade"), Source(1.5, 0.5, relative=True),
    ),
    "radiator": (Source(45, 5, heating=True),),
    "tv": (Source(4, 1, relative=True, on=0.6), Source(33, 2, material="screen", on=0.6)),
    "computer": (Source(34, 3, on=0.7),),
    "fridge": (Source(1.5, 0.5, relative=True),),
    "oven": (Source(42, 6, on=0.3),),
    "hob": (Source(55, 15, on=0.3),),
    "microwave": (Source(2, 1, relative=True),),
    "washing machine": (Source(31, 3, on=0.3),),
    "dishwasher": (Source(35, 3, on=0.3),),
    "fireplace": (
        Source(320, 40, material="embers"), Source(65, 10, material="enamel"),
        Source(28, 3),
    ),
    "plant": (Source(-1.5, 0.4, relative=True),),
    "toilet": (Source(-1.0, 0.3, relative=True),),
    "person": (Source(31.5, 0.7),),
    "water": (Source(-2.0, 0.5, relative=True),),
    "vehicle": (Source(30, 8, on=0.5),),
}  # fmt: skip
"""By class, the first that fits a surface; skin and clothes of people measure 30 to 34 °C."""

OUTDOOR = ("road", "pavement", "terrain", "vegetation", "building", "pole", "sign")
"""Classes that are as warm as the air outside."""

_PLUMES: dict[str, tuple[float, float, float]] = {
    "window": (0.25, 0.35, 0.0),
    "radiator": (0.10, 0.35, 0.55),
    "fireplace": (0.15, 0.40, 0.40),
    "lamp": (0.06, 0.25, 0.15),
    "oven": (0.06, 0.25, 0.25),
    "hob": (0.06, 0.25, 0.35),
}
"""Share of an instance's excess that the air near it has, the radius [m], and how far above."""


@dataclass(frozen=True, eq=False)
class Temperatures:
    """The heat of a scene.

    Attributes:
        surface: (T,) float32 [°C], at `mid` height for surfaces that follow the air.
        emissivity: (T,) float32.
        follows: (T,) float32: 1 where a surface follows the layers of the air, 0 where not.
        plane: (T, 4) float32 (n, c) of the triangles: n · p = c [m].
        of_class, emissivity_of_class: (len(CLASSES),) float32, for what moves.
        air: (Z, Y, X) float32 deviation of the air from its layer [K].
        origin: (3,) centre of the cell air[0, 0, 0] [m]. cell: its side [m].
        mid: z at which the air has the indoor temperature [m].
        climate: What it was derived for.
    """

    surface: NDArray[np.float32]
    emissivity: NDArray[np.float32]
    follows: NDArray[np.float32]
    plane: NDArray[np.float32]
    of_class: NDArray[np.float32]
    emissivity_of_class: NDArray[np.float32]
    air: NDArray[np.float32]
    origin: NDArray[np.float64]
    cell: float
    mid: float
    climate: Climate


def temperatures(scene: Scene, shell: Envelope, climate: Climate) -> Temperatures:
    """The heat of a scene, the same on every run; to be kept with `Place.derived`."""
    floor = scene.floors[0].height if scene.floors else float(scene.bounds[0, 2])
    seed = zlib.crc32(f"{scene.name} {scene.version} heat".encode())
    rng = np.random.default_rng(seed)
    surface, follows, excess = _surfaces(scene, shell, climate, rng)
    air, origin, cell = _air(scene, excess)
    made_of = substances(scene)
    emissivity = property_table("emissivity")
    of_class = np.full(len(CLASSES), climate.indoor, np.float32)
    for name, sources in SOURCES.items():
        last = sources[-1]
        if last.on == 1.0 and not last.heating:
            of_class[CLASS_ID[name]] = last.mean + climate.indoor * last.relative
    return Temperatures(
        surface=surface.astype(np.float32),
        emissivity=emissivity[made_of],
        follows=follows.astype(np.float32),
        plane=_planes(scene),
        of_class=of_class,
        emissivity_of_class=emissivity[substances_of_classes()],
        air=air,
        origin=origin,
        cell=cell,
        mid=floor + MID_HEIGHT,
        climate=climate,
    )


def behind_wall(transmittance: float, climate: Climate) -> float:
    """Temperature of the inner surface of something between in and out [°C] (ISO 6946)."""
    drop = climate.indoor - climate.outdoor
    return climate.indoor - transmittance * SURFACE_RESISTANCE * drop


def _planes(scene: Scene) -> NDArray[np.float32]:
    corners = scene.vertices[scene.triangles].astype(np.float64)
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normal /= np.maximum(np.linalg.norm(normal, axis=1), 1e-12)[:, None]
    offset = np.einsum("tk,tk->t", normal, corners[:, 0])
    return np.column_stack([normal, offset]).astype(np.float32)


def _surfaces(
    scene: Scene, shell: Envelope, climate: Climate, rng: np.random.Generator
) -> tuple[NDArray, NDArray, NDArray]:
    """(T,) temperatures, (T,) whether they follow the air, (instances,) excess over the air."""
    count = len(scene.instances)
    draw, use = rng.standard_normal(count), rng.random(count)
    own = scene.instance
    surface = climate.indoor + climate.spread * draw[own]
    follows = np.ones(len(surface))
    semantic = scene.semantic
    inner = ("wall", "floor", "ceiling", "skirting")
    structure = np.isin(semantic, [CLASS_ID[name] for name in inner])
    surface[structure] = climate.indoor
    open_air = np.isin(semantic, [CLASS_ID[name] for name in OUTDOOR])
    surface[open_air] += climate.outdoor - climate.indoor
    follows[open_air] = 0.0
    cooled = behind_wall(TRANSMITTANCE["wall"], climate) - climate.indoor
    surface += cooled * shell.outer * (semantic == CLASS_ID["wall"])
    names = np.array([m.name.lower() for m in scene.materials])
    windows = semantic == CLASS_ID["window"]
    pane = np.array(["view" in n or "glass" in n or "pane" in n for n in names])[scene.material]
    if not (windows & pane).any():
        pane[:] = True
    surface[windows] = behind_wall(TRANSMITTANCE["frame"], climate)
    surface[windows & pane] = behind_wall(TRANSMITTANCE["pane"], climate)
    excess = np.zeros(count)
    excess[np.unique(own[windows])] = behind_wall(TRANSMITTANCE["pane"], climate) - climate.indoor
    for name, sources in SOURCES.items():
        taken = semantic != CLASS_ID[name]
        for source in sources:
            has = np.array([source.material in n for n in names])[scene.material] & ~taken
            taken |= has
            active = use[own] < source.on
            if source.heating:
                active &= climate.outdoor < 15.0
            base = climate.indoor if source.relative else 0.0
            value = base + source.mean + source.spread * draw[own]
            surface = np.where(has & active, value, surface)
            if not source.relative:
                follows[has & active] = 0.0
                np.maximum.at(excess, own[has & active], (value - climate.indoor)[has & active])
    outside = shell.outside & ~windows
    surface[outside], follows[outside] = climate.outdoor, 0.0
    return surface, follows, excess


def _air(scene: Scene, excess: NDArray) -> tuple[NDArray[np.float32], NDArray, float]:
    """Warm and cold air around sources, each kept to the room that it is in."""
    low, high = scene.bounds[0] - CELL, scene.bounds[1] + CELL
    cell = max(CELL, float((np.prod(high - low) / MAX_CELLS) ** (1 / 3)))
    shape = np.maximum(np.ceil((high - low) / cell).astype(int), 1) + 1
    axes = [low[k] + cell * np.arange(shape[k]) for k in range(3)]
    air = np.zeros(shape[::-1], np.float32)
    rooms = _rooms(scene.rooms, axes[0], axes[1])
    corners = scene.vertices[scene.triangles].astype(np.float64)
    order = np.argsort(scene.instance, kind="stable")
    edges = np.searchsorted(scene.instance[order], np.arange(len(scene.instances) + 1))
    for k in np.flatnonzero(np.abs(excess) > 0.05):
        plume = _PLUMES.get(CLASSES[scene.instances[k].semantic])
        if plume is None or edges[k] == edges[k + 1]:
            continue
        share, radius, above = plume
        points = corners[order[edges[k] : edges[k + 1]]].reshape(-1, 3)
        box = np.stack([points.min(0), points.max(0)]) + np.array([0.0, 0.0, above])
        spans = [
            slice(*np.searchsorted(axes[i], (box[0, i] - 3 * radius, box[1, i] + 3 * radius)))
            for i in range(3)
        ]
        near = [
            np.maximum(np.maximum(box[0, i] - axes[i][s], axes[i][s] - box[1, i]), 0)
            for i, s in enumerate(spans)
        ]
        square = near[0] ** 2 + near[1][:, None] ** 2 + near[2][:, None, None] ** 2
        warmth = share * np.clip(excess[k], -30, 40) * np.exp(-0.5 * square / radius**2)
        own = _room_of(rooms, axes, box)
        if own is not None:
            warmth *= rooms[spans[1], spans[0]] == own
        air[spans[2], spans[1], spans[0]] += warmth.astype(np.float32)
    return air, np.array([axes[0][0], axes[1][0], axes[2][0]]), cell


def _rooms(rooms: tuple[Room, ...], x: NDArray, y: NDArray) -> NDArray[np.int32]:
    """(Y, X) number of the room of each column of air, from 1; 0 outside all."""
    found = np.zeros((len(y), len(x)), np.int32)
    px, py = np.meshgrid(x, y)
    for number, room in enumerate(rooms, 1):
        corners = np.array(room.polygon)
        middle = corners.mean(0)
        corners = corners + 0.1 * np.sign(corners - middle)  # the walls' inner half belongs to it
        odd = np.zeros(px.shape, bool)
        for (xa, ya), (xb, yb) in zip(corners, np.roll(corners, -1, 0), strict=True):
            if ya != yb:
                crosses = (ya > py) != (yb > py)
                odd ^= crosses & (px < xa + (py - ya) * (xb - xa) / (yb - ya))
        found[odd & (found == 0)] = number
    return found


def _room_of(rooms: NDArray[np.int32], axes: list[NDArray], box: NDArray) -> int | None:
    """The room that most of a box reaches into; None where there are no rooms."""
    reach = [
        slice(*np.searchsorted(axes[k], (box[0, k] - 0.25, box[1, k] + 0.25))) for k in range(2)
    ]
    seen = rooms[reach[1], reach[0]]
    seen = seen[seen > 0]
    return int(np.bincount(seen).argmax()) if len(seen) else None
