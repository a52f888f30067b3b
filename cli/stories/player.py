"""Make a ledger of a story: record every planned entry with the key of its actor, at the moment of the story.

Clock, keys and randomness are simulated, so that one story makes one ledger, byte for byte. The folder of the ledger
holds everything: the guard, the log key, and the keys of the actors, whose file names begin with PUBLIC.
"""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any, cast

from cli.exit_codes import Exit, Stop
from cli.stories.model import Story
from cli.stories.other_log import RECEIVED, OtherLog, receive_entry
from cli.stories.planned_entries import PlannedEntry, plan_entries, public_of, registrar, seed_of
from ledger.adapters.folders.user_folders import Home
from ledger.adapters.keys.key_files import SeedKey, write
from ledger.application.journal import Journal
from ledger.application.write.draft import Draft
from ledger.application.write.receipt import Receipt
from ledger.entries.case import wire
from ledger.entries.envelope import Circumstances, Signer
from ledger.entries.keyring import Registrar
from ledger.errors import RecordError
from ledger.facts import build, kind_of
from ledger.facts.vocabulary import OnSource, Speaks

OnRecorded = Callable[[PlannedEntry, Receipt], None]


@dataclass(slots=True)
class PlayedStory:
    """A ledger made of a story: its folder, the ids of its orders by name, and the leaf of every labelled fact."""

    path: Path
    story: Story
    orders: dict[str, str]
    leaves: dict[tuple[str | None, str], str] = field(default_factory=dict)
    logs: dict[str, OtherLog] = field(default_factory=dict)


@dataclass(slots=True)
class StoryClock:
    """The clock of a story: the moment of the newest recorded entry. It never goes back."""

    moment: datetime

    def __call__(self) -> datetime:
        return self.moment

    def reach(self, moment: datetime) -> None:
        self.moment = max(self.moment, moment)


def origin_of(story: Story) -> str:
    """Return the origin of the log of a story."""
    return "story.example/" + (re.sub("[^a-z0-9]+", "-", story.story.lower()).strip("-") or "untitled")


def order_ids(story: Story) -> dict[str, str]:
    """Return the ids of the orders of a story by name: the same in every ledger that has them."""
    origin = origin_of(story)
    return {name: str(uuid.uuid5(uuid.NAMESPACE_URL, f"{origin}/{name}")) for name in story.orders}


def play_story(story: Story, path: Path, on_recorded: OnRecorded = lambda entry, receipt: None) -> PlayedStory:
    """Make a ledger of a story in `path` and call `on_recorded` for every entry.

    Raises `Stop` with the name of a fact that is refused.
    """
    origin = origin_of(story)
    keeper, party = registrar(story)
    clock = StoryClock(story.begins)
    root = Registrar(keeper, party, public_of(seed_of(story.story, keeper, "first")))
    home = Home.inside(path)
    played = PlayedStory(path, story, order_ids(story))
    entropy = simulated_randomness(story.story)
    with Journal.create(path, origin, root, home=home, test=True, now=clock, entropy=entropy) as journal:
        for batch in _batches(plan_entries(story)):
            clock.reach(batch[0].at)
            receipts = _record(journal, played, batch)
            journal.publish()  # each moment of the story keeps its own head, for `replay`
            for entry, receipt in zip(batch, receipts, strict=True):
                if entry.label is not None:
                    played.leaves[entry.order, entry.label] = receipt.leaf
                on_recorded(entry, receipt)
    _write_keys(home.keys, plan_entries(story))
    _write_summary(played)
    return played


def _batches(entries: Iterable[PlannedEntry]) -> Iterator[list[PlannedEntry]]:
    """Yield the setup in one batch; then each fact alone, because a later fact may name it."""
    for setup, group in groupby(entries, key=lambda entry: entry.setup):
        batch = list(group)
        yield from [batch] if setup else ([entry] for entry in batch)


def _record(journal: Journal, played: PlayedStory, entries: list[PlannedEntry]) -> list[Receipt]:
    try:
        if entries[0].kind == RECEIVED:
            draft = story_draft(journal, played, entries[0])
            return [receive_entry(journal, played.story, played.logs, entries[0], draft)]
        return journal.record_batch([story_draft(journal, played, entry) for entry in entries])
    except RecordError as error:
        entry = entries[0]
        name = f"{entry.label or entry.kind} of {wire(entry.at)}"
        says = f"{played.story.story}: {'what the story takes for granted' if entry.setup else name}: {error}"
        raise Stop(says, hint=error.hint, code=Exit.REFUSED) from error


def story_draft(journal: Journal, played: PlayedStory, entry: PlannedEntry) -> Draft:
    """Return a planned entry as a draft for a ledger; `played` resolves the labels and orders that it names."""
    key = SeedKey(entry.seed)
    actors = played.story.actors
    party = actors[entry.by].party if entry.by in actors else registrar(played.story)[1]
    circumstances = Circumstances(
        on=entry.on,
        signed_at=entry.at,
        speaks=cast(Speaks, entry.speaks),
        on_source=cast(OnSource, entry.on_source),
        whose=entry.whose,
        replaces=None if entry.replaces is None else _leaf(played, entry, entry.replaces, "replaces"),
        why=None if entry.replaces is None else "put right in the story",
        audience=dict(entry.audience) or None,
    )
    order = journal.registry if entry.order is None else played.orders[entry.order]
    return Draft(
        fact=build(
            entry.kind, _resolved(played, entry, dict(entry.public)), _resolved(played, entry, dict(entry.sealed))
        ),
        order=order,
        signer=Signer(entry.by, entry.role, party, key.public, key.sign),
        said=circumstances,
        instrument=None if entry.order is None else played.story.orders[entry.order].instrument,
    )


def _resolved(played: PlayedStory, entry: PlannedEntry, values: dict[str, Any]) -> dict[str, Any]:
    """Replace labels by leaf hashes and names of orders by their ids."""
    fields = kind_of(entry.kind).fields()
    for name, value in values.items():
        kind = fields[name].type if name in fields else ""
        if kind == "event":
            values[name] = _leaf(played, entry, value, name)
        elif kind == "list[event]" and isinstance(value, list):
            values[name] = [_leaf(played, entry, each, name) for each in value]
        elif kind == "order":
            values[name] = played.orders.get(value, value)
        elif kind == "list[order]" and isinstance(value, list):
            values[name] = [played.orders.get(each, each) for each in value]
    return values


def _leaf(played: PlayedStory, entry: PlannedEntry, label: Any, where: str) -> str:
    leaf = played.leaves.get((entry.order, label)) if isinstance(label, str) else None
    if leaf is not None:
        return leaf
    if isinstance(label, str) and re.fullmatch("[0-9a-f]{64}", label):
        return label
    says = (
        f"{played.story.story}: {entry.label or entry.kind}: {where} names {label!r}, and no earlier fact is called so"
    )
    raise Stop(says, code=Exit.UNDECIDABLE)


def simulated_randomness(name: str) -> Callable[[int], bytes]:
    """Return a source of bytes that replaces randomness: a fixed sequence without repetition for each story."""
    count = 0

    def draw(size: int) -> bytes:
        nonlocal count
        count += 1
        seed = f"comity story, what stands for chance\n{name}\n{count}\n".encode()
        return hashlib.shake_256(seed).digest(size)

    return draw


def _write_keys(folder: Path, entries: Iterable[PlannedEntry]) -> None:
    """Write every key of the story to a file. The keys are public, as the names of the files say."""
    count: dict[str, int] = {}
    seen: set[bytes] = set()
    for entry in entries:
        if entry.seed in seen:
            continue
        seen.add(entry.seed)
        count[entry.by] = count.get(entry.by, 0) + 1
        number = "" if count[entry.by] == 1 else f"-{count[entry.by]}"
        write(folder / f"PUBLIC-{entry.by}{number}", SeedKey(entry.seed))


def _write_summary(played: PlayedStory) -> None:
    entries: dict[str, dict[str, str]] = {}
    for (order, label), leaf in played.leaves.items():
        entries.setdefault(order or "", {})[label] = leaf
    summary = {
        "format": "comity.story/1",
        "story": played.story.story,
        "title": played.story.title,
        "clock": wire(played.story.ends),
        "orders": played.orders,
        "entries": entries,
    }
    (played.path / "story.json").write_text(json.dumps(summary, indent=2, ensure_ascii=False) + "\n", "utf-8")
