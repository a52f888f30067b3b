"""An archive is continued from what the log states of it, in a folder with no other file, and entries are compared."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from ledger.application.archive import make_archive
from ledger.application.archive.make_archive import MadeArchive, _has, _is_unfinished, _locked, _Making, _merged
from ledger.application.archive.manifest import (
    BINDING,
    MANIFEST,
    SEGMENTS,
    STATES,
    ArchivedFile,
    Manifest,
    Segment,
    digest_of,
    format_manifest,
    segment_path,
    states_path,
)
from ledger.entries.envelope import open_
from ledger.errors import LedgerError, RecordError
from ledger.facts import build
from ledger.tlog.note import b64
from ledger.tlog.tree import Frontier, leaf_hash, prove_consistency, root
from tests.ledger.application.archive.archives import narrow_segments, write_archive
from tests.ledger.application.archive.archives import rows_of as rows_of_archive
from tests.ledger.application.integrity.test_continued_audit import made
from tests.support.files.system_calls import open_below, synced
from tests.support.hash_log import HashLog
from tests.support.memory_ledger import Ledger, small

EMPTY = Manifest(
    origin="ledger.test/xo",
    size=0,
    root=Frontier().root().hex(),
    checkpoint="0" * 64,
    test=False,
    states=ArchivedFile(bytes=9, sha256="0" * 64),
    segments=[],
)


def making(folder: Path, journal: Any = None, of: type[_Making] = _Making) -> _Making:
    unused: Any = None
    return of(journal, folder, unused, unused, lambda done, of: None)


@pytest.mark.parametrize("width", [1, 2, 8])
@pytest.mark.parametrize("count", [1, 2, 3, 4, 7, 8])
def test_a_whole_segment_is_merged_by_its_root_as_by_its_entries(width: int, count: int) -> None:
    leaves = [leaf_hash(b"%d" % n) for n in range(width * count)]
    tree = Frontier()
    for start in range(0, len(leaves), width):
        part = Frontier()
        part.extend(leaves[start : start + width])
        tree = Frontier(start + width, _merged(tree, part.root(), width))
    whole = Frontier()
    whole.extend(leaves)
    assert tree.peaks == whole.peaks


@pytest.mark.parametrize(
    ("name", "is_unfinished"),
    [
        (f".{MANIFEST}.new", True),
        (f"{SEGMENTS}/.{Path(segment_path(0, 5)).name}.new", True),
        (MANIFEST, False),
        (f".{MANIFEST}", False),
        (f"{MANIFEST}.new", False),
        (".other.new", False),
        (f"other/.{MANIFEST}.new", False),
    ],
)
def test_an_unfinished_file_has_the_name_of_a_file_of_an_archive(name: str, is_unfinished: bool) -> None:
    assert _is_unfinished(name) is is_unfinished


def test_a_file_is_there_if_it_has_its_size(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"four")
    (tmp_path / "b").mkdir()
    assert [_has(tmp_path, "a", size) for size in (3, 4, 5)] == [False, True, False]
    assert not _has(tmp_path, "none", 0)
    assert not _has(tmp_path, "b", (tmp_path / "b").stat().st_size)


def test_a_folder_of_an_archive_has_no_other_file_and_what_a_killed_run_left_is_removed(tmp_path: Path) -> None:
    for name in (SEGMENTS, STATES, "trust"):
        (tmp_path / name).mkdir()
    for name in (MANIFEST, segment_path(0, 5), f".{MANIFEST}.new"):
        (tmp_path / name).touch()
    making(tmp_path)._check_names()
    assert {each.name for each in tmp_path.iterdir()} == {SEGMENTS, STATES, "trust", MANIFEST}

    def refused(path: Path) -> str:
        with pytest.raises(LedgerError) as found:
            making(tmp_path)._check_names()
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
        return f"{found.value.code} {found.value.says}"

    says = "PATH-TAKEN {} has {!r}, which belongs to no archive"
    (tmp_path / "letter.txt").touch()
    assert refused(tmp_path / "letter.txt") == says.format(tmp_path, "letter.txt")
    (tmp_path / states_path(5)).mkdir()
    assert refused(tmp_path / states_path(5)) == says.format(tmp_path, states_path(5))
    for name in (states_path(7), f".{MANIFEST}.new"):
        (tmp_path / name).symlink_to(tmp_path / MANIFEST)
        assert refused(tmp_path / name) == says.format(tmp_path, name)
    (tmp_path / "trust").rmdir()
    (tmp_path / "trust").symlink_to(tmp_path / STATES)
    assert refused(tmp_path / "trust") == says.format(tmp_path, "trust")
    making(tmp_path)._check_names()


def test_an_archive_in_the_ledger_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(make_archive, "arrow", lambda: None)
    journal: Any = SimpleNamespace(folder=SimpleNamespace(path=tmp_path))
    unused: Any = None
    for folder in (tmp_path, tmp_path / "archive", tmp_path / "none" / ".." / "archive"):
        with pytest.raises(LedgerError, match=r"PATH-TAKEN.* is in the ledger"):
            make_archive.make_archive(journal, folder, unused, unused)
    assert [*tmp_path.iterdir()] == []


def test_the_manifest_of_an_earlier_run_is_continued_if_it_is_whole_and_of_this_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = SimpleNamespace(origin="ledger.test/xo")
    root, segments = "ab" * 32, [Segment(bytes=9, sha256="cd" * 32, start=0, end=3, root="ab" * 32, reserved=1)]
    earlier = replace(EMPTY, size=3, root=root, segments=segments)
    assert making(tmp_path, journal)._manifest() is None
    data = format_manifest(earlier)
    (tmp_path / MANIFEST).write_bytes(data)
    assert making(tmp_path, journal)._manifest() == earlier
    monkeypatch.setattr(make_archive, "LARGEST", len(data))
    assert making(tmp_path, journal)._manifest() == earlier
    monkeypatch.setattr(make_archive, "LARGEST", len(data) - 1)
    assert making(tmp_path, journal)._manifest() is None
    monkeypatch.undo()
    with pytest.raises(LedgerError, match=r"PATH-TAKEN.*has an archive of ledger.test/xo, and this is p"):
        making(tmp_path, SimpleNamespace(origin="p"))._manifest()
    (tmp_path / MANIFEST).write_bytes(data[:-5])
    assert making(tmp_path, journal)._manifest() is None


def test_a_manifest_is_stated_by_the_entries_that_have_its_digest(tmp_path: Path) -> None:
    ledger, _ = small()
    fields = {"size": 0, "root": EMPTY.root, "format": "comity.archive/1"}
    digest = digest_of(format_manifest(EMPTY))
    indexes = [
        ledger.record(ledger.keeper, "archive-made", {**fields, "manifest_digest": each}) for each in (digest, "0" * 64)
    ]
    rows = [*((n, ledger.entries[n]) for n in indexes), (9, b"{}")]
    asked: list[Any] = []

    def of_kind_in(kind: str, orders: list[str]) -> Any:
        asked.append((kind, orders))
        return rows

    journal = SimpleNamespace(registry="registry", store=SimpleNamespace(of_kind_in=of_kind_in, size=lambda: 12))
    assert making(tmp_path, journal)._stating(EMPTY) == {indexes[0]: ledger.entries[indexes[0]]}
    assert asked == [("archive-made", ["registry"])]


@pytest.mark.parametrize(
    ("size", "made", "of", "is_alone"),
    [(12, [4, 12], 12, True), (13, [4, 12], 12, True), (13, [4], 12, False), (15, [12, 14], 12, False)],
)
def test_an_archive_is_as_new_as_the_log_if_only_archives_were_recorded_since(
    size: int, made: list[int], of: int, is_alone: bool, tmp_path: Path
) -> None:
    here = [n for n in made if n < size]
    store = SimpleNamespace(of_kind_in=lambda kind, orders: [(n, b"") for n in here], size=lambda: size)
    journal = SimpleNamespace(registry="registry", store=store)
    assert making(tmp_path, journal)._nothing_since(replace(EMPTY, size=of)) is is_alone


def test_files_that_the_manifest_does_not_list_are_removed(tmp_path: Path) -> None:
    for name in (SEGMENTS, STATES):
        (tmp_path / name).mkdir()
    for name in (segment_path(0, 5), states_path(0), states_path(5), MANIFEST):
        (tmp_path / name).touch()
    making(tmp_path)._remove_others(EMPTY)
    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {states_path(0), MANIFEST}


def test_notes_up_to_the_size_are_archived_with_their_time_stamps_by_number(tmp_path: Path) -> None:
    heads = [
        SimpleNamespace(digest=digest, note=digest.encode(), size=size)
        for digest, size in (("b", 5), ("a", 4), ("c", 6))
    ]
    tokens = [
        SimpleNamespace(head=head, reply=reply) for head, reply in (("a", b"1"), ("c", b"2"), ("b", b"3"), ("a", b"4"))
    ]
    kept = SimpleNamespace(all=lambda: heads, tokens=lambda: tokens)
    assert making(tmp_path, SimpleNamespace(heads=kept))._states(5) == [
        ("a.1.tsr", b"1"),
        ("a.2.tsr", b"4"),
        ("a.note", b"a"),
        ("b.1.tsr", b"3"),
        ("b.note", b"b"),
    ]


# -- entries -----------------------------------------------------------------------------------------------------------


def stored(ledger: Ledger) -> list[list[Any]]:
    """Return the rows of a store, as `AUDITED_COLUMNS` gives them."""
    tree, rows = Frontier(), []
    for index, raw in enumerate(ledger.entries):
        p = open_(raw).payload
        leaf, *nodes = tree.add(leaf_hash(raw))
        rows.append([index, p.order, p.seq, p.kind, raw, leaf, b"".join(nodes), bytes.fromhex(p.entry)])
    return rows


def rows_of(rows: list[list[Any]], start: int, end: int, folder: Path) -> list[Any]:
    def read(statement: object, between: tuple[int, int]) -> Any:
        return [row for row in rows if between[0] <= row[0] < between[1]]

    return [*making(folder, SimpleNamespace(store=SimpleNamespace(rows=read)))._rows(start, end)]


def test_rows_are_computed_from_the_signed_bytes_page_by_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(make_archive, "READ", 2)
    ledger, _ = small()
    rows = stored(ledger)
    rows[1][1:4] = ["other order", 99, "other-kind"]
    found = rows_of(rows, 0, 5, tmp_path)
    assert [row.index for row in found] == [0, 1, 2, 3, 4]
    p = open_(ledger.entries[1]).payload
    assert (found[1].order, found[1].seq, found[1].kind) == (p.order, p.seq, p.kind)
    assert [row.index for row in rows_of(rows, 1, 4, tmp_path)] == [1, 2, 3]


@pytest.mark.parametrize(("gone", "names"), [(0, 0), (2, 2), (4, 4)])
def test_an_entry_that_is_missing_ends_the_archive(gone: int, names: int, tmp_path: Path) -> None:
    rows = stored(small()[0])
    del rows[gone]
    with pytest.raises(LedgerError, match=f"LOG-CORRUPT.*entry {names} is missing"):
        rows_of(rows, 0, 5, tmp_path)


def test_an_entry_that_is_not_the_stored_one_or_has_no_form_ends_the_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = stored(small()[0])
    rows[3][5] = bytes(32)
    with pytest.raises(LedgerError, match=r"LOG-CORRUPT.*entry 3 is missing, or is not the one that was stored"):
        rows_of(rows, 0, 5, tmp_path)
    rows[2][4] = b"{}"
    with pytest.raises(RecordError):
        rows_of(rows, 0, 5, tmp_path)

    def refuse(payload: object) -> None:
        raise RecordError("FACT", "a field more")

    monkeypatch.setattr(make_archive, "check_public", refuse)
    with pytest.raises(RecordError, match="FACT"):
        rows_of(stored(small()[0]), 0, 5, tmp_path)


# -- a run -------------------------------------------------------------------------------------------------------------


class Run(_Making):
    """A run whose steps are noted."""

    def _note(self, *said: Any) -> None:
        self.journal.said.append(said)  # type: ignore[attr-defined]

    def _check_names(self) -> None:
        self._note("names")

    def _manifest(self) -> Manifest | None:
        return self.journal.before  # type: ignore[attr-defined, no-any-return]

    def _stating(self, manifest: Manifest) -> dict[int, bytes]:
        return dict.fromkeys(self.journal.stating, b"")  # type: ignore[attr-defined]

    def _nothing_since(self, manifest: Manifest) -> bool:
        return self.journal.alone  # type: ignore[attr-defined, no-any-return]

    def _write(self, head: Any, before: Manifest | None) -> Manifest:
        self._note("written", before)
        return replace(EMPTY, size=7)

    def _record(self, manifest: Manifest, digest: str) -> int:
        self._note("recorded", manifest.size)
        return 20

    def _bind(self, manifest: Manifest, index: int) -> None:
        self._note("bound", manifest.size, index)

    def _remove_others(self, manifest: Manifest) -> None:
        self._note("removed", manifest.size)


@pytest.mark.parametrize(
    ("before", "stating", "alone", "bound", "expected"),
    [
        (False, [], False, False, [("written", None), ("recorded", 7), ("bound", 7, 20), ("removed", 7)]),
        (True, [], True, True, [("written", None), ("recorded", 7), ("bound", 7, 20), ("removed", 7)]),
        (True, [3, 9], False, True, [("written", EMPTY), ("recorded", 7), ("bound", 7, 20), ("removed", 7)]),
        (True, [3, 9], True, True, [("removed", 0)]),
        (True, [3, 9], True, False, [("bound", 0, 9), ("removed", 0)]),
    ],
)
def test_an_archive_is_written_again_unless_the_log_states_it_and_nothing_was_recorded_since(
    before: bool, stating: list[int], alone: bool, bound: bool, expected: list[Any], tmp_path: Path
) -> None:
    said: list[Any] = []
    journal = SimpleNamespace(said=said, before=EMPTY if before else None, stating=stating, alone=alone)
    if bound:
        for name in BINDING:
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).touch()
    unused: Any = None
    made: MadeArchive = Run(journal, tmp_path, unused, lambda: unused, unused).make()  # type: ignore[arg-type]
    assert said == [("names",), *expected]
    fresh = ("recorded", 7) in expected
    assert (made.fresh, made.index, made.size) == (fresh, 20 if fresh else 9, 7 if fresh else 0)
    assert made.manifest == digest_of(format_manifest(replace(EMPTY, size=made.size)))


def test_a_log_that_has_signed_other_entries_gets_no_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = HashLog(size=5)

    class Segments(_Making):
        def _segment(self, start: int, end: int, tree: Frontier) -> Any:
            part = Frontier(tree.size, tree.peaks)
            part.extend(leaf_hash(raw) for raw in log.entries[start:end])
            return None, part

    head: Any = SimpleNamespace(checkpoint=SimpleNamespace(size=5, root=bytes(32)))
    with pytest.raises(LedgerError, match=r"LOG-CORRUPT.*the log has signed other entries"):
        making(tmp_path, None, Segments)._write(head, None)
    assert [*tmp_path.iterdir()] == []


# -- segments ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ledger() -> Ledger:
    return made()


def run_of(ledger: Ledger, folder: Path, size: int | None = None) -> tuple[_Making, Any]:
    """Return a run over the archive of a ledger in memory, and its head at a size."""
    size = ledger.size if size is None else size
    rows = stored(ledger)
    for name in (SEGMENTS, STATES, "trust"):
        (folder / name).mkdir(exist_ok=True)
    (folder / "ledger" / "trust").mkdir(parents=True, exist_ok=True)
    (folder / "ledger" / "trust" / "policy").write_bytes(b"policy")
    journal: Any = SimpleNamespace(
        origin=ledger.origin,
        registry=ledger.registry,
        store=SimpleNamespace(rows=lambda statement, between: rows[between[0] : between[1]]),
        heads=SimpleNamespace(all=list, tokens=list),
        folder=SimpleNamespace(test=True, path=folder / "ledger"),
    )
    head: Any = SimpleNamespace(checkpoint=SimpleNamespace(size=size, root=root(size, ledger.read)), note=b"note")
    return making(folder, journal), head


def test_the_segments_of_a_ledger_are_written_once_and_again_where_their_bytes_are_others(
    ledger: Ledger, tmp_path: Path
) -> None:
    with narrow_segments():
        (tmp_path / "here").mkdir()
        run, head = run_of(ledger, tmp_path / "here")
        manifest = run._write(head, None)
        expected = write_archive(tmp_path / "there", ledger.origin, rows_of_archive(ledger))
        assert (manifest.segments, manifest.root, manifest.size) == (expected.segments, expected.root, ledger.size)
        assert (run.written, manifest.test, manifest.checkpoint) == (4, True, digest_of(b"note"))
        for segment in manifest.segments:
            assert (run.folder / segment.path).read_bytes() == (tmp_path / "there" / segment.path).read_bytes()
        assert (run.folder / "trust" / "policy").read_bytes() == b"policy"
        again, _ = run_of(ledger, run.folder)
        assert (again._write(head, None), again.written) == (manifest, 0)
        path = run.folder / manifest.segments[1].path
        path.write_bytes(bytes(manifest.segments[1].bytes))
        repaired, _ = run_of(ledger, run.folder)
        assert (repaired._write(head, None), repaired.written) == (manifest, 1)


def test_segments_that_the_log_states_are_kept_if_they_have_their_size(ledger: Ledger, tmp_path: Path) -> None:
    with narrow_segments():
        run, head = run_of(ledger, tmp_path, 27)
        before = run._write(head, None)
        first, second, third, last = (tmp_path / segment.path for segment in before.segments)
        first.write_bytes(bytes(before.segments[0].bytes))  # it is compared when it is verified, not here
        second.write_bytes(b"short")
        later, head = run_of(ledger, tmp_path)
        manifest = later._write(head, before)
        assert (manifest.segments[:3], len(manifest.segments), later.written) == (before.segments[:3], 4, 2)
        assert first.read_bytes() == bytes(before.segments[0].bytes)
        assert len(second.read_bytes()) == before.segments[1].bytes
        assert third.is_file()
        later._remove_others(manifest)
        assert not last.exists()  # the shorter last segment


def test_all_whole_segments_that_the_log_states_make_the_tree_by_their_roots(ledger: Ledger, tmp_path: Path) -> None:
    with narrow_segments():
        run, head = run_of(ledger, tmp_path, 27)
        before = run._write(head, None)
        later, head = run_of(ledger, tmp_path)
        manifest = later._write(head, before)
        assert (manifest.segments[:3], later.written) == (before.segments[:3], 1)
        assert manifest.root == root(ledger.size, ledger.read).hex()


def test_a_thousand_entries_are_read_at_a_time() -> None:
    asked: list[tuple[int, int]] = []

    def rows(statement: object, between: tuple[int, int]) -> list[Any]:
        asked.append(between)
        return []

    run = making(Path(), SimpleNamespace(store=SimpleNamespace(rows=rows)))
    with pytest.raises(LedgerError, match="entry 3 is missing"):
        list(run._rows(3, 2_500))
    assert asked == [(3, 1_003), (1_003, 2_003), (2_003, 2_500)]


# -- one run, and what the log states of it ----------------------------------------------------------------------------


def test_a_folder_is_locked_by_one_run_at_a_time_and_free_behind_it(tmp_path: Path) -> None:
    with _locked(tmp_path):
        with (
            pytest.raises(LedgerError, match=f"another process writes the archive {tmp_path}") as busy,
            _locked(tmp_path),
        ):
            pass
        assert busy.value.code == "BUSY"
    with pytest.raises(InterruptedError), _locked(tmp_path):
        raise InterruptedError
    with _locked(tmp_path):
        assert open_below(tmp_path) != []
    assert open_below(tmp_path) == []


def test_a_run_has_its_folders_and_the_lock_before_it_begins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[Any] = []
    folder = tmp_path / "archive"

    class Begun:
        def __init__(self, *more: object) -> None:
            given.append(more)

        def make(self) -> str:
            with pytest.raises(LedgerError, match="BUSY"), _locked(folder):
                pass
            return "made"

    asked: list[str] = []
    monkeypatch.setattr(make_archive, "arrow", lambda: asked.append("arrow"))
    monkeypatch.setattr(make_archive, "_Making", Begun)
    journal: Any = SimpleNamespace(folder=SimpleNamespace(path=tmp_path / "ledger"))
    (tmp_path / "ledger").mkdir()
    signer, publish, progress = (object() for _ in range(3))
    result: Any = make_archive.make_archive(journal, folder, signer, publish, progress)  # type: ignore[arg-type]
    assert (result, given, asked) == ("made", [(journal, folder, signer, publish, progress)], ["arrow"])
    assert {path.name for path in folder.iterdir()} == {"entries", "states", "trust"}
    for path in (folder, *folder.iterdir()):
        assert path.stat().st_mode & 0o777 == 0o700


def test_a_file_of_an_archive_is_durable_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "trust").mkdir()
    with synced() as names:
        making(tmp_path)._put("trust/policy", b"policy")
    assert (tmp_path / "trust" / "policy").read_bytes() == b"policy"
    assert names[-1] == "trust"
    assert "policy" in names[0]


def test_the_files_of_a_manifest_are_written_before_it_and_those_about_another_removed(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with narrow_segments():
        run, head = run_of(ledger, tmp_path)
        for name in BINDING:
            (tmp_path / name).touch()
        done: list[tuple[int, int]] = []
        run.progress = lambda end, size: done.append((end, size))
        with synced() as names:
            manifest = run._write(head, None)
    assert done == [(8, 29), (16, 29), (24, 29), (29, 29)]
    assert not any((tmp_path / name).exists() for name in BINDING)
    assert (tmp_path / MANIFEST).read_bytes() == format_manifest(manifest)
    assert (tmp_path / "checkpoint").read_bytes() == b"note"
    states = (tmp_path / states_path(29)).read_bytes()
    assert (manifest.states.bytes, manifest.states.sha256) == (len(states), digest_of(states))
    written = [name for name in names if MANIFEST in name or "policy" in name or "checkpoint" in name]
    assert ["policy" in written[0], "checkpoint" in written[1], MANIFEST in written[2]] == [True] * 3


def test_the_register_states_size_root_and_digest_of_the_manifest() -> None:
    recorded: list[Any] = []

    def record(fact: object, order: str, signer: object) -> Any:
        recorded.append((fact, order, signer))
        return SimpleNamespace(index=17)

    journal: Any = SimpleNamespace(registry="register", record=record)
    run = _Making(journal, Path(), "signer", None, None)  # type: ignore[arg-type]
    assert run._record(replace(EMPTY, size=5), "ab" * 32) == 17
    fields = {"size": 5, "root": EMPTY.root, "manifest_digest": "ab" * 32, "format": "comity.archive/1"}
    assert recorded == [(build("archive-made", fields, {}), "register", "signer")]


def test_the_entry_that_states_a_manifest_is_written_with_its_proofs_under_the_newest_head(
    ledger: Ledger, tmp_path: Path
) -> None:
    head: Any = SimpleNamespace(checkpoint=SimpleNamespace(size=ledger.size), note=ledger.checkpoint())
    entries: dict[int, bytes] = {17: ledger.entries[17]}
    journal: Any = SimpleNamespace(store=SimpleNamespace(hashes=ledger.read, at=entries.get))
    run = _Making(journal, tmp_path, None, lambda: head, None)  # type: ignore[arg-type]
    run._bind(replace(EMPTY, size=12), 17)
    assert (tmp_path / "archive.dsse.json").read_bytes() == ledger.entries[17]
    assert (tmp_path / "archive.tlog-proof").read_bytes() == ledger.proof(17)
    grown = "".join(f"{b64(each)}\n" for each in prove_consistency(12, ledger.size, ledger.read))
    assert (tmp_path / "archive.consistency").read_bytes() == grown.encode()
    run._bind(replace(EMPTY, size=12), 18)
    assert (tmp_path / "archive.dsse.json").read_bytes() == b""
