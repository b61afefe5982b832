"""Sign in: from a person at this machine to an issued token.

``sign_in`` and the command ``login`` take the same road: listen, register, show the address, wait, exchange.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from .._checks import check_type
from .._network.calls import check_pool, check_timeout, discover_server, exchange_code, register_client
from .._protocol.authorization import AuthorizationRequest, AuthorizationResponse
from .._protocol.client import Client
from .._protocol.issued_token import IssuedToken
from .._protocol.server import TICKTICK, AuthorizationServer
from ..exceptions import DeadlineExceededError
from .browser import start_browser
from .receiver import RedirectReceiver, Stray, listen_for_redirect

if TYPE_CHECKING:
    from urllib3 import PoolManager

# A day: who has not signed in by then will not.
MAX_PATIENCE = 86400.0
# Windows hears Ctrl-C only between two waits; elsewhere, one that comes as a wait begins is heard at its end.
_TICK = 1.0


def sign_in(  # noqa: PLR0913 - a client or a server, and what a program may want otherwise
    client: Client | None = None,
    *,
    server: AuthorizationServer = TICKTICK,
    open_browser: bool = True,
    show: Callable[[str], object] | None = None,
    timeout: float = 300.0,
    http: "PoolManager | None" = None,
) -> IssuedToken:
    """Let a person sign in with a browser on this machine, and return the token that was issued.

    Without a client, the program registers itself with the server as a public client, for a free port of 127.0.0.1 and
    with PKCE: no developer portal, no secret. It listens until the redirect comes in, from any thread, and leaves
    nothing open. The system's clock is read once, for the moment of the answer.

    Args:
        client: A client that is registered already; its redirect URI must be http on 127.0.0.1, [::1] or localhost.
            One with a secret goes without PKCE, which TickTick's server does not check for it.
        server: Where to register; its addresses are asked of its own metadata document.
        open_browser: Whether to start the default browser. Whether one opens is never known: the address is shown
            before. It starts without the variables that this package reads secrets from, except by a frozen or an
            embedding program, whose own environment it has.
        show: Called with the authorization URL before anything else happens to it; None: one line on stderr.
        timeout: Seconds that the person has, over 0 and up to a day; discovery, registration and exchange have 10 each.
        http: The urllib3 pool for these three, as in ``exchange_code``.

    Raises:
        AuthorizationError: the person denied the access, or the server sent an error.
        DeadlineExceededError: nobody signed in within the timeout; or the server did not answer in time.
        RegistrationError: the server does not register programs, or did not register this one.
        TokenEndpointError: the token endpoint refused, or failed.
        InvalidTokenError: it issued something else than a token: ``body`` of the error keeps the bytes.
        TransportError: no usable answer came.
        OSError: the redirect URI's port is in use, or not this user's to listen on; the message names it.
        TypeError: an argument is of the wrong type, or a client and a server are given.
        ValueError: an argument is out of its range, or the client's redirect URI cannot be listened on.

    """
    check_type("server", server, AuthorizationServer)
    check_timeout(timeout, MAX_PATIENCE)
    check_pool(http)
    if show is not None and not callable(show):
        raise TypeError(f"show must be a function of the address, not {type(show).__name__}")
    if client is not None and server is not TICKTICK:
        raise TypeError("server must not be given beside a client, which has its own")
    redirect_uri = None if client is None else check_type("client", client, Client).redirect_uri
    with listen_for_redirect(redirect_uri) as receiver:
        if client is None:
            server = discover_server(server.issuer, http=http)
            client = register_client(server, redirect_uri=receiver.redirect_uri, http=http)
        request = make_request(client)
        receiver.expect(request)
        (show or print_address)(request.uri)
        if open_browser:
            start_browser(request.uri)
        # Still listening, so that a reload of the redirect finds the page that says so.
        token = exchange_code(client, _wait(receiver, request, timeout), http=http)
        return IssuedToken(token=token, issued_at=datetime.now(timezone.utc), server=client.server)


def make_request(client: Client, *, pkce: bool = False) -> AuthorizationRequest:
    """Make an authorization request, with PKCE for a public client, whose only proof it is, or when it is asked for."""
    if pkce or client.client_secret is None:
        return AuthorizationRequest.with_pkce(client=client)
    return AuthorizationRequest(client=client)


def seconds_left(timeout: float) -> Iterator[float]:
    """Yield the seconds that are left, again and again, until none are."""
    end = time.monotonic() + timeout
    while (left := end - time.monotonic()) > 0:
        yield left


def print_address(uri: str) -> None:
    """Print the authorization URL in one line on stderr, at once; where nobody can read it, go on without."""
    # Where stderr is closed, `print` would take stdout.
    if sys.stderr is not None:
        with suppress(OSError, ValueError):
            print(f"Open this address in a browser to sign in: {uri}", file=sys.stderr, flush=True)  # noqa: T201


def describe_silence(request: AuthorizationRequest, timeout: float) -> str:
    """Say that nobody came, and what the person may have seen of it.

    A redirect URI that is not registered, and an unknown client, the server shows to the person alone.
    """
    client, unit = request.client, "second" if timeout == 1 else "seconds"
    redirect_uri = client.redirect_uri.partition("?")[0]  # a query is nobody else's
    return (
        f"nobody signed in within {timeout:g} {unit}; if the browser showed an error, such as Invalid redirect: "
        f"{client.client_id} must be a client id at {client.server.issuer}, and {redirect_uri} exactly the redirect "
        "URI that is registered for it"
    )


def _wait(receiver: RedirectReceiver, request: AuthorizationRequest, timeout: float) -> AuthorizationResponse:
    refused = ""
    for left in seconds_left(timeout):
        arrival = receiver.wait(min(left, _TICK))
        if isinstance(arrival, AuthorizationResponse):
            return arrival
        if isinstance(arrival, Stray):
            refused = f"; refused: {arrival.reason}"
    raise DeadlineExceededError(f"{describe_silence(request, timeout)}{refused}", None)
