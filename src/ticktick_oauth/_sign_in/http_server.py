"""A small HTTP server for loopback: each connection brings one request, and gets its answer in a thread of its own.

Browsers open connections before they need them, and port scanners leave theirs open. So there is an end to how many
there are, and to how long a peer may take for a request or for hanging up.
"""

import re
import socket
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from email.message import Message
from errno import EADDRNOTAVAIL, EAFNOSUPPORT, EAGAIN
from http.server import BaseHTTPRequestHandler
from math import inf
from threading import Thread
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from .pages import page_headers, stray_page

if TYPE_CHECKING:
    from ssl import SSLContext

# More than browsers open at once; a process may have 256 descriptors.
_MAX_CONNECTIONS = 64
# For a whole request, however it comes.
_REQUEST_SECONDS = 30.0
# How long the rest of what a peer sends is read once its answer has left; and how long the end of the listener waits
# for answers that are still being made.
_GRACE_SECONDS = 1.0
# How often a listening thread looks at the clock, and whether it should end.
_POLL_SECONDS = 0.05
# The first byte of a TLS handshake record (RFC 8446 section 5.1), in which the end of a line may never come.
TLS_HANDSHAKE = b"\x16"


@frozen(kw_only=True)
class Request:
    """What came over the wire. Its repr shows the method alone, since codes and secrets stand everywhere else."""

    method: str
    path: str = field(repr=False)
    query: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    """The headers, their names in lower case."""
    body: bytes = field(repr=False)


@frozen(kw_only=True)
class Answer:
    """What goes back. Its repr shows the status alone: a ``Location`` holds a code, a body a token."""

    status: int
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)


def page(status: int, body: bytes) -> Answer:
    """Answer with a page that a person sees."""
    return Answer(status=status, body=body, headers=page_headers())


class Listener:
    """Answers requests on its port of loopback, from its making until it is closed."""

    def __init__(  # noqa: PLR0913 - where, how, and what to call
        self,
        host: str,
        port: int,
        answer: Callable[[Request], Answer],
        *,
        ssl_context: "SSLContext | None" = None,
        on_unreadable: Callable[[bytes], None] = lambda _: None,
        is_over: Callable[[], bool] = lambda: False,
    ) -> None:
        """Start to listen, on port 0 on a free one, and on both loopback addresses for ``localhost``.

        ``answer`` is called in the connection's thread, and ``on_unreadable`` with the first line of what cannot be
        read as a request, or with the first byte of a TLS handshake where plain HTTP is spoken. Once ``is_over``,
        which is asked some 20 times a second, nobody listens any more.

        Raises:
            OSError: the port is in use, or not this user's to listen on, or no thread can start; the message says so.

        """
        self.port = port
        self.answer = answer
        self.on_unreadable = on_unreadable
        self._ssl_context = ssl_context
        self._is_over = is_over
        self._closing = False
        self._sockets: list[socket.socket] = []
        self._threads: list[Thread] = []
        # The open connections, each with the moment by which its peer must have sent all; it is `inf` during an answer.
        self.ends: dict[Any, float] = {}
        try:
            for literal in ("127.0.0.1", "::1") if host == "localhost" else (host,):
                try:
                    self._sockets.append(_bind(literal, self.port))
                except OSError as error:
                    if self._sockets and error.errno in {EADDRNOTAVAIL, EAFNOSUPPORT}:
                        break  # without IPv6, nobody else listens there either
                    words = f"cannot listen on port {self.port} of {host}: {error.strerror}"
                    raise OSError(error.errno, words) from None
                self.port = self._sockets[0].getsockname()[1]
            for each in self._sockets:
                thread = Thread(target=self._accept, args=(each,), daemon=True)
                thread.start()
                self._threads.append(thread)
        except BaseException as error:
            self.close()
            if not isinstance(error, RuntimeError):
                raise
            # No thread is left; or a subinterpreter, which has no daemons.
            raise OSError(EAGAIN, f"cannot listen: no thread can start ({error})") from None

    def close(self) -> None:
        """Stop listening, break off what waits for a request, and wait a little for what is being answered."""
        self._closing = True
        for thread in self._threads:
            thread.join()
        for each in self._sockets:
            each.close()
        end = time.monotonic() + _GRACE_SECONDS
        while self.ends and time.monotonic() < end:
            self._break_off(inf)
            time.sleep(_POLL_SECONDS / 10)

    def _accept(self, listening: socket.socket) -> None:
        with listening:
            while not (self._closing or self._is_over()):
                try:
                    self._begin(listening.accept()[0])
                except TimeoutError:
                    pass
                except OSError:  # the peer has gone; or no descriptor is left until a connection ends
                    self._break_off_oldest()
                    time.sleep(_POLL_SECONDS)
                self._break_off(time.monotonic())

    def _begin(self, connection: socket.socket) -> None:
        connection.settimeout(_REQUEST_SECONDS)
        if self._ssl_context is not None:  # its handshake delays nobody but its own thread
            connection = self._ssl_context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        if len(self.ends) >= _MAX_CONNECTIONS:
            self._break_off_oldest()
        self.ends[connection] = time.monotonic() + _REQUEST_SECONDS
        try:
            Thread(target=self._converse, args=(connection,), daemon=True).start()
        except RuntimeError:  # no thread is left
            connection.close()
            self.ends.pop(connection, None)

    def _converse(self, connection: socket.socket) -> None:
        try:
            with suppress(OSError):  # that a peer breaks off, or speaks no TLS, is its own affair
                if self._ssl_context is None and connection.recv(1, socket.MSG_PEEK) == TLS_HANDSHAKE:
                    self.on_unreadable(TLS_HANDSHAKE)
                else:
                    _Handler(connection, self)
        finally:
            # What is left unread resets the connection, and the answer may be lost on its way.
            self.ends[connection] = time.monotonic() + _GRACE_SECONDS
            with suppress(OSError, ValueError):  # ValueError: of a TLS socket that was closed
                connection.settimeout(_GRACE_SECONDS)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65536):
                    pass
            connection.close()
            self.ends.pop(connection, None)

    def _break_off_oldest(self) -> None:
        self._break_off(min(list(self.ends.values()), default=0.0))

    def _break_off(self, until: float) -> None:
        """Break off each connection whose peer had to have said all by a moment."""
        for connection, end in list(self.ends.items()):
            if end <= until and end != inf:
                self.ends.pop(connection, None)
                with suppress(OSError):
                    # Not SSLSocket's own, which takes the TLS object from under the thread that reads by it.
                    socket.socket.shutdown(connection, socket.SHUT_RDWR)


def _bind(host: str, port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        # On Windows, SO_REUSEADDR would let another program take the port.
        name = "SO_EXCLUSIVEADDRUSE" if sys.platform == "win32" else "SO_REUSEADDR"
        listening.setsockopt(socket.SOL_SOCKET, getattr(socket, name), 1)
        listening.bind((host, port))
        listening.listen(128)
        listening.settimeout(_POLL_SECONDS)
    except BaseException:
        listening.close()
        raise
    return listening


class _Handler(BaseHTTPRequestHandler):
    raw_requestline: bytes
    # One request a connection; HTTP/0.9, its own for a line without a version, has answers without a status.
    protocol_version = default_request_version = "HTTP/1.0"
    server_version = "ticktick-oauth"
    sys_version = ""
    wbufsize = -1  # head and body leave in one write: a second one could wait for the first one's acknowledgement

    def __init__(self, connection: socket.socket, listener: Listener) -> None:
        self._listener = listener
        # Without the peer's name and a server of socketserver, of which it makes no use.
        super().__init__(connection, ("", 0), None)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        given = self.headers or Message()  # a line without a version has none at all, from Python 3.14 on
        length = given.get("Content-Length", "0")
        # RFC 9112 sections 3.2 and 6.3: two of these are two different requests in one.
        twice = any(len(given.get_all(each, [])) > 1 for each in ("Host", "Content-Length"))
        is_clear = not twice and "Transfer-Encoding" not in given and re.fullmatch("[0-9]{1,5}", length)
        body = self.rfile.read(int(length)) if is_clear else b""
        if not is_clear or len(body) < int(length):
            self.send_error(400)
            return
        headers = {name.lower(): value for name, value in given.items()}
        # RFC 9112 section 3.2.2: the host of a target in absolute form goes before that of the header.
        if match := re.fullmatch(r"[hH][tT][tT][pP]://([^/?#]*)(/?.*)", self.path):
            headers["host"], self.path = match[1], match[2]
        path, _, query = self.path.partition("?")
        self._listener.ends[self.connection] = inf
        request = Request(method=self.command, path=path, query=query, headers=headers, body=body)
        self._send(self._listener.answer(request))

    do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_CONNECT = do_GET  # noqa: N815 - its names

    def _send(self, reply: Answer) -> None:
        self.send_response(reply.status)
        for name, value in {**reply.headers, "Content-Length": str(len(reply.body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        # http.server's own page repeats the request line, which may hold a code.
        self._listener.on_unreadable(self.raw_requestline)
        self._send(page(code, stray_page("The request cannot be read.")))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Print nothing: a request line may hold a code."""
