"""Views are stored projections: paged, applied exactly once, deleted at any time, rebuilt when their rules change."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from eventsourcing.persistence import IntegrityError

from cli.lists.docket import docket
from cli.session.ledger_reader import LedgerReader
from ledger.adapters.folders.ledger_folder import read_folder
from ledger.adapters.storage.entry_reader import EntryReader
from ledger.adapters.storage.views import View, ViewRow, seconds
from ledger.adapters.subject_keys.key_store import SubjectKeyStore
from ledger.application.case_reader import CaseReader
from ledger.errors import LedgerError
from tests.support.cli import ledger_of, reply, run
from tests.support.files.system_calls import open_below


def counting(calls: list[int]) -> object:
    def fold(page: Sequence[tuple[int, bytes]]) -> Mapping[str, ViewRow]:
        calls.append(len(page))
        return {str(index): ViewRow(raw[:8]) for index, raw in page}

    return fold


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return ledger_of("S3", tmp_path)


def test_a_view_folded_page_by_page_is_the_view_folded_at_once(ledger: Path, tmp_path: Path) -> None:
    store = EntryReader(read_folder(ledger).entries)
    rows = []
    for page in (1, 7, 5_000):
        view = View(tmp_path / f"views-{page}.db", "all")
        assert view.catch_up(store, counting([]), page) == store.size() == view.size  # type: ignore[arg-type]
        rows.append(dict(view.rows()))
        view.close()
    assert rows[0] == rows[1] == rows[2]
    store.close()


def test_a_view_has_one_row_for_its_position_however_many_pages_it_was_made_of(ledger: Path, tmp_path: Path) -> None:
    with closing(EntryReader(read_folder(ledger).entries)) as store, closing(View(tmp_path / "v.db", "all")) as view:
        view.catch_up(store, counting([]), 3)  # type: ignore[arg-type]
        size, name = store.size(), view.name
    with closing(sqlite3.connect(tmp_path / "v.db")) as c:
        assert c.execute("SELECT notification_id FROM tracking WHERE application_name = ?", (name,)).fetchall() == [
            (size,)
        ]


def test_a_view_that_is_up_to_date_folds_nothing(ledger: Path, tmp_path: Path) -> None:
    store, view, calls = EntryReader(read_folder(ledger).entries), View(tmp_path / "views.db", "all"), list[int]()
    view.catch_up(store, counting(calls))  # type: ignore[arg-type]
    assert view.catch_up(store, counting(calls)) == 0  # type: ignore[arg-type]
    assert len(calls) == 1
    view.close()
    store.close()


def test_a_page_that_fails_leaves_the_position_and_the_rows_as_they_were(ledger: Path, tmp_path: Path) -> None:
    store, view = EntryReader(read_folder(ledger).entries), View(tmp_path / "views.db", "all")

    def fold(page: Sequence[tuple[int, bytes]]) -> Mapping[str, ViewRow]:
        if page[0][0]:
            raise KeyboardInterrupt
        return {"first": ViewRow(b"page")}

    with pytest.raises(KeyboardInterrupt):
        view.catch_up(store, fold, 10)
    assert (view.size, dict(view.rows())) == (10, {"first": b"page"})
    view.close()
    store.close()


def test_a_page_that_another_process_folded_meanwhile_is_not_folded_twice(ledger: Path, tmp_path: Path) -> None:
    store = EntryReader(read_folder(ledger).entries)
    slow, quick = View(tmp_path / "views.db", "all"), View(tmp_path / "views.db", "all")

    def fold(page: Sequence[tuple[int, bytes]]) -> Mapping[str, ViewRow]:
        quick.catch_up(store, counting([]))  # type: ignore[arg-type]
        return {"never": ViewRow(b"stored")}

    assert slow.catch_up(store, fold, 10) == store.size() == slow.size
    assert "never" not in dict(slow.rows())
    for view in (slow, quick):
        view.close()
    store.close()


def test_rows_that_contradict_each_other_are_an_error_and_do_not_go_round_for_ever(
    ledger: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise IntegrityError("a constraint of the table")

    with closing(EntryReader(read_folder(ledger).entries)) as store, closing(View(tmp_path / "v.db", "all")) as view:
        monkeypatch.setattr(view, "apply", refuse)
        for page in (1, 5_000):
            with pytest.raises(LedgerError, match="contradict each other") as found:
                view.catch_up(store, counting([]), page)  # type: ignore[arg-type]
            assert (found.value.code, view.size) == ("LOG-CORRUPT", 0)


def test_a_damaged_view_is_thrown_away_and_made_again(ledger: Path, tmp_path: Path) -> None:
    (tmp_path / "views.db").write_text("no database at all" * 100)
    store, view = EntryReader(read_folder(ledger).entries), View(tmp_path / "views.db", "all")
    assert view.catch_up(store, counting([])) == store.size()  # type: ignore[arg-type]
    assert (tmp_path / "views.db").stat().st_mode & 0o077 == 0
    view.close()
    store.close()


def test_a_view_whose_rows_are_gone_is_made_again(ledger: Path) -> None:
    before = run("orders", ledger=ledger).stdout
    with closing(sqlite3.connect(ledger / "views.db")) as c:
        c.execute("DROP TABLE shown")
        c.commit()
    assert run("orders", ledger=ledger).stdout == before != ""


def test_a_view_of_more_than_there_is_is_made_again(ledger: Path, tmp_path: Path) -> None:
    store, view = EntryReader(read_folder(ledger).entries), View(tmp_path / "views.db", "all")
    view.apply({"gone": ViewRow(b"from a copy that was larger")}, store.size() + 1)
    assert view.catch_up(store, counting([])) == store.size()  # type: ignore[arg-type]
    assert "gone" not in dict(view.rows())
    view.close()
    store.close()


def test_under_other_rules_it_is_another_view(ledger: Path, tmp_path: Path) -> None:
    store = EntryReader(read_folder(ledger).entries)
    old, new = View(tmp_path / "views.db", "docket 1"), View(tmp_path / "views.db", "docket 2")
    old.catch_up(store, counting([]))  # type: ignore[arg-type]
    assert new.size == 0
    assert not list(new.rows())
    old.close()
    new.close()
    store.close()


def test_a_row_is_stale_from_its_moment_on(tmp_path: Path) -> None:
    view, turn = View(tmp_path / "views.db", "all"), datetime(2027, 4, 1, 22, tzinfo=UTC)
    view.apply({"a": ViewRow(b"1", turn), "b": ViewRow(b"2")})
    assert view.stale(datetime(2027, 4, 1, 21, 59, 59, tzinfo=UTC)) == []
    assert view.stale(turn) == ["a"]
    view.close()


def test_a_moment_is_stored_in_whole_seconds() -> None:
    assert seconds(None) is None
    assert seconds(datetime(1970, 1, 1, 0, 1, 0, 999_999, tzinfo=UTC)) == 60


def test_as_many_rows_are_stale_as_were_asked_for_and_all_after_they_were_marked(tmp_path: Path) -> None:
    turn = datetime(2027, 4, 1, 22, tzinfo=UTC)
    with closing(View(tmp_path / "v.db", "all")) as view, closing(View(tmp_path / "v.db", "other")) as other:
        view.apply({"a": ViewRow(b"1", turn), "b": ViewRow(b"2", turn), "c": ViewRow(b"3")})
        other.apply({"d": ViewRow(b"4")})
        assert sorted(view.stale(turn)) == ["a", "b"]
        assert [len(view.stale(turn, limit)) for limit in (0, 1, 2, 3)] == [0, 1, 2, 2]
        view.apply({"a": ViewRow(b"5")})
        assert (view.stale(turn), dict(view.rows())["a"]) == (["b"], b"5")
        view.mark_all_stale()
        assert sorted(view.stale(datetime(1970, 1, 1, tzinfo=UTC))) == ["a", "b", "c"]
        assert other.stale(turn) == []
        view.clear()
        assert (list(view.rows()), list(other.rows())) == ([], [("d", b"4")])


def test_a_view_says_how_far_it_is_and_takes_no_page_twice(tmp_path: Path) -> None:
    with closing(View(tmp_path / "v.db", "all")) as view:
        assert view.size == 0
        view.apply({"a": ViewRow(b"1")})
        assert view.size == 0
        view.apply({}, 7)
        assert view.size == 7
        for size in (7, 6):
            with pytest.raises(IntegrityError):
                view.apply({"b": ViewRow(b"2")}, size)
        assert (view.size, list(view.rows())) == (7, [("a", b"1")])
        view.clear()
        assert view.size == 0


class Pages:
    """A log of `count` entries, which says how many were asked for."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.asked: list[tuple[int, int]] = []

    def size(self) -> int:
        return self.count

    def page(self, start: int, limit: int) -> list[tuple[int, bytes]]:
        self.asked.append((start, limit))
        return [(n, b"") for n in range(start, min(start + limit, self.count))]


def test_a_view_is_brought_up_by_five_thousand_entries_and_kept_while_it_is_not_ahead(tmp_path: Path) -> None:
    log = Pages(5_001)
    with closing(View(tmp_path / "v.db", "all")) as view:
        assert view.catch_up(log, lambda page: {"rows": ViewRow(b"%d" % len(page))}) == 5_001  # type: ignore[arg-type]
        assert log.asked == [(0, 5_000), (5_000, 5_000), (5_001, 5_000)]
        assert dict(view.rows()) == {"rows": b"1"}
        for count, added, rows in ((5_001, 0, {"rows": b"1"}), (5_000, 5_000, {"again": b"5000"})):
            log.count = count
            assert view.catch_up(log, lambda page: {"again": ViewRow(b"%d" % len(page))}) == added  # type: ignore[arg-type]
            assert dict(view.rows()) == rows


def test_a_view_of_a_later_version_is_kept_and_refused(tmp_path: Path) -> None:
    path = tmp_path / "views.db"
    with closing(View(path, "all")) as view:
        view.apply({"a": ViewRow(b"1")})
    with closing(sqlite3.connect(path)) as c:
        assert c.execute("PRAGMA user_version").fetchone() == (1,)
        c.execute("PRAGMA user_version = 2")
    with pytest.raises(LedgerError) as found:
        View(path, "all")
    assert (found.value.code, found.value.hint) == (
        "LEDGER-VERSION",
        "update comity, or delete views.db: it is made again",
    )
    with closing(sqlite3.connect(path)) as c:
        assert c.execute("SELECT body FROM shown").fetchall() == [(b"1",)]
        c.execute("PRAGMA user_version = 0")  # of a file from before it had one
    with closing(View(path, "all")) as view:
        assert dict(view.rows()) == {"a": b"1"}
    with closing(sqlite3.connect(path)) as c:
        assert c.execute("PRAGMA user_version").fetchone() == (0,)


def test_the_log_of_a_damaged_view_is_removed_with_it(tmp_path: Path) -> None:
    path = tmp_path / "views.db"
    path.write_text("no database at all" * 100)
    for tail in ("-wal", "-shm"):
        (tmp_path / f"views.db{tail}").write_bytes(b"of another" * 1000)
    with closing(View(path, "all")) as view:
        view.apply({"a": ViewRow(b"1")}, 1)
        assert (view.size, list(view.rows())) == (1, [("a", b"1")])
    assert open_below(tmp_path) == []


def test_a_view_that_is_locked_is_neither_removed_nor_left_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "views.db"
    View(path, "all").close()

    def busy(_: View) -> None:
        error = sqlite3.OperationalError("locked")
        error.sqlite_errorname = "SQLITE_BUSY"
        raise error

    monkeypatch.setattr(View, "create_table", busy)
    with pytest.raises(LedgerError) as found:
        View(path, "all")
    assert (found.value.code, path.exists(), open_below(tmp_path)) == ("BUSY", True, [])


def test_the_docket_deleted_and_made_again_says_the_same(ledger: Path) -> None:
    before = reply("orders", ledger=ledger)
    (ledger / "views.db").unlink()
    assert reply("orders", ledger=ledger) == before


def test_the_docket_follows_what_is_recorded(tmp_path: Path) -> None:
    ledger = ledger_of("S2", tmp_path)
    assert reply("orders", ledger=ledger)["orders"][0]["state"] == "DISCLOSED"
    closed = run(
        "record", "order-closed", "main", "-f", "outcome=answered", "--as", "ilves", "--role", "ISS", ledger=ledger
    )
    assert closed.exit_code == 0
    assert reply("orders", ledger=ledger)["orders"][0]["state"] == "CLOSED"


def test_the_docket_changes_by_time_alone(ledger: Path) -> None:
    folder = read_folder(ledger)
    store, subject_keys = EntryReader(folder.entries), SubjectKeyStore(folder.subject_keys, writable=False)
    labels = json.loads((ledger / "story.json").read_text("utf-8"))["orders"]
    reader = LedgerReader(folder, store, CaseReader(folder, store, subject_keys), labels, subject_keys)
    early = {o.label: [d.verdict for d in o.due] for o in docket(reader, datetime(2027, 6, 1, tzinfo=UTC))}
    late = {o.label: [d.verdict for d in o.due] for o in docket(reader, datetime(2028, 6, 1, tzinfo=UTC))}
    assert early["second"] == ["OPEN"]
    assert late["second"] == ["MISSED"]
    subject_keys.close()
    store.close()
