"""A `TokenFile` as a `TokenStore`: what it keeps, where, and what it refuses to touch (S3b, S4, S11, S12)."""

import errno
import os
import stat
from functools import partial
from pathlib import Path
from unittest.mock import Mock

import pytest
from attrs import evolve

from storage.keeping import ISSUED, OLD, WITHOUT_FILE, fail_with, failure_of, posix_only
from ticktick_oauth import TICKTICK, dump_issued
from ticktick_oauth.storage import TokenFile, TokenStore, default_path
from ticktick_oauth.storage._token_file import find_unexpanded

KEPT = dump_issued(ISSUED)


def check_refused(store: TokenFile, reason: str) -> None:
    """Check that no call works, and that each error has the path and the reason."""
    for error in (failure_of(store.load), failure_of(store.save, ISSUED), failure_of(store.delete)):
        assert str(store.path) == error.filename
        assert reason in str(error)
        assert "6f9619ff" not in str(error)
        assert len(str(error)) < len(str(store.path)) + 300


def test_a_token_file_is_a_token_store(store: TokenFile) -> None:
    """What is saved is loaded, until it is deleted; deleting twice is fine. The repr has the path and nothing else."""
    kept: TokenStore = store
    assert kept.load() is None
    kept.save(ISSUED)
    assert ISSUED == kept.load()
    assert f"{KEPT}\n" == store.path.read_text()
    assert f"TokenFile(path={store.path!r})" == repr(kept)
    assert not hasattr(kept, "__dict__")
    kept.delete()
    assert kept.load() is None
    kept.delete()


def test_a_wrong_type_is_the_callers_mistake(store: TokenFile) -> None:
    """An argument of the wrong type is a TypeError, before anything is written."""
    with pytest.raises(TypeError, match="issued must be of type"):
        store.save(ISSUED.token)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        TokenFile(b"token.json")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="server must be of type AuthorizationServer, not str: pass DIDA365"):
        default_path("dida365")  # type: ignore[arg-type]
    assert [] == list(store.path.parent.iterdir())


@posix_only
def test_no_file_stays_open(monkeypatch: pytest.MonkeyPatch, store: TokenFile) -> None:
    """Neither a call that works nor one that is refused keeps a descriptor."""
    store.path.with_name(".ticktick-oauth-0123456789abcdef.tmp").touch(0o600)
    before = set(Path("/dev/fd").iterdir())
    store.save(OLD)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", fail_with(errno.EBUSY))
        store.save(ISSUED)
    store.path.chmod(0o644)
    failure_of(store.load)
    store.delete()
    assert set() == set(Path("/dev/fd").iterdir()) - before


@pytest.mark.parametrize(
    ("variables", "issuer", "expected"),
    [
        ({"TICKTICK_OAUTH_TOKEN_FILE": "/a/b.json", "XDG_CONFIG_HOME": "/c"}, "https://ticktick.com", "/a/b.json"),
        ({"TICKTICK_OAUTH_TOKEN_FILE": "~/b.json"}, "https://dida365.com", "/home/me/b.json"),
        ({"XDG_CONFIG_HOME": "/c"}, "https://ticktick.com", "/c/ticktick-oauth/token.json"),
        ({"XDG_CONFIG_HOME": "c"}, "https://ticktick.com", "/home/me/.config/ticktick-oauth/token.json"),
        ({"TICKTICK_OAUTH_TOKEN_FILE": ""}, "https://ticktick.com", "/home/me/.config/ticktick-oauth/token.json"),
        ({"XDG_CONFIG_HOME": ""}, "https://dida365.com", "/home/me/.config/ticktick-oauth/dida365.com.json"),
        ({"XDG_CONFIG_HOME": "/c"}, "https://Own.Example:8443/a", "/c/ticktick-oauth/own.example-8443.json"),
        ({"XDG_CONFIG_HOME": "/c"}, "http://[::1]:8080", "/c/ticktick-oauth/___1_-8080.json"),
        ({"XDG_CONFIG_HOME": "/c"}, "https://own_example:", "/c/ticktick-oauth/own_example.json"),
    ],
)
def test_the_default_path_follows_the_environment_and_the_server(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], issuer: str, expected: str
) -> None:
    """The own variable wins, for all servers, then an absolute $XDG_CONFIG_HOME, then the home; empty means unset.

    The file of another server than TickTick is named by its host.
    """
    for name in ("TICKTICK_OAUTH_TOKEN_FILE", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"HOME": "/home/me", **variables}.items():
        monkeypatch.setenv(name, value)
    assert Path(expected) == default_path(evolve(TICKTICK, issuer=issuer))
    assert default_path() == TokenFile().path


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("$HOME/t.json", "$HOME"),
        ("/a/${HOME}/t.json", "${HOME}"),
        ("%USERPROFILE%\\t.json", "%USERPROFILE%"),
        ("/a/100%/$5/b$/c%20d", None),
    ],
)
def test_s17_a_variable_that_was_not_expanded_is_named(
    monkeypatch: pytest.MonkeyPatch, path: str, name: str | None
) -> None:
    """As in a unit of systemd or an env file: a folder of that name is not what was meant."""
    monkeypatch.setenv("TICKTICK_OAUTH_TOKEN_FILE", path)
    assert name == find_unexpanded(path)
    if name is None:
        assert Path(path) == default_path()
    else:
        assert f"$TICKTICK_OAUTH_TOKEN_FILE holds {name} unexpanded: write the whole path" == str(
            failure_of(default_path)
        )


def test_a_tilde_is_the_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """A leading ~ of an argument is expanded; one that is part of a name is not."""
    monkeypatch.setenv("HOME", "/home/me")
    assert Path("/home/me/token.json") == TokenFile("~/token.json").path
    assert Path("a/~/~b") == TokenFile("a/~/~b").path


def test_s15_without_a_home_the_error_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no default path then, which the constructor says, and none that begins with ~."""
    for name in ("TICKTICK_OAUTH_TOKEN_FILE", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", Mock(side_effect=RuntimeError))
    for error in (failure_of(default_path), failure_of(TokenFile), failure_of(TokenFile, "~nobody-of-that-name/x")):
        reason = f"this user has no home folder, or ~ names an unknown user; {WITHOUT_FILE}"
        assert (None, reason) == (error.filename, str(error))


@pytest.mark.parametrize("linked", [False, True])
def test_s4_a_missing_folder_holds_no_token_and_is_made(tmp_path: Path, *, linked: bool) -> None:
    """S3b: a folder that is a link is as good as another, for all calls."""
    if linked:
        (tmp_path / "real").mkdir()
        (tmp_path / "link").symlink_to(tmp_path / "real")
    store = TokenFile(tmp_path / ("link" if linked else "a/b") / "token.json")
    assert store.load() is None
    store.delete()
    assert linked == store.path.parent.exists()
    store.save(ISSUED)
    store.save(OLD)
    assert OLD == store.load()
    store.delete()
    assert [] == list(store.path.parent.iterdir())


@posix_only
@pytest.mark.parametrize("kind", ["part", "folder", "pipe", "null", "full"])
def test_s4_what_is_not_a_regular_file_is_refused_and_left_alone(tmp_path: Path, kind: str) -> None:
    """No call waits on a named pipe, reads a device, or puts a file in the place of either, or of a part of its path.

    A device is of the test's own: root can destroy those that the machine works with, should the check be broken.
    """
    path = tmp_path / kind
    if kind == "part":
        path.write_text("kept")
    elif kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        try:
            os.mknod(path, stat.S_IFCHR | 0o600, Path("/dev", kind).stat().st_rdev)
        except PermissionError:
            pytest.skip("only root can make a device")
    before = path.lstat()
    if kind == "pipe":
        reading, writing = os.pipe()  # as of a shell's <(...)
        check_refused(TokenFile(f"/dev/fd/{reading}"), "not a regular file")
        os.close(reading)
        os.close(writing)
    if kind == "part":
        check_refused(TokenFile(path / "token.json"), "a part of its path is a file, where a folder has to be")
        check_refused(
            TokenFile(path / "folder" / "token.json"), "a part of its path is a file, where a folder has to be"
        )
    else:
        check_refused(TokenFile(path), "not a regular file")
    assert (before.st_mode, before.st_size) == (path.lstat().st_mode, path.lstat().st_size)
    assert [path] == list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(KEPT[: len(KEPT) // 2], "document: not JSON", id="half"),
        pytest.param("6f9619ff: of another program", "document: not JSON", id="text"),
        pytest.param('{"installed": {"client_secret": "6f9619ff"}}', "version: expected", id="another program's JSON"),
        pytest.param('{"access_token": "6f9619ff"}', "this is a bare token response", id="bare token response"),
        pytest.param('{"version": 2}', "newer than the 1 that this program knows: update the program", id="newer"),
        pytest.param(KEPT.replace("15551999", '"6f9619ff"'), "token.expires_in: expected", id="damaged"),
        pytest.param(
            KEPT.ljust(65_537),
            "this is over 65536 bytes, so it is not a kept token: move it away",
            id="one byte too many",
        ),
    ],
)
def test_s11_s12_what_is_not_a_kept_token_is_refused_and_left_alone(
    store: TokenFile, content: str, reason: str
) -> None:
    """The error of all three calls has the path and what is wrong, and nothing of the content, which stays."""
    store.path.touch(0o600)
    store.path.write_text(content)
    check_refused(store, reason)
    assert [content] == [path.read_text() for path in store.path.parent.iterdir()]


def test_s3b_s11_what_to_do_about_another_programs_file_or_an_empty_one(store: TokenFile) -> None:
    """The first was left as it is; the second holds nothing to lose: load says what to do, save and delete do it."""
    store.path.touch(0o600)
    store.path.write_text("x")
    reason, advice = (
        f"{store.path}: this cannot be read as a kept token; document:",
        "name another file, or move this one",
    )
    assert f"{reason} not JSON, and not its one-word form; {advice} away" == str(failure_of(store.load))
    for task in (partial(store.save, ISSUED), store.delete):
        assert str(failure_of(task)).endswith(f"it was left as it is: {advice} away")
    for task in (partial(store.save, ISSUED), store.delete):
        store.path.write_text("")
        assert f"{reason} it is empty; sign in, and keep the token there" == str(failure_of(store.load))
        task()
    assert store.load() is None
