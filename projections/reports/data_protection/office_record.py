"""The record of processing activities of a whole office: LED art. 24(1) [text], GDPR art. 30(1) [text].

The contents come from the controller's description in the register and from the orders of the ledger. A content that
neither has is named as missing. No sealed value is opened. Small numbers are not suppressed: the record is internal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from ledger.entries.case import Case, Entry, replacements
from ledger.facts.vocabulary import INSTRUMENTS, ROLES
from ledger.messages import Message, coded, joined
from projections.reports.fillable_form import FillableForm, FormLine, FormSection, FormTable
from projections.reports.front_page import Provenance, languages
from projections.reports.letters.wording import CATEGORY_WORDS, PURPOSE_WORDS, party_names_in, period
from projections.reports.recipients import DEFENCE, recipients
from projections.views.controller_description import description, descriptions
from projections.views.timeline import office_names

TITLE: Final = Message("Record of processing activities")
READERS: Final = Message(
    "Internal: for the controller, the data protection officer and the supervisory authority. Small "
    "numbers are not suppressed, so it is not for publication."
)
MISSING: Final = Message("MISSING: no description of the controller and no entry states it.")
NONE: Final = Message("The controller states that there is none.")
MOST: Final = 40  # rows of one table


@dataclass(frozen=True, slots=True)
class RecordContent:
    """Hold one content of the record: its fields in `controller-described`, label, citation, name of its table."""

    fields: tuple[str, ...]
    label: str
    cite: str
    table: str = ""


SAFEGUARDS: Final = RecordContent(("safeguards",), Message("Safeguards of the transfers"), "LED:37(1), GDPR:30(1)(e)")
CONTENTS: Final = (
    RecordContent(("contact",), Message("Contact of the controller"), "LED:24(1)(a), GDPR:30(1)(a)"),
    RecordContent(("joint_controllers",), Message("Joint controllers"), "LED:24(1)(a), GDPR:30(1)(a)"),
    RecordContent(("representative",), Message("Representative of the controller"), "GDPR:30(1)(a)"),
    RecordContent(("dpo_contact",), Message("Data protection officer"), "LED:24(1)(a), GDPR:30(1)(a)"),
    RecordContent(("purposes",), Message("Purposes of the processing"), "LED:24(1)(b), GDPR:30(1)(b)", "purposes"),
    RecordContent(("persons",), Message("Categories of persons"), "LED:24(1)(d), GDPR:30(1)(c)"),
    RecordContent(("data",), Message("Categories of personal data"), "LED:24(1)(d), GDPR:30(1)(c)", "data"),
    RecordContent(("recipients",), Message("Categories of recipients"), "LED:24(1)(c), GDPR:30(1)(d)", "recipients"),
    RecordContent(("profiling",), Message("Use of profiling"), "LED:24(1)(e)"),
    RecordContent(("transfers",), Message("Transfers to third countries"), "LED:24(1)(f), GDPR:30(1)(e)", "transfers"),
    SAFEGUARDS,
    RecordContent(("legal_bases",), Message("Legal basis, of transfers too"), "LED:24(1)(g)", "bases"),
    RecordContent(("periods",), Message("Time limits for erasure"), "LED:24(1)(h), GDPR:30(1)(f)", "periods"),
    RecordContent(("security",), Message("Security measures in general"), "LED:24(1)(i), GDPR:30(1)(g)"),
)


@dataclass
class OfficeCounts:
    """Count the orders of a ledger by what the record of processing names; each order counts once in a row."""

    orders: int = 0
    instruments: Counter[str] = field(default_factory=Counter)
    purposes: Counter[str] = field(default_factory=Counter)
    data: Counter[str] = field(default_factory=Counter)
    recipients: Counter[str] = field(default_factory=Counter)
    transfers: Counter[str] = field(default_factory=Counter)
    bases: Counter[str] = field(default_factory=Counter)
    periods: Counter[str] = field(default_factory=Counter)
    authorities: Counter[str] = field(default_factory=Counter)

    def add(self, case: Case, roles: Mapping[str, Sequence[str]], states: Mapping[str, str], moment: datetime) -> None:
        """Count one order as known at a moment, without its sealed values."""
        gone = replacements(case.entries, moment)
        entries = [e for e in case.acting if e.leaf not in gone and e.on <= moment]
        if not entries:
            return
        self.orders += 1
        self.instruments[coded(case.instrument, INSTRUMENTS)] += 1
        found: dict[str, set[str]] = {"purposes": set(), "data": set(), "bases": set(), "periods": set()}
        abroad: set[str] = set()
        for e in entries:
            self._read(e, found, abroad)
        for name, values in found.items():
            getattr(self, name).update(values)
        self.transfers.update(states.get(code, code) for code in abroad)
        self.recipients.update({_kind_of(one.whom, roles) for one in recipients(case.happened(moment))})

    def _read(self, e: Entry, found: Mapping[str, set[str]], abroad: set[str]) -> None:
        match e.kind:
            case "order-issued":
                self.authorities[str(e.get("issuing_authority") or e.actor)] += 1
                found["data"].update(coded(c, CATEGORY_WORDS) for c in e.get("data_categories") or ())
                found["bases"].update((*(e.get("domestic_legal_grounds") or ()), *_regime(e)))
            case "purpose-recorded" | "use-recorded":
                code = str(e.get("purpose_code"))
                found["purposes"].add(coded(code, PURPOSE_WORDS))
            case "retention-rule-set" if e.get("period"):
                found["periods"].add(period(e.get("period")))
            case "onward-transferred":
                abroad.add(str(e.get("recipient_party")))


def _regime(e: Entry) -> tuple[str, ...]:
    return (str(e.get("dp_regime")),) if e.get("dp_regime") else ()


def _kind_of(whom: str, roles: Mapping[str, Sequence[str]]) -> str:
    """Return what kind of recipient somebody is: the words of the first role of an office."""
    if whom == DEFENCE:
        return Message(ROLES["DEF"])
    held = roles.get(whom, ())
    return coded(held[0], ROLES) if held else Message("another State or organisation")


def office_record(
    registry: Sequence[Entry], cases: Iterable[Case], making: Provenance, lang: str = "en"
) -> tuple[FillableForm, tuple[str, ...]]:
    """Return the record of an office, and the labels of the contents that are missing."""
    roles = {e.public["actor"]: e.public["roles"] for e in registry if e.kind == "authority-registered"}
    states = party_names_in(registry, lang)
    counts = OfficeCounts()
    for case in cases:
        counts.add(case, roles, states, making.as_of)
    day, names = making.as_of.date(), office_names(registry)
    described = list(dict.fromkeys(str(e.get("controller")) for e in descriptions(registry, day)))
    controllers = described or [actor for actor, _ in counts.authorities.most_common(MOST)]
    sections: list[FormSection] = []
    missing: list[str] = []
    for controller in controllers if described else [joined(", ", (names.get(c, c) for c in controllers))]:
        e = description(registry, (controller,), lang, day)
        section, lacks = _controller(names.get(controller, controller), e, counts)
        sections.append(section)
        missing += lacks
    form = FillableForm(
        form="processing",
        title=TITLE,
        what=Message(
            "Which data this office processes, for what, how long, and who receives them; orders: {0}.", counts.orders
        ),
        note=READERS,
        making=making,
        subject=None,
        sections=(*sections, *_tables(counts), *_open(missing)),
        languages=languages(registry),
    )
    return form, tuple(dict.fromkeys(missing))


def _controller(name: str, e: Entry | None, counts: OfficeCounts) -> tuple[FormSection, list[str]]:
    missing: list[str] = []
    address = () if e is None else tuple(e.get("address") or ())
    lines = [
        FormLine(
            Message("Controller"),
            (name or Message("no order and no description names one"), *address),
            CONTENTS[0].cite,
        )
    ]
    for content in CONTENTS:
        counted = _counted(content, counts)
        says = tuple(_stated(content, e)) or counted
        if says == (NONE,) and counted:
            says = (NONE, Message("The orders show otherwise: {0}.", joined(", ", counted)))
        if content is SAFEGUARDS and not says and not counts.transfers and lines[-1].says == (NONE,):
            says = (Message("There is no transfer."),)
        if not says:
            missing.append(Message(content.label))
        lines.append(FormLine(Message(content.label), says or (MISSING,), content.cite))
    return FormSection(
        Message("The processing of {0}", name) if name else Message("The processing"), lines=tuple(lines)
    ), missing


def _stated(content: RecordContent, e: Entry | None) -> Iterable[str]:
    """Return what the controller states; an empty list states that there is none."""
    for name in content.fields:
        value = None if e is None else e.get(name)
        if value == []:
            yield NONE
        elif isinstance(value, list | tuple):
            yield from map(str, value)
        elif value:
            yield str(value)


def _counted(content: RecordContent, counts: OfficeCounts) -> tuple[str, ...]:
    """Return what the orders show, where the controller states nothing."""
    counter: Counter[str] = getattr(counts, content.table) if content.table else Counter()
    return tuple(what for what, _ in sorted(counter.items(), key=_most_first)[:MOST])


def _most_first(row: tuple[str, int]) -> tuple[int, str]:
    return -row[1], row[0]


def _tables(counts: OfficeCounts) -> Iterable[FormSection]:
    """Return what the orders show, counted; a table without rows is left out."""
    shown = (
        (counts.instruments, Message("Orders by instrument"), Message("Instrument")),
        (counts.purposes, Message("Recorded purposes"), Message("Purpose")),
        (counts.data, Message("Data sought"), Message("Category of data")),
        (counts.recipients, Message("Recipients"), Message("Kind of recipient")),
        (counts.transfers, Message("Transfers to other States"), Message("State or organisation")),
        (counts.bases, Message("Stated legal grounds and regimes"), Message("Provision")),
        (counts.periods, Message("Recorded periods of storage"), Message("Period")),
    )
    for counter, title, head in shown:
        if not counter:
            continue
        rows = sorted(counter.items(), key=_most_first)
        left = len(rows) - MOST
        caption = Message("Each order counts once in a row.")
        if left > 0:
            caption = (
                Message("Each order counts once in a row; {0} row with fewer orders is left out.", left)
                if left == 1
                else Message("Each order counts once in a row; {0} rows with fewer orders are left out.", left)
            )
        heads = (head, Message("Orders"))
        table = FormTable(caption, heads, tuple((what, str(n)) for what, n in rows[:MOST]))
        yield FormSection(title, table=table)


def _open(missing: Sequence[str]) -> Iterable[FormSection]:
    if missing:
        lead = Message(
            "These contents are on record nowhere. The controller describes them in one entry of the register."
        )
        yield FormSection(
            Message("What is missing"), lead=lead, lines=tuple(FormLine(m, (MISSING,)) for m in dict.fromkeys(missing))
        )
