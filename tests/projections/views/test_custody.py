"""Who held an exhibit from when until when, and which steps are out of step with the order of the record."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st
from msgspec.structs import replace

from projections.views.custody import _rising, custody, disclosures, held_periods, out_of_step, standing, trace
from projections.views.exhibit_digests import Digest
from tests.projections.views.evidence_files import A, B, arrives, hands_over, manifest, moves
from tests.support.scenarios import LABELS, Fact, Story, fact, given, issued


def story(*facts: Fact) -> Story:
    return given(issued("2027-03-01T09:00Z"), *facts)


def held(*facts: Fact) -> list[tuple[str, str | None, str, str | None]]:
    """Return holder, exhibit, and the labels of the first and the last entry of each period."""
    return [
        (
            each.holder.split()[0],
            each.exhibit,
            LABELS[each.since.leaf],
            None if each.until is None else LABELS[each.until.leaf],
        )
        for each in held_periods(custody(story(*facts).case))
    ]


def copies(label: str, day: int, exhibit: str | None, copy: str | None) -> Fact:
    said = {name: value for name, value in (("exhibit", exhibit), ("copy", copy)) if value}
    return fact("working-copy-made", f"2027-03-{day:02}T12:00Z", "orn", "RET", label=label, manifest=manifest(), **said)


def gone(label: str, day: int, kind: str = "data-destroyed", scope: str = "all", by: str = "orn") -> Fact:
    return fact(kind, f"2027-03-{day:02}T13:00Z", by, "RET", label=label, scope=scope)


GIVEN = hands_over("one", 5, ("a.zip", A))
GOT_A, GOT_B = arrives("got a", 6, "EX-A", ("a.zip", A)), arrives("got b", 6, "EX-B", ("b.zip", B))


def test_an_exhibit_is_held_from_its_arrival_until_it_is_handed_on_and_again_when_it_comes_back() -> None:
    found = held(GIVEN, GOT_A, GOT_B, moves("out", 8, "EX-A", A), moves("back", 10, "EX-A", A, "lab orn"))
    (orn,) = {each[0] for each in held(GIVEN, GOT_A)}
    assert [each[1:] for each in found if each[0] == orn] == [
        *(("EX-A", "got a", "out"), ("EX-B", "got b", None), ("EX-A", "back", None))
    ]
    assert [each[1:] for each in found if each[0] != orn] == [("EX-A", "out", "back")]


def test_a_giver_holds_nothing_by_giving_and_a_later_look_begins_no_period() -> None:
    looked = fact("evidence-accessed", "2027-03-07T09:00Z", "orn", "RET", label="look", exhibit="EX-A", purpose="x")
    assert [each[1:] for each in held(GIVEN, GOT_A, looked)] == [("EX-A", "got a", None)]
    alone = [each[1:] for each in held(GIVEN, looked)]
    assert alone == [("EX-A", "look", None)], "who looked had it"


def test_a_copy_with_a_number_has_a_period_beside_that_of_its_exhibit() -> None:
    found = [each[1:] for each in held(GIVEN, GOT_A, copies("copied", 7, "EX-A", "EX-A-1"))]
    assert found == [("EX-A", "got a", None), ("EX-A-1", "copied", None)]
    both = [each[1:] for each in held(GIVEN, copies("copied", 7, "EX-A", "EX-A-1"), moves("out", 8, "EX-A-1", A))]
    assert both[:2] == [("EX-A", "copied", None), ("EX-A-1", "copied", "out")]


@pytest.mark.parametrize("kind", ["data-destroyed", "data-returned"])
def test_all_periods_of_a_holder_end_where_all_is_returned_or_destroyed_and_none_where_a_part_is(kind: str) -> None:
    every = [each[1:] for each in held(GIVEN, GOT_A, GOT_B, gone("gone", 8, kind))]
    assert every == [("EX-A", "got a", "gone"), ("EX-B", "got b", "gone")]
    part = [each[1:] for each in held(GIVEN, GOT_A, GOT_B, gone("gone", 8, kind, "part"))]
    assert part == [("EX-A", "got a", None), ("EX-B", "got b", None)]
    another = [each[1:] for each in held(GIVEN, GOT_A, gone("gone", 8, kind, by="lab"))]
    assert another[0] == ("EX-A", "got a", None)


def test_data_that_arrived_without_a_number_leave_with_a_number_that_never_arrived() -> None:
    bare = arrives("got", 6, None, ("a.zip", A))
    assert held(GIVEN, bare, moves("out", 8, "EX-A", A))[0][1:] == (None, "got", "out")
    kept = [each[1:] for each in held(GIVEN, bare, GOT_A, moves("out", 8, "EX-A", A))]
    assert (None, "got", None) in kept, "EX-A arrived apart from it"
    assert ("EX-A", "got a", "out") in kept
    assert held(GIVEN, GOT_A, moves("other", 8, "EX-X", B))[0][1:] == ("EX-A", "got a", None), "it has a number"


def test_a_period_has_its_first_moment_and_not_its_last() -> None:
    case = story(GIVEN, GOT_A, moves("out", 8, "EX-A", A)).case
    first, second = held_periods(custody(case))
    begin, end = (datetime(2027, 3, day, hour, tzinfo=UTC) for day, hour in ((6, 10), (8, 11)))
    second_before, second_after = (timedelta(seconds=n) for n in (-1, 1))
    assert [first.at(m) for m in (begin + second_before, begin, end + second_before, end, end + second_after)] == [
        False, True, True, False, False,
    ]  # fmt: skip
    assert [second.at(m) for m in (end + second_before, end, end + timedelta(days=900))] == [False, True, True]


# -- who gave ----------------------------------------------------------------------------------------------------------


def givers(*facts: Fact) -> list[str | None]:
    """Return the giver of each receipt, as an actor; None where the record leaves it open."""
    steps = custody(story(*facts).case)
    return [step.parties[0] if len(step.parties) == 2 else None for step in steps if step.entry.kind == RECEIPT]


RECEIPT = "evidence-received"


def test_the_giver_of_a_receipt_is_the_one_it_names_else_the_last_that_gave_to_its_signer_else_the_only_one() -> None:
    lab = hands_over("lab", 5, ("b.zip", B), by="lab", role="LAB", recipient="orn")
    fjord = hands_over("fjord", 5, ("b.zip", B), by="fjord", recipient="pol")
    named = arrives("got", 7, "EX-A", about="one")
    assert givers(GIVEN, lab, named) == ["skylark"]
    assert givers(GIVEN, lab, GOT_A) == ["lab"], "it was given to orn"
    assert givers(GIVEN, fjord, GOT_A) == ["skylark"], "the other one gave to another office"
    assert givers(fjord, GOT_A) == ["fjord"], "nobody else has given anything"
    assert givers(GIVEN, hands_over("two", 5, ("b.zip", B), by="fjord"), GOT_A) == [None]
    assert givers(hands_over("late", 9, ("a.zip", A)), GOT_A) == [None], "it was handed over later"
    twice = [hands_over("a", 4, ("a.zip", A), recipient="orn"), lab]
    assert givers(*twice, GOT_A) == ["lab"]
    assert givers(GOT_A) == [None]


def test_a_disclosure_by_its_own_signer_is_named_before_any_report_of_it() -> None:
    file = Digest("a.zip", 1, A, None)

    def stated(*facts: Fact) -> list[str | None]:
        case = story(*facts).case
        found = disclosures(case, None, trace(standing(custody(case)), file))
        return [None if each is None else LABELS[each.leaf] for each in found]

    observed = replace(
        hands_over("observed", 4, ("a.zip", A), by="orn", role="RET"), speaks="observation", whose="skylark"
    )
    assert stated(observed, GIVEN) == ["one", None]
    assert stated(observed) == [None, "observed"]
    assert stated(replace(observed, held=False)) == [None, None]
    assert stated(GOT_A) == [None, None]


# -- out of step -------------------------------------------------------------------------------------------------------


@drawn(st.lists(st.integers(0, 40), max_size=9, unique=True))
def test_what_is_left_in_step_is_a_longest_rising_row(numbers: list[int]) -> None:
    places = _rising(numbers)
    kept = [numbers[place] for place in sorted(places)]
    assert kept == sorted(kept)
    longest = next(
        size
        for size in range(len(numbers), -1, -1)
        for some in combinations(numbers, size)
        if list(some) == sorted(some)
    )
    assert len(kept) == longest


def test_a_step_that_was_recorded_late_is_named_with_the_one_recorded_before_it() -> None:
    late = arrives("late", 4, "EX-C")
    hands = standing(custody(story(GIVEN, GOT_A, replace(late, at=GOT_A.at + timedelta(days=1))).case))
    (found,) = out_of_step(hands).items()
    assert (LABELS[found[0]], found[1] and LABELS[found[1].entry.leaf]) == ("late", "got a")
    assert out_of_step(standing(custody(story(GIVEN, GOT_A).case))) == {}
    assert out_of_step([]) == {}


def test_a_state_that_transmits_gives_to_the_office_that_it_names() -> None:
    passed_on = fact(
        "data-transmitted-by-state", "2027-03-05T09:00Z", "pol", "CA", label="on", recipient="orn", manifest=manifest()
    )
    (step,) = custody(story(passed_on).case)
    assert step.parties == ("pol", "orn")
    assert (step.released_by is None, step.received_by is None, step.held_by) == (False, False, None)


def test_only_the_steps_of_the_wanted_part_have_sentences_and_digests_and_are_compared() -> None:
    case = story(GIVEN, GOT_A, moves("out", 8, "EX-A", A)).case
    whole = custody(case)
    assert all(step.says and step.compared for step in whole)
    assert [bool(step.files) for step in whole] == [bool(step.unread) is False for step in whole]
    part = custody(case, said=slice(1, 2))
    assert [bool(step.says) for step in part] == [False, True, False]
    assert part[1] == whole[1]
    for step in (part[0], part[2]):
        assert (step.says, step.files, step.unread, step.compared, step.firsts) == ("", (), "", "", ())
    assert [step.parties for step in part] == [step.parties for step in whole]


def test_who_gave_by_an_entry_that_its_signer_replaced_counts_only_where_the_receipt_names_it() -> None:
    again = hands_over("again", 5, ("a.zip", A), by="fjord")
    taken_back = hands_over("instead", 9, ("a.zip", A), replaces="one")
    assert givers(GIVEN, again, GOT_A) == [None]
    assert givers(GIVEN, again, taken_back, GOT_A) == ["fjord"], "the other one was replaced"
    assert givers(GIVEN, again, taken_back, arrives("got", 7, "EX-A", about="one")) == ["skylark"]


def test_the_first_of_several_disclosures_is_named_by_its_date_and_not_by_its_place_in_the_log() -> None:
    early = hands_over("early", 4, ("a.zip", A))
    case = story(GIVEN, replace(early, at=GIVEN.at + timedelta(days=3))).case
    found = disclosures(case, None, trace(standing(custody(case)), Digest("a.zip", 1, A, None)))
    assert [None if each is None else LABELS[each.leaf] for each in found] == ["early", None]
    held_by_nobody = story(replace(GIVEN, held=False)).case
    found = disclosures(held_by_nobody, None, trace(custody(held_by_nobody), Digest("a.zip", 1, A, None)))
    assert found == (None, None)


def test_a_second_step_at_the_moment_in_which_a_period_ends_begins_no_further_period() -> None:
    looked = fact("evidence-accessed", "2027-03-08T11:00Z", "orn", "RET", label="look", exhibit="EX-A", purpose="x")
    out = moves("out", 8, "EX-A", A)
    assert looked.on == out.on
    found = [each[1:] for each in held(GIVEN, GOT_A, looked, out)]
    assert found[0] == ("EX-A", "got a", "out")
    assert "look" not in {since for _, since, _ in found}
