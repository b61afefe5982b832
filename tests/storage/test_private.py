"""A file that only its owner may read: rows S1, S2, S3 and S5."""

import errno
import os
import pwd
import shlex
import stat
import subprocess
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

from storage.keeping import (
    DROP_ROOT,
    ELSEWHERE,
    ISSUED,
    OLD,
    WITHOUT_FILE,
    fail_with,
    failure_of,
    mode_of,
    posix_only,
    python,
    root_only,
)
from ticktick_oauth.storage import TokenFile
from ticktick_oauth.storage._token_file import forget

pytestmark = posix_only

NOBODY = 65534


@pytest.mark.parametrize("mask", [0o000, 0o022])
def test_s1_a_file_is_private_from_its_first_byte(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, tmp_path: Path, mask: int
) -> None:
    """The file is created with 0600 and never has another mode, whatever the umask; so are new folders with 0700."""
    created: list[tuple[int, int]] = []
    modes: list[int] = []
    needed = os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    real_open, real_sync = os.open, os.fsync

    def watch_open(path: str, flags: int, mode: int) -> int:
        if flags & os.O_CREAT:
            created.append((mode, flags & needed))
        return real_open(path, flags, mode)

    def watch_sync(descriptor: int) -> None:
        modes.append(stat.S_IMODE(os.fstat(descriptor).st_mode))
        real_sync(descriptor)

    monkeypatch.setattr(os, "open", watch_open)
    monkeypatch.setattr(os, "fsync", watch_sync)
    request.addfinalizer(partial(os.umask, os.umask(mask)))
    store = TokenFile(tmp_path / "new" / "folder" / "token.json")
    store.save(ISSUED)
    assert ([(0o600, needed)], [0o600, 0o700]) == (created, modes)
    assert [0o600, 0o700, 0o700] == [mode_of(path) for path in (store.path, *store.path.parents[:2])]


@pytest.mark.parametrize("mask", [0o277, 0o400, 0o777])
def test_s1_a_umask_against_the_owner_does_no_harm(open_folder: Path, mask: int) -> None:
    """What is saved under any umask is loaded, in a folder that had to be made, by a user who is not root."""
    open_folder.chmod(0o777)
    code = f"os.umask({mask}); store.save(ISSUED); os.umask(0o022); store.save(store.load()); print(store.load())"
    assert f"{ISSUED}\n" == python(DROP_ROOT + code, open_folder / "a" / "b" / "token.json")
    assert (0o700, 0o600) == (mode_of(open_folder / "a" / "b"), mode_of(open_folder / "a" / "b" / "token.json"))


@pytest.mark.parametrize(("mode", "name"), [(0o644, "a b/it's.json"), (0o602, "~x/$HOME"), (0o777, "*/\u00e9")])
def test_s2_a_file_that_others_have_rights_to_is_refused_and_replaced(tmp_path: Path, mode: int, name: str) -> None:
    """The command that `load` says can be pasted, whatever the path, and mends it; so does a new `save`."""
    store = TokenFile(tmp_path / name)
    for mend in (lambda command: subprocess.run(command, shell=True, check=True), lambda _: store.save(OLD)):
        store.save(OLD)
        store.path.chmod(mode)
        command = f"chmod 600 {shlex.quote(str(store.path))}"
        words = f"its mode {mode:04o} lets others than its owner use it: {command}"
        assert f"{store.path}: {words}" == str(failure_of(store.load))
        mend(command)
        assert (0o600, OLD) == (mode_of(store.path), store.load())


@pytest.mark.parametrize("mode", [0o640, 0o620, 0o660])
def test_s19_a_file_that_a_group_has_rights_to_comes_of_the_platform(
    monkeypatch: pytest.MonkeyPatch, store: TokenFile, mode: int
) -> None:
    """A chmod would last until the next start: the message names the group, and the variable."""
    store.save(OLD)
    store.path.chmod(mode)
    assert (
        f"{store.path}: its mode {mode:04o} lets the group {os.getegid()} use it: take that right away, or, where the "
        "platform gives it again at each start (fsGroup), put the token into $TICKTICK_OAUTH_TOKEN instead"
    ) == str(failure_of(store.load))
    with monkeypatch.context() as patch:  # as a secret is mounted
        patch.setattr(os, "fstatvfs", lambda _: SimpleNamespace(f_flag=os.ST_RDONLY))
        assert OLD == store.load()
    store.save(ISSUED)
    assert ISSUED == store.load()


@root_only
@pytest.mark.parametrize(("owner", "name"), [(NOBODY, "nobody"), (54321, "user 54321")])
def test_s2_a_file_of_another_owner_is_refused_to_root_too(store: TokenFile, owner: int, name: str) -> None:
    """As after a run with sudo: the error has the owner and both ways out; a save replaces the file by one's own."""
    store.save(OLD)
    os.chown(store.path, owner, owner)
    assert (
        f"{store.path}: it belongs to {name} and not to root, who runs this: "
        f"run it as {name}, or, as root: chown 0 {store.path}"
    ) == str(failure_of(store.load))
    store.save(ISSUED)
    assert ISSUED == store.load()


@pytest.fixture
def link(store: TokenFile) -> TokenFile:
    """Make a store whose path leads to `store` by a chain of two links, as dotfile managers make them."""
    folder = store.path.parent / "home"
    folder.mkdir()
    (folder / "second").symlink_to(store.path)
    (folder / "first").symlink_to("second")
    return TokenFile(folder / "first")


def test_s3_an_own_link_is_followed(store: TokenFile, link: TokenFile) -> None:
    """What it leads to is loaded, made, replaced in its own folder and deleted; the links stay as they are.

    What is wrong with the file is said with both paths.
    """
    before = set(link.path.parent.iterdir())
    assert link.load() is None
    link.save(OLD)
    store.path.chmod(0o644)
    assert (
        f"{link.path}: this is a link to {store.path}; "
        f"its mode 0644 lets others than its owner use it: chmod 600 {store.path}"
    ) == str(failure_of(link.load))
    link.save(ISSUED)
    assert ISSUED == store.load() == link.load()
    assert "deleted" == forget(link.path)
    assert (None, None) == (link.load(), forget(link.path))
    assert before == set(link.path.parent.iterdir())
    assert [link.path.parent] == list(store.path.parent.iterdir())


@pytest.mark.parametrize(("leads_to", "number"), [("first", errno.ELOOP), ("none/token.json", errno.ENOENT)])
def test_s3_a_link_that_leads_nowhere_gets_no_token(link: TokenFile, leads_to: str, number: int) -> None:
    """Neither round in a circle, nor into a folder that there is not, and that nobody asked for."""
    link.path.with_name("second").unlink()
    link.path.with_name("second").symlink_to(leads_to)
    error = failure_of(link.save, ISSUED)
    advice = "make the folder that the link leads to, or remove the link"
    assert (number, number == errno.ENOENT) == (error.errno, str(error.strerror).endswith(f"; {advice}"))
    assert not link.path.with_name("none").exists()


@root_only
@pytest.mark.parametrize("dangling", [False, True])
def test_s3_another_users_link_is_refused(store: TokenFile, link: TokenFile, *, dangling: bool) -> None:
    """Wherever in the chain it is and wherever it leads, since that user may have meant another file."""
    if not dangling:
        store.save(OLD)
    second = link.path.with_name("second")
    os.chown(second, NOBODY, NOBODY, follow_symlinks=False)
    for error in (failure_of(link.load), failure_of(link.save, ISSUED), failure_of(link.delete)):
        assert (f"{link.path}: the link {second} belongs to nobody, so it is not followed; {ELSEWHERE}") == str(error)
    assert (None if dangling else OLD) == store.load()


@root_only
def test_s3_a_link_of_root_is_followed_to_a_file_of_ones_own(open_folder: Path) -> None:
    """As an administrator sets it up: the owner of the file is the one who counts."""
    for name in ("mine", "others"):
        (open_folder / name).mkdir()
        (open_folder / name).chmod(0o777)
        (open_folder / f"to {name}").symlink_to(f"{name}/token.json")
    TokenFile(open_folder / "others" / "token.json").save(OLD)
    code = "store.save(ISSUED); print(store.load() == ISSUED); attempt(TokenFile(sys.argv[2]).load)"
    loaded, refused = python(DROP_ROOT + code, open_folder / "to mine", open_folder / "to others").splitlines()
    assert ("True", True) == (loaded, "it belongs to root and not to nobody" in refused)


@root_only
def test_s5_a_folder_of_another_user_is_named(open_folder: Path) -> None:
    """As a sign-in with sudo leaves it: each call's error says whose it is, and what to do fits the call."""
    store = TokenFile(open_folder / "token.json")
    store.save(OLD)
    open_folder.chmod(0o700)
    code = "attempt(store.load); attempt(store.save, ISSUED); attempt(store.delete)"
    assert [
        f"13 {store.path}: could not {task} the token: Permission denied; its folder belongs to root{advice}"
        for task, advice in (("load", ""), ("save", f"; {WITHOUT_FILE}"), ("delete", ""))
    ] == python(DROP_ROOT + code, store.path).splitlines()


@pytest.mark.parametrize(
    ("is_another", "is_kept", "words"),
    [
        (False, True, ""),
        (True, True, "; it belongs to ME and not to user 54321"),
        (True, False, "; its folder belongs to ME"),
    ],
)
def test_s5_an_owner_is_named_who_is_another(
    monkeypatch: pytest.MonkeyPatch, store: TokenFile, words: str, *, is_another: bool, is_kept: bool
) -> None:
    """The system says no more than "Permission denied": the error adds what can be seen of the owners."""
    if is_kept:
        store.save(OLD)
    text = f"could not load the token: Permission denied{words}".replace("ME", pwd.getpwuid(os.geteuid()).pw_name)
    if is_another:
        monkeypatch.setattr(os, "geteuid", lambda: 54321)
    monkeypatch.setattr(os, "open", fail_with(errno.EACCES))
    assert f"{store.path}: {text}" == str(failure_of(store.load)).partition(", who")[0]
