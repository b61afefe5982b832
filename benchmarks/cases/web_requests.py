"""requests, and a bare pydantic model."""

import requests

from .parse_pydantic import OAuthTokenV1
from .request import FORM, ID, SECRET, start

__all__ = ["exchange", "start"]


def exchange(server: str) -> str:
    """Trade a code for a token over a fresh connection."""
    accept = {"Accept": "application/json"}
    response = requests.post(f"{server}/oauth/token", data=FORM, auth=(ID, SECRET), headers=accept, timeout=10)
    response.raise_for_status()
    return f"Bearer {OAuthTokenV1.model_validate_json(response.content).access_token}"
