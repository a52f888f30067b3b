"""Send files to an office server that keeps them, and fetch them again; digests are computed and compared here."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
from msgspec import Struct

from comity.remote.connection import Connection, Refused
from comity.remote.reader import VerifiedReader
from comity.remote.recording import Permissions, RecordedEntry, RemoteRecorder
from ledger.entries.envelope import Circumstances, EntryPlace, Signer, entry_of, seal
from ledger.entries.placement import access_of
from ledger.errors import LedgerError, RecordError
from ledger.facts import build
from ledger.formats.selective_disclosure import lift
from server.documents import AccessPlace, ReceiptItem, SealedEntry
from server.files.documents import FileOffered, FilesAsked, KeptFilesAnswer, OpenedFilesAnswer, UploadAnswer
from server.files.stated import files_of

ABOUT = "files of entry {}: "  # the beginning of the reason of an access, with the leaf hash of the entry
_READ = 1 << 20
_TRIES = 10  # times that something is asked again because others were faster, or the server is busy
_PAUSE = 2.0  # seconds until a busy server is asked again
_CHECKING = 0.2  # seconds until the server is asked again that compares a digest

Progress = Callable[[int, int], None]


class StatedFile(Struct, frozen=True):
    """A file that an entry states, with the name under which the server has it: all but that name is proven."""

    object: str
    field: str
    name: str
    sha256: str
    size: int


class OpenedFiles(Struct, frozen=True):
    """The files of an entry that may be fetched until a moment, and the access entry that was recorded for it."""

    order: str
    until: datetime
    files: list[StatedFile]
    access: RecordedEntry


class RemoteFiles:
    """Sends and fetches files over one connection; `reader` and `recorder` use the same key."""

    def __init__(self, connection: Connection, reader: VerifiedReader, recorder: RemoteRecorder) -> None:
        self._connection = connection
        self._reader = reader
        self._recorder = recorder

    def listed(self, order: str) -> KeptFilesAnswer:
        """Return of which entries of an order (its id) files are kept, as the server says."""
        answer = self._connection.get(f"/v1/orders/{order}/files", KeptFilesAnswer)
        self._reader.verifier.head(answer.head)
        return answer

    # -- sending ------------------------------------------------------------------------------------------------------

    def send(self, order: str, path: Path, progress: Progress = lambda done, size: None) -> UploadAnswer:
        """Send a file that an entry of the caller's office states; pieces that the server has are not sent again.

        `Refused` API-MISSING if no such entry states its digest, FILES-DIFFER for a file that changed meanwhile.
        """
        with path.open("rb") as file:
            digest, size = sha256(), 0
            while data := file.read(_READ):
                digest.update(data)
                size += len(data)
            offered = FileOffered(digest.hexdigest(), size)
            state = self._connection.post(
                f"/v1/orders/{order}/files", UploadAnswer, msgspec.json.encode(offered), uuid4().hex
            )
            at = f"/v1/orders/{order}/files/{state.object}"
            left = _TRIES
            while not state.kept:
                progress(min(state.received * state.piece, size), size)
                try:
                    if state.received == state.pieces:
                        time.sleep(_CHECKING)
                        state = self._connection.get(at, UploadAnswer)
                        continue
                    file.seek(state.received * state.piece)
                    part = file.read(state.piece)
                    state = self._connection.put(f"{at}/pieces/{state.received}", UploadAnswer, part)
                    left = _TRIES
                except (LedgerError, Refused) as wrong:
                    left -= 1
                    if wrong.code not in ("BUSY", "CONFLICT", "API-SLOW") or not left:
                        raise
                    time.sleep(_PAUSE)
                    state = self._connection.get(at, UploadAnswer)
        progress(size, size)
        return state

    # -- fetching -----------------------------------------------------------------------------------------------------

    def open(
        self, order: str, leaf: str, purpose: str, person: str, because: str | None, signer: Signer
    ) -> OpenedFiles:
        """Record why the files of an entry (leaf hash) are opened, and return what the entry states of them, proven.

        `RecordError` API-FALSE for files that the entry does not state.
        """
        for left in reversed(range(_TRIES)):
            place = self.listed(order).place
            if place is None:
                raise Refused("API-DENIED", "kept files are opened by those who see every order")
            try:
                return self._open(order, leaf, place, signer, purpose, person, because)
            except RecordError as refused:
                if refused.code not in ("CTX-CHAIN", "CONFLICT") or not left:
                    raise
        raise AssertionError("unreachable")

    def _open(
        self, order: str, leaf: str, place: AccessPlace, signer: Signer, purpose: str, person: str, because: str | None
    ) -> OpenedFiles:
        origin, now = self._reader.origin, datetime.now(UTC).replace(microsecond=0)
        if place.order != access_of(origin) or place.seq < 1:
            raise RecordError("API-FALSE", "the server does not say where the access entry belongs")
        public: dict[str, Any] = {"view": "export", "purpose_code": purpose, "orders": [order]}
        fact = build(
            "record-accessed", public, {"justification": ABOUT.format(leaf) + (because or purpose), "person": person}
        )
        said = Circumstances(now, now)
        self._recorder.check_form(fact, said, None, Permissions())
        at = EntryPlace(origin, place.order, place.seq, place.prev, None)
        sealed = seal(fact, at, signer, said, secrets.token_hex(16), secrets.token_bytes)
        access = SealedEntry(sealed.raw.decode(), [each.text for each in sealed.disclosures])
        asked = FilesAsked(leaf, purpose, signer.public.hex(), signer.role, now, access)
        path = f"/v1/orders/{order}/opened-files"
        answer = self._connection.post(path, OpenedFilesAnswer, msgspec.json.encode(asked), uuid4().hex)
        self._reader.verifier.head(answer.head)
        item = answer.receipt
        if (item.leaf, item.order, item.seq) != (sealed.leaf, place.order, place.seq):
            raise RecordError("API-FALSE", "the receipt is of another entry than the one that was sent")
        recorded = self._recorded(item)
        return OpenedFiles(order, answer.until, self._proven(order, leaf, answer), recorded)

    def _recorded(self, item: ReceiptItem) -> RecordedEntry:
        proof = self._reader.verifier.receipt(item)
        return RecordedEntry(item.index, item.leaf, item.entry, item.order, item.seq, item.already, proof)

    def _proven(self, order: str, leaf: str, answer: OpenedFilesAnswer) -> list[StatedFile]:
        """Return the files of an answer as the entry states them: its commitments show the disclosures."""
        self._reader.case(order)
        found = next(((i, o) for i, o in self._reader.placed(order) if o.leaf == leaf), None)
        if found is None or (answer.order, answer.entry) != (order, leaf):
            raise RecordError("API-FALSE", "the files are those of another entry than the one that was asked for")
        index, opened = found
        entry = entry_of(opened, index, lift(answer.disclosures, opened.sd, public=opened.payload.public))
        stated = {(field, file.get("sha256")): file for field, file in files_of(entry)}
        files = []
        for each in answer.files:
            file = stated.get((each.field, each.sha256))
            if file is None or file.get("size", each.size) != each.size:
                says = (
                    f"entry {entry.seq} of the order does not state the file {each.sha256[:12]} that the server names"
                )
                raise RecordError("API-FALSE", says)
            files.append(StatedFile(each.object, each.field, str(file.get("name", "")), each.sha256, each.size))
        return files

    def fetch(
        self, opened: OpenedFiles, file: StatedFile, path: Path, progress: Progress = lambda done, size: None
    ) -> None:
        """Write a file that was opened to a new path, whole and with its digest, or not at all.

        What has come of it when the connection ends is in PATH.part, and a later call goes on from there.
        `RecordError` API-FALSE for bytes with another digest.
        """
        part, digest, size = path.with_name(f"{path.name}.part"), sha256(), 0
        with part.open("ab+") as out:
            out.seek(0)
            while data := out.read(_READ):
                digest.update(data)
                size += len(data)
            if size < file.size or not file.size:
                for data in self._connection.fetch(f"/v1/orders/{opened.order}/files/{file.object}/content", size):
                    size += len(data)
                    if size > file.size:
                        break
                    digest.update(data)
                    out.write(data)
                    progress(size, file.size)
            out.flush()
        if size < file.size:
            says = f"{size} of {file.size} bytes have come"
            raise LedgerError("HTTP-SILENT", says, "ask again: it goes on from there")
        if size > file.size or digest.hexdigest() != file.sha256:
            part.unlink()
            raise RecordError(
                "API-FALSE", "the bytes are not those of the stated digest; they are deleted", where=path.name
            )
        os.link(part, path)  # unlike a rename, it never replaces a file
        part.unlink()
