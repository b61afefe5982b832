"""The loopback redirection receiver (RFC 8252 section 7.3).

It accepts nothing but the redirect of its own request: strays, port scanners, other pages and other sign-ins get a 4xx,
and the wait goes on.
"""

import threading
from queue import Empty, Queue
from typing import TYPE_CHECKING

from attrs import frozen

from .._protocol.address import Address
from .._protocol.authorization import AuthorizationRequest, AuthorizationResponse
from ..exceptions import AuthorizationError, InvalidRedirectError
from .http_server import TLS_HANDSHAKE, Answer, Request, listen, page
from .listener import Listener
from .pages import allowed_page, denied_page, error_page, stray_page

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

_NOT_THE_REDIRECT = "This is not the answer that ticktick-oauth waits for."


@frozen
class Stray:
    """A request that looked like the redirect, and was refused; the wait goes on."""

    reason: str
    """Why it was refused and what to do, in words that hold nothing of the request."""


def can_listen_on(redirect_uri: str) -> bool:
    """Return whether a redirect URI leads to this very machine by plain HTTP."""
    return _address_to_listen_on(redirect_uri) is not None


def _address_to_listen_on(redirect_uri: str) -> Address | None:
    address = Address.parse(redirect_uri)
    return address if address is not None and address.scheme == "http" and address.is_loopback else None


def listen_for_redirect(redirect_uri: str | None = None) -> "AbstractContextManager[RedirectReceiver]":
    """Listen where a redirect will come in, from now until the end of a ``with`` block.

    Args:
        redirect_uri: Where; None for a free port of 127.0.0.1.

    Raises:
        TypeError: the redirect URI is not a str.
        ValueError: it cannot be listened on.
        OSError: its port is in use, or not this user's to listen on; the message names it.

    """
    host, port = "127.0.0.1", 0
    if redirect_uri is not None:
        address = _address_to_listen_on(redirect_uri)
        if address is None:
            raise ValueError("redirect_uri must start with http:// and lead to 127.0.0.1, [::1] or localhost")
        host, port = address.host, address.port
    receiver = RedirectReceiver()
    listener = listen(host, port, receiver.answer, on_unreadable=receiver.refuse_unreadable)
    receiver.redirect_uri = redirect_uri or f"http://{host}:{listener.port}/"
    return _Listening(listener, receiver)


class _Listening:
    """The ``with`` block of a receiver, which listens until its end.

    Nothing else refers to the listener, which ends when it is forgotten: so it ends with the block, even when Ctrl-C
    comes right before its last line.
    """

    def __init__(self, listener: Listener, receiver: "RedirectReceiver") -> None:
        self._listener = listener
        self._receiver = receiver

    def __enter__(self) -> "RedirectReceiver":
        return self._receiver

    def __exit__(self, *_: object) -> None:
        self._listener.close()


class RedirectReceiver:
    """Waits for the redirect of one authorization request."""

    redirect_uri: str
    """Where it listens."""

    def __init__(self) -> None:
        self._expected: tuple[AuthorizationRequest, Address] | None = None
        self._lock = threading.Lock()
        self._outcome: AuthorizationResponse | AuthorizationError | None = None
        # Not a SimpleQueue, which waits for ever on Python 3.10 where the time is over as soon as the wait begins.
        self._arrivals: Queue[AuthorizationResponse | AuthorizationError | Stray] = Queue()
        self._strays: set[Stray] = set()

    def expect(self, request: AuthorizationRequest) -> None:
        """Accept the redirect of this request, from now on.

        Raises:
            ValueError: its redirect URI is not the one that is listened on.

        """
        address = _address_to_listen_on(request.client.redirect_uri)
        if address is None or request.client.redirect_uri != self.redirect_uri:
            raise ValueError("the request's redirect_uri must be the receiver's")
        self._expected = request, address

    def wait(self, timeout: float) -> AuthorizationResponse | Stray | None:
        """Wait for the redirect, or for a stray, each of which comes once.

        Args:
            timeout: How long to wait, in seconds.

        Returns:
            What came first, to be called again after a stray; None when nothing came in time.

        Raises:
            AuthorizationError: the redirect came, and the server or the person refused.

        """
        try:
            arrival = self._arrivals.get(timeout=timeout)
        except Empty:
            return None
        if isinstance(arrival, AuthorizationError):
            raise arrival
        return arrival

    def answer(self, request: Request) -> Answer:
        """Answer a request, in one of the server's threads."""
        if self._expected is None:
            return page(404, stray_page(_NOT_THE_REDIRECT))
        expected, address = self._expected
        misfit = _misfit(request, address)
        if misfit is not None:
            status, reason = misfit
            if self._carries_state(request.query) or self._carries_state(request.body.decode("latin-1")):
                self._refuse(reason)
            return page(status, stray_page(_NOT_THE_REDIRECT))
        outcome: AuthorizationResponse | AuthorizationError
        try:
            outcome = expected.parse_response(f"?{request.query}")
        except AuthorizationError as error:
            outcome = error
        except InvalidRedirectError as error:
            if request.query:  # an address that somebody typed or reloaded without its query is nothing to report
                self._refuse(str(error))
            return page(400, stray_page(_NOT_THE_REDIRECT))
        with self._lock:
            if self._outcome is not None:  # a prefetch or a reload sees what the first one saw
                return page(200, _page_for(self._outcome))
            self._outcome = outcome
        # Not before the page has left: the wait ends, and with it every connection.
        return page(200, _page_for(outcome), then=lambda: self._arrivals.put(outcome))

    def refuse_unreadable(self, start: bytes) -> None:
        """Refuse what could not be read as a request, of which this is the first line, or what of it came."""
        if start == TLS_HANDSHAKE:
            self._refuse(
                "the browser tried https, but the redirect URI is http: change https:// to http:// in its address bar"
            )
        elif self._carries_state(start.decode("latin-1").partition("?")[2].partition(" ")[0]):
            self._refuse(
                "the redirect came in a request that is too long or malformed, perhaps for the cookies that other "
                "programs on this machine have set: open the authorization URL again in a private window"
            )

    def _carries_state(self, form: str) -> bool:
        from hmac import compare_digest
        from urllib.parse import parse_qsl

        expected = "" if self._expected is None else self._expected[0].state
        states = [value for name, value in parse_qsl(form) if name == "state"]
        return any(compare_digest(state.encode(), expected.encode()) for state in states)

    def _refuse(self, reason: str) -> None:
        stray = Stray(reason)
        with self._lock:
            if stray not in self._strays:
                self._strays.add(stray)
                self._arrivals.put(stray)


def _misfit(request: Request, expected: Address) -> tuple[int, str] | None:
    """Return a status and a reason for a request that does not come to the redirect URI as a browser does."""
    # A page elsewhere whose name was made to lead here (DNS rebinding) still says its own name.
    met = Address.parse(f"http://{request.headers.get('host', '')}")
    if met != expected._replace(path="/", query=""):
        return 421, (
            f"the redirect came for another host or port than {expected.origin}: change the start of the address in "
            "the browser to that, and load it again"
        )
    if request.path != expected.path:
        return 404, (
            "the redirect came to another path than that of the redirect URI: correct the path of the address in the "
            "browser, and load it again"
        )
    if request.method != "GET":
        return 405, (
            "the redirect came by another method than GET, perhaps from a program that looks at links before the "
            "browser does: open the authorization URL again"
        )
    return None


def _page_for(outcome: AuthorizationResponse | AuthorizationError) -> bytes:
    if isinstance(outcome, AuthorizationResponse):
        return allowed_page()
    if outcome.error == "access_denied":
        return denied_page()
    return error_page("The server sent an error instead of a code.")
