"""Listen on loopback and give each connection a thread, within bounds.

Browsers open connections before they need them, and port scanners leave theirs open. So there is an end to how many
there are, and to how long a peer may take for a request or for hanging up.
"""

import os
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from errno import EADDRNOTAVAIL, EAFNOSUPPORT, EAGAIN
from math import inf
from socketserver import BaseRequestHandler, TCPServer, ThreadingMixIn
from threading import Thread
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

if TYPE_CHECKING:
    from ssl import SSLContext

# More than browsers open at once; a process may have 256 descriptors.
_MAX_CONNECTIONS = 64
# For a whole request, however it comes.
REQUEST_SECONDS = 30.0
# How long the rest of what a peer sends is read once the last answer has left: what is left unread resets the
# connection, and the answer may be lost on its way.
_DRAIN_SECONDS = 1.0
# How often a listening thread looks at the clock, and whether it should end.
_POLL_SECONDS = 0.05
# How long the end waits for threads that are still busy with an answer.
_END_SECONDS = 1.0

_listening: "WeakSet[socket.socket]" = WeakSet()


def _close_in_child() -> None:
    """Free the ports in a child, which has none of the threads."""
    for each in list(_listening):
        each.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_close_in_child)


class Listener:
    """Listens on loopback, from its making until it is closed."""

    port: int
    """The port it listens on."""

    def __init__(
        self,
        host: str,
        port: int,
        converse: "Callable[[socket.socket, Server], object]",
        *,
        ssl_context: "SSLContext | None" = None,
        is_over: Callable[[], bool] = lambda: False,
    ) -> None:
        """Start to listen, on port 0 on a free one, and on both loopback addresses for ``localhost``.

        ``converse`` is called with each connection in a thread of its own, and with the server, which it tells when the
        peer waits for an answer. Once ``is_over``, which is asked some 20 times a second, nobody listens any more.

        Raises:
            OSError: the port is in use, or not this user's to listen on, or no thread can start; the message says so.

        """
        self._closing = False
        self._servers: list[Server] = []
        self._threads: list[Thread] = []
        self.port = port
        try:
            for literal in ("127.0.0.1", "::1") if host == "localhost" else (host,):
                try:
                    server = Server(literal, self.port, converse, ssl_context)
                except OSError as error:
                    if self._servers and error.errno in {EADDRNOTAVAIL, EAFNOSUPPORT}:
                        break  # without IPv6, nobody else listens there either
                    reason = os.strerror(error.errno or 0)
                    raise OSError(error.errno, f"cannot listen on port {self.port} of {host}: {reason}") from None
                self._servers.append(server)
                self.port = server.server_address[1]
            for server in self._servers:
                thread = Thread(target=server.serve, args=(lambda: self._closing or is_over(),), daemon=True)
                thread.start()
                self._threads.append(thread)
        except RuntimeError as error:  # no thread is left; or a subinterpreter, which has no daemons
            self.close()
            raise OSError(EAGAIN, f"cannot listen: no thread can start ({error})") from None
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Listener":  # noqa: PYI034 - `typing.Self` is younger than Python 3.10
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop listening, break off the open connections, and wait a little for the end of both."""
        self._closing = True
        for thread in self._threads:
            thread.join()
        for server in self._servers:
            server.end()


class Server(ThreadingMixIn, TCPServer):
    """One listening socket, and its connections."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = os.name == "posix"  # on Windows, it would let another program take the port
    request_queue_size = 128
    timeout = _POLL_SECONDS

    def __init__(
        self,
        host: str,
        port: int,
        converse: "Callable[[socket.socket, Server], object]",
        ssl_context: "SSLContext | None",
    ) -> None:
        self._converse = converse
        self._ssl_context = ssl_context
        # The open connections, each with the moment by which its peer has to have said all.
        self._open: dict[Any, float] = {}
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), BaseRequestHandler)

    def server_bind(self) -> None:
        if sys.platform == "win32":
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        super().server_bind()
        _listening.add(self.socket)

    def serve(self, is_over: Callable[[], bool]) -> None:
        """Accept connections until it is over."""
        with self:
            self.socket.settimeout(0)  # a peer may be gone before it is accepted
            while not is_over():
                self.handle_request()
                now = time.monotonic()
                for connection, end in list(self._open.items()):
                    if end < now:
                        self._break_off(connection)

    def get_request(self) -> tuple[Any, Any]:
        """Accept a connection; its TLS handshake is for its own thread, where a peer that stalls delays no other."""
        try:
            connection, address = super().get_request()
            connection.settimeout(REQUEST_SECONDS)
            if self._ssl_context is not None:
                connection = self._ssl_context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        except OSError:
            self._break_off_oldest()  # the peer has gone; or no descriptor is left until a connection ends
            time.sleep(_POLL_SECONDS)
            raise
        return connection, address

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - socketserver's
        if len(self._open) >= _MAX_CONNECTIONS:
            self._break_off_oldest()
        self.expect_request(request)
        try:
            super().process_request(request, client_address)
        except RuntimeError:  # no thread is left
            self.shutdown_request(request)

    def finish_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401, ARG002 - socketserver's
        self._converse(request, self)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401, ARG002 - socketserver's
        if not isinstance(sys.exc_info()[1], OSError):  # that a peer breaks off, or speaks no TLS, is its own affair
            raise  # noqa: PLE0704 - it is called in an `except` block

    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401 - socketserver's
        try:
            with suppress(OSError, ValueError):  # ValueError: of a TLS socket that was closed
                request.shutdown(socket.SHUT_WR)
                end = time.monotonic() + _DRAIN_SECONDS
                while (left := end - time.monotonic()) > 0:
                    request.settimeout(left)
                    if not request.recv(65536):
                        break
        finally:
            request.close()
            self._open.pop(request, None)

    def expect_request(self, connection: Any) -> None:  # noqa: ANN401 - a socket, perhaps of TLS
        """Start the clock of a connection's next request."""
        self._open[connection] = time.monotonic() + REQUEST_SECONDS

    def stop_clock(self, connection: Any) -> None:  # noqa: ANN401 - as above
        """Let a connection wait for its answer."""
        self._open[connection] = inf

    def _break_off_oldest(self) -> None:
        waiting = [(end, connection) for connection, end in list(self._open.items()) if end < inf]
        if waiting:
            self._break_off(min(waiting, key=lambda each: each[0])[1])

    def _break_off(self, connection: Any) -> None:  # noqa: ANN401 - as above
        self._open.pop(connection, None)
        with suppress(OSError):
            # Not SSLSocket's own, which takes the TLS object from under the thread that reads by it.
            socket.socket.shutdown(connection, socket.SHUT_RDWR)

    def end(self) -> None:
        """Close it, break off all that waits for a request, and wait a little for what is being answered."""
        self.server_close()
        for connection, end in list(self._open.items()):
            with suppress(OSError):
                socket.socket.shutdown(connection, socket.SHUT_RD if end == inf else socket.SHUT_RDWR)
        end = time.monotonic() + _END_SECONDS
        while self._open and time.monotonic() < end:
            time.sleep(_POLL_SECONDS / 10)
