"""The standard library alone: json.loads, uuid.UUID and a frozen dataclass that checks what the class promises."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

REFUSALS = (ValueError, KeyError, TypeError, AttributeError)


@dataclass(frozen=True, slots=True)
class Token:
    """The response of the token endpoint."""

    access_token: UUID
    expires_in: int
    token_type: str = "bearer"
    scope: str = "tasks:read tasks:write"

    def __post_init__(self) -> None:
        """Check the values."""
        if self.access_token.version != 4:  # None where the variant is another
            raise ValueError("access_token: expected a UUID of version 4")
        if type(self.expires_in) is not int:
            raise TypeError("expires_in: expected an integer")
        if self.token_type != "bearer":
            raise ValueError("token_type: expected 'bearer'")
        if self.scope != "tasks:read tasks:write":
            raise ValueError("scope: expected 'tasks:read tasks:write'")


def from_mapping(mapping: Mapping[str, Any]) -> Token:
    """Make a token of a parsed document."""
    return Token(
        access_token=UUID(mapping["access_token"]),
        expires_in=mapping["expires_in"],
        token_type=mapping.get("token_type", "bearer"),
        scope=mapping.get("scope", "tasks:read tasks:write"),
    )


def from_bytes(data: bytes) -> Token:
    """Make a token of a document."""
    return from_mapping(json.loads(data))
