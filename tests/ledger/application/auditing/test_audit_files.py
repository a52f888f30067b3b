"""Files of statements: kept once, listed for readers over HTTP, and as few as cover the log in a bundle."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.adapters.keys.mldsa import verify
from ledger.adapters.log.published_log import LARGEST_NOTE, from_folder
from ledger.application.auditing import audit_files
from ledger.application.auditing.audit_files import _fewest, carried, fetched, files_by, files_in, keep, named
from ledger.application.auditing.take import own_notes
from ledger.errors import LedgerError, RecordError
from ledger.tlog.policy import Policy
from ledger.tlog.subtree_cosignature import Subtree, subtree_note
from ledger.verify.audits.statements import check_audits
from ledger.verify.progress import VerificationLog
from tests.ledger.tlog.auditors import ORIGIN, SIZE, TEXT, auditor, head, part, read

KARSK, LORN = auditor("karsk"), auditor("lorn")
STATED = dict([named(TEXT, ".statement")])
POLICY = Policy((), {}, {}, "none", auditors={"karsk": KARSK.key})


def notes(*ranges: tuple[int, int]) -> dict[str, bytes]:
    return dict(named(KARSK.note(*each), ".note") for each in ranges)


def covered(files: dict[str, bytes]) -> tuple[tuple[int, int], ...]:
    (stated,) = check_audits(files, POLICY, head(), VerificationLog(), verify)
    return stated.ranges


ranges = st.tuples(st.integers(0, 12), st.integers(1, 12)).map(lambda each: (each[0], each[0] + each[1]))


@given(st.lists(ranges, min_size=1, max_size=6))
def test_the_chosen_notes_cover_what_all_cover_and_no_fewer_do(given: list[tuple[int, int]]) -> None:
    subtrees = {str(n): Subtree(ORIGIN, start, end, bytes(32)) for n, (start, end) in enumerate(given)}

    def cover(names: tuple[str, ...]) -> set[int]:
        return {index for name in names for index in range(subtrees[name].start, subtrees[name].end)}

    chosen = tuple(_fewest(subtrees, subtrees))
    assert cover(chosen) == cover(tuple(subtrees))
    fewer = (some for n in range(len(chosen)) for some in combinations(subtrees, n))
    assert all(cover(some) != cover(chosen) for some in fewer)


def test_a_bundle_carries_the_fewest_notes_with_their_proofs_and_statements() -> None:
    files = STATED | notes((0, 8), (8, 16), (0, 16), (16, 32), (32, 40))
    taken = carried(files, ORIGIN, SIZE, read)
    assert sorted(name.rpartition(".")[2] for name in taken) == ["note"] * 3 + ["proof"] * 3 + ["statement"]
    assert covered(taken) == ((0, SIZE),)


def test_a_bundle_carries_no_note_of_another_log_of_a_larger_tree_or_of_no_form() -> None:
    other = Subtree("ledger.example/other", 0, 8, bytes(32))
    files = STATED | notes((32, 40)) | dict([named(subtree_note(other, [KARSK.line(other)]), ".note")])
    assert carried(files | {"ab" * 32 + ".note": b"\xff"}, ORIGIN, 39, read) == {}


def test_what_is_kept_is_found_again_by_its_index(tmp_path: Path) -> None:
    files = STATED | notes((0, 8))
    keep(tmp_path / "audits", STATED)
    keep(tmp_path / "audits", files)
    (tmp_path / "audits" / "notes.txt").write_text("not one of them")
    assert fetched(from_folder(tmp_path / "audits")) == files_in(tmp_path / "audits") == files
    assert files_in(tmp_path / "nothing") == {}


def test_a_kept_file_is_not_written_again_and_the_names_are_durable_and_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    monkeypatch.setattr(audit_files, "sync_folder", synced.append)
    first, second, third = sorted(notes((0, 8), (8, 16), (16, 24)).items())
    keep(tmp_path, dict([second]))
    before = (tmp_path / second[0]).stat().st_ino
    keep(tmp_path, dict([first]))
    keep(tmp_path, dict([second, third]))
    assert (tmp_path / second[0]).stat().st_ino == before
    assert (tmp_path / "index").read_text().splitlines() == [first[0], second[0], third[0]]
    assert synced == [tmp_path] * 3


def test_of_too_many_files_the_first_by_name_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_files, "MOST", 2)
    names = [digit * 64 + ".note" for digit in "cab"]
    assert list(files_by([*names, "policy"], str.encode)) == [names[1], names[2]]


@pytest.mark.parametrize("more", [0, 1])
def test_an_index_of_ten_thousand_names_is_read_and_a_longer_one_refused(more: int) -> None:
    names = [f"{number:064x}.note" for number in range(10_000 + more)]
    limits = set()

    def fetch(name: str, most: int) -> bytes:
        limits.add((name == "index", most))
        return "\n".join(names).encode() if name == "index" else b"note"

    if more:
        with pytest.raises(RecordError, match="AUD-FORMAT"):
            fetched(fetch)
    else:
        assert list(fetched(fetch)) == names
    assert limits == {(True, 800_000)} | ({(False, LARGEST_NOTE)} if not more else set())


@pytest.mark.parametrize(
    "index", [b"../policy\n", b"\xff\n", b"ab.note\n", b"\n", b"index\n", b"%s.note\nindex\n" % (b"ab" * 32)]
)
def test_an_index_names_nothing_but_statements_and_notes(tmp_path: Path, index: bytes) -> None:
    (tmp_path / "index").write_bytes(index)
    with pytest.raises(RecordError, match="AUD-FORMAT"):
        fetched(from_folder(tmp_path))


def test_a_folder_without_an_index_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="LOG-UNREACHABLE"):
        fetched(from_folder(tmp_path))


# what a ledger takes


def test_notes_of_auditors_of_the_policy_are_taken_and_others_left() -> None:
    mine = STATED | notes((0, 32), (32, 40))
    taken = own_notes(mine | dict([named(LORN.note(0, SIZE), ".note")]), POLICY, head(), read)
    assert (taken.ranges, taken.left, taken.files) == ({"karsk": [(0, 32), (32, 40)]}, 1, mine)
    assert covered(carried(taken.files, ORIGIN, SIZE, read)) == ((0, SIZE),)


def test_of_a_note_with_more_signatures_those_of_the_policy_are_taken() -> None:
    both = subtree_note(part(0, SIZE), [LORN.line(part(0, SIZE)), KARSK.line(part(0, SIZE))])
    taken = own_notes(STATED | dict([named(both, ".note")]), POLICY, head(), read)
    (note,) = (data for name, data in taken.files.items() if name.endswith(".note"))
    assert note.count("\N{EM DASH}".encode()) == 1
    assert taken.ranges == {"karsk": [(0, SIZE)]}


def test_of_two_auditors_each_has_the_notes_it_has_signed_by_their_first_entry() -> None:
    policy = Policy((), {}, {}, "none", auditors={"karsk": KARSK.key, "lorn": LORN.key})
    both = subtree_note(part(8, 16), [LORN.line(part(8, 16)), KARSK.line(part(8, 16))])
    signed = [KARSK.note(32, 40), both, KARSK.note(0, 8)]
    taken = own_notes(STATED | dict(named(note, ".note") for note in signed), policy, head(), read)
    assert (taken.ranges, taken.left) == ({"karsk": [(0, 8), (8, 16), (32, 40)], "lorn": [(8, 16)]}, 0)


def test_a_note_on_another_log_is_left() -> None:
    other = Subtree("ledger.example/other", 0, 8, bytes(32))
    files = STATED | notes((0, 8)) | dict([named(subtree_note(other, [KARSK.line(other)]), ".note")])
    taken = own_notes(files, POLICY, head(), read)
    assert (taken.ranges, taken.left) == ({"karsk": [(0, 8)]}, 1)


def test_a_note_that_does_not_hold_is_refused_with_its_name() -> None:
    false = Subtree(ORIGIN, 0, SIZE, bytes(32))
    wrong = dict([named(subtree_note(false, [KARSK.line(false)]), ".note")])
    for files, code in ((STATED | wrong, "SUB-PATH"), (notes((0, 8)), "AUD-FORMAT")):
        with pytest.raises(RecordError, match=rf"{code} {next(n for n in files if n.endswith('.note'))}"):
            own_notes(files, POLICY, head(), read)
