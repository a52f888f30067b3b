"""The verdict of an office on its ledger, and whether the witnesses are asked what they remember."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ledger.application.integrity import own_check
from ledger.application.integrity.own_check import (
    NOT_ASKED,
    Consistency,
    OwnCheck,
    _OfficeFiles,
    check_ledger,
    check_own,
)
from ledger.entries.case import wire
from ledger.entries.envelope import open_
from ledger.entries.wrapped_entry import KIND
from ledger.errors import LedgerError, RecordError
from ledger.tlog.tile import tile_bytes, tile_path, tiles_for
from ledger.tlog.tree import root
from ledger.verify.report import Reason, Verdict
from tests.support.hash_log import HashLog
from tests.support.memory_ledger import NOW, ORDER, small


def office(urls: tuple[str, ...], mirrors: tuple[str, ...]) -> tuple[_OfficeFiles, OwnCheck]:
    check = OwnCheck(report=None)  # type: ignore[arg-type]
    folder: Any = SimpleNamespace(policy=SimpleNamespace(urls=urls), mirrors=mirrors)
    store: Any = SimpleNamespace(size=3, hashes=None)
    return _OfficeFiles(folder, store, 3, check), check


@pytest.mark.parametrize(
    ("urls", "mirrors", "asks"),
    [((), (), False), (("https://w.example",), (), True), ((), ("https://m.example",), True), (("w",), ("m",), True)],
)
def test_witnesses_are_asked_where_there_is_a_witness_or_a_mirror_with_an_address(
    urls: tuple[str, ...], mirrors: tuple[str, ...], asks: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    monkeypatch.setattr(own_check, "check_witnesses", lambda *given: asked.append(given))
    files, check = office(urls, mirrors)
    files.check_witness_memory()
    assert (len(asked), check.wrong, check.missing) == (int(asks), [], [])


@pytest.mark.parametrize(
    ("code", "wrong"), [("LOG-ROLLBACK", True), ("LOG-FORKED", True), ("HTTP-SILENT", False), ("WITNESS-NONE", False)]
)
def test_what_a_witness_contradicts_is_wrong_and_a_silent_witness_leaves_the_verdict_open(
    code: str, wrong: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise LedgerError(code, "in its words")

    monkeypatch.setattr(own_check, "check_witnesses", refuse)
    files, check = office(("https://w.example",), ())
    files.check_witness_memory()
    reasons = [Reason(code, "witnesses", "in its words")]
    assert (check.wrong, check.missing) == ((reasons, []) if wrong else ([], reasons))


def test_one_contradiction_decides_and_what_is_missing_leaves_it_open() -> None:
    one = Reason("LOG-CORRUPT", "heads.db", "wrong")
    verdicts = {}
    for rests in (0, 2):
        for wrong in ([], [one]):
            for missing in ([], [one]):
                check = OwnCheck(report=None, rests=rests, wrong=[*wrong], missing=[*missing])  # type: ignore[arg-type]
                verdicts[rests, len(wrong), len(missing)] = check.verdict.value
    assert verdicts == {
        (0, 0, 0): "CONSISTENT",
        (0, 0, 1): "UNDECIDED",
        (0, 1, 0): "INCONSISTENT",
        (0, 1, 1): "INCONSISTENT",
        (2, 0, 0): "CONTINUED",
        (2, 0, 1): "UNDECIDED",
        (2, 1, 0): "INCONSISTENT",
        (2, 1, 1): "INCONSISTENT",
    }


# -- the verdict on the entries ----------------------------------------------------------------------------------------

ONE, ASIDE = Reason("LOG-CORRUPT", "#3", "wrong"), Reason("CP-QUORUM", "log", "no quorum")


def report_of(verdict: Verdict, *reasons: Reason, **more: Any) -> Any:
    given = {"reasons": reasons, "signatures": 0, "procedure": (), "not_covered": 0, "entries": 5, "head": None} | more
    return SimpleNamespace(verdict=verdict, **given)


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., OwnCheck]:
    """Return a function that checks a ledger of which `verify_own` gives these reports, one after the other."""
    (tmp_path / "trust").mkdir()
    (tmp_path / "trust" / "policy").write_bytes(b"policy")
    folder: Any = SimpleNamespace(path=tmp_path, policy=None, registrar=None)

    def checked(*reports: Any, walk: Any = None) -> OwnCheck:
        left = [*reports]

        def verify(folder: object, trust: Any, now: object, *, unpublished: bool = False, **_: object) -> Any:
            assert (trust.raw, unpublished) == (b"policy", len(left) < len(reports))
            return left.pop(0)

        monkeypatch.setattr(own_check, "verify_own", verify)
        check = check_own(folder, NOW, walk=walk)
        assert left == []
        return check

    return checked


def test_a_doubt_that_no_entry_is_missing_from_is_a_note_and_any_other_leaves_the_verdict_open(
    own: Callable[..., OwnCheck],
) -> None:
    check = own(report_of(Verdict.INDETERMINATE, ONE, ASIDE))
    assert (check.wrong, check.missing, check.notes) == ([], [ONE], ["CP-QUORUM log: no quorum"])
    assert (check.verdict, check.reasons) == (Consistency.UNDECIDED, [ONE])


def test_a_wrong_audit_and_uncovered_entries_are_notes(own: Callable[..., OwnCheck]) -> None:
    remarks = (SimpleNamespace(code="CMP-AUDIT-WRONG", says="of others"), SimpleNamespace(code="SD-DUP", says="twice"))
    check = own(report_of(Verdict.PASSED, procedure=remarks, not_covered=1))
    signs = "not yet covered by a checkpoint; `comity checkpoint` signs one"
    assert check.notes == ["CMP-AUDIT-WRONG: of others", f"1 entry is {signs}"]
    assert own(report_of(Verdict.PASSED, not_covered=2)).notes == [f"2 entries are {signs}"]
    assert own(report_of(Verdict.PASSED)).notes == []


def test_entries_are_read_although_what_was_published_of_them_is_wrong(own: Callable[..., OwnCheck]) -> None:
    published = report_of(Verdict.FAILED, ONE)
    for entries, wrong in (
        (report_of(Verdict.FAILED, Reason("SIG-BAD", "#4", "wrong")), [ONE, Reason("SIG-BAD", "#4", "wrong")]),
        (report_of(Verdict.INDETERMINATE, ASIDE), [ONE]),
        (report_of(Verdict.PASSED), [ONE]),
    ):
        check = own(published, entries)
        assert (check.wrong, check.missing, check.report) == (wrong, [], entries)
    read = report_of(Verdict.FAILED, ONE, signatures=5)
    check = own(read)
    assert (check.wrong, check.report, check.reasons) == ([ONE], read, [ONE])


def test_a_continued_audit_rests_on_its_verdicts(own: Callable[..., OwnCheck]) -> None:
    assert own(report_of(Verdict.PASSED)).rests == 0
    check = own(report_of(Verdict.PASSED), walk=SimpleNamespace(rests=8))
    assert (check.rests, check.verdict) == (8, Consistency.CONTINUED)


CHECKS = ("permissions", "heads", "time_stamps", "guard", "tiles", "wrapped", "witness_memory", "subject_keys")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Replace the checks of the office's files; return the names of the checks that ran."""
    names: list[str] = []
    for name in CHECKS:
        monkeypatch.setattr(_OfficeFiles, f"check_{name}", lambda self, name=name: names.append(name))
    folder = SimpleNamespace(entries=None, store="")
    monkeypatch.setattr(own_check, "read_folder", lambda path: folder)
    monkeypatch.setattr(own_check, "check_own", lambda *_: OwnCheck(None))  # type: ignore[arg-type]
    reader = SimpleNamespace(size=lambda: 5, close=lambda: names.append("closed"))
    monkeypatch.setattr(own_check, "EntryReader", lambda entries: reader)
    return names


def test_a_check_reads_all_entries_unless_it_is_said() -> None:
    check = OwnCheck(None)  # type: ignore[arg-type]
    assert (check.rests, check.not_asked) == (0, [])


@pytest.mark.parametrize("rests", [0, 8])
def test_all_files_of_an_office_are_compared_and_a_continued_check_says_what_it_leaves_out(
    rests: int, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_check, "check_own", lambda *_: OwnCheck(None, rests))  # type: ignore[arg-type]
    check = check_ledger(Path("there"), NOW)
    assert asked == [*(CHECKS[:-1] if rests else CHECKS), "closed"]
    assert check.not_asked == ([*NOT_ASKED] if rests else [])


@pytest.mark.parametrize(("store", "where"), [("", "entries.db"), ("postgresql://x/y", "store")])
def test_damage_of_the_entries_is_wrong_once_and_other_faults_of_the_machine_end_the_check(
    store: str, where: str, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(code: str) -> Callable[..., Any]:
        def fail(*_: object) -> None:
            raise LedgerError(code, "it is damaged")

        return fail

    folder = SimpleNamespace(entries=None, store=store)
    monkeypatch.setattr(own_check, "read_folder", lambda path: folder)
    monkeypatch.setattr(own_check, "EntryReader", damaged("LOG-CORRUPT"))
    assert check_ledger(Path("there"), NOW).wrong == [Reason("LOG-CORRUPT", where, "it is damaged")]
    monkeypatch.setattr(own_check, "check_own", lambda *_: OwnCheck(None, wrong=[ONE]))  # type: ignore[arg-type]
    assert check_ledger(Path("there"), NOW).wrong == [ONE]
    monkeypatch.setattr(own_check, "EntryReader", damaged("STORE-AWAY"))
    with pytest.raises(LedgerError, match="STORE-AWAY"):
        check_ledger(Path("there"), NOW)
    assert asked == []


# -- the files of an office --------------------------------------------------------------------------------------------


def files_of(folder: Any, store: Any = None, rests: int = 0) -> tuple[_OfficeFiles, OwnCheck]:
    check = OwnCheck(report=SimpleNamespace(head=None), rests=rests)  # type: ignore[arg-type]
    size = store.size() if store is not None else 0
    there: Any = SimpleNamespace(**({"path": Path("there"), "origin": "o"} | folder))
    return _OfficeFiles(there, store, size, check), check


def test_files_that_others_can_open_are_named_with_the_command_that_closes_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(own_check, "exposed", lambda path, home, origin: ["keys.db", "state/guard.db"])
    files, check = files_of({})
    files.check_permissions()
    assert check.notes[0] == "others can get at keys.db: chmod go= keys.db"
    assert (len(check.notes), check.verdict) == (2, Consistency.CONSISTENT)


def test_without_kept_heads_a_ledger_is_inconsistent() -> None:
    for has_heads in (True, False):
        files, check = files_of({"has_heads": has_heads})
        files.check_heads()
        assert [(each.code, each.where) for each in check.wrong] == ([] if has_heads else [("LOG-CORRUPT", "heads.db")])


@pytest.mark.parametrize(("lacks", "reads"), [("", True), ("authorities", False), ("reader", False), ("heads", False)])
def test_every_kept_time_stamp_is_read_again_where_authorities_are_trusted(
    lacks: str, reads: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = SimpleNamespace(note=b"note")
    tokens = [SimpleNamespace(head=head, reply=head.encode(), authority="tsa", at=NOW) for head in ("a", "b", "none")]
    heads = SimpleNamespace(
        tokens=lambda: tokens, get=lambda digest: None if digest == "none" else known, close=lambda: None
    )
    given: list[tuple[bytes, bytes]] = []

    def read(reply: bytes, note: bytes, trusted: object) -> None:
        given.append((reply, note))
        if reply != b"a":
            raise RecordError("TST-IMPRINT", "of another note")

    rfc = SimpleNamespace(
        trusted=lambda path: [] if lacks == "authorities" else ["cert"],
        reader=lambda: None if lacks == "reader" else read,
    )
    monkeypatch.setattr(own_check, "rfc3161", rfc)
    monkeypatch.setattr(own_check, "CheckpointStore", lambda place, writable: heads)
    files, check = files_of({"has_heads": lacks != "heads", "heads": None})
    files.check_time_stamps()
    assert given == ([(b"a", b"note"), (b"b", b"note"), (b"none", b"")] if reads else [])
    wrong = Reason("TST-IMPRINT", f"heads.db, tsa {wire(NOW)}", "of another note")
    assert check.wrong == ([wrong, wrong] if reads else [])


class Guard:
    """Stand-ins for the guard of a log of five entries."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.log = HashLog(size=5)
        self.fault = ""
        self.refused = False
        self.head: Any = SimpleNamespace(size=5, root=root(5, self.log.read))
        monkeypatch.setattr(
            own_check, "Home", SimpleNamespace(of=lambda path: SimpleNamespace(log=lambda origin: None))
        )
        hand = SimpleNamespace(last=self.last, close=lambda: None)
        monkeypatch.setattr(own_check, "signatory", lambda keys, state: hand)
        monkeypatch.setattr(own_check, "open_checkpoint", self.opened)

    def last(self) -> Any:
        if self.fault:
            raise LedgerError(self.fault, "in its words")
        return SimpleNamespace(note=b"note")

    def opened(self, *_: object, mldsa: object) -> Any:
        if self.refused:
            raise RecordError("CP-SIG", "not signed by the log")
        return SimpleNamespace(checkpoint=self.head)

    def check(self) -> OwnCheck:
        store = SimpleNamespace(size=lambda: 5, hashes=self.log.read)
        files, check = files_of({"keys": ()}, store)
        files.check_guard()
        return check


@pytest.mark.parametrize("size", range(6))
def test_the_entries_begin_with_those_that_the_guard_has_signed(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    guard = Guard(monkeypatch)
    guard.head = SimpleNamespace(size=size, root=root(size, guard.log.read))
    assert guard.check().reasons == []
    guard.head.root = bytes(32)
    says = f"the first {size} entries are not those it was signed for"
    assert guard.check().wrong == [Reason("LOG-CORRUPT", "guard", says)]


def test_a_guard_that_has_signed_more_or_holds_no_signature_is_a_contradiction(monkeypatch: pytest.MonkeyPatch) -> None:
    guard = Guard(monkeypatch)
    guard.head.size = 6
    rollback = Reason("LOG-ROLLBACK", "guard", "it covers 6 entries, and there are 5")
    assert guard.check().wrong == [rollback]
    guard.refused = True
    assert guard.check().wrong == [Reason("CP-SIG", "guard", "not signed by the log")]


@pytest.mark.parametrize("code", ["GUARD-MISSING", "GUARD-CLOSED", "GUARD-AWAY", "STORE-AWAY", "KEY-AWAY"])
def test_without_its_guard_the_verdict_on_a_ledger_is_open(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    guard = Guard(monkeypatch)
    guard.fault = code
    check = guard.check()
    says = "in its words: nothing here says what was signed before"
    assert (check.missing, check.wrong) == ([Reason(code, "guard", says)], [])
    guard.fault = "LOG-CORRUPT"
    with pytest.raises(LedgerError, match="LOG-CORRUPT"):
        guard.check()


# -- sealed values -----------------------------------------------------------------------------------------------------


class Keys:
    """Stand-ins for the keys of data subjects, and for what entries state of them."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.elsewhere: list[str] = []
        self.unrecorded: list[str] = []
        self.unstated: set[str] = set()
        self.destroyed: dict[str, int] = {}
        self.existing: set[str] = set()
        self.left: list[tuple[int, str, bool]] = []
        self.keys: Any = SimpleNamespace(
            unrecorded=lambda: [SimpleNamespace(key_id=each) for each in self.unrecorded],
            existing=lambda keys: self.existing & set(keys),
            close=lambda: None,
        )
        cases = SimpleNamespace(destroyed_keys=lambda: self.destroyed)
        for name, stand_in in (
            ("open_subject_keys", lambda folder, writable: self.keys),
            ("CaseReader", lambda *_: cases),
            ("elsewhere", lambda *_: self.elsewhere),
            ("where", lambda store, keys: f"values under {', '.join(keys)}"),
            ("unstated", lambda store, cases, key_id: key_id in self.unstated),
            ("left_over", lambda *_: iter(self.left)),
        ):
            monkeypatch.setattr(own_check, name, stand_in)

    def check(self, keys_store: str = "") -> OwnCheck:
        files, check = files_of({"path": self.folder, "keys_store": keys_store})
        files.check_subject_keys()
        return check


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Keys:
    return Keys(tmp_path, monkeypatch)


def test_keys_that_are_as_the_entries_say_need_no_word(keys: Keys, tmp_path: Path) -> None:
    keys.unrecorded, keys.destroyed = ["k1"], {"k2": 7}
    (tmp_path / "keys.db").touch()
    check = keys.check()
    assert (check.wrong, check.missing, check.notes) == ([], [], [])


def test_a_file_of_keys_that_have_moved_is_noted(keys: Keys, tmp_path: Path) -> None:
    assert keys.check("postgresql://x/y").notes == []
    (tmp_path / "keys.db").touch()
    assert [note[:25] for note in keys.check("postgresql://x/y").notes] == ["keys.db is here as well: "]
    keys.keys = None
    assert keys.check().notes == ["keys.db is not here: sealed values were not compared with their keys"]


def test_values_under_keys_of_which_nothing_is_known_leave_the_verdict_open(keys: Keys) -> None:
    keys.elsewhere, keys.unrecorded, keys.unstated = ["k1", "k2"], ["k3", "k4"], {"k4"}
    check = keys.check()
    assert [(each.code, each.where, each.says.partition(" are ")[0]) for each in check.missing] == [
        ("KEYS-OTHER", "keys.db", "values under k1, k2"),
        (
            "KEYS-OTHER",
            "keys.db",
            "values under k4: their key is destroyed and no entry says so yet; repeat the erasure",
        ),
    ]
    assert (check.wrong, check.notes) == ([], [])


def test_a_key_that_is_here_although_an_entry_says_it_was_destroyed_is_a_contradiction(keys: Keys) -> None:
    keys.destroyed, keys.existing = {"k1": 4, "k2": 5, "k3": 6}, {"k1", "k3", "k9"}
    keys.left = [(8, "name", True), (9, "account", False)]
    check = keys.check()
    assert [(each.code, each.where) for each in check.wrong] == [
        ("KEYS-KEPT", "entry 4"),
        ("KEYS-KEPT", "entry 6"),
        ("KEYS-KEPT", "entry 8"),
    ]
    assert check.wrong[2].says == "an entry says that the key to name was destroyed, and keys.db here opens it"
    assert check.notes == ["entry 9: account, encrypted under a destroyed key, is still stored"]
    assert check.missing == []


# -- what is published and what was received ---------------------------------------------------------------------------


@pytest.mark.parametrize(("claimed", "rests"), [(5, 0), (4, 0), (9, 0), (300, 0), (600, 256), (600, 512), (None, 0)])
def test_each_tile_that_was_published_is_what_the_entries_give(claimed: int | None, rests: int, tmp_path: Path) -> None:
    log = HashLog(size=600 if (claimed or 0) > 9 else 5)
    store = SimpleNamespace(size=lambda: log.frontier.size, hashes=log.read)
    covered = min(claimed or 0, log.frontier.size)
    every, asked = tiles_for(0, covered), tiles_for(rests, covered)
    for tile in every:
        (tmp_path / tile_path(tile)).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / tile_path(tile)).write_bytes(tile_bytes(tile, log.read))

    def check() -> OwnCheck:
        files, check = files_of({"log": tmp_path}, store, rests)
        if claimed is not None:
            vars(check.report)["head"] = SimpleNamespace(checkpoint=SimpleNamespace(size=claimed))
        files.check_tiles()
        return check

    assert (check().wrong, check().notes) == ([], [])
    for tile in every:
        (tmp_path / tile_path(tile)).write_bytes(b"other")
    assert [each.where for each in check().wrong] == [f"log/{tile_path(tile)}" for tile in asked]
    for tile in every:
        (tmp_path / tile_path(tile)).unlink()
    again = "published tiles are missing; `comity checkpoint` writes them again"
    assert (check().wrong, check().notes) == ([], [f"{len(asked)} {again}"] if asked else [])


@pytest.mark.parametrize("rests", [0, 6])
def test_the_bytes_of_each_wrapped_entry_are_those_that_its_wrapper_names(
    rests: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, ilves = small()
    contents = {name: sha256(name.encode()).hexdigest() for name in ("one", "two", "three", "four")}
    said = {"origin": "other.test/log", "index": 3, "leaf": "ab" * 32, "proof_check": "verifies"}
    wrapped = [made.record(ilves, KIND, {**said, "envelope": name}, order=ORDER) for name in contents.values()]
    made.record(ilves, "order-transmitted", {"addressee": "skylark", "channel": "mail"}, order=ORDER)
    made.append(b"no entry, which the audit names")
    entries = [*enumerate(made.entries)]
    kinds = [None if n == made.size - 1 else open_(raw).payload.kind for n, raw in entries]
    held = {f"foreign/{contents['one']}": b"changed before" if rests else b"one"}
    held[f"foreign/{contents['two']}"] = b"changed"
    held[f"foreign/{contents['three']}"] = b"changed and known"
    store: Any = SimpleNamespace(
        size=lambda: made.size,
        of_kind=lambda kind: [row for row in entries if kinds[row[0]] == kind],
        pages=lambda start: iter([entries[start : start + 1], entries[start + 1 :]]),
    )
    monkeypatch.setattr(own_check, "received_files", lambda folder, store: SimpleNamespace(read=held.get))
    files, check = files_of({}, store, rests)
    known = Reason("ENT-MISMATCH", f"foreign/{contents['three']}", "said before")
    check.wrong.append(known)
    files.check_wrapped()
    where = f"foreign/{contents['two']}"
    assert wrapped[0] == 5
    assert check.wrong == [known, Reason("ENT-MISMATCH", where, f"it is not the entry that entry {wrapped[1]} wraps")]
    assert [note.partition(" are ")[0] for note in check.notes] == ["the bytes of 1 wrapped entries"]
    held |= {f"foreign/{name}": text.encode() for text, name in contents.items()}
    files, check = files_of({}, store, rests)
    files.check_wrapped()
    assert (check.wrong, check.notes) == ([], [])
