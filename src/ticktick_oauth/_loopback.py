"""The loopback redirection receiver (RFC 8252 section 7.3), and the HTTP server that the sandbox shares with it.

The receiver takes nothing but the redirect of its own request: strays, port scanners, other pages and other sign-ins
get a 4xx, and the wait goes on.
"""

import os
import threading
from collections.abc import Callable
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from attrs import field
from attrs import frozen

from ._authorization import AuthorizationRequest
from ._authorization import AuthorizationResponse
from ._pages import allowed_page
from ._pages import denied_page
from ._pages import error_page
from ._pages import page_headers
from .exceptions import AuthorizationError
from .exceptions import InvalidRedirectError

if TYPE_CHECKING:
    import socket
    from http.server import ThreadingHTTPServer
    from ssl import SSLContext

_MAX_BODY = 64 * 1024
# Browsers open connections before they need them, and port scanners leave theirs open.
_IDLE_SECONDS = 30.0
_HTTP_PORT = 80


@frozen(kw_only=True)
class Request:
    """What came over the wire."""

    method: str
    target: str
    headers: Mapping[str, str]
    """The headers, their names in lower case."""
    body: bytes = field(repr=False)


@frozen(kw_only=True)
class Answer:
    """What goes back."""

    status: int
    body: bytes = field(repr=False)
    headers: Mapping[str, str]
    then: Callable[[], None] = lambda: None
    """Called when it has left, or could not."""


def page(status: int, body: bytes, *, then: Callable[[], None] = lambda: None) -> Answer:
    """Answer with a page that a person sees."""
    return Answer(status=status, body=body, headers=page_headers(), then=then)


def listen(  # noqa: C901 - it counts the two classes in
    host: str,
    port: int,
    answer: Callable[[Request], Answer],
    *,
    ssl_context: "SSLContext | None" = None,
    on_tls: Callable[[], None] = lambda: None,
) -> "ThreadingHTTPServer":
    """Listen on a loopback address; ``serve_forever`` then answers each connection in a thread of its own.

    ``server_close`` also breaks off the connections that are open and waits for their threads.

    Args:
        host: The IP literal to listen on.
        port: The port; 0 takes a free one.
        answer: Answers a request; called in the threads.
        ssl_context: A server's context, to speak TLS; None for plain HTTP.
        on_tls: Called when a peer starts TLS where plain HTTP is spoken.

    Raises:
        OSError: the port is in use, or not this user's to listen on; the message names it.

    """
    from http.server import BaseHTTPRequestHandler
    from http.server import ThreadingHTTPServer
    from socket import AF_INET
    from socket import AF_INET6
    from socket import MSG_PEEK
    from socket import SHUT_RDWR
    from socketserver import TCPServer
    from sys import exc_info

    class Server(ThreadingHTTPServer):
        address_family = AF_INET6 if ":" in host else AF_INET
        # Threads that are not daemons are waited for at the end, so that none is left.
        daemon_threads = False
        # On Windows it would let two programs listen on one port.
        allow_reuse_address = os.name != "nt"

        def server_bind(self) -> None:
            self._open: set[socket.socket] = set()
            # HTTPServer's own would ask the resolver for this machine's name.
            TCPServer.server_bind(self)
            self.server_name, self.server_port = host, self.socket.getsockname()[1]

        def process_request(self, request: "socket.socket", client_address: tuple[str, int]) -> None:  # type: ignore[override]
            self._open.add(request)
            super().process_request(request, client_address)

        def shutdown_request(self, request: "socket.socket") -> None:  # type: ignore[override]
            self._open.discard(request)
            super().shutdown_request(request)

        def server_close(self) -> None:
            for connection in list(self._open):
                with suppress(OSError):
                    connection.shutdown(SHUT_RDWR)
            super().server_close()

        def handle_error(self, request: "socket.socket", client_address: tuple[str, int]) -> None:  # type: ignore[override]
            # That a peer breaks off, or speaks no TLS, is its own affair, and nothing to print.
            if not isinstance(exc_info()[1], OSError):
                super().handle_error(request, client_address)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        server_version = "ticktick-oauth"
        sys_version = ""
        timeout = _IDLE_SECONDS
        # An answer leaves in one write, at once: two would wait 40 ms for each other's acknowledgement.
        wbufsize = -1
        disable_nagle_algorithm = True

        def handle(self) -> None:
            # A TLS record of a handshake (RFC 8446 section 5.1), in which the end of a line may never come.
            if ssl_context is None and self.connection.recv(1, MSG_PEEK) == b"\x16":
                on_tls()
            else:
                super().handle()

        def do_GET(self) -> None:
            length = self.headers.get("Content-Length", "0")
            if not length.isdecimal() or int(length) > _MAX_BODY:
                self.send_error(413)
                return
            request = Request(
                method=self.command,
                target=self.path,
                headers={name.lower(): value for name, value in self.headers.items()},
                body=self.rfile.read(int(length)),
            )
            reply = answer(request)
            try:
                self._send(reply)
                self.wfile.flush()
            finally:
                reply.then()

        def _send(self, reply: Answer) -> None:
            self.send_response(reply.status)
            for name, value in {**reply.headers, "Content-Length": str(len(reply.body))}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(reply.body)

        def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
            # http.server's own page repeats the request line, which may hold a code.
            self.close_connection = True
            self._send(page(code, error_page("The request cannot be read.")))

        do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_CONNECT = do_GET  # noqa: N815 - its names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
            """Print nothing: a request line may hold a code."""

    try:
        server = Server((host, port), Handler)
    except OSError as error:
        raise OSError(error.errno, f"cannot listen on port {port} of {host}: {error.strerror}") from None
    if ssl_context is not None:
        # The handshake is for the connection's own thread, where a peer that stalls holds nobody else.
        server.socket = ssl_context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    return server


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
