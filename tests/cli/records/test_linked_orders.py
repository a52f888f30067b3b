"""Orders linked across instruments are one matter in `show`, in the timeline and in the log."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cli.records.bundle_reader import open_bundle
from cli.records.source import item
from cli.session.ledger_choice import now
from cli.session.open_ledger import hand
from cli.terminal.answer import BundleItem
from ledger.application.journal import Journal
from ledger.entries.case import Entry, wire
from ledger.facts import build
from projections.views.linked_orders import connected, pair
from projections.views.log_graph import graph
from tests.support.cli import ledger_of, reply, run

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make S3: an unanswered order under article 7, then a request under article 8; tests only read it."""
    return ledger_of("S3", tmp_path_factory.mktemp("linked"))


@pytest.mark.parametrize("asked", ["main", "second"])
def test_who_asks_for_one_order_is_shown_the_state_of_each_linked_one(asked: str, s3: Path) -> None:
    found = reply("show", asked, ledger=s3)
    assert found["label"] == asked
    assert [(o["label"], o["instrument"], o["state"]) for o in found["matter"]["orders"]] == [
        ("main", "2AP-7", "ESCALATED"),
        ("second", "2AP-8", "DISCLOSED"),
    ]


def test_what_is_due_in_the_matter_is_listed_beside_what_is_due_in_the_order(s3: Path) -> None:
    found = reply("show", "second", "--as-of", "2027-03-10T00:00:00Z", ledger=s3)
    assert [d["id"] for d in found["due"]] == ["D-8-6-SERVICE"]
    assert [(d["label"], d["id"]) for d in found["matter"]["due"]] == [("main", "D-7-7"), ("second", "D-8-6-SERVICE")]
    text = run("show", "second", "--as-of", "2027-03-10T00:00:00Z", ledger=s3).stdout
    assert "* second         2AP-8" in text
    assert "  main           D-7-7" in text


def test_only_the_order_asked_for_is_shown_where_that_is_said(s3: Path) -> None:
    assert "matter" not in reply("show", "main", "--only", ledger=s3)
    assert "Matter" not in run("show", "main", "--only", ledger=s3).stdout
    lines = reply("timeline", "main", "--only", ledger=s3)
    assert {x["order"] for x in lines["timeline"]} == {lines["order"]}
    rows = reply("log", "--order", "main", "--only", ledger=s3)["log"]
    assert {row["order"] for row in rows} == {lines["order"]}


def test_the_timeline_of_a_matter_is_one_story_in_the_order_in_which_it_happened(s3: Path) -> None:
    found = reply("timeline", "second", ledger=s3)
    lines = found["timeline"]
    assert len({x["order"] for x in lines}) == 2
    assert [(x["on"], x["index"]) for x in lines] == sorted((x["on"], x["index"]) for x in lines)
    turn = [x["kind"] for x in lines].index("escalated-to-article8")
    assert (lines[turn + 1]["kind"], lines[turn + 1]["order"]) == ("order-issued", found["order"])
    rows = run("timeline", "second", "--format", "csv", ledger=s3).stdout.splitlines()
    assert rows[0].endswith(",fields,order")
    assert {row.rsplit(",", 1)[1] for row in rows[1:]} == {"main", "second"}


def test_a_matter_grows_with_the_record_and_not_before(s3: Path) -> None:
    before = reply("show", "main", "--as-of", "2027-02-20T00:00:00Z", ledger=s3)
    assert [o["label"] for o in before["matter"]["orders"]] == ["main"]
    assert len(reply("timeline", "main", "--as-of", "2027-02-20T00:00:00Z", ledger=s3)["timeline"]) == 3


def test_an_order_is_of_a_matter_from_the_entry_that_links_it_and_not_before(tmp_path: Path) -> None:
    ledger = ledger_of("hand-to-hand", tmp_path)
    orders = {o["label"]: o["order"] for o in reply("orders", ledger=ledger)["orders"]}
    linked = now(str(ledger))
    with Journal.open(ledger, now=lambda: linked) as journal:
        signer = hand(journal, "escalated-to-article8", "ilves", "ISS", None)
        link = build("escalated-to-article8", {"new_order": orders["gap"]}, {})
        journal.record(link, orders["changed"], signer)
    for moment, wanted in ((linked, ["changed", "gap"]), (linked - timedelta(hours=1), ["changed"])):
        found = reply("show", "changed", "--as-of", wire(moment), ledger=ledger)
        assert sorted(o["label"] for o in found["matter"]["orders"]) == wanted


def test_a_preservation_order_and_the_production_order_it_was_for_are_one_matter(tmp_path: Path) -> None:
    kept = ledger_of("preservation-production-onward", tmp_path)
    orders = reply("orders", ledger=kept)["orders"]
    instruments = {o["instrument"] for o in orders}
    assert instruments == {"EPOC-PR", "EPOC"}
    for order in orders:
        found = reply("show", order["label"], ledger=kept)
        assert [o["instrument"] for o in found["matter"]["orders"]] == ["EPOC-PR", "EPOC"]


def test_the_companion_of_an_order_stands_in_its_story_and_is_no_order_of_the_matter(tmp_path: Path) -> None:
    ledger = ledger_of("emergency-validation-refused", tmp_path)
    found = reply("timeline", "kept", ledger=ledger)
    assert "ex-post-validation-sought" in [x["kind"] for x in found["timeline"]]
    assert {x["order"] for x in found["timeline"]} == {found["order"]}
    assert [o["label"] for o in reply("show", "kept", ledger=ledger)["matter"]["orders"]] == ["kept"]


def test_the_log_of_a_matter_has_the_entries_of_each_order_newest_first(s3: Path) -> None:
    rows = reply("log", "--order", "main", "-n", "100", ledger=s3)["log"]
    assert [row["index"] for row in rows] == sorted((row["index"] for row in rows), reverse=True)
    assert len({row["order"] for row in rows}) == 2


def test_an_order_in_another_ledger_is_named_and_not_followed(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    far = "6281dfde-0639-5ee3-9616-49c404ac7b6f"
    order = reply("show", "main", ledger=ledger)["order"]
    with Journal.open(ledger, now=lambda: now(str(ledger))) as journal:
        signer = hand(journal, "escalated-to-article8", "ilves", "ISS", None)
        journal.record(build("escalated-to-article8", {"new_order": far}, {}), order, signer)
    found = reply("show", "main", ledger=ledger)
    assert ([o["label"] for o in found["matter"]["orders"]], found["matter"]["elsewhere"]) == (["main"], [far])
    assert f"{far} not in this ledger" in run("show", "main", ledger=ledger).stdout


def test_a_link_reaches_forwards_and_back_and_as_far_as_links_go() -> None:
    links = [("a", "b"), ("b", "c"), ("x", "y")]
    for order in "abc":
        assert connected(order, links) == {"a", "b", "c"}
    assert connected("z", links) == {"z"}


def test_an_order_is_not_linked_with_itself_nor_by_a_field_that_is_no_order() -> None:
    assert pair("a", {"new_order": "a"}) is None
    assert pair("a", {"prior_order": None, "new_order": 7}) is None
    assert pair("b", {"prior_order": "a"}) == ("a", "b")
    assert pair("a", {"new_order": "b"}) == ("a", "b")


def drawn(*lines: tuple[str, int, dict[str, str]]) -> list[str]:
    """Return the graph of invented entries, oldest first: order, number, public fields."""
    entries = [
        Entry(leaf=f"{n:064x}", index=n, order=order, seq=seq, kind="order-issued", instrument=None, by="x", role="ISS",
              party="XO", key="", speaks="act", on=NOON, at=NOON, public=public)
        for n, (order, seq, public) in reversed(list(enumerate(lines)))
    ]  # fmt: skip
    return graph(entries, [[f"{e.order}{e.seq}"] for e in entries], {})


def test_a_line_goes_over_to_the_order_before_it() -> None:
    assert drawn(("a", 1, {}), ("b", 1, {"prior_order": "a"})) == ["* b1", "* a1"]


def test_two_lines_that_run_beside_each_other_are_joined_where_one_led_to_the_other() -> None:
    assert drawn(("a", 1, {}), ("b", 1, {"prior_order": "a"}), ("a", 2, {})) == ["* a2", "| * b1", "|/", "* a1"]
    assert drawn(("a", 1, {}), ("b", 1, {"prior_order": "a"}), ("a", 2, {}), ("b", 2, {})) == [
        *("* b2", "| * a2", "* | b1", " \\|", "  * a1")
    ]


def test_orders_that_have_nothing_to_do_with_each_other_stay_apart() -> None:
    assert drawn(("a", 1, {}), ("b", 1, {}), ("a", 2, {})) == ["* a2", "| * b1", "* a1"]


def test_a_line_crosses_those_between_it_and_the_order_before_it() -> None:
    first: tuple[str, int, dict[str, str]] = ("a", 1, {})
    later = ("b", 1, {"prior_order": "a"})
    between: list[tuple[str, int, dict[str, str]]] = [("c", 1, {}), ("d", 1, {})]
    assert drawn(first, *between, later, ("d", 2, {}), ("c", 2, {}), ("a", 2, {})) == [
        *("* a2", "| * c2", "| | * d2", "| | | * b1", "| |_|/", "| | * d1", "| * c1", "* a1")
    ]
    assert drawn(first, *between, later, ("a", 2, {}), ("d", 2, {}), ("c", 2, {}), ("b", 2, {})) == [
        *("* b2", "| * c2", "| | * d2", "| | | * a2", "* | | | b1", " \\|_| |", "  | * | d1", "  *   | c1"),
        "      * a1",
    ]


def test_a_line_crosses_only_those_between_its_own_and_that_of_the_order_before_it() -> None:
    def above(*orders: str) -> list[str]:
        """Draw orders whose newest entries are in these columns, then the first entry of b, which goes over to a."""
        return drawn(*((each, 1, {}) for each in orders if each != "b"), ("b", 1, {"prior_order": "a"}),
                     *((each, 2, {}) for each in reversed(orders)))[len(orders) : len(orders) + 2]  # fmt: skip

    assert above(*"xybcda") == ["| | * | | | b1", r"| |  \|_| |"]
    assert above(*"xacdb") == ["| | | | * b1", "| | |_|/"]
    assert above(*"xba") == ["| * | b1", r"|  \|"]


def test_a_line_ends_where_the_order_before_it_is_not_shown_below() -> None:
    later = ("b", 1, {"prior_order": "a"})
    assert drawn(("c", 1, {}), later) == ["* b1", "* c1"]
    assert drawn(("c", 1, {}), later, ("a", 1, {})) == ["* a1", "* b1", "* c1"]
    assert drawn(("a", 1, {}), ("c", 1, {}), later) == ["* b1", "| * c1", "* a1"]


def test_a_new_line_takes_the_first_column_that_is_free_and_moves_no_other() -> None:
    rows = ("a1", "b1", "d1", "c1", "b2", "c2", "a2")
    assert drawn(*((row[0], int(row[1]), {}) for row in rows)) == [
        *("* a2", "| * c2", "| | * b2", "| * | c1", "| * | d1", "|   * b1", "* a1")
    ]


def test_each_entry_has_its_text() -> None:
    with pytest.raises(ValueError, match="zip"):
        graph([], [["a text of no entry"]], {})


def test_a_line_crosses_a_free_column_as_it_crosses_a_line() -> None:
    first: tuple[str, int, dict[str, str]] = ("a", 1, {})
    later = ("b", 1, {"prior_order": "a"})
    assert drawn(first, later, ("c", 1, {}), ("b", 2, {}), ("c", 2, {}), ("a", 2, {})) == [
        *("* a2", "| * c2", "| | * b2", "| * | c1", "|   * b1", "| _/", "* a1")
    ]


def test_further_lines_of_an_entry_and_the_entries_of_a_companion_are_beside_the_line_of_their_order() -> None:
    entries = [
        Entry(leaf=f"{n:064x}", index=n, order=order, seq=1, kind="order-issued", instrument=None, by="x", role="ISS",
              party="XO", key="", speaks="act", on=NOON, at=NOON)
        for n, order in ((3, "a"), (2, "b"), (1, "a-companion"), (0, "b"))
    ]  # fmt: skip
    texts = [["a1", "of a"], ["b2", "of b", "and more"], ["a0", "the last of a"], ["b1", "the last"]]
    assert graph(entries, texts, {"a-companion": "a"}) == [
        *("* a1", "| of a", "| * b2", "| | of b", "| | and more", "* | a0", "  | the last of a"),
        *("  * b1", "    the last"),
    ]


def test_the_graph_names_each_entry_by_its_order(s3: Path) -> None:
    text = run("log", "--order", "second", "--graph", "-n", "100", ledger=s3).stdout
    assert "* entry" in text
    assert {"main #1", "second #1"} <= {line.split("  ")[-1] for line in text.splitlines() if "entry" in line}
    assert json.loads(run("log", "--order", "second", "--json", ledger=s3).stdout)["format"] == "comity.log/1"


def test_a_bundle_says_how_many_entries_of_other_orders_it_carries_and_are_not_read(s3: Path, tmp_path: Path) -> None:
    ledger = Path(shutil.copytree(s3, tmp_path / "ledger"))
    for number, (options, says) in enumerate((((), ""), (("--linked",), "; 12 entries of other orders are proven"))):
        bundle = str(tmp_path / f"{number}.evidence.zip")
        run("export", "main", "--audience", "COURT", "--unwitnessed", *options, "-o", bundle, ledger=ledger)
        read = item(open_bundle(bundle, None, None, datetime(2027, 7, 1, tzinfo=UTC)).bundle)
        assert isinstance(read, BundleItem)
        assert read.partial.removeprefix("judged on what this audience may read; no sealed value is withheld") == (
            f"{says} in this bundle and not read here" if says else ""
        )
