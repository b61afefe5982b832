"""requests, and a bare pydantic model."""

import requests

from .parse_pydantic import OAuthTokenV1
from .redirect import REDIRECT_URI, SCOPE, start

__all__ = ["exchange", "start"]


def exchange(server: str) -> str:
    """Trade a code for a token over a fresh connection."""
    response = requests.post(
        f"{server}/oauth/token",
        data={
            "grant_type": "authorization_code",
            "code": "Ab3xY9",
            "redirect_uri": REDIRECT_URI,
            "scope": SCOPE,
        },
        auth=("id", "Wn8-kT4q"),
        headers={"Accept": "application/json"},
        timeout=10,
    )
    response.raise_for_status()
    return f"Bearer {OAuthTokenV1.model_validate_json(response.content).access_token}"
