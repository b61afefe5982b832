"""This package."""

from collections.abc import Callable
from uuid import UUID

from benchmarks.documents import CODE
from benchmarks.documents import SECRET
from ticktick_oauth import AuthorizationServer
from ticktick_oauth import Client
from ticktick_oauth import exchange_code

NAME = "ticktick-oauth"


def _client(url: str) -> Client:
    server = AuthorizationServer(issuer=url, authorization_endpoint=url, token_endpoint=url)
    return Client(client_id="id", client_secret=SECRET, server=server)


def fetch(url: str, timeout: float) -> object:
    """Get what the library gives."""
    return exchange_code(_client(url), CODE, timeout=timeout)


def exchange(url: str) -> tuple[UUID, int]:
    """Trade a code for a token."""
    token = exchange_code(_client(url), CODE)
    return token.access_token, token.expires_in


def kept(url: str) -> Callable[[], tuple[UUID, int]]:
    """Keep a pool."""
    from urllib3 import PoolManager

    client, http = _client(url), PoolManager()

    def again() -> tuple[UUID, int]:
        token = exchange_code(client, CODE, http=http)
        return token.access_token, token.expires_in

    return again
