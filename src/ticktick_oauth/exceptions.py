"""Every error that this package raises for what the other side, the network or the disk did.

A caller's own mistake (a wrong type, an endpoint without TLS) is a ``TypeError`` or a ``ValueError`` instead,
raised at the call. No error here shows a token, a secret, a code, a state or a verifier, and all of them hold plain
data only: ``args`` are exactly what the constructor takes, which is what lets each of them be pickled and copied.
"""

from collections.abc import Iterable

from attrs import frozen


class OAuthError(Exception):
    """The base of every error of this package."""


@frozen
class Problem:
    """One reason why a document is not a token."""

    field: str
    """The name of the member at fault; empty for the document itself."""
    reason: str
    """What was expected and the type that was met, in words, never the value."""


class InvalidTokenError(OAuthError, ValueError):
    """A document is not the token that TickTick's token endpoint promises (see ``OAuthTokenV1``)."""

    # A slot, so that the bytes of a document that may hold a token are in no `vars`, `args` or pickle.
    __slots__ = ("body",)

    problems: tuple[Problem, ...]
    """All that is wrong with the document, in the order of the token's fields."""
    body: bytes | None
    """What the token endpoint answered, when that is where the document came from: an issued token that does not
    validate is not lost. None otherwise, and in a copy or after pickling."""

    def __init__(self, problems: Iterable[Problem], body: bytes | None = None) -> None:
        self.problems = tuple(problems)
        self.body = body
        self.args = (self.problems,)  # which `Exception` would fill with the body too

    def __str__(self) -> str:
        reasons = "; ".join(f"{problem.field or 'document'}: {problem.reason}" for problem in self.problems)
        return f"not a TickTick token: {reasons}"


class InvalidRedirectError(OAuthError, ValueError):
    """The address that the browser was sent to is not an answer that this authorization request can trust."""


class StateMismatchError(InvalidRedirectError):
    """The redirect's state is missing or is not this request's (RFC 6749 section 10.12): do not use its code."""


class AuthorizationError(OAuthError):
    """The authorization server redirected with an error (RFC 6749 section 4.1.2.1): no code was issued."""

    def __init__(self, error: str, description: str | None = None, uri: str | None = None) -> None:
        self.error = error
        """The RFC's error code, such as ``access_denied``; printable, 200 characters at most."""
        self.description = description
        """The server's ``error_description``, printable, 200 characters at most; None when it gave none."""
        self.uri = uri
        """The server's ``error_uri``, printable, 200 characters at most; None when it gave none."""
        super().__init__(error, description, uri)

    def __str__(self) -> str:
        meaning = "the person denied the access" if self.error == "access_denied" else "no code was issued"
        detail = f" ({self.description})" if self.description else ""
        return f"{meaning}: {self.error}{detail}"


class TokenEndpointError(OAuthError):
    """The token endpoint refused the request or failed (RFC 6749 section 5.2): it issued no token."""

    def __init__(
        self,
        status: int,
        error: str | None = None,
        description: str | None = None,
        retry_after: int | None = None,
        hint: str | None = None,
    ) -> None:
        self.status = status
        """The HTTP status."""
        self.error = error
        """The error code that the server gave, such as ``invalid_grant``; None when the answer holds none."""
        self.description = description
        """The server's words, printable, 200 characters at most, the request's own secrets cut out; None when none."""
        self.retry_after = retry_after
        """Seconds to wait before a new attempt; None when the server does not say."""
        self.hint = hint
        """What to do next, in this package's words; None when it knows nothing better than the server's."""
        super().__init__(status, error, description, retry_after, hint)

    def __str__(self) -> str:
        said = ": ".join(part for part in (self.error, self.description) if part)
        parts = [f"the token endpoint answered with status {self.status}" + (f", {said}" if said else "")]
        if self.retry_after is not None:
            parts.append(f"it asks to wait {self.retry_after} seconds")
        if self.hint:
            parts.append(self.hint)
        return "; ".join(parts)


class TransportError(OAuthError):
    """No usable answer came from the token endpoint."""

    def __init__(self, reason: str, code_unused: bool = False) -> None:  # noqa: FBT001, FBT002 - it pickles by position
        self.reason = reason
        """What went wrong, in words."""
        self.code_unused = code_unused
        """True only when surely not one byte of the request left, so that the same code may be sent again."""
        super().__init__(reason, code_unused)

    def __str__(self) -> str:
        if self.code_unused:
            return f"{self.reason}; the code was not sent and may be used again"
        return f"{self.reason}; outcome unknown, so start again at the authorization URL: the code may be spent"


class DeadlineExceededError(TransportError):
    """The time that the caller gave for the whole exchange ran out."""


class StorageError(OAuthError, OSError):
    """A kept token cannot be read, written or understood.

    ``strerror``, ``filename`` and ``errno`` are those of ``OSError``: what went wrong and what to do, in words and
    never with the file's content; the path, or None when there is none; the system's error number, or None.
    """

    def __init__(self, reason: str, filename: str | None = None, errno: int | None = None) -> None:
        super().__init__(errno, reason, filename)

    def __str__(self) -> str:
        return f"{self.filename}: {self.strerror}" if self.filename else str(self.strerror)

    def __reduce__(self) -> tuple[type["StorageError"], tuple[str | None, str | None, int | None]]:
        # OSError would reduce to its own order of the arguments, errno first.
        return type(self), (self.strerror, self.filename, self.errno)
