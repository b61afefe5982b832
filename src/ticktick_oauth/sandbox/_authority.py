"""Answer as TickTick's authorization server does, without the network: requests in, answers out, and a clock passed in.

The rules and the words are those of Spring Security OAuth 2.3, which TickTick's server appears to run, with credentials
allowed in the form. Metadata, registration, public clients and PKCE come on top (RFC 8414, RFC 7591, RFC 7636), and of
the open API the list of projects, which is empty.
"""

import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from attrs import frozen

from .._protocol.redaction import REDACTED
from .._protocol.server import AuthorizationServer
from .._sign_in.http_server import Answer, Request
from ._answers import answer_page, read_form, read_parameters
from ._endpoints import answer_api, answer_authorization, answer_metadata, answer_registration, answer_token
from ._ledger import Ledger

AUTHORIZATION_PATH = "/oauth/authorize"
TOKEN_PATH = "/oauth/token"  # noqa: S105 - a path, not a password
REGISTRATION_PATH = "/oauth/register"
METADATA_PATH = "/.well-known/oauth-authorization-server"
PROJECTS_PATH = "/open/v1/project"

# The values of these are shown. Anything else may be a secret in the wrong place.
_SHOWN_HEADERS = {"accept", "accept-encoding", "connection", "content-length", "content-type", "host", "user-agent"}
_SHOWN_PARAMETERS = {"client_id", "grant_type", "redirect_uri", "scope"}
# Of these the name is shown, and not the value; of other parameters, neither.
_SECRET_PARAMETERS = {"client_secret", "code", "code_verifier", "password", "refresh_token", "username"}
_SCHEMES = ("Basic ", "Bearer ")


@frozen(kw_only=True)
class ReceivedRequest:
    """A request to the token endpoint, with ``[redacted]`` in place of whatever may be a secret."""

    method: str
    headers: dict[str, str]
    """The headers, their names in lower case; of Basic and Bearer credentials, the scheme is shown."""
    form: dict[str, str]
    """The parameters of the body and of the address."""


class Authority:
    """One authorization server; several threads may ask it at once."""

    server: AuthorizationServer | None
    """The addresses; None while it is closed."""
    requests: list[ReceivedRequest]
    """What the token endpoint was asked, in the order of arrival."""
    forced: deque[tuple[Answer, float]]
    """What it answers next, each after a delay in seconds."""

    def __init__(self, *, auto_approve: bool, check_pkce: bool, lifetime: int, clock: Callable[[], float]) -> None:
        """Make a server that knows nobody; the options are those of ``Sandbox``, the clock's seconds never go back."""
        self.server = None
        self.ledger = Ledger(lifetime=lifetime, clock=clock)
        self.requests = []
        self._closing = threading.Event()
        self.forced = deque()
        self._auto_approve = auto_approve
        self._check_pkce = check_pkce

    def open(self, issuer: str) -> None:
        """Say where it is reached."""
        self._closing.clear()
        self.server = AuthorizationServer(
            issuer=issuer,
            authorization_endpoint=f"{issuer}{AUTHORIZATION_PATH}",
            token_endpoint=f"{issuer}{TOKEN_PATH}",
            registration_endpoint=f"{issuer}{REGISTRATION_PATH}",
        )

    def close(self) -> None:
        """Forget where it was reached, and let no answer wait any longer."""
        self._closing.set()
        self.server = None

    def answer(self, request: Request) -> Answer:  # noqa: PLR0911 - one for each address
        """Answer any request."""
        if request.path == AUTHORIZATION_PATH:
            return answer_authorization(
                request, self.ledger, auto_approve=self._auto_approve, check_pkce=self._check_pkce
            )
        if request.path == TOKEN_PATH:
            self.requests.append(_redact(request))
            with suppress(IndexError):  # nothing is forced
                answer, delay = self.forced.popleft()
                self._closing.wait(delay)
                return answer
            return answer_token(request, self.ledger)
        if request.path == REGISTRATION_PATH:
            return answer_registration(request, self.ledger)
        if request.path == PROJECTS_PATH:
            return answer_api(request, self.ledger)
        if request.path == METADATA_PATH and self.server is not None:
            return answer_metadata(request, self.server)
        return answer_page(404, "There is no such page here.", {})


def _redact(request: Request) -> ReceivedRequest:
    return ReceivedRequest(
        method=request.method,
        headers={name: _redact_header(name, value) for name, value in request.headers.items()},
        form={
            name if name in _SHOWN_PARAMETERS | _SECRET_PARAMETERS else REDACTED: (
                value if name in _SHOWN_PARAMETERS else REDACTED
            )
            for name, value in {**read_form(request), **read_parameters(request.query)}.items()
        },
    )


def _redact_header(name: str, value: str) -> str:
    if name in _SHOWN_HEADERS:
        return value
    return next((scheme for scheme in _SCHEMES if value.startswith(scheme)), "") + REDACTED
