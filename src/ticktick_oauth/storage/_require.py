"""Require a token: what the environment has, without a look at any file; and what a store of a program's own does."""

import os
from datetime import datetime, timedelta, timezone
from typing import Protocol

from .._checks import check_type
from .._protocol.issued_token import IssuedToken, load_issued
from .._protocol.server import TICKTICK, AuthorizationServer, check_server
from .._token.model import OAuthTokenV1
from ..exceptions import StorageError

FILE_VARIABLE = "TICKTICK_OAUTH_TOKEN_FILE"
TOKEN_VARIABLE = "TICKTICK_OAUTH_TOKEN"  # noqa: S105 - a name, not a token
TOKEN_PLACE = f"${TOKEN_VARIABLE}"


class TokenStore(Protocol):
    """Keep one token: what a program needs of a file, a key ring or a secret manager. ``TokenFile`` does it.

    What cannot be done is a ``StorageError``.
    """

    def load(self) -> IssuedToken | None:
        """Return the token, or None when there is none."""

    def save(self, issued: IssuedToken) -> None:
        """Keep the token in place of any other."""

    def delete(self) -> None:
        """Remove the token; do nothing when there is none."""


def require_token(
    store: TokenStore | None = None, *, server: AuthorizationServer = TICKTICK, leeway: timedelta = timedelta(0)
) -> OAuthTokenV1:
    """Return a kept token of a server (by its issuer) that is valid for longer than ``leeway`` by the system's clock.

    Without a store, take the token of ``$TICKTICK_OAUTH_TOKEN`` when it is set and holds one of this server, else that
    of the server's default file. TickTick's file does for another server whose token it holds, until that one has its
    own.

    Raises:
        SignInRequiredError: no such token is kept; the message says what to run or call.
        StorageError: what is kept cannot be read.

    """
    return require_issued(store, server, leeway).token


def require_issued(
    store: TokenStore | None, server: AuthorizationServer, leeway: timedelta = timedelta(0)
) -> IssuedToken:
    """Do what `require_token` does, and return the token with the moment it was issued."""
    check_store(store)
    check_server("server", server)
    check_type("leeway", leeway, timedelta)
    issued = load_from_environment(server) if store is None else None
    if issued is not None and not issued.is_expired(now=datetime.now(timezone.utc), leeway=leeway):
        return issued
    from ._kept import look_further  # which loads what has to do with files

    return look_further(store, server, leeway, issued)


def check_store(store: object) -> None:
    """Raise a TypeError for what can be no store; None is for the default."""
    if store is not None and not hasattr(store, "load"):
        advice = ": pass TokenFile(path)" if isinstance(store, str) or hasattr(store, "__fspath__") else ""
        raise TypeError(f"store must be a TokenStore, not {type(store).__name__}{advice}")


def load_from_environment(server: AuthorizationServer | None = None) -> IssuedToken | None:
    """Return the token in ``$TICKTICK_OAUTH_TOKEN``; None without one, or where it is not the given server's."""
    if not (text := os.environ.get(TOKEN_VARIABLE)):
        return None
    issued = parse_kept(text, "it takes what ticktick-oauth token --format issued prints", TOKEN_PLACE)
    return issued if server is None or issued.server.issuer == server.issuer else None


def parse_kept(text: str | bytes, advice: str, place: str | None = None) -> IssuedToken:
    """Do what `load_issued` does; its error gets advice, and a place."""
    try:
        return load_issued(text)
    except StorageError as error:
        failure = StorageError(f"{error.strerror}; {advice}", place)
    raise failure
