"""Keep bytes in a private file that is never half written.

What a check here refuses is a ``StorageError`` without a path; what the system refuses is its own ``OSError``.
"""

import errno
import os
import re
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, TypeVar

from ..exceptions import StorageError
from ._access import check_private, check_regular, flags, is_read_only, make_private

# A kept token has some 400 bytes: a larger file is something else.
MAX_SIZE = 64 * 1024
# What is left in a file that cannot be removed; an empty one may also come of a save that was cut off.
_DELETED = b"\n"
_TEMPORARY = r"\.ticktick-oauth-[0-9a-f]{16}\.tmp"
# A new temporary file vanishes only when another process sweeps within the microseconds before it is locked.
_ATTEMPTS = 10
# On Windows a file cannot be replaced while it is open, nor opened while it is replaced: for a moment, in either case.
_PATIENCE = 40
_MOMENT = 0.005  # seconds
_OLD = 3600  # seconds; no save takes that long
# A mount point can be neither replaced nor removed; nor can anything in a folder that may not be written.
_FIXED = {errno.EACCES, errno.EBUSY, errno.EPERM, errno.EROFS}
# What systems and network file systems answer that cannot sync a folder, or do not let it be opened for that.
_CANNOT_SYNC = {errno.EACCES, errno.EBADF, errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EPERM}


_T = TypeVar("_T")


def read_file(path: Path, *, whoever_may_read: bool = False) -> bytes | None:
    """Return what a private file holds, or None when nothing is kept there.

    On a file system that is mounted read-only, as a secret is, owners and modes are the platform's affair.
    """
    # Without O_NONBLOCK, opening a named pipe would wait for someone to write to it.
    mode = os.O_RDONLY | flags("O_NONBLOCK", "O_NOCTTY", "O_NOFOLLOW")
    try:
        # The mode is for pyfakefs, which gives it to the file.
        descriptor = _patiently(lambda: os.open(path, mode, 0o600))
    except FileNotFoundError:
        return None
    try:
        check_regular(descriptor)
        if not whoever_may_read and not is_read_only(descriptor):
            check_private(path, descriptor)
        data = b""
        while len(data) <= MAX_SIZE and (more := os.read(descriptor, MAX_SIZE + 1)):
            data += more
    finally:
        os.close(descriptor)
    if len(data) > MAX_SIZE:
        raise StorageError(f"this is over {MAX_SIZE} bytes, so it is not a kept token: move it away")
    return None if data == _DELETED else data


def write_file(path: Path, data: bytes | None, *, make_folders: bool = True) -> bool:
    """Put bytes in the place of a file; return whether they had to be written into the file itself.

    None stands for no bytes: then all is done that changes nothing, to see whether it can be done.
    """
    if make_folders:
        _make_folders(path)
    _sweep(path.parent)
    return _change(path, data, lambda: _replace(path, data))


def remove_file(path: Path) -> str | None:
    """Remove a file, or empty it where it cannot be removed; return which, or None when nothing was kept."""
    _sweep(path.parent)
    try:
        path.lstat()  # on a read-only file system, `unlink` fails before it looks
    except FileNotFoundError:
        return None
    is_kept = bool(read_file(path, whoever_may_read=True))
    is_emptied = _change(path, _DELETED, lambda: _patiently(lambda: path.unlink(missing_ok=True)))
    if not is_emptied:
        _sync_folder(path.parent)
    return ("emptied" if is_emptied else "deleted") if is_kept else None


def _change(path: Path, data: bytes | None, change: Callable[[], None]) -> bool:
    """Call ``change``; where the file can be neither renamed nor removed, write bytes into it, and return True."""
    try:
        change()
    except OSError as error:
        failure = error
    else:
        return False
    if os.name == "posix" and failure.errno in _FIXED and _overwrite(path, data):
        return True
    raise failure


def _patiently(task: Callable[[], _T]) -> _T:
    """Do a task, on Windows again and again for a moment while another program has the file open."""
    for _ in range(0 if os.name == "posix" else _PATIENCE):
        with suppress(PermissionError):
            return task()
        time.sleep(_MOMENT)
    return task()


def _make_folders(path: Path) -> None:
    for folder in reversed(path.parents):
        if not folder.is_dir():
            with suppress(FileExistsError):  # another process made it, or it is a file, which the next step reports
                folder.mkdir(0o700)
                with suppress(OSError):
                    folder.chmod(0o700)  # whatever the umask took away


def _replace(path: Path, data: bytes | None) -> None:
    for _ in range(_ATTEMPTS - 1):
        with suppress(FileNotFoundError):
            return _replace_once(path, data)
    return _replace_once(path, data)


def _replace_once(path: Path, data: bytes | None) -> None:
    with _temporary_file(path) as (temporary, file):
        if data is None:
            return
        locked = _lock(file.fileno())
        file.write(data)
        file.flush()
        _sync(file.fileno())
        if not locked:
            file.close()  # Windows moves no open file; a lock has to last until the file has its name
        _patiently(lambda: os.replace(temporary, path))  # noqa: PTH105 - the steps of a save are the system's own
    _sync_folder(path.parent)


@contextmanager
def _temporary_file(path: Path) -> Generator[tuple[Path, BinaryIO], None, None]:
    """Make a private file beside a path; remove it in the end, unless it has another name by then."""
    temporary = path.parent / f".ticktick-oauth-{os.urandom(8).hex()}.tmp"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | flags("O_NOFOLLOW"), 0o600)
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor has no path
            make_private(path, descriptor)
            yield temporary, file
    finally:
        with suppress(OSError):
            _patiently(temporary.unlink)


def _lock(descriptor: int) -> bool:
    """Lock a file until it is closed; return False when another process has the lock, or where there are no locks."""
    try:
        from fcntl import LOCK_EX, LOCK_NB, flock

        flock(descriptor, LOCK_EX | LOCK_NB)
    except (ImportError, OSError):
        return False
    return True


def _sweep(folder: Path) -> None:
    """Remove the temporary files of programs that were killed: those that nobody has a lock on.

    On Windows, where there are no such locks, and to open another's file would make its save fail: the old ones.
    """
    with suppress(OSError):
        for entry in folder.iterdir():
            if re.fullmatch(_TEMPORARY, entry.name):
                with suppress(OSError):
                    _remove_stale(entry)


def _remove_stale(temporary: Path) -> None:
    if os.name != "posix":
        if temporary.lstat().st_mtime < time.time() - _OLD:
            temporary.unlink()
        return
    descriptor = os.open(temporary, os.O_WRONLY | flags("O_NONBLOCK", "O_NOCTTY", "O_NOFOLLOW"), 0o600)
    try:
        if _lock(descriptor):
            temporary.unlink()
    finally:
        os.close(descriptor)


def _sync(descriptor: int) -> None:
    """Wait until a file is on the disk: on macOS, `fsync` alone waits until the disk has heard of it."""
    with suppress(ImportError, OSError):
        import fcntl

        if full := getattr(fcntl, "F_FULLFSYNC", None):
            fcntl.fcntl(descriptor, full)
            return
    os.fsync(descriptor)


def _sync_folder(folder: Path) -> None:
    """Make a change of names survive a power cut, where the system can."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | flags("O_DIRECTORY"))  # the folder may be a link
        try:
            _sync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        if error.errno not in _CANNOT_SYNC:
            raise


def _overwrite(path: Path, data: bytes | None) -> bool:
    """Replace the content of a file by bytes; return False when it may not be opened for that.

    A reader may meet the file empty or half written for a moment, which a rename avoids. When the write fails, the
    old content is put back; where that fails too, the file is left empty, and the error says so.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | flags("O_NONBLOCK", "O_NOCTTY", "O_NOFOLLOW"), 0o600)
    except OSError:
        return False
    try:
        check_regular(descriptor)
        make_private(path, descriptor)
        if data is None:
            return True
        before = os.read(descriptor, os.fstat(descriptor).st_size)
        try:
            _fill(descriptor, data)
        except BaseException as error:
            if _is_restored(descriptor, before) or not isinstance(error, OSError):
                raise
            number = error.errno
        else:
            return True
    finally:
        os.close(descriptor)
    reason = os.strerror(number) if number else "an error"
    raise StorageError(f"writing in place met {reason}, and the old content is lost: the file is empty", None, number)


def _fill(descriptor: int, data: bytes) -> None:
    os.ftruncate(descriptor, 0)
    os.lseek(descriptor, 0, os.SEEK_SET)
    while data:
        data = data[os.write(descriptor, data) :]
    _sync(descriptor)


def _is_restored(descriptor: int, before: bytes) -> bool:
    try:
        _fill(descriptor, before)
    except OSError:
        with suppress(OSError):
            os.ftruncate(descriptor, 0)  # an empty file is replaced by the next save, half a token is not
        return False
    return True
