"""Damaged and hostile files: every one becomes a scene or one clear sentence, and soon."""

from __future__ import annotations

import json
import re
import signal
import struct
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import trimesh

from navworld.scenes.imported import imported
from navworld.world.scene import Scene, SceneError
from tests.scenes.rooms import picture, picture_quad, room_parts, write_room

LIMIT_S = 20.0
ROUNDS = 120


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Fails the test, whatever it is waiting for, after some seconds."""

    def late(*_: object) -> None:
        pytest.fail(f"took longer than {seconds} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def outcome(path: Path, **options: object) -> str:
    """ "scene", or the sentence of the refusal; anything else fails the test."""
    with time_limit(LIMIT_S):
        try:
            scene = imported(path, **options)
        except SceneError as error:
            sentence = str(error)
            assert path.parent.name in sentence, sentence
            assert "\n" not in sentence and len(sentence) < 500, sentence
            return sentence
    assert isinstance(scene, Scene)
    assert np.isfinite(scene.vertices).all() and scene.triangles.max() < len(scene.vertices)
    return "scene"


def refusal(path: Path, **options: object) -> str:
    sentence = outcome(path, **options)
    assert sentence != "scene"
    return sentence


@pytest.fixture(scope="module")
def sound(tmp_path_factory) -> dict[str, bytes]:
    """The bytes of sound files, by kind."""
    folder = tmp_path_factory.mktemp("sound")
    files = {
        "glb": write_room(folder / "a.glb", extra={"Picture": picture_quad(picture(8))}),
        "obj": write_room(folder / "a.obj"),
        "ply": write_room(folder / "a.ply"),
        "ascii.ply": folder / "b.ply",
    }
    mesh = trimesh.util.concatenate(list(room_parts().values()))
    mesh.export(files["ascii.ply"], encoding="ascii")
    for path in files.values():
        assert outcome(path) == "scene"
    return {kind: path.read_bytes() for kind, path in files.items()}


def truncated(content: bytes, rng: np.random.Generator) -> bytes:
    return content[: rng.integers(len(content))]


def flipped(content: bytes, rng: np.random.Generator) -> bytes:
    spoilt = bytearray(content)
    for place in rng.integers(len(content), size=rng.integers(1, 9)):
        spoilt[place] ^= 1 << rng.integers(8)
    return bytes(spoilt)


def overwritten(content: bytes, rng: np.random.Generator) -> bytes:
    start = int(rng.integers(len(content)))
    noise = rng.integers(0, 256, size=rng.integers(1, 65), dtype=np.uint8).tobytes()
    return content[:start] + noise + content[start + len(noise) :]


def swapped(content: bytes, rng: np.random.Generator) -> bytes:
    a, b, c = np.sort(rng.integers(len(content), size=3))
    return content[:a] + content[b:c] + content[a:b] + content[c:]


def repeated(content: bytes, rng: np.random.Generator) -> bytes:
    a, b = np.sort(rng.integers(len(content), size=2))
    return content[:b] + content[a:b] + content[b:]


def renumbered(content: bytes, rng: np.random.Generator) -> bytes:
    """One of the decimal numbers of the file becomes absurd."""
    numbers = [m for m in re.finditer(rb"\d+", content[:6000])]
    found = numbers[rng.integers(len(numbers))]
    absurd = [b"0", b"-1", b"4294967295", b"99999999999999999999", b"1e308", b"nan", b"007"]
    return content[: found.start()] + absurd[rng.integers(len(absurd))] + content[found.end() :]


DAMAGES: tuple[Callable[[bytes, np.random.Generator], bytes], ...] = (
    truncated,
    flipped,
    overwritten,
    swapped,
    repeated,
    renumbered,
)


@pytest.mark.parametrize("kind", ["glb", "obj", "ply", "ascii.ply"])
def test_damaged_files_become_a_scene_or_a_sentence(sound, kind, tmp_path):
    rng = np.random.default_rng(20)
    refused = 0
    for k in range(ROUNDS):
        damage = DAMAGES[k % len(DAMAGES)]
        content = damage(sound[kind], rng)
        if kind == "glb" and k % 2:  # keep the outer length right: the damage gets further in
            content = content[:8] + struct.pack("<I", len(content)) + content[12:]
        path = tmp_path / f"damaged.{kind}"
        path.write_bytes(content)
        refused += outcome(path) != "scene"
    assert refused > ROUNDS // 5


def split_glb(content: bytes) -> tuple[dict, bytes]:
    size = struct.unpack_from("<I", content, 12)[0]
    return json.loads(content[20 : 20 + size]), content[20 + size + 8 :]


def join_glb(header: dict, binary: bytes) -> bytes:
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 4)
    body = struct.pack("<II", len(text), 0x4E4F534A) + text
    body += struct.pack("<II", len(binary), 0x004E4942) + binary
    return struct.pack("<III", 0x46546C67, 2, 12 + len(body)) + body


def places(tree: object, trail: tuple = ()) -> Iterator[tuple]:
    """Trails to all values in a JSON tree."""
    items = tree.items() if isinstance(tree, dict) else enumerate(tree)
    for key, value in items:
        yield (*trail, key)
        if isinstance(value, (dict, list)):
            yield from places(value, (*trail, key))


def test_any_wrong_value_in_a_gltf_header_becomes_a_scene_or_a_sentence(sound, tmp_path):
    rng = np.random.default_rng(21)
    header, binary = split_glb(sound["glb"])
    wrong = [None, -1, 0, 3, 10**9, 2**63, 1e300, "x", [], {}, [1, 2], {"a": 1}, True, "../x.png"]
    trails = list(places(header))
    path = tmp_path / "damaged.glb"
    for k in rng.permutation(len(trails))[:200]:
        spoilt = json.loads(json.dumps(header))
        *above, last = trails[k]
        target = spoilt
        for key in above:
            target = target[key]
        if rng.random() < 0.2:
            del target[last]
        else:
            target[last] = wrong[rng.integers(len(wrong))]
        path.write_bytes(join_glb(spoilt, binary))
        outcome(path)


def test_absurd_counts_are_refused_before_anything_is_allocated(sound, tmp_path):
    header, binary = split_glb(sound["glb"])
    for accessor in header["accessors"]:
        accessor["count"] = 10**11
    files = {"a.glb": join_glb(header, binary)}
    for accessor in header["accessors"]:
        accessor.pop("bufferView")
    files["b.glb"] = join_glb(header, binary)
    files["c.ply"] = sound["ply"].replace(b"element vertex ", b"element vertex 99999999")
    files["d.ply"] = sound["ascii.ply"].replace(b"element face ", b"element face 99999999")
    tracemalloc.start()
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
        refusal(tmp_path / name)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 50e6


def test_nodes_in_a_circle_are_refused(sound, tmp_path):
    header, binary = split_glb(sound["glb"])
    root = header["scenes"][header.get("scene", 0)]["nodes"][0]
    header["nodes"][root].setdefault("children", []).append(root)
    (tmp_path / "a.glb").write_bytes(join_glb(header, binary))
    assert "circle" in refusal(tmp_path / "a.glb")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.glb", b"", "empty"),
        ("a.obj", b"", "empty"),
        ("a.glb", b"glTF", "GLB"),
        ("a.glb", b"<html>no mesh</html>" * 9, "GLB"),
        ("a.obj", b"\x89PNG\r\n\x1a\n\0\0\0" * 30, "vertices"),
        ("a.obj", b"v 0 0 0\nv 1 0 0\nv 0 1 0\n", "no faces"),
        ("a.obj", b"v 0 0 0\nv 1 0 0\nv 0 1 nan\nf 1 2 3\n", "line 3"),
        ("a.obj", b"v 0 0 0\nv 1 0 0\nv 0 1 inf\nf 1 2 3\n", "line 3"),
        ("a.obj", b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 7\n", "line 4"),
        ("a.obj", b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 x\n", "line 4"),
        ("a.obj", b"mtllib no.mtl\nv 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n", "no.mtl"),
        ("a.obj", b"mtllib ../../etc/passwd\nv 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n", "outside"),
        ("a.ply", b"not a mesh", "not a PLY"),
        ("a.ply", b"ply\nformat ascii 1.0\nelement vertex 0\nend_header\n", "no vertices"),
        ("a.stl", b"solid", "unknown kind"),
        ("a", b"x", "unknown kind"),
    ],
)
def test_bad_files_are_named_and_explained(tmp_path, name, content, words):
    (tmp_path / name).write_bytes(content)
    assert words in refusal(tmp_path / name)


def test_missing_files_and_folders_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no\.glb.*no such file"):
        imported(tmp_path / "no.glb")
    assert "is not a file" in refusal(tmp_path)


@pytest.mark.parametrize("factor", [1e6, 1e3, 1e-3])
def test_wrong_units_say_which_scale_would_help(tmp_path, factor):
    mesh = trimesh.util.concatenate(list(room_parts().values()))
    mesh.apply_scale(factor)
    mesh.export(tmp_path / "room.ply")
    sentence = refusal(tmp_path / "room.ply")
    assert "scale=" in sentence
    if factor != 1e6:
        assert f"scale={1 / factor:g}" in sentence
        assert outcome(tmp_path / "room.ply", scale=1 / factor) == "scene"


def test_a_mesh_without_walkable_space_is_refused(tmp_path):
    trimesh.creation.icosphere(radius=1.0).export(tmp_path / "ball.ply")
    assert "walkable" in refusal(tmp_path / "ball.ply")


def test_vertices_that_are_not_finite_are_refused(tmp_path):
    mesh = trimesh.util.concatenate(list(room_parts().values()))
    mesh.vertices[5] = np.nan
    mesh.export(tmp_path / "room.ply")
    assert "not a finite point" in refusal(tmp_path / "room.ply")


def test_indices_out_of_range_are_refused(sound, tmp_path):
    header, binary = split_glb(sound["glb"])
    index = header["meshes"][0]["primitives"][0]["indices"]
    view = header["bufferViews"][header["accessors"][index]["bufferView"]]
    spoilt = bytearray(binary)
    spoilt[view["byteOffset"] : view["byteOffset"] + 4] = struct.pack("<I", 10**6)
    (tmp_path / "a.glb").write_bytes(join_glb(header, bytes(spoilt)))
    assert "vertex 1000000" in refusal(tmp_path / "a.glb")


def test_a_texture_that_is_no_image_is_refused(sound, tmp_path):
    header, binary = split_glb(sound["glb"])
    view = header["bufferViews"][header["images"][0]["bufferView"]]
    start = view["byteOffset"]
    spoilt = binary[:start] + b"\0" * view["byteLength"] + binary[start + view["byteLength"] :]
    (tmp_path / "a.glb").write_bytes(join_glb(header, spoilt))
    assert "not a readable image" in refusal(tmp_path / "a.glb")


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("../secret.png", "outside"),
        ("/etc/hostname", "outside"),
        ("file:///etc/hostname", "own folder"),
        ("https://example.org/a.png", "own folder"),
        ("missing.png", "not in its folder"),
        ("data:image/png;base64,????", "data URI"),
    ],
)
def test_textures_are_read_from_the_folder_of_the_file_only(sound, tmp_path, uri, words):
    picture(8).save(tmp_path / "secret.png")
    folder = tmp_path / "inner"
    folder.mkdir()
    header, binary = split_glb(sound["glb"])
    header["images"][0] = {"uri": uri}
    (folder / "a.glb").write_bytes(join_glb(header, binary))
    assert words in refusal(folder / "a.glb")


def test_links_out_of_the_folder_are_not_followed(sound, tmp_path):
    picture(8).save(tmp_path / "secret.png")
    folder = tmp_path / "inner"
    folder.mkdir()
    (folder / "a.png").symlink_to(tmp_path / "secret.png")
    header, binary = split_glb(sound["glb"])
    header["images"][0] = {"uri": "a.png"}
    (folder / "a.glb").write_bytes(join_glb(header, binary))
    assert "outside" in refusal(folder / "a.glb")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("no json", "not JSON"),
        ("[]", "no list 'instances'"),
        ('{"instances": []}', "no list 'instances'"),
        ('{"instances": [{"category": "Bed"}]}', "no text 'name'"),
        ('{"instances": [{"name": "Nowhere_01"}]}', "'Nowhere_01' is no node"),
        ('{"instances": [{"name": "Floor_01"}, {"name": "Floor_01"}]}', "listed twice"),
    ],
)
def test_bad_instance_lists_are_named_and_explained(sound, tmp_path, content, words):
    (tmp_path / "a.glb").write_bytes(sound["glb"])
    (tmp_path / "a_instances.json").write_text(content)
    assert words in refusal(tmp_path / "a.glb")


def test_two_instance_lists_have_to_be_told_apart(sound, tmp_path):
    (tmp_path / "a_visual.glb").write_bytes(sound["glb"])
    for stem in ("a", "a_visual"):
        (tmp_path / f"{stem}_instances.json").write_text('{"instances": [{"name": "Floor_01"}]}')
    assert "pass instances=" in refusal(tmp_path / "a_visual.glb")
    assert outcome(tmp_path / "a_visual.glb", instances=tmp_path / "a_instances.json") == "scene"
    with pytest.raises(FileNotFoundError, match="instance list"):
        imported(tmp_path / "a_visual.glb", instances=tmp_path / "none.json")


@pytest.mark.parametrize("options", [{"up": "w"}, {"scale": 0}, {"scale": float("nan")}])
def test_wrong_options_are_refused(sound, tmp_path, options):
    (tmp_path / "a.glb").write_bytes(sound["glb"])
    with pytest.raises(ValueError, match=next(iter(options))):
        imported(tmp_path / "a.glb", **options)
