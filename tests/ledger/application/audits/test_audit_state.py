"""Runs of an auditor are in the order in which they were made, whatever the clock says."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ledger.application.audits.audit_state import CONTINUED, KEPT, begun, folder_of, place_name
from ledger.application.audits.results import Audited, AuditedLedger, AuditVerdict
from ledger.errors import LedgerError
from tests.support.files.system_calls import synced

NOW = datetime(2026, 11, 29, 1, 2, 3, tzinfo=UTC)
PLACE = "/srv/karsk"


def result(entries: int) -> Audited:
    return Audited(AuditedLedger(PLACE, "log", "", AuditVerdict.PASSED, [], trusted=True, entries=entries))


def audited(state: Path, now: datetime, entries: int, question: bytes = b"question") -> int | None:
    """Make a complete run, and return the number of entries in the run before; None if there is none."""
    with begun(state, question, now) as run:
        before = run.before(PLACE)
        run.keep(PLACE, result(entries))
        run.complete()
    return None if before is None else before[1].ledger.entries


@pytest.mark.parametrize("questions", [(b"same", b"same", b"same"), (b"a", b"b", b"c"), (b"c", b"b", b"a")])
def test_three_audits_of_one_second_each_see_the_one_before(tmp_path: Path, questions: tuple[bytes, ...]) -> None:
    seen = [audited(tmp_path, NOW, n, question) for n, question in enumerate(questions)]
    assert seen == [None, 0, 1]


def test_an_audit_after_the_clock_was_turned_back_sees_the_one_before_it(tmp_path: Path) -> None:
    moments = [NOW + timedelta(days=3), NOW, NOW - timedelta(days=1), NOW + timedelta(days=1)]
    assert [audited(tmp_path, moment, n) for n, moment in enumerate(moments)] == [None, 0, 1, 2]


def test_the_newest_run_is_kept_where_older_ones_have_later_moments(tmp_path: Path) -> None:
    for n in range(KEPT + 2):
        audited(tmp_path, NOW + timedelta(days=n), n)
    assert audited(tmp_path, NOW, KEPT + 2) == KEPT + 1
    assert audited(tmp_path, NOW, KEPT + 3) == KEPT + 2
    assert len(list((tmp_path / "runs").iterdir())) == KEPT


def test_an_interrupted_audit_of_the_future_is_not_continued(tmp_path: Path) -> None:
    with begun(tmp_path, b"question", NOW + timedelta(days=3)) as run:
        run.keep(PLACE, result(1))
    with begun(tmp_path, b"question", NOW) as run:
        assert (run.continued, run.moment, run.result(PLACE)) == (False, NOW, None)


def test_runs_that_an_earlier_program_named_are_before_all_others(tmp_path: Path) -> None:
    audited(tmp_path, NOW, 1)
    (new,) = (tmp_path / "runs").iterdir()
    new.rename(new.with_name(f"20991231T235959Z-{new.name.split('-')[1]}"))
    assert audited(tmp_path, NOW, 2) == 1
    assert audited(tmp_path, NOW, 3) == 2


def runs(state: Path) -> list[str]:
    return sorted(path.name for path in (state / "runs").iterdir())


def test_an_interrupted_audit_of_the_same_question_is_continued_and_any_other_goes(tmp_path: Path) -> None:
    with begun(tmp_path, b"question", NOW) as run:
        run.keep(PLACE, result(7))
    for question, hours, anew, continued in (
        (b"question", CONTINUED, False, True),
        (b"question", -CONTINUED, False, True),
        (b"question", CONTINUED + timedelta(seconds=1), False, False),
    ):
        with begun(tmp_path, question, NOW + hours, anew=anew) as again:
            assert (again.continued, again.moment) == (continued, NOW if continued else NOW + hours)
    for question, anew in ((b"other", False), (b"other", True)):
        before = runs(tmp_path)
        with begun(tmp_path, question, NOW, anew=anew) as other:
            assert not other.continued
        assert len(runs(tmp_path)) == 1
        assert runs(tmp_path) != before


def test_of_two_interrupted_audits_one_is_continued_and_the_other_goes(tmp_path: Path) -> None:
    for name in ("20261129T010203Z-aaaaaaaaaaaaaaaa-000001", "notes"):
        (tmp_path / "runs" / name).mkdir(parents=True)
    with begun(tmp_path, b"question", NOW) as first:
        pass
    assert runs(tmp_path) == sorted([first.folder.name, "notes"])
    with (
        begun(tmp_path, b"question", NOW) as again,
        pytest.raises(LedgerError, match="BUSY"),
        begun(tmp_path, b"x", NOW),
    ):
        pass
    assert again.folder == first.folder


def test_an_interrupted_audit_that_cannot_be_removed_hinders_no_other(tmp_path: Path) -> None:
    with begun(tmp_path, b"question", NOW) as run:
        elsewhere = run.folder.rename(tmp_path / "moved")
        run.folder.symlink_to(elsewhere, target_is_directory=True)
    with begun(tmp_path, b"another", NOW) as run:
        assert not run.continued
    assert elsewhere.exists(), "what a link leads to is kept"


def test_a_damaged_result_is_none_and_an_error_of_the_disk_is_one(tmp_path: Path) -> None:
    audited(tmp_path, NOW, 7)
    (kept,) = (tmp_path / "runs").glob("*/*.json")
    kept.write_bytes(b"{")
    assert audited(tmp_path, NOW, 8) is None
    newest = max((tmp_path / "runs").glob("*/*.json"), key=lambda path: path.parent.name)
    newest.unlink()
    newest.mkdir()
    with begun(tmp_path, b"question", NOW) as run, pytest.raises(LedgerError, match="DISK-ERROR"):
        run.before(PLACE)


def test_an_audit_of_another_question_continues_none(tmp_path: Path) -> None:
    with begun(tmp_path, b"question", NOW) as first:
        first.keep(PLACE, result(7))
        assert (first.folder / "question").read_bytes() == b"question"
    with begun(tmp_path, b"other", NOW) as other:
        assert (other.continued, other.result(PLACE)) == (False, None)
    assert runs(tmp_path) == [other.folder.name]


def test_of_two_interrupted_audits_of_one_question_the_newer_one_is_continued(tmp_path: Path) -> None:
    with begun(tmp_path, b"question", NOW) as first:
        pass
    later = first.folder.with_name(f"{first.folder.name[:-6]}000002")
    later.mkdir()
    with begun(tmp_path, b"question", NOW) as again:
        assert (again.continued, again.folder) == (True, later)
    assert runs(tmp_path) == [later.name]


def test_a_result_is_that_of_its_place_in_this_run_and_before_it_that_of_the_run_before(tmp_path: Path) -> None:
    for entries in (5, 6):
        with begun(tmp_path, b"question", NOW) as run:
            assert run.result(PLACE) is None
            run.keep(PLACE, result(entries))
            assert (run.result(PLACE), run.result("/srv/other")) == (result(entries), None)
            run.complete()
            earlier = run.before(PLACE)
            assert (earlier and earlier[1].ledger.entries) == (None if entries == 5 else 5)
            assert run.before("/srv/other") is None
    assert [name[-7:] for name in runs(tmp_path)] == ["-000001", "-000002"]


@pytest.mark.parametrize("newest_last", [True, False])
def test_the_run_before_is_the_newest_in_whatever_order_a_disk_lists_them(tmp_path: Path, newest_last: bool) -> None:
    for entries in (1, 2, 3):
        audited(tmp_path, NOW, entries)
    for name in sorted(runs(tmp_path), reverse=not newest_last):
        path = tmp_path / "runs" / name
        path.rename(tmp_path / "moved")
        (tmp_path / "moved").rename(path)
    assert audited(tmp_path, NOW, 4) == 3


def test_what_a_run_keeps_is_durable(tmp_path: Path) -> None:
    with synced() as names, begun(tmp_path, b"question", NOW) as run:
        assert names[-1] == "runs"
        run.keep(PLACE, result(1))
        assert names[-1] == run.folder.name
        names.clear()
        run.complete()
        assert names[-1] == run.folder.name


@pytest.mark.parametrize("place", [PLACE, "/srv/käse", "/srv/\udcff"])
def test_a_place_has_a_name_of_32_hex_digits_and_a_folder_of_this_name(place: str, tmp_path: Path) -> None:
    name = place_name(place)
    assert re.fullmatch("[0-9a-f]{32}", name)
    assert folder_of(tmp_path, place) == tmp_path / "places" / name
    assert name != place_name(f"{place}/")


def test_a_result_that_is_no_text_is_none(tmp_path: Path) -> None:
    with begun(tmp_path, b"question", NOW) as run:
        run.keep(PLACE, result(7))
        (kept,) = run.folder.glob("*.json")
        kept.write_bytes(kept.read_bytes().replace(PLACE.encode(), b"/srv/\xff"))
        assert run.result(PLACE) is None
