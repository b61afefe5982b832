"""What a program sends without a library: the address for the person's browser, and the form of an exchange."""

import ssl
from functools import cache
from urllib.parse import quote, urlencode

ID, SECRET = "id", "Wn8-kT4q"
REDIRECT_URI = "http://127.0.0.1:8080/"
SCOPE = "tasks:read tasks:write"
FORM = {"grant_type": "authorization_code", "code": "Ab3xY9", "redirect_uri": REDIRECT_URI, "scope": SCOPE}

# One for all connections: this package keeps its own, and a good program does so too.
context = cache(ssl.create_default_context)


def start(server: str) -> str:
    """Return the address that the person's browser is sent to."""
    from secrets import token_urlsafe

    query = {"response_type": "code", "client_id": ID, "redirect_uri": REDIRECT_URI, "scope": SCOPE}
    query["state"] = token_urlsafe(32)
    return f"{server}/oauth/authorize?{urlencode(query, quote_via=quote)}"
