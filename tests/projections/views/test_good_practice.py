"""Good practice of the Council of Europe's guidelines of 2008: advice next to the findings, never one of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ledger.law import FINDING_RULES
from projections.views.good_practice import afterwards, before_sending
from tests.support.cli import run
from tests.support.scenarios import by_issuer, disclosed, fact, given, issued, received, sent

WHOLE = {
    "instrument": "VOL", "return_authority": "orn", "reference": "PPO-2027-4", "template": "KA-V/2027",
    "domestic_legal_grounds": ["s. 88"], "elements_sought": ["connection-log"], "data_categories": ["traffic"],
}  # fmt: skip
SEALED = {"identifiers": ["account-1"], "time_range": "2027-01-01/2027-01-31"}


def about(channel: str = "provider-portal", without: str = "", **more: Any) -> list[str]:
    """Return what advice is about for a whole request, less one field, with others changed."""
    public = {k: v for k, v in {**WHOLE, **more}.items() if k != without}
    return [a.about for a in before_sending(public, {k: v for k, v in SEALED.items() if k != without}, [], channel)]


def test_a_complete_request_to_the_right_desk_needs_no_advice() -> None:
    assert about() == []


@pytest.mark.parametrize(
    ("without", "advice"),
    [
        ("return_authority", "one point of contact"),
        ("reference", "complete requests"),
        ("template", "complete requests"),
        ("domestic_legal_grounds", "complete requests"),
        ("identifiers", "specific requests"),
        ("elements_sought", "specific requests"),
        ("time_range", "specific requests"),
    ],
)
def test_each_thing_a_provider_needs_is_asked_for_by_name(without: str, advice: str) -> None:
    assert about(without=without) == [advice]


def test_a_request_goes_to_a_desk_and_not_to_a_mailbox() -> None:
    assert about("mail") == ["one point of contact"]


def test_an_emergency_says_why() -> None:
    assert about(emergency=True) == ["priorities"]
    assert about(emergency=True, emergency_reasons="a child") == []


def test_what_an_article_asks_for_is_a_finding_and_not_advice() -> None:
    assert about(without="domestic_legal_grounds", instrument="2AP-7") == []


def test_a_contact_point_is_an_office_of_the_register() -> None:
    registry = given(issued("2027-03-01T09:00Z")).case.registry
    found = {a.about for a in before_sending({**WHOLE, "return_authority": "nobody"}, SEALED, registry, "link")}
    assert found == {"one point of contact"}
    assert before_sending(WHOLE, SEALED, registry, "link") == []


def test_whoever_answered_hears_what_the_answer_was_good_for() -> None:
    answered = given(
        issued("2027-03-01T09:00Z"), sent("2027-03-02T08:00Z"), received("2027-03-02T08:30Z"),
        disclosed("2027-03-10T09:00Z", "name"),
    )  # fmt: skip
    closed = answered.when(by_issuer("order-closed", "2027-05-01T09:00Z", outcome="answered"))
    assert afterwards(answered.case) == []
    assert [a.about for a in afterwards(closed.case)] == ["feedback"]
    assert afterwards(closed.when(fact("use-explained", "2027-05-02T09:00Z", "orn", "RET")).case) == []


def test_advice_is_no_finding_and_changes_no_exit_code(tmp_path: Path) -> None:
    order = tmp_path / "order.json"
    order.write_text(json.dumps({"instrument": "VOL", "from_party": "RS", "to_party": "HU"}))
    result = run("lint", str(order), "--json")
    answer = json.loads(result.stdout)
    assert (result.exit_code, answer["missing"]) == (0, [])
    assert {a["mark"] for a in answer["practice"]} == {"known"}
    assert all("CoE guidelines" in a["cite"] for a in answer["practice"])
    assert "Good practice, which binds nobody" in run("lint", str(order)).stdout
    assert not [check.code for check in FINDING_RULES if any("CoE guidelines" in cite for cite in check.cite)]
