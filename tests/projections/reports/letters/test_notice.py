"""The notice has what Regulation (EU) 2023/1543 art. 13, LED art. 13 and CETS 224 art. 14(11) ask for."""

from __future__ import annotations

from typing import Any

import pytest

from projections.reports.letters.letter import LetterRefused
from tests.support.papers.letters import described, section, words, written
from tests.support.scenarios import by_issuer, disclosed, fact, issued

DISCLOSED = disclosed("2027-03-15T13:00Z", recipient="orn")
ARRIVED = fact("evidence-received", "2027-03-15T13:20Z", "orn", "RET", label="got", check="equal", exhibit="X/1")
DELAY = by_issuer(
    "customer-notification-delayed",
    "2027-03-01T10:00Z",
    label="delay",
    grounds=["LED:13(3)(a)"],
    review_on="2027-06-01",
    reasons="SEALED REASON",
)
LIFTED = by_issuer("customer-notification-delay-lifted", "2027-05-20T10:00Z", about="delay")
EPOC = issued(
    "2027-03-01T09:00Z",
    "EPOC",
    "message-content#mailbox-1",
    "message-content#mailbox-2",
    identifiers=["user-80417"],
    summary_of_facts="SEALED SUMMARY",
    case_ref="PT-2026-1187",
    dp_regime="LED",
)


def test_a_notice_says_what_was_disclosed_by_whom_when_and_under_which_order() -> None:
    made = written("notice", DISCLOSED, ARRIVED)
    assert section(made, "The order").startswith(
        "On 1 March 2027, Prosecutor's Office Karsk (XO) made an order for subscriber information under article 7"
    )
    assert section(made, "What was handed over") == (
        "On 15 March 2027 at 13:00 UTC (14:00 in Oslo), Skylark Mail AS handed over data to Cyber Unit Karsk."
    )
    assert "These data were asked for: the name of the user, the postal address." in words(made)


def test_a_notice_under_a_european_production_order_has_the_remedies_of_article_18() -> None:
    made = written("notice", DISCLOSED, ARRIVED, instrument="EPOC", order=EPOC)
    remedies = section(made, "Complaint and remedies")
    assert "an effective remedy against the order before a court of XO, under its law." in remedies
    assert "whether the order was lawful, also whether it was necessary and proportionate" in remedies
    assert "District Court of Karsk, within one month" in remedies
    assert "article 13 of Regulation (EU) 2023/1543; article 13 of Directive (EU) 2016/680" in made.basis
    assert made.missing == ()


def test_a_notice_names_the_controller_the_officer_the_purposes_the_rights_and_the_complaint() -> None:
    text = words(written("notice", DISCLOSED))
    for says in (
        "Prosecutor's Office Karsk is responsible for the processing.",
        "The data protection officer: dpo@karsk.example.",
        "the prosecution of criminal offences",
        "Code of Criminal Procedure, s. 88; Data Protection Act, s. 12.",
        "until the proceedings end",
        "the erasure of data that may not be processed",
        "Data Protection Authority of Orsinia, complaints@dpa.example.",
    ):
        assert says in text


def test_a_notice_names_who_received_the_data_and_not_their_source() -> None:
    given = {"exhibit": "X/1", "released_by": "orn", "received_by": "lab", "check": "equal"}
    moved = fact("custody-transferred", "2027-03-16T08:00Z", "lab", "LAB", **given)
    onward = by_issuer("onward-transferred", "2027-04-01T08:00Z", recipient_party="XV")
    received = section(written("notice", DISCLOSED, ARRIVED, moved, onward), "Who received the data")
    assert "Cyber Unit Karsk (received on 15 March 2027)" in received
    assert "Karsk Forensic Laboratory (received on 16 March 2027)" in received
    assert "Data went to these other States or organisations: XV." in received
    assert "These safeguards protect the data there: article 14 of CETS 224." in received
    assert "Skylark" not in received


def test_a_notice_is_refused_while_the_delay_is_in_force() -> None:
    with pytest.raises(LetterRefused, match="the delay was not lifted") as refused:
        written("notice", DISCLOSED, DELAY)
    assert "customer-notification-delay-lifted" in refused.value.hint


def test_a_notice_after_a_delay_says_who_put_it_off_on_which_ground_and_until_when() -> None:
    paragraphs = section(written("notice", DELAY, DISCLOSED, LIFTED), "Why you are told now")
    assert paragraphs == (
        "Prosecutor's Office Karsk decided on 1 March 2027 that you were to be told later. The ground was: not to "
        "obstruct inquiries, investigations or procedures. This delay ended on 20 May 2027."
    )


def test_a_notice_contains_no_value_that_the_person_may_not_read() -> None:
    text = words(written("notice", DELAY, DISCLOSED, LIFTED, instrument="EPOC", order=EPOC))
    for sealed in ("SEALED", "user-80417", "return.json", "mailbox-1"):
        assert sealed not in text


def test_what_the_law_asks_for_and_the_record_lacks_is_named_with_its_provision() -> None:
    made = written("notice", DISCLOSED, register=(), order=issued("2027-03-01T09:00Z", dp_regime="LED"))
    lacks = {m.says: m.cite for m in made.missing}
    assert lacks["the purposes of the processing"] == ("LED:13(1)(c)", "2AP:14(11)(a)")
    assert lacks["the legal basis of the processing"] == ("LED:13(2)(a)", "2AP:14(11)(a)")
    assert lacks["the contact of the supervisory authority"] == ("LED:13(1)(d)", "2AP:14(11)(a)")
    assert {"the contact of the controller", "the contact of the data protection officer"} <= lacks.keys()
    assert "The supervisory authority and its contact" in words(made)


def test_an_office_that_writes_for_the_controller_names_the_controller_as_responsible() -> None:
    made = written("notice", DISCLOSED, actor="orn", role="RET")
    assert made.sender[:3] == ("Cyber Unit Karsk", "Prosecutor's Office Karsk", "Court Square 1")
    assert "Prosecutor's Office Karsk is responsible for the processing." in words(made)


def test_a_letter_uses_the_description_in_its_language() -> None:
    german = described(language="de", purposes=["die Verfolgung von Straftaten"])
    both = (described(), german)
    assert "die Verfolgung von Straftaten" in words(written("notice", DISCLOSED, register=both, lang="de"))
    assert "the prosecution of criminal offences" in words(written("notice", DISCLOSED, register=both))


def test_a_stated_retention_rule_stands_in_the_letter_in_words() -> None:
    rule = by_issuer("retention-rule-set", "2027-04-01T08:00Z", period="P1Y6M", review_on="2028-04-01")
    assert section(written("notice", DISCLOSED, rule), "How long the data are kept") == (
        "The data are kept for 1 year, 6 months. "
        "Whether they are still needed is examined at the latest on 1 April 2028."
    )


def test_a_moment_whose_local_date_differs_names_both_dates_and_the_seconds() -> None:
    late = disclosed("2027-03-15T23:30:05Z", recipient="orn")
    assert section(written("notice", late), "What was handed over").startswith(
        "On 15 March 2027 at 23:30:05 UTC (00:30:05 on 16 March 2027 in Oslo), Skylark"
    )


def test_a_delayed_notice_in_the_united_states_names_who_delayed_it_and_under_which_provision() -> None:
    delay = fact(
        *("customer-notification-delayed", "2027-03-01T10:00Z", "judge", "CT"),
        label="delay",
        grounds=["SCA:2705(a)(2)(C)"],
        review_on="2027-06-01",
    )
    order = issued("2027-03-01T09:00Z", "SCA")
    made = written("notice", delay, DISCLOSED, LIFTED, instrument="SCA", order=order)
    assert "judge decided on 1 March 2027 that you were to be told later. The ground was: destruction of or" in words(
        made
    )
    assert made.basis.endswith(": 18 U.S.C. 2705(a).")


def test_lifting_one_delay_does_not_lift_a_later_one() -> None:
    second = by_issuer(
        "customer-notification-delayed",
        "2027-03-05T10:00Z",
        label="second",
        grounds=["LED:13(3)(b)"],
        review_on="2027-12-01",
    )
    with pytest.raises(LetterRefused, match="the delay was not lifted"):
        written("notice", DELAY, second, DISCLOSED, LIFTED)
    of_second = by_issuer("customer-notification-delay-lifted", "2027-06-20T10:00Z", about="second")
    assert written("notice", DELAY, second, DISCLOSED, of_second).sections


def test_lifting_a_delay_lifts_its_extensions() -> None:
    more = {"about": "delay", "grounds": ["LED:13(3)(b)"], "reassessed": True, "review_on": "2027-12-01"}
    extended = by_issuer("customer-notification-delay-extended", "2027-04-05T10:00Z", label="extended", **more)
    assert written("notice", DELAY, extended, DISCLOSED, LIFTED).sections


def test_the_word_of_the_provider_lifts_no_delay() -> None:
    said = {"speaks": "observation", "whose": "ilves", "on_source": "receipt-stamp", "about": "delay"}
    heard = fact("customer-notification-delay-lifted", "2027-05-20T10:00Z", "skylark", "SP", **said)
    with pytest.raises(LetterRefused, match="the delay was not lifted"):
        written("notice", DELAY, DISCLOSED, heard)


def test_a_receipt_that_its_signer_could_not_state_is_no_receipt_in_a_letter() -> None:
    false = fact("shared-domestically", "2027-03-16T08:00Z", "skylark", "SP", recipient="lab")
    assert "Forensic" not in section(written("notice", DISCLOSED, ARRIVED, false), "Who received the data")


def test_an_entry_of_another_office_hides_no_recipient() -> None:
    given = {"exhibit": "X/1", "released_by": "orn", "received_by": "lab", "check": "equal"}
    moved = fact("custody-transferred", "2027-03-16T08:00Z", "lab", "LAB", label="moved", **given)
    foreign = by_issuer("purpose-recorded", "2027-03-17T08:00Z", purpose_code="trial", replaces="moved")
    received = section(written("notice", DISCLOSED, ARRIVED, moved, foreign), "Who received the data")
    assert "Karsk Forensic Laboratory (received on 16 March 2027)" in received


def test_an_office_is_named_as_the_registrar_named_it_on_the_day_of_the_letter() -> None:
    later: dict[str, Any] = {"actor": "ilves", "names": {"en": "Office of Next Year"}, "valid_from": "2028-01-01"}
    changed = fact("authority-changed", "2027-02-02T09:00Z", "registrar", "ADM", label="changed", **later)
    false: dict[str, Any] = {"actor": "ilves", "names": {"en": "False Office"}, "valid_from": "2027-01-01"}
    foreign = fact("authority-changed", "2027-02-02T09:00Z", "skylark", "SP", label="foreign", **false)
    made = written("notice", DISCLOSED, register=(described(), changed, foreign))
    assert (made.office, "Next Year" in words(made)) == ("Prosecutor's Office Karsk", False)
    made = written("notice", DISCLOSED, register=(described(), changed), at="2028-02-01T09:00Z")
    assert made.office == "Office of Next Year"


def test_a_report_of_an_act_that_its_office_states_itself_is_not_said_twice() -> None:
    act = fact("order-validated", "2027-03-01T08:30Z", "ilves", "VAL", decision="approved")
    seen = {"speaks": "observation", "whose": "ilves", "on_source": "other-party"}
    report = fact("order-validated", "2027-03-01T08:30Z", "orn", "RET", decision="approved", **seen)
    said = "It was validated on 1 March 2027 by Prosecutor's Office Karsk."
    assert section(written("notice", DISCLOSED, report), "The order").count(said) == 1
    assert section(written("notice", DISCLOSED, act, report), "The order").count(said) == 1
