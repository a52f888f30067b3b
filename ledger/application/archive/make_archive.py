"""Write the entries of a ledger to an archive, and record its manifest in the log.

A segment is written to a temporary name and renamed, so after a kill each existing file is whole. The next run compares
it with the bytes that it would write. Segments of an earlier archive that the log states are not written again.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path

from msgspec import Struct

from ledger.adapters.folders.user_folders import private_folder, replace_file
from ledger.adapters.storage import statements
from ledger.adapters.storage.sqlite import sync_folder
from ledger.application.archive.binding import KIND
from ledger.application.archive.manifest import (
    BINDING,
    CHECKPOINT,
    ENTRY,
    FORMAT,
    GROWN,
    LARGEST,
    MANIFEST,
    POLICY,
    PROOF,
    SEGMENTS,
    STATES,
    ArchivedFile,
    Manifest,
    Segment,
    digest_of,
    format_manifest,
    is_layout,
    parse_manifest,
    ranges,
    segment_path,
    states_path,
)
from ledger.application.archive.parquet_files import Row, arrow, write_entries, write_states
from ledger.application.integrity.check_run import subtree
from ledger.application.integrity.log_files import Progress, no_progress
from ledger.application.journal import Journal
from ledger.entries.envelope import OpenedEntry, Signer, open_each
from ledger.entries.placement import map_of
from ledger.errors import LedgerError, RecordError
from ledger.facts import build
from ledger.messages import Message
from ledger.tlog.note import Head, b64
from ledger.tlog.tree import Frontier, format_proof, node_hash, prove_consistency, prove_inclusion
from ledger.verify.field_forms import check_public

READ = 1_000  # entries read and opened at a time
_NEW = ".new"  # how `replace_file` names a file that is being written


class MadeArchive(Struct, frozen=True):
    """An archive with `size` entries in `segments` segments, of which this run wrote `written`.

    `index` is that of the entry that states the manifest; `manifest` is its SHA-256 (hex). `fresh` is False if no entry
    had to be recorded.
    """

    size: int
    segments: int
    written: int
    index: int
    manifest: str
    fresh: bool


def make_archive(
    journal: Journal,
    folder: Path,
    signer: Signer,
    publish: Callable[[], Head],
    progress: Progress = no_progress,
) -> MadeArchive:
    """Write or continue the archive in a folder. `publish` returns the head of the log, with available cosignatures.

    `LedgerError` NO-PYARROW; PATH-TAKEN if the folder is in the ledger, has other files, or has the archive of another
    log; BUSY if another process writes it; LOG-CORRUPT if the log has signed other entries. `RecordError` if an entry
    does not have the form of its kind: a field outside of the form could be about a person.
    """
    arrow()
    ledger = journal.folder.path.resolve()
    if folder.resolve().is_relative_to(ledger):
        raise LedgerError("PATH-TAKEN", f"{folder} is in the ledger", "name a folder elsewhere")
    private_folder(folder)
    for name in (SEGMENTS, STATES, POLICY.partition("/")[0]):
        private_folder(folder / name)
    with _locked(folder):
        return _Making(journal, folder, signer, publish, progress).make()


class _Making(Struct):
    """One run over the folder of an archive; `written` is the number of new segments."""

    journal: Journal
    folder: Path
    signer: Signer
    publish: Callable[[], Head]
    progress: Progress
    written: int = 0

    def make(self) -> MadeArchive:
        """Write the segments and the manifest, record the entry that states it, and write the proofs of this entry."""
        self._check_names()
        before = self._manifest()
        stating = {} if before is None else self._stating(before)
        head = self.publish()
        fresh = True
        if before is not None and stating and self._nothing_since(before):
            manifest, fresh = before, False
        else:
            manifest = self._write(head, before if stating else None)
        digest = digest_of(format_manifest(manifest))
        index = self._record(manifest, digest) if fresh else max(stating)
        if fresh or not all((self.folder / name).is_file() for name in BINDING):
            self._bind(manifest, index)
        self._remove_others(manifest)
        return MadeArchive(manifest.size, len(manifest.segments), self.written, index, digest, fresh)

    def _check_names(self) -> None:
        """Refuse a folder with other files; remove unfinished files of a killed run."""
        for path in sorted(self.folder.rglob("*")):
            name = path.relative_to(self.folder).as_posix()
            if not path.is_symlink() and name in (SEGMENTS, STATES, POLICY.partition("/")[0]):  # made as folders
                continue
            if _is_unfinished(name) and path.is_file() and not path.is_symlink():
                path.unlink()
            elif not is_layout(name) or path.is_symlink() or not path.is_file():
                says = f"{self.folder} has {name!r}, which belongs to no archive"
                raise LedgerError("PATH-TAKEN", says, "name an empty folder, or the folder of an archive")

    def _manifest(self) -> Manifest | None:
        """Return the manifest that an earlier run wrote; None without one, or with a damaged one."""
        path = self.folder / MANIFEST
        if not path.is_file() or path.stat().st_size > LARGEST:
            return None
        try:
            manifest = parse_manifest(path.read_bytes())
        except RecordError:
            return None
        if manifest.origin != self.journal.origin:
            says = f"{self.folder} has an archive of {manifest.origin}, and this is {self.journal.origin}"
            raise LedgerError("PATH-TAKEN", says, "name another folder")
        return manifest

    def _stating(self, manifest: Manifest) -> dict[int, bytes]:
        """Return the entries of this log that state a manifest, by index."""
        digest = digest_of(format_manifest(manifest))
        rows = self.journal.store.of_kind_in(KIND, [self.journal.registry])
        return {
            index: raw
            for (index, raw), opened in zip(rows, open_each([raw for _, raw in rows], verify=False), strict=True)
            if isinstance(opened, OpenedEntry) and opened.payload.public.get("manifest_digest") == digest
        }

    def _nothing_since(self, manifest: Manifest) -> bool:
        """Return True if only archives were recorded since."""
        rows = self.journal.store.of_kind_in(KIND, [self.journal.registry])
        return sum(index >= manifest.size for index, _ in rows) == self.journal.store.size() - manifest.size

    def _write(self, head: Head, before: Manifest | None) -> Manifest:
        """Write the missing segments of a head, and a manifest over all segments."""
        size = head.checkpoint.size
        known = {each.path: each for each in before.segments} if before else {}
        segments: list[Segment] = []
        tree = Frontier()
        for start, end in ranges(size):
            segment = known.get(segment_path(start, end))
            if segment is not None and _has(self.folder, segment.path, segment.bytes):
                tree = Frontier(end, _merged(tree, bytes.fromhex(segment.root), end - start))
            else:
                segment, tree = self._segment(start, end, tree)
            segments.append(segment)
            self.progress(end, size)
        if tree.root() != head.checkpoint.root:
            hint = "comity fsck names the entry"
            raise LedgerError("LOG-CORRUPT", "the log has signed other entries", hint)
        content = write_states(self._states(size))
        self._put(states_path(size), content)
        manifest = Manifest(
            origin=self.journal.origin,
            size=size,
            root=head.checkpoint.root.hex(),
            checkpoint=digest_of(head.note),
            test=self.journal.folder.test,
            states=ArchivedFile(bytes=len(content), sha256=digest_of(content)),
            segments=segments,
        )
        for name in BINDING:  # they are about another manifest from now on
            (self.folder / name).unlink(missing_ok=True)
        self._put(POLICY, (self.journal.folder.path / "trust" / "policy").read_bytes())
        self._put(CHECKPOINT, head.note)
        self._put(MANIFEST, format_manifest(manifest))
        return manifest

    def _segment(self, start: int, end: int, tree: Frontier) -> tuple[Segment, Frontier]:
        """Write the file of a segment unless it has these bytes; return the segment, and the tree up to its end."""
        rows = list(self._rows(start, end))
        content = write_entries(rows)
        path = segment_path(start, end)
        target = self.folder / path
        if not _has(self.folder, path, len(content)) or target.read_bytes() != content:
            self._put(path, content)
            self.written += 1
        _, peaks = subtree([row.leaf for row in rows])
        reserved = (self.journal.registry, map_of(self.journal.origin))
        segment = Segment(
            bytes=len(content),
            sha256=digest_of(content),
            start=start,
            end=end,
            root=Frontier(end - start, peaks).root().hex(),
            reserved=sum(row.order in reserved for row in rows),
        )
        tree = Frontier(tree.size, tree.peaks)
        tree.extend(row.leaf for row in rows)
        return segment, tree

    def _rows(self, start: int, end: int) -> Iterator[Row]:
        """Yield the rows of entries, computed from the signed bytes. No sealed value and no ciphertext is read."""
        expected = start
        for first in range(start, end, READ):
            rows = self.journal.store.rows(statements.AUDITED_COLUMNS, (first, min(first + READ, end)))
            raws = [bytes(row[4]) for row in rows]
            for row, raw, opened in zip(rows, raws, open_each(raws, verify=False), strict=True):
                if isinstance(opened, RecordError):
                    raise opened
                check_public(opened.payload)
                p, leaf = opened.payload, bytes.fromhex(opened.leaf)
                if row[0] != expected or leaf != bytes(row[5]):
                    says = f"entry {expected} is missing, or is not the one that was stored"
                    raise LedgerError("LOG-CORRUPT", says, "comity fsck")
                expected += 1
                yield Row(row[0], p.order, p.seq, p.kind, bytes.fromhex(p.entry), leaf, bytes(row[6]), raw)
        if expected != end:
            raise LedgerError("LOG-CORRUPT", f"entry {expected} is missing", "comity fsck")

    def _states(self, size: int) -> list[tuple[str, bytes]]:
        """Return the notes of the log up to a size, and the time stamps over them, sorted by name."""
        notes = {head.digest: head.note for head in self.journal.heads.all() if head.size <= size}
        counts = dict.fromkeys(notes, 0)
        files = {f"{digest}.note": note for digest, note in notes.items()}
        for token in self.journal.heads.tokens():
            if token.head in counts:
                counts[token.head] += 1
                files[f"{token.head}.{counts[token.head]}.tsr"] = token.reply
        return sorted(files.items())

    def _record(self, manifest: Manifest, digest: str) -> int:
        fields = {"size": manifest.size, "root": manifest.root, "manifest_digest": digest, "format": FORMAT}
        return self.journal.record(build(KIND, fields, {}), self.journal.registry, self.signer).index

    def _bind(self, manifest: Manifest, index: int) -> None:
        """Write the entry that states the manifest, with its proof under the newest head."""
        head = self.publish()
        size, read = head.checkpoint.size, self.journal.store.hashes
        grown = prove_consistency(manifest.size, size, read)
        self._put(GROWN, "".join(f"{b64(each)}\n" for each in grown).encode())
        self._put(PROOF, format_proof(index, prove_inclusion(index, size, read), head.note))
        self._put(ENTRY, self.journal.store.at(index) or b"")

    def _remove_others(self, manifest: Manifest) -> None:
        """Remove the last segment and the states of an earlier archive, which this manifest does not list."""
        listed = {each.path for each in manifest.segments} | {manifest.states_path}
        for top in (SEGMENTS, STATES):
            for path in (self.folder / top).iterdir():
                if f"{top}/{path.name}" not in listed:
                    path.unlink()

    def _put(self, path: str, content: bytes) -> None:
        """Write a file whole or not at all; it is durable on return."""
        target = self.folder / path
        replace_file(target, content)
        sync_folder(target.parent)


def _merged(tree: Frontier, root: bytes, count: int) -> list[bytes]:
    """Return the peaks of a tree with the next whole segment, whose root is known."""
    level = count.bit_length() - 1
    peaks, n = list(tree.peaks), tree.size >> level
    while n & 1:
        root, n = node_hash(peaks.pop(), root), n >> 1
    return [*peaks, root]


def _has(folder: Path, path: str, size: int) -> bool:
    file = folder / path
    return file.is_file() and file.stat().st_size == size


def _is_unfinished(name: str) -> bool:
    top, slash, last = name.rpartition("/")
    inner = last.removeprefix(".").removesuffix(_NEW)
    return last.startswith(".") and last.endswith(_NEW) and is_layout(f"{top}{slash}{inner}")


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the folder of an archive; `LedgerError` BUSY if another process has it."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            flock(handle, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            raise LedgerError("BUSY", f"another process writes the archive {folder}", Message("try again")) from None
        yield
    finally:
        os.close(handle)
