"""`navworld verify faults`: recordings that are killed, starved and damaged.

A recording that is killed at random moments and started again must end as one that nothing
disturbed, byte for byte. Everything else that goes wrong must be told in one sentence that names
what it is about, and must cost nothing that was whole.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import resource
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np

from navworld.data import formats
from navworld.data.formats import own
from navworld.data.sequences import Channel, Recorded
from navworld.data.writing import NotWrittenError, sha256_of
from navworld.envs.recording import RecordConfig, record, rides
from navworld.envs.verify.findings import Findings
from navworld.evaluation.result import Metric
from navworld.geometry.trajectories import Trajectory

CONFIG = RecordConfig(
    scenes="apartment:0-1",
    sensors={"rgb": 10.0, "depth": 10.0, "semantic": 10.0, "imu": 100.0, "lidar": 5.0, "gps": 5.0},
    seconds=4.0,
    image_size=48,
    light="none",
    shard_seconds=1.0,
    reverse=True,
)
KILLED, KILLED_FAST = 50, 5
PATIENCE = 600.0
"""Longest that a recording of a few seconds may take [s]: machines are busy, or stand still."""

Files = dict[str, str]


def verify_faults(fast: bool = False) -> Findings:
    """See the module."""
    checks: dict[str, bool] = {}
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        began = time.perf_counter()
        record(CONFIG, home / "first", quiet=True)
        began = time.perf_counter()
        record(CONFIG, home / "undisturbed", quiet=True)
        seconds = time.perf_counter() - began
        wanted = files_in(home / "undisturbed")
        checks["faults: two recordings are the same bytes"] = wanted == files_in(home / "first")
        runs = KILLED_FAST if fast else KILLED
        kills, same = _killed_runs(home, wanted, runs, seconds)
        checks[f"faults: {runs} killed recordings end as the undisturbed one"] = same
        checks["faults: killed with two processes, ends the same"] = _killed_in_two(home, wanted)
        checks |= _starved(home, wanted)
        checks |= _damaged(home, wanted)
        checks |= _foreign(home)
    return {"faults_kills": Metric(float(kills)), "faults_runs": Metric(float(runs))}, checks


def files_in(folder: Path) -> Files:
    """SHA-256 of every file, by its path in the folder, temporary ones too."""
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): sha256_of(path) for path in paths}


def _killed_runs(home: Path, wanted: Files, runs: int, seconds: float) -> tuple[int, bool]:
    """Kills recordings at random moments, some of them again and again; how often, and the end."""
    rng, kills, same = np.random.default_rng(0), 0, True
    for run in range(runs):
        out = home / f"killed-{run}"
        killed = 0
        for _ in range(1 + run % 3):
            killed += killed_after(CONFIG, out, rng.uniform(0.0, seconds))
        while not killed:  # it was faster
            shutil.rmtree(out)
            seconds *= 0.8
            killed += killed_after(CONFIG, out, rng.uniform(0.0, seconds))
        kills += killed
        same &= _in_child(partial(record, CONFIG, out, quiet=True)) == ""
        same &= files_in(out) == wanted
    return kills, same


def killed_after(config: RecordConfig, out: Path, seconds: float) -> bool:
    """Starts a recording and kills it; False if it was faster."""
    child = multiprocessing.get_context("fork").Process(
        target=record, args=(config, out), kwargs={"quiet": True}
    )
    child.start()
    child.join(seconds)
    was_alive = child.is_alive()
    if was_alive and child.pid is not None:
        os.kill(child.pid, signal.SIGKILL)
    child.join(PATIENCE)
    return was_alive


def _killed_in_two(home: Path, wanted: Files) -> bool:
    """A recording by two processes whose parent is killed once something is there."""
    out = home / "two"
    words = (
        "from navworld.envs.recording import record\n"
        "from navworld.envs.verify.faults import CONFIG\n"
        f"record(CONFIG, {str(out)!r}, processes=2, quiet=True)\n"
    )
    script = home / "two.py"
    script.write_text("if __name__ == '__main__':\n    " + words.replace("\n", "\n    "))
    child = subprocess.Popen([sys.executable, str(script)])
    deadline = time.monotonic() + PATIENCE
    while not list(out.glob("*/*.shard")) and child.poll() is None:
        if time.monotonic() > deadline:
            break
        time.sleep(0.02)
    child.kill()
    child.wait(PATIENCE)
    time.sleep(1.0)  # its workers notice, and leave
    record(CONFIG, out, processes=2, quiet=True)
    return files_in(out) == wanted


def _starved(home: Path, wanted: Files) -> dict[str, bool]:
    """A limit on files, a disk that is full, a folder that cannot be written."""
    checks = {}
    out = home / "limited"

    def limited() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))
        record(CONFIG, out, quiet=True)

    said = _in_child(limited)
    kept = files_in(out)
    checks["faults: files that may not grow"] = _one_sentence(said, "limited", "larger")
    checks["faults: what was whole before the limit is kept"] = all(
        wanted.get(name) == sha for name, sha in kept.items() if name != "dataset.json"
    )
    record(CONFIG, out, quiet=True)
    checks["faults: goes on after the limit is lifted"] = files_in(out) == wanted
    with _small_disk(home / "disk") as disk:
        if disk is not None:
            said = _said(lambda: record(CONFIG, disk / "out", quiet=True))
            whole = {k: v for k, v in files_in(disk / "out").items() if k != "dataset.json"}
            checks["faults: a full disk"] = _one_sentence(said, "out", "full") and all(
                wanted.get(name) == sha for name, sha in whole.items()
            )
    locked = home / "locked"
    locked.mkdir()
    locked.chmod(0o555)

    def unprivileged() -> None:
        if os.geteuid() == 0:  # to whom every folder is open
            os.chmod(home, 0o755)
            os.seteuid(65534)
        record(CONFIG, locked, quiet=True)

    said = _in_child(unprivileged)
    checks["faults: a read-only folder"] = _one_sentence(said, "locked", "permission")
    checks["faults: nothing is written there"] = not any(locked.iterdir())
    said = _said(lambda: record(CONFIG, home / "two.py" / "out", quiet=True))
    checks["faults: a file in place of the folder"] = _one_sentence(said, "two.py", "file")
    return checks


def _damaged(home: Path, wanted: Files) -> dict[str, bool]:
    """Shards that are damaged, cut off or gone; a folder that holds something else."""
    out = home / "first"
    name = rides(CONFIG)[0].name
    shard, head = out / name / "00001.shard", out / name / own.HEAD
    whole = shard.read_bytes()

    def read_all() -> None:
        for sequence in own.read(out / name):
            for channel, about in sequence.channels.items():
                for k in range(len(about)):
                    sequence.read(channel, k)

    checks = {}
    faults: dict[str, Callable[[], object]] = {
        "a damaged shard": lambda: shard.write_bytes(
            whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:]
        ),
        "a shard that is cut off": lambda: shard.write_bytes(whole[: len(whole) // 2]),
        "a shard that is gone": shard.unlink,
        "a head that is cut off": lambda: head.write_bytes(head.read_bytes()[:100]),
    }
    for fault, inflict in faults.items():
        inflict()
        said = _said(read_all)
        about = own.HEAD if "head" in fault else shard.name
        checks[f"faults: {fault}"] = _one_sentence(said, about)
        record(CONFIG, out, quiet=True)
        checks[f"faults: {fault} is recorded again"] = files_in(out) == wanted
    other = RecordConfig(scenes="apartment:0", sensors={"rgb": 10.0}, image_size=48, light="none")
    said = _said(lambda: record(other, out, quiet=True))
    checks["faults: a folder that holds another recording"] = _one_sentence(said, "first", "scenes")
    checks["faults: which stays as it is"] = files_in(out) == wanted
    said = _said(lambda: own.write(Recorded("../outside", {}, {}), home / "names"))
    checks["faults: a name that leads elsewhere"] = (
        _one_sentence(said, "../outside") and not (home / "outside").exists()
    )
    return checks


def _foreign(home: Path) -> dict[str, bool]:
    """Files of other formats that are damaged, out of order or dangerous."""
    stamps = np.arange(5) / 10
    images = np.random.default_rng(0).integers(0, 255, (5, 32, 32, 3), np.uint8)
    truth = Trajectory(stamps, np.tile(np.eye(4), (5, 1, 1)))
    rgb = Channel("rgb", stamps, (32, 32, 3), np.dtype(np.uint8), np.eye(4))
    sequence = Recorded("tum", {"rgb": rgb}, {"rgb": images}, truth)
    checks = {}

    def told(fault: str, *about: str, change: Callable[[Path], object]) -> None:
        folder = home / fault.replace(" ", "-")
        formats.write("tum", [sequence], folder)
        change(folder / "tum")

        def read_all() -> None:
            for found in formats.read(folder, "tum"):
                for k in range(len(found.channels["rgb"])):
                    found.read("rgb", k)

        checks[f"faults: {fault}"] = _one_sentence(_said(read_all), *about)

    def rewritten(name: str, change: Callable[[list[str]], list[str]]) -> Callable[[Path], object]:
        def rewrite(folder: Path) -> None:
            lines = (folder / name).read_text().splitlines()
            (folder / name).write_text("\n".join(change(lines)) + "\n")

        return rewrite

    def cut(folder: Path) -> None:
        image = sorted((folder / "rgb").iterdir())[2]
        image.write_bytes(image.read_bytes()[:200])

    told("a truncated image", ".png", change=cut)
    told(
        "stamps out of order",
        "rgb.txt",
        change=rewritten("rgb.txt", lambda s: [*s[:-2], s[-1], s[-2]]),
    )
    told("a stamp twice", "rgb.txt", change=rewritten("rgb.txt", lambda s: [*s, s[-1]]))
    told(
        "a pose that is NaN",
        "groundtruth.txt",
        change=rewritten("groundtruth.txt", lambda s: [*s[:-1], "0.4 nan 0 0 0 0 0 1"]),
    )
    archive = home / "archive"
    formats.write("webdataset", [sequence], archive)
    before = set(home.rglob("*"))
    _smuggle(archive)
    said = _said(lambda: [s.read("rgb", 0) for s in formats.read(archive, "webdataset")])
    checks["faults: an archive with ../ in a name"] = _one_sentence(said, "..")
    checks["faults: nothing is written outside"] = set(home.rglob("*")) == before
    return checks


def _smuggle(archive: Path) -> None:
    """Puts a name that leads out of the folder into the first archive in it."""
    path = sorted(archive.rglob("*.tar"))[0]
    member = tarfile.TarInfo("../smuggled.json")
    data = json.dumps({"smuggled": True}).encode()
    member.size = len(data)
    temporary = path.with_suffix(".bytes")
    temporary.write_bytes(data)
    with tarfile.open(path, "a") as tar, temporary.open("rb") as file:
        tar.addfile(member, file)
    temporary.unlink()


@contextmanager
def _small_disk(path: Path) -> Iterator[Path | None]:
    """A disk of 300 kB, where this process may mount one; None elsewhere."""
    path.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(path)]
    try:
        there = os.geteuid() == 0 and not subprocess.run(mount, capture_output=True).returncode
    except FileNotFoundError:
        there = False
    try:
        yield path if there else None
    finally:
        if there:
            subprocess.run(["umount", str(path)], check=True)


def _in_child(work: Callable[[], object]) -> str:
    """Runs something in a process of its own; what it said, "" when all went well."""
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe()
    child = context.Process(target=lambda: there.send(_said(work)))
    child.start()
    said = here.recv() if here.poll(PATIENCE) else "it did not end"
    child.join(PATIENCE)
    return said


def _said(work: Callable[[], object]) -> str:
    """The message of the error that something ends with, "" if with none."""
    try:
        work()
    except (ValueError, FileNotFoundError, NotWrittenError) as error:
        return str(error)
    except Exception as error:
        return f"{type(error).__name__}, which nobody was meant to see: {error}\n"
    return ""


def _one_sentence(said: str, *about: str) -> bool:
    """Whether that is one line which names what it is about."""
    return bool(said) and "\n" not in said and all(word in said for word in about)
