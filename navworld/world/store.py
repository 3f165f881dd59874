"""Scenes in memory: loaded once, shared by every environment, bounded, fetched ahead.

A `Place` is a scene made ready: traced (`rays`), lit, and walked on (`navigator`, `field`).
Places are immutable as far as environments can tell; what moves belongs to the environment.
"""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from navworld.world.appearance.looks import Lighting, Look, dressed, relit
from navworld.world.appearance.shelter import Shelter, shelter
from navworld.world.buffers import give_back_memory
from navworld.world.cache import ArrayCache
from navworld.world.geodesic import DistanceField
from navworld.world.light import lightmap_for, metered
from navworld.world.navigability import Navigator
from navworld.world.rays import RayScene
from navworld.world.scene import Lightmap, Scene

LIGHTS = ("full", "fast", "none")
"""Qualities of light: baked as designed, baked coarsely (tests), not baked."""

FIELDS_KEPT = 64
"""Distance fields kept with a place: episodes of a benchmark share few goals, training none."""


LARGE = 20_000
"""Triangles from which on a scene leaves much memory behind when it has been made ready."""

LOOKS_KEPT, LOOKS_BYTES = 4, 200 << 20
"""How many looks are kept with a place that no environment sees at the moment: so many, fewer
where they are large."""


@dataclass(frozen=True)
class SceneRef:
    """A scene by its unique key and how to make it; picklable, and cheap to hold."""

    key: str
    load: Callable[[], Scene]


class Place:
    """A scene made ready for bodies and cameras; parts are made when first asked for."""

    def __init__(self, scene: Scene, cache: ArrayCache | None) -> None:
        self.scene = scene
        self._cache = cache
        self._lock = threading.RLock()
        self._rays: dict[str | None, RayScene] = {}
        self._navigators: dict[float, Navigator] = {}
        self._fields: OrderedDict[tuple, DistanceField] = OrderedDict()
        self._derived: dict[str, Any] = {}
        self._looks: weakref.WeakValueDictionary[tuple[Look, str], RayScene] = (
            weakref.WeakValueDictionary()
        )
        self._recent_looks: OrderedDict[tuple[Look, str], RayScene] = OrderedDict()

    def rays(self, light: str | None) -> RayScene:
        """The scene ready for tracing.

        Args:
            light: Quality of light for colour images, one of `LIGHTS`; None when no colour is
                asked for: then any light will do.
        """
        with self._lock:
            if light is None and self._rays:
                return next(iter(self._rays.values()))
            if light not in self._rays:
                lightmap = self.lit(Lighting(), light or "none")[1]
                traced = self._rays.pop(None, None) or RayScene(self.scene)
                traced.set_light(lightmap)
                self._rays[light] = traced
                _tidy(self.scene)
            return self._rays[light]

    def look(self, look: Look, light: str) -> RayScene:
        """The place in another look, for colour images; the plain one is `rays(light)`.

        Args:
            light: Quality of light, one of `LIGHTS`; with "none" only colours change.
        """
        with self._lock:
            found = self._looks.get((look, light))
            if found is None:
                found = self._looks[look, light] = self._dress(look, light)
                _tidy(self.scene)
            self._recent_looks[look, light] = found
            self._recent_looks.move_to_end((look, light))
            total = sum(r.nbytes for r in self._recent_looks.values())
            while len(self._recent_looks) > (LOOKS_KEPT if total < LOOKS_BYTES else 1):
                total -= self._recent_looks.popitem(last=False)[1].nbytes
            return found

    def _dress(self, look: Look, light: str) -> RayScene:
        """The place in a look, made from the plain one or from what is lit alike."""
        sky = look.lighting.sky(self.scene)
        if look.colors:
            lit = self.look(Look(look.lighting), light)
            return RayScene(dressed(lit.scene, look, self.shelter), like=lit, sky=sky)
        if look == Look():
            return self.rays(light)
        plain = self.rays("none" if light == "none" else None)
        scene, lightmap = self.lit(look.lighting, light)
        return RayScene(scene, lightmap, like=plain, sky=sky)

    def lit(self, lighting: Lighting, light: str) -> tuple[Scene, Lightmap | None]:
        """The scene with the lights of a look, and what they bake to.

        Args:
            light: Quality of light, one of `LIGHTS`; with "none" nothing is baked.
        """
        scene, usual = self.scene, None
        if lighting != Lighting():
            scene = relit(self.scene, lighting, self.shelter.lamps_see_day)
            usual = self.derived("usual light", metered) if light != "none" else None
        if light == "none":
            return scene, None
        return scene, lightmap_for(scene, quality=light, cache=self._cache, usual=usual)

    @property
    def shelter(self) -> Shelter:
        """What of the place lies open to the sky."""
        return self.derived("shelter", lambda scene: shelter(self.rays(None)))

    def navigator(self, radius: float) -> Navigator:
        """The walkable space of a body of this radius [m] on the storey with most of it."""
        with self._lock:
            if radius not in self._navigators:
                if not self.scene.floors:
                    raise ValueError(
                        f"scene {self.scene.name!r} has no walkable floor: "
                        "give Scene.floors (navworld.world.navigability.walkable_floors)"
                    )
                floor = max(self.scene.floors, key=lambda f: int((f.clearance > radius).sum()))
                self._navigators[radius] = Navigator(floor, radius)
                _tidy(self.scene)
            return self._navigators[radius]

    def field(self, radius: float, goal_xy: tuple[float, float]) -> DistanceField:
        """Geodesic distances to a goal; the most recent ones are kept."""
        key = (radius, *goal_xy)
        with self._lock:
            if key in self._fields:
                self._fields.move_to_end(key)
                return self._fields[key]
        field = DistanceField(self.navigator(radius), np.asarray(goal_xy, np.float64))
        with self._lock:
            self._fields[key] = field
            while len(self._fields) > FIELDS_KEPT:
                self._fields.popitem(last=False)
        return field

    def derived(self, name: str, make: Callable[[Scene], Any]) -> Any:
        """What `make` computes from the scene, computed once and kept with it under `name`.

        Sensors keep here what they need to know of a scene: temperatures, magnetic fields, access
        points. Names say what it is; the parameters of a sensor that it depends on belong in it.
        """
        with self._lock:
            if name not in self._derived:
                self._derived[name] = make(self.scene)
            return self._derived[name]

    @property
    def nbytes(self) -> int:
        """Memory that the place takes [bytes]."""
        s = self.scene
        arrays = (s.vertices, s.triangles, s.uv, s.material, s.instance)
        with self._lock:
            return (
                sum(a.nbytes for a in arrays)
                + sum(f.clearance.nbytes for f in s.floors)
                + sum(f.heights.nbytes for f in s.floors if f.heights is not None)
                + sum(r.nbytes for r in self._rays.values())
                + sum(n.labels.nbytes for n in self._navigators.values())
                + sum(f.nbytes for f in self._fields.values())
                + sum(getattr(d, "nbytes", 0) for d in self._derived.values())
                + sum(r.nbytes for r in self._recent_looks.values())
            )


def _tidy(scene: Scene) -> None:
    """Gives back what making a large scene ready has left behind, up to as much as it takes."""
    if len(scene.triangles) > LARGE:
        give_back_memory()


class SceneStore:
    """Places by the key of their scene, least recently used out first.

    Args:
        max_bytes: Memory kept for places that no environment uses at the moment; places in use
            stay whatever they take.
        cache: Where baked light is kept on disk; None bakes anew in every process.
    """

    def __init__(self, *, max_bytes: int = 1 << 30, cache: ArrayCache | None = None) -> None:
        self.max_bytes = max_bytes
        self._cache = cache
        self._lock = threading.RLock()
        self._recent: OrderedDict[str, Place] = OrderedDict()
        self._alive: weakref.WeakValueDictionary[str, Place] = weakref.WeakValueDictionary()
        self._loading: dict[str, Future[Place]] = {}
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="navworld-scenes")

    def get(self, ref: SceneRef) -> Place:
        """The place, loading the scene if need be."""
        with self._lock:
            place = self._alive.get(ref.key)
            coming = self._loading.get(ref.key)
            if place is None and coming is None:
                promise = self._loading[ref.key] = Future()
        if place is None:
            place = coming.result() if coming is not None else self._load(ref, promise)
        self._touch(ref.key, place)
        return place

    def prefetch(
        self, ref: SceneRef, *, light: str | None = None, look: Look | None = None
    ) -> None:
        """Loads (and lights) a scene in the background, to be ready when it is asked for."""
        with self._lock:
            if ref.key in self._alive or ref.key in self._loading:
                return
        if light is None or look is None or look == Look():
            self._pool.submit(lambda: self.get(ref).rays(light))
        else:
            self._pool.submit(lambda: self.get(ref).look(look, light))

    def clear(self) -> None:
        """Lets go of every place that no environment uses, those that are on their way included."""
        self._pool.submit(int).result()  # what was asked for before it has arrived by then
        with self._lock:
            self._recent.clear()

    def _load(self, ref: SceneRef, promise: Future[Place]) -> Place:
        try:
            place = Place(ref.load(), self._cache)
        except BaseException as error:
            with self._lock:
                del self._loading[ref.key]
            promise.set_exception(error)
            raise
        with self._lock:
            self._alive[ref.key] = place
            del self._loading[ref.key]
        promise.set_result(place)
        return place

    def _touch(self, key: str, place: Place) -> None:
        with self._lock:
            self._recent[key] = place
            self._recent.move_to_end(key)
            total = sum(p.nbytes for p in self._recent.values())
            while total > self.max_bytes and len(self._recent) > 1:
                total -= self._recent.popitem(last=False)[1].nbytes


_store: SceneStore | None = None


def shared_store() -> SceneStore:
    """The store that environments of this process share."""
    global _store
    if _store is None:
        _store = SceneStore(cache=ArrayCache())
    return _store
