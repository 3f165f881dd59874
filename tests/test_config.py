"""Configurations are read strictly."""

from dataclasses import dataclass, field

import pytest

from navworld.training.config import load_config


@dataclass(frozen=True)
class Inner:
    rate: float = 0.1
    steps: int = 3


@dataclass(frozen=True)
class Outer:
    name: str = "x"
    inner: Inner = field(default_factory=Inner)


def write(tmp_path, text):
    path = tmp_path / "config.yaml"
    path.write_text(text)
    return path


def test_file_and_overrides_make_the_dataclass(tmp_path):
    path = write(tmp_path, "name: y\ninner:\n  rate: 0.5\n")
    config = load_config(Outer, path, ["inner.steps=7"])
    assert config == Outer("y", Inner(0.5, 7))


@pytest.mark.parametrize(
    ("text", "overrides", "message"),
    [
        ("nam: y", [], "did you mean 'name'"),
        ("inner:\n  rat: 1", [], r"'inner.rat'; did you mean 'rate'"),
        ("inner:\n  steps: many", [], "inner.steps"),
        ("- 1", [], "holds no keys"),
        ("a: [", [], "not YAML"),
        ("", ["name"], "expected key=value"),
        ("", ["name.x=1"], "unknown config key|valid string|no parts"),
        ("!!python/object/apply:os.system ['true']", [], "not YAML"),
    ],
)
def test_mistakes_are_named(tmp_path, text, overrides, message):
    with pytest.raises(ValueError, match=message):
        load_config(Outer, write(tmp_path, text), overrides)


@dataclass(frozen=True)
class Even:
    number: int = 0

    def __post_init__(self) -> None:
        if self.number % 2:
            raise ValueError(f"number={self.number}: expected an even one")


@dataclass(frozen=True)
class Holder:
    part: Even = field(default_factory=Even)


def test_what_a_class_says_of_its_values_is_told_in_its_own_words(tmp_path):
    with pytest.raises(ValueError, match=r"^number=3: expected an even one$"):
        load_config(Even, write(tmp_path, "number: 3"))
    with pytest.raises(ValueError, match=r"^config key 'part': number=3: expected an even one$"):
        load_config(Holder, write(tmp_path, "part:\n  number: 3"))
