"""Make CAdES signatures with pyHanko: CMS SignedData, detached, over a digest (ETSI EN 319 122-1, RFC 5652).

Level B-B, and B-T with a time stamp over the signature. pyHanko builds the structure; it never sees the key, and
opens no connection: the time stamp is the reply of `ledger.adapters.document_signatures.time_stamp`. A paper
has the time of signing in its dictionary (ETSI EN 319 142-1, 6.3), a container in the signed attributes.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from hashlib import new

from asn1crypto import cms, tsp, x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import Certificate
from pyhanko.sign.general import simple_cms_attribute
from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes, Signer
from pyhanko_certvalidator.registry import SimpleCertificateStore

from ledger.adapters.document_signatures.certificate_key import CertificateKey
from ledger.adapters.document_signatures.time_stamp import TimeStamper
from ledger.errors import LedgerError

STAMP_ROOM = 16_384  # bytes of a time stamp; those of public authorities have 3,000 to 8,000
_REST = 4_096  # bytes of a signature without certificates and time stamp


class _KeySigner(Signer):
    """Sign with a key behind a function."""

    def __init__(self, key: CertificateKey) -> None:
        store = SimpleCertificateStore()
        store.register_multiple(_translated(certificate) for certificate in key.issuers)
        super().__init__(signing_cert=_translated(key.certificate), cert_registry=store)
        self._key = key

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        return self._key.sign(data)


def signer(key: CertificateKey) -> Signer:
    """Return a key as a signer of pyHanko."""
    return _KeySigner(key)


def detached(content: bytes, key: CertificateKey, at: datetime, stamp: TimeStamper | None) -> bytes:
    """Return the detached CAdES signature (.p7s, DER) over `content`; `at` is the claimed time of signing."""
    return over_digest(new(key.digest, content).digest(), key, stamp, at)


def over_digest(digest: bytes, key: CertificateKey, stamp: TimeStamper | None, at: datetime | None = None) -> bytes:
    """Return the signature over a digest, with `at` among the signed attributes if given; of a paper it has none."""
    making = signer(key).async_sign(
        digest,
        key.digest,
        use_pades=True,  # the signed attributes of CAdES, without those of Adobe
        is_pdf_sig=at is None,
        signed_attr_settings=PdfCMSSignedAttributes(signing_time=at),
    )
    signed = asyncio.run(making)
    if stamp is not None:
        info = signed["content"]["signer_infos"][0]
        token = _token(stamp(info["signature"].native))
        info["unsigned_attrs"] = cms.CMSAttributes([simple_cms_attribute("signature_time_stamp_token", token)])
    return bytes(signed.dump())


def room(key: CertificateKey, *, stamped: bool) -> int:
    """Return the most bytes that a signature of this key has."""
    certificates = sum(len(c.public_bytes(Encoding.DER)) for c in (key.certificate, *key.issuers))
    return certificates + _REST + (STAMP_ROOM if stamped else 0)


def _token(reply: bytes) -> cms.ContentInfo:
    token = tsp.TimeStampResp.load(reply)["time_stamp_token"]
    if len(token.dump()) > STAMP_ROOM:
        raise LedgerError("TSA-REFUSED", f"the time stamp has more than {STAMP_ROOM} bytes", "--no-time-stamp")
    return token


def _translated(certificate: Certificate) -> x509.Certificate:
    return x509.Certificate.load(certificate.public_bytes(Encoding.DER))
