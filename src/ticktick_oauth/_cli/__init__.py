"""Run the command line: ``ticktick-oauth``, or ``python -m ticktick_oauth``."""

import sys
from collections.abc import Callable, Sequence

from ..exceptions import OAuthError
from .exits import DONE, INTERRUPTED, READER_GONE, TERMINATED, USAGE, Stop, exit_code
from .output import flush_answer, say
from .signals import Terminated, raised_signals


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code; None stands for the process's own arguments."""
    with raised_signals():
        code = _guard(lambda: _run(sys.argv[1:] if argv is None else list(argv)))
        flushed = _guard(flush_answer)
        return code or flushed


def _run(argv: list[str]) -> int | None:
    from .parser import make_parser  # takes long enough to be interrupted

    # A terminal without UTF-8 shows escapes. The answer is written as a whole, at one place, where a failure can be
    # explained. Standard output may be closed, or another's object.
    if reconfigure := getattr(sys.stdout, "reconfigure", None):
        reconfigure(errors="backslashreplace", line_buffering=False, write_through=False)
    arguments = make_parser().parse_args(argv)
    code: int | None = arguments.run(arguments)
    return code


def _guard(task: Callable[[], int | None]) -> int:
    """Do a task and return its exit code; a failure is one line on stderr, never a traceback."""
    try:
        return task() or DONE
    except Stop as stop:
        message, code = stop.message, stop.code
    except KeyboardInterrupt as error:
        if sys.stderr is not None and sys.stderr.isatty():
            say("")  # the prompt, and what was typed, keep their line
        message, code = ("terminated", TERMINATED) if isinstance(error, Terminated) else ("interrupted", INTERRUPTED)
    except OAuthError as error:
        message, code = str(error), exit_code(error)
    except BrokenPipeError:
        return READER_GONE  # as `head` does it, which has seen enough
    except OSError as error:
        message, code = error.strerror or str(error), USAGE
    except (RuntimeError, ValueError) as error:  # RuntimeError: no thread can be started
        message, code = str(error), USAGE
    if message:
        say(f"ticktick-oauth: {message}")
    return code
