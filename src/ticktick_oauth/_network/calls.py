"""Use the network: exchange a code, discover a server, register a client."""

import sys
from typing import TYPE_CHECKING, Any, TypeVar

from .._checks import check_type
from .._protocol.client import Client
from .._protocol.server import AuthorizationServer
from .._protocol.token_request import TokenRequest
from .._token.model import OAuthTokenV1
from ..exceptions import TransportError

if TYPE_CHECKING:
    from collections.abc import Callable

    from urllib3 import PoolManager

    from .._protocol.answer import EndpointAnswer, OAuthRequest
    from .._protocol.authorization_code import AuthorizationResponse
    from .connection import TLSConnection
else:
    PoolManager = AuthorizationResponse = object  # for typing.get_type_hints: they load late

_T = TypeVar("_T")
# An hour is longer than any code lives: a larger timeout is one given in milliseconds.
MAX_TIMEOUT = 3600.0
# 2.0 and 2.1 have no `read1`: they would send the request, and lose the token that was issued.
_URLLIB3_FLOOR = (2, 2, 3)


def exchange_code(
    client: Client,
    code: "str | AuthorizationResponse",
    *,
    code_verifier: str | None = None,
    http: "PoolManager | None" = None,
    timeout: float = 10.0,
) -> OAuthTokenV1:
    """Trade an authorization code for a token (RFC 6749 section 4.1.3): one request, no retry, no redirect.

    A code is for one use, and an exchange that fails may spend it: send it again only after a ``TransportError`` whose
    ``code_unused`` is true.

    Args:
        client: The client that the code was issued to.
        code: The ``AuthorizationResponse``, which has its PKCE verifier with it, or its code alone.
        code_verifier: The PKCE secret that goes with a code alone; None when PKCE is off.
        http: A urllib3 pool of yours to send through, for a proxy or an authority of your own; it is not closed. Its
            headers are sent too, but for Authorization, Content-Type, Accept and Accept-Encoding. The timeout then
            bounds each wait, and is looked at between two reads of the body: a server that drips can take longer.
            ``code_unused`` is then true only where urllib3 never had a connection, or a proxy refused the tunnel.
            If your program turns on http.client's debug output, it prints the request.
            None: a new connection, a hard deadline, no proxy whatever the environment says, no debug output, and the
            system's trust store (read again after a failure, and when SSL_CERT_FILE or SSL_CERT_DIR change).
        timeout: Seconds for the exchange, over 0 and up to 3600, from when urllib3 and the trust store are loaded. The
            system's look-up of the host's name cannot be cut short.

    Raises:
        TokenEndpointError: the endpoint refused, or failed.
        InvalidTokenError: it issued something else than a token: ``body`` of the error keeps the bytes.
        DeadlineExceededError: the time ran out.
        TransportError: no usable answer came.
        TypeError: an argument is of the wrong type.
        ValueError: the code is empty, the timeout is out of its range, or a proxy's pool is to send without TLS.

    """
    if not isinstance(code, str):
        from .._protocol.authorization_code import AuthorizationResponse as Response

        response = check_type("code", code, Response)
        if code_verifier is not None:
            raise TypeError("code_verifier must not be given beside an AuthorizationResponse, which has its own")
        code, code_verifier = response.code, response.code_verifier
    return _call(TokenRequest(client=client, code=code, code_verifier=code_verifier), http, timeout)


def discover_server(issuer: str, *, http: "PoolManager | None" = None, timeout: float = 10.0) -> AuthorizationServer:
    """Fetch an authorization server's addresses from its own metadata document (RFC 8414 section 3).

    Args:
        issuer: The server's URL, such as ``https://ticktick.com``.
        http: As in ``exchange_code``.
        timeout: Seconds for all of it, as in ``exchange_code``.

    Raises:
        RegistrationError: the server has no such document, or it cannot be used.
        ValueError: the issuer is not an https URL, or an http one on loopback.
        TransportError, TypeError, ValueError: As in ``exchange_code``.

    """
    from .._protocol.registration import MetadataRequest

    return _call(MetadataRequest(issuer=issuer), http, timeout)


def register_client(
    server: AuthorizationServer,
    *,
    redirect_uri: str,
    client_name: str = "ticktick-oauth",
    http: "PoolManager | None" = None,
    timeout: float = 10.0,
) -> Client:
    """Register this program as a client of its own at a server that lets any program do so (RFC 7591).

    Args:
        server: The server, from ``discover_server``.
        redirect_uri: The one redirect URI of the client, exactly as it will be used.
        client_name: What the person sees the program called.
        http: As in ``exchange_code``.
        timeout: Seconds for all of it, as in ``exchange_code``.

    Raises:
        RegistrationError: the server refused, or does not let programs register.
        ValueError: the redirect URI or the client's name cannot be used.
        TransportError, TypeError, ValueError: As in ``exchange_code``.

    """
    from .._protocol.registration import RegistrationRequest

    request = RegistrationRequest(server=server, redirect_uri=redirect_uri, client_name=client_name)
    return _call(request, http, timeout)


def check_timeout(timeout: object, limit: float, name: str = "timeout") -> None:
    """Check a number of seconds: over 0, and at most the limit."""
    if isinstance(timeout, bool) or not isinstance(timeout, (int, float)):
        hint = ": use its .total_seconds()" if hasattr(timeout, "total_seconds") else ""
        raise TypeError(f"{name} must be a number of seconds, not {type(timeout).__name__}{hint}")
    if not 0 < timeout <= limit:  # also false for NaN
        raise ValueError(f"{name} must be over 0 and up to {limit:g} seconds")


def check_pool(http: object) -> None:
    """Check what a caller passes as a pool; None is for a connection of its own."""
    if http is not None:
        from urllib3 import PoolManager

        check_type("http", http, PoolManager)


class Route:
    """What the command passes in a pool's place: certificates to trust beside the system's, a way through a proxy."""

    def __init__(self, ca_bundle: str | None, tunnel: "Callable[[TLSConnection], None] | None" = None) -> None:
        self.ca_bundle = ca_bundle
        self.tunnel = tunnel


def open_route(url: str, *, http: Route, timeout: float) -> None:
    """Open a connection to an https URL within some seconds, and close it; a TransportError says what is wrong."""
    _load_urllib3(code_unused=None)
    from .transport import reach

    reach(url, http, timeout)


def _call(request: "OAuthRequest[_T]", http: "PoolManager | None", timeout: float) -> _T:
    return request._read(send_request(request, http, timeout))  # noqa: SLF001 - its answer may be unread


def send_request(request: "OAuthRequest[Any]", http: "PoolManager | Route | None", timeout: float) -> "EndpointAnswer":
    """Send one request within some seconds, and return its answer, whatever the status."""
    check_timeout(timeout, MAX_TIMEOUT)
    code_unused = True if isinstance(request, TokenRequest) else None
    if sys.platform == "emscripten":
        name = type(request).__name__
        what = "the document for AuthorizationServer.from_metadata" if name == "MetadataRequest" else f"a {name}"
        raise TransportError(f"this Python has no sockets: let JavaScript's fetch carry {what}", code_unused)
    _load_urllib3(code_unused=code_unused)
    from .transport import send

    if not isinstance(http, Route):
        check_pool(http)
    return send(request, http, timeout, code_unused=code_unused)


def _load_urllib3(*, code_unused: bool | None) -> None:
    """Load what sends, with urllib3, of which an older copy may come first on the path, as in some Lambda layers."""
    try:
        import urllib3

        found = getattr(urllib3, "__version__", "of no version")
        if tuple(int(part) for part in found.split(".")[:3] if part.isdecimal()) < _URLLIB3_FLOOR:
            needed = ".".join(map(str, _URLLIB3_FLOOR))
            reason = f"{found} was found in {urllib3.__file__}, and {needed} or newer is needed"
        else:
            from . import transport  # noqa: F401 # pyright: ignore[reportUnusedImport] - loaded, for the caller

            return
    except Exception as error:  # noqa: BLE001 - the modules' own, whatever they are: none has seen the request
        reason = str(error) or type(error).__name__
    raise TransportError(f"could not load urllib3: {reason}", code_unused)
