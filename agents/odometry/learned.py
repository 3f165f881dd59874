"""Networks as odometers: remembers, for every environment, the last observation and the state."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from navworld.beliefs import Motion, Observation
from navworld.nn.heap import keep_heap
from navworld.nn.rows import by_rows
from navworld.streams import IntArray

Estimate = Callable[[dict[str, Tensor], Tensor | None, Tensor | None], tuple[Tensor, Tensor | None]]
"""(pairs (n, 2, …) by key, actions (n,), state (n, …)) → T_previous_current (n, 4, 4), state."""

FLAT = 1.0
"""A colour image whose values spread less than this shows nothing [of 255]."""


class LearnedOdometer:
    """An odometer (`navworld.contracts.Odometer`) that asks a network about pairs of observations.

    It is lost where an image shows nothing: colours of one value, no depth at all.

    Args:
        network: In evaluation; where its parameters are, the pairs are brought.
        sensors: Observations that make a pair.
        estimate: Asks the network.
        name: For errors.
        needs_action: Whether it must know the action between the observations.
        initial: (…) the state of an episode's start; None for a network without one.
    """

    def __init__(
        self,
        network: nn.Module,
        sensors: tuple[str, ...],
        estimate: Estimate,
        *,
        name: str = "this odometer",
        needs_action: bool = False,
        initial: Tensor | None = None,
    ) -> None:
        keep_heap()
        self.network, self.sensors, self._estimate = network.eval(), sensors, estimate
        self.name, self.needs_action, self._initial = name, needs_action, initial
        self._seen: dict[str, NDArray] = {}
        self._states: Tensor | None = None
        self._known = np.zeros(0, bool)

    def reset(self, ids: IntArray) -> None:
        """Begins an episode."""
        self._grow(ids)
        self._known[ids] = False

    @torch.no_grad()
    def step(
        self, observation: Observation, action: NDArray | None, dt: float, ids: IntArray
    ) -> Motion:
        """Motion since the previous observation; the identity on an episode's first."""
        ids = np.asarray(ids)
        self._grow(ids)
        images = {key: self._checked(observation, key, len(ids)) for key in self.sensors}
        rows = np.flatnonzero(self._known[ids])
        T = np.tile(np.eye(4), (len(ids), 1, 1))
        lost = np.zeros(len(ids), bool)
        if len(rows):
            pairs = {
                key: np.stack([self._seen[key][ids[rows]], image[rows]], 1)
                for key, image in images.items()
            }
            T[rows] = self._asked(pairs, action, rows, ids[rows])
            lost[rows] = _blind(pairs) | ~np.isfinite(T[rows]).all((1, 2))
            T[lost] = np.eye(4)
        self._remember(images, ids)
        return Motion(T, lost=lost)

    def _asked(
        self, pairs: dict[str, NDArray], action: NDArray | None, rows: NDArray, ids: NDArray
    ) -> NDArray:
        device = next(self.network.parameters()).device
        asked = {key: torch.as_tensor(pair).to(device) for key, pair in pairs.items()}
        done = None
        if self.needs_action:
            if action is None:
                raise ValueError(
                    f"{self.name} needs the action between two observations, and is given none: "
                    "it runs in navigation environments with discrete actions"
                )
            done = torch.as_tensor(np.asarray(action)[rows], dtype=torch.int64).to(device)
        state = None
        if self._initial is not None:
            assert self._states is not None
            state = self._states[ids].to(device)

        def ask(rows: slice) -> tuple[Tensor, Tensor | None]:
            some = {key: pair[rows] for key, pair in asked.items()}
            of_these = (None if x is None else x[rows] for x in (done, state))
            return self._estimate(some, *of_these)

        answers = by_rows(ask, len(rows), device)
        after = [state for _, state in answers if state is not None]
        if after and self._states is not None:
            self._states[ids] = torch.cat(after).to(self._states)
        return torch.cat([T for T, _ in answers]).double().cpu().numpy()

    def _remember(self, images: dict[str, NDArray], ids: NDArray) -> None:
        for key, image in images.items():
            if key not in self._seen or self._seen[key].shape[1:] != image.shape[1:]:
                self._seen[key] = np.zeros((len(self._known), *image.shape[1:]), image.dtype)
            self._seen[key][ids] = image
        fresh = ids[~self._known[ids]]
        if self._states is not None and self._initial is not None:
            self._states[fresh] = self._initial
        self._known[ids] = True

    def _grow(self, ids: IntArray) -> None:
        """Makes room for environments that have not been seen before."""
        more = int(np.max(ids, initial=-1)) + 1 - len(self._known)
        if more <= 0:
            return
        self._known = np.concatenate([self._known, np.zeros(more, bool)])
        for key, seen in self._seen.items():
            room = np.zeros((more, *seen.shape[1:]), seen.dtype)
            self._seen[key] = np.concatenate([seen, room])
        if self._initial is not None:
            fresh = self._initial.expand(more, *self._initial.shape)
            self._states = (
                fresh.clone() if self._states is None else torch.cat([self._states, fresh])
            )

    def _checked(self, observation: Observation, key: str, rows: int) -> NDArray:
        if key not in observation:
            raise ValueError(
                f"{self.name} reads the observation {key!r}, which no sensor gives: add {key!r} "
                "to sensors="
            )
        image = np.asarray(observation[key])
        if image.ndim == 3:
            image = image[..., None]
        if image.ndim != 4 or len(image) != rows:
            raise ValueError(
                f"{self.name}: {key!r} has shape {image.shape}; expected ({rows}, H, W, C)"
            )
        if image.dtype != np.uint8 and not np.isfinite(image).all():
            raise ValueError(f"{self.name}: {key!r} holds NaN or infinity: mend the sensor")
        return image


def _blind(pairs: dict[str, NDArray]) -> NDArray[np.bool_]:
    """(n,) where one image of a pair shows nothing by any of the sensors."""
    blind = None
    for image in pairs.values():
        flat = image.reshape(*image.shape[:2], -1)
        floor = FLAT if image.dtype == np.uint8 else 1e-6
        spread = flat.max(2).astype(np.float64) - flat.min(2)
        empty = (spread < 2 * floor).any(1)
        blind = empty if blind is None else blind & empty
    assert blind is not None
    return blind
