"""The loopback redirection receiver (RFC 8252 section 7.3).

It accepts nothing but the redirect of its own request: strays, port scanners, other pages and other sign-ins get a 4xx,
and the wait goes on.
"""

from collections.abc import Callable

from .._checks import check_type
from .._protocol.address import Address
from .._protocol.authorization import AuthorizationRequest
from .._protocol.authorization_code import AuthorizationResponse
from ..exceptions import AuthorizationError, InvalidRedirectError
from .http_server import TLS_HANDSHAKE, Answer, Listener, Request, page
from .pages import allowed_page, denied_page, error_page, stray_page

# What a redirect brings.
Outcome = AuthorizationResponse | AuthorizationError


def parse_loopback(redirect_uri: str) -> Address | None:
    """Return where a redirect URI leads if that is this very machine by plain HTTP, which can be listened on."""
    address = Address.parse(check_type("redirect_uri", redirect_uri, str))
    return address if address is not None and address.scheme == "http" and address.is_loopback else None


def find_redirect_uri() -> str:
    """Return a redirect URI on a port of 127.0.0.1 that is free, where nobody will listen."""
    from socket import create_server

    with create_server(("127.0.0.1", 0)) as probe:
        return f"http://127.0.0.1:{probe.getsockname()[1]}/"


class RedirectReceiver(Listener):
    """Listens where the redirect of one authorization request will come in."""

    request: AuthorizationRequest | None = None
    """Whose redirect is accepted; nothing is, while there is none."""

    def __init__(
        self,
        redirect_uri: str | None,
        *,
        on_redirect: Callable[[Outcome], None],
        on_stray: Callable[[str], None],
        is_over: Callable[[], bool],
        program: str,
    ) -> None:
        """Start to listen on a redirect URI that is http on loopback, or, for None, on a free port of 127.0.0.1.

        ``on_redirect`` is called with what the redirect brings; ``on_stray`` with why something that looked like it was
        refused, each reason once. Their words hold nothing of the request. ``is_over`` and the OSError are the
        listener's; ``program`` is what the pages call the program.
        """
        address = (parse_loopback(redirect_uri) if redirect_uri else None) or Address("http", "127.0.0.1", 0, "/", "")
        self._program = program
        self._on_redirect = on_redirect
        self._on_stray = on_stray
        self._strays: set[str] = set()
        super().__init__(*address[1:3], self._answer, on_unreadable=self._refuse_unreadable, is_over=is_over)
        self._address = address._replace(port=self.port)
        self.redirect_uri = redirect_uri or f"{self._address.origin}/"

    def _answer(self, request: Request) -> Answer:
        outcome = self._read(request)
        if outcome is None:
            return page(404, stray_page("This is not the answer that ticktick-oauth waits for."))
        self._on_redirect(outcome)  # who closes now waits for the page to leave
        if isinstance(outcome, AuthorizationResponse):
            return page(200, allowed_page(self._program))
        is_denied = outcome.error == "access_denied"
        return page(
            200, denied_page(self._program) if is_denied else error_page("The server sent an error instead of a code.")
        )

    def _read(self, request: Request) -> Outcome | None:
        """Return what the redirect brings; of anything else, report why it is not the redirect if it looks like it."""
        if self.request is None:
            return None
        reason = _find_misfit(request, self._address)
        if reason is None:
            try:
                return self.request.parse_response(f"?{request.query}")
            except AuthorizationError as error:
                return error
            except InvalidRedirectError as error:
                if request.query:  # an address that somebody typed or reloaded without its query is nothing to report
                    self._refuse(str(error))
        elif self._carries_state(request.query) or self._carries_state(request.body.decode("latin-1")):
            self._refuse(reason)
        return None

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

        expected = b"" if self.request is None else self.request.state.encode()
        return any(name == "state" and compare_digest(value.encode(), expected) for name, value in parse_qsl(form))

    def _refuse(self, reason: str) -> None:
        if reason not in self._strays:
            self._strays.add(reason)
            self._on_stray(reason)


def _find_misfit(request: Request, expected: Address) -> str | None:
    """Return why a request does not come to the redirect URI as a browser does, or None where it does."""
    # A page elsewhere whose name was made to lead here (DNS rebinding) still says its own name.
    met = Address.parse(f"http://{request.headers.get('host', '')}")
    if met != expected._replace(path="/", query=""):
        return (
            f"the redirect came for another host or port than {expected.origin}: change the start of the address in "
            "the browser to that, and load it again"
        )
    if (request.path or "/") != expected.path:
        return (
            "the redirect came to another path than that of the redirect URI: correct the path of the address in the "
            "browser, and load it again"
        )
    if request.method != "GET":
        return (
            "the redirect came by another method than GET, perhaps from a program that looks at links before the "
            "browser does: open the authorization URL again"
        )
    return None
