"""Check by Gymnasium's and stable-baselines3's own environment checkers."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence

import gymnasium
from gymnasium import spaces

from navworld.envs.verify.findings import Findings
from navworld.evaluation.result import Metric
from navworld.sensors import SENSOR_NAMES

SB3_TYPE = (
    "It seems that your observation {key} is an image but its `dtype` is ({dtype}) whereas it has "
    "to be `np.uint8`. If your observation is not an image, we recommend you to flatten the "
    "observation to have only a 1D vector"
)
SB3_RANGE = (
    "It seems that your observation space {key} is an image but the upper and lower bounds are "
    "not in [0, 255]. Because the CNN policy normalize automatically the observation you may "
    "encounter issue if the values are not in that range."
)
SB3_SIZE = (
    "The minimal resolution for an image is 36x36 for the default `CnnPolicy`. You might need to "
    "use a custom features extractor cf. "
    "https://stable-baselines3.readthedocs.io/en/master/guide/custom_policy.html"
)
SB3_SHAPE = (
    "Your observation {key} has an unconventional shape (neither an image, nor a 1D vector). "
    "We recommend you to flatten the observation to have only a 1D vector or use a custom policy "
    "to properly process the data."
)


def verify_checkers(fast: bool = False) -> Findings:
    """Gymnasium's and stable-baselines3's environment checkers, with every sensor."""
    sets: list[Sequence[str]] = [SENSOR_NAMES, ("rgb", "depth", "semantic", "gps")]
    sets += [] if fast else [(name,) for name in SENSOR_NAMES]
    checks: dict[str, bool] = {}
    for sensors in sets:
        called = "all sensors" if len(sensors) == len(SENSOR_NAMES) else ", ".join(sensors)
        for actions in ("discrete", "velocity"):
            told = _warnings(sensors, actions)
            for checker, heard in told.items():
                sentence = f"checkers: {checker}, {actions}, {called}: no more than is listed"
                checks[f"{sentence} {heard or ''}".strip()] = not heard
    return {"checkers_environments": Metric(float(2 * len(sets)))}, checks


def _warnings(sensors: Sequence[str], actions: str) -> dict[str, list[str]]:
    """What each checker says of an environment that is not listed."""
    from gymnasium.utils.env_checker import check_env as gymnasium_check
    from stable_baselines3.common.env_checker import check_env as sb3_check

    env = gymnasium.make(
        "navworld/PointNav-v0", scenes="apartment:0", light="fast", actions=actions,
        sensors=sensors, render_mode="rgb_array", image_size=40,
    ).unwrapped  # fmt: skip
    listed = expected_sb3_warnings(env.observation_space)
    told = _heard(lambda: sb3_check(env, warn=True))
    return {
        "gymnasium": _heard(lambda: gymnasium_check(env)),
        "stable-baselines3": [text for text in told if text not in listed],
    }


def _heard(check: Callable[[], None]) -> list[str]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        check()
    return [str(warning.message) for warning in caught]


def expected_sb3_warnings(space: spaces.Space) -> set[str]:
    """What stable-baselines3's checker says of observations that are meant to be as they are.

    Depth stays float, in metres, class ids stay integers, and scans and tables keep their shape:
    `navworld.nn.policies.DictFeatures` reads them so.
    """
    listed = set()
    for key, part in space.spaces.items() if isinstance(space, spaces.Dict) else ():
        if len(part.shape) == 3:
            listed |= {SB3_RANGE.format(key=key), SB3_SIZE}
            if part.dtype != "uint8":
                listed.add(SB3_TYPE.format(key=key, dtype=part.dtype))
        elif len(part.shape) != 1:
            listed.add(SB3_SHAPE.format(key=key))
    return listed
