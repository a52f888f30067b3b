"""The files of a case, each once: under its name or its digest, with the entries that state it and their numbers."""

from __future__ import annotations

from typing import Any

from projections.reports.exhibits import exhibits
from projections.reports.front_page import Exhibit
from projections.views.custody import custody
from tests.projections.views.evidence_files import A, B, C, arrives, hands_over, manifest, moves
from tests.support.scenarios import LABELS, Fact, given, issued


def files(*facts: Fact) -> tuple[list[Exhibit], dict[str, tuple[int, ...]], dict[str, str]]:
    """Return the files, the numbers of the files of each step by its label, and the labels of entries by number."""
    case = given(issued("2027-03-01T09:00Z"), *facts).case
    found, numbers = exhibits(custody(case, reveal=True), case)
    labels = {str(e.seq): LABELS[e.leaf] for e in case.entries}
    return [*found], {LABELS[leaf]: of for leaf, of in numbers.items()}, labels


def stated(found: Exhibit, labels: dict[str, str]) -> list[str]:
    return [labels[number] for number in found.entries]


def test_a_file_is_listed_once_with_its_numbers_its_exhibits_and_every_entry_that_states_it() -> None:
    two = hands_over("one", 5, ("a.zip", A), ("b.zip", B))
    found, numbers, labels = files(
        two, arrives("got a", 7, "EX-A", ("a.zip", A)), moves("move a", 8, "EX-A", A), moves("move b", 9, "EX-B", B)
    )
    assert [(f.no, f.name, f.size, f.sha256, f.exhibits) for f in found] == [
        (1, "a.zip", 1, A, ("EX-A",)),
        (2, "b.zip", 1, B, ("EX-B",)),
    ]
    assert [stated(f, labels) for f in found] == [["one", "got a", "move a"], ["one", "move b"]]
    assert numbers == {"one": (1, 2), "got a": (1,), "move a": (1,), "move b": (2,)}
    assert not [f for f in found if f.differs or f.replaced]


def test_a_digest_without_a_name_gets_the_name_that_a_later_step_gives_it() -> None:
    found, numbers, labels = files(moves("move", 5, "EX-A", A), hands_over("one", 6, ("a.zip", A)))
    assert [(f.name, f.exhibits, stated(f, labels)) for f in found] == [("a.zip", ("EX-A",), ["move", "one"])]
    assert numbers == {"move": (1,), "one": (1,)}


def test_files_of_one_digest_and_two_names_are_two_and_one_name_with_two_digests_differs() -> None:
    found, numbers, _ = files(hands_over("one", 5, ("a.zip", A), ("copy.zip", A)))
    assert [(f.no, f.name, f.differs) for f in found] == [(1, "a.zip", False), (2, "copy.zip", False)]
    assert numbers == {"one": (1, 2)}
    found, numbers, _ = files(hands_over("one", 5, ("a.zip", A)), arrives("got", 7, "EX-A", ("a.zip", C)))
    assert [(f.sha256, f.differs) for f in found] == [(A, False), (C, True)]
    assert numbers == {"one": (1,), "got": (2,)}


def test_a_file_without_any_digest_is_known_by_its_name() -> None:
    bare: dict[str, Any] = {"elements": ["name"], "files": [{"name": "a.zip", "size": 1}]}
    found, _, labels = files(hands_over("one", 5, manifest=bare), arrives("got", 7, "EX-A", manifest=bare))
    assert [(f.name, f.sha256, stated(f, labels)) for f in found] in ([("a.zip", None, ["one", "got"])], [])


def test_a_file_is_replaced_only_where_every_step_that_states_it_was() -> None:
    one = hands_over("one", 5, ("a.zip", A))
    again = hands_over("again", 6, ("b.zip", B), replaces="one", why="a typo")
    found, _, _ = files(one, again)
    assert {f.name: f.replaced for f in found} == {"a.zip": True, "b.zip": False}
    found, _, _ = files(one, again, moves("move", 8, "EX-A", A))
    assert {f.name: f.replaced for f in found} == {"a.zip": False, "b.zip": False}


def test_a_case_without_files_has_none() -> None:
    found, numbers, _ = files(hands_over("one", 5, manifest=manifest()))
    assert (found, numbers) == ([], {})
