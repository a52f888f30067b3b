"""`comity show`: show the state of one order, its open deadlines, its gaps and its linked orders."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec import UNSET, Struct, UnsetType, field

from cli.click_extensions import command
from cli.exit_codes import Exit
from cli.records.linked_orders import LinkedOrderItem, began, matter, member
from cli.records.source import RecordSource, from_bundle, item, server_item
from cli.reports.timeline_text import left
from cli.session.options import ANY_ORDER, AS_OF, ONLY
from cli.session.proven_times import brackets, spelled
from cli.terminal import output
from cli.terminal.answer import RecordAnswer, Time
from cli.terminal.judgement_text import gravest_first, level, period
from cli.terminal.table import wrapped
from projections.documents.timeline import put_right
from projections.sentences.names import names_of
from projections.views.due import Duty, soonest_first
from projections.views.due import due as due_of
from projections.views.good_practice import afterwards
from projections.views.replaced import replaced
from projections.views.state import view


class DutyClockItem(Struct, frozen=True):
    """One open deadline of an order, with `due` null where it could not be computed."""

    order: str
    label: str | None
    instrument: str
    state: str
    id: str
    due: Time | None
    policy: str
    verdict: str
    cite: str
    entries: tuple[str, ...]


class ReplacedItem(Struct, frozen=True):
    """One entry that was replaced, as `#SEQ` and leaf hash."""

    entry: str
    leaf: str
    replaced: str | None
    replaced_by: str | None
    replaced_at: Time | None
    replaced_who: str | None
    why: str | None


class LinkedItem(Struct, frozen=True):
    """The order and those linked with it: all their open deadlines, and the ids of orders that are not here."""

    orders: list[LinkedOrderItem]
    due: list[DutyClockItem]
    elsewhere: list[str]


class ShowAnswer(RecordAnswer, tag="comity.show/1", kw_only=True):
    """One order: its state, its open deadlines, its findings and its criteria."""

    order: str
    ref: str | None
    label: str | None
    instrument: str
    from_: str | None = field(name="from")
    to: str | None
    providers: tuple[str, ...]
    as_of: Time
    state: str
    regions: dict[str, str]
    issued_on: Time | None
    last_on: Time | None
    entries: int
    linked: tuple[str, ...]
    due: list[DutyClockItem]
    findings: list[str]
    replaced: list[ReplacedItem]
    criteria: dict[str, str]
    practice: list[str]
    matter: LinkedItem | UnsetType = UNSET


NO_ROW = (
    "due",
    "findings",
    "replaced",
    "criteria",
    "practice",
    "matter",
    "bundle",
    "server",
)  # of the two columns field and value


@command(
    "comity show PPO-2026-123",
    "comity show main --only --json",
    "comity show --bundle court.evidence.zip --trust trust/",
    refused=Exit.UNDECIDABLE,
)
@ANY_ORDER
@AS_OF
@ONLY
@from_bundle
def show(order: str | None, as_of: datetime | None, only: bool, source: RecordSource) -> None:
    """Show one order: its state, what is due, what the record lacks, and the orders linked with it."""
    with source.reading_anywhere() as reader:
        moment = as_of or reader.now()
        shares, elsewhere = matter(reader, source.order(order, reader), moment, only=only)
        proven = brackets(reader, [shares[0].case.order])
    first, *others = shares
    judgement = first.judgement
    v = view(first.case, judgement)
    names, advice = names_of(first.case).offices, afterwards(first.case.happened(moment))
    duties = due_of(judgement, moment)
    owed = soonest_first(d for share in shares for d in due_of(share.judgement, moment))
    replacements = replaced(first.case, moment)
    number = {e.leaf: f"#{e.number}" for e in first.case.entries}
    kind = {e.leaf: e.kind for e in first.case.entries}
    called = {share.case.order: share.name for share in shares}
    orders = [member(s) for s in sorted(shares, key=began)]
    answer = ShowAnswer(
        order=v.order,
        ref=v.ref,
        label=v.label,
        instrument=v.instrument,
        from_=v.from_party,
        to=v.to_party,
        providers=v.providers,
        as_of=moment,
        state=v.state,
        regions=v.regions,
        issued_on=v.issued_on,
        last_on=v.last_on,
        entries=v.entries,
        linked=v.linked,
        due=[duty_item(d) for d in duties],
        findings=[f.code for f in judgement.findings],
        replaced=[ReplacedItem(entry=number[leaf], leaf=leaf, **put_right(by)) for leaf, by in replacements.items()],
        criteria={name: str(c.state) for name, c in judgement.criteria.items()},
        practice=[a.says for a in advice],
        bundle=item(source.bundle),
        server=server_item(source.server),
        matter=UNSET if only else LinkedItem(orders, [duty_item(d) for d in owed], elsewhere),
    )
    times: dict[datetime | None, str] = {
        e.on: spelled(proven.get(e.index, (None, None))) for e in reversed(first.case.entries)
    }
    encoded = zip(answer.__struct_encode_fields__, answer.__struct_fields__, strict=True)
    rows = [(name, getattr(answer, attribute)) for name, attribute in encoded if name not in NO_ROW]

    place = "bundle" if source.bundle else "part of the ledger that this key may see" if source.server else "ledger"

    def text() -> str:
        head = f"{v.ref or v.label or v.order[:8]}  {v.instrument}  {output.paint(v.state, 'bold')}"
        lines = [head, "", *_pairs(answer, names, times)]
        if others or elsewhere:
            lines += ["", "Matter"]
            for s in sorted(shares, key=began):
                mark = "*" if s is first else " "
                lines.append(f"{mark} {s.name:<14} {s.case.instrument:<9} {output.paint(s.judgement.state, 'bold')}")
            lines += [f"  {name:<14} not in this {place}" for name in elsewhere]
        if owed:
            lines += ["", "Due"]
            for d in owed:
                when, cite = output.plain(d.clock.due) or "unknown", ", ".join(d.clock.cite)
                whose = f"{called[d.order]:<14} " if others else ""
                lines.append(f"  {whose}{d.clock.id:<14} {when:<21} {left(d.left):<16} {cite}")
                lines += wrapped(period(d.clock), " ", indent=4)
        if judgement.findings:
            lines += ["", "Findings"]
            for f in gravest_first(judgement.findings):
                lines += wrapped(f"{f.code}: {f.says}", level(f.level))
        else:
            lines += ["", "No finding. What was checked: comity judge."]
        if replacements:
            lines += ["", "Replaced by their own signers"]
            for leaf, by in replacements.items():
                lines += wrapped(f"{number[leaf]} {kind[leaf]}: {by.line(f'#{by.entry.number}')}", " ")
        for a in advice:
            lines += ["", *wrapped(f"{a.says} {a.add[0].upper()}{a.add[1:]} ({a.cite}).", f"{a.about}:")]
        return "\n".join(lines)

    output.emit(answer, ("field", "value"), rows, text=text)


def duty_item(d: Duty) -> DutyClockItem:
    """Return one open deadline as part of an answer."""
    return DutyClockItem(
        order=d.order,
        label=d.label,
        instrument=d.instrument,
        state=d.state,
        id=d.clock.id,
        due=d.clock.due,
        policy=d.clock.policy,
        verdict=str(d.clock.verdict),
        cite=", ".join(d.clock.cite),
        entries=d.clock.entries,
    )


def _pairs(answer: ShowAnswer, names: Mapping[str, str], proven: dict[datetime | None, str]) -> list[str]:
    providers = ", ".join(names.get(p, p) for p in answer.providers)
    regions = ", ".join(f"{k.replace('_', ' ')} {v}" for k, v in answer.regions.items())
    pairs = (
        ("order", answer.order),
        ("from", answer.from_),
        ("to", answer.to),
        ("provider", providers),
        *(
            (what, f"{output.plain(on)}  {proven.get(on, '')}".rstrip())
            for what, on in (("issued", answer.issued_on), ("last entry", answer.last_on))
        ),
        ("entries", answer.entries),
        ("beside", regions),
        ("linked", ", ".join(answer.linked)),
        ("as of", output.plain(answer.as_of)),
    )
    return [f"  {name:<10} {value}" for name, value in pairs if value]
