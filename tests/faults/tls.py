"""Certificates for loopback, good and bad, from a certificate authority of the test run's own."""

import ssl
from datetime import datetime, timedelta, timezone
from pathlib import Path

from trustme import CA

from .peer import LOOPBACK

_NOW = datetime.now(timezone.utc)


class Authority:
    """A certificate authority, and server contexts with its certificates."""

    def __init__(self, folder: Path) -> None:
        self._ca = CA()
        self.file = folder / "authority.pem"
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


def self_signed(folder: Path) -> ssl.SSLContext:
    """Make a context for a server whose certificate nobody but itself has signed."""
    authority, file = CA(), folder / "self-signed.pem"
    file.write_bytes(authority.private_key_pem.bytes() + authority.cert_pem.bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context
