"""A sandbox for a program's own tests: what it was asked, what it is made to answer, and how it starts and ends."""

import json
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from html import unescape
from typing import Any

import pytest
import trustme
import urllib3

from processes import eventually
from ticktick_oauth import AuthorizationRequest, AuthorizationResponse, Client, RegistrationRequest, exchange_code
from ticktick_oauth.exceptions import AuthorizationError, DeadlineExceededError, InvalidTokenError, TokenEndpointError
from ticktick_oauth.sandbox import ReceivedRequest, Sandbox

HTTP = urllib3.PoolManager(retries=False)


def sign_in(sandbox: Sandbox, client: Client, *, user: str = "user") -> AuthorizationResponse:
    """Go through the first step of a flow without PKCE."""
    request = AuthorizationRequest(client=client)
    return request.parse_response(sandbox.sign_in(request, user=user))


def test_a_token_is_one_for_a_client_and_a_user(sandbox: Sandbox, client: Client) -> None:
    """A second sign-in brings the same token with less time than 180 days; another user or client gets another."""
    other = sandbox.client()
    first, second, bob, others = (
        exchange_code(one, sign_in(sandbox, one, user=user).code)
        for one, user in ((client, "ada"), (client, "ada"), (client, "bob"), (other, "ada"))
    )
    assert first.access_token == second.access_token
    assert 15551999 == first.expires_in > second.expires_in
    assert 3 == len({first.access_token, bob.access_token, others.access_token})


def test_the_person_is_the_same_by_default(sandbox: Sandbox, client: Client) -> None:
    """Who opens the address in a browser of their own, and who is played, come by one token."""
    request = AuthorizationRequest(client=client)
    opened = HTTP.request("GET", request.uri, redirect=False).headers["Location"]
    ours, theirs = (exchange_code(client, request.parse_response(uri)) for uri in (opened, sandbox.sign_in(request)))
    named = exchange_code(client, sign_in(sandbox, client, user="user"))
    assert ours.access_token == theirs.access_token == named.access_token


def test_a_verifier_is_checked_by_default_and_each_sandbox_has_its_port(sandbox: Sandbox, client: Client) -> None:
    """A wrong one is refused, and two sandboxes do not meet."""
    request = AuthorizationRequest.with_pkce(client=client)
    code = request.parse_response(sandbox.sign_in(request)).code
    with pytest.raises(TokenEndpointError, match="Invalid code verifier"):
        exchange_code(client, code, code_verifier="x" * 43)
    with Sandbox() as other:
        assert len({sandbox.server.issuer, other.server.issuer}) == 2


def test_a_client_id_is_a_word_on_a_command_line(sandbox: Sandbox) -> None:
    """None of a few starts with a hyphen, or has one: it would read as an option."""
    assert all(sandbox.client().client_id.isalnum() for _ in range(20))


def test_denial_is_a_redirect_with_an_error(sandbox: Sandbox, client: Client) -> None:
    """A person who denies sends the program an access_denied."""
    request = AuthorizationRequest(client=client)
    with pytest.raises(AuthorizationError) as caught:
        request.parse_response(sandbox.sign_in(request, deny=True))
    assert ("access_denied", "User denied access") == (caught.value.error, caught.value.description)


def test_the_consent_page_asks_first() -> None:
    """Without approval by itself, a GET shows a page with the client's name, and a POST of its form decides."""
    with Sandbox(auto_approve=False) as sandbox:
        registration = RegistrationRequest(
            server=sandbox.server, redirect_uri="https://app.example/'cb'", client_name="<b>Ada's planner</b>"
        )
        answer = HTTP.request(
            registration.method, registration.url, body=registration.body, headers=registration.headers
        )
        client = registration.parse_response(answer.status, answer.headers, answer.data)
        request = AuthorizationRequest.with_pkce(client=client)
        page = HTTP.request("GET", request.uri)
        text = page.data.decode()
        assert 200 == page.status
        for shown in ("<b>Ada's planner</b>", client.redirect_uri):
            assert shown not in text
            assert shown in unescape(text)
        assert request.state not in text
        assert '<input name="user" value="user" required' in text
        assert 6 == len(request.parse_response(sandbox.sign_in(request)).code)


def test_pages_come_with_headers_that_keep_them_harmless(sandbox: Sandbox) -> None:
    """No page can be framed, kept, sniffed or made to load anything."""
    page = HTTP.request("GET", f"{sandbox.server.issuer}/favicon.ico")
    assert 404 == page.status
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert "no-referrer" == page.headers["Referrer-Policy"]
    assert "nosniff" == page.headers["X-Content-Type-Options"]
    assert "no-store" in page.headers["Cache-Control"]


def test_what_the_person_cannot_sign_in_with(sandbox: Sandbox, client: Client) -> None:
    """A client that this sandbox did not make is a mistake of the test's author; so is an address for a request."""
    stranger = Client(client_id="stranger", client_secret="x", server=sandbox.server)
    words = r"^the sandbox answered with an error page \(status 401\); is the client one of its own\?$"
    with pytest.raises(ValueError, match=words):
        sandbox.sign_in(AuthorizationRequest(client=stranger))
    with pytest.raises(TypeError, match="request must be of type AuthorizationRequest, not str"):
        sandbox.sign_in(AuthorizationRequest(client=client).uri)  # type: ignore[arg-type]


def test_a_sandbox_is_used_in_a_with_block() -> None:
    """Before and after, whatever needs its address says how to start it; a second start has the same options."""
    sandbox = Sandbox(lifetime=60)
    client = Client(client_id="x", client_secret="x")
    for _ in range(2):
        with sandbox:
            with pytest.raises(RuntimeError, match=r"^the sandbox is running already: make another$"):
                sandbox.__enter__()
            client = sandbox.client()
            assert 60 == exchange_code(client, sign_in(sandbox, client).code).expires_in
    with pytest.raises(RuntimeError, match=r"^the sandbox is not running: use it in a with block"):
        sandbox.sign_in(AuthorizationRequest(client=client))
    with pytest.raises(RuntimeError, match=r"use it in a with block \(with Sandbox\(\) as sandbox: \.\.\.\)$"):
        Sandbox().client()


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"port": "8080"}, TypeError, "port must be of type int, not str"),
        ({"port": -1}, ValueError, "port must be 0 to 65535"),
        ({"port": 65536}, ValueError, "port must be 0 to 65535"),
        ({"lifetime": 1.5}, TypeError, "lifetime must be of type int, not float"),
        ({"status": "200"}, TypeError, "status must be of type int, not str"),
        ({"status": 99}, ValueError, "status must be 100 to 999"),
        ({"status": 1000}, ValueError, "status must be 100 to 999"),
        ({"body": 0}, TypeError, "body must be of type bytes, not int"),
        ({"body": []}, TypeError, "body must be of type bytes, not list"),
        ({"content_type": "text/html\r\nX: 1"}, ValueError, "content_type must not have a line end.*"),
        ({"content_type": "text/\u6f22"}, ValueError, "content_type must be ASCII"),
        ({"delay": "5"}, TypeError, "delay must be a number of seconds, not str"),
        ({"delay": float("inf")}, ValueError, "delay must be over 0 and up to 3600 seconds"),
        ({"ssl_context": 5}, TypeError, "ssl_context must be of type SSLContext, not int"),
    ],
)
def test_bad_arguments_are_refused_at_the_call(arguments: dict[str, Any], error: type[Exception], message: str) -> None:
    """What cannot be is said where it is written, not in the server's thread."""
    next_answer = partial(Sandbox().next_answer, status=200, body="{}")
    call: Any = Sandbox if {"port", "lifetime", "ssl_context"} & set(arguments) else next_answer
    with pytest.raises(error, match=f"^{message}$"):
        call(**arguments)
    for status in (100, 999):
        next_answer(status=status)


def test_forced_answers_come_in_their_order(sandbox: Sandbox, client: Client) -> None:
    """next_answer queues up: JSON of a mapping, text, bytes or nothing; and a forced answer spends no code."""
    code = sign_in(sandbox, client).code
    sandbox.next_answer(429, {"error": "slow_down"})
    sandbox.next_answer(200, {"access_token": "é"})
    sandbox.next_answer(200, b"<html>", content_type="text/html")
    sandbox.next_answer(200, None)
    bodies = []
    with pytest.raises(TokenEndpointError) as refused:
        exchange_code(client, code)
    for content_type in (None, r"text/html\)", r"application/json\)"):
        with pytest.raises(InvalidTokenError, match=content_type) as invalid:
            exchange_code(client, code)
        bodies.append(invalid.value.body)
    assert (429, "slow_down") == (refused.value.status, refused.value.error)
    assert [{"access_token": "é"}, b"<html>", b""] == [json.loads(bodies[0] or b""), *bodies[1:]]
    assert 15551999 == exchange_code(client, code).expires_in


def test_a_forced_answer_can_be_slow_and_the_end_cuts_it_short() -> None:
    """A slow server exceeds the caller's deadline; the end of the block does not wait for it, and leaves no thread."""
    before, sandbox = set(threading.enumerate()), Sandbox()
    for _ in range(2):
        with sandbox:
            sandbox.next_answer(200, "{}", delay=3600)
            with pytest.raises(DeadlineExceededError):
                exchange_code(sandbox.client(), "abc123", timeout=0.2)
    eventually(lambda: before >= set(threading.enumerate()))


def test_the_open_api_says_whether_a_token_is_taken(sandbox: Sandbox, client: Client) -> None:
    """The list of projects is empty, and a 401 for a token that nobody issued (RFC 6750 section 3)."""
    token = exchange_code(client, sign_in(sandbox, client).code)
    url = f"{sandbox.server.issuer}/open/v1/project"
    taken = HTTP.request("GET", url, headers={"Authorization": token.authorization_header()})
    assert (200, []) == (taken.status, taken.json())
    for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": f"Basic {token.access_token}"}):
        refused = HTTP.request("GET", url, headers=headers)
        assert (401, "invalid_token") == (refused.status, refused.json()["error"])
        challenge = 'error="invalid_token", error_description="Invalid access token"'
        assert f'Bearer realm="oauth2-resource", {challenge}' == refused.headers["WWW-Authenticate"]


def test_requests_are_kept_with_their_secrets_redacted(sandbox: Sandbox, client: Client) -> None:
    """A test of a program can look at what the token endpoint was asked."""
    request = AuthorizationRequest.with_pkce(client=client)
    exchange_code(client, request.parse_response(sandbox.sign_in(request)))
    (kept,) = sandbox.requests
    form = {
        "grant_type": "authorization_code",
        "code": "[redacted]",
        "redirect_uri": client.redirect_uri,
        "scope": "tasks:read tasks:write",
        "code_verifier": "[redacted]",
    }
    assert ReceivedRequest(method="POST", headers=kept.headers, form=form) == kept
    assert list(form) == list(kept.form)
    assert {
        "host": sandbox.server.issuer.removeprefix("http://"),
        "content-length": "0",
        "user-agent": "ticktick-oauth",
        "accept": "application/json",
        "accept-encoding": "identity",
        "content-type": "application/x-www-form-urlencoded",
        "authorization": "Basic [redacted]",
    } == kept.headers | {"content-length": "0"}
    assert kept.headers["content-length"].isdecimal()
    secrets = ("client_secret", "code", "password", "refresh_token", "username")
    query = "&".join(f"{name}=x" for name in ("client_id", *secrets, "other"))
    HTTP.request("GET", f"{sandbox.server.token_endpoint}?{query}", headers={"Connection": "close"})
    _, kept = sandbox.requests
    assert {"client_id": "x", **dict.fromkeys((*secrets, "[redacted]"), "[redacted]")} == kept.form
    assert "close" == kept.headers["connection"]


@pytest.mark.parametrize(
    ("headers", "body", "query", "shown"),
    [
        ({}, "code=CANARY&refresh_token=CANARY&client_secret=CANARY&code_verifier=CANARY", "", ""),
        ({}, "", "?code=CANARY&client_secret=CANARY", ""),
        ({}, "CANARY", "", ""),
        ({}, "CANARY=1&x=CANARY&password=CANARY&username=CANARY", "", ""),
        ({"Content-Type": "application/json"}, '{"code": "CANARY=1"}', "", ""),
        ({"Cookie": "CANARY", "Proxy-Authorization": "Basic CANARY", "X-Api-Key": "CANARY"}, "", "", ""),
        ({"Authorization": "CANARY CANARY"}, "", "", "[redacted]"),
        ({"Authorization": "BasicCANARY"}, "", "", "[redacted]"),
        ({"Authorization": "Bearer CANARY"}, "", "", "Bearer [redacted]"),
    ],
)
def test_no_secret_is_kept_wherever_it_stands(
    sandbox: Sandbox, headers: dict[str, str], body: str, query: str, shown: str
) -> None:
    """What may be a secret is redacted: only what is known to be harmless is shown, and a scheme that is known."""
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    HTTP.request("POST", f"{sandbox.server.token_endpoint}{query}", headers={**form, **headers}, body=body)
    (kept,) = sandbox.requests
    assert "CANARY" not in repr(kept)
    assert shown == kept.headers.get("authorization", "")


def test_192_exchanges_from_32_threads_succeed(sandbox: Sandbox, client: Client) -> None:
    """Many programs at once are all answered."""
    with ThreadPoolExecutor(32) as executor:

        def run(number: int) -> str:
            code = sign_in(sandbox, client, user=f"user-{number}").code
            return str(exchange_code(client, code).access_token)

        tokens = list(executor.map(run, range(192)))
    assert 192 == len(set(tokens))


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
        assert 15551999 == exchange_code(client, sign_in(sandbox, client).code).expires_in
