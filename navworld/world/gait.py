"""How people walk: when which foot moves, where it stands, and how an IMU on it swings.

A stride has a flat-footed stance, in which the foot does not move at all; then the heel rises
about the ball of the foot, the toe leaves the ground, the foot swings through with the toe up,
the heel strikes, rings like a damped oscillation, and the foot comes down flat. The shapes are
key frames over the moving part of a stride, made smooth; their amplitudes follow the length of
the stride, so a foot that merely steps on the spot moves little.

The walking numbers (key frames, shock, wobble, ring) were tuned by hand to one recording of a foot
at 1.71 steps/s (Gait-Tracking's short walk): its pitch and height over a stride, and its power of
acceleration and angular rate below 50 Hz. Running and stairs were fitted to nothing; their
amplitudes are plausible ones. On the phases of gait: J. Perry, J. M. Burnfield, Gait Analysis,
2010; D. A. Winter, Biomechanics and Motor Control of Human Movement, 2009. Running: T. F.
Novacheck, The biomechanics of running, Gait & Posture 1998. Stairs: R. Riener et al., Stair ascent
and descent at different inclinations, Gait & Posture 2002.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from navworld.geometry import so3
from navworld.geometry.splines import PoseSpline, UniformSpline, smoothed
from navworld.world.routes import TICK, Route

FINE = 0.005  # motion of limbs is designed at this interval [s]
REST_PHASE = 0.25  # between the two mid-stances: where people stop and start
SOFT = 0.030, 0.015  # key frames of position and of attitude are made smooth over these times [s]
PUSH = 0.6  # ringing when the toe leaves the ground, as a share of that of the heel's strike
MODES = ((1.0, 1.0), (2.3, 0.8))  # frequencies and accelerations of the ringing
INSTEP = -0.12, 0.0, 0.07  # from the ball of the foot to the IMU, for a height of 1.75 m [m]
Keys = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Person:
    """What differs between people; `Person.drawn` draws one.

    Attributes:
        height: [m]; legs, arms and foot are proportional to it.
        step_rate: Of walking [steps/s].
        step_length: Of walking, as a share of the height.
        step_width: Between the feet [m]. toe_out_deg: Of each foot.
        asymmetry: By how much left and right differ, as a share of the amplitude.
        unsteadiness: By how much strides differ, as a share of the amplitude.
        heel_strike: How hard the heel strikes; 1 is usual.
        swing: How far arms and thighs swing and feet are lifted; 1 is usual.
    """

    height: float = 1.75
    step_rate: float = 1.8
    step_length: float = 0.43
    step_width: float = 0.10
    toe_out_deg: float = 7.0
    asymmetry: float = 0.02
    unsteadiness: float = 0.03
    heel_strike: float = 1.0
    swing: float = 1.0

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            least = -45.0 if name == "toe_out_deg" else 0.0
            if not (np.isfinite(value) and value >= least):
                raise ValueError(f"Person({name}={value!r}) must be a number of at least {least:g}")
        if not (0.8 <= self.height <= 2.3 and 0.5 <= self.step_rate <= 3.5):
            raise ValueError(
                f"Person(height={self.height}, step_rate={self.step_rate}): expected 0.8 to 2.3 m "
                "and 0.5 to 3.5 steps/s"
            )

    @classmethod
    def drawn(cls, rng: np.random.Generator, *, step_rate: float | None = None) -> Person:
        """An adult at random; with a step rate of less than their own they take shorter steps."""
        z = np.clip(rng.standard_normal(9), -2, 2)
        height = 1.70 + 0.09 * z[0]
        usual = 1.83 * np.sqrt(1.70 / height) + 0.10 * z[1]  # a leg swings like a pendulum
        rate = usual if step_rate is None else step_rate
        return cls(
            height=height,
            step_rate=rate,
            step_length=(0.44 + 0.02 * z[2]) * np.sqrt(rate / usual),
            step_width=0.10 + 0.02 * z[3],
            toe_out_deg=7.0 + 4.0 * z[4],
            asymmetry=0.03 * abs(z[5]),
            unsteadiness=0.03 + 0.01 * z[6],
            heel_strike=np.exp(0.2 * z[7]),
            swing=np.exp(0.08 * z[8]),
        )


@dataclass(frozen=True)
class Gait:
    """One way of going on foot. Times within a step are shares of the moving part of a stride.

    Attributes:
        rate: Step rate as a multiple of that of walking.
        length: Step length as a multiple of that of walking; fixed to `tread` on stairs.
        moving: Share of a stride in which a foot is not flat on the ground.
        pitch: Of the foot [deg], toe down positive. forward: Of its toe, as a share of the stride.
        lift: Of its toe [m]. leave, strike: When the foot leaves and meets the ground.
        shock: Acceleration at the strike [m/s²]. wobble: Of the pitch, too [rad/s²].
        ring: Of the strike [Hz]. fade: Time in which the ringing falls to 1/e [s].
        jolt: What of the strike reaches the hips [m/s²].
        bob: Amplitude of the body's height [m], highest at mid-stance if positive.
        sway: Amplitude of the body to the side [m].
        thigh_deg, arm_deg: Amplitudes of their swing. elbow_deg: Its bend.
    """

    rate: float
    length: float
    moving: float
    pitch: Keys
    forward: Keys
    lift: Keys
    leave: float
    strike: float
    shock: float
    wobble: float
    ring: float
    fade: float
    jolt: float
    bob: float
    sway: float
    thigh_deg: float
    arm_deg: float
    elbow_deg: float


WALK = Gait(
    rate=1.0,
    length=1.0,
    moving=0.70,
    pitch=(
        (0, 0), (0.1, 4), (0.2, 19), (0.34, 70), (0.37, 72), (0.40, 66), (0.62, 0), (0.76, -28),
        (0.82, -27), (0.895, -6), (0.94, -1), (1, 0),
    ),
    forward=(
        (0, 0), (0.30, 0), (0.37, 0.06), (0.5, 0.33), (0.62, 0.62), (0.74, 0.9), (0.82, 0.995),
        (0.86, 1), (1, 1),
    ),
    lift=(
        (0, 0), (0.34, 0), (0.43, 0.02), (0.55, 0.03), (0.65, 0.065), (0.75, 0.10), (0.83, 0.065),
        (0.91, 0.018), (0.96, 0.002), (1, 0),
    ),
    leave=0.36, strike=0.82, shock=13.5, wobble=1450.0, ring=18.0, fade=0.04, jolt=10.0,
    bob=0.020, sway=0.020, thigh_deg=21.0, arm_deg=18.0, elbow_deg=15.0,
)  # fmt: skip
RUN = Gait(
    rate=1.48,
    length=1.40,
    moving=0.84,
    pitch=(
        (0, 0), (0.06, 6), (0.16, 48), (0.28, 92), (0.36, 90), (0.62, 22), (0.78, -8), (0.88, -18),
        (0.92, -14), (0.97, -1), (1, 0),
    ),
    forward=(
        (0, 0), (0.14, 0), (0.22, 0.04), (0.4, 0.28), (0.6, 0.62), (0.75, 0.88), (0.87, 0.99),
        (0.92, 1), (1, 1),
    ),
    lift=(
        (0, 0), (0.15, 0), (0.25, 0.10), (0.4, 0.20), (0.55, 0.14), (0.75, 0.10), (0.85, 0.08),
        (0.93, 0.04), (0.98, 0), (1, 0),
    ),
    leave=0.16, strike=0.92, shock=230.0, wobble=4000.0, ring=21.0, fade=0.02, jolt=50.0,
    bob=-0.040, sway=0.012, thigh_deg=33.0, arm_deg=28.0, elbow_deg=90.0,
)  # fmt: skip
YAW: Keys = (
    (0, 0),
    (0.36, 0),
    (0.65, -14),
    (0.80, 3),
    (0.88, 0),
    (1, 0),
)  # the toe turns out while it swings through, and back in just before it lands [deg]
STAIRS = Gait(
    rate=0.85,
    length=0.38,  # two treads of 0.28 m per stride of an average adult
    moving=0.62,
    pitch=(
        (0, 0), (0.15, 8), (0.3, 35), (0.4, 32), (0.6, 8), (0.8, 4), (0.9, 3), (1, 0),
    ),
    forward=(
        (0, 0), (0.25, -0.02), (0.4, 0.05), (0.6, 0.5), (0.8, 0.95), (0.9, 1), (1, 1),
    ),
    lift=(
        (0, 0), (0.25, 0.0), (0.4, 0.06), (0.6, 0.10), (0.8, 0.05), (0.92, 0.01), (1, 0),
    ),
    leave=0.32, strike=0.9, shock=14.0, wobble=500.0, ring=16.0, fade=0.04, jolt=7.0,
    bob=0.015, sway=0.025, thigh_deg=25.0, arm_deg=12.0, elbow_deg=20.0,
)  # fmt: skip
GAITS = {"walk": WALK, "run": RUN, "stairs": STAIRS}

RISE = 0.17  # of a stair [m]


@dataclass(frozen=True, eq=False)
class Rhythm:
    """When people step along a route.

    Attributes:
        phase: (N,) strides since the start at every `TICK` of the route, constant while standing;
            the right foot is in mid-stance at whole numbers, the left one half-way between.
        rests: (M,) phases at which the person stands, the first and the last included.
    """

    phase: NDArray[np.float64]
    rests: NDArray[np.float64]


def rhythm(route: Route, person: Person, gait: Gait) -> Rhythm:
    """Steps to a route: slower and shorter ones at less speed (Grieve's power law), none at rest.

    D. W. Grieve, Gait patterns and the speed of walking, Biomedical Engineering 1968.
    """
    usual = person.step_rate * gait.rate
    speed, turning = route.speed, np.gradient(route.turned, TICK)
    pace = usual * gait.length * person.step_length * person.height
    rate = 0.5 * usual * np.maximum((speed / pace).clip(0) ** 0.5, 0.8 * (turning > 0.1))
    going = (speed > 0.05 * pace) | (turning > 0.1)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], going.astype(np.int8), [0]])))
    phase, rests = np.full(len(rate), REST_PHASE), [REST_PHASE]
    for first, last in edges.reshape(-1, 2):
        gone = np.cumsum(rate[first:last]) * TICK
        strides = max(1.0, np.round(2 * gone[-1]) / 2)
        phase[first:last] = rests[-1] + gone * strides / gone[-1]
        phase[last:] = rests[-1] + strides
        rests.append(rests[-1] + strides)
    return Rhythm(phase, np.array(rests))


def foot_curve(
    route: Route, rng: np.random.Generator, person: Person, gait: Gait, *, flight: int = 0
) -> PoseSpline:
    """Motion of an IMU on the instep of the right foot.

    Args:
        flight: Stairs go up and down by so many steps; 0 on the level.

    Returns:
        The frame of the IMU is that of the foot: x to the toe, y left, z up when the foot is flat.
    """
    beat = rhythm(route, person, gait)
    prints, begins, ends = _footsteps(route, rng, person, gait, beat, flight)
    count = round(route.t[-1] / FINE) + 1
    t = np.arange(count) * FINE
    nominal = 2 * gait.length * person.step_length * person.height
    channels = np.tile(prints[0], (count, 1))
    shocks = np.zeros((count, 6))
    for k, (begin, end) in enumerate(zip(begins, ends, strict=True)):
        channels[t > begin] = prints[k + 1]
        inside = (t >= begin) & (t <= end)
        share = (t[inside] - begin) / (end - begin)
        far = np.hypot(*(prints[k + 1] - prints[k])[:2]) / nominal
        size = person.swing * np.clip(far, 0.1, 1.3) ** 0.7
        size *= 1 + person.unsteadiness * rng.standard_normal()
        channels[inside] = _swing(share, prints[k], prints[k + 1], gait, size)
        size *= min(1.0, (end - begin) * person.step_rate * gait.rate / gait.moving / 1.6)
        for when, force in ((gait.leave, PUSH), (gait.strike, person.heel_strike)):
            hard = force * size**1.5 * np.exp(0.15 * rng.standard_normal())
            shocks += hard * _shock(t - begin - when * (end - begin), gait, channels[:, 3])
    parts = [smoothed(channels[:, k : k + 3], round(SOFT[k // 3] / FINE)) for k in (0, 3)]
    instep = np.array(INSTEP) * person.height / 1.75
    poses = mounted(np.concatenate(parts, 1), instep) + shocks
    return PoseSpline(UniformSpline(poses, FINE), float(route.t[-1]))


def mounted(poses: NDArray, offset: NDArray) -> NDArray[np.float64]:
    """(N, 6) poses of a point that is fixed to a frame with poses (N, 6), at an offset (3,) [m]."""
    found = poses.copy()
    found[:, :3] += so3.from_euler_zyx(poses[:, 3:]) @ offset
    return found


def stair_height(steps: NDArray, flight: int) -> NDArray[np.float64]:
    """Height after so many steps on flights up and down [m]; 0 on the level."""
    if flight == 0:
        return np.zeros(np.shape(steps))
    return RISE * np.abs((np.asarray(steps) + flight) % (2 * flight) - flight)


def _footsteps(
    route: Route,
    rng: np.random.Generator,
    person: Person,
    gait: Gait,
    beat: Rhythm,
    flight: int,
) -> tuple[NDArray, NDArray, NDArray]:
    """Where the right foot stands, (K + 1, 6) poses of its toe, and when it moves, (K,) (K,)."""
    flat = 0.5 * (1 - gait.moving)
    last = beat.rests[-1]
    strides = np.arange(np.floor(last) + 1)
    late = 0.5 * person.asymmetry
    begin, end = strides + flat + late, strides + 1 - flat
    jitter = 0.3 * person.unsteadiness * rng.standard_normal((2, len(strides)))
    begin, end = begin + jitter[0] * flat, end + jitter[1] * flat
    for rest in beat.rests:  # a foot that would be in the air is put down before, or lifted after
        across = (begin < rest) & (rest < end)
        early = across & (rest - begin < end - rest)
        begin = np.where(early, rest + 1e-6, begin)
        end = np.where(across & ~early, rest - 1e-6, end)
    kept = (end - begin > 0.1) & (begin < last - 0.05) & (end > REST_PHASE)
    begin, end = begin[kept], end[kept]
    begins, ends = np.interp(begin, beat.phase, route.t), np.interp(end, beat.phase, route.t)
    # A step cut short by a rest borrows time from the stance before, so that it is not a jerk.
    hurried = ends - 1.4 * gait.moving / (person.step_rate * gait.rate)
    begins = np.maximum(np.minimum(begins, hurried), np.append(0.0, ends[:-1] + 0.05))
    middle = 0.5 * (np.append(0.0, ends) + np.append(begins, route.t[-1]))
    yaw = np.interp(middle, route.t, route.yaw)
    scatter = person.unsteadiness * np.array([0.3, 0.2, 1.0]) * rng.standard_normal((len(yaw), 3))
    ahead = scatter[:, 0] + 0.1 * person.height / 1.75
    left = scatter[:, 1] - 0.5 * person.step_width
    prints = np.zeros((len(middle), 6))
    c, s = np.cos(yaw), np.sin(yaw)
    prints[:, 0] = np.interp(middle, route.t, route.xy[:, 0]) + c * ahead - s * left
    prints[:, 1] = np.interp(middle, route.t, route.xy[:, 1]) + s * ahead + c * left
    steps = np.round(2 * (np.interp(middle, route.t, beat.phase) - REST_PHASE))
    prints[:, 2] = route.ground_below(prints[:, :2]) + 0.02 + stair_height(steps, flight)
    prints[:, 3] = yaw - np.radians(person.toe_out_deg) + scatter[:, 2]
    return prints, begins, ends


def _swing(
    share: NDArray, start: NDArray, stop: NDArray, gait: Gait, size: float
) -> NDArray[np.float64]:
    """(N, 6) pose of the toe at shares (N,) of a step from one footprint to the next."""
    pitch = size * np.radians(_along(gait.pitch, share))
    forward = _along(gait.forward, share)
    blend = share**3 * (10 - 15 * share + 6 * share**2)
    pose = start + (stop - start) * blend[:, None]
    pose[:, :2] = start[:2] + (stop - start)[:2] * forward[:, None]
    climb = np.clip(1.6 * share - 0.3, 0, 1) if stop[2] > start[2] else blend
    pose[:, 2] = start[2] + (stop - start)[2] * climb + size * _along(gait.lift, share)
    # The ball of the foot is an oblique hinge: rising, the heel also turns inwards.
    pose[:, 3] += 0.2 * np.maximum(pitch, 0) + size * np.radians(_along(YAW, share))
    pose[:, 4] += pitch
    pose[:, 5] += 0.3 * pitch
    return pose


def _shock(since: NDArray, gait: Gait, yaw: NDArray) -> NDArray[np.float64]:
    """(N, 6) damped oscillation of the pose, `since` (N,) [s] the foot met the ground."""
    found = np.zeros((len(since), 6))
    near = (since > 0) & (since < 6 * gait.fade)
    tau, wave = since[near], np.zeros(near.sum())
    for ratio, share in MODES:
        omega = 2 * np.pi * gait.ring * ratio
        wave += share * np.exp(-tau / gait.fade * ratio**0.5) * np.sin(omega * tau) / omega**2
    wave *= (1 - tau / (6 * gait.fade)) ** 3 * tau / (tau + 0.25 / gait.ring)
    back, up = -gait.shock * wave, 0.8 * gait.shock * wave
    found[near, 0], found[near, 1] = back * np.cos(yaw[near]), back * np.sin(yaw[near])
    found[near, 2] = up
    found[near, 4], found[near, 5] = gait.wobble * wave, 0.6 * gait.wobble * wave
    return found


def _along(keys: Keys, share: NDArray) -> NDArray[np.float64]:
    at, value = np.array(keys, np.float64).T
    return PchipInterpolator(at, value)(share)
