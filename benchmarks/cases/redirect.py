"""The address for the person's browser, as a program makes it that has no library for it."""

from secrets import token_urlsafe
from urllib.parse import quote, urlencode

REDIRECT_URI = "http://127.0.0.1:8080/"
SCOPE = "tasks:read tasks:write"


def start(server: str) -> str:
    """Return the address that the person's browser is sent to."""
    query = {
        "response_type": "code",
        "client_id": "id",
        "redirect_uri": REDIRECT_URI,
        "scope": SCOPE,
        "state": token_urlsafe(32),
    }
    return f"{server}/oauth/authorize?{urlencode(query, quote_via=quote)}"
