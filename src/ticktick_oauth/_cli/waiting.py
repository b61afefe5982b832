"""Waiting for the person: in a browser on this machine, or anywhere with the address pasted here."""

import os
import sys
import threading
import time
from contextlib import suppress
from queue import Empty
from queue import SimpleQueue
from typing import TYPE_CHECKING

from .._authorization import AuthorizationRequest
from .._authorization import AuthorizationResponse
from .._loopback import Refusal
from .._loopback import listen_for_redirect
from ..exceptions import InvalidRedirectError
from .exits import TIMED_OUT
from .exits import USAGE
from .exits import Stop
from .output import say
from .output import show

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
    with listen_for_redirect(request.client.redirect_uri) as receiver:
        receiver.expect(request)
        browser = _Browser(request.uri)
        keyboard: _Keyboard | None = None
        try:
            for left in _seconds(timeout):
                arrival = receiver.wait(min(left, _TICK))
                if isinstance(arrival, AuthorizationResponse):
                    return arrival
                if isinstance(arrival, Refusal):
                    _refuse(arrival.reason)
                elif keyboard is not None:
                    if (line := keyboard.read(0)) and (response := _parse(request, line)):
                        return response
                elif browser.failed:
                    show("")
                    say("No browser could be opened.")
                    _ask_for_paste(request)
                    keyboard = _Keyboard()
                else:
                    show(f"Waiting for the browser, {left:.0f} seconds left")
        finally:
            show("")
    raise _nobody(timeout, request)


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
    raise _nobody(timeout, request)


def _seconds(timeout: float) -> "Iterator[float]":
    """Give the seconds that are left, again and again, until none are."""
    end = time.monotonic() + timeout
    while (left := end - time.monotonic()) > 0:
        yield left


def _nobody(timeout: float, request: AuthorizationRequest) -> Stop:
    return Stop(
        f"nobody signed in within {timeout:g} seconds; if the browser showed an error, see whether "
        f"{request.client.redirect_uri} is the registered redirect URI, to the character",
        TIMED_OUT,
    )


def _refuse(reason: str) -> None:
    show("")
    say(f"Refused: {reason}")


def _ask_for_paste(request: AuthorizationRequest) -> None:
    say(f"Open this address in a browser and sign in:\n\n  {request.uri}\n")
    say("Then paste here the address that you are sent to, even if the browser cannot show its page:")


def _parse(request: AuthorizationRequest, line: str) -> AuthorizationResponse | None:
    try:
        return request.parse_response(line)
    except InvalidRedirectError as error:
        _refuse(f"{error}\nTry again:")
    return None


class _Browser:
    """A browser that is being opened, in a thread of its own: one that runs in the terminal lasts until it is left."""

    failed = False

    def __init__(self, uri: str) -> None:
        threading.Thread(target=self._open, args=(uri,), daemon=True).start()

    def _open(self, uri: str) -> None:
        import webbrowser

        try:
            self.failed = not webbrowser.open(uri)
        except Exception:  # noqa: BLE001 - $BROWSER may hold anything, and webbrowser checks nothing
            self.failed = True


class _Keyboard:
    """Lines of standard input, read in a thread of its own: no system call waits for a while on every platform's."""

    closed = False

    def __init__(self) -> None:
        self._lines: SimpleQueue[str | None] = SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    def read(self, timeout: float) -> str | None:
        """Return the next line, stripped; None when there is none within so many seconds."""
        try:
            line = self._lines.get(timeout=timeout)
        except Empty:
            return None
        self.closed = line is None
        return line

    def _read(self) -> None:
        rest = b""
        with suppress(AttributeError, OSError):  # AttributeError: standard input is closed
            # Not by `sys.stdin` itself, whose lock would be held when the interpreter ends and wants it.
            descriptor = sys.stdin.fileno()
            while data := os.read(descriptor, 65536):
                *lines, rest = (rest + data).split(b"\n")
                for line in lines:
                    self._lines.put(line.decode(errors="replace").strip())
        self._lines.put(rest.decode(errors="replace").strip())
        self._lines.put(None)
