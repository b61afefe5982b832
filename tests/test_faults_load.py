"""Many exchanges at once: each gets its own token, and nothing is left open."""

from pathlib import Path

import pytest

from faults.issuer import issuing
from faults.parent import run
from faults.peer import Peer
from faults.tls import Authority

EXCHANGES = 2000
THREADS = 16


@pytest.mark.slow
@pytest.mark.parametrize("pooled", [False, True], ids=["fresh", "pool"])
def test_2000_exchanges_from_16_threads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, pooled: bool) -> None:
    """Over TLS, each code gets the token that was issued for it; no socket stays open and memory does not grow."""
    authority = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    issued: dict[str, str] = {}
    codes = [f"code-{number}" for number in range(EXCHANGES)]
    with Peer(issuing(issued), tls=authority.server()) as peer:
        options = {"threads": THREADS, "pooled": str(authority.file) if pooled else None}
        _, result = run("loaded", url=peer.url(), client_secret="secret", codes=codes, **options)
    assert [issued[code] for code in codes] == result["tokens"]
    assert len(set(result["tokens"])) == EXCHANGES
    assert result["sockets"] == 0
    assert result["growth"] < 16 * 1024
    assert peer.requests == EXCHANGES
    assert peer.connections <= THREADS if pooled else peer.connections == EXCHANGES
