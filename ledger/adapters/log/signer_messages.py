"""Hold the requests to a signer process and its replies.

On a Unix socket of mode 0600, a request is one line of JSON, and so is a reply:

    {"ask": "last"}
    {"ask": "sign", "old": [3, "<root>"], "checkpoint": "<three lines>", "proof": ["<hash>", ...]}
    {"ask": "root"}
    {"ask": "heads", "make": false, "message": ""}     or the bytes to sign, of an entry

    {"signed": {"size": 3, "root": "...", "note": "...", "at": "2027-03-01T12:00:00Z"}}
    {"moved": {...}}        it signed another state meanwhile; the ledger compares and asks again
    {"root": {"size": 3, "root": "...", "public": "<key>", "signature": "..."}}
    {"heads": {"public": "<key>", "signature": "..."}}
    {"refused": {"code": "LOG-FORKED", "says": "...", "hint": "...", "evidence": ["<its note>", "<the request's>"]}}

`root` signs the root of the last checkpoint as the payload of receipts (RFC 9942); the request names no tree. `heads`
signs two kinds of entry with a key of their own: `heads-committed` of this log, and the `key-accepted` of this key.
Without a message it states the key, and with `make` it makes a new one. Roots, hashes, keys, signatures and messages
are base64.
"""

from __future__ import annotations

import msgspec

from ledger.adapters.guard.signed_state import SignedState
from ledger.tlog.cose_receipt import SignedRoot
from ledger.tlog.note import b64, unb64

LARGEST = 65_536  # bytes of a line; a proof has at most 63 hashes

# The codes of refusals. A code decides the exit status of a command, so any other code becomes KEY-ANSWER.
REFUSALS = frozenset(
    "SIGNER-FORMAT SIGNER-MACHINE CP-FORMAT CP-ORIGIN LOG-FORKED LOG-ROLLBACK LOG-GAP LOG-CORRUPT CLOCK-BACK "
    "CLOCK-AHEAD BUSY GUARD-MISSING GUARD-CLOSED GUARD-AWAY STORE-AWAY STORE-UNSAFE NO-HTTP NO-POSTGRES KEY-MISSING "
    "KEY-MODE KEY-LOCKED KEY-FORMAT NOT-A-FILE LEDGER-VERSION READ-ONLY DISK-FULL DISK-ERROR NO-CBOR".split()
)


class RootSignature(msgspec.Struct, frozen=True):
    """Hold a `SignedRoot` as it is sent."""

    size: int
    root: str
    public: str
    signature: str

    @classmethod
    def of(cls, signed: SignedRoot) -> RootSignature:
        return cls(signed.size, b64(signed.root), b64(signed.public), b64(signed.signature))

    def signed(self) -> SignedRoot:
        return SignedRoot(self.size, unb64(self.root), unb64(self.public), unb64(self.signature))


class No(msgspec.Struct, frozen=True):
    """Hold a refusal: its code, a sentence, a hint, and both checkpoints if two contradict each other."""

    code: str
    says: str
    hint: str = ""
    evidence: tuple[str, ...] = ()


class HeadsSignature(msgspec.Struct, frozen=True):
    """Hold the key that commits heads, and its signature over the message of the request."""

    public: str
    signature: str = ""


class SignRequest(msgspec.Struct, frozen=True):
    """Hold a request: `last`, `root`, `heads`, or `sign` a checkpoint that follows the state `old` (size, root)."""

    ask: str
    old: tuple[int, str] = (0, "")
    checkpoint: str = ""
    proof: tuple[str, ...] = ()
    make: bool = False
    message: str = ""


class SignReply(msgspec.Struct, frozen=True, omit_defaults=True):
    """Hold a reply; one of the five fields is set."""

    signed: SignedState | None = None
    moved: SignedState | None = None
    root: RootSignature | None = None
    heads: HeadsSignature | None = None
    refused: No | None = None
