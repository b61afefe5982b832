"""A file that is never half written, whatever fails, is killed or loses its power: rows S6 to S10."""

import errno
import os
import re
import signal
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from unittest.mock import Mock

import pytest

from storage.keeping import ELSEWHERE, ISSUED, OLD, command, fail_with, failure_of, mode_of, posix_only, python
from ticktick_oauth.storage import TokenFile


def check_old(store: TokenFile) -> None:
    """Check that a failed save left the old token and no other file."""
    assert [store.path] == list(store.path.parent.iterdir())
    assert OLD == store.load()


@posix_only
def test_s6_a_limit_on_file_sizes_leaves_the_old_file(store: TokenFile) -> None:
    """EFBIG, as a quota answers: the old token stays, the temporary file does not."""
    store.save(OLD)
    code = "resource.setrlimit(resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY)); attempt(store.save, ISSUED)"
    words = f"could not save the token: File too large; there is no space for it: free some, or {ELSEWHERE}"
    assert f"{errno.EFBIG} {store.path}: {words}\n" == python(code, store.path)
    check_old(store)


@pytest.mark.parametrize("call", ["os.write", "os.fsync", "pathlib.Path.replace"])
@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("cleans_up", [True, False])
def test_s6_s7_a_step_that_fails_leaves_the_old_file(
    monkeypatch: pytest.MonkeyPatch, store: TokenFile, call: str, number: int, *, cleans_up: bool
) -> None:
    """Whatever step the disk refuses, the old token stays, and the error is about that step, not the clean-up."""
    store.save(OLD)
    with monkeypatch.context() as patch:
        patch.setattr(call, fail_with(number))
        if not cleans_up:
            patch.setattr(Path, "unlink", fail_with(errno.EROFS))
        error = failure_of(store.save, ISSUED)
    assert (str(store.path), number) == (error.filename, error.errno)
    assert f"could not save the token: {os.strerror(number)}" in str(error)
    if cleans_up:
        check_old(store)
    store.save(OLD)
    if cleans_up or os.name == "posix":  # on Windows, what is left goes an hour later
        check_old(store)


def test_s7_ctrl_c_in_a_save_leaves_the_old_file(monkeypatch: pytest.MonkeyPatch, store: TokenFile) -> None:
    """A KeyboardInterrupt passes through, and takes the temporary file with it."""
    store.save(OLD)
    monkeypatch.setattr(os, "fsync", Mock(side_effect=KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        store.save(ISSUED)
    check_old(store)


@posix_only
@pytest.mark.parametrize("kills", [6, pytest.param(60, marks=pytest.mark.slow)])
def test_s8_kill_9_never_tears_the_file(store: TokenFile, kills: int) -> None:
    """However often a program that saves is killed, each reader finds one whole token."""
    code = """
while True:
    store.save(ISSUED)
    os.write(1, b".")
"""
    for kill in range(kills):
        with subprocess.Popen(command(code, store.path), stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            # The signal meets the saves that follow these at an arbitrary step.
            for _ in range(1 + kill % 7):
                os.read(process.stdout.fileno(), 1)
            process.kill()
        assert -signal.SIGKILL == process.returncode
        assert ISSUED == store.load()
    store.save(OLD)
    check_old(store)


@posix_only
@pytest.mark.parametrize(
    ("next_call", "left"), [(TokenFile.delete, []), (lambda store: store.save(ISSUED), ["token.json"])]
)
def test_s8_the_temporary_file_of_a_killed_program_is_swept(
    store: TokenFile, next_call: Callable[[TokenFile], None], left: list[str]
) -> None:
    """A program killed at the worst moment leaves a token beside the file: until the next save, or logout."""
    code = "os.fsync = lambda *_: os.kill(os.getpid(), signal.SIGKILL); store.save(ISSUED)"
    killed = subprocess.run(command(code, store.path), check=False)
    assert -signal.SIGKILL == killed.returncode
    (stale,) = store.path.parent.iterdir()
    assert re.fullmatch(r"\.ticktick-oauth-[0-9a-f]{16}\.tmp", stale.name)
    assert 0o600 == mode_of(stale)
    next_call(store)
    assert left == [path.name for path in store.path.parent.iterdir()]


@posix_only
def test_s8_nothing_but_own_stale_files_is_swept(store: TokenFile) -> None:
    """Other names stay, and so does what has such a name but is not a regular file."""
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
    code = "for number in range(150): store.save(issued(int(sys.argv[2]) + number))"
    store.save(OLD)
    seen = set()
    with (
        subprocess.Popen(command(code, store.path, "1000")) as first,
        subprocess.Popen(command(code, store.path, "2000")) as second,
    ):
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
    real = Path.replace

    def save_another_first(source: Path, destination: Path) -> None:
        monkeypatch.setattr(Path, "replace", real)
        store.save(OLD)
        assert (OLD, True) == (store.load(), source.exists())
        real(source, destination)

    monkeypatch.setattr(Path, "replace", save_another_first)
    store.save(ISSUED)
    assert ISSUED == store.load()
    assert [store.path] == list(store.path.parent.iterdir())


@posix_only
def test_s9_a_file_swept_before_it_was_locked_is_written_again(
    monkeypatch: pytest.MonkeyPatch, store: TokenFile
) -> None:
    """Between its creation and its lock another process may take a temporary file for a stale one."""
    real = os.open
    swept: list[object] = []

    def create_and_sweep(path: str | os.PathLike[str], flags: int, mode: int = 0o777) -> int:
        descriptor = real(path, flags, mode)
        if flags & os.O_CREAT and len(swept) < 9:
            swept.append(path)
            os.unlink(path)  # noqa: PTH108 - as the other process does it
        return descriptor

    monkeypatch.setattr(os, "open", create_and_sweep)
    store.save(ISSUED)
    assert 9 == len(set(swept))
    assert ISSUED == store.load()
    assert [store.path] == list(store.path.parent.iterdir())


@posix_only
def test_s10_each_step_is_done_before_the_next(monkeypatch: pytest.MonkeyPatch, store: TokenFile) -> None:
    """The file is synced, and then renamed, and the folder is synced after."""
    steps: list[str] = []
    real_sync, real_replace = os.fsync, Path.replace

    def sync(descriptor: int) -> None:
        status = os.fstat(descriptor)
        steps.append("sync folder" if stat.S_ISDIR(status.st_mode) else f"sync {status.st_size} bytes")
        real_sync(descriptor)

    def replace(source: Path, destination: Path) -> None:
        steps.append("rename")
        real_replace(source, destination)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(Path, "replace", replace)
    store.save(ISSUED)
    assert [f"sync {store.path.stat().st_size} bytes", "rename", "sync folder"] == steps
    store.delete()
    assert ["sync folder"] == steps[3:]
