"""The loopback redirection receiver (RFC 8252 section 7.3).

It accepts nothing but the redirect of its own request: strays, port scanners, other pages and other sign-ins get a 4xx,
and the wait goes on.
"""

from collections.abc import Callable

from .._checks import check_type
from .._protocol.address import Address
from .._protocol.authorization import AuthorizationRequest, AuthorizationResponse
from ..exceptions import AuthorizationError, InvalidRedirectError
from .http_server import TLS_HANDSHAKE, Answer, Request, listen, page
from .pages import allowed_page, denied_page, error_page, stray_page

_NOT_THE_REDIRECT = "This is not the answer that ticktick-oauth waits for."


def parse_loopback(redirect_uri: str) -> Address | None:
    """Return where a redirect URI leads if that is this very machine by plain HTTP, which can be listened on."""
    address = Address.parse(check_type("redirect_uri", redirect_uri, str))
    return address if address is not None and address.scheme == "http" and address.is_loopback else None


def find_redirect_uri() -> str:
    """Return a redirect URI on a port of 127.0.0.1 that is free, where nobody will listen."""
    from socket import create_server

    with create_server(("127.0.0.1", 0)) as probe:
        return f"http://127.0.0.1:{probe.getsockname()[1]}/"


class RedirectReceiver:
    """Listens where the redirect of one authorization request will come in, from its making until it is closed."""

    redirect_uri: str
    """Where it listens."""

    def __init__(
        self,
        redirect_uri: str | None,
        *,
        on_redirect: Callable[[AuthorizationResponse | AuthorizationError], None],
        on_stray: Callable[[str], None],
        is_over: Callable[[], bool],
    ) -> None:
        """Start to listen on a redirect URI that is http on loopback, or, for None, on a free port of 127.0.0.1.

        ``on_redirect`` is called with what the redirect brings once its page has left, the first time it comes;
        ``on_stray`` with why something that looked like it was refused, each reason once. Their words hold nothing of
        the request. ``is_over`` and the OSError are the listener's.
        """
        address = None if redirect_uri is None else parse_loopback(redirect_uri)
        host, port = ("127.0.0.1", 0) if address is None else (address.host, address.port)
        self._expected: tuple[AuthorizationRequest, Address] | None = None
        self._on_redirect = on_redirect
        self._on_stray = on_stray
        self._arrived: list[AuthorizationResponse | AuthorizationError] = []  # the first one counts
        self._strays: set[str] = set()
        self._listener = listen(host, port, self._answer, on_unreadable=self._refuse_unreadable, is_over=is_over)
        self.redirect_uri = redirect_uri or f"http://{host}:{self._listener.port}/"

    def expect(self, request: AuthorizationRequest) -> None:
        """Accept the redirect of this request, whose redirect URI is the one that is listened on, from now on."""
        address = Address.parse(request.client.redirect_uri)
        self._expected = None if address is None else (request, address)

    def close(self) -> None:
        """Stop to listen."""
        self._listener.close()

    def _answer(self, request: Request) -> Answer:
        """Answer a request, in one of the server's threads."""
        if self._expected is None:
            return page(404, stray_page(_NOT_THE_REDIRECT))
        expected, address = self._expected
        misfit = _reason_to_refuse(request, address)
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
        self._arrived.append(outcome)
        first = self._arrived[0]
        if first is not outcome:  # a prefetch or a reload sees what the first one saw
            return page(200, _page_for(first))
        # Not before the page has left: the wait ends, and with it every connection.
        return page(200, _page_for(outcome), on_sent=lambda: self._on_redirect(outcome))

    def _refuse_unreadable(self, start: bytes) -> None:
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
        if reason not in self._strays:
            self._strays.add(reason)
            self._on_stray(reason)


def _reason_to_refuse(request: Request, expected: Address) -> tuple[int, str] | None:
    """Return a status and a reason for a request that does not come to the redirect URI as a browser does."""
    # A page elsewhere whose name was made to lead here (DNS rebinding) still says its own name.
    met = Address.parse(f"http://{request.headers.get('host', '')}")
    if met != expected._replace(path="/", query=""):
        return 421, (
            f"the redirect came for another host or port than {expected.origin}: change the start of the address in "
            "the browser to that, and load it again"
        )
    if (request.path or "/") != expected.path:
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
