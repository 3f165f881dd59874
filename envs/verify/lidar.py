"""Laser scanners: ranges against an independent caster, noise against its published model."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from navworld.envs.verify.findings import RADIUS, Findings
from navworld.evaluation.result import Metric
from navworld.scenes import scene_refs
from navworld.sensors.lidar import Lidar
from navworld.streams import Streams
from navworld.world.body import Robot
from navworld.world.ranging import reflectances
from navworld.world.rays import cast
from navworld.world.store import Place, shared_store
from navworld.world.tracing.draws import normals
from navworld.world.world import World

RAYS = 300
"""Per pose, that are cast by trimesh."""
SMALLEST = 1e-3
"""Probability below which a statistical test fails."""
FARTHEST = 4.5
"""Standard deviations that a count may lie off."""


def verify_lidar(fast: bool = False) -> Findings:
    """Ranges, motion distortion, noise, lost returns, intensities and determinism of LiDAR."""
    places = [
        shared_store().get(ref) for ref in scene_refs("apartment:validation")[: 1 if fast else 4]
    ]
    share = float(np.mean([_against_trimesh(place, 3 if fast else 8) for place in places]))
    distortion = max(_against_columns(place) for place in places)
    probability, deviation = _noise(places[0], 200_000 if fast else 1_000_000)
    lost = max(_losses(place) for place in places)
    light = max(_intensity(place) for place in places)
    metrics = {
        "lidar_within_1mm_share": Metric(share),
        "lidar_distortion_mm": Metric(1e3 * distortion, "mm"),
        "lidar_noise_ks_p": Metric(probability),
        "lidar_noise_std_error_percent": Metric(100 * deviation, "%"),
        "lidar_losses_off": Metric(lost, "σ"),
        "lidar_intensity_error": Metric(light),
    }
    return metrics, {
        "lidar: ranges within 1 mm of trimesh at 99.9 % of rays": share >= 0.999,
        "lidar: distorted columns within 1 mm of rays from their own poses": distortion < 1e-3,
        "lidar: noise is normal (Kolmogorov–Smirnov)": probability > SMALLEST,
        "lidar: noise has the preset's variance within 0.5 %": deviation < 5e-3,
        "lidar: as many returns lost as the model says": lost < FARTHEST,
        "lidar: intensity is reflectance · cos θ within 0.001": light < 1e-3,
        "lidar: the same bytes on 2 threads, in a batch and alone": _deterministic(places),
    }


def _stood(places: list[Place], count: int, *, threads: int = 1) -> World:
    """Bodies at random poses, one place after the other."""
    world = World(count, Robot(), light="none", threads=threads)
    rng = np.random.default_rng(0)
    for row in range(count):
        place = places[row % len(places)]
        xy = place.navigator(RADIUS).sample(rng, 1)[0]
        world.place(row, place, xy, rng.uniform(-np.pi, np.pi))
    return world


def _streams(count: int) -> Streams:
    streams = Streams(count)
    for row in range(count):
        streams.seed(row, row)
    return streams


def _read(lidar: Lidar, world: World, ids: NDArray | None = None) -> dict[str, NDArray]:
    ids = np.arange(world.num_envs) if ids is None else ids
    return lidar.read(world, ids, _streams(world.num_envs))


def _exact(**options: Any) -> Lidar:
    """An OS1's beams without any noise, tilted so that no ray runs along a wall by design."""
    shape = {"beams": 64, "vertical_deg": (-22.5, 22.5), "azimuths": 1024}
    return Lidar(**{**shape, "max_range": 120.0, "pitch_deg": 7.0, "yaw_deg": 3.0, **options})


def _against_trimesh(place: Place, poses: int) -> float:
    """Share of sampled rays whose range is within 1 mm of trimesh's."""
    import trimesh

    scene, lidar, world = place.scene, _exact(min_range=0.0), _stood([place], poses)
    mesh = trimesh.Trimesh(scene.vertices, scene.triangles, process=False)
    caster = trimesh.ray.ray_triangle.RayMeshIntersector(mesh)
    ranges = _read(lidar, world)["lidar"].reshape(poses, -1)
    T = world.T_world_body() @ lidar.T_body_lidar
    rng = np.random.default_rng(1)
    good = []
    for k in range(poses):
        pick = rng.choice(ranges.shape[1], RAYS, replace=False)
        along = lidar.directions.reshape(-1, 3)[pick].astype(np.float64) @ T[k, :3, :3].T
        start = np.tile(T[k, :3, 3], (RAYS, 1))
        points, ray, _ = caster.intersects_location(start, along, multiple_hits=True)
        nearest = np.full(RAYS, np.inf)
        np.minimum.at(nearest, ray, np.linalg.norm(points - start[ray], axis=1))
        nearest[np.isinf(nearest)] = 0
        good.append(np.abs(ranges[k, pick] - nearest) < 1e-3)
    return float(np.mean(good))


def _against_columns(place: Place) -> float:
    """Largest of 99.9 % of the differences [m] to single rays from the poses of the columns."""
    world = _stood([place], 2)
    lidar = _exact(beams=8, azimuths=256, distortion=True, rate_hz=2.5, min_range=0.0)
    world.step(np.tile([0.25, 0.0, 0.5], (2, 1)))
    ranges = _read(lidar, world)["lidar"]
    T = world.moments(np.arange(2), 1 + lidar.times / 0.5).T_world_body @ lidar.T_body_lidar
    along = np.einsum("ncij,hcj->nhci", T[..., :3, :3], lidar.directions).reshape(-1, 3)
    start = np.broadcast_to(T[:, None, :, :3, 3], (*ranges.shape, 3)).reshape(-1, 3)
    t, _ = cast(place.rays(None), start, along)
    t[t > lidar.device.max_range] = 0
    return float(np.quantile(np.abs(ranges.ravel() - t), 0.999))


def _noise(place: Place, draws: int) -> tuple[float, float]:
    """Probability of the worst of 5 streams and of a scan, and the error of the scan's σ."""
    world = _stood([place], 6)
    noisy = _exact(noise=0.01, proportional_noise=0.005)
    exact, measured = (_read(lidar, world)["lidar"] for lidar in (_exact(), noisy))
    hit = (exact > 0.2) & (exact < 119)
    z = (measured - exact)[hit] / np.hypot(0.01, 0.005 * exact[hit])
    samples = [*normals(_streams(5).keys("check", np.arange(5)), draws), z]
    worst = min(stats.kstest(sample.astype(np.float64), "norm").pvalue for sample in samples)
    return float(worst), float(abs(z.std(dtype=np.float64) - 1))


def _losses(place: Place) -> float:
    """Standard deviations between the returns lost and those that the model expects."""
    world = _stood([place], 6)
    reach, dropout = 2.0, 0.05
    seen = _read(_exact(intensity="calibrated"), world)
    lossy = _read(_exact(reach=reach, dropout=dropout), world)["lidar"]
    hit = seen["lidar"] > 0
    power = seen["lidar_intensity"][hit] / 0.1 * (reach / seen["lidar"][hit]) ** 2
    p = dropout + (1 - dropout) / (1 + 9 * power.astype(np.float64) ** 4)
    lost = (lossy[hit] == 0).sum()
    return float(abs(lost - p.sum()) / np.sqrt((p * (1 - p)).sum()))


def _intensity(place: Place) -> float:
    """Largest of 99.9 % of the differences to reflectance · cos θ of single rays."""
    world, lidar = _stood([place], 1), _exact(azimuths=256, intensity="calibrated")
    seen = _read(lidar, world)
    T = world.T_world_body()[0] @ lidar.T_body_lidar
    along = lidar.directions.reshape(-1, 3).astype(np.float64) @ T[:3, :3].T
    _, triangle = cast(place.rays(None), np.tile(T[:3, 3], (len(along), 1)), along)
    hit = (seen["lidar"][0].ravel() > 0) & (triangle >= 0)
    share = reflectances(place.scene)[triangle[hit]]
    corners = place.scene.vertices[place.scene.triangles[triangle[hit]]].astype(np.float64)
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    cosine = np.abs(np.sum(normal * along[hit], 1))
    expected = np.where(share < 0, -share * cosine**64, share * cosine)
    error = np.abs(seen["lidar_intensity"][0].ravel()[hit] - expected)
    return float(np.quantile(error, 0.999))


def _deterministic(places: list[Place]) -> bool:
    options: dict[str, Any] = {
        "preset": "os1-64",
        "dropout": 0.05,
        "intensity": "calibrated",
        "azimuths": 256,
    }
    one, two = (_read(Lidar(**options), _stood(places, 5, threads=n)) for n in (1, 2))
    alone = _read(Lidar(**options), _stood(places, 5), np.array([3]))
    threads = all(one[key].tobytes() == two[key].tobytes() for key in one)
    return threads and all(one[key][3].tobytes() == alone[key][0].tobytes() for key in one)
