"""Verify an evidence bundle: return the proven order, or the first thing that is wrong.

Seventeen steps run in a fixed order (docs/reference/verification.md). No step reads bytes that an earlier
step has not verified. A proven error ends the verification with its code. A missing proof is recorded, and
the verification goes on. Nothing inside a bundle is used to judge it. Keys of the log come from the
verifier's policy. Keys of people come from the register, as far as it leads back to the registrar that the
verifier trusts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from msgspec.structs import replace

from ledger.bundle.archive import unpacked
from ledger.bundle.archive_kind import Inside, inside, is_container
from ledger.bundle.layout import MANIFEST, MEDIA_TYPES, MIMETYPE, POLICY, SUMS, arrange, sums
from ledger.bundle.manifest import Manifest, check_listing, open_manifest
from ledger.entries.case import Case
from ledger.entries.placement import registry_of
from ledger.errors import RecordError
from ledger.law import Judgement
from ledger.tlog.note import ED25519, Head, MlDsa, note_digest
from ledger.tlog.policy import NO_POLICY
from ledger.trust.held import Came, HeldCheckpoint, parse_held
from ledger.trust.trust_folder import Trust
from ledger.verify import claims, disclosures, entries, heads, makers_findings
from ledger.verify.audits.statements import check_audits, recomputed_by
from ledger.verify.completeness.committed_heads import check_committed
from ledger.verify.completeness.conditions import check_conditions
from ledger.verify.completeness.left_out import bundle_ends
from ledger.verify.completeness.unstated_files import note_unstated
from ledger.verify.earlier_bundles import (
    EarlierEntries,
    check_entries,
    check_heads,
    comparable,
    hold_commit,
    register_after,
)
from ledger.verify.history.anchors import check_anchored, opened_anchor
from ledger.verify.history.consistency import check_history
from ledger.verify.other_records import counterparties
from ledger.verify.other_records.other_logs import OtherLogs
from ledger.verify.progress import Unproven, VerificationLog, counted
from ledger.verify.report import (
    Bracket,
    CommittedHeads,
    DatedHead,
    MakersFindings,
    Report,
    StatedAudit,
    VerificationStep,
    verdict_of,
)
from ledger.verify.time_brackets import Times, check_times
from ledger.verify.timestamps import ReadStamp, check_tokens


def verify(
    data: bytes,
    trust: Trust | None,
    anchor: bytes | None,
    now: datetime,
    *,
    mldsa: MlDsa | None = None,
    stamps: ReadStamp | None = None,
    elsewhere: EarlierEntries | None = None,
    came: Came | None = None,
    typed_as_printed: bool = False,
) -> Report:
    """Verify an evidence bundle, also one in an ASiC-E container, of which only the manifest is checked.

    `anchor` is a checkpoint held independently: a note or its three lines. `now` is aware. `mldsa` verifies ML-DSA-44
    if the policy has such witnesses. `stamps` reads time-stamp tokens if there are trusted authorities. `elsewhere` is
    other evidence of the same log. `came` says how trust and anchor came, `typed_as_printed` that a typed anchor was
    compared with its paper. Any content of a bundle ends in a report, never in an error. `RecordError` is raised only
    for an `anchor` that is not a checkpoint, and with BND-VERSION for a bundle of a later layout, which this version
    cannot judge.
    """
    carried = _carried(data)
    held = parse_held(anchor, typed_as_printed=typed_as_printed)
    verification = _Verification(trust, held, now, mldsa, stamps, elsewhere, came)
    try:
        verification.run(carried)
    except RecordError as wrong:
        if not verification.book.ended or wrong.code == "BND-VERSION":
            raise
    return verification.report()


@dataclass(slots=True)
class _Verification:
    """One verification: what the verifier holds, and the results so far.

    The report of a failed bundle has only the results from before the failure.
    """

    trust: Trust | None
    anchor: HeldCheckpoint | None
    now: datetime
    mldsa: MlDsa | None
    stamps: ReadStamp | None
    elsewhere: EarlierEntries | None
    came: Came | None
    book: VerificationLog = field(default_factory=VerificationLog)
    entries: int = 0
    signatures: int = 0
    head: Head | None = None
    manifest: Manifest | None = None
    brackets: tuple[Bracket, ...] = ()
    case: Case | None = None
    judgement: Judgement | None = None
    as_of: datetime | None = None
    head_seen: datetime | None = None
    makers: MakersFindings | None = None
    dated: tuple[DatedHead, ...] = ()
    log_key: str = ""
    committed: CommittedHeads | None = None
    audits: tuple[StatedAudit, ...] = ()

    def run(self, carried: Inside | RecordError) -> None:
        """Run the 17 steps; the first `RecordError` ends them."""
        book, trust, now, elsewhere = self.book, self.trust, self.now, self.elsewhere
        with book.step(VerificationStep.CONTAINER):
            if isinstance(carried, RecordError):
                raise carried
            files, original = unpacked(carried.data)
            if not original:
                book.remark(
                    "BND-REPACKED",
                    "another program zipped the bundle again: the archive is not the one its maker wrote",
                )
            if carried.name:
                lists = "has its digest" if carried.listed else "does not list it"
                book.not_proven.append(
                    Unproven(
                        "CONTAINER",
                        f"who sealed the ASiC-E container around {carried.name}, and when: "
                        f"its signature was not checked. Its manifest {lists}.",
                    )
                )
            book.says(f"{counted(len(files), 'file')}, {len(carried.data)} bytes")
        with book.step(VerificationStep.POLICY):
            policy = heads.choose_policy(trust, files.get(POLICY), book)
            heads.check_current(trust, now, book)
        with book.step(VerificationStep.MANIFEST):
            if MANIFEST not in files:
                raise RecordError("BND-MANIFEST", "a bundle without it is none", where=MANIFEST)
            manifest = open_manifest(files[MANIFEST])
            if files[MIMETYPE] != MEDIA_TYPES[manifest.v]:
                raise RecordError(
                    "BND-MANIFEST", f"it is of version {manifest.v}, the first file says another", where=MANIFEST
                )
            check_listing(manifest, files)
            if files.get(SUMS) != sums(files):
                raise RecordError("BND-MANIFEST", "its lines are not the digests of the files", where=SUMS)
            parts = arrange(files, manifest.log, manifest.v)
            book.says(f"{counted(len(manifest.files), 'file')}, by {manifest.signer.actor}")
            self.manifest, self.as_of = manifest, claims.judged_at(manifest, now)
        with book.step(VerificationStep.CHECKPOINTS):
            states = heads.open_heads(parts, manifest.log, policy, book, self.mldsa, own=trust is None)
            heads.check_sizes(states, trust)
            self.head = states.head
            signers = states.signed_by[note_digest(states.head.note)]
            self.log_key = max(signers, key=lambda key: (key.type == ED25519, key.text)).text
            elsewhere = comparable(elsewhere, manifest, policy, book)
        with book.step(VerificationStep.WITNESSES):
            states = heads.check_quorum(states, policy, now, book)
        with book.step(VerificationStep.HISTORY):
            anchor = opened_anchor(self.anchor, policy, trust, self.mldsa)
            check_history(states, parts, anchor, book)
            check_anchored(states, anchor, trust, book, came=self.came)
            if elsewhere is not None:
                check_heads(states, parts, elsewhere, book)
        with book.step(VerificationStep.TIME_STAMPS):
            stamped = check_tokens(parts, Times(states, policy), trust, self.stamps, now, book)
        with book.step(VerificationStep.PROOFS):
            entries.check_leaves(parts, states, book)
            self.entries = len(parts.entries)
        with book.step(VerificationStep.SIGNATURES):
            opened = entries.open_entries(parts, states, book)
            self.signatures = len(opened)
        with book.step(VerificationStep.ORDER_OF_ENTRIES):
            entries.check_places(opened, manifest, states, book)
            if elsewhere is not None:
                check_entries(opened, parts, manifest, states, elsewhere, book)
        with book.step(VerificationStep.KEYS):
            times = Times(states, policy, stamped)
            register = registry_of(manifest.log)
            first = next(entry.payload.signer for entry in opened.values() if entry.payload.order == register)
            registrar = entries.choose_registrar(trust, first, book)
            later = {} if elsewhere is None else register_after(elsewhere, manifest)
            keyring = entries.check_keys(opened, manifest, registrar, states, times, book, later)
            entries.check_rotations({**opened, **later}.values(), states, trust, book)
            entries.check_lines({**opened, **later}.values(), states, policy, trust, book)
            self.head_seen = times.head_seen()
            self.dated = tuple(
                DatedHead(head.checkpoint.size, digest, at)
                for digest, head in sorted(states.all.items(), key=lambda item: (item[1].checkpoint.size, item[0]))
                if (at := times.existed(digest)) is not None
            )
        with book.step(VerificationStep.TIMES):
            self.brackets = check_times(opened, times, book)
        with book.step(VerificationStep.SEALED_VALUES):
            own_entries = disclosures.lift_values(opened, parts, manifest, keyring, states, book)
            lifted = disclosures.lift_foreign(parts, book)
        with book.step(VerificationStep.DOCUMENTS):
            disclosures.check_documents(parts, book)
        with book.step(VerificationStep.OTHER_RECORDS):
            trusts = (trust, *trust.others) if trust else (Trust(policy, files[POLICY], None),)
            logs = OtherLogs(trusts, parts.others, now, self.mldsa)
            opens = disclosures.opener(own_entries.values(), lifted)
            here = counterparties.ReceivingLog(keyring, counterparties.by_leaf(opened), times.before, opens)
            counterparties.check_successor(opened, parts.foreign, logs, book)
            arrivals = list(counterparties.check_arrived(opened, parts.foreign, here, logs, book))
            disclosures.note_arrived_copies(opened, arrivals, book)
        with book.step(VerificationStep.PROCEDURE):
            destroyed = disclosures.destroyed_for(opened, keyring)
            self.case = claims.case_of(own_entries, arrivals, parts, destroyed, manifest, logs.registers())
            self.judgement = claims.check_procedure(self.case, own_entries, opened, arrivals, self.as_of, book)
        with book.step(VerificationStep.COMPLETENESS):
            self.committed = check_committed(parts, opened, manifest, keyring, times, book)
            check_conditions(opened, arrivals, self.committed, book)
            if elsewhere is not None:
                hold_commit(parts, states, elsewhere)
            held = trust.policy if trust else NO_POLICY
            self.audits = check_audits(parts.audits, held, states.head.checkpoint, book, self.mldsa)
            if self.committed is not None:
                names = recomputed_by(self.audits, self.committed.index)
                self.committed = replace(self.committed, auditors=names)
            ends = bundle_ends(manifest, states.head.checkpoint.size, self.committed)
            claims.check_claims(own_entries, lifted, manifest, times, ends, files, trust, now, book)
            note_unstated(parts, opened, book)
            claims.check_readme(manifest, opened, parts, files, book)
            self.makers = makers_findings.compare(
                files, manifest, states.head.checkpoint.size, opened, arrivals, self.case, self.judgement, book
            )

    def report(self) -> Report:
        """Return all results."""
        verdict, reasons = verdict_of(self.book.failed, self.book.doubts)
        return Report(
            verdict=verdict,
            reasons=reasons,
            steps=tuple(self.book.steps),
            entries=self.entries,
            signatures=self.signatures,
            not_proven=self.book.unproven,
            brackets=self.brackets,
            procedure=tuple(self.book.remarks),
            head=self.head,
            manifest=self.manifest,
            case=self.case,
            judgement=self.judgement,
            as_of=self.as_of,
            head_seen=self.head_seen,
            exhibit=self.book.exhibit,
            makers=self.makers,
            dated=self.dated,
            log_key=self.log_key,
            committed=self.committed,
            audits=self.audits,
            compared=self.book.compared,
        )


def _carried(data: bytes) -> Inside | RecordError:
    """Return the bytes to verify: the bundle in an ASiC-E container, or any other file unchanged; else the error."""
    if not is_container(data):
        return Inside("", data, True)
    try:
        return inside(data) or RecordError("BND-CONTAINER", "there is not one evidence bundle in it", where="archive")
    except RecordError as wrong:
        return wrong
