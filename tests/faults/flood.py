"""TLS records without end: what OpenSSL, given a socket, reads in one call for as long as they come."""

import os
import re
import socket
import ssl
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA384
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from .peer import Line, Script

_HANDSHAKE = b"\x16"
# RFC 5246 section 7.4.1.1: an empty message of type 0, which a client that is in a handshake ignores.
_HELLO_REQUEST = b"\x00\x00\x00\x00"
# RFC 8446 section 4.6.3: type 24, "update_not_requested".
_KEY_UPDATE = b"\x18\x00\x00\x01\x00"
# RFC 8446 section 4.6.1: type 4; lifetime and age_add, a nonce and a ticket of one byte each, no extensions.
_TICKET = b"\x04\x00\x00\x0f" + bytes(8) + b"\x01n" + b"\x00\x01t" + b"\x00\x00"
_TICKETS = _TICKET * 800  # which fill a record


def hello_requests(line: Line) -> None:
    """Answer a ClientHello with requests to start again, for ever."""
    line.receive()
    line.peer.asked.set()
    record = _HANDSHAKE + b"\x03\x03" + (4 * 4096).to_bytes(2, "big") + _HELLO_REQUEST * 4096
    while not line.peer.stopped.is_set():
        line.connected.sendall(record * 16)


class _Keys:
    """The server's keys of TLS_AES_256_GCM_SHA384 (RFC 8446 section 7.3)."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._number = 0
        self._cipher = AESGCM(self._expand(b"key", 32))
        self._iv = int.from_bytes(self._expand(b"iv", 12), "big")

    def _expand(self, label: bytes, length: int) -> bytes:
        label = b"tls13 " + label
        info = length.to_bytes(2, "big") + bytes([len(label)]) + label + b"\x00"
        return HKDFExpand(SHA384(), length, info).derive(self._secret)

    def next(self) -> "_Keys":
        """Return the keys that are in force behind a key update."""
        return _Keys(self._expand(b"traffic upd", 48))

    def seal(self, messages: bytes) -> bytes:
        """Put handshake messages into one record."""
        head = b"\x17\x03\x03" + (len(messages) + 17).to_bytes(2, "big")
        nonce = (self._iv ^ self._number).to_bytes(12, "big")
        self._number += 1
        return head + self._cipher.encrypt(nonce, messages + _HANDSHAKE, head)


def _tickets(keys: _Keys) -> Iterator[bytes]:
    while True:
        yield keys.seal(_TICKETS)


def _key_updates(keys: _Keys) -> Iterator[bytes]:
    while True:
        yield keys.seal(_TICKETS + _KEY_UPDATE)
        keys = keys.next()


def _after_the_request(context: ssl.SSLContext, folder: Path, records: Callable[[_Keys], Iterator[bytes]]) -> Script:
    # The flood counts the records that the server has sent under its keys, so that it may send none of its own.
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.num_tickets = 0
    log = folder / "keys.log"
    context.keylog_filename = str(log)

    def play(line: Line) -> None:
        line.receive_request()
        *_, secret = re.findall("SERVER_TRAFFIC_SECRET_0 [0-9a-f]+ ([0-9a-f]+)", log.read_text("ascii"))
        # Some seconds' work for OpenSSL.
        prepared = islice(records(_Keys(bytes.fromhex(secret))), 200)
        with socket.socket(fileno=os.dup(line.connected.fileno())) as below:
            below.settimeout(20)
            below.sendall(b"".join(prepared))
            line.hold()

    return play


def tickets(context: ssl.SSLContext, folder: Path) -> Script:
    """Send new session tickets behind the request."""
    return _after_the_request(context, folder, _tickets)


def key_updates(context: ssl.SSLContext, folder: Path) -> Script:
    """Send new keys behind the request, and between them tickets, as keys alone are faster to read than to make."""
    return _after_the_request(context, folder, _key_updates)
