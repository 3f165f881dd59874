"""Noise, as presets named and cited: of motion, of depth images, of colour images.

`actuation` (PyRobot's LoCoBot models) and `mixtures` (Active Neural SLAM's form) disturb motion;
`depth` (Redwood) and `rgb` (Gaussian, shot noise) disturb images: `NoisySensor` wraps any sensor
whose images they fit. A result names its preset: every model has a `name`.
"""

from __future__ import annotations

from navworld.sensors.noise.actuation import (
    PYROBOT,
    Actuation,
    GaussianActuation,
    MotionErrors,
    TruncatedActuation,
)
from navworld.sensors.noise.depth import RedwoodDepth, distortion_table
from navworld.sensors.noise.mixtures import ActionMixtures, Mixture, MixtureActuation
from navworld.sensors.noise.odometer import OdometerPose
from navworld.sensors.noise.presets import (
    ACTUATION_PRESETS,
    ODOMETER_PRESETS,
    actuation_model,
    actuation_preset,
    odometer_preset,
)
from navworld.sensors.noise.rgb import GaussianRGB, ShotNoise
from navworld.sensors.noise.wrapper import IMAGE_PRESETS, ImageNoise, NoisySensor, image_noise

__all__ = [
    "ACTUATION_PRESETS", "IMAGE_PRESETS", "ODOMETER_PRESETS", "PYROBOT", "ActionMixtures",
    "Actuation", "GaussianActuation", "GaussianRGB", "ImageNoise", "Mixture", "MixtureActuation",
    "MotionErrors", "NoisySensor", "OdometerPose", "RedwoodDepth", "ShotNoise",
    "TruncatedActuation", "actuation_model", "actuation_preset", "distortion_table", "image_noise",
    "odometer_preset",
]  # fmt: skip
