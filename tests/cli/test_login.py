"""The command `login` in this process: what it asks, prints and keeps, and how it ends."""

import io
import json
import os
import re
import socket
import sys
import tempfile
import threading
import webbrowser
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO
from urllib.parse import urlsplit

import pytest
import urllib3

from person import LATE
from person import browse
from person import free_port
from person import redirect_of
from ticktick_oauth import Client
from ticktick_oauth import IssuedToken
from ticktick_oauth._cli import main
from ticktick_oauth._cli.output import say
from ticktick_oauth.sandbox import Sandbox
from ticktick_oauth.storage import TokenFile

Opener = Callable[[str], bool]


class Login:
    """The command with a client of the sandbox, a free port, and a person at the browser."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.sandbox = sandbox
        self.client: Client = sandbox.client(redirect_uri=f"http://127.0.0.1:{free_port()}/")
        self.store = TokenFile(folder / "kept" / "token.json")
        self.pages: list[tuple[int, str]] = []
        self.uris: list[str] = []
        self.decision = "allow"

    def open(self, uri: str) -> bool:
        """Be `webbrowser.open`."""
        self.uris.append(uri)
        self.pages.append(browse(uri, decision=self.decision))
        return True

    def arguments(self, *arguments: str, redirect_uri: str | None = None) -> list[str]:
        """Make the arguments that this client needs."""
        return [
            "login",
            f"--client-id={self.client.client_id}",
            f"--redirect-uri={redirect_uri or self.client.redirect_uri}",
            f"--server={self.sandbox.server.issuer}",
            f"--token-file={self.store.path}",
            f"--timeout={LATE}",
            *arguments,
        ]

    def __call__(self, *arguments: str, redirect_uri: str | None = None) -> int:
        """Run the command."""
        return main(self.arguments(*arguments, redirect_uri=redirect_uri))

    def kept(self) -> IssuedToken:
        """Return the token that was kept."""
        issued = self.store.load()
        assert issued is not None
        return issued


@pytest.fixture
def login(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Login:
    """Give the command, its secret in the environment, and a person who allows."""
    login = Login(sandbox, tmp_path)
    monkeypatch.setenv("TICKTICK_CLIENT_SECRET", str(login.client.client_secret))
    monkeypatch.setattr(webbrowser, "open", login.open)
    return login


@pytest.fixture
def keyboard(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Give what a person types on standard input, a pipe."""
    reading, writing = os.pipe()
    with open(reading) as stdin, open(writing, "w") as typing:  # noqa: PTH123 - descriptors
        monkeypatch.setattr(sys, "stdin", stdin)

        def enter(text: str) -> None:
            typing.write(text)
            typing.flush()

        yield enter


def no_browser(_: str) -> bool:
    """Be `webbrowser.open` on a machine that has none."""
    return False


def type_redirect_when_asked(
    monkeypatch: pytest.MonkeyPatch, enter: Callable[[str], None], change: Callable[[str], str] = str
) -> None:
    """Let a person copy the address from the terminal, go there, and type what became of it."""

    def tell(text: str, *, end: str = "\n") -> None:
        say(text, end=end)
        if found := re.search(r"^  (http\S+)", text, re.MULTILINE):
            enter(change(redirect_of(found[1])) + "\n")

    monkeypatch.setattr("ticktick_oauth._cli.waiting.say", tell)


def test_a_person_signs_in(login: Login, capsys: pytest.CaptureFixture[str]) -> None:
    """The token is kept, and server, scope, expiry and place are told; the token is not."""
    assert 0 == login()
    out, err = capsys.readouterr()
    issued = login.kept()
    assert out == (
        f"Signed in at {login.sandbox.server.issuer}\n"
        "  scope  tasks:read tasks:write\n"
        f"  token  expires on {issued.expires_at:%Y-%m-%d at %H:%M} UTC, in 179 days\n"
        f"  file   {login.store.path}\n"
    )
    assert "" == err
    assert login.sandbox.server.issuer == issued.server.issuer
    ((status, page),) = login.pages
    assert (200, True) == (status, "Access allowed" in page)


@pytest.mark.parametrize(("option", "present"), [([], False), (["--pkce"], True)])
def test_pkce_is_an_option(option: list[str], *, present: bool, login: Login) -> None:
    """With --pkce the challenge goes along and its verifier follows; without, neither."""
    assert 0 == login(*option)
    assert present == ("code_challenge=" in login.uris[0])
    assert present == ("code_verifier" in login.sandbox.requests[0].form)


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_the_secret_from_a_file(end: str, login: Login, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file's last line end is not part of the secret; it wins over the environment."""
    monkeypatch.setenv("TICKTICK_CLIENT_SECRET", "another")
    (tmp_path / "secret").write_bytes(f"{login.client.client_secret}{end}".encode())
    assert 0 == login("--client-secret-file", str(tmp_path / "secret"))


def test_the_secret_from_standard_input(login: Login, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dash is standard input."""
    monkeypatch.delenv("TICKTICK_CLIENT_SECRET")
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{login.client.client_secret}\n"))
    assert 0 == login("--client-secret-file", "-")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "No such file or directory"),
        (b"secret-canary\xff", "it is no UTF-8 text"),
        (b"", "client_secret must not be empty"),
        (b"secret-canary\nsecret-canary\n", "client_secret must not have a line end or another unprintable character"),
    ],
)
def test_a_bad_secret_file_is_wrong_usage(
    content: bytes | None, reason: str, login: Login, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is no secret is exit 2, with the reason and nothing of the content."""
    if content is not None:
        (tmp_path / "secret").write_bytes(content)
    assert 2 == login("--client-secret-file", str(tmp_path / "secret"))
    out, err = capsys.readouterr()
    assert ("", True, False) == (out, reason in err, "canary" in err)
    assert [] == login.uris


def test_a_secret_from_a_closed_standard_input_is_wrong_usage(
    login: Login, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """There is nothing to read."""
    monkeypatch.setattr(sys, "stdin", None)
    assert 2 == login("--client-secret-file", "-")
    assert "ticktick-oauth: --client-secret-file -: standard input is closed\n" == capsys.readouterr().err


class Terminal(io.StringIO):
    """A standard stream that is a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


def test_what_is_missing_is_asked_for(
    login: Login, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without id and secret a terminal is asked, the secret hidden, the prompts on stderr."""
    monkeypatch.delenv("TICKTICK_CLIENT_SECRET")
    monkeypatch.delenv("TICKTICK_CLIENT_ID", raising=False)
    monkeypatch.setattr(sys, "stdin", Terminal(f"  {login.client.client_id} \n"))

    def getpass(prompt: str, stream: TextIO) -> str:
        print(prompt, file=stream)
        return str(login.client.client_secret)

    monkeypatch.setattr("getpass.getpass", getpass)
    assert 0 == main([argument for argument in login.arguments() if "client-id" not in argument])
    out, err = capsys.readouterr()
    assert "Client id: Client secret (hidden): \n" == err
    assert out.startswith("Signed in at ")


def test_the_id_from_the_environment(login: Login, monkeypatch: pytest.MonkeyPatch) -> None:
    """The id may stand in a variable as the secret does."""
    monkeypatch.setenv("TICKTICK_CLIENT_ID", login.client.client_id)
    assert 0 == main([argument for argument in login.arguments() if "client-id" not in argument])


@pytest.mark.parametrize(
    ("stdin", "reason"),
    [
        (None, "there is no terminal to ask at; give the client by $TICKTICK_CLIENT_ID and $TICKTICK_CLIENT_SECRET"),
        (io.StringIO(), "there is no terminal to ask at; give"),
        (Terminal(), "nothing was entered"),
    ],
)
def test_nobody_to_ask_is_wrong_usage(
    stdin: io.StringIO | None,
    reason: str,
    login: Login,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Without a terminal, or with one that is at its end, the variables are named."""
    monkeypatch.delenv("TICKTICK_CLIENT_ID", raising=False)
    monkeypatch.setattr(sys, "stdin", stdin)
    assert 2 == main([argument for argument in login.arguments() if "client-id" not in argument])
    assert reason in capsys.readouterr().err


@pytest.mark.parametrize("name", ["ticktick", "dida365", "https://sso.example/"])
def test_servers_have_names(name: str, login: Login, capsys: pytest.CaptureFixture[str]) -> None:
    """A name or an issuer decides where the person is sent."""
    addresses = {
        "ticktick": "https://ticktick.com/oauth/authorize",
        "dida365": "https://dida365.com/oauth/authorize",
        "https://sso.example/": "https://sso.example/oauth/authorize",
    }
    arguments = ["--server", name, "--manual", "--timeout", "0.1"]
    assert login(*arguments) in {2, 4}  # standard input of a test run is at its end
    assert f"\n\n  {addresses[name]}?response_type=code&" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--server", "http://sso.example"], "ticktick, dida365 or a URL: issuer must start with https://"),
        (["--server", "tick-tick"], "ticktick, dida365 or a URL: issuer must be an absolute http(s) URL"),
        (["--timeout", "0"], "a time is a number of seconds, over 0 and up to 86400"),
        (["--timeout", "nan"], "a time is a number of seconds, over 0 and up to 86400"),
        (["--timeout", "soon"], "a time is a number of seconds, over 0 and up to 86400"),
    ],
)
def test_bad_arguments_are_wrong_usage(
    arguments: list[str], reason: str, login: Login, capsys: pytest.CaptureFixture[str]
) -> None:
    """What cannot be meant is exit 2 before anybody is asked."""
    assert 2 == login(*arguments)
    assert reason in capsys.readouterr().err
    assert [] == login.uris


def test_l2_l12_a_port_in_use(
    login: Login, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """L2, L12: a second sign-in on one redirect URI is exit 2 before its browser opens, and the first is untouched."""
    ends: list[int] = []
    second: list[str] = []

    def sign_in_twice(uri: str) -> bool:
        monkeypatch.setattr(webbrowser, "open", second.append)
        ends.append(login())
        return login.open(uri)

    monkeypatch.setattr(webbrowser, "open", sign_in_twice)
    assert 0 == login()
    port = urlsplit(login.client.redirect_uri).port
    assert ([2], []) == (ends, second)
    assert re.fullmatch(
        rf"ticktick-oauth: cannot listen on port {port} of 127\.0\.0\.1: .+; the redirect URI fixes the port, so free "
        r"it, or register another redirect URI and give it by --redirect-uri, or use --manual\n",
        capsys.readouterr().err,
    )


@pytest.mark.parametrize("port", ["0", "70000", "x"])
def test_l3_an_impossible_port(port: str, login: Login, capsys: pytest.CaptureFixture[str]) -> None:
    """L3: a redirect URI with a port that cannot be is exit 2, and the port is named."""
    assert 2 == login(redirect_uri=f"http://127.0.0.1:{port}/")
    assert "redirect_uri must be an absolute http(s) URL" in (err := capsys.readouterr().err)
    assert "its port 1 to 65535" in err
    assert [] == login.uris


def test_l3_port_80_without_the_right_to_it(
    login: Login, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """L3: a port that this user may not listen on is exit 2, before the browser opens."""

    def forbid(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("socket.create_server", forbid)
    assert 2 == login(redirect_uri="http://127.0.0.1/")
    assert "cannot listen on port 80 of 127.0.0.1: Permission denied; the redirect URI" in capsys.readouterr().err
    assert [] == login.uris


def _raise(error: Exception) -> Callable[..., bool]:
    def fail(*_: object) -> bool:
        raise error

    return fail


@pytest.mark.parametrize(
    "opener",
    [no_browser, _raise(webbrowser.Error("none")), _raise(OSError(2, "none")), _raise(IndexError("BROWSER is blank"))],
)
def test_l4_without_a_browser_the_address_is_shown_and_the_wait_goes_on(
    opener: Opener,
    login: Login,
    keyboard: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """L4: the person may open the address by hand on this machine or another, and paste what came of it."""
    monkeypatch.setattr(webbrowser, "open", opener)
    type_redirect_when_asked(monkeypatch, keyboard)
    assert 0 == login()
    out, err = capsys.readouterr()
    assert out.startswith("Signed in at ")
    assert err.startswith("No browser could be opened.\nOpen this address in a browser and sign in:\n\n  http://127")


def test_l4_the_redirect_is_still_served(
    login: Login, keyboard: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """L4: a person who opens the shown address on this very machine is done then; what was mistyped is not taken."""
    monkeypatch.setattr(webbrowser, "open", no_browser)
    threads: list[threading.Thread] = []

    def tell(text: str, *, end: str = "\n") -> None:
        say(text, end=end)
        if found := re.search(r"^  (http\S+)", text, re.MULTILINE):
            keyboard("\nnot an address\n")
        elif text.startswith("Refused"):
            threads.append(threading.Thread(target=browse, args=(uris[0],)))
            threads[0].start()
        uris.extend([found[1]] if found else [])

    uris: list[str] = []
    monkeypatch.setattr("ticktick_oauth._cli.waiting.say", tell)
    assert 0 == login()
    threads[0].join(LATE)


def test_l5_a_browser_that_blocks(login: Login, monkeypatch: pytest.MonkeyPatch) -> None:
    """L5: one that returns only when it is left, as text browsers do, does not hold up the sign-in."""
    left = threading.Event()

    def block(uri: str) -> bool:
        login.pages.append(browse(uri))
        return left.wait(LATE)

    monkeypatch.setattr(webbrowser, "open", block)
    assert 0 == login()
    assert 200 == login.pages[0][0]
    left.set()


def test_l6_a_denial_is_exit_3(login: Login, capsys: pytest.CaptureFixture[str]) -> None:
    """L6: a person who denies ends the command at once, with one line, and nothing is kept."""
    login.decision = "deny"
    assert 3 == login()
    assert ("", "ticktick-oauth: the person denied the access: access_denied (User denied access)\n") == (
        capsys.readouterr()
    )
    assert "Access denied" in login.pages[0][1]
    assert login.store.load() is None


def test_a_servers_error_is_exit_5(
    login: Login, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A redirect with another error than a denial is the server's doing."""
    monkeypatch.setattr(webbrowser, "open", lambda uri: login.open(uri.replace("scope=tasks", "scope=task")))
    assert 5 == login()
    assert capsys.readouterr().err.startswith("ticktick-oauth: no code was issued: invalid_scope (")


@pytest.mark.parametrize("manual", [[], ["--manual"]])
def test_l7_nobody_comes(
    manual: list[str],
    login: Login,
    keyboard: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """L7: after the timeout it is exit 4, the port is free, the thread gone."""
    monkeypatch.setattr(webbrowser, "open", lambda _: True)
    before = threading.active_count()
    assert 4 == login("--timeout", "0.3", *manual)
    assert (
        "ticktick-oauth: nobody signed in within 0.3 seconds; if the browser showed an error, see whether "
        f"{login.client.redirect_uri} is the registered redirect URI, to the character\n"
    ) in capsys.readouterr().err
    with socket.socket() as again:
        again.bind(("127.0.0.1", urlsplit(login.client.redirect_uri).port))
    keyboard("")
    assert threading.active_count() <= before + len(manual)


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (401, "<html>", "check the client id or secret"),
        (503, "", "the service is at fault"),
        (200, "{}", "not a TickTick token: access_token: "),
        (400, '{"error": "invalid_grant", "error_description": "Redirect URI mismatch."}', "this client's is http"),
    ],
)
def test_a_failed_exchange_is_exit_5(
    status: int, body: str, reason: str, login: Login, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the token endpoint answers instead of a token is told in one line, and nothing is kept."""
    login.sandbox.next_answer(status, body)
    assert 5 == login()
    out, err = capsys.readouterr()
    assert ("", True, 1) == (out, reason in err, err.count("\n"))
    assert login.store.load() is None


def test_l10_a_secret_in_an_argument_is_refused(login: Login, capsys: pytest.CaptureFixture[str]) -> None:
    """L10: a secret in argv is not taken for a file's name, not shown again, and the person is told to change it."""
    for arguments in (["--client-secret", "secret-canary"], ["--client-secret=secret-canary"]):
        code = login(*arguments)
        out, err = capsys.readouterr()
        assert (2, "") == (code, out)
        assert "this secret is no longer one: make a new one" in err
        assert "canary" not in err
    assert 0 == main(["login", "--help"])
    assert "--client-secret " not in capsys.readouterr().out


def test_l11_another_redirect_uri_was_registered(
    login: Login,
    keyboard: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """L11: a browser that came back elsewhere is told with both addresses, and may be corrected."""
    elsewhere = "http://127.0.0.1:9/callback"
    good = login.client.redirect_uri

    def change(redirect: str) -> str:
        return redirect.replace(good, elsewhere) + "\n" + redirect

    type_redirect_when_asked(monkeypatch, keyboard, change)
    assert 0 == login("--manual")
    assert (
        f"\nRefused: the redirect is for http://127.0.0.1:9, not for this client's redirect_uri {good}\nTry again:\n"
        in (capsys.readouterr().err)
    )


def test_l11_the_sandbox_names_the_mistake(login: Login, capsys: pytest.CaptureFixture[str]) -> None:
    """L11: the page says what is wrong, and the command, when nobody came, where to look."""
    assert 4 == login("--timeout", "1", redirect_uri=f"http://127.0.0.1:{free_port()}/")
    assert "redirect URI is not the one it is registered with" in login.pages[0][1]
    assert "is the registered redirect URI" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "nothing\n"])
def test_standard_input_that_ends_before_the_address_is_wrong_usage(
    text: str,
    login: Login,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    """Without a person to paste, the manual way ends at once."""
    (tmp_path / "typed").write_text(text)
    with (tmp_path / "typed").open() as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        assert 2 == login("--manual")
    assert capsys.readouterr().err.endswith("ticktick-oauth: no address was pasted, and standard input has ended\n")


def test_a_redirect_uri_of_the_web_is_manual_by_itself(
    sandbox: Sandbox,
    login: Login,
    keyboard: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is not this machine's to listen on is pasted, without a line end too."""
    login.client = sandbox.client(redirect_uri="https://app.example/callback")
    monkeypatch.setenv("TICKTICK_CLIENT_SECRET", str(login.client.client_secret))
    type_redirect_when_asked(monkeypatch, keyboard)
    assert 0 == login()
    assert [] == login.uris


def test_a_refused_redirect_is_told_and_the_wait_goes_on(
    login: Login, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Another sign-in's redirect is told on stderr, without its state, on a line that the countdown has left."""
    stderr = Terminal()
    monkeypatch.setattr(sys, "stderr", stderr)

    def open_both(uri: str) -> bool:
        good = redirect_of(uri)
        for redirect in (good.partition("&state=")[0] + "&state=other-canary", good):
            urllib3.request("GET", redirect, retries=False)
        return True

    monkeypatch.setattr(webbrowser, "open", open_both)
    assert 0 == login()
    told = stderr.getvalue()
    assert "\r\033[KRefused: the redirect's state is not this request's" in told
    assert "canary" not in told
    assert told.endswith("\r\033[K")
    assert capsys.readouterr().out.startswith("Signed in")


def test_the_time_that_remains_is_shown_on_a_terminal(login: Login, monkeypatch: pytest.MonkeyPatch) -> None:
    """A countdown stands in one line while nobody has come."""
    stderr = Terminal()
    monkeypatch.setattr(sys, "stderr", stderr)
    monkeypatch.setattr(webbrowser, "open", lambda _: True)
    assert 4 == login("--timeout", "0.4")
    assert stderr.getvalue().startswith("\r\033[KWaiting for the browser, 0 seconds left")


@pytest.mark.parametrize("kind", ["a folder that is a file", "disk full"])
def test_s13_a_token_that_cannot_be_kept_there_is_kept_elsewhere(
    kind: str, login: Login, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """S13: the sign-in is not lost: the token lies in a private folder, and the line says how to print it."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    if kind == "disk full":
        real, failures = os.fsync, [28]

        def fsync(descriptor: int) -> None:
            if failures:
                raise OSError(failures.pop(), "No space left on device")
            real(descriptor)

        monkeypatch.setattr(os, "fsync", fsync)
    else:
        (tmp_path / "kept").write_text("")
    assert 6 == login()
    out, err = capsys.readouterr()
    (refuge,) = tmp_path.glob("ticktick-oauth-*/token.json")
    assert f"  file   {refuge}\n" in out
    assert f"the token is kept in {refuge} instead: move it, or print it with ticktick-oauth token --token-file " in err
    assert 1 == err.count("\n")
    assert 0o700 == refuge.parent.stat().st_mode & 0o777
    assert 0 == main(["token", "--token-file", str(refuge), "--server", login.sandbox.server.issuer])
    issued = TokenFile(refuge).load()
    assert issued is not None
    assert f"{issued.token.access_token}\n" == capsys.readouterr().out


def test_s13_a_token_that_can_be_kept_nowhere(
    login: Login, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """S13: with no place at all, the line says that signing in again brings the same token."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    (tmp_path / "kept").write_text("")
    assert 6 == login()
    out, err = capsys.readouterr()
    assert "" == out
    assert "sign in again with --token-file and a file that can be written: TickTick gives the same token again" in err


def test_s15_no_place_for_a_token_is_told_before_anybody_is_asked(
    login: Login, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """S15: a user without a home is exit 6 at once."""
    for name in ("TICKTICK_OAUTH_TOKEN_FILE", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", staticmethod(_raise(RuntimeError("none"))))
    assert 6 == main([argument for argument in login.arguments() if "token-file" not in argument])
    assert "this user has no home folder" in capsys.readouterr().err
    assert [] == login.uris


def test_the_file_is_what_the_documentation_says(login: Login) -> None:
    """Another program finds the documented format."""
    assert 0 == login()
    document = json.loads(login.store.path.read_text())
    assert {"version", "issued_at", "server", "token"} == set(document)
