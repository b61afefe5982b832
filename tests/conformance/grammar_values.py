"""The values of the grammar: tables from the name of a rule to what makes a JSON value that reaches it."""

import json
import re
from collections.abc import Callable
from random import Random
from uuid import UUID

Make = Callable[[Random], str]

# Unicode's White_Space, and what some other definition takes for white space.
WHITE_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2000\u2005\u200a\u2028\u2029\u202f\u205f\u3000"
NO_WHITE_SPACE = "\x00\x1c\x1d\x1e\x1f\u180e\u200b\u2060\ufeff"


def insert(text: str, piece: str, at: int, width: int = 0) -> str:
    """Put a piece into a text, in place of ``width`` characters."""
    return text[:at] + piece + text[at + width :]


def spell(random: Random, text: str) -> str:
    """Return a JSON string of the text, some of its characters escaped."""
    plain = json.dumps(text, ensure_ascii=random.random() < 0.5)[1:-1]
    if random.random() < 0.5:
        return f'"{plain}"'
    # The first letter or digit of a word, unless it is already part of an escape.
    code = random.choice(("\\u{:04x}", "\\u{:04X}"))
    escaped = re.sub(
        r"(?<![\\\w])[a-z0-9]", lambda found: code.format(ord(found[0])), plain, flags=re.IGNORECASE | re.ASCII
    )
    return f'"{escaped}"'


def uuid4(random: Random) -> str:
    """Return the text of a random UUID of version 4."""
    return str(UUID(int=random.getrandbits(128), version=4))


def _one_of(*texts: str) -> Make:
    return lambda random: random.choice(texts)


def _string(make: Make) -> Make:
    def spelled(random: Random) -> str:
        text = make(random)
        return spell(random, text) if random.random() < 0.2 else json.dumps(text, ensure_ascii=False)

    return spelled


def _strings(*texts: str) -> Make:
    return _string(_one_of(*texts))


def _cased(random: Random) -> str:
    text = uuid4(random)
    return random.choice((text, text, text.upper(), text.title()))


def _bare(random: Random) -> str:
    return _cased(random).replace("-", "")


def _formed(*forms: str, make: Make = _cased) -> Make:
    return _string(lambda random: random.choice(forms) % make(random))


def _replaced(pieces: tuple[str, ...], width: int = 1) -> Make:
    """Replace characters of a UUID: the hyphenated form or the bare one."""

    def make(random: Random) -> str:
        text = random.choice((_cased, _bare))(random)
        return insert(text, random.choice(pieces), random.randint(0, len(text) - width), width)

    return make


def _digit(at: int, digits: str) -> Make:
    return _string(lambda random: insert(_cased(random), random.choice(digits), at, 1))


def _hyphens(random: Random) -> str:
    text = _bare(random)
    for _ in range(random.choice((1, 3, 4, 4, 4, 5))):
        text = insert(text, "-", random.randint(0, len(text)))
    return text


_OTHER_TYPE = _one_of(
    "null", "true", "false", "0", "1", "-1.5", "1e3", "NaN", "[]", "{}", '["bearer"]', '{"a":1}', '""'
)

ACCESS_TOKENS: dict[str, Make] = {
    "access_token: hyphenated": _string(_cased),
    "access_token: 32 digits": _string(_bare),
    "access_token: in braces": _formed("{%s}"),
    "access_token: a URN": _formed("urn:uuid:%s"),
}
OTHER_ACCESS_TOKENS: dict[str, Make] = {
    "access_token: another version": _digit(14, "0123567890abcdef"),
    "access_token: another variant": _digit(19, "01234567cdefCDEF"),
    "access_token: hyphens elsewhere": _string(_hyphens),
    "access_token: digits missing": _string(_replaced(("",))),
    "access_token: digits more": _string(_replaced(("00", "000", "0000"))),
    "access_token: no hex digit": _string(_replaced(("g", "_", "+", ".", "\u0660", "\uff21", "\xe9", "\0"))),
    "access_token: white space for digits": _string(_replaced(("  ", "\t\t", "\n ", "\xa0 "), width=2)),
    "access_token: white space around": _formed(" %s", "\n%s", "\t%s", "\xa0%s", "%s ", "%s\n", "%s\0"),
    "access_token: an unbalanced brace": _formed("{%s", "%s}", "{{%s}}", "}%s{", "(%s)", "{%s}}"),
    "access_token: braces around 32 digits": _formed("{%s}", make=_bare),
    "access_token: another URN": _formed(
        *("URN:UUID:%s", "urn:UUID:%s", "urn:%s", "uuid:%s", "urn:uuid%s", "urn:uuid:urn:uuid:%s")
    ),
    "access_token: a URN of another form": _formed("urn:uuid:{%s}", "{urn:uuid:%s}", "urn:uuid: %s"),
    "access_token: a URN of 32 digits": _formed("urn:uuid:%s", make=_bare),
    "access_token: no UUID": _strings("", "{}", "urn:uuid:", "-" * 36, "0" * 32, "f" * 32, "null", "bearer", "a b"),
    "access_token: another type": _OTHER_TYPE,
}


def _any_size(random: Random) -> str:
    size = random.choice((1, 2, 5, 19, 20, 40, 309, 310, 4299, 4300))
    return random.choice(("", "-")) + random.choice("123456789") + "0" * (size - 2) + random.choice("0123456789")


def _numeral(random: Random) -> str:
    return random.choice(("", "", "+", "-")) + str(random.randint(0, 10 ** random.choice((1, 2, 8, 20))))


def _spaced(spaces: str) -> Make:
    def make(random: Random) -> str:
        before, behind = random.choice(spaces), random.choice(spaces)
        return random.choice((before + "{}", "{}" + behind, before + "{}" + behind)).format(_numeral(random))

    return make


EXPIRES_IN: dict[str, Make] = {
    "expires_in: an integer": lambda random: str(random.randint(0, 15552000)),
    "expires_in: a negative integer": lambda random: str(-random.randint(0, 10**20)),
    "expires_in: an integer of any size": _any_size,
    "expires_in: zero": _one_of("0", "-0", "0.0", "-0.0", "0e0", "0e9"),
    "expires_in: a float without a fraction": _one_of(
        "1.0", "1e3", "1E+3", "1000e-3", "1.5e1", "-7.000", "15551999.0", "123456789012345678.0"
    ),
    "expires_in: a float below 2**63": _one_of("9223372036854774784.0", "-9223372036854774784.0", "9e18", "9.2e18"),
    "expires_in: a boolean": _one_of("true", "false"),
    "expires_in: digits in a string": _string(lambda random: str(random.randint(0, 15552000))),
    "expires_in: a sign in a string": _string(_numeral),
    "expires_in: leading zeros in a string": _strings("00", "007", "-007", "+00", "0_7", "00_07", "0" * 40 + "1"),
    "expires_in: a minus behind zeros": _strings(
        *("0-1", "00-7", "+0-7", "0_-1", "0-_1", "0_0-_1_0.0", "0-", "0-+1", "0--1", "0-0-1", "1-1", "-0-1"),
        *("-_1", "0+1"),
    ),
    "expires_in: underscores between digits": _string(
        lambda random: f"{random.randint(0, 200)}_{random.randint(0, 999):03}_{random.randint(0, 9)}"
    ),
    "expires_in: a point and zeros": _string(lambda random: _numeral(random) + "." + "0" * random.randint(1, 9)),
    "expires_in: White_Space around": _string(_spaced(WHITE_SPACE)),
    "expires_in: a string of up to 4300 digits": _string(_any_size),
}
OTHER_EXPIRES_IN: dict[str, Make] = {
    "expires_in: a float with a fraction": _one_of("1.5", "-0.1", "1e-3", "15551999.00001", "1.0000001", "1e-400"),
    "expires_in: a float from 2**63 on": _one_of(
        "9223372036854775808.0", "-9223372036854775808.0", "9223372036854775807.0", "1e19", "-1e19", "1e300"
    ),
    "expires_in: a float beyond all": _one_of("1e400", "-1e400", "1e9999", "9" * 310 + ".0"),
    "expires_in: NaN and the infinite": _one_of("NaN", "Infinity", "-Infinity"),
    "expires_in: another type": _one_of("null", "[]", "[1]", "{}", '{"a":1}'),
    "expires_in: underscores elsewhere": _strings("_1", "1_", "1__0", "+_1", "_", "1_.0", "1._0", "1.0_0", "-_"),
    "expires_in: doubled underscores behind zeros": _strings("0__1", "00__1", "0__0", "0___1", "-0__1", "+0__1"),
    "expires_in: no fraction behind the point": _strings("1.", "-1.", ".", ".0", "-.0", "1..0", "+.0"),
    "expires_in: a fraction in a string": _strings("1.5", "1.05", "-0.1", "1.0.0", "1.00000001", "1.-0", "1.+0"),
    "expires_in: white space inside": _strings("1 0", "+ 1", "- 1", "1 .0", "1. 0", "1.0 0", "1\n0", "1 _0"),
    "expires_in: no White_Space around": _string(_spaced(NO_WHITE_SPACE)),
    "expires_in: an exponent or another base": _strings("1e3", "1E3", "1.0e3", "0x10", "0b1", "0o7", "10h", "1l"),
    "expires_in: other digits": _strings("\u0661", "\uff11", "1\u0662", "\xb2", "\u2460", "\u0967.0", "1.\u0660"),
    "expires_in: two signs": _strings("--1", "+-1", "++1", "-+1", "1-", "1+", "\u22121"),
    "expires_in: no number": _strings("", " ", "+", "-", "x", "NaN", "Infinity", "null", "true", "1,000", "1:0"),
    "expires_in: a string of over 4300 digits": lambda random: (
        random.choice(('"%s"', '"-%s"', '"0%s"', '"+%s"', '"%s.0"', '" %s"', '"1_%s"'))
        % (random.choice("019") * random.randint(4300, 4400))
    ),
}

TOKEN_TYPES: dict[str, Make] = {"token_type: the literal": _strings("bearer")}
OTHER_TOKEN_TYPES: dict[str, Make] = {
    "token_type: another string": _strings("Bearer", "BEARER", "bearer ", " bearer", "beare", "bearer\0", "mac", ""),
    "token_type: another type": _OTHER_TYPE,
}
SCOPES: dict[str, Make] = {"scope: the literal": _strings("tasks:read tasks:write")}
OTHER_SCOPES: dict[str, Make] = {
    "scope: another string": _strings(
        *("tasks:write tasks:read", "tasks:read", "tasks:read  tasks:write", "Tasks:read tasks:write", ""),
        "tasks:read\ttasks:write",
    ),
    "scope: another type": _OTHER_TYPE,
}

PLAIN: dict[str, Make] = {
    "ignored: a string": _strings("", "a", "é", "\u2028", "\U0001f600", "\x7f", "\ufeff", "\uffff", 'a"b\\c/', "[{"),
    "ignored: a number": _one_of("0", "-0", "1", "-1.5", "1e3", "1E-9", "0.1e+1", "123456789012345678901234567890"),
    "ignored: a literal": _one_of("null", "true", "false"),
    "ignored: an array": _one_of("[]", "[ ]", "[1]", '[1,[2,"]"],{}]', "[[],[]]"),
    "ignored: an object": _one_of("{}", "{ }", '{"a":1}', '{"":{"":[]}}', '{"expires_in":"x"}', '{"\\u0061":[{}]}'),
}

# Each is raw JSON text or nearly.
STRINGS: dict[str, Make] = {
    "string: a pair of surrogates escaped": _one_of(
        r'"\ud83d\ude00"', r'"\uD83D\uDE00"', r'"a\uDbFf\udFfFb"', r'"\\\ud83d\ude00"', r'"\ud83d\ude00\ud83d\ude00"'
    ),
    "string: a lone surrogate escaped": _one_of(
        *(r'"\ud800"', r'"\uDC00"', r'"a\udbff"', r'"\ude00\ud83d"', r'"\ud83d\\ude00"', r'"\ud83d\u0041"'),
        *(r'"\ud83d\ud83d\ude00"', r'"\ud83d\ude00\ude00"', r'"\ud83dude00"', r'"\\\ud800"', r'"\ud83d\n"'),
        r'"\"\ud83d"',
    ),
    "string: an escaped backslash before u": _one_of(r'"\\ud800"', r'"\\\\udc00"', r'"\\u12"', r'"\\\"\\ud83d"'),
    "string: every escape": _one_of(r'"\"\\\/\b\f\n\r\t\u0041\u0000\uFFFF"', r'"\/"', r'"\u2028"', r'"\ufeff"'),
    "string: no escape": _one_of(
        r'"\x41"', r'"\u12"', r'"\u00g0"', r'"\U0001f600"', r'"\a"', r'"\u+041"', '"\\\n"', '"\\'
    ),
    "string: brackets": lambda random: (
        random.choice(('"%s"', '"\\"%s"', '"%s\\\\"', '"%s\\""'))
        % (random.choice("[{]}") * random.choice((1, 199, 201, 300)))
    ),
    "string: a control character": _one_of('"\t"', '"\n"', '"\0"', '"a\x1fb"', '"\r"', '"\x08"'),
    "string: no control character": _one_of('"\x7f"', '"\x85"', '"\u2028"', '"\ufeff"', '"\xa0"', '"\ufffe\uffff"'),
    "string: other quotes or none": _one_of("'a'", "a", '"', '"a', 'a"', "\u201ca\u201d", '""a"', "`a`"),
}
NUMBERS: dict[str, Make] = {
    "number: an integer of 4300 digits": _one_of("1" * 4300, "-" + "9" * 4300),
    "number: an integer of over 4300 digits": _one_of("7" * 4301, "-" + "7" * 4302, "7" * 9000),
    "number: a float whose integer part has over 4300 digits": _one_of(
        "7" * 4301 + ".0", "7" * 4302 + "e0", "7" * 9000 + ".5e-3", "7" * 4301 + "E+1"
    ),
    "number: a float whose integer part has 4300 digits": _one_of("7" * 4300 + ".0", "-" + "7" * 4300 + "e0"),
    "number: a long fraction": lambda random: "-0." + random.choice("05") * random.randint(4200, 9000),
    "number: a long exponent": lambda random: f"1e{random.choice(('', '+', '-'))}{'0' * random.randint(1, 9000)}1",
    "number: beyond what a float holds": _one_of("1e400", "-1e400", "1e-400", "1e99999"),
    "number: none": _one_of(
        *("01", "-01", "00", "1.", ".5", "-.5", "+1", "-", "--1", "1e", "1e+", "1.e1", "1.5.5", "0x1", "1_0", "1,0"),
        *("\u0661", "1\u0660", "- 1", "1 e3", "0" * 5000, "1f", "1e3.0"),
    ),
}
LITERALS: dict[str, Make] = {
    "literal: NaN": _one_of("NaN"),
    "literal: Infinity": _one_of("Infinity", "-Infinity"),
    "literal: none": _one_of(
        *("nan", "+NaN", "-NaN", "inf", "+Infinity", "- Infinity", "infinity", "Inf", "NaNs", "tru", "True", "nul"),
        *("None", "undefined", "falsehood", "TRUE", "", "Infinity0"),
    ),
}
CONTAINERS: dict[str, Make] = {
    "container: duplicates": _one_of(
        '{"a":1,"a":2}', '[{"a":[],"\\u0061":[1]}]', '{"expires_in":1,"expires_in":"x"}', '{"a":{"b":1,"b":1},"a":0}'
    ),
    "container: broken": _one_of(
        *("[1,]", "[,]", "[1 2]", "[1,,2]", "[1}", "[", "]", "[]]", "(1)", '{"a":1,}', '{"a"}', "{a:1}", "{1:2}"),
        *('{"a":1]', '{"a" 1}', '{"a":1 "b":2}', "{,}", '{"a":}', "{:1}", "{", "}", '{"a":1}}', "{null:1}", '{"a"::1}'),
    ),
}

_LAYERS = (("[", "]"), ('{"a":', "}"), ('[{"a":', "}]"), ('[1,{"b":[],"a":', "},2]"))


def _nested(depths: tuple[int, ...]) -> Make:
    def make(random: Random) -> str:
        depth = random.choice(depths)
        opening, closing = random.choice(_LAYERS)
        layers, rest = divmod(depth, opening.count("[") + opening.count("{") - opening.count("[]"))
        core = random.choice(("1", "[]" if rest else "0", '{"]":"["}' if rest else "null"))
        return opening * layers + ("[" * rest) + core + ("]" * rest) + closing * layers

    return make


NESTING: dict[str, Make] = {
    "nesting: some": _nested((2, 10, 100, 150)),
    "nesting: near the limit": _nested(tuple(range(192, 208))),
    "nesting: beyond": _nested((208, 220, 250, 300, 500)),
    "nesting: far beyond": _nested((1_000, 5_000, 50_000)),
    "nesting: never closed": _one_of("[" * 150, '{"a":' * 150, "[" * 100_000, '{"a":' * 20_000),
}
