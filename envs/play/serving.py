"""viser's server without the tracker that its page brings along.

The page of viser 0.2 loads a script for web statistics from elsewhere. Nothing of a drive should
leave the machine, so the page is served from a folder that has all of viser's files, but the page
itself without that script.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import viser
from viser import _viser

FOREIGN = re.compile(
    r"<script[^>]*src=\"https?://[^>]*>\s*</script>|<script>[^<]*gtag[^<]*</script>", re.DOTALL
)


def serve(host: str, port: int, folder: Path) -> viser.ViserServer:
    """Starts a server on the next free port from `port` on.

    Args:
        folder: An empty folder that lives as long as the server.
    """
    build = Path(viser.__file__).parent / "client" / "build"
    for item in build.iterdir():
        if item.name != "index.html":
            (folder / item.name).symlink_to(item)
    page = (build / "index.html").read_text(encoding="utf-8")
    (folder / "index.html").write_text(FOREIGN.sub("", page), encoding="utf-8")
    with _rooted(folder):
        return viser.ViserServer(host=host, port=port, label="navworld", verbose=False)


def scratch() -> tempfile.TemporaryDirectory[str]:
    """A folder for `serve`."""
    return tempfile.TemporaryDirectory(prefix="navworld-play-")


@contextmanager
def _rooted(folder: Path) -> Iterator[None]:
    """Servers made meanwhile take their files from a folder; viser has no argument for it."""
    infra: Any = vars(_viser)["infra"]
    original = infra.WebsockServer

    def made(*arguments: Any, **given: Any) -> Any:
        return original(*arguments, **(given | {"http_server_root": folder}))

    infra.WebsockServer = made
    try:
        yield
    finally:
        infra.WebsockServer = original
