"""Good practice, of the guidelines, SIRIUS and providers: advice next to the findings, never one of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import pytest

from ledger.facts.answer import DecliningReason
from ledger.law import FINDING_RULES
from projections.views.good_practice import AFTER_REFUSAL, CITE, OWN, PROVIDERS, SIRIUS, afterwards, before_sending
from tests.support.cli import run
from tests.support.scenarios import Fact, by_issuer, by_provider, disclosed, fact, given, issued, received, sent

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
    assert about("fax") == ["one point of contact"]


def test_an_emergency_says_why() -> None:
    assert "priorities" in about(emergency=True)
    assert "priorities" not in about(emergency=True, emergency_reasons="a child")


def test_a_request_by_mail_comes_from_the_official_domain_of_the_office() -> None:
    assert about("encrypted-mail") == ["official sender"]
    assert about("provider-portal") == []


def test_an_emergency_request_is_checked_a_second_time_before_it_is_sent() -> None:
    assert about(emergency=True, emergency_reasons="a child") == ["second check"]


def test_an_emergency_request_goes_by_the_form_of_the_provider_for_emergencies() -> None:
    assert "emergency form" in about("encrypted-mail", emergency=True, emergency_reasons="a child")
    assert "emergency form" not in about("provider-portal", emergency=True, emergency_reasons="a child")


@pytest.mark.parametrize(
    ("identifier", "advice"),
    [
        ("Jane Q. Example", ["right identifier"]),
        ("jane@example.org", []),
        ("+47 22 00 00 00", []),
        ("jane.example", []),
        (" jane ", []),
        ("jane example @home", []),
        ("jane example", ["right identifier"]),
    ],
)
def test_the_name_of_a_person_is_no_identifier(identifier: str, advice: list[str]) -> None:
    sealed = {**SEALED, "identifiers": [identifier]}
    assert [a.about for a in before_sending(WHOLE, sealed, [], "provider-portal")] == advice


@pytest.mark.parametrize("address", ["203.0.113.7", "2001:db8::1"])
def test_an_address_of_the_internet_identifies_a_user_only_with_a_time(address: str) -> None:
    order = {**WHOLE, "data_categories": ["subscriber"]}
    without = before_sending(order, {"identifiers": [address]}, [], "provider-portal")
    assert [(a.about, a.mark) for a in without] == [("right identifier", "likely")]
    timed = {"identifiers": [address], "time_range": "2027-01-01T10:00Z/2027-01-01T10:01Z"}
    assert before_sending(order, timed, [], "provider-portal") == []


def test_the_reasons_of_providers_are_codes_of_a_refusal() -> None:
    assert set(AFTER_REFUSAL) <= set(get_args(DecliningReason))
    assert next(iter(AFTER_REFUSAL)) == "wrong-identifier"


def test_the_reasons_of_earlier_ledgers_keep_their_place() -> None:
    assert get_args(DecliningReason)[:8] == (
        "reserved-by-state", "instructed", "not-properly-served", "law-of-provider", "overbroad", "not-our-service",
        "provider-policy", "none-given",
    )  # fmt: skip


@pytest.mark.parametrize("reason", AFTER_REFUSAL)
def test_a_refusal_leads_to_advice_until_the_data_come(reason: str) -> None:
    refused = given(
        issued("2027-03-01T09:00Z"), sent("2027-03-02T08:00Z"), received("2027-03-02T08:30Z"),
        fact("disclosure-declined", "2027-03-08T09:00Z", "skylark", "SP", reason_code=reason),
    )  # fmt: skip
    assert afterwards(refused.case) == [AFTER_REFUSAL[reason]]
    assert afterwards(refused.when(disclosed("2027-03-10T09:00Z", "name")).case) == []


def test_data_disclosed_in_an_emergency_want_a_confirmation_that_the_request_was_genuine() -> None:
    urgent = given(
        issued("2027-03-01T09:00Z", emergency=True), sent("2027-03-01T09:10Z"), received("2027-03-01T09:20Z"),
        disclosed("2027-03-01T10:00Z", "name"),
    )  # fmt: skip
    assert [a.about for a in afterwards(urgent.case)] == ["second check"]
    confirmed = fact("authenticity-confirmed", "2027-03-01T09:40Z", "orn", "ISS", method="call-back")
    assert afterwards(urgent.when(confirmed).case) == []


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
    assert all(a["cite"] == CITE for a in answer["practice"])
    assert "Good practice, which binds nobody" in run("lint", str(order)).stdout
    sources = {CITE, SIRIUS, PROVIDERS, OWN}
    assert not [check.code for check in FINDING_RULES if not sources.isdisjoint(check.cite)]


def test_every_source_of_advice_is_printed_with_its_mark(tmp_path: Path) -> None:
    order = tmp_path / "order.json"
    order.write_text(json.dumps({"instrument": "VOL", "from_party": "RS", "to_party": "HU", "emergency": True}))
    printed = " ".join(run("lint", str(order), "--channel", "mail").stdout.split())
    assert all(source in printed for source in (CITE, PROVIDERS, OWN))
    assert all(f"[{mark}]" in printed for mark in ("known", "likely", "design"))


@pytest.mark.parametrize("empty", [{"reference": ""}, {"domestic_legal_grounds": []}, {"template": None}])
def test_what_is_stated_as_empty_is_lacking(empty: dict[str, Any]) -> None:
    assert about(**empty) == ["complete requests"]


DECLINED = fact("disclosure-declined", "2027-03-08T09:00Z", "skylark", "SP", reason_code="wrong-identifier")
ISSUED, URGENT = issued("2027-03-01T09:00Z"), issued("2027-03-01T09:00Z", emergency=True)
ANSWER, CLOSED = disclosed("2027-03-07T09:00Z"), by_issuer("order-closed", "2027-05-01T09:00Z", outcome="answered")


@pytest.mark.parametrize(
    ("facts", "advice"),
    [
        pytest.param((ISSUED,), [], id="no answer"),
        pytest.param((ISSUED, ANSWER, DECLINED), ["right identifier"], id="refused after an answer"),
        pytest.param((ISSUED, DECLINED, CLOSED), ["right identifier"], id="closed after a refusal"),
        pytest.param((ISSUED, DECLINED.changed(reason_code="none-given")), [], id="a reason without advice"),
        pytest.param((ISSUED, ANSWER), [], id="answered"),
        pytest.param((URGENT,), [], id="urgent and not answered"),
        pytest.param((URGENT, ANSWER), ["second check"], id="urgent and answered"),
        pytest.param((issued("2027-03-01T09:00Z", emergency=False), ANSWER), [], id="stated as not urgent"),
        pytest.param((ISSUED, by_issuer("order-drafted", "2027-03-01T09:10Z", emergency=True), ANSWER), [],
                     id="another entry says that it is urgent"),
        pytest.param((ISSUED, ANSWER, CLOSED), ["feedback"], id="closed and answered"),
        pytest.param((ISSUED, CLOSED), [], id="closed without an answer"),
        pytest.param((ISSUED, by_provider("no-data-held", "2027-03-07T09:00Z"), CLOSED), ["feedback"], id="no data"),
    ],
)  # fmt: skip
def test_advice_on_the_record_is_on_refusals_emergencies_and_closed_files(
    facts: tuple[Fact, ...], advice: list[str]
) -> None:
    expected = [AFTER_REFUSAL["wrong-identifier"].about if a == "right identifier" else a for a in advice]
    assert [a.about for a in afterwards(given(*facts).case)] == expected
