"""Whichever entry of a story is deleted, paper, bundle and folder miss it: none of them passes."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import pytest

from cli.exit_codes import Stop
from cli.reports.integrity import read_again
from cli.session.ledger_reader import reading
from ledger.adapters.folders.ledger_folder import read_folder
from ledger.adapters.folders.read_trust import read_trust_folder
from ledger.application.integrity.verify_ledger import verify_folder
from ledger.entries.placement import access_of, reserved_of
from ledger.errors import LedgerError, RecordError
from ledger.trust.trust_folder import Trust
from ledger.verify.evidence_bundle import verify
from ledger.verify.report import Verdict
from tests.support.cli import ledger_of, run
from tests.support.samples import sampled
from tests.support.story_files import STORY_NAMES

SAMPLE = ("S1", "key-in-wrong-hands")
PASSED, FAILED, REFUSED = Verdict.PASSED, Verdict.FAILED, "refused"


@cache
def committed(story: str) -> Path:
    """Return the ledger of a story whose last entry commits the heads of all orders."""
    ledger = ledger_of(story, Path(mkdtemp(prefix="comity-test-")))
    done = run("log", "commit", "--enrol", ledger=ledger)
    assert done.exit_code == 0, done.output
    return ledger


def orders(ledger: Path) -> list[str]:
    """Return the order of each entry."""
    with closing(sqlite3.connect(ledger / "entries.db")) as c:
        return [order for (order,) in c.execute("SELECT originator_id FROM stored_events ORDER BY rowid")]


def without(ledger: Path, index: int, folder: Path) -> Path:
    """Return a copy of a ledger in which the row of one entry is deleted."""
    copy = Path(shutil.copytree(ledger, folder / "copy"))
    with closing(sqlite3.connect(copy / "entries.db")) as c:
        for (name,) in c.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            c.execute(f"DROP TRIGGER {name}")
        assert c.execute("DELETE FROM stored_events WHERE rowid = ?", (index + 1,)).rowcount == 1
        c.commit()
    return copy


# -- the three who are asked -------------------------------------------------------------------------------------------


def paper(ledger: Path, order: str, trust: Trust) -> str:
    """Return the verdict of a paper over the folder; of accesses, of the record of processing."""
    with reading(ledger) as reader:
        also = [order] if order == reader.cases.access else []
        of = next(iter(reader.labels.values())) if also else order
        return read_again(reader, reader.case(of).order, reader.newest_head(), trust, also).checked.verdict


def bundle(ledger: Path, order: str, trust: Trust) -> str:
    """Return the verdict on a bundle that is exported from the folder."""
    file = ledger.parent / "bundle.zip"
    done = run("export", order, "--audience", "DPO", "-o", str(file), "--as", "registrar", ledger=ledger)
    if done.exit_code:
        return REFUSED
    with reading(ledger) as reader:
        return verify(file.read_bytes(), trust, None, reader.now()).verdict


def folder(ledger: Path, order: str, trust: Trust) -> str:
    """Return the verdict on the folder."""
    with reading(ledger) as reader:
        now = reader.now()
    return verify_folder(ledger, trust, None, now).verdict


def answer(asked: Callable[[Path, str, Trust], str], ledger: Path, order: str, trust: Trust) -> str:
    try:
        return asked(ledger, order, trust)
    except (LedgerError, RecordError, Stop):
        return REFUSED


def passing(story: str, indexes: Sequence[int], tmp_path: Path) -> list[tuple[int, str]]:
    """Return who passes a copy of a story's ledger without one of these entries, by the index of the entry."""
    ledger = committed(story)
    trust = read_trust_folder(str(ledger / "trust"))
    of, origin = orders(ledger), read_folder(ledger).origin
    first = next(order for order in of if order not in reserved_of(origin))
    found = []
    for index in indexes:
        place = tmp_path / str(index)
        place.mkdir()
        copy = without(ledger, index, place)
        order = of[index] if of[index] not in reserved_of(origin) or of[index] == access_of(origin) else first
        every = [paper, folder] if order == access_of(origin) else [paper, bundle, folder]
        found += [
            (index, asked.__name__) for asked in every if answer(asked, copy, order, trust) not in (FAILED, REFUSED)
        ]
        shutil.rmtree(place)
    return found


def test_a_ledger_of_which_nothing_is_deleted_passes(tmp_path: Path) -> None:
    ledger = Path(shutil.copytree(committed("S1"), tmp_path / "ledger"))
    trust = read_trust_folder(str(ledger / "trust"))
    with reading(ledger) as reader:
        order = reader.labels["main"]
    assert [asked(ledger, order, trust) for asked in (paper, folder, bundle)] == [PASSED] * 3


@pytest.mark.parametrize("story", SAMPLE)
def test_an_entry_at_an_end_that_is_deleted_is_missed_by_paper_bundle_and_folder(story: str, tmp_path: Path) -> None:
    of = orders(committed(story))
    ends = {order: index for index, order in enumerate(of)}
    assert passing(story, [*sorted(ends.values()), 0, of.index(of[-4])], tmp_path) == []


@pytest.mark.slow
@pytest.mark.parametrize("story", STORY_NAMES)
def test_each_entry_that_is_deleted_is_missed_by_paper_bundle_and_folder(story: str, tmp_path: Path) -> None:
    """One entry in four, others for each SEED; FULL=1 deletes every one."""
    assert passing(story, sampled(range(len(orders(committed(story)))), 4), tmp_path) == []
