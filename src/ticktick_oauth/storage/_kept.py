"""What is kept now: in the variable, in the default files, or in a store; and what to run where nothing is."""

import os
from datetime import datetime, timedelta, timezone
from pathlib import Path

from .._checks import check_type
from .._protocol.issued_token import IssuedToken, load_issued
from .._protocol.server import DIDA365, TICKTICK, AuthorizationServer
from .._token.model import OAuthTokenV1
from ..exceptions import SignInRequiredError
from ._access import do_or_explain, quote
from ._token_file import TokenFile, TokenStore, default_path, find_replaceable, forget, keep

__all__ = [
    "TOKEN_VARIABLE",
    "command_for",
    "find_replaceable",
    "forget",
    "keep",
    "load_from_environment",
    "require_issued",
    "require_token",
]

TOKEN_VARIABLE = "TICKTICK_OAUTH_TOKEN"  # noqa: S105 - a name, not a token
_TOKEN_PLACE = f"${TOKEN_VARIABLE}"


def load_from_environment() -> IssuedToken | None:
    """Return the token in ``$TICKTICK_OAUTH_TOKEN``, a line of ``dump_issued``; None when it is not set or empty.

    Raises:
        StorageError: the variable holds something else.

    """
    text = os.environ.get(TOKEN_VARIABLE)
    advice = "it takes the line that ticktick-oauth token --format issued prints"
    return do_or_explain("load", Path(_TOKEN_PLACE), lambda _: load_issued(text), advice) if text else None


def command_for(server: AuthorizationServer, file: Path | None = None, *, command: str = "login") -> str:
    """Return a command for a server, and for a file or, without one, for the default."""
    name = {TICKTICK.issuer: "", DIDA365.issuer: "dida365"}.get(server.issuer, server.issuer)
    options = (f" --server {quote(name)}" if name else "") + (f" --token-file {quote(file)}" if file else "")
    return f"ticktick-oauth {command}{options}"


def require_token(
    store: TokenStore | None = None,
    *,
    server: AuthorizationServer = TICKTICK,
    leeway: timedelta = timedelta(0),
) -> OAuthTokenV1:
    """Return a kept token of a server (by its issuer) that is valid for longer than ``leeway`` by the system's clock.

    Without a store, take the token of ``$TICKTICK_OAUTH_TOKEN`` (a line of ``dump_issued``) when it is set, else that
    of ``TokenFile()``.

    Raises:
        SignInRequiredError: no such token is kept; the message says what to run.
        StorageError: what is kept cannot be read.

    """
    return require_issued(store, server=server, leeway=leeway).token


def require_issued(
    store: TokenStore | None = None,
    *,
    server: AuthorizationServer = TICKTICK,
    leeway: timedelta = timedelta(0),
) -> IssuedToken:
    """Do what `require_token` does, and return the token with the moment it was issued."""
    check_type("server", server, AuthorizationServer)
    check_type("leeway", leeway, timedelta)
    issued = load_from_environment() if store is None else None
    place, advice = _TOKEN_PLACE, f"unset it, and sign in with: {command_for(server)}"
    if issued is None:
        issued = (TokenFile() if store is None else store).load()
        place, advice = _describe(store, server)
    now = datetime.now(timezone.utc)
    if issued is None:
        reason = f"no token is kept in {place}"
    elif issued.server.issuer != server.issuer:
        reason = f"the token in {place} is one of {issued.server.issuer}, not of {server.issuer}"
    elif issued.is_expired(now=now, leeway=leeway):
        verb = "expired" if issued.is_expired(now=now) else "expires"
        reason = f"the token in {place} {verb} on {issued.expires_at:%Y-%m-%d at %H:%M} UTC"
    else:
        return issued
    raise SignInRequiredError(f"{reason}; {advice}")


def _describe(store: TokenStore | None, server: AuthorizationServer) -> tuple[str, str]:
    """Return where a store keeps its token, and how to get one there."""
    if store is None:
        return str(default_path()), f"sign in with: {command_for(server)}"
    if isinstance(store, TokenFile):
        return str(store.path), f"sign in with: {command_for(server, store.path)}"
    return "the store", "sign in again, and save the token there"
