"""What forbids to tell the person now: a delay, a decision not to tell, an order or a request of confidentiality.

Reg. (EU) 2023/1543 art. 13(2), 13(4); LED art. 13(3); CETS 224 art. 14(11)(b), (c); 18 U.S.C. 2705.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from ledger.entries.case import Entry
from ledger.law.instruments.notice import DELAYS, end_of_day
from ledger.law.reading.effective_entries import precedes
from ledger.law.reading.order_reading import OrderReading
from ledger.law.terms.instruments import EUROPEAN

PROVIDERS: Final = ("SP", "REG")
DECISIONS: Final = (
    *DELAYS,
    "customer-notification-delay-lifted",
    "customer-notification-omitted",
    "customer-notified",
)
OMITTED: Final = "customer-notification-omitted"
LIFTED: Final = "customer-notification-delay-lifted"
EXTENDED: Final = "customer-notification-delay-extended"


class NoticeBar(Struct, frozen=True):
    """What forbids to tell the person: a sentence, its provisions, its entry (None: the act itself), how it ends."""

    says: str
    cite: tuple[str, ...]
    entry: Entry | None
    ends: str


def bar_of_notice(r: OrderReading, role: str, party: str | None) -> NoticeBar | None:
    """Return what forbids an office of a Party, in `role`, to tell the person at the moment; None without a bar.

    The issuing side is bound by its own delay until it is lifted: a review date that has passed ends no delay
    [design]. Every other office is bound by European orders, by orders and by requests of confidentiality.
    """
    own = role not in PROVIDERS and party == r.parties.from_party
    return _delay(r) if own else _confidentiality(r)


def _delay(r: OrderReading) -> NoticeBar | None:
    decisions = (e for e in r.entries.of(*DECISIONS) if e.kind != "customer-notified" or _is_own(r, e))
    lasting: list[Entry] = []
    for e in decisions:
        if e.kind not in (*DELAYS, OMITTED) and e.speaks != "act" and e.party != r.parties.from_party:
            continue  # the word of another side ends no delay
        if e.kind == LIFTED:
            lasting = [bar for bar in lasting if not _is_lifted(r, bar, e)]
        else:
            lasting = [] if e.kind == "customer-notified" else [*lasting, e]
    if not lasting:
        return None
    last = lasting[-1]
    if last.kind == OMITTED:
        return NoticeBar(
            "It was decided that the person is not told.",
            ("EPOC:13(2)", "LED:13(3)"),
            last,
            "a new decision, or customer-notification-delay-lifted on the delay before it",
        )
    return NoticeBar(
        "Telling the person is put off, and the delay was not lifted.",
        ("EPOC:13(2)", "LED:13(3)", "2AP:14(11)(b)"),
        last,
        "customer-notification-delay-lifted",
    )


def _is_lifted(r: OrderReading, bar: Entry, lifting: Entry) -> bool:
    """Return True if a lifting ends a bar: the delay that it names with its extensions, and all bars before that."""
    about = r.entries.named(lifting.get("about"))
    if bar.kind == OMITTED or about is None:
        return bar.kind == OMITTED
    return not precedes(about, bar) or _delay_of(r, bar) is _delay_of(r, about)


def _delay_of(r: OrderReading, e: Entry) -> Entry:
    """Return the delay that an extension prolongs; a delay itself."""
    while e.kind == EXTENDED and (about := r.entries.named(e.get("about"))) and precedes(about, e):
        e = about
    return e


def _confidentiality(r: OrderReading) -> NoticeBar | None:
    if r.instrument in EUROPEAN:
        says = "Under a European order only the issuing side tells the person."
        return NoticeBar(says, ("EPOC:13(1)", "EPOC:13(4)"), None, "nothing: the issuing authority tells the person")
    for order in r.entries.of("confidentiality-ordered"):
        if _lasts(r, order):
            return NoticeBar(
                "A court or the law of the provider forbids telling the person.",
                ("SCA:2705(b)", "BC:16(3)"),
                order,
                "the end of the prohibition",
            )
    asked = r.entries.of("confidentiality-requested")
    asked += r.order.versions[:1] if r.order.instructs("confidentiality") else ()
    for request in asked:
        if _lasts(r, request) and not _settled(r, request):
            return NoticeBar(
                "The issuing side asked that the person not be told.",
                ("2AP:7(4)(f)", "2AP:14(11)(c)", "BC:27(8)"),
                request,
                "the end of the request: its date, customer-notification-delay-lifted, or the notice of the "
                "issuing side",
            )
    return None


def _lasts(r: OrderReading, e: Entry) -> bool:
    end = end_of_day(r, e, "until")
    return end is None or r.at < end


def _settled(r: OrderReading, request: Entry) -> bool:
    return any(
        e.kind != "customer-notified" or _is_own(r, e)
        for e in r.entries.later(request, "customer-notification-delay-lifted", "customer-notified")
    )


def _is_own(r: OrderReading, e: Entry) -> bool:
    return r.actors.is_by(e, "ISS", "RET")
