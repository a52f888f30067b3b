"""Mirror other parties' logs: store every entry durably, and cosign a checkpoint only when all its entries are stored.

Three steps (c2sp.org/tlog-mirror, text of July 2026). `add-checkpoint` takes a checkpoint by the rules of a witness and
cosigns nothing. `add-entries` takes entries in packages; each package is proven against that checkpoint before it is
written. After the last package the tiles are written, the root of the tiles is compared with the checkpoint, and the
checkpoint is cosigned. The status of add-entries:

    202 some entries are stored   400 no request, or cut before its first package is whole    404 no log of ours
    409 it starts or ends where we cannot go on    422 no checkpoint yet, or an entry is not in it
    503 our clock or disk: nothing was cosigned
"""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ledger.adapters.folders.user_folders import private_folder
from ledger.adapters.mirror.mirror_state import MirrorState
from ledger.adapters.mirror.mirrored_files import MirroredFiles
from ledger.adapters.witness.witness import Cosigner, Logs, Witness, WitnessReply
from ledger.adapters.witness.witness_state import CosignedHead
from ledger.errors import LedgerError, RecordError
from ledger.tlog.add_entries import INFO, EntryPackage, MirrorInfo, UploadHeader, format_info
from ledger.tlog.names import origin_hash
from ledger.tlog.tile import FULL, parse_tile_path

logger = logging.getLogger(__name__)

MOST_EXCESS = 8 * FULL  # entries that a client may send although they are stored


@dataclass(slots=True)
class Upload:
    """An upload that was let in: the checkpoint that it goes up to, and the first entry that is still to come."""

    origin: str
    head: CosignedHead
    at: int


class Mirror:
    """Store logs in a folder, and cosign. `cosigners` make the lines of the mirror, one for each key it has.

    One process at a time: `LedgerError` BUSY.
    """

    def __init__(
        self,
        state: MirrorState,
        cosigners: Sequence[Cosigner],
        logs: Logs,
        folder: Path,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._pending = Witness(state, (), logs, now=now)
        self._state = state
        self._cosigners = tuple(cosigners)
        self._now = now
        self._copies = {
            origin: MirroredFiles(folder / origin_hash(origin), tuple(keys), state) for origin, keys in logs.items()
        }
        self._origins = {origin_hash(origin): origin for origin in logs}
        self._lock = os.open(private_folder(folder), os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            raise LedgerError("BUSY", f"another process serves the mirror in {folder}") from None
        for origin in logs:  # a process may have been killed between the signature and the file
            if head := state.mirrored(origin):
                self._copies[origin].show(head)

    def close(self) -> None:
        """Let another process serve this mirror."""
        os.close(self._lock)

    # -- reading ------------------------------------------------------------------------------------------------------

    def checkpoint(self, digest: str) -> bytes | None:
        """Return the last note cosigned for a log; `digest` is the hex SHA-256 of its origin."""
        head = self._state.mirrored(self._origins.get(digest, ""))
        return head.note if head else None

    def tile(self, digest: str, path: str) -> bytes | None:
        """Return a tile or an entry bundle by its path, such as `tile/0/001`; None if there is none."""
        origin = self._origins.get(digest)
        try:
            tile = parse_tile_path(path)
            return self._copies[origin].read(tile) if origin else None
        except (RecordError, FileNotFoundError):
            return None

    # -- writing ------------------------------------------------------------------------------------------------------

    def add_checkpoint(self, body: bytes) -> WitnessReply:
        """Answer the body of an add-checkpoint request; an accepted checkpoint is durable on return."""
        return self._pending.add_checkpoint(body)

    def begin(self, header: UploadHeader) -> Upload | WitnessReply:
        """Let an upload in, or return the reason for a refusal."""
        origin, state = header.origin, self._state
        if origin not in self._copies:
            return WitnessReply(404, "this mirror does not know that log\n")
        if state.seen(origin) is None:
            return WitnessReply(422, "no checkpoint of that log was accepted: add-checkpoint comes first\n")
        head, cosigned = state.accepted(origin, header.end), state.mirrored(origin)
        next_entry = state.next_entry(origin)
        if (
            head is None
            or (cosigned and header.end < cosigned.size)
            or header.start > next_entry
            or min(header.end, next_entry) - header.start > MOST_EXCESS
        ):
            return self._info(409, origin, head)
        return Upload(origin, head, header.start)

    def save(self, upload: Upload, package: EntryPackage) -> WitnessReply | None:
        """Store the next package of an upload durably, or return the reason for a refusal."""
        try:
            upload.at = self._copies[upload.origin].save(upload.head, upload.at, package)
        except (LedgerError, RecordError, OSError) as fault:
            if isinstance(fault, RecordError) and fault.code == "SUB-PATH":
                return WitnessReply(422, f"entry {upload.at}: {fault.says}\n")
            return failed(upload.origin, fault)
        return None

    def partly(self, upload: Upload) -> WitnessReply:
        """Return the answer to an upload of which some packages were stored, and not the last one."""
        return self._info(202, upload.origin, upload.head)

    def finish(self, upload: Upload) -> WitnessReply:
        """Write the tiles of a complete upload, cosign its checkpoint, and show it; durable on return."""
        origin, copy = upload.origin, self._copies[upload.origin]
        try:
            if self._passed(upload):
                return self._info(409, origin, None)
            copy.complete(upload.head)
            with self._state.turn():
                if self._passed(upload):
                    return self._info(409, origin, None)
                last, time = self._state.mirrored(origin), int(self._now().timestamp())
                if last and time < last.time:
                    return WitnessReply(503, "the clock of this mirror is behind its last cosignature\n")
                note = copy.unsigned(upload.head.note)
                lines = "".join(cosigner(note, time) for cosigner in self._cosigners)
                head = CosignedHead(upload.head.size, upload.head.root, time, note + lines.encode())
                self._state.cosigned(origin, head)
            copy.show(head)
        except (LedgerError, RecordError, OSError) as fault:
            return failed(origin, fault)
        logger.info("%s: all %d entries stored, cosigned", origin, head.size)
        return WitnessReply(200, lines)

    def _passed(self, upload: Upload) -> bool:
        """Return True if a larger checkpoint was cosigned meanwhile: a mirror never goes back."""
        last = self._state.mirrored(upload.origin)
        return last is not None and upload.head.size < last.size

    def _info(self, status: int, origin: str, head: CosignedHead | None) -> WitnessReply:
        """Return what is missing, up to `head` if it can go on with it, else up to the newest accepted checkpoint."""
        next_entry, newest = self._state.next_entry(origin), self._state.seen(origin)
        if newest is None:
            raise AssertionError("an upload was let in without a checkpoint")
        size = head.size if head is not None and next_entry <= head.size else newest.size
        return WitnessReply(status, format_info(MirrorInfo(size, next_entry)), INFO)


def failed(origin: str, fault: Exception) -> WitnessReply:
    """Return the reply where our disk or our files fail."""
    logger.error("%s: %s", origin, fault)
    code = fault.code if isinstance(fault, (LedgerError, RecordError)) else "DISK-ERROR"
    return WitnessReply(503, f"{code}: nothing was cosigned\n")
