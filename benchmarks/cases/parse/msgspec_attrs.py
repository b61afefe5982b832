"""This package's class, made by msgspec, which knows attrs and runs its validators."""

from collections.abc import Mapping

from msgspec import convert
from msgspec.json import Decoder

from ticktick_oauth import OAuthTokenV1

NAME = "msgspec to our class"
REFUSALS = (ValueError, TypeError)


def from_mapping(mapping: Mapping[str, object]) -> OAuthTokenV1:
    """Make a token of a parsed document."""
    return convert(mapping, OAuthTokenV1)


_DECODER = Decoder(OAuthTokenV1)
from_bytes = _DECODER.decode
from_str = _DECODER.decode
