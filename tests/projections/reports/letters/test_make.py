"""A letter is made of what its reader may read, and refused while the person must not be informed."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.entries.case import Unread
from projections.reports.letters.letter import LetterKind, LetterRefused
from projections.reports.letters.make import of_subject
from tests.support.papers.letters import written
from tests.support.scenarios import Fact, by_issuer, case, disclosed, issued

DELAY = by_issuer(
    "customer-notification-delayed",
    "2027-03-01T10:00Z",
    label="delay",
    grounds=["LED:13(3)(a)"],
    review_on="2027-12-01",
)
ASKED = by_issuer("erasure-requested", "2027-06-01T09:00Z", label="asked")
DECIDED = by_issuer("erasure-decided", "2027-06-10T09:00Z", answers="asked", decision="erased")
NEEDED: dict[LetterKind, tuple[Fact, ...]] = {"notice": (disclosed("2027-03-15T13:00Z"),), "erasure": (ASKED, DECIDED)}


@pytest.mark.parametrize("kind", NEEDED)
def test_no_letter_is_made_while_the_person_must_not_be_informed(kind: LetterKind) -> None:
    assert written(kind, *NEEDED[kind]).letter == kind
    with pytest.raises(LetterRefused, match=r"\(entry \d+, customer-notification-delayed\)") as refused:
        written(kind, DELAY, *NEEDED[kind])
    assert refused.value.hint.startswith("what ends this: ")


@pytest.mark.parametrize(("kind", "says"), [("notice", "leaves nothing unsaid"), ("erasure", "omits nothing")])
@pytest.mark.parametrize("omit", ["grounds", "restriction"])
def test_only_an_answer_to_a_request_for_access_may_leave_something_unsaid(
    kind: LetterKind, says: str, omit: Any
) -> None:
    with pytest.raises(LetterRefused, match=says) as refused:
        written(kind, *NEEDED[kind], omit=omit)
    assert refused.value.hint == "--omit is of an answer to a request for access"


@pytest.mark.parametrize(
    ("stated", "reference"),
    [({"reference": "E-7", "case_ref": "KA-1"}, "E-7"), ({"case_ref": "KA-1"}, "KA-1"), ({}, "")],
)
def test_a_letter_has_the_number_of_the_order_else_that_of_the_case(stated: dict[str, Any], reference: str) -> None:
    made = written("notice", *NEEDED["notice"], order=issued("2027-03-01T09:00Z", **stated))
    assert made.reference == reference
    assert (made.place, made.date, made.office) == ("Karsk", "1 September 2027", "Prosecutor's Office Karsk")
    assert made.sources


SEALED = by_issuer("access-requested", "2027-06-01T09:00Z", label="of one", request_text="mine")
KEY = by_issuer(
    "payload-key-destroyed", "2027-06-11T09:00Z", label="key", key_ref="k1", method="crypto-erased", cause="x"
)


def test_a_case_of_one_person_has_the_sealed_values_of_that_person_alone() -> None:
    whole = case((issued("2027-03-01T09:00Z", identifiers=["u"]), *NEEDED["notice"], SEALED, KEY), "2AP-7")
    sealed = {e.kind: [name for name, value in e.sealed.items() if value is not None] for e in whole.entries}
    order = whole.entries[0]
    (name, *_) = sealed["order-issued"]
    mine = of_subject(whole, [(order.index, name)])
    by_kind = {e.kind: e for e in mine.entries}
    assert by_kind["order-issued"].sealed[name] == order.sealed[name]
    others = [value for other, value in by_kind["order-issued"].sealed.items() if other != name and value is not None]
    assert {*others} <= {Unread.WITHHELD}
    assert all(value is Unread.WITHHELD for value in by_kind["data-disclosed"].sealed.values() if value is not None)
    assert ("access-requested" in by_kind) is not bool(sealed["access-requested"])
    assert "payload-key-destroyed" in by_kind
    assert "payload-key-destroyed" not in {e.kind for e in of_subject(whole, [], ["k1"]).entries}
    assert "payload-key-destroyed" in {e.kind for e in of_subject(whole, [], ["k2"]).entries}
    if sealed["access-requested"]:
        asked = next(e for e in whole.entries if e.kind == "access-requested")
        kept = of_subject(whole, [(asked.index, sealed["access-requested"][0])])
        assert "access-requested" in {e.kind for e in kept.entries}
