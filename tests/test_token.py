"""The token and the issued token: what their constructors take, what they show, and what time does to them."""

import copy
import pickle
import traceback
from datetime import datetime
from datetime import timedelta
from datetime import timezone
from typing import Any
from uuid import UUID

import pytest
from attrs import evolve
from attrs.exceptions import FrozenInstanceError
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from strategies import tokens
from ticktick_oauth import DIDA365
from ticktick_oauth import TICKTICK
from ticktick_oauth import IssuedToken
from ticktick_oauth import OAuthTokenV1

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


def test_issued_at() -> None:
    """The moment of issue is kept in UTC, whatever zone it came in; the server is TickTick unless said otherwise."""
    elsewhere = IssuedToken(token=TOKEN, issued_at=datetime(2026, 11, 23, 20, tzinfo=timezone(timedelta(hours=8))))
    assert ISSUED == elsewhere
    assert timezone.utc is elsewhere.issued_at.tzinfo
    assert TICKTICK is elsewhere.server


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"issued_at": NOON.replace(tzinfo=None)}, ValueError, "issued_at must be an aware datetime"),
        ({"issued_at": NOON.timestamp()}, TypeError, "issued_at must be of type datetime, not float"),
        ({"issued_at": NOON.date()}, TypeError, "issued_at must be of type datetime, not date"),
        (
            {"issued_at": datetime.max.replace(tzinfo=timezone(timedelta(hours=-1)))},
            ValueError,
            "issued_at must be a time that a datetime can hold in UTC",
        ),
        (
            {"issued_at": datetime.min.replace(tzinfo=timezone(timedelta(hours=1)))},
            ValueError,
            "issued_at must be a time that a datetime can hold in UTC",
        ),
        ({"token": CANARY}, TypeError, "token must be of type OAuthTokenV1, not str"),
        ({"server": "https://ticktick.com"}, TypeError, "server must be of type AuthorizationServer, not str"),
    ],
)
def test_issued_token_mistakes(changes: dict[str, Any], error: type[Exception], message: str) -> None:
    """A mistake in an issued token names the field, never the value."""
    with pytest.raises(error, match=f"^{message}") as caught:
        IssuedToken(**{"token": TOKEN, "issued_at": NOON, **changes})
    assert CANARY not in "".join(traceback.format_exception(caught.value))


def test_time_passes() -> None:
    """The time that remains counts down to the moment of expiry, and below zero behind it."""
    assert NOON + timedelta(seconds=60) == ISSUED.expires_at
    assert timezone.utc is ISSUED.expires_at.tzinfo
    for passed, remaining in ((-1, 61), (0, 60), (59, 1), (60, 0), (61, -1)):
        now = NOON + timedelta(seconds=passed)
        assert timedelta(seconds=remaining) == ISSUED.remaining(now=now)
        assert timedelta(seconds=remaining) == ISSUED.remaining(now=now.astimezone(timezone(timedelta(hours=-9))))


@pytest.mark.parametrize(
    ("passed", "leeway", "expected"),
    [
        (59, 0, False),
        (60, 0, True),
        (61, 0, True),
        (49, 10, False),
        (50, 10, True),
        (51, 10, True),
        (69, -10, False),
        (70, -10, True),
    ],
)
def test_is_expired(passed: int, leeway: int, expected: bool) -> None:  # noqa: FBT001 - an expectation
    """A token counts as expired from the very moment that no more than the leeway remains."""
    now = NOON + timedelta(seconds=passed)
    assert expected is ISSUED.is_expired(now=now, leeway=timedelta(seconds=leeway))
    assert leeway or expected is ISSUED.is_expired(now=now)
    early = now - timedelta(microseconds=1)
    assert ISSUED.is_expired(now=early, leeway=timedelta(seconds=leeway)) is (expected and passed + leeway > 60)


@pytest.mark.parametrize("now", [NOON.replace(tzinfo=None), datetime.max])  # noqa: DTZ901 - naive on purpose
def test_now_is_aware(now: datetime) -> None:
    """A naive ``now`` has no meaning."""
    with pytest.raises(ValueError, match=r"^now must be an aware datetime"):
        ISSUED.remaining(now=now)
    with pytest.raises(ValueError, match=r"^now must be an aware datetime"):
        ISSUED.is_expired(now=now)


@pytest.mark.parametrize("digits", [9, 12, 18, 19, 400, 5000])
def test_expiry_beyond_time(digits: int) -> None:
    """An expiry that no datetime can hold is the last moment, or the first, that one can."""
    size = 10**digits
    last = datetime.max.replace(tzinfo=timezone.utc)
    first = datetime.min.replace(tzinfo=timezone.utc)
    late = IssuedToken(token=evolve(TOKEN, expires_in=size), issued_at=NOON)
    early = evolve(late, token=evolve(TOKEN, expires_in=-size))
    held = digits == 9
    assert late.expires_at == (NOON + timedelta(seconds=size) if held else last)
    assert early.expires_at == (NOON - timedelta(seconds=size) if held else first)
    assert (False, True) == (late.is_expired(now=NOON), early.is_expired(now=NOON))


_zones = st.integers(min_value=-1439, max_value=1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
_middle = st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1), timezones=_zones)  # noqa: DTZ001 - the zones are drawn


@_patient
@given(token=tokens, issued_at=_middle, now=st.datetimes(timezones=_zones), leeway=st.timedeltas())
def test_any_time(token: OAuthTokenV1, issued_at: datetime, now: datetime, leeway: timedelta) -> None:
    """No token, moment, zone or leeway makes the arithmetic fail, and the three answers agree."""
    issued = IssuedToken(token=token, issued_at=issued_at)
    assert issued_at == issued.issued_at
    assert issued.expires_at - now == issued.remaining(now=now)
    assert (issued.remaining(now=now) <= leeway) is issued.is_expired(now=now, leeway=leeway)
    assert (issued.expires_at > issued.issued_at) is (token.expires_in > 0)
