"""Check whose file it is and who may read it, and say what to do when that is wrong or the system refuses."""

import errno
import os
import re
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from ..exceptions import StorageError

VARIABLE = "TICKTICK_OAUTH_TOKEN_FILE"
FOLDER = "ticktick-oauth"
ELSEWHERE = f"name a file in a writable folder, such as /tmp, by --token-file or {VARIABLE}"
_PATH_IS_FILE = "a part of its path is a file, where a folder has to be"
_NO_SPACE = f"there is no space for it: free some, or {ELSEWHERE}"
# What to do next, by what was tried and what the system said.
_ADVICE = {
    "load": {errno.ENOTDIR: _PATH_IS_FILE},
    "save": {
        **dict.fromkeys((errno.EEXIST, errno.ENOTDIR), _PATH_IS_FILE),
        **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS), ELSEWHERE),
        **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), _NO_SPACE),
    },
    "delete": {
        errno.ENOTDIR: _PATH_IS_FILE,
        errno.EROFS: "remove it where the file system comes from: here it is mounted read-only",
    },
}

_T = TypeVar("_T")


def flags(*names: str) -> int:
    """Return those of the flags that this platform has, and those that every file is opened with."""
    return sum(getattr(os, name, 0) for name in ("O_BINARY", "O_CLOEXEC", *names))


def is_read_only(place: Path | int) -> bool:
    """Return whether a path or an open file is on a file system that is mounted read-only, as secrets are."""
    try:
        return bool(os.statvfs(place).f_flag & os.ST_RDONLY)
    except (AttributeError, OSError):  # Windows has no such call
        return False


def check_regular(descriptor: int) -> None:
    """Raise ``StorageError`` for an open folder, pipe or device."""
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise StorageError(f"this is a folder, a pipe or a device, not a regular file; {ELSEWHERE}")


def check_private(path: Path, descriptor: int, advice: str = "") -> None:
    """Raise ``StorageError`` for an open file that another user owns, or that others than its owner may use."""
    if os.name != "posix":
        return  # elsewhere owners and modes say nothing of who may read: the folder's rights decide
    status = os.fstat(descriptor)
    if status.st_uid != os.geteuid():
        raise StorageError(_name_owner(path, status.st_uid))
    mode = stat.S_IMODE(status.st_mode)
    if mode & 0o077:
        advice = advice or f"chmod 600 {quote(path)}"
        raise StorageError(f"its mode {mode:04o} lets others than its owner use it: {advice}")


def make_private(path: Path, descriptor: int) -> None:
    """Take a file's rights from all but its owner, and give the owner those that the umask took away."""
    if os.name == "posix" and stat.S_IMODE(os.fstat(descriptor).st_mode) != 0o600:
        with suppress(OSError):  # the check decides
            os.fchmod(descriptor, 0o600)
    check_private(path, descriptor, f"this file system keeps no file private; {ELSEWHERE}")


def do_or_explain(verb: str, path: Path, task: Callable[[Path], _T], advice: str = "") -> _T:
    """Do a task on a path; raise what fails as a ``StorageError`` with the path and what to do next.

    ``verb`` says what is tried: load, save or delete. ``advice`` is added to what a check refuses.
    """
    try:
        return task(path)
    except StorageError as error:
        reasons, number = [str(error.strerror), advice], error.errno
    except OSError as error:
        number = error.errno
        reasons = [f"could not {verb} the token: {os.strerror(number) if number else type(error).__name__}"]
        reasons.append(_advise(path) if number in {errno.EACCES, errno.EPERM} else "")
        reasons.append(_ADVICE[verb].get(number or 0, ""))
    raise StorageError("; ".join(filter(None, reasons)), str(path), number)


def _advise(path: Path) -> str:
    """Return what to do when the system denies the access to a file; empty when neither it nor its folder shows why."""
    if os.name != "posix":
        return ""
    with suppress(OSError):
        status = path.lstat()
        if status.st_uid != os.geteuid():
            return _name_owner(path, status.st_uid)
        if not status.st_mode & stat.S_IRUSR:
            return f"its owner may not read it: chmod 600 {quote(path)}"
    with suppress(OSError):
        folder, me = path.parent, os.geteuid()
        owner = folder.stat().st_uid
        if owner == me and not os.access(folder, os.X_OK):
            return f"its folder cannot be entered: chmod 700 {quote(folder)}"
        if owner != me and not os.access(folder, os.W_OK | os.X_OK):
            # Of any other folder than this package's own, nobody knows what else it is for.
            command = f": sudo chown -R {me} {quote(folder)}" if folder.name == FOLDER else ""
            return f"its folder belongs to {_user(owner)}, as after a sign-in with sudo{command}"
    return ""


def _name_owner(path: Path, owner: int) -> str:
    me = os.geteuid()
    belongs = f"it belongs to {_user(owner)} and not to {_user(me)}, who runs this"
    if me == 0:
        return f"{belongs}: run it as {_user(owner)}, without sudo, or: chown {me} {quote(path)}"
    return f"{belongs}: sudo chown {me} {quote(path)}"


def _user(number: int) -> str:
    try:
        from pwd import getpwuid

        return getpwuid(number).pw_name
    except (ImportError, KeyError):
        return f"user {number}"


def quote(word: Path | str) -> str:
    """Quote a word for a POSIX shell; importing `shlex` may fail once a program has given up its rights."""
    text = str(word)
    return text if re.fullmatch(r"[\w@%+=:,./-]+", text, re.ASCII) else "'" + text.replace("'", "'\"'\"'") + "'"
