"""A local authorization server that answers as TickTick's does, for demos and for tests of programs that sign in.

It serves loopback only, keeps all in memory, and its tokens open nothing.
"""

import json
import secrets
import string
import threading
import time
from collections import deque
from collections.abc import Mapping
from contextlib import closing
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl
from urllib.parse import quote
from urllib.parse import urlencode
from urllib.parse import urlsplit
from uuid import UUID
from uuid import uuid4

from attrs import frozen

from ._authorization import AuthorizationRequest
from ._authorization import code_challenge
from ._client import DEFAULT_REDIRECT_URI
from ._client import Client
from ._converter import dumps
from ._http_server import Answer
from ._http_server import Request
from ._http_server import listen
from ._http_server import page
from ._pages import consent_page
from ._pages import error_page
from ._server import AuthorizationServer
from ._token import SCOPE
from ._token import OAuthTokenV1

if TYPE_CHECKING:
    from ssl import SSLContext
    from types import TracebackType

_AUTHORIZE_PATH = "/oauth/authorize"
_TOKEN_PATH = "/oauth/token"  # noqa: S105 - a path, not a password
# TickTick's tokens have been seen with 180 days less a second.
_LIFETIME = 180 * 24 * 3600 - 1
# Seconds that a person's browser would wait.
_PATIENCE = 30.0
_REDACTED = "[redacted]"
# What TickTick's server, a Tomcat, answers to wrong client credentials: no JSON.
_TOMCAT_PAGE = (
    '<!doctype html><html lang="en"><head><title>HTTP Status 401 \u2013 Unauthorized</title></head>'
    "<body><h1>HTTP Status 401 \u2013 Unauthorized</h1></body></html>"
)


@frozen(kw_only=True)
class ReceivedRequest:
    """What the token endpoint was asked, with the secrets in it redacted."""

    method: str
    headers: dict[str, str]
    """The headers, their names in lower case."""
    form: dict[str, str]
    """The parameters of the body."""


class Sandbox:
    """A threaded server on 127.0.0.1, for the time of a ``with`` block.

    It gives one token per client and user: a second sign-in brings the same with less time, as TickTick seems to do.
    """

    server: AuthorizationServer
    """The server's addresses; there from the start of the ``with`` block on."""
    requests: list[ReceivedRequest]
    """What the token endpoint was asked so far, in the order of arrival."""

    def __init__(
        self,
        *,
        port: int = 0,
        ssl_context: "SSLContext | None" = None,
        auto_approve: bool = True,
    ) -> None:
        """Prepare a sandbox.

        Args:
            port: The port to listen on; 0 takes a free one.
            ssl_context: A server's context with its certificate loaded, to speak TLS; None for plain HTTP.
            auto_approve: Whether the authorization endpoint approves by itself; if not, it shows a consent page.

        """
        self.requests = []
        self._port = port
        self._ssl_context = ssl_context
        self._authority = _Authority(auto_approve=auto_approve)
        self._forced: deque[tuple[Answer, float]] = deque()
        self._closing = threading.Event()

    def __enter__(self) -> "Sandbox":  # noqa: PYI034 - `typing.Self` is younger than Python 3.10
        self._http = listen("127.0.0.1", self._port, self._answer, ssl_context=self._ssl_context)
        issuer = f"{'http' if self._ssl_context is None else 'https'}://127.0.0.1:{self._http.server_port}"
        self.server = AuthorizationServer(
            issuer=issuer,
            authorization_endpoint=f"{issuer}{_AUTHORIZE_PATH}",
            token_endpoint=f"{issuer}{_TOKEN_PATH}",
        )
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        _type: "type[BaseException] | None",
        _error: "BaseException | None",
        _traceback: "TracebackType | None",
    ) -> None:
        self._closing.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def client(self, *, redirect_uri: str = DEFAULT_REDIRECT_URI) -> Client:
        """Register a client, with a fresh id and secret."""
        client = Client(
            client_id=secrets.token_urlsafe(12),
            client_secret=secrets.token_urlsafe(24),
            redirect_uri=redirect_uri,
            server=self.server,
        )
        self._authority.clients[client.client_id] = client
        return client

    def sign_in(self, request: AuthorizationRequest, *, user: str = "user", deny: bool = False) -> str:
        """Play the person in the browser, over HTTP: open the authorization URL and allow, or deny.

        Returns:
            The URL that the browser is sent to, for ``request.parse_response``.

        Raises:
            ValueError: the sandbox shows an error page instead, as for a client that it did not make.

        """
        from http.client import HTTPConnection
        from http.client import HTTPSConnection
        from ssl import CERT_NONE
        from ssl import PROTOCOL_TLS_CLIENT
        from ssl import SSLContext

        address = "127.0.0.1", self._http.server_port
        if self._ssl_context is None:
            connection = HTTPConnection(*address, timeout=_PATIENCE)
        else:
            # The peer is this very process, whose certificate may be of any authority.
            context = SSLContext(PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = CERT_NONE
            connection = HTTPSConnection(*address, timeout=_PATIENCE, context=context)
        with closing(connection):
            decision = urlencode({"user": user, "decision": "deny" if deny else "allow"})
            connection.request("POST", f"{_AUTHORIZE_PATH}?{urlsplit(request.uri).query}", body=decision)
            response = connection.getresponse()
        location = response.getheader("Location")
        if location is None:
            raise ValueError(f"the sandbox answered with an error page (status {response.status})")
        return location

    def next_answer(
        self,
        status: int,
        body: bytes | str,
        *,
        content_type: str = "application/json",
        delay: float = 0.0,
    ) -> None:
        """Force what the token endpoint answers next, whatever it is asked; further calls queue up.

        Args:
            status: The HTTP status.
            body: The body; a str is sent as UTF-8.
            content_type: The Content-Type header.
            delay: Seconds to wait before the answer; the end of the ``with`` block cuts them short.

        """
        octets = body.encode() if isinstance(body, str) else body
        answer = Answer(status=status, body=octets, headers={"Content-Type": content_type})
        self._forced.append((answer, delay))

    def _answer(self, request: Request) -> Answer:
        """Answer a request, in one of the HTTP server's threads."""
        parts = urlsplit(request.target)
        form = dict(parse_qsl(request.body.decode("latin-1"), keep_blank_values=True))
        if parts.path == _AUTHORIZE_PATH:
            return self._authority.authorize(parts.query, form if request.method == "POST" else None)
        if parts.path != _TOKEN_PATH:
            return page(404, error_page("There is no such page here."))
        self.requests.append(_redacted(request, form))
        with suppress(IndexError):  # nothing is forced
            answer, delay = self._forced.popleft()
            self._closing.wait(delay)
            return answer
        if request.method != "POST":
            return _error(405, "method_not_allowed", f"Request method '{request.method}' not supported")
        return self._authority.token(request.headers.get("authorization", ""), form)


@frozen(kw_only=True)
class _Grant:
    """What a code stands for (RFC 6749 section 4.1.2: "bound to the client identifier and redirection URI")."""

    client: Client
    user: str
    code_challenge: str | None


class _Authority:
    """What the server knows and how it answers: TickTick's rules, without the network."""

    def __init__(self, *, auto_approve: bool) -> None:
        self.clients: dict[str, Client] = {}
        self._auto_approve = auto_approve
        self._lock = threading.Lock()
        self._grants: dict[str, _Grant] = {}
        self._tokens: dict[tuple[str, str], tuple[UUID, float, int]] = {}

    def authorize(self, query: str, form: Mapping[str, str] | None) -> Answer:
        """Answer an authorization request (RFC 6749 section 4.1.1); the form is a person's decision, None at first."""
        pairs = parse_qsl(query, keep_blank_values=True)
        parameters = dict(pairs)
        client = self.clients.get(parameters.get("client_id", ""))
        # RFC 6749 section 4.1.2.1: without a known client and its redirect URI the server "MUST NOT automatically
        # redirect the user-agent to the invalid redirection URI".
        if client is None or len(parameters) < len(pairs):
            return page(400, error_page("The program's client id is not known here."))
        if parameters.get("redirect_uri") != client.redirect_uri:
            return page(400, error_page("The program's redirect URI is not the one it is registered with."))
        error = _request_error(parameters)
        if error is None and form is None and not self._auto_approve:
            consent = consent_page(
                client_id=client.client_id, redirect_uri=client.redirect_uri, scope=parameters["scope"], user="user"
            )
            return page(200, consent)
        person = form or {}
        if error is None and person.get("decision", "allow") != "allow":
            error = "access_denied", "User denied access"
        answer = {"error": error[0], "error_description": error[1]} if error else {}
        if error is None:
            challenge = parameters.get("code_challenge")
            grant = _Grant(client=client, user=person.get("user", "user"), code_challenge=challenge)
            answer["code"] = self._issue_code(grant)
        if "state" in parameters:
            answer["state"] = parameters["state"]
        separator = "&" if "?" in client.redirect_uri else "?"
        location = f"{client.redirect_uri}{separator}{urlencode(answer, quote_via=quote)}"
        return Answer(status=303, body=b"", headers={"Location": location, "Cache-Control": "no-store"})

    def _issue_code(self, grant: _Grant) -> str:
        code = "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(6))
        with self._lock:
            self._grants[code] = grant
        return code

    def token(self, authorization: str, form: Mapping[str, str]) -> Answer:  # noqa: PLR0911 - one a rule
        """Answer a token request (RFC 6749 section 4.1.3) with the texts of Spring Security OAuth, as TickTick."""
        client, refusal = self._authenticate(authorization, form)
        if client is None:
            return refusal
        if form.get("grant_type") != "authorization_code":
            return _error(400, "unsupported_grant_type", "Unsupported grant type")
        code = form.get("code")
        if not code:
            return _error(400, "invalid_request", "An authorization code must be supplied.")
        # A code is for one use: it is spent here, whatever follows.
        with self._lock:
            grant = self._grants.pop(code, None)
        if grant is None:
            return _error(400, "invalid_grant", f"Invalid authorization code: {code}")
        if grant.client.client_id != client.client_id:
            return _error(401, "invalid_client", "Client ID mismatch")
        if form.get("redirect_uri") != client.redirect_uri:
            return _error(400, "invalid_grant", "Redirect URI mismatch.")
        verifier = form.get("code_verifier", "")
        if grant.code_challenge is not None and code_challenge(verifier) != grant.code_challenge:
            return _error(400, "invalid_grant", "Invalid code verifier.")
        return _json(200, dumps(self._issue_token(client.client_id, grant.user)))

    def _authenticate(self, authorization: str, form: Mapping[str, str]) -> tuple[Client | None, Answer]:
        from base64 import b64decode

        scheme, _, credentials = authorization.partition(" ")
        if scheme.lower() == "basic":
            try:
                client_id, _, client_secret = b64decode(credentials).decode().partition(":")
            except ValueError:
                client_id, client_secret = "", ""
            refusal = page(401, _TOMCAT_PAGE.encode())
        else:
            client_id, client_secret = form.get("client_id", ""), form.get("client_secret", "")
            refusal = _error(401, "invalid_client", "Bad client credentials")
        client = self.clients.get(client_id)
        known = client is not None and secrets.compare_digest(
            (client.client_secret or "").encode(), client_secret.encode()
        )
        return client if known else None, refusal

    def _issue_token(self, client_id: str, user: str) -> OAuthTokenV1:
        with self._lock:
            uuid, first, least = self._tokens.get((client_id, user), (uuid4(), time.monotonic(), _LIFETIME + 1))
            # Less than before even within the same second, so that a test can see it.
            expires_in = min(_LIFETIME - int(time.monotonic() - first), least - 1)
            self._tokens[client_id, user] = uuid, first, expires_in
        return OAuthTokenV1(access_token=uuid, expires_in=expires_in)


def _request_error(parameters: Mapping[str, str]) -> tuple[str, str] | None:
    if parameters.get("response_type") != "code":
        return "unsupported_response_type", "Unsupported response types"
    if parameters.get("scope") != SCOPE:
        return "invalid_scope", f"Invalid scope; the scope is {SCOPE}"
    # RFC 7636 section 4.4.1: a method that is not supported is an invalid_request.
    if "code_challenge" in parameters and parameters.get("code_challenge_method") != "S256":
        return "invalid_request", "code_challenge_method must be S256"
    return None


def _json(status: int, text: str) -> Answer:
    # RFC 6749 section 5.1: "The authorization server MUST include the HTTP "Cache-Control" response header field".
    headers = {"Content-Type": "application/json;charset=UTF-8", "Cache-Control": "no-store", "Pragma": "no-cache"}
    return Answer(status=status, body=text.encode(), headers=headers)


def _error(status: int, error: str, description: str) -> Answer:
    return _json(status, json.dumps({"error": error, "error_description": description}))


def _redacted(request: Request, form: Mapping[str, str]) -> ReceivedRequest:
    return ReceivedRequest(
        method=request.method,
        headers={
            name: f"{value.partition(' ')[0]} {_REDACTED}" if name == "authorization" else value
            for name, value in request.headers.items()
        },
        form={
            name: _REDACTED if name in {"code", "code_verifier", "client_secret"} else value
            for name, value in form.items()
        },
    )
