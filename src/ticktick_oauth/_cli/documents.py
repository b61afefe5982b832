"""Run the commands on documents: ``import``, ``check`` and ``schema``."""

import json
import re
import sys
from argparse import ArgumentTypeError, Namespace
from contextlib import suppress
from datetime import datetime, timedelta

from .._protocol.issued_token import IssuedToken, load_issued, parse_time
from .._sign_in.browser import is_terminal
from .._token.converter import loads
from .._token.parsing import members_of, parse_json
from ..exceptions import InvalidTokenError, OAuthError
from .output import ANSWER_IS_NO, DONE, Stop, say
from .parser import Parser, add_replace, add_server, add_token_file, read_bounded

# What the token endpoint's answer may have, too.
_MAX_SIZE = 64 * 1024
# What begins or is a document that is no token response, and what to do.
_KINDS = {
    rb"\s*\Z": "empty: the body of the token endpoint's answer is expected",
    rb"\xff\xfe|\xfe\xff": "UTF-16: save it as UTF-8, in PowerShell with Out-File -Encoding ascii",
    rb"\xef\xbb\xbf": "UTF-8 with a byte order mark (BOM): save it without one",
    rb"\s*[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\s*\Z": "an access token alone: the whole answer of the "
    "token endpoint is expected, in JSON",
}
# Members in which programs keep a moment beside the answer, such as expires_at, expiry, created_at and obtainedAt.
_MOMENT = r"(?!.*_in$)([A-Za-z]\w{0,30}_(at|on|time|date)|[a-z]\w{0,30}At|expir\w{0,30}|iat|exp|time(stamp)?|date)"
# Two clocks differ.
_TOLERANCE = timedelta(minutes=5)
_EXAMPLE = "2026-11-25T12:00:00+01:00"


def add_import(parser: Parser) -> None:
    """Add the arguments of ``import`` to its parser."""
    parser.explain(
        "Read a token response, as the token endpoint answers, from standard input, and\nkeep its token; or what token "
        "--format issued prints, which has a server and a\ntime of its own.",
        "ticktick-oauth import < response.json",
        f"ticktick-oauth import --issued-at {_EXAMPLE} < response.json",
    )
    add_server(parser)
    parser.add_argument(
        "--issued-at",
        metavar="TIME",
        type=_parse_time,
        help=f"when the response came, in ISO 8601 with an offset, such as {_EXAMPLE} (default: now)",
    )
    add_replace(parser)
    add_token_file(parser)
    parser.set_defaults(run=_import)


def add_check(parser: Parser) -> None:
    """Add the arguments of ``check`` to its parser."""
    parser.explain(
        "Validate a token response, and list all that is wrong with it.", "ticktick-oauth check response.json"
    )
    parser.add_argument("document", metavar="FILE", help="a file, or - for standard input")
    parser.set_defaults(run=_check)


def add_schema(parser: Parser) -> None:
    """Add the arguments of ``schema`` to its parser."""
    parser.explain("Print the JSON Schema of a token response.", "ticktick-oauth schema > token.schema.json")
    parser.set_defaults(run=_schema)


def _parse_time(text: str) -> datetime:
    with suppress(ValueError):
        time = parse_time(text)
        if time.utcoffset() is not None:
            return time
    raise ArgumentTypeError(f"a time is in ISO 8601 with an offset, such as {_EXAMPLE}")


def _import(arguments: Namespace) -> None:
    from .keeping import keep_somewhere, now, path_for

    path_for(arguments.token_file, arguments.server)  # where there is no place for it, nothing is read
    document = _read_document("-")
    try:
        if _is_kept(document):
            issued = load_issued(document)  # which has a server and a moment of its own
        else:
            token = loads(document)
            issued = IssuedToken(token=token, issued_at=arguments.issued_at or now(), server=arguments.server)
            moments = [name for name, value in _members(document).items() if value and re.fullmatch(_MOMENT, name)]
            if moments and arguments.issued_at is None:
                raise Stop(
                    f"standard input: this response was kept with a time of its own ({moments[0]}), so its expires_in "
                    "does not count from now: give the moment when it came by --issued-at",
                    ANSWER_IS_NO,
                )
    except OAuthError as error:
        reason = _recognize(document) or str(error)
    else:
        if issued.issued_at <= now() + _TOLERANCE:
            path = path_for(arguments.token_file, issued.server)
            keep_somewhere("Kept a token of", issued, path, replace=arguments.replace, even_if_refused=False)
            return
        reason = "by this machine's clock, this token was issued in the future"
    raise Stop(f"standard input: {reason}", ANSWER_IS_NO)


def _read_document(file: str) -> bytes:
    if file == "-" and is_terminal(sys.stdin):
        keys = "Ctrl-Z and Enter" if sys.platform == "win32" else "Ctrl-D"
        say(f"Paste the token response, then press {keys} on a line of its own:")
    return read_bounded(file, "standard input" if file == "-" else "FILE", _MAX_SIZE)


def _recognize(document: bytes) -> str | None:
    """Return what a document is that is not a token response, and what to do; None when it is nothing known."""
    kind = next((words for pattern, words in _KINDS.items() if re.match(pattern, document)), None)
    if _members(document).get("error") is not None:
        kind = "the server's refusal, not a token: sign in again with ticktick-oauth login"
    return kind and f"this is {kind}"


def _members(document: bytes) -> dict[str, object]:
    """Return the members of a JSON object; anything else has none."""
    with suppress(InvalidTokenError):
        return members_of(parse_json(document))
    return {}


def _is_kept(document: bytes) -> bool:
    """Return whether a document is what `dump_issued` writes, or its one-word form: whole, damaged or newer."""
    if re.fullmatch(rb"eyJ[\w\s=-]+", document.strip(b" \t\r\n\"'")):  # the beginning of a JSON object
        return True
    members = _members(document)
    return "access_token" not in members and not members.keys().isdisjoint({"version", "issued_at"})


def _check(arguments: Namespace) -> int:
    document = _read_document(arguments.document)
    kind = "this is a kept token: ticktick-oauth status --token-file FILE describes it"
    if _is_kept(document) or (kind := _recognize(document) or ""):
        print(f"document: {kind}")
        return ANSWER_IS_NO
    try:
        token = loads(document)
    except InvalidTokenError as error:
        print(*error.problems, sep="\n")
        return ANSWER_IS_NO
    print(f"a valid token response; expires_in is {token.expires_in} seconds ({token.expires_in // 86400} days)")
    return DONE


def _schema(_arguments: Namespace) -> None:
    from .._token.schema import json_schema

    print(json.dumps(json_schema(), indent=2))
