"""Fields that eyes do not see: heat, radar echoes, radio and magnetism, against other sums."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from navworld.envs.verify.findings import RADIUS, Findings
from navworld.evaluation.result import Metric
from navworld.scenes import scene_refs
from navworld.sensors.magnetometer import Magnetometer
from navworld.sensors.radar import Radar
from navworld.sensors.radar_devices import Chirps
from navworld.sensors.thermal import PRESETS, ThermalCamera, heat_of
from navworld.sensors.wifi import WiFi, walls_of
from navworld.streams import Streams
from navworld.world.body import Camera, Robot
from navworld.world.magnetism import Steel, steel
from navworld.world.store import Place, shared_store
from navworld.world.world import World

KELVIN = 273.15


def verify_fields(fast: bool = False) -> Findings:
    """Thermal camera, radar, WiFi and magnetometer in apartments against independent sums."""
    refs = scene_refs("apartment:validation")[: 1 if fast else 4]
    places = [shared_store().get(ref) for ref in refs]
    metrics: dict[str, Metric] = {}
    checks: dict[str, bool] = {}
    for part in (_thermal, _radar, _wifi, _magnetic):
        found, held = part(places, fast)
        metrics.update(found)
        checks.update(held)
    return metrics, checks


def _world(places: list[Place], per_place: int, seed: int) -> tuple[World, Streams]:
    """Bodies at random places of the scenes."""
    rng = np.random.default_rng(seed)
    world = World(len(places) * per_place, Robot(), light="none")
    streams = Streams(world.num_envs)
    for row in range(world.num_envs):
        place = places[row // per_place]
        streams.seed(row, seed + row)
        spot = place.navigator(RADIUS).sample(rng, 1)[0]
        world.place(row, place, spot, rng.uniform(-np.pi, np.pi))
    return world, streams


def _thermal(places: list[Place], fast: bool) -> Findings:
    world, streams = _world(places, 2 if fast else 4, seed=1)
    ids = np.arange(world.num_envs)
    camera = ThermalCamera(Camera(48, 64))
    camera.reset(world, ids, streams)
    seen = camera.read(world, ids, streams)["thermal"][..., 0]
    errors = np.concatenate([_heat_error(world, camera, int(row), seen[row]) for row in ids])
    world.gain[:] = 0.0
    dark = camera.read(world, ids, streams)["thermal"][..., 0]
    noisy = ThermalCamera(camera.camera, preset="lepton-3.5")
    noisy.reset(world, ids, streams)
    frames = []
    for _ in range(10 if fast else 40):
        streams.steps += 1
        frames.append(noisy.read(world, ids, streams)["thermal"][..., 0])
    netd = float(np.std(np.array(frames) - np.mean(frames, 0), ddof=0))
    netd *= np.sqrt(len(frames) / (len(frames) - 1))
    wanted = float(np.hypot(PRESETS["lepton-3.5"].netd, 0.01 / np.sqrt(12)))
    worst = float(np.quantile(errors, 0.999))
    metrics = {
        "thermal_error_p999_mk": Metric(1e3 * worst, "mK"),
        "thermal_netd_mk": Metric(1e3 * netd, "mK"),
    }
    return metrics, {
        "thermal: temperatures within 20 mK of the law of Stefan and Boltzmann": worst < 0.02,
        "thermal: the same bytes in darkness": bool(np.array_equal(seen, dark)),
        "thermal: noise within 2 % of the preset": abs(netd / wanted - 1) < 0.02,
    }


def _heat_error(world: World, camera: ThermalCamera, row: int, seen: NDArray) -> NDArray:
    """|T − T by hand| [K] of an image, with what depth and SciPy say."""
    from scipy.interpolate import RegularGridInterpolator

    heat, view = heat_of(world.places[row], camera.climate), camera.camera
    ids = np.array([row])
    T = world.T_world_body(ids)
    wide = replace(view, near=0.0, far=1000.0)
    images = world.view(wide, T, ids, ("depth", "triangle"))
    triangle, depth = images["triangle"][0], images["depth"][0].astype(np.float64)
    T_world_camera = (T @ view.T_body_camera)[0]
    along = view.pattern.directions.astype(np.float64)
    depth = np.maximum(depth - 0.12 / np.linalg.norm(along, axis=2), 0.0)
    points = (depth[..., None] * along) @ T_world_camera[:3, :3].T + T_world_camera[:3, 3]
    axes = [heat.origin[k] + heat.cell * np.arange(heat.air.shape[2 - k]) for k in (2, 1, 0)]
    air = RegularGridInterpolator(axes, heat.air, bounds_error=False, fill_value=0.0)
    layer = camera.climate.gradient * (points[..., 2] - heat.mid) + air(points[..., ::-1])
    surface = heat.surface[triangle] + heat.follows[triangle] * layer + KELVIN
    shine = heat.emissivity[triangle].astype(np.float64)
    total = shine * surface**4 + (1 - shine) * (camera.climate.indoor + KELVIN) ** 4
    expected = np.clip(total**0.25 - KELVIN, camera.imager.low, camera.imager.high)
    return np.abs(expected - seen)[triangle >= 0]


def _radar(places: list[Place], fast: bool) -> Findings:
    world, streams = _world(places, 2 if fast else 10, seed=2)
    ids = np.arange(world.num_envs)
    plain = Radar(chirps=Chirps(), noise=False)
    fine = replace(
        Chirps(), range_resolution=0.2, velocity_resolution=0.04, azimuth_resolution_deg=5.0,
        elevation_resolution_deg=5.0,
    )  # fmt: skip
    sharp = Radar(chirps=fine, noise=False)
    world.step(np.tile([0.25, 0.0, 0.0], (world.num_envs, 1)))
    moments = world.moments(ids, np.array([plain.moment]))
    speed = np.linalg.norm(moments.velocity[:, 0], axis=1)
    T_world_sensor = moments.T_world_body[:, 0].copy()
    T_world_sensor[:, :3, 3] += (0.0, 0.0, 0.88)
    doppler = []
    for row, found in enumerate(_returns(sharp, world, streams)):
        forward = np.cos(found[:, 1]) * np.cos(found[:, 2])
        doppler.append(np.abs(found[:, 3] + speed[row] * forward))
    rng, hits, chance = np.random.default_rng(5), [], []
    for row, found in enumerate(_returns(plain, world, streams)):
        surface = _surface(world.places[row], T_world_sensor[row], seed=row)
        hits.append(_touched(surface, found))
        moved = found.copy()
        moved[:, 0] = rng.uniform(0.1, Chirps().max_range, len(found))
        chance.append(_touched(surface, moved))
    p99 = float(np.quantile(np.concatenate(doppler), 0.99))
    near = float(np.mean(np.concatenate(hits)))
    metrics = {
        "radar_doppler_p99": Metric(p99, "m/s"),
        "radar_on_a_surface_share": Metric(near),
        "radar_on_a_surface_by_chance_share": Metric(float(np.mean(np.concatenate(chance)))),
        "radar_returns_mean": Metric(float(np.mean([len(h) for h in hits]))),
    }
    return metrics, {
        "radar: Doppler within 4 cm/s of −v cos for 99 % of returns": p99 < 0.04,
        "radar: 97 % of returns have a surface in their beam within 5 cm of range": near > 0.97,
    }


def _returns(radar: Radar, world: World, streams: Streams) -> list[NDArray]:
    """The returns of every body, (K, 5) each."""
    ids = np.arange(world.num_envs)
    radar.reset(world, ids, streams)
    seen = radar.read(world, ids, streams)
    counts = seen["radar_count"][:, 0]
    return [seen["radar"][row, :n].astype(np.float64) for row, n in enumerate(counts)]


def _surface(place: Place, T_world_sensor: NDArray, seed: int, count: int = 400_000) -> NDArray:
    """(P, 3) range, azimuth and elevation of points drawn on all surfaces of a scene."""
    rng = np.random.default_rng(seed)
    corners = place.scene.vertices[place.scene.triangles].astype(np.float64)
    sides = corners[:, 1:] - corners[:, :1]
    area = np.linalg.norm(np.cross(sides[:, 0], sides[:, 1]), axis=1)
    own = rng.choice(len(area), count, p=area / area.sum())
    u = rng.random((count, 2))
    u = np.where(u.sum(1, keepdims=True) > 1, 1 - u, u)
    points = corners[own, 0] + (u[..., None] * sides[own]).sum(1)
    x, y, z = ((points - T_world_sensor[:3, 3]) @ T_world_sensor[:3, :3]).T
    level = np.hypot(x, y)
    return np.stack([np.hypot(level, z), np.arctan2(y, x), np.arctan2(z, level)], 1)


def _touched(surface: NDArray, found: NDArray) -> NDArray[np.bool_]:
    """Whether each return has a surface within half a beam of it and 5 cm of its range."""
    seen = surface[np.abs(surface[:, 2]) < np.radians(20.0)]  # elevation is not resolved
    limits = np.array([0.05, np.radians(8.0)])
    return np.array(
        [bool((np.abs(seen[:, :2] - row[:2]) < limits).all(1).any()) for row in found], bool
    )


def _wifi(places: list[Place], fast: bool) -> Findings:
    world, streams = _world(places, 5 if fast else 20, seed=3)
    ids = np.arange(world.num_envs)
    wifi = WiFi(fading=False, step=0.0, floor=-150.0)
    wifi.reset(world, ids, streams)
    seen = wifi.read(world, ids, streams)["wifi"].astype(np.float64)
    at = world.T_world_body(ids)[:, :3, 3] + (0.0, 0.0, 0.6)
    errors = []
    for row in ids:
        points = wifi.points(world.places[row])
        distance = np.linalg.norm(points.position - at[row], axis=1)
        free = 20 * np.log10(np.maximum(distance, 0.3)) + 20 * np.log10(2.44e9) - 147.552
        lost = _losses(world.places[row], at[row], points.position)
        expected = 20.0 - free - lost + 3.0 * points.shadowing(at[row])
        errors.append(np.abs(expected - seen[row, : len(expected)]))
    error = np.concatenate(errors)
    agreeing = float(np.mean(error < 0.01))
    metrics = {
        "wifi_agreeing_share": Metric(agreeing),
        "wifi_heard_mean": Metric(float((seen > -95).sum(1).mean())),
    }
    return metrics, {
        "wifi: 98 % of strengths as free space and trimesh's count of walls say": agreeing >= 0.98,
    }


def _losses(place: Place, start: NDArray, ends: NDArray) -> NDArray:
    """(A,) loss through walls [dB], by trimesh's list of all crossings."""
    import trimesh

    faces = walls_of(place)
    assert faces.rays is not None
    mesh = trimesh.Trimesh(faces.rays.scene.vertices, faces.rays.scene.triangles, process=False)
    caster = trimesh.ray.ray_triangle.RayMeshIntersector(mesh)
    ways = ends - start
    origins = np.tile(start, (len(ways), 1))
    points, ray, face = caster.intersects_location(origins, ways, multiple_hits=True)
    along = np.linalg.norm(points - start, axis=1)
    order = np.lexsort((along, ray))
    total, last = np.zeros(len(ways)), np.full(len(ways), -np.inf)
    length = np.linalg.norm(ways, axis=1)
    for k in order:
        if along[k] < length[ray[k]] and along[k] > last[ray[k]] + 1e-3:
            total[ray[k]] += faces.loss[face[k]]
            last[ray[k]] = along[k]
    return total


def _magnetic(places: list[Place], fast: bool) -> Findings:
    world, streams = _world(places, 5 if fast else 50, seed=4)
    ids = np.arange(world.num_envs)
    sensor = Magnetometer()
    sensor.reset(world, ids, streams)
    seen = sensor.read(world, ids, streams)["magnetometer"].astype(np.float64)
    T = world.T_world_body(ids)
    at = T[:, :3, 3] + (0.0, 0.0, 0.5)
    errors, again = [], []
    for row in ids:
        scene = world.places[row].scene
        expected = T[row, :3, :3].T @ _field_by_potential(steel(scene), at[row], sensor.earth)
        errors.append(np.linalg.norm(seen[row] - expected))
        again.append(np.array_equal(steel(scene).kept, steel(scene).kept))
    strength = np.linalg.norm(seen, axis=1)
    worst = float(np.max(errors))
    heading = np.degrees(np.arctan2(*np.einsum("nij,nj->ni", T[:, :3, :3], seen)[:, :2].T))
    metrics = {
        "magnetic_error_max_nt": Metric(1e3 * worst, "nT"),
        "magnetic_strength_std_ut": Metric(float(strength.std()), "µT"),
        "magnetic_heading_std_deg": Metric(float(heading.std()), "°"),
    }
    return metrics, {
        "magnetometer: within 1 nT of the gradient of the potential": worst < 1e-3,
        "magnetometer: the same steel every time": all(again),
    }


def _field_by_potential(found: Steel, point: NDArray, earth: NDArray, h: float = 1e-4) -> NDArray:
    """(3,) field [µT] as the gradient of the dipoles' scalar potential, by differences."""
    moment = found.induced[:, None] * earth + found.kept

    def potential(p: NDArray) -> float:
        away = p - found.position
        distance = np.linalg.norm(away, axis=1)
        return float(0.1 * (np.einsum("dk,dk->d", away, moment) / distance**3).sum())

    slope = [(potential(point + s) - potential(point - s)) / (2 * h) for s in h * np.eye(3)]
    return earth - np.array(slope)
