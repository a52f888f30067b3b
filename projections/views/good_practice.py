"""Good practice between authorities and providers: advice next to the findings, never one of them.

Each source has its mark. The Council of Europe's guidelines for the cooperation between law enforcement and Internet
service providers against cybercrime (Strasbourg, 1-2 April 2008) do not bind. They ask for one point of contact on
each side, written requests that are complete and specific, stated priorities, and feedback on the use of an answer;
their paragraphs were not read, so none is cited. The SIRIUS reports list why providers refuse. The rules that providers
publish for authorities say what a request must have. Both were read in summaries.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from ipaddress import ip_address
from typing import Any

from msgspec import Struct

from ledger.entries.case import Case, Entry
from ledger.law.rules.order_contents import CONTENTS
from ledger.law.terms.rule import Mark

CITE = "CoE guidelines on cooperation between law enforcement and service providers (2008)"
SIRIUS = "SIRIUS EU digital evidence situation report 2018, reasons for refusal (as summarised in eucrim)"
PROVIDERS = "rules of providers for authorities (as summarised in the PILON handbook on mutual legal assistance, ch. 7)"
OWN = "advice of this program"
LOOSE = ("mail", "fax", "not-known")  # channels that lead to no particular desk of a provider
MAIL = ("mail", "encrypted-mail")
DESKS = ("provider-portal", "decentralised-it-system", "contact-point-24-7")  # channels that know who sends


class Advice(Struct, frozen=True):
    """Hold one piece of good practice that an order does not follow: its subject, what is lacking, what to do."""

    about: str
    says: str
    add: str
    cite: str = CITE
    mark: Mark = Mark.KNOWN


class _UnsentOrder(Struct, frozen=True):
    """Hold an order before it is sent: its fields, the register, the channel it will take."""

    fields: Mapping[str, Any]
    registry: Sequence[Entry]
    channel: str

    def lacks(self, *names: str) -> bool:
        """Return True if one of these is not stated and no article of the instrument asks for it.

        What an article asks for would be a finding.
        """
        required_names = {name for point in CONTENTS.get(str(self.fields["instrument"]), ()) for name in point.fields}
        return any(self.fields.get(name) in (None, "", []) for name in names if name not in required_names)


def before_sending(
    public: Mapping[str, Any], sealed: Mapping[str, Any], registry: Sequence[Entry], channel: str
) -> list[Advice]:
    """Return what good practice would add to an order with these fields, sent by this channel."""
    draft = _UnsentOrder({**public, **sealed}, registry, channel)
    return [advice for follows, advice in _PRACTICE if follows(draft)]


def _no_desk_of_ours(d: _UnsentOrder) -> bool:
    """Return True if the order names no office to answer to, or one that the register does not know."""
    offices = {e.get("actor") for e in d.registry if e.kind == "authority-registered"}
    desk = d.fields.get("return_authority")
    return d.lacks("return_authority") or bool(offices and desk and desk not in offices)


def _no_reason_to_hurry(d: _UnsentOrder) -> bool:
    return bool(d.fields.get("emergency")) and d.lacks("emergency_reasons")


def _over_which_time(d: _UnsentOrder) -> bool:
    heavy = not {"traffic", "content"}.isdisjoint(d.fields.get("data_categories") or ())
    return heavy and d.lacks("time_range")


def _name_as_identifier(d: _UnsentOrder) -> bool:
    """Return True if an identifier reads as the name of a person: several words without a digit or an @."""
    return any(" " in said.strip() and not any(c.isdigit() or c == "@" for c in said) for said in _identifiers(d))


def _address_without_time(d: _UnsentOrder) -> bool:
    """Return True if an identifier is an IP address and no time is stated: many users share one address."""
    return d.lacks("time_range") and any(_is_address(said) for said in _identifiers(d))


def _identifiers(d: _UnsentOrder) -> list[str]:
    return [said for said in d.fields.get("identifiers") or () if isinstance(said, str)]


def _is_address(said: str) -> bool:
    try:
        ip_address(said.strip())
    except ValueError:
        return False
    return True


_PRACTICE: tuple[tuple[Callable[[_UnsentOrder], bool], Advice], ...] = (
    (
        _no_desk_of_ours,
        Advice(
            "one point of contact",
            "No registered office is named to which the provider answers and turns with questions.",
            "return_authority: the one office that takes answers and questions",
        ),
    ),
    (
        lambda d: d.channel in LOOSE,
        Advice(
            "one point of contact",
            "The channel leads to no particular desk of the provider.",
            "send it to the desk the provider has named for authorities, by the channel it asks for",
        ),
    ),
    (
        lambda d: d.lacks("reference"),
        Advice(
            "complete requests",
            "The request has no number of its own that both sides can quote.",
            "reference: the order's own number; it names nobody",
        ),
    ),
    (
        lambda d: d.lacks("template"),
        Advice(
            "complete requests",
            "It is not said that a standard form was used.",
            "template: the form that was used, with its version",
        ),
    ),
    (
        lambda d: d.lacks("domestic_legal_grounds"),
        Advice(
            "complete requests",
            "The request does not say on which law it rests.",
            "domestic_legal_grounds: the provisions that empower the office",
        ),
    ),
    (
        lambda d: d.lacks("identifiers", "elements_sought"),
        Advice(
            "specific requests",
            "The request does not say which data of which account are sought.",
            "identifiers and elements_sought: the account, and the data one by one",
        ),
    ),
    (
        _over_which_time,
        Advice(
            "specific requests",
            "The request does not say for which time data are sought.",
            "time_range: the first and the last day",
        ),
    ),
    (
        _no_reason_to_hurry,
        Advice(
            "priorities",
            "The request is marked as an emergency and does not say why.",
            "emergency_reasons: what is in danger, and how the data bear on it",
        ),
    ),
    (
        _name_as_identifier,
        Advice(
            "right identifier",
            "An identifier reads as the name of a person. A wrong identifier is the first reason for a refusal.",
            "identifiers: the account, address or number under which the provider stores the data",
            SIRIUS,
            Mark.LIKELY,
        ),
    ),
    (
        _address_without_time,
        Advice(
            "right identifier",
            "An IP address is named without a time. Many users can have had the same address.",
            "time_range: date and time of use with the time zone, and the source port if it is known",
            SIRIUS,
            Mark.LIKELY,
        ),
    ),
    (
        lambda d: d.channel in MAIL,
        Advice(
            "official sender",
            "Providers accept requests from the official e-mail domain of an authority or from its account at their "
            "portal.",
            "send it from the domain of the office, never from a private or free mailbox",
            PROVIDERS,
            Mark.LIKELY,
        ),
    ),
    (
        lambda d: bool(d.fields.get("emergency")) and d.channel not in DESKS,
        Advice(
            "emergency form",
            "The emergency request does not go through the portal. Providers have a form of their own for emergencies.",
            "use the emergency form of the provider, and name a telephone number for the call back",
            PROVIDERS,
            Mark.LIKELY,
        ),
    ),
    (
        lambda d: bool(d.fields.get("emergency")),
        Advice(
            "second check",
            "Persons who pretend to be an authority use emergency requests, because these are answered quickly.",
            "let a second official check the request before it is sent; confirm it when the provider calls back, and "
            "record authenticity-confirmed",
            OWN,
            Mark.DESIGN,
        ),
    ),
)

# What to do after a refusal, by its reason. The reasons of SIRIUS, the most frequent first.
AFTER_REFUSAL: dict[str, Advice] = {
    reason: Advice("refused", says, add, SIRIUS, Mark.LIKELY)
    for reason, says, add in (
        (
            "wrong-identifier",
            "The provider found no account under the identifier.",
            "compare the identifier with its source, letter by letter, and send a new order",
        ),
        (
            "needs-judicial-cooperation",
            "The provider gives such data only to an authority of its own State.",
            "preserve the data and ask that State for mutual assistance",
        ),
        (
            "no-such-data",
            "The provider does not hold the data.",
            "ask which data it holds and for how long, and whether another company of its group holds them",
        ),
        (
            "overbroad",
            "The request asked for too much.",
            "name single data, single accounts and the time they are needed for",
        ),
        (
            "no-valid-legal-basis",
            "The provider sees no legal basis.",
            "state the provisions that empower the office, and the offence",
        ),
        (
            "not-properly-served",
            "The request did not reach the provider in the way it requires.",
            "send it to the company, portal or form that the provider names for authorities",
        ),
    )
}

FEEDBACK = Advice(
    "feedback",
    "The file is closed and the record does not show that the provider was told what its answer was good for.",
    "tell it, as far as the case allows, and record use-explained",
)


def afterwards(case: Case) -> list[Advice]:
    """Return advice on the record: what to do after a refusal, a second check, feedback once an order is over."""
    return [*_after_refusal(case), *_second_check(case), *_feedback(case)]


def _after_refusal(case: Case) -> list[Advice]:
    """Return what to do after the last refusal, unless the data came later."""
    answers = [e for e in case.entries if e.kind in ("data-disclosed", "disclosure-declined")]
    last = max(answers, key=lambda e: e.on, default=None)
    reason = last.get("reason_code") if last is not None and last.kind == "disclosure-declined" else None
    return [AFTER_REFUSAL[reason]] if isinstance(reason, str) and reason in AFTER_REFUSAL else []


UNCONFIRMED = Advice(
    "second check",
    "Data were disclosed in an emergency, and no confirmation that the request was genuine is on record.",
    "call the office back at a number from the register, and record authenticity-confirmed",
    OWN,
    Mark.DESIGN,
)


def _second_check(case: Case) -> list[Advice]:
    kinds = {e.kind for e in case.entries}
    urgent = any(e.get("emergency") is True for e in case.issued)
    unchecked = "data-disclosed" in kinds and "authenticity-confirmed" not in kinds
    return [UNCONFIRMED] if urgent and unchecked else []


def _feedback(case: Case) -> list[Advice]:
    kinds = {e.kind for e in case.entries}
    answered = not kinds.isdisjoint(("data-disclosed", "no-data-held"))
    return [FEEDBACK] if answered and "order-closed" in kinds and "use-explained" not in kinds else []
