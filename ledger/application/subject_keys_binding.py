"""Check that `keys.db` is the one with which the values of a ledger were sealed.

The keys of data subjects are in one file of one folder. Another machine on the same database, a second folder
or an old copy would seal under different keys, and an erasure here would leave those values readable there.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator

from ledger.adapters.folders.ledger_folder import Folder
from ledger.adapters.keys.key_files import Entropy
from ledger.adapters.storage.entry_reader import EntryReader
from ledger.adapters.subject_keys.key_store import SubjectKeyStore
from ledger.application.case_reader import DESTROYED, CaseReader
from ledger.entries.envelope import open_
from ledger.errors import LedgerError

HINT = (
    "seal, open and erase on the machine and in the folder that recorded it: one keys.db holds a ledger's keys. "
    "Only if that keys.db is lost for good: comity erase --lost"
)
_FEW = 5  # entries named in a message


def open_subject_keys(
    folder: Folder, *, writable: bool = True, entropy: Entropy = secrets.token_bytes
) -> SubjectKeyStore | None:
    """Open the subject keys of a ledger; None if they are missing. Raises what `open_keys` raises."""
    if not folder.has_subject_keys:
        return None
    return SubjectKeyStore(folder.subject_keys, writable=writable, entropy=entropy)


def elsewhere(
    store: EntryReader, cases: CaseReader, subject_keys: SubjectKeyStore, orders: Iterable[str] | None = None
) -> list[str]:
    """Return the keys of sealed values, in these orders or in all, that are neither here nor destroyed by an entry."""
    keys = store.ever_sealing() if orders is None else set(store.sealing_keys(orders))
    missing = store.still_sealing(keys - subject_keys.existing(keys))
    if not missing:
        return []
    missing -= {each.key_id for each in subject_keys.unrecorded()}
    return sorted(missing - cases.destroyed_keys().keys()) if missing else []


def check_bound(store: EntryReader, cases: CaseReader, subject_keys: SubjectKeyStore) -> None:
    """Raise `LedgerError` KEYS-OTHER if the newest sealed values are under a key that is neither here nor destroyed."""
    newest = store.newest_sealed()
    if not newest:
        return
    keys = {key_id for _, key_id in newest}
    missing = keys - subject_keys.existing(keys) - {each.key_id for each in subject_keys.unrecorded()}
    if not missing or missing <= cases.destroyed_keys().keys():
        return
    index = newest[0][0]
    signer = open_(store.at(index) or b"", verify=False).payload.signer.actor
    says = (
        f"the values sealed last, in entry {index} by {signer}, are under a key that is not in {subject_keys.place}: "
        "this is another machine, another folder, or an old copy of keys.db; nothing was recorded"
    )
    raise LedgerError("KEYS-OTHER", says, HINT)


def left_over(store: EntryReader, cases: CaseReader, subject_keys: SubjectKeyStore) -> Iterator[tuple[int, str, bool]]:
    """Yield the encrypted values that are still stored although an entry states that their key is destroyed.

    Each item: index of the entry, its fields in words, and True if a key here opens one of them.
    """
    for order in store.orders_with(DESTROYED):
        destroyed = cases.destroyed(cases.opened(order))
        closed = store.ciphertexts(order)
        if order == cases.access:  # the access order states destructions for the register
            closed |= store.ciphertexts(cases.registry)
        for index, values in sorted(closed.items()):
            left = [c for c in values if c.ciphertext is not None and destroyed & {c.digest, c.key_id}]
            here = subject_keys.existing(c.key_id for c in left)
            if left:
                yield index, ", ".join(c.field for c in left if not here or c.key_id in here), bool(here)


def where(store: EntryReader, keys: Iterable[str]) -> str:
    """Return, in words, how many values are under these keys, and in which entries."""
    values = sorted(index for key_id in keys for index, *_ in store.encrypted_with(key_id))
    entries = list(dict.fromkeys(values))
    named = ", ".join(map(str, entries[:_FEW])) + (f" and {len(entries) - _FEW} more" if len(entries) > _FEW else "")
    return f"{len(values)} sealed value{'s' * (len(values) != 1)} in entr{'ies' if len(entries) > 1 else 'y'} {named}"
