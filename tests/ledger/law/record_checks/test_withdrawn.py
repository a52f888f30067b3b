"""A replaced entry: the contradiction that it showed stays a finding until another entry answers it (A1 to A3)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from ledger.entries.case import Unread
from ledger.law import FINDING_RULES, judge
from ledger.law.record_checks.withdrawn import BEARS, CRITERIA, RAISED_BY
from tests.ledger.law.record_checks.test_integrity import A, B, C, arrived, custody, handed, manifest
from tests.support.judging import codes, criterion, finds, finds_not, judged
from tests.support.scenarios import (
    Fact,
    Office,
    by_issuer,
    disclosed,
    fact,
    given,
    issued,
    leaf,
    moment,
    received,
    sent,
)

MISMATCH, GAP = "V-HASH-MISMATCH", "W-CUSTODY-GAP"
REPLACED, WITHDRAWN = "W-REPLACED", "V-CONTRADICTION-WITHDRAWN"
OFFICES = {"lab": Office("XO", ("LAB",)), "second": Office("XO", ("LAB",))}


def with_files(f: Fact) -> Fact:
    return replace(f, fields={**f.fields, "manifest": FILES})


BASE = given(issued("2027-03-01T09:00Z"), received("2027-03-02T08:30Z")).among(**OFFICES)
GOOD = replace(arrived(about="disclosed"), label="arrived")
TAKEN = custody("custody-transferred", "2027-03-05T12:00Z")
HELD = BASE.when(handed(), GOOD, TAKEN)  # the laboratory holds the exhibit
FILES = {"elements": ["x"], "files": [{"name": n, "size": 1, "sha256": d} for n, d in (("x", A), ("y", "d" * 64))]}
# An exhibit of two files: a digest without a name may cover both together, and contradicts neither.
SEVERAL = BASE.when(with_files(handed()), with_files(GOOD), TAKEN)


def step(kind: str, on: str, label: str, by: str = "lab", replaces: str | None = None, **fields: Any) -> Fact:
    """Make a step of custody, which may replace another one."""
    return replace(custody(kind, on, by, **fields), label=label, replaces=replaces)


def moved(label: str, replaces: str | None = None, by: str = "lab", **fields: Any) -> Fact:
    """Make a fact: the laboratory returns the exhibit."""
    fields = {"released_by": "lab", "received_by": "orn", **fields}
    return step("custody-transferred", "2027-03-06T09:00Z", label, by, replaces, **fields)


DIFFERS = moved("differs", check="differ", digest_before=B)


# -- a mismatch --------------------------------------------------------------------------------------------------------


def test_a_difference_that_its_signer_takes_back_leaves_integrity_open() -> None:
    before = HELD.when(DIFFERS)
    assert criterion(before, "A2") == "CONTRADICTED"
    after = before.when(moved("again", "differs", check="equal", digest_before=A))
    found = finds(after, WITHDRAWN, A2="GAP")
    assert set(found.entries) == {leaf("differs"), leaf("again")}
    assert criterion(after, "A2") == "GAP"
    assert set(finds(after, REPLACED).entries) == {leaf("differs"), leaf("again")}


def test_a_digest_that_was_replaced_by_none_goes_on_counting() -> None:
    story = HELD.when(DIFFERS, moved("again", "differs", check="equal"))
    assert leaf("differs") in finds(story, MISMATCH).entries
    assert criterion(story, "A2") == "CONTRADICTED"
    finds(story, WITHDRAWN)


def test_a_digest_of_an_office_that_could_not_state_it_never_counts() -> None:
    base = HELD.among(**OFFICES, dpo=Office("XO", ("DPO",)))
    theirs = replace(DIFFERS, by="dpo", role="DPO")
    again = replace(moved("again", "differs", check="equal"), by="dpo", role="DPO")
    for story in (base.when(theirs), base.when(theirs, again)):
        finds_not(story, MISMATCH)
        finds_not(story, WITHDRAWN)


def test_a_correction_that_has_no_effect_answers_nothing() -> None:
    again = moved("again", "differs", check="equal", digest_before=A, digest_after=A)
    finds(HELD.when(DIFFERS, replace(again, role="AUD")), WITHDRAWN, A2="GAP")


def test_digests_that_another_office_states_as_well_answer_it() -> None:
    again = moved("again", "differs", check="equal", digest_before=A, digest_after=A)
    story = HELD.when(DIFFERS, again)
    finds_not(story, WITHDRAWN)
    finds(story, REPLACED)
    assert criterion(story, "A2") == "DEMONSTRATED"


@pytest.mark.parametrize("digests", [{"digest_before": C, "digest_after": C}, {"digest_after": A}, {}])
def test_digests_that_nobody_else_states_or_half_a_comparison_answer_nothing(digests: dict[str, str]) -> None:
    unstated = moved("differs", check="differ")
    story = SEVERAL.when(unstated, moved("again", "differs", check="equal", **digests))
    finds(story, WITHDRAWN, A2="GAP")


def test_a_correction_to_digests_that_are_not_the_exhibits_contradicts_it_still() -> None:
    for digests in ({"digest_before": C, "digest_after": C}, {"digest_after": C}):
        story = HELD.when(DIFFERS, moved("again", "differs", check="equal", **digests))
        assert leaf("again") in finds(story, MISMATCH).entries
        assert criterion(story, "A2") == "CONTRADICTED"


def test_ones_own_digests_of_elsewhere_answer_nothing() -> None:
    mine = step("working-copy-made", "2027-03-05T14:00Z", "copy", copy="E1/1", digest_before=C, digest_after=C)
    again = moved("again", "differs", check="equal", digest_before=C, digest_after=C)
    finds(SEVERAL.when(mine, DIFFERS, again), WITHDRAWN, A2="GAP")


def test_another_office_that_compares_the_exhibit_afterwards_answers_it() -> None:
    again = moved("again", "differs", check="equal", digest_before=B)
    story = SEVERAL.when(DIFFERS, again)
    looked = step("working-copy-made", "2027-03-08T09:00Z", "looked", "orn", copy="E1/2")
    finds_not(story.when(looked), WITHDRAWN)
    finds(story.when(replace(looked, by="lab", role="LAB")), WITHDRAWN)
    finds(story.when(replace(looked, role="AUD")), WITHDRAWN)
    finds(story.when(replace(looked, fields={**looked.fields, "exhibit": "E2"})), WITHDRAWN)
    arrived_again = fact("evidence-received", "2027-03-08T09:00Z", "orn", "RET", check="equal", exhibit="E2")
    finds(story.when(arrived_again), WITHDRAWN)
    about = {**arrived_again.fields, "about": "again"}
    finds_not(story.when(replace(arrived_again, fields=about)), WITHDRAWN)  # of another exhibit, but about this one
    before = SEVERAL.when(DIFFERS, replace(looked, on=moment("2027-03-05T13:00Z")), again)
    finds(before, WITHDRAWN)  # recorded before the correction, and without reference to it


def test_another_office_that_confirms_the_correction_answers_it() -> None:
    story = SEVERAL.when(DIFFERS, moved("again", "differs", check="equal", digest_before=B))
    confirms = by_issuer("authenticity-confirmed", "2027-03-08T09:00Z", about="again", method="known-contact")
    finds_not(story.when(confirms), WITHDRAWN)
    finds(story.when(replace(confirms, fields={**confirms.fields, "about": "issued"})), WITHDRAWN)


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("working-copy-made", {"copy": "E1/1"}),
        ("analysis-performed", {}),
        ("custody-transferred", {"released_by": "lab", "received_by": "orn"}),
    ],
)
def test_every_kind_that_compares_is_looked_at(kind: str, fields: dict[str, str]) -> None:
    old = step(kind, "2027-03-06T09:00Z", "old", check="differ", **fields)
    new = step(kind, "2027-03-06T09:00Z", "new", replaces="old", check="equal", **fields)
    finds(HELD.when(old), MISMATCH)
    finds_not(HELD.when(old, new), MISMATCH)
    assert criterion(HELD.when(old, new), "A2") == "GAP"


def test_a_receipt_whose_check_differed_is_not_forgotten() -> None:
    bad = replace(arrived(B, "differ", about="disclosed"), label="bad")
    for again in (
        replace(arrived(A, "equal", about="disclosed"), replaces="bad", label="again"),
        fact("use-restricted", "2027-03-05T10:00Z", "orn", "RET", replaces="bad", label="again", scope="all"),
    ):
        story = BASE.when(handed(), bad, again)
        assert criterion(story, "A2") in ("GAP", "CONTRADICTED") or again.kind == "evidence-received"
        finds(story, REPLACED)
    finds_not(BASE.when(handed(), bad, replace(arrived(about="disclosed"), replaces="bad")), WITHDRAWN)
    finds(story, WITHDRAWN)
    assert criterion(story, "A2") == "CONTRADICTED", "the digest that was left out goes on counting"


def test_a_file_left_out_of_the_manifest_or_renamed_still_differs() -> None:
    two = {"elements": ["name"], "files": [*manifest(A, "x")["files"], *manifest(A, "y")["files"]]}
    sent_two = disclosed("2027-03-05T09:00Z", label="disclosed", manifest=two)

    def arrival(label: str, *files: tuple[str, str], replaces: str | None = None) -> Fact:
        listed = [f for name, digest in files for f in manifest(digest, name)["files"]]
        found = {"elements": ["name"], "files": listed}
        one = arrived(about="disclosed")
        return replace(one, label=label, replaces=replaces, fields={**one.fields, "manifest": found})

    bad = BASE.when(sent_two, arrival("bad", ("x", A), ("y", B)))
    finds(bad, MISMATCH)
    finds(bad.when(arrival("shorter", ("x", A), replaces="bad")), MISMATCH)
    renamed = bad.when(arrival("renamed", ("x", A), ("z", B), replaces="bad"))
    finds(renamed, WITHDRAWN, A2="GAP")
    finds_not(bad.when(arrival("right", ("x", A), ("y", A), replaces="bad")), WITHDRAWN)


def test_another_algorithm_is_no_answer() -> None:
    bad = replace(arrived(B, about="disclosed"), label="bad")
    longer = {"elements": ["name"], "files": [{"name": "x", "size": 1, "sha512": "e" * 128}]}
    other = replace(bad, label="other", replaces="bad", fields={**bad.fields, "manifest": longer})
    finds(BASE.when(handed(), bad, other), MISMATCH)
    assert criterion(BASE.when(handed(), bad, other), "A2") == "CONTRADICTED"


def test_one_of_two_digests_of_a_file_is_enough_if_another_office_states_it() -> None:
    bad = replace(arrived(B, about="disclosed"), label="bad")
    both = {"elements": ["name"], "files": [{**manifest(A)["files"][0], "sha512": "e" * 128}]}
    again = replace(bad, label="again", replaces="bad", fields={**bad.fields, "manifest": both})
    finds_not(BASE.when(handed(), bad, again), WITHDRAWN)


def test_another_exhibit_or_another_time_is_no_answer() -> None:
    elsewhere = moved("elsewhere", "differs", check="equal", exhibit="E9", digest_before=A)
    finds(HELD.when(DIFFERS, elsewhere), WITHDRAWN)
    bad = replace(arrived(B), label="bad")
    early = replace(arrived(B), label="early", replaces="bad", on=moment("2027-03-04T10:00Z"))
    finds(BASE.when(handed(), bad), MISMATCH)
    finds(BASE.when(handed(), bad, early), MISMATCH, A2="CONTRADICTED")  # dated earlier, recorded later
    about_other = replace(arrived(B, about="issued"), label="about", replaces="bad")
    finds(BASE.when(handed(), bad, about_other), MISMATCH)  # an order is no handover


def test_the_manifest_of_a_disclosure_is_not_changed_behind_the_receipt() -> None:
    wrong, right = handed(B), replace(handed(A), label="again", replaces="disclosed")
    story = BASE.when(wrong, GOOD)
    finds(story, MISMATCH)
    finds_not(story.when(right), WITHDRAWN)  # the receipt of another office states these digests
    renamed = replace(right, fields={**right.fields, "manifest": manifest(C, "other")})
    finds(story.when(renamed), MISMATCH)
    bare = replace(right, fields={**right.fields, "manifest": {"elements": ["name"], "files": []}})
    assert criterion(story.when(bare), "A2") == "CONTRADICTED"


# -- chains ------------------------------------------------------------------------------------------------------------


def test_a_contradiction_in_the_middle_of_a_chain_is_found() -> None:
    first = moved("first", check="equal", digest_before=A, digest_after=A)
    second = moved("second", "first", check="differ", digest_before=A, digest_after=B)
    third = moved("third", "second", check="equal", digest_before=C, digest_after=C)
    found = finds(SEVERAL.when(first, second, third), WITHDRAWN, A2="GAP")
    assert set(found.entries) == {leaf("second"), leaf("third")}


def test_the_end_of_a_chain_answers_or_does_not() -> None:
    silent = moved("silent", "differs", check="equal")
    bare = SEVERAL.when(DIFFERS, silent)
    assert criterion(bare, "A2") == "CONTRADICTED"
    finds(bare.when(moved("third", "silent", check="equal", digest_before=C)), WITHDRAWN, A2="GAP")
    right = moved("third", "silent", check="equal", digest_before=A, digest_after=A)
    finds_not(bare.when(right), WITHDRAWN)
    finds_not(bare.when(right), MISMATCH)


def test_of_two_replacements_of_one_entry_one_that_still_differs_is_no_answer() -> None:
    equal = moved("equal", "differs", check="equal", digest_before=C, digest_after=C)
    again = moved("again", "differs", check="equal", digest_before=C)
    found = finds(SEVERAL.when(DIFFERS, equal, again), WITHDRAWN)
    assert set(found.entries) == {leaf("differs"), leaf("equal"), leaf("again")}
    both = SEVERAL.when(DIFFERS, equal, moved("again", "differs", check="differ", digest_before=B))
    assert criterion(both, "A2") == "CONTRADICTED"


def test_an_entry_that_says_the_same_again_withdraws_nothing() -> None:
    again = moved("again", "differs", check="differ", digest_before=B)
    finds_not(HELD.when(DIFFERS, again), WITHDRAWN)
    finds(HELD.when(DIFFERS, again), MISMATCH)
    finds(HELD.when(DIFFERS, again), REPLACED)


def test_a_long_chain_of_replacements_is_read_to_its_end() -> None:
    chain = [DIFFERS]
    for n in range(1200):
        before = str(chain[-1].label)
        chain.append(moved(f"step {n}", before, check="equal", digest_before=C))
    story = SEVERAL.when(*chain[:40])
    finds(story, WITHDRAWN)
    assert len(list(SEVERAL.when(*chain).reading.entries.successors(leaf("differs")))) == 1200


# -- a gap, and entries that are not first-hand ------------------------------------------------------------------------


def test_a_gap_in_custody_is_not_closed_by_its_own_signer() -> None:
    gap = moved("gap", released_by="second")
    finds(HELD.when(gap), GAP)
    story = HELD.when(gap, moved("again", "gap"))
    finds_not(story, GAP)
    finds(story, WITHDRAWN, A3="GAP")
    assert criterion(story, "A3") == "GAP"


def test_a_gap_that_other_entries_show_is_not_one_that_a_replacement_took_back() -> None:
    again = step("custody-transferred", "2027-03-05T13:00Z", "a", "lab", "kept", released_by="lab", received_by="lab")
    kept = replace(again, label="kept", replaces=None)
    story = HELD.when(moved("gap", released_by="second"), kept, again)
    finds(story, GAP)
    finds(story, REPLACED)
    finds_not(story, WITHDRAWN)


def test_a_gap_that_another_row_shows_is_found_as_well() -> None:
    wrong = step("custody-transferred", "2027-03-05T13:00Z", "wrong", released_by="lab", received_by="second")
    used = step("evidence-accessed", "2027-03-06T09:00Z", "used")
    story = HELD.when(wrong, used)
    finds(story, GAP)
    again = step("custody-transferred", "2027-03-05T13:00Z", "a", "lab", "wrong", released_by="lab", received_by="lab")
    finds(story.when(again), WITHDRAWN, A3="GAP")


def test_an_exhibit_number_is_not_changed_to_close_a_gap() -> None:
    first = replace(arrived(about="disclosed"), label="first")
    elsewhere = replace(first, fields={**first.fields, "exhibit": "E2"})
    story = BASE.when(handed(), elsewhere, TAKEN)
    finds(story, GAP)
    again = replace(first, label="again", replaces="first")
    silent = replace(again, fields={**first.fields, "manifest": None})
    finds(story.when(silent), WITHDRAWN, A3="GAP")
    finds_not(story.when(again), WITHDRAWN)  # the same digests again, and the provider states them too


def test_a_check_that_was_not_reproduced_is_not_taken_back() -> None:
    tool = {"tool": "t", "tool_version": "1"}

    def check(label: str, result: str, by: str = "lab", replaces: str | None = None) -> Fact:
        report = fact("expert-verification-performed", "2027-05-01T09:00Z", by, "LAB", result=result, **tool)
        return replace(report, label=label, replaces=replaces)

    story = HELD.when(check("no", "not-reproduced"), check("yes", "reproduced", replaces="no"))
    finds(story, WITHDRAWN, A2="GAP")
    finds_not(story.when(check("other", "reproduced", "second")), WITHDRAWN)


def test_a_certificate_that_comes_later_waits_for_a_receipt() -> None:
    asked = given(
        issued("2027-03-01T09:00Z", special_instructions=["certification"]), received("2027-03-02T08:30Z")
    ).among(**OFFICES)
    paper = {"code": "certificate", "media": "application/pdf", "size": 1, "sha256": C}
    certified = replace(handed(), label="again", replaces="disclosed")
    certified = replace(certified, fields={**certified.fields, "certificate": paper})
    finds(asked.when(handed()), "G-NOT-CERTIFIED")
    finds(asked.when(handed(), certified), WITHDRAWN, A1="GAP")
    finds_not(asked.when(handed(), certified, replace(arrived(), fields={**GOOD.fields, "about": "again"})), WITHDRAWN)


def test_a_dispute_that_is_taken_back_is_not_forgotten() -> None:
    dispute = fact("event-disputed", "2027-03-07T09:00Z", "skylark", "SP", about="arrived", label="dispute")
    finds(HELD.when(dispute), "G-DISPUTED", A1="GAP")
    other = fact("order-received", "2027-03-07T09:00Z", "skylark", "SP", label="other", replaces="dispute")
    finds(HELD.when(dispute, other), WITHDRAWN, A1="GAP")


def test_a_suspicion_that_the_registrar_takes_back_is_not_forgotten() -> None:
    def register(label: str, kind: str, replaces: str | None = None, **fields: Any) -> Fact:
        return fact(kind, "2027-03-10T09:00Z", "registrar", "ADM", label=label, replaces=replaces, **fields)

    suspected = register("suspected", "key-compromised", actor="skylark", suspected_since="2027-03-01T00:00:00Z")
    story = HELD.registered(suspected)
    finds(story.asked_at("2027-03-11T09:00Z"), "W-KEY-UNTRUSTED")
    never = register("never", "witness-changed", "suspected", change="added", name="w", key="k")
    again = register("still", "key-compromised", actor="skylark", suspected_since="2027-03-01T00:00:00Z")
    still = HELD.registered(suspected, again, never).asked_at("2027-03-11T09:00Z")
    finds(still, "W-KEY-UNTRUSTED")
    finds_not(still, WITHDRAWN)
    back = HELD.registered(suspected, never).asked_at("2027-03-11T09:00Z")
    finds_not(back, "W-KEY-UNTRUSTED")
    finds(back, WITHDRAWN, A1="GAP")


# -- no contradiction --------------------------------------------------------------------------------------------------


def test_a_correction_of_what_contradicts_nothing_is_a_remark_where_it_bears_on_the_evidence() -> None:
    story = HELD.when(moved("place", place="Cellar"), moved("again", "place", place="Vault"))
    finds(story, REPLACED)
    finds_not(story, WITHDRAWN)
    assert criterion(story, "A3") == "DEMONSTRATED"


def test_elsewhere_a_replacement_is_no_finding() -> None:
    story = HELD.when(sent("2027-03-01T10:00Z", label="sent"), sent("2027-03-01T11:00Z", replaces="sent"))
    assert {REPLACED, WITHDRAWN}.isdisjoint(codes(story))


def test_an_entry_that_another_signer_says_it_replaces_is_not_replaced() -> None:
    theirs = moved("theirs", "differs", by="orn", check="equal", digest_before=A)
    story = HELD.when(DIFFERS, theirs)
    assert {REPLACED, WITHDRAWN}.isdisjoint(codes(story))
    assert criterion(story, "A2") == "CONTRADICTED"


def test_what_is_found_does_not_depend_on_the_order_in_which_contradictions_came() -> None:
    """The replaced receipt contradicts a disclosure that is corrected only later."""
    first = BASE.when(handed(A), replace(arrived(A, about="disclosed"), label="arrived"))
    changed = first.when(replace(handed(B), label="second", replaces="disclosed"))
    finds(changed, MISMATCH)
    followed = changed.when(replace(arrived(B, about="second"), label="followed", replaces="arrived"))
    finds_not(followed, MISMATCH)
    finds_not(followed, WITHDRAWN)  # two offices state the same digest now
    found = finds(followed, REPLACED)
    assert set(found.entries) == {leaf(label) for label in ("disclosed", "second", "arrived", "followed")}


def test_who_may_not_read_the_digests_is_not_told_that_they_were_left_out() -> None:
    closed = replace(moved("again", "differs", check="equal"), fields={
        **moved("again", check="equal").fields, "digest_before": Unread.WITHHELD
    })  # fmt: skip
    story = HELD.when(DIFFERS, closed)
    finds_not(story, MISMATCH)
    finds(story, WITHDRAWN, A2="GAP")


def test_at_a_moment_before_the_replacement_the_contradiction_stands() -> None:
    story = HELD.when(DIFFERS, replace(moved("again", "differs"), at=DIFFERS.at + timedelta(days=2)))
    early = judge(story.case, DIFFERS.at)
    assert MISMATCH in {f.code for f in early.findings}
    assert WITHDRAWN not in {f.code for f in early.findings}


def test_every_finding_that_pulls_these_criteria_is_looked_for_again() -> None:
    pulling = {check.code for check in FINDING_RULES if {name for name, _ in check.effects} & set(CRITERIA)}
    stays = {"V-ROLE-NOT-HELD"}  # this finding reads replaced entries too, so no replacement removes it
    assert {check.code for check in RAISED_BY} == (pulling - stays) | {"G-DISPUTED"}
    assert {kind for check in RAISED_BY for kind in check.kinds} - set(BEARS) == {
        *("order-transmitted", "order-received", "order-repudiated", "event-disputed")
    }


def test_the_judgement_names_both_entries() -> None:
    story = HELD.when(DIFFERS, moved("again", "differs", check="equal", digest_before=A))
    lacks = judged(story).criteria["A2"].lacks
    assert any(WITHDRAWN in line for line in lacks)


@pytest.mark.parametrize(("instrument", "found"), [("EPOC", True), ("2AP-7", False)])
def test_what_only_another_instrument_asks_for_was_no_gap_that_a_replacement_could_hide(
    instrument: str, found: bool
) -> None:
    order = given(issued("2027-03-01T09:00Z", instrument), received("2027-03-02T08:30Z"))
    bare = handed().changed(channel="courier")  # 2025/1550 asks for the recipient in the manifest
    again = replace(bare.changed(recipient="orn"), label="again", replaces="disclosed")
    assert (WITHDRAWN in codes(order.when(bare, again))) is found
