"""Run the command ``status``."""

from argparse import Namespace
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from .._protocol.issued_token import IssuedToken
from .._protocol.server import DIDA365, TICKTICK
from ..exceptions import StorageError
from ..storage._kept import command_for, name_of
from .keeping import describe_expiry, find_places, now
from .output import ANSWER_IS_NO, DONE, FAILED, NOT_KEPT, Stop, answer
from .parser import Parser, add_network, add_server, add_token_file, parse_duration

if TYPE_CHECKING:
    from .network import Network

# Where the service's API is.
_SERVICES = {TICKTICK.issuer: "https://api.ticktick.com", DIDA365.issuer: "https://api.dida365.com"}
# What --json prints of a token that there is nothing to say of; "message" is what is printed without it.
_NOTHING = dict.fromkeys(("status", "expires_at", "remaining_seconds", "issuer", "token_file", "message"))
_CODES = {"valid": DONE, "error": NOT_KEPT, "unknown": FAILED}


def add_status(parser: Parser) -> None:
    """Add the command's arguments to its parser."""
    parser.explain(
        "Show of every kept token whose it is, until when it is valid, and where it is.\n"
        "The exit code is 0 only if all of them are valid.",
        "ticktick-oauth status",
        "ticktick-oauth status --fail-within 14d || echo 'sign in soon'",
    )
    parser.add_argument(
        "--fail-within",
        metavar="TIME",
        type=parse_duration,
        default=timedelta(0),
        help="exit 1 if no more than this remains, as 14d, 12h, 30m or 90s (default: 0s)",
    )
    parser.add_argument("--online", action="store_true", help="ask the service whether it still takes the token")
    parser.add_argument("--json", action="store_true", help="print a JSON array, with an object for each token")
    add_server(parser, None, "every one")
    add_token_file(parser)
    add_network(parser, "the network, for --online")
    parser.set_defaults(run=_status)


def _status(arguments: Namespace) -> int:
    network = None
    if arguments.online:
        from .network import Network

        network = Network(arguments)
    try:
        places = find_places(arguments.token_file, arguments.server)
        found: list[dict[str, Any]] = [_report(place, load, arguments, network) for place, load in places]
    except StorageError as error:
        found = [{**_NOTHING, "status": "error", "message": str(error)}]
    reports = [report for report in found if report["status"] != "none"] or found[-1:]
    if arguments.json:
        import json

        print(json.dumps(reports))
    else:
        for report in reports:
            answer(report["message"])
    codes = {_CODES.get(report["status"], ANSWER_IS_NO) for report in reports}
    return ANSWER_IS_NO if ANSWER_IS_NO in codes else max(codes)


def _report(
    place: str, load: Callable[[], IssuedToken | None], arguments: Namespace, network: "Network | None"
) -> dict[str, Any]:
    """Return what there is to say of a token."""
    try:
        issued = load()
    except StorageError as error:
        return _NOTHING | {"token_file": place, "status": "error", "message": str(error)}
    if issued and arguments.server and arguments.server.issuer != issued.server.issuer:
        issued = None
    server = issued.server if issued else arguments.server or TICKTICK
    advice = f"sign in with: {command_for(server, arguments.token_file)}"
    if place.startswith("$"):
        advice = f"unset it, and {advice}"
    name, at = name_of(server), now()
    if issued is None:
        line = f"Not signed in to {name}: no token is kept in {place}; {advice}"
        return _NOTHING | {"token_file": place, "status": "none", "message": line}
    expiry = describe_expiry(issued, at=at)
    line = f"Signed in to {name} {expiry}; the token is kept in {place}"
    if issued.is_expired(now=at):
        state, line = "expired", f"The token of {name} in {place} {expiry}; {advice}"
    else:
        state, reason = _ask(issued, network) if network else ("valid", "")
        if state == "refused":
            line = f"{name} does not take the token in {place} any more; {advice}"
        line += reason
        if state == "valid" and issued.is_expired(now=at, leeway=arguments.fail_within):
            state = "expiring"
            line += f"; when it has ended, {advice} (until then, {name} gives the same token again)"
    return {
        "status": state,
        "expires_at": issued.expires_at.isoformat(),
        "remaining_seconds": int(issued.remaining(now=at).total_seconds()),
        "issuer": server.issuer,
        "token_file": place,
        "message": line,
    }


def _ask(issued: IssuedToken, network: "Network") -> tuple[str, str]:
    """Ask the service for the list of projects; return whether it takes the token, or why that is not known."""
    from .._network.calls import send_request
    from .._protocol.address import Address

    issuer = issued.server.issuer
    address = Address.parse(issuer)
    service = _SERVICES.get(issuer) or (issuer if address and address.is_loopback else None)
    if service is None:
        return "unknown", f"; nobody knows where {issuer} could be asked whether it still takes it"
    headers = {"Authorization": issued.token.authorization_header(), "Accept": "application/json"}
    question = SimpleNamespace(method="GET", url=f"{service}/open/v1/project", headers=headers, body=b"")
    try:
        status = network.send(question.url, send_request, question).status
    except Stop as stop:
        reason = stop.message
    else:
        if status in {200, 401}:
            return ("valid", "; the service takes it") if status == 200 else ("refused", "")
        reason = f"it answered with status {status}"
    return "unknown", f"; whether the service still takes it is not known: {reason}"
