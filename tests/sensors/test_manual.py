"""The manual in docs/sensors.md knows every sensor and preset, and its example runs."""

import re
from pathlib import Path

import pytest

from navworld.sensors import SENSOR_NAMES
from navworld.sensors.corruption import KINDS
from navworld.sensors.imu_grades import IMU_PRESETS
from navworld.sensors.noise import ACTUATION_PRESETS, IMAGE_PRESETS

PAGE = Path(__file__).parents[2] / "docs" / "sensors.md"


@pytest.mark.parametrize("name", [*SENSOR_NAMES, *ACTUATION_PRESETS, *IMAGE_PRESETS, *KINDS])
def test_every_name_is_in_the_manual(name):
    lens, _, output = name.partition("_")
    known = f"`{name}`" in PAGE.read_text()
    assert known or (f"`{lens}`" in PAGE.read_text() and f"`_{output}`" in PAGE.read_text())


@pytest.mark.parametrize("name", IMU_PRESETS)
def test_every_grade_is_in_the_manual(name):
    assert f"`{name}`" in PAGE.read_text()


def test_the_example_runs(capsys):
    exec(re.search(r"```python\n(.*?)```", PAGE.read_text(), re.S)[1], {})
    assert "'imu': (100, 6)" in capsys.readouterr().out


@pytest.mark.parametrize("path", sorted(PAGE.parents[1].glob("navworld/sensors/**/*.py")))
def test_every_file_opens_with_its_manual(path):
    assert path.read_text().startswith('"""')
