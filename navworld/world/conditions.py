"""Conditions: the hour, the weather, the season and the state of a place, apart from the place.

| field | 0 (or None) | up to | what it does |
|---|---|---|---|
| `hour` | the scene's own light | 24 h, solar time | sun, sky and lamps of that hour, baked anew |
| `fog` | clear | visibility 13 m | hides what is far; the air indoors is hazy as well |
| `rain` | dry | downpour | streaks outdoors, grey light, wet ground |
| `snow` | none | all covered, heavy flakes | flakes, and cover on what lies open to the sky |
| `season` | as built | one of `SEASONS` | colours of leaves and grass, height of the sun |
| `wet` | dry | puddles | darkens and mirrors on level ground that lies open to the sky |
| `shiny` | matt | polished | reflections in floors under a roof |
| `mirrors` | pale panes | true mirrors | what mirrors and window panes reflect |
| `moved` | as built | all loose furniture | furniture displaced, another way on every `visit` |

Severities run from 0 to 5; `Conditions()` is the plain scene, byte for byte.

What changes: light, weather and reflections change colours alone. Depth, classes, instances,
normals and every range sensor see through fog, flakes and streaks, and see the surface of a
mirror, never what it shows. `moved` is another geometry, with its own walkable floor.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np

from navworld.names import nearest, refuse_unknown
from navworld.streams import IntArray, Streams

SEASONS = ("spring", "summer", "autumn", "winter")
WORST = 5.0
SEVERITIES = ("fog", "rain", "snow", "wet", "shiny", "mirrors", "moved")

CLEAR_VISIBILITY = 400.0
"""Visibility at fog 1 [m]; it halves or so with every step: 400, 133, 57, 27, 13 m."""


@dataclass(frozen=True)
class Conditions:
    """How a place is found on one visit; see the table above.

    Attributes:
        hour: Solar time [h] in [0, 24), or None.
        fog, rain, snow, wet, shiny, mirrors, moved: Severities in [0, 5].
        season: One of `SEASONS`, or None.
        visit: Which of the arrangements `moved` gives.
    """

    hour: float | None = None
    fog: float = 0.0
    rain: float = 0.0
    snow: float = 0.0
    season: str | None = None
    wet: float = 0.0
    shiny: float = 0.0
    mirrors: float = 0.0
    moved: float = 0.0
    visit: int = 0

    def __post_init__(self) -> None:
        for name in SEVERITIES:
            value = getattr(self, name)
            if isinstance(value, (bool, str)) or not 0 <= value <= WORST:
                raise ValueError(f"Conditions({name}={value!r}): expected a severity of 0 to 5")
        if self.hour is not None and not 0 <= self.hour <= 24:
            raise ValueError(f"Conditions(hour={self.hour!r}): expected 0 to 24, or None")
        if self.season is not None and self.season not in SEASONS:
            raise ValueError(f"unknown season {self.season!r}{nearest(str(self.season), SEASONS)}")
        if self.visit != int(self.visit) or self.visit < 0:
            raise ValueError(f"Conditions(visit={self.visit!r}): expected a whole number ≥ 0")

    @cached_property
    def extinction(self) -> float:
        """Of light in the air [1/m]; 5 % are left at the visibility (Koschmieder, ICAO).

        Rain and falling snow add what is common for them: visibilities of 1 km in a downpour
        and 200 m in heavy snow.
        """
        fog = (2.0**self.fog - 1.0) / CLEAR_VISIBILITY
        return 3.0 * (fog + self.rain / WORST / 1000.0 + self.snow / WORST / 200.0)

    @cached_property
    def wetness(self) -> float:
        """Severity of wet ground, from `wet` and from the rain that falls."""
        return max(self.wet, self.rain)

    @cached_property
    def reflects(self) -> bool:
        """Whether any surface shows reflections."""
        return max(self.mirrors, self.shiny, self.wetness) > 0

    @cached_property
    def paints(self) -> bool:
        """Whether images are changed after they are traced."""
        return self.reflects or self.extinction > 0

    @cached_property
    def falls(self) -> bool:
        """Whether anything falls from the sky."""
        return max(self.rain, self.snow) > 0


PLAIN = Conditions()


class Draw:
    """Conditions for every episode.

    Args:
        given: Conditions, the same for all; or name → what it may be: a number, a range
            (low, high), for `season` a name or several; `visit` ranges over whole numbers, both
            ends included. None for the plain scene.
    """

    def __init__(self, given: Conditions | Mapping[str, object] | None) -> None:
        self.fixed: Conditions | None = PLAIN if given is None else None
        self._given: Mapping[str, object] = {}
        if isinstance(given, Conditions):
            self.fixed = PLAIN if given == PLAIN else given
        elif isinstance(given, Mapping):
            refuse_unknown(given, [f.name for f in fields(Conditions)], "condition")
            self._given = dict(given)
            for worst in (0.0, 1.0 - 1e-12):
                self._at(np.full(len(fields(Conditions)), worst))
            if not given:
                self.fixed = PLAIN
        elif given is not None:
            raise TypeError(
                f"conditions={given!r}: expected Conditions or a mapping such as "
                "{'hour': (6, 22), 'fog': (0, 3)}"
            )

    @property
    def moves(self) -> bool:
        """Whether furniture may be moved."""
        return self.fixed.moved > 0 if self.fixed is not None else "moved" in self._given

    def __call__(self, streams: Streams, row: int) -> Conditions:
        """The conditions of the episode that environment `row` is in."""
        if self.fixed is not None:
            return self.fixed
        ids: IntArray = np.array([row])
        return self._at(streams.uniform("conditions", ids, (len(fields(Conditions)),))[0])

    def _at(self, u: np.ndarray) -> Conditions:
        """The conditions for one uniform number per field."""
        chosen = {}
        for k, f in enumerate(fields(Conditions)):
            if f.name in self._given:
                chosen[f.name] = _pick(f.name, self._given[f.name], float(u[k]))
        found = Conditions(**chosen)
        return PLAIN if found == PLAIN else found


def _pick(name: str, given: object, u: float) -> Any:
    """What a uniform number chooses out of what is given for a field."""
    if name == "season":
        options = [given] if given is None or isinstance(given, str) else list(given)  # type: ignore[call-overload]
        return options[int(u * len(options))]
    if not isinstance(given, Sequence) or isinstance(given, str):
        return given
    if len(given) != 2 or given[0] > given[1]:
        raise ValueError(f"conditions: {name}={given!r}: expected a number or (low, high)")
    low, high = given
    return int(low + u * (high + 1 - low)) if name == "visit" else float(low + u * (high - low))
