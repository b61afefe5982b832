"""What the tests of the command line share."""

import io
import os
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import pytest

from ticktick_oauth import TICKTICK, AuthorizationServer, IssuedToken, OAuthTokenV1
from ticktick_oauth._cli import main
from ticktick_oauth.sandbox import Sandbox
from ticktick_oauth.storage import TokenFile, default_path

from .login_command import Login, portal_client


class Ended(NamedTuple):
    """How a command ended: its exit code, and what stands on its standard output and standard error."""

    code: int
    out: str
    err: str


Run = Callable[..., Ended]
Keep = Callable[..., Path]
NOW = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
DAY = 86400
UUID4 = UUID("6f9619ff-8b86-4011-b42d-00c04fc964ff")
ENVIRONMENT = "$TICKTICK_OAUTH_TOKEN"


def issue(seconds: int, server: AuthorizationServer = TICKTICK, *, token: UUID = UUID4) -> IssuedToken:
    """Return a token that has some seconds left at the tests' time."""
    kept = OAuthTokenV1(access_token=token, expires_in=180 * DAY)
    return IssuedToken(token=kept, issued_at=NOW + timedelta(seconds=seconds - 180 * DAY), server=server)


@pytest.fixture
def keep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Keep:
    """Stop the clock, in a home where nothing is kept, and return what keeps a token in its server's default file."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    for module in ("keeping", "kept_token", "status"):
        monkeypatch.setattr(f"ticktick_oauth._cli.{module}.now", lambda: NOW)

    class Clock(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            assert tz is timezone.utc
            return NOW

    monkeypatch.setattr("ticktick_oauth.storage._kept.datetime", Clock)

    def keep(seconds: int, server: AuthorizationServer = TICKTICK, *, token: UUID = UUID4) -> Path:
        store = TokenFile(default_path(server))
        store.save(issue(seconds, server, token=token))
        return store.path

    return keep


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process; `stdin` is what it finds there, None a closed one."""

    def run(*arguments: str, stdin: bytes | None = b"") -> Ended:
        stream = None if stdin is None else io.TextIOWrapper(io.BytesIO(stdin))
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdin", stream)
            return Ended(main(arguments), *capsys.readouterr())

    return run


@pytest.fixture(autouse=True)
def _no_terminal_and_no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run alike wherever the tests are started: the terminal that they may be started from is not the command's."""
    monkeypatch.setattr("ticktick_oauth._cli.terminal._TERMINAL", "/nonexistent")
    for name in ("TICKTICK_CLIENT_ID", "TICKTICK_CLIENT_SECRET", "TICKTICK_OAUTH_TOKEN", "TICKTICK_OAUTH_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def login(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Login:
    """Make the command for a client of the portal, its secret in the environment, and a person who allows."""
    login = Login(sandbox, tmp_path, portal_client(sandbox))
    assert login.client is not None
    monkeypatch.setenv("TICKTICK_CLIENT_SECRET", str(login.client.client_secret))
    return login


@pytest.fixture
def bare_login(sandbox: Sandbox, tmp_path: Path) -> Login:
    """Make the command with nothing configured, and a person who allows."""
    return Login(sandbox, tmp_path)


@pytest.fixture
def keyboard(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Make standard input a pipe, and return what types there."""
    reading, writing = os.pipe()
    with open(reading) as stdin, open(writing, "w") as typing:  # noqa: PTH123 - descriptors
        monkeypatch.setattr(sys, "stdin", stdin)

        def enter(text: str) -> None:
            typing.write(text)
            typing.flush()

        yield enter


@pytest.fixture
def terminal_path(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Make a pseudo-terminal the command's terminal, and return the descriptor that types there."""
    if not hasattr(os, "openpty"):
        pytest.skip("needs a POSIX terminal")
    keys, terminal = os.openpty()
    monkeypatch.setattr("ticktick_oauth._cli.terminal._TERMINAL", os.ttyname(terminal))
    yield keys
    os.close(keys)
    os.close(terminal)
