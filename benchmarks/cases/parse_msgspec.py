"""A msgspec Struct: compiled, and checked while it parses."""

from collections.abc import Mapping
from typing import Literal
from uuid import UUID

from msgspec import Struct, ValidationError, convert
from msgspec.json import Decoder

# UnicodeDecodeError, for which msgspec has no class of its own, is a ValueError, as its own errors are.
REFUSALS = (ValueError,)


class OAuthTokenV1(Struct, frozen=True, kw_only=True):
    """The response of the token endpoint."""

    access_token: UUID
    expires_in: int
    token_type: Literal["bearer"] = "bearer"
    scope: Literal["tasks:read tasks:write"] = "tasks:read tasks:write"

    def __post_init__(self) -> None:
        """Check what msgspec cannot: the version, which is None where the variant is another."""
        if self.access_token.version != 4:
            raise ValidationError("access_token: expected a UUID of version 4")


def from_mapping(mapping: Mapping[str, object]) -> OAuthTokenV1:
    """Make a token of a parsed document."""
    return convert(mapping, OAuthTokenV1)


from_bytes = Decoder(OAuthTokenV1).decode
