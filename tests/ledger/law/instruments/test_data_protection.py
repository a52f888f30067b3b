"""CETS 224 article 14, LED and GDPR: basis, use, surplus, retention, incidents, onward transfer, suspension."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from tests.support.judging import codes, finds, finds_not
from tests.support.scenarios import (
    Fact,
    Office,
    by_authority,
    by_issuer,
    by_provider,
    corrected,
    disclosed,
    fact,
    given,
    issued,
    moment,
    received,
)

ISSUED = issued("2027-03-01T09:00Z", case_ref="KA-1")
RECEIVED = received("2027-03-02T08:30Z")
DATA = disclosed("2027-03-05T09:00Z", label="disclosed")


def by_return(kind: str, on: str, **fields: Any) -> Fact:
    """Make a fact: an act of the authority to which data are returned."""
    return fact(kind, on, "orn", "RET", **fields)


EVIDENCE = by_return("evidence-received", "2027-03-05T10:00Z", about="disclosed", check="equal")

# -- legal basis -------------------------------------------------------------------------------------------------------


def test_once_data_have_come_the_basis_of_the_transfer_is_stated() -> None:
    finds(given(ISSUED, RECEIVED, DATA), "G-DP-BASIS", A7="GAP")
    finds_not(given(ISSUED, RECEIVED), "G-DP-BASIS")
    stated = issued("2027-03-01T09:00Z", dp_regime="2AP:14(2)-(15)")
    finds_not(given(stated, RECEIVED, DATA), "G-DP-BASIS")
    supplied = corrected("2027-03-03T09:00Z", "c", material=False, changed_fields=["dp_regime"])
    finds_not(given(ISSUED, RECEIVED, supplied, DATA), "G-DP-BASIS")
    finds(given(RECEIVED, DATA), "G-DP-BASIS")


# -- purpose -----------------------------------------------------------------------------------------------------------


def instructed(on: str) -> Fact:
    """Make a fact: the notified authority instructs the provider not to disclose anything."""
    return by_authority("non-disclosure-instructed", on, label=f"instructed {on}", ground="G-7-i", scope="all")


def locked(on: str, kind: str = "use-restricted", scope: str = "all") -> Fact:
    """Make a fact: the data are restricted, destroyed or returned."""
    return by_return(kind, on, scope=scope, method="overwritten" if kind == "data-destroyed" else None)


@pytest.mark.parametrize(
    ("instruction", "last"),
    [("2027-03-04T09:00Z", "2027-03-05T10:00Z"), ("2027-03-06T09:00Z", "2027-03-06T09:00Z")],
    ids=["before the data", "after the data"],
)
def test_use_is_unproven_unless_the_data_were_locked_no_later_than_receipt_and_instruction(
    instruction: str, last: str
) -> None:
    story = given(ISSUED, RECEIVED, DATA, EVIDENCE, instructed(instruction)).asked_at("2027-03-10T00:00Z")
    finds(story, "G-USE-UNPROVEN", A7="GAP")
    for kind in ("use-restricted", "data-destroyed", "data-returned"):
        finds_not(story.when(locked(last, kind)), "G-USE-UNPROVEN")
        finds(story.when(replace(locked(last, kind), on=moment(last.replace(":00Z", ":01Z")))), "G-USE-UNPROVEN")
        finds(story.when(locked(last, kind, "out-of-scope")), "G-USE-UNPROVEN")


def test_without_receipt_or_without_breach_there_is_no_use_to_prove() -> None:
    finds_not(given(ISSUED, RECEIVED, instructed("2027-03-04T09:00Z"), DATA), "G-USE-UNPROVEN")
    finds_not(given(ISSUED, RECEIVED, DATA, EVIDENCE), "G-USE-UNPROVEN")


def used(on: str, case_ref: str = "KA-2") -> Fact:
    """Make a fact: the data are used in a case."""
    return by_return("use-recorded", on, case_ref=case_ref, purpose_code="investigation")


def allowed(on: str, decision: str = "allowed", case_ref: str = "KA-2") -> Fact:
    """Make a fact: use in another case is decided."""
    return by_issuer("further-use-decided", on, case_ref=case_ref, decision=decision)


def condition(code: str = "this-case-only") -> tuple[Fact, Fact]:
    """Make two facts: the other State imposes a condition, and it is accepted."""
    imposed = by_authority("condition-imposed", "2027-03-05T09:00Z", label="condition", condition_code=code)
    return imposed, by_issuer("condition-accepted", "2027-03-05T10:00Z", about="condition")


USES = ("V-6-3c-USE", "V-28-2b-USE", "V-14-2a-PURPOSE")


def found(*facts: Fact, instrument: str = "2AP-7") -> set[str]:
    """Return which of the three findings on use there are."""
    order = issued("2027-03-01T09:00Z", instrument, case_ref="KA-1")
    return codes(given(order, RECEIVED, DATA, *facts)) & set(USES)


def test_use_in_another_case_gives_one_finding_the_most_special() -> None:
    use = used("2027-03-07T09:00Z")
    assert found(use, instrument="2AP-6") == {"V-6-3c-USE"}
    assert found(*condition(), use, instrument="2AP-6") == {"V-6-3c-USE"}
    assert found(*condition(), use) == {"V-28-2b-USE"}
    assert found(use) == {"V-14-2a-PURPOSE"}
    assert found(used("2027-03-07T09:00Z", "KA-1")) == set()


def test_what_use_in_another_case_does_to_the_criteria() -> None:
    use = used("2027-03-07T09:00Z")
    registration = issued("2027-03-01T09:00Z", "2AP-6", case_ref="KA-1")
    finds(given(registration, use), "V-6-3c-USE", A5="CONTRADICTED", A7="CONTRADICTED")
    finds(given(ISSUED, *condition(), use), "V-28-2b-USE", A5="CONTRADICTED", A7="CONTRADICTED")
    finds(given(ISSUED, use), "V-14-2a-PURPOSE", A7="CONTRADICTED")


def test_a_condition_binds_once_it_is_accepted_and_only_if_it_is_about_the_case() -> None:
    imposed, accepted = condition()
    assert found(imposed, used("2027-03-07T09:00Z")) == {"V-14-2a-PURPOSE"}
    assert found(imposed, accepted, used("2027-03-05T09:30Z")) == {"V-14-2a-PURPOSE"}
    assert found(*condition("handling"), used("2027-03-07T09:00Z")) == {"V-14-2a-PURPOSE"}


def test_an_earlier_decision_allows_use_in_that_case_and_a_later_one_cures_nothing() -> None:
    use = used("2027-03-07T09:00Z")
    assert found(allowed("2027-03-06T09:00Z"), use) == set()
    assert found(allowed("2027-03-08T09:00Z"), use) == {"V-14-2a-PURPOSE"}
    assert found(allowed("2027-03-06T09:00Z", "refused"), use) == {"V-14-2a-PURPOSE"}
    assert found(allowed("2027-03-06T09:00Z", case_ref="KA-3"), use) == {"V-14-2a-PURPOSE"}
    assert found(*condition(), allowed("2027-03-06T09:00Z"), use) == {"V-28-2b-USE"}


def test_an_order_without_a_case_gives_nothing_to_measure_use_against() -> None:
    assert not codes(given(issued("2027-03-01T09:00Z"), used("2027-03-07T09:00Z"))) & set(USES)


# -- amount, sensitivity, retention ------------------------------------------------------------------------------------


def test_surplus_data_are_dealt_with_within_thirty_days_of_receipt() -> None:
    surplus = disclosed("2027-03-05T09:00Z", "name", "postal-address", "login-ip", label="disclosed")
    story = given(ISSUED, RECEIVED, surplus, EVIDENCE)
    finds_not(story.asked_at("2027-04-04T23:59:59Z"), "V-14-2b")
    finds(story.asked_at("2027-04-05T00:00:00Z"), "V-14-2b", A7="CONTRADICTED")
    cleared = locked("2027-03-10T09:00Z", "data-destroyed", "out-of-scope")
    finds_not(story.when(cleared).asked_at("2027-05-05T00:00Z"), "V-14-2b")
    finds_not(given(ISSUED, RECEIVED, DATA, EVIDENCE).asked_at("2027-05-05T00:00Z"), "V-14-2b")


def test_specially_protected_data_have_a_safeguard() -> None:
    flagged = by_return("sensitive-data-flagged", "2027-03-06T09:00Z", elements=["name"])
    finds(given(ISSUED, flagged), "V-14-4", A7="CONTRADICTED")
    safe = replace(flagged, fields={**flagged.fields, "safeguard": "SG-4"})
    finds_not(given(ISSUED, safe), "V-14-4")


def test_a_date_to_look_at_retention_again_is_kept() -> None:
    rule = by_return("retention-rule-set", "2027-03-06T09:00Z", label="rule", review_on="2027-06-01")
    story = given(ISSUED, rule)
    finds_not(story.asked_at("2027-06-01T23:59:59Z"), "W-14-5-OVERDUE")
    finds(story.asked_at("2027-06-02T00:00:00Z"), "W-14-5-OVERDUE", A7="GAP")
    kept = by_return("retention-reviewed", "2027-05-06T09:00Z", about="rule", decision="keep", review_on="2027-09-01")
    finds_not(story.when(kept).asked_at("2027-06-02T00:00Z"), "W-14-5-OVERDUE")
    finds(story.when(kept).asked_at("2027-09-02T00:00Z"), "W-14-5-OVERDUE")
    undated = by_return("retention-reviewed", "2027-05-06T09:00Z", about="rule", decision="keep")
    expired = by_return("retention-expired", "2027-05-06T09:00Z", about="rule")
    for end in (undated, expired, locked("2027-05-06T09:00Z", "data-destroyed")):
        finds_not(story.when(end).asked_at("2027-09-02T00:00Z"), "W-14-5-OVERDUE")


# -- security incidents ------------------------------------------------------------------------------------------------


def test_the_supervisory_authority_is_told_within_72_hours_or_told_why_not() -> None:
    incident = by_return(
        "security-incident-detected", "2027-03-06T09:00Z", label="incident", aware_at="2027-03-06T09:00:00Z",
        incident_kind="loss", regime="LED:30",
    )  # fmt: skip

    def notice(on: str, **fields: Any) -> Fact:
        return by_return("incident-notified-to-authority", on, about="incident", notified_authority="sa", **fields)

    story = given(ISSUED, incident)
    finds_not(story.asked_at("2027-03-09T09:59:59Z"), "V-DP-72H")
    finds(story.asked_at("2027-03-09T10:00:00Z"), "V-DP-72H", A7="CONTRADICTED")
    finds_not(story.when(notice("2027-03-09T09:00Z")).asked_at("2027-04-09T10:00Z"), "V-DP-72H")
    finds(story.when(notice("2027-03-10T09:00Z")), "V-DP-72H")
    finds_not(story.when(notice("2027-03-10T09:00Z", late_reasons="The office was shut.")), "V-DP-72H")


# -- to a third State --------------------------------------------------------------------------------------------------


def onward(instrument: str, *between: Fact, to: str = "XX") -> set[str]:
    """Return the findings on a transfer to a third State that follows the facts `between`."""
    order = issued("2027-03-01T09:00Z", instrument)
    transfer = by_issuer("onward-transferred", "2027-03-20T09:00Z", recipient_party=to, authorisation="grant")
    offices = {"ncco": Office("XV", ("NOT", "DPA14"), ("C-14-10-b",)), "other": Office("XV", ("DPA14",))}
    return codes(given(order, *between, transfer).among(**offices)) & {"V-14-10", "V-LED-35-ONWARD"}


ASKED = by_issuer(
    "onward-transfer-authorisation-requested",
    "2027-03-10T09:00Z",
    label="asked",
    recipient_party="XX",
    purpose_code="trial",
)


def granted(on: str = "2027-03-12T09:00Z", by: str = "ncco") -> Fact:
    """Make a fact: the transfer is authorised."""
    return fact("onward-transfer-authorisation-granted", on, by, "DPA14", label="grant", about="asked")


@pytest.mark.parametrize(
    ("instrument", "code"), [("2AP-7", "V-14-10"), ("2AP-9", "V-14-10"), ("EPOC", "V-LED-35-ONWARD")]
)
def test_onward_transfer_needs_an_earlier_authorisation_for_that_recipient(instrument: str, code: str) -> None:
    assert onward(instrument) == {code}
    assert onward(instrument, ASKED) == {code}
    assert onward(instrument, ASKED, granted()) == set()
    assert onward(instrument, ASKED, granted("2027-03-21T09:00Z")) == {code}
    assert onward(instrument, ASKED, granted(), to="XY") == {code}


def test_under_the_protocol_the_designated_office_authorises() -> None:
    assert onward("2AP-7", ASKED, granted(by="other")) == {"V-14-10"}
    assert onward("EPOC", ASKED, granted(by="other")) == set()
    assert onward("VOL") == set()


def test_what_an_unauthorised_transfer_contradicts() -> None:
    transfer = by_issuer("onward-transferred", "2027-03-20T09:00Z", recipient_party="XX")
    finds(given(ISSUED, transfer), "V-14-10", A7="CONTRADICTED")
    finds(given(issued("2027-03-01T09:00Z", "EPOC-PR"), transfer), "V-LED-35-ONWARD", A7="CONTRADICTED")


# -- the person, and suspension ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["access-restricted", "rectification-refused"])
def test_a_person_is_refused_with_reasons_and_told_where_to_seek_redress(kind: str) -> None:
    def refused(**fields: Any) -> Fact:
        fields = {"answers": "request", "redress_info": True, "reasons": ".", "grounds": None, **fields}
        if kind == "access-restricted":
            fields["grounds"] = ["LED:15(1)(a)"]
        return by_return(kind, "2027-03-20T09:00Z", **fields)

    finds_not(given(ISSUED, refused()), "V-14-12b-NO-REASONS")
    finds(given(ISSUED, refused(reasons=None)), "V-14-12b-NO-REASONS", A7="CONTRADICTED")
    finds(given(ISSUED, refused(redress_info=False)), "V-14-12b-NO-REASONS")


def test_nothing_is_disclosed_while_transfers_between_the_two_parties_are_suspended() -> None:
    def suspended(on: str, to: str = "XO") -> Fact:
        return fact(
            "transfers-suspended", on, "ncco", "DPA14", label="suspension",
            from_party="XV", to_party=to, provisional=True,
        )  # fmt: skip

    lifted = fact("suspension-lifted", "2027-03-04T09:00Z", "ncco", "DPA14", about="suspension")
    story = given(ISSUED, RECEIVED, DATA)
    finds(story.registered(suspended("2027-03-03T09:00Z")), "V-14-15-SUSPENDED", A7="CONTRADICTED")
    finds(given(ISSUED, RECEIVED, suspended("2027-03-03T09:00Z"), DATA), "V-14-15-SUSPENDED")
    finds_not(story.registered(suspended("2027-03-03T09:00Z"), lifted), "V-14-15-SUSPENDED")
    finds_not(story.registered(suspended("2027-03-06T09:00Z")), "V-14-15-SUSPENDED")
    finds_not(story.registered(suspended("2027-03-03T09:00Z", to="XX")), "V-14-15-SUSPENDED")
    finds_not(given(ISSUED, by_provider("disclosure-declined", "2027-03-05T09:00Z")), "V-14-15-SUSPENDED")


# -- requests of the person --------------------------------------------------------------------------------------------


def asked(label: str, at: str | None = None) -> Fact:
    """Make a fact: a person asks the provider for access."""
    return by_provider("access-requested", "2027-04-01T09:00Z", at=at, label=label)


@pytest.mark.parametrize(
    ("on", "about", "found"),
    [
        ("2027-04-20T09:00Z", "request", False),
        ("2027-06-20T09:00Z", "request", True),
        ("2027-04-20T09:00Z", "nothing", True),
    ],
)
def test_an_extension_has_effect_within_the_month_of_its_own_request(on: str, about: str, found: bool) -> None:
    """The end of the other request is not known: it was recorded late."""
    extended = by_provider("reply-period-extended", on, about=about)
    story = given(ISSUED, asked("request"), asked("other", at="2027-04-05T09:00Z"), extended)
    assert ("W-GDPR-12-3-EXTENDED" in codes(story)) is found
    finds_not(given(ISSUED, asked("request", at="2027-04-05T09:00Z"), extended.changed(about="request")), "V-GDPR-12-3")


def test_a_second_extension_of_a_request_has_no_effect() -> None:
    first, second = (by_provider("reply-period-extended", f"2027-04-{day}T09:00Z", about="request") for day in (20, 21))
    assert len(finds(given(ISSUED, asked("request"), first, second), "W-GDPR-12-3-EXTENDED").entries) == 1


def test_use_of_data_whose_receipt_does_not_count_is_not_judged() -> None:
    powerless = replace(EVIDENCE, role="SP", by="skylark")
    finds_not(given(ISSUED, RECEIVED, DATA, powerless, instructed("2027-03-04T09:00Z")), "G-USE-UNPROVEN")
