"""The files of a folder say which log it holds, and each key of that log is asked as in a bundle."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from ledger.adapters.folders.handed_folder import HandedFolder
from ledger.adapters.folders.ledger_folder import read_folder
from ledger.adapters.keys import mldsa
from ledger.adapters.log.checkpoints import CheckpointStore, PublishedHead, TimeStampToken
from ledger.adapters.storage.foreign_file import without_wal
from ledger.adapters.storage.postgres import Address
from ledger.adapters.timestamps import rfc3161
from ledger.application import lazy_verifiers
from ledger.application.integrity import signed_states, verify_ledger
from ledger.application.integrity.audit import Audit
from ledger.application.integrity.log_files import LogFiles, reading_entries
from ledger.application.integrity.signed_states import _newest, arranged_states, compare_states
from ledger.application.integrity.verify_ledger import _by_path, _no_log, _origin, verify_folder, verify_own
from ledger.application.integrity.verify_log import _check_keys, _first, _registrar
from ledger.entries.keyring import Registrar
from ledger.errors import LedgerError, RecordError
from ledger.formats.ed25519 import public_key
from ledger.tlog.note import Checkpoint, log_vkey, note_digest
from ledger.tlog.tree import EMPTY_ROOT, Frontier, root
from ledger.trust.held import HeldCheckpoint
from ledger.verify import entries as verifying
from ledger.verify.exhibits import verify_exhibit
from ledger.verify.progress import VerificationLog
from ledger.verify.report import Verdict, VerificationStep
from tests.ledger.application.integrity.test_audit import shelf_of
from tests.support.hash_log import HashLog
from tests.support.memory_ledger import NOW, hand, small

KEY = log_vkey("ledger.test/xo", public_key(hand("log").seed))
OTHER = log_vkey("ledger.test/xv", public_key(hand("log").seed))


@pytest.mark.parametrize(
    ("policy", "checkpoint", "origin"),
    [
        (f"log {KEY}\nquorum none\n", None, "ledger.test/xo"),
        (f"log {KEY}\nquorum none\n", b"ledger.test/other\n5\n", "ledger.test/xo"),
        (f"log {KEY}\nlog {OTHER}\nquorum none\n", b"ledger.test/other\n5\n", "ledger.test/other"),
        ("no policy", b"ledger.test/other\n5\n", "ledger.test/other"),
        (None, b"ledger.test/other\n5\n", "ledger.test/other"),
        (None, b"\xffx\n", "\ufffdx"),
        (None, None, ""),
    ],
)
def test_a_folder_is_of_the_one_log_of_its_policy_or_else_of_its_checkpoint(
    policy: str | None, checkpoint: bytes | None, origin: str
) -> None:
    assert _origin(None if policy is None else policy.encode(), checkpoint) == origin


def test_a_folder_that_names_no_log_is_not_verified(tmp_path: Path) -> None:
    (tmp_path / "entries.db").touch()
    with pytest.raises(LedgerError, match=r"NO-LEDGER.*neither trust/policy nor log/checkpoint names one"):
        verify_folder(tmp_path, None, None, NOW)


@pytest.mark.parametrize(
    ("files", "code"),
    [((), "NO-LEDGER"), (("checkpoint",), "NOT-A-LEDGER"), (("store", "checkpoint"), "STORE-GIVEN")],
)
def test_why_a_folder_is_no_log_is_said_with_the_command_that_reads_it(
    files: tuple[str, ...], code: str, tmp_path: Path
) -> None:
    for name in files:
        (tmp_path / name).touch()
    assert _no_log(HandedFolder(tmp_path), tmp_path).code == code
    with pytest.raises(LedgerError, match=code):
        verify_folder(tmp_path, None, None, NOW)


def test_time_stamps_are_numbered_for_each_head() -> None:
    assert _by_path([("a", b"1"), ("b", b"2"), ("a", b"3")]) == {
        "heads/a.1.tsr": b"1",
        "heads/b.1.tsr": b"2",
        "heads/a.2.tsr": b"3",
    }


@pytest.mark.parametrize("code", ["LOG-CORRUPT", "NOT-A-FILE"])
def test_only_damage_of_a_database_is_a_result_of_the_verification(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> Any:
        raise LedgerError(code, "in its words")

    given: list[LogFiles] = []
    monkeypatch.setattr(verify_ledger, "without_wal", refuse)
    monkeypatch.setattr(verify_ledger, "verify_files", lambda files, *_: given.append(files))
    (tmp_path / "entries.db").touch()
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "checkpoint").write_bytes(b"ledger.test/xo\n5\n")
    if code == "LOG-CORRUPT":
        verify_folder(tmp_path, None, None, NOW)
        assert [(str(files.damage), files.test) for files in given] == [("LOG-CORRUPT: in its words", False)]
    else:
        with pytest.raises(LedgerError, match=code):
            verify_folder(tmp_path, None, None, NOW)


# -- a whole folder ----------------------------------------------------------------------------------------------------


class Handed:
    """A folder with a ledger of five entries, its published heads, and a file of each other sort."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.ledger, _ = small()
        self.older, self.newest = self.ledger.checkpoint(3), self.ledger.checkpoint()
        name = note_digest(self.older)
        self.statement, self.foreign, self.register = "ab" * 32 + ".statement", "cd" * 32, "ef" * 32
        files = {f"trust/{file}": data for file, data in self.ledger.trust_files().items()}
        files |= {
            "log/checkpoint": self.newest,
            f"log/audits/{self.statement}": b"stated",
            f"foreign/{self.foreign}": b"sent",
        }
        files |= {
            f"registers/{self.register}/4.dsse.json": b"entry",
            f"registers/{self.register}/4.tlog-proof": b"proof",
        }
        for file, data in files.items():
            (path / file).parent.mkdir(parents=True, exist_ok=True)
            (path / file).write_bytes(data)
        shelf_of(self.ledger, path / "entries.db")
        with closing(CheckpointStore.create(path / "heads.db")) as heads:
            for size, note in ((3, self.older), (5, self.newest)):
                heads.keep(PublishedHead(size, note, NOW, None))
            for reply in (b"one", b"two"):
                heads.stamp(TimeStampToken(name, "authority", reply, NOW))
        self.heads = {note_digest(note): note for note in (self.older, self.newest)}
        self.tokens = {f"heads/{name}.1.tsr": b"one", f"heads/{name}.2.tsr": b"two"}

    def holds(self, files: LogFiles) -> None:
        """Check that these are the files of the folder, but its heads."""
        assert (files.of, files.origin, files.test) == ("folder", self.ledger.origin, False)
        assert files.policy == self.ledger.policy()
        assert (files.foreign(self.foreign), files.foreign("else")) == (b"sent", None)
        assert [*files.foreign_names()] == [self.foreign]
        assert files.registers() == {self.register: {4: (b"entry", b"proof")}}
        assert files.audits() == {self.statement: b"stated"}


@pytest.fixture
def handed(tmp_path: Path) -> Handed:
    return Handed(tmp_path / "ledger")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[LogFiles, Any, Any]]:
    """Collect the files that are verified, with the trust and the checkpoint held independently."""
    given: list[tuple[LogFiles, Any, Any]] = []
    monkeypatch.setattr(verify_ledger, "verify_files", lambda files, *more: given.append((files, *more[:2])))
    return given


def test_a_folder_is_verified_with_trust_and_with_a_checkpoint_held_independently(handed: Handed) -> None:
    for name in ("foreign", "registers", "log/audits"):
        shutil.rmtree(handed.path / name)
    with closing(sqlite3.connect(handed.path / "heads.db", isolation_level=None)) as c:
        c.execute("DROP TABLE token")
    path, trust = handed.path, handed.ledger.trust()
    for report in (
        verify_folder(path, trust, None, NOW),
        verify_folder(path, trust, handed.older, NOW),
        verify_own(read_folder(path), trust, NOW),
    ):
        assert (report.verdict, [*report.reasons]) == (Verdict.PASSED, [])
    bare = verify_own(read_folder(path), trust, NOW, unpublished=True)
    assert [(reason.code, reason.where) for reason in bare.reasons] == [("CP-SIG", "log/checkpoint")]
    wrong = verify_folder(path, trust, handed.ledger.checkpoint(3, root=bytes(32)), NOW)
    assert [reason.code for reason in wrong.reasons] == ["ANCHOR-MISMATCH"]
    assert wrong.exhibit is not None
    assert verify_exhibit(wrong.exhibit, trust).reasons[0].code == "SPLIT-VIEW"


def test_the_files_of_a_folder_that_was_handed_over_are_read(handed: Handed, asked: list[Any]) -> None:
    verify_folder(handed.path, None, handed.older, NOW)
    ((files, trust, anchor),) = asked
    handed.holds(files)
    assert (files.heads, files.tokens) == (handed.heads, handed.tokens)
    assert (files.checkpoint, files.entries_at, files.damage) == (handed.newest, "entries.db", None)
    assert (trust, anchor.checkpoint.size) == (None, 3)
    (handed.path / "heads.db").unlink()
    (handed.path / "log" / "checkpoint").unlink()
    (handed.path / "TEST").touch()
    verify_folder(handed.path, None, None, NOW)
    files, _, anchor = asked[-1]
    assert (files.heads, files.tokens, files.checkpoint, files.test, anchor) == ({}, {}, None, True, None)


@pytest.mark.parametrize("name", ["entries.db", "heads.db"])
def test_a_folder_that_is_written_to_while_it_is_verified_is_busy(
    name: str, handed: Handed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(*_: object) -> None:
        with (handed.path / name).open("ab") as file:
            file.write(bytes(4096))

    monkeypatch.setattr(verify_ledger, "verify_files", write)
    with pytest.raises(LedgerError, match="was written to while it was read") as busy:
        verify_folder(handed.path, None, None, NOW)
    assert busy.value.code == "BUSY"


@pytest.mark.parametrize("files", [(), ("heads.db",), ("entries.db",), ("entries.db", "heads.db")])
def test_the_entries_of_a_database_are_verified_with_the_heads_of_the_folder_or_else_of_the_database(
    files: tuple[str, ...], handed: Handed, asked: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in {"entries.db", "heads.db"} - {*files}:
        (handed.path / name).unlink()
    shared: list[LogFiles] = []

    def within(files: LogFiles, place: object, until: object) -> LogFiles:
        assert place is files.place
        shared.append(files)
        return files

    opened: list[str] = []

    @contextmanager
    def whole(path: Path) -> Iterator[Path]:
        opened.append(path.name)
        with without_wal(path) as file:
            yield file

    monkeypatch.setattr(verify_ledger, "without_wal", whole)
    monkeypatch.setattr(verify_ledger, "_shared", within)
    monkeypatch.setattr(verify_ledger, "address", Address)
    verify_folder(handed.path, None, None, NOW, store="postgresql://office/ledger")
    ((found, *_),) = asked
    handed.holds(found)
    assert found.place == Address("postgresql://office/ledger", handed.ledger.origin)
    assert (found.entries_at, found.checkpoint) == ("store", handed.newest)
    assert opened == [name for name in files if name == "heads.db"]
    assert shared == ([] if "heads.db" in files else [found])
    assert found.heads == (handed.heads if "heads.db" in files else {})


def test_the_files_of_this_offices_ledger_are_read_as_those_of_another(
    handed: Handed, asked: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[dict[str, object]] = []

    class Store(CheckpointStore):
        def __init__(self, place: Any, **how: Any) -> None:
            opened.append(how)
            super().__init__(place, **how)

    monkeypatch.setattr(verify_ledger, "CheckpointStore", Store)
    verify_own(read_folder(handed.path), None, NOW)
    ((files, trust, anchor),) = asked
    handed.holds(files)
    assert (files.heads, files.tokens) == (handed.heads, handed.tokens)
    assert (files.checkpoint, files.entries_at) == (handed.newest, "entries.db")
    assert (trust, anchor, files.place) == (None, None, handed.path / "entries.db")
    assert opened == [{"writable": False, "moved": True}]
    verify_own(read_folder(handed.path), None, NOW, unpublished=True)
    files = asked[-1][0]
    assert (files.heads, files.tokens, files.checkpoint) == ({}, {}, None)
    assert files.policy == handed.ledger.policy()
    (handed.path / "heads.db").unlink()
    (handed.path / "log" / "checkpoint").unlink()
    verify_own(read_folder(handed.path), None, NOW)
    files = asked[-1][0]
    assert (files.heads, files.tokens, files.checkpoint) == ({}, {}, None)
    assert len(opened) == 1


def test_the_entries_of_this_office_may_be_in_a_database(
    handed: Handed, asked: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = replace(read_folder(handed.path), store="postgresql://office/ledger")
    monkeypatch.setattr(verify_ledger, "EntryReader", lambda place: SimpleNamespace(close=lambda: None))
    verify_own(folder, None, NOW)
    ((files, *_),) = asked
    assert (files.entries_at, files.place) == ("store", Address("postgresql://office/ledger", handed.ledger.origin))
    handed.holds(files)


def test_damage_of_the_entries_names_their_file_and_other_faults_stay() -> None:
    files: Any = SimpleNamespace(entries_at="entries.db")
    with pytest.raises(RecordError) as damaged, reading_entries(files):
        raise LedgerError("LOG-CORRUPT", "a hash is missing")
    assert (damaged.value.code, damaged.value.where) == ("LOG-CORRUPT", "entries.db")
    with pytest.raises(LedgerError, match="BUSY"), reading_entries(files):
        raise LedgerError("BUSY", "in use")


# -- what the log has signed -------------------------------------------------------------------------------------------


def test_of_the_kept_notes_the_largest_takes_the_place_of_a_missing_checkpoint() -> None:
    ledger, _ = small()
    notes = {note_digest(note): note for note in (ledger.checkpoint(2), ledger.checkpoint(5), ledger.checkpoint(3))}
    files: Any = SimpleNamespace(checkpoint=None, heads=notes, tokens={"t": b"1"})
    parts = arranged_states(files)
    assert (parts.checkpoint, parts.heads, parts.tokens) == (ledger.checkpoint(5), notes, {"t": b"1"})
    files.checkpoint = ledger.checkpoint(2)
    assert arranged_states(files).checkpoint == ledger.checkpoint(2)
    assert _newest([]) == b""
    assert _newest([b"no note", ledger.checkpoint(1)]) == ledger.checkpoint(1)
    assert _newest([b"no note"]) == b"no note"


class Walked:
    """An audit of a log of five entries, and what is compared with it."""

    def __init__(self, roots: dict[int, bytes] | None = None) -> None:
        self.log = HashLog(size=5)
        self.audit = Audit(5, frontier=self.log.frontier, roots=roots or {})
        self.reader: Any = SimpleNamespace(hashes=self.log.read)

    def found(self, states: dict[int, bytes], anchor: Checkpoint | None = None) -> list[tuple[str, str, str]]:
        heads = {f"d{size}": SimpleNamespace(checkpoint=Checkpoint("o", size, top)) for size, top in states.items()}
        head = SimpleNamespace(checkpoint=Checkpoint("o", 0, EMPTY_ROOT))
        signed: Any = SimpleNamespace(all=heads, head=head, where=lambda digest: f"heads.db {digest}")
        held = None if anchor is None else HeldCheckpoint(anchor, confirmed=True)
        return [(each.code, each.where, each.says) for each in compare_states(self.audit, self.reader, signed, held)]


def test_each_state_of_any_size_is_compared_with_the_entries() -> None:
    walked = Walked()
    right = {size: root(size, walked.log.read) for size in range(6)}
    assert walked.found(right, Checkpoint("o", 3, right[3])) == []
    for size in range(1, 6):
        says = f"the first {size} entries are not those it was signed for"
        assert walked.found({size: bytes(32)}) == [("LOG-CORRUPT", f"heads.db d{size}", says)]
        wrong = walked.found(right, Checkpoint("o", size, bytes(32)))
        assert [(code, words) for code, _, words in wrong] == [("ANCHOR-MISMATCH", says)]
    more = "it covers 6 entries, and there are 5"
    assert walked.found({6: bytes(32)}) == [("LOG-ROLLBACK", "heads.db d6", more)]
    assert [code for code, *_ in walked.found({}, Checkpoint("o", 6, bytes(32)))] == ["LOG-ROLLBACK"]


def test_where_entries_are_missing_only_a_rollback_is_said() -> None:
    walked = Walked()
    walked.audit.frontier = Frontier(4, walked.log.frontier.peaks[:1])
    assert walked.found({5: bytes(32), 3: bytes(32)}) == []
    assert [code for code, *_ in walked.found({6: bytes(32)})] == ["LOG-ROLLBACK"]


def test_where_no_hashes_are_stored_the_roots_are_those_that_were_computed() -> None:
    walked = Walked({3: b"r" * 32})

    def none(positions: object) -> Any:
        raise AssertionError("an archive has no hashes")

    walked.reader.hashes = none
    assert walked.found({0: EMPTY_ROOT, 3: b"r" * 32, 5: walked.log.frontier.root()}) == []
    assert [code for code, *_ in walked.found({3: b"s" * 32, 5: b"s" * 32})] == ["LOG-CORRUPT"] * 2
    assert signed_states._root(walked.audit, walked.reader, 0) == EMPTY_ROOT


# -- keys --------------------------------------------------------------------------------------------------------------


def test_the_keys_of_the_log_are_checked_in_each_way_and_reported_keys_are_doubted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[Any] = []
    for name in ("check_log_keys", "check_rotations", "check_lines"):
        monkeypatch.setattr(verifying, name, lambda changes, *_, name=name: asked.append((name, [*changes])))
    monkeypatch.setattr(verifying, "doubt_key", lambda *given: asked.append(given[:-1]))
    key = SimpleNamespace(actor="ilves", suspected_since=None)
    reported = SimpleNamespace(actor="orn", suspected_since="2027-03-01T00:00:00Z")
    walked: Any = SimpleNamespace(
        log_changes={3: "change"},
        keyring=SimpleNamespace(keys={"k1": key, "k2": reported}, offices={"ilves": 1}, unread=[]),
        noted=SimpleNamespace(suspect={"k1": [4], "k2": [7, 9]}),
    )
    unused: Any = None
    book = VerificationLog()
    with book.step(VerificationStep.KEYS):
        _check_keys(walked, unused, unused, unused, book)
    ways = [(name, ["change"]) for name in ("check_log_keys", "check_rotations", "check_lines")]
    assert asked == [*ways, ("ilves", "", [4], "#4"), ("orn", "2027-03-01T00:00:00Z", [7, 9], "#7")]
    assert book.steps[0].says == "2 keys of 1 office"
    walked.keyring = None
    with book.step(VerificationStep.TIMES):
        _check_keys(walked, unused, unused, unused, book)
    assert asked[5:] == ways
    assert book.steps[1].says == ""


def test_the_register_begins_with_its_first_entry_or_else_the_first_of_the_log() -> None:
    first: Any = {"registry": b"first of the register"}
    at: Any = {0: b"first"}
    store: Any = SimpleNamespace(first=lambda order: first.get("registry"), at=at.get)
    assert _first(store, "o") == b"first of the register"
    first.clear()
    assert _first(store, "o") == b"first"
    at[0] = 7  # a damaged file holds another type
    assert _first(store, "o") == b""
    at.clear()
    assert _first(store, "o") == b""


def test_the_registrar_is_that_of_the_trust_and_an_empty_log_needs_none() -> None:
    ledger, _ = small()
    keeper = Registrar("k", "XO", ledger.keeper.key)
    trust: Any = SimpleNamespace(registrar=keeper)
    book = VerificationLog()
    assert _registrar(trust, b"", book) is _registrar(trust, ledger.entries[0], book) is keeper
    assert book.not_proven == []
    trust.registrar = None
    for given in (None, trust):
        assert _registrar(given, b"", book) is None
        chosen = _registrar(given, ledger.entries[0], book)
        assert chosen is not None
        assert chosen.key == ledger.keeper.key
    assert book.not_proven != []


def test_a_library_of_a_verifier_is_asked_only_if_it_is_here(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def noted(*given: Any) -> Any:
        asked.append(given)
        return len(asked) == 1 or "stamp"

    monkeypatch.setattr(mldsa, "verify", noted)
    monkeypatch.setattr(rfc3161, "read_stamp", noted)
    assert lazy_verifiers.mldsa(b"public", b"message", b"signature") is True
    monkeypatch.setattr(lazy_verifiers, "find_spec", lambda name: name == "rfc3161_client")
    read = lazy_verifiers.stamps()
    assert read is not None
    result: Any = read(b"reply", b"data", [b"certificate"])
    assert result == "stamp"
    assert asked == [(b"public", b"message", b"signature"), (b"reply", b"data", [b"certificate"])]
    monkeypatch.setattr(lazy_verifiers, "find_spec", lambda name: None)
    assert lazy_verifiers.stamps() is None
