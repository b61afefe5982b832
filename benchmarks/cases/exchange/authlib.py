"""Authlib's client for requests, as its documentation has it; the token's values checked by hand: it gives a dict."""

from collections.abc import Callable
from uuid import UUID

from authlib.integrations.requests_client import OAuth2Session

from benchmarks.cases.parse.by_hand import from_mapping
from benchmarks.documents import CODE
from benchmarks.documents import SECRET

NAME = "Authlib"


def _session() -> OAuth2Session:
    return OAuth2Session("id", SECRET, redirect_uri="http://127.0.0.1:8080/", scope="tasks:read tasks:write")


def fetch(url: str, timeout: float) -> object:
    """Get what the library gives."""
    return _session().fetch_token(url, code=CODE, timeout=timeout)


def _fetch(session: OAuth2Session, url: str) -> tuple[UUID, int]:
    token = from_mapping(session.fetch_token(url, code=CODE, timeout=10))
    return token.access_token, token.expires_in


def exchange(url: str) -> tuple[UUID, int]:
    """Trade a code for a token."""
    with _session() as session:
        return _fetch(session, url)


def kept(url: str) -> Callable[[], tuple[UUID, int]]:
    """Keep a session."""
    session = _session()
    return lambda: _fetch(session, url)
