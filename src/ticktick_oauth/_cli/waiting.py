"""Wait for the person: for the browser's redirect, and for its address pasted here."""

import re
import sys
from contextlib import ExitStack, contextmanager, suppress
from math import ceil
from typing import TYPE_CHECKING

from .._protocol.authorization import AuthorizationRequest, AuthorizationResponse
from .._sign_in.receiver import RedirectReceiver, Stray, can_listen_on, listen_for_redirect
from .._sign_in.sign_in import describe_silence, print_address, seconds_left
from ..exceptions import InvalidRedirectError
from .exits import TIMED_OUT, USAGE, Stop
from .output import say, show
from .terminal import Keyboard

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

# How often, in seconds, one thing is looked at while another is waited for.
_TICK = 0.25
_MINUTE = 60
_QUOTES = "\"'`<>\u2018\u2019\u201c\u201d"
# TickTick's have 6 letters or digits. A shorter word, such as "help", is not one.
_CODE = "[A-Za-z0-9_~-]{6,}"


@contextmanager
def listen(redirect_uri: str | None, *, manual: bool) -> "Generator[RedirectReceiver | None, None, None]":
    """Listen on the redirect URI, or on a free port; None where it leads elsewhere, or where a paste must do."""
    reason = None
    with ExitStack() as stack:
        receiver = None
        if redirect_uri is None or can_listen_on(redirect_uri):
            try:
                receiver = stack.enter_context(listen_for_redirect(redirect_uri))
            except OSError as error:
                reason = error.strerror
        if reason is not None and not manual:
            raise Stop(
                f"{reason}; the redirect URI fixes the port, so free it, or register another redirect URI and give it "
                "by --redirect-uri, or use --manual",
                USAGE,
            )
        if reason is not None:
            say(f"{reason}; so the address that the browser is sent to has to be pasted")
        yield receiver


def show_address(request: AuthorizationRequest, *, is_opened: bool) -> None:
    """Show the authorization URL, also where a browser is started with it: nobody knows whether one opens."""
    if sys.stderr is None or not sys.stderr.isatty():
        print_address(request.uri)
        return
    unless = ", if none opens by itself" if is_opened else ""
    say(f"Open this address in a browser and sign in{unless}:\n\n  {request.uri}\n")
    say("If the browser cannot show the page that follows, paste here the address that it was sent to.")


def wait_for_person(
    request: AuthorizationRequest, receiver: RedirectReceiver | None, timeout: float
) -> AuthorizationResponse:
    """Wait for the redirect, at the receiver if there is one, or pasted.

    Raises:
        AuthorizationError: the person or the server said no.
        Stop: nothing came within the timeout, in seconds, or nothing can come any more.

    """
    keyboard, shown = Keyboard(), ""
    try:
        for left in seconds_left(timeout):
            if shown != (shown := _countdown(left)):
                show(shown)
            tick = min(left, _TICK)
            arrival = receiver.wait(tick) if receiver else None
            if isinstance(arrival, AuthorizationResponse):
                return arrival
            if isinstance(arrival, Stray):
                shown = _refuse(arrival.reason)
            if lines := keyboard.read(0 if receiver else tick):
                try:
                    return parse_paste(request, lines)
                except InvalidRedirectError as error:
                    shown = _refuse(f"{error}\nTry again:")
            if keyboard.closed and not receiver:
                raise Stop("no address was pasted, and standard input has ended", USAGE)
    finally:
        show("")
    raise Stop(
        f"{describe_silence(request, timeout)}; run this command again, with --manual to open its address on any "
        "machine",
        TIMED_OUT,
    )


def parse_paste(request: AuthorizationRequest, lines: "Sequence[str]") -> AuthorizationResponse:
    """Read what a person pasted: one address, perhaps broken into lines, behind others that were tried.

    Raises:
        AuthorizationError: the person or the server said no.
        InvalidRedirectError: it does not answer the request; the error of all the lines.

    """
    # A code alone carries no state. A public client's is bound to this sign-in by PKCE all the same.
    if request.client.client_secret is None and len(lines) == 1 and re.fullmatch(_CODE, lines[0].strip(_QUOTES)):
        return AuthorizationResponse(code=lines[0].strip(_QUOTES), code_verifier=request.code_verifier)
    texts = [_tidy("".join(lines[first:]), request) for first in range(len(lines))]
    if request.uri in texts:
        raise InvalidRedirectError(
            "that is the address to open: allow the access there, and paste the one that the browser is sent to"
        )
    for text in texts:
        with suppress(InvalidRedirectError):
            return request.parse_response(text)
    return request.parse_response(texts[0])


def _tidy(text: str, request: AuthorizationRequest) -> str:
    """Take away the quotes around an address, and put back the scheme that browsers do not show."""
    text = text.strip(_QUOTES)
    start = text.partition("?")[0]
    if "://" in start or "=" in start or not set(start) & set(":/.") or start.startswith("/"):
        return text
    return f"{request.client.redirect_uri.partition('://')[0]}://{text}"


def _refuse(reason: str) -> str:
    """Say why something was refused, and return what stands in the last line then."""
    show("")
    # This sign-in goes on, and its address is still on the screen.
    say(f"Refused: {reason.replace('start again at the authorization URL', 'open the address above again')}")
    return ""


def _countdown(left: float) -> str:
    """Return the time that is left, in steps: each new text takes the place of what is being typed beside it."""
    if left > _MINUTE:
        number, unit = ceil(left / _MINUTE), "minute"
    else:
        step = 5 if left > 10 else 1
        number, unit = ceil(left / step) * step, "second"
    return f"Waiting, {number} {unit}{'' if number == 1 else 's'} left "
