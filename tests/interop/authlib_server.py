"""An authorization server of Authlib and Flask in TickTick's shape: ``python -m interop.authlib_server``."""

from collections.abc import Callable
from typing import Any, ClassVar
from uuid import uuid4

from authlib.integrations.flask_oauth2 import AuthorizationServer, ResourceProtector
from authlib.oauth2.rfc6749 import JsonRequest, OAuth2Error, OAuth2Request
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc6750 import BearerTokenValidator
from authlib.oauth2.rfc7591 import ClientRegistrationEndpoint
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from authlib.oauth2.rfc9207 import IssuerParameter
from flask import Config, Flask, Response, request

from interop.authlib_records import IssuedCode, RegisteredClient, Token
from interop.serving import (
    AUTHORIZE_PATH,
    CLIENT_ID,
    CLIENT_SECRET,
    LIFETIME,
    REDIRECT_URI,
    REGISTER_PATH,
    RESOURCE_PATH,
    SCOPE,
    TOKEN_PATH,
    USER,
    serve,
)

CONSENT = (
    '<form method="post"><input type="submit" name="allow" value="Allow"><input type="submit" value="Deny"></form>'
)

CLIENTS = {
    CLIENT_ID: RegisteredClient(
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
        redirect_uris=[REDIRECT_URI],
        token_endpoint_auth_method="client_secret_basic",
    )
}
CODES: dict[str, IssuedCode] = {}
TOKENS: dict[str, Token] = {}


class CodeGrant(AuthorizationCodeGrant):
    """The authorization code grant, over a dict."""

    TOKEN_ENDPOINT_AUTH_METHODS: ClassVar = ["client_secret_basic", "none"]

    def save_authorization_code(self, code: str, oauth_request: OAuth2Request) -> None:
        """Keep a code until it is exchanged."""
        CODES[code] = IssuedCode(
            code=code,
            redirect_uri=oauth_request.payload.redirect_uri,
            scope=oauth_request.scope,
            code_challenge=oauth_request.payload.data.get("code_challenge"),
            code_challenge_method=oauth_request.payload.data.get("code_challenge_method"),
        )

    def query_authorization_code(self, code: str, _client: RegisteredClient) -> IssuedCode | None:
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
        """Return the name of the tenant that is asked."""
        return tenant_issuer()


class Registration(ClientRegistrationEndpoint):
    """Registers public clients, or as its tenant has it; each gets a secret, which a public one has no use for."""

    def authenticate_token(self, _request: JsonRequest) -> bool:
        """Let everybody in, or nobody."""
        return tenant() != "closed"

    def get_server_metadata(self) -> dict[str, object]:
        """Return what a client's metadata is compared with."""
        return describe()

    def extract_client_metadata(self, json_request: JsonRequest) -> dict[str, object]:
        """Replace the method of authentication that was asked for (RFC 7591 section 3.2.1) where secrets are liked."""
        metadata: dict[str, object] = super().extract_client_metadata(json_request)
        return {**metadata, "token_endpoint_auth_method": "client_secret_basic"} if tenant() == "secret" else metadata

    def save_client(self, info: dict[str, str], metadata: dict[str, Any], _request: JsonRequest) -> RegisteredClient:
        """Keep a client."""
        client = CLIENTS[info["client_id"]] = RegisteredClient(
            client_id=info["client_id"],
            client_secret=info["client_secret"],
            redirect_uris=metadata["redirect_uris"],
            token_endpoint_auth_method=metadata["token_endpoint_auth_method"],
        )
        return client


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


def tenant() -> str:
    """Return the path of the tenant that is asked: ``closed`` registers nobody, ``secret`` issues secrets."""
    return str((request.view_args or {}).get("tenant", ""))


def tenant_issuer() -> str:
    """Return the issuer that is asked."""
    return f"{request.host_url}{tenant()}".rstrip("/")


def describe(**_tenant: str) -> dict[str, object]:
    """Return the metadata of the server that is asked, which Authlib finds to be in order."""
    issuer = tenant_issuer()
    metadata = AuthorizationServerMetadata(
        issuer=issuer,
        authorization_endpoint=f"{issuer}/{AUTHORIZE_PATH}",
        token_endpoint=f"{issuer}/{TOKEN_PATH}",
        registration_endpoint=f"{issuer}/{REGISTER_PATH}",
        scopes_supported=SCOPE.split(),
        response_types_supported=["code"],
        grant_types_supported=["authorization_code"],
        token_endpoint_auth_methods_supported=CodeGrant.TOKEN_ENDPOINT_AUTH_METHODS,
        code_challenge_methods_supported=["S256"],
    )
    metadata.validate()
    return dict(metadata)


def authorize(**_tenant: str) -> Response:
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


def issue_token(**_tenant: str) -> Response:
    """Exchange a code for a token."""
    answer: Response = server.create_token_response()
    return answer


def register(**_tenant: str) -> Response:
    """Register a client."""
    answer: Response = server.create_endpoint_response(Registration.ENDPOINT_NAME)
    return answer


def resource(**_tenant: str) -> str:
    """Say whose token it is that a request bears."""
    with protector.acquire(SCOPE):
        return USER


application = Flask(__name__)
application.config["OAUTH2_ACCESS_TOKEN_GENERATOR"] = new_uuid
application.config["OAUTH2_TOKEN_EXPIRES_IN"] = {"authorization_code": LIFETIME}
for prefix in ("", "/<tenant>"):
    # RFC 8414 section 3.1: the well-known part stands in front of the issuer's path.
    application.add_url_rule(f"/.well-known/oauth-authorization-server{prefix}", view_func=describe)
    application.add_url_rule(f"{prefix}/{REGISTER_PATH}", view_func=register, methods=["POST"])
    application.add_url_rule(f"{prefix}/{AUTHORIZE_PATH}", view_func=authorize, methods=["GET", "POST"])
    application.add_url_rule(f"{prefix}/{TOKEN_PATH}", view_func=issue_token, methods=["POST"])
    application.add_url_rule(f"{prefix}/{RESOURCE_PATH}", view_func=resource)

server = TickTickLike(application, query_client=CLIENTS.get, save_token=save_token)
server.register_grant(CodeGrant, [CodeChallenge(required=True)])
server.register_extension(Issuer())
server.register_endpoint(Registration)
protector = ResourceProtector()
protector.register_token_validator(Validator())

if __name__ == "__main__":
    serve(application)
