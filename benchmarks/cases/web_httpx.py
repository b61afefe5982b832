"""httpx, and a bare pydantic model."""

from collections.abc import Callable
from secrets import token_urlsafe
from typing import Any
from urllib.parse import quote
from urllib.parse import urlencode

import httpx

from .parse_pydantic import OAuthTokenV1

_REDIRECT_URI = "http://127.0.0.1:8080/"
_SCOPE = "tasks:read tasks:write"
_REQUEST: dict[str, Any] = {
    "data": {
        "grant_type": "authorization_code",
        "code": "Ab3xY9",
        "redirect_uri": _REDIRECT_URI,
        "scope": _SCOPE,
    },
    "auth": ("id", "Wn8-kT4q"),
    "headers": {"Accept": "application/json"},
    "timeout": 10,
}


def start(server: str) -> str:
    """Return the address that the person's browser is sent to."""
    query = {
        "response_type": "code",
        "client_id": "id",
        "redirect_uri": _REDIRECT_URI,
        "scope": _SCOPE,
        "state": token_urlsafe(32),
    }
    return f"{server}/oauth/authorize?{urlencode(query, quote_via=quote)}"


def _header(response: httpx.Response) -> str:
    return f"Bearer {OAuthTokenV1.model_validate_json(response.raise_for_status().content).access_token}"


def exchange(server: str) -> str:
    """Trade a code for a token over a fresh connection."""
    return _header(httpx.post(f"{server}/oauth/token", **_REQUEST))


def kept(server: str) -> Callable[[], str]:
    """Return a function that trades a code over a connection that is kept."""
    client = httpx.Client()
    return lambda: _header(client.post(f"{server}/oauth/token", **_REQUEST))
