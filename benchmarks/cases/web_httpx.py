"""httpx, and a bare pydantic model."""

from collections.abc import Callable
from typing import Any

import httpx

from .parse_pydantic import OAuthTokenV1
from .request import FORM, ID, SECRET, context, start

__all__ = ["exchange", "kept", "start"]

_REQUEST: dict[str, Any] = {
    "data": FORM,
    "auth": (ID, SECRET),
    "headers": {"Accept": "application/json"},
    "timeout": 10,
}


def _header(response: httpx.Response) -> str:
    return f"Bearer {OAuthTokenV1.model_validate_json(response.raise_for_status().content).access_token}"


def exchange(server: str) -> str:
    """Trade a code for a token over a fresh connection."""
    return _header(httpx.post(f"{server}/oauth/token", verify=context(), **_REQUEST))


def kept(server: str) -> Callable[[], str]:
    """Return a function that trades a code over a connection that is kept."""
    client = httpx.Client(verify=context())
    return lambda: _header(client.post(f"{server}/oauth/token", **_REQUEST))
