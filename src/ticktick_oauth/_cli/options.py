"""Add the options that several commands have, and read what they are given; no message repeats it."""

import re
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

from .._protocol.server import DIDA365, TICKTICK, AuthorizationServer

_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_SERVERS = {"ticktick": TICKTICK, TICKTICK.issuer: TICKTICK, "dida365": DIDA365, DIDA365.issuer: DIDA365}
_MAX_PORT = 65535


def add_token_file(parser: ArgumentParser) -> None:
    """Add the option for the place where the token is kept."""
    parser.add_argument(
        "--token-file",
        metavar="FILE",
        help="where the token is kept (default: $TICKTICK_OAUTH_TOKEN_FILE, else ticktick-oauth/token.json "
        "in $XDG_CONFIG_HOME or ~/.config)",
    )


def add_server(parser: ArgumentParser) -> None:
    """Add the option for the authorization server."""
    parser.add_argument(
        "--server",
        type=parse_server,
        default=TICKTICK,
        metavar="ticktick|dida365|ISSUER",
        help="the authorization server; an issuer is a URL (default: ticktick)",
    )


def add_replace(parser: ArgumentParser) -> None:
    """Add the option that lets a token take the place of a better one."""
    parser.add_argument(
        "--replace",
        action="store_true",
        help="replace a kept token that is valid for longer, or of another server",
    )


def parse_server(text: str) -> AuthorizationServer:
    """Return a server by its name or by its issuer, with TickTick's paths."""
    base = text.rstrip("/")
    try:
        return _SERVERS.get(base) or AuthorizationServer(
            issuer=text,  # exactly as the server's own document has it (RFC 8414 section 3.3)
            authorization_endpoint=f"{base}/oauth/authorize",
            token_endpoint=f"{base}/oauth/token",
        )
    except ValueError as error:
        reason = str(error)
    raise ArgumentTypeError(f"it is ticktick, dida365 or a URL: {reason}")


def parse_duration(text: str) -> timedelta:
    """Return a time such as 14d, 12h, 30m or 90s."""
    match = re.fullmatch(r"([0-9]{1,9})([dhms])", text)
    if match is None:
        raise ArgumentTypeError("a time is a number and one of d, h, m, s, such as 14d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def timeout_up_to(limit: float) -> Callable[[str], float]:
    """Return the type of an option that takes a time, with its unit or as a number of seconds."""

    def parse(text: str) -> float:
        seconds = 0.0
        with suppress(ValueError, ArgumentTypeError):
            seconds = float(text) if text[-1:].isdecimal() else parse_duration(text).total_seconds()
        if 0 < seconds <= limit:  # also false for NaN
            return seconds
        raise ArgumentTypeError(f"a time is a number and one of h, m, s, such as 5m: over 0 and up to {limit:g}s")

    return parse


def parse_port(text: str) -> int:
    """Return a port of TCP, or 0 for a free one."""
    if re.fullmatch(r"[0-9]{1,5}", text) and int(text) <= _MAX_PORT:
        return int(text)
    raise ArgumentTypeError(f"a port is a number from 0 to {_MAX_PORT}")


def one_of(*names: str) -> Callable[[str], str]:
    """Return the type of an option that takes one of some words; argparse's `choices` would repeat what is none."""

    def parse(text: str) -> str:
        if text not in names:
            raise ArgumentTypeError(f"it is one of {', '.join(names)}")
        return text

    return parse
