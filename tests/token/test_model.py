"""The token: what its constructor takes, and what it shows."""

import copy
import pickle
import traceback
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from attrs import evolve
from attrs.exceptions import FrozenInstanceError
from hypothesis import given, settings

from strategies import tokens
from ticktick_oauth import DIDA365, IssuedToken, OAuthTokenV1

CANARY = "c0ffee00-cafe-4bad-8bad-c0ffee00cafe"
TOKEN = OAuthTokenV1(access_token=UUID(CANARY), expires_in=60)
NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
ISSUED = IssuedToken(token=TOKEN, issued_at=NOON)

_patient = settings(deadline=None)


def _members(**changes: object) -> dict[str, Any]:
    return {"access_token": UUID(CANARY), "expires_in": 60, **changes}


def test_defaults() -> None:
    """The two literals have their only values as defaults."""
    assert ("bearer", "tasks:read tasks:write") == (TOKEN.token_type, TOKEN.scope)
    assert TOKEN == OAuthTokenV1(**_members(token_type="bearer", scope="tasks:read tasks:write"))


def test_authorization_header() -> None:
    """The header is RFC 6750's, the UUID in canonical form."""
    assert f"Bearer {CANARY}" == TOKEN.authorization_header()
    assert f"Bearer {CANARY}" == OAuthTokenV1(**_members(access_token=UUID(CANARY.upper()))).authorization_header()


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"access_token": CANARY}, TypeError, "access_token must be of type UUID, not str"),
        ({"access_token": None}, TypeError, "access_token must be of type UUID, not NoneType"),
        (
            {"access_token": UUID(CANARY.replace("4bad", "1bad"))},
            ValueError,
            "access_token must be a UUID of version 4",
        ),
        (
            {"access_token": UUID(CANARY.replace("8bad", "cbad"))},
            ValueError,
            "access_token must be a UUID of version 4",
        ),
        (
            {"access_token": UUID(CANARY.replace("8bad", "0bad"))},
            ValueError,
            "access_token must be a UUID of version 4",
        ),
        ({"expires_in": CANARY}, TypeError, "expires_in must be of type int, not str"),
        ({"expires_in": 1.0}, TypeError, "expires_in must be of type int, not float"),
        ({"expires_in": True}, TypeError, "expires_in must be of type int, not bool"),
        ({"token_type": CANARY}, ValueError, "token_type must be 'bearer'"),
        ({"token_type": None}, ValueError, "token_type must be 'bearer'"),
        ({"token_type": "Bearer"}, ValueError, "token_type must be 'bearer'"),
        ({"scope": CANARY}, ValueError, "scope must be 'tasks:read tasks:write'"),
        ({"scope": ["tasks:read", "tasks:write"]}, ValueError, "scope must be 'tasks:read tasks:write'"),
    ],
)
def test_validators(changes: dict[str, Any], error: type[Exception], message: str) -> None:
    """A constructor converts nothing: its error names the field and what it must be, never the value."""
    with pytest.raises(error) as caught:
        OAuthTokenV1(**_members(**changes))
    assert (message, (message,)) == (str(caught.value), caught.value.args)
    assert CANARY not in "".join(traceback.format_exception(caught.value))


def test_a_subclass_of_int_is_an_int() -> None:
    """Seconds of a program's own class are taken, and kept as they are."""

    class Seconds(int):
        """A whole number of seconds."""

    seconds = Seconds(60)
    assert seconds is OAuthTokenV1(**_members(expires_in=seconds)).expires_in


@pytest.mark.parametrize("name", ["access_token", "expires_in"])
def test_required(name: str) -> None:
    """The two fields without a default are required, and nothing is taken by position."""
    members = _members()
    del members[name]
    with pytest.raises(TypeError, match=f"missing 1 required keyword-only argument: '{name}'"):
        OAuthTokenV1(**members)
    with pytest.raises(TypeError, match="positional argument"):
        OAuthTokenV1(UUID(CANARY), 60)  # type: ignore[call-arg]


@pytest.mark.parametrize("value", [TOKEN, ISSUED], ids=["OAuthTokenV1", "IssuedToken"])
def test_nothing_secret_is_shown(value: object) -> None:
    """The access token is in no text of either value."""
    shown = " ".join((repr(value), str(value), f"{value}", f"{[value]}"))
    assert "expires_in=60" in shown
    assert [] == [secret for secret in (CANARY, UUID(CANARY).hex, str(UUID(CANARY).int)) if secret in shown]


@pytest.mark.parametrize("value", [TOKEN, ISSUED], ids=["OAuthTokenV1", "IssuedToken"])
def test_values(value: Any) -> None:  # noqa: ANN401 - two classes
    """Both are values: frozen, slotted, hashable, equal by their fields, and copies and pickles are equal."""
    name = type(value).__slots__[0]
    with pytest.raises(FrozenInstanceError):
        setattr(value, name, getattr(value, name))
    assert not hasattr(value, "__dict__")
    protocols = [pickle.loads(pickle.dumps(value, protocol)) for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1)]
    for twin in (copy.copy(value), copy.deepcopy(value), evolve(value), *protocols):
        assert value == twin
        assert hash(value) == hash(twin)


def test_not_equal() -> None:
    """A difference in any field is a difference."""
    others = [
        evolve(TOKEN, access_token=UUID("0e6cbbd3-cb86-4a45-9d0b-0f6a22ab9d2b")),
        evolve(TOKEN, expires_in=61),
    ]
    issued = [
        *(evolve(ISSUED, token=other) for other in others),
        evolve(ISSUED, issued_at=NOON + timedelta(microseconds=1)),
        evolve(ISSUED, server=DIDA365),
    ]
    assert len({TOKEN, *others}) == 3
    assert len({ISSUED, *issued}) == 5


@_patient
@given(tokens)
def test_every_token_is_a_value(token: OAuthTokenV1) -> None:
    """Tokens of any size copy and pickle, and show nothing of the access token."""
    assert token == pickle.loads(pickle.dumps(token)) == copy.deepcopy(token)
    assert str(token.access_token) not in repr(token)
