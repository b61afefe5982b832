"""Keep bytes in a private file that is never half written.

What a check here refuses is a ``StorageError`` without a path; what the system refuses is its own ``OSError``.
"""

import errno
import os
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from ..exceptions import StorageError
from ._access import check_private, check_regular, make_private

# A kept token has some 400 bytes: a larger file is something else.
_MAX_SIZE = 64 * 1024
# What is left in a file that cannot be removed; an empty one may also come of a save that was cut off.
_DELETED = b"\n"
_TEMPORARY = f".ticktick-oauth-{'[0-9a-f]' * 16}.tmp"
# A new temporary file vanishes only when another process sweeps within the microseconds before it is locked. On Windows
# a file cannot be replaced while it is open, nor opened while it is replaced: for a moment, in either case.
_ATTEMPTS = 40
_MOMENT = 0.005  # seconds
_OLD = 3600  # seconds; no save takes that long
# A mount point can be neither replaced nor removed; nor can anything in a folder that may not be written.
_FIXED = {errno.EACCES, errno.EBUSY, errno.EPERM, errno.EROFS}
# What systems and network file systems answer that cannot sync a folder, or do not let it be opened for that.
_CANNOT_SYNC = {errno.EACCES, errno.EBADF, errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EPERM}

_T = TypeVar("_T")


def read_file(path: Path, *, whoever_may_read: bool = False) -> bytes | None:
    """Return what a private file holds, or None when nothing is kept there."""
    try:
        with _opened(path, os.O_RDONLY) as descriptor:
            check_regular(descriptor)
            if not whoever_may_read:
                check_private(path, descriptor)
            data = b""
            while len(data) <= _MAX_SIZE and (more := os.read(descriptor, _MAX_SIZE + 1)):
                data += more
    except FileNotFoundError:
        return None
    if len(data) > _MAX_SIZE:
        raise StorageError(f"this is over {_MAX_SIZE} bytes, so it is not a kept token: move it away")
    return None if data == _DELETED else data


def make_folders(path: Path) -> None:
    """Make the folders that a file is missing, for their owner alone."""
    for folder in reversed(path.parents):
        if not folder.is_dir():
            with suppress(FileExistsError):  # another process made it, or it is a file, which the next step reports
                folder.mkdir(0o700)
                with suppress(OSError):
                    folder.chmod(0o700)  # whatever the umask took away


def write_file(path: Path, data: bytes | None) -> bool:
    """Put bytes in the place of a file, or with None try whether it works; return whether it was written in place."""
    _sweep(path.parent)
    # Another process that sweeps may take the new file for a stale one.
    return _change(path, data, lambda: _again_after(FileNotFoundError, lambda: _replace(path, data)))


def remove_file(path: Path) -> str | None:
    """Remove a file, or empty it where it cannot be removed; return which, or None when there is none."""
    _sweep(path.parent)
    if not os.path.lexists(path):  # on a read-only file system, `unlink` fails before it looks
        return None
    if _change(path, _DELETED, lambda: _patiently(lambda: path.unlink(missing_ok=True))):
        return "emptied"
    _sync_folder(path.parent)
    return "deleted"


def _change(path: Path, data: bytes | None, change: Callable[[], None]) -> bool:
    """Call ``change``; where the file can be neither renamed nor removed, write bytes into it, and return True."""
    try:
        change()
    except OSError as error:
        if os.name != "posix" or error.errno not in _FIXED or not os.access(path, os.R_OK | os.W_OK):
            raise
        _overwrite(path, data)
        return True
    return False


def _patiently(task: Callable[[], _T]) -> _T:
    """Do a task, on Windows again and again for a moment while another program has the file open."""
    return task() if os.name == "posix" else _again_after(PermissionError, task)


def _again_after(failure: type[OSError], task: Callable[[], _T]) -> _T:
    for _ in range(_ATTEMPTS):
        with suppress(failure):
            return task()
        time.sleep(_MOMENT)
    return task()


@contextmanager
def _opened(path: Path | str, access: int) -> Generator[int, None, None]:
    """Open what is there at this moment: without waiting for a pipe, taking over a terminal or following a link."""
    for flag in ("O_BINARY", "O_CLOEXEC", "O_NONBLOCK", "O_NOCTTY", "O_NOFOLLOW"):
        access |= getattr(os, flag, 0)
    # The mode is for a new file; pyfakefs gives it to any.
    descriptor = _patiently(lambda: os.open(path, access, 0o600))
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _replace(path: Path, data: bytes | None) -> None:
    temporary = path.parent / f".ticktick-oauth-{os.urandom(8).hex()}.tmp"
    try:
        with _opened(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL) as descriptor:
            make_private(path, descriptor)
            if data is None:
                return
            locked = _lock(descriptor)
            _fill(descriptor, data)
            if locked:  # until the file has its name
                temporary.replace(path)
        if not locked:  # Windows moves no open file
            _patiently(lambda: temporary.replace(path))
    finally:
        with suppress(OSError):
            _patiently(temporary.unlink)
    _sync_folder(path.parent)


def _lock(descriptor: int) -> bool:
    """Lock a file until it is closed; return False when another process has the lock, or where there are no locks."""
    with suppress(ImportError, OSError):
        from fcntl import LOCK_EX, LOCK_NB, flock

        flock(descriptor, LOCK_EX | LOCK_NB)
        return True
    return False


def _sweep(folder: Path) -> None:
    """Remove the temporary files of killed programs: those without a lock or, on Windows, which has none, old ones."""
    with suppress(OSError):
        for temporary in folder.glob(_TEMPORARY):
            with suppress(OSError):
                if os.name == "posix":
                    with _opened(temporary, os.O_WRONLY) as descriptor:
                        if _lock(descriptor):
                            temporary.unlink()
                elif temporary.lstat().st_mtime < time.time() - _OLD:
                    temporary.unlink()


def _sync_folder(folder: Path) -> None:
    """Make a change of names survive a power cut, where the system can."""
    if os.name != "posix":
        return  # Windows opens no folder
    try:
        with _opened(f"{folder}/.", os.O_RDONLY) as descriptor:  # by its dot, as the folder may be a link
            os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _CANNOT_SYNC:
            raise


def _overwrite(path: Path, data: bytes | None) -> None:
    """Replace the content of a file by bytes.

    When the write fails, the old content is put back; where that fails too, the file is empty, and the error says so.
    """
    with _opened(path, os.O_RDWR) as descriptor:
        check_regular(descriptor)
        make_private(path, descriptor)
        if data is None:
            return
        before = os.read(descriptor, _MAX_SIZE)
        try:
            _fill(descriptor, data)
        except BaseException:
            try:
                _fill(descriptor, before)
            except OSError as error:
                with suppress(OSError):
                    os.ftruncate(descriptor, 0)  # an empty file is replaced by the next save, half a token is not
                reason = f"writing in place met {error.strerror}, and the old content is lost: the file is empty"
                raise StorageError(reason, errno=error.errno) from None
            raise


def _fill(descriptor: int, data: bytes) -> None:
    os.ftruncate(descriptor, 0)
    os.lseek(descriptor, 0, os.SEEK_SET)
    while data:
        data = data[os.write(descriptor, data) :]
    os.fsync(descriptor)
