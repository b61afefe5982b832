"""What pyticktick and this package say of the same document, and the differences that are allowed between the two."""

import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from pydantic import ValidationError

from ticktick_oauth.exceptions import InvalidTokenError

FIELDS = ("access_token", "expires_in", "token_type", "scope")
DOCUMENT_PROBLEM = ("",)

# The values of a token, each with its type, since True equals 1; or the names of the fields at fault.
Verdict = dict[str, tuple[type, object]] | tuple[str, ...]


def verdict(read: Callable[[Any], object], data: object) -> Verdict:
    """Ask a function of either side what it makes of a document or a mapping."""
    try:
        token = read(data)
    except InvalidTokenError as error:
        return tuple(problem.field for problem in error.problems)
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False, include_input=False)
        return tuple(str(detail["loc"][0]) if detail["loc"] else "" for detail in details)
    except Exception as error:  # noqa: BLE001 - whatever else comes out is a disagreement too, with its document
        return (f"raised {type(error).__name__}",)
    values = ((name, getattr(token, name)) for name in FIELDS)
    return {name: (type(value), value) for name, value in values}


@cache
def pyticktick_token() -> Any:  # noqa: ANN401 - it has no types of its own
    """Return pyticktick's class, or where that is not installed, its twin among the benchmarks, which agree on it."""
    try:
        from pyticktick.models.v1.responses.oauth import OAuthTokenV1
    except ImportError:
        from benchmarks.cases.parse_pydantic import OAuthTokenV1
    return OAuthTokenV1


def pyticktick_json(document: object) -> Verdict:
    """Ask pyticktick for its verdict on a document."""
    return verdict(pyticktick_token().model_validate_json, document)


def pyticktick_mapping(mapping: object) -> Verdict:
    """Ask pyticktick for its verdict on a mapping: it takes a dict alone, this package any mapping."""
    return verdict(pyticktick_token().model_validate, dict(mapping) if isinstance(mapping, Mapping) else mapping)


def agree(data: object, theirs: Verdict, ours: Verdict) -> bool:
    """Whether two verdicts on a document or a mapping are the same, or differ as they may."""
    return theirs == ours or _differ_by_reader(data, theirs, ours) or _differ_by_digits(data, theirs, ours)


def _differ_by_reader(data: object, theirs: Verdict, ours: Verdict) -> bool:
    # What is nested over 198 levels, has half a pair of surrogates or a float whose integer part has over 4300 digits,
    # may pass the reader. The members are then judged as ever.
    if theirs != DOCUMENT_PROBLEM or not isinstance(data, (str, bytes, bytearray)):
        return False
    try:
        text = data if isinstance(data, str) else data.decode()
        members = dict(pairs := json.loads(text, object_pairs_hook=list))
    except (ValueError, TypeError, RecursionError):
        return False
    if depth(text) <= 198 and not re.search("[0-9]{4301}", text) and not _has_surrogate(pairs):
        return False
    known = {name: members[name] for name in FIELDS if name in members}
    expected = pyticktick_mapping(known)
    return expected == ours or _differ_by_digits(known, expected, ours)


def _has_surrogate(value: object) -> bool:
    return re.search("[\ud800-\udfff]", json.dumps(value, ensure_ascii=False)) is not None


def _differ_by_digits(data: object, theirs: Verdict, ours: Verdict) -> bool:
    # A string with a doubled underscore, with a minus behind leading zeros, or of more than 4300 digits, may be refused
    # where pydantic lets it through.
    problems = theirs if isinstance(theirs, tuple) else ()
    if DOCUMENT_PROBLEM in (theirs, ours) or "expires_in" in problems:
        return False
    mapping: Any = json.loads(_text(data)) if isinstance(data, (str, bytes, bytearray)) else data
    text = mapping["expires_in"]
    if not isinstance(text, str):
        return False
    if "__" not in text and not re.search("0_?-", text) and len(re.findall("[0-9]", text)) <= 4300:
        return False
    return ours == tuple(name for name in FIELDS if name in {*problems, "expires_in"})


def _text(data: str | bytes | bytearray) -> str:
    return data if isinstance(data, str) else data.decode(errors="replace")


def depth(text: str) -> int:
    """Return how deep the arrays and objects of a JSON document nest, brackets in strings not counted."""
    deepest = level = 0
    for bracket in re.findall(r"[\[{\]}]", re.sub(r'"(?:[^"\\]|\\.)*"', "", text, flags=re.DOTALL)):
        level += 1 if bracket in "[{" else -1
        deepest = max(deepest, level)
    return deepest
