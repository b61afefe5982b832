"""Answer authorization requests: ask the person, and send the browser back with a code (RFC 6749 section 4.1.1)."""

from collections.abc import Mapping

from .._sign_in.http_server import Answer, Request, page
from .._sign_in.pages import consent_page
from ._answers import NO_CACHE, Refused, answer_empty, answer_error_page, answer_redirect, read_form, read_query
from ._ledger import Grant, Ledger


def answer_authorization_request(request: Request, ledger: Ledger, *, auto_approve: bool, check_pkce: bool) -> Answer:
    """Answer a browser, or the form of the page that asks the person; the options are those of `Authority`."""
    if request.method == "OPTIONS":
        return answer_empty(200, {**NO_CACHE, "Allow": "POST"})
    query, form = read_query(request), read_form(request)
    # RFC 6749 section 4.1.2.1: without a known client and its redirect URI the server "MUST NOT automatically redirect
    # the user-agent to the invalid redirection URI".
    client = ledger.clients.get(query.get("client_id", ""))
    if client is None:
        return answer_error_page(401, "The program's client id is not known here.", {})
    redirect_uri = client.resolve(query.get("redirect_uri"))
    if redirect_uri is None:
        reason = "The program's redirect URI is not the one it is registered with."
        return answer_error_page(400, reason, {"Connection": "close"})
    state = {"state": query["state"]} if "state" in query else {}
    decision = form.get("decision", "allow" if auto_approve else None)
    try:
        response_types = _read_response_types(query)
        challenge = _read_challenge(query, required=client.is_public, checked=check_pkce or client.is_public)
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
    if decision == "allow" and "token" in response_types:
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


def _read_response_types(query: Mapping[str, str]) -> list[str]:
    response_types = query.get("response_type", "").split()
    if not {"code", "token"}.intersection(response_types):
        raise Refused("unsupported_response_type", f"Unsupported response types: [{', '.join(response_types)}]")
    return response_types


def _read_challenge(query: Mapping[str, str], *, required: bool, checked: bool) -> str | None:
    """Return the code challenge that the token request has to meet; None when it has to meet none."""
    challenge = query.get("code_challenge")
    # RFC 7636 section 4.4.1: what is missing, or of a method that is not supported, is an invalid_request.
    if required and not challenge:
        raise Refused("invalid_request", "code challenge required")
    if checked and challenge is not None and query.get("code_challenge_method") != "S256":
        raise Refused("invalid_request", "transform algorithm not supported: code_challenge_method must be S256")
    return challenge if checked else None
