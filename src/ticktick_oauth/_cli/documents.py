"""Commands on documents: ``check`` and ``schema``."""

import json
import sys
from argparse import ArgumentParser
from argparse import ArgumentTypeError
from argparse import Namespace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from .._converter import loads
from .._json_schema import json_schema
from ..exceptions import InvalidTokenError
from .exits import DONE
from .exits import NO

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def add_commands(commands: "_SubParsersAction[ArgumentParser]") -> None:
    """Add this family to the parser."""
    check = commands.add_parser("check", help="validate a token response and list all that is wrong with it")
    check.add_argument("document", metavar="FILE", type=_document, help="a file, or - for standard input")
    check.set_defaults(run=_check)
    schema = commands.add_parser("schema", help="print the JSON Schema of a token response")
    schema.set_defaults(run=_schema)


def _document(name: str) -> bytes:
    """Read a file when the arguments are parsed, so that one that cannot be read is wrong usage."""
    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except (AttributeError, OSError) as error:  # AttributeError: standard input is closed
        reason = getattr(error, "strerror", None) or "it cannot be read"
    raise ArgumentTypeError(f"{name}: {reason}")


def _check(arguments: Namespace) -> int:
    try:
        token = loads(arguments.document)
    except InvalidTokenError as error:
        for problem in error.problems:
            print(f"{problem.field or 'document'}: {problem.reason}")
        return NO
    print(f"a valid token response; expires_in is {token.expires_in} seconds{_in_days(token.expires_in)}")
    return DONE


def _in_days(seconds: int) -> str:
    try:
        return f" ({timedelta(seconds=seconds).days} days)"
    except OverflowError:
        return ""


def _schema(_arguments: Namespace) -> int:
    print(json.dumps(json_schema(), indent=2))
    return DONE
