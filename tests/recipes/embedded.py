"""The token as one type among a program's own, in msgspec and in a pydantic model."""

from typing import Annotated, Any

import msgspec
from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer

from ticktick_oauth import OAuthTokenV1, structure, unstructure


def decode(text: str) -> OAuthTokenV1:
    """Decode straight into the class, by msgspec's own rules for JSON."""
    return msgspec.json.decode(text, type=OAuthTokenV1)


def to_token(value: Any) -> OAuthTokenV1:
    """Validate by the package's rules."""
    return value if isinstance(value, OAuthTokenV1) else structure(value)


class Settings(BaseModel):
    """A model with a token. Without `hide_input_in_errors`, pydantic's errors show the token."""

    model_config = ConfigDict(arbitrary_types_allowed=True, hide_input_in_errors=True)
    token: Annotated[OAuthTokenV1, BeforeValidator(to_token), PlainSerializer(unstructure)]
