"""A small HTTP server for loopback: a request to an answer."""

import re
import socket
from collections.abc import Callable, Mapping
from email.message import Message
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING

from attrs import field, frozen

from .listener import REQUEST_SECONDS, Listener, Server
from .pages import page_headers, stray_page

if TYPE_CHECKING:
    from ssl import SSLContext

_MAX_BODY = 64 * 1024
# The first byte of a TLS handshake record (RFC 8446 section 5.1), in which the end of a line may never come.
TLS_HANDSHAKE = b"\x16"
# RFC 9112 sections 3.2 and 6.3: two of these are two different requests in one.
_SINGLE = "Host", "Content-Length"


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
    on_sent: Callable[[], None] = field(default=lambda: None, repr=False)
    """Called when the answer has left, or could not."""


def page(status: int, body: bytes, *, on_sent: Callable[[], None] = lambda: None) -> Answer:
    """Answer with a page that a person sees."""
    return Answer(status=status, body=body, headers=page_headers(), on_sent=on_sent)


def listen(  # noqa: PLR0913 - where, how, and what to call
    host: str,
    port: int,
    answer: Callable[[Request], Answer],
    *,
    ssl_context: "SSLContext | None" = None,
    on_unreadable: Callable[[bytes], None] = lambda _: None,
    is_over: Callable[[], bool] = lambda: False,
) -> Listener:
    """Answer requests on loopback, as ``Listener`` does it, from now on until the listener is closed.

    ``answer`` is called in the connection's thread; when it fails, the peer gets a page all the same. ``on_unreadable``
    is called there with the first line of what cannot be read as a request, or with the first byte of a TLS handshake
    where plain HTTP is spoken.
    """

    def converse(connection: socket.socket, server: Server) -> None:
        if ssl_context is None and connection.recv(1, socket.MSG_PEEK) == TLS_HANDSHAKE:
            on_unreadable(TLS_HANDSHAKE)
        else:
            _Handler(connection, server, answer, on_unreadable)

    return Listener(host, port, converse, ssl_context=ssl_context, is_over=is_over)


class _Handler(BaseHTTPRequestHandler):
    raw_requestline: bytes
    timeout = REQUEST_SECONDS
    protocol_version = "HTTP/1.1"
    # HTTP/0.9, its own, has answers without a status.
    default_request_version = "HTTP/1.0"
    server_version = "ticktick-oauth"
    sys_version = ""
    # An answer leaves in one write, at once: two would wait 40 ms for each other's acknowledgement.
    wbufsize = -1
    disable_nagle_algorithm = True

    def __init__(
        self,
        connection: socket.socket,
        server: Server,
        answer: Callable[[Request], Answer],
        on_unreadable: Callable[[bytes], None],
    ) -> None:
        self._clock = server
        self._answer_to = answer
        self._on_unreadable = on_unreadable
        super().__init__(connection, ("", 0), server)  # without the peer's name, which it would only print

    def do_GET(self) -> None:
        given = self.headers or Message()  # a line without a version has none at all, from Python 3.14 on
        length = given.get("Content-Length", "0")
        if "Transfer-Encoding" in given:
            self.send_error(411)
        elif not length.isdecimal() or any(len(given.get_all(each, [])) > 1 for each in _SINGLE):
            self.send_error(400)
        elif len(length) > len(str(_MAX_BODY)) or int(length) > _MAX_BODY:  # `int` takes 4,300 digits at most
            self.send_error(413)
        elif len(body := self.rfile.read(int(length))) < int(length):
            self.send_error(400)
        else:
            headers = {name.lower(): value for name, value in given.items()}
            # RFC 9112 section 3.2.2: the host of a target in absolute form goes before that of the header.
            if match := re.fullmatch(r"[hH][tT][tT][pP]://([^/?#]*)(/?.*)", self.path):
                headers["host"], self.path = match[1], match[2]
            self._answer(Request(method=self.command, target=self.path, headers=headers, body=body))

    do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_CONNECT = do_GET  # noqa: N815 - its names

    def _answer(self, request: Request) -> None:
        self._clock.stop_clock(self.connection)
        try:
            reply = self._answer_to(request)
        except Exception:
            self._send(page(500, stray_page("This program made a mistake.")))
            raise
        try:
            self._send(reply)
        finally:
            self._clock.expect_request(self.connection)
            reply.on_sent()

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
        self._on_unreadable(self.raw_requestline)
        self._send(page(code, stray_page("The request cannot be read.")))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Print nothing: a request line may hold a code."""
