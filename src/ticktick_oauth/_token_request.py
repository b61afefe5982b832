"""The last step: the token request and the reading of its answer (RFC 6749 4.1.3 to 4.1.4, section 5), sans-IO."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import cast

from attrs import field
from attrs import frozen

from ._authorization import check_code_verifier
from ._authorization import clean
from ._client import Client
from ._client import check_text_field
from ._converter import parse_json
from ._converter import structure
from ._server import check_type
from ._server import instance_of
from ._token import SCOPE
from ._token import OAuthTokenV1
from .exceptions import InvalidTokenError
from .exceptions import Problem
from .exceptions import TokenEndpointError

_OK = 200
# More digits than this are no number of seconds that anybody waits: 31 years have nine.
_MAX_RETRY_AFTER_DIGITS = 10


@frozen(kw_only=True)
class TokenRequest:
    """The request that trades a code for a token, for any HTTP client to carry; ``exchange_code`` does it by urllib3.

    Send it once: the code is spent even by an exchange that fails. Follow no redirect with it.
    """

    client: Client = field(validator=instance_of(Client))
    """Who asks: the client that the code was issued to."""
    code: str = field(repr=False, validator=check_text_field)
    """The authorization code."""
    code_verifier: str | None = field(default=None, repr=False, validator=check_code_verifier)
    """The PKCE secret that the authorization request was made with (RFC 7636 section 4.5); None when it had none."""

    @property
    def method(self) -> str:
        """The HTTP method."""
        return "POST"

    @property
    def url(self) -> str:
        """The token endpoint."""
        return self.client.server.token_endpoint

    @property
    def headers(self) -> dict[str, str]:
        """The headers, in a fresh dict: Authorization (a secret), Content-Type, Accept and User-Agent."""
        return {
            "Authorization": f"Basic {_credentials(self.client)}",
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
            "User-Agent": "ticktick-oauth",
        }

    @property
    def body(self) -> bytes:
        """The form-encoded body: a secret."""
        from urllib.parse import urlencode

        parameters = {
            "grant_type": "authorization_code",
            "code": self.code,
            "redirect_uri": self.client.redirect_uri,
            "scope": SCOPE,
        }
        if self.code_verifier is not None:
            parameters["code_verifier"] = self.code_verifier
        return urlencode(parameters).encode("ascii")

    def parse_response(self, status: int, headers: Mapping[str, str], body: bytes) -> OAuthTokenV1:
        """Read the token endpoint's answer.

        Args:
            status: The HTTP status. Only 200 can bring a token.
            headers: The headers, looked up without regard to case.
            body: The body, decoded if it came with a content encoding. On a 200 it decides, whatever its type.

        Raises:
            TokenEndpointError: the endpoint refused, or failed.
            InvalidTokenError: it issued something else than a token: ``body`` of the error keeps the bytes.

        """
        check_type("body", body, bytes)
        lower_headers = {name.lower(): value for name, value in headers.items()}
        document, problems = _parse(body)
        members = cast("dict[str, object]", document) if isinstance(document, dict) else None
        # RFC 6749 section 5.2 wants a 400 for an error; it is one with a 200 too.
        if check_type("status", status, int) != _OK or (members is not None and "error" in members):
            raise self._refusal(status, lower_headers, members)
        if problems:
            content_type = clean(lower_headers.get("content-type", "missing"), *secrets_in(self))
            problems = [Problem("", f"{problem.reason} (content type {content_type})") for problem in problems]
            raise InvalidTokenError(problems, body)
        try:
            return structure(cast("Mapping[str, object]", document))
        except InvalidTokenError as error:
            problems = error.problems
        # Raised behind the block, so that the error has no other in its chain.
        raise InvalidTokenError(problems, body)

    def _refusal(
        self,
        status: int,
        headers: Mapping[str, str],
        members: Mapping[str, object] | None,
    ) -> TokenEndpointError:
        said = members or {}
        # The endpoint may repeat a token in its own words, too.
        token = said.get("access_token")
        secrets = (*secrets_in(self), token if isinstance(token, str) else None)
        # RFC 6749 section 5.2, or TickTick's own shape.
        texts = said.get("error", said.get("errorCode")), said.get("error_description", said.get("errorMessage"))
        error, description = (clean(text, *secrets) or None if isinstance(text, str) else None for text in texts)
        hint = _error_hint(status, error, description, self.client)
        if hint is None and 300 <= status < 400:  # noqa: PLR2004
            host = clean(_host(headers.get("location", "")), *secrets)
            hint = f"it redirects to {host}, which is not followed: check the server's token_endpoint"
        elif hint is None and members is None:
            hint = "the answer is not JSON: it may come from a proxy or a firewall, not from the token endpoint"
        return TokenEndpointError(status, error, description, _retry_after(headers), hint)


def secrets_in(request: TokenRequest) -> tuple[str | None, ...]:
    """Return what of a request a server may repeat and nobody may show."""
    return request.code, request.client.client_secret, request.code_verifier, _credentials(request.client)


def _credentials(client: Client) -> str:
    from base64 import b64encode

    # Raw, where RFC 6749 section 2.3.1 would form-encode both first: it is what TickTick's server compares with.
    return b64encode(f"{client.client_id}:{client.client_secret}".encode()).decode("ascii")


def _parse(body: bytes) -> tuple[object, Sequence[Problem]]:
    try:
        return parse_json(body), ()
    except InvalidTokenError as error:  # a page of HTML, XML, nothing
        return None, error.problems


def _error_hint(  # noqa: PLR0911 - one a rule
    status: int, error: str | None, description: str | None, client: Client
) -> str | None:
    """Say what to do next, from what TickTick's server is known to do."""
    if status == 401 or error == "invalid_client":  # noqa: PLR2004
        return (
            "check the client id or secret, and that the client is registered with this server "
            f"({client.server.issuer}): TickTick and Dida365 do not know each other's"
        )
    said = (description or "").lower()
    # Other servers than TickTick's call it an invalid_request.
    if error in {"invalid_grant", "invalid_request"} and "redirect" in said:
        return f"redirect_uri must be the registered one, to the character; this client's is {client.redirect_uri}"
    if error == "invalid_grant" and "verifier" in said:
        return "code_verifier must be the one of the authorization request; start again at the authorization URL"
    if error == "invalid_grant":
        return "the code is expired, used, or redirect_uri differs: start again at the authorization URL"
    if status == 429:  # noqa: PLR2004
        return "too many requests: wait, then start again at the authorization URL"
    if status >= 500:  # noqa: PLR2004
        return "the service is at fault and the code may be spent: start again at the authorization URL, later"
    return None


def _host(location: str) -> str:
    from urllib.parse import urlsplit

    try:
        return urlsplit(location).hostname or "the same host"
    except ValueError:
        return "an unreadable address"


def _retry_after(headers: Mapping[str, str]) -> int | None:
    """Return the Retry-After header in seconds (RFC 9110 section 10.2.3), with no clock but the answer's own Date."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdecimal():
        return int(value) if len(value) <= _MAX_RETRY_AFTER_DIGITS else None
    if not value or "date" not in headers:
        return None
    from email.utils import parsedate_to_datetime

    try:
        wait = parsedate_to_datetime(value) - parsedate_to_datetime(headers["date"])
    except (TypeError, ValueError, OverflowError):  # not a date; or one with a time zone and one without
        return None
    return max(0, int(wait.total_seconds()))
