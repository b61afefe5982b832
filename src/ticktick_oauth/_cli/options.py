"""Add the options that several commands have, and read what they are given; no message repeats it."""

import re
from argparse import ArgumentParser, ArgumentTypeError, _ArgumentGroup
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

from .._protocol.server import DIDA365, TICKTICK, AuthorizationServer

_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_SERVERS = {"ticktick": TICKTICK, TICKTICK.issuer: TICKTICK, "dida365": DIDA365, DIDA365.issuer: DIDA365}


def add_token_file(parser: ArgumentParser) -> None:
    """Add the option for the place where the token is kept."""
    parser.add_argument(
        "--token-file",
        metavar="FILE",
        type=parse_file,
        help="where the token is kept (default: $TICKTICK_OAUTH_TOKEN_FILE, else a file for each server in "
        "ticktick-oauth/ in $XDG_CONFIG_HOME or ~/.config)",
    )


def add_server(
    parser: ArgumentParser, default: AuthorizationServer | None = TICKTICK, otherwise: str = "ticktick"
) -> None:
    """Add the option for the authorization server, and what counts without it, as a value and in words."""
    parser.add_argument(
        "--server",
        type=parse_server,
        default=default,
        metavar="ticktick|dida365|ISSUER",
        help=f"the authorization server; an issuer is a URL (default: {otherwise})",
    )


def add_network(parser: "ArgumentParser | _ArgumentGroup") -> None:
    """Add the options for the way to the server."""
    parser.add_argument("--no-proxy", action="store_true", help="go without the proxy that the environment names")
    parser.add_argument("--ca-bundle", metavar="FILE", help="trust these certificates, too (PEM)")
    parser.add_argument(
        "--exchange-timeout",
        type=timeout_up_to(3600),
        default=10.0,
        metavar="TIME",
        help="how long to wait for each answer of the server (default: 10s)",
    )


def add_replace(parser: ArgumentParser) -> None:
    """Add the option that lets a token take the place of a better one."""
    parser.add_argument(
        "--replace",
        action="store_true",
        help="replace a kept token that is valid for longer, or of another server",
    )


def parse_file(text: str) -> str:
    """Return the path of a file as it is, unless a variable in it was not expanded."""
    from ..storage._token_file import find_unexpanded

    if name := find_unexpanded(text):
        raise ArgumentTypeError(f"it holds {name} as such: write out what it stands for")
    return text


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
