"""`sign_in`: from a person at this machine to an issued token, in one call; and the browser that it starts."""

import os
import signal
import sys
import threading
import webbrowser
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
import urllib3

from faults.parent import wait_until_it_waits
from person import browse, port_of
from processes import eventually, started
from raw import is_listened_on
from ticktick_oauth import AuthorizationServer, sign_in
from ticktick_oauth._sign_in import browser as _browser
from ticktick_oauth._sign_in.browser import start_browser
from ticktick_oauth.sandbox import Sandbox


class Person:
    """Goes where `show` says, in a thread, as a browser does, and allows."""

    def __init__(self) -> None:
        self.uris: list[str] = []

    def __call__(self, uri: str) -> None:
        """Be `show`."""
        self.uris.append(uri)
        threading.Thread(target=browse, args=(uri,), daemon=True).start()


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
    assert not is_listened_on(port_of(uri))


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
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is all that the library prints; where nobody can read it, the browser may open all the same."""
    person = Person()
    monkeypatch.setattr("ticktick_oauth._sign_in.person.start_browser", person)
    monkeypatch.setenv("DISPLAY", ":0")
    sign_in(server=sandbox.server)
    assert ("", f"Open this address in a browser to sign in: {person.uris[0]}\n") == capsys.readouterr()
    for stderr in (None, Mock(**{"write.side_effect": BrokenPipeError})):
        monkeypatch.setattr(sys, "stderr", stderr)
        assert sandbox.server == sign_in(server=sandbox.server).server


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"show": "line"}, TypeError, "show must be a function, not str"),
        ({"ask": "line"}, TypeError, "ask must be a function, not str"),
        ({"timeout": 86401}, ValueError, "timeout must be over 0 and up to 86400 seconds"),
    ],
)
def test_a_callers_mistake_is_raised_at_the_call(arguments: dict[str, Any], error: type[Exception], words: str) -> None:
    """Nothing is shown, asked or opened."""
    person = Person()
    with pytest.raises(error, match=words):
        sign_in(**{"open_browser": False, "show": person, "timeout": 2, **arguments})
    assert [] == person.uris


def test_two_threads_sign_in_at_once_through_one_pool(sandbox: Sandbox) -> None:
    """Neither is the main thread. Discovery, registration and exchange are sent by the pool, which stays open."""
    with urllib3.PoolManager(maxsize=2) as http, ThreadPoolExecutor(2) as others:
        take = partial(sign_in, server=sandbox.server, open_browser=False, http=http)
        calls = [others.submit(take, show=person) for person in (Person(), Person())]
        assert [sandbox.server] * 2 == [call.result().server for call in calls]
        assert 6 == http.connection_from_url(sandbox.server.issuer).num_requests


def test_l8_ctrl_c_leaves_nothing_open(sandbox: Sandbox) -> None:
    """L8: KeyboardInterrupt comes out, and the port is free while the program goes on."""
    program = f"""
import sys
from ticktick_oauth import AuthorizationServer, sign_in
issuer = {sandbox.server.issuer!r}
try:
    server = AuthorizationServer(issuer=issuer, authorization_endpoint=issuer, token_endpoint=issuer)
    sign_in(server=server, open_browser=False, show=lambda uri: print(uri, flush=True))
except KeyboardInterrupt:
    print("interrupted", flush=True)
    sys.stdin.read()
"""
    with started([sys.executable, "-c", program]) as process:
        assert process.stdout is not None
        uri = process.stdout.readline()
        wait_until_it_waits(process)
        process.send_signal(signal.SIGINT)
        assert "interrupted\n" == process.stdout.readline()
        assert not is_listened_on(port_of(uri))


@pytest.mark.parametrize("python", ["python3.11", "PyPy3"])
def test_the_browser_gets_no_secret_and_no_terminal(
    python: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It starts without this package's variables, in a session of its own, where no terminal can be taken over.

    A file of the working folder that has the name of a standard module is not loaded by the Python that starts it.
    """
    program, record, ran = (tmp_path / name for name in ("browser", "record", "ran"))
    noting = """{ env; cut -d ' ' -f 6 /proc/$$/stat; echo "$1"; }"""
    program.write_text(f"#!/bin/sh\n{noting} > {record}.part; mv {record}.part {record}\n")
    program.chmod(0o755)
    (tmp_path / python).symlink_to(sys.executable)
    monkeypatch.setattr(sys, "executable", str(tmp_path / python))
    monkeypatch.setenv("BROWSER", str(program))
    monkeypatch.setenv("TICKTICK_CLIENT_SECRET", "secret-canary")
    monkeypatch.setenv("TICKTICK_OAUTH_TOKEN", "token-canary")
    monkeypatch.setenv("TICKTICK_CLIENT_ID", "an-id")
    for name in ("webbrowser", "sitecustomize"):
        (tmp_path / f"{name}.py").write_text(f"open({str(ran)!r}, 'w').close()")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    start_browser("http://127.0.0.1:1/?state=a%26b")
    eventually(lambda: record.exists() or ran.exists())
    assert not ran.exists()
    *environment, session, uri = record.read_text().splitlines()
    assert "http://127.0.0.1:1/?state=a%26b" == uri
    assert os.getsid(0) != int(session)
    assert ("TICKTICK_CLIENT_ID=an-id" in environment, "canary" in record.read_text()) == (True, False)


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
    monkeypatch.setattr(threading.Thread, "start", Mock(side_effect=RuntimeError("can't start new thread")))
    start_browser("http://127.0.0.1:1/")
