"""The command line: what it prints, where, and with which exit code."""

import io
import json
import re
import runpy
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
import urllib3

import ticktick_oauth
from ticktick_oauth import AuthorizationRequest
from ticktick_oauth import AuthorizationServer
from ticktick_oauth import Client
from ticktick_oauth import exchange_code
from ticktick_oauth import json_schema
from ticktick_oauth._cli import main
from ticktick_oauth.exceptions import AuthorizationError
from ticktick_oauth.exceptions import DeadlineExceededError
from ticktick_oauth.exceptions import OAuthError
from ticktick_oauth.exceptions import StorageError
from ticktick_oauth.exceptions import TokenEndpointError
from ticktick_oauth.exceptions import TransportError
from ticktick_oauth.sandbox import Sandbox

UUID4 = "3fa85f64-5717-4562-b3fc-2c963f66afa6"
ANSWER = json.dumps(
    {"access_token": UUID4, "token_type": "bearer", "expires_in": 15551999, "scope": "tasks:read tasks:write"}
)


def test_demo_shows_each_step_without_secrets(capsys: pytest.CaptureFixture[str]) -> None:
    """The demo prints the three steps, an expiry as a date, and a refused document with its problems."""
    assert main(["demo"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert re.search(r"state=\[redacted\]$", out, re.MULTILINE)
    assert re.search(r"^   http://127\.0\.0\.1:8080/\?code=\[redacted\]&state=\[redacted\]$", out, re.MULTILINE)
    assert re.search(r"^   It expires on \d{4}-\d\d-\d\d at \d\d:\d\d UTC, in 179 days\.$", out, re.MULTILINE)
    assert re.search(r"^   access_token: expected a UUID of version 4, ", out, re.MULTILINE)
    assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-4", out)


def test_check_accepts_a_token_and_never_prints_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A valid document is exit 0, with its time in words."""
    (tmp_path / "answer.json").write_text(ANSWER)
    assert main(["check", str(tmp_path / "answer.json")]) == 0
    assert capsys.readouterr() == ("a valid token response; expires_in is 15551999 seconds (179 days)\n", "")


def test_check_reads_standard_input_and_lists_all_problems(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A document that is no token is exit 1, with a line a problem."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'{"access_token": "s3cret", "expires_in": null}')))
    assert main(["check", "-"]) == 1
    out, err = capsys.readouterr()
    assert err == ""
    assert out.splitlines() == [
        "access_token: expected a UUID of version 4, got a string that does not match",
        "expires_in: expected a whole number of seconds, got null",
    ]


def test_check_names_the_document_when_it_is_no_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A problem of the whole has no field to name."""
    (tmp_path / "answer.json").write_bytes(b"<html>")
    assert main(["check", str(tmp_path / "answer.json")]) == 1
    assert capsys.readouterr() == ("document: not JSON from character 0 on\n", "")


def test_check_takes_a_time_beyond_all_dates(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A number of seconds without a number of days is shown alone."""
    (tmp_path / "answer.json").write_text(ANSWER.replace("15551999", "9" * 30))
    assert main(["check", str(tmp_path / "answer.json")]) == 0
    assert capsys.readouterr().out == f"a valid token response; expires_in is {'9' * 30} seconds\n"


@pytest.mark.parametrize(("name", "reason"), [("missing", "No such file or directory"), (".", "Is a directory")])
def test_check_of_an_unreadable_file_is_wrong_usage(
    name: str, reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What cannot be read is exit 2, with its name."""
    with pytest.raises(SystemExit) as caught:
        main(["check", str(tmp_path / name)])
    assert caught.value.code == 2
    assert capsys.readouterr().err.endswith(f"argument FILE: {tmp_path / name}: {reason}\n")


def test_check_without_standard_input_is_wrong_usage(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A closed standard input is exit 2."""
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(SystemExit) as caught:
        main(["check", "-"])
    assert caught.value.code == 2
    assert capsys.readouterr().err.endswith("argument FILE: -: it cannot be read\n")


def test_schema_prints_the_json_schema(capsys: pytest.CaptureFixture[str]) -> None:
    """What is printed is json_schema(), as JSON."""
    assert main(["schema"]) == 0
    assert json.loads(capsys.readouterr().out) == json_schema()


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    """--version names the command and its version."""
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out == f"ticktick-oauth {ticktick_oauth.__version__}\n"


def test_python_m_is_the_same_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """``python -m ticktick_oauth`` takes the process's own arguments and ends with the exit code."""
    monkeypatch.setattr(sys, "argv", ["ticktick-oauth", "schema"])
    with pytest.raises(SystemExit) as caught:
        runpy.run_module("ticktick_oauth", run_name="__main__", alter_sys=True)
    assert caught.value.code == 0
    assert json.loads(capsys.readouterr().out) == json_schema()


@pytest.mark.parametrize("arguments", [[], ["nosuch"], ["sandbox", "--port", "65536"], ["sandbox", "--port", "x"]])
def test_wrong_usage_is_exit_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Wrong arguments are told on stderr, and nothing on stdout."""
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    out, err = capsys.readouterr()
    assert (caught.value.code, out, err.startswith("usage: ticktick-oauth")) == (2, "", True)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (AuthorizationError("access_denied"), 3),
        (DeadlineExceededError("no answer", code_unused=False), 4),
        (TokenEndpointError(500), 5),
        (TransportError("no route", code_unused=True), 5),
        (StorageError("no space", "token.json", 28), 6),
        (KeyboardInterrupt(), 130),
    ],
)
def test_errors_have_exit_codes_and_one_line(
    error: BaseException, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each family of errors has its exit code, one line on stderr, and no traceback."""

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("ticktick_oauth._cli.local.exchange_code", fail)
    assert main(["demo"]) == code
    message = str(error) if isinstance(error, OAuthError) else "interrupted"
    assert capsys.readouterr().err == f"ticktick-oauth: {message}\n"


def test_a_bad_redirect_uri_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    """A parameter that the package refuses is exit 2, with its reason."""
    assert main(["sandbox", "--redirect-uri", "http://app.example/"]) == 2
    assert capsys.readouterr().err.startswith("ticktick-oauth: redirect_uri must start with https://")


def test_a_port_in_use_is_exit_2(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """A port that is taken is named."""
    port = sandbox.server.issuer.rpartition(":")[2]
    assert main(["sandbox", "--port", port]) == 2
    assert capsys.readouterr().err.startswith(f"ticktick-oauth: cannot listen on port {port} of 127.0.0.1: ")


def test_sandbox_prints_how_to_sign_in_at_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command for another terminal, and the client for a program, are of the server that listens."""

    class Interrupted:
        def wait(self) -> None:
            raise KeyboardInterrupt

    monkeypatch.setattr("ticktick_oauth._cli.local.Event", Interrupted)
    assert main(["sandbox"]) == 130
    out, err = capsys.readouterr()
    assert err == "ticktick-oauth: interrupted\n"
    found = dict(re.findall(r"^  (client id|client secret|redirect URI) +(\S+)$", out, re.MULTILINE))
    assert found["redirect URI"] == "http://127.0.0.1:8080/"
    assert f"TICKTICK_CLIENT_SECRET={found['client secret']} ticktick-oauth login" in out
    assert f'client_id="{found["client id"]}"' in out


def test_sandbox_serves_until_it_is_interrupted() -> None:
    """What it prints is enough to sign in at it, and Ctrl-C ends it without a traceback."""
    command = [sys.executable, "-m", "ticktick_oauth", "sandbox", "--redirect-uri", "http://127.0.0.1:9090/"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            text = "".join(iter(process.stdout.readline, "  token = exchange_code(client, code)\n"))
            program = textwrap.dedent(text.partition("In a program:\n")[2])
            namespace: dict[str, Any] = {"Client": Client, "AuthorizationServer": AuthorizationServer}
            exec(program, namespace)
            client = namespace["client"]
            request = AuthorizationRequest(client=client)
            redirect = urllib3.request("GET", request.uri, redirect=False).headers["Location"]
            assert redirect.startswith("http://127.0.0.1:9090/?code=")
            assert exchange_code(client, request.parse_response(redirect).code).expires_in == 15551999
        finally:
            process.send_signal(signal.SIGINT)
            error = process.stderr.read()
    assert (process.returncode, error) == (130, "ticktick-oauth: interrupted\n")
