"""Sessions in a real terminal, tmux's, with real keys."""

import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import processes
from person import browse, redirect_of
from processes import eventually
from ticktick_oauth.sandbox import Sandbox

from .conftest import address_in

TMUX = shutil.which("tmux")

pytestmark = pytest.mark.skipif(TMUX is None, reason="needs tmux")


class Terminal:
    """A shell in a terminal of its own, so wide that no line is broken."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.home.mkdir()
        self._socket = str(folder / "tmux")
        self._number = 0
        (folder / "ticktick-oauth").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m ticktick_oauth "$@"\n')
        (folder / "ticktick-oauth").chmod(0o755)
        # With no configuration of the user's, and no variable but these.
        environment = [f"PATH={folder}:/usr/bin:/bin", f"HOME={self.home}", "TERM=tmux", "LANG=C.UTF-8", "PS1=ready$ "]
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", "900", "-y", "60", "env", "-i", *environment, "sh")
        self.wait_for("ready$")

    def tmux(self, *arguments: str) -> str:
        """Give tmux a command."""
        ended = processes.run(str(TMUX), "-S", self._socket, *arguments)
        assert 0 == ended.returncode, ended.stderr
        return ended.stdout

    def screen(self) -> str:
        """Return what stands on the screen."""
        return self.tmux("capture-pane", "-p").rstrip()

    def type(self, text: str) -> None:
        """Type a text and Enter."""
        self.tmux("send-keys", "-l", "--", text)
        self.tmux("send-keys", "Enter")

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
        pattern = rf"(?ms)(.*)^code-{self._number} ([0-9]+)\nready\$"
        eventually(lambda: re.fullmatch(pattern, self.screen()))
        ((text, code),) = re.findall(pattern, self.screen())
        return text, int(code)

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


def test_a_session(terminal: Terminal, sandbox: Sandbox) -> None:
    """Sign in with nothing configured by pasting, look at the token, print it, and log out."""
    terminal.start(f"ticktick-oauth login --manual --server {sandbox.server.issuer}")
    uri = address_in(terminal.wait_for("address here:"))
    terminal.type("http://127.0.0.1:9/?error=nothing")
    eventually(lambda: terminal.screen().endswith("\nTry again:"))
    assert "Refused: that is not the whole address; paste" in terminal.screen()
    # As a mail program breaks it.
    redirect = redirect_of(uri).removeprefix("http://")
    terminal.type(f"{redirect[:30]}\n{redirect[30:60]}\n{redirect[60:]}")
    text, code = terminal.result()
    (kept,) = terminal.home.glob(".config/ticktick-oauth/127.0.0.1-*.json")
    assert (0, True) == (code, f"\nThe token is kept in {kept}\n" in text)
    text, code = terminal.run("ticktick-oauth status --fail-within 14d")
    assert (0, True) == (code, text.startswith(f"Signed in to {sandbox.server.issuer} until "))
    text, code = terminal.run("ticktick-oauth token --format header")
    assert (0, True) == (code, re.fullmatch(r"Authorization: Bearer [0-9a-f-]{36}\n", text) is not None)
    text, code = terminal.run("ticktick-oauth logout")
    assert (0, True) == (code, text.startswith(f"{kept} is deleted; the service documents no revocation"))
    assert 1 == terminal.run("ticktick-oauth token")[1]


@pytest.mark.parametrize("prompt", ["Client secret", "address here:"])
def test_l8_ctrl_c_at_a_prompt(prompt: str, terminal: Terminal, sandbox: Sandbox) -> None:
    """L8: it ends with exit 130 and one line, no traceback, no file, and a terminal that shows what is typed."""
    client = sandbox.client()
    terminal.start(f"ticktick-oauth login --manual --client-id {client.client_id} --server {sandbox.server.issuer}")
    terminal.wait_for("Client secret")
    if prompt != "Client secret":
        terminal.type(str(client.client_secret))
        terminal.wait_for(prompt)
    terminal.tmux("send-keys", "C-c")
    text, code = terminal.result()
    assert (130, False, False) == (code, "Traceback" in text, str(client.client_secret) in text)
    assert re.search(r"^ticktick-oauth: interrupted$", text, re.MULTILINE)
    assert [] == [path for path in terminal.home.rglob("*") if path.is_file()]
    assert ("seen\n", 0) == terminal.run("echo seen")


def test_a_redirect_ends_it_while_the_terminal_is_read(terminal: Terminal, sandbox: Sandbox) -> None:
    """The thread that waits for a paste holds nothing up."""
    terminal.start(f"ticktick-oauth login --server {sandbox.server.issuer} --manual")
    browse(address_in(terminal.wait_for("address here:")))
    assert 0 == terminal.result()[1]


def test_a_text_browser_does_not_take_over_the_terminal(terminal: Terminal, sandbox: Sandbox) -> None:
    """A browser that would is none: it finds no terminal, and the address that is pasted is read."""
    program = terminal.home / "w3m"
    program.write_text("#!/bin/sh\necho started > $HOME/started\necho taken over > /dev/tty\nread -r line < /dev/tty\n")
    program.chmod(0o755)
    terminal.start(f"PATH=$HOME:$PATH BROWSER=w3m ticktick-oauth login --server {sandbox.server.issuer}")
    uri = address_in(terminal.wait_for("address here:"))
    eventually((terminal.home / "started").exists)
    terminal.type(redirect_of(uri))
    text, code = terminal.result()
    assert (0, False) == (code, "taken over" in text)


def test_in_the_background_it_is_not_stopped(terminal: Terminal, sandbox: Sandbox) -> None:
    """A background job that read the terminal would be; it waits for the browser alone."""
    command = f"ticktick-oauth login --manual --timeout 1 --server {sandbox.server.issuer}"
    terminal.start(f"{command} & wait $!")
    eventually(lambda: "\ncode-1 4\n" in terminal.screen())
    assert "nobody signed in within 1 second" in terminal.screen()


def test_l15_a_paste_after_ctrl_z_and_fg_is_read(terminal: Terminal, sandbox: Sandbox) -> None:
    """L15: stopped, sent to the background and fetched again, it still reads the terminal."""
    terminal.type("set -m")
    terminal.start(f"ticktick-oauth login --manual --server {sandbox.server.issuer}")
    uri = address_in(terminal.wait_for("address here:"))
    terminal.tmux("send-keys", "C-z")
    eventually(lambda: "Stopped" in terminal.screen())
    terminal.type("bg")
    terminal.type("fg")
    terminal.type(redirect_of(uri))
    eventually(lambda: "Signed in to" in terminal.screen())
