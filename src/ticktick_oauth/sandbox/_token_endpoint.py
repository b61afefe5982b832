"""Answer token requests: trade a code for a token, or refuse in Spring's words (RFC 6749 sections 4.1.3 and 5)."""

from base64 import b64decode
from collections.abc import Mapping
from hmac import compare_digest
from html import escape

from .._protocol.authorization import code_challenge
from .._sign_in.http_server import Answer, Request
from ._answers import NO_CACHE, NO_STORE, Refused, answer_empty, answer_error_page, answer_json, read_form, read_query
from ._ledger import Ledger, RegisteredClient


def answer_token_request(request: Request, ledger: Ledger) -> Answer:
    """Answer a program. Who asks is looked at first, before the method."""
    parameters = {**read_form(request), **read_query(request)}
    authorization = request.headers.get("authorization", "")
    if "client_id" in parameters:  # which goes before the header
        client = _find_by_form(ledger, parameters, authorization)
        if client is None:
            return _refuse(Refused("invalid_client", "Bad client credentials"), 'Form realm="oauth2/client", ')
    else:
        client = _find_by_header(ledger, authorization)
        if client is None:
            challenge = {"WWW-Authenticate": 'Basic realm="oauth2/client"'}
            return answer_error_page(401, "The program's client id or secret is wrong or missing.", challenge)
    if request.method != "POST":
        return _answer_other_method(request.method)
    try:
        return _trade(ledger, client, parameters)
    except Refused as refused:
        return _refuse(refused, "Bearer ")


def answer_api_request(request: Request, ledger: Ledger) -> Answer:
    """Answer a program that uses its token (RFC 6750 section 3): with no projects, or as Spring's resource server."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme == "Bearer" and ledger.is_valid(token):
        return answer_json(200, [], NO_CACHE)
    return _refuse(Refused("invalid_token", "Invalid access token"), 'Bearer realm="oauth2-resource", ')


def _find_by_form(ledger: Ledger, parameters: Mapping[str, str], authorization: str) -> RegisteredClient | None:
    client = ledger.clients.get(parameters["client_id"])
    if client is None or not client.is_public:
        return _with_secret(client, parameters.get("client_secret", ""))
    # RFC 6749 section 2.3: "The client MUST NOT use more than one authentication method in each request."
    return None if authorization else client


def _find_by_header(ledger: Ledger, authorization: str) -> RegisteredClient | None:
    scheme, _, credentials = authorization.partition(" ")
    try:
        client_id, _, client_secret = b64decode(credentials).decode().partition(":")
    except ValueError:
        return None
    # The scheme's name as it stands: Spring asks for the capital letter.
    return _with_secret(ledger.clients.get(client_id), client_secret) if scheme == "Basic" else None


def _with_secret(client: RegisteredClient | None, secret: str) -> RegisteredClient | None:
    expected = client and client.client_secret
    return client if expected and compare_digest(expected.encode(), secret.encode()) else None


def _answer_other_method(method: str) -> Answer:
    if method == "OPTIONS":
        return answer_empty(200, {**NO_CACHE, "Allow": "GET,HEAD,POST"})
    if method in {"GET", "HEAD"}:
        description = f"Request method &#39;{method}&#39; not supported"
        return answer_json(405, {"error": "method_not_allowed", "error_description": description})
    return answer_error_page(405, "This address takes POST only.", {"Allow": "GET, POST"})


def _trade(ledger: Ledger, client: RegisteredClient, parameters: Mapping[str, str]) -> Answer:
    client.check_scope(parameters.get("scope", ""))  # though the code's counts
    _check_grant_type(parameters.get("grant_type", ""))
    code = parameters.get("code")
    if code is None:
        raise Refused("invalid_request", "An authorization code must be supplied.")
    # A code is for one use: it is spent here, whatever follows.
    grant = ledger.spend_code(code)
    if grant is None:
        raise Refused("invalid_grant", f"Invalid authorization code: {code}")
    if parameters.get("redirect_uri") not in grant.redirect_uris:
        raise Refused("invalid_grant", "Redirect URI mismatch.")
    if grant.client_id != client.client_id:
        raise Refused("invalid_client", "Client ID mismatch")
    if grant.code_challenge is not None and grant.code_challenge != _challenge(parameters.get("code_verifier", "")):
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


def _challenge(code_verifier: str) -> str | None:
    # RFC 7636 section 4.1: a verifier is ASCII.
    return code_challenge(code_verifier) if code_verifier.isascii() else None


def _refuse(refused: Refused, challenge: str) -> Answer:
    # Spring escapes what it repeats for HTML, with a spelling of its own for the apostrophe.
    description = escape(refused.description).replace("&#x27;", "&#39;")
    if refused.error in {"invalid_client", "invalid_token"}:
        status, header = 401, "WWW-Authenticate"
        value = f'{challenge}error="{refused.error}", error_description="{description}"'
    else:
        status, header, value = 400, "Connection", "close"
    members = {"error": refused.error, "error_description": description, **refused.scope}
    return answer_json(status, members, {**NO_STORE, header: value})
