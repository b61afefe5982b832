"""A file that only its owner may read: rows S1, S2, S3 and S5."""

import errno
import grp
import os
import pwd
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from storage.keeping import (
    DEADLINE,
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
    monkeypatch: pytest.MonkeyPatch, umask: Callable[[int], int], tmp_path: Path, mask: int
) -> None:
    """The file is created with 0600 and never has another mode, whatever the umask; so are new folders with 0700."""
    modes: list[int] = []
    created: list[int] = []

    def watch(name: str, real: Callable[..., Any]) -> None:
        def call(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - it stands for any call
            if name == "open" and arguments[1] & os.O_CREAT:
                created.append(arguments[2])
                needed = os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
                assert needed == arguments[1] & needed
            result = real(*arguments, **options)
            modes.extend(mode_of(path) for path in tmp_path.rglob("*") if path.is_file())
            return result

        monkeypatch.setattr(os, name, call)

    for name in ("open", "fsync", "replace"):
        watch(name, getattr(os, name))
    umask(mask)
    store = TokenFile(tmp_path / "new" / "folder" / "token.json")
    store.save(ISSUED)
    assert [0o600] == created
    assert {0o600} == set(modes)
    assert [0o700, 0o700] == [mode_of(folder) for folder in (store.path.parent, store.path.parent.parent)]


@pytest.mark.parametrize("mask", [0o277, 0o400, 0o777])
def test_s1_a_umask_against_the_owner_does_no_harm(open_folder: Path, mask: int) -> None:
    """What is saved under any umask is loaded, in a folder that had to be made, by a user who is not root."""
    open_folder.chmod(0o777)
    code = f"os.umask({mask}); store.save(ISSUED); os.umask(0o022); store.save(store.load()); print(store.load())"
    assert f"{ISSUED}\n" == python(DROP_ROOT + code, open_folder / "a" / "b" / "token.json")
    assert (0o700, 0o600) == (mode_of(open_folder / "a" / "b"), mode_of(open_folder / "a" / "b" / "token.json"))


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o602, 0o777])
def test_s2_a_file_that_others_have_rights_to_is_refused_and_replaced(store: TokenFile, mode: int) -> None:
    """`load` says what to do, and a new `save` mends it."""
    store.save(OLD)
    store.path.chmod(mode)
    error = failure_of(store.load)
    assert f"{store.path}: its mode {mode:04o} lets others than its owner use it: chmod 600 {store.path}" == str(error)
    store.save(ISSUED)
    assert 0o600 == mode_of(store.path)
    assert ISSUED == store.load()


@pytest.mark.parametrize("mode", [0o640, 0o620, 0o660])
def test_s19_a_file_that_a_group_has_rights_to_comes_of_the_platform(store: TokenFile, mode: int) -> None:
    """A chmod would last until the next start: the message names the group, and the variable."""
    store.save(OLD)
    store.path.chmod(mode)
    group = grp.getgrgid(store.path.stat().st_gid).gr_name
    assert (
        f"{store.path}: its mode {mode:04o} lets the group {group} use it: take that right away, or, where the "
        "platform gives it again at each start (fsGroup), put the token into $TICKTICK_OAUTH_TOKEN instead"
    ) == str(failure_of(store.load))
    store.save(ISSUED)
    assert ISSUED == store.load()


@root_only
def test_s19_a_group_without_a_name_is_named_by_its_number(store: TokenFile) -> None:
    """As most groups in a container are."""
    store.save(OLD)
    os.chown(store.path, 0, 54321)
    store.path.chmod(0o660)
    assert "lets the group 54321 use it" in str(failure_of(store.load))


@pytest.mark.parametrize("name", ["a b/it's.json", "~x/$HOME", "*/\u00e9"])
def test_s2_the_command_that_it_says_can_be_pasted(tmp_path: Path, name: str) -> None:
    """A path with characters that a shell would read is quoted, as `shlex` does it, and the command mends the file."""
    store = TokenFile(tmp_path / name)
    store.save(ISSUED)
    store.path.chmod(0o644)
    command = str(failure_of(store.load)).rpartition(": ")[2]
    assert f"chmod 600 {shlex.quote(str(store.path))}" == command
    subprocess.run(command, shell=True, check=True, timeout=DEADLINE)
    assert ISSUED == store.load()


@root_only
@pytest.mark.parametrize(("owner", "name"), [(NOBODY, "nobody"), (54321, "user 54321")])
def test_s2_a_file_of_another_owner_is_refused_to_root_too(store: TokenFile, owner: int, name: str) -> None:
    """As after a run with sudo: the error has the owner and both ways out; a save replaces the file by one's own."""
    store.save(OLD)
    os.chown(store.path, owner, owner)
    assert (
        f"{store.path}: it belongs to {name} and not to root, who runs this: "
        f"run it as {name}, without sudo, or: chown 0 {store.path}"
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
    """What it leads to is loaded, made, replaced in its own folder and deleted; the links stay as they are."""
    before = set(link.path.parent.iterdir())
    assert link.load() is None
    link.save(OLD)
    link.save(ISSUED)
    assert ISSUED == store.load()
    assert ISSUED == link.load()
    assert "deleted" == forget(link.path)
    assert (None, None) == (link.load(), forget(link.path))
    assert before == set(link.path.parent.iterdir())
    assert [link.path.parent] == list(store.path.parent.iterdir())


def test_s3_what_is_wrong_behind_a_link_is_told_with_both_paths(store: TokenFile, link: TokenFile) -> None:
    """The command that mends it names the file itself."""
    store.save(OLD)
    store.path.chmod(0o644)
    assert (
        f"{link.path}: this is a link to {store.path}; "
        f"its mode 0644 lets others than its owner use it: chmod 600 {store.path}"
    ) == str(failure_of(link.load))


@pytest.mark.parametrize(("leads_to", "number"), [("first", errno.ELOOP), ("none/token.json", errno.ENOENT)])
def test_s3_a_link_that_leads_nowhere_gets_no_token(link: TokenFile, leads_to: str, number: int) -> None:
    """Neither round in a circle, nor into a folder that there is not, and that nobody asked for."""
    link.path.with_name("second").unlink()
    link.path.with_name("second").symlink_to(leads_to)
    assert number == failure_of(link.save, ISSUED).errno
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
        assert (
            f"{link.path}: the symbolic link {second} belongs to nobody, so it is not followed; {ELSEWHERE}"
        ) == str(error)
    assert (None if dangling else OLD) == store.load()


@root_only
def test_s3_a_link_of_root_is_followed_to_a_file_of_ones_own(open_folder: Path) -> None:
    """As an administrator sets it up: the owner of the file is the one who counts."""
    for name in ("mine", "others"):
        (open_folder / name).mkdir()
        (open_folder / name).chmod(0o777)
    (open_folder / "link").symlink_to("mine/token.json")
    (open_folder / "link of others").symlink_to("others/token.json")
    TokenFile(open_folder / "others" / "token.json").save(OLD)
    code = "store.save(ISSUED); print(store.load() == ISSUED); attempt(TokenFile(sys.argv[1] + ' of others').load)"
    loaded, refused = python(DROP_ROOT + code, open_folder / "link").splitlines()
    assert ("True", True) == (loaded, "it belongs to root and not to nobody" in refused)


@root_only
@pytest.mark.parametrize("folder_mode", [0o555, 0o700])
def test_s5_a_file_and_folder_of_another_user_are_named(open_folder: Path, folder_mode: int) -> None:
    """As a sign-in with sudo leaves them: each call's error says whose they are, and what to do fits the call."""
    store = TokenFile(open_folder / "token.json")
    store.save(OLD)
    open_folder.chmod(folder_mode)
    code = "attempt(store.load); attempt(store.save, ISSUED); attempt(store.delete)"
    owner = (
        f"it belongs to root and not to nobody, who runs this: sudo chown {NOBODY} {store.path}"
        if folder_mode == 0o555
        else "its folder belongs to root, as after a sign-in with sudo"
    )
    assert [
        f"{errno.EACCES} {store.path}: could not {verb} the token: Permission denied; {advice}"
        for verb, advice in (("load", owner), ("save", f"{owner}; {WITHOUT_FILE}"), ("delete", owner))
    ] == python(DROP_ROOT + code, store.path).splitlines()
    assert OLD == store.load()


@pytest.mark.parametrize(
    ("case", "advice"),
    [
        ("own file", "; its owner may not read it: chmod 600 FILE"),
        ("own readable file", ""),
        ("another's file", "; it belongs to ME and not to user 54321, who runs this: sudo chown 54321 FILE"),
        ("another's folder", "; its folder belongs to ME, as after a sign-in with sudo"),
        ("own folder", ""),
        ("own folder that cannot be entered", "; its folder cannot be entered: chmod 700 FOLDER"),
        ("own folder that cannot be written", ""),
        ("another's folder that is open to all", ""),
    ],
)
def test_s5_what_to_do_fits_who_owns_what(
    monkeypatch: pytest.MonkeyPatch, store: TokenFile, case: str, advice: str
) -> None:
    """The system says no more than "Permission denied": the error adds what can be seen of the owners."""
    me = pwd.getpwuid(os.geteuid()).pw_name
    if "file" in case:
        store.save(OLD)
        store.path.chmod(0o600 if "readable" in case else 0)
    if "another" in case:
        monkeypatch.setattr(os, "geteuid", lambda: 54321)
    denied = os.X_OK if "entered" in case else os.W_OK if "written" in case or "another" in case else 0
    monkeypatch.setattr(os, "access", lambda _, asked: "open" in case or not asked & denied)
    monkeypatch.setattr(os, "open", fail_with(errno.EACCES))
    text = advice.replace("FILE", str(store.path)).replace("FOLDER", str(store.path.parent)).replace("ME", me)
    assert f"{store.path}: could not load the token: Permission denied{text}" == str(failure_of(store.load))
