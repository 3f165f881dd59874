"""Every condition in steps, in one place under the open sky and one under a roof."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np

from navworld.envs.gallery.page import Card, Page
from navworld.envs.gallery.worlds import WEATHER_LIGHT, Shown, eye, told
from navworld.world.conditions import SEASONS, SEVERITIES, Conditions

HOURS = (6.0, 12.0, 18.5, 22.0)
LEVELS = (1.0, 3.0, 5.0)
SAME = 0.2
"""Images whose bytes differ by less than this on average count as equal."""


def conditions_section(page: Page, places: list[Shown], *, size: int) -> None:
    """The chapter on conditions: whatever changes what one sees, in both places."""
    stages = [
        *[place for place in places if not place.roofed][:1],
        *[place for place in places if place.roofed][:1],
    ]
    ladders = _ladders()
    text = (
        "The same place at the same pose on other visits: light, weather and reflections change "
        "colours alone. <code>Conditions()</code> is the plain scene, byte for byte; severities "
        "run from 0 to 5."
    )
    page.chapter("Conditions", text, count=len(ladders))
    plain = {s.name: eye(s, 0, Conditions(), size=size, light=WEATHER_LIGHT) for s in stages}
    for name, steps in ladders.items():
        cards: list[Card] = []
        for stage in stages:
            for conditions in steps:
                try:
                    image = eye(stage, 0, conditions, size=size, light=WEATHER_LIGHT)
                except Exception as error:
                    page.left_out[f"{stage.name} {told(conditions)}"] = str(error)
                    continue
                if np.abs(image.astype(float) - plain[stage.name]).mean() < SAME:
                    continue
                call = told(conditions)
                media = page.photo(f"{stage.name} {call}", image)
                cards.append(Card(media, f"{stage.name}, {_spoken(conditions, name)}", call))
        if cards:
            page.section(name, "", cards)


def _ladders() -> dict[str, list[Conditions]]:
    """Name of a condition → it in steps."""
    found: dict[str, list[Conditions]] = {}
    for f in fields(Conditions):
        if f.name == "hour":
            found["hour"] = [Conditions(hour=hour) for hour in HOURS]
        elif f.name == "season":
            found["season"] = [Conditions(season=season) for season in SEASONS]
        elif f.name in SEVERITIES:
            steps: list[dict[str, Any]] = [{f.name: level} for level in LEVELS]
            found[f.name] = [replace(Conditions(), **step) for step in steps]
    return found


def _spoken(conditions: Conditions, name: str) -> str:
    value = getattr(conditions, name)
    if name == "hour":
        return f"{int(value)}:{round(60 * (value % 1)):02d} h"
    return str(value) if isinstance(value, str) else f"{name} {value:g}"
