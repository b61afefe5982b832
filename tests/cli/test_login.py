"""The command `login` from its arguments to the token that is kept, and how it ends."""

import json
import os
import tempfile
from datetime import datetime, timezone
from pathlib import Path
from uuid import UUID

import pytest
import urllib3

from person import redirect_of
from ticktick_oauth import IssuedToken, OAuthTokenV1
from ticktick_oauth._cli import main
from ticktick_oauth.storage import TokenFile

from .login_command import Login

OTHER = "6f9619ff-8b86-4011-b42d-00c04fc964ff"


def test_a_person_signs_in(login: Login, capsys: pytest.CaptureFixture[str]) -> None:
    """The token is kept, and server, scope, expiry and place are printed; the token is not."""
    assert 0 == login()
    out, err = capsys.readouterr()
    issued = login.kept()
    assert out == (
        f"Signed in to {login.sandbox.server.issuer} until "
        f"{issued.expires_at.day} {issued.expires_at:%B %Y} (in 179 days)\n"
        f"The token is kept in {login.store.path}\n"
    )
    assert (
        f"Open this address in a browser to sign in: {login.uris[0]}\nWaiting for 20 seconds.\nThere is no terminal to "
        "paste at; with --manual, a pasted address is read from standard input.\nAllowed. Getting the token ...\n"
    ) == err
    assert login.sandbox.server.issuer == issued.server.issuer
    ((status, page),) = login.pages
    assert (200, True) == (status, "Access allowed" in page)
    assert {"version", "issued_at", "server", "token"} == set(json.loads(login.store.path.read_text()))


@pytest.mark.parametrize(("option", "present"), [([], False), (["--pkce"], True)])
def test_pkce_is_an_option_of_a_client_with_a_secret(option: list[str], *, present: bool, login: Login) -> None:
    """With --pkce the challenge goes along and its verifier follows; without, neither."""
    assert 0 == login(*option)
    assert present == ("code_challenge=" in login.uris[0])
    assert present == ("code_verifier" in login.sandbox.requests[0].form)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--timeout", "0"], "a time is a number and one of h, m, s, such as 5m: over 0 and up to 86400s"),
        (["--timeout", "nan"], "such as 5m: over 0 and up to 86400s"),
        (["--timeout", "25h"], "such as 5m: over 0 and up to 86400s"),
        (["--timeout", "soon"], "such as 5m: over 0 and up to 86400s"),
        (["--exchange-timeout", "61m"], "such as 5m: over 0 and up to 3600s"),
        (["--redirect-uri", "http://127.0.0.1:0/"], "its port 1 to 65535"),
        (["--redirect-uri", "http://127.0.0.1:70000/"], "its port 1 to 65535"),
        (["--ca-bundle", "/dev/null"], "--ca-bundle /dev/null: it has no certificates in PEM form"),
        (["--ca-bundle", "/nonexistent"], "--ca-bundle /nonexistent: No such file or directory"),
    ],
)
def test_l3_bad_arguments_are_wrong_usage(
    arguments: list[str], reason: str, login: Login, bare_login: Login, capsys: pytest.CaptureFixture[str]
) -> None:
    """What cannot be meant is exit 2 before anybody is asked, with a client and without; L3: such as a port."""
    for command in (login, bare_login):
        assert 2 == command(*arguments)
        assert reason in capsys.readouterr().err
        assert [] == command.uris


@pytest.mark.parametrize("text", ["20", "20s", "1m", "1h", "20.5"])
def test_a_timeout_has_a_unit_or_none(text: str, login: Login) -> None:
    """Without one it is a number of seconds."""
    assert 0 == login("--timeout", text)


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (401, "<html>", "check the client id or secret"),
        (503, "", "the service is at fault and the code may be spent: run this command again, later"),
        (400, {"error": "invalid_grant", "error_description": "Redirect URI mismatch."}, "this client's is http"),
        (400, {"error": "invalid_grant"}, "the code was used already or is not whole: run this command again"),
    ],
)
def test_a_refused_exchange_is_exit_5(
    status: int, body: str | dict[str, object], reason: str, login: Login, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is one line, which points at nothing that is over, and nothing is kept."""
    login.sandbox.next_answer(status, body)
    assert 5 == login()
    out, err = capsys.readouterr()
    *_, failure = err.splitlines()
    assert ("", True, False) == (out, reason in failure, "authorization URL" in failure)
    assert login.store.load() is None


def test_no_answer_in_time_is_exit_4(login: Login, capsys: pytest.CaptureFixture[str]) -> None:
    """--exchange-timeout is how long an answer may take; whether the code is spent, nobody knows."""
    login.sandbox.next_answer(200, {}, delay=20)
    assert 4 == login("--exchange-timeout", "0.2")
    assert "within 0.2 seconds; outcome unknown, so run this command again: the code may be spent\n" in (
        capsys.readouterr().err
    )


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"access_token": OTHER, "token_type": "Bearer", "expires_in": 9}, "token_type: expected"),
        ({"access_token": OTHER, "token_type": "bearer"}, "expires_in: "),
        ({"access_token": OTHER, "expires_in": 9, "scope": "tasks:read"}, "scope: "),
    ],
)
def test_an_answer_that_is_not_a_token_is_not_lost(  # noqa: PLR0913, PLR0917
    answer: dict[str, object],
    reason: str,
    login: Login,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It is kept as it came in a private file; the line says where, what is wrong, and that it is a secret."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    login.sandbox.next_answer(200, answer)
    assert 5 == login()
    (kept,) = tmp_path.glob("ticktick-oauth-*/answer")
    assert (answer, 0o600) == (json.loads(kept.read_text()), kept.stat().st_mode & 0o777)
    assert 0o700 == kept.parent.stat().st_mode & 0o777
    err = capsys.readouterr().err
    assert f"; the answer is kept in {kept}, and is a secret: it may hold a token\n" in err
    assert (True, False, None) == (reason in err, OTHER in err, login.store.load())


def test_an_answer_that_cannot_be_kept(
    login: Login, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With no place for it, the line says that, too."""
    monkeypatch.setattr(tempfile, "tempdir", "/nonexistent")
    login.sandbox.next_answer(200, {})
    assert 5 == login()
    assert capsys.readouterr().err.endswith("; the answer could not be kept (No such file or directory)\n")


def keep(login: Login, *, days: int, issuer: str | None = None) -> IssuedToken:
    """Keep a token that has some days left."""
    server = login.sandbox.server
    if issuer is not None:
        server = type(server)(issuer=issuer, authorization_endpoint=issuer, token_endpoint=issuer)
    token = OAuthTokenV1(access_token=UUID(OTHER), expires_in=days * 86400)
    issued = IssuedToken(token=token, issued_at=datetime.now(timezone.utc), server=server)
    login.store.save(issued)
    return issued


def test_an_answer_that_has_expired_is_exit_1(login: Login) -> None:
    """It replaces nothing."""
    kept = keep(login, days=-1)
    login.sandbox.next_answer(200, {"access_token": OTHER, "expires_in": 0})
    assert 1 == login("--replace")
    assert kept == login.kept()


def test_less_time_than_what_is_kept_is_exit_1(login: Login, capsys: pytest.CaptureFixture[str]) -> None:
    """Another token with less time takes the place of a valid one with --replace alone."""
    kept = keep(login, days=200)
    assert 1 == login()
    assert "--replace" in capsys.readouterr().err
    assert kept == login.kept()
    assert 0 == login("--replace")
    assert kept != login.kept()


def test_another_servers_valid_token_stays(login: Login, capsys: pytest.CaptureFixture[str]) -> None:
    """It is exit 1 before anybody is asked; with --replace it is replaced."""
    kept = keep(login, days=1, issuer="https://ticktick.com")
    assert 1 == login()
    assert "--replace" in capsys.readouterr().err
    assert ([], kept) == (login.uris, login.kept())
    assert 0 == login("--replace")
    assert login.sandbox.server.issuer == login.kept().server.issuer


@pytest.mark.parametrize(("answer", "code"), [(b"y\n", 0), (b"\n", 1), (b"no\n", 1)])
def test_another_servers_valid_token_is_asked_about_at_a_terminal(
    answer: bytes, code: int, login: Login, terminal_path: int
) -> None:
    """Nothing but a yes replaces it."""
    keep(login, days=1, issuer="https://ticktick.com")
    os.write(terminal_path, answer)
    assert code == login()
    assert (code == 0) == (login.kept().server.issuer == login.sandbox.server.issuer)


@pytest.mark.parametrize("content", ['{"client_email": "a@b.example"}', "notes\n"])
def test_a_foreign_file_stays(content: str, login: Login, capsys: pytest.CaptureFixture[str]) -> None:
    """It is exit 6 before anybody is asked, with --replace too."""
    login.store.path.parent.mkdir()
    login.store.path.write_text(content)
    assert 6 == login("--replace")
    assert str(login.store.path) in capsys.readouterr().err
    assert ([], content) == (login.uris, login.store.path.read_text())


def full_disk(monkeypatch: pytest.MonkeyPatch, *, failures: int) -> None:
    """Let the first attempts to write something durably fail."""
    real, left = os.fsync, [28] * failures

    def fsync(descriptor: int) -> None:
        if left:
            raise OSError(left.pop(), "No space left on device")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)


def test_s13_a_token_that_cannot_be_kept_there_is_kept_elsewhere(
    login: Login, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """S13: the sign-in is not lost: the token lies in a private folder, and the line says how to print it."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    full_disk(monkeypatch, failures=1)
    assert 6 == login()
    out, err = capsys.readouterr()
    (refuge,) = tmp_path.glob("ticktick-oauth-*/token.json")
    assert f"The token is kept in {refuge}\n" in out
    command = f"ticktick-oauth token --server {login.sandbox.server.issuer} --token-file {refuge}"
    assert f"the token is kept in {refuge} instead: move it, or print it with {command}\n" in err
    assert 0o700 == refuge.parent.stat().st_mode & 0o777
    issued = TokenFile(refuge).load()
    assert issued is not None
    assert 0 == main(command.split()[1:])
    assert f"{issued.token.access_token}\n" == capsys.readouterr().out


def test_s13_a_token_that_can_be_kept_nowhere(
    login: Login, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """S13: with no place at all, the line says that signing in again brings the same token."""
    full_disk(monkeypatch, failures=2)
    assert 6 == login()
    out, err = capsys.readouterr()
    assert "" == out
    assert "sign in again with --token-file and a file that can be written: TickTick gives the same token again" in err


def test_s15_no_place_for_a_token_comes_out_before_anybody_is_asked(
    login: Login, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """S15: a ~ that stands for nothing is exit 6 at once."""

    def expanduser(_: Path) -> Path:
        raise RuntimeError

    monkeypatch.setattr(Path, "expanduser", expanduser)
    assert 6 == login("--token-file", "~/token.json")
    assert "no home folder" in capsys.readouterr().err
    assert [] == login.uris


def test_l10_a_secret_in_an_argument_is_refused(login: Login, capsys: pytest.CaptureFixture[str]) -> None:
    """L10: it is not taken for a file's name, not shown again, and the person learns that it has to be changed."""
    for arguments in (["--client-secret", "secret-canary"], ["--client-secret=secret-canary"]):
        assert 2 == login(*arguments)
        out, err = capsys.readouterr()
        assert ("", True, False) == (out, "this secret is no longer one: make a new one" in err, "canary" in err)
    assert 0 == main(["login", "--help"])
    assert "--client-secret " not in capsys.readouterr().out


def test_r11_a_redirect_that_comes_twice_is_exchanged_once(login: Login) -> None:
    """R11: after a prefetch, or on a reload, the second sees the page of success, too."""

    def open_twice(uri: str) -> None:
        redirect = redirect_of(uri)
        for _ in range(2):
            answer = urllib3.request("GET", redirect, retries=False)
            login.pages.append((answer.status, answer.data.decode()))

    login.opener = open_twice
    assert 0 == login()
    first, second = login.pages
    assert ((200, True), 1) == ((first[0], "Access allowed" in first[1]), len(login.sandbox.requests))
    assert first == second
