"""A scene: the frozen geometry and looks of one place.

Scenes are made by the families in `scenes/` (from a seed or a file), lit by
`navworld.world.light`, traced by `navworld.world.rays` and walked on by `navworld.world.World`.
Frame: x forward, y left, z up, metres. A scene never changes; what moves belongs to the
environment.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from navworld.world.vector_map import VectorMap


class SceneError(ValueError):
    """A scene file cannot be used; the message names the file, the problem and the remedy."""


@dataclass(frozen=True, eq=False)
class Texture:
    """A tiling image.

    Attributes:
        name: Unique for its pixels: textures of one name are kept once for all scenes.
        pixels: (H, W, 3) uint8, sRGB; (u, v) = (0, 0) is the outer corner of pixel [0, 0],
            u runs right and v runs down, both repeat. Or (H, W, 4): the fourth is 0 where the
            scene lights it, 255 where it shines by itself, as white as `emission` 1.
    """

    name: str
    pixels: NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Material:
    """What a surface is made of.

    Attributes:
        name: For example "oak parquet".
        color: sRGB in 0…1; multiplies the texture.
        texture: None for a plain colour.
        emission: 0 for a surface lit by the scene; otherwise its own brightness (1 = white).
        transparent: Lets light of lamps and sun through (window panes); cameras still see it.
        lit: What glows of it after dark, black where nothing does: windows behind which lamps
            burn, laid over `texture`, or over k × k repeats of it if k times as large. Of
            (H, W, 4) the fourth gives the rank of every part, 255 for 1.
        lit_rank: Of those that can be lit: which part of the others is lit longer, 0 to 1.
    """

    name: str
    color: tuple[float, float, float] = (1.0, 1.0, 1.0)
    texture: Texture | None = None
    emission: float = 0.0
    transparent: bool = False
    lit: Texture | None = None
    lit_rank: float = 0.0


@dataclass(frozen=True)
class Instance:
    """One object, by its index in `Scene.instances`; instance 0 is the building itself."""

    name: str
    semantic: int


@dataclass(frozen=True)
class Lamp:
    """A small spherical light: `power` is the linear RGB irradiance it gives at 1 m, facing it.

    A lamp for the dark (`dark_only`: a street lamp) is off while a scene has a sun.
    """

    position: tuple[float, float, float]
    power: tuple[float, float, float]
    radius: float = 0.1
    dark_only: bool = False


@dataclass(frozen=True)
class Sun:
    """Directional light: unit `direction` towards the sun, linear RGB irradiance `power`."""

    direction: tuple[float, float, float]
    power: tuple[float, float, float]
    angular_radius: float = 0.01


@dataclass(frozen=True)
class Room:
    """A named part of the floor plan: `polygon` is (N, 2) corner points, counter-clockwise."""

    kind: str
    polygon: tuple[tuple[float, float], ...]
    floor: int = 0


@dataclass(frozen=True)
class Door:
    """A leaf that can swing about an upright hinge; in the scene it stands open.

    Attributes:
        instance: Of the leaf, an index into `Scene.instances`.
        hinge: (x, y) [m].
        angle: Direction from the hinge to the far end, as it stands in the scene [rad].
        swing: By which it turns until it is shut, counter-clockwise positive [rad].
        width: From the hinge to the far end [m].
    """

    instance: int
    hinge: tuple[float, float]
    angle: float
    swing: float
    width: float


@dataclass(frozen=True, eq=False)
class Floor:
    """Walkable space of one storey as a grid of clearances.

    Attributes:
        origin: (x, y) of the outer corner of cell [0, 0] [m].
        cell: Side of a cell [m].
        height: z of the ground [m].
        clearance: (rows, columns) float32, indexed [y, x]: horizontal distance from the centre
            of the cell to the nearest place that cannot be walked [m]; 0 where there is none.
        heights: (rows, columns) float32, what the ground at the centre of every cell lies above
            `height` [m], interpolated bilinearly in between; None where it is level.
    """

    origin: tuple[float, float]
    cell: float
    height: float
    clearance: NDArray[np.float32]
    heights: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        if self.heights is not None and self.heights.shape != self.clearance.shape:
            raise ValueError(
                f"a floor has clearances {self.clearance.shape} and heights {self.heights.shape}: "
                "give one height for every cell"
            )


@dataclass(frozen=True, eq=False)
class Scene:
    """Geometry and looks of a place.

    Attributes:
        name: Unique, for example "apartment-17"; keys the caches together with `version`.
        vertices: (V, 3) float32 [m].
        triangles: (T, 3) int32 indices into `vertices`, counter-clockwise seen from outside.
        uv: (T, 3, 2) float32 texture coordinates of the corners, in repeats of the texture.
        material: (T,) int32 indices into `materials`.
        instance: (T,) int32 indices into `instances`.
        materials: Surfaces by index.
        instances: Objects by index; their class is the semantic label of their triangles.
        floors: Walkable space, storey by storey.
        lamps, sun, ambient: Light; `ambient` is linear RGB coming evenly from everywhere.
        rooms: Floor plan, where there is one.
        texel: Target side of a light texel [m]; coarser outdoors, where facets smaller than it
            share one.
        map: Roads, buildings and names, where there are any.
        doors: Leaves that can be moved (`navworld.world.company.doors`).
        sky: Linear RGB radiance of the sky; None for that of a clear day, a share of the sun's.
        notes: What of its file was left out and why, one line for every kind of thing.
        version: Changes when the generator does.
    """

    name: str
    vertices: NDArray[np.float32]
    triangles: NDArray[np.int32]
    uv: NDArray[np.float32]
    material: NDArray[np.int32]
    instance: NDArray[np.int32]
    materials: tuple[Material, ...]
    instances: tuple[Instance, ...]
    floors: tuple[Floor, ...] = ()
    lamps: tuple[Lamp, ...] = ()
    sun: Sun | None = None
    ambient: tuple[float, float, float] = (0.25, 0.25, 0.25)
    rooms: tuple[Room, ...] = ()
    version: str = "1"
    attribution: str = ""
    texel: float = 0.05
    map: VectorMap | None = None
    doors: tuple[Door, ...] = ()
    sky: tuple[float, float, float] | None = None
    notes: tuple[str, ...] = ()
    bounds: NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        low, high = self.vertices.min(0), self.vertices.max(0)
        object.__setattr__(self, "bounds", np.stack([low, high]).astype(np.float64))

    @property
    def semantic(self) -> NDArray[np.int32]:
        """(T,) class id of every triangle."""
        table = np.array([item.semantic for item in self.instances], np.int32)
        return table[self.instance]


LIGHT_WHITE = 1.5
"""Linear irradiance of the brightest lightmap texel (255); 1 shows a white wall white."""

LIGHT_GAMMA = 2.2
"""Irradiance is stored as 255 · (E / LIGHT_WHITE)^(1 / LIGHT_GAMMA), colours as sRGB ≈ that power.

So a pixel is a product of encoded numbers, without a power function at render time:
pixel = texture · color · texel/255 · LIGHT_WHITE^(1 / LIGHT_GAMMA), clipped at 255.
"""


@dataclass(frozen=True, eq=False)
class Lightmap:
    """Baked light of a scene.

    Attributes:
        uv: (T, 3, 2) float32 position of every triangle corner in the atlas [texels]; the centre
            of texel (column i, row j) is at (i + 0.5, j + 0.5). Bilinear look-ups anywhere in a
            triangle stay within its chart and the chart's padding.
        texels: (H, W, 3) uint8, encoded as `LIGHT_GAMMA` says.
    """

    uv: NDArray[np.float32]
    texels: NDArray[np.uint8]
