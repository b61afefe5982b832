"""Make a urllib3 pool for one request, under one deadline over addresses, handshake, sending and reading.

urllib3's ``Timeout`` bounds each call of a socket, not their sum, so that a server that drips would hold the caller for
long. And OpenSSL, given a socket, loops inside one call for as long as records come: urllib3's ``SSLTransport`` reads
the socket itself, and so gives the deadline and Ctrl-C their turn.
"""

import os
import re
import socket
import ssl
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, closing, contextmanager, suppress
from functools import lru_cache, partial
from io import BufferedReader
from typing import Any, cast

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import NewConnectionError
from urllib3.util import parse_url
from urllib3.util.ssltransport import SSLTransport

from ..exceptions import TransportError
from .calls import Route

_Maker = Callable[[Any], socket.socket]


class Attempt:
    """How far a request has come, and how much of its time is left.

    ``timeout`` is in seconds. ``code_unused`` is None where the request carries no code; else it is true until the code
    may be on the wire.
    """

    def __init__(self, url: str, timeout: float, http: PoolManager | Route | None, *, code_unused: bool | None) -> None:
        parsed = parse_url(url)  # as the pool will read it
        self.host = (parsed.host or "").strip("[]")
        self.plain = parsed.scheme == "http"
        self.timeout = timeout
        self.route = http if isinstance(http, Route) else None
        self.is_pooled = http is not None and self.route is None  # by a pool of the caller's
        # The names of a Route, a ProxyManager and a SOCKSProxyManager.
        is_proxied = any(getattr(http, name, None) for name in ("tunnel", "proxy", "proxy_url"))
        self.way = " through the proxy" if is_proxied else ""
        self.code_unused = code_unused
        self.task = "read the trust store"
        self.sockets = ExitStack()
        self._end: float | None = None

    def left(self) -> float:
        """Return the seconds that are left, or raise a TimeoutError when none are; the first call starts the clock."""
        now = time.monotonic()
        if self._end is None:
            self._end = now + self.timeout
        left = self._end - now
        if left <= 0:
            raise TimeoutError
        return left

    def mark_sent(self) -> None:
        """Note that from here on the request may be on the wire."""
        self.task = f"get the answer of {self.host}{self.way}"
        if self.code_unused:
            self.code_unused = False


@contextmanager
def open_pool(attempt: Attempt) -> Generator[PoolManager, None, None]:
    """Make a pool for one request; its sockets are closed at the end, whatever happened."""
    context = None
    if not attempt.plain:
        bundle = attempt.route and attempt.route.ca_bundle
        context = trusted_context(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"), bundle)
    attempt.task = "make a connection"
    with attempt.sockets, PoolManager(ssl_context=context) as pool:
        classes: dict[str, Any] = {"http": partial(_Pool, attempt=attempt), "https": partial(_TLSPool, attempt=attempt)}
        pool.pool_classes_by_scheme = classes
        yield pool


@lru_cache(maxsize=1)
def trusted_context(_file: str | None, _directory: str | None, ca_bundle: str | None) -> ssl.SSLContext:
    """Make a context that trusts the system's store, which takes some 30 ms: kept while the same variables name it."""
    context = ssl.create_default_context()
    # Before Python 3.13 the default takes a certificate for its common name, which RFC 9525 section 2 rules out.
    context.hostname_checks_common_name = False
    context.set_alpn_protocols(["http/1.1"])
    if ca_bundle is not None:
        context.load_verify_locations(ca_bundle)
    return context


def resolve(host: str, port: int, attempt: Attempt, *, what: str = "") -> list[tuple[Any, ...]]:
    """Look up a host's addresses; what is sent without TLS may not leave the machine, whatever the name says."""
    attempt.task = f"resolve {what}{host}"
    addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    if not addresses:
        raise socket.gaierror(socket.EAI_NONAME, "no address is known")
    # The system writes each address in one way only.
    if attempt.plain and not all(re.match(r"::1$|127\.", str(where[0])) for *_, where in addresses):
        reason = f"{host} is not only loopback here: a request without TLS must not leave this machine"
        raise TransportError(reason, attempt.code_unused)
    return addresses


class _DeadlineSocket:
    """All that http.client and SSLTransport need of a socket, each call within the time that is left.

    It has a socket rather than being one, as gevent and eventlet may replace ``socket.socket`` at any time.
    """

    _io_refs = 0  # readers, which SSLTransport counts: none of them closes the socket

    def __init__(self, connected: socket.socket, attempt: Attempt) -> None:
        self._connected = connected
        self._attempt = attempt

    def _timed(self) -> socket.socket:
        self._connected.settimeout(self._attempt.left())
        return self._connected

    def sendall(self, data: bytes) -> None:
        self._timed().sendall(data)

    def recv(self, size: int) -> bytes:
        return self._timed().recv(size)

    def recv_into(self, buffer: Any) -> int:  # noqa: ANN401 - `Buffer` has a name from Python 3.12 on
        return self._timed().recv_into(buffer)

    def makefile(self, _mode: str) -> BufferedReader:
        return BufferedReader(socket.SocketIO(cast("socket.socket", self), "r"))

    def settimeout(self, timeout: float | None) -> None:
        """Leave the timeout to the deadline."""

    def close(self) -> None:
        """Leave closing to the pool: http.client closes a socket before it has read the answer."""

    _decref_socketios = close


class _Transport(SSLTransport):
    _io_refs = 0  # as above, for another TLS on top of a proxy's


class _Connection(HTTPConnection):
    debuglevel = 0  # a program can have http.client print all that it sends, for the whole process

    def __init__(self, *args: Any, attempt: Attempt, **options: Any) -> None:  # noqa: ANN401 - urllib3's
        super().__init__(*args, **options)
        self.attempt = attempt
        self._unsent: bytearray | None = None

    def connect(self) -> None:
        """Connect to the host."""
        self.connect_to(self.attempt.host, self.port)

    def connect_to(self, host: str, port: int, what: str = "", make: _Maker | None = None) -> None:
        """Connect to the first of a host's addresses that answers; each gets an equal share of the time left."""
        try:
            *others, last = resolve(host, port, self.attempt, what=what)
            self.attempt.task = f"connect to {what}{host}"
            for untried, address in zip(range(len(others) + 1, 1, -1), others, strict=True):
                with suppress(OSError):
                    return self._connect_at(address, self.attempt.left() / untried, make)
            self._connect_at(last, self.attempt.left(), make)
        except OSError as error:
            # As urllib3 does it, which takes a bare reset to mean that the request was sent.
            raise NewConnectionError(self, "not connected") from error

    def _connect_at(self, address: Any, timeout: float, make: _Maker | None) -> None:  # noqa: ANN401 - the system's
        made = make(address) if make else socket.socket(*address[:3])
        connected = self.attempt.sockets.enter_context(closing(made))
        connected.settimeout(timeout)
        connected.connect(address[-1])
        self.sock = cast("socket.socket", _DeadlineSocket(connected, self.attempt))

    def request(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - urllib3's
        """Send head and body in one write: a server may answer the head, and close, before it gets the body."""
        if self.is_closed:
            self.connect()
        self.attempt.mark_sent()
        self._unsent = bytearray()
        super().request(*args, **options)
        super().send(self._unsent)

    def send(self, data: Any) -> None:  # noqa: ANN401 - http.client's
        if self._unsent is None:  # what asks the proxy for a tunnel
            super().send(data)
        else:
            self._unsent += data


class TLSConnection(_Connection, HTTPSConnection):
    def connect(self) -> None:
        """Connect, through the proxy if there is one, and put TLS on the connection, with a trusted certificate."""
        if self.attempt.route and self.attempt.route.tunnel:
            self.attempt.route.tunnel(self)
        else:
            super().connect()
        self.start_tls(self.host, f"{self.attempt.host}{self.attempt.way}")
        self.is_verified = True

    def start_tls(self, host: str, name: str) -> None:
        """Put TLS on the connection."""
        self.attempt.task = f"complete the TLS handshake with {name}"
        self.sock = cast("ssl.SSLSocket", _Transport(self.sock, cast("Any", self).ssl_context, host))


class _Pool(HTTPConnectionPool):
    ConnectionCls: Any = _Connection


class _TLSPool(HTTPSConnectionPool):
    ConnectionCls: Any = TLSConnection
