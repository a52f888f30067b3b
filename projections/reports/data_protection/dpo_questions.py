"""Answer the ten questions that a data protection officer or a supervisory authority asks about one order.

They are those of article 14 of the Second Protocol (CETS 224) and of the Law Enforcement Directive (EU)
2016/680, above all its articles 13, 16, 24, 25 and 30. An answer lists what the record holds. `open` says that
a duty is still open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ledger.entries.case import Case, Entry, Unread
from ledger.law import Judgement
from ledger.law.reading.person_requests import ANSWERS, EXTENDED, REQUESTS
from ledger.law.record_checks.open_duties import RETENTION, OpenDuty
from ledger.law.terms.periods import outcome
from ledger.law.terms.rule import Clock
from ledger.messages import Day, Message, Moment, joined
from projections.reports.entry_numbers import number
from projections.reports.front_page import words
from projections.reports.recipients import came_to_nothing, recipients, replaced_access
from projections.sentences.field_words import field_label, named_words
from projections.sentences.local_time import end_of, place_of
from projections.sentences.names import Names, names_of
from projections.sentences.quotation import stated
from projections.sentences.sentence import Sentence, says, sentence
from projections.views.timeline import fields, speaker

QUESTIONS = {  # with their citations
    1: (Message("On what legal basis and for what purpose were this person's data obtained?"), "2AP:14(1), 14(2)(a)"),
    2: (Message("Who read, used or received them, when and why?"), "2AP:14(8), LED:25(1)"),
    3: (Message("Was more received than asked for, and what became of the surplus?"), "2AP:14(2)(b), LED:4(1)(c)"),
    4: (
        Message("Was the person told; if not, on which ground, by whose decision, and when is it looked at again?"),
        "2AP:14(11), LED:13, EPOC:13",
    ),
    5: (Message("Does a delay run on a ground that has expired or was never renewed?"), "LED:13(3), 2AP:14(11)(b)"),
    6: (Message("Which retention rule applies, and is a review overdue?"), "2AP:14(5), LED:5"),
    7: (
        Message("Did data go to another State without authorisation beforehand?"),
        "2AP:14(10), LED:35(1)(c), 35(1)(e)",
    ),
    8: (Message("Which conditions bind the use, and were they kept?"), "2AP:14(2)(a), BC:28(2)(b)"),
    9: (
        Message("Which incidents were there, since when known, and who was told within the time?"),
        "2AP:14(7), LED:30, GDPR:33",
    ),
    10: (
        Message("What did the person ask for, and how was it answered, on which reasons?"),
        "2AP:14(12), LED:12(3), 14-16, GDPR:12(3)",
    ),
}
BROKEN = {  # question -> the findings on criterion A7 that belong to it
    1: ("G-DP-BASIS", "V-14-15-SUSPENDED", "V-DISCLOSED-TO-FORGER", "W-EMERGENCY-DOWNGRADED"),
    3: ("V-14-2b", "V-4-5-NOT-DELETED", "V-14-4"),
    4: (
        *("G-NOTICE-UNSETTLED", "V-NOTICE-CONTRARY-TO-ORDER", "W-NOTICE-CONTRARY-TO-REQUEST", "W-13-2-NOT-IN-ORDER"),
        *("W-NOTICE-OF-PRESERVATION", "W-13-3-NO-REMEDIES"),
    ),
    5: ("V-NOTICE-OVERDUE", "V-DELAY-NO-GROUND", "V-DELAY-EXTENDED-AFTER-EXPIRY", "W-2705a-LENGTH"),
    6: ("W-14-5-OVERDUE",),
    7: ("V-14-10", "V-LED-35-ONWARD", "W-2703h5-NOT-QUALIFYING"),
    8: ("V-6-3c-USE", "V-28-2b-USE", "V-14-2a-PURPOSE", "G-USE-UNPROVEN", "W-28-4-NOT-EXPLAINED"),
    9: ("V-DP-72H",),
    10: ("V-14-12b-NO-REASONS", "V-GDPR-12-3", "W-LED-12-3", "W-GDPR-12-3-EXTENDED", "G-CLOCK-UNDETERMINED"),
}


@dataclass(frozen=True, slots=True)
class DpoAnswer:
    """Hold one question with its citations, the lines that answer it, their entries, and whether a duty is open."""

    number: int
    question: str
    cite: str
    lines: tuple[str, ...]
    entries: tuple[Entry, ...]
    open: bool


@dataclass(frozen=True, slots=True)
class _Source:
    """Hold the data of an answer: the order, its judgement, and the entries of the access order that name it."""

    case: Case
    judgement: Judgement
    accesses: tuple[Entry, ...]
    reveal: bool

    def of(self, *kinds: str) -> tuple[Entry, ...]:
        """Return the entries of these kinds, replaced ones too."""
        return tuple(e for e in self.case.entries if e.kind in kinds)

    def lines(self, entries: Iterable[Entry], sentences: Mapping[str, Sequence[str]] = {}) -> tuple[str, ...]:
        """Return one line for each entry; `sentences` has sentences in place of the vocabulary's, by leaf hash."""
        names = names_of(self.case)
        return tuple(
            self._line(e, says, names) for e in entries for says in sentences.get(e.leaf) or (self._says(e, names),)
        )

    def _line(self, e: Entry, says: str, names: Names) -> str:
        when, details = Moment(f"{e.on:%Y-%m-%d %H:%M:%S}".removesuffix(":00")), _details(e, self.reveal)
        who = speaker(e, names.offices)
        if isinstance(says, Sentence) or (isinstance(says, Message) and who in says.values):
            return Message("{0} UTC: {1}{2}", when, says, details)
        return Message("{0} UTC: {1} {2}{3}", when, says, who, details)

    def _says(self, e: Entry, names: Names) -> str:
        if access := came_to_nothing(e, self.accesses):
            return Message("Nothing was handed out after entry {0} of the log.", access.index)
        if access := replaced_access(e, self.accesses):
            return Message(
                "Somebody reads the record, entry {0} of the log, in place of entry {1}.", e.index, access.index
            )
        for later in self.accesses:
            if replaced_access(later, (e,)) and not came_to_nothing(later, (e,)):
                index = later.index
                return Message(
                    "Somebody reads the record, entry {0} of the log; its signer replaced it by entry {1}.",
                    e.index,
                    index,
                )
        return sentence(e, names, reveal=self.reveal)

    def clocks(self, *ids: str) -> tuple[str, ...]:
        return tuple(_with_end(c) for c in self.judgement.deadlines if c.id in ids)


def _with_end(c: Clock) -> str:
    if c.due is None:
        return outcome(c)
    if c.last_day is None:
        return Message("{0} Its end: {1}", outcome(c), end_of(c.due, c.zone, None))
    return Message("{0} Its last day: {1} ({2})", outcome(c), Day(c.last_day), place_of(c.zone) or c.zone)


def register(
    case: Case, judgement: Judgement, accesses: Sequence[Entry] = (), *, reveal: bool = False
) -> list[DpoAnswer]:
    """Answer all ten questions for one order; `accesses` are the `record-accessed` entries that name it.

    The answers show sealed values only where they are revealed.
    """
    record = _Source(case.happened(judgement.as_of), judgement, tuple(accesses), reveal)
    return [answer(record) for answer in _QUESTIONS]


def _entry(e: Entry, case: Case) -> str:
    return Message("entry {0}", number(e, case))


def _details(e: Entry, reveal: bool) -> str:
    shown = [
        (Message(field_label(name)), named_words(name, value) or _shown(value))
        for name, value in fields(e, reveal=reveal).items()
        if isinstance(value, (str, bool, list)) or value is Unread.ERASED
        if name in _TELLING or name in e.sealed
    ]
    return Message(" ({0})", joined("; ", (Message("{0}: {1}", *one) for one in shown))) if shown else ""


def _shown(value: object) -> str:
    if value is Unread.ERASED:
        return "[erased]"
    return ", ".join(map(str, value)) if isinstance(value, list) else stated(str(value))


_TELLING = frozenset(("dp_regime", "domestic_legal_grounds"))  # public, and in no sentence


def _answer(number: int, entries: tuple[Entry, ...], r: _Source, more: tuple[str, ...] = ()) -> DpoAnswer:
    """Build an answer from entries, further lines, and the open and broken duties of the question."""
    question, cite = QUESTIONS[number]
    owed = tuple(duty.says for duty in open_points(r.judgement) if duty.question == number)
    told = {*more, *(line.values[0] for line in more if isinstance(line, Message) and line.values)}
    lines = (*r.lines(entries), *more, *(says for says in owed if says not in told))
    return DpoAnswer(number, Message(question), cite, lines or (Message("Nothing on record."),), entries, bool(owed))


def open_points(judgement: Judgement) -> list[OpenDuty]:
    """Return the duties that were broken, by the findings on them, and the open duties of the judgement.

    Criterion A7 goes by the same findings and the same duties, so it is not demonstrated while there is one.
    """
    broken = [
        OpenDuty(number, Message("{0}: {1}", f.code, f.says), f.entries)
        for number, codes in BROKEN.items()
        for f in judgement.findings
        if f.code in codes and any(criterion == "A7" for criterion, _ in f.effects)
    ]
    return sorted([*broken, *judgement.duties], key=lambda duty: duty.question)


def _basis(r: _Source) -> DpoAnswer:
    return _answer(1, r.of("order-issued", "purpose-recorded", "further-use-decided"), r)


def _seen(r: _Source) -> DpoAnswer:
    received: dict[str, list[str]] = {}
    for one in recipients(r.case):
        received.setdefault(one.entry.leaf, []).append(one.says)
    kinds = (
        "use-recorded",
        "evidence-accessed",
        "shared-domestically",
        "onward-transferred",
        "defence-bundle-issued",
        "bundle-issued",
        "record-accessed",
    )
    own = (e for e in r.case.entries if e.kind in kinds or e.leaf in received)
    entries = tuple(sorted((*own, *r.accesses), key=lambda e: (e.on, e.index)))
    question, cite = QUESTIONS[2]
    return DpoAnswer(
        2, Message(question), cite, r.lines(entries, received) or (Message("Nothing on record."),), entries, open=False
    )


def _surplus(r: _Source) -> DpoAnswer:
    kinds = ("out-of-scope-data-identified", "data-returned", "data-destroyed", "use-restricted")
    return _answer(3, r.of(*kinds, "sensitive-data-flagged"), r, r.clocks("D-14-2b", "E-4-5-DATA"))


NOTICE = (
    "customer-notified",
    "customer-notification-delayed",
    "customer-notification-delay-extended",
    "customer-notification-delay-lifted",
    "customer-notification-omitted",
    "customer-notified-contrary-to-confidentiality",
)


def _notice(r: _Source) -> DpoAnswer:
    more = (
        Message("customer notice: {0}", words(r.judgement.regions.get("customer_notice", "nothing on record"))),
        *r.clocks("NOTICE-REVIEW", "NOTICE-DUE"),
    )
    return _answer(4, r.of(*NOTICE), r, more)


def _delays(r: _Source) -> DpoAnswer:
    return _answer(5, r.of("customer-notification-delayed", "customer-notification-delay-extended"), r)


def _retention(r: _Source) -> DpoAnswer:
    return _answer(6, r.of(*RETENTION), r, r.clocks("RETENTION-REVIEW"))


def _onward(r: _Source) -> DpoAnswer:
    authorised = ("onward-transfer-authorisation-granted", "onward-transfer-authorisation-refused")
    return _answer(7, r.of("onward-transferred", *authorised), r)


def _conditions(r: _Source) -> DpoAnswer:
    return _answer(8, r.of("condition-imposed", "condition-accepted", "condition-declined", "use-explained"), r)


def _incidents(r: _Source) -> DpoAnswer:
    entries = r.of(
        "security-incident-detected",
        "incident-assessed",
        "incident-notified-to-authority",
        "incident-notified-to-transferring-party",
        "incident-notified-to-individual",
        "incident-notice-delayed",
    )
    return _answer(9, entries, r, r.clocks("DP-72H"))


FURTHER = ("supplementary-statement-added", "processing-restricted", "payload-key-destroyed")


def _requests(r: _Source) -> DpoAnswer:
    requests = r.of(*REQUESTS)
    answered = r.of(*(kind for kinds in ANSWERS.values() for kind in kinds), EXTENDED, *FURTHER)
    waiting = {leaf for duty in r.judgement.duties if duty.question == 10 for leaf in duty.entries}
    entries = tuple(sorted((*requests, *answered), key=lambda e: (e.on, e.index)))
    more = (
        *r.clocks("GDPR-12-3", "LED-12-3"),
        *(Message("Not answered: {0}", Message(says(e.kind))) for e in requests if e.leaf in waiting),
    )
    return _answer(10, entries, r, more)


_QUESTIONS: tuple[Callable[[_Source], DpoAnswer], ...] = (
    _basis,
    _seen,
    _surplus,
    _notice,
    _delays,
    _retention,
    _onward,
    _conditions,
    _incidents,
    _requests,
)
