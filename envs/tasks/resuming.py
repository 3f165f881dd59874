"""What can be continued: it names what changes in it, which is copied out and put back."""

from __future__ import annotations

import copy
from typing import Any, ClassVar

from navworld.contracts import Resumable


class Resuming:
    """Makes a task, or a part of one, `navworld.contracts.Resumable`.

    Attributes:
        changing: Names of its attributes that change: parts that are resumable themselves, and
            data that are copied.
    """

    changing: ClassVar[tuple[str, ...]] = ()

    def state(self) -> dict[str, Any]:
        """Everything needed to continue an episode."""
        state = {}
        for name in self.changing:
            part = getattr(self, name)
            kept = part.state() if isinstance(part, Resumable) else copy.deepcopy(part)
            state[name.removeprefix("_")] = kept
        return state

    def load(self, state: dict[str, Any]) -> None:
        """Continues from `state()`."""
        for name in self.changing:
            part, kept = getattr(self, name), state[name.removeprefix("_")]
            if isinstance(part, Resumable):
                part.load(kept)
            else:
                setattr(self, name, copy.deepcopy(kept))
