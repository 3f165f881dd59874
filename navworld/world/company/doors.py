"""Doors that close and open.

A leaf rests where it stands in the scene, open, and the walkable map knows it there. Now and then
it swings shut, if nobody is near, and as soon as somebody comes near it opens again: it is out of
the way before anybody reaches what it sweeps, and it never moves into anybody.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from navworld.world.appearance.looks import Lighting
from navworld.world.geodesic import DistanceField
from navworld.world.navigability import Navigator
from navworld.world.scene import Door, Instance, Lightmap, Scene
from navworld.world.store import Place
from navworld.world.tracing.prepared import RayScene

RATE = 2.5
"""How fast a leaf swings [rad/s]."""

NEAR = 2.2
"""Beyond a leaf's own reach, whoever is as near opens it [m]: walked in 1.1 s at 2 m/s."""

OPEN, SHUT = 20.0, 10.0
"""Mean time that a leaf stands open and shut with nobody near [s]."""


class Doors:
    """The leaves of one environment.

    Attributes:
        shapes, instances: Their looks, about the hinge, and their instances in the scene.
        share: (D,) how far each is shut, 0 to 1.
    """

    def __init__(self, scene: Scene, rng: np.random.Generator) -> None:
        """All open; `rng` seeds when they will close."""
        self._doors = scene.doors
        self.shapes = list(_leaves(_Key(scene)))
        self.instances = [door.instance for door in scene.doors]
        self._hinges = np.array([door.hinge for door in scene.doors])
        self._swing = np.array([door.swing for door in scene.doors])
        self._reach = np.array([door.width for door in scene.doors])
        self.share = np.zeros(len(scene.doors))
        self._rate = np.zeros(len(scene.doors))
        self._shut = np.zeros(len(scene.doors), bool)
        self._wait = rng.exponential(OPEN, len(scene.doors))
        self._draws = np.random.Philox(rng.integers(1 << 63))

    @classmethod
    def of(cls, scene: Scene, state: dict[str, Any]) -> Doors:
        """Leaves as `state()` held them."""
        doors = cls(scene, np.random.default_rng(0))
        for name in ("share", "_rate", "_shut", "_wait"):
            setattr(doors, name, state[name].copy())
        doors._draws.state = state["_draws"]
        return doors

    def state(self) -> dict[str, Any]:
        """Everything that changes."""
        names = ("share", "_rate", "_shut", "_wait")
        return {**{n: getattr(self, n).copy() for n in names}, "_draws": self._draws.state}

    def __len__(self) -> int:
        return len(self.share)

    def move(self, discs: NDArray[np.float64], dt: float) -> None:
        """Moves the leaves on, given who is there: (N, 3) x, y, radius [m]."""
        away = np.linalg.norm(self._hinges[:, None] - discs[None, :, :2], axis=2) - discs[:, 2]
        visited = away.min(1) < self._reach + NEAR
        self._wait -= dt
        turn = (self._wait <= 0) & ~(visited & ~self._shut)
        if turn.any():
            self._shut ^= turn
            mean = np.where(self._shut, SHUT, OPEN)
            drawn = np.random.Generator(self._draws).exponential(size=len(self))
            self._wait = np.where(turn, mean * drawn, self._wait)
        self._shut &= ~visited
        goal = self._shut.astype(float)
        step = RATE * dt / np.maximum(np.abs(self._swing), 1e-6)
        share = np.clip(goal, self.share - step, self.share + step)
        self._rate = (share - self.share) / dt
        self.share = share

    def motion(self) -> tuple[NDArray, NDArray, NDArray]:
        """T_world_leaf (D, 4, 4), velocity of the hinge (D, 3), turn rate (D,)."""
        angle = self.share * self._swing
        T = np.tile(np.eye(4), (len(self), 1, 1))
        c, s = np.cos(angle), np.sin(angle)
        T[:, 0, 0], T[:, 0, 1], T[:, 1, 0], T[:, 1, 1] = c, -s, s, c
        T[:, :2, 3] = self._hinges
        return T, np.zeros((len(self), 3)), self._rate * self._swing

    def segments(self) -> NDArray[np.float64]:
        """(D, 2, 2) where the leaves stand: hinge and far end [m]."""
        angle = np.array([door.angle for door in self._doors]) + self.share * self._swing
        tip = self._hinges + self._reach[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1)
        return np.stack([self._hinges, tip], 1)


class Unhung(Place):
    """A place without its leaves, which move instead; its light is that of the whole place."""

    def __init__(self, whole: Place) -> None:
        """Made from a place, whose walkable space, fields and light it shares."""
        super().__init__(whole.scene, None)
        self._whole = whole
        self._less: RayScene | None = None

    def rays(self, light: str | None) -> RayScene:
        """The scene ready for tracing, without the leaves; see `Place.rays`."""
        whole = self._whole.rays(light)
        with self._lock:
            if self._less is None:
                gone = np.isin(self.scene.instance, [door.instance for door in self.scene.doors])
                triangles = self.scene.triangles.copy()
                triangles[gone] = triangles[gone][:, :1]  # to a point, which no ray hits
                self._less = whole.on(self.scene.vertices, triangles)
            elif self._less.state.records is not whole.state.records:
                self._less = self._less.lit_as(whole)
            return self._less

    def lit(self, lighting: Lighting, light: str) -> tuple[Scene, Lightmap | None]:
        """As of the whole place."""
        return self._whole.lit(lighting, light)

    def navigator(self, radius: float) -> Navigator:
        """As of the whole place: leaves stand open where the map knows them."""
        return self._whole.navigator(radius)

    def field(self, radius: float, goal_xy: tuple[float, float]) -> DistanceField:
        """As of the whole place."""
        return self._whole.field(radius, goal_xy)


def unhung(place: Place) -> Place:
    """The place without the leaves of its doors; itself where it has none."""
    if not place.scene.doors or isinstance(place, Unhung):
        return place
    return place.derived("without leaves", lambda _: Unhung(place))


class _Key:
    """A scene as a key: by itself, not by what is in it."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene

    def __hash__(self) -> int:
        return id(self.scene)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and other.scene is self.scene


@lru_cache(maxsize=64)
def _leaves(key: _Key) -> tuple[RayScene, ...]:
    """The leaf of every door of a scene, about its hinge."""
    return tuple(_leaf(key.scene, door) for door in key.scene.doors)


def _leaf(scene: Scene, door: Door) -> RayScene:
    own = scene.instance == door.instance
    corners, triangles = np.unique(scene.triangles[own], return_inverse=True)
    vertices = scene.vertices[corners] - np.array([*door.hinge, 0.0], np.float32)
    kinds, material = np.unique(scene.material[own], return_inverse=True)
    item = scene.instances[door.instance]
    return RayScene(
        replace(
            scene,
            name=f"{scene.name}: leaf {door.instance}",
            vertices=vertices,
            triangles=triangles.reshape(-1, 3).astype(np.int32),
            uv=scene.uv[own],
            material=material.astype(np.int32),
            instance=np.zeros(int(own.sum()), np.int32),
            materials=tuple(scene.materials[k] for k in kinds),
            instances=(Instance(item.name, item.semantic),),
            floors=(),
            lamps=(),
            sun=None,
            rooms=(),
            doors=(),
            map=None,
        )
    )
