"""A key signs papers with the digest of its curve; a key of another kind signs none, and its signature never holds."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from ledger.adapters.document_signatures.algorithms import digest_for, holds, sign
from ledger.errors import LedgerError


@pytest.mark.parametrize(
    ("curve", "digest"), [(ec.SECP256R1(), "sha256"), (ec.SECP384R1(), "sha384"), (ec.SECP521R1(), "sha512")]
)
def test_a_key_on_a_curve_signs_with_its_digest(curve: ec.EllipticCurve, digest: str) -> None:
    private = ec.generate_private_key(curve)
    public = private.public_key()
    assert digest_for(public, "the key") == digest
    signature = sign(private, b"paper", digest)
    assert holds(public, signature, b"paper", digest)
    assert not holds(public, signature, b"other paper", digest)
    assert not holds(public, signature, b"paper", "sha256" if digest != "sha256" else "sha512")
    assert not holds(public, b"", b"paper", digest)
    assert not holds(ec.generate_private_key(curve).public_key(), signature, b"paper", digest)


def test_a_key_of_another_kind_or_curve_signs_no_papers() -> None:
    short = rsa.RSAPublicNumbers(65_537, (1 << 2_047) - 1).public_key()
    for public in (ec.generate_private_key(ec.SECP256K1()).public_key(), short):
        with pytest.raises(LedgerError, match="the key is not a key that signs papers") as refused:
            digest_for(public, "the key")
        assert refused.value.code == "KEY-FORMAT"
    other = ed25519.Ed25519PrivateKey.generate()
    with pytest.raises(LedgerError, match="KEY-FORMAT"):
        digest_for(other.public_key(), "the key")
    assert not holds(other.public_key(), other.sign(b"paper"), b"paper", "sha256")


def test_an_rsa_key_of_enough_bits_signs_with_sha256() -> None:
    assert digest_for(rsa.RSAPublicNumbers(65_537, (1 << 2_048) - 1).public_key(), "the key") == "sha256"
