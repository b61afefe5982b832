"""Which client `login` signs in with: one that registers itself, or one of the portal with its id and secret."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO
from unittest.mock import Mock
from urllib.parse import parse_qs, urlsplit

import pytest

from person import free_port
from ticktick_oauth._cli import terminal
from ticktick_oauth.exceptions import RegistrationError

from .conftest import Login, Patch, address_in


@pytest.mark.parametrize("is_given", [False, True])
def test_without_an_id_the_program_registers_itself(*, is_given: bool, bare_login: Login) -> None:
    """It says so, and signs in as a public client on a free port, or on one that a firewall or ssh lets through."""
    redirect_uri = f"http://127.0.0.1:{free_port()}/callback" if is_given else None
    code, _, err = bare_login(redirect_uri=redirect_uri)
    server = bare_login.sandbox.server
    assert 0 == code
    assert err.startswith(f"Without a client id, this program registers itself at {server.issuer}.\nOpen this address")
    (request,) = bare_login.sandbox.requests
    assert {"client_id", "code_verifier"} <= set(request.form)
    (used,) = parse_qs(urlsplit(bare_login.uris[0]).query)["redirect_uri"]
    assert used.startswith(redirect_uri or "http://127.0.0.1:")
    # The server's own document was read: --server with a URL alone knows of no registration.
    assert server == bare_login.kept().server


@pytest.mark.parametrize(
    ("issuer", "redirect_uri", "portal", "options"),
    [
        ("https://ticktick.com", None, "https://developer.ticktick.com/manage", ""),
        ("https://dida365.com", "http://127.0.0.1:9/", "https://developer.dida365.com/manage", " --server dida365"),
        ("https://a.b", None, "the developer portal of https://a.b", " --server https://a.b"),
    ],
)
def test_a_server_that_refuses_to_register_leads_to_the_portal(  # noqa: PLR0913, PLR0917 - a row, and two fixtures
    issuer: str, redirect_uri: str | None, portal: str, options: str, bare_login: Login, monkeypatch: Patch
) -> None:
    """The line has the portal, the redirect URI to enter, and the command to run; exit 5."""
    monkeypatch.setattr("ticktick_oauth._sign_in.sign_in.discover_server", Mock(side_effect=RegistrationError(403)))
    code, _, err = bare_login("--server", issuer, redirect_uri=redirect_uri)
    option = f" --redirect-uri {redirect_uri}" if redirect_uri else ""
    assert (5, []) == (code, bare_login.uris)
    assert err.endswith(
        f"; use a client of your own: make an app at {portal} with exactly {redirect_uri or 'http://127.0.0.1:8080/'} "
        f"as its OAuth redirect URL, then run ticktick-oauth login{options} --client-id=ID{option}, which asks for its "
        "client secret\n"
    )


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("ticktick", "https://ticktick.com/oauth/authorize"),
        ("dida365", "https://dida365.com/oauth/authorize"),
        ("https://sso.example/", "https://sso.example/oauth/authorize"),
    ],
)
def test_servers_have_names(name: str, address: str, login: Login, monkeypatch: Patch) -> None:
    """With an id, a name or an issuer decides where the person is sent, and nothing is asked of the server."""
    assert login.client is not None
    monkeypatch.setenv("TICKTICK_CLIENT_ID", login.client.client_id)
    code, _, err = login("--client-id=", "--server", name, "--manual", "--timeout", "0.1")
    assert (4, True) == (code, f"client_id={login.client.client_id}&" in err)
    assert address_in(err).startswith(f"{address}?response_type=code&")


def test_l10_a_secret_in_an_argument_is_refused(login: Login) -> None:
    """L10: it is not taken for a file's name, not shown again, and the person learns that it has to be changed."""
    for arguments in (["--client-secret", "secret-canary"], ["--client-secret=secret-canary"]):
        code, out, err = login(*arguments)
        assert (2, "", False) == (code, out, "canary" in err)
        assert "so this secret is no longer one: make a new one, and give it by $TICKTICK_CLIENT_SECRET, by " in err
        assert "--client-secret-file or at the prompt; see ticktick-oauth login --help\n" in err
    assert "--client-secret " not in login("--help").out


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_the_secret_from_a_file(end: str, login: Login, tmp_path: Path, monkeypatch: Patch) -> None:
    """A file's last line end is not part of the secret; it wins over the environment."""
    assert login.client is not None
    monkeypatch.setenv("TICKTICK_CLIENT_SECRET", "another")
    (tmp_path / "secret").write_bytes(f"{login.client.client_secret}{end}".encode())
    assert 0 == login("--client-secret-file", str(tmp_path / "secret")).code


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "--client-secret-file cannot be read: No such file or directory"),
        (b"secret-canary" * 400, "--client-secret-file cannot be read: it has over 4096 bytes"),
        (b"secret-canary\xff", "--client-secret-file: it is not UTF-8 text"),
        (b"", "client_secret must not be empty"),
        (b"secret-canary\nsecret-canary\n", "client_secret must not have a line end or another unprintable character"),
    ],
)
def test_a_bad_secret_is_wrong_usage(content: bytes | None, reason: str, login: Login, tmp_path: Path) -> None:
    """It is exit 2, with the reason and nothing of the content or of the name, which may be the secret itself."""
    if content is not None:
        (tmp_path / "canary").write_bytes(content)
    code, out, err = login("--client-secret-file", str(tmp_path / "canary"))
    assert (2, "", True, False, []) == (code, out, reason in err, "canary" in err, login.uris)


def test_a_secret_that_cannot_be_had_is_wrong_usage(login: Login, bare_login: Login, monkeypatch: Patch) -> None:
    """Its client is missing, standard input is closed, or there is nobody to ask."""
    advice = "needs a client's id beside it, by --client-id or $TICKTICK_CLIENT_ID"
    monkeypatch.setattr(sys, "stdin", None)
    assert (2, "", f"ticktick-oauth: --client-secret-file {advice}\n") == bare_login("--client-secret-file", "-")
    line = "ticktick-oauth: --client-secret-file cannot be read: it is closed\n"
    assert (2, "", line) == login("--client-secret-file", "-")
    monkeypatch.delenv("TICKTICK_CLIENT_SECRET")
    advice = "give the secret by $TICKTICK_CLIENT_SECRET or --client-secret-file"
    assert (2, "", f"ticktick-oauth: there is no terminal to ask at; {advice}\n") == login()


@pytest.fixture
def hidden(monkeypatch: Patch) -> Iterator[list[str]]:
    """Return what is typed at hidden prompts, which this process has no terminal for; then the terminal ends."""
    monkeypatch.delenv("TICKTICK_CLIENT_SECRET")
    answers: list[str] = []

    def getpass(prompt: str, stream: TextIO) -> str:
        print(prompt, file=stream)
        if not answers:
            raise EOFError
        return answers.pop()

    monkeypatch.setattr("getpass.getpass", getpass)
    yield answers
    assert [] == answers


@pytest.mark.parametrize("standard_input", [False, True])
@pytest.mark.usefixtures("typing")
def test_a_secret_that_is_missing_is_asked_for(
    login: Login, hidden: list[str], monkeypatch: Patch, *, standard_input: bool
) -> None:
    """The terminal is asked; where the system has no name for it, it is standard input."""
    assert login.client is not None
    hidden.append(str(login.client.client_secret))
    with Path(terminal._TERMINAL).open() as stdin:
        if standard_input:
            monkeypatch.setattr(sys, "stdin", stdin)
            monkeypatch.setattr(terminal, "_TERMINAL", "/nonexistent")
        assert 0 == login().code


@pytest.mark.parametrize("answers", [[], [""]])
@pytest.mark.usefixtures("typing")
def test_no_answer_to_a_hidden_prompt_is_wrong_usage(answers: list[str], login: Login, hidden: list[str]) -> None:
    """An empty line, or the end of the terminal, is not a secret."""
    hidden += answers
    assert (2, "", "Client secret (hidden): \nticktick-oauth: nothing was entered\n") == login()
