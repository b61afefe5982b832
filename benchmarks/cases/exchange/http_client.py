"""The floor: http.client and the token by hand."""

from base64 import b64encode
from collections.abc import Callable
from http.client import HTTPSConnection
from ssl import SSLContext
from ssl import create_default_context
from urllib.parse import urlencode
from urllib.parse import urlsplit
from uuid import UUID

from benchmarks.cases.parse.by_hand import from_bytes
from benchmarks.documents import CODE
from benchmarks.documents import SECRET

NAME = "http.client"
_HEADERS = {
    "Authorization": "Basic " + b64encode(f"id:{SECRET}".encode()).decode(),
    "Content-Type": "application/x-www-form-urlencoded",
    "Accept": "application/json",
}


def _post(connection: HTTPSConnection, path: str) -> tuple[UUID, int]:
    form = {
        "grant_type": "authorization_code",
        "code": CODE,
        "redirect_uri": "http://127.0.0.1:8080/",
        "scope": "tasks:read tasks:write",
    }
    connection.request("POST", path, urlencode(form), _HEADERS)
    response = connection.getresponse()
    body = response.read()
    if response.status != 200:
        raise ValueError(response.status)
    token = from_bytes(body)
    return token.access_token, token.expires_in


def _connection(url: str, context: SSLContext) -> tuple[HTTPSConnection, str]:
    parts = urlsplit(url)
    return HTTPSConnection(parts.hostname or "", parts.port, timeout=10, context=context), parts.path


def exchange(url: str) -> tuple[UUID, int]:
    """Trade a code for a token."""
    connection, path = _connection(url, create_default_context())
    try:
        return _post(connection, path)
    finally:
        connection.close()


def kept(url: str) -> Callable[[], tuple[UUID, int]]:
    """Keep a connection."""
    connection, path = _connection(url, create_default_context())
    return lambda: _post(connection, path)
