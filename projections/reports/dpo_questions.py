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
from ledger.law.record_checks.open_duties import RETENTION
from projections.reports.front_page import number
from projections.reports.recipients import came_to_nothing, recipients, replaced_access
from projections.views.replaced import Replacement, replaced
from projections.views.timeline import fields, office_names, says, speaker


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

    @property
    def gone(self) -> dict[str, Replacement]:
        return replaced(self.case, self.judgement.as_of, reveal=self.reveal)

    def of(self, *kinds: str) -> tuple[Entry, ...]:
        """Return the entries of these kinds, replaced ones too."""
        return tuple(e for e in self.case.entries if e.kind in kinds)

    def standing(self, entries: Iterable[Entry]) -> tuple[Entry, ...]:
        """Return the entries that no other entry replaced."""
        leaves = self.gone
        return tuple(e for e in entries if e.leaf not in leaves)

    def found(self, *codes: str) -> tuple[str, ...]:
        return tuple(f"{f.code}: {f.says}" for f in self.judgement.findings if f.code in codes)

    def lines(self, entries: Iterable[Entry], sentences: Mapping[str, Sequence[str]] = {}) -> tuple[str, ...]:
        """Return one line for each entry; `sentences` has sentences in place of the vocabulary's, by leaf hash."""
        names = office_names(self.case.registry)
        return tuple(
            f"{e.on:%Y-%m-%d %H:%M}Z {says} {speaker(e, names)}{_details(e, self.reveal)}"
            for e in entries
            for says in sentences.get(e.leaf) or (self._says(e),)
        )

    def _says(self, e: Entry) -> str:
        if access := came_to_nothing(e, self.accesses):
            return f"Nothing was handed out after entry {access.index} of the log."
        if access := replaced_access(e, self.accesses):
            return f"Somebody reads the record, entry {e.index} of the log, in place of entry {access.index}."
        for later in self.accesses:
            if replaced_access(later, (e,)) and not came_to_nothing(later, (e,)):
                index = later.index
                return (
                    f"Somebody reads the record, entry {e.index} of the log; its signer replaced it by entry {index}."
                )
        return says(e.kind)

    def clocks(self, *ids: str) -> tuple[str, ...]:
        return tuple(
            f"{c.id} {c.verdict}" + ("" if c.due is None else f", due {c.due:%Y-%m-%d %H:%MZ}")
            for c in self.judgement.deadlines
            if c.id in ids
        )


def register(
    case: Case, judgement: Judgement, accesses: Sequence[Entry] = (), *, reveal: bool = False
) -> list[DpoAnswer]:
    """Answer all ten questions for one order; `accesses` are the `record-accessed` entries that name it.

    The answers show sealed values only where they are revealed.
    """
    record = _Source(case.happened(judgement.as_of), judgement, tuple(accesses), reveal)
    return [answer(record) for answer in _QUESTIONS]


def _entry(e: Entry, case: Case) -> str:
    return f"entry {number(e, case)}"


def _details(e: Entry, reveal: bool) -> str:
    shown = [
        f"{name.replace('_', ' ')} {_shown(value)}"
        for name, value in fields(e, reveal=reveal).items()
        if isinstance(value, (str, bool, list)) or value is Unread.ERASED
        if name in _TELLING or name in e.sealed
    ]
    return f" ({'; '.join(shown)})" if shown else ""


def _shown(value: object) -> str:
    if value is Unread.ERASED:
        return "[erased]"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


_TELLING = frozenset(
    "dp_regime domestic_legal_grounds case_ref purpose_code view recipient recipient_party elements scope method"
    " grounds review_on period decision condition_code incident_kind aware_at risk still_restricted mode cause".split()
)


def _answer(
    number: int,
    question: str,
    cite: str,
    entries: tuple[Entry, ...],
    r: _Source,
    more: tuple[str, ...] = (),
    broken: tuple[str, ...] = (),
) -> DpoAnswer:
    """Build an answer from entries, further lines, and the findings on broken duties.

    A duty is open if one was broken, or if the law says so (`Judgement.duties`). Criterion A7 uses the same
    list.
    """
    owed = tuple(duty.says for duty in r.judgement.duties if duty.question == number)
    lines = (*r.lines(entries), *more, *broken, *owed)
    return DpoAnswer(number, question, cite, lines or ("Nothing on record.",), entries, bool(owed or broken))


def _basis(r: _Source) -> DpoAnswer:
    entries = r.of("order-issued", "purpose-recorded", "further-use-decided")
    gaps = r.found("G-DP-BASIS")
    question = "On what legal basis and for what purpose were this person's data obtained?"
    return _answer(1, question, "2AP:14(1), 14(2)(a)", entries, r, broken=gaps)


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
    question = "Who read, used or received them, when and why?"
    lines = r.lines(entries, received) or ("Nothing on record.",)
    return DpoAnswer(2, question, "2AP:14(8), LED:25(1)", lines, entries, open=False)


def _surplus(r: _Source) -> DpoAnswer:
    entries = r.of("out-of-scope-data-identified", "data-returned", "data-destroyed", "use-restricted")
    question = "Was more received than asked for, and what became of the surplus?"
    more = r.clocks("D-14-2b", "E-4-5-DATA")
    broken = r.found("V-14-2b", "V-4-5-NOT-DELETED")
    return _answer(3, question, "2AP:14(2)(b), LED:4(1)(c)", entries, r, more, broken)


NOTICE = (
    "customer-notified",
    "customer-notification-delayed",
    "customer-notification-delay-extended",
    "customer-notification-delay-lifted",
    "customer-notification-omitted",
    "customer-notified-contrary-to-confidentiality",
)


def _notice(r: _Source) -> DpoAnswer:
    question = "Was the person told; if not, on which ground, by whose decision, and when is it looked at again?"
    more = (
        f"customer notice: {r.judgement.regions.get('customer_notice', 'NONE')}",
        *r.clocks("NOTICE-REVIEW", "NOTICE-DUE"),
    )
    gaps = r.found("G-NOTICE-UNSETTLED")
    return _answer(4, question, "2AP:14(11), LED:13, EPOC:13", r.of(*NOTICE), r, more, gaps)


def _delays(r: _Source) -> DpoAnswer:
    question = "Does a delay run on a ground that has expired or was never renewed?"
    entries = r.of("customer-notification-delayed", "customer-notification-delay-extended")
    bad = r.found("V-NOTICE-OVERDUE", "V-DELAY-NO-GROUND", "V-DELAY-EXTENDED-AFTER-EXPIRY")
    return _answer(5, question, "LED:13(3), 2AP:14(11)(b)", entries, r, broken=bad)


def _retention(r: _Source) -> DpoAnswer:
    question = "Which retention rule applies, and is a review overdue?"
    more = r.clocks("RETENTION-REVIEW")
    return _answer(6, question, "2AP:14(5), LED:5", r.of(*RETENTION), r, more, r.found("W-14-5-OVERDUE"))


def _onward(r: _Source) -> DpoAnswer:
    question = "Did data go to another State without authorisation beforehand?"
    entries = r.of(
        "onward-transferred", "onward-transfer-authorisation-granted", "onward-transfer-authorisation-refused"
    )
    bad = r.found("V-14-10", "V-LED-35-ONWARD")
    return _answer(7, question, "2AP:14(10), LED:35(1)(c), 35(1)(e)", entries, r, broken=bad)


def _conditions(r: _Source) -> DpoAnswer:
    question = "Which conditions bind the use, and were they kept?"
    entries = r.of("condition-imposed", "condition-accepted", "condition-declined", "use-explained")
    bad = r.found("V-6-3c-USE", "V-28-2b-USE", "V-14-2a-PURPOSE")
    return _answer(8, question, "2AP:14(2)(a), BC:28(2)(b)", entries, r, broken=bad)


def _incidents(r: _Source) -> DpoAnswer:
    question = "Which incidents were there, since when known, and who was told within the time?"
    entries = r.of(
        "security-incident-detected",
        "incident-assessed",
        "incident-notified-to-authority",
        "incident-notified-to-transferring-party",
        "incident-notified-to-individual",
        "incident-notice-delayed",
    )
    return _answer(9, question, "2AP:14(7), LED:30, GDPR:33", entries, r, r.clocks("DP-72H"), r.found("V-DP-72H"))


FURTHER = ("supplementary-statement-added", "processing-restricted", "payload-key-destroyed")


def _requests(r: _Source) -> DpoAnswer:
    question = "What did the person ask for, and how was it answered, on which reasons?"
    requests = r.of(*REQUESTS)
    answered = r.of(*(kind for kinds in ANSWERS.values() for kind in kinds), EXTENDED, *FURTHER)
    waiting = {leaf for duty in r.judgement.duties if duty.question == 10 for leaf in duty.entries}
    entries = tuple(sorted((*requests, *answered), key=lambda e: (e.on, e.index)))
    more = (
        *r.clocks("GDPR-12-3", "LED-12-3"),
        *(f"Not answered: {says(e.kind)}" for e in requests if e.leaf in waiting),
    )
    broken = r.found("V-14-12b-NO-REASONS", "V-GDPR-12-3", "W-LED-12-3", "W-GDPR-12-3-EXTENDED")
    return _answer(10, question, "2AP:14(12), LED:12(3), 14-16, GDPR:12(3)", entries, r, more, broken)


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
