"""HTTP on a loopback address: what the redirection receiver (RFC 8252 section 7.3) and the sandbox listen with."""

from collections.abc import Callable
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from attrs import field
from attrs import frozen

from ._pages import error_page
from ._pages import page_headers

if TYPE_CHECKING:
    import socket
    from http.server import ThreadingHTTPServer
    from ssl import SSLContext

_MAX_BODY = 64 * 1024
# Browsers open connections before they need them, and port scanners leave theirs open.
_IDLE_SECONDS = 30.0


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


def page(status: int, body: bytes) -> Answer:
    """Answer with a page that a person sees."""
    return Answer(status=status, body=body, headers=page_headers())


def listen(  # noqa: C901 - it counts the two classes in
    host: str,
    port: int,
    answer: Callable[[Request], Answer],
    ssl_context: "SSLContext | None" = None,
) -> "ThreadingHTTPServer":
    """Listen on a loopback address; ``serve_forever`` then answers each connection in a thread of its own.

    ``server_close`` also breaks off the connections that are open and waits for their threads.

    Raises:
        OSError: the port is in use, or not this user's to listen on; the message names it.

    """
    from http.server import BaseHTTPRequestHandler
    from http.server import ThreadingHTTPServer
    from socket import SHUT_RDWR
    from socketserver import TCPServer
    from sys import exc_info

    class Server(ThreadingHTTPServer):
        # Threads that are not daemons are waited for at the end, so that none is left.
        daemon_threads = False

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
            self._send(answer(request))

        def _send(self, reply: Answer) -> None:
            self.send_response(reply.status)
            for name, value in {**reply.headers, "Content-Length": str(len(reply.body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body)

        def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
            # http.server's own page repeats the request line, which may hold a code.
            self.close_connection = True
            self._send(page(code, error_page("The request cannot be read.")))

        do_POST = do_GET  # noqa: N815 - http.server's name

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
