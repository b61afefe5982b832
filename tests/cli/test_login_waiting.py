"""How `login` waits: the browser that cannot be trusted, the address that is pasted, and the end of patience."""

import io
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import urllib3

from person import LATE, browse, code_of, free_port, redirect_of
from ticktick_oauth import AuthorizationRequest, Client
from ticktick_oauth._cli import output, terminal, waiting
from ticktick_oauth.exceptions import InvalidRedirectError
from ticktick_oauth.sandbox import Sandbox

from .login_command import Login, in_a_thread, paste_when_asked

Enter = Callable[[str], None]


def open_nothing(_uri: str) -> None:
    """Be an opener that opens nothing; what it answers, nobody asks."""


@pytest.mark.parametrize("job_control", [True, False])
def test_l4_a_paste_is_read_beside_the_receiver(
    login: Login, keyboard: Enter, monkeypatch: pytest.MonkeyPatch, *, job_control: bool
) -> None:
    """L4: where no browser opens, the person may open the address anywhere, and paste what came of it."""
    if not job_control:  # as on Windows
        monkeypatch.delattr("signal.pthread_sigmask")
    login.opener = open_nothing
    paste_when_asked(monkeypatch, keyboard)
    assert 0 == login()


def test_l4_the_redirect_is_still_served_after_a_bad_paste(
    login: Login, keyboard: Enter, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
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
        keyboard("\nnot an address\n")

    monkeypatch.setattr(waiting, "say", say)
    monkeypatch.setattr(waiting, "print_address", print_address)
    assert 0 == login()
    assert capsys.readouterr().err.startswith("Refused: that is only the code: paste the whole address")


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
    """Where another program has it, the address is pasted."""
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


@pytest.mark.parametrize("port", ["0", "70000", "x"])
def test_l3_an_impossible_port(port: str, login: Login, capsys: pytest.CaptureFixture[str]) -> None:
    """L3: a redirect URI with a port that cannot be is exit 2, and the port is named."""
    assert 2 == login(redirect_uri=f"http://127.0.0.1:{port}/")
    assert ("its port 1 to 65535" in capsys.readouterr().err, []) == (True, login.uris)


def test_a_redirect_uri_of_the_web_is_pasted(
    sandbox: Sandbox, login: Login, keyboard: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is not this machine's to listen on comes by the keyboard, without a line end too."""
    login.client = sandbox.client(redirect_uri="https://app.example/callback")
    monkeypatch.setenv("TICKTICK_CLIENT_SECRET", str(login.client.client_secret))
    paste_when_asked(monkeypatch, keyboard)
    assert 0 == login()


@pytest.mark.parametrize("text", ["", "nothing\n"])
def test_standard_input_that_ends_before_the_address_is_wrong_usage(
    text: str,
    login: Login,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    """Where nothing listens and nobody can paste, it ends at once."""
    (tmp_path / "typed").write_text(text)
    with (tmp_path / "typed").open() as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        assert 2 == login(redirect_uri="https://app.example/callback")
    assert capsys.readouterr().err.endswith("ticktick-oauth: no address was pasted, and standard input has ended\n")


def test_l6_a_denial_is_exit_3(login: Login, capsys: pytest.CaptureFixture[str]) -> None:
    """L6: a person who denies ends the command at once, with one line, and nothing is kept."""
    login.decision = "deny"
    assert 3 == login()
    assert capsys.readouterr().err.endswith(
        "\nticktick-oauth: the person denied the access: access_denied (User denied access)\n"
    )
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
    assert threading.active_count() <= before


def test_l11_the_sandbox_names_the_mistake(login: Login) -> None:
    """L11: a redirect URI that is not registered is the person's to see."""
    assert 4 == login("--timeout", "1", redirect_uri=f"http://127.0.0.1:{free_port()}/")
    assert "redirect URI is not the one it is registered with" in login.pages[0][1]


def test_within_1_second(login: Login, capsys: pytest.CaptureFixture[str]) -> None:
    """One second is one."""
    login.opener = open_nothing
    assert 4 == login("--timeout", "1")
    assert "nobody signed in within 1 second; if" in capsys.readouterr().err


class Terminal(io.StringIO):
    """A standard stream that is a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


def test_a_refused_redirect_is_shown_once_and_the_wait_goes_on(login: Login, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another sign-in's redirect is reported without its state, on a line that the countdown has left."""
    stderr = Terminal()
    monkeypatch.setattr(sys, "stderr", stderr)

    def open_all(uri: str) -> None:
        good = redirect_of(uri)
        bad = good.partition("&state=")[0] + "&state=other-canary"
        for redirect in (bad, bad, good):
            urllib3.request("GET", redirect, retries=False)

    login.opener = open_all
    assert 0 == login()
    shown = stderr.getvalue()
    assert 1 == shown.count("\r\033[KRefused: the redirect's state is not this request's")
    assert "canary" not in shown
    assert "or is forged; open the address above again\n" in shown
    assert shown.endswith("\r\033[K")


def test_a_redirect_to_the_wrong_host_is_reported(login: Login, capsys: pytest.CaptureFixture[str]) -> None:
    """It carries this sign-in's state, so the person learns what to correct."""

    def open_both(uri: str) -> None:
        good = redirect_of(uri)
        urllib3.request("GET", good, headers={"Host": "evil.example"}, retries=False)
        urllib3.request("GET", good, retries=False)

    login.opener = open_both
    assert 0 == login()
    assert "\nRefused: the redirect came for another host or port than http://127.0.0.1" in capsys.readouterr().err


@pytest.mark.parametrize(("option", "words"), [([], ", if none opens by itself"), (["--manual"], "")])
def test_at_a_terminal_the_address_has_a_line_and_the_time_is_counted(
    option: list[str], words: str, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The address stands alone, to be copied; the time that is left stands below, in one line."""
    login.opener = open_nothing
    stderr = Terminal()
    monkeypatch.setattr(sys, "stderr", stderr)
    assert 4 == login("--timeout", "0.4", *option)
    head, address, rest = stderr.getvalue().split("\n\n", 2)
    assert f"Open this address in a browser and sign in{words}:" == head
    assert address.startswith(f"  {login.sandbox.server.authorization_endpoint}?")
    assert rest.startswith("If the browser cannot show the page that follows, paste here the address")
    assert "\n\r\033[KWaiting, 1 second left \r\033[K" in rest


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (86400.0, "1440 minutes"),
        (60.1, "2 minutes"),
        (120.0, "2 minutes"),
        (60.0, "60 seconds"),
        (50.1, "55 seconds"),
        (9.1, "10 seconds"),
        (8.9, "9 seconds"),
        (0.1, "1 second"),
    ],
)
def test_the_countdown_has_steps(left: float, words: str) -> None:
    """Each new text would take the place of what is being typed; it is rounded up, and short."""
    assert f"Waiting, {words} left " == waiting._countdown(left)


class Pasting:
    """An authorization request, and the good address that answers it."""

    def __init__(self, *, secret: str | None) -> None:
        client = Client(client_id="id", client_secret=secret)
        self.request = AuthorizationRequest.with_pkce(client=client)
        self.good = f"http://127.0.0.1:8080/?code=c0de-c0de&state={self.request.state}"

    def __call__(self, *lines: str) -> str:
        """Return the code that is read from some lines."""
        response = waiting.parse_paste(self.request, lines)
        assert self.request.code_verifier == response.code_verifier
        return response.code


@pytest.mark.parametrize(
    "change",
    [
        lambda good: [good],
        lambda good: [good.removeprefix("http://")],
        lambda good: [good.replace("http://127.0.0.1", "HTTP://127.0.0.1")],
        lambda good: [f'"{good}"'],
        lambda good: [f"'{good}'"],
        lambda good: [f"<{good}>"],
        lambda good: [f"\u201c{good.removeprefix('http://')}\u201d"],
        lambda good: [good[:30], good[30:50], good[50:]],
        lambda good: [good.partition("?")[0], "?" + good.partition("?")[2]],
        lambda good: ["help", good],
        lambda good: ["http://127.0.0.1:9/?code=x&state=y", good[:40], good[40:]],
        lambda good: ["?" + good.partition("?")[2]],
        lambda good: [good.partition("?")[2]],
        lambda good: ["/?" + good.partition("?")[2]],
    ],
)
def test_what_people_paste_is_understood(change: Callable[[str], list[str]]) -> None:
    """Without its scheme, in quotes, broken into lines, behind a bad one, or without its beginning."""
    pasting = Pasting(secret="secret")
    assert "c0de-c0de" == pasting(*change(pasting.good))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda _: ["c0de-c0de"], "that is only the code: paste the whole address"),
        (lambda good: [good.partition("&state")[0]], "the redirect has no state: copy the whole address, to its end"),
        (lambda good: [good[:-1]], "the redirect's state is not this request's"),
        (lambda good: [good.replace("http:", "https:")], "starts with https://"),
        (lambda good: [good.replace(":8080", ":9090")], "the redirect is for http://127.0.0.1:9090, not for this"),
        (lambda _: ["http://["], "the redirect is not an http(s) URL"),
    ],
)
def test_what_cannot_be_used_has_a_next_step(change: Callable[[str], list[str]], words: str) -> None:
    """Nothing of what was pasted is repeated."""
    pasting = Pasting(secret="secret")
    with pytest.raises(InvalidRedirectError) as caught:
        pasting(*change(pasting.good))
    assert (True, False) == (words in str(caught.value), "c0de" in str(caught.value))


def test_the_address_to_open_is_not_the_one_to_paste() -> None:
    """The commonest mistake has its own next step."""
    pasting = Pasting(secret=None)
    with pytest.raises(InvalidRedirectError, match="that is the address to open: allow the access there"):
        pasting(pasting.request.uri)


def test_a_code_alone_is_enough_for_a_public_client() -> None:
    """PKCE binds it to this sign-in; a part of a broken address, and a word, are not codes."""
    pasting = Pasting(secret=None)
    assert "aB3dE6" == pasting('"aB3dE6"')
    assert "c0de-c0de" == pasting(pasting.good)
    for lines in (["help"], ["http://127.0.0.1:8080/?code=abc&sta", "te_of_another"]):
        with pytest.raises(InvalidRedirectError):
            pasting(*lines)


@pytest.mark.parametrize("program", ["yes", "yes $(head -c 100000 /dev/zero | tr '\\0' y)", "cat /dev/zero"])
def test_input_without_end_holds_nothing_up(program: str, login: Login, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a program writes on and on is read no further than a paste may go, and the redirect is served."""
    with subprocess.Popen(["/bin/sh", "-c", program], stdout=subprocess.PIPE, start_new_session=True) as endless:
        monkeypatch.setattr(sys, "stdin", endless.stdout)
        login.opener = lambda uri: in_a_thread(login.open, uri)
        assert 0 == login()
        os.killpg(endless.pid, signal.SIGKILL)


def test_lines_that_come_on_and_on_are_not_one_paste(keyboard: Enter, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines that follow each other for longer than a paste lasts are taken in parts."""
    monkeypatch.setattr(terminal, "_LONGEST", -LATE)
    lines = terminal.Keyboard()
    keyboard("one\n")
    assert [] == lines.read(1)
    monkeypatch.undo()
    assert ["one"] == lines.read(LATE)


def test_a_code_alone_signs_in_without_an_id(
    bare_login: Login, keyboard: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The person copies what the page shows."""
    paste_when_asked(monkeypatch, keyboard, code_of)
    assert 0 == bare_login("--manual")


def test_a_paste_comes_from_the_terminal_while_standard_input_is_another(
    login: Login, terminal_path: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A secret that comes through standard input and the paste do not fight over it."""
    assert login.client is not None
    monkeypatch.delenv("TICKTICK_CLIENT_SECRET")
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{login.client.client_secret}\n"))

    def enter(text: str) -> None:
        os.write(terminal_path, text.encode())

    paste_when_asked(monkeypatch, enter)
    assert 0 == login("--manual", "--client-secret-file", "-")
