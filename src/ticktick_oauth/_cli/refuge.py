"""Keep what was issued: where it should be, or else in a private folder of its own, as no sign-in may be lost."""

import os
import shlex
from pathlib import Path
from tempfile import mkdtemp

from .._issued_token import IssuedToken
from .._server import TICKTICK
from ..exceptions import StorageError
from ..storage import TokenFile
from .exits import NOT_KEPT
from .exits import Stop
from .replacing import keep_token
from .replacing import report_kept


def keep_somewhere(issued: IssuedToken, path: Path, *, replace: bool) -> None:
    """Save a token, in a fresh folder if it cannot be saved where it should, and report where.

    Raises:
        Stop: it is somewhere else, nowhere, or may not take the place of the one that is kept.

    """
    title = f"Signed in at {issued.server.issuer}"
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
        server = "" if issued.server.issuer == TICKTICK.issuer else f" --server {issued.server.issuer}"
        command = f"ticktick-oauth token{server} --token-file {shlex.quote(str(refuge))}"
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
