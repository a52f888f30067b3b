"""The first page of a report, as values, in the order in which it is read; and its annex on how to check it.

The order: number and title, who asked whom for what, the exhibits, the result, the findings, what was not checked, the
signature. The verdict with its codes, the checkpoint and the commands are for the annex at the end. HTML, PDF and
JSON are the same. The page never says what a court decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from ledger.entries.case import Case, Entry
from ledger.facts import KINDS
from ledger.facts.value_forms import ListForm
from ledger.facts.vocabulary import INSTRUMENTS, ROLES
from ledger.law import Finding, Judgement
from ledger.law.terms.rule import LEVELS, Level
from ledger.messages import Capitalised, Message, joined
from ledger.verify.progress import Unproven
from projections.reports.entry_numbers import in_order, number, numbers
from projections.reports.request import Request, request
from projections.reports.signature_note import SignatureNote
from projections.sentences.field_words import field_words
from projections.sentences.names import OFFICES, names_of
from projections.sentences.sentence import sentence
from projections.sentences.values import Worded
from projections.views.papers.narrowing import narrowings
from projections.views.state import view

_ELEMENTS = KINDS["order-adapted"].fields()["elements_sought"].form
ELEMENT = _ELEMENTS.item if isinstance(_ELEMENTS, ListForm) else _ELEMENTS
GRAVEST = "VWG"  # the order in which findings are shown
# How sure a rule is, in words for readers of papers: in the annex only.
MARKS = {
    "text": Message("verified against the text"),
    "known": Message("not verified against the text"),
    "likely": Message("not verified against the text; to be checked"),
    "design": Message("a rule of this program, of no act"),
}


@dataclass(frozen=True, slots=True)
class VerdictReason:
    """Say why the verdict is not better: a released code, the file or entry, a sentence."""

    code: str
    where: str
    says: str


@dataclass(frozen=True, slots=True)
class IntegrityResult:
    """Hold the verdict on integrity (ETSI EN 319 102-1), what was checked in one sentence, and why it is not better.

    `bundled` is True for a bundle, whose maker signs which entries it has; no one signs that of a folder.
    """

    verdict: str
    says: str
    reasons: tuple[VerdictReason, ...]
    not_proven: tuple[str, ...]
    bundled: bool = True


@dataclass(frozen=True, slots=True)
class ReportCheckpoint:
    """Hold the state of the log behind a report.

    Its origin, its size in entries, its root in base64 as in the note, the log's key (`name+id+key`), when it
    was kept (UTC), and the witnesses that saw it.
    """

    origin: str
    size: int
    root: str
    key: str
    kept: datetime
    witnesses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FindingLine:
    """Hold one finding for people: level in words, sentence, code, citations, entries by number, certainty."""

    level: str
    says: str
    code: str
    cite: tuple[str, ...]
    entries: tuple[str, ...]
    mark: str


@dataclass(frozen=True, slots=True)
class CheckCommand:
    """Hold one way to check: what it shows, and what to type; empty where a person does it without a shell."""

    says: str
    type: str


@dataclass(frozen=True, slots=True)
class Exhibit:
    """Hold one file of the record: size in bytes, digests in hex, the entries that state it by number.

    `exhibits` are the numbers under which it went from hand to hand. `differs`: it is not what was first stated of
    its name or exhibit. `replaced`: every entry that states it was replaced.
    """

    no: int
    exhibits: tuple[str, ...]
    name: str
    size: int | None
    sha256: str | None
    sha512: str | None
    digest: str | None
    entries: tuple[str, ...]
    differs: bool = False
    replaced: bool = False


@dataclass(frozen=True, slots=True)
class NarrowingLine:
    """Hold what narrowed the order, in words, when (UTC, claimed), by which entry, and what is not there since."""

    on: datetime
    entry: str
    says: str
    absent: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Subject:
    """Hold the order a report is about: its name, instrument, Parties, providers and state.

    `name` is what an order is called in the office, which may be a label; `called` is what a paper calls it.
    """

    order: str
    name: str
    called: str
    request: Request
    reference: str | None
    instrument: str
    instrument_says: str
    from_party: str | None
    to_party: str | None
    providers: tuple[str, ...]
    issued_on: datetime | None
    entries: int
    state: str
    regions: tuple[tuple[str, str], ...]
    narrowed: tuple[NarrowingLine, ...] = ()


@dataclass(frozen=True, slots=True)
class Provenance:
    """Hold how a report is made: the moment it speaks of, the program and rules, and the state of the log.

    `test` marks a test ledger; `reveal` says that sealed values are opened. `integrity` is what the maker
    checked. `proven` says of entries, by log index, when they were signed as far as evidence outside the ledger
    shows. `signature` is None for a paper that is not signed electronically.
    """

    as_of: datetime
    tool: str
    rules: str
    head: ReportCheckpoint | None
    integrity: IntegrityResult
    test: bool = False
    reveal: bool = False
    proven: Mapping[int, str] = field(default_factory=dict)
    signature: SignatureNote | None = None


@dataclass(frozen=True, slots=True)
class FrontPage:
    """Hold the first page; `answer` is the report in one or two sentences, `found` says what the rules found.

    `vouches` says in one sentence whether the record is whole and who vouches for that. `lacking` are the parts that
    the paper does not open. `signed`: a person signs it. `only_for` are the roles that may know of entries on it
    whose existence is hidden from all others. `languages` are the names on it that are not English, each with its
    language; `named` are names of offices in other languages, as (name here, language, name there). `unproven` are the
    codes of what is not proven.
    """

    title: str
    what: str
    answer: str
    making: Provenance
    subject: Subject | None
    procedure: str
    findings: tuple[FindingLine, ...]
    not_checked: tuple[str, ...]
    commands: tuple[CheckCommand, ...]
    only_for: tuple[str, ...]
    languages: tuple[tuple[str, str], ...] = ()
    found: str = ""
    vouches: str = ""
    exhibits: tuple[Exhibit, ...] = ()
    lacking: tuple[str, ...] = ()
    signed: bool = True
    named: tuple[tuple[str, str, str], ...] = ()
    unproven: tuple[str, ...] = ()


def subject(case: Case, judgement: Judgement) -> Subject:
    """Return who and what an order is about; `case` is as known at the judgement's moment."""
    v = view(case, judgement)
    names = names_of(case).offices
    asked = request(case, names)
    return Subject(
        order=v.order,
        name=v.ref or v.label or v.order[:8],
        called=asked.called or UNNUMBERED,
        request=asked,
        reference=v.ref,
        instrument=v.instrument,
        instrument_says=Message(INSTRUMENTS[v.instrument])
        if v.instrument in INSTRUMENTS
        else Message("not known to this program"),
        from_party=v.from_party,
        to_party=v.to_party,
        providers=tuple(names.get(p, p) for p in v.providers),
        issued_on=v.issued_on,
        entries=v.entries,
        state=words(v.state),
        regions=tuple((Message(name.replace("_", " ")), words(value)) for name, value in v.regions.items()),
    )


def front_page(
    title: str,
    what: str,
    answer: str,
    case: Case,
    judgement: Judgement,
    making: Provenance,
    commands: Sequence[CheckCommand],
    exhibits: Sequence[Exhibit] = (),
    lacking: Sequence[str] = (),
) -> FrontPage:
    """Return the first page of a report about an order; `case` is as known at the judgement's moment."""
    return FrontPage(
        title=title,
        what=what,
        answer=answer,
        making=making,
        subject=replace(subject(case, judgement), narrowed=narrowed(case, judgement.as_of)),
        procedure=procedure(judgement.findings),
        findings=remarks(judgement.findings, case),
        not_checked=(
            *in_plain_words(making.integrity.not_proven, bundled=making.integrity.bundled),
            *_beyond(case, making.head),
            *LIMITS,
        ),
        commands=tuple(commands),
        only_for=only_for(case.entries),
        languages=languages(case.registry),
        found=found(judgement.findings),
        vouches=vouches(making.integrity),
        exhibits=tuple(exhibits),
        lacking=tuple(lacking),
        named=named(case.registry),
        unproven=tuple(dict.fromkeys(code for code, _ in map(_uncoded, making.integrity.not_proven) if code)),
    )


def narrowed(case: Case, at: datetime) -> tuple[NarrowingLine, ...]:
    """Return what narrowed the order, in the order in which it happened; sealed values are not opened."""
    names = names_of(case)
    times = names.times("")
    return tuple(
        NarrowingLine(
            on=n.entry.on,
            entry=number(n.entry, case),
            says=sentence(n.entry, names),
            absent=tuple(Worded(partial(field_words, code, ELEMENT, names, times)) for code in n.absent),
        )
        for n in narrowings(case, at)
    )


UNNUMBERED = Message("no case number stated")

LIMITS = (
    Message("The files themselves were not read: what is compared here are the digests that the entries state."),
    Message("What the law of a State requires beyond the rules of the instrument as modelled was not examined."),
)
# What a bundle leaves unproven under a code, for readers of papers; the code is in the annex.
PLAIN = {
    "CMP-COMMITTED": Message(
        "Whether an entry of this order was left out: the ledger itself has signed how many it has, for "
        "all its orders at once. Whoever has all entries can check that. Other orders may hold more on "
        "the matter."
    ),
    "CMP-AUDITED": Message(
        "Whether an entry of this order was left out: the ledger itself has signed how many it has, for "
        "all its orders at once, and an auditor that the policy names states that it checked that. Other "
        "orders may hold more."
    ),
    "CMP-NOT-COMMITTED": Message(
        "Whether an entry of this order was left out: the ledger has not signed how many it has."
    ),
    "CMP-ORDER": Message(
        "Whether the log holds more on this order, or another entry in the place of one: that it does "
        "not is signed by the maker of the bundle alone."
    ),
    "CMP-NOT-AUDITED": Message(
        "Whether the auditors that the policy names checked each entry: for some no statement is here."
    ),
    "CMP-REGISTER": Message(
        "Whether a key was revoked, reported or replaced later than the bundle shows: that it was not is "
        "signed by the maker of the bundle alone."
    ),
}
# The same of a ledger's folder, where they differ.
UNSIGNED = {
    "CMP-ORDER": Message(
        "Whether the log holds more on this order, or another entry in the place of one: nobody signs that it does not."
    ),
    "CMP-REGISTER": Message(
        "Whether a key was revoked, reported or replaced later than is shown here: nobody signs that it was not."
    ),
}


def in_plain_words(sentences: Iterable[str], *, bundled: bool = True) -> tuple[str, ...]:
    """Return what is not proven without its codes; several sentences under one code are one."""
    plain = PLAIN if bundled else PLAIN | UNSIGNED
    return tuple(dict.fromkeys(plain.get(code, says) for code, says in map(_uncoded, sentences)))


def _uncoded(says: str) -> tuple[str, str]:
    """Return the code of a sentence, empty for none, and its words."""
    if not isinstance(says, Unproven) or not says.code:
        return "", says
    return says.code, Capitalised(says.words)


def words(code: str) -> str:
    """Return a state in words: `PARTIALLY_DISCLOSED` as `partially disclosed`."""
    return Message("no order yet" if code == "-" else code.replace("_", " ").lower())


def remarks(findings: Iterable[Finding], case: Case) -> tuple[FindingLine, ...]:
    """Return findings as sentences with the numbers of their entries, the gravest first."""
    by_leaf = numbers(case)
    return tuple(
        FindingLine(
            level=Message(LEVELS[f.level]),
            says=f.says,
            code=f.code,
            cite=f.cite,
            entries=tuple(sorted((by_leaf[leaf] for leaf in f.entries if leaf in by_leaf), key=in_order)),
            mark=MARKS[f.mark],
        )
        for f in sorted(findings, key=lambda f: (GRAVEST.find(f.level), f.code))
    )


def procedure(findings: Sequence[Finding]) -> str:
    """Count the findings by their level: `1 violation, 2 gaps`; `no finding` where there is none."""
    counts = [(level, sum(f.level is level for f in findings)) for level in (Level.V, Level.W, Level.G)]
    counted = [Message(f"{{0}} {LEVELS[level]}{'' if n == 1 else 's'}", n) for level, n in counts if n]
    return joined(", ", counted) if counted else Message("no finding")


def found(findings: Sequence[Finding]) -> str:
    """Say in one sentence what the rules found on the procedure."""
    if not findings:
        return Message("On the procedure there is no finding: none of the rules as modelled found anything.")
    return Message("On the procedure the rules found: {0}.", procedure(findings))


def vouches(integrity: IntegrityResult) -> str:
    """Say in plain words whether the record is whole, and who vouches for that; the code is for the annex."""
    reasons = integrity.reasons
    if integrity.verdict == "TOTAL-FAILED":
        return Message("The record FAILED its integrity check: {0} Do not rely on this paper.", _sentence(reasons))
    if integrity.verdict == "TOTAL-PASSED":
        return Message(
            "The record passed its integrity check: signatures, keys and places of the entries fit the keys "
            "that the maker of this paper was given as trusted. Where these keys came from is not checked "
            "here."
        )
    if [r.code for r in reasons] == ["NO_TRUST_ANCHOR"]:
        return Message(
            "Nothing was found wrong with the signatures and the chain of the entries, but so far only the "
            "office's own keys vouch for them. The annex says how to compare them with a copy from elsewhere."
        )
    if not reasons:
        return integrity.says
    return Message("Nothing was proved wrong, but not everything could be checked: {0}", _sentence(reasons))


def _sentence(reasons: Sequence[VerdictReason]) -> str:
    """Return the first reason as a sentence."""
    says = next((r.says for r in reasons), Message("the annex says why"))
    return says if says.endswith(".") else Message("{0}.", says)


def _beyond(case: Case, head: ReportCheckpoint | None) -> tuple[str, ...]:
    size = 0 if head is None else head.size
    loose = len({e.index for e in case.entries if e.index >= size})
    if not loose:
        return ()
    return (
        Message("{0} entry stands beyond the checkpoint named here: the log had not yet promised to keep it.", loose)
        if loose == 1
        else Message(
            "{0} entries stand beyond the checkpoint named here: the log had not yet promised to keep them.", loose
        ),
    )


def only_for(entries: Iterable[Entry]) -> tuple[str, ...]:
    """Return the roles that may know of entries whose existence is hidden from others; empty if there is none."""
    closed: Mapping[str, None] = {
        role: None for e in entries if (kind := KINDS.get(e.kind)) is not None for role in kind.shown_to
    }
    return tuple(Message(ROLES.get(role, role)) for role in closed)


def languages(registry: Iterable[Entry]) -> tuple[tuple[str, str], ...]:
    """Return the shown names of offices that are not English, each with its language (BCP 47)."""
    by_name: dict[str, str] = {}
    for e in registry:
        if names := e.get("names"):
            lang, name = next(((lang, name) for lang, name in names.items() if lang == "en"), next(iter(names.items())))
            by_name[name] = lang
    return tuple((name, lang) for name, lang in by_name.items() if lang != "en")


def named(registry: Iterable[Entry]) -> tuple[tuple[str, str, str], ...]:
    """Return the names of offices in the languages in which they are not shown: (name shown, language, name)."""
    names = {e.public["actor"]: e.public["names"] for e in registry if e.kind in OFFICES and e.get("names")}
    shown = ((by.get("en") or next(iter(by.values())), by) for by in names.values())
    return tuple((name, lang, other) for name, by in shown for lang, other in by.items() if other != name)
