"""Start the person's browser, which nobody can rely on: it may be missing, fail in silence, or show nothing."""

import os
import re
import sys
from contextlib import suppress
from typing import Any

# What this package itself reads from the environment, and no browser needs.
_SECRET_VARIABLES = {"TICKTICK_CLIENT_SECRET", "TICKTICK_OAUTH_TOKEN"}
# The address comes in through a pipe, to stand in no other program's arguments than the browser's own.
_PROGRAM = "import sys, webbrowser; webbrowser.open(sys.stdin.read())"


def has_display() -> bool:
    """Return whether this machine shows windows to somebody."""
    return sys.platform in {"darwin", "win32"} or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))


def is_terminal(stream: Any) -> bool:  # noqa: ANN401 - what a program made of `sys.stdin` and the others
    """Return whether a standard stream is a terminal; None, a closed one and another's object are not."""
    with suppress(AttributeError, ValueError):
        return bool(stream.isatty())
    return False


def start_browser(uri: str) -> None:
    """Let the default browser open an address, and do not wait for it."""
    from threading import Thread

    # A daemon, since a text browser would last until it is left.
    with suppress(RuntimeError):  # where no thread can start, no browser can
        Thread(target=_open, args=(uri,), daemon=True).start()


def _open(uri: str) -> None:
    if not _is_interpreter():
        import webbrowser

        webbrowser.open(uri)
        return
    try:
        from subprocess import DEVNULL, run
    except (ImportError, OSError):  # no descriptor is left to load it
        return
    # In a process, and a session, of its own: a text browser has no terminal there to take over, a graphical one does
    # not write its complaints to this one, and the environment can be without secrets while other threads see theirs.
    environment = {name: value for name, value in os.environ.items() if name not in _SECRET_VARIABLES}
    with suppress(OSError):
        run(  # noqa: S603 - this very Python
            [sys.executable, "-I", "-c", _PROGRAM],
            input=uri.encode(),
            stdout=DEVNULL,
            stderr=DEVNULL,
            env=environment,
            start_new_session=True,
            check=False,
        )


def _is_interpreter() -> bool:
    """Return whether `sys.executable` is a Python; in a frozen or embedding program it is that program."""
    name = os.path.basename(sys.executable or "")  # noqa: PTH119 - a name is all that is asked
    return not getattr(sys, "frozen", False) and re.match(r"python|pypy", name, re.IGNORECASE) is not None
