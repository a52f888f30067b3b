"""Open an X.509 certificate with its private key, for signatures on papers and containers.

    seal.p12                              PKCS#12, with the certificate and its issuers
    seal.key                              PEM or PKCS#8; the certificate in the same file or in another one
    pkcs11:token=karsk;object=seal        in a token or HSM; the certificate in the token or in a file

A signature is verified by the certificate before it is used. The keys of entries (`ledger.adapters.keys`) are
Ed25519 keys, which programs that check papers do not know.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ledger.adapters.document_signatures.algorithms import digest_for, holds, sign
from ledger.adapters.document_signatures.certificate_file import certificates_in, has_key, whole
from ledger.adapters.document_signatures.token_key import find_in_token
from ledger.adapters.folders.handed_folder import read_named
from ledger.adapters.keys.open_key import Secret
from ledger.adapters.keys.pkcs11 import SCHEME
from ledger.errors import LedgerError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
    from cryptography.x509 import Certificate

LARGEST = 1 << 20  # bytes of a key file or a certificate file
_PKCS12 = b"\x02\x01\x03"  # its version, in the first bytes of the file


@dataclass(frozen=True, slots=True)
class CertificateKey:
    """Hold a certificate, the certificates of its issuers, the digest it signs with, and its key as a function."""

    certificate: Certificate
    issuers: tuple[Certificate, ...]
    digest: str
    raw: Callable[[bytes], bytes]

    @property
    def name(self) -> str:
        """Return the common name of the subject, else its organization, else the whole subject."""
        from cryptography.x509.oid import NameOID

        for oid in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME):
            for attribute in self.certificate.subject.get_attributes_for_oid(oid):
                return str(attribute.value)
        return self.subject

    @property
    def subject(self) -> str:
        """Return the subject of the certificate in the form of RFC 4514."""
        return self.certificate.subject.rfc4514_string()

    def sign(self, message: bytes) -> bytes:
        """Return the signature over a message (ECDSA in DER); `LedgerError` KEY-ANSWER if it does not verify."""
        signature = self.raw(message)
        if not holds(self.certificate.public_key(), signature, message, self.digest):
            raise LedgerError("KEY-ANSWER", f"what the key of {self.name} signed does not verify", "nothing was signed")
        return signature


def open_certificate_key(
    reference: str, certificate_file: str | None, now: datetime, secret: Secret = lambda _: None
) -> CertificateKey:
    """Return the key that a reference names, with its certificate; `secret` returns a passphrase or PIN.

    `LedgerError`: KEY-MISSING, KEY-MODE (others can read it), KEY-LOCKED (a passphrase is needed, or this one
    is wrong), KEY-FORMAT (no private key, or none that signs papers), CERT-MISSING, CERT-KEY (the certificate
    of another key), CERT-TIME (expired, or not yet in force), CERT-USE (not for signatures); of a token also
    NO-PKCS11, KEY-AWAY; NO-SIGN without the extra.
    """
    need()
    given = [] if certificate_file is None else certificates_in(read_named(certificate_file, LARGEST), certificate_file)
    if reference.startswith(SCHEME):
        certificate, raw = find_in_token(reference, given, secret)
        digest = digest_for(certificate.public_key(), reference)
        found = given
    else:
        private, found = _key_file(Path(reference), secret)
        found = [*given, *found]
        certificate = _certificate_of(private, found, reference, certificate_file)
        digest = digest_for(certificate.public_key(), reference)

        def raw(message: bytes) -> bytes:
            return sign(private, message, digest)

    _check(certificate, now)
    return CertificateKey(certificate, tuple(dict.fromkeys(c for c in found if c != certificate)), digest, raw)


def need() -> None:
    """Raise `LedgerError` NO-SIGN if the extra is not installed."""
    try:
        import pyhanko.sign  # noqa: F401
    except ImportError:
        raise LedgerError("NO-SIGN", "signing papers needs pyHanko", "pip install 'comity[sign]'") from None


def _key_file(path: Path, secret: Secret) -> tuple[PrivateKeyTypes, list[Certificate]]:
    """Return the private key of a file, and the certificates in the same file."""
    try:
        data, mode = read_named(str(path), LARGEST), path.stat().st_mode
    except OSError as error:
        raise LedgerError("KEY-MISSING", f"{path}: {error.strerror}") from None
    if mode & 0o077:
        raise LedgerError("KEY-MODE", f"others can read the private key {path}", f"chmod 600 {path}")
    read = _pkcs12 if _PKCS12 in data[:8] else _pem_or_der
    try:
        return read(data, None)
    except Exception as error:  # a foreign parser on untrusted bytes may raise anything
        if read is _pem_or_der and not isinstance(error, TypeError):  # TypeError: it has a passphrase
            raise LedgerError("KEY-FORMAT", f"{path} is not a private key in PEM, PKCS#8 or PKCS#12") from None
    if (passphrase := secret(f"passphrase of {path}")) is None:
        raise LedgerError("KEY-LOCKED", f"{path} is locked with a passphrase", "--passphrase-fd N")
    try:
        return read(data, passphrase)
    except Exception:  # a foreign parser on untrusted bytes may raise anything
        raise LedgerError("KEY-LOCKED", f"the passphrase does not open {path}") from None


def _pkcs12(data: bytes, passphrase: bytes | None) -> tuple[PrivateKeyTypes, list[Certificate]]:
    from cryptography.hazmat.primitives.serialization.pkcs12 import load_key_and_certificates

    private, certificate, others = load_key_and_certificates(data, passphrase)
    if private is None:
        raise ValueError("no private key")
    return private, whole([*([certificate] if certificate else []), *others])


def _pem_or_der(data: bytes, passphrase: bytes | None) -> tuple[PrivateKeyTypes, list[Certificate]]:
    from cryptography.hazmat.primitives.serialization import load_der_private_key, load_pem_private_key

    if b"-----BEGIN" not in data:
        return load_der_private_key(data, passphrase), []
    with_certificate = b"-----BEGIN CERTIFICATE" in data
    return load_pem_private_key(data, passphrase), certificates_in(data, "") if with_certificate else []


def _certificate_of(
    private: PrivateKeyTypes, found: Sequence[Certificate], reference: str, certificate_file: str | None
) -> Certificate:
    if not found:
        hint = "--sign-cert FILE, or a PKCS#12 file with both"
        raise LedgerError("CERT-MISSING", f"{reference} has no certificate with its key", hint)
    public = private.public_key()
    for certificate in found:
        if has_key(certificate, public):
            return certificate
    raise LedgerError("CERT-KEY", f"{reference} is not the key of {certificate_file or 'the certificate in it'}")


def _check(certificate: Certificate, now: datetime) -> None:
    """Raise CERT-TIME or CERT-USE for a certificate whose signature a reader would refuse."""
    from cryptography.x509 import ExtensionNotFound, KeyUsage

    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    subject = certificate.subject.rfc4514_string()
    if now > ends:
        raise LedgerError("CERT-TIME", f"the certificate of {subject} expired on {ends:%Y-%m-%d %H:%M:%S} UTC")
    if now < begins:
        raise LedgerError("CERT-TIME", f"the certificate of {subject} is in force from {begins:%Y-%m-%d %H:%M:%S} UTC")
    try:
        usage = certificate.extensions.get_extension_for_class(KeyUsage).value
    except ExtensionNotFound:
        return  # then the certificate is for every purpose (RFC 5280, 4.2.1.3)
    if not (usage.digital_signature or usage.content_commitment):
        raise LedgerError("CERT-USE", f"the certificate of {subject} is not for signatures")
