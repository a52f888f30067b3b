"""The keys and digests of signatures on papers: RSA with PKCS #1 v1.5, and ECDSA (ETSI TS 119 312)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.errors import LedgerError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes, PrivateKeyTypes
    from cryptography.hazmat.primitives.hashes import HashAlgorithm

LEAST_BITS = 2_048  # of an RSA key
CURVES = {"secp256r1": "sha256", "secp384r1": "sha384", "secp521r1": "sha512"}  # and the digest for each


def digest_for(public: CertificatePublicKeyTypes, whose: str) -> str:
    """Return the name of the digest that a key signs with; `LedgerError` KEY-FORMAT for a key that signs no papers."""
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    if isinstance(public, rsa.RSAPublicKey) and public.key_size >= LEAST_BITS:
        return "sha256"
    if isinstance(public, ec.EllipticCurvePublicKey) and public.curve.name in CURVES:
        return CURVES[public.curve.name]
    hint = f"RSA of {LEAST_BITS} bits or more, or ECDSA on P-256, P-384 or P-521"
    raise LedgerError("KEY-FORMAT", f"{whose} is not a key that signs papers", hint)


def sign(private: PrivateKeyTypes, message: bytes, digest: str) -> bytes:
    """Return the signature of a key in memory over a message; ECDSA in DER."""
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

    if isinstance(private, rsa.RSAPrivateKey):
        return private.sign(message, padding.PKCS1v15(), _hash(digest))
    assert isinstance(private, ec.EllipticCurvePrivateKey)  # noqa: S101 - `digest_for` refuses others
    return private.sign(message, ec.ECDSA(_hash(digest)))


def holds(public: CertificatePublicKeyTypes, signature: bytes, message: bytes, digest: str) -> bool:
    """Return True if a signature over a message verifies."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

    try:
        if isinstance(public, rsa.RSAPublicKey):
            public.verify(signature, message, padding.PKCS1v15(), _hash(digest))
            return True
        if isinstance(public, ec.EllipticCurvePublicKey):
            public.verify(signature, message, ec.ECDSA(_hash(digest)))
            return True
    except InvalidSignature:
        pass
    return False


def _hash(name: str) -> HashAlgorithm:
    from cryptography.hazmat.primitives import hashes

    known: tuple[HashAlgorithm, ...] = (hashes.SHA256(), hashes.SHA384(), hashes.SHA512())
    return next(algorithm for algorithm in known if algorithm.name == name)
