"""Sign and verify with Ed25519 by the rules of one implementation: libsodium.

Implementations differ on unusual points. A signature that only other libraries accept is invalid here. A key
is enrolled only if its point has prime order, because with other points anyone can forge signatures that
permissive libraries accept. Source: RFC 8032; the differences are measured in C2SP/CCTV
`ed25519vectors.json`.
"""

from __future__ import annotations

from nacl.bindings import (
    crypto_core_ed25519_is_valid_point,
    crypto_sign,
    crypto_sign_BYTES,
    crypto_sign_open,
    crypto_sign_PUBLICKEYBYTES,
    crypto_sign_seed_keypair,
)
from nacl.exceptions import BadSignatureError


def verify_signature(public: bytes, message: bytes, signature: bytes) -> bool:
    """Return True if libsodium accepts the 64-byte `signature` over `message` by the raw 32-byte key `public`.

    False for any other length: libsodium takes pointers, and would read beyond a short key or signature.
    """
    if len(public) != crypto_sign_PUBLICKEYBYTES or len(signature) != crypto_sign_BYTES:
        return False
    try:
        crypto_sign_open(signature + message, public)
    except BadSignatureError:
        return False
    return True


def enrolable(public: bytes) -> bool:
    """Return True if `public` is a canonical point of prime order, which may be enrolled or named in a policy.

    PyNaCl before 1.6.2 also returns True for keys with a low-order component (CVE-2025-69277).
    """
    return len(public) == crypto_sign_PUBLICKEYBYTES and crypto_core_ed25519_is_valid_point(public)


def sign(seed: bytes, message: bytes) -> bytes:
    """Return the 64-byte signature over `message` by the 32-byte private `seed`; it is deterministic."""
    _, secret = crypto_sign_seed_keypair(seed)
    return crypto_sign(message, secret)[:crypto_sign_BYTES]


def public_key(seed: bytes) -> bytes:
    """Return the raw 32-byte public key of a 32-byte private `seed`."""
    public, _ = crypto_sign_seed_keypair(seed)
    return public
