"""Noise presets against samplers of the published parameters that share no code with them.

Every preset's errors are compared, component by component and in one projection of them all (which
tells correlations), with as many draws of an independent sampler: NumPy's generators, rejection
instead of inversion, formulas written out for one pixel. The test is Kolmogorov and Smirnov's for
two samples; over all comparisons of the run together it may be wrong with 5 % (Bonferroni).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray
from scipy.stats import ks_2samp

from navworld.envs.verify.findings import Findings
from navworld.evaluation.result import Metric
from navworld.sensors.noise import (
    IMAGE_PRESETS,
    PYROBOT,
    ActionMixtures,
    GaussianRGB,
    MixtureActuation,
    RedwoodDepth,
    ShotNoise,
    actuation_preset,
    distortion_table,
    odometer_preset,
)
from navworld.streams import Streams

SEEDS, DRAWS = 20, 100_000
ERROR = 0.05
STEP, TURN = 0.25, np.radians(30.0)
MIXED = np.array([1.0, np.sqrt(2.0), -np.sqrt(3.0)])  # of standardised components

# Published order: drive mean, covariance (along, across), heading mean, covariance; the same of
# turns. A. Murali et al., PyRobot, 2019, as in habitat-sim's pyrobot_noise_models.
PUBLISHED = {
    "locobot-ilqr": "14 9 6 5 8 4 | 3 3 2 3 23 12",
    "locobot-proportional": "17 42 7 23 31 26 | 1 5 1 4 43 17",
    "locobot-movebase": "74 36 19 33 189 38 | 2 3 0 2 219 19",
    "locobot-lite-ilqr": "142 23 8 8 31 28 | 2 2 1 2 122 30",
    "locobot-lite-proportional": "135 43 7 9 49 9 | 2 2 2 1 54 61",
    "locobot-lite-movebase": "192 117 55 144 128 143 | 2 1 1 1 173 25",
}

Sample = tuple[str, str, NDArray, NDArray]
"""Preset, which of its components, draws of the model, draws of the independent sampler."""


def verify_noise(fast: bool = False) -> Findings:
    """Every preset of motion, odometer, depth and colour noise against an independent sampler."""
    seeds, draws = (2, 20_000) if fast else (SEEDS, DRAWS)
    statistic: dict[str, float] = {}
    likelihood: dict[str, float] = {}
    count = 0
    for seed in range(seeds):
        for preset, _, ours, theirs in compared(seed, draws):
            found = ks_2samp(ours, theirs, method="asymp")
            count += 1
            statistic[preset] = max(statistic.get(preset, 0.0), float(found.statistic))
            likelihood[preset] = min(likelihood.get(preset, 1.0), float(found.pvalue))
    low, high = spread_ratio()
    metrics = {
        "noise_comparisons": Metric(float(count)),
        "noise_least_p": Metric(min(likelihood.values())),
        "noise_least_p_corrected": Metric(min(1.0, count * min(likelihood.values()))),
        "locobot_over_ans_form_std_low": Metric(low),
        "locobot_over_ans_form_std_high": Metric(high),
        **{f"noise_ks_{name.replace(' ', '_')}": Metric(d) for name, d in statistic.items()},
    }
    checks = {
        f"noise: {name} matches an independent sampler, {draws} draws of {seeds} seeds": bool(
            count * p >= ERROR
        )
        for name, p in likelihood.items()
    }
    within = low >= 8 and high <= 29
    checks["noise: LoCoBot's σ is 8 to 29 times that of the values in ANS's form"] = bool(within)
    return metrics, checks


def compared(seed: int, draws: int) -> Iterator[Sample]:
    """All comparisons of one seed."""
    rng = np.random.default_rng([seed, 7])
    yield from _motions(seed, draws, rng)
    yield from _mixtures(seed, draws, rng)
    yield from _colours(seed, draws, rng)
    yield from _depths(seed, draws, rng)


def spread_ratio() -> tuple[float, float]:
    """Least and largest σ of the proportional LoCoBot over that of the values in ANS's form."""
    own = actuation_preset("ans-form-own-values")
    assert isinstance(own, MixtureActuation)
    drive, turn = PYROBOT["locobot-proportional"]
    ratios = [
        np.sqrt(errors.variance) / mixture.std
        for errors, mixture in (
            (drive, own.mixtures.forward),
            (turn, own.mixtures.left),
            (turn, own.mixtures.right),
        )
    ]
    return float(np.min(ratios)), float(np.max(ratios))


def _streams(seed: int, count: int) -> Streams:
    streams = Streams(count)
    streams.seeds[:] = np.arange(count) + 10_000_019 * (seed + 1)
    return streams


def _components(preset: str, of: str, ours: NDArray, theirs: NDArray) -> Iterator[Sample]:
    """The three components of (n, 3) errors and their projection."""
    for axis, name in enumerate(("along", "across", "heading")):
        yield preset, f"{of} {name}", ours[:, axis], theirs[:, axis]
    scale = theirs.std(0)
    scale[scale < 1e-12] = np.inf
    yield preset, f"{of} mixed", (ours / scale) @ MIXED, (theirs / scale) @ MIXED


def _motions(seed: int, draws: int, rng: np.random.Generator) -> Iterator[Sample]:
    streams, ids = _streams(seed, draws), np.arange(draws)
    names = [*PUBLISHED, "habitat-challenge"]
    for name in names:
        base = "locobot-proportional" if name == "habitat-challenge" else name
        multiplier = 0.5 if name == "habitat-challenge" else 1.0
        drive, turn = (
            [float(x) / 1000 for x in part.split()] for part in PUBLISHED[base].split("|")
        )
        model = actuation_preset(name)
        for of, numbers, command in (
            ("drive", drive, np.array([STEP, 0.0, 0.0])),
            ("turn", turn, np.array([0.0, 0.0, TURN])),
        ):
            made = model.disturb(np.tile(command, (draws, 1)), ids, streams) - command
            made[:, 1] *= -1  # published to the right
            least = [-np.inf] * 3
            least[0 if of == "drive" else 2] = -0.95 * command.max()
            x, y, xx, yy, t, tt = numbers
            theirs = np.stack(
                [
                    multiplier * rejected(rng, mean, cov**0.5, floor, draws)
                    for mean, cov, floor in zip((x, y, t), (xx, yy, tt), least, strict=True)
                ],
                1,
            )
            # A component without spread is one number: leave its last bits out.
            yield from _components(name, of, made.round(9), theirs.round(9))


def rejected(
    rng: np.random.Generator, mean: float, std: float, least: float, count: int
) -> NDArray:
    """Draws of a normal distribution, thrown away beyond 3σ and below `least`."""
    kept = np.zeros(0)
    while len(kept) < count:
        drawn = rng.normal(mean, std, count)
        drawn = drawn[np.abs(drawn - mean) <= 3 * std + 1e-15]
        kept = np.concatenate([kept, drawn[drawn >= least]])
    return kept[:count]


def _mixtures(seed: int, draws: int, rng: np.random.Generator) -> Iterator[Sample]:
    streams, ids = _streams(seed, draws), np.arange(draws)
    model = actuation_preset("ans-form-own-values")
    assert isinstance(model, MixtureActuation)
    odometer = odometer_preset("ans-form-own-values")
    for of, command in (
        ("forward", np.array([STEP, 0.0, 0.0])),
        ("left", np.array([0.0, 0.0, TURN])),
        ("right", np.array([0.0, 0.0, -TURN])),
    ):
        motion = np.tile(command, (draws, 1))
        ours = model.disturb(motion, ids, streams) - command
        theirs = _mixed(rng, model.mixtures, of, draws)
        yield from _components("ans-form-own-values actuation", of, ours, theirs)
        ours = odometer.errors(motion, "odometer noise", ids, streams)
        theirs = _mixed(rng, odometer, of, draws)
        yield from _components("ans-form-own-values odometer", of, ours, theirs)


def _mixed(rng: np.random.Generator, models: ActionMixtures, of: str, count: int) -> NDArray:
    """Draws of a Gaussian mixture: how many of each component first, then those, shuffled."""
    mixture = getattr(models, of)
    shares = rng.multinomial(count, mixture.weights)
    parts = [
        rng.multivariate_normal(mean, covariance, share)
        for mean, covariance, share in zip(mixture.means, mixture.covariances, shares, strict=True)
    ]
    return rng.permutation(np.concatenate(parts))


def _colours(seed: int, draws: int, rng: np.random.Generator) -> Iterator[Sample]:
    side = int(np.ceil(np.sqrt(draws)))
    box = spaces.Box(0, 255, (side, side, 3), np.uint8)
    levels = (20, 128, 240)
    image = np.broadcast_to(np.array(levels, np.uint8), (1, *box.shape))
    for name, model in IMAGE_PRESETS.items():
        if isinstance(model, RedwoodDepth):
            continue
        keys = _streams(seed, 1).keys(f"rgb {name}", np.zeros(1, np.int64))
        noisy = model.apply(image, box, keys)[0].reshape(-1, 3)[:draws]
        for channel, level in enumerate(levels):
            if isinstance(model, GaussianRGB):
                theirs = rng.normal(level / 255, model.std, draws)
            else:
                assert isinstance(model, ShotNoise)
                electrons = rng.poisson((level / 255) ** 2.2 * model.full_well, draws)
                read = electrons + rng.normal(0.0, model.read_noise, draws)
                theirs = (np.maximum(read, 0) / model.full_well) ** (1 / 2.2)
            theirs = np.rint(255 * np.clip(theirs, 0, 1))
            yield name, f"level {level}", noisy[:, channel], theirs


SCENE = np.array(
    [
        [0.7, 0.7, 0.7, 2.0, 4.0, 4.0],
        [0.7, 0.7, 0.7, 2.0, 4.0, 4.0],
        [3.1, 3.1, 3.1, 2.0, 4.0, 4.0],
        [3.1, 0.0, 3.1, 2.0, 4.0, 4.0],
        [3.1, 3.1, 3.1, 9.6, 9.6, 9.6],
        [5.3, 5.3, 10.2, 9.6, 9.6, 9.6],
    ],
    np.float32,
)
"""Depths with edges, a hole and a part out of reach [m]."""

PIXELS = ((0, 0), (1, 3), (2, 2), (3, 1), (4, 4), (5, 2), (5, 5))


def _depths(seed: int, draws: int, rng: np.random.Generator) -> Iterator[Sample]:
    box = spaces.Box(0.0, 10.0, (*SCENE.shape, 1), np.float32)
    keys = _streams(seed, draws).keys("depth redwood", np.arange(draws))
    images = np.broadcast_to(SCENE[None, ..., None], (draws, *box.shape))
    noisy = RedwoodDepth().apply(images, box, keys)[..., 0]
    for row, column in PIXELS:
        theirs = redwood_pixel(rng, row, column, draws)
        yield "redwood", f"pixel {row}, {column}", noisy[:, row, column], theirs


def redwood_pixel(rng: np.random.Generator, row: int, column: int, count: int) -> NDArray:
    """Readings of one pixel of `SCENE`, by the formulas of Choi, Zhou and Koltun."""
    last = np.array(SCENE.shape)[:, None] - 1
    at = np.array([[row], [column]]) + 0.25 * rng.standard_normal((2, count))
    y, x = np.rint(np.clip(at, 0, last)).astype(int)
    d = SCENE[y, x].astype(np.float64)
    table = distortion_table().astype(np.float64)
    parts = table[np.int64(y / last[0] * 479 + 0.5) // 6, np.int64(x / last[1] * 639 + 0.5) // 8]
    centres = np.array([1.0, 3.0, 5.0, 7.0, 9.0])
    factor = np.empty(count)
    for there in np.unique(y * SCENE.shape[1] + x):  # the few pixels that jitter leads to
        those = y * SCENE.shape[1] + x == there
        first = int(np.argmax(those))
        factor[those] = np.interp(d[first], centres, parts[first])
    with np.errstate(divide="ignore"):
        steps = np.round(8 * (35.130 * factor / d + rng.normal(0, 0.027778, count)))
        z = 35.130 * 8 / steps
    return np.where((d > 0) & (d < 10) & (steps > 0) & (z <= 10), z, 0.0).astype(np.float32)
