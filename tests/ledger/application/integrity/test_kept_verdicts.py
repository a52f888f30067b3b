"""An auditor's verdicts are kept segment by segment, with what the check of later entries needs of earlier ones."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from ledger.application.integrity import kept_verdicts
from ledger.application.integrity.check_run import End, Noted, Problem, Run, subtree
from ledger.application.integrity.kept_verdicts import KeptVerdicts, NewSegment
from ledger.entries.keyring import Registrar
from ledger.entries.placement import Link
from ledger.errors import LedgerError, RecordError
from ledger.tlog.audit_statement import auditor_of
from ledger.tlog.map_of_heads import MapOfHeads
from ledger.tlog.subtree_cosignature import Subtree, cosign_subtree, subtree_note
from ledger.tlog.tree import leaf_hash
from tests.ledger.application.auditing.test_run import auditor
from tests.support.files.system_calls import open_below
from tests.support.memory_ledger import hand

ORIGIN = "ledger.test/xo"
REGISTRAR = Registrar("registrar", "XO", hand("registrar").key)
WIDTH = 8


@pytest.fixture(scope="module", autouse=True)
def narrow() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kept_verdicts, "SEGMENT", WIDTH)
        yield


def leaves_of(start: int, stop: int) -> list[bytes]:
    return [leaf_hash(b"%d" % n) for n in range(start, stop)]


def run_of(start: int, width: int = WIDTH, *, suspect: Mapping[str, list[int]] | None = None) -> tuple[int, Run]:
    """Return the run over a segment whose entries are those of one order, with its first index."""
    leaves, order = leaves_of(start, start + width), f"order {start}"
    noted = Noted(suspect={**(suspect or {})})
    return start, Run(
        signatures=width,
        register=0,
        peaks=(width, subtree(leaves)[1]),
        problems=[],
        noted=noted,
        orders={order: [*range(start, start + width)]},
        leaves=leaves,
        ids=sorted(sha256(leaf).digest()[:16] for leaf in leaves),
        ends={order: End(None, Link(width, leaves[-1].hex(), None))},
    )


@cache
def note_of(start: int, stop: int | None = None, origin: str = ORIGIN) -> bytes:
    stop = start + WIDTH if stop is None else stop
    by, part = auditor(), Subtree(origin, start, stop, subtree(leaves_of(start, stop))[1][0])
    return subtree_note(part, [cosign_subtree(part, by.key.name, by.key.public, by.sign)])


def segment_of(start: int, known: int = 0, registry: str = "", note: bytes = b"") -> NewSegment:
    return NewSegment(note or note_of(start), registry or f"order {start}", known)


def nothing_wrong(roots: Mapping[int, bytes]) -> list[Problem]:
    return []


def map_root(size: int) -> bytes:
    entries = ((f"order {n // WIDTH * WIDTH}", leaf) for n, leaf in enumerate(leaves_of(0, size)))
    return MapOfHeads(entries).tree.root()


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state" / "verdicts.db"


@pytest.fixture
def kept(state: Path) -> Iterator[KeptVerdicts]:
    with KeptVerdicts(state, ORIGIN, REGISTRAR, auditor()) as made:
        yield made


def follow(kept: KeptVerdicts, *starts: int, note: bytes = b"") -> None:
    for start in starts:
        assert kept.follow([run_of(start)], (), nothing_wrong, segment_of(start, note=note)) == []


# -- the file ----------------------------------------------------------------------------------------------------------


def test_the_file_of_an_auditor_is_private_and_has_its_name_and_room_for_random_ids(
    kept: KeptVerdicts, state: Path
) -> None:
    assert (kept.size, kept.name) == (0, auditor_of(auditor().key, auditor().statement))
    assert state.parent.stat().st_mode & 0o777 == 0o700
    asked = [kept._c.execute(f"PRAGMA {name}").fetchone()[0] for name in ("cache_size", "wal_autocheckpoint")]
    assert asked == [-65_536, 16_384]


def test_a_file_that_is_damaged_or_of_another_registrar_is_closed(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with KeptVerdicts(state, ORIGIN, REGISTRAR, auditor()) as kept:
        follow(kept, 0)
    other = Registrar("registrar", "XO", hand("other").key)
    with pytest.raises(LedgerError, match=r"TRUST.*was made under another registrar"):
        KeptVerdicts(state, ORIGIN, other, auditor())
    assert open_below(state.parent) == []
    with closing(sqlite3.connect(state, isolation_level=None)) as c:
        c.execute("DROP TABLE added")
    with pytest.raises(LedgerError, match="LOG-CORRUPT"):
        KeptVerdicts(state, ORIGIN, REGISTRAR, auditor())
    assert open_below(state.parent) == []


@pytest.mark.parametrize("notes", [True, False])
def test_verdicts_that_begin_anew_know_no_entry_and_keep_the_notes_if_they_shall(
    notes: bool, kept: KeptVerdicts
) -> None:
    follow(kept, 0, 8)
    kept.keep_map_roots({3: b"r" * 32})
    kept.replace(0, Noted(suspect={"key": [3]}), segment_of(0))
    roots = kept.roots()
    assert [*roots] == [0, 8]
    kept.begin_anew(notes=notes)
    assert kept.roots() == (roots if notes else {})
    assert (kept.size, kept.mapped(), kept.register(), kept.suspect(), kept.map_roots([3])) == (0, 0, [], {}, {})
    follow(kept, 0, 8)
    kept.finish()
    kept.begin_anew()
    follow(kept, 0)
    kept.finish()
    assert (kept.size, kept.mapped()) == (8, 8)


# -- notes -------------------------------------------------------------------------------------------------------------


def test_each_segment_has_a_note_of_its_range_in_this_log(kept: KeptVerdicts, state: Path) -> None:
    follow(kept, 0, 8, 16)
    assert kept.roots() == {start: subtree(leaves_of(start, start + WIDTH))[1][0] for start in (0, 8, 16)}
    with closing(sqlite3.connect(state, isolation_level=None)) as c:
        for note, code in (
            (note_of(16), "SUB-FORMAT"),
            (note_of(8, 12), "SUB-FORMAT"),
            (note_of(8, origin="ledger.test/xv"), "SUB-FORMAT"),
            (note_of(8).replace(b"subtree 8 16", b"subtree 8 12"), "CP-SIG"),
        ):
            c.execute("UPDATE segment SET note = ? WHERE start = 8", (note,))
            with pytest.raises(RecordError) as refused:
                kept.roots()
            assert refused.value.code == code
        c.execute("DELETE FROM segment WHERE start = 8")
        with pytest.raises(RecordError, match="the entries 8 to 15 have no note"):
            kept.roots()


def test_a_segment_that_was_read_once_more_has_its_newest_note_and_suspect_entries(kept: KeptVerdicts) -> None:
    assert kept.follow([run_of(0, suspect={"a": [1, 7], "b": [0]})], (), nothing_wrong, segment_of(0, 4)) == []
    assert kept.follow([run_of(8, suspect={"a": [8]})], (), nothing_wrong, segment_of(8, 6)) == []
    assert kept.suspect() == {"a": [1, 7, 8], "b": [0]}
    kept.replace(0, Noted(suspect={"a": [2]}), segment_of(0, 9))
    assert kept.suspect() == {"a": [2, 8]}
    assert [*kept.roots()] == [0, 8]


@pytest.mark.parametrize(
    ("report", "accepted", "starts"),
    [(3, 0, []), (4, 0, [0]), (6, 0, [0, 8]), (6, 7, [0, 8]), (6, 8, [8]), (6, 15, [8]), (6, 16, [])],
)
def test_segments_are_unaware_of_a_report_that_came_behind_what_their_check_had_read(
    report: int, accepted: int, starts: list[int], kept: KeptVerdicts
) -> None:
    for start, known in ((0, 4), (8, 6)):
        kept.follow([run_of(start)], (), nothing_wrong, segment_of(start, known, note=b"note"))
    assert kept.unaware(report, accepted) == starts


def test_the_entries_of_the_register_are_kept_with_their_places(kept: KeptVerdicts) -> None:
    kept.follow([run_of(0)], (), nothing_wrong, segment_of(0, registry="order 0"))
    kept.follow([run_of(8)], (), nothing_wrong, segment_of(8, registry="another"))
    assert kept.register() == [(n, leaf.hex()) for n, leaf in enumerate(leaves_of(0, 8))]


# -- the map of heads --------------------------------------------------------------------------------------------------


def test_roots_of_the_map_are_given_at_the_sizes_that_the_runs_reach(kept: KeptVerdicts) -> None:
    given: list[Mapping[int, bytes]] = []

    def wrong(roots: Mapping[int, bytes]) -> list[Problem]:
        given.append(dict(roots))
        return []

    for start, sizes, reached in (
        (0, {3, 8, 9}, {3, 8}),
        (8, {7, 8, 16, 17}, {8, 16}),
        (16, {1, 99}, set()),
        (24, {29}, {29}),
    ):
        assert kept.follow([run_of(start)], sizes, wrong, segment_of(start)) == []
        assert given.pop() == {size: map_root(size) for size in reached}
    assert kept.follow([], {32, 33}, wrong) == []
    assert given.pop() == {32: map_root(32)}
    tail = [run_of(32, 4), run_of(36, 2)]
    assert kept.follow(tail, {32, 35, 38, 39}, wrong) == []
    assert [*given.pop()] == [32, 35, 38]
    assert (kept.size, [*kept.roots()]) == (32, [0, 8, 16, 24])


def test_where_anything_is_wrong_nothing_is_kept(kept: KeptVerdicts, state: Path) -> None:
    follow(kept, 0)
    problem = Problem("MAP-ROOT", "#9", "another map")
    assert kept.follow([run_of(8)], {12}, lambda roots: [problem], segment_of(8)) == [problem]
    (again,) = kept.follow([run_of(0)], (), nothing_wrong, segment_of(0))[:1]
    assert again.code == "CTX-CHAIN"
    assert (kept.size, [*kept.roots()]) == (8, [0])
    assert kept.follow([run_of(8)], (), nothing_wrong) == []
    assert kept.size == 8
    follow(kept, 8)
    with KeptVerdicts(state, ORIGIN, REGISTRAR, auditor()) as other:
        follow(kept, 16)
        with pytest.raises(LedgerError, match="BUSY"):
            other.follow([run_of(16)], (), nothing_wrong, segment_of(16))


def test_the_map_follows_sixteen_segments_at_a_time_and_the_rest_at_the_end(kept: KeptVerdicts) -> None:
    mapped = []
    for number in range(34):
        follow(kept, number * WIDTH, note=b"note")
        mapped.append(kept.mapped() // WIDTH)
    assert mapped == [0] * 15 + [16] * 16 + [32] * 3
    kept.finish()
    assert kept.mapped() == 34 * WIDTH
    assert kept._map.heads().root == map_root(34 * WIDTH)


def test_what_a_killed_run_did_not_map_is_not_passed_over_at_the_end(state: Path) -> None:
    with KeptVerdicts(state, ORIGIN, REGISTRAR, auditor()) as killed:
        follow(killed, 0, 8)
    with KeptVerdicts(state, ORIGIN, REGISTRAR, auditor()) as kept:
        kept.finish()
        assert (kept.size, kept.mapped()) == (16, 0)
        for start in (0, 8):
            _, run = run_of(start)
            kept.catch_up([(f"order {start}", leaf) for leaf in run.leaves], start + WIDTH)
        assert (kept.mapped(), kept._map.heads().root) == (16, map_root(16))


def test_kept_roots_of_the_map_are_those_that_are_asked_for(kept: KeptVerdicts) -> None:
    kept.keep_map_roots({3: b"a" * 32, 5: b"b" * 32})
    kept.keep_map_roots({5: b"c" * 32})
    asked: Any = kept.map_roots({5, 6})
    assert asked == {5: b"c" * 32}
