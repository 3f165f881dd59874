"""Things on pavements: lamps, benches, bins, signs, stops, bollards, fountains, stalls.

Each function gives a builder whose origin is on the ground; what faces the street looks along −y.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from navworld.scenes.city import lettering, looks
from navworld.world.mesh import MeshBuilder
from navworld.world.scene import Material

IRON = (0.13, 0.15, 0.15)
LAMP_HEAD = (0.0, -1.1, 5.62)
"""Where the bulb of a street lamp is, the street towards −y."""

LAMP_GLASS = Material("street lamp glass", (1.0, 0.97, 0.88), emission=0.9)


def street_lamp() -> MeshBuilder:
    """A mast with an arm over the street."""
    mesh, iron = MeshBuilder(), looks.paint(IRON, "iron")
    mesh.lathe([(0.14, 0), (0.14, 0.5), (0.075, 0.6), (0.05, 5.9), (0, 5.95)], iron, 0, segments=8)
    mesh.box((-0.03, -1.0, 5.76), (0.03, 0.0, 5.82), iron, 0)
    mesh.box((-0.14, -1.45, 5.70), (0.14, -0.75, 5.80), iron, 0, omit=("-z",))
    mesh.box((-0.12, -1.43, 5.67), (0.12, -0.77, 5.70), LAMP_GLASS, 0, omit=("+z",))
    return mesh


def _board(
    mesh: MeshBuilder,
    low: tuple[float, float],
    high: tuple[float, float],
    y: float,
    face: Material,
) -> None:
    """A picture on an upright rectangle (x, z) that faces −y."""
    (a, b), (c, d) = low, high
    mesh.quad([(a, y, b), (c, y, b), (c, y, d), (a, y, d)], face, 0, tile=None)


def bench() -> MeshBuilder:
    """Slats on cast feet, 1.8 m."""
    mesh, wood, iron = MeshBuilder(), looks.surface("timber"), looks.paint(IRON, "iron")
    for k in range(4):
        y = -0.22 + 0.115 * k
        mesh.box((-0.9, y, 0.42), (0.9, y + 0.09, 0.46), wood, 0)
    for k in range(3):
        z = 0.54 + 0.13 * k
        mesh.box((-0.9, 0.26 + 0.03 * k, z), (0.9, 0.30 + 0.03 * k, z + 0.1), wood, 0)
    for x in (-0.7, 0.64):
        mesh.box((x, -0.22, 0), (x + 0.06, -0.16, 0.42), iron, 0)
        mesh.box((x, 0.22, 0), (x + 0.06, 0.28, 0.9), iron, 0)
        mesh.box((x, -0.22, 0.38), (x + 0.06, 0.28, 0.42), iron, 0)
    return mesh


def bin_() -> MeshBuilder:
    """A round litter bin with a hood."""
    mesh, green = MeshBuilder(), looks.paint((0.16, 0.28, 0.22), "enamel")
    mesh.lathe([(0.2, 0), (0.24, 0.08), (0.25, 0.8), (0.2, 0.82)], green, 0, segments=12)
    mesh.lathe([(0.2, 0.7), (0, 0.7)], looks.paint((0.05, 0.05, 0.05), "dark"), 0, segments=12)
    mesh.lathe([(0.27, 0.98), (0.2, 1.08), (0, 1.1)], green, 0, segments=12)
    for x in (-0.2, 0.17):
        mesh.box((x, -0.02, 0.8), (x + 0.03, 0.02, 1.0), green, 0)
    return mesh


def bollard() -> MeshBuilder:
    """A cast post."""
    mesh = MeshBuilder()
    profile = [
        (0.11, 0),
        (0.11, 0.1),
        (0.07, 0.16),
        (0.065, 0.8),
        (0.085, 0.84),
        (0.05, 0.95),
        (0, 0.97),
    ]
    mesh.lathe(profile, looks.paint(IRON, "iron"), 0, segments=10)
    return mesh


def hydrant() -> MeshBuilder:
    """A fire hydrant."""
    mesh, red = MeshBuilder(), looks.paint((0.70, 0.12, 0.10), "enamel")
    profile = [
        (0.16, 0),
        (0.16, 0.08),
        (0.1, 0.12),
        (0.1, 0.55),
        (0.14, 0.58),
        (0.12, 0.7),
        (0, 0.78),
    ]
    mesh.lathe(profile, red, 0, segments=10)
    mesh.box((-0.2, -0.05, 0.38), (0.2, 0.05, 0.48), red, 0)
    return mesh


def post_box() -> MeshBuilder:
    """A letter box on a foot."""
    mesh, yellow = MeshBuilder(), looks.paint((0.86, 0.68, 0.12), "enamel")
    mesh.box((-0.06, -0.06, 0), (0.06, 0.06, 0.6), looks.paint(IRON, "iron"), 0)
    mesh.box((-0.25, -0.2, 0.6), (0.25, 0.2, 1.35), yellow, 0)
    mesh.box((-0.2, -0.215, 1.15), (0.2, -0.2, 1.2), looks.paint((0.08, 0.08, 0.08), "dark"), 0)
    face = lettering.shop_sign("POST", (0.86, 0.68, 0.12), (0.1, 0.1, 0.12), 0)
    _board(mesh, (-0.22, 0.9), (0.22, 1.01), -0.202, face)
    return mesh


def bicycle_rack() -> MeshBuilder:
    """Three hoops."""
    mesh, steel = MeshBuilder(), looks.surface("metal")
    for y in (-0.8, 0.0, 0.8):
        for x in (-0.4, 0.36):
            mesh.box((x, y - 0.02, 0), (x + 0.04, y + 0.02, 0.8), steel, 0)
        mesh.box((-0.4, y - 0.02, 0.8), (0.4, y + 0.02, 0.84), steel, 0)
    return mesh


def planter(leaves: str) -> MeshBuilder:
    """A tub with a shrub."""
    from navworld.scenes.city.greenery import ball

    mesh = MeshBuilder()
    mesh.box((-0.5, -0.5, 0), (0.5, 0.5, 0.55), looks.surface("concrete"), 0, tile=3.0)
    unit, index = ball()
    v = unit * (0.48, 0.48, 0.5) + (0, 0, 0.85)
    uv = (unit[:, :2] * 0.6)[index]
    mesh.triangles(v, index, uv, looks.surface(leaves), 0)
    return mesh


def shelter(words: str, ad: Material) -> MeshBuilder:
    """A bus stop with a roof, a bench, a poster and its name."""
    mesh, iron = MeshBuilder(), looks.paint(IRON, "iron")
    glass = looks.paint((0.52, 0.62, 0.66), "shelter glass")
    for x in (-1.9, 1.84):
        for y in (0.0, 1.1):
            mesh.box((x, y, 0), (x + 0.06, y + 0.06, 2.4), iron, 0)
    mesh.box((-2.0, -0.25, 2.4), (2.0, 1.25, 2.5), iron, 0)
    mesh.box((-1.84, 1.12, 0.3), (1.84, 1.14, 2.2), glass, 0)
    mesh.box((1.86, 0.1, 0.3), (1.88, 1.1, 2.2), iron, 0)
    x = 1.855
    mesh.quad([(x, 1.05, 0.5), (x, 0.12, 0.5), (x, 0.12, 1.9), (x, 1.05, 1.9)], ad, 0, tile=None)
    mesh.box((-1.4, 0.65, 0.42), (0.9, 1.05, 0.47), looks.surface("timber"), 0)
    for x in (-1.2, 0.7):
        mesh.box((x, 0.8, 0), (x + 0.06, 0.86, 0.42), iron, 0)
    face = lettering.street_sign(words, (0.16, 0.36, 0.22))
    _board(mesh, (-1.1, 2.3), (1.1, 2.66), -0.26, face)
    mesh.box((-1.1, -0.255, 2.3), (1.1, -0.21, 2.66), iron, 0, omit=("-y",))
    return mesh


def advertising_column(posters: list[Material]) -> MeshBuilder:
    """A round column with posters."""
    mesh, stone = MeshBuilder(), looks.surface("concrete")
    mesh.lathe([(0.68, 0), (0.68, 0.3), (0.6, 0.34)], stone, 0, segments=16)
    mesh.lathe([(0.6, 2.7), (0.75, 2.75), (0.72, 2.85), (0.3, 3.2), (0, 3.25)],
               looks.paint((0.16, 0.28, 0.22), "enamel"), 0, segments=16)  # fmt: skip
    angle = np.linspace(0, 2 * np.pi, 13)
    share = np.array([0, 1 / 3, 2 / 3, 1.0])
    for k in range(12):
        a, b = angle[k], angle[k + 1]
        p, q = 0.6 * np.array([np.cos(a), np.sin(a)]), 0.6 * np.array([np.cos(b), np.sin(b)])
        corners = [(*p, 0.34), (*q, 0.34), (*q, 2.7), (*p, 2.7)]
        u0, u1 = share[k % 3], share[k % 3 + 1]
        uv = np.array([(u0, 1), (u1, 1), (u1, 0), (u0, 0)])[[0, 1, 2, 0, 2, 3]].reshape(2, 3, 2)
        mesh.triangles(corners, [[0, 1, 2], [0, 2, 3]], uv, posters[k // 3 % len(posters)], 0)
    return mesh


def name_post(name: str) -> MeshBuilder:
    """A street's name on a post, readable from both sides; the street runs along x."""
    mesh, iron = MeshBuilder(), looks.paint(IRON, "iron")
    mesh.lathe([(0.035, 0), (0.035, 2.75), (0, 2.78)], iron, 0, segments=8)
    face = lettering.street_sign(name)
    for y, order in ((-0.045, 1), (0.045, -1)):
        corners = np.array([(-0.6, y, 2.5), (0.6, y, 2.5), (0.6, y, 2.7), (-0.6, y, 2.7)])
        if order < 0:
            corners[:, 0] *= -1
        mesh.quad(corners, face, 0, tile=None)
    mesh.box((-0.6, -0.044, 2.5), (0.6, 0.044, 2.7), iron, 0, omit=("-y", "+y"))
    return mesh


def traffic_post(kind: str) -> MeshBuilder:
    """A traffic sign that faces −y."""
    mesh, steel = MeshBuilder(), looks.surface("metal")
    mesh.lathe([(0.03, 0), (0.03, 2.6), (0, 2.62)], steel, 0, segments=8)
    corners = {"stop": 8, "yield": 3, "no entry": 20, "30": 20, "50": 20}.get(kind, 4)
    angle = np.arange(corners) * 2 * np.pi / corners + {
        8: np.pi / 8,
        3: -np.pi / 2,
        4: np.pi / 4,
    }.get(corners, 0.0)
    radius = 0.46 if corners == 4 else 0.36
    disc = radius * np.stack([np.cos(angle), np.sin(angle)], 1)
    half = {3: 0.36, 4: 0.3253}.get(corners, 0.36)
    z = 2.2
    front = np.column_stack([disc[:, 0], np.full(corners, -0.05), z + disc[:, 1]])
    uv = np.stack([0.5 + disc[:, 0] / (2 * half), 0.5 - disc[:, 1] / (2 * half)], 1).clip(
        0.01, 0.99
    )
    fan = np.array([[0, k, k + 1] for k in range(1, corners - 1)])
    mesh.triangles(front, fan, uv[fan], lettering.traffic_sign(kind), 0)
    back = front + np.array([0, 0.012, 0])
    uv = np.tile(np.array([[0, 0], [1, 0], [0, 1]]), (len(fan), 1, 1))
    mesh.triangles(back, fan[:, ::-1], uv, steel, 0)
    return mesh


def fountain() -> MeshBuilder:
    """A round basin with water and a column of bowls."""
    mesh, stone = MeshBuilder(), looks.surface("granite")
    mesh.lathe(
        [(3.4, 0), (3.4, 0.5), (3.5, 0.55), (3.5, 0.62), (3.1, 0.62), (3.1, 0.3)],
        stone,
        0,
        segments=28,
    )
    water = looks.paint((0.30, 0.46, 0.52), "water")
    mesh.lathe([(3.12, 0.42), (0, 0.42)], water, 0, segments=28)
    column = [(0.6, 0.3), (0.35, 0.8), (0.25, 1.3), (1.1, 1.5), (1.2, 1.6), (0.9, 1.58),
              (0.2, 1.55), (0.16, 2.2), (0.55, 2.35), (0.5, 2.4), (0.12, 2.4), (0.1, 2.9),
              (0, 3.0)]  # fmt: skip
    mesh.lathe(column, stone, 0, segments=20)
    return mesh


def statue() -> MeshBuilder:
    """A figure of simple forms on a pedestal."""
    mesh, stone, bronze = MeshBuilder(), looks.surface("granite"), looks.surface("copper")
    mesh.box((-1.4, -1.4, 0), (1.4, 1.4, 0.35), stone, 0)
    mesh.box((-1.0, -1.0, 0.35), (1.0, 1.0, 0.6), stone, 0, omit=("-z",))
    mesh.box((-0.7, -0.7, 0.6), (0.7, 0.7, 2.4), stone, 0, omit=("-z",))
    mesh.box((-0.85, -0.85, 2.4), (0.85, 0.85, 2.6), stone, 0)
    figure = [(0.42, 2.6), (0.36, 3.2), (0.28, 3.7), (0.36, 4.1), (0.3, 4.35), (0.1, 4.42),
              (0.09, 4.5), (0.17, 4.62), (0.16, 4.8), (0, 4.88)]  # fmt: skip
    mesh.lathe(figure, bronze, 0, segments=14)
    mesh.box((0.25, -0.7, 3.85), (0.4, 0.1, 4.0), bronze, 0)
    return mesh


def stall(color: looks.Color) -> MeshBuilder:
    """A market stall with crates under a striped roof."""
    mesh, wood = MeshBuilder(), looks.surface("timber")
    cloth = looks.surface("cloth stripes", color)
    for x in (-1.4, 1.34):
        for y in (-0.9, 0.84):
            mesh.box((x, y, 0), (x + 0.06, y + 0.06, 2.3), wood, 0)
    for low, high in ((-1.25, 0.0), (0.0, 1.25)):
        z = (2.25, 2.75) if low < 0 else (2.75, 2.25)
        a, b = z
        corners = [(-1.6, low, a), (1.6, low, a), (1.6, high, b), (-1.6, high, b)]
        mesh.quad(corners, cloth, 0, tile=1.6)
    mesh.box((-1.3, -0.8, 0.75), (1.3, 0.7, 0.82), wood, 0)
    goods = ((0.80, 0.25, 0.16), (0.86, 0.62, 0.16), (0.36, 0.55, 0.20), (0.55, 0.30, 0.40))
    for k in range(4):
        x = -1.2 + 0.62 * k
        mesh.box((x, -0.75, 0.82), (x + 0.55, 0.6, 0.98), wood, 0, omit=("-z",))
        mesh.box((x + 0.04, -0.7, 0.98), (x + 0.51, 0.55, 1.04), looks.paint(goods[k], "goods"), 0)
    return mesh


def cafe_table(color: looks.Color) -> MeshBuilder:
    """A round table under a parasol with three chairs."""
    mesh, iron = MeshBuilder(), looks.paint(IRON, "iron")
    table = [(0.22, 0), (0.22, 0.03), (0.03, 0.06), (0.03, 0.7), (0.36, 0.72), (0.36, 0.75)]
    mesh.lathe([*table, (0, 0.75)], looks.surface("timber"), 0, segments=14)
    mesh.lathe([(0.02, 0.75), (0.02, 2.3)], iron, 0, segments=6)
    mesh.lathe(
        [(1.25, 2.05), (0.6, 2.25), (0, 2.42)], looks.paint(color, "parasol"), 0, segments=12
    )
    mesh.lathe([(1.25, 2.05), (1.25, 1.9)], looks.paint(color, "parasol"), 0, segments=12)
    for k in range(3):
        T, a = np.eye(4), 2 * np.pi * k / 3
        T[:2, :2] = [[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]]
        mesh.box((-0.2, 0.5, 0.43), (0.2, 0.9, 0.46), iron, 0, T=T)
        mesh.box((-0.2, 0.87, 0.46), (0.2, 0.9, 0.86), iron, 0, T=T)
        for x in (-0.2, 0.17):
            for y in (0.5, 0.87):
                mesh.box((x, y, 0), (x + 0.03, y + 0.03, 0.43), iron, 0, T=T)
    return mesh


def posters(rng: Generator, words: list[str]) -> list[Material]:
    """Posters with words in random colours."""
    grounds = ((0.88, 0.84, 0.72), (0.16, 0.24, 0.40), (0.80, 0.30, 0.20), (0.20, 0.42, 0.38))
    inks = ((0.20, 0.16, 0.30), (0.95, 0.80, 0.45), (0.96, 0.93, 0.86), (0.95, 0.90, 0.70))
    order = rng.permutation(len(grounds))
    return [
        lettering.poster(word, grounds[order[k % 4]], inks[order[k % 4]])
        for k, word in enumerate(words)
    ]
