"""How every command ends: exit codes, one line on stderr and no traceback, whatever signals and streams do."""

import io
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli.conftest import Run
from faults.parent import wait_until_it_waits
from person import LATE, started
from ticktick_oauth._cli import exits, main, signals
from ticktick_oauth.exceptions import (
    AuthorizationError,
    DeadlineExceededError,
    OAuthError,
    SignInRequiredError,
    StorageError,
    TokenEndpointError,
    TransportError,
)

README = Path(__file__).parents[2] / "README.md"
COMMAND = [sys.executable, "-m", "ticktick_oauth"]


@pytest.fixture
def fail(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Make the command `token` fail, or do something else instead."""

    def fail(error: BaseException) -> None:
        def raise_it(*_: object) -> None:
            raise error

        monkeypatch.setattr("ticktick_oauth._cli.kept_token.find_places", raise_it)

    return fail


@pytest.fixture(autouse=True)
def _default_signals() -> Iterator[None]:
    """Put the signals' handlers back, which a signal leaves changed: its process is about to end."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (AuthorizationError("access_denied"), 3, None),
        (AuthorizationError("server_error"), 5, None),
        (DeadlineExceededError("no answer", code_unused=False), 4, None),
        (TokenEndpointError(500), 5, None),
        (TransportError("no route", code_unused=True), 5, None),
        (StorageError("no space", "token.json", 28), 6, None),
        (SignInRequiredError("no token is kept"), 1, None),
        (OSError(98, "cannot listen on port 8080"), 2, "cannot listen on port 8080"),
        (OSError("no number"), 2, "no number"),
        (ValueError("redirect_uri must be a URL"), 2, "redirect_uri must be a URL"),
        (RuntimeError("can't start new thread"), 2, "can't start new thread"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (signals.Terminated(), 143, "terminated"),
    ],
)
def test_errors_have_exit_codes_and_one_line(
    error: BaseException, code: int, message: str | None, fail: Callable[[BaseException], None], run: Run
) -> None:
    """Each kind of error has its exit code and one line on stderr."""
    fail(error)
    assert (code, "", f"ticktick-oauth: {message or error}\n") == run("token")
    assert isinstance(error, OAuthError) == (message is None)


def test_l13_the_exit_codes_are_the_documented_ones(run: Run) -> None:
    """L13: the constants, --help and the README's table name the same codes, each once, in the same words."""
    constants = {value for name, value in vars(exits).items() if name.isupper() and isinstance(value, int)}
    text = re.sub(r"\n {7}", " ", run("--help").out.partition("exit codes:\n")[2])
    shown = dict(re.findall(r"^  ([0-9]+) +(.+)$", text, re.MULTILINE))
    table = dict(re.findall(r"^\| ([0-9]+) \| (.+) \|$", README.read_text("utf-8"), re.MULTILINE))
    assert [0, 1, 2, 3, 4, 5, 6, 130, 141, 143] == sorted(constants) == sorted(map(int, shown))
    assert shown == {code: words.replace("`", "") for code, words in table.items()}


@pytest.mark.parametrize("arguments", ["--help", "--version", "schema", "demo", "sandbox", "status"])
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_l9_a_full_standard_output(arguments: str, unbuffered: str, tmp_path: Path) -> None:
    """L9: an answer that nobody received is no success, and one line says so."""
    environment = {"HOME": str(tmp_path), "PYTHONUNBUFFERED": unbuffered}
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a device
        ended = subprocess.run(
            [*COMMAND, arguments],
            env=environment,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=LATE,
        )
    assert ({"status": 1}.get(arguments, 2), "ticktick-oauth: standard output: No space left on device\n") == (
        ended.returncode,
        ended.stderr,
    )


@pytest.mark.parametrize("arguments", ["demo", "schema", "--help"])
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_l9_a_reader_that_has_seen_enough(arguments: str, unbuffered: str) -> None:
    """L9: with `| head -1`, or a pager that was left, a command ends quietly."""
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "w") as pipe:  # noqa: PTH123 - a descriptor
        ended = subprocess.run(
            [*COMMAND, arguments],
            env={"PYTHONUNBUFFERED": unbuffered},
            stdout=pipe,
            stderr=subprocess.PIPE,
            check=False,
            timeout=LATE,
        )
    assert (141, b"") == (ended.returncode, ended.stderr)


@pytest.mark.parametrize("full", [True, False])
@pytest.mark.parametrize(("arguments", "code"), [("token", 1), ("nosuch", 2), ("schema", 0)])
def test_l9_a_failing_standard_error(arguments: str, code: int, *, full: bool, tmp_path: Path) -> None:
    """L9: a message that nobody can read, on a full disk or a pipe, changes neither exit code nor standard output."""
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "w") as pipe, open("/dev/full", "w") as device:  # noqa: PTH123 - a descriptor, and a device
        ended = subprocess.run(
            [*COMMAND, arguments],
            env={"HOME": str(tmp_path)},
            stdout=subprocess.PIPE,
            stderr=device if full else pipe,
            check=False,
            timeout=LATE,
        )
    assert (code, code == 0) == (ended.returncode, ended.stdout != b"")


@pytest.mark.parametrize("name", ["stdin", "stdout", "stderr"])
def test_l9_a_closed_stream(name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """L9: where a stream is closed the others keep their meaning."""
    monkeypatch.setattr(sys, name, None)
    assert (0, 2) == (main(["schema"]), main(["nosuch"]))
    out, err = capsys.readouterr()
    assert (name == "stdout", name == "stderr") == (out == "", err == "")


@pytest.mark.parametrize(("full", "code"), [(True, 2), (False, 141)])
def test_l9_streams_that_fail_are_left_clean(*, full: bool, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """L9: what a failing stream still holds is dropped, so that the interpreter's own end does not fail on it."""
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "w") as pipe, open("/dev/full", "w") as device, open("/dev/full", "w") as err:  # noqa: PTH123
        monkeypatch.setattr(sys, "stdout", device if full else pipe)
        monkeypatch.setattr(sys, "stderr", err)
        assert (code, 2) == (main(["schema"]), main(["nosuch"]))
        for stream in (sys.stdout, sys.stderr):
            stream.flush()


def test_an_output_without_a_descriptor(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A failing stream that is another's object is left as it is."""

    class Full(io.StringIO):
        def flush(self) -> None:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(sys, "stdout", Full())
    assert 2 == main(["schema"])
    assert "ticktick-oauth: standard output: No space left on device\n" == capsys.readouterr().err


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
        wait_until_it_reads(process)
        process.send_signal(number)
        _, err = process.communicate(timeout=LATE)
    assert (code, f"ticktick-oauth: {word}\n") == (process.returncode, err)


def wait_until_it_reads(process: "subprocess.Popen[str]") -> None:
    """Wait until a process sleeps in `read` or in a lock, with its handlers in place."""
    from person import eventually

    status = Path(f"/proc/{process.pid}/status")
    eventually(lambda: re.search(r"^SigCgt:\s+[0-9a-f]*4.{3}$", status.read_text(), re.MULTILINE))
    wait_until_it_waits(process)


def test_a_signal_comes_only_once(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    """A second signal, such as an impatient Ctrl-C, ends the process at once and does not stop the cleaning up."""
    ended: list[int] = []
    monkeypatch.setattr(os, "_exit", ended.append)

    def interrupted_twice(*_: object) -> None:
        try:
            signal.raise_signal(signal.SIGTERM)
        finally:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("ticktick_oauth._cli.kept_token.find_places", interrupted_twice)
    assert (143, "", "ticktick-oauth: terminated\n") == run("token")
    assert [130] == ended


def test_what_the_process_decided_about_signals_stays(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    """A signal that is ignored, as by nohup, stays ignored; the others get their handlers back."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    assert 0 == run("schema").code
    assert (signal.SIG_IGN, signal.SIG_DFL) == (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM))
    monkeypatch.setattr("ticktick_oauth._cli.kept_token.find_places", lambda _: signal.raise_signal(signal.SIGTERM))
    assert 143 == run("token").code
    assert signal.SIG_IGN == signal.getsignal(signal.SIGINT)


def test_no_thread_can_be_started(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    """Where the system has no thread left, that is one line."""

    def start(_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("threading.Thread.start", start)
    assert (2, "", "ticktick-oauth: can't start new thread\n") == run("sandbox")


def test_a_command_in_a_thread(run: Run) -> None:
    """Where no handler may be set, a command runs without."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor() as threads:
        assert 0 == threads.submit(run, "schema").result().code


def test_an_interruption_leaves_the_prompt_its_line(
    fail: Callable[[BaseException], None], monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    """On a terminal the last words do not stand behind what was being typed."""
    fail(KeyboardInterrupt())
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert (130, "", "\nticktick-oauth: interrupted\n") == run("token")


def test_python_m_is_the_same_command() -> None:
    """``python -m ticktick_oauth`` ends with the command's exit code."""
    assert [0, 2] == [
        subprocess.run([*COMMAND, name], capture_output=True, check=False, timeout=LATE).returncode
        for name in ("schema", "nosuch")
    ]
