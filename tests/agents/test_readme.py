"""The README's system of one's own: short, and it trains."""

import itertools
import re
import sys
import types
from pathlib import Path

import numpy as np

from navworld.recipe import Portion
from navworld.training.checkpoints import load_trained
from navworld.training.supervised import WEIGHTS, fit

README = Path(__file__).parents[2] / "agents" / "README.md"


def example() -> str:
    (code,) = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    return code


def test_it_has_at_most_forty_lines_beside_imports():
    lines = [line for line in example().splitlines() if line.strip()]
    own = [line for line in lines if not line.startswith(("import ", "from ", '"""'))]
    assert len(own) <= 40


def test_it_trains_and_is_an_odometer(tmp_path, monkeypatch):
    module = types.ModuleType("glance")
    monkeypatch.setitem(sys.modules, "glance", module)
    exec(compile(example(), "agents/README.md", "exec"), module.__dict__)
    recipe = module.RECIPE
    preset = recipe.preset("tiny")
    standing = fit(recipe, preset, tmp_path, quiet=True)
    assert standing.step == 4
    odometer = recipe.wrap(load_trained(recipe, tmp_path / WEIGHTS))
    (batch,) = itertools.islice(preset.data.batches(Portion("train", 3)), 1)
    ids = np.arange(3)
    odometer.reset(ids)
    for k in range(2):
        motion = odometer.step({"rgb": batch["rgb"][:, k].numpy()}, None, 0.1, ids)
    assert motion.T_previous_current.shape == (3, 4, 4)
    assert not np.allclose(motion.T_previous_current, np.eye(4))
