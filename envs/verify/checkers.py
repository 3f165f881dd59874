"""Check by Gymnasium's and stable-baselines3's own environment checkers."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Callable, Sequence

import gymnasium
from gymnasium import spaces

from navworld.beliefs import GPS
from navworld.envs.verify.findings import Findings
from navworld.evaluation.result import Metric
from navworld.registration import ENVIRONMENTS
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


SB3_ACTION = (
    "The action space is not based off a numpy array. Typically this means it's either a Dict or "
    "Tuple space. This type of action space is currently not supported by Stable Baselines 3. You "
    "should try to flatten the action using a wrapper."
)

GYMNASIUM_RANGE = (
    "For Box action spaces, we recommend using a symmetric and normalized space (range=[-1, 1] or "
    "[0, 1]). See https://stable-baselines3.readthedocs.io/en/master/guide/rl_tips.html for more "
    "information."
)


def verify_checkers(fast: bool = False) -> Findings:
    """Both checkers, Gymnasium's and stable-baselines3's, with every sensor and every id."""
    sets: list[Sequence[str]] = [SENSOR_NAMES, ("rgb", "depth", "semantic", "gps")]
    sets += [] if fast else [(name,) for name in SENSOR_NAMES]
    checks: dict[str, bool] = {}
    for sensors in sets:
        called = "all sensors" if len(sensors) == len(SENSOR_NAMES) else ", ".join(sensors)
        for actions in ("discrete", "velocity"):
            told = checker_warnings(sensors, actions)
            for checker, heard in told.items():
                sentence = f"checkers: {checker}, {actions}, {called}: no more than is listed"
                checks[f"{sentence} {heard or ''}".strip()] = not heard
    count = 2 * len(sets)
    for name in ENVIRONMENTS:
        scenes = "city:0" if "Drive" in name else "apartment:0"
        if fast and scenes != "apartment:0":
            continue
        for actions in ("discrete", "velocity"):
            told = checker_warnings(
                ("rgb", "depth"), actions, name=name, scenes=scenes, light="none"
            )
            count += 1
            for checker, heard in told.items():
                sentence = f"checkers: {checker}, {actions}, {name}: no more than is listed"
                checks[f"{sentence} {heard or ''}".strip()] = not heard
    return {"checkers_environments": Metric(float(count))}, checks


def checker_warnings(
    sensors: Sequence[str],
    actions: str,
    *,
    name: str = "navworld/PointNav-v0",
    scenes: object = "apartment:0",
    light: str = "fast",
) -> dict[str, list[str]]:
    """What each checker says of an environment that is not listed."""
    from gymnasium.utils.env_checker import check_env as gymnasium_check
    from stable_baselines3.common.env_checker import check_env as sb3_check

    localizer = GPS() if "gps" in sensors else None
    env = gymnasium.make(
        name, scenes=scenes, light=light, actions=actions, sensors=sensors, localizer=localizer,
        render_mode="rgb_array", image_size=40,
    ).unwrapped  # fmt: skip
    listed = expected_sb3_warnings(env.observation_space)
    declares = isinstance(env.action_space, spaces.Dict)
    if declares:
        listed.add(SB3_ACTION)
    told = _heard(lambda: sb3_check(env, warn=True))
    # Poses are declared in metres and radians, in a part of the action of its own.
    unheard = GYMNASIUM_RANGE if declares else "\0"
    return {
        "gymnasium": [text for text in _heard(lambda: gymnasium_check(env)) if unheard not in text],
        "stable-baselines3": [text for text in told if text not in listed],
    }


def _heard(check: Callable[[], None]) -> list[str]:
    gc.collect()  # what is left of other work says so now, not into what is recorded
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
        rank = len(part.shape or ())
        if rank == 3:
            listed |= {SB3_RANGE.format(key=key), SB3_SIZE}
            if part.dtype != "uint8":
                listed.add(SB3_TYPE.format(key=key, dtype=part.dtype))
        elif rank != 1:
            listed.add(SB3_SHAPE.format(key=key))
    return listed
