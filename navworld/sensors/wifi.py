"""WiFi: received signal strengths of the access points around.

| name | shape | unit |
|---|---|---|
| `wifi` | (max_access_points,) float32 | received power [dBm]; `floor` where nothing is heard |

Rate: one scan per step, at its end. Entry k is the same access point throughout a scene: they are
placed once per scene from `seed` (`navworld.world.radio`), one per `area_per_point` m² of floor.

Model, in decibels: transmitted power, minus free-space loss 20 log₁₀(4π d f / c) with the exponent
`exponent` beyond 1 m, minus the walls on the straight way (multi-wall model of COST 231: 3.4 dB a
light wall, 6.9 dB a heavy one, 18.3 dB a floor, 3 dB a door), plus shadowing: a Gaussian field of
`shadowing_std` with decorrelation distance `decorrelation`, one per access point, the same at
every visit to a place. Noise is small-scale fading, drawn anew at each scan: Rician with the
factor `rician_db` in sight of the access point, Rayleigh behind walls, averaged over `diversity`
independent parts of the band (a channel of 20 MHz is several times as wide as the coherence
bandwidth of rooms). Furniture, people and other stations are not modelled.

Defaults: 2.44 GHz, 20 dBm (the limit of EN 300 328 with the antenna), −95 dBm sensitivity of
common receivers at the lowest rate, whole decibels as drivers report them. Shadowing, its
decorrelation, the Rician factor and the diversity are estimates: where walls are not counted,
Recommendation ITU-R P.1238 gives a spread of 8 dB in homes at 2 GHz.
"""

from __future__ import annotations

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from navworld.beliefs import Observation
from navworld.streams import IntArray, Streams
from navworld.world.body import Camera
from navworld.world.envelope import envelope
from navworld.world.radio import AccessPoints, Walls, access_points, walls
from navworld.world.store import Place
from navworld.world.world import World

LIGHT_SPEED = 299_792_458.0
LOUDEST = 0.0
"""Upper bound of what is reported [dBm]."""
NEAREST = 0.3
"""Path loss is that of this distance for all that is nearer [m]."""


class WiFi:
    """Received signal strengths.

    Args:
        max_access_points: Length of the reading.
        area_per_point: Floor per access point [m²].
        power: Transmitted, with the antennas [dBm].
        frequency: [Hz].
        exponent: Of distance beyond 1 m; 2 is free space.
        shadowing_std: [dB]. decorrelation: [m].
        fading: Whether small-scale fading disturbs every scan.
        rician_db: Strength of the direct way over all others, in sight [dB].
        diversity: Independent parts of the band.
        floor: Sensitivity: what is weaker is not heard [dBm].
        step: Quantisation [dB]; 0 for none.
        position: Of the antenna on the body [m].
        seed: Of the placing of access points.
        key: Its name in the observation.
    """

    renders: tuple[tuple[Camera, str], ...] = ()

    def __init__(
        self,
        *,
        max_access_points: int = 8,
        area_per_point: float = 20.0,
        power: float = 20.0,
        frequency: float = 2.44e9,
        exponent: float = 2.0,
        shadowing_std: float = 3.0,
        decorrelation: float = 1.5,
        fading: bool = True,
        rician_db: float = 6.0,
        diversity: int = 4,
        floor: float = -95.0,
        step: float = 1.0,
        position: tuple[float, float, float] = (0.0, 0.0, 0.6),
        seed: int = 0,
        key: str = "wifi",
    ) -> None:
        for name, number in (("max_access_points", max_access_points), ("diversity", diversity)):
            if not (isinstance(number, (int, np.integer)) and 1 <= number <= 256):
                raise ValueError(f"WiFi({name}={number!r}) must be a whole number 1 to 256")
        for name, value in (
            ("area_per_point", area_per_point), ("frequency", frequency),
            ("exponent", exponent), ("decorrelation", decorrelation),
        ):  # fmt: skip
            if not (np.isfinite(value) and value > 0):
                raise ValueError(f"WiFi({name}={value!r}) must be a positive number")
        for name, value in (("shadowing_std", shadowing_std), ("step", step)):
            if not (np.isfinite(value) and value >= 0):
                raise ValueError(f"WiFi({name}={value!r}) must be zero or positive")
        if not (np.isfinite(power) and np.isfinite(rician_db)):
            raise ValueError(f"WiFi(power={power!r}, rician_db={rician_db!r}) must be finite")
        if not -200.0 <= floor < LOUDEST:
            raise ValueError(f"WiFi(floor={floor!r}) must lie between −200 and 0 dBm")
        self.most, self.area_per_point, self.seed = int(max_access_points), area_per_point, seed
        self.power, self.frequency, self.exponent = power, frequency, exponent
        self.shadowing_std, self.decorrelation = shadowing_std, decorrelation
        self.fading, self.rician_db, self.diversity = fading, rician_db, int(diversity)
        self.floor, self.step, self.key = floor, step, key
        self._antenna = np.array(position, np.float64)
        self._name = f"access points {seed} {area_per_point} {self.most} {decorrelation}"
        box = spaces.Box(floor, LOUDEST, (self.most,), np.float32)
        self.space = spaces.Dict({key: box})

    def reset(self, world: World, ids: IntArray, streams: Streams) -> None:
        """Nothing to remember."""

    def read(self, world: World, ids: IntArray, streams: Streams) -> Observation:
        """{key: (n, max_access_points)}."""
        T = world.T_world_body(ids)
        at = T[:, :3, 3] + np.einsum("nij,j->ni", T[:, :3, :3], self._antenna)
        level = np.full((len(ids), self.most), -np.inf)
        hidden = np.zeros((len(ids), self.most), bool)
        for k, row in enumerate(ids):
            received, loss = self.mean_power(world.places[row], at[k])
            level[k, : len(received)], hidden[k, : len(loss)] = received, loss > 0
        if self.fading:
            level += self._faded(hidden, ids, streams)
        if self.step:
            level = np.rint(level / self.step) * self.step
        level = np.where(level < self.floor, self.floor, np.minimum(level, LOUDEST))
        return {self.key: level.astype(np.float32)}

    def mean_power(self, place: Place, position: NDArray) -> tuple[NDArray, NDArray]:
        """Power received at a place (3,) without fading [dBm], and the walls' share of loss [dB].

        Returns:
            (A,) for each access point of the scene, however weak.
        """
        points, faces = self.points(place), walls_of(place)
        distance = np.maximum(np.linalg.norm(points.position - position, axis=1), NEAREST)
        free = 20 * np.log10(4 * np.pi * self.frequency / LIGHT_SPEED)
        exponent = np.where(distance > 1.0, self.exponent, 2.0)
        loss = faces.between(position, points.position)
        level = self.power - free - 10 * exponent * np.log10(distance) - loss
        if self.shadowing_std:
            level += self.shadowing_std * points.shadowing(position)
        return level, loss

    def points(self, place: Place) -> AccessPoints:
        """The access points of a place."""
        return place.derived(
            self._name,
            lambda scene: access_points(
                scene,
                seed=self.seed,
                area_per_point=self.area_per_point,
                most=self.most,
                decorrelation=self.decorrelation,
            ),
        )

    def _faded(self, hidden: NDArray[np.bool_], ids: IntArray, streams: Streams) -> NDArray:
        """(n, A) small-scale fading [dB]; its power has mean 1."""
        factor = np.where(hidden, 0.0, 10 ** (self.rician_db / 10))[..., None]
        shape = (self.most, self.diversity, 2)
        z = streams.normal(f"{self.key} fading", ids, shape)
        direct, spread = np.sqrt(factor / (factor + 1)), np.sqrt(0.5 / (factor + 1))
        power = (direct + spread * z[..., 0]) ** 2 + (spread * z[..., 1]) ** 2
        return 10 * np.log10(np.maximum(power.mean(-1), 1e-12))


def walls_of(place: Place) -> Walls:
    """What takes strength from radio in a place, derived once."""
    shell = place.derived("envelope", lambda scene: envelope(place.rays(None)))
    return place.derived("radio walls", lambda scene: walls(scene, shell))
