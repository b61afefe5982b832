"""The command `login` from its arguments to the token that is kept, or what becomes of it."""

import json
import os
import re
import tempfile
from datetime import datetime, timezone
from pathlib import Path

import pytest

from ticktick_oauth import TICKTICK, AuthorizationServer, IssuedToken
from ticktick_oauth.storage import TokenFile

from .conftest import DAY, UUID4, Login, Patch, Run, issue


def test_a_person_signs_in(login: Login) -> None:
    """The token is kept, and server, expiry and place are printed; the token is not."""
    code, out, err = login()
    issued, server = login.kept(), login.sandbox.server.issuer
    until = f"{issued.expires_at.day} {issued.expires_at:%B %Y}"
    assert 0 == code
    assert f"Signed in to {server} until {until} (in 179 days)\nThe token is kept in {login.store.path}\n" == out
    assert err.endswith(
        "\n\nWaiting for 20 seconds.\nThere is no terminal to paste at; with --manual, a pasted address is read from "
        "standard input.\nAllowed. Getting the token ...\n"
    )
    ((status, page),) = login.pages
    assert (200, True) == (status, "Access allowed" in page)
    assert server == issued.server.issuer


@pytest.mark.parametrize(("option", "present"), [([], False), (["--pkce"], True)])
def test_pkce_is_an_option_of_a_client_with_a_secret(option: list[str], *, present: bool, login: Login) -> None:
    """With --pkce the challenge goes along and its verifier follows; without, neither."""
    assert 0 == login(*option).code
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
        (["--ca-bundle", "/dev/null"], "--ca-bundle /dev/null: it has no certificates in PEM form\n"),
        (["--ca-bundle", "/nonexistent"], "--ca-bundle /nonexistent: No such file or directory"),
    ],
)
def test_l3_bad_arguments_are_wrong_usage(arguments: list[str], reason: str, login: Login, bare_login: Login) -> None:
    """What cannot be meant is exit 2 before anybody is asked, with a client and without; L3: such as a port."""
    for command in (login, bare_login):
        code, _, err = command(*arguments)
        assert (2, True, []) == (code, reason in err, command.uris)


@pytest.mark.parametrize(
    ("answer", "delay", "code", "reason"),
    [
        ((400, {"error": "invalid_grant"}), 0, 5, "the code was used already or is not whole: run this command again"),
        (
            (400, {"error": "invalid_grant", "error_description": "Redirect URI mismatch."}),
            0,
            5,
            "this client's is http",
        ),
        ((200, {}), 20, 4, "within 0.2 seconds; outcome unknown, so run this command again: the code may be spent"),
    ],
)
def test_l11_an_exchange_that_fails(
    answer: tuple[int, dict[str, object]], delay: float, code: int, reason: str, login: Login
) -> None:
    """It is one line, which points at nothing that is over; L11: also where another redirect URI is registered."""
    login.sandbox.next_answer(*answer, delay=delay)
    ended = login("--exchange-timeout", "0.2" if delay else "10")
    *_, failure = ended.err.splitlines()
    assert (code, "", True, False) == (ended.code, ended.out, reason in failure, "authorization URL" in failure)
    assert login.store.load() is None


def test_an_answer_that_is_not_a_token_is_not_lost(login: Login, tmp_path: Path, monkeypatch: Patch) -> None:
    """It is kept as it came in a private file; the line says where, what is wrong, and that it is a secret."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    answer = {"access_token": str(UUID4), "token_type": "Bearer", "expires_in": 9}
    login.sandbox.next_answer(200, answer)
    code, _, err = login()
    (kept,) = tmp_path.glob("ticktick-oauth-*")
    assert (5, answer, 0o600) == (code, json.loads(kept.read_text()), kept.stat().st_mode & 0o777)
    assert f"; the answer is kept in {kept}, and is a secret: it may hold a token\n" in err
    assert (True, False, None) == ("token_type: expected" in err, str(UUID4) in err, login.store.load())
    login.sandbox.next_answer(200, None)
    assert login().err.endswith("; run this command again\n")
    monkeypatch.setattr(tempfile, "tempdir", "/nonexistent")
    login.sandbox.next_answer(200, {})
    assert login().err.endswith("; the answer could not be kept (No such file or directory)\n")


def keep(login: Login, *, days: int, server: AuthorizationServer | None = None) -> IssuedToken:
    """Keep a token that has some days left."""
    issued = issue(days * DAY, server or login.sandbox.server, at=datetime.now(timezone.utc))
    login.store.save(issued)
    return issued


def test_less_time_than_what_is_kept_is_exit_1(login: Login, tmp_path: Path, monkeypatch: Patch) -> None:
    """Another token with less time takes the place of a valid one with --replace alone; else it is kept elsewhere."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    kept = keep(login, days=200)
    code, _, err = login()
    (refuge,) = tmp_path.glob("ticktick-oauth-*/token.json")
    assert (1, True, True) == (code, "--replace" in err, f"kept in {refuge} instead" in err)
    line = next(line for line in err.splitlines() if line.startswith("You are signed in to "))
    assert line.startswith(f"You are signed in to {login.sandbox.server.issuer} until ")
    assert line.endswith("; signing in again may bring the same token.")
    assert kept == login.kept()
    assert 0 == login("--replace").code
    assert kept != login.kept()


def test_another_servers_valid_token_stays(login: Login) -> None:
    """It is exit 1 before anybody is asked; with --replace it is replaced."""
    kept = keep(login, days=1, server=TICKTICK)
    code, _, err = login()
    assert (1, True, []) == (code, "--replace" in err, login.uris)
    assert kept == login.kept()
    assert 0 == login("--replace").code
    assert login.sandbox.server.issuer == login.kept().server.issuer


def test_a_foreign_file_stays(login: Login) -> None:
    """It is exit 6 before anybody is asked, with --replace too."""
    login.store.path.parent.mkdir()
    login.store.path.write_text('{"client_email": "a@b.example"}')
    code, _, err = login("--replace")
    assert (6, True, []) == (code, str(login.store.path) in err, login.uris)
    assert '{"client_email": "a@b.example"}' == login.store.path.read_text()


@pytest.mark.parametrize("failures", [1, 2])
def test_s13_a_token_that_cannot_be_kept_there_is_kept_elsewhere(
    failures: int, login: Login, tmp_path: Path, monkeypatch: Patch, run: Run
) -> None:
    """S13: it lies in a private folder, and the line says how to print it; or that signing in again brings it."""
    real, left = os.fsync, [28] * failures

    def fsync(descriptor: int) -> None:
        if left:
            raise OSError(left.pop(), "No space left on device")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    code, out, err = login()
    assert (6, failures == 2) == (code, out == "")
    if failures == 2:
        advice = "sign in again with --token-file and a file that can be written: TickTick gives the same token again"
        assert advice in err
        return
    (refuge,) = tmp_path.glob("ticktick-oauth-*/token.json")
    assert (f"The token is kept in {refuge}\n" in out, 0o700) == (True, refuge.parent.stat().st_mode & 0o777)
    (command,) = re.findall(
        rf"the token is kept in {refuge} instead: move it, or print it with (ticktick-oauth .+)\n", err
    )
    assert (0, f"{TokenFile(refuge).load().token.access_token}\n", "") == run(*command.split()[1:])  # type: ignore[union-attr]
