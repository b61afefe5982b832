"""Decide where a token goes: the file that it should be in, unless a better one is there, or else a private folder."""

import os
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

from .._protocol.issued_token import IssuedToken
from .._protocol.server import AuthorizationServer
from ..exceptions import StorageError
from ..storage import TokenFile, default_path
from ..storage._kept import command_for, find_kept, list_kept, name_of
from ..storage._require import TOKEN_VARIABLE, load_from_environment
from ..storage._token_file import find_replaceable, keep
from .output import ANSWER_IS_NO, NOT_KEPT, Stop, answer, say

_UNITS = {"day": 86400, "hour": 3600, "minute": 60}


def now() -> datetime:
    """Return the time of the system's clock."""
    return datetime.now(timezone.utc)


def describe_expiry(issued: IssuedToken, *, at: datetime) -> str:
    """Return until when a token is valid, as a date and as the time that remains; or since when it is not."""
    remaining, end = issued.remaining(now=at), issued.expires_at
    date = f"{end.day} {end:%B %Y}"
    if abs(remaining) < timedelta(days=2):
        date += f" at {end:%H:%M} UTC"
    if remaining <= timedelta(0):
        return f"expired on {date}"
    seconds = int(remaining.total_seconds())
    unit, size = next((each for each in _UNITS.items() if seconds >= each[1]), ("second", 1))
    return f"until {date} (in {seconds // size} {unit}{'' if seconds // size == 1 else 's'})"


def path_for(file: str | None, server: AuthorizationServer) -> Path:
    """Return the file that is named, or a server's default file."""
    return default_path(server) if file is None else TokenFile(file).path


def show_path(path: Path) -> str:
    """Return a path; of a link, where it leads too, since a token does not belong into a folder that is shared."""
    return f"{path.resolve()} (where {path} leads)" if path.is_symlink() else str(path)


def find_places(
    file: str | None, server: AuthorizationServer | None = None
) -> list[tuple[str, Callable[[], IssuedToken | None]]]:
    """Return each place of a token, at least one, and what loads it: the file, or the variable and default files."""
    if file is not None:
        store = TokenFile(file)
        return [(str(store.path), store.load)]
    variable = [(f"${TOKEN_VARIABLE}", load_from_environment)] if os.environ.get(TOKEN_VARIABLE) else []
    paths = [find_kept(server)] if server else list_kept() or [default_path()]
    return [*variable, *((str(path), TokenFile(path).load) for path in paths)]


def find_worse(path: Path, server: AuthorizationServer, issued: IssuedToken | None = None) -> IssuedToken | None:
    """Return the valid token in a file, if a server's next one may replace it; where it must not, raise `Stop`."""
    kept = find_replaceable(path)
    if kept is None or kept.is_expired(now=now()):
        return None
    if kept.server.issuer != server.issuer:
        objection = f"{path} keeps a valid token of {name_of(kept.server)}"
    # TickTick's server answers with the same token again, and its time moves by a second.
    elif issued and kept.token.access_token != issued.token.access_token and kept.expires_at > issued.expires_at:
        objection = f"{path} keeps a token that is valid for longer, {describe_expiry(kept, at=now())}"
    else:
        return kept
    advice = "replace it by --replace, or keep the new one in another --token-file"
    raise Stop(f"{objection}: {advice}", ANSWER_IS_NO)


def keep_somewhere(title: str, issued: IssuedToken, path: Path, *, replace: bool, even_if_refused: bool = True) -> None:
    """Keep a token in place of none, of an expired one, of itself, or of one of the same server with less time.

    With ``replace``, any kept token may give way. What cannot be kept there, or may not unless ``even_if_refused`` is
    false, is kept in a fresh folder, and a `Stop` says where: no sign-in is lost.
    """
    at = now()
    if issued.is_expired(now=at):
        raise Stop(f"this token {describe_expiry(issued, at=at)}, so it was not kept", ANSWER_IS_NO)
    try:
        if not replace:
            find_worse(path, issued.server, issued)
        is_in_place = keep(path, issued)
    except StorageError as error:
        reason, code = str(error), NOT_KEPT
    except Stop as stop:
        if not even_if_refused:
            raise
        reason, code = stop.message, stop.code
    else:
        _report(title, issued, path)
        if is_in_place:
            say(f"{path} cannot be replaced as a whole, so it was written in place")
        warn_of_variable()
        return
    from tempfile import mkdtemp

    try:
        refuge = Path(mkdtemp(prefix="ticktick-oauth-")) / "token.json"
        TokenFile(refuge).save(issued)
    except OSError:
        advice = "sign in again with --token-file and a file that can be written: TickTick gives the same token again"
    else:
        _report(title, issued, refuge)
        command = command_for(issued.server, refuge, command="token")
        advice = f"the token is kept in {refuge} instead: move it, or print it with {command}"
    raise Stop(f"{reason}; {advice}", code)


def keep_answer(body: bytes) -> str:
    """Save an answer that is not a token, but may hold one, in a private file, and return what became of it."""
    from tempfile import mkstemp

    try:
        descriptor, path = mkstemp(prefix="ticktick-oauth-")
        with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor
            file.write(body)
    except OSError as error:
        return f"the answer could not be kept ({error.strerror})"
    return f"the answer is kept in {path}, and is a secret: it may hold a token"


def _report(title: str, issued: IssuedToken, path: Path) -> None:
    answer(f"{title} {name_of(issued.server)} {describe_expiry(issued, at=now())}")
    answer(f"The token is kept in {show_path(path)}")


def warn_of_variable() -> None:
    """Say so when a token in the environment goes before the default file, which a change there does not reach."""
    if os.environ.get(TOKEN_VARIABLE):
        say(f"note: ${TOKEN_VARIABLE} is set, and goes before any file but one that --token-file names")
