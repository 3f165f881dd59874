"""Grades of inertial sensors: named noise models, each figure with its source.

| name | grade | gyroscope: noise, walk, instability | accelerometer: the same |
|---|---|---|---|
| `ideal` | – | 0 | 0 |
| `mpu6000` | consumer | 0.005 °/s/√Hz, –, 4.6 °/h | 400 µg/√Hz, –, 36 µg |
| `bmi160` | consumer | 8.0e-5 rad/s/√Hz, 2.2e-6 rad/s²/√Hz, – | 1.4e-3, 8.6e-5 (SI), – |
| `bmi055` | consumer | 1.083e-4, 1.169e-6 (SI), – | 1.464e-3, 6.697e-5 (SI), – |
| `bmi088` | drone | 0.014 °/s/√Hz, –, 2 °/h | 175 µg/√Hz, –, – |
| `adis16448` | industrial | 1.6968e-4, 1.9393e-5 (SI), – | 2.0e-3, 3.0e-3 (SI), – |
| `mti300` | industrial | 0.01 °/s/√Hz, –, 10 °/h | 60 µg/√Hz, –, 15 µg |
| `adis16488` | tactical | 0.3 °/√h, –, 6.5 °/h | 0.029 m/s/√h, –, 0.1 mg |
| `stim300` | tactical | 0.15 °/√h, –, 0.5 °/h | 0.07 m/s/√h, –, 0.05 mg |
| `hg1700` | tactical | 0.125 °/√h, –, – | 0.065 ft/s/√h, –, – |

A term that its source does not give is 0. A tolerance (±) of a data sheet is taken as three
standard deviations, a figure called 1σ, typical or repeatability as one. A correlation time that
is nowhere given is 100 s, as NaveGo has it for its MEMS sensors.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi

import numpy as np

DEGREE = pi / 180
DEGREE_PER_HOUR = DEGREE / 3600
DEGREE_PER_ROOT_HOUR = DEGREE / 60
G = 9.80665
MILLI_G = 1e-3 * G
MICRO_G = 1e-6 * G
PER_ROOT_HOUR = 1 / 60


@dataclass(frozen=True)
class TriadNoise:
    """Errors of three like axes; the unit u is m/s² of accelerometers, rad/s of gyroscopes.

    Attributes:
        noise_density: White noise of the output, its rounding included [u/√Hz].
        random_walk: Of the bias [u·√Hz], that is u/s/√Hz.
        instability: Standard deviation of the bias' first-order Gauss–Markov process [u].
        correlation_time: Of that process [s].
        turn_on_bias: Standard deviation of a bias that is constant over an episode [u].
        scale: Standard deviation of an axis' scale error, over an episode.
        misalignment: Standard deviation of each cross-axis term, over an episode [rad].
        limit: What is larger is cut off [u].
        resolution: Step of the output [u]; 0 for none.
    """

    noise_density: float = 0.0
    random_walk: float = 0.0
    instability: float = 0.0
    correlation_time: float = 100.0
    turn_on_bias: float = 0.0
    scale: float = 0.0
    misalignment: float = 0.0
    limit: float = 1e4
    resolution: float = 0.0

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            positive = name in ("correlation_time", "limit")
            if not (np.isfinite(value) and (value > 0 if positive else value >= 0)):
                rule = "positive" if positive else "zero or positive"
                raise ValueError(f"TriadNoise({name}={value!r}) must be {rule}")


@dataclass(frozen=True)
class ImuGrade:
    """A noise model of an IMU.

    Attributes:
        accelerometer, gyroscope: Of its triads.
        grade: Class of device.
        source: Where the figures come from.
    """

    accelerometer: TriadNoise = TriadNoise()
    gyroscope: TriadNoise = TriadNoise()
    grade: str = ""
    source: str = ""


IMU_PRESETS: dict[str, ImuGrade] = {
    "ideal": ImuGrade(grade="ideal", source="no errors"),
    "mpu6000": ImuGrade(
        TriadNoise(
            noise_density=400 * MICRO_G, instability=36 * MICRO_G, correlation_time=800.0,
            turn_on_bias=50 / 3 * MILLI_G, scale=0.03 / 3, misalignment=0.02 / 3,
            limit=16 * G, resolution=G / 2048,
        ),
        TriadNoise(
            noise_density=0.005 * DEGREE, instability=4.6 * DEGREE_PER_HOUR,
            correlation_time=500.0, turn_on_bias=20 / 3 * DEGREE, scale=0.03 / 3,
            misalignment=0.02 / 3, limit=2000 * DEGREE, resolution=DEGREE / 16.4,
        ),
        grade="consumer",
        source="InvenSense PS-MPU-6000A-00 rev. 3.4 (2013), sections 6.1 and 6.2; instability and "
        "its times: D. R. Greenheck, Design and characterization of a low cost MEMS IMU cluster "
        "for precision navigation, Marquette University 2009, as used in AirSim",
    ),
    "bmi160": ImuGrade(
        TriadNoise(
            noise_density=1.4e-3, random_walk=8.6e-5, turn_on_bias=40 / 3 * MILLI_G,
            limit=16 * G, resolution=G / 2048,
        ),
        TriadNoise(
            noise_density=8.0e-5, random_walk=2.2e-6, turn_on_bias=1.0 * DEGREE,
            limit=2000 * DEGREE, resolution=DEGREE / 16.4,
        ),
        grade="consumer",
        source="Allan plots of D. Schubert et al., The TUM VI benchmark for evaluating "
        "visual-inertial odometry, IROS 2018 (its configuration files give twice the noise and "
        "ten times the walk, to leave room for the unmodelled); offsets (±40 mg, ±3 °/s) and "
        "ranges: Bosch BMI160 data sheet; scale and axes are calibrated",
    ),
    "bmi055": ImuGrade(
        TriadNoise(
            noise_density=1.464164e-3, random_walk=6.696535e-5, turn_on_bias=20 * MILLI_G,
            limit=4 * G, resolution=G / 512,
        ),
        TriadNoise(
            noise_density=1.083337e-4, random_walk=1.168766e-6, turn_on_bias=DEGREE / 3,
            limit=1000 * DEGREE, resolution=DEGREE / 32.8,
        ),
        grade="consumer",
        source="Allan plots of a RealSense T265: the rs_t265 configuration of OpenVINS "
        "(P. Geneva et al., ICRA 2020) and its AR table data set; offsets (±60 mg, ±1 °/s), bits "
        "and the ranges used in RealSense cameras: Bosch BMI055 data sheet; scale and axes are "
        "calibrated",
    ),
    "bmi088": ImuGrade(
        TriadNoise(
            noise_density=175 * MICRO_G, turn_on_bias=20 / 3 * MILLI_G, limit=24 * G,
            resolution=G / 1365,
        ),
        TriadNoise(
            noise_density=0.014 * DEGREE, instability=2 * DEGREE_PER_HOUR,
            turn_on_bias=DEGREE / 3, limit=2000 * DEGREE, resolution=DEGREE / 16.384,
        ),
        grade="drone",
        source="Bosch BST-BMI088-DS001 rev. 1.4 (2018): noise densities (of the accelerometer "
        "the mean of its axes), offsets ±20 mg and ±1 °/s, ranges",
    ),
    "adis16448": ImuGrade(
        TriadNoise(
            noise_density=2.0e-3, random_walk=3.0e-3, turn_on_bias=20 * MILLI_G,
            misalignment=0.05 / 3 * DEGREE, limit=18 * G, resolution=0.833 * MILLI_G,
        ),
        TriadNoise(
            noise_density=1.6968e-4, random_walk=1.9393e-5, turn_on_bias=0.5 * DEGREE,
            misalignment=0.05 / 3 * DEGREE, limit=1000 * DEGREE, resolution=0.04 * DEGREE,
        ),
        grade="industrial",
        source="sensor.yaml of M. Burri et al., The EuRoC micro aerial vehicle datasets, IJRR "
        "2016; offsets (1σ), axes, ranges and steps: Analog Devices ADIS16448 data sheet",
    ),
    "mti300": ImuGrade(
        TriadNoise(
            noise_density=60 * MICRO_G, instability=15 * MICRO_G, turn_on_bias=0.03,
            limit=20 * G,
        ),
        TriadNoise(
            noise_density=0.01 * DEGREE, instability=10 * DEGREE_PER_HOUR,
            turn_on_bias=0.5 / 3 * DEGREE, limit=450 * DEGREE,
        ),
        grade="industrial",
        source="Xsens/Movella MTi-300 leaflet (2023); offsets: ±0.5 °/s within a year (Xsens "
        "knowledge base, Bias repeatability of gyroscopes), 0.03 m/s² (MTi user manual MT0605P)",
    ),
    "adis16488": ImuGrade(
        TriadNoise(
            noise_density=0.029 * PER_ROOT_HOUR, instability=0.1 * MILLI_G,
            turn_on_bias=16 * MILLI_G, limit=18 * G,
        ),
        TriadNoise(
            noise_density=0.3 * DEGREE_PER_ROOT_HOUR, instability=6.5 * DEGREE_PER_HOUR,
            turn_on_bias=0.2 * DEGREE, limit=450 * DEGREE,
        ),
        grade="tactical",
        source="Error profile of R. Gonzalez, J. I. Giribet, H. D. Patiño, NaveGo: a simulation "
        "framework for low-cost integrated navigation systems, CEAI 2015",
    ),
    "stim300": ImuGrade(
        TriadNoise(
            noise_density=0.07 * PER_ROOT_HOUR, instability=0.05 * MILLI_G,
            correlation_time=3600.0, turn_on_bias=0.75 * MILLI_G, limit=10 * G,
        ),
        TriadNoise(
            noise_density=0.15 * DEGREE_PER_ROOT_HOUR, instability=0.5 * DEGREE_PER_HOUR,
            correlation_time=3600.0, turn_on_bias=4 * DEGREE_PER_HOUR, limit=400 * DEGREE,
        ),
        grade="tactical",
        source="Sensonor STIM300 as tabulated, 1σ, beside the SBG Ellipse2 in an error budget of "
        "lidar-aided navigation in NAVIGATION, Institute of Navigation; ranges: data sheet TS1524",
    ),
    "hg1700": ImuGrade(
        TriadNoise(
            noise_density=0.065 * 0.3048 * PER_ROOT_HOUR, turn_on_bias=1.0 * MILLI_G,
            limit=50 * G,
        ),
        TriadNoise(
            noise_density=0.125 * DEGREE_PER_ROOT_HOUR, turn_on_bias=1.0 * DEGREE_PER_HOUR,
            limit=1000 * DEGREE,
        ),
        grade="tactical",
        source="Honeywell brochure N61-1619-000-001 (1σ), as in the model of NavToolkit",
    ),
}  # fmt: skip
"""Grades by name."""
