"""One sign-in, from listening to its token: the road of ``sign_in``, ``get_token`` and the command ``login``."""

import time
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from attrs import define, field

from .._checks import check_text, check_type
from .._network.calls import MAX_TIMEOUT, check_pool, check_timeout, discover_server, exchange_code, register_client
from .._protocol.address import check_address
from .._protocol.authorization import AuthorizationRequest
from .._protocol.client import Client
from .._protocol.issued_token import IssuedToken
from .._protocol.redaction import shorten
from .._protocol.server import TICKTICK, AuthorizationServer, check_server
from ..exceptions import AuthorizationError, DeadlineExceededError, SignInCancelledError, TransportError
from .paste import parse_paste
from .receiver import Outcome, RedirectReceiver, find_redirect_uri, parse_loopback

if TYPE_CHECKING:
    from urllib3 import PoolManager
else:
    PoolManager = object  # for typing.get_type_hints: urllib3 loads late

# A day: who has not signed in by then will not.
MAX_PATIENCE = 86400.0
# How often a wait looks whether it is cancelled, in seconds. A signal handler may cancel, and may take no lock.
_TICK = 0.1

_T = TypeVar("_T")


@define(eq=False, repr=False)
class SignIn:
    """One sign-in, from its authorization URL to its token: a context manager, used from any thread.

    ```python
    with SignIn() as attempt:
        print("Open", attempt.uri)
        issued = attempt.wait()
    ```

    Without a client, the program registers itself with the server as a public client, with PKCE: no developer portal,
    no secret. Entering listens, then discovers and registers; leaving frees the port. The redirect and a paste may
    race: the first that fits wins, and there is one exchange. A sign-in does not cross a fork.

    Args:
        client: A client that is registered already; its redirect URI must be http on 127.0.0.1, [::1] or localhost,
            unless listen is false. None registers one.
        server: Where to register; its addresses are asked of its own metadata document.
        client_name: What the person sees the program called, where it registers itself.
        redirect_uri: What to register; None for a free port of 127.0.0.1.
        pkce: Whether a client with a secret uses PKCE too, which TickTick's server does not check for it.
        listen: Whether to wait for the redirect here; if not, what the browser was sent to has to be pasted.
        exchange_timeout: Seconds for each request to the server, over 0 and up to 3600.
        http: The urllib3 pool for these requests, as in ``exchange_code``; it is not closed.

    Raises:
        TypeError: an argument is of the wrong type, or stands beside a client that has its own.
        ValueError: the timeout is out of its range, or the redirect URI cannot be listened on.

    """

    # Each alias is what attrs would take, and pyright not.
    _client: Client | None = field(default=None, alias="client")
    _server: AuthorizationServer = field(default=TICKTICK, kw_only=True, alias="server")
    _client_name: str = field(default="ticktick-oauth", kw_only=True, alias="client_name")
    _redirect_uri: str | None = field(default=None, kw_only=True, alias="redirect_uri")
    _pkce: bool = field(default=False, kw_only=True, alias="pkce")
    is_listening: bool = field(default=True, kw_only=True, alias="listen")
    _exchange_timeout: float = field(default=10.0, kw_only=True, alias="exchange_timeout")
    _http: "PoolManager | None" = field(default=None, kw_only=True, alias="http")
    _receiver: RedirectReceiver | None = field(default=None, init=False)
    _request: AuthorizationRequest | None = field(default=None, init=False)  # between entering and leaving
    _is_entered: bool = field(default=False, init=False)
    _is_cancelled: bool = field(default=False, init=False)
    _answers: list[Outcome] = field(factory=list[Outcome], init=False)  # the first counts
    _outcome: IssuedToken | Exception | None = field(default=None, init=False)
    _exchanging: Lock = field(factory=Lock, init=False)
    _refused: str = field(default="", init=False)

    def __attrs_post_init__(self) -> None:
        check_server("server", self._server)
        check_timeout(self._exchange_timeout, MAX_TIMEOUT, "exchange_timeout")
        check_text("client_name", self._client_name)
        check_pool(self._http)
        if self._client is not None:
            check_type("client", self._client, Client)
            if self._server is not TICKTICK or self._redirect_uri is not None:
                raise TypeError("server and redirect_uri must not be given beside a client, which has its own")
            self._redirect_uri = self._client.redirect_uri
        elif self._redirect_uri is not None:
            check_address("redirect_uri", self._redirect_uri)
        if self.is_listening and self._redirect_uri is not None and parse_loopback(self._redirect_uri) is None:
            raise ValueError("redirect_uri must be http on 127.0.0.1, [::1] or localhost, unless listen=False")

    def __enter__(self) -> "SignIn":  # noqa: PYI034 - `typing.Self` is younger than Python 3.10
        """Listen, and register where no client is given.

        Raises:
            SignInCancelledError: it was cancelled meanwhile.
            RegistrationError, TransportError: as ``discover_server`` and ``register_client`` have them.
            OSError: the port is in use, or not this user's to listen on, or no thread can start; the message says so.
            ValueError: it was entered before.

        """
        if self._is_entered:
            raise ValueError("a SignIn is entered once: make another")
        self._is_entered = True
        try:
            if self.is_listening:
                self._receiver = RedirectReceiver(
                    self._redirect_uri,
                    on_redirect=self._answers.append,
                    on_stray=self._report_stray,
                    is_over=lambda: self._is_cancelled,
                    program=self._client_name,
                )
            self._check_cancelled()
            client = self._client or self._register()
            self._check_cancelled()
            with_pkce = self._pkce or client.client_secret is None
            make = AuthorizationRequest.with_pkce if with_pkce else AuthorizationRequest
            self._request = make(client=client)
            if self._receiver is not None:
                self._receiver.request = self._request
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Free the port, and end what waits in other threads."""
        self._is_cancelled = True
        self._request = None
        if self._receiver is not None:
            self._receiver.close()

    @property
    def uri(self) -> str:
        """The authorization URL, to be opened or shown. As the RFC has it, it carries the state; do not log it."""
        return self._running().uri

    def wait(self, timeout: float = 300.0) -> IssuedToken:
        """Wait for the redirect, or for a paste from another thread, and exchange what it brings.

        Args:
            timeout: Seconds that the person has, over 0 and up to a day; after them, the wait may be called again.

        Raises:
            AuthorizationError: the person denied the access, or the server sent an error.
            DeadlineExceededError: nobody came in time; or the server did not answer in time.
            SignInCancelledError: the program ended the sign-in.
            TokenEndpointError, InvalidTokenError, TransportError: as ``exchange_code`` has them.
            TypeError, ValueError: the timeout is no such number, or this is not between entering and leaving.

        """
        check_timeout(timeout, MAX_PATIENCE)
        request = self._running()
        for left in seconds_left(timeout):
            if self._answers or self._is_cancelled:
                break
            time.sleep(min(left, _TICK))
        if self._answers:  # perhaps since the last look
            return self._finish(request.client)
        self._check_cancelled()
        words = f"nobody signed in within {timeout:g} seconds"
        if self._client is not None:
            # A redirect URI that is not registered, and an unknown client, the server shows to the person alone.
            words += (
                f"; if the browser showed an error, such as Invalid redirect: {shorten(self._client.client_id)} must "
                f"be a client id at {self._client.server.issuer}, and {self._client.redirect_uri.partition('?')[0]} "
                "exactly the redirect URI that is registered for it"
            )
        refused = f"; refused: {self._refused}" if self._refused else ""
        raise DeadlineExceededError(words + refused, None)

    def paste(self, text: str) -> IssuedToken:
        """Find this sign-in's redirect in what a person copied, and exchange what it brings.

        Raises:
            InvalidRedirectError: it is not there; the message says what to do, and the sign-in goes on.
            OAuthError, TypeError, ValueError: as ``wait`` has them.

        """
        check_type("text", text, str)
        request = self._running()
        if not self._answers:
            self._check_cancelled()
            try:
                self._answers.append(parse_paste(request, text))
            except AuthorizationError as error:
                self._answers.append(error)
        return self._finish(request.client)

    def cancel(self) -> None:
        """End the sign-in, from any thread or a signal handler, at any time; return at once.

        A wait ends within a moment with ``SignInCancelledError``, and the port is free within half a second. An
        exchange that is under way goes on, and ``wait`` returns its token.
        """
        self._is_cancelled = True

    def _finish(self, client: Client) -> IssuedToken:
        """Make the one exchange, or take what came of it."""
        with self._exchanging:
            if self._outcome is None:
                self._check_cancelled()
                # Ctrl-C may end the exchange; its code is not sent again.
                self._outcome = TransportError("the exchange was interrupted")
                self._outcome = self._exchange(client, self._answers[0])
            outcome = self._outcome
        if isinstance(outcome, IssuedToken):
            return outcome
        raise outcome.with_traceback(None)

    def _exchange(self, client: Client, answer: Outcome) -> IssuedToken | Exception:
        if isinstance(answer, AuthorizationError):
            return answer
        try:
            token = self._send(client.server.token_endpoint, exchange_code, client, answer)
        except Exception as error:  # noqa: BLE001 - whatever it is, every wait and every paste raises it
            return error.with_traceback(None)  # whose frames hold the code
        return IssuedToken(token=token, issued_at=datetime.now(timezone.utc), server=client.server)

    def _register(self) -> Client:
        redirect_uri = self._receiver.redirect_uri if self._receiver else self._redirect_uri or find_redirect_uri()
        server = self._send(self._server.issuer, discover_server, self._server.issuer)
        self._check_cancelled()
        endpoint = server.registration_endpoint or server.issuer  # without one, it says so
        return self._send(endpoint, register_client, server, redirect_uri=redirect_uri, client_name=self._client_name)

    def _send(self, url: str, function: Callable[..., _T], *arguments: object, **options: object) -> _T:  # noqa: ARG002
        """Send a request to a URL; the command line chooses the way by it."""
        return function(*arguments, http=self._http, timeout=self._exchange_timeout, **options)

    def _report_stray(self, reason: str) -> None:
        self._refused = reason

    def _running(self) -> AuthorizationRequest:
        if self._request is None:
            raise ValueError("a SignIn is used in its with block: with SignIn() as attempt: ...")
        return self._request

    def _check_cancelled(self) -> None:
        if self._is_cancelled:
            raise SignInCancelledError("the program ended this sign-in")


def seconds_left(timeout: float) -> Iterator[float]:
    """Yield the seconds that are left, again and again, until none are."""
    end = time.monotonic() + timeout
    while (left := end - time.monotonic()) > 0:
        yield left
