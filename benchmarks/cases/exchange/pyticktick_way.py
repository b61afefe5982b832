"""What pyticktick's `Settings.v1_signon` does once it has the code; it asks a person for that, so it is not called."""

from collections.abc import Callable
from typing import cast
from uuid import UUID

import httpx
from pydantic import HttpUrl
from pyticktick.models.v1.parameters.oauth import OAuthTokenURLV1
from pyticktick.models.v1.responses.oauth import OAuthTokenV1

from benchmarks.documents import CODE
from benchmarks.documents import SECRET

NAME = "pyticktick's way"


def exchange(url: str) -> tuple[UUID, int]:
    """Trade a code for a token."""
    token_url = OAuthTokenURLV1(
        client_id="id",
        client_secret=SECRET,
        code=CODE,
        oauth_redirect_url=HttpUrl("http://127.0.0.1:8080/"),
        base_url=HttpUrl(url),
    ).model_dump()
    response = httpx.post(cast("str", token_url), timeout=10)
    response.raise_for_status()
    token = OAuthTokenV1.model_validate(response.json())
    return token.access_token, token.expires_in


def kept(url: str) -> Callable[[], tuple[UUID, int]]:
    """Do the same: it keeps no connection."""
    return lambda: exchange(url)
