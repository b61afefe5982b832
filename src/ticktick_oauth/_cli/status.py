"""Run the command ``status``."""

from argparse import Namespace
from datetime import timedelta
from typing import TYPE_CHECKING

from .._protocol.issued_token import IssuedToken
from .._protocol.server import TICKTICK
from ..exceptions import StorageError
from ..storage import TokenFile
from ..storage._kept import TOKEN_VARIABLE, command_for, load_from_environment
from .exits import ANSWER_IS_NO, DONE, NOT_KEPT
from .keeping import describe_expiry, name_of, now
from .options import add_token_file, parse_duration

if TYPE_CHECKING:
    from .parser import Parser


def add_status(parser: "Parser") -> None:
    """Add the command's arguments to its parser."""
    parser.explain(
        "Show whether you are signed in, and until when.",
        "ticktick-oauth status",
        "ticktick-oauth status --fail-within 14d || mail -s 'sign in again' me@example.com",
    )
    parser.add_argument(
        "--fail-within",
        metavar="TIME",
        type=parse_duration,
        default=timedelta(0),
        help="exit 1 if no more than this remains, as 14d, 12h, 30m or 90s (default: 0s)",
    )
    parser.add_argument("--json", action="store_true", help="answer in JSON, also when the token cannot be read")
    add_token_file(parser)
    parser.set_defaults(run=_status)


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


def _status(arguments: Namespace) -> int:
    import json

    try:
        issued, place, advice = _load(arguments.token_file)
    except StorageError as error:
        if not arguments.json:
            raise
        print(json.dumps({"status": "error", "error": str(error)}))
        return NOT_KEPT
    at = now()
    if issued is None:
        state, line = "none", f"Not signed in: no token is kept in {place}; {advice}"
    else:
        line = f"Signed in to {name_of(issued.server)} {describe_expiry(issued, at=at)}; the token is kept in {place}"
        if issued.is_expired(now=at):
            line = f"The token of {name_of(issued.server)} in {place} {describe_expiry(issued, at=at)}; {advice}"
            state = "expired"
        else:
            state = "expiring" if issued.is_expired(now=at, leeway=arguments.fail_within) else "valid"
    if arguments.json:
        line = json.dumps(
            {
                "status": state,
                "expires_at": issued.expires_at.isoformat() if issued else None,
                "remaining_seconds": int(issued.remaining(now=at).total_seconds()) if issued else None,
                "issuer": issued.server.issuer if issued else None,
                "token_file": place,
            }
        )
    print(line)
    return DONE if state == "valid" else ANSWER_IS_NO
