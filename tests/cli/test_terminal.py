"""A session in a real terminal, tmux's, with real keys, against `ticktick-oauth sandbox`."""

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from person import eventually
from person import redirect_of

TMUX = shutil.which("tmux")

pytestmark = pytest.mark.skipif(TMUX is None, reason="needs tmux")


class Terminal:
    """A shell in a terminal of its own, wide enough that no line is broken."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.home.mkdir()
        self._socket = str(folder / "tmux")
        self._folder = folder
        self._number = 0
        # With no configuration of the user's, and no variable but these.
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", "900", "-y", "60", "env", "-i", *self._environment())
        self.wait_for("ready$")

    def _environment(self) -> list[str]:
        (self._folder / "ticktick-oauth").write_text(
            f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m ticktick_oauth "$@"\n'
        )
        (self._folder / "ticktick-oauth").chmod(0o755)
        path = f"PATH={self._folder}:/usr/bin:/bin"
        return [path, f"HOME={self.home}", "TERM=tmux", "LANG=C.UTF-8", "PS1=ready$ ", "sh"]

    def tmux(self, *arguments: str) -> str:
        """Give tmux a command."""
        command = [str(TMUX), "-S", self._socket, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=20).stdout

    def screen(self) -> str:
        """Return what stands on the screen."""
        return self.tmux("capture-pane", "-p").rstrip()

    def keys(self, *keys: str) -> None:
        """Press keys by their names, such as Enter and C-c."""
        self.tmux("send-keys", *keys)

    def type(self, text: str) -> None:
        """Type a text and Enter."""
        self.tmux("send-keys", "-l", "--", text)
        self.keys("Enter")

    def wait_for(self, text: str) -> str:
        """Wait until the last line starts with a text, and return the screen."""
        eventually(lambda: self.screen().rpartition("\n")[2].startswith(text))
        return self.screen()

    def start(self, command: str) -> None:
        """Start a command on a cleared screen; its end bears a number, or that of the one before could be taken."""
        self._number += 1
        self.type(f"clear; {command}; echo code-{self._number} $?")

    def result(self) -> tuple[str, int]:
        """Wait for the end of what was started, and return what stands on the screen and its exit code."""
        pattern = re.compile(rf"(.*)^code-{self._number} ([0-9]+)\nready\$", re.DOTALL | re.MULTILINE)
        eventually(lambda: pattern.fullmatch(self.screen()))
        found = pattern.fullmatch(self.screen())
        assert found is not None
        return found[1], int(found[2])

    def run(self, command: str) -> tuple[str, int]:
        """Run a command to its end, and return what it printed and its exit code."""
        self.start(command)
        return self.result()


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    """Give a terminal."""
    terminal = Terminal(tmp_path)
    yield terminal
    terminal.tmux("kill-server")


@pytest.fixture
def served() -> Iterator[dict[str, str]]:
    """Serve a sandbox by its command, and give what it prints: the client and the issuer."""
    command = [sys.executable, "-m", "ticktick_oauth", "sandbox", "--redirect-uri", "http://127.0.0.1:8080/"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        text = "".join(iter(process.stdout.readline, "  token = exchange_code(client, code)\n"))
        found = dict(re.findall(r'^ +(client_id|client_secret)="(.+)",$', text, re.MULTILINE))
        found["issuer"] = re.findall(r"--server (\S+)", text)[0]
        yield found
        process.terminate()


def test_a_session(terminal: Terminal, served: dict[str, str]) -> None:
    """Sign in by pasting, look at the token, print it, and log out; the secret is never on the screen."""
    text, code = terminal.run("ticktick-oauth status")
    kept = terminal.home / ".config" / "ticktick-oauth" / "token.json"
    assert (f"no token is kept in {kept}; sign in with: ticktick-oauth login", 1) == (text.strip(), code)

    terminal.start(f"ticktick-oauth login --manual --server {served['issuer']}")
    terminal.wait_for("Client id:")
    terminal.type(served["client_id"])
    terminal.wait_for("Client secret (hidden):")
    terminal.type(served["client_secret"])
    screen = terminal.wait_for("Then paste here")
    (uri,) = re.findall(r"^  (http\S+)$", screen, re.MULTILINE)
    terminal.type("http://127.0.0.1:8080/?error=nothing")
    assert "Refused: the redirect has no state" in terminal.wait_for("Try again:")
    terminal.type(redirect_of(uri))
    text, code = terminal.result()
    assert (0, False) == (code, served["client_secret"] in text)
    assert re.search(
        rf"^  token  expires on \d{{4}}-\d\d-\d\d at \d\d:\d\d UTC, in 179 days\n  file   {kept}$", text, re.MULTILINE
    )

    text, code = terminal.run("ticktick-oauth status --fail-within 14d")
    assert (True, 0) == (text.startswith(f"a token of {served['issuer']} that expires on "), code)
    text, code = terminal.run(f"ticktick-oauth token --format header --server {served['issuer']}")
    assert (True, 0) == (re.fullmatch(r"Authorization: Bearer [0-9a-f-]{36}\n", text) is not None, code)
    text, code = terminal.run("ticktick-oauth logout")
    assert (True, 0) == (text.startswith(f"{kept} is deleted; TickTick documents no revocation"), code)
    assert not kept.exists()
    assert 1 == terminal.run("ticktick-oauth token")[1]


@pytest.mark.parametrize("prompt", ["Client id:", "Client secret (hidden):", "Then paste here"])
def test_l8_ctrl_c_at_a_prompt(prompt: str, terminal: Terminal, served: dict[str, str]) -> None:
    """L8: it ends with exit 130 and one line, no traceback, no file, and a terminal that shows what is typed."""
    terminal.start(f"ticktick-oauth login --manual --server {served['issuer']}")
    for asked, answer in (("Client id:", "client_id"), ("Client secret (hidden):", "client_secret")):
        if asked == prompt:
            break
        terminal.wait_for(asked)
        terminal.type(served[answer])
    terminal.wait_for(prompt)
    terminal.keys("C-c")
    text, code = terminal.result()
    assert (130, False) == (code, "Traceback" in text)
    assert re.search(r"^ticktick-oauth: interrupted$", text, re.MULTILINE)
    assert [] == [path for path in terminal.home.rglob("*") if path.is_file()]
    assert ("seen\n", 0) == terminal.run("echo seen")
