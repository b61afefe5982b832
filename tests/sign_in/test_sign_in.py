"""`sign_in`: from a person at this machine to an issued token, in one call; and the browser that it starts."""

import io
import os
import shutil
import signal
import socket
import sys
import threading
import webbrowser
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import urllib3

from faults.parent import wait_until_it_waits
from person import LATE, browse, free_port, redirect_of
from processes import eventually, started
from ticktick_oauth import DIDA365, AuthorizationServer, Client, sign_in
from ticktick_oauth._sign_in import browser as _browser
from ticktick_oauth._sign_in.browser import start_browser
from ticktick_oauth._sign_in.http_server import Answer, Listener
from ticktick_oauth.exceptions import AuthorizationError, DeadlineExceededError, InvalidTokenError, RegistrationError
from ticktick_oauth.sandbox import Sandbox


class Person:
    """Goes where `show` says, in a thread, as a browser does, and decides."""

    def __init__(self, decision: str = "allow") -> None:
        self.decision = decision
        self.uris: list[str] = []
        self.pages: list[tuple[int, str]] = []

    def __call__(self, uri: str) -> None:
        """Be `show`."""
        self.uris.append(uri)
        threading.Thread(target=self._browse, args=(uri,), daemon=True).start()

    def _browse(self, uri: str) -> None:
        self.pages.append(browse(uri, decision=self.decision))


@pytest.fixture
def local_client(sandbox: Sandbox) -> Client:
    """Return a client of the sandbox on a free port."""
    return sandbox.client(redirect_uri=f"http://127.0.0.1:{free_port()}/")


def is_free(redirect_uri: str) -> bool:
    """Return whether nobody listens on a redirect URI."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", urlsplit(redirect_uri).port)) != 0


def redirect_uri_of(uri: str) -> str:
    """Return the redirect URI in an authorization URL."""
    return parse_qs(urlsplit(uri).query)["redirect_uri"][0]


def test_without_a_client_the_program_registers_itself(sandbox: Sandbox) -> None:
    """It is a public client on a free port of 127.0.0.1, with PKCE; the token knows the server's own addresses."""
    person = Person()
    before = datetime.now(timezone.utc)
    # Its addresses but for the issuer are not used: the server's own document has the freshest.
    stale = AuthorizationServer(
        issuer=sandbox.server.issuer,
        authorization_endpoint="https://stale.invalid/",
        token_endpoint="https://stale.invalid/",
    )
    issued = sign_in(server=stale, open_browser=False, show=person)
    assert before <= issued.issued_at <= datetime.now(timezone.utc)
    assert sandbox.server == issued.server
    (request,) = sandbox.requests
    assert "authorization" not in {name.lower() for name in request.headers}
    assert {"client_id", "code_verifier"} <= set(request.form)
    (uri,) = person.uris
    assert "code_challenge_method=S256" in uri
    assert (True, "/") == (redirect_uri_of(uri).startswith("http://127.0.0.1:"), urlsplit(redirect_uri_of(uri)).path)
    assert is_free(redirect_uri_of(uri))


def test_a_client_signs_in_on_its_own_redirect_uri(sandbox: Sandbox, local_client: Client) -> None:
    """A client with a secret goes without PKCE, by HTTP Basic."""
    person = Person()
    assert sandbox.server == sign_in(local_client, open_browser=False, show=person).server
    (request,) = sandbox.requests
    assert {"client_id", "code_verifier"}.isdisjoint(request.form)
    assert "code_challenge" not in person.uris[0]
    assert local_client.redirect_uri == redirect_uri_of(person.uris[0])


def test_the_address_is_shown_before_a_browser_is_started(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether a browser opens is never known."""
    events: list[tuple[str, str]] = []
    person = Person()

    def start(uri: str) -> None:
        events.append(("started", uri))
        person(uri)

    monkeypatch.setattr("ticktick_oauth._sign_in.person.start_browser", start)
    sign_in(server=sandbox.server, show=lambda uri: events.append(("shown", uri)))
    assert [("shown", person.uris[0]), ("started", person.uris[0])] == events


def test_without_show_the_address_is_a_line_on_stderr(
    local_client: Client, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is all that the library prints."""
    person = Person()
    monkeypatch.setattr("ticktick_oauth._sign_in.person.start_browser", person)
    monkeypatch.setenv("DISPLAY", ":0")
    sign_in(local_client)
    assert ("", f"Open this address in a browser to sign in: {person.uris[0]}\n") == capsys.readouterr()


class Broken(io.StringIO):
    """A stream that nobody reads any more."""

    def write(self, _text: str) -> int:
        """Fail."""
        raise BrokenPipeError


@pytest.mark.parametrize("stderr", [None, Broken()])
def test_a_stderr_that_is_gone_does_not_end_the_sign_in(
    stderr: io.StringIO | None, local_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The browser may open all the same."""
    monkeypatch.setattr(sys, "stderr", stderr)
    monkeypatch.setattr("ticktick_oauth._sign_in.person.start_browser", Person())
    assert not sign_in(local_client).is_expired(now=datetime.now(timezone.utc))


def test_l6_a_denial_ends_it(sandbox: Sandbox) -> None:
    """L6: it is an AuthorizationError, and the port is free."""
    person = Person("deny")
    with pytest.raises(AuthorizationError) as caught:
        sign_in(server=sandbox.server, open_browser=False, show=person)
    assert "access_denied" == caught.value.error
    assert is_free(redirect_uri_of(person.uris[0]))


def test_l7_nobody_comes(local_client: Client) -> None:
    """L7: what the person may have seen, and what was refused, stand in the error; it says nothing of a code."""

    def send_another_sign_ins_redirect(uri: str) -> None:
        redirect = redirect_of(uri).partition("&state=")[0] + "&state=other-canary"
        threading.Thread(target=urllib3.request, args=("GET", redirect), kwargs={"retries": False}).start()

    with pytest.raises(DeadlineExceededError) as caught:
        sign_in(local_client, open_browser=False, show=send_another_sign_ins_redirect, timeout=1)
    text = str(caught.value)
    assert text.startswith(
        "nobody signed in within 1 seconds; if the browser showed an error, such as Invalid redirect"
    )
    for part in (
        local_client.redirect_uri,
        local_client.client_id,
        "must be a client id at",
        "; refused: the redirect",
    ):
        assert part in text
    assert (None, False) == (caught.value.code_unused, "canary" in text)
    assert is_free(local_client.redirect_uri)


def test_l2_a_port_in_use_is_named(local_client: Client) -> None:
    """L2: it is an OSError before anything is shown."""
    person = Person()
    port = urlsplit(local_client.redirect_uri).port
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        with pytest.raises(OSError, match=f"cannot listen on port {port} of 127.0.0.1: "):
            sign_in(local_client, open_browser=False, show=person)
    assert [] == person.uris


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"client": "id"}, TypeError, "client must be of type Client, not str"),
        ({"server": "https://ticktick.com"}, TypeError, "server must be of type AuthorizationServer, not str"),
        ({"server": DIDA365, "client": Client(client_id="i", client_secret="s")}, TypeError, "beside a client"),
        (
            {"client": Client(client_id="i", client_secret="s", redirect_uri="https://app.example/")},
            ValueError,
            "redirect_uri must be http on 127.0.0.1",
        ),
        (
            {"http": "proxy", "client": Client(client_id="i", client_secret="s")},
            TypeError,
            "http must be of type PoolManager, not str",
        ),
        ({"show": "line"}, TypeError, "show must be a function, not str"),
        ({"timeout": True}, TypeError, "timeout must be a number of seconds, not bool"),
        ({"timeout": float("nan")}, ValueError, "timeout must be over 0 and up to 86400 seconds"),
        ({"timeout": 86401}, ValueError, "timeout must be over 0 and up to 86400 seconds"),
    ],
)
def test_a_callers_mistake_is_raised_at_the_call(arguments: dict[str, Any], error: type[Exception], words: str) -> None:
    """Nothing is shown, asked or opened."""
    person = Person()
    with pytest.raises(error, match=words):
        sign_in(**{"open_browser": False, "show": person, "timeout": 2, **arguments})
    assert [] == person.uris


def test_a_server_that_registers_nobody_is_an_error() -> None:
    """It is a RegistrationError before anything is shown."""
    person = Person()
    with closing(Listener("127.0.0.1", 0, lambda _: Answer(status=404, body=b"", headers={}))) as server:
        issuer = f"http://127.0.0.1:{server.port}"
        asked = AuthorizationServer(issuer=issuer, authorization_endpoint=issuer, token_endpoint=issuer)
        with pytest.raises(RegistrationError, match="has no metadata document"):
            sign_in(server=asked, open_browser=False, show=person)
    assert [] == person.uris


def test_what_was_issued_is_in_the_error(sandbox: Sandbox) -> None:
    """An answer that is not a token is not lost."""
    sandbox.next_answer(200, {"access_token": "odd"})
    with pytest.raises(InvalidTokenError) as caught:
        sign_in(server=sandbox.server, open_browser=False, show=Person())
    assert b'{"access_token": "odd"}' == caught.value.body


def test_it_goes_through_the_pool_that_it_is_given(sandbox: Sandbox) -> None:
    """Discovery, registration and exchange are sent by one pool, which stays open."""
    with urllib3.PoolManager() as http:
        sign_in(server=sandbox.server, open_browser=False, show=Person(), http=http)
        assert 3 == http.connection_from_url(sandbox.server.issuer).num_requests


def test_two_threads_sign_in_at_once(sandbox: Sandbox) -> None:
    """Neither is the main thread, and none takes what is the other's."""
    people = [Person(), Person()]
    issued: list[object] = []

    def run(person: Person) -> None:
        issued.append(sign_in(server=sandbox.server, open_browser=False, show=person))

    threads = [threading.Thread(target=run, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LATE)
    assert 2 == len(issued)
    assert people[0].uris != people[1].uris


def test_l8_ctrl_c_leaves_nothing_open(sandbox: Sandbox) -> None:
    """L8: KeyboardInterrupt comes out, and the port is free while the program goes on."""
    program = f"""
import socket
from ticktick_oauth import AuthorizationServer, sign_in
issuer = {sandbox.server.issuer!r}
port = []
def show(uri):
    port.append(int(uri.partition("127.0.0.1%3A")[2].partition("%2F")[0]))
    print(port[0], flush=True)
try:
    server = AuthorizationServer(issuer=issuer, authorization_endpoint=issuer, token_endpoint=issuer)
    sign_in(server=server, open_browser=False, show=show)
except KeyboardInterrupt:
    print(socket.socket().connect_ex(("127.0.0.1", port[0])) != 0)
"""
    with started([sys.executable, "-c", program]) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        wait_until_it_waits(process)
        process.send_signal(signal.SIGINT)
        assert ("True\n", "") == (process.stdout.read(), process.stderr.read())


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a browser that notes its environment, its session and what it is sent to, and return where."""
    program, path = tmp_path / "browser", tmp_path / "record"
    program.write_text(
        f"#!/bin/sh\n{{ env; cut -d ' ' -f 6 /proc/$$/stat; echo \"$1\"; }} > {path}.part; mv {path}.part {path}\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("BROWSER", str(program))
    return path


def test_the_browser_gets_no_secret_and_no_terminal(record: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It starts without this package's variables, in a session of its own, where no terminal can be taken over."""
    monkeypatch.setenv("TICKTICK_CLIENT_SECRET", "secret-canary")
    monkeypatch.setenv("TICKTICK_OAUTH_TOKEN", "token-canary")
    monkeypatch.setenv("TICKTICK_CLIENT_ID", "an-id")
    start_browser("http://127.0.0.1:1/?state=a%26b")
    eventually(record.exists)
    *environment, session, uri = record.read_text().splitlines()
    assert "http://127.0.0.1:1/?state=a%26b" == uri
    assert os.getsid(0) != int(session)
    assert ("TICKTICK_CLIENT_ID=an-id" in environment, "canary" in record.read_text()) == (True, False)


def test_nothing_of_the_working_folder_runs(record: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file there that has the name of a standard module is not loaded by the Python that opens the page."""
    for name in ("webbrowser", "sitecustomize"):
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w').close()")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    start_browser("http://127.0.0.1:1/")
    eventually(record.exists)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(("name", "value"), [("executable", "/usr/bin/uwsgi"), ("frozen", True)])
def test_a_program_that_is_not_python_starts_the_browser_itself(
    name: str, value: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a frozen or embedding program calls its executable is that program, and must not be started again."""
    opened: list[str] = []
    monkeypatch.setattr(sys, name, value, raising=False)
    monkeypatch.setattr(webbrowser, "open", opened.append)
    start_browser("http://127.0.0.1:1/")
    eventually(lambda: opened)
    assert ["http://127.0.0.1:1/"] == opened


def test_what_cannot_start_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """The address was shown: without a Python or a thread to start, the person opens it."""
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    _browser._open("http://127.0.0.1:1/")
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "subprocess", None)  # as where no descriptor is left to load it
        _browser._open("http://127.0.0.1:1/")

    def start(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    start_browser("http://127.0.0.1:1/")


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs chromium")
def test_a_real_browser_signs_in(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Chromium is started, follows the redirect, and shows that the access is allowed."""
    program, page = tmp_path / "browser", tmp_path / "page"
    flags = f"--headless --no-sandbox --disable-gpu --no-first-run --no-proxy-server --user-data-dir={tmp_path}/profile"
    program.write_text(f'#!/bin/sh\nchromium {flags} --dump-dom "$1" > {page}.part && mv {page}.part {page}\n')
    program.chmod(0o755)
    monkeypatch.setenv("BROWSER", str(program))
    assert sandbox.server == sign_in(server=sandbox.server, show=lambda _: None, timeout=60).server
    eventually(page.exists)
    assert "Access allowed" in page.read_text()
