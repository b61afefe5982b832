"""The commands that stay on this machine, `demo` and `sandbox`."""

import re
import signal
import subprocess
import sys
import textwrap
from typing import Any

import pytest
import urllib3

from cli.conftest import Run
from person import LATE
from ticktick_oauth import AuthorizationRequest
from ticktick_oauth import AuthorizationServer
from ticktick_oauth import Client
from ticktick_oauth import exchange_code
from ticktick_oauth.sandbox import Sandbox


def test_demo_shows_each_step_without_secrets(run: Run) -> None:
    """The demo prints the three steps, an expiry as a date, and a refused document with its problems."""
    code, out, err = run("demo")
    assert (0, "") == (code, err)
    assert re.search(r"state=\[redacted\]$", out, re.MULTILINE)
    assert re.search(r"^   http://127\.0\.0\.1:8080/\?code=\[redacted\]&state=\[redacted\]$", out, re.MULTILINE)
    assert re.search(r"^   It expires on \d{4}-\d\d-\d\d at \d\d:\d\d UTC, in 179 days\.$", out, re.MULTILINE)
    assert re.search(r"^   access_token: expected a UUID of version 4, ", out, re.MULTILINE)
    assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-4", out)


def test_a_port_in_use_is_exit_2(sandbox: Sandbox, run: Run) -> None:
    """A port that is taken is named."""
    port = sandbox.server.issuer.rpartition(":")[2]
    code, out, err = run("sandbox", "--port", port)
    assert (2, "", True) == (code, out, err.startswith(f"ticktick-oauth: cannot listen on port {port} of 127.0.0.1: "))


def test_sandbox_prints_how_to_sign_in_at_it(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    """The command for another terminal, and the client for a program, are of the server that listens."""

    class Interrupted:
        def wait(self) -> None:
            raise KeyboardInterrupt

    monkeypatch.setattr("ticktick_oauth._cli.rehearsal.Event", Interrupted)
    code, out, err = run("sandbox")
    assert (130, "ticktick-oauth: interrupted\n") == (code, err)
    found = dict(re.findall(r"^  (client id|client secret|redirect URI) +(\S+)$", out, re.MULTILINE))
    assert found["redirect URI"] == "http://127.0.0.1:8080/"
    assert f"TICKTICK_CLIENT_SECRET={found['client secret']} ticktick-oauth login" in out
    assert f'client_id="{found["client id"]}"' in out


def test_sandbox_serves_until_it_is_interrupted() -> None:
    """What it prints is enough to sign in at it, and Ctrl-C ends it without a traceback."""
    command = [sys.executable, "-m", "ticktick_oauth", "sandbox", "--redirect-uri", "http://127.0.0.1:9090/"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        text = "".join(iter(process.stdout.readline, "  token = exchange_code(client, code)\n"))
        program = textwrap.dedent(text.partition("In a program:\n")[2])
        namespace: dict[str, Any] = {"Client": Client, "AuthorizationServer": AuthorizationServer}
        exec(program, namespace)
        client = namespace["client"]
        request = AuthorizationRequest(client=client)
        redirect = urllib3.request("GET", request.uri, redirect=False).headers["Location"]
        assert redirect.startswith("http://127.0.0.1:9090/?code=")
        assert exchange_code(client, request.parse_response(redirect).code).expires_in == 15551999
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=LATE)
    assert (process.returncode, err) == (130, "ticktick-oauth: interrupted\n")
