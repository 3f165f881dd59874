"""Conditions in environments: the checks hold, options are refused in a sentence."""

from __future__ import annotations

import pytest

from navworld.envs.options import Options
from navworld.envs.verify.conditions import verify_conditions
from navworld.world.conditions import Conditions


def test_every_check_of_conditions_holds():
    _, checks = verify_conditions(fast=True)
    assert [name for name, holds in checks.items() if not holds] == []


def test_unknown_conditions_are_refused_by_the_options():
    with pytest.raises(TypeError, match="did you mean 'fog'"):
        Options(conditions={"fogg": 1.0})
    with pytest.raises(TypeError, match="expected Conditions or a mapping"):
        Options(conditions=3.0)  # type: ignore[arg-type]


def test_frozen_episodes_do_not_go_with_moved_furniture():
    with pytest.raises(ValueError, match="frozen"):
        Options(conditions=Conditions(moved=2.0), episodes=[object()])
