"""The token: what its constructor takes, and what it shows."""

import copy
import pickle
import traceback
from typing import Any
from uuid import UUID

import pytest
from attrs import evolve
from attrs.exceptions import FrozenInstanceError
from hypothesis import given, settings

from strategies import tokens
from ticktick_oauth import OAuthTokenV1

CANARY = "c0ffee00-cafe-4bad-8bad-c0ffee00cafe"
TOKEN = OAuthTokenV1(access_token=UUID(CANARY), expires_in=60)


def test_a_token() -> None:
    """The two literals have their only values as defaults; the header is RFC 6750's, the UUID in canonical form."""
    assert ("bearer", "tasks:read tasks:write") == (TOKEN.token_type, TOKEN.scope)
    assert f"Bearer {CANARY}" == evolve(TOKEN, access_token=UUID(CANARY.upper())).authorization_header()
    with pytest.raises(TypeError, match="positional argument"):
        OAuthTokenV1(UUID(CANARY), 60)  # type: ignore[call-arg]


UUID4 = "access_token must be a UUID of version 4"


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"access_token": CANARY}, TypeError, "access_token must be of type UUID, not str"),
        ({"access_token": None}, TypeError, "access_token must be of type UUID, not NoneType"),
        ({"access_token": UUID(CANARY.replace("4bad", "1bad"))}, ValueError, UUID4),
        ({"access_token": UUID(CANARY.replace("8bad", "cbad"))}, ValueError, UUID4),
        ({"access_token": UUID(CANARY.replace("8bad", "0bad"))}, ValueError, UUID4),
        ({"expires_in": CANARY}, TypeError, "expires_in must be of type int, not str"),
        ({"expires_in": 1.0}, TypeError, "expires_in must be of type int, not float"),
        ({"expires_in": True}, TypeError, "expires_in must be of type int, not bool"),
        *(({"token_type": it}, ValueError, "token_type must be 'bearer'") for it in (CANARY, None, "Bearer")),
        *(({"scope": it}, ValueError, "scope must be 'tasks:read tasks:write'") for it in (CANARY, ["tasks:read"])),
    ],
)
def test_validators(changes: dict[str, Any], error: type[Exception], message: str) -> None:
    """A constructor converts nothing: its error names the field and what it must be, never the value."""
    with pytest.raises(error) as caught:
        evolve(TOKEN, **changes)
    assert (message, (message,)) == (str(caught.value), caught.value.args)
    assert CANARY not in "".join(traceback.format_exception(caught.value))


def test_a_subclass_of_int_is_an_int() -> None:
    """Seconds of a program's own class are taken, and kept as they are."""

    class Seconds(int):
        """A whole number of seconds."""

    seconds = Seconds(60)
    assert seconds is evolve(TOKEN, expires_in=seconds).expires_in


@settings(max_examples=30)
@given(tokens)
def test_every_token_is_a_value(token: OAuthTokenV1) -> None:
    """Tokens of any size are hashable, frozen and slotted, copy and pickle, and show nothing of the access token."""
    for twin in (pickle.loads(pickle.dumps(token)), copy.copy(token), copy.deepcopy(token)):
        assert (token, hash(token)) == (twin, hash(twin))
    with pytest.raises(FrozenInstanceError):
        token.expires_in = 0  # type: ignore[misc]
    assert not hasattr(token, "__dict__")
    shown = f"{token} {[token]}"
    assert [] == [form for form in (str(token.access_token), token.access_token.hex) if form in shown]
