"""The files of a folder say which log it holds, and each key of that log is asked as in a bundle."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ledger.adapters.folders.handed_folder import HandedFolder
from ledger.application.integrity import signed_states, verify_ledger
from ledger.application.integrity.audit import Audit
from ledger.application.integrity.log_files import LogFiles, reading_entries
from ledger.application.integrity.signed_states import _newest, arranged_states, compare_states
from ledger.application.integrity.verify_ledger import _by_path, _no_log, _origin, verify_folder
from ledger.application.integrity.verify_log import _check_keys, _first, _registrar
from ledger.entries.keyring import Registrar
from ledger.errors import LedgerError, RecordError
from ledger.formats.ed25519 import public_key
from ledger.tlog.note import Checkpoint, log_vkey, note_digest
from ledger.tlog.tree import EMPTY_ROOT, Frontier, root
from ledger.verify import entries as verifying
from ledger.verify.progress import VerificationLog
from ledger.verify.report import VerificationStep
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
        signed: Any = SimpleNamespace(all=heads, where=lambda digest: f"heads.db {digest}")
        return [(each.code, each.where, each.says) for each in compare_states(self.audit, self.reader, signed, anchor)]


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
        keyring=SimpleNamespace(keys={"k1": key, "k2": reported}, offices={"ilves": 1}),
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
