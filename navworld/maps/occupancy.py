"""Occupancy grid from depth and believed poses, shown to a policy as egocentric crops.

Every environment of the batch has a grid in the frame of its start. Pixels between a low and a
high limit above the ground mark obstacles; what the camera sees over, down to the ground, and up
to the nearest obstacle of an image column, is free. An obstacle stays once it has been seen,
since from close by low ones pass below the picture (`persistence=0`); for noisy depth let
free sightings wear obstacles away (`persistence > 0`). A body that moved straight ahead by less
than a step has bumped into something, which is marked in front of it.

A policy sees two crops turned to the body's heading (ahead is up), one fine and one wide, like
the egocentric maps of Active Neural SLAM (Chaplot et al., ICLR 2020).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from navworld.beliefs import Belief, Map, Observation
from navworld.maps.occupancy_kernels import (
    EXPLORED,
    OBSTACLE,
    POOL,
    STEP,
    VISITED,
    VISITED_STEP,
    crop_far,
    crop_near,
    integrate,
    mark_body,
)
from navworld.streams import IntArray


@dataclass(frozen=True)
class Crop:
    """An egocentric crop: `size` × `size` pixels of `resolution` metres."""

    size: int
    resolution: float


@dataclass(frozen=True)
class Bands:
    """What counts as what, by height above the ground [m], and how far to look [m]."""

    floor: float = 0.1
    top: float = 1.1
    carve: float = 5.0
    reach: float = 10.0


class OccupancyMapper:
    """What is around the body, remembered from depth.

    Adds to the observation:
        map_near: (3, S, S) uint8 crop at 0.1 m: obstacle, explored, visited (share of the pixel).
        map_far: (3, S, S) uint8 crop at 0.3 m.
        map_motion: (3,) float32 what the last step did: metres ahead, radians turned (positive
            to the left), 1 when the body bumped into something.

    Rows of a crop run from ahead to behind, columns from left to right, the body in the middle.
    The grids are kept for whatever environment ids have been reset.

    Attributes:
        cells: (N, side, side) uint8 grids, indexed [y, x]; see `occupancy_kernels`.
        poses: (N, 3) x [m], y [m], heading [rad] of the last update.
        age: (N,) updates since the last reset.
    """

    def __init__(
        self,
        *,
        fov_deg: float = 90.0,
        camera_height: float = 0.88,
        radius: float = 0.18,
        forward: float = 0.25,
        cell: float = 0.05,
        extent: float = 64.2,
        near: int = 64,
        far: int = 64,
        persistence: int = 0,
        contact: float = 0.9,
        bands: Bands | None = None,
    ) -> None:
        """Grids of `extent` × `extent` metres; `near` and `far` are the crops' sizes in pixels.

        A body that drove less than `contact` of a forward action has bumped into something: lower
        for one whose actions end short by themselves.
        """
        self.fov_deg, self.camera_height = fov_deg, camera_height
        self.radius, self.forward, self.cell = radius, forward, cell
        self.near, self.far = Crop(near, 2 * cell), Crop(far, POOL * cell)
        self.persistence, self.contact, self.bands = persistence, contact, bands or Bands()
        self.side = POOL * round(extent / (POOL * cell))
        self.cells = np.zeros((0, self.side, self.side), np.uint8)
        self.pooled = np.zeros((0, 3, self.side // POOL, self.side // POOL), np.uint8)
        self.bounds = np.zeros((0, 4), np.int64)
        self.poses = np.zeros((0, 3))
        self.motion = np.zeros((0, 3), np.float32)
        self.age = np.zeros(0, np.int64)
        image = spaces.Box(0, 255, (3, near, near), np.uint8)
        wide = spaces.Box(0, 255, (3, far, far), np.uint8)
        limit = np.array([100.0, np.pi, 1.0], np.float32)
        self.space = spaces.Dict(
            {
                "map_near": image,
                "map_far": wide,
                "map_motion": spaces.Box(-limit, limit, dtype=np.float32),
            }
        )

    @property
    def origin(self) -> float:
        """Where the outer corner of cell [0, 0] lies, in x as in y [m]."""
        return -0.5 * self.side * self.cell

    def reset(self, ids: IntArray) -> None:
        """Forgets everything in environments `ids`."""
        self._grow(int(np.max(ids, initial=-1)) + 1)
        for k in ids:
            top, bottom, left, right = self.bounds[k]
            if bottom > top:
                self.cells[k, top:bottom, left:right] = 0
                self.pooled[k] = 0
        self.bounds[ids] = (self.side, 0, self.side, 0)
        self.poses[ids] = 0.0
        self.motion[ids] = 0.0
        self.age[ids] = 0

    def update(self, observation: Observation, belief: Belief, ids: IntArray) -> Map:
        """Adds the depth image (n, H, W, 1) seen at the believed poses; returns the crops."""
        if "depth" not in observation:
            raise ValueError(
                "OccupancyMapper reads the observation 'depth', which no sensor gives: "
                "add 'depth' to sensors="
            )
        ids = np.asarray(ids, np.int64)
        self._move(belief.T_world_body, ids)
        depth = np.ascontiguousarray(observation["depth"][..., 0], np.float32)
        limits = (self.bands.floor, self.bands.top, self.bands.carve, self.bands.reach)
        integrate(
            self.cells, self.pooled, self.bounds, ids, self.poses, depth,
            np.tan(np.radians(self.fov_deg) / 2), self.camera_height, self.cell,
            np.array(limits), self.persistence,
        )  # fmt: skip
        near = np.empty((len(ids), 3, self.near.size, self.near.size), np.uint8)
        far = np.empty((len(ids), 3, self.far.size, self.far.size), np.uint8)
        crop_near(self.cells, ids, self.poses, self.cell, near)
        crop_far(self.pooled, ids, self.poses, self.cell, far)
        return Map({"map_near": near, "map_far": far, "map_motion": self.motion[ids].copy()})

    def obstacles(self, k: int) -> NDArray[np.bool_]:
        """(side, side) obstacle cells of environment k, indexed [y, x]."""
        return (self.cells[k] & OBSTACLE) > 0

    def explored(self, k: int) -> NDArray[np.bool_]:
        """(side, side) cells of environment k that have been seen free or as obstacle."""
        return (self.cells[k] & EXPLORED) > 0

    def visited(self, k: int) -> NDArray[np.bool_]:
        """(side, side) cells of environment k that the body has stood on."""
        return (self.cells[k] & VISITED) > 0

    def _move(self, T_world_body: NDArray, ids: IntArray) -> None:
        """Takes over the new poses, marks the body's place and what it bumped into."""
        pose = np.empty((len(ids), 3))
        pose[:, :2] = T_world_body[:, :2, 3]
        pose[:, 2] = np.arctan2(T_world_body[:, 1, 0], T_world_body[:, 0, 0])
        step = pose - self.poses[ids]
        turned = (step[:, 2] + np.pi) % (2 * np.pi) - np.pi
        ahead = np.hypot(step[:, 0], step[:, 1])
        straight = np.abs(turned) < 0.1
        bumped = straight & (ahead < self.contact * self.forward) & (self.age[ids] > 0)
        first = self.age[ids] == 0
        self.motion[ids] = np.where(first[:, None], 0, np.stack([ahead, turned, bumped], 1))
        self.poses[ids] = pose
        self.age[ids] += 1
        mark_body(
            self.cells, self.pooled, self.bounds, ids, self.poses, bumped, self.radius, self.cell
        )

    def _grow(self, count: int) -> None:
        """Makes room for environments 0…count − 1; kept grids stay."""
        more = count - len(self.poses)
        if more <= 0:
            return
        side = self.side
        self.cells = np.concatenate([self.cells, np.zeros((more, side, side), np.uint8)])
        wide = np.zeros((more, *self.pooled.shape[1:]), np.uint8)
        self.pooled = np.concatenate([self.pooled, wide])
        self.bounds = np.concatenate([self.bounds, np.tile([side, 0, side, 0], (more, 1))])
        self.poses = np.concatenate([self.poses, np.zeros((more, 3))])
        self.motion = np.concatenate([self.motion, np.zeros((more, 3), np.float32)])
        self.age = np.concatenate([self.age, np.zeros(more, np.int64)])


def pack_crop(crop: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(…, 3, S, S) crop → (…, S, S): its three channels in one byte, without loss."""
    obstacle, explored, visited = np.moveaxis(crop, -3, 0)
    return (obstacle // STEP) | (explored // STEP) << 3 | (visited // VISITED_STEP) << 6


def unpack_crop(packed: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Undoes `pack_crop`."""
    parts = ((packed & 7) * STEP, (packed >> 3 & 7) * STEP, (packed >> 6) * VISITED_STEP)
    return np.stack(parts, axis=-3).astype(np.uint8)
