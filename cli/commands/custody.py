"""`comity custody`: list who held the disclosed data, hand to hand, with digests."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct

from cli.access.recorded_access import Stated, opened_in, revealing
from cli.click_extensions import command
from cli.exit_codes import Exit
from cli.records.source import RecordSource, from_bundle, item, server_item
from cli.session.options import ANY_ORDER, AS_OF
from cli.terminal import output
from cli.terminal.answer import RecordAnswer, Time
from cli.terminal.table import wrapped as wrapped
from projections.documents.timeline import put_right
from projections.views.custody import CustodyStep, out_of_step
from projections.views.custody import custody as hands_of
from projections.views.exhibit_digests import Digest


class DigestItem(Struct, frozen=True):
    """One file as an entry states it; digests in hex, size in bytes."""

    name: str | None
    size: int | None
    sha256: str | None
    sha512: str | None
    digest: str | None = None


class CustodyItem(Struct, frozen=True):
    """One step of custody.

    `check` is what the entry says of the digests, `against_first` how they compare with those first stated. `recorded`
    is where the entry was recorded, if it was not recorded in the order of its dates.
    """

    entry: str
    leaf: str
    on: Time
    kind: str
    holder: str | None
    released_by: str | None
    received_by: str | None
    exhibit: str | None
    check: str | None
    against_first: str | None
    files: list[DigestItem | str]
    replaced: str | None
    replaced_by: str | None
    replaced_at: Time | None
    replaced_who: str | None
    why: str | None
    recorded: str | None


class CustodyAnswer(RecordAnswer, tag="comity.custody/1"):
    """Who held what was disclosed, hand to hand."""

    order: str
    label: str | None
    as_of: Time
    custody: list[CustodyItem]


@command(
    "comity custody PPO-2026-123",
    "comity custody main --json",
    "comity custody --bundle court.evidence.zip --trust trust/",
    refused=Exit.UNDECIDABLE,
)
@ANY_ORDER
@AS_OF
@revealing
@from_bundle
def custody(
    order: str | None,
    as_of: datetime | None,
    reveal: bool,
    stated: Stated,
    actor: str | None,
    source: RecordSource,
) -> None:
    """Hand to hand: who held what was disclosed, and whether its digests are still the same."""
    with source.reading_anywhere() as reader:
        case = reader.case(source.order(order, reader))
        moment = as_of or reader.now()
        snapshot = reader.known(case, moment)
        reveal = opened_in(reader, [case.order], "custody", reveal, stated, actor)
    hands = hands_of(snapshot, moment, reveal=reveal)
    moved = {leaf: _recorded(before) for leaf, before in out_of_step(hands).items()}
    steps = [_step(hand, reveal, moved.get(hand.entry.leaf)) for hand in hands]
    struck = [n for n, hand in enumerate(hands) if hand.replaced is not None]
    columns: tuple[str, ...] = ("entry", "on", "kind", "hands", "exhibit", "check", "against_first", "files")
    columns += ("replaced",) if struck else ()
    rows = [
        (_placed(step), step.on, step.kind, _between(hand), *(_cell(step, c) for c in columns[4:]))
        for step, hand in zip(steps, hands, strict=True)
    ]
    answer = CustodyAnswer(
        case.order, case.label, moment, steps, bundle=item(source.bundle), server=server_item(source.server)
    )
    output.emit(answer, columns, rows, struck=struck)


def _placed(step: CustodyItem) -> str:
    """Return the number of an entry, and its place in the record where that differs from its place by date."""
    return f"{step.entry} (recorded {step.recorded})" if step.recorded else step.entry


def _cell(step: CustodyItem, column: str) -> Any:
    """Return the value of a column; files as `NAME (SIZE bytes, SHA-256 HEX)`, as far as it is stated."""
    if column != "files":
        return getattr(step, column)
    return [file if isinstance(file, str) else _file_text(file) for file in step.files]


def _file_text(file: DigestItem) -> str:
    stated = [f"{file.size} bytes"] if file.size is not None else []
    stated += [f"{name} {value}" for name, value in (("SHA-256", file.sha256), ("SHA-512", file.sha512)) if value]
    stated += [file.digest] if file.digest else []
    return f"{file.name} ({', '.join(stated)})" if file.name and stated else file.name or ", ".join(stated)


def _between(hand: CustodyStep) -> str:
    """Return who released the data to whom; if they change no hands, who holds them."""
    if hand.held_by is not None:
        return f"held by {hand.held_by}"
    return f"{hand.released_by or '(not stated)'} to {hand.received_by or '(not stated)'}"


def _recorded(before: CustodyStep | None) -> str:
    return "first" if before is None else f"after #{before.entry.number}"


def _step(hand: CustodyStep, reveal: bool, recorded: str | None) -> CustodyItem:
    return CustodyItem(
        entry=f"#{hand.entry.number}",
        leaf=hand.entry.leaf,
        on=hand.entry.on,
        kind=hand.entry.kind,
        holder=hand.holder,
        released_by=hand.released_by,
        received_by=hand.received_by,
        exhibit=hand.exhibit,
        check=hand.check,
        against_first=hand.compared,
        files=[
            *(_file(d) if reveal else "[sealed]" for d in hand.files),
            *([hand.unread] if hand.unread else ()),
        ],
        recorded=recorded,
        **put_right(hand.replaced),
    )


def _file(d: Digest) -> DigestItem:
    return DigestItem(d.name, d.size, d.sha256, d.sha512, d.digest)
