"""requests-oauthlib, as its documentation has it; the token's values checked by hand, since it gives a dict."""

from collections.abc import Callable
from uuid import UUID

from requests_oauthlib import OAuth2Session

from benchmarks.cases.parse.by_hand import from_mapping
from benchmarks.documents import CODE
from benchmarks.documents import SECRET

NAME = "requests-oauthlib"


def _session() -> OAuth2Session:
    return OAuth2Session("id", redirect_uri="http://127.0.0.1:8080/", scope=["tasks:read", "tasks:write"])


def fetch(url: str, timeout: float) -> object:
    """Get what the library gives."""
    return _session().fetch_token(url, code=CODE, client_secret=SECRET, timeout=timeout)


def _fetch(session: OAuth2Session, url: str) -> tuple[UUID, int]:
    fetched = session.fetch_token(url, code=CODE, client_secret=SECRET, timeout=10)
    token = from_mapping({**fetched, "scope": " ".join(fetched["scope"])})
    return token.access_token, token.expires_in


def exchange(url: str) -> tuple[UUID, int]:
    """Trade a code for a token."""
    with _session() as session:
        return _fetch(session, url)


def kept(url: str) -> Callable[[], tuple[UUID, int]]:
    """Keep a session."""
    session = _session()
    return lambda: _fetch(session, url)
