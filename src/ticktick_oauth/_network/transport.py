"""Send a request once, and read its answer within bounds."""

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from logging import LogRecord, getLogger
from typing import Any, TypeVar

import urllib3
from urllib3 import connection, connectionpool

from .._protocol.answer import EndpointAnswer, OAuthRequest
from .._protocol.redaction import clean
from .._protocol.token_request import TokenRequest, secrets_of
from ..exceptions import OAuthError, TransportError
from .calls import Route
from .connection import Attempt, open_pool, resolve, trusted_context
from .explain import explain

_T = TypeVar("_T")
# A token response has some 150 bytes; an error page, a few thousand.
_MAX_BODY = 64 * 1024
_exchanging: ContextVar[bool] = ContextVar("exchanging", default=False)


def send(
    request: OAuthRequest[Any], http: urllib3.PoolManager | Route | None, timeout: float, *, code_unused: bool | None
) -> EndpointAnswer:
    """Send a request, by the caller's pool or a connection of its own, within some seconds."""
    attempt = Attempt(request.url, timeout, http, code_unused=code_unused)
    config = getattr(http, "proxy_config", None)
    if attempt.way and (attempt.plain or (config and config.use_forwarding_for_https)):
        raise ValueError("http must not be a pool by which a request without TLS goes to a proxy, which would see all")
    opened = open_pool(attempt) if http is None or isinstance(http, Route) else nullcontext(http)
    return _within(attempt, opened, lambda pool: _ask(pool, request, attempt))


def reach(url: str, http: Route, timeout: float) -> None:
    """Open the connection that a request would take, and close it."""
    attempt = Attempt(url, timeout, http, code_unused=None)

    def connect(pool: urllib3.PoolManager) -> None:
        pool.connection_from_url(url)._new_conn().connect()  # noqa: SLF001 - else a request would have to be made

    _within(attempt, open_pool(attempt), connect)


def _within(
    attempt: Attempt, opened: AbstractContextManager[urllib3.PoolManager], act: Callable[[urllib3.PoolManager], _T]
) -> _T:
    """Use a pool, and translate what it raises, once."""
    try:
        with _quiet_log(), opened as pool:
            return act(pool)
    except OAuthError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, it may quote the request or the answer, and must not
        failure = explain(error, attempt)
        trusted_context.cache_clear()  # the trust store may be what has to be mended
    raise failure


@contextmanager
def _quiet_log() -> Generator[None, None, None]:
    """Keep out of urllib3's log what it quotes: a URL's query, and malformed headers, which may repeat secrets."""
    # The filter stays: removed while another thread logs, it could make the logger pass over one of its own. The
    # loggers of a vendored copy have other names, so ask the modules.
    for module in (connection, connectionpool):
        getLogger(module.__name__).addFilter(_is_not_ours)
    token = _exchanging.set(True)
    try:
        yield
    finally:
        _exchanging.reset(token)


def _is_not_ours(_record: LogRecord) -> bool:
    return not _exchanging.get()


def _ask(pool: urllib3.PoolManager, request: OAuthRequest[Any], attempt: Attempt) -> EndpointAnswer:
    """Make the one request, with all of urllib3's own ways to send it twice off."""
    if attempt.is_pooled:
        if attempt.plain:
            resolve(attempt.host, 0, attempt)  # the port makes no difference to where the host is
        attempt.mark_sent()
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


def _read(response: urllib3.BaseHTTPResponse, request: OAuthRequest[Any], attempt: Attempt) -> EndpointAnswer:
    """Read an answer of a bounded size, as it comes over the wire."""
    encoding = response.headers.get("Content-Encoding", "")
    body = bytearray()
    # The final answer may follow an interim one. So that the pool's next request does not get it, a connection that is
    # not read to its end is closed.
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
                return EndpointAnswer(response.status, response.headers, bytes(body))
            body += chunk
        reason = f"it is over the limit of {_MAX_BODY} bytes"
    # Any other status than 200 says enough without its body.
    if response.status != 200:
        return EndpointAnswer(response.status, response.headers, b"", reason)
    raise TransportError(f"the answer's body was not read: {reason}", attempt.code_unused)
