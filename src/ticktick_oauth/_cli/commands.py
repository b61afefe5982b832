"""Find the command, and read its arguments without ever repeating one: whatever is not understood may be a secret."""

from .. import __version__
from .exits import EXIT_CODES, USAGE, Stop

# Each command, the file that has it, and its line of the help. A command loads its own file alone.
COMMANDS = {
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


def run(argv: list[str]) -> int | None:
    """Run the command that the arguments begin with, and return its exit code; None is 0."""
    name, *rest = argv or ["--help"]
    if name in {"-h", "--help"}:
        commands = "\n".join(f"  {name:<8} {line}" for name, (_, line) in COMMANDS.items())
        print(
            "usage: ticktick-oauth [-h] [--version] COMMAND ...\n\nGet, check and keep a TickTick access token.\n\n"
            f"commands (each has a --help of its own):\n{commands}\n\n{EXIT_CODES}",
            end="",
        )
    elif name == "--version":
        print(f"ticktick-oauth {__version__}")
    elif name in COMMANDS:
        return _run(name, rest)
    elif name.startswith("-"):
        raise Stop(
            "argument 1 of ticktick-oauth is not understood (not shown: a secret may be there); "
            "see ticktick-oauth --help",
            USAGE,
        )
    else:
        from difflib import get_close_matches

        nearest = "".join(f": did you mean {known}?" for known in get_close_matches(name, COMMANDS, 1))
        raise Stop(f"there is no such command{nearest or '; see ticktick-oauth --help'}", USAGE)
    return None


def _run(name: str, argv: list[str]) -> int | None:
    from importlib import import_module

    from .parser import Parser

    parser = Parser(f"ticktick-oauth {name}")
    getattr(import_module(f".{COMMANDS[name][0]}", __package__), f"add_{name}")(parser)
    arguments = parser.parse_args(argv)
    code: int | None = arguments.run(arguments)
    return code
