"""What a stable-baselines3 policy makes of an observation, for actions that are numbers."""

from __future__ import annotations

from gymnasium import spaces
from stable_baselines3.common.policies import ActorCriticPolicy
from torch import Tensor


def action_logits(network: ActorCriticPolicy, observation: dict[str, Tensor]) -> Tensor:
    """(B, actions) log-probabilities of the actions.

    The policy's own distribution is one object that every call fills anew; threads that ask for
    some rows each would read each other's.

    Raises:
        TypeError: The policy does not decide between numbered actions.
    """
    if not isinstance(network.action_space, spaces.Discrete):
        raise TypeError(
            f"the policy's actions are {network.action_space}, expected Discrete: "
            "make it for an environment with numbered actions"
        )
    features = network.extract_features(observation, network.pi_features_extractor)
    assert isinstance(features, Tensor)  # of one extractor there are no two
    scores: Tensor = network.action_net(network.mlp_extractor.forward_actor(features))
    return scores - scores.logsumexp(-1, keepdim=True)
