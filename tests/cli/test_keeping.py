"""The commands on a kept token, `status`, `token` and `logout`, and the table of exit codes."""

import json
import re
import sys
from collections.abc import Callable
from datetime import datetime
from datetime import timedelta
from datetime import timezone
from pathlib import Path
from uuid import UUID

import pytest
from pyticktick import Settings

from ticktick_oauth import DIDA365
from ticktick_oauth import IssuedToken
from ticktick_oauth import OAuthTokenV1
from ticktick_oauth import loads
from ticktick_oauth._cli import exits
from ticktick_oauth._cli import keeping
from ticktick_oauth._cli import main
from ticktick_oauth.storage import TokenFile

README = Path(__file__).parents[2] / "README.md"
NOW = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
DAY = 86400
UUID4 = UUID("6f9619ff-8b86-4011-b42d-00c04fc964ff")
Keep = Callable[[int], Path]


@pytest.fixture
def keep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Keep:
    """Give a way to keep a token that has so many seconds left at a fixed time, in the default place."""
    path = tmp_path / "token.json"
    monkeypatch.setenv("TICKTICK_OAUTH_TOKEN_FILE", str(path))
    monkeypatch.setattr(keeping, "now", lambda: NOW)

    def keep(seconds: int) -> Path:
        token = OAuthTokenV1(access_token=UUID4, expires_in=180 * DAY)
        issued_at = NOW + timedelta(seconds=seconds - 180 * DAY)
        TokenFile(path).save(IssuedToken(token=token, issued_at=issued_at, server=DIDA365))
        return path

    return keep


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (30 * DAY, "expires on 2026-12-23 at 12:00 UTC, in 30 days"),
        (2 * DAY - 1, "expires on 2026-11-25 at 11:59 UTC, in 1 day"),
        (7200, "expires on 2026-11-23 at 14:00 UTC, in 2 hours"),
        (119, "expires on 2026-11-23 at 12:01 UTC, in 1 minute"),
        (30, "expires on 2026-11-23 at 12:00 UTC, in 30 seconds"),
    ],
)
def test_status_tells_the_time_that_remains(
    seconds: int, words: str, keep: Keep, capsys: pytest.CaptureFixture[str]
) -> None:
    """A valid token is exit 0, with its server, expiry and place, and never the token."""
    path = keep(seconds)
    assert 0 == main(["status"])
    assert (f"a token of https://dida365.com that {words}; kept in {path}\n", "") == capsys.readouterr()


def test_status_of_an_expired_token_is_exit_1(keep: Keep, capsys: pytest.CaptureFixture[str]) -> None:
    """What to do next stands behind it."""
    path = keep(-1)
    assert 1 == main(["status"])
    out = capsys.readouterr().out
    assert f"expired on 2026-11-23 at 11:59 UTC; kept in {path}; sign in with: ticktick-oauth login\n" in out


@pytest.mark.parametrize(
    ("limit", "code"),
    [("13d", 0), ("14d", 1), ("336h", 1), ("335h", 0), ("20160m", 1), ("1209599s", 0), ("0s", 0)],
)
def test_status_fails_within_a_limit(limit: str, code: int, keep: Keep) -> None:
    """A token with no more than the limit left is exit 1, for a cron job."""
    keep(14 * DAY)
    assert code == main(["status", "--fail-within", limit])


@pytest.mark.parametrize("limit", ["14", "d", "-1d", "1.5d", "14 d", "9999999999d", "1w"])
def test_a_bad_limit_is_wrong_usage(limit: str, keep: Keep, capsys: pytest.CaptureFixture[str]) -> None:
    """What is no time is exit 2, with an example."""
    keep(DAY)
    with pytest.raises(SystemExit) as caught:
        main(["status", f"--fail-within={limit}"])
    assert (2, True) == (caught.value.code, "such as 14d" in capsys.readouterr().err)


@pytest.mark.parametrize(
    ("seconds", "state", "code"), [(30 * DAY, "valid", 0), (7 * DAY, "expiring", 1), (-5, "expired", 1)]
)
def test_status_in_json(seconds: int, state: str, code: int, keep: Keep, capsys: pytest.CaptureFixture[str]) -> None:
    """For monitoring, all of it in one object, whose exit code is the same."""
    path = keep(seconds)
    assert code == main(["status", "--json", "--fail-within", "14d"])
    assert {
        "status": state,
        "expires_at": (NOW + timedelta(seconds=seconds)).isoformat(),
        "remaining_seconds": seconds,
        "issuer": "https://dida365.com",
        "token_file": str(path),
    } == json.loads(capsys.readouterr().out)


def test_no_token_is_exit_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where there is none, the command that makes one is named."""
    path = str(tmp_path / "none.json")
    line = f"no token in {path}; sign in with: ticktick-oauth login\n"
    assert 1 == main(["status", "--token-file", path])
    assert (line, "") == capsys.readouterr()
    assert 1 == main(["token", "--token-file", path])
    assert ("", f"ticktick-oauth: {line}") == capsys.readouterr()
    assert 1 == main(["status", "--json", "--token-file", path])
    assert {
        "status": "none",
        "expires_at": None,
        "remaining_seconds": None,
        "issuer": None,
        "token_file": path,
    } == json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("command", ["status", "token"])
def test_a_file_that_is_no_token_is_exit_6(command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What cannot be read as a token is a failure of the storage, told without its content."""
    path = tmp_path / "token.json"
    path.touch(mode=0o600)
    path.write_text("canary")
    assert 6 == main([command, "--token-file", str(path)])
    out, err = capsys.readouterr()
    assert ("", True, False) == (out, err.startswith(f"ticktick-oauth: {path}: "), "canary" in err)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ([], f"{UUID4}\n"),
        (["--format", "raw"], f"{UUID4}\n"),
        (["--format", "header"], f"Authorization: Bearer {UUID4}\n"),
        (
            ["--format", "pyticktick-env"],
            f"PYTICKTICK_V1_TOKEN_VALUE={UUID4}\nPYTICKTICK_V1_TOKEN_EXPIRATION=1796126400\n",
        ),
    ],
)
def test_token_prints_it(arguments: list[str], text: str, keep: Keep, capsys: pytest.CaptureFixture[str]) -> None:
    """The one command that prints the token does so in the shape that is asked for, and nothing else."""
    keep(8 * DAY)
    assert 0 == main(["token", *arguments])
    assert (text, "") == capsys.readouterr()


def test_token_in_json_counts_from_now(keep: Keep, capsys: pytest.CaptureFixture[str]) -> None:
    """A token response whose time is what remains, as TickTick's own second answer."""
    keep(DAY)
    assert 0 == main(["token", "--format", "json"])
    assert OAuthTokenV1(access_token=UUID4, expires_in=DAY) == loads(capsys.readouterr().out)


def test_an_expired_token_is_not_printed(keep: Keep, capsys: pytest.CaptureFixture[str]) -> None:
    """A program that would only be refused gets exit 1 and nothing on stdout."""
    keep(0)
    assert 1 == main(["token"])
    line = "ticktick-oauth: the token expired on 2026-11-23 at 12:00 UTC; sign in with: ticktick-oauth login\n"
    assert ("", line) == capsys.readouterr()


@pytest.mark.filterwarnings("ignore:Cannot signon to v2:UserWarning")  # the other API, which this is not for
def test_pyticktick_reads_its_variables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Pyticktick's own Settings take what `token --format pyticktick-env` prints, as variables and as a file."""
    issued = IssuedToken(
        token=OAuthTokenV1(access_token=UUID4, expires_in=180 * DAY), issued_at=datetime.now(timezone.utc)
    )
    TokenFile(tmp_path / "token.json").save(issued)
    assert 0 == main(["token", "--format", "pyticktick-env", "--token-file", str(tmp_path / "token.json")])
    text = capsys.readouterr().out
    (tmp_path / "env").write_text(text)
    monkeypatch.setenv("PYTICKTICK_V1_CLIENT_ID", "id")
    monkeypatch.setenv("PYTICKTICK_V1_CLIENT_SECRET", "secret")
    found = [Settings(_env_file=tmp_path / "env").v1_token]
    for line in text.splitlines():
        monkeypatch.setenv(*line.split("=", 1))
    found.append(Settings().v1_token)
    for token in found:
        assert token is not None
        assert (UUID4, int(issued.expires_at.timestamp())) == (token.value, token.expiration)


def test_logout_deletes_the_file_and_says_what_that_means(keep: Keep, capsys: pytest.CaptureFixture[str]) -> None:
    """The file is gone, a second time is fine, and nobody is led to believe in a revocation."""
    path = keep(DAY)
    for _ in range(2):
        assert 0 == main(["logout"])
        assert (
            f"{path} is deleted; TickTick documents no revocation, so the token itself works until it expires\n",
            "",
        ) == capsys.readouterr()
    assert not path.exists()


def test_l13_the_exit_codes_are_the_documented_ones(capsys: pytest.CaptureFixture[str]) -> None:
    """L13: the constants, --help and the README's table name the same codes, each once, in the same words."""
    constants = {value for name, value in vars(exits).items() if name.isupper() and isinstance(value, int)}
    with pytest.raises(SystemExit):
        main(["--help"])
    shown = dict(re.findall(r"^  ([0-9]+) +(.+)$", capsys.readouterr().out.partition("exit codes:\n")[2], re.MULTILINE))
    table = dict(re.findall(r"^\| ([0-9]+) \| (.+) \|$", README.read_text("utf-8"), re.MULTILINE))
    assert [0, 1, 2, 3, 4, 5, 6, 130] == sorted(constants) == sorted(map(int, shown))
    assert shown == {code: words.replace("`", "") for code, words in table.items()}


def test_standard_output_may_be_closed(keep: Keep, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no standard output, the exit code is the answer."""
    keep(DAY)
    monkeypatch.setattr(sys, "stdout", None)
    assert 0 == main(["status"])


def test_standard_error_may_be_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is for stderr does not go to stdout instead."""
    monkeypatch.setattr(sys, "stderr", None)
    assert 1 == main(["token", "--token-file", str(tmp_path / "none")])
    assert "" == capsys.readouterr().out


def test_a_full_standard_output_is_told(
    keep: Keep, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A token that nobody received is no success."""
    keep(DAY)
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a device
        monkeypatch.setattr(sys, "stdout", full)
        assert 2 == main(["token"])
    assert "ticktick-oauth: standard output: No space left on device\n" == capsys.readouterr().err


def test_an_interruption_leaves_the_prompt_its_line(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """On a terminal the last words do not stand behind what was being typed."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("ticktick_oauth._cli.keeping.TokenFile", interrupt)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert 130 == main(["status"])
    assert "\nticktick-oauth: interrupted\n" == capfd.readouterr().err
