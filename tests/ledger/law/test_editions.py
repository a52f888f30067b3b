"""Two editions of the rules: what was added, removed and changed, and the orders on which it bears."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson
import pytest

from ledger.law.editions import AlteredEdition, Difference, RuleName, difference, parsed, running, touched
from ledger.law.provisions import RULES, rules_digest
from tests.support.judging import judged
from tests.support.scenarios import given, issued, received, sent


def without(*ids: str) -> dict[str, Any]:
    """Return the edition of today without some rules."""
    edition = running()
    return {**edition, "rules": [r for r in edition["rules"] if r["id"] not in ids]}


def other(id: str, **fields: Any) -> dict[str, Any]:
    """Return the edition of today with other fields in one rule."""
    edition = running()
    return {**edition, "rules": [{**r, **fields} if r["id"] == id else r for r in edition["rules"]]}


def written(edition: dict[str, Any]) -> bytes:
    """Return an edition as a file with the right digest."""
    whole = {"edition": edition["edition"], "rules": edition["rules"]}
    digest = hashlib.sha256(orjson.dumps(whole, option=orjson.OPT_SORT_KEYS)).hexdigest()
    return orjson.dumps({**edition, "digest": digest})


def test_the_edition_of_today_holds_every_rule_and_its_digest_is_that_of_the_rules() -> None:
    edition = running()
    assert [(r["kind"], r["id"]) for r in edition["rules"]] == [(r.kind, r.id) for r in RULES]
    assert edition["digest"] == rules_digest()
    assert parsed(written(edition)) == edition


def test_two_editions_that_are_the_same_do_not_differ() -> None:
    assert not difference(running(), running()).any


def test_a_rule_of_the_newer_edition_is_added_and_one_of_the_older_is_removed() -> None:
    (rule,) = [r for r in RULES if r.id == "E-10-2"]
    name = RuleName("deadline", "E-10-2", rule.says)
    assert difference(without("E-10-2"), running()).added == (name,)
    assert difference(running(), without("E-10-2")).removed == (name,)


def test_a_changed_rule_is_named_field_by_field() -> None:
    (rule,) = [r for r in running()["rules"] if r["id"] == "E-10-2"]
    detail = [[name, "12 days" if name == "length" else said] for name, said in rule["detail"]]
    old = other("E-10-2", mark="known", cite=["EPOC:10(3)"], detail=detail)
    (change,) = difference(old, running()).changed
    assert (change.kind, change.id) == ("deadline", "E-10-2")
    assert {(f.field, f.before, f.after) for f in change.fields} == {
        ("mark", "known", "text"),
        ("cite", "EPOC:10(3)", "EPOC:10(2)"),
        ("length", "12 days", "10 days"),
    }


def test_a_field_that_only_the_newer_program_knows_is_no_change() -> None:
    edition = running()
    old = {**edition, "rules": [{k: v for k, v in r.items() if k != "until"} for r in edition["rules"]]}
    assert not difference(old, edition).any


def test_a_change_of_state_put_in_between_is_one_added_rule_although_the_later_ones_are_renumbered() -> None:
    edition = running()
    moves = [r for r in edition["rules"] if r["kind"] == "transition" and r["id"].startswith("EPOC ")]
    first, *later = moves
    kept = [r for r in edition["rules"] if r not in moves]
    old = {**edition, "rules": [*kept, *({**r, "id": f"EPOC {n}"} for n, r in enumerate(later, 1))]}
    found = difference(old, edition)
    assert [r.says for r in found.added] == [first["says"]]
    assert (found.removed, found.changed) == ((), ())


def test_an_edition_with_the_same_words_and_another_number_differs_unseen() -> None:
    found = difference({**running(), "edition": 0}, running())
    assert found.unseen
    assert found.any
    assert (found.added, found.removed, found.changed) == ((), (), ())


@pytest.mark.parametrize("part", ["added", "removed", "changed", "unseen", None])
def test_editions_differ_where_one_part_of_the_difference_alone_says_so(part: str | None) -> None:
    parts: dict[str, Any] = {"added": (), "removed": (), "changed": (), "unseen": False}
    if part:
        parts[part] = True if part == "unseen" else (RuleName("finding", "V-1", "A sentence."),)
    assert Difference(**parts).any is (part is not None)


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{}", b'{"format":"comity.law/1","rules":[]}', b'{"format":"comity.edition/1"}']
)
def test_what_is_no_edition_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"expected|input|empty"):
        parsed(data)


def test_an_edition_that_was_changed_by_hand_is_refused() -> None:
    with pytest.raises(AlteredEdition):
        parsed(orjson.dumps(other("E-10-2", says="as you like it")))


EPOC = given(issued("2027-03-01T09:00Z", instrument="EPOC"), sent("2027-03-02T08:00Z"), received("2027-03-02T08:30Z"))


@pytest.mark.parametrize(
    ("id", "bears"),
    [
        ("E-10-3", True),  # one of its clocks
        ("EU-1182-71", True),  # how its clocks are counted
        ("E-17-2", False),  # a clock that it does not have
        ("EPOC providers", True),  # what its order must state
        ("2AP-7 providers", False),
        ("EPOC", True),  # the act that its clocks cite
        ("ISO27037", False),  # an act that none of its clocks and findings cites
    ],
)
def test_an_order_is_named_when_a_changed_rule_bears_on_it(id: str, bears: bool) -> None:
    found = difference(other(id, says="otherwise"), running())
    case = EPOC.case
    assert touched(case, judged(EPOC), found) == ((id,) if bears else ())


def test_a_rule_named_like_an_instrument_bears_on_its_orders_only_as_a_content_or_a_change_of_state() -> None:
    kinds = ("finding", "deadline", "policy", "element", "transition")
    found = Difference(tuple(RuleName(kind, f"EPOC {kind}", "A sentence.") for kind in kinds), (), (), unseen=False)
    assert touched(EPOC.case, judged(EPOC), found) == ("EPOC element", "EPOC transition")
    not_issued = given(sent("2027-03-02T08:00Z", instrument="EPOC"))
    assert touched(not_issued.case, judged(not_issued), found) == ()


RULE = {"kind": "finding", "id": "V-1", "says": "A sentence."}


@pytest.mark.parametrize(
    "document",
    [
        {"edition": None, "rules": [RULE]},
        {"edition": [3], "rules": [RULE]},
        *(
            {"edition": 3, "rules": [{**RULE, name: odd}]}
            for name in ("kind", "id", "says")
            for odd in (5, None, ["a"])
        ),
        *(
            {"edition": 3, "rules": [{**RULE, "detail": odd}]}
            for odd in (None, "abc", 4, [["a"]], [["a", 5]], [[[], ""]])
        ),
        {"edition": 3, "rules": [RULE, {**RULE, "says": "Another sentence."}]},
        {"edition": 3, "rules": [{**RULE, "kind": "transition", "id": 5}]},
    ],
)
def test_an_edition_whose_rules_have_another_form_is_refused_although_its_digest_is_right(document: Any) -> None:
    with pytest.raises(ValueError, match=r"expected|same sort and code") as raised:
        parsed(written({"format": "comity.edition/1", **document}))
    assert not isinstance(raised.value, AlteredEdition)


def test_an_edition_that_is_nested_too_deeply_is_refused() -> None:
    deep = b"[" * 300 + b"]" * 300
    head = (
        b'{"format": "comity.edition/1", "edition": 3, "digest": "", "rules": [{"kind": "", "id": "", "says": "", "z": '
    )
    with pytest.raises(ValueError, match="Recursion limit"):
        parsed(head + deep + b"}]}")
