"""Allan deviation: the noise of a sensor, told apart by how it averages out.

White noise of density N falls as N / √τ with the averaging time τ, a random walk of density K
rises as K √(τ / 3), and a first-order Gauss–Markov process (standard deviation σ, correlation
time T) makes a hump of 0.62 σ at 1.9 T.

IEEE Std 952-1997, annex C. Overlapping estimator: W. J. Riley, Handbook of frequency stability
analysis, NIST SP 1065, 2008, eq. 11.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def allan_deviation(
    samples: ArrayLike, rate_hz: float, times: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Overlapping Allan deviation of evenly sampled readings.

    Args:
        samples: (..., N) readings of a sensor whose true value does not change.
        rate_hz: Samples per second.
        times: (M,) wanted averaging times [s]; each is rounded to a whole number of samples.

    Returns:
        The averaging times (M,) [s], and the deviations (..., M) in the unit of the samples.

    Raises:
        ValueError: A time is shorter than a sample or longer than half of the record.
    """
    samples, times = np.asarray(samples, np.float64), np.atleast_1d(np.asarray(times, np.float64))
    if not rate_hz > 0:
        raise ValueError(f"rate_hz is {rate_hz!r}: expected a positive number of samples a second")
    count = samples.shape[-1]
    lengths = np.rint(times * rate_hz).astype(np.int64)
    if lengths.size and not (lengths.min() >= 1 and 2 * lengths.max() <= count):
        raise ValueError(
            f"averaging times {times.min()} … {times.max()} s do not fit {count} samples at "
            f"{rate_hz} Hz: expected {1 / rate_hz} s up to {count / 2 / rate_hz} s"
        )
    # The mean is taken off first: sums of a large constant would cost digits.
    centred = samples - samples.mean(-1, keepdims=True)
    total = np.concatenate([np.zeros((*samples.shape[:-1], 1)), centred.cumsum(-1)], -1)
    deviation = np.empty((*samples.shape[:-1], len(lengths)))
    for k, m in enumerate(lengths):
        change = total[..., 2 * m :] - 2 * total[..., m:-m] + total[..., : -2 * m]
        deviation[..., k] = np.sqrt((change**2).mean(-1) / 2) / m
    return lengths / rate_hz, deviation


def expected_deviation(
    times: ArrayLike,
    *,
    noise_density: float = 0.0,
    random_walk: float = 0.0,
    instability: float = 0.0,
    correlation_time: float = 1.0,
) -> NDArray[np.float64]:
    """(M,) Allan deviation of a noise model at averaging times (M,) [s].

    Args:
        noise_density: Of white noise, N [unit/√Hz].
        random_walk: Density of the walk, K [unit·√Hz].
        instability: Standard deviation of the Gauss–Markov process [unit].
        correlation_time: Its correlation time [s].
    """
    t = np.asarray(times, np.float64)
    x = t / correlation_time
    bend = -4 * np.expm1(-x) + np.expm1(-2 * x)
    # For short times the closed form cancels to its first terms.
    rise = np.where(x < 1e-3, x**2 / 3 - x**3 / 4, 1 - bend / (2 * x))
    hump = 2 * instability**2 / x * rise
    return np.sqrt(noise_density**2 / t + random_walk**2 * t / 3 + hump)


def noise_density(samples: ArrayLike, rate_hz: float, time: float) -> NDArray[np.float64]:
    """(...) white-noise density N of (..., N) samples, read at an averaging time [s].

    The time must lie where the deviation falls with slope −1/2.
    """
    times, deviation = allan_deviation(samples, rate_hz, [time])
    return deviation[..., 0] * np.sqrt(times[0])


def random_walk(samples: ArrayLike, rate_hz: float, time: float) -> NDArray[np.float64]:
    """(...) random-walk density K of (..., N) samples, read at an averaging time [s].

    The time must lie where the deviation rises with slope +1/2.
    """
    times, deviation = allan_deviation(samples, rate_hz, [time])
    return deviation[..., 0] * np.sqrt(3 / times[0])
