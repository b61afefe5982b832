"""The loopback redirection receiver (RFC 8252 section 7.3).

The receiver takes nothing but the redirect of its own request: strays, port scanners, other pages and other sign-ins
get a 4xx, and the wait goes on.
"""

import threading
from collections.abc import Callable
from urllib.parse import urlsplit

from ._authorization import AuthorizationRequest
from ._authorization import AuthorizationResponse
from ._http_server import Answer
from ._http_server import Request
from ._http_server import listen
from ._http_server import page
from ._pages import allowed_page
from ._pages import denied_page
from ._pages import error_page
from .exceptions import AuthorizationError
from .exceptions import InvalidRedirectError

_HTTP_PORT = 80


def _page_for(outcome: AuthorizationResponse | AuthorizationError) -> bytes:
    if isinstance(outcome, AuthorizationResponse):
        return allowed_page()
    return (
        denied_page() if outcome.error == "access_denied" else error_page("The server sent an error instead of a code.")
    )


class RedirectReceiver:
    """Listens where the redirect of an authorization request will come in, for the time of a ``with`` block.

    It listens on the IP literal of the redirect URI (127.0.0.1 for ``localhost``, whose name may lead to another
    process on ::1), and answers before and while ``wait`` is called.
    """

    def __init__(self, request: AuthorizationRequest, notify: Callable[[str], None] = lambda _: None) -> None:
        """Prepare a receiver.

        Args:
            request: The request whose redirect is awaited; its redirect URI must be ``http`` on loopback.
            notify: Told in a sentence, from another thread, what came that looked like a redirect and is none.

        """
        self._request = request
        self._notify = notify
        address = urlsplit(request.client.redirect_uri)
        self._host = "127.0.0.1" if address.hostname == "localhost" else address.hostname or ""
        self._port = address.port or _HTTP_PORT
        self._path = address.path or "/"
        name = f"[{address.hostname}]" if ":" in self._host else address.hostname
        # RFC 9110 section 4.2.3: the default port may stand in a Host header, or not.
        self._hosts = {f"{name}:{self._port}", *([f"{name}"] if self._port == _HTTP_PORT else [])}
        self._lock = threading.Lock()
        self._arrived = threading.Event()
        self._outcome: AuthorizationResponse | AuthorizationError | None = None

    def __enter__(self) -> "RedirectReceiver":  # noqa: PYI034 - `typing.Self` is younger than Python 3.10
        self._server = listen(self._host, self._port, self._answer, on_tls=self._hint_at_tls)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def wait(self, timeout: float) -> AuthorizationResponse | None:
        """Wait for the redirect for so many seconds; None when it did not come.

        Raises:
            AuthorizationError: it came, and says no.

        """
        if not self._arrived.wait(timeout):
            return None
        if isinstance(self._outcome, AuthorizationError):
            raise self._outcome
        return self._outcome

    def _answer(self, request: Request) -> Answer:
        path, _, query = request.target.partition("?")
        # A page elsewhere whose name was made to lead here (DNS rebinding) still says its own name.
        if request.headers.get("host", "").lower() not in self._hosts:
            return page(421, error_page("This address is not the one that was asked for."))
        if path != self._path:
            return page(404, error_page("There is no such page here."))
        if request.method != "GET":
            return page(405, error_page("The request is not one of a browser that was sent here."))
        outcome: AuthorizationResponse | AuthorizationError
        try:
            outcome = self._request.parse_response(f"?{query}")
        except AuthorizationError as error:
            outcome = error
        except InvalidRedirectError as error:
            if query:  # an address that somebody typed or reloaded without its query is no news
                self._notify(str(error))
            return page(400, error_page("This is not an answer to the sign-in that is going on."))
        with self._lock:
            if self._outcome is not None:
                return page(410, error_page("This sign-in is over."))
            self._outcome = outcome
        # Not before the page has left: the wait ends, and with it every connection.
        return page(200, _page_for(outcome), then=self._arrived.set)

    def _hint_at_tls(self) -> None:
        self._notify("a browser tried https, but the redirect URI is http: it may be set to upgrade all addresses")
