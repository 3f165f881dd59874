"""The environments' Gymnasium ids."""

from __future__ import annotations

import gymnasium

ENVIRONMENTS = {
    f"navworld/{name}-v0": (
        f"navworld.envs.tasks.{module}:{name}Env",
        f"navworld.envs.tasks.{module}:{name}VectorEnv",
    )
    for name, module in (
        ("PointNav", "pointnav"),
        ("ObjectNav", "objectnav"),
        ("ImageNav", "imagenav"),
        ("Explore", "explore"),
        ("Return", "returning"),
        ("Relocalize", "relocalize"),
        ("Drive", "drive"),
    )
}
"""Id → the classes behind `gymnasium.make` and `gymnasium.make_vec`, imported when made."""


def register() -> None:
    """Registers every id with Gymnasium; again is harmless."""
    for name, (entry_point, vector_entry_point) in ENVIRONMENTS.items():
        if name not in gymnasium.registry:
            gymnasium.register(
                name,
                entry_point,
                vector_entry_point=vector_entry_point,
                disable_env_checker=True,
                order_enforce=False,
            )
