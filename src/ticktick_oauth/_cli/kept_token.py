"""Run the commands ``token`` and ``logout``."""

from argparse import Namespace
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from attrs import evolve

from .._protocol.issued_token import IssuedToken, dump_issued
from .._protocol.server import TICKTICK, AuthorizationServer
from .._token.converter import dumps
from ..exceptions import StorageError
from ..storage import TokenFile
from ..storage._kept import TOKEN_VARIABLE, forget, require_issued
from .keeping import find_places, now, warn_of_variable
from .options import add_server, add_token_file
from .output import answer, say

if TYPE_CHECKING:
    from .parser import Parser

_FORMATS: dict[str, Callable[[IssuedToken], str]] = {
    "raw": lambda issued: str(issued.token.access_token),
    "header": lambda issued: f"Authorization: {issued.token.authorization_header()}",
    # RFC 6749 section 5.1 counts expires_in from the answer on, and this is one.
    "json": lambda issued: dumps(evolve(issued.token, expires_in=int(issued.remaining(now=now()).total_seconds()))),
    "issued": dump_issued,
    # pyticktick reads its settings from these variables, the expiry as a Unix time.
    "pyticktick-env": lambda issued: (
        f"export PYTICKTICK_V1_TOKEN_VALUE={issued.token.access_token}\n"
        f"export PYTICKTICK_V1_TOKEN_EXPIRATION={int(issued.expires_at.timestamp())}"
    ),
}
_NOTES = {
    "pyticktick-env": "pyticktick also wants the id and the secret of a client of the portal, in "
    "PYTICKTICK_V1_CLIENT_ID and PYTICKTICK_V1_CLIENT_SECRET",
}


def add_token(parser: "Parser") -> None:
    """Add the arguments of ``token`` to its parser."""
    parser.explain(
        "Print the token. What it prints is a secret: whoever has it can read and change\nyour tasks.",
        "ticktick-oauth token --format header | curl -H @- https://api.ticktick.com/open/v1/project",
        'TICKTICK_OAUTH_TOKEN="$(ticktick-oauth token --format issued)" python program.py',
    )
    parser.add_argument(
        "--format",
        choices=_FORMATS,
        default="raw",
        help=f"the shape (default: %(default)s); issued is what ${TOKEN_VARIABLE} takes",
    )
    add_server(parser, None, "the one whose token is kept, else ticktick")
    add_token_file(parser)
    parser.set_defaults(run=_token)


def add_logout(parser: "Parser") -> None:
    """Add the arguments of ``logout`` to its parser."""
    parser.explain(
        "Delete the kept token from this machine. The service knows no sign-out: where\nelse the token is kept, it "
        "works until it expires.",
        "ticktick-oauth logout",
    )
    add_token_file(parser)
    parser.set_defaults(run=_logout)


def _token(arguments: Namespace) -> None:
    store = None if arguments.token_file is None else TokenFile(arguments.token_file)
    issued = require_issued(store, server=arguments.server or _only_server(arguments.token_file))
    print(_FORMATS[arguments.format](issued))
    if note := _NOTES.get(arguments.format):
        say(note)


def _only_server(file: str | None) -> AuthorizationServer:
    """Return the server whose tokens alone are kept; where several servers' are, or none's, it is TickTick."""
    servers = {}
    for _, load in find_places(file):
        with suppress(StorageError):  # which `require_issued` raises, if it is the one that counts
            if issued := load():
                servers[issued.server.issuer] = issued.server
    return servers.popitem()[1] if len(servers) == 1 else TICKTICK


def _logout(arguments: Namespace) -> None:
    path = TokenFile(arguments.token_file).path
    if how := forget(path):
        reason = ", since it cannot be deleted" if how == "emptied" else ""
        answer(f"{path} is {how}{reason}; TickTick documents no revocation, so the token itself works until it expires")
    else:
        answer(f"no token is kept in {path}")
    warn_of_variable()
