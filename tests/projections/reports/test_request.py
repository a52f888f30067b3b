"""Who asked whom for what: from the newest version of the order, in words, and nothing where no entry says it."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from projections.render.translation import translation
from projections.reports.request import Request, StateName, element, request, state
from tests.support.scenarios import Fact, case, fact, issued, received, sent

NAMES = {"ilves": "Prosecutor", "orn": "Police", "skylark": "Skylark Mail AS"}


def asked(*facts: Fact, register: tuple[Fact, ...] = ()) -> Request:
    return request(case(facts, "2AP-7", register=register), NAMES)


def test_an_order_names_its_case_authority_addressees_states_and_data_in_words() -> None:
    found = asked(
        issued("2027-03-01T09:00Z", "2AP-7", "name", "registration-ip#mailbox-2", case_ref="KA-1", reference="E-7")
    )
    assert (found.case_number, found.reference, found.called) == ("KA-1", "E-7", "KA-1")
    assert (found.authority, found.addressees) == ("Prosecutor", ("Skylark Mail AS",))
    assert (found.from_state, found.to_state) == (StateName("XO", "Party XO"), StateName("XV", "Party XV"))
    assert found.asked_for == ("subscriber data",)
    assert found.elements == (("the name of the user",), ("the IP address at registration", "mailbox-2"))
    assert element("no-such-element#of#two") == ("no-such-element", "of#two")


@pytest.mark.parametrize(
    ("stated", "called"),
    [({"case_ref": "KA-1"}, "KA-1"), ({"reference": "E-7"}, "E-7"), ({}, None)],
)
def test_an_order_is_called_by_its_case_else_by_its_own_number(stated: dict[str, Any], called: str | None) -> None:
    assert asked(issued("2027-03-01T09:00Z", **stated)).called == called


def test_the_newest_version_counts_and_the_named_authority_comes_before_the_signer() -> None:
    first = issued("2027-03-01T09:00Z", case_ref="KA-1")
    again = issued("2027-03-02T09:00Z", case_ref="KA-2", label="again", issuing_authority="orn")
    found = asked(first, again, received("2027-03-03T09:00Z"))
    assert (found.case_number, found.authority) == ("KA-2", "Police")
    assert asked(first).authority == "Prosecutor"
    assert asked(issued("2027-03-01T09:00Z", issuing_authority="unknown")).authority == "unknown"


def test_an_order_of_a_companion_is_not_the_order_itself() -> None:
    own = case((received("2027-03-02T09:00Z"),), "2AP-7")
    companion = case((issued("2027-03-01T09:00Z", case_ref="KA-9", label="prior"),), "2AP-8", order="prior")
    found = request(replace(own, entries=(*companion.entries, *own.entries)), NAMES)
    assert found == Request(None, None, None, None, (), None, (), ())


def test_addressees_that_the_order_does_not_name_are_those_to_whom_it_was_sent_each_once() -> None:
    bare = issued("2027-03-01T09:00Z", providers=[])
    posted = [sent("2027-03-01T10:00Z", label=f"{n}").changed(addressee=to) for n, to in
              enumerate(("fjord", "skylark", "fjord", None))]  # fmt: skip
    assert asked(bare, *posted).addressees == ("fjord", "Skylark Mail AS")
    assert asked(issued("2027-03-01T09:00Z"), *posted).addressees == ("Skylark Mail AS",)
    answered = fact("order-received", "2027-03-02T09:00Z", "skylark", "SP", addressee="orn")
    assert asked(bare, answered).addressees == ()
    nothing = asked(issued("2027-03-01T09:00Z", data_categories=[], elements_sought=[]))
    assert (nothing.asked_for, nothing.elements) == ((), ())


def party(code: str, **names: str) -> Fact:
    return fact("party-registered", "2027-01-02T09:00Z", "registrar", "ADM", party=code, zone="UTC", names=names)


OFFICE = fact(
    "authority-registered", "2027-01-03T09:00Z", "registrar", "ADM",
    actor="ilves", party="XO", names={"en": "Prosecutor"}, valid_from="2027-01-01",
)  # fmt: skip


def test_a_state_is_named_as_registered_else_by_the_cldr_else_by_its_code() -> None:
    rows = (
        party("XO", de="Orsinien", en="Orsinia"),
        party("IE", ga="Éire"),
        party("XQ", fi="Maa"),
        party("XV"),
        OFFICE,
    )
    registry = case((issued("2027-03-01T09:00Z"),), "2AP-7", register=rows).registry
    of = {code: state(code, registry) for code in ("XO", "IE", "XQ", "XV", "DE")}
    assert {code: found and found.name for code, found in of.items()} == {
        "XO": "Orsinia",
        "IE": "Ireland",
        "XQ": "Maa",
        "XV": "Party XV",
        "DE": "Germany",
    }
    assert state(None, registry) is None
    orsinia, ireland = of["XO"], of["IE"]
    assert orsinia is not None
    assert ireland is not None
    assert [orsinia.called(lang) for lang in ("de", "en", "fr")] == ["Orsinien", "Orsinia", "Orsinia"]
    assert [ireland.called(lang) for lang in ("ga", "de", "en")] == ["Éire", "Irland", "Ireland"]
    assert ireland.own == (("ga", "Éire"),)


def test_a_party_without_a_name_has_a_word_for_a_party_in_each_language() -> None:
    named = state("XO", ())
    assert named is not None
    assert [translation(lang).of(named).name for lang in ("en", "de", "fr")] == [
        "Party XO",
        "Vertragspartei XO",
        "Partie XO",
    ]
