"""Keep a token that was issued, unless a better one is kept already: by the same rules for ``login`` and ``import``."""

import os
from datetime import datetime
from pathlib import Path

from .._protocol.issued_token import IssuedToken
from .._protocol.server import AuthorizationServer
from ..storage._kept import TOKEN_VARIABLE, find_replaceable, keep
from .clock import describe_expiry, now
from .exits import ANSWER_IS_NO, Stop
from .output import say


def server_objection(path: Path, server: AuthorizationServer) -> str | None:
    """Return why a token of a server may not take the place of the one that is kept; None when it may.

    Raises:
        StorageError: what is there is not a kept token, so nothing may replace it; or it cannot be read.

    """
    kept = find_replaceable(path)
    return None if kept is None else _server_objection(kept, path, server)


def _server_objection(kept: IssuedToken, path: Path, server: AuthorizationServer) -> str | None:
    if kept.server.issuer == server.issuer or kept.is_expired(now=now()):
        return None
    return f"{path} keeps a valid token of {kept.server.issuer}"


def keep_token(issued: IssuedToken, path: Path, *, replace: bool) -> None:
    """Keep a token in place of none, of an expired one, of itself, or of one of the same server with less time.

    Args:
        issued: The token.
        path: The file to keep it in.
        replace: Whether it may take the place of any kept token.

    Raises:
        Stop: it has expired, or may not replace the kept one.
        StorageError: it cannot be kept; the caller still has it.

    """
    at = now()
    if issued.is_expired(now=at):
        raise Stop(f"this token {describe_expiry(issued, at=at)}, so it was not kept", ANSWER_IS_NO)
    if not replace and (reason := _objection(issued, path, at)):
        raise Stop(f"{reason}: replace it by --replace, or keep this one in another --token-file", ANSWER_IS_NO)
    if keep(path, issued):
        say(f"{path} cannot be replaced as a whole, so it was written in place")


def _objection(issued: IssuedToken, path: Path, at: datetime) -> str | None:
    kept = find_replaceable(path)
    # TickTick's server answers with the same token again, and its time moves by a second.
    if kept is None or kept.token.access_token == issued.token.access_token:
        return None
    if reason := _server_objection(kept, path, issued.server):
        return reason
    if kept.expires_at > max(at, issued.expires_at):
        return f"{path} keeps a token that is valid for longer: it {describe_expiry(kept, at=at)}"
    return None


def report_kept(title: str, issued: IssuedToken, path: Path) -> None:
    """Print what was kept, and where; the token itself is not shown."""
    print(title)
    print(f"  scope  {issued.token.scope}")
    print(f"  token  {describe_expiry(issued, at=now())}")
    print(f"  file   {path}")
    warn_of_variable()


def warn_of_variable() -> None:
    """Say so when a token in the environment goes before the default file, which a change there does not reach."""
    if os.environ.get(TOKEN_VARIABLE):
        say(f"note: ${TOKEN_VARIABLE} is set, and goes before any file but one that --token-file names")
