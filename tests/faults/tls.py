"""Certificates for loopback from an authority of the test run's own, and floods of TLS records.

OpenSSL, given a socket, reads such a flood in one call for as long as it comes.
"""

import os
import re
import socket
import ssl
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from secrets import token_hex

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA384
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from trustme import CA

from .peer import LOOPBACK, Line, Script

_NOW = datetime.now(timezone.utc)
_HANDSHAKE = b"\x16"
# RFC 5246 section 7.4.1.1: an empty message of type 0, which a client that is in a handshake ignores.
_HELLO_REQUEST = b"\x00\x00\x00\x00"
# RFC 8446 section 4.6.1: type 4; lifetime and age_add, a nonce and a ticket of one byte each, no extensions.
_TICKET = b"\x04\x00\x00\x0f" + bytes(8) + b"\x01n" + b"\x00\x01t" + b"\x00\x00"
# RFC 8446 section 4.6.3: type 24, "update_not_requested".
_KEY_UPDATE = b"\x18\x00\x00\x01\x00"


class Authority:
    """A certificate authority, and server contexts with its certificates."""

    def __init__(self, folder: Path) -> None:
        self._ca = CA()
        self.folder = folder
        self.file = folder / f"{token_hex(4)}.pem"
        """Its own certificate, for ``SSL_CERT_FILE``."""
        self._ca.cert_pem.write_to_path(str(self.file))

    def server(self, *names: str, days: tuple[int, int] = (-1, 1), common_name: str | None = None) -> ssl.SSLContext:
        """Make a context for a server of these names, valid from and until these days from now."""
        certificate = self._ca.issue_cert(
            *(names or () if common_name else names or (LOOPBACK, "localhost")),
            common_name=common_name,
            not_before=_NOW + timedelta(days=days[0]),
            not_after=_NOW + timedelta(days=days[1]),
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        return context

    def self_signed(self) -> ssl.SSLContext:
        """Make a context for a server whose certificate is the authority's own."""
        file = self.file.with_suffix(".key")
        file.write_bytes(self._ca.private_key_pem.bytes() + self._ca.cert_pem.bytes())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context


def hello_requests(line: Line) -> None:
    """Send requests to start the handshake again, for ever."""
    record = _HANDSHAKE + b"\x03\x03" + (4 * 4096).to_bytes(2, "big") + _HELLO_REQUEST * 4096
    while not line.peer.stopped.is_set():
        line.connected.sendall(record * 16)


def new_keys(context: ssl.SSLContext, folder: Path) -> Script:
    """Send session tickets and new keys behind the request: some seconds' work for OpenSSL."""
    # The flood counts the records that the server has sent under its keys, so that it may send none of its own.
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.num_tickets = 0
    log = folder / "keys.log"
    context.keylog_filename = str(log)

    def play(line: Line) -> None:
        line.receive_request()
        *_, secret = re.findall("SERVER_TRAFFIC_SECRET_0 [0-9a-f]+ ([0-9a-f]+)", log.read_text("ascii"))
        prepared = b"".join(_key_updates(bytes.fromhex(secret)))
        with socket.socket(fileno=os.dup(line.connected.fileno())) as below:
            below.settimeout(20)
            below.sendall(prepared)
            line.hold()

    return play


def _key_updates(secret: bytes) -> Iterator[bytes]:
    """Seal tickets and a key update, each under the keys of the one before, of TLS_AES_256_GCM_SHA384."""
    messages = _TICKET * 800 + _KEY_UPDATE + _HANDSHAKE  # 800 nearly fill a record
    head = b"\x17\x03\x03" + (len(messages) + 16).to_bytes(2, "big")
    for _ in range(200):
        key, nonce = _expand(secret, b"key", 32), _expand(secret, b"iv", 12)  # the nonce of a key's first record
        yield head + AESGCM(key).encrypt(nonce, messages, head)
        secret = _expand(secret, b"traffic upd", 48)


def _expand(secret: bytes, label: bytes, length: int) -> bytes:
    # RFC 8446 section 7.1, HKDF-Expand-Label.
    label = b"tls13 " + label
    return HKDFExpand(SHA384(), length, length.to_bytes(2, "big") + bytes([len(label)]) + label + b"\0").derive(secret)
