"""Pydantic models that check the same: the token, its server, and the moment it was issued."""

import os
from typing import Literal

from pydantic import AwareDatetime, BaseModel, HttpUrl

from .parse_pydantic import OAuthTokenV1


class Server(BaseModel):
    """The server that issued the token."""

    issuer: HttpUrl
    authorization_endpoint: HttpUrl
    token_endpoint: HttpUrl
    registration_endpoint: HttpUrl | None = None


class IssuedToken(BaseModel):
    """A token with the moment it was issued."""

    version: Literal[1]
    issued_at: AwareDatetime
    server: Server
    token: OAuthTokenV1


def header(variable: str) -> str:
    """Return the Authorization header of the token that a variable keeps."""
    return f"Bearer {IssuedToken.model_validate_json(os.environ[variable]).token.access_token}"
