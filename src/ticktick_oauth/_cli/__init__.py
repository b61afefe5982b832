"""The command line: ``ticktick-oauth``, or ``python -m ticktick_oauth``."""

import sys
from argparse import ArgumentParser
from argparse import RawDescriptionHelpFormatter
from collections.abc import Sequence

from .. import __version__
from ..exceptions import AuthorizationError
from ..exceptions import DeadlineExceededError
from ..exceptions import InvalidTokenError
from ..exceptions import OAuthError
from ..exceptions import StorageError
from . import documents
from . import local

_EXIT_CODES = """exit codes:
  0    done
  1    the answer is no: not a token
  2    wrong usage, or a port in use
  3    the person denied the access
  4    timed out
  5    the server or the network failed
  6    the token could not be kept or read
  130  interrupted
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code; None stands for the process's own arguments."""
    arguments = _parser().parse_args(argv)
    try:
        code: int = arguments.run(arguments)
    except KeyboardInterrupt:
        return _fail("interrupted", 130)
    except OAuthError as error:
        return _fail(str(error), _exit_code(error))
    except OSError as error:
        return _fail(error.strerror or str(error), 2)
    except ValueError as error:
        return _fail(str(error), 2)
    return code


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="ticktick-oauth",
        description="Get, check and keep a TickTick access token.",
        epilog=_EXIT_CODES,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    local.add_commands(commands)
    documents.add_commands(commands)
    return parser


def _exit_code(error: OAuthError) -> int:
    if isinstance(error, InvalidTokenError):
        return 1
    if isinstance(error, AuthorizationError):
        return 3
    if isinstance(error, DeadlineExceededError):
        return 4
    return 6 if isinstance(error, StorageError) else 5


def _fail(message: str, code: int) -> int:
    print(f"ticktick-oauth: {message}", file=sys.stderr)
    return code
