"""A token in a private file, and where that file is."""

import os
import re
from collections.abc import Callable
from pathlib import Path

from attrs import field, frozen

from .._protocol.issued_token import IssuedToken, dump_issued
from .._protocol.server import TICKTICK, AuthorizationServer, check_server
from ..exceptions import StorageError
from ._access import WITHOUT_FILE, do_or_explain
from ._files import make_folders, read_file, remove_file, write_file
from ._require import FILE_VARIABLE, parse_kept

_NEXT = "name another file, or move this one away"


def default_path(server: AuthorizationServer = TICKTICK) -> Path:
    """Return the path where a server's token is kept, the same on every platform.

    It is ``$TICKTICK_OAUTH_TOKEN_FILE`` (a leading ``~`` is expanded), whatever the server. Without it, TickTick's is
    ``ticktick-oauth/token.json`` in ``$XDG_CONFIG_HOME`` or ``~/.config``. Any other server has a file of its own in
    that folder, named by its host, and its port where it has one: ``dida365.com.json``.

    Raises:
        StorageError: the user has no home folder, and one is needed; or the variable holds a ``$NAME``, ``${NAME}``
            or ``%NAME%`` that was not expanded.

    """
    check_server("server", server)
    if file := os.environ.get(FILE_VARIABLE):
        if name := find_unexpanded(file):
            raise StorageError(f"${FILE_VARIABLE} holds {name} unexpanded: write the whole path")
        return _find(Path(file).expanduser)
    # The XDG Base Directory Specification: a path that is not absolute is invalid, and to be ignored.
    config = Path(os.environ.get("XDG_CONFIG_HOME", ""))
    folder = (config if config.is_absolute() else _find(Path.home) / ".config") / "ticktick-oauth"
    if server.issuer == TICKTICK.issuer:
        return folder / "token.json"
    host = server.issuer.lower().partition("://")[2].partition("/")[0].removesuffix(":")
    return folder / (re.sub("[^a-z0-9.-]", "_", re.sub(":([0-9]+)$", r"-\1", host)) + ".json")


def find_unexpanded(path: str) -> str | None:
    """Return the first ``$NAME``, ``${NAME}`` or ``%NAME%`` of a path, which nobody can have meant; None without."""
    # What a shell, or systemd, or an .env file's reader would have put a value in the place of.
    found = re.search(r"\$\{\w+\}|\$[A-Za-z_]\w*|%\w+%", path)
    return found and found[0]


def _find(path: Callable[[], Path]) -> Path:
    try:
        return path()
    except RuntimeError:
        failure = StorageError(f"this user has no home folder, or ~ names an unknown user; {WITHOUT_FILE}")
    raise failure


def _to_path(path: str | os.PathLike[str] | None) -> Path:
    return default_path() if path is None else _find(Path(path).expanduser)


@frozen
class TokenFile:
    """Keep a token in a file that only its owner may read; a ``TokenStore``. Without a path, use ``default_path()``.

    A save writes a temporary file beside it and renames that: whatever fails or is killed meanwhile, a reader finds
    one whole token, the old one or the new one. The next save or delete removes the temporary files of programs that
    were killed. Missing folders are made, for their owner alone. Any other file than a kept token or an empty one, and
    the token of a newer version, is an error and stays as it is.

    A symbolic link that belongs to this user or to root is followed, by a delete too, which leaves the link. One that
    belongs to another user is refused, wherever it leads.

    A file that cannot be renamed or removed, such as one that is mounted into a container by itself, is written in
    place: a reader may meet it empty or half written for a moment, and a power cut or a kill in that moment loses the
    old token and the new one. A delete leaves a file without a token.

    On a file system that is mounted read-only, as Kubernetes and Docker mount secrets, anyone may own and read it.

    On Windows there are no modes: whoever may read the folder may read the token. A save waits for up to 0.2 seconds
    while another program has the file open, and a killed program's temporary file goes an hour later. Where a folder
    cannot be synced, as there and on some network file systems, a power cut may undo the last save.

    Raises:
        StorageError: from the constructor, which touches no file: as ``default_path`` has it.

    """

    path: Path = field(default=None, converter=_to_path)
    """The path of the file; a leading ``~`` is expanded."""

    def load(self) -> IssuedToken | None:
        """Return the token, or None when there is no file.

        Raises:
            StorageError: the file cannot be read, is not a kept token or is over 64 KiB; a link to it belongs to
                another user; or, unless it is mounted read-only, others than this user have a right to it.

        """
        return do_or_explain("load", self.path, _load)

    def save(self, issued: IssuedToken) -> None:
        """Keep the token in place of any other.

        Raises:
            StorageError: it could not be kept, or not privately, or not safely from a power cut; or something else
                than a kept token is there. The caller still has the token.

        """
        keep(self.path, issued)

    def delete(self) -> None:
        """Remove the file, if there is one.

        Raises:
            StorageError: it could not be removed, or is something else than a kept token.

        """
        forget(self.path)


def _load(path: Path) -> IssuedToken | None:
    data = read_file(path)
    return None if data is None else parse_kept(data, _NEXT if data else "sign in, and keep the token there")


def keep(path: Path, issued: IssuedToken) -> bool:
    """Do what `TokenFile.save` does, and return whether the file had to be written in place."""
    return _write(path, dump_issued(issued).encode() + b"\n")


def check_can_keep(path: Path) -> None:
    """Raise the ``StorageError`` that `keep` would, before a person is asked for a token."""
    _write(path, None)


def _write(path: Path, data: bytes | None) -> bool:
    def write(target: Path) -> bool:
        _load_replaceable(target)
        make_folders(path)  # nobody asked for the folder that a link names
        return write_file(target, data)

    return do_or_explain("save", path, write)


def forget(path: Path) -> str | None:
    """Do what `TokenFile.delete` does, and return whether it is deleted or emptied; None when nothing was kept."""

    def remove(target: Path) -> str | None:
        kept = _load_replaceable(target)
        how = remove_file(target)
        return how if kept else None

    return do_or_explain("delete", path, remove)


def find_replaceable(path: Path) -> IssuedToken | None:
    """Return the token that a save would take away, whoever may read it; what is none is a ``StorageError``."""
    return do_or_explain("save", path, _load_replaceable)


def _load_replaceable(path: Path) -> IssuedToken | None:
    data = read_file(path, whoever_may_read=True)
    return parse_kept(data, f"it was left as it is: {_NEXT}") if data else None
