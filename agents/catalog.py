"""Every agent, learned system and odometer by name.

Plain tuples: go-to-definition works, and a test finds forgotten ones.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from navworld.agents.agent import Agent
from navworld.agents.odometry import deepvo, pointnav_vo
from navworld.contracts import Localizer, Odometer
from navworld.names import named, nearest
from navworld.recipe import Recipe

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


@dataclass(frozen=True)
class OdometerEntry:
    """An odometer of the catalogue.

    Attributes:
        name: On the command line, "odometry/…".
        summary: One line.
        build: Makes it; takes the weights file to use instead of the one that comes along.
        learned: Whether it has weights.
    """

    name: str
    summary: str
    build: Callable[[Path | None], Odometer]
    learned: bool = False


SYSTEMS: tuple[Recipe, ...] = (
    deepvo.RECIPE,
    pointnav_vo.RECIPE,
)


def _learned(recipe: Recipe) -> OdometerEntry:
    """A recipe as an odometer."""

    def build(weights: Path | None) -> Odometer:
        from navworld.agents.systems import load_system

        return recipe.wrap(load_system(recipe, weights))

    return OdometerEntry(recipe.name, recipe.mechanism, build, learned=True)


def _commanded(weights: Path | None) -> Odometer:
    from navworld.agents.odometry.commanded import Commanded

    return Commanded()


def _rgbd_pnp(weights: Path | None) -> Odometer:
    from navworld.agents.odometry.classical_depth import RgbdPnp

    return RgbdPnp()


def _stereo_pnp(weights: Path | None) -> Odometer:
    from navworld.agents.odometry.classical_depth import StereoPnp

    return StereoPnp()


def _klt_essential(weights: Path | None) -> Odometer:
    from navworld.agents.odometry.classical_mono import KltEssential

    return KltEssential()


def _still(weights: Path | None) -> Odometer:
    from navworld.agents.odometry.floors import Still

    return Still()


def _constant_velocity(weights: Path | None) -> Odometer:
    from navworld.agents.odometry.floors import ConstantVelocity

    return ConstantVelocity()


def _gyro(weights: Path | None) -> Odometer:
    from navworld.agents.odometry.floors import GyroSpeed

    return GyroSpeed()


def _wheels(weights: Path | None) -> Odometer:
    from navworld.agents.odometry.floors import Wheels

    return Wheels()


def _inertial(weights: Path | None) -> Odometer:
    from navworld.agents.odometry.floors import Inertial

    return Inertial()


ODOMETERS: tuple[OdometerEntry, ...] = (
    OdometerEntry("odometry/still", "nothing has moved", _still),
    OdometerEntry("odometry/constant-velocity", "straight on, one speed", _constant_velocity),
    OdometerEntry("odometry/gyro", "one speed, turned by the gyroscope", _gyro),
    OdometerEntry("odometry/wheels", "as the wheels' encoders count", _wheels),
    OdometerEntry("odometry/inertial", "the IMU's samples integrated", _inertial),
    OdometerEntry("odometry/commanded", "does as it was told", _commanded),
    OdometerEntry("odometry/rgbd-pnp", "tracked corners, depth, PnP, bundle adjustment", _rgbd_pnp),
    OdometerEntry("odometry/stereo-pnp", "the same with depth from two cameras", _stereo_pnp),
    OdometerEntry(
        "odometry/klt-essential", "one camera: tracked corners, essential matrix", _klt_essential
    ),
    *(_learned(recipe) for recipe in SYSTEMS if recipe.name.startswith("odometry/")),
)


def entry(name: str) -> AgentEntry:
    """The catalogue's entry of this name; a ValueError names the nearest when unknown."""
    return named(name, {item.name: item for item in AGENTS}, "agent")


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


def build_odometer(name: str, weights: str | Path | None = None) -> Odometer:
    """An odometer by name.

    Args:
        weights: File to use instead of the one that comes along.
    """
    odometer = named(name, {item.name: item for item in ODOMETERS}, "odometer")
    return odometer.build(None if weights is None else Path(weights))


def build_localizer(name: str, weights: str | Path | None = None) -> Localizer:
    """A localizer by name: "oracle", "gps", or dead reckoning over an odometer by its name."""
    from navworld.beliefs import GPS, Oracle
    from navworld.localization.dead_reckoning import DeadReckoning

    if name == "oracle":
        return Oracle()
    if name == "gps":
        return GPS()
    known = [o.name for o in ODOMETERS]
    if name not in known:
        raise ValueError(f"unknown localizer {name!r}{nearest(name, ['oracle', 'gps', *known])}")
    return DeadReckoning(build_odometer(name, weights))
