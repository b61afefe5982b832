"""Waiting for the person: in a browser on this machine, or anywhere with the address pasted here."""

import os
import sys
import threading
import time
from typing import TYPE_CHECKING

from .._authorization import AuthorizationRequest
from .._authorization import AuthorizationResponse
from .._loopback import RedirectReceiver
from ..exceptions import InvalidRedirectError
from .exits import TIMED_OUT
from .exits import USAGE
from .exits import Stop
from .words import say

if TYPE_CHECKING:
    from collections.abc import Iterator

# How often, in seconds, what else may have come is looked at while one thing is waited for.
_TICK = 0.25


def wait_for_browser(request: AuthorizationRequest, timeout: float) -> AuthorizationResponse:
    """Open a browser and wait for its redirect; where none opens, the address may be pasted too.

    Raises:
        AuthorizationError: the person or the server said no.
        OSError: the port cannot be listened on.
        Stop: nothing came within the timeout, in seconds.

    """
    with RedirectReceiver(request, notify=lambda reason: say(f"Refused: {reason}")) as receiver:
        browser = _Browser(request.uri)
        keyboard: _Keyboard | None = None
        for left in _seconds(timeout):
            if response := receiver.wait(min(left, _TICK)):
                _countdown(None)
                return response
            if keyboard is not None:
                if (line := keyboard.read(0)) and (response := _parse(request, line)):
                    return response
            elif browser.failed:
                _countdown(None)
                say("No browser could be opened.")
                _ask_for_paste(request)
                keyboard = _Keyboard()
            else:
                _countdown(left)
    _countdown(None)
    raise _nobody(timeout)


def wait_for_paste(request: AuthorizationRequest, timeout: float) -> AuthorizationResponse:
    """Print the authorization URL and wait for the address that the person was sent to, on standard input.

    Raises:
        AuthorizationError: the person or the server said no.
        Stop: nothing came within the timeout, in seconds, or nothing can come any more.

    """
    _ask_for_paste(request)
    keyboard = _Keyboard()
    for left in _seconds(timeout):
        if (line := keyboard.read(min(left, _TICK))) and (response := _parse(request, line)):
            return response
        if keyboard.closed:
            raise Stop("no address was pasted, and standard input has ended", USAGE)
    raise _nobody(timeout)


def _seconds(timeout: float) -> "Iterator[float]":
    """Give the seconds that are left, again and again, until none are."""
    end = time.monotonic() + timeout
    while (left := end - time.monotonic()) > 0:
        yield left


def _nobody(timeout: float) -> Stop:
    return Stop(f"nobody signed in within {timeout:g} seconds", TIMED_OUT)


def _ask_for_paste(request: AuthorizationRequest) -> None:
    say(f"Open this address in a browser and sign in:\n\n  {request.uri}\n")
    say("Then paste here the address that you are sent to, even if the browser cannot show its page:")


def _parse(request: AuthorizationRequest, line: str) -> AuthorizationResponse | None:
    try:
        return request.parse_response(line)
    except InvalidRedirectError as error:
        say(f"Refused: {error}\nTry again:")
    return None


def _countdown(left: float | None) -> None:
    """Show the time that remains on a line of its own, on a terminal only; None clears it."""
    if sys.stderr is None or not sys.stderr.isatty():
        return
    text = "" if left is None else f"Waiting for the browser, {left:.0f} seconds left"
    print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


class _Browser:
    """A browser that is being opened, in a thread of its own: one that runs in the terminal lasts until it is left."""

    failed = False

    def __init__(self, uri: str) -> None:
        threading.Thread(target=self._open, args=(uri,), daemon=True).start()

    def _open(self, uri: str) -> None:
        import webbrowser

        try:
            self.failed = not webbrowser.open(uri)
        except (OSError, webbrowser.Error):
            self.failed = True


class _Keyboard:
    """Lines of standard input, waited for no longer than asked: `input` would wait beyond the timeout."""

    def __init__(self) -> None:
        self.closed = sys.stdin is None
        self._rest = b""

    def read(self, timeout: float) -> str | None:
        """Return the next line, stripped; None when there is none within so many seconds."""
        if b"\n" not in self._rest and not self.closed:
            self._fill(timeout)
        line, end, rest = self._rest.partition(b"\n")
        if not end and not self.closed:
            return None
        self._rest = rest
        return line.decode(errors="replace").strip()

    def _fill(self, timeout: float) -> None:
        from select import select

        descriptor = sys.stdin.fileno()
        if select([descriptor], [], [], timeout)[0]:
            data = os.read(descriptor, 65536)
            self._rest += data
            self.closed = not data
