"""What is kept now: in the variable, in the default files, or in a store; and what to do where nothing is."""

import os
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path

from .._protocol.issued_token import IssuedToken
from .._protocol.server import DIDA365, TICKTICK, AuthorizationServer
from ..exceptions import SignInRequiredError, StorageError
from ._access import quote
from ._require import FILE_VARIABLE, TOKEN_PLACE, TokenStore, load_from_environment
from ._token_file import TokenFile, default_path, find_replaceable

# By the issuer: a server's name, and the name of the value that a program passes.
_KNOWN = {TICKTICK.issuer: ("TickTick", "TICKTICK"), DIDA365.issuer: ("Dida365", "DIDA365")}


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


def look_further(
    store: TokenStore | None, server: AuthorizationServer, leeway: timedelta, issued: IssuedToken | None
) -> IssuedToken:
    """Return the valid token of a store or default file, or raise why there is none; the environment's has expired."""
    now = datetime.now(timezone.utc)
    place, advice = TOKEN_PLACE, f"set a new one, or unset it and sign in with: {command_for(server)}"
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
    call = f"call get_token() or sign_in(), or set {TOKEN_PLACE}" if is_default else "call get_token(store)"
    return str(store.path), f"sign in with: {command}, or {call}"


def _find_other(server: AuthorizationServer, now: datetime) -> tuple[str, str] | None:
    """Return what `_explain_other` says of a valid token of another server; None when none is kept."""
    with suppress(StorageError):
        stores = [(str(path), TokenFile(path).load) for path in list_kept()]
        for place, load in [(TOKEN_PLACE, load_from_environment), *stores]:
            with suppress(StorageError):
                issued = load()
                if issued and issued.server.issuer != server.issuer and not issued.is_expired(now=now):
                    return _explain_other(place, issued)
    return None


def _explain_other(place: str, issued: IssuedToken) -> tuple[str, str]:
    """Return whose token is kept in a place, and what to pass for it: never what would replace it."""
    name, value = _KNOWN.get(issued.server.issuer, (issued.server.issuer, f"discover_server({issued.server.issuer!r})"))
    return f"the token in {place} is for {name}", f"pass server={value}"
