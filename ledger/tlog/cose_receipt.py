"""Write receipts for entries of a log that tools of others read: COSE Receipts, RFC 9942, in CBOR.

A receipt is a COSE_Sign1 whose payload is detached: the signature is over the root of the tree, and a verifier
computes the root from the entry and the inclusion proof. The tree is RFC9162_SHA256, which is the one of RFC 6962. One
signature serves every entry under the same root.

    protected     {alg: EdDSA, kid: thumbprint of the log's key, CWT claims: {iss: origin}, vds: RFC9162_SHA256}
    unprotected   {vdp: {inclusion proof: [size, index, path]}}

Size and index are in the unprotected header: a receipt can be made to state others, as long as the path still leads to
the root. Only a checkpoint signs the size.

The signed bytes begin with 84 6A and `Signature1`. A checkpoint is UTF-8 text, and no UTF-8 text begins with 84: no
signature over one is a signature over the other. The claim `sub` of RFC 9943 is left out: an entry is not a Signed
Statement of that RFC.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from msgspec import Struct

from ledger.errors import LedgerError
from ledger.formats.ed25519 import verify_signature

ALG, KID, CWT_CLAIMS, VDS, VDP = 1, 4, 15, 395, 396  # header parameters: RFC 9052, RFC 9597, RFC 9942
EDDSA, RFC9162_SHA256, INCLUSION, ISSUER = -8, 1, -1, 1
COSE_SIGN1 = 18  # the tag
KTY, KEY_ID, KEY_ALG, CRV, X = 1, 2, 3, -1, -2  # COSE_Key: RFC 9052, RFC 9053
OKP, ED25519 = 1, 6


class SignedRoot(Struct, frozen=True):
    """The root of the first `size` entries (32 bytes), signed as the payload of a receipt by the key `public`."""

    size: int
    root: bytes
    public: bytes
    signature: bytes

    def holds(self, origin: str) -> bool:
        """Return True if the signature is one over this root for the log `origin`."""
        return verify_signature(self.public, signed_bytes(origin, self.public, self.root), self.signature)


def signed_bytes(origin: str, public: bytes, root: bytes) -> bytes:
    """Return the Sig_structure of RFC 9052 section 4.4 over a root; `LedgerError` NO-CBOR without the extra."""
    return _cbor(["Signature1", _protected(origin, public), b"", root])


def receipt(origin: str, signed: SignedRoot, index: int, path: Sequence[bytes]) -> bytes:
    """Return the receipt of entry `index` (from 0) with its inclusion path to the signed root; NO-CBOR."""
    proof = _cbor([signed.size, index, list(path)])
    parts = [_protected(origin, signed.public), {VDP: {INCLUSION: [proof]}}, None, signed.signature]
    return _cbor(_library().CBORTag(COSE_SIGN1, parts))


def cose_key(public: bytes) -> bytes:
    """Return a raw Ed25519 key as a COSE_Key, with its thumbprint as key id; NO-CBOR."""
    return _cbor({KTY: OKP, KEY_ID: thumbprint(public), KEY_ALG: EDDSA, CRV: ED25519, X: public})


def thumbprint(public: bytes) -> bytes:
    """Return the COSE Key Thumbprint (RFC 9679) of a raw Ed25519 key: 32 bytes of SHA-256; NO-CBOR."""
    return sha256(_cbor({KTY: OKP, CRV: ED25519, X: public})).digest()


def _protected(origin: str, public: bytes) -> bytes:
    return _cbor({ALG: EDDSA, VDS: RFC9162_SHA256, KID: thumbprint(public), CWT_CLAIMS: {ISSUER: origin}})


def _cbor(value: Any) -> bytes:
    """Return deterministic CBOR (RFC 8949 section 4.2.1)."""
    return bytes(_library().dumps(value, canonical=True))


def _library() -> Any:
    try:
        import cbor2
    except ModuleNotFoundError:
        raise LedgerError("NO-CBOR", "receipts are CBOR and need cbor2", "pip install 'comity[scitt]'") from None
    return cbor2
