"""The commands `token` and `logout`."""

import errno
import re
from datetime import datetime, timezone
from pathlib import Path

import pytest

import processes
from cli.conftest import DAY, ENVIRONMENT, UUID4, Keep, Patch, Run, issue
from ticktick_oauth import DIDA365, AuthorizationServer, IssuedToken, OAuthTokenV1, dump_issued, load_issued, loads
from ticktick_oauth.storage import TokenFile, require_token

EVIL = AuthorizationServer(
    issuer="https://h/$(id);x", authorization_endpoint="https://h/a", token_endpoint="https://h/t"
)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [([], f"{UUID4}\n"), (["--format", "header"], f"Authorization: Bearer {UUID4}\n")],
)
def test_token_prints_it(arguments: list[str], text: str, keep: Keep, run: Run) -> None:
    """The one command that prints the token does so in the shape that is asked for, in JSON counting from now."""
    keep(DAY)
    assert (0, text, "") == run("token", *arguments)
    assert OAuthTokenV1(access_token=UUID4, expires_in=DAY) == loads(run("token", "--format", "json").out)


def test_an_issued_token_is_what_the_variable_takes(keep: Keep, monkeypatch: Patch, run: Run) -> None:
    """The one word that `token --format issued` prints goes into the variable, and a program needs no file."""
    path = keep(DAY)
    word = run("token", "--format", "issued").out
    assert re.fullmatch(r"[A-Za-z0-9_-]+\n", word)
    assert issue(DAY) == load_issued(word)
    monkeypatch.setenv(ENVIRONMENT[1:], word)
    path.unlink()
    assert UUID4 == require_token().access_token


def test_the_order_of_the_places(keep: Keep, tmp_path: Path, monkeypatch: Patch, run: Run) -> None:
    """--token-file goes before $TICKTICK_OAUTH_TOKEN, and that before the default file; an empty one does not count."""
    keep(DAY)
    TokenFile(tmp_path / "named.json").save(issue(3 * DAY))
    for value, arguments, days in [
        (dump_issued(issue(2 * DAY)), [], 2),
        (dump_issued(issue(2 * DAY)), ["--token-file", str(tmp_path / "named.json")], 3),
        ("", [], 1),
    ]:
        monkeypatch.setenv(ENVIRONMENT[1:], value)
        code, out, err = run("token", "--format", "issued", *arguments)
        assert (0, issue(days * DAY), "") == (code, load_issued(out), err)


def test_no_valid_token(keep: Keep, tmp_path: Path, run: Run) -> None:
    """A program that would only be refused gets exit 1 and nothing on stdout."""
    path = keep(0)
    advice = "sign in with: ticktick-oauth login"
    line = f"the token in {path} expired on 2026-11-23 at 12:00 UTC; {advice}"
    assert (1, "", f"ticktick-oauth: {line}\n") == run("token")
    file = str(tmp_path / "none.json")
    line = f"no token is kept in {file}; {advice} --token-file {file}"
    assert (1, "", f"ticktick-oauth: {line}\n") == run("token", "--token-file", file)


def test_l20_whose_token(keep: Keep, run: Run) -> None:
    """The one server's whose token is kept; of several, TickTick's, or that of --server; L20: whose name is quoted."""
    evil = keep(DAY, EVIL)
    assert run("token", "--server", "ticktick").err.endswith("ticktick-oauth token --server 'https://h/$(id);x'\n")
    evil.unlink()
    dida = keep(DAY, DIDA365)
    assert (0, f"{UUID4}\n", "") == run("token")
    code, out, err = run("token", "--server", "ticktick")
    words = f"the token in {dida} is for Dida365; print that one with: ticktick-oauth token --server dida365\n"
    assert (1, "", True) == (code, out, err.endswith(words))
    ticktick = keep(0)
    assert (1, True) == ((ended := run("token")).code, str(ticktick) in ended.err)
    for name in ("dida365", "https://dida365.com", "https://dida365.com/"):
        assert (0, f"{UUID4}\n", "") == run("token", "--server", name)
    (dida.parent / "broken.json").write_text("")
    assert 0 == run("token", "--server", "dida365").code


@pytest.mark.filterwarnings("ignore:Cannot signon to v2:UserWarning")  # the other API, which this is not for
def test_pyticktick_reads_its_variables(tmp_path: Path, monkeypatch: Patch, run: Run) -> None:
    """Pyticktick's own Settings take the lines, exported by a shell and as a file; what else it wants is on stderr."""
    reason = "needs pyticktick 0.3.0, which wants a Python below 3.15"
    settings = pytest.importorskip("pyticktick", reason=reason).Settings
    issued = IssuedToken(token=issue(0).token, issued_at=datetime.now(timezone.utc))
    TokenFile(tmp_path / "token.json").save(issued)
    code, text, err = run("token", "--format", "pyticktick-env", "--token-file", str(tmp_path / "token.json"))
    assert (0, True) == (code, "PYTICKTICK_V1_CLIENT_ID and PYTICKTICK_V1_CLIENT_SECRET" in err)
    monkeypatch.setenv("PYTICKTICK_V1_CLIENT_ID", "id")
    monkeypatch.setenv("PYTICKTICK_V1_CLIENT_SECRET", "secret")
    (tmp_path / "env").write_text(text)
    found = [settings(_env_file=tmp_path / "env").v1_token]
    exported = processes.run("/bin/sh", "-c", f"{text}\nenv", env={})
    for line in exported.stdout.splitlines():
        if line.startswith("PYTICKTICK"):
            monkeypatch.setenv(*line.split("=", 1))
    found.append(settings().v1_token)
    for token in found:
        assert token is not None
        assert (UUID4, int(issued.expires_at.timestamp())) == (token.value, token.expiration)


def test_logout(keep: Keep, monkeypatch: Patch, run: Run) -> None:
    """The file is gone, nobody is led to believe in a revocation; a second time there is none; a variable stays."""
    path = keep(DAY)
    line = f"{path} is deleted; the service documents no revocation, so the token itself works until it expires\n"
    assert (0, line, "") == run("logout")
    assert not path.exists()
    monkeypatch.setenv(ENVIRONMENT[1:], "anything")
    note = f"note: {ENVIRONMENT} is set, and goes before any file but one that --token-file names\n"
    assert (0, f"no token is kept in {path}\n", note) == run("logout")


def test_logout_where_several_are_kept(keep: Keep, run: Run) -> None:
    """Nothing is deleted until it is said whose; they are listed, with exit 2."""
    ticktick, dida = keep(DAY), keep(DAY, DIDA365)
    line = "several tokens are kept, so none was deleted; choose by --server or --token-file:"
    assert (2, "", f"ticktick-oauth: {line} {dida}, {ticktick}\n") == run("logout")
    assert (True, True) == (ticktick.exists(), dida.exists())
    assert 0 == run("logout", "--server", "ticktick").code
    assert (False, True) == (ticktick.exists(), dida.exists())
    assert 0 == run("logout").code
    assert not dida.exists()


def test_logout_of_one_server_leaves_anothers_token(keep: Keep, run: Run) -> None:
    """Whatever file was named, or holds it by mistake: the line says whose it is."""
    path = keep(DAY)
    line = f"{path} keeps a token of TickTick, which stays; none of Dida365 is kept there\n"
    assert (0, line, "") == run("logout", "--server", "dida365", "--token-file", str(path))
    assert path.exists()
    assert 0 == run("logout", "--server", "ticktick", "--token-file", str(path)).code
    assert not path.exists()


def test_logout_of_a_file_that_has_to_stay(keep: Keep, monkeypatch: Patch, run: Run) -> None:
    """S3b: a file that is mounted by itself is emptied, which is said; after that nothing is kept there."""

    def busy(*_: object, **__: object) -> None:
        raise OSError(errno.EBUSY, "busy")

    path = keep(DAY)
    monkeypatch.setattr("pathlib.Path.unlink", busy)
    code, out, _ = run("logout")
    assert (0, f"{path} is emptied, since it cannot be deleted") == (code, out.partition(";")[0])
    assert (0, f"no token is kept in {path}\n", "") == run("logout")


def test_logout_of_a_link(tmp_path: Path, run: Run) -> None:
    """S3: the file that it leads to goes, and is named."""
    file, link = tmp_path / "file", tmp_path / "link"
    TokenFile(file).save(issue(DAY))
    link.symlink_to(file)
    assert run("logout", "--token-file", str(link)).out.startswith(f"{file} (where {link} leads) is deleted;")
    assert ["link"] == [path.name for path in tmp_path.iterdir()]
