"""An agent: a policy and the components that tell it where it is and what surrounds it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from navworld.beliefs import GPS, Observation, augment
from navworld.contracts import Localizer, Mapper, Policy, Sensor


@dataclass(frozen=True)
class Agent:
    """What decides; `dataclasses.replace(agent, localizer=…)` swaps one component.

    Attributes:
        policy: Chooses actions from augmented observations.
        localizer: Where am I; the goal reaches the policy relative to its belief.
        mappers: What is around me.
        sensors: What it needs to sense, besides what its localizer reads.
        image_size: Of its camera [px].
    """

    policy: Policy
    localizer: Localizer | None = field(default_factory=GPS)
    mappers: Sequence[Mapper] = ()
    sensors: tuple[str | Sensor, ...] = ("depth", "gps")
    image_size: int = 64

    def env_options(self) -> dict[str, Any]:
        """Keyword arguments of an environment in which this agent's policy lives."""
        return {
            "sensors": equipped(self.sensors, getattr(self.localizer, "sensors", ())),
            "localizer": self.localizer,
            "mappers": tuple(self.mappers),
            "image_size": self.image_size,
        }

    def act(
        self,
        observation: Observation,
        *,
        previous_action: NDArray | None,
        episode_start: NDArray,
        dt: float,
        state: Any = None,
    ) -> tuple[NDArray, Any]:
        """Decides from what is sensed, for a batch.

        Args:
            observation: What sensors and task give, (B, …) each: the observation of an
                environment made with `localizer=None`.
            previous_action: (B,) the actions that led here.
            episode_start: (B,) where this is the first observation of an episode.
            state: What the last call returned.

        Returns:
            Actions (B,) and the state of the policy.
        """
        augmented = self.perceive(
            observation, previous_action=previous_action, episode_start=episode_start, dt=dt
        )
        return self.policy.predict(augmented, state, episode_start, True)

    def perceive(
        self,
        observation: Observation,
        *,
        previous_action: NDArray | None,
        episode_start: NDArray,
        dt: float,
    ) -> Observation:
        """What the policy sees: `observation` with what the components make of it."""
        fresh, going = np.flatnonzero(episode_start), np.flatnonzero(~episode_start)
        rows: dict[str, list[NDArray]] = {}
        for ids, first in ((fresh, True), (going, False)):
            if not len(ids):
                continue
            if first:
                if self.localizer is not None:
                    self.localizer.reset(np.tile(np.eye(4), (len(ids), 1, 1)), ids)
                for mapper in self.mappers:
                    mapper.reset(ids)
            action = None if first or previous_action is None else previous_action[ids]
            part, _ = augment(
                {key: value[ids] for key, value in observation.items()},
                action,
                dt,
                ids,
                localizer=self.localizer,
                mappers=self.mappers,
            )
            for key, value in part.items():
                rows.setdefault(key, []).append(value)
        order = np.argsort(np.concatenate([fresh, going]), kind="stable")
        return {key: np.concatenate(value)[order] for key, value in rows.items()}


def equipped(
    sensors: Sequence[str | Sensor], needed: Sequence[str | Sensor]
) -> tuple[str | Sensor, ...]:
    """Sensors, and those of the needed ones that none of them stands for.

    A sensor stands for a name when that is among its keys in the observation: `WheelOdometry(
    preset="kobuki")` for "wheel_odometry".
    """
    found = list(sensors)
    for sensor in needed:
        keys = [k for one in found if not isinstance(one, str) for k in one.space.spaces]
        if sensor not in found and sensor not in keys:
            found.append(sensor)
    return tuple(found)
