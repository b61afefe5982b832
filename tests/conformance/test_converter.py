"""What ``loads`` and ``structure`` accept, compared with pyticktick, and the way back."""

import json
import sys
import traceback
from collections import UserDict
from itertools import permutations, product
from types import MappingProxyType
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.converter_cases import (
    ACCESS_TOKENS,
    CANARY,
    DOCUMENT_REASONS,
    DOCUMENTS,
    EXPIRES_IN,
    IGNORED,
    REASONS,
    STRICTER,
    TOKEN_TYPES,
    UUID_TEXT,
    document,
)
from conformance.parity import agree, depth, pyticktick_json, pyticktick_mapping, verdict
from strategies import documents, mappings, members, texts, tokens
from ticktick_oauth import OAuthTokenV1, dumps, loads, structure, unstructure
from ticktick_oauth.exceptions import InvalidTokenError, Problem

TOKEN = OAuthTokenV1(access_token=UUID(UUID_TEXT), expires_in=15551999)
# The answer's time is bounded elsewhere: a noisy machine may take long for a document.
_patient = settings(deadline=None)


def _assert_parity(data: str | bytes) -> object:
    """Return our verdict on a document, compared with pyticktick's, as str and as bytes."""
    theirs, ours = pyticktick_json(data), verdict(loads, data)
    assert agree(data, theirs, ours), (theirs, ours)
    if isinstance(data, str):
        raw = data.encode(errors="surrogatepass")
        assert pyticktick_json(raw) == theirs
        assert ours == verdict(loads, raw)
        assert ours == verdict(loads, bytearray(raw)) == verdict(loads, memoryview(raw))
    return ours


def _problems(data: str | bytes) -> list[tuple[str, str]]:
    with pytest.raises(InvalidTokenError) as caught:
        loads(data)
    return [(problem.field, problem.reason) for problem in caught.value.problems]


@pytest.mark.parametrize(
    "order",
    list(
        permutations(
            (
                f'"access_token":"{UUID_TEXT}"',
                '"token_type":"bearer"',
                '"expires_in":15551999',
                '"scope":"tasks:read tasks:write"',
                '"refresh_token":null, "extra":{"a":[1,2]}',
            )
        )
    ),
)
def test_an_answer_of_ticktick(order: tuple[str, ...]) -> None:
    """Bytes shaped like TickTick's answer, with members that it may add, make the token in any order."""
    assert TOKEN == loads(("{" + ",".join(order) + "}").encode())


@pytest.mark.parametrize(("value", "expected"), EXPIRES_IN)
def test_expires_in(value: str, expected: int | None) -> None:
    """An ``expires_in`` of each form is the integer that pyticktick makes of it, or the one problem."""
    text = document(expires_in=value)
    ours = _assert_parity(text)
    mapping = json.loads(text)
    assert ours == verdict(structure, mapping) == pyticktick_mapping(mapping)
    assert ours == ("expires_in",) if expected is None else loads(text).expires_in == expected


def test_expires_in_of_every_short_numeral() -> None:
    """Both sides agree on every string of up to five of the characters that a numeral may have."""
    for size in range(6):
        for numeral in product("01+-_.", repeat=size):
            mapping = {"access_token": UUID_TEXT, "expires_in": "".join(numeral)}
            assert agree(mapping, pyticktick_mapping(mapping), verdict(structure, mapping)), mapping


@pytest.mark.parametrize(("value", "expected"), ACCESS_TOKENS)
def test_access_token(value: object, expected: bool) -> None:  # noqa: FBT001 - an expectation
    """An ``access_token`` of each form is the UUID that pyticktick makes of it, or the one problem."""
    text = document(access_token=json.dumps(value))
    ours = _assert_parity(text)
    mapping = json.loads(text)
    assert ours == verdict(structure, mapping) == pyticktick_mapping(mapping)
    assert loads(text).access_token == UUID(UUID_TEXT) if expected else ours == ("access_token",)


@pytest.mark.parametrize(("value", "expected"), TOKEN_TYPES)
def test_token_type_and_scope(value: object, expected: bool) -> None:  # noqa: FBT001 - an expectation
    """The two literals may be absent, or are exactly these two."""
    for name, constant in (("token_type", "bearer"), ("scope", "tasks:read tasks:write")):
        changed = value.replace("bearer", constant) if isinstance(value, str) else value
        ours = _assert_parity(document(more=f',"{name}":{json.dumps(changed)}'))
        assert isinstance(ours, dict) if expected else ours == (name,)


@pytest.mark.parametrize(("value", "expected"), IGNORED)
def test_ignored_members(value: str, expected: bool) -> None:  # noqa: FBT001 - an expectation
    """A member that is not of the token may be anything that JSON allows, and nothing else."""
    for more in (f',"x":{value}', f',"x":[{{"y":{value}}}]'):
        ours = _assert_parity(document(more=more))
        assert isinstance(ours, dict) if expected else ours == ("",)


@pytest.mark.parametrize(("data", "expected"), DOCUMENTS)
def test_documents(data: str | bytes, expected: tuple[str, ...] | None) -> None:
    """A document is accepted, or refused for the fields that pyticktick names."""
    ours = _assert_parity(data)
    assert isinstance(ours, dict) if expected is None else expected == ours


@pytest.mark.parametrize("value", STRICTER)
def test_stricter_than_pydantic(value: str) -> None:
    """Two kinds of numeral that pydantic lets through are refused, as the conformance page allows."""
    text = document(expires_in=json.dumps(value))
    assert isinstance(pyticktick_json(text), dict)
    assert ("expires_in",) == _assert_parity(text)


@pytest.mark.parametrize("core", ["0", "[]", "{}"])
@pytest.mark.parametrize("kinds", ["[", "{", "[{"])
@pytest.mark.parametrize(("levels", "expected"), [(100, True), (198, True), (205, True), (100_000, False)])
def test_nesting(levels: int, expected: bool, kinds: str, core: str) -> None:  # noqa: FBT001 - an expectation
    """Arrays and objects nest as deep as the call stack goes, the outer object counted."""
    inner = [kinds[level % len(kinds)] for level in range(levels - (1 if core == "0" else 2))]
    opening = "".join("[" if kind == "[" else '{"a":' for kind in inner)
    closing = "".join("]" if kind == "[" else "}" for kind in reversed(inner))
    text = document(more=f',"x":{opening}{core}{closing}')
    assert levels == depth(text)
    ours = _assert_parity(text)
    assert isinstance(ours, dict) if expected else ours == ("",)


@_patient
@given(documents)
def test_documents_of_the_grammar(data: str | bytes) -> None:
    """Both sides agree on the documents of the grammar."""
    assert agree(data, pyticktick_json(data), verdict(loads, data))


@_patient
@given(texts | st.binary())
def test_documents_of_no_grammar(data: str | bytes) -> None:
    """Both sides agree on JSON values, texts and bytes that no grammar has made."""
    assert agree(data, pyticktick_json(data), verdict(loads, data))


@_patient
@given(mappings | members)
def test_mappings(mapping: object) -> None:
    """Both sides agree on mappings of the values that JSON has."""
    assert agree(mapping, pyticktick_mapping(mapping), verdict(structure, mapping))


@_patient
@given(tokens)
def test_round_trip(token: OAuthTokenV1) -> None:
    """A token comes back equal from its JSON and its dict, and pyticktick reads the same out of them."""
    text = dumps(token)
    assert token == loads(text) == loads(text.encode()) == structure(unstructure(token))
    assert json.loads(text) == unstructure(token)
    assert verdict(loads, text) == pyticktick_json(text)


def test_dumps_and_unstructure() -> None:
    """The way out is compact JSON, or a dict, of all four members in the order of the class."""
    members = {
        "access_token": UUID_TEXT,
        "expires_in": 15551999,
        "token_type": "bearer",
        "scope": "tasks:read tasks:write",
    }
    assert members == unstructure(TOKEN)
    assert list(members) == list(unstructure(TOKEN))
    assert json.dumps(members, separators=(",", ":")) == dumps(TOKEN)
    assert unstructure(TOKEN) is not unstructure(TOKEN)


@pytest.mark.parametrize("read", [dumps, unstructure])
def test_dumps_wants_a_token(read: Any) -> None:  # noqa: ANN401 - two functions
    """What is not a token is a caller's mistake, and its value stays out of the message."""
    with pytest.raises(TypeError, match=r"^token must be of type OAuthTokenV1, not dict$"):
        read({"access_token": CANARY})


@pytest.mark.parametrize("data", [None, 1, {"a": 1}, [], UUID(UUID_TEXT)])
def test_loads_wants_str_or_bytes(data: Any) -> None:  # noqa: ANN401 - mistakes
    """What is neither str nor bytes-like is a caller's mistake."""
    with pytest.raises(TypeError, match=r"^expected str or bytes-like data, not "):
        loads(data)


@pytest.mark.parametrize("mapping", [None, 1, "{}", b"{}", [], [("expires_in", 1)], TOKEN])
def test_structure_wants_a_mapping(mapping: Any) -> None:  # noqa: ANN401 - mistakes
    """What is not a mapping is not a token: that is a problem of the document itself."""
    assert ("",) == verdict(structure, mapping)


@pytest.mark.parametrize("kind", [dict, UserDict, MappingProxyType])
def test_structure_takes_any_mapping(kind: Any) -> None:  # noqa: ANN401 - three classes
    """Any mapping will do, and the access token may be a UUID already."""
    mapping = kind({"access_token": UUID(UUID_TEXT), "expires_in": 15551999})
    assert TOKEN == structure(mapping)


def test_all_problems_at_once() -> None:
    """Everything that is wrong is reported at once, in the order of the fields, with what was expected and met."""
    assert _problems('{"scope":[],"token_type":null,"expires_in":"soon","access_token":1}') == [
        ("access_token", "expected a UUID of version 4, got a number that does not match"),
        ("expires_in", "expected a whole number of seconds, got a string that does not match"),
        ("token_type", "expected 'bearer', got null"),
        ("scope", "expected 'tasks:read tasks:write', got an array"),
    ]
    assert _problems("{}") == [
        ("access_token", "expected a UUID of version 4, got nothing: it is missing"),
        ("expires_in", "expected a whole number of seconds, got nothing: it is missing"),
    ]


@pytest.mark.parametrize(("data", "reason"), DOCUMENT_REASONS)
def test_reasons_of_a_document(data: str | bytes, reason: str) -> None:
    """A document that is not one of members is refused as a whole: where it is not JSON, or what it is instead."""
    assert [("", reason)] == _problems(data)


@pytest.mark.parametrize(("mapping", "reason"), REASONS)
def test_reasons(mapping: dict[str, object], reason: str) -> None:
    """A reason names the type that was met in JSON's words, or Python's where JSON has none."""
    with pytest.raises(InvalidTokenError) as caught:
        structure({"access_token": UUID_TEXT, "expires_in": 1, **mapping})
    (field,) = mapping
    assert (Problem(field, reason),) == caught.value.problems


@pytest.mark.parametrize(
    "data",
    [
        f'{{"access_token":"{CANARY}","expires_in":"{CANARY}","token_type":"{CANARY}","scope":"{CANARY}"}}',
        f'{{"access_token":["{CANARY}"],"expires_in":{{"{CANARY}":1}}}}',
        f'"{CANARY}"',
        f'{{"{CANARY}":1',
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


def test_lower_limit_for_integers() -> None:
    """A program that lowers Python's limit for the digits of an integer gets a refusal, not a bare ValueError."""
    limit = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(1000)
    try:
        assert [("", "an integer has more digits than Python reads")] == _problems(document(expires_in="1" * 1001))
        assert ("expires_in",) == verdict(loads, document(expires_in=f'"{"1" * 1001}"'))
        assert 10**999 == loads(document(expires_in=f'"1{"0" * 999}"')).expires_in
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


def test_a_token_of_a_subclass_is_written_as_the_four_members() -> None:
    """What a program adds to the class is not part of a token response."""

    class Token(OAuthTokenV1):
        """A subclass without slots."""

    token = loads(document())
    twin = Token(access_token=token.access_token, expires_in=token.expires_in)
    assert dumps(token) == dumps(twin)
    assert unstructure(token) == unstructure(twin)
