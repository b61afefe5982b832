"""Turn the signals that end a program into exceptions, so that terminals, ports and files are left in order."""

import os
import signal
from contextlib import contextmanager

TYPE_CHECKING = False  # typing's own would load typing
if TYPE_CHECKING:
    from collections.abc import Generator
    from typing import NoReturn


class Terminated(KeyboardInterrupt):
    """Report SIGTERM or SIGHUP; whatever cleans up after Ctrl-C cleans up after this, too."""


def _defaults() -> "dict[int, signal._HANDLER]":
    """Return the signals that end a program, and what a process has for them unless somebody decided otherwise."""
    others = ("SIGTERM", "SIGHUP", "SIGBREAK")  # a closed terminal; Ctrl-Break on Windows, which has no SIGHUP
    defaults: dict[int, signal._HANDLER] = {signal.SIGINT: signal.default_int_handler}
    defaults.update((getattr(signal, name), signal.SIG_DFL) for name in others if hasattr(signal, name))
    return defaults


@contextmanager
def raised_signals() -> "Generator[None, None, None]":
    """Raise the first Ctrl-C or Ctrl-Break as a KeyboardInterrupt and SIGTERM or SIGHUP as a Terminated.

    A second one, such as an impatient Ctrl-C, ends the program at once: it would else interrupt the cleaning up and
    come out as a traceback.
    """
    changed: list[int] = []
    try:
        for number, default in _defaults().items():
            if signal.getsignal(number) is default:
                signal.signal(number, _raise)
                changed.append(number)
    except ValueError:
        pass  # not the main thread, which alone may do this
    yield
    for number in changed:
        if signal.getsignal(number) is _raise:
            signal.signal(number, _defaults()[number])


def _raise(number: int, _frame: object) -> "NoReturn":
    for each in _defaults():
        if signal.getsignal(each) is _raise:
            signal.signal(each, _end_at_once)
    raise KeyboardInterrupt if number in {signal.SIGINT, getattr(signal, "SIGBREAK", None)} else Terminated


def _end_at_once(number: int, _frame: object) -> None:
    os._exit(128 + number)  # as shells count it
