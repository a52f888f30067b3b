"""Decide which entries of other records are proven to be their signers' acts: step 15.

An entry that arrived from another record is kept inside an entry of this log, the wrapper. It counts as its
signer's act only if the verifier can prove four things. The log is trusted, and its checkpoint has its
quorum. The signer's key is proven at its position. The key holds the role. Order and instrument are those of
the wrapper. Every other arrived entry has the weight of an observation by the wrapper's signer. The wrapper's
report on its own check (`proof_check`) is never evidence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Any

from msgspec import UNSET, Struct
from msgspec.structs import replace

from ledger.entries.case import Entry, instant
from ledger.entries.envelope import OpenedEntry, open_
from ledger.entries.keyring import Keyring, RegisteredKey, SigningOffice
from ledger.entries.payload import Payload, SignedBy
from ledger.entries.placement import reserved_of
from ledger.entries.wrapped_entry import KIND, PROOF, Foreign
from ledger.errors import RecordError
from ledger.tlog.note import note_digest
from ledger.tlog.tree import Proof, check_inclusion, leaf_hash, parse_proof
from ledger.verify.field_forms import check_public, known
from ledger.verify.other_records.other_logs import NotKnownHere, NotProven, OtherLogs, State, unsigned

MISMATCH, ABSENT, UNPROVEN = "ENT-MISMATCH", "ENT-ABSENT", "ENT-UNPROVEN"


class ArrivedEntry(Struct, frozen=True):
    """A wrapper, and what is proven of the entry inside.

    `index` is the wrapper's log index, from 0. `act`: the entry counts as its signer's act. `proves` is the
    leaf of the entry of this log that it is proven to back. `code` and `says` name what is false
    (ENT-MISMATCH), absent (ENT-ABSENT) or not proven (ENT-UNPROVEN). Both are empty if nothing is, and for an
    acknowledgement or an entry of a register, which say nothing about an order. `lacks` is the code of what
    is false or missing. `closed` names the sealed fields in which the backed entry and the arrived one could
    not be compared. `known_to` is the log whose register alone knows the signer's key (`NotKnownHere`), unless
    the entry would only support one of this log.
    """

    index: int
    wrapper: OpenedEntry
    inner: OpenedEntry | None = None
    act: bool = False
    proves: str | None = None
    code: str = ""
    says: str = ""
    lacks: str = ""
    closed: tuple[str, ...] = ()
    known_to: str = ""


class ReceivingLog(Struct, frozen=True):
    """The knowledge of this log against which an arrived entry is checked.

    `entry` returns the entry of this log with a leaf hash, or None. `before(index, moment)` is True if entry
    `index` is proven to have existed before a moment (as the wire writes it). `values` returns the opened
    sealed values of an entry, of this log or an arrived one.
    """

    keyring: Keyring
    entry: Callable[[str], OpenedEntry | None]
    before: Callable[[int, str], bool]
    values: Callable[[OpenedEntry], Mapping[str, Any]] = lambda opened: {}


def arrived(
    wrappers: Iterable[tuple[int, OpenedEntry]], foreign: Foreign, here: ReceivingLog, logs: OtherLogs
) -> Iterator[ArrivedEntry]:
    """Yield every wrapper, in log order, with what is proven of the entry inside. Never raises `RecordError`."""
    leaves: dict[tuple[object, ...], str] = {}  # what is unique in a log -> the leaf hash of the entry that has it
    counted: set[str] = set()
    for index, wrapper in wrappers:
        if wrapper.payload.kind != KIND or known(wrapper.payload) is None:
            continue
        one = _judged(index, wrapper, foreign, here, logs)
        if one.inner is not None and (one.act or one.proves or one.known_to):
            names = _once(one.inner, wrapper)
            leaf = one.inner.leaf
            before = {leaves[name] for name in names if name in leaves}
            if before - {leaf}:
                says = "its log has shown another entry in its place"
                one = ArrivedEntry(index, wrapper, one.inner, code=UNPROVEN, says=says, lacks="SPLIT-ORDER")
            elif before and (one.known_to or leaf in counted):
                says = "it is on record already, by an earlier entry"
                one = ArrivedEntry(index, wrapper, one.inner, code=UNPROVEN, says=says, lacks="LEAF-DUPLICATE")
            leaves |= {name: leaf for name in names if name not in leaves}
            if one.act or one.proves:
                counted.add(leaf)
        yield one


def of_the_case(arrivals: Iterable[ArrivedEntry]) -> list[ArrivedEntry]:
    """Return those whose inner entries are read with the order: acts, and entries of offices not known here.

    An entry that was not known here when it arrived first, and that counts by a later wrapper, is read once.
    """
    arrivals = list(arrivals)
    if not any(one.known_to for one in arrivals):
        return [one for one in arrivals if one.act]
    counted = {one.inner.leaf for one in arrivals if one.inner and (one.act or one.proves)}
    return [one for one in arrivals if one.act or (one.known_to and one.inner and one.inner.leaf not in counted)]


def _once(inner: OpenedEntry, wrapper: OpenedEntry) -> list[tuple[object, ...]]:
    """Return what is unique in one log: an entry id, and for another log also the number in an order and the index."""
    p, q = inner.payload, wrapper.payload
    if p.log == q.log:
        return [("id", p.log, p.entry)]  # when letters cross, several entries are sealed with one number
    return [("id", p.log, p.entry), ("number", p.log, p.order, p.seq), ("index", p.log, q.public["index"])]


def _judged(index: int, wrapper: OpenedEntry, foreign: Foreign, here: ReceivingLog, logs: OtherLogs) -> ArrivedEntry:
    public = wrapper.payload.public
    raw = foreign(public["envelope"])
    if raw is None:
        return ArrivedEntry(index, wrapper, code=ABSENT, says="it is not here", lacks=ABSENT)
    inner: OpenedEntry | None = None
    try:
        opened = open_(raw)
        check_public(opened.payload)
        inner = opened  # without its form it is not read any further
        state = _placed(inner, wrapper, raw, foreign, logs)
        if says_nothing(inner.payload):
            return ArrivedEntry(index, wrapper, inner)
        _check_order(inner, wrapper, here)
        if not here.keyring.holds(wrapper.payload.signer, index):
            raise NotProven(
                "KEY-ROLE", "that it arrived: the signer of the wrapper does not hold the role that the wrapper claims"
            )
        check_key(index, inner, state, here, logs)
        if "backs" in public:
            ours = _backed(inner, wrapper, here)
            if otherwise := _otherwise(inner, ours, here):
                says = f"it supports no entry that says otherwise of {', '.join(otherwise)}"
                return ArrivedEntry(index, wrapper, inner, act=True, code=MISMATCH, says=says, lacks=MISMATCH)
            return ArrivedEntry(index, wrapper, inner, proves=ours.leaf, closed=_closed(inner, ours, here))
    except RecordError as wrong:
        return ArrivedEntry(index, wrapper, inner, code=MISMATCH, says=f"{wrong.code} {wrong.says}", lacks=wrong.code)
    except NotProven as lacks:
        says = f"not proven is {lacks.says} ({lacks.code})"
        is_read = isinstance(lacks, NotKnownHere) and "backs" not in public  # else what it supports speaks of it
        known_to = inner.payload.log if is_read and inner is not None else ""
        return ArrivedEntry(index, wrapper, inner, code=UNPROVEN, says=says, lacks=lacks.code, known_to=known_to)
    return ArrivedEntry(index, wrapper, inner, act=True)


def says_nothing(inner: Payload) -> bool:
    """Return True for an acknowledgement, and for an entry of a reserved order: they are about no order."""
    return inner.kind == KIND or inner.order in reserved_of(inner.log)


def _placed(
    inner: OpenedEntry, wrapper: OpenedEntry, raw: bytes, foreign: Foreign, logs: OtherLogs
) -> tuple[int, State] | None:
    """Return the index and checkpoint that prove the place in its own log; None for an entry sealed for this log."""
    p, public = wrapper.payload, wrapper.payload.public
    if sha256(raw).hexdigest() != public["envelope"]:
        raise RecordError("DOC-HASH", "the file is not the one that the wrapper names")
    if inner.leaf != public["leaf"]:
        raise RecordError("PRF-PATH", f"its leaf is {inner.leaf}, not {public['leaf']}")
    if inner.payload.log != public["origin"]:
        raise RecordError("CTX-LOG", f"it was sealed for {inner.payload.log}, not for {public['origin']}")
    if inner.payload.log == p.log:
        return None
    proof = foreign(f"{public['envelope']}{PROOF}")
    if proof is None:
        raise NotProven("PRF-FORMAT", f"that it stands in the log {inner.payload.log}: no proof from there is here")
    return checked_place(inner, parse_proof(proof), public["index"], _head_named(p), logs)


def _head_named(p: Payload) -> str:
    """Return the SHA-256 of the head to which the proof leads according to the wrapper; "" if it does not say."""
    return p.other.checkpoint_sha256 if p.other else ""


def checked_place(inner: OpenedEntry, proof: Proof, index: int, head: str, logs: OtherLogs) -> tuple[int, State]:
    """Check that an entry is at `index` of its log, under the checkpoint of SHA-256 `head` if one is named.

    Raises `RecordError` CTX-*, PRF-*, CP-* for a false place, and `NotProven` for a checkpoint without a
    trusted signature.
    """
    origin = inner.payload.log
    if proof.index != index:
        raise RecordError("PRF-INDEX", f"its proof is for entry {proof.index}, not {index}")
    if head and head != (digest := note_digest(proof.note)):
        raise RecordError("PRF-PATH", f"its proof leads to the head {digest}, not {head}")
    checkpoint = unsigned(proof.note)
    if checkpoint.origin != origin:
        raise RecordError("CP-ORIGIN", f"its proof leads to a checkpoint of {checkpoint.origin}")
    check_inclusion(index, checkpoint.size, leaf_hash(inner.raw), proof.path, checkpoint.root)
    return index, logs.state(origin, proof.note)


def _check_order(inner: OpenedEntry, wrapper: OpenedEntry, here: ReceivingLog) -> None:
    p, q = inner.payload, wrapper.payload
    if p.instrument != q.instrument:
        raise NotProven(
            "CTX-INSTRUMENT",
            f"that it belongs here: it was sealed under {p.instrument}, this order is under {q.instrument}",
        )
    if p.order != q.order:
        raise NotProven("CTX-ORDER", f"that it belongs here: it is about the order {p.order}")
    if p.log == q.log and here.entry(inner.leaf) is not None:
        raise NotProven("LEAF-DUPLICATE", "that it says anything new: it stands in this log itself")


def check_key(
    index: int, inner: OpenedEntry, place: tuple[int, State] | None, here: ReceivingLog, logs: OtherLogs
) -> None:
    """Raise `NotProven` unless the key of an arrived entry is its signer's, in the role that it claims.

    `index` is the wrapper's position in this log. `place` is the entry's own position and checkpoint in its
    log; None for an entry that was sealed for this log. The key is enrolled in this register; or the register
    of the entry's log proves it, as far as this register does not say otherwise of that office. `NotKnownHere`
    if that log has no say about the office, and no register of this reader confirms its key.
    """
    signer, ours = inner.payload.signer, here.keyring
    if place is None:
        try:
            ours.check(inner, index)
        except RecordError as wrong:
            raise NotProven(wrong.code, f"whose key signed it: {wrong.says}") from None
        _check_enrolled(index, inner, ours, here)
        return
    if (own_key := ours.keys.get(signer.key)) is not None and own_key.actor != signer.actor:
        raise NotProven("KEY-UNKNOWN", f"whose key signed it: in this register it is a key of {own_key.actor}")
    enrolled = [k for k in ours.keys.values() if k.actor == signer.actor and k.accepted is not None]
    if any(k.accepted is not None and k.accepted < index for k in enrolled):
        if not any(k.public == signer.key for k in enrolled):
            raise NotProven(
                "KEY-UNKNOWN", f"whose key signed it: {signer.actor} has keys in this register, and it is none of them"
            )
        _check_enrolled(index, inner, ours, here)
        return
    at, state = place
    theirs = logs.keyring(inner.payload.log)
    office = ours.offices.get(signer.actor)
    if office is not None and office.refuses(signer.party, signer.role, index):
        raise _refused(signer, office)
    try:
        theirs.check(inner, at)
        theirs.check_role(signer, at)
    except RecordError as wrong:
        raise NotProven(wrong.code, f"whose key signed it: {wrong.says}") from None
    key = theirs.keys[signer.key]
    by = state.by
    if key.reported is not None and not (by and by < instant(key.suspected_since or "")):
        raise NotProven(
            "KEY-SUSPECT",
            f"that {signer.actor} signed it: its key may have been in wrong hands since {key.suspected_since}",
        )
    if signer.party != theirs.registrar.party and not (own_key and _confirms(own_key, signer.role)):
        lacks = NotProven if signer.party == ours.registrar.party else NotKnownHere  # our registrar names our offices
        raise lacks("KEY-UNKNOWN", f"that {signer.actor} signed for {signer.party}: that is not for that log to say")


def _confirms(key: RegisteredKey, role: str) -> bool:
    """Return True for a key of this register that was accepted at any position, and was never reported."""
    return key.accepted is not None and key.reported is None and role in key.roles


def _refused(signer: SignedBy, office: SigningOffice) -> NotProven:
    if office.party != signer.party:
        says = f"that {signer.actor} signed for {signer.party}: in this register it is an office of {office.party}"
        return NotProven("KEY-UNKNOWN", says)
    return NotProven("KEY-ROLE", f"that {signer.actor} may sign as {signer.role}: this register took that role away")


def _check_enrolled(index: int, inner: OpenedEntry, ours: Keyring, here: ReceivingLog) -> None:
    """Raise `NotProven` unless a key of this register may sign here: accepted, not ended or suspect, in a held role."""
    signer = inner.payload.signer
    key: RegisteredKey = ours.keys[signer.key]
    if key.accepted is None or key.accepted >= index:
        raise NotProven("KEY-UNKNOWN", f"whose key signed it: the key of {signer.actor} was not accepted yet")
    if key.ended is not None and key.ended < index:
        raise NotProven("KEY-ENDED", f"that {signer.actor} signed it: its key ended at position {key.ended}")
    if key.reported is not None and not here.before(index, key.suspected_since or ""):
        raise NotProven(
            "KEY-SUSPECT",
            f"that {signer.actor} signed it: its key may have been in wrong hands since {key.suspected_since}",
        )
    office = ours.offices.get(signer.actor)
    if office is None or office.party != signer.party or not ours.holds(signer, index):
        raise NotProven(
            "KEY-ROLE",
            f"that {signer.actor} may sign as {signer.role} of {signer.party}: the register does not say so",
        )


def _backed(inner: OpenedEntry, wrapper: OpenedEntry, here: ReceivingLog) -> OpenedEntry:
    """Return the entry of this log that an arrived entry backs: of the same kind, about an act of its signer.

    This version reads what both of them say: else nothing compares the two.
    """
    leaf: str = wrapper.payload.public["backs"]
    ours = here.entry(leaf)
    if ours is None or ours.payload.order != wrapper.payload.order:
        raise NotProven("ENT-UNPROVEN", "what it supports: there is no such entry in this order")
    p, q = inner.payload, ours.payload
    actor = q.signer.actor if q.whose is UNSET else q.whose
    if p.kind != q.kind or p.signer.actor != actor or p.speaks != "act":
        raise NotProven(
            "ENT-UNPROVEN",
            f"that it supports {q.kind} of {actor}: it is {p.kind} of {p.signer.actor}"
            + ("" if p.speaks == "act" else ", and no act"),
        )
    if known(p) is None or known(q) is None:
        says = f"that it supports {q.kind} of {actor}: this version does not know the schema of one of the two"
        raise NotProven("ENT-UNPROVEN", says)
    return ours


def _compared(inner: OpenedEntry, ours: OpenedEntry) -> dict[str, bool]:
    """Return the fields that both entries state, and whether they are sealed; without references inside one log."""
    p, q = inner.payload, ours.payload
    kind = known(p)
    fields = {} if kind is None else {name: field.type for name, field in kind.fields().items()}
    names = {*(p.public.keys() & q.public.keys()), *(set(p.sealed) & set(q.sealed))} & fields.keys()
    own = ("event", "list[event]", "order", "list[order]")  # references to entries and orders of one log
    return {name: name in p.sealed for name in sorted(names) if fields[name] not in own}


def _otherwise(inner: OpenedEntry, ours: OpenedEntry, here: ReceivingLog) -> list[str]:
    """Return the fields in which the two entries state different values, as far as both are opened."""
    theirs, mine = here.values(inner), here.values(ours)
    fields = []
    for name, sealed in _compared(inner, ours).items():
        one, other = (theirs, mine) if sealed else (inner.payload.public, ours.payload.public)
        if name in one and name in other and one[name] != other[name]:
            fields.append(name)
    return fields


def _closed(inner: OpenedEntry, ours: OpenedEntry, here: ReceivingLog) -> tuple[str, ...]:
    """Return the sealed fields that both entries state and that cannot be compared here."""
    opened = here.values(inner).keys() & here.values(ours).keys()
    return tuple(name for name, sealed in _compared(inner, ours).items() if sealed and name not in opened)


def marked(entry: Entry, arrivals: Mapping[int, ArrivedEntry]) -> Entry:
    """Return a wrapper with the leaf that its arrived entry backs, or with the code of what is missing.

    Other entries are returned unchanged. `arrivals` are by the log index of the wrapper.
    """
    one = arrivals.get(entry.index)
    if one is None or not (one.proves or one.lacks):
        return entry
    return replace(entry, proves=one.proves, unproven=one.lacks)


def by_leaf(opened: Mapping[int, OpenedEntry]) -> Callable[[str], OpenedEntry | None]:
    """Return a function that looks entries up by their leaf hash."""
    return {entry.leaf: entry for entry in opened.values()}.get
