"""Hold what all requests share and what comes back, and read from a refusal what the server says (RFC 6749 5.2)."""

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import ClassVar, Generic, TypeAlias, TypeVar

from .._checks import check_type
from .._token.parsing import members_of, parse_json
from ..exceptions import InvalidTokenError
from .redaction import clean

# More digits than this are not a number of seconds that anybody waits: 31 years have nine.
_MAX_RETRY_AFTER_DIGITS = 10
# What a server may issue in an answer that is a refusal all the same (RFC 6749 section 5.1, RFC 7591 section 3.2.1).
_ISSUED = ("access_token", "refresh_token", "client_secret", "registration_access_token")
_Result = TypeVar("_Result")
# What there is to say of a refusal: the arguments of an EndpointError, a status first and a hint last.
Refusal: TypeAlias = tuple[int, str | None, str | None, int | None, str | None]


class EndpointAnswer:
    """What came back for a request; its body is parsed at most once, when it is first asked for."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes, unread: str | None = None) -> None:
        """Hold the parts; ``unread`` says why the body was not read, None when it was."""
        self.status = check_type("status", status, int)
        self.headers = headers
        self.body = check_type("body", body, bytes)
        self.unread = unread

    @cached_property
    def document(self) -> "object | InvalidTokenError":
        """The body's JSON value, or the error that says why it is not JSON."""
        try:
            return parse_json(self.body)
        except InvalidTokenError as error:
            return InvalidTokenError(error.problems)  # without a traceback, whose frames hold the body

    @property
    def members(self) -> dict[str, object]:
        """The members of a JSON object; anything else, such as a page of HTML, has none."""
        return members_of(self.document)

    def header(self, name: str) -> str | None:
        """Return a header by its name in lower case; None when there is none."""
        return next((value for key, value in self.headers.items() if key.lower() == name), None)

    def read_refusal(self, endpoint: str, secrets: Iterable[str | None] = ()) -> Refusal:
        """Read a refusal by the endpoint of this name; ``secrets`` are what it may repeat and nobody may show."""
        members = self.members
        # What the server issued in the same breath is a secret, too.
        issued = (members.get(name) for name in _ISSUED)
        secrets = [*secrets, *(value for value in issued if isinstance(value, str))]
        # RFC 6749 section 5.2, or TickTick's own shape.
        texts = (
            next((members[name] for name in names if members.get(name) is not None), None)
            for names in (("error", "errorCode"), ("error_description", "errorMessage"))
        )
        error, description = (clean(text, secrets) or None if isinstance(text, str) else None for text in texts)
        location = self.header("location")
        hint = None
        if self.unread is not None:
            hint = f"the answer was not read: {self.unread}"
        elif 300 <= self.status < 400 and location is not None:
            host = clean(_host(location), secrets)
            hint = f"it redirects to {host}, which is not followed: check the server's {endpoint}"
        elif not error and isinstance(self.document, InvalidTokenError):
            hint = f"the answer is {'not JSON' if self.body else 'empty'}: it may come from a proxy or a firewall"
        elif not error:
            hint = "the answer is JSON without an error code"
        return self.status, error, description, self._retry_after(), hint

    def _retry_after(self) -> int | None:
        """Return the Retry-After header in seconds (RFC 9110 section 10.2.3), by no clock but the answer's own Date."""
        value = (self.header("retry-after") or "").strip()
        if value.isascii() and value.isdecimal():
            return int(value) if len(value) <= _MAX_RETRY_AFTER_DIGITS else None
        date = self.header("date")
        if not value or date is None:
            return None
        from email.utils import parsedate_to_datetime

        try:
            wait = parsedate_to_datetime(value) - parsedate_to_datetime(date)
        except (TypeError, ValueError, OverflowError):  # not a date; or one with a time zone and one without
            return None
        return max(0, int(wait.total_seconds()))


class OAuthRequest(Generic[_Result]):
    """A request as plain values, for any HTTP client to carry, and the reading of its answer."""

    __slots__ = ()  # or the requests would each have a `__dict__`

    method: ClassVar[str] = "POST"
    """The HTTP method."""

    @property
    @abstractmethod
    def url(self) -> str:
        """The address to send it to."""

    @property
    def headers(self) -> dict[str, str]:
        """The headers, in a fresh dict; a confidential client's Authorization is a secret."""
        return {"Accept": "application/json", "User-Agent": "ticktick-oauth"}

    @property
    def body(self) -> bytes:
        """The body, a secret where it has a code; empty with a GET."""
        return b""

    def parse_response(self, status: int, headers: Mapping[str, str], body: bytes) -> _Result:
        """Read the answer.

        Args:
            status: The HTTP status.
            headers: The headers, looked up without regard to case.
            body: The body, decoded if it came with a content encoding.

        Raises:
            EndpointError: the server refused, or its answer cannot be used: a ``TokenEndpointError`` for a token
                request, a ``RegistrationError`` for the other two.
            InvalidTokenError: a token request was answered with something else than a token: ``body`` of the error
                keeps the bytes.
            TypeError: the status or the body is of the wrong type.

        """
        return self._read(EndpointAnswer(status, headers, body))

    @abstractmethod
    def _read(self, answer: EndpointAnswer) -> _Result:
        """Do what ``parse_response`` does, with an answer whose body may not have been read."""


def _host(location: str) -> str:
    from urllib.parse import urlsplit

    try:
        return urlsplit(location).hostname or "the same host"
    except ValueError:
        return "an unreadable address"
