"""Play a story with its offices divided among ledgers, each with its own log, register and clock.

Each ledger records what its own offices sign. What others sign arrives in bundles, as `comity export` and
`comity receive` make and take them. Entries keep their bytes, so one fact has one leaf hash in every ledger.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any, cast

import msgspec

from cli.stories.model import Story
from cli.stories.other_log import RECEIVED, OtherLog, receive_entry
from cli.stories.planned_entries import PlannedEntry, plan_entries, public_of, registrar, seed_of
from cli.stories.player import PlayedStory, StoryClock, order_ids, simulated_randomness, story_draft
from ledger.adapters.folders.user_folders import Home
from ledger.adapters.keys.key_files import SeedKey
from ledger.application.counterparties import adoption, keep_counterparty, read_counterparty
from ledger.application.export.bundle_contents import BundleRequest, bundle_contents
from ledger.application.foreign.arrivals import from_bundle
from ledger.application.foreign.take_in import Taken, take_in
from ledger.application.journal import Journal
from ledger.bundle.archive import pack
from ledger.entries.case import Case
from ledger.entries.envelope import Circumstances, Signer
from ledger.entries.keyring import Registrar
from ledger.errors import RecordError
from ledger.facts import build
from ledger.facts import public_of as public_fields

Division = tuple[frozenset[str], ...]

STATES = frozenset({"party-registered", "declaration-recorded", "notice-published", "transfers-suspended"})
OFFICES = frozenset({"authority-registered", "authority-changed"})


def signers(story: Story) -> tuple[str, ...]:
    """Return the offices that sign entries of orders of a story, in the order of their first entry."""
    return tuple(dict.fromkeys(f.by for f in story.facts if f.order is not None))


def divisions(offices: Sequence[str], parts: int) -> Iterator[Division]:
    """Yield every partition of these offices into `parts` ledgers."""
    if parts == 1:
        yield (frozenset(offices),)
        return
    if len(offices) < parts:
        return
    first, rest = offices[0], offices[1:]
    for smaller in divisions(rest, parts - 1):
        yield (frozenset({first}), *smaller)
    for same in divisions(rest, parts) if len(rest) >= parts else ():
        for n, part in enumerate(same):
            yield (*same[:n], part | {first}, *same[n + 1 :])


def home(story: Story, offices: frozenset[str]) -> str:
    """Return the Party whose registrar keeps the ledger of these offices."""
    keeper, party = registrar(story)
    return party if keeper in offices else story.actors[min(offices)].party


def allowed(story: Story, division: Division) -> bool:
    """Return True if each office is in a ledger of its Party, where there is one: no other has a say about it."""
    homes = [home(story, offices) for offices in division]
    return all(
        story.actors[office].party in (homes[n], *({story.actors[office].party} - {*homes}))
        for n, offices in enumerate(division)
        for office in offices
    )


@dataclass(slots=True)
class OfficeLedger:
    """One ledger of a divided story: who signs in it, its registrar, and its journal."""

    offices: frozenset[str]
    journal: Journal
    clock: StoryClock
    registrar: Signer
    played: PlayedStory
    pinned: set[str] = field(default_factory=set)
    knows: set[str] = field(default_factory=set)  # leaves of entries of orders that are here


@dataclass(slots=True)
class DividedStory:
    """A story played in several ledgers."""

    story: Story
    division: Division
    ledgers: tuple[OfficeLedger, ...]
    orders: Mapping[str, str]
    exchanges: int = 0
    refused: int = 0  # entries that replace an entry of another ledger

    def case(self, ledger: OfficeLedger, name: str) -> Case | None:
        """Return an order as one ledger holds it; None where nothing of it has arrived."""
        order = self.orders[name]
        if ledger.journal.store.head(order) == 0:
            return None
        return ledger.journal.case(order, label=name)

    def close(self) -> None:
        """Close every ledger."""
        for ledger in self.ledgers:
            ledger.journal.close()


class Draw:
    """What a division leaves to chance: after which entries bundles travel, and what each register states of others."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def travels(self) -> bool:
        """Return True if a bundle is sent now."""
        return self._random.random() < 0.3

    def pair(self, ledgers: Sequence[OfficeLedger]) -> tuple[OfficeLedger, OfficeLedger]:
        """Return a sender and a receiver."""
        one, other = self._random.sample(range(len(ledgers)), 2)
        return ledgers[one], ledgers[other]

    def registers_at(self, entries: int) -> int:
        """Return after how many entries of the story a ledger registers the offices of others; -1: at once."""
        return self._random.choice((-1, -1, self._random.randrange(entries + 1), entries))


def play_divided(story: Story, division: Division, path: Path, draw: Draw) -> DividedStory:
    """Play a story with its offices divided among ledgers, and exchange all that may be exchanged at the end."""
    planned = list(plan_entries(story))
    divided = DividedStory(
        story,
        division,
        tuple(_ledger(story, n, offices, path / str(n)) for n, offices in enumerate(division)),
        order_ids(story),
    )
    player = _Player(divided, draw, planned)
    player.play()
    return divided


def _ledger(story: Story, number: int, offices: frozenset[str], path: Path) -> OfficeLedger:
    origin = f"story.example/ledger-{number}"
    keeper, party = registrar(story)[0], home(story, offices)
    if keeper not in offices:
        keeper = f"registrar-{number}"
    seed = seed_of(story.story, keeper, "first")
    clock = StoryClock(story.begins)
    journal = Journal.create(
        path, origin, Registrar(keeper, party, public_of(seed)), home=Home.inside(path), test=True, now=clock,
        entropy=simulated_randomness(f"{story.story} {origin}"),
    )  # fmt: skip
    key = SeedKey(seed)
    signer = Signer(keeper, "ADM", party, key.public, key.sign)
    return OfficeLedger(offices, journal, clock, signer, PlayedStory(path, story, order_ids(story)))


class _Player:
    def __init__(self, divided: DividedStory, draw: Draw, planned: list[PlannedEntry]) -> None:
        self._divided = divided
        self._draw = draw
        self._planned = planned
        self._logs: dict[str, OtherLog] = {}
        self._late = [draw.registers_at(len(planned)) for _ in divided.ledgers]
        self._waiting: list[list[PlannedEntry]] = [[] for _ in divided.ledgers]
        self._sent: dict[tuple[str, str, str, str], int] = {}

    def play(self) -> None:
        ledgers = self._divided.ledgers
        for n, entry in enumerate(self._planned):
            for ledger in ledgers:
                ledger.clock.reach(entry.at)
            self._release(n)
            if entry.order is None:
                for at, ledger in enumerate(ledgers):
                    self._register(at, ledger, entry)
                continue
            ledger = next(each for each in ledgers if entry.by in each.offices)
            self._fetch_what_it_names(ledger, entry)
            self._record(ledger, entry)
            if self._draw.travels() and len(ledgers) > 1:
                sender, receiver = self._draw.pair(ledgers)
                for order in self._divided.orders.values():
                    self._exchange(sender, receiver, order)
        self._release(len(self._planned))
        for sender in ledgers:
            for receiver in ledgers:
                if sender is not receiver:
                    for order in self._divided.orders.values():
                        self._exchange(sender, receiver, order)

    # -- registers

    def _register(self, at: int, ledger: OfficeLedger, entry: PlannedEntry) -> None:
        """Record an entry of the register of the story in the register of one ledger, as far as it concerns it."""
        keeper, _ = registrar(self._divided.story)
        actor = entry.public.get("actor") or (None if entry.by == keeper else entry.by)
        own = actor in ledger.offices or actor == ledger.registrar.actor
        if not own and (actor == keeper or entry.kind not in STATES | OFFICES or entry.by != keeper):
            return
        waiting = self._waiting[at]
        if not own and self._late[at] >= 0 and (entry.setup or any(e.public.get("actor") == actor for e in waiting)):
            waiting.append(entry)
            return
        self._record(ledger, entry)

    def _release(self, n: int) -> None:
        for at, ledger in enumerate(self._divided.ledgers):
            if self._late[at] <= n and self._waiting[at]:
                waiting, self._waiting[at] = self._waiting[at], []
                for entry in waiting:
                    now = ledger.clock()
                    self._record(ledger, msgspec.structs.replace(entry, on=now, at=now))

    def _record(self, ledger: OfficeLedger, entry: PlannedEntry) -> None:
        played, journal = ledger.played, ledger.journal
        draft = story_draft(journal, played, entry)
        keeper, _ = registrar(self._divided.story)
        if entry.by == keeper and keeper not in ledger.offices:
            draft = replace(draft, signer=ledger.registrar)
        if entry.kind == RECEIVED:
            if journal.store.by_leaf(bytes.fromhex(str(public_fields(draft.fact).get("backs", "")))) is None:
                return  # the act itself arrives from the ledger of its office
            receipt = receive_entry(journal, self._divided.story, self._logs, entry, draft, ledger.registrar)
        else:
            try:
                (receipt,) = journal.record_batch([draft])
            except RecordError as refused:
                if refused.code != "FORM-REPLACES":  # an office can replace no entry of another ledger
                    raise
                self._divided.refused += 1
                return
        journal.publish()
        ledger.knows.add(receipt.leaf)
        if entry.label is not None:
            for each in self._divided.ledgers if entry.order is not None else (ledger,):
                each.played.leaves[entry.order, entry.label] = receipt.leaf

    # -- bundles

    def _fetch_what_it_names(self, ledger: OfficeLedger, entry: PlannedEntry) -> None:
        """Let the entries that an entry names arrive before it is recorded."""
        order = self._divided.orders[cast(str, entry.order)]
        named = set(_texts([entry.public, entry.sealed, entry.replaces]))
        leaves = {leaf for (of, label), leaf in ledger.played.leaves.items() if of == entry.order and label in named}
        for sender in self._divided.ledgers:
            if sender is not ledger and leaves & sender.knows - ledger.knows:
                self._exchange(sender, ledger, order)

    def _exchange(self, sender: OfficeLedger, receiver: OfficeLedger, order: str) -> None:
        """Send an order from one ledger to another, once for each role of the receiver's offices."""
        journal, story = sender.journal, self._divided.story
        if journal.store.head(order) == 0:
            return
        self._pin(sender, receiver)
        size = journal.store.head(order)
        for role in sorted({role for office in receiver.offices for role in story.actors[office].roles}):
            way = (journal.origin, receiver.journal.origin, order, role)
            if self._sent.get(way) == size and not self._draw.travels():  # else the same once more
                continue
            self._sent[way] = size
            request = BundleRequest(order=order, audience=role, made_at=sender.clock(), tool="test")
            data = pack(bundle_contents(journal, request), sender.registrar)
            for each in _received(receiver.journal, data, receiver.registrar):
                receiver.knows.add(each.opened.leaf)
            receiver.journal.publish()
            self._divided.exchanges += 1

    def _pin(self, sender: OfficeLedger, receiver: OfficeLedger) -> None:
        if sender.journal.origin in receiver.pinned:
            return
        receiver.pinned.add(sender.journal.origin)
        trust, files = read_counterparty(sender.journal.folder.path / "trust")
        now = receiver.clock()
        public = adoption(trust, files, now.date().isoformat())
        journal = receiver.journal
        journal.record(
            build("policy-adopted", public, {}), journal.registry, receiver.registrar, Circumstances(now, now)
        )
        keep_counterparty(journal.folder.path / "trust", trust, files)
        journal.publish()


def _received(journal: Journal, data: bytes, signer: Signer) -> list[Taken]:
    """Receive a bundle; one with entries by a key that was reported is kept all the same, and proves less."""
    try:
        arrivals, check = from_bundle(journal, data, None, lambda says: None)
    except RecordError as doubt:
        if doubt.code != "KEY-SUSPECT":
            raise
        arrivals, check = from_bundle(journal, data, None, lambda says: None, anyway=True)
        return take_in(journal, arrivals, signer, check, anyway=True)
    return take_in(journal, arrivals, signer, check)


def _texts(value: Any) -> Iterable[str]:
    match value:
        case str():
            yield value
        case dict():
            yield from _texts(list(value.values()))
        case list() | tuple():
            for each in value:
                yield from _texts(each)
        case Mapping():
            yield from _texts(list(value.values()))
        case _:
            return
