"""Answer the requests for each endpoint: metadata, registration, authorization, a token, and the list of projects."""

import secrets
from base64 import b64decode
from collections.abc import Mapping
from contextlib import suppress
from hmac import compare_digest
from html import escape
from typing import cast

from attrs import asdict

from .._protocol.address import check_address
from .._protocol.answer import EndpointAnswer
from .._protocol.authorization_code import code_challenge
from .._protocol.server import AuthorizationServer
from .._sign_in.http_server import Answer, Request, page
from .._sign_in.pages import consent_page
from .._token.model import SCOPE
from ._answers import NO_CACHE, NO_STORE, Refused, answer_json, answer_page, answer_redirect, read_form, read_parameters
from ._ledger import Grant, Ledger, RegisteredClient

_METHODS = ("none", "client_secret_basic", "client_secret_post")


def answer_metadata(request: Request, server: AuthorizationServer) -> Answer:
    """Say where everything is, and what is supported (RFC 8414)."""
    if request.method not in {"GET", "HEAD"}:
        return answer_page(405, "This address takes GET only.", {"Allow": "GET"})
    supported = {
        "scopes_supported": SCOPE.split(),
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code"],
        "token_endpoint_auth_methods_supported": _METHODS,
        "code_challenge_methods_supported": ["S256"],
    }
    return answer_json(200, {**asdict(server), **supported})


def answer_registration(request: Request, ledger: Ledger) -> Answer:
    """Register a client (RFC 7591), for everybody as TickTick's, or say what is wrong with what it says of itself."""
    if request.method != "POST":
        return answer_page(405, "This address takes POST only.", {"Allow": "POST"})
    try:
        return answer_json(201, _register(request.body, ledger))
    except Refused as refused:
        return _refuse(refused)


def _register(body: bytes, ledger: Ledger) -> dict[str, object]:
    """Register the client that a document describes, with TickTick's own values for some (RFC 7591 section 3.2.1)."""
    document = EndpointAnswer(201, {}, body).members
    method, name = document.get("token_endpoint_auth_method", "client_secret_basic"), document.get("client_name")
    if method not in _METHODS:
        raise Refused("invalid_client_metadata", f"token_endpoint_auth_method must be one of {', '.join(_METHODS)}")
    try:
        redirect_uris = cast("list[object]", document.get("redirect_uris") or [None])
        registered = tuple(check_address("redirect_uri", uri) for uri in redirect_uris)
    except (TypeError, ValueError):
        raise Refused("invalid_redirect_uri", "redirect_uris must be addresses, https or http on loopback") from None
    asked = str(document.get("scope")).split()
    client = RegisteredClient(
        client_secret=None if method == "none" else secrets.token_urlsafe(24),
        redirect_uris=registered,
        scope=" ".join(word for word in SCOPE.split() if word in asked) or SCOPE,
        name=name if isinstance(name, str) and name.isprintable() else None,
    )
    ledger.clients[client.client_id] = client
    # RFC 7591 section 3.2.1: client_secret_expires_at is "REQUIRED if "client_secret" is issued", 0 for never.
    is_public = client.client_secret is None
    secret = {} if is_public else {"client_secret": client.client_secret, "client_secret_expires_at": 0}
    return {
        "client_id": client.client_id,
        **secret,
        **({"client_name": client.name} if client.name else {}),
        "redirect_uris": client.redirect_uris,
        "grant_types": ["authorization_code"],
        "response_types": ["code"],
        "token_endpoint_auth_method": method,
        "scope": client.scope,
    }


def answer_authorization(request: Request, ledger: Ledger, *, auto_approve: bool, check_pkce: bool) -> Answer:
    """Answer a browser, or the form of the page that asks the person (RFC 6749 section 4.1.1)."""
    if request.method == "OPTIONS":
        return Answer(status=200, body=b"", headers={**NO_CACHE, "Allow": "POST"})
    query, form = read_parameters(request.query), read_form(request)
    # RFC 6749 section 4.1.2.1: without a known client and its redirect URI the server "MUST NOT automatically redirect
    # the user-agent to the invalid redirection URI".
    client = ledger.clients.get(query.get("client_id", ""))
    if client is None:
        return answer_page(401, "The program's client id is not known here.", {})
    redirect_uri = client.resolve(query.get("redirect_uri"))
    if redirect_uri is None:
        reason = "The program's redirect URI is not the one it is registered with."
        return answer_page(400, reason, {"Connection": "close"})
    state = {"state": query["state"]} if "state" in query else {}
    decision = form.get("decision", "allow" if auto_approve else None)
    try:
        challenge = _read_challenge(query, is_public=client.client_secret is None, check_pkce=check_pkce)
        scope = client.check_scope(query.get("scope", ""))
    except Refused as refused:
        error = {"error": refused.error, "error_description": refused.description}
        return answer_redirect(redirect_uri, {**error, **state, **refused.scope}, NO_CACHE)
    if decision is None:
        body = consent_page(
            client_id=client.client_id, client_name=client.name, redirect_uri=redirect_uri, scope=scope, user="user"
        )
        return page(200, body)
    parameters, mark = {"error": "access_denied", "error_description": "User denied access"}, "?"
    if decision == "allow" and "token" in query["response_type"].split():
        # RFC 6749 section 4.2.2.1: what answers a request for a token stands behind the number sign.
        parameters, mark = {"error": "invalid_client", "error_description": "Unauthorized grant type: implicit"}, "#"
    elif decision == "allow":
        grant = Grant(
            client_id=client.client_id,
            user=form.get("user", "user"),
            scope=scope,
            redirect_uris=(redirect_uri,) if "redirect_uri" in query else (redirect_uri, None),
            code_challenge=challenge,
        )
        parameters = {"code": ledger.issue_code(grant)}
    # Spring leaves Pragma out here.
    return answer_redirect(redirect_uri, {**parameters, **state}, {"Cache-Control": "no-store"}, mark=mark)


def _read_challenge(query: Mapping[str, str], *, is_public: bool, check_pkce: bool) -> str | None:
    """Return the code challenge that the token request has to meet; None when it has to meet none."""
    response_types = query.get("response_type", "").split()
    if not {"code", "token"}.intersection(response_types):
        raise Refused("unsupported_response_type", f"Unsupported response types: [{', '.join(response_types)}]")
    challenge = query.get("code_challenge")
    # RFC 7636 section 4.4.1: what is missing, or of a method that is not supported, is an invalid_request.
    if is_public and not challenge:
        raise Refused("invalid_request", "code challenge required")
    if not is_public and (challenge is None or not check_pkce):
        return None
    if query.get("code_challenge_method") != "S256":
        raise Refused("invalid_request", "transform algorithm not supported: code_challenge_method must be S256")
    return challenge


def answer_token(request: Request, ledger: Ledger) -> Answer:
    """Trade a code for a token, or refuse (RFC 6749 sections 4.1.3 and 5). Who asks is looked at before the method."""
    parameters = {**read_form(request), **read_parameters(request.query)}
    client = _find_client(ledger, parameters, request.headers.get("authorization", ""))
    if client is None and "client_id" in parameters:
        return _refuse(Refused("invalid_client", "Bad client credentials"), 'Form realm="oauth2/client", ')
    if client is None:
        challenge = {"WWW-Authenticate": 'Basic realm="oauth2/client"'}
        return answer_page(401, "The program's client id or secret is wrong or missing.", challenge)
    if request.method != "POST":
        return _answer_other_method(request.method)
    try:
        return _trade(ledger, client, parameters)
    except Refused as refused:
        return _refuse(refused, "Bearer ")


def answer_api(request: Request, ledger: Ledger) -> Answer:
    """Answer a program that uses its token (RFC 6750 section 3): with no projects, or as Spring's resource server."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme == "Bearer" and ledger.is_valid(token):
        return answer_json(200, [], NO_CACHE)
    return _refuse(Refused("invalid_token", "Invalid access token"), 'Bearer realm="oauth2-resource", ')


def _find_client(ledger: Ledger, parameters: Mapping[str, str], authorization: str) -> RegisteredClient | None:
    """Return who asks: by the form, which goes before the header, or by Basic credentials."""
    client_id, secret = parameters.get("client_id"), parameters.get("client_secret", "")
    if client_id is None:
        scheme, _, credentials = authorization.partition(" ")
        with suppress(ValueError):
            client_id, _, secret = b64decode(credentials).decode().partition(":")
        if scheme != "Basic":  # as it stands: Spring asks for the capital letter
            return None
    client = ledger.clients.get(client_id or "")
    if client is not None and client.client_secret is None:
        # RFC 6749 section 2.3: "The client MUST NOT use more than one authentication method in each request."
        return None if authorization else client
    expected = client and client.client_secret
    return client if expected and compare_digest(expected.encode(), secret.encode()) else None


def _answer_other_method(method: str) -> Answer:
    if method == "OPTIONS":
        return Answer(status=200, body=b"", headers={**NO_CACHE, "Allow": "GET,HEAD,POST"})
    if method in {"GET", "HEAD"}:
        description = f"Request method &#39;{method}&#39; not supported"
        return answer_json(405, {"error": "method_not_allowed", "error_description": description})
    return answer_page(405, "This address takes POST only.", {"Allow": "GET, POST"})


def _trade(ledger: Ledger, client: RegisteredClient, parameters: Mapping[str, str]) -> Answer:
    client.check_scope(parameters.get("scope", ""))  # though the code's counts
    _check_grant_type(parameters.get("grant_type", ""))
    code, verifier = parameters.get("code"), parameters.get("code_verifier", "")
    if code is None:
        raise Refused("invalid_request", "An authorization code must be supplied.")
    # A code is for one use: it is spent here, whatever follows.
    grant = ledger.grants.pop(code, None)
    if grant is None:
        raise Refused("invalid_grant", f"Invalid authorization code: {code}")
    if parameters.get("redirect_uri") not in grant.redirect_uris:
        raise Refused("invalid_grant", "Redirect URI mismatch.")
    if grant.client_id != client.client_id:
        raise Refused("invalid_client", "Client ID mismatch")
    # RFC 7636 section 4.1: a verifier is ASCII.
    if grant.code_challenge and not (verifier.isascii() and code_challenge(verifier) == grant.code_challenge):
        raise Refused("invalid_grant", "Invalid code verifier")
    token, expires_in = ledger.issue_token(grant)
    members = {"access_token": str(token), "token_type": "bearer", "expires_in": expires_in, "scope": grant.scope}
    return answer_json(200, members)


def _check_grant_type(grant_type: str) -> None:
    if not grant_type:
        raise Refused("invalid_request", "Missing grant type")
    if grant_type == "implicit":
        raise Refused("invalid_grant", "Implicit grant type not supported from token endpoint")
    if grant_type in {"client_credentials", "refresh_token"}:
        raise Refused("invalid_client", f"Unauthorized grant type: {grant_type}")
    if grant_type != "authorization_code":
        raise Refused("unsupported_grant_type", f"Unsupported grant type: {grant_type}")


def _refuse(refused: Refused, challenge: str = "") -> Answer:
    # Spring escapes what it repeats for HTML, with a spelling of its own for the apostrophe.
    description = escape(refused.description).replace("&#x27;", "&#39;")
    if refused.error in {"invalid_client", "invalid_token"}:
        status, header = 401, "WWW-Authenticate"
        value = f'{challenge}error="{refused.error}", error_description="{description}"'
    else:
        status, header, value = 400, "Connection", "close"
    members = {"error": refused.error, "error_description": description, **refused.scope}
    return answer_json(status, members, {**NO_STORE, header: value})
