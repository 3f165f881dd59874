"""A view under conditions: the place in its look, then reflections, fog, and what falls.

Only colours are changed. Where no conditions are set, and where no colours are asked for, nothing
here is reached.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import inf
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from navworld.streams import IntArray
from navworld.world.body import Camera
from navworld.world.conditions import PLAIN, Conditions
from navworld.world.falling import NEAREST, RAIN, SNOW, Kind, in_air
from navworld.world.looks import Lighting, Look
from navworld.world.rays import render
from navworld.world.reflections import Glimpse, reflect, reflecting
from navworld.world.shading import MOVING
from navworld.world.weather_kernel import develop, strokes, veil

if TYPE_CHECKING:
    from navworld.world.world import World

COLORS = frozenset({"rgb", "color"})


def view(
    world: World, camera: Camera, T_world_body: NDArray, ids: IntArray, outputs: Sequence[str]
) -> dict[str, NDArray]:
    """What `World.view` gives, with the conditions of the environments."""
    T_world_camera = T_world_body @ camera.T_body_camera
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
        camera.pattern,
        sorted(wanted),
        near=camera.near,
        far=inf if painted else camera.far,
        gain=world.gain[ids],
        movers=[world.movers[i] for i in ids],
        supersample=camera.supersample,
        threads=world.threads,
    )
    for k in painted:
        images = {name: image[k] for name, image in seen.items()}
        _paint(world, int(ids[k]), camera, T_world_camera[k], images)
    if painted and "depth" in outputs and camera.far < inf:
        depth = seen["depth"]
        depth[depth > camera.far] = 0
    return {name: seen[name] for name in outputs}


def _paints(world: World, row: int) -> bool:
    """Whether the colours of a row are changed after tracing, beside its look."""
    conditions = world.conditions[row]
    return conditions is not PLAIN and (conditions.paints or world.movers[row] is not None)


def _paint(
    world: World,
    row: int,
    camera: Camera,
    T_world_camera: NDArray,
    seen: dict[str, NDArray],
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
        reflect(glimpse, camera.pattern, threads=world.threads)
    if conditions.extinction > 0:
        up = T_world_camera[2, :3].astype(np.float32)
        rays, rate = _rays(camera), conditions.extinction
        veil(color.reshape(-1), depth.reshape(-1), rays, up, rate, air)
    if conditions.falls:
        for kind, severity in ((RAIN, conditions.rain), (SNOW, conditions.snow)):
            if severity > 0:
                moment = int(world.weather_keys[row]), float(world.time[row])
                drops = in_air(kind, severity, *moment, T_world_camera[:3, 3], cover)
                if len(drops):
                    _draw(kind, drops, camera, T_world_camera, color, depth, air)
    if "rgb" in seen:
        develop(color.reshape(-1), seen["rgb"].reshape(-1))


@lru_cache(maxsize=1024)
def _lighting(conditions: Conditions) -> Lighting:
    return Look.of(conditions).lighting


@lru_cache(maxsize=64)
def _rays(camera: Camera) -> NDArray[np.float32]:
    """(4, P) unit directions of a camera's rays, and metres per ray parameter."""
    directions = camera.pattern.directions.reshape(-1, 3).astype(np.float64)
    length = np.linalg.norm(directions, axis=1, keepdims=True)
    rays = np.append(directions / length, length, 1)
    return np.ascontiguousarray(rays.T, np.float32)


def _draw(
    kind: Kind,
    ends: NDArray[np.float64],
    camera: Camera,
    T_world_camera: NDArray,
    color: NDArray[np.float32],
    depth: NDArray[np.float32],
    air: NDArray[np.float32],
) -> None:
    """Paints drops or flakes (K, 2, 3) into one image."""
    own = (ends - T_world_camera[:3, 3]) @ T_world_camera[:3, :3]
    if not camera.model.depth_is_range:
        own = own[own[:, 0, 2] > 0]
    pixels, inside = camera.model.project(own)
    near = np.linalg.norm(own[:, 0], axis=1)
    ahead = near if camera.model.depth_is_range else own[:, 0, 2]
    drawn = (inside[:, 0] | inside[:, 1]) & np.isfinite(pixels.sum((1, 2))) & (near > NEAREST)
    drawn &= np.abs(pixels[:, 0] - pixels[:, 1]).max(1) < max(camera.height, camera.width) / 2
    radius = kind.radius / np.maximum(near * camera.pattern.spread + camera.pattern.spacing, 1e-6)
    tone = np.minimum(air * kind.lift + 0.03, 1.0).astype(np.float64)
    strokes(
        color, depth, pixels[drawn], ahead[drawn], radius[drawn], kind.least, kind.strength, tone
    )
