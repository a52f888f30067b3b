"""A letter is made of what its reader may read, and refused while the person must not be informed."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace as with_fields

from ledger.entries.case import Unread
from projections.reports.letters.letter import LetterKind, LetterRefused
from projections.reports.letters.make import of_subject
from tests.support.papers.letters import written
from tests.support.scenarios import LABELS, Fact, by_issuer, case, disclosed, issued

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


def test_a_letter_on_a_case_without_an_order_has_no_number() -> None:
    asked = by_issuer("access-requested", "2027-06-01T09:00Z", label="access asked")
    made = written("access", order=asked)
    assert made.reference == ""
    assert [s.says for s in made.sources] == ["You asked for access."]


def test_a_refusal_that_no_entry_causes_names_the_act_alone() -> None:
    with pytest.raises(LetterRefused) as refused:
        written(
            "notice",
            *NEEDED["notice"],
            order=issued("2027-03-01T09:00Z", "EPOC"),
            instrument="EPOC",
            actor="skylark",
            role="SP",
        )
    assert str(refused.value) == "Under a European order only the issuing side tells the person. EPOC:13(1), EPOC:13(4)"
    assert refused.value.hint == "what ends this: nothing: the issuing authority tells the person"


FIRST, SECOND, OPEN = (
    by_issuer("access-requested", f"2027-06-0{n}T09:00Z", label=f"request {n}", **stated)
    for n, stated in ((1, {"request": "of one"}), (2, {"request": "of another"}), (3, {}))
)
KEY = by_issuer(
    "payload-key-destroyed", "2027-06-11T09:00Z", label="key", key_ref="k1", method="crypto-erased", cause="x"
)
WHOLE = case((issued("2027-03-01T09:00Z", identifiers=["u"], summary_of_facts="s"), FIRST, SECOND, OPEN, KEY), "2AP-7")
ORDER, ONE, ANOTHER = (e.index for e in WHOLE.entries[:3])


def of_one(*values: tuple[int, str], others: tuple[str, ...] = ()) -> dict[str, dict[str, Any]]:
    """Return the entries of the case of one person by label, each with its sealed values."""
    return {LABELS[e.leaf]: dict(e.sealed) for e in of_subject(WHOLE, values, others).entries}


def test_a_case_of_one_person_has_the_sealed_values_of_that_person_alone() -> None:
    mine = of_one((ORDER, "identifiers"), (ONE, "request"))
    assert mine == {
        "issued": {"identifiers": ["u"], "summary_of_facts": Unread.WITHHELD},
        "request 1": {"request": "of one"},
        "request 3": {},
        "key": {},
    }


def test_a_value_of_one_entry_opens_no_value_of_the_same_name_in_another() -> None:
    assert of_one((ANOTHER, "request")) == {
        "issued": {"identifiers": Unread.WITHHELD, "summary_of_facts": Unread.WITHHELD},
        "request 2": {"request": "of another"},
        "request 3": {},
        "key": {},
    }


def test_values_that_are_erased_or_were_never_stated_stay_so_in_the_case_of_one_person() -> None:
    order, *rest = WHOLE.entries
    sealed = {"identifiers": Unread.ERASED, "summary_of_facts": None}
    whole = with_fields(WHOLE, entries=(with_fields(order, sealed=sealed), *rest))
    assert of_subject(whole, ()).entries[0].sealed == sealed
    unstated = with_fields(WHOLE.entries[1], sealed={"request": None})
    assert of_subject(with_fields(WHOLE, entries=(unstated,)), ()).entries == (unstated,), "it is of no other person"


def test_the_destruction_of_a_key_of_another_person_is_left_out() -> None:
    assert "key" in of_one()
    assert "key" in of_one(others=("k2",))
    assert "key" not in of_one(others=("k2", "k1"))


def test_a_value_of_one_version_of_an_order_opens_none_of_another_version() -> None:
    second = issued("2027-03-02T09:00Z", label="second", replaces="issued", identifiers=["v"])
    whole = case((issued("2027-03-01T09:00Z", identifiers=["u"]), second), "2AP-7")
    mine = of_subject(whole, [(whole.entries[1].index, "identifiers")])
    assert [e.sealed["identifiers"] for e in mine.entries] == [Unread.WITHHELD, ["v"]]
