"""An auditor reads a log as an outsider and signs what it checked: what is new, and nothing if anything is wrong."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from ledger.adapters.keys.mldsa import MlDsaKey, verify
from ledger.adapters.log.ledger_as_published import reading
from ledger.adapters.log.published_log import Fetch
from ledger.application.auditing import run
from ledger.application.auditing.audit_files import FOLDER, files_in
from ledger.application.auditing.program import MADE, own_statement, program_digest
from ledger.application.auditing.run import Auditor, AuditRun, _head, audit_log, sign_subtree
from ledger.entries.envelope import EntryPlace
from ledger.entries.keyring import Registrar
from ledger.entries.placement import map_of
from ledger.errors import LedgerError, RecordError
from ledger.law.provisions import rules_digest
from ledger.tlog.audit_statement import auditor_name, parse_statement
from ledger.tlog.note import MLDSA44, Vkey, parse_checkpoint
from ledger.tlog.policy import parse_policy
from ledger.tlog.subtree import subtree_root
from ledger.tlog.subtree_cosignature import Subtree, open_subtree
from tests.ledger.adapters.witness.test_followed_entries import SENT, publish
from tests.support.memory_ledger import ORDER, Ledger, hand, small

NOON = datetime(2027, 6, 1, 12, tzinfo=UTC)
native = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.mldsa", reason="needs cryptography 50")


def auditor(seed: bytes = b"karsk") -> Auditor:
    key = MlDsaKey(native.MLDSA44PrivateKey.from_seed_bytes(sha256(seed).digest()))
    text = own_statement()
    return Auditor(Vkey.of(auditor_name("auditor.example/karsk", text), MLDSA44, key.public), text, key.sign)


class Office:
    """The office of an auditor, and a log that somebody publishes."""

    def __init__(self, folder: Path) -> None:
        self.log, self.state = folder / "log", folder / "state"

    def audit(self, ledger: Ledger, **more: Any) -> AuditRun:
        publish(ledger, self.log)
        registrar = Registrar(ledger.keeper.actor, ledger.keeper.party, ledger.keeper.key)
        policy = parse_policy(ledger.policy())
        return audit_log(
            str(self.log), policy, registrar, ledger.origin, more.pop("auditor", auditor()), self.state, NOON, **more
        )

    def notes(self) -> set[tuple[int, int]]:
        """Return the ranges of all notes, each opened with the key of the auditor."""
        files = files_in(self.state / FOLDER)
        opened = (open_subtree(files[n], [auditor().key], mldsa=verify) for n in files if n.endswith(".note"))
        return {(each.subtree.start, each.subtree.end) for each in opened}


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def further(ledger: Ledger, by: Any, count: int) -> None:
    for _ in range(count):
        ledger.record(by, "order-transmitted", SENT, order=ORDER)


def codes(run: AuditRun) -> list[str]:
    return [alarm.code for alarm in run.wrong]


def test_a_run_signs_every_entry_and_the_next_one_reads_and_signs_only_what_is_new(office: Office) -> None:
    ledger, ilves = small()
    first = office.audit(ledger)
    assert (first.signed, first.seen.entries, first.wrong) == (((0, 5),), 5, ())
    further(ledger, ilves, 9)
    second = office.audit(ledger)
    assert (second.signed, second.seen.entries) == (((5, 6), (6, 8), (8, 14)), 9)
    third = office.audit(ledger)
    assert (third.signed, third.seen.entries, third.wrong) == ((), 0, ())
    assert office.notes() == {(0, 5), (5, 6), (6, 8), (8, 14)}


def test_the_whole_log_is_signed_as_one_where_that_is_wanted(office: Office) -> None:
    ledger, ilves = small()
    office.audit(ledger)
    further(ledger, ilves, 2)
    run = office.audit(ledger, whole=True)
    assert (run.signed, run.seen.entries) == (((0, 7),), 2)
    assert office.audit(ledger, whole=True).signed == ()
    assert office.audit(ledger).signed == ()


@pytest.mark.parametrize("whole", [False, True])
def test_of_a_log_without_entries_nothing_is_signed(office: Office, whole: bool) -> None:
    run = office.audit(Ledger(), whole=whole)
    assert (run.signed, run.wrong, office.notes()) == ((), (), set())


def test_notes_that_begin_behind_the_first_entry_do_not_cover_it(office: Office) -> None:
    ledger, ilves = small()
    office.audit(ledger)
    further(ledger, ilves, 3)
    office.audit(ledger)
    for file in (office.state / FOLDER).glob("*.note"):
        if b"subtree 0 5" in file.read_bytes():
            file.unlink()
    assert office.notes() == {(5, 6), (6, 8)}
    assert office.audit(ledger).signed == ((0, 8),)


def test_a_subtree_that_the_head_does_not_have_is_not_signed() -> None:
    ledger, _ = small()
    head = parse_checkpoint(ledger.checkpoint().decode().partition("\n\n")[0] + "\n")
    for start, end in ((0, 4), (4, 5), (0, 5)):
        subtree = Subtree(ledger.origin, start, end, subtree_root(start, end, ledger.read))
        note = sign_subtree(subtree, head, auditor(), ledger.read)
        assert open_subtree(note, [auditor().key], mldsa=verify).subtree == subtree
        with pytest.raises(RecordError, match="SUB-PATH"):
            sign_subtree(Subtree(ledger.origin, start, end, bytes(32)), head, auditor(), ledger.read)


def test_without_a_head_seen_there_is_nothing_to_sign(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match=r"no head of ledger\.test/none was seen") as raised:
        _head(tmp_path, "ledger.test/none")
    assert raised.value.code == "LOG-UNREACHABLE"


@pytest.mark.parametrize(
    "fault", [RecordError("LOG-TILE", "torn"), LedgerError("LOG-UNREACHABLE", "away")], ids=["record", "ledger"]
)
def test_a_log_that_cannot_be_read_again_is_said_and_nothing_is_signed(
    office: Office, monkeypatch: pytest.MonkeyPatch, fault: RecordError | LedgerError
) -> None:
    ledger, ilves = small()
    ledger.record(ilves, "order-transmitted", SENT, order=ORDER, role="CT")
    read = reading

    @contextmanager
    def once(where: str) -> Iterator[Fetch]:
        monkeypatch.setattr(run, "reading", again)
        with read(where) as fetch:
            yield fetch

    @contextmanager
    def again(where: str) -> Iterator[Fetch]:
        def fail(path: str, most: int) -> bytes:
            raise fault

        yield fail

    monkeypatch.setattr(run, "reading", once)
    result = office.audit(ledger)
    assert [(each.code, each.says) for each in result.wrong] == [(fault.code, fault.says)]
    assert ([each.code for each in result.remarks], result.signed) == (["V-ROLE-NOT-HELD"], ())


def test_faults_and_remarks_of_a_run_are_kept_apart(office: Office) -> None:
    ledger, ilves = small()
    ledger.record(ilves, "order-transmitted", SENT, order=ORDER, role="CT")
    wrong_key(ledger, ilves)
    result = office.audit(ledger)
    assert (codes(result), [each.code for each in result.remarks]) == (["KEY-UNKNOWN"], ["V-ROLE-NOT-HELD"])


def test_the_statement_has_the_checks_of_this_program_and_no_more() -> None:
    statement = parse_statement(own_statement())
    assert (statement.checks, statement.program, statement.rules) == (MADE, program_digest(), rules_digest())


def test_notes_are_of_the_roots_of_the_log(office: Office) -> None:
    ledger, _ = small()
    office.audit(ledger)
    files = files_in(office.state / FOLDER)
    (note,) = (files[name] for name in files if name.endswith(".note"))
    expected = Subtree(ledger.origin, 0, 5, subtree_root(0, 5, ledger.read))
    assert open_subtree(note, [auditor().key], mldsa=verify).subtree == expected


def wrong_key(ledger: Ledger, ilves: Any) -> None:
    ledger.record(hand("ilves", key="other"), "order-transmitted", SENT, order=ORDER)


def wrong_chain(ledger: Ledger, ilves: Any) -> None:
    place = EntryPlace(ledger.origin, ORDER, 3, "00" * 32, "2AP-7")
    ledger.record(ilves, "order-transmitted", SENT, order=ORDER, place=place)


def no_entry(ledger: Ledger, ilves: Any) -> None:
    ledger.append(b"neither")


def wrong_heads(ledger: Ledger, ilves: Any) -> None:
    ledger.record(ilves, "heads-committed", {"size": 3, "map_root": "00" * 32}, order=map_of(ledger.origin), role="SYS")


FAULTS = {wrong_heads: "MAP-ROOT", wrong_key: "KEY-UNKNOWN", wrong_chain: "SPLIT-ORDER", no_entry: "ENV-NONCANON"}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("apart", [False, True])
def test_a_run_that_finds_a_fault_signs_nothing_and_neither_does_a_later_one(
    office: Office, fault: Any, apart: bool
) -> None:
    ledger, _ = small()
    orn = ledger.enrol("orn", "XO", "ISS", "SYS")
    if apart:
        office.audit(ledger)
    before = office.notes()
    fault(ledger, orn)
    assert (codes(run := office.audit(ledger)), run.signed) == ([FAULTS[fault]], ())
    assert (codes(run := office.audit(ledger, whole=True)), run.signed) == ([FAULTS[fault]], ())
    assert office.notes() == before == ({(0, ledger.size - 1)} if apart else set())


def test_a_role_that_is_not_held_is_said_and_does_not_prevent_the_statement(office: Office) -> None:
    ledger, ilves = small()
    ledger.record(ilves, "order-transmitted", SENT, order=ORDER, role="CT")
    run = office.audit(ledger)
    assert (run.signed, [each.code for each in run.remarks]) == (((0, 6),), ["V-ROLE-NOT-HELD"])


def test_another_history_than_the_signed_one_is_not_signed(office: Office) -> None:
    ledger, _ = small()
    office.audit(ledger)
    fork = Ledger()
    for raw in (*ledger.entries[:4], ledger.entries[3]):
        fork.append(raw)
    run = office.audit(fork)
    assert (codes(run), run.signed, office.notes()) == (["SPLIT-VIEW"], (), {(0, 5)})


def test_a_lost_state_is_read_again_from_the_first_entry_and_notes_are_not_doubled(office: Office) -> None:
    ledger, ilves = small()
    office.audit(ledger)
    for file in office.state.glob("*.db*"):
        file.unlink()
    further(ledger, ilves, 3)
    run = office.audit(ledger)
    assert (run.seen.entries, run.signed) == (8, ((5, 6), (6, 8)))


def test_a_kept_note_that_is_not_of_this_auditor_or_tree_stops_the_run(office: Office) -> None:
    ledger, ilves = small()
    office.audit(ledger)
    further(ledger, ilves, 1)
    assert codes(office.audit(ledger, auditor=auditor(b"lorn"))) == ["CP-SIG"]
    (note,) = (office.state / FOLDER).glob("*.note")
    note.write_bytes(note.read_bytes().replace(b"subtree 0 5", b"subtree 0 4"))
    assert codes(office.audit(ledger)) == ["CP-SIG"]


def test_a_log_without_published_entries_or_without_a_checkpoint_is_not_signed(office: Office) -> None:
    ledger, _ = small()
    publish(ledger, office.log)
    for bundle in (office.log / "tile" / "entries").rglob("*"):
        if bundle.is_file():
            bundle.unlink()
    registrar = Registrar(ledger.keeper.actor, ledger.keeper.party, ledger.keeper.key)
    policy = parse_policy(ledger.policy())
    for where in (office.log, office.log / "nothing"):
        run = audit_log(str(where), policy, registrar, ledger.origin, auditor(), office.state, NOON)
        assert (codes(run), run.signed) == (["LOG-UNREACHABLE"], ())


def test_a_state_that_was_read_under_another_registrar_signs_nothing(office: Office) -> None:
    ledger, _ = small()
    office.audit(ledger)
    ledger.keeper = hand("registrar", key="other")
    assert codes(office.audit(ledger)) == ["TRUST"]


def test_the_program_is_the_list_of_its_files_as_sha256sum_writes_it(monkeypatch: Any, tmp_path: Path) -> None:
    for name in ("b.py", "a/c.py", "a/d.sql", "a/__pycache__/c.pyc", "a/.e.swp", "py.typed"):
        (tmp_path / "ledger" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "ledger" / name).write_text(name)
    (tmp_path / "ledger" / "folder.py").mkdir()
    monkeypatch.setattr("ledger.__file__", str(tmp_path / "ledger" / "__init__.py"))
    files = ("a/c.py", "a/d.sql", "b.py", "py.typed")
    lines = "".join(f"{sha256(name.encode()).hexdigest()}  ledger/{name}\n" for name in files)
    assert program_digest() == sha256(lines.encode()).hexdigest()


def test_a_damaged_state_signs_nothing(office: Office) -> None:
    ledger, ilves = small()
    office.audit(ledger)
    (file,) = office.state.glob("*.entries.db")
    with closing(sqlite3.connect(file, isolation_level=None)) as c:
        c.execute("UPDATE read SET root = ?", (bytes(32),))
    further(ledger, ilves, 1)
    assert codes(office.audit(ledger)) == ["LOG-CORRUPT"]
