"""Read what the entries of a ledger state of files, with the values that the keys here open.

What is read is compared with what a caller states, or shown after an entry that says so. Nothing is cached.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from threading import Lock

from msgspec import Struct

from ledger.adapters.folders.ledger_folder import Folder
from ledger.adapters.storage.entry_reader import EntryReader
from ledger.application.subject_keys_binding import open_subject_keys
from ledger.application.write.draft import target_of
from ledger.entries.case import Entry
from ledger.entries.envelope import entry_of, open_
from ledger.errors import LedgerError, RecordError
from ledger.formats.selective_disclosure import lift, parse_disclosure
from server.files.stated import files_of


class RecordedFile(Struct, frozen=True):
    """One file with a SHA-256 that an entry states, in a field; `size` is None where none is stated.

    `key_id` is the key that seals the field, empty for a public one; `disclosure` the disclosure of a sealed field.
    """

    entry: Entry
    field: str
    name: str
    size: int | None
    sha256: str
    key_id: str
    disclosure: str


class FileRecord:
    """The entries and the keys of data subjects of one ledger; several threads may call it at once."""

    def __init__(self, folder: Folder) -> None:
        """Open both for reading; `LedgerError` KEYS-MISSING for a ledger whose keys are elsewhere."""
        self._folder = folder
        self._lock = Lock()
        with ExitStack() as opened:
            self._store = opened.enter_context(closing(EntryReader(folder.entries)))
            keys = open_subject_keys(folder, writable=False)
            if keys is None:
                raise LedgerError("KEYS-MISSING", "files are kept where the keys of data subjects are")
            self._keys = opened.enter_context(closing(keys))
            self._opened = opened.pop_all()

    def close(self) -> None:
        """Close the files."""
        self._opened.close()

    def files(self, order: str, *, by: str = "", leaf: str = "") -> list[RecordedFile]:
        """Return the files that the entries of an order state: of one office, or of the entry with a leaf hash.

        Entries of other logs are left out: an office of another log sends nothing here.
        """
        with self._lock:
            return list(self._files(order, by, leaf))

    def _files(self, order: str, by: str, leaf: str) -> Iterator[RecordedFile]:
        closed = None
        for index, raw in self._store.order(order):
            opened = open_(raw, verify=False)
            if (by and opened.payload.signer.actor != by) or (leaf and opened.leaf != leaf):
                continue
            if closed is None:
                closed = self._store.ciphertexts(order)
            values = closed.get(index, [])
            texts = self._keys.decrypt_values(opened.payload.entry, values)
            try:
                entry = entry_of(opened, index, lift(texts, opened.sd, public=opened.payload.public))
            except RecordError:  # the values of a damaged database count as unread
                continue
            keys = {each.field: each.key_id for each in values}
            disclosed = {parse_disclosure(text).name: text for text in texts}
            for field, file in files_of(entry):
                if isinstance(digest := file.get("sha256"), str):
                    sealed = field in entry.sealed
                    yield RecordedFile(
                        entry, field, file.get("name", ""), file.get("size"), digest,
                        keys.get(field, "") if sealed else "", disclosed.get(field, "") if sealed else "",
                    )  # fmt: skip

    def is_companion(self, order: str) -> bool:
        """Return True if an order is the companion of another one."""
        with self._lock:
            return self._keys.main_of(order) is not None

    def key_for(self, file: RecordedFile) -> str:
        """Return the id of the key under which a file is kept: that of its field, else that of the order's target."""
        if file.key_id:
            return file.key_id
        order = file.entry.order
        with self._lock:
            known = self._keys.key_of(target_of(order), order)
        if known is not None:
            return known
        writable = open_subject_keys(self._folder)
        if writable is None:
            raise LedgerError("KEYS-MISSING", "the keys of data subjects are missing")
        with closing(writable) as keys:
            whose = (target_of(order), order)
            return keys.keys_for([whose])[whose][0]

    def wrap(self, key_id: str, secret: bytes, bound: str) -> bytes | None:
        """Encrypt what is known of a file under a key; None if that is destroyed."""
        with self._lock:
            return self._keys.wrap(key_id, secret, bound)

    def unwrap(self, key_id: str, wrapped: bytes, bound: str) -> bytes | None:
        """Decrypt what `wrap` encrypted; None if the key is destroyed."""
        with self._lock:
            return self._keys.unwrap(key_id, wrapped, bound)

    def destroyed(self, key_ids: list[str]) -> set[str]:
        """Return the ids of these keys that were destroyed here."""
        with self._lock:
            return self._keys.destroyed(key_ids)
