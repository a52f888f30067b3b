"""Cosign the head of a log with its witnesses, stop at a contradiction, and keep the evidence.

A conflict is never retried. Either this log has signed two trees, because its key was stolen or an old copy
was restored, or the witness is broken. Both notes are kept, and people decide.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import attrgetter
from pathlib import Path

from ledger.adapters.folders.user_folders import private_folder, replace_file
from ledger.adapters.keys import mldsa
from ledger.adapters.log.checkpoints import PublishedHead
from ledger.adapters.log.log import Log
from ledger.adapters.storage.sqlite import sync_folder
from ledger.adapters.witness.client import (
    LastCosignature,
    WitnessResult,
    ask_witnesses,
    check_times,
    remembered,
    with_cosignatures,
)
from ledger.entries.split_view import prove_split
from ledger.errors import LedgerError, RecordError
from ledger.tlog.note import Head, LogKey, Vkey, in_turn, lines_of, note_digest, open_checkpoint
from ledger.tlog.policy import Policy
from ledger.tlog.tree import root


@dataclass(frozen=True, slots=True)
class Cosigned:
    """Hold a published head after its witnesses were asked; `met` if its cosignatures are a quorum of the policy."""

    kept: PublishedHead
    asked: tuple[WitnessResult, ...]
    met: bool


def cosign_head(
    log: Log,
    policy: Policy,
    evidence: Path,
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    say: Callable[[str], None] = lambda _: None,
    heard: Callable[[Sequence[WitnessResult]], None] = lambda _: None,
) -> Cosigned:
    """Publish the signed head, have it cosigned, and publish it again with the cosignatures. Also the heartbeat.

    Without a quorum the head is published as well, and `met` is False: exports require it. `say` gets the
    reason why a witness did not cosign; `heard` gets the results before they are used, and may raise.
    `LedgerError`: LOG-EQUIVOCATION, with both notes kept in the folder `evidence` and no new cosignature
    published; LOG-ROLLBACK if a witness shows a larger head than this log knows.
    """
    head = open_published(log, policy)
    answers = ask_witnesses(
        policy, log.key, head, log.consistency, now=int(now().timestamp()), known=known(log, policy)
    )
    return take_answers(log, policy, head, answers, evidence, say=say, heard=heard)


def open_published(log: Log, policy: Policy) -> Head:
    """Publish the signed head, and open it."""
    return _open(log, policy, log.publish().note)


def take_answers(
    log: Log,
    policy: Policy,
    head: Head,
    answers: Sequence[WitnessResult],
    evidence: Path,
    *,
    say: Callable[[str], None] = lambda _: None,
    heard: Callable[[Sequence[WitnessResult]], None] = lambda _: None,
) -> Cosigned:
    """Publish a head with the cosignatures of those who were asked; arguments and errors as in `cosign_head`."""
    for answer in answers:
        if answer.fault:
            say(f"{', '.join(answer.names)}: {answer.fault}")
    _stop_at_conflict(log, head, answers, evidence)
    heard(answers)
    lines = {key: line for answer in answers for key, line in answer.lines.items()}
    published = log.publish()
    if lines:
        published = log.publish(with_cosignatures(policy, _newest(published.note, head.note), lines, log.key))
    return Cosigned(published, tuple(answers), witnessed(policy, published.note, log.key))


def take_cosignatures(
    log: Log, policy: Policy, offered: bytes, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Cosigned:
    """Publish the cosignatures of a note that came back by other means: a file, or a witness without a URL.

    `RecordError`: CP-* if it is not a note of this log, CP-SIG if no witness of the policy has signed it;
    `LedgerError` LOG-CORRUPT if it is a head that this log has not signed.
    """
    head = _open(log, policy, offered)
    if not head.cosignatures:
        raise RecordError("CP-SIG", "no witness of this ledger has cosigned this note")
    check_times(head.cosignatures, int(now().timestamp()), {})
    log.publish()
    text = offered.rpartition(b"\n\n")[0]
    ours = (kept.note for kept in reversed(log.heads.all()) if kept.note.rpartition(b"\n\n")[0] == text)
    lines = lines_of(offered, tuple(policy.witnesses.values()))
    published = log.publish(with_cosignatures(policy, next(ours, offered), lines, log.key))
    return Cosigned(published, (), witnessed(policy, published.note, log.key))


def _newest(published: bytes, offered: bytes) -> bytes:
    """Return the published note if both are of one head: another process may have added cosignatures to it."""
    return published if published.rpartition(b"\n\n")[0] == offered.rpartition(b"\n\n")[0] else offered


def witnessed(policy: Policy, note: bytes, log: LogKey) -> bool:
    """Return True if the cosignatures of a note are a quorum of the policy, as exports require."""
    witnesses = tuple(policy.witnesses.values())
    head = open_checkpoint(note, in_turn(log)[0].name, log, witnesses, mldsa=mldsa.verify)
    return policy.met(policy.names(key for key, _ in head.cosignatures))


def check_remembered(log: Log, policy: Policy) -> None:
    """Compare the guard with the heads that the witnesses remember, before the next signature.

    `LedgerError`: LOG-ROLLBACK if one has cosigned more than this log knows, LOG-FORKED if it was another
    tree.
    """
    heads = remembered(policy, log.key)
    signed = log.signed()  # after them: another process may sign meanwhile
    for url, head in heads.items():
        size = head.checkpoint.size
        if size > signed.size:
            raise _rollback(url, size, signed.size)
        if head.checkpoint.root != root(size, log.store.hashes):
            raise LedgerError("LOG-FORKED", f"{url} has cosigned another tree of {size} entries of this log")


def check_shown(log: Log, note: bytes, evidence: Path) -> None:
    """Compare a head of this log that another party has seen with the log; ignore one that the log never signed.

    `LedgerError`: LOG-ROLLBACK if it is larger than this log knows, LOG-FORKED if it is of another tree. The
    note, and the exhibit if there is one, are kept in the folder `evidence`.
    """
    try:
        head = open_checkpoint(note, log.origin, log.key, (), mldsa=mldsa.verify)
    except RecordError:
        return
    signed, size = log.signed(), head.checkpoint.size
    ours = open_checkpoint(signed.note, log.origin, log.key, (), mldsa=mldsa.verify)
    if size <= signed.size and head.checkpoint.root == root(size, log.store.hashes):
        return
    _keep_notes(log, ours, head, (ours.note, note), evidence)
    if size > signed.size:
        raise _rollback("somebody", size, signed.size)
    raise LedgerError(
        "LOG-FORKED", f"somebody was shown another tree of {size} entries of this log; see {evidence}", "comity succeed"
    )


def _stop_at_conflict(log: Log, head: Head, asked: Sequence[WitnessResult], evidence: Path) -> None:
    conflicts = [answer for answer in asked if answer.conflict]
    if conflicts:
        proven = [_keep(log, head, answer, evidence) for answer in conflicts]  # keep all before the first is reported
        urls = ", ".join(answer.url for answer in conflicts)
        raise LedgerError(
            "LOG-EQUIVOCATION",
            f"{urls}: this head does not follow what was cosigned there; what both say is kept in {evidence}",
            "it proves that this log signed two trees: comity succeed"
            if any(proven)
            else "it proves nothing yet: ask the operator of that witness what it remembers",
        )
    for answer in asked:
        theirs = _told(log, answer)
        if theirs and theirs.checkpoint.size > (signed := log.signed()).size:
            _keep(log, head, answer, evidence)
            raise _rollback(answer.url, theirs.checkpoint.size, signed.size)


def _rollback(url: str, theirs: int, ours: int) -> LedgerError:
    return LedgerError(
        "LOG-ROLLBACK",
        f"{url} has seen {theirs} entries of this log, which knows of {ours}",
        "an older copy was put in place; restore the newest one, or comity succeed",
    )


def _keep(log: Log, head: Head, answer: WitnessResult, folder: Path) -> bool:
    """Keep both notes, by digest, and the exhibit if they prove a split view; return True if they do."""
    notes = [note for note in (head.note, answer.theirs) if note]
    return _keep_notes(log, head, _told(log, answer), notes, folder)


def _keep_notes(log: Log, head: Head, theirs: Head | None, notes: Sequence[bytes], folder: Path) -> bool:
    files = {f"{note_digest(note)}.note": note for note in notes}
    exhibit = _exhibit(log, head, theirs)
    if exhibit:
        files[f"{note_digest(exhibit)}.split-view.json"] = exhibit
    private_folder(folder)
    for name, data in files.items():
        replace_file(folder / name, data)
    sync_folder(folder)
    return exhibit is not None


def _exhibit(log: Log, head: Head, theirs: Head | None) -> bytes | None:
    """Return the exhibit if our newest head does not begin with theirs; our own tree provides the other root."""
    if theirs is None:
        return None
    m, n = theirs.checkpoint.size, head.checkpoint.size
    try:
        key = min(lines_of(theirs.note, in_turn(log.key)), key=attrgetter("type"))
        return prove_split(key, theirs.note, head.note, log.consistency(m, n), root(m, log.store.hashes))
    except RecordError:
        return None


def _told(log: Log, answer: WitnessResult) -> Head | None:
    """Return the head that a witness showed, if this log's key signed it."""
    try:
        if answer.theirs:
            return open_checkpoint(answer.theirs, log.origin, log.key, (), mldsa=mldsa.verify)
    except RecordError:
        pass
    return None


def _open(log: Log, policy: Policy, note: bytes) -> Head:
    return open_checkpoint(note, log.origin, log.key, tuple(policy.witnesses.values()), mldsa=mldsa.verify)


def known(log: Log, policy: Policy) -> dict[Vkey, LastCosignature]:
    """Return the last cosignatures of the newest cosigned head, by key."""
    newest = log.heads.newest_cosigned()
    head = _open(log, policy, newest.note) if newest else None
    return {key: LastCosignature(head.checkpoint.size, time) for key, time in head.cosignatures} if head else {}
