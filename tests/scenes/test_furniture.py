"""Parametric furniture."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh

from navworld.scenes.furniture import KINDS, MOUNT, Piece, make, shapes
from navworld.scenes.materials import sample_style
from navworld.world.semantics import CLASSES, class_id


def _make(kind: str, seed: int, hint: tuple[float | None, float | None] | None = None) -> Piece:
    return make(kind, np.random.default_rng(seed), sample_style(np.random.default_rng(seed)), hint)


def _corners(piece: Piece) -> tuple[np.ndarray, np.ndarray]:
    depth, width, height = piece.size
    low = {
        "floor": (-depth / 2, -width / 2, 0),
        "wall": (0, -width / 2, -height / 2),
        "ceiling": (-depth / 2, -width / 2, -height),
    }[MOUNT[piece.kind]]
    return np.array(low), np.array(low) + piece.size


@pytest.mark.parametrize("kind", KINDS)
def test_piece_stays_within_its_size_and_its_budget(kind):
    for seed in range(6):
        piece = _make(kind, seed)
        arrays = piece.mesh.arrays()
        low, high = _corners(piece)
        assert (arrays["vertices"] >= low - 1e-4).all() and (
            arrays["vertices"] <= high + 1e-4
        ).all()
        assert 8 <= len(arrays["triangles"]) <= 1900
        assert arrays["triangles"].max() < len(arrays["vertices"])
        assert np.isfinite(arrays["uv"]).all()


@pytest.mark.parametrize("kind", KINDS)
def test_piece_comes_first_and_every_instance_has_triangles(kind):
    for seed in range(6):
        piece = _make(kind, seed)
        instances = piece.mesh.instances
        assert instances[0].name == kind and instances[0].semantic == class_id(piece.semantic)
        assert set(piece.mesh.arrays()["instance"]) == set(range(len(instances)))


@pytest.mark.parametrize("kind", KINDS)
def test_what_stands_touches_the_floor_and_what_hangs_its_wall(kind):
    v = _make(kind, 1).mesh.arrays()["vertices"]
    touching = {"floor": v[:, 2].min(), "wall": v[:, 0].min(), "ceiling": v[:, 2].max()}[
        MOUNT[kind]
    ]
    assert touching == pytest.approx(0, abs=0.031)


@pytest.mark.parametrize("kind", KINDS)
def test_same_seed_gives_the_same_bytes_and_other_seeds_other_pieces(kind):
    first, again = _make(kind, 4).mesh.arrays(), _make(kind, 4).mesh.arrays()
    assert all(np.array_equal(first[key], again[key]) for key in first)
    others = [_make(kind, seed) for seed in range(6)]
    looks = {
        (*piece.size, *(m.name for m in piece.mesh.materials), len(piece.mesh.arrays()["uv"]))
        for piece in others
    }
    assert len(looks) >= 4


@pytest.mark.parametrize(
    ("kind", "depth", "width"),
    [
        ("kitchen counter", 0.6, 2.4),
        ("sofa", 0.9, 1.8),
        ("wardrobe", 0.6, 1.5),
        ("rug", 1.4, 2.0),
        ("dining table", 0.9, 1.6),
        ("double bed", 2.1, 1.6),
        ("bookcase", 0.3, 1.0),
        ("wall cabinet", 0.35, 1.8),
        ("curtain", None, 2.0),
        ("desk", 0.7, 1.2),
    ],
)
def test_wishes_are_met(kind, depth, width):
    for seed in range(5):
        piece = _make(kind, seed, (depth, width))
        assert piece.size[1] == pytest.approx(width, abs=0.04)
        if depth is not None:
            assert piece.size[0] == pytest.approx(depth, abs=0.06)


def test_long_counter_holds_sink_hob_and_oven():
    piece = _make("kitchen counter", 2, (None, 2.4))
    held = {CLASSES[item.semantic] for item in piece.mesh.instances}
    assert {"kitchen counter", "sink", "hob", "oven"} <= held


def test_lamps_and_only_lamps_have_a_bulb_within_reach():
    for kind in KINDS:
        for seed in range(4):
            piece = _make(kind, seed)
            assert (piece.lamp is not None) == (piece.semantic == "lamp")
            if piece.lamp is not None:
                low, high = _corners(piece)
                assert (np.array(piece.lamp) > low - 0.1).all() and (
                    np.array(piece.lamp) < high + 0.1
                ).all()


def test_forty_semantic_classes_are_furnished():
    seen = {CLASSES[item.semantic] for kind in KINDS for item in _make(kind, 0).mesh.instances}
    assert len(seen) >= 40


def test_table_legs_stop_a_robot_and_its_middle_does_not():
    """A robot of 0.35 m height can pass under a long table but not through its corners."""
    for seed in range(6):
        piece = _make("dining table", seed, (0.9, 2.0))
        mesh = _trimesh(piece.mesh.arrays())
        low = mesh.submesh([mesh.triangles[:, :, 2].min(1) < 0.35], append=True)
        footprint = low.vertices[:, :2]
        corners = np.abs(footprint) > 0.6 * np.array(piece.size[:2]) / 2
        assert corners.all(1).any()
        assert not (np.abs(footprint[:, 1]) < 0.4).any()


def _trimesh(arrays: dict) -> trimesh.Trimesh:
    return trimesh.Trimesh(arrays["vertices"], arrays["triangles"], process=False)


def _circle_area(segments: int, radius: float) -> float:
    return segments / 2 * np.sin(2 * np.pi / segments) * radius**2


CLOSED = {
    "box": (shapes.box((0, 0, 0), (1, 2, 3)), 6.0),
    "tube": (shapes.tube((1, 0, 0), (1, 2, 0), 0.5, segments=8), 2 * _circle_area(8, 0.5)),
    "slanting tube": (
        shapes.tube((0, 0, 0), (1, 1, 1), 0.1, segments=6),
        3**0.5 * _circle_area(6, 0.1),
    ),
    "turned": (shapes.turned([(0, 0), (1, 0), (1, 2), (0, 2)], 12), 2 * _circle_area(12, 1)),
}


@pytest.mark.parametrize("name", CLOSED)
def test_shape_is_closed_faces_outwards_and_has_its_volume(name):
    (v, t, _), volume = CLOSED[name]
    mesh = trimesh.Trimesh(v, t)
    assert mesh.is_watertight
    assert mesh.volume == pytest.approx(volume, rel=1e-6)


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_rounded_box_is_closed_and_nearly_fills_its_box(steps):
    v, t, _ = shapes.rounded_box((-1, 0, 2), (1, 1, 3), 0.1, steps)
    mesh = trimesh.Trimesh(v, t)
    assert len(t) == {1: 44, 2: 92, 3: 156}[steps]
    assert mesh.is_watertight and np.allclose(mesh.bounds, [[-1, 0, 2], [1, 1, 3]])
    assert 0.93 * 2 < mesh.volume < 2


def test_pillow_is_closed_and_fat_in_its_middle():
    v, t, _ = shapes.pillow((0.4, 0.5, 0.2), 4)
    mesh = trimesh.Trimesh(v, t)
    assert mesh.is_watertight and mesh.volume > 0
    assert np.allclose(np.ptp(v, axis=0), (0.4, 0.5, 0.2))


def test_texture_of_a_box_is_in_metres_with_the_grain_along():
    v, t, uv = shapes.box((0, 0, 0), (0.3, 2.0, 0.02))
    edges = np.linalg.norm(v[t] - np.roll(v[t], 1, 1), axis=-1)
    assert np.allclose(edges, np.linalg.norm(uv - np.roll(uv, 1, 1), axis=-1))
    along = v[t][..., 1] - v[t][:, :1, 1]
    assert np.allclose(np.abs(uv[..., 0] - uv[:, :1, 0])[np.abs(along) > 1], 2.0)


@pytest.mark.parametrize("wish", [0.0, -1.0, float("nan"), float("inf")])
def test_wish_that_is_no_length_is_refused(wish):
    with pytest.raises(ValueError, match="size_hint"):
        _make("sofa", 0, (None, wish))


def test_unknown_kind_names_the_nearest():
    with pytest.raises(ValueError, match=r"'soda'.*'sofa'"):
        _make("soda", 0)


@pytest.mark.parametrize(
    "kind", ["sofa", "toilet", "fridge", "double bed", "dining chair", "piano"]
)
def test_surfaces_seen_from_in_front_face_outwards(kind):
    """Rays from in front and above hit no triangle from behind, so that baked light is right."""
    piece = _make(kind, 3)
    mesh = _trimesh(piece.mesh.arrays())
    rng = np.random.default_rng(0)
    along = rng.normal(size=(300, 3))
    along[:, 0], along[:, 2] = -np.abs(along[:, 0]), -np.abs(along[:, 2])
    target = rng.uniform(*mesh.bounds, (300, 3))
    hit, _ = mesh.ray.intersects_id(target - 5 * along, along, multiple_hits=False)[:2]
    normals = np.cross(*(mesh.triangles[hit][:, k] - mesh.triangles[hit][:, 0] for k in (1, 2)))
    rays = mesh.ray.intersects_id(target - 5 * along, along, multiple_hits=False)[1]
    assert len(hit) > 50
    assert ((normals * along[rays]).sum(1) > 1e-12).mean() < 0.02
