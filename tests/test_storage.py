"""Keeping a token: rows S1 to S15 of the fault list, each a test named after its row, and the format of the file."""

import errno
import os
import pickle
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable
from collections.abc import Iterator
from datetime import datetime
from datetime import timezone
from pathlib import Path
from typing import Any
from typing import NoReturn
from uuid import UUID

import pytest

from ticktick_oauth import IssuedToken
from ticktick_oauth import OAuthTokenV1
from ticktick_oauth import dump_issued
from ticktick_oauth.exceptions import StorageError
from ticktick_oauth.storage import TokenFile
from ticktick_oauth.storage import TokenStore
from ticktick_oauth.storage import default_path

ACCESS_TOKEN = UUID("6f9619ff-8b86-4011-b42d-00c04fc964ff")
ISSUED_AT = datetime(2026, 11, 23, 12, 0, 0, tzinfo=timezone.utc)
ISSUED = IssuedToken(token=OAuthTokenV1(access_token=ACCESS_TOKEN, expires_in=15551999), issued_at=ISSUED_AT)
OLD = IssuedToken(token=OAuthTokenV1(access_token=ACCESS_TOKEN, expires_in=1), issued_at=ISSUED_AT)
# What another process needs to keep tokens: `issued(n)` makes one that expires after n seconds.
PRELUDE = """
import errno, fcntl, os, pathlib, re, resource, secrets, signal, sys
from datetime import datetime, timezone
from uuid import UUID
from ticktick_oauth import IssuedToken, OAuthTokenV1
from ticktick_oauth.exceptions import StorageError
from ticktick_oauth.storage import TokenFile, default_path

def issued(seconds):
    token = OAuthTokenV1(access_token=UUID("6f9619ff-8b86-4011-b42d-00c04fc964ff"), expires_in=seconds)
    return IssuedToken(token=token, issued_at=datetime(2026, 11, 23, 12, tzinfo=timezone.utc))

store = TokenFile(sys.argv[1]) if len(sys.argv) > 1 else None
"""
# Root may do anything: become nobody, once all that is needed is imported.
DROP_ROOT = """
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
"""
# An environment that says nothing of where a token may be.
HOMELESS = {
    name: value
    for name, value in os.environ.items()
    if name not in {"HOME", "TICKTICK_OAUTH_TOKEN_FILE", "XDG_CONFIG_HOME"}
}
DEADLINE = 60

posix_only = pytest.mark.skipif(os.name != "posix", reason="POSIX modes and special files")


def python(code: str, *arguments: str | Path, env: dict[str, str] | None = None) -> str:
    """Run code in another process, behind the prelude, and return what it prints."""
    command = [sys.executable, "-c", PRELUDE + code, *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=DEADLINE, env=env).stdout


def mode_of(path: Path) -> int:
    """Return the permission bits of a file, a link not followed."""
    return stat.S_IMODE(path.lstat().st_mode)


def fail_with(number: int) -> Callable[..., NoReturn]:
    """Make a stand-in for a system call that fails."""

    def fail(*_: object, **__: object) -> NoReturn:
        raise OSError(number, os.strerror(number), ACCESS_TOKEN.hex)

    return fail


def failure_of(task: Callable[..., object], *arguments: object) -> StorageError:
    """Run what has to fail with a StorageError that is fit to be shown, and return it."""
    with pytest.raises(StorageError) as caught:
        task(*arguments)
    error = caught.value
    told = "".join((str(error), repr(error), repr(vars(error)), *traceback.format_exception_only(type(error), error)))
    assert str(ACCESS_TOKEN) not in told
    assert ACCESS_TOKEN.hex not in told
    assert (None, None) == (error.__cause__, error.__context__)
    copied = pickle.loads(pickle.dumps(error))
    assert (error.args, str(error), error.errno) == (copied.args, str(copied), copied.errno)
    return error


@pytest.fixture
def store(tmp_path: Path) -> TokenFile:
    """Make a store in a folder of its own."""
    return TokenFile(tmp_path / "token.json")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Make a folder that every user of the machine can reach, unlike pytest's."""
    folder = Path(tempfile.mkdtemp(prefix="ticktick-oauth-test-"))
    folder.chmod(0o755)
    yield folder
    for path in [folder, *folder.rglob("*")]:
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o700)
    shutil.rmtree(folder)


@pytest.fixture
def umask() -> Iterator[Callable[[int], int]]:
    """Give the function that sets the umask, which is the old one again afterwards."""
    before = os.umask(0o022)
    yield os.umask
    os.umask(before)


# The format


def test_a_token_file_is_a_token_store(store: TokenFile) -> None:
    """The protocol is what a `TokenFile` is; without a file there is no token, and deleting twice is fine."""
    kept: TokenStore = store
    assert kept.load() is None
    kept.save(ISSUED)
    assert ISSUED == kept.load()
    assert f"{dump_issued(ISSUED)}\n" == store.path.read_text()
    kept.delete()
    assert kept.load() is None
    kept.delete()


def test_a_wrong_type_is_the_callers_mistake(store: TokenFile) -> None:
    """A TypeError tells of an argument of the wrong type, before anything is written."""
    with pytest.raises(TypeError, match="issued must be of type IssuedToken, not str"):
        dump_issued("token")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="issued must be"):
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


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"TICKTICK_OAUTH_TOKEN_FILE": "/a/b.json", "XDG_CONFIG_HOME": "/c"}, "/a/b.json"),
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
    assert Path(expected) == default_path()
    assert default_path() == TokenFile().path


# The rows


@posix_only
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

    watch("open", os.open)
    watch("fsync", os.fsync)
    watch("replace", os.replace)
    umask(mask)
    store = TokenFile(tmp_path / "new" / "folder" / "token.json")
    store.save(ISSUED)
    assert [0o600] == created
    assert {0o600} == set(modes)
    assert [0o700, 0o700] == [mode_of(folder) for folder in (store.path.parent, store.path.parent.parent)]


@posix_only
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620, 0o777])
def test_s2_a_file_that_others_have_rights_to_is_refused_and_replaced(store: TokenFile, mode: int) -> None:
    """`load` says what to do, and a new `save` mends it."""
    store.save(OLD)
    store.path.chmod(mode)
    error = failure_of(store.load)
    assert str(store.path) == error.filename
    assert f"{mode:04o}" in str(error)
    assert str(error).endswith(f": chmod 600 {store.path}")
    store.save(ISSUED)
    assert 0o600 == mode_of(store.path)
    assert ISSUED == store.load()


@posix_only
def test_s2_the_command_that_it_says_can_be_pasted(tmp_path: Path) -> None:
    """A path with a space is quoted, and the command mends the file."""
    store = TokenFile(tmp_path / "a b" / "it's.json")
    store.save(ISSUED)
    store.path.chmod(0o644)
    command = str(failure_of(store.load)).rpartition(": ")[2]
    subprocess.run(command, shell=True, check=True, timeout=DEADLINE)
    assert ISSUED == store.load()


@posix_only
@pytest.mark.parametrize("dangling", [False, True])
def test_s3_a_link_is_never_followed(store: TokenFile, *, dangling: bool) -> None:
    """`load` refuses a link, `save` replaces it and `delete` removes it; what it leads to stays as it was."""
    victim = TokenFile(store.path.with_name("victim.json"))
    if not dangling:
        victim.save(OLD)
    store.path.symlink_to(victim.path)
    error = failure_of(store.load)
    assert str(store.path) == error.filename
    assert "this is a symbolic link" in str(error)
    store.save(ISSUED)
    assert not store.path.is_symlink()
    assert ISSUED == store.load()
    store.path.unlink()
    store.path.symlink_to(victim.path)
    store.delete()
    assert not store.path.is_symlink()
    assert (None if dangling else OLD) == victim.load()


@posix_only
def test_s3_a_link_that_appears_at_the_last_moment_is_not_followed(
    monkeypatch: pytest.MonkeyPatch, store: TokenFile
) -> None:
    """The look at the path is for a clear message; the system is what refuses."""
    victim = TokenFile(store.path.with_name("victim.json"))
    victim.save(OLD)
    store.path.symlink_to(victim.path)
    monkeypatch.setattr(Path, "is_symlink", lambda _: False)
    assert errno.ELOOP == failure_of(store.load).errno


def test_s4_a_missing_folder_holds_no_token_and_is_made(tmp_path: Path) -> None:
    """Without the folder there is nothing to load or to delete; `save` makes it."""
    store = TokenFile(tmp_path / "a" / "b" / "token.json")
    assert store.load() is None
    store.delete()
    assert not (tmp_path / "a").exists()
    store.save(ISSUED)
    assert ISSUED == store.load()


@posix_only
def test_s4_a_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    """All three calls tell the path, and that a part of it is a file."""
    (tmp_path / "file").write_text("kept")
    store = TokenFile(tmp_path / "file" / "token.json")
    for error in (failure_of(store.load), failure_of(store.save, ISSUED), failure_of(store.delete)):
        assert str(store.path) == error.filename
        assert "a part of its path is a file" in str(error)
    assert "kept" == (tmp_path / "file").read_text()


@posix_only
@pytest.mark.parametrize("kind", ["folder", "pipe", "null", "full"])
def test_s4_what_is_no_regular_file_is_refused_and_left_alone(tmp_path: Path, kind: str) -> None:
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
    assert not [left for left in tmp_path.iterdir() if left != path]


@posix_only
def test_s5_a_folder_that_may_not_be_written_is_told(open_folder: Path) -> None:
    """The error names the path and the way out; what the folder holds is as it was."""
    store = TokenFile(open_folder / "token.json")
    store.save(OLD)
    open_folder.chmod(0o555)
    code = """
for task in (lambda: store.save(issued(2)), store.delete):
    try:
        task()
    except StorageError as error:
        print(error.errno, error)
"""
    saved, deleted = python(DROP_ROOT + code, store.path).splitlines()
    assert saved.startswith(f"{errno.EACCES} {store.path}: could not save the token: ")
    assert "TICKTICK_OAUTH_TOKEN_FILE" in saved
    assert deleted.startswith(f"{errno.EACCES} {store.path}: could not delete the token: ")
    assert OLD == store.load()


@posix_only
def test_s5_a_file_of_another_user_is_told(open_folder: Path) -> None:
    """A private file that this user may not read is an error, and not a missing token."""
    if os.getuid() != 0:
        pytest.skip("only root can become another user")
    store = TokenFile(open_folder / "token.json")
    store.save(OLD)
    code = """
try:
    store.load()
except StorageError as error:
    print(error.errno, error)
"""
    assert python(DROP_ROOT + code, store.path).startswith(f"{errno.EACCES} {store.path}: could not load")


SAVE_AND_TELL = """
try:
    store.save(issued(2))
except StorageError as error:
    print(error.errno, error)
"""


@posix_only
def test_s6_a_limit_on_file_sizes_leaves_the_old_file(store: TokenFile) -> None:
    """EFBIG, as a quota gives it: the old token stays, the temporary file does not."""
    store.save(OLD)
    code = "resource.setrlimit(resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))" + SAVE_AND_TELL
    told = python(code, store.path)
    assert told.startswith(f"{errno.EFBIG} {store.path}: could not save the token: ")
    assert "no space" in told
    assert [store.path] == list(store.path.parent.iterdir())
    assert OLD == store.load()


@posix_only
def test_s6_a_full_disk_leaves_the_old_file(store: TokenFile) -> None:
    """ENOSPC on a file system that is really full: the old token stays, the temporary file does not."""
    disk = store.path.parent / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8k", "none", str(disk)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("this user may not mount a small file system")
    try:
        store = TokenFile(disk / "token.json")
        store.save(OLD)
        filler = disk / "filler"
        with pytest.raises(OSError, match=re.escape(os.strerror(errno.ENOSPC))):
            filler.write_bytes(bytes(8192))
        error = failure_of(store.save, ISSUED)
        assert errno.ENOSPC == error.errno
        assert "no space" in str(error)
        assert {store.path, filler} == set(disk.iterdir())
        assert OLD == store.load()
    finally:
        subprocess.run(["umount", str(disk)], check=True, timeout=DEADLINE)


@pytest.mark.parametrize("call", ["fsync", "replace"])
@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, errno.EDQUOT])
def test_s7_a_step_that_fails_leaves_the_old_file(
    monkeypatch: pytest.MonkeyPatch, store: TokenFile, call: str, number: int
) -> None:
    """Whatever step of a save the disk refuses, the old token stays and no other file does."""
    store.save(OLD)
    with monkeypatch.context() as patch:
        patch.setattr(os, call, fail_with(number))
        error = failure_of(store.save, ISSUED)
    assert (str(store.path), number) == (error.filename, error.errno)
    assert f"could not save the token: {os.strerror(number)}" in str(error)
    assert [store.path] == list(store.path.parent.iterdir())
    assert OLD == store.load()


def test_s7_a_folder_that_cannot_be_synced_for_a_fault_is_told(
    monkeypatch: pytest.MonkeyPatch, store: TokenFile
) -> None:
    """A disk that fails at the last step is an error too, as the token may not outlive a power cut."""
    real = os.fsync

    def sync_files_only(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            fail_with(errno.EIO)()
        real(descriptor)

    monkeypatch.setattr(os, "fsync", sync_files_only)
    assert errno.EIO == failure_of(store.save, ISSUED).errno
    assert ISSUED == store.load()


def test_s7_an_error_without_a_number_is_told_by_its_class(monkeypatch: pytest.MonkeyPatch, store: TokenFile) -> None:
    """Python raises some OSErrors by itself: their text is not shown, their class is."""

    def fail(_: int) -> NoReturn:
        raise OSError(str(ACCESS_TOKEN))

    monkeypatch.setattr(os, "fsync", fail)
    error = failure_of(store.save, ISSUED)
    assert error.errno is None
    assert f"{store.path}: could not save the token: OSError" == str(error)


def test_s7_ctrl_c_in_a_save_leaves_the_old_file(monkeypatch: pytest.MonkeyPatch, store: TokenFile) -> None:
    """A KeyboardInterrupt passes through, and takes the temporary file with it."""

    def interrupt(_: int) -> NoReturn:
        raise KeyboardInterrupt

    store.save(OLD)
    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        store.save(ISSUED)
    assert [store.path] == list(store.path.parent.iterdir())
    assert OLD == store.load()


@posix_only
@pytest.mark.parametrize("kills", [6, pytest.param(60, marks=pytest.mark.slow)])
def test_s8_kill_9_never_tears_the_file(store: TokenFile, kills: int) -> None:
    """However often a program that saves is killed, each reader finds one whole token."""
    code = """
number = 0
while True:
    number += 1
    store.save(issued(number))
    os.write(1, b".")
"""
    command = [sys.executable, "-c", PRELUDE + code, str(store.path)]
    for kill in range(kills):
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            # The signal meets the saves that follow these at an arbitrary step.
            os.read(process.stdout.fileno(), 1)
            for _ in range(kill % 7):
                os.read(process.stdout.fileno(), 1)
            process.kill()
        assert -signal.SIGKILL == process.returncode
        kept = store.load()
        assert kept is not None
        assert ACCESS_TOKEN == kept.token.access_token
    store.save(ISSUED)
    assert [store.path] == list(store.path.parent.iterdir())


@posix_only
@pytest.mark.parametrize("step", ["fsync", "replace"])
@pytest.mark.parametrize("next_call", ["save", "delete"])
def test_s8_the_temporary_file_of_a_killed_program_is_swept(store: TokenFile, step: str, next_call: str) -> None:
    """A program killed at the worst moment leaves a token beside the file: until the next save, or logout."""
    code = f"""
os.{step} = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
store.save(issued(2))
"""
    with pytest.raises(subprocess.CalledProcessError):
        python(code, store.path)
    (stale,) = store.path.parent.iterdir()
    assert re.fullmatch(r"\.ticktick-oauth-[0-9a-f]{16}\.tmp", stale.name)
    assert 0o600 == mode_of(stale)
    if next_call == "save":
        store.save(ISSUED)
    else:
        store.delete()
    assert ([store.path] if next_call == "save" else []) == list(store.path.parent.iterdir())


@posix_only
def test_s8_nothing_but_own_stale_files_is_swept(store: TokenFile) -> None:
    """Other names stay, and so does what has such a name but is no regular file."""
    folder = store.path.parent
    victim = folder / "victim"
    victim.write_text("kept")
    names = [f".ticktick-oauth-{digit * 16}.tmp" for digit in "abcdef"]
    (folder / names[0]).symlink_to(victim)
    (folder / names[1]).mkdir()
    os.mkfifo(folder / names[2])
    for other in (".ticktick-oauth-1.tmp", f"x{names[3]}", f"{names[4]}x", ".ticktick-oauth-ABCDEFABCDEFABCD.tmp"):
        (folder / other).write_text("")
    before = set(folder.iterdir())
    store.save(ISSUED)
    assert before | {store.path} == set(folder.iterdir())
    assert "kept" == victim.read_text()


@posix_only
def test_s9_two_writers_and_a_reader_meet_whole_tokens_only(store: TokenFile) -> None:
    """Two processes save 150 times each, and sweep, while this one reads: all saves work, all reads are whole."""
    code = """
for number in range(150):
    store.save(issued(int(sys.argv[2]) + number))
"""
    store.save(OLD)
    seen = set()
    command = [sys.executable, "-c", PRELUDE + code, str(store.path)]
    with subprocess.Popen([*command, "1000"]) as first, subprocess.Popen([*command, "2000"]) as second:
        while first.poll() is None or second.poll() is None:
            kept = store.load()
            assert kept is not None
            seen.add(kept.token.expires_in)
    assert (0, 0) == (first.returncode, second.returncode)
    assert seen <= {1, *range(1000, 1150), *range(2000, 2150)}
    assert len(seen) > 1
    assert [store.path] == list(store.path.parent.iterdir())


@posix_only
def test_s9_the_file_of_a_living_writer_is_not_swept(monkeypatch: pytest.MonkeyPatch, store: TokenFile) -> None:
    """A save that comes while another is about to put its file in place leaves it alone: the later one to end wins."""
    real = os.replace

    def save_another_first(source: Path, destination: Path) -> None:
        monkeypatch.setattr(os, "replace", real)
        store.save(OLD)
        assert OLD == store.load()
        real(source, destination)

    monkeypatch.setattr(os, "replace", save_another_first)
    store.save(ISSUED)
    assert ISSUED == store.load()
    assert [store.path] == list(store.path.parent.iterdir())


@posix_only
@pytest.mark.parametrize("times", [1, 9])
def test_s9_a_file_swept_before_it_was_locked_is_written_again(
    monkeypatch: pytest.MonkeyPatch, store: TokenFile, times: int
) -> None:
    """Between its creation and its lock another process may take a temporary file for a stale one."""
    real = os.open
    swept: list[object] = []

    def create_and_sweep(path: str | os.PathLike[str], flags: int, mode: int = 0o777) -> int:
        descriptor = real(path, flags, mode)
        if flags & os.O_CREAT and len(swept) < times:
            swept.append(path)
            os.unlink(path)  # noqa: PTH108 - as the other process does it
        return descriptor

    monkeypatch.setattr(os, "open", create_and_sweep)
    store.save(ISSUED)
    assert times == len(set(swept))
    assert ISSUED == store.load()
    assert [store.path] == list(store.path.parent.iterdir())


@posix_only
def test_s9_a_folder_that_vanishes_ends_in_an_error(monkeypatch: pytest.MonkeyPatch, store: TokenFile) -> None:
    """Writing again has an end."""
    calls: list[object] = []

    def vanish(*arguments: object) -> NoReturn:
        calls.append(arguments)
        fail_with(errno.ENOENT)()

    monkeypatch.setattr(os, "replace", vanish)
    assert errno.ENOENT == failure_of(store.save, ISSUED).errno
    assert 10 == len(calls)
    assert [] == list(store.path.parent.iterdir())


def test_s10_each_step_is_on_disk_before_the_next(monkeypatch: pytest.MonkeyPatch, store: TokenFile) -> None:
    """The file is synced before it gets its name, and the folder after."""
    steps: list[str] = []

    def watch(name: str, real: Callable[..., Any]) -> None:
        def call(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - it stands for any call
            what = name
            if name == "fsync":
                status = os.fstat(arguments[0])
                what = "fsync folder" if stat.S_ISDIR(status.st_mode) else f"fsync {status.st_size} bytes"
            steps.append(what)
            return real(*arguments, **options)

        monkeypatch.setattr(os, name, call)

    watch("fsync", os.fsync)
    watch("replace", os.replace)
    store.save(ISSUED)
    assert [f"fsync {store.path.stat().st_size} bytes", "replace", "fsync folder"] == steps
    steps.clear()
    store.delete()
    assert ["fsync folder"] == steps


def test_s10_the_system_sees_these_steps(tmp_path: Path) -> None:
    """The same as the kernel sees it: created exclusively with 0600, written, synced, renamed, the folder synced."""
    log = tmp_path / "strace"
    tracer = ["strace", "-y", "-o", str(log), "-e", "trace=openat,write,fsync,rename,renameat,renameat2"]
    probe = [*tracer, sys.executable, "-c", ""]
    if shutil.which("strace") is None or subprocess.run(probe, capture_output=True, check=False).returncode != 0:
        pytest.skip("strace is missing, or may not trace here")
    store = TokenFile(tmp_path / "folder" / "token.json")
    command = [*tracer, sys.executable, "-c", PRELUDE + "store.save(issued(2))", str(store.path)]
    subprocess.run(command, check=True, capture_output=True, timeout=DEADLINE)
    steps: list[str] = []
    for line in log.read_text().splitlines():
        if str(store.path.parent) not in line:
            continue
        if "O_CREAT" in line:
            assert {"O_EXCL", "O_NOFOLLOW", "O_CLOEXEC", "0600"} <= set(re.findall(r"\w+", line))
        elif line.startswith("openat"):
            continue
        steps.append(line.partition("(")[0] + (" folder" if f"<{store.path.parent}>)" in line else ""))
    assert ["openat", "write", "fsync", "rename", "fsync folder"] == steps


KEPT = dump_issued(ISSUED)
HIDDEN = "6f9619ff"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        pytest.param("", "document: it is empty", id="empty"),
        pytest.param(KEPT.encode("utf-16"), "document: not JSON", id="UTF-16"),
        pytest.param(KEPT + " " * 10_000_000, "over 65536 bytes", id="10 MB"),
        pytest.param(KEPT.ljust(65_537), "over 65536 bytes", id="one byte too many"),
        pytest.param('"6f9619ff"', "version: expected", id="string"),
    ],
)
def test_s11_what_is_no_kept_token_is_told_by_its_member(store: TokenFile, content: str | bytes, told: str) -> None:
    """The error has the path and the member that is wrong, nothing of the content; the file is left alone."""
    data = content if isinstance(content, bytes) else content.encode()
    store.path.touch(0o600)
    store.path.write_bytes(data)
    error = failure_of(store.load)
    assert str(store.path) == error.filename
    assert told in str(error)
    assert HIDDEN not in str(error)
    assert len(str(error)) < len(str(store.path)) + 300
    assert data == store.path.read_bytes()


@pytest.mark.parametrize("content", [KEPT.replace(", ", ",\r\n") + "\r\n", KEPT.ljust(65_536)], ids=["CRLF", "64 KiB"])
def test_s11_white_space_between_the_members_does_no_harm(store: TokenFile, content: str) -> None:
    """An editor's line ends are JSON's white space; a file of just 64 KiB is read."""
    store.path.touch(0o600)
    store.path.write_bytes(content.encode())
    assert ISSUED == store.load()


def test_s12_a_newer_version_is_refused_and_left_alone(store: TokenFile) -> None:
    """The version decides before all else, as the rest may have another shape."""
    store.path.touch(0o600)
    store.path.write_text('{"version": 2}')
    error = failure_of(store.load)
    assert str(store.path) == error.filename
    assert "version: newer than the 1 that this program knows" in str(error)
    assert '{"version": 2}' == store.path.read_text()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_s13_a_failed_save_loses_nothing(monkeypatch: pytest.MonkeyPatch, store: TokenFile, number: int) -> None:
    """The caller still has the token that was just issued: to be kept elsewhere, or shown."""
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail_with(number))
        error = failure_of(store.save, ISSUED)
    assert "TICKTICK_OAUTH_TOKEN_FILE" in str(error)
    assert KEPT == dump_issued(ISSUED)
    elsewhere = TokenFile(store.path.with_name("elsewhere.json"))
    elsewhere.save(ISSUED)
    assert ISSUED == elsewhere.load()


def test_s14_a_platform_without_posix_means_keeps_tokens(monkeypatch: pytest.MonkeyPatch, store: TokenFile) -> None:
    """As on Windows: few flags, no locks, modes without a meaning, no opening of folders, no moving of open files."""
    real_open, real_replace = os.open, os.replace
    open_files: list[int] = []

    def open_files_only(path: str | os.PathLike[str], flags: int, mode: int = 0o777) -> int:
        if os.path.isdir(path):  # noqa: PTH112 - `Path` asks for a POSIX here
            fail_with(errno.EACCES)()
        open_files.append(real_open(path, flags, mode))
        return open_files[-1]

    def replace_closed_files_only(source: Path, destination: Path) -> None:
        with pytest.raises(OSError, match=re.escape(os.strerror(errno.EBADF))):
            os.fstat(open_files[-1])
        real_replace(source, destination)

    folder = store.path.parent
    stale = folder / ".ticktick-oauth-0123456789abcdef.tmp"
    stale.touch(0o600)
    with monkeypatch.context() as patch:
        for name in ("O_CLOEXEC", "O_DIRECTORY", "O_NOFOLLOW", "O_NONBLOCK", "O_NOCTTY"):
            patch.delattr(os, name)
        patch.setattr(os, "open", open_files_only)
        patch.setattr(os, "replace", replace_closed_files_only)
        patch.setitem(sys.modules, "fcntl", None)
        patch.setattr(os, "name", "nt")
        store.save(OLD)
        store.save(ISSUED)
        store.path.chmod(0o666)
        kept = store.load()
    assert ISSUED == kept
    assert {stale, store.path} == set(folder.iterdir())


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP, errno.EBADF])
def test_s14_a_file_system_that_cannot_sync_folders_keeps_tokens(
    monkeypatch: pytest.MonkeyPatch, store: TokenFile, number: int
) -> None:
    """Some network file systems sync files only."""
    real = os.fsync

    def sync_files_only(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            fail_with(number)()
        real(descriptor)

    monkeypatch.setattr(os, "fsync", sync_files_only)
    store.save(ISSUED)
    assert ISSUED == store.load()
    store.delete()
    assert store.load() is None


@posix_only
def test_s14_a_file_system_without_locks_keeps_tokens(monkeypatch: pytest.MonkeyPatch, store: TokenFile) -> None:
    """Then nobody can tell a dead writer's file from a living one's, so none is swept."""
    stale = store.path.with_name(".ticktick-oauth-0123456789abcdef.tmp")
    stale.touch(0o600)
    monkeypatch.setattr("fcntl.flock", fail_with(errno.ENOLCK))
    store.save(ISSUED)
    assert ISSUED == store.load()
    assert {stale, store.path} == set(store.path.parent.iterdir())


@posix_only
def test_s14_a_file_system_without_modes_gets_no_token(monkeypatch: pytest.MonkeyPatch, store: TokenFile) -> None:
    """Where every file is everybody's, a token that `load` would have to refuse is not written at all."""
    real = os.open

    def open_to_all(path: str | os.PathLike[str], flags: int, mode: int = 0o777) -> int:
        descriptor = real(path, flags, mode)
        os.fchmod(descriptor, 0o755)
        return descriptor

    monkeypatch.setattr(os, "open", open_to_all)
    error = failure_of(store.save, ISSUED)
    assert "0755" in str(error)
    assert "this file system keeps no file private" in str(error)
    assert [] == list(store.path.parent.iterdir())


@posix_only
def test_s15_a_user_without_a_home_is_told_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no default path then, which the constructor says."""

    def fail() -> NoReturn:
        raise RuntimeError("Could not determine home directory.")

    for name in ("TICKTICK_OAUTH_TOKEN_FILE", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", fail)
    for task in (default_path, TokenFile):
        error = failure_of(task)
        assert error.filename is None
        assert "set TICKTICK_OAUTH_TOKEN_FILE to a file in a writable folder, such as /tmp" in str(error)


@posix_only
def test_s15_a_real_user_without_a_home_is_told_what_to_set() -> None:
    """The same, as the system has it: $HOME unset and no entry in the passwd file."""
    if os.getuid() != 0:
        pytest.skip("only root can become a user that does not exist")
    code = """
os.setuid(54321)
try:
    default_path()
except StorageError as error:
    print(error)
"""
    told = python("import pwd\n" + code, env=HOMELESS)
    assert "set TICKTICK_OAUTH_TOKEN_FILE to a file in a writable folder, such as /tmp" in told


@posix_only
def test_s15_a_home_that_may_not_be_written_is_told(open_folder: Path) -> None:
    """The default path is then of no use: the error has it, and the variable to set."""
    open_folder.chmod(0o555)
    code = """
try:
    TokenFile().save(issued(2))
except StorageError as error:
    print(error.errno, error)
"""
    told = python(DROP_ROOT + code, env={**HOMELESS, "HOME": str(open_folder)})
    assert told.startswith(
        f"{errno.EACCES} {open_folder}/.config/ticktick-oauth/token.json: could not save the token: "
    )
    assert "set TICKTICK_OAUTH_TOKEN_FILE to a file in a writable folder, such as /tmp" in told


def test_s15_a_read_only_file_system_is_told(monkeypatch: pytest.MonkeyPatch, store: TokenFile) -> None:
    """As a serverless function's own folder is."""
    real = os.open

    def open_to_read_only(path: str | os.PathLike[str], flags: int, mode: int = 0o777) -> int:
        if flags & os.O_CREAT:
            fail_with(errno.EROFS)()
        return real(path, flags, mode)

    monkeypatch.setattr(os, "open", open_to_read_only)
    error = failure_of(store.save, ISSUED)
    assert (str(store.path), errno.EROFS) == (error.filename, error.errno)
    assert "set TICKTICK_OAUTH_TOKEN_FILE to a file in a writable folder, such as /tmp" in str(error)


def test_every_row_has_a_test() -> None:
    """No row of the fault list's table of stores is without a test of its name."""
    rows = {match[1] for name in globals() if (match := re.match(r"test_(s\d+)_", name))}
    assert {f"s{number}" for number in range(1, 16)} == rows
