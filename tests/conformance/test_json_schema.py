"""The JSON schema is the one that pyticktick publishes, and what ``dumps`` writes fulfils it."""

import json
import subprocess
import sys

import pytest
from hypothesis import given, settings

from conformance.parity import pyticktick_token
from strategies import tokens
from ticktick_oauth import OAuthTokenV1, dumps, json_schema


def test_pyticktick_itself() -> None:
    """The schema equals what pyticktick's class says of itself, the order of its properties included."""
    pytest.importorskip("pyticktick", reason="needs pyticktick 0.3.0, which wants a Python below 3.15")
    theirs = pyticktick_token().model_json_schema()
    assert theirs == json_schema()
    assert list(theirs["properties"]) == list(json.loads(json.dumps(json_schema()))["properties"])


@settings(max_examples=20)
@given(tokens)
def test_dumps_fulfils_it(token: OAuthTokenV1) -> None:
    """The schema is one of draft 2020-12, and what ``dumps`` writes is valid under it."""
    validator = pytest.importorskip("jsonschema", reason="needs the dependency group ci").Draft202012Validator
    validator.check_schema(json_schema())
    validator(json_schema()).validate(json.loads(dumps(token)))


def test_a_fresh_dict() -> None:
    """A caller may change what it got, and nobody else's schema changes; nor does it where Python drops docstrings."""
    mine, before = json_schema(), json.dumps(json_schema())
    properties = mine["properties"]
    assert isinstance(properties, dict)
    for schema in properties.values():
        schema.clear()
    properties.clear()
    code = "import json, ticktick_oauth; print(json.dumps(ticktick_oauth.json_schema()))"
    done = subprocess.run([sys.executable, "-OO", "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert before == json.dumps(json_schema()) == done.stdout.strip()
