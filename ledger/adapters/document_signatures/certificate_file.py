"""Read X.509 certificates from files and tokens, whole: `cryptography` parses most fields when they are first asked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ledger.errors import LedgerError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
    from cryptography.x509 import Certificate


def certificates_in(data: bytes, where: str) -> list[Certificate]:
    """Return the certificates of a PEM or DER file; `LedgerError` CERT-MISSING if it has none."""
    from cryptography.x509 import load_der_x509_certificate, load_pem_x509_certificates

    try:
        return whole(load_pem_x509_certificates(data) if b"-----BEGIN" in data else [load_der_x509_certificate(data)])
    except Exception:  # a foreign parser on untrusted bytes may raise anything
        raise LedgerError("CERT-MISSING", f"{where} is no certificate in PEM or DER") from None


def whole(certificates: Iterable[Certificate]) -> list[Certificate]:
    """Return certificates whose fields have all been parsed; ValueError for one that is malformed inside."""
    found = list(certificates)
    for one in found:
        _ = one.subject, one.issuer, one.extensions, one.not_valid_before_utc, one.not_valid_after_utc
        _ = [attribute.value for attribute in one.subject], one.subject.rfc4514_string()
    return found


def has_key(certificate: Certificate, public: PublicKeyTypes) -> bool:
    """Return True if a certificate is of a key; False also if its own key cannot be read here."""
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        return certificate.public_key() == public
    except (ValueError, UnsupportedAlgorithm):
        return False
