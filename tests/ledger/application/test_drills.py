"""Drills of a log: an old copy comes back, a guard is lost, a clock is wrong, two machines publish.

Each ends as the design of the log states (docs/reference/formats/checkpoint.md): no signature contradicts an earlier
one; where one does all the same, another party holds the proof.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cli.exit_codes import Exit
from cli.session import ledger_choice
from ledger.adapters.folders.ledger_folder import RESTORED, read_folder
from ledger.adapters.folders.user_folders import Home
from ledger.adapters.keys.key_files import load, new
from ledger.adapters.log.checkpoints import CheckpointStore, PublishedHead
from ledger.adapters.witness.witness import Witness, cosigners
from ledger.adapters.witness.witness_state import Memory
from ledger.application.counterparties import read_counterparty
from ledger.application.journal import Journal
from ledger.application.successor import last_head
from ledger.entries.split_view import check_split
from ledger.errors import LedgerError, RecordError
from ledger.tlog.note import Checkpoint, format_checkpoint, parse_vkey, sign_note, witness_vkey
from tests.support.cli import House

pytest.importorskip("starlette", reason="needs the extra `server`")
pytest.importorskip("httpx", reason="needs the extra `server`")

from tests.ledger.adapters.witness.test_server import listening

NAME = "witness.example/w"


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path).begun()


def record(house: House, ledger: Path | None = None) -> tuple[int, str]:
    """Add an entry to the register; return exit status and output."""
    words = ("record", "party-registered", "-f", "party=XO", "-f", "zone=UTC", "-f", "declarations_verified=true")
    done = house.run(*words, "--as", "registrar", "--ledger", str(ledger or house.ledger))
    return done.exit_code, done.output


def state(house: House) -> Path:
    return Home(house.folder / "state" / "comity", Path()).log(read_folder(house.ledger).origin)


@contextmanager
def witness(house: House) -> Iterator[str]:
    """Run a live witness that the ledger's policy asks; it remembers earlier runs. Yield its URL."""
    folder, log = house.folder / "witness", read_folder(house.ledger).key
    if not folder.exists():
        folder.mkdir()
        new(folder / "key")
        vkey = witness_vkey(NAME, load(folder / "key").public)
        Memory.create(folder / "witness.db", vkey).close()
    key = load(folder / "key")
    memory = Memory(folder / "witness.db", witness_vkey(NAME, key.public))
    with listening(Witness(memory, cosigners(NAME, key), {log.name: [log]})) as live:
        ask(house.ledger, live.url)
        yield live.url
    memory.close()


def ask(ledger: Path, url: str) -> None:
    key = witness_vkey(NAME, load(ledger.parent / "witness" / "key").public)
    parse_vkey(key)
    log = read_folder(ledger).key.text
    (ledger / "trust" / "policy").write_text(f"log {log}\nwitness w {key} {url}\nquorum w\n")


def put_back(house: House, *, guard: bool) -> None:
    """Restore the old copy by hand, with or without its guard."""
    shutil.rmtree(house.ledger)
    shutil.copytree(house.folder / "old", house.ledger)
    if guard:
        shutil.rmtree(state(house))
        shutil.copytree(house.folder / "old-state", state(house))


def copied(house: House) -> None:
    shutil.copytree(house.ledger, house.folder / "old")
    shutil.copytree(state(house), house.folder / "old-state")


# -- an old copy comes back --------------------------------------------------------------------------------------------


def test_an_old_copy_without_its_guard_signs_nothing_and_says_that_it_is_old(house: House) -> None:
    copied(house)
    assert record(house)[0] == 0
    put_back(house, guard=False)
    code, said = record(house)
    assert (code, "LOG-ROLLBACK" in said) == (Exit.PROVED_BAD, True)
    verdict = house.run("fsck", "--json", "--ledger", str(house.ledger))
    assert [r["code"] for r in json.loads(verdict.stdout)["reasons"]] == ["LOG-ROLLBACK"]


def test_an_old_copy_that_came_back_with_its_guard_is_stopped_by_its_witness(house: House) -> None:
    with witness(house):
        copied(house)
        assert record(house)[0] == 0
        assert house.run("checkpoint", "--ledger", str(house.ledger)).exit_code == 0
        put_back(house, guard=True)
        done = house.run("checkpoint", "--ledger", str(house.ledger))
        assert done.exit_code == Exit.PROVED_BAD, done.output
        assert "LOG-ROLLBACK" in done.output
        fsck = house.run("fsck", "--json", "--ledger", str(house.ledger))
        assert [r["code"] for r in json.loads(fsck.stdout)["reasons"]] == ["LOG-ROLLBACK"]
        assert record(house)[0] == 0, "nobody is asked before each entry"
        forked = house.run("checkpoint", "--ledger", str(house.ledger))
        assert "LOG-EQUIVOCATION" in forked.output
        assert forked.exit_code != 0
    (exhibit,) = (house.ledger / "evidence").glob("*.split-view.json")
    check_split(exhibit.read_bytes(), read_folder(house.ledger).key)


def test_a_copy_is_not_put_back_if_a_witness_remembers_more(house: House) -> None:
    copy = house.folder / "copy.tar"
    with witness(house):
        assert house.run("backup", str(house.ledger), "-o", str(copy)).exit_code == 0
        copied(house)
        assert record(house)[0] == 0
        assert house.run("checkpoint", "--ledger", str(house.ledger)).exit_code == 0
        put_back(house, guard=True)
        done = house.run("restore", str(copy), str(house.folder / "again"))
        assert (done.exit_code, "LOG-ROLLBACK" in done.output) == (Exit.PROVED_BAD, True)
        assert not (house.folder / "again").exists()


def test_a_ledger_that_was_put_back_asks_its_witness_before_it_signs(house: House) -> None:
    copy, again = house.folder / "copy.tar", house.folder / "again"
    with witness(house):
        assert house.run("checkpoint", "--ledger", str(house.ledger)).exit_code == 0
        assert house.run("backup", str(house.ledger), "-o", str(copy)).exit_code == 0
    done = house.run("restore", str(copy), str(again))
    assert done.exit_code == 0, done.output
    assert "asked again before anything is signed" in done.output
    code, said = record(house, again)
    assert (code, "LOG-UNREACHABLE" in said) == (Exit.REFUSED, True)
    with witness(house) as url:
        ask(again, url)
        assert record(house, again)[0] == 0
    assert not (again / RESTORED).exists()
    assert record(house, again)[0] == 0, "asked once is enough"


# -- clocks ------------------------------------------------------------------------------------------------------------


def test_a_clock_set_back_an_hour_signs_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    monkeypatch.setattr(ledger_choice, "now", lambda folder=None: now - timedelta(hours=1))
    code, said = record(house)
    assert (code, "CLOCK-BACK" in said) == (Exit.REFUSED, True)
    monkeypatch.setattr(ledger_choice, "now", lambda folder=None: now - timedelta(minutes=4))
    code, said = record(house)
    assert (code, "behind the last signature" in said) == (0, True)


# -- two machines that publish -----------------------------------------------------------------------------------------


def test_two_publishers_of_one_ledger_sign_one_history(house: House) -> None:
    home = Home(house.folder / "state" / "comity", house.folder / "config" / "comity" / "keys")
    with Journal.open(house.ledger, home) as one, Journal.open(house.ledger, home) as two:
        for _ in range(3):
            assert record(house)[0] == 0
            one.log.publish()
            two.log.publish()
        roots = {(kept.size, kept.note.split(b"\n")[2]) for kept in one.heads.all()}
    assert len(roots) == len({size for size, _ in roots})
    assert house.reply("fsck")["verdict"] == "CONSISTENT"


def test_of_two_machines_that_publish_one_log_a_witness_follows_one(house: House) -> None:
    with witness(house):
        assert house.run("checkpoint", "--ledger", str(house.ledger)).exit_code == 0
        copied(house)
        assert record(house)[0] == 0
        assert house.run("checkpoint", "--ledger", str(house.ledger)).exit_code == 0
        put_back(house, guard=True)  # the other machine, in the state of this one before
        assert record(house)[0] == 0
        other = house.run("checkpoint", "--ledger", str(house.ledger))
        assert (other.exit_code != 0, "LOG-EQUIVOCATION" in other.output) == (True, True)


# -- a guard is lost ---------------------------------------------------------------------------------------------------


def test_without_its_guard_a_log_signs_nothing_and_can_be_read(house: House) -> None:
    (state(house) / "guard.db").unlink()
    code, said = record(house)
    assert (code, "GUARD-MISSING" in said) == (Exit.UNDECIDABLE, True)
    assert house.run("log", "--ledger", str(house.ledger)).exit_code == 0


def test_a_guard_is_made_again_only_against_a_quorum(house: House) -> None:
    with witness(house):
        assert record(house)[0] == 0
        assert house.run("checkpoint", "--ledger", str(house.ledger)).exit_code == 0
        there = house.run("log", "remake-guard", "--ledger", str(house.ledger))
        assert (there.exit_code, "GUARD-EXISTS" in there.output) == (Exit.REFUSED, True)
        (state(house) / "guard.db").unlink()
    lone = house.run("log", "remake-guard", "--ledger", str(house.ledger))
    assert (lone.exit_code, "NO-QUORUM" in lone.output) == (Exit.REFUSED, True)
    with witness(house):
        made = house.reply("log", "remake-guard", "--ledger", str(house.ledger))
        assert made["size"] == house.reply("checkpoint", "--ledger", str(house.ledger))["size"]
        assert record(house)[0] == 0
        assert house.run("checkpoint", "--ledger", str(house.ledger)).exit_code == 0


def test_a_guard_is_not_made_for_entries_older_than_what_a_witness_saw(house: House) -> None:
    with witness(house):
        copied(house)
        assert record(house)[0] == 0
        assert house.run("checkpoint", "--ledger", str(house.ledger)).exit_code == 0
        put_back(house, guard=False)
        (state(house) / "guard.db").unlink()
        done = house.run("log", "remake-guard", "--ledger", str(house.ledger))
        assert (done.exit_code, "LOG-ROLLBACK" in done.output) == (Exit.PROVED_BAD, True)
        assert not (state(house) / "guard.db").exists()


def test_a_head_from_paper_is_as_good_as_a_quorum(house: House) -> None:
    note = house.reply("checkpoint", "--ledger", str(house.ledger))["note"]
    held = house.folder / "held"
    held.write_text("\n".join(note.split("\n")[:3]) + "\n")
    (state(house) / "guard.db").unlink()
    assert house.run("log", "remake-guard", "--anchor", str(held), "--ledger", str(house.ledger)).exit_code == 0
    assert record(house)[0] == 0
    (state(house) / "guard.db").unlink()
    held.write_text(note.replace("xo", "xx"))
    other = house.run("log", "remake-guard", "--anchor", str(held), "--ledger", str(house.ledger))
    assert "CP-ORIGIN" in other.output


# -- a log after a loss ------------------------------------------------------------------------------------------------


def test_a_lost_log_has_a_successor_that_names_its_last_head(house: House) -> None:
    with witness(house):
        assert house.run("checkpoint", "--ledger", str(house.ledger)).exit_code == 0
        old = house.reply("checkpoint", "--ledger", str(house.ledger))
        shutil.copytree(house.ledger, house.folder / "left")
        trust = shutil.copytree(house.ledger / "trust", house.folder / "trust")
        shutil.rmtree(house.ledger)
        heir = house.folder / "heir"
        words = ("succeed", str(trust), str(heir), "--origin", "ledger.example/xo/karsk/2", "--cause", "lost-storage")
        made = house.reply(*words, "--lost", "7", "--lost", "3", "--lost", "7")
    assert (made["kind"], made["seq"], made["index"]) == ("log-succeeded", 1, 0)
    with Journal.open(heir, Home(house.folder / "state" / "comity", Path())) as journal:
        said = journal.cases.register()[0]
        assert (said.get("predecessor"), said.get("size"), said.get("root")) == (
            old["origin"],
            old["size"],
            old["root"],
        )
        assert said.get("lost") == [3, 7]
    assert house.reply("fsck", "--ledger", str(heir))["verdict"] == "CONSISTENT"
    judged = json.loads(house.run("verify", str(heir), "--trust", str(heir / "trust"), "--json").stdout)
    ended = f"{old['origin']} ended with {old['size']} entries and holds none behind them: registrar of XO signs that."
    assert f"CMP-PREDECESSOR: that {ended}" in judged["not_proven"]
    assert "GUARD-MISSING" in record(house, house.folder / "left")[1], "the old log signs nothing more"
    remade = house.run("log", "remake-guard", "--ledger", str(house.folder / "left"))
    assert "has a successor" in remade.output
    again = house.run("succeed", str(trust), str(house.folder / "x"), "--origin", old["origin"], "--cause", "other")
    assert again.exit_code == Exit.USAGE


def test_where_nobody_shows_a_head_there_is_nothing_to_succeed(house: House) -> None:
    trust = shutil.copytree(house.ledger / "trust", house.folder / "trust")
    words = ("succeed", str(trust), str(house.folder / "heir"), "--origin", "ledger.example/xo/karsk/2")
    done = house.run(*words, "--cause", "lost-storage")
    assert (done.exit_code, "NO-HEAD" in done.output) == (Exit.REFUSED, True)


def test_a_successor_needs_the_registrars_key_and_says_where_to_name_it(house: House) -> None:
    words: tuple[str, ...] = ("succeed", str(house.ledger), str(house.folder / "heir"))
    words = (*words, "--origin", "ledger.example/xo/karsk/2")
    for file in house.keys.glob("registrar.*"):
        file.rename(house.folder / file.name)
    done = house.run(*words, "--cause", "other")
    assert (done.exit_code, "is not here" in done.output, "--key FILE" in done.output) == (Exit.UNDECIDABLE, True, True)
    new(house.folder / "stranger")
    words = (*words, "--cause", "other", "--key", str(house.folder / "stranger"))
    assert house.run(*words).exit_code == Exit.REFUSED
    assert not (house.folder / "heir").exists()


def test_two_trees_of_one_size_are_succeeded_only_by_saying_which_was_seen_last(house: House) -> None:
    folder, (trust, _) = read_folder(house.ledger), read_counterparty(house.ledger / "trust")
    assert record(house)[0] == 0
    ours = (house.ledger / "log" / "checkpoint").read_bytes()
    assert last_head(trust, house.ledger, None) == ours
    size = int(ours.split(b"\n")[1])
    body = format_checkpoint(Checkpoint(folder.origin, size, bytes(range(32))))
    theirs = sign_note(body, folder.origin, load(state(house) / "log.key").seed).encode()
    with closing(CheckpointStore(folder.heads)) as heads:
        heads.keep(PublishedHead(size, theirs, datetime.now(UTC), None))
    with pytest.raises(LedgerError, match="two trees") as found:
        last_head(trust, house.ledger, None)
    assert found.value.code == "SPLIT-VIEW"
    assert last_head(trust, house.ledger, theirs) == theirs


def test_the_published_checkpoint_is_a_head_of_what_is_left_without_the_file_of_heads(house: House) -> None:
    trust, _ = read_counterparty(house.ledger / "trust")
    left = house.folder / "left"
    (left / "log").mkdir(parents=True)
    shutil.copy(house.ledger / "log" / "checkpoint", left / "log")
    assert last_head(trust, left, None) == (house.ledger / "log" / "checkpoint").read_bytes()


def test_the_head_that_is_named_is_taken_even_if_a_larger_one_is_here(house: House) -> None:
    trust, _ = read_counterparty(house.ledger / "trust")
    named = (house.ledger / "log" / "checkpoint").read_bytes()
    assert record(house)[0] == 0
    larger = last_head(trust, house.ledger, None)
    assert int(larger.split(b"\n")[1]) == int(named.split(b"\n")[1]) + 1
    assert last_head(trust, house.ledger, named) == named


def test_a_cosigned_head_goes_before_a_larger_one_that_nobody_outside_saw(house: House) -> None:
    with witness(house):
        seen = str(house.reply("checkpoint")["note"]).encode()
        assert NAME.encode() in seen
    assert record(house)[0] == 0
    (trust, _), larger = read_counterparty(house.ledger / "trust"), (house.ledger / "log" / "checkpoint").read_bytes()
    assert int(larger.split(b"\n")[1]) == int(seen.split(b"\n")[1]) + 1
    assert last_head(trust, house.ledger, None) == seen
    with pytest.raises(RecordError):
        last_head(trust, house.ledger, larger.replace(b"\n\n", b"x\n\n", 1))
