"""A flat stand-in world for tests: random rooms as boxes on a grid, a depth camera, a body.

It shares nothing with the renderer: depth comes from marching columns of pixels over a height
map, so that maps and policies can be tested without scenes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from gymnasium import spaces
from numba import njit
from scipy import ndimage
from skimage.graph import MCP_Geometric

from navworld.beliefs import GPS, augment
from navworld.maps.occupancy import OccupancyMapper

CELL = 0.05
SIZE = 64
RADIUS = 0.18
CAMERA = 0.88


def make_flat(rng: np.random.Generator, columns: int = 3, rows: int = 2) -> np.ndarray:
    """(Y, X) heights [m] of a flat of columns × rows rooms with doors and boxes of furniture."""
    room = 80
    heights = np.zeros((rows * room + 1, columns * room + 1), np.float32)
    wall = 2.6
    for i in range(rows + 1):
        heights[max(0, i * room - 1) : i * room + 2] = wall
    for j in range(columns + 1):
        heights[:, max(0, j * room - 1) : j * room + 2] = wall
    # a spanning tree of doors, so that all rooms are connected
    joined, todo = {(0, 0)}, [(i, j) for i in range(rows) for j in range(columns)][1:]
    while todo:
        i, j = todo[int(rng.integers(len(todo)))]
        near = [(i + a, j + b) for a, b in ((0, 1), (1, 0), (0, -1), (-1, 0))]
        near = [n for n in near if n in joined]
        if not near:
            continue
        a, b = near[int(rng.integers(len(near)))]
        at = int(rng.integers(12, room - 30))
        if a == i:
            edge = max(b, j) * room
            heights[i * room + at : i * room + at + 18, edge - 1 : edge + 2] = 0
        else:
            edge = max(a, i) * room
            heights[edge - 1 : edge + 2, j * room + at : j * room + at + 18] = 0
        joined.add((i, j))
        todo.remove((i, j))
    for i in range(rows):
        for j in range(columns):
            for _ in range(3):
                h, w = rng.integers(6, 24, 2)
                y = i * room + int(rng.integers(18, room - 18 - h))
                x = j * room + int(rng.integers(18, room - 18 - w))
                heights[y : y + h, x : x + w] = rng.choice([0.45, 0.75, 2.0])
    return heights


@njit(cache=True)
def _render(heights, x, y, yaw, out):
    """z-depth [m] of a level camera with a field of view of 90°."""
    size = out.shape[0]
    focal = 0.5 * size
    c, s = math.cos(yaw), math.sin(yaw)
    out[:] = 0.0
    for v in range(size):
        left = (0.5 * size - v - 0.5) / focal
        low = size  # rows from `low` down are filled, near things first
        z = 0.02
        while z < 10.0 and low > 0:
            i = int((y + s * z + c * left * z) / CELL)
            j = int((x + c * z - s * left * z) / CELL)
            top = 3.0
            if 0 <= i < heights.shape[0] and 0 <= j < heights.shape[1]:
                top = heights[i, j]
            while low > 0 and CAMERA + (0.5 * size - low + 0.5) / focal * z < top + 0.001:
                low -= 1
                ray = (0.5 * size - low - 0.5) / focal
                d = z
                if ray < 0:
                    d = min(z, -CAMERA / ray)
                out[low, v] = d if d >= 0.1 else 0.0
            z += 0.02


@dataclass
class _Body:
    x: float
    y: float
    yaw: float
    goal: tuple[float, float]
    start: tuple[float, float, float]
    distance: np.ndarray
    geodesic: float
    travelled: float = 0.0
    steps: int = 0


class FlatsEnv:
    """Batched PointNav in stand-in rooms: same-step autoreset, truth in `info`."""

    def __init__(self, count: int, seed: int = 0, flats: int = 4, limit: int = 500) -> None:
        self.num_envs = count
        self.limit = limit
        self.rng = np.random.default_rng(seed)
        self.flats = [make_flat(self.rng) for _ in range(flats)]
        self.free = [
            ndimage.distance_transform_edt(flat < 0.1) * CELL - 0.5 * CELL >= RADIUS
            for flat in self.flats
        ]
        self.single_action_space = spaces.Discrete(4)
        self.bodies: list[_Body] = []
        self.flat = np.zeros(count, int)

    def reset(self, seed: int | None = None):
        """First observations."""
        self.bodies = [self._episode(k) for k in range(self.num_envs)]
        return self.observe(np.arange(self.num_envs)), {}

    def _episode(self, k: int) -> _Body:
        self.flat[k] = self.rng.integers(len(self.flats))
        free = self.free[self.flat[k]]
        cells = np.argwhere(free)
        while True:
            a, b = cells[self.rng.integers(len(cells), size=2)]
            field, _ = MCP_Geometric(np.where(free, 1.0, -1.0)).find_costs([b])
            field = field * CELL
            if 1.0 <= field[tuple(a)] < 30.0:
                break
        yaw = float(self.rng.uniform(-np.pi, np.pi))
        y, x = (a + 0.5) * CELL
        gy, gx = (b + 0.5) * CELL
        return _Body(x, y, yaw, (gx, gy), (x, y, yaw), field, float(field[tuple(a)]))

    def observe(self, ids):
        """Depth, gps, compass and goal in the frame of the start."""
        depth = np.zeros((len(ids), SIZE, SIZE, 1), np.float32)
        gps = np.zeros((len(ids), 3), np.float32)
        compass = np.zeros((len(ids), 1), np.float32)
        goal = np.zeros((len(ids), 3), np.float32)
        for n, k in enumerate(ids):
            body = self.bodies[k]
            _render(self.flats[self.flat[k]], body.x, body.y, body.yaw, depth[n, ..., 0])
            x0, y0, yaw0 = body.start
            c, s = np.cos(yaw0), np.sin(yaw0)
            R = np.array([[c, s], [-s, c]])
            gps[n, :2] = R @ (body.x - x0, body.y - y0)
            goal[n, :2] = R @ (body.goal[0] - x0, body.goal[1] - y0)
            compass[n] = (body.yaw - yaw0 + np.pi) % (2 * np.pi) - np.pi
        return {"depth": depth, "gps": gps, "compass": compass, "goal": goal}

    def distance(self, k: int) -> float:
        """Geodesic distance to the goal [m]."""
        body = self.bodies[k]
        return float(body.distance[int(body.y / CELL), int(body.x / CELL)])

    def step(self, actions):
        """Moves every body; rows that are done begin anew."""
        done = np.zeros(self.num_envs, bool)
        success = np.zeros(self.num_envs, bool)
        spl = np.zeros(self.num_envs)
        collided = np.zeros(self.num_envs, bool)
        for k, action in enumerate(actions):
            body = self.bodies[k]
            body.steps += 1
            if action == 1:
                collided[k] = not self._forward(k)
            elif action >= 2:
                body.yaw += math.radians(30) if action == 2 else -math.radians(30)
            done[k] = action == 0 or body.steps >= self.limit
            if action == 0 and self.distance(k) <= 0.36:
                success[k] = True
                spl[k] = body.geodesic / max(body.geodesic, body.travelled)
        for k in np.flatnonzero(done):
            self.bodies[k] = self._episode(k)
        info = {"success": success, "spl": spl, "collided": collided}
        return self.observe(np.arange(self.num_envs)), spl, done, done & False, info

    def _forward(self, k: int) -> bool:
        body, free = self.bodies[k], self.free[self.flat[k]]
        for _ in range(25):
            x, y = body.x + 0.01 * math.cos(body.yaw), body.y + 0.01 * math.sin(body.yaw)
            if not free[int(y / CELL), int(x / CELL)]:
                return False
            body.x, body.y = x, y
            body.travelled += 0.01
        return True


class MappedFlats:
    """`FlatsEnv` seen through a GPS localizer and a mapper, as an agent sees it."""

    def __init__(self, env: FlatsEnv, mapper: OccupancyMapper) -> None:
        self.env, self.mapper, self.num_envs = env, mapper, env.num_envs
        self._localizer = GPS()

    def reset(self, *, seed: int | None = None):
        """First observations."""
        self.mapper.reset(np.arange(self.num_envs))
        return self._augment(self.env.reset()[0]), {}

    def step(self, actions):
        """As the environment's, with the map in the observation."""
        observation, reward, terminated, truncated, info = self.env.step(actions)
        self.mapper.reset(np.flatnonzero(terminated | truncated))
        return self._augment(observation), reward, terminated, truncated, info

    def _augment(self, observation):
        ids = np.arange(self.num_envs)
        parts = {"localizer": self._localizer, "mappers": (self.mapper,)}
        return augment(observation, None, 0.5, ids, **parts)[0]
