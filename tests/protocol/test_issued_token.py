"""The issued token: what time does to it, and the line of JSON that it is kept as."""

import json
import pickle
import re
import shlex
import traceback
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from string import ascii_letters, digits
from typing import Any
from uuid import UUID

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from strategies import tokens
from ticktick_oauth import DIDA365, TICKTICK, AuthorizationServer, IssuedToken, OAuthTokenV1, dump_issued, load_issued
from ticktick_oauth._protocol.issued_token import dump_word
from ticktick_oauth.exceptions import StorageError

CANARY = "6f9619ff-8b86-4011-b42d-00c04fc964ff"
TOKEN = OAuthTokenV1(access_token=UUID(CANARY), expires_in=60)
NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
ISSUED = IssuedToken(token=TOKEN, issued_at=NOON)
AWARE = "must be an aware datetime, such as datetime.now(timezone.utc)"
KEPT = dump_issued(evolve(ISSUED, token=evolve(TOKEN, expires_in=15551999)))
WORD = dump_word(load_issued(KEPT))

_patient = settings(deadline=None)


def test_issued_at() -> None:
    """The moment of issue is kept in UTC, whatever zone it came in; the server is TickTick unless said otherwise."""
    elsewhere = IssuedToken(token=TOKEN, issued_at=datetime(2026, 11, 23, 20, tzinfo=timezone(timedelta(hours=8))))
    assert ISSUED == elsewhere
    assert timezone.utc is elsewhere.issued_at.tzinfo
    assert TICKTICK is elsewhere.server


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"issued_at": NOON.replace(tzinfo=None)}, ValueError, f"issued_at {AWARE}"),
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
        (
            {"server": "https://ticktick.com"},
            TypeError,
            "server must be of type AuthorizationServer, not str: pass TICKTICK",
        ),
        ({"server": "dida365"}, TypeError, "server must be of type AuthorizationServer, not str: pass DIDA365"),
    ],
)
def test_issued_token_mistakes(changes: dict[str, Any], error: type[Exception], message: str) -> None:
    """A mistake in an issued token names the field, never the value."""
    with pytest.raises(error) as caught:
        IssuedToken(**{"token": TOKEN, "issued_at": NOON, **changes})
    assert message == str(caught.value)
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
    for check in (ISSUED.remaining, ISSUED.is_expired):
        with pytest.raises(ValueError, match="now") as caught:
            check(now=now)
        assert f"now {AWARE}" == str(caught.value)


def test_the_arguments_have_types() -> None:
    """A number is neither a moment nor a leeway."""
    with pytest.raises(TypeError, match=r"^now must be of type datetime, not int$"):
        ISSUED.remaining(now=5)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"^leeway must be of type timedelta, not int$"):
        ISSUED.is_expired(now=NOON, leeway=5)  # type: ignore[arg-type]


@pytest.mark.parametrize("power", [9, 12, 18, 19, 400, 5000])
def test_expiry_beyond_time(power: int) -> None:
    """An expiry that no datetime can hold is the last moment, or the first, that one can."""
    size = 10**power
    last = datetime.max.replace(tzinfo=timezone.utc)
    first = datetime.min.replace(tzinfo=timezone.utc)
    late = IssuedToken(token=evolve(TOKEN, expires_in=size), issued_at=NOON)
    early = evolve(late, token=evolve(TOKEN, expires_in=-size))
    held = power == 9
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


# The text


def test_the_format_is_the_documented_one() -> None:
    """The JSON is that of the documentation, which other programs may rely on."""
    assert {
        "version": 1,
        "issued_at": "2026-11-23T12:00:00+00:00",
        "server": {
            "issuer": "https://ticktick.com",
            "authorization_endpoint": "https://ticktick.com/oauth/authorize",
            "token_endpoint": "https://ticktick.com/oauth/token",
            "registration_endpoint": "https://api.ticktick.com/oauth/register",
        },
        "token": {
            "access_token": "6f9619ff-8b86-4011-b42d-00c04fc964ff",
            "expires_in": 15551999,
            "token_type": "bearer",
            "scope": "tasks:read tasks:write",
        },
    } == json.loads(KEPT)


SERVERS = st.sampled_from(
    [
        TICKTICK,
        DIDA365,
        AuthorizationServer(
            issuer="http://127.0.0.1:1",
            authorization_endpoint="http://[::1]:2/authorize?a=b",
            token_endpoint="https://example.org/token?a=b",
            authorization_response_iss_parameter_supported=True,
        ),
    ]
)
OFFSETS = st.timedeltas(timedelta(hours=-23), timedelta(hours=23)).map(timezone)
TIMES = st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31), timezones=OFFSETS)  # noqa: DTZ001 - bounds are naive


@given(issued=st.builds(IssuedToken, token=tokens, issued_at=TIMES, server=SERVERS))
def test_what_is_dumped_loads_to_an_equal_token(issued: IssuedToken) -> None:
    """`load_issued` is the inverse of `dump_issued`, from text and from bytes, and a dump is one line."""
    text = dump_issued(issued)
    assert [text] == text.splitlines()
    assert issued == load_issued(text)
    assert issued == load_issued(text.encode())
    word = dump_word(issued)
    assert set() == set(word) - set(ascii_letters + digits + "-_")
    assert issued == load_issued(word) == load_issued(word.encode() + b"\n")


# What becomes of a text on each way, and what is said of the line of JSON there; None where it arrives too.
CUT = "document: not JSON from character "
ROUTES: dict[str, tuple[Callable[[str], str | bytes], str | None]] = {
    "docker run --env-file": (lambda text: f"'{text}'", None),  # it keeps quotes
    "xargs": (lambda text: text.replace('"', ""), "quotes of its JSON were lost"),
    "echo to $GITHUB_ENV": (lambda text: " ".join(shlex.split(text)), "quotes of its JSON were lost"),
    ".env": (lambda text: shlex.split(f"TOKEN={text}")[0][6:], "quotes of its JSON were lost"),
    ".env, quotes": (lambda text: shlex.split(f"TOKEN='{text}'")[0][6:], None),
    "systemd Environment=": (lambda text: shlex.split(text)[0], "quotes of its JSON were lost"),
    "YAML, plain scalar": (lambda text: str(json.loads(text)) if "{" in text else text, "quotes of its JSON were lost"),
    "jq . without -r": (json.dumps, "jq needs -r"),
    "$(cat file) without quotes": (lambda text: text.split()[0], CUT),
    "PowerShell 5's >": (lambda text: f"{text}\r\n".encode("utf-16"), "in UTF-16"),
    "a secret in JSON": (lambda text: json.dumps({"TICKTICK_OAUTH_TOKEN": text}), None),
    "lines of 76 characters": (lambda text: "\r\n".join(re.findall(".{1,76}", text)), CUT),
    "padded": (lambda text: text + "=" * (-len(text) % 4), None),
}


@pytest.mark.parametrize("route", ROUTES)
def test_the_one_word_form_arrives(route: str) -> None:
    """The word arrives by every way but UTF-16, which is named; of the line of JSON, what happened to it is said."""
    carry, words = ROUTES[route]
    whole = load_issued(KEPT)
    if "PowerShell" not in route:
        assert whole == load_issued(carry(WORD))
    for text in (WORD, KEPT) if "PowerShell" in route else (KEPT,):
        if words is None:
            assert whole == load_issued(carry(text))
        else:
            with pytest.raises(StorageError, match=words):
                load_issued(carry(text))


@given(st.one_of(st.binary(), st.text(), st.recursive(st.none() | st.integers(), st.lists).map(json.dumps)))
def test_nothing_else_than_a_storage_error_comes_of_any_text(text: str | bytes) -> None:
    """What is not a kept token is a StorageError, whatever it is."""
    with pytest.raises(StorageError, match="cannot be read as a kept token"):
        load_issued(text)


NEITHER = "document: not JSON, and not its one-word form"
UTF_16 = "document: not JSON in UTF-8 but in UTF-16, as PowerShell 5 writes it: save it as UTF-8"
LOST = (
    "document: the double quotes of its JSON were lost on the way: carry the one word that "
    "ticktick-oauth token --format issued prints"
)
WRONG_VERSION = "version: expected the number 1"
WRONG_TIME = "issued_at: expected a time in ISO 8601 form with its offset from UTC"
UUID4 = "expected a UUID of version 4"
WHOLE = "expected a whole number of seconds"
MISSING = "got nothing: it is missing"


UNREADABLE: dict[str, tuple[str | bytes, str]] = {
    "empty": ("", "document: it is empty"),
    "half": (KEPT[: len(KEPT) // 2], "document: not JSON from character 220 on"),
    "twice": (KEPT + KEPT, "document: not JSON from character 440 on, where more follows the value"),
    "NUL": (KEPT.replace("ticktick", "\0"), "document: not JSON from character 87 on"),
    "NULs": ("\0" * 400, NEITHER),
    "CRLF": (KEPT.replace("bearer", "bear\r\ner"), "document: not JSON from character 400 on"),
    "BOM": ("\ufeff" + KEPT, "document: it begins with a byte order mark (BOM): save it as UTF-8 without one"),
    "UTF-16": (KEPT.encode("utf-16"), UTF_16),
    "UTF-16 without its mark": (KEPT.encode("utf-16-le"), UTF_16),
    # What a shell puts into a variable of it: NULs are dropped, and other bytes are surrogates.
    "UTF-16 in a variable": ("\udcff\udcfe" + KEPT, UTF_16),
    "Latin-1": (b"\xe9", "document: its bytes are not UTF-8"),
    "surrogate": ("\ud800", "document: its bytes are not UTF-8"),
    "quotes lost": (KEPT.replace('"', ""), LOST),
    "quotes changed": (KEPT.replace('"', "'"), LOST),
    "quotes escaped": (
        json.dumps(KEPT),
        "document: its quotes have backslashes before them: it was JSON within JSON (jq needs -r)",
    ),
    "half a word": (WORD[:-40], "document: not JSON from character 405 on"),
    "another word": ("Zm9v", NEITHER),
    "deep": ("[" * 30_000, NEITHER),
    "array": ('["6f9619ff"]', NEITHER),
    "string": ('"6f9619ff"', NEITHER),
    "bare token": (
        '{"access_token": "6f9619ff-8b86-4011-b42d-00c04fc964ff"}',
        "version: missing: this is a bare token response; ticktick-oauth import keeps one",
    ),
    "version, a string": (KEPT.replace('"version": 1', '"version": "1"'), WRONG_VERSION),
    "version, a boolean": (KEPT.replace('"version": 1', '"version": true'), WRONG_VERSION),
    "version, too low": (KEPT.replace('"version": 1', '"version": 0'), WRONG_VERSION),
    "nothing but a version": ('{"version": 1}', "server: issuer must be of type str, not NoneType"),
    "server": (KEPT.replace('"server": {', '"server": [], "x": {'), "server: issuer must be of type str, not NoneType"),
    "token endpoint": (
        KEPT.replace("https://ticktick.com/oauth/t", "http://6f9619ff/"),
        "server: token_endpoint must start with https://; http:// is for 127.0.0.1, [::1] and localhost only",
    ),
    "authorization endpoint": (
        KEPT.replace('"authorization_endpoint"', '"x"'),
        "server: authorization_endpoint must be of type str, not NoneType",
    ),
    "token": (
        KEPT.replace('"token": {', '"token": 1, "x": {'),
        f"token.access_token: {UUID4}, {MISSING}; token.expires_in: {WHOLE}, {MISSING}",
    ),
    "access token": (
        KEPT.replace("-4011-", "-1011-"),
        f"token.access_token: {UUID4}, got a string that does not match",
    ),
    "expires_in": (
        KEPT.replace("15551999", '"6f9619ff"'),
        f"token.expires_in: {WHOLE}, got a string that does not match",
    ),
    "time, missing": (KEPT.replace('"issued_at"', '"x"'), WRONG_TIME),
    "time, other": (KEPT.replace("2026-11-23", "6f9619ff"), WRONG_TIME),
    "time, naive": (KEPT.replace("+00:00", ""), WRONG_TIME),
    "time, too early": (KEPT.replace("2026-11-23T12:00:00+00:00", "0001-01-01T00:00:00+10:00"), WRONG_TIME),
}


@pytest.mark.parametrize(("content", "words"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_not_a_kept_token_is_named_by_its_member(content: str | bytes, words: str) -> None:
    """The error has the member that is wrong, nothing of the content, and no other error in its chain."""
    with pytest.raises(StorageError) as caught:
        load_issued(content)
    error = caught.value
    assert f"this cannot be read as a kept token; {words}" == str(error)
    assert (None, None, None, None) == (error.filename, error.errno, error.__cause__, error.__context__)
    assert "6f9619ff" not in "".join(
        (str(error), repr(error), repr(vars(error)), pickle.dumps(error).decode("latin-1"))
    )


def test_unknown_members_are_ignored() -> None:
    """A later version 1 may add members anywhere."""
    document = json.loads(KEPT)
    for place in (document, document["server"], document["token"]):
        place["added"] = {"later": [1, None]}
    assert load_issued(KEPT) == load_issued(json.dumps(document))


def test_a_newer_version_is_refused_before_all_else() -> None:
    """The version decides first, as the rest may have another shape."""
    with pytest.raises(StorageError) as caught:
        load_issued('{"version": 2}')
    assert str(caught.value) == (
        "this cannot be read as a kept token; version: newer than the 1 that this program knows: update the program"
    )


def test_a_time_in_zulu_is_read() -> None:
    """The Z of ISO 8601 is read on every Python."""
    assert load_issued(KEPT) == load_issued(KEPT.replace("+00:00", "Z"))


@pytest.mark.parametrize(
    ("function", "argument", "words"),
    [
        (dump_issued, "token", "issued must be of type IssuedToken, not str"),
        (load_issued, None, "text must be of type str or bytes, not NoneType"),
        (load_issued, memoryview(b"x"), "text must be of type str or bytes, not memoryview"),
    ],
)
def test_a_wrong_type_is_the_callers_mistake(function: Any, argument: object, words: str) -> None:  # noqa: ANN401 - either
    """A TypeError names the type."""
    with pytest.raises(TypeError) as caught:
        function(argument)
    assert words == str(caught.value)
