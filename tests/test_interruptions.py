"""Ctrl-C at any moment, and once more right after it: no port of ours stays open, and no exit hangs."""

import signal
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import pytest

import ticktick_oauth
from person import LATE
from person import eventually
from person import free_port
from person import started
from raw import connect
from raw import is_listened_on
from ticktick_oauth import _listener
from ticktick_oauth._loopback import listen_for_redirect
from ticktick_oauth.sandbox import Sandbox

if TYPE_CHECKING:
    from _typeshed import TraceFunction

SERVERS: dict[str, Callable[[int], AbstractContextManager[object]]] = {
    "receiver": lambda port: listen_for_redirect(f"http://127.0.0.1:{port}/"),
    "sandbox": lambda port: Sandbox(port=port),
}
# Where what they do with sockets and threads stands.
ROOMS = {"_listener.py", "_http_server.py", "_loopback.py", "sandbox.py"}


class Interruption:
    """Raises KeyboardInterrupt where this thread runs the package: at an event of many, and once more shortly after."""

    def __init__(self, first: int, second: int) -> None:
        self.left = first
        self.second = second
        self.has_come = False

    def run(self, action: Callable[[], object]) -> None:
        """Run the action, which the interruption ends."""
        measuring = sys.gettrace()
        sys.settrace(self._trace)
        sys.setprofile(self._profile)
        try:
            action()
        except KeyboardInterrupt:
            pass
        finally:
            sys.setprofile(None)
            sys.settrace(measuring)

    def _is_ours(self, frame: FrameType) -> bool:
        file = Path(frame.f_code.co_filename)
        return file.name in ROOMS and file.parent == Path(ticktick_oauth.__file__).parent

    def _trace(self, frame: FrameType, _event: str, _: object) -> "TraceFunction":
        if self._is_ours(frame):
            self.left -= 1
            if self.left == 0:
                self.has_come = True
                raise KeyboardInterrupt  # Python stops to trace here
        return self._trace

    def _profile(self, frame: FrameType, _event: str, _: object) -> None:
        if self.has_come and self._is_ours(frame):
            self.second -= 1
            if self.second == 0:
                raise KeyboardInterrupt


@pytest.mark.parametrize("second", [0, 1, 2, 3, 5])
@pytest.mark.parametrize("server", SERVERS)
def test_interruptions_leave_nothing_open(server: str, second: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """At any line of the start, of the wait or of the end, and once more in what is left to do, a port is closed."""
    monkeypatch.setattr(_listener, "_POLL_SECONDS", 0.001)
    port = free_port()

    def listen_for_a_while() -> None:
        with SERVERS[server](port):
            connect(port).close()

    first = 0
    while True:
        first += 1
        interruption = Interruption(first, second)
        interruption.run(listen_for_a_while)
        eventually(lambda: not is_listened_on(port))
        if not interruption.has_come:
            break
    assert first > 30


WAITING = """
from ticktick_oauth._loopback import listen_for_redirect
try:
    with listen_for_redirect() as receiver:
        print(receiver.redirect_uri, flush=True)
        while True:
            receiver.wait(0.5)  # a Ctrl-C that comes as a wait begins is heard at its end
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


@pytest.mark.parametrize("milliseconds", [0, 5, 20, 60])
def test_two_signals_do_not_hang_the_exit(milliseconds: int) -> None:
    """A process that is interrupted twice, while a browser holds its connection open, ends."""
    with started([sys.executable, "-c", WAITING]) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline().rstrip("/\n").rpartition(":")[2])
        with connect(port):
            process.send_signal(signal.SIGINT)
            time.sleep(milliseconds / 1000)
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=LATE)
    assert not is_listened_on(port)
