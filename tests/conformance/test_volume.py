"""The package and pyticktick agree at volume, and the comparison is one that can fail."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from json import JSONDecoder
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from conformance import volume
from conformance.grammar import RULES
from conformance.parity import agree
from conformance.volume import Campaign
from conformance.volume import Disagreement
from conformance.volume import fresh_seed
from ticktick_oauth import _converter
from ticktick_oauth.exceptions import InvalidTokenError
from ticktick_oauth.exceptions import Problem


def _seed() -> int:
    return int(os.environ.get("TICKTICK_OAUTH_TEST_SEED") or fresh_seed())


def test_a_few_documents_of_a_fresh_seed() -> None:
    """Both sides agree on documents and mappings that no run has seen before."""
    campaign = Campaign(_seed(), 2_000)
    campaign.run()
    assert campaign.accepted["document"] > 0 < campaign.refused["document"]
    assert campaign.accepted["mapping"] > 0 < campaign.refused["mapping"]


@pytest.mark.slow
def test_many_documents_of_a_fresh_seed() -> None:
    """Both sides agree on 200,000 documents and mappings, and every rule was reached."""
    campaign = Campaign(_seed(), 200_000)
    campaign.run()
    assert [] == [rule for rule, count in campaign.rules.items() if count == 0], f"seed {campaign.seed}"


def test_a_seed_is_enough_to_meet_a_document_again() -> None:
    """A campaign makes the same choices for the same seed, and these reach every rule."""
    campaigns = [Campaign(7, 3_000), Campaign(7, 3_000)]
    for campaign in campaigns:
        campaign.run()
    assert campaigns[0] == campaigns[1]
    assert [] == [rule for rule, count in campaigns[0].rules.items() if count == 0]


def _first_problem_alone(problems: list[Any]) -> InvalidTokenError:
    return InvalidTokenError(problems[:1])


def _uuid_of_any_form(value: object) -> UUID | None:
    try:
        return UUID(value) if isinstance(value, str) else _read_uuid4(value)
    except ValueError:
        return None


def _uuid4_of_any_form(value: object) -> UUID | None:
    uuid = _uuid_of_any_form(value)
    return uuid if uuid is not None and uuid.version == 4 else None


def _first_wins(pairs: list[tuple[str, object]]) -> dict[str, object]:
    return dict(reversed(pairs))


def _no_constant(_: str) -> None:
    raise ValueError


def _parse_by(decoder: JSONDecoder) -> Callable[[Any], object]:
    """Return a ``parse_json`` that is right but for its decoder."""

    def parse(data: Any) -> object:  # noqa: ANN401 - str or bytes
        text = (data if isinstance(data, str) else _converter._decode(data)).strip(" \t\n\r")
        try:
            text.encode()
            if not _converter._find_excess(text):
                return decoder.decode(text)
        except ValueError:
            pass
        raise InvalidTokenError([Problem("", "")])

    return parse


def _lenient_decode(data: bytes) -> str:
    try:
        return data.decode(json.detect_encoding(data))
    except UnicodeDecodeError:
        raise InvalidTokenError([Problem("", "")]) from None


def _replacing_decode(data: bytes) -> str:
    return bytes(data).decode(errors="replace")


def _any_float(value: object) -> int | None:
    return int(value) if isinstance(value, float) and value.is_integer() else _read_integer(value)


def _no_boolean(value: object) -> int | None:
    return _read_integer(str(value) if isinstance(value, bool) else value)


def _plain_integer(text: str) -> int | None:
    try:
        return int(text)
    except ValueError:
        return None


class _AnyCase(str):
    """A constant that is equal to itself in any case."""

    __slots__ = ()

    __hash__ = str.__hash__

    def __ne__(self, other: object) -> bool:
        return str.lower(self) != (other.lower() if isinstance(other, str) else other)

    def __eq__(self, other: object) -> bool:
        return not self != other


class _Anything(str):
    """A constant that is equal to everything."""

    __slots__ = ()

    __hash__ = str.__hash__

    def __ne__(self, other: object) -> bool:
        return False

    def __eq__(self, other: object) -> bool:
        return True


_read_integer = _converter._read_integer
_read_uuid4 = _converter._read_uuid4

# Each breaks one rule of what is accepted: the name of something in the module and what stands in for it.
_MUTANTS: dict[str, dict[str, object]] = {
    "nests deeper": {"_MAX_DEPTH": 204},
    "nests less deep": {"_MAX_DEPTH": 197},
    "takes longer integers": {"_MAX_DIGITS": 4301, "_MANY_DIGITS": "[0-9]{4302}"},
    "takes integers of any length": {"_MANY_DIGITS": "(?!)"},
    "takes shorter integers": {"_MAX_DIGITS": 4299, "_MANY_DIGITS": "[0-9]{4300}"},
    "counts brackets inside strings": {"_TOKENS": r'("(?!))|((?!))|([\[{])|[\]}]'},
    "looks for nothing in excess": {"_find_excess": lambda _: None},
    "takes lone surrogate escapes": {"_ESCAPES": "((?!))"},
    "takes no pair of surrogate escapes": {"_ESCAPES": r"\\(?:(u[dD][89a-fA-F])|.)"},
    "overlooks escaped backslashes": {"_ESCAPES": r"\\(u[dD][89a-fA-F])"},
    "takes lone surrogates in a str": {"_LONE_SURROGATE": "(?!)"},
    "guesses the encoding": {"_decode": _lenient_decode},
    "replaces what is no UTF-8": {"_decode": _replacing_decode},
    "takes more for white space": {"_JSON_WHITE_SPACE": " \t\n\r\v\f\xa0\ufeff"},
    "takes less for white space": {"_JSON_WHITE_SPACE": " \n"},
    "takes control characters": {"parse_json": _parse_by(JSONDecoder(strict=False))},
    "takes no NaN": {"parse_json": _parse_by(JSONDecoder(parse_constant=_no_constant))},
    "lets the first of repeated keys win": {"parse_json": _parse_by(JSONDecoder(object_pairs_hook=_first_wins))},
    "takes every form that UUID takes": {"_read_uuid4": _uuid4_of_any_form},
    "overwrites the version": {
        "_read_uuid4": lambda value: (uuid := _uuid_of_any_form(value)) and UUID(uuid.hex, version=4)
    },
    "takes every variant": {
        "_UUID4": re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-4[0-9a-fA-F]{3}(-[0-9a-fA-F]{4})-[0-9a-fA-F]{12}")
    },
    "takes every UUID object": {"is_uuid4": lambda _: True},
    "takes floats from 2**63 on": {"_read_integer": _any_float},
    "takes no booleans": {"_read_integer": _no_boolean},
    "trims as str.strip does": {"_UNICODE_WHITE_SPACE": None},
    "trims ASCII alone": {"_UNICODE_WHITE_SPACE": " \t\n\r\v\f"},
    "takes what int takes": {"_parse_integer": _plain_integer},
    "takes doubled underscores": {"_INTEGER": "[+-]?[0-9]+(?:_+[0-9]+)*"},
    "takes no minus behind zeros": {"_INTEGER": "[+-]?[0-9]+(?:_[0-9]+)*"},
    "takes no underscores": {"_INTEGER": "[+-]?[0-9]+"},
    "takes no plus sign": {"_INTEGER": "-?[0-9]+(?:_[0-9]+)*"},
    "takes other digits": {"_INTEGER": r"[+-]?\d+(?:_\d+)*"},
    "takes literals in any case": {"TOKEN_TYPE": _AnyCase("bearer")},
    "reports the first problem alone": {"InvalidTokenError": _first_problem_alone},
    "knows no token type": {"TOKEN_TYPE": _Anything("bearer")},
}


@pytest.mark.parametrize("mutant", _MUTANTS.values(), ids=_MUTANTS)
def test_mutants_are_caught(monkeypatch: pytest.MonkeyPatch, mutant: dict[str, object]) -> None:
    """A converter that breaks one rule of what is accepted is caught within a few documents."""
    for name, replacement in mutant.items():
        monkeypatch.setattr(_converter, name, replacement)
    with pytest.raises(Disagreement, match=r"\(seed 7\)$"):
        Campaign(7, 20_000).run()


_TOKEN = '"access_token":"0e6cbbd3-cb86-4a45-9d0b-0f6a22ab9d2b"'


@pytest.mark.parametrize(
    ("document", "theirs", "ours", "expected"),
    [
        ("{" + _TOKEN + ',"expires_in":"0__1"}', {}, ("expires_in",), True),
        ("{" + _TOKEN + ',"expires_in":"0__1"}', {}, (), False),
        ("{" + _TOKEN + ',"expires_in":"0__1"}', ("expires_in",), {}, False),
        ("{" + _TOKEN + ',"expires_in":"0__1","scope":1}', ("scope",), ("expires_in", "scope"), True),
        ("{" + _TOKEN + ',"expires_in":"0__1","scope":1}', ("scope",), ("expires_in",), False),
        ("{" + _TOKEN + ',"expires_in":"0_1"}', {}, ("expires_in",), False),
        ("{" + _TOKEN + ',"expires_in":"' + "0" * 4300 + '1"}', {}, ("expires_in",), True),
        ("{" + _TOKEN + ',"expires_in":"' + "1" * 4300 + '"}', {}, ("expires_in",), False),
        ("{" + _TOKEN + ',"expires_in":1}', {}, ("",), False),
        ('{"a":' + "[" * 197 + "]" * 197 + "}", {}, ("",), False),
        ('{"a":' + "[" * 198 + "]" * 198 + "}", {}, ("",), True),
        (b'{"a":' + b"[" * 202 + b"]" * 202 + b"}", ("",), {}, True),
        ('{"a":' + "[" * 203 + "]" * 203 + "}", ("",), {}, False),
        ('{"a":"' + "[" * 200 + '"}', {}, ("",), False),
        ({"expires_in": "0__1"}, {}, ("expires_in",), True),
        ({"expires_in": 1}, {}, ("expires_in",), False),
    ],
)
def test_differences_that_are_allowed(document: object, theirs: Any, ours: Any, expected: bool) -> None:  # noqa: ANN401, FBT001
    """Two verdicts may differ for the three reasons that are allowed, and no wider than that."""
    assert expected is agree(document, theirs, ours)


def _run(*arguments: str, setup: str = "") -> "subprocess.CompletedProcess[str]":
    code = f"import sys, runpy; sys.path.insert(0, {str(Path(volume.__file__).parents[1])!r})\n{setup}"
    code += f"sys.argv[1:] = {list(arguments)!r}\nrunpy.run_module('conformance.volume', run_name='__main__')"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)


def test_command_line() -> None:
    """The command prints its seed, what was accepted and refused, and how often each rule was reached."""
    done = _run("--documents", "300", "--seed", "5")
    lines = done.stdout.splitlines()
    assert (0, "") == (done.returncode, done.stderr)
    assert "seed 5" == lines[0]
    assert re.fullmatch(r"documents: \d+ accepted, \d+ refused", lines[1])
    assert re.fullmatch(r"mappings: \d+ accepted, \d+ refused", lines[2])
    assert sorted(RULES) == [line.split(maxsplit=1)[1] for line in lines[3:]]


def test_command_line_of_a_mutant() -> None:
    """On a disagreement the command prints the document and exits with 1."""
    mutant = "from ticktick_oauth import _converter\n_converter.TOKEN_TYPE = 'mac'\n"
    done = _run("--documents", "300", "--seed", "5", setup=mutant)
    assert (1, "") == (done.returncode, done.stderr)
    assert "disagrees with pyticktick on" in done.stdout
    assert "(seed 5)" in done.stdout
