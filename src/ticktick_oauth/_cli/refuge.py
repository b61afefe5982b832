"""Keep what was issued in a private folder of its own, where it cannot be kept as it should: no sign-in is lost."""

import os
from pathlib import Path
from tempfile import mkdtemp

from .._issued_token import IssuedToken
from ..storage import TokenFile


def keep_apart(issued: IssuedToken) -> Path | None:
    """Save a token in a fresh folder, and return where; None when that fails, too."""
    try:
        path = _make_folder() / "token.json"
        TokenFile(path).save(issued)
    except OSError:
        return None
    return path


def keep_answer(body: bytes) -> Path | None:
    """Save an answer that is not a token, but may hold one, and return where; None when that fails."""
    try:
        path = _make_folder() / "answer"
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:  # noqa: PTH123 - a descriptor
            file.write(body)
    except OSError:
        return None
    return path


def _make_folder() -> Path:
    return Path(mkdtemp(prefix="ticktick-oauth-"))  # which only this user may enter
