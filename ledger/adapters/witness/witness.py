"""Witness other parties' logs: cosign each head that follows the last one seen, with the current time.

The one rule: the heads of each log that are cosigned here form one line. A head that does not follow is
refused with the status of c2sp.org/tlog-witness (text of July 2026); if the log's own key signed it, it is
kept.

    400 no request, or old > size     404 no log of ours            403 not signed by the log
    409 old is not what was cosigned  422 it does not follow        503 our clock or disk: nothing was cosigned
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from ledger.adapters.keys import mldsa
from ledger.adapters.keys.key_files import SeedKey
from ledger.adapters.keys.mldsa import MlDsaKey
from ledger.adapters.log.published_log import LARGEST_NOTE, Fetch, reader
from ledger.adapters.witness.witness_state import ConflictEvidence, CosignedHead, Memory
from ledger.entries.split_view import prove_split
from ledger.errors import LedgerError, RecordError
from ledger.tlog.add_checkpoint import Submission, parse_submission
from ledger.tlog.names import origin_hash
from ledger.tlog.note import (
    EMPTY_ROOT,
    Checkpoint,
    Vkey,
    cosign,
    cosign_mldsa,
    decimal,
    format_checkpoint,
    lines_of,
    open_note,
    unb64,
)
from ledger.tlog.policy import Policy
from ledger.tlog.tree import check_consistency, prove_consistency, root

logger = logging.getLogger(__name__)

TEXT = "text/plain; charset=utf-8"
SIZE = "text/x.tlog.size"

Logs = Mapping[str, Sequence[Vkey]]  # origin -> the keys with which it may sign
Cosigner = Callable[[bytes, int], str]  # note, time in seconds since 1970 -> cosignature line


@dataclass(frozen=True, slots=True)
class WitnessReply:
    """Hold a witness's reply: an HTTP status, the body, its Content-Type; 200 carries cosignature lines."""

    status: int
    body: str
    media: str = TEXT


@dataclass(frozen=True, slots=True)
class _SignedHead:
    """Hold a head that its log signed: `note` has the log's own lines only."""

    origin: str
    size: int
    root: bytes
    note: bytes


class Witness:
    """Cosign heads, with a memory. `cosigners` make its lines, one for each key it has."""

    def __init__(
        self,
        memory: Memory,
        cosigners: Sequence[Cosigner],
        logs: Logs,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.memory = memory
        self.logs = dict(logs)
        self._cosigners = tuple(cosigners)
        self._now = now
        self._origins = {origin_hash(origin): origin for origin in logs}

    def add_checkpoint(self, body: bytes) -> WitnessReply:
        """Answer the body of an add-checkpoint request; a cosigned head is durable on return."""
        try:
            submission = parse_submission(body)
        except RecordError as refused:
            return WitnessReply(400, f"{refused.says}\n")
        return self.consider(submission)

    def consider(self, submission: Submission) -> WitnessReply:
        """Cosign a head, or return the reason for a refusal."""
        head = self._opened(submission.note)
        if isinstance(head, WitnessReply):
            return head
        if submission.old > head.size:
            return WitnessReply(400, f"old size {submission.old} is larger than the checkpoint's {head.size}\n")
        try:
            with self.memory.turn():
                answer = self._decide(head, submission)
        except LedgerError as fault:
            answer = WitnessReply(503, f"{fault.code}: nothing was cosigned\n")
        logger.info("%s at %d entries: status %d", head.origin, head.size, answer.status)
        return answer

    def checkpoint(self, digest: str) -> bytes | None:
        """Return the last note cosigned for a log, with its lines and ours; `digest` is its origin's hex SHA-256."""
        origin = self._origins.get(digest)
        seen = self.memory.seen(origin) if origin else None
        return seen.note if seen else None

    def _opened(self, note: bytes) -> _SignedHead | WitnessReply:
        """Return the head in a note, if one of our logs signed it."""
        text = note.rpartition(b"\n\n")[0]
        try:
            origin, size, tree = _three_lines(text)
        except ValueError as error:
            return WitnessReply(400, f"not a checkpoint: {error}\n")
        keys = self.logs.get(origin)
        if keys is None:
            return WitnessReply(404, "this witness does not know that log\n")
        try:
            open_note(note, keys, mldsa=mldsa.verify)
            own = "".join(lines_of(note, keys).values()).encode()
        except RecordError as refused:
            false = refused.code == "CP-SIG" or _misspelt(note, {key.name for key in keys})
            return WitnessReply(403 if false else 400, f"{refused.says}\n")
        return _SignedHead(origin, size, tree, text + b"\n\n" + own)

    def _decide(self, head: _SignedHead, submission: Submission) -> WitnessReply:
        last = self.memory.seen(head.origin)
        stored = last.size if last else 0
        time = int(self._now().timestamp())
        why = _contradiction(head, last, submission)
        if why or stored != submission.old:
            answer = (
                WitnessReply(422, f"{why}\n") if stored == submission.old else WitnessReply(409, f"{stored}\n", SIZE)
            )
            if why and last:
                self.memory.keep(
                    ConflictEvidence(
                        head.origin, time, answer.status, why, submission.old, last.note, head.note, submission.proof
                    )
                )
            return answer
        if last and time < last.time:
            return WitnessReply(503, "the clock of this witness is behind its last cosignature\n")
        lines = "".join(cosigner(head.note, time) for cosigner in self._cosigners)
        self.memory.store(head.origin, CosignedHead(head.size, head.root, time, head.note + lines.encode()))
        return WitnessReply(200, lines)


def _contradiction(head: _SignedHead, last: CosignedHead | None, submission: Submission) -> str:
    """Return why a head cannot follow the last one seen; empty if it does, or if no proof from it was sent."""
    if (head.size == 0) != (head.root == EMPTY_ROOT):
        return "the empty tree, and no other, has the root of the empty tree"
    if last and last.size == head.size and last.root != head.root:
        return f"this log has signed another tree of {head.size} entries"
    if submission.old != (last.size if last else 0):
        return ""
    if last is None or last.size == 0:
        return "every tree begins with the empty one: there is nothing to prove" if submission.proof else ""
    try:
        check_consistency(last.size, head.size, last.root, head.root, submission.proof)
    except RecordError as refused:
        return refused.says
    return ""


def _three_lines(text: bytes) -> tuple[str, int, bytes]:
    """Return origin, size and root; ValueError. The origin is not checked against our logs.

    Extension lines are refused: witnesses disagree about them, and a cosignature says nothing about their
    meaning.
    """
    lines = text.decode().split("\n")
    if len(lines) != 3 or not lines[0]:
        raise ValueError("three lines: origin, size, root")
    tree = unb64(lines[2])
    if len(tree) != 32:
        raise ValueError("a root has 32 bytes")
    return lines[0], decimal(lines[1]), tree


def _misspelt(note: bytes, names: Collection[str]) -> bool:
    """Return True if a line under one of the names is not canonical base64: a false signature, not a malformed note."""
    for line in note.rpartition(b"\n\n")[2].decode(errors="replace").split("\n"):
        _, _, rest = line.partition(" ")
        name, _, signature = rest.partition(" ")
        try:
            if name in names:
                unb64(signature)
        except ValueError:
            return True
    return False


def cosigners(name: str, key: SeedKey, second: MlDsaKey | None = None) -> list[Cosigner]:
    """Return the functions that make a witness's lines: with an Ed25519 key, and an ML-DSA-44 key if given."""
    signers: list[Cosigner] = [lambda note, time: cosign(note, name, key.seed, time)]
    if second is not None:
        public, sign = second.public, second.sign
        signers.append(lambda note, time: cosign_mldsa(note, name, public, sign, time))
    return signers


def logs_of(policies: Sequence[Policy], own: Sequence[Vkey] = ()) -> dict[str, list[Vkey]]:
    """Return the logs that policies name, by origin, for a witness with these `own` keys.

    `RecordError` POL-KEY if two keys cannot be distinguished, CP-ORIGIN for a name that no checkpoint can
    carry.
    """
    keys = [key for policy in policies for key in policy.logs]
    distinct = list(dict.fromkeys(keys))
    publics = {key.public for key in distinct} | {key.public for key in own}
    if len({key.id for key in distinct}) < len(distinct) or len(publics) < len(distinct) + len(own):
        raise RecordError("POL-KEY", "one key, one name, one job: two of the keys cannot be told apart")
    logs: dict[str, list[Vkey]] = {}
    for key in distinct:
        format_checkpoint(Checkpoint(key.name, 0, EMPTY_ROOT))
        logs.setdefault(key.name, []).append(key)
    return logs


def exhibit_of(evidence: ConflictEvidence, keys: Sequence[Vkey]) -> bytes | None:
    """Return the exhibit with which kept evidence proves a split view to any reader; None if it proves none."""
    for key in keys:
        with suppress(RecordError):
            return prove_split(key, evidence.cosigned, evidence.refused, evidence.proof)
    return None


# -- pull mode ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pulled:
    """Hold the result for a published head: the reply, and the exhibit if its tiles contradict a cosigned head."""

    origin: str
    size: int
    answer: WitnessReply
    exhibit: bytes | None


def pull(witness: Witness, fetch: Fetch) -> Pulled:
    """Fetch the published head of a log with its proof and cosign it, for a witness without a public address.

    `RecordError` CP-*, LOG-TILE and `LedgerError` if it cannot be read. A refused head is not raised but
    returned.
    """
    note = fetch("checkpoint", LARGEST_NOTE)
    head = witness._opened(note)
    if isinstance(head, WitnessReply):
        raise RecordError("CP-SIG" if head.status == 403 else "CP-FORMAT", head.body.strip(), where="checkpoint")
    seen = witness.memory.seen(head.origin)
    old = seen.size if seen else 0
    read = reader(fetch, head.size)
    proof = prove_consistency(old, head.size, read) if 0 < old < head.size else []
    answer = witness.consider(Submission(old, tuple(proof), note))
    exhibit = None
    if answer.status == 422 and seen:
        began = root(old, read) if 0 < old < head.size else None
        for key in witness.logs[head.origin]:
            with suppress(RecordError):
                exhibit = prove_split(key, seen.note, head.note, proof, began)
    return Pulled(head.origin, head.size, answer, exhibit)
