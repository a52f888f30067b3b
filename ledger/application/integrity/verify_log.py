"""Verify a whole log: a ledger folder or a published log, by the steps and the code that verify a bundle.

The differences are parameters. Every entry is present, so no proofs are needed, and each signed state is
compared with the tree of the entries. There is no manifest, no value is opened and no order is judged.
Nothing in the folder is used to judge it: keys of the log come from the verifier's policy, keys of people
from the register, as far as it leads back to the registrar that the verifier trusts. Steps and codes:
docs/reference/verification.md.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

from ledger.adapters.storage.connection import ReadableLocation
from ledger.application.integrity.audit import Audit, audit
from ledger.application.integrity.check_run import LISTED, MOST
from ledger.application.integrity.log_files import (
    LogFiles,
    Progress,
    StoredEntries,
    no_progress,
    reading_entries,
)
from ledger.application.integrity.signed_states import arranged_states, compare_states, open_states
from ledger.entries.envelope import OpenedEntry, open_
from ledger.entries.keyring import Registrar
from ledger.entries.placement import registry_of
from ledger.errors import RecordError
from ledger.tlog.note import Checkpoint, MlDsa, note_digest
from ledger.tlog.policy import NO_POLICY, Policy
from ledger.tlog.subtree import prove_subtree_consistency
from ledger.tlog.subtree_cosignature import Subtree
from ledger.trust.held import Came, HeldCheckpoint
from ledger.trust.trust_folder import Trust
from ledger.verify import claims, entries, heads
from ledger.verify.audits.statements import check_audits
from ledger.verify.completeness.left_out import ShownLog, left_out
from ledger.verify.field_forms import known
from ledger.verify.heads import Heads
from ledger.verify.history.anchors import ANCHOR, check_anchored, opened_anchor
from ledger.verify.history.consistency import check_history
from ledger.verify.other_records import counterparties
from ledger.verify.other_records.other_logs import OtherLogs
from ledger.verify.progress import SEALED, Unproven, VerificationLog, counted
from ledger.verify.report import Reason, Report, StatedAudit, VerificationStep, verdict_of
from ledger.verify.time_brackets import Times, say_absent, say_times
from ledger.verify.timestamps import ReadStamp, check_tokens

logger = logging.getLogger(__name__)


Walk = Callable[[ReadableLocation, str, Registrar, Checkpoint, Times, Progress], Audit]


def _audit_all(
    place: ReadableLocation, origin: str, registrar: Registrar, _: Checkpoint, times: Times, progress: Progress
) -> Audit:
    return audit(place, origin, registrar, times=times, progress=progress)


def verify_log(
    files: LogFiles,
    trust: Trust | None,
    anchor: HeldCheckpoint | None,
    now: datetime,
    *,
    mldsa: MlDsa | None = None,
    stamps: ReadStamp | None = None,
    progress: Progress = no_progress,
    walk: Walk | None = None,
    came: Came | None = None,
) -> Report:
    """Verify a whole log; `anchor` is a checkpoint held independently, the rest is as in `ledger.verify.verify`.

    `walk` audits the entries; without it all of them are read. Faults of the files are in the report. `LedgerError`
    only if they cannot be read at all.
    """
    book = VerificationLog(of=files.of)
    verification = _LogVerification(files, trust, anchor, now, mldsa, stamps, progress, walk or _audit_all, came, book)
    try:
        verification.run()
    except RecordError:
        if not verification.book.ended:
            raise
    for step in verification.book.steps:
        logger.info("step %d, %s: %s %s", step.number, step.what, step.result, step.says)
    return verification.report()


@dataclass(slots=True)
class _LogVerification:
    """Hold one verification: the verifier's inputs, and the results so far.

    The report of a failed log has only the results from before the failure.
    """

    files: LogFiles
    trust: Trust | None
    anchor: HeldCheckpoint | None
    now: datetime
    mldsa: MlDsa | None
    stamps: ReadStamp | None
    progress: Progress
    walk: Walk
    came: Came | None
    book: VerificationLog
    states: Heads | None = None
    walked: Audit | None = None
    head_seen: datetime | None = None
    audits: tuple[StatedAudit, ...] = ()

    def run(self) -> None:
        """Run the steps that apply to a whole log; the first `RecordError` ends them."""
        files, trust, now, book = self.files, self.trust, self.now, self.book
        with book.step(VerificationStep.CONTAINER):
            if files.damage is not None:
                raise RecordError(files.damage.code, files.damage.says)
            with reading_entries(files), closing(files.open_entries()) as store:
                size, first = store.size(), _first(store, files.origin)
            book.says(counted(size, "entry", "entries"))
        with book.step(VerificationStep.POLICY):
            policy = heads.choose_policy(trust, files.policy, book)
            heads.check_current(trust, now, book)
        if files.archive is None:
            book.skip(VerificationStep.MANIFEST, "no maker signs for a whole log")
        else:
            with book.step(VerificationStep.MANIFEST):
                files.archive.check_manifest(book)
        parts = arranged_states(files)
        with book.step(VerificationStep.CHECKPOINTS):
            states = open_states(parts, files, policy, trust, self.mldsa, book)
            if parts.checkpoint:
                self.states = states
                heads.check_sizes(states, trust)
        if not parts.checkpoint:
            book.skip(VerificationStep.WITNESSES, "there is no checkpoint")
        else:
            with book.step(VerificationStep.WITNESSES):
                states = self.states = heads.check_quorum(states, policy, now, book)
        with book.step(VerificationStep.HISTORY):
            self.anchor = opened_anchor(self.anchor, policy, trust, self.mldsa)
            check_history(states, None, self.anchor, book)
            check_anchored(states, self.anchor, trust, book, pins=False, came=self.came)
        with book.step(VerificationStep.TIME_STAMPS):
            stamped = check_tokens(parts, Times(states, policy), trust, self.stamps, now, book)
        times = Times(states, policy, stamped)
        with book.step(VerificationStep.PROOFS):
            if size and not first:
                raise RecordError("LOG-CORRUPT", "its first entry is not the bytes of one", where=files.entries_at)
            registrar = _registrar(trust, first, book)
            with reading_entries(files):
                walked = self.walked = (
                    self.walk(files.place, files.origin, registrar, states.head.checkpoint, times, self.progress)
                    if registrar
                    else Audit(0)
                )
                with closing(files.open_entries()) as store:
                    wrong = list(compare_states(walked, store, states, self.anchor))
                weak = self.anchor is not None and self.anchor.weak
                doubts = [each for each in wrong if weak and each.where == ANCHOR]
                walked.problems += [each for each in wrong if each not in doubts]
                if not any(doubt.where == ANCHOR for doubt in book.doubts):
                    book.doubts += [Reason(each.code, each.where, each.says) for each in doubts]
            _raise_first(walked, VerificationStep.PROOFS)
            covered = min(states.head.checkpoint.size, size)
            if not covered and size and states.all:
                says = f"it covers none of the {size} entries that are here"
                book.doubt("PRF-INDEX", says, states.where(note_digest(states.head.note)))
            book.says(f"{counted(covered, 'entry', 'entries')} in the tree of {states.head.checkpoint.size}")
        with book.step(VerificationStep.SIGNATURES):
            _raise_first(walked, VerificationStep.SIGNATURES)
            book.says(counted(walked.signatures, "signature"))
        with book.step(VerificationStep.ORDER_OF_ENTRIES):
            _raise_first(walked, VerificationStep.ORDER_OF_ENTRIES)
            since = f"where it was at entry {walked.rests}" if walked.rests else "its first entry"
            book.says(f"each order whole from {since} on")
        with book.step(VerificationStep.KEYS):
            _raise_first(walked, VerificationStep.KEYS)
            _check_keys(walked, states, policy, trust, book)
            self.head_seen = times.head_seen() if states.all else None
        noted = walked.noted
        with book.step(VerificationStep.TIMES):
            say_times(noted.entries, noted.open_ends, noted.late, times, book)
            say_absent(len(noted.absent), book)
            book.remarks += noted.remarks
        book.skip(VerificationStep.SEALED_VALUES, "sealed values stay closed")
        book.skip(VerificationStep.DOCUMENTS, "documents are not looked at")
        if files.archive is not None:
            book.skip(VerificationStep.OTHER_RECORDS, "an archive has no files of other records")
        else:
            with (
                book.step(VerificationStep.OTHER_RECORDS),
                reading_entries(files),
                closing(files.open_entries()) as store,
            ):
                trusts = (trust, *trust.others) if trust else (Trust(policy, files.policy or b"", None),)
                _check_others(files, walked, store, trusts, times, now, self.mldsa, book)
        claims.remark_rest((), claims.UNKNOWN, noted.unknown, book)
        claims.remark_rest((), claims.NOT_HELD, noted.not_held, book)
        book.skip(VerificationStep.PROCEDURE, "the law is asked order by order")
        with book.step(VerificationStep.COMPLETENESS):
            _raise_first(walked, VerificationStep.COMPLETENESS)
            claims.check_policy(claims.policy_changes(walked.log_changes), trust, files.policy, book)
            if files.archive is not None:
                files.archive.check_bound(walked, states, policy, trust, self.mldsa, now, book)
            elif states.all:
                self.audits = _check_audits(files, trust, states, self.mldsa, book)
            _say_what_is_not_proven(files, walked, size - covered, states, book)

    def report(self) -> Report:
        """Return everything that was found."""
        book, walked, states = self.book, self.walked, self.states
        verdict, reasons = verdict_of(book.failed, book.doubts)
        if book.failed is not None and walked is not None and walked.problems:
            reasons = tuple(Reason(p.code, p.where, p.says) for p in walked.problems)
        size = walked.size if walked else 0
        covered = min(states.head.checkpoint.size if states else 0, size)
        noted = walked.noted if walked else None
        return Report(
            verdict=verdict,
            reasons=reasons,
            steps=tuple(book.steps),
            entries=covered,
            signatures=walked.signatures if walked else 0,
            not_proven=tuple(_shortened(book.unproven)),
            brackets=tuple(noted.brackets) if noted and noted.entries <= LISTED else (),
            procedure=tuple(book.remarks),
            head=states.head if states else None,
            head_seen=self.head_seen,
            not_covered=size - covered,
            audits=self.audits,
            compared=book.compared,
            exhibit=book.exhibit,
        )


# -- steps 8 to 11 -----------------------------------------------------------------------------------------------------


def _first(store: StoredEntries, origin: str) -> bytes:
    """Return the first entry of the register; of a log without one, the first entry."""
    envelope = store.first(registry_of(origin)) or store.at(0)
    return envelope if isinstance(envelope, bytes) else b""


def _registrar(trust: Trust | None, first: bytes, book: VerificationLog) -> Registrar | None:
    """Return the registrar as of a bundle; None for an empty log."""
    if trust is not None and trust.registrar is not None:
        return trust.registrar
    if not first:
        return None
    return entries.choose_registrar(None, open_(first).payload.signer, book)


_STEPS_OF_CODES = (
    (VerificationStep.SIGNATURES, ("SIG-", "JSON-", "SD-", "FACT")),
    (VerificationStep.ORDER_OF_ENTRIES, ("CTX-",)),
    (VerificationStep.KEYS, ("KEY-",)),
    (VerificationStep.COMPLETENESS, ("MAP-",)),
)


def _step_of(code: str) -> VerificationStep:
    """Return the step to which the code of a wrong entry belongs."""
    for step, codes in _STEPS_OF_CODES:
        if code.startswith(codes):
            return step
    return VerificationStep.PROOFS


def _raise_first(walked: Audit, step: VerificationStep) -> None:
    """Raise the first problem that belongs to a step."""
    for problem in walked.problems:
        if _step_of(problem.code) is step:
            raise RecordError(problem.code, problem.says, where=problem.where)


def _check_keys(walked: Audit, states: Heads, policy: Policy, trust: Trust | None, book: VerificationLog) -> None:
    """Check the keys of the log, and doubt keys that were reported later; the key of each entry is checked already."""
    entries.check_log_keys(walked.log_changes.values(), states)
    entries.check_rotations(walked.log_changes.values(), states, trust, book)
    entries.check_lines(walked.log_changes.values(), states, policy, trust, book)
    keyring = walked.keyring
    if keyring is None:
        return
    for public, doubtful in walked.noted.suspect.items():
        key = keyring.keys[public]
        entries.doubt_key(key.actor, key.suspected_since or "", doubtful, f"#{doubtful[0]}", book)
    entries.doubt_unread(keyring, "#{}".format, book)
    book.says(f"{counted(len(keyring.keys), 'key')} of {counted(len(keyring.offices), 'office')}")


# -- steps 15 and 17 ---------------------------------------------------------------------------------------------------


class _NamingEntries(Mapping[int, OpenedEntry]):
    """The entries that name other records; each is opened at each access."""

    def __init__(self, store: StoredEntries, indexes: Sequence[int]) -> None:
        self._store, self._indexes = store, indexes

    def __getitem__(self, index: int) -> OpenedEntry:
        return open_(self._store.at(index) or b"", verify=False)

    def __iter__(self) -> Iterator[int]:
        return iter(self._indexes)

    def __len__(self) -> int:
        return len(self._indexes)


class _Files(Mapping[str, bytes]):
    """The files of other records; each is read at each access."""

    def __init__(self, files: LogFiles) -> None:
        self._files = files

    def __getitem__(self, name: str) -> bytes:
        data = self._files.foreign(name)
        if data is None:
            raise KeyError(name)
        return data

    def __iter__(self) -> Iterator[str]:
        return iter(self._files.foreign_names())

    def __len__(self) -> int:
        return len(self._files.foreign_names())


def _check_others(
    files: LogFiles,
    walked: Audit,
    store: StoredEntries,
    trusts: Sequence[Trust],
    times: Times,
    now: datetime,
    mldsa: MlDsa | None,
    book: VerificationLog,
) -> None:
    """Check what entries say of other records against the files of those records."""
    if walked.keyring is None:
        return
    foreign, naming = _Files(files), walked.noted.naming
    logs = OtherLogs(trusts, files.registers() if naming else {}, now, mldsa)

    def entry(leaf: str) -> OpenedEntry | None:
        row = store.by_leaf(bytes.fromhex(leaf))
        return None if row is None else open_(row[1], verify=False)

    counterparties.check_successor(walked.log_changes, foreign, logs, book)
    here = counterparties.ReceivingLog(walked.keyring, entry, times.before)
    for one in counterparties.check_arrived(_NamingEntries(store, naming), foreign, here, logs, book):
        if one.inner is not None and known(one.inner.payload) is None:
            walked.noted.unknown.append(one.inner.leaf)


def _check_audits(
    files: LogFiles, trust: Trust | None, states: Heads, mldsa: MlDsa | None, book: VerificationLog
) -> tuple[StatedAudit, ...]:
    head = states.head.checkpoint
    with reading_entries(files), closing(files.open_entries()) as store:

        def prove(subtree: Subtree) -> Sequence[bytes]:
            return prove_subtree_consistency(subtree.start, subtree.end, head.size, store.hashes)

        policy = trust.policy if trust else NO_POLICY
        return check_audits(files.audits(), policy, head, book, mldsa, prove)


def _say_what_is_not_proven(files: LogFiles, walked: Audit, loose: int, states: Heads, book: VerificationLog) -> None:
    shown = ShownLog(walked.size, walked.size - loose, walked.rests)
    book.gravest[:0] = [says for _, says in left_out(shown)]
    if files.test:
        book.gravest.insert(0, claims.TEST)
    if walked.noted.sealed:
        book.not_proven.append(
            Unproven(
                "",
                f"What stands in {counted(walked.noted.sealed, 'sealed value')}: the commitments are proven, "
                "the values are not.",
                SEALED,
            )
        )
    if (more := walked.noted.findings - len(walked.noted.remarks)) > 0:
        book.not_proven.append(f"What {more} more findings on entries say: the first {MOST} are listed.")
    book.not_proven.append(claims.NOT_TRUE)


def _shortened(sentences: Iterable[str]) -> Iterator[str]:
    """Yield each sentence once, at most the first hundred."""
    distinct = list(dict.fromkeys(sentences))
    yield from distinct[:MOST]
    if len(distinct) > MOST:
        yield f"And {len(distinct) - MOST} more of this kind."
