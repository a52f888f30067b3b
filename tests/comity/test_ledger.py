"""The Python interface answers as the commands do, over the stories of the README, and returns no sealed value."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import comity
from ledger.entries.case import wire
from tests.support.cli import ledger_of, run

STORIES = ("S1", "S2", "S3", "S4", "S6")
MOMENTS = ("2027-03-20T00:00:00Z",)
TABLES = ("entries", "timeline", "deadlines", "findings")


@pytest.fixture(scope="module", params=STORIES)
def ledger(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ledger_of(request.param, tmp_path_factory.mktemp(request.param))


def answer(ledger: Path, *command: str) -> Any:
    """Return what a command prints as JSON, at any exit status."""
    return json.loads(run(*command, "--json", ledger=ledger).stdout)


def moments() -> Iterator[tuple[datetime | None, tuple[str, ...]]]:
    """Yield the present moment and an earlier one, as arguments of the interface and of the command."""
    yield None, ()
    yield from ((datetime.fromisoformat(moment), ("--as-of", moment)) for moment in MOMENTS)


def at(moment: datetime | None) -> str | None:
    return None if moment is None else wire(moment)


def test_the_orders_are_those_of_the_command(ledger: Path) -> None:
    with comity.open(ledger) as opened:
        for moment, typed in moments():
            columns = ("ref", "order", "label", "instrument", "state")
            found = [{c: getattr(order, c) for c in columns} for order in opened.orders(moment)]
            said = answer(ledger, "orders", *typed)["orders"]
            assert found == [{c: order[c] for c in columns} for order in said]


def test_what_is_due_is_what_the_command_says(ledger: Path) -> None:
    with comity.open(ledger) as opened:
        for moment, typed in moments():
            found = [(d.order, d.clock.id, at(d.clock.due), str(d.clock.verdict)) for d in opened.due(moment)]
            said = answer(ledger, "due", *typed)["due"]
            assert sorted(map(str, found)) == sorted(str((d["order"], d["id"], d["due"], d["verdict"])) for d in said)


def test_a_judgement_is_that_of_the_command(ledger: Path) -> None:
    with comity.open(ledger) as opened:
        for view in opened.orders():
            for moment, typed in moments():
                order = opened.order(view.order)
                found, said = order.judge(moment), answer(ledger, "judge", view.order, *typed)
                assert (found.state, found.label) == (said["state"], said["label"])
                assert [(f.code, f.says, list(f.entries)) for f in found.findings] == [
                    (f["code"], f["says"], f["entries"]) for f in said["findings"]
                ]
                assert [(c.id, at(c.due), str(c.verdict)) for c in order.deadlines(moment)] == [
                    (c["id"], c.get("due"), c["verdict"]) for c in said["deadlines"]
                ]
                assert {name: str(c.state) for name, c in found.criteria.items()} == {
                    name: c["state"] for name, c in said["criteria"].items()
                }


def test_the_sheet_of_a_forum_is_that_of_the_command(ledger: Path) -> None:
    with comity.open(ledger) as opened:
        sheet = opened.order("main").sheet("de")
        said = answer(ledger, "judge", "main", "--forum", "DE")["forum"]
        assert (sheet.code, sheet.name) == (said["code"], said["name"])
        assert [(q.cite, dict(q.criteria)) for q in sheet.questions] == [
            (q["cite"], q["criteria"]) for q in said["questions"]
        ]


def test_the_timeline_is_that_of_the_command(ledger: Path) -> None:
    with comity.open(ledger) as opened:
        for moment, typed in moments():
            found = opened.order("main").timeline(moment)
            said = answer(ledger, "timeline", "main", "--only", *typed)["timeline"]
            assert [(x.entry.leaf, x.says, x.who) for x in found] == [(x["leaf"], x["says"], x["who"]) for x in said]
            assert [x.replaced_by for x in found] == [x.get("replaced_by") for x in said]


def test_custody_is_that_of_the_command(ledger: Path) -> None:
    with comity.open(ledger) as opened:
        for moment, typed in moments():
            columns = ("kind", "holder", "released_by", "received_by", "exhibit", "check", "against_first")
            found = [
                (h.entry.kind, h.holder, h.released_by, h.received_by, h.exhibit, h.check, h.compared)
                for h in opened.order("main").custody(moment)
            ]
            said = answer(ledger, "custody", "main", *typed)["custody"]
            assert found == [tuple(step[c] for c in columns) for step in said]


def test_the_entries_are_those_of_the_log_in_its_order(ledger: Path) -> None:
    with comity.open(ledger) as opened:
        found = list(opened.entries())
        assert [e.index for e in found] == list(range(opened.size()))
        assert [e.index for e in opened.entries(after=7)] == list(range(7, opened.size()))
        assert list(opened.entries(after=opened.size())) == []
    said = {e["leaf"]: e for e in answer(ledger, "log", "-n", "1000")["log"]}
    for e in found:
        assert (said[e.leaf]["index"], said[e.leaf]["kind"], said[e.leaf]["seq"]) == (e.index, e.kind, e.seq)


def texts(value: Any) -> Iterator[str]:
    """Yield every text in a value at any depth; of a struct or a dataclass, the texts of its fields."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from texts(each)
    elif isinstance(value, list | tuple | set):
        for each in value:
            yield from texts(each)
    else:
        names: tuple[str, ...] = getattr(value, "__struct_fields__", ()) or tuple(
            getattr(value, "__dataclass_fields__", ())
        )
        for name in names:
            yield from texts(getattr(value, name))


ASKED: Mapping[str, Callable[[comity.Ledger], Any]] = {
    "entries": lambda ledger: list(ledger.entries()),
    "orders": lambda ledger: list(ledger.orders()),
    "due": lambda ledger: ledger.due(),
    "timeline": lambda ledger: [ledger.order(o.order).timeline() for o in ledger.orders()],
    "custody": lambda ledger: [ledger.order(o.order).custody() for o in ledger.orders()],
    "judge": lambda ledger: [ledger.order(o.order).judge() for o in ledger.orders()],
}


def sealed_texts(opened: comity.Ledger) -> set[str]:
    """Return the sealed texts of all orders that appear in no public field."""
    read = [opened._case(o.order, reveal=True) for o in opened.orders()]
    public = {text for case in read for e in case.entries for text in texts([e.public, e.by, e.role, e.whose])}
    sealed = {text for case in read for e in case.entries for text in texts(e.sealed)} - public
    secret = {text for text in sealed if len(text) > 12}  # a code such as "complete" is shorter
    assert len(secret) > 3
    return secret


def test_no_table_holds_a_sealed_value(ledger: Path) -> None:
    pytest.importorskip("pyarrow")
    with comity.open(ledger) as opened:
        rows = repr([opened.table(name).to_pylist() for name in TABLES])
        assert {text for text in sealed_texts(opened) if text in rows} == set()


def test_no_sealed_value_is_returned(ledger: Path) -> None:
    with comity.open(ledger) as opened:
        secret = sealed_texts(opened)
        assert {name: secret & set(texts(ask(opened))) for name, ask in ASKED.items()} == {
            name: set() for name in ASKED
        }


def written(ledger: Path) -> dict[Path, bytes]:
    """Return the content of every file, except the shared memory and the empty write-ahead log of an SQLite reader."""
    files = {path: path.read_bytes() for path in ledger.rglob("*") if path.is_file()}
    return {
        path: content
        for path, content in files.items()
        if not path.name.endswith("-shm") and (content or not path.name.endswith("-wal"))
    }


def test_asking_writes_nothing(ledger: Path) -> None:
    before = written(ledger)
    with comity.open(ledger) as opened:
        for ask in ASKED.values():
            ask(opened)
    assert written(ledger) == before


def test_a_ledger_without_keys_is_read_too(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    (ledger / "keys.db").unlink()
    with comity.open(ledger) as opened:
        assert {order.state for order in opened.orders()}
        assert opened.order("main").custody()[0].compared != ""


def test_what_is_no_ledger_is_said_with_a_code(tmp_path: Path) -> None:
    with pytest.raises(comity.LedgerError) as none:
        comity.open(tmp_path)
    assert none.value.code == "NO-LEDGER"
    ledger = ledger_of("S1", tmp_path)
    with pytest.raises(comity.RecordError) as wrong:
        comity.open(ledger, store="nowhere")
    assert wrong.value.code == "STORE-ADDRESS"
    with comity.open(ledger) as opened, pytest.raises(comity.LedgerError) as unknown:
        opened.order("none")
    assert unknown.value.code == "ORDER-UNKNOWN"
    (ledger / "story.json").write_text("{")
    with pytest.raises(comity.LedgerError) as damaged:
        comity.open(ledger)
    assert damaged.value.code == "STORY-FILE"


def test_a_wrong_argument_is_a_value_error(tmp_path: Path) -> None:
    with comity.open(ledger_of("S1", tmp_path)) as opened:
        for ask in (
            lambda: opened.entries(after=-1),
            lambda: opened.order("main").sheet("XX"),
            lambda: opened.order("main").judge(datetime(2027, 4, 1)),  # noqa: DTZ001
            lambda: opened.orders(datetime(2027, 4, 1)),  # noqa: DTZ001
        ):
            with pytest.raises(ValueError):
                ask()


def test_an_open_ledger_sees_what_is_recorded_later(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    with comity.open(ledger) as opened:
        before, judged = opened.size(), opened.order("main").judge().as_of
        why = ("--because", "a hearing", "--purpose", "supervision", "--as", "ilves")
        done = run("timeline", "main", "--reveal", *why, ledger=ledger)
        assert done.exit_code == 0, done.output
        assert [e.index for e in opened.entries(after=before)] == list(range(before, opened.size())) != []
        assert judged.tzinfo is UTC


def test_a_closed_ledger_answers_nothing(tmp_path: Path) -> None:
    opened = comity.open(ledger_of("S1", tmp_path))
    order, under_way = opened.order("main"), (opened.entries(), opened.orders())
    opened.close()
    opened.close()
    for ask in (opened.size, opened.entries, opened.orders, opened.due, order.judge, order.timeline, order.custody):
        with pytest.raises(ValueError, match="closed"):
            ask()
    with pytest.raises(ValueError, match="closed"):
        opened.order("main")
    for each in under_way:
        with pytest.raises(ValueError, match="closed"):
            next(iter(each))


def test_a_table_has_the_rows_that_the_commands_print(ledger: Path) -> None:
    pytest.importorskip("pyarrow")
    with comity.open(ledger) as opened:
        tables = {name: opened.table(name) for name in TABLES}
        judged = [answer(ledger, "judge", order.order) for order in opened.orders()]
    lines = run("log", "-n", "999", "--format", "jsonl", ledger=ledger).stdout.splitlines()
    log = [json.loads(line)["leaf"] for line in lines]
    assert sorted(tables["entries"]["leaf"].to_pylist()) == sorted(log)
    assert sorted(tables["deadlines"]["id"].to_pylist()) == sorted(c["id"] for j in judged for c in j["deadlines"])
    assert sorted(tables["findings"]["says"].to_pylist()) == sorted(f["says"] for j in judged for f in j["findings"])


def test_the_table_of_the_timeline_has_the_state_before_and_after_each_entry(ledger: Path) -> None:
    pytest.importorskip("pyarrow")
    with comity.open(ledger) as opened:
        rows = opened.table("timeline").to_pylist()
        lines = [line for order in opened.orders() for line in opened.order(order.order).timeline()]
    assert [(row["state_before"], row["state"]) for row in rows] == [line.moved or (None, None) for line in lines]
    assert any(line.moved for line in lines)


def test_times_of_a_table_are_in_utc_and_public_fields_are_json(ledger: Path) -> None:
    pytest.importorskip("pyarrow")
    with comity.open(ledger) as opened:
        table, entries = opened.table("entries"), list(opened.entries())
    assert [row.astimezone(UTC) for row in table["happened"].to_pylist()] == [entry.on for entry in entries]
    assert str(table.schema.field("signed_at").type) == "timestamp[us, tz=UTC]"
    assert [json.loads(public) for public in table["public"].to_pylist()] == [dict(entry.public) for entry in entries]


def test_a_table_of_an_earlier_moment_has_what_was_on_record_then(ledger: Path) -> None:
    pytest.importorskip("pyarrow")
    moment = datetime.fromisoformat(MOMENTS[0])
    with comity.open(ledger) as opened:
        early = opened.table("entries", moment)
        assert early.num_rows == sum(entry.at <= moment for entry in opened.entries())
        assert opened.table("timeline", moment).num_rows == sum(
            len(opened.order(order.order).timeline(moment)) for order in opened.orders(moment)
        )


def test_a_table_of_another_name_is_a_wrong_argument(ledger: Path) -> None:
    with comity.open(ledger) as opened, pytest.raises(ValueError, match="there are entries, timeline"):
        opened.table("orders")


def test_without_pyarrow_a_table_says_what_to_install(ledger: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with comity.open(ledger) as opened, pytest.raises(ImportError, match=r"comity\[arrow\]"):
        opened.table("entries")
