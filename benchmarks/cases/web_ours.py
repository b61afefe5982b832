"""This package."""

from collections.abc import Callable

from ticktick_oauth import AuthorizationServer, Client, exchange_code


def _client(server: str) -> Client:
    return Client(
        client_id="id",
        client_secret="Wn8-kT4q",
        server=AuthorizationServer(
            issuer=server,
            authorization_endpoint=f"{server}/oauth/authorize",
            token_endpoint=f"{server}/oauth/token",
        ),
    )


def start(server: str) -> str:
    """Return the address that the person's browser is sent to."""
    from ticktick_oauth import AuthorizationRequest

    return AuthorizationRequest(client=_client(server)).uri


def exchange(server: str) -> str:
    """Trade a code for a token over a fresh connection."""
    return exchange_code(_client(server), "Ab3xY9").authorization_header()


def kept(server: str) -> Callable[[], str]:
    """Return a function that trades a code over a connection that is kept."""
    from urllib3 import PoolManager

    client, http = _client(server), PoolManager()
    return lambda: exchange_code(client, "Ab3xY9", http=http).authorization_header()
