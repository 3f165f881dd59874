"""What the cameras of a world see: one pass for all who read an image, each row in its weather."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from navworld.streams import IntArray
from navworld.world.appearance.looks import Look
from navworld.world.appearance.weather import COLORS
from navworld.world.appearance.weather import view as view_in_weather
from navworld.world.body import Camera
from navworld.world.conditions import PLAIN, Conditions
from navworld.world.rays import OUTPUTS, RayScene, render
from navworld.world.store import Place

if TYPE_CHECKING:
    from navworld.world.world import World


class Looking:
    """Who wants to see what, and the images of the present moment."""

    def __init__(self) -> None:
        self._wanted: dict[Camera, Counter[str]] = {}
        # How many announced readers of an image have yet to come.
        self._frames: dict[tuple[Camera, bytes], dict[str, tuple[NDArray, int]]] = {}
        # The place of each row in its look: kept while it is looked at.
        self._dressed: dict[int, tuple[Place, Conditions, RayScene]] = {}

    def want(self, renders: Sequence[tuple[Camera, str]]) -> None:
        """See `World.want`."""
        for camera, output in renders:
            if output not in OUTPUTS:
                known = ", ".join(OUTPUTS)
                raise ValueError(f"unknown camera output {output!r}: expected one of {known}")
            self._wanted.setdefault(camera, Counter())[output] += 1

    def forget(self) -> None:
        """Drops the images: the moment has passed."""
        self._frames.clear()

    def render(self, world: World, camera: Camera, output: str, ids: IntArray) -> NDArray:
        """See `World.render`."""
        key = (camera, ids.tobytes())
        readers = self._wanted.get(camera, Counter())
        if output not in self._frames.get(key, {}):
            wanted = tuple(sorted({*readers, output}))
            seen = world.view(camera, world.T_world_body(ids), ids, wanted)
            self._frames[key] = {name: (seen[name], readers[name]) for name in wanted}
        image, left = self._frames[key].pop(output)
        if left > 1:
            self._frames[key][output] = (image.copy(), left - 1)
        return image

    def scene(self, world: World, row: int) -> RayScene:
        """See `World.scene`."""
        place, conditions = world.places[row], world.conditions[row]
        if conditions is PLAIN:
            self._dressed.pop(row, None)
            return place.rays(world.light)
        kept = self._dressed.get(row)
        if kept is None or kept[0] is not place or kept[1] is not conditions:
            seen = place.look(Look.of(conditions), world.light)
            kept = self._dressed[row] = place, conditions, seen
        return kept[2]


def view(
    world: World, camera: Camera, T_world_body: NDArray, ids: IntArray, outputs: Sequence[str]
) -> dict[str, NDArray]:
    """See `World.view`."""
    colored = not COLORS.isdisjoint(outputs)
    if colored and any(world.conditions[i] is not PLAIN for i in ids):
        return view_in_weather(world, camera, T_world_body, ids, outputs)
    light = world.light if colored else None
    return render(
        [world.places[i].rays(light) for i in ids],
        np.arange(len(ids)),
        T_world_body @ camera.T_body_camera,
        camera.pattern,
        outputs,
        near=camera.near,
        far=camera.far,
        gain=world.gain[ids],
        movers=[world.movers[i] for i in ids],
        supersample=camera.supersample,
        threads=world.threads,
    )
