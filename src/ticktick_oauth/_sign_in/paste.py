"""Find the redirect of one sign-in in whatever a person copied: by its state, which nobody else knows."""

import re
from html import unescape
from urllib.parse import unquote

from .._protocol.address import Address
from .._protocol.authorization import AuthorizationRequest
from .._protocol.authorization_code import AuthorizationResponse
from ..exceptions import InvalidRedirectError, StateMismatchError

# What terminals put around a paste, and what shells, JSON and Windows put before an "&", a "?" or a "=".
_MARKS = r"\x1b?\[20[01]~"
_ESCAPES = r"\\u0026|[\\^](?=[&?=])"
# The parameters behind the state. Quotes and brackets end an address, and so does a dot behind it.
_MORE = r"(?:&[A-Za-z0-9_]+=[^&\s\"'<>`)\]}\\]*)*"


def parse_paste(request: AuthorizationRequest, text: str) -> AuthorizationResponse:
    """Read the redirect that answers this request out of a text that may hold much else, or raise what it comes to.

    Quotes, brackets, white space and line breaks inside, HTML, a missing scheme, https for http, and words before and
    behind it do not matter. A code without this request's state is never taken.
    """
    failure = None
    for reading in _readings(text):
        for query in _queries(reading, request):
            try:
                return request.parse_response(query)
            except InvalidRedirectError as error:  # noqa: PERF203 - a few readings
                failure = failure or str(error)
    if failure is not None:
        raise InvalidRedirectError(f"{failure}; {_wanted(request)}")
    raise _explain(re.sub(r"\s", "", text), request)


def _readings(text: str) -> list[str]:
    """Return what a text may stand for, the most faithful one first."""
    text = re.sub(_MARKS, "", text)
    text = "".join(character for character in text if character.isprintable() or character.isspace()).strip()
    *lines, last = re.split(r"[\r\n]+", text)
    joined = "".join(map(str.strip, (*lines, last)))  # an address that was broken into lines
    # A code at the end of a line may go on in the next.
    ends = [line.rpartition("code=") for line in lines]
    first = [joined, text] if any(mark and not re.search(r"[&\s]", code) for _, mark, code in ends) else [text, joined]
    readings = [_unescape(reading) for reading in [*first, re.sub(r"\s", "", text)]]
    return [*readings, *map(unquote, readings)]


def _unescape(text: str) -> str:
    return re.sub(_ESCAPES, lambda match: "&" if len(match[0]) > 1 else "", unescape(unescape(text)))


def _queries(text: str, request: AuthorizationRequest) -> list[str]:
    """Return the queries around this request's state that stand behind its redirect URI, or alone."""
    expected = Address.parse(request.client.redirect_uri)
    queries: list[str] = []
    start = 0
    for match in re.finditer(r"\bstate=", text):
        # The state is looked for first: a search for what stands before it would take minutes in a long text. It is in
        # no pattern, since `re` keeps those.
        if match.start() < start or not text.startswith(request.state, match.end()):
            continue
        more = next(re.compile(_MORE).finditer(text, match.end() + len(request.state)))
        before = re.split(r"\s", text[start : more.start()])[-1]
        start = more.end()
        address, mark, query = before.rpartition("?")
        if mark and expected and address not in {"", expected.path} and not _ends_with(address, expected):
            continue
        query = re.sub(r"^\W*", "", query) + more[0].rstrip(".,;:!")
        if re.search(r"\b(?:code|error)=", query):
            queries.append(f"?{query}")
    return queries


def _ends_with(address: str, expected: Address) -> bool:
    """Return whether a text ends with an address, whatever its scheme."""
    host = re.escape(f"[{expected.host}]" if ":" in expected.host else expected.host)
    path = re.escape(expected.path) if expected.path != "/" else "/?"
    port = "" if expected.port in {80, 443} else f":{expected.port}"
    pattern = rf"(?i:(?:.*[^a-z0-9.-])?{host}){port or '(?::[0-9]+)?'}{path}"
    return re.fullmatch(pattern, address) is not None


def _explain(text: str, request: AuthorizationRequest) -> InvalidRedirectError:
    """Return the error for a text without white space in which no redirect of this request is."""
    wanted = _wanted(request)
    if "response_type=code" in text and request.state in text:
        return InvalidRedirectError(f"that is the address to open: allow the access there first; {wanted}")
    found = re.search(r"\bstate=([\w.~%-]*)", text)
    if found and not request.state.startswith(found[1]):
        return StateMismatchError(f"that is the address of another sign-in; open the address of this one; {wanted}")
    if re.search(r"://|\bcode=|\bstate=|/\?", text):
        return InvalidRedirectError(f"that is not the whole address; {wanted}")
    return InvalidRedirectError(f"that is not an address; {wanted}")


def _wanted(request: AuthorizationRequest) -> str:
    start = request.client.redirect_uri.partition("?")[0]
    return f"paste the whole address of the page that the browser ended on, from {start} to its end"
