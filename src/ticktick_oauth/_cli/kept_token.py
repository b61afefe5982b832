"""Run the commands ``token`` and ``logout``."""

from argparse import Namespace
from collections.abc import Callable
from contextlib import suppress

from attrs import evolve

from .._protocol.issued_token import IssuedToken, dump_word
from .._protocol.server import TICKTICK, AuthorizationServer
from .._token.converter import dumps
from ..exceptions import SignInRequiredError, StorageError
from ..storage import TokenFile
from ..storage._kept import command_for, find_kept, list_kept, name_of
from ..storage._require import TOKEN_VARIABLE, require_issued
from ..storage._token_file import find_replaceable, forget
from .keeping import find_places, now, show_path, warn_of_variable
from .output import ANSWER_IS_NO, USAGE, Stop, answer, say
from .parser import Parser, add_server, add_token_file

_FORMATS: dict[str, Callable[[IssuedToken], str]] = {
    "raw": lambda issued: str(issued.token.access_token),
    "header": lambda issued: f"Authorization: {issued.token.authorization_header()}",
    # RFC 6749 section 5.1 counts expires_in from the answer on, and this is one.
    "json": lambda issued: dumps(evolve(issued.token, expires_in=int(issued.remaining(now=now()).total_seconds()))),
    "issued": dump_word,
    # pyticktick reads its settings from these variables, the expiry as a Unix time.
    "pyticktick-env": lambda issued: (
        f"export PYTICKTICK_V1_TOKEN_VALUE={issued.token.access_token}\n"
        f"export PYTICKTICK_V1_TOKEN_EXPIRATION={int(issued.expires_at.timestamp())}"
    ),
}


def add_token(parser: Parser) -> None:
    """Add the arguments of ``token`` to its parser."""
    parser.explain(
        "Print the token. What it prints is a secret: whoever has it can read and change\nyour tasks.",
        "ticktick-oauth token --format header | curl -H @- https://api.ticktick.com/...",
        'TICKTICK_OAUTH_TOKEN="$(ticktick-oauth token --format issued)" program',
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


def add_logout(parser: Parser) -> None:
    """Add the arguments of ``logout`` to its parser."""
    parser.explain(
        "Delete the kept token from this machine. The service knows no sign-out: where\nelse the token is kept, it "
        "works until it expires.",
        "ticktick-oauth logout",
        "ticktick-oauth logout --server dida365",
    )
    add_server(parser, None, "the one whose token is kept")
    add_token_file(parser)
    parser.set_defaults(run=_logout)


def _token(arguments: Namespace) -> None:
    file, servers = arguments.token_file, _kept_servers(arguments.token_file)
    (only,) = servers.values() if len(servers) == 1 else (None,)
    server = arguments.server or only or TICKTICK
    try:
        issued = require_issued(None if file is None else TokenFile(file), server=server)
    except SignInRequiredError as error:
        reason = error.reason
    else:
        print(_FORMATS[arguments.format](issued))
        if arguments.format == "pyticktick-env":
            say(
                "pyticktick also wants the id and the secret of a client of the portal, in PYTICKTICK_V1_CLIENT_ID and "
                "PYTICKTICK_V1_CLIENT_SECRET"
            )
        return
    advice = f"sign in with: {command_for(server, file)}"
    if only and server.issuer != only.issuer:
        advice = f"print that one with: {command_for(only, file, command='token')}"
    elif f"${TOKEN_VARIABLE}" in reason:
        advice = f"unset it, and {advice}"
    raise Stop(f"{reason}; {advice}", ANSWER_IS_NO)


def _kept_servers(file: str | None) -> dict[str, AuthorizationServer]:
    """Return the servers whose tokens are kept, by issuer."""
    servers: dict[str, AuthorizationServer] = {}
    for _, load in find_places(file):
        with suppress(StorageError):  # which `require_issued` raises, if it is the one that counts
            if issued := load():
                servers[issued.server.issuer] = issued.server
    return servers


def _logout(arguments: Namespace) -> None:
    file, server = arguments.token_file, arguments.server
    if file is None and server is None and len(kept := list_kept()) > 1:
        paths = ", ".join(map(str, kept))
        raise Stop(f"several tokens are kept, so none was deleted; choose by --server or --token-file: {paths}", USAGE)
    path = find_kept(server) if file is None else TokenFile(file).path
    if server and (other := find_replaceable(path)) and other.server.issuer != server.issuer:
        answer(f"{path} keeps a token of {name_of(other.server)}, which stays; none of {name_of(server)} is kept there")
    elif how := forget(path):
        reason = ", since it cannot be deleted" if how == "emptied" else ""
        advice = "the service documents no revocation, so the token itself works until it expires"
        answer(f"{show_path(path)} is {how}{reason}; {advice}")
    else:
        answer(f"no token is kept in {path}")
    warn_of_variable()
