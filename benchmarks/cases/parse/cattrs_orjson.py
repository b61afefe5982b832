"""This package's hooks on cattrs' converter for orjson."""

from collections.abc import Mapping

from cattrs.preconf.orjson import make_converter

from ticktick_oauth import OAuthTokenV1
from ticktick_oauth import configure_converter

NAME = "our hooks on cattrs' orjson"
REFUSALS = (ValueError,)

_CONVERTER = make_converter()
configure_converter(_CONVERTER)


def from_bytes(data: bytes) -> OAuthTokenV1:
    """Make a token of a document."""
    return _CONVERTER.loads(data, OAuthTokenV1)


def from_str(data: str) -> OAuthTokenV1:
    """Make a token of a document."""
    return _CONVERTER.loads(data, OAuthTokenV1)


def from_mapping(mapping: Mapping[str, object]) -> OAuthTokenV1:
    """Make a token of a parsed document."""
    return _CONVERTER.structure(mapping, OAuthTokenV1)
