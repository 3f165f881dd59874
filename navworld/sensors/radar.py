"""Millimetre-wave radar: a few returns with range, direction, radial velocity and strength.

| name | shape | unit |
|---|---|---|
| `radar` | (capacity, 5) float32 | one return per row, see below |
| `radar_count` | (1,) int32 | how many rows are returns; the rest is 0 |

A return is range [m], azimuth (positive to the left) and elevation [rad], radial velocity (negative
where the distance shrinks) [m/s] and signal-to-noise ratio [dB]; the strongest comes first.

Frame: the sensor's (x forward, y left, z up). Rate: once per step. Fog, smoke and darkness do not
matter at these wavelengths: the model has no place for them.

A measurement is a burst of chirps of a few tens of milliseconds. It is taken at the fraction
`moment` of the step, pose and velocity both: by default in the middle, where the discrete
actions, which start and end at rest, are fastest; what is reported is then half a step old.
`moment=1` measures at the end of the step, as cameras do, where discrete actions stand still.
What moves by itself (people, vehicles, doors) is where it is at the end of the step and has its
own radial velocity, as one body: limbs and wheels add none (no micro-Doppler).

Model, for every ray of a fine fan:

1. Backscatter per area σ⁰ at the angle θ from the normal: geometric optics for the part that is
   mirrored, (1 − S²) R / (2 s² cos⁴θ) · exp(−tan²θ / 2s²), whose integral over a flat wall is the
   mirror's π r² R (Barrick, "Rough surface scattering based on the specular point theory", IEEE
   Trans. Antennas Propag. 16, 1968); Lambert's law for the scattered part, 4 S² R cos²θ.
   Reflectance R, slope s and share S² come from `navworld.world.substances`: metal reflects all,
   plaster 7 %, wood 3 %. Edges, double bounces and what lies behind a wall are not modelled.
2. Radar equation P ∝ G² λ² σ / ((4π)³ r⁴), with a Gaussian antenna pattern; the noise is
   k T F / (coherent time). Power adds up in cells of range, velocity and beams equally spaced in
   sin(azimuth), the resolution of the array; velocities beyond ±`max_velocity` wrap round.
3. A cell's power is |√P_mirrored + n|² with complex normal n of the power P_scattered + noise
   (speckle). It is a detection when it stands `threshold_db` above the smaller of its
   neighbourhoods' means along range (smallest-of CFAR, 8 cells each side behind 4 guard cells), and
   is a peak in range.
4. Range and velocity are those of the cell; angles are the power's mean direction in the beam,
   with the error of the array, width / (1.6 √(2 SNR)), and of its calibration `angle_std_deg`.
   `false_alarms` is the mean number of returns from nothing per measurement.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from navworld.beliefs import Observation
from navworld.sensors import radar_kernel as kernel
from navworld.sensors.radar_devices import Chirps, chosen
from navworld.streams import IntArray, Streams
from navworld.world.body import Camera
from navworld.world.company.states import no_motion
from navworld.world.store import Place
from navworld.world.substances import property_table, substances, substances_of_classes
from navworld.world.tracing.draws import normals, uniforms
from navworld.world.tracing.pattern import RayPattern
from navworld.world.world import World

BOLTZMANN, ROOM, LIGHT_SPEED = 1.380649e-23, 293.0, 299_792_458.0
MOST_CELLS = 1 << 20
LOUDEST = 200.0
"""Upper bound of the signal-to-noise ratio [dB]."""

T_CAMERA_SENSOR = np.array(
    [[0.0, -1, 0, 0], [0, 0, -1, 0], [1, 0, 0, 0], [0, 0, 0, 1]]
)  # fmt: skip
"""The sensor's frame (x forward, y left, z up) in that of a camera at its place."""


@dataclass(frozen=True, eq=False)
class _Head:
    """What `World.view` needs of a camera."""

    pattern: RayPattern
    T_body_camera: NDArray
    near: float
    far: float
    supersample: int = 1


class Radar:
    """Sparse returns with Doppler.

    Args:
        preset: One of `radar_devices.PRESETS`.
        chirps: The radar in detail, instead of a preset.
        position: On the body [m]. yaw_deg, pitch_deg: Left and down of straight ahead.
        capacity: Most returns of one measurement.
        moment: Fraction of the step at which it is taken.
        noise: False for exact angles, no speckle and no false alarms.
        key: Its name in the observation.
    """

    renders: tuple[tuple[Camera, str], ...] = ()

    def __init__(
        self,
        *,
        preset: str | None = None,
        chirps: Chirps | None = None,
        position: tuple[float, float, float] = (0.0, 0.0, 0.88),
        yaw_deg: float = 0.0,
        pitch_deg: float = 0.0,
        capacity: int = 128,
        moment: float = 0.5,
        noise: bool = True,
        key: str = "radar",
    ) -> None:
        self.chirps = chosen(preset, chirps)
        if not (isinstance(capacity, (int, np.integer)) and 1 <= capacity <= 4096):
            raise ValueError(f"Radar(capacity={capacity!r}) must be a whole number 1 to 4096")
        if not 0.0 <= moment <= 1.0:
            raise ValueError(f"Radar(moment={moment!r}) must be a fraction of the step, 0 to 1")
        self.capacity, self.moment, self.noise, self.key = int(capacity), moment, noise, key
        own = self.chirps
        mount = Camera(4, 4, 90.0, position, yaw_deg, pitch_deg).T_body_camera
        self._T_body_sensor = mount @ T_CAMERA_SENSOR
        self._directions, self._solid = _fan(own)
        optical = self._directions @ T_CAMERA_SENSOR[:3, :3].T
        pattern = RayPattern(optical, np.radians(own.fov_deg[0]) / own.rays[0])
        self._head = _Head(pattern, mount, own.min_range, own.max_range)
        self._gain = _gains(own, self._directions)
        self._beam, beams = _beams(own, self._directions)
        self._counts = (*_cells_of(own), beams)
        if np.prod(self._counts) > MOST_CELLS:
            raise ValueError(
                f"the radar has {self._counts[0]} ranges × {self._counts[1]} velocities × {beams} "
                f"beams; at most {MOST_CELLS} cells are possible: choose coarser resolutions"
            )
        self._cells = kernel.Cells.make(self._counts)
        self._settings = np.array(
            [_strength(own), own.range_resolution, own.velocity_resolution, own.min_range]
        )
        side, up = np.radians(own.fov_deg) / 2
        fastest = own.velocity_resolution * (self._counts[1] // 2)
        self._high = np.array([own.max_range, side, up, fastest, LOUDEST], np.float32)
        self._low = self._high * np.array([0, -1, -1, -1, 0], np.float32)
        box = spaces.Box(
            np.tile(self._low, (self.capacity, 1)), np.tile(self._high, (self.capacity, 1)),
            dtype=np.float32,
        )  # fmt: skip
        count = spaces.Box(0, self.capacity, (1,), np.int32)
        self.space = spaces.Dict({key: box, f"{key}_count": count})

    def __deepcopy__(self, memo: object) -> Radar:
        return self  # nothing changes: saved states need no copy of its tables and cells

    def reset(self, world: World, ids: IntArray, streams: Streams) -> None:
        """Nothing to remember."""

    def read(self, world: World, ids: IntArray, streams: Streams) -> Observation:
        """{key: (n, capacity, 5), key_count: (n, 1)}."""
        moments = world.moments(ids, np.array([self.moment]))
        velocity = moments.of_mount(self._T_body_sensor).velocity[:, 0]
        T_world_body = moments.T_world_body[:, 0]
        outputs = ("depth", "normals", "triangle", "semantic", "instance")
        seen = world.view(self._head, T_world_body, ids, outputs)  # type: ignore[arg-type]
        T_world_sensor = T_world_body @ self._T_body_sensor
        returns = np.zeros((len(ids), self.capacity, 5), np.float32)
        count = np.zeros((len(ids), 1), np.int32)
        keys = np.stack(
            [streams.keys(f"{self.key} {what}", ids) for what in ("speckle", "angles", "alarms")], 1
        )
        for k, row in enumerate(ids):
            images = {name: image[k] for name, image in seen.items()}
            made_of = substances_of(world.places[row])
            moving = no_motion() if world.others is None else world.others.states(row).motion
            found = self._measure(
                images, made_of, moving, T_world_sensor[k], velocity[k], keys[k, :, None]
            )
            count[k] = len(found)
            returns[k, : len(found)] = found
        return {self.key: returns, f"{self.key}_count": count}

    def _measure(
        self,
        seen: dict[str, NDArray],
        made_of: NDArray,
        moving: NDArray[np.float64],
        T_world_sensor: NDArray,
        velocity: NDArray,
        keys: NDArray[np.uint64],
    ) -> NDArray[np.float32]:
        """(K, 5) returns of one radar.

        Args:
            moving: `MoverStates.motion` around it.
            velocity: (3,) of the sensor in the world [m/s].
            keys: (3, 1) for speckle, angles and false alarms.
        """
        own, cells, R = self.chirps, self._cells, T_world_sensor[:3, :3]
        used = kernel.fill(
            seen["depth"], seen["normals"], seen["triangle"], seen["semantic"], seen["instance"],
            made_of, _OF_CLASS, _SURFACES, moving, self._directions, self._solid, self._gain,
            self._beam, T_world_sensor, R.T @ velocity, self._counts, self._settings, *cells,
        )  # fmt: skip
        draws = normals(keys[0], 2 * used)[0] if self.noise else np.zeros(2, np.float32)
        threshold = 10 ** (own.threshold_db / 10)
        found = kernel.detect(used, draws, self.noise, self._counts, threshold, *cells)
        kernel.clear(used, *cells)
        returns = self._located(found, keys[1])
        if self.noise and own.false_alarms:
            returns = np.concatenate([returns, self._alarms(keys[2])])
        order = np.argsort(-returns[:, 4], kind="stable")[: self.capacity]
        return np.clip(returns[order], self._low, self._high).astype(np.float32)

    def _located(self, found: NDArray, key: NDArray[np.uint64]) -> NDArray:
        """(K, 5) returns from the cells that were detected."""
        own = self.chirps
        across, up, snr = found[:, 2], found[:, 3], np.maximum(found[:, 4], 1.0)
        azimuth = np.arctan2(across, np.sqrt(np.maximum(1 - across**2 - up**2, 0.0)))
        elevation = np.arcsin(np.clip(up, -1, 1))
        if self.noise and len(found):
            z = normals(key, 2 * len(found)).reshape(2, -1).astype(np.float64)
            array = 1 / (1.6 * np.sqrt(2 * snr))
            azimuth += z[0] * np.radians(
                np.hypot(own.azimuth_resolution_deg * array, own.angle_std_deg)
            )
            elevation += z[1] * np.radians(
                np.hypot(own.elevation_resolution_deg * array, own.angle_std_deg)
            )
        distance = found[:, 0] * own.range_resolution
        velocity = (found[:, 1] - self._counts[1] // 2) * own.velocity_resolution
        return np.stack([distance, azimuth, elevation, velocity, 10 * np.log10(snr)], 1)

    def _alarms(self, key: NDArray[np.uint64]) -> NDArray:
        """(K, 5) returns from nothing, spread evenly; K is Poisson distributed, at most 16."""
        own = self.chirps
        first, *rest = uniforms(key, 1 + 5 * 16)[0].astype(np.float64)
        number, share = 0, np.exp(-own.false_alarms)
        left = first - share
        while left >= 0 and number < 16:
            number += 1
            share *= own.false_alarms / number
            left -= share
        u = np.reshape(rest, (16, 5))[:number]
        ranges, velocities, _ = self._counts
        side, up = np.radians(own.fov_deg) / 2
        above = -np.log1p(-u[:, 4])  # noise that exceeds a threshold does so exponentially
        return np.stack(
            [
                np.maximum(np.floor(u[:, 0] * ranges) * own.range_resolution, own.min_range),
                np.arcsin((2 * u[:, 1] - 1) * np.sin(side)),
                (2 * u[:, 2] - 1) * up,
                (np.floor(u[:, 3] * velocities) - velocities // 2) * own.velocity_resolution,
                10 * np.log10(10 ** (own.threshold_db / 10) + above),
            ],
            1,
        )


def substances_of(place: Place) -> NDArray[np.int8]:
    """Substances of the triangles of a place, derived once."""
    return place.derived("substances", substances)


def _fan(own: Chirps) -> tuple[NDArray[np.float32], NDArray]:
    """(H, W, 3) directions in the sensor's frame, top left first, and (H, W) solid angles [sr]."""
    (columns, rows), (side, up) = own.rays, np.radians(own.fov_deg) / 2
    azimuth = side * (1 - (2 * np.arange(columns) + 1) / columns)
    elevation = up * (1 - (2 * np.arange(rows) + 1) / rows)[:, None]
    level = np.cos(elevation)
    axes = level * np.cos(azimuth), level * np.sin(azimuth), np.sin(elevation)
    directions = np.stack(np.broadcast_arrays(*axes), -1).astype(np.float32)
    solid = level * (2 * side / columns) * (2 * up / rows) * np.ones(columns)
    return directions, solid


def _gains(own: Chirps, directions: NDArray) -> NDArray:
    """(H, W) gain of one antenna."""
    azimuth = np.degrees(np.arctan2(directions[..., 1], directions[..., 0]))
    elevation = np.degrees(np.arcsin(np.clip(directions[..., 2], -1, 1)))
    off = (azimuth / own.beam_deg[0]) ** 2 + (elevation / own.beam_deg[1]) ** 2
    return 10 ** ((own.gain_dbi - 6 * off) / 10)


def _beams(own: Chirps, directions: NDArray) -> tuple[NDArray[np.int64], int]:
    """(H, W) the beam of every ray, and how many there are: equal steps of y and of z."""
    index, total = np.zeros(directions.shape[:2], np.int64), 1
    widths = own.azimuth_resolution_deg, own.elevation_resolution_deg
    for axis, width, fov in zip((1, 2), widths, own.fov_deg, strict=True):
        edge, step = np.sin(np.radians(fov) / 2), np.sin(np.radians(min(width, 90.0)))
        count = max(int(np.ceil(2 * edge / step - 1e-9)), 1)
        count += 1 - count % 2 if count > 1 else 0  # one beam looks straight ahead
        place = np.floor(directions[..., axis] / step + count / 2).astype(np.int64)
        index = index * count + np.clip(place, 0, count - 1)
        total *= count
    return index, total


def _cells_of(own: Chirps) -> tuple[int, int]:
    """Numbers of cells of range and, even, of velocity."""
    ranges = int(own.max_range / own.range_resolution) + 1
    return ranges, 2 * max(int(np.ceil(own.max_velocity / own.velocity_resolution - 0.5)), 1)


def _strength(own: Chirps) -> float:
    """Signal-to-noise ratio of 1 m² at 1 m between isotropic antennas (radar equation)."""
    wavelength = LIGHT_SPEED / own.frequency
    power = 1e-3 * 10 ** (own.power_dbm / 10)
    noise = BOLTZMANN * ROOM * 10 ** (own.noise_figure_db / 10) / own.coherent_time
    return float(power * wavelength**2 / (4 * np.pi) ** 3 / noise)


_OF_CLASS = substances_of_classes()
_SURFACES = np.stack([property_table(n) for n in ("reflectance", "slope", "scatter")], 1)
