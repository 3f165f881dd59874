"""Actuation noise by name; sources and meaning are in `actuation` and `mixtures`."""

from __future__ import annotations

from dataclasses import replace

from navworld.names import nearest
from navworld.sensors.noise.actuation import PYROBOT, Actuation, TruncatedActuation
from navworld.sensors.noise.mixtures import (
    OWN_ACTUATION,
    OWN_ODOMETER,
    OWN_VALUES,
    ActionMixtures,
    MixtureActuation,
)

TIMES = "*"
"""Between a preset's name and a multiplier: "locobot-ilqr*0.5"."""

CHALLENGE = "habitat-challenge"

ACTUATION_PRESETS: tuple[str, ...] = (*PYROBOT, CHALLENGE, OWN_VALUES)
ODOMETER_PRESETS: tuple[str, ...] = (OWN_VALUES,)


def actuation_preset(name: str, *, multiplier: float = 1.0) -> Actuation:
    """A named model of actuation noise.

    Args:
        name: One of `ACTUATION_PRESETS`, or one of them times a number ("locobot-ilqr*0.5"),
            which is also what a model calls itself.
        multiplier: Of the errors.

    Raises:
        ValueError: The name is unknown (names the nearest), or the multiplier is negative.
    """
    base, multiplier = _split(name, multiplier, ACTUATION_PRESETS, "actuation preset")
    if base == CHALLENGE:
        base, multiplier = "locobot-proportional", 0.5 * multiplier
    if base == OWN_VALUES:
        return MixtureActuation(_scaled(OWN_ACTUATION, multiplier))
    drive, turn = PYROBOT[base]
    return TruncatedActuation(_named(base, multiplier), drive, turn, multiplier)


def actuation_model(actuation: str | Actuation | None) -> Actuation | None:
    """What an environment takes as `actuation=`: a preset's name, a model, or None for none."""
    if actuation is None or isinstance(actuation, Actuation):
        return actuation
    if isinstance(actuation, str):
        return actuation_preset(actuation)
    raise TypeError(
        f"actuation={actuation!r}: expected the name of a preset, an object with disturb() "
        "(navworld.sensors.noise.Actuation) or None"
    )


def odometer_preset(name: str, *, multiplier: float = 1.0) -> ActionMixtures:
    """Named errors of an odometer, one of `ODOMETER_PRESETS`; see `actuation_preset`."""
    _, multiplier = _split(name, multiplier, ODOMETER_PRESETS, "odometer preset")
    return _scaled(OWN_ODOMETER, multiplier)


def _split(name: str, multiplier: float, known: tuple[str, ...], what: str) -> tuple[str, float]:
    base, times, factor = str(name).partition(TIMES)
    if base not in known:
        raise ValueError(f"unknown {what} {name!r}{nearest(base, known)}")
    if times:
        try:
            multiplier *= float(factor)
        except ValueError:
            raise ValueError(f"{what} {name!r}: expected a number after {TIMES!r}") from None
    return base, multiplier


def _named(base: str, multiplier: float) -> str:
    return base if multiplier == 1 else f"{base}{TIMES}{multiplier:g}"


def _scaled(mixtures: ActionMixtures, multiplier: float) -> ActionMixtures:
    return replace(mixtures, name=_named(mixtures.name, multiplier), multiplier=multiplier)
