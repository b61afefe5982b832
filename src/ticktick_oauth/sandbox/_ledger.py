"""Keep what an authorization server knows: its clients, the codes it gave out, and its tokens. All in memory."""

import re
import secrets
import string
import threading
from collections.abc import Callable
from uuid import UUID, uuid4

from attrs import field, frozen

from .._token.model import SCOPE
from ._answers import Refused

# Scheme, host, port and path of a redirect URI, as they stand; user information, query and fragment are not looked at.
_REDIRECT_URI = re.compile(r"([^:/?#]+)://(?:[^@/?#]*@)?(\[[^]]*\]|[^:/?#]*)(:[0-9]*)?([^?#]*)")


@frozen(kw_only=True)
class RegisteredClient:
    """A client as the server knows it (RFC 7591 section 2)."""

    client_id: str = field(factory=lambda: secrets.token_hex(8))  # a command line takes a "-" in front for an option
    client_secret: str | None = field(repr=False)
    """None for a public client (RFC 6749 section 2.1)."""
    redirect_uris: tuple[str, ...]
    scope: str = SCOPE
    """What it may ask for, words in their order."""
    name: str | None = None

    def resolve(self, asked: str | None) -> str | None:
        """Return the redirect URI that an authorization request means; None when it is not this client's.

        As Spring has it: scheme, host, port and path decide, and a subdomain counts as its domain.
        """
        if asked is None:
            return self.redirect_uris[0] if len(self.redirect_uris) == 1 else None
        return asked if any(_matches(asked, registered) for registered in self.redirect_uris) else None

    def check_scope(self, asked: str) -> str:
        """Return the scope that is asked for, in its order; when none is, all that this client may ask for."""
        allowed = self.scope.split()
        # Spring takes a '+' that was not decoded for a space.
        words = sorted(set(re.split(r"[\s+]+", asked)) - {""}) or allowed
        for word in words:
            if word not in allowed:
                raise Refused("invalid_scope", f"Invalid scope: {word}", scope=self.scope)
        return " ".join(words)


def _matches(asked: str, registered: str) -> bool:
    one, other = _REDIRECT_URI.match(asked), _REDIRECT_URI.match(registered)
    if one is None or other is None:
        return False
    is_host = f".{one[2]}".endswith(f".{other[2]}")
    return is_host and one.group(1, 3, 4) == other.group(1, 3, 4)


@frozen(kw_only=True)
class Grant:
    """What a code stands for (RFC 6749 section 4.1.2: "bound to the client identifier and redirection URI")."""

    client_id: str
    user: str
    scope: str
    redirect_uris: tuple[str | None, ...]
    """What the token request may name; None when it may leave the redirect URI out."""
    code_challenge: str | None
    """None when no verifier is asked for."""


class Ledger:
    """What one server knows; its methods may be called from several threads."""

    def __init__(self, *, lifetime: int, clock: Callable[[], float]) -> None:
        """Begin with nothing; a token is good for ``lifetime`` seconds of the clock."""
        self.clients: dict[str, RegisteredClient] = {}
        self.grants: dict[str, Grant] = {}
        self._lifetime = lifetime
        self._clock = clock
        self._lock = threading.Lock()
        self._tokens: dict[tuple[str, str, str], tuple[UUID, float]] = {}

    def issue_code(self, grant: Grant) -> str:
        """Return a fresh code for a grant: six letters or digits, as TickTick's have been seen."""
        code = "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(6))
        self.grants[code] = grant
        return code

    def issue_token(self, grant: Grant) -> tuple[UUID, int]:
        """Return the one token of a client, a user and a scope, and its whole seconds; a new one once it expired."""
        key = grant.client_id, grant.user, grant.scope
        with self._lock:
            now = self._clock()
            token, issued_at = self._tokens.get(key, (uuid4(), now))
            if now - issued_at > self._lifetime:
                token, issued_at = uuid4(), now
            self._tokens[key] = token, issued_at
        return token, int(self._lifetime - (now - issued_at))

    def is_valid(self, token: str) -> bool:
        """Return whether a token was issued, and has time left."""
        with self._lock:
            issued = [issued_at for known, issued_at in self._tokens.values() if str(known) == token]
        return any(self._clock() - issued_at <= self._lifetime for issued_at in issued)
