"""How every command ends: exit codes, one line on stderr and no traceback, whatever signals and streams do."""

import errno
import io
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest.mock import Mock

import pytest

import processes
from cli.conftest import Capture, Patch, Run
from faults.parent import wait_until_it_waits
from person import LATE
from processes import OURS, eventually, started
from ticktick_oauth._cli import main, output
from ticktick_oauth.exceptions import (
    DeadlineExceededError,
    SignInRequiredError,
    StorageError,
    TokenEndpointError,
    TransportError,
)

COMMAND = [sys.executable, "-m", "ticktick_oauth"]
FULL = "ticktick-oauth: standard output: No space left on device\n"


@pytest.fixture
def step(monkeypatch: Patch) -> Mock:
    """Replace the first step of the command `token`, which may then fail or do something else."""
    step = Mock()
    monkeypatch.setattr("ticktick_oauth._cli.kept_token.find_places", step)
    return step


@pytest.fixture(autouse=True)
def _handlers_are_put_back() -> Iterator[None]:
    """Put the signals' handlers back, which a signal leaves changed: its process is about to end."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (DeadlineExceededError("no answer", code_unused=False), 4, None),
        (TokenEndpointError(500), 5, None),
        (TransportError("no route", code_unused=True), 5, None),
        (StorageError("no space", "token.json", 28), 6, None),
        (SignInRequiredError("no token is kept"), 1, None),
        (OSError(98, "cannot listen on port 8080"), 2, "cannot listen on port 8080"),
        (OSError("no number"), 2, None),
        (ValueError("redirect_uri must be a URL"), 2, None),
        (RuntimeError("can't start new thread"), 2, None),
        (KeyboardInterrupt(), 130, "interrupted"),
        (output.Terminated(), 143, "terminated"),
    ],
)
def test_errors_have_exit_codes_and_one_line(
    error: BaseException, code: int, message: str | None, step: Mock, run: Run
) -> None:
    """Each kind of error has its exit code and one line on stderr; a bug comes out as it is."""
    step.side_effect = error
    assert (code, "", f"ticktick-oauth: {message or error}\n") == run("token")
    step.side_effect = ZeroDivisionError
    with pytest.raises(ZeroDivisionError):
        run("token")


def test_l13_the_exit_codes_are_the_documented_ones(run: Run) -> None:
    """L13: the constants and --help name the same codes, each once."""
    constants = {value for name, value in vars(output).items() if re.fullmatch("[A-Z_]{4,}", name) and name[0] != "_"}
    shown = re.findall(r"^  ([0-9]+) +.+$", run("--help").out, re.MULTILINE)
    assert [0, 1, 2, 3, 4, 5, 6, 130, 141, 143] == sorted(constants - {output.EXIT_CODES}) == list(map(int, shown))


@pytest.fixture
def broken() -> Iterator[io.TextIOWrapper]:
    """Give a pipe that nobody reads."""
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "w") as pipe:  # noqa: PTH123 - a descriptor
        yield pipe


@pytest.mark.parametrize("arguments", ["--help", "schema", "sandbox", "status"])
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_l9_an_output_that_cannot_be_written(
    arguments: str, unbuffered: str, tmp_path: Path, broken: io.TextIOWrapper
) -> None:
    """L9: an answer that a full disk did not take is no success, in one line; one that nobody reads is quiet."""
    environment = {**OURS, "HOME": str(tmp_path), "PYTHONUNBUFFERED": unbuffered}
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a device
        for stream, code, line in ((full, 2, FULL), (broken, 141, "")):
            command = subprocess.Popen([*COMMAND, arguments], env=environment, stdout=stream, stderr=subprocess.PIPE)
            _, err = command.communicate(timeout=LATE)
            assert (1 if arguments == "status" else code, line) == (command.returncode, err.decode())


@pytest.mark.parametrize("arguments", ["--help", "login --help", "schema"])
def test_l9_both_streams_closed(arguments: str) -> None:
    """L9: where nobody can read the answer, and nobody wants to, that is no failure."""
    command = f'"$0" -m ticktick_oauth {arguments} >&- 2>&-'
    assert 0 == processes.run("/bin/sh", "-c", command, sys.executable).returncode


@pytest.mark.parametrize("name", ["stdin", "stdout", "stderr"])
def test_l9_a_closed_stream(name: str, monkeypatch: Patch, capsys: Capture) -> None:
    """L9: where a stream is closed the others keep their meaning."""
    monkeypatch.setattr(sys, name, None)
    assert (0, 2) == (main(["schema"]), main(["nosuch"]))
    out, err = capsys.readouterr()
    assert (name == "stdout", name == "stderr") == (out == "", err == "")


@pytest.mark.parametrize(("full", "code"), [(True, 2), (False, 141)])
def test_l9_streams_that_fail_are_left_clean(
    *, full: bool, code: int, broken: io.TextIOWrapper, monkeypatch: Patch
) -> None:
    """L9: what a failing stream still holds is dropped, so that the interpreter's own end does not fail on it."""
    with open("/dev/full", "w") as device, open("/dev/full", "w") as err:  # noqa: PTH123 - devices
        monkeypatch.setattr(sys, "stdout", device if full else broken)
        monkeypatch.setattr(sys, "stderr", err)
        assert (code, 2) == (main(["schema"]), main(["nosuch"]))
        for stream in (sys.stdout, sys.stderr):
            stream.flush()


@pytest.mark.parametrize(
    ("system", "number", "code", "line"),
    [
        ("posix", errno.ENOSPC, 2, FULL),
        ("nt", errno.EINVAL, 141, ""),
        ("posix", errno.EINVAL, 2, FULL.replace(os.strerror(errno.ENOSPC), os.strerror(errno.EINVAL))),
    ],
)
def test_l17_an_output_without_a_descriptor(  # noqa: PLR0913, PLR0917 - a row, and two fixtures
    system: str, number: int, code: int, line: str, monkeypatch: Patch, capsys: Capture
) -> None:
    """L17: another's object that fails is left as it is; what Windows says of a reader that went away is understood."""

    class Failing(io.StringIO):
        def flush(self) -> None:
            raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", Failing())
        patch.setattr(os, "name", system)
        ended = main(["schema"])
    assert (code, line) == (ended, capsys.readouterr().err)


@pytest.mark.parametrize("command", ["status", "token", "logout", "import", "login", "check"])
def test_l19_what_is_shown_is_harmless(command: str, tmp_path: Path, monkeypatch: Patch, run: Run) -> None:
    """L19: escape codes in a path are shown as such, from an argument or the environment, and no word is endless."""
    path = f"{tmp_path}/\x1b]0;\x07\x9b\u202e\nSigned in{'x' * 300}"
    monkeypatch.setenv("TICKTICK_OAUTH_TOKEN_FILE", path)
    monkeypatch.setenv("TICKTICK_CLIENT_ID", path)
    for arguments in ([], ["--token-file", path]):
        code, out, err = run(command, *(arguments if command != "check" else [path]), stdin=b"{}")
        assert 0 != code
        assert not set(out + err) & set("\x1b\x07\x9b\u202e")
        assert "\nSigned in" not in out + err
        words = (out + err).split()
        assert 201 > max(map(len, words))
        assert {200} >= {len(word) for word in words if word.endswith("...")}
        assert command in {"check", "import"} or "\\x1b]0;\\x07\\x9b\\u202e" in out + err


@pytest.mark.parametrize(
    ("number", "code", "word"),
    [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated"), (signal.SIGHUP, 143, "terminated")],
)
@pytest.mark.parametrize("arguments", ["check -", "import", "sandbox"])
def test_l8_a_signal_ends_a_command(number: int, code: int, word: str, arguments: str) -> None:
    """L8: while it reads its input or serves, Ctrl-C, SIGTERM and a closed terminal end it with one line."""
    with started([*COMMAND, *arguments.split()]) as process:
        if arguments == "sandbox":
            assert process.stdout is not None
            process.stdout.readline()
        # Its handlers are in place, and it sleeps in `read` or in a lock.
        status = Path(f"/proc/{process.pid}/status")
        eventually(lambda: re.search(r"^SigCgt:\s+[0-9a-f]*4.{3}$", status.read_text(), re.MULTILINE))
        wait_until_it_waits(process)
        process.send_signal(number)
        _, err = process.communicate(timeout=LATE)
    assert (code, f"ticktick-oauth: {word}\n") == (process.returncode, err)


@pytest.mark.parametrize("module", ["commands", "output", "parser", "kept_token"])
def test_l8_ctrl_c_while_it_loads(module: str, monkeypatch: Patch, run: Run) -> None:
    """L8: from the first line on, whatever is being loaded, it is one line and no traceback."""
    monkeypatch.setattr("ticktick_oauth._cli.commands.run", Mock(side_effect=KeyboardInterrupt))
    assert (130, "", "ticktick-oauth: interrupted\n") == run("token")
    program = f"""
import signal, sys

class Finder:
    def find_spec(name, *_):
        if name == "ticktick_oauth._cli.{module}":
            sys.meta_path.remove(Finder)
            signal.raise_signal(signal.SIGINT)

sys.meta_path.insert(0, Finder)
from ticktick_oauth._cli import main
sys.exit(main(["token"]))
"""
    ended = processes.run(sys.executable, "-c", program, env=OURS)
    assert (130, "", "ticktick-oauth: interrupted\n") == (ended.returncode, ended.stdout, ended.stderr)


def test_ctrl_break_ends_as_ctrl_c(step: Mock, monkeypatch: Patch, run: Run) -> None:
    """Windows has one key more."""
    monkeypatch.setattr(signal, "SIGBREAK", signal.SIGUSR1, raising=False)
    step.side_effect = lambda _: signal.raise_signal(signal.SIGUSR1)
    assert (130, "", "ticktick-oauth: interrupted\n") == run("token")


def test_a_signal_comes_only_once(step: Mock, monkeypatch: Patch, run: Run) -> None:
    """A second signal, such as an impatient Ctrl-C, ends the process at once and does not stop the cleaning up."""
    ended: list[int] = []
    monkeypatch.setattr(os, "_exit", ended.append)

    def interrupted_twice(_: object) -> None:
        try:
            signal.raise_signal(signal.SIGTERM)
        finally:
            signal.raise_signal(signal.SIGINT)

    step.side_effect = interrupted_twice
    assert (143, "", "ticktick-oauth: terminated\n") == run("token")
    assert [130] == ended


def test_what_the_process_decided_about_signals_stays(step: Mock, run: Run) -> None:
    """A signal that is ignored, as by nohup, stays ignored; the others get their handlers back; a thread has none."""
    with ThreadPoolExecutor() as threads:
        assert 0 == threads.submit(run, "schema").result().code
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    assert 0 == run("schema").code
    assert (signal.SIG_IGN, signal.SIG_DFL) == (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM))
    step.side_effect = lambda _: signal.raise_signal(signal.SIGTERM)
    assert 143 == run("token").code
    assert signal.SIG_IGN == signal.getsignal(signal.SIGINT)


def test_an_interruption_leaves_the_prompt_its_line(step: Mock, monkeypatch: Patch, run: Run) -> None:
    """On a terminal the last words do not stand behind what was being typed."""
    step.side_effect = KeyboardInterrupt
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert (130, "", "\nticktick-oauth: interrupted\n") == run("token")
