"""Which client `login` signs in with: one that registers itself, or one of the portal with its id and secret."""

import io
import os
import re
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TextIO
from urllib.parse import parse_qs, urlsplit

import pytest

from person import free_port
from ticktick_oauth._cli import main, terminal
from ticktick_oauth._sign_in.http_server import Answer, Listener, Request

from .login_command import Login, address_in


def redirect_uri_of(uri: str) -> str:
    """Return the redirect URI in an authorization URL."""
    return parse_qs(urlsplit(uri).query)["redirect_uri"][0]


def test_without_an_id_the_program_registers_itself(bare_login: Login, capsys: pytest.CaptureFixture[str]) -> None:
    """It says so in one line, and signs in as a public client on a free port; the token is kept."""
    assert 0 == bare_login()
    server = bare_login.sandbox.server
    assert capsys.readouterr().err.startswith(
        f"Without a client id, this program registers itself at {server.issuer}.\nOpen this address"
    )
    (request,) = bare_login.sandbox.requests
    assert {"client_id", "code_verifier"} <= set(request.form)
    assert redirect_uri_of(bare_login.uris[0]).startswith("http://127.0.0.1:")
    # The server's own document was read: --server with a URL alone knows of no registration.
    assert server == bare_login.kept().server


def test_a_redirect_uri_without_an_id_is_the_one_that_is_registered(bare_login: Login) -> None:
    """Such as a port that a firewall, or ssh, lets through."""
    redirect_uri = f"http://127.0.0.1:{free_port()}/callback"
    assert 0 == bare_login(redirect_uri=redirect_uri)
    assert redirect_uri == redirect_uri_of(bare_login.uris[0])


def test_register_goes_before_the_environment(bare_login: Login, monkeypatch: pytest.MonkeyPatch) -> None:
    """--register is for who must be sure."""
    monkeypatch.setenv("TICKTICK_CLIENT_ID", "portal-id")
    assert 0 == bare_login("--register")
    assert "portal-id" not in bare_login.uris[0]


def test_register_beside_an_id_is_wrong_usage(login: Login, capsys: pytest.CaptureFixture[str]) -> None:
    """They contradict each other."""
    assert 2 == login("--register")
    assert "--register and --client-id exclude each other" in capsys.readouterr().err


def test_the_id_from_the_environment(login: Login, monkeypatch: pytest.MonkeyPatch) -> None:
    """The id may stand in a variable as the secret does; then nothing is registered."""
    assert login.client is not None
    monkeypatch.setenv("TICKTICK_CLIENT_ID", login.client.client_id)
    assert 0 == login("--client-id=")
    assert login.client.client_id in login.uris[0]


@pytest.mark.parametrize(
    ("server", "portal"),
    [
        ("ticktick", "https://developer.ticktick.com/manage"),
        ("dida365", "https://developer.dida365.com/manage"),
        ("https://sso.example", "the developer portal of https://sso.example"),
    ],
)
@pytest.mark.parametrize("arguments", [["--no-register"], ["--client-secret-file=-"]])
def test_the_prompt_says_where_an_id_comes_from(
    arguments: list[str], server: str, portal: str, terminal_path: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """An id is asked for with --no-register, or where there is a secret's file."""
    os.write(terminal_path, b"\n")
    assert 2 == main(["login", *arguments, "--server", server])
    assert f"Client id (your app's, at {portal}): ticktick-oauth: nothing was entered\n" == capsys.readouterr().err


@pytest.fixture
def hidden(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what is typed at hidden prompts, which this process has no terminal for; then the terminal ends."""
    answers: list[str] = []

    def getpass(prompt: str, stream: TextIO) -> str:
        print(prompt, file=stream)
        if not answers:
            raise EOFError
        return answers.pop()

    monkeypatch.setattr("getpass.getpass", getpass)
    return answers


@pytest.mark.parametrize("standard_input", [False, True])
def test_what_is_missing_is_asked_for(
    login: Login,
    terminal_path: int,
    hidden: list[str],
    monkeypatch: pytest.MonkeyPatch,
    *,
    standard_input: bool,
) -> None:
    """The terminal is asked, the secret hidden; where the system has no name for it, it is standard input."""
    assert login.client is not None
    monkeypatch.delenv("TICKTICK_CLIENT_SECRET")
    os.write(terminal_path, f"  {login.client.client_id} \n".encode())
    hidden.append(str(login.client.client_secret))
    with Path(terminal._TERMINAL).open() as stdin:
        if standard_input:
            monkeypatch.setattr(sys, "stdin", stdin)
            monkeypatch.setattr(terminal, "_TERMINAL", "/nonexistent")
        assert 0 == login("--client-id=", "--no-register")


@pytest.mark.parametrize("answers", [[], [""]])
def test_no_answer_to_a_hidden_prompt_is_wrong_usage(  # noqa: PLR0913, PLR0917
    answers: list[str],
    login: Login,
    terminal_path: int,
    hidden: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """An empty line, or the end of the terminal, is not a secret."""
    monkeypatch.delenv("TICKTICK_CLIENT_SECRET")
    hidden += answers
    assert terminal_path
    assert 2 == login()
    assert "Client secret (hidden): \nticktick-oauth: nothing was entered\n" == capsys.readouterr().err


@pytest.fixture
def refusing() -> Iterator[tuple[str, dict[str, Answer]]]:
    """Serve metadata without a place to register at, or what a test puts there."""
    answers: dict[str, Answer] = {}
    missing = Answer(status=404, body=b"", headers={})

    def answer(request: Request) -> Answer:
        return answers.get(request.path, missing)

    with closing(Listener("127.0.0.1", 0, answer)) as server:
        issuer = f"http://127.0.0.1:{server.port}"
        document = (
            f'{{"issuer": "{issuer}", "authorization_endpoint": "{issuer}/a", "token_endpoint": "{issuer}/t",'
            f'"registration_endpoint": "{issuer}/r", "response_types_supported": ["code"],'
            '"code_challenge_methods_supported": ["S256"]}'
        )
        answers["/.well-known/oauth-authorization-server"] = Answer(status=200, body=document.encode(), headers={})
        yield issuer, answers


STEPS = """\
Use a client of the developer portal:
  1. Open the developer portal of {issuer}, sign in, and make a new app.
  2. As its OAuth redirect URL, enter exactly {redirect_uri}
  3. Run ticktick-oauth login --server {issuer} --client-id=ID{option}
     with the app's client id, and enter its client secret when it is asked for.
"""


@pytest.mark.parametrize(
    ("path", "body", "reason"),
    [
        ("/r", b'{"error": "invalid_client_metadata"}', "the server answered with status 403, invalid_client_metadata"),
        ("/.well-known/oauth-authorization-server", b"", "the server answered with status 403"),
    ],
)
@pytest.mark.parametrize("redirect_uri", [None, "http://127.0.0.1:9/"])
def test_a_server_that_refuses_to_register_leads_to_the_portal(  # noqa: PLR0913, PLR0917
    path: str,
    body: bytes,
    reason: str,
    redirect_uri: str | None,
    refusing: tuple[str, dict[str, Answer]],
    bare_login: Login,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Step by step, with the portal, the redirect URI to enter, and the command to run; exit 5."""
    issuer, answers = refusing
    answers[path] = Answer(status=403, body=body, headers={})
    assert 5 == bare_login("--server", issuer, redirect_uri=redirect_uri)
    _, _, told = capsys.readouterr().err.partition("\n")
    assert told.startswith(f"ticktick-oauth: {reason}")
    option = f" --redirect-uri {redirect_uri}" if redirect_uri else ""
    steps = STEPS.format(issuer=issuer, redirect_uri=redirect_uri or "http://127.0.0.1:8080/", option=option)
    assert told.endswith(f"\n{steps}")
    assert [] == bare_login.uris


@pytest.mark.parametrize("name", ["ticktick", "dida365", "https://sso.example/"])
def test_servers_have_names(name: str, login: Login, capsys: pytest.CaptureFixture[str]) -> None:
    """With an id, a name or an issuer decides where the person is sent, and nothing is asked of the server."""
    addresses = {
        "ticktick": "https://ticktick.com/oauth/authorize",
        "dida365": "https://dida365.com/oauth/authorize",
        "https://sso.example/": "https://sso.example/oauth/authorize",
    }
    assert 4 == login("--server", name, "--manual", "--timeout", "0.1")
    assert address_in(capsys.readouterr().err).startswith(f"{addresses[name]}?response_type=code&")


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_the_secret_from_a_file(end: str, login: Login, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file's last line end is not part of the secret; it wins over the environment."""
    assert login.client is not None
    monkeypatch.setenv("TICKTICK_CLIENT_SECRET", "another")
    (tmp_path / "secret").write_bytes(f"{login.client.client_secret}{end}".encode())
    assert 0 == login("--client-secret-file", str(tmp_path / "secret"))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "--client-secret-file: No such file or directory"),
        (b"secret-canary" * 400, "--client-secret-file: it has over 4096 characters, which no secret has"),
        (b"secret-canary\xff", "--client-secret-file: it is not UTF-8 text"),
        (b"", "client_secret must not be empty"),
        (b"secret-canary\nsecret-canary\n", "client_secret must not have a line end or another unprintable character"),
        (b'"secret-canary"', "client_secret must not have spaces or quotes around it; was it copied with them?"),
        (b" secret-canary", "client_secret must not have spaces or quotes around it; was it copied with them?"),
    ],
)
def test_a_bad_secret_is_wrong_usage(
    content: bytes | None, reason: str, login: Login, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is exit 2, with the reason and nothing of the content or of the name, which may be the secret itself."""
    if content is not None:
        (tmp_path / "canary").write_bytes(content)
    assert 2 == login("--client-secret-file", str(tmp_path / "canary"))
    out, err = capsys.readouterr()
    assert ("", True, False, []) == (out, reason in err, "canary" in err, login.uris)


def test_a_secret_from_a_closed_standard_input_is_wrong_usage(
    login: Login, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """There is nothing to read."""
    monkeypatch.setattr(sys, "stdin", None)
    assert 2 == login("--client-secret-file", "-")
    assert "ticktick-oauth: --client-secret-file: standard input is closed\n" == capsys.readouterr().err


@pytest.mark.parametrize("stdin", [None, io.StringIO("id\n")])
@pytest.mark.parametrize("missing", ["id", "secret"])
def test_nobody_to_ask_is_wrong_usage(
    missing: str,
    stdin: io.StringIO | None,
    login: Login,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Without a terminal, the ways to do without one are named; what comes through a pipe is not an answer."""
    monkeypatch.delenv("TICKTICK_CLIENT_SECRET")
    monkeypatch.setattr(sys, "stdin", stdin)
    assert 2 == login(*([] if missing == "secret" else ["--client-id=", "--no-register"]))
    assert re.fullmatch(
        r"ticktick-oauth: there is no terminal to ask at; give the client by \$TICKTICK_CLIENT_ID and "
        r"\$TICKTICK_CLIENT_SECRET, or let this program register itself\n",
        capsys.readouterr().err,
    )
