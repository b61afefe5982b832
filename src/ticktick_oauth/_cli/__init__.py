"""The command line: ``ticktick-oauth``, or ``python -m ticktick_oauth``."""

import os
import sys
from argparse import ArgumentParser
from argparse import Namespace
from argparse import RawDescriptionHelpFormatter
from collections.abc import Sequence

from .. import __version__
from ..exceptions import OAuthError
from . import documents
from . import keeping
from . import local
from . import login
from .exits import EXIT_CODES
from .exits import INTERRUPTED
from .exits import USAGE
from .exits import Stop
from .exits import exit_code
from .words import say


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code; None stands for the process's own arguments."""
    # A terminal without UTF-8 shows what it cannot as escapes. Standard output may be closed, or another's object.
    if reconfigure := getattr(sys.stdout, "reconfigure", None):
        reconfigure(errors="backslashreplace")
    code = _run(_parser().parse_args(argv))
    reason = _flush()
    return code if reason is None else _fail(f"standard output: {reason}", code or USAGE)


def _run(arguments: Namespace) -> int:
    try:
        code: int = arguments.run(arguments)
    except Stop as stop:
        return _fail(stop.message, stop.code)
    except KeyboardInterrupt:
        if sys.stderr is not None and sys.stderr.isatty():
            say("")  # the prompt, and what was typed, keep their line
        return _fail("interrupted", INTERRUPTED)
    except OAuthError as error:
        return _fail(str(error), exit_code(error))
    except OSError as error:
        return _fail(error.strerror or str(error), USAGE)
    except ValueError as error:
        return _fail(str(error), USAGE)
    return code


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="ticktick-oauth",
        description="Get, check and keep a TickTick access token.",
        epilog=EXIT_CODES,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for family in (login, keeping, documents, local):
        family.add_commands(commands)
    return parser


def _fail(message: str, code: int) -> int:
    say(f"ticktick-oauth: {message}")
    return code


def _flush() -> str | None:
    """Bring out what was printed, while it can still be told why nobody takes it; None when all went well."""
    if sys.stdout is None:
        return None
    try:
        sys.stdout.flush()
    except OSError as error:
        reason = error.strerror
    else:
        return None
    # What is still in the buffer goes nowhere, or the interpreter would try again at its end, and complain.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return reason
