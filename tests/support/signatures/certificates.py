"""Certificates for signatures on papers, made in the test: an issuer, and keys whose certificates it signs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import NameOID
from pyhanko_certvalidator import ValidationContext

NOW = datetime.now(UTC).replace(microsecond=0)
KINDS = ("rsa", "p256", "p384")
Private = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@cache
def private_key(kind: str = "rsa") -> Private:
    """Return a key of this process: `rsa`, or the name of a curve."""
    if kind == "rsa":
        return rsa.generate_private_key(65537, 2048)
    return ec.generate_private_key({"p256": ec.SECP256R1(), "p384": ec.SECP384R1()}[kind])


def name(common: str, organization: str = "Prosecutor's Office Karsk") -> x509.Name:
    """Return a name of a certificate."""
    return x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization), x509.NameAttribute(NameOID.COMMON_NAME, common)]
    )


@cache
def issuer() -> x509.Certificate:
    """Return the certificate of the issuer, which a reader trusts."""
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    return (
        x509.CertificateBuilder(name("Karsk Root"), name("Karsk Root"), private_key("p384").public_key(), 1)
        .not_valid_before(NOW - timedelta(days=3650))
        .not_valid_after(NOW + timedelta(days=7300))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .sign(private_key("p384"), hashes.SHA384())
    )


@dataclass(frozen=True)
class Sealed:
    """One signer: its key, its certificate, and files of them in a folder."""

    private: Private
    certificate: x509.Certificate

    def pem(self, folder: Path, passphrase: bytes | None = None) -> tuple[str, str]:
        """Write the key and the certificate as two PEM files; return their names."""
        lock = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
        key = self.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock)
        return _written(folder / "seal.key", key), _written(folder / "seal.pem", pem(self.certificate))

    def p12(self, folder: Path, passphrase: bytes | None = b"word") -> str:
        """Write key, certificate and issuer as one PKCS#12 file; return its name."""
        lock = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
        packed = pkcs12.serialize_key_and_certificates(b"seal", self.private, self.certificate, [issuer()], lock)
        return _written(folder / "seal.p12", packed)


def sealed(
    kind: str = "rsa",
    common: str = "Dina Ilves",
    *,
    begins: datetime = NOW - timedelta(days=1),
    ends: datetime = NOW + timedelta(days=1000),
    signs: bool = True,
) -> Sealed:
    """Return a signer whose certificate the issuer signed."""
    private = private_key(kind)
    made = certified(private.public_key(), 7 + KINDS.index(kind), common, begins=begins, ends=ends, signs=signs)
    return Sealed(private, made)


def certified(
    public: rsa.RSAPublicKey | ec.EllipticCurvePublicKey,
    serial: int = 20,
    common: str = "Dina Ilves",
    *,
    begins: datetime = NOW - timedelta(days=1),
    ends: datetime = NOW + timedelta(days=1000),
    signs: bool = True,
) -> x509.Certificate:
    """Return the certificate of a public key, by the issuer."""
    usage = x509.KeyUsage(signs, signs, not signs, False, False, False, False, False, False)
    return (
        x509.CertificateBuilder(issuer().subject, name(common), public, serial)
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .sign(private_key("p384"), hashes.SHA384())
    )


def pem(*certificates: x509.Certificate) -> bytes:
    """Return certificates as one PEM file."""
    return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in certificates)


def trusted_by_pyhanko(roots: Sequence[x509.Certificate] = ()) -> ValidationContext:
    """Return what pyHanko validates against: the issuer and other roots, and no network."""
    from asn1crypto import x509 as asn1

    known = [asn1.Certificate.load(root.public_bytes(Encoding.DER)) for root in (issuer(), *roots)]
    return ValidationContext(trust_roots=known, allow_fetching=False)


def _written(path: Path, data: bytes) -> str:
    path.touch(mode=0o600)
    path.write_bytes(data)
    return str(path)
