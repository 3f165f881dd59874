"""Everything that moves beside the agents: people, vehicles, doors.

| | how it moves | instance in images |
|---|---|---|
| people | on shortest paths between places of the scene, around each other and the agent | n + k |
| vehicles | on the right-hand lanes of the roads of `Scene.map`, behind each other | n + k |
| doors | leaves of `Scene.doors` close now and then and open for whoever comes near | its own |

n is `len(scene.instances)`, k counts people first, then vehicles: one instance for a person, though
it is made of seven parts. The static scene is never rebuilt: moving things are instances in a scene
of their own, traced after it (`navworld.world.tracing.prepared.MovingParts`). They are lit evenly.

The state belongs to the environment: nothing in it is shared between rows, and what happens in a
row depends on nothing but its seed, its scene and the way of its agent. In a step first the agent
moves among things that stand still, up to the first contact, then they move around the agent.
Images taken within a step (rolling shutter, blur, events) show them where they are at its end.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from navworld.streams import IntArray, Streams
from navworld.world.company.contact import admit_all, touching_all
from navworld.world.company.doors import Doors
from navworld.world.company.gait import Figure, stand
from navworld.world.company.people import GAP, GOALS, PERSON, TICK, Walks, scatter, walk
from navworld.world.company.places import walks_of
from navworld.world.company.roads import Traffic
from navworld.world.company.states import MoverStates, PartMotion, Pose, motion_of_parts
from navworld.world.store import Place
from navworld.world.tracing.moving import MovingParts, move_rows, parts_table
from navworld.world.tracing.prepared import RayScene
from navworld.world.walkable.clearance import GRID
from navworld.world.walkable.fields import FIELD
from navworld.world.world import World


@dataclass(frozen=True)
class Movers:
    """What is to move in every environment.

    Attributes:
        people: How many; fewer where there is no room for so many.
        vehicles: How many; none where the scene has no map with roads.
        doors: Whether doors close and open.
        radius: Of the disc that a person is [m].
        pace: Range of the speeds that people like to walk at [m/s].
        start_distance: That people keep from the agent's start when an episode begins, beyond
            both radii [m].
    """

    people: int = 0
    vehicles: int = 0
    doors: bool = False
    radius: float = 0.25
    pace: tuple[float, float] = (0.7, 1.3)
    start_distance: float = 0.5

    def __post_init__(self) -> None:
        for name in ("people", "vehicles"):
            value = getattr(self, name)
            if not (isinstance(value, (int, np.integer)) and 0 <= value <= 1000):
                raise ValueError(f"Movers({name}={value!r}): expected a whole number 0 to 1000")
        low, high = self.pace
        if not 0 < low <= high <= 3:
            raise ValueError(f"Movers(pace={self.pace!r}): expected 0 < slowest ≤ fastest ≤ 3 m/s")
        if not 0.1 <= self.radius <= 0.6:
            raise ValueError(f"Movers(radius={self.radius!r}): expected 0.1 to 0.6 m")
        if not self.start_distance >= 0:
            raise ValueError(f"Movers(start_distance={self.start_distance!r}): expected ≥ 0 m")


class Others:
    """What moves beside the agents in a batch of environments.

    Args:
        num_envs: Rows B.
        movers: What there is to be.
        robot_radius: Of the agents [m].
        figure: Looks of a person by number.
        vehicle: Looks of a vehicle by number.

    Attributes:
        people: (B, P) of PERSON; the first `counts[b]` of a row are there.
    """

    def __init__(
        self,
        num_envs: int,
        movers: Movers,
        *,
        robot_radius: float,
        figure: Callable[[int], Figure],
        vehicle: Callable[[int], RayScene],
    ) -> None:
        self.movers, self._figure = movers, figure
        self.people = np.zeros((num_envs, movers.people), PERSON)
        self.counts = np.zeros(num_envs, np.int64)
        self._looks = np.zeros((num_envs, movers.people), np.int64)
        self._homes = np.zeros((num_envs, 2))
        self._agents = np.zeros((num_envs, 5))
        self._agents[:, 4] = robot_radius
        self._walks: list[Walks | None] = [None] * num_envs
        self._grids = np.zeros(num_envs, GRID)
        self._fields = np.zeros((num_envs, GOALS), FIELD)
        self._spots = np.zeros((num_envs, GOALS, 2))
        self._instances: list[NDArray[np.int64]] = [np.zeros(0, np.int64)] * num_envs
        self._shapes: list[list[RayScene | tuple[RayScene, ...]]] = [[] for _ in range(num_envs)]
        # Of all rows' movers, as many columns as the longest row has: now, and at the observation
        # before; which of its shapes each shows.
        self._now = np.tile(np.eye(4), (num_envs, movers.people, 1, 1))
        self._before = self._now.copy()
        self._shown = np.zeros((num_envs, movers.people), np.int64)
        self._people_before = self.people.copy()
        self._parts = parts_table([None] * num_envs, settled=True)
        self._traffic: list[Traffic | None] = [None] * num_envs
        self._doors: list[Doors | None] = [None] * num_envs
        self._driven: list[list[Traffic | Doors]] = [[] for _ in range(num_envs)]
        self._rows = np.arange(num_envs)
        self._no_vehicles = np.zeros((0, 3)), np.zeros(num_envs + 1, np.int64)
        self._vehicle = vehicle

    def begin(self, world: World, ids: IntArray, streams: Streams) -> None:
        """Sets everything down anew in rows `ids`, whose bodies stand at their starts."""
        for row in ids:
            rng = streams.generator("movers", row)
            place, start = world.places[row], world.xy[row]
            self._agents[row, :4] = *start, 0.0, 0.0
            self._populate(row, place, start, rng)
            self._traffic[row] = self._doors[row] = None
            if self.movers.vehicles and place.scene.map is not None and place.scene.map.roads:
                self._traffic[row] = Traffic(
                    place, self.movers.vehicles, rng, start, self._agents[row, 4]
                )
            if self.movers.doors and place.scene.doors:
                self._doors[row] = Doors(place.scene, rng)
            self._cast(row, world)

    def advance(self, world: World, dt: float) -> None:
        """Moves everything on by `dt` seconds, around the bodies where they are now."""
        ticks = max(1, math.ceil(dt / TICK - 1e-6))
        walk(
            self.people, self._people_before, self.counts, self._grids, self._fields, self._spots,
            self._agents, world.xy, float(dt), ticks,
        )  # fmt: skip
        for row, driven in enumerate(self._driven):
            for movers in driven:
                movers.move(self._walkers(row), dt)
        self._before[:] = self._now
        self._pose(self._rows)
        move_rows(world.movers, self._parts, self._now, self._shown)

    def admit(self, world: World, motion: NDArray, *, arc: bool) -> NDArray[np.float64]:
        """(B,) share of the way of every body before it would run into a person or a vehicle.

        Args:
            motion: (B, 3) forward [m], left [m], turn [rad] that the bodies are about to make.
            arc: Whether they turn on the way; else at its end.
        """
        people, counts, radius, vehicles, edges, agents = self._everybody()
        return admit_all(
            people, counts, radius, vehicles, edges, agents, world.xy, world.yaw, motion, arc
        )

    def touching(self, world: World) -> NDArray[np.bool_]:
        """(B,) whether a body stands where a person or a vehicle is."""
        people, counts, radius, vehicles, edges, agents = self._everybody()
        return touching_all(people, counts, radius, vehicles, edges, agents, world.xy)

    def states(self, row: int) -> MoverStates:
        """Where the movers of an environment truly are and how they move."""
        people = self.people[row, : self.counts[row]]
        velocity = np.stack([people["vx"], people["vy"], np.zeros(len(people))], 1)
        kinds, velocities, turns = ["person"] * len(people), [velocity], [people["turn"]]
        for kind, movers in (("vehicle", self._traffic[row]), ("door", self._doors[row])):
            if movers is not None:
                _, velocity, turn = movers.motion()
                kinds += [kind] * len(movers)
                velocities.append(velocity)
                turns.append(turn)
        return MoverStates(
            tuple(kinds), self._instances[row], self._of(row, self._now).copy(),
            np.concatenate(velocities), np.concatenate(turns),
        )  # fmt: skip

    def leaves(self, row: int) -> NDArray[np.float64]:
        """(D, 2, 2) hinge and far end of the doors of an environment, where they are now [m]."""
        doors = self._doors[row]
        return np.zeros((0, 2, 2)) if doors is None else doors.segments()

    def moving(self, row: int) -> NDArray[np.int64]:
        """Instances that have moved since the previous observation."""
        way = np.abs(self._of(row, self._now) - self._of(row, self._before))
        return self._instances[row][way.max((1, 2), initial=0.0) > 1e-9]

    def part_motion(self, row: int) -> PartMotion:
        """How the parts in images of an environment moved since the previous observation."""
        count = int(self.counts[row])
        single = [shape for shape in self._shapes[row][count:] if isinstance(shape, RayScene)]
        return motion_of_parts(
            Pose(self._people_before[row, :count], self._of(row, self._before)),
            Pose(self.people[row, :count], self._of(row, self._now)),
            instance=self._instances[row],
            figures=[self._figure(int(look)) for look in self._looks[row, :count]],
            shapes=single,
        )

    def state(self) -> dict[str, Any]:
        """Everything that changes."""
        names = ("people", "counts", "_looks", "_homes", "_agents")
        return {
            **{name: getattr(self, name).copy() for name in names},
            "before": (
                [self._of(row, self._before).copy() for row in range(len(self.people))],
                self._people_before.copy(),
            ),
            "traffic": [None if t is None else t.state() for t in self._traffic],
            "doors": [None if d is None else d.state() for d in self._doors],
        }

    def load(self, state: dict[str, Any], world: World) -> None:
        """Continues from `state()` in a world that has been loaded already."""
        for name in ("people", "counts", "_looks", "_homes", "_agents"):
            getattr(self, name)[:] = state[name]
        for row, place in enumerate(world.places):
            if place is None:
                continue
            if self.movers.people:
                self._walk_in(row, place)
            held = state["traffic"][row]
            self._traffic[row] = None if held is None else Traffic.of(place, held)
            held = state["doors"][row]
            self._doors[row] = None if held is None else Doors.of(place.scene, held)
            self._cast(row, world)
            self._of(row, self._before)[:] = state["before"][0][row]
        self._people_before[:] = state["before"][1]

    def _populate(self, row: int, place: Place, start: NDArray, rng: np.random.Generator) -> None:
        """Puts people into a scene."""
        movers = self.movers
        self.counts[row] = 0
        if not movers.people:
            return
        self._homes[row] = start
        walks = self._walk_in(row, place)
        if walks is None:
            return
        distance = movers.radius + self._agents[row, 4] + GAP + movers.start_distance
        people = scatter(walks, movers.people, rng, away=start, distance=distance, pace=movers.pace)
        self.counts[row] = len(people)
        self.people[row] = 0
        self.people[row, : len(people)] = people
        self._looks[row] = rng.permutation(max(32, movers.people))[: movers.people]

    def _walk_in(self, row: int, place: Place) -> Walks | None:
        """Lets people of a row walk around their home in a place."""
        walks = walks_of(place, self.movers.radius, self._homes[row])
        self._walks[row] = walks  # keeps what the records point at
        if walks is None:
            return None
        self._grids[row] = np.frombuffer(walks.navigator.packed, GRID)[0]
        self._fields[row], self._spots[row] = walks.fields, walks.spots
        return walks

    def _cast(self, row: int, world: World) -> None:
        """Makes the parts of a row anew."""
        first = len(world.places[row].scene.instances)
        looks = self._looks[row, : self.counts[row]]
        shapes: list[RayScene | tuple[RayScene, ...]] = [self._figure(int(k)).poses for k in looks]
        traffic, doors = self._traffic[row], self._doors[row]
        self._driven[row] = [movers for movers in (traffic, doors) if movers is not None]
        if traffic is not None:
            shapes += [self._vehicle(look) for look in traffic.looks]
        instances = list(range(first, first + len(shapes)))
        if doors is not None:
            shapes += doors.shapes
            instances += doors.instances
        self._instances[row] = np.array(instances, np.int64)
        self._shapes[row] = shapes
        self._room(len(shapes))
        self._now[row] = np.eye(4)
        self._pose(np.array([row]))
        self._before[row] = self._now[row]
        self._people_before[row] = self.people[row]
        world.movers[row] = None
        self._parts[row] = 0
        if shapes:
            parts = world.movers[row] = MovingParts(shapes, instances=instances)
            parts.set_transforms(self._of(row, self._now), self._of(row, self._shown).copy())
            self._parts[row] = parts.record[0]

    def _room(self, count: int) -> None:
        """Makes the rows long enough for so many movers."""
        more = count - self._now.shape[1]
        if more > 0:
            none = np.tile(np.eye(4), (len(self._now), more, 1, 1))
            self._now = np.concatenate([self._now, none], 1)
            self._before = np.concatenate([self._before, none], 1)
            self._shown = np.pad(self._shown, ((0, 0), (0, more)))

    def _of(self, row: int, table: NDArray) -> NDArray:
        """What is there of a row of a table that is as long as the longest."""
        return table[row, : len(self._instances[row])]

    def _pose(self, rows: IntArray) -> None:
        """Writes where the movers of some rows are, and what they show."""
        stand(rows, self.people, self.counts, self._grids, self._now, self._shown)
        for row in rows.tolist():
            at = int(self.counts[row])
            for movers in self._driven[row]:
                self._now[row, at : at + len(movers)] = movers.motion()[0]
                self._shown[row, at : at + len(movers)] = 0
                at += len(movers)

    def _everybody(self) -> tuple[Any, ...]:
        """The first arguments of `admit_all`."""
        vehicles, edges = self._no_vehicles
        found = [None if t is None else t.discs() for t in self._traffic]
        if any(discs is not None for discs in found):
            edges = np.cumsum([0, *(0 if discs is None else len(discs) for discs in found)])
            vehicles = np.concatenate([discs for discs in found if discs is not None])
        return self.people, self.counts, self.movers.radius, vehicles, edges, self._agents

    def _walkers(self, row: int) -> NDArray[np.float64]:
        """(D, 3) x, y, radius of the people and the agent."""
        people = self.people[row, : self.counts[row]]
        radius = np.full(len(people), self.movers.radius)
        discs = np.stack([people["x"], people["y"], radius], 1)
        return np.concatenate([discs, self._agents[row, [0, 1, 4]][None]])
