"""What a stable-baselines3 policy makes of an observation, for actions that are numbers."""

from __future__ import annotations

from stable_baselines3.common.policies import ActorCriticPolicy
from torch import Tensor
from torch.distributions import Categorical


def action_logits(network: ActorCriticPolicy, observation: dict[str, Tensor]) -> Tensor:
    """(B, actions) log-probabilities of the actions.

    Raises:
        TypeError: The policy does not decide between numbered actions.
    """
    distribution = network.get_distribution(observation).distribution
    if not isinstance(distribution, Categorical):
        raise TypeError(
            f"the policy's actions are {network.action_space}, expected Discrete: "
            "make it for an environment with numbered actions"
        )
    return distribution.logits
