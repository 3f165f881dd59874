"""Fine-tuning by PPO: the value function first, then the policy; a stopped run goes on."""

import torch

from navworld.agents.policies.pointnav import make_network, policy_kwargs
from navworld.envs.options import Options
from navworld.envs.sb3 import NavigationVecEnv
from navworld.envs.vector import NavigationVectorEnv
from navworld.maps.occupancy import OccupancyMapper
from navworld.nn.policies.features import EGOMAP_KEYS
from navworld.nn.weights import parameters
from navworld.scenes import family
from navworld.training.reinforcement import VALUE_PARTS, ReinforcementSettings, fine_tune
from tests.rooms import two_rooms


def environment():
    options = Options(
        scenes=family(two_rooms, range(2)), sensors=("depth", "gps"), mappers=(OccupancyMapper(),)
    )
    return NavigationVecEnv(NavigationVectorEnv(4, options), EGOMAP_KEYS)


def run(network, folder, **changes):
    settings = {"rollout": 8, "batch": 32, "epochs": 1, "every": 32, **changes}
    kept, told = [], []
    fine_tune(
        network,
        environment(),
        ReinforcementSettings(**settings),
        policy_kwargs=policy_kwargs(),
        folder=folder,
        evaluate=lambda _: {"score": float(len(kept))},
        on_best=kept.append,
        report=told.append,
    )
    return kept, told


def changed(before, network):
    after = parameters(network)
    return {name for name in before if not torch.equal(before[name], after[name])}


def test_first_only_the_value_function_learns(tmp_path):
    torch.manual_seed(0)
    network = make_network()
    before = {name: value.clone() for name, value in parameters(network).items()}
    kept, _ = run(network, tmp_path, steps=64, value_steps=1000)
    names = changed(before, network)
    assert names
    assert all(name.startswith(VALUE_PARTS) for name in names)
    assert kept


def test_then_the_policy_learns_and_a_stopped_run_goes_on(tmp_path):
    torch.manual_seed(0)
    network = make_network()
    before = {name: value.clone() for name, value in parameters(network).items()}
    run(network, tmp_path, steps=64, value_steps=0)
    assert any(not name.startswith(VALUE_PARTS) for name in changed(before, network))
    _, told = run(make_network(), tmp_path, steps=96, value_steps=0)
    assert told[0].startswith("steps 64")
    assert told[-1].startswith("steps 96")
