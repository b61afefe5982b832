"""An authorization server of Authlib and Flask in TickTick's shape: ``python -m interop.authlib_server``."""

from collections.abc import Callable
from hmac import compare_digest
from uuid import uuid4

from attrs import frozen
from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.integrations.flask_oauth2 import ResourceProtector
from authlib.oauth2.rfc6749 import AuthorizationCodeMixin
from authlib.oauth2.rfc6749 import ClientMixin
from authlib.oauth2.rfc6749 import OAuth2Error
from authlib.oauth2.rfc6749 import OAuth2Request
from authlib.oauth2.rfc6749 import TokenMixin
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc6750 import BearerTokenValidator
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc9207 import IssuerParameter
from flask import Config
from flask import Flask
from flask import Response
from flask import request

from interop.serving import AUTHORIZE_PATH
from interop.serving import CLIENT_ID
from interop.serving import CLIENT_SECRET
from interop.serving import LIFETIME
from interop.serving import REDIRECT_URI
from interop.serving import RESOURCE_PATH
from interop.serving import SCOPE
from interop.serving import TOKEN_PATH
from interop.serving import USER
from interop.serving import serve

CONSENT = (
    '<form method="post"><input type="submit" name="allow" value="Allow"><input type="submit" value="Deny"></form>'
)


class OneClient(ClientMixin):
    """The one client that is registered."""

    def get_client_id(self) -> str:
        """Return the id."""
        return CLIENT_ID

    def get_default_redirect_uri(self) -> None:
        """Have a request name its redirect URI."""

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """Allow what is asked, up to TickTick's two scopes."""
        return scope if scope and set(scope.split()) <= set(SCOPE.split()) else None

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Compare to the character."""
        return redirect_uri == REDIRECT_URI

    def check_client_secret(self, client_secret: str) -> bool:
        """Compare in constant time."""
        return compare_digest(client_secret.encode(), CLIENT_SECRET.encode())

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """Take Basic authentication alone."""
        return (method, endpoint) == ("client_secret_basic", "token")

    def check_response_type(self, response_type: str) -> bool:
        """Give codes."""
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        """Take codes."""
        return grant_type == "authorization_code"


@frozen(kw_only=True)
class IssuedCode(AuthorizationCodeMixin):
    """A code that waits to be traded."""

    code: str
    redirect_uri: str
    scope: str
    code_challenge: str | None
    code_challenge_method: str | None

    def get_redirect_uri(self) -> str:
        """Return where the code was sent."""
        return self.redirect_uri

    def get_scope(self) -> str:
        """Return what was allowed."""
        return self.scope


@frozen
class Token(TokenMixin):
    """An issued token, which neither expires nor is revoked within a test."""

    scope: str

    def get_scope(self) -> str:
        """Return what was allowed."""
        return self.scope

    def is_expired(self) -> bool:
        """Last."""
        return False

    def is_revoked(self) -> bool:
        """Stay valid."""
        return False


CODES: dict[str, IssuedCode] = {}
TOKENS: dict[str, Token] = {}


class CodeGrant(AuthorizationCodeGrant):
    """The authorization code grant, over a dict."""

    TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic",)

    def save_authorization_code(self, code: str, oauth_request: OAuth2Request) -> None:
        """Keep a code until it is traded."""
        CODES[code] = IssuedCode(
            code=code,
            redirect_uri=oauth_request.payload.redirect_uri,
            scope=oauth_request.scope,
            code_challenge=oauth_request.payload.data.get("code_challenge"),
            code_challenge_method=oauth_request.payload.data.get("code_challenge_method"),
        )

    def query_authorization_code(self, code: str, _client: OneClient) -> IssuedCode | None:
        """Find a code."""
        return CODES.get(code)

    def delete_authorization_code(self, authorization_code: IssuedCode) -> None:
        """Spend a code."""
        del CODES[authorization_code.code]

    def authenticate_user(self, _authorization_code: IssuedCode) -> str:
        """Return whose code it is."""
        return USER


class Validator(BearerTokenValidator):
    """Knows the tokens that were issued."""

    def authenticate_token(self, token_string: str) -> Token | None:
        """Find a token."""
        return TOKENS.get(token_string)


class Issuer(IssuerParameter):
    """Names the server in each redirect."""

    def get_issuer(self) -> str:
        """Return this server's origin."""
        return str(request.host_url).rstrip("/")


class TickTickLike(AuthorizationServer):
    """Says ``bearer`` where Authlib says ``Bearer``."""

    def create_bearer_token_generator(self, config: Config) -> Callable[..., dict[str, object]]:
        """Wrap Authlib's own generator."""
        generate = super().create_bearer_token_generator(config)
        return lambda *args, **kwargs: {**generate(*args, **kwargs), "token_type": "bearer"}


def new_uuid(**_about: object) -> str:
    """Make a token as TickTick's look."""
    return str(uuid4())


def save_token(token: dict[str, str], _request: object) -> None:
    """Remember a token, for the resource."""
    TOKENS[token["access_token"]] = Token(token["scope"])


def authorize() -> Response:
    """Show the consent page, and act on the person's decision."""
    try:
        grant = server.get_consent_grant(end_user=USER)
    except OAuth2Error as error:
        return Response(error.error, 400)
    if request.method == "GET":
        return Response(CONSENT)
    user = USER if "allow" in request.form else None
    answer: Response = server.create_authorization_response(grant_user=user, grant=grant)
    return answer


def issue_token() -> Response:
    """Trade a code for a token."""
    answer: Response = server.create_token_response()
    return answer


def resource() -> str:
    """Tell whose token it is that a request bears."""
    with protector.acquire(SCOPE):
        return USER


application = Flask(__name__)
application.config["OAUTH2_ACCESS_TOKEN_GENERATOR"] = new_uuid
application.config["OAUTH2_TOKEN_EXPIRES_IN"] = {"authorization_code": LIFETIME}
application.add_url_rule(f"/{AUTHORIZE_PATH}", view_func=authorize, methods=["GET", "POST"])
application.add_url_rule(f"/{TOKEN_PATH}", view_func=issue_token, methods=["POST"])
application.add_url_rule(f"/{RESOURCE_PATH}", view_func=resource)

server = TickTickLike(application, query_client={CLIENT_ID: OneClient()}.get, save_token=save_token)
server.register_grant(CodeGrant, [CodeChallenge(required=False)])
server.register_extension(Issuer())
protector = ResourceProtector()
protector.register_token_validator(Validator())

if __name__ == "__main__":
    serve(application)
