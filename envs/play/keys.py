"""Keys in the browser: held keys press the buttons that bear their names.

viser (0.2) knows no keys of its own for programs and moves its camera with W, A, S, D and the
arrows. This script, which the page runs once, takes those keys over: as long as one is held, the
button of its action is clicked ten times a second.
"""

from __future__ import annotations

import json

LABELS = {"left": "◀ A", "forward": "▲ W", "right": "D ▶", "stop": "■ Space"}
"""Action → what its button says."""

KEYS = {
    "KeyW": "forward", "ArrowUp": "forward", "KeyA": "left", "ArrowLeft": "left",
    "KeyD": "right", "ArrowRight": "right", "Space": "stop",
}  # fmt: skip
"""Key → action."""

SWALLOWED = ("KeyS", "ArrowDown", "KeyQ", "KeyE")
"""Keys that would move the camera of the viewer; the mouse does that."""

ONCE = ("stop",)
REPEAT_MS = 100

_SCRIPT = """
(() => {
  if (window.navworldKeys) return;
  window.navworldKeys = true;
  const keys = %s, labels = %s, swallowed = new Set(%s), once = new Set(%s), held = new Set();
  const typing = e => e.target.closest && e.target.closest('input,textarea,[role=slider]');
  const press = action => {
    const named = b => b.textContent.trim() === labels[action];
    const button = [...document.querySelectorAll('button')].find(named);
    if (button) button.click();
  };
  const down = e => {
    if (e.ctrlKey || e.metaKey || e.altKey || typing(e)) return;
    const action = keys[e.code];
    if (!action && !swallowed.has(e.code)) return;
    e.preventDefault();
    e.stopImmediatePropagation();
    if (!action || e.repeat || held.has(action)) return;
    if (!once.has(action)) held.add(action);
    press(action);
  };
  const up = e => held.delete(keys[e.code]);
  window.addEventListener('keydown', down, true);
  window.addEventListener('keyup', up, true);
  window.addEventListener('blur', () => held.clear());
  setInterval(() => held.forEach(press), %d);
})();
"""


def script() -> str:
    """The script for the page."""
    parts = (KEYS, LABELS, SWALLOWED, ONCE)
    return _SCRIPT % (*(json.dumps(part) for part in parts), REPEAT_MS)
