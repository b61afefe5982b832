"""The commands that stay on this machine, `demo` and `sandbox`."""

import os
import re
import signal
import sys
import textwrap
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import Mock

import pytest

import processes
from cli.conftest import Patch, Run
from person import LATE, browse, free_port
from processes import OURS, started
from ticktick_oauth import discover_server, sign_in
from ticktick_oauth.sandbox import Sandbox

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"


DEMO = """\
A sandbox on ISSUER plays TickTick; nothing leaves this machine.

1. Metadata: the server says where its endpoints are
   authorization  ISSUER/oauth/authorize
   token          ISSUER/oauth/token
   registration   ISSUER/oauth/register

2. Registration: the program becomes a client, without a portal and without a secret
   client id      ID
   redirect URI   http://127.0.0.1:8080/

3. Authorization request: your browser opens this address, with a code challenge (PKCE)
   ISSUER/oauth/authorize?response_type=code&client_id=ID&redirect_uri=http%3A%2F%2F127.0.0.1%3A8080%2F\
&scope=tasks%3Aread%20tasks%3Awrite&state=[redacted]&code_challenge=CHALLENGE&code_challenge_method=S256

4. Redirect: you allow, and the browser is sent to
   http://127.0.0.1:8080/?code=[redacted]&state=[redacted]
   whose state is the request's own

5. Token request: POST ISSUER/oauth/token
   with the code and the code verifier answers 200, a valid token
   access_token  [redacted]
   expires_in    15551999 seconds
   token_type    bearer
   scope         tasks:read tasks:write
   It is valid until DATE (in 179 days).
"""


def test_demo_takes_the_road_without_a_portal(run: Run) -> None:
    """Metadata, registration, PKCE and exchange are shown without a secret."""
    code, out, err = run("demo")
    (issuer,) = re.findall("^A sandbox on (http://127.0.0.1:[0-9]+) plays", out)
    (client_id,) = re.findall("client id      (.+)", out)
    shown = re.sub(
        r"(code_challenge=)[\w-]{43}", r"\1CHALLENGE", out.replace(issuer, "ISSUER").replace(client_id, "ID")
    )
    shown = re.sub(r"until \d+ \w+ \d{4} ", "until DATE ", shown)
    assert (0, DEMO, "") == (code, shown, err)


def test_a_port_in_use_is_exit_2(sandbox: Sandbox, run: Run) -> None:
    """A port that is taken is named."""
    port = sandbox.server.issuer.rpartition(":")[2]
    code, out, err = run("sandbox", "--port", port)
    assert (2, "", True) == (code, out, err.startswith(f"ticktick-oauth: cannot listen on port {port} of 127.0.0.1: "))


def test_an_interrupted_sandbox(monkeypatch: Patch, run: Run) -> None:
    """It has printed its lines, and its token file's folder is gone; Windows hears Ctrl-C between two short waits."""
    waits: list[float] = []

    def interrupt(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) > 1:
            raise KeyboardInterrupt

    monkeypatch.setattr("ticktick_oauth._cli.rehearsal.time", Mock(sleep=interrupt))
    code, out, err = run("sandbox")
    assert (130, "ticktick-oauth: interrupted\n", True) == (code, err, 0 < max(waits) <= 1)
    (file,) = {Path(name) for name in re.findall(r"--token-file (\S+)$", out, re.MULTILINE)}
    assert not file.parent.exists()


class Served(NamedTuple):
    """A sandbox that is served by its command, what it printed, and what a terminal beside it has."""

    text: str
    environment: dict[str, str]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """Serve a sandbox by its command, beside a browser that allows; SIGTERM ends it, and nothing is left."""
    wrapper = tmp_path / "ticktick-oauth"
    wrapper.write_text(f'#!/bin/sh\nexec {sys.executable} -m ticktick_oauth "$@"\n')
    wrapper.chmod(0o755)
    visit = "import sys, urllib.request as r; r.build_opener(r.ProxyHandler({})).open(sys.argv[1]).read()"
    (tmp_path / "browser.py").write_text(visit)
    home = tmp_path / "home"
    home.mkdir()
    environment = {
        **OURS,
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "HOME": str(home),
        "TMPDIR": str(home),
        "BROWSER": f"{sys.executable} {tmp_path}/browser.py %s",
    }
    command = ["ticktick-oauth", "sandbox", "--redirect-uri", f"http://127.0.0.1:{free_port()}/"]
    with started(command, environment) as process:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        text = ""
        while "--client-id=" not in text:
            text += next(lines)
        yield Served(text, environment)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=LATE)
    assert (143, "ticktick-oauth: terminated\n") == (process.returncode, err)
    assert [] == list(home.iterdir())


def test_what_it_prints_signs_in(served: Served) -> None:
    """Each command is pasted into a terminal, and a token is kept in a file of its own; so is the program run."""
    commands = re.findall(
        r"^  ((?:TICKTICK_CLIENT_SECRET=.+\\\n  )?ticktick-oauth login .+)$", served.text, re.MULTILINE
    )
    assert 2 == len(commands)
    for command in commands:
        (options,) = re.findall(r"--server \S+ --token-file \S+$", command)
        finished = processes.run(
            "/bin/sh", "-c", f"{command} && ticktick-oauth token {options}", env=served.environment
        )
        assert 0 == finished.returncode, finished.stderr
        assert re.search(rf"^The token is kept in \S+/token\.json\n{UUID}$", finished.stdout, re.MULTILINE)
    names: dict[str, Any] = {
        "discover_server": discover_server,
        "sign_in": partial(sign_in, open_browser=False, show=browse),
    }
    (program,) = re.findall(r"In a program:\n\n((?:  .+\n)+)", served.text)
    exec(textwrap.dedent(program), names)
    assert names["issued"].token.expires_in in {15551998, 15551999}
