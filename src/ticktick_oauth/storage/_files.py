"""Keep bytes in a private file that is never half written.

What a check here refuses is a ``StorageError`` without a path; what the system refuses is its own ``OSError``.
"""

import errno
import os
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ..exceptions import StorageError
from ._access import check_private, check_regular, flags, is_read_only, make_private

# A kept token has some 400 bytes: a larger file is something else.
MAX_SIZE = 64 * 1024
# What is left in a file that cannot be removed; an empty one may also come of a save that was cut off.
_DELETED = b"\n"
_TEMPORARY = r"\.ticktick-oauth-[0-9a-f]{16}\.tmp"
# A new temporary file vanishes only when another process sweeps within the microseconds before it is locked.
_ATTEMPTS = 10
# A mount point can be neither replaced nor removed; nor can anything in a folder that may not be written.
_FIXED = {errno.EACCES, errno.EBUSY, errno.EPERM, errno.EROFS}
# What systems and network file systems answer that cannot sync a folder, or do not let it be opened for that.
_CANNOT_SYNC = {errno.EACCES, errno.EBADF, errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EPERM}


def read_file(path: Path) -> bytes | None:
    """Return what a private file holds, or None when nothing is kept there.

    On a file system that is mounted read-only, as a secret is, links, owners and modes are the platform's affair.
    """
    is_link = path.is_symlink()
    if is_link and not is_read_only(path):
        raise StorageError("this is a symbolic link, which may lead anywhere: put a file in its place, or sign in")
    return _read(path, is_link=is_link, is_private=True)


def read_replaceable(path: Path) -> bytes | None:
    """Return what a file holds that `write_file` would replace, whoever may read it; None for a link, or when empty."""
    return None if path.is_symlink() else _read(path, is_link=False, is_private=False) or None


def _read(path: Path, *, is_link: bool, is_private: bool) -> bytes | None:
    # Without O_NONBLOCK, opening a named pipe would wait for someone to write to it.
    mode = os.O_RDONLY | flags("O_NONBLOCK", "O_NOCTTY") | (0 if is_link else flags("O_NOFOLLOW"))
    try:
        descriptor = os.open(path, mode)
    except FileNotFoundError:
        return None
    try:
        check_regular(descriptor)
        if is_private and not is_read_only(descriptor):
            check_private(path, descriptor)
        with open(descriptor, "rb", closefd=False) as file:
            data = file.read(MAX_SIZE + 1)
    finally:
        os.close(descriptor)
    if len(data) > MAX_SIZE:
        raise StorageError(f"this is over {MAX_SIZE} bytes, so it is not a kept token: move it away")
    return None if data == _DELETED else data


def write_file(path: Path, data: bytes) -> bool:
    """Put bytes in the place of a file or link; return whether they had to be written into the file itself."""
    _make_folders(path)
    _sweep(path.parent)
    return _change(path, data, lambda: _replace(path, data))


def remove_file(path: Path) -> str | None:
    """Remove a file or link, or empty it where it cannot be removed; return which, or None when nothing was kept."""
    _sweep(path.parent)
    try:
        path.lstat()  # on a read-only file system, `unlink` fails before it looks
    except FileNotFoundError:
        return None
    is_kept = path.is_symlink() or read_replaceable(path) is not None
    is_emptied = _change(path, _DELETED, lambda: _unlink(path))
    return ("emptied" if is_emptied else "deleted") if is_kept else None


def _change(path: Path, data: bytes, change: Callable[[], None]) -> bool:
    """Call ``change``; where the file can be neither renamed nor removed, write bytes into it, and return True."""
    try:
        change()
    except OSError as error:
        failure = error
    else:
        return False
    if failure.errno in _FIXED and _overwrite(path, data):
        return True
    raise failure


def _make_folders(path: Path) -> None:
    for folder in reversed(path.parents):
        if not folder.is_dir():
            with suppress(FileExistsError):  # another process made it, or it is a file, which the next step reports
                folder.mkdir(0o700)
                with suppress(OSError):
                    folder.chmod(0o700)  # whatever the umask took away


def _replace(path: Path, data: bytes) -> None:
    for _ in range(_ATTEMPTS - 1):
        with suppress(FileNotFoundError):
            return _replace_once(path, data)
    return _replace_once(path, data)


def _replace_once(path: Path, data: bytes) -> None:
    temporary = path.parent / f".ticktick-oauth-{os.urandom(8).hex()}.tmp"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | flags("O_NOFOLLOW"), 0o600)
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor has no path
            make_private(path, descriptor)
            locked = _lock(descriptor)
            file.write(data)
            file.flush()
            os.fsync(descriptor)
            if not locked:
                file.close()  # Windows moves no open file; a lock has to last until the file has its name
            os.replace(temporary, path)  # noqa: PTH105 - all steps of a save are the system's own, to be read as one
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
    _sync_folder(path.parent)


def _unlink(path: Path) -> None:
    path.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _lock(descriptor: int) -> bool:
    """Lock a file until it is closed; return False when another process has the lock, or where there are no locks."""
    try:
        from fcntl import LOCK_EX, LOCK_NB, flock

        flock(descriptor, LOCK_EX | LOCK_NB)
    except (ImportError, OSError):
        return False
    return True


def _sweep(folder: Path) -> None:
    """Remove the temporary files of programs that were killed: those that nobody has a lock on."""
    with suppress(OSError):
        for entry in folder.iterdir():
            if re.fullmatch(_TEMPORARY, entry.name):
                with suppress(OSError):
                    _remove_unlocked(entry)


def _remove_unlocked(temporary: Path) -> None:
    descriptor = os.open(temporary, os.O_WRONLY | flags("O_NONBLOCK", "O_NOCTTY", "O_NOFOLLOW"))
    try:
        if _lock(descriptor):
            temporary.unlink()
    finally:
        os.close(descriptor)


def _sync_folder(folder: Path) -> None:
    """Make a change of names survive a power cut, where the system can."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | flags("O_DIRECTORY"))  # the folder may be a link
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        if error.errno not in _CANNOT_SYNC:
            raise


def _overwrite(path: Path, data: bytes) -> bool:
    """Replace the content of a file by bytes; return False when it may not be opened for that.

    A reader may meet the file empty or half written for a moment, which a rename avoids. When the write fails, the
    old content is put back; where that fails too, the file is left empty, and the error says so.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | flags("O_NONBLOCK", "O_NOCTTY", "O_NOFOLLOW"))
    except OSError:
        return False
    try:
        check_regular(descriptor)
        make_private(path, descriptor)
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
    os.fsync(descriptor)


def _is_restored(descriptor: int, before: bytes) -> bool:
    try:
        _fill(descriptor, before)
    except OSError:
        with suppress(OSError):
            os.ftruncate(descriptor, 0)  # an empty file is replaced by the next save, half a token is not
        return False
    return True
