"""The answer to a request for erasure says what was erased, what is locked instead, why refused, and the remedies."""

from __future__ import annotations

import pytest

from projections.reports.letters.letter import LetterRefused
from tests.support.papers.letters import section, words, written
from tests.support.scenarios import Fact, by_issuer, disclosed, fact

DISCLOSED = disclosed("2027-03-15T13:00Z", recipient="orn")
ASKED = by_issuer("erasure-requested", "2027-06-01T09:00Z", label="asked")


def decided(decision: str, **fields: object) -> Fact:
    """Return the decision on the request."""
    return by_issuer("erasure-decided", "2027-06-10T09:00Z", answers="asked", decision=decision, **fields)


def test_a_granted_erasure_says_when_and_how_the_data_were_erased_and_what_remains() -> None:
    gone = by_issuer(
        "payload-key-destroyed", "2027-06-11T09:00Z", key_ref="k1", method="crypto-erased", cause="erasure-granted"
    )
    made = written("erasure", DISCLOSED, ASKED, decided("erased"), gone)
    text = words(made)
    assert "On 1 June 2027 you asked this office to erase data about you." in text
    assert "On 10 June 2027 it was decided that the data are erased." in text
    assert "On 11 June 2027 data were erased: the key that opens them was destroyed." in text
    assert "The entries that document the steps of the proceedings remain." in text
    assert made.missing == ()


def test_a_granted_erasure_that_is_not_on_record_is_missing() -> None:
    made = written("erasure", DISCLOSED, ASKED, decided("erased"))
    assert [m.says for m in made.missing] == ["the erasure itself"]
    assert "The erasure itself is not on record yet." in words(made)


def test_a_refusal_gives_its_reasons_in_writing_and_the_remedies() -> None:
    made = written("erasure", DISCLOSED, ASKED, decided("refused", reasons="The trial is not over."))
    assert section(made, "Reasons for the decision") == "The trial is not over."
    assert "You can complain to the supervisory authority" in section(made, "Complaint and remedies")
    assert "article 16 of Directive (EU) 2016/680" in made.basis


def test_a_refusal_without_reasons_lacks_what_article_16_asks_for() -> None:
    made = written("erasure", DISCLOSED, ASKED, decided("refused"))
    assert [(m.says, m.cite) for m in made.missing] == [
        ("the reasons of the decision", ("LED:16(4)", "2AP:14(12)(b)")),
    ]


def test_data_locked_instead_of_erased_are_named_with_the_cause() -> None:
    locked = by_issuer("processing-restricted", "2027-06-10T10:00Z", cause="kept-as-evidence")
    made = written("erasure", DISCLOSED, ASKED, decided("restricted-instead", reasons="Evidence."), locked)
    assert section(made, "What was done") == (
        "Since 10 June 2027 data are locked, because they must be kept as evidence.\n"
        "Locked data are kept, and are used for no other purpose."
    )


def test_there_is_no_answer_before_the_decision() -> None:
    with pytest.raises(LetterRefused, match="not decided on record"):
        written("erasure", DISCLOSED, ASKED)
    with pytest.raises(LetterRefused, match="no request for erasure is on record"):
        written("erasure", DISCLOSED)


def test_data_whose_lock_was_opened_are_not_locked() -> None:
    locked = by_issuer("processing-restricted", "2027-06-10T10:00Z", label="lock", cause="kept-as-evidence")
    opened = by_issuer("restriction-released", "2027-07-01T10:00Z", about="lock")
    made = written("erasure", DISCLOSED, ASKED, decided("restricted-instead", reasons="Evidence."), locked, opened)
    assert "Since 10 June" not in words(made)
    assert [m.says for m in made.missing] == ["the locking itself"]
    assert section(made, "What was done") == (
        "The locking itself is not on record yet.\nLocked data are kept, and are used for no other purpose."
    )


def test_a_request_that_its_signer_replaced_keeps_its_decision() -> None:
    again = fact("erasure-requested", "2027-06-01T09:00Z", "ilves", "ISS", at="2027-06-12T09:00Z", replaces="asked")
    made = written("erasure", DISCLOSED, ASKED, decided("refused", reasons="The trial is not over."), again)
    assert section(made, "Reasons for the decision") == "The trial is not over."


@pytest.mark.parametrize(
    ("decision", "on", "named"),
    [
        ("erased", "2027-06-10T08:59Z", True),
        ("erased", "2027-06-11T09:00Z", True),
        ("refused", "2027-06-10T08:59Z", False),
        ("refused", "2027-06-10T09:00Z", True),
        ("restricted-instead", "2027-06-10T08:59Z", False),
        ("restricted-instead", "2027-06-11T09:00Z", True),
    ],
)
@pytest.mark.parametrize("kind", ["data-destroyed", "payload-key-destroyed"])
def test_an_erasure_before_the_decision_is_named_only_where_the_decision_was_to_erase(
    decision: str, on: str, named: bool, kind: str
) -> None:
    stated = {"key_ref": "k1", "cause": "x"} if kind == "payload-key-destroyed" else {"scope": "all"}
    gone = by_issuer(kind, on, method="crypto-erased", **stated)
    text = words(written("erasure", DISCLOSED, ASKED, decided(decision, reasons="x"), gone))
    assert ("data were erased:" in text) is named
    assert ("The erased values can no longer be read" in text) is (decision == "erased")
    assert "The erasure itself" not in text
