"""Turn the signals that end a program into exceptions, so that terminals, ports and files are left in order."""

import os
import signal
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import NoReturn

# What a process has for them unless somebody decided otherwise, such as nohup.
_DEFAULTS: "dict[int, signal._HANDLER]" = {
    signal.SIGINT: signal.default_int_handler,
    signal.SIGTERM: signal.SIG_DFL,
    # A terminal that is closed; Windows has no such signal.
    **({signal.SIGHUP: signal.SIG_DFL} if hasattr(signal, "SIGHUP") else {}),
}


class Terminated(KeyboardInterrupt):
    """Report SIGTERM or SIGHUP; whatever cleans up after Ctrl-C cleans up after this, too."""


@contextmanager
def raised_signals() -> Generator[None, None, None]:
    """Raise the first SIGINT as a KeyboardInterrupt and SIGTERM or SIGHUP as a Terminated; end at once by a second.

    A second one, such as an impatient Ctrl-C, would else interrupt the cleaning up and come out as a traceback.
    """
    changed: list[int] = []
    with suppress(ValueError):  # not the main thread, which alone may do this
        for number, default in _DEFAULTS.items():
            if signal.getsignal(number) is default:
                signal.signal(number, _raise)
                changed.append(number)
    yield
    for number in changed:
        if signal.getsignal(number) is _raise:
            signal.signal(number, _DEFAULTS[number])


def _raise(number: int, _frame: object) -> NoReturn:
    for each in _DEFAULTS:
        if signal.getsignal(each) is _raise:
            signal.signal(each, _end_at_once)
    raise KeyboardInterrupt if number == signal.SIGINT else Terminated


def _end_at_once(number: int, _frame: object) -> None:
    os._exit(128 + number)  # as shells count it
