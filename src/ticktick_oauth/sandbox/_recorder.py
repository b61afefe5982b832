"""Record what a token endpoint is asked, without the secrets in it, and force what it answers."""

import threading
from collections import deque
from contextlib import suppress

from attrs import frozen

from .._protocol.redaction import REDACTED
from .._sign_in.http_server import Answer, Request
from ._answers import read_form, read_query
from ._authority import TOKEN_PATH, Authority

# What is shown as it came; whatever else comes may be a secret in the wrong place.
_SHOWN_HEADERS = {"accept", "accept-encoding", "connection", "content-length", "content-type", "host", "user-agent"}
_SHOWN_PARAMETERS = {"client_id", "grant_type", "redirect_uri", "scope"}
# Whose names are shown.
_SECRET_PARAMETERS = {"client_secret", "code", "code_verifier", "password", "refresh_token", "username"}
_SCHEMES = {"Basic", "Bearer"}


@frozen(kw_only=True)
class ReceivedRequest:
    """What the token endpoint was asked, with ``[redacted]`` in place of all that may be a secret."""

    method: str
    headers: dict[str, str]
    """The headers, their names in lower case; of Basic and Bearer credentials, the scheme is shown."""
    form: dict[str, str]
    """The parameters of the body and of the address."""

    @classmethod
    def of(cls, request: Request) -> "ReceivedRequest":
        """Redact a request."""
        parameters = {**read_form(request), **read_query(request)}
        return cls(
            method=request.method,
            headers={name: _redact_header(name, value) for name, value in request.headers.items()},
            form=dict(_redact_parameter(name, value) for name, value in parameters.items()),
        )


class Recorder:
    """Records what an authority is asked; its methods may be called from several threads."""

    requests: list[ReceivedRequest]
    """What the token endpoint was asked, in the order of arrival."""

    def __init__(self, authority: Authority) -> None:
        """Begin with an empty record of what this authority is asked."""
        self.requests = []
        self.closing = threading.Event()
        """Set it to cut the delays short."""
        self._authority = authority
        self._forced: deque[tuple[Answer, float]] = deque()

    def force(self, answer: Answer, delay: float) -> None:
        """Force the token endpoint's next answer, after a delay in seconds; several queue up."""
        self._forced.append((answer, delay))

    def answer(self, request: Request) -> Answer:
        """Answer any request."""
        if request.path == TOKEN_PATH:
            self.requests.append(ReceivedRequest.of(request))
            with suppress(IndexError):  # nothing is forced
                answer, delay = self._forced.popleft()
                self.closing.wait(delay)
                return answer
        return self._authority.answer(request)


def _redact_header(name: str, value: str) -> str:
    if name in _SHOWN_HEADERS:
        return value
    scheme = value.split(maxsplit=1)[0] if name == "authorization" and value else ""
    return f"{scheme} {REDACTED}" if scheme in _SCHEMES else REDACTED


def _redact_parameter(name: str, value: str) -> tuple[str, str]:
    if name in _SHOWN_PARAMETERS:
        return name, value
    return name if name in _SECRET_PARAMETERS else REDACTED, REDACTED
