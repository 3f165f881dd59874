"""The 3-D scene of the page: the place, the body, where it went and where it believes to be."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from navworld.envs.play.session import BELIEF, KINDS, TRUTH, Session, shrunk
from navworld.geometry.so3 import to_quaternion
from navworld.viz.ground import GOAL
from navworld.viz.model import scene_glb
from navworld.viz.viewpoints import without_roof

CAMERAS = ("from behind", "from above", "free")
SHAPES = {"person": (0.3, 0.45, 1.72), "vehicle": (4.2, 1.8, 1.5)}
"""Sizes that others are shown in [m]."""

LIFT = 0.04
"""Paths are drawn this far above the ground [m]."""


class Stage:
    """What stands in viser's 3-D scene.

    Attributes:
        camera: One of `CAMERAS`: how the view follows the body.
        open_roof: Whether a roof is taken away.
    """

    def __init__(self, server: Any, session: Session) -> None:
        self._server, self._session = server, session
        self.camera, self.open_roof = CAMERAS[0], True
        self._bodies: dict[str, Any] = {}
        self._shown: tuple[Any, ...] = ()
        self._count = 0

    def load(self) -> None:
        """Puts the place on the stage."""
        session, scene = self._session, self._server.scene
        place = session.place
        self._shown = place, session.conditions, self.open_roof
        kept = without_roof(place, session.robot) if self.open_roof else None
        dressed, light = session.dressed()
        scene.add_glb("/place", scene_glb(dressed, light, kept))
        for name, color in (("belief", BELIEF), ("truth", TRUTH)):
            vertices, faces = _arrow(session.robot.radius)
            self._bodies[name] = scene.add_mesh_simple(
                f"/{name}/body", vertices, faces, color=color, flat_shading=True, side="double"
            )
        vertices, faces = _ring(0.25, 0.36)
        goal = scene.add_mesh_simple("/goal", vertices, faces, color=GOAL, side="double")
        goal.position = session.goal + np.array([0, 0, LIFT])
        self._far = float(np.ptp(place.navigator(session.robot.radius).bounds, axis=0).max())
        for client in self._server.get_clients().values():
            self.place_camera(client)

    def show(self) -> None:
        """Moves everything to where it is now; another place is put on the stage first."""
        session, scene = self._session, self._server.scene
        if self._shown != (session.place, session.conditions, self.open_roof):
            self.load()
        self._show_others()
        for name, poses, color in (
            ("belief", session.belief, BELIEF), ("truth", session.truth, TRUTH),
        ):  # fmt: skip
            self._bodies[name].wxyz = _wxyz(poses[-1])
            self._bodies[name].position = poses[-1][:3, 3] + np.array([0, 0, 0.02])
            points = np.stack(poses)[:, :3, 3] + np.array([0, 0, LIFT])
            if len(points) > 1:
                pairs = np.stack([points[:-1], points[1:]], 1)
                scene.add_line_segments(
                    f"/{name}/path", pairs, np.array(color, np.uint8), line_width=4
                )
            else:
                scene.remove_by_name(f"/{name}/path")
        T = session.truth[-1] @ session.camera.T_body_camera
        camera = session.camera
        scene.add_camera_frustum(
            "/truth/eye", 2 * np.arctan(camera.height / camera.width), camera.width / camera.height,
            scale=0.28, color=TRUTH, image=shrunk(session.eyes(), 160), wxyz=_wxyz(T),
            position=T[:3, 3],
        )  # fmt: skip
        if self.camera == "from behind":
            for client in self._server.get_clients().values():
                self.place_camera(client)

    def follow(self, camera: str) -> None:
        """Chooses how the view follows the body."""
        self.camera = camera
        for client in self._server.get_clients().values():
            self.place_camera(client)

    def _show_others(self) -> None:
        """People and vehicles as plain shapes; doors are on the map alone."""
        scene = self._server.scene
        found = [(kind, T) for kind, T in self._session.others() if kind in SHAPES]
        for k in range(len(found), self._count):
            scene.remove_by_name(f"/others/{k}")
        self._count = len(found)
        for k, (kind, T) in enumerate(found):
            size = np.array(SHAPES[kind])
            scene.add_box(
                f"/others/{k}", color=KINDS[kind], dimensions=size, wxyz=_wxyz(T),
                position=T[:3, 3] + np.array([0, 0, size[2] / 2]),
            )  # fmt: skip

    def place_camera(self, client: Any) -> None:
        """Puts a browser's view where it belongs."""
        T = self._session.truth[-1]
        here, ahead = T[:3, 3], T[:3, 0]
        with client.atomic():
            if self.camera == "from behind":
                client.camera.position = here - 2.6 * ahead + np.array([0, 0, 3.4])
                client.camera.look_at = here + 0.9 * ahead + np.array([0, 0, 0.4])
            elif self.camera == "from above":
                bounds = self._session.world.navigator(0).bounds
                middle = np.append(bounds.mean(0), here[2])
                client.camera.position = middle + self._far * np.array([0.0, -0.5, 1.0])
                client.camera.look_at = middle


def _wxyz(T: NDArray) -> NDArray[np.float64]:
    x, y, z, w = to_quaternion(T[:3, :3])
    return np.array([w, x, y, z])


def _arrow(radius: float) -> tuple[NDArray[np.float32], NDArray[np.uint32]]:
    """A disc with a nose that points ahead: vertices and triangles."""
    angle = np.linspace(0, 2 * np.pi, 33)[:-1]
    rim = radius * np.stack([np.cos(angle), np.sin(angle)], 1)
    low = np.column_stack([rim, np.zeros(32)])
    high = np.column_stack([rim, np.full(32, 0.3)])
    nose = [[0.85 * radius, 0, 0.31], [-0.5 * radius, 0.6 * radius, 0.31],
            [-0.5 * radius, -0.6 * radius, 0.31], [-0.1 * radius, 0, 0.48]]  # fmt: skip
    vertices = np.concatenate([low, high, [[0, 0, 0.3]], nose]).astype(np.float32)
    k = np.arange(32)
    n = (k + 1) % 32
    sides = np.concatenate([np.stack([k, n, n + 32], 1), np.stack([k, n + 32, k + 32], 1)])
    top = np.stack([np.full(32, 64), k + 32, n + 32], 1)
    spike = np.array([[65, 66, 68], [66, 67, 68], [67, 65, 68]])
    return vertices, np.concatenate([sides, top, spike]).astype(np.uint32)


def _ring(inner: float, outer: float) -> tuple[NDArray[np.float32], NDArray[np.uint32]]:
    angle = np.linspace(0, 2 * np.pi, 49)[:-1]
    circle = np.column_stack([np.cos(angle), np.sin(angle), np.zeros(48)])
    vertices = np.concatenate([inner * circle, outer * circle]).astype(np.float32)
    k = np.arange(48)
    n = (k + 1) % 48
    faces = np.concatenate([np.stack([k, k + 48, n + 48], 1), np.stack([k, n + 48, n], 1)])
    return vertices, faces.astype(np.uint32)
