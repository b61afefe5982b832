"""The JSON schema is the one that pyticktick publishes, and what ``dumps`` writes fulfils it."""

import json
import subprocess
import sys

import pytest
from hypothesis import given, settings

from conformance.parity import pyticktick_token
from strategies import tokens
from ticktick_oauth import OAuthTokenV1, dumps, json_schema

jsonschema = pytest.importorskip("jsonschema", reason="needs the dependency group ci")

# As pyticktick's manual shows it.
PUBLISHED = """
{
  "description": "Response of the POST request in the [third step](https://developer.ticktick.com/docs#/openapi?id=third-step) of the OAuth2 flow.",
  "properties": {
    "access_token": {
      "description": "OAuth2 access token for the V1 API.",
      "format": "uuid4",
      "title": "Access Token",
      "type": "string"
    },
    "expires_in": {
      "description": "Access token expiration time in seconds from the time of issue. Usually lasts 6 months.",
      "title": "Expires In",
      "type": "integer"
    },
    "token_type": {
      "const": "bearer",
      "default": "bearer",
      "description": "Fixed value 'bearer'.",
      "title": "Token Type",
      "type": "string"
    },
    "scope": {
      "const": "tasks:read tasks:write",
      "default": "tasks:read tasks:write",
      "description": "Spaces-separated permissions for the generated token. The currently available scopes are 'tasks:write' and 'tasks:read'. Default is 'tasks:read tasks:write'.",
      "title": "Scope",
      "type": "string"
    }
  },
  "required": [
    "access_token",
    "expires_in"
  ],
  "title": "OAuthTokenV1",
  "type": "object"
}
"""  # noqa: E501 - word for word


def test_the_published_schema() -> None:
    """The schema equals the one in pyticktick's manual."""
    assert json.loads(PUBLISHED) == json_schema()


def test_pyticktick_itself() -> None:
    """The schema equals what pyticktick's class says of itself, the order of its properties included."""
    theirs = pyticktick_token().model_json_schema()
    assert theirs == json_schema()
    assert list(theirs["properties"]) == list(json.loads(json.dumps(json_schema()))["properties"])


def test_a_schema_of_draft_2020_12() -> None:
    """The schema is one, by the meta-schema of its draft."""
    jsonschema.Draft202012Validator.check_schema(json_schema())
    assert jsonschema.Draft202012Validator(json_schema()).is_valid({"access_token": "", "expires_in": 1})


@settings(deadline=None)
@given(tokens)
def test_dumps_fulfils_it(token: OAuthTokenV1) -> None:
    """What ``dumps`` writes is valid under the schema."""
    jsonschema.Draft202012Validator(json_schema()).validate(json.loads(dumps(token)))


@pytest.mark.parametrize("member", [{"expires_in": "1"}, {"scope": "all"}, {"access_token": None}, {"token_type": 1}])
def test_it_refuses(member: dict[str, object]) -> None:
    """The schema refuses, too: a member of another type or text is refused."""
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(json_schema()).validate({"access_token": "", "expires_in": 1, **member})


def test_a_fresh_dict() -> None:
    """A caller may change what it got: nobody else's schema changes with it."""
    mine = json_schema()
    properties = mine["properties"]
    assert isinstance(properties, dict)
    for schema in properties.values():
        schema.clear()
    properties.clear()
    mine.clear()
    assert json.loads(PUBLISHED) == json_schema()


@pytest.mark.parametrize("option", ["-O", "-OO"])
def test_without_docstrings(option: str) -> None:
    """The schema is the same where Python drops asserts and docstrings."""
    code = "import json, ticktick_oauth; print(json.dumps(ticktick_oauth.json_schema()))"
    done = subprocess.run([sys.executable, option, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert json.loads(PUBLISHED) == json.loads(done.stdout)
