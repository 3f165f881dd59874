"""Check by Gymnasium's and stable-baselines3's own environment checkers."""

from __future__ import annotations

from navworld.envs.verify.findings import Findings
from navworld.evaluation.result import Metric


def verify_checkers(fast: bool = False) -> Findings:
    """Gymnasium's and stable-baselines3's environment checkers."""
    import warnings

    import gymnasium
    from gymnasium.utils.env_checker import check_env as gymnasium_check
    from stable_baselines3.common.env_checker import check_env as sb3_check

    checks: dict[str, bool] = {}
    for actions in ("discrete", "velocity"):
        env = gymnasium.make(
            "navworld/PointNav-v0", scenes="apartment:0", light="fast", actions=actions,
            sensors=("rgb", "depth", "semantic", "gps"), render_mode="rgb_array",
        )  # fmt: skip
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            gymnasium_check(env.unwrapped)
        told = [str(w.message) for w in caught]
        checks[f"checkers: gymnasium, {actions}: no warning {told or ''}".strip()] = not told
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            sb3_check(env.unwrapped, warn=True)
        told = [str(w.message) for w in caught if str(w.message) not in EXPECTED_SB3_WARNINGS]
        checks[
            f"checkers: stable-baselines3, {actions}: none but the listed {told or ''}".strip()
        ] = not told
    return {"checkers_environments": Metric(2.0)}, checks


EXPECTED_SB3_WARNINGS: tuple[str, ...] = (
    "It seems that your observation depth is an image but its `dtype` is (float32) whereas it has "
    "to be `np.uint8`. If your observation is not an image, we recommend you to flatten the "
    "observation to have only a 1D vector",
    "It seems that your observation space depth is an image but the upper and lower bounds are "
    "not in [0, 255]. Because the CNN policy normalize automatically the observation you may "
    "encounter issue if the values are not in that range.",
    "Your observation semantic has an unconventional shape (neither an image, nor a 1D vector). "
    "We recommend you to flatten the observation to have only a 1D vector or use a custom policy "
    "to properly process the data.",
)
"""Depth stays float, in metres, and class ids stay integers: `DictFeatures` reads them so."""
