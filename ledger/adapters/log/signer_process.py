"""Sign for a log in a separate process, so that an intruder in the ledger cannot make it sign a fork.

The process holds the log's key and guard, and trusts no request. A new checkpoint must begin with the one it
signed last, and it verifies the consistency proof. On a Unix socket of mode 0600, a request is one line of
JSON, and so is a reply:

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
are base64. The guard is durable before the reply is sent: after a crash in between, the same request gets the same
note. Contradictions to a signed state are kept in `refused/`, next to the guard.
"""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import NoReturn

import msgspec

from ledger.adapters.folders.user_folders import private_folder, replace_file
from ledger.adapters.guard.guard_place import place_in
from ledger.adapters.guard.sign_once_guard import Guard
from ledger.adapters.guard.signed_state import Signed, SignedState
from ledger.adapters.keys import mldsa
from ledger.adapters.keys.key_files import Key
from ledger.adapters.log.checkpoint_signer import LocalSigner, Prove, Say
from ledger.entries.case import wire
from ledger.entries.placement import HEADS_COMMITTED, map_of, registry_of
from ledger.errors import LedgerError, RecordError
from ledger.formats.canonical_json import parse_json
from ledger.formats.dsse import EVENT_TYPE, pae
from ledger.formats.ed25519 import verify_signature
from ledger.tlog.cose_receipt import SignedRoot
from ledger.tlog.note import Checkpoint, Vkey, b64, format_checkpoint, open_checkpoint, parse_checkpoint, unb64
from ledger.tlog.tree import check_consistency

logger = logging.getLogger(__name__)

POINTER = "signer"  # file in the log's state folder: the path of the signer's socket
LARGEST = 65_536  # bytes of a line; a proof has at most 63 hashes
SECONDS = 30.0
MOST_KEPT = 100

# The codes of refusals. A code decides the exit status of a command, so any other code becomes KEY-ANSWER.
REFUSALS = frozenset(
    "SIGNER-FORMAT CP-FORMAT CP-ORIGIN LOG-FORKED LOG-ROLLBACK LOG-GAP LOG-CORRUPT CLOCK-BACK CLOCK-AHEAD BUSY "
    "GUARD-MISSING GUARD-CLOSED GUARD-AWAY STORE-AWAY STORE-UNSAFE NO-HTTP NO-POSTGRES KEY-MISSING KEY-MODE "
    "KEY-LOCKED KEY-FORMAT NOT-A-FILE LEDGER-VERSION READ-ONLY DISK-FULL DISK-ERROR NO-CBOR".split()
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


# -- the process -------------------------------------------------------------------------------------------------------


class SignerServer:
    """Answer requests to sign, one at a time; the socket is separate."""

    def __init__(
        self, state: Path, *, now: Callable[[], datetime] = lambda: datetime.now(UTC), say: Say = lambda _: None
    ) -> None:
        self._state = state
        self._say = say
        self._now = now
        self._lock = threading.Lock()
        with closing(Guard(place_in(state))) as guard:
            last = guard.last()
        self.origin = parse_checkpoint(last.note.decode().partition("\n\n")[0] + "\n").origin
        self._hand = LocalSigner(self.origin, state)
        self._hand.ready(last, now())

    def close(self) -> None:
        """Close the guard."""
        self._hand.close()

    def answer(self, line: bytes) -> bytes:
        """Return the reply to a line of any content, with its newline."""
        try:
            question = msgspec.json.decode(line, type=SignRequest)
            with self._lock:
                reply = self._answer(question)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            reply = SignReply(refused=No("SIGNER-FORMAT", f"not a question: {error}"))
        except (RecordError, LedgerError) as wrong:
            reply = SignReply(refused=No(wrong.code, wrong.says, wrong.hint))
        if state := reply.signed or reply.moved:
            logger.info("answered with the checkpoint of %d entries", state.size)
        if reply.root:
            logger.info("signed the root of %d entries for receipts", reply.root.size)
        if reply.refused:
            logger.info("refused: %s", reply.refused.code)
            self._say(f"refused: {reply.refused.code}: {reply.refused.says}")
            self._keep(reply.refused)
        return msgspec.json.encode(reply) + b"\n"

    def _keep(self, no: No) -> None:
        """Keep a contradiction, by its digest; a hundred of them are evidence enough."""
        folder = self._state / "refused"
        if no.evidence and (not folder.exists() or len(list(folder.iterdir())) < MOST_KEPT):
            data = msgspec.json.format(msgspec.json.encode(no)) + b"\n"
            replace_file(private_folder(folder) / f"{sha256(data).hexdigest()}.json", data)

    def _answer(self, question: SignRequest) -> SignReply:
        last = self._hand.last()
        if question.ask == "last":
            return SignReply(signed=SignedState.of(last))
        if question.ask == "root":
            return SignReply(root=RootSignature.of(self._hand.sign_root()))
        if question.ask == "heads":
            return self._heads(question)
        if question.ask != "sign":
            return SignReply(refused=No("SIGNER-FORMAT", f"there is no question {question.ask!r}"))
        checkpoint = parse_checkpoint(question.checkpoint)
        if checkpoint.origin != self.origin:
            return SignReply(refused=No("CP-ORIGIN", f"this signs for {self.origin}, not for {checkpoint.origin}"))
        if (checkpoint.size, checkpoint.root) == (last.size, last.root):
            return SignReply(signed=SignedState.of(last))  # the process was killed before it could answer
        old_size, old_root = question.old[0], unb64(question.old[1])
        if old_size < last.size and checkpoint.size != last.size:
            return SignReply(moved=SignedState.of(last))
        if no := _contradiction(last, (old_size, old_root), checkpoint, [unb64(text) for text in question.proof]):
            return SignReply(refused=No(*no, evidence=(last.note.decode(), question.checkpoint)))
        signed = self._hand.step(last, checkpoint.size, checkpoint.root, lambda: (), self._now(), self._say)
        return (
            SignReply(signed=SignedState.of(signed)) if signed else SignReply(moved=SignedState.of(self._hand.last()))
        )

    def _heads(self, question: SignRequest) -> SignReply:
        """Sign the entry by which this log commits its heads; only its own one, of this kind and in this place."""
        message = unb64(question.message)
        key = self._hand.heads_key(make=question.make)
        if not message:
            return SignReply(heads=HeadsSignature(b64(key.public)))
        _check_heads(message, self.origin)
        return SignReply(heads=HeadsSignature(b64(key.public), b64(key.sign(message))))


def _check_heads(message: bytes, origin: str) -> None:
    """Raise `RecordError` SIGNER-FORMAT, JSON-* unless these are the bytes of an entry that the heads key may sign.

    These are a `heads-committed` in the map order, and the `key-accepted` by which the register learns of the key.
    """
    payload = message[message.find(b"{") :]
    if message != pae(EVENT_TYPE, payload):
        raise RecordError("SIGNER-FORMAT", "not the bytes of an entry")
    entry = parse_json(payload)
    places = ((map_of(origin), HEADS_COMMITTED), (registry_of(origin), "key-accepted"))
    if entry.get("log") != origin or (entry.get("order"), entry.get("kind")) not in places:
        raise RecordError("SIGNER-FORMAT", f"this signs {HEADS_COMMITTED} of {origin}, and no other entry")


def _contradiction(
    last: Signed, old: tuple[int, bytes], asked: Checkpoint, proof: Sequence[bytes]
) -> tuple[str, str, str] | None:
    """Return why a checkpoint does not follow the last signed one: code, sentence, hint; None if it does."""
    if asked.size < last.size:
        hint = "an older copy was put in place; restore the newest one, or comity succeed"
        return "LOG-ROLLBACK", f"{last.size} entries were signed on {wire(last.at)}, this has {asked.size}", hint
    if old[0] > last.size:
        says = f"it is said to follow {old[0]} entries, and only {last.size} were signed here"
        return "LOG-GAP", says, "another key or guard has signed for this log: find it before anything else"
    fork = "keep both checkpoints: they prove that somebody tried to sign a second history"
    if asked.size == last.size or old[1] != last.root:
        return "LOG-FORKED", f"another tree of {last.size} entries was signed on {wire(last.at)}", fork
    try:
        if last.size:
            check_consistency(last.size, asked.size, last.root, asked.root, proof)
    except RecordError as wrong:
        says = f"nothing shows that it begins with the {last.size} entries signed on {wire(last.at)}: {wrong.says}"
        return "LOG-FORKED", says, fork
    return None


def listen(place: Path) -> socket.socket:
    """Return a socket of mode 0600 that listens at `place`; `LedgerError` SIGNER-RUNS if another process does."""
    if place.is_socket():
        with socket.socket(socket.AF_UNIX) as other:
            try:
                other.connect(str(place))
            except OSError:
                place.unlink()  # left by a killed process
            else:
                raise LedgerError("SIGNER-RUNS", f"a process listens at {place} already")
    server = socket.socket(socket.AF_UNIX)
    try:
        server.bind(str(place))  # no client can connect before `listen`
        place.chmod(0o600)
        server.listen()
    except OSError as error:
        server.close()
        raise LedgerError("SIGNER-RUNS", f"{place}: {error.strerror or error}") from None
    return server


def serve(signer: SignerServer, server: socket.socket) -> NoReturn:
    """Answer on a listening socket until the process gets a signal; each connection has its thread."""
    server.settimeout(0.5)  # a signal may reach another thread, so this one has to wake up for it
    while True:
        try:
            line, _ = server.accept()
        except TimeoutError:
            continue
        threading.Thread(target=_converse, args=(signer, line), daemon=True).start()


def _converse(signer: SignerServer, line: socket.socket) -> None:
    with line, line.makefile("rb") as questions:
        while question := questions.readline(LARGEST):
            try:
                line.sendall(answer := signer.answer(question))
            except OSError:
                return  # the client has left
            if answer.startswith(b'{"refused":{"code":"SIGNER-FORMAT"'):
                return  # the rest is not a request either, and would fill the messages without end


# -- the client --------------------------------------------------------------------------------------------------------


class RemoteSigner:
    """Sign through a signer process, and verify its replies; `keys` are the log's."""

    def __init__(self, keys: Sequence[Vkey], place: Path) -> None:
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
            told = self._ask(SignRequest("root")).root
        except LedgerError as no:
            if no.code != "SIGNER-FORMAT":
                raise
            hint = "the process is older than receipts: stop it, and start it again with this version"
            raise LedgerError(no.code, no.says, hint) from None
        try:
            signed = told.signed() if told else None
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
        told = self._ask(request).heads
        try:
            return (unb64(told.public), unb64(told.signature)) if told else (b"", b"")
        except ValueError:
            raise LedgerError("KEY-ANSWER", f"{self._place} told no key that commits heads") from None

    def ready(self, last: Signed, now: datetime) -> None:
        """Raise `LedgerError` if the signer process does not answer."""
        self.last()

    def close(self) -> None:
        """Close the connection."""
        if self._line is not None:
            self._line.close()
            self._line = None

    def _opened(self, told: SignedState | None) -> Signed:
        try:
            if told is None:
                raise ValueError("no checkpoint")
            signed = told.signed()
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
                raise LedgerError("KEY-AWAY", f"{self._place}: {error.strerror or error}", hint) from None
        if no := answer.refused:
            says = f"the signing process refuses: {no.says}"
            raise LedgerError(
                *((no.code, says) if no.code in REFUSALS else ("KEY-ANSWER", f"{says} ({no.code})")), no.hint
            )
        return answer

    def _exchange(self, question: bytes) -> SignReply:
        if self._line is None:
            self._line = socket.socket(socket.AF_UNIX)
            self._line.settimeout(SECONDS)
            self._line.connect(str(self._place))
        self._line.sendall(question)
        reply = b""
        while not reply.endswith(b"\n"):
            part = self._line.recv(LARGEST)
            if not part or len(reply) > 2 * LARGEST:
                raise OSError("it hung up")
            reply += part
        try:
            return msgspec.json.decode(reply, type=SignReply)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
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
        raise LedgerError("KEY-AWAY", f"{state / POINTER} does not say which socket to ask", hint)
    return RemoteSigner(keys, Path(place))
