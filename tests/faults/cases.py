"""A row that one connection's script can play, and the parts that such scripts are made of."""

import ssl
from collections.abc import Callable, Mapping
from threading import Event
from typing import Any

import pytest
import urllib3
from attrs import field, frozen

from ticktick_oauth import OAuthTokenV1
from ticktick_oauth.exceptions import DeadlineExceededError, OAuthError, TokenEndpointError, TransportError

from .peer import LOOPBACK, Line, Peer, Script
from .tls import Authority
from .watch import Watch

TOKEN = b'{"access_token":"<access_token>","token_type":"bearer","expires_in":15551999}'
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
LIMIT = 64 * 1024
SOON = 0.25
POOLED = pytest.mark.parametrize("http", [None, urllib3.PoolManager()], ids=["fresh", "pool"])

Words = tuple[str, ...]
# Uses the network at an origin, with the options of `exchange_code`; the deadline counts from the event on.
Ask = Callable[[Watch, str, Event, dict[str, Any]], object]


def _exchange(watch: Watch, origin: str, asked: Event, options: dict[str, Any]) -> object:
    return watch.exchange(f"{origin}/oauth/token", asked, **options)


@frozen(kw_only=True)
class Case:
    """What a server does, and what must come of it."""

    row: str
    name: str = ""
    play: Script
    error: type[OAuthError] | None = None
    """None: a token."""
    says: Words = ()
    fields: Mapping[str, object] = field(factory=dict)
    code_unused: bool | None = False
    """What a TransportError says of the code."""
    requests: int = 1
    timeout: float = 10.0
    hard: bool = False
    """Whether it takes a connection of our own: its hard deadline, or its knowledge of what was sent."""
    tls: Callable[[Authority], ssl.SSLContext | None] | None = None
    """Makes the context of a server of https; without one, the script has the raw connection."""
    ask: Ask = _exchange

    def __str__(self) -> str:
        return f"{self.row}-{self.name}" if self.name else self.row

    def run(self, watch: Watch, authority: Authority, *, pooled: bool) -> bytes:
        """Play it, check what came of it, and return what the server got."""
        http = urllib3.PoolManager() if pooled else None
        context = self.tls(authority) if self.tls else None
        with Peer(self.play, tls=context) as peer:
            origin = f"http{'s' if self.tls else ''}://{LOOPBACK}:{peer.port}"
            peer.fill = lambda data: watch.canaries.fill(data.replace(b"<port>", str(peer.port).encode()))
            begun = peer.met if self.tls and not context else peer.asked
            outcome = self.ask(watch, origin, begun, {"http": http, "timeout": self.timeout})
            if http is not None:
                http.clear()
        assert (peer.connections, self.requests) == (1, peer.requests)
        assert watch.elapsed < self.timeout + 1
        assert self.code_unused == getattr(outcome, "code_unused", self.code_unused)
        assert getattr(outcome, "body", True)  # an InvalidTokenError's
        if self.row != "N11" or type(outcome) is not TransportError:  # where http.client gives up first, since 3.14
            assert (self.error or OAuthTokenV1) is type(outcome), outcome
            assert not [words for words in self.says if words not in str(outcome)], outcome
            assert not ("not read" in self.says and "not JSON" in str(outcome))
            assert dict(self.fields) == {name: getattr(outcome, name) for name in self.fields}
        return peer.received


def runs(cases: list[Case]) -> list[Any]:
    """Return a test's parameters: each case over a connection of its own, and by a pool, which has no hard deadline."""
    fresh = [pytest.param(case, False, id=f"{case}-fresh") for case in cases]
    return fresh + [pytest.param(case, True, id=f"{case}-pool") for case in cases if not case.hard]


def refused(
    row: str, status: int, body: bytes = b"", *headers: str, name: str = "", says: Words = (), **fields: object
) -> Case:
    """Make a row in which the endpoint refuses, and is understood."""
    return Case(
        row=row,
        name=name,
        play=reply(status, body, *headers),
        error=TokenEndpointError,
        says=(f"status {status}", *says),
        fields={"status": status, **fields},
    )


def lost(row: str, name: str, play: Script, *says: str, **options: Any) -> Case:  # noqa: ANN401 - as `Case` has them
    """Make a row in which the request was sent, and no answer can be used."""
    return Case(row=row, name=name, play=play, error=TransportError, says=(*says, "outcome unknown"), **options)


def late(row: str, name: str, play: Script, **options: Any) -> Case:  # noqa: ANN401 - as `Case` has them
    """Make a row in which the time runs out."""
    says = (f" within {SOON:g} seconds", *options.pop("says", ()))
    return Case(row=row, name=name, play=play, error=DeadlineExceededError, says=says, timeout=SOON, **options)


def reply(status: int = 200, body: bytes = b"", *headers: str) -> Script:
    """Answer one request."""

    def play(line: Line) -> None:
        line.receive_request()
        line.answer(status, body, *headers)
        line.end()

    return play


def raw(*parts: bytes) -> Script:
    """Take one request, then send the bytes as they are, then end the connection."""

    def play(line: Line) -> None:
        line.receive_request()
        for part in parts:
            line.send(part)
        line.end()

    return play


def dripped(head: bytes, rest: bytes) -> Script:
    """Take one request, then send some bytes at once and the rest one by one."""

    def play(line: Line) -> None:
        line.receive_request()
        line.send(head)
        line.drip(rest)

    return play


def endless(head: bytes, block: bytes) -> Script:
    """Take one request, then send the block again and again until the other side hangs up."""

    def play(line: Line) -> None:
        line.receive_request()
        line.send(head)
        while not line.peer.stopped.is_set():
            line.connected.sendall(block)

    return play
