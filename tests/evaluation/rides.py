"""Sequences with known motions, held in memory."""

import numpy as np

from navworld.data.sequences import Channel, Recorded
from navworld.geometry import se3
from navworld.geometry.trajectories import Trajectory, integrate

HZ = 20.0


def straight(seconds=20.0, speed=1.0):
    """Motions (N − 1, 4, 4) of a body that goes straight on."""
    steps = np.zeros((round(seconds * HZ), 6))
    steps[:, 0] = speed / HZ
    return se3.exp(steps)


def wandering(seconds=20.0, seed=0):
    """Motions of a body that goes on and turns about, in space."""
    rng = np.random.default_rng(seed)
    steps = rng.normal(0.0, 0.01, (round(seconds * HZ), 6))
    steps[:, 0] += 1.0 / HZ
    return se3.exp(steps)


def ride(motions, name="ride", *, start=0.0, extra=None):
    """A sequence with those motions in a channel "step", the identity first."""
    stamps = start + np.arange(len(motions) + 1) / HZ
    first = np.eye(4)
    first[:3, 3] = 5.0, -3.0, 1.0
    steps = np.concatenate([np.eye(4)[None], motions])
    channels = {"step": Channel("samples", stamps, (4, 4), np.dtype(np.float64))}
    items = {"step": steps}
    for key, (channel, values) in (extra or {}).items():
        channels[key], items[key] = channel, values
    truth = Trajectory(stamps, integrate(first, motions))
    return Recorded(name, channels, items, truth)
