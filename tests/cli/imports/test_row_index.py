"""The rows of a table refer to orders by their names; a name that only this ledger gives is no reference."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from types import SimpleNamespace
from typing import Any

import pytest

from cli.exit_codes import Stop
from cli.imports import row_index
from cli.imports.row_index import NOT_YET, Index, Named

ORDER, OTHER = "1b4e28ba-2fa1-41d2-883f-0016d3cca427", "759427d8-1153-4ad2-9a11-1b4e28ba2fa1"
LEAF = "ab" * 32


class Cases:
    """The orders of a ledger: PPO-1 of ilves and orn with two entries, and a reference that two orders have."""

    def named(self, name: str) -> list[str]:
        return {"PPO-1": [ORDER], "twice": [ORDER, OTHER]}.get(name, [])

    def ambiguous(self, name: str, matches: list[str]) -> Exception:
        return Stop(f"{name} is {len(matches)} orders")

    def opened(self, order: str) -> list[Any]:
        payload = SimpleNamespace(instrument="EPOC", seq=3)
        return [(7, SimpleNamespace(payload=payload, leaf=LEAF))] if order == ORDER else []

    def issuers(self, order: str) -> list[str]:
        return ["ilves", "orn"] if order == ORDER else []


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    monkeypatch.setattr(row_index, "names", lambda folder: {"ours": ORDER, "PPO-1": ORDER})
    store = SimpleNamespace(
        references=lambda: iter([("PPO-1", ORDER)]),
        first_kind=lambda order: "order-issued" if order in (ORDER, OTHER) else None,
        referenced=lambda name: [ORDER] if name == "PPO-1" else [],
    )
    journal: Any = SimpleNamespace(
        store=store, cases=Cases(), origin="log.example", folder=SimpleNamespace(path="ledger")
    )
    with closing(Index(journal, {"main": OTHER})) as made:
        yield made


def test_a_name_that_only_this_ledger_gives_issues_no_order(index: Index) -> None:
    with pytest.raises(Stop, match="'ours' is a name given here to the order 1b4e28ba, and no reference") as stopped:
        index.check_own_name("ours")
    assert "comity order rename" in stopped.value.hint
    index.check_own_name("PPO-1")  # it is the reference of the order too
    index.check_own_name("unknown")


def test_an_order_is_found_by_story_reference_or_whole_id_and_opened_else(index: Index) -> None:
    assert index.order("main") == Named(OTHER, None, True)
    assert index.order("PPO-1") == Named(ORDER, None, True)
    assert index.order(ORDER) == Named(ORDER, None, True)
    assert index.order(ORDER[:8]) is None, "the beginning of an id is no reference"
    assert index.order("new") is None
    opened = index.open("new", "2AP-7")
    assert index.order("new") == opened == index.order("new")
    assert (opened.instrument, opened.there) == ("2AP-7", False)
    assert index.open("newer", "2AP-7").id != opened.id
    with pytest.raises(Stop, match="twice is 2 orders"):
        index.order("twice")
    assert index.count() == (5, 3)


def test_the_instrument_is_that_of_the_first_row_else_of_the_record(index: Index) -> None:
    assert index.instrument(index.open("new", "2AP-7")) == "2AP-7"
    found = index.order("PPO-1")
    assert found is not None
    assert index.instrument(found) == "EPOC"
    assert index.instrument(Named(OTHER, None, True)) == ""
    assert index.instrument(found) == "EPOC"


def test_an_order_that_a_row_refers_to_is_opened_by_a_later_row_or_named_as_broken(index: Index) -> None:
    promised = index.promised("later", 3, 4, "linked_order")
    index.promised("never", 2, 9, "other_order")
    assert index.open("later", "2AP-7").id == promised
    assert index.broken() == [("never", 2, 9, "other_order")]


def test_names_and_ids_are_told_from_references(index: Index) -> None:
    assert [index.by_id(name) for name in ("main", ORDER, "PPO-1", "new")] == [True, True, False, False]


def test_an_order_is_issued_by_its_office_once_unless_the_row_is_a_version(index: Index) -> None:
    new = index.open("new", "2AP-7")
    index.issue("new", "lind", new, version=False)
    index.issue("new", "lind", new, version=True)
    with pytest.raises(Exception, match="REFERENCE-TAKEN"):
        index.issue("new", "lind", new, version=False)
    with pytest.raises(Stop, match="new is an order of lind on record, and not of ilves") as stopped:
        index.issue("new", "ilves", new, version=True)
    assert stopped.value.hint.startswith("ilves/new opens one of ilves")
    there = Named(ORDER, None, True)
    index.issue("PPO-1", "orn", there, version=True)
    with pytest.raises(Stop, match="is an order of ilves on record"):
        index.issue("PPO-1", "lind", there, version=False)


def test_a_label_is_given_once_and_leads_to_its_entry(index: Index) -> None:
    index.label(ORDER, "first")
    index.label(OTHER, "first")
    with pytest.raises(Stop, match="an earlier row of this order has the label 'first'"):
        index.label(ORDER, "first")
    assert index.leaf(ORDER, "first") == NOT_YET
    index.sealed(ORDER, "first", "cd" * 32)
    index.sealed(ORDER, None, "ef" * 32)
    assert (index.leaf(ORDER, "first"), index.leaf(OTHER, "first")) == ("cd" * 32, NOT_YET)
    assert [index.leaf(ORDER, text) for text in ("#3", "3", LEAF)] == [LEAF] * 3
    assert [index.leaf(ORDER, text) for text in ("#4", "4", "cd" * 32, "")] == [None] * 4
    assert index.leaf(OTHER, "#3") is None


def test_the_subjects_of_sealed_fields_are_kept_by_row(index: Index) -> None:
    index.label(ORDER, "first")
    assert index.whose(ORDER, "first") == {}
    index.belongs(ORDER, "first", {"reason": None, "account": "witness 3"})
    assert index.whose(ORDER, "first") == {"reason": None, "account": "witness 3"}
    assert index.whose(OTHER, "first") == {}
    for order in (OTHER, ORDER, ORDER):
        index.subject("witness 3", order)
    assert list(index.subjects()) == [[("witness 3", ORDER), ("witness 3", OTHER)]]


@pytest.mark.parametrize("orders", [0, 1, 499, 500, 501])
def test_orders_come_five_hundred_at_a_time(index: Index, orders: int) -> None:
    opened = [index.open(f"{n:04}", "2AP-7").id for n in range(orders)]
    pages = list(index.opened())
    assert [order for page in pages for order in page] == opened
    assert [len(page) for page in pages] == [500] * (orders // 500) + ([orders % 500] if orders % 500 else [])


def test_equal_rows_get_different_ids_and_an_id_of_a_row_is_used_once(index: Index) -> None:
    first, second = index.entry_id("row"), index.entry_id("row")
    assert first != second
    assert {len(first), len(second)} == {32}
    whole = "0123456789abcdef" * 2
    assert index.own_id(ORDER, whole) == whole
    short = index.own_id(ORDER, "key-1")
    assert (len(short), short != index.own_id(OTHER, "key-1")) == (32, True)
    with pytest.raises(Stop, match="an earlier row has the id 'key-1'"):
        index.own_id(ORDER, "key-1")


# -- references --------------------------------------------------------------------------------------------------------


@pytest.fixture
def quoting(index: Index, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return an index that says which orders each check was given; the ledger has PPO-1."""
    checked: list[Any] = []
    made: Any = index
    made._journal.read_keyring = lambda: SimpleNamespace(offices="offices")
    cases = made._journal.cases
    cases.references = lambda order: ("PPO-1",) if order == ORDER else ()
    cases.beginning = "beginning"
    cases.quoted = lambda quoted: [(ORDER, ["ilves"])] if quoted == "PPO-1" else []
    monkeypatch.setattr(row_index, "check_quotable", lambda *said: checked.append(("quotable", *said)))
    monkeypatch.setattr(row_index, "check_reference", lambda *said: checked.append(("same", *said)))
    monkeypatch.setattr(row_index, "check_lookalike", lambda *said: checked.append(("alike", *said)))
    made.checked = checked
    return made


def test_a_reference_is_compared_with_those_of_the_table_and_of_the_ledger(quoting: Any) -> None:
    there, new, newer = Named(ORDER, None, True), Named("new", "2AP-7", False), Named("newer", "2AP-7", False)
    quoting.quote("PPO-1", "ilves", there)
    assert quoting.checked == [
        ("quotable", "PPO-1", ("PPO-1",), "beginning", "offices"),
        ("same", "PPO-1", "ilves", ORDER, [(ORDER, "PPO-1", ["ilves"]), (ORDER, "PPO-1", ["ilves"])]),
    ], "its own reference is not compared with those that look like it"
    quoting.checked.clear()
    quoting.quote("KA 2", "orn", new)
    quoting.quote("ka2", "orn", newer)
    quoting.quote("ka2", "lind", newer)
    same = [said for said in quoting.checked if said[0] == "same"]
    assert same == [
        ("same", "KA 2", "orn", "new", [("new", "KA 2", ["orn"])]),
        ("same", "ka2", "orn", "newer", [("new", "KA 2", ["orn"])]),
        ("same", "ka2", "lind", "newer", [("newer", "ka2", ["lind"])]),
    ]
    assert quoting.checked[0] == ("quotable", "KA 2", (), "beginning", "offices")
    assert [said[0] for said in quoting.checked].count("alike") == 3
    quoting.checked.clear()
    quoting.quote("KA 3", "orn", new, lookalike=True)
    assert [said[0] for said in quoting.checked] == ["quotable", "same"]


def test_a_reference_that_looks_the_same_is_found_in_table_and_ledger(quoting: Any) -> None:
    new = Named("new", "2AP-7", False)
    quoting.quote("\u0420PO-1", "ilves", new)
    alike = quoting.checked[-1]
    assert alike[:4] == ("alike", "\u0420PO-1", "ilves", "new")
    assert (ORDER, "PPO-1", ["ilves"]) in alike[4]
    quoting.quote("P\u0420O-1", "orn", Named("newer", "2AP-7", False))
    assert [one for one in quoting.checked[-1][4] if one[0] == "new"] == [], "another office may have it"


def test_a_name_is_an_order_that_an_earlier_table_opened(index: Index) -> None:
    made: Any = index
    before = made._id_for("imported")
    made._journal.store.first_kind = lambda order: "order-issued" if order == before else None
    assert index.order("imported") == Named(before, None, True)
    assert index.order(ORDER) is None, "an id of no order is a new name"
    assert index.count() == (1, 1)
    index.open("new", "2AP-7")
    assert index.count() == (2, 1)
