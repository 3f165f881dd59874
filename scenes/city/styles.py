"""What a house looks like: its materials, its storeys, its windows and its roof."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from numpy.random import Generator

from navworld.scenes.city import facades as fa
from navworld.scenes.city import looks
from navworld.world.mesh import MeshBuilder
from navworld.world.scene import Material

T = TypeVar("T")
Finish = tuple[str, looks.Color]
_PLAIN = (1.0, 1.0, 1.0)
_RENDERS = (
    (0.93, 0.89, 0.80), (0.90, 0.80, 0.62), (0.84, 0.70, 0.56), (0.80, 0.62, 0.54),
    (0.76, 0.80, 0.76), (0.72, 0.78, 0.84), (0.92, 0.91, 0.88), (0.83, 0.78, 0.72),
    (0.88, 0.72, 0.48), (0.70, 0.74, 0.66),
)  # fmt: skip
_DOORS = (
    (0.30, 0.16, 0.12), (0.13, 0.25, 0.20), (0.14, 0.19, 0.32), (0.42, 0.13, 0.12),
    (0.24, 0.24, 0.25), (0.45, 0.31, 0.18), (0.20, 0.33, 0.36),
)  # fmt: skip
_FRAMES = ((0.92, 0.92, 0.90), (0.92, 0.92, 0.90), (0.25, 0.26, 0.28), (0.42, 0.28, 0.18))
_STONES: tuple[Finish, ...] = (("ashlar", _PLAIN), ("granite", _PLAIN))
_OLD_TOPS = ("gable", "gable", "mansard", "flat")
_SHUTTERS = ((0.24, 0.38, 0.32), (0.30, 0.40, 0.52), (0.48, 0.24, 0.20), (0.42, 0.40, 0.36))


@dataclass(frozen=True, eq=False)
class Style:
    """A coherent choice for one house; lengths in metres.

    Attributes:
        wall, base, back, trim, roof: (surface, tint) of upper floors, ground floor, back walls,
            mouldings and roof.
        floors, ground, storey: Number of storeys, height of the first and of the others.
        bay, sill: Distance of windows along a wall, their height above the floor.
        window: How windows are made.
        top_kind: "gable", "mansard", "hip" or "flat".
        cornice: How far it stands out, 0 for none.
        shops: Whether there are shops on the ground floor.
        balcony: None, "some" or "all" windows have one.
        door: Colour.
    """

    wall: Finish
    base: Finish
    back: Finish
    trim: Finish
    roof: Finish
    floors: int
    ground: float
    storey: float
    bay: float
    sill: float
    window: fa.WindowStyle
    top_kind: str
    cornice: float
    shops: bool
    balcony: str | None
    rail: looks.Color
    solid_rail: bool
    door: looks.Color
    _kits: dict = field(default_factory=dict)

    @property
    def top(self) -> float:
        """Height of the eaves above the pavement."""
        return self.ground + (self.floors - 1) * self.storey

    @property
    def french(self) -> fa.WindowStyle:
        """The window that opens on a balcony."""
        return replace(
            self.window, width=min(self.window.width + 0.3, self.bay - 0.7),
            height=min(2.3, self.storey - 0.5), sill=False, shutters=None,
        )  # fmt: skip

    def material(self, finish: Finish) -> Material:
        """The material of a finish."""
        return looks.surface(*finish)

    def kit(self, what: str, kind: fa.WindowStyle | None) -> MeshBuilder:
        """The parts of a window or balcony, made once."""
        if (what, kind) not in self._kits:
            if kind is not None:
                around = self.base if what == "base window" else self.wall
                made = fa.window(kind, self.material(self.trim), self.material(around))
            else:
                made = fa.balcony(
                    min(self.bay - 0.3, 2.9), looks.surface("concrete"), looks.paint(self.rail),
                    solid=self.solid_rail,
                )  # fmt: skip
            self._kits[what, kind] = made
        return self._kits[what, kind]


def draw_style(rng: Generator, use: str, busy: bool, mood: int) -> Style:
    """The style of one house.

    Args:
        use: Of its block.
        busy: Whether its street has shops.
        mood: Of the city: which walls are common in it.
    """
    if use == "towers":
        return _tower(rng)
    return _cottage(rng, mood) if use == "houses" else _townhouse(rng, busy, mood)


def _pick(rng: Generator, items: Sequence[T]) -> T:
    return items[int(rng.integers(len(items)))]


def _walls(rng: Generator, mood: int) -> Finish:
    """Brick, render or stone; which is likely depends on the city."""
    shares = ((0.62, 0.26, 0.12), (0.14, 0.72, 0.14), (0.34, 0.34, 0.32))[mood]
    kind = int(rng.choice(3, p=shares))
    if kind == 0:
        return _pick(rng, ("brick red", "brick yellow", "brick brown")), _PLAIN
    return ("render", _pick(rng, _RENDERS)) if kind == 1 else ("ashlar", _PLAIN)


def _townhouse(rng: Generator, busy: bool, mood: int) -> Style:
    wall = _walls(rng, mood)
    old = rng.random() < 0.65
    pale = ("render", (0.93, 0.91, 0.86))
    trim = pale if rng.random() < 0.7 else ("ashlar", _PLAIN)
    window = fa.WindowStyle(
        float(rng.uniform(1.0, 1.3)), float(rng.uniform(1.6, 1.95)),
        bars=((1, 1), (1, 2), (0, 1))[int(rng.integers(3))],
        frame=_pick(rng, _FRAMES),
        surround=float(rng.uniform(0.12, 0.2)) if old and rng.random() < 0.7 else 0.0,
        sill=old or rng.random() < 0.5,
        lintel=old and rng.random() < 0.45,
    )  # fmt: skip
    if wall[0] == "render" and window.surround == 0 and rng.random() < 0.4:
        window = replace(window, shutters=_pick(rng, _SHUTTERS))
    bay = window.width * (2.0 if window.shutters else 1.0) + float(rng.uniform(1.15, 1.6))
    return Style(
        wall=wall,
        base=wall if rng.random() < 0.45 else _pick(rng, (*_STONES, pale)),
        back=("render", (0.88, 0.85, 0.79)) if rng.random() < 0.6 else ("brick brown", _PLAIN),
        trim=trim,
        roof=(_pick(rng, ("roof red", "roof brown", "roof slate")), _PLAIN),
        floors=int(rng.integers(3, 7)),
        ground=float(rng.uniform(3.7, 4.3)),
        storey=float(rng.uniform(3.0, 3.4)),
        bay=bay, sill=0.85, window=window,
        top_kind=_pick(rng, _OLD_TOPS if old else ("flat", "flat", "gable")),
        cornice=float(rng.uniform(0.3, 0.5)) if old else 0.0,
        shops=busy and rng.random() < 0.75,
        balcony=_pick(rng, (None, None, "some") if old else ("some", "all", None)),
        rail=_pick(rng, ((0.14, 0.15, 0.16), (0.55, 0.57, 0.58), (0.86, 0.86, 0.84))),
        solid_rail=not old and rng.random() < 0.5,
        door=_pick(rng, _DOORS),
    )  # fmt: skip


def _tower(rng: Generator) -> Style:
    wall = _pick(rng, (("concrete", _PLAIN), ("panels", _PLAIN), ("panels", (0.72, 0.78, 0.86)),
                       ("panels", (0.86, 0.80, 0.72)), ("brick brown", _PLAIN)))  # fmt: skip
    storey = float(rng.uniform(3.3, 3.8))
    glassy = rng.random() < 0.6
    wide = float(rng.uniform(2.4, 3.2)) if glassy else float(rng.uniform(1.5, 2.0))
    window = fa.WindowStyle(
        wide, storey - (0.75 if glassy else 1.5), depth=0.1 if glassy else 0.22,
        bars=(2, 0) if glassy else (1, 0), sill=False,
        frame=_pick(rng, ((0.22, 0.23, 0.25), (0.60, 0.62, 0.64))),
    )  # fmt: skip
    return Style(
        wall=wall, base=wall if rng.random() < 0.5 else ("granite", _PLAIN), back=wall,
        trim=("concrete", _PLAIN), roof=("gravel", _PLAIN),
        floors=int(rng.integers(6, 13)), ground=float(rng.uniform(4.4, 5.2)), storey=storey,
        bay=wide + (0.5 if glassy else 1.5), sill=0.35 if glassy else 0.9, window=window,
        top_kind="flat", cornice=0.0, shops=rng.random() < 0.6,
        balcony=None if glassy else _pick(rng, (None, "some")),
        rail=(0.60, 0.62, 0.64), solid_rail=True, door=_pick(rng, _DOORS),
    )  # fmt: skip


def _cottage(rng: Generator, mood: int) -> Style:
    wall = _walls(rng, mood) if rng.random() < 0.8 else ("timber", _PLAIN)
    window = fa.WindowStyle(
        float(rng.uniform(1.1, 1.5)), float(rng.uniform(1.3, 1.5)), bars=(1, 1),
        shutters=_pick(rng, _SHUTTERS) if rng.random() < 0.4 else None, surround=0.0,
    )  # fmt: skip
    return Style(
        wall=wall, base=wall, back=wall, trim=("render", (0.93, 0.92, 0.88)),
        roof=(_pick(rng, ("roof red", "roof brown", "roof slate")), _PLAIN),
        floors=int(rng.integers(1, 4)) or 1, ground=3.0, storey=2.8,
        bay=window.width * (2.0 if window.shutters else 1.0) + float(rng.uniform(1.3, 2.0)),
        sill=0.9, window=window, top_kind=_pick(rng, ("gable", "gable", "hip")), cornice=0.0,
        shops=False, balcony=None, rail=(0.2, 0.2, 0.2), solid_rail=False, door=_pick(rng, _DOORS),
    )  # fmt: skip


def plain_style(rng: Generator, use: str) -> tuple[str, float, str]:
    """Picture of the walls, height [m] and kind of roof of a house seen from far only."""
    height = {"towers": (22.0, 46.0), "houses": (5.5, 8.5)}.get(use, (10.0, 21.0))
    top = "flat" if use == "towers" else _pick(rng, ("gable", "gable", "flat"))
    return _pick(rng, ("far red", "far cream", "far grey")), float(rng.uniform(*height)), top
