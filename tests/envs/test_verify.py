"""The checks that users run hold here, on fewer samples."""

import pytest

from navworld.envs.verify import CHECKS, verify


@pytest.mark.parametrize("name", CHECKS)
def test_check_holds(name):
    result = verify([name], fast=True)
    assert result.checks
    failed = [check for check, holds in result.checks.items() if not holds]
    assert not failed, {k: m.value for k, m in result.metrics.items()}
