"""What is kept now: in the variable, in the default files, or in a store; and what to do where nothing is."""

import os
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path

from .._checks import check_type
from .._protocol.issued_token import IssuedToken
from .._protocol.server import DIDA365, TICKTICK, AuthorizationServer, check_server
from .._token.model import OAuthTokenV1
from ..exceptions import SignInRequiredError, StorageError
from ._access import FILE_VARIABLE, TOKEN_VARIABLE, quote
from ._token_file import TokenFile, TokenStore, default_path, find_replaceable, parse_kept

_TOKEN_PLACE = f"${TOKEN_VARIABLE}"
# By the issuer: a server's name, and the name of the value that a program passes.
_KNOWN = {TICKTICK.issuer: ("TickTick", "TICKTICK"), DIDA365.issuer: ("Dida365", "DIDA365")}


def load_from_environment(server: AuthorizationServer | None = None) -> IssuedToken | None:
    """Return the token in ``$TICKTICK_OAUTH_TOKEN``; None when it is not set or empty, or another server's.

    Without a server, any token is returned. What is not a kept token is a ``StorageError``.
    """
    if not (text := os.environ.get(TOKEN_VARIABLE)):
        return None
    issued = parse_kept(text, "it takes what ticktick-oauth token --format issued prints", _TOKEN_PLACE)
    return issued if server is None or issued.server.issuer == server.issuer else None


def list_kept() -> list[Path]:
    """Return the default files that there are, sorted; where ``$TICKTICK_OAUTH_TOKEN_FILE`` names one, that one."""
    default = default_path()
    if os.environ.get(FILE_VARIABLE):
        return [default] if os.path.lexists(default) else []
    return sorted(default.parent.glob("*.json"))


def find_kept(server: AuthorizationServer | None = None) -> Path:
    """Return the default file where a server's token is looked for, whether or not there is one.

    That is the server's own, or TickTick's where that has the server's token and the server has no file yet. Without a
    server, it is the only file that there is, or else TickTick's.
    """
    if server is None:
        kept = list_kept()
        return kept[0] if len(kept) == 1 else default_path()
    own, ticktick = default_path(server), default_path()
    if own == ticktick or os.path.lexists(own):
        return own
    with suppress(StorageError):  # what is wrong with TickTick's file is for those who look for TickTick's token
        issued = find_replaceable(ticktick)
        if issued is not None and issued.server.issuer == server.issuer:
            return ticktick
    return own


def name_of(server: AuthorizationServer) -> str:
    """Return what a person calls a server."""
    return _KNOWN.get(server.issuer, (server.issuer,))[0]


def command_for(server: AuthorizationServer, file: Path | None = None, *, command: str = "login") -> str:
    """Return a command for a server, and for a file or, without one, for the default."""
    name = {TICKTICK.issuer: "", DIDA365.issuer: "dida365"}.get(server.issuer, server.issuer)
    options = (f" --server {quote(name)}" if name else "") + (f" --token-file {quote(file)}" if file else "")
    return f"ticktick-oauth {command}{options}"


def check_store(store: object) -> None:
    """Raise a TypeError for what can be no store; None is for the default."""
    if store is not None and not hasattr(store, "load"):
        advice = ": pass TokenFile(path)" if isinstance(store, str) or hasattr(store, "__fspath__") else ""
        raise TypeError(f"store must be a TokenStore, not {type(store).__name__}{advice}")


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
    now = datetime.now(timezone.utc)
    issued = load_from_environment(server) if store is None else None
    place, advice = _TOKEN_PLACE, f"set a new one, or unset it and sign in with: {command_for(server)}"
    if issued is None:
        kept = TokenFile(find_kept(server)) if store is None else store
        issued = kept.load()
        place, advice = _describe(kept, server, is_default=store is None)
    if issued is None:
        reason = f"no token is kept in {place}"
        if store is None and (other := _find_other(server, now)):
            reason, instead = other
            advice = f"{instead}, or {advice}"  # which is kept beside the other
    elif issued.server.issuer != server.issuer:
        reason, advice = _explain_other(place, issued)
    elif issued.is_expired(now=now, leeway=leeway):
        is_over = issued.is_expired(now=now)
        reason = f"the token in {place} expire{'d' if is_over else 's'} on {issued.expires_at:%Y-%m-%d at %H:%M} UTC"
        if not is_over:
            advice = "a sign-in before then may bring the same token: ask for less leeway, or sign in after it"
    else:
        return issued
    raise SignInRequiredError(reason, advice)


def _describe(store: TokenStore, server: AuthorizationServer, *, is_default: bool) -> tuple[str, str]:
    """Return where a store keeps its token, and how to get one there."""
    if not isinstance(store, TokenFile):
        return "the store", "sign in by get_token(store), or keep there what sign_in() returns"
    command = command_for(server, None if is_default else store.path)
    call = f"call get_token() or sign_in(), or set ${TOKEN_VARIABLE}" if is_default else "call get_token(store)"
    return str(store.path), f"sign in with: {command}, or {call}"


def _find_other(server: AuthorizationServer, now: datetime) -> tuple[str, str] | None:
    """Do what `_explain_other` does for a valid token of another server than the one that has none, if there is one."""
    with suppress(StorageError):
        stores = [(str(path), TokenFile(path).load) for path in list_kept()]
        for place, load in [(_TOKEN_PLACE, load_from_environment), *stores]:
            with suppress(StorageError):
                issued = load()
                if issued and issued.server.issuer != server.issuer and not issued.is_expired(now=now):
                    return _explain_other(place, issued)
    return None


def _explain_other(place: str, issued: IssuedToken) -> tuple[str, str]:
    """Return whose token is kept in a place, and what to pass for it: never what would replace it."""
    name, value = _KNOWN.get(issued.server.issuer, (issued.server.issuer, "... of this issuer"))
    return f"the token in {place} is for {name}", f"pass server={value}"
