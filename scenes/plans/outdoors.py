"""The scene that a plan becomes, under the open sky."""

from __future__ import annotations

from navworld.scenes.importing.lighting import OUTDOOR_AMBIENT, OUTDOOR_SUN
from navworld.scenes.plans.cityjson import City
from navworld.scenes.plans.town import Town
from navworld.world.mesh import MeshArrays, MeshBuilder
from navworld.world.scene import Floor, Lamp, Scene
from navworld.world.vector_map import VectorMap


def outdoor_scene(
    plan: City | Town,
    mesh: MeshBuilder,
    *,
    arrays: MeshArrays,
    floor: Floor,
    town_map: VectorMap,
    name: str,
    version: str,
    lamps: tuple[Lamp, ...] = (),
) -> Scene:
    """What was built from a plan, with daylight and the plan's source and notes.

    Args:
        arrays: Of the mesh.
    """
    return Scene(
        name=name,
        **arrays,
        materials=tuple(mesh.materials),
        instances=tuple(mesh.instances),
        floors=(floor,),
        lamps=lamps,
        sun=OUTDOOR_SUN,
        ambient=OUTDOOR_AMBIENT,
        version=version,
        attribution=plan.attribution,
        texel=0.5,
        map=town_map,
        notes=plan.notes.lines(),
    )
