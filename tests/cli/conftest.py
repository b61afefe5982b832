"""What the tests of the command line share."""

import io
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from ticktick_oauth._cli import main
from ticktick_oauth.sandbox import Sandbox

from .login_command import Login, portal_client


class Ended(NamedTuple):
    """How a command ended: its exit code, and what stands on its standard output and standard error."""

    code: int
    out: str
    err: str


Run = Callable[..., Ended]


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
    keys, terminal = os.openpty()
    monkeypatch.setattr("ticktick_oauth._cli.terminal._TERMINAL", os.ttyname(terminal))
    yield keys
    os.close(keys)
    os.close(terminal)
