"""Let a person sign in: show the address, start a browser or ask, and take the road."""

import sys
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from .._network.calls import check_timeout
from .._protocol.client import Client
from .._protocol.issued_token import IssuedToken
from .._protocol.server import TICKTICK, AuthorizationServer
from ..exceptions import DeadlineExceededError, InvalidRedirectError
from .browser import has_display, start_browser
from .sign_in import MAX_PATIENCE, SignIn, seconds_left

if TYPE_CHECKING:
    from urllib3 import PoolManager
else:
    PoolManager = object  # for typing.get_type_hints: urllib3 loads late

_ELSEWHERE = " (is the browser elsewhere? sign_in(ask=input) and ticktick-oauth login take a pasted address)"


def sign_in(  # noqa: PLR0913 - a client or a server, and what a program may want otherwise
    client: Client | None = None,
    *,
    server: AuthorizationServer = TICKTICK,
    client_name: str = "ticktick-oauth",
    open_browser: bool = True,
    show: Callable[[str], object] | None = None,
    ask: Callable[[str], str] | None = None,
    timeout: float = 300.0,
    http: "PoolManager | None" = None,
) -> IssuedToken:
    """Let a person sign in with a browser, and return the token that was issued. It is kept nowhere: see ``get_token``.

    The address is shown, a browser is started, and the redirect is waited for on this machine. With ``ask``, nothing
    listens and no browser is started: for notebooks, ssh, bots, and wherever the browser is elsewhere.

    ```python
    issued = sign_in()
    issued = sign_in(ask=input)  # in a notebook, or over ssh
    ```

    Args:
        client: A client that is registered already, as in ``SignIn``; None registers one.
        server: Where to register.
        client_name: What the person sees the program called, where it registers itself.
        open_browser: Whether to start the default browser. Whether one opens is never known: the address is shown
            before. It starts without the variables that this package reads secrets from, except by a frozen or an
            embedding program, whose own environment it has.
        show: Called with the authorization URL before anything else happens to it; None: one line on stderr.
        ask: Called with a prompt, such as ``input``; it returns what the person pasted, and is called again, with what
            was wrong, until that fits. What it raises ends the sign-in. None: nothing is asked.
        timeout: Seconds that the person has, over 0 and up to a day; with ``ask``, it is looked at between two answers.
            Discovery, registration and exchange have 10 each.
        http: The urllib3 pool for these three, as in ``exchange_code``.

    Raises:
        AuthorizationError: the person denied the access, or the server sent an error.
        DeadlineExceededError: nobody signed in within the timeout; or the server did not answer in time.
        RegistrationError: the server does not register programs, or did not register this one.
        TokenEndpointError, InvalidTokenError, TransportError: as ``exchange_code`` has them.
        OSError: the redirect URI's port is in use, or not this user's to listen on; the message names it.
        TypeError: an argument is of the wrong type, or a client and a server are given.
        ValueError: the timeout is out of its range, or the client's redirect URI cannot be listened on.

    """
    check_timeout(timeout, MAX_PATIENCE)
    for name, function in (("show", show), ("ask", ask)):
        if function is not None and not callable(function):
            raise TypeError(f"{name} must be a function, not {type(function).__name__}")
    with SignIn(client, server=server, client_name=client_name, listen=ask is None, http=http) as attempt:
        if show is not None:
            show(attempt.uri)
        else:
            print_address(attempt.uri, "" if has_display() else _ELSEWHERE)
        if ask is None:
            if open_browser:
                start_browser(attempt.uri)
            # Still listening to the end, so that a reload of the redirect finds the page that says so.
            return attempt.wait(timeout)
        return _ask(attempt, ask, timeout)


def _ask(attempt: SignIn, ask: Callable[[str], str], timeout: float) -> IssuedToken:
    prompt = "Sign in there. The browser ends on a page that cannot be reached. Paste that page's address here: "
    for _ in seconds_left(timeout):
        try:
            return attempt.paste(ask(prompt))
        except InvalidRedirectError as error:  # noqa: PERF203 - once a paste
            prompt = f"{str(error)[:1].upper()}{str(error)[1:]}: "
    raise DeadlineExceededError(f"no address was pasted within {timeout:g} seconds", None)


def print_address(uri: str, note: str = "") -> None:
    """Print the authorization URL in one line on stderr, at once; where nobody can read it, go on without."""
    # Where stderr is closed, `print` would take stdout.
    if sys.stderr is not None:
        with suppress(OSError, ValueError):
            print(f"Open this address in a browser to sign in: {uri}{note}", file=sys.stderr, flush=True)  # noqa: T201
