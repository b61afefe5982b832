"""Read a command's arguments without ever repeating one, since it may be a secret; options of several commands."""

import re
import sys
from argparse import ArgumentError, ArgumentParser, ArgumentTypeError, RawDescriptionHelpFormatter
from collections.abc import Callable
from contextlib import nullcontext, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn

from .._protocol.server import DIDA365, TICKTICK, AuthorizationServer
from .output import DONE, USAGE, Stop

# Words of argparse's own that name options alone; all others may repeat what was given.
_HARMLESS = "expected one argument", "not allowed with argument", "the following arguments are required"
_CHOICES = "(choose from "
_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_SERVERS = {"ticktick": TICKTICK, TICKTICK.issuer: TICKTICK, "dida365": DIDA365, DIDA365.issuer: DIDA365}


class Parser(ArgumentParser):
    """Refuse what is not understood by ``Stop``, and take no abbreviations."""

    def __init__(self, prog: str) -> None:
        # The width is fixed: asking the terminal for it would load as much as the rest of the parser.
        super().__init__(
            prog,
            formatter_class=lambda prog: RawDescriptionHelpFormatter(prog, width=78),
            allow_abbrev=False,
            exit_on_error=False,
        )

    def explain(self, sentence: str, *examples: str) -> None:
        """Give the help its sentence, in lines of at most 80 characters, and its examples."""
        self.description = sentence
        self.epilog = "\n  ".join(("examples:" if len(examples) > 1 else "example:", *examples))

    def parse_known_args(self, args: Any, namespace: Any = None) -> Any:  # type: ignore[override]  # noqa: ANN401
        """Return the arguments, and an empty list of what is not known."""
        try:
            arguments, unknown = super().parse_known_args(args, namespace)
        except ArgumentError as error:
            reason = _explain(error)
        else:
            if not unknown:
                return arguments, unknown
            places = [str(place) for place, argument in enumerate(args, 1) if argument in unknown]
            subject, verb = ("arguments", "are") if len(places) > 1 else ("argument", "is")
            reason = (
                f"{subject} {', '.join(places)} of {self.prog} {verb} not understood (not shown: a secret may be there)"
            )
        return self.error(reason)

    def print_help(self, file: Any = None) -> None:  # noqa: ANN401 - argparse's
        """Print the help; argparse fails on some Pythons where the streams are closed."""
        print(self.format_help(), end="", file=file)

    def exit(self, status: int = DONE, message: str | None = None) -> NoReturn:
        """End a command whose answer, the help, is printed already."""
        raise Stop(message or "", status)

    def error(self, message: str) -> NoReturn:
        """Refuse the arguments, in a message that repeats none of them."""
        raise Stop(f"{message}; see {self.prog} --help", USAGE)


def _explain(error: ArgumentError) -> str:
    if isinstance(error.__context__, ArgumentTypeError) or error.message.startswith(_HARMLESS):
        return str(error)
    *_, choices = error.message.rpartition(_CHOICES)  # what stands before may repeat what was given
    if _CHOICES in error.message:
        return f"argument {error.argument_name}: it is one of {choices.rstrip(')').replace(chr(39), '')}"
    return f"argument {error.argument_name}: it takes no value"


def add_token_file(parser: ArgumentParser) -> None:
    """Add the option for the place where the token is kept."""
    parser.add_argument(
        "--token-file",
        metavar="FILE",
        type=_parse_file,
        help="where the token is kept (default: $TICKTICK_OAUTH_TOKEN_FILE, else a file for each server in "
        "ticktick-oauth/ in $XDG_CONFIG_HOME or ~/.config)",
    )


def add_server(
    parser: ArgumentParser, default: AuthorizationServer | None = TICKTICK, otherwise: str = "ticktick"
) -> None:
    """Add the option for the authorization server, and what counts without it, as a value and in words."""
    parser.add_argument(
        "--server",
        type=_parse_server,
        default=default,
        metavar="ticktick|dida365|ISSUER",
        help=f"the authorization server; an issuer is a URL (default: {otherwise})",
    )


def add_network(parser: ArgumentParser, title: str) -> None:
    """Add a group of options for the way to the server."""
    group = parser.add_argument_group(title)
    group.add_argument("--no-proxy", action="store_true", help="go without the proxy that the environment names")
    group.add_argument("--ca-bundle", metavar="FILE", help="trust these certificates, too (PEM)")
    group.add_argument(
        "--exchange-timeout",
        type=timeout_up_to(3600),
        default=10.0,
        metavar="TIME",
        help="how long to wait for each answer of the server (default: 10s)",
    )


def add_replace(parser: ArgumentParser) -> None:
    """Add the option that lets a token take the place of a better one."""
    words = "replace a kept token that is valid for longer, or of another server"
    parser.add_argument("--replace", action="store_true", help=words)


def _parse_file(text: str) -> str:
    from ..storage._token_file import find_unexpanded

    if name := find_unexpanded(text):
        raise ArgumentTypeError(f"it holds {name} unexpanded: write the whole path")
    return text


def _parse_server(text: str) -> AuthorizationServer:
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


def read_bounded(file: str, name: str, limit: int, *, is_line: bool = False) -> bytes:
    """Return what a file or standard input (``-``) holds, or one line of it; a `Stop` never repeats the file's name."""
    if file == "-" and sys.stdin is None:
        raise Stop(f"{name} cannot be read: it is closed", USAGE)
    try:
        with nullcontext(sys.stdin.buffer) if file == "-" else Path(file).open("rb") as stream:
            # Unbuffered, what follows a line stays where it is. A device, or a pipe, may have no end.
            data = getattr(stream, "raw", stream).readline(limit + 1) if is_line else stream.read(limit + 1)
    except OSError as error:
        reason = str(error.strerror)
    else:
        if len(data) <= limit:
            return data
        reason = f"it has over {limit} bytes"
    raise Stop(f"{name} cannot be read: {reason}", USAGE)


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
