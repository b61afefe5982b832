"""The public surface as a type checker sees it: checked by mypy and pyright, never run."""

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Literal
from uuid import UUID

import cattrs
import urllib3

import ticktick_oauth
from ticktick_oauth import exceptions
from ticktick_oauth.sandbox import Sandbox
from ticktick_oauth.storage import TokenFile, TokenStore, default_path, require_token

public = ticktick_oauth.Client(client_id="id", client_secret=None)
secret: str | None = public.client_secret
client = ticktick_oauth.Client(
    client_id="id",
    client_secret="secret",
    redirect_uri="http://127.0.0.1:8080/",
    server=ticktick_oauth.DIDA365,
)
request = ticktick_oauth.AuthorizationRequest(client=client)
kept = ticktick_oauth.AuthorizationRequest.resume(client=client, state=None, code_verifier=request.code_verifier)
with_pkce: ticktick_oauth.AuthorizationRequest = ticktick_oauth.AuthorizationRequest.with_pkce(client=client)
uri: str = request.uri
response: ticktick_oauth.AuthorizationResponse = request.parse_response("?code=x&state=y")
verifier: str | None = response.code_verifier

token: ticktick_oauth.OAuthTokenV1 = ticktick_oauth.exchange_code(client, response)
token = ticktick_oauth.exchange_code(
    client, response.code, code_verifier=verifier, http=urllib3.PoolManager(), timeout=5
)
access_token: UUID = token.access_token
expires_in: int = token.expires_in
token_type: Literal["bearer"] = token.token_type
scope: Literal["tasks:read tasks:write"] = token.scope
header: str = token.authorization_header()

token_request = ticktick_oauth.TokenRequest(client=client, code="code", code_verifier=None)
parts: tuple[str, str, dict[str, str], bytes] = (
    token_request.method,
    token_request.url,
    token_request.headers,
    token_request.body,
)
token = token_request.parse_response(200, {}, b"{}")

server: ticktick_oauth.AuthorizationServer = ticktick_oauth.AuthorizationServer.from_metadata(
    "https://a.example", b"{}"
)
registration_endpoint: str | None = server.registration_endpoint
registration = ticktick_oauth.RegistrationRequest(server=server, redirect_uri="http://127.0.0.1:1/", client_name="mine")
registered: ticktick_oauth.Client = registration.parse_response(201, {}, b"{}")
server = ticktick_oauth.discover_server("https://a.example", http=urllib3.PoolManager(), timeout=5)
registered = ticktick_oauth.register_client(server, redirect_uri="http://127.0.0.1:1/", client_name="a", timeout=5)

issued = ticktick_oauth.IssuedToken(token=token, issued_at=datetime.now(timezone.utc), server=client.server)
expires_at: datetime = issued.expires_at
remaining: timedelta = issued.remaining(now=expires_at)
expired: bool = issued.is_expired(now=expires_at, leeway=timedelta(days=14))

line: str = ticktick_oauth.dump_issued(issued)
issued = ticktick_oauth.load_issued(line)
issued = ticktick_oauth.load_issued(b"{}")

token = ticktick_oauth.loads("{}")
token = ticktick_oauth.loads(b"{}")
token = ticktick_oauth.loads(bytearray(b"{}"))
token = ticktick_oauth.loads(memoryview(b"{}"))
mapping: Mapping[str, object] = {}
token = ticktick_oauth.structure(mapping)
text: str = ticktick_oauth.dumps(token)
members: dict[str, object] = ticktick_oauth.unstructure(token)
schema: dict[str, object] = ticktick_oauth.json_schema()
ticktick_oauth.configure_converter(cattrs.Converter())

store: TokenStore = TokenFile(default_path())
store.save(issued)
maybe: ticktick_oauth.IssuedToken | None = store.load()
store.delete()
token = ticktick_oauth.require_token(ticktick_oauth.TokenFile(ticktick_oauth.default_path(ticktick_oauth.DIDA365)))
token = ticktick_oauth.get_token()
token = ticktick_oauth.get_token(store, leeway=timedelta(days=1), ask=input, http=urllib3.PoolManager())
issued = ticktick_oauth.sign_in(ask=input, client_name="mine")
issued = ticktick_oauth.sign_in(client, show=print, open_browser=False, timeout=60)
with ticktick_oauth.SignIn(client_name="mine", pkce=True) as attempt:
    uri = attempt.uri
    issued = attempt.wait(timeout=60)
token = require_token(store, server=ticktick_oauth.DIDA365, leeway=timedelta(days=1))

# What a type checker must refuse: an error that goes away is one here (warn_unused_ignores).
token.expires_in = 1  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
ticktick_oauth.OAuthTokenV1(access_token="text", expires_in=1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
ticktick_oauth.Client("id", "secret")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
ticktick_oauth.nosuch  # type: ignore[attr-defined]  # pyright: ignore  # noqa: B018, PGH003

try:
    pass
except exceptions.InvalidTokenError as error:
    problems: tuple[exceptions.Problem, ...] = error.problems
    body: bytes | None = error.body
except exceptions.TokenEndpointError as error:
    status: int = error.status
    retry_after: int | None = error.retry_after
except exceptions.RegistrationError as error:
    no_status: int | None = error.status
    hint: str | None = error.hint
except exceptions.EndpointError as error:
    of_either: int | None = error.status
except exceptions.SignInCancelledError:
    pass
except exceptions.TransportError as error:
    code_unused: bool | None = error.code_unused

with Sandbox(port=0, ssl_context=None, auto_approve=True, check_pkce=True, lifetime=3600) as sandbox:
    redirect: str = sandbox.sign_in(ticktick_oauth.AuthorizationRequest(client=sandbox.client()), user="ada", deny=True)
    sandbox.next_answer(429, "{}", content_type="application/json", delay=0.1)
    sandbox.next_answer(200, {"access_token": "x"})
    sandbox.next_answer(503, None)
