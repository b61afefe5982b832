"""A small HTTP server for loopback: a request to an answer."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from attrs import field, frozen

from .listener import Listener
from .pages import page_headers, stray_page

if TYPE_CHECKING:
    import socket
    from http.server import BaseHTTPRequestHandler
    from ssl import SSLContext

_MAX_BODY = 64 * 1024
# Browsers open connections before they need them, and port scanners leave theirs open.
_IDLE_SECONDS = 30.0
# The first byte of a TLS handshake record (RFC 8446 section 5.1), in which the end of a line may never come.
TLS_HANDSHAKE = b"\x16"


@frozen(kw_only=True)
class Request:
    """What came over the wire. Its repr shows the method alone, since codes and secrets stand everywhere else."""

    method: str
    target: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    """The headers, their names in lower case."""
    body: bytes = field(repr=False)

    @property
    def path(self) -> str:
        """What stands before the question mark of the target."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        """What stands behind the question mark of the target."""
        return self.target.partition("?")[2]


@frozen(kw_only=True)
class Answer:
    """What goes back. Its repr shows the status alone: a ``Location`` holds a code, a body a token."""

    status: int
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    then: Callable[[], None] = field(default=lambda: None, repr=False)
    """Called when the answer has left, or could not."""


def page(status: int, body: bytes, *, then: Callable[[], None] = lambda: None) -> Answer:
    """Answer with a page that a person sees."""
    return Answer(status=status, body=body, headers=page_headers(), then=then)


def listen(
    host: str,
    port: int,
    answer: Callable[[Request], Answer],
    *,
    ssl_context: "SSLContext | None" = None,
    on_unreadable: Callable[[bytes], None] = lambda _: None,
) -> Listener:
    """Answer requests on loopback, from now on until the listener is closed or forgotten.

    Args:
        host: The IP literal to listen on, or ``localhost`` for both 127.0.0.1 and ::1.
        port: The port; 0 takes a free one.
        answer: Answers a request; called in the connection's thread. When it fails, the peer gets a page all the same.
        ssl_context: A server's context, to speak TLS; None for plain HTTP.
        on_unreadable: Called in that thread with the first line of what cannot be read as a request, or with the first
            byte of a TLS handshake where plain HTTP is spoken.

    Raises:
        OSError: the port is in use, or not this user's to listen on; the message names it.

    """
    handler = _handler(answer, on_unreadable)

    def converse(connection: "socket.socket") -> None:
        from socket import MSG_PEEK

        connection.settimeout(_IDLE_SECONDS)
        if ssl_context is None and connection.recv(1, MSG_PEEK) == TLS_HANDSHAKE:
            on_unreadable(TLS_HANDSHAKE)
        else:
            # Without the peer's name and a server object, which http.server would only print, or pass on.
            handler(connection, None, None)  # type: ignore[arg-type]

    return Listener(host, port, converse, ssl_context=ssl_context)


def _handler(  # noqa: C901 - it counts the class in
    answer: Callable[[Request], Answer], on_unreadable: Callable[[bytes], None]
) -> "type[BaseHTTPRequestHandler]":
    from http.server import BaseHTTPRequestHandler

    class Handler(BaseHTTPRequestHandler):
        raw_requestline: bytes
        protocol_version = "HTTP/1.1"
        # HTTP/0.9, its own, has answers without a status.
        default_request_version = "HTTP/1.0"
        server_version = "ticktick-oauth"
        sys_version = ""
        # An answer leaves in one write, at once: two would wait 40 ms for each other's acknowledgement.
        wbufsize = -1
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            length = self.headers.get("Content-Length", "0")
            if "Transfer-Encoding" in self.headers:
                self.send_error(411)
            elif not length.isdecimal():
                self.send_error(400)
            elif len(length) > len(str(_MAX_BODY)) or int(length) > _MAX_BODY:  # `int` takes 4,300 digits at most
                self.send_error(413)
            elif len(body := self.rfile.read(int(length))) < int(length):
                self.send_error(400)
            else:
                headers = {name.lower(): value for name, value in self.headers.items()}
                self._answer(Request(method=self.command, target=self.path, headers=headers, body=body))

        do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_CONNECT = do_GET  # noqa: N815 - its names

        def _answer(self, request: Request) -> None:
            try:
                reply = answer(request)
            except Exception:
                self._send(page(500, stray_page("This program made a mistake.")))
                raise
            try:
                self._send(reply)
            finally:
                reply.then()

        def _send(self, reply: Answer) -> None:
            self.send_response(reply.status)
            for name, value in {**reply.headers, "Content-Length": str(len(reply.body))}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(reply.body)
            self.wfile.flush()

        def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
            # http.server's own page repeats the request line, which may hold a code.
            self.close_connection = True
            on_unreadable(self.raw_requestline)
            self._send(page(code, stray_page("The request cannot be read.")))

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
            """Print nothing: a request line may hold a code."""

    return Handler
