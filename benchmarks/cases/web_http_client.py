"""http.client, and the parsing by hand: the standard library alone."""

from base64 import b64encode
from collections.abc import Callable
from http.client import HTTPSConnection
from urllib.parse import urlencode

from .parse_by_hand import from_bytes
from .request import FORM, ID, SECRET, context

_HEADERS = {
    "Accept": "application/json",
    "Authorization": f"Basic {b64encode(f'{ID}:{SECRET}'.encode()).decode()}",
    "Content-Type": "application/x-www-form-urlencoded",
}


def kept(server: str) -> Callable[[], str]:
    """Return a function that trades a code over a connection that is kept."""
    connection = HTTPSConnection(server.removeprefix("https://"), timeout=10, context=context())

    def post() -> str:
        connection.request("POST", "/oauth/token", urlencode(FORM), _HEADERS)
        with connection.getresponse() as response:
            if response.status != 200:
                raise ValueError(response.status)
            return f"Bearer {from_bytes(response.read()).access_token}"

    return post


def exchange(server: str) -> str:
    """Trade a code for a token over a fresh connection."""
    return kept(server)()
