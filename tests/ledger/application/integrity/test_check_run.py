"""What a run notes of its entries is counted whole and listed up to a limit, and each commit to heads is compared."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ledger.adapters.storage import statements
from ledger.adapters.storage.foreign_file import ForeignFile
from ledger.adapters.storage.schema import SCHEMA
from ledger.application.integrity import audit as auditing
from ledger.application.integrity import check_run
from ledger.application.integrity.audit import (
    SMALLEST,
    Commit,
    _room,
    audit,
    begin,
    commits_in,
    sizes_of,
    wrong_commits,
)
from ledger.application.integrity.check_run import LISTED, MOST, OTHER_REGISTER, Noted, Problem, Run, note_entry
from ledger.entries.keyring import Keyring, Registrar
from ledger.entries.payload import SignedBy
from ledger.entries.wrapped_entry import KIND
from ledger.errors import LedgerError
from tests.ledger.application.integrity.test_audit import shelf_of
from tests.support.memory_ledger import Ledger, hand, small

TIME: Any = "a moment"


class Notes:
    """What is stated of an entry, by stand-ins for the functions that look at it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bracket: Any = SimpleNamespace(not_before=TIME, not_after=TIME)
        self.suspects: set[str] = set()
        self.absent: str | None = None
        self.is_known, self.holds = True, True
        monkeypatch.setattr(check_run, "note_texts", lambda opened, book: None)
        monkeypatch.setattr(check_run, "check_time", lambda index, opened, times, book: self.bracket)
        monkeypatch.setattr(check_run, "is_suspect", lambda opened, index, key, times: key.public in self.suspects)
        monkeypatch.setattr(check_run, "absent_of", lambda opened, times: self.absent)
        monkeypatch.setattr(check_run, "known", lambda payload: object() if self.is_known else None)

    def note(self, noted: Noted, index: int = 7, **payload: Any) -> Noted:
        said = {"sealed": (), "other": None, "kind": "order-issued", "signer": None} | payload
        opened: Any = SimpleNamespace(payload=SimpleNamespace(**said), leaf=f"leaf {index}")
        keyring: Any = SimpleNamespace(holds=lambda signer, index: self.holds)
        reported: Any = [SimpleNamespace(public=public) for public in ("k1", "k2")]
        unused: Any = None
        note_entry(index, opened, keyring, reported, unused, noted, unused)
        return noted


@pytest.fixture
def notes(monkeypatch: pytest.MonkeyPatch) -> Notes:
    return Notes(monkeypatch)


@pytest.mark.parametrize(
    ("after", "before", "late", "ends"),
    [(TIME, TIME, 0, 0), (None, TIME, 1, 1), (TIME, None, 0, 1), (None, None, 1, 1)],
)
def test_an_entry_without_a_later_bound_is_late_and_one_without_either_bound_has_an_open_end(
    notes: Notes, after: Any, before: Any, late: int, ends: int
) -> None:
    notes.bracket = SimpleNamespace(not_before=before, not_after=after)
    noted = notes.note(Noted(late=2, open_ends=3))
    assert (noted.entries, noted.late, noted.open_ends) == (1, 2 + late, 3 + ends)
    assert noted.brackets == [notes.bracket]


def test_an_entry_of_which_nothing_is_doubtful_is_counted_alone(notes: Notes) -> None:
    noted = notes.note(notes.note(Noted(), 1), 2)
    noted.brackets.clear()
    assert noted == Noted(entries=2)
    assert notes.note(Noted(), sealed=("a", "b")).sealed == 2


def test_what_is_doubtful_about_an_entry_is_noted_with_it(notes: Notes) -> None:
    notes.suspects, notes.absent, notes.is_known, notes.holds = {"k2"}, "digest", False, False
    noted = notes.note(notes.note(Noted(), 3), 5)
    assert noted.suspect == {"k2": [3, 5]}
    assert noted.absent == {"digest"}
    assert noted.unknown == noted.not_held == ["leaf 3", "leaf 5"]


def test_entries_that_name_another_log_or_wrap_an_entry_of_one_are_noted(notes: Notes) -> None:
    noted = notes.note(notes.note(notes.note(Noted(), 1), 2, other=object()), 3, kind=KIND)
    assert noted.naming == [2, 3]


def test_the_notes_of_runs_add_up_and_their_lists_end_at_a_limit() -> None:
    parts = 7

    def part(n: int) -> Noted:
        names: list[Any] = [f"{n} {each}" for each in range(30)]
        many: list[Any] = [f"{n} {each}" for each in range(400)]
        return Noted(
            entries=n,
            findings=n,
            remarks=names,
            brackets=many,
            open_ends=n,
            late=n,
            sealed=n,
            suspect={"k1": [n], f"k{n}": [n, n]},
            naming=[n],
            not_held=names,
            unknown=names,
            absent={f"{n}"},
        )

    whole = Noted()
    for n in range(2, parts):
        whole.add(part(n))
    total = sum(range(2, parts))
    listed: list[Any] = [each for n in range(2, parts) for each in part(n).not_held][:MOST]
    assert (whole.entries, whole.findings, whole.open_ends, whole.late, whole.sealed) == (total,) * 5
    assert (whole.remarks, whole.not_held, whole.unknown) == (listed, listed, listed)
    assert len(listed) == MOST
    assert whole.brackets == [each for n in range(2, parts) for each in part(n).brackets][: LISTED + 1]
    assert (whole.naming, whole.absent) == ([*range(2, parts)], {f"{n}" for n in range(2, parts)})
    assert whole.suspect["k1"] == [*range(2, parts)]
    assert whole.suspect["k3"] == [3, 3]


# -- the whole audit ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shelf_of(small()[0], tmp_path_factory.mktemp("checked") / "entries.db")


def registrar_of(ledger: Ledger) -> Registrar:
    return Registrar(ledger.keeper.actor, ledger.keeper.party, ledger.keeper.key)


def problem(n: int) -> Problem:
    return Problem("SIG-BAD", f"#{n}", "it is wrong")


@pytest.mark.parametrize(("problems", "is_said"), [(0, True), (1, False)])
def test_that_the_register_is_another_one_is_said_where_nothing_else_is_wrong(
    place: Path, problems: int, is_said: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger, _ = small()
    found = [problem(n) for n in range(problems)]
    monkeypatch.setattr(auditing, "check_run", lambda *_: Run(0, 0, (0, []), [*found], Noted(), {}, []))
    report = audit(place, ledger.origin, registrar_of(ledger), workers=1)
    assert report.problems == ([OTHER_REGISTER] if is_said else found)


@pytest.mark.parametrize(("of_each", "runs"), [(MOST - 1, 2), (MOST, 1), (MOST + 5, 1)])
def test_an_audit_ends_at_a_hundred_problems(
    place: Path, of_each: int, runs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger, _ = small()
    checked: list[tuple[int, int]] = []

    def check(*given: Any) -> Run:
        checked.append(given[-2:])
        return Run(0, 0, (0, []), [problem(n) for n in range(of_each)], Noted(), {}, [])

    monkeypatch.setattr(auditing, "RUN", 2)
    monkeypatch.setattr(auditing, "check_run", check)
    report = audit(place, ledger.origin, registrar_of(ledger), workers=1)
    assert len(report.problems) == MOST
    assert checked == [(0, 2), (2, 4), (4, 5)][:runs]


@pytest.mark.parametrize(
    ("first", "size", "is_refused"), [(1, 10, False), (0, 10, True), (-5, 3, True), (1, 11, True), (2, 10, False)]
)
def test_a_numbering_that_the_file_has_no_room_for_is_damage(
    first: int, size: int, is_refused: bool, tmp_path: Path
) -> None:
    ledger, _ = small()
    (tmp_path / "entries.db").write_bytes(bytes(10 * SMALLEST + SMALLEST - 1))
    rows = {statements.BOUNDS: SimpleNamespace(fetchone=lambda: (first, size)), statements.OF_ORDER: []}
    c: Any = SimpleNamespace(execute=lambda statement, params=(): rows[statement])
    keyring = Keyring(ledger.registry, registrar_of(ledger))
    if is_refused:
        with pytest.raises(LedgerError, match=f"LOG-CORRUPT.*numbers its entries from {first - 1} to {size - 1}"):
            begin(c, tmp_path / "entries.db", ledger.origin, keyring)
        return
    report, register = begin(c, tmp_path / "entries.db", ledger.origin, keyring)
    assert (report.size, register) == (size, {})


def test_a_file_has_room_for_the_entries_of_its_wal_too(tmp_path: Path) -> None:
    file = tmp_path / "entries.db"
    file.write_bytes(bytes(2 * SMALLEST))
    assert _room(file) == _room(ForeignFile(file, SCHEMA)) == 2
    file.with_name("entries.db-wal").write_bytes(bytes(3 * SMALLEST))
    assert _room(file) == _room(ForeignFile(file, SCHEMA)) == 5


# -- commits to the map of heads ---------------------------------------------------------------------------------------


def commit(index: int, size: int, root: bytes = b"r" * 32, actor: str = "orn") -> Commit:
    return Commit(index, SignedBy("key", actor, "SYS", "XO"), size, root)


def test_a_commit_is_compared_if_its_entries_precede_it_and_its_key_held_its_role() -> None:
    roots = {0: b"r" * 32, 3: b"s" * 32, 5: b"r" * 32}
    keyring: Any = SimpleNamespace(holds=lambda signer, index: signer.actor == "orn")
    right = [commit(5, 5), commit(9, 0), commit(4, 3, b"s" * 32)]
    assert list(wrong_commits(right, roots, keyring)) == []
    wrong = [commit(4, 5), commit(4, -1), commit(6, 5, b"x" * 32), commit(6, 3)]
    found = list(wrong_commits([*right, *wrong], roots, keyring))
    assert [(each.code, each.where) for each in found] == [
        ("MAP-SIZE", "#4"),
        ("MAP-SIZE", "#4"),
        ("MAP-ROOT", "#6"),
        ("MAP-ROOT", "#6"),
    ]
    assert found[2].says == "it commits the heads of 5 entries under 78787878.., and they have 72727272.."
    assert list(wrong_commits([commit(4, 5, actor="other")], roots, keyring)) == []
    assert sizes_of([*right, *wrong]) == {5, 0, 3}


def test_commits_are_read_from_the_entries_that_open_and_commit() -> None:
    ledger, _ = small()
    orn = ledger.enrol("orn", "XO", "ISS", "SYS")
    index = ledger.commit(orn, size=3, root=b"r" * 32)
    (found,) = commits_in([(0, b"{}"), *enumerate(ledger.entries)])
    assert (found.index, found.size, found.signer.actor) == (index, 3, hand("orn").actor)
    assert found.root == b"r" * 32
