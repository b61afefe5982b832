"""`require_token`: the kept token of one server, or what to run."""

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from attrs import evolve

from storage.keeping import ISSUED, OLD, failure_of
from ticktick_oauth import DIDA365, AuthorizationServer, IssuedToken, OAuthTokenV1, dump_issued
from ticktick_oauth.exceptions import SignInRequiredError
from ticktick_oauth.storage import TokenFile, _kept, require_token
from ticktick_oauth.storage._kept import require_issued

NOW = datetime.now(timezone.utc)
VALID = evolve(ISSUED, issued_at=NOW)
OWN = AuthorizationServer(
    issuer="https://own.example/a",
    authorization_endpoint="https://own.example/authorize",
    token_endpoint="https://own.example/token",
)


class Memory:
    """A program's own store."""

    def __init__(self, issued: IssuedToken | None) -> None:
        self.issued = issued

    def load(self) -> IssuedToken | None:
        """Return what is kept."""
        return self.issued

    def save(self, issued: IssuedToken) -> None:
        """Keep a token."""
        self.issued = issued

    def delete(self) -> None:
        """Keep nothing."""
        self.issued = None


@pytest.fixture(autouse=True)
def default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> TokenFile:
    """Make the default store, in a folder of its own, and no variable with a token."""
    monkeypatch.delenv("TICKTICK_OAUTH_TOKEN", raising=False)
    monkeypatch.setenv("TICKTICK_OAUTH_TOKEN_FILE", str(tmp_path / "default.json"))
    return TokenFile()


def refusal_of(*arguments: object, **options: object) -> str:
    """Ask for a token that there is not, and return the message."""
    with pytest.raises(SignInRequiredError) as caught:
        require_token(*arguments, **options)  # type: ignore[arg-type]
    assert str(ISSUED.token.access_token) not in str(caught.value)
    assert (None, None) == (caught.value.__cause__, caught.value.__context__)
    return str(caught.value)


def test_a_valid_token_is_returned(default: TokenFile, store: TokenFile) -> None:
    """From the default file, from another one, and from a program's own store."""
    default.save(VALID)
    store.save(VALID)
    for token in (require_token(), require_token(store), require_token(Memory(VALID))):
        assert VALID.token == token


def test_without_a_token_the_message_says_what_to_run(default: TokenFile, tmp_path: Path) -> None:
    """The command keeps the token where it was looked for, and signs in at the server that was asked for."""
    file = TokenFile(tmp_path / "my token.json")
    assert f"no token is kept in {default.path}; sign in with: ticktick-oauth login" == refusal_of()
    assert (
        f"no token is kept in {file.path}; "
        f"sign in with: ticktick-oauth login --server dida365 --token-file '{file.path}'"
    ) == refusal_of(file, server=DIDA365)
    assert (
        f"no token is kept in {default.path}; sign in with: ticktick-oauth login --server https://own.example/a"
    ) == refusal_of(server=OWN)
    assert refusal_of(server=evolve(OWN, issuer="https://a.example/$(b)")).endswith("--server 'https://a.example/$(b)'")
    assert "no token is kept in the store; sign in again, and save the token there" == refusal_of(Memory(None))


def test_a_token_of_another_server_is_not_handed_out(default: TokenFile) -> None:
    """Servers are the same when their issuers are, whatever their other addresses."""
    default.save(VALID)
    assert (
        f"the token in {default.path} is one of https://ticktick.com, not of https://dida365.com; "
        "sign in with: ticktick-oauth login --server dida365"
    ) == refusal_of(server=DIDA365)
    assert VALID.token == require_token(server=evolve(OWN, issuer="https://ticktick.com"))


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
    advice = "sign in with: ticktick-oauth login"
    day = timedelta(days=1)
    at = ISSUED.expires_at - day - timedelta(seconds=1)
    assert ISSUED.token == require_token(leeway=day)
    at = ISSUED.expires_at - day
    assert f"the token in {default.path} expires on 2027-05-22 at 11:59 UTC; {advice}" == refusal_of(leeway=day)
    assert (ISSUED.token, ISSUED) == (require_token(), require_issued())
    at = ISSUED.expires_at
    assert f"the token in {default.path} expired on 2027-05-22 at 11:59 UTC; {advice}" == refusal_of()


def test_a_token_in_the_environment_needs_no_file(monkeypatch: pytest.MonkeyPatch, default: TokenFile) -> None:
    """It is taken before the default file, also where there is no home, and not where a store is given."""
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
        "unset it, and sign in with: ticktick-oauth login"
    ) == refusal_of()
    monkeypatch.setenv("TICKTICK_OAUTH_TOKEN", "x")
    error = failure_of(require_token)
    assert (
        "$TICKTICK_OAUTH_TOKEN: this cannot be read as a kept token; document: not JSON from character 0 on; "
        "it takes the line that ticktick-oauth token --format issued prints"
    ) == str(error)
    monkeypatch.setenv("TICKTICK_OAUTH_TOKEN", "")
    assert VALID.token == require_token()


def test_what_cannot_be_read_is_not_a_missing_token(default: TokenFile) -> None:
    """Signing in would not help before the file is looked at, so the StorageError passes through."""
    default.path.touch(0o600)
    default.path.write_text("x")
    assert str(default.path) == failure_of(require_token).filename


@pytest.mark.parametrize(
    ("options", "words"),
    [({"leeway": 14}, "leeway must be of type timedelta, not int"), ({"server": "x"}, "server must")],
)
def test_a_wrong_type_is_the_callers_mistake(options: dict[str, object], words: str) -> None:
    """A TypeError at the call, whether or not a token is kept."""
    with pytest.raises(TypeError, match=words):
        require_token(**options)  # type: ignore[arg-type]


def test_a_subclass_of_the_token_is_returned_as_it_is() -> None:
    """A program's own store may keep more."""

    class Own(OAuthTokenV1):
        pass

    own = Own(access_token=ISSUED.token.access_token, expires_in=15551999)
    assert own is require_token(Memory(evolve(VALID, token=own)))
