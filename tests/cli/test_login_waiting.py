"""How `login` waits: the browser that cannot be trusted, the address that is pasted, and the end of patience."""

import errno
import io
import os
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import urllib3

from person import LATE, browse, redirect_of
from ticktick_oauth._cli import output, terminal, waiting
from ticktick_oauth.sandbox import Sandbox

from .login_command import Login, in_a_thread, paste_when_asked

Enter = Callable[[str], None]


@pytest.fixture
def typing(terminal_path: int) -> Enter:
    """Return what types at the terminal."""

    def enter(text: str) -> None:
        os.write(terminal_path, text.encode())

    return enter


def open_nothing(_uri: str) -> None:
    """Be an opener that opens nothing; what it answers, nobody asks."""


@pytest.mark.parametrize("job_control", [True, False])
def test_l4_a_paste_is_read_beside_the_receiver(
    login: Login, typing: Enter, monkeypatch: pytest.MonkeyPatch, *, job_control: bool
) -> None:
    """L4: where no browser opens, the person may open the address anywhere, and paste what came of it."""
    if not job_control:  # as on Windows
        monkeypatch.delattr("signal.pthread_sigmask")
    login.opener = open_nothing
    paste_when_asked(monkeypatch, typing)
    assert 0 == login()


def test_l4_the_redirect_is_still_served_after_a_bad_paste(
    login: Login, typing: Enter, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """L4: what was mistyped is refused, and the wait goes on."""
    login.opener = open_nothing
    uris: list[str] = []

    def say(text: str, *, end: str = "\n") -> None:
        if text.startswith("Refused"):
            in_a_thread(browse, uris[0])
        output.say(text, end=end)

    def print_address(uri: str) -> None:
        uris.append(uri)
        typing("\nabc123\n")

    monkeypatch.setattr(waiting, "say", say)
    monkeypatch.setattr(waiting, "print_address", print_address)
    assert 0 == login()
    err = capsys.readouterr().err
    assert "\nRefused: that is not an address; paste the whole address of the page that the browser ended on" in err
    assert 1 == len(login.sandbox.requests)


@pytest.mark.parametrize("option", ["--manual", "--no-browser"])
def test_l4_manual_starts_no_browser_and_listens_all_the_same(
    option: str, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    """L4: who opens the address by hand on this machine, or through ssh's forwarding, has nothing to paste."""
    monkeypatch.setattr(waiting, "print_address", lambda uri: in_a_thread(browse, uri))
    assert 0 == login(option)
    assert [] == login.uris


def test_manual_does_without_the_port(
    login: Login, keyboard: Enter, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where another program has it, the address is pasted; with --manual, through standard input."""
    assert login.client is not None
    paste_when_asked(monkeypatch, keyboard)
    with socket.socket() as other:
        other.bind(("127.0.0.1", urlsplit(login.client.redirect_uri).port))
        other.listen()
        assert 0 == login("--manual")
    assert "; so the address that the browser is sent to has to be pasted\n" in capsys.readouterr().err


def test_l2_l12_a_port_in_use(login: Login, capsys: pytest.CaptureFixture[str]) -> None:
    """L2, L12: a second sign-in on one redirect URI is exit 2 before its browser opens, and the first is untouched."""
    assert login.client is not None
    ends: list[int] = []

    def sign_in_again(uri: str) -> None:
        login.opener = login.open
        ends.append(login())
        login.open(uri)

    login.opener = sign_in_again
    assert 0 == login()
    assert ([2], 1) == (ends, len(login.uris))
    port = urlsplit(login.client.redirect_uri).port
    err = capsys.readouterr().err
    assert f"ticktick-oauth: cannot listen on port {port} of 127.0.0.1: " in err
    assert (
        "; the redirect URI fixes the port, so free it, or register another redirect URI and give it by "
        "--redirect-uri, or use --manual\n"
    ) in err


def test_a_redirect_uri_of_the_web_is_pasted(
    sandbox: Sandbox, login: Login, typing: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is not this machine's to listen on comes by the keyboard."""
    login.client = sandbox.client(redirect_uri="https://app.example/callback")
    monkeypatch.setenv("TICKTICK_CLIENT_SECRET", str(login.client.client_secret))
    paste_when_asked(monkeypatch, typing)
    assert 0 == login()


@pytest.mark.parametrize("text", ["", "nothing\n"])
def test_standard_input_that_ends_before_the_address_is_wrong_usage(
    text: str, login: Login, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Where nothing listens and nobody can paste any more, it ends at once."""
    (tmp_path / "typed").write_text(text)
    with (tmp_path / "typed").open() as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        assert 2 == login("--manual", redirect_uri="https://app.example/callback")
    assert capsys.readouterr().err.endswith("ticktick-oauth: no address was pasted, and standard input has ended\n")


def test_l14_standard_input_is_the_callers(login: Login, keyboard: Enter, monkeypatch: pytest.MonkeyPatch) -> None:
    """L14: what follows in a script that is piped into a shell is still there; without --manual, not a byte is read."""
    keyboard("the next line of the script\n")
    assert 0 == login()
    assert "the next line of the script\n" == sys.stdin.readline()
    monkeypatch.undo()


def test_l6_a_denial_is_exit_3(login: Login, capsys: pytest.CaptureFixture[str]) -> None:
    """L6: a person who denies ends the command at once, with one line, and nothing is kept."""
    login.decision = "deny"
    assert 3 == login()
    assert capsys.readouterr().err.endswith("\nticktick-oauth: you denied the access\n")
    assert ("Access denied" in login.pages[0][1], login.store.load()) == (True, None)


@pytest.mark.parametrize("manual", [[], ["--manual"]])
def test_l7_l11_nobody_comes(manual: list[str], login: Login, capsys: pytest.CaptureFixture[str]) -> None:
    """L7, L11: exit 4, the port is free, and the line names what the person may have seen and what to try."""
    login.opener = open_nothing
    assert login.client is not None
    before = threading.active_count()
    assert 4 == login("--timeout", "0.3", *manual)
    client = login.client
    assert capsys.readouterr().err.endswith(
        "\nticktick-oauth: nobody signed in within 0.3 seconds; if the browser showed an error, such as Invalid "
        f"redirect: {client.client_id} must be a client id at {client.server.issuer}, and {client.redirect_uri} "
        "exactly the redirect URI that is registered for it; run this command again, with --manual to open its "
        "address on any machine\n"
    )
    with socket.socket() as again:
        again.bind(("127.0.0.1", urlsplit(client.redirect_uri).port))
    assert threading.active_count() <= before + 1  # the one that waits for a line of the keyboard


def test_a_paste_whose_exchange_fails_ends_it(
    login: Login, typing: Enter, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The wait has the error of the exchange, whoever started it."""
    login.opener = open_nothing
    login.sandbox.next_answer(400, {"error": "invalid_grant"})
    paste_when_asked(monkeypatch, typing)
    assert 5 == login()
    assert "the code was used already or is not whole: run this command again" in capsys.readouterr().err


def test_without_any_input_the_redirect_is_waited_for(
    login: Login, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where standard input is closed, nothing is said of pasting."""
    monkeypatch.setattr(sys, "stdin", None)
    assert 0 == login()
    assert "paste" not in capsys.readouterr().err


def test_l15_what_cannot_be_read_in_the_background_is_read_later(
    login: Login, typing: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """L15: a terminal is an error to read (EIO) for as long as another program has it."""
    read, others = os.read, [1]

    def refuse_once(descriptor: int, size: int) -> bytes:
        if others:
            raise OSError(errno.EIO, "Input/output error")
        return read(descriptor, size)

    login.opener = open_nothing
    monkeypatch.setattr(os, "read", refuse_once)
    monkeypatch.setattr(os, "tcgetpgrp", lambda _: others.pop() if others else os.getpgrp())
    paste_when_asked(monkeypatch, typing)
    assert 0 == login()


class Terminal(io.StringIO):
    """A standard stream that is a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


def test_a_refused_redirect_is_shown_once_and_the_wait_goes_on(
    login: Login, capsys: pytest.CaptureFixture[str]
) -> None:
    """Another sign-in's redirect is reported without its state."""

    def open_all(uri: str) -> None:
        good = redirect_of(uri)
        bad = good.partition("&state=")[0] + "&state=other-canary"
        for redirect in (bad, bad, good):
            urllib3.request("GET", redirect, retries=False)

    login.opener = open_all
    assert 0 == login()
    err = capsys.readouterr().err
    assert 1 == err.count("\nRefused: the redirect's state is not this request's")
    assert ("canary" in err, "or is forged; open the address above again\n" in err) == (False, True)


@pytest.mark.parametrize(
    ("timeout", "option", "patience", "words"),
    [
        ("300", [], "5 minutes", ", if none opens by itself"),
        ("60", ["--manual"], "1 minute", ""),
        ("90", ["--manual"], "90 seconds", ""),
    ],
)
def test_at_a_terminal_the_address_has_a_line(  # noqa: PLR0913, PLR0917 - what is given, and what is shown
    timeout: str,
    option: list[str],
    patience: str,
    words: str,
    login: Login,
    typing: Enter,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The address stands alone, to be copied; below, how long it waits, and how to paste."""
    stderr = Terminal()
    monkeypatch.setattr(sys, "stderr", stderr)

    def say(text: str, *, end: str = "\n") -> None:
        output.say(text, end=end)
        if text == "address here:":
            typing(redirect_of(stderr.getvalue().split("\n\n")[1].strip()) + "\n")

    login.opener = open_nothing
    monkeypatch.setattr(waiting, "say", say)
    assert 0 == login("--timeout", timeout, *option)
    head, address, rest = stderr.getvalue().split("\n\n", 2)
    assert f"Open this address in a browser and sign in{words}:" == head
    assert address.startswith(f"  {login.sandbox.server.authorization_endpoint}?")
    assert rest == (
        f"Waiting for {patience}.\n"
        "Browser on another machine? It ends on a page at 127.0.0.1 that cannot be reached. Paste that page's\n"
        "address here:\nAllowed. Getting the token ...\n"
    )


@pytest.mark.parametrize("data", [b"x" * 70000, b"x\n" * 70000], ids=["no line", "lines"])
def test_input_without_end_holds_nothing_up(data: bytes, login: Login, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a program writes on and on is read no further than a paste may go, and the redirect is served."""
    reading, writing = os.pipe()

    def write() -> None:
        try:
            while True:
                os.write(writing, data)
        except OSError:
            os.close(writing)

    writer = threading.Thread(target=write)
    with open(reading) as stdin:  # noqa: PTH123 - a descriptor
        writer.start()
        monkeypatch.setattr(sys, "stdin", stdin)
        monkeypatch.setattr(waiting, "print_address", lambda uri: in_a_thread(browse, uri))
        assert 0 == login("--manual")
    writer.join(LATE)
    assert not writer.is_alive()


def test_lines_that_come_on_and_on_are_not_one_paste(keyboard: Enter, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines that follow each other for longer than a paste lasts are taken in parts."""
    monkeypatch.setattr(terminal, "_LONGEST", -LATE)
    lines = terminal.Keyboard(with_input=True)
    keyboard("one\n")
    assert [] == lines.read(1)
    monkeypatch.undo()
    assert ["one"] == lines.read(LATE)


def test_a_paste_comes_from_the_terminal_while_standard_input_is_another(
    login: Login, typing: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A secret that comes through standard input is one line of it; the rest, and the paste, are not touched."""
    assert login.client is not None
    monkeypatch.delenv("TICKTICK_CLIENT_SECRET")
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{login.client.client_secret}\nthe rest\n"))
    login.opener = open_nothing
    paste_when_asked(monkeypatch, typing)
    assert 0 == login("--client-secret-file", "-")
    assert "the rest\n" == sys.stdin.read()
