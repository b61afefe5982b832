"""The command `status`: whose tokens are kept, until when, and where."""

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from cli.conftest import DAY, ENVIRONMENT, NOW, UUID4, Keep, Patch, Run, issue
from person import free_port
from ticktick_oauth import (
    DIDA365,
    TICKTICK,
    AuthorizationRequest,
    AuthorizationServer,
    Client,
    IssuedToken,
    dump_issued,
    exchange_code,
)
from ticktick_oauth._protocol.answer import EndpointAnswer
from ticktick_oauth.sandbox import Sandbox
from ticktick_oauth.storage import TokenFile

ACME = AuthorizationServer(
    issuer="https://acme.example",
    authorization_endpoint="https://acme.example/a",
    token_endpoint="https://acme.example/t",
)
SIGN_IN = "sign in with: ticktick-oauth login"


@pytest.mark.parametrize(
    ("seconds", "line"),
    [
        (180 * DAY, "Signed in to Dida365 until 22 May 2027 (in 180 days); the token is kept in {}"),
        (2 * DAY - 1, "Signed in to Dida365 until 25 November 2026 at 11:59 UTC (in 1 day); the token is kept in {}"),
        (7200, "Signed in to Dida365 until 23 November 2026 at 14:00 UTC (in 2 hours); the token is kept in {}"),
        (119, "Signed in to Dida365 until 23 November 2026 at 12:01 UTC (in 1 minute); the token is kept in {}"),
        (30, "Signed in to Dida365 until 23 November 2026 at 12:00 UTC (in 30 seconds); the token is kept in {}"),
        (-1, f"The token of Dida365 in {{}} expired on 23 November 2026 at 11:59 UTC; {SIGN_IN} --server dida365"),
    ],
)
def test_a_kept_token(seconds: int, line: str, keep: Keep, run: Run) -> None:
    """Server, expiry and place are shown, and never the token; of an expired one, the command that replaces it."""
    path = keep(seconds, DIDA365)
    assert (int(seconds < 0), f"{line.format(path)}\n", "") == run("status")


def test_no_token(keep: Keep, tmp_path: Path, run: Run) -> None:
    """It is exit 1, and the command that makes one there is named; in JSON, an object that says so."""
    keep(DAY, DIDA365)
    for arguments, path, option in [
        (["--token-file", f"{tmp_path}/none.json"], f"{tmp_path}/none.json", f" --token-file {tmp_path}/none.json"),
        (["--server", "ticktick"], f"{tmp_path}/ticktick-oauth/token.json", ""),
    ]:
        line = f"Not signed in to TickTick: no token is kept in {path}; {SIGN_IN}{option}"
        assert (1, f"{line}\n", "") == run("status", *arguments)
        (report,) = json.loads(run("status", "--json", *arguments).out)
        assert {"status": "none", "issuer": None, "message": line}.items() <= report.items()


def test_every_kept_token_is_listed(keep: Keep, monkeypatch: Patch, run: Run) -> None:
    """Default files and the variable: exit 0 only if all are good; what cannot be read is named."""
    ticktick, dida = keep(90 * DAY), keep(-DAY, DIDA365)
    monkeypatch.setenv(ENVIRONMENT[1:], dump_issued(issue(7 * DAY, ACME)))
    broken = ticktick.with_name("acme.example.json")
    broken.touch(mode=0o600)
    broken.write_text("canary")
    code, out, err = run("status", "--json")
    reports = json.loads(out)
    assert (1, "", False) == (code, err, "canary" in out)
    assert [
        (ENVIRONMENT, "valid", ACME.issuer),
        (str(broken), "error", None),
        (str(dida), "expired", DIDA365.issuer),
        (str(ticktick), "valid", TICKTICK.issuer),
    ] == [(report["token_file"], report["status"], report["issuer"]) for report in reports]
    assert (7 * DAY, (NOW + timedelta(days=7)).isoformat()) == (
        reports[0]["remaining_seconds"],
        reports[0]["expires_at"],
    )
    lines = run("status").out.splitlines()
    assert [report["message"] for report in reports] == lines
    assert lines[1].startswith(f"{broken}: ")
    assert [0, 1] == [run("status", "--server", name).code for name in ("ticktick", "dida365")]
    dida.unlink()
    assert 6 == run("status").code


def test_a_variable_that_ended(keep: Keep, monkeypatch: Patch, run: Run) -> None:
    """An expired token there, or something else, is not passed over in silence for the file's."""
    keep(DAY)
    monkeypatch.setenv(ENVIRONMENT[1:], dump_issued(issue(-1)))
    code, out, _ = run("status")
    assert (1, "unset it, and sign in with: ticktick-oauth login") == (code, out.splitlines()[0].partition("; ")[2])
    code, _, err = run("token")
    assert (1, True) == (code, err.endswith("; unset it, and sign in with: ticktick-oauth login\n"))
    monkeypatch.setenv(ENVIRONMENT[1:], str(UUID4))
    code, out, _ = run("status")
    assert (6, True, False) == (code, out.startswith(f"{ENVIRONMENT}: "), str(UUID4) in out)


@pytest.mark.parametrize(
    ("limit", "code"),
    [("13d", 0), ("14d", 1), ("336h", 1), ("335h", 0), ("20160m", 1), ("1209599s", 0), ("0s", 0)],
)
def test_a_limit(limit: str, code: int, keep: Keep, run: Run) -> None:
    """A token with no more than the limit left is exit 1, for a cron job; a sign-in before its end would not help."""
    keep(14 * DAY)
    ended = run("status", "--fail-within", limit)
    advice = f"when it has ended, {SIGN_IN} (until then, TickTick gives the same token again)"
    assert (code, code == 1) == (ended.code, advice in ended.out)


def test_a_foreign_file(tmp_path: Path, run: Run) -> None:
    """S11: each command says what the file is and what to do, and leaves it."""
    path = tmp_path / "token.json"
    path.touch(mode=0o600)
    path.write_text('{"installed": "canary"}')
    file = ["--token-file", str(path)]
    code, out, err = run("status", *file)
    assert (6, True, "") == (code, out.startswith(f"{path}: "), err)
    assert (6, "", f"ticktick-oauth: {out}") == run("token", *file)
    assert (6, "") == run("logout", *file)[:2]
    assert '{"installed": "canary"}' == path.read_text()


def test_a_user_without_a_home(monkeypatch: Patch, run: Run) -> None:
    """S15: where no file can be named, each command says which variable to set."""
    for name in ("HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pathlib.Path.home", lambda: (_ for _ in ()).throw(RuntimeError))
    for command in (["status"], ["status", "--json"], ["token"], ["logout"], ["import"], ["login"]):
        code, out, err = run(*command)
        assert (6, True) == (code, "TICKTICK_OAUTH_TOKEN_FILE" in out + err)


@pytest.mark.parametrize("path", ["$HOME/t.json", "${HOME}/t.json", "%USERPROFILE%\\t.json"])
@pytest.mark.parametrize("command", ["status", "token", "logout", "import", "login"])
def test_s17_a_variable_that_nobody_expanded(path: str, command: str, run: Run) -> None:
    """S17: it is refused by its name, before anything else happens."""
    code, out, err = run(command, "--token-file", path)
    assert (2, "", True) == (code, out, f"it holds {path[:-7]} unexpanded" in err)


@pytest.mark.parametrize("server", [TICKTICK, DIDA365])
@pytest.mark.parametrize(
    ("status", "state", "code", "words"),
    [
        (200, "valid", 0, "; the service takes it\n"),
        (401, "refused", 1, f" any more; {SIGN_IN}"),
        (404, "unknown", 5, "; whether the service still takes it is not known: it answered with status 404\n"),
    ],
)
def test_online(  # noqa: PLR0913, PLR0917 - a row, a server, and three fixtures
    status: int,
    state: str,
    code: int,
    words: str,
    server: AuthorizationServer,
    keep: Keep,
    monkeypatch: Patch,
    run: Run,
) -> None:
    """The open API is asked whether it takes the token: yes is exit 0, no is 1, no answer is 5, and none is shown."""
    asked = []

    def send(request: Any, *, timeout: float, **_: object) -> EndpointAnswer:  # noqa: ANN401 - of several kinds
        asked.append((request.method, request.url, request.headers["Authorization"], request.body, timeout))
        return EndpointAnswer(status, {}, b"canary")

    monkeypatch.setattr("ticktick_oauth._network.calls.send_request", send)
    keep(DAY, server)
    arguments = ["status", "--online", "--no-proxy", "--exchange-timeout", "7"]
    ended = run(*arguments)
    assert (code, True, "") == (ended.code, words in ended.out, ended.err)
    assert "canary" not in ended.out
    url = {TICKTICK: "https://api.ticktick.com/open/v1/project", DIDA365: "https://api.dida365.com/open/v1/project"}
    assert [("GET", url[server], f"Bearer {UUID4}", b"", 7.0)] == asked
    assert (code or 1) == run(*arguments, "--fail-within", "1d").code
    (report,) = json.loads(run(*arguments, "--json").out)
    assert state == report["status"]


def test_online_a_server_on_this_machine_is_asked(sandbox: Sandbox, client: Client, tmp_path: Path, run: Run) -> None:
    """The sandbox knows the tokens that it has issued."""
    request = AuthorizationRequest(client=client)
    token = exchange_code(client, request.parse_response(sandbox.sign_in(request)))
    file = str(tmp_path / "token.json")
    for issued, code in ((token, 0), (issue(0).token, 1)):
        kept = IssuedToken(token=issued, issued_at=datetime.now(timezone.utc), server=sandbox.server)
        TokenFile(file).save(kept)
        assert code == run("status", "--online", "--token-file", file).code


def test_online_where_nobody_answers(tmp_path: Path, monkeypatch: Patch, run: Run) -> None:
    """What is not known is exit 5, with the reason; an unknown API is not asked, nor about an expired token."""
    file = ["--online", "--token-file", str(tmp_path / "token.json")]
    issuer = f"http://127.0.0.1:{free_port()}"
    server = AuthorizationServer(issuer=issuer, authorization_endpoint=f"{issuer}/a", token_endpoint=f"{issuer}/t")
    for days, each, code, words in (
        (99999, server, 5, "could not connect"),
        (99999, ACME, 5, "nobody knows where https://acme.example could be asked"),
        (-1000, TICKTICK, 1, "expired on"),
    ):
        TokenFile(file[-1]).save(issue(days * DAY, each))
        ended = run("status", *file)
        assert (code, True) == (ended.code, words in ended.out)
        monkeypatch.setattr("ticktick_oauth._network.calls.send_request", lambda *_, **__: pytest.fail("it asks"))
