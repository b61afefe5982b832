"""Measure from a code to a validated token, over loopback TLS, in a fresh and in a warm process."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .bundles import OURS, ROOT, URLLIB3_FLOOR, Bundles, module
from .documents import UUID4
from .figures import Row, rows
from .processes import in_turn, run
from .server import BUNDLE

BY_HAND = ("urllib3 + by hand", "http.client + by hand")
COUNTED = (OURS, URLLIB3_FLOOR, "httpx + pydantic", "requests-oauthlib")
_COLD = (*COUNTED, *BY_HAND, "requests + pydantic", "Authlib", "pyticktick")
_WARM = (OURS, *BY_HAND, "httpx + pydantic")


def program(competitor: str, address: str) -> str:
    """Return the whole of a process that trades a code; it fails where it comes by another token than the others."""
    return (
        f"from {module('web', competitor)} import exchange; "
        f"assert exchange({address!r}) == 'Bearer {UUID4}', 'another token'"
    )


@contextmanager
def serving() -> Iterator[tuple[str, dict[str, str]]]:
    """Run the server; give its address, and the variables by which its clients trust it."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", f"{__package__}.server", folder]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
            try:
                assert server.stdout is not None
                port = int(server.stdout.readline())
                authorities = str(Path(folder, BUNDLE))
                trust = {"SSL_CERT_FILE": authorities, "REQUESTS_CA_BUNDLE": authorities}
                yield f"https://127.0.0.1:{port}", trust
            finally:
                server.kill()


def exchange(bundles: Bundles, rounds: int) -> list[Row]:
    """Time exchanges, whole processes first."""
    with serving() as (address, trust):

        def cold(competitor: str) -> dict[str, float]:
            environment = bundles.environment(competitor) | trust
            milliseconds, _ = run(bundles.python, program(competitor, address), environment)
            return {"exchange: cold": milliseconds}

        def warm(competitor: str) -> dict[str, float]:
            answer = bundles.ask(competitor, "exchange", module("web", competitor), address, trust=trust)
            by_connection: dict[str, float] = json.loads(answer)
            return {f"exchange: {kind} connection": each for kind, each in by_connection.items()}

        values = in_turn(_COLD, rounds, cold)
        values |= in_turn(_WARM, max(1, rounds // 2), warm, warmups=0)
    return [row for work, by_name in values.items() for row in rows(work, "ms", by_name)]
