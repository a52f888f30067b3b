"""Receive entries of other logs: store their bytes and proofs, then make one draft for each.

The bytes are stored before the entry that names them. So a crash can leave bytes without an entry, but
never an entry without its bytes. Disclosure strings are stored like our own sealed values, not as files, so
that they can be erased.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from itertools import count
from pathlib import Path

from msgspec import UNSET, Struct

from ledger.adapters.folders.received_files import FOREIGN, ReceivedFiles
from ledger.adapters.storage.entry_store import EntryStore
from ledger.adapters.witness.followed_logs import keep_evidence, split_view
from ledger.application.case_reader import CaseReader
from ledger.application.write.draft import Draft
from ledger.entries.envelope import Circumstances, OpenedEntry, Signer, open_
from ledger.entries.placement import reserved_of
from ledger.entries.split_view import prove_omission
from ledger.entries.wrapped_entry import KIND, PROOF, acknowledges, wrapper_id, wrapping
from ledger.errors import RecordError
from ledger.formats.selective_disclosure import lift, parse_disclosure
from ledger.tlog.note import Vkey
from ledger.tlog.tree import leaf_hash, parse_proof
from ledger.verify.field_forms import check_sealed
from ledger.verify.other_records.other_logs import NotKnownHere, NotProven
from ledger.verify.other_records.received_entries import ReceivingLog, check_key, checked_place, says_nothing


class Arrival(Struct, frozen=True):
    """Hold a sealed entry of another log with its proof from there, and the disclosure strings that came with it."""

    raw: bytes
    proof: bytes
    texts: tuple[str, ...] = ()


def wanted(arrivals: Sequence[Arrival], store: EntryStore, origin: str) -> list[Arrival]:
    """Return the arrivals to wrap: all but acknowledgements of acknowledgements, which would never end."""
    result = []
    for arrival in arrivals:
        entry = acknowledged(open_(arrival.raw, verify=False), store, origin)
        if entry is None or entry.payload.kind != KIND:
            result.append(arrival)
    return result


def acknowledged(opened: OpenedEntry, store: EntryStore, origin: str) -> OpenedEntry | None:
    """Return our entry that an entry of another log states to have received; None if it states none.

    `RecordError` ENT-MISMATCH if there is no such entry here: one of the two logs has changed.
    """
    claim = acknowledges(opened, origin)
    if claim is None:
        return None
    index, leaf = claim
    raw = store.at(index)
    if raw is None or leaf_hash(raw).hex() != leaf:
        has = "no such entry" if raw is None else "another one"
        hint = "if they can prove theirs, an older copy of this ledger was put in place: comity fsck"
        raise RecordError("ENT-MISMATCH", f"{opened.payload.log} acknowledges entry {index}, we have {has}", hint=hint)
    return open_(raw, verify=False)


class WrapperPlace(Struct, frozen=True):
    """Hold the place of an arrived entry: the id of its wrapper, and the wrapper's index if it is recorded already."""

    entry: str
    index: int | None


def place_of(
    arrival: Arrival, order: str, store: EntryStore, log: Vkey, received: ReceivedFiles, evidence: Path
) -> WrapperPlace:
    """Find where an entry is wrapped, or will be.

    Anybody can compute the ids of wrappers. So an entry with such an id counts only if it is a wrapper in the
    same order, names the same bytes, and these were `received`. Another entry from the same place of that
    log, with its proof, is a `LedgerError` SPLIT-VIEW; the exhibit is kept in `evidence`. Any other entry
    with that id is passed over.
    """
    index = parse_proof(arrival.proof).index
    for attempt in count():
        entry = wrapper_id(log.name, index, attempt)
        row = store.by_entry(bytes.fromhex(entry))
        if row is None:
            return WrapperPlace(entry, None)
        p = open_(row[1], verify=False).payload
        name = p.public.get("envelope")
        if p.kind != KIND:
            continue
        raw, proof = received.read(f"{FOREIGN}/{name}"), received.read(f"{FOREIGN}/{name}{PROOF}")
        if raw is None or proof is None or sha256(raw).hexdigest() != name:
            continue
        if (p.order, raw) == (order, arrival.raw):
            return WrapperPlace(entry, row[0])
        _convict(log, index, raw, proof, arrival, evidence)
    raise AssertionError("unreachable")


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


def keep_files(arrivals: Sequence[Arrival], received: ReceivedFiles) -> None:
    """Store entries and proofs durably, named by the SHA-256 of the entry."""
    files: dict[str, bytes] = {}
    for arrival in arrivals:
        path = f"{FOREIGN}/{sha256(arrival.raw).hexdigest()}"
        files |= {path: arrival.raw, f"{path}{PROOF}": arrival.proof}
    received.keep(files)


def keep_alone(raw: bytes, received: ReceivedFiles) -> None:
    """Store the bytes of an entry without a proof of another log, because it was sealed for this log."""
    received.keep({f"{FOREIGN}/{sha256(raw).hexdigest()}": raw})


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
    """Return the draft that wraps an entry, in the order with the entry's order id unless `order` names another.

    `entry` is the id of the wrapper. `RecordError` CTX-ORDER for an entry of a register, SD-* for disclosure
    strings that do not belong to the entry.
    """
    opened = open_(arrival.raw)
    p = opened.payload
    place = order or p.order
    apart = reserved_of(origin) | reserved_of(p.log)
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

    A false claim keeps its code. An unproven claim has the code of the missing part (KEY-*, CP-QUORUM, ...). An
    acknowledgement is about no order: its place in its log is checked, and not whose key signed it. An entry of an
    office that only its log's register knows is not refused.
    """
    opened, proof, logs = open_(arrival.raw, verify=False), parse_proof(arrival.proof), cases.other_logs()
    here = ReceivingLog(cases.keyring(), cases.by_leaf, lambda index, moment: False)  # recorded now, not earlier
    try:
        place = checked_place(opened, proof, proof.index, "", logs)
        if not says_nothing(opened.payload):
            check_key(size, opened, place, here, logs)
    except NotKnownHere:
        return  # kept: it can count once a register of ours, or the log of its office, confirms the key
    except NotProven as lacks:
        hint = "--anyway keeps it all the same, as what its recipient has observed"
        raise RecordError(lacks.code, f"not proven is {lacks.says}", hint=hint) from None


def check_instrument(arrival: Arrival, instrument: str | None) -> None:
    """Raise `RecordError` CTX-INSTRUMENT if an entry was sealed under another instrument than its order here."""
    theirs = open_(arrival.raw, verify=False).payload.instrument
    if instrument is not None and theirs != instrument:
        raise RecordError("CTX-INSTRUMENT", f"it was sealed under {theirs}, the order is under {instrument}")
