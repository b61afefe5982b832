"""Many exchanges at once: each gets its own token, and nothing is left open."""

import gc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import urllib3

from faults.issuer import issuing
from faults.peer import Peer
from faults.tls import Authority
from ticktick_oauth import AuthorizationServer
from ticktick_oauth import Client
from ticktick_oauth import exchange_code

EXCHANGES = 2000
THREADS = 16


def _open_files() -> int:
    gc.collect()
    return sum(Path(f"/proc/self/fd/{number}").exists() for number in range(1024))


def _peak() -> int:
    resource = pytest.importorskip("resource", reason="Windows does not count memory in this way")
    return int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


@pytest.mark.slow
@pytest.mark.parametrize("pooled", [False, True], ids=["fresh", "pool"])
def test_2000_exchanges_from_16_threads(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    pooled: bool,
) -> None:
    """Over TLS, each code gets the token that was issued for it; no socket stays open and memory does not grow."""
    authority = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    issued: dict[str, str] = {}
    http = urllib3.PoolManager(maxsize=THREADS, ca_certs=str(authority.file)) if pooled else None
    with Peer(issuing(issued), tls=authority.server()) as peer:
        url = peer.url()
        server = AuthorizationServer(issuer=url, authorization_endpoint=url, token_endpoint=url)

        def exchange(number: int) -> str:
            client = Client(client_id=f"user-{number}", client_secret="secret", server=server)
            return str(exchange_code(client, f"code-{number}", http=http, timeout=60).access_token)

        with ThreadPoolExecutor(THREADS) as executor:
            tokens = list(executor.map(exchange, range(200)))
            files, peak = _open_files(), _peak()
            tokens += executor.map(exchange, range(200, EXCHANGES))
            assert _open_files() <= files + THREADS
        assert _peak() - peak < 32 * 1024
        if http is not None:
            http.clear()
    assert [issued[f"code-{number}"] for number in range(EXCHANGES)] == tokens
    assert len(set(tokens)) == EXCHANGES
    assert peer.requests == EXCHANGES
    assert peer.connections == EXCHANGES if http is None else peer.connections <= THREADS
