"""Acts of offices that are not known here, or of another State, are listed; they are not what was ordered or given."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from ledger.entries.case import ReceivedRegister
from projections.reports.request import request
from projections.views.exhibit_digests import Digest
from projections.views.state import name_of
from tests.projections.views.evidence_files import A, evidence_of, hands_over
from tests.support.scenarios import given, issued, received

OTHER = "ledger.test/other"
STORY = given(
    issued("2027-03-01T09:00Z", reference="R-1"), received("2027-03-02T09:00Z"), hands_over("one", 5, ("a.zip", A))
)
CASE = replace(STORY.case, label=None)
ORDER = next(e for e in CASE.entries if e.kind == "order-issued")
LATER: dict[str, Any] = {"leaf": "f" * 64, "index": 90, "origin": OTHER, "place": 1, "received": CASE.entries[-1].at}
UNCONFIRMED = {"by": "fake", "known_to": OTHER}
OF_ANOTHER_STATE = {"by": "fake", "party": "XV"}


@pytest.mark.parametrize("who", [UNCONFIRMED, OF_ANOTHER_STATE])
def test_the_order_that_is_printed_is_not_one_of_an_office_without_a_say(who: dict[str, Any]) -> None:
    false = replace(ORDER, public={**ORDER.public, "reference": "R-FALSE"}, **LATER, **who)
    case = replace(CASE, entries=(*CASE.entries, false), others=(ReceivedRegister(OTHER, "XV", ()),))
    first = replace(case, entries=(false, *CASE.entries))
    assert request(CASE, {}) == request(case, {}) == request(first, {})
    assert name_of(CASE) == name_of(case) == name_of(first) == "R-1"


def test_a_disclosure_of_an_unconfirmed_provider_is_no_source_of_a_file() -> None:
    file = Digest("a.zip", 1, A, None)
    assert evidence_of(CASE, file)["given"] is not None
    entries = tuple(replace(e, **UNCONFIRMED) if e.kind == "data-disclosed" else e for e in CASE.entries)
    case = replace(CASE, entries=entries, others=(ReceivedRegister(OTHER, "XV", ()),))
    found = evidence_of(case, file)
    assert (found["verdict"], found["equal"], found["given"]) == ("unknown", [], None)
