"""Entries of other records on their way into ours: their bytes and proofs onto the disk, then one draft for each.

The files are there before the entry that names them, so that a crash leaves a file nobody names and never a name
without its file. What opens their sealed values is no file: it goes where our own values go, and can be erased.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from msgspec import UNSET, Struct

from ledger.chain import access_of, registry_of
from ledger.counterparty import KIND, PROOF, acknowledges, is_impostor, wrapper_id, wrapping
from ledger.envelope import Circumstances, Opened, Signer, open_
from ledger.exhibit import prove_omission
from ledger.keyring import Keyring, Registrar
from ledger.note import Vkey
from ledger.refusal import Refused
from ledger.tlog import leaf_hash, parse_proof
from ledger.veil import lift, parse_disclosure
from ledger.world.following import keep_evidence, split_view
from ledger.world.home import private_folder, replace_file
from ledger.world.sealing import Draft
from ledger.world.sqlite import sync_folder
from ledger.world.store import Store


class Arrival(Struct, frozen=True):
    """A sealed entry of another record with its proof from there, and the disclosure strings that came along."""

    raw: bytes
    proof: bytes
    texts: tuple[str, ...] = ()


def wanted(arrivals: Sequence[Arrival], store: Store, origin: str) -> list[Arrival]:
    """Those that are to be wrapped: not an acknowledgement of what is one itself, or letters would never end."""
    found = []
    for arrival in arrivals:
        told = acknowledged(open_(arrival.raw, verify=False), store, origin)
        if told is None or told.payload.kind != KIND:
            found.append(arrival)
    return found


def acknowledged(opened: Opened, store: Store, origin: str) -> Opened | None:
    """The entry of ours that one from elsewhere says it received; None if it speaks of none.

    `Refused` ENT-MISMATCH if there is no such entry here: one of the two records is not what it was.
    """
    told = acknowledges(opened, origin)
    if told is None:
        return None
    index, leaf = told
    raw = store.at(index)
    if raw is None or leaf_hash(raw).hex() != leaf:
        has = "no such entry" if raw is None else "another one"
        hint = "if they can prove theirs, an older copy of this ledger was put in place: comity fsck"
        raise Refused("ENT-MISMATCH", f"{opened.payload.log} acknowledges entry {index}, we have {has}", hint=hint)
    return open_(raw, verify=False)


def known(arrival: Arrival, store: Store, log: Vkey, folder: Path, evidence: Path) -> int | None:
    """The index under which this very entry was wrapped before; None if it is new.

    `LedgerFault` SPLIT-VIEW, with the exhibit kept, if another entry came from the same place of that log before.
    """
    index = parse_proof(arrival.proof).index
    found = store.by_entry(bytes.fromhex(wrapper_id(log.name, index)))
    if found is None:
        return None
    before = open_(found[1], verify=False).payload.public
    if before["leaf"] == leaf_hash(arrival.raw).hex():
        return found[0]
    name = before["envelope"]
    raw, proof = (folder / name).read_bytes(), (folder / f"{name}{PROOF}").read_bytes()
    files = {f"{name}.dsse.json": raw, f"{name}{PROOF}": proof}
    other = sha256(arrival.raw).hexdigest()
    keep_evidence(evidence, {**files, f"{other}.dsse.json": arrival.raw, f"{other}{PROOF}": arrival.proof})
    exhibit = prove_omission(log, raw, proof, leaf_hash(arrival.raw), arrival.proof)
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
) -> Draft:
    """The draft that wraps an entry, in the order of its own id unless `order` names another.

    `Refused` CTX-ORDER for an entry of a register, SD-* for disclosure strings that are not its own.
    """
    opened = open_(arrival.raw)
    p = opened.payload
    place = order or p.order
    apart = {registry_of(origin), access_of(origin), registry_of(p.log), access_of(p.log)}
    if apart & {place, p.order}:
        raise Refused("CTX-ORDER", f"entry {p.seq} of {p.order} is about a record, not about an order")
    lift(arrival.texts, opened.sd, public=p.public)
    fact, other = wrapping(arrival.raw, arrival.proof, check, backs)
    reference = p.public.get("reference") if p.kind == "order-issued" and p.replaces is UNSET else None
    return Draft(
        fact,
        place,
        signer,
        Circumstances(now, now, other=other),
        entry=wrapper_id(p.log, other.index),
        instrument=p.instrument,
        carried=tuple(map(parse_disclosure, arrival.texts)),
        reference=reference if isinstance(reference, str) else None,
    )


def check_speaker(arrival: Arrival, keyring: Keyring, ours: Registrar, theirs: Registrar, size: int) -> None:
    """`Refused` KEY-UNKNOWN if an entry is signed in our name: for our Party, or as an office that has keys here.

    Their registrar says whose keys theirs are, and has no say about ours.
    """
    signer = open_(arrival.raw, verify=False).payload.signer
    if signer.party == ours.party != theirs.party:
        raise Refused("KEY-UNKNOWN", f"{signer.actor} signs for {ours.party}, and {theirs.party} keeps that record")
    if is_impostor(open_(arrival.raw, verify=False), keyring, size):
        raise Refused("KEY-UNKNOWN", f"{signer.actor} is an office of our register, and this is none of its keys")


def check_instrument(arrival: Arrival, instrument: str | None) -> None:
    """`Refused` CTX-INSTRUMENT if an entry was sealed under another instrument than the order it is to stand in."""
    theirs = open_(arrival.raw, verify=False).payload.instrument
    if instrument is not None and theirs != instrument:
        raise Refused("CTX-INSTRUMENT", f"it was sealed under {theirs}, the order is under {instrument}")
