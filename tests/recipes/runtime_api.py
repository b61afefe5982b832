"""Lambda's side: the API on loopback that its runtime client asks for events and gives results to."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import SimpleQueue
from types import TracebackType
from typing import Any
from uuid import uuid4

from processes import LATE

_PREFIX = "/2018-06-01/runtime"


class RuntimeApi:
    """The Runtime API, version 2018-06-01, for one runtime, for the time of a ``with`` block."""

    address: str

    def __init__(self) -> None:
        self._events: SimpleQueue[tuple[object, float] | None] = SimpleQueue()
        self._outcomes: SimpleQueue[tuple[str, Any]] = SimpleQueue()

    def __enter__(self) -> "RuntimeApi":  # noqa: PYI034 - `typing.Self` is younger than Python 3.10
        events, outcomes = self._events, self._outcomes

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                """Answer with the next event, once there is one; None ends the wait without one."""
                queued = events.get() if self.path == f"{_PREFIX}/invocation/next" else None
                if queued is not None:
                    event, seconds = queued
                    self._send(200, json.dumps(event).encode(), int((time.time() + seconds) * 1000))

            def do_POST(self) -> None:
                """Take what became of an event, or of the start: the last part of the path says which it is."""
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self._send(202, b"{}")
                outcomes.put((self.path.rpartition("/")[2], json.loads(body)))

            def _send(self, status: int, body: bytes, deadline: int = 0) -> None:
                self.send_response(status)
                self.send_header("Lambda-Runtime-Aws-Request-Id", str(uuid4()))
                self.send_header("Lambda-Runtime-Deadline-Ms", str(deadline))
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_request(self, _code: int | str = "-", _size: int | str = "-") -> None:
                """Leave standard error to what goes wrong."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self._http.server_port}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,))
        self._thread.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        self._events.put(None)
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def invoke(self, *events: object, seconds: float = 60) -> list[Any]:
        """Have the runtime handle events, each within some seconds; return the documents that it responds with."""
        for event in events:
            self._events.put((event, seconds))
        outcomes = [self._outcomes.get(timeout=LATE) for _ in events]
        assert ["response"] * len(events) == [kind for kind, _ in outcomes], outcomes
        return [document for _, document in outcomes]
