"""One process at a time does what rewrites a memory file: the system's lock on a file beside it.

The lock is gone with the process that held it, whatever ended that.
"""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..errors import InputError

_PAUSE = 0.1  # seconds


@contextmanager
def alone(path: Path, seconds: float = 0) -> Iterator[None]:
    """Within, no other process or thread is within for this file. Raises InputError if one still is after `seconds`.

    Where a file system knows no locks, there is none.
    """
    beside = path.with_name(f".{path.stem}.lock")
    until = time.monotonic() + seconds
    while (held := _taken(beside)) is None:
        if time.monotonic() >= until:
            raise InputError(f"style memory {path}: another process is rewriting it; try again once that is done")
        time.sleep(_PAUSE)
    try:
        yield
    finally:
        if os.name != "nt":
            beside.unlink(missing_ok=True)  # while it is held, so that nobody else's is removed
        os.close(held)
        if os.name == "nt":
            with suppress(OSError):  # no open file can be removed there
                beside.unlink()


def _taken(beside: Path) -> int | None:
    """The open and locked file, or None if another holds it."""
    file = os.open(beside, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        if _lock(file) and os.path.samestat(os.fstat(file), os.stat(beside)):
            return file
    except FileNotFoundError:  # its last holder removed it meanwhile
        pass
    os.close(file)
    return None


def _lock(file: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        return True
    return True
