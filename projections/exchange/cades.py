"""A detached X.509 signature over bytes: CMS SignedData with what CAdES-B-B asks for.

Only what is signed and how it is put together; the key stays with its holder, for example on a card. ETSI EN
319 122-1 section 5.2 and 6.3, RFC 5652 section 5, RFC 5035 for the certificate's digest among the signed
attributes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

DATA, SIGNED_DATA = "1.2.840.113549.1.7.1", "1.2.840.113549.1.7.2"
CONTENT_TYPE, MESSAGE_DIGEST, SIGNING_TIME = (f"1.2.840.113549.1.9.{n}" for n in (3, 4, 5))
SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47"
SHA256 = "2.16.840.1.101.3.4.2.1"
SIGNATURES = {"rsa": "1.2.840.113549.1.1.11", "ecdsa": "1.2.840.10045.4.3.2"}  # both with SHA-256

SEQUENCE, SET, OCTETS, INTEGER, OID, NULL, UTC_TIME = 0x30, 0x31, 0x04, 0x02, 0x06, 0x05, 0x17
GENERALIZED_TIME, IMPLICIT_0 = 0x18, 0xA0


@dataclass(frozen=True, slots=True)
class Certificate:
    """Hold the signer's certificate: its DER, its issuer's name (DER), its serial number, `rsa` or `ecdsa`."""

    der: bytes
    issuer: bytes
    serial: int
    algorithm: str


def to_be_signed(content: bytes, certificate: Certificate, at: datetime) -> bytes:
    """Return the signed attributes as a DER SET: exactly these bytes are signed, with SHA-256.

    `at` is claimed, not proven.
    """
    return _der(SET, *sorted(_attributes(content, certificate, at)))


def signed(content: bytes, certificate: Certificate, at: datetime, signature: bytes) -> bytes:
    """Return the detached signature file (.p7s) over `content`, from a signature over `to_be_signed` of the same."""
    name_ = SIGNATURES[certificate.algorithm]
    algorithm = _der(SEQUENCE, _oid(name_), *([_der(NULL)] if certificate.algorithm == "rsa" else []))
    digest = _der(SEQUENCE, _oid(SHA256))
    signer = _der(
        SEQUENCE,
        _integer(1),
        _der(SEQUENCE, certificate.issuer, _integer(certificate.serial)),
        digest,
        _der(IMPLICIT_0, *sorted(_attributes(content, certificate, at))),
        algorithm,
        _der(OCTETS, signature),
    )
    data = _der(
        SEQUENCE,
        _integer(1),
        _der(SET, digest),
        _der(SEQUENCE, _oid(DATA)),  # detached: the content is named and absent
        _der(IMPLICIT_0, certificate.der),
        _der(SET, signer),
    )
    return _der(SEQUENCE, _oid(SIGNED_DATA), _der(0xA0, data))


def _attributes(content: bytes, certificate: Certificate, at: datetime) -> Sequence[bytes]:
    # ESSCertIDv2: SHA-256 is its default algorithm and therefore not written (DER); the digest is over the certificate.
    named = _der(SEQUENCE, _der(SEQUENCE, _der(SEQUENCE, _der(OCTETS, sha256(certificate.der).digest()))))
    return (
        _attribute(CONTENT_TYPE, _oid(DATA)),
        _attribute(MESSAGE_DIGEST, _der(OCTETS, sha256(content).digest())),
        _attribute(SIGNING_TIME, _time(at)),
        _attribute(SIGNING_CERTIFICATE_V2, named),
    )


def _attribute(oid: str, value: bytes) -> bytes:
    return _der(SEQUENCE, _oid(oid), _der(SET, value))


def _time(at: datetime) -> bytes:
    """RFC 5652 section 11.3: two-digit years up to 2049, four digits after."""
    moment = at.astimezone(UTC)
    if moment.year < 2050:
        return _der(UTC_TIME, f"{moment:%y%m%d%H%M%S}Z".encode())
    return _der(GENERALIZED_TIME, f"{moment:%Y%m%d%H%M%S}Z".encode())


def _integer(n: int) -> bytes:
    return _der(INTEGER, n.to_bytes(n.bit_length() // 8 + 1, "big", signed=True))


def _oid(dotted: str) -> bytes:
    first, second, *rest = map(int, dotted.split("."))
    out = bytes([40 * first + second])
    for n in rest:
        digits = [n & 0x7F]
        while n := n >> 7:
            digits.append(n & 0x7F | 0x80)
        out += bytes(reversed(digits))
    return _der(OID, out)


def _der(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    size = len(body)
    if size < 0x80:
        return bytes([tag, size]) + body
    long = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(long)]) + long + body
