"""Run programs in processes of their own, and hand a client and its codes to them."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from ticktick_oauth import Client

# Seconds for a program on a busy machine.
LATE = 120.0

# What a program starts with that is handed a client and its codes by `orders`.
TAKE_ORDERS = """
import json
import sys

from ticktick_oauth import AuthorizationServer, Client

orders = json.loads(sys.stdin.readline())
codes = orders.pop("codes")
client = Client(**{**orders, "server": AuthorizationServer(**orders["server"])})
"""


def orders(client: Client, *codes: str) -> str:
    """Return the line from which `TAKE_ORDERS` makes the client again."""
    server = client.server
    addresses = {
        "issuer": server.issuer,
        "authorization_endpoint": server.authorization_endpoint,
        "token_endpoint": server.token_endpoint,
    }
    words = {"client_id": client.client_id, "client_secret": client.client_secret}
    return json.dumps({**words, "redirect_uri": client.redirect_uri, "server": addresses, "codes": codes}) + "\n"


def run(
    *command: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, with what it prints."""
    return subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env=None if env is None else dict(env),
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=LATE,
    )


def run_program(program: str, *, cwd: Path | None = None, env: Mapping[str, str] | None = None, stdin: str = "") -> str:
    """Run a Python program, which must succeed, and return what it prints; its standard error stays empty."""
    finished = run(sys.executable, "-c", program, cwd=cwd, env=env, stdin=stdin)
    assert "" == finished.stderr
    assert 0 == finished.returncode
    return finished.stdout
