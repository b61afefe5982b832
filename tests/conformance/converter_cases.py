"""The tables of examples of what is accepted and what is not; each is compared with pyticktick as well."""

from uuid import UUID

UUID_TEXT = "0e6cbbd3-cb86-4a45-9d0b-0f6a22ab9d2b"
CANARY = "c0ffee00-cafe-4bad-8bad-c0ffee00cafe"
_BARE = UUID_TEXT.replace("-", "")


def document(*, access_token: str = f'"{UUID_TEXT}"', expires_in: str = "15551999", more: str = "") -> str:
    """Return a document of JSON values, accepted but for what is given."""
    return f'{{"access_token":{access_token},"expires_in":{expires_in}{more}}}'


_NO_NUMERALS = (
    "+ --1 -0-7 1-7 0--7 0-07 0-+7 0+7 -_7 +-1 _1 1_ 1__0 +_1 1_.0 1.0_0 1. .0 . 1.5 1.0.0 1e3 60m 0x10 NaN true"
)
_NO_INTEGERS = "null [] [1] {} NaN Infinity -Infinity 1.5 1e-3 1e19 1e400 9223372036854775807.0 9223372036854775808.0"
_NO_INTEGERS += " -9223372036854775808.0"

# The JSON of a value, and the seconds; None when it is refused.
EXPIRES_IN: list[tuple[str, int | None]] = [
    ("15551999", 15551999),
    ("0", 0),
    ("-0", 0),
    ("-7", -7),
    ("9223372036854775808", 2**63),
    ("1" + "0" * 4299, 10**4299),
    ("-1" + "0" * 4299, -(10**4299)),
    ("true", 1),
    ("false", 0),
    # Floats.
    ("1.0", 1),
    ("-0.0", 0),
    ("1e3", 1000),
    ("1E+3", 1000),
    ("1000e-3", 1),
    ("1.5e1", 15),
    ("1." + "0" * 9000, 1),
    ("9223372036854774784.0", 2**63 - 1024),
    ("-9223372036854774784.0", 1024 - 2**63),
    # Strings.
    ('"15551999"', 15551999),
    ('"+1"', 1),
    ('"-1"', -1),
    ('"007"', 7),
    ('"1_000"', 1000),
    ('"0_7"', 7),
    ('"1.0"', 1),
    ('"-1_0.000"', -10),
    (f'"{"9" * 4300}"', 10**4300 - 1),
    (f'"-{"9" * 4300}.0"', 1 - 10**4300),
    ('"\\n 1\\t\\f\\u000b\\r"', 1),
    ('"\x85\xa0\u1680\u2003\u2028\u2029\u202f\u205f\u30001\\u0085\\u00a0"', 1),
    ('"\\u001c1"', None),
    ('"1\\u001d"', None),
    ('"\\u001e1"', None),
    ('"1\\u001f"', None),
    ('"\u200b1"', None),
    ('"\ufeff1"', None),
    ('"1\u180e"', None),
    ('"1\\u0000"', None),
    ('" "', None),
    ('"+ 1"', None),
    ('"1 0"', None),
    ('"1 .0"', None),
    ('"\u0661"', None),
    ('"\uff11"', None),
    ('"1.\u0660"', None),
    # Strings and other values that are no whole number; "" is the empty string's own JSON.
    *((f'"{text}"', None) for text in ("", *_NO_NUMERALS.split())),
    *((text, None) for text in _NO_INTEGERS.split()),
]

# pydantic lets these strings through.
STRICTER = ["0__1", "-00__7", "0" * 4300 + "1", "+" + "0" * 4301 + ".0", "0_" * 4300 + "1"]

_NO_UUID4S = """
0e6cbbd3-cb86-1a45-9d0b-0f6a22ab9d2b 0e6cbbd3-cb86-7a45-9d0b-0f6a22ab9d2b
0e6cbbd3-cb86-4a45-1d0b-0f6a22ab9d2b 0e6cbbd3-cb86-4a45-cd0b-0f6a22ab9d2b
0e6cbbd3-cb86-4a45-fd0b-0f6a22ab9d2b 00000000-0000-0000-0000-000000000000
0e6cbbd3cb-86-4a45-9d0b-0f6a22ab9d2b 0e6cbbd3-cb86-4a45-9d0b-0f6a22ab9d2
0e6cbbd3-cb86-4a45-9d0b-0f6a22ab9d2b0 0e6cbbd3-cb86-4a45-9d0b-0f6a22ab9d2g
0e6cbbd3cb86-4a45-9d0b-0f6a22ab9d2b 0e6cbbd3cb864a459d0b0f6a22ab9d2-
0e6cbbd3_cb86_4a45_9d0b_0f6a22ab9d2b
"""

# A JSON value, and whether it is the access token of the cases.
ACCESS_TOKENS: list[tuple[object, bool]] = [
    (UUID_TEXT, True),
    (UUID_TEXT.upper(), True),
    (UUID_TEXT.title(), True),
    (_BARE, True),
    (_BARE.upper(), True),
    (f"{{{UUID_TEXT}}}", True),
    (f"urn:uuid:{UUID_TEXT}", True),
    (f"urn:uuid:{UUID_TEXT.upper()}", True),
    (f"URN:UUID:{UUID_TEXT}", False),
    (f"urn:uuid:{_BARE}", False),
    (f"urn:uuid:{{{UUID_TEXT}}}", False),
    (f"{{urn:uuid:{UUID_TEXT}}}", False),
    (f"urn:uuid:urn:uuid:{UUID_TEXT}", False),
    (f"{{{_BARE}}}", False),
    (f"{{{UUID_TEXT}", False),
    (f"{UUID_TEXT}}}", False),
    (f"{{{{{UUID_TEXT}}}}}", False),
    (f"({UUID_TEXT})", False),
    (f" {UUID_TEXT}", False),
    (f"{UUID_TEXT}\n", False),
    (f"{UUID_TEXT}\0", False),
    ("0e6cbbd3-cb86-4a45-9d0b-0f6a22ab9d\u0661\u0661", False),
    ("0e6cbbd3-cb86-4a45-9d0b-0f6a22ab9d  ", False),
    ("0e6cbbd3cb864a459d0b0f6a22ab9d\t\t", False),
    ("", False),
    ("{}", False),
    ("urn:uuid:", False),
    (None, False),
    (1, False),
    (0.5, False),
    (True, False),
    ([UUID_TEXT], False),
    ({"access_token": UUID_TEXT}, False),
    # Of other versions and variants; hyphens, length and digits that are wrong.
    *((text, False) for text in _NO_UUID4S.split()),
]

# The value of either literal, with "bearer" in the place of the right text.
TOKEN_TYPES: list[tuple[object, bool]] = [
    ("bearer", True),
    ("bearer ", False),
    ("\tbearer", False),
    ("beare", False),
    ("Bearer", False),
    ("", False),
    (None, False),
    (0, False),
    (True, False),
    (["bearer"], False),
    ({}, False),
]

_NO_JSON = "-NaN +Infinity nan None True undefined 01 -01 1. .5 +1 - 1e 0x1 1_0 [1,] [1} {a:1} {1:2} /**/1"

# The JSON of an ignored member's value, and whether the document is one.
IGNORED: list[tuple[str, bool]] = [
    ("", False),
    # Numbers.
    ("1" * 4300, True),
    ("-" + "1" * 4300, True),
    ("1" * 4300 + ".0", True),
    ("0." + "1" * 9000, True),
    ("1e" + "0" * 5000 + "1", True),
    ("1" * 4301, False),
    ("-" + "1" * 4301, False),
    # Pydantic refuses a float with such an integer part.
    ("1" * 4301 + ".0", True),
    ("1" * 4301 + "e0", True),
    ("\u0661", False),
    # Strings.
    ('"\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u0000\\uFFFF"', True),
    ('"\x7f\x85\u2028\ufeff\uffff\U0010ffff"', True),
    ('"' + "[{" * 300 + '"', True),
    ('"\\"' + "[{" * 300 + '\\\\"', True),
    ('"\\ud83d\\ude00"', True),
    ('"\\uD83D\\uDE00\\uDbFf\\udFfF"', True),
    ('"\\\\ud800"', True),
    ('"\\ud800"', True),
    ('"\\uDC00"', True),
    ('"\\ude00\\ud83d"', True),
    ('"\\ud83d\\\\ude00"', True),
    ('"\\ud83d\\u0041"', True),
    ('"\\ud83d\\ud83d\\ude00"', True),
    ('"\\\\\\ud800"', True),
    ('{"\\ud800":1}', True),
    ('{"\\ud83d\\ude00":1}', True),
    ('{"a":"\\ud800","a":1}', True),
    ('"\t"', False),
    ('"\0"', False),
    ('"\\x41"', False),
    ('"\\u12"', False),
    ("'a'", False),
    ('"', False),
    # Arrays and objects.
    ("[ ]", True),
    ('[1,{"a":[],"a":{"expires_in":[],"expires_in":{}}}]', True),
    ("[1 2]", False),
    ('{"a":1,}', False),
    ('{"a"}', False),
    # White space.
    (" \t\r\n1 \t\r\n", True),
    ("\f1", False),
    ("1\v", False),
    ("\xa01", False),
    ("\u20281", False),
    ("\ufeff1", False),
    *((text, True) for text in ("null", "NaN", "Infinity", "-Infinity", "-0.0e-0", "1e400")),
    *((text, False) for text in _NO_JSON.split()),
]

_GOOD = document()
_WITH = document(more=',"x":"@"').encode()

# A document and the fields at fault; None when it is accepted.
DOCUMENTS: list[tuple[str | bytes, tuple[str, ...] | None]] = [
    (_GOOD, None),
    (f" \n\r\t{_GOOD} \n\r\t", None),
    ('"access_token"', ("",)),
    ("{}", ("access_token", "expires_in")),
    # Keys.
    (_GOOD.replace('"access_token"', '"\\u0061ccess_token"'), None),
    (_GOOD.replace('"access_token"', '"Access_token"'), ("access_token",)),
    (_GOOD.replace('"expires_in"', '"expires_in "'), ("expires_in",)),
    (document(more=',"expires_in":"x"'), ("expires_in",)),
    (document(expires_in='"x"', more=',"expires_in":1'), None),
    (document(expires_in='"\\udc00"', more=',"expires_in":1'), None),
    (document(expires_in="1" * 4301, more=',"expires_in":1'), ("",)),
    (document(expires_in='"x"', more=',"\\u0065xpires_in":1'), None),
    # What stands around it, and encodings.
    *((text, ("",)) for text in (_GOOD + "\0", _GOOD + "x", _GOOD + _GOOD, _GOOD[:-1], "\v" + _GOOD, f"[{_GOOD}]")),
    *((text, ("",)) for text in ("", " ", "[]", "null", "NaN", "1", "\ufeff" + _GOOD, _GOOD + "\ufeff")),
    *((_GOOD.encode(name), ("",)) for name in ("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le")),
    (_WITH.replace(b"@", "\u20ac\U0001f600".encode()), None),
    *(
        (_WITH.replace(b"@", raw), ("",))
        for raw in (b"\xff", b"\x80", b"\xe9", b"\xf0\x9f\x98", b"\xc0\x80", b"\xe0\x80\xaf")
    ),
    *((_WITH.replace(b"@", raw), ("",)) for raw in (b"\xed\xa0\x80", b"\xed\xa0\xbd\xed\xb8\x80", b"\xf4\x90\x80\x80")),
]

# What is not a document of members, and the reason for which it is refused.
DOCUMENT_REASONS: list[tuple[str | bytes, str]] = [
    ("", "not JSON from character 0 on"),
    (" \n{x", "not JSON from character 3 on"),
    (" {} \n{}", "not JSON from character 3 on, where more follows the value"),
    ("\ud800", "not JSON from character 0 on"),
    (b"\xff", "not JSON: the bytes are not UTF-8"),
    ("1" * 4301, "an integer has more digits than Python reads"),
    ("[" * 200 + "]" * 200, "expected an object, got an array"),
    ("null", "expected an object, got null"),
    ("[" * 200_000, "nested too deeply for the call stack that is left"),
]

# A member of a mapping, and the reason for which it is refused.
REASONS: list[tuple[dict[str, object], str]] = [
    ({"access_token": "x"}, "expected a UUID of version 4, got a string that does not match"),
    ({"access_token": UUID(int=1)}, "expected a UUID of version 4, got a Python UUID"),
    ({"access_token": None}, "expected a UUID of version 4, got null"),
    ({"access_token": b"x"}, "expected a UUID of version 4, got a Python bytes"),
    ({"expires_in": 1.5}, "expected a whole number of seconds, got a number that does not match"),
    ({"expires_in": []}, "expected a whole number of seconds, got an array"),
    ({"expires_in": {}}, "expected a whole number of seconds, got an object"),
    ({"token_type": True}, "expected 'bearer', got a boolean"),
    ({"scope": object()}, "expected 'tasks:read tasks:write', got a Python object"),
    (
        {"scope": "tasks:read"},
        "expected 'tasks:read tasks:write', got one of the two: the person allowed only a part",
    ),
]
