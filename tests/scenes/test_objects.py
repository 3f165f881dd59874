"""Objects stand on their stage in a plain studio, with room to walk around them."""

from __future__ import annotations

import numpy as np
import pytest

from navworld.scenes.objects import objects
from navworld.world.navigability import Navigator
from navworld.world.semantics import CLASSES
from tests.scenes.worlds import backward, elsewhere, fingerprint, leaks

SEEDS = tuple(range(940_000, 940_014))
SHELL = ("studio", "floor", "ceiling")


@pytest.fixture(scope="module")
def studios():
    return [objects(seed) for seed in SEEDS]


def things(scene):
    """Lowest corner, highest corner of every instance on the stage, and of the stage."""
    found, stage = [], None
    for index, item in enumerate(scene.instances):
        part = scene.vertices[scene.triangles[scene.instance == index]].reshape(-1, 3)
        if item.name == "turntable":
            stage = part.min(0), part.max(0)
        elif len(part) and item.name not in SHELL and part[:, 2].min() < 3.2:
            found.append((item.name, part.min(0), part.max(0)))
    return found, stage


def test_objects_rest_on_the_stage_and_within_it(studios):
    for scene in studios:
        found, stage = things(scene)
        assert found, scene.name
        assert min(low[2] for _, low, _ in found) == pytest.approx(stage[1][2], abs=0.005)
        radius = stage[1][0]
        for name, low, high in found:
            reach = np.hypot(max(-low[0], high[0]), max(-low[1], high[1]))
            assert reach < 1.45 * radius, f"{scene.name}: {name}"


def test_one_can_walk_all_the_way_round(studios):
    for scene in studios:
        navigator = Navigator(scene.floors[0], 0.25)
        _, stage = things(scene)
        angle = np.linspace(0, 2 * np.pi, 72)
        ring = (stage[1][0] + 0.7) * np.stack([np.cos(angle), np.sin(angle)], 1)
        assert navigator.is_walkable(ring).all(), scene.name


def test_kinds_vary_by_seed(studios):
    kinds = {tuple(sorted(CLASSES[i.semantic] for i in s.instances)) for s in studios}
    assert len(kinds) > 8


def test_studios_are_closed_and_plain(studios):
    for scene in studios[:6]:
        assert leaks(scene, 1500) == 0
        shell = [k for k, i in enumerate(scene.instances) if i.name in SHELL]
        plain = np.unique(scene.material[np.isin(scene.instance, shell)])
        assert all(scene.materials[k].texture is None for k in plain)
        assert backward(scene, 1500) < 0.02


def test_the_same_seed_gives_the_same_bytes(studios):
    assert fingerprint(objects(SEEDS[0])) == fingerprint(studios[0])
    program = (
        f"from navworld.scenes.objects import objects; print(fingerprint(objects({SEEDS[1]})))"
    )
    assert elsewhere(program) == fingerprint(studios[1])


@pytest.mark.parametrize("seed", [-1, 1.5, "7"])
def test_a_seed_that_is_no_whole_number_is_refused(seed):
    with pytest.raises(ValueError, match="whole number"):
        objects(seed)
