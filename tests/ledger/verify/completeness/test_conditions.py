"""A verifier repeats the comparison that a log made before it took an entry with a condition."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from msgspec import UNSET

from ledger.entries.payload import MOST_KINDS, MOST_ORDERS, Condition
from ledger.verify.completeness.conditions import check_conditions
from ledger.verify.report import Report, Verdict
from ledger.verify.single_entry import verify_entry
from tests.support.memory_ledger import COMPANION, NOW, ORDER, Hand, Ledger, checked, ends, resealed, small, smuggled

CODE = "CTX-CONDITION"
ELSEWHERE = "33333333-3333-4333-8333-333333333333"
SENT, RULED = "order-transmitted", "order-supervised"


def world() -> tuple[Ledger, Hand, int]:
    """Return a ledger with an order in which entry 5 was recorded: what came since is behind 5 entries."""
    ledger, ilves = small()
    return ledger, ilves, send(ledger, ilves)


def send(ledger: Ledger, by: Hand, order: str = ORDER, **said: Any) -> int:
    return ledger.record(by, SENT, {"addressee": "skylark", "channel": "mail"}, order=order, **said)


def condition(after: int, *orders: str, kinds: tuple[str, ...] = (SENT,)) -> Condition:
    return Condition(after, sorted(orders), sorted(kinds))


def found(report: Report) -> list[tuple[str, ...]]:
    assert report.verdict is Verdict.PASSED, "a finding, and no fault of integrity"
    return [remark.entries for remark in report.procedure if remark.code == CODE]


def unproven(report: Report) -> list[str]:
    return [line for line in report.not_proven if line.startswith(CODE)]


def test_an_entry_that_was_taken_in_spite_of_its_condition_is_a_finding() -> None:
    ledger, ilves, opposed = world()
    made = send(ledger, ilves, unless=condition(opposed, ORDER))
    report = checked(ledger.bundle(ilves), ledger)
    assert found(report) == [(ledger.leaf(made),)]
    (says,) = [remark.says for remark in report.procedure if remark.code == CODE]
    assert says == f"its signer demanded no {SENT} in {ORDER} from entry {opposed} on, and entry {opposed} is one"


@pytest.mark.parametrize(
    ("behind", "orders", "kinds"),
    [(1, (ORDER,), (SENT,)), (0, (ORDER,), (RULED,)), (0, ("registry",), (SENT,))],
    ids=["seen before", "of another kind", "in another order"],
)
def test_a_condition_that_excludes_no_entry_before_it_is_proven(
    behind: int, orders: tuple[str, ...], kinds: tuple[str, ...]
) -> None:
    ledger, ilves, opposed = world()
    named = [ledger.registry if order == "registry" else order for order in orders]
    send(ledger, ilves, unless=condition(opposed + behind, *named, kinds=kinds))
    send(ledger, ilves)  # behind it: nothing to do with it
    ledger.record(ilves, RULED, {"capacity": "public-prosecutor", "decision": "approved"}, order=ORDER)
    ledger.enrol("later", "XO", "ISS")  # the register is here up to an entry behind the condition
    report = checked(ledger.bundle(ilves), ledger)
    assert (found(report), unproven(report)) == ([], [])


@pytest.mark.parametrize("arranged", [[3, 5, 7, 9], [9, 7, 5, 3], [5, 9, 3, 7]])
def test_the_first_opposed_entry_is_named_and_findings_are_in_the_order_of_the_log(arranged: list[int]) -> None:
    conditions = {7: condition(3, ORDER), 9: condition(5, ORDER, ELSEWHERE)}

    def entry(index: int) -> Any:
        payload = SimpleNamespace(order=ORDER, kind=SENT, unless=conditions.get(index, UNSET))
        return SimpleNamespace(payload=payload, leaf=f"leaf {index}")

    book: Any = SimpleNamespace(of="bundle", remarks=[], not_proven=[])
    book.remark = lambda code, says, leaf: book.remarks.append((leaf, says.rpartition(" and ")[2]))
    check_conditions({index: entry(index) for index in arranged}, (), None, book)
    assert book.remarks == [("leaf 7", "entry 3 is one"), ("leaf 9", "entry 5 is one")]
    assert book.not_proven == []


def checked_alone(conditions: dict[int, Condition], *indexes: int, arrivals: Any = (), committed: Any = None) -> Any:
    """Return what is said of entries of one order at these indexes."""

    def entry(index: int) -> Any:
        payload = SimpleNamespace(order=ORDER, kind=SENT, unless=conditions.get(index, UNSET))
        return SimpleNamespace(payload=payload, leaf=f"leaf {index}")

    book: Any = SimpleNamespace(of="bundle", remarks=[], not_proven=[])
    book.remark = lambda code, says, leaf: book.remarks.append(leaf)
    check_conditions({index: entry(index) for index in indexes}, arrivals, committed, book)
    return book


@pytest.mark.parametrize("arranged", [(3, 5, 7), (7, 5, 3)])
def test_an_order_is_whole_up_to_its_newest_entry_in_whatever_order_entries_are_read(arranged: tuple[int, ...]) -> None:
    book = checked_alone({5: condition(5, ORDER)}, *arranged)
    assert (book.remarks, book.not_proven) == ([], [])


def test_of_an_order_that_is_not_here_the_condition_of_the_first_entry_of_a_log_is_not_proven() -> None:
    (line,) = checked_alone({0: condition(0, ELSEWHERE, ORDER)}, 0).not_proven
    assert line.endswith(f"until then of {ELSEWHERE}.")


def test_whether_another_log_held_to_a_condition_is_not_proven() -> None:
    def arrival(index: int, unless: Any) -> Any:
        inner = None if unless is None else SimpleNamespace(payload=SimpleNamespace(log="ledger.test/y", unless=unless))
        return SimpleNamespace(inner=inner, wrapper=SimpleNamespace(payload=SimpleNamespace(public={"index": index})))

    arrivals = [arrival(1, None), arrival(2, UNSET), arrival(3, condition(0, ORDER))]
    assert checked_alone({}, 4, arrivals=arrivals).not_proven == [
        f"{CODE}: that the log ledger.test/y held to the condition of its entry 3."
    ]


def test_a_signer_who_says_to_have_seen_more_than_there_was_is_a_finding() -> None:
    ledger, ilves, opposed = world()
    made = send(ledger, ilves, unless=condition(opposed + 2, ORDER))
    report = checked(ledger.bundle(ilves), ledger)
    assert found(report) == [(ledger.leaf(made),)]
    assert "7 entries of this log were known, and there were 6" in str(report.procedure)


def test_of_an_order_that_the_bundle_does_not_have_the_condition_is_not_proven() -> None:
    ledger, ilves, opposed = world()
    made = send(ledger, ilves, unless=condition(opposed, ELSEWHERE, COMPANION))
    report = checked(ledger.bundle(ilves), ledger)
    assert found(report) == []
    assert unproven(report) == [
        f"{CODE}: that the log held to the condition of entry {made}, no {SENT} behind its first {opposed} entries: "
        f"the bundle does not have all entries until then of {', '.join(sorted((ELSEWHERE, COMPANION)))}."
    ]


def test_the_register_may_have_entries_behind_its_newest_one_in_the_bundle_unless_heads_are_committed() -> None:
    ledger, ilves, _ = world()
    heads = ledger.enrol("heads", "XO", "SYS")
    made = send(ledger, ilves, unless=condition(0, ledger.registry, kinds=("key-revoked",)))
    (line,) = unproven(checked(ledger.bundle(ilves), ledger))
    assert f"entry {made}" in line
    ledger.commit(heads, made - 1)
    assert unproven(checked(ledger.bundle(ilves), ledger)), "the heads end before the condition"
    ledger.commit(heads, made)
    assert unproven(checked(ledger.bundle(ilves), ledger)) == []


def test_one_entry_with_its_receipt_shows_no_other_entry() -> None:
    ledger, ilves, opposed = world()
    made = send(ledger, ilves, unless=condition(opposed, ORDER, ELSEWHERE))
    report = verify_entry(ledger.entries[made], ledger.proof(made), ledger.trust(), None, NOW)
    (line,) = unproven(report)
    assert ELSEWHERE in line


FORMS: dict[str, Any] = {
    "no order": {"after": 0, "orders": [], "kinds": [SENT]},
    "no kind": {"after": 0, "orders": [ORDER], "kinds": []},
    "orders that are not sorted": {"after": 0, "orders": [ELSEWHERE, ORDER], "kinds": [SENT]},
    "an order twice": {"after": 0, "orders": [ORDER, ORDER], "kinds": [SENT]},
    "kinds that are not sorted": {"after": 0, "orders": [ORDER], "kinds": [SENT, "key-revoked"]},
    "a kind twice": {"after": 0, "orders": [ORDER], "kinds": [SENT, SENT]},
    "no id of an order": {"after": 0, "orders": ["PPO-1"], "kinds": [SENT]},
    "a kind with a capital": {"after": 0, "orders": [ORDER], "kinds": ["Order"]},
    "a negative position": {"after": -1, "orders": [ORDER], "kinds": [SENT]},
    "no position": {"orders": [ORDER], "kinds": [SENT]},
    "another member": {"after": 0, "orders": [ORDER], "kinds": [SENT], "before": 9},
    "nothing": None,
    "too many orders": {
        "after": 0, "orders": [f"{n:08x}-1111-4111-8111-111111111111" for n in range(MOST_ORDERS + 1)], "kinds": [SENT]
    },
    "too many kinds": {"after": 0, "orders": [ORDER], "kinds": [f"k{n:02}" for n in range(MOST_KINDS + 1)]},
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_a_condition_has_one_form(form: str) -> None:
    ledger, ilves, _ = world()
    raw = resealed(ledger.entries[send(ledger, ilves)], lambda p: p.update(unless=FORMS[form]), ilves)
    fresh, by, _ = world()
    ends(smuggled(fresh, by, raw), fresh, "JSON-MEMBER", 9, "entries/6")
