"""Check of movers: nobody walks through anything, nothing leaks, and little time is lost."""

from __future__ import annotations

import hashlib
import time

import numpy as np
from numpy.typing import NDArray

from navworld.envs.navigation import Navigation
from navworld.envs.options import Options
from navworld.envs.verify.findings import Findings
from navworld.evaluation.result import Metric
from navworld.world.movers import Movers
from navworld.world.tracing.moving import MovingParts

STEP = 0.5
"""Duration of a step of the simulated hours [s]."""


def verify_movers(fast: bool = False) -> Findings:
    """People, doors and vehicles against what they must never do, and what they may cost."""
    metrics: dict[str, Metric] = {}
    checks: dict[str, bool] = {}
    for found, held in (
        _hours(1_000.0 if fast else 100_000.0, 2 if fast else 12),
        _door(),
        _same(8 if fast else 40),
        _cost(2, judged=False) if fast else _cost(40),
    ):
        metrics.update(found)
        checks.update(held)
    return metrics, checks


def _options(people: int, **more: object) -> Options:
    """Agents that see nothing, among people."""
    given = {"scenes": "apartment:0-11", "sensors": (), "localizer": None, "light": "none"}
    return Options.of({**given, "movers": Movers(people=people, doors=True), **more})


def _hours(seconds: float, rows: int) -> Findings:
    """Walks people about for hours while the agents stay at their starts."""
    batch = Navigation(rows, _options(8))
    batch.reset(np.arange(rows), list(range(rows)))
    others, world = batch.others, batch.world
    assert others is not None
    gaps = {"person": np.inf, "wall": np.inf, "agent": np.inf, "leaf": np.inf}
    way, began = 0.0, time.perf_counter()
    steps = int(np.ceil(seconds / STEP / rows))
    for _ in range(steps):
        others.advance(world, STEP)
        for row in range(rows):
            people = others.people[row, : others.counts[row]]
            _narrow(gaps, _gaps_in(batch, row, np.stack([people["x"], people["y"]], 1)))
            way += float(np.hypot(people["vx"], people["vy"]).sum()) * STEP
    took = time.perf_counter() - began
    speed = way / (steps * STEP * others.counts.sum())
    name = f"movers: in {steps * STEP * rows:.0f} s of {others.counts.sum()} people"
    return {
        **{f"movers_gap_{who}_m": Metric(float(gap), "m") for who, gap in gaps.items()},
        "movers_mean_speed": Metric(speed, "m/s"),
        "movers_simulated_s_per_s": Metric(steps * STEP * rows / took, "1"),
    }, {
        f"{name} nobody intersects another": gaps["person"] >= 0,
        f"{name} nobody intersects a wall": gaps["wall"] >= -1e-6,
        f"{name} nobody intersects the agent's start": gaps["agent"] >= 0,
        f"{name} no leaf is swept into anybody": gaps["leaf"] >= -0.03,
        f"{name} they walk (0.3 m/s and more, pauses included)": speed >= 0.3,
        **(
            {}
            if seconds < 1e4
            else {"movers: 1e5 s are simulated in under two minutes": took * 1e5 < 120 * seconds}
        ),
    }


def _gaps_in(batch: Navigation, row: int, xy: NDArray[np.float64]) -> dict[str, float]:
    """Least room between people of a row at `xy` (P, 2) and all that they must not touch [m]."""
    others, world = batch.others, batch.world
    assert others is not None
    radius = others.movers.radius
    apart = np.linalg.norm(xy[:, None] - xy[None], axis=2) + 1e3 * np.eye(len(xy))
    found = {
        "person": float(apart.min() - 2 * radius),
        "agent": float(np.linalg.norm(xy - world.xy[row], axis=1).min())
        - radius
        - world.robot.radius,
        "wall": float(world.places[row].navigator(radius).clearance(xy).min()) - radius,
        "leaf": np.inf,
    }
    leaves = others.leaves(row)
    if len(leaves):
        a, along = leaves[:, 0], leaves[:, 1] - leaves[:, 0]
        share = np.einsum("pdk,dk->pd", xy[:, None] - a, along) / (along**2).sum(1)
        near = a + np.clip(share, 0, 1)[..., None] * along
        found["leaf"] = float(np.linalg.norm(xy[:, None] - near, axis=2).min()) - radius
    return found


def _narrow(gaps: dict[str, float], found: dict[str, float]) -> None:
    for who, gap in found.items():
        gaps[who] = min(gaps[who], gap)


def _door() -> Findings:
    """Time to move the doors of an apartment."""
    batch = Navigation(1, _options(0))
    batch.reset(np.arange(1), [0])
    parts, others = batch.world.movers[0], batch.others
    assert isinstance(parts, MovingParts)
    assert others is not None
    T = others.states(0).T_world_mover
    took = []
    for k in range(200):
        T[:, 0, 3] += 1e-4 * (-1) ** k
        began = time.perf_counter()
        parts.set_transforms(T)
        took.append(time.perf_counter() - began)
    micros = float(np.median(took)) * 1e6
    name = f"movers: moving {len(T)} doors takes less than 0.1 ms"
    return {"movers_doors_us": Metric(micros, "µs")}, {name: micros < 100}


def _digests(
    rows: int, first: int, steps: int, *, threads: int = 1, resumed: bool = False
) -> list[str]:
    """What each row observes among movers; `resumed` half-way from a saved state."""
    options = _options(
        5, scenes="apartment:0-1", sensors=("rgb", "depth", "instance", "flow", "motion_mask"),
        image_size=24, threads=threads,
    )  # fmt: skip
    batch = Navigation(rows, options)
    hashes = [hashlib.sha256() for _ in range(rows)]
    seen = batch.reset(np.arange(rows), [50 + first + k for k in range(rows)])
    for step in range(steps):
        for row in range(rows):
            for key in sorted(seen):
                hashes[row].update(np.ascontiguousarray(seen[key][row]).tobytes())
        if resumed and step == steps // 2:
            state = batch.state()
            for _ in range(3):
                batch.step(np.full(rows, 2))
            batch.load(state)
        actions = np.array([(1, 1, 2, 1, 3)[((first + k) * 7 + 3 * step) % 5] for k in range(rows)])
        seen, _ = batch.step(actions)
    return [digest.hexdigest() for digest in hashes]


def _same(steps: int) -> Findings:
    """The same bytes in a batch and alone, on two threads, and again."""
    many = _digests(4, 0, steps)
    checks = {
        "movers: a row is the same in a batch and alone": _digests(1, 2, steps)[0] == many[2],
        "movers: two threads make the same bytes": _digests(4, 0, steps, threads=2) == many,
        "movers: a saved state goes on with the same bytes": _digests(4, 0, steps, resumed=True)
        == many,
        "movers: rows of one scene do not share what moves": len(set(many)) == 4,
    }
    return {}, checks


def _cost(rounds: int, *, judged: bool = True) -> Findings:
    """Frames a second among 20 people, as a share of those without, in runs that alternate.

    Processor time is counted, so that other work on the machine matters less.
    """
    metrics, checks = {}, {}
    for size in (64, 128):
        batches = []
        for movers in (None, Movers(people=20)):
            looks = {"scenes": "apartment:train[:8]", "sensors": ("rgb", "depth", "semantic")}
            options = _options(0, **looks, light="fast", image_size=size, movers=movers)
            batches.append(Navigation(8, options))
            batches[-1].reset(np.arange(8), list(range(8)))
        actions = np.random.default_rng(0).choice([1, 1, 2, 3], (8, 8))
        took = np.zeros((rounds + 1, 2))
        for n in range(rounds + 1):
            for k, batch in enumerate(batches):
                began = time.process_time()
                for action in actions:
                    batch.step(action)
                took[n, k] = time.process_time() - began
        share = float(np.median(took[1:, 0] / took[1:, 1]))
        metrics[f"movers_rate_share_{size}"] = Metric(share, "1")
        if judged:
            checks[f"movers: 20 people leave 70 % of the frame rate at {size}²"] = share >= 0.7
    return metrics, checks
