"""A continued audit reads what has no verdict of its auditor, and believes nothing of the folder about the rest."""

from __future__ import annotations

import os
import random
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from copy import deepcopy
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from ledger.application.auditing.program import own_statement
from ledger.application.auditing.run import Auditor
from ledger.application.integrity import continued_audit, kept_verdicts
from ledger.application.integrity.audit import Audit, audit
from ledger.application.integrity.continued_audit import ContinuedAudit
from ledger.application.integrity.kept_verdicts import KeptVerdicts
from ledger.entries.envelope import EntryPlace, open_
from ledger.entries.keyring import Keyring, Registrar
from ledger.entries.payload import SignedBy
from ledger.errors import LedgerError, RecordError
from ledger.tlog.audit_statement import auditor_name
from ledger.tlog.note import MLDSA44, Checkpoint, Head, Vkey
from ledger.tlog.policy import NO_POLICY
from ledger.tlog.subtree_cosignature import cosign_subtree, format_subtree, parse_subtree, subtree_note
from ledger.tlog.tree import EMPTY_ROOT, Frontier, leaf_hash, root
from ledger.verify.heads import Heads
from ledger.verify.time_brackets import Times
from tests.ledger.adapters.witness.test_followed_entries import SENT
from tests.ledger.application.auditing import test_run
from tests.ledger.application.auditing.test_run import further
from tests.ledger.application.integrity.test_audit import forged, shelf_of, touch
from tests.support.killed_command import killed
from tests.support.memory_ledger import ORDER, Ledger, hand, small

auditor = cache(test_run.auditor)  # the digest of the program is that of all its files
WIDTH = 8  # entries of a segment in these tests
LATER = datetime(2027, 5, 30, tzinfo=UTC)
OTHERS = [f"2222222{n}-2222-4333-8444-555555555555" for n in range(4)]


@pytest.fixture(scope="module", autouse=True)
def narrow() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        for module in (kept_verdicts, continued_audit):
            monkeypatch.setattr(module, "SEGMENT", WIDTH)
        monkeypatch.setattr(continued_audit, "_LEVEL", WIDTH.bit_length() - 1)
        monkeypatch.setattr(continued_audit, "LAST", 4)
        yield


def made(other: int | None = None, size: int = 29) -> Ledger:
    """Return a ledger of several orders with committed heads; the entry `other`, of an order, was signed later."""
    ledger, ilves = small()
    orn = ledger.enrol("orn", "XO", "ISS", "SYS")
    for n in range(4):
        transmit(ledger, order=OTHERS[n])
        for _ in range(3):
            transmit(ledger, on=LATER if ledger.size == other else None)
        if n % 2:
            ledger.commit(orn)
    further(ledger, ilves, size - ledger.size)
    return ledger


def transmit(ledger: Ledger, **more: Any) -> int:
    return ledger.record(hand("ilves"), "order-transmitted", SENT, **{"order": ORDER, **more})


class Office:
    """An auditor with its verdicts, and a ledger folder that is judged."""

    def __init__(self, folder: Path, ledger: Ledger) -> None:
        self.folder, self.ledger = folder, ledger
        self.store, self.state = folder / "entries.db", folder / "state" / "verdicts.db"

    def write(self) -> None:
        """Write the ledger's file anew."""
        for file in self.folder.glob("entries.db*"):
            file.unlink()
        shelf_of(self.ledger, self.store)

    @property
    def registrar(self) -> Registrar:
        return Registrar(self.ledger.keeper.actor, self.ledger.keeper.party, self.ledger.keeper.key)

    def head(self, size: int | None = None) -> Checkpoint:
        size = self.ledger.size if size is None else size
        return Checkpoint(self.ledger.origin, size, root(size, self.ledger.read) if size else EMPTY_ROOT)

    def audit(
        self,
        *,
        head: Checkpoint | None = None,
        anew: bool = False,
        by: Any = None,
        progress: Callable[[int, int], None] = lambda done, of: None,
        **more: Any,
    ) -> tuple[Audit, ContinuedAudit]:
        head = head or self.head()
        with KeptVerdicts(self.state, self.ledger.origin, self.registrar, by or auditor()) as kept:
            if anew:
                kept.begin_anew()
            walk = ContinuedAudit(kept, workers=1, **more)
            return walk(self.store, self.ledger.origin, self.registrar, head, no_times(head), progress), walk

    def codes(self, **more: Any) -> list[str]:
        return [problem.code for problem in self.audit(**more)[0].problems]

    def kept(self) -> dict[str, list[Any]]:
        """Return what the state has, with the text of each note in the place of the note."""
        with closing(sqlite3.connect(self.state)) as c:
            tables = {
                name: sorted(c.execute(f"SELECT * FROM {name}").fetchall(), key=repr)  # noqa: S608
                for name in ("checked", "head", "entry", "register", "suspect", "map_head")
            }
            notes = c.execute("SELECT start, note FROM segment ORDER BY start").fetchall()
        return {**tables, "segment": [(start, note.partition(b"\n\n")[0]) for start, note in notes]}

    def change(self, statement: str, *params: Any) -> None:
        """Change the auditor's state."""
        with closing(sqlite3.connect(self.state, isolation_level=None)) as c:
            c.execute(statement, params)


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> tuple[Office, Office]:
    """Return an office whose ledger was not audited yet, and one whose ledger was."""
    new, old = (Office(tmp_path_factory.mktemp(name), made()) for name in ("new", "old"))
    new.write()
    old.write()
    old.audit()
    return new, old


def copied(office: Office, folder: Path) -> Office:
    shutil.copytree(office.folder, folder, dirs_exist_ok=True)
    return Office(folder, deepcopy(office.ledger))


@pytest.fixture
def new(originals: tuple[Office, Office], tmp_path: Path) -> Office:
    """Return an office with a ledger that was not audited yet."""
    return copied(originals[0], tmp_path)


@pytest.fixture
def office(originals: tuple[Office, Office], tmp_path: Path) -> Office:
    """Return an office with a ledger of which three segments have a verdict."""
    return copied(originals[1], tmp_path)


def test_the_first_run_reads_every_entry_and_keeps_a_verdict_on_each_whole_segment(new: Office) -> None:
    report, walk = new.audit()
    whole = audit(new.store, new.ledger.origin, new.registrar, workers=1)
    assert (report.problems, report.signatures, report.rests, walk.signed) == ([], 29, 0, 3)
    assert report.frontier.root() == whole.frontier.root()
    notes = [parse_subtree(text.decode() + "\n") for _, text in new.kept()["segment"]]
    assert [(note.origin, note.start, note.end) for note in notes] == [
        (new.ledger.origin, start, start + WIDTH) for start in (0, 8, 16)
    ]


def test_the_next_run_reads_only_the_entries_behind_the_verdicts_and_finds_the_same_tree(office: Office) -> None:
    further(office.ledger, hand("ilves"), 12)
    office.write()
    report, walk = office.audit()
    assert (report.problems, report.rests, report.signatures, walk.signed) == ([], 24, 41 - 24, 2)
    assert report.frontier.root() == office.head().root
    assert office.audit()[0].signatures == 1


def test_all_reads_every_entry_again_and_compares_it_with_the_verdicts(office: Office) -> None:
    report, walk = office.audit(anew=True)
    assert (report.problems, report.rests, report.signatures, walk.signed) == ([], 0, 29, 3)


def test_a_segment_that_no_signed_head_covers_gets_no_verdict(new: Office) -> None:
    report, walk = new.audit(head=new.head(15))
    assert (report.problems, report.signatures, walk.signed) == ([], 29, 1)
    assert new.audit(head=new.head(16))[1].signed == 1


def test_a_fork_is_not_signed(new: Office) -> None:
    forked = Checkpoint(new.ledger.origin, 29, bytes(32))
    assert new.codes(head=forked) == ["SUB-PATH"]
    assert new.kept()["segment"] == []


# -- a run that is killed ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("segments", [1, 2])
def test_a_run_that_is_interrupted_continues_at_its_last_verdict_with_the_same_result(
    new: Office, segments: int
) -> None:
    def stop(done: int, of: int) -> None:
        if done == segments * WIDTH:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        new.audit(progress=stop)
    report, walk = new.audit()
    assert (report.problems, report.rests, walk.signed) == ([], segments * WIDTH, 3 - segments)
    continued = new.kept()
    new.state.unlink()
    new.audit()
    assert continued == new.kept()


@pytest.mark.slow
def test_a_run_that_is_killed_at_any_write_continues_with_the_same_result(new: Office) -> None:
    new.audit()
    expected = new.kept()
    for file in new.state.parent.iterdir():
        file.unlink()
    rng, kills = random.Random(7), 0
    for _ in range(60):
        kills += killed(rng.choice(["fsync", "open", "link"]), rng.randrange(1, 6), lambda: new.audit())
        if os.path.exists(new.state):
            with closing(sqlite3.connect(new.state)) as c:
                assert c.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    new.audit()
    assert kills
    assert new.kept() == expected


# -- what is changed in the folder -------------------------------------------------------------------------------------


def test_changed_bytes_of_an_old_entry_are_found_by_a_spot_check_and_by_all_and_else_not_asked(office: Office) -> None:
    touch(office.store, "UPDATE stored_events SET state = CAST(state || 'A' AS BLOB) WHERE rowid = 11")
    report, _ = office.audit()
    assert (report.problems, report.rests) == ([], 24)
    assert office.codes(spot=3)
    assert office.codes(anew=True)


def test_a_spot_check_reads_the_segments_that_its_seed_chooses(office: Office) -> None:
    again = [sorted(office.audit(spot=2, seed=seed)[1].again) for seed in (5, 5, 6, 7, 8)]
    assert again[0] == again[1]
    assert len({tuple(each) for each in again}) > 1
    report, walk = office.audit(spot=2, seed=5)
    assert (report.problems, report.signatures, set(walk.again.values())) == ([], 5 + 2 * WIDTH, {"spot check"})
    assert set(office.audit(spot=99)[1].again) == {0, 8, 16}


@pytest.mark.parametrize("anew", [False, True])
def test_another_history_than_the_one_that_was_checked_is_found(office: Office, anew: bool) -> None:
    office.ledger = made(other=10)
    office.write()
    report, _ = office.audit(anew=anew)
    assert ("SUB-PATH", "entries 8 to 15") in {(problem.code, problem.where) for problem in report.problems}


def test_a_ledger_with_fewer_entries_than_were_checked_is_a_rollback(office: Office) -> None:
    touch(office.store, "DELETE FROM stored_events WHERE rowid > 20", "DELETE FROM log_leaf WHERE idx >= 20")
    assert office.codes(head=office.head(20)) == ["LOG-ROLLBACK"]


def test_an_inner_hash_above_the_segments_is_compared(office: Office) -> None:
    touch(office.store, "UPDATE log_leaf SET nodes = CAST(substr(nodes, 1, 96) || zeroblob(32) AS BLOB) WHERE idx = 15")
    assert "LOG-CORRUPT" in office.codes()


def test_a_register_that_lacks_an_old_entry_is_found(office: Office) -> None:
    touch(office.store)
    with closing(sqlite3.connect(office.store, isolation_level=None)) as c:
        query = "SELECT max(rowid) FROM stored_events WHERE originator_id = ?"
        (last,) = c.execute(query, (office.ledger.registry,)).fetchone()
        forged(c, "stored_events", ("originator_id, originator_version",), None, hidden=last)
    report, _ = office.audit()
    assert [(problem.code, problem.where) for problem in report.problems] == [("LOG-CORRUPT", "register")]


def replaying(office: Office, old: int, **more: Any) -> None:
    """Record an entry that repeats something of the entry `old`, and hide that one from the indexes of the file."""
    ledger = office.ledger
    new = transmit(ledger, **more)
    raw = ledger.entries.pop()
    office.write()
    ledger.entries.append(raw)
    touch(office.store)
    p, tree = open_(raw).payload, Frontier()
    *_, hashes = (tree.add(leaf_hash(each)) for each in ledger.entries)
    with closing(sqlite3.connect(office.store, isolation_level=None)) as c:
        row = (new + 1, p.order, p.seq, p.kind, raw, None, None)
        forged(c, "stored_events", ("originator_id, originator_version",), row, old + 1)
        leaf = (new, bytes.fromhex(p.entry), hashes[0], b"".join(hashes[1:]))
        forged(c, "log_leaf", ("entry_id", "leaf"), leaf, old)


def test_a_second_history_of_an_order_is_found_where_the_first_is_hidden_from_the_index(office: Office) -> None:
    old = next(n for n, raw in enumerate(office.ledger.entries) if open_(raw).payload.order == OTHERS[0])
    place = EntryPlace(office.ledger.origin, OTHERS[0], 1, None, "2AP-7")
    replaying(office, old, order=OTHERS[0], place=place)
    report, _ = office.audit()
    assert {(problem.code, problem.where) for problem in report.problems} == {("CTX-CHAIN", "#29")}


def test_the_id_of_an_old_entry_is_found_where_that_one_is_hidden_from_the_index(office: Office) -> None:
    office.ledger.entry_id = lambda: open_(office.ledger.entries[9]).payload.entry  # type: ignore[method-assign]
    replaying(office, 9)
    assert "CTX-REPLAY" in office.codes()


# -- what is changed in the state of the auditor -----------------------------------------------------------------------


def note(office: Office, start: int) -> bytes:
    with closing(sqlite3.connect(office.state)) as c:
        return bytes(c.execute("SELECT note FROM segment WHERE start = ?", (start,)).fetchone()[0])


def swapped(office: Office) -> None:
    office.change("UPDATE segment SET note = ? WHERE start = 8", note(office, 16))


def truncated(office: Office) -> None:
    office.change("UPDATE segment SET note = substr(note, 1, length(note) - 40) WHERE start = 8")


def lost(office: Office) -> None:
    office.change("DELETE FROM segment WHERE start = 8")


def of_another_auditor(office: Office) -> None:
    signed_by(office, auditor(b"lorn"))


def of_another_program(office: Office) -> None:
    text, mine = re.sub(rb"program [0-9a-f]+", b"program " + b"0" * 64, own_statement()), auditor()
    key = Vkey.of(auditor_name("auditor.example/karsk", text), MLDSA44, mine.key.public)
    signed_by(office, Auditor(key, text, mine.sign))


def signed_by(office: Office, other: Auditor, **changed: Any) -> None:
    subtree = replace(parse_subtree(note(office, 8).decode().partition("\n\n")[0] + "\n"), **changed)
    line = cosign_subtree(subtree, other.key.name, other.key.public, other.sign)
    office.change("UPDATE segment SET note = ? WHERE start = 8", subtree_note(subtree, [line]))


def of_another_log(office: Office) -> None:
    signed_by(office, auditor(), origin="ledger.test/xo/lorn")


def of_another_root(office: Office) -> None:
    text, signature = note(office, 8).split(b"\n\n")
    other = format_subtree(replace(parse_subtree(text.decode() + "\n"), root=bytes(32))).encode()
    office.change("UPDATE segment SET note = ? WHERE start = 8", other + b"\n" + signature)


@pytest.mark.parametrize(
    "attack", [swapped, truncated, lost, of_another_auditor, of_another_program, of_another_log, of_another_root]
)
def test_if_a_kept_verdict_does_not_hold_none_counts_and_every_entry_is_read(office: Office, attack: Any) -> None:
    expected = office.kept()
    attack(office)
    report, walk = office.audit()
    assert (report.problems, report.rests, report.signatures, walk.signed) == ([], 0, 29, 3)
    assert walk.refused is not None
    assert office.kept() == expected
    assert office.audit()[1].refused is None


def test_a_verdict_by_the_auditors_key_on_other_entries_is_a_problem_of_the_ledger(office: Office) -> None:
    signed_by(office, auditor(), root=bytes(32))
    assert "SUB-PATH" in office.codes()
    assert office.codes(anew=True) == ["SUB-PATH"]


def test_verdicts_under_another_registrar_are_not_continued(office: Office) -> None:
    office.ledger.keeper = hand("registrar", key="other")
    with pytest.raises(LedgerError, match="another registrar") as caught:
        office.audit()
    assert caught.value.code == "TRUST"


def test_of_two_runs_at_once_one_is_refused(new: Office) -> None:
    def meanwhile(done: int, of: int) -> None:
        if done == WIDTH:
            Office.audit(new)

    with pytest.raises(LedgerError) as caught:
        new.audit(progress=meanwhile)
    assert caught.value.code == "BUSY"
    assert new.audit()[0].problems == []


def test_a_damaged_state_is_said(office: Office) -> None:
    office.state.write_bytes(b"no database")
    with pytest.raises(LedgerError) as caught:
        office.audit()
    assert caught.value.code == "LOG-CORRUPT"


# -- the register and the map of heads ---------------------------------------------------------------------------------


def test_no_register_entry_changes_who_may_sign_at_an_earlier_position() -> None:
    ledger, ilves = small()
    orn = ledger.enrol("orn", "XO", "ISS", "SYS")
    keeper = ledger.keeper
    said = {"actor": "ilves", "key": ilves.key, "suspected_since": "2027-03-01T00:00:00Z"}
    ledger.record(keeper, "key-compromised", said)
    ledger.record(keeper, "key-revoked", {"actor": "orn", "key": orn.key, "cause": "replaced"})
    ledger.record(keeper, "authority-changed", {"actor": "orn", "roles": ["VAL"], "valid_from": "2027-02-01"})
    keyring = Keyring(ledger.registry, Registrar(keeper.actor, keeper.party, keeper.key))
    answers: dict[tuple[str, str, int], str] = {}
    opened = [open_(raw) for raw in ledger.entries]
    for index, each in enumerate(opened):
        if each.payload.order == ledger.registry:
            keyring.admit(each, index)
        for by in (ilves, orn, keeper):
            for role in ("ISS", "VAL", "SYS", "ADM"):
                for position in range(index + 1):
                    found = answer(keyring, SignedBy(actor=by.actor, role=role, party=by.party, key=by.key), position)
                    assert answers.setdefault((by.actor, role, position), found) == found
    assert len(set(answers.values())) > 2


def answer(keyring: Keyring, signer: SignedBy, position: int) -> str:
    try:
        keyring.check_key(signer, position)
    except RecordError as refused:
        return refused.code
    return f"may sign, {keyring.holds(signer, position)}"


def test_segments_that_were_checked_before_a_key_was_reported_are_read_once_more(office: Office) -> None:
    ledger = office.ledger
    said = {"actor": "ilves", "key": hand("ilves").key, "suspected_since": "2027-03-01T00:00:00Z"}
    ledger.record(ledger.keeper, "key-compromised", said)
    office.write()
    whole = audit(office.store, ledger.origin, office.registrar, workers=1, times=no_times(office.head()))
    for expected in ([0, 8, 16], [], []):
        report, walk = office.audit()
        assert sorted(walk.again) == expected
        assert report.problems == []
        assert report.noted.suspect == whole.noted.suspect
        assert len(whole.noted.suspect[hand("ilves").key]) > 20


def test_a_report_casts_no_doubt_on_segments_that_end_before_the_key_was_accepted(office: Office) -> None:
    ledger = office.ledger
    late = ledger.enrol("late", "XO", "ISS")
    accepted = ledger.size - 1
    further(ledger, hand("ilves"), 10)
    office.write()
    office.audit()
    said = {"actor": "late", "key": late.key, "suspected_since": "2027-03-01T00:00:00Z"}
    ledger.record(ledger.keeper, "key-compromised", said)
    office.write()
    report, walk = office.audit()
    assert sorted(walk.again) == [start for start in range(0, 40, WIDTH) if start + WIDTH > accepted] == [24, 32]
    assert {*walk.again.values()} == {f"entry {ledger.size - 1} reports a key of late"}
    assert report.problems == []


def test_what_segments_add_is_in_the_tables_when_a_run_ends_and_every_few_segments(
    new: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_verdicts, "_LAG", 2)
    new.ledger = made(size=60)
    new.write()
    behind: list[tuple[int, int]] = []

    def look(done: int, of: int) -> None:
        with closing(sqlite3.connect(new.state)) as c:
            (added,), (mapped,) = (c.execute(f"SELECT {each}").fetchone() for each in ADDED)
        behind.append((added, (done - mapped) // WIDTH if done <= 56 else 0))

    new.audit(progress=look)
    look(56, 56)
    assert behind[-1] == (0, 0)
    assert max(added for added, _ in behind) == 1
    assert 1 <= max(lag for _, lag in behind) <= 3


ADDED = ("count(*) FROM added", "size FROM map")


@pytest.mark.parametrize(("mapped", "lag"), [(0, 16), (15, 16), (17, 17), (63, 63), (64, 64), (65, 64), (200, 64)])
def test_the_map_of_heads_is_as_many_segments_behind_as_it_has_within_limits(mapped: int, lag: int) -> None:
    kept: Any = SimpleNamespace(_map=SimpleNamespace(state=lambda: (mapped * WIDTH + 3, b"")))
    assert KeptVerdicts._lag(kept) == lag


def test_roots_of_earlier_maps_are_computed_once_and_only_where_nothing_is_wrong(office: Office) -> None:
    def kept() -> dict[int, bytes]:
        with KeptVerdicts(office.state, office.ledger.origin, office.registrar, auditor()) as there:
            return there.map_roots({5, 6})

    office.ledger.commit(hand("orn"), size=5)
    office.write()
    assert kept() == {}
    touch(office.store, "UPDATE stored_events SET state = CAST(state || 'A' AS BLOB) WHERE rowid = 5")
    assert "SUB-PATH" in office.codes()
    assert kept() == {}
    office.write()
    assert office.codes() == []
    assert set(kept()) == {5}
    touch(office.store, "UPDATE stored_events SET state = CAST(state || 'A' AS BLOB) WHERE rowid = 5")
    assert office.codes() == []  # the entries before are not read once more


def test_a_wrong_commit_to_the_heads_is_found_and_its_segment_gets_no_verdict(office: Office) -> None:
    office.ledger.commit(hand("orn"), root=bytes(32))
    further(office.ledger, hand("ilves"), 10)
    office.write()
    assert office.codes() == ["MAP-ROOT"]
    assert office.codes() == ["MAP-ROOT"]
    assert office.kept()["checked"][0][1] == 24


@pytest.mark.parametrize("size", [0, 5, 23, 24, 25, 29])
def test_a_commit_to_the_heads_of_any_size_is_compared(office: Office, size: int) -> None:
    office.ledger.commit(hand("orn"), size=size)
    further(office.ledger, hand("ilves"), 2)
    office.write()
    assert office.codes() == []
    assert office.codes() == []
    office.ledger.commit(hand("orn"), size=size, root=bytes(32))
    office.write()
    assert office.codes() == ["MAP-ROOT"]


def test_a_commit_before_its_segment_is_compared_where_old_bytes_were_changed(office: Office) -> None:
    office.ledger.commit(hand("orn"), size=5)
    office.write()
    touch(office.store, "UPDATE stored_events SET state = CAST(state || 'A' AS BLOB) WHERE rowid = 5")
    assert "SUB-PATH" in office.codes()


@pytest.mark.parametrize("lag", [1, 2, 16])
def test_the_map_of_heads_may_be_behind_when_a_run_is_interrupted(
    new: Office, lag: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_verdicts, "_LAG", lag)
    new.ledger = made(size=60)
    new.write()

    def stop(done: int, of: int) -> None:
        if done == 48:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        new.audit(progress=stop)
    new.ledger.commit(hand("orn"))
    new.write()
    assert new.codes() == []
    new.ledger.commit(hand("orn"), root=bytes(32))
    new.write()
    assert new.codes() == ["MAP-ROOT"]


def no_times(head: Checkpoint) -> Times:
    return Times(Heads("log", Head(head, b"", ()), {}, {}), NO_POLICY)
