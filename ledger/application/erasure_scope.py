"""Find what an erasure covers, and draft its entries: one `payload-key-destroyed` for every order and key."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain, count
from typing import Any

from ledger.adapters.storage.entry_reader import EntryReader
from ledger.adapters.subject_keys.key_store import SubjectKeyStore
from ledger.adapters.subject_keys.names import COMPANION
from ledger.application.case_reader import DESTROYED, CaseReader
from ledger.application.write.draft import Draft, holder_of
from ledger.entries.envelope import Circumstances, Signer, open_
from ledger.facts import build
from ledger.formats.selective_disclosure import parse_disclosure
from ledger.tlog.tree import leaf_hash
from ledger.verify.disclosures import is_custodian

_MOST = 200  # digests in one entry, because a payload has at most 32 KiB


@dataclass(frozen=True, slots=True)
class ErasureScope:
    """Hold keys and the values under them, as (index, order, field, digest). Fields that open as null are left out."""

    keys: tuple[str, ...]
    values: tuple[tuple[int, str, str, str], ...]


def covered(store: EntryReader, subject_keys: SubjectKeyStore, subject: str, order: str | None) -> ErasureScope:
    """Return what the erasure of a data subject covers, in one order with its companion or in all orders."""
    keys = tuple(subject_keys.keys_of(subject, order))
    return ErasureScope(keys, tuple(_said(store, subject_keys, keys)))


def stays(
    store: EntryReader, subject_keys: SubjectKeyStore, keys: Collection[str], around: Collection[str]
) -> dict[str, list[str]]:
    """Return the fields of an order and its companion that stay readable without these keys, by name of the subject."""
    by_subject: dict[str, list[str]] = {}
    for key_id in sorted(subject_keys.existing(store.sealing_keys(around)) - set(keys)):
        name = subject_keys.name_of(key_id)
        if name is not None and not name.startswith(COMPANION):
            fields = [field for _, order, field, _ in _said(store, subject_keys, [key_id]) if order in around]
            by_subject.setdefault(name, []).extend(fields)
    return {name: sorted(fields) for name, fields in sorted(by_subject.items()) if fields}


def logged(store: EntryReader, cases: CaseReader, subject_keys: SubjectKeyStore, found: ErasureScope) -> list[str]:
    """Return the offices whose persons or reasons in the register and the access order are sealed under these keys."""
    keys = set(found.keys)
    offices = {a for a in cases.keyring().offices if keys & subject_keys.keys_of(holder_of(a), cases.registry).keys()}
    opened = {index for index, order, *_ in found.values if order == cases.access}
    return sorted(offices | {open_(store.at(i) or b"", verify=False).payload.signer.actor for i in opened})


def _said(store: EntryReader, subject_keys: SubjectKeyStore, keys: Collection[str]) -> list[tuple[int, str, str, str]]:
    """Return the values under these keys, except values that open as null: these were committed to but never stated."""
    values = sorted(value for key_id in keys for value in store.encrypted_with(key_id))
    null: set[str] = set()
    for order in {order for _, order, *_ in values}:
        for index, closed in store.ciphertexts(order).items():
            if mine := [c for c in closed if c.key_id in keys]:
                entry = open_(store.at(index) or b"", verify=False).payload.entry
                read = map(parse_disclosure, subject_keys.decrypt_values(entry, mine))
                null.update(d.digest for d in read if d.value is None)
    return [value for value in values if value[3] not in null]


def stated(store: EntryReader, cases: CaseReader, key_id: str) -> dict[int, list[str]]:
    """Return the entries of custodians that state the destruction of a key: index -> the digests that each names.

    A statement by another signer does not count, because that signer does not keep the keys.
    """
    orders = {_told_in(cases, order) for _, order, *_ in store.encrypted_with(key_id)}
    keyring = cases.keyring()
    return {
        index: o.payload.public.get("digests", [])
        for order in sorted(orders)
        for index, o in cases.opened(order)
        if o.payload.kind == DESTROYED and o.payload.public.get("key_ref") == key_id and is_custodian(o, index, keyring)
    }


def unstated(store: EntryReader, cases: CaseReader, key_id: str) -> dict[str, list[tuple[int, str]]]:
    """Return the values under a key whose destruction no entry states: (index, digest) by the stating order.

    The access order states it for values in the register.
    """
    stated_digests = {digest for digests in stated(store, cases, key_id).values() for digest in digests}
    values: dict[str, list[tuple[int, str]]] = {}
    for index, order, _, digest in store.encrypted_with(key_id):
        if digest not in stated_digests:
            values.setdefault(_told_in(cases, order), []).append((index, digest))
    return values


def _told_in(cases: CaseReader, order: str) -> str:
    return cases.access if order == cases.registry else order


def destruction_drafts(
    store: EntryReader,
    cases: CaseReader,
    key_id: str,
    signer: Signer,
    said: Circumstances,
    *,
    cause: str,
    method: str,
    custodians: Sequence[str],
) -> Iterator[Draft]:
    """Yield the drafts that record the destruction of a key, with the digests that cannot be opened any more.

    Their entry ids follow from their content, so that two processes that finish one erasure record it once.
    """
    for order, values in unstated(store, cases, key_id).items():
        for at in range(0, len(values), _MOST):
            part = values[at : at + _MOST]
            leaves = [leaf_hash(raw).hex() for index in sorted({i for i, _ in part}) if (raw := store.at(index))]
            public: dict[str, Any] = {
                "key_ref": key_id,
                "entries": leaves,
                "digests": sorted(digest for _, digest in part),
                "method": method,
                "cause": cause,
                **({"custodians": list(custodians)} if custodians else {}),
            }
            entry = _entry_id(store, (DESTROYED, order, key_id, *public["digests"]))
            yield Draft(build(DESTROYED, public, {}), order, signer, said, entry)


def _entry_id(store: EntryReader, said: Sequence[str]) -> str:
    """Return the first free entry id that follows from the content."""
    attempts = chain([()], ((str(n),) for n in count(1)))
    ids = (sha256("\n".join((*said, *attempt)).encode()).hexdigest()[:32] for attempt in attempts)
    return next(entry for entry in ids if store.by_entry(bytes.fromhex(entry)) is None)
