"""Many exchanges at once: each gets its own token, and nothing is left open."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from faults.parent import run
from faults.tls import Authority
from ticktick_oauth import AuthorizationRequest, exchange_code
from ticktick_oauth.sandbox import Sandbox

USERS = 2000
THREADS = 16
ASKED_AGAIN = 50


@pytest.mark.slow
@pytest.mark.parametrize("pooled", [False, True], ids=["fresh", "pool"])
def test_2000_exchanges_from_16_threads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, pooled: bool) -> None:
    """Against the sandbox over TLS each user gets their own token; no socket stays open and memory does not grow."""
    authority = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    with Sandbox(ssl_context=authority.server()) as sandbox, ThreadPoolExecutor(THREADS) as executor:
        client = sandbox.client()

        def sign_in(number: int) -> str:
            request = AuthorizationRequest(client=client)
            return request.parse_response(sandbox.sign_in(request, user=f"user-{number}")).code

        _, result = run(
            "loaded",
            url=client.server.token_endpoint,
            client_id=client.client_id,
            client_secret=client.client_secret,
            codes=list(executor.map(sign_in, range(USERS))),
            threads=THREADS,
            pooled=str(authority.file) if pooled else None,
        )
        assert len(sandbox.requests) == USERS
        # The sandbox has one token per user, so a second sign-in shows whose token the first exchange got.
        again = [str(exchange_code(client, sign_in(number)).access_token) for number in range(ASKED_AGAIN)]
    assert again == result["tokens"][:ASKED_AGAIN]
    assert len(set(result["tokens"])) == USERS
    assert result["sockets"] == 0
    assert result["growth"] < 16 * 1024
