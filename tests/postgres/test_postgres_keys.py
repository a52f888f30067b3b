"""Two folders on one database: one keys.db holds the keys of a ledger, and the other folder is refused."""

from __future__ import annotations

import json
import shutil
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from cli.exit_codes import Exit
from cli.session.ledger_reader import reading
from ledger.adapters.folders.ledger_folder import read_folder
from ledger.adapters.storage.entry_reader import EntryReader
from ledger.adapters.subject_keys.key_store import SubjectKeyStore
from ledger.entries.case import Unread
from tests.postgres.test_postgres_ledger import Housed

pytestmark = pytest.mark.postgres


@pytest.fixture
def here(tmp_path: Path, uri: str) -> Housed:
    house = Housed(tmp_path / "here", uri).begun()
    house.with_office("ilves", "ISS")
    house.order()
    assert delayed(house, "of the target").exit_code == Exit.DONE
    return house


def beside(here: Housed, *, keys: bool) -> Housed:
    """Copy the folder, guard and signers' keys to a second machine, with keys.db or with a new keys.db."""
    there = Housed(here.folder.parent / "there", here.uri)
    shutil.copytree(here.folder, there.folder)
    if not keys:
        for file in there.ledger.glob("keys.db*"):
            file.unlink()
        SubjectKeyStore.create(there.ledger / "keys.db").close()
    return there


def delayed(house: Housed, text: str, *more: str) -> Any:
    words = ("record", "customer-notification-delayed", "PPO-1", "-f", f"reasons={text}", "-f", "review_on=2099-01-01")
    return house.run(*words, "--as", "ilves", "--yes", *more)


def erased(house: Housed, *more: str) -> Any:
    return house.run("erase", "PPO-1", "--cause", "erasure-granted", "--as", "ilves", "--yes", *more)


def size(house: Housed) -> int:
    with closing(EntryReader(read_folder(house.ledger).entries)) as shelf:
        return shelf.size()


def refused(done: Any) -> None:
    assert (done.exit_code, "KEYS-OTHER" in done.output) == (Exit.UNDECIDABLE, True), done.output


def reasons(house: Housed) -> list[Any]:
    with reading(house.ledger) as reader:
        return [e.sealed["reasons"] for e in reader.case("PPO-1").entries if "reasons" in e.sealed]


def test_a_second_folder_with_keys_of_its_own_seals_opens_and_erases_nothing(here: Housed) -> None:
    there, before = beside(here, keys=False), size(here)
    refused(delayed(there, "secret"))
    refused(there.run("timeline", "PPO-1", "--reveal", "--because", "x", "--as", "ilves"))
    refused(erased(there))
    assert size(here) == before, "nothing was recorded, no access either"
    assert there.run("timeline", "PPO-1").exit_code == Exit.DONE, "reading goes on"
    words = ("record", "order-transmitted", "PPO-1", "-f", "addressee=ilves", "-f", "channel=mail", "--as", "ilves")
    assert there.run(*words, "--yes").exit_code == Exit.DONE, "and so does what seals nothing"
    messages = here.run("checkpoint").stderr
    assert "stored and not acknowledged by this guard" in messages
    assert "crash" not in messages
    assert reasons(here) == ["of the target"]


def test_erasure_is_whole_and_the_other_folder_reads_nothing_afterwards(here: Housed) -> None:
    there = beside(here, keys=True)
    assert erased(here).exit_code == Exit.DONE
    assert reasons(there) == [Unread.ERASED]
    assert here.verdict() == "CONSISTENT"
    assert there.verdict() == "INCONSISTENT KEYS-KEPT", "its copy of the key is not destroyed yet"
    done = delayed(there, "sealed with it again")
    assert (done.exit_code, "KEYS-KEPT" in done.output) == (Exit.REFUSED, True), done.output
    done = erased(there)
    assert (done.exit_code, "already destroyed, entry" in done.stderr) == (Exit.DONE, True), done.output
    assert there.verdict() == "CONSISTENT"


def test_of_two_copies_of_the_keys_the_first_to_make_a_new_key_goes_on(here: Housed) -> None:
    there = beside(here, keys=True)
    assert delayed(there, "of a witness", "--subject", "witness 3").exit_code == Exit.DONE
    refused(delayed(here, "more"))
    refused(erased(here))
    assert delayed(there, "more").exit_code == Exit.DONE


def test_a_foreign_key_is_seen_and_an_erasure_that_cannot_be_whole_is_refused(
    here: Housed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Earlier versions allowed this: two folders sealed values of one order, each under its own keys."""
    there = beside(here, keys=False)
    monkeypatch.setattr("ledger.application.journal.check_bound", lambda *_: None)
    assert delayed(there, "theirs").exit_code == Exit.DONE
    assert delayed(here, "ours").exit_code == Exit.DONE
    monkeypatch.undo()
    assert here.verdict() == "UNDECIDED KEYS-OTHER"
    refused(erased(here))
    done = erased(here, "--only-here")
    refused(done)
    assert "stay readable where their keys are" in " ".join(done.stderr.split())
    assert there.verdict() == "CONSISTENT"
    assert erased(there).exit_code == Exit.DONE
    assert here.verdict() == "CONSISTENT"
    entries = json.loads(here.run("timeline", "PPO-1", "--json").stdout)["timeline"]
    assert [e["kind"] for e in entries].count("payload-key-destroyed") == 2
