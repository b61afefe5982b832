"""Trade the code for a token, sans-IO: the token request and the reading of its answer (RFC 6749 4.1.3, section 5)."""

from typing import cast

from attrs import field, frozen

from .._checks import check_code_verifier, check_text, instance_of, validator
from .._token.converter import structure
from .._token.model import SCOPE, OAuthTokenV1
from ..exceptions import InvalidTokenError, Problem, TokenEndpointError
from .answer import EndpointAnswer, OAuthRequest
from .client import Client, check_pkce
from .redaction import clean, shorten


def _check_code(name: str, value: str) -> None:
    check_text(name, value)
    if value.lower().startswith(("http://", "https://")):
        raise ValueError(
            f"{name} must not be a whole address: pass that to AuthorizationRequest.parse_response, and its answer here"
        )


@frozen(kw_only=True)
class TokenRequest(OAuthRequest[OAuthTokenV1]):
    """The request that trades a code for a token, for any HTTP client to carry; ``exchange_code`` does it by urllib3.

    Send it once: the code is spent even by an exchange that fails. Follow no redirect with it. Only the status 200 can
    bring a token; its body decides, whatever its type. The constructor raises a ``TypeError`` or ``ValueError`` that
    names the field at fault, never its value.
    """

    client: Client = field(validator=instance_of(Client))
    """The client that asks, to which the code was issued."""
    code: str = field(repr=False, validator=validator(_check_code))
    """The authorization code."""
    code_verifier: str | None = field(default=None, repr=False, validator=validator(check_code_verifier))
    """The PKCE secret that the authorization request was made with (RFC 7636 section 4.5); None when it had none, which
    a public client may not."""

    def __attrs_post_init__(self) -> None:
        check_pkce(self.client, self.code_verifier)

    @property
    def url(self) -> str:
        """The token endpoint."""
        return self.client.server.token_endpoint

    @property
    def headers(self) -> dict[str, str]:
        """The headers, in a fresh dict; a confidential client's Authorization is a secret."""
        headers = {**super().headers, "Content-Type": "application/x-www-form-urlencoded"}
        if self.client.client_secret is not None:
            headers["Authorization"] = f"Basic {_credentials(self.client)}"
        return headers

    @property
    def body(self) -> bytes:
        """The form-encoded body, a secret."""
        from urllib.parse import urlencode

        parameters = {
            "grant_type": "authorization_code",
            "code": self.code,
            "redirect_uri": self.client.redirect_uri,
            "scope": SCOPE,
        }
        # RFC 6749 section 3.2.1: "A client MAY use the "client_id" request parameter to identify itself". Beside Basic
        # credentials, a server that also takes them in the form would answer 401.
        if self.client.client_secret is None:
            parameters["client_id"] = self.client.client_id
        if self.code_verifier is not None:
            parameters["code_verifier"] = self.code_verifier
        return urlencode(parameters).encode("ascii")

    def _read(self, answer: EndpointAnswer) -> OAuthTokenV1:
        # RFC 6749 section 5.2 wants a 400 for an error; it is one with a 200 too.
        if answer.status != 200 or answer.members.get("error") is not None:
            status, error, description, wait, hint = answer.read_refusal("token_endpoint", secrets_of(self))
            if advice := _advise(status, error, description, self.client):
                hint = advice if answer.unread is None else f"{hint}; {advice}"
            raise TokenEndpointError(status, error, description, wait, hint)
        failure = answer.document
        if not isinstance(failure, InvalidTokenError):
            try:
                return structure(cast("dict[str, object]", failure))
            except InvalidTokenError as error:
                failure = error
        problems = failure.problems
        if not problems[0].field:  # such as a page of a proxy
            content_type = clean(answer.header("content-type") or "missing", secrets_of(self))
            problems = (Problem("", f"{problems[0].reason} (content type {content_type})"),)
        raise InvalidTokenError(problems, answer.body)


def secrets_of(request: TokenRequest) -> tuple[str | None, ...]:
    """Return what of a request a server may repeat and nobody may show."""
    credentials = None if request.client.client_secret is None else _credentials(request.client)
    return request.code, request.client.client_secret, request.code_verifier, credentials


def _credentials(client: Client) -> str:
    from base64 import b64encode

    # Raw, where RFC 6749 section 2.3.1 would form-encode both first: it is what TickTick's server compares with.
    return b64encode(f"{client.client_id}:{client.client_secret}".encode()).decode("ascii")


def _advise(  # noqa: PLR0911 - one per rule
    status: int, error: str | None, description: str | None, client: Client
) -> str | None:
    """Return what to do next, from what TickTick's server is known to do."""
    said = (description or "").lower()
    if error == "invalid_client" and "mismatch" in said:
        return "the code was issued to another client: exchange it with the client that asked for it"
    if status == 401 or error == "invalid_client":
        return (
            "check the client id or secret (or are they swapped?), and that the client is registered with this server "
            f"({shorten(client.server.issuer)}): TickTick and Dida365 do not know each other's"
        )
    # Other servers than TickTick's call it an invalid_request.
    if error in {"invalid_grant", "invalid_request"} and "redirect" in said:
        return (
            "redirect_uri must be exactly that of the authorization request; this client's is "
            f"{shorten(client.redirect_uri.partition('?')[0])}; start again at the authorization URL"
        )
    if error == "invalid_grant" and "verifier" in said:
        return "code_verifier must be the one of the authorization request; start again at the authorization URL"
    if error == "invalid_grant":
        return "the code was used already or is not whole: start again at the authorization URL"
    if error == "invalid_scope":
        return f"the client may not ask for both scopes ({SCOPE}): check what it is registered for"
    if status == 429:
        return "too many requests: wait, then start again at the authorization URL"
    if 200 < status < 300:
        return "only the status 200 brings a token: start again at the authorization URL"
    if status >= 500:
        return "the service is at fault and the code may be spent: start again at the authorization URL, later"
    return None
