"""The fault matrix: what a server on loopback does to an exchange, and what comes of it. Ids are those of the rows."""

from collections.abc import Callable

import pytest
import urllib3

from faults.cases import CASES, TOKEN, Case, reply
from faults.peer import Peer
from faults.watch import Watch
from ticktick_oauth import OAuthTokenV1
from ticktick_oauth.exceptions import InvalidTokenError, TransportError


def _fresh() -> None:
    return None


# A caller's pool has no hard deadline, as the docstring says.
RUNS = [
    pytest.param(case, pool, id=f"{case}-{name}")
    for name, pool in (("fresh", _fresh), ("pool", urllib3.PoolManager))
    for case in CASES
    if name == "fresh" or not case.hard
]


@pytest.mark.parametrize(("case", "pool"), RUNS)
def test_a_row(case: Case, pool: Callable[[], urllib3.PoolManager | None], watch: Watch) -> None:
    """A server's script ends in the row's token or error, in time, with one request and no secret shown."""
    http = pool()
    with Peer(reply()) as trap, Peer(case.play, fill=lambda data: _fill(data, watch, trap)) as peer:
        outcome = watch.exchange(peer.url(), peer.asked, timeout=case.timeout, http=http)
        if http is not None:
            http.clear()
    if case.row == "N11" and type(outcome) is TransportError:
        return  # since 3.14, http.client gives up before the deadline where they come fast
    assert (case.error or OAuthTokenV1) is type(outcome), outcome
    assert watch.elapsed < case.timeout + 1
    assert peer.connections == 1
    assert trap.connections == 0
    assert case.requests == peer.requests
    assert not [words for words in case.says if words not in str(outcome)], outcome
    assert not ("not read" in case.says and "not JSON" in str(outcome))
    assert dict(case.fields) == {name: getattr(outcome, name) for name in case.fields}
    assert not getattr(outcome, "code_unused", False)
    if isinstance(outcome, InvalidTokenError):
        assert outcome.body


def _fill(data: bytes, watch: Watch, trap: Peer) -> bytes:
    return watch.canaries.fill(data.replace(b"<trap>", trap.url().encode()))


def test_h24_cookies_are_not_kept(watch: Watch) -> None:
    """H24: what a Set-Cookie asks for is not sent with the next request, by a pool either."""
    with (
        Peer(reply(200, TOKEN, "Set-Cookie: a=<code>"), fill=watch.canaries.fill) as peer,
        urllib3.PoolManager() as http,
    ):
        for pool in (None, None, http, http):
            assert isinstance(watch.exchange(peer.url(), http=pool), OAuthTokenV1)
    assert peer.requests == 4
    assert b"cookie" not in peer.received.lower()
