"""Scenes with their furniture moved: what a place looks like on another visit.

Every triangle, instance and material keeps its number; loose furniture stands elsewhere, with
all that stands on it. Nothing is pushed into anything else, no way is shut, and the walkable
floor is found anew. Works on any scene whose things are instances with classes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from navworld.world.conditions import WORST, Conditions
from navworld.world.navigability import walkable_floors
from navworld.world.scene import Floor, Lamp, Scene
from navworld.world.semantics import CLASS_ID, class_id
from navworld.world.store import SceneRef
from navworld.world.walkable.columns import touched_columns

LOOSE = (
    "chair", "stool", "armchair", "sofa", "table", "coffee table", "desk", "bench", "nightstand",
    "basket", "box", "bin", "plant", "toy", "lamp", "shoe rack", "coat rack", "dresser",
    "fitness equipment", "ball",
)  # fmt: skip
"""Classes of what people shift, where it stands on the floor."""

FIXED = ("wall", "door", "window", "column", "door frame")
TRIES = 60
FARTHEST, NEAREST = 2.2, 0.3
"""How far a thing is moved [m]."""

REACH = 4.2
"""Half the side of the window around a thing in which its move is judged [m]."""

STANDING = 0.04
"""How far the lowest point of a thing may be from the ground, or from what carries it [m]."""

WAYS, LEEWAY = (0.19, 0.26), 0.45
"""Half the widths of narrow and of wide ways; how near a thing's new place one may end [m]."""

CORNERS = 0.1
"""How much of a floor's ways may be cut off: corners [m²]."""

LOW, FULL = 0.03, 1.1
SEEDS = 400


def rearranged_ref(ref: SceneRef, conditions: Conditions) -> SceneRef:
    """The scene as it is found under these conditions; itself where nothing was moved.

    Severities of `moved` count by the half.
    """
    severity = round(2 * conditions.moved) / 2
    if severity == 0:
        return ref
    key = f"{ref.key}~moved{severity:g}-{conditions.visit}"
    return SceneRef(key, partial(_load, ref, severity, conditions.visit))


def _load(ref: SceneRef, severity: float, visit: int) -> Scene:
    return rearranged(ref.load(), severity, visit)


def rearranged(scene: Scene, severity: float, visit: int = 0) -> Scene:
    """The scene on another visit; the same bytes on every run.

    Args:
        severity: 0 to 5, the share (of five) of the loose furniture that stands elsewhere.
        visit: Seed of the arrangement.
    """
    if not 0 <= severity <= WORST or visit < 0:
        raise ValueError(f"severity={severity!r}, visit={visit!r}: expected 0 to 5, and at least 0")
    things = _loose(scene)
    wanted = round(severity / WORST * len(things))
    if wanted == 0:
        return scene
    rng = np.random.default_rng([visit, round(10 * severity), len(scene.triangles)])
    vertices = scene.vertices.astype(np.float64)
    lamps = list(scene.lamps)
    done = 0
    left: list[NDArray[np.float64]] = []
    for k in rng.permutation(len(things)):
        if done == wanted:
            break
        T = _new_place(rng, scene, vertices, things[k], left)
        if T is not None:
            left.append(_outline(vertices[things[k].vertices]))
            vertices[things[k].vertices] = _moved(vertices[things[k].vertices], T)
            for n in things[k].lamps:
                x, y, z = (round(float(v), 4) for v in _moved(np.array(lamps[n].position), T))
                lamps[n] = replace(lamps[n], position=(x, y, z))
            done += 1
    return _finished(scene, vertices, lamps, f"{scene.name}~moved{severity:g}-{visit}")


def displaced(before: Scene, after: Scene) -> NDArray[np.bool_]:
    """(I,) which instances stand elsewhere in another arrangement of the same scene."""
    moved = (before.vertices != after.vertices).any(1)[before.triangles].any(1)
    return np.bincount(before.instance[moved], minlength=len(before.instances)) > 0


def _finished(scene: Scene, vertices: NDArray, lamps: list[Lamp], name: str) -> Scene:
    """The scene with moved vertices and the floor that is free now."""
    exact = (np.round(vertices, 6) + 0.0).astype(np.float32)
    seeds = [_inner_points(floor) for floor in scene.floors]
    floors = scene.floors
    if seeds:
        cell = scene.floors[0].cell
        points = np.concatenate(seeds)
        floors = walkable_floors(exact, scene.triangles, cell=cell, seed_points=points)
    return replace(scene, name=name, vertices=exact, lamps=tuple(lamps), floors=floors)


def _inner_points(floor: Floor) -> NDArray[np.float64]:
    """(N, 3) points well inside a floor, spread over it."""
    rows, columns = np.nonzero(floor.clearance > 0.35)
    pick = np.linspace(0, len(rows) - 1, min(SEEDS, len(rows))).astype(int)
    xy = (np.stack([columns[pick], rows[pick]], 1) + 0.5) * floor.cell + floor.origin
    return np.column_stack([xy, np.full(len(xy), floor.height + 0.1)])


@dataclass(frozen=True, eq=False)
class _Thing:
    """A loose piece of furniture and all that stands on it.

    Attributes:
        instances: Its own first.
        vertices: Indices.
        triangles: (T,) which are its own.
        lamps: Indices of the lights in it.
        floor: That it stands on.
    """

    instances: tuple[int, ...]
    vertices: NDArray[np.int64]
    triangles: NDArray[np.bool_]
    lamps: tuple[int, ...]
    floor: Floor


def _loose(scene: Scene) -> list[_Thing]:
    """What of a scene can be moved."""
    boxes = _boxes(scene)
    classes = {class_id(name) for name in LOOSE if name in CLASS_ID}
    level = [floor for floor in scene.floors if getattr(floor, "heights", None) is None]
    users = _owner(scene)
    things = []
    for number, item in enumerate(scene.instances):
        low = boxes[number, 0]
        floor = next((f for f in level if abs(low[2] - f.height) < STANDING), None)
        if item.semantic not in classes or floor is None or not np.isfinite(low).all():
            continue
        members = _carried(boxes, number)
        own = np.isin(scene.instance, members)
        vertices = np.unique(scene.triangles[own]).astype(np.int64)
        if not np.isin(users[vertices], members).all():
            continue
        box = boxes[members, 0].min(0) - 0.02, boxes[members, 1].max(0) + 0.02
        lamps = tuple(
            n
            for n, lamp in enumerate(scene.lamps)
            if (np.array(lamp.position) > box[0]).all() and (np.array(lamp.position) < box[1]).all()
        )
        things.append(_Thing(tuple(members), vertices, own, lamps, floor))
    return things


def _boxes(scene: Scene) -> NDArray[np.float64]:
    """(I, 2, 3) lowest and highest corner of every instance; NaN for empty ones."""
    corners = scene.vertices[scene.triangles].astype(np.float64)
    low, high = corners.min(1), corners.max(1)
    boxes = np.full((len(scene.instances), 2, 3), np.nan)
    for axis in range(3):
        least = np.full(len(boxes), np.inf)
        most = np.full(len(boxes), -np.inf)
        np.minimum.at(least, scene.instance, low[:, axis])
        np.maximum.at(most, scene.instance, high[:, axis])
        boxes[:, 0, axis], boxes[:, 1, axis] = least, most
    return boxes


def _owner(scene: Scene) -> NDArray[np.int64]:
    """(V,) the instance that uses each vertex, −2 where several do."""
    first = np.full(len(scene.vertices), -1, np.int64)
    index = scene.triangles.reshape(-1)
    first[index] = np.repeat(scene.instance, 3)
    shared = first[index] != np.repeat(scene.instance, 3)
    first[index[shared]] = -2
    return first


def _carried(boxes: NDArray[np.float64], number: int) -> list[int]:
    """A thing and, directly or not, what stands on or in it."""
    members = [number]
    for base in members:
        low, high = boxes[base]
        middle, bottom = boxes[:, :, :2].mean(1), boxes[:, 0, 2]
        over = (middle > low[:2]).all(1) & (middle < high[:2]).all(1)
        on = over & (bottom > low[2] + STANDING) & (bottom < high[2] + STANDING)
        members += [int(n) for n in np.flatnonzero(on) if n not in members]
    return members


def _moved(points: NDArray, T: NDArray) -> NDArray:
    return points @ T[:3, :3].T + T[:3, 3]


def _new_place(
    rng: Generator, scene: Scene, vertices: NDArray, thing: _Thing, left: list[NDArray[np.float64]]
) -> NDArray[np.float64] | None:
    """(4, 4) a move of a thing to where there is room for it, or None.

    Args:
        left: Outlines (N, 2) of where moved things stood before.
    """
    own = vertices[thing.vertices]
    center = (own.min(0) + own.max(0)) / 2
    hull = _outline(own)
    window = _Window(scene, vertices, thing, center[:2], [*left, hull])
    for _ in range(TRIES):
        turn = float(rng.choice([0.0, np.pi / 2, -np.pi / 2, np.pi])) * (rng.random() < 0.4)
        turn += float(rng.normal(0.0, 0.25)) * (rng.random() < 0.6)
        angle, way = rng.uniform(-np.pi, np.pi), rng.uniform(NEAREST, FARTHEST)
        T = np.eye(4)
        c, s = np.cos(turn), np.sin(turn)
        T[:2, :2] = [[c, -s], [s, c]]
        target = center[:2] + way * np.array([np.cos(angle), np.sin(angle)])
        T[:2, 3] = target - T[:2, :2] @ center[:2]
        if window.takes(hull @ T[:2, :2].T + T[:2, 3], target):
            return T
    return None


def _outline(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N, 2) convex outline of points (V, 3), seen from above."""
    return cv2.convexHull(points[:, :2].astype(np.float32))[:, 0].astype(np.float64)


class _Window:
    """The floor around a thing, without it: where it could go."""

    def __init__(
        self,
        scene: Scene,
        vertices: NDArray,
        thing: _Thing,
        middle: NDArray,
        left: list[NDArray[np.float64]],
    ) -> None:
        cell = self._cell = thing.floor.cell
        corner = np.array(thing.floor.origin)
        self._origin = corner + np.floor((middle - REACH - corner) / cell) * cell
        self._middle = middle
        side = round(2 * REACH / cell)
        corners = vertices[scene.triangles]
        low, high = corners.min(1), corners.max(1)
        near = (high[:, :2] > self._origin).all(1) & (low[:, :2] < middle + REACH).all(1)
        others = near & ~thing.triangles
        ground = thing.floor.height
        top = vertices[thing.vertices, 2].max()
        fixed = np.isin(scene.semantic, [class_id(name) for name in FIXED])
        fixed |= scene.instance == 0

        def mask(which: NDArray[np.bool_], bottom: float, upper: float) -> NDArray[np.bool_]:
            return touched_columns(
                corners[which], band=(ground + bottom, upper),
                origin=tuple(self._origin), cell=cell, shape=(side, side),
            )  # fmt: skip

        self._walls = mask(others & fixed, LOW, ground + FULL)
        ground_free = self._walkable(thing.floor, side)
        for outline in left:
            was = cv2.dilate(self._filled(outline, side), np.ones((5, 5), np.uint8))
            ground_free |= was > 0
        self._room = ~mask(others, LOW, top) & ground_free
        free = ~mask(others, 2 * LOW, ground + FULL) & ground_free
        self._free = free.astype(np.uint8)
        before = ground_free & ~mask(near, 2 * LOW, ground + FULL)
        self._before = [self._ways(before.astype(np.uint8), width) for width in WAYS]

    def takes(self, hull: NDArray[np.float64], target: NDArray[np.float64]) -> bool:
        """Whether a thing of this outline can stand here without shutting any way."""
        side = len(self._free)
        place = cv2.dilate(self._filled(hull, side), np.ones((3, 3), np.uint8))
        edge = 2 * self._cell
        inside = (hull > self._origin + edge) & (hull < self._origin + 2 * REACH - edge)
        if not inside.all() or not self._room[place > 0].all() or self._crosses(target):
            return False
        reach = round(LEEWAY / self._cell) * 2 + 1
        around = cv2.dilate(place, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach)))
        return all(
            self._stays_joined(before, self._ways(self._free * (place == 0), width), around == 0)
            for before, width in zip(self._before, WAYS, strict=True)
        )

    def _stays_joined(
        self, before: NDArray[np.int32], after: NDArray[np.int32], counted: NDArray[np.bool_]
    ) -> bool:
        """Whether no part of the ways that was in one piece is cut."""
        for part in range(1, before.max() + 1):
            kept = after[(before == part) & counted]
            lost = len(kept) - np.bincount(kept)[1:].max(initial=0)
            if lost * self._cell**2 > CORNERS:
                return False
        return True

    def _crosses(self, target: NDArray[np.float64]) -> bool:
        """Whether a wall is on the way."""
        line = self._middle + np.linspace(0, 1, 60)[:, None] * (target - self._middle)
        column, row = np.floor((line - self._origin) / self._cell).astype(int).T
        return bool(self._walls[row, column].any())

    def _filled(self, outline: NDArray, side: int) -> NDArray[np.uint8]:
        picture = np.zeros((side, side), np.uint8)
        pixels = (np.asarray(outline, np.float64) - self._origin) / self._cell - 0.5
        cv2.fillConvexPoly(picture, np.round(pixels * 16).astype(np.int32), 1, shift=4)
        return picture

    def _walkable(self, floor: Floor, side: int) -> NDArray[np.bool_]:
        """Where the floor of the plain scene could be walked."""
        at = self._origin[:, None] + (np.arange(side) + 0.5) * self._cell
        columns = np.floor((at[0] - floor.origin[0]) / floor.cell).astype(int)
        rows = np.floor((at[1] - floor.origin[1]) / floor.cell).astype(int)
        height, width = floor.clearance.shape
        inside = ((rows >= 0) & (rows < height))[:, None] & (columns >= 0) & (columns < width)
        r, c = np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)
        return inside & (floor.clearance[np.ix_(r, c)] > 0)

    def _ways(self, free: NDArray[np.uint8], width: float) -> NDArray[np.int32]:
        """Connected parts that a body can pass, numbered from 1."""
        gap = cv2.distanceTransform(free, cv2.DIST_L2, 5) * self._cell
        labels = cv2.connectedComponents((gap > width).astype(np.uint8), connectivity=4)[1]
        return labels.astype(np.int32)
