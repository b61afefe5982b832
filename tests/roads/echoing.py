"""A token endpoint that repeats each request in a header that is not one, which urllib3 quotes in its log."""

from collections.abc import Callable

from faults.peer import Line, Script
from ticktick_oauth import AuthorizationServer, Client

BODY = b'{"access_token":"3fa85f64-5717-4562-b3fc-2c963f66afa6","expires_in":15551999}'
SECRET = "precious-secret"


def echoing(before: Callable[[], object] = lambda: None) -> Script:
    """Answer one request with a token, behind a line that has all of it."""

    def play(line: Line) -> None:
        line.receive_request()
        before()
        repeated = bytes(line.received).replace(b"\r\n", b" ")
        line.send(b"HTTP/1.1 200 OK\r\nno-colon %s\r\nConnection: close\r\n\r\n%s" % (repeated, BODY))
        line.end()

    return play


def client_of(url: str) -> Client:
    """Return a client of the token endpoint at an address."""
    server = AuthorizationServer(issuer=url, authorization_endpoint=url, token_endpoint=url)
    return Client(client_id="id", client_secret=SECRET, server=server)
