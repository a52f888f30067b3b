"""Good practice between authorities and providers: advice next to the findings, never one of them.

The Council of Europe's guidelines for the cooperation between law enforcement and Internet service providers
against cybercrime (Strasbourg, 1-2 April 2008) do not bind. What they ask for is [known]: one point of contact
on each side, written requests that are complete and specific, stated priorities, and feedback on what an answer
was good for. Their text was not at hand, so no paragraph is quoted by its number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from ledger.entries.case import Case, Entry
from ledger.law.rules.order_contents import CONTENTS
from ledger.law.terms.rule import Mark

CITE = "CoE guidelines on cooperation between law enforcement and service providers (2008)"
LOOSE = ("mail", "fax", "not-known")  # channels that lead to no particular desk of a provider


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
    """Return what the guidelines would add to an order with these fields, sent by this channel."""
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
)

FEEDBACK = Advice(
    "feedback",
    "The file is closed and the record does not show that the provider was told what its answer was good for.",
    "tell it, as far as the case allows, and record use-explained",
)


def afterwards(case: Case) -> list[Advice]:
    """Return what the guidelines ask for once an order is over: feedback to the provider that answered it."""
    kinds = {e.kind for e in case.entries}
    answered = not kinds.isdisjoint(("data-disclosed", "no-data-held"))
    return [FEEDBACK] if answered and "order-closed" in kinds and "use-explained" not in kinds else []
