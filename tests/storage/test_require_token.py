"""`require_token`: the kept token of one server, or what to run."""

from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from attrs import evolve

from storage.keeping import ISSUED, OLD, failure_of
from ticktick_oauth import DIDA365, IssuedToken, dump_issued
from ticktick_oauth.exceptions import SignInRequiredError
from ticktick_oauth.storage import TokenFile, _kept, _require, require_token
from ticktick_oauth.storage._kept import find_kept, list_kept

NOW = datetime.now(timezone.utc)
VALID = evolve(ISSUED, issued_at=NOW)
DIDAS = evolve(VALID, server=DIDA365)
CALLS = "call get_token() or sign_in(), or set $TICKTICK_OAUTH_TOKEN"
OWN = evolve(DIDA365, issuer="https://own.example/a")


def memory(issued: IssuedToken | None) -> Any:  # noqa: ANN401 - a store, as far as it is asked
    """Make a program's own store, which keeps a token."""
    return SimpleNamespace(load=lambda: issued)


@pytest.fixture(autouse=True)
def default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> TokenFile:
    """Make the default store of TickTick's token, in a folder of its own, and no variable with a token or a file."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return TokenFile()


@pytest.fixture
def dida365(default: TokenFile) -> TokenFile:
    """Make the default store of Dida365's token."""
    return TokenFile(default.path.with_name("dida365.com.json"))


def refusal_of(*arguments: object, **options: object) -> str:
    """Ask for a token that there is not, and return the message."""
    with pytest.raises(SignInRequiredError) as caught:
        require_token(*arguments, **options)  # type: ignore[arg-type]
    assert str(caught.value).startswith(f"{caught.value.reason}; ")
    assert str(ISSUED.token.access_token) not in str(caught.value)
    assert (None, None) == (caught.value.__cause__, caught.value.__context__)
    return str(caught.value)


def test_a_valid_token_is_returned(default: TokenFile, store: TokenFile) -> None:
    """From the default file, from another one, and from a program's own store.

    What cannot be read is not a missing token: signing in would not help before the file is looked at.
    """
    default.save(VALID)
    store.save(VALID)
    assert VALID.token == require_token() == require_token(store) == require_token(memory(VALID))
    default.path.write_text("x")
    assert str(default.path) == failure_of(require_token).filename


def test_without_a_token_the_message_says_what_to_run_or_call(default: TokenFile, tmp_path: Path) -> None:
    """The command keeps the token where it was looked for, and signs in at the server that was asked for."""
    file = TokenFile(tmp_path / "my token.json")
    own = default.path.with_name("own.example.json")
    login = "sign in with: ticktick-oauth login"
    options = f"--server dida365 --token-file '{file.path}'"
    assert f"no token is kept in {default.path}; {login}, or {CALLS}" == refusal_of()
    assert f"no token is kept in {file.path}; {login} {options}, or call get_token(store)" == (
        refusal_of(file, server=DIDA365)
    )
    assert f"no token is kept in {own}; {login} --server https://own.example/a, or {CALLS}" == refusal_of(server=OWN)
    assert "--server 'https://a.example/$(b)'," in refusal_of(server=evolve(OWN, issuer="https://a.example/$(b)"))
    assert "no token is kept in the store; sign in by get_token(store), or keep there what sign_in() returns" == (
        refusal_of(memory(None))
    )


def test_a_token_for_each_server_lies_beside_the_other(default: TokenFile, dida365: TokenFile) -> None:
    """Each is found in its own default file; servers are the same when their issuers are.

    TickTick's is also read for the server whose token it holds, until that has its own; what cannot be read there is no
    other server's affair.
    """
    assert (default.path, dida365.path, []) == (find_kept(), find_kept(DIDA365), list_kept())
    default.save(DIDAS)
    assert (default.path, DIDAS.token) == (find_kept(DIDA365), require_token(server=DIDA365))
    dida365.save(evolve(OLD, server=DIDA365))
    assert f"the token in {dida365.path} expired on" in refusal_of(server=DIDA365)
    default.save(VALID)
    dida365.save(DIDAS)
    assert (VALID.token, DIDAS.token) == (require_token(), require_token(server=DIDA365))
    assert VALID.token == require_token(server=evolve(OWN, issuer="https://ticktick.com"))
    assert ([dida365.path, default.path], default.path) == (list_kept(), find_kept())
    default.path.write_text("x")
    dida365.delete()
    assert dida365.path == find_kept(DIDA365)
    default.path.unlink()
    dida365.save(DIDAS)
    assert dida365.path == find_kept()


def test_no_advice_leads_to_replacing_another_servers_token(default: TokenFile, dida365: TokenFile) -> None:
    """The message names what to pass; a sign-in only where it is kept in another file."""
    dida365.save(DIDAS)
    words = f"the token in {dida365.path} is for Dida365; pass server=DIDA365"
    assert f"{words}, or sign in with: ticktick-oauth login, or {CALLS}" == refusal_of()
    assert words == refusal_of(dida365)
    default.save(evolve(VALID, server=OWN))
    words = f"the token in {default.path} is for https://own.example/a; pass server=discover_server('https://own.example/a')"
    assert words == refusal_of()
    assert "the token in the store is for TickTick; pass server=TICKTICK" == refusal_of(memory(VALID), server=DIDA365)
    dida365.path.write_text("x")
    default.save(OLD)
    assert f"no token is kept in {default.path.with_name('own.example.json')}" in refusal_of(server=OWN)


def test_one_file_for_all_servers_is_the_only_one(
    monkeypatch: pytest.MonkeyPatch, default: TokenFile, dida365: TokenFile, store: TokenFile
) -> None:
    """`$TICKTICK_OAUTH_TOKEN_FILE` names it, whatever the server."""
    default.save(VALID)
    dida365.save(DIDAS)
    monkeypatch.setenv("TICKTICK_OAUTH_TOKEN_FILE", str(store.path))
    assert ([], store.path, store.path) == (list_kept(), find_kept(), find_kept(DIDA365))
    store.save(DIDAS)
    assert [store.path] == list_kept()
    assert f"the token in {store.path} is for Dida365; pass server=DIDA365" == refusal_of()
    assert DIDAS.token == require_token(server=DIDA365)


def test_a_token_that_has_to_be_valid_for_longer_is_not_handed_out(
    monkeypatch: pytest.MonkeyPatch, default: TokenFile
) -> None:
    """At the last second before the leeway it is handed out; at the leeway itself, and once expired, it is not."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            assert timezone.utc is tz
            return at

    monkeypatch.setattr(_kept, "datetime", Clock)
    default.save(ISSUED)
    day = timedelta(days=1)
    at = ISSUED.expires_at - day - timedelta(seconds=1)
    assert ISSUED.token == require_token(leeway=day)
    at = ISSUED.expires_at - day
    assert (
        f"the token in {default.path} expires on 2027-05-22 at 11:59 UTC; "
        "a sign-in before then may bring the same token: ask for less leeway, or sign in after it"
    ) == refusal_of(leeway=day)
    assert ISSUED.token == require_token()
    at = ISSUED.expires_at
    assert f"the token in {default.path} expired on 2027-05-22 at 11:59 UTC; sign in with: " in refusal_of()
    monkeypatch.setattr(_require, "datetime", Clock)
    monkeypatch.setenv("TICKTICK_OAUTH_TOKEN", dump_issued(ISSUED))
    at = ISSUED.expires_at - day
    assert ISSUED.token == require_token()
    assert "the token in $TICKTICK_OAUTH_TOKEN expires on 2027-05-22" in refusal_of(leeway=day)


def test_a_token_in_the_environment_needs_no_file(monkeypatch: pytest.MonkeyPatch, default: TokenFile) -> None:
    """It is taken before the default file, also where there is no home, and not where a store is given.

    Another server's is passed over for the file; where that is missing, the message says whose is there.
    """
    monkeypatch.setenv("TICKTICK_OAUTH_TOKEN", dump_issued(DIDAS))
    assert "the token in $TICKTICK_OAUTH_TOKEN is for Dida365; pass server=DIDA365, or sign in" in refusal_of()
    default.save(VALID)
    assert (VALID.token, DIDAS.token) == (require_token(), require_token(server=DIDA365))
    default.delete()
    monkeypatch.setenv("TICKTICK_OAUTH_TOKEN", dump_issued(VALID) + "\n")
    monkeypatch.setenv("TICKTICK_OAUTH_TOKEN_FILE", "~nobody-of-that-name/token.json")
    assert VALID.token == require_token()
    assert f"no token is kept in {default.path}" in refusal_of(default)


def test_a_bad_token_in_the_environment_is_not_passed_over(monkeypatch: pytest.MonkeyPatch, default: TokenFile) -> None:
    """The file does not stand in for what was set: the message says which variable to unset; empty counts as unset."""
    default.save(VALID)
    monkeypatch.setenv("TICKTICK_OAUTH_TOKEN", dump_issued(OLD))
    assert (
        "the token in $TICKTICK_OAUTH_TOKEN expired on 2026-11-23 at 12:00 UTC; "
        "set a new one, or unset it and sign in with: ticktick-oauth login"
    ) == refusal_of()
    monkeypatch.setenv("TICKTICK_OAUTH_TOKEN", "x")
    assert (
        "$TICKTICK_OAUTH_TOKEN: this cannot be read as a kept token; document: not JSON, and not its one-word form; "
        "it takes what ticktick-oauth token --format issued prints"
    ) == str(failure_of(require_token))
    monkeypatch.setenv("TICKTICK_OAUTH_TOKEN", "")
    assert VALID.token == require_token()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"leeway": 14}, "leeway must be of type timedelta, not int"),
        ({"server": TokenFile}, "server must be of type AuthorizationServer, not type"),
        ({"server": "Dida365"}, "server must be of type AuthorizationServer, not str: pass DIDA365"),
        ({"server": "x"}, "server must be of type AuthorizationServer, not str: pass TICKTICK"),
        ({"store": "token.json"}, r"store must be a TokenStore, not str: pass TokenFile\(path\)"),
        ({"store": DIDA365}, "store must be a TokenStore, not AuthorizationServer"),
    ],
)
def test_a_wrong_type_is_the_callers_mistake(options: dict[str, object], words: str) -> None:
    """A TypeError at the call, whether or not a token is kept."""
    with pytest.raises(TypeError, match=words):
        require_token(**options)  # type: ignore[arg-type]
