"""Read the arguments, without ever repeating one: whatever is not understood may be a secret."""

from argparse import ArgumentError, ArgumentParser, ArgumentTypeError, Namespace, RawDescriptionHelpFormatter
from typing import Any, NoReturn

from .. import __version__
from . import documents, importing, kept_token, login, rehearsal
from .exits import DONE, EXIT_CODES, USAGE, Stop

_COMMAND = "COMMAND"
# Words of argparse's own that name options alone; all others may repeat what was given.
_HARMLESS = "expected one argument", "not allowed with argument", "the following arguments are required"


class Parser(ArgumentParser):
    """Refuse what is not understood by ``Stop``, and take no abbreviations; the parsers of the commands do the same."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - argparse's, which differ between Pythons
        super().__init__(allow_abbrev=False, exit_on_error=False, **options)

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

    def exit(self, status: int = DONE, message: str | None = None) -> NoReturn:
        """End a command whose answer, the help or the version, is printed already."""
        raise Stop(message or "", status)

    def error(self, message: str) -> NoReturn:
        """Refuse the arguments, in a message that repeats none of them."""
        raise Stop(f"{message}; see {self.prog} --help", USAGE)


def _explain(error: ArgumentError) -> str:
    if isinstance(error.__context__, ArgumentTypeError) or error.message.startswith(_HARMLESS):
        return str(error)
    if error.argument_name == _COMMAND:
        return "there is no such command"
    return f"argument {error.argument_name}: it takes no value"


def make_parser() -> Parser:
    """Return the parser of all commands; what it parses has the command as ``run``."""
    parser = Parser(
        prog="ticktick-oauth",
        description="Get, check and keep a TickTick access token.",
        epilog=EXIT_CODES,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")

    def print_help(_arguments: Namespace) -> None:
        parser.print_help()

    parser.set_defaults(run=print_help)
    commands = parser.add_subparsers(title="commands", metavar=_COMMAND)
    for family in (login, kept_token, importing, documents, rehearsal):
        family.add_commands(commands)
    return parser
