"""A program without an id registers itself, and signs in, at the servers that others wrote."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import DEVNULL
from typing import TYPE_CHECKING

import pytest
from attrs import evolve

from interop.person import KNOWN, Person
from interop.serving import LIFETIME, USER
from interop.starting import TESTS, RealServer
from person import free_port
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
from ticktick_oauth.exceptions import RegistrationError, TokenEndpointError
from ticktick_oauth.storage import TokenFile, require_token

if TYPE_CHECKING:
    from selenium.webdriver import Chrome


def register(issuer: str) -> Client:
    """Register at a server whose addresses are its own document's, for a free port of 127.0.0.1."""
    return register_client(discover_server(issuer), redirect_uri=f"http://127.0.0.1:{free_port()}/")


def authorize(client: Client) -> AuthorizationResponse:
    """Go through the first step, with a person who allows."""
    request = AuthorizationRequest.with_pkce(client=client)
    return request.parse_response(Person().visit(request.uri))


def test_a_program_registers_itself_and_signs_in(real_server: RealServer) -> None:
    """It is a public client, also where the answer has a secret beside it, and its token is the person's."""
    client = register(real_server.issuer)
    assert (None, real_server.client.server) == (client.client_secret, client.server)
    token = exchange_code(client, authorize(client))
    assert OAuthTokenV1(access_token=token.access_token, expires_in=LIFETIME) == token
    assert (200, USER.encode()) == real_server.ask_resource(token.authorization_header())


def test_an_issuer_is_asked_for_exactly(real_server: RealServer) -> None:
    """One slash more is another issuer (RFC 8414 section 3.3), and the error has the one to ask for."""
    with pytest.raises(RegistrationError, match=f"it is {real_server.issuer}, so ask for exactly that"):
        discover_server(f"{real_server.issuer}/")


def test_a_stolen_code_is_of_no_use(real_server: RealServer) -> None:
    """Each server checks the verifier, which is all that a public client proves itself by."""
    client = register(real_server.issuer)
    thief = AuthorizationRequest.with_pkce(client=client)
    with pytest.raises(TokenEndpointError) as caught:
        exchange_code(client, evolve(authorize(client), code_verifier=thief.code_verifier))
    assert (400, "invalid_grant") == (caught.value.status, caught.value.error)


def test_the_server_decides_that_there_is_a_secret(authlib: RealServer) -> None:
    """Where the answer says client_secret_basic, the client proves itself by its secret; here the issuer has a path."""
    client = register(f"{authlib.issuer}/secret")
    assert (f"{authlib.issuer}/secret", True) == (client.server.issuer, client.client_secret is not None)
    token = exchange_code(client, authorize(client))
    assert (200, USER.encode()) == authlib.ask_resource(token.authorization_header())
    with pytest.raises(TokenEndpointError) as caught:
        exchange_code(evolve(client, client_secret="another"), authorize(client))
    assert (401, "invalid_client") == (caught.value.status, caught.value.error)


@pytest.mark.parametrize(
    ("name", "path", "redirect_uri", "status", "error", "words"),
    [
        ("authlib", "/closed", "http://127.0.0.1:1/", 400, "access_denied", "denied the request"),
        ("toolkit", "", "https://program.example/", 400, "invalid_client_metadata", "scheme"),
        ("oidc", "", "https://localhost/", 400, "invalid_redirect_uri", "must not be using localhost as hostname"),
    ],
)
def test_a_refused_registration(  # noqa: PLR0913, PLR0917 - a row
    start: Callable[[str], RealServer], name: str, path: str, redirect_uri: str, status: int, error: str, words: str
) -> None:
    """A server that registers nobody, or not this redirect URI, is reported with its own words."""
    server = discover_server(f"{start(name).issuer}{path}")
    with pytest.raises(RegistrationError, match=words) as caught:
        register_client(server, redirect_uri=redirect_uri)
    assert (status, error) == (caught.value.status, caught.value.error)


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a person who allows behind the default browser."""
    monkeypatch.setenv("BROWSER", f"{sys.executable} -m interop.person %s")
    monkeypatch.setenv("PYTHONPATH", str(TESTS))


@pytest.mark.usefixtures("browser")
def test_signing_in_is_one_call(real_server: RealServer, capsys: pytest.CaptureFixture[str]) -> None:
    """With no more than a server's name, from its document to a token that works."""
    issued = sign_in(server=real_server.client.server, timeout=60)
    assert real_server.client.server == issued.server
    assert (200, USER.encode()) == real_server.ask_resource(issued.token.authorization_header())
    assert real_server.client.server.authorization_endpoint in capsys.readouterr().err


@pytest.mark.usefixtures("browser")
def test_login_needs_no_id(real_server: RealServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command registers itself, opens the browser, and keeps a token that works."""
    monkeypatch.delenv("TICKTICK_CLIENT_ID", raising=False)
    file = tmp_path / "token.json"
    command = [sys.executable, "-m", "ticktick_oauth", "login", "--server", real_server.issuer, "--token-file"]
    finished = subprocess.run(
        [*command, str(file)], check=False, stdin=DEVNULL, capture_output=True, text=True, timeout=60
    )
    assert 0 == finished.returncode, finished.stderr
    token = require_token(TokenFile(file), server=real_server.client.server)
    assert (200, USER.encode()) == real_server.ask_resource(token.authorization_header())


@pytest.mark.slow
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
    assert (200, USER.encode()) == real_server.ask_resource(issued.token.authorization_header())
