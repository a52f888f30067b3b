"""Findings on the Budapest Convention, ETS 185, in the order of its articles.

Articles 27 and 28 apply where no treaty or arrangement on mutual assistance is in force between the two Parties:
articles 27(1) and 28(1). The order says so in `treaty`. Article 31(3), "responded to on an expedited basis", sets no
period and gives no finding. The grounds of article 27(4) stand in `ledger/facts/vocabulary.py`.
"""

from __future__ import annotations

from ledger.entries.case import Entry
from ledger.facts.vocabulary import ELEMENTS
from ledger.law.instruments.notification import simultaneous, span
from ledger.law.reading.order_reading import OrderReading
from ledger.law.rules.check import CheckResult, Matches, finding, of_clocks
from ledger.law.terms.calendar import DAY, duration
from ledger.law.terms.rule import Mark

NINETY = 90  # days: art. 16(2), "up to a maximum of ninety days"

EXPEDITED = ("mail", "encrypted-mail", "fax", "contact-point-24-7", "interpol", "link", "provider-portal")
POLITICAL_OR_ESSENTIAL = ("BC:29(5)(a)", "BC:29(5)(b)", "BC:27(4)(a)", "BC:27(4)(b)")  # 27(4) has the same words
WITHHELD = ("BC:30(2)(a)", "BC:30(2)(b)")


@finding(
    "W-16-2-LENGTH",
    cite="BC:16(2)",
    mark=Mark.TEXT,
    under="BC-16",
    kinds="preservation-requested preservation-extended",
    says="The preservation was asked for or renewed for more than ninety days at once; ninety days count.",
)
def kept_for_more_than_ninety_days(r: OrderReading) -> Matches:
    """Find a period that is longer than ninety days from the day on which it was asked for."""
    asked = r.entries.of("preservation-requested", "preservation-extended")
    lengths = ((e, duration(e.get("extends_by") or e.get("period"))) for e in asked)
    return [e for e, length in lengths if length is not None and length.after(e.on.date()) > e.on.date() + NINETY * DAY]


@finding(
    "W-17-PATH",
    cite="BC:17(1)(b), BC:30(1)",
    mark=Mark.TEXT,
    under="BC-16 BC-29",
    kinds="traffic-data-partially-disclosed",
    gap="A5",
    says="The traffic data do not show the provider in the path; they are to suffice to identify it and the path.",
)
def path_not_identified(r: OrderReading) -> Matches:
    """Find traffic data that state neither the path, nor the Party of the other provider, nor what was handed over."""
    disclosed = r.entries.of("traffic-data-partially-disclosed")
    return [e for e in disclosed if not any(e.stated(f) for f in ("path", "other_provider_party", "manifest"))]


@finding(
    "W-17-NOT-DISCLOSED",
    cite="BC:17(1)(b)",
    mark=Mark.TEXT,
    under="BC-16",
    kinds="preservation-confirmed",
    gap="A5",
    says="Traffic data were kept and no part of them that identifies the providers in the path was disclosed.",
)
def no_traffic_data_disclosed(r: OrderReading) -> Matches:
    """Find it once the data are kept no longer or the order is closed: "expeditious" sets no period."""
    over = r.entries.of("preservation-ceased", "order-closed")
    if not over or r.entries.of("traffic-data-partially-disclosed", "production-request-confirmed"):
        return None
    return [e for e in r.entries.of("preservation-confirmed") if _keeps_traffic(r, e)]


def _keeps_traffic(r: OrderReading, kept: Entry) -> bool:
    named = kept.get("elements") or r.order.states("elements_sought") or ()
    elements = (ELEMENTS.get(name.partition("#")[0]) for name in named)
    return any(element is not None and element.category == "traffic" for element in elements)


@finding(
    "V-25-3-NOT-CONFIRMED",
    cite="BC:25(3)",
    mark=Mark.TEXT,
    under="BC-29 BC-31 2AP-10",
    kinds="order-transmitted",
    contradicts="A5",
    says="The requested Party requires formal confirmation of a request sent by expedited means; none followed.",
)
def never_formally_confirmed(r: OrderReading) -> Matches:
    """Find it once data have come or the order is closed; the text sets no period (as decision 51)."""
    required = (e for e in r.entries.of("order-transmitted") if e.get("confirmation_required") is True)
    sent = [e for e in required if e.get("channel") in EXPEDITED]
    if not sent:
        return None
    came = r.entries.of("data-disclosed", "data-transmitted-by-state", "preservation-confirmed")
    if not came and r.history.state != "CLOSED":
        return None
    confirmed = {
        about.leaf
        for e in r.entries.of("request-confirmed-in-writing")
        if (about := r.entries.named(e.get("confirms")))
    }
    open_ = [e for e in sent if e.leaf not in confirmed]
    return (*open_, *came) if open_ else None


@finding(
    "V-27-7-NO-REASONS",
    cite="BC:27(7)",
    mark=Mark.TEXT,
    under="BC-29 BC-31 2AP-10",
    kinds="request-refused execution-postponed",
    gap="A5",
    says="The requested Party gave no reasons.",
)
def refused_without_reasons(r: OrderReading) -> Matches:
    return None if treaty(r) else _without_reasons(r)


@finding(
    "G-27-1-REASONS",
    cite="BC:27(1), BC:27(7)",
    mark=Mark.TEXT,
    under="BC-29 BC-31 2AP-10",
    kinds="request-refused execution-postponed",
    gap="A5",
    says="The requested Party gave no reasons; whether the treaty between the two Parties asks for them is not known.",
)
def refused_without_reasons_under_a_treaty(r: OrderReading) -> Matches:
    return _without_reasons(r) if treaty(r) else None


def _without_reasons(r: OrderReading) -> list[Entry]:
    return [e for e in r.entries.of("request-refused", "execution-postponed") if not e.stated("reasons")]


def treaty(r: OrderReading) -> bool:
    """Return True if a treaty or arrangement between the two Parties is recorded: articles 27 and 28 do not apply."""
    entries = (*r.order.versions[:1], *r.entries.of("escalated-to-mutual-assistance"))
    return any(e.stated("treaty") for e in entries)


@finding(
    "W-27-9-a-COPY",
    cite="BC:27(9)(a)",
    mark=Mark.TEXT,
    under="BC-31",
    kinds="order-transmitted",
    gap="A5",
    says="The request went directly to an authority of the requested Party, and no copy went to its central authority "
    "at the same time.",
)
def no_copy_to_the_central_authority(r: OrderReading) -> Matches:
    return None if treaty(r) else [e for e in _direct(r) if _copied(r, e) is None]


@finding(
    "W-27-9-a-SAME-DAY",
    cite="BC:27(9)(a)",
    mark=Mark.DESIGN,
    under="BC-31",
    kinds="order-transmitted",
    says="The copy of the request went to the central authority on the same day, with {delta} between the two; that "
    "counts as the same time.",
)
def copied_the_same_day(r: OrderReading) -> Matches:
    if treaty(r):
        return None
    pairs = [(abs(e.on - copy.on), e, copy) for e in _direct(r) if (copy := _copied(r, e)) and copy.on != e.on]
    leaves = tuple(x.leaf for _, e, copy in pairs for x in (e, copy))
    return CheckResult(leaves, {"delta": span(max(apart for apart, *_ in pairs))}) if pairs else None


def _direct(r: OrderReading) -> list[Entry]:
    """Return the transmissions past the central authority that do not say that it had a copy."""
    sent = r.entries.of("order-transmitted")
    return [e for e in sent if r.actors.is_by(e, "ISS") and e.get("copy_to_central_authority") is not True]


def _copied(r: OrderReading, e: Entry) -> Entry | None:
    """Return the transmission by the central authority at the same time, the nearest one; None without one."""
    by_central = (c for c in r.entries.of("order-transmitted") if r.actors.is_by(c, "CAR"))
    return min((c for c in by_central if simultaneous(r, e.on, c.on)), key=lambda c: abs(c.on - e.on), default=None)


@finding(
    "W-28-4-NOT-EXPLAINED",
    cite="BC:28(4)",
    mark=Mark.TEXT,
    under="BC-31 2AP-10",
    kinds="condition-imposed",
    gap="A5 A7",
    says="The supplying Party requires an explanation of the use of the data, and none was given.",
)
def use_not_explained(r: OrderReading) -> Matches:
    """Find it once the data were used or the order is closed; the text sets no period."""
    used = r.entries.of("use-recorded", "order-closed")
    if not used:
        return None
    explained = [r.entries.named(e.get("about")) for e in r.entries.of("use-explained")]
    accepted = {about.leaf for e in r.entries.of("condition-accepted") if (about := r.entries.named(e.get("about")))}
    return [
        e
        for e in r.entries.of("condition-imposed")
        if e.get("explanation_required") is True and e.leaf in accepted and e not in explained and None not in explained
    ]


@finding(
    "V-29-GROUND",
    cite="BC:29(3), BC:29(5), BC:30(2)",
    mark=Mark.TEXT,
    under="BC-29",
    kinds="preservation-refused request-refused",
    gap="A5",
    says="Preservation was refused on a ground that the article does not have; dual criminality is no condition.",
)
def refused_on_another_ground(r: OrderReading) -> Matches:
    """Find it for grounds other than articles 29(4) and 29(5). 30(2) allows to withhold traffic data, not to refuse."""
    refused = r.entries.of("preservation-refused", "request-refused")
    return [e for e in refused if e.get("ground") not in (*POLITICAL_OR_ESSENTIAL, "BC:29(4)") and not _withheld(r, e)]


def _withheld(r: OrderReading, refusal: Entry) -> bool:
    """Return True if a refusal withholds traffic data of a request that was executed: article 30(2)."""
    if refusal.kind != "request-refused" or refusal.get("ground") not in WITHHELD:
        return False
    return bool(r.entries.earlier(refusal, "preservation-confirmed"))


@finding(
    "G-29-4-RESERVATION",
    cite="BC:29(4)",
    mark=Mark.TEXT,
    under="BC-29",
    kinds="preservation-refused request-refused",
    gap="A5",
    says="Preservation was refused for lack of dual criminality, and no reservation of the requested Party is on "
    "record that allows it.",
)
def refused_without_a_reservation(r: OrderReading) -> Matches:
    if r.parties.declared("R-29-4"):
        return None
    return [e for e in r.entries.of("preservation-refused", "request-refused") if e.get("ground") == "BC:29(4)"]


@finding(
    "W-29-6-UNDECIDED",
    cite="BC:29(6)",
    mark=Mark.TEXT,
    under="BC-29",
    kinds="preservation-risk-reported",
    gap="A5",
    says="The requested Party said that preservation puts the data or the investigation at risk, and the requesting "
    "Party has not decided whether it is to go on.",
)
def risk_not_decided(r: OrderReading) -> Matches:
    reported = r.entries.of("preservation-risk-reported")
    return [e for e in reported if not r.entries.later(e, "order-maintained", "order-withdrawn")]


@finding(
    "W-29-7",
    cite="BC:29(7)",
    mark=Mark.TEXT,
    under="BC-29",
    kinds="preservation-confirmed order-received",
    gap="A6",
    says="Sixty days have passed and no request for the kept data was made.",
)
def no_request_for_what_is_kept(r: OrderReading) -> Matches:
    return of_clocks(r.deadlines.missed("B-29-60"))


@finding(
    "V-29-7-CEASED",
    cite="BC:29(7)",
    mark=Mark.TEXT,
    under="BC-29",
    kinds="preservation-ceased",
    gap="A5",
    says="The data were kept for less than sixty days, or no longer although a request for them was made.",
)
def ceased_too_early(r: OrderReading) -> Matches:
    """Find a period that the keeper ended before the sixty days, or after a request for the data.

    "Pending a decision on that request": a decision is of another order. A keeper that states another cause than the
    end of the period is not found.
    """
    ceased = [e for e in r.entries.of("preservation-ceased") if e.get("cause") == "period-ended"]
    clock = r.deadlines.clock("B-29-60")
    early = [e for e in ceased if clock is not None and clock.due is not None and e.on < clock.due]
    return [*early, *(e for e in ceased if r.entries.earlier(e, "production-request-confirmed"))]
