"""Find the orders that hold something about a person, by an identifier, without opening every order.

The index is filled from the log by position: each session that writes reads the values that were added since, and so
does each search. What was recorded, imported or received is therefore found alike, also after a crash.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode
from collections.abc import Iterable, Iterator

import orjson
from msgspec import Struct

from ledger.adapters.storage.entry_reader import EntryReader
from ledger.adapters.subject_keys.key_store import KeyCache, SubjectKeyStore
from ledger.adapters.subject_keys.names import TARGET
from ledger.adapters.subject_keys.search_forms import asked_forms, forms_in, forms_of
from ledger.adapters.subject_keys.value_index import SearchForm

WHOLE = frozenset(("identifiers", "domain_names"))  # fields that are identifiers as a whole
# Fields that name no data subject: the order of a companion, codes of the law, and the official who used the data.
LEFT_OUT = frozenset(
    (
        *("main_order", "person"),
        *("offences", "offence_provisions", "applicable_penalties", "digest_before", "digest_after"),
    )
)
_PAGE = 4_096  # entries read at a time
_FEW = 512  # entries without a form that are read again rather than noted


class FoundSubject(Struct, frozen=True):
    """A subject in an order: the id of the order, the names of the subject that users gave, and how it was found.

    `how`: `value`, `phone`, `name` for a whole form, `ending` for the last digits of a number, `called` for a name of
    the subject in `keys.db`.
    """

    order: str
    names: tuple[str, ...]
    how: str


def index_values(store: EntryReader, keys: SubjectKeyStore, left_out: Iterable[str]) -> None:
    """Read the sealed values that were added since the last call into the index.

    `left_out` are the reserved orders: they name officials, and the log of accesses serves other purposes. After a
    log became shorter, the index is made again.
    """
    size, position = store.size(), keys.index.position()
    if position > size:
        keys.index.clear()
        position = 0
    without = frozenset(left_out)
    while position < size:
        stop = min(position + _PAGE, size)
        rows = list(_rows(store, keys, range(position, stop), without))
        if rows or stop - position >= _FEW:
            keys.index.add(rows, stop)
        position = stop


def rebuild_index(store: EntryReader, keys: SubjectKeyStore, left_out: Iterable[str]) -> None:
    """Make the index again, from what can be opened here."""
    keys.index.clear()
    index_values(store, keys, left_out)


def find_subjects(store: EntryReader, keys: SubjectKeyStore, value: str) -> list[FoundSubject]:
    """Return the subjects that a value identifies, by order; each at its surest form."""
    found: dict[str, str] = {}
    for forms in asked_forms(value):
        how = next(iter(forms)).how
        for key_id in keys.index.keys_with(forms):
            found.setdefault(key_id, how)
    for name, key_id in keys.given_names():
        if _same_name(name, value):
            found.setdefault(key_id, "called")
    names: dict[tuple[str, str], list[str]] = {}
    for (name, order), key_id in keys.subjects_of(found).items():
        places = (order,) if order else {where for _, where, *_ in store.encrypted_with(key_id)}
        for place in places:
            listed = names.setdefault((place, key_id), [])
            listed += [] if name.startswith(TARGET) else [name]
    return sorted(
        (FoundSubject(order, tuple(called), found[key_id]) for (order, key_id), called in names.items()),
        key=lambda one: (one.order, one.names),
    )


def _same_name(name: str, value: str) -> bool:
    return any(forms <= forms_of(name) for forms in asked_forms(value))


def _rows(
    store: EntryReader, keys: SubjectKeyStore, entries: range, left_out: frozenset[str]
) -> Iterator[tuple[SearchForm, str]]:
    cache: KeyCache = {}
    for order, entry, sealed in store.sealed_between(entries.start, entries.stop):
        if order in left_out or sealed.field in LEFT_OUT:
            continue
        for text in keys.decrypt_values(entry, [sealed], cache):
            value = orjson.loads(urlsafe_b64decode(text + "=="))[-1]  # salt, name, value
            yield from ((form, sealed.key_id) for form in forms_of_value(sealed.field, value))


def forms_of_value(field: str, value: object) -> set[SearchForm]:
    """Return the forms by which a sealed value of a field is found; none for a field that is left out."""
    if field in LEFT_OUT:
        return set()
    return set().union(*map(forms_of if field in WHOLE else forms_in, _texts(value)))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
