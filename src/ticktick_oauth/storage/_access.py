"""Find the file that a path leads to, check who may use it, and say what to do when that is wrong or denied."""

import errno
import os
import re
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from ..exceptions import StorageError

FILE_VARIABLE = "TICKTICK_OAUTH_TOKEN_FILE"
TOKEN_VARIABLE = "TICKTICK_OAUTH_TOKEN"  # noqa: S105 - a name, not a token
_SUCH_AS = ", such as /tmp," if os.name == "posix" else ""
ELSEWHERE = f"name a file in a writable folder{_SUCH_AS} by --token-file or {FILE_VARIABLE}"
WITHOUT_FILE = f"{ELSEWHERE}, or put a token into ${TOKEN_VARIABLE}"
_PATH_IS_FILE = "a part of its path is a file, where a folder has to be"
_NO_SPACE = f"there is no space for it: free some, or {ELSEWHERE}"
# What to do next, by what was tried and what the system said.
_ADVICE = {
    "load": {errno.ENOTDIR: _PATH_IS_FILE},
    "save": {
        **dict.fromkeys((errno.EEXIST, errno.ENOTDIR), _PATH_IS_FILE),
        **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS), WITHOUT_FILE),
        **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), _NO_SPACE),
    },
    "delete": {
        errno.ENOTDIR: _PATH_IS_FILE,
        errno.EROFS: "remove it where the file system comes from: here it is mounted read-only",
    },
}
# As many as Linux follows.
_MOST_LINKS = 40

_T = TypeVar("_T")


def flags(*names: str) -> int:
    """Return those of the flags that this platform has, and those that every file is opened with."""
    return sum(getattr(os, name, 0) for name in ("O_BINARY", "O_CLOEXEC", *names))


def is_read_only(descriptor: int) -> bool:
    """Return whether an open file is on a file system that is mounted read-only, as secrets are."""
    try:
        return bool(os.fstatvfs(descriptor).f_flag & getattr(os, "ST_RDONLY", 1))  # PyPy has no name for it
    except (AttributeError, OSError):  # Windows has no such call
        return False


def check_regular(descriptor: int) -> None:
    """Raise ``StorageError`` for an open folder, pipe or device."""
    # Windows opens no folder. Its `fstat` takes a while, in which nobody could replace the file.
    if os.isatty(descriptor) if os.name != "posix" else not stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise StorageError(f"this is a folder, a pipe or a device, not a regular file; {ELSEWHERE}")


def check_private(path: Path, descriptor: int, advice: str = "") -> None:
    """Raise ``StorageError`` for an open file that another user owns, or that others than its owner may use."""
    if os.name != "posix":
        return  # owners and modes do not say who may read there: the folder's rights decide
    status = os.fstat(descriptor)
    if status.st_uid != os.geteuid():
        raise StorageError(_name_owner(path, status.st_uid))
    mode = stat.S_IMODE(status.st_mode)
    if mode & 0o007 or (mode & 0o070 and advice):
        advice = advice or f"chmod 600 {quote(path)}"
        raise StorageError(f"its mode {mode:04o} lets others than its owner use it: {advice}")
    if mode & 0o070:
        # Kubernetes gives the volumes of a pod with an fsGroup such a mode at each start, so a chmod would not last.
        raise StorageError(
            f"its mode {mode:04o} lets the group {_name(status.st_gid, 'grp')} use it: take that right away, or, where "
            f"the platform gives it again at each start (fsGroup), put the token into ${TOKEN_VARIABLE} instead"
        )


def make_private(path: Path, descriptor: int) -> None:
    """Take a file's rights from all but its owner, and give the owner those that the umask took away."""
    if os.name == "posix" and stat.S_IMODE(os.fstat(descriptor).st_mode) != 0o600:
        with suppress(OSError):  # the check decides
            os.fchmod(descriptor, 0o600)
    check_private(path, descriptor, f"this file system keeps no file private; {ELSEWHERE}")


def do_or_explain(verb: str, path: Path, task: Callable[[Path], _T]) -> _T:
    """Load, save or delete on the file that a path leads to; what fails is a ``StorageError`` that says what to do."""
    target = path
    try:
        # Windows opens what a link leads to by itself; to look at the file would keep others from replacing it.
        if os.name == "posix" or verb != "load":
            target = _follow(path)
        return task(target)
    except StorageError as error:
        reasons, number = [str(error.strerror)], error.errno
    except OSError as error:
        number = error.errno
        reasons = [f"could not {verb} the token: {os.strerror(number) if number else type(error).__name__}"]
        reasons.append(_advise(target) if number in {errno.EACCES, errno.EPERM} else "")
        reasons.append(_ADVICE[verb].get(number or 0, ""))
    if target != path:
        reasons.insert(0, f"this is a link to {target}")
    raise StorageError("; ".join(filter(None, reasons)), str(path), number)


def _follow(path: Path) -> Path:
    """Return the path at the end of a chain of links; raise ``StorageError`` for a link of another user than root."""
    for _ in range(_MOST_LINKS):
        try:
            status = path.lstat()
        except FileNotFoundError:
            return path
        if not stat.S_ISLNK(status.st_mode):
            return path
        if os.name == "posix" and status.st_uid not in {0, os.geteuid()}:
            owner = _name(status.st_uid)
            raise StorageError(f"the symbolic link {path} belongs to {owner}, so it is not followed; {ELSEWHERE}")
        path = path.parent / path.readlink()
    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))


def _advise(path: Path) -> str:
    """Return what to do when the system denies the access to a file; empty when neither it nor its folder shows why."""
    if os.name != "posix":
        return "this is a folder, not a file" if path.is_dir() else ""
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
            return f"its folder belongs to {_name(owner)}, as after a sign-in with sudo"
    return ""


def _name_owner(path: Path, owner: int) -> str:
    me = os.geteuid()
    belongs = f"it belongs to {_name(owner)} and not to {_name(me)}, who runs this"
    if me == 0:
        return f"{belongs}: run it as {_name(owner)}, without sudo, or: chown {me} {quote(path)}"
    return f"{belongs}: sudo chown {me} {quote(path)}"


def _name(number: int, database: str = "pwd") -> str:
    """Return the name of a user or, from the database grp, of a group; else the number."""
    try:
        if database == "grp":
            from grp import getgrgid

            return getgrgid(number).gr_name
        from pwd import getpwuid

        return getpwuid(number).pw_name
    except (ImportError, KeyError):
        return f"user {number}" if database == "pwd" else str(number)


def quote(word: Path | str) -> str:
    """Quote a word for a shell; importing `shlex` may fail once a program has given up its rights."""
    text = str(word)
    if os.name == "posix":
        plain, quoted = r"[\w@%+=:,./-]+", "'" + text.replace("'", "'\"'\"'") + "'"
    else:
        # cmd.exe knows double quotes only, in which PowerShell would run what follows a $.
        plain, quoted = r"[\w@+=:./\\-]+", f"'{text}'" if "$" in text else f'"{text}"'
    return text if re.fullmatch(plain, text, re.ASCII) else quoted
