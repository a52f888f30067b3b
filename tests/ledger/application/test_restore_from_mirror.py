"""The entries of a mirror are taken only if they make the tree that the log has signed."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ledger.adapters.folders.ledger_folder import read_folder
from ledger.adapters.log.checkpoints import CheckpointStore, PublishedHead
from ledger.adapters.storage.entry_reader import EntryReader
from ledger.application.restore_from_mirror import Mirrored, _pages, _Sealed, complete_from_mirror, lay_out
from ledger.entries.envelope import open_
from ledger.errors import LedgerError, RecordError
from ledger.tlog.note import Head, open_checkpoint
from ledger.tlog.tile import tile_path, tiles_for
from ledger.tlog.tree import Frontier
from ledger.trust.trust_folder import parse_trust
from tests.support.files.published_tiles import fetched, files_of
from tests.support.memory_ledger import BEGINS, NOW, Ledger, small


def head(ledger: Ledger, root: bytes | None = None) -> Head:
    return open_checkpoint(ledger.checkpoint(root=root), ledger.origin, ledger.trust().policy.logs, ())


def taken(ledger: Ledger, start: int, root: bytes | None = None) -> tuple[list[Any], int]:
    counted = _Sealed()
    tree = Frontier.at(start, ledger.read)
    rows = [row for page in _pages(fetched(files_of(ledger)), head(ledger, root), tree, counted) for row in page]
    return rows, counted.values


def test_only_the_entries_after_the_own_ones_are_taken_and_their_sealed_values_are_counted(tmp_path: Path) -> None:
    ledger, _ = small()
    for start in range(ledger.size + 1):
        rows, values = taken(ledger, start)
        assert [row.state for row in rows] == ledger.entries[start:]
        assert values == sum(len(open_(raw).payload.sealed) for raw in ledger.entries[start:])


def test_entries_that_make_another_tree_than_the_signed_one_are_not_taken() -> None:
    ledger, _ = small()
    with pytest.raises(LedgerError, match=f"not the {ledger.size} that the log has signed") as raised:
        taken(ledger, 1, bytes(32))
    assert raised.value.code == "LOG-CORRUPT"


def test_what_is_no_entry_is_named_by_its_place_in_the_log() -> None:
    ledger, _ = small()
    ledger.append(b"no entry")
    with pytest.raises(LedgerError, match=f"entry {ledger.size - 1} of the mirror") as raised:
        taken(ledger, 1)
    assert raised.value.code == "LOG-CORRUPT"


def test_of_the_entries_behind_the_first_bundle_those_after_the_own_ones_are_taken() -> None:
    ledger, _ = small()
    for _ in range(260):
        ledger.append(ledger.entries[-1])
    for start in (0, 255, 256, 257, ledger.size - 1):
        assert [row.state for row in taken(ledger, start)[0]] == ledger.entries[start:]


def test_an_entry_with_a_wrong_signature_that_the_log_has_signed_is_taken_and_a_verifier_names_it() -> None:
    ledger, _ = small()
    envelope = json.loads(ledger.entries[-1])
    envelope["signatures"][0]["sig"] = json.loads(ledger.entries[0])["signatures"][0]["sig"]
    ledger.append(json.dumps(envelope, separators=(",", ":"), sort_keys=True).encode())
    with pytest.raises(RecordError):
        open_(ledger.entries[-1])
    assert [row.state for row in taken(ledger, ledger.size - 1)[0]] == ledger.entries[-1:]


# a folder that is filled

LATER, LATEST = BEGINS + timedelta(hours=1), BEGINS + timedelta(hours=2)


def mirrored() -> tuple[Ledger, dict[str, bytes]]:
    """Return a ledger with three witnesses, of which the first two are mirrors, and its trust files."""
    ledger, _ = small(witnesses=3)
    keys = list(ledger.trust().policy.witnesses.values())
    mirrors = "".join(f"mirror {key.text} https://{key.name}\n" for key in keys[:2])
    return ledger, {**ledger.trust_files(), "mirrors": mirrors.encode(), "tsa/one.pem": b"PEM"}


def shown(ledger: Ledger, *times: datetime, size: int | None = None) -> tuple[bytes, Any]:
    """Return the note that a mirror shows with these cosignatures, and what reads its files."""
    note = ledger.checkpoint(size, *times)
    return note, fetched(files_of(ledger, size) | {"checkpoint": note})


def stored(folder: Path) -> list[bytes]:
    with closing(EntryReader(folder / "entries.db")) as reader:
        return [raw for _, raw in reader.page(0)]


def heads_of(folder: Path) -> list[PublishedHead]:
    with closing(CheckpointStore(folder / "heads.db")) as heads:
        return heads.all()


def test_a_folder_without_entries_has_the_trust_files_and_empty_stores_that_only_its_owner_reads(
    tmp_path: Path,
) -> None:
    _, files = mirrored()
    lay_out(tmp_path / "made", files | {"others/other/policy": b"policy\n"})
    assert (tmp_path / "made" / "trust" / "others" / "other" / "policy").read_bytes() == b"policy\n"
    assert {name: (tmp_path / "made" / "trust" / name).read_bytes() for name in files} == files
    lay_out(tmp_path / "bare", {name: files[name] for name in ("policy", "registrar")})
    for name in ("trust", "trust/tsa", "log"):
        assert (tmp_path / "bare" / name).stat().st_mode & 0o777 == 0o700
    assert (stored(tmp_path / "bare"), heads_of(tmp_path / "bare")) == ([], [])


@pytest.mark.parametrize("times", [(LATER, LATEST, BEGINS), (LATER, BEGINS, LATEST), (BEGINS, LATER, LATER)])
def test_a_folder_is_filled_with_what_it_lacks_and_publishes_the_head_that_the_mirrors_have_cosigned(
    tmp_path: Path, times: tuple[datetime, ...]
) -> None:
    ledger, files = mirrored()
    trust = parse_trust(files)
    lay_out(tmp_path, files)
    sealed = [len(open_(raw).payload.sealed) for raw in ledger.entries]
    before, kept = 0, []
    for size in (3, ledger.size, ledger.size):
        note, fetch = shown(ledger, *times, size=size)
        done = complete_from_mirror(tmp_path, fetch, trust, NOW)
        names = ("witness.test/1", "witness.test/2")
        assert done == Mirrored(names, size, max(times[:2]), size - before, sum(sealed[before:size]))
        assert stored(tmp_path) == ledger.entries[:size]
        if size > before:
            kept.append(PublishedHead(size, note, max(times[:2]), int(min(times[:2]).timestamp())))
        assert heads_of(tmp_path) == kept
        assert (tmp_path / "log" / "checkpoint").read_bytes() == note
        for tile in tiles_for(0, size):
            assert (tmp_path / "log" / tile_path(tile)).read_bytes() == fetch(tile_path(tile), 0)
        before = size
    assert sum(sealed) > 0
    assert read_folder(tmp_path).origin == ledger.origin


def test_a_head_that_no_mirror_has_cosigned_by_now_fills_nothing(tmp_path: Path) -> None:
    ledger, files = mirrored()
    lay_out(tmp_path, files)
    trust = parse_trust(files)
    _, unsigned = shown(ledger)
    with pytest.raises(RecordError, match="CP-SIG"):
        complete_from_mirror(tmp_path, unsigned, trust, NOW)
    _, alone = shown(ledger, BEGINS)
    others = parse_trust({**files, "mirrors": files["mirrors"].splitlines(keepends=True)[1]})
    with pytest.raises(RecordError, match="CP-SIG checkpoint"):
        complete_from_mirror(tmp_path, alone, others, NOW)
    with pytest.raises(RecordError, match="CP-FUTURE"):
        complete_from_mirror(tmp_path, alone, trust, BEGINS - timedelta(minutes=6))
    assert (stored(tmp_path), heads_of(tmp_path)) == ([], [])
    assert complete_from_mirror(tmp_path, alone, trust, BEGINS - timedelta(minutes=4)).names == ("witness.test/1",)


def test_a_folder_with_more_entries_or_another_tree_than_the_mirror_is_left_as_it_is(tmp_path: Path) -> None:
    ledger, files = mirrored()
    trust = parse_trust(files)
    lay_out(tmp_path, files)
    complete_from_mirror(tmp_path, shown(ledger, BEGINS, BEGINS)[1], trust, NOW)
    whole = stored(tmp_path), heads_of(tmp_path), (tmp_path / "log" / "checkpoint").read_bytes()
    other, _ = mirrored()
    fork = Ledger(witnesses=3)
    for raw in [*other.entries[:-1], other.entries[0]]:
        fork.append(raw)
    for fetch, code in (
        (shown(ledger, BEGINS, size=ledger.size - 1)[1], "LOG-ROLLBACK"),
        (shown(fork, BEGINS)[1], "LOG-FORKED"),
    ):
        with pytest.raises(LedgerError) as raised:
            complete_from_mirror(tmp_path, fetch, trust, NOW)
        assert raised.value.code == code
        assert (stored(tmp_path), heads_of(tmp_path), (tmp_path / "log" / "checkpoint").read_bytes()) == whole
