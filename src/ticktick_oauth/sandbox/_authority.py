"""Answer as TickTick's authorization server does, without the network: requests in, answers out, and a clock passed in.

The rules and the words are those of Spring Security OAuth 2.3, which TickTick's server appears to run, with credentials
allowed in the form. Metadata, registration, public clients and PKCE come on top (RFC 8414, RFC 7591, RFC 7636), and of
the open API the list of projects, which is empty.
"""

from collections.abc import Callable

from .._protocol.server import AuthorizationServer
from .._sign_in.http_server import Answer, Request
from ._answers import answer_error_page
from ._authorization_endpoint import answer_authorization_request
from ._ledger import Ledger
from ._registration_endpoint import answer_metadata_request, answer_registration_request
from ._token_endpoint import answer_api_request, answer_token_request

AUTHORIZATION_PATH = "/oauth/authorize"
TOKEN_PATH = "/oauth/token"  # noqa: S105 - a path, not a password
REGISTRATION_PATH = "/oauth/register"
METADATA_PATH = "/.well-known/oauth-authorization-server"
PROJECTS_PATH = "/open/v1/project"


class Authority:
    """One authorization server; several threads may ask it at once."""

    server: AuthorizationServer | None
    """The addresses; None while it is closed."""

    def __init__(self, *, auto_approve: bool, check_pkce: bool, lifetime: int, clock: Callable[[], float]) -> None:
        """Make a server that knows nobody.

        Args:
            auto_approve: Whether everybody allows everything; if not, a page asks.
            check_pkce: Whether a confidential client's code verifier is checked too, which the stock software does not.
            lifetime: Seconds that a token is good for.
            clock: Returns seconds since any moment, and never goes back.

        """
        self.server = None
        self.ledger = Ledger(lifetime=lifetime, clock=clock)
        self._auto_approve = auto_approve
        self._check_pkce = check_pkce

    def open(self, issuer: str) -> None:
        """Say where it is reached."""
        self.server = AuthorizationServer(
            issuer=issuer,
            authorization_endpoint=f"{issuer}{AUTHORIZATION_PATH}",
            token_endpoint=f"{issuer}{TOKEN_PATH}",
            registration_endpoint=f"{issuer}{REGISTRATION_PATH}",
        )

    def close(self) -> None:
        """Forget where it was reached."""
        self.server = None

    def answer(self, request: Request) -> Answer:
        """Answer any request."""
        if request.path == AUTHORIZATION_PATH:
            return answer_authorization_request(
                request, self.ledger, auto_approve=self._auto_approve, check_pkce=self._check_pkce
            )
        if request.path == TOKEN_PATH:
            return answer_token_request(request, self.ledger)
        if request.path == REGISTRATION_PATH:
            return answer_registration_request(request, self.ledger)
        if request.path == PROJECTS_PATH:
            return answer_api_request(request, self.ledger)
        if request.path == METADATA_PATH and self.server is not None:
            return answer_metadata_request(request, self.server)
        return answer_error_page(404, "There is no such page here.", {})
