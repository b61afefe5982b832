"""Commands on the kept token: ``status``, ``token`` and ``logout``."""

import json
import re
from argparse import ArgumentParser
from argparse import ArgumentTypeError
from argparse import Namespace
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from attrs import evolve

from .._converter import dumps
from .._issued_token import IssuedToken
from ..storage import TokenFile
from .exits import DONE
from .exits import NO
from .exits import Stop
from .words import expiry
from .words import now

if TYPE_CHECKING:
    from argparse import _SubParsersAction

_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_SIGN_IN = "sign in with: ticktick-oauth login"
# pyticktick reads its settings from these variables, the expiry as a Unix time.
_FORMATS: dict[str, Callable[[IssuedToken], str]] = {
    "raw": lambda issued: str(issued.token.access_token),
    "header": lambda issued: f"Authorization: {issued.token.authorization_header()}",
    # RFC 6749 section 5.1 counts expires_in from the answer on, and this is one.
    "json": lambda issued: dumps(evolve(issued.token, expires_in=_seconds_left(issued))),
    "pyticktick-env": lambda issued: (
        f"PYTICKTICK_V1_TOKEN_VALUE={issued.token.access_token}\n"
        f"PYTICKTICK_V1_TOKEN_EXPIRATION={int(issued.expires_at.timestamp())}"
    ),
}


def add_commands(commands: "_SubParsersAction[ArgumentParser]") -> None:
    """Add this family to the parser."""
    status = commands.add_parser("status", help="tell whether there is a valid token, and for how long")
    status.add_argument(
        "--fail-within",
        metavar="TIME",
        type=_duration,
        default=timedelta(0),
        help="exit 1 if no more than this remains, as 14d, 12h, 30m or 90s (default: 0s)",
    )
    status.add_argument("--json", action="store_true", help="answer in JSON")
    add_token_file(status)
    status.set_defaults(run=_status)
    token = commands.add_parser("token", help="print the token: the one command that does")
    token.add_argument("--format", choices=_FORMATS, default="raw", help="(default: %(default)s)")
    add_token_file(token)
    token.set_defaults(run=_token)
    logout = commands.add_parser("logout", help="delete the kept token")
    add_token_file(logout)
    logout.set_defaults(run=_logout)


def add_token_file(parser: ArgumentParser) -> None:
    """Add the option that says where the token is kept."""
    parser.add_argument(
        "--token-file",
        metavar="FILE",
        help="where the token is kept (default: $TICKTICK_OAUTH_TOKEN_FILE, else ticktick-oauth/token.json "
        "in $XDG_CONFIG_HOME or ~/.config)",
    )


def _duration(text: str) -> timedelta:
    match = re.fullmatch(r"([0-9]{1,9})([dhms])", text)
    if match is None:
        raise ArgumentTypeError("a time is a number and one of d, h, m, s, such as 14d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def _seconds_left(issued: IssuedToken) -> int:
    return int(issued.remaining(now=now()).total_seconds())


def _status(arguments: Namespace) -> int:
    store = TokenFile(arguments.token_file)
    issued, at = store.load(), now()
    if issued is None:
        state, line = "none", f"no token in {store.path}; {_SIGN_IN}"
    else:
        line = f"a token of {issued.server.issuer} that {expiry(issued, at=at)}; kept in {store.path}"
        if issued.is_expired(now=at):
            state, line = "expired", f"{line}; {_SIGN_IN}"
        else:
            state = "expiring" if issued.is_expired(now=at, leeway=arguments.fail_within) else "valid"
    if arguments.json:
        answer = {
            "status": state,
            "expires_at": issued.expires_at.isoformat() if issued else None,
            "remaining_seconds": _seconds_left(issued) if issued else None,
            "issuer": issued.server.issuer if issued else None,
            "token_file": str(store.path),
        }
        line = json.dumps(answer)
    print(line)
    return DONE if state == "valid" else NO


def _token(arguments: Namespace) -> int:
    store = TokenFile(arguments.token_file)
    issued, at = store.load(), now()
    if issued is None:
        raise Stop(f"no token in {store.path}; {_SIGN_IN}", NO)
    if issued.is_expired(now=at):
        raise Stop(f"the token {expiry(issued, at=at)}; {_SIGN_IN}", NO)
    print(_FORMATS[arguments.format](issued))
    return DONE


def _logout(arguments: Namespace) -> int:
    store = TokenFile(arguments.token_file)
    store.delete()
    print(f"{store.path} is deleted; TickTick documents no revocation, so the token itself works until it expires")
    return DONE
