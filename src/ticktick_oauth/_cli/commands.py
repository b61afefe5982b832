"""Run a command, and end it with an exit code and at most one line on stderr: whatever happens, no traceback."""

import os
import signal
import sys
from contextlib import contextmanager, suppress

from .. import __version__
from .output import EXIT_CODES, USAGE, Stop, Terminated, flush_answer, guard

TYPE_CHECKING = False  # typing's own would load typing
if TYPE_CHECKING:
    from collections.abc import Generator
    from typing import NoReturn

# Each command, the file that has it, and its line of the help. A command loads its own file alone.
_COMMANDS = {
    "login": ("login", "sign in with a browser and keep the token"),
    "status": ("status", "show whether you are signed in, and until when"),
    "token": ("kept_token", "print the token; no other command does"),
    "logout": ("kept_token", "delete the kept token"),
    "import": ("documents", "keep the token of a token response"),
    "check": ("documents", "validate a token response and list all that is wrong with it"),
    "schema": ("documents", "print the JSON Schema of a token response"),
    "demo": ("rehearsal", "get a token, step by step, from a local sandbox"),
    "sandbox": ("rehearsal", "serve a local authorization server until it is interrupted"),
}
# Ctrl-C; kill; a closed terminal; Ctrl-Break on Windows, which has no SIGHUP.
_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")


def run(argv: list[str]) -> int:
    """Run the command that the arguments begin with, and return its exit code."""
    with _raised_signals():
        code = guard(lambda: _run(argv))
        flushed = guard(flush_answer)
        return code or flushed


def _run(argv: list[str]) -> int | None:
    # A terminal without UTF-8 shows escapes. The answer is written as a whole, at one place, where a failure can be
    # explained. Standard output may be closed, or another's object.
    if reconfigure := getattr(sys.stdout, "reconfigure", None):
        reconfigure(errors="backslashreplace", line_buffering=False, write_through=False)
    name, *rest = argv or ["--help"]
    if name in _COMMANDS:
        from importlib import import_module

        from .parser import Parser

        parser = Parser(f"ticktick-oauth {name}")
        getattr(import_module(f".{_COMMANDS[name][0]}", __package__), f"add_{name}")(parser)
        arguments = parser.parse_args(rest)
        return int(arguments.run(arguments) or 0)
    if name in {"-h", "--help"}:
        commands = "\n".join(f"  {name:<8} {line}" for name, (_, line) in _COMMANDS.items())
        print(
            "usage: ticktick-oauth [-h] [--version] COMMAND ...\n\nGet, check and keep a TickTick access token.\n\n"
            f"commands (each has a --help of its own):\n{commands}\n\n{EXIT_CODES}",
            end="",
        )
    elif name == "--version":
        print(f"ticktick-oauth {__version__}")
    elif name.startswith("-"):
        reason = "is not understood (not shown: a secret may be there)"
        raise Stop(f"argument 1 of ticktick-oauth {reason}; see ticktick-oauth --help", USAGE)
    else:
        from difflib import get_close_matches

        nearest = "".join(f": did you mean {known}?" for known in get_close_matches(name, _COMMANDS, 1))
        raise Stop(f"there is no such command{nearest or '; see ticktick-oauth --help'}", USAGE)
    return None


@contextmanager
def _raised_signals() -> "Generator[None, None, None]":
    """Raise the first signal, and end the program at a second, which would interrupt the cleaning up.

    What somebody decided otherwise, as nohup does, stays.
    """
    changed: dict[int, signal._HANDLER] = {}
    with suppress(ValueError):  # not the main thread, which alone may do this
        for number in (getattr(signal, name) for name in _SIGNALS if hasattr(signal, name)):
            if signal.getsignal(number) in {signal.SIG_DFL, signal.default_int_handler}:
                changed[number] = signal.signal(number, _raise)
    yield
    for number, handler in changed.items():
        if signal.getsignal(number) is _raise:
            signal.signal(number, handler)


def _raise(number: int, _frame: object) -> "NoReturn":
    for each in signal.valid_signals():
        if signal.getsignal(each) is _raise:
            signal.signal(each, lambda number, _frame: os._exit(128 + number))  # as shells count it
    raise KeyboardInterrupt if number in {signal.SIGINT, getattr(signal, "SIGBREAK", None)} else Terminated
