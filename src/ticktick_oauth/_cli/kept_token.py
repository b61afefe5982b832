"""Run the commands on the kept token: ``status``, ``token`` and ``logout``."""

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from attrs import evolve

from .._protocol.issued_token import IssuedToken, dump_issued
from .._protocol.server import TICKTICK
from .._token.converter import dumps
from ..exceptions import StorageError
from ..storage import TokenFile
from ..storage._kept import TOKEN_VARIABLE, command_for, forget, load_from_environment, require_issued
from .clock import describe_expiry, now
from .exits import ANSWER_IS_NO, DONE, NOT_KEPT, Stop
from .options import add_server, add_token_file, one_of, parse_duration
from .output import say
from .replacing import warn_of_variable

if TYPE_CHECKING:
    from argparse import _SubParsersAction

_FORMATS: dict[str, Callable[[IssuedToken], str]] = {
    "raw": lambda issued: str(issued.token.access_token),
    "header": lambda issued: f"Authorization: {issued.token.authorization_header()}",
    # RFC 6749 section 5.1 counts expires_in from the answer on, and this is one.
    "json": lambda issued: dumps(evolve(issued.token, expires_in=_seconds_left(issued))),
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


def add_commands(commands: "_SubParsersAction[ArgumentParser]") -> None:
    """Add this family to the parser."""
    status = commands.add_parser("status", help="say whether there is a valid token, and for how long")
    status.add_argument(
        "--fail-within",
        metavar="TIME",
        type=parse_duration,
        default=timedelta(0),
        help="exit 1 if no more than this remains, as 14d, 12h, 30m or 90s (default: 0s)",
    )
    status.add_argument("--json", action="store_true", help="answer in JSON, also when the token cannot be read")
    add_token_file(status)
    status.set_defaults(run=_status)
    token = commands.add_parser("token", help="print the token: the one command that does")
    token.add_argument(
        "--format",
        type=one_of(*_FORMATS),
        default="raw",
        metavar="FORMAT",
        help=f"{', '.join(_FORMATS)} (default: %(default)s); issued is what ${TOKEN_VARIABLE} takes",
    )
    add_server(token)
    add_token_file(token)
    token.set_defaults(run=_token)
    logout = commands.add_parser("logout", help="delete the kept token")
    add_token_file(logout)
    logout.set_defaults(run=_logout)


def _load(file: str | None) -> tuple[IssuedToken | None, str, str]:
    """Return the token, where it is kept, and what to do about one that is not valid.

    The file that is named goes before the variable, and that before the default file.
    """
    if file is None and (issued := load_from_environment()):
        return issued, f"${TOKEN_VARIABLE}", f"unset it, and sign in with: {command_for(issued.server)}"
    store = TokenFile(file)
    issued = store.load()
    command = command_for(issued.server if issued else TICKTICK, None if file is None else store.path)
    return issued, str(store.path), f"sign in with: {command}"


def _seconds_left(issued: IssuedToken) -> int:
    return int(issued.remaining(now=now()).total_seconds())


def _status(arguments: Namespace) -> int:
    try:
        issued, place, advice = _load(arguments.token_file)
    except StorageError as error:
        if not arguments.json:
            raise
        print(json.dumps({"status": "error", "error": str(error)}))
        return NOT_KEPT
    at = now()
    if issued is None:
        state, line = "none", f"no token is kept in {place}; {advice}"
    else:
        line = f"a token of {issued.server.issuer} that {describe_expiry(issued, at=at)}; kept in {place}"
        if issued.is_expired(now=at):
            state, line = "expired", f"{line}; {advice}"
        else:
            state = "expiring" if issued.is_expired(now=at, leeway=arguments.fail_within) else "valid"
    if arguments.json:
        answer = {
            "status": state,
            "expires_at": issued.expires_at.isoformat() if issued else None,
            "remaining_seconds": _seconds_left(issued) if issued else None,
            "issuer": issued.server.issuer if issued else None,
            "token_file": place,
        }
        line = json.dumps(answer)
    print(line)
    return DONE if state == "valid" else ANSWER_IS_NO


def _token(arguments: Namespace) -> None:
    file, server = arguments.token_file, arguments.server
    kept, place, _ = _load(file)
    if kept and kept.server.issuer != server.issuer:
        name = f"--server {kept.server.issuer}"
        reason = f"the token in {place} is one of {kept.server.issuer}, not of {server.issuer}: print it by {name}"
        raise Stop(reason, ANSWER_IS_NO)
    issued = require_issued(TokenFile(file) if file is not None else None, server=server)
    print(_FORMATS[arguments.format](issued))
    if note := _NOTES.get(arguments.format):
        say(note)


def _logout(arguments: Namespace) -> None:
    path = TokenFile(arguments.token_file).path
    if how := forget(path):
        reason = ", since it cannot be deleted" if how == "emptied" else ""
        print(f"{path} is {how}{reason}; TickTick documents no revocation, so the token itself works until it expires")
    else:
        print(f"no token is kept in {path}")
    warn_of_variable()
