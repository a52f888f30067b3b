"""A ledger made out of a story: every deed recorded with its actor's own key, at the story's clock.

Clock, keys and chance are simulated, so the same story makes the same ledger, byte for byte. All of it lies inside the
folder that is made: the guard, the log key, and the keys of the actors, whose names begin with PUBLIC because they are.
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
from cli.stories.deeds import Deed, public_of, registrar, script, seed_of
from cli.stories.model import Story
from cli.stories.other_log import RECEIVED, OtherLog, arrives
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

Told = Callable[[Deed, Receipt], None]


@dataclass(slots=True)
class Played:
    """A story on record: its ledger's folder, the ids of its orders by name, and the leaf of every labelled fact."""

    path: Path
    story: Story
    orders: dict[str, str]
    leaves: dict[tuple[str | None, str], str] = field(default_factory=dict)
    logs: dict[str, OtherLog] = field(default_factory=dict)


@dataclass(slots=True)
class Clock:
    """The story's clock: it stands where the last deed put it and never goes back."""

    moment: datetime

    def __call__(self) -> datetime:
        return self.moment

    def reach(self, moment: datetime) -> None:
        self.moment = max(self.moment, moment)


def origin_of(story: Story) -> str:
    """The origin of a story's log."""
    return "story.example/" + (re.sub("[^a-z0-9]+", "-", story.story.lower()).strip("-") or "untitled")


def perform(story: Story, path: Path, told: Told = lambda deed, receipt: None) -> Played:
    """Make a ledger of a story in `path`; `told` hears of every entry. A fact that cannot stand is named: `Stop`."""
    origin = origin_of(story)
    keeper, party = registrar(story)
    clock = Clock(story.begins)
    root = Registrar(keeper, party, public_of(seed_of(story.story, keeper, "first")))
    home = Home.inside(path)
    orders = {name: str(uuid.uuid5(uuid.NAMESPACE_URL, f"{origin}/{name}")) for name in story.orders}
    played = Played(path, story, orders)
    chance = _chance(story.story)
    with Journal.create(path, origin, root, home=home, test=True, now=clock, entropy=chance) as journal:
        for deeds in _batches(script(story)):
            clock.reach(deeds[0].at)
            receipts = _recorded(journal, played, deeds)
            journal.publish()  # each moment of the story keeps its own head, for `replay`
            for deed, receipt in zip(deeds, receipts, strict=True):
                if deed.label is not None:
                    played.leaves[deed.order, deed.label] = receipt.leaf
                told(deed, receipt)
    _leave_keys(home.keys, script(story))
    _leave_word(played)
    return played


def _batches(deeds: Iterable[Deed]) -> Iterator[list[Deed]]:
    """What a story takes for granted in one batch; then each fact by itself, for a later one may speak of it."""
    number = 0
    for taken, group in groupby(deeds, key=lambda deed: deed.taken):
        for deed in [list(group)] if taken else [[deed] for deed in group]:
            number += 1
            yield deed


def _recorded(journal: Journal, played: Played, deeds: list[Deed]) -> list[Receipt]:
    try:
        if deeds[0].kind == RECEIVED:
            return [arrives(journal, played.story, played.logs, deeds[0], _draft(journal, played, deeds[0]))]
        return journal.record_batch([_draft(journal, played, deed) for deed in deeds])
    except RecordError as refused:
        deed = deeds[0]
        name = "what the story takes for granted" if deed.taken else f"{deed.label or deed.kind} of {wire(deed.at)}"
        says = f"{played.story.story}: {name}: {refused}"
        raise Stop(says, hint=refused.hint, code=Exit.REFUSED) from refused


def _draft(journal: Journal, played: Played, deed: Deed) -> Draft:
    key = SeedKey(deed.seed)
    actors = played.story.actors
    party = actors[deed.by].party if deed.by in actors else registrar(played.story)[1]
    said = Circumstances(
        on=deed.on,
        signed_at=deed.at,
        speaks=cast(Speaks, deed.speaks),
        on_source=cast(OnSource, deed.on_source),
        whose=deed.whose,
        replaces=None if deed.replaces is None else _leaf(played, deed, deed.replaces, "replaces"),
        why=None if deed.replaces is None else "put right in the story",
        audience=dict(deed.audience) or None,
    )
    order = journal.registry if deed.order is None else played.orders[deed.order]
    return Draft(
        fact=build(deed.kind, _resolved(played, deed, dict(deed.public)), _resolved(played, deed, dict(deed.sealed))),
        order=order,
        signer=Signer(deed.by, deed.role, party, key.public, key.sign),
        said=said,
        instrument=None if deed.order is None else played.story.orders[deed.order].instrument,
    )


def _resolved(played: Played, deed: Deed, values: dict[str, Any]) -> dict[str, Any]:
    """Labels as leaf hashes and names of orders as their ids."""
    fields = kind_of(deed.kind).fields()
    for name, value in values.items():
        kind = fields[name].type if name in fields else ""
        if kind == "event":
            values[name] = _leaf(played, deed, value, name)
        elif kind == "list[event]" and isinstance(value, list):
            values[name] = [_leaf(played, deed, each, name) for each in value]
        elif kind == "order":
            values[name] = played.orders.get(value, value)
        elif kind == "list[order]" and isinstance(value, list):
            values[name] = [played.orders.get(each, each) for each in value]
    return values


def _leaf(played: Played, deed: Deed, label: Any, where: str) -> str:
    leaf = played.leaves.get((deed.order, label)) if isinstance(label, str) else None
    if leaf is not None:
        return leaf
    if isinstance(label, str) and re.fullmatch("[0-9a-f]{64}", label):
        return label
    says = f"{played.story.story}: {deed.label or deed.kind}: {where} names {label!r}, and no earlier fact is called so"
    raise Stop(says, code=Exit.UNDECIDABLE)


def _chance(name: str) -> Callable[[int], bytes]:
    """What stands for chance in a story: the same bytes every time, and never the same twice."""
    count = 0

    def draw(size: int) -> bytes:
        nonlocal count
        count += 1
        seed = f"comity story, what stands for chance\n{name}\n{count}\n".encode()
        return hashlib.shake_256(seed).digest(size)

    return draw


def _leave_keys(folder: Path, deeds: Iterable[Deed]) -> None:
    """Every key of the story as a file; whoever has the story has the keys, and their names say so."""
    count: dict[str, int] = {}
    seen: set[bytes] = set()
    for deed in deeds:
        if deed.seed in seen:
            continue
        seen.add(deed.seed)
        count[deed.by] = count.get(deed.by, 0) + 1
        number = "" if count[deed.by] == 1 else f"-{count[deed.by]}"
        write(folder / f"PUBLIC-{deed.by}{number}", SeedKey(deed.seed))


def _leave_word(played: Played) -> None:
    entries: dict[str, dict[str, str]] = {}
    for (order, label), leaf in played.leaves.items():
        entries.setdefault(order or "", {})[label] = leaf
    word = {
        "format": "comity.story/1",
        "story": played.story.story,
        "title": played.story.title,
        "clock": wire(played.story.ends),
        "orders": played.orders,
        "entries": entries,
    }
    (played.path / "story.json").write_text(json.dumps(word, indent=2, ensure_ascii=False) + "\n", "utf-8")
