"""Keeping a token between two runs of a program: in a file that is private and never half written, or elsewhere."""

import errno
import os
import re
import secrets
import shlex
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol
from typing import TypeVar

from attrs import field
from attrs import frozen

from ._issued_token import IssuedToken
from ._issued_token import dump_issued
from ._issued_token import load_issued
from .exceptions import StorageError

_VARIABLE = "TICKTICK_OAUTH_TOKEN_FILE"
# A kept token has some 400 bytes: a larger file is something else.
_MAX_SIZE = 64 * 1024
_TEMPORARY = r"\.ticktick-oauth-[0-9a-f]{16}\.tmp"
# A new temporary file is gone at once only when another process sweeps within the microseconds before it is locked.
_ATTEMPTS = 10

_ELSEWHERE = f"set {_VARIABLE} to a file in a writable folder, such as /tmp"
_HINTS = {
    **dict.fromkeys((errno.EEXIST, errno.ENOTDIR), "; a part of its path is a file, where a folder has to be"),
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS), f"; {_ELSEWHERE}"),
    **dict.fromkeys(
        (errno.ENOSPC, errno.EDQUOT, errno.EFBIG), f"; there is no space for it: free some, or {_ELSEWHERE}"
    ),
}
# What systems and network file systems answer that cannot sync a folder, or do not let it be opened for that.
_CANNOT_SYNC = {errno.EACCES, errno.EBADF, errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EPERM}

_T = TypeVar("_T")


class TokenStore(Protocol):
    """What a program needs of a place that keeps one token. ``TokenFile`` is one; each may raise ``StorageError``."""

    def load(self) -> IssuedToken | None:
        """Return the token, or None when there is none; what cannot be read or is no kept token is an error."""

    def save(self, issued: IssuedToken) -> None:
        """Keep the token in place of any other; when this fails, the caller still has it."""

    def delete(self) -> None:
        """Forget the token; it is fine when there is none."""


def default_path() -> Path:
    """Return where the token is kept, the same on every platform.

    ``$TICKTICK_OAUTH_TOKEN_FILE``, else ``ticktick-oauth/token.json`` in ``$XDG_CONFIG_HOME`` or ``~/.config``.

    Raises:
        StorageError: neither variable is set, and the user has no home.

    """
    if file := os.environ.get(_VARIABLE):
        return Path(file)
    # The XDG Base Directory Specification: what is not absolute is invalid, and to be ignored.
    config = Path(os.environ.get("XDG_CONFIG_HOME", ""))
    try:
        return (config if config.is_absolute() else Path.home() / ".config") / "ticktick-oauth" / "token.json"
    except RuntimeError:
        pass  # the error below is raised behind the block, so that it has no chain
    raise StorageError(f"this user has no home folder to keep a token in; {_ELSEWHERE}")


def _to_path(path: str | os.PathLike[str] | None) -> Path:
    return default_path() if path is None else Path(path)


@frozen
class TokenFile:
    """A `TokenStore` in a file that only its owner may read; with no path, the file of ``default_path``.

    A save writes a temporary file beside it and then gives that its name: whatever fails or is killed meanwhile, a
    reader finds one whole token, the old one or the new one. Temporary files of programs that were killed are removed
    by the next save or delete. Missing folders are made, for their owner alone.

    What a platform lacks is done without. On Windows the folder's own rights decide who may read. Where files cannot
    be locked (as there), temporary files stay; where a folder cannot be synced, a power cut may undo the last save.
    """

    path: Path = field(default=None, converter=_to_path)
    """Where the file is."""

    def load(self) -> IssuedToken | None:
        """Return the token, or None when there is no file.

        Raises:
            StorageError: the file cannot be read, is no kept token, is no regular file (a symbolic link is none), has
                over 64 KiB, or has a mode that gives others than its owner a right.

        """
        return _told("load", self.path, _load)

    def save(self, issued: IssuedToken) -> None:
        """Keep the token in place of any other; a symbolic link is replaced, not followed.

        Raises:
            StorageError: it could not be kept, or not privately, or not safely from a power cut. The caller still has
                it: save it elsewhere, or show it with ``dump_issued``.

        """
        data = dump_issued(issued).encode() + b"\n"
        _told("save", self.path, lambda path: _save(path, data))

    def delete(self) -> None:
        """Remove the file, if there is one; of a symbolic link, the link.

        Raises:
            StorageError: it could not be removed, or is no regular file.

        """
        _told("delete", self.path, _delete)


def _told(name: str, path: Path, task: Callable[[Path], _T]) -> _T:
    """Do a task, and tell what fails as a StorageError with the path and what to do next."""
    try:
        return task(path)
    except StorageError as error:
        number, reason = error.errno, str(error.strerror)
    except OSError as error:
        number = error.errno
        reason = os.strerror(number) if number else type(error).__name__
        reason = f"could not {name} the token: {reason}{_HINTS.get(number or 0, '')}"
    raise StorageError(reason, str(path), number)


def _load(path: Path) -> IssuedToken | None:
    if path.is_symlink():
        raise StorageError(
            "this is a symbolic link, which may lead anywhere: put a file in its place, or sign in again"
        )
    try:
        # Without O_NONBLOCK, opening a named pipe would wait for someone to write to it.
        descriptor = os.open(path, os.O_RDONLY | _flags("O_NONBLOCK", "O_NOCTTY"))
    except FileNotFoundError:
        return None
    try:
        status = os.fstat(descriptor)
        _check_regular(status)
        _check_private(status, f"chmod 600 {shlex.quote(str(path))}")
        with open(descriptor, "rb", closefd=False) as file:
            data = file.read(_MAX_SIZE + 1)
    finally:
        os.close(descriptor)
    if len(data) > _MAX_SIZE:
        raise StorageError(f"this is over {_MAX_SIZE} bytes, so it is no kept token: move it away, or sign in again")
    return load_issued(data)


def _save(path: Path, data: bytes) -> None:
    for folder in reversed(path.parents):
        folder.mkdir(0o700, exist_ok=True)
    _check_replaceable(path)
    _sweep(path.parent)
    for _ in range(_ATTEMPTS - 1):
        with suppress(FileNotFoundError):
            return _replace(path, data)
    return _replace(path, data)


def _replace(path: Path, data: bytes) -> None:
    temporary = path.parent / f".ticktick-oauth-{secrets.token_hex(8)}.tmp"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _flags(), 0o600)
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor has no path
            _check_private(os.fstat(descriptor), f"this file system keeps no file private; {_ELSEWHERE}")
            locked = _lock(descriptor)
            file.write(data)
            file.flush()
            os.fsync(descriptor)
            if not locked:
                file.close()  # Windows moves no open file; a lock has to hold until the file has its name
            os.replace(temporary, path)  # noqa: PTH105 - all steps of a save are the system's own, to be read as one
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
    _sync_folder(path.parent)


def _delete(path: Path) -> None:
    _check_replaceable(path)
    _sweep(path.parent)
    with suppress(FileNotFoundError):
        path.unlink()
        _sync_folder(path.parent)


def _check_replaceable(path: Path) -> None:
    with suppress(FileNotFoundError):
        status = path.lstat()
        if not stat.S_ISLNK(status.st_mode):
            _check_regular(status)


def _check_regular(status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise StorageError(f"this is a folder, a pipe or a device, not a regular file; {_ELSEWHERE}")


def _check_private(status: os.stat_result, advice: str) -> None:
    mode = stat.S_IMODE(status.st_mode)
    # Windows' modes say nothing of others.
    if os.name == "posix" and mode & 0o077:
        raise StorageError(f"its mode {mode:04o} gives others than its owner a right to it: {advice}")


def _flags(*names: str) -> int:
    """Return those of the flags that this platform has, and those that every file is opened with."""
    return sum(getattr(os, name, 0) for name in ("O_BINARY", "O_CLOEXEC", "O_NOFOLLOW", *names))


def _lock(descriptor: int) -> bool:
    """Lock a file until it is closed; False when another process has the lock, or where there are no locks."""
    try:
        from fcntl import LOCK_EX
        from fcntl import LOCK_NB
        from fcntl import flock

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
    descriptor = os.open(temporary, os.O_WRONLY | _flags("O_NONBLOCK", "O_NOCTTY"))
    try:
        if _lock(descriptor):
            temporary.unlink()
    finally:
        os.close(descriptor)


def _sync_folder(folder: Path) -> None:
    """Make a change of names survive a power cut, where the system can."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | _flags("O_DIRECTORY"))
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        if error.errno not in _CANNOT_SYNC:
            raise
