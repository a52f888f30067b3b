"""Verify that a log has no order of an id (`ledger.entries.absence`), by those of the 17 steps that apply."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from ledger.bundle.layout import Arranged
from ledger.entries.absence import Absence, ProvenLine, parse_absence, sentence
from ledger.entries.envelope import OpenedEntry, open_
from ledger.entries.keyring import Keyring
from ledger.entries.placement import Chains, registry_of
from ledger.errors import RecordError
from ledger.tlog.map_of_heads import order_key
from ledger.tlog.note import Head, MlDsa, unb64
from ledger.tlog.patricia_tree import check_lookup
from ledger.tlog.tree import check_inclusion, leaf_hash
from ledger.trust.held import Came, HeldCheckpoint
from ledger.trust.trust_folder import Trust
from ledger.verify import entries, heads
from ledger.verify.claims import check_policy, policy_changes
from ledger.verify.completeness.committed_heads import check_commit, check_head
from ledger.verify.field_forms import check_public
from ledger.verify.history.anchors import check_anchored, opened_anchor
from ledger.verify.history.consistency import check_history
from ledger.verify.other_records.counterparties import say_predecessor
from ledger.verify.progress import OTHER_WORDS, Unproven, VerificationLog, counted, placed
from ledger.verify.report import Report, VerificationStep, verdict_of
from ledger.verify.time_brackets import Times

NOTHING = "a proof of absence has nothing of this kind"
_WITHOUT = tuple(step for step in VerificationStep if VerificationStep.KEYS < step < VerificationStep.COMPLETENESS)


def verify_absence(
    data: bytes,
    trust: Trust | None,
    held: HeldCheckpoint | None,
    now: datetime,
    *,
    mldsa: MlDsa | None = None,
    came: Came | None = None,
) -> Report:
    """Verify the document; its content ends in a report, never in an error.

    `held` is a checkpoint held independently. Without a policy the keys of the log are unknown, and nothing is
    verified: INDETERMINATE NO_TRUST_ANCHOR.
    """
    book = VerificationLog(of="proof")
    head: Head | None = None
    found: tuple[int, datetime | None, str] = 0, None, ""
    try:
        with book.step(VerificationStep.CONTAINER):
            absence = parse_absence(data)
            parts = Arranged(checkpoint=absence.checkpoint.encode())
        if trust is None:
            check_anchored(None, None, None, book)
        else:
            with book.step(VerificationStep.POLICY):
                heads.check_current(trust, now, book)
            book.skip(VerificationStep.MANIFEST, NOTHING)
            with book.step(VerificationStep.CHECKPOINTS):
                states = heads.open_heads(parts, absence.log, trust.policy, book, mldsa)
                heads.check_sizes(states, trust)
                head = states.head
            with book.step(VerificationStep.WITNESSES):
                states = heads.check_quorum(states, trust.policy, now, book)
            with book.step(VerificationStep.HISTORY):
                held = opened_anchor(held, trust.policy, trust, mldsa)
                check_history(states, parts, held, book)
                check_anchored(states, held, trust, book, came=came)
            found = _walk(absence, states, trust, book)
    except RecordError:
        if not book.ended:
            raise
    verdict, reasons = verdict_of(book.failed, book.doubts)
    return Report(
        verdict=verdict,
        reasons=reasons,
        steps=tuple(book.steps),
        entries=found[0],
        signatures=found[0],
        not_proven=book.unproven,
        brackets=(),
        procedure=tuple(book.remarks),
        head=head,
        head_seen=found[1],
        says=found[2],
        compared=book.compared,
        exhibit=book.exhibit,
    )


def _walk(
    absence: Absence, states: heads.Heads, trust: Trust, book: VerificationLog
) -> tuple[int, datetime | None, str]:
    """Run steps 8 to 11 and 17; return the number of entries, when the head was last seen, and what is shown."""
    log, register = absence.log, registry_of(absence.log)
    book.skip(VerificationStep.TIME_STAMPS, NOTHING)
    with book.step(VerificationStep.PROOFS):
        for line, where in _lines(absence):
            _check_line(line, states.head, where)
        book.says(
            f"{counted(len(absence.register) + 1, 'entry', 'entries')} in the tree of {states.head.checkpoint.size}"
        )
    with book.step(VerificationStep.SIGNATURES):
        opened = {line.index: _opened(line, where, book) for line, where in _lines(absence)}
        commit = opened.pop(absence.commit.index)
        book.says(counted(len(opened) + 1, "signature"))
    with book.step(VerificationStep.ORDER_OF_ENTRIES):
        chains = Chains(log)
        for index, entry in sorted(opened.items()):
            if entry.payload.order != register:
                raise RecordError("CTX-ORDER", "it is no entry of the register", where=f"register {index}")
            try:
                chains.follow(entry)
            except RecordError as wrong:
                raise placed(wrong, f"register {index}") from wrong
        book.says("the register, whole from its first entry on")
    with book.step(VerificationStep.KEYS):
        times = Times(states, trust.policy)
        keyring = Keyring(register, entries.choose_registrar(trust, opened[min(opened)].payload.signer, book))
        for index, entry in sorted(opened.items()):
            try:
                keyring.admit(entry, index)
            except RecordError as wrong:
                raise placed(wrong, f"register {index}") from wrong
        entries.check_log_keys(opened.values(), states)
        entries.check_rotations(opened.values(), states, trust, book)
        entries.check_lines(opened.values(), states, trust.policy, trust, book)
        at = absence.commit.index
        try:
            size, root = check_commit(commit, at, log, keyring)
        except RecordError as wrong:
            raise placed(wrong, "commit") from wrong
        for actor, since, doubtful in entries.suspect({**opened, at: commit}, keyring, times):
            entries.doubt_key(actor, since, doubtful, "register", book)
        entries.doubt_unread(keyring, "register {}".format, book)
        check_policy(policy_changes(opened), trust, None, book)
        say_predecessor(opened, book)
        book.says(f"{counted(len(keyring.keys), 'key')} of {counted(len(keyring.offices), 'office')}")
    for step in _WITHOUT:
        book.skip(step, NOTHING)
    with book.step(VerificationStep.COMPLETENESS):
        try:
            check_head(register, _bytes(absence.registered), opened, size, root)
        except RecordError as wrong:
            raise placed(wrong, "registered") from wrong
        try:
            head = check_lookup(order_key(absence.order), _bytes(absence.absent), root)
        except RecordError as wrong:
            raise placed(wrong, "absent") from wrong
        if head is not None:
            raise RecordError("MAP-HEAD", f"the log has an order {absence.order}", where="absent")
        says = sentence(log, absence.order, size)
        book.says(says)
        if absence.says != says:
            book.remarks.append(OTHER_WORDS)
        book.gravest.append(
            Unproven(
                "CMP-COMMITTED",
                f"that {says}: entry {at} of {commit.payload.signed_at} commits the ledger to that, under "
                "one root for all orders. Anyone with all entries can compute this root again.",
            )
        )
        if not at == size == states.head.checkpoint.size - 1:
            book.gravest.append(
                Unproven(
                    "CMP-COMMITTED",
                    f"that no order {absence.order} came later: the log has {states.head.checkpoint.size} "
                    f"entries by now, and this is about the first {size}.",
                )
            )
            book.gravest.append(
                Unproven(
                    "CMP-REGISTER",
                    f"that no key was revoked, reported or replaced behind the first {size} entries of the "
                    "log: nobody signs that the register is whole there.",
                )
            )
        book.gravest.append(
            "That nothing is recorded on a case, a person or a request: this speaks of an id. What stands under "
            "another id, or came later, is not excluded."
        )
    return len(opened) + 1, times.head_seen(), says


def _lines(absence: Absence) -> Iterator[tuple[ProvenLine, str]]:
    """Yield the entries of the document with their places in it; ABSENCE-FORMAT if two are at one index."""
    lines = [*((line, f"register {line.index}") for line in absence.register), (absence.commit, "commit")]
    if len({line.index for line, _ in lines}) < len(lines) or len(lines) < 2:
        raise RecordError("ABSENCE-FORMAT", "it has no register, or two entries at one place of the log")
    yield from lines


def _check_line(line: ProvenLine, head: Head, where: str) -> None:
    raw = line.entry.encode()
    try:
        entries.check_envelope(raw)
        path = [unb64(node) for node in line.path]
        check_inclusion(line.index, head.checkpoint.size, leaf_hash(raw), path, head.checkpoint.root)
    except RecordError as wrong:
        raise placed(wrong, where) from wrong
    except ValueError:
        raise RecordError("PRF-FORMAT", "a path has hashes in base64", where=where) from None


def _opened(line: ProvenLine, where: str, book: VerificationLog) -> OpenedEntry:
    try:
        opened = open_(line.entry.encode())
        check_public(opened.payload)
        entries.note_texts(opened, book)
    except RecordError as wrong:
        raise placed(wrong, where) from wrong
    return opened


def _bytes(proof: str) -> bytes:
    try:
        return unb64(proof)
    except ValueError:
        raise RecordError("MAP-FORMAT", "a proof of a map is in base64") from None
