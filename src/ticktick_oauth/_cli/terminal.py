"""The person's terminal: the secret that is asked for there, and what is pasted there."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from errno import EIO
from queue import Empty, Queue
from threading import Thread

from .._sign_in.browser import is_terminal
from .output import USAGE, Stop

# The terminal itself, whatever standard input is.
_TERMINAL = "CONIN$" if sys.platform == "win32" else "/dev/tty"
# The lines of one paste come at once; who types does not press Enter twice in this time, in seconds.
_PAUSE = 0.2
# Many times what anybody pastes in one sign-in; what has more, such as a file or a device, is not read further.
_MAX_BYTES = 256 * 1024


def ask(prompt: str, *, instead: str) -> str:
    """Return what is typed at the terminal, which does not show it; without one, say what to do instead."""
    if (terminal := _open()) is not None:
        os.close(terminal)
    elif sys.platform == "win32" or not is_terminal(sys.stdin):  # NUL says that it is one
        raise Stop(f"there is no terminal to ask at; {instead}", USAGE)
    from getpass import getpass

    with suppress(EOFError):
        if answer := getpass(prompt, sys.stderr):
            return answer
    raise Stop("nothing was entered", USAGE)


def _open() -> int | None:
    with suppress(OSError):
        return os.open(_TERMINAL, os.O_RDONLY)
    return None


def find_keyboards(*, with_input: bool) -> list[int]:
    """Return the descriptors where a person may paste: the terminal, and where asked for another standard input."""
    found: list[int | None] = []
    # On Windows, NUL says that it is a terminal.
    is_keyboard = is_terminal(sys.stdin) and sys.platform != "win32"
    if with_input or is_keyboard:
        with suppress(AttributeError, OSError, ValueError):  # it is closed
            # Not `sys.stdin` itself, whose lock would be taken when the interpreter ends and wants it.
            found.append(sys.stdin.fileno())
    if not is_keyboard:
        found.append(_open())
    return [descriptor for descriptor in found if descriptor is not None]


def read_pastes(descriptors: list[int]) -> Iterator[str]:
    """Begin to read, each descriptor in a thread, and return what is pasted, lines that come together as one text."""
    pieces: Queue[bytes] = Queue()  # SimpleQueue may miss a timeout, on Python 3.10
    for descriptor in descriptors:
        Thread(target=_read, args=(descriptor, pieces), daemon=True).start()
    return _join(pieces, len(descriptors))


def _join(pieces: "Queue[bytes]", left: int) -> Iterator[str]:
    text = b""
    while left:
        with suppress(Empty):
            piece = pieces.get(timeout=_PAUSE if text.endswith(b"\n") else None)
            text += piece or b"\n"
            if not piece:
                left -= 1
            if left:
                continue
        if text.strip():
            yield text.decode(errors="replace")
        text = b""


def _read(descriptor: int, pieces: "Queue[bytes]") -> None:
    with suppress(AttributeError):  # Windows has no job control
        # In the background a terminal cannot be read: an error, where the signal would stop the whole program.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTIN})
    size = 0
    with suppress(OSError):
        while size < _MAX_BYTES and (piece := _read_in_foreground(descriptor)):
            pieces.put(piece)
            size += len(piece)
    pieces.put(b"")


def _read_in_foreground(descriptor: int) -> bytes:
    """Read, once the program is in the foreground of its terminal: Ctrl-Z and bg do not end the reading."""
    while True:
        try:
            return os.read(descriptor, 65536)
        except OSError as error:
            if error.errno != EIO or not hasattr(os, "tcgetpgrp") or os.tcgetpgrp(descriptor) == os.getpgrp():
                raise
        time.sleep(_PAUSE)
