"""When an act binds a State: the register, the lists of real States, and what neither knows."""

from __future__ import annotations

from datetime import date

import pytest

from ledger.law.parties.bound_parties import AGREEMENTS, BOUND, MEMBER_STATES, NEVER, is_real
from ledger.law.parties.known_parties import EXPECTED_OF_MEMBER_STATES, IN_FORCE, NEEDED, RATIFIED
from ledger.law.rules.acts import valid_from, valid_until
from tests.support.judging import finds, finds_not
from tests.support.scenarios import PARTIES, Office, Party, Story, given, issued

OFFICES = {"ilves": Office("XO", ("ISS", "VAL"))}


def between(one: str, other: str, instrument: str = "EPOC", on: str = "2026-09-01T09:00Z") -> Story:
    """Make an order from one State to another; real States are registered with a zone alone."""
    order = issued(on, instrument, from_party=one, to_party=other)
    parties = {**PARTIES, **{code: Party("UTC") for code in (one, other) if is_real(code)}}
    return Story((order,), parties=parties).among(ilves=Office(one, ("ISS", "VAL")))


def test_an_order_to_a_member_state_that_is_not_bound_is_not_in_force() -> None:
    finds(between("SE", "DK"), "V-NOT-IN-FORCE", A5="CONTRADICTED")
    finds(between("DK", "SE"), "V-NOT-IN-FORCE")
    finds_not(between("SE", "IE"), "V-NOT-IN-FORCE")


@pytest.mark.parametrize("third", ["US", "GB", "UK", "CH", "NO", "IS", "JP"])
def test_an_order_from_or_to_a_third_state_is_not_under_the_regulation(third: str) -> None:
    finds(between(third, "SE"), "V-NOT-IN-FORCE")
    finds(between("SE", third, "EPOC-PR"), "V-NOT-IN-FORCE")


def test_greece_is_bound_under_both_of_its_codes() -> None:
    finds_not(between("EL", "GR"), "V-NOT-IN-FORCE")


def test_a_state_that_neither_the_register_nor_a_list_knows_is_not_judged() -> None:
    finds_not(given(issued("2026-09-01T09:00Z", "EPOC")), "V-NOT-IN-FORCE")
    finds_not(between("XO", "SE"), "V-NOT-IN-FORCE")
    finds(given(issued("2026-08-17T23:59:59Z", "EPOC")), "V-NOT-IN-FORCE")


def test_the_register_says_that_an_act_does_not_bind_a_state() -> None:
    order = given(issued("2026-09-01T09:00Z", "EPOC"))
    for party in ("XO", "XV"):
        finds(order.where(party, not_bound_by=("EPOC",)), "V-NOT-IN-FORCE")
        finds_not(order.where(party, not_bound_by=("BC",)), "V-NOT-IN-FORCE")


def test_the_register_says_from_when_an_act_binds_a_state() -> None:
    later = given(issued("2026-09-30T23:59:59Z", "EPOC")).where("XV", in_force=("EPOC=2026-10-01",))
    finds(later, "V-NOT-IN-FORCE")
    on_the_day = given(issued("2026-10-01T00:00Z", "EPOC")).where("XV", in_force=("EPOC=2026-10-01",))
    finds_not(on_the_day, "V-NOT-IN-FORCE")
    both = given(issued("2026-08-17T12:00Z", "EPOC"))
    for party in ("XO", "XV"):
        both = both.where(party, in_force=("EPOC=2020-01-01",))
    finds(both, "V-NOT-IN-FORCE")  # the act itself did not apply yet
    before_the_act = given(issued("2026-08-17T12:00Z", "EPOC")).where("XV", in_force=("EPOC=2020-01-01",))
    finds(before_the_act, "V-NOT-IN-FORCE")


def test_the_register_comes_before_the_lists() -> None:
    opted_in = between("SE", "DK")
    finds_not(opted_in.where("DK", in_force=("EPOC=2026-08-18",)), "V-NOT-IN-FORCE")
    finds(between("SE", "IE").where("IE", not_bound_by=("EPOC",)), "V-NOT-IN-FORCE")


def test_the_protocol_binds_both_states_or_neither() -> None:
    order = given(issued("2027-03-01T09:00Z", "2AP-7"))
    finds_not(order, "V-NOT-IN-FORCE")
    finds(order.where("XO", in_force=()), "V-NOT-IN-FORCE")
    finds(order.where("XV", in_force=()), "V-NOT-IN-FORCE")
    finds(order.where("XV", in_force=("2AP=2027-03-02",)), "V-NOT-IN-FORCE")


def test_the_convention_binds_a_state_from_its_own_day() -> None:
    finds(between("CR", "FR", "BC-29", "2017-12-31T12:00Z"), "V-NOT-IN-FORCE")
    finds_not(between("CR", "FR", "BC-29", "2018-01-01T12:00Z"), "V-NOT-IN-FORCE")
    finds(between("FR", "CZ", "BC-31", "2013-11-30T12:00Z"), "V-NOT-IN-FORCE")
    finds_not(between("FR", "US", "BC-31", "2013-11-30T12:00Z"), "V-NOT-IN-FORCE")  # not read, not judged


def test_the_days_of_the_convention_are_those_of_the_chart() -> None:
    chart = "AL 2004-07-01 AM 2007-02-01 AT 2012-10-01 AZ 2010-07-01 BA 2006-09-01 BE 2012-12-01 BG 2005-08-01 "
    chart += "CY 2005-05-01 CZ 2013-12-01 DK 2005-10-01 EE 2004-07-01 FI 2007-09-01 FR 2006-05-01 GE 2012-10-01 "
    chart += "HR 2004-07-01 CR 2018-01-01"
    words = chart.split()
    days = {party: bound.since and bound.since.isoformat() for (act, party), bound in BOUND.items() if act == "BC"}
    assert days == dict(zip(words[::2], words[1::2], strict=True))


@pytest.mark.parametrize("instrument", ["BC-16", "BC-18"])
def test_a_domestic_order_under_the_convention_rests_on_national_law(instrument: str) -> None:
    finds_not(between("CR", "CR", instrument, "2017-12-31T12:00Z"), "V-NOT-IN-FORCE")
    finds_not(between("CR", "CR", instrument, "2004-07-01T12:00Z"), "V-NOT-IN-FORCE")
    finds(between("CR", "CR", instrument, "2004-06-30T12:00Z"), "V-NOT-IN-FORCE")


@pytest.mark.parametrize(
    ("party", "on", "found"),
    [
        ("GB", "2022-10-02T12:00Z", True),
        ("GB", "2022-10-03T12:00Z", False),
        ("UK", "2022-10-03T12:00Z", False),
        ("AU", "2024-01-30T12:00Z", True),
        ("AU", "2024-01-31T12:00Z", False),
        ("CA", "2026-09-01T12:00Z", True),
    ],
)
def test_an_order_under_an_executive_agreement_needs_one_in_force(party: str, on: str, found: bool) -> None:
    for story in (between(party, "US", "COA", on), between("US", party, "COA", on)):
        (finds if found else finds_not)(story, "V-NOT-IN-FORCE")


def test_two_states_without_the_united_states_have_no_executive_agreement() -> None:
    finds(between("GB", "AU", "COA"), "V-NOT-IN-FORCE")
    finds_not(given(issued("2026-09-01T09:00Z", "COA")), "V-NOT-IN-FORCE")
    finds(
        given(issued("2026-09-01T09:00Z", "COA")).where("XO", in_force=("COA=2026-09-02",)),
        "V-NOT-IN-FORCE",
    )


@pytest.mark.parametrize("instrument", ["EPOC", "EPOC-PR"])
def test_an_order_to_an_addressee_of_the_same_state_is_not_under_the_regulation(instrument: str) -> None:
    finds(between("SE", "SE", instrument), "V-3-1-OWN-STATE", A5="CONTRADICTED")
    finds(between("XO", "XO", instrument), "V-3-1-OWN-STATE")
    finds_not(between("SE", "IE", instrument), "V-3-1-OWN-STATE")
    finds_not(between("XO", "XO", "BC-18"), "V-3-1-OWN-STATE")


@pytest.mark.parametrize("instrument", ["UNCC-42", "UNCC-44"])
def test_a_request_under_the_united_nations_convention_is_not_in_force_until_the_register_says_so(
    instrument: str,
) -> None:
    finds(between("QA", "VN", instrument), "V-NOT-IN-FORCE", A5="CONTRADICTED")
    order = given(issued("2027-03-01T09:00Z", instrument))
    finds(order, "V-NOT-IN-FORCE")
    one_state = order.where("XO", in_force=("UNCC=2027-03-01",))
    finds(one_state, "V-NOT-IN-FORCE")
    finds_not(one_state.where("XV", in_force=("UNCC=2027-03-01",)), "V-NOT-IN-FORCE")
    finds(one_state.where("XV", in_force=("UNCC=2027-03-02",)), "V-NOT-IN-FORCE")


def test_all_member_states_but_denmark_are_bound_by_the_regulation() -> None:
    assert len(MEMBER_STATES) == 26
    days = {party: bound.since for (act, party), bound in BOUND.items() if act == "EPOC"}
    assert days == {**dict.fromkeys(MEMBER_STATES, date(2026, 8, 18)), "DK": None}


def test_every_day_on_the_lists_has_a_source_and_a_mark_and_a_real_state() -> None:
    listed = [
        *((b.party, b.since, b.source, b.mark) for b in BOUND.values()),
        *((a.party, a.since, a.source, a.mark) for a in AGREEMENTS.values()),
    ]
    for party, since, source, mark in listed:
        assert is_real(party)
        assert since != NEVER
        assert (bool(source), bool(mark)) == (True, True)


def test_four_of_five_ratifications_could_be_read_and_no_day_of_entry_into_force() -> None:
    assert {code: party.ratified for code, party in RATIFIED.items()} == {
        "RS": date(2023, 2, 9),
        "JP": date(2023, 8, 10),
        "HU": date(2026, 2, 5),
        "CR": date(2026, 4, 15),
    }
    assert len(RATIFIED) < NEEDED
    assert IN_FORCE is None


def test_no_declaration_that_the_union_is_expected_to_prescribe_was_read_and_no_party_declared_all_that_is_listed() -> (
    None
):
    assert {expected.verified for expected in EXPECTED_OF_MEMBER_STATES} == {False}
    assert {party.complete for party in RATIFIED.values()} == {False}
    read = {(code, d.code) for code, party in RATIFIED.items() for d in party.declarations if d.verified}
    assert read == {("JP", "R-7-9-a"), ("JP", "D-8-11"), ("JP", "C-6-6"), ("JP", "C-8-10")}


@pytest.mark.parametrize(("code", "real"), [("SE", True), ("XK", True), ("XO", False), ("ZZ", False), ("SE-2", False)])
def test_a_code_that_iso_3166_leaves_to_its_users_is_no_real_state(code: str, real: bool) -> None:
    assert is_real(code) is real


@pytest.mark.parametrize(
    ("cite", "since", "until"),
    [
        (("EPOC:10(2)",), date(2026, 8, 18), None),
        (("EPOC:10(2)", "SCA:2703(h)(2)"), date(2026, 8, 18), None),
        (("SCA:2703(h)(2)",), date(2018, 3, 23), None),
        (("SCA:2703(d)",), date(1986, 10, 21), None),
        (("no act:1",), None, None),
        ((), None, None),
    ],
)
def test_a_rule_applies_from_the_day_of_its_first_citation(
    cite: tuple[str, ...], since: date | None, until: date | None
) -> None:
    assert (valid_from(cite), valid_until(cite)) == (since, until)
