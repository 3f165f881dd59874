"""Houses: walls with windows and doors on every floor, shops below, a roof on top."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from shapely.geometry import Polygon

from navworld.scenes.city import facades as fa
from navworld.scenes.city import lettering, looks, roofs
from navworld.scenes.city.parcels import FRONT, PARTY, Plot
from navworld.scenes.city.solids import sweep
from navworld.scenes.city.styles import Style
from navworld.world.mesh import MeshBuilder

KERB = 0.1
"""Height of pavements and plots above the streets [m]."""


@dataclass
class House:
    """What was built on a plot.

    Attributes:
        plot: Where.
        height: Of its highest wall or ridge [m].
        entrance: Where one stands before its door (x, y), None without one.
        shops: (name, trade, where one stands) of every shop in it.
    """

    plot: Plot
    height: float = 0.0
    entrance: tuple[float, float] | None = None
    shops: list[tuple[str, str, tuple[float, float]]] = field(default_factory=list)


@dataclass
class _Site:
    """Where the parts of one house go: its builder, instances and the kits it copies."""

    mesh: MeshBuilder
    rng: Generator
    style: Style
    body: int
    panes: int
    doors: int
    house: House
    number: int
    words: list[tuple[str, str]]
    lights: Generator
    walls: list[tuple[NDArray, list[fa.Opening]]] = field(default_factory=list)


def build_house(
    mesh: MeshBuilder,
    rng: Generator,
    plot: Plot,
    style: Style,
    *,
    address: str,
    number: int,
    shops: list[tuple[str, str]],
) -> House:
    """Builds a house on a plot.

    Args:
        number: On the plate beside its door.
        shops: Names and trades for the shops it may have; those used are in the result.
    """
    house = House(plot)
    site = _Site(
        mesh, rng, style,
        mesh.add_instance(address, "building"),
        mesh.add_instance(f"windows of {address}", "window"),
        mesh.add_instance(f"doors of {address}", "door"),
        house, number, list(shops), rng.spawn(1)[0],
    )  # fmt: skip
    outline, faces = plot.outline, plot.faces
    ahead = np.roll(outline, -1, 0)
    lengths = np.linalg.norm(ahead - outline, axis=1)
    fronts = np.flatnonzero(faces == FRONT)
    main = int(fronts[np.argmax(lengths[fronts])]) if len(fronts) else int(np.argmax(lengths))
    for k in range(len(outline)):
        T = fa.frame_of(outline[k], ahead[k], KERB)
        if faces[k] == PARTY or lengths[k] < 2.4:
            _close(site, T, float(lengths[k]))
        elif faces[k] == FRONT or k == main:
            _front(site, T, float(lengths[k]), main=k == main)
        else:
            _back(site, T, float(lengths[k]))
    _mouldings(site)
    house.height = roofs.build_roof(mesh, rng, plot, style, site.body, main, KERB)
    return house


def _wall(site: _Site, T: NDArray, length: float, openings: list[fa.Opening]) -> None:
    """Ground floor and upper floors, which may differ in material."""
    style = site.style
    for low, high, name in (
        (0.0, style.ground, style.base), (style.ground, style.top, style.wall),
    ):  # fmt: skip
        own = [o for o in openings if low <= o.bottom < high]
        fa.wall(
            site.mesh, T, (length, high), own, style.material(name), site.body,
            tile=looks.tile(name[0]), bottom=low if low else -KERB - 0.1,
        )  # fmt: skip


def _close(site: _Site, T: NDArray, length: float) -> None:
    name = site.style.back
    fa.wall(
        site.mesh, T, (length, site.style.top), [], site.style.material(name), site.body,
        tile=looks.tile(name[0]), bottom=-KERB - 0.1,
    )  # fmt: skip


def _bays(style: Style, length: float) -> NDArray[np.float64]:
    """Where the middles of the windows of a row lie along a wall."""
    count = max(1, int((length - 0.5) // style.bay))
    return (np.arange(count) + 0.5) * length / count


def _front(site: _Site, T: NDArray, length: float, *, main: bool) -> None:
    style, bays = site.style, _bays(site.style, length)
    openings = _ground(site, T, length, bays, main)
    w = style.window
    floors = style.ground + np.arange(style.floors - 1) * style.storey
    balconies = _balcony_columns(site, len(bays))
    plain, french = [], []
    for k, z in enumerate(floors):
        for column, x in enumerate(bays):
            if column in balconies and (k > 0 or style.ground > 3):
                french.append((x, z + 0.12))
            else:
                plain.append((x, z + style.sill))
    for places, kind in ((plain, w), (french, style.french)):
        if not places:
            continue
        spots = np.array(places)
        half, high = kind.width / 2, kind.height
        openings += [fa.Opening(x - half, x + half, z, z + high) for x, z in places]
        site.mesh.append_many(style.kit("window", kind), fa.at(spots, T), site.body)
        _glaze(site, kind, spots, T)
    if french and style.balcony is not None:
        spots = np.array(french) - (0, 0.06)
        site.mesh.append_many(style.kit("balcony", None), fa.at(spots, T), site.body)
    _wall(site, T, length, openings)


def _balcony_columns(site: _Site, count: int) -> set[int]:
    if site.style.balcony is None or count < 2:
        return set()
    if site.style.balcony == "all":
        return set(range(count))
    return set(range(1, count, 3 if count > 4 else 2))


def _glaze(site: _Site, kind: fa.WindowStyle, spots: NDArray, T: NDArray) -> None:
    """Panes of a row of windows; each is lit as long as it is drawn to be."""
    shift = fa.shifts(site.rng, len(spots), looks.PANES)
    which = site.lights.integers(len(looks.RANKS), size=len(spots))
    for k in np.unique(which):
        glass = looks.lit("panes", looks.RANKS[k])
        sheet = fa.pane(kind.width, kind.height, kind.depth, glass, looks.PANES)
        own = which == k
        site.mesh.append_many(sheet, fa.at(spots[own], T), site.panes, uv_shift=shift[own])


def _back(site: _Site, T: NDArray, length: float) -> None:
    """A wall to the yard: plain windows on all floors."""
    style, w = site.style, site.style.window
    kind = fa.WindowStyle(min(w.width, 1.3), min(w.height, 1.5), 0.12, frame=w.frame)
    bays = _bays(style, length)
    floors = np.array([0.0, *(style.ground + np.arange(style.floors - 1) * style.storey)])
    spots = np.array([(x, z + 0.95) for z in floors for x in bays])
    openings = [
        fa.Opening(x - kind.width / 2, x + kind.width / 2, z, z + kind.height) for x, z in spots
    ]
    walls = style.material(style.back)
    site.mesh.append_many(fa.plain_window(kind, walls), fa.at(spots, T), site.body)
    _glaze(site, kind, spots, T)
    fa.wall(
        site.mesh, T, (length, style.top), openings, walls, site.body,
        tile=looks.tile(style.back[0]), bottom=-KERB - 0.1,
    )  # fmt: skip


def _ground(site: _Site, T: NDArray, length: float, bays: NDArray, main: bool) -> list[fa.Opening]:
    """The ground floor of a front: the house's door, and shops or windows beside it."""
    style = site.style
    pitch = length / len(bays)
    openings: list[fa.Opening] = []
    column = int(site.rng.integers(len(bays))) if main else -1
    if main:
        openings.append(_entrance(site, T, float(bays[column])))
    groups = _runs([k for k in range(len(bays)) if k != column], 2 if pitch < 3.4 else 1)
    for group in groups:
        x = float(bays[group].mean())
        room = len(group) * pitch
        if style.shops and site.words and room > 2.6:
            openings.append(_shop(site, T, x, min(room - 0.55, 6.5)))
            continue
        for k in group:
            w = style.window
            high = min(w.height, style.ground - 1.5)
            kind = fa.WindowStyle(
                w.width, high, w.depth, w.bars, w.frame, w.surround, w.sill, w.lintel
            )
            spot = np.array([[bays[k], 1.0]])
            site.mesh.append_many(style.kit("base window", kind), fa.at(spot, T), site.body)
            _glaze(site, kind, spot, T)
            x, half = float(bays[k]), kind.width / 2
            openings.append(fa.Opening(x - half, x + half, 1.0, 1.0 + high))
    return openings


def _runs(items: list[int], longest: int) -> list[list[int]]:
    """Neighbouring numbers in groups."""
    groups: list[list[int]] = []
    for k in items:
        if groups and groups[-1][-1] == k - 1 and len(groups[-1]) < longest:
            groups[-1].append(k)
        else:
            groups.append([k])
    return groups


def _entrance(site: _Site, T: NDArray, x: float) -> fa.Opening:
    """The house's door with its number."""
    style = site.style
    width, height = 1.25, min(2.75, style.ground - 0.5)
    spot = np.array([[x, 0.0]])
    leaf = looks.paint(style.door, "door")
    door = fa.door(width, height, 0.28, leaf, style.material(style.trim))
    site.mesh.append_many(door, fa.at(spot, T), site.doors)
    sign = site.mesh.add_instance(f"number {site.number}", "sign")
    plate = MeshBuilder()
    uv = lettering.number_uv(site.number)[[0, 1, 2, 0, 2, 3]].reshape(2, 3, 2)
    corners = [(0, -0.03, 0), (0.34, -0.03, 0), (0.34, -0.03, 0.25), (0, -0.03, 0.25)]
    plate.triangles(corners, [[0, 1, 2], [0, 2, 3]], uv, lettering.number_plates(), 0)
    plate.box((0, -0.029, 0), (0.34, 0, 0.25), looks.surface("metal"), 0, omit=("-y", "+y"))
    spot = np.array([[x + width / 2 + 0.12, 1.75]])
    site.mesh.append_many(plate, fa.at(spot, T), sign)
    step = MeshBuilder()
    step.box(
        (-0.75, -0.32, -KERB), (0.75, 0.0, 0.02), looks.surface("granite"), 0, omit=("+y", "-z")
    )
    site.mesh.append_many(step, fa.at(np.array([[x, 0.0]]), T), site.body)
    p = T @ (x, -1.2, 0, 1)
    site.house.entrance = (round(float(p[0]), 3), round(float(p[1]), 3))
    return fa.Opening(x - width / 2, x + width / 2, 0.0, height)


def _shop(site: _Site, T: NDArray, x: float, width: float) -> fa.Opening:
    """A shop: windows, a door, a board with its name, perhaps an awning."""
    style, rng, mesh = site.style, site.rng, site.mesh
    name, trade = site.words.pop()
    height, depth = style.ground - 1.15, 0.2
    ink = [(0.95, 0.93, 0.86), (0.93, 0.83, 0.50), (0.10, 0.11, 0.13)][int(rng.integers(3))]
    color = looks.SHOP_COLORS[int(rng.integers(len(looks.SHOP_COLORS)))]
    if sum(ink) < 1:
        color = (0.88, 0.85, 0.76)
    board = looks.paint(color, "shop front")
    side = -1 if rng.random() < 0.5 else 1
    front, panes = fa.shop_front(width, height, board, door_side=side)
    here = fa.at(np.array([[x, 0.0]]), T)
    mesh.append_many(front, here, site.body)
    rank = looks.SHOP_RANKS[int(site.lights.integers(len(looks.SHOP_RANKS)))]
    for middle, wide, low in panes:
        sheet = fa.pane(wide, height - low, depth, looks.lit("displays", rank), looks.DISPLAYS)
        shift = fa.shifts(rng, 1, looks.DISPLAYS)
        spot = fa.at(np.array([[x + middle, low]]), T)
        mesh.append_many(sheet, spot, site.panes, uv_shift=shift)
    sign = mesh.add_instance(f"sign of {name}", "sign")
    panel = MeshBuilder()
    z, high, w = height + 0.12, 0.62, width / 2
    panel.box((-w, -0.1, z), (w, 0, z + high), board, 0, omit=("+y", "-y"))
    face = lettering.shop_sign(name, color, ink, int(rng.integers(5)))
    half = min(w, 2 * high)
    for a, b in ((-w, -half), (half, w)):
        if b - a > 1e-3:
            panel.quad(
                [(a, -0.1, z), (b, -0.1, z), (b, -0.1, z + high), (a, -0.1, z + high)], board, 0
            )
    panel.quad([(-half, -0.1, z), (half, -0.1, z), (half, -0.1, z + high), (-half, -0.1, z + high)],
               face, 0, tile=None)  # fmt: skip
    mesh.append_many(panel, here, sign)
    if rng.random() < 0.4:
        cloth = looks.surface("cloth stripes", color)
        mesh.append_many(
            fa.awning(width, cloth), fa.at(np.array([[x, height + 0.08]]), T), site.body
        )
    p = T @ (x + side * (w - 0.6), -1.2, 0, 1)
    site.house.shops.append((name, trade, (round(float(p[0]), 3), round(float(p[1]), 3))))
    return fa.Opening(x - w, x + w, 0.0, height)


def _mouldings(site: _Site) -> None:
    """Plinth, string course and cornice where no neighbour's wall stands."""
    style, plot = site.style, site.house.plot
    reach = np.where(plot.faces == PARTY, 0.0, 1.0)
    if style.cornice <= 0 or not Polygon(plot.outline).is_valid:
        return
    trim, tile = style.material(style.trim), looks.tile(style.trim[0])
    c, top = style.cornice, KERB + style.top
    course = KERB + style.ground
    band = [(0, course - 0.16), (0.07, course - 0.13), (0.07, course - 0.02), (0, course)]
    sweep(site.mesh, plot.outline, band, trim, site.body, reach=reach, tile=tile)
    sweep(site.mesh, plot.outline,
          [(0, top - 0.55), (0.3 * c, top - 0.5), (0.3 * c, top - 0.32), (c, top - 0.2), (c, top),
           (0, top + 0.04)], trim, site.body, reach=reach, tile=tile)  # fmt: skip
