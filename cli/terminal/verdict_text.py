"""Show a verdict for people and machines; integrity and procedure are two lines, and neither stands for the other."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any, Final

from msgspec import Struct

from cli.exit_codes import Exit
from cli.terminal import output
from cli.terminal.answer import CommandAnswer, Time
from cli.terminal.stored_by import StoredByItem, stored, stored_by
from cli.terminal.table import wrapped
from ledger.bundle.findings import StatedFinding
from ledger.formats.characters import visible
from ledger.law.terms.rule import LEVELS
from ledger.messages import Message, made, pattern_of, values_of
from ledger.tlog.note import Checkpoint, Vkey
from ledger.trust.held import OF_ANOTHER_LOG, ComparedRoots
from ledger.verify.audits.statements import name_entries
from ledger.verify.history.anchors import TYPED
from ledger.verify.progress import ENDS, Unproven
from ledger.verify.report import (
    Bracket,
    CommittedHeads,
    MakersFindings,
    Remark,
    Report,
    Result,
    StatedAudit,
    Verdict,
)

EXITS = {Verdict.PASSED: Exit.DONE, Verdict.INDETERMINATE: Exit.FINDINGS, Verdict.FAILED: Exit.PROVED_BAD}
CHECKED = {  # what each check of an auditor's statement says of every entry
    "signatures": "it is signed by a key that the register had accepted for its signer",
    "chain": "it follows the entry before it in its order",
    "places": "it has its one place in this log, and is not there twice",
    "map-roots": "if it commits a root of the map of heads, that is the root of the entries before it",
}


class StepItem(Struct, frozen=True):
    """One step of the verification (docs/reference/verification.md) and its result."""

    step: int
    what: str
    result: Result
    says: str


class CheckpointItem(Struct, frozen=True):
    """The state of a log: its origin, its size, and its root hash in hex."""

    origin: str
    size: int
    root: str


class StatedItem(Struct, frozen=True):
    """A finding that the maker of a bundle states; `entries` are indexes in the log, `more` were not listed."""

    code: str
    level: str
    says: str
    cite: list[str]
    mark: str
    entries: list[int]
    more: int


class MakersItem(Struct, frozen=True):
    """What the maker of a bundle states on the procedure, and how it compares with what was found here.

    `state` is stated, none or unreadable, `again` same, differs or not-compared, `rules` the digest of the
    maker's rules.
    """

    state: str
    again: str
    rules: str | None
    findings: list[StatedItem]


class CommittedItem(Struct, frozen=True):
    """The heads of all orders, as entry `index` of the log committed them at `size` entries.

    `entries` has how many each order of the bundle has among these, by its id. `whole` is true if nothing but that
    entry came between them and the head of the bundle. `auditors` are those of the verifier's policy who state that
    they computed the root.
    """

    index: int
    size: int
    signed_at: Time
    entries: dict[str, int]
    whole: bool
    auditors: list[str]


class AuditItem(Struct, frozen=True):
    """What an auditor of the verifier's policy states: `ranges` of entries [start, end) that it checked.

    `name` is its name in the policy; `checks`, `program` and `rules` are those of its statement, empty without one.
    """

    name: str
    auditor: str
    checks: list[str]
    program: str
    rules: str
    ranges: list[tuple[int, int]]


class ReasonItem(Struct, frozen=True):
    """A reason why the verdict is not better: a released code, the file or entry, a sentence.

    `message_id` is the pattern of the sentence, its places numbered from 0, and `values` fill them in order
    (`ledger.messages.built`); empty where it has no pattern.
    """

    code: str
    where: str
    says: str
    message_id: str = ""
    values: list[Any] = []


class RemarkItem(Struct, frozen=True):
    """A finding on the procedure: V, W or G, a sentence, its citations, and its entries (leaf hashes in hex).

    `message_id` and `values` are as of a reason.
    """

    code: str
    level: str
    says: str
    cite: tuple[str, ...] = ()
    entries: tuple[str, ...] = ()
    message_id: str = ""
    values: list[Any] = []


class VerifyAnswer(CommandAnswer, tag="comity.verify/1"):
    """The verdict on a bundle, an entry, a ledger or an exhibit."""

    verdict: Verdict
    reasons: list[ReasonItem]
    entries: int
    not_covered: int
    signatures: int
    not_proven: tuple[str, ...]
    procedure: list[RemarkItem]
    brackets: tuple[Bracket, ...]
    steps: list[StepItem]
    as_of: Time | None
    head: CheckpointItem | None
    head_seen: Time | None
    makers: MakersItem | None
    committed: CommittedItem | None
    says: str
    stored_by: list[StoredByItem]
    audits: list[AuditItem]
    headline: str
    compared: ComparedRoots | None


def answer(report: Report, mirrors: Collection[Vkey] = ()) -> VerifyAnswer:
    """Return the report as the answer of `comity verify`; `mirrors` are those of the reader's trust folder."""
    return VerifyAnswer(
        verdict=report.verdict,
        reasons=[ReasonItem(r.code, r.where, r.says, pattern_of(r.says), values_of(r.says)) for r in report.reasons],
        entries=report.entries,
        not_covered=report.not_covered,
        signatures=report.signatures,
        not_proven=report.not_proven,
        procedure=[
            RemarkItem(r.code, r.level, r.says, r.cite, r.entries, pattern_of(r.says), values_of(r.says))
            for r in report.procedure
        ],
        brackets=report.brackets,
        steps=[StepItem(s.number, s.what, s.result, s.says) for s in report.steps],
        as_of=report.as_of,
        head=None if report.head is None else _checkpoint(report.head.checkpoint),
        head_seen=report.head_seen,
        makers=None if report.makers is None else _item_of(report.makers),
        committed=None if report.committed is None else _committed(report.committed),
        says=report.says,
        stored_by=[] if report.head is None else stored_by(report.head, mirrors),
        audits=[_audit_item(each) for each in report.audits],
        headline=headline(report),
        compared=report.compared,
    )


def _committed(found: CommittedHeads) -> CommittedItem:
    return CommittedItem(
        found.index, found.size, found.signed_at, dict(found.counts), found.whole, list(found.auditors)
    )


def rows(report: Report) -> list[tuple[str, str, str, str]]:
    """Return the report as (code, level, where, says) for CSV and JSON Lines; the verdict always comes first.

    `level` is verdict, reason, V, W or G of a finding on the procedure, not-proven, `maker` for what the maker of
    a bundle states that it found, or `auditor` for what an auditor states that it checked.
    """
    lines = [(str(report.verdict), "verdict", "", f"{checked(report)}; procedure: {procedure(report)}")]
    lines += [(r.code, "reason", r.where, r.says) for r in report.reasons]
    lines += [(p.code, p.level, "", p.says) for p in report.procedure]
    for says in report.not_proven:
        code, words = (says.code, says.words) if isinstance(says, Unproven) else ("", says)
        lines.append((code, "not-proven", "", words))
    if report.makers is not None:
        lines += [("", "maker", "", _compared(report.makers))]
        lines += [(f.code, "maker", "", visible(f.says)) for f in _stated(report.makers)]
    lines += [("", "auditor", each.name, says) for each in report.audits for says in _audit(each, report)]
    return lines


def checked(report: Report) -> str:
    """Return how much was checked: `41 entries and 41 signatures checked`."""
    entries = output.counted(report.entries, "entry", "entries")
    return f"{entries} and {output.counted(report.signatures, 'signature')} checked"


def text(report: Report, width: int = 80, mirrors: Collection[Vkey] = ()) -> str:
    """Return the report for people: integrity, procedure, then reasons, times, and what is not proven."""
    lines = [
        f"Integrity: {output.paint(str(report.verdict))}{_code(report)}",
        f"Procedure: {procedure(report)}",
        *_headline(report, width),
        *_roots(report),
        *(["", *wrapped(report.says, "It says", width)] if report.says else []),
        "",
        checked(report) + _head(report),
    ]
    if report.not_covered:
        lines.append(f"{output.counted(report.not_covered, 'entry', 'entries')} more behind that size: not covered.")
    if report.head is not None:
        lines += [f"{says[0].upper()}{says[1:]}." for says in stored(report.head, mirrors)]
    if report.as_of is not None:
        lines.append(f"Findings are as of {output.plain(report.as_of)}, when this was made.")
    if report.reasons:
        lines += ["", "Why the verdict is not better"]
        for r in report.reasons:
            lines += _item(f"{r.code}{' ' + r.where if r.where else ''}: {r.says}", width)
    if report.procedure:
        lines += ["", "Findings on the procedure (the court decides what they mean)"]
        for p in sorted(report.procedure, key=lambda p: "VWG".find(p.level)):
            level = output.paint(LEVELS.get(p.level, p.level), output.COLOURS.get(p.level))
            lines += wrapped(f"{p.code}: {p.says}{_cited(p)}", level, width)
    lines += _makers(report, width)
    if stated := [says for each in report.audits for says in _audit(each, report)]:
        lines += ["", "What auditors of your policy state (signed by them, not checked again here)"]
        for says in stated:
            lines += _item(says, width)
    lines += _brackets(report.brackets)
    lines += _withheld(report, width)
    ends = [says for says in report.not_proven if isinstance(says, Unproven) and says.about == ENDS]
    if answer := missing(report):
        lines += ["", "Is anything missing?", *_item(answer, width), *_items(ends, width)]
    if others := [says for says in report.not_proven if says not in ends]:
        lines += ["", "What this cannot show", *_items(others, width)]
    return "\n".join(lines)


def missing(report: Report) -> Message | None:
    """Return whether something is missing in a sentence, as the verifier page says it; None for what is no order."""
    codes = {says.code for says in report.not_proven if isinstance(says, Unproven) and says.about == ENDS}
    if not codes:
        return None
    if report.verdict is not Verdict.PASSED:
        return Message("That is not shown as long as the verdict is open.")
    if "CMP-NOT-COMMITTED" in codes:
        return Message(
            "That is not shown: the ledger has not committed itself to how many entries this order has. The maker "
            "alone says that nothing was left out."
        )
    if "CMP-ORDER" in codes:
        return Message(
            "No, among the entries of this order to which the ledger has committed itself. What came later rests on "
            "the word of the maker alone."
        )
    return Message("No. The ledger has committed itself to how many entries this order has, and they are all here.")


def _coded(says: str) -> str:
    if not isinstance(says, Unproven) or not says.code:
        return says
    return f"{says.words[0].upper()}{says.words[1:]} [{says.code}]"


def _withheld(report: Report, width: int) -> list[str]:
    """Return which sealed values of a bundle are not opened in it, and why, as its maker signed."""
    if report.manifest is None or report.case is None:
        return []
    kinds = {e.index: e.kind for e in report.case.entries}
    lines = ["", "What was kept from you"]
    for closed in report.manifest.withheld:
        named = f"#{closed.index} {kinds.get(closed.index, '')}".rstrip()
        lines += _item(f"{named}: {visible(closed.field).replace('_', ' ')}: {WITHHELD[closed.why]}", width)
    if not report.manifest.withheld:
        count = output.counted(report.manifest.withheld_count, "sealed value")
        unsaid = f"{count} not opened here. Which ones is not said to this reader."
        none = "Nothing that was sealed is kept closed in this bundle."
        lines += _item(unsaid if report.manifest.withheld_count else none, width)
    return lines


def _items(sentences: Sequence[str], width: int) -> list[str]:
    """Return sentences on what is not proven, each with a capital and its code behind it."""
    return [line for says in sentences for line in _item(_coded(says), width)]


WITHHELD: Final = {
    "audience": "this reader may not have it",
    "erased": "it was erased, and nobody can open it any more",
    "not-held": "the maker of the bundle does not have it",
}


def headline(report: Report) -> Message:
    """Return the verdict in a sentence, as the verifier page says it."""
    first = report.reasons[0].code if report.reasons else ""
    if report.verdict is Verdict.FAILED:
        return Message(
            "Something was proved wrong. Do not rely on what this file says, and keep it as it is: it may be evidence "
            "of something else."
        )
    if report.verdict is Verdict.PASSED:
        return Message("Every check passed, under the trust that was given. What that leaves open is listed below.")
    if first == TYPED:
        return Message("Compare what you typed with your paper, before you conclude anything.")
    if pattern_of(report.reasons[0].says) in OF_ANOTHER_LOG:
        return made(report.reasons[0].says)
    if {reason.code for reason in report.reasons} == {"NO_TRUST_ANCHOR"}:
        return Message("Consistent in itself; whose it is was not shown.")
    return Message("Nothing was proved wrong. Something that would prove it right is missing: the reasons are below.")


def _headline(report: Report, width: int) -> list[str]:
    """Return the verdict in a sentence, below it, unless every check passed."""
    if report.verdict is Verdict.PASSED:
        return []
    return ["", *textwrap.wrap(headline(report), width, break_on_hyphens=False)]


def _roots(report: Report) -> list[str]:
    """Return both roots under each other, with a mark under each letter that differs."""
    if (compared := report.compared) is None:
        return []
    marks = "".join("^" if n in compared.letters else " " for n in range(1, len(compared.typed) + 1)).rstrip()
    return ["", f"  you typed  {compared.typed}", f"  it has     {compared.here}", f"             {marks}"]


def procedure(report: Report) -> str:
    """Return the numbers of findings on the procedure in one line; "no finding" does not mean lawful."""
    if report.case is None and not report.procedure:
        return "not examined"
    if not report.procedure:
        return "no finding"
    counts = Counter(p.level for p in report.procedure)
    return ", ".join(output.counted(n, LEVELS.get(level, level)) for level, n in sorted(counts.items(), key=_gravest))


def _head(report: Report) -> str:
    """Return the log, its size and the proven date of the head that the report rests on."""
    if report.head is None:
        return "."
    where = f", log {report.head.checkpoint.origin}, size {report.head.checkpoint.size}"
    if report.head_seen is not None:
        return f"{where}, as of {output.plain(report.head_seen)}."
    return f"{where}; nothing here proves of when that is." if report.manifest else f"{where}."


def exit_of(report: Report) -> Exit:
    """Return the exit code of a verdict."""
    return EXITS[report.verdict]


def _checkpoint(head: Checkpoint) -> CheckpointItem:
    return CheckpointItem(head.origin, head.size, head.root.hex())


def _gravest(item: tuple[str, int]) -> int:
    return "VWG".find(item[0])


def _code(report: Report) -> str:
    return f" {report.reasons[0].code}" if report.reasons else ""


def _cited(remark: Remark) -> str:
    return _citing(remark.cite)


def _citing(cite: Sequence[str]) -> str:
    return f" [{', '.join(cite)}]" if cite else ""


def _makers(report: Report, width: int) -> list[str]:
    """Return what the maker of a bundle states, under its own heading; its list only where it says something new."""
    makers = report.makers
    if makers is None:
        return []
    checked = "" if makers.again == "same" else " (not checked here)"
    lines = ["", f"What the maker says it found{checked}", *_item(_compared(makers), width)]
    for f in () if makers.again == "same" else _stated(makers):
        level = output.paint(LEVELS[f.level], output.COLOURS.get(f.level))
        lines += wrapped(visible(f"{f.code}: {f.says}{_citing(f.cite)}"), level, width)
    return lines


def _stated(makers: MakersFindings) -> list[StatedFinding]:
    return [] if makers.stated is None else sorted(makers.stated.findings, key=lambda f: "VWG".find(f.level))


def _item_of(makers: MakersFindings) -> MakersItem:
    findings = [
        StatedItem(f.code, f.level, f.says, f.cite, f.mark, [entry.index for entry in f.entries], f.more)
        for f in _stated(makers)
    ]
    return MakersItem(makers.state, makers.again, makers.stated.rules if makers.stated else None, findings)


def _audit_item(each: StatedAudit) -> AuditItem:
    ranges = list(each.ranges)
    if each.statement is None:
        return AuditItem(each.name, each.auditor, [], "", "", ranges)
    statement = each.statement
    return AuditItem(each.name, each.auditor, list(statement.checks), statement.program, statement.rules, ranges)


def _audit(each: StatedAudit, report: Report) -> list[str]:
    """Return in sentences what an auditor states; nothing if it states nothing."""
    if each.statement is None or report.head is None:
        return []
    size = report.head.checkpoint.size
    checks = "; ".join(CHECKED[check] for check in each.statement.checks)
    return [
        f"{each.name} ({visible(each.auditor)}) checked {name_entries(each.ranges)} of the {size} in this log. "
        f"Of each: {checks}.",
        f"{each.name} used the program {each.statement.program} and the rules {each.statement.rules}.",
    ]


def _compared(makers: MakersFindings) -> str:
    """Return in a sentence what the maker states, and how it compares with what was found here."""
    if makers.stated is None:
        return {
            "none": "The maker states no findings: this bundle has no list of them.",
            "unreadable": "The list of the maker cannot be read (CMP-FINDINGS), so nothing of it is shown.",
        }[makers.state]
    number = output.counted(len(makers.stated.findings), "finding") if makers.stated.findings else "no finding"
    if makers.again == "same":
        return f"{number}; computed again here, from what this audience may read: the same."
    differs = "computed again here: the findings on the procedure above DIFFER"
    other = f"by other rules than this program has ({makers.stated.rules[:8]}), so it was not compared"
    return f"{number}; {differs if makers.again == 'differs' else other}."


def _brackets(brackets: Sequence[Bracket]) -> list[str]:
    shown = [b for b in brackets if b.not_before is not None or b.not_after is not None]
    if not shown:
        return []
    lines = ["", "When each entry was signed, as far as it is proven (UTC, by place in the log)"]
    for b in shown:
        low, high = output.plain(b.not_before) or "unknown", output.plain(b.not_after) or "unknown"
        lines.append(f"  #{b.index:<4} after {low:<20} by {high:<20} claimed {output.plain(b.signed_at)}")
    return lines


def _item(says: str, width: int) -> list[str]:
    return textwrap.wrap(says, width, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False)
