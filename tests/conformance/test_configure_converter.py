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
from strategies import members, tokens
from ticktick_oauth import OAuthTokenV1, configure_converter, dumps, unstructure
from ticktick_oauth.exceptions import InvalidTokenError

TOKEN = OAuthTokenV1(access_token=UUID("0e6cbbd3-cb86-4a45-9d0b-0f6a22ab9d2b"), expires_in=15551999)
BAD = {"access_token": "c0ffee00", "expires_in": None}

_CONVERTERS: dict[str, BaseConverter] = {
    "Converter": Converter(detailed_validation=True),
    "Converter without details": Converter(detailed_validation=False),
    "BaseConverter": BaseConverter(detailed_validation=True),
    "BaseConverter without details": BaseConverter(detailed_validation=False),
    "json": preconf_json.make_converter(),
    "msgspec": preconf_msgspec.make_converter(),
}
for _converter in _CONVERTERS.values():
    configure_converter(_converter)

every_converter = pytest.mark.parametrize("converter", _CONVERTERS.values(), ids=_CONVERTERS)


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


@every_converter
def test_a_token(converter: BaseConverter) -> None:
    """A converter structures and unstructures the token as this package does."""
    assert unstructure(TOKEN) == converter.unstructure(TOKEN)
    assert TOKEN == converter.structure(unstructure(TOKEN), OAuthTokenV1)


@every_converter
def test_not_a_token(converter: BaseConverter) -> None:
    """At the top the error is this package's own, with and without detailed validation."""
    with pytest.raises(InvalidTokenError) as caught:
        converter.structure(BAD, OAuthTokenV1)
    assert ["access_token", "expires_in"] == [problem.field for problem in caught.value.problems]


@every_converter
def test_inside_a_class(converter: BaseConverter) -> None:
    """A token is found inside a user's class and its containers, both ways."""
    account = Account("mine", TOKEN, [TOKEN])
    plain = {"name": "mine", "token": unstructure(TOKEN), "older": [unstructure(TOKEN)]}
    assert plain == converter.unstructure(account)
    assert account == converter.structure(plain, Account)


@every_converter
def test_an_error_inside_a_class(converter: BaseConverter) -> None:
    """Inside a user's class the problems reach the user, and never the value."""
    plain = {"name": "mine", "token": BAD, "older": []}
    with pytest.raises((InvalidTokenError, ClassValidationError)) as caught:
        converter.structure(plain, Account)
    (error,) = caught.value.exceptions if isinstance(caught.value, ClassValidationError) else (caught.value,)
    assert isinstance(error, InvalidTokenError)
    assert ["access_token", "expires_in"] == [problem.field for problem in error.problems]
    assert "c0ffee00" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("make", [Converter, BaseConverter])
def test_subclasses(make: type[BaseConverter]) -> None:
    """A subclass of the token is the user's own: the converter treats it as it did before."""
    converters = [make(), make()]
    configure_converter(converters[0])
    for converter in converters:
        converter.register_structure_hook(UUID, lambda value, _: UUID(value))
    named = Named(access_token=TOKEN.access_token, expires_in=1, name="yours")
    outs = [converter.unstructure(named) for converter in converters]
    assert outs[0] == outs[1]
    assert "yours" == outs[0]["name"]
    plain = {**unstructure(TOKEN), "expires_in": 7, "name": "yours"}
    ins = [converter.structure(plain, Named) for converter in converters]
    assert ins[0] == ins[1] == Named(access_token=TOKEN.access_token, expires_in=7, name="yours")


@pytest.mark.parametrize("module", [preconf_json, preconf_msgspec], ids=["json", "msgspec"])
@settings(deadline=None)
@given(token=tokens)
def test_json_of_other_libraries(module: Any, token: OAuthTokenV1) -> None:  # noqa: ANN401 - two modules
    """The converters that read and write JSON do so with tokens, by their own library."""
    assume(module is preconf_json or abs(token.expires_in) < 2**63)  # msgspec knows no larger integers
    converter = module.make_converter()
    configure_converter(converter)
    assert token == converter.loads(dumps(token), OAuthTokenV1)
    assert json.loads(dumps(token)) == json.loads(converter.dumps(token))


@settings(deadline=None)
@given(members)
def test_members(mapping: dict[str, Any]) -> None:
    """Every converter agrees with pyticktick on the members, whatever their type."""
    theirs = pyticktick_mapping(mapping)
    for converter in _CONVERTERS.values():
        ours = verdict(partial(converter.structure, cl=OAuthTokenV1), mapping)
        assert agree(mapping, theirs, ours), (theirs, ours)


@pytest.mark.parametrize("encode", [dumps, lambda token: dumps(token).encode()], ids=["str", "bytes"])
def test_msgspec_decodes_the_class(encode: Any) -> None:  # noqa: ANN401 - two functions
    """By msgspec, JSON decodes JSON straight into the class, by its annotations, and its validators run."""
    assert TOKEN == msgspec.json.decode(encode(TOKEN), type=OAuthTokenV1)
    assert TOKEN == msgspec.json.decode(
        b'{"access_token":"0e6cbbd3-cb86-4a45-9d0b-0f6a22ab9d2b","expires_in":15551999,"x":0}', type=OAuthTokenV1
    )


@pytest.mark.parametrize(
    "document",
    [
        b'{"access_token":"0e6cbbd3-cb86-1a45-9d0b-0f6a22ab9d2b","expires_in":1}',
        b'{"access_token":"0e6cbbd3-cb86-4a45-9d0b-0f6a22ab9d2b","expires_in":"1"}',
        b'{"access_token":"0e6cbbd3-cb86-4a45-9d0b-0f6a22ab9d2b","expires_in":1,"scope":"all"}',
        b'{"expires_in":1}',
    ],
)
def test_msgspec_refuses(document: bytes) -> None:
    """What msgspec refuses, by the annotations or by the validators, is msgspec's own error."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(document, type=OAuthTokenV1)
