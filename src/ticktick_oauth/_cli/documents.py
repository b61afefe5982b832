"""Run the commands on documents: ``check`` and ``schema``."""

import json
import sys
from argparse import ArgumentParser, Namespace
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, cast
from uuid import UUID

from .._token.converter import loads
from .._token.parsing import parse_json
from .._token.schema import json_schema
from ..exceptions import InvalidTokenError
from .exits import ANSWER_IS_NO, DONE, USAGE, Stop
from .output import say

if TYPE_CHECKING:
    from argparse import _SubParsersAction

# What the token endpoint's answer may have, too. A device, or a pipe, may have no end.
_MAX_SIZE = 64 * 1024
# RFC 6749 section 5.2. Another word may be a secret in the wrong place.
_ERRORS = (
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
)


def add_commands(commands: "_SubParsersAction[ArgumentParser]") -> None:
    """Add this family to the parser."""
    check = commands.add_parser("check", help="validate a token response and list all that is wrong with it")
    check.add_argument("document", metavar="FILE", help="a file, or - for standard input")
    check.set_defaults(run=_check)
    schema = commands.add_parser("schema", help="print the JSON Schema of a token response")
    schema.set_defaults(run=_schema)


def read_document(name: str) -> bytes:
    """Return what a file holds, or standard input (``-``), up to one byte more than a document may have.

    Raises:
        Stop: it cannot be read; the name is not repeated, since it may be the document itself.

    """
    try:
        if name != "-":
            with Path(name).open("rb") as file:
                return file.read(_MAX_SIZE + 1)
        if sys.stdin is not None:
            if sys.stdin.isatty():
                say("Paste the token response, then press Ctrl-D on a line of its own:")
            return sys.stdin.buffer.read(_MAX_SIZE + 1)
        reason = "it is closed"
    except OSError as error:
        reason = str(error.strerror)
    if name == "-":
        raise Stop(f"standard input cannot be read: {reason}", USAGE)
    raise Stop(f"FILE cannot be read: {reason}; it is a file's name, or - for standard input", USAGE)


def recognize(document: bytes) -> str | None:
    """Return what a document is that is not a token response, and what to do; None when it is nothing known."""
    if not document.strip():
        return "this is empty: the body of the token endpoint's answer is expected"
    if len(document) > _MAX_SIZE:
        return f"this is over {_MAX_SIZE} bytes, which no answer of a token endpoint has"
    with suppress(ValueError):
        UUID(document.decode().strip())
        return "this is an access token alone: the whole answer of the token endpoint is expected, in JSON"
    with suppress(InvalidTokenError):
        members = parse_json(document)
        if isinstance(members, dict):
            return _recognize_members(cast("dict[str, object]", members))
    return None


def _recognize_members(members: dict[str, object]) -> str | None:
    if "issued_at" in members:
        return "this is a kept token: ticktick-oauth status --token-file FILE describes it"
    if (error := members.get("error")) is not None:
        name = f" ({error})" if error in _ERRORS else ""
        return f"this is the server's refusal{name}, not a token: sign in again with ticktick-oauth login"
    return None


def _check(arguments: Namespace) -> int:
    document = read_document(arguments.document)
    if (kind := recognize(document)) is not None:
        print(f"document: {kind}")
        return ANSWER_IS_NO
    try:
        token = loads(document)
    except InvalidTokenError as error:
        print(*error.problems, sep="\n")
        return ANSWER_IS_NO
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
