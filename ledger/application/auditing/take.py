"""Check the notes that auditors return, before a ledger keeps and publishes them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from msgspec import Struct

from ledger.adapters.keys import mldsa
from ledger.application.auditing.audit_files import named
from ledger.errors import RecordError
from ledger.tlog.audit_statement import check_audited, named_statement
from ledger.tlog.note import Checkpoint, lines_of, split_note
from ledger.tlog.policy import Policy
from ledger.tlog.subtree import prove_subtree_consistency
from ledger.tlog.subtree_cosignature import parse_subtree, subtree_note
from ledger.tlog.tree import Read
from ledger.verify.audits.statements import NOTE, STATEMENT
from ledger.verify.progress import placed


class TakenNotes(Struct, frozen=True):
    """The files to keep, their ranges [start, end) by the auditor's name in the policy, and how many are `left`."""

    files: dict[str, bytes]
    ranges: dict[str, list[tuple[int, int]]]
    left: int


def own_notes(files: Mapping[str, bytes], policy: Policy, head: Checkpoint, read: Read) -> TakenNotes:
    """Return the notes on this log by auditors of the policy, with these signatures only, and their statements.

    Raises what `check_audited` raises for a note in the name of an auditor that does not hold for the tree `head`.
    """
    kept: dict[str, bytes] = {}
    ranges: dict[str, list[tuple[int, int]]] = defaultdict(list)
    left = 0
    for name, note in files.items():
        if not name.endswith(NOTE):
            continue
        try:
            lines = lines_of(note, list(policy.auditors.values()))
            if not lines:
                left += 1
                continue
            subtree = parse_subtree(split_note(note)[0])
            if subtree.origin != head.origin:
                left += 1
                continue
            path = prove_subtree_consistency(subtree.start, subtree.end, head.size, read)
            for auditor, key in policy.auditors.items():
                if key in lines:
                    text = files.get(named_statement(key)[1] + STATEMENT, b"")
                    check_audited(note, text, key, head, path, mldsa=mldsa.verify)
                    ranges[auditor].append((subtree.start, subtree.end))
                    kept |= [named(text, STATEMENT)]
        except RecordError as wrong:
            raise placed(wrong, name) from wrong
        kept |= [named(subtree_note(subtree, list(lines.values())), NOTE)]
    return TakenNotes(kept, {name: sorted(some) for name, some in ranges.items()}, left)
