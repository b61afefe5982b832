"""Answer requests for metadata (RFC 8414) and for registration (RFC 7591), open to everybody as TickTick's."""

import secrets
from typing import cast

from attrs import asdict

from .._protocol.address import check_address
from .._protocol.answer import EndpointAnswer
from .._protocol.server import AuthorizationServer
from .._sign_in.http_server import Answer, Request
from .._token.model import SCOPE
from ._answers import NO_STORE, Refused, answer_error_page, answer_json
from ._ledger import Ledger, RegisteredClient

_METHODS = ("none", "client_secret_basic", "client_secret_post")


def answer_metadata_request(request: Request, server: AuthorizationServer) -> Answer:
    """Say where everything is, and what is supported."""
    if request.method not in {"GET", "HEAD"}:
        return answer_error_page(405, "This address takes GET only.", {"Allow": "GET"})
    supported = {
        "scopes_supported": SCOPE.split(),
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code"],
        "token_endpoint_auth_methods_supported": _METHODS,
        "code_challenge_methods_supported": ["S256"],
    }
    return answer_json(200, {**asdict(server), **supported})


def answer_registration_request(request: Request, ledger: Ledger) -> Answer:
    """Register a client, or say what is wrong with what it says of itself."""
    if request.method != "POST":
        return answer_error_page(405, "This address takes POST only.", {"Allow": "POST"})
    try:
        client, method = _read_registration(request.body)
    except Refused as refused:
        error = {"error": refused.error, "error_description": refused.description}
        return answer_json(400, error, {**NO_STORE, "Connection": "close"})
    ledger.register(client)
    # RFC 7591 section 3.2.1: client_secret_expires_at is "REQUIRED if "client_secret" is issued", 0 for never.
    secret = {} if client.is_public else {"client_secret": client.client_secret, "client_secret_expires_at": 0}
    members = {
        "client_id": client.client_id,
        **secret,
        "client_name": client.name,
        "redirect_uris": client.redirect_uris,
        "grant_types": ["authorization_code"],
        "response_types": ["code"],
        "token_endpoint_auth_method": method,
        "scope": client.scope,
    }
    return answer_json(201, {name: value for name, value in members.items() if value is not None})


def _read_registration(body: bytes) -> tuple[RegisteredClient, str]:
    """Return the client that a document describes, and how it authenticates at the token endpoint."""
    document = EndpointAnswer(200, {}, body).members
    if not document:
        raise Refused("invalid_client_metadata", "the body must be a JSON object")
    # What stands here is what counts where a member is missing (RFC 7591 section 2).
    members: dict[str, object] = {
        "grant_types": ["authorization_code"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "client_secret_basic",
        "scope": SCOPE,
        "client_name": "",
        **document,
    }
    for member, value in (("grant_types", "authorization_code"), ("response_types", "code")):
        if value not in _read_list(members[member]):
            raise Refused("invalid_client_metadata", f"{member} must have {value}")
    method, name, scope = members["token_endpoint_auth_method"], members["client_name"], members["scope"]
    if not isinstance(method, str) or method not in _METHODS:
        raise Refused("invalid_client_metadata", f"token_endpoint_auth_method must be one of {', '.join(_METHODS)}")
    if not isinstance(name, str) or not name.isprintable() or not isinstance(scope, str):
        raise Refused("invalid_client_metadata", "client_name and scope must be printable strings")
    words = sorted(set(scope.split()))
    if not set(words) <= set(SCOPE.split()):
        raise Refused("invalid_client_metadata", f"scope must be words of {SCOPE}")
    redirect_uris = _read_list(members.get("redirect_uris"))
    if not redirect_uris or not all(_is_redirect_uri(uri) for uri in redirect_uris):
        raise Refused("invalid_redirect_uri", "redirect_uris must be addresses, https or http on loopback")
    client = RegisteredClient(
        client_secret=None if method == "none" else secrets.token_urlsafe(24),
        redirect_uris=tuple(str(uri) for uri in redirect_uris),
        scope=" ".join(words) or SCOPE,
        name=name or None,
    )
    return client, method


def _read_list(value: object) -> list[object]:
    return cast("list[object]", value) if isinstance(value, list) else []


def _is_redirect_uri(value: object) -> bool:
    try:
        check_address("redirect_uri", value)
    except (TypeError, ValueError):
        return False
    return True
