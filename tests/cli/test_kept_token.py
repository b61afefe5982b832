"""The commands on a kept token: `status`, `token` and `logout`."""

import errno
import json
import subprocess
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from uuid import UUID

import pytest
from pyticktick import Settings

from cli.conftest import Run
from ticktick_oauth import (
    DIDA365,
    TICKTICK,
    AuthorizationServer,
    IssuedToken,
    OAuthTokenV1,
    dump_issued,
    load_issued,
    loads,
)
from ticktick_oauth._cli import kept_token, status
from ticktick_oauth.storage import TokenFile, require_token

NOW = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
DAY = 86400
UUID4 = UUID("6f9619ff-8b86-4011-b42d-00c04fc964ff")
ENVIRONMENT = "$TICKTICK_OAUTH_TOKEN"
Keep = Callable[..., Path]


def issue(seconds: int, *, at: datetime = NOW, server: AuthorizationServer = TICKTICK) -> IssuedToken:
    """Return a token that has some seconds left at a time."""
    token = OAuthTokenV1(access_token=UUID4, expires_in=180 * DAY)
    return IssuedToken(token=token, issued_at=at + timedelta(seconds=seconds - 180 * DAY), server=server)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the default file, which is not there, at a fixed time."""
    path = tmp_path / "token.json"
    monkeypatch.setenv("TICKTICK_OAUTH_TOKEN_FILE", str(path))
    monkeypatch.setattr(kept_token, "now", lambda: NOW)
    monkeypatch.setattr(status, "now", lambda: NOW)

    class Clock(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            assert tz is timezone.utc
            return NOW

    monkeypatch.setattr("ticktick_oauth.storage._kept.datetime", Clock)
    return path


@pytest.fixture
def keep(path: Path) -> Keep:
    """Keep a token in the default file that has some seconds left."""

    def keep(seconds: int, server: AuthorizationServer = TICKTICK) -> Path:
        TokenFile(path).save(issue(seconds, server=server))
        return path

    return keep


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (30 * DAY, "until 23 December 2026 (in 30 days)"),
        (2 * DAY - 1, "until 25 November 2026 at 11:59 UTC (in 1 day)"),
        (7200, "until 23 November 2026 at 14:00 UTC (in 2 hours)"),
        (119, "until 23 November 2026 at 12:01 UTC (in 1 minute)"),
        (30, "until 23 November 2026 at 12:00 UTC (in 30 seconds)"),
    ],
)
def test_status_says_how_much_time_remains(seconds: int, words: str, keep: Keep, run: Run) -> None:
    """A valid token is exit 0, with its server, expiry and place, and never the token."""
    path = keep(seconds, DIDA365)
    assert (0, f"Signed in to Dida365 {words}; the token is kept in {path}\n", "") == run("status")


@pytest.mark.parametrize(("server", "option"), [(TICKTICK, ""), (DIDA365, " --server dida365")])
def test_status_of_an_expired_token_is_exit_1(server: AuthorizationServer, option: str, keep: Keep, run: Run) -> None:
    """The command that replaces it stands behind it."""
    path = keep(-1, server)
    code, out, err = run("status")
    assert (1, "") == (code, err)
    assert out.endswith(
        f" in {path} expired on 23 November 2026 at 11:59 UTC; sign in with: ticktick-oauth login{option}\n"
    )


@pytest.mark.parametrize(
    ("limit", "code"),
    [("13d", 0), ("14d", 1), ("336h", 1), ("335h", 0), ("20160m", 1), ("1209599s", 0), ("0s", 0)],
)
def test_status_fails_within_a_limit(limit: str, code: int, keep: Keep, run: Run) -> None:
    """A token with no more than the limit left is exit 1, for a cron job."""
    keep(14 * DAY)
    assert code == run("status", "--fail-within", limit).code


@pytest.mark.parametrize("limit", ["14", "d", "-1d", "1.5d", "14 d", "9999999999d", "1w"])
def test_a_bad_limit_is_wrong_usage(limit: str, keep: Keep, run: Run) -> None:
    """What is not a time is exit 2, with an example."""
    keep(DAY)
    code, _, err = run("status", f"--fail-within={limit}")
    assert (2, True) == (code, "such as 14d" in err)


@pytest.mark.parametrize(
    ("seconds", "state", "code"), [(30 * DAY, "valid", 0), (7 * DAY, "expiring", 1), (-5, "expired", 1)]
)
def test_status_in_json(seconds: int, state: str, code: int, keep: Keep, run: Run) -> None:
    """For monitoring, all of it in one object, whose exit code is the same."""
    path = keep(seconds)
    ended = run("status", "--json", "--fail-within", "14d")
    assert (code, "") == (ended.code, ended.err)
    assert {
        "status": state,
        "expires_at": (NOW + timedelta(seconds=seconds)).isoformat(),
        "remaining_seconds": seconds,
        "issuer": "https://ticktick.com",
        "token_file": str(path),
    } == json.loads(ended.out)


def test_no_token_is_exit_1(tmp_path: Path, run: Run) -> None:
    """Where there is none, the command that makes one there is named."""
    path = str(tmp_path / "none.json")
    line = f"no token is kept in {path}; sign in with: ticktick-oauth login --token-file {path}\n"
    assert (1, f"Not signed in: {line}", "") == run("status", "--token-file", path)
    code, out, err = run("token", "--token-file", path)
    assert (1, "", True) == (code, out, err.startswith(f"ticktick-oauth: {line[:-1]}"))
    code, out, err = run("status", "--json", "--token-file", path)
    assert (1, "") == (code, err)
    empty = dict.fromkeys(["expires_at", "remaining_seconds", "issuer"])
    assert {"status": "none", **empty, "token_file": path} == json.loads(out)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "this file is empty: sign in, and keep the token there"),
        ("canary", "document: not JSON from character 0 on"),
        ('{"installed": {"client_secret": "canary"}}', "version: expected the number 1"),
        ('{"access_token": "canary"}', "this is a bare token response; ticktick-oauth import keeps one"),
        ('{"version": 2, "canary": 1}', "newer than the 1 that this program knows: update the program"),
        ("[" * 60_000, "document: "),
        ("\ufeff{}", "document: not JSON from character 0 on"),
        ("canary" * 20_000, "over 65536 bytes"),
    ],
)
def test_a_file_that_is_not_a_kept_token_is_exit_6(content: str, words: str, tmp_path: Path, run: Run) -> None:
    """S11, S12: each command says what the file is and what to do, and leaves it; JSON where JSON was asked for."""
    path = tmp_path / "token.json"
    path.touch(mode=0o600)
    path.write_text(content)
    file = ["--token-file", str(path)]
    code, out, err = run("status", *file)
    assert (6, "", 1) == (code, out, err.count("\n"))
    assert err.startswith(f"ticktick-oauth: {path}: ")
    assert words in err
    assert "canary" not in err
    assert (6, "", err) == run("token", *file)
    code, out, nothing = run("status", "--json", *file)
    assert (6, "") == (code, nothing)
    assert {"status": "error", "error": err.partition(": ")[2].rstrip()} == json.loads(out)
    if content:
        code, out, err = run("logout", *file)
        assert (6, "", True) == (code, out, "it was left as it is" in err or "move it away" in err)
        assert content == path.read_text()


def test_the_order_of_the_places(keep: Keep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    """--token-file goes before $TICKTICK_OAUTH_TOKEN, and that before the default file; an empty one does not count."""
    default, named = keep(DAY), tmp_path / "named.json"
    TokenFile(named).save(issue(3 * DAY))
    for value, arguments, days, place in [
        (dump_issued(issue(2 * DAY)), [], 2, ENVIRONMENT),
        (dump_issued(issue(2 * DAY)), ["--token-file", str(named)], 3, named),
        ("", [], 1, default),
    ]:
        monkeypatch.setenv("TICKTICK_OAUTH_TOKEN", value)
        line = f"Signed in to TickTick until {23 + days} November 2026{' at 12:00 UTC' * (days < 2)} (in {days} day"
        assert (0, f"{line}{'s' * (days > 1)}); the token is kept in {place}\n", "") == run("status", *arguments)
        code, out, err = run("token", "--format", "issued", *arguments)
        assert (0, issue(days * DAY), "") == (code, load_issued(out), err)


def test_what_the_variable_holds(monkeypatch: pytest.MonkeyPatch, keep: Keep, run: Run) -> None:
    """An expired token there, or something else, is not passed over in silence for the file's."""
    keep(DAY)
    monkeypatch.setenv("TICKTICK_OAUTH_TOKEN", dump_issued(issue(-1)))
    code, out, _ = run("status")
    assert (1, True) == (code, out.endswith("unset it, and sign in with: ticktick-oauth login\n"))
    code, out, err = run("token")
    assert (1, "", True) == (code, out, err.endswith("sign in with: ticktick-oauth login\n"))
    monkeypatch.setenv("TICKTICK_OAUTH_TOKEN", str(UUID4))
    code, out, err = run("status")
    assert (6, "", True) == (code, out, err.startswith(f"ticktick-oauth: {ENVIRONMENT}: "))
    assert str(UUID4) not in err


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ([], f"{UUID4}\n"),
        (["--format", "raw"], f"{UUID4}\n"),
        (["--format", "header"], f"Authorization: Bearer {UUID4}\n"),
        (["--format", "issued"], dump_issued(issue(8 * DAY)) + "\n"),
    ],
)
def test_token_prints_it(arguments: list[str], text: str, keep: Keep, run: Run) -> None:
    """The one command that prints the token does so in the shape that is asked for, and nothing else."""
    keep(8 * DAY)
    assert (0, text, "") == run("token", *arguments)


def test_token_in_json_counts_from_now(keep: Keep, run: Run) -> None:
    """A token response whose time is what remains, as TickTick's own second answer."""
    keep(DAY)
    assert OAuthTokenV1(access_token=UUID4, expires_in=DAY) == loads(run("token", "--format", "json").out)


def test_an_expired_token_is_not_printed(keep: Keep, run: Run) -> None:
    """A program that would only be refused gets exit 1 and nothing on stdout."""
    path = keep(0)
    line = f"the token in {path} expired on 2026-11-23 at 12:00 UTC; sign in with: ticktick-oauth login"
    code, out, err = run("token")
    assert (1, "", True) == (code, out, err.startswith(f"ticktick-oauth: {line}"))


def test_a_token_is_for_one_server(keep: Keep, run: Run) -> None:
    """The one token that is kept is printed, whose ever it is, but not where another server's is asked for."""
    path = keep(DAY, DIDA365)
    code, out, err = run("token", "--server", "ticktick")
    assert (1, "", True) == (code, out, str(path) in err)
    assert (0, f"{UUID4}\n", "") == run("token")
    for name in ("dida365", "https://dida365.com", "https://dida365.com/"):
        assert (0, f"{UUID4}\n", "") == run("token", "--server", name)


def test_an_issued_token_is_what_the_variable_takes(
    keep: Keep, monkeypatch: pytest.MonkeyPatch, path: Path, run: Run
) -> None:
    """What `token --format issued` prints goes into the variable, and a program needs no file."""
    keep(DAY)
    monkeypatch.setenv("TICKTICK_OAUTH_TOKEN", run("token", "--format", "issued").out)
    path.unlink()
    assert UUID4 == require_token().access_token


@pytest.mark.filterwarnings("ignore:Cannot signon to v2:UserWarning")  # the other API, which this is not for
def test_pyticktick_reads_its_variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    """Pyticktick's own Settings take the lines, exported by a shell and as a file; what else it wants is on stderr."""
    issued = issue(180 * DAY, at=datetime.now(timezone.utc))
    TokenFile(tmp_path / "token.json").save(issued)
    code, text, err = run("token", "--format", "pyticktick-env", "--token-file", str(tmp_path / "token.json"))
    assert 0 == code
    assert "PYTICKTICK_V1_CLIENT_ID and PYTICKTICK_V1_CLIENT_SECRET" in err
    monkeypatch.setenv("PYTICKTICK_V1_CLIENT_ID", "id")
    monkeypatch.setenv("PYTICKTICK_V1_CLIENT_SECRET", "secret")
    (tmp_path / "env").write_text(text)
    found = [Settings(_env_file=tmp_path / "env").v1_token]
    exported = subprocess.run(["/bin/sh", "-c", f"{text}\nenv"], capture_output=True, text=True, check=True, env={})
    for line in exported.stdout.splitlines():
        if line.startswith("PYTICKTICK"):
            monkeypatch.setenv(*line.split("=", 1))
    found.append(Settings().v1_token)
    for token in found:
        assert token is not None
        assert (UUID4, int(issued.expires_at.timestamp())) == (token.value, token.expiration)


def test_logout(keep: Keep, run: Run) -> None:
    """The file is gone, nobody is led to believe in a revocation, and a second time there is none."""
    path = keep(DAY)
    line = f"{path} is deleted; TickTick documents no revocation, so the token itself works until it expires\n"
    assert (0, line, "") == run("logout")
    assert not path.exists()
    assert (0, f"no token is kept in {path}\n", "") == run("logout")


def test_logout_of_a_file_that_has_to_stay(keep: Keep, monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    """S3b: a file that is mounted by itself is emptied, which is said; after that nothing is kept there."""

    def busy(*_: object, **__: object) -> None:
        raise OSError(errno.EBUSY, "busy")

    path = keep(DAY)
    monkeypatch.setattr("pathlib.Path.unlink", busy)
    code, out, _ = run("logout")
    assert (0, f"{path} is emptied, since it cannot be deleted") == (code, out.partition(";")[0])
    assert (0, f"no token is kept in {path}\n", "") == run("logout")


def test_logout_of_a_link(tmp_path: Path, run: Run) -> None:
    """The file that it leads to goes."""
    TokenFile(tmp_path / "file").save(issue(DAY))
    (tmp_path / "link").symlink_to(tmp_path / "file")
    assert run("logout", "--token-file", str(tmp_path / "link")).out.startswith(f"{tmp_path / 'link'} is deleted;")
    assert ["link"] == [path.name for path in tmp_path.iterdir()]


def test_logout_says_that_the_variable_stays(keep: Keep, monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    """Logout works on files; a token in the environment is still one."""
    keep(DAY)
    monkeypatch.setenv("TICKTICK_OAUTH_TOKEN", "anything")
    code, _, err = run("logout")
    assert (0, f"note: {ENVIRONMENT} is set, and goes before any file but one that --token-file names\n") == (code, err)


def test_a_user_without_a_home(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    """S15: where no file can be named, each command says which variable to set."""
    for name in ("HOME", "XDG_CONFIG_HOME", "TICKTICK_OAUTH_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pathlib.Path.expanduser", lambda _: (_ for _ in ()).throw(RuntimeError))
    for command in (["status"], ["token"], ["logout"], ["import"]):
        code, out, err = run(*command)
        assert (6, "", True) == (code, out, "by --token-file or TICKTICK_OAUTH_TOKEN_FILE" in err)
    assert (6, "error") == ((ended := run("status", "--json")).code, json.loads(ended.out)["status"])
