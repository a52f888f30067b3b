"""The answer to a request for access has what LED arts 14, 15 and GDPR art. 15 ask for, and no more."""

from __future__ import annotations

import pytest

from projections.reports.letters.letter import LetterRefused
from tests.support.papers.letters import described, section, words, written
from tests.support.scenarios import by_issuer, disclosed, fact, issued

DISCLOSED = disclosed("2027-03-15T13:00Z", recipient="orn")
ARRIVED = fact("evidence-received", "2027-03-15T13:20Z", "orn", "RET", label="got", check="equal", exhibit="X/1")
ASKED = by_issuer("access-requested", "2027-06-01T09:00Z", label="asked")
DELAY = by_issuer(
    "customer-notification-delayed",
    "2027-03-01T10:00Z",
    label="delay",
    grounds=["LED:13(3)(a)"],
    review_on="2027-12-01",
)


RESTRICTED = by_issuer(
    "access-restricted",
    "2027-06-10T09:00Z",
    answers="asked",
    grounds=["LED:15(1)(b)"],
    redress_info=True,
    reasons="SEALED REASONS",
)


def test_access_tells_purposes_basis_categories_recipients_period_rights_complaint_and_origin() -> None:
    made = written("access", DISCLOSED, ARRIVED, ASKED, enclosures=("return.json on a data carrier",))
    text = words(made)
    for says in (
        "On 1 June 2027 you asked this office which data about you it processes.",
        "This office processes data about you.",
        "the prosecution of criminal offences",
        "Code of Criminal Procedure, s. 88",
        "The data are of these categories: subscriber data.",
        "Cyber Unit Karsk (received on 15 March 2027)",
        "until the proceedings end",
        "the restriction of the processing, where the data must be kept",
        "You can complain to the supervisory authority: Data Protection Authority of Orsinia, complaints@dpa.example.",
        "Skylark Mail AS handed over data to Cyber Unit Karsk.",
        "return.json on a data carrier",
    ):
        assert says in text
    assert made.missing == ()


@pytest.mark.parametrize(
    ("authority", "contact", "says"),
    [
        ("Data Protection Authority", "x@dpa.example", ": Data Protection Authority, x@dpa.example."),
        ("Data Protection Authority", None, "."),
        (None, "x@dpa.example", "."),
        (None, None, "."),
    ],
)
def test_the_supervisory_authority_is_named_with_its_contact_or_not_at_all(
    authority: str | None, contact: str | None, says: str
) -> None:
    register = (described(supervisory_authority=authority, supervisory_contact=contact),)
    made = written("access", DISCLOSED, ASKED, register=register, enclosures=("a copy",))
    assert f"You can complain to the supervisory authority{says}" in section(made, "Complaint and remedies")
    lacks = {m.says for m in made.missing if "supervisory authority" in m.says}
    assert len(lacks) == (authority, contact).count(None)


def test_the_data_themselves_are_missing_without_an_enclosure() -> None:
    made = written("access", DISCLOSED, ASKED)
    assert [m.cite for m in made.missing] == [("LED:14(g)", "2AP:14(12)(a)(i)")]


def test_a_content_that_an_answer_lacks_is_cited_from_article_14() -> None:
    made = written("access", DISCLOSED, ASKED, register=(), enclosures=("a copy",))
    cites = {m.says: m.cite[0] for m in made.missing}
    assert cites["the purposes of the processing"] == "LED:14(a)"
    assert cites["the period for which the data are kept"] == "LED:14(d)"
    assert cites["the contact of the supervisory authority"] == "LED:14(f)"


def test_there_is_no_answer_without_a_request() -> None:
    with pytest.raises(LetterRefused, match="no request for access is on record"):
        written("access", DISCLOSED)


def test_a_restriction_is_stated_with_its_ground_and_never_with_its_reasons() -> None:
    withheld = section(written("access", DISCLOSED, ASKED, RESTRICTED), "What is withheld")
    assert "On 10 June 2027 your access was restricted. The ground is: not to prejudice prevention" in withheld
    assert "SEALED" not in withheld


def test_the_grounds_may_be_omitted_where_they_are_documented() -> None:
    withheld = section(written("access", DISCLOSED, ASKED, RESTRICTED, omit="grounds"), "What is withheld")
    assert "The law allows this office not to state the reasons." in withheld
    assert "prejudice" not in withheld


GRANTED = by_issuer(
    "access-granted", "2027-06-10T09:00Z", answers="asked", includes=["purpose", "legal-basis", "retention", "redress"]
)


def test_access_refused_as_a_whole_says_nothing_of_the_order_its_data_or_their_recipients() -> None:
    made = written("access", DISCLOSED, ARRIVED, ASKED, RESTRICTED)
    assert [s.title for s in made.sections] == [
        *("", "What is withheld", "Your rights", "Complaint and remedies", "Who is responsible")
    ]
    assert "Skylark" not in words(made)


def test_access_that_is_granted_without_naming_a_part_has_none() -> None:
    granted = by_issuer("access-granted", "2027-06-10T09:00Z", answers="asked")
    with_it, without = (written("access", DISCLOSED, ARRIVED, ASKED, RESTRICTED, *g) for g in ((granted,), ()))
    assert with_it.sections == without.sections


def test_access_in_part_has_the_parts_that_were_granted_and_no_other() -> None:
    titles = [s.title for s in written("access", DISCLOSED, ARRIVED, ASKED, RESTRICTED, GRANTED).sections]
    assert {"What is withheld", "Purposes and legal basis", "How long the data are kept"} <= {*titles}
    assert not {"The data", "Where the data come from", "Who received the data"} & {*titles}


def test_the_restriction_itself_may_be_omitted_where_it_is_documented() -> None:
    text = words(written("access", DISCLOSED, ASKED, RESTRICTED, GRANTED, omit="restriction"))
    assert "your access was restricted" not in text
    assert "This office processes data about you." in text


def test_a_refusal_of_all_access_that_may_not_be_said_neither_confirms_nor_denies() -> None:
    made = written("access", DISCLOSED, ASKED, RESTRICTED, omit="restriction")
    assert "This letter does not say which of the two is the case." in words(made)
    assert (made.reference, made.sources) == ("", ())


@pytest.mark.parametrize("omit", ["grounds", "restriction"])
def test_nothing_is_omitted_without_a_documented_restriction(omit: str) -> None:
    bare = by_issuer(
        "access-restricted", "2027-06-10T09:00Z", answers="asked", grounds=["LED:15(1)(b)"], redress_info=True
    )
    for facts in ((ASKED,), (ASKED, bare)):
        with pytest.raises(LetterRefused, match=r"LED art\. 15\(3\) and \(4\)"):
            written("access", DISCLOSED, *facts, omit=omit)  # type: ignore[arg-type]


def test_while_the_person_must_not_be_told_an_answer_is_refused_unless_it_conceals_the_order() -> None:
    for facts, omit in (((ASKED,), ""), ((ASKED, RESTRICTED), ""), ((ASKED, RESTRICTED), "grounds")):
        with pytest.raises(LetterRefused, match="must not learn of this order"):
            written("access", DELAY, DISCLOSED, *facts, omit=omit)  # type: ignore[arg-type]


def test_a_concealing_answer_neither_confirms_nor_denies_and_names_nothing_of_the_order() -> None:
    order = issued("2027-03-01T09:00Z", reference="E-7", case_ref="KA-1")
    made = written("access", DELAY, DISCLOSED, ASKED, RESTRICTED, omit="restriction", order=order)
    text = words(made)
    assert "either it processes no data about you, or the law does not allow it to inform you of them" in text
    assert "You can also exercise your rights through the supervisory authority." in text
    assert (made.reference, made.sources) == ("", ())
    for trace in ("order", "Skylark", "CETS", "2027-03", "March", "Cyber Unit", "criminal"):
        assert trace not in text.replace("the prosecution of criminal offences", ""), trace
    assert not any("handed" in s.title for s in made.sections)
    assert (made.basis, "responsible for the processing" in text) == ("", False)


def test_a_provider_answers_after_the_regulation_on_data_protection() -> None:
    asked = fact("access-requested", "2027-06-01T09:00Z", "skylark", "SP", label="asked")
    made = written("access", DISCLOSED, asked, actor="skylark", role="SP", register=())
    assert "article 15 of Regulation (EU) 2016/679" in made.basis
    assert any("GDPR:15(3)" in m.cite for m in made.missing)


def test_a_request_that_its_signer_replaced_keeps_its_restriction() -> None:
    again = fact("access-requested", "2027-06-01T09:00Z", "ilves", "ISS", at="2027-06-12T09:00Z", replaces="asked")
    made = written("access", DISCLOSED, ARRIVED, ASKED, RESTRICTED, again)
    assert made.restricted
    assert "Skylark" not in words(made)


def test_after_a_restriction_a_new_request_is_decided_before_it_is_answered() -> None:
    again = by_issuer("access-requested", "2027-07-01T09:00Z", label="again")
    with pytest.raises(LetterRefused, match="the newest one is not decided"):
        written("access", DISCLOSED, ASKED, RESTRICTED, again)
    granted = by_issuer("access-granted", "2027-07-10T09:00Z", answers="again", includes=["copy"])
    assert "Skylark" in words(written("access", DISCLOSED, ASKED, RESTRICTED, again, granted))


def test_a_grant_of_an_earlier_request_does_not_confirm_data_in_the_answer_to_a_later_one() -> None:
    earlier = by_issuer("access-requested", "2027-04-01T09:00Z", label="earlier")
    granted = by_issuer("access-granted", "2027-04-10T09:00Z", answers="earlier", includes=["purpose"])
    made = written("access", DISCLOSED, earlier, granted, ASKED, RESTRICTED, omit="restriction")
    assert "This letter does not say which of the two is the case." in words(made)


def test_a_letter_that_neither_confirms_nor_denies_has_no_enclosure() -> None:
    with pytest.raises(LetterRefused, match="encloses nothing"):
        written("access", DELAY, DISCLOSED, ASKED, RESTRICTED, omit="restriction", enclosures=("a copy of the data",))


@pytest.mark.parametrize(
    ("categories", "elements", "says"),
    [
        (["subscriber"], ["name"], "The data are of these categories: subscriber data.\n"
                                   "In particular they are: the name of the user."),
        (["subscriber"], [], "The data are of these categories: subscriber data."),
        ([], ["name"], "In particular they are: the name of the user."),
        ([], [], ""),
    ],
)  # fmt: skip
def test_the_data_are_described_as_far_as_the_order_describes_them(
    categories: list[str], elements: list[str], says: str
) -> None:
    order = issued("2027-03-01T09:00Z", data_categories=categories).changed(elements_sought=elements)
    (lines,) = next(s for s in written("access", ASKED, order=order).sections if s.title == "The data").paragraphs
    assert "\n".join(lines) == says
    (lines,) = next(
        s for s in written("access", ASKED, order=order, enclosures=("x",)).sections if s.title == "The data"
    ).paragraphs
    assert "\n".join(lines) == f"{says}\nThe data are enclosed with this letter.".lstrip()


def test_without_an_order_on_record_no_data_are_described() -> None:
    made = written("access", order=ASKED)
    assert next(s for s in made.sections if s.title == "The data").paragraphs == ((),)


def test_where_the_person_must_not_be_told_a_restriction_must_be_on_record_and_left_unsaid() -> None:
    with pytest.raises(LetterRefused, match="must not learn of this order") as refused:
        written("access", DELAY, DISCLOSED, ASKED, omit="restriction")
    assert refused.value.hint.startswith("record the decision (comity record access-restricted ORDER")


@pytest.mark.parametrize(
    ("regime", "profiling", "stated"),
    [("GDPR", "There is none.", True), ("GDPR", None, False), ("LED", "There is none.", False)],
)
def test_automated_decisions_are_told_where_that_regulation_applies_and_the_controller_states_them(
    regime: str, profiling: str | None, stated: bool
) -> None:
    order = issued("2027-03-01T09:00Z", dp_regime=regime)
    made = written("access", ASKED, order=order, register=(described(profiling=profiling),), enclosures=("x",))
    titles = [s.title for s in made.sections]
    assert ("Automated decisions and profiling" in titles) is stated
    if stated:
        assert section(made, "Automated decisions and profiling") == "There is none."
