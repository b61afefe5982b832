"""requests-oauthlib, as its documentation has it; its token, a dict, is checked by hand."""

from requests_oauthlib import OAuth2Session

from .parse_by_hand import from_mapping


def exchange(server: str) -> str:
    """Trade a code for a token over a fresh connection."""
    scope = ["tasks:read", "tasks:write"]
    with OAuth2Session("id", redirect_uri="http://127.0.0.1:8080/", scope=scope) as session:
        fetched = session.fetch_token(f"{server}/oauth/token", code="Ab3xY9", client_secret="Wn8-kT4q", timeout=10)
    return f"Bearer {from_mapping({**fetched, 'scope': ' '.join(fetched['scope'])}).access_token}"
