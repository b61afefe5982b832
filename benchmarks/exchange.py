"""``exchange``: from a code to a validated token, over loopback TLS, in a fresh and in a warm process."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .contract import EXCHANGE_CASES
from .contract import exchange_names
from .figures import Measurement
from .processes import ask
from .processes import environment
from .processes import in_turn
from .processes import measurements
from .processes import run
from .server import BUNDLE

TOKEN_PATH = "/oauth/token"


def program(case: str, url: str) -> str:
    """Return the whole of a process that makes one exchange."""
    return f"from {__package__}.cases.exchange.{case} import exchange; exchange({url!r})"


@contextmanager
def serving() -> Iterator[tuple[str, dict[str, str]]]:
    """Run the server; give its address, and the variables by which its clients trust it."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", f"{__package__}.server", folder]
        with subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True) as server:
            try:
                assert server.stdout is not None
                port = int(server.stdout.readline())
                bundle = str(Path(folder, BUNDLE))
                yield f"https://127.0.0.1:{port}", {"SSL_CERT_FILE": bundle, "REQUESTS_CA_BUNDLE": bundle}
            finally:
                server.kill()


def exchange(rounds: int) -> list[Measurement]:
    """Time exchanges, whole processes first."""
    names = exchange_names(EXCHANGE_CASES)
    with serving() as (address, trust):
        url = f"{address}{TOKEN_PATH}"
        answers = {case: ask("answer", case, url, **trust) for case in EXCHANGE_CASES}
        if len({str(answer) for answer in answers.values()}) != 1:
            raise SystemExit(f"the competitors do not agree on the token: {answers}")

        def measure(case: str) -> dict[str, float]:
            return {"exchange: cold": 1e3 * run(program(case, url), **trust).seconds}

        values = in_turn(EXCHANGE_CASES, rounds, measure)
        warm_rounds = max(1, rounds // 2)
        values |= in_turn(EXCHANGE_CASES, warm_rounds, lambda case: ask("exchange", case, url, **trust), warmups=0)
        overshoot = ask("overshoot", f"{address}/drip", **trust)
    values["deadline of 1 s on a server that drips"] = {"ours": [overshoot]}
    return measurements(values, lambda work: "s" if "deadline" in work else "ms", names)
