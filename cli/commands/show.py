"""`comity show`: the state of one order, its open deadlines, its gaps and its linked orders."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from cli.click_extensions import command
from cli.exit_codes import Exit
from cli.reports.timeline_text import left
from cli.session.ledger_reader import reading
from cli.session.options import AS_OF, ONLY, ORDER
from cli.terminal import output
from cli.terminal.judgement_text import gravest_first, level, period
from cli.terminal.output import put_right
from cli.terminal.table import wrapped

if TYPE_CHECKING:
    from projections.views.due import Duty


@command("comity show PPO-2026-123", "comity show main --only --json", refused=Exit.UNDECIDABLE)
@ORDER
@AS_OF
@ONLY
def show(order: str, as_of: datetime | None, only: bool) -> None:
    """One order: where it stands, what is due, what the record lacks; and the orders that are one matter with it."""
    from cli.session.linked_orders import began, matter, member
    from cli.session.proven_times import brackets, spelled
    from projections.views.due import due as due_of
    from projections.views.due import soonest_first
    from projections.views.good_practice import afterwards
    from projections.views.replaced import replaced
    from projections.views.state import view
    from projections.views.timeline import office_names

    with reading() as reader:
        moment = as_of or reader.now()
        shares, elsewhere = matter(reader, order, moment, only=only)
        proven = brackets(reader, [shares[0].case.order])
    asked, *beside = shares
    judgement = asked.judgement
    v = view(asked.case, judgement)
    names, advice = office_names(asked.case.registry), afterwards(asked.case.happened(moment))
    duties = due_of(judgement, moment)
    owed = soonest_first(d for share in shares for d in due_of(share.judgement, moment))
    gone = replaced(asked.case, moment)
    seq = {e.leaf: e.seq for e in asked.case.entries}
    kind = {e.leaf: e.kind for e in asked.case.entries}
    called = {share.case.order: share.name for share in shares}
    document: dict[str, Any] = {
        "order": v.order,
        "ref": v.ref,
        "label": v.label,
        "instrument": v.instrument,
        "from": v.from_party,
        "to": v.to_party,
        "providers": list(v.providers),
        "as_of": moment,
        "state": v.state,
        "regions": v.regions,
        "issued_on": v.issued_on,
        "last_on": v.last_on,
        "entries": v.entries,
        "linked": list(v.linked),
        "due": [_duty(d) for d in duties],
        "findings": [f.code for f in judgement.findings],
        "replaced": [{"entry": f"#{seq[leaf]}", "leaf": leaf, **put_right(by)} for leaf, by in gone.items()],
        "criteria": {name: str(c.state) for name, c in judgement.criteria.items()},
        "practice": [a.says for a in advice],
    }
    if not only:
        orders = sorted(shares, key=began)
        document["matter"] = {
            "orders": [member(s) for s in orders],
            "due": [_duty(d) for d in owed],
            "elsewhere": elsewhere,
        }
    columns = ("due", "findings", "replaced", "criteria", "practice", "matter")
    times = {e.on: spelled(proven.get(e.index, (None, None))) for e in reversed(asked.case.entries)}
    rows = [(name, value) for name, value in document.items() if name not in columns]

    def text() -> str:
        head = f"{v.ref or v.label or v.order[:8]}  {v.instrument}  {output.paint(v.state, 'bold')}"
        lines = [head, "", *_pairs(document, names, times)]
        if beside or elsewhere:
            lines += ["", "Matter"]
            for s in sorted(shares, key=began):
                mark = "*" if s is asked else " "
                lines.append(f"{mark} {s.name:<14} {s.case.instrument:<9} {output.paint(s.judgement.state, 'bold')}")
            lines += [f"  {name:<14} not in this ledger" for name in elsewhere]
        if owed:
            lines += ["", "Due"]
            for d in owed:
                when, cite = output.plain(d.clock.due) or "unknown", ", ".join(d.clock.cite)
                whose = f"{called[d.order]:<14} " if beside else ""
                lines.append(f"  {whose}{d.clock.id:<14} {when:<21} {left(d.left):<16} {cite}")
                lines += wrapped(period(d.clock), " ", 80, indent=4)
        if judgement.findings:
            lines += ["", "Findings"]
            for f in gravest_first(judgement.findings):
                lines += wrapped(f"{f.code}: {f.says}", level(f.level), 80)
        else:
            lines += ["", "No finding. What was checked: comity judge."]
        if gone:
            lines += ["", "Replaced by their own signers"]
            for leaf, by in gone.items():
                lines += wrapped(f"#{seq[leaf]} {kind[leaf]}: {by.told(f'#{by.entry.seq}')}", " ", 80)
        for a in advice:
            lines += ["", *wrapped(f"{a.says} {a.add[0].upper()}{a.add[1:]} ({a.cite}).", f"{a.about}:", 80)]
        return "\n".join(lines)

    output.emit("show", document, ("field", "value"), rows, text=text)


def _duty(d: Duty) -> dict[str, Any]:
    return {
        "order": d.order,
        "label": d.label,
        "instrument": d.instrument,
        "state": d.state,
        "id": d.clock.id,
        "due": d.clock.due,
        "policy": d.clock.policy,
        "verdict": str(d.clock.verdict),
        "cite": ", ".join(d.clock.cite),
        "entries": list(d.clock.entries),
    }


def _pairs(document: dict[str, Any], names: dict[str, str], proven: dict[datetime, str]) -> list[str]:
    providers = ", ".join(names.get(p, p) for p in document["providers"])
    regions = ", ".join(f"{k.replace('_', ' ')} {v}" for k, v in document["regions"].items())
    pairs = (
        ("order", document["order"]),
        ("from", document["from"]),
        ("to", document["to"]),
        ("provider", providers),
        *(
            (what, f"{output.plain(document[on])}  {proven.get(document[on], '')}".rstrip())
            for what, on in (("issued", "issued_on"), ("last entry", "last_on"))
        ),
        ("entries", document["entries"]),
        ("beside", regions),
        ("linked", ", ".join(document["linked"])),
        ("as of", output.plain(document["as_of"])),
    )
    return [f"  {name:<10} {value}" for name, value in pairs if value]
