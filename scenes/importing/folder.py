"""Reading a mesh file and what it refers to, without ever leaving its folder."""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import re
import urllib.parse
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from navworld.world.scene import SceneError

MAX_BYTES = 1 << 30
MAX_PIXELS = 1 << 26
IMAGE_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TGA", "GIF", "TIFF")


@contextmanager
def damage(path: Path, what: str, remedy: str = "export the file again") -> Iterator[None]:
    """Makes a SceneError of whatever a damaged file breaks in the block.

    Args:
        what: Is the matter with it.
    """
    try:
        yield
    except SceneError:
        raise
    except Exception as error:  # a damaged file can be wrong in any place and way
        detail = f"{type(error).__name__} {error}".replace("\n", " ")[:80]
        raise SceneError(f"{path}: the {what} ({detail}); {remedy}") from None


@contextmanager
def unreadable_refused() -> Iterator[None]:
    """Silences trimesh, but for what it could not read: that is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.filterwarnings("error", message=".*could not be read.*")
        yield


class Folder:
    """The folder of a scene file: the only place its references are looked up in.

    `digest` is a hash of everything read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.root = path.parent.resolve()
        self.digest = hashlib.sha256()

    def read_main(self) -> bytes:
        """Content of the scene file itself."""
        return self._read(self.path, self.path.name)

    def get(self, uri: str) -> bytes:
        """Content of a `data:` URI, or of a file in the folder or below it."""
        if uri.startswith("data:"):
            return self._data_uri(uri)
        return self._read(self._resolve(uri), uri)

    def image(self, content: bytes, label: str) -> NDArray[np.uint8]:
        """(H, W, 4) uint8 pixels of an image file, named `label` in errors."""
        from PIL import Image

        try:
            with Image.open(io.BytesIO(content), formats=IMAGE_FORMATS) as picture:
                if picture.width * picture.height > MAX_PIXELS:
                    raise SceneError(
                        f"{self.path}: {label} has {picture.width} × {picture.height} pixels; "
                        "shrink it to at most 8192 × 8192"
                    )
                return np.array(picture.convert("RGBA"))
        except SceneError:
            raise
        except Exception:  # a decoder meets damaged input with any exception
            raise SceneError(
                f"{self.path}: {label} is not a readable image; "
                "replace it with a PNG, JPEG or WebP file, or remove the texture"
            ) from None

    def _resolve(self, uri: str) -> Path:
        name = urllib.parse.unquote(uri.strip().strip('"')).replace("\\", "/")
        if re.match(r"[a-zA-Z][a-zA-Z0-9+.-]+:", name):
            raise SceneError(
                f"{self.path}: refers to {uri!r}; only files in its own folder are read, "
                "so download it there and refer to it by its name"
            )
        try:
            target = (self.root / name).resolve()
            inside = target.is_relative_to(self.root)
            exists = inside and target.is_file()
        except (OSError, ValueError, RuntimeError):
            inside, exists = True, False
        if not inside:
            raise SceneError(
                f"{self.path}: refers to {uri!r}, outside its own folder; "
                "move that file beside it and refer to it by its name"
            )
        if not exists:
            raise SceneError(
                f"{self.path}: refers to {uri[:80]!r}, which is not in its folder; "
                "put the file there or remove the reference"
            )
        return target

    def _data_uri(self, uri: str) -> bytes:
        head, comma, body = uri.partition(",")
        try:
            if not comma:
                raise ValueError
            if head.endswith(";base64"):
                return base64.b64decode(body, validate=True)
            return urllib.parse.unquote_to_bytes(body)
        except (ValueError, binascii.Error):
            raise SceneError(
                f"{self.path}: holds a damaged data URI ({uri[:24]}…); export the file again"
            ) from None

    def _read(self, target: Path, label: str) -> bytes:
        try:
            size = target.stat().st_size
            if size > MAX_BYTES:
                raise SceneError(
                    f"{self.path}: {label} has {size / 1e9:.1f} GB, more than the "
                    f"{MAX_BYTES / 1e9:.1f} GB that are read; decimate the mesh or split it"
                )
            content = target.read_bytes()
        except OSError as error:
            raise SceneError(
                f"{self.path}: {label} cannot be read ({error.strerror}); "
                "check the permissions of the file"
            ) from None
        self.digest.update(hashlib.sha256(content).digest())
        return content
