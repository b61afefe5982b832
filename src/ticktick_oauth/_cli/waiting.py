"""Wait for the person: for the browser's redirect, and for its address pasted here, whichever comes first."""

import sys
from argparse import Namespace
from collections.abc import Callable
from contextlib import ExitStack
from threading import Thread
from typing import Any, TypeVar

from .._network.calls import exchange_code
from .._protocol.client import Client
from .._protocol.issued_token import IssuedToken
from .._sign_in.browser import start_browser
from .._sign_in.person import print_address
from .._sign_in.receiver import parse_loopback
from .._sign_in.sign_in import SignIn
from ..exceptions import (
    AuthorizationError,
    DeadlineExceededError,
    InvalidRedirectError,
    InvalidTokenError,
    RegistrationError,
    SignInCancelledError,
    TokenEndpointError,
)
from .client import explain_registration
from .exits import DENIED, FAILED, TIMED_OUT, USAGE, Stop
from .keeping import keep_answer
from .network import Network
from .output import say
from .terminal import Keyboard

_T = TypeVar("_T")


class _Login(SignIn):
    """A sign-in that sends by the command's network, and says what happens."""

    network: Network

    def _send(self, url: str, function: Callable[..., _T], *arguments: object, **options: object) -> _T:
        if function is exchange_code:
            say("Allowed. Getting the token ...")
        return self.network.send(url, function, *arguments, **options)

    def _report_stray(self, reason: str) -> None:
        super()._report_stray(reason)
        _refuse(reason)


def wait_for_person(arguments: Namespace, client: Client | None, network: Network) -> IssuedToken:
    """Let the person of the arguments sign in, and return what was issued; any other end is a `Stop`."""
    if client is None:
        say(f"Without a client id, this program registers itself at {arguments.server.issuer}.")
    try:
        with ExitStack() as stack:
            return _wait(_enter(stack, arguments, client, network), arguments)
    except RegistrationError as error:
        stop = explain_registration(error, arguments.server, arguments.redirect_uri)
    except AuthorizationError as error:
        denied = error.error == "access_denied"
        stop = Stop("you denied the access", DENIED) if denied else Stop(str(error), FAILED)
    except DeadlineExceededError as error:
        advice = "run this command again, with --manual to open its address on any machine"
        stop = Stop(f"{error.reason}; {advice}", TIMED_OUT)
    except SignInCancelledError:
        stop = Stop("no address was pasted, and standard input has ended", USAGE)
    except TokenEndpointError as error:
        # The address on the screen is that of a sign-in that is over.
        stop = Stop(str(error).replace("start again at the authorization URL", "run this command again"), FAILED)
    except InvalidTokenError as error:
        stop = Stop(f"{error}; {keep_answer(error.body or b'')}", FAILED)
    raise stop


def _enter(stack: ExitStack, arguments: Namespace, client: Client | None, network: Network) -> SignIn:
    """Begin a sign-in, which listens where it can; by hand, it goes on without."""
    redirect_uri = arguments.redirect_uri if client is None else client.redirect_uri
    chosen: dict[str, Any] = {} if client else {"server": arguments.server, "redirect_uri": redirect_uri}

    def make(*, listen: bool) -> SignIn:
        attempt = _Login(client, pkce=arguments.pkce, listen=listen, **chosen)
        attempt.network = network
        return attempt

    try:
        return stack.enter_context(make(listen=redirect_uri is None or parse_loopback(redirect_uri) is not None))
    except OSError as error:
        reason = error.strerror
    if not arguments.manual:
        raise Stop(
            f"{reason}; the redirect URI fixes the port, so free it, or register another redirect URI and give it by "
            "--redirect-uri, or use --manual",
            USAGE,
        )
    say(f"{reason}; so the address that the browser is sent to has to be pasted")
    return stack.enter_context(make(listen=False))


def _wait(attempt: SignIn, arguments: Namespace) -> IssuedToken:
    is_opened = attempt.is_listening and not arguments.manual
    keyboard = Keyboard(with_input=arguments.manual)
    _show_address(attempt.uri, arguments.timeout, is_opened=is_opened, can_paste=not keyboard.closed)
    Thread(target=_take_pastes, args=(attempt, keyboard), daemon=True).start()
    if is_opened:
        start_browser(attempt.uri)
    # Listening to the end, so that a reload of the redirect finds the page that says so.
    return attempt.wait(arguments.timeout)


def _show_address(uri: str, timeout: float, *, is_opened: bool, can_paste: bool) -> None:
    """Show the authorization URL, also where a browser is started with it: nobody knows whether one opens."""
    if sys.stderr is None or not sys.stderr.isatty():
        print_address(uri)
    else:
        unless = ", if none opens by itself" if is_opened else ""
        say(f"Open this address in a browser and sign in{unless}:\n\n  {uri}\n")
    minutes, seconds = divmod(timeout, 60)
    patience = f"{timeout:g} seconds" if seconds or minutes < 1 else f"{minutes:g} minute{'' if minutes == 1 else 's'}"
    say(f"Waiting for {patience}.")
    if can_paste:
        say("Browser on another machine? It ends on a page at 127.0.0.1 that cannot be reached. Paste that page's")
        say("address here:")
    elif sys.stdin is not None:
        say("There is no terminal to paste at; with --manual, a pasted address is read from standard input.")


def _take_pastes(attempt: SignIn, keyboard: Keyboard) -> None:
    while not keyboard.closed:
        if lines := keyboard.read(60):
            try:
                attempt.paste("\n".join(lines))
            except InvalidRedirectError as error:
                _refuse(f"{error}\nTry again:")
            except Exception:  # noqa: BLE001 - the wait raises it, too
                return
            else:
                return
    if not attempt.is_listening:
        attempt.cancel()


def _refuse(reason: str) -> None:
    # This sign-in goes on, and its address is still on the screen.
    say(f"Refused: {reason.replace('start again at the authorization URL', 'open the address above again')}")
