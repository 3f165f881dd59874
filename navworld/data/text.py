"""Numbers in text files: a record in every line, defects named with their line.

Times of whole nanoseconds and poses rounded to nanometres are the same numbers after any number
of readings and writings, so that a file written from what was read equals it byte for byte.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from navworld.geometry import so3

Line = tuple[int, str]
"""Its number, from 1, and its text without white space around it."""

DECIMALS = 9
"""Of lengths [m] and velocities [m/s] in text."""

_SECOND_NS = 10**9
_LAST_NS = 9e18  # what 64 bits hold
_QUATERNION_DECIMALS = 12
_SETTLING = 50


def lines(path: Path, what: str, record: str = "line") -> list[Line]:
    """The lines of a text file that hold something other than a # comment; at least one.

    Args:
        what: Is expected there, such as "a trajectory file (TUM, KITTI or EuRoC text)".
        record: What a line holds, such as "pose".

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is not text, or holds nothing.
    """
    if not path.is_file():
        kind = "is a folder, not" if path.is_dir() else "does not exist: expected"
        raise FileNotFoundError(f"{path} {kind} {what}")
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not text: expected {what}") from error
    if "\0" in text:
        raise ValueError(f"{path} is not text: expected {what}")
    split = [(k, line.strip()) for k, line in enumerate(text.splitlines(), start=1)]
    found = [(k, line) for k, line in split if line and not line.startswith("#")]
    if not found:
        raise ValueError(f"{path} holds no {record}: expected {what}")
    return found


def check_end(path: Path) -> None:
    """Raises ValueError where a file ends in the middle of a line, as one that was cut off does."""
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - 1, 0))
        if file.read(1) not in (b"\n", b"\r"):
            raise ValueError(
                f"{path} ends in the middle of a line: it was cut off (if it was not, end the line)"
            )


def table(
    path: Path,
    rows: Iterable[Line],
    width: int,
    *,
    shape: str,
    separator: str | None = None,
    longer: bool = False,
) -> NDArray[np.float64]:
    """(N, width) numbers of lines, all of them finite.

    Args:
        shape: What a line should be, for the sentence about one that is not.
        separator: White space if None.
        longer: Whether a line may have more columns, which are skipped.

    Raises:
        ValueError: A line has too few or too many columns, or holds something else; names it.
    """
    rows, found = list(rows), []
    for number, line in rows:
        words = line.split(separator)
        if len(words) < width or (len(words) > width and not longer):
            raise ValueError(f"line {number} of {path} has {len(words)} columns: expected {shape}")
        try:
            found.append([float(word) for word in words[:width]])
        except ValueError:
            bad = next(word.strip() for word in words[:width] if not is_number(word))
            raise ValueError(
                f"line {number} of {path} has {bad!r} where a number is expected: {shape}"
            ) from None
    values = np.array(found, np.float64).reshape(-1, width)
    finite = np.isfinite(values).all(1)
    if not finite.all():
        number = rows[int(np.argmin(finite))][0]
        raise ValueError(
            f"line {number} of {path} holds NaN or infinity ({(~finite).sum()} such lines): "
            "remove the lines that are not known"
        )
    return values


def whole_times(path: Path, rows: Iterable[Line], separator: str | None = ",") -> NDArray:
    """(N,) times [s] of lines whose first word is a whole number of nanoseconds, without rounding.

    Raises:
        ValueError: It is none, or the times do not increase; names the line.
    """
    rows, found = list(rows), []
    for number, line in rows:
        word = line.split(separator)[0].strip()
        if not is_number(word) or not abs(float(word)) < _LAST_NS:
            raise ValueError(
                f"line {number} of {path} begins with {word!r}: expected a time in nanoseconds"
            )
        found.append(int(word) if word.lstrip("+-").isdigit() else round(float(word)))
    stamps = seconds(found)
    check_times(path, stamps, [number for number, _ in rows])
    return stamps


def is_number(word: str) -> bool:
    """Whether a word is one."""
    try:
        float(word)
    except ValueError:
        return False
    return True


def check_times(path: Path, stamps: NDArray[np.float64], numbers: ArrayLike) -> None:
    """Raises ValueError naming the first line whose time does not follow the one before.

    Args:
        stamps: (N,) [s].
        numbers: (N,) of the lines.
    """
    late = np.flatnonzero(np.diff(stamps) <= 0)
    if not len(late):
        return
    k, numbers = int(late[0]), np.asarray(numbers)
    how = "repeats the time" if stamps[k + 1] == stamps[k] else "goes back in time from that"
    raise ValueError(
        f"line {numbers[k + 1]} of {path} ({stamps[k + 1]:.9f} s) {how} of line {numbers[k]} "
        f"({stamps[k]:.9f} s): sort the lines by time and keep one for each"
    )


def nanoseconds(stamps: ArrayLike) -> NDArray[np.int64]:
    """Times [s] as whole nanoseconds, exactly rounded, also of those since 1970."""
    seconds = np.asarray(stamps, np.float64)
    whole = np.floor(seconds)
    part = np.rint((seconds - whole) * _SECOND_NS).astype(np.int64)
    return whole.astype(np.int64) * _SECOND_NS + part


def seconds(stamps_ns: ArrayLike) -> NDArray[np.float64]:
    """Whole nanoseconds as times [s]: undoes `nanoseconds`."""
    whole, part = np.divmod(np.asarray(stamps_ns, np.int64), _SECOND_NS)
    return (whole + part / _SECOND_NS).astype(np.float64)


def clock(stamp: float) -> str:
    """A time [s] with at least 6 decimals, and as many as it takes to read it back exactly."""
    return np.format_float_positional(stamp, unique=True, min_digits=6)


def fixed(values: ArrayLike, decimals: int = DECIMALS) -> NDArray[np.float64]:
    """Rounded to decimals, without negative zeros."""
    return np.asarray(np.round(np.asarray(values, np.float64), decimals) + 0.0, np.float64)


def rounded_poses(
    T_a_b: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Positions (N, 3) [m] and q_xyzw (N, 4) of poses (N, 4, 4), rounded so that they stay.

    A rounded quaternion has no length of exactly 1 and would change when it is read, normalised
    and written again: it is rounded until it does not.
    """
    q = fixed(so3.to_quaternion(T_a_b[:, :3, :3]), _QUATERNION_DECIMALS)
    for _ in range(_SETTLING):
        again = fixed(so3.to_quaternion(so3.from_quaternion(q)), _QUATERNION_DECIMALS)
        if (again == q).all():
            break
        q = again
    return fixed(T_a_b[:, :3, 3]), q


def pose_words(position: NDArray[np.float64], quaternion: NDArray[np.float64]) -> list[str]:
    """What `rounded_poses` gave for a pose, as text; the quaternion in the order that is given."""
    return [
        *(f"{value:.{DECIMALS}f}" for value in position),
        *(f"{value:.{_QUATERNION_DECIMALS}f}" for value in quaternion),
    ]
