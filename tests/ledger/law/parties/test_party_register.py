"""The register: declarations on a given day, offices and their roles, keys under suspicion."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from ledger.law.parties.known_parties import RATIFIED
from ledger.law.terms.rule import Mark
from tests.support.scenarios import PARTIES, Fact, Office, Party, disclosed, fact, given, issued, moment, received, sent

ISSUED = issued("2027-03-01T09:00Z")
SENT = sent("2027-03-02T08:00Z")
RECEIVED = received("2027-03-02T08:30Z")


def declaration(code: str, on: str, valid_from: str, **fields: Any) -> Fact:
    return fact(
        "declaration-recorded", on, "registrar", "ADM", party="XV", declaration=code, verified=True,
        valid_from=valid_from, **fields,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("declared", "standing"),
    [
        ([("2027-02-01", None)], True),
        ([("2027-03-02", None)], False),  # from the day after the issue
        ([("2027-02-01", "2027-03-01")], True),  # until the day of the issue
        ([("2027-02-01", "2027-02-28")], False),
        ([("2027-02-01", None), ("2027-02-01", "2027-02-15")], False),  # withdrawn by a later declaration
    ],
)
def test_declarations_count_as_they_stand_on_the_day_of_issue(
    declared: list[tuple[str, str | None]], standing: bool
) -> None:
    said = [
        declaration("D-8-11", "2027-03-01T08:00Z", start, **({"valid_until": end} if end else {}))
        for start, end in declared
    ]
    reading = given(issued("2027-03-01T22:59:59Z")).registered(*said).reading
    assert (reading.parties.declared("D-8-11") is not None) is standing


@pytest.mark.parametrize(
    ("first", "start", "standing"),
    [
        pytest.param(issued("2027-03-01T22:00Z"), "2027-03-01", True, id="the day of issue, not of an earlier entry"),
        pytest.param(sent("2027-03-01T22:00Z"), "2027-02-20", True, id="not issued: the day of the first entry"),
        pytest.param(sent("2027-03-01T22:00Z"), "2027-03-01", False, id="not issued: no later day"),
    ],
)
def test_the_day_of_issue_is_asked_and_while_nothing_is_issued_that_of_the_first_entry(
    first: Fact, start: str, standing: bool
) -> None:
    approved = fact("order-supervised", "2027-02-20T09:00Z", "ilves", "VAL", capacity="judge", decision="approved")
    story = given(approved, first).registered(declaration("D-8-11", "2027-02-01T08:00Z", start))
    assert (story.reading.parties.declared("D-8-11", "XV") is not None) is standing


def test_terms_and_circumstances_of_a_declaration_are_those_recorded() -> None:
    story = given(ISSUED).where("XV", declarations=("D-9-5", "N-7-5-b"), terms={"D-9-5": "P14D", "N-7-5-b": ["minor"]})
    terms, circumstances = story.reading.parties.declared("D-9-5"), story.reading.parties.declared("N-7-5-b")
    assert terms is not None
    assert (terms.terms, terms.circumstances) == ("P14D", ())
    assert circumstances is not None
    assert (circumstances.terms, circumstances.circumstances) == (None, ("minor",))


def test_a_party_without_a_list_of_holidays_has_those_of_the_package_and_one_with_an_empty_list_none() -> None:
    story = given(ISSUED)
    with_package = replace(story, parties={**PARTIES, "IE": Party("Europe/Dublin", holidays=None)}).reading
    without = replace(story, parties={**PARTIES, "IE": Party("Europe/Dublin")}).reading
    assert not with_package.parties.days_of("IE").working(moment("2026-10-26T12:00Z").date())
    assert without.parties.days_of("IE").working(moment("2026-10-26T12:00Z").date())
    assert without.parties.days_of("XX").zone == "UTC"


def test_a_change_of_an_office_keeps_what_it_does_not_name() -> None:
    changed = fact(
        "authority-changed", "2027-03-05T09:00Z", "registrar", "ADM", actor="ncco", valid_from="2027-03-10",
        designations=["C-14-10-b"],
    )  # fmt: skip
    story = given(ISSUED, disclosed("2027-03-06T09:00Z")).among(ncco=Office("XV", ("NOT", "DPA14"), ("C-7-5-e",)))
    register = story.registered(changed).reading.register
    before, after = moment("2027-03-09T22:59:59Z"), moment("2027-03-09T23:00:00Z")  # the day begins in Stockholm
    assert register.designated("XV", "C-7-5-e", before) == {"ncco"}
    assert register.designated("XV", "C-7-5-e", after) == frozenset()
    assert register.designated("XV", "C-14-10-b", after) == {"ncco"}
    assert register.roles("ncco", after) == {"NOT", "DPA14"}


def test_a_key_is_suspected_from_the_moment_named_until_the_office_has_another() -> None:
    def key(kind: str, on: str, **fields: Any) -> Fact:
        return fact(kind, on, "registrar", "ADM", actor="skylark", **fields)

    register = (
        given(ISSUED, disclosed("2027-03-30T09:00Z"))
        .registered(
            key("key-registered", "2027-01-01T09:00Z", key="k1", roles=["SP"]),
            key("key-compromised", "2027-03-10T09:00Z", suspected_since="2027-03-05T09:00:00Z"),
            key("key-rotated", "2027-03-12T09:00Z", old_key="k1", new_key="k2"),
        )
        .reading.register
    )
    untrusted = [
        register.compromised("skylark", moment(f"2027-03-{t}Z")) is not None
        for t in ("05T08:59:59", "05T09:00:00", "12T08:59:59", "12T09:00:00")
    ]
    assert untrusted == [False, True, True, False]
    assert register.compromises[0].key == "k1"
    assert register.compromises[0].successor == "k2"


def test_what_is_likely_of_a_party_is_not_verified_and_nothing_else_is_unread() -> None:
    unread = {
        (party.code, known.code) for party in RATIFIED.values() for known in party.declarations if not known.verified
    }
    assert unread == {("JP", "C-8-10-b"), ("JP", "C-14-7-c"), ("JP", "C-14-10-b")}
    likely = {(p.code, d.code) for p in RATIFIED.values() for d in p.declarations if d.mark is Mark.LIKELY}
    assert likely == unread
