"""Get a token: the kept one, or else one that a person signs in for now, and that is kept."""

import os
import sys
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from .._checks import check_type
from .._protocol.client import Client
from .._protocol.issued_token import IssuedToken
from .._protocol.server import TICKTICK, AuthorizationServer
from .._token.model import OAuthTokenV1
from ..exceptions import SignInRequiredError, StorageError
from ..storage._require import TokenStore, check_store, load_from_environment, require_token
from ..storage._token_file import TokenFile, check_can_keep, default_path, find_replaceable
from .browser import has_display, is_terminal

if TYPE_CHECKING:
    from urllib3 import PoolManager
else:
    PoolManager = object  # for typing.get_type_hints: urllib3 loads late


def get_token(  # noqa: PLR0913 - where to look, and what `sign_in` takes
    store: TokenStore | None = None,
    *,
    leeway: timedelta = timedelta(0),
    client: Client | None = None,
    server: AuthorizationServer = TICKTICK,
    client_name: str = "ticktick-oauth",
    open_browser: bool = True,
    show: Callable[[str], object] | None = None,
    ask: Callable[[str], str] | None = None,
    timeout: float = 300.0,
    http: "PoolManager | None" = None,
) -> OAuthTokenV1:
    """Return the kept token; where none is valid, let a person sign in, and keep the new one.

    ```python
    headers = {"Authorization": get_token().authorization_header()}
    ```

    Args:
        store: Where the token is kept; None: the variable and the default file, as ``require_token`` has it.
        leeway: The token has to be valid for longer than this.
        client: As in ``sign_in``; its server is the one whose token is meant.
        server: As in ``sign_in``; so are client_name, open_browser, show, ask and http.
        client_name: What the person sees the program called.
        open_browser: Whether to start the default browser.
        show: Called with the authorization URL.
        ask: Called with a prompt, such as ``input``.
        timeout: Seconds that the person has.
        http: The urllib3 pool for the requests.

    Raises:
        SignInRequiredError: there is no such token, and no person can be asked: no terminal and no display, or $CI is
            set, and neither show nor ask is given; or a sign-in now would bring no better token.
        StorageError: what is kept cannot be read, the store can keep no token, or it keeps another server's: nobody was
            asked. Or the new token could not be kept: the error's ``issued`` has it.
        OAuthError, OSError, TypeError, ValueError: as ``sign_in`` has them.

    """
    if client is not None and server is not TICKTICK:
        raise TypeError("server must not be given beside a client, which has its own")
    wanted = server if client is None else check_type("client", client, Client).server
    try:
        return require_token(store, server=wanted, leeway=leeway)
    except SignInRequiredError as error:
        required = error
    if (store is None and load_from_environment(wanted) is not None) or (show is ask is None and not _can_ask()):
        raise required
    store = TokenFile(default_path(wanted)) if store is None else store
    kept = _load_replaceable(store)
    if kept is not None and not kept.is_expired(now=datetime.now(timezone.utc)):
        if kept.server.issuer == wanted.issuer:  # it ends within the leeway, and TickTick would give the same again
            raise required
        place = str(store.path) if isinstance(store, TokenFile) else None
        raise StorageError(f"a valid token of {kept.server.issuer} is kept there: name another store", place)
    from .person import sign_in

    issued = sign_in(
        client,
        server=server,
        client_name=client_name,
        open_browser=open_browser,
        show=show,
        ask=ask,
        timeout=timeout,
        http=http,
    )
    try:
        store.save(issued)
    except StorageError as error:
        error.issued = issued
        raise
    except Exception as error:  # noqa: BLE001 - a program's own store may raise anything
        failure = StorageError(f"the store could not keep the token ({type(error).__name__})", issued=issued)
    else:
        return issued.token
    raise failure


def _load_replaceable(store: TokenStore) -> IssuedToken | None:
    """Return what a save would take away, once it is known that a save can succeed."""
    check_store(store)
    if not isinstance(store, TokenFile):
        return store.load()
    check_can_keep(store.path)
    return find_replaceable(store.path)


def _can_ask() -> bool:
    """Return whether a person may be there: at a terminal or a display, and not in a CI job."""
    if os.environ.get("CI", "").lower() not in {"", "0", "false"}:
        return False
    return has_display() or any(map(is_terminal, (sys.stdin, sys.stderr)))
