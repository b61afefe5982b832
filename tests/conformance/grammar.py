"""A grammar of documents and mappings that reaches every rule of what ``loads`` and ``structure`` accept.

There is one grammar and two who choose from it: Hypothesis (``strategies.py``), which shrinks what fails, and a seeded
``random.Random`` (``test_volume.py``), which is fast. Every alternative has a name, the rule that it reaches, and is
counted. Nothing here knows which alternatives are accepted: that is for pyticktick to say.
"""

import json
from collections import Counter, OrderedDict, UserDict
from collections.abc import Callable, Mapping
from itertools import chain
from random import Random
from types import MappingProxyType
from typing import TypeVar
from uuid import UUID

from conformance import grammar_values as values

Document = str | bytes | bytearray
_T = TypeVar("_T")
_Member = tuple[str, str]

# Of each field: what is likely to be accepted, what is not, and how often a document has the latter.
_FIELDS: dict[str, tuple[dict[str, values.Make], dict[str, values.Make], float]] = {
    "access_token": (values.ACCESS_TOKENS, values.OTHER_ACCESS_TOKENS, 0.15),
    "expires_in": (values.EXPIRES_IN, values.OTHER_EXPIRES_IN, 0.2),
    "token_type": (values.TOKEN_TYPES, values.OTHER_TOKEN_TYPES, 0.05),
    "scope": (values.SCOPES, values.OTHER_SCOPES, 0.05),
}
_ABSENT = {name: f"{name}: absent" for name in _FIELDS}
_STRANGE: tuple[dict[str, values.Make], ...] = (
    values.STRINGS,
    values.NUMBERS,
    values.LITERALS,
    values.CONTAINERS,
    values.NESTING,
)

_WHITE_SPACE = ("", "", " ", "\t", "\n", "\r", " \r\n\t")
_NO_WHITE_SPACE = ("\v", "\f", "\x00", "\x1c", "\x85", "\xa0", "\u2028", "\u3000", "\u200b", "\ufeff", "//", "/**/")
_NO_UTF8 = {
    "bytes: an overlong encoding": (b"\xc0\x80", b"\xc0\xaf", b"\xc1\xbf", b"\xe0\x80\xaf", b"\xf0\x80\x80\xaf"),
    "bytes: the encoding of a surrogate": (b"\xed\xa0\x80", b"\xed\xbf\xbf", b"\xed\xa0\xbd\xed\xb8\x80"),
    "bytes: no UTF-8": (b"\xff", b"\x80", b"\xe9", b"\xf0\x9f\x98", b"\xf4\x90\x80\x80", b"\xfe\xff"),
}
_SURROGATES = ("\ud800", "\udc80", "\udfff", "\ude00\ud83d", "\ud83d\ude00")


class _Int(int):
    """An ``int`` that is not exactly one."""


class _Str(str):
    """A ``str`` that is not exactly one."""

    __slots__ = ()


def _in_a_string(random: Random, text: str, piece: str) -> str:
    return values.insert(text, piece, random.choice([at + 1 for at, letter in enumerate(text) if letter == '"'] or [0]))


def _not_utf8(pieces: tuple[bytes, ...]) -> Callable[[Random, str], Document]:
    def encode(random: Random, text: str) -> Document:
        return _in_a_string(random, text, "\x01").encode().replace(b"\x01", random.choice(pieces), 1)

    return encode


_ENCODINGS: dict[str, Callable[[Random, str], Document]] = {
    "str: a BOM": lambda _, text: "\ufeff" + text,
    "str: a lone surrogate": lambda random, text: _in_a_string(random, text, random.choice(_SURROGATES)),
    "bytes: a bytearray": lambda _, text: bytearray(text.encode()),
    "bytes: UTF-8 with a BOM": lambda _, text: text.encode("utf-8-sig"),
    "bytes: UTF-16": lambda random, text: text.encode(random.choice(("utf-16", "utf-16-le", "utf-16-be"))),
    "bytes: UTF-32": lambda random, text: text.encode(random.choice(("utf-32", "utf-32-le", "utf-32-be"))),
    **{rule: _not_utf8(pieces) for rule, pieces in _NO_UTF8.items()},
}


def _swap(random: Random, text: str) -> str:
    at = random.randint(0, len(text))
    return text[:at] + text[at + 1 : at + 2] + text[at : at + 1] + text[at + 2 :]


_MUTATIONS: dict[str, Callable[[Random, str], str]] = {
    "document: truncated": lambda random, text: text[: random.randint(0, len(text))],
    "document: its beginning missing": lambda random, text: text[random.randint(0, len(text)) :],
    "document: a character missing": lambda random, text: values.insert(text, "", random.randint(0, len(text)), 1),
    "document: a character more": lambda random, text: values.insert(
        text, random.choice('{}[]:,"\\0-e'), random.randint(0, len(text))
    ),
    "document: another character": lambda random, text: values.insert(
        text, random.choice('{}[]:,"\\0-e \x00'), random.randint(0, len(text)), 1
    ),
    "document: two characters swapped": _swap,
    "document: what is no white space": lambda random, text: values.insert(
        text, random.choice(_NO_WHITE_SPACE), random.choice((0, 1, len(text) - 1, len(text)))
    ),
    "document: more follows": lambda random, text: text + random.choice(("}", "]", ",", "1", "null", "{}", "x", text)),
    "document: not an object": lambda random, text: random.choice((f"[{text}]", "[]", "1", '"x"', "null", "NaN", "")),
}


# Where something strange may stand.
_PLACES: dict[str, Callable[[Random, str], _Member]] = {
    "strange: in an ignored member": lambda _, value: ('"ignored"', value),
    "strange: in an array": lambda _, value: ('"ignored"', f'[1,{value},"]"]'),
    "strange: in an object": lambda _, value: ('"ignored"', f'{{"a":{value},"expires_in":null,"expires_in":{value}}}'),
    "strange: in a duplicate": lambda random, value: (f'"{random.choice(list(_FIELDS))}"', value),
    "strange: as a key": lambda _, value: (value, "1"),
}

_NO_MAPPINGS: dict[str, Callable[[Random], object]] = {
    "mapping: none": lambda random: random.choice((None, "{}", b"{}", 1, True, 1.5, [], [("expires_in", 1)], ())),
}
_MAPPINGS: dict[str, Callable[[dict[str, object]], Mapping[str, object]]] = {
    "mapping: a dict": dict,
    "mapping: a subclass of dict": OrderedDict,
    "mapping: another mapping": UserDict,
    "mapping: a view": MappingProxyType,
}
_PYTHON_VALUES: dict[str, Callable[[Random], tuple[str, object]]] = {
    "mapping: a UUID instance": lambda random: ("access_token", UUID(values.uuid4(random))),
    "mapping: a UUID instance of any kind": lambda random: ("access_token", UUID(int=random.getrandbits(128))),
    "mapping: a UUID instance of another variant": lambda random: (
        "access_token",
        UUID(int=UUID(values.uuid4(random)).int ^ (1 << 63)),
    ),
    "mapping: a subclass of int": lambda random: ("expires_in", _Int(random.randint(-9, 9))),
    "mapping: a subclass of str": lambda random: random.choice(
        (
            ("access_token", _Str(values.uuid4(random))),
            ("expires_in", _Str("7")),
            ("token_type", _Str("bearer")),
            ("scope", _Str("tasks:read tasks:write")),
        )
    ),
    "mapping: a lone surrogate": lambda random: (random.choice(list(_FIELDS)), "\ud800"),
    "mapping: an unknown member of any type": lambda _: ("ignored", object()),
}

_KEYS = "key: escaped"
_NEAR_KEYS = "key: a near miss"
_DUPLICATES = "key: a duplicate"

RULES = frozenset(
    chain(
        *(table for plain, other, _ in _FIELDS.values() for table in (plain, other)),
        *_STRANGE,
        *(values.PLAIN, _ENCODINGS, _MUTATIONS, _PLACES, _NO_MAPPINGS, _MAPPINGS, _PYTHON_VALUES),
        _ABSENT.values(),
        (_KEYS, _NEAR_KEYS, _DUPLICATES),
    )
)
"""The name of every rule."""


class Grammar:
    """Makes documents and mappings by the choices of a ``random.Random``, and counts the rules that it reaches."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.reached: Counter[str] = Counter()
        """How often each rule was reached."""

    def document(self) -> Document:
        """Return a document: rarely more than one thing is wrong with it, so that nothing hides behind another."""
        text = self._object()
        if self._chance(0.15):
            text = self._choose(_MUTATIONS)(self.random, text)
        if self._chance(0.15):
            return self._choose(_ENCODINGS)(self.random, text)
        return text if self._chance(0.5) else text.encode()

    def mapping(self) -> object:
        """Return what may be given to ``structure``: nearly always a mapping, of values that JSON has."""
        if self._chance(0.02):
            return self._choose(_NO_MAPPINGS)(self.random)
        members = {name: json.loads(text) for name in _FIELDS if (text := self._field(name)) is not None}
        if self._chance(0.2):
            name, value = self._choose(_PYTHON_VALUES)(self.random)
            members[name] = value
        return self._choose(_MAPPINGS)(members)

    def _choose(self, table: dict[str, _T]) -> _T:
        rule = self.random.choice(list(table))
        self.reached[rule] += 1
        return table[rule]

    def _chance(self, share: float) -> bool:
        return self.random.random() < share

    def _field(self, name: str) -> str | None:
        """Return the JSON of a field's value; None when the field shall be absent."""
        plain, other, share = _FIELDS[name]
        if self._chance(0.05):
            self.reached[_ABSENT[name]] += 1
            return None
        return self._choose(other if self._chance(share) else plain)(self.random)

    def _key(self, name: str) -> str:
        if self._chance(0.05):
            self.reached[_KEYS] += 1
            return values.spell(self.random, name)
        if self._chance(0.02):
            self.reached[_NEAR_KEYS] += 1
            near = (name.title(), name + " ", name.replace("_", "-"), name + "\0", "\ufeff" + name, name[:-1], "")
            return json.dumps(self.random.choice(near), ensure_ascii=False)
        return f'"{name}"'

    def _object(self) -> str:
        members = [(self._key(name), value) for name in _FIELDS if (value := self._field(name)) is not None]
        if self._chance(0.3):
            members.append((values.spell(self.random, "ignored"), self._choose(values.PLAIN)(self.random)))
        if self._chance(0.1):
            self.reached[_DUPLICATES] += 1
            name = self.random.choice(list(_FIELDS))
            members.append((self._key(name), self._field(name) or "null"))
        self.random.shuffle(members)
        if self._chance(0.3):
            members.insert(0, self._strange_member())
        if self._chance(0.7):
            return "{" + ",".join(f"{key}:{value}" for key, value in members) + "}"
        tokens = [token for key, value in members for token in (",", key, ":", value)]
        return "".join(token + self.random.choice(_WHITE_SPACE) for token in ("", "{", *tokens[1:], "}"))

    def _strange_member(self) -> _Member:
        """Return a member that ought to be ignored, by its name or for a later duplicate, but for its strangeness."""
        value = self._choose(self.random.choice(_STRANGE))(self.random)
        return self._choose(_PLACES)(self.random, value)
