"""A ledger in memory, for tests: keys from names, salts from a counter, a log, witnesses, and bundles honest or not.

It lays bundles out by the page in docs/reference/formats/evidence-bundle.md and not by `ledger.bundle`, so that
each of the two checks the other.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import uuid
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from msgspec.structs import replace

from cli.stories.planned_entries import PlannedEntry, plan_entries, registrar, seed_of
from ledger.bundle.archive import assemble, pack, unpack
from ledger.bundle.audience import select
from ledger.bundle.contents import About, Contents
from ledger.bundle.manifest import Manifest, open_manifest
from ledger.entries.case import Entry
from ledger.entries.envelope import Circumstances, EntryPlace, Sealed, Signer, entry_of, open_, seal
from ledger.entries.keyring import Registrar
from ledger.entries.payload import Seen, SignedBy
from ledger.entries.placement import Link, map_of, registry_of, reserved_of
from ledger.errors import RecordError
from ledger.facts import KINDS, build
from ledger.formats.canonical_json import canonical
from ledger.formats.dsse import EVENT_TYPE, seal_bytes
from ledger.formats.ed25519 import public_key, sign
from ledger.formats.selective_disclosure import Disclosure
from ledger.tlog.map_of_heads import MapOfHeads, order_key
from ledger.tlog.note import (
    Checkpoint,
    cosign,
    format_checkpoint,
    log_vkey,
    note_digest,
    sign_note,
    witness_vkey,
)
from ledger.tlog.tree import Frontier, format_proof, leaf_hash, prove_consistency, prove_inclusion
from ledger.tlog.tree import root as root_of
from ledger.trust.trust_folder import Trust, format_registrar, parse_trust
from ledger.verify.evidence_bundle import verify
from ledger.verify.report import Report, Verdict
from tests.support.story_files import story as shipped_story

ORIGIN = "ledger.test/xo/karsk"
ORDER = "11111111-2222-4333-8444-555555555555"
COMPANION = "99999999-2222-4333-8444-555555555555"
LINKED = "77777777-2222-4333-8444-555555555555"
BEGINS = datetime(2027, 3, 1, 9, tzinfo=UTC)
NOW = datetime(2027, 6, 1, tzinfo=UTC)

ISSUED = {"instrument": "2AP-7", "from_party": "XO", "to_party": "XV", "case_ref": "KA-2027-0311"}
SEALED = {"identifiers": ["skyl-4471"], "summary_of_facts": "Payments were taken for goods that were never sent."}


@dataclass(frozen=True)
class Hand:
    """A person with a key who signs any payload, in any role."""

    actor: str
    party: str
    seed: bytes

    @property
    def key(self) -> str:
        return public_key(self.seed).hex()

    def signer(self, role: str) -> Signer:
        return Signer(self.actor, role, self.party, public_key(self.seed), lambda message: sign(self.seed, message))


def hand(actor: str, party: str = "XO", key: str = "first") -> Hand:
    return Hand(actor, party, hashlib.sha256(f"{actor} {key}".encode()).digest())


@dataclass
class Ledger:
    """One log with its registry, kept in lists; `record` is honest, `append` takes anything."""

    origin: str = ORIGIN
    witnesses: int = 0
    keeper: Hand = field(default_factory=lambda: hand("registrar"))
    log: Hand = field(default_factory=lambda: hand("log"))
    entries: list[bytes] = field(default_factory=list)
    held: dict[int, tuple[Disclosure, ...]] = field(default_factory=dict)
    heads: dict[str, bytes] = field(default_factory=dict)
    clock: datetime = BEGINS
    seen: Seen | None = None
    foreign: dict[str, bytes] = field(default_factory=dict)
    committed: int | None = None
    _stored: list[bytes] = field(default_factory=list)
    _tree: Frontier = field(default_factory=Frontier)
    _links: dict[str, Link] = field(default_factory=dict)
    _salts: int = 0

    def __post_init__(self) -> None:
        self.registry = registry_of(self.origin)

    # -- writing -------------------------------------------------------------------------------------------------------

    def append(self, raw: bytes) -> int:
        """Append any bytes as the next leaf; its place in its order is believed."""
        self._stored += self._tree.add(leaf_hash(raw))
        self.entries.append(raw)
        return len(self.entries) - 1

    def record(
        self,
        by: Hand,
        kind: str,
        public: Mapping[str, Any],
        sealed: Mapping[str, Any] | None = None,
        *,
        role: str | None = None,
        order: str | None = None,
        on: datetime | None = None,
        at: datetime | None = None,
        instrument: str | None = "2AP-7",
        loose: bool = False,
        **said: Any,
    ) -> int:
        """Seal a fact at the end of its order (of the registry without one), append it, and return its index.

        `loose`: with values that no signer accepts today.
        """
        self.clock += timedelta(minutes=1)
        stated = {**public, **(sealed or {})}
        fact = msgspec.convert(stated, KINDS[kind]) if loose else build(kind, public, sealed or {})
        order = order or self.registry
        before = self._links.get(order)
        instrument = None if order in reserved_of(self.origin) else instrument
        place = EntryPlace(
            self.origin, order, before.seq + 1 if before else 1, before.leaf if before else None, instrument
        )
        place = said.pop("place", None) or EntryPlace(**{**_fields(place), "seen": self.seen})
        circumstances = Circumstances(on=on or self.clock, signed_at=at or on or self.clock, **said)
        made = seal(fact, place, by.signer(role or fact.signers[0]), circumstances, self.entry_id(), self.salt)
        return self.keep(made, place)

    def keep(self, made: Sealed, place: EntryPlace) -> int:
        index = self.append(made.raw)
        self.held[index] = made.disclosures
        self._links[place.order] = Link(place.seq, made.leaf, place.instrument)
        return index

    @property
    def folder(self) -> str:
        return f"logs/{hashlib.sha256(self.origin.encode()).hexdigest()}"

    def entry_id(self) -> str:
        return hashlib.sha256(f"entry {len(self.entries)}".encode()).hexdigest()[:32]

    def salt(self, size: int) -> bytes:
        self._salts += 1
        return hashlib.sha256(f"salt {self.origin} {self._salts}".encode()).digest()[:size]

    def leaf(self, index: int) -> str:
        return leaf_hash(self.entries[index]).hex()

    def enrol(self, actor: str, party: str, *roles: str, key: str = "first", **more: Any) -> Hand:
        """Register an office and its key, and let it accept it."""
        new = hand(actor, party, key)
        office = {"actor": actor, "party": party, "roles": list(roles), "valid_from": "2027-01-01"}
        self.record(self.keeper, "authority-registered", office)
        self.record(self.keeper, "key-registered", {"actor": actor, "key": new.key, "roles": list(roles), **more})
        self.record(new, "key-accepted", {"key": new.key}, role=roles[0])
        return new

    def commit(self, by: Hand, size: int | None = None, root: bytes | None = None) -> int:
        """Commit the heads of all orders at a size, by default now and as they are; return the index of the entry."""
        size = self.size if size is None else size
        fact = {"size": size, "map_root": (root or self.map_at(size).tree.root()).hex()}
        self.committed = self.record(by, "heads-committed", fact, order=map_of(self.origin))
        return self.committed

    def map_at(self, size: int) -> MapOfHeads:
        return MapOfHeads((open_(raw, verify=False).payload.order, leaf_hash(raw)) for raw in self.entries[:size])

    # -- the log -------------------------------------------------------------------------------------------------------

    @property
    def size(self) -> int:
        return len(self.entries)

    def read(self, indexes: Sequence[int]) -> list[bytes]:
        return [self._stored[n] for n in indexes]

    def checkpoint(self, size: int | None = None, *times: datetime, root: bytes | None = None) -> bytes:
        """Return a note over the first `size` entries, cosigned by the first witnesses at these times."""
        size = self.size if size is None else size
        body = format_checkpoint(Checkpoint(self.origin, size, root or root_of(size, self.read)))
        note = sign_note(body, self.origin, self.log.seed)
        for n, time in enumerate(times, 1):
            note += cosign(note.encode(), f"witness.test/{n}", hand(f"witness {n}").seed, int(time.timestamp()))
        return note.encode()

    def witnessed(self, *times: datetime) -> bytes:
        """Return a cosigned note over everything so far, keep it, and cite it in later entries."""
        note = self.checkpoint(None, *times)
        self.heads[note_digest(note)] = note
        self.seen = Seen(self.origin, self.size, note_digest(note))
        return note

    def policy(self, quorum: str | None = None) -> bytes:
        lines = [f"log {log_vkey(self.origin, public_key(self.log.seed))}"]
        names = [f"w{n}" for n in range(1, self.witnesses + 1)]
        for n, name in enumerate(names, 1):
            lines.append(f"witness {name} {witness_vkey(f'witness.test/{n}', public_key(hand(f'witness {n}').seed))}")
        if names:
            lines.append(f"group every all {' '.join(names)}")
        lines.append(f"quorum {quorum or ('every' if names else 'none')}")
        return "".join(f"{line}\n" for line in lines).encode()

    def trust_files(self) -> dict[str, bytes]:
        """Return the files of a verifier who trusts this log and its registrar."""
        registrar = Registrar(self.keeper.actor, self.keeper.party, self.keeper.key)
        return {"policy": self.policy(), "registrar": format_registrar(registrar)}

    def trust(self, policy: bytes | None = None) -> Trust:
        files = self.trust_files()
        return parse_trust({**files, "policy": policy or files["policy"]})

    def proof(self, index: int, note: bytes | None = None) -> bytes:
        """Return the tlog-proof of an entry under a note, by default a new one over everything so far."""
        note = note or self.checkpoint()
        size = int(note.split(b"\n")[1])
        return format_proof(index, prove_inclusion(index, size, self.read), note)

    def register(self, note: bytes | None = None) -> dict[int, tuple[bytes, bytes]]:
        """Return the entries of the register with their proofs, by index, as another log's bundle holds them."""
        indexes = [n for n, _ in self.seen_by([self.registry])]
        return {n: (self.entries[n], self.proof(n, note)) for n in indexes}

    # -- bundles -------------------------------------------------------------------------------------------------------

    def seen_by(self, orders: Iterable[str]) -> list[tuple[int, Entry]]:
        """Return the entries of these orders as they are known here, with every value opened that is held."""
        wanted = set(orders)
        found = []
        for n, raw in enumerate(self.entries):
            try:
                opened = open_(raw, verify=False)
            except RecordError:
                continue  # smuggled in by a test
            if opened.payload.order in wanted:
                found.append((n, entry_of(opened, n, {d.name: d.value for d in self.held.get(n, ())})))
        return found

    def texts(self, order: str) -> dict[int, tuple[str, ...]]:
        """Return the disclosures of every sealed value of an order and of the registry."""
        indexes = [n for n, e in self.seen_by([order, self.registry]) if e.sealed]
        return {n: tuple(d.text for d in self.held[n]) for n in indexes}

    def contents(
        self,
        audience: str = "CT",
        *more: str,
        order: str = ORDER,
        note: bytes | None = None,
        commit: int | None = None,
        **changed: Any,
    ) -> Contents:
        """Return what an honest exporter collects: the order, further orders, the registry, heads and proofs.

        `commit` is the index of the entry under which the heads of these orders are proven, by default the last one.
        """
        note = note or self.checkpoint()
        size = int(note.split(b"\n")[1])
        orders = (order, *more, self.registry)
        entries = [(n, e) for n, e in self.seen_by(orders) if n < size]
        texts, withheld = select([e for _, e in entries], self.held, audience)
        sizes = {int(kept.split(b"\n")[1]) for kept in self.heads.values()} - {size}
        about = About(
            order=order,
            audience=audience,
            purpose="trial",
            made_at=NOW - timedelta(days=1),
            rules="ab" * 32,
            tool="comity 0",
            legal_basis=("ECHR:6",),
            withheld=withheld,
            test=False,
        )
        values: dict[str, Any] = {
            "origin": self.origin,
            "about": about,
            "checkpoint": note,
            "policy": self.policy(),
            "entries": [
                (n, self.entries[n], format_proof(n, prove_inclusion(n, size, self.read), note)) for n, _ in entries
            ],
            "heads": {d: kept for d, kept in self.heads.items() if kept != note},
            "consistency": {
                (min(m, size), max(m, size)): prove_consistency(min(m, size), max(m, size), self.read)
                for m in sizes
                if m
            },
            "disclosures": texts,
            "foreign": self.foreign,
        }
        commit = self.committed if commit is None else commit
        if commit is not None and commit < size:
            tree = self.map_at(open_(self.entries[commit]).payload.public["size"]).tree
            values["commit"] = self.entries[commit], self.proof(commit, note)
            values["map_proofs"] = {each: tree.prove(order_key(each)) for each in orders}
        return Contents(**{**values, **changed})

    def bundle(self, by: Hand, audience: str = "CT", *more: str, role: str = "ISS", **changed: Any) -> bytes:
        return pack(self.contents(audience, *more, **changed), by.signer(role))


def _fields(place: EntryPlace) -> dict[str, Any]:
    return {name: getattr(place, name) for name in EntryPlace.__struct_fields__}


def small(**more: Any) -> tuple[Ledger, Hand]:
    """Return a ledger with one authority and an order of two entries."""
    ledger = Ledger(**more)
    ilves = ledger.enrol("ilves", "XO", "ISS", "VAL")
    ledger.record(ilves, "order-supervised", {"capacity": "public-prosecutor", "decision": "approved"}, order=ORDER)
    ledger.record(ilves, "order-issued", ISSUED, SEALED, order=ORDER)
    return ledger, ilves


def two_histories(**more: Any) -> tuple[Ledger, Hand, tuple[int, int]]:
    """Return the log of an office that recorded two entries 3 of one order after one entry 2; with their indexes."""
    ledger, ilves = small(**more)
    second = ledger._links[ORDER]
    place = EntryPlace(ledger.origin, ORDER, 3, second.leaf, "2AP-7", ledger.seen)
    one, two = (
        ledger.record(ilves, "order-transmitted", {"addressee": "skylark", "channel": way}, order=ORDER, place=place)
        for way in ("mail", "courier")
    )
    return ledger, ilves, (one, two)


def left_out(ledger: Ledger, by: Hand, *indexes: int, note: bytes | None = None, **changed: Any) -> bytes:
    """Return the bundle of an exporter who leaves these entries out, and signs that the orders end without them."""
    whole = ledger.contents(note=note, **changed)
    return pack(replace(whole, entries=[e for e in whole.entries if e[0] not in indexes]), by.signer("ISS"))


# -- bundles that are not honest ---------------------------------------------------------------------------------------


def changed(data: bytes, change: Callable[[dict[str, bytes]], object], by: Signer, **manifest: Any) -> bytes:
    """Return the bundle with its files changed, listed and signed again by `by`: what a dishonest exporter can make."""
    files = dict(unpack(data))
    said = open_manifest(files["manifest.dsse.json"])
    change(files)
    return listed(files, said, by, **manifest)


def listed(files: Mapping[str, bytes], said: Manifest, by: Signer, **changes: Any) -> bytes:
    signed_by = SignedBy(by.public.hex(), by.actor, by.role, by.party)
    return assemble(files, msgspec.structs.replace(said, signer=signed_by, **changes), by)


def smuggled(ledger: Ledger, by: Hand, *raws: bytes) -> bytes:
    """Return a bundle with entries that no honest ledger would have recorded: all of them proven leaves of the log."""
    honest = replace(ledger.contents(), checkpoint=b"")
    places = [ledger.append(raw) for raw in raws]
    note = ledger.checkpoint()
    entries = [
        (n, raw, format_proof(n, prove_inclusion(n, ledger.size, ledger.read), note)) for n, raw, _ in honest.entries
    ]
    commit = (
        None if ledger.committed is None else (ledger.entries[ledger.committed], ledger.proof(ledger.committed, note))
    )
    data = pack(replace(honest, checkpoint=note, entries=entries, commit=commit), by.signer("ISS"))

    def add(files: dict[str, bytes]) -> None:
        for n in places:
            proof = format_proof(n, prove_inclusion(n, ledger.size, ledger.read), note)
            files[f"{ledger.folder}/entries/{n}.dsse.json"] = ledger.entries[n]
            files[f"{ledger.folder}/entries/{n}.tlog-proof"] = proof

    return changed(data, add, by.signer("ISS"))


def resealed(raw: bytes, change: Callable[[dict[str, Any]], object], by: Hand) -> bytes:
    """Return a sealed entry with its payload changed and signed again, whatever the result."""
    payload = json.loads(base64.b64decode(json.loads(raw)["payload"]))
    change(payload)
    payload["signer"]["key"] = by.key
    return sealed_as(canonical(payload), by)


def sealed_as(payload: bytes, by: Hand) -> bytes:
    signer = by.signer("ISS")
    return seal_bytes(payload, EVENT_TYPE, signer.public, signer.sign)


def rezipped(data: bytes, change: Callable[[dict[str, bytes]], object]) -> bytes:
    """Return the bundle with its files changed and nothing signed again, as Python's own ZIP makes it."""
    files = dict(unpack(data))
    change(files)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path, content in files.items():
            info = zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0))
            info.create_version, info.extract_version, info.create_system = 10, 10, 0
            archive.writestr(info, content)
            info.external_attr = 0
    return out.getvalue()


def checked(data: bytes, ledger: Ledger, anchor: bytes | None = None, **more: Any) -> Report:
    """Return the report of a verifier who trusts the ledger's keys."""
    return verify(data, more.pop("trust", None) or ledger.trust(), anchor, more.pop("now", NOW), **more)


FAILED, OPEN = Verdict.FAILED, Verdict.INDETERMINATE


def ends(data: bytes, ledger: Ledger, code: str, step: int, where: str = "", verdict: Verdict = FAILED) -> str:
    """Assert how the check ends; return what it says."""
    report = checked(data, ledger)
    assert (report.verdict, [r.code for r in report.reasons]) == (verdict, [code])
    assert where in report.reasons[0].where
    failed = [s.number for s in report.steps if s.result in ("failed", "indeterminate")]
    assert failed == [step]
    if verdict is FAILED:
        assert [s.number for s in report.steps if s.number > step and s.result == "not run"] == list(
            range(step + 1, 18)
        )
    return report.reasons[0].says


# -- stories -----------------------------------------------------------------------------------------------------------


def played(name: str) -> tuple[Ledger, dict[str, str], dict[str, Hand]]:
    """Return a shipped story as a ledger: with the ids of its orders by name, and its actors."""
    story = shipped_story(name)
    keeper, party = registrar(story)
    ledger = Ledger(keeper=Hand(keeper, party, seed_of(story.story, keeper, "first")))
    orders = {label: str(uuid.uuid5(uuid.NAMESPACE_URL, f"{name}/{label}")) for label in story.orders}
    labels: dict[tuple[str | None, str], str] = {}
    hands = {}
    for deed in plan_entries(story):
        actor_party = story.actors[deed.by].party if deed.by in story.actors else party
        hands[deed.by] = Hand(deed.by, actor_party, deed.seed)
        index = _played(ledger, deed, hands[deed.by], orders, labels, story.orders)
        if deed.label is not None:
            labels[deed.order, deed.label] = ledger.leaf(index)
    return ledger, orders, hands


def _played(
    ledger: Ledger,
    deed: PlannedEntry,
    by: Hand,
    orders: Mapping[str, str],
    labels: Mapping[Any, str],
    story_orders: Mapping[str, Any],
) -> int:
    fields = KINDS[deed.kind].fields()

    def meant(name: str, value: Any) -> Any:
        kind = fields[name].type.removeprefix("list[").removesuffix("]")
        if isinstance(value, list):
            return [meant_one(kind, each) for each in value]
        return meant_one(kind, value)

    def meant_one(kind: str, value: Any) -> Any:
        if kind == "event":
            return labels.get((deed.order, value), value)
        return orders.get(value, value) if kind == "order" else value

    return ledger.record(
        by,
        deed.kind,
        {name: meant(name, value) for name, value in deed.public.items()},
        {name: meant(name, value) for name, value in deed.sealed.items()},
        role=deed.role,
        order=orders[deed.order] if deed.order else None,
        instrument=story_orders[deed.order].instrument if deed.order else None,
        on=deed.on,
        at=deed.at,
        speaks=deed.speaks,
        on_source=deed.on_source,
        whose=deed.whose,
        replaces=labels[deed.order, deed.replaces] if deed.replaces else None,
        audience=deed.audience or None,
    )
