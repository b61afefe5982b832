"""Pydantic models that check the same: the token, whose it is, and whether it has expired."""

import os
from datetime import datetime, timedelta, timezone
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, HttpUrl

from .parse_pydantic import OAuthTokenV1


class Server(BaseModel):
    """The server that issued the token."""

    model_config = ConfigDict(defer_build=True)  # it is built once, as a part of the other

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


def header() -> str:
    """Return the Authorization header of the token that is kept."""
    issued = IssuedToken.model_validate_json(os.environ["TICKTICK_OAUTH_TOKEN"])
    expired = issued.issued_at + timedelta(seconds=issued.token.expires_in) <= datetime.now(timezone.utc)
    if expired or str(issued.server.issuer) != "https://ticktick.com/":
        raise ValueError("sign in first")
    return f"Bearer {issued.token.access_token}"
