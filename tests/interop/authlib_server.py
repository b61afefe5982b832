"""An authorization server of Authlib and Flask in TickTick's shape: ``python -m interop.authlib_server``."""

from collections.abc import Callable
from typing import Any, ClassVar
from uuid import uuid4

from attrs import frozen
from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, ClientMixin, JsonRequest, OAuth2Error, OAuth2Request
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc7591 import ClientRegistrationEndpoint
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from authlib.oauth2.rfc9207 import IssuerParameter
from flask import Config, Flask, Response, abort, request

from interop import serving

# Its issuer has a path.
PATH = "tenant"
CONSENT = (
    '<form method="post"><input type="submit" name="allow" value="Allow"><input type="submit" value="Deny"></form>'
)


@frozen(kw_only=True)
class RegisteredClient(ClientMixin):
    """A client, by its metadata (RFC 7591 section 2); each has a secret."""

    client_id: str
    client_secret: str
    redirect_uris: list[str]

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> None:
        """Have a request name its redirect URI."""

    def get_allowed_scope(self, scope: str | None) -> str | None:
        return scope if scope and set(scope.split()) <= set(serving.SCOPE.split()) else None

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri in self.redirect_uris

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == self.client_secret

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return (method, endpoint) == ("client_secret_basic", "token")

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


@frozen(kw_only=True)
class IssuedCode(AuthorizationCodeMixin):
    """A code that waits to be exchanged."""

    code: str
    redirect_uri: str
    scope: str
    code_challenge: str | None
    code_challenge_method: str | None

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope


KNOWN = RegisteredClient(
    client_id=serving.CLIENT_ID, client_secret=serving.CLIENT_SECRET, redirect_uris=[serving.REDIRECT_URI]
)
CLIENTS = {KNOWN.client_id: KNOWN}
CODES: dict[str, IssuedCode] = {}
TOKENS: set[str] = set()


class CodeGrant(AuthorizationCodeGrant):
    """The authorization code grant, over a dict."""

    TOKEN_ENDPOINT_AUTH_METHODS: ClassVar = ["client_secret_basic"]

    def save_authorization_code(self, code: str, oauth_request: OAuth2Request) -> None:
        asked = oauth_request.payload
        CODES[code] = IssuedCode(
            code=code,
            redirect_uri=asked.redirect_uri,
            scope=oauth_request.scope,
            code_challenge=asked.data.get("code_challenge"),
            code_challenge_method=asked.data.get("code_challenge_method"),
        )

    def query_authorization_code(self, code: str, _client: RegisteredClient) -> IssuedCode | None:
        return CODES.get(code)

    def delete_authorization_code(self, authorization_code: IssuedCode) -> None:
        del CODES[authorization_code.code]

    def authenticate_user(self, _authorization_code: IssuedCode) -> str:
        return serving.USER


class Issuer(IssuerParameter):
    """Names the server in each redirect."""

    def get_issuer(self) -> str:
        return issuer()


class Registration(ClientRegistrationEndpoint):
    """Registers everybody."""

    def authenticate_token(self, _request: JsonRequest) -> bool:
        return True

    def get_server_metadata(self) -> dict[str, object]:
        return describe()

    def extract_client_metadata(self, json_request: JsonRequest) -> dict[str, object]:
        """Replace the method of authentication that was asked for (RFC 7591 section 3.2.1)."""
        metadata: dict[str, object] = super().extract_client_metadata(json_request)
        return {**metadata, "token_endpoint_auth_method": "client_secret_basic"}

    def save_client(self, info: dict[str, str], metadata: dict[str, Any], _request: JsonRequest) -> RegisteredClient:
        client = CLIENTS[info["client_id"]] = RegisteredClient(
            client_id=info["client_id"],
            client_secret=info["client_secret"],
            redirect_uris=metadata["redirect_uris"],
        )
        return client


class TickTickLike(AuthorizationServer):
    """Says ``bearer`` where Authlib says ``Bearer``."""

    def create_bearer_token_generator(self, config: Config) -> Callable[..., dict[str, object]]:
        generate = super().create_bearer_token_generator(config)
        return lambda *args, **kwargs: {**generate(*args, **kwargs), "token_type": "bearer"}


def issuer() -> str:
    """Return the server's name."""
    return f"{request.host_url}{PATH}"


def describe() -> dict[str, object]:
    """Return the server's metadata, which Authlib finds to be in order."""
    metadata = AuthorizationServerMetadata(
        issuer=issuer(),
        authorization_endpoint=f"{issuer()}/{serving.AUTHORIZE_PATH}",
        token_endpoint=f"{issuer()}/{serving.TOKEN_PATH}",
        registration_endpoint=f"{issuer()}/{serving.REGISTER_PATH}",
        scopes_supported=serving.SCOPE.split(),
        response_types_supported=["code"],
        grant_types_supported=["authorization_code"],
        token_endpoint_auth_methods_supported=["client_secret_basic", "none"],
        code_challenge_methods_supported=["S256"],
    )
    metadata.validate()
    return dict(metadata)


def authorize() -> Response:
    """Show the consent page, and act on the person's decision."""
    try:
        grant = server.get_consent_grant(end_user=serving.USER)
    except OAuth2Error as error:
        return Response(error.error, 400)
    if request.method == "GET":
        return Response(CONSENT)
    user = serving.USER if "allow" in request.form else None
    answer: Response = server.create_authorization_response(grant_user=user, grant=grant)
    return answer


def resource() -> str:
    """Say whose token it is that a request bears."""
    if request.authorization is None or request.authorization.token not in TOKENS:
        abort(401)
    return serving.USER


application = Flask(__name__)
application.config["OAUTH2_ACCESS_TOKEN_GENERATOR"] = lambda **_about: str(uuid4())
application.config["OAUTH2_TOKEN_EXPIRES_IN"] = {"authorization_code": serving.LIFETIME}
server = TickTickLike(
    application, query_client=CLIENTS.get, save_token=lambda token, _request: TOKENS.add(token["access_token"])
)
server.register_grant(CodeGrant, [CodeChallenge()])
server.register_extension(Issuer())
server.register_endpoint(Registration)
# RFC 8414 section 3.1: the well-known part stands in front of the issuer's path.
application.add_url_rule(f"/.well-known/oauth-authorization-server/{PATH}", view_func=describe)
application.add_url_rule(
    f"/{PATH}/{serving.REGISTER_PATH}",
    "register",
    lambda: server.create_endpoint_response(Registration.ENDPOINT_NAME),
    methods=["POST"],
)
application.add_url_rule(f"/{PATH}/{serving.AUTHORIZE_PATH}", view_func=authorize, methods=["GET", "POST"])
application.add_url_rule(f"/{PATH}/{serving.TOKEN_PATH}", "token", server.create_token_response, methods=["POST"])
application.add_url_rule(f"/{PATH}/{serving.RESOURCE_PATH}", view_func=resource)

if __name__ == "__main__":
    serving.serve(application)
