"""How a walking body sways, and what is carried in its pocket and in its hands.

The hips bob twice and sway once per stride, the thighs and the arms swing like pendulums in
opposite phase, every strike of a heel runs up the body as a damped oscillation that each joint
weakens, and nobody ever holds still: sway of the standing body and tremor of the hands go on
without end. All of it follows the phase of the steps (`gait.rhythm`), so it stops with them, and
grows with the speed.

The amplitudes are plausible ones, fitted to no recording. On what is modelled: M. P. Murray et al.,
Walking patterns of normal men, JBJS 1964 (bob, sway, thigh and arm angles); M. A. Lafortune,
Three-dimensional acceleration of the tibia during walking and running, J. Biomechanics 1991
(shocks); T. E. Prieto et al., Measures of postural steadiness, IEEE T-BME 1996 (sway while
standing); R. J. Elble, Physiologic and essential tremor, Neurology 1986.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from navworld.geometry.splines import PoseSpline, UniformSpline, smoothed
from navworld.world.gait import (
    FINE,
    GAITS,
    REST_PHASE,
    Gait,
    Person,
    mounted,
    rhythm,
    stair_height,
)
from navworld.world.routes import TICK, Route

HIP, SHOULDER = 0.53, 0.82  # heights of the joints as shares of the person's
WEAKENED = {"pocket": 1.0, "hand": 0.5, "held": 0.15}  # of the jolt at the hips


@dataclass(frozen=True, eq=False)
class Stance:
    """The walking body at every `FINE` step of time.

    Attributes:
        t: (N,) [s]. phase: (N,) strides. effort: (N,) speed as a share of the gait's own, 0 to 1.3.
        poses: (N, 6) (x, y, z, yaw, pitch, roll) of a level frame on the ground under the body;
            on stairs z is the height of the steps.
    """

    t: NDArray[np.float64]
    phase: NDArray[np.float64]
    effort: NDArray[np.float64]
    poses: NDArray[np.float64]


def stance(route: Route, person: Person, gait: Gait, *, flight: int = 0) -> Stance:
    """How the body goes along a route."""
    count = round(route.t[-1] / FINE) + 1
    t = np.arange(count) * FINE
    width = round(0.15 / TICK)
    own = person.step_rate * gait.rate * gait.length * person.step_length * person.height
    phase = smoothed(rhythm(route, person, gait).phase[:, None], width)[:, 0]
    effort = smoothed(route.speed[:, None] / own, width)[:, 0]
    columns = np.column_stack([route.xy, route.yaw, route.ground, phase, effort])
    x, y, yaw, ground, phase, effort = CubicSpline(route.t, columns)(t).T
    effort = effort.clip(0, 1.3)
    height = stair_height(2 * (phase - REST_PHASE), flight)
    z = ground + smoothed(height[:, None], round(0.1 / FINE))[:, 0]
    none = np.zeros(count)
    return Stance(t, phase, effort, np.stack([x, y, z, yaw, none, none], 1))


def standing_curve(
    route: Route, rng: np.random.Generator, person: Person, placement: str
) -> PoseSpline:
    """Motion of an IMU on somebody who stands where the route begins."""
    body = stance(route, person, GAITS["walk"])
    poses = body.poses[:1].repeat(len(body.t), 0)
    if placement == "foot":
        ahead, left = 0.05, -0.5 * person.step_width
        offset = np.array([ahead, left, 0.09]) * person.height / 1.75
        poses[:, 3:] += _wandering(rng, len(poses), 0.4, 3) * np.radians(0.02)
        return _curve(mounted(poses, offset))
    place = _hand(person, GAITS["walk"]) if placement == "hand" else _pocket(person)
    lean = _wandering(rng, len(poses), 0.5, 2)  # an upside-down pendulum about the ankles
    poses[:, 4:] += lean * np.radians(0.25)
    joint = mounted(poses, np.array([0.0, place[0][1], place[0][2]]))
    return _curve(_trembling(mounted(joint, place[1]), rng, 0.0 if placement == "pocket" else 1.0))


def pocket_curve(
    route: Route, rng: np.random.Generator, person: Person, gait: Gait, *, flight: int = 0
) -> PoseSpline:
    """Motion of an IMU in the right front pocket: it swings with the thigh, x ahead, z up."""
    body = stance(route, person, gait, flight=flight)
    hip, offset = _pocket(person)
    poses = _carried(body, rng, person, gait)
    poses = mounted(poses, np.array([0.0, hip[1], hip[2]]))
    poses[:, 4] += _thigh(body, person, gait)
    poses = mounted(poses, offset) + _shocks(body, rng, person, gait, WEAKENED["pocket"])
    return _curve(_trembling(poses, rng, 0.0))


def hand_curve(
    route: Route, rng: np.random.Generator, person: Person, gait: Gait, *, flight: int = 0
) -> PoseSpline:
    """Motion of an IMU in the right hand, the arm swinging; x along the forearm's front, z up."""
    body = stance(route, person, gait, flight=flight)
    shoulder, offset = _hand(person, gait)
    poses = mounted(_carried(body, rng, person, gait), np.array([0.0, shoulder[1], shoulder[2]]))
    angle = np.radians(gait.arm_deg) * person.swing * body.effort
    wave = 2 * np.pi * (body.phase + 0.25)
    poses[:, 4] += angle * (np.cos(wave) - 0.35 + 0.12 * np.cos(2 * wave + 0.6))
    poses[:, 3] += 0.25 * angle * np.cos(wave - 0.4)
    poses[:, 5] += 0.15 * angle * np.sin(wave)
    poses = mounted(poses, offset) + _shocks(body, rng, person, gait, WEAKENED["hand"])
    return _curve(_trembling(poses, rng, 1.0))


def held_curve(
    route: Route, rng: np.random.Generator, person: Person, *, height: float, look_deg: float
) -> PoseSpline:
    """Motion of a camera held before the chest by somebody who walks and looks around.

    Args:
        height: Mean height above the floor [m].
        look_deg: Standard deviation of the looking around [deg].
    """
    gait = GAITS["walk"]
    body = stance(route, person, gait)
    poses = _carried(body, rng, person, gait, share=0.6)  # the arms take up part of the bob
    count = len(poses)
    poses = mounted(poses, np.array([0.0, 0.0, height]))
    look = _wandering(rng, count, 0.15, 3) * np.radians(look_deg)
    poses[:, 3:] += look * [1.0, 0.35, 0.12]
    poses[:, 2] += 0.03 * _wandering(rng, count, 0.15, 1)[:, 0]
    wave = 2 * np.pi * body.phase
    poses[:, 4] += np.radians(1.0) * body.effort * np.cos(2 * wave + 0.8)
    poses[:, 5] += np.radians(1.2) * body.effort * np.sin(wave)
    poses += _shocks(body, rng, person, gait, WEAKENED["held"])
    return _curve(_trembling(poses, rng, 1.0))


def _pocket(person: Person) -> tuple[NDArray, NDArray]:
    """The hip, and the pocket as seen from it, in a frame on the ground [m]."""
    return (
        np.array([0.0, -0.055, HIP]) * person.height,
        np.array([0.045, -0.025, -0.11]) * person.height,
    )


def _hand(person: Person, gait: Gait) -> tuple[NDArray, NDArray]:
    """The right shoulder, and the hand as seen from it [m]."""
    bend = np.radians(gait.elbow_deg)
    reach = np.array([0.15 * np.sin(bend), -0.01, -0.17 - 0.15 * np.cos(bend)])
    return np.array([0.0, -0.12, SHOULDER]) * person.height, reach * person.height


def _carried(
    body: Stance, rng: np.random.Generator, person: Person, gait: Gait, *, share: float = 1.0
) -> NDArray[np.float64]:
    """(N, 6) poses of the swaying body's frame."""
    poses, wave = body.poses.copy(), 2 * np.pi * body.phase
    vary = 1 + person.unsteadiness * _wandering(rng, len(poses), 0.5, 2)
    up = share * gait.bob * body.effort**1.5 * vary[:, 0]
    aside = share * gait.sway * np.minimum(body.effort, 1) * vary[:, 1]
    limp = person.asymmetry * np.cos(wave)
    poses[:, 2] += up * (np.cos(2 * wave) + limp + 0.15 * np.cos(4 * wave + 0.5) - 1.0)
    left = -aside * np.cos(wave)
    ahead = share * 0.4 * abs(gait.bob) * body.effort * np.sin(2 * wave + 0.4)
    c, s = np.cos(poses[:, 3]), np.sin(poses[:, 3])
    poses[:, 0] += c * ahead - s * left
    poses[:, 1] += s * ahead + c * left
    poses[:, 3] += share * np.radians(4.0) * body.effort * np.sin(wave)
    poses[:, 5] += share * np.radians(2.0) * body.effort * np.cos(wave)
    return poses


def _thigh(body: Stance, person: Person, gait: Gait) -> NDArray[np.float64]:
    """(N,) pitch of the right thigh [rad]: lifted most before its heel strikes."""
    wave = 2 * np.pi * (body.phase + 0.22)
    size = np.radians(gait.thigh_deg) * person.swing * body.effort
    return -size * (np.cos(wave) + 0.25 + 0.18 * np.cos(2 * wave + 0.9))


def _shocks(
    body: Stance, rng: np.random.Generator, person: Person, gait: Gait, share: float
) -> NDArray[np.float64]:
    """(N, 6) how the strikes of both heels shake a part of the body."""
    found = np.zeros((len(body.t), 6))
    first = 0.5 * (1 - gait.moving) + gait.strike * gait.moving
    for side, near in ((0.0, 1.0), (0.5, 0.7)):
        for stride in np.arange(np.ceil(body.phase[0]), body.phase[-1] + 1):
            when = np.searchsorted(body.phase, stride - 1 + first + side)
            if not 0 < when < len(body.t):
                continue
            hard = near * person.heel_strike * body.effort[when] ** 2
            hard *= np.exp(0.15 * rng.standard_normal())
            found += share * hard * _jolt(body.t - body.t[when], gait, body.poses[when, 3])
    return found


def _jolt(since: NDArray, gait: Gait, yaw: float) -> NDArray[np.float64]:
    """(N, 6) a soft body's answer to a strike: slower and longer than that of the foot."""
    found = np.zeros((len(since), 6))
    fade, omega = 1.5 * gait.fade, 2 * np.pi * 0.55 * gait.ring
    near = (since > 0) & (since < 8 * fade)
    tau = since[near]
    wave = np.exp(-tau / fade) * np.sin(omega * tau) * (1 - tau / (8 * fade)) ** 3
    wave *= tau / (tau + 2 / omega) / omega**2  # the first push is the hardest
    back = -0.4 * gait.jolt * wave
    found[near, 0], found[near, 1] = back * np.cos(yaw), back * np.sin(yaw)
    found[near, 2] = gait.jolt * wave
    found[near, 4], found[near, 5] = 4.0 * gait.jolt * wave, 2.0 * gait.jolt * wave
    return found


def _trembling(poses: NDArray, rng: np.random.Generator, size: float) -> NDArray[np.float64]:
    """Poses with the tremor of a hand (size 1) or only the sway of a body that stands (0)."""
    tremor = _wandering(rng, len(poses), 9.0, 6)
    slow = _wandering(rng, len(poses), 0.6, 6)
    still = np.array([2e-3, 2e-3, 5e-4, *np.radians([0.3, 0.2, 0.2])])
    hand = np.array([1.2e-4, 1.2e-4, 1.5e-4, *np.radians([0.06, 0.08, 0.06])])
    return poses + slow * still * (1 + 2 * size) + tremor * hand * (0.1 + size)


def _wandering(
    rng: np.random.Generator, count: int, rate: float, channels: int
) -> NDArray[np.float64]:
    """(count, channels) smooth random motion of unit spread, 0 at the start, up to `rate` [Hz]."""
    step = 0.5 / rate
    knots = rng.standard_normal((int(count * FINE / step) + 8, channels)).clip(-2.5, 2.5)
    knots[:3] = 0
    # Six equally spaced quintic B-spline weights have a sum of squares of 0.3935.
    return UniformSpline(knots, step)(np.arange(count) * FINE, 1)[0] / 0.3935**0.5


def _curve(poses: NDArray) -> PoseSpline:
    return PoseSpline(UniformSpline(poses, FINE), (len(poses) - 1) * FINE)
