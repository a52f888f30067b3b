"""What the law says of an order, and hand to hand: judge, custody, check, register."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.commands.orders import AS_OF, ORDER
from cli.exit_codes import Exit, Stop
from cli.session.ledger_reader import reading
from cli.session.recorded_access import Stated, revealed, revealing
from cli.terminal import output
from cli.terminal.table import wrapped as wrapped
from cli.terminal.verdict_text import LEVELS

if TYPE_CHECKING:
    from ledger.entries.case import Case
    from ledger.law import Judgement
    from ledger.law.terms.rule import Clock, Finding
    from projections.views.custody import Hand, Trace
    from projections.views.exhibit_digests import Digest
    from projections.views.replaced import Replaced

FIELD = re.compile(r"[a-z]+_[a-z_]+")


@output.command(
    "comity judge PPO-2026-123", "comity judge main --as-of 2027-09-02T00:00:00Z --json", refused=Exit.UNDECIDABLE
)
@ORDER
@AS_OF
@click.option("--forum", help="Beside A1-A8, the questions a forum asks: US, GB, DE, EU or ECHR.")
def judge(order: str, as_of: datetime | None, forum: str | None) -> Exit:
    """Deadlines, findings, and the criteria A1-A8 with the entries each rests on; exit 3 on a violation."""
    from ledger.law import judge as judge_case

    with reading() as reader:
        case = reader.case(order)
        moment = as_of or reader.now()
    judgement = judge_case(case, moment)
    document = judged(judgement)
    if forum is not None:
        document["forum"] = sheet(judgement, forum)
    rows: list[Sequence[Any]] = [("state", judgement.state, "", "")]
    rows += [("region", name, value, "") for name, value in judgement.regions.items()]
    rows += [("deadline", c.id, str(c.verdict), output.plain(c.due)) for c in judgement.deadlines]
    rows += [("finding", f.code, f.level.value, f.says) for f in judgement.findings]
    rows += [("criterion", name, str(c.state), "; ".join(c.lacks)) for name, c in judgement.criteria.items()]
    output.emit(
        "judge", document, ("what", "name", "value", "says"), rows, text=lambda: opinion(case, judgement, forum)
    )
    return Exit.FINDINGS if any(f.level.value == "V" for f in judgement.findings) else Exit.DONE


def judged(j: Judgement) -> dict[str, Any]:
    """A judgement as the JSON others read (docs/interface.md)."""
    return {
        "order": j.order,
        "label": j.label,
        "instrument": j.instrument,
        "as_of": j.as_of,
        "state": j.state,
        "regions": dict(j.regions),
        "deadlines": [
            {
                "id": c.id,
                **({} if c.due is None else {"due": c.due}),
                "policy": c.policy,
                "verdict": str(c.verdict),
                "cite": ", ".join(c.cite),
                "entries": list(c.entries),
            }
            for c in j.deadlines
        ],
        "findings": [
            {
                "code": f.code,
                "level": f.level.value,
                "criterion": ", ".join(f.criteria) or None,
                "says": f.says,
                "cite": ", ".join(f.cite),
                "entries": list(f.entries),
            }
            for f in j.findings
        ],
        "criteria": {
            name: {"state": str(c.state), "rests_on": list(c.rests_on), "lacks": list(c.lacks)}
            for name, c in j.criteria.items()
        },
        "duties": [{"question": d.question, "says": d.says, "entries": list(d.entries)} for d in j.duties],
    }


def opinion(case: Case, j: Judgement, forum: str | None = None, width: int = 80) -> str:
    """A judgement for people, at 80 columns: what the record shows and what it lacks, never whether it is admitted."""
    from projections.views.evidence_chain import evidence_chain

    seq = {e.leaf: e.seq for e in case.entries}
    out = [f"{_called(case, j)}  {j.instrument}  {output.paint(j.state, 'bold')}  as of {output.plain(j.as_of)}"]
    if j.regions:
        out.append("  " + ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in j.regions.items()))
    out += ["", output.paint("Deadlines", "bold")]
    for c in j.deadlines:
        out.append(
            f"  {c.id:<15} {output.paint(str(c.verdict))}{'':<{14 - len(c.verdict)}}"
            f"{output.plain(c.due) or 'not known':<21} {c.policy:<13} {', '.join(c.cite)}"
        )
        out += wrapped(period(c), " ", width, indent=4)
    if not j.deadlines:
        out.append("  None is listed for this order.")
    out += ["", output.paint("Findings", "bold")]
    for f in gravest_first(j.findings):
        at = numbered(seq[leaf] for leaf in f.entries if leaf in seq)
        ground = "; ".join(part for part in (", ".join(f.cite), at) if part)
        out += wrapped(f"{f.code} [{f.mark}] {f.says} ({ground})", level(f.level), width)
    if not j.findings:
        out.append("  No finding.")
    out += ["", output.paint("Criteria", "bold")]
    for pillar in evidence_chain(case, j):
        rests = numbered(seq[e.leaf] for e in pillar.rests_on)
        state = output.paint(pillar.state)
        out.append(f"  {pillar.id} {pillar.name:<29} {state}{'  rests on ' + rests if rests else ''}")
        for lack in pillar.lacks:
            out += wrapped(lack, " ", width, indent=5)
    if forum is not None:
        out += ["", output.paint(f"Questions of the forum: {forum}", "bold")]
        for q in sheet(j, forum)["questions"]:
            shown = ", ".join(f"{name} {state}" for name, state in q["criteria"].items())
            out += wrapped(f"{q['cite']}: {q['asks']} [{shown}]", "-", width)
            if q["leaves"]:
                out += wrapped(f"left open: {q['leaves']}", " ", width)
    out += ["", "What the record shows under the rules as modelled. Whether it is admitted is for the court."]
    return "\n".join(out)


def level(of: str) -> str:
    """The word for the level of a finding, in its colour."""
    return output.paint(LEVELS.get(of, of), output.COLOURS.get(of))


def _called(case: Case, j: Judgement) -> str:
    """What people call an order: its reference, else its label, else the beginning of its id."""
    from projections.views.state import view

    return view(case, j).ref or case.label or j.order[:8]


def numbered(places: Iterable[int]) -> str:
    """Entries by their numbers, in the order given; three and more that follow each other as `#8 to #1000`."""
    runs: list[list[int]] = []
    for seq in places:
        if runs and seq == runs[-1][-1] + 1:
            runs[-1].append(seq)
        else:
            runs.append([seq])
    return " ".join(f"#{run[0]} to #{run[-1]}" if len(run) > 2 else " ".join(f"#{n}" for n in run) for run in runs)


def gravest_first(findings: Iterable[Finding]) -> list[Finding]:
    """Findings as people read them: violations, remarks, gaps."""
    return sorted(findings, key=lambda f: "VWG".index(f.level.value))


def period(clock: Clock) -> str:
    """Whose a period is, how long it is, and when it ends on the clocks of the place where it is counted."""
    from ledger.law.deadlines.table import REGISTER

    rule = next(d for d in REGISTER if d.id == clock.id)
    says = f"{rule.acts}: {FIELD.sub(_stated, rule.length)}"
    if clock.due is None or clock.count is None:
        return says
    days = clock.count.days
    return f"{says}; ends {days.local(clock.due):%Y-%m-%d %H:%M} in {days.zone}"


def _stated(field: re.Match[str]) -> str:
    return f'the stated "{field[0].replace("_", " ")}"'


def sheet(j: Judgement, code: str) -> dict[str, Any]:
    """The questions of a forum with what the record shows on the criteria that speak to them."""
    from ledger.law.admissibility.forums import FORUMS

    forum = FORUMS.get(code.upper())
    if forum is None:
        raise Stop(f"no sheet for {code!r}", hint=f"there are {', '.join(FORUMS)}")
    return {
        "code": forum.code,
        "name": forum.name,
        "questions": [
            {
                "cite": q.cite,
                "asks": q.asks,
                "criteria": {name: str(j.criteria[name].state) for name in q.criteria},
                "mark": str(q.mark),
                "leaves": q.leaves,
            }
            for q in forum.questions
        ],
    }


@output.command("comity custody PPO-2026-123", "comity custody main --json", refused=Exit.UNDECIDABLE)
@ORDER
@AS_OF
@revealing
def custody(
    order: str,
    as_of: datetime | None,
    reveal: bool,
    stated: Stated,
    actor: str | None,
) -> None:
    """Hand to hand: who held what was disclosed, and whether its digests are still the same."""
    from projections.views.custody import custody as hands_of
    from projections.views.custody import out_of_step

    with reading() as reader:
        case = reader.case(order)
        moment = as_of or reader.now()
        known = reader.known(case, moment)
        revealed([case.order], "custody", reveal, stated, actor)
    hands = hands_of(known, moment, reveal=reveal)
    moved = {leaf: _recorded(before) for leaf, before in out_of_step(hands).items()}
    steps = [{**_step(hand, reveal), "recorded": moved.get(hand.entry.leaf)} for hand in hands]
    struck = [n for n, hand in enumerate(hands) if hand.replaced is not None]
    columns: tuple[str, ...] = ("entry", "on", "kind", "hands", "exhibit", "check", "against_first", "files")
    columns += ("replaced",) if struck else ()
    rows = [
        (_placed(step), step["on"], step["kind"], _between(hand), *(step[c] for c in columns[4:]))
        for step, hand in zip(steps, hands, strict=True)
    ]
    document = {"order": case.order, "label": case.label, "as_of": moment, "custody": steps}
    output.emit("custody", document, columns, rows, struck=struck)


def _placed(step: Mapping[str, Any]) -> str:
    """The number of an entry; where its place by date is not its place in the record, also that one."""
    return f"{step['entry']} (recorded {step['recorded']})" if step["recorded"] else str(step["entry"])


def _between(hand: Hand) -> str:
    """Who released the data to whom; where nothing changes hands, who holds them."""
    if hand.held_by is not None:
        return f"held by {hand.held_by}"
    return f"{hand.released_by or '(not stated)'} to {hand.received_by or '(not stated)'}"


def _recorded(before: Hand | None) -> str:
    return "first" if before is None else f"after #{before.entry.seq}"


def _step(hand: Hand, reveal: bool) -> dict[str, Any]:
    return {
        "entry": f"#{hand.entry.seq}",
        "leaf": hand.entry.leaf,
        "on": hand.entry.on,
        "kind": hand.entry.kind,
        "holder": hand.holder,
        "released_by": hand.released_by,
        "received_by": hand.received_by,
        "exhibit": hand.exhibit,
        "check": hand.check,
        "against_first": hand.compared,
        "files": [
            *(_file(d) if reveal else "[sealed]" for d in hand.files),
            *([hand.unread] if hand.unread else ()),
        ],
        **put_right(hand.replaced),
    }


def put_right(gone: Replaced | None) -> dict[str, Any]:
    """What a document says of an entry that was replaced: by which leaf, when it was signed, by whom, why."""
    if gone is None:
        return dict.fromkeys(("replaced", "replaced_by", "replaced_at", "replaced_who", "why"))
    e = gone.entry
    return {
        "replaced": gone.told(f"#{e.seq}"),
        "replaced_by": e.leaf,
        "replaced_at": e.at,
        "replaced_who": e.by,
        "why": gone.why,
    }


def _file(d: Digest) -> dict[str, Any]:
    return {"name": d.name, "size": d.size, "sha256": d.sha256, "sha512": d.sha512}


@output.command("comity check skyl-return.json main", refused=Exit.UNDECIDABLE)
@click.argument("files", nargs=-1, required=True, type=click.Path())
@ORDER
def check(files: tuple[str, ...], order: str) -> Exit:
    """Is each FILE what was disclosed under ORDER, and at which hand did it change?

    Exit 1 if one is not; 4 if that cannot be told, since digests are stated that cannot be read here.
    """
    from cli.session.field_values import digests
    from projections.views.custody import custody as hands_of
    from projections.views.custody import standing, trace
    from projections.views.exhibit_digests import Digest

    with reading() as reader:
        every = hands_of(reader.case(order))
    hands = standing(every)
    taken_back = [hand for hand in every if hand.replaced is not None]
    found, traces = [], []
    for file, (size, sha256, sha512) in zip(files, digests(files), strict=True):
        here = Digest(Path(file).name, size, sha256, sha512)
        t, before = trace(hands, here), trace(taken_back, here)
        traces.append(t)
        changed = next((h for h in t.differs if not t.equal or h.entry.on > t.equal[-1].entry.on), None)
        found.append(
            {
                "file": file,
                "verdict": t.verdict,
                "sha256": sha256,
                "equal_to": [f"#{h.entry.seq} {h.entry.kind}" for h in t.equal],
                "differs_from": [f"#{h.entry.seq} {h.entry.kind}" for h in t.differs],
                "replaced": [f"#{h.entry.seq} {h.entry.kind}" for h in (*before.equal, *before.differs)],
                "unread": [f"#{h.entry.seq} {h.unread}" for h in hands if h.unread] if t.verdict == "unknown" else [],
                "changed_at": None if changed is None else f"#{changed.entry.seq} {changed.entry.kind}",
            }
        )
    columns = ("file", "verdict", "equal_to", "differs_from", "changed_at", "replaced")
    rows = [tuple(f[c] for c in columns) for f in found]
    told = [line for f, t in zip(found, traces, strict=True) for line in _compared(f, t)]
    output.emit("check", {"files": found}, columns, rows, text=(lambda: "\n".join(told)) if output.terminal() else None)
    open_ = [f for f in found if f["verdict"] != "equal"]
    if open_ and all(f["unread"] for f in open_):
        return Exit.UNDECIDABLE
    return Exit.PROVED_BAD if open_ else Exit.DONE


def _compared(file: dict[str, Any], t: Trace) -> list[str]:
    """What a file is, in a sentence a court can read, and the entries that say so."""
    says = {
        "equal": "is what was disclosed",
        "differs": "is not what was disclosed: its digest is another",
        "unknown": "is not among what was disclosed: no entry states its digest or its name",
    }[file["verdict"]]
    if file["unread"]:
        says = f"cannot be told: digests are stated that cannot be read here, at {', '.join(file['unread'])}"
    lines = wrapped(f"{says}.", f"{file['file']}:", 80, indent=0)
    for word, hands in (("equal to what is stated in", t.equal), ("not what is stated in", t.differs)):
        if hands:
            lines += wrapped(f"{word} {numbered(h.entry.seq for h in hands)}", " ", 80, indent=0)
    if file["replaced"]:
        says = f"stated before, and replaced since by the same signer: {', '.join(file['replaced'])}"
        lines += wrapped(says, " ", 80, indent=0)
    if file["changed_at"]:
        lines += wrapped(f"the first entry that states another digest: {file['changed_at']}", " ", 80, indent=0)
    return lines


@output.command(
    "comity register main",
    "comity register --subject 'witness 3' --json",
    "comity register main --reveal --because 'request of 3 May' --purpose rights-request --as dpo",
    refused=Exit.UNDECIDABLE,
)
@click.argument("order", required=False)
@click.option("--subject", metavar="S", help="Only the orders in which something is sealed for this person.")
@AS_OF
@revealing
def register(
    order: str | None,
    subject: str | None,
    as_of: datetime | None,
    reveal: bool,
    stated: Stated,
    actor: str | None,
) -> Exit:
    """The ten questions of a data protection officer, and which duties are open; exit 3 if one is.

    Question 2 says who received data, and who opened sealed values, when, in which view and what for; with --reveal
    also which person and why. An issuing office that reveals says its --purpose, such as rights-request.
    """
    from ledger.law import judge as judge_case
    from projections.reports.dpo_questions import register as answers_of

    if order and subject:
        raise click.UsageError("an ORDER or --subject S, not both")
    with reading() as reader:
        if subject is not None:
            mine = reader.of_subject(subject)
            cases = [case for case in reader.all() if case.order in mine]
        else:
            cases = [reader.case(order)] if order else list(reader.all())
        revealed([case.order for case in cases], "dpo", reveal, stated, actor)
        moment = as_of or reader.now()  # after its own access entry, which the answer tells of too
        accesses = [e for e in reader.accesses() if e.at <= moment]
    found = []
    for case in cases:
        read = [e for e in accesses if case.order in e.get("orders", ())]
        found.append((case, answers_of(case.known(moment), judge_case(case, moment), read, reveal=reveal)))
    columns = ("order", "number", "question", "cite", "open", "answer")
    rows = [
        (case.label or case.order[:8], a.number, a.question, a.cite, a.open, " | ".join(a.lines))
        for case, answers in found
        for a in answers
    ]
    document = {"as_of": moment, "register": [dict(zip(columns, row, strict=True)) for row in rows]}

    def text() -> str:
        out = []
        for case, answers in found:
            out += [output.paint(f"{case.label or case.order}  {case.instrument}", "bold")]
            for a in answers:
                out += ["", *wrapped(f"{a.question} ({a.cite})", f"{a.number}.", 80, indent=0)]
                for line in a.lines:
                    out += wrapped(line, " ", 80)
                if a.open:
                    out.append(f"    {output.paint('A duty is open.', 'yellow')}")
        return "\n".join(out)

    output.emit("register", document, columns, rows, text=text)
    return Exit.FINDINGS if any(a.open for _, answers in found for a in answers) else Exit.DONE
