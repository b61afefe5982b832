"""The issued token: what time does to it, and the line of JSON that it is kept as."""

import json
import pickle
import re
import shlex
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from string import ascii_letters, digits
from typing import Any
from uuid import UUID

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from strategies import json_values, tokens
from ticktick_oauth import DIDA365, TICKTICK, AuthorizationServer, IssuedToken, OAuthTokenV1, dump_issued, load_issued
from ticktick_oauth._protocol.issued_token import dump_word
from ticktick_oauth.exceptions import StorageError

CANARY = "6f9619ff-8b86-4011-b42d-00c04fc964ff"
TOKEN = OAuthTokenV1(access_token=UUID(CANARY), expires_in=60)
NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
ISSUED = IssuedToken(token=TOKEN, issued_at=NOON)
KEPT = dump_issued(evolve(ISSUED, token=evolve(TOKEN, expires_in=15551999)))
WORD = dump_word(load_issued(KEPT))


def test_issued_at() -> None:
    """The moment of issue is kept in UTC, whatever zone it came in; the server is TickTick unless said otherwise."""
    elsewhere = IssuedToken(token=TOKEN, issued_at=NOON.astimezone(timezone(timedelta(hours=8))))
    assert ISSUED == elsewhere
    assert timezone.utc is elsewhere.issued_at.tzinfo
    assert TICKTICK is elsewhere.server


@pytest.mark.parametrize(
    ("passed", "leeway", "expected"),
    [(59, 0, False), (60, 0, True), (61, 0, True), (50, 10, True), (69, -10, False), (70, -10, True)],
)
def test_is_expired(passed: int, leeway: int, expected: bool) -> None:  # noqa: FBT001 - an expectation
    """A token counts as expired from the very moment that no more than the leeway remains."""
    now = NOON + timedelta(seconds=passed)
    assert timedelta(seconds=60 - passed) == ISSUED.remaining(now=now)
    assert expected is ISSUED.is_expired(now=now, leeway=timedelta(seconds=leeway))
    assert leeway or expected is ISSUED.is_expired(now=now)


@pytest.mark.parametrize("now", [NOON.replace(tzinfo=None), datetime.max])  # noqa: DTZ901 - naive on purpose
def test_a_moment_is_aware(now: datetime) -> None:
    """A naive moment has no meaning."""
    for name, take in (
        ("now", lambda: ISSUED.remaining(now=now)),
        ("now", lambda: ISSUED.is_expired(now=now)),
        ("issued_at", lambda: evolve(ISSUED, issued_at=now)),
    ):
        with pytest.raises(ValueError, match=name) as caught:
            take()
        assert f"{name} must be an aware datetime, such as datetime.now(timezone.utc)" == str(caught.value)


@pytest.mark.parametrize("power", [9, 12, 18, 19, 400, 5000])
def test_expiry_beyond_time(power: int) -> None:
    """An expiry that no datetime can hold is the last moment, or the first, that one can."""
    late, early = (evolve(ISSUED, token=evolve(TOKEN, expires_in=sign * 10**power)) for sign in (1, -1))
    if power == 9:
        moments = NOON + timedelta(seconds=10**9), NOON - timedelta(seconds=10**9)
    else:
        moments = datetime.max.replace(tzinfo=timezone.utc), datetime.min.replace(tzinfo=timezone.utc)
    assert moments == (late.expires_at, early.expires_at)
    assert (False, True) == (late.is_expired(now=NOON), early.is_expired(now=NOON))


_zones = st.integers(min_value=-1439, max_value=1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
_servers = st.sampled_from(
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
_times = st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 30), timezones=_zones)  # noqa: DTZ001 - bounds are naive
_issued = st.builds(IssuedToken, token=tokens, issued_at=_times, server=_servers)


@given(issued=_issued, now=st.datetimes(timezones=_zones), leeway=st.timedeltas())
def test_any_time(issued: IssuedToken, now: datetime, leeway: timedelta) -> None:
    """No token, moment, zone or leeway makes the arithmetic fail, and the three answers agree."""
    assert issued.expires_at - now == issued.remaining(now=now)
    assert (issued.remaining(now=now) <= leeway) is issued.is_expired(now=now, leeway=leeway)
    assert (issued.expires_at > issued.issued_at) is (issued.token.expires_in > 0)


# The text


@given(_issued)
def test_what_is_dumped_loads_to_an_equal_token(issued: IssuedToken) -> None:
    """`load_issued` is the inverse of `dump_issued`, from text and from bytes, and a dump is one line."""
    text = dump_issued(issued)
    assert [text] == text.splitlines()
    assert issued == load_issued(text)
    assert issued == load_issued(text.encode())
    word = dump_word(issued)
    assert set() == set(word) - set(ascii_letters + digits + "-_")
    assert issued == load_issued(word) == load_issued(word.encode() + b"\n")


UTF_16 = "document: not JSON in UTF-8 but in UTF-16, as PowerShell 5 writes it: save it as UTF-8"
LOST = (
    "document: the double quotes of its JSON were lost on the way: carry the one word that "
    "ticktick-oauth token --format issued prints"
)
BACKSLASHES = "document: its quotes have backslashes before them: it was JSON within JSON (jq needs -r)"
# What becomes of a text on each way, and what is said of the line of JSON there; None where it arrives too.
ROUTES: dict[str, tuple[Callable[[str], str | bytes], str | None]] = {
    "docker run --env-file": (lambda text: f"'{text}'", None),  # it keeps quotes
    "xargs": (lambda text: text.replace('"', ""), LOST),
    "echo to $GITHUB_ENV": (lambda text: " ".join(shlex.split(text)), LOST),
    ".env, quotes": (lambda text: shlex.split(f"TOKEN='{text}'")[0][6:], None),
    "systemd Environment=": (lambda text: shlex.split(text)[0], LOST),
    "YAML, plain scalar": (lambda text: str(json.loads(text)) if "{" in text else text, LOST),
    "jq . without -r": (json.dumps, BACKSLASHES),
    "$(cat file) without quotes": (lambda text: text.split()[0], "document: not JSON from character 11 on"),
    "PowerShell 5's >": (lambda text: f"{text}\r\n".encode("utf-16"), UTF_16),
    "a secret in JSON": (lambda text: json.dumps({"TICKTICK_OAUTH_TOKEN": text}), None),
    "lines": (lambda text: "\r\n".join(re.findall(".{1,76}", text)), "document: not JSON from character 154 on"),
    "padded": (lambda text: text + "=" * (-len(text) % 4), None),
}


def _refusal(text: str | bytes) -> str:
    """Return what is wrong with a text: nothing of it is shown, and no other error is in the chain."""
    with pytest.raises(StorageError) as caught:
        load_issued(text)
    error = caught.value
    assert (None, None, None, None) == (error.filename, error.errno, error.__cause__, error.__context__)
    shown = f"{error}{error!r}{vars(error)}{pickle.dumps(error)!r}"
    assert "6f9619ff" not in shown
    return str(error).removeprefix("this cannot be read as a kept token; ")


@pytest.mark.parametrize("route", ROUTES)
def test_the_one_word_form_arrives(route: str) -> None:
    """The word arrives by every way but UTF-16, which is named; of the line of JSON, what happened to it is said."""
    carry, words = ROUTES[route]
    for text in (WORD, KEPT):
        if words is None or (text == WORD and words != UTF_16):
            assert load_issued(KEPT) == load_issued(carry(text))
        else:
            assert words == _refusal(carry(text))


@given(st.binary() | st.text() | json_values.map(json.dumps))
def test_nothing_else_than_a_storage_error_comes_of_any_text(text: str | bytes) -> None:
    """What is not a kept token is a StorageError, whatever it is."""
    with pytest.raises(StorageError, match="cannot be read as a kept token"):
        load_issued(text)


NEITHER = "document: not JSON, and not its one-word form"
WRONG_VERSION = "version: expected the number 1"
WRONG_TIME = "issued_at: expected a time in ISO 8601 form with its offset from UTC"
NO_ISSUER = "server: issuer must be of type str, not NoneType"
UUID4 = "expected a UUID of version 4"
WHOLE = "expected a whole number of seconds"
MISSING = "got nothing: it is missing"
UNREADABLE: dict[str, tuple[str | bytes, str]] = {
    "empty": ("", "document: it is empty"),
    "half": (KEPT[: len(KEPT) // 2], "document: not JSON from character 220 on"),
    "twice": (KEPT + KEPT, "document: not JSON from character 440 on, where more follows the value"),
    "NUL": (KEPT.replace("ticktick", "\0"), "document: not JSON from character 87 on"),
    "CRLF": (KEPT.replace("bearer", "bear\r\ner"), "document: not JSON from character 400 on"),
    "BOM": ("\ufeff" + KEPT, "document: it begins with a byte order mark (BOM): save it as UTF-8 without one"),
    "UTF-16 without its mark": (KEPT.encode("utf-16-le"), UTF_16),
    # What a shell puts into a variable of it: NULs are dropped, and other bytes are surrogates.
    "UTF-16 in a variable": ("\udcff\udcfe" + KEPT, UTF_16),
    "Latin-1": (b"\xe9", "document: its bytes are not UTF-8"),
    "surrogate": ("\ud800", "document: its bytes are not UTF-8"),
    "another word": ("Zm9v", NEITHER),
    "deep": ("[" * 30_000, NEITHER),
    "array": ('["6f9619ff"]', NEITHER),
    "bare token": (
        f'{{"access_token": "{CANARY}"}}',
        "version: missing: this is a bare token response; ticktick-oauth import keeps one",
    ),
    **{f"version {number}": (KEPT.replace(": 1,", f": {number},", 1), WRONG_VERSION) for number in ('"1"', "true", 0)},
    # It decides before all else, as the rest may have another shape.
    "version 2": ('{"version": 2}', "version: newer than the 1 that this program knows: update the program"),
    "server": (KEPT.replace('"server": {', '"server": [], "x": {'), NO_ISSUER),
    "token endpoint": (
        KEPT.replace("https://ticktick.com/oauth/t", "http://6f9619ff/"),
        "server: token_endpoint must start with https://; http:// is for 127.0.0.1, [::1] and localhost only",
    ),
    "token": (
        KEPT.replace('"token": {', '"token": 1, "x": {'),
        f"token.access_token: {UUID4}, {MISSING}; token.expires_in: {WHOLE}, {MISSING}",
    ),
    "access token": (
        KEPT.replace("-4011-", "-1011-"),
        f"token.access_token: {UUID4}, got a string that does not match",
    ),
    "time, missing": (KEPT.replace('"issued_at"', '"x"'), WRONG_TIME),
    "time, other": (KEPT.replace("2026-11-23", "6f9619ff"), WRONG_TIME),
    "time, naive": (KEPT.replace("+00:00", ""), WRONG_TIME),
    "time, too early": (KEPT.replace("2026-11-23T12:00:00+00:00", "0001-01-01T00:00:00+10:00"), WRONG_TIME),
}


@pytest.mark.parametrize(("content", "words"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_not_a_kept_token_is_named_by_its_member(content: str | bytes, words: str) -> None:
    """The error has the member that is wrong, nothing of the content, and no other error in its chain."""
    assert words == _refusal(content)


def test_what_else_is_read() -> None:
    """A later version 1 may add members anywhere; the Z of ISO 8601 is read on every Python."""
    document = json.loads(KEPT.replace("+00:00", "Z"))
    for place in (document, document["server"], document["token"]):
        place["added"] = {"later": [1, None]}
    assert load_issued(KEPT) == load_issued(json.dumps(document))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: dump_issued("token"), "issued must be of type IssuedToken, not str"),  # type: ignore[arg-type]
        (lambda: load_issued(None), "text must be of type str or bytes, not NoneType"),  # type: ignore[arg-type]
        (lambda: load_issued(memoryview(b"x")), "text must be of type str or bytes, not memoryview"),  # type: ignore[arg-type]
        (lambda: ISSUED.remaining(now=5), "now must be of type datetime, not int"),  # type: ignore[arg-type]
        (lambda: ISSUED.is_expired(now=NOON, leeway=5), "leeway must be of type timedelta, not int"),  # type: ignore[arg-type]
    ],
)
def test_a_wrong_type_is_the_callers_mistake(call: Callable[[], Any], words: str) -> None:
    """A TypeError names the type."""
    with pytest.raises(TypeError) as caught:
        call()
    assert words == str(caught.value)
