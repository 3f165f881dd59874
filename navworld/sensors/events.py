"""Event camera: asynchronous per-pixel changes of log intensity between two observations.

A pixel memorises a level of log intensity; when the intensity has risen or fallen from it by a
contrast threshold, the pixel sends an event and memorises the level it has reached.

| name | shape | unit |
|---|---|---|
| `events` | (capacity, 4) float32 | time since the previous observation [s], x, y [px], ±1 |
| `events_count` | (1,) int32 | how many events there were, also beyond `capacity` |
| `events_voxels` | (bins, H, W) float32 | signed sum of events, bilinear in time |

`form` chooses: "events" gives the first two, "voxels" the last, "both" all. Rows are sorted by
time and padded with zeros; of more than `capacity` events the newest are kept. Bin b of the
voxel grid (Zhu, Yuan, Chaney & Daniilidis, CVPR 2019) is centred at b / (bins − 1) of the step,
and holds every event. The first observation of an episode memorises its image and has no events.

Frame: image, x right, y down, the top left pixel at (0, 0). Rate: events are continuous in time;
their list is read once per step.

Model (Rebecq, Gehrig & Scaramuzza, "ESIM: an Open Event Camera Simulator", CoRL 2018; Gallego et
al., "Event-based Vision: A Survey", TPAMI 2020): images are rendered along the true motion since
the previous observation, so densely that nothing moves by more than `displacement` pixels from
one to the next (the motion of the image follows from depth and twist), or `max_subframes` times a
step. Between images, ln(luminance + eps) is linear in time. Luminance is linear (Rec. 709), in
parts of display white; `eps` stands for the dark current.

Optics: a pixel is a square behind a lens that spreads light by `blur` pixels; `rays`² rays
sample it. Both matter more than the number of images: with one sharp ray per pixel, edges are
steps in time, and lines thinner than the motion between two images show in some and not in
others, so that about one event in eight differs from those of ten times as many images; with the
defaults it is one in forty (`navworld verify events`).

Conditions: the light is what the colour camera sees at the same pose and moment, in the hour and
the season, through fog, rain and snow, with what lies under snow, is wet or mirrors. It is
exposed as the colour camera's is, so that nights and overcast days are shown brighter than they
are: `eps` is a part of what is shown white. Rain and snow are seen where they are at every image;
between two images they fall by no more than `displacement` pixels, as seen from 1 m away, or by
half a streak. What moves by itself is seen where it is at the observation: all it did since the
previous one happens before the first image between the two.

Noise (Hu, Liu & Delbruck, "v2e: From Video Frames to Realistic DVS Events", CVPRW 2021, whose
two named settings are the presets "clean" and "noisy"; the finite bandwidth of the photoreceptor
is not modelled): thresholds differ from pixel to pixel by `mismatch`, drawn at the start of an
episode; for `refractory` seconds after an event a pixel is in reset, then it memorises anew; the
memorised level leaks, which makes ON events at `leak_rate`; shot noise makes ON and OFF events
at `shot_rate` in the dark, a quarter of it at white; and a share `hot_share` of the pixels leaks
at `hot_rate` instead (Nozaki & Delbruck, "Temperature and Parasitic Photocurrent Effects in
Dynamic Vision Sensors", IEEE TED 2017). With a leak, pixels start anywhere in its cycle.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from navworld.beliefs import FAR, Observation
from navworld.names import nearest
from navworld.sensors import event_kernel as kernel
from navworld.sensors.cameras import imaged
from navworld.sensors.event_optics import ImageSpeed, dense_rays, ray_weights
from navworld.streams import IntArray, Streams
from navworld.world.appearance.weather import Sight, seconds_between, see
from navworld.world.body import Camera
from navworld.world.world import World

FORMS = ("events", "voxels", "both")

VOXEL_LIMIT = 1e4
"""Bound of a voxel."""

MOMENTS = 17
"""Moments of a step at which the speed of the image is taken."""

SMALLEST_THRESHOLD = 0.01
"""Mismatched thresholds are no smaller than this."""

SHOT_AT_WHITE = 0.25
"""Shot noise at display white in parts of its rate in the dark."""

CHUNK_BYTES = 1 << 26
"""Images held at a time."""


@dataclass(frozen=True)
class EventNoise:
    """How an event camera's pixels differ from ideal ones.

    Attributes:
        mismatch: Standard deviation of the thresholds over the pixels.
        refractory: Length of the reset after an event [s].
        leak_rate: ON events of a pixel at rest [Hz].
        shot_rate: ON and OFF events of a pixel in the dark, together [Hz].
        hot_share: Of the pixels.
        hot_rate: ON events of a hot pixel at rest [Hz].
    """

    mismatch: float = 0.0
    refractory: float = 0.0
    leak_rate: float = 0.0
    shot_rate: float = 0.0
    hot_share: float = 0.0
    hot_rate: float = 0.0

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not (np.isfinite(value) and value >= 0):
                raise ValueError(f"EventNoise({name}={value!r}) must be zero or positive")
        if self.hot_share > 1:
            raise ValueError(f"EventNoise(hot_share={self.hot_share!r}) is a share: at most 1")


EVENT_NOISE: dict[str, EventNoise] = {
    "ideal": EventNoise(),
    "clean": EventNoise(mismatch=0.02),
    "noisy": EventNoise(mismatch=0.05, leak_rate=0.1, shot_rate=5.0),
}
"""Named settings; "clean" and "noisy" are those of v2e (without its 30 Hz bandwidth)."""


class EventCamera:
    """Events of one camera.

    Args:
        camera: Size, lens and place on the body.
        form: "events", "voxels" or "both".
        preset: One of `EVENT_NOISE`.
        noise: Instead of a preset.
        on, off: Contrast thresholds of brighter and darker events (ln units).
        eps: Dark level in parts of display white.
        rays: Per pixel and axis.
        blur: Standard deviation of the spread of light by the lens [px], at most 0.7.
        displacement: Greatest motion of the image from one rendered sub-frame to the next [px].
        max_subframes: Greatest number of sub-frames of a step.
        capacity: Rows of the list of events; 16 per pixel by default.
        bins: Of the voxel grid.
        key: Its name in the observation.
    """

    def __init__(
        self,
        camera: Camera,
        *,
        form: str = "events",
        preset: str = "ideal",
        noise: EventNoise | None = None,
        on: float = 0.2,
        off: float = 0.2,
        eps: float = 0.01,
        rays: int = 3,
        blur: float = 0.6,
        displacement: float = 0.75,
        max_subframes: int = 256,
        capacity: int | None = None,
        bins: int = 5,
        key: str = "events",
    ) -> None:
        if form not in FORMS:
            raise ValueError(f"unknown form of events {form!r}{nearest(form, FORMS)}")
        if preset not in EVENT_NOISE:
            raise ValueError(f"unknown event preset {preset!r}{nearest(preset, EVENT_NOISE)}")
        pixels = camera.height * camera.width
        capacity = 16 * pixels if capacity is None else capacity
        _check_positive(on=on, off=off, eps=eps, displacement=displacement)
        _check_counts(rays=rays, max_subframes=max_subframes, capacity=capacity, bins=bins)
        if not 0 <= blur <= 0.7:
            raise ValueError(f"EventCamera(blur={blur!r}): give 0 to 0.7 [px]")
        self.camera, self.form, self.key = camera, form, key
        self.noise = EVENT_NOISE[preset] if noise is None else noise
        self.on, self.off, self.eps, self.rays, self.blur = on, off, eps, rays, blur
        self.displacement, self.max_subframes = displacement, max_subframes
        self.capacity, self.bins = capacity, bins
        self.renders: tuple[tuple[Camera, str], ...] = ((camera, "depth"),)
        self.views = ((camera, "color"),)
        self.space = spaces.Dict(self._boxes())
        self._sight = Sight(camera, dense_rays(camera, rays), grain=rays, frame=1)
        self._speed = ImageSpeed(camera)
        self._weights = ray_weights(rays, blur)
        self._blind = ~imaged(camera.model)
        self._pixels = _Pixels.of(0, pixels, 0)

    def reset(self, world: World, ids: IntArray, streams: Streams) -> None:
        """Forgets what the pixels memorised."""
        if len(self._pixels.first) < world.num_envs:
            shape = self.camera.height * self.camera.width, self._speed.samples
            self._pixels = _Pixels.of(world.num_envs, *shape)
        self._pixels.first[ids] = True

    def read(self, world: World, ids: IntArray, streams: Streams) -> Observation:
        """{"events": (n, capacity, 4), "events_count": (n, 1)} and/or {"events_voxels": …}."""
        events = self.events(world, ids, streams)
        seen: Observation = {}
        if self.form != "voxels":
            rows = np.zeros((len(ids), self.capacity, 4), np.float32)
            for k, found in enumerate(events):
                newest = found[-self.capacity :]
                kernel.listed(newest, self.camera.width, rows[k])
            counts = np.array([[len(found)] for found in events], np.int32)
            seen |= {self.key: rows, f"{self.key}_count": counts}
        if self.form != "events":
            size = self.camera.height, self.camera.width
            grids = np.zeros((len(ids), self.bins, *size), np.float32)
            for k, found in enumerate(events):
                grid = grids[k].reshape(self.bins, -1)
                kernel.voxels(found, float(world.dt[ids[k]]), grid)
            seen[f"{self.key}_voxels"] = np.clip(grids, -VOXEL_LIMIT, VOXEL_LIMIT)
        return seen

    def events(self, world: World, ids: IntArray, streams: Streams) -> list[NDArray[np.uint64]]:
        """All events of the last step, sorted and packed as `event_kernel` tells, per id."""
        reach = self._speed.ranges(world.render(self.camera, "depth", ids))
        logs = self._logs(world, ids, world.T_world_body(ids), world.time[ids])
        first = self._pixels.first[ids]
        dt = np.where(first, 0.0, world.dt[ids])
        if first.any():
            self._memorise(ids[first], logs[first], reach[first], streams)
        fractions = self._fractions(world, ids, reach)
        found = self._between(world, ids, fractions, dt)
        for k, i in enumerate(ids):
            events = self._cross(i, logs[k : k + 1], dt[k] * fractions[k][-2:], found[k])
            if self.noise.shot_rate > 0:
                events = np.concatenate([events, self._shot(i, logs[k], dt[k], streams)])
            found[k] = np.sort(events)
            self._pixels.ready[i] -= np.float32(dt[k])
        self._pixels.reach[ids], self._pixels.first[ids] = reach, False
        return found

    def subframes(self, world: World, ids: IntArray) -> list[NDArray]:
        """Fractions of the last step at which images are taken, from 0 to 1, per id.

        To be asked before `read`, which forgets the depth at the previous observation.
        """
        reach = self._speed.ranges(world.render(self.camera, "depth", ids))
        return self._fractions(world, ids, reach)

    def _fractions(self, world: World, ids: IntArray, reach: NDArray) -> list[NDArray]:
        """At equal steps of the fastest pixel, as bounded by depth before and after the step."""
        grid, fine = np.linspace(0.0, 1.0, MOMENTS), np.linspace(0.0, 1.0, 16 * MOMENTS)
        moments = world.moments(ids, grid).of_mount(self.camera.T_body_camera)
        ends = np.stack([self._pixels.reach[ids], reach], 1)
        speeds = self._speed.greatest(moments, ends)
        falling = [seconds_between(world, self._sight, int(i), self.displacement) for i in ids]
        speeds = np.maximum(speeds, self.displacement / np.array(falling)[:, None])
        dt = np.where(self._pixels.first[ids], 0.0, world.dt[ids])
        found = []
        for speed, duration in zip(speeds, dt, strict=True):
            rate = np.interp(fine, grid, speed) * duration
            travelled = np.append(0.0, np.cumsum((rate[1:] + rate[:-1]) / 2 * fine[1]))
            count = int(np.ceil(travelled[-1] / self.displacement))
            count = min(max(count, 1), self.max_subframes)
            inner = np.arange(1, count) * (travelled[-1] / count)
            found.append(np.concatenate([[0.0], np.interp(inner, travelled, fine), [1.0]]))
        return found

    def _between(
        self, world: World, ids: IntArray, fractions: list[NDArray], dt: NDArray
    ) -> list[NDArray[np.uint64]]:
        """Events up to the last but one image of every step; those images are rendered here."""
        found = [np.empty(0, np.uint64) for _ in ids]
        counts = np.array([len(f) for f in fractions])
        padded = np.ones((len(ids), counts.max()))
        for k, f in enumerate(fractions):
            padded[k, : len(f)] = f
        row, at = np.nonzero(np.arange(counts.max()) < counts[:, None] - 1)
        row, at = row[at > 0], at[at > 0]
        if not len(row):
            return found
        poses = world.moments(ids, padded).T_world_body[row, at]
        times = world.time[ids[row]] - (1 - padded[row, at]) * dt[row]
        chunk = max(1, CHUNK_BYTES // (12 * self._sight.pattern.directions[..., 0].size))
        for start in range(0, len(row), chunk):
            part = slice(start, start + chunk)
            logs = self._logs(world, ids[row[part]], poses[part], times[part])
            for k in np.unique(row[part]):
                mine = row[part] == k
                steps = at[part][mine]
                since = dt[k] * fractions[k][steps[0] - 1 : steps[-1] + 1]
                found[k] = self._cross(ids[k], logs[mine], since, found[k])
        return found

    def _cross(
        self, i: int, logs: NDArray, times: NDArray, found: NDArray[np.uint64]
    ) -> NDArray[np.uint64]:
        """What environment i's pixels add to what is found."""
        p = self._pixels
        events, count = kernel.crossings(
            logs, times, p.last[i], p.reference[i], p.ready[i], p.thresholds[i], p.leak[i],
            self.noise.refractory, np.empty(4096, np.uint64), 0,
        )  # fmt: skip
        return np.concatenate([found, events[:count]])

    def _logs(
        self, world: World, ids: IntArray, T_world_body: NDArray, times: NDArray
    ) -> NDArray[np.float32]:
        """(n, P) log intensities at poses (n, 4, 4) and times (n,) in environments `ids`."""
        camera = self.camera
        T_world_camera = T_world_body @ camera.T_body_camera
        color = see(world, self._sight, T_world_camera, ids, ("color",), times=times)["color"]
        logs = np.empty((len(ids), camera.height, camera.width), np.float32)
        kernel.log_luminance(color, kernel.DECODED, self._weights, self.eps, logs)
        logs[:, self._blind] = np.log(self.eps)
        return logs.reshape(len(ids), -1)

    def _memorise(self, ids: IntArray, logs: NDArray, reach: NDArray, streams: Streams) -> None:
        """Begins an episode with its first images and draws the pixels' properties."""
        p, noise, pixels = self._pixels, self.noise, logs.shape[1]
        p.last[ids], p.reference[ids], p.reach[ids] = logs, logs, reach
        p.ready[ids], p.leak[ids] = kernel.IDLE, 0.0
        p.thresholds[ids] = np.array([[self.off], [self.on]])
        if noise.mismatch > 0:
            spread = noise.mismatch * streams.normal(f"{self.key} mismatch", ids, (2, pixels))
            wanted = np.maximum(p.thresholds[ids] + spread, SMALLEST_THRESHOLD)
            p.thresholds[ids] = wanted
        if noise.leak_rate > 0 or noise.hot_share * noise.hot_rate > 0:
            hot = streams.uniform(f"{self.key} hot", ids, (pixels,)) < noise.hot_share
            rates = np.where(hot, noise.hot_rate, noise.leak_rate)
            p.leak[ids] = rates * p.thresholds[ids, 1]
            phase = streams.uniform(f"{self.key} phase", ids, (pixels,)) * (rates > 0)
            p.reference[ids] -= phase * p.thresholds[ids, 1]

    def _shot(self, i: int, logs: NDArray, dt: float, streams: Streams) -> NDArray[np.uint64]:
        """Shot noise of one step."""
        rng = streams.generator(f"{self.key} shot", i)
        count = rng.poisson(self.noise.shot_rate * len(logs) * dt)
        pixel = rng.integers(len(logs), size=count)
        light = np.clip(np.exp(logs[pixel]) - self.eps, 0.0, 1.0)
        kept = rng.uniform(size=count) < 1 - (1 - SHOT_AT_WHITE) * light
        times = rng.uniform(0.0, dt, count)
        return kernel.packed(times[kept], pixel[kept], rng.integers(2, size=count)[kept])

    def _boxes(self) -> dict[str, spaces.Space]:
        height, width = self.camera.height, self.camera.width
        boxes: dict[str, spaces.Space] = {}
        if self.form != "voxels":
            bounds = np.array([[0, 0, 0, -1], [FAR, width - 1, height - 1, 1]], np.float32)
            low, high = np.repeat(bounds[:, None], self.capacity, axis=1)
            boxes[self.key] = spaces.Box(low, high, dtype=np.float32)
            boxes[f"{self.key}_count"] = spaces.Box(0, np.iinfo(np.int32).max, (1,), np.int32)
        if self.form != "events":
            grid = (self.bins, height, width)
            box = spaces.Box(-VOXEL_LIMIT, VOXEL_LIMIT, grid, np.float32)
            boxes[f"{self.key}_voxels"] = box
        return boxes


@dataclass(frozen=True)
class _Pixels:
    """What the P pixels of B environments remember.

    Attributes:
        last: (B, P) log intensities at the previous observation.
        reference: (B, P) memorised levels.
        ready: (B, P) when the pixels leave their reset [s], since the previous observation.
        leak: (B, P) how fast the memorised levels sink [1/s].
        thresholds: (B, 2, P) of darker and of brighter events.
        reach: (B, S) ranges at the previous observation [m].
        first: (B,) whether the next observation begins an episode.
    """

    last: NDArray[np.float32]
    reference: NDArray[np.float32]
    ready: NDArray[np.float32]
    leak: NDArray[np.float32]
    thresholds: NDArray[np.float32]
    reach: NDArray[np.float32]
    first: NDArray[np.bool_]

    @classmethod
    def of(cls, num_envs: int, pixels: int, samples: int) -> _Pixels:
        """Nothing remembered."""
        last, reference, ready, leak = np.zeros((4, num_envs, pixels), np.float32)
        thresholds = np.zeros((num_envs, 2, pixels), np.float32)
        reach = np.zeros((num_envs, samples), np.float32)
        first = np.ones(num_envs, bool)
        return cls(last, reference, ready, leak, thresholds, reach, first)


def _check_positive(**values: float) -> None:
    for name, value in values.items():
        if not (np.isfinite(value) and value > 0):
            raise ValueError(f"EventCamera({name}={value!r}) must be a positive number")


def _check_counts(**values: int) -> None:
    for name, value in values.items():
        if not (isinstance(value, (int, np.integer)) and value >= 1):
            raise ValueError(f"EventCamera({name}={value!r}) must be a whole number, at least 1")
