"""The command `login` as a process: what shows of its secrets (L1), signals (L8), and odd standard streams (L9)."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex
from urllib.parse import parse_qs
from urllib.parse import urlsplit

import pytest
import urllib3

from faults.parent import wait_until_it_waits
from person import LATE
from person import browse
from person import code_of
from person import eventually
from person import free_port
from person import redirect_of
from ticktick_oauth.sandbox import Sandbox
from ticktick_oauth.storage import TokenFile

# Logs everything to stderr, and makes secrets that can be searched for.
DEBUG = """
import logging, sys
logging.basicConfig(level=0)
import secrets
from ticktick_oauth._cli import main
canaries = iter(sys.argv.pop(1).split())
secrets.token_urlsafe = lambda _: next(canaries)
raise SystemExit(main())
"""


class Process:
    """The command in a process of its own, whose browser tells the test where it was sent."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.sandbox = sandbox
        self.client = sandbox.client(redirect_uri=f"http://127.0.0.1:{free_port()}/")
        self.home = folder / "home"
        self.home.mkdir()
        self.store = TokenFile(self.home / "token.json")
        self.record = folder / "record"
        os.mkfifo(folder / "opened")
        self.opened = folder / "opened"
        # The shell is the browser: it notes its own arguments and its parent's, and hands the address to the test.
        script = f"cat /proc/$$/cmdline /proc/$PPID/cmdline > {self.record}; echo $0 > {self.opened}"
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "TMPDIR": str(self.home),
            "BROWSER": f"sh -c '{script}' %s",
            "TICKTICK_CLIENT_SECRET": str(self.client.client_secret),
        }

    def start(self, *arguments: str, python: tuple[str, ...] = ("-m", "ticktick_oauth"), shell: str = "") -> None:
        """Start it; the shell's redirections apply to it."""
        command = [
            sys.executable,
            *python,
            "login",
            f"--client-id={self.client.client_id}",
            f"--redirect-uri={self.client.redirect_uri}",
            f"--server={self.sandbox.server.issuer}",
            f"--token-file={self.store.path}",
            f"--timeout={LATE}",
            *arguments,
        ]
        self.process = subprocess.Popen(
            ["/bin/sh", "-c", f'exec "$@" {shell}', "sh", *command],
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def uri(self) -> str:
        """Wait until the browser opens, and return the address it was given."""
        return self.opened.read_text().strip()

    def end(self) -> tuple[int, str, str]:
        """Wait for the end, and return exit code, stdout and stderr."""
        out, err = self.process.communicate(timeout=LATE)
        return self.process.returncode, out, err


@pytest.fixture
def process(sandbox: Sandbox, tmp_path: Path) -> Iterator[Process]:
    """Give the command, not started yet."""
    process = Process(sandbox, tmp_path)
    yield process
    if process.process.poll() is None:
        process.process.kill()
        process.process.communicate()


@pytest.mark.parametrize("outcome", ["allowed", "denied", "refused", "no token", "not kept", "manual", "bad paste"])
def test_l1_secrets_show_nowhere(outcome: str, process: Process) -> None:
    """L1: secrets are in the token file and on the wire; the state stands in the authorization URL, too."""
    state, verifier = f"state-{token_hex(20)}", f"verifier-{token_hex(30)}"
    access_token = "no token at all"
    manual = ["--manual"] if outcome in {"manual", "bad paste"} else []
    if outcome == "refused":
        process.sandbox.next_answer(400, f'{{"error": "invalid_grant", "error_description": "{verifier}"}}')
    elif outcome == "no token":
        process.sandbox.next_answer(200, '{"access_token": "token-canary"}')
        access_token = "token-canary"
    elif outcome == "not kept":
        (process.home / "file").touch()
        process.store = TokenFile(process.home / "file" / "token.json")
    process.start("--pkce", *manual, python=("-c", DEBUG, f"{verifier} {state}"))
    told = ""
    if manual:
        assert process.process.stderr is not None
        lines = iter(
            process.process.stderr.readline,
            "Then paste here the address that you are sent to, even if the browser cannot show its page:\n",
        )
        told = "".join(lines)
        (uri,) = re.findall(r"^  (http\S+)", told, re.MULTILINE)
        redirect = redirect_of(uri)
        bad = redirect.replace("state=", "state=x") + "\n" if outcome == "bad paste" else ""
        assert process.process.stdin is not None
        process.process.stdin.write(f"{bad}{redirect}\n")
        process.process.stdin.flush()
        page, arguments = "", Path(f"/proc/{process.process.pid}/cmdline").read_text()
    else:
        uri = process.uri()
        redirect = redirect_of(uri, decision="deny" if outcome == "denied" else "allow")
        page = urllib3.request("GET", redirect, retries=False).data.decode()
        arguments = process.record.read_text()
    ended, out, err = process.end()
    assert {"denied": 3, "refused": 5, "no token": 5, "not kept": 6}.get(outcome, 0) == ended, err
    files = [path for path in process.home.rglob("*") if path.is_file()]
    kept = [path for path in files if path.name == "token.json"]
    assert [path for path in files if path.name not in {"token.json", "file"}] == []
    if kept:
        issued = TokenFile(kept[0]).load()
        assert issued is not None
        access_token = str(issued.token.access_token)
    texts = {
        "stdout": out,
        "stderr": told.replace(uri, "") + err,
        "page": page,
        # The test's own canaries came in as an argument.
        "arguments": arguments.replace(uri, "").replace(f"{verifier} {state}", ""),
        "uri": uri.replace(state, ""),
        "file": "".join(path.read_text().replace(access_token, "") for path in kept),
    }
    secrets = [process.client.client_secret, state, verifier, access_token, access_token.replace("-", "")]
    if outcome != "denied":
        secrets.append(code_of(redirect))
    assert [] == [(name, secret) for name, text in texts.items() for secret in secrets if secret in text]
    assert [state] == parse_qs(urlsplit(uri).query)["state"]


@pytest.mark.parametrize("browser", ["false", "/nonexistent %s", " ", '"%s', None])
def test_l4_no_browser_that_opens(browser: str | None, process: Process) -> None:
    """L4: whatever BROWSER names, and with no program at all, the address is shown and the paste is taken."""
    process.environment["PATH"] = "/nonexistent"
    del process.environment["BROWSER"]
    if browser is not None:
        process.environment["BROWSER"] = browser
    process.start()
    assert process.process.stderr is not None
    assert process.process.stdin is not None
    told = iter(process.process.stderr.readline, "")
    uri = next(line.strip() for line in told if line.startswith("  http"))
    process.process.stdin.write(f"{redirect_of(uri)}\n")
    process.process.stdin.flush()
    assert 0 == process.end()[0]
    assert process.store.load() is not None


def test_l5_a_text_browser_that_stays(process: Process) -> None:
    """L5: a browser that goes on after the redirect does not keep the command from ending."""
    process.environment["BROWSER"] = f"sh -c 'echo $0 > {process.opened}; exec cat {process.opened}' %s"
    process.start()
    assert 200 == browse(process.uri())[0]
    assert 0 == process.process.wait(LATE)
    process.opened.write_text("")  # the browser ends
    process.end()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("exchanging", [False, True])
def test_l8_a_signal_ends_it_at_once(number: int, code: int, *, exchanging: bool, process: Process) -> None:
    """L8: interrupted while waiting or exchanging, it leaves no traceback, no file, and a free port."""
    process.sandbox.next_answer(200, "{}", delay=LATE)
    process.start()
    uri = process.uri()
    if exchanging:
        browse(uri)
        eventually(lambda: process.sandbox.requests)
    wait_until_it_waits(process.process)
    process.process.send_signal(number)
    word = {130: "interrupted", 143: "terminated"}[code]
    assert (code, "", f"ticktick-oauth: {word}\n") == process.end()
    assert [] == list(process.home.iterdir())
    redirect = redirect_of(uri)
    with pytest.raises(urllib3.exceptions.NewConnectionError):
        urllib3.request("GET", redirect, retries=False)


@pytest.mark.parametrize("shell", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_l9_closed_standard_streams(shell: str, process: Process) -> None:
    """L9: the command works without any of its streams, and mixes none with another."""
    process.start(shell=shell)
    assert 200 == browse(process.uri())[0]
    code, out, err = process.end()
    assert (0, "") == (code, err)
    assert (">&-" in shell.replace("2>&-", "")) == (out == "")
    assert process.store.load() is not None


@pytest.mark.parametrize(("file", "code"), [("token.json", 2), ("token.json/token.json", 6)])
def test_l9_a_full_standard_output(file: str, code: int, process: Process) -> None:
    """L9: that nobody could read the answer is told in a line, once, behind any failure; the token is kept."""
    (process.home / "token.json").touch(mode=0o600)
    process.store = TokenFile(process.home / file)
    process.start(shell=">/dev/full")
    browse(process.uri())
    ended, out, err = process.end()
    assert (code, "") == (ended, out)
    assert err.endswith("ticktick-oauth: standard output: No space left on device\n")
    assert {2: 1, 6: 2}[code] == err.count("\n")
    (kept,) = (path for path in process.home.rglob("token.json") if path.stat().st_size)
    assert TokenFile(kept).load() is not None


@pytest.mark.parametrize(
    "variables", [{"LC_ALL": "C"}, {"PYTHONIOENCODING": "ascii"}, {"PYTHONUTF8": "0", "LANG": "C"}]
)
def test_l9_no_utf_8(variables: dict[str, str], process: Process) -> None:
    """L9: a name that the terminal cannot show is shown with escapes."""
    process.environment |= variables
    process.store = TokenFile(process.home / "j\u00e9ton.json")
    process.start()
    assert 200 == browse(process.uri())[0]
    code, out, err = process.end()
    assert (0, "") == (code, err)
    assert out.startswith("Signed in at ")
    assert "j\\xe9ton.json" in out or "j\u00e9ton.json" in out
    assert process.store.load() is not None
