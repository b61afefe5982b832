"""Write to the person at the terminal, whatever became of the standard streams."""

import os
import sys
from contextlib import suppress
from typing import TextIO

# Of a terminal that does not say.
_COLUMNS = 80


def say(text: str, *, end: str = "\n") -> None:
    """Write what is not the command's answer to stderr, at once; where nobody can read it, go on without."""
    # Where stderr is closed, `print` would take stdout.
    if sys.stderr is not None:
        try:
            print(text, end=end, file=sys.stderr, flush=True)
        except OSError:
            _discard(sys.stderr)


def show(text: str) -> None:
    """Replace the last line of the terminal, if stderr is one; what is too long for the line is cut off."""
    if sys.stderr is not None and sys.stderr.isatty():
        say(f"\r\033[K{text[: _columns() - 1]}", end="")


def _columns() -> int:
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or _COLUMNS
    except OSError:
        return _COLUMNS


def flush_answer() -> None:
    """Bring out what was printed, while its failure can still be explained.

    Raises:
        OSError: nobody takes it; its ``strerror`` names standard output.

    """
    if sys.stdout is None:
        return
    try:
        sys.stdout.flush()
    except OSError as error:
        failure = error
    else:
        return
    _discard(sys.stdout)
    raise type(failure)(failure.errno, f"standard output: {failure.strerror}")


def _discard(stream: TextIO) -> None:
    """Drop what a stream still holds, or the interpreter would try again at its end, and exit with 120."""
    with suppress(OSError):  # it has no descriptor
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
