"""`SignIn`, the one road: redirect and paste race, whoever waits is told, and a cancelled one leaves nothing."""

import asyncio
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import pytest
import urllib3

from person import LATE, browse, free_port, redirect_of
from ticktick_oauth import DIDA365, AuthorizationServer, Client, IssuedToken, SignIn
from ticktick_oauth.exceptions import (
    AuthorizationError,
    DeadlineExceededError,
    InvalidRedirectError,
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


def port_of(attempt: SignIn) -> int:
    """Return the port of a sign-in's redirect URI."""
    return int(attempt.uri.partition("127.0.0.1%3A")[2].partition("%2F")[0])


def is_free(port: int) -> bool:
    """Return whether nobody listens on a port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


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
        assert (False, True) == (attempt.is_listening, is_free(port_of(attempt)))
        wait = other.submit(attempt.wait, LATE)
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
            attempt.paste(f"{redirect_of(attempt.uri).partition('?')[0]}?error=access_denied&state={state_of(attempt)}")
    for _ in range(2):
        with pytest.raises(AuthorizationError) as caught:
            attempt.wait(LATE)
        assert "access_denied" == caught.value.error


def state_of(attempt: SignIn) -> str:
    """Return the state of a sign-in."""
    return attempt.uri.partition("&state=")[2].partition("&")[0]


def test_a_refused_exchange_is_not_made_again(attempt: SignIn, sandbox: Sandbox) -> None:
    """A code is for one use: its error is what every wait and every paste has."""
    sandbox.next_answer(400, {"error": "invalid_grant"})
    redirect = redirect_of(attempt.uri)
    calls: list[Callable[[], object]] = [lambda: attempt.paste(redirect), lambda: attempt.wait(LATE)]
    for call in [*calls, *calls]:
        with pytest.raises(TokenEndpointError):
            call()
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
        with pytest.raises(TransportError) as caught:
            attempt.wait(LATE)
    assert (False, 1) == (caught.value.code_unused, sent.count(sandbox.server.token_endpoint))


def test_nobody_comes_and_the_wait_goes_on(attempt: SignIn) -> None:
    """After its time a wait may be called again; of a program that registered itself, no redirect URI is spoken of."""
    with pytest.raises(DeadlineExceededError) as caught:
        attempt.wait(0.05)
    assert ("nobody signed in within 0.05 seconds", None) == (str(caught.value), caught.value.code_unused)
    browse(attempt.uri)
    assert isinstance(attempt.wait(LATE), IssuedToken)


def test_the_choices(sandbox: Sandbox) -> None:
    """The name and the redirect URI that are registered, PKCE with a secret, and a client of one's own without it."""
    redirect_uri = f"http://127.0.0.1:{free_port()}/in"
    with SignIn(server=sandbox.server, redirect_uri=redirect_uri, client_name="Chores") as attempt:
        assert urlsplit(redirect_uri).port == port_of(attempt)
    client = sandbox.client(redirect_uri="https://app.example/in")
    for pkce in (False, True):
        with SignIn(client, listen=False, pkce=pkce) as attempt:
            assert pkce == ("code_challenge" in attempt.uri)


def test_a_wait_of_another_thread_ends_with_the_block(sandbox: Sandbox) -> None:
    """Leaving ends what waits, and frees the port."""
    with ThreadPoolExecutor(1) as other:
        with SignIn(server=sandbox.server) as attempt:
            port, wait = port_of(attempt), other.submit(attempt.wait, LATE)
        with pytest.raises(SignInCancelledError):
            wait.result(LATE)
    assert is_free(port)


@pytest.mark.parametrize("state", ["new", "left"])
@pytest.mark.parametrize("use", ["uri", "wait", "paste"])
def test_it_is_used_in_its_block(state: str, use: str, sandbox: Sandbox) -> None:
    """Before it is entered, and after it is left, it is a ValueError that shows the right form."""
    attempt = SignIn(server=sandbox.server)
    if state == "left":
        with attempt:
            pass
    uses: dict[str, Callable[[], object]] = {
        "uri": lambda: attempt.uri,
        "wait": attempt.wait,
        "paste": lambda: attempt.paste(""),
    }
    with pytest.raises(ValueError, match=r"with SignIn\(\) as"):
        uses[use]()


def test_it_is_entered_once(attempt: SignIn) -> None:
    """A second time is a ValueError."""
    with pytest.raises(ValueError, match="entered once"):
        attempt.__enter__()


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"server": "dida365"}, TypeError, "pass DIDA365"),
        (
            {"client": Client(client_id="i", client_secret="s"), "server": DIDA365},
            TypeError,
            "server and redirect_uri must not be given",
        ),
        ({"client": Client(client_id="i", client_secret="s"), "redirect_uri": "x"}, TypeError, "must not be given"),
        ({"redirect_uri": "https://app.example/"}, ValueError, "redirect_uri must be http on"),
        ({"exchange_timeout": 0}, ValueError, "timeout must be over 0"),
        ({"http": "proxy"}, TypeError, "http must be"),
    ],
)
def test_a_callers_mistake(arguments: dict[str, Any], error: type[Exception], words: str) -> None:
    """It is raised by the constructor."""
    with pytest.raises(error, match=words):
        SignIn(**arguments)


def cancel_from_a_thread(attempt: SignIn) -> None:
    """Cancel as a window's button does."""
    threading.Timer(0.05, attempt.cancel).start()


def cancel_from_a_signal_handler(attempt: SignIn) -> None:
    """Cancel as a service does that is told to end."""
    signal.signal(signal.SIGUSR1, lambda *_: attempt.cancel())
    threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGUSR1)).start()


@pytest.mark.parametrize("cancel", [cancel_from_a_thread, cancel_from_a_signal_handler])
def test_r28_a_cancelled_wait_ends_and_the_port_is_free(cancel: Callable[[SignIn], None], sandbox: Sandbox) -> None:
    """R28: within a moment, before the block is left; a second sign-in on the same port follows at once."""
    client = sandbox.client(redirect_uri=f"http://127.0.0.1:{free_port()}/")
    before = signal.getsignal(signal.SIGUSR1)
    with SignIn(client) as attempt:
        cancel(attempt)
        began = monotonic()
        uses: list[Callable[[], object]] = [lambda: attempt.wait(LATE), lambda: attempt.paste("")]
        for use in [*uses, *uses]:
            with pytest.raises(SignInCancelledError):
                use()
        assert monotonic() - began < LATE / 4
    signal.signal(signal.SIGUSR1, before)
    with SignIn(client) as second:
        browse(second.uri)
        assert second.wait(LATE).server == sandbox.server


def test_r28_a_cancelled_sign_in_frees_its_port_by_itself(attempt: SignIn) -> None:
    """R28: a window that is closed while nothing waits leaves no port."""
    port = port_of(attempt)
    attempt.cancel()
    end = monotonic() + LATE
    while not is_free(port):
        assert monotonic() < end


def test_r28_cancelled_while_it_is_entered(sandbox: Sandbox) -> None:
    """R28: it ends when the request under way has, and nothing listens any more; the same before it is entered."""

    class Cancelling(SignIn):
        def _send(self, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - whatever is sent
            self.cancel()
            return super()._send(*arguments, **options)

    port = free_port()
    for attempt in (Cancelling(server=sandbox.server, redirect_uri=f"http://127.0.0.1:{port}/"), SignIn()):
        if not isinstance(attempt, Cancelling):
            attempt.cancel()
        with pytest.raises(SignInCancelledError), attempt:
            pass
    assert is_free(port)


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
    ports: list[int] = []

    async def sign_in_for(seconds: float) -> IssuedToken:
        attempt = SignIn(server=sandbox.server)

        def take_the_road() -> IssuedToken:
            with attempt:
                ports.append(port_of(attempt))
                return attempt.wait()

        try:
            return await asyncio.wait_for(asyncio.to_thread(take_the_road), seconds)
        finally:
            attempt.cancel()

    began = monotonic()
    with pytest.raises(asyncio.TimeoutError):
        asyncio.run(sign_in_for(1))
    assert monotonic() - began < LATE / 2
    assert is_free(ports[0])


def test_a_server_that_registers_nobody_leaves_nothing_open(sandbox: Sandbox) -> None:
    """What fails while it is entered frees the port."""
    port = free_port()
    server = AuthorizationServer(
        issuer=f"{sandbox.server.issuer}/nowhere",
        authorization_endpoint=sandbox.server.issuer,
        token_endpoint=sandbox.server.issuer,
    )
    with pytest.raises(RegistrationError), SignIn(server=server, redirect_uri=f"http://127.0.0.1:{port}/"):
        pass
    assert is_free(port)


def test_a_paste_that_does_not_fit_lets_it_go_on(attempt: SignIn, sandbox: Sandbox) -> None:
    """Nothing is sent, and the right one is taken after it."""
    with pytest.raises(InvalidRedirectError):
        attempt.paste("abc123")
    assert [] == sandbox.requests
    assert isinstance(attempt.paste(redirect_of(attempt.uri)), IssuedToken)
