"""What a platform provides or lacks: mounted files and secrets (S2, S3, S3b), locks and modes (S14), a home (S15)."""

import errno
import os
import re
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

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
from ticktick_oauth.exceptions import StorageError
from ticktick_oauth.storage import TokenFile
from ticktick_oauth.storage._access import quote
from ticktick_oauth.storage._token_file import check_can_keep, forget, keep


@pytest.mark.parametrize("read_only", [False, True])
def test_s3b_a_file_that_is_mounted_by_itself_is_written_in_place(tmp_path: Path, *, read_only: bool) -> None:
    """As `docker run -v ./token.json:...` does it, in a folder that is writable or not: all calls work, and say so."""
    real, place = tmp_path / "real.json", tmp_path / "place"
    place.mkdir()
    TokenFile(real).save(OLD)
    (place / "token.json").touch()
    mount = f"mount --bind {place} {place}; mount -o remount,bind,ro {place}; " if read_only else ""
    code = """
print(store.load() == OLD, keep(store.path, ISSUED), store.load() == ISSUED)
print(forget(store.path), store.load(), os.listdir(store.path.parent))
print(store.delete(), store.save(ISSUED), store.load() == ISSUED)
"""
    output = python(code, place / "token.json", mount=f"{mount}mount --bind {real} {place}/token.json")
    assert ["True True True", "emptied None ['token.json']", "None None True"] == output.splitlines()
    assert ISSUED == TokenFile(real).load()


@posix_only
@pytest.mark.parametrize("number", [errno.EACCES, errno.EBUSY, errno.EPERM, errno.EROFS])
def test_s3b_a_write_in_place_is_whole_private_and_synced(
    monkeypatch: pytest.MonkeyPatch, store: TokenFile, number: int
) -> None:
    """A mount point is busy; a folder may be read-only, another's, or one where files are only added (EPERM).

    A shorter token leaves nothing of a longer one, a write may take several calls, and others lose their rights.
    """
    store.save(ISSUED)
    store.path.chmod(0o644)
    inode = store.path.stat().st_ino
    synced: list[tuple[int, int]] = []
    real_write, real_sync = os.write, os.fsync

    def sync(descriptor: int) -> None:
        real_sync(descriptor)
        status = os.fstat(descriptor)
        synced.append((status.st_ino, status.st_size))

    monkeypatch.setattr(os, "write", lambda descriptor, data: real_write(descriptor, data[:100]))
    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(Path, "replace", fail_with(number))
    monkeypatch.setattr(Path, "unlink", fail_with(number))
    assert keep(store.path, OLD)
    assert OLD == store.load()
    assert (inode, 0o600) == (store.path.stat().st_ino, mode_of(store.path))
    assert (inode, store.path.stat().st_size) == synced[-1]
    assert ("emptied", None, None) == (forget(store.path), store.load(), forget(store.path))


@pytest.fixture
def stale(store: TokenFile) -> Path:
    """Make a temporary file that a killed program left."""
    path = store.path.with_name(".ticktick-oauth-0123456789abcdef.tmp")
    path.touch(0o600)
    return path


@pytest.fixture
def mounted(monkeypatch: pytest.MonkeyPatch, store: TokenFile) -> TokenFile:
    """Make a store whose file has to stay, as one that is mounted by itself in a folder that may not be written."""
    store.save(ISSUED)
    real = os.open

    def open_no_new_files(path: str | os.PathLike[str], flags: int, mode: int = 0o777) -> int:
        return real(path, flags, mode) if not flags & os.O_CREAT else fail_with(errno.EROFS)()

    monkeypatch.setattr(os, "open", open_no_new_files)
    return store


@pytest.mark.parametrize(
    ("steps", "is_kept", "words"),
    [
        ([None, OSError(errno.EIO, "x")], True, "could not save the token: Input/output error"),
        ([None, KeyboardInterrupt()], True, ""),
        (
            2 * [None, OSError(errno.EIO, "x")],
            False,
            "writing in place met x, and the old content is lost: the file is empty",
        ),
    ],
)
def test_s3b_a_write_in_place_that_fails_puts_the_old_token_back(
    monkeypatch: pytest.MonkeyPatch, mounted: TokenFile, steps: list[BaseException | None], words: str, *, is_kept: bool
) -> None:
    """A fault of the disk, or Ctrl-C, after the first byte; where the old token cannot be put back, nothing is left."""
    before = mounted.path.read_bytes()
    real, rest = os.write, iter(steps)

    def write(descriptor: int, data: bytes) -> int:
        for failure in rest:
            if failure:
                raise failure
            return real(descriptor, data[:1])
        return real(descriptor, data)

    monkeypatch.setattr(os, "write", write)
    with pytest.raises((StorageError, KeyboardInterrupt)) as caught:
        mounted.save(OLD)
    assert words in str(caught.value)
    assert (before if is_kept else b"") == mounted.path.read_bytes()
    mounted.save(OLD)
    assert OLD == mounted.load()


@root_only
def test_s3b_a_file_that_load_would_refuse_is_not_written_in_place(mounted: TokenFile) -> None:
    """A mounted file of another user stays as it is, and the error has its owner."""
    before = mounted.path.read_bytes()
    os.chown(mounted.path, 54321, 54321)
    assert "it belongs to user 54321 and not to root, who runs this" in str(failure_of(mounted.save, OLD))
    assert before == mounted.path.read_bytes()


@posix_only
def test_s3b_no_call_waits_for_or_takes_over_what_it_opens(
    monkeypatch: pytest.MonkeyPatch, store: TokenFile, stale: Path
) -> None:
    """What is there at the last moment may be a pipe, a terminal or a link, for a load, a save in place and a sweep."""
    opened: set[object] = set()
    becomes_pipe = [False, True]
    real = os.open

    def watch(path: str | os.PathLike[str], flags: int, mode: int) -> int:
        opened.add(path)
        needed = os.O_NONBLOCK | os.O_NOCTTY | os.O_NOFOLLOW | os.O_CLOEXEC
        assert (needed, 0o600) == (flags & needed, mode)  # pyfakefs gives the mode to the file
        if not flags & os.O_CREAT:
            return real(path, flags, mode)
        if becomes_pipe.pop(0):
            store.path.unlink()
            os.mkfifo(store.path)
        raise OSError(errno.EROFS, "x")

    store.path.touch(0o600)
    monkeypatch.setattr(os, "open", watch)
    store.save(OLD)
    assert OLD == store.load()
    assert {store.path, stale} <= opened
    reason = f"this is a folder, a pipe or a device, not a regular file; {ELSEWHERE}"
    assert f"{store.path}: {reason}" == str(failure_of(store.save, ISSUED))


def test_s2_s3_a_secret_that_is_mounted_read_only_is_loaded(tmp_path: Path) -> None:
    """Docker's is a file of root's that all may read, Kubernetes' a link into `..data`, itself a link of root's.

    Nobody can change it; a link of another user is refused there too.
    """
    tmp_path.chmod(0o755)
    TokenFile(tmp_path / "secret").save(ISSUED)
    mount = f"""
mount -t tmpfs -o mode=755 none /mnt
mkdir /mnt/..2026_11_23
cp {tmp_path}/secret /mnt/..2026_11_23/token.json
chmod 444 /mnt/..2026_11_23/token.json
ln -s ..2026_11_23 /mnt/..data
ln -s ..data/token.json /mnt/token.json
ln -s ..data/token.json /mnt/others.json
chown -h 54321 /mnt/others.json
mount -o remount,ro /mnt
"""
    code = """
print(TokenFile("/mnt/..data/token.json").load() == store.load() == ISSUED)
attempt(store.save, OLD)
attempt(store.delete)
attempt(TokenFile("/mnt/others.json").load)
print(TokenFile("/mnt/none.json").load(), TokenFile("/mnt/none.json").delete())
"""
    link = f"{errno.EROFS} /mnt/token.json: this is a link to /mnt/..data/token.json; could not"
    assert [
        "True",
        f"{link} save the token: Read-only file system; {WITHOUT_FILE}",
        f"{link} delete the token: Read-only file system",
        f"None /mnt/others.json: the link /mnt/others.json belongs to user 54321, so it is not followed; {ELSEWHERE}",
        "None None",
    ] == python(DROP_ROOT + code, "/mnt/token.json", mount=mount).splitlines()


@contextmanager
def on_windows() -> Iterator[pytest.MonkeyPatch]:
    """Make the package believe that this is Windows; not as a fixture, since pytest must not believe it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "name", "nt")
        patch.setitem(sys.modules, "fcntl", None)
        yield patch


def test_s14_a_platform_without_posix_means_keeps_tokens(store: TokenFile, stale: Path) -> None:
    """Few flags, no locks, modes without a meaning, no opening of folders, no moving of open files.

    S16: a temporary file may be another program's until it is an hour old, and is then deleted without being opened.
    """
    link = TokenFile(store.path.with_name("link"))
    link.path.symlink_to(store.path)
    with on_windows() as windows:
        real_open, real_replace = os.open, Path.replace
        open_files: list[int] = []

        def open_files_only(path: str | os.PathLike[str], flags: int, mode: int = 0o777) -> int:
            assert not os.path.isdir(path)  # noqa: PTH112 - `Path` asks for a POSIX here
            open_files.append(real_open(path, flags, mode))
            return open_files[-1]

        def replace_closed_files_only(source: Path, destination: Path) -> None:
            with pytest.raises(OSError, match=re.escape(os.strerror(errno.EBADF))):
                os.fstat(open_files[-1])
            real_replace(source, destination)

        for name in ("O_CLOEXEC", "O_NOFOLLOW", "O_NONBLOCK", "O_NOCTTY", "fchmod", "geteuid", "fstatvfs"):
            windows.delattr(os, name)
        windows.setattr(os, "open", open_files_only)
        windows.setattr(Path, "replace", replace_closed_files_only)
        store.save(OLD)
        store.save(ISSUED)
        store.path.chmod(0o666)
        assert ISSUED == store.load()
        assert {stale, link.path, store.path} == set(store.path.parent.iterdir())
        os.utime(stale, (0, 0))
        link.save(OLD)
        assert OLD == store.load()
        assert {link.path, store.path} == set(store.path.parent.iterdir())


@pytest.mark.parametrize("call", ["open", "replace", "unlink"])
def test_s16_on_windows_a_file_that_another_program_has_open_is_waited_for(store: TokenFile, call: str) -> None:
    """Each step is tried 40 times more, 5 ms apart, then it is an error; a save is never written in place there."""
    tasks: dict[str, Callable[[], object]] = {
        "open": store.load,
        "replace": lambda: store.save(ISSUED),
        "unlink": store.delete,
    }
    store.save(OLD)
    with on_windows() as windows:
        tries: list[float] = []
        place = os if call == "open" else Path
        real = getattr(place, call)
        most = 40

        def fail(*arguments: object, **options: object) -> object:
            return (fail_with(errno.EACCES) if len(tries) < most else real)(*arguments, **options)

        windows.setattr(place, call, fail)
        windows.setattr("time.sleep", tries.append)
        tasks[call]()
        assert [0.005] * 40 == tries
        most = 0
        store.save(OLD)
        tries.clear()
        most = 1000
        assert (errno.EACCES, 40) == (failure_of(tasks[call]).errno, len(tries))
        assert [store.path] == list(store.path.parent.iterdir())


@pytest.mark.parametrize(
    ("path", "quoted"), [("C:\\a b\\it's", '"C:\\a b\\it\'s"'), ("C:\\a\\b.json", "C:\\a\\b.json"), ("$(a)", "'$(a)'")]
)
def test_s16_a_command_is_quoted_as_windows_wants_it(path: str, quoted: str) -> None:
    """Double quotes; single ones, which PowerShell alone knows, only for what it would run otherwise."""
    with on_windows():
        assert quoted == quote(path)


def test_s16_a_folder_is_called_one(store: TokenFile) -> None:
    """Windows denies the access to it, and says no more."""
    store.path.mkdir()
    with on_windows() as windows:
        windows.setattr("time.sleep", lambda _: None)
        windows.setattr(os, "open", fail_with(errno.EACCES))
        assert f"{store.path}: could not load the token: Permission denied; this is a folder, not a file" == str(
            failure_of(store.load)
        )


def test_s18_a_store_that_can_keep_a_token_is_found_out_before(
    monkeypatch: pytest.MonkeyPatch, store: TokenFile
) -> None:
    """A private file is made and removed; where there is none to be had, or another file is there, it is an error."""
    path = store.path.with_name("folder") / "token.json"
    check_can_keep(path)
    assert [] == list(path.parent.iterdir())
    store.save(OLD)
    check_can_keep(store.path)
    assert OLD == store.load()
    path.write_text("x")
    assert "it was left as it is" in str(failure_of(check_can_keep, path))
    real, chmod = os.open, os.fchmod

    def open_public(path: str, flags: int, mode: int) -> int:
        descriptor = real(path, flags, mode)
        if flags & os.O_CREAT:
            chmod(descriptor, 0o644)  # whatever the umask
        return descriptor

    monkeypatch.setattr(os, "fchmod", lambda *_: None)
    monkeypatch.setattr(os, "open", open_public)
    words = f"its mode 0644 lets others than its owner use it: this file system keeps no file private; {ELSEWHERE}"
    assert f"{store.path}: {words}" == str(failure_of(check_can_keep, store.path))
    assert {path.parent, store.path} == set(store.path.parent.iterdir())


@posix_only
def test_s18_a_file_that_can_only_be_written_in_place_can_keep_a_token(mounted: TokenFile) -> None:
    """Where the folder is closed, the file itself is opened, and stays as it is."""
    check_can_keep(mounted.path)
    assert ISSUED == mounted.load()
    mounted.path.unlink()
    assert errno.EROFS == failure_of(check_can_keep, mounted.path).errno


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.EIO])
def test_s14_a_file_system_that_cannot_sync_folders_keeps_tokens(
    monkeypatch: pytest.MonkeyPatch, store: TokenFile, number: int
) -> None:
    """Some network file systems sync files only; a fault of the disk is an error (S7), as a power cut may undo it."""
    real = os.fsync

    def sync_files_only(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            fail_with(number)()
        real(descriptor)

    monkeypatch.setattr(os, "fsync", sync_files_only)
    if number == errno.EIO:
        assert number == failure_of(store.save, ISSUED).errno
    else:
        store.save(ISSUED)
    assert ISSUED == store.load()


@posix_only
def test_s14_a_file_system_that_lacks_all_that_can_be_done_without(
    monkeypatch: pytest.MonkeyPatch, store: TokenFile, stale: Path
) -> None:
    """Without locks nothing is swept, folders keep the mode they were made with, and no mount counts as read-only."""
    for call in ("fcntl.flock", "os.fstatvfs", "pathlib.Path.chmod"):
        monkeypatch.setattr(call, fail_with(errno.ENOTSUP))
    inner = TokenFile(store.path.parent / "folder" / "token.json")
    for each in (store, inner):
        each.save(ISSUED)
        assert ISSUED == each.load()
    assert {stale, store.path, inner.path.parent} == set(store.path.parent.iterdir())
    assert 0o700 == mode_of(inner.path.parent)
    os.chmod(store.path, 0o644)  # noqa: PTH101 - that of `Path` fails
    assert "its mode 0644 lets others than its owner use it" in str(failure_of(store.load))


def test_s15_a_home_that_may_not_be_written_is_refused(open_folder: Path) -> None:
    """The default path is then of no use: the error has it, and the variable to set."""
    open_folder.chmod(0o555)
    line = python(DROP_ROOT + "attempt(TokenFile().save, ISSUED)", env={"HOME": str(open_folder)})
    assert (
        f"{errno.EACCES} {open_folder}/.config/ticktick-oauth/token.json: could not save the token: "
        f"Permission denied; {WITHOUT_FILE}\n"
    ) == line
