"""A log of hashes in memory that can be made to lie: what tests show to a witness."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Self

from ledger.formats.ed25519 import public_key
from ledger.tlog.add_checkpoint import format_submission
from ledger.tlog.add_entries import EntryPackage, UploadHeader, format_header, format_package, package_ranges
from ledger.tlog.note import Checkpoint, format_checkpoint, log_vkey, parse_vkey, sign_note
from ledger.tlog.subtree import prove_subtree_consistency
from ledger.tlog.tile import bundles_for, pack_entries, tile_bytes, tile_path, tiles_for
from ledger.tlog.tree import Frontier, format_proof, leaf_hash, prove_consistency, prove_inclusion, root


class HashLog:
    """A log whose entry i is the text `<story> i`; a fork has another story from some entry on."""

    def __init__(self, origin: str = "ledger.example/xo/karsk", seed: bytes = bytes(range(32)), size: int = 0) -> None:
        self.origin = origin
        self.seed = seed
        self.key = parse_vkey(log_vkey(origin, public_key(seed)))
        self.entries: list[bytes] = []
        self.stored: list[bytes] = []
        self.frontier = Frontier()
        self.grow(size)

    def grow(self, count: int, story: str = "true") -> Self:
        """Append entries."""
        for n in range(self.frontier.size, self.frontier.size + count):
            self.append(f"{story} {n}".encode())
        return self

    def append(self, entry: bytes) -> None:
        """Append one entry."""
        self.entries.append(entry)
        self.stored += self.frontier.add(leaf_hash(entry))

    def fork(self, at: int, size: int) -> HashLog:
        """Return the same log with the same key up to entry `at`, and other entries from there to `size`."""
        return HashLog(self.origin, self.seed, at).grow(size - at, "other")

    def read(self, indexes: Sequence[int]) -> list[bytes]:
        return [self.stored[index] for index in indexes]

    def root(self, size: int) -> bytes:
        return root(size, self.read)

    def note(self, size: int) -> bytes:
        """Return the signed head at a size."""
        body = format_checkpoint(Checkpoint(self.origin, size, self.root(size)))
        return sign_note(body, self.origin, self.seed).encode()

    def prove(self, m: int, n: int) -> list[bytes]:
        return prove_consistency(m, n, self.read)

    def receipt(self, index: int, size: int) -> bytes:
        """Return the tlog-proof of an entry under the head at a size."""
        return format_proof(index, prove_inclusion(index, size, self.read), self.note(size))

    def request(self, old: int, size: int) -> bytes:
        """Return an honest add-checkpoint body."""
        return format_submission(old, self.prove(old, size), self.note(size))

    def upload(self, start: int, size: int, most: int = 1 << 30) -> bytes:
        """Return an add-entries body with the first packages of the entries from `start` to `size`."""
        body = format_header(UploadHeader(self.origin, start, size))
        for first, end in list(package_ranges(start, size))[:most]:
            body += format_package(self.package(first, end, size))
        return body

    def package(self, first: int, end: int, size: int) -> EntryPackage:
        """Return one package of entries with its proof in the tree of `size` entries."""
        proof = prove_subtree_consistency(first - first % 256, end, size, self.read)
        return EntryPackage(tuple(self.entries[first:end]), tuple(proof))

    def publish(self, folder: Path, size: int) -> Path:
        """Write the log as static files."""
        files = {tile_path(tile): tile_bytes(tile, self.read) for tile in tiles_for(0, size)}
        for bundle in bundles_for(0, size):
            first = bundle.n * 256
            files[tile_path(bundle)] = pack_entries(self.entries[first : first + bundle.width])
        for name, data in (files | {"checkpoint": self.note(size)}).items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
        return folder
