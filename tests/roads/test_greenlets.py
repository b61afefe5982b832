"""Embedded in gevent and eventlet, which replace Python's sockets, threads and locks, early or late."""

import sys
from importlib.util import find_spec
from pathlib import Path
from threading import Barrier

import pytest

from faults.peer import Peer
from faults.tls import Authority
from processes import LATE, TAKE_ORDERS, orders, run
from roads.echoing import SECRET, client_of, echoing

MANY = 12
PATCH = {
    "gevent": "from gevent import monkey\nmonkey.patch_all()\nfrom gevent.pool import Pool\n",
    "eventlet": "import eventlet\neventlet.monkey_patch()\nfrom eventlet import GreenPool as Pool\n",
}
# As with `gunicorn --preload`: the program is loaded before the worker patches, and here has tried an exchange, too.
BEFORE = """
from attrs import evolve
from ticktick_oauth import exchange_code
from ticktick_oauth.exceptions import TransportError
nobody = evolve(client.server, token_endpoint="https://127.0.0.1:1/")
try:
    exchange_code(evolve(client, server=nobody), "a-code")
except TransportError as error:
    assert error.code_unused
"""
EXCHANGES = """
import logging
from ticktick_oauth import exchange_code
logging.basicConfig(level=logging.DEBUG, format="%(name)s %(message)s")
begun = []

def exchange(code):
    begun.append(code)
    return exchange_code(client, code, timeout=60).expires_in

def log_among_them(_):
    # The others have begun and none has ended: the server answers when all have asked.
    logging.getLogger("urllib3.connection").warning("of another greenlet, when %d had begun", len(begun))

pool = Pool(len(codes) + 1)
results = [pool.spawn(exchange, code) for code in codes[1:]]
pool.spawn(log_among_them, None)
results.append(pool.spawn(exchange, codes[0]))
print(sorted(result.SUFFIX() for result in results))
"""


@pytest.mark.slow
@pytest.mark.parametrize("late", [False, True], ids=["early", "late"])
@pytest.mark.parametrize("library", ["gevent", "eventlet"])
def test_exchanges_of_many_greenlets_at_once(
    library: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, late: bool
) -> None:
    """Twelve are under way over TLS at the same time; each gets its token, none logs its request, all others log."""
    if find_spec(library) is None:
        pytest.skip("needs the dependency group roads")
    authority = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    start = TAKE_ORDERS + BEFORE + PATCH[library] if late else PATCH[library] + TAKE_ORDERS
    program = f"{start}{EXCHANGES.replace('SUFFIX', 'get' if library == 'gevent' else 'wait')}"
    together = Barrier(MANY, timeout=LATE)
    with Peer(echoing(together.wait), tls=authority.server()) as peer:
        codes = [f"precious-{number}" for number in range(MANY)]
        finished = run(sys.executable, "-W", "ignore", "-c", program, stdin=orders(client_of(peer.url()), *codes))
    assert f"{[15551999] * MANY}\n" == finished.stdout, finished.stderr
    assert MANY == peer.requests
    assert f"urllib3.connection of another greenlet, when {MANY - 1} had begun\n" in finished.stderr
    assert [] == [word for word in ("no-colon", "precious", SECRET) if word in finished.stderr]
