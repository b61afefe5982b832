"""What the tests of the command line share: tokens that are kept, commands in this process, and a person."""

import io
import os
import re
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import NamedTuple
from unittest.mock import Mock
from uuid import UUID

import pytest

from person import LATE, browse, free_port, redirect_of
from ticktick_oauth import TICKTICK, AuthorizationServer, Client, IssuedToken, OAuthTokenV1
from ticktick_oauth._cli import main
from ticktick_oauth._cli.output import say
from ticktick_oauth.sandbox import Sandbox
from ticktick_oauth.storage import TokenFile, default_path


class Ended(NamedTuple):
    """How a command ended: its exit code, and what stands on its standard output and standard error."""

    code: int
    out: str
    err: str


Run = Callable[..., Ended]
Keep = Callable[..., Path]
Enter = Callable[[str], object]
Capture = pytest.CaptureFixture[str]
Patch = pytest.MonkeyPatch
NOW = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
DAY = 86400
UUID4 = UUID("6f9619ff-8b86-4011-b42d-00c04fc964ff")
ENVIRONMENT = "$TICKTICK_OAUTH_TOKEN"
ADDRESS = r"^  (http\S+)$"


def issue(seconds: int, server: AuthorizationServer = TICKTICK, *, at: datetime = NOW) -> IssuedToken:
    """Return a token that has some seconds left, at the tests' time or another."""
    token = OAuthTokenV1(access_token=UUID4, expires_in=180 * DAY)
    return IssuedToken(token=token, issued_at=at + timedelta(seconds=seconds - 180 * DAY), server=server)


@pytest.fixture
def keep(tmp_path: Path, monkeypatch: Patch) -> Keep:
    """Stop the clock, in a home where nothing is kept, and return what keeps a token in its server's default file."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    for module in ("keeping", "kept_token", "status"):
        monkeypatch.setattr(f"ticktick_oauth._cli.{module}.now", lambda: NOW)

    monkeypatch.setattr("ticktick_oauth.storage._kept.datetime", Mock(now=Mock(return_value=NOW)))

    def keep(seconds: int, server: AuthorizationServer = TICKTICK) -> Path:
        store = TokenFile(default_path(server))
        store.save(issue(seconds, server))
        return store.path

    return keep


@pytest.fixture
def run(monkeypatch: Patch, capsys: Capture) -> Run:
    """Run a command in this process; `stdin` is what it finds there, None a closed one."""

    def run(*arguments: str, stdin: bytes | None = b"") -> Ended:
        stream = None if stdin is None else io.TextIOWrapper(io.BytesIO(stdin))
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdin", stream)
            return Ended(main(arguments), *capsys.readouterr())

    return run


@pytest.fixture(autouse=True)
def _no_terminal(monkeypatch: Patch) -> None:
    """Run alike wherever the tests are started: the terminal that they may be started from is not the command's."""
    monkeypatch.setattr("ticktick_oauth._cli.terminal._TERMINAL", "/nonexistent")


class Login:
    """The command `login` in this process, against a sandbox, and what its browser was sent to."""

    def __init__(self, sandbox: Sandbox, folder: Path, capsys: Capture, client: Client | None = None) -> None:
        self._capsys = capsys
        self.sandbox = sandbox
        self.client = client
        self.store = TokenFile(folder / "kept" / "token.json")
        self.pages: list[tuple[int, str]] = []
        self.uris: list[str] = []
        self.decision = "allow"
        self.opener: Callable[[str], object] = self.open

    def open(self, uri: str) -> None:
        """Be the browser, with a person who decides at once."""
        self.uris.append(uri)
        self.pages.append(browse(uri, decision=self.decision))

    def __call__(self, *arguments: str, redirect_uri: str | None = None) -> Ended:
        """Run the command with the client, if there is one; the arguments come last, and win."""
        redirect_uri = redirect_uri or (self.client.redirect_uri if self.client else None)
        command = [
            "login",
            *([f"--client-id={self.client.client_id}"] if self.client else []),
            *([f"--redirect-uri={redirect_uri}"] if redirect_uri else []),
            f"--server={self.sandbox.server.issuer}",
            f"--token-file={self.store.path}",
            f"--timeout={LATE:g}s",
            *arguments,
        ]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("ticktick_oauth._cli.waiting.start_browser", self.opener)
            return Ended(main(command), *self._capsys.readouterr())

    def kept(self) -> IssuedToken:
        """Return the token that was kept."""
        issued = self.store.load()
        assert issued is not None
        return issued


@pytest.fixture
def client(sandbox: Sandbox) -> Client:
    """Return a client of the portal, with a secret, on a free port."""
    return sandbox.client(redirect_uri=f"http://127.0.0.1:{free_port()}/")


@pytest.fixture
def login(sandbox: Sandbox, client: Client, tmp_path: Path, monkeypatch: Patch, capsys: Capture) -> Login:
    """Make the command for a client of the portal, its secret in the environment, and a person who allows."""
    monkeypatch.setenv("TICKTICK_CLIENT_SECRET", str(client.client_secret))
    return Login(sandbox, tmp_path, capsys, client)


@pytest.fixture
def bare_login(sandbox: Sandbox, tmp_path: Path, capsys: Capture) -> Login:
    """Make the command with nothing configured, and a person who allows."""
    return Login(sandbox, tmp_path, capsys)


@pytest.fixture
def keyboard(monkeypatch: Patch) -> Iterator[Enter]:
    """Make standard input a pipe, and return what types there."""
    reading, writing = os.pipe()
    with open(reading) as stdin, open(writing, "wb", buffering=0) as typing:  # noqa: PTH123 - descriptors
        monkeypatch.setattr(sys, "stdin", stdin)
        yield lambda text: typing.write(text.encode())


@pytest.fixture
def typing(monkeypatch: Patch) -> Iterator[Enter]:
    """Make a pseudo-terminal the command's terminal, and return what types there."""
    if not hasattr(os, "openpty"):
        pytest.skip("needs a POSIX terminal")
    keys, terminal = os.openpty()
    monkeypatch.setattr("ticktick_oauth._cli.terminal._TERMINAL", os.ttyname(terminal))
    yield lambda text: os.write(keys, text.encode())
    os.close(keys)
    os.close(terminal)


@pytest.fixture
def when_shown(monkeypatch: Patch) -> Callable[..., None]:
    """Return what lets a person do something with the address, in a thread, once the command has said so much."""

    def when_shown(act: Callable[[str], object], *, after: str = "Open this address") -> None:
        uris: list[str] = []

        def show(text: str, *, end: str = "\n") -> None:
            say(text, end=end)
            uris.extend(re.findall(ADDRESS, text, re.MULTILINE))
            if text.startswith(after):
                threading.Thread(target=act, args=uris, daemon=True).start()

        monkeypatch.setattr("ticktick_oauth._cli.waiting.say", show)

    return when_shown


def paste(enter: Enter) -> Enter:
    """Return a person who goes to an address, and pastes where the browser ended."""
    return lambda uri: enter(f"{redirect_of(uri)}\n")


def address_in(text: str) -> str:
    """Return the authorization URL that was shown."""
    (uri,) = re.findall(ADDRESS, text, re.MULTILINE)
    return str(uri)
