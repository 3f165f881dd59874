"""Tunnels are long, closed, bare of texture, and lit by few lamps."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from navworld.scenes.tunnel import tunnel
from navworld.world.geodesic import shortest_path
from navworld.world.navigability import Navigator
from tests.scenes.worlds import backward, elsewhere, fingerprint, leaks

SEEDS = tuple(range(930_000, 930_006))


@pytest.fixture(scope="module")
def tunnels():
    return [tunnel(seed) for seed in SEEDS]


def test_one_can_walk_from_end_to_end(tunnels):
    for scene in tunnels[:3]:
        navigator = Navigator(scene.floors[0], 0.2)
        x = navigator.sample(np.random.default_rng(0), 4000)
        start, goal = x[x[:, 0].argmin()], x[x[:, 0].argmax()]
        length, _ = shortest_path(navigator, start, goal)
        assert 100 < length < 320, scene.name


def test_a_tunnel_never_crosses_itself(tunnels):
    for scene in tunnels:
        assert shapely.Polygon(scene.rooms[0].polygon).is_valid, scene.name


def test_no_surface_has_a_texture(tunnels):
    for scene in tunnels:
        names = {scene.materials[k].name for k in np.unique(scene.material)}
        plain = [m for m in scene.materials if m.name in names and m.texture is None]
        assert len(plain) >= len(names) - 1  # all but lamps that are out
        shell = scene.material[scene.instance <= 1]
        assert all(scene.materials[k].texture is None for k in np.unique(shell))


def test_lamps_are_sparse_but_there(tunnels):
    for scene in tunnels:
        length = shapely.Polygon(scene.rooms[0].polygon).length / 2
        assert length / 26 < len(scene.lamps) < length / 10, scene.name


def test_tunnels_are_closed_and_seen_from_inside(tunnels):
    for scene in tunnels:
        assert leaks(scene) == 0
        assert backward(scene) < 0.002


def test_the_same_seed_gives_the_same_bytes(tunnels):
    assert fingerprint(tunnel(SEEDS[0])) == fingerprint(tunnels[0])
    program = f"from navworld.scenes.tunnel import tunnel; print(fingerprint(tunnel({SEEDS[1]})))"
    assert elsewhere(program) == fingerprint(tunnels[1])


@pytest.mark.parametrize("seed", [-1, 1.5, "7"])
def test_a_seed_that_is_no_whole_number_is_refused(seed):
    with pytest.raises(ValueError, match="whole number"):
        tunnel(seed)
