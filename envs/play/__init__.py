"""`navworld play`: drive a body by hand in the browser.

`Session` (`navworld.envs.play.session`) is the drive itself and needs no browser; `Viewer`
(`navworld.envs.play.viewer`) shows it through viser, which serves its own page: nothing is loaded
from elsewhere.
"""

from __future__ import annotations

from navworld.envs.play.session import Session

MISSING = (
    "play shows itself in the browser through viser, which is not installed: "
    'pip install "navworld[viz]"'
)


def play(
    scene: str = "apartment:10000",
    *,
    seed: int = 0,
    port: int = 8080,
    host: str = "127.0.0.1",
    size: int = 480,
    mode: str = "velocity",
    light: str = "full",
) -> None:
    """Serves a drive until it is interrupted; see `Session` for the arguments.

    Raises:
        ValueError: viser is missing, or something about the arguments is wrong.
    """
    try:
        from navworld.envs.play.viewer import Viewer
    except ModuleNotFoundError as error:
        if error.name != "viser":
            raise
        raise ValueError(MISSING) from error
    session = Session(scene, seed=seed, size=size, mode=mode, light=light)
    viewer = Viewer(session, host=host, port=port)
    print(f"driving in {session.scene}: open http://{host}:{viewer.port}  (Ctrl+C ends it)")
    try:
        viewer.run()
    finally:
        viewer.close()
