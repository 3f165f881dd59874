"""How bodies move between observations: continuous, differentiable, ending where they stand."""

import numpy as np
import pytest

from navworld.geometry import so3
from navworld.geometry.curves import Moments
from navworld.world.body import Robot
from navworld.world.scene import Instance, Material, Scene
from navworld.world.store import Place
from navworld.world.world import World
from tests.world.floors import open_floor

IDS = np.arange(3)


@pytest.fixture
def world() -> World:
    corners = np.array([[0, 0, 0], [8, 0, 0], [8, 8, 0]], np.float32)
    scene = Scene(
        "plain", corners, np.array([[0, 1, 2]], np.int32), np.zeros((1, 3, 2), np.float32),
        np.zeros(1, np.int32), np.zeros(1, np.int32), (Material("grey"),), (Instance("all", 2),),
        (open_floor(8, 8),),
    )  # fmt: skip
    place, world = Place(scene, None), World(3, Robot(), sliding=False)
    for row, xy in enumerate(((2.0, 2.0), (4.0, 4.0), (7.7, 4.0))):
        world.place(row, place, np.array(xy), 0.4 * row)
    return world


def assert_derivatives(world: World) -> None:
    """Velocities and accelerations are what finite differences of the poses say."""
    h, dt = 1e-4, world.dt[0]
    u = np.linspace(0.1, 0.9, 9)
    exact = world.moments(IDS, u)
    before, after = (world.moments(IDS, u + d * h / dt) for d in (-1, 1))
    p0, p, p1 = (m.T_world_body[..., :3, 3] for m in (before, exact, after))
    np.testing.assert_allclose(exact.velocity, (p1 - p0) / (2 * h), atol=1e-5)
    np.testing.assert_allclose(exact.acceleration, (p1 - 2 * p + p0) / h**2, atol=1e-4)
    R0, R1 = (m.T_world_body[..., :3, :3] for m in (before, after))
    rate = so3.log(np.swapaxes(R0, -1, -2) @ R1) / (2 * h)
    np.testing.assert_allclose(exact.angular_velocity, rate, atol=1e-6)
    spin = (after.angular_velocity - before.angular_velocity) / (2 * h)
    np.testing.assert_allclose(exact.angular_acceleration, spin, atol=1e-4)


def test_a_body_rests_before_its_first_step(world):
    moments = world.moments(IDS, np.array([0.0, 0.5, 1.0]))
    assert (moments.T_world_body == world.T_world_body()[:, None]).all()
    assert not moments.velocity.any() and not moments.angular_velocity.any()
    assert not world.time.any() and not world.dt.any()


def test_discrete_actions_start_and_end_at_rest(world):
    start = world.T_world_body()
    world.step(np.array([[0.25, 0, 0], [0, 0, 0.5], [0.25, 0, 0.1]]))
    ends = world.moments(IDS, np.array([0.0, 1.0]))
    np.testing.assert_allclose(ends.T_world_body[:, 0], start, atol=1e-12)
    assert (ends.T_world_body[:, 1] == world.T_world_body()).all()
    for name in ("velocity", "acceleration", "angular_velocity", "angular_acceleration"):
        np.testing.assert_allclose(getattr(ends, name), 0, atol=1e-12)
    assert_derivatives(world)
    assert (world.time == 0.5).all() and (world.dt == 0.5).all()


def test_velocity_actions_join_smoothly(world):
    for velocity in ([0.4, 0.3], [0.5, -0.8], [0.0, 0.2]):
        last = world.moments(IDS, np.ones(1))
        world.step_velocity(np.tile([velocity[0], 0.1, velocity[1]], (3, 1)), 0.2)
        first = world.moments(IDS, np.zeros(1))
        for name in Moments.__dataclass_fields__:
            np.testing.assert_allclose(getattr(first, name), getattr(last, name), atol=1e-9)
        assert_derivatives(world)
    assert (world.moments(IDS, np.ones(1)).T_world_body[:, 0] == world.T_world_body()).all()


def test_a_steady_arc_is_an_arc(world):
    for _ in range(3):
        world.step_velocity(np.tile([0.5, 0.0, 0.6], (3, 1)), 0.1)
    moments = world.moments(IDS[:2], np.linspace(0, 1, 5))
    np.testing.assert_allclose(np.linalg.norm(moments.velocity, axis=-1), 0.5, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(moments.acceleration, axis=-1), 0.3, atol=1e-3)


def test_wheels_attempt_what_a_wall_prevents(world):
    world.step(np.tile([0.25, 0.0, 0.0], (3, 1)))
    assert world.collided.tolist() == [False, False, True]
    assert (world.driven == [0.25, 0, 0]).all()


class Rise:
    """A curve straight up at 1 m/s, turning at 0.5 rad/s."""

    duration = 2.0

    def at(self, t):
        T = np.tile(np.eye(4), (len(t), 1, 1))
        T[:, :3, :3] = so3.exp(np.outer(t, [0, 0, 0.5]))
        T[:, :3, 3] = np.stack([np.full_like(t, 3.0), np.full_like(t, 3.0), 1 + t], 1)
        ones = np.ones((len(t), 1))
        return Moments(T, ones * [0, 0, 1.0], ones * 0, ones * [0, 0, 0.5], ones * 0)


def test_a_body_rides_a_curve_and_the_state_is_restored(world):
    world.ride(1, world.places[0], Rise())
    world.follow(0.5)
    state = world.state()
    world.follow(0.25)
    T = world.T_world_body(np.array([1]))[0]
    assert T[2, 3] == pytest.approx(1.75)
    half = world.moments(np.array([1]), np.array([0.5]))
    assert half.T_world_body[0, 0, 2, 3] == pytest.approx(1.625)
    assert world.travelled[1] == pytest.approx(0.75)
    world.load(state)
    assert world.T_world_body(np.array([1]))[0, 2, 3] == pytest.approx(1.5)
    with pytest.raises(ValueError, match=r"at 0.5 s of a motion of 2 s"):
        world.follow(1.6)
