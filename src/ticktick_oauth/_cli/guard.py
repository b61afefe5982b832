"""End every command with an exit code, and at most one line on stderr: whatever happens, there is no traceback."""

import sys
from collections.abc import Callable

from .exits import DONE, INTERRUPTED, READER_GONE, TERMINATED, USAGE, Stop, exit_code
from .output import complain, flush_answer, say
from .signals import Terminated, raised_signals


def run_guarded(argv: list[str]) -> int:
    """Run a command and return its exit code."""
    with raised_signals():
        code = _guard(lambda: _run(argv))
        flushed = _guard(flush_answer)
        return code or flushed


def _run(argv: list[str]) -> int | None:
    from .commands import run  # takes long enough to be interrupted

    # A terminal without UTF-8 shows escapes. The answer is written as a whole, at one place, where a failure can be
    # explained. Standard output may be closed, or another's object.
    if reconfigure := getattr(sys.stdout, "reconfigure", None):
        reconfigure(errors="backslashreplace", line_buffering=False, write_through=False)
    return run(argv)


def _guard(task: Callable[[], int | None]) -> int:
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
