"""From actions to motion: which actions there are, what is refused, and how bodies move by them."""

from __future__ import annotations

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from navworld.actions import FORWARD, LEFT, RIGHT, STOP
from navworld.envs.options import Options
from navworld.sensors.noise import actuation_model
from navworld.streams import Streams
from navworld.world.movers import Others
from navworld.world.world import World

Actions = NDArray | dict[str, NDArray]

REST = 0.1
"""A velocity action below this fraction of full speed and full turn rate means stop."""


class Steering:
    """Moves the bodies of a batch.

    Attributes:
        moves: The actions that move one body.
    """

    def __init__(self, num_envs: int, options: Options) -> None:
        self.num_envs, self.robot = num_envs, options.robot
        self.actuation = actuation_model(options.actuation)
        self.moves: spaces.Space = spaces.Discrete(4)
        if options.actions == "velocity":
            self.moves = spaces.Box(-1.0, 1.0, (2,), np.float32)

    def checked(self, actions: Actions, space: spaces.Space) -> tuple[Actions, NDArray]:
        """The actions of the batch, and those of them that move the bodies.

        Args:
            space: The actions of one environment: `moves`, or a `Dict` with them as "move".
        """
        if not isinstance(space, spaces.Dict):
            moves = self._checked_moves(np.asarray(actions))
            return moves, moves
        if not isinstance(actions, dict) or actions.keys() != space.spaces.keys():
            what = sorted(actions) if isinstance(actions, dict) else type(actions).__name__
            raise ValueError(f"actions are {what}; expected a dict of {sorted(space.spaces)}")
        given: dict[str, NDArray] = {}
        for name, part in space.spaces.items():
            value = np.asarray(actions[name])
            if name != "move":
                shape = (self.num_envs, *(part.shape or ()))
                if value.shape != shape or not np.isfinite(value).all():
                    raise ValueError(
                        f"action {name!r} is {value.tolist()}: expected finite numbers of shape "
                        f"{shape}"
                    )
            given[name] = self._checked_moves(value) if name == "move" else value
        return given, given["move"]

    def step(
        self, world: World, moves: NDArray, *, streams: Streams, others: Others | None
    ) -> None:
        """Moves every body, and tells the world which of them stop.

        Args:
            moves: (B,) discrete actions or (B, 2) velocities.
            others: People and vehicles, which bodies are kept from running into.
        """
        jumps = isinstance(self.moves, spaces.Discrete)
        dt = 1.0 if jumps else self.robot.dt
        velocity, stops = self._jumps(moves) if jumps else self._velocities(moves)
        if self.actuation is not None:
            ids = np.arange(self.num_envs)
            velocity = self.actuation.disturb(velocity * dt, ids, streams) / dt
        before, share = world.xy.copy(), np.ones(self.num_envs)
        if others is not None:
            share = others.admit(world, velocity * dt, arc=not jumps)
        velocity[:, :2] *= share[:, None]
        if jumps:
            world.step(velocity)
        else:
            world.step_velocity(velocity, dt)
        world.collided |= share < 1
        # Sliding along a wall leads off the way that was looked at.
        for row in np.flatnonzero(others.touching(world)) if others is not None else ():
            world.hold(int(row), before[row])
        world.stopped = stops

    def _checked_moves(self, actions: NDArray) -> NDArray:
        space = self.moves
        shape = (self.num_envs, *(space.shape or ()))
        if actions.shape != shape:
            raise ValueError(f"actions have shape {actions.shape}; expected {shape}")
        if isinstance(space, spaces.Discrete):
            whole = np.issubdtype(actions.dtype, np.integer)
            if not (whole and ((actions >= 0) & (actions < 4)).all()):
                raise ValueError(
                    f"action {actions.tolist()} is outside the action space: expected whole "
                    "numbers 0 (stop), 1 (forward), 2 (turn left), 3 (turn right)"
                )
            return actions.astype(np.int64)
        if not (np.isfinite(actions).all() and (np.abs(actions) <= 1).all()):
            raise ValueError(
                f"action {actions.tolist()} is outside the action space: expected finite numbers "
                "in [−1, 1] (forward speed, turn rate)"
            )
        return actions.astype(np.float64)

    def _jumps(self, moves: NDArray) -> tuple[NDArray, NDArray]:
        """(B, 3) x, y [m] and turn [rad] of discrete actions, and (B,) which of them are stops."""
        motion = np.zeros((self.num_envs, 3))
        motion[moves == FORWARD, 0] = self.robot.forward
        turn = np.radians(self.robot.turn_deg)
        motion[:, 2] = turn * ((moves == LEFT).astype(float) - (moves == RIGHT))
        return motion, moves == STOP

    def _velocities(self, moves: NDArray) -> tuple[NDArray, NDArray]:
        """(B, 3) x, y [m/s] and turn [rad/s] of velocity actions, and (B,) which are stops."""
        velocity = np.zeros((self.num_envs, 3))
        velocity[:, 0] = np.maximum(moves[:, 0], 0.0) * self.robot.max_speed
        velocity[:, 2] = moves[:, 1] * self.robot.max_turn_rate
        resting = (moves[:, 0] < REST) & (np.abs(moves[:, 1]) < REST)
        velocity[resting] = 0.0
        return velocity, resting
