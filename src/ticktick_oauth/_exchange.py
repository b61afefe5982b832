"""The exchange: a token request carried by urllib3. The one file that opens a connection."""

import io
import os
import time
from collections.abc import Mapping
from contextlib import ExitStack
from contextlib import closing
from contextlib import contextmanager
from contextlib import nullcontext
from contextlib import suppress
from errno import errorcode
from functools import lru_cache
from threading import Thread
from threading import get_ident
from typing import TYPE_CHECKING
from typing import Any
from typing import cast

from ._authorization import AuthorizationResponse
from ._checks import check_type
from ._client import Client
from ._redaction import clean
from ._token import OAuthTokenV1
from ._token_request import TokenRequest
from ._token_request import secrets_of
from .exceptions import DeadlineExceededError
from .exceptions import OAuthError
from .exceptions import TransportError

if TYPE_CHECKING:
    from collections.abc import Generator
    from logging import LogRecord
    from socket import AddressFamily
    from socket import SocketKind
    from socket import socket
    from ssl import SSLContext
    from ssl import SSLSocket

    from urllib3 import BaseHTTPResponse
    from urllib3 import PoolManager

# An hour is longer than any code lives: a larger timeout is one given in milliseconds.
_MAX_TIMEOUT = 3600.0
# A token response has some 150 bytes; an error page, a few thousand.
_MAX_BODY = 64 * 1024
_OK = 200
_CLOCK_HINT = " (is this machine's clock right?)"
_TRUST_HINT = " (is its authority in the system's trust store, or in the file that SSL_CERT_FILE names?)"
# OpenSSL's X509_V_ERR codes.
_CERTIFICATE_HINTS = {9: _CLOCK_HINT, 10: _CLOCK_HINT, 18: _TRUST_HINT, 19: _TRUST_HINT, 20: _TRUST_HINT}
# The threads that are in an exchange.
_exchanging: set[int] = set()


def exchange_code(
    client: Client,
    code: str | AuthorizationResponse,
    *,
    code_verifier: str | None = None,
    http: "PoolManager | None" = None,
    timeout: float = 10.0,
) -> OAuthTokenV1:
    """Trade an authorization code for a token (RFC 6749 section 4.1.3): one request, no retry, no redirect.

    A code is for one use, and spent even by an exchange that fails: only after a ``TransportError`` whose
    ``code_unused`` is true may it be sent again.

    Args:
        client: The client that the code was issued to.
        code: The ``AuthorizationResponse``, which brings its PKCE verifier along, or its code alone.
        code_verifier: The PKCE secret beside a code alone; None when PKCE is off.
        http: The urllib3 pool to send through, for proxies and private certificate authorities; it is not closed. Its
            own headers are sent too, except Authorization, Content-Type, Accept and Accept-Encoding. The timeout then
            bounds each wait and is checked between reads of the body, so that a server that drips can exceed it; and
            ``code_unused`` is true only for what urllib3 raises before there is a connection. A program that switches
            http.client's debug output on has it print the request, too. None: a fresh connection, the system's trust
            store (read again after a failure, or when SSL_CERT_FILE or SSL_CERT_DIR change), no proxy whatever the
            environment says, no debug output, and a hard deadline. The first such exchange of a process reads
            the trust store in a thread, which has ended when the exchange does.
        timeout: Seconds for the whole exchange, over 0 and up to 3600. It cannot cut short the look-up of the host's
            name, as the system's resolver cannot be interrupted, nor what is read from disk: urllib3, the trust store.

    Raises:
        TokenEndpointError: the endpoint refused, or failed.
        InvalidTokenError: it issued something else than a token: ``body`` of the error keeps the bytes.
        DeadlineExceededError: the time ran out.
        TransportError: no usable answer came.
        TypeError: an argument is of the wrong type.
        ValueError: an argument is out of its range.

    """
    _check_timeout(timeout)
    if http is not None:
        from urllib3 import PoolManager

        check_type("http", http, PoolManager)
    if isinstance(code, AuthorizationResponse):
        if code_verifier is not None:
            raise TypeError("code_verifier must not be given beside an AuthorizationResponse, which has its own")
        code_verifier, code = code.code_verifier, code.code
    request = TokenRequest(client=client, code=code, code_verifier=code_verifier)
    attempt = _Attempt(request.url, timeout)
    try:
        with _quiet_log():
            answer = _send(request, attempt) if http is None else _send_through(http, request, attempt)
    except OAuthError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, it may quote the request or the answer, and must not
        failure = _explain(error, attempt)
        _tls_context.cache_clear()  # the trust store may be what has to be mended
    else:
        return request.parse_response(*answer)
    # Raised behind the block, so that the original is not its context.
    raise failure


def _check_timeout(timeout: float) -> None:
    if isinstance(timeout, bool) or not isinstance(timeout, (int, float)):
        raise TypeError(f"timeout must be a number of seconds, not {type(timeout).__name__}")
    if not 0 < timeout <= _MAX_TIMEOUT:  # also false for NaN
        raise ValueError(f"timeout must be over 0 and up to {_MAX_TIMEOUT:g} seconds")


@contextmanager
def _quiet_log() -> "Generator[None, None, None]":
    """Keep out of urllib3's log what it quotes of malformed headers, which may repeat the request's secrets."""
    from logging import getLogger

    # The filter stays, since to take it away could make another thread's log skip its own.
    getLogger("urllib3.connection").addFilter(_is_not_ours)
    _exchanging.add(get_ident())
    try:
        yield
    finally:
        _exchanging.discard(get_ident())


def _is_not_ours(_record: "LogRecord") -> bool:
    return get_ident() not in _exchanging


class _Attempt:
    """How far an exchange has come, and how much of its time is left."""

    def __init__(self, url: str, timeout: float) -> None:
        from urllib.parse import urlsplit

        parts = urlsplit(url)
        self.scheme = parts.scheme
        self.host = parts.hostname or ""
        self.port = parts.port or (443 if parts.scheme == "https" else 80)
        self.target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self.timeout = timeout
        self._end = time.monotonic() + timeout
        self.task = "load urllib3"
        self.code_unused = True

    def left(self) -> float:
        """Return the seconds that are left, or raise a TimeoutError when none are."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


def _send(request: TokenRequest, attempt: _Attempt) -> tuple[int, Mapping[str, str], bytes]:
    """Send the request over a connection of its own, which is closed then."""
    is_https = attempt.scheme == "https"
    with _reading_trust_store() if is_https else nullcontext():
        from urllib3.connection import HTTPConnection
        from urllib3.connection import HTTPSConnection

    with ExitStack() as stack:
        connected = stack.enter_context(closing(_connect(attempt)))
        if is_https:
            connected = stack.enter_context(closing(_secure(connected, attempt)))
        # The class decides about the Host header alone, since the connection gets its socket from here.
        connection = (HTTPSConnection if is_https else HTTPConnection)(attempt.host, attempt.port)
        connection.sock = cast("socket", _DeadlineSocket(connected, attempt))
        # `http.client` can be told to print all that it sends, for the whole process.
        connection.set_debuglevel(0)
        attempt.task = f"get the answer of {attempt.host}"
        attempt.code_unused = False
        # A server may answer before it has read the request, and close: its answer is then still there to read.
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.request(
                request.method,
                attempt.target,
                body=request.body,
                headers=request.headers,
                preload_content=False,
                decode_content=False,
            )
        with closing(connection.getresponse()) as response:
            return _read(response, request, attempt)


def _send_through(
    http: "PoolManager",
    request: TokenRequest,
    attempt: _Attempt,
) -> tuple[int, Mapping[str, str], bytes]:
    """Send the request through the caller's pool, by which all of urllib3's own ways to send it twice are off."""
    import urllib3

    attempt.task = f"get the answer of {attempt.host}"
    headers = urllib3.HTTPHeaderDict(http.headers)
    for name, value in {"Accept-Encoding": "identity", **request.headers}.items():
        if name != "User-Agent" or name not in headers:
            headers[name] = value
    attempt.code_unused = False
    try:
        response = http.request(
            request.method,
            request.url,
            body=request.body,
            headers=headers,
            timeout=urllib3.Timeout(total=attempt.left()),
            pool_timeout=attempt.left(),
            retries=False,
            redirect=False,
            preload_content=False,
            decode_content=False,
        )
    except urllib3.exceptions.EmptyPoolError:
        # All of the pool's connections were in use for the whole time.
        attempt.task, attempt.code_unused = "get a connection from the pool", True
        raise TimeoutError from None
    except (urllib3.exceptions.ConnectTimeoutError, urllib3.exceptions.LocationValueError):
        # `ConnectTimeoutError` is also the base of `NewConnectionError` and `NameResolutionError`.
        attempt.code_unused = True
        raise
    except urllib3.exceptions.ProxyError as error:
        attempt.code_unused = isinstance(error.original_error, urllib3.exceptions.ConnectTimeoutError)
        raise
    try:
        return _read(response, request, attempt)
    finally:
        # A connection with an unread rest is closed; in either case the pool has it back.
        response.close()
        response.release_conn()


def _read(
    response: "BaseHTTPResponse",
    request: TokenRequest,
    attempt: _Attempt,
) -> tuple[int, Mapping[str, str], bytes]:
    """Read an answer of a bounded size, as it comes over the wire."""
    # Behind an interim answer the final one may come, which must not meet the pool's next request on this connection:
    # what is not read to its end is closed.
    if response.status < 200:  # noqa: PLR2004
        raise request.refuse_unread(response.status, response.headers, "it is an interim answer")
    encoding = response.headers.get("Content-Encoding", "identity")
    if encoding.lower() != "identity":
        shown = clean(encoding, secrets_of(request))
        return _unreadable(response, request, f"it came with the content encoding {shown}, which was not asked for")
    body = bytearray()
    while len(body) <= _MAX_BODY:
        attempt.left()
        chunk = response.read1(_MAX_BODY + 1 - len(body))
        if not chunk:
            return response.status, response.headers, bytes(body)
        body += chunk
    return _unreadable(response, request, f"it is over the limit of {_MAX_BODY} bytes")


def _unreadable(
    response: "BaseHTTPResponse", request: TokenRequest, reason: str
) -> tuple[int, Mapping[str, str], bytes]:
    # Any other status than 200 says enough without its body.
    if response.status == _OK:
        raise TransportError(f"the answer cannot be read: {reason}")
    raise request.refuse_unread(response.status, response.headers, reason)


@contextmanager
def _reading_trust_store() -> "Generator[None, None, None]":
    """Read the trust store in a thread, if that has yet to be done, while the block loads urllib3.

    Either takes some 20 ms of a first exchange, and OpenSSL reads without Python's lock. The thread imports nothing, so
    that it can wait for no lock of a module that is being loaded.
    """
    import ssl  # noqa: F401 # pyright: ignore[reportUnusedImport]

    with ExitStack() as stack:
        if not _tls_context.cache_info().currsize:
            reader = Thread(target=_read_trust_store, name="ticktick-oauth: trust store")
            # There can be no more threads, or the interpreter is about to end: the store is read when it is needed.
            with suppress(RuntimeError):
                reader.start()
                stack.callback(reader.join)
        yield


def _read_trust_store() -> None:
    # What fails here fails again, and is told, where the context is used.
    with suppress(Exception):
        _tls_context(_trust_variables())


def _trust_variables() -> tuple[str | None, str | None]:
    return os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")


@lru_cache(maxsize=1)
def _tls_context(_trust: tuple[str | None, str | None]) -> "SSLContext":
    """Make a context that trusts the system's store: kept for as long as the same variables name the store.

    To read the store takes some 20 ms, most of what an exchange costs in a process that makes several.
    """
    from ssl import create_default_context

    context = create_default_context()
    # Before Python 3.13 the default takes a certificate for its common name, which RFC 9525 section 2 rules out.
    context.hostname_checks_common_name = False
    context.set_alpn_protocols(["http/1.1"])
    return context


def _secure(plain_socket: "socket", attempt: _Attempt) -> "SSLSocket":
    """Put TLS on a connection, with a certificate that the system trusts for the host."""
    attempt.task = "read the trust store"
    context = _tls_context(_trust_variables())
    attempt.task = f"complete the TLS handshake with {attempt.host}"
    plain_socket.settimeout(attempt.left())
    return context.wrap_socket(plain_socket, server_hostname=attempt.host.rstrip("."))


def _connect(attempt: _Attempt) -> "socket":
    """Connect to the first of the host's addresses that answers; each gets an equal share of the time that is left."""
    from socket import SOCK_STREAM
    from socket import getaddrinfo

    attempt.task = f"resolve {attempt.host}"
    *others, last = getaddrinfo(attempt.host, attempt.port, type=SOCK_STREAM)
    attempt.task = f"connect to {attempt.host}"
    for untried, address in zip(range(len(others) + 1, 1, -1), others, strict=True):
        with suppress(OSError):
            return _connect_to(address, attempt.left() / untried)
    return _connect_to(last, attempt.left())


def _connect_to(address: "tuple[AddressFamily, SocketKind, int, str, Any]", timeout: float) -> "socket":
    import socket

    family, kind, protocol, _, where = address
    with ExitStack() as stack:
        connected = stack.enter_context(socket.socket(family, kind, protocol))
        connected.settimeout(timeout)
        connected.connect(where)
        # The headers and the body are two small writes: do not hold the second until the first is acknowledged.
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        stack.pop_all()
    return connected


class _DeadlineSocket(io.RawIOBase):
    """A connected socket each of whose calls may take only the time that is left: all that http.client needs of one.

    urllib3's ``Timeout`` bounds each call, not their sum, so that a server that drips would hold the caller for long.
    """

    def __init__(self, connected: "socket", attempt: _Attempt) -> None:
        self._connected = connected
        self._attempt = attempt

    def sendall(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            self._connected.settimeout(self._attempt.left())
            rest = rest[self._connected.send(rest) :]

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - `Buffer` has a name from Python 3.12 on
        self._connected.settimeout(self._attempt.left())
        return self._connected.recv_into(buffer)

    def settimeout(self, timeout: float | None) -> None:
        """Leave the timeout to the deadline."""

    def close(self) -> None:
        """Leave closing to who opened the socket: http.client closes its own before it has read the answer."""


def _explain(error: Exception, attempt: _Attempt) -> TransportError:
    """Say what went wrong in words that hold nothing of the request or the answer."""
    cause: BaseException = error
    while inner := _inner(cause):
        cause = inner
    # With an errno it is the system's own verdict on one connection.
    if isinstance(cause, TimeoutError) and cause.errno is None:
        reason = f"could not {attempt.task} within {attempt.timeout:g} seconds"
        return DeadlineExceededError(reason, attempt.code_unused)
    return TransportError(f"could not {attempt.task}: {_describe(cause)}", attempt.code_unused)


def _inner(error: BaseException) -> BaseException | None:
    """Return the error that urllib3 wrapped into this one."""
    last = error.args[-1] if error.args else None
    return error.__cause__ or (last if isinstance(last, Exception) else None)


def _describe(error: BaseException) -> str:
    try:
        import ssl
        from socket import gaierror
    except (ImportError, OSError):
        pass  # no file descriptor is left to load them by, say, so neither has raised this error
    else:
        # Made in Python, as urllib3's pyOpenSSL does it, these errors lack what OpenSSL's own say.
        if isinstance(error, ssl.SSLCertVerificationError) and hasattr(error, "verify_message"):
            hint = _CERTIFICATE_HINTS.get(error.verify_code, "")
            return f"the certificate was refused: {error.verify_message}{hint}"
        if isinstance(error, ssl.SSLError):
            return f"TLS failed with {getattr(error, 'reason', None) or type(error).__name__}"
        if isinstance(error, gaierror):
            return str(error.strerror)
    if isinstance(error, OSError) and error.errno:
        return f"{errorcode.get(error.errno, error.errno)}, {os.strerror(error.errno)}"
    return type(error).__name__
