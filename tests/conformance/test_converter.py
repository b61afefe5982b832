"""What ``loads`` and ``structure`` accept, compared with pyticktick, and the way back."""

import json
import sys
import traceback
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.parity import agree, depth, pyticktick_json, pyticktick_mapping, verdict
from strategies import documents, mappings, members, texts, tokens
from ticktick_oauth import OAuthTokenV1, dumps, loads, structure, unstructure
from ticktick_oauth.exceptions import InvalidTokenError, Problem

UUID_TEXT = "0e6cbbd3-cb86-4a45-9d0b-0f6a22ab9d2b"
BARE = UUID_TEXT.replace("-", "")
CANARY = "c0ffee00-cafe-4bad-8bad-c0ffee00cafe"
TOKEN = OAuthTokenV1(access_token=UUID(UUID_TEXT), expires_in=15551999)


def _document(*, access_token: str = f'"{UUID_TEXT}"', expires_in: str = "15551999", more: str = "") -> str:
    """Return a document of JSON values, accepted but for what is given."""
    return f'{{"access_token":{access_token},"expires_in":{expires_in}{more}}}'


def _compared(data: str | bytes) -> object:
    """Return our verdict on a document, compared with pyticktick's, as str and as bytes, and on its members."""
    theirs, ours = pyticktick_json(data), verdict(loads, data)
    assert agree(data, theirs, ours), (theirs, ours)
    if isinstance(data, str):
        raw = data.encode(errors="surrogatepass")
        assert pyticktick_json(raw) == theirs
        assert ours == verdict(loads, raw) == verdict(loads, bytearray(raw)) == verdict(loads, memoryview(raw))
    if ours != ("",):
        mapping = json.loads(data)
        assert ours == verdict(structure, mapping)
        assert agree(mapping, pyticktick_mapping(mapping), ours)
    return ours


# The JSON of an `expires_in`, and the seconds.
SECONDS = (
    *(("0", 0), ("-0", 0), ("-7", -7), ("true", 1), ("false", 0), ("9223372036854775808", 2**63)),
    *(("1" + "0" * 4299, 10**4299), ("-1" + "0" * 4299, -(10**4299))),
    *(("1.0", 1), ("-0.0", 0), ("1e3", 1000), ("1E+3", 1000), ("1000e-3", 1), ("1.5e1", 15), ("1." + "0" * 9000, 1)),
    *(("9223372036854774784.0", 2**63 - 1024), ("-9223372036854774784.0", 1024 - 2**63)),
    *(('"15551999"', 15551999), ('"+1"', 1), ('"-1"', -1), ('"007"', 7), ('"1_000"', 1000), ('"-1_0.000"', -10)),
    *((f'"{"9" * 4300}"', 10**4300 - 1), (f'"-{"9" * 4300}.0"', 1 - 10**4300), ('"\\n 1\\t\\f\\u000b\\r"', 1)),
    ('"\x85\xa0\u1680\u2003\u2028\u2029\u202f\u205f\u30001\\u0085\\u00a0"', 1),
)
# What may stand in an ignored member.
IGNORED = (
    *("1" * 4300, "-" + "1" * 4300, "1" * 4300 + ".0", "0." + "1" * 9000, "1e" + "0" * 5000 + "1"),
    *('"\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u0000\\uFFFF"', '"\x7f\x85\u2028\ufeff\uffff\U0010ffff"'),
    *("NaN", "Infinity", "-Infinity", "1e400", " \t\r\n1 \t\r\n", '{"a":[],"a":{"expires_in":[],"expires_in":{}}}'),
    # Allowed differences: half a pair of surrogates, and a float with such an integer part.
    *('"\\ud800"', '"\\ude00\\ud83d"', '{"\\ud800":1}', "1" * 4301 + ".0", "1" * 4301 + "e0"),
)
ACCEPTED: list[tuple[str, int]] = [
    *((_document(expires_in=value), seconds) for value, seconds in SECONDS),
    *(
        (_document(access_token=f'"{text}"'), 15551999)
        for each in (UUID_TEXT, UUID_TEXT.upper(), UUID_TEXT.title())
        for text in (each, each.replace("-", ""), f"{{{each}}}", f"urn:uuid:{each}")
    ),
    *((_document(more=f',"x":{value}'), 15551999) for value in IGNORED),
    (_document(more=',"token_type":"bearer","scope":"tasks:read tasks:write"').join((" \n\r\t", "\t\r\n ")), 15551999),
    (_document().replace('"access_token"', '"\\u0061ccess_token"'), 15551999),
    *((_document(expires_in=first, more=',"expires_in":1'), 1) for first in ('"x"', '"\\udc00"', "[]")),
    (_document(expires_in='"x"', more=',"\\u0065xpires_in":1'), 1),
]


@pytest.mark.parametrize(("data", "seconds"), ACCEPTED, ids=lambda each: repr(each)[-40:])
def test_accepted(data: str, seconds: int) -> None:
    """A document is the token that pyticktick makes of it."""
    assert isinstance(_compared(data), dict)
    assert OAuthTokenV1(access_token=UUID(UUID_TEXT), expires_in=seconds) == loads(data)


NO_SECONDS = (
    *("null", "[]", "[1]", "{}", "NaN", "Infinity", "1.5", "1e-3", "1e19", "1e400", "9223372036854775807.0"),
    *("9223372036854775808.0", "-9223372036854775808.0"),
    *(f'"{text}"' for text in ("", " ", "1.5", "1e3", "60m", "0x10", "true", "+ 1", "1 .0", "\u0661", "1.\u0660")),
    *(f'"{space}1"' for space in ("\\u001c", "\\u001d", "\\u001e", "\\u001f", "\\u0000", "\u200b", "\ufeff", "\u180e")),
    # pydantic lets these through.
    *(f'"{text}"' for text in ("0__1", "-00__7", "0" * 4300 + "1", "+" + "0" * 4301 + ".0", "0_" * 4300 + "1")),
)
NO_TOKENS = (
    # Another version and another variant; then hyphens, length and digits that are wrong.
    *("0e6cbbd3-cb86-1a45-9d0b-0f6a22ab9d2b", "0e6cbbd3-cb86-4a45-1d0b-0f6a22ab9d2b", f"00000000{UUID_TEXT[8:-1]}"),
    *("0e6cbbd3-cb86-4a45-cd0b-0f6a22ab9d2b", "0e6cbbd3cb-86-4a45-9d0b-0f6a22ab9d2b", f"{UUID_TEXT}0", f"{BARE[:-1]}-"),
    *(f"{UUID_TEXT[:-1]}g", f"{UUID_TEXT[:-2]}\u0661\u0661", f"{UUID_TEXT[:-2]}  ", f"{BARE[:-2]}\t\t"),
    *(f"URN:UUID:{UUID_TEXT}", f"urn:uuid:{BARE}", f"urn:uuid:{{{UUID_TEXT}}}", f"{{{BARE}}}", f"{{{UUID_TEXT}"),
    *(f"({UUID_TEXT})", f" {UUID_TEXT}", f"{UUID_TEXT}\n", "", "{}", "urn:uuid:", None, 1, True, [UUID_TEXT], {"a": 1}),
)
NO_LITERALS: tuple[object, ...] = ("bearer ", "\tbearer", "beare", "Bearer", "", None, 0, True, ["bearer"], {})
NO_JSON = (
    *(
        "",
        "1" * 4301,
        "-" + "1" * 4301,
        "\u0661",
        '"\t"',
        '"\0"',
        '"\\x41"',
        '"\\u12"',
        "'a'",
        '"',
        "[1 2]",
        '{"a":1,}',
    ),
    *(
        '{"a"}',
        "\f1",
        "1\v",
        "\xa01",
        "\u20281",
        "\ufeff1",
        "-NaN",
        "nan",
        "01",
        "1.",
        ".5",
        "+1",
        "1e",
        "0x1",
        "/**/1",
    ),
)
GOOD = _document()
NO_UTF_8 = (b"\xff", b"\x80", b"\xf0\x9f\x98", b"\xc0\x80", b"\xe0\x80\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80")
REFUSED: list[tuple[str | bytes, tuple[str, ...]]] = [
    *((_document(expires_in=value), ("expires_in",)) for value in NO_SECONDS),
    *((_document(access_token=json.dumps(value)), ("access_token",)) for value in NO_TOKENS),
    *((_document(more=f',"token_type":{json.dumps(value)}'), ("token_type",)) for value in NO_LITERALS),
    *(
        (_document(more=f',"scope":{json.dumps(value).replace("bearer", "tasks:read tasks:write")}'), ("scope",))
        for value in NO_LITERALS
    ),
    *((_document(more=f',"x":{value}'), ("",)) for value in NO_JSON),
    ("{}", ("access_token", "expires_in")),
    (GOOD.replace('"access_token"', '"Access_token"'), ("access_token",)),
    (GOOD.replace('"expires_in"', '"expires_in "'), ("expires_in",)),
    (_document(more=',"expires_in":"x"'), ("expires_in",)),
    (_document(expires_in="1" * 4301, more=',"expires_in":1'), ("",)),
    *((text, ("",)) for text in (GOOD + "\0", GOOD + "x", GOOD + GOOD, GOOD[:-1], "\v" + GOOD, f"[{GOOD}]", "", "1")),
    *((text, ("",)) for text in ("\ufeff" + GOOD, GOOD + "\ufeff", "[]", "null", "NaN", '"access_token"')),
    *((GOOD.encode(name), ("",)) for name in ("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le")),
    *((_document(more=',"x":"@"').encode().replace(b"@", raw), ("",)) for raw in NO_UTF_8),
]


@pytest.mark.parametrize(("data", "fields"), REFUSED, ids=lambda each: repr(each)[-40:])
def test_refused(data: str | bytes, fields: tuple[str, ...]) -> None:
    """A document is refused for the fields that pyticktick names, or as a whole."""
    assert fields == _compared(data)


def test_expires_in_of_every_short_numeral() -> None:
    """Both sides agree on every string of up to five of the characters that a numeral may have."""
    for size in range(6):
        for numeral in product("01+-_.", repeat=size):
            mapping = {"access_token": UUID_TEXT, "expires_in": "".join(numeral)}
            assert agree(mapping, pyticktick_mapping(mapping), verdict(structure, mapping)), mapping


@pytest.mark.parametrize("layer", [("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")])
@pytest.mark.parametrize("levels", [98, 206, 100_000])
def test_nesting(levels: int, layer: tuple[str, str]) -> None:
    """Arrays and objects nest as deep as the call stack goes, the outer object counted."""
    opening, closing = (part * (levels // (len(layer[1]))) for part in layer)
    text = _document(more=f',"x":{opening}0{closing}')
    assert levels + 1 == depth(text)
    ours = _compared(text)
    assert ours == ("",) if levels == 100_000 else isinstance(ours, dict)


@given(documents | texts | st.binary())
def test_documents_of_the_grammar(data: str | bytes) -> None:
    """Both sides agree on the documents of the grammar, and on JSON, texts and bytes that it has not made."""
    assert agree(data, pyticktick_json(data), verdict(loads, data))


@given(mappings | members)
def test_mappings(mapping: object) -> None:
    """Both sides agree on mappings of the values that JSON has."""
    assert agree(mapping, pyticktick_mapping(mapping), verdict(structure, mapping))


@given(tokens)
def test_round_trip(token: OAuthTokenV1) -> None:
    """A token comes back equal from its JSON and its dict, and pyticktick reads the same out of them."""
    text = dumps(token)
    assert token == loads(text) == loads(text.encode()) == structure(unstructure(token))
    assert verdict(loads, text) == pyticktick_json(text)


def test_dumps_and_unstructure() -> None:
    """The way out is compact JSON, or a fresh dict, of the four members, also of a subclass that has more."""

    class Token(OAuthTokenV1):
        """A subclass without slots."""

    text = (
        f'{{"access_token":"{UUID_TEXT}","expires_in":15551999,"token_type":"bearer","scope":"tasks:read tasks:write"}}'
    )
    for token in (TOKEN, Token(access_token=TOKEN.access_token, expires_in=TOKEN.expires_in)):
        unstructure(token).clear()
        assert text == dumps(token) == json.dumps(unstructure(token), separators=(",", ":"))


@pytest.mark.parametrize(
    ("call", "value", "words"),
    [
        (dumps, {"access_token": CANARY}, "token must be of type OAuthTokenV1, not dict"),
        (unstructure, {"access_token": CANARY}, "token must be of type OAuthTokenV1, not dict"),
        (loads, None, "expected str or bytes-like data, not NoneType"),
        (loads, [1], "expected str or bytes-like data, not list"),
    ],
)
def test_a_wrong_type_is_the_callers_mistake(call: Any, value: object, words: str) -> None:  # noqa: ANN401 - three functions
    """A TypeError names the type and not the value."""
    with pytest.raises(TypeError) as caught:
        call(value)
    assert words == str(caught.value)


# Reasons


UUID4, WHOLE = "expected a UUID of version 4", "expected a whole number of seconds"
BOTH = "expected 'tasks:read tasks:write'"


@pytest.mark.parametrize(
    ("data", "problems"),
    [
        # Everything that is wrong at once, in the order of the fields, with what was expected and met.
        (
            '{"scope":[],"token_type":null,"expires_in":"soon","access_token":1}',
            [
                Problem("access_token", f"{UUID4}, got a number that does not match"),
                Problem("expires_in", f"{WHOLE}, got a string that does not match"),
                Problem("token_type", "expected 'bearer', got null"),
                Problem("scope", f"{BOTH}, got an array"),
            ],
        ),
        (
            "{}",
            [
                Problem(name, f"{what}, got nothing: it is missing")
                for name, what in (("access_token", UUID4), ("expires_in", WHOLE))
            ],
        ),
        # Where it is not JSON, or what it is instead.
        *(
            (data, [Problem("", reason)])
            for data, reason in (
                ("", "not JSON from character 0 on"),
                (" \n{x", "not JSON from character 3 on"),
                (" {} \n{}", "not JSON from character 3 on, where more follows the value"),
                ("\ud800", "not JSON from character 0 on"),
                (b"\xff", "not JSON: the bytes are not UTF-8"),
                ("1" * 4301, "an integer has more digits than Python reads"),
                ("[" * 200 + "]" * 200, "expected an object, got an array"),
                ("[" * 200_000, "nested too deeply for the call stack that is left"),
            )
        ),
    ],
    ids=lambda each: repr(each)[:40],
)
def test_reasons_of_a_document(data: str | bytes, problems: list[Problem]) -> None:
    """All problems are reported, or why a document that is not one of members is refused as a whole."""
    with pytest.raises(InvalidTokenError) as caught:
        loads(data)
    assert tuple(problems) == caught.value.problems


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("access_token", "x", f"{UUID4}, got a string that does not match"),
        ("access_token", UUID(int=1), f"{UUID4}, got a Python UUID"),
        ("access_token", b"x", f"{UUID4}, got a Python bytes"),
        ("expires_in", 1.5, f"{WHOLE}, got a number that does not match"),
        ("expires_in", {}, f"{WHOLE}, got an object"),
        ("token_type", True, "expected 'bearer', got a boolean"),
        ("scope", object(), f"{BOTH}, got a Python object"),
        *(
            ("scope", f"tasks:{it}", f"{BOTH}, got one of the two: the person allowed only a part")
            for it in ("read", "write")
        ),
    ],
)
def test_reasons(field: str, value: object, reason: str) -> None:
    """A reason names the type that was met in JSON's words, or Python's where JSON has none."""
    with pytest.raises(InvalidTokenError) as caught:
        structure({"access_token": UUID_TEXT, "expires_in": 1, field: value})
    assert (Problem(field, reason),) == caught.value.problems


@pytest.mark.parametrize(
    "data",
    [
        f'{{"access_token":"{CANARY}","expires_in":"{CANARY}","token_type":"{CANARY}","scope":"{CANARY}"}}',
        f'{{"access_token":["{CANARY}"],"expires_in":{{"{CANARY}":1}}}}',
        f'"{CANARY}"',
        f'{{"{CANARY}":1}} {CANARY}',
        f'{{"{CANARY}":"\\ud800"}}',
        f'{{"{CANARY}":"\ud800"}}',
        f'{{"{CANARY}":{"[" * 300}',
        f'{{"{CANARY}":{"1" * 5000}',
        f'{{"{CANARY}":"'.encode() + b"\xff",
    ],
)
def test_errors_hold_no_value(data: str | bytes) -> None:
    """Nothing of a refused document is in any face of the error, and no other error hangs on it."""
    with pytest.raises(InvalidTokenError) as caught:
        loads(data)
    error = caught.value
    faces = [str(error), repr(error), repr(error.args), repr(vars(error)), *traceback.format_exception(error)]
    assert [] == [face for face in faces if CANARY in face]
    assert (None, None, None) == (error.__cause__, error.__context__, error.body)


# What another program may do


def test_lower_limit_for_integers() -> None:
    """A program that lowers Python's limit for the digits of an integer gets a refusal, not a bare ValueError."""
    limit = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(1000)
    try:
        assert ("",) == verdict(loads, _document(expires_in="1" * 1001))
        assert ("expires_in",) == verdict(loads, _document(expires_in=f'"{"1" * 1001}"'))
        assert 10**999 == loads(_document(expires_in=f'"1{"0" * 999}"')).expires_in
    finally:
        sys.set_int_max_str_digits(limit)


def test_subclasses_count_as_their_base() -> None:
    """An int and a str with methods of their own are what they are a kind of."""

    class Number(int):
        def __int__(self) -> int:
            return 7

    class Text(str):
        __slots__ = ()
        __hash__ = str.__hash__

        def __eq__(self, other: object) -> bool:
            return False

        def __ne__(self, other: object) -> bool:
            return True

        def __len__(self) -> int:
            return 7

        def replace(self, *_: object) -> str:
            return "7"

        strip = replace

    mapping = {"access_token": Text(UUID_TEXT), "expires_in": Number(5), "token_type": Text("bearer")}
    token = structure({**mapping, "scope": Text("tasks:read tasks:write")})
    assert 10**5000 == structure({**mapping, "expires_in": Number(10**5000)}).expires_in
    assert 6 == structure({**mapping, "expires_in": Text(" 6 ")}).expires_in
    assert (UUID(UUID_TEXT), 5, "bearer") == (token.access_token, token.expires_in, token.token_type)
    assert (int, str) == (type(token.expires_in), type(token.token_type))
    with pytest.raises(InvalidTokenError, match="allowed only a part"):
        structure({**mapping, "scope": Text("tasks:read")})
