"""The sandbox answers over real HTTP as TickTick's server is known to."""

import json
import socket
import ssl
import time
from base64 import b64encode
from html import unescape
from urllib.parse import parse_qs
from urllib.parse import urlencode
from urllib.parse import urlsplit

import pytest
import trustme
import urllib3

from ticktick_oauth import AuthorizationRequest
from ticktick_oauth import AuthorizationResponse
from ticktick_oauth import Client
from ticktick_oauth import exchange_code
from ticktick_oauth.exceptions import AuthorizationError
from ticktick_oauth.exceptions import DeadlineExceededError
from ticktick_oauth.exceptions import InvalidTokenError
from ticktick_oauth.exceptions import TokenEndpointError
from ticktick_oauth.sandbox import ReceivedRequest
from ticktick_oauth.sandbox import Sandbox

HTTP = urllib3.PoolManager(retries=False)


def sign_in(sandbox: Sandbox, client: Client, *, user: str = "user") -> AuthorizationResponse:
    """Go through the first step of a flow without PKCE."""
    request = AuthorizationRequest(client=client)
    return request.parse_response(sandbox.sign_in(request, user=user))


def post(client: Client, form: dict[str, str], authorization: str | None = None) -> urllib3.BaseHTTPResponse:
    """Send a token request of one's own making."""
    if authorization is None:
        authorization = "Basic " + b64encode(f"{client.client_id}:{client.client_secret}".encode()).decode()
    headers = {"Authorization": authorization} if authorization else {}
    return HTTP.request_encode_body(
        "POST", client.server.token_endpoint, fields=form, encode_multipart=False, headers=headers
    )


def test_a_code_becomes_a_token(sandbox: Sandbox, client: Client) -> None:
    """The whole flow over HTTP ends with 180 days less a second."""
    token = exchange_code(client, sign_in(sandbox, client).code)
    assert token.expires_in == 15551999


def test_codes_have_six_characters(sandbox: Sandbox, client: Client) -> None:
    """Codes look like TickTick's."""
    code = sign_in(sandbox, client).code
    assert (len(code), code.isalnum()) == (6, True)


def test_a_second_sign_in_brings_the_same_token_with_less_time(sandbox: Sandbox, client: Client) -> None:
    """There is one token per client and user, whose time runs."""
    first = exchange_code(client, sign_in(sandbox, client, user="ada").code)
    second = exchange_code(client, sign_in(sandbox, client, user="ada").code)
    assert second.access_token == first.access_token
    assert second.expires_in < first.expires_in


def test_another_user_or_client_gets_another_token(sandbox: Sandbox, client: Client) -> None:
    """Tokens are not shared between users, nor between clients."""
    other = sandbox.client()
    tokens = {
        exchange_code(client, sign_in(sandbox, client, user="ada").code).access_token,
        exchange_code(client, sign_in(sandbox, client, user="bob").code).access_token,
        exchange_code(other, sign_in(sandbox, other, user="ada").code).access_token,
    }
    assert len(tokens) == 3


def test_denial_is_a_redirect_with_an_error(sandbox: Sandbox, client: Client) -> None:
    """A person who denies sends the program an access_denied."""
    request = AuthorizationRequest(client=client)
    with pytest.raises(AuthorizationError) as caught:
        request.parse_response(sandbox.sign_in(request, deny=True))
    assert (caught.value.error, caught.value.description) == ("access_denied", "User denied access")


def test_a_get_approves_at_once(client: Client) -> None:
    """A browser that opens the authorization URL is redirected with a code."""
    request = AuthorizationRequest(client=client)
    answer = HTTP.request("GET", request.uri, redirect=False)
    assert answer.status == 303
    assert len(request.parse_response(answer.headers["Location"]).code) == 6


def test_a_redirect_uri_with_a_query_keeps_it(sandbox: Sandbox) -> None:
    """The code is added to the query that the redirect URI has (RFC 6749 section 3.1.2)."""
    client = sandbox.client(redirect_uri="http://127.0.0.1:8080/?tenant=1")
    request = AuthorizationRequest(client=client)
    redirect = sandbox.sign_in(request)
    assert parse_qs(urlsplit(redirect).query)["tenant"] == ["1"]
    assert len(request.parse_response(redirect).code) == 6


def test_the_consent_page_asks_first() -> None:
    """Without approval by itself, a GET shows a page with the client, and a POST of its form decides."""
    with Sandbox(auto_approve=False) as sandbox:
        client = sandbox.client(redirect_uri="https://app.example/<script>".replace("<script>", "'cb'"))
        request = AuthorizationRequest(client=client)
        page = HTTP.request("GET", request.uri)
        assert page.status == 200
        assert client.redirect_uri not in page.data.decode()
        assert client.client_id in unescape(page.data.decode())
        assert client.redirect_uri in unescape(page.data.decode())
        assert request.state not in page.data.decode()
        assert len(request.parse_response(sandbox.sign_in(request)).code) == 6


def test_pages_come_with_headers_that_keep_them_harmless(sandbox: Sandbox) -> None:
    """The headers that FAULTS names are on every page."""
    page = HTTP.request("GET", f"{sandbox.server.issuer}/favicon.ico")
    assert page.status == 404
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"client_id": "unknown"}, "client id is not known"),
        ({"redirect_uri": "http://127.0.0.1:9/"}, "redirect URI is not the one"),
    ],
)
def test_a_bad_client_or_redirect_uri_gets_a_page(client: Client, change: dict[str, str], reason: str) -> None:
    """The browser is never sent to an address that is not registered (RFC 6749 section 4.1.2.1)."""
    parts = urlsplit(AuthorizationRequest(client=client).uri)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()} | change
    answer = HTTP.request("GET", f"{client.server.authorization_endpoint}?{urlencode(query)}", redirect=False)
    assert answer.status == 400
    assert reason in answer.data.decode()


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "everything"}, "invalid_scope"),
        ({"code_challenge": "x", "code_challenge_method": "plain"}, "invalid_request"),
    ],
)
def test_a_bad_request_is_redirected_with_its_error(client: Client, change: dict[str, str], error: str) -> None:
    """What is wrong with the request itself is told to the program, with its state."""
    request = AuthorizationRequest(client=client)
    query = {name: values[0] for name, values in parse_qs(urlsplit(request.uri).query).items()} | change
    answer = HTTP.request("GET", f"{client.server.authorization_endpoint}?{urlencode(query)}", redirect=False)
    with pytest.raises(AuthorizationError) as caught:
        request.parse_response(answer.headers["Location"])
    assert caught.value.error == error


def test_a_request_without_state_is_answered_without(client: Client) -> None:
    """The state is RECOMMENDED, not required, of a client."""
    query = parse_qs(urlsplit(AuthorizationRequest(client=client).uri).query)
    del query["state"]
    address = f"{client.server.authorization_endpoint}?{urlencode(query, doseq=True)}"
    answer = HTTP.request("GET", address, redirect=False)
    assert set(parse_qs(urlsplit(answer.headers["Location"]).query)) == {"code"}


def test_sign_in_says_when_the_sandbox_shows_an_error_page(sandbox: Sandbox) -> None:
    """A client that this sandbox did not make is a mistake of the test's author."""
    stranger = Client(client_id="stranger", client_secret="x", server=sandbox.server)
    with pytest.raises(ValueError, match=r"^the sandbox answered with an error page \(status 400\)$"):
        sandbox.sign_in(AuthorizationRequest(client=stranger))


@pytest.mark.parametrize("verifier", ["x" * 43, None])
def test_pkce_is_checked(sandbox: Sandbox, client: Client, verifier: str | None) -> None:
    """A code that was asked for with PKCE needs its very verifier."""
    request = AuthorizationRequest.with_pkce(client=client)
    code = request.parse_response(sandbox.sign_in(request)).code
    with pytest.raises(TokenEndpointError) as caught:
        exchange_code(client, code, code_verifier=verifier)
    assert (caught.value.status, caught.value.error) == (400, "invalid_grant")


def test_pkce_succeeds_with_its_verifier(sandbox: Sandbox, client: Client) -> None:
    """The whole flow works with PKCE."""
    request = AuthorizationRequest.with_pkce(client=client)
    response = request.parse_response(sandbox.sign_in(request))
    assert exchange_code(client, response.code, code_verifier=response.code_verifier).expires_in == 15551999


def test_a_code_is_for_one_use_even_when_the_exchange_fails(sandbox: Sandbox, client: Client) -> None:
    """A code is spent by an exchange that fails on the redirect URI, as TickTick's are."""
    code = sign_in(sandbox, client).code
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": "http://127.0.0.1:9/"}
    mismatch = post(client, form)
    assert (mismatch.status, mismatch.json()) == (
        400,
        {"error": "invalid_grant", "error_description": "Redirect URI mismatch."},
    )
    with pytest.raises(TokenEndpointError) as caught:
        exchange_code(client, code)
    assert (caught.value.error, caught.value.description) == (
        "invalid_grant",
        "Invalid authorization code: [redacted]",
    )


def test_a_code_of_another_client_is_refused(sandbox: Sandbox, client: Client) -> None:
    """A code is bound to the client that it was issued to."""
    with pytest.raises(TokenEndpointError) as caught:
        exchange_code(sandbox.client(), sign_in(sandbox, client).code)
    assert (caught.value.status, caught.value.description) == (401, "Client ID mismatch")


@pytest.mark.parametrize("authorization", ["Basic eDp5", "Basic !", "Basic /w=="])
def test_wrong_basic_credentials_get_tomcats_page(client: Client, authorization: str) -> None:
    """The answer to wrong Basic credentials is HTML, as TickTick's."""
    answer = post(client, {}, authorization)
    assert answer.status == 401
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "HTTP Status 401" in answer.data.decode()


def test_wrong_credentials_in_the_form_get_json(client: Client) -> None:
    """Credentials in the body are checked too, and refused in JSON."""
    answer = post(client, {"client_id": client.client_id, "client_secret": "wrong"}, "")
    assert (answer.status, answer.json()["error"]) == (401, "invalid_client")


def test_credentials_in_the_form_are_taken(sandbox: Sandbox, client: Client) -> None:
    """RFC 6749 section 2.3.1 lets a client send its credentials in the body."""
    form = {
        "grant_type": "authorization_code",
        "code": sign_in(sandbox, client).code,
        "redirect_uri": client.redirect_uri,
        "client_id": client.client_id,
        "client_secret": f"{client.client_secret}",
    }
    assert post(client, form, "").status == 200


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": "refresh_token"}, "unsupported_grant_type"),
        ({"grant_type": "authorization_code"}, "invalid_request"),
        ({"grant_type": "authorization_code", "code": "nosuch"}, "invalid_grant"),
    ],
)
def test_bad_token_requests_get_their_error(client: Client, form: dict[str, str], error: str) -> None:
    """Each mistake has the RFC's code and status 400."""
    answer = post(client, form)
    assert (answer.status, answer.json()["error"]) == (400, error)


def test_the_token_endpoint_takes_posts_only(client: Client) -> None:
    """A GET is refused in JSON with status 405."""
    answer = HTTP.request("GET", client.server.token_endpoint)
    assert (answer.status, answer.json()["error"]) == (405, "method_not_allowed")


def test_a_body_over_the_limit_is_refused(client: Client) -> None:
    """The server reads no body of more than 64 KiB."""
    answer = HTTP.request("POST", client.server.token_endpoint, body=b"x" * 65537)
    assert answer.status == 413


def test_forced_answers_come_in_their_order(sandbox: Sandbox, client: Client) -> None:
    """next_answer queues up, and the code is not spent by a forced answer."""
    code = sign_in(sandbox, client).code
    sandbox.next_answer(429, '{"error": "slow_down"}')
    sandbox.next_answer(200, b"<html>", content_type="text/html")
    with pytest.raises(TokenEndpointError) as refused:
        exchange_code(client, code)
    with pytest.raises(InvalidTokenError) as invalid:
        exchange_code(client, code)
    assert (refused.value.status, refused.value.error, invalid.value.body) == (429, "slow_down", b"<html>")
    assert exchange_code(client, code).expires_in == 15551999


def test_a_forced_answer_can_be_slow_and_the_end_cuts_it_short(sandbox: Sandbox, client: Client) -> None:
    """A slow server exceeds the caller's deadline, and does not hold up the end of the block."""
    sandbox.next_answer(200, "{}", delay=60)
    started = time.monotonic()
    with pytest.raises(DeadlineExceededError):
        exchange_code(client, "abc123", timeout=0.2)
    sandbox.__exit__(None, None, None)
    assert time.monotonic() - started < 30


def test_requests_are_kept_with_their_secrets_redacted(sandbox: Sandbox, client: Client) -> None:
    """A test of a program can look at what the token endpoint was asked."""
    request = AuthorizationRequest.with_pkce(client=client)
    response = request.parse_response(sandbox.sign_in(request))
    exchange_code(client, response.code, code_verifier=response.code_verifier)
    (received,) = sandbox.requests
    assert received == ReceivedRequest(
        method="POST",
        headers=received.headers,
        form={
            "grant_type": "authorization_code",
            "code": "[redacted]",
            "redirect_uri": client.redirect_uri,
            "scope": "tasks:read tasks:write",
            "code_verifier": "[redacted]",
        },
    )
    assert received.headers["authorization"] == "Basic [redacted]"
    assert received.headers["content-type"] == "application/x-www-form-urlencoded"


def test_it_speaks_tls(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """With a server's TLS context every step goes over https, with the certificate checked by the exchange."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    trust = tmp_path_factory.mktemp("tls") / "ca.pem"
    authority.cert_pem.write_to_path(str(trust))
    monkeypatch.setenv("SSL_CERT_FILE", str(trust))
    with Sandbox(ssl_context=context) as sandbox:
        client = sandbox.client()
        assert sandbox.server.issuer.startswith("https://127.0.0.1:")
        assert exchange_code(client, sign_in(sandbox, client).code).expires_in == 15551999


def test_a_peer_that_sends_no_http_disturbs_nobody(
    sandbox: Sandbox, client: Client, capfd: pytest.CaptureFixture[str]
) -> None:
    """Broken and idle connections are left to themselves, and print nothing."""
    address = urlsplit(sandbox.server.issuer)
    assert address.port is not None
    with socket.create_connection(("127.0.0.1", address.port)) as idle:
        with socket.create_connection(("127.0.0.1", address.port)) as broken:
            broken.sendall(b"GET /?code=a-code HTTP/9.9.9\r\n\r\n")
            answer = broken.recv(65536)
            assert answer.startswith(b"<!DOCTYPE html>")
            assert b"a-code" not in answer
        assert exchange_code(client, sign_in(sandbox, client).code).expires_in == 15551999
        sandbox.__exit__(None, None, None)
        assert idle.recv(1) == b""
    assert capfd.readouterr() == ("", "")


def test_an_answer_leaves_in_one_write(client: Client) -> None:
    """The whole answer comes in one piece, so that no delayed acknowledgement stands between its parts."""
    with socket.create_connection(("127.0.0.1", urlsplit(client.server.issuer).port or 0)) as connection:
        connection.sendall(b"GET /oauth/token HTTP/1.1\r\nHost: x\r\n\r\n")
        head, _, body = connection.recv(65536).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 405 ")
    assert json.loads(body)["error"] == "method_not_allowed"


def test_a_port_in_use_is_named() -> None:
    """The error says which port cannot be listened on."""
    with Sandbox() as first:
        port = urlsplit(first.server.issuer).port or 0
        with pytest.raises(OSError, match=rf"^\[Errno \d+\] cannot listen on port {port} of 127\.0\.0\.1: "):
            Sandbox(port=port).__enter__()
