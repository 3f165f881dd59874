"""The drive in the browser: what viser shows, and how its controls reach the session.

Callbacks of viser come from many threads. They only put a note into a queue; one thread works it
off, so that the session is never touched by two.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from viser import _messages as messages

from navworld.envs.play.keys import script
from navworld.envs.play.panel import Panel
from navworld.envs.play.serving import scratch, serve
from navworld.envs.play.session import ACTIONS, Session
from navworld.envs.play.stage import Stage

PERIOD = 0.1
"""Between two steps of a held key [s]: that of velocity actions."""


class Viewer:
    """Shows a session in the browser.

    Args:
        session: The drive.
        host, port: Where the page is served; the next free port is taken.

    Attributes:
        port: Where it is served.
    """

    def __init__(self, session: Session, *, host: str = "127.0.0.1", port: int = 8080) -> None:
        self.session = session
        self._files = scratch()
        self._server = serve(host, port, Path(self._files.name))
        self.port = self._server.get_port()
        self._inbox: queue.Queue[Callable[[], None]] = queue.Queue()
        self._wanted: dict[str, float] = {}
        self._server.gui.configure_theme(
            control_layout="fixed", control_width="large", dark_mode=True,
            show_logo=False, show_share_button=False, brand_color=(46, 134, 222),
        )  # fmt: skip
        self._server.scene.set_up_direction("+z")
        self.stage = Stage(self._server, session)
        self.panel = Panel(self._server, session, self.stage, self._inbox.put, self._drive)
        self._server.on_client_connect(self._welcome)
        self.refresh()

    def run(self) -> None:
        """Works until interrupted."""
        while True:
            began = time.monotonic()
            if not self.work(timeout=PERIOD) and self.panel.live:
                self._guarded(self.session.wait)
                self.refresh()
                time.sleep(max(0.0, PERIOD - (time.monotonic() - began)))

    def work(self, timeout: float = 0.0) -> bool:
        """Does what has been asked for since; whether there was anything."""
        try:
            tasks = [self._inbox.get(timeout=timeout) if timeout else self._inbox.get_nowait()]
        except queue.Empty:
            return False
        while not self._inbox.empty():
            tasks.append(self._inbox.get_nowait())
        began = time.monotonic()
        for task in tasks:
            self._guarded(task)
        self._guarded(self._step)
        self.refresh()
        if self._wanted:
            time.sleep(max(0.0, PERIOD - (time.monotonic() - began)))
        return True

    def refresh(self) -> None:
        """Shows how things stand now."""
        self._guarded(self.panel.show)
        self._guarded(self.stage.show)
        self._server.flush()

    def close(self) -> None:
        """Stops serving."""
        self._server.stop()
        self._files.cleanup()

    def _drive(self, action: str) -> None:
        """Notes that an action is wanted now; the next step takes all that are."""
        self._inbox.put(lambda: self._wanted.__setitem__(action, time.monotonic()))

    def _step(self) -> None:
        """One step with the actions that were asked for since the last."""
        wanted, self._wanted = list(self._wanted), {}
        if not wanted:
            return
        if "stop" in wanted:
            self.session.act("stop")
        elif self.session.mode == "discrete":
            self.session.act(wanted[0])
        else:
            forward, turn = (sum(ACTIONS[name][1][k] for name in wanted) for k in (0, 1))
            self.session.act((forward * self.panel.speed, turn))

    def _guarded(self, task: Callable[[], None]) -> None:
        """Does something; a refusal becomes a note on the page instead of an end."""
        try:
            task()
        except (ValueError, TypeError, FileNotFoundError) as error:
            for client in self._server.get_clients().values():
                client.add_notification("That did not work", str(error), color="red")

    def _welcome(self, client: Any) -> None:
        """A browser has opened the page: it learns the keys and looks from behind the body."""
        client._websock_connection.queue_message(messages.RunJavascriptMessage(source=script()))
        self._inbox.put(lambda: self.stage.place_camera(client))
