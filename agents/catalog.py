"""Every agent by name. A plain tuple: go-to-definition works, and a test finds forgotten ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from navworld.agents.agent import Agent
from navworld.names import nearest

WEIGHTS = Path(__file__).parent / "weights"


@dataclass(frozen=True)
class AgentEntry:
    """An agent of the catalogue.

    Attributes:
        name: On the command line.
        summary: One line.
        build: Makes it; takes the weights file to use instead of the one that comes along.
        floor: Whether it stands in tables for comparison only.
    """

    name: str
    summary: str
    build: Callable[[Path | None], Agent]
    floor: bool = False


def _pointnav(weights: Path | None) -> Agent:
    from navworld.agents.policies.pointnav import load_agent

    return load_agent(weights or WEIGHTS / "pointnav.safetensors")


def _planner(weights: Path | None) -> Agent:
    from navworld.agents.policies.planner import PlannerPolicy
    from navworld.maps.occupancy import OccupancyMapper

    mapper = OccupancyMapper()
    return Agent(PlannerPolicy(mapper), mappers=(mapper,))


def _straight(weights: Path | None) -> Agent:
    from navworld.agents.policies.floors import StraightPolicy

    return Agent(StraightPolicy())


def _random(weights: Path | None) -> Agent:
    from navworld.agents.policies.floors import RandomPolicy

    return Agent(RandomPolicy(), sensors=("gps",))


def _oracle(weights: Path | None) -> Agent:
    from navworld.agents.policies.oracle import ShortestPathOracle

    return Agent(ShortestPathOracle(), sensors=("gps",))


AGENTS: tuple[AgentEntry, ...] = (
    AgentEntry("pointnav", "learned policy over an egocentric map from depth", _pointnav),
    AgentEntry("planner", "depth → occupancy → cheapest path, no learning", _planner, floor=True),
    AgentEntry("straight", "turns to the goal and drives", _straight, floor=True),
    AgentEntry("random", "random actions; stops at the goal's distance", _random, floor=True),
    AgentEntry("oracle", "follows the true shortest path", _oracle, floor=True),
)


def entry(name: str) -> AgentEntry:
    """The catalogue's entry of this name; a ValueError names the nearest when unknown."""
    for item in AGENTS:
        if item.name == name:
            return item
    raise ValueError(f"unknown agent {name!r}{nearest(name, [a.name for a in AGENTS])}")


def build_agent(name: str, weights: str | Path | None = None) -> Agent:
    """An agent by name.

    Args:
        weights: File to use instead of the one that comes along.
    """
    path = Path(weights) if weights is not None else None
    if path is not None and not path.exists():
        raise FileNotFoundError(f"there is no weights file {str(path)!r}: check the path")
    if path is not None and entry(name).floor:
        raise ValueError(f"agent {name!r} learns nothing: leave out --weights {path!s}")
    return entry(name).build(path)
