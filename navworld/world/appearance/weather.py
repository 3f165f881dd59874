"""A view under conditions: the place in its look, then reflections, fog, and what falls.

Only colours are changed. Where no conditions are set, and where no colours are asked for, nothing
here is reached.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import inf
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from navworld.streams import IntArray
from navworld.world.appearance.falling import NEAREST, RAIN, SNOW, Kind, in_air
from navworld.world.appearance.looks import Lighting, Look
from navworld.world.appearance.reflections import Glimpse, reflect, reflecting
from navworld.world.appearance.weather_kernel import develop, strokes, veil
from navworld.world.body import Camera
from navworld.world.conditions import PLAIN, Conditions
from navworld.world.rays import render
from navworld.world.tracing.pattern import RayPattern
from navworld.world.tracing.shading import MOVING

if TYPE_CHECKING:
    from navworld.world.world import World

COLORS = frozenset({"rgb", "color"})


@dataclass(frozen=True, eq=False)
class Sight:
    """Rays through a camera's lens, and where on their grid a point is seen.

    Attributes:
        camera: Whose lens it is.
        pattern: The rays.
        grain: Rays of every pixel, in x and in y.
        frame: Width of a border of rays around the image [px].
    """

    camera: Camera
    pattern: RayPattern
    grain: int = 1
    frame: int = 0

    @cached_property
    def rays(self) -> NDArray[np.float32]:
        """(4, P) unit directions of the rays, and metres per ray parameter."""
        directions = self.pattern.directions.reshape(-1, 3).astype(np.float64)
        length = np.linalg.norm(directions, axis=1, keepdims=True)
        rays = np.append(directions / length, length, 1)
        return np.ascontiguousarray(rays.T, np.float32)


def view(
    world: World, camera: Camera, T_world_body: NDArray, ids: IntArray, outputs: Sequence[str]
) -> dict[str, NDArray]:
    """What `World.view` gives, with the conditions of the environments."""
    T_world_camera = T_world_body @ camera.T_body_camera
    return see(world, _sight(camera), T_world_camera, ids, outputs, times=world.time[ids])


def see(
    world: World,
    sight: Sight,
    T_world_camera: NDArray,
    ids: IntArray,
    outputs: Sequence[str],
    *,
    times: NDArray[np.float64],
) -> dict[str, NDArray]:
    """Images through any rays, in the conditions of the environments.

    Args:
        T_world_camera: (n, 4, 4).
        ids: (n,) whose scenes and conditions.
        times: (n,) since the start of the episodes [s], at which rain and snow are seen.
    """
    camera = sight.camera
    painted = [k for k, i in enumerate(ids) if _paints(world, int(i))]
    wanted = set(outputs)
    if painted:
        wanted |= {"color", "depth"}
        if any(world.conditions[ids[k]].reflects for k in painted):
            wanted |= {"triangle", "normals"}
        if any(world.movers[ids[k]] is not None for k in painted):
            wanted.add("triangle")
    seen = render(
        [world.scene(int(i)) for i in ids],
        np.arange(len(ids)),
        T_world_camera,
        sight.pattern,
        sorted(wanted),
        near=camera.near,
        far=inf if painted else camera.far,
        gain=world.gain[ids],
        movers=[world.movers[i] for i in ids],
        supersample=camera.supersample if sight.grain == 1 else 1,
        threads=world.threads,
    )
    for k in painted:
        images = {name: image[k] for name, image in seen.items()}
        _paint(world, int(ids[k]), sight, T_world_camera[k], images, float(times[k]))
    if painted and "depth" in outputs and camera.far < inf:
        depth = seen["depth"]
        depth[depth > camera.far] = 0
    return {name: seen[name] for name in outputs}


def seconds_between(world: World, sight: Sight, row: int, pixels: float) -> float:
    """Longest time between two images in which nothing that falls is missed [s].

    What falls moves by no more than so many pixels, or half its own streak, from one to the next;
    infinite where nothing falls around the body.
    """
    conditions, shortest = world.conditions[row], inf
    for kind, severity in _falling(conditions):
        center = world.T_world_body(np.array([row]))[0, :3, 3]
        moment = int(world.weather_keys[row]), float(world.time[row])
        if len(in_air(kind, severity, *moment, center, world.places[row].shelter)):
            across = NEAREST * sight.pattern.spread + sight.pattern.spacing
            speed = float(np.linalg.norm(kind.velocity))
            shortest = min(shortest, max(pixels * across / speed, 0.5 * kind.shutter))
    return shortest


def _paints(world: World, row: int) -> bool:
    """Whether the colours of a row are changed after tracing, beside its look."""
    conditions = world.conditions[row]
    return conditions is not PLAIN and (conditions.paints or world.movers[row] is not None)


def _paint(
    world: World,
    row: int,
    sight: Sight,
    T_world_camera: NDArray,
    seen: dict[str, NDArray],
    time: float,
) -> None:
    """Changes the colours of one image; `seen` holds its outputs."""
    conditions, place = world.conditions[row], world.places[row]
    lighting, cover = _lighting(conditions), place.shelter
    color, depth, gain = seen["color"], seen["depth"], world.gain[row]
    if world.movers[row] is not None:
        color[seen["triangle"] == MOVING] *= np.float32(lighting.brightness(place.scene))
    indoors = cover.covers(T_world_camera[:3, 3])
    air = lighting.air(place.scene, indoors=indoors) * gain
    if conditions.reflects:
        glimpse = Glimpse(
            scene=world.scene(row),
            parts=world.movers[row],
            kinds=place.derived("reflecting", lambda scene: reflecting(scene, cover)),
            conditions=conditions,
            T_world_camera=T_world_camera,
            color=color.reshape(-1, 3),
            depth=depth.reshape(-1),
            triangle=seen["triangle"].reshape(-1),
            normals=seen["normals"].reshape(-1, 3),
            gain=gain,
            air=air,
        )
        reflect(glimpse, sight.pattern, threads=world.threads)
    if conditions.extinction > 0:
        up = T_world_camera[2, :3].astype(np.float32)
        rate = conditions.extinction
        veil(color.reshape(-1), depth.reshape(-1), sight.rays, up, rate, air)
    for kind, severity in _falling(conditions):
        moment = int(world.weather_keys[row]), time
        drops = in_air(kind, severity, *moment, T_world_camera[:3, 3], cover)
        if len(drops):
            _draw(kind, drops, sight, T_world_camera, color, depth, air)
    if "rgb" in seen:
        develop(color.reshape(-1), seen["rgb"].reshape(-1))


@lru_cache(maxsize=1024)
def _lighting(conditions: Conditions) -> Lighting:
    return Look.of(conditions).lighting


@lru_cache(maxsize=64)
def _sight(camera: Camera) -> Sight:
    return Sight(camera, camera.pattern)


def _falling(conditions: Conditions) -> list[tuple[Kind, float]]:
    """What falls, and how heavily."""
    kinds = ((RAIN, conditions.rain), (SNOW, conditions.snow))
    return [(kind, severity) for kind, severity in kinds if severity > 0]


def _draw(
    kind: Kind,
    ends: NDArray[np.float64],
    sight: Sight,
    T_world_camera: NDArray,
    color: NDArray[np.float32],
    depth: NDArray[np.float32],
    air: NDArray[np.float32],
) -> None:
    """Paints drops or flakes (K, 2, 3) into one image."""
    camera, pattern, grain = sight.camera, sight.pattern, sight.grain
    own = (ends - T_world_camera[:3, 3]) @ T_world_camera[:3, :3]
    if not camera.model.depth_is_range:
        own = own[own[:, 0, 2] > 0]
    pixels, inside = camera.model.project(own)
    near = np.linalg.norm(own[:, 0], axis=1)
    ahead = near if camera.model.depth_is_range else own[:, 0, 2]
    drawn = (inside[:, 0] | inside[:, 1]) & np.isfinite(pixels.sum((1, 2))) & (near > NEAREST)
    drawn &= np.abs(pixels[:, 0] - pixels[:, 1]).max(1) < max(camera.height, camera.width) / 2
    radius = kind.radius / np.maximum(near * pattern.spread + pattern.spacing, 1e-6)
    opacity = kind.strength * np.clip(2.0 * radius, kind.least, 1.0)
    # As wide and as opaque on finer grids: a stroke reaches half a pixel beyond its radius.
    spots = grain * pixels + ((sight.frame + 0.5) * grain - 0.5)
    reach = grain * (radius + 0.5)
    tone = np.minimum(air * kind.lift + 0.03, 1.0).astype(np.float64)
    strokes(color, depth, spots[drawn], ahead[drawn], reach[drawn], opacity[drawn], grain, tone)
