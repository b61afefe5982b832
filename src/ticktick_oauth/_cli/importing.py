"""Run the command ``import``: from a token response, or from a token that is kept elsewhere, to a kept token."""

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

from .._protocol.issued_token import IssuedToken, load_issued, parse_time
from .._protocol.server import AuthorizationServer
from .._token.converter import loads
from ..exceptions import OAuthError, StorageError
from ..storage import TokenFile
from .clock import now
from .documents import read_document, recognize
from .exits import ANSWER_IS_NO, USAGE, Stop
from .options import add_replace, add_server, add_token_file
from .refuge import keep_somewhere

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def add_commands(commands: "_SubParsersAction[ArgumentParser]") -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "import",
        help="keep the token of a token response",
        description="Read a token response, as the token endpoint answers, from standard input, and keep its token; or "
        "the line that token --format issued prints, which has a server and a time of its own.",
    )
    add_server(parser)
    parser.add_argument(
        "--issued-at",
        metavar="TIME",
        type=_parse_time,
        help="when the response came, in ISO 8601 with an offset, such as 2026-11-25T12:00:00+01:00 (default: now)",
    )
    add_replace(parser)
    add_token_file(parser)
    parser.set_defaults(run=_import)


def _parse_time(text: str) -> datetime:
    try:
        time = parse_time(text)
    except ValueError:
        pass
    else:
        if time.utcoffset() is not None:
            return time
    raise ArgumentTypeError("a time is in ISO 8601 with an offset, such as 2026-11-25T12:00:00+01:00")


def _import(arguments: Namespace) -> None:
    path = TokenFile(arguments.token_file).path
    at = now()
    if arguments.issued_at is not None and arguments.issued_at > at:
        raise Stop("--issued-at is in the future: it is the moment when the response came", USAGE)
    document = read_document("-")
    try:
        issued = _read(document, arguments.server, arguments.issued_at or at)
    except OAuthError as error:
        reason = recognize(document) or str(error)
    else:
        keep_somewhere(f"Kept a token of {issued.server.issuer}", issued, path, replace=arguments.replace)
        return
    raise Stop(f"standard input: {reason}", ANSWER_IS_NO)


def _read(document: bytes, server: AuthorizationServer, issued_at: datetime) -> IssuedToken:
    """Read a token response, or a kept token, which has a server and a moment of its own."""
    with suppress(StorageError):
        return load_issued(document)
    return IssuedToken(token=loads(document), issued_at=issued_at, server=server)
