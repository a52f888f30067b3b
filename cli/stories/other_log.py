"""The log of another party in a story, made in memory as the program of that party would make it.

A story says that an entry of another log has arrived, and the result of its proof check. The player makes the other
log, with a register, a key and a signed head, so that the ledger of the story can prove the entry as any other.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime

import msgspec
from msgspec import Struct, field

from cli.exit_codes import Exit, Stop
from cli.stories.model import Story
from cli.stories.planned_entries import PlannedEntry, registrar, seed_of
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
from ledger.trust.trust_folder import parse_trust

__all__ = ["RECEIVED", "OtherLog", "receive_entry"]

REGISTRAR = "registrar"


class OtherLogOffice(Struct, frozen=True):
    """A signer of the other log: actor, Party, role, and the Ed25519 seed of its key."""

    actor: str
    party: str
    role: str
    seed: bytes

    def signer(self) -> Signer:
        """Return the signer of this office."""
        return Signer(self.actor, self.role, self.party, public_key(self.seed), lambda text: sign(self.seed, text))


class OtherLog(Struct):
    """One log of another party; its keys are derived from the words of the story, so everybody has them."""

    story: str
    origin: str
    party: str
    entries: list[bytes] = field(default_factory=list)
    _links: dict[str, Link] = field(default_factory=dict)
    _tree: Frontier = field(default_factory=Frontier)
    _nodes: list[bytes] = field(default_factory=list)
    _draws: int = 0

    @property
    def registrar(self) -> OtherLogOffice:
        """The registrar of this log."""
        return OtherLogOffice(
            REGISTRAR, self.party, "ADM", seed_of(self.story, f"{REGISTRAR} of {self.origin}", "first")
        )

    @property
    def trust(self) -> dict[str, bytes]:
        """The files of the trust folder of this party."""
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

    def record(self, by: OtherLogOffice, fact: Fact, order: str, instrument: str | None, on: datetime) -> int:
        """Record a fact of an order in this log and return its log index; the first call enrols the office."""
        if not self.entries:
            self._enrol(by, on)
        return self._append(by, fact, order, instrument, on)

    def proof(self, index: int) -> bytes:
        """Return the tlog-proof of an entry under a head of all entries."""
        head = Checkpoint(self.origin, len(self.entries), self._tree.root())
        note = sign_note(format_checkpoint(head), self.origin, self._key).encode()
        return format_proof(index, prove_inclusion(index, head.size, lambda at: [self._nodes[n] for n in at]), note)

    def _enrol(self, office: OtherLogOffice, on: datetime) -> None:
        registry, keeper, key = registry_of(self.origin), self.registrar, public_key(office.seed).hex()
        about = {"actor": office.actor, "party": office.party, "roles": [office.role]}
        since = {**about, "valid_from": on.date().isoformat()}
        self._append(keeper, build("authority-registered", since, {}), registry, None, on)
        enrolled = {"actor": office.actor, "key": key, "roles": [office.role]}
        self._append(keeper, build("key-registered", enrolled, {}), registry, None, on)
        self._append(office, build("key-accepted", {"key": key}, {}), registry, None, on)

    def _append(self, by: OtherLogOffice, fact: Fact, order: str, instrument: str | None, on: datetime) -> int:
        before = self._links.get(order)
        place = EntryPlace(
            self.origin, order, before.seq + 1 if before else 1, before.leaf if before else None, instrument
        )
        entry = seal(fact, place, by.signer(), Circumstances(on, on), self._draw(16).hex(), self._draw)
        self._nodes += self._tree.add(leaf_hash(entry.raw))
        self.entries.append(entry.raw)
        self._links[order] = Link(place.seq, entry.leaf, instrument)
        return len(self.entries) - 1

    def _draw(self, size: int) -> bytes:
        self._draws += 1
        seed = f"comity story, what stands for chance\n{self.story}\n{self.origin}\n{self._draws}\n".encode()
        return hashlib.shake_256(seed).digest(size)


def receive_entry(
    journal: Journal,
    story: Story,
    logs: dict[str, OtherLog],
    entry: PlannedEntry,
    draft: Draft,
    keeper: Signer | None = None,
) -> Receipt:
    """Receive an entry of another log that backs an entry of this one; with `fails` its proof does not verify.

    The other log is made here, and pinned in the register first by `keeper` (by default the registrar of the story),
    unless its proof was not checked. Raises `Stop` if the
    story does not name the backed entry.
    """
    public = public_of(draft.fact)
    backed = journal.store.by_leaf(bytes.fromhex(public.get("backs", "")))
    if backed is None:
        says = f"{story.story}: {entry.kind} of {wire(entry.at)} does not say what it backs"
        raise Stop(says, hint="backs = the label of an earlier fact of the order", code=Exit.UNDECIDABLE)
    ours = open_(backed[1])
    p, check = ours.payload, public["proof_check"]
    name = p.whose or p.signer.actor
    actor = story.actors[name]
    log = logs.setdefault(public["origin"], OtherLog(story.story, public["origin"], actor.party))
    role = next((role for role in actor.roles if role in KINDS[p.kind].signers), actor.roles[0])
    office = OtherLogOffice(name, actor.party, role, seed_of(story.story, name, "first"))
    stated = {field: value for field, value in p.public.items() if field != "_sd"}
    fact = build(p.kind, stated, journal.cases.values(backed[0], ours))
    index = log.record(office, fact, p.order, p.instrument, entry.on)
    if check != "not-checked":
        _pin(journal, keeper or _keeper(story), log, entry.at)
    proof = log.proof(index)
    arrival = Arrival(log.entries[index], spoil_proof(proof) if check == "fails" else proof)
    keep_files([arrival], journal.received)
    reception = draft_of(
        arrival, journal.origin, draft.signer, entry.at, check, order=draft.order, backs=public["backs"]
    )
    return journal.record_batch([replace(reception, said=msgspec.structs.replace(reception.said, on=entry.on))])[0]


def _keeper(story: Story) -> Signer:
    keeper, party = registrar(story)
    key = seed_of(story.story, keeper, "first")
    return Signer(keeper, "ADM", party, public_key(key), lambda text: sign(key, text))


def _pin(journal: Journal, signer: Signer, log: OtherLog, at: datetime) -> None:
    """Let the registrar adopt the trust folder of another log, once, and keep its register."""
    files, folder = log.trust, journal.folder.path / "trust"
    if log.origin not in pinned(journal.cases.register(reveal=False)):
        public = adoption(parse_trust(files), files, at.date().isoformat())
        journal.record(build("policy-adopted", public, {}), journal.registry, signer, Circumstances(at, at))
        keep_counterparty(folder, parse_trust(files), files)
    keep_register(journal.received, log.origin, log.register)


def spoil_proof(proof: bytes) -> bytes:
    """Return a proof that does not verify: the first letter of its first hash is changed."""
    lines = proof.split(b"\n")
    at = next(n for n, line in enumerate(lines) if n > 1 and line and not line.startswith((b"index", b"extra")))
    lines[at] = (b"B" if lines[at][:1] == b"A" else b"A") + lines[at][1:]
    return b"\n".join(lines)
