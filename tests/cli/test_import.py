"""The command `import`, and what may take the place of a kept token."""

import errno
import tempfile
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from cli.conftest import DAY, NOW, UUID4, Keep, Run, issue
from ticktick_oauth import DIDA365, TICKTICK, AuthorizationServer, IssuedToken, OAuthTokenV1, dump_issued, dumps
from ticktick_oauth._protocol.issued_token import dump_word
from ticktick_oauth.storage import TokenFile

pytestmark = pytest.mark.usefixtures("keep")  # which stops the clock

OTHER = UUID("3fa85f64-5717-4562-b3fc-2c963f66afa6")


def answer(token: UUID = UUID4, days: int = 100) -> bytes:
    """Return a token response."""
    return dumps(OAuthTokenV1(access_token=token, expires_in=days * DAY)).encode()


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TokenFile:
    """Give the one default file of all servers, which is not there, at a fixed time."""
    monkeypatch.setenv("TICKTICK_OAUTH_TOKEN_FILE", str(tmp_path / "token.json"))
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


@pytest.mark.parametrize(
    ("time", "days"),
    [("2026-11-13T12:00:00+00:00", 90), ("2026-11-13T13:00:00+01:00", 90), ("2026-11-13T12:00:00Z", 90)],
)
def test_an_older_response(time: str, days: int, store: TokenFile, run: Run) -> None:
    """It counts from --issued-at; the server may be another, and the file."""
    file = str(store.path) + "2"
    assert 0 == run("import", "--issued-at", time, "--server", "dida365", "--token-file", file, stdin=answer()).code
    assert (UUID4, days, DIDA365) == kept_token(TokenFile(file))


@pytest.mark.parametrize("time", ["2026-11-13", "2026-11-13T12:00:00", "yesterday", "", "1700000000"])
def test_a_time_without_its_offset_is_wrong_usage(time: str, store: TokenFile, run: Run) -> None:
    """What is not a moment is refused with an example."""
    code, out, err = run("import", f"--issued-at={time}", stdin=answer())
    assert (2, "", True) == (code, out, "such as 2026-11-25T12:00:00+01:00" in err)
    assert store.load() is None


def test_a_time_in_the_future_is_wrong_usage(store: TokenFile, run: Run) -> None:
    """A token that seems to last longer than it does would be a trap."""
    code, out, err = run("import", "--issued-at=2999-01-01T00:00:00Z", stdin=answer())
    assert (2, "", True) == (code, out, "--issued-at is in the future" in err)
    assert store.load() is None


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (b'{"version": 1, "issued_at": "x"}', "this cannot be read as a kept token; "),
        (b'{"version": 2}', "newer than the 1 that this program knows: update the program"),
        (b"eyJ2ZXJzaW9uIjogMX", "this cannot be read as a kept token; "),
        (f"\ufeff{answer().decode()}".encode("utf-16-le"), "this is UTF-16: save it as UTF-8"),
        (b"\xef\xbb\xbf" + answer(), "this is UTF-8 with a byte order mark (BOM): save it as UTF-8"),
        (b'{"access_token": "canary", "expires_in": 1}', "access_token: expected a UUID of version 4"),
        (b"canary", "document: not JSON"),
    ],
)
def test_what_is_not_a_token_is_exit_1(document: bytes, words: str, store: TokenFile, run: Run) -> None:
    """What it is stands in one line, and nothing is kept."""
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
    document = answer()[:-1] + f', "{name}": 1785000000, "readable": "x", "refresh_expires_in": 5}}'.encode()
    code, out, err = run("import", stdin=document)
    assert (1, "", True) == (code, out, f"kept with a time of its own ({name})" in err)
    assert store.load() is None
    assert 0 == run("import", "--issued-at", "2026-11-13T12:00:00Z", stdin=document).code
    assert (UUID4, 90, TICKTICK) == kept_token(store)


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(("minutes", "code"), [(4, 0), (6, 1)])
def test_a_token_of_the_future(minutes: int, code: int, run: Run) -> None:
    """Two clocks may differ by some minutes; what was issued later than that would seem to last too long."""
    token = OAuthTokenV1(access_token=UUID4, expires_in=DAY)
    issued = IssuedToken(token=token, issued_at=NOW + timedelta(minutes=minutes))
    assert code == run("import", stdin=dump_issued(issued).encode()).code
    assert 2 * code == run("import", f"--issued-at={issued.issued_at.isoformat()}", stdin=answer()).code


def test_each_server_has_a_default_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    """A token is kept where its own server's is looked for, whichever way the server is known."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert 0 == run("import", stdin=answer()).code
    assert 0 == run("import", "--server", "dida365", stdin=answer()).code
    kept = dump_issued(IssuedToken(token=TokenFile().load().token, issued_at=NOW, server=DIDA365))  # type: ignore[union-attr]
    assert 0 == run("import", stdin=kept.encode()).code
    assert ["dida365.com.json", "token.json"] == sorted(path.name for path in tmp_path.glob("*/*"))


def test_a_token_that_is_kept_elsewhere(store: TokenFile, run: Run) -> None:
    """The line that `token --format issued` prints is kept as it is, with the server and the moment it has."""
    kept = issue(70 * DAY, DIDA365)
    for line in (dump_issued(kept), dump_word(kept), f'"{dump_word(kept)}"\n'):
        code, out, _ = run("import", stdin=line.encode())
        assert (0, True) == (code, out.startswith("Kept a token of Dida365 until "))
        assert kept == store.load()
        store.delete()


@pytest.mark.usefixtures("store")
def test_a_token_that_cannot_be_kept_there_is_kept_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    """Standard input may have been the only copy of the answer, and its code is spent."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    code, _, err = run("import", "--token-file", "/proc/nope/token.json", stdin=answer())
    (refuge,) = tmp_path.glob("ticktick-oauth-*/token.json")
    assert (6, True) == (code, f"the token is kept in {refuge} instead" in err)
    assert (UUID4, 100, TICKTICK) == kept_token(TokenFile(refuge))


def test_an_expired_token_replaces_nothing(keep: Keep, store: TokenFile, run: Run) -> None:
    """It is exit 1, also with --replace, and also in place of an expired one."""
    keep(-DAY)
    before = store.load()
    for arguments in ([], ["--replace"]):
        code, out, err = run("import", "--issued-at", "2026-08-01T00:00:00Z", *arguments, stdin=answer())
        assert (1, "") == (code, out)
        assert "ticktick-oauth: this token expired on 9 November 2026, so it was not kept\n" == err
    assert before == store.load()


@pytest.mark.parametrize(
    ("kept", "token", "days", "server"),
    [
        (90, UUID4, 90, "ticktick"),
        (100, UUID4, 10, "ticktick"),
        (90, OTHER, 91, "ticktick"),
        (90, OTHER, 90, "ticktick"),
        (-1, OTHER, 1, "dida365"),
    ],
)
def test_what_replaces_a_kept_token(  # noqa: PLR0913, PLR0917 - a row, and three fixtures
    kept: int, token: UUID, days: int, server: str, keep: Keep, store: TokenFile, run: Run
) -> None:
    """The same token again, one that is valid for as long, or any in place of an expired one."""
    keep(kept * DAY)
    assert 0 == run("import", "--server", server, stdin=answer(token, days)).code
    assert (token, days) == kept_token(store)[:2]


@pytest.mark.parametrize(
    ("token", "days", "server", "reason"),
    [
        (UUID4, 90, "dida365", "keeps a valid token of TickTick"),  # the same response again
        (OTHER, 89, "ticktick", "keeps a token that is valid for longer, until 21 February 2027 (in 90 days)"),
        (OTHER, 180, "dida365", "keeps a valid token of TickTick"),
    ],
)
def test_what_replaces_a_kept_token_only_when_asked(  # noqa: PLR0913, PLR0917 - as above
    token: UUID, days: int, server: str, reason: str, keep: Keep, store: TokenFile, run: Run
) -> None:
    """A token with less time, or of another server, is exit 1 without --replace."""
    keep(90 * DAY)
    before = store.load()
    advice = "replace it by --replace, or keep this one in another --token-file"
    ended = run("import", "--server", server, stdin=answer(token, days))
    assert (1, "", f"ticktick-oauth: {store.path} {reason}: {advice}\n") == ended
    assert before == store.load()
    assert 0 == run("import", "--server", server, "--replace", stdin=answer(token, days)).code
    assert (token, days) == kept_token(store)[:2]


@pytest.mark.parametrize("arguments", [[], ["--replace"]])
def test_a_foreign_file_is_never_replaced(
    arguments: list[str], store: TokenFile, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, run: Run
) -> None:
    """Another program's file stays as it is."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    store.path.write_text('{"installed": "canary"}')
    code, _, err = run("import", *arguments, stdin=answer())
    assert (6, True) == (code, "it was left as it is" in err)
    assert '{"installed": "canary"}' == store.path.read_text()


def test_a_file_that_is_written_in_place(
    keep: Keep, store: TokenFile, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    """S3b: a mounted file cannot be replaced as a whole, which is said; so is a variable that goes before it."""

    def busy(*_: object) -> None:
        raise OSError(errno.EBUSY, "busy")

    keep(DAY)
    monkeypatch.setattr("os.replace", busy)
    monkeypatch.setenv("TICKTICK_OAUTH_TOKEN", "anything")
    code, _, err = run("import", stdin=answer())
    assert (0, [f"{store.path} cannot be replaced as a whole, so it was written in place"]) == (
        code,
        err.splitlines()[:1],
    )
    assert err.splitlines()[1].startswith("note: $TICKTICK_OAUTH_TOKEN is set")
    assert (UUID4, 100, TICKTICK) == kept_token(store)
