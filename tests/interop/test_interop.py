"""Servers that others wrote: Authlib with Flask, django-oauth-toolkit, Node's oidc-provider.

Their words differ, so the tests compare what a program goes by: class, status, code and hint.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from attrs import evolve

from interop.browser import KNOWN, visit
from interop.conftest import TESTS, RealServer
from interop.serving import LIFETIME, USER
from person import free_port
from processes import run
from ticktick_oauth import (
    AuthorizationRequest,
    AuthorizationResponse,
    Client,
    OAuthTokenV1,
    discover_server,
    exchange_code,
    register_client,
    sign_in,
)
from ticktick_oauth.exceptions import AuthorizationError, InvalidRedirectError, RegistrationError, TokenEndpointError
from ticktick_oauth.storage import TokenFile, require_token

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

pytestmark = pytest.mark.slow
ELSEWHERE = "http://127.0.0.1:8080/elsewhere"
SPENT = "the code was used already or is not whole: start again at the authorization URL"


def authorize(client: Client) -> AuthorizationResponse:
    """Go through the first step, with a person who allows."""
    request = AuthorizationRequest.with_pkce(client=client)
    return request.parse_response(visit(request.uri))


@pytest.mark.parametrize("road", ["plain", "pkce", "registered"])
def test_an_allowed_sign_in_ends_with_a_token_that_works(real_server: RealServer, road: str) -> None:
    """The token is in TickTick's shape, and its server takes its header for the person's; its code is for one use."""
    client = real_server.client
    if road == "registered":
        client = register_client(client.server, redirect_uri=f"http://127.0.0.1:{free_port()}/")
        # The server decides whether there is a secret; one that a public client has beside it is dropped.
        assert (real_server.name == "authlib") == (client.client_secret is not None)
    request = AuthorizationRequest(client=client) if road == "plain" else AuthorizationRequest.with_pkce(client=client)
    response = request.parse_response(visit(request.uri))
    assert (road == "plain") == (response.code_verifier is None)
    token = exchange_code(client, response)
    assert OAuthTokenV1(access_token=token.access_token, expires_in=LIFETIME) == token
    assert USER == real_server.whose(token.authorization_header())
    assert None is real_server.whose(f"Bearer {uuid4()}")
    with pytest.raises(TokenEndpointError, match=SPENT) as caught:
        exchange_code(client, response)
    assert (400, "invalid_grant") == (caught.value.status, caught.value.error)


@pytest.mark.parametrize(
    ("changes", "status", "error", "words"),
    [
        ({"client_secret": "not-it"}, 401, "invalid_client", "check the client id or secret"),
        ({"client_id": "someone-else"}, 401, "invalid_client", r"registered with this server \(http://127"),
        ({"code": "made-up"}, 400, "invalid_grant", SPENT),
        ({"code_verifier": "another" * 7}, 400, "invalid_grant", SPENT),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_refused_exchange(
    real_server: RealServer, changes: dict[str, str], status: int, error: str, words: str
) -> None:
    """What does not fit is refused by each server, and reported with what to do, and without the secret."""
    client, response = real_server.client, authorize(real_server.client)
    if "client_id" in changes or "client_secret" in changes:
        client = evolve(client, **changes)  # type: ignore[arg-type] # its server is not among them
    else:
        response = evolve(response, **changes)
    with pytest.raises(TokenEndpointError, match=words) as caught:
        exchange_code(client, response)
    assert (status, error) == (caught.value.status, caught.value.error)
    assert "client_id" in changes or not any(value in str(caught.value) for value in changes.values())


def test_a_wrong_redirect_uri_is_refused(real_server: RealServer) -> None:
    """A code that was sent elsewhere than the exchange says is refused, in words about the redirect URI."""
    response = authorize(real_server.client)
    with pytest.raises(TokenEndpointError) as caught:
        exchange_code(evolve(real_server.client, redirect_uri=ELSEWHERE), response)
    # RFC 6749 section 5.2 has an invalid_grant for it, which oauthlib does not use here; oidc-provider says no more.
    expected = "invalid_request" if real_server.name == "toolkit" else "invalid_grant"
    assert (400, expected) == (caught.value.status, caught.value.error)
    words = f"exactly that of the authorization request; this client's is {ELSEWHERE}"
    assert real_server.name == "oidc" or words in str(caught.value.hint)


def test_a_missing_verifier_is_refused(real_server: RealServer) -> None:
    """A verifier that a program forgot to carry on is asked for by its name, where the server says what is wrong."""
    with pytest.raises(TokenEndpointError, match=SPENT if real_server.name == "oidc" else "verifier") as caught:
        exchange_code(real_server.client, authorize(real_server.client).code)
    assert 400 == caught.value.status


def test_a_person_who_denies_is_believed(real_server: RealServer) -> None:
    """Pressing the other button brings an access_denied, with the state in order."""
    request = AuthorizationRequest(client=real_server.client)
    redirect = visit(request.uri, allow=False)
    with pytest.raises(AuthorizationError, match=r"^the person denied the access: access_denied") as caught:
        request.parse_response(redirect)
    assert ("access_denied", None) == (caught.value.error, caught.value.uri)


def test_a_redirect_is_from_its_own_server(real_server: RealServer) -> None:
    """Each server names itself in the redirect (RFC 9207): the flows above took it, another server's is refused."""
    client = real_server.client
    request = AuthorizationRequest(client=client)
    redirect = visit(request.uri)
    assert [real_server.issuer] == parse_qs(urlsplit(redirect).query)["iss"]
    other = evolve(client, server=evolve(client.server, issuer="https://dida365.com"))
    with pytest.raises(InvalidRedirectError, match=r"another issuer than https://dida365\.com"):
        AuthorizationRequest(client=other, state=request.state).parse_response(redirect)


def test_an_issuer_is_asked_for_exactly(real_server: RealServer) -> None:
    """One slash more is another issuer (RFC 8414 section 3.3), and the error has the one to ask for."""
    with pytest.raises(RegistrationError, match=f"it is {real_server.issuer}, so ask for exactly that"):
        discover_server(f"{real_server.issuer}/")


@pytest.mark.parametrize(
    ("real_server", "redirect_uri", "error", "words"),
    [
        ("toolkit", "https://program.example/", "invalid_client_metadata", "scheme"),
        ("oidc", "https://localhost/", "invalid_redirect_uri", "must not be using localhost as hostname"),
    ],
    indirect=["real_server"],
)
def test_a_refused_registration(real_server: RealServer, redirect_uri: str, error: str, words: str) -> None:
    """A server that does not register this redirect URI is reported with its own words."""
    with pytest.raises(RegistrationError, match=words) as caught:
        register_client(real_server.client.server, redirect_uri=redirect_uri)
    assert (400, error) == (caught.value.status, caught.value.error)


def test_login_needs_no_id(real_server: RealServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command registers itself, opens the default browser, and keeps a token that works."""
    monkeypatch.setenv("BROWSER", f"{sys.executable} -m interop.browser %s")
    monkeypatch.setenv("PYTHONPATH", str(TESTS))
    monkeypatch.delenv("TICKTICK_CLIENT_ID", raising=False)
    file = tmp_path / "token.json"
    command = [sys.executable, "-m", "ticktick_oauth", "login", "--server", real_server.issuer, "--token-file"]
    finished = run(*command, file)
    assert 0 == finished.returncode, finished.stderr
    token = require_token(TokenFile(file), server=real_server.client.server)
    assert USER == real_server.whose(token.authorization_header())


def test_the_pages_of_each_server_lead_back(real_server: RealServer, chromium: "Chrome") -> None:
    """In a real browser: through the log-in and the consent that the server brings along, to the program's own page."""
    from selenium.common.exceptions import WebDriverException
    from selenium.webdriver.support.wait import WebDriverWait

    # Between two pages the driver cannot answer, in more than one way.
    wait = WebDriverWait(chromium, 60, ignored_exceptions=(WebDriverException,))

    def show(uri: str) -> None:
        chromium.get(uri)
        while "ticktick-oauth" not in chromium.title:
            for name, value in KNOWN.items():
                for element in chromium.find_elements("name", name):
                    element.send_keys(value)
            buttons = chromium.find_elements("name", "allow") or chromium.find_elements("css selector", "[type=submit]")
            chromium.execute_script("window.isOldPage = true")
            buttons[0].click()
            wait.until(
                lambda browser: browser.execute_script("return !window.isOldPage && document.readyState == 'complete'")
            )

    issued = sign_in(server=real_server.client.server, open_browser=False, show=show, timeout=60)
    assert "Access allowed" in chromium.title
    assert USER == real_server.whose(issued.token.authorization_header())
