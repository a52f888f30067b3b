"""One run of a continued audit: what it compares with the verdicts, what it reads again, and what it keeps."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from ledger.adapters.storage import statements
from ledger.application.archive import audit_archive
from ledger.application.archive.manifest import SEGMENT as ARCHIVED
from ledger.application.integrity import continued_audit
from ledger.application.integrity.audit import Audit
from ledger.application.integrity.check_run import OTHER_REGISTER, Noted, Problem, subtree
from ledger.application.integrity.continued_audit import ContinuedAudit, _Run
from ledger.application.integrity.kept_verdicts import SEGMENT, NewSegment
from ledger.entries.envelope import open_
from ledger.entries.placement import map_of
from ledger.tlog.note import Checkpoint
from ledger.tlog.tree import Frontier, leaf_hash, root
from tests.ledger.application.integrity.test_continued_audit import made
from tests.support.memory_ledger import Ledger

WIDTH = 8


def test_the_root_of_a_segment_is_at_its_level() -> None:
    assert 1 << continued_audit._LEVEL == SEGMENT == 8_192
    assert 1 << audit_archive._LEVEL == ARCHIVED


class Kept:
    """The verdicts of an auditor, noted as they are asked and kept."""

    name = "auditor"

    def __init__(self) -> None:
        self.did: list[Any] = []
        self.known: dict[int, bytes] = {}
        self.at = 0
        self.suspects: dict[str, list[int]] = {}

    def mapped(self) -> int:
        return self.at

    def catch_up(self, entries: list[tuple[str, bytes]], size: int) -> None:
        self.did.append((size, entries))

    def map_roots(self, sizes: Collection[int]) -> dict[int, bytes]:
        return {size: self.known[size] for size in sizes if size in self.known}

    def keep_map_roots(self, roots: Mapping[int, bytes]) -> None:
        self.did.append(dict(roots))

    def replace(self, start: int, noted: Noted, segment: object) -> None:
        self.did.append((start, segment))

    def unaware(self, report: int, accepted: int) -> list[int]:
        self.did.append((report, accepted))
        return [8] if report == 5 else [8, 16]

    def suspect(self) -> dict[str, list[int]]:
        return self.suspects

    def follow(self, runs: list[Any], sizes: object, wrong: Any, segment: object = None) -> list[Problem]:
        self.did.append(("follow", [start for start, _ in runs], segment))
        return []

    def finish(self) -> None:
        self.did.append("finished")


class Store:
    """The rows of a ledger in memory."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.pages: list[int] = []
        self.nodes: dict[int, bytes] = {}
        tree = Frontier()
        for index, raw in enumerate(ledger.entries):
            self.nodes[index] = b"".join(tree.add(leaf_hash(raw))[1:])

    def execute(self, statement: object, params: tuple[Any, ...]) -> Any:
        if statement is statements.NODES:
            nodes = self.nodes.get(params[0])
            return SimpleNamespace(fetchone=lambda: None if nodes is None else (nodes,))
        if statement is statements.OF_ORDER:
            assert params == (map_of(self.ledger.origin), 0)
            return SimpleNamespace(fetchall=list)
        assert statement is statements.PAGE
        first, stop, most = params
        assert stop - first == most == WIDTH
        self.pages.append(first)
        rows = [*enumerate(self.ledger.entries[first:stop], first)]

        def fetchmany(count: int) -> list[tuple[int, bytes]]:
            part = rows[:3]
            del rows[:3]
            return part

        return SimpleNamespace(fetchmany=fetchmany)


@pytest.fixture(scope="module")
def ledger() -> Ledger:
    return made()


@pytest.fixture
def one(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a run over a ledger of 29 entries, of which three segments have a verdict."""
    monkeypatch.setattr(continued_audit, "SEGMENT", WIDTH)
    monkeypatch.setattr(continued_audit, "_LEVEL", 3)
    monkeypatch.setattr(continued_audit, "LAST", 4)
    kept: Any = Kept()
    audit = ContinuedAudit(kept, workers=1)
    audit.rests = 24
    store: Any = Store(ledger)
    keyring: Any = SimpleNamespace(registry=ledger.registry, keys={})
    head = Checkpoint(ledger.origin, ledger.size, root(ledger.size, ledger.read))
    roots = {start: root_of(ledger, start) for start in (0, 8, 16)}
    run = _Run(audit, store, Audit(ledger.size), keyring, [0, 1, 2, 9], head, roots)
    climbed: list[int] = []
    monkeypatch.setattr(continued_audit, "climb", lambda c, report, peaks: climbed.append(peaks[0]))
    return SimpleNamespace(run=run, kept=kept, store=store, climbed=climbed, audit=audit, keyring=keyring)


def root_of(ledger: Ledger, start: int) -> bytes:
    return subtree([leaf_hash(raw) for raw in ledger.entries[start : start + WIDTH]])[1][0]


def result(ledger: Ledger, start: int, stop: int, **more: Any) -> Any:
    leaves = [leaf_hash(raw) for raw in ledger.entries[start:stop]]
    given = {"signatures": stop - start, "register": 0, "problems": [], "noted": Noted(), "leaves": leaves}
    return SimpleNamespace(**{**given, "peaks": (stop - start, subtree(leaves)[1]), **more})


def codes(one: Any) -> list[tuple[str, str]]:
    return [(each.code, each.where) for each in one.run.report.problems]


# -- the map of heads --------------------------------------------------------------------------------------------------


def test_entries_that_a_killed_run_did_not_map_are_mapped_segment_by_segment(one: Any, ledger: Ledger) -> None:
    one.run._catch_up(24)
    entries = [(open_(raw).payload.order, leaf_hash(raw)) for raw in ledger.entries]
    assert one.kept.did == [(8, entries[:8]), (16, entries[8:16]), (24, entries[16:24])]
    one.kept.did.clear()
    one.kept.at = 16
    one.run._catch_up(24)
    assert one.kept.did == [(24, entries[16:24])]
    assert codes(one) == []


def test_other_entries_than_those_of_a_verdict_are_not_mapped_and_none_behind_them(one: Any) -> None:
    one.run.roots[8] = bytes(32)
    one.run._catch_up(24)
    assert [size for size, _ in one.kept.did] == [8]
    assert codes(one) == [("SUB-PATH", "entries 8 to 15")]
    assert one.run.report.problems[0].says == "they are not the entries that auditor checked before"
    assert one.store.pages == [0, 8]


def test_an_entry_that_does_not_open_has_its_leaf_and_is_not_mapped(one: Any, ledger: Ledger) -> None:
    entries = [*ledger.entries[:4], b"no entry", *ledger.entries[5:8]]
    one.store.ledger = SimpleNamespace(entries=entries, origin=ledger.origin)
    one.run.roots[0] = subtree([leaf_hash(raw) for raw in entries])[1][0]
    one.run._catch_up(8)
    assert [leaf for _, leaf in one.kept.did[0][1]] == [leaf_hash(raw) for n, raw in enumerate(entries) if n != 4]
    assert codes(one) == []
    found = [index for part in one.run._followed(0, 8) for index, _, _ in part]
    assert found == [0, 1, 2, 3, 5, 6, 7]


def test_earlier_roots_that_are_not_known_are_computed_once_and_kept(one: Any, ledger: Ledger) -> None:
    one.kept.known = {3: b"three"}
    roots = one.run._earlier({3, 5, 17})
    expected = {size: ledger.map_at(size).tree.root() for size in (5, 17)}
    assert roots == {3: b"three", **expected}
    assert (one.kept.did, one.store.pages) == ([roots], [0, 8, 16])
    one.kept.did.clear()
    one.store.pages.clear()
    assert one.run._earlier({3}) == {3: b"three"}
    assert (one.kept.did, one.store.pages) == ([], [])
    one.run.roots[8] = bytes(32)
    one.run._earlier({3, 17})
    assert (one.kept.did, codes(one)) == ([], [("SUB-PATH", "entries 8 to 15")])
    one.store.pages.clear()
    assert one.run._earlier({3, 17}) == {3: b"three"}
    assert one.store.pages == [], "nothing is read where anything is wrong"


# -- verdicts ----------------------------------------------------------------------------------------------------------


def test_a_segment_that_is_not_read_is_compared_by_its_stored_hash(one: Any) -> None:
    for start in (0, 8, 16):
        one.run._compare(start, None)
    assert (codes(one), one.climbed, one.audit.read) == ([], [8, 8, 8], 0)
    one.store.nodes[15] = one.store.nodes[15][:64] + bytes(32) + one.store.nodes[15][96:]
    del one.store.nodes[23]
    for start in (8, 16):
        one.run._compare(start, None)
    assert codes(one) == [("SUB-PATH", "entries 8 to 15"), ("SUB-PATH", "entries 16 to 23")]
    one.climbed.clear()
    one.run.together = False
    one.run._compare(0, None)
    assert one.climbed == []


def test_a_segment_that_is_read_once_more_gets_a_new_note_if_it_is_the_same_and_whole(
    one: Any, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = NewSegment(b"note", "register", 29)
    monkeypatch.setattr(_Run, "_signed", lambda self, start, run: note if start != 16 else None)
    one.run._compare(0, result(ledger, 0, 8, register=3))
    assert (one.kept.did, codes(one), one.audit.read) == ([(0, note)], [], 8)
    one.run._compare(16, result(ledger, 16, 24))
    one.run._compare(8, result(ledger, 8, 16, register=1, problems=[Problem("ENV", "#9", "no entry")]))
    assert (len(one.kept.did), codes(one)) == (1, [("ENV", "#9")])
    one.run._compare(8, result(ledger, 16, 24, register=1))
    one.run._compare(8, result(ledger, 8, 15, register=1))
    assert codes(one)[1:] == [("SUB-PATH", "entries 8 to 15")] * 2
    assert len(one.kept.did) == 1


def test_the_result_of_a_run_is_added_and_a_missing_entry_ends_the_tree(one: Any, ledger: Ledger) -> None:
    one.run._add(0, 8, result(ledger, 0, 8, register=3, noted=Noted(entries=8)))
    one.run._add(8, 16, result(ledger, 8, 16, register=1))
    assert (codes(one), one.run.report.signatures, one.run.report.noted.entries) == ([], 16, 8)
    assert (one.climbed, one.audit.read) == ([8, 8], 16)
    one.run._add(16, 24, result(ledger, 16, 23))
    one.run._add(24, 29, result(ledger, 24, 29))
    assert (one.climbed, one.run.together, one.audit.read) == ([8, 8], False, 28)
    one.run._add(8, 16, result(ledger, 8, 16, problems=[Problem("ENV", "#9", "no entry")]))
    assert codes(one) == [("ENV", "#9")], "one problem is said, and the register may be short of it"
    for register in (0, 2):
        one.run._add(8, 16, result(ledger, 8, 16, register=register))
    assert one.run.report.problems[1:] == [OTHER_REGISTER] * 2


def test_a_verdict_is_signed_if_the_head_has_the_segment(
    one: Any, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed: list[Any] = []

    def sign(part: object, head: object, auditor: object, read: object) -> bytes:
        assert auditor == "auditor"
        signed.append((part, head))
        return b"note"

    monkeypatch.setattr(continued_audit, "sign_subtree", sign)
    one.kept.auditor = "auditor"
    made = one.run._signed(8, result(ledger, 8, 16))
    assert made == NewSegment(b"note", ledger.registry, 29)
    ((part, head),) = signed
    assert (part.origin, part.start, part.end, part.root) == (ledger.origin, 8, 16, root_of(ledger, 8))
    assert head is one.run.head
    assert one.run._signed(8, result(ledger, 16, 24)) is None
    assert codes(one) == [("SUB-PATH", "entries 8 to 15")]
    assert one.run._signed(24, result(ledger, 16, 24)) is not None, "it had no verdict before"


# -- which segments are read once more ---------------------------------------------------------------------------------


def registered(kind: str, actor: str) -> Any:
    return SimpleNamespace(payload=SimpleNamespace(kind=kind, public={"actor": actor}))


def test_only_reports_of_keys_have_segments_read_once_more_from_the_first_key_of_their_actor_on(one: Any) -> None:
    keys = {
        "a": SimpleNamespace(actor="ilves", accepted=7),
        "b": SimpleNamespace(actor="ilves", accepted=3),
        "c": SimpleNamespace(actor="ilves", accepted=None),
        "d": SimpleNamespace(actor="orn", accepted=None),
    }
    keyring: Any = SimpleNamespace(keys=keys)
    register = {4: registered("key-registered", "ilves"), 5: registered("key-compromised", "ilves")}
    again = one.audit._chosen(keyring, register)
    assert (one.kept.did, again) == ([(5, 3)], {8: "entry 5 reports a key of ilves"})
    one.kept.did.clear()
    both = one.audit._chosen(keyring, {**register, 6: registered("key-compromised", "orn")})
    assert one.kept.did == [(5, 3), (6, 0)]
    assert both == {8: "entry 5 reports a key of ilves", 16: "entry 6 reports a key of orn"}
    one.audit.spot = 9
    spots = one.audit._chosen(keyring, register)
    assert spots == {8: "entry 5 reports a key of ilves", 0: "spot check", 16: "spot check"}


def test_a_run_has_a_worker_for_each_core_unless_it_is_said(one: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    used: list[Any] = []

    def spread(check: object, ranges: object, workers: int) -> Any:
        used.append((ranges, workers))
        raise InterruptedError

    monkeypatch.setattr(continued_audit, "spread", spread)
    unused: Any = None
    for workers, cores in ((2, 8), (None, 8), (None, None)):
        one.audit.workers = workers
        monkeypatch.setattr("os.cpu_count", lambda cores=cores: cores)
        with pytest.raises(InterruptedError):
            one.run.check(unused, unused)
    assert [workers for _, workers in used] == [2, 8, 1]
    assert used[0][0] == [(24, 28), (28, 29)]


def test_at_the_end_the_suspect_entries_of_reported_keys_are_those_of_all_segments(
    one: Any, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [("a", 28), ("b", None), ("c", 3)]
    one.keyring.keys = {name: SimpleNamespace(public=name, reported=reported) for name, reported in keys}
    one.kept.suspects = {"a": [4], "b": [5]}
    runs = {24: {"a": [25], "c": [26]}, 28: {"a": [28]}}

    def check(start: int, stop: int) -> Any:
        return result(ledger, start, stop, noted=Noted(suspect=runs[start]))

    progress: list[tuple[int, int]] = []
    one.run.check(check, lambda done, of: progress.append((done, of)))
    assert one.run.report.noted.suspect == {"a": [4, 25, 28], "c": [26]}
    assert progress == [(28, 29), (29, 29)]
    assert one.kept.did[-2:] == ["finished", ("follow", [24, 28], None)]
    assert codes(one) == []
