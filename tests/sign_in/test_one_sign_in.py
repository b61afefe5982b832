"""`SignIn`, the one road: redirect and paste race, whoever waits is told, and a cancelled one leaves nothing."""

import asyncio
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Any
from unittest.mock import Mock
from urllib.parse import urlsplit

import pytest
import urllib3
from attrs import evolve

from person import LATE, browse, free_port, port_of, redirect_of
from processes import eventually
from raw import is_listened_on
from ticktick_oauth import DIDA365, Client, IssuedToken, SignIn
from ticktick_oauth.exceptions import (
    AuthorizationError,
    DeadlineExceededError,
    InvalidRedirectError,
    InvalidTokenError,
    RegistrationError,
    SignInCancelledError,
    TokenEndpointError,
    TransportError,
)
from ticktick_oauth.sandbox import Sandbox


@pytest.fixture
def attempt(sandbox: Sandbox) -> Iterator[SignIn]:
    """Begin a sign-in without a client."""
    with SignIn(server=sandbox.server) as attempt:
        yield attempt


def check_end(attempt: SignIn, error: type[Exception], attribute: str = "", value: object = None) -> None:
    """Check that a sign-in is at its end for everybody, again and again."""
    uses: list[Callable[[], object]] = [lambda: attempt.wait(LATE), lambda: attempt.paste("whatever comes later")]
    for use in [*uses, *uses]:
        with pytest.raises(error) as caught:
            use()
        assert value == getattr(caught.value, attribute, None)


def test_the_redirect_ends_the_wait(attempt: SignIn, sandbox: Sandbox) -> None:
    """Whoever waits, then or later, gets the same token, of one exchange."""
    with ThreadPoolExecutor(3) as others:
        waits = [others.submit(attempt.wait, LATE) for _ in range(3)]
        assert 200 == browse(attempt.uri)[0]
        issued = attempt.wait(LATE)
        assert [issued] * 4 == [*(wait.result() for wait in waits), attempt.paste("whatever comes later")]
    assert (sandbox.server, 1) == (issued.server, len(sandbox.requests))


def test_a_paste_ends_the_wait_of_another_thread(sandbox: Sandbox) -> None:
    """Without a receiver, a wait is for a paste; the program registers a redirect URI of a free port all the same."""
    with SignIn(server=sandbox.server, listen=False) as attempt, ThreadPoolExecutor(1) as other:
        assert not is_listened_on(port_of(attempt.uri))
        wait = other.submit(attempt.wait, LATE)
        with pytest.raises(InvalidRedirectError):
            attempt.paste("abc123")
        assert [] == sandbox.requests
        assert attempt.paste(redirect_of(attempt.uri)) == wait.result()
    assert 1 == len(sandbox.requests)


def test_redirect_and_paste_race(sandbox: Sandbox) -> None:
    """However close they come, there is one exchange, and both are told of it."""
    for _ in range(10):
        before = len(sandbox.requests)
        with SignIn(server=sandbox.server) as attempt, ThreadPoolExecutor(2) as others:
            redirect = redirect_of(attempt.uri)
            come = others.submit(urllib3.request, "GET", redirect, retries=False)
            paste = others.submit(attempt.paste, redirect)
            assert attempt.wait(LATE) == paste.result()
            assert 200 == come.result().status
        assert 1 == len(sandbox.requests) - before


@pytest.mark.parametrize("how", ["redirect", "paste"])
def test_a_denial_is_raised_for_everybody(how: str, attempt: SignIn) -> None:
    """A denial is an AuthorizationError of every wait and every paste, then and later."""
    if how == "redirect":
        browse(attempt.uri, decision="deny")
    else:
        with pytest.raises(AuthorizationError):
            attempt.paste(redirect_of(attempt.uri, decision="deny"))
    check_end(attempt, AuthorizationError, "error", "access_denied")


@pytest.mark.parametrize(
    ("status", "answer", "error", "attribute"),
    [
        (400, '{"error": "invalid_grant"}', TokenEndpointError, "error"),
        (200, '{"access_token": "odd"}', InvalidTokenError, "body"),
    ],
)
def test_an_exchange_that_fails_is_not_made_again(
    status: int, answer: str, error: type[Exception], attribute: str, sandbox: Sandbox
) -> None:
    """A code is for one use: its error is what every wait and every paste has, with what was issued in it."""
    sandbox.next_answer(status, answer)
    with SignIn(server=sandbox.server) as attempt:
        browse(attempt.uri)
        check_end(attempt, error, attribute, {"error": "invalid_grant", "body": answer.encode()}[attribute])
    assert 1 == len(sandbox.requests)


def test_an_interrupted_exchange_is_not_made_again(sandbox: Sandbox) -> None:
    """Ctrl-C may have come when the code was on the wire: the next wait says that the outcome is unknown."""
    sent: list[str] = []

    class Interrupted(SignIn):
        def _send(self, url: str, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - whatever is sent
            sent.append(url)
            if url == sandbox.server.token_endpoint:
                raise KeyboardInterrupt
            return super()._send(url, *arguments, **options)

    with Interrupted(server=sandbox.server) as attempt:
        with pytest.raises(KeyboardInterrupt):
            attempt.paste(redirect_of(attempt.uri))
        check_end(attempt, TransportError, "args", ("the exchange was interrupted", False))
    assert 1 == sent.count(sandbox.server.token_endpoint)


def test_nobody_comes_and_the_wait_goes_on(attempt: SignIn) -> None:
    """After its time a wait may be called again. R21: what came while nobody waited is there."""
    with pytest.raises(DeadlineExceededError) as caught:
        attempt.wait(0.05)
    assert ("nobody signed in within 0.05 seconds", None) == (str(caught.value), caught.value.code_unused)
    browse(attempt.uri)
    assert isinstance(attempt.wait(LATE), IssuedToken)


def test_what_comes_at_the_last_moment_counts(attempt: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """The browser says that the access was allowed, so the wait must not say that nobody came."""
    clock = iter([0.0, 0.95, 1.0])
    last = Mock(monotonic=lambda: next(clock), sleep=lambda _: browse(attempt.uri))
    monkeypatch.setattr("ticktick_oauth._sign_in.sign_in.time", last)
    assert isinstance(attempt.wait(1.0), IssuedToken)


def test_l7_what_the_person_may_have_seen_is_in_the_error(sandbox: Sandbox) -> None:
    """L7: of a client that was registered before, and what was refused; no query of its redirect URI."""
    start = f"http://127.0.0.1:{free_port()}/"
    client = sandbox.client(redirect_uri=f"{start}?a=canary")
    with SignIn(client) as attempt:
        urllib3.request("GET", f"{start}?code=canary&state=canary", retries=False)
        with pytest.raises(DeadlineExceededError) as caught:
            attempt.wait(0.05)
    expected = (
        "nobody signed in within 0.05 seconds; if the browser showed an error, such as Invalid redirect: "
        f"{client.client_id} must be a client id at {client.server.issuer}, and {start} exactly the redirect URI that "
        "is registered for it; refused: the redirect's state is not "
    )
    assert (True, False) == (str(caught.value).startswith(expected), "canary" in str(caught.value))


def test_the_choices(sandbox: Sandbox) -> None:
    """The redirect URI that is registered; a client of one's own without it, with PKCE where it has a secret."""
    redirect_uri = f"http://127.0.0.1:{free_port()}/in"
    with SignIn(server=sandbox.server, redirect_uri=redirect_uri, client_name="Chores") as attempt:
        assert urlsplit(redirect_uri).port == port_of(attempt.uri)
    for pkce in (False, True):
        with SignIn(sandbox.client(redirect_uri="https://app.example/in"), listen=False, pkce=pkce) as attempt:
            attempt.paste(redirect_of(attempt.uri))
            request = sandbox.requests[-1]
            assert (pkce, pkce) == ("code_challenge" in attempt.uri, "code_verifier" in request.form)
            assert "authorization" in {name.lower() for name in request.headers}


def test_it_is_used_in_its_block(sandbox: Sandbox) -> None:
    """Before it is entered, and after it is left, it is a ValueError that shows the right form; it is entered once."""
    left = SignIn(server=sandbox.server)
    with left, pytest.raises(ValueError, match=r"^a SignIn is entered once: make another$"):
        left.__enter__()
    for attempt in (SignIn(server=sandbox.server), left):
        for use in (SignIn.uri.fget, SignIn.wait, lambda attempt: attempt.paste("")):  # type: ignore[attr-defined]
            with pytest.raises(
                ValueError, match=r"^a SignIn is used in its with block: with SignIn\(\) as attempt: \.\.\.$"
            ):
                use(attempt)


OWN = Client(client_id="i", client_secret="s")


NOT_LOOPBACK = r"^redirect_uri must be http on 127\.0\.0\.1, \[::1\] or localhost, unless listen=False$"


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"client": "id"}, TypeError, "client must be of type Client, not str"),
        ({"server": "dida365"}, TypeError, "pass DIDA365"),
        ({"client": OWN, "server": DIDA365}, TypeError, "server and redirect_uri must not be given beside a client"),
        ({"client": OWN, "redirect_uri": "x"}, TypeError, "server and redirect_uri must not be given beside a client"),
        ({"redirect_uri": "https://app.example/"}, ValueError, NOT_LOOPBACK),
        ({"client": evolve(OWN, redirect_uri="https://app.example/")}, ValueError, NOT_LOOPBACK),
        ({"redirect_uri": "nonsense", "listen": False}, ValueError, "redirect_uri must be an absolute"),
        ({"client_name": 5}, TypeError, "client_name must be of type str, not int"),
        ({"exchange_timeout": 0}, ValueError, "exchange_timeout must be over 0"),
        ({"http": "proxy"}, TypeError, "http must be of type PoolManager, not str"),
    ],
)
def test_a_callers_mistake(arguments: dict[str, Any], error: type[Exception], words: str) -> None:
    """It is raised by the constructor."""
    with pytest.raises(error, match=words):
        SignIn(**arguments)


def test_a_wait_for_no_time_is_a_callers_mistake(attempt: SignIn) -> None:
    """It is raised at the call, as by `exchange_code`; so is a paste of something else than text."""
    with pytest.raises(TypeError, match="text must be of type str, not bytes"):
        attempt.paste(b"?code=a")  # type: ignore[arg-type]
    for timeout in (0, 86401):
        with pytest.raises(ValueError, match=r"^timeout must be over 0 and up to 86400 seconds$"):
            attempt.wait(timeout)


def test_a_wait_of_another_thread_ends_with_the_block(sandbox: Sandbox) -> None:
    """Leaving ends what waits, and frees the port."""
    with ThreadPoolExecutor(1) as other:
        with SignIn(server=sandbox.server) as attempt:
            port, wait = port_of(attempt.uri), other.submit(attempt.wait, LATE)
        with pytest.raises(SignInCancelledError):
            wait.result(LATE)
    assert not is_listened_on(port)


@pytest.mark.parametrize("whence", ["a thread", "a signal handler"])
def test_r28_a_cancelled_wait_ends_and_the_port_is_free(whence: str, sandbox: Sandbox) -> None:
    """R28: within a moment, before the block is left; a second sign-in on the same port follows at once."""
    port = free_port()
    client = sandbox.client(redirect_uri=f"http://127.0.0.1:{port}/")
    with SignIn(client) as attempt:
        before = signal.signal(signal.SIGUSR1, lambda *_: attempt.cancel())
        cancel = attempt.cancel if whence == "a thread" else lambda: os.kill(os.getpid(), signal.SIGUSR1)
        threading.Timer(0.05, cancel).start()
        began = monotonic()
        check_end(attempt, SignInCancelledError, "args", ("the program ended this sign-in",))
        eventually(lambda: not is_listened_on(port))
        assert monotonic() - began < LATE / 4
    signal.signal(signal.SIGUSR1, before)
    with SignIn(client) as second:
        browse(second.uri)
        assert second.wait(LATE).server == sandbox.server


class Calling(urllib3.PoolManager):
    """A pool that notes the method of each request, and cancels a sign-in with one of them."""

    def __init__(self, cancelled: str) -> None:
        super().__init__()
        self.cancelled = cancelled
        self.methods: list[str] = []
        self.cancel: Callable[[], None] = lambda: None

    def urlopen(self, method: str, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - as urllib3's
        """Send the request."""
        self.methods.append(method)
        if method == self.cancelled:
            self.cancel()
        return super().urlopen(method, *arguments, **options)


@pytest.mark.parametrize(
    ("path", "cancelled", "methods", "error"),
    [
        pytest.param("/nowhere", "", ["GET"], RegistrationError, id="no-metadata"),
        pytest.param("", "GET", ["GET"], SignInCancelledError, id="discovery"),
        pytest.param("", "POST", ["GET", "POST"], SignInCancelledError, id="registration"),
    ],
)
def test_r28_what_ends_while_it_is_entered_leaves_nothing_open(
    path: str, cancelled: str, methods: list[str], error: type[Exception], sandbox: Sandbox
) -> None:
    """R28: when the request under way has ended, a server that registers nobody, and a cancel, free the port."""
    port = free_port()
    server = evolve(sandbox.server, issuer=f"{sandbox.server.issuer}{path}")
    with Calling(cancelled) as http:
        attempt = SignIn(server=server, redirect_uri=f"http://127.0.0.1:{port}/", http=http)
        http.cancel = attempt.cancel
        with pytest.raises(error), attempt:
            pass
    assert methods == http.methods
    assert not is_listened_on(port)


def test_r28_cancelled_before_it_is_entered() -> None:
    """R28: nothing is sent."""
    attempt = SignIn()
    attempt.cancel()
    with pytest.raises(SignInCancelledError), attempt:
        pass


def test_an_exchange_under_way_goes_on(attempt: SignIn, sandbox: Sandbox) -> None:
    """What was issued is not lost to a cancel that came too late."""
    sandbox.next_answer(200, {"access_token": "3fa85f64-5717-4562-b3fc-2c963f66afa6", "expires_in": 5}, delay=0.3)
    with ThreadPoolExecutor(1) as other:
        paste = other.submit(attempt.paste, redirect_of(attempt.uri))
        while not sandbox.requests:
            assert not paste.done()
        attempt.cancel()
        assert 5 == attempt.wait(LATE).token.expires_in


def test_a_cancelled_asyncio_task_ends_the_sign_in(sandbox: Sandbox) -> None:
    """R28: the loop is never blocked, and cancelling the task ends the thread and frees the port."""
    attempt = SignIn(server=sandbox.server)
    ports: list[int] = []
    entered = threading.Event()

    def take_the_road() -> IssuedToken:
        with attempt:
            ports.append(port_of(attempt.uri))
            entered.set()
            return attempt.wait()

    async def sign_in_and_give_up() -> None:
        task = asyncio.create_task(asyncio.to_thread(take_the_road))
        assert await asyncio.to_thread(entered.wait, LATE)
        task.cancel()
        try:
            await task
        finally:
            attempt.cancel()

    began = monotonic()
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(sign_in_and_give_up())
    assert monotonic() - began < LATE / 2
    assert not is_listened_on(ports[0])
