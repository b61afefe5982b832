"""Find the file that a path leads to, check who may use it, and say what to do when that is wrong or denied."""

import errno
import os
import re
import shlex
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from ..exceptions import StorageError
from ._require import FILE_VARIABLE, TOKEN_PLACE

_SUCH_AS = ", such as /tmp," if os.name == "posix" else ""
ELSEWHERE = f"name a file in a writable folder{_SUCH_AS} by --token-file or ${FILE_VARIABLE}"
WITHOUT_FILE = f"{ELSEWHERE}, or put a token into {TOKEN_PLACE}"
_NOT_REGULAR = f"this is a folder, a pipe or a device, not a regular file; {ELSEWHERE}"
_DENIED = {errno.EACCES, errno.EPERM}
# What to do next, by what the system said.
_ADVICE = {
    errno.ENOENT: "make the folder that the link leads to, or remove the link",
    **dict.fromkeys((errno.EEXIST, errno.ENOTDIR), "a part of its path is a file, where a folder has to be"),
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), f"there is no space for it: free some, or {ELSEWHERE}"),
}

_T = TypeVar("_T")


def check_regular(descriptor: int) -> None:
    """Raise ``StorageError`` for an open folder, pipe or device."""
    # Windows opens no folder. Its `fstat` takes a while, in which nobody could replace the file.
    if os.isatty(descriptor) if os.name != "posix" else not stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise StorageError(_NOT_REGULAR)


def check_private(path: Path, descriptor: int, advice: str = "") -> None:
    """Raise ``StorageError`` for an open file that another user owns, or that others than its owner may use."""
    if os.name != "posix":
        return  # owners and modes do not say who may read there: the folder's rights decide
    with suppress(AttributeError, OSError):  # not every system has the call
        # Who owns and may read a mounted secret is the platform's affair. PyPy has no name for ST_RDONLY.
        if os.fstatvfs(descriptor).f_flag & 1:
            return
    status = os.fstat(descriptor)
    if status.st_uid != os.geteuid():
        raise StorageError(_name_owner(path, status.st_uid))
    mode = stat.S_IMODE(status.st_mode)
    if not mode & 0o077:
        return
    others, instead = "others than its owner", f"chmod 600 {quote(path)}"
    if not mode & 0o007:
        # Kubernetes gives the volumes of a pod with an fsGroup such a mode at each start, so a chmod would not last.
        others = f"the group {status.st_gid}"
        instead = (
            "take that right away, or, where the platform gives it again at each start (fsGroup), "
            f"put the token into {TOKEN_PLACE} instead"
        )
    raise StorageError(f"its mode {mode:04o} lets {others} use it: {advice or instead}")


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
        reasons.append(_name_owners(target) if number in _DENIED else _ADVICE.get(number or 0, ""))
        reasons.append(WITHOUT_FILE if verb == "save" and number in {*_DENIED, errno.EROFS} else "")
    if target != path:
        reasons.insert(0, f"this is a link to {target}")
    raise StorageError("; ".join(filter(None, reasons)), str(path), number)


def _follow(path: Path) -> Path:
    """Return the path at the end of a chain of links; raise ``StorageError`` for a link of another user than root."""
    if os.name == "posix" and (path.is_fifo() or path.is_char_device()):  # a shell's <(...) is a link to no path
        raise StorageError(_NOT_REGULAR)
    for _ in range(40):  # as many as Linux follows
        if not path.is_symlink():
            return path
        owner = path.lstat().st_uid
        if os.name == "posix" and owner not in {0, os.geteuid()}:
            raise StorageError(f"the link {path} belongs to {_name(owner)}, so it is not followed; {ELSEWHERE}")
        path = path.parent / path.readlink()
    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))


def _name_owners(path: Path) -> str:
    """Return whose the file or its folder is, where the system denies the access; empty when both are this user's."""
    if os.name != "posix":
        return "this is a folder, not a file" if path.is_dir() else ""
    with suppress(OSError):
        owner = path.lstat().st_uid
        if owner != os.geteuid():
            return _name_owner(path, owner)
    with suppress(OSError):
        owner = path.parent.stat().st_uid
        if owner != os.geteuid():
            return f"its folder belongs to {_name(owner)}"
    return ""


def _name_owner(path: Path, owner: int) -> str:
    me, name = os.geteuid(), _name(owner)
    return (
        f"it belongs to {name} and not to {_name(me)}, who runs this: "
        f"run it as {name}, or, as root: chown {me} {quote(path)}"
    )


def _name(user: int) -> str:
    with suppress(ImportError, KeyError):
        from pwd import getpwuid

        return getpwuid(user).pw_name
    return f"user {user}"


def quote(word: Path | str) -> str:
    """Quote a word for a shell."""
    text = str(word)
    if os.name == "posix":
        return shlex.quote(text)
    if re.fullmatch(r"[\w@+=:./\\-]+", text, re.ASCII):
        return text
    # cmd.exe knows double quotes only, in which PowerShell would run what follows a $.
    return f"'{text}'" if "$" in text else f'"{text}"'
