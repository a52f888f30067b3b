"""The log of another party in a story: made in memory, as that party's own program would have made it.

A story says that an entry of another record has arrived, and what checking its proof showed. The player makes that
other log, with a register, a key and a signed head, so that the ledger of the story can prove it as any other.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime

import msgspec
from msgspec import Struct, field

from cli.exit_codes import Exit, Stop
from cli.stories.deeds import Deed, registrar, seed_of
from cli.stories.model import Story
from ledger.application.counterparties import adoption, keep_counterparty, keep_register, pinned
from ledger.application.foreign.receive import Arrival, draft_of, keep_files
from ledger.application.journal import Journal
from ledger.application.write.draft import Draft
from ledger.application.write.receipt import Receipt
from ledger.entries.case import wire
from ledger.entries.envelope import Circumstances, EntryPlace, Signer, open_, seal
from ledger.entries.placement import Link, registry_of
from ledger.entries.wrapped_entry import KIND as RECEIVED
from ledger.facts import KINDS, Fact, build, public_of
from ledger.formats.ed25519 import public_key, sign
from ledger.tlog.note import Checkpoint, format_checkpoint, log_vkey, sign_note
from ledger.tlog.tree import Frontier, format_proof, leaf_hash, prove_inclusion
from ledger.verify import parse_trust

__all__ = ["RECEIVED", "OtherLog", "arrives"]

REGISTRAR = "registrar"


class Office(Struct, frozen=True):
    """Who signs in the other log: actor, Party, role, and the Ed25519 seed of its key."""

    actor: str
    party: str
    role: str
    seed: bytes

    def signer(self) -> Signer:
        """The office about to sign."""
        return Signer(self.actor, self.role, self.party, public_key(self.seed), lambda text: sign(self.seed, text))


class OtherLog(Struct):
    """One log of another party; its keys are made from the words of the story, so everybody has them."""

    story: str
    origin: str
    party: str
    entries: list[bytes] = field(default_factory=list)
    _links: dict[str, Link] = field(default_factory=dict)
    _tree: Frontier = field(default_factory=Frontier)
    _nodes: list[bytes] = field(default_factory=list)
    _drawn: int = 0

    @property
    def registrar(self) -> Office:
        """Who keeps the register of this log."""
        return Office(REGISTRAR, self.party, "ADM", seed_of(self.story, f"{REGISTRAR} of {self.origin}", "first"))

    @property
    def trust(self) -> dict[str, bytes]:
        """The files of the trust folder that this party hands over."""
        keeper = self.registrar
        policy = f"log {log_vkey(self.origin, public_key(self._key))}\nquorum none\n"
        return {
            "registrar": f"{keeper.actor} {keeper.party} {public_key(keeper.seed).hex()}\n".encode(),
            "policy": policy.encode(),
        }

    @property
    def register(self) -> dict[int, tuple[bytes, bytes]]:
        """The entries of the register with their proofs, by log index."""
        return {n: (self.entries[n], self.proof(n)) for n in self._registered}

    @property
    def _key(self) -> bytes:
        return seed_of(self.story, f"log {self.origin}", "first")

    @property
    def _registered(self) -> range:
        return range(3 if self.entries else 0)

    def says(self, by: Office, fact: Fact, order: str, instrument: str | None, on: datetime) -> int:
        """Record a fact of an order in this log; the office is enrolled first. Gives its log index."""
        if not self.entries:
            self._enrol(by, on)
        return self._append(by, fact, order, instrument, on)

    def proof(self, index: int) -> bytes:
        """The tlog-proof of an entry under a head of all entries."""
        head = Checkpoint(self.origin, len(self.entries), self._tree.root())
        note = sign_note(format_checkpoint(head), self.origin, self._key).encode()
        return format_proof(index, prove_inclusion(index, head.size, lambda at: [self._nodes[n] for n in at]), note)

    def _enrol(self, office: Office, on: datetime) -> None:
        registry, keeper, key = registry_of(self.origin), self.registrar, public_key(office.seed).hex()
        about = {"actor": office.actor, "party": office.party, "roles": [office.role]}
        since = {**about, "valid_from": on.date().isoformat()}
        self._append(keeper, build("authority-registered", since, {}), registry, None, on)
        enrolled = {"actor": office.actor, "key": key, "roles": [office.role]}
        self._append(keeper, build("key-registered", enrolled, {}), registry, None, on)
        self._append(office, build("key-accepted", {"key": key}, {}), registry, None, on)

    def _append(self, by: Office, fact: Fact, order: str, instrument: str | None, on: datetime) -> int:
        before = self._links.get(order)
        place = EntryPlace(
            self.origin, order, before.seq + 1 if before else 1, before.leaf if before else None, instrument
        )
        made = seal(fact, place, by.signer(), Circumstances(on, on), self._draw(16).hex(), self._draw)
        self._nodes += self._tree.add(leaf_hash(made.raw))
        self.entries.append(made.raw)
        self._links[order] = Link(place.seq, made.leaf, instrument)
        return len(self.entries) - 1

    def _draw(self, size: int) -> bytes:
        self._drawn += 1
        seed = f"comity story, what stands for chance\n{self.story}\n{self.origin}\n{self._drawn}\n".encode()
        return hashlib.shake_256(seed).digest(size)


def arrives(journal: Journal, story: Story, logs: dict[str, OtherLog], deed: Deed, draft: Draft) -> Receipt:
    """Receive an entry of another log that backs one of ours; with `fails` its proof does not hold.

    The log is made for this, and pinned in the register first, unless its proof was not checked. Raises `Stop` where
    the story does not say what the entry backs.
    """
    said = public_of(draft.fact)
    found = journal.store.by_leaf(bytes.fromhex(said.get("backs", "")))
    if found is None:
        says = f"{story.story}: {deed.kind} of {wire(deed.at)} does not say what it backs"
        raise Stop(says, hint="backs = the label of an earlier fact of the order", code=Exit.UNDECIDABLE)
    ours = open_(found[1])
    p, check = ours.payload, said["proof_check"]
    name = p.whose or p.signer.actor
    actor = story.actors[name]
    log = logs.setdefault(said["origin"], OtherLog(story.story, said["origin"], actor.party))
    role = next((role for role in actor.roles if role in KINDS[p.kind].signers), actor.roles[0])
    office = Office(name, actor.party, role, seed_of(story.story, name, "first"))
    public = {field: value for field, value in p.public.items() if field != "_sd"}
    fact = build(p.kind, public, journal.cases.values(found[0], ours))
    index = log.says(office, fact, p.order, p.instrument, deed.on)
    if check != "not-checked":
        _pin(journal, story, log, deed.at)
    proof = log.proof(index)
    arrival = Arrival(log.entries[index], spoiled(proof) if check == "fails" else proof)
    keep_files([arrival], journal.folder.foreign)
    made = draft_of(arrival, journal.origin, draft.signer, deed.at, check, order=draft.order, backs=said["backs"])
    return journal.record_batch([replace(made, said=msgspec.structs.replace(made.said, on=deed.on))])[0]


def _pin(journal: Journal, story: Story, log: OtherLog, at: datetime) -> None:
    """Let our registrar adopt the trust folder of another log, once, and keep its register."""
    files, folder = log.trust, journal.folder.path / "trust"
    if log.origin not in pinned(journal.cases.register(reveal=False)):
        keeper, party = registrar(story)
        key = seed_of(story.story, keeper, "first")
        signer = Signer(keeper, "ADM", party, public_key(key), lambda text: sign(key, text))
        public = adoption(parse_trust(files), files, at.date().isoformat())
        journal.record(build("policy-adopted", public, {}), journal.registry, signer, Circumstances(at, at))
        keep_counterparty(folder, parse_trust(files), files)
    keep_register(journal.folder.registers, log.origin, log.register)


def spoiled(proof: bytes) -> bytes:
    """A proof that does not hold: the first letter of its first hash is another."""
    lines = proof.split(b"\n")
    at = next(n for n, line in enumerate(lines) if n > 1 and line and not line.startswith((b"index", b"extra")))
    lines[at] = (b"B" if lines[at][:1] == b"A" else b"A") + lines[at][1:]
    return b"\n".join(lines)
