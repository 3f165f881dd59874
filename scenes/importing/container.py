"""The outside of GLB and glTF files: chunks and the JSON header."""

from __future__ import annotations

import json
import struct
from typing import Any

from navworld.scenes.importing.folder import Folder
from navworld.world.scene import SceneError

MAGIC, JSON_CHUNK, BINARY_CHUNK = 0x46546C67, 0x4E4F534A, 0x004E4942
KNOWN_EXTENSIONS = (
    "KHR_materials_",
    "KHR_texture_transform",
    "KHR_lights_punctual",
    "EXT_texture_webp",
)


def container(content: bytes, folder: Folder) -> tuple[dict[str, Any], bytes | None]:
    """JSON header and the binary chunk, if there is one."""
    if folder.path.suffix.lower() == ".gltf":
        return _parse_header(content, folder), None
    if len(content) < 20 or struct.unpack_from("<I", content)[0] != MAGIC:
        raise SceneError(
            f"{folder.path}: is not a GLB file (it does not begin with 'glTF'); "
            "export the scene as binary glTF 2.0"
        )
    _, version, length = struct.unpack_from("<III", content)
    if version != 2:
        raise SceneError(f"{folder.path}: is glTF version {version}; export it as glTF 2.0")
    if length != len(content):
        raise SceneError(
            f"{folder.path}: is truncated or damaged ({len(content)} bytes where its header "
            f"promises {length}); copy or export the file again"
        )
    chunks, start = [], 12
    while start + 8 <= length:
        size, kind = struct.unpack_from("<II", content, start)
        if start + 8 + size > length:
            raise SceneError(
                f"{folder.path}: a chunk of the GLB file is truncated; copy or export it again"
            )
        chunks.append((kind, content[start + 8 : start + 8 + size]))
        start += 8 + size
    if not chunks or chunks[0][0] != JSON_CHUNK:
        raise SceneError(f"{folder.path}: the GLB file has no JSON header; export it again")
    binary = next((chunk for kind, chunk in chunks[1:] if kind == BINARY_CHUNK), None)
    return _parse_header(chunks[0][1], folder), binary


def _parse_header(content: bytes, folder: Folder) -> dict[str, Any]:
    try:
        header = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError):
        raise SceneError(
            f"{folder.path}: its glTF header is not JSON; export the file again as glTF 2.0"
        ) from None
    if not isinstance(header, dict) or not isinstance(header.get("asset"), dict):
        raise SceneError(f"{folder.path}: is not glTF (no 'asset' entry); export it as glTF 2.0")
    if not str(header["asset"].get("version", "2")).startswith("2"):
        raise SceneError(
            f"{folder.path}: is glTF {header['asset']['version']}; export it as glTF 2.0"
        )
    for name in header.get("extensionsRequired", ()):
        if not str(name).startswith(KNOWN_EXTENSIONS):
            raise SceneError(
                f"{folder.path}: needs the glTF extension {name}, which is not supported; "
                "export it without compression and extensions"
            )
    return header
