"""The drawings of a case: one chain for each exhibit with its disclosures, and deadlines as they were computed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from msgspec.structs import replace as with_fields

from ledger.law import Judgement, judge
from ledger.law.terms.computation import ComputationStep
from ledger.law.terms.rule import ClockVerdict
from projections.drawings.custody_chain import CustodyChain
from projections.drawings.deadline_bars import MOST, DeadlineBar
from projections.reports.order_drawings import _digest, custody_drawing, deadline_drawing
from projections.views.custody import custody
from projections.views.exhibit_digests import Digest
from tests.projections.views.evidence_files import A, B, arrives, hands_over, manifest, moves
from tests.support.scenarios import Fact, case, disclosed, fact, given, issued, moment, received, sent

GIVEN_A, GIVEN_B = hands_over("one", 5, ("a.zip", A)), hands_over("two", 6, ("b.zip", B))


def chains(*facts: Fact, reveal: bool = True) -> dict[str | None, CustodyChain]:
    known = given(issued("2027-03-01T09:00Z"), *facts).case
    drawn = custody_drawing(custody(known, reveal=True), known, reveal=reveal)
    assert drawn is not None
    assert len({chain.exhibit for chain in drawn.chains}) == len(drawn.chains)
    return {chain.exhibit: chain for chain in drawn.chains}


def steps(*facts: Fact) -> dict[str | None, list[str]]:
    """Return the exhibits with the numbers of their steps, counted from the first fact."""
    first = int(next(iter(chains(GIVEN_A).values())).steps[0].number)
    return {name: [str(int(s.number) - first + 1) for s in chain.steps] for name, chain in chains(*facts).items()}


def test_a_case_without_steps_of_custody_or_deadlines_has_no_drawing() -> None:
    known = case((issued("2027-03-01T09:00Z"),), "2AP-7")
    assert custody_drawing([], known, reveal=True) is None
    bare = with_fields(judge(known, moment("2027-03-02T09:00Z")), deadlines=())
    assert deadline_drawing(known, bare) is None


def test_a_disclosure_belongs_to_the_only_exhibit_else_to_those_of_the_receipts_that_name_it_or_its_digests() -> None:
    got_a, got_b = (arrives(f"got {x}", 7, f"EX-{x}", (f"{x}.zip", d)) for x, d in (("a", A), ("b", B)))
    assert steps(GIVEN_A, GIVEN_B, arrives("got", 7, "EX-a")) == {"EX-a": ["1", "2", "3"]}
    assert steps(GIVEN_A, GIVEN_B, got_a, got_b) == {"EX-a": ["1", "3"], "EX-b": ["2", "4"]}
    bare = [arrives(f"got {x}", 7, f"EX-{x}", about=about) for x, about in (("a", "one"), ("b", "two"))]
    assert steps(GIVEN_A, GIVEN_B, *bare) == {"EX-a": ["1", "3"], "EX-b": ["2", "4"]}
    both = [arrives(f"got {x}", 7, f"EX-{x}", about="one") for x in "ab"]
    assert steps(GIVEN_A, GIVEN_B, *both) == {"EX-a": ["1", "3"], "EX-b": ["1", "4"], None: ["2"]}


def test_what_is_no_disclosure_and_names_no_exhibit_is_apart_unless_there_is_one_exhibit_alone() -> None:
    looked = fact("evidence-accessed", "2027-03-09T09:00Z", "orn", "RET", label="look", purpose="x")
    got_a, got_b = (arrives(f"got {x}", 7, f"EX-{x}", (f"{x}.zip", d)) for x, d in (("a", A), ("b", B)))
    assert steps(GIVEN_A, got_a, looked) == {"EX-a": ["1", "2", "3"]}
    assert steps(GIVEN_A, got_a, got_b, looked)[None] == ["4"]
    named = [arrives(f"got {x}", 10, f"EX-{x}", about="look") for x in "ab"]
    assert steps(looked, *named)[None] == ["1"], "a look is no disclosure, whatever names it"
    unnumbered = arrives("bare", 8, None, ("a.zip", A), about="one")
    assert steps(GIVEN_A, got_a, got_b, unnumbered) == {"EX-a": ["1", "2"], "EX-b": ["3"], None: ["4"]}
    assert steps(GIVEN_A) == {None: ["1"]}
    moved = [moves(f"move {x}", 8, f"EX-{x}", A) for x in "ab"]
    assert steps(GIVEN_A, *moved)[None] == ["1"], "only a receipt says by which disclosure an exhibit came"


def copied(label: str, exhibit: str, copy: str, **more: Any) -> Fact:
    said = {"exhibit": exhibit, "copy": copy, "check": "equal", "digest_before": A, "digest_after": A, **more}
    return fact("working-copy-made", "2027-03-08T12:00Z", "orn", "RET", label=label, **said)


def test_a_copy_names_its_exhibit_and_nothing_is_a_copy_of_itself_or_by_a_step_that_was_replaced() -> None:
    got = arrives("got", 7, "EX-A", ("a.zip", A))
    found = chains(GIVEN_A, got, copied("copied", "EX-A", "EX-A/1"), moves("move", 9, "EX-A/1", A))
    assert (found["EX-A"].copy_of, found["EX-A/1"].copy_of) == (None, "EX-A")
    assert chains(GIVEN_A, got, copied("copied", "EX-A", "EX-A"))["EX-A"].copy_of is None
    again = copied("again", "EX-A", "EX-A/2", replaces="copied", why="a typo")
    found = chains(GIVEN_A, got, copied("copied", "EX-A", "EX-A/1"), again, moves("move", 9, "EX-A/1", A))
    assert found["EX-A/1"].copy_of is None


def test_a_step_has_its_hands_its_result_the_beginning_of_its_first_digest_and_what_replaced_it() -> None:
    two = manifest(("a.zip", A), ("b.zip", B), ("c.zip", A))
    first, second = hands_over("one", 5, manifest=two), hands_over("two", 6, replaces="one", why="a typo")
    facts = (first, second, moves("move", 7, "EX-A", B))
    (chain,) = chains(*facts).values()
    gone, stays, moved = chain.steps
    assert (gone.digest, gone.more, gone.replaced_by) == (f"SHA-256 {'a' * 16}", 1, stays.number)
    assert (gone.what, gone.released_by, gone.held_by) == ("data disclosed", "skylark", None)
    assert (gone.replaced_who, stays.replaced_by, stays.replaced_who) == ("skylark", None, "")
    assert (stays.digest, stays.more) == ("", 0), "it lists no file"
    assert (moved.released_by, moved.received_by, moved.check, moved.more) == ("orn", "lab", "equal", 0)
    (chain,) = chains(*facts, reveal=False).values()
    assert (chain.steps[0].digest, chain.steps[0].more) == ("", 1)


def test_a_digest_is_named_with_its_algorithm_and_sha_256_comes_first() -> None:
    sha512 = "1" * 128
    assert [_digest(Digest("a", 1, *digests)) for digests in ((A, sha512, "md5:2"), (None, sha512, "md5:2"))] == [
        f"SHA-256 {'a' * 16}",
        f"SHA-512 {'1' * 16}",
    ]
    assert [_digest(Digest("a", 1, None, None, other)) for other in ("md5:2", None)] == ["md5:2", ""]


# -- deadlines ---------------------------------------------------------------------------------------------------------


def judged(*facts: Fact, at: str = "2027-06-01T09:00Z") -> tuple[Any, Judgement]:
    known = case((issued("2027-03-01T09:00Z"), sent("2027-03-01T10:00Z"), *facts), "2AP-7")
    return known, judge(known, moment(at))


def test_a_bar_is_a_deadline_of_the_judgement_with_its_answers_in_the_order_of_their_acts() -> None:
    known, judgement = judged(received("2027-03-02T09:00Z"), disclosed("2027-03-05T09:00Z"))
    drawn = deadline_drawing(known, judgement)
    assert drawn is not None
    assert (drawn.as_of, drawn.left_out) == (judgement.as_of, 0)
    by_id = {b.id: b for b in drawn.bars}
    for clock in judgement.deadlines:
        bar = by_id[clock.id]
        assert (bar.cite, bar.due) == (", ".join(clock.cite), clock.due)
        assert bar.begins == (None if clock.count is None else clock.count.trigger)
        assert bar.length == ("" if clock.count is None or clock.policy == "STATED" else clock.count.length)
    (clock,) = [c for c in judgement.deadlines if c.id == "D-7-7"]
    leaves = [e.leaf for e in known.entries]
    answered = with_fields(judgement, deadlines=(replace(clock, met_by=(leaves[3], "0" * 64, leaves[2], leaves[0])),))
    drawn = deadline_drawing(known, answered)
    assert drawn is not None
    assert [on for _, on in drawn.bars[0].answers] == [known.entries[n].on for n in (0, 2, 3)]
    assert [n for n, _ in drawn.bars[0].answers] == [str(known.entries[n].seq) for n in (0, 2, 3)]


def test_of_more_bars_than_are_drawn_those_without_an_answer_are_kept_the_earliest_first() -> None:
    known, judgement = judged(received("2027-03-02T09:00Z"))
    (clock,) = [c for c in judgement.deadlines if c.id == "D-7-7"]
    assert clock.due is not None
    end = clock.due

    def drawn(*verdicts: tuple[ClockVerdict, int | None]) -> tuple[list[tuple[str, int | None]], int]:
        clocks = tuple(
            replace(clock, verdict=v, due=None if n is None else end + timedelta(days=n)) for v, n in verdicts
        )
        found = deadline_drawing(known, with_fields(judgement, deadlines=clocks))
        assert found is not None
        return [(b.verdict, None if b.due is None else (b.due - end).days) for b in found.bars], found.left_out

    met, missed = ClockVerdict.MET, ClockVerdict.MISSED
    few = [(met, n) for n in range(MOST)]
    assert drawn(*few) == ([("met", n) for n in range(MOST)], 0)
    assert drawn(*few, (met, 99)) == ([("met", n) for n in range(MOST)], 1)
    whole = [(missed, 100 - n) for n in range(MOST)]
    assert drawn(*whole) == ([("missed", 100 - n) for n in range(MOST)], 0), "as they were judged"
    late = [(missed, 50 - n) for n in range(3)]
    assert drawn(*few, *late, (missed, None)) == (
        [("missed", 48), ("missed", 49), ("missed", 50), ("missed", None)],
        40,
    )
    many = [(missed, 100 - n) for n in range(MOST + 2)]
    assert drawn(*many) == ([("missed", 100 - n) for n in reversed(range(2, MOST + 2))], 2)


def test_pauses_and_extensions_of_a_deadline_are_those_of_its_computation() -> None:
    known, judgement = judged(received("2027-03-02T09:00Z"))
    (clock,) = [c for c in judgement.deadlines if c.id == "D-7-7"]
    notes = [
        ComputationStep(
            operation="pause", input="2027-03-03T09:00:00Z/2027-03-04T09:00:00Z", output="", says="it waited"
        ),
        ComputationStep(operation="pause", input="2027-03-05T09:00:00Z/", output="", says="it waits"),
        ComputationStep(operation="note", input="x/y", output="", says="a remark"),
    ]

    def bar(*more: ComputationStep, **changed: Any) -> DeadlineBar:
        made = replace(clock, notes=(*notes, *more), **changed)
        drawn = deadline_drawing(known, with_fields(judgement, deadlines=(made,)))
        assert drawn is not None
        return drawn.bars[0]

    days = [moment(f"2027-03-0{n}T09:00Z") for n in (3, 4, 5)]
    assert bar().pauses == ((days[0], days[1]), (days[2], None))
    assert (
        bar().extended,
        bar(
            ComputationStep(operation="extension", input="2027-05-01T09:00:00Z", output="", says="by an entry")
        ).extended,
    ) == (False, True)
    assert bar().length == (clock.count and clock.count.length)
    assert bar(policy="STATED").length == ""
    assert (bar(count=None).length, bar(count=None).begins) == ("", None)
