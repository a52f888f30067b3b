"""Verify an archive by the steps and the code of the verification of a ledger folder. Trust nothing in the archive."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from msgspec import Struct

from ledger.adapters.folders.handed_folder import NOTE, TRUST_FILE, HandedFolder
from ledger.application.archive.audit_archive import ArchiveAudit
from ledger.application.archive.binding import Bound, check_statement
from ledger.application.archive.engines import EngineName
from ledger.application.archive.kept_runs import KeptRuns
from ledger.application.archive.manifest import (
    BINDING,
    CHECKPOINT,
    LARGEST,
    MANIFEST,
    POLICY,
    SEGMENT,
    SEGMENTS,
    STATES,
    ArchivedFile,
    Manifest,
    digest_of,
    parse_manifest,
)
from ledger.application.archive.parquet_files import arrow, read_states
from ledger.application.integrity.audit import Audit
from ledger.application.integrity.log_files import LogFiles, Progress, no_progress
from ledger.application.integrity.verify_ledger import verify_files
from ledger.errors import LedgerError, RecordError
from ledger.tlog.note import MlDsa, parse_checkpoint
from ledger.tlog.policy import Policy
from ledger.trust.held import parse_held
from ledger.trust.trust_folder import Trust, format_registrar
from ledger.verify.heads import Heads
from ledger.verify.progress import VerificationLog, counted
from ledger.verify.report import Report

TRUST = POLICY.partition("/")[0]
TOP = frozenset((MANIFEST, CHECKPOINT, TRUST, SEGMENTS, STATES, *BINDING))


class ArchiveReport(Struct, frozen=True):
    """The result of an audit: the report, the number of segments, and how many of them a killed run had checked."""

    report: Report
    segments: int
    kept: int


def verify_archive(
    path: Path,
    trust: Trust | None,
    anchor: bytes | None,
    now: datetime,
    *,
    engine: EngineName = "local",
    workers: int | None = None,
    address: str = "",
    state: Path | None = None,
    progress: Progress = no_progress,
) -> ArchiveReport:
    """Verify an archive. Its content is not trusted, no link in it is followed, and no file is written into it.

    `anchor` is a checkpoint held independently, `now` the moment of the verdict (UTC). With the folder `state` the
    results of segments are kept until the end. `LedgerError` NO-ARCHIVE if the folder is not an archive, NO-PYARROW,
    NO-ENGINE, ENGINE-AWAY, ENGINE-OTHER. Faults of the archive are in the report.
    """
    arrow()  # before anything is read
    folder = HandedFolder(path)
    data = folder.read(MANIFEST, LARGEST)
    if data is None:
        hint = "comity archive DIR makes one; `comity verify` reads a ledger"
        raise LedgerError("NO-ARCHIVE", f"{path} is not an archive: it has no {MANIFEST}", hint)
    held = parse_held(anchor)
    policy = folder.read(POLICY, TRUST_FILE)
    damage: LedgerError | None = None
    try:
        manifest = parse_manifest(data)
    except RecordError as wrong:
        damage = LedgerError(wrong.code, f"{MANIFEST}: {wrong.says}")
        manifest = _NOTHING
    states: list[tuple[str, bytes]] = []
    if damage is None:
        try:
            states = _states(folder, manifest)
        except RecordError as wrong:
            damage = LedgerError(wrong.code, f"{wrong.where or manifest.states_path}: {wrong.says}")
    named = b"" if trust is None or trust.registrar is None else format_registrar(trust.registrar)
    context = sha256(b"\n".join((sha256(data).digest(), b"" if trust is None else trust.raw, named))).digest()
    keeping = nullcontext() if state is None else KeptRuns(state / f"{sha256(context).hexdigest()}.db")
    with keeping as kept:
        also = () if held is None else (held.checkpoint.size,)
        walk = ArchiveAudit(folder, manifest, engine, workers, address, also=also, kept=kept, context=context)
        files = LogFiles(
            of="archive",
            origin=manifest.origin,
            place=path,
            checkpoint=folder.read(CHECKPOINT, NOTE),
            policy=policy,
            test=manifest.test,
            heads={name.removesuffix(".note"): note for name, note in states if name.endswith(".note")},
            tokens={f"heads/{name}": token for name, token in states if not name.endswith(".note")},
            log_at="",
            heads_at=f"{manifest.states_path} ",
            entries_at=SEGMENTS,
            damage=damage,
            entries=lambda: _Entries(walk),
            archive=_Checks(folder, manifest, data, walk),
        )
        report = verify_files(files, trust, held, now, progress, walk)
    return ArchiveReport(report, len(manifest.segments), walk.kept_segments)


def _states(folder: HandedFolder, manifest: Manifest) -> list[tuple[str, bytes]]:
    """Return the notes and time stamps of an archive by name; `RecordError` ARC-*."""
    path, listed = manifest.states_path, manifest.states
    data = folder.read(path, listed.bytes)
    if data is None:
        raise RecordError("ARC-MISSING", "a file that the manifest lists is missing", where=path)
    if digest_of(data) != listed.sha256:
        raise RecordError("ARC-DIGEST", "it is not the file of the manifest", where=path)
    states = read_states(data)
    if [name for name, _ in states] != sorted({name for name, _ in states}):
        raise RecordError("ARC-FORMAT", "its names are not sorted and distinct", where=path)
    return states


_NOTHING = Manifest(
    origin="", size=0, root="", checkpoint="", test=False, states=ArchivedFile(bytes=0, sha256=""), segments=[]
)  # for a manifest that cannot be read: the verification ends with its first step


@dataclass(frozen=True, slots=True)
class _Checks:
    """The checks that only an archive needs: its files against the manifest, and the manifest against the log."""

    folder: HandedFolder
    manifest: Manifest
    data: bytes
    walk: ArchiveAudit

    def check_manifest(self, book: VerificationLog) -> None:
        """Check that every file is in the manifest, and that the checkpoint is the one of the manifest.

        Raises ARC-UNLISTED, ARC-MISSING, ARC-MANIFEST.
        """
        manifest = self.manifest
        listed = {each.path for each in manifest.segments} | {manifest.states_path}
        for name in self.folder.names("."):
            if name not in TOP:
                raise RecordError("ARC-UNLISTED", "no file of an archive has this name", where=name)
        for top in (SEGMENTS, STATES, TRUST):
            for name in self.folder.names(top):
                if (path := f"{top}/{name}") not in {*listed, POLICY}:
                    raise RecordError("ARC-UNLISTED", "the manifest does not list this file", where=path)
        for path in sorted(listed):
            if not self.folder.has(path):
                raise RecordError("ARC-MISSING", "a file that the manifest lists is missing", where=path)
        checkpoint = self.folder.read(CHECKPOINT, NOTE)
        if checkpoint is None or digest_of(checkpoint) != manifest.checkpoint:
            raise RecordError("ARC-MANIFEST", "it is not the checkpoint of the manifest", where=CHECKPOINT)
        body = parse_checkpoint(checkpoint.decode("utf-8", "replace").partition("\n\n")[0] + "\n")
        if (body.origin, body.size, body.root.hex()) != (manifest.origin, manifest.size, manifest.root):
            says = "origin, size or root of the manifest are not those of the checkpoint"
            raise RecordError("ARC-MANIFEST", says, where=MANIFEST)
        book.says(f"{counted(len(manifest.segments), 'segment')}, {counted(manifest.size, 'entry', 'entries')}")

    def check_bound(
        self,
        walked: Audit,
        states: Heads,
        policy: Policy,
        trust: Trust | None,
        mldsa: MlDsa | None,
        now: datetime,
        book: VerificationLog,
    ) -> None:
        """Check that an entry of the log states the manifest; see `binding.check_statement`."""
        entry, proof, grown = (self.folder.read(name, NOTE) for name in BINDING)
        bound = Bound(self.manifest, digest_of(self.data), walked, self.walk.last)
        check_statement(bound, entry, proof, grown, policy, trust, mldsa, now, book)


class _Entries:
    """Single entries of an archive. Only the digest of their file is checked here; the audit checks all entries."""

    def __init__(self, walk: ArchiveAudit) -> None:
        self._walk = walk

    def size(self) -> int:
        """Return the number of entries."""
        return self._walk.manifest.size

    def first(self, order: str) -> bytes | None:
        """Return the first entry of a reserved order; None if it has none."""
        for segment in self._walk.manifest.segments:
            if segment.reserved:
                for row in self._walk.rows(segment):
                    if row.order == order:
                        return row.raw
        return None

    def at(self, index: int) -> bytes | None:
        """Return the entry at an index; None beyond the end."""
        segments = self._walk.manifest.segments
        if not 0 <= index < self.size():
            return None
        return self._walk.rows(segments[index // SEGMENT])[index % SEGMENT].raw

    def by_leaf(self, leaf: bytes) -> tuple[int, bytes] | None:
        """Return None: entries of other records, which are asked for by leaf, are not in an archive."""
        return None

    def hashes(self, positions: Sequence[int]) -> list[bytes]:
        """Raise LOG-CORRUPT: an audit computes every root, so no stored hash is needed."""
        raise RecordError("LOG-CORRUPT", "an archive has no hashes that could be asked for", where=SEGMENTS)

    def close(self) -> None:
        """Do nothing: no file is open."""
