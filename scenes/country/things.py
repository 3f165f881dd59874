"""What people put into the country: fences, a bridge, huts, benches, posts and signs."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray

from navworld.scenes.country.routes import Bridge
from navworld.scenes.country.surfaces import TILES, lettering, surface
from navworld.scenes.materials import material
from navworld.world.mesh import MeshBuilder

Height = Callable[[NDArray], NDArray]
"""Points (N, 2) → z of the ground (N,)."""

RAILS = (0.5, 0.95)
POST = 0.055
BOARD = 2.5  # top of a sign, under which one passes [m]
YELLOW = (0.93, 0.80, 0.25)


def frame(xy: ArrayLike, z: float, yaw: float) -> NDArray[np.float64]:
    """(4, 4) pose of an upright thing."""
    T = np.eye(4)
    c, s = np.cos(yaw), np.sin(yaw)
    T[:2, :2], T[:2, 3], T[2, 3] = [[c, -s], [s, c]], np.asarray(xy), z
    return T


def add_fence(
    mesh: MeshBuilder, line: NDArray[np.float64], height: Height, name: str, *, gap: float = 2.6
) -> None:
    """Posts and two rails along a polyline (K, 2), following the ground."""
    instance = mesh.add_instance(name, "pole")
    wood = material("grey oak")
    for a, b in pairwise(line):
        count = max(1, round(float(np.linalg.norm(b - a)) / gap))
        posts = a + (b - a) * np.linspace(0, 1, count + 1)[:, None]
        z = height(posts)
        yaw = float(np.arctan2(*(b - a)[::-1]))
        for post, ground in zip(posts[:-1], z[:-1], strict=True):
            box = (-POST, -POST, -0.5), (POST, POST, 1.12)
            mesh.box(*box, wood, instance, T=frame(post, ground, yaw), omit=("-z",))
        for k in range(count):
            _add_rails(mesh, (posts[k], z[k]), (posts[k + 1], z[k + 1]), instance)


def _add_rails(mesh: MeshBuilder, a: tuple, b: tuple, instance: int) -> None:
    """Two boards from one post to the next."""
    wood = material("grey oak")
    start, end = np.append(*a), np.append(*b)
    along = end - start
    side = np.array([-along[1], along[0], 0]) / np.hypot(*along[:2]) * 0.022
    for at in RAILS:
        low, high = (0, 0, at - 0.06), (0, 0, at + 0.06)
        for s in (1, -1):
            quad = [start - s * side + low, end - s * side + low]
            quad += [end - s * side + high, start - s * side + high]
            if s < 0:
                quad = [quad[1], quad[0], quad[3], quad[2]]
            mesh.quad(quad, wood, instance)
        top = [start - side + high, end - side + high, end + side + high, start + side + high]
        mesh.quad(top, wood, instance)


def add_bridge(mesh: MeshBuilder, bridge: Bridge) -> None:
    """A wooden deck with beams below and railings."""
    deck = mesh.add_instance("bridge", "road")
    rails = mesh.add_instance("bridge railing", "pole")
    axis = bridge.ends[1] - bridge.ends[0]
    T = frame(bridge.ends.mean(0), bridge.level, float(np.arctan2(axis[1], axis[0])))
    half, side = 0.5 * bridge.length, 0.5 * bridge.width
    boards, wood = surface("boards"), material("grey oak")
    turned = T @ frame((0, 0), 0, np.pi / 2)
    low, high = (-side, -half, -0.08), (side, half, 0.0)
    mesh.box(low, high, boards, deck, tile=TILES["boards"], T=turned)
    for y in (-0.7 * side, 0.7 * side):
        mesh.box((-half, y - 0.1, -0.38), (half, y + 0.1, -0.08), wood, deck, T=T)
    for x in (-half + 0.2, half - 0.2):
        mesh.box((x - 0.2, -side, -1.6), (x + 0.2, side, -0.08), wood, deck, T=T)
    for y in (-side + 0.06, side - 0.06):
        for x in np.linspace(-half + 0.1, half - 0.1, max(2, round(bridge.length / 1.6) + 1)):
            mesh.box((x - 0.05, y - 0.05, -0.3), (x + 0.05, y + 0.05, 1.0), wood, rails, T=T)
        for z in (0.5, 0.95):
            mesh.box((-half, y - 0.03, z), (half, y + 0.03, z + 0.1), wood, rails, T=T)


def add_hut(
    mesh: MeshBuilder, rng: Generator, xy: ArrayLike, z: float, yaw: float, name: str
) -> NDArray[np.float64]:
    """A hut with a gabled roof, its door towards −y; (4, 2) corners of its outline."""
    hut = mesh.add_instance(name, "building")
    T = frame(xy, z, yaw)
    w, d, wall = rng.uniform(2.2, 3.4), rng.uniform(1.8, 2.6), rng.uniform(2.2, 2.7)
    ridge = wall + d * rng.uniform(0.55, 0.85)
    logs, trim = surface("logs"), material("painted white")
    tile = TILES["logs"]
    if rng.random() < 0.35:
        logs, tile = material("plaster cream"), 2.0
    stone = material("masonry")
    mesh.box((-w - 0.06, -d - 0.06, -1.2), (w + 0.06, d + 0.06, 0.25), stone, hut, tile=1.6, T=T)
    mesh.box((-w, -d, 0.25), (w, d, wall), logs, hut, tile=tile, T=T, omit=("-z", "+z"))
    for x, order in ((w, 1), (-w, -1)):
        gable = np.array([(x, -d, wall), (x, d, wall), (x, 0, ridge)])[::order]
        uv = gable[None, :, 1:] * (1, -1) / tile
        mesh.triangles(gable, [[0, 1, 2]], uv, logs, hut, T)
    _add_roof(mesh, rng, (w, d, wall, ridge), hut, T)
    door = material("walnut" if rng.random() < 0.5 else "painted forest")
    x = rng.uniform(-0.4, 0.4) * w
    mesh.box((x - 0.5, -d - 0.05, 0.0), (x + 0.5, -d, 2.0), door, hut, T=T, omit=("+y",))
    pane = material("painted navy")
    for side in (-1, 1):
        for u in (-0.55, 0.55):
            if side == -1 and abs(u * w - x) < 1.0:
                continue
            y0, y1 = (-d - 0.04, -d) if side < 0 else (d, d + 0.04)
            mesh.box((u * w - 0.5, y0, 0.95), (u * w + 0.5, y1, 1.85), trim, hut, T=T)
            y0, y1 = (y0 - 0.01, y1) if side < 0 else (y0, y1 + 0.01)
            mesh.box((u * w - 0.42, y0, 1.03), (u * w - 0.03, y1, 1.77), pane, hut, T=T)
            mesh.box((u * w + 0.03, y0, 1.03), (u * w + 0.42, y1, 1.77), pane, hut, T=T)
    corners = np.array([(-w, -d, 0, 1), (w, -d, 0, 1), (w, d, 0, 1), (-w, d, 0, 1)])
    return (corners @ T.T)[:, :2]


def _add_roof(
    mesh: MeshBuilder, rng: Generator, size: tuple[float, ...], hut: int, T: NDArray
) -> None:
    """Two slabs that meet at the ridge and overhang the walls; a chimney."""
    w, d, wall, ridge = size
    name = "shingles" if rng.random() < 0.5 else "roof tiles"
    cover, tile = surface(name), TILES[name]
    pitch = (ridge - wall) / d
    out, thick = 0.45, 0.14
    eave = wall - out * pitch
    for s in (-1, 1):
        x, y = s * (w + out), s * (d + out)
        under = np.array([(x, y, eave), (-x, y, eave), (-x, 0, ridge), (x, 0, ridge)])
        top = under + np.array([0, 0, thick])
        mesh.quad(top, cover, hut, tile=tile, T=T)
        mesh.quad(under[::-1], surface("boards"), hut, tile=TILES["boards"], T=T)
        for k in range(4):
            a, b = k, (k + 1) % 4
            rim = [under[a], under[b], top[b], top[a]]
            mesh.quad(rim, surface("boards"), hut, tile=TILES["boards"], T=T)
    stack = (0.4 * w, 0.35 * d, wall), (0.4 * w + 0.5, 0.35 * d + 0.5, ridge + 0.5)
    mesh.box(*stack, material("brick red"), hut, T=T, omit=("-z",))


def add_sign(mesh: MeshBuilder, xy: ArrayLike, z: float, word: str, yaw: float) -> None:
    """A post with a board that points along a heading [rad]."""
    pole = mesh.add_instance(f"sign post {word}", "pole")
    sign = mesh.add_instance(f"sign {word}", "sign")
    wood, face = material("grey oak"), lettering(word, YELLOW)
    T, board = frame(xy, z, 0.0), frame(xy, z, yaw)
    mesh.box((-0.06, -0.06, -0.5), (0.06, 0.06, BOARD + 0.12), wood, pole, T=T)
    low, high = BOARD - 0.26, BOARD
    mesh.box((0.05, -0.018, low), (0.85, 0.018, high), wood, sign, T=board)
    for y in (-0.022, 0.022):
        quad = [(0.05, y, low), (0.85, y, low), (0.85, y, high), (0.05, y, high)]
        if y > 0:
            quad = [quad[1], quad[0], quad[3], quad[2]]
        mesh.quad(quad, face, sign, tile=None, T=board)


def add_bench(mesh: MeshBuilder, xy: ArrayLike, z: float, yaw: float) -> None:
    """A bench that faces −y."""
    bench = mesh.add_instance("bench", "bench")
    T, wood = frame(xy, z, yaw), material("oak")
    for x in (-0.6, 0.6):
        mesh.box((x - 0.05, -0.2, -0.4), (x + 0.05, 0.2, 0.42), wood, bench, T=T)
        mesh.box((x - 0.04, 0.17, 0.42), (x + 0.04, 0.23, 0.95), wood, bench, T=T)
    mesh.box((-0.85, -0.24, 0.42), (0.85, 0.22, 0.47), wood, bench, T=T)
    mesh.box((-0.85, 0.16, 0.62), (0.85, 0.2, 0.92), wood, bench, T=T)
