"""Certificates of test people, and of the authority that issued them."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


@dataclass
class Certificate:
    """A certificate with its private key."""

    issued: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def der(self) -> bytes:
        return self.issued.public_bytes(Encoding.DER)

    @property
    def fingerprint(self) -> str:
        return sha256(self.der).hexdigest()

    @property
    def issued_pem(self) -> str:
        return self.issued.public_bytes(Encoding.PEM).decode()

    @property
    def header(self) -> str:
        """Return the value of the header Client-Cert (RFC 9440)."""
        return f":{b64encode(self.der).decode()}:"

    def write(self, folder: Path, name: str) -> tuple[str, str]:
        """Write certificate and key as PEM; return both paths."""
        certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
        certificate.write_bytes(self.issued.public_bytes(Encoding.PEM))
        key.write_bytes(self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return str(certificate), str(key)


def issue(name: str, by: Certificate | None = None, host: str = "") -> Certificate:
    """Return a certificate for a name and for 127.0.0.1, issued by another one, or self-signed as an authority.

    `host`: for this host name too.
    """
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    authority = own if by is None else x509.SubjectKeyIdentifier.from_public_key(by.key.public_key())
    usage = x509.KeyUsage(
        digital_signature=True, key_cert_sign=by is None, crl_sign=by is None, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    alternatives = [x509.IPAddress(ip_address("127.0.0.1")), *([x509.DNSName(host)] if host else [])]
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if by is None else by.issued.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=by is None, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(own, critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(authority), critical=False)
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    )
    return Certificate(builder.sign((by.key if by else key), SHA256()), key)
