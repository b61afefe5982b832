"""What pyticktick's `Settings.v1_signon` does once it has the code; it asks a person for that, so it is not called."""

from typing import cast

import httpx
from pydantic import HttpUrl
from pyticktick.models.v1.parameters.oauth import OAuthTokenURLV1
from pyticktick.models.v1.responses.oauth import OAuthTokenV1


def exchange(server: str) -> str:
    """Trade a code for a token over a fresh connection."""
    token_url = OAuthTokenURLV1(
        client_id="id",
        client_secret="Wn8-kT4q",
        code="Ab3xY9",
        oauth_redirect_url=HttpUrl("http://127.0.0.1:8080/"),
        base_url=HttpUrl(f"{server}/oauth/token"),
    ).model_dump()
    response = httpx.post(cast("str", token_url), timeout=10)
    response.raise_for_status()
    return f"Bearer {OAuthTokenV1.model_validate(response.json()).access_token}"
