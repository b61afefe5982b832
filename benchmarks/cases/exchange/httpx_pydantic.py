"""httpx, and a bare pydantic model."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import httpx

from benchmarks.cases.parse.pydantic_model import OAuthTokenV1
from benchmarks.documents import CODE
from benchmarks.documents import SECRET

NAME = "httpx + pydantic"
_REQUEST: dict[str, Any] = {
    "data": {
        "grant_type": "authorization_code",
        "code": CODE,
        "redirect_uri": "http://127.0.0.1:8080/",
        "scope": "tasks:read tasks:write",
    },
    "auth": ("id", SECRET),
    "headers": {"Accept": "application/json"},
}


def _token(response: httpx.Response) -> tuple[UUID, int]:
    token = OAuthTokenV1.model_validate_json(response.raise_for_status().content)
    return token.access_token, token.expires_in


def exchange(url: str) -> tuple[UUID, int]:
    """Trade a code for a token."""
    return _token(httpx.post(url, timeout=10, **_REQUEST))


def kept(url: str) -> Callable[[], tuple[UUID, int]]:
    """Keep a client."""
    client = httpx.Client(timeout=10)
    return lambda: _token(client.post(url, **_REQUEST))
