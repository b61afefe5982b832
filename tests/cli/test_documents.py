"""The commands on documents: `check`, `schema` and `import`, and what may take the place of a kept token."""

import errno
import io
import json
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from cli.conftest import DAY, NOW, UUID4, Capture, Keep, Patch, Run, issue
from ticktick_oauth import (
    DIDA365,
    TICKTICK,
    AuthorizationServer,
    IssuedToken,
    OAuthTokenV1,
    dump_issued,
    dumps,
    json_schema,
)
from ticktick_oauth._cli import main
from ticktick_oauth._protocol.issued_token import dump_word
from ticktick_oauth.storage import TokenFile

OTHER = UUID("3fa85f64-5717-4562-b3fc-2c963f66afa6")
EMPTY = "document: this is empty: the body of the token endpoint's answer is expected"
REFUSAL = "document: this is the server's refusal, not a token: sign in again with ticktick-oauth login"
KEPT = "document: this is a kept token: ticktick-oauth status --token-file FILE describes it"
ALONE = "document: this is an access token alone: the whole answer of the token endpoint is expected, in JSON"


def answer(token: UUID = UUID4, days: int = 100, more: str = "") -> bytes:
    """Return a token response."""
    return dumps(OAuthTokenV1(access_token=token, expires_in=days * DAY)).encode()[:-1] + more.encode() + b"}"


@pytest.mark.parametrize(
    ("document", "code", "lines"),
    [
        (answer(), 0, ["a valid token response; expires_in is 8640000 seconds (100 days)"]),
        (answer(more=', "error": null'), 0, ["a valid token response; expires_in is 8640000 seconds (100 days)"]),
        (
            b'{"access_token": "canary", "expires_in": null}',
            1,
            [
                "access_token: expected a UUID of version 4, got a string that does not match",
                "expires_in: expected a whole number of seconds, got null",
            ],
        ),
        (b"canary", 1, ["document: not JSON from character 0 on"]),
        (b" \n", 1, [EMPTY]),
        (f"{UUID4}\n".encode(), 1, [ALONE]),
        (dump_issued(issue(DAY)).encode(), 1, [KEPT]),
        (b'{"error": "invalid_grant", "error_description": "canary"}', 1, [REFUSAL]),
    ],
)
def test_check(document: bytes, code: int, lines: list[str], tmp_path: Path, run: Run) -> None:
    """What a document is, or all that is wrong with it, is printed, and never what it holds; by name or on stdin."""
    (tmp_path / "answer.json").write_bytes(document)
    expected = (code, "\n".join([*lines, ""]), "")
    assert expected == run("check", str(tmp_path / "answer.json"))
    assert expected == run("check", "-", stdin=document)


def test_what_cannot_be_read(run: Run) -> None:
    """A closed standard input is wrong usage, and so is a device that never ends, which is read up to the limit."""
    assert (2, "", "ticktick-oauth: FILE cannot be read: it has over 65536 bytes\n") == run("check", "/dev/zero")
    line = "ticktick-oauth: standard input cannot be read: it is closed\n"
    assert (2, "", line) == run("check", "-", stdin=None)


@pytest.mark.parametrize(("platform", "keys"), [("linux", "Ctrl-D"), ("win32", "Ctrl-Z and Enter")])
def test_a_person_is_asked_for_the_document(platform: str, keys: str, monkeypatch: Patch, capsys: Capture) -> None:
    """At a terminal, `check -` says what it waits for."""
    monkeypatch.setattr(sys, "platform", platform)
    terminal = io.TextIOWrapper(io.BytesIO(answer()))
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", terminal)
    assert 0 == main(["check", "-"])
    assert f"Paste the token response, then press {keys} on a line of its own:\n" == capsys.readouterr().err


def test_schema(run: Run) -> None:
    """What is printed is json_schema(), as JSON."""
    code, out, err = run("schema")
    assert (0, json_schema(), "") == (code, json.loads(out), err)


@pytest.fixture
def store(keep: Keep, tmp_path: Path, monkeypatch: Patch) -> TokenFile:  # noqa: ARG001 - it stops the clock
    """Return the one default file of all servers, which is not there, at a fixed time."""
    monkeypatch.setenv("TICKTICK_OAUTH_TOKEN_FILE", str(tmp_path / "token.json"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return TokenFile()


def kept_token(store: TokenFile) -> tuple[UUID, int, AuthorizationServer]:
    """Return what is kept, with the days that it has left."""
    issued = store.load()
    assert issued is not None
    return issued.token.access_token, issued.remaining(now=NOW).days, issued.server


def test_a_token_response_becomes_a_kept_token(store: TokenFile, run: Run) -> None:
    """It counts from now; server, expiry and place are printed, and the token is not."""
    out = f"Kept a token of TickTick until 3 March 2027 (in 100 days)\nThe token is kept in {store.path}\n"
    assert (0, out, "") == run("import", stdin=answer())
    assert (UUID4, 100, TICKTICK) == kept_token(store)


@pytest.mark.parametrize("time", ["2026-11-13T13:00:00+01:00", "2026-11-13T12:00:00Z"])
def test_an_older_response(time: str, store: TokenFile, run: Run) -> None:
    """It counts from --issued-at; the server may be another, and the file."""
    file = f"{store.path}2"
    assert 0 == run("import", "--issued-at", time, "--server", "dida365", "--token-file", file, stdin=answer()).code
    assert (UUID4, 90, DIDA365) == kept_token(TokenFile(file))


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (b'{"version": 1, "issued_at": "x"}', "this cannot be read as a kept token; "),
        (b'{"version": 2}', "newer than the 1 that this program knows: update the program"),
        (b"eyJ2ZXJzaW9uIjogMX", "this cannot be read as a kept token; "),
        (
            b"\xff\xfe" + answer().decode().encode("utf-16-le"),
            "this is UTF-16: save it as UTF-8, in PowerShell with Out-File -Encoding ascii\n",
        ),
        (b"\xef\xbb\xbf" + answer(), "this is UTF-8 with a byte order mark (BOM): save it without one\n"),
        (b'{"access_token": "canary", "expires_in": 1}', "access_token: expected a UUID of version 4"),
    ],
)
def test_l18_what_is_not_a_token_is_exit_1(document: bytes, words: str, store: TokenFile, run: Run) -> None:
    """What it is stands in one line, L18: with its encoding, and nothing is kept."""
    code, out, err = run("import", stdin=document)
    assert (1, "", 1, False) == (code, out, err.count("\n"), "canary" in err)
    assert err.startswith("ticktick-oauth: standard input: ")
    assert words in err
    assert not store.path.exists()


@pytest.mark.parametrize(
    "name", ["expires_at", "expire_time", "created_at", "expiry", "obtained_at", "expiresAt", "iat"]
)
def test_what_another_tool_kept(name: str, store: TokenFile, run: Run) -> None:
    """Its expires_in counts from a moment that has passed, so that moment is wanted, and the member is named."""
    document = answer(more=f', "{name}": 1785000000, "readable": "x", "refresh_expires_in": 5')
    code, _, err = run("import", stdin=document)
    words = f"kept with a time of its own ({name}), so its expires_in does not count from now: give the moment when it"
    assert (1, True, None) == (code, f"{words} came by --issued-at\n" in err, store.load())
    assert 0 == run("import", "--issued-at", "2026-11-13T12:00:00Z", stdin=document).code
    assert (UUID4, 90, TICKTICK) == kept_token(store)


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(("minutes", "code"), [(4, 0), (6, 1)])
def test_a_token_of_the_future(minutes: int, code: int, run: Run) -> None:
    """Two clocks may differ by some minutes; what was issued later than that would seem to last too long."""
    issued = IssuedToken(token=issue(0).token, issued_at=NOW + timedelta(minutes=minutes))
    assert code == run("import", stdin=dump_issued(issued).encode()).code
    ended = run("import", f"--issued-at={issued.issued_at.isoformat()}", stdin=answer(OTHER, 200))
    assert (code, code == 1) == (ended.code, "this token was issued in the future" in ended.err)


@pytest.mark.usefixtures("keep")
def test_each_server_has_a_default_file(tmp_path: Path, run: Run) -> None:
    """A token is kept where its own server's is looked for, whichever way the server is known."""
    assert 0 == run("import", stdin=answer()).code
    assert 0 == run("import", "--server", "dida365", stdin=answer()).code
    acme = AuthorizationServer(issuer="https://a.b", authorization_endpoint="https://a.b", token_endpoint="https://a.b")
    assert 0 == run("import", stdin=dump_issued(issue(DAY, acme)).encode()).code
    names = ["a.b.json", "dida365.com.json", "token.json"]
    assert names == sorted(path.name for path in tmp_path.glob("*/*"))


def test_a_token_that_is_kept_elsewhere(store: TokenFile, run: Run) -> None:
    """The line that `token --format issued` prints is kept as it is, with the server and the moment it has."""
    kept = issue(70 * DAY, DIDA365)
    for line in (dump_issued(kept), dump_word(kept), f'"{dump_word(kept)}"\n'):
        code, out, _ = run("import", stdin=line.encode())
        assert (0, True) == (code, out.startswith("Kept a token of Dida365 until "))
        assert kept == store.load()
        store.delete()


def test_a_token_that_cannot_be_kept_there_is_kept_elsewhere(store: TokenFile, tmp_path: Path, run: Run) -> None:
    """Standard input may have been the only copy of the answer, and its code is spent; a foreign file stays."""
    store.path.write_text('{"installed": "canary"}')
    code, _, err = run("import", "--replace", stdin=answer())
    (refuge,) = tmp_path.glob("ticktick-oauth-*/token.json")
    assert (6, True) == (code, "it was left as it is" in err)
    assert f"the token is kept in {refuge} instead" in err
    assert (UUID4, 100, TICKTICK) == kept_token(TokenFile(refuge))
    assert '{"installed": "canary"}' == store.path.read_text()


def test_an_expired_token_replaces_nothing(keep: Keep, store: TokenFile, run: Run) -> None:
    """It is exit 1, also with --replace, and also in place of an expired one."""
    keep(-DAY)
    before = store.load()
    for arguments in ([], ["--replace"]):
        ended = run("import", "--issued-at", "2026-08-01T00:00:00Z", *arguments, stdin=answer())
        assert (1, "", "ticktick-oauth: this token expired on 9 November 2026, so it was not kept\n") == ended
    assert before == store.load()


@pytest.mark.parametrize(
    ("kept", "token", "days", "server", "reason"),
    [
        (90, UUID4, 90, "ticktick", None),  # the same, of the same time
        (100, UUID4, 10, "ticktick", None),
        (90, OTHER, 91, "ticktick", None),
        (90, OTHER, 90, "ticktick", None),
        (-1, OTHER, 1, "dida365", None),  # in place of an expired one
        (90, UUID4, 90, "dida365", "keeps a valid token of TickTick"),  # the same response again
        (90, OTHER, 89, "ticktick", "keeps a token that is valid for longer, until 21 February 2027 (in 90 days)"),
        (90, OTHER, 180, "dida365", "keeps a valid token of TickTick"),
    ],
)
def test_what_replaces_a_kept_token(  # noqa: PLR0913, PLR0917 - a row, and three fixtures
    kept: int, token: UUID, days: int, server: str, reason: str | None, keep: Keep, store: TokenFile, run: Run
) -> None:
    """The same again, one that is valid for as long, or any in place of an expired one; others only by --replace."""
    keep(kept * DAY)
    before = store.load()
    ended = run("import", "--server", server, stdin=answer(token, days))
    if reason:
        advice = "replace it by --replace, or keep the new one in another --token-file"
        assert (1, "", f"ticktick-oauth: {store.path} {reason}: {advice}\n") == ended
        assert before == store.load()
        ended = run("import", "--server", server, "--replace", stdin=answer(token, days))
    assert 0 == ended.code
    assert (token, days) == kept_token(store)[:2]


def test_a_file_that_is_written_in_place(keep: Keep, store: TokenFile, monkeypatch: Patch, run: Run) -> None:
    """S3b: a mounted file cannot be replaced as a whole, which is said; so is a variable that goes before it."""

    def busy(*_: object) -> None:
        raise OSError(errno.EBUSY, "busy")

    keep(DAY)
    monkeypatch.setattr("pathlib.Path.replace", busy)
    monkeypatch.setenv("TICKTICK_OAUTH_TOKEN", "anything")
    code, _, err = run("import", stdin=answer())
    first, second = err.splitlines()
    assert (0, f"{store.path} cannot be replaced as a whole, so it was written in place") == (code, first)
    assert second.startswith("note: $TICKTICK_OAUTH_TOKEN is set")
    assert (UUID4, 100, TICKTICK) == kept_token(store)
