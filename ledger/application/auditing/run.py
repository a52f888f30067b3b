"""Audit a log as an outsider, and sign which of its entries were checked.

A run reads the log as the monitor does: it compares the head with every head seen before, opens every new entry, and
keeps what it read, so that the next run reads new entries only. A run that finds anything wrong signs nothing. The
state belongs to one key, and so to one program: another program reads the log from its first entry on.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from ledger.adapters.keys import mldsa
from ledger.adapters.log.ledger_as_published import reading
from ledger.adapters.log.published_log import Fetch, reader
from ledger.adapters.witness.followed_logs import newest_seen
from ledger.adapters.witness.monitor import Alarm, Look, Patience, look
from ledger.application.auditing.audit_files import FOLDER, files_in, keep, named
from ledger.entries.keyring import Registrar
from ledger.errors import LedgerError, RecordError
from ledger.tlog.audit_statement import AuditedSubtree, check_audited, covered
from ledger.tlog.note import Checkpoint, Vkey, parse_checkpoint, split_note
from ledger.tlog.policy import Policy
from ledger.tlog.subtree import check_subtree_consistency, prove_subtree_consistency, subtree_root, subtrees
from ledger.tlog.subtree_cosignature import Subtree, cosign_subtree, parse_subtree, subtree_note
from ledger.tlog.tree import Read
from ledger.verify.audits.statements import NOTE, STATEMENT

ASIDE = frozenset({"V-ROLE-NOT-HELD"})  # a finding of the law on an entry, which every verifier makes again


class Auditor(Struct, frozen=True):
    """An auditor that signs: its key, whose name ends with the digest of `statement`."""

    key: Vkey
    statement: bytes
    sign: Callable[[bytes], bytes]


class AuditRun(Struct, frozen=True):
    """The result of a run: the head and the number of entries read in this run.

    `signed` are the ranges [start, end) of new notes. `wrong` is why nothing was signed; `remarks` are findings
    on entries that the statement says nothing about.
    """

    seen: Look
    signed: tuple[tuple[int, int], ...] = ()
    wrong: tuple[Alarm, ...] = ()
    remarks: tuple[Alarm, ...] = ()


def audit_log(
    where: str,
    policy: Policy,
    registrar: Registrar,
    origin: str,
    auditor: Auditor,
    state: Path,
    now: datetime,
    *,
    whole: bool = False,
) -> AuditRun:
    """Check the log `origin` at `where`, a ledger folder, a published log or a URL, and sign what was checked.

    New notes are kept below `state`, in the folder `audits`: the entries that no earlier note covers, as the fewest
    subtrees; with `whole` all entries as one. Faults of the log are in the result. `LedgerError` for the state, and
    if a ledger folder cannot be read.
    """
    with reading(where) as fetch:
        seen = look(where, policy, origin, state, now, Patience(), entries=True, registrar=registrar, fetch=fetch)
    wrong = tuple(alarm for alarm in seen.alarms if alarm.code not in ASIDE)
    remarks = tuple(alarm for alarm in seen.alarms if alarm.code in ASIDE)
    if wrong:
        return AuditRun(seen, wrong=wrong, remarks=remarks)
    with reading(where) as fetch:  # once more: above, a folder that was written to meanwhile has ended the run
        try:
            signed = _sign(fetch, _head(state, origin), auditor, state / FOLDER, whole)
        except (RecordError, LedgerError) as fault:
            return AuditRun(seen, wrong=(Alarm(fault.code, fault.says),), remarks=remarks)
    return AuditRun(seen, signed, remarks=remarks)


def _head(state: Path, origin: str) -> Checkpoint:
    """Return the newest head seen, which is the one that this run read: a smaller one is a rollback."""
    head = newest_seen(state, origin)
    if head is None:
        raise LedgerError("LOG-UNREACHABLE", f"no head of {origin} was seen")
    return parse_checkpoint(head.note.decode().partition("\n\n")[0] + "\n")


def _sign(fetch: Fetch, head: Checkpoint, auditor: Auditor, folder: Path, whole: bool) -> tuple[tuple[int, int], ...]:
    read = reader(fetch, head.size)
    before = _signed_before(files_in(folder), head, auditor, read)
    ranges = covered(before, auditor.key, head)
    first = ranges[0][1] if ranges and ranges[0][0] == 0 else 0
    wanted = [(0, head.size)] if whole and head.size else subtrees(first, head.size)
    new = [each for each in wanted if each not in {(one.subtree.start, one.subtree.end) for one in before}]
    files = dict([named(auditor.statement, STATEMENT)])
    for start, end in new:
        subtree = Subtree(head.origin, start, end, subtree_root(start, end, read))
        files |= [named(sign_subtree(subtree, head, auditor, read), NOTE)]
    keep(folder, files)
    return tuple(new)


def sign_subtree(subtree: Subtree, head: Checkpoint, auditor: Auditor, read: Read) -> bytes:
    """Return the note with which an auditor makes its statement about a subtree. SUB-PATH: the head does not have it.

    `read` returns stored hashes of the log; they are not trusted.
    """
    path = prove_subtree_consistency(subtree.start, subtree.end, head.size, read)
    check_subtree_consistency(subtree.start, subtree.end, head.size, subtree.root, head.root, path)
    return subtree_note(subtree, [cosign_subtree(subtree, auditor.key.name, auditor.key.public, auditor.sign)])


def _signed_before(files: dict[str, bytes], head: Checkpoint, auditor: Auditor, read: Read) -> list[AuditedSubtree]:
    """Return what the kept notes of this auditor state of the tree; raises if one of them is not of this tree."""
    audited = []
    for name, note in files.items():
        if name.endswith(NOTE):
            each = parse_subtree(split_note(note)[0])
            path = prove_subtree_consistency(each.start, each.end, head.size, read)
            audited.append(check_audited(note, auditor.statement, auditor.key, head, path, mldsa=mldsa.verify))
    return audited
