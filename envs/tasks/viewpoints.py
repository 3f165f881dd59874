"""Standing places from which objects are near and in sight: the goals of ObjectNav.

A standing place is the centre of a walkable cell. It is a view point of an object if the nearest
point of the object is within `reach` of it in the plane, and if the eye of a body standing there,
at the height of its camera, sees some point of the object's surface past everything else in the
scene. habitat-lab's view points mean the same (Batra et al., "ObjectNav Revisited", 2020).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from navworld.world.geodesic import DistanceField
from navworld.world.navigability import Navigator
from navworld.world.rays import RayScene, cast
from navworld.world.scene import Scene
from navworld.world.semantics import CLASSES
from navworld.world.store import Place

STRUCTURE = frozenset({
    "void", "wall", "floor", "ceiling", "door", "window", "stairs", "column", "skirting",
    "door frame", "building", "road", "pavement", "vegetation", "terrain", "sky", "water", "person",
})  # fmt: skip
"""Classes that no object to look for belongs to."""

SPACING = 0.05
"""Standing places are tried this far apart [m]."""

LEAST = 20
"""Objects with fewer view points are not looked for: a body would hardly find a way to stop."""

SAMPLES = 256
"""Points of an object's surface that tell how near it is."""

LOOKS = 24
"""Points of an object's surface that are tried for being in sight."""


def object_classes(scene: Scene) -> tuple[int, ...]:
    """Ids of the classes of objects in a scene, in the order of the table."""
    found = np.unique(scene.semantic)
    return tuple(int(k) for k in found if CLASSES[k] not in STRUCTURE)


def class_field(
    place: Place, semantic: int, *, radius: float, eye: float, reach: float
) -> DistanceField | None:
    """Geodesic distances to the nearest view point of any object of a class; None without one.

    Args:
        semantic: Class id.
        radius: Of the body [m].
        eye: Height of its camera [m].
        reach: How near a view point is [m].
    """

    def make(scene: Scene) -> DistanceField | None:
        navigator, rays = place.navigator(radius), place.rays(None)
        groups = [
            view_points(rays, navigator, int(k), eye=eye, reach=reach)
            for k in np.unique(scene.instance[scene.semantic == semantic])
        ]
        groups = [group for group in groups if len(group) >= LEAST]
        return DistanceField(navigator, np.concatenate(groups)) if groups else None

    name = f"view points of class {semantic} within {reach} m, eye {eye}, radius {radius}"
    return place.derived(name, make)


def view_points(
    rays: RayScene, navigator: Navigator, instance: int, *, eye: float, reach: float
) -> NDArray[np.float64]:
    """(N, 2) view points of one object [m]."""
    scene = rays.scene
    surface = _surface(scene, instance)
    stands = _stands(navigator, surface[:, :2], reach)
    if not len(stands):
        return stands
    eyes = np.concatenate([stands, (navigator.ground(stands) + eye)[:, None]], 1)
    looks = surface[:: max(1, len(surface) // LOOKS)]
    origins = np.repeat(eyes, len(looks), axis=0)
    targets = np.tile(looks, (len(eyes), 1))
    _, triangle = cast(rays, origins, targets - origins, far=1.01)
    hit = (triangle >= 0) & (scene.instance[triangle] == instance)
    return stands[hit.reshape(len(eyes), -1).any(1)]


def _surface(scene: Scene, instance: int) -> NDArray[np.float64]:
    """(SAMPLES, 3) points spread evenly over an object, the same every time."""
    corners = scene.vertices[scene.triangles[scene.instance == instance]].astype(np.float64)
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = np.linalg.norm(normal, axis=1) + 1e-12
    rng = np.random.default_rng(instance)
    which = rng.choice(len(corners), SAMPLES, p=area / area.sum())
    u = np.sort(rng.random((SAMPLES, 2)), axis=1)
    weights = np.stack([u[:, 0], u[:, 1] - u[:, 0], 1 - u[:, 1]], 1)
    return np.einsum("nk,nkc->nc", weights, corners[which])


def _stands(navigator: Navigator, footprint: NDArray, reach: float) -> NDArray[np.float64]:
    """(N, 2) centres of walkable cells of the largest component near a footprint (M, 2)."""
    floor = navigator.floor
    stride = max(1, round(SPACING / floor.cell))
    low = np.floor((footprint.min(0) - reach - floor.origin) / floor.cell).astype(int)
    high = np.ceil((footprint.max(0) + reach - floor.origin) / floor.cell).astype(int)
    rows, columns = navigator.labels.shape
    x0, y0 = np.maximum(low, 0) // stride * stride
    x1, y1 = np.minimum(high + 1, (columns, rows))
    window = navigator.labels[y0:y1:stride, x0:x1:stride]
    row, column = np.nonzero(window == 0)
    cells = np.stack([x0 + column * stride, y0 + row * stride], 1)
    xy = (cells + 0.5) * floor.cell + floor.origin
    xy = xy[navigator.is_walkable(xy)] if len(xy) else xy
    if not len(xy):
        return np.zeros((0, 2))
    return xy[cKDTree(footprint).query(xy)[0] <= reach]
