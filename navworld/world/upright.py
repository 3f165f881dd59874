"""Bodies that stand upright on the floor: their poses, and how they came from one to the next."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from navworld.geometry.curves import Moments, quintic


def wrap(angle: NDArray | float) -> NDArray:
    """Angle in [−π, π)."""
    return (np.asarray(angle) + np.pi) % (2 * np.pi) - np.pi


def upright(xy: NDArray, z: NDArray, yaw: NDArray) -> NDArray[np.float64]:
    """(…, 4, 4) poses at (…, 2) and (…,) with headings (…,)."""
    T = np.zeros((*np.shape(yaw), 4, 4))
    c, s = np.cos(yaw), np.sin(yaw)
    T[..., 0, 0], T[..., 0, 1], T[..., 1, 0], T[..., 1, 1] = c, -s, s, c
    T[..., 2, 2], T[..., 3, 3] = 1.0, 1.0
    T[..., :2, 3], T[..., 2, 3] = xy, z
    return T


def between(
    xy: NDArray, z: NDArray, yaw: NDArray, knots: NDArray, dt: NDArray, fractions: NDArray
) -> Moments:
    """Moments (n, k) of n steps that end at `xy` (n, 2), `z` (n,) and `yaw` (n,).

    Args:
        knots: (n, 2, 3, 4) before and after the step: (x, y, z, yaw) less those at its end, their
            rates and their second rates.
        dt: (n,) how long the steps took [s]; not above 0 for bodies that have made none.
        fractions: (n, k) in [0, 1] of the steps.
    """
    dt = np.where(dt > 0, dt, 1.0)[:, None]
    scaled = (knots * (dt ** np.arange(3))[:, None, :, None]).reshape(len(knots), 6, 4)
    q, rate, second = np.einsum("dwnk,nwc->dnkc", quintic(fractions), scaled)
    rate, second = rate / dt[..., None], second / dt[..., None] ** 2
    T = upright(xy[:, None] + q[..., :2], z[:, None] + q[..., 2], yaw[:, None] + q[..., 3])
    turn = np.zeros((2, *fractions.shape, 3))
    turn[:, ..., 2] = rate[..., 3], second[..., 3]
    return Moments(T, rate[..., :3].copy(), second[..., :3].copy(), *turn)


def rates_on_arcs(yaw: NDArray, velocity: NDArray) -> NDArray[np.float64]:
    """(B, 2, 3) first and second rates of x, y and heading of bodies that drive along arcs.

    Args:
        yaw: (B,). velocity: (B, 3) forward and left [m/s], turn [rad/s], in the bodies' frames.
    """
    c, s = np.cos(yaw), np.sin(yaw)
    forward, left, rate = velocity.T
    vx, vy = forward * c - left * s, forward * s + left * c
    return np.stack(
        [np.stack([vx, vy, rate], 1), np.stack([-rate * vy, rate * vx, 0 * rate], 1)], 1
    )
