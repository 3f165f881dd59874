"""`pointnav`: the learned policy over egocentric occupancy maps.

One network for imitation, reinforcement and use: stable-baselines3's actor-critic policy with
`EgomapFeatures`. Its weights travel as fp16 safetensors.
"""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from stable_baselines3.common.policies import ActorCriticPolicy, MultiInputActorCriticPolicy

from navworld.actions import STOP
from navworld.agents.agent import Agent
from navworld.beliefs import GOAL_POLAR_SPACE, Observation
from navworld.maps.occupancy import OccupancyMapper
from navworld.nn.policies.actions import action_logits
from navworld.nn.policies.egomap import EgomapSettings
from navworld.nn.policies.features import EGOMAP_KEYS, EgomapFeatures
from navworld.nn.rows import by_rows
from navworld.nn.weights import load_weights
from navworld.streams import Streams


def policy_kwargs(settings: EgomapSettings | None = None) -> dict[str, Any]:
    """What stable-baselines3's `MultiInputPolicy` needs to be this network."""
    return {
        "features_extractor_class": EgomapFeatures,
        "features_extractor_kwargs": {"settings": settings},
        "normalize_images": False,
        "net_arch": {"pi": [64], "vf": [64]},
        "activation_fn": torch.nn.ReLU,
        "ortho_init": False,
        "optimizer_kwargs": {"eps": 1e-5},
    }


def observation_space(mapper: OccupancyMapper | None = None) -> spaces.Dict:
    """The keys that the network reads."""
    mapper = mapper or OccupancyMapper()
    known = {**mapper.space.spaces, "goal_polar": GOAL_POLAR_SPACE}
    return spaces.Dict({key: known[key] for key in EGOMAP_KEYS})


def make_network(
    settings: EgomapSettings | None = None, *, learning_rate: float = 1e-3
) -> ActorCriticPolicy:
    """The untrained network."""
    return MultiInputActorCriticPolicy(
        observation_space(), spaces.Discrete(4), lambda _: learning_rate, **policy_kwargs(settings)
    )


class PointNavPolicy:
    """Decides with the network from the keys it reads; others in the observation are ignored.

    It draws its moves from the network's distribution and stops when that is likeliest: a policy
    that looks at one moment only and always does what is likeliest may turn to and fro between
    two ways forever. `deterministic` makes the draws repeatable: they depend on the goal
    and on the step of the episode, whatever the batch.

    Args:
        network: stable-baselines3's policy with `EgomapFeatures`.
        temperature: Of the distribution; towards 0 the likeliest move is made.
        stop_odds: It stops when the network deems that so many times likelier than any move:
            imitation counts the rare stop this many times (`DaggerSettings.stop_weight`).
    """

    def __init__(
        self, network: ActorCriticPolicy, *, temperature: float = 1.0, stop_odds: float = 3.0
    ) -> None:
        self.network, self.temperature, self.stop_odds = network, temperature, stop_odds
        self._rng = np.random.default_rng()

    def predict(
        self,
        observation: Observation,
        state: Streams | None = None,
        episode_start: NDArray | None = None,
        deterministic: bool = True,
    ) -> tuple[NDArray, Streams]:
        """Actions (B,), and the streams of random numbers that continue them."""
        self.network.set_training_mode(False)
        seen = self._tensors(observation)
        scores = by_rows(
            lambda rows: action_logits(self.network, {k: v[rows] for k, v in seen.items()}),
            len(observation["goal_polar"]),
            self.network.device,
        )
        logits = torch.cat(scores).cpu().numpy().astype(np.float64)
        logits[:, STOP] -= np.log(self.stop_odds)
        state = self._streams(observation["goal_polar"], state, episode_start)
        ids = np.arange(len(logits))
        uniform = state.uniform("pointnav", ids, (logits.shape[1],))
        if not deterministic:
            uniform = self._rng.random(logits.shape)
        state.steps += 1
        drawn = logits - self.temperature * np.log(-np.log(uniform + 1e-300) + 1e-300)
        drawn[:, STOP] = -np.inf
        likeliest = logits.argmax(1)
        return np.where(likeliest == STOP, STOP, drawn.argmax(1)), state

    def _streams(
        self, goal_polar: NDArray, state: Streams | None, episode_start: NDArray | None
    ) -> Streams:
        """Random streams of the rows; those of new episodes begin with their goal as seed."""
        fresh = np.ones(len(goal_polar), bool) if episode_start is None else episode_start
        if state is None or len(state.steps) != len(goal_polar):
            state, fresh = Streams(len(goal_polar)), np.ones(len(goal_polar), bool)
        elif episode_start is None:
            return state
        for row in np.flatnonzero(fresh).tolist():
            state.seed(row, zlib.crc32(np.ascontiguousarray(goal_polar[row], np.float32).tobytes()))
        return state

    def _tensors(self, observation: Observation) -> dict[str, torch.Tensor]:
        missing = [key for key in EGOMAP_KEYS if key not in observation]
        if missing:
            raise ValueError(
                f"the pointnav policy reads {missing}, which the observation does not have: make "
                "the environment with **agent.env_options()"
            )
        device = self.network.device
        return {k: torch.as_tensor(observation[k], device=device) for k in EGOMAP_KEYS}


def load_agent(path: Path) -> Agent:
    """The agent with weights from a file."""
    network = make_network()
    load_weights(network, Path(path))
    return Agent(PointNavPolicy(network), mappers=(OccupancyMapper(),))
