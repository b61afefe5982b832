"""requests_oauth2client, as its documentation has it; the token's values checked by hand."""

from collections.abc import Callable
from uuid import UUID

from requests_oauth2client import ClientSecretBasic
from requests_oauth2client import OAuth2Client

from benchmarks.cases.parse.by_hand import from_mapping
from benchmarks.documents import CODE
from benchmarks.documents import SECRET

NAME = "requests_oauth2client"


def _client(url: str) -> OAuth2Client:
    return OAuth2Client(
        token_endpoint=url,
        auth=ClientSecretBasic("id", SECRET),
        redirect_uri="http://127.0.0.1:8080/",
    )


def fetch(url: str, _timeout: float) -> object:
    """Get what the library gives: it offers no timeout."""
    return _client(url).authorization_code(CODE, validate=False)


def _fetch(client: OAuth2Client) -> tuple[UUID, int]:
    fetched = client.authorization_code(CODE, validate=False, scope="tasks:read tasks:write")
    token = from_mapping(fetched.as_dict())
    return token.access_token, token.expires_in


def exchange(url: str) -> tuple[UUID, int]:
    """Trade a code for a token."""
    return _fetch(_client(url))


def kept(url: str) -> Callable[[], tuple[UUID, int]]:
    """Keep a client, which keeps a session."""
    client = _client(url)
    return lambda: _fetch(client)
