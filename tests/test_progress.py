"""Progress is told on standard error: by lines, or by a bar where there is a terminal."""

import io
import sys

import pytest

from navworld.progress import ProgressBar


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_notes_are_lines_without_a_terminal(capsys):
    with ProgressBar("deepvo", 30, done=10, unit="steps") as bar:
        for _ in range(10):
            bar.advance(worth=64)
        bar.note("loss 0.5")
    told = capsys.readouterr()
    assert told.err == "deepvo 20/30  loss 0.5  0 min left\n"
    assert told.out == ""


def test_without_notes_the_end_is_a_line(capsys):
    with ProgressBar("recording", 5) as bar:
        bar.advance(2)
        bar.advance(3)
    told = capsys.readouterr().err
    assert told.startswith("recording 5/5 items  ") and told.count("\n") == 1


@pytest.mark.parametrize("how", [{"quiet": True}, {"passing": True}])
def test_nothing_is_told_to_who_does_not_look(capsys, how):
    with ProgressBar("recording", 5, **how) as bar:
        bar.advance(5)
        bar.note("done")
    assert capsys.readouterr().err == ""


def test_a_terminal_shows_what_is_done_and_noted(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setattr(sys, "stderr", Terminal())
    with ProgressBar("[made] of brackets", 4, unit="episodes") as bar:
        bar.advance(3)
        bar.note("success 0.75")
    shown = sys.stderr.getvalue()
    assert "[made] of brackets" in shown and "3/4 episodes" in shown and "success 0.75" in shown
