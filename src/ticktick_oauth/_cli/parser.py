"""Read a command's arguments without ever repeating one: whatever is not understood may be a secret."""

from argparse import ArgumentError, ArgumentParser, ArgumentTypeError, RawDescriptionHelpFormatter
from typing import Any, NoReturn

from .exits import DONE, USAGE, Stop

# Words of argparse's own that name options alone; all others may repeat what was given.
_HARMLESS = "expected one argument", "not allowed with argument", "the following arguments are required"
_CHOICES = "(choose from "


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
