"""Send a request once, and read its answer within bounds."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from logging import LogRecord, getLogger

import urllib3
from urllib3 import connection, connectionpool
from urllib3.util import parse_url

from .._protocol.metadata import MetadataRequest
from .._protocol.redaction import clean
from .._protocol.registration import RegistrationRequest
from .._protocol.token_request import TokenRequest, secrets_of
from ..exceptions import OAuthError, TransportError
from .connection import Attempt, open_pool, resolve, trusted_context
from .explain import explain

# A token response has some 150 bytes; an error page, a few thousand.
_MAX_BODY = 64 * 1024
_OK = 200
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
                    resolve(0, attempt, plain=True)  # the port makes no difference to where the host is
                attempt.sends()
            return _ask(pool, request, attempt)
    except OAuthError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, it may quote the request or the answer, and must not
        failure = explain(error, attempt, " through the proxy" if proxied else "")
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
    headers.discard("Authorization")  # the pool's own is for another purpose, and a public client has none
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
    if response.status < 200:
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
