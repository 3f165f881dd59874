"""PLY files as parts: the header is checked against the size of the file, then trimesh reads."""

from __future__ import annotations

import io
import re

import numpy as np

from navworld.scenes.importing.folder import Folder, damage, unreadable_refused
from navworld.scenes.importing.parts import Look, Part
from navworld.world.scene import SceneError

TYPE_BYTES = {
    "char": 1, "uchar": 1, "int8": 1, "uint8": 1, "short": 2, "ushort": 2, "int16": 2, "uint16": 2,
    "int": 4, "uint": 4, "int32": 4, "uint32": 4, "float": 4, "float32": 4,
    "double": 8, "float64": 8,
}  # fmt: skip


def read_ply(folder: Folder) -> list[Part]:
    """The one part of a PLY file in its own axes."""
    content = folder.read_main()
    image_name = _check_header(content, folder)
    import trimesh

    what = "PLY data is damaged or mixes kinds of polygons"
    with damage(folder.path, what, "triangulate it and export it again"):
        with unreadable_refused():
            mesh = trimesh.load_mesh(
                io.BytesIO(content), file_type="ply", process=False, skip_materials=True
            )
        vertices = np.asarray(mesh.vertices, np.float64).reshape(-1, 3)
        triangles = np.asarray(mesh.faces, np.int64).reshape(-1, 3)
        if len(triangles) and (triangles.min() < 0 or triangles.max() >= len(vertices)):
            raise SceneError(
                f"{folder.path}: a face uses vertex {triangles.max()} of {len(vertices)}; "
                "export the file again"
            )
        return [_part(mesh, vertices, triangles, image_name, folder)]


def _part(
    mesh: object,
    vertices: np.ndarray,
    triangles: np.ndarray,
    image_name: str | None,
    folder: Folder,
) -> Part:
    look, uv, colors = Look(), None, None
    visual = mesh.visual  # type: ignore[attr-defined]
    if getattr(visual, "uv", None) is not None:
        flipped = np.asarray(visual.uv, np.float64)
        uv = np.stack([flipped[:, 0], 1.0 - flipped[:, 1]], 1)[triangles]
        if image_name is not None:
            image = folder.image(folder.get(image_name), f"texture {image_name!r}")
            look = Look(color=(1.0, 1.0, 1.0), image=image)
    elif visual.kind == "vertex":
        colors = visual.vertex_colors[triangles, :3] / 255.0
        look = Look(color=(1.0, 1.0, 1.0))
    elif visual.kind == "face":
        colors = np.repeat(visual.face_colors[:, None, :3] / 255.0, 3, axis=1)
        look = Look(color=(1.0, 1.0, 1.0))
    return Part(folder.path.stem, (), vertices, triangles, uv, colors, look)


def _check_header(content: bytes, folder: Folder) -> str | None:
    """Refuses a header that promises more than the file holds; the name of its texture file."""
    if not content.startswith(b"ply"):
        raise SceneError(
            f"{folder.path}: is not a PLY file (it does not begin with 'ply'); "
            "export the scene as PLY, OBJ or GLB"
        )
    end = re.search(rb"^end_header[ \t]*\r?\n", content, re.MULTILINE)
    if end is None:
        raise SceneError(f"{folder.path}: the PLY header has no end; copy or export the file again")
    header = content[: end.end()].decode("latin-1")
    elements, body = _elements(header, folder), content[end.end() :]
    counts = {name: count for name, count, _ in elements}
    for name in ("vertex", "face"):
        if not counts.get(name):
            raise SceneError(
                f"{folder.path}: has no {'vertices' if name == 'vertex' else 'faces'}; "
                "export the scene as a triangle mesh, not as points"
            )
    if re.search(r"^format\s+ascii", header, re.MULTILINE):
        present = sum(1 for row in body.splitlines() if row.strip())
        needed = sum(count for _, count, _ in elements)
        _check_ascii(body, folder)
    else:
        present, needed = len(body), sum(count * size for _, count, size in elements)
    if needed > present:
        raise SceneError(
            f"{folder.path}: is truncated (the header promises at least {needed} "
            f"{'rows' if 'ascii' in header[:40] else 'bytes'} of data, there are {present}); "
            "copy or export the file again"
        )
    found = re.search(r"^comment\s+TextureFile\s+(.+?)\s*$", header, re.MULTILINE | re.IGNORECASE)
    return found[1] if found else None


def _elements(header: str, folder: Folder) -> list[tuple[str, int, int]]:
    """(name, count, least bytes per row) of every element of the header."""
    elements: list[tuple[str, int, int]] = []
    for line in header.splitlines():
        words = line.split()
        if words[:1] == ["element"]:
            if len(words) != 3 or not words[2].isdecimal():
                _refuse(folder, line)
            elements.append((words[1], int(words[2]), 0))
        elif words[:1] == ["property"]:
            kinds = words[2:4] if words[1:2] == ["list"] else words[1:2]
            if not elements or not kinds or any(kind not in TYPE_BYTES for kind in kinds):
                _refuse(folder, line)
            name, count, size = elements[-1]
            elements[-1] = (name, count, size + TYPE_BYTES[kinds[0]])
    return elements


def _check_ascii(body: bytes, folder: Folder) -> None:
    """Every value of an ASCII file is a number: trimesh would drop the rest of the row."""
    allowed = re.compile(rb"[0-9eE+\-. \t\r\n]*\Z")
    if not allowed.match(body):
        raise SceneError(
            f"{folder.path}: has values that are not finite numbers; export the file again"
        )


def _refuse(folder: Folder, line: str) -> None:
    raise SceneError(
        f"{folder.path}: the PLY header has the damaged line {line[:60]!r}; export the file again"
    )
