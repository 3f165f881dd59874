"""Every Python example of the README runs."""

import re
from pathlib import Path

import pytest

README = Path(__file__).parents[1] / "README.md"
BLOCKS = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)


@pytest.mark.parametrize("code", BLOCKS, ids=lambda c: c.strip().splitlines()[-1][:40])
def test_example_runs(code, monkeypatch):
    code = code.replace("model.learn(10_000)", "model.learn(1_024)").replace("[:16]", "[:2]")
    exec(compile(code, "README.md", "exec"), {"__name__": "readme"})


def test_your_own_examples_fit_thirty_lines():
    own = re.findall(r"## Your own .*?```python\n(.*?)```", README.read_text(), re.DOTALL)
    assert len(own) == 3
    for code in own:
        body = [line for line in code.splitlines() if line.strip()]
        assert len(body) <= 34
