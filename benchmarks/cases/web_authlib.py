"""Authlib's client for requests, as its documentation has it; its token, a dict, is checked by hand."""

from authlib.integrations.requests_client import OAuth2Session

from .parse_by_hand import from_mapping


def exchange(server: str) -> str:
    """Trade a code for a token over a fresh connection."""
    scope = "tasks:read tasks:write"
    with OAuth2Session("id", "Wn8-kT4q", redirect_uri="http://127.0.0.1:8080/", scope=scope) as session:
        token = from_mapping(session.fetch_token(f"{server}/oauth/token", code="Ab3xY9", timeout=10))
    return f"Bearer {token.access_token}"
