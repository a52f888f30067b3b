"""The cost of a copy that continues behind an earlier one, against a whole copy of the same ledger."""

from __future__ import annotations

import io
import tarfile
from contextlib import closing
from pathlib import Path

from msgspec.structs import replace

from benchmarks.measure import Figure, in_turn, say, seconds
from ledger.adapters.storage.entry_reader import EntryReader
from ledger.application.backup import back_up
from ledger.application.incremental_backup.later_entries import root_at
from ledger.application.incremental_backup.manifest import NAME, format_manifest, read_manifest

NEW = 1_000  # entries behind the copy before
ROUNDS = 3


def later_copy_figure(large: Path, folder: Path) -> Figure:
    """Measure a copy of the last thousand entries against a whole copy, in seconds."""
    say("copying what is new")
    whole, before, later = (folder / f"{name}.tar" for name in ("whole", "before", "later"))
    for file in (whole, before, later):
        file.unlink(missing_ok=True)
    taken = seconds(lambda: back_up(large, str(whole)))
    bytes_of_whole = whole.stat().st_size
    _without_newest(large, whole, before)
    whole.unlink()

    def copy() -> None:
        later.unlink(missing_ok=True)
        back_up(large, str(later), str(before))

    (again,) = in_turn([copy], ROUNDS)
    made_of = {"seconds": round(again, 3), "whole_seconds": round(taken, 2), "entries": NEW}
    made_of |= {"kibibytes": later.stat().st_size >> 10, "whole_kibibytes": bytes_of_whole >> 10}
    return Figure(again / taken, made_of, at_most=0.5)


def _without_newest(ledger: Path, whole: Path, before: Path) -> None:
    """Write the list of a copy that was made before the newest entries."""
    manifest = read_manifest(str(whole))
    size = manifest.size - NEW
    with closing(EntryReader(ledger / "entries.db")) as reader:
        data = format_manifest(replace(manifest, size=size, root=root_at(reader, size), published=size))
    with tarfile.open(before, "w") as tar:
        member = tarfile.TarInfo(NAME)
        member.size = len(data)
        tar.addfile(member, io.BytesIO(data))
