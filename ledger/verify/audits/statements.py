"""Read the statements of auditors that a policy names: which entries of a log each one checked, and which it did not.

The files of statements are named as in a bundle below `map/audits/`:

    <SHA-256 of the text>.statement     what was checked, by which program, under which rules
    <SHA-256 of the note>.note          a subtree, signed by auditors
    <SHA-256 of the note>.proof         its proof of consistency with the head, one base64 hash a line

Nothing is believed because of its name. A missing statement is not proven, a false one is a finding, and neither
changes the verdict. Statements of other keys are left aside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from ledger.errors import RecordError
from ledger.tlog.audit_statement import AuditedSubtree, check_audited, covered, named_statement
from ledger.tlog.note import Checkpoint, MlDsa, Vkey, lines_of, split_note
from ledger.tlog.policy import Policy
from ledger.tlog.subtree_cosignature import Subtree, parse_subtree
from ledger.verify.heads import hashes
from ledger.verify.progress import Unproven, VerificationLog, counted
from ledger.verify.report import StatedAudit

STATEMENT, NOTE, PROOF = ".statement", ".note", ".proof"
MOST = 256  # notes that are read: an auditor can sign one note for all entries

Prove = Callable[[Subtree], Sequence[bytes]]  # the proof of consistency of a subtree with the head


def check_audits(
    files: Mapping[str, bytes],
    policy: Policy,
    checkpoint: Checkpoint,
    book: VerificationLog,
    mldsa: MlDsa | None,
    prove: Prove | None = None,
) -> tuple[StatedAudit, ...]:
    """Return what the auditors of `policy` state of the tree `checkpoint`, in the order of the policy.

    Without `prove` the proofs are read from `files`. A statement of a named key that does not hold is the finding
    CMP-AUDIT-WRONG. Entries that an auditor did not check are not proven: CMP-NOT-AUDITED.
    """
    notes = sorted(name for name in files if name.endswith(NOTE))
    audited: list[AuditedSubtree] = []
    aside, unread = 0, len(notes)
    if mldsa is not None:
        unread -= len(notes[:MOST])
        for note in notes[:MOST]:
            signers = _signers(files[note], policy)
            aside += not signers
            for name, key in signers:
                try:
                    audited.append(_audited(files, note, key, checkpoint, mldsa, prove))
                except RecordError as wrong:
                    if wrong.code == "CP-KEY":  # `mldsa` finds no library
                        return check_audits(files, policy, checkpoint, book, None, prove)
                    says = f"a statement in the name of the auditor {name} does not hold: {wrong.code} {wrong.says}"
                    book.remark("CMP-AUDIT-WRONG", says)
    stated = tuple(_stated(files, policy, audited, checkpoint))
    for each in stated:
        if gaps := each.gaps(checkpoint.size):
            entries = name_entries(gaps)
            covers = f"none of its statements here covers {'them' if entries.startswith('the entries') else 'it'}"
            book.not_proven.append(
                Unproven("CMP-NOT-AUDITED", f"that the auditor {each.name} checked {entries}: {covers}.")
            )
    if aside:
        book.not_proven.append(f"What {counted(aside, 'note')} of auditors say: your policy names none who signed.")
    if unread:
        why = f"the first {MOST} were read" if mldsa else "nothing here verifies ML-DSA-44"
        book.not_proven.append(f"What {counted(unread, 'note')} of auditors say: {why}.")
    return stated


def recomputed_by(stated: Sequence[StatedAudit], index: int) -> tuple[str, ...]:
    """Return the auditors, by name, who state that they computed the map of heads that the entry at `index` commits.

    Its root is over all entries before it, so an auditor has to have checked these, and the entry itself.
    """
    return tuple(
        each.name
        for each in stated
        if each.statement is not None
        and "map-roots" in each.statement.checks
        and each.ranges[0][0] == 0
        and each.ranges[0][1] > index
    )


def name_entries(ranges: Iterable[tuple[int, int]]) -> str:
    """Return entries in words, each range from its start to before its end: `the entry 4`, `the entries 0-3, 7`."""
    numbers = list_entries(ranges)
    return f"the {'entry' if numbers.isdecimal() else 'entries'} {numbers}"


def list_entries(ranges: Iterable[tuple[int, int]]) -> str:
    """Return entries by number, each range from its start to before its end: `0-3, 7`."""
    return ", ".join(str(start) if end - start == 1 else f"{start}-{end - 1}" for start, end in ranges)


def _signers(note: bytes, policy: Policy) -> list[tuple[str, Vkey]]:
    """Return the auditors of the policy in whose name a note has a line; none for what is no note."""
    try:
        signers = lines_of(note, list(policy.auditors.values()))
    except RecordError:
        return []
    return [(name, key) for name, key in policy.auditors.items() if key in signers]


def _audited(
    files: Mapping[str, bytes], note: str, key: Vkey, checkpoint: Checkpoint, mldsa: MlDsa, prove: Prove | None
) -> AuditedSubtree:
    text = files.get(named_statement(key)[1] + STATEMENT, b"")
    if prove is None:
        path: Sequence[bytes] = hashes(files.get(note.removesuffix(NOTE) + PROOF, b""))
    else:
        path = prove(parse_subtree(split_note(files[note])[0]))
    return check_audited(files[note], text, key, checkpoint, path, mldsa=mldsa)


def _stated(
    files: Mapping[str, bytes], policy: Policy, audited: Sequence[AuditedSubtree], checkpoint: Checkpoint
) -> Iterator[StatedAudit]:
    for name, key in policy.auditors.items():
        ranges = covered(audited, key, checkpoint)
        statement = next((each.statement for each in audited if each.key == key), None)
        yield StatedAudit(name, named_statement(key)[0], statement, ranges)
