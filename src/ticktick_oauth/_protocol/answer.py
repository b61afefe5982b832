"""Read an answer that is a refusal: what the server says (RFC 6749 section 5.2), and what its status and body mean."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple, cast

from .._token.parsing import parse_json
from ..exceptions import InvalidTokenError
from .redaction import clean

# More digits than this are not a number of seconds that anybody waits: 31 years have nine.
_MAX_RETRY_AFTER_DIGITS = 10
# What a server may issue in an answer that is a refusal all the same (RFC 6749 section 5.1, RFC 7591 section 3.2.1).
_ISSUED = ("access_token", "refresh_token", "client_secret", "registration_access_token")


class Refusal(NamedTuple):
    """What there is to say of a refusal: the arguments, in their order, of the errors that stand for one."""

    status: int
    error: str | None
    description: str | None
    retry_after: int | None
    hint: str | None


def read_object(body: bytes) -> dict[str, object] | None:
    """Return the members of a JSON object; None for anything else, such as a page of HTML."""
    try:
        document = parse_json(body)
    except InvalidTokenError:
        return None
    return cast("dict[str, object]", document) if isinstance(document, dict) else None


def read_refusal(  # noqa: PLR0913 - an answer, and what is known of its request
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    endpoint: str,
    secrets: Iterable[str | None] = (),
    unread: str | None = None,
) -> Refusal:
    """Read a refusal.

    Args:
        status: The HTTP status.
        headers: The headers, looked up without regard to case.
        body: The body.
        endpoint: The name of the address that was asked, for the hint at a redirect.
        secrets: What the server may repeat and nobody may show.
        unread: Why the body was not read; None when it was.

    """
    headers = {name.lower(): value for name, value in headers.items()}
    members = read_object(body) or {}
    # What the server issued in the same breath is a secret, too.
    issued = (members.get(name) for name in _ISSUED)
    secrets = [*secrets, *(value for value in issued if isinstance(value, str))]
    # RFC 6749 section 5.2, or TickTick's own shape.
    texts = (
        next((members[name] for name in names if members.get(name) is not None), None)
        for names in (("error", "errorCode"), ("error_description", "errorMessage"))
    )
    error, description = (clean(text, secrets) or None if isinstance(text, str) else None for text in texts)
    hint: str | None
    if unread is not None:
        hint = f"the answer was not read: {unread}"
    elif 300 <= status < 400 and "location" in headers:
        host = clean(_host(headers["location"]), secrets)
        hint = f"it redirects to {host}, which is not followed: check the server's {endpoint}"
    else:
        hint = None if error else _body_hint(body)
    return Refusal(status, error, description, _retry_after(headers), hint)


def _body_hint(body: bytes) -> str:
    if not body:
        return "the answer is empty: it may come from a proxy or a firewall"
    try:
        parse_json(body)
    except InvalidTokenError:
        return "the answer is not JSON: it may come from a proxy or a firewall"
    return "the answer is JSON without an error code"


def _host(location: str) -> str:
    from urllib.parse import urlsplit

    try:
        return urlsplit(location).hostname or "the same host"
    except ValueError:
        return "an unreadable address"


def _retry_after(headers: Mapping[str, str]) -> int | None:
    """Return the Retry-After header in seconds (RFC 9110 section 10.2.3), with no clock but the answer's own Date."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdecimal():
        return int(value) if len(value) <= _MAX_RETRY_AFTER_DIGITS else None
    if not value or "date" not in headers:
        return None
    from email.utils import parsedate_to_datetime

    try:
        wait = parsedate_to_datetime(value) - parsedate_to_datetime(headers["date"])
    except (TypeError, ValueError, OverflowError):  # not a date; or one with a time zone and one without
        return None
    return max(0, int(wait.total_seconds()))
