"""Sign for a log in a separate process, so that an intruder in the ledger cannot make it sign a fork.

The process holds the log's key and guard, and trusts no request (`signer_messages`). A new checkpoint must begin with
the one that it signed last, and it verifies the consistency proof. The guard is durable before the reply is sent: after
a crash in between, the same request gets the same note. Contradictions to a signed state are kept in `refused/`, next
to the guard.
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
from ledger.adapters.log.checkpoint_signer import LocalSigner, Say
from ledger.adapters.log.signer_messages import LARGEST, HeadsSignature, No, RootSignature, SignReply, SignRequest
from ledger.entries.case import wire
from ledger.entries.placement import HEADS_COMMITTED, map_of, registry_of
from ledger.errors import LedgerError, RecordError
from ledger.formats.canonical_json import parse_json
from ledger.formats.dsse import EVENT_TYPE, pae
from ledger.messages import plain
from ledger.tlog.note import Checkpoint, b64, parse_checkpoint, unb64
from ledger.tlog.tree import check_consistency

logger = logging.getLogger(__name__)

MOST_KEPT = 100  # contradictions
MOST_LINES = 256  # connections


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
        except (ValueError, RecursionError) as error:
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
        return msgspec.json.encode(reply, enc_hook=plain) + b"\n"

    def _keep(self, no: No) -> None:
        """Keep a contradiction, by its digest; a hundred of them are evidence enough."""
        folder = self._state / "refused"
        if no.evidence and (not folder.exists() or len(list(folder.iterdir())) < MOST_KEPT):
            data = msgspec.json.format(msgspec.json.encode(no, enc_hook=plain)) + b"\n"
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


def serve(
    signer: SignerServer,
    server: socket.socket,
    accepted: Callable[[socket.socket], socket.socket] = lambda line: line,
    refusal: Callable[[socket.socket], str] = lambda line: "",
) -> NoReturn:
    """Answer on a listening socket until the process gets a signal; each connection has its thread.

    `accepted` returns the connection to speak over, or raises OSError. `refusal` returns why a connection gets no
    signature, empty if it does; it is asked before each request. At most `MOST_LINES` are open at once.
    """
    server.settimeout(0.5)  # a signal may reach another thread, so this one has to wake up for it
    free = threading.BoundedSemaphore(MOST_LINES)
    while True:
        try:
            line, _ = server.accept()
        except TimeoutError:
            continue
        if free.acquire(blocking=False):
            threading.Thread(
                target=_converse, args=(signer, line, accepted, refusal, free.release), daemon=True
            ).start()
        else:
            line.close()  # the client asks again


def _converse(
    signer: SignerServer,
    line: socket.socket,
    accepted: Callable[[socket.socket], socket.socket],
    refusal: Callable[[socket.socket], str],
    release: Callable[[], None],
) -> None:
    try:
        with line, accepted(line) as spoken:
            _answer_all(signer, spoken, refusal)
    except OSError as error:
        logger.info("a connection ended: %s", error)
    finally:
        release()


def _answer_all(signer: SignerServer, line: socket.socket, refusal: Callable[[socket.socket], str]) -> None:
    with line.makefile("rb") as questions:
        while question := questions.readline(LARGEST):
            if why := refusal(line):
                logger.warning("refused: SIGNER-MACHINE: %s", why)
                hint = "add it to the list of machines, on the machine of the signing process"
                line.sendall(msgspec.json.encode(SignReply(refused=No("SIGNER-MACHINE", why, hint))) + b"\n")
                return
            try:
                line.sendall(answer := signer.answer(question))
            except OSError:
                return  # the client has left
            if answer.startswith(b'{"refused":{"code":"SIGNER-FORMAT"'):
                return  # the rest is not a request either, and would fill the messages without end
