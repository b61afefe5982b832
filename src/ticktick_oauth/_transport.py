"""Send a request once, read its answer within bounds, and explain what failed."""

import os
import re
from collections.abc import Generator
from collections.abc import Mapping
from contextlib import contextmanager
from contextlib import nullcontext
from contextvars import ContextVar
from errno import errorcode
from http.client import HTTPException
from http.client import IncompleteRead
from http.client import RemoteDisconnected
from logging import LogRecord
from logging import getLogger
from socket import gaierror
from ssl import SSLCertVerificationError
from ssl import SSLError

import urllib3
from urllib3 import connection
from urllib3 import connectionpool
from urllib3 import exceptions
from urllib3.util import parse_url

from ._connection import Attempt
from ._connection import open_pool
from ._connection import resolve
from ._connection import trusted_context
from ._metadata import MetadataRequest
from ._redaction import clean
from ._registration import RegistrationRequest
from ._token_request import TokenRequest
from ._token_request import secrets_of
from .exceptions import DeadlineExceededError
from .exceptions import OAuthError
from .exceptions import TransportError

# A token response has some 150 bytes; an error page, a few thousand.
_MAX_BODY = 64 * 1024
_OK = 200
_CLOCK_HINT = " (is this machine's clock right?)"
_TRUST_HINT = " (is its authority in the system's trust store, or in the file that SSL_CERT_FILE names?)"
_STRICT_HINT = " (Python 3.13 and newer ask more of certificates: whoever runs this authority has to renew its own)"
# OpenSSL's X509_V_ERR codes; 80 to 93 are what X509_V_FLAG_X509_STRICT checks.
_CERTIFICATE_HINTS = {
    **dict.fromkeys((9, 10), _CLOCK_HINT),
    **dict.fromkeys((18, 19, 20), _TRUST_HINT),
    **dict.fromkeys(range(80, 94), _STRICT_HINT),
}
_PROXY_HINTS = {407: ": it wants a user name and password", 403: ": it does not let this host through"}
# What has neither a system's nor OpenSSL's own words; the first that fits counts.
_WORDS: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str], ...] = (
    (RemoteDisconnected, "the connection was closed without an answer"),
    (IncompleteRead, "the answer was cut off, or its chunks have no proper length"),
    ((HTTPException, exceptions.ProtocolError, exceptions.InvalidHeader), "the answer is not proper HTTP"),
    (exceptions.LocationValueError, "the address has a part that cannot be used"),
    (UnicodeError, "the host's name has an empty or too long part"),
    (exceptions.ClosedPoolError, "the pool was closed meanwhile"),
    (exceptions.SSLError, "TLS failed: the pool's own settings or checks refused it"),
)
_EARLY = (
    exceptions.ClosedPoolError,
    exceptions.ConnectTimeoutError,
    exceptions.EmptyPoolError,
    exceptions.LocationValueError,
)
_exchanging: ContextVar[bool] = ContextVar("exchanging", default=False)

Request = TokenRequest | MetadataRequest | RegistrationRequest
Answer = tuple[int, Mapping[str, str], bytes]


def send(request: Request, http: urllib3.PoolManager | None, timeout: float, code_unused: bool | None) -> Answer:  # noqa: FBT001
    """Send a request, by the caller's pool or a connection of its own, and return status, headers and body.

    Raises:
        TransportError: no answer came that can be read; its ``code_unused`` is the one given until the request leaves.
        OAuthError: the request's own error for an answer whose body cannot be read.
        ValueError: the request would go through a proxy without TLS.

    """
    url = parse_url(request.url)  # as the pool will read it
    plain = url.scheme == "http"
    proxied = getattr(http, "proxy", None) or getattr(http, "proxy_url", None)  # the latter is SOCKSProxyManager's
    if plain and proxied:
        raise ValueError("http must not be a proxy's pool for an endpoint without TLS: the proxy would see the secrets")
    attempt = Attempt((url.host or "").strip("[]"), timeout, code_unused)
    try:
        with _quiet_log(), nullcontext(http) if http is not None else open_pool(attempt, tls=not plain) as pool:
            if http is not None:
                if plain:
                    resolve(url.port or 80, attempt, plain=True)
                attempt.sends()
            return _ask(pool, request, attempt)
    except OAuthError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, it may quote the request or the answer, and must not
        failure = _explain(error, attempt, " through the proxy" if proxied else "")
        trusted_context.cache_clear()  # the trust store may be what has to be mended
    raise failure


@contextmanager
def _quiet_log() -> Generator[None, None, None]:
    """Keep out of urllib3's log what it quotes: a URL's query, and malformed headers, which may repeat secrets."""
    # The filter stays, since to take it away could make another thread's log skip its own. A vendored copy of urllib3
    # has loggers of other names.
    for module in (connection, connectionpool):
        getLogger(module.__name__).addFilter(_is_not_ours)
    token = _exchanging.set(True)
    try:
        yield
    finally:
        _exchanging.reset(token)


def _is_not_ours(_record: LogRecord) -> bool:
    return not _exchanging.get()


def _ask(pool: urllib3.PoolManager, request: Request, attempt: Attempt) -> Answer:
    """Make the one request, with all of urllib3's own ways to send it twice off."""
    headers = urllib3.HTTPHeaderDict(pool.headers)
    for name, value in {"Accept-Encoding": "identity", **request.headers}.items():
        if name != "User-Agent" or name not in headers:
            headers[name] = value
    response = pool.request(
        request.method,
        request.url,
        body=request.body or None,
        headers=headers,
        timeout=urllib3.Timeout(total=attempt.left()),
        pool_timeout=attempt.left(),
        retries=urllib3.Retry(total=False),  # a bare False would be written to the log
        redirect=False,
        preload_content=False,
        decode_content=False,
    )
    try:
        return _read(response, request, attempt)
    finally:
        # A connection with an unread rest is closed; in either case the pool has it back.
        response.close()
        response.release_conn()


def _read(response: urllib3.BaseHTTPResponse, request: Request, attempt: Attempt) -> Answer:
    """Read an answer of a bounded size, as it comes over the wire."""
    encoding = response.headers.get("Content-Encoding", "")
    body = bytearray()
    # Behind an interim answer the final one may come, which must not meet the pool's next request on this connection:
    # what is not read to its end is closed.
    if response.status < 200:  # noqa: PLR2004
        reason = "it is an interim answer, which has none"
    elif {coding.strip().lower() for coding in encoding.split(",")} - {"", "identity"}:
        shown = clean(encoding, secrets_of(request) if isinstance(request, TokenRequest) else ())
        reason = f"it came with the content encoding {shown}, which was not asked for"
    else:
        while len(body) <= _MAX_BODY:
            attempt.left()
            chunk = response.read1(_MAX_BODY + 1 - len(body))
            if not chunk:
                return response.status, response.headers, bytes(body)
            body += chunk
        reason = f"it is over the limit of {_MAX_BODY} bytes"
    # Any other status than 200 says enough without its body.
    if response.status != _OK:
        raise request.refuse_unread(response.status, response.headers, reason)
    raise TransportError(f"the answer's body was not read: {reason}", attempt.code_unused)


def _explain(error: Exception, attempt: Attempt, way: str) -> TransportError:
    """Say what went wrong in words that hold nothing of the request or the answer."""
    causes = [error]
    while (inner := _inner(causes[-1])) and inner not in causes:
        causes.append(inner)
    cause = causes[-1]
    if attempt.code_unused is False and (_is_early(error) or _is_key_log(cause)):
        attempt.code_unused = True
    if isinstance(error, exceptions.EmptyPoolError):
        attempt.task = "get a connection from the pool"
    # With an errno a timeout is the system's own verdict on one connection.
    elif not isinstance(cause, TimeoutError) or cause.errno is not None:
        return TransportError(f"could not {attempt.task}{way}: {_describe(cause)}", attempt.code_unused)
    reason = f"could not {attempt.task}{way} within {attempt.timeout:g} seconds"
    return DeadlineExceededError(reason, attempt.code_unused)


def _inner(error: Exception) -> Exception | None:
    """Return the error that urllib3, or PySocks, wrapped into this one."""
    # In the context of an error may be one that the caller is handling.
    socks = error.__context__ if hasattr(error.__context__, "socket_err") else getattr(error, "socket_err", None)
    wrapped = error.__cause__, *error.args[-1:], socks
    return next((inner for inner in wrapped if isinstance(inner, Exception)), None)


def _is_early(error: Exception) -> bool:
    """Return whether a pool raises this error only before it has a connection to the endpoint."""
    if isinstance(error, exceptions.ProxyError):
        # So is an error behind the request, where a proxy closes the connection: it does not count.
        error = error.original_error
        if _refused_tunnel(error):
            return True
    # `ConnectTimeoutError` is also the base of `NewConnectionError` and `NameResolutionError`.
    return isinstance(error, _EARLY)


def _refused_tunnel(error: Exception) -> re.Match[str] | None:
    # http.client's words; the reason behind the status is the proxy's own.
    return re.match("Tunnel connection failed: ([0-9]+)", str(error)) if isinstance(error, OSError) else None


def _is_key_log(error: Exception) -> bool:
    path = os.path.expandvars(os.environ.get("SSLKEYLOGFILE", ""))
    return isinstance(error, OSError) and bool(path) and error.filename == path


def _describe(error: Exception) -> str:  # noqa: PLR0911 - one per kind
    # Made in Python, as urllib3's pyOpenSSL does it, these errors lack what OpenSSL's own say.
    if isinstance(error, SSLCertVerificationError) and hasattr(error, "verify_message"):
        hint = _CERTIFICATE_HINTS.get(error.verify_code, "")
        return f"the certificate was refused: {error.verify_message}{hint}"
    if isinstance(error, SSLError):
        reason = getattr(error, "reason", None)
        return f"TLS failed with {reason}" if reason else f"TLS failed ({type(error).__name__})"
    if isinstance(error, gaierror):
        return str(error.strerror)
    if refused := _refused_tunnel(error):
        status = int(refused[1])
        return f"the proxy answered with status {status}{_PROXY_HINTS.get(status, '')}"
    if hasattr(error, "socket_err"):
        return f"the SOCKS proxy refused: {clean(str(error))}"
    if isinstance(error, OSError) and error.errno:
        hint = " (SSLKEYLOGFILE names a file that cannot be written)" if _is_key_log(error) else ""
        return f"{errorcode.get(error.errno, error.errno)}, {os.strerror(error.errno)}{hint}"
    for kind, words in _WORDS:
        if isinstance(error, kind):
            return f"{words} ({type(error).__name__})"
    return f"an unexpected error ({type(error).__name__})"
