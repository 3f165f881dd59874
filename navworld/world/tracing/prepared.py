"""Scenes made ready for tracing: hierarchies, triangle records, light."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from navworld.world.scene import LIGHT_GAMMA, LIGHT_WHITE, Lightmap, Material, Scene, Texture
from navworld.world.tracing.embree import TriangleMesh
from navworld.world.tracing.fallback import ReferenceMesh, native
from navworld.world.tracing.packets import aligned_copy
from navworld.world.tracing.shading import INSTANCE_BITS, RECORD
from navworld.world.tracing.texturing import LEVELS, material_levels, mip_chain

_BVH_BYTES_PER_TRIANGLE = 80
_PALETTE = 256  # texels at the head of every atlas: entry k is the grey k


def _sky() -> Texture:
    """Brightest at the horizon, blue above, dull below; row 0 is straight up."""
    up = np.linspace(1, -1, 64)[:, None]
    above = np.array([236, 241, 246]) + np.clip(up, 0, 1) ** 0.5 * np.array([-122, -86, -30])
    below = np.array([226, 228, 228]) + np.clip(-up, 0, 1) ** 0.3 * np.array([-90, -88, -86])
    rows = np.where(up >= 0, above, below)
    pixels = np.repeat(rows[:, None], 2, axis=1)
    return Texture("navworld sky", np.rint(pixels).astype(np.uint8))


_SKY = Material("sky", texture=_sky(), emission=1.0)


@dataclass(frozen=True, eq=False)
class _State:
    """What kernels read of a scene under one light; `row` holds the addresses."""

    records: NDArray
    atlas: NDArray[np.uint8]
    row: NDArray[np.int64]


class RayScene:
    """A scene made ready for tracing.

    Attributes:
        scene: What it was made from.
        mesh: Its triangles, for kernels of one's own: `mesh.handle`, `mesh.calls`.
    """

    def __init__(
        self,
        scene: Scene,
        light: Lightmap | None = None,
        *,
        like: RayScene | None = None,
        sky: Material | None = None,
    ) -> None:
        """Prepares a scene with its baked light; see `set_light`.

        Args:
            like: The same triangles in other looks: its hierarchy is shared, and its light too
                where `light` is None. Both must glow in the same places.
            sky: What rays see that hit nothing: a material whose texture's row 0 is straight up;
                None for a clear day.
        """
        _check_scene(scene)
        if like is not None and len(like.scene.triangles) != len(scene.triangles):
            raise ValueError(
                f"scene {scene.name!r} has {len(scene.triangles)} triangles, the one it is to be "
                f"like has {len(like.scene.triangles)}: give the same geometry"
            )
        self.scene: Scene = scene
        self._like = like
        kind = TriangleMesh if native() else ReferenceMesh
        self.mesh: TriangleMesh | ReferenceMesh = (
            kind(scene.vertices, scene.triangles) if like is None else like.mesh
        )
        self.state: _State
        materials = (*scene.materials, sky or _SKY)
        self._chains = [mip_chain(material.texture) for material in materials]
        tables = [material_levels(*pair) for pair in zip(self._chains, materials, strict=True)]
        self._levels = aligned_copy(np.concatenate(tables), tables[0].dtype)
        if like is None or light is not None:
            self.set_light(light)
        else:
            self._share_light(like.state)

    @property
    def nbytes(self) -> int:
        """Memory beside that of `scene`; textures are shared and not counted."""
        mesh = self.scene.vertices.nbytes + self.scene.triangles.nbytes
        mesh += _BVH_BYTES_PER_TRIANGLE * len(self.scene.triangles)
        own = [self._levels, self.state.records]
        if self._like is not None:
            mesh = 0
        if self._like is None or self.state.atlas is not self._like.state.atlas:
            own.append(self.state.atlas)
        return mesh + sum(array.nbytes for array in own)

    def on(self, vertices: NDArray, triangles: NDArray) -> RayScene:
        """The looks and the light of now on triangles that lie elsewhere, (T, 3) as many.

        Its `scene` stays as it is, and so do this scene's triangles.
        """
        other = copy.copy(self)
        other.mesh = type(self.mesh)(vertices, triangles)
        return other.lit_as(self)

    def lit_as(self, whole: RayScene) -> RayScene:
        """These triangles in the looks and the light of now of a scene with as many."""
        row = whole.state.row.copy()
        row[0] = self.mesh.handle
        other = copy.copy(self)
        other.state = _State(whole.state.records, whole.state.atlas, row)
        return other

    def set_light(self, light: Lightmap | None) -> None:
        """Lights the scene anew; images being rendered meanwhile keep the old light.

        Args:
            light: Baked light, which is copied; None for a plain shading by the direction that
                surfaces face.
        """
        count = len(self.scene.triangles)
        if light is not None and (light.uv.shape != (count, 3, 2) or light.texels.ndim != 3):
            raise ValueError(
                f"the lightmap has uv of shape {light.uv.shape}, scene {self.scene.name!r} needs "
                f"({count}, 3, 2): bake it for this scene"
            )
        records = aligned_copy(_base_records(self.scene, self._chains, self._levels), RECORD)
        uv = np.empty((count + 1, 3, 2), np.float32)
        uv[:count] = _flat_light(self.scene) if light is None else _in_atlas(light)
        emission = np.array([m.emission for m in (*self.scene.materials, _SKY)])
        own = np.append(emission[self.scene.material], _SKY.emission)
        uv[own > 0] = _grey(_encoded(own[own > 0]))[:, None]
        records["coordinates"][:, :, 2:] = _affine(uv)
        atlas = _atlas(light)
        row = [self.mesh.handle, records.ctypes.data, atlas.ctypes.data, atlas.strides[0], count]
        self.state = _State(records, atlas, np.array(row, np.int64))

    def _share_light(self, state: _State) -> None:
        """Takes over the light of the same triangles in other looks."""
        records = aligned_copy(_base_records(self.scene, self._chains, self._levels), RECORD)
        records["coordinates"][:, :, 2:] = state.records["coordinates"][:, :, 2:]
        row = state.row.copy()
        row[1] = records.ctypes.data
        self.state = _State(records, state.atlas, row)


def _check_scene(scene: Scene) -> None:
    name, count = scene.name, len(scene.triangles)
    if count == 0:
        raise ValueError(f"scene {name!r} has no triangles")
    if not np.isfinite(scene.vertices).all() or not np.isfinite(scene.uv).all():
        raise ValueError(f"scene {name!r} has vertices or texture coordinates that are not finite")
    limits = (
        ("triangles", scene.triangles, (count, 3), len(scene.vertices)),
        ("material", scene.material, (count,), len(scene.materials)),
        ("instance", scene.instance, (count,), min(len(scene.instances), 1 << INSTANCE_BITS)),
    )
    for what, index, shape, limit in limits:
        if index.shape != shape or index.min() < 0 or index.max() >= limit:
            raise ValueError(
                f"scene {name!r}: `{what}` must be {shape} indices below {limit}, it is "
                f"{index.shape} from {index.min()} to {index.max()}"
            )
    if scene.uv.shape != (count, 3, 2):
        raise ValueError(f"scene {name!r}: `uv` is {scene.uv.shape}, not ({count}, 3, 2)")


def _base_records(scene: Scene, chains: list, levels: NDArray) -> NDArray:
    """(T + 1,) of RECORD without light; the last is the sky."""
    count = len(scene.triangles)
    records = np.zeros(count + 1, RECORD)
    uv = scene.uv - np.floor(scene.uv.min(axis=1, keepdims=True)) + np.float32(1.0)
    records["coordinates"][:count, :, :2] = _affine(uv)
    # U of a ray that hits nothing is the sine of its elevation.
    records["coordinates"][count, :2, :2] = [[1.0, 1.5], [0.0, -0.49]]
    which = np.append(scene.material, len(scene.materials))
    records["levels"] = levels.ctypes.data + levels.itemsize * LEVELS * which.astype(np.int64)
    texels = np.array([chain.size[0] * chain.size[1] for chain in chains], np.float64)
    corners = scene.vertices[scene.triangles].astype(np.float64)
    sides = corners[:, 1:] - corners[:, :1]
    area = np.linalg.norm(np.cross(sides[:, 0], sides[:, 1]), axis=1)
    edges = uv[:, 1:].astype(np.float64) - uv[:, :1]
    repeats = np.abs(edges[:, 0, 0] * edges[:, 1, 1] - edges[:, 0, 1] * edges[:, 1, 0])
    density = texels[scene.material] * repeats / np.maximum(area, 1e-12)
    records["density"][:count] = np.minimum(density, 1e12)
    records["label"][:count] = scene.semantic << INSTANCE_BITS | scene.instance
    return records


def _affine(uv: NDArray) -> NDArray:
    """(T, 3, 2) values at the corners → value at the first, change per U, change per V."""
    return np.stack([uv[:, 0], uv[:, 1] - uv[:, 0], uv[:, 2] - uv[:, 0]], axis=1)


def _encoded(irradiance: ArrayLike) -> NDArray:
    """Irradiance as a lightmap stores it, 0…255."""
    share = np.clip(np.asarray(irradiance, np.float64) / LIGHT_WHITE, 0, 1)
    return np.rint(255 * share ** (1 / LIGHT_GAMMA))


def _grey(value: NDArray) -> NDArray:
    """(…, 2) atlas coordinates of an even grey."""
    return np.stack([value + 0.5, np.full_like(value, 0.5)], axis=-1)


def _flat_light(scene: Scene) -> NDArray:
    """(T, 1, 2) atlas coordinates of a shading by facing: bright up, dim down, walls between."""
    corners = scene.vertices[scene.triangles].astype(np.float64)
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
    shade = 0.82 + normal @ np.array([0.06, 0.09, 0.10])
    return _grey(np.rint(_encoded(1.0) * shade))[:, None]


def _in_atlas(light: Lightmap) -> NDArray:
    """(T, 3, 2) coordinates in the atlas of `_atlas`, kept within the lightmap."""
    height, width = light.texels.shape[:2]
    inside = np.clip(light.uv, 0.5, [width - 0.5, height - 0.5])
    return inside + np.array([1.0, 3.0])


def _atlas(light: Lightmap | None) -> NDArray[np.uint8]:
    """(H, W, 4): the greys in row 0, then the lightmap with a border of one texel."""
    if light is None:
        atlas = np.zeros((2, _PALETTE + 2, 4), np.uint8)
    else:
        height, width = light.texels.shape[:2]
        atlas = np.zeros((height + 4, max(width, _PALETTE) + 2, 4), np.uint8)
        padded = np.pad(light.texels, ((1, 1), (1, 1), (0, 0)), mode="edge")
        atlas[2 : height + 4, : width + 2, :3] = padded
    atlas[0, :_PALETTE, :3] = np.arange(_PALETTE)[:, None]
    return atlas
