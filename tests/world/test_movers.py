"""Movers: nobody walks through anything; what moves is true, private and resumable."""

from __future__ import annotations

import numpy as np
import pytest

from navworld.envs.navigation import Navigation
from navworld.envs.options import Options
from navworld.envs.verify.movers import _digests, _gaps_in
from navworld.geometry.se3 import inverse, transform
from navworld.scenes.materials import material
from navworld.scenes.people import figure, vehicle
from navworld.sensors.flow import Flow
from navworld.sensors.motion import MotionMask
from navworld.streams import Streams
from navworld.world.body import Camera, Robot
from navworld.world.company.contact import admitted
from navworld.world.company.roads import DISC, Traffic
from navworld.world.mesh import MeshBuilder
from navworld.world.movers import Movers, Others
from navworld.world.scene import Floor, Scene
from navworld.world.store import Place
from navworld.world.vector_map import MapRoad, VectorMap
from navworld.world.walkable.clearance import clearances
from navworld.world.world import World

SIZE = 70.0


def plain(roads=()):
    """A level ground of 140 × 140 m, with a map."""
    mesh = MeshBuilder()
    mesh.add_instance("ground", "road")
    mesh.box((-SIZE, -SIZE, -1), (SIZE, SIZE, 0), material("rubber"), 0)
    free = np.ones((700, 700), bool)
    free[[0, -1]] = free[:, [0, -1]] = False
    floor = Floor((-SIZE, -SIZE), 0.2, 0.0, clearances(free, 0.2))
    return Scene(
        f"plain of {len(roads)} roads", **mesh.arrays(), materials=tuple(mesh.materials),
        instances=tuple(mesh.instances), floors=(floor,), map=VectorMap(roads=tuple(roads)),
    )  # fmt: skip


def grid_of_roads():
    return [
        MapRoad(f"{name} {k}", line, 7.0)
        for k in (-45.0, 0.0, 45.0)
        for name, line in (
            ("street", ((-60.0, k), (60.0, k))), ("avenue", ((k, -60.0), (k, 60.0)))
        )
    ]  # fmt: skip


def among(movers, scene, rows=1, at=(20.0, 20.0)):
    """A world whose bodies stand on a plain, and what moves around them."""
    world, place = World(rows, Robot(), light="none"), Place(scene, None)
    for row in range(rows):
        world.place(row, place, np.array(at), 0.0)
    others = world.others = Others(rows, movers, robot_radius=0.18, figure=figure, vehicle=vehicle)
    streams = Streams(rows)
    for row in range(rows):
        streams.seed(row, row)
    others.begin(world, np.arange(rows), streams)
    return world, others


def batch(rows=2, **movers):
    options = Options.of({
        "scenes": "apartment:0-1", "sensors": (), "localizer": None, "light": "none",
        "movers": Movers(**movers),
    })  # fmt: skip
    made = Navigation(rows, options)
    made.reset(np.arange(rows), list(range(rows)))
    return made


def test_people_keep_off_walls_each_other_and_the_agents_start():
    made = batch(people=8, doors=True)
    for _ in range(400):
        made.others.advance(made.world, 0.5)
        for row in range(2):
            people = made.others.people[row, : made.others.counts[row]]
            gaps = _gaps_in(made, row, np.stack([people["x"], people["y"]], 1))
            assert gaps["person"] > 0
            assert gaps["agent"] > 0
            assert gaps["wall"] > -1e-6
            assert gaps["leaf"] > -0.03


def test_people_get_about():
    made = batch(people=4)
    seen = []
    for _ in range(400):
        made.others.advance(made.world, 0.5)
        seen.append(made.others.states(0).T_world_mover[:, :2, 3])
    assert (np.ptp(np.array(seen), axis=0).max(1) > 2.0).all()


def test_poses_and_velocities_agree():
    made = batch(people=6)
    for _ in range(40):
        before = made.others.states(0).T_world_mover[:, :2, 3]
        made.others.advance(made.world, 0.1)
        now = made.others.states(0)
        moved = (now.T_world_mover[:, :2, 3] - before) / 0.1
        assert now.velocity[:, :2] == pytest.approx(moved, abs=1e-9)
    first = len(made.world.places[0].scene.instances)
    assert now.instance.tolist() == list(range(first, first + 6))


def test_an_agent_stops_at_the_contact_and_it_counts_as_a_collision():
    discs = np.array([[2.0, 0.0, 0.25]])
    share = admitted(discs, 0.0, 0.0, 0.0, 4.0, 0.0, 0.0, 0.18, False)
    assert 4.0 * share == pytest.approx(2.0 - 0.25 - 0.18, abs=1e-3)
    assert admitted(discs, 0.0, 0.0, np.pi, 4.0, 0.0, 0.0, 0.18, False) == 1.0
    made = batch(people=10)
    hits = 0
    rng = np.random.default_rng(0)
    for _ in range(300):
        made.step(rng.choice([1, 1, 1, 2, 3], 2))
        assert not made.others.touching(made.world).any()
        hits += int(made.world.collided.sum())
    assert hits > 0


@pytest.mark.parametrize("turn", [0.8, -0.8])
def test_an_arc_ends_before_the_contact(turn):
    discs = np.array([[0.9, 0.25 * np.sign(turn), 0.25]])
    share = admitted(discs, 0.0, 0.0, 0.0, 1.2, 0.0, turn, 0.18, True)
    assert 0.1 < share < 1.0
    angle = np.linspace(0, turn, 400)
    way = np.stack([np.sin(angle), 1 - np.cos(angle)], 1) * share * 1.2 / turn
    assert np.linalg.norm(way - discs[0, :2], axis=1).min() >= 0.25 + 0.18 - 1e-3


def test_vehicles_keep_to_their_roads_and_apart():
    scene = plain(grid_of_roads())
    traffic = Traffic(
        Place(scene, None), 16, np.random.default_rng(0), np.array([20.0, 20.0]), 0.18
    )
    assert len(traffic) == 16
    speeds = []
    for _ in range(2000):
        traffic.move(np.zeros((0, 3)), 0.25)
        cars = traffic.vehicles
        assert scene.map.road_distance(np.stack([cars["x"], cars["y"]], 1)).max() == 0
        discs = traffic.discs().reshape(3, -1, 3)[..., :2]
        gaps = np.linalg.norm(discs[:, None, :, None] - discs[None, :, None], axis=-1)
        gaps[:, :, np.arange(16), np.arange(16)] = np.inf
        assert gaps.min() > 2 * DISC
        speeds.append(cars["speed"].mean())
    assert np.mean(speeds[-400:]) > 1.0


def test_a_vehicle_waits_behind_the_agent():
    scene = plain([MapRoad("only", ((-60.0, 0.0), (60.0, 0.0)), 7.0)])
    traffic = Traffic(Place(scene, None), 1, np.random.default_rng(0), np.zeros(2), 0.18)
    car = traffic.vehicles[0]
    ahead = car["x"] + 9 * np.cos(car["yaw"]), car["y"], 0.3
    for _ in range(80):
        traffic.move(np.array([ahead]), 0.25)
    gap = np.linalg.norm(traffic.discs()[:, :2] - ahead[:2], axis=1).min() - DISC - 0.3
    assert 0.0 < gap < 2.0
    assert traffic.vehicles["speed"][0] == pytest.approx(0.0, abs=1e-6)


def test_people_of_a_town_keep_off_its_carriageways():
    scene = plain(grid_of_roads())
    world, others = among(Movers(people=10, vehicles=6), scene)
    for _ in range(60):
        others.advance(world, 0.5)
        xy = others.states(0).T_world_mover[: others.counts[0], :2, 3]
        assert scene.map.road_distance(xy).min() > 0.2


def test_doors_swing_shut_and_open_for_whoever_comes():
    made = batch(rows=1, doors=True)
    doors = made.others._doors[0]
    assert len(doors) == len(made.world.places[0].scene.doors) > 0
    shut = 0.0
    for _ in range(400):
        made.others.advance(made.world, 0.5)
        shut = max(shut, doors.share.max())
    assert shut == 1.0
    k = int(np.argmax(np.linalg.norm(doors._hinges - made.world.xy[0], axis=1)))
    doors.share[k], doors._shut[k] = 1.0, True
    visitor = np.array([[*(doors._hinges[k] + [1.5, 0.0]), 0.18]])
    for _ in range(4):
        doors.move(visitor, 0.5)
    assert doors.share[k] == 0.0


def test_the_place_is_whole_where_its_doors_stand_as_they_did():
    moving, still = batch(rows=1, doors=True), batch(rows=1, people=0)
    camera, ids = Camera(48, 64), np.zeros(1, np.int64)
    assert moving.world.xy[0] == pytest.approx(still.world.xy[0])
    for yaw in np.linspace(0, 6, 7):
        T = moving.world.T_world_body()
        T[0, :2, :2] = [[np.cos(yaw), -np.sin(yaw)], [np.sin(yaw), np.cos(yaw)]]
        a, b = (made.world.view(camera, T, ids, ("depth", "instance")) for made in (moving, still))
        assert a["depth"] == pytest.approx(b["depth"], abs=1e-3)
        assert (a["instance"] != b["instance"]).mean() < 0.01


def test_rows_are_private_and_states_go_on_exactly():
    many = _digests(3, 0, 12)
    assert len(set(many)) == 3
    assert _digests(1, 2, 12) == many[2:]
    assert _digests(3, 0, 12, threads=2) == many
    assert _digests(3, 0, 12, resumed=True) == many


def test_flow_follows_a_vehicle_and_the_mask_shows_it():
    """A vehicle is one rigid part: its pixels must move as its true pose says."""
    scene = plain([MapRoad("only", ((-60.0, 0.0), (60.0, 0.0)), 7.0)])
    world, others = among(Movers(vehicles=1), scene, at=(0.0, 8.0))
    car = others.states(0).T_world_mover[0]
    world.place(0, world.places[0], car[:2, 3] + [4.0, 7.0], -np.pi / 2)
    camera = Camera(48, 64, far=50.0)
    sensors = [Flow(camera, ("flow", "scene_flow")), MotionMask(camera)]
    ids, streams = np.zeros(1, np.int64), Streams(1)
    for sensor in sensors:
        sensor.reset(world, ids, streams)
        sensor.read(world, ids, streams)
    instance = world.render(camera, "instance", ids)[0]
    depth = world.render(camera, "depth", ids)[0]
    before = others.states(0).T_world_mover[0]
    others.advance(world, 0.25)
    world._looks.forget()
    now = others.states(0).T_world_mover[0]
    seen = sensors[0].read(world, ids, streams)
    mask = sensors[1].read(world, ids, streams)["motion_mask"][0]
    on_car = (instance == len(scene.instances)) & (depth > 0)
    assert on_car.sum() > 30
    T = world.T_world_body()[0] @ camera.T_body_camera
    rays = camera.model.unproject(np.argwhere(on_car)[:, ::-1].astype(float), depth[on_car])
    p = transform(T, rays)
    expected = transform(inverse(T), transform(now @ inverse(before), p)) - rays
    assert np.linalg.norm(expected, axis=1).min() > 0.05
    assert seen["scene_flow"][0][on_car] == pytest.approx(expected, abs=1e-4)
    assert not seen["scene_flow"][0][~on_car].any()
    assert (mask == (world.render(camera, "instance", ids)[0] == len(scene.instances))).all()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"people": -1}, "people=-1"),
        ({"pace": (2.0, 1.0)}, "pace="),
        ({"radius": 3.0}, "radius=3.0"),
    ],
)
def test_impossible_movers_are_refused(given, message):
    with pytest.raises(ValueError, match=message):
        Movers(**given)
