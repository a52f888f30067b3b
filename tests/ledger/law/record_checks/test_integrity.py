"""Integrity of files: unchanged digests, holders of the exhibit, repeated checks, and copies for the defence."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.judging import finds, finds_not
from tests.support.scenarios import Fact, Office, by_authority, by_issuer, disclosed, fact, given, issued, received

BASE = given(issued("2027-03-01T09:00Z"), received("2027-03-02T08:30Z"))
A, B, C = "a" * 64, "b" * 64, "c" * 64
MISMATCH, GAP = "V-HASH-MISMATCH", "W-CUSTODY-GAP"


def manifest(sha256: str, name: str = "x") -> dict[str, Any]:
    """Make a manifest of one file with its digest."""
    return {"elements": ["name"], "files": [{"name": name, "size": 1, "sha256": sha256}]}


def handed(sha256: str = A, label: str = "disclosed", on: str = "2027-03-05T09:00Z") -> Fact:
    """Make a fact: the provider discloses one file."""
    return disclosed(on, label=label, manifest=manifest(sha256))


def arrived(sha256: str = A, check: str = "equal", name: str = "x", **fields: Any) -> Fact:
    """Make a fact: the data arrive as exhibit E1, compared with the disclosed digests."""
    found: dict[str, Any] = {"check": check, "manifest": manifest(sha256, name), "exhibit": "E1"}
    return fact("evidence-received", "2027-03-05T10:00Z", "orn", "RET", **found, **fields)


# -- digests -----------------------------------------------------------------------------------------------------------


def test_a_file_of_the_same_name_with_another_digest_is_not_the_one_that_was_handed_over() -> None:
    finds(BASE.when(handed(), arrived(B, about="disclosed")), MISMATCH, A2="CONTRADICTED")
    finds(BASE.when(handed(), arrived(B)), MISMATCH)
    finds_not(BASE.when(handed(), arrived(about="disclosed")), MISMATCH)
    finds_not(BASE.when(handed(), arrived(B, name="y", about="disclosed")), MISMATCH)


def test_a_transmission_is_compared_with_what_was_handed_over_and_a_receipt_with_the_transmission() -> None:
    passed = by_authority(
        "data-transmitted-by-state", "2027-03-05T09:30Z", channel="mail", label="passed", manifest=manifest(B)
    )
    finds(BASE.when(handed(), passed), MISMATCH)
    finds_not(BASE.when(handed(B), passed), MISMATCH)
    finds(BASE.when(passed, arrived(A, about="passed")), MISMATCH)


def test_an_arrival_need_be_equal_to_one_of_several_answers_only() -> None:
    both = BASE.when(handed(B, "first", "2027-03-04T09:00Z"), handed(A))
    finds_not(both.when(arrived(A)), MISMATCH)
    finds(both.when(arrived(C)), MISMATCH)
    finds(both.when(arrived(A, about="first")), MISMATCH)


def test_naming_what_is_no_handing_over_hides_no_mismatch() -> None:
    finds(BASE.when(handed(), arrived(B, about="issued")), MISMATCH, A2="CONTRADICTED")
    finds(BASE.when(handed(), arrived(B, about="received")), MISMATCH, A2="CONTRADICTED")


def test_what_the_recipient_itself_has_observed_excuses_no_mismatch() -> None:
    seen = disclosed(
        "2027-03-05T09:30Z", label="seen", by="orn", role="RET", speaks="observation", whose="skylark",
        manifest=manifest(B),
    )  # fmt: skip
    finds(BASE.when(handed(), seen, arrived(B)), MISMATCH, A2="CONTRADICTED")
    finds(BASE.when(handed(), seen, arrived(B, about="seen")), MISMATCH, A2="CONTRADICTED")


@pytest.mark.parametrize(
    "receipt",
    [
        arrived(B, name="q"),
        arrived(B, name="q", about="disclosed"),
        arrived(B, name="X"),
        fact("evidence-received", "2027-03-05T10:00Z", "orn", "RET", check="equal", exhibit="E1",
             manifest={"elements": ["name"], "files": []}),
    ],
    ids=["another name", "of an answer", "another case", "no files"],
)  # fmt: skip
def test_a_receipt_of_none_of_the_files_that_were_handed_over_was_compared_with_nothing(receipt: Fact) -> None:
    finds(BASE.when(handed(), receipt), "G-NOT-COMPARED", A2="GAP")


def test_a_receipt_dated_before_the_answer_it_followed_is_compared_all_the_same() -> None:
    early = fact("evidence-received", "2027-03-05T08:30Z", "orn", "RET", at="2027-03-05T10:00Z", check="equal",
                 manifest=manifest(B), exhibit="E1")  # fmt: skip
    finds(BASE.when(handed(), early), MISMATCH, A2="CONTRADICTED")


def test_files_under_other_names_and_parts_of_an_answer_were_compared_by_their_digests() -> None:
    finds_not(BASE.when(handed(), arrived(A, name="q")), "G-NOT-COMPARED")
    finds_not(BASE.when(handed(), arrived(A)), "G-NOT-COMPARED")
    finds_not(BASE.when(handed(), arrived(B)), "G-NOT-COMPARED")
    finds_not(BASE.when(arrived(B)), "G-NOT-COMPARED")


# -- custody -----------------------------------------------------------------------------------------------------------

NEEDS: dict[str, dict[str, Any]] = {
    "custody-transferred": {"released_by": "orn", "received_by": "lab", "check": "equal"},
    "evidence-accessed": {"purpose_code": "trial"},
    "working-copy-made": {"copy": "E1/1", "check": "equal"},
    "evidence-sealed": {"seal": "1"},
    "analysis-performed": {"tool": "t", "tool_version": "1", "check": "equal"},
}


def custody(kind: str, on: str, by: str = "orn", **fields: Any) -> Fact:
    """Make a step of custody of the exhibit."""
    return fact(kind, on, by, "RET" if by == "orn" else "LAB", **{"exhibit": "E1", **NEEDS[kind], **fields})


HELD = BASE.when(handed(), arrived(about="disclosed")).among(lab=Office("XO", ("LAB",)), other=Office("XO", ("LAB",)))


def test_a_comparison_that_came_out_different_says_so() -> None:
    finds(BASE.when(handed(), arrived(check="differ")), MISMATCH)
    for kind in ("custody-transferred", "working-copy-made"):
        finds(HELD.when(custody(kind, "2027-03-06T09:00Z", check="differ")), MISMATCH)
        finds(HELD.when(custody(kind, "2027-03-06T09:00Z", digest_before=A, digest_after=B)), MISMATCH)
        finds_not(HELD.when(custody(kind, "2027-03-06T09:00Z", digest_before=A, digest_after=A)), MISMATCH)
        finds_not(HELD.when(custody(kind, "2027-03-06T09:00Z", digest_before=A)), MISMATCH)
        finds_not(HELD.when(custody(kind, "2027-03-06T09:00Z", digest_after=A)), MISMATCH)
    finds(HELD.when(custody("analysis-performed", "2027-03-06T09:00Z", "lab", check="differ")), MISMATCH)


def test_the_exhibit_is_released_by_whoever_holds_it() -> None:
    taken = custody("custody-transferred", "2027-03-06T09:00Z")
    finds_not(HELD.when(taken), GAP)
    finds(HELD.when(custody("custody-transferred", "2027-03-06T09:00Z", released_by="other")), GAP, A3="GAP")
    back = custody("custody-transferred", "2027-03-07T09:00Z", released_by="lab", received_by="orn")
    finds_not(HELD.when(taken, back), GAP)
    finds(HELD.when(back), GAP)


def test_nobody_takes_an_exhibit_back_by_receiving_it_once_more() -> None:
    taken = custody("custody-transferred", "2027-03-06T09:00Z", received_by="other")
    again = fact("evidence-received", "2027-03-07T09:00Z", "orn", "RET", exhibit="E1", check="not-possible")
    onwards = custody("custody-transferred", "2027-03-08T09:00Z", received_by="lab")
    finds(HELD.when(taken, again), GAP, A3="GAP")
    finds(HELD.when(taken, again, onwards), GAP, A3="GAP")


def test_nobody_is_shown_to_hold_an_exhibit_that_never_arrived() -> None:
    finds(HELD.when(custody("custody-transferred", "2027-03-06T09:00Z", exhibit="E9")), GAP)


@pytest.mark.parametrize("kind", ["evidence-accessed", "working-copy-made", "evidence-sealed", "analysis-performed"])
def test_the_exhibit_is_handled_by_whoever_holds_it(kind: str) -> None:
    taken = custody("custody-transferred", "2027-03-06T09:00Z")
    finds_not(HELD.when(taken, custody(kind, "2027-03-07T09:00Z", "lab")), GAP)
    finds(HELD.when(taken, custody(kind, "2027-03-07T09:00Z", "other")), GAP)


def test_whoever_makes_a_copy_holds_the_copy() -> None:
    over = custody("custody-transferred", "2027-03-07T09:00Z", exhibit="E1/1")
    looked_at = custody("analysis-performed", "2027-03-08T09:00Z", "lab", exhibit="E1/1")
    finds_not(HELD.when(custody("working-copy-made", "2027-03-06T09:00Z"), over, looked_at), GAP)
    finds(HELD.when(over), GAP)


# -- repeated checks ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("result", "found"), [("reproduced", False), ("reproduced-in-part", True), ("not-reproduced", True)]
)
def test_an_independent_check_that_does_not_give_the_same_is_shown(result: str, found: bool) -> None:
    tool = {"tool": "t", "tool_version": "1"}
    record = HELD.when(fact("expert-verification-performed", "2027-05-01T09:00Z", "lab", "LAB", result=result, **tool))
    if found:
        finds(record, "G-NOT-REPRODUCED", A2="GAP")
    else:
        finds_not(record, "G-NOT-REPRODUCED")


def test_what_is_kept_from_the_defence_is_kept_for_a_reason() -> None:
    def bundle(**fields: Any) -> Fact:
        paper = {"code": "bundle", "media": "application/zip", "size": 1, "sha256": A}
        return by_issuer("defence-bundle-issued", "2027-06-01T09:00Z", bundle=paper, includes=["proofs"], **fields)

    code, withheld = "G-WITHHELD-NO-REASON", {"withheld_fields": ["reasons"]}
    finds(HELD.when(bundle(**withheld)), code, A8="GAP")
    finds_not(HELD.when(bundle(**withheld, withheld_reasons="The court said so.")), code)
    finds_not(HELD.when(bundle()), code)


def test_access_to_an_exhibit_that_is_not_named_never_shows_who_holds_it() -> None:
    again = [fact("evidence-accessed", f"2027-03-0{day}T09:00Z", "orn", "RET", purpose_code="trial") for day in (6, 7)]
    assert len(finds(BASE.when(*again), GAP).entries) == 2


def test_the_holder_of_a_copy_is_who_made_it_and_of_nothing_else() -> None:
    made = fact("working-copy-made", "2027-03-06T09:00Z", "orn", "RET", exhibit="E1", copy="E1/1", check="equal")
    looked = fact("evidence-accessed", "2027-03-07T09:00Z", "orn", "RET", exhibit="E1/1", purpose_code="trial")
    finds_not(BASE.when(handed(), arrived(), made, looked), GAP)
    finds(BASE.when(handed(), arrived(), looked), GAP)


@pytest.mark.parametrize(("digest", "found"), [(A, False), (B, True)])
def test_without_any_receipt_on_record_an_exhibit_is_compared_with_the_answers(digest: str, found: bool) -> None:
    step = custody("custody-transferred", "2027-03-06T09:00Z", "orn", digest_before=digest)
    (finds if found else finds_not)(BASE.when(handed(), step), MISMATCH)
