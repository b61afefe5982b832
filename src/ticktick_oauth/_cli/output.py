"""What a command ends with, its exit code and its words, whatever became of the standard streams."""

import errno
import os
import sys
from contextlib import suppress

TYPE_CHECKING = False  # typing's own would load typing
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

# Scripts rely on these.
DONE = 0
ANSWER_IS_NO = 1
USAGE = 2
DENIED = 3
TIMED_OUT = 4
FAILED = 5
NOT_KEPT = 6
INTERRUPTED = 130
READER_GONE = 141
TERMINATED = 143

EXIT_CODES = """exit codes:
  0    done
  1    the answer is no: not a token (check, import); none, expired, within the
       limit or not taken any more (status, token); not kept (login, import)
  2    wrong usage, or a port in use
  3    you denied the access
  4    timed out
  5    the server or the network failed
  6    the token could not be kept or read
  130  interrupted
  141  the reader of the output went away
  143  terminated
"""
_MAX_SHOWN = 200


class Stop(Exception):  # noqa: N818 - not every end is an error
    """End a command, with a line for stderr (or none, when it is empty) and an exit code."""

    def __init__(self, message: str, code: int) -> None:
        self.message = message
        self.code = code
        super().__init__(message, code)


class Terminated(KeyboardInterrupt):
    """Report SIGTERM or SIGHUP; whatever cleans up after Ctrl-C cleans up after this, too."""


def exit_code(error: Exception) -> int | None:
    """Return the exit code of an error that a command may end with; None for one that is a bug."""
    from ..exceptions import DeadlineExceededError, OAuthError, SignInRequiredError, StorageError

    codes: dict[type[Exception], int] = {
        SignInRequiredError: ANSWER_IS_NO,
        DeadlineExceededError: TIMED_OUT,
        StorageError: NOT_KEPT,
        OAuthError: FAILED,
        OSError: USAGE,
        RuntimeError: USAGE,  # no thread can be started
        ValueError: USAGE,
    }
    return next((code for kind, code in codes.items() if isinstance(error, kind)), None)


def guard(task: "Callable[[], int | None]") -> int:
    """Run a task and return its exit code; how it failed is said in one line, or raised where it is a bug."""
    try:
        return task() or DONE
    except Stop as stop:
        message, code = stop.message, stop.code
    except KeyboardInterrupt as error:
        if sys.stderr is not None and sys.stderr.isatty():
            say("")  # the prompt, and what was typed, keep their line
        message, code = ("terminated", TERMINATED) if isinstance(error, Terminated) else ("interrupted", INTERRUPTED)
    except BrokenPipeError:
        return READER_GONE  # as `head` does it, which has seen enough
    except Exception as error:
        if (known := exit_code(error)) is None:
            raise
        message, code = str(error), known
        if code == USAGE:  # of the system's own errors the number says nothing
            message = getattr(error, "strerror", None) or message
    if message:
        complain(message)
    return code


def answer(text: str) -> None:
    """Print one line of the answer that a person reads: a line end in it is escaped, and no word is endless."""
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
    words = _escape(text, "").split(" ")
    return " ".join(word if len(word) <= _MAX_SHOWN else f"{word[: _MAX_SHOWN - 3]}..." for word in words)


def _escape(text: str, kept: str = "\n") -> str:
    return "".join(each if each.isprintable() or each in kept else ascii(each)[1:-1] for each in text)


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
    with suppress(OSError), open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - quicker, and it may have no descriptor
        os.dup2(nowhere.fileno(), stream.fileno())
