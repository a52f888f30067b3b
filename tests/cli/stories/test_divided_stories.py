"""A story cut into ledgers: the offices play it in ledgers of their own, exchange bundles, and judge what they hold.

- The common part: from what both ledgers hold, both judge the same.
- The whole: each difference has a cause, a thing that one ledger holds and the other lacks.
- The undivided story: from what a ledger holds, it never says the opposite.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from itertools import combinations
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cli.stories.player import play_story
from ledger.adapters.folders.user_folders import Home
from ledger.application.journal import Journal
from ledger.entries.case import Case
from ledger.law import judge
from tests.support.divided.compare import (
    as_far_as,
    causes,
    common,
    contradictions,
    differences,
    explained,
    orders_of,
    without,
)
from tests.support.divided.ledgers import (
    DividedStory,
    Division,
    Draw,
    allowed,
    divisions,
    home,
    play_divided,
    signers,
)
from tests.support.story_files import STORY_NAMES, story

SAMPLE = ("S2", "crossed-letters", "in-the-same-second", "content-sent-before-release", "double-service")
LATER = timedelta(hours=1)  # after the last reception, so that all that arrived is known


def divisions_of(name: str, parts: int) -> list[Division]:
    """Return every partition of a story's offices into so many ledgers that the offices allow."""
    return [d for d in divisions(signers(story(name)), parts) if allowed(story(name), d)]


def drawn(name: str, parts: int, count: int) -> list[Division]:
    found = divisions_of(name, parts)
    return found if len(found) <= count else Random(f"{name} {parts} {os.environ.get('SEED', 0)}").sample(found, count)


def undivided(name: str, path: Path) -> dict[str, Case]:
    """Return the orders of a story as one ledger has them."""
    played = play_story(story(name), path)
    with Journal.open(played.path, Home.inside(path), now=lambda: played.story.ends) as journal:
        return {order: journal.case(id, label=order) for order, id in played.orders.items() if journal.store.head(id)}


def held(divided: DividedStory) -> Iterator[tuple[str, list[Case]]]:
    for order in divided.orders:
        yield order, [case for ledger in divided.ledgers if (case := divided.case(ledger, order)) is not None]


def check(name: str, division: Division, path: Path, random: Random) -> None:
    """Play a story in these ledgers, and make the three comparisons; the first at each moment it asks about."""
    whole = undivided(name, path / "whole")
    divided = play_divided(story(name), division, path, Draw(random))
    try:
        end = max(ledger.clock() for ledger in divided.ledgers) + LATER
        for order, cases in held(divided):
            asked = {e.as_of for e in story(name).expect if e.order == order}
            for one, other in combinations(cases, 2):
                for at in (end, *sorted(asked)):
                    assert differences(*common(one, other, at), at) == {}, (order, division, at)
                unexplained = [part for part, found in explained(one, other, end).items() if not found]
                assert unexplained == [], (order, division)
            for case in cases:
                assert contradictions(judge(case, end), judge(as_far_as(whole[order], case), end)) == [], (
                    order,
                    division,
                )
    finally:
        divided.close()


@pytest.mark.parametrize("name", SAMPLE)
def test_two_ledgers_of_one_story_judge_the_same_from_what_both_hold(name: str, tmp_path: Path) -> None:
    (division,) = drawn(name, 2, 1)
    check(name, division, tmp_path, Random(name))


def test_three_ledgers_of_one_story_judge_the_same_from_what_both_hold(tmp_path: Path) -> None:
    (division,) = drawn("S6", 3, 1)
    check("S6", division, tmp_path, Random(6))


@pytest.mark.slow
@pytest.mark.parametrize("name", STORY_NAMES)
def test_every_story_is_judged_the_same_in_any_ledgers(name: str, tmp_path: Path) -> None:
    """One partition, another for each SEED; FULL=1 takes every partition into two and three ledgers."""
    chosen = [division for parts in (2, 3) for division in divisions_of(name, parts)]
    if not os.environ.get("FULL"):
        chosen = Random(f"{name} {os.environ.get('SEED', 0)}").sample(chosen, min(1, len(chosen)))
    for n, division in enumerate(chosen):
        check(name, division, tmp_path / str(n), Random(f"{name} {n}"))


@pytest.mark.slow
@settings(max_examples=20)
@given(name=st.sampled_from(["S2", "S6", "crossed-letters"]), random=st.randoms(use_true_random=False))
def test_no_order_of_exchanges_changes_a_judgement(
    name: str, random: Random, tmp_path_factory: pytest.TempPathFactory
) -> None:
    division = random.choice(divisions_of(name, 2))
    check(name, division, tmp_path_factory.mktemp("divided"), random)


# -- the comparison notices --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Case, Case]:
    """Return S6 in the ledgers of the issuing side and of the other State."""
    by_home = (frozenset({"vilar", "pj"}), frozenset({"emberdrive", "nolan"}))
    divided = play_divided(story("S6"), by_home, tmp_path_factory.mktemp("pair"), Draw(Random(1)))
    ((_, (one, other)),) = held(divided)
    divided.close()
    return one, other


def test_an_entry_that_one_ledger_loses_is_noticed_and_named(pair: tuple[Case, Case]) -> None:
    at = story("S6").ends + timedelta(days=30)
    one, other = common(*pair, at)
    assert differences(one, other, at) == {}
    for leaf in orders_of(one):
        if differences(less := without(one, [("entry", leaf)]), other, at):
            assert {*explained(less, other, at).values()} == {frozenset({("entry", leaf)})}
    assert differences(without(one, [("entry", next(iter(orders_of(one))))]), other, at)


def test_a_row_of_a_register_that_one_ledger_loses_is_noticed_and_named(pair: tuple[Case, Case]) -> None:
    at = story("S6").ends + timedelta(days=30)
    one, other = common(*pair, at)
    less = replace(one, registry=tuple(e for e in one.registry if e.public.get("party") != "IE"))
    found = explained(less, other, at)
    assert any(part.startswith("deadline E-10-2") for part in found)
    assert {sort for names in found.values() for sort, _ in names} == {"row"}


def test_a_key_that_one_ledger_does_not_know_is_noticed_and_named(pair: tuple[Case, Case]) -> None:
    at = story("S6").ends + timedelta(days=30)
    one, other = common(*pair, at)
    entries = (replace(e, known_to="ledger.test/x") if e.by == "nolan" else e for e in one.entries)
    found = explained(replace(one, entries=tuple(entries)), other, at)
    assert "finding G-OFFICE-UNCONFIRMED" in found
    assert {sort for names in found.values() for sort, _ in names} == {"proof"}
    assert causes(one, other, at) == []


def test_partitions_are_all_there_are_and_an_office_is_with_its_own_registrar_where_there_is_one() -> None:
    assert [len(list(divisions("abcd", parts))) for parts in (1, 2, 3, 4)] == [1, 7, 6, 1]
    s6 = story("S6")
    assert not allowed(s6, (frozenset({"emberdrive", "pj"}), frozenset({"nolan"}), frozenset({"vilar"})))
    assert home(s6, frozenset({"vilar", "pj"})) == "PT"
