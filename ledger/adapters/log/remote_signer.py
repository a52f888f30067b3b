"""Sign for a log through its signer process, and verify the replies; without such a process, in this one."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from ledger.adapters.guard.signed_state import Signed, SignedState
from ledger.adapters.keys import mldsa
from ledger.adapters.keys.key_files import Key
from ledger.adapters.log.checkpoint_signer import LocalSigner, Prove, Say
from ledger.adapters.log.signer_messages import LARGEST, REFUSALS, SignReply, SignRequest
from ledger.adapters.log.signer_place import SignerPlace, connect, parse_place
from ledger.errors import LedgerError, RecordError
from ledger.formats.ed25519 import verify_signature
from ledger.tlog.cose_receipt import SignedRoot
from ledger.tlog.note import Checkpoint, Vkey, b64, format_checkpoint, open_checkpoint, unb64

POINTER = "signer"  # file in the log's state folder: the place of the signing process


class RemoteSigner:
    """Sign through a signer process, and verify its replies; `keys` are the log's."""

    def __init__(self, keys: Sequence[Vkey], place: SignerPlace) -> None:
        self._keys = tuple(keys)
        self._origin = self._keys[0].name
        self._place = place
        self._line: socket.socket | None = None

    def last(self) -> Signed:
        """Return the state that was signed last."""
        return self._opened(self._ask(SignRequest("last")).signed)

    def step(self, before: Signed, size: int, root: bytes, prove: Prove, now: datetime, say: Say) -> Signed | None:
        """Sign as `Signatory.step` says; the time is that of the signer process."""
        checkpoint = format_checkpoint(Checkpoint(self._origin, size, root))
        proof = tuple(b64(value) for value in prove()) if before.size else ()
        answer = self._ask(SignRequest("sign", (before.size, b64(before.root)), checkpoint, proof))
        if answer.moved:
            return None
        signed = self._opened(answer.signed)
        if (signed.size, signed.root) != (size, root):
            raise LedgerError("KEY-ANSWER", f"{self._place}: signed {signed.size} entries instead of {size}")
        return signed

    def sign_root(self) -> SignedRoot:
        """Sign as `Signatory.sign_root` says; SIGNER-FORMAT from a process that is older than receipts."""
        try:
            reply = self._ask(SignRequest("root")).root
        except LedgerError as no:
            if no.code != "SIGNER-FORMAT":
                raise
            hint = "the process is older than receipts: stop it, and start it again with this version"
            raise LedgerError(no.code, no.says, hint) from None
        try:
            signed = reply.signed() if reply else None
        except ValueError:
            signed = None
        if signed is None or signed.public not in {key.public for key in self._keys} or not signed.holds(self._origin):
            raise LedgerError("KEY-ANSWER", f"what {self._place} signed for receipts does not verify")
        return signed

    def heads_key(self, *, make: bool = False) -> Key:
        """Return a key as `Signatory.heads_key` says, which signs in the process."""
        return _RemoteKey(self, self._heads(SignRequest("heads", make=make))[0])

    def sign_heads(self, public: bytes, message: bytes) -> bytes:
        """Return the signature of the key that commits heads over the bytes of such an entry."""
        by, signature = self._heads(SignRequest("heads", message=b64(message)))
        if by != public or not verify_signature(public, message, signature):
            raise LedgerError("KEY-ANSWER", f"what {self._place} signed does not verify")
        return signature

    def _heads(self, request: SignRequest) -> tuple[bytes, bytes]:
        reply = self._ask(request).heads
        try:
            return (unb64(reply.public), unb64(reply.signature)) if reply else (b"", b"")
        except ValueError:
            raise LedgerError("KEY-ANSWER", f"{self._place} gave no key that commits heads") from None

    def ready(self, last: Signed, now: datetime) -> None:
        """Raise `LedgerError` if the signer process does not answer."""
        self.last()

    def close(self) -> None:
        """Close the connection."""
        if self._line is not None:
            self._line.close()
            self._line = None

    def _opened(self, state: SignedState | None) -> Signed:
        try:
            if state is None:
                raise ValueError("no checkpoint")
            signed = state.signed()
            head = open_checkpoint(signed.note, self._origin, self._keys, (), mldsa=mldsa.verify)
            if (head.checkpoint.size, head.checkpoint.root) != (signed.size, signed.root):
                raise ValueError("another checkpoint than it says")
        except (RecordError, ValueError) as wrong:
            raise LedgerError("KEY-ANSWER", f"what {self._place} signed does not verify: {wrong}") from None
        return signed

    def _ask(self, question: SignRequest) -> SignReply:
        try:
            answer = self._exchange(msgspec.json.encode(question) + b"\n")
        except OSError:
            self.close()  # the signer may have restarted; a request can be repeated
            try:
                answer = self._exchange(msgspec.json.encode(question) + b"\n")
            except OSError as error:
                self.close()
                hint = "comity signer serve starts the process that signs for this log"
                file = f": {error.filename}" if error.filename else ""
                raise LedgerError("KEY-AWAY", f"{self._place}: {error.strerror or error}{file}", hint) from None
        if no := answer.refused:
            says = f"the signing process refuses: {no.says}"
            raise LedgerError(
                *((no.code, says) if no.code in REFUSALS else ("KEY-ANSWER", f"{says} ({no.code})")), no.hint
            )
        return answer

    def _exchange(self, question: bytes) -> SignReply:
        if self._line is None:
            self._line = connect(self._place)
        self._line.sendall(question)
        reply = b""
        while not reply.endswith(b"\n"):
            part = self._line.recv(LARGEST)
            if not part or len(reply) > 2 * LARGEST:
                raise OSError("it hung up")
            reply += part
        try:
            return msgspec.json.decode(reply, type=SignReply)
        except (ValueError, RecursionError) as error:
            self.close()
            raise LedgerError("KEY-ANSWER", f"{self._place}: not an answer: {error}") from None


class _RemoteKey:
    """Hold a key that commits heads in a signer process."""

    def __init__(self, signer: RemoteSigner, public: bytes) -> None:
        self._signer = signer
        self.public = public

    def sign(self, message: bytes) -> bytes:
        return self._signer.sign_heads(self.public, message)


def signatory(keys: Sequence[Vkey], state: Path) -> LocalSigner | RemoteSigner:
    """Return the signer of the log with these keys: the process that its state folder points to, else this process."""
    try:
        place = (state / POINTER).read_text("utf-8").rstrip("\n")
    except FileNotFoundError:
        return LocalSigner(keys[0].name, state, keys)
    except ValueError:
        place = ""
    if not place or "\0" in place:
        hint = "comity signer use PLACE writes it anew"
        raise LedgerError("KEY-AWAY", f"{state / POINTER} does not say which process to ask", hint)
    return RemoteSigner(keys, parse_place(place))
