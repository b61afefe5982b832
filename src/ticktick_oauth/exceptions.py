"""Define every error that this package raises for what the other side, the network or the disk did.

A caller's own mistake (a wrong type, an endpoint without TLS) is a ``TypeError`` or a ``ValueError`` instead,
raised at the call. No error here shows a token, a secret, a code, a state or a verifier, and all of them hold plain
data only: ``args`` are exactly what the constructor takes, which is what lets each of them be pickled and copied.

Where an error of the package stands for another, it is made in the ``except`` block and raised behind it: raised
inside, it would carry the original, and with it perhaps a secret, as its ``__context__``.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

__all__ = [
    "AuthorizationError",
    "DeadlineExceededError",
    "EndpointError",
    "InvalidRedirectError",
    "InvalidTokenError",
    "OAuthError",
    "Problem",
    "RegistrationError",
    "SignInCancelledError",
    "SignInRequiredError",
    "StateMismatchError",
    "StorageError",
    "TokenEndpointError",
    "TransportError",
]


class OAuthError(Exception):
    """The base of every error of this package."""


class Problem(NamedTuple):
    """One reason why a document is not a token; its ``str`` is ``field: reason``."""

    field: str
    """The name of the member at fault; empty for the document itself."""
    reason: str
    """What was expected and the type that was met, in words, never the value."""

    def __str__(self) -> str:
        return f"{self.field or 'document'}: {self.reason}"


class InvalidTokenError(OAuthError, ValueError):
    """A document is not the token that TickTick's token endpoint promises (see ``OAuthTokenV1``)."""

    # A slot, so that the bytes of a document that may hold a token are in no `vars`, `args` or pickle.
    __slots__ = ("body",)

    args: tuple[tuple[Problem, ...]]
    problems: tuple[Problem, ...]
    """All that is wrong with the document, in the order of the token's fields."""
    body: bytes | None
    """What the token endpoint answered, when the document came from there, so that an issued token that does not
    validate is not lost. None otherwise, and in a copy or after pickling."""

    def __init__(self, problems: Iterable[Problem], body: bytes | None = None) -> None:
        self.problems = tuple(problems)
        self.body = body
        self.args = (self.problems,)  # which `Exception` would fill with the body too

    def __str__(self) -> str:
        return f"not a TickTick token: {'; '.join(map(str, self.problems))}"


class InvalidRedirectError(OAuthError, ValueError):
    """The address that the browser was sent to is not an answer that this authorization request can trust."""


class StateMismatchError(InvalidRedirectError):
    """The redirect's state is missing or is not this request's (RFC 6749 section 10.12): do not use its code."""


class AuthorizationError(OAuthError):
    """The authorization server redirected with an error (RFC 6749 section 4.1.2.1): no code was issued."""

    def __init__(self, error: str, description: str | None = None, uri: str | None = None) -> None:
        self.error = error
        """The RFC's error code, such as ``access_denied``; printable, at most 200 characters."""
        self.description = description
        """The server's ``error_description``, printable, at most 200 characters; None when it sent none."""
        self.uri = uri
        """The server's ``error_uri``, printable, at most 200 characters; None when it sent none."""
        super().__init__(error, description, uri)

    def __str__(self) -> str:
        meaning = "the person denied the access" if self.error == "access_denied" else "no code was issued"
        detail = f" ({self.description})" if self.description else ""
        return f"{meaning}: {self.error}{detail}"


class EndpointError(OAuthError):
    """An endpoint refused, failed, or answered with what cannot be used."""

    _who = "the endpoint"

    def __init__(
        self,
        status: int | None,
        error: str | None = None,
        description: str | None = None,
        retry_after: int | None = None,
        hint: str | None = None,
    ) -> None:
        self.status = status
        """The HTTP status; None when a document is at fault and not the answer that brought it."""
        self.error = error
        """The error code that the server sent, such as ``invalid_grant``; None when the answer holds none."""
        self.description = description
        """The server's words, printable, at most 200 characters, secrets cut out; None when it sent none."""
        self.retry_after = retry_after
        """Seconds to wait before a new attempt; None when the server does not say."""
        self.hint = hint
        """What is wrong or what to do next, in this package's words; None when it knows nothing better."""
        super().__init__(status, error, description, retry_after, hint)

    def __str__(self) -> str:
        parts: list[str] = []
        if self.status is not None:
            words = ": ".join(filter(None, (self.error, self.description)))
            parts.append(f"{self._who} answered with status {self.status}" + (f", {words}" if words else ""))
        if self.retry_after is not None:
            parts.append(f"it asks to wait {self.retry_after} seconds")
        if self.hint:
            parts.append(self.hint)
        return "; ".join(parts)


class TokenEndpointError(EndpointError):
    """The token endpoint refused the request or failed (RFC 6749 section 5.2): it issued no token."""

    _who = "the token endpoint"
    status: int


class RegistrationError(EndpointError):
    """The server's metadata (RFC 8414) or its answer to a registration (RFC 7591) is a refusal or cannot be used."""

    _who = "the server"


class TransportError(OAuthError):
    """No usable answer came."""

    def __init__(self, reason: str, code_unused: bool | None = False) -> None:  # noqa: FBT001, FBT002 - it pickles by position
        self.reason = reason
        """What went wrong, in words."""
        self.code_unused = code_unused
        """True only when not one byte of the request left, so that the same code may be sent again; None when the
        request carried no code."""
        super().__init__(reason, code_unused)

    def __str__(self) -> str:
        if self.code_unused is None:
            return self.reason
        if self.code_unused:
            return f"{self.reason}; the code was not sent and may be used again"
        return f"{self.reason}; outcome unknown, so start again at the authorization URL: the code may be spent"


class DeadlineExceededError(TransportError):
    """The time that the caller allowed ran out."""


class SignInCancelledError(OAuthError):
    """The program ended the sign-in."""


class SignInRequiredError(OAuthError):
    """No usable token is kept; the message says what to run or call."""

    def __init__(self, reason: str, advice: str = "") -> None:
        self.reason = reason
        """What is missing, without advice, for a program that gives its own."""
        super().__init__(reason, advice)

    def __str__(self) -> str:
        return "; ".join(filter(None, self.args))


class StorageError(OAuthError, OSError):
    """A kept token cannot be read, written or understood.

    ``strerror``, ``filename`` and ``errno`` are those of ``OSError``: what went wrong and what to do, in words and
    never with the file's content; the path, or None when there is none; the system's error number, or None.
    """

    # A slot, so that the token is in no `vars`, `args` or pickle.
    __slots__ = ("issued",)

    issued: Any
    """The ``IssuedToken`` that could not be kept, so that it is not lost. None otherwise, and in a copy or after
    pickling."""

    def __init__(
        self, reason: str, filename: str | None = None, errno: int | None = None, *, issued: object = None
    ) -> None:
        self.issued = issued
        super().__init__(errno, reason, filename)

    def __str__(self) -> str:
        return f"{self.filename}: {self.strerror}" if self.filename else str(self.strerror)

    def __reduce__(self) -> tuple[type["StorageError"], tuple[str | None, str | None, int | None]]:
        # OSError would reduce to its own order of the arguments, errno first.
        return type(self), (self.strerror, self.filename, self.errno)
