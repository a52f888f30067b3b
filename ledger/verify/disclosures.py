"""Run steps 13 and 14: check each opened value against its commitment, and each file against its digest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from typing import Any

from msgspec.structs import replace

from ledger.bundle.layout import Arranged
from ledger.bundle.manifest import Manifest
from ledger.entries.case import Entry, Unread
from ledger.entries.envelope import OpenedEntry, entry_of, open_
from ledger.entries.keyring import Keyring
from ledger.entries.text_form import odd_values
from ledger.entries.wrapped_entry import VALUES
from ledger.errors import RecordError
from ledger.facts import KINDS, misformed
from ledger.formats.selective_disclosure import digest_of, lift
from ledger.verify.field_forms import known
from ledger.verify.heads import Heads
from ledger.verify.other_records.received_entries import ArrivedEntry
from ledger.verify.progress import VerificationLog, counted, placed

# -- step 13 -----------------------------------------------------------------------------------------------------------


def lift_values(
    opened: Mapping[int, OpenedEntry],
    parts: Arranged,
    manifest: Manifest,
    keyring: Keyring,
    heads: Heads,
    book: VerificationLog,
) -> dict[int, Entry]:
    """Return every entry by log index, with the values that the bundle opens. Raises SD-*."""
    for index in parts.disclosures.keys() - opened.keys():
        raise RecordError("SD-UNKNOWN", "there is no such entry", where=f"{heads.folder}/disclosures/{index}.txt")
    destroyed = destroyed_for(opened, keyring)
    _check_destroyers(opened, destroyed, keyring, book)
    entries = {}
    for index, entry in opened.items():
        texts = parts.disclosures.get(index)
        try:
            values, digests = _lift(entry, texts) if texts is not None else ({}, {})
        except RecordError as wrong:
            raise placed(wrong, f"{heads.folder}/disclosures/{index}.txt") from wrong
        closed = set(entry.sd).difference(digests.values())
        claimed = {c.field for c in manifest.withheld if c.index == index and c.why == "erased"}
        erased = _erased(entry, values, closed & destroyed.keys(), closed, claimed)
        has_role = keyring.holds(entry.payload.signer, index)
        entries[index] = replace(_entry(entry, index, values, erased, digests), held=has_role)
        _note_values(entry, values, f"entry {index}", book)
        for name, digest in digests.items():
            if digest in destroyed:
                says = f"entry {index}: {name} was erased by entry {destroyed[digest]}, and is opened here all the same"
                book.remark("SD-ERASED", says, entry.leaf)
    _note_copies(opened, book)
    book.says(f"{counted(sum(len(e.digests) for e in entries.values()), 'value')} opened")
    return entries


def note_arrived_copies(
    opened: Mapping[int, OpenedEntry], arrivals: Iterable[ArrivedEntry], book: VerificationLog
) -> None:
    """Add SD-COPIED on the wrapper of an arrived entry that repeats a commitment of an earlier entry of this log."""
    first = {digest: index for index, entry in sorted(opened.items(), reverse=True) for digest in entry.sd}
    for one in arrivals:
        inner = one.inner
        if inner is None or any(entry.leaf == inner.leaf for entry in opened.values()):
            continue
        earlier = [first[digest] for digest in inner.sd if digest in first]
        if earlier:
            says = f"what entry {one.index} wraps repeats a commitment of entry {min(earlier)}"
            book.remark("SD-COPIED", f"{says}, whose value its signer need not know", one.wrapper.leaf)
        first |= {digest: one.index for digest in inner.sd if digest not in first}


def _note_copies(opened: Mapping[int, OpenedEntry], book: VerificationLog) -> None:
    """Add SD-COPIED for an entry that repeats a commitment of an earlier one: salts never repeat by chance."""
    first: dict[str, int] = {}
    for index, entry in sorted(opened.items()):
        earlier = [first[digest] for digest in entry.sd if digest in first]
        if earlier:
            says = f"entry {index} repeats a commitment of entry {min(earlier)}, whose value its signer need not know"
            book.remark("SD-COPIED", says, entry.leaf)
        for digest in entry.sd:
            first.setdefault(digest, index)


def lift_foreign(parts: Arranged, book: VerificationLog) -> list[Entry]:
    """Return the entries of other records with the values that the bundle opens. Raises SD-*, ENV-*."""
    entries = []
    for name, texts in parts.foreign.items():
        if not name.endswith(VALUES):
            continue
        where = f"foreign/{name}"
        raw = parts.foreign.get(name.removesuffix(VALUES))
        if raw is None:
            raise RecordError("SD-UNKNOWN", "there is no such entry", where=where)
        try:
            opened = open_(raw)
            values, digests = _lift(opened, texts)
        except RecordError as wrong:
            raise placed(wrong, where) from wrong
        _note_values(opened, values, where, book)
        entries.append(_entry(opened, -1, values, frozenset(), digests))
    return entries


def _note_values(entry: OpenedEntry, values: Mapping[str, Any], where: str, book: VerificationLog) -> None:
    """Add SD-FORM for opened values without the form of their kind, and a finding for odd characters in the others."""
    wrong = misformed(entry.payload.kind, entry.payload.schema, values)
    for name, unfit in wrong.items():
        says = f"{where}: {name} does not have its form and counts as not opened: {unfit.says}"
        book.remark("SD-FORM", says, entry.leaf)
    for odd in odd_values(entry.payload, {name: value for name, value in values.items() if name not in wrong}):
        book.remark(odd.code, f"{where}: {odd.says}", entry.leaf)


def _lift(entry: OpenedEntry, text: bytes) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the opened values and the digests of their disclosures, both by field name."""
    lines = text.decode("ascii", "replace").split("\n")
    if lines.pop() or not lines:
        raise RecordError("SD-FORMAT", "one disclosure a line, each ended by a newline, at least one")
    values = lift(lines, entry.sd, public=entry.payload.public)
    for name in values.keys() - set(entry.payload.sealed):
        raise RecordError("SD-NAME", f"{name} is not among the sealed fields of the entry")
    return values, dict(zip(values, map(digest_of, lines), strict=True))


def opener(*entries: Iterable[Entry]) -> Callable[[OpenedEntry], Mapping[str, Any]]:
    """Return a function that gives the sealed values of an entry as far as `entries` have them opened, by leaf hash."""
    by_leaf = {
        e.leaf: {n: v for n, v in e.sealed.items() if not isinstance(v, Unread)} for some in entries for e in some
    }
    return lambda opened: by_leaf.get(opened.leaf, {})


def destroyed_for(opened: Mapping[int, OpenedEntry], keyring: Keyring) -> dict[str, int]:
    """Return digest -> index of the entry that records that the value can no longer be opened.

    Such an entry counts if its signer holds its role, and is custodian of the key or signed the value.
    """
    records: dict[str, int] = {}
    own: dict[str, str] = {}  # a value belongs to the first signer that commits to it
    ordered = sorted(opened.items())
    for _, entry in ordered:
        for digest in entry.sd:
            own.setdefault(digest, entry.payload.signer.actor)
    for index, entry in ordered:
        p = entry.payload
        if p.kind != "payload-key-destroyed" or not known(p) or not keyring.holds(p.signer, index):
            continue
        custodian = is_custodian(entry, index, keyring)
        for digest in p.public.get("digests", []):
            if custodian or own.get(digest) == p.signer.actor:
                records.setdefault(digest, index)
    return records


CUSTODIANS = ("ADM", "ISS", "RET", "DPO")  # roles of offices that may keep the keys of their ledger


def is_custodian(entry: OpenedEntry, index: int, keyring: Keyring) -> bool:
    """Return True if the signer may keep the keys of this ledger: a role of `CUSTODIANS`, in the registrar's Party."""
    signer = entry.payload.signer
    own = signer.party == keyring.registrar.party and signer.role in CUSTODIANS
    return own and keyring.holds(signer, index)


def _check_destroyers(
    opened: Mapping[int, OpenedEntry], destroyed: Mapping[str, int], keyring: Keyring, book: VerificationLog
) -> None:
    """Add SD-CUSTODIAN if an entry says that values of others can no longer be opened, without a right to say so."""
    for index, entry in opened.items():
        if entry.payload.kind != "payload-key-destroyed" or not known(entry.payload):
            continue
        strange = [d for d in entry.payload.public.get("digests", ()) if d not in destroyed]
        if strange:
            says = f"entry {index} says that {counted(len(strange), 'value')} of others cannot be opened any more"
            book.remark("SD-CUSTODIAN", f"{says}; its signer does not keep their keys", entry.leaf)


def _erased(
    entry: OpenedEntry, values: Mapping[str, Any], gone: set[str], closed: set[str], claimed: set[str]
) -> frozenset[str]:
    """Return the closed fields that are erased, and not only withheld.

    A digest does not name its field. If every closed digest is destroyed, all closed fields are erased. Else
    the maker's list decides, if it names as many fields as digests were destroyed.
    """
    names = frozenset(entry.payload.sealed).difference(values)
    if gone == closed:
        return names
    return names & claimed if len(names & claimed) == len(gone) else frozenset()


def _entry(
    entry: OpenedEntry, index: int, values: Mapping[str, Any], erased: frozenset[str], digests: Mapping[str, str]
) -> Entry:
    result = entry_of(entry, index, values, erased=erased, digests=digests)
    p = entry.payload
    if p.kind in KINDS and known(p) is None:  # a later schema is an unknown kind to this reader
        return replace(result, kind=f"{p.kind}/{p.schema}")
    return result


# -- step 14 -----------------------------------------------------------------------------------------------------------


def check_documents(parts: Arranged, book: VerificationLog) -> None:
    """Check that every document, and every entry of another record, has the digest that names its file: DOC-HASH."""
    files = {f"documents/{name}": content for name, content in parts.documents.items()}
    files |= {f"foreign/{name}": content for name, content in parts.foreign.items() if len(name) == 64}
    for path, content in files.items():
        if (digest := sha256(content).hexdigest()) != path.partition("/")[2]:
            raise RecordError("DOC-HASH", f"its SHA-256 is {digest}", where=path)
    book.says(counted(len(files), "file"))
