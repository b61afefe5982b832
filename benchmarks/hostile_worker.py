"""The child's side of ``hostile``: a server that misbehaves, by path, and what a library makes of it."""

import io
import logging
import os
import socket
import ssl
import tempfile
import time
import traceback
from base64 import b64encode
from contextlib import suppress
from pathlib import Path
from threading import Thread

import trustme

from .contract import HostileCase
from .contract import hostile_case
from .documents import CODE
from .documents import COMMON
from .documents import SECRET
from .documents import UUID4
from .server import read_request

_SECRETS = {
    "code": CODE,
    "client secret": SECRET,
    "client secret (Base64)": b64encode(f"id:{SECRET}".encode()).decode(),
    "token": UUID4,
}
_DRIP_SECONDS = 4.0
_TIMEOUT = 1
# The machine may be busy: what is meant is a deadline that does not hold at all.
_LATE = 2.0


def _answer(status: str, body: bytes, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "Content-Type: application/json", "Connection: close", "", ""]).encode() + body


_ANSWERS = {
    "/ok": _answer("200 OK", COMMON),
    "/echo": _answer(
        "400 Bad Request",
        f'{{"error":"invalid_grant","error_description":"Invalid authorization code: {CODE}"}}'.encode(),
    ),
    "/null": _answer("200 OK", COMMON.replace(f'"{UUID4}"'.encode(), b"null")),
    "/500": _answer("500 Internal Server Error", COMMON),
    "/deep": _answer("200 OK", COMMON[:-1] + b',"x":' + b"[" * 30_000 + b"]" * 30_000 + b"}"),
    "/target": _answer("200 OK", COMMON),
}


class _Server:
    """A TLS server on loopback; `requests` is what it was sent."""

    def __init__(self) -> None:
        authority = trustme.CA()
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1", "localhost").configure_cert(self._context)
        self.certificate = authority.cert_pem.bytes()
        self.requests: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            Thread(target=self._serve, args=(self._listener.accept()[0],), daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        # A client may leave at any moment.
        with suppress(OSError), self._context.wrap_socket(plain, server_side=True) as connection:
            request = read_request(connection)
            self.requests.append(request)
            path = request.split(b" ", 2)[1].decode()
            if path == "/redirect":
                target = f"Location: https://localhost:{self.port}/target"
                connection.sendall(_answer("307 Temporary Redirect", b"", target))
            elif path == "/drip":
                answer = _ANSWERS["/ok"]
                for index in range(len(answer)):
                    connection.sendall(answer[index : index + 1])
                    time.sleep(_DRIP_SECONDS / len(answer))
            else:
                connection.sendall(_ANSWERS[path])


def _shown(error: BaseException) -> str:
    """Return all that an error shows of itself and of those in its chain."""
    parts = ["".join(traceback.format_exception(error))]
    link: BaseException | None = error
    while link is not None:
        parts.append(f"{link} {link!r} {link.args!r} {vars(link)!r}")
        link = link.__cause__ or link.__context__
    return " ".join(parts)


def _taken(case: HostileCase, url: str) -> str:
    try:
        case.fetch(url, _TIMEOUT * 10)
    except Exception as error:  # noqa: BLE001 - its class is the answer
        return f"no: {type(error).__name__}"
    return "YES"


def verdicts(name: str) -> dict[str, str]:
    """Return what becomes of each row, the bad outcomes in capitals."""
    server = _Server()
    log = io.StringIO()
    with tempfile.TemporaryDirectory() as folder:
        bundle = Path(folder, "authority.pem")
        bundle.write_bytes(server.certificate)
        os.environ.update(SSL_CERT_FILE=str(bundle), REQUESTS_CA_BUNDLE=str(bundle))
        case = hostile_case(name)
        base = f"https://127.0.0.1:{server.port}"
        logging.basicConfig(level=logging.DEBUG, stream=log)
        token = case.fetch(f"{base}/ok", _TIMEOUT * 10)
        logged = log.getvalue()
        logging.disable()
        rows = {"the token stands in repr(token)": "YES" if UUID4 in repr(token) else "no"}
        leaked = [what for what, text in _SECRETS.items() if text in logged]
        rows["secrets stand in the log at DEBUG"] = f"YES: {', '.join(leaked)}" if leaked else "no"
        with suppress(Exception):
            case.fetch(f"{base}/redirect", _TIMEOUT * 10)
        followed = any(b" /target " in request and CODE.encode() in request for request in server.requests)
        rows["the code is sent on to the target of a 307"] = "YES" if followed else "no"
        try:
            case.fetch(f"{base}/echo", _TIMEOUT * 10)
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not show the code
            rows["the code stands in the error's text"] = "YES" if CODE in _shown(error) else "no"
        rows["a token that is null is accepted"] = _taken(case, f"{base}/null")
        rows["a token from a 500 is accepted"] = _taken(case, f"{base}/500")
        rows["30,000 nested arrays"] = _deep(case, f"{base}/deep")
        start = time.perf_counter()
        with suppress(Exception):
            case.fetch(f"{base}/drip", _TIMEOUT)
        seconds = time.perf_counter() - start
        rows[f"a drip outlasts a timeout of {_TIMEOUT} s"] = f"YES: {seconds:.1f} s" if seconds > _LATE else "no"
    return rows


def _deep(case: HostileCase, url: str) -> str:
    try:
        case.fetch(url, _TIMEOUT * 10)
    except RecursionError:
        return "CRASHES: RecursionError"
    except Exception as error:  # noqa: BLE001 - its class is the answer
        return f"refused: {type(error).__name__}"
    return "taken"
