"""The person's terminal: what is asked there, and what is pasted there."""

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from errno import EIO
from queue import Empty, Queue
from typing import TextIO

from .exits import USAGE, Stop
from .output import say

# The terminal itself, whatever standard input is.
_TERMINAL = "CONIN$" if sys.platform == "win32" else "/dev/tty"
# The lines of one paste come at once; who types does not press Enter twice in this time, in seconds.
_PAUSE = 0.2
# A paste is over by then, in seconds: lines that come on and on, as from a program, do not hold up all else.
_LONGEST = 1.0
# Many times what anybody pastes in one sign-in; what has more, such as a file or a device, is not read further.
_MAX_LINES = 200
_MAX_BYTES = 256 * 1024


def ask(prompt: str, *, hidden: bool = False, instead: str) -> str:
    """Return what is typed at the terminal, stripped unless it is hidden; without one, say what to do instead."""
    answer, terminal = "", _open()
    if terminal is None:
        raise Stop(f"there is no terminal to ask at; {instead}", USAGE)
    with terminal:
        if hidden:
            from getpass import getpass

            with suppress(EOFError):
                answer = getpass(prompt, sys.stderr)
        else:
            say(prompt, end="")
            answer = terminal.readline().strip()
    if answer:
        return answer
    raise Stop("nothing was entered", USAGE)


def confirm(question: str) -> bool:
    """Return whether somebody at the terminal says yes; without a terminal nobody does."""
    terminal = _open()
    if terminal is None:
        return False
    with terminal:
        say(f"{question} [y/N] ", end="")
        return terminal.readline().strip().lower() in {"y", "yes"}


def _open() -> TextIO | None:
    with suppress(OSError):
        return open(_TERMINAL, encoding="utf-8", errors="replace")  # noqa: PTH123 - a device, closed by the caller
    if sys.platform != "win32" and _is_terminal():  # NUL says that it is one
        return open(os.dup(sys.stdin.fileno()), encoding="utf-8", errors="replace")  # noqa: PTH123
    return None


def _is_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


class Keyboard:
    """Lines that come in at the terminal, and where it is asked for through standard input that is something else.

    Each is read in a thread of its own: no system call waits for a while on every platform's.
    """

    def __init__(self, *, with_input: bool) -> None:
        self._lines: Queue[str | None] = Queue()  # SimpleQueue may miss a timeout, on Python 3.10
        self._sources = 0
        for descriptor in _descriptors(with_input=with_input):
            self._sources += 1
            threading.Thread(target=_read, args=(descriptor, self._lines), daemon=True).start()

    @property
    def closed(self) -> bool:
        """Whether no line can come any more."""
        return not self._sources

    def read(self, timeout: float) -> list[str]:
        """Return the lines that came together; none when nothing came within the timeout, in seconds."""
        lines: list[str] = []
        end = time.monotonic() + timeout + _LONGEST
        with suppress(Empty):
            while self._sources and time.monotonic() < end:
                line = self._lines.get(timeout=_PAUSE if lines else timeout)
                if line is None:
                    self._sources -= 1
                elif line:
                    lines.append(line)
        return lines


def _descriptors(*, with_input: bool) -> Iterator[int]:
    with suppress(AttributeError, OSError, ValueError):  # standard input is closed
        # Not by `sys.stdin` itself, whose lock would be taken when the interpreter ends and wants it.
        if with_input or (_is_terminal() and sys.platform != "win32"):
            yield sys.stdin.fileno()
    if not _is_terminal() or sys.platform == "win32":
        with suppress(OSError):
            yield os.open(_TERMINAL, os.O_RDONLY)


def _read(descriptor: int, lines: "Queue[str | None]") -> None:
    with suppress(AttributeError):  # Windows has no job control
        # In the background a terminal cannot be read: an error, where the signal would stop the whole program.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTIN})
    rest, number, size = b"", 0, 0
    with suppress(OSError):
        while number < _MAX_LINES and size < _MAX_BYTES and (data := _read_in_foreground(descriptor)):
            size += len(data)
            *whole, rest = (rest + data).split(b"\n")
            for line in whole[: _MAX_LINES - number]:
                lines.put(line.decode(errors="replace").strip())
            number += len(whole)
    lines.put(rest.decode(errors="replace").strip())
    lines.put(None)


def _read_in_foreground(descriptor: int) -> bytes:
    """Read, once the program is in the foreground of its terminal: Ctrl-Z and bg do not end the reading."""
    while True:
        try:
            return os.read(descriptor, 65536)
        except OSError as error:
            if error.errno != EIO or not hasattr(os, "tcgetpgrp") or os.tcgetpgrp(descriptor) == os.getpgrp():
                raise
        time.sleep(_PAUSE)
