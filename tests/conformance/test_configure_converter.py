"""Converters of other programs, taught by ``configure_converter``; and msgspec, which needs no teaching."""

import json
import traceback
from functools import partial
from typing import Any
from uuid import UUID

import msgspec
import pytest
from attrs import frozen
from cattrs import BaseConverter, ClassValidationError, Converter
from cattrs.preconf import json as preconf_json
from cattrs.preconf import msgspec as preconf_msgspec
from hypothesis import assume, given, settings

from conformance.parity import agree, pyticktick_mapping, verdict
from strategies import mappings, members, tokens
from ticktick_oauth import OAuthTokenV1, configure_converter, dumps, unstructure
from ticktick_oauth.exceptions import InvalidTokenError

TEXT = '{"access_token":"0e6cbbd3-cb86-4a45-9d0b-0f6a22ab9d2b","expires_in":15551999}'
TOKEN = OAuthTokenV1(access_token=UUID("0e6cbbd3-cb86-4a45-9d0b-0f6a22ab9d2b"), expires_in=15551999)
BAD = {"access_token": "c0ffee00", "expires_in": None}
CONVERTERS: dict[str, BaseConverter] = {
    "Converter": Converter(detailed_validation=True),
    "Converter without details": Converter(detailed_validation=False),
    "BaseConverter": BaseConverter(detailed_validation=True),
    "BaseConverter without details": BaseConverter(detailed_validation=False),
    "json": preconf_json.make_converter(),
    "msgspec": preconf_msgspec.make_converter(),
}
for _converter in CONVERTERS.values():
    configure_converter(_converter)


@frozen
class Account:
    """A user's class that holds tokens."""

    name: str
    token: OAuthTokenV1
    older: list[OAuthTokenV1]


@frozen
class Named(OAuthTokenV1):
    """A user's subclass of the token."""

    name: str = "mine"


@pytest.mark.parametrize("name", CONVERTERS)
def test_inside_a_class(name: str) -> None:
    """A token is found inside a user's class and its containers, both ways; of a problem, the value is not shown."""
    converter = CONVERTERS[name]
    account = Account("mine", TOKEN, [TOKEN])
    plain = {"name": "mine", "token": unstructure(TOKEN), "older": [unstructure(TOKEN)]}
    assert plain == converter.unstructure(account)
    assert account == converter.structure(plain, Account)
    with pytest.raises((InvalidTokenError, ClassValidationError)) as caught:
        converter.structure({**plain, "token": BAD}, Account)
    (error,) = caught.value.exceptions if isinstance(caught.value, ClassValidationError) else (caught.value,)
    assert isinstance(error, InvalidTokenError)
    assert ["access_token", "expires_in"] == [problem.field for problem in error.problems]
    assert "c0ffee00" not in "".join(traceback.format_exception(caught.value))


@given(mappings | members)
def test_members(mapping: object) -> None:
    """Every converter agrees with pyticktick on the members, whatever their type; at the top the error is our own."""
    theirs = pyticktick_mapping(mapping)
    for name, converter in CONVERTERS.items():
        ours = verdict(partial(converter.structure, cl=OAuthTokenV1), mapping)
        assert agree(mapping, theirs, ours), (name, theirs, ours)


@pytest.mark.parametrize("make", [Converter, BaseConverter])
def test_subclasses(make: type[BaseConverter]) -> None:
    """A subclass of the token is the user's own: the converter treats it as it did before."""
    converters = [make(), make()]
    configure_converter(converters[0])
    for converter in converters:
        converter.register_structure_hook(UUID, lambda value, _: UUID(value))
    named = Named(access_token=TOKEN.access_token, expires_in=7, name="yours")
    outs = [converter.unstructure(named) for converter in converters]
    assert outs[0] == outs[1]
    assert "yours" == outs[0]["name"]
    plain = {**unstructure(TOKEN), "expires_in": 7, "name": "yours"}
    assert [named] * 2 == [converter.structure(plain, Named) for converter in converters]


@pytest.mark.parametrize("module", [preconf_json, preconf_msgspec], ids=["json", "msgspec"])
@settings(max_examples=30)
@given(token=tokens)
def test_json_of_other_libraries(module: Any, token: OAuthTokenV1) -> None:  # noqa: ANN401 - two modules
    """The converters that read and write JSON do so with tokens, by their own library."""
    assume(module is preconf_json or abs(token.expires_in) < 2**63)  # msgspec knows no larger integers
    converter = module.make_converter()
    configure_converter(converter)
    assert token == converter.loads(dumps(token), OAuthTokenV1)
    assert json.loads(dumps(token)) == json.loads(converter.dumps(token))


@pytest.mark.parametrize("text", [TEXT, TEXT.encode(), TEXT.replace("}", ',"x":0}'), dumps(TOKEN)])
def test_msgspec_decodes_the_class(text: str | bytes) -> None:
    """By msgspec, JSON decodes straight into the class, by its annotations, and its validators run."""
    assert TOKEN == msgspec.json.decode(text, type=OAuthTokenV1)


@pytest.mark.parametrize(
    "text",
    [
        TEXT.replace("-4a45-", "-1a45-"),
        TEXT.replace("15551999", '"1"'),
        TEXT.replace("}", ',"scope":"all"}'),
        '{"expires_in":1}',
    ],
)
def test_msgspec_refuses(text: str) -> None:
    """What msgspec refuses, by the annotations or by the validators, is msgspec's own error."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(text, type=OAuthTokenV1)
