"""`navworld verify`: checks an installation the way the project's own bars do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from navworld.envs.verify.aliasing import verify_aliasing
from navworld.envs.verify.cameras import verify_cameras
from navworld.envs.verify.checkers import verify_checkers
from navworld.envs.verify.conditions import verify_conditions
from navworld.envs.verify.country import verify_country
from navworld.envs.verify.determinism import verify_determinism
from navworld.envs.verify.events import verify_events
from navworld.envs.verify.faults import verify_faults
from navworld.envs.verify.fields import verify_fields
from navworld.envs.verify.findings import Findings
from navworld.envs.verify.formats import verify_formats
from navworld.envs.verify.gait import verify_gait
from navworld.envs.verify.inertial import verify_inertial
from navworld.envs.verify.lidar import verify_lidar
from navworld.envs.verify.memory import verify_memory
from navworld.envs.verify.metrics import verify_metrics
from navworld.envs.verify.movers import verify_movers
from navworld.envs.verify.noise import verify_noise
from navworld.envs.verify.places import verify_places
from navworld.envs.verify.rendering import verify_flicker, verify_truth
from navworld.envs.verify.tasks import verify_tasks
from navworld.evaluation.result import Metric, Result
from navworld.names import named

SENSOR_CHECKS: tuple[Callable[[bool], Findings], ...] = (
    verify_cameras,
    verify_lidar,
    verify_inertial,
    verify_gait,
    verify_events,
    verify_fields,
)


WORLD_CHECKS: tuple[Callable[[bool], Findings], ...] = (
    verify_conditions,
    verify_movers,
    verify_aliasing,
    verify_places,
    verify_country,
)


def verify_sensors(fast: bool = False) -> Findings:
    """Every sensor against an independent account of what it should measure."""
    return _all_of(SENSOR_CHECKS, fast)


def verify_worlds(fast: bool = False) -> Findings:
    """What changes and moves in worlds, how alike their places look, and real ones."""
    return _all_of(WORLD_CHECKS, fast)


def _all_of(parts: Sequence[Callable[[bool], Findings]], fast: bool) -> Findings:
    metrics: dict[str, Metric] = {}
    checks: dict[str, bool] = {}
    for check in parts:
        found, held = check(fast)
        metrics.update(found)
        checks.update(held)
    return metrics, checks


CHECKS: dict[str, Callable[[bool], Findings]] = {
    "flicker": verify_flicker,
    "memory": verify_memory,
    "truth": verify_truth,
    "determinism": verify_determinism,
    "checkers": verify_checkers,
    "sensors": verify_sensors,
    "noise": verify_noise,
    "worlds": verify_worlds,
    "tasks": verify_tasks,
    "metrics": verify_metrics,
    "formats": verify_formats,
    "faults": verify_faults,
}


def verify(
    what: Sequence[str],
    *,
    fast: bool = False,
    known: Mapping[str, Callable[[bool], Findings]] = CHECKS,
) -> Result:
    """Runs checks by name; every one is a line with what was found and whether it holds.

    Args:
        fast: With fewer samples.
        known: The checks by name.
    """
    metrics: dict[str, Metric] = {}
    checks: dict[str, bool] = {}
    for name in what:
        found, held = named(name, known, "check")(fast)
        metrics.update(found)
        checks.update(held)
    return Result(metrics, {"checks": list(what), "fast": fast}, checks)
