"""Listen on loopback and give each connection a thread: what a server needs that must end cleanly, whatever happens.

All is done by threads that Ctrl-C does not reach, and none of them keeps the process from ending.
"""

import os
import threading
import time
import weakref
from collections.abc import Callable
from contextlib import ExitStack, suppress
from errno import EADDRNOTAVAIL, EAFNOSUPPORT
from queue import SimpleQueue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket
    from ssl import SSLContext

# More than browsers, port scanners and a test of 32 threads open at once.
_BACKLOG = 128
# How often the listening thread looks whether it should end.
_POLL_SECONDS = 0.05
# How long the rest of what a peer sends is read once the conversation is over: what is left unread resets the
# connection, and the last answer may be lost on its way.
_DRAIN_SECONDS = 1.0
# How long the end waits for threads that are still busy with an answer.
_END_SECONDS = 1.0


class Listener:
    """Listens from its making on, until it is closed or nothing refers to it any more.

    So an exception that interrupts the constructor, or ``close``, leaves nothing open.
    """

    port: int
    """The port it listens on."""

    def __init__(
        self,
        host: str,
        port: int,
        converse: "Callable[[socket.socket], None]",
        *,
        ssl_context: "SSLContext | None" = None,
    ) -> None:
        """Start to listen.

        Args:
            host: The IP literal to listen on, or ``localhost`` for both 127.0.0.1 and ::1.
            port: The port; 0 takes a free one.
            converse: Called with each connection in a thread of its own; it must not refer to this object.
            ssl_context: A server's context, to speak TLS; None for plain TCP.

        Raises:
            OSError: the port is in use, or not this user's to listen on; the message names it.

        """
        closing, me = threading.Event(), weakref.ref(self)
        started: SimpleQueue[int | Exception] = SimpleQueue()

        def listen() -> None:
            with ExitStack() as stack:
                try:
                    listeners = [stack.enter_context(one) for one in _bind(host, port)]
                except Exception as error:  # noqa: BLE001 - raised below, where somebody waits
                    started.put(error)
                    return
                started.put(listeners[0].getsockname()[1])
                _accept(listeners, connections, lambda: me() is not None and not closing.is_set())
            connections.end()

        connections = _Connections(converse, ssl_context)
        self._closing = closing
        self._thread = threading.Thread(target=listen, daemon=True)
        self._thread.start()
        outcome = started.get()
        if isinstance(outcome, Exception):
            raise outcome
        self.port = outcome

    def __enter__(self) -> "Listener":  # noqa: PYI034 - `typing.Self` is younger than Python 3.10
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop listening, break off the open connections, and wait for the end of both."""
        self._closing.set()
        self._thread.join()


def _bind(host: str, port: int) -> "list[socket.socket]":
    from socket import AF_INET, AF_INET6, create_server

    listeners: list[socket.socket] = []
    for literal in ("127.0.0.1", "::1") if host == "localhost" else (host,):
        family = AF_INET6 if ":" in literal else AF_INET
        try:
            listener = create_server((literal, port), family=family, backlog=_BACKLOG)
        except OSError as error:
            if listeners and error.errno in {EADDRNOTAVAIL, EAFNOSUPPORT}:
                break  # without IPv6, nobody else listens there either
            for one in listeners:
                one.close()
            reason = os.strerror(error.errno or 0)
            raise OSError(error.errno, f"cannot listen on port {port} of {host}: {reason}") from None
        listener.settimeout(0)  # a peer may be gone between `select` and `accept`
        listeners.append(listener)
        port = listener.getsockname()[1]
    return listeners


def _accept(listeners: "list[socket.socket]", connections: "_Connections", is_wanted: Callable[[], bool]) -> None:
    from selectors import EVENT_READ, DefaultSelector

    with DefaultSelector() as selector:
        for listener in listeners:
            selector.register(listener, EVENT_READ, data=listener)
        while is_wanted():
            for key, _ in selector.select(_POLL_SECONDS):
                connections.accept(key.data)


class _Connections:
    """The connections that are open, each with the thread that converses on it."""

    def __init__(self, converse: "Callable[[socket.socket], None]", ssl_context: "SSLContext | None") -> None:
        self._converse = converse
        self._ssl_context = ssl_context
        self._open: dict[threading.Thread, socket.socket] = {}

    def accept(self, listener: "socket.socket") -> None:
        """Take the connection that waits at a listening socket."""
        try:
            connection, _ = listener.accept()
            if self._ssl_context is not None:
                # The handshake is for the connection's own thread, where a peer that stalls delays no other.
                connection = self._ssl_context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        except OSError:
            time.sleep(_POLL_SECONDS)  # the peer has gone; or no file descriptor is left until a connection ends
            return
        thread = threading.Thread(target=self._run, args=(connection,), daemon=True)
        self._open[thread] = connection
        try:
            thread.start()
        except RuntimeError:  # no thread is left
            del self._open[thread]
            connection.close()

    def _run(self, connection: "socket.socket") -> None:
        from socket import SHUT_WR

        try:
            # That a peer breaks off, or does not speak TLS, is its own affair.
            with connection, suppress(OSError):
                self._converse(connection)
                connection.shutdown(SHUT_WR)
                connection.settimeout(_DRAIN_SECONDS)
                while connection.recv(65536):
                    pass
        finally:
            del self._open[threading.current_thread()]

    def end(self) -> None:
        """Break off all connections, and wait a little for their threads."""
        import socket

        connections = self._open.copy()
        for connection in connections.values():
            with suppress(OSError):
                # Not SSLSocket's own, which takes the TLS object from under the thread that reads by it.
                socket.socket.shutdown(connection, socket.SHUT_RDWR)
        end = time.monotonic() + _END_SECONDS
        for thread in connections:
            thread.join(max(0.0, end - time.monotonic()))
