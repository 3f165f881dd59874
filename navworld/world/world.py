"""The World: a batch of bodies, each standing in a scene; the truth of a simulation.

Sensors look at it through `render`, tasks judge by it. Frames: x forward, y left, z up for world
and body, OpenCV's for cameras.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from navworld.geometry import se3
from navworld.geometry.curves import Curve, Moments
from navworld.streams import IntArray
from navworld.world.body import Camera, Robot
from navworld.world.conditions import PLAIN, Conditions
from navworld.world.looking import Looking, view
from navworld.world.motion import advance, integrate_velocity
from navworld.world.navigability import Navigator
from navworld.world.rays import MovingParts, RayScene
from navworld.world.store import Place
from navworld.world.upright import between, rates_on_arcs, upright, wrap
from navworld.world.walkable.clearance import GRID, ground_at

if TYPE_CHECKING:
    from navworld.world.company.states import Company

STATE = (
    "xy", "z", "yaw", "collided", "carried", "stopped", "travelled", "time", "dt", "driven", "gain",
    "T_world_start", "_knots", "weather_keys",
)  # fmt: skip


class World:
    """A batch of bodies in scenes.

    Args:
        num_envs: Number of bodies B.
        robot: Their shape and motion.
        sliding: Whether a body slides along what it touches.
        light: Quality of baked light, see `navworld.world.store.LIGHTS`.
        threads: For rendering.

    Attributes:
        xy: (B, 2) positions [m]. z: (B,) heights of the ground [m]. yaw: (B,) headings [rad].
        collided: (B,) whether the last action touched something.
        carried: (B, 4, 4) how bodies were carried off after the last step: where they were to
            where they are, in the world's frame; the identity for most.
        stopped: (B,) whether the last action declared the end; the environment sets it.
        travelled: (B,) path length since the episode's start [m].
        time: (B,) since the episode's start [s]. dt: (B,) duration of the last step, 0 before [s].
        driven: (B, 3) forward [m], left [m] and turn [rad] that the wheels attempted in the last
            step, as if nothing had been in the way.
        T_world_start: (B, 4, 4) poses at the start of the episodes.
        gain: (B, 3) brightness and colour of the episodes' light.
        places: The B scenes.
        movers: What moves in each of them, or None where nothing does.
        others: The state of what moves (`navworld.world.movers.Others`), None where nothing does.
        conditions: Hour, weather and season in each of them (`meet`); they change colours alone.
        weather_keys: (B,) uint64, what the drops and flakes of each episode are drawn from.
    """

    def __init__(
        self,
        num_envs: int,
        robot: Robot,
        *,
        sliding: bool = False,
        light: str = "full",
        threads: int = 1,
    ) -> None:
        self.num_envs, self.robot = num_envs, robot
        self.sliding, self.light, self.threads = sliding, light, threads
        self.places: list[Place] = [None] * num_envs  # type: ignore[list-item]
        self.movers: list[MovingParts | None] = [None] * num_envs
        self.others: Company | None = None
        self.conditions: list[Conditions] = [PLAIN] * num_envs
        self.weather_keys = np.zeros(num_envs, np.uint64)
        self._looks = Looking()
        self.xy = np.zeros((num_envs, 2))
        self.z = np.zeros(num_envs)
        self.yaw = np.zeros(num_envs)
        self.collided = np.zeros(num_envs, bool)
        self.carried = np.tile(np.eye(4), (num_envs, 1, 1))
        self.stopped = np.zeros(num_envs, bool)
        self.travelled = np.zeros(num_envs)
        self.time, self.dt = np.zeros(num_envs), np.zeros(num_envs)
        self.driven = np.zeros((num_envs, 3))
        self.gain = np.ones((num_envs, 3), np.float32)
        self.T_world_start = np.tile(np.eye(4), (num_envs, 1, 1))
        # Before and after the last step: (x, y, z, yaw) less those now, their rates, second rates.
        self._knots = np.zeros((num_envs, 2, 3, 4))
        self._curves: dict[int, Curve] = {}
        self._navigators: list[Navigator] = []
        self._records = np.empty(0, GRID)
        self._which = np.zeros(num_envs, np.int64)

    def place(self, row: int, place: Place, xy: NDArray, yaw: float) -> None:
        """Puts body `row` into a scene, at rest at the start of an episode."""
        self.places[row] = place
        self.xy[row], self.yaw[row] = xy, wrap(yaw)
        self.z[row] = place.navigator(self.robot.radius).ground(self.xy[row][None])[0]
        self._begin(row)
        self.T_world_start[row] = self.T_world_body(np.array([row]))[0]
        self._index_navigators()
        self._looks.forget()

    def carry_off(self, row: int, xy: NDArray, yaw: float) -> None:
        """Sets body `row` down elsewhere in its scene, in the middle of an episode.

        Nothing that measures motion feels it: the last step is as if it had been made there, and
        the way travelled stays what it was.
        """
        before = self.T_world_body(np.array([row]))[0]
        turn = wrap(yaw) - self.yaw[row]
        c, s = np.cos(turn), np.sin(turn)
        self._knots[row, ..., :2] = self._knots[row, ..., :2] @ np.array([[c, s], [-s, c]])
        self.xy[row], self.yaw[row] = xy, wrap(yaw)
        self.z[row] = self.navigator(row).ground(self.xy[row][None])[0]
        after = self.T_world_body(np.array([row]))[0]
        self.carried[row] = after @ np.linalg.inv(before)
        self._looks.forget()

    def ride(self, row: int, place: Place, curve: Curve) -> None:
        """Puts body `row` on a motion of six degrees of freedom, at its beginning.

        `follow` moves it on; the wheels' `step` and `step_velocity` are for bodies on the floor.
        """
        self.places[row] = place
        self._begin(row)
        self._curves[row] = curve
        self._set_down(row)
        self.T_world_start[row] = self.T_world_body(np.array([row]))[0]
        self._looks.forget()

    def follow(self, dt: float) -> None:
        """Moves every riding body on along its curve by `dt` seconds."""
        if not dt > 0:
            raise ValueError(f"dt={dt!r}: time goes forward, give a positive number of seconds")
        for row, curve in self._curves.items():
            if self.time[row] + dt > curve.duration + 1e-9:
                raise ValueError(
                    f"body {row} is at {self.time[row]:g} s of a motion of {curve.duration:g} s: "
                    f"it cannot go on for {dt:g} s; place it anew"
                )
            before = self.xy[row].copy(), self.z[row]
            self.time[row] += dt
            self.dt[row] = dt
            self._set_down(row)
            self.travelled[row] += np.hypot(
                np.linalg.norm(self.xy[row] - before[0]), self.z[row] - before[1]
            )
        self._looks.forget()

    def T_world_body(self, ids: IntArray | None = None) -> NDArray:
        """(n, 4, 4) true poses of bodies `ids` (all by default)."""
        ids = np.arange(self.num_envs) if ids is None else ids
        T = upright(self.xy[ids], self.z[ids], self.yaw[ids])
        for k, row in enumerate(ids if self._curves else ()):
            if row in self._curves:
                T[k] = self._curves[row].at(self.time[row : row + 1]).T_world_body[0]
        return T

    def moments(self, ids: IntArray, fractions: NDArray) -> Moments:
        """How bodies `ids` really moved during the last step, with exact derivatives.

        A discrete action starts and ends at rest; under velocity actions speed and acceleration
        are continuous from step to step. Before the first step a body rests. On the floor the way
        is smooth in x, y, z and heading between the poses before and after, also where the body
        slid around a corner in between. Its z lies on the ground before and after the step and
        rises there as the ground does; in between it is the smooth curve that joins them.

        Args:
            fractions: (k,) or (n, k) in [0, 1]: 0 is the previous observation, 1 is now.

        Returns:
            Moments of shape (n, k); the one at fraction 1 is the present pose to the last bit.
        """
        u = np.asarray(fractions, np.float64)
        u = np.broadcast_to(u, (len(ids), u.shape[-1]))
        now = self.xy[ids], self.z[ids], self.yaw[ids]
        found = between(*now, self._knots[ids], self.dt[ids], u)
        for k, row in enumerate(ids if self._curves else ()):
            if row in self._curves:
                times = self.time[row] - (1 - u[k]) * self.dt[row]
                ridden = self._curves[row].at(times)
                for name in Moments.__dataclass_fields__:
                    getattr(found, name)[k] = getattr(ridden, name)
        return found

    def T_start_body(self, ids: IntArray) -> NDArray:
        """(n, 4, 4) true poses in the frame of the episode's start."""
        return se3.relative(self.T_world_start[ids], self.T_world_body(ids))

    def navigator(self, row: int) -> Navigator:
        """Walkable space of the scene that body `row` stands in."""
        return self._navigators[self._which[row]]

    def step(self, motion: NDArray) -> None:
        """Moves every body by a displacement, then turns it.

        Args:
            motion: (B, 3): forward [m], left [m], turn [rad], in the body frame.
        """
        c, s = np.cos(self.yaw), np.sin(self.yaw)
        delta = np.stack(
            [c * motion[:, 0] - s * motion[:, 1], s * motion[:, 0] + c * motion[:, 1]], 1
        )
        before = self.xy
        self.xy, self.collided, travelled = advance(
            self._navigators, self._which, self.xy, delta, sliding=self.sliding
        )
        self.travelled += travelled
        self.yaw = wrap(self.yaw + motion[:, 2])
        still = np.zeros((self.num_envs, 2, 3))
        self._note(before, motion, self.robot.dt, still)

    def step_velocity(self, velocity: NDArray, dt: float) -> None:
        """Drives every body along an arc for `dt` seconds.

        Args:
            velocity: (B, 2): forward [m/s] and turn rate [rad/s], or (B, 3): forward, left, turn.
        """
        if velocity.shape[1] == 2:
            velocity = np.insert(velocity, 1, 0.0, axis=1)
        before = self.xy
        self.xy, self.yaw, self.collided, travelled = integrate_velocity(
            self._navigators, self._which, self.xy, self.yaw, velocity, dt, sliding=self.sliding
        )
        self.yaw = wrap(self.yaw)
        self.travelled += travelled
        free = np.where(self.collided[:, None], [0, 0, 1], 1)
        ending = rates_on_arcs(self.yaw, free * velocity)
        self._note(before, velocity * dt, dt, ending)

    def hold(self, row: int, xy: NDArray) -> None:
        """Puts body `row` back to `xy` (2,), from where the last step took it into somebody."""
        self.travelled[row] -= np.linalg.norm(self.xy[row] - xy)
        ground = self.navigator(row).ground(np.asarray(xy)[None])[0]
        self._knots[row, 0, 0, :3] += *(self.xy[row] - xy), self.z[row] - ground
        self._knots[row, 1, 1:, :3] = 0.0
        self.xy[row], self.z[row], self.collided[row] = xy, ground, True
        self._looks.forget()

    def want(self, renders: Sequence[tuple[Camera, str]]) -> None:
        """Announces what sensors will read, so that one pass per camera gives all of it."""
        self._looks.want(renders)

    def render(self, camera: Camera, output: str, ids: IntArray) -> NDArray:
        """What the cameras of bodies `ids` see: (n, H, W) or (n, H, W, 3), the caller's to keep."""
        return self._looks.render(self, camera, output, ids)

    def view(
        self, camera: Camera, T_world_body: NDArray, ids: IntArray, outputs: Sequence[str]
    ) -> dict[str, NDArray]:
        """Images from any poses in the scenes of environments `ids` (goal images, datasets).

        Args:
            T_world_body: (n, 4, 4) where the cameras' bodies would stand.
        """
        return view(self, camera, T_world_body, ids, outputs)

    def meet(self, row: int, conditions: Conditions, key: int = 0) -> None:
        """Sets the conditions that body `row` finds.

        Args:
            key: What the drops and flakes are drawn from.
        """
        self.conditions[row] = PLAIN if conditions == PLAIN else conditions
        self.weather_keys[row] = key
        self._looks.forget()

    def scene(self, row: int) -> RayScene:
        """What body `row` stands in, ready for colour images under its conditions."""
        return self._looks.scene(self, row)

    def state(self) -> dict[str, Any]:
        """Everything that moves, and where it stands: load it into a world of the same size."""
        held = {name: getattr(self, name).copy() for name in STATE}
        return {
            "places": list(self.places),
            "conditions": list(self.conditions),
            "_curves": dict(self._curves),
            **held,
        }

    def load(self, state: dict[str, Any]) -> None:
        """Continues from `state()`."""
        if len(state["places"]) != self.num_envs:
            raise ValueError(
                f"the state holds {len(state['places'])} bodies, this world {self.num_envs}"
            )
        for name, value in state.items():
            setattr(self, name, value.copy())
        self.conditions = [PLAIN if found == PLAIN else found for found in self.conditions]
        self._index_navigators()
        self._looks.forget()

    def _begin(self, row: int) -> None:
        """Body `row` rests at the start of an episode."""
        self.collided[row], self.stopped[row], self.travelled[row] = False, False, 0.0
        self.carried[row] = np.eye(4)
        self.time[row], self.dt[row], self.driven[row], self._knots[row] = 0.0, 0.0, 0.0, 0.0
        self._curves.pop(row, None)

    def _set_down(self, row: int) -> None:
        """Keeps what a riding body has in common with one on the floor."""
        T = self._curves[row].at(self.time[row : row + 1]).T_world_body[0]
        self.xy[row], self.z[row] = T[:2, 3], T[2, 3]
        self.yaw[row] = np.arctan2(T[1, 0], T[0, 0])

    def _note(self, before: NDArray, attempted: NDArray, dt: float, ending: NDArray) -> None:
        """Keeps how the step went: from where (B, 2), and the rates (B, 2, 3) it ended with."""
        self.time += dt
        self.dt[:] = dt
        self.carried[:] = np.eye(4)
        self.driven = np.array(attempted, np.float64)
        sunk, rise = self._follow_ground()
        self._knots[:, 0, 1:] = self._knots[:, 1, 1:]
        self._knots[:, 1, 1:, :2] = ending[..., :2]
        self._knots[:, 1, 1:, 2] = np.einsum("bkc,bc->bk", ending[..., :2], rise)
        self._knots[:, 1, 1:, 3] = ending[..., 2]
        self._knots[:, 0, 0, :2] = before - self.xy
        self._knots[:, 0, 0, 2] = sunk
        self._knots[:, 0, 0, 3] = -attempted[:, 2]
        self._looks.forget()

    def _follow_ground(self) -> tuple[NDArray, NDArray]:
        """Sets the bodies on the ground; how much lower it is now (B,), its rise there (B, 2)."""
        ground = ground_at(self._records, self._which, self.xy)
        for row in self._curves:
            ground[row] = self.z[row], 0.0, 0.0
        sunk, self.z = self.z - ground[:, 0], ground[:, 0].copy()
        return sunk, ground[:, 1:]

    def _index_navigators(self) -> None:
        """Numbers the floors that bodies drive on; rows without one borrow the first."""
        found: dict[int, int] = {}
        self._navigators = []
        self._which[:] = 0
        for row, place in enumerate(self.places):
            if place is None or row in self._curves:
                continue
            navigator = place.navigator(self.robot.radius)
            if id(navigator) not in found:
                found[id(navigator)] = len(self._navigators)
                self._navigators.append(navigator)
            self._which[row] = found[id(navigator)]
        packed = b"".join([navigator.packed for navigator in self._navigators])
        self._records = np.frombuffer(packed, GRID)
