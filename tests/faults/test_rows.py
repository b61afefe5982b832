"""The fault matrix: what a server on loopback does to an exchange, and what comes of it. Ids are those of the rows."""

from threading import Event
from typing import Any

import pytest
import urllib3

from faults.cases import CASES, TOKEN, Case, Pool, reply, runs
from faults.peer import Peer
from faults.watch import Watch
from ticktick_oauth import OAuthTokenV1
from ticktick_oauth.exceptions import InvalidTokenError


@pytest.mark.parametrize(("case", "pool"), runs(CASES))
def test_a_row(case: Case, pool: Pool, watch: Watch) -> None:
    """A server's script ends in the row's token or error, in time, with one request and no secret shown."""

    def call(origin: str, options: dict[str, Any], asked: Event) -> object:
        return watch.exchange(f"{origin}/oauth/token", asked, **options)

    _, outcome = case.run(pool, watch, call)
    assert not getattr(outcome, "code_unused", False)
    if isinstance(outcome, InvalidTokenError):
        assert outcome.body


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
