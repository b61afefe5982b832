"""Keep what was issued: where it should be, or else in a private folder of its own, as no sign-in may be lost."""

import os
from pathlib import Path
from tempfile import mkdtemp

from .._protocol.issued_token import IssuedToken
from ..exceptions import StorageError
from ..storage import TokenFile
from ..storage._kept import command_for
from .exits import NOT_KEPT, Stop
from .replacing import keep_token, report_kept


def keep_somewhere(title: str, issued: IssuedToken, path: Path, *, replace: bool) -> None:
    """Save a token, in a fresh folder if it cannot be saved where it should, and report where.

    Args:
        title: What the report begins with.
        issued: The token.
        path: The file where it should be.
        replace: Whether it may take the place of any kept token.

    Raises:
        Stop: it is somewhere else, nowhere, or may not take the place of the one that is kept.

    """
    try:
        keep_token(issued, path, replace=replace)
    except StorageError as error:
        reason = str(error)
    else:
        report_kept(title, issued, path)
        return
    try:
        refuge = _make_folder() / "token.json"
        TokenFile(refuge).save(issued)
    except OSError:
        advice = "sign in again with --token-file and a file that can be written: TickTick gives the same token again"
    else:
        report_kept(title, issued, refuge)
        command = command_for(issued.server, refuge, command="token")
        advice = f"the token is kept in {refuge} instead: move it, or print it with {command}"
    raise Stop(f"{reason}; {advice}", NOT_KEPT)


def keep_answer(body: bytes) -> str:
    """Save an answer that is not a token, but may hold one, in a private file, and return what became of it."""
    try:
        path = _make_folder() / "answer"
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:  # noqa: PTH123 - a descriptor
            file.write(body)
    except OSError as error:
        return f"the answer could not be kept ({error.strerror})"
    return f"the answer is kept in {path}, and is a secret: it may hold a token"


def _make_folder() -> Path:
    return Path(mkdtemp(prefix="ticktick-oauth-"))  # which only this user may enter
