"""Lists page by page: filters, sort orders and cursors of `orders`, `due` and `log`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest

import comity
from cli.lists.paging import cursor, cursor_of, known_deadline, known_kind, known_state, order_filter
from tests.support.cli import documents_in, ledger_of, run

LATE = ("--as-of", "2027-08-20T00:00:00Z")


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ledger_of("european-stations", tmp_path_factory.mktemp("paging"))


def answer(*words: str, ledger: Path) -> dict[str, Any]:
    result = run(*words, "--json", ledger=ledger)
    assert result.exit_code in (0, 3), result.output
    (document,) = documents_in(result.stdout)
    return document


def joined(words: Sequence[str], name: str, ledger: Path, after: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Return the items of all pages in order."""
    items, more = [], list(after)
    while True:
        document = answer(*words, *more, ledger=ledger)
        assert len(document[name]) <= 3
        items += document[name]
        if document["next"] is None:
            return items
        more = ["--after", document["next"]]


@pytest.mark.parametrize("sort", ["order", "-issued", "state"])
def test_pages_of_orders_joined_are_all_orders(sort: str, ledger: Path) -> None:
    whole = answer("orders", "--sort", sort, ledger=ledger)["orders"]
    assert len(whole) > 5
    assert joined(("orders", "--sort", sort, "--limit", "3"), "orders", ledger) == whole


@pytest.mark.parametrize("sort", ["due", "-due"])
def test_pages_of_deadlines_joined_are_all_deadlines(sort: str, ledger: Path) -> None:
    whole = answer("due", "--sort", sort, *LATE, ledger=ledger)["due"]
    assert len(whole) > 2
    assert joined(("due", "--sort", sort, "--limit", "1", *LATE), "due", ledger) == whole


@pytest.mark.parametrize("filters", [(), ("--kind", "order-issued"), ("--by", "registrar")])
def test_pages_of_the_log_joined_are_the_log_in_both_directions(filters: tuple[str, ...], ledger: Path) -> None:
    whole = answer("log", "-n", "1000", *filters, ledger=ledger)["log"]
    assert len(whole) > 3
    assert joined(("log", "--limit", "3", *filters), "log", ledger) == whole
    assert joined(("log", "--limit", "3", "--sort", "oldest", *filters), "log", ledger)[::-1] == whole
    assert joined(("log", "--limit", "3", *filters), "log", ledger, ("--after", "0"))[::-1] == whole


def test_a_page_of_the_log_begins_where_the_entries_of_the_python_interface_begin(ledger: Path) -> None:
    with comity.open(ledger) as opened:
        expected = [entry.leaf for entry in opened.entries(after=33)]
    found = answer("log", "--after", "33", "--limit", "1000", ledger=ledger)
    assert [entry["leaf"] for entry in found["log"]] == expected
    assert found["log"][0]["index"] == 33
    assert answer("log", "--after", str(found["of"]), ledger=ledger)["log"] == []


def test_pages_of_a_matter_follow_each_other(ledger: Path) -> None:
    order = answer("orders", ledger=ledger)["orders"][0]["order"]
    whole = answer("log", "--order", order, "-n", "1000", ledger=ledger)["log"]
    assert joined(("log", "--order", order, "--limit", "3"), "log", ledger) == whole


def test_filters_take_what_has_all_of_the_values(ledger: Path) -> None:
    every = answer("orders", ledger=ledger)["orders"]
    for option, value, fits in (
        ("--state", "disclosed", lambda o: o["state"] == "DISCLOSED"),
        ("--provider", "polder", lambda o: "polder" in o["providers"]),
        ("--party", "DE", lambda o: "DE" in (o["from"], o["to"])),
        ("--by", "voss", lambda o: o["authority"] == "voss"),
        ("--since", "2027-03-20T00:00:00Z", lambda o: o["last_on"] >= "2027-03-20T00:00:00Z"),
    ):
        found = answer("orders", option, value, ledger=ledger)
        assert found["orders"] == [o for o in every if fits(o)]
        assert found["of"] == len(found["orders"])
        due = answer("due", option, value, ledger=ledger)["due"] if option != "--since" else []
        assert {d["order"] for d in due} <= {o["order"] for o in found["orders"]}
    assert answer("due", "--since", "2030-01-01T00:00:00Z", ledger=ledger)["due"] == []


def test_filters_of_the_log_take_entries_that_have_all_of_the_values(ledger: Path) -> None:
    every = answer("log", "-n", "1000", ledger=ledger)["log"]
    one = every[len(every) // 2]
    for option, field in (("--kind", "kind"), ("--by", "by"), ("--party", "party")):
        found = answer("log", "-n", "1000", option, one[field], ledger=ledger)["log"]
        assert found == [e for e in every if e[field] == one[field]]
    since = answer("log", "-n", "1000", "--since", one["signed_at"], ledger=ledger)["log"]
    assert since == [e for e in every if e["signed_at"] >= one["signed_at"]]


def test_a_kind_picks_orders_that_have_such_an_entry_and_deadlines_of_one_rule(ledger: Path) -> None:
    kinds: dict[str, set[str]] = {}
    for order in answer("orders", ledger=ledger)["orders"]:
        for e in answer("timeline", order["order"], "--only", ledger=ledger)["timeline"]:
            kinds.setdefault(e["kind"], set()).add(order["order"])
    for kind in ("order-issued", "data-disclosed", "customer-notified"):
        found = answer("orders", "--kind", kind, ledger=ledger)["orders"]
        assert {o["order"] for o in found} == kinds.get(kind, set())
    every = answer("due", *LATE, ledger=ledger)["due"]
    one = every[0]["id"]
    assert answer("due", "--kind", one, *LATE, ledger=ledger)["due"] == [d for d in every if d["id"] == one]


def test_the_log_takes_entries_of_orders_in_a_state_and_to_a_provider(ledger: Path) -> None:
    every = answer("log", "-n", "1000", ledger=ledger)["log"]
    for option, value, fits in (
        ("--state", "disclosed", lambda o: o["state"] == "DISCLOSED"),
        ("--provider", "polder", lambda o: "polder" in o["providers"]),
    ):
        orders = {o["order"] for o in answer("orders", ledger=ledger)["orders"] if fits(o)}
        found = answer("log", "-n", "1000", option, value, ledger=ledger)["log"]
        assert found
        assert {e["order"] for e in found} >= orders
        assert [e for e in every if e["order"] in orders] == [e for e in found if e["order"] in orders]
        assert joined(("log", option, value, "--limit", "3"), "log", ledger) == found


@pytest.mark.parametrize(("command", "near"), [("orders", "order-issued"), ("log", "order-issued"), ("due", "E-10-2")])
def test_a_kind_that_does_not_exist_is_usage_and_names_the_one_that_is_meant(
    command: str, near: str, ledger: Path
) -> None:
    done = run(command, "--kind", f"{near}x", *(LATE if command == "due" else ()), ledger=ledger)
    assert (done.exit_code, done.stdout) == (2, "")
    assert near in done.stderr


def test_the_state_of_an_order_comes_with_all_that_a_program_needs(ledger: Path) -> None:
    for order in answer("orders", ledger=ledger)["orders"][:3]:
        shown = answer("show", order["order"], "--only", ledger=ledger)
        for field in ("ref", "label", "instrument", "from", "to", "providers", "state", "issued_on", "last_on"):
            assert order[field] == shown[field]
        assert [d["id"] for d in order["due"]] == [d["id"] for d in shown["due"]]
        assert sum(order["findings"].values()) == len(shown["findings"])


@pytest.mark.parametrize(
    "words",
    [
        ("due", "--after", "nothing"),
        ("log", "--after", "-1"),
        ("log", "--after", "x"),
        ("log", "--after", "..x"),
        ("log", "--after", "3", "--sort", "newest"),
        ("log", "--after", "..3", "--sort", "oldest"),
        ("log", "--after", "3", "--graph"),
        ("orders", "--sort", "nothing"),
        ("orders", "--limit", "0"),
    ],
    ids=" ".join,
)
def test_a_page_that_cannot_be_meant_is_usage(words: tuple[str, ...], ledger: Path) -> None:
    assert run(*words, *(LATE if words[0] == "due" else ()), ledger=ledger).exit_code == 2


@pytest.mark.parametrize("after", ["", "a", "a/b", "pair", "pair/a", "-pair/a/b", "swapped/b/a"])
def test_a_cursor_that_no_page_of_this_sort_order_gave_is_usage(after: str) -> None:
    with pytest.raises(click.UsageError):
        cursor(after, "pair", 2)


@pytest.mark.parametrize("after", ["due/soon/a/000", "due//a/first"])
def test_a_cursor_that_no_page_of_deadlines_gave_is_usage(after: str, ledger: Path) -> None:
    result = run("due", "--after", after, ledger=ledger)
    assert result.exit_code == 2
    assert "--after" in result.output


def test_a_state_that_no_order_can_be_in_is_usage_and_names_the_one_that_is_meant(ledger: Path) -> None:
    for command in ("orders", "due", "log"):
        done = run(command, "--state", "DISCLOSSED", ledger=ledger)
        assert (done.exit_code, done.stdout) == (2, "")
        assert "DISCLOSED" in done.stderr
    assert run("orders", "--state", "escalated", ledger=ledger).exit_code == 0


@pytest.mark.parametrize("option", ["--provider", "--party", "--by"])
def test_a_value_that_no_order_names_is_reported(option: str, ledger: Path) -> None:
    done = run("due", option, "nowhere", *LATE, ledger=ledger)
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr == f"{option} nowhere: no order names it\n"


def test_people_are_told_how_a_list_goes_on(ledger: Path) -> None:
    result = run("orders", "--limit", "2", ledger=ledger)
    following = answer("orders", "--limit", "2", ledger=ledger)["next"]
    assert result.stderr == f"there are more: --after {following}\n"
    assert len(result.stdout.splitlines()) == 2


@pytest.mark.parametrize("known", [True, False])
def test_a_name_that_no_order_has_is_said_and_filters_all_the_same(
    known: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[tuple[str, str]] = []

    def has(option: str, value: str) -> bool:
        asked.append((option, value))
        return known

    orders: Any = SimpleNamespace(has=has)
    found = order_filter(orders, state="served", provider="p", party="XO", by=None, kind="order-issued")
    assert (found.state, found.provider, found.party, found.by, found.kind, found.since) == (
        "SERVED", "p", "XO", None, "order-issued", None,
    )  # fmt: skip
    assert asked == [("provider", "p"), ("party", "XO")]
    says = ["--provider p: no order names it", "--party XO: no order names it"]
    assert capsys.readouterr().err.splitlines() == ([] if known else says)
    none = order_filter(orders, state=None, provider=None)
    assert (none.state, none.kind, len(asked)) == (None, None, 2)


@pytest.mark.parametrize(
    ("known", "text", "says"),
    [
        (known_state, "SERVD", r"--state SERVD: no order can be in it; .*SERVED"),
        (known_state, "xyzzy", r"--state XYZZY: no order can be in it$"),
        (known_kind, "order-isued", r"--kind order-isued: no entry is of it; .*order-issued"),
        (known_deadline, "D-7-77", r"--kind D-7-77: no rule has a deadline of this name; .*D-7-7"),
    ],
)
def test_a_name_that_is_mistyped_is_answered_with_the_nearest_one(known: Any, text: str, says: str) -> None:
    with pytest.raises(click.UsageError, match=says):
        known(text)


def test_a_cursor_has_the_order_and_the_key_of_the_last_item() -> None:
    assert cursor_of("due", None) is None
    assert cursor_of("due", ("a/b", "c")) == "due/a/b/c"
    assert cursor("due/a/b/c", "due", 2) == ("a/b", "c")
    assert known_deadline("D-7-7") == "D-7-7"
    for text in ("due/a", "order/a/b", "due", ""):
        with pytest.raises(click.UsageError, match="with the same --sort"):
            cursor(text, "due", 2)
