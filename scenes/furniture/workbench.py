"""The workbench on which one piece of furniture is built."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from navworld.scenes.furniture import shapes
from navworld.scenes.materials import Style, material, tile_for, tinted
from navworld.world.mesh import MeshBuilder
from navworld.world.scene import Material, Texture

Point = tuple[float, float, float]
Option = TypeVar("Option")
PAINTS: tuple[Point, ...] = (
    (0.78, 0.34, 0.28),
    (0.87, 0.62, 0.30),
    (0.92, 0.80, 0.48),
    (0.52, 0.62, 0.42),
    (0.33, 0.52, 0.46),
    (0.36, 0.56, 0.66),
    (0.28, 0.38, 0.56),
    (0.52, 0.40, 0.56),
    (0.80, 0.56, 0.56),
    (0.55, 0.42, 0.34),
    (0.86, 0.82, 0.74),
    (0.40, 0.41, 0.44),
)


@cache
def painted(name: str, color: Point) -> Material:
    """A named material in another colour; the same object at every call."""
    return tinted(material(name), color)


@cache
def shadow(name: str) -> Material:
    """A named material as it looks in a narrow gap."""
    own = material(name)
    red, green, blue = own.color
    return tinted(own, (0.42 * red, 0.42 * green, 0.42 * blue))


@dataclass(eq=False)
class Workbench:
    """Builds a piece part by part; parts belong to `me` unless another instance is given.

    Attributes:
        kind, semantic: What is being built.
        rng: Draws its proportions.
        style: The apartment's materials.
        hint: Wished (depth, width) [m], None where there is no wish.
        lamp: Position of the light bulb, if it is a lamp.
    """

    kind: str
    semantic: str
    rng: np.random.Generator
    style: Style
    hint: tuple[float | None, float | None] = (None, None)
    mesh: MeshBuilder = field(default_factory=MeshBuilder)
    lamp: Point | None = None
    me: int = field(init=False)

    def __post_init__(self) -> None:
        self.me = self.mesh.add_instance(self.kind, self.semantic)

    # --- choices ---

    def depth(self, low: float, high: float) -> float:
        """The wished depth within the range, or a random one."""
        return self._wished(self.hint[0], low, high)

    def width(self, low: float, high: float) -> float:
        """The wished width within the range, or a random one."""
        return self._wished(self.hint[1], low, high)

    def _wished(self, wish: float | None, low: float, high: float) -> float:
        drawn = self.between(low, high)
        return drawn if wish is None else float(min(max(wish, low), high))

    def between(self, low: float, high: float) -> float:
        """A random length, to the centimetre."""
        return round(float(self.rng.uniform(low, high)), 2)

    def chance(self, probability: float) -> bool:
        """True with that probability."""
        return bool(self.rng.random() < probability)

    def pick(self, options: Sequence[Option]) -> Option:
        """One of the options."""
        return options[int(self.rng.integers(len(options)))]

    def paint(self, name: str = "painted white") -> Material:
        """A material in one of the paint colours."""
        return painted(name, self.pick(PAINTS))

    def instance(self, name: str, semantic: str) -> int:
        """Registers a separable thing of the piece."""
        return self.mesh.add_instance(name, semantic)

    # --- parts ---

    def add(
        self,
        shape: shapes.Shape,
        material: Material,
        instance: int | None = None,
        T: NDArray | None = None,
        at: ArrayLike | None = None,
    ) -> None:
        """Adds a shape; its texture starts elsewhere for every part, so that no two look alike."""
        v, t, uv = shape
        if at is not None:
            v = v + np.asarray(at, np.float64)
        k = self.mesh.vertex_count
        start = np.array([k * 0.0619 % 1.0, k * 0.0381 % 1.0])
        uv = uv / tile_for(material) + start
        self.mesh.triangles(v, t, uv, material, self.me if instance is None else instance, T)

    def box(
        self,
        low: ArrayLike,
        high: ArrayLike,
        material: Material,
        instance: int | None = None,
        *,
        omit: tuple[str, ...] = (),
        T: NDArray | None = None,
    ) -> None:
        """A board."""
        self.add(shapes.box(low, high, omit), material, instance, T)

    def soft(
        self,
        low: ArrayLike,
        high: ArrayLike,
        material: Material,
        instance: int | None = None,
        *,
        radius: float = 0.02,
        steps: int = 1,
        T: NDArray | None = None,
    ) -> None:
        """A box with rounded edges."""
        self.add(shapes.rounded_box(low, high, radius, steps), material, instance, T)

    def tube(
        self,
        start: ArrayLike,
        end: ArrayLike,
        radius: float,
        material: Material,
        instance: int | None = None,
        *,
        end_radius: float | None = None,
        segments: int = 6,
        caps: tuple[bool, bool] = (True, True),
    ) -> None:
        """A round bar."""
        shape = shapes.tube(start, end, radius, end_radius=end_radius, segments=segments, caps=caps)
        self.add(shape, material, instance)

    def turned(
        self,
        profile: ArrayLike,
        material: Material,
        instance: int | None = None,
        *,
        at: ArrayLike = (0, 0, 0),
        segments: int = 12,
    ) -> None:
        """A surface of revolution about the upright through `at`."""
        self.add(shapes.turned(profile, segments), material, instance, at=at)

    def image(
        self,
        corners: ArrayLike,
        texture: Texture,
        instance: int | None = None,
        emission: float = 0.0,
    ) -> None:
        """A texture stretched once over a quadrilateral (as `MeshBuilder.quad` takes it)."""
        item = Material(texture.name, (1.0, 1.0, 1.0), texture, emission)
        self.mesh.quad(corners, item, self.me if instance is None else instance, tile=None)

    # --- joinery ---

    def legs(
        self,
        half: tuple[float, float],
        height: float,
        material: Material,
        *,
        kind: str | None = None,
        thickness: float = 0.045,
        inset: float = 0.0,
    ) -> None:
        """Four legs at (± half x, ± half y): "square", "tapered", "turned" or "hairpin"."""
        kind = kind or self.pick(("square", "tapered", "turned"))
        t = thickness / 2
        for sx in (-1, 1):
            for sy in (-1, 1):
                x, y = sx * (half[0] - t - inset), sy * (half[1] - t - inset)
                if kind == "square":
                    self.box((x - t, y - t, 0), (x + t, y + t, height), material, omit=("+z", "-z"))
                elif kind == "tapered":
                    top = (x - sx * 0.1 * height, y - sy * 0.1 * height, height)
                    self.tube((x, y, 0), top, t * 0.6, material, end_radius=t, caps=(False, False))
                elif kind == "turned":
                    profile = [
                        (0.5, 0),
                        (0.75, 0.06),
                        (0.45, 0.12),
                        (1, 0.55),
                        (0.6, 0.72),
                        (1, 0.78),
                        (1, 1),
                    ]
                    scaled = np.array(profile) * (t, height)
                    self.turned(scaled, material, at=(x, y, 0), segments=7)
                else:
                    for dx, dy in ((-0.05, 0), (0, -0.05)):
                        top = (x + sx * dx, y + sy * dy, height)
                        self.tube((x, y, 0), top, 0.006, material, segments=4, caps=(False, False))

    def front(
        self,
        x: float,
        y: tuple[float, float],
        z: tuple[float, float],
        material: Material,
        *,
        panel: str = "slab",
        handle: Material | None = None,
        side: int = 0,
        gap: float = 0.004,
        instance: int | None = None,
    ) -> None:
        """A door (handle at `side` −1 or 1) or drawer front (side 0) on the plane x, facing +x.

        Args:
            panel: "slab", "shaker" (a frame stands proud) or "raised" (its middle does).
        """
        y0, y1, z0, z1 = y[0] + gap, y[1] - gap, z[0] + gap, z[1] - gap
        thick = 0.018
        self.box((x, y0, z0), (x + thick, y1, z1), material, instance, omit=("-x",))
        rail = min(0.07, 0.22 * min(y1 - y0, z1 - z0))
        if panel == "shaker":
            upright, level = ("-x", "-z", "+z"), ("-x", "-y", "+y")
            for low, high, omit in (
                ((y0, z0), (y0 + rail, z1), upright),
                ((y1 - rail, z0), (y1, z1), upright),
                ((y0 + rail, z0), (y1 - rail, z0 + rail), level),
                ((y0 + rail, z1 - rail), (y1 - rail, z1), level),
            ):
                self.box(
                    (x + thick, *low), (x + thick + 0.008, *high), material, instance, omit=omit
                )
        elif panel == "raised":
            start = (x + thick, y0 + rail, z0 + rail)
            end = (x + thick + 0.007, y1 - rail, z1 - rail)
            self.box(start, end, material, instance, omit=("-x",))
        if handle is not None:
            self._handle(x + thick, (y0, y1), (z0, z1), handle, side, instance)

    def _handle(
        self,
        x: float,
        y: tuple[float, float],
        z: tuple[float, float],
        material: Material,
        side: int,
        instance: int | None,
    ) -> None:
        out = x + 0.03
        if side == 0:
            half = min(0.09, 0.3 * (y[1] - y[0]))
            middle, height = (y[0] + y[1]) / 2, z[1] - min(0.05, 0.4 * (z[1] - z[0]))
            low, high = (x, middle - half, height - 0.006), (out, middle + half, height + 0.006)
        else:
            half = min(0.09, 0.3 * (z[1] - z[0]))
            at = y[1] - 0.04 if side > 0 else y[0] + 0.04
            middle = (
                min(max((z[0] + z[1]) / 2, 1.0), z[1] - half - 0.05)
                if z[1] > 1.2
                else z[1] - half - 0.06
            )
            low, high = (x, at - 0.006, middle - half), (out, at + 0.006, middle + half)
        self.box(low, high, material, instance, omit=("-x",))

    def throw_cushion(self, at: Point, *, yaw: float = 0.0, size: float = 0.42) -> None:
        """A cushion that leans back, its own instance."""
        item = self.instance("cushion", "cushion")
        cloth = material(self.pick((self.style.fabric_b, self.style.fabric_c, self.style.fabric_a)))
        T = shapes.turned_frame(yaw, at, pitch=1.2)
        self.add(shapes.pillow((size, size, 0.14), 4), cloth, item, T)
