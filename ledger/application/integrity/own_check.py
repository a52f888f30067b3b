"""Check that a ledger is whole under its own trust. The result proves nothing to another party.

The check runs the steps of `verify` under the trust folder of the ledger itself. It adds what only its office
has: the guard, every kept time stamp, the published tiles, the bytes of wrapped entries, and the heads that
witnesses remember.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from pathlib import Path

from ledger.adapters.folders.ledger_folder import ENTRIES_DB, KEYS_DB, STORE, Folder, read_folder
from ledger.adapters.folders.received_files import FOREIGN, received_files
from ledger.adapters.folders.user_folders import Home, exposed
from ledger.adapters.keys import mldsa
from ledger.adapters.log.checkpoints import CheckpointStore
from ledger.adapters.log.remote_signer import signatory
from ledger.adapters.storage.entry_reader import EntryReader
from ledger.adapters.timestamps import rfc3161
from ledger.application.case_reader import CaseReader
from ledger.application.erasure_scope import unstated
from ledger.application.integrity.continued_audit import ContinuedAudit
from ledger.application.integrity.log_files import Progress, no_progress
from ledger.application.integrity.verify_ledger import verify_own
from ledger.application.restore import check_witnesses
from ledger.application.subject_keys_binding import elsewhere, left_over, open_subject_keys, where
from ledger.entries.case import wire
from ledger.entries.envelope import OpenedEntry, open_each
from ledger.entries.wrapped_entry import KIND
from ledger.errors import LedgerError, RecordError
from ledger.tlog.note import open_checkpoint
from ledger.tlog.tile import tile_bytes, tile_path, tiles_for
from ledger.tlog.tree import root
from ledger.trust.trust_folder import Trust
from ledger.verify.progress import counted
from ledger.verify.report import Reason, Report, Verdict

ASIDE = frozenset({"CP-QUORUM", "CP-FUTURE", "KEY-SUSPECT", "KEY-SCHEMA"})  # doubts that do not concern missing entries
NOT_ASKED = (
    "their published tiles; bundles and registers of other logs that they name; their sealed values against keys.db",
)


class Consistency(StrEnum):
    """Say whether the entries of a ledger are the entries that its log has signed."""

    CONSISTENT = "CONSISTENT"
    CONTINUED = "CONTINUED"  # what was read is; the rest had a kept verdict and was not read
    INCONSISTENT = "INCONSISTENT"
    UNDECIDED = "UNDECIDED"  # something to compare with is missing or does not answer


@dataclass(slots=True)
class OwnCheck:
    """Hold the result: `wrong` are contradictions, `missing` what could not be compared, `notes` are remarks.

    The unread entries among the first `rests` rest on kept verdicts. `not_asked` says what was left out.
    """

    report: Report
    rests: int = 0
    not_asked: list[str] = field(default_factory=list)
    wrong: list[Reason] = field(default_factory=list)
    missing: list[Reason] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def verdict(self) -> Consistency:
        """Return the verdict; one contradiction decides."""
        if self.wrong:
            return Consistency.INCONSISTENT
        if self.missing:
            return Consistency.UNDECIDED
        return Consistency.CONTINUED if self.rests else Consistency.CONSISTENT

    @property
    def reasons(self) -> list[Reason]:
        """Return the reasons why the verdict is not better."""
        return self.wrong or self.missing


def check_own(
    folder: Folder, now: datetime, progress: Progress = no_progress, walk: ContinuedAudit | None = None
) -> OwnCheck:
    """Compare the entries of a ledger with what its own log has signed, under its own trust.

    With `walk` the audit continues behind kept verdicts.
    """
    policy = (folder.path / "trust" / "policy").read_bytes()
    trust = Trust(folder.policy, policy, folder.registrar)
    report = verify_own(folder, trust, now, progress=progress, walk=walk)
    check = OwnCheck(report, walk.rests if walk else 0)
    if report.verdict is Verdict.FAILED or any(reason.code == "CP-ORIGIN" for reason in report.reasons):
        check.wrong += report.reasons
        if not report.signatures:  # the published files are wrong, but the entries are still read
            check.report = verify_own(folder, trust, now, unpublished=True, progress=progress, walk=walk)
            check.wrong += check.report.reasons if check.report.verdict is Verdict.FAILED else ()
    else:
        check.missing += [reason for reason in report.reasons if reason.code not in ASIDE]
        check.notes += [f"{r.code} {r.where}: {r.says}" for r in report.reasons if r.code in ASIDE]
        check.notes += [f"{r.code}: {r.says}" for r in report.procedure if r.code == "CMP-AUDIT-WRONG"]
    if report.not_covered:
        entries = counted(report.not_covered, "entry is", "entries are")
        check.notes.append(f"{entries} not yet covered by a checkpoint; `comity checkpoint` signs one")
    return check


def check_ledger(
    path: Path, now: datetime, progress: Progress = no_progress, walk: ContinuedAudit | None = None
) -> OwnCheck:
    """Check a ledger and the other files of its office: guard, heads, tiles, keys, wrapped entries.

    With `walk` the audit continues behind kept verdicts, and what else would read all entries is left out.
    """
    folder = read_folder(path)
    check = check_own(folder, now, progress, walk)
    try:
        with closing(EntryReader(folder.entries)) as store:
            office = _OfficeFiles(folder, store, store.size(), check)
            office.check_permissions()
            office.check_heads()
            office.check_time_stamps()
            office.check_guard()
            office.check_tiles()
            office.check_wrapped()
            office.check_witness_memory()
            if check.rests:
                check.not_asked += NOT_ASKED
            else:
                office.check_subject_keys()
    except LedgerError as fault:
        if fault.code != "LOG-CORRUPT":
            raise
        if not check.wrong:
            check.wrong.append(Reason(fault.code, STORE if folder.store else ENTRIES_DB, fault.says))
    return check


@dataclass(frozen=True, slots=True)
class _OfficeFiles:
    """Check the files that an office keeps in addition to the entries; each check adds to the result."""

    folder: Folder
    store: EntryReader
    size: int
    check: OwnCheck

    def check_permissions(self) -> None:
        """Note the files that other users of this machine can read or replace."""
        for path in exposed(self.folder.path, Home.of(self.folder.path), self.folder.origin):
            self.check.notes.append(f"others can get at {path}: chmod go= {path}")

    def check_heads(self) -> None:
        """Report missing heads; existing ones were compared with the entries."""
        if not self.folder.has_heads:
            says = "it is missing; notes that were cosigned cannot be made again"
            self.check.wrong.append(Reason("LOG-CORRUPT", "heads.db", says))

    def check_time_stamps(self) -> None:
        """Verify every kept time stamp again at its own time, if trusted authorities are configured."""
        trusted, read = rfc3161.trusted(self.folder.path / "trust" / "tsa"), rfc3161.reader()
        if not trusted or read is None or not self.folder.has_heads:
            return
        with closing(CheckpointStore(self.folder.heads, writable=False)) as heads:
            for token in heads.tokens():
                head = heads.get(token.head)
                try:
                    read(token.reply, head.note if head else b"", trusted)
                except RecordError as wrong:
                    where = f"heads.db, {token.authority} {wire(token.at)}"
                    self.check.wrong.append(Reason(wrong.code, where, wrong.says))

    def check_guard(self) -> None:
        """Compare the entries with what the guard has signed; without a guard the verdict stays open."""
        state = Home.of(self.folder.path).log(self.folder.origin)
        with closing(signatory(self.folder.keys, state)) as hand:
            try:
                last = hand.last()
            except LedgerError as fault:
                if fault.code not in ("GUARD-MISSING", "GUARD-CLOSED", "GUARD-AWAY", "STORE-AWAY", "KEY-AWAY"):
                    raise
                says = f"{fault.says}: nothing here says what was signed before"
                self.check.missing.append(Reason(fault.code, "guard", says))
                return
        try:
            opened = open_checkpoint(last.note, self.folder.origin, self.folder.keys, (), mldsa=mldsa.verify)
            head = opened.checkpoint
        except RecordError as wrong:
            self.check.wrong.append(Reason(wrong.code, "guard", wrong.says))
            return
        if head.size > (size := self.store.size()):  # counted after: another process may record meanwhile
            says = f"it covers {head.size} entries, and there are {size}"
            self.check.wrong.append(Reason("LOG-ROLLBACK", "guard", says))
        elif root(head.size, self.store.hashes) != head.root:
            says = f"the first {head.size} entries are not those it was signed for"
            self.check.wrong.append(Reason("LOG-CORRUPT", "guard", says))

    def check_subject_keys(self) -> None:
        """Compare the sealed values with the keys of data subjects, and both with the stated destructions."""
        keys = open_subject_keys(self.folder, writable=False)
        if keys is None:
            self.check.notes.append("keys.db is not here: sealed values were not compared with their keys")
            return
        if self.folder.keys_store and (self.folder.path / KEYS_DB).exists():
            says = "keys.db is here as well: it has keys that are erased since they moved; comity migrate --remove"
            self.check.notes.append(says)
        with closing(keys) as subject_keys:
            cases = CaseReader(self.folder, self.store, subject_keys)
            if others := elsewhere(self.store, cases, subject_keys):
                says = f"{where(self.store, others)} are under keys that are neither here nor destroyed by an entry"
                self.check.missing.append(Reason("KEYS-OTHER", "keys.db", says))
            for each in subject_keys.unrecorded():
                if unstated(self.store, cases, each.key_id):
                    says = f"{where(self.store, [each.key_id])}: their key is destroyed and no entry says so yet"
                    self.check.missing.append(Reason("KEYS-OTHER", "keys.db", f"{says}; repeat the erasure"))
            destroyed_keys = cases.destroyed_keys()
            for key_id in sorted(subject_keys.existing(destroyed_keys)):
                says = "it says that a key was destroyed, and keys.db here still has it"
                self.check.wrong.append(Reason("KEYS-KEPT", f"entry {destroyed_keys[key_id]}", says))
            for index, fields, opens in left_over(self.store, cases, subject_keys):
                if opens:
                    says = f"an entry says that the key to {fields} was destroyed, and keys.db here opens it"
                    self.check.wrong.append(Reason("KEYS-KEPT", f"entry {index}", says))
                else:
                    says = f"entry {index}: {fields}, encrypted under a destroyed key, is still stored"
                    self.check.notes.append(says)

    def check_tiles(self) -> None:
        """Compare every published tile with the entries; note a missing one, which can be written again."""
        head = self.check.report.head
        missing = 0
        for tile in tiles_for(self.check.rests, min(head.checkpoint.size if head else 0, self.size)):
            path = self.folder.log / tile_path(tile)
            try:
                content = path.read_bytes()
            except FileNotFoundError:
                missing += 1
                continue
            if content != tile_bytes(tile, self.store.hashes):
                says = "it is not what the entries give"
                self.check.wrong.append(Reason("LOG-CORRUPT", f"log/{tile_path(tile)}", says))
        if missing:
            self.check.notes.append(f"{missing} published tiles are missing; `comity checkpoint` writes them again")

    def check_wrapped(self) -> None:
        """Compare the kept bytes of other logs' entries with their wrappers; a lost file is only noted."""
        lost = 0
        received = received_files(self.folder, self.store)
        for index, name in self._wrapped():
            where = f"{FOREIGN}/{name}"
            content = received.read(where)
            if content is None:
                lost += 1
            elif sha256(content).hexdigest() != name and where not in (r.where for r in self.check.wrong):
                says = f"it is not the entry that entry {index} wraps"
                self.check.wrong.append(Reason("ENT-MISMATCH", where, says))
        if lost:
            self.check.notes.append(
                f"the bytes of {lost} wrapped entries are not in foreign/: they count for nothing until received again"
            )

    def _wrapped(self) -> Iterator[tuple[int, str]]:
        """Yield the index of each wrapper that is not older than the verdicts, and the name of the entry's file."""
        if not self.check.rests:
            rows = self.store.of_kind(KIND)
        else:
            rows = [row for page in self.store.pages(self.check.rests) for row in page]
        for (index, _), opened in zip(rows, open_each([raw for _, raw in rows], verify=False), strict=True):
            if isinstance(opened, OpenedEntry) and opened.payload.kind == KIND:
                yield index, str(opened.payload.public.get("envelope"))

    def check_witness_memory(self) -> None:
        """Compare the entries with what the witnesses remember; if none answers, the verdict stays open."""
        if not self.folder.policy.urls and not self.folder.mirrors:
            return
        try:
            check_witnesses(self.folder, self.store.size, self.store.hashes)
        except LedgerError as fault:
            contradicts = fault.code in ("LOG-ROLLBACK", "LOG-FORKED")
            reasons = self.check.wrong if contradicts else self.check.missing
            reasons.append(Reason(fault.code, "witnesses", fault.says))
