"""How `login` waits: the browser that cannot be trusted, the address that is pasted, and the end of patience."""

import errno
import os
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from unittest.mock import Mock
from urllib.parse import urlsplit

import pytest
import urllib3

from person import browse, redirect_of
from processes import eventually
from ticktick_oauth.sandbox import Sandbox

from .conftest import Enter, Login, Patch, paste

WhenShown = Callable[..., None]
FIXED = "the redirect URI fixes the port, so free it, or register another and give it by --redirect-uri, or "


@pytest.fixture
def no_browser(login: Login) -> Login:
    """Make the command with an opener that opens nothing; what it answers, nobody asks."""
    login.opener = login.uris.append
    return login


@pytest.fixture
def pasted(no_browser: Login, typing: Enter, when_shown: WhenShown) -> Login:
    """Make the command with a person who opens the address elsewhere, and pastes where it ended at the terminal."""
    when_shown(paste(typing))
    return no_browser


@pytest.mark.parametrize("job_control", [True, False])
def test_l4_a_paste_is_read_beside_the_receiver(pasted: Login, monkeypatch: Patch, *, job_control: bool) -> None:
    """L4: where no browser opens, the person may open the address anywhere, and paste what came of it."""
    if not job_control:  # as on Windows
        monkeypatch.delattr("signal.pthread_sigmask")
    assert 0 == pasted().code


@pytest.mark.parametrize(
    ("arguments", "patience", "words"),
    [
        ("--timeout 300", "5 minutes", ", if none opens by itself"),
        ("--timeout 60 --manual", "1 minute", ""),
        ("--timeout 90 --no-browser", "90 seconds", ""),
    ],
)
@pytest.mark.usefixtures("typing")
def test_l4_the_address_has_a_line(
    arguments: str, patience: str, words: str, no_browser: Login, when_shown: WhenShown
) -> None:
    """L4: it stands alone, to be copied, before all else; by hand, too, the redirect is served."""
    when_shown(browse)
    code, _, err = no_browser(*arguments.split())
    head, address, rest = err.split("\n\n", 2)
    assert (0, f"Open this address in a browser and sign in{words}:") == (code, head)
    assert bool(words) == bool(no_browser.uris)
    assert address.startswith(f"  {no_browser.sandbox.server.authorization_endpoint}?")
    assert rest == (
        f"Waiting for {patience}.\n"
        "Browser on another machine? It ends on a page at 127.0.0.1 that cannot be reached. Paste that page's\n"
        "address here:\nAllowed. Getting the token ...\n"
    )


def test_l4_a_bad_paste_is_refused_and_the_wait_goes_on(
    no_browser: Login, typing: Enter, when_shown: WhenShown
) -> None:
    """L4: what was mistyped is no end, and the redirect is still served."""
    typing("\nabc123\n")
    when_shown(browse, after="Refused")
    code, _, err = no_browser()
    assert (0, 1) == (code, len(no_browser.sandbox.requests))
    assert "\nRefused: that is not an address; paste the whole address of the page that the browser ended on" in err


def test_a_refused_redirect_is_shown_once_and_the_wait_goes_on(login: Login) -> None:
    """Another sign-in's redirect is reported without its state."""

    def open_all(uri: str) -> None:
        good = redirect_of(uri)
        bad = good.partition("&state=")[0] + "&state=other-canary"
        for redirect in (bad, bad, good):
            urllib3.request("GET", redirect, retries=False)

    login.opener = open_all
    code, _, err = login()
    assert (0, 1) == (code, err.count("\nRefused: the redirect's state is not this request's"))
    assert ("canary" in err, "or is forged; open the address above again\n" in err) == (False, True)


def test_manual_does_without_the_port(login: Login, keyboard: Enter, when_shown: WhenShown) -> None:
    """Where another program has it, the address is pasted; with --manual, through standard input."""
    assert login.client is not None
    when_shown(paste(keyboard))
    with socket.socket() as other:
        other.bind(("127.0.0.1", urlsplit(login.client.redirect_uri).port))
        other.listen()
        code, _, err = login("--manual")
    assert (0, True) == (code, "; so the address that the browser is sent to has to be pasted\n" in err)


def test_l2_l12_a_port_in_use(login: Login) -> None:
    """L2, L12: a second sign-in on one redirect URI is exit 2 before its browser opens, and the first is untouched."""
    ends = []

    def sign_in_again(uri: str) -> None:
        login.opener = login.open
        ends.append(login())
        login.open(uri)

    login.opener = sign_in_again
    assert 0 == login().code
    assert login.client is not None
    ((code, _, err),) = ends
    assert (2, 1) == (code, len(login.uris))
    assert f"ticktick-oauth: cannot listen on port {urlsplit(login.client.redirect_uri).port} of 127.0.0.1: " in err
    assert err.endswith(f"; {FIXED}use --manual\n")


def test_a_redirect_uri_of_the_web_is_pasted(sandbox: Sandbox, pasted: Login, monkeypatch: Patch) -> None:
    """What is not this machine's to listen on comes by the keyboard."""
    pasted.client = sandbox.client(redirect_uri="https://app.example/callback")
    monkeypatch.setenv("TICKTICK_CLIENT_SECRET", str(pasted.client.client_secret))
    code, _, err = pasted()
    assert (0, True) == (code, "Paste the address of the page that the browser ends on here:\n" in err)


def test_without_a_terminal_nothing_can_be_pasted(login: Login) -> None:
    """Where nothing listens either, that is said before the person goes to the address."""
    code, _, err = login(redirect_uri="https://app.example/callback")
    line = "there is no terminal to paste the address at; with --manual, it is read from standard input"
    assert (2, f"ticktick-oauth: {line}\n") == (code, err)


@pytest.mark.parametrize("text", ["", "nothing\n"])
def test_standard_input_that_ends_before_the_address_is_wrong_usage(
    text: str, login: Login, monkeypatch: Patch, tmp_path: Path
) -> None:
    """Where nothing listens and nobody can paste any more, it ends at once."""
    (tmp_path / "typed").write_text(text)
    with (tmp_path / "typed").open() as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        code, _, err = login("--manual", redirect_uri="https://app.example/callback")
    assert (2, True) == (code, err.endswith(": no address was pasted, and standard input has ended\n"))


def test_standard_input_that_cannot_be_read(login: Login, monkeypatch: Patch, tmp_path: Path) -> None:
    """It is at its end."""
    with (tmp_path / "written").open("w") as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        code, _, err = login("--manual", redirect_uri="https://app.example/callback")
    assert (2, True) == (code, err.endswith(": no address was pasted, and standard input has ended\n"))


def test_l14_standard_input_is_the_callers(login: Login, keyboard: Enter) -> None:
    """L14: what follows in a script that is piped into a shell is still there; without --manual, not a byte is read."""
    keyboard("the next line of the script\n")
    assert 0 == login().code
    os.set_blocking(sys.stdin.fileno(), False)
    assert b"the next line of the script\n" == os.read(sys.stdin.fileno(), 100)


def test_a_paste_comes_from_the_terminal_while_standard_input_is_another(pasted: Login, monkeypatch: Patch) -> None:
    """A secret that comes through standard input is one line of it; the rest, and the paste, are not touched."""
    assert pasted.client is not None
    monkeypatch.delenv("TICKTICK_CLIENT_SECRET")
    reading, writing = os.pipe()
    os.write(writing, f"{pasted.client.client_secret}\nthe rest\n".encode())
    with open(reading) as stdin:  # noqa: PTH123 - a descriptor
        monkeypatch.setattr(sys, "stdin", stdin)
        assert 0 == pasted("--client-secret-file", "-").code
        assert b"the rest\n" == os.read(reading, 100)
    os.close(writing)


def test_l6_a_denial_is_exit_3(login: Login) -> None:
    """L6: a person who denies ends the command at once, with one line, and nothing is kept."""
    login.decision = "deny"
    code, _, err = login()
    assert (3, True) == (code, err.endswith("\nticktick-oauth: you denied the access\n"))
    assert ("Access denied" in login.pages[0][1], login.store.load()) == (True, None)


@pytest.mark.parametrize("manual", [[], ["--manual"]])
def test_l7_l11_nobody_comes(manual: list[str], no_browser: Login) -> None:
    """L7, L11: exit 4, the port is free, and the line names what the person may have seen and what to try."""
    client, before = no_browser.client, threading.active_count()
    assert client is not None
    code, _, err = no_browser("--timeout", "0.3", *manual)
    assert (4, True) == (code, "\nticktick-oauth: nobody signed in within 0.3 seconds; if the browser" in err)
    assert err.endswith("; run this command again, with --manual to open its address on any machine\n")
    with socket.socket() as again:
        again.bind(("127.0.0.1", urlsplit(client.redirect_uri).port))
    assert threading.active_count() <= before + 1  # the one that waits for a line of the keyboard


def test_a_paste_whose_exchange_fails_ends_it(pasted: Login) -> None:
    """The wait has the error of the exchange, whoever started it."""
    pasted.sandbox.next_answer(400, {"error": "invalid_grant"})
    code, _, err = pasted()
    assert (5, True) == (code, "the code was used already or is not whole: run this command again" in err)


def test_r25_without_a_thread_to_read_the_terminal(pasted: Login, monkeypatch: Patch) -> None:
    """R25: it ends, where a paste would be waited for that nobody reads."""
    monkeypatch.setattr("ticktick_oauth._cli.terminal.Thread", Mock(side_effect=RuntimeError("can't start new thread")))
    code, _, err = pasted()
    assert (2, True) == (code, err.endswith("\nticktick-oauth: can't start new thread\n"))


@pytest.mark.parametrize(
    ("number", "redirect_uri", "advice"),
    [
        (errno.EMFILE, None, ""),
        (errno.EMFILE, "http://127.0.0.1:9/", FIXED),
        (errno.EACCES, "http://127.0.0.1/", FIXED),
    ],
)
def test_l3_r25_a_port_that_cannot_be_had(
    number: int, redirect_uri: str | None, advice: str, bare_login: Login, monkeypatch: Patch
) -> None:
    """L3 and R25: exit 2 before the browser opens; a port is to be freed only where one was named."""
    monkeypatch.setattr(socket.socket, "bind", Mock(side_effect=OSError(number, os.strerror(number))))
    code, _, err = bare_login(redirect_uri=redirect_uri)
    assert (2, []) == (code, bare_login.uris)
    assert err.endswith(f" of 127.0.0.1: {os.strerror(number)}; {advice}use --manual\n")


def test_without_any_input_the_redirect_is_waited_for(login: Login, monkeypatch: Patch) -> None:
    """Where standard input is closed, nothing is said of pasting."""
    monkeypatch.setattr(sys, "stdin", None)
    code, _, err = login()
    assert (0, False) == (code, "paste" in err)


def test_l15_what_cannot_be_read_in_the_background_is_read_later(pasted: Login, monkeypatch: Patch) -> None:
    """L15: a terminal is an error to read (EIO) for as long as another program has it."""
    read, others = os.read, [1]

    def refuse_once(descriptor: int, size: int) -> bytes:
        if others:
            raise OSError(errno.EIO, "Input/output error")
        return read(descriptor, size)

    monkeypatch.setattr(os, "read", refuse_once)
    monkeypatch.setattr(os, "tcgetpgrp", lambda _: others.pop() if others else os.getpgrp())
    assert 0 == pasted().code


@pytest.mark.parametrize("data", [b"x" * 70000, b"x\n" * 70000], ids=["no line", "lines"])
def test_input_without_end_holds_nothing_up(
    data: bytes, login: Login, when_shown: WhenShown, monkeypatch: Patch
) -> None:
    """What a program writes on and on is read no further than a paste may go, and the redirect is served."""
    reading, writing = os.pipe()

    def write() -> None:
        try:
            while True:
                os.write(writing, data)
        except OSError:
            os.close(writing)

    before = threading.active_count()
    with open(reading) as stdin:  # noqa: PTH123 - a descriptor
        threading.Thread(target=write).start()
        monkeypatch.setattr(sys, "stdin", stdin)
        when_shown(browse)
        assert 0 == login("--manual").code
    eventually(lambda: threading.active_count() <= before)  # nobody writes, reads or complains any more
