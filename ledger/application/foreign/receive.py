"""Entries of other records on their way into ours: their bytes and proofs onto the disk, then one draft for each.

The files are there before the entry that names them, so that a crash leaves a file nobody names and never a name
without its file. What opens their sealed values is no file: it goes where our own values go, and can be erased.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from itertools import count
from pathlib import Path

from msgspec import UNSET, Struct

from ledger.adapters.folders.user_folders import private_folder, replace_file
from ledger.adapters.storage.entry_store import EntryStore
from ledger.adapters.storage.sqlite import sync_folder
from ledger.adapters.witness.followed_logs import keep_evidence, split_view
from ledger.application.case_reader import CaseReader
from ledger.application.write.draft import Draft
from ledger.entries.envelope import Circumstances, OpenedEntry, Signer, open_
from ledger.entries.placement import access_of, registry_of
from ledger.entries.split_view import prove_omission
from ledger.entries.wrapped_entry import KIND, PROOF, acknowledges, wrapper_id, wrapping
from ledger.errors import RecordError
from ledger.formats.selective_disclosure import lift, parse_disclosure
from ledger.tlog.note import Vkey
from ledger.tlog.tree import leaf_hash, parse_proof
from ledger.verify.field_forms import check_sealed
from ledger.verify.other_logs import NotProven
from ledger.verify.received_entries import ReceivingLog, check_key, checked_place


class Arrival(Struct, frozen=True):
    """A sealed entry of another record with its proof from there, and the disclosure strings that came along."""

    raw: bytes
    proof: bytes
    texts: tuple[str, ...] = ()


def wanted(arrivals: Sequence[Arrival], store: EntryStore, origin: str) -> list[Arrival]:
    """Those that are to be wrapped: not an acknowledgement of what is one itself, or letters would never end."""
    found = []
    for arrival in arrivals:
        told = acknowledged(open_(arrival.raw, verify=False), store, origin)
        if told is None or told.payload.kind != KIND:
            found.append(arrival)
    return found


def acknowledged(opened: OpenedEntry, store: EntryStore, origin: str) -> OpenedEntry | None:
    """The entry of ours that one from elsewhere says it received; None if it speaks of none.

    `RecordError` ENT-MISMATCH if there is no such entry here: one of the two records is not what it was.
    """
    told = acknowledges(opened, origin)
    if told is None:
        return None
    index, leaf = told
    raw = store.at(index)
    if raw is None or leaf_hash(raw).hex() != leaf:
        has = "no such entry" if raw is None else "another one"
        hint = "if they can prove theirs, an older copy of this ledger was put in place: comity fsck"
        raise RecordError("ENT-MISMATCH", f"{opened.payload.log} acknowledges entry {index}, we have {has}", hint=hint)
    return open_(raw, verify=False)


class WrapperPlace(Struct, frozen=True):
    """Where an arrived entry is wrapped: the id of its wrapper, and the wrapper's index if it is recorded already."""

    entry: str
    index: int | None


def place_of(arrival: Arrival, order: str, store: EntryStore, log: Vkey, folder: Path, evidence: Path) -> WrapperPlace:
    """Find where an entry is wrapped, or will be.

    The ids of wrappers can be computed by everybody, so an entry under such an id counts as this one only if it is a
    wrapper in the same order, names the same bytes, and these are in `folder`. Another entry from the same place of
    that log, with its proof, is a `LedgerError` SPLIT-VIEW with the exhibit kept in `evidence`. Whatever else has that
    id is passed over.
    """
    index = parse_proof(arrival.proof).index
    for attempt in count():
        entry = wrapper_id(log.name, index, attempt)
        found = store.by_entry(bytes.fromhex(entry))
        if found is None:
            return WrapperPlace(entry, None)
        p = open_(found[1], verify=False).payload
        name = p.public.get("envelope")
        if p.kind != KIND or not isinstance(name, str) or not _is_kept(folder, name):
            continue
        raw, proof = (folder / name).read_bytes(), (folder / f"{name}{PROOF}").read_bytes()
        if (p.order, raw) == (order, arrival.raw):
            return WrapperPlace(entry, found[0])
        if raw != arrival.raw:
            _convict(log, index, raw, proof, arrival, evidence)
    raise AssertionError("unreachable")


def _is_kept(folder: Path, name: str) -> bool:
    """True if both files of a wrapped entry are there, and the entry is the one that its name says."""
    path = folder / name
    return (folder / f"{name}{PROOF}").is_file() and path.is_file() and sha256(path.read_bytes()).hexdigest() == name


def _convict(log: Vkey, index: int, raw: bytes, proof: bytes, arrival: Arrival, evidence: Path) -> None:
    """Raise SPLIT-VIEW if two entries are proven at one place of a log."""
    name, other = sha256(raw).hexdigest(), sha256(arrival.raw).hexdigest()
    try:
        exhibit = prove_omission(log, raw, proof, leaf_hash(arrival.raw), arrival.proof)
    except RecordError:
        return
    files = {f"{name}.dsse.json": raw, f"{name}{PROOF}": proof}
    keep_evidence(evidence, {**files, f"{other}.dsse.json": arrival.raw, f"{other}{PROOF}": arrival.proof})
    raise split_view(evidence, f"{log.name} has shown two entries at its place {index}", exhibit, "omission")


def keep_files(arrivals: Sequence[Arrival], folder: Path) -> None:
    """Keep the bytes and proofs, by the SHA-256 of the entry, durably."""
    private_folder(folder)
    for arrival in arrivals:
        name = sha256(arrival.raw).hexdigest()
        for file, data in ((name, arrival.raw), (f"{name}{PROOF}", arrival.proof)):
            if not (folder / file).exists():  # one that is there is the one its entry names
                replace_file(folder / file, data)
    sync_folder(folder)


def keep_alone(raw: bytes, folder: Path) -> None:
    """Keep the bytes of an entry that has no proof from anywhere: it was sealed for this very log."""
    replace_file(private_folder(folder) / sha256(raw).hexdigest(), raw)
    sync_folder(folder)


def draft_of(
    arrival: Arrival,
    origin: str,
    signer: Signer,
    now: datetime,
    check: str,
    *,
    order: str = "",
    backs: str | None = None,
    entry: str | None = None,
) -> Draft:
    """The draft that wraps an entry, in the order of its own id unless `order` names another; `entry` is its id.

    `RecordError` CTX-ORDER for an entry of a register, SD-* for disclosure strings that are not its own.
    """
    opened = open_(arrival.raw)
    p = opened.payload
    place = order or p.order
    apart = {registry_of(origin), access_of(origin), registry_of(p.log), access_of(p.log)}
    if apart & {place, p.order}:
        raise RecordError("CTX-ORDER", f"entry {p.seq} of {p.order} is about a record, not about an order")
    check_sealed(p, lift(arrival.texts, opened.sd, public=p.public))
    fact, other = wrapping(arrival.raw, arrival.proof, check, backs)
    reference = p.public.get("reference") if p.kind == "order-issued" and p.replaces is UNSET else None
    return Draft(
        fact,
        place,
        signer,
        Circumstances(now, now, other=other),
        entry=entry or wrapper_id(p.log, other.index),
        wraps=arrival.raw,
        instrument=p.instrument,
        carried=tuple(map(parse_disclosure, arrival.texts)),
        reference=reference if isinstance(reference, str) else None,
    )


def check_counts(arrival: Arrival, cases: CaseReader, size: int) -> None:
    """Raise `RecordError` if an entry would not count as its signer's act in a log of `size` entries.

    What is false keeps its code; what is not proven has the code of what is missing (KEY-*, CP-QUORUM, ...).
    """
    opened, proof, logs = open_(arrival.raw, verify=False), parse_proof(arrival.proof), cases.other_logs()
    here = ReceivingLog(cases.keyring(), cases.by_leaf, lambda index, moment: False)  # it is recorded now, not earlier
    try:
        check_key(size, opened, checked_place(opened, proof, proof.index, "", logs), here, logs)
    except NotProven as lacks:
        hint = "--anyway keeps it all the same, as what its recipient has observed"
        raise RecordError(lacks.code, f"not proven is {lacks.says}", hint=hint) from None


def check_instrument(arrival: Arrival, instrument: str | None) -> None:
    """`RecordError` CTX-INSTRUMENT if an entry was sealed under another instrument than the order it is to stand in."""
    theirs = open_(arrival.raw, verify=False).payload.instrument
    if instrument is not None and theirs != instrument:
        raise RecordError("CTX-INSTRUMENT", f"it was sealed under {theirs}, the order is under {instrument}")
