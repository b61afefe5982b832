"""Write to the person at the terminal, whatever became of the standard streams."""

import errno
import os
import sys

TYPE_CHECKING = False  # typing's own would load typing
if TYPE_CHECKING:
    from typing import TextIO

_MAX_SHOWN = 200


def answer(text: str) -> None:
    """Print a line of the answer that a person reads; control characters in it are escaped, and no word is endless."""
    print(_tame(text))


def say(text: str, *, end: str = "\n") -> None:
    """Write what is not the command's answer to stderr, at once; where nobody can read it, go on without."""
    # Where stderr is closed, `print` would take stdout.
    if sys.stderr is not None:
        try:
            print(_escape(text), end=end, file=sys.stderr, flush=True)
        except OSError:
            _discard(sys.stderr)


def complain(text: str) -> None:
    """Say why the command fails, in which a path, an argument or a variable may stand."""
    say(f"ticktick-oauth: {_tame(text)}")


def _tame(text: str) -> str:
    words = _escape(text).split(" ")
    return " ".join(word if len(word) <= _MAX_SHOWN else f"{word[: _MAX_SHOWN - 3]}..." for word in words)


def _escape(text: str) -> str:
    if text.replace("\n", "").isprintable():
        return text
    return "".join(each if each.isprintable() or each == "\n" else ascii(each)[1:-1] for each in text)


def flush_answer() -> None:
    """Bring out what was printed, while a failure can still be explained: an ``OSError`` that names the stream."""
    if sys.stdout is None:
        return
    try:
        sys.stdout.flush()
    except OSError as error:
        failure = error
    else:
        return
    _discard(sys.stdout)
    # What Windows answers for a pipe that nobody reads any more.
    is_reader_gone = os.name == "nt" and failure.errno == errno.EINVAL
    kind = BrokenPipeError if is_reader_gone else type(failure)
    raise kind(failure.errno, f"standard output: {failure.strerror}")


def _discard(stream: "TextIO") -> None:
    """Drop what a stream still holds, or the interpreter would try again at its end, and exit with 120."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    except OSError:
        pass  # it has no descriptor
