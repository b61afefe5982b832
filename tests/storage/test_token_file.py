"""A `TokenFile` as a `TokenStore`: what it keeps, where, and what it refuses to touch (S3b, S4, S11, S12)."""

import errno
import os
import stat
from functools import partial
from pathlib import Path
from typing import NoReturn

import pytest
from attrs import evolve

from storage.keeping import (
    ISSUED,
    OLD,
    WITHOUT_FILE,
    fail_with,
    failure_of,
    posix_only,
)
from ticktick_oauth import TICKTICK, dump_issued, storage
from ticktick_oauth.storage import TokenFile, TokenStore, default_path
from ticktick_oauth.storage._token_file import find_unexpanded

KEPT = dump_issued(ISSUED)


def write(store: TokenFile, content: str | bytes) -> bytes:
    """Put a content into a store's file, for its owner alone, and return it as bytes."""
    data = content if isinstance(content, bytes) else content.encode()
    store.path.touch(0o600)
    store.path.write_bytes(data)
    return data


def test_a_token_file_is_a_token_store(store: TokenFile) -> None:
    """What is saved is loaded, until it is deleted; deleting twice is fine."""
    kept: TokenStore = store
    assert kept.load() is None
    kept.save(ISSUED)
    assert ISSUED == kept.load()
    assert f"{KEPT}\n" == store.path.read_text()
    kept.delete()
    assert kept.load() is None
    kept.delete()


def test_a_wrong_type_is_the_callers_mistake(store: TokenFile) -> None:
    """An argument of the wrong type is a TypeError, before anything is written."""
    with pytest.raises(TypeError, match="issued must be of type"):
        store.save(ISSUED.token)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        TokenFile(b"token.json")  # type: ignore[arg-type]
    assert [] == list(store.path.parent.iterdir())


def test_a_store_shows_and_holds_its_path_only(tmp_path: Path, store: TokenFile) -> None:
    """The repr of a store that has saved has the path and nothing else; stores of one path are equal."""
    store.save(ISSUED)
    assert f"TokenFile(path={store.path!r})" == repr(store)
    assert not hasattr(store, "__dict__")
    assert TokenFile(str(tmp_path / "token.json")) == store


def test_a_token_that_could_not_be_loaded_is_not_saved(store: TokenFile) -> None:
    """A line of exactly 64 KiB is kept; one byte more is refused, and the old token stays."""
    issuer = ISSUED.server.issuer
    room = 64 * 1024 - len(f"{KEPT}\n")
    largest, larger = (
        evolve(ISSUED, server=evolve(ISSUED.server, issuer=f"{issuer}/{'a' * length}")) for length in (room - 1, room)
    )
    store.save(largest)
    error = failure_of(store.save, larger)
    assert f"{store.path}: this token has over 65536 bytes, too many to be loaded" == str(error)
    assert largest == store.load()


@posix_only
def test_no_file_stays_open(monkeypatch: pytest.MonkeyPatch, store: TokenFile) -> None:
    """Neither a call that works nor one that is refused keeps a descriptor."""
    store.path.with_name(".ticktick-oauth-0123456789abcdef.tmp").touch(0o600)
    before = set(Path("/dev/fd").iterdir())
    store.save(OLD)
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", fail_with(errno.EBUSY))
        store.save(ISSUED)
    store.path.chmod(0o644)
    failure_of(store.load)
    store.save(ISSUED)
    assert ISSUED == store.load()
    store.delete()
    assert set() == set(Path("/dev/fd").iterdir()) - before


# Where the file is


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"TICKTICK_OAUTH_TOKEN_FILE": "/a/b.json", "XDG_CONFIG_HOME": "/c"}, "/a/b.json"),
        ({"TICKTICK_OAUTH_TOKEN_FILE": "~/b.json"}, "/home/me/b.json"),
        ({"XDG_CONFIG_HOME": "/c"}, "/c/ticktick-oauth/token.json"),
        ({"XDG_CONFIG_HOME": "c"}, "/home/me/.config/ticktick-oauth/token.json"),
        ({"TICKTICK_OAUTH_TOKEN_FILE": "", "XDG_CONFIG_HOME": ""}, "/home/me/.config/ticktick-oauth/token.json"),
    ],
)
def test_the_default_path_follows_the_environment(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], expected: str
) -> None:
    """The own variable wins, then an absolute $XDG_CONFIG_HOME, then the home; empty is as good as unset."""
    for name in ("TICKTICK_OAUTH_TOKEN_FILE", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"HOME": "/home/me", **variables}.items():
        monkeypatch.setenv(name, value)
    assert Path(expected) == default_path() == TokenFile().path


@pytest.mark.parametrize(
    ("issuer", "name"),
    [
        ("https://ticktick.com", "token.json"),
        ("https://dida365.com", "dida365.com.json"),
        ("https://Own.Example:8443/a", "own.example-8443.json"),
        ("http://[::1]:8080", "___1_-8080.json"),
        ("http://[::1]", "___1_.json"),
        ("https://own_example:", "own_example.json"),
    ],
)
def test_each_server_has_a_default_file(monkeypatch: pytest.MonkeyPatch, issuer: str, name: str) -> None:
    """It is named by its host; a file that the environment names is for all."""
    monkeypatch.delenv("TICKTICK_OAUTH_TOKEN_FILE", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", "/c")
    server = evolve(TICKTICK, issuer=issuer)
    assert Path("/c/ticktick-oauth", name) == default_path(server)
    monkeypatch.setenv("TICKTICK_OAUTH_TOKEN_FILE", "/a")
    assert Path("/a") == default_path(server)


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
        assert f"$TICKTICK_OAUTH_TOKEN_FILE holds {name} as such: write out what it stands for" == str(
            failure_of(default_path)
        )


def test_a_tilde_is_the_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """A leading ~ of an argument is expanded; one that is part of a name is not."""
    monkeypatch.setenv("HOME", "/home/me")
    assert Path("/home/me/token.json") == TokenFile("~/token.json").path
    assert Path("a/~/~b") == TokenFile("a/~/~b").path


def test_s15_without_a_home_the_error_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no default path then, which the constructor says, and none that begins with ~."""

    def fail(*_: object) -> NoReturn:
        raise RuntimeError("Could not determine home directory.")

    for name in ("TICKTICK_OAUTH_TOKEN_FILE", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", fail)
    for error in (failure_of(default_path), failure_of(TokenFile), failure_of(TokenFile, "~nobody-of-that-name/x")):
        reason = "this user has no home folder, or ~ names an unknown user"
        reason = f"{reason}; {WITHOUT_FILE}"
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
def test_s4_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    """The error of all three calls has the path, and says that a part of it is a file."""
    (tmp_path / "file").write_text("kept")
    for path in (tmp_path / "file" / "token.json", tmp_path / "file" / "folder" / "token.json"):
        store = TokenFile(path)
        for error in (failure_of(store.load), failure_of(store.save, ISSUED), failure_of(store.delete)):
            assert str(store.path) == error.filename
            assert "a part of its path is a file" in str(error)
    assert "kept" == (tmp_path / "file").read_text()


# What is there already


@posix_only
@pytest.mark.parametrize("kind", ["folder", "pipe", "null", "full"])
def test_s4_what_is_not_a_regular_file_is_refused_and_left_alone(tmp_path: Path, kind: str) -> None:
    """No call waits on a named pipe, reads a device, or puts a file in the place of either."""
    path = tmp_path / kind
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        # A device of the test's own: root can destroy those that the machine works with, should the check be broken.
        try:
            os.mknod(path, stat.S_IFCHR | 0o600, Path("/dev", kind).stat().st_rdev)
        except PermissionError:
            pytest.skip("only root can make a device")
    before = path.lstat().st_mode
    store = TokenFile(path)
    for error in (failure_of(store.load), failure_of(store.save, ISSUED), failure_of(store.delete)):
        assert str(path) == error.filename
        assert "not a regular file" in str(error)
    assert before == path.lstat().st_mode
    assert [path] == list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(KEPT[: len(KEPT) // 2], "document: not JSON", id="half"),
        pytest.param(KEPT.encode("utf-16"), "document: not JSON", id="UTF-16"),
        pytest.param("6f9619ff: of another program", "document: not JSON", id="text"),
        pytest.param("  \n\n", "document: it is empty", id="white space"),
        pytest.param('{"installed": {"client_secret": "6f9619ff"}}', "version: expected", id="another program's JSON"),
        pytest.param('{"access_token": "6f9619ff"}', "this is a bare token response", id="bare token response"),
        pytest.param('{"version": 2}', "newer than the 1 that this program knows: update the program", id="newer"),
        pytest.param(KEPT.replace("15551999", '"6f9619ff"'), "token.expires_in: expected", id="damaged"),
        pytest.param(KEPT + " " * 10_000_000, "over 65536 bytes", id="10 MB"),
        pytest.param(KEPT.ljust(65_537), "over 65536 bytes", id="one byte too many"),
    ],
)
def test_s11_s12_what_is_not_a_kept_token_is_refused_and_left_alone(
    store: TokenFile, content: str | bytes, reason: str
) -> None:
    """The error of all three calls has the path and what is wrong, and nothing of the content, which stays."""
    data = write(store, content)
    for error in (failure_of(store.load), failure_of(store.save, ISSUED), failure_of(store.delete)):
        assert str(store.path) == error.filename
        assert reason in str(error)
        assert "6f9619ff" not in str(error)
        assert len(str(error)) < len(str(store.path)) + 300
    assert [data] == [path.read_bytes() for path in store.path.parent.iterdir()]


def test_s3b_what_to_do_about_another_programs_file(store: TokenFile) -> None:
    """The whole message, once: what it is, that it was left as it is, and what to do."""
    write(store, "x")
    reason = f"{store.path}: this cannot be read as a kept token; document: not JSON, and not its one-word form"
    assert f"{reason}; name another file, or move this one away" == str(failure_of(store.load))
    for error in (failure_of(store.save, ISSUED), failure_of(store.delete)):
        assert f"{reason}; it was left as it is: name another file, or move this one away" == str(error)


def test_s11_an_empty_file_is_refused_and_replaced(store: TokenFile) -> None:
    """An empty file holds nothing to lose: load says what to do, save and delete do it."""
    for task in (partial(store.save, ISSUED), store.delete):
        write(store, "")
        assert f"{store.path}: this file is empty: sign in, and keep the token there" == str(failure_of(store.load))
        task()
    assert store.load() is None


def test_the_wing_shows_its_public_names_only() -> None:
    """An editor that completes `ticktick_oauth.storage.` offers what is meant for programs."""
    assert ["TokenFile", "TokenStore", "default_path", "require_token"] == [
        name for name in dir(storage) if not name.startswith("_")
    ]
