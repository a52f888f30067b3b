"""Verify one entry with its receipt: it is in the log and signed. Only the register shows whose key signed it."""

from __future__ import annotations

from datetime import datetime

from ledger.bundle.layout import Arranged
from ledger.entries.envelope import OpenedEntry, open_
from ledger.errors import RecordError
from ledger.tlog.note import Checkpoint, Head, MlDsa, note_digest, parse_checkpoint
from ledger.tlog.policy import NO_POLICY
from ledger.tlog.tree import Proof, parse_proof
from ledger.trust.held import Came, HeldCheckpoint
from ledger.trust.trust_folder import Trust
from ledger.verify import heads
from ledger.verify.audits.statements import check_audits
from ledger.verify.completeness.conditions import check_conditions
from ledger.verify.entries import check_envelope, check_leaf, check_lines, note_texts
from ledger.verify.field_forms import check_public
from ledger.verify.history.anchors import check_anchored, opened_anchor
from ledger.verify.history.consistency import check_history
from ledger.verify.progress import Unproven, VerificationLog
from ledger.verify.report import Bracket, Report, VerificationStep, verdict_of
from ledger.verify.time_brackets import Times, check_times


def verify_entry(
    raw: bytes,
    proof: bytes,
    trust: Trust | None,
    held: HeldCheckpoint | None,
    now: datetime,
    *,
    mldsa: MlDsa | None = None,
    came: Came | None = None,
) -> Report:
    """Verify a sealed entry with its tlog-proof, by those of the 17 steps that apply.

    The register does not travel with one entry, so the owner of the key is not proven. The best verdict is
    therefore INDETERMINATE KEY-UNKNOWN, except for entries of the trusted registrar.
    """
    book = VerificationLog(of="entry")
    head: Head | None = None
    signatures = 0
    brackets: tuple[Bracket, ...] = ()
    seen: datetime | None = None
    try:
        with book.step(VerificationStep.CONTAINER):
            parsed = parse_proof(proof)
        with book.step(VerificationStep.CHECKPOINTS):
            states = _open(parsed, trust, book, mldsa)
            heads.check_current(trust, now, book)
            heads.check_sizes(states, trust)
            head = states.head
        if trust is not None:
            with book.step(VerificationStep.WITNESSES):
                states = heads.check_quorum(states, trust.policy, now, book)
        with book.step(VerificationStep.HISTORY):
            held = opened_anchor(held, NO_POLICY if trust is None else trust.policy, trust, mldsa)
            check_history(states, Arranged(), held, book)
            check_anchored(states, held, trust, book, came=came)
        with book.step(VerificationStep.PROOFS):
            check_envelope(raw)
            check_leaf(raw, proof, parsed.index, states.head)
        with book.step(VerificationStep.SIGNATURES):
            opened = open_(raw)
            check_public(opened.payload)
            note_texts(opened, book)
            signatures = 1
        with book.step(VerificationStep.ORDER_OF_ENTRIES):
            if opened.payload.log != states.head.checkpoint.origin:
                raise RecordError("CTX-LOG", f"sealed for the log {opened.payload.log}")
            check_conditions({parsed.index: opened}, (), None, book)
        with book.step(VerificationStep.KEYS):
            _check_key(opened, trust, book)
            if trust is not None:
                check_lines(None, states, trust.policy, trust, book)
        if trust is not None:
            check_audits({}, trust.policy, states.head.checkpoint, book, mldsa)  # no statement travels with one entry
            with book.step(VerificationStep.TIMES):
                times = Times(states, trust.policy)
                seen = times.head_seen()
                brackets = check_times({parsed.index: opened}, times, book)
    except RecordError:
        if not book.ended:
            raise
    verdict, reasons = verdict_of(book.failed, book.doubts)
    return Report(
        verdict=verdict,
        reasons=reasons,
        steps=tuple(book.steps),
        entries=1,
        signatures=signatures,
        not_proven=book.unproven,
        brackets=brackets,
        procedure=tuple(book.remarks),
        head=head,
        head_seen=seen,
        compared=book.compared,
        exhibit=book.exhibit,
    )


def _open(proof: Proof, trust: Trust | None, book: VerificationLog, mldsa: MlDsa | None) -> heads.Heads:
    """Return the state of the log to which the proof leads; without a policy its signatures are not checked."""
    checkpoint = _said(proof.note)
    if trust is not None:
        return heads.open_heads(Arranged(checkpoint=proof.note), checkpoint.origin, trust.policy, book, mldsa)
    book.not_proven.append(f"That {checkpoint.origin} signed this state of its log: no policy was given.")
    digest, head = note_digest(proof.note), Head(checkpoint, proof.note, ())
    return heads.Heads("proof", head, {digest: head}, {})


def _said(note: bytes) -> Checkpoint:
    return parse_checkpoint(note.decode("utf-8", "replace").partition("\n\n")[0] + "\n")


def _check_key(opened: OpenedEntry, trust: Trust | None, book: VerificationLog) -> None:
    signer = opened.payload.signer
    registrar = trust.registrar if trust else None
    if registrar is None or (registrar.key, registrar.actor) != (signer.key, signer.actor):
        says = f"the register does not travel with one entry: whether key {signer.key} was that of {signer.actor}"
        book.doubt("KEY-UNKNOWN", f"{says} at this place is not proven here")
    else:
        book.not_proven.append("That the registrar's key had not been replaced before this entry.")
    book.not_proven.append(
        Unproven(
            "CMP-ORDER",
            "what came before and after this entry in its order, and that no other entry stands in its place: "
            "check the bundle of the whole order.",
        )
    )
