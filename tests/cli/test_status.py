"""The command `status`: whose tokens are kept, until when, and where."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from cli.conftest import DAY, ENVIRONMENT, NOW, UUID4, Keep, Run, issue
from person import free_port
from ticktick_oauth import DIDA365, TICKTICK, AuthorizationServer, dump_issued, exchange_code
from ticktick_oauth._protocol.answer import EndpointAnswer
from ticktick_oauth.sandbox import Sandbox
from ticktick_oauth.storage import TokenFile

ACME = AuthorizationServer(
    issuer="https://acme.example",
    authorization_endpoint="https://acme.example/a",
    token_endpoint="https://acme.example/t",
)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (180 * DAY, "until 22 May 2027 (in 180 days)"),
        (2 * DAY - 1, "until 25 November 2026 at 11:59 UTC (in 1 day)"),
        (7200, "until 23 November 2026 at 14:00 UTC (in 2 hours)"),
        (119, "until 23 November 2026 at 12:01 UTC (in 1 minute)"),
        (30, "until 23 November 2026 at 12:00 UTC (in 30 seconds)"),
    ],
)
def test_a_valid_token(seconds: int, words: str, keep: Keep, run: Run) -> None:
    """It is exit 0, with its server, expiry and place, and never the token."""
    path = keep(seconds, DIDA365)
    assert (0, f"Signed in to Dida365 {words}; the token is kept in {path}\n", "") == run("status")


def test_an_expired_token(keep: Keep, run: Run) -> None:
    """It is exit 1, and the command that replaces it stands behind it."""
    path = keep(-1, DIDA365)
    line = f"The token of Dida365 in {path} expired on 23 November 2026 at 11:59 UTC"
    assert (1, f"{line}; sign in with: ticktick-oauth login --server dida365\n", "") == run("status")


def test_no_token(keep: Keep, tmp_path: Path, run: Run) -> None:
    """It is exit 1, and the command that makes one there is named; in JSON, an object that says so."""
    keep(DAY, DIDA365)
    for arguments, path, option in [
        (["--token-file", f"{tmp_path}/none.json"], f"{tmp_path}/none.json", f" --token-file {tmp_path}/none.json"),
        (["--server", "ticktick"], f"{tmp_path}/ticktick-oauth/token.json", ""),
    ]:
        line = f"Not signed in to TickTick: no token is kept in {path}; sign in with: ticktick-oauth login{option}"
        assert (1, f"{line}\n", "") == run("status", *arguments)
        (report,) = json.loads(run("status", "--json", *arguments).out)
        assert {"status": "none", "issuer": None, "message": line}.items() <= report.items()


def test_every_kept_token_is_listed(keep: Keep, monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
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


def test_a_variable_that_ended(keep: Keep, monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
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
    advice = "when it has ended, sign in with: ticktick-oauth login (until then, TickTick gives the same token again)"
    assert (code, code == 1) == (ended.code, advice in ended.out)


@pytest.mark.parametrize("limit", ["14", "d", "-1d", "1.5d", "14 d", "9999999999d", "1w"])
def test_a_bad_limit_is_wrong_usage(limit: str, run: Run) -> None:
    """What is not a time is exit 2, with an example."""
    code, _, err = run("status", f"--fail-within={limit}")
    assert (2, True) == (code, "such as 14d" in err)


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


def test_a_user_without_a_home(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    """S15: where no file can be named, each command says which variable to set."""
    for name in ("HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pathlib.Path.home", lambda: (_ for _ in ()).throw(RuntimeError))
    for command in (["status"], ["status", "--json"], ["token"], ["logout"], ["import"]):
        code, out, err = run(*command)
        assert (6, True) == (code, "TICKTICK_OAUTH_TOKEN_FILE" in out + err)


@pytest.mark.parametrize("path", ["$HOME/t.json", "${HOME}/t.json", "%USERPROFILE%\\t.json"])
@pytest.mark.parametrize("command", ["status", "token", "logout", "import", "login"])
def test_s17_a_variable_that_nobody_expanded(path: str, command: str, run: Run) -> None:
    """S17: it is refused by its name, before anything else happens."""
    code, out, err = run(command, "--token-file", path)
    assert (2, "", True) == (code, out, f"it holds {path[:-7]} as such" in err)


def test_online(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    """The service is asked whether it takes the token: yes is exit 0, no is 1, no answer is 5, and none is shown."""
    client = sandbox.client()
    file = ["--online", "--token-file", str(tmp_path / "token.json")]
    store = TokenFile(file[-1])
    store.save(issue(200 * 365 * DAY, sandbox.server))
    name = sandbox.server.issuer
    advice = f"sign in with: ticktick-oauth login --server {name} --token-file {store.path}"
    assert (1, f"{name} does not take the token in {store.path} any more; {advice}\n", "") == run("status", *file)
    from ticktick_oauth import AuthorizationRequest, IssuedToken

    request = AuthorizationRequest(client=client)
    token = exchange_code(client, request.parse_response(sandbox.sign_in(request)))
    store.save(IssuedToken(token=token, issued_at=issue(0).issued_at + timedelta(days=180), server=sandbox.server))
    code, out, err = run("status", *file)
    assert (0, True, "") == (code, out.endswith("; the service takes it\n"), err)
    assert 1 == run("status", *file, "--fail-within", "999d").code
    monkeypatch.setattr("ticktick_oauth.sandbox._authority.PROJECTS_PATH", "/elsewhere")
    code, out, err = run("status", *file)
    assert (5, "") == (code, err)
    assert out.endswith("; whether the service still takes it is not known: it answered with status 404\n")
    (report,) = json.loads(run("status", "--json", *file).out)
    assert "unknown" == report["status"]


def test_online_where_nobody_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    """What is not known is exit 5, with the reason; an unknown API is not asked, nor about an expired token."""
    file = ["--online", "--token-file", str(tmp_path / "token.json")]
    issuer = f"http://127.0.0.1:{free_port()}"
    server = AuthorizationServer(issuer=issuer, authorization_endpoint=f"{issuer}/a", token_endpoint=f"{issuer}/t")
    for each, words in (
        (server, "could not connect"),
        (ACME, "nobody knows where https://acme.example could be asked"),
    ):
        TokenFile(file[-1]).save(issue(200 * 365 * DAY, each))
        code, out, _ = run("status", *file)
        assert (5, True) == (code, words in out)
        monkeypatch.setattr(
            "ticktick_oauth._network.calls.send_request", lambda *_, **__: pytest.fail("something is sent")
        )
    TokenFile(file[-1]).save(issue(-1000 * DAY))
    assert 1 == run("status", *file).code


@pytest.mark.parametrize(
    ("server", "url"),
    [(TICKTICK, "https://api.ticktick.com/open/v1/project"), (DIDA365, "https://api.dida365.com/open/v1/project")],
)
def test_online_asks_the_open_api(
    server: AuthorizationServer, url: str, keep: Keep, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    """One GET of the list of projects, with the token in its header and login's options for the network."""
    asked = []

    def send(request: object, *, timeout: float, **_: object) -> EndpointAnswer:
        asked.append((request.method, request.url, request.headers["Authorization"], request.body, timeout))  # type: ignore[attr-defined]
        return EndpointAnswer(200, {}, b"")

    monkeypatch.setattr("ticktick_oauth._network.calls.send_request", send)
    keep(DAY, server)
    assert 0 == run("status", "--online", "--no-proxy", "--exchange-timeout", "7").code
    assert [("GET", url, f"Bearer {UUID4}", b"", 7.0)] == asked
