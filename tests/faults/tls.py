"""Certificates for loopback, good and bad, from a certificate authority of the test run's own."""

import ssl
from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from trustme import CA

from .peer import LOOPBACK

_NOW = datetime.now(timezone.utc)


class Authority:
    """A certificate authority, and server contexts with its certificates."""

    def __init__(self, folder: Path, *, strict: bool = True) -> None:
        self._ca = CA()
        self.file = folder / "authority.pem"
        """Its own certificate, for ``SSL_CERT_FILE``."""
        certificate = self._ca.cert_pem.bytes()
        self.file.write_bytes(certificate if strict else self._unmarked(certificate))

    def _unmarked(self, certificate: bytes) -> bytes:
        """Sign the authority's certificate anew without what OpenSSL asks for when it is strict."""
        known = x509.load_pem_x509_certificate(certificate)
        key = serialization.load_pem_private_key(self._ca.private_key_pem.bytes(), None)
        assert isinstance(key, EllipticCurvePrivateKey)
        builder = (
            x509.CertificateBuilder()
            .subject_name(known.subject)
            .issuer_name(known.issuer)
            .public_key(known.public_key())
            .serial_number(known.serial_number)
            .not_valid_before(known.not_valid_before_utc)
            .not_valid_after(known.not_valid_after_utc)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=False)
        )
        return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

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
