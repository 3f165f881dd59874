"""Every system of the catalogue at its `tiny` size."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from navworld.actions import FORWARD, LEFT, RIGHT
from navworld.agents import catalog
from navworld.agents.catalog import SYSTEMS, build_odometer
from navworld.agents.odometry import deepvo, pointnav_vo
from navworld.agents.systems import load_system, recipe
from navworld.contracts import Odometer
from navworld.geometry import se3
from navworld.recipe import PRESETS, Portion
from navworld.training.checkpoints import identity, load_trained, save_trained
from navworld.training.supervised import WEIGHTS, fit

IDS = [item.name for item in SYSTEMS]
every = pytest.mark.parametrize("system", SYSTEMS, ids=IDS)


@pytest.fixture(scope="module")
def batches():
    """A batch of the tiny data of every system."""
    found = {}
    for item in SYSTEMS:
        data = item.preset("tiny").data
        found[item.name] = next(iter(data.batches(Portion("train", 6))))
    return found


def network_of(system, seed=0):
    torch.manual_seed(seed)
    return system.build(system.preset("tiny").network)


def observation(batch, system, frame):
    return {name: batch[name][:, frame].numpy() for name in system.sensors}


def action_of(batch):
    return batch["action"].numpy() if "action" in batch else None


def stepped(system, network, batch, rows=slice(None), action=None):
    """Motions of an odometer over the first two frames."""
    odometer = system.wrap(network.eval())
    ids = np.arange(len(batch["rgb"]))[rows]
    odometer.reset(ids)
    done = action_of(batch)
    done = done[rows] if done is not None else None
    for frame in (0, 1):
        seen = {k: v[rows] for k, v in observation(batch, system, frame).items()}
        motion = odometer.step(seen, None if frame == 0 else done, 0.2, ids)
        if frame == 0:
            assert np.allclose(motion.T_previous_current, np.eye(4))
    return motion.T_previous_current


def test_no_recipe_is_forgotten():
    folder = Path(catalog.__file__).parent
    written = {
        ".".join(("navworld.agents", *path.relative_to(folder).with_suffix("").parts))
        for path in folder.rglob("*.py")
        if "RECIPE = Recipe(" in path.read_text()
    }
    assert {system.loss.__module__ for system in SYSTEMS} == written
    assert len(set(IDS)) == len(IDS)


@every
def test_it_is_named_by_family_and_has_every_preset(system):
    assert set(PRESETS) <= set(system.presets)
    assert recipe(system.name) is system
    assert system.claim.endswith(".")


@every
def test_training_steps_lower_the_loss(system, batches):
    network = network_of(system)
    optimizer = torch.optim.Adam(network.parameters(), 3e-3)
    losses = []
    for _ in range(12):
        loss = system.loss(network, batches[system.name], None)["loss"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < losses[0]


@every
def test_saved_and_loaded_it_says_the_same(system, batches, tmp_path):
    network = network_of(system).eval()
    path = tmp_path / "weights.safetensors"
    save_trained(network, path, identity(system, system.preset("tiny")))
    again = load_trained(system, path)
    before = stepped(system, network, batches[system.name])
    after = stepped(system, again, batches[system.name])
    assert np.abs(before - after).max() < 2e-3  # fp16
    save_trained(again, tmp_path / "b.safetensors", identity(system, system.preset("tiny")))
    twice = load_trained(system, tmp_path / "b.safetensors")
    assert np.array_equal(after, stepped(system, twice, batches[system.name]))


@every
def test_a_row_of_a_batch_is_a_batch_of_one(system, batches):
    network, batch = network_of(system), batches[system.name]
    whole = stepped(system, network, batch)
    for row in range(3):
        alone = stepped(system, network, batch, rows=slice(row, row + 1))
        assert np.abs(whole[row] - alone[0]).max() < 1e-5


@every
def test_environments_keep_their_own_memory(system, batches):
    """Rows that are reset or left out do not touch the others."""
    network, batch = network_of(system), batches[system.name]
    odometer = system.wrap(network.eval())
    ids, action = np.arange(3), action_of(batch)
    action = None if action is None else action[:3]
    first, second = ({k: v[:3] for k, v in observation(batch, system, f).items()} for f in (0, 1))
    odometer.reset(ids)
    odometer.step(first, None, 0.2, ids)
    expected = odometer.step(second, action, 0.2, ids).T_previous_current
    odometer.reset(np.array([2, 0]))
    some = [2, 0]
    odometer.step({k: v[some] for k, v in first.items()}, None, 0.2, np.array(some))
    motion = odometer.step(
        {k: v[some] for k, v in second.items()}, None if action is None else action[some], 0.2,
        np.array(some),
    )  # fmt: skip
    assert np.allclose(motion.T_previous_current, expected[some], atol=1e-5)


@every
def test_it_is_an_odometer_that_says_what_it_senses(system):
    odometer = system.wrap(network_of(system))
    assert isinstance(odometer, Odometer)
    assert odometer.sensors == system.sensors


@every
def test_bad_observations_get_one_sentence(system, batches):
    odometer, batch = system.wrap(network_of(system)), batches[system.name]
    ids = np.arange(6)
    seen = observation(batch, system, 0)
    odometer.reset(ids)
    missing = dict(list(seen.items())[1:])
    with pytest.raises(ValueError, match="which no sensor gives: add 'rgb'"):
        odometer.step(missing, None, 0.2, ids)
    bad = {k: v.astype(np.float32).copy() for k, v in seen.items()}
    bad[system.sensors[-1]][2, 3, 3] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        odometer.step(bad, None, 0.2, ids)


@every
def test_in_the_dark_it_says_that_it_is_lost(system, batches):
    odometer, batch = system.wrap(network_of(system)), batches[system.name]
    ids = np.arange(6)
    odometer.reset(ids)
    odometer.step(observation(batch, system, 0), None, 0.2, ids)
    dark = {k: v.copy() for k, v in observation(batch, system, 1).items()}
    for image in dark.values():
        image[4] = 0
    motion = odometer.step(dark, action_of(batch), 0.2, ids)
    assert motion.lost.tolist() == [False] * 4 + [True, False]
    assert np.array_equal(motion.T_previous_current[4], np.eye(4))


@every
def test_ablations_change_the_network(system, batches):
    for changes in system.ablations.values():
        preset = system.preset("tiny", changes)
        assert preset.network != system.preset("tiny").network
        network = system.build(preset.network)
        loss = system.loss(network, batches[system.name], torch.Generator())["loss"]
        loss.backward()
        assert torch.isfinite(loss)


@every
def test_small_weights_may_come_along(system):
    network = system.build(system.preset("small").network)
    count = sum(p.numel() for p in network.parameters())
    assert 2 * count <= 2e6
    assert 12 * count <= 15e6  # a checkpoint: weights and two moments


def test_without_weights_it_says_how_to_train(monkeypatch, tmp_path):
    monkeypatch.setattr("navworld.agents.systems.HOME", tmp_path)
    with pytest.raises(FileNotFoundError, match="navworld train odometry/deepvo"):
        load_system(deepvo.RECIPE)
    with pytest.raises(ValueError, match="did you mean 'odometry/deepvo'"):
        recipe("odometry/deepvoo")


def test_a_tiny_run_is_built_by_the_catalogue(tmp_path):
    fit(deepvo.RECIPE, deepvo.RECIPE.preset("tiny"), tmp_path, quiet=True)
    odometer = build_odometer("odometry/deepvo", tmp_path / WEIGHTS)
    assert odometer.name == "odometry/deepvo"


def test_deepvo_learns_a_scripted_motion_in_metres_and_radians():
    """Images that move sideways by as much as the body turns, brighter while it drives."""
    rng = np.random.default_rng(0)
    settings = deepvo.DeepVOSettings(
        (32, 32), (8, 16, 16), neck=32, hidden=32, scale=(0.1, 0.1), kappa=1.0
    )
    torch.manual_seed(0)
    network = deepvo.DeepVO(settings)
    texture = np.kron(rng.integers(40, 200, (8, 32, 3)), np.ones((4, 4, 1)))

    def clip(left):
        shift = [2 * k * (1 if left else -1) for k in range(4)]
        frames = [np.roll(texture, s, 1)[:, 32:64] for s in shift]
        return np.stack(frames).astype(np.uint8)

    turn = 0.1
    T = [se3.from_planar(torch.tensor([0.05, 0.0, s * turn])) for s in (1, -1)]
    batch = {
        "rgb": torch.from_numpy(np.stack([clip(True), clip(False)])),
        "T_previous_current": torch.stack([t.expand(3, 4, 4) for t in T]),
    }
    optimizer = torch.optim.Adam(network.parameters(), 3e-3)
    for _ in range(120):
        loss = deepvo.loss(network, batch, None)["loss"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    odometer, ids = deepvo.odometer(network.eval()), np.arange(2)
    odometer.reset(ids)
    poses = np.tile(np.eye(4), (2, 1, 1))
    for k in range(4):
        seen = {"rgb": batch["rgb"][:, k].numpy()}
        poses = poses @ odometer.step(seen, None, 0.2, ids).T_previous_current
    planar = se3.to_planar(poses)
    assert np.allclose(planar[:, 2], [0.3, -0.3], atol=0.03)  # rad, left is positive
    assert np.allclose(planar[:, 0], 0.15, atol=0.02)  # m, forward
    assert np.allclose(planar[0, 1], -planar[1, 1], atol=0.02)


def test_a_mirrored_world_gives_the_mirrored_motion(batches):
    system = pointnav_vo.RECIPE
    network, batch = network_of(system, 3).eval(), batches[system.name]
    rgb, depth, action = batch["rgb"], batch["depth"], batch["action"]
    with torch.no_grad():
        direct = network.averaged(rgb, depth, action)
        other = network.averaged(
            rgb.flip(3), depth.flip(3), torch.tensor(pointnav_vo.MIRROR)[action]
        )
    assert torch.allclose(direct, other * torch.tensor(pointnav_vo.SIDES), atol=1e-4)
    assert direct[:, 1:].abs().max() > 1e-3


def test_untrained_heads_do_about_what_was_commanded(batches):
    system = pointnav_vo.RECIPE
    torch.manual_seed(0)
    network = system.build(replace(system.preset("tiny").network, direct=()))
    batch = batches[system.name]
    for action, meant in ((FORWARD, (0.25, 0)), (LEFT, (0, np.pi / 6)), (RIGHT, (0, -np.pi / 6))):
        which = torch.full((6,), action)
        with torch.no_grad():
            found = network(batch["rgb"], batch["depth"], which).mean(0)
        assert float(found[0]) == pytest.approx(meant[0], abs=0.08)
        assert float(found[2]) == pytest.approx(meant[1], abs=0.08)


def test_actions_matter_only_where_they_are_looked_at(batches):
    system = pointnav_vo.RECIPE
    batch = batches[system.name]
    args = (batch["rgb"], batch["depth"])
    ones, twos = torch.full((6,), FORWARD), torch.full((6,), LEFT)
    for conditioned in (True, False):
        torch.manual_seed(0)
        settings = replace(system.preset("tiny").network, conditioned=conditioned)
        network = system.build(settings)
        same = torch.equal(network(*args, ones), network(*args, twos))
        assert same != conditioned


def test_pointnav_vo_refuses_to_guess_the_action(batches):
    system = pointnav_vo.RECIPE
    odometer, batch = system.wrap(network_of(system)), batches[system.name]
    ids = np.arange(6)
    odometer.reset(ids)
    odometer.step(observation(batch, system, 0), None, 0.2, ids)
    with pytest.raises(ValueError, match="needs the action"):
        odometer.step(observation(batch, system, 1), None, 0.2, ids)


def test_an_interval_that_cannot_be_is_refused_before_training():
    with pytest.raises(ValueError, match=r"network\.interval=-1\.0: expected at least 0 s"):
        deepvo.RECIPE.preset("tiny", ["network.interval=-1"])
