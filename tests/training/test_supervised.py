"""Supervised training: exact resuming, best weights, several processes, refusals."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from navworld.recipe import Recipe
from navworld.training import checkpoints, supervised
from navworld.training.config import changed
from navworld.training.loading import training_batches
from navworld.training.settings import TrainSettings
from navworld.training.supervised import CHECKPOINT, LOG, WEIGHTS, fit, rate
from tests.training import toy

ROOT = Path(__file__).parents[2]


def trained(folder: Path, *overrides: str, recipe: Recipe = toy.RECIPE, seed: int = 0):
    return fit(recipe, recipe.preset("tiny", overrides, seed=seed), folder, quiet=True)


def state(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / CHECKPOINT)


def assert_same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> None:
    assert a.keys() == b.keys()
    assert all(torch.equal(a[name], b[name]) for name in a)


def test_it_learns_and_keeps_the_best_weights(tmp_path):
    standing = trained(tmp_path, "training.steps=200")
    losses = [line["validation_loss"] for line in standing.history]
    assert losses[-1] < 0.2 * losses[0]
    assert standing.best == min(losses)
    network = checkpoints.load_trained(toy.RECIPE, tmp_path / WEIGHTS)
    x = torch.randn(5, 4, generator=torch.Generator().manual_seed(0))
    expected = x @ torch.tensor([1.0, -2.0, 0.5, 0.0])
    assert (network(x) - expected).abs().max() < 0.6
    assert len((tmp_path / LOG).read_text().splitlines()) == standing.round


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    trained(folder)
    return state(folder)


@pytest.mark.parametrize("moment", sorted(np.random.default_rng(0).choice(24, 20, False).tolist()))
def test_a_run_killed_at_any_step_ends_with_the_same_weights(tmp_path, moment, undisturbed):
    where = 1000 * (moment // 4) + moment % 4
    dying = toy.RECIPE.preset("tiny", [f"data.kill_after={where}"])
    alive = toy.RECIPE.preset("tiny")
    with pytest.raises(toy.Killed):
        fit(toy.RECIPE, dying, tmp_path, quiet=True)
    # What kills a run is no setting of it.
    path = tmp_path / CHECKPOINT
    if path.exists():
        rewrite_notes(path, "preset", checkpoints.plain(alive))
    fit(toy.RECIPE, alive, tmp_path, quiet=True)
    assert_same(state(tmp_path), undisturbed)


def rewrite_notes(path: Path, key: str, value) -> None:
    from safetensors import safe_open
    from safetensors.torch import save_file

    with safe_open(path, "pt") as file:
        notes = json.loads(file.metadata()[checkpoints.NOTES])
    save_file(load_file(path), path, {checkpoints.NOTES: json.dumps({**notes, key: value})})


def test_a_real_kill_leaves_a_run_that_goes_on(tmp_path, undisturbed):
    words = [sys.executable, "-m", "tests.training.toy", str(tmp_path)]
    died = subprocess.run(
        [*words, "data.kill_after=3002", "data.signal=true"], cwd=ROOT, capture_output=True
    )
    assert died.returncode == -9
    rewrite_notes(tmp_path / CHECKPOINT, "preset", checkpoints.plain(toy.RECIPE.preset("tiny")))
    done = trained(tmp_path)
    assert done.round == 6
    assert_same(state(tmp_path), undisturbed)


def test_a_run_that_is_over_changes_nothing(tmp_path):
    trained(tmp_path)
    before = state(tmp_path)
    assert trained(tmp_path).step == 24
    assert_same(before, state(tmp_path))


def test_a_time_limit_stops_at_the_end_of_a_round_and_may_change(tmp_path, undisturbed):
    assert trained(tmp_path, "training.minutes=1e-9").round == 1
    assert trained(tmp_path, "training.minutes=5").step == 24
    assert_same(state(tmp_path), undisturbed)


def test_another_seed_gives_other_weights(tmp_path, undisturbed):
    trained(tmp_path, seed=1)
    ours = state(tmp_path)
    assert any(not torch.equal(ours[name], undisturbed[name]) for name in ours)


def test_patience_ends_a_run_that_no_longer_gets_better(tmp_path):
    standing = trained(
        tmp_path, "training.steps=4000", "training.patience=2", "training.learning_rate=1e-12"
    )
    assert standing.step < 4000
    assert standing.round - standing.best_round == 3


def test_workers_share_a_round_and_resuming_is_exact(tmp_path):
    words = ("training.workers=2", "training.steps=8")
    trained(tmp_path / "whole", *words)
    trained(tmp_path / "parts", *words, "training.minutes=1e-9")
    trained(tmp_path / "parts", *words)
    assert_same(state(tmp_path / "whole"), state(tmp_path / "parts"))


def test_every_round_has_data_of_its_own():
    settings = TrainSettings(batch=2, round_steps=2, workers=0)
    batches = training_batches(toy.ToyData(), settings, part=(0, 1), first=0)
    later = training_batches(toy.ToyData(), settings, part=(0, 1), first=1)
    first, second, third = (next(batches)["x"] for _ in range(3))
    assert not torch.equal(first, second)
    assert torch.equal(third, next(later)["x"])
    assert not torch.equal(first, third)


def test_two_processes_train_one_network(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    processes = []
    for rank in range(2):
        environment = {
            **os.environ, "WORLD_SIZE": "2", "RANK": str(rank), "LOCAL_RANK": str(rank),
            "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port),
        }  # fmt: skip
        words = [sys.executable, "-m", "tests.training.toy", str(tmp_path), "training.steps=80"]
        processes.append(subprocess.Popen(words, cwd=ROOT, env=environment))
    assert [process.wait(timeout=300) for process in processes] == [0, 0]
    log = [json.loads(line) for line in (tmp_path / LOG).read_text().splitlines()]
    assert log[-1]["validation_loss"] < 0.5 * log[0]["validation_loss"]
    assert log[-1]["step"] == 80


def test_the_learning_rate_rises_and_falls():
    settings = TrainSettings(steps=1000, warmup=100, final_rate=0.1)
    assert rate(0, settings) == pytest.approx(0.01)
    assert rate(99, settings) == pytest.approx(1.0)
    assert rate(550, settings) == pytest.approx(0.55)
    assert rate(1000, settings) == pytest.approx(0.1)


def test_half_precision_learns_too(tmp_path):
    standing = trained(tmp_path, "training.precision=bf16", "training.steps=100")
    assert standing.history[-1]["validation_loss"] < 0.5 * standing.history[0]["validation_loss"]


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["training.step=1"], "did you mean 'steps'"),
        (["netwrk.width=1"], "did you mean 'network'"),
        (["network.width=wide"], "valid integer"),
        (["training.precision=fp8"], "fp8"),
        (["training.workers=3"], "divisor"),
        (["training"], "key=value"),
    ],
)
def test_misspelt_settings_are_refused(overrides, message):
    with pytest.raises(ValueError, match=message):
        toy.RECIPE.preset("tiny", overrides)


def test_an_unknown_preset_names_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'small'"):
        toy.RECIPE.preset("smal")


def test_a_changed_config_keeps_the_rest():
    preset = changed(toy.PRESET, ["network.width=3"])
    assert preset.network.width == 3
    assert preset.training == toy.PRESET.training


def test_a_checkpoint_of_another_run_is_refused(tmp_path):
    from dataclasses import replace

    trained(tmp_path)
    with pytest.raises(ValueError, match=r"network\.width=16, not 8"):
        trained(tmp_path, "network.width=8")
    other = replace(toy.RECIPE, name="test/other")
    with pytest.raises(ValueError, match="recipe 'test/toy', not 'test/other'"):
        trained(tmp_path, recipe=other)
    newer = replace(toy.RECIPE, version=2)
    with pytest.raises(ValueError, match="version 1, not 2"):
        trained(tmp_path, recipe=newer)
    for wrong, said in ((other, "recipe"), (newer, "version")):
        with pytest.raises(ValueError, match=said):
            checkpoints.load_trained(wrong, tmp_path / WEIGHTS)


def test_damaged_files_are_refused(tmp_path):
    trained(tmp_path)
    for name in (CHECKPOINT, WEIGHTS):
        (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:100])
    with pytest.raises(ValueError, match="damaged"):
        trained(tmp_path)
    with pytest.raises(ValueError, match="not a safetensors file"):
        checkpoints.load_trained(toy.RECIPE, tmp_path / WEIGHTS)
    with pytest.raises(FileNotFoundError, match="no weights file"):
        checkpoints.load_trained(toy.RECIPE, tmp_path / "none.safetensors")


def test_a_loss_that_is_not_finite_stops_the_run(tmp_path):
    from dataclasses import replace

    def bad(network, batch, random):
        return {"loss": network(batch["x"]).sum() * float("nan")}

    with pytest.raises(ValueError, match="not finite"):
        trained(tmp_path, recipe=replace(toy.RECIPE, loss=bad))


def test_missing_sensors_are_named(tmp_path):
    from dataclasses import replace

    blind = replace(toy.RECIPE, sensors=("x", "depth"))
    with pytest.raises(ValueError, match="learns from 'depth'"):
        trained(tmp_path, recipe=blind)


def test_nothing_is_pickled():
    for module in (supervised, checkpoints):
        source = Path(module.__file__).read_text()
        assert "pickle" not in source.replace("no pickles", "")
        assert "torch.load" not in source
