"""Define the access token (RFC 6749 section 5.1, RFC 6750)."""

# No `from __future__ import annotations` here: the fields' types stay objects, for the JSON schema and for msgspec.
from typing import Any, Literal
from uuid import UUID

from attrs import Attribute, field, frozen

from .._checks import check_type

TOKEN_TYPE: Literal["bearer"] = "bearer"  # noqa: S105 - a kind, not a password
SCOPE: Literal["tasks:read tasks:write"] = "tasks:read tasks:write"

# RFC 9562 section 4: the version stands in bits 48 to 51 and the variant in bits 64 and 65, from the left.
# `UUID.version` says the same, at four times the price.
_UUID4_MASK = 0xF000_C000_0000_0000_0000
_UUID4_BITS = 0x4000_8000_0000_0000_0000


def is_uuid4(value: UUID) -> bool:
    """Return whether a UUID is of version 4 and of the RFC's variant."""
    return value.int & _UUID4_MASK == _UUID4_BITS


def _check_access_token(_instance: object, attribute: "Attribute[UUID]", value: object) -> None:
    # `is_uuid4`, without a call: this runs for every token.
    if not isinstance(value, UUID) or value.int & _UUID4_MASK != _UUID4_BITS:
        check_type(attribute.name, value, UUID)
        raise ValueError(f"{attribute.name} must be a UUID of version 4")


def _check_expires_in(_instance: object, attribute: "Attribute[int]", value: object) -> None:
    # A bool is an int to Python; as seconds it is a mistake.
    if value.__class__ is not int and (isinstance(value, bool) or not isinstance(value, int)):
        raise TypeError(f"{attribute.name} must be of type int, not {type(value).__name__}")


def _check_token_type(_instance: object, attribute: "Attribute[Any]", value: object) -> None:
    if value != TOKEN_TYPE:
        raise ValueError(f"{attribute.name} must be {TOKEN_TYPE!r}")


def _check_scope(_instance: object, attribute: "Attribute[Any]", value: object) -> None:
    if value != SCOPE:
        raise ValueError(f"{attribute.name} must be {SCOPE!r}")


@frozen(kw_only=True)
class OAuthTokenV1:
    """The response of TickTick's token endpoint: the POST request of the third step of its OAuth2 flow.

    The zero-Pydantic twin of pyticktick's class of that name. Parse one with ``loads`` or ``structure``, which take
    what pyticktick takes and ignore other members; the constructor converts nothing, and raises a ``TypeError`` or a
    ``ValueError``. ``json_schema`` returns the JSON Schema. A token is frozen, and shows no access token in its repr.
    """

    access_token: UUID = field(
        repr=False, validator=_check_access_token, metadata={"description": "OAuth2 access token for the V1 API."}
    )
    """OAuth2 access token for the V1 API, a secret UUID of version 4."""
    expires_in: int = field(
        validator=_check_expires_in,
        metadata={
            "description": "Access token expiration time in seconds from the time of issue. Usually lasts 6 months."
        },
    )
    """Seconds from the moment of the answer until the token expires; usually some 6 months, less on a later sign-in."""
    token_type: Literal["bearer"] = field(
        default=TOKEN_TYPE, validator=_check_token_type, metadata={"description": "Fixed value 'bearer'."}
    )
    """Fixed value ``bearer``."""
    scope: Literal["tasks:read tasks:write"] = field(
        default=SCOPE,
        validator=_check_scope,
        metadata={
            "description": "Spaces-separated permissions for the generated token. The currently available scopes are "
            "'tasks:write' and 'tasks:read'. Default is 'tasks:read tasks:write'."
        },
    )
    """Fixed value ``tasks:read tasks:write``, both permissions, separated by a space."""

    def authorization_header(self) -> str:
        """Return the value of the ``Authorization`` header of an API request (RFC 6750 section 2.1): a secret."""
        return f"Bearer {self.access_token}"
