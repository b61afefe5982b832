"""A token in a private file, and what any other place for it has to do."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from attrs import field, frozen

from .._protocol.issued_token import IssuedToken, dump_issued, load_issued
from ..exceptions import StorageError
from ._access import ELSEWHERE, FOLDER, VARIABLE, do_or_explain
from ._files import MAX_SIZE, read_file, read_replaceable, remove_file, write_file

_NEXT = "name another file, or move this one away"


class TokenStore(Protocol):
    """Keep one token: what a program needs of a file, a key ring or a secret manager. ``TokenFile`` does it."""

    def load(self) -> IssuedToken | None:
        """Return the token, or None when there is none.

        Raises:
            StorageError: it cannot be read, or something else than a kept token is there.

        """

    def save(self, issued: IssuedToken) -> None:
        """Keep the token in place of any other.

        Raises:
            StorageError: it could not be kept; the caller still has it.

        """

    def delete(self) -> None:
        """Remove the token; do nothing when there is none.

        Raises:
            StorageError: it could not be removed.

        """


def default_path() -> Path:
    """Return the path where the token is kept, the same on every platform.

    It is ``$TICKTICK_OAUTH_TOKEN_FILE`` (a leading ``~`` is expanded), else ``ticktick-oauth/token.json`` in
    ``$XDG_CONFIG_HOME`` or ``~/.config``.

    Raises:
        StorageError: the user has no home folder, and one is needed.

    """
    if file := os.environ.get(VARIABLE):
        return _find(Path(file).expanduser)
    # The XDG Base Directory Specification: a path that is not absolute is invalid, and to be ignored.
    config = Path(os.environ.get("XDG_CONFIG_HOME", ""))
    return (config if config.is_absolute() else _find(Path.home) / ".config") / FOLDER / "token.json"


def _find(path: Callable[[], Path]) -> Path:
    try:
        return path()
    except RuntimeError:
        failure = StorageError(f"this user has no home folder, or ~ names an unknown user; {ELSEWHERE}")
    raise failure


def _to_path(path: str | os.PathLike[str] | None) -> Path:
    return default_path() if path is None else _find(Path(path).expanduser)


@frozen
class TokenFile:
    """Keep a token in a file that only its owner may read; a ``TokenStore``. Without a path, use ``default_path()``.

    The constructor touches no file; it raises a ``StorageError`` when the user whose folder is meant has none.

    A save writes a temporary file beside it and renames that: whatever fails or is killed meanwhile, a reader finds
    one whole token, the old one or the new one. The next save or delete removes the temporary files of programs that
    were killed. Missing folders are made, for their owner alone.

    Save and delete touch a kept token, an empty file or a symbolic link, and nothing else: any other file, or the
    token of a newer version, is an error and stays as it is.

    A file that cannot be renamed or removed, such as one that is mounted into a container by itself, is written in
    place. What that costs: a reader may meet an empty or a half written file for a moment, and a power cut or a kill
    in that moment loses the old token and the new one. ``load`` reports it then. A delete leaves a file without a
    token.

    On a file system that is mounted read-only, as Kubernetes and Docker mount secrets, a symbolic link, another owner
    and the right of others to read are the platform's affair, and accepted.

    What a platform lacks is done without. On Windows the folder's own rights decide who may read. Where files cannot
    be locked (as there), temporary files stay; where a folder cannot be synced, a power cut may undo the last save.
    """

    path: Path = field(default=None, converter=_to_path)
    """The path of the file; a leading ``~`` is expanded."""

    def load(self) -> IssuedToken | None:
        """Return the token, or None when there is no file.

        Raises:
            StorageError: the file cannot be read, is not a kept token, is not a regular file or is over 64 KiB; or,
                unless it is mounted read-only, it is a symbolic link, belongs to another user, or others than its
                owner have a right to it.

        """
        data = do_or_explain("load", self.path, read_file)
        if data is None:
            return None
        if not data:
            raise StorageError("this file is empty: sign in, and keep the token there", str(self.path))
        return do_or_explain("load", self.path, lambda _: load_issued(data), _NEXT)

    def save(self, issued: IssuedToken) -> None:
        """Keep the token in place of any other; a symbolic link is replaced, not followed.

        Raises:
            StorageError: it could not be kept, or not privately, or not safely from a power cut; or something else
                than a kept token is there. The caller still has the token: save it elsewhere, or show it with
                ``dump_issued``.

        """
        keep(self.path, issued)

    def delete(self) -> None:
        """Remove the file, if there is one; of a symbolic link, the link.

        Raises:
            StorageError: it could not be removed, or is something else than a kept token.

        """
        forget(self.path)


def keep(path: Path, issued: IssuedToken) -> bool:
    """Do what `TokenFile.save` does, and return whether the file had to be written in place."""
    data = dump_issued(issued).encode() + b"\n"
    if len(data) > MAX_SIZE:
        raise StorageError(f"this token has over {MAX_SIZE} bytes, too many to be loaded", str(path))
    find_replaceable(path, "save")
    return do_or_explain("save", path, lambda path: write_file(path, data))


def forget(path: Path) -> str | None:
    """Do what `TokenFile.delete` does, and return whether it is deleted or emptied; None when nothing was kept."""
    find_replaceable(path, "delete")
    return do_or_explain("delete", path, remove_file)


def find_replaceable(path: Path, verb: str = "save") -> IssuedToken | None:
    """Return the token that a save or delete would take away, whoever may read it; None when there is none.

    Raises:
        StorageError: something else is there, which is not touched; or it cannot be read.

    """
    data = do_or_explain(verb, path, read_replaceable)
    return (
        None
        if data is None
        else do_or_explain(verb, path, lambda _: load_issued(data), f"it was left as it is: {_NEXT}")
    )
