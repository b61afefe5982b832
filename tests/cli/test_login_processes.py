"""The command `login` as a process: what shows of its secrets (L1), signals (L8), and odd standard streams (L9)."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex
from urllib.parse import parse_qs, urlsplit

import pytest
import urllib3

from faults.parent import wait_until_it_waits
from person import LATE, browse, redirect_of
from processes import OURS, eventually
from ticktick_oauth import Client
from ticktick_oauth.sandbox import Sandbox
from ticktick_oauth.storage import TokenFile

from .conftest import ADDRESS

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

    def __init__(self, sandbox: Sandbox, client: Client, folder: Path) -> None:
        self.sandbox, self.client = sandbox, client
        self.home = folder / "home"
        self.home.mkdir()
        self.store = TokenFile(self.home / "token.json")
        self.record, self.opened = folder / "record", folder / "opened"
        os.mkfifo(self.opened)
        # The shell is the browser: it notes its own arguments and its parent's, and its environment, and hands the
        # address to the test.
        script = (
            f"cat /proc/$$/cmdline /proc/$PPID/cmdline > {self.record}; env >> {self.record}; echo $0 > {self.opened}"
        )
        self.environment = {
            **OURS,
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "TMPDIR": str(self.home),
            "BROWSER": f"sh -c '{script}' %s",
            "TICKTICK_CLIENT_SECRET": str(client.client_secret),
        }

    def start(self, *arguments: str, python: tuple[str, ...] = ("-m", "ticktick_oauth"), shell: str = "") -> None:
        """Start it, without a terminal; the shell's words stand behind the command."""
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
            start_new_session=True,
        )

    def shown(self) -> str:
        """Wait until the address is shown, and return it."""
        assert self.process.stderr is not None
        return next(line.strip() for line in iter(self.process.stderr.readline, "") if re.match(ADDRESS, line))

    def uri(self) -> str:
        """Wait until the browser opens, and return the address it was given."""
        return self.opened.read_text().strip()

    def end(self, pasted: str = "") -> tuple[int, str, str]:
        """Paste some lines, wait for the end, and return exit code, stdout and stderr."""
        out, err = self.process.communicate(pasted or None, timeout=LATE)
        return self.process.returncode, out, err


@pytest.fixture
def process(sandbox: Sandbox, client: Client, tmp_path: Path) -> Iterator[Process]:
    """Give the command, not started yet."""
    process = Process(sandbox, client, tmp_path)
    yield process
    with process.process:  # which closes its pipes
        process.process.kill()


@pytest.mark.parametrize(
    ("outcome", "code", "files"),
    [
        ("allowed", 0, 1),
        ("registered", 0, 1),
        ("denied", 3, 0),
        ("refused", 5, 0),
        ("no token", 5, 1),
        ("not kept", 6, 1),
        ("a bad paste", 0, 1),
    ],
)
def test_l1_secrets_show_nowhere(outcome: str, code: int, files: int, process: Process) -> None:
    """L1: secrets are in the kept file and on the wire; the state stands in the authorization URL, too."""
    state, verifier, access_token = (f"{name}-{token_hex(30)}" for name in ("state", "verifier", "token"))
    if outcome == "refused":
        process.sandbox.next_answer(400, {"error": "invalid_grant", "error_description": verifier})
    elif outcome == "no token":
        process.sandbox.next_answer(200, {"access_token": access_token})
    process.environment["TICKTICK_OAUTH_TOKEN"] = kept_token = f"kept-{token_hex(20)}"
    options = {"registered": ["--client-id="], "a bad paste": ["--manual"]}
    process.start("--pkce", *options.get(outcome, []), python=("-c", DEBUG, f"{verifier} {state}"))
    uri = process.shown()
    page, pasted, arguments = "", "", Path(f"/proc/{process.process.pid}/cmdline").read_text()
    redirect = redirect_of(uri, decision="deny" if outcome == "denied" else "allow")
    if outcome == "a bad paste":
        pasted = f"{redirect.replace('state=', 'state=x')}\n{redirect}\n"
    else:
        assert uri == process.uri()
        if outcome == "not kept":
            process.store.path.mkdir()
        page = urllib3.request("GET", redirect, retries=False).data.decode()
        arguments += process.record.read_text()
    ended, out, err = process.end(pasted)
    kept = [path for path in process.home.rglob("*") if path.is_file()]
    assert (code, files) == (ended, len(kept)), err
    if kept and outcome != "no token":
        access_token = str(TokenFile(kept[0]).load().token.access_token)  # type: ignore[union-attr]
    texts = {
        "stdout": out,
        "stderr": err,
        "page": page,
        # The test's own canaries came in as an argument.
        "arguments": arguments.replace(uri, "").replace(f"{verifier} {state}", ""),
        "uri": uri.replace(state, ""),
        "file": "".join(path.read_text().replace(access_token, "") for path in kept),
    }
    secrets = [str(process.client.client_secret), state, verifier, access_token.replace("-", ""), kept_token]
    secrets += [access_token, *(parse_qs(urlsplit(redirect).query).get("code", []))]
    assert [] == [(name, secret) for name, text in texts.items() for secret in secrets if secret in text]
    assert [state] == parse_qs(urlsplit(uri).query)["state"]


def test_the_end_waits_for_no_paste(process: Process) -> None:
    """Standard input is open, and what would read from it ends with the program."""
    process.start("--manual")
    assert 200 == browse(process.shown())[0]
    assert 0 == process.process.wait(LATE)


@pytest.mark.parametrize("browser", ["true %s", "false", "/nonexistent %s", " ", '"%s', None])
def test_l4_no_browser_that_opens(browser: str | None, process: Process) -> None:
    """L4: whatever BROWSER names, and with no program at all, the address is shown and the redirect taken."""
    del process.environment["BROWSER"]
    if browser is not None:
        process.environment["BROWSER"] = browser
    if browser != "true %s":
        process.environment["PATH"] = "/nonexistent"
    process.start()
    assert 200 == browse(process.shown())[0]
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


@pytest.mark.parametrize(
    ("number", "code", "word"), [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")]
)
@pytest.mark.parametrize("exchanging", [False, True])
def test_l8_a_signal_ends_it_at_once(number: int, code: int, word: str, *, exchanging: bool, process: Process) -> None:
    """L8: interrupted while waiting or exchanging, it leaves no traceback, no file, and a free port."""
    process.sandbox.next_answer(200, "{}", delay=LATE)
    process.start()
    uri = process.uri()
    if exchanging:
        browse(uri)
        eventually(lambda: process.sandbox.requests)
    wait_until_it_waits(process.process)
    process.process.send_signal(number)
    ended, out, err = process.end()
    assert (code, "", f"ticktick-oauth: {word}") == (ended, out, err.splitlines()[-1])
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
    assert (0, "2>&-" in shell) == (code, err == "")
    assert (">&-" in shell.replace("2>&-", "")) == (out == "")
    assert process.store.load() is not None


def test_l9_a_full_standard_output(process: Process) -> None:
    """L9: that nobody could read the answer is one line, behind that of any failure; the token is kept."""
    process.start(shell=">/dev/full")
    uri = process.uri()
    process.store.path.mkdir()
    browse(uri)
    code, out, err = process.end()
    assert (6, "", 2) == (code, out, err.count("ticktick-oauth: "))
    assert err.endswith("ticktick-oauth: standard output: No space left on device\n")
    (path,) = (path for path in process.home.rglob("token.json") if path.is_file())
    assert TokenFile(path).load() is not None


@pytest.mark.parametrize(
    "variables", [{"LC_ALL": "C"}, {"PYTHONIOENCODING": "ascii"}, {"PYTHONUTF8": "0", "LANG": "C"}]
)
def test_l9_no_utf_8(variables: dict[str, str], process: Process) -> None:
    """L9: a name that the terminal cannot show is shown with escapes."""
    process.environment |= variables
    process.store = TokenFile(process.home / "j\u00e9ton.json")
    process.start()
    assert 200 == browse(process.uri())[0]
    code, out, _ = process.end()
    assert 0 == code
    assert out.startswith("Signed in to ")
    assert "j\\xe9ton.json" in out or "j\u00e9ton.json" in out
    assert process.store.load() is not None
