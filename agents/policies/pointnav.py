"""`pointnav`: the learned policy over egocentric occupancy maps.

One network for imitation, reinforcement and use: stable-baselines3's actor-critic policy with
`EgomapFeatures`. Its weights travel as fp16 safetensors.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from stable_baselines3.common.policies import ActorCriticPolicy, MultiInputActorCriticPolicy

from navworld.agents.agent import Agent
from navworld.beliefs import GOAL_POLAR_SPACE, Observation
from navworld.maps.occupancy import OccupancyMapper
from navworld.nn.policies.egomap import EgomapSettings
from navworld.nn.policies.features import EGOMAP_KEYS, EgomapFeatures
from navworld.nn.weights import load_weights


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
    """Decides with the network from the keys it reads; others in the observation are ignored."""

    def __init__(self, network: ActorCriticPolicy) -> None:
        self.network = network

    def predict(
        self,
        observation: Observation,
        state: Any = None,
        episode_start: NDArray | None = None,
        deterministic: bool = True,
    ) -> tuple[NDArray, Any]:
        """Actions (B,)."""
        self.network.set_training_mode(False)
        with torch.inference_mode():
            tensors = self._tensors(observation)
            distribution = self.network.get_distribution(tensors)
            action = distribution.get_actions(deterministic=deterministic)
        return action.cpu().numpy().astype(np.int64), state

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
