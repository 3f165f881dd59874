"""The binding of Embree: known hits, both packet widths, moving instances, bounded memory."""

from __future__ import annotations

import gc
from pathlib import Path

import numba as nb
import numpy as np
import pytest

from navworld.world.tracing import embree as em
from navworld.world.tracing import fallback
from navworld.world.tracing import packets as pk
from navworld.world.tracing.instances import Instances

WALL = np.array([[2, -5, -5], [2, 5, -5], [2, 0, 5]], np.float32)
WALL_TRIANGLES = np.array([[0, 1, 2]], np.int32)


@nb.njit(nogil=True)
def trace(calls, handle, origins, directions, coherent, t, ids_out):
    rays = pk.new_packet()
    ids = rays.view(np.int32)
    for k in range(pk.LANES):
        pk.set_ray(rays, k, origins[k], directions[k], 0.0, np.inf)
    pk.intersect(calls, handle, rays, coherent)
    t[:] = rays[pk.TFAR]
    ids_out[0] = ids[pk.PRIM_ID]
    ids_out[1] = ids[pk.GEOM_ID]
    ids_out[2] = ids[pk.INST_ID]


@nb.njit(nogil=True)
def block(calls, handle, origins, directions, reach, coherent, blocked):
    rays = pk.new_packet()
    for k in range(pk.LANES):
        pk.set_ray(rays, k, origins[k], directions[k], 0.0, reach[k])
    pk.occluded(calls, handle, rays, coherent)
    blocked[:] = rays[pk.TFAR] < 0


def nearest(device, handle, directions, origins=None, coherent=True):
    origins = np.zeros((16, 3), np.float32) if origins is None else origins
    t, ids = np.empty(16, np.float32), np.empty((3, 16), np.int32)
    trace(device.calls, handle, origins, directions.astype(np.float32), coherent, t, ids)
    return t, ids


@pytest.fixture(scope="module", params=[16, 8])
def device(request):
    return em.Device(width=request.param)


def towards_wall():
    directions = np.tile([1.0, 0, 0], (16, 1))
    directions[15] = [-1, 0, 0]
    return directions


@pytest.mark.parametrize("coherent", [True, False])
def test_rays_hit_the_wall_two_metres_ahead_and_nothing_behind(device, coherent):
    mesh = em.TriangleMesh(WALL, WALL_TRIANGLES, device)
    t, (triangle, geometry, instance) = nearest(
        device, mesh.handle, towards_wall(), coherent=coherent
    )
    assert np.all(t[:15] == 2)
    assert np.isinf(t[15])
    assert np.all(triangle[:15] == 0)
    assert np.all(geometry[:15] == 0)
    assert geometry[15] == -1
    assert np.all(instance == -1)


@pytest.mark.parametrize("coherent", [True, False])
def test_a_wall_blocks_only_what_reaches_it(device, coherent):
    mesh = em.TriangleMesh(WALL, WALL_TRIANGLES, device)
    reach = np.linspace(1.0, 3.0, 16).astype(np.float32)
    blocked = np.empty(16, np.bool_)
    directions = towards_wall().astype(np.float32)
    origins = np.zeros((16, 3), np.float32)
    block(device.calls, mesh.handle, origins, directions, reach, coherent, blocked)
    assert np.array_equal(blocked[:15], reach[:15] > 2)
    assert not blocked[15]


def test_both_packet_widths_find_the_same_hits_in_a_triangle_soup():
    rng = np.random.default_rng(3)
    vertices = rng.normal(size=(900, 3)).astype(np.float32)
    triangles = rng.permutation(900).reshape(300, 3)
    found = []
    for width in (16, 8):
        device = em.Device(width=width)
        mesh = em.TriangleMesh(vertices, triangles, device)
        draw = np.random.default_rng(4)
        hits = [nearest(device, mesh.handle, draw.normal(size=(16, 3))) for _ in range(40)]
        found.append([np.concatenate(column) for column in zip(*hits, strict=True)])
    assert np.isfinite(found[0][0]).mean() > 0.5
    assert np.allclose(found[0][0], found[1][0], atol=1e-5)
    assert np.array_equal(found[0][1], found[1][1])


def test_instances_hit_where_they_were_moved_to(device):
    mesh = em.TriangleMesh(WALL, WALL_TRIANGLES, device)
    instances = Instances([mesh, mesh])
    poses = np.tile(np.eye(4), (2, 1, 1))
    poses[:, 0, 3] = 5.0, 3.0
    instances.set_transforms(poses)
    t, (triangle, _, instance) = nearest(device, instances.handle, towards_wall())
    assert np.all(t[:15] == 5)
    assert np.all(instance[:15] == 1)
    assert np.all(triangle[:15] == 0)
    assert np.isinf(t[15])


def test_shared_edges_let_no_ray_through():
    n = 40
    x, y = np.meshgrid(np.linspace(-1, 1, n), np.linspace(-1, 1, n))
    rng = np.random.default_rng(0)
    vertices = np.stack([x, y, 1 + 0.05 * rng.random((n, n))], -1).reshape(-1, 3)
    corner = (np.arange(n - 1)[:, None] * n + np.arange(n - 1)).ravel()
    first = np.stack([corner, corner + 1, corner + n + 1], 1)
    second = np.stack([corner, corner + n + 1, corner + n], 1)
    device = em.device()
    mesh = em.TriangleMesh(vertices, np.concatenate([first, second]))
    inner = first.reshape(n - 1, n - 1, 3)[1:-1, 1:-1].reshape(-1, 3)
    ends = np.concatenate([inner[:, [0, 1]], inner[:, [1, 2]], inner[:, [0, 2]]])
    share = rng.uniform(0.05, 0.95, (len(ends), 1))
    aims = vertices[ends[:, 0]] * share + vertices[ends[:, 1]] * (1 - share)
    for k in range(0, len(aims) - 15, 16):
        t, _ = nearest(device, mesh.handle, aims[k : k + 16])
        assert np.all(np.isfinite(t))


def test_scenes_that_are_let_go_free_their_memory():
    rng = np.random.default_rng(1)
    vertices, triangles = rng.normal(size=(3000, 3)), rng.integers(0, 3000, (5000, 3))

    def build(times):
        for _ in range(times):
            em.TriangleMesh(vertices, triangles)
        gc.collect()
        return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

    if not Path("/proc/self/statm").exists():
        pytest.skip("resident memory is read from /proc")
    before, after = build(100), build(400)
    assert after - before < 8e6  # one scene takes about 1 MB


def test_packets_agree_with_the_single_rays_of_embreex():
    assert fallback.self_test() == ""


def test_another_major_version_is_refused(monkeypatch):
    monkeypatch.setattr(em.Device, "_property", lambda self, index: 3)
    with pytest.raises(em.EmbreeUnavailableError, match=r"Embree 3.3 was found, 4.x is needed"):
        em.Device()
