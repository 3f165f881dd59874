"""Places as binary glTF 2.0, with their light, for 3-D viewers.

One mesh without lighting of its own (`KHR_materials_unlit`), coloured by the atlas of
`navworld.viz.painting`. Frame: that of the scene, z up; a viewer with glTF's y up turns it.
"""

from __future__ import annotations

import json
import struct

import cv2
import numpy as np
from numpy.typing import NDArray

from navworld.viz.painting import painted
from navworld.world.scene import Lightmap, Scene

MOST_TRIANGLES = 1_200_000
"""Of larger scenes the smallest triangles are left out: a browser is to show them."""

QUALITY = 88
FLOAT, USHORT = 5126, 5123


def scene_glb(scene: Scene, light: Lightmap, kept: NDArray[np.bool_] | None = None) -> bytes:
    """A scene as a GLB file.

    Args:
        kept: (T,) the triangles to be shown; None shows all.
    """
    corners = scene.vertices[scene.triangles]
    index = np.arange(len(corners)) if kept is None else np.flatnonzero(kept)
    if len(index) > MOST_TRIANGLES:
        size = np.linalg.norm(
            np.cross(
                corners[index, 1] - corners[index, 0], corners[index, 2] - corners[index, 0]
            ), axis=1,
        )  # fmt: skip
        index = np.sort(index[np.argsort(-size, kind="stable")[:MOST_TRIANGLES]])
    atlas, shares = painted(scene, light)
    places = np.rint(65535 * np.clip(shares[index].reshape(-1, 2), 0, 1)).astype(np.uint16)
    return glb(np.ascontiguousarray(corners[index].reshape(-1, 3), np.float32), places, atlas)


def glb(p: NDArray[np.float32], uv: NDArray[np.uint16], atlas: NDArray[np.uint8]) -> bytes:
    """A GLB of triangles (3 T, 3) with texture coordinates (3 T, 2) in parts of 65535."""
    done, image = cv2.imencode(
        ".jpg", np.ascontiguousarray(atlas[..., ::-1]), [cv2.IMWRITE_JPEG_QUALITY, QUALITY]
    )
    if not done:
        raise ValueError(f"an atlas of shape {atlas.shape} could not be written as JPEG")
    chunks = [p.tobytes(), uv.tobytes(), image.tobytes()]
    views, offset = [], 0
    for chunk in chunks:
        views.append({"buffer": 0, "byteOffset": offset, "byteLength": len(chunk)})
        offset += -(-len(chunk) // 4) * 4
    low, high = p.min(0).tolist(), p.max(0).tolist()
    tree = {
        "asset": {"version": "2.0", "generator": "navworld"},
        "extensionsUsed": ["KHR_materials_unlit"],
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [
            {"primitives": [{"attributes": {"POSITION": 0, "TEXCOORD_0": 1}, "material": 0}]}
        ],
        "materials": [
            {
                "pbrMetallicRoughness": {"baseColorTexture": {"index": 0}},
                "extensions": {"KHR_materials_unlit": {}},
            }
        ],
        "textures": [{"source": 0, "sampler": 0}],
        "samplers": [{"magFilter": 9729, "minFilter": 9729, "wrapS": 33071, "wrapT": 33071}],
        "images": [{"bufferView": 2, "mimeType": "image/jpeg"}],
        "accessors": [
            {
                "bufferView": 0, "componentType": FLOAT, "count": len(p), "type": "VEC3",
                "min": low, "max": high,
            },
            {
                "bufferView": 1, "componentType": USHORT, "count": len(p), "type": "VEC2",
                "normalized": True,
            },
        ],
        "bufferViews": views,
        "buffers": [{"byteLength": offset}],
    }  # fmt: skip
    text = json.dumps(tree, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    data = b"".join(chunk + b"\0" * (-len(chunk) % 4) for chunk in chunks)
    total = 12 + 8 + len(text) + 8 + len(data)
    return (
        struct.pack("<4sII", b"glTF", 2, total)
        + struct.pack("<I4s", len(text), b"JSON") + text
        + struct.pack("<I4s", len(data), b"BIN\0") + data
    )  # fmt: skip
