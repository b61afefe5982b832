"""A small HTTP server for loopback: a request to an answer."""

import os
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
