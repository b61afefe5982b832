"""Run the command ``import``: from a token response to a kept token."""

from argparse import ArgumentParser
from argparse import ArgumentTypeError
from argparse import Namespace
from datetime import datetime
from typing import TYPE_CHECKING

from .._converter import loads
from .._issued_token import IssuedToken
from ..exceptions import InvalidTokenError
from ..storage import TokenFile
from .clock import now
from .documents import read_document
from .documents import recognize
from .exits import ANSWER_IS_NO
from .exits import USAGE
from .exits import Stop
from .options import add_replace
from .options import add_server
from .options import add_token_file
from .replacing import keep_token
from .replacing import report_kept

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def add_commands(commands: "_SubParsersAction[ArgumentParser]") -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "import",
        help="keep the token of a token response",
        description="Read a token response, as the token endpoint answers, from standard input, and keep its token.",
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
        time = datetime.fromisoformat(text.replace("Z", "+00:00"))  # Python 3.10 does not know the Z
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
    if (kind := recognize(document)) is not None:
        raise Stop(f"standard input: {kind}", ANSWER_IS_NO)
    try:
        token = loads(document)
    except InvalidTokenError as error:
        reason = str(error)
    else:
        issued = IssuedToken(token=token, issued_at=arguments.issued_at or at, server=arguments.server)
        keep_token(issued, path, replace=arguments.replace)
        report_kept(f"Kept a token of {issued.server.issuer}", issued, path)
        return
    raise Stop(f"standard input: {reason}", ANSWER_IS_NO)
