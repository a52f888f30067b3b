"""The parts of letters follow the act that applies, and say what the record says and nothing where it says nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.papers.letters import described, section, words, written
from tests.support.scenarios import Fact, by_issuer, by_provider, disclosed, fact, issued

ASKED = by_issuer("access-requested", "2027-06-01T09:00Z", label="asked")
DISCLOSED = disclosed("2027-03-15T13:00Z", recipient="orn")
AT = "On 15 March 2027 at 13:00 UTC (14:00 in Oslo)"
REMEDY = "You can seek a remedy, before a court or otherwise, if these rules were not kept."
COURT = "You can also seek a remedy before a court."
EFFECTIVE = "You have the right to an effective remedy against the order before a court of XO, under its law."
THROUGH = "You can also exercise your rights through the supervisory authority."


def access(*facts: Fact, instrument: str = "2AP-7", regime: str | None = "LED", **more: Any) -> Any:
    order = issued("2027-03-01T09:00Z", instrument, **({} if regime is None else {"dp_regime": regime}))
    return written("access", *facts, ASKED, order=order, instrument=instrument, enclosures=("a copy",), **more)


@pytest.mark.parametrize(
    ("instrument", "regime", "acts", "remedies"),
    [
        ("2AP-7", "LED", {"(EU) 2016/680", "CETS 224"}, {THROUGH, REMEDY}),
        ("2AP-8", None, {"CETS 224"}, {REMEDY}),
        ("2AP-7", "GDPR", {"(EU) 2016/679", "CETS 224"}, {REMEDY}),
        ("EPOC", None, {"(EU) 2016/680"}, {THROUGH, EFFECTIVE}),
        ("EPOC-PR", "GDPR", {"(EU) 2016/680", "(EU) 2016/679"}, {THROUGH, EFFECTIVE}),
        ("MLA", "LED", {"(EU) 2016/680"}, {THROUGH, COURT}),
        ("MLA", None, set(), {COURT}),
    ],
)
def test_a_letter_names_the_acts_that_apply_and_the_remedies_that_they_give(
    instrument: str, regime: str | None, acts: set[str], remedies: set[str]
) -> None:
    made = access(instrument=instrument, regime=regime)
    assert {act for act in ("(EU) 2016/680", "(EU) 2016/679", "CETS 224") if act in made.basis} == acts
    assert bool(made.basis) == bool(acts)
    said = section(made, "Complaint and remedies")
    assert {each for each in (REMEDY, COURT, EFFECTIVE, THROUGH) if each in said} == remedies


@pytest.mark.parametrize(("instrument", "lacks"), [("EPOC", True), ("2AP-7", False)])
def test_the_court_is_asked_for_where_the_act_names_the_remedy(instrument: str, lacks: bool) -> None:
    without = access(instrument=instrument, register=(described(court=None),))
    assert ("the court of the remedies" in {each.says for each in without.missing}) is lacks
    said = section(without, "Complaint and remedies")
    assert ("The court, and the time within which to go there" in said) is lacks
    assert "The court is:" not in said
    named = section(access(instrument=instrument), "Complaint and remedies")
    assert "The court is: District Court of Karsk, within one month." in named
    assert "The court, and the time" not in named


def test_what_was_handed_over_names_giver_and_receiver_as_far_as_the_record_does() -> None:
    def handed_over(*facts: Fact) -> str:
        return section(written("notice", *facts), "What was handed over")

    assert handed_over(DISCLOSED) == f"{AT}, Skylark Mail AS handed over data to Cyber Unit Karsk."
    assert handed_over(disclosed("2027-03-15T13:00Z", partial=True)) == (
        f"{AT}, Skylark Mail AS handed over data. They were not all the data that were asked for."
    )
    kept = by_provider("preservation-confirmed", "2027-03-02T09:00Z")
    assert handed_over(kept).startswith("Skylark Mail AS keeps the data since 2 March 2027")
    assert "No data were handed over so far" in handed_over(kept)
    assert "No data were handed over" not in handed_over(kept, DISCLOSED)


def test_purposes_and_bases_come_from_the_description_or_the_record_and_are_missing_where_neither_has_them() -> None:
    recorded = by_issuer("purpose-recorded", "2027-03-20T09:00Z", purpose_code="trial", purpose="x")
    bare = (described(purposes=None, legal_bases=None),)
    order = issued("2027-03-01T09:00Z", domestic_legal_grounds=["s. 88", "s. 12"])
    asked: dict[str, Any] = {"order": order, "enclosures": ("a copy",)}
    whole = section(written("access", ASKED, **asked), "Purposes and legal basis")
    assert "The processing rests on these provisions: s. 88; s. 12; Data Protection Act, s. 12." in whole
    assert "the prosecution of criminal offences" in whole
    less = written("access", ASKED, register=bare, order=issued("2027-03-01T09:00Z"), enclosures=("a copy",))
    assert {"the purposes of the processing", "the legal basis of the processing"} <= {m.says for m in less.missing}
    said = section(less, "Purposes and legal basis")
    assert said == "The purposes of the processing\nThe legal basis of the processing", "two lines to fill in"
    from_record = written("access", recorded, ASKED, register=bare, **asked)
    assert "the purposes of the processing" not in {m.says for m in from_record.missing}


def test_a_period_is_the_one_that_was_set_last_or_the_general_one_and_what_is_gone_is_said() -> None:
    general = section(access(), "How long the data are kept")
    assert general == "These periods or criteria apply:\nuntil the proceedings end"
    rules = [
        by_issuer(
            "retention-rule-set", f"2027-04-0{n}T09:00Z", period=f"P{n}Y", review_on=f"202{n}-05-01", basis="s. 1"
        )
        for n in (8, 9)
    ]
    said = section(access(*rules), "How long the data are kept")
    assert "The data are kept for 9 years. Whether they are still needed is examined" in said
    assert "at the latest on 1 May 2029" in said
    assert "8 years" not in said
    assert "until the proceedings end" not in said
    none = access(register=(described(periods=None),))
    assert "the period for which the data are kept" in {each.says for each in none.missing}
    for kind, scope, says in (
        ("data-destroyed", "all", "All data were destroyed on 4 May 2027."),
        ("data-returned", "part", "Part of the data were returned on 4 May 2027."),
    ):
        gone = fact(kind, "2027-05-04T09:00Z", "orn", "RET", scope=scope)
        assert says in section(access(gone), "How long the data are kept")


def test_the_order_is_described_with_what_it_states_and_who_approved_it() -> None:
    checked, refused = (
        fact("order-supervised", on, "ilves", "VAL", capacity="public-prosecutor", decision=decision)
        for on, decision in (("2027-03-02T09:00Z", "approved"), ("2027-03-03T09:00Z", "refused"))
    )
    order = issued("2027-03-01T09:00Z", reference="E-7", case_ref="KA-1")
    said = section(written("notice", checked, refused, DISCLOSED, order=order), "The order")
    for line in (
        "The number of the order is E-7.",
        "The number of the proceedings is KA-1.",
        "It was addressed to Skylark Mail AS.",
        "It was supervised on 2 March 2027 by Prosecutor's Office Karsk.",
        "These data were asked for: ",
    ):
        assert line in said
    assert "3 March" not in said
    bare = section(written("notice", DISCLOSED, order=issued("2027-03-01T09:00Z", providers=[])), "The order")
    for word in ("number of", "addressed to", "supervised", "withdrawn"):
        assert word not in bare
    assert "No order" not in words(written("notice", DISCLOSED))


def test_who_received_data_more_than_once_is_named_with_the_first_day() -> None:
    got = [fact("evidence-received", f"2027-03-1{n}T13:20Z", "orn", "RET", check="equal", exhibit=f"X/{n}")
           for n in (5, 6)]  # fmt: skip
    said = section(access(DISCLOSED, *got), "Who received the data")
    assert said.count("Cyber Unit Karsk") == 1
    assert "Cyber Unit Karsk (received on 15 March 2027)" in said
    assert "Nobody else received the data" not in said
    stated = [source.says for source in access(DISCLOSED, *got).sources]
    assert stated.count("Cyber Unit Karsk received the data.") == 1
    none = "Nobody else received the data, as far as the record of this office shows."
    assert section(access(), "Who received the data") == none


def test_the_authority_of_an_order_is_the_one_that_it_names_else_its_signer() -> None:
    named = issued("2027-03-01T09:00Z", issuing_authority="orn", dp_regime="LED")
    for order, name in ((named, "Cyber Unit Karsk"), (issued("2027-03-01T09:00Z"), "Prosecutor's Office Karsk")):
        said = section(written("notice", DISCLOSED, order=order), "The order")
        assert said.startswith(f"On 1 March 2027, {name} (XO) made an order")


@pytest.mark.parametrize(
    ("elements", "categories", "says"),
    [
        (["name"], ["traffic"], ["These data were asked for: the name of the user."]),
        ([], ["subscriber"], ["These data were asked for: subscriber data."]),
        ([], [], []),
    ],
)
def test_an_order_asks_for_its_elements_else_for_its_categories_of_data(
    elements: list[str], categories: list[str], says: list[str]
) -> None:
    order = issued("2027-03-01T09:00Z", data_categories=categories).changed(elements_sought=elements)
    said = section(written("notice", DISCLOSED, order=order), "The order")
    assert [line for line in said.splitlines() if "asked for" in line] == says


def test_the_office_that_writes_is_not_named_as_a_receiver_of_the_data() -> None:
    got = [
        fact("evidence-received", f"2027-03-15T13:{minute}Z", by, role, label=by, check="equal", exhibit="X/1")
        for by, role, minute in (("orn", "RET", 20), ("ilves", "ISS", 30))
    ]
    for actor, role, named in (("ilves", "ISS", "Cyber Unit Karsk"), ("orn", "RET", "Prosecutor's Office Karsk")):
        made = written("access", *got, ASKED, actor=actor, role=role, enclosures=("a copy",))
        said = section(made, "Who received the data")
        assert said == f"These received the data:\n{named} (received on 15 March 2027)"
