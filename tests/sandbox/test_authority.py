"""What comes on top of the recording: time, PKCE, metadata, registration and public clients, without the network."""

import json
from base64 import b64encode
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from ticktick_oauth import (
    AuthorizationRequest,
    AuthorizationServer,
    Client,
    OAuthTokenV1,
    RegistrationRequest,
    TokenRequest,
)
from ticktick_oauth._sign_in.http_server import Answer, Request
from ticktick_oauth.exceptions import TokenEndpointError
from ticktick_oauth.sandbox._authority import Authority
from ticktick_oauth.sandbox._ledger import RegisteredClient

ISSUER = "http://127.0.0.1:1"
FORM = {"content-type": "application/x-www-form-urlencoded"}


class World:
    """An authority, its clock, which stands still until it is set, and a program that talks to it."""

    now = 100.0

    def __init__(self, *, lifetime: int = 15_551_999, check_pkce: bool = True) -> None:
        self.authority = Authority(auto_approve=True, check_pkce=check_pkce, lifetime=lifetime, clock=lambda: self.now)
        self.authority.open(ISSUER)
        assert self.authority.server is not None
        self.server: AuthorizationServer = self.authority.server
        registered = RegisteredClient(client_secret="secret", redirect_uris=("http://127.0.0.1:8080/",))
        self.authority.ledger.clients[registered.client_id] = registered
        self.client = Client(client_id=registered.client_id, client_secret="secret", server=self.server)

    def ask(self, method: str, url: str, headers: dict[str, str] | None = None, body: bytes = b"") -> Answer:
        """Send a request."""
        lower = {name.lower(): value for name, value in (headers or {}).items()}
        path, _, query = url.removeprefix(ISSUER).partition("?")
        return self.authority.answer(Request(method=method, path=path, query=query, headers=lower, body=body))

    def send(self, request: Any) -> Any:  # noqa: ANN401 - each request of this package has its own answer
        """Send a request of this package, and read the answer."""
        answer = self.ask(request.method, request.url, request.headers, request.body)
        return request.parse_response(answer.status, answer.headers, answer.body)

    def register(self, redirect_uri: str = "http://127.0.0.1:50123/") -> Client:
        """Register a public client."""
        client: Client = self.send(RegistrationRequest(server=self.server, redirect_uri=redirect_uri))
        return client

    def authorize(self, request: AuthorizationRequest, **changes: str) -> dict[str, str]:
        """Go to the authorization URL, changed, and return the redirect's parameters."""
        parameters = {name: values[0] for name, values in parse_qs(urlsplit(request.uri).query).items()} | changes
        answer = self.ask("GET", f"/oauth/authorize?{urlencode(parameters)}")
        assert 302 == answer.status
        return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}

    def token(self, client: Client | None = None, **changes: str) -> OAuthTokenV1:
        """Go through the whole flow, with PKCE."""
        request = AuthorizationRequest.with_pkce(client=client or self.client)
        verifier = changes.pop("code_verifier", request.code_verifier)
        code = self.authorize(request, **changes)["code"]
        token: OAuthTokenV1 = self.send(TokenRequest(client=request.client, code=code, code_verifier=verifier))
        return token


def test_a_token_has_the_time_that_remains_and_is_replaced_once_it_expired() -> None:
    """Whole seconds count, 0 in the last one; what has expired is another token's place."""
    world = World(lifetime=2)
    seen = []
    for world.now in (100.0, 100.1, 101.0, 102.0, 102.1, 102.2):
        token = world.token()
        seen.append((token.access_token, token.expires_in))
    first, other = seen[0][0], seen[4][0]
    assert [(first, 2), (first, 1), (first, 1), (first, 0), (other, 2), (other, 1)] == seen
    assert first != other


def test_a_token_opens_the_api_until_it_expires() -> None:
    """To its last second, and not beyond."""
    world = World(lifetime=2)
    header = {"Authorization": world.token().authorization_header()}
    statuses = []
    for world.now in (100.0, 102.0, 102.1):
        statuses.append(world.ask("GET", "/open/v1/project", header).status)
    assert [200, 200, 401] == statuses


@pytest.mark.parametrize("verifier", ["", f"={'x' * 43}", "=%C3%A9", "=\u00e9", "=%FF"])
@pytest.mark.parametrize("is_public", [True, False])
def test_a_code_that_was_asked_for_with_a_challenge_needs_its_verifier(verifier: str, *, is_public: bool) -> None:
    """Whether a client has a secret or not; what is not ASCII is a wrong one."""
    world = World()
    client = world.register() if is_public else world.client
    code = world.authorize(AuthorizationRequest.with_pkce(client=client))["code"]
    fields = {"client_id": client.client_id, "client_secret": client.client_secret or "", "code": code}
    fields |= {"grant_type": "authorization_code", "redirect_uri": client.redirect_uri}
    answer = world.ask("POST", "/oauth/token", FORM, f"{urlencode(fields)}&code_verifier{verifier}".encode("latin-1"))
    expected = {"error": "invalid_grant", "error_description": "Invalid code verifier"}
    assert (400, expected) == (answer.status, json.loads(answer.body))


def test_a_verifier_is_not_checked_where_it_is_asked_so() -> None:
    """The stock software looks away; not where the verifier is all that proves who a client is."""
    world = World(check_pkce=False)
    assert 15551999 == world.token(code_verifier="x" * 43).expires_in
    with pytest.raises(TokenEndpointError, match="Invalid code verifier"):
        world.token(world.register(), code_verifier="x" * 43)


def test_metadata_is_of_the_form_that_discovery_reads() -> None:
    """The document says where everything is (RFC 8414), and that a public client may register."""
    world = World()
    url = f"{ISSUER}/.well-known/oauth-authorization-server"
    answer = world.ask("GET", url)
    assert 200 == answer.status
    assert world.server == AuthorizationServer.from_metadata(ISSUER, answer.body)
    assert {
        "issuer": ISSUER,
        "authorization_endpoint": f"{ISSUER}/oauth/authorize",
        "token_endpoint": f"{ISSUER}/oauth/token",
        "registration_endpoint": f"{ISSUER}/oauth/register",
        "authorization_response_iss_parameter_supported": False,
        "scopes_supported": ["tasks:read", "tasks:write"],
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code"],
        "token_endpoint_auth_methods_supported": ["none", "client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
    } == json.loads(answer.body)
    assert 200 == world.ask("HEAD", url).status
    world.authority.close()
    assert 404 == world.ask("GET", url).status


@pytest.mark.parametrize(
    ("method", "path", "status", "allowed", "text"),
    [
        ("GET", "/", 404, None, "<p>There is no such page here. If you are signing in, "),
        ("POST", "/.well-known/oauth-authorization-server", 405, "GET", "<p>This address takes GET only. If you are "),
        ("GET", "/oauth/register", 405, "POST", "<p>This address takes POST only. If you are "),
        ("PUT", "/oauth/token", 405, "GET, POST", "<p>This address takes POST only. If you are "),
        ("GET", "/oauth/authorize?client_id=x", 401, None, "client id is not known here. Go back to the program"),
        ("GET", "/oauth/authorize?client_id={}&redirect_uri=x", 400, None, "one it is registered with. Go back to the"),
        ("POST", "/oauth/token?x=1", 401, None, "client id or secret is wrong or missing. Go back to the program"),
    ],
)
def test_what_is_no_request_gets_a_page(method: str, path: str, status: int, allowed: str | None, text: str) -> None:
    """It says what is wrong and, at an end of the sign-in, to start again; and which methods the address takes."""
    world = World()
    headers = (
        {}
        if "?" in path
        else {"authorization": f"Basic {b64encode(f'{world.client.client_id}:secret'.encode()).decode()}"}
    )
    answer = world.ask(method, path.format(world.client.client_id), headers)
    assert (status, allowed) == (answer.status, answer.headers.get("Allow"))
    assert "text/html;charset=utf-8" == answer.headers["Content-Type"]
    assert text in answer.body.decode()


@pytest.mark.parametrize("redirect_uri", ["http://127.0.0.1:50123/", "http://[::1]:4321/cb", "https://app.example/cb"])
def test_a_public_client_registers_and_signs_in_with_pkce(redirect_uri: str) -> None:
    """No portal and no secret: any port of loopback will do, when it was registered."""
    world = World()
    client = world.register(redirect_uri)
    assert client.client_secret is None
    assert 15551999 == world.token(client).expires_in


@pytest.mark.parametrize(
    ("changes", "description"),
    [
        ({"code_challenge": ""}, "code challenge required"),
        ({"code_challenge_method": "plain"}, "transform algorithm not supported: code_challenge_method must be S256"),
    ],
)
@pytest.mark.parametrize("check_pkce", [True, False])
def test_a_public_client_cannot_do_without_pkce(changes: dict[str, str], description: str, *, check_pkce: bool) -> None:
    """A challenge by S256 is required of it, whatever the sandbox does about other clients."""
    world = World(check_pkce=check_pkce)
    redirected = world.authorize(AuthorizationRequest.with_pkce(client=world.register()), **changes)
    assert ("invalid_request", description) == (redirected["error"], redirected["error_description"])


def test_an_unknown_response_type_is_named() -> None:
    """All of what was asked for, as Spring has it."""
    world = World()
    redirected = world.authorize(AuthorizationRequest(client=world.client), response_type="x y")
    assert "Unsupported response types: [x, y]" == redirected["error_description"]


def test_a_public_client_sends_no_credentials_beside_its_id() -> None:
    """One authentication method a request (RFC 6749 section 2.3)."""
    world = World()
    body = urlencode({"client_id": world.register().client_id}).encode()
    answer = world.ask("POST", "/oauth/token", {**FORM, "authorization": "Basic eDp5"}, body)
    assert 401 == answer.status


@pytest.mark.parametrize(
    ("redirect_uri", "status", "shown"),
    [
        ("http://127.0.0.1:8080/?a=\r\nSet-Cookie: b\u4e2d", 302, "8080/?a=%0D%0ASet-Cookie:%20b%E4%B8%AD&code="),
        ("nonsense", 400, "redirect URI is not the one"),
        ("http://127.0.0.1.evil.example:8080/", 400, "redirect URI is not the one"),
        ("//127.0.0.1:8080/", 400, "redirect URI is not the one"),
    ],
)
def test_a_redirect_uri_brings_neither_a_header_nor_another_host(redirect_uri: str, status: int, shown: str) -> None:
    """What no URI holds is encoded, since a query is not compared; for another host there is a page.

    RFC 6749 section 4.1.2.1: the browser is never sent to an address that is not registered.
    """
    world = World()
    query = {"response_type": "code", "client_id": world.client.client_id, "redirect_uri": redirect_uri}
    answer = world.ask("GET", f"/oauth/authorize?{urlencode(query)}")
    assert status == answer.status
    assert shown in answer.headers.get("Location", answer.body.decode())


METADATA = {"redirect_uris": ["http://127.0.0.1:5/"], "token_endpoint_auth_method": "none"}


def register(world: World, document: object) -> Answer:
    """Send a registration of one's own making."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return world.ask("POST", "/oauth/register", {"Content-Type": "application/json"}, body)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, {"token_endpoint_auth_method": "none", "scope": "tasks:read tasks:write", "client_name": None}),
        ({"client_name": "pl\u00e4nner"}, {"client_name": "pl\u00e4nner"}),
        ({"client_name": "\ud800", "scope": ["tasks:read"]}, {"client_name": None, "scope": "tasks:read tasks:write"}),
        ({"scope": "tasks:nope tasks:read"}, {"scope": "tasks:read"}),
        ({"unknown": [1]}, {"redirect_uris": ["http://127.0.0.1:5/"]}),
        ({"grant_types": ["implicit"]}, {"grant_types": ["authorization_code"], "response_types": ["code"]}),
        (
            {"token_endpoint_auth_method": "client_secret_post"},
            {"token_endpoint_auth_method": "client_secret_post", "client_secret_expires_at": 0},
        ),
    ],
)
def test_a_registration_answers_with_what_was_registered(change: dict[str, Any], expected: dict[str, Any]) -> None:
    """The answer has all that is registered (RFC 7591 section 3.2.1), and no secret for a public client."""
    answer = register(World(), {**METADATA, **change})
    members = json.loads(answer.body)
    assert b"\\u" not in answer.body  # in UTF-8, as Spring's
    assert (201, "no-store") == (answer.status, answer.headers["Cache-Control"])
    assert expected == {name: members.get(name) for name in expected}
    assert ("client_secret" in members) == (members["token_endpoint_auth_method"] != "none")


def test_a_confidential_client_can_register_too() -> None:
    """By the RFC's default, where no method is named, there is a secret, and the flow works with it."""
    world = World()
    members = json.loads(register(world, {"redirect_uris": ["http://127.0.0.1:5/"]}).body)
    client = Client(
        client_id=members["client_id"],
        client_secret=members["client_secret"],
        redirect_uri="http://127.0.0.1:5/",
        server=world.server,
    )
    assert "client_secret_basic" == members["token_endpoint_auth_method"]
    assert 15551999 == world.token(client).expires_in


@pytest.mark.parametrize(
    ("document", "error"),
    [
        (b"", "invalid_redirect_uri"),
        (b"\xff", "invalid_redirect_uri"),
        (b"[" * 60000, "invalid_redirect_uri"),
        ([], "invalid_redirect_uri"),
        ({**METADATA, "redirect_uris": "http://127.0.0.1:5/"}, "invalid_redirect_uri"),
        ({**METADATA, "redirect_uris": []}, "invalid_redirect_uri"),
        ({**METADATA, "redirect_uris": [5]}, "invalid_redirect_uri"),
        ({**METADATA, "redirect_uris": ["http://app.example/"]}, "invalid_redirect_uri"),
        ({**METADATA, "redirect_uris": ["http://127.0.0.1:5/#x"]}, "invalid_redirect_uri"),
        ({**METADATA, "redirect_uris": ["http://127.0.0.1:5/\ud800"]}, "invalid_redirect_uri"),
        ({**METADATA, "token_endpoint_auth_method": "private_key_jwt"}, "invalid_client_metadata"),
        ({**METADATA, "token_endpoint_auth_method": ["none"]}, "invalid_client_metadata"),
    ],
)
def test_a_registration_that_makes_no_sense_is_refused(document: object, error: str) -> None:
    """The code says what kind of mistake it is (RFC 7591 section 3.2.2), whatever was sent."""
    answer = register(World(), document)
    description = {
        "invalid_redirect_uri": "redirect_uris must be addresses, https or http on loopback",
        "invalid_client_metadata": "token_endpoint_auth_method must be one of none, client_secret_basic, "
        "client_secret_post",
    }[error]
    assert 400 == answer.status
    assert {"error": error, "error_description": description} == json.loads(answer.body)
