"""Recording to disk: sequence by sequence, in as many processes as are wanted, resumable.

    OUT/dataset.json    the configuration; once all is there, SHA-256 of every file and of the whole
    OUT/NAME/…          the sequences, in the format that was asked for

Killed at any moment and started again, it goes on where it was, and the bytes are those of a run
that nothing has disturbed, with any number of processes.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from navworld.data import formats
from navworld.data.formats import own
from navworld.data.formats.own import digest
from navworld.data.writing import (
    PART,
    NotWrittenError,
    not_written,
    sha256_of,
    sync_folder,
    write_whole,
)
from navworld.envs.recording.config import RecordConfig
from navworld.envs.recording.plan import rides
from navworld.envs.recording.ride import Ride
from navworld.envs.recording.workers import Files, Job, on_ray, on_workers
from navworld.names import nearest
from navworld.progress import ProgressBar

DATASET = "dataset.json"
FORMAT = "navworld data set 1"


@dataclass(frozen=True)
class Recording:
    """What was recorded.

    Attributes:
        sequences: How many.
        items: Measurements of all channels together.
        bytes: On disk.
        sha256: Of the whole data set.
    """

    sequences: int
    items: int
    bytes: int
    sha256: str


def record(
    config: RecordConfig,
    out: str | Path,
    *,
    format: str = "own",
    processes: int = 1,
    ray: str | None = None,
    quiet: bool = False,
) -> Recording:
    """Records a data set, or goes on with one that was begun.

    Args:
        config: What.
        out: Folder; with Ray one that all machines share.
        format: "own", or another that `navworld.data.formats` writes.
        processes: How many work at a time.
        ray: Address of a Ray cluster to work on; "local" starts one here.
        quiet: Shows no progress.

    Raises:
        ValueError: The folder holds a recording of something else; nothing is changed.
        NotWrittenError: The disk is full, the folder cannot be written …; what is whole is kept,
            and the same command goes on from there.
    """
    if processes < 1:
        raise ValueError(f"processes={processes!r}: expected at least 1")
    out = Path(out)
    planned = rides(config)
    if format not in formats.WRITTEN:
        raise ValueError(f"no format {format!r} is written{nearest(format, formats.WRITTEN)}")
    with _alone_in(out):
        known = _begin(out, config, format)
        total = sum(ride.items for ride in planned)
        with ProgressBar("recording", total, quiet=quiet) as progress:
            done = {}
            for ride in planned:
                if (files := _finished(out / ride.name, format, known)) is not None:
                    done[ride.name] = files
                    progress.advance(ride.items)
            talks = planned[0].name
            jobs = [
                Job(ride, out.resolve(), format, ride.name == talks)
                for ride in planned
                if ride.name not in done
            ]
            if ray is not None and jobs:
                made = on_ray(make, jobs, ray, progress.advance)
            elif processes > 1 and jobs:
                made = on_workers(make, jobs, processes, progress.advance)
            else:
                made = [make(job, progress.advance) for job in jobs]
            done |= {job.ride.name: files for job, files in zip(jobs, made, strict=True)}
        files = {f"{name}/{file}": sha for name in done for file, sha in done[name].items()}
        return _finish(out, config, format, planned, files)


def make(job: Job, report: Callable[[int], None]) -> Files:
    """Records one sequence, or what is missing of it; SHA-256 of its files by name."""
    ride, sequence = job.ride, job.ride.sequence()
    if job.format == "own":
        seconds = ride.config.shard_seconds
        return own.write(sequence, job.out, shard_seconds=seconds, resume=True, report=report)
    home = job.out / ride.name
    begun = home.with_name(f".{home.name}{PART}")
    try:
        shutil.rmtree(begun, ignore_errors=True)
        written = formats.write(job.format, [Reported(sequence, report)], begun)
        inside = sorted(path.name for path in begun.iterdir())
        shutil.rmtree(home, ignore_errors=True)  # what was damaged
        os.replace(begun / ride.name if inside == [ride.name] else begun, home)
        sync_folder(home.parent)
    except OSError as error:
        raise not_written(home, error) from error
    finally:
        shutil.rmtree(begun, ignore_errors=True)
    for lost in written.left_out if job.talks else ():
        print(f"left out: {lost}", file=sys.stderr)
    return _digests(home)


def _finished(home: Path, format: str, known: Files) -> Files | None:
    """SHA-256 of the files of a sequence that is all there; None if anything is amiss.

    Args:
        known: What the files of the data set were when it was complete; empty before.
    """
    if format == "own":
        return own.finished(home)
    if not home.exists():
        return None
    found = _digests(home)
    wanted = {k: v for k, v in known.items() if k.startswith(f"{home.name}/")}
    same = {f"{home.name}/{name}": sha for name, sha in found.items()} == wanted
    return found if same or not wanted else None


def _digests(home: Path) -> Files:
    paths = sorted(path for path in home.rglob("*") if path.is_file())
    return {path.relative_to(home).as_posix(): sha256_of(path) for path in paths}


class Reported:
    """A sequence that tells how many of its items have been read."""

    def __init__(self, sequence: Any, report: Callable[[int], None]) -> None:
        self._sequence, self._report = sequence, report

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sequence, name)

    def read(self, channel: str, index: int) -> Any:
        """See `Sequence.read`."""
        self._report(1)
        return self._sequence.read(channel, index)


def _begin(out: Path, config: RecordConfig, format: str) -> Files:
    """Says in the folder what is recorded there; the files of what is complete."""
    told = {"format": FORMAT, "written_as": format, "config": _plain(config)}
    path = out / DATASET
    if not path.exists():
        strange = next((p.name for p in out.iterdir() if p not in _begun(path)), None)
        if strange is not None:
            raise ValueError(
                f"{out} is not empty and holds no recording (there is {strange!r}): give a new "
                "folder, so that nothing of it is lost"
            )
        write_whole(path, _json({**told, "complete": False}))
        return {}
    try:
        there = json.loads(path.read_text())
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise ValueError(
            f"{path} is damaged: restore it, or delete it and the folder and record again"
        ) from None
    if not isinstance(there, dict) or any(there.get(k) != v for k, v in told.items()):
        raise ValueError(
            f"{out} holds a recording of {_difference(there, told)}: give another folder, or the "
            "configuration it was begun with"
        )
    for left_over in out.glob(f".*{PART}"):
        if left_over.is_dir():
            shutil.rmtree(left_over)
        else:
            left_over.unlink()
    return there.get("files", {})


def _begun(path: Path) -> list[Path]:
    """What is left of attempts to write a file."""
    return list(path.parent.glob(f".{path.name}.*{PART}"))


def _finish(
    out: Path, config: RecordConfig, format: str, planned: list[Ride], files: Files
) -> Recording:
    told = {"format": FORMAT, "written_as": format, "config": _plain(config), "complete": True}
    told["sequences"] = {ride.name: {"split": ride.split, "items": ride.items} for ride in planned}
    told |= {"files": files, "sha256": digest(files)}
    path = out / DATASET
    data = _json(told)
    if path.read_bytes() != data:
        write_whole(path, data)
    size = sum((out / name).stat().st_size for name in files)
    return Recording(len(planned), sum(ride.items for ride in planned), size, digest(files))


def _difference(there: Any, wanted: dict[str, Any]) -> str:
    """What another recording differs in, in words."""
    if not isinstance(there, dict) or there.get("format") != FORMAT:
        return "another format"
    if there.get("written_as") != wanted["written_as"]:
        return f"the format {there.get('written_as')!r}, not {wanted['written_as']!r}"
    given = there.get("config", {})
    for key in {**wanted["config"], **given}:
        before, value = given.get(key), wanted["config"].get(key)
        if before != value:
            return f"something else: {key} was {before!r} and is {value!r}"
    return "something else"


def _plain(config: RecordConfig) -> dict[str, Any]:
    plain = json.loads(json.dumps(asdict(config)))
    if plain["movers"] is None:  # as data sets were described before anything moved in them
        del plain["movers"]
    return plain


def _json(data: dict[str, Any]) -> bytes:
    return (json.dumps(data, indent=1, sort_keys=True) + "\n").encode()


@contextlib.contextmanager
def _alone_in(out: Path) -> Iterator[None]:
    """Makes the folder, and keeps other recordings out of it."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        if not os.access(out, os.W_OK):
            raise PermissionError(13, "permission denied")
        handle = os.open(out, os.O_RDONLY)
    except OSError as error:
        raise not_written(out, error) from error
    try:
        _lock(handle, out)
        yield
    finally:
        os.close(handle)


def _lock(handle: int, out: Path) -> None:
    """The system takes the lock back when this process ends, however it ends."""
    try:
        import fcntl
    except ImportError:  # not on this system: the bytes are the same, only work may be done twice
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise NotWrittenError(
            f"another process is recording into {out}: wait for it, or give another folder"
        ) from None
