"""A minimal token endpoint: it issues one token for each code, and remembers which."""

from collections.abc import Callable
from urllib.parse import parse_qs
from uuid import uuid4

from .peer import Line, Script


def issuing(issued: dict[str, str], *, before: Callable[[], object] = lambda: None) -> Script:
    """Answer each request on a connection with a token of its own, kept by its code."""

    def play(line: Line) -> None:
        while True:
            start = len(line.received)
            line.receive_request()
            body = line.received[start:].partition(b"\r\n\r\n")[2]
            if not body:
                return
            before()
            code = parse_qs(body.decode("ascii"))["code"][0]
            assert code not in issued
            issued[code] = str(uuid4())
            line.answer(200, b'{"access_token":"%s","expires_in":1}' % issued[code].encode(), connection="keep-alive")

    return play
