"""`get_token`: the kept token, or else a sign-in whose token is kept; nobody is asked in vain."""

import io
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from person import redirect_of
from ticktick_oauth import (
    TICKTICK,
    AuthorizationServer,
    Client,
    IssuedToken,
    OAuthTokenV1,
    TokenFile,
    TokenStore,
    default_path,
    dump_issued,
    get_token,
    loads,
    sign_in,
)
from ticktick_oauth.exceptions import DeadlineExceededError, SignInRequiredError, StorageError
from ticktick_oauth.sandbox import Sandbox

NOW = datetime.now(timezone.utc)
TOKEN = '{"access_token": "3fa85f64-5717-4562-b3fc-2c963f66afa6", "expires_in": 3600}'


def issued_by(server: AuthorizationServer, *, at: datetime = NOW) -> IssuedToken:
    """Return a token for an hour."""
    return IssuedToken(token=loads(TOKEN), issued_at=at, server=server)


class Person:
    """Answers `ask`: goes to the address that was shown, and brings what the browser ends on."""

    def __init__(self) -> None:
        self.uri = ""
        self.prompts: list[str] = []
        self.answers: list[str] = []

    def show(self, uri: str) -> None:
        """Be `show`."""
        self.uri = uri

    def ask(self, prompt: str) -> str:
        """Be `ask`."""
        self.prompts.append(prompt)
        return self.answers.pop(0) if self.answers else redirect_of(self.uri)

    def get_token(self, store: TokenStore | None = None, **options: Any) -> OAuthTokenV1:  # noqa: ANN401 - as they are
        """Get a token as one who can be asked."""
        return get_token(store, show=self.show, ask=self.ask, **options)


class Store:
    """A store of a program's own."""

    kept: IssuedToken | None = None

    def load(self) -> IssuedToken | None:
        """Return what is kept."""
        return self.kept

    def save(self, issued: IssuedToken) -> None:
        """Keep it."""
        self.kept = issued

    def delete(self) -> None:
        """Forget it."""
        self.kept = None


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Live in an empty folder, with no terminal, no display, and no other variable of ours."""
    for name in ("CI", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    for stream in ("stdin", "stderr"):
        monkeypatch.setattr(sys, stream, io.StringIO())


@pytest.fixture
def person() -> Person:
    """Return somebody who is never asked in vain."""
    return Person()


def test_a_person_signs_in_once(sandbox: Sandbox, person: Person) -> None:
    """The token is kept in the server's default file, and the next call asks nobody."""
    first = person.get_token(server=sandbox.server)
    assert first == get_token(server=sandbox.server)
    kept = TokenFile(default_path(sandbox.server)).load()
    assert kept is not None
    assert (first, sandbox.server) == (kept.token, kept.server)


def test_a_clients_server_is_the_one_whose_token_is_kept(client: Client, person: Person) -> None:
    """The client says whose token is looked for."""
    assert person.get_token(client=client) == get_token(client=client)
    with pytest.raises(TypeError, match="server must not be given beside a client"):
        get_token(client=client, server=client.server)
    with pytest.raises(TypeError, match="client must be of type Client, not str"):
        get_token(client="id")  # type: ignore[arg-type]


def test_an_expired_token_is_replaced(sandbox: Sandbox, person: Person, tmp_path: Path) -> None:
    """What is over gives way, another server's too, in a file and in any store."""
    stores: list[TokenStore] = [TokenFile(tmp_path / "token.json"), Store()]
    for store in stores:
        for server in (sandbox.server, TICKTICK):
            store.save(issued_by(server, at=NOW - timedelta(days=1)))
            token = person.get_token(store, server=sandbox.server)
            kept = store.load()
            assert kept is not None
            assert (token, sandbox.server) == (kept.token, kept.server)
            store.delete()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (StorageError("no space"), "no space"),
        (RuntimeError("a program's own"), "the store could not keep the token (RuntimeError)"),
    ],
)
def test_what_could_not_be_kept_is_in_the_error(error: Exception, words: str, sandbox: Sandbox, person: Person) -> None:
    """A sign-in is not lost to a full disk, or to whatever a store of the program's own raises."""
    store = Mock(**{"load.return_value": None, "save.side_effect": error})
    with pytest.raises(StorageError) as caught:
        person.get_token(store, server=sandbox.server)
    assert words == str(caught.value)
    assert isinstance(caught.value.issued, IssuedToken)
    assert str(caught.value.issued.token.access_token) not in f"{caught.value!r} {caught.value} {caught.value.args}"


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc, where nobody makes a folder")
def test_a_store_that_can_keep_nothing_is_found_out_before(person: Person) -> None:
    """Nobody signs in for nothing: what may be read there may not be written."""
    store = TokenFile("/proc/nowhere/token.json")
    assert store.load() is None
    with pytest.raises(StorageError):
        person.get_token(store)
    assert "" == person.uri


def test_a_valid_token_of_another_server_is_never_replaced(sandbox: Sandbox, person: Person, tmp_path: Path) -> None:
    """It is a StorageError before anybody is asked."""
    for store in (Store(), TokenFile(tmp_path / "token.json")):
        store.save(issued_by(TICKTICK))
        with pytest.raises(StorageError, match=r"token of https://ticktick\.com is kept there: name another store$"):
            person.get_token(store, server=sandbox.server)
    assert "" == person.uri


def test_a_token_that_ends_within_the_leeway_is_not_asked_for_again(person: Person) -> None:
    """A sign-in now would bring the same one: the error says when it ends."""
    store = Store()
    store.save(issued_by(TICKTICK))
    with pytest.raises(SignInRequiredError, match=r"expires on .*may bring the same token"):
        person.get_token(store, leeway=timedelta(days=1))
    assert "" == person.uri


def test_while_the_variable_has_this_servers_token_nobody_is_asked(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That token, or a SignInRequiredError that says to unset it."""
    monkeypatch.setenv("TICKTICK_OAUTH_TOKEN", dump_issued(issued_by(TICKTICK)))
    assert loads(TOKEN) == person.get_token()
    monkeypatch.setenv("TICKTICK_OAUTH_TOKEN", dump_issued(issued_by(TICKTICK, at=NOW - timedelta(days=1))))
    with pytest.raises(SignInRequiredError, match="unset it"):
        person.get_token()
    assert "" == person.uri


TERMINAL = Mock(**{"isatty.return_value": True})
PIPE = io.StringIO()
CLOSED = io.StringIO()
CLOSED.close()


@pytest.mark.parametrize(
    ("variables", "platform", "stream", "asks"),
    [
        ({}, "linux", PIPE, False),
        ({}, "linux", CLOSED, False),
        ({}, "linux", None, False),
        ({}, "linux", TERMINAL, True),
        ({"DISPLAY": ":0"}, "linux", PIPE, True),
        ({"WAYLAND_DISPLAY": "w"}, "linux", PIPE, True),
        ({}, "darwin", PIPE, True),
        ({}, "win32", PIPE, True),
        ({"CI": "true"}, "linux", TERMINAL, False),
        ({"CI": "1", "DISPLAY": ":0"}, "linux", TERMINAL, False),
        ({"CI": "false"}, "linux", TERMINAL, True),
        ({"CI": "0"}, "linux", TERMINAL, True),
        ({"CI": ""}, "linux", TERMINAL, True),
    ],
)
def test_it_waits_only_where_a_person_can_be_asked(
    variables: dict[str, str], platform: str, stream: object, *, asks: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job without a person gets the SignInRequiredError at once, and no folder is made."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(sys, "stdin", stream)
    monkeypatch.setattr("ticktick_oauth._sign_in.person.sign_in", Mock(side_effect=DeadlineExceededError("nobody")))
    with pytest.raises(DeadlineExceededError if asks else SignInRequiredError):
        get_token(timeout=5)
    assert asks == default_path().parent.exists()


def test_ask_goes_on_until_an_answer_fits(sandbox: Sandbox, person: Person) -> None:
    """Nothing listens and no browser is opened; from the second time on the prompt says what was wrong."""
    person.answers = ["abc123", "cancel"]
    assert sandbox.server == sign_in(server=sandbox.server, show=person.show, ask=person.ask).server
    first, *others = person.prompts
    assert first.startswith("Sign in there.")
    assert ["That is not an address"] * 2 == [prompt[:22] for prompt in others]
    assert 1 == len(sandbox.requests)


def test_what_ask_raises_ends_the_sign_in(sandbox: Sandbox, person: Person) -> None:
    """EOFError and KeyboardInterrupt pass; the time is looked at between two answers."""
    with pytest.raises(EOFError):
        sign_in(server=sandbox.server, show=person.show, ask=Mock(side_effect=EOFError))
    with pytest.raises(DeadlineExceededError, match=r"^no address was pasted within [0-9.]+ seconds$"):
        sign_in(server=sandbox.server, show=person.show, ask=lambda _: "later", timeout=0.2)
