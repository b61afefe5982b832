"""A pydantic dataclass, by way of a TypeAdapter."""

from typing import Literal

from pydantic import UUID4
from pydantic import TypeAdapter
from pydantic import ValidationError
from pydantic.dataclasses import dataclass

NAME = "pydantic dataclass"
REFUSALS = (ValidationError,)


@dataclass(frozen=True, kw_only=True)
class OAuthTokenV1:
    """The response of the token endpoint."""

    access_token: UUID4
    expires_in: int
    token_type: Literal["bearer"] = "bearer"
    scope: Literal["tasks:read tasks:write"] = "tasks:read tasks:write"


_ADAPTER = TypeAdapter(OAuthTokenV1)
from_bytes = _ADAPTER.validate_json
from_str = _ADAPTER.validate_json
from_mapping = _ADAPTER.validate_python
