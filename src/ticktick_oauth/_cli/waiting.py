"""Wait for the person: for the browser's redirect, and for its address pasted here, whichever comes first."""

import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from threading import Thread
from typing import Any, TypeVar

from .. import exceptions
from .._network.calls import exchange_code
from .._protocol.client import DEFAULT_REDIRECT_URI, Client
from .._protocol.issued_token import IssuedToken
from .._protocol.server import DIDA365, TICKTICK
from .._sign_in.browser import start_browser
from .._sign_in.receiver import parse_loopback
from .._sign_in.sign_in import SignIn
from ..storage._access import quote
from ..storage._kept import command_for
from .keeping import keep_answer
from .network import Network
from .output import DENIED, FAILED, TIMED_OUT, USAGE, Stop, say
from .terminal import find_keyboards, read_pastes

_PORTALS = {
    TICKTICK.issuer: "https://developer.ticktick.com/manage",
    DIDA365.issuer: "https://developer.dida365.com/manage",
}
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
    except exceptions.RegistrationError as error:
        stop = Stop(f"{error}; {_explain_portal(arguments)}", FAILED)
    except exceptions.AuthorizationError as error:
        denied = error.error == "access_denied"
        stop = Stop("you denied the access", DENIED) if denied else Stop(str(error), FAILED)
    except exceptions.DeadlineExceededError as error:
        advice = "run this command again, with --manual to open its address on any machine"
        stop = Stop(f"{error.reason}; {advice}", TIMED_OUT)
    except exceptions.SignInCancelledError:
        stop = Stop("no address was pasted, and standard input has ended", USAGE)
    except exceptions.TokenEndpointError as error:
        # The address on the screen is that of a sign-in that is over.
        stop = Stop(str(error).replace("start again at the authorization URL", "run this command again"), FAILED)
    except exceptions.InvalidTokenError as error:
        stop = Stop(f"{error}; {keep_answer(error.body) if error.body else 'run this command again'}", FAILED)
    raise stop


def _explain_portal(arguments: Namespace) -> str:
    """Return how to sign in where no program registers itself; without a redirect URI, any port does."""
    server, redirect_uri = arguments.server, arguments.redirect_uri
    portal = _PORTALS.get(server.issuer, f"the developer portal of {server.issuer}")
    option = f" --redirect-uri {quote(redirect_uri)}" if redirect_uri else ""
    return (
        f"use a client of your own: make an app at {portal} with exactly {redirect_uri or DEFAULT_REDIRECT_URI} as its "
        f"OAuth redirect URL, then run {command_for(server)} --client-id=ID{option}, which asks for its client secret"
    )


def _enter(stack: ExitStack, arguments: Namespace, client: Client | None, network: Network) -> SignIn:
    """Begin a sign-in, which listens where it can; by hand, it goes on without."""
    redirect_uri = arguments.redirect_uri if client is None else client.redirect_uri
    chosen: dict[str, Any] = {} if client else {"server": arguments.server, "redirect_uri": redirect_uri}
    listen = redirect_uri is None or parse_loopback(redirect_uri) is not None
    while True:
        attempt = _Login(client, pkce=arguments.pkce, listen=listen, **chosen)
        attempt.network = network
        try:
            return stack.enter_context(attempt)
        except OSError as error:
            reason = error.strerror
        if not (arguments.manual and listen):
            other = (
                "the redirect URI fixes the port, so free it, or register another and give it by --redirect-uri, or "
            )
            raise Stop(f"{reason}; {other if redirect_uri else ''}use --manual", USAGE)
        say(f"{reason}; so the address that the browser is sent to has to be pasted")
        listen = False


def _wait(attempt: SignIn, arguments: Namespace) -> IssuedToken:
    is_opened = attempt.is_listening and not arguments.manual
    keyboards = find_keyboards(with_input=arguments.manual)
    if not (attempt.is_listening or keyboards or arguments.manual):
        raise Stop("there is no terminal to paste the address at; with --manual, it is read from standard input", USAGE)
    _show_address(attempt, arguments.timeout, is_opened=is_opened, can_paste=bool(keyboards))
    Thread(target=_take_pastes, args=(attempt, read_pastes(keyboards)), daemon=True).start()
    if is_opened:
        start_browser(attempt.uri)
    return attempt.wait(arguments.timeout)  # listening, so that a reload of the redirect finds its page


def _show_address(attempt: SignIn, timeout: float, *, is_opened: bool, can_paste: bool) -> None:
    """Show the authorization URL, also where a browser is started with it: nobody knows whether one opens."""
    unless = ", if none opens by itself" if is_opened else ""
    say(f"Open this address in a browser and sign in{unless}:\n\n  {attempt.uri}\n")
    minutes, seconds = divmod(timeout, 60)
    patience = f"{timeout:g} seconds" if seconds or minutes < 1 else f"{minutes:g} minute{'' if minutes == 1 else 's'}"
    say(f"Waiting for {patience}.")
    if can_paste and attempt.is_listening:
        say("Browser on another machine? It ends on a page at 127.0.0.1 that cannot be reached. Paste that page's")
        say("address here:")
    elif can_paste:
        say("Paste the address of the page that the browser ends on here:")
    elif sys.stdin is not None:
        say("There is no terminal to paste at; with --manual, a pasted address is read from standard input.")


def _take_pastes(attempt: SignIn, pastes: Iterator[str]) -> None:
    for text in pastes:
        try:
            attempt.paste(text)
        except exceptions.InvalidRedirectError as error:
            _refuse(f"{error}\nTry again:")
            continue
        except Exception:  # noqa: BLE001, S110 - the wait raises it, too
            pass
        return
    if not attempt.is_listening:
        attempt.cancel()


def _refuse(reason: str) -> None:
    # This sign-in goes on, and its address is still on the screen.
    say(f"Refused: {reason.replace('start again at the authorization URL', 'open the address above again')}")
