"""`comity directory`: whose ledgers there are, signed, and which checkpoints each has shown. None shows two views."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from cli.exit_codes import Exit
from ledger.adapters.folders.user_folders import Home
from ledger.application.root_log.root_log import opened
from ledger.tlog.note import b64
from ledger.tlog.tree import format_proof, prove_inclusion
from tests.support.cli import House, run
from tests.support.killed_command import killed

ORIGIN = "directory.example/xo/ledgers"
LEDGER = "ledger.example/xo/karsk"


@dataclass
class Authority:
    """A central authority with a directory, and an office whose ledger it lists."""

    folder: Path

    @property
    def directory(self) -> Path:
        return self.folder / "directory"

    @property
    def place(self) -> Path:
        """The place where the office's ledger is read."""
        return self.folder / "place"

    @property
    def home(self) -> Home:
        return Home(self.folder / "state" / "comity", self.folder / "config" / "comity" / "keys")

    def run(self, *words: str) -> Result:
        state, config = str(self.folder / "state"), str(self.folder / "config")
        return run(*words, XDG_STATE_HOME=state, XDG_CONFIG_HOME=config)

    def reply(self, *words: str) -> tuple[int, dict[str, Any]]:
        done = self.run(*words, "--json")
        return done.exit_code, json.loads(done.stdout)

    def listed(self, *more: str) -> dict[str, Any]:
        words = ("--holder", "Staatsanwaltschaft Köln", "--at", str(self.place), *more)
        code, answer = self.reply("directory", "add", str(self.directory), str(self.folder / "held"), *words)
        assert code == 0, answer
        return answer

    def take(self) -> tuple[int, list[dict[str, Any]]]:
        code, answer = self.reply("directory", "take", str(self.directory))
        return code, answer.get("ledgers", [])

    def shown(self, house: House) -> None:
        """Show the ledger of an office at the place that is listed."""
        shutil.rmtree(self.place, ignore_errors=True)
        shutil.copytree(house.ledger, self.place)

    def audit(self, *more: str) -> tuple[int, dict[str, Any]]:
        trust = ("--trust", str(self.directory / "trust"))
        return self.reply("audit", "--directory", str(self.directory), *trust, *more)


def enrolled(house: House, name: str) -> None:
    house.reply("key", "new", name)
    assert house.run("key", "enrol", name, "--role", "RET", "--party", "XO", "--office", "Unit").exit_code == 0
    assert house.run("checkpoint").exit_code == 0


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    made = Authority(tmp_path / "authority")
    assert made.run("directory", "new", str(made.directory), "--origin", ORIGIN).exit_code == 0
    return made


@pytest.fixture
def house(authority: Authority, tmp_path: Path) -> House:
    house = House(tmp_path / "house").furnished()
    assert house.run("checkpoint").exit_code == 0
    shutil.copytree(house.ledger / "trust", authority.folder / "held")
    authority.shown(house)
    return house


def test_a_checkpoint_is_taken_once_and_the_next_one_must_follow_it(authority: Authority, house: House) -> None:
    authority.listed()
    code, (taken,) = authority.take()
    assert (code, taken["log"], taken["before"]) == (Exit.DONE, LEDGER, None)
    assert taken["taken"] > 0
    assert authority.take() == (Exit.DONE, [{**taken, "taken": None, "before": taken["taken"]}])
    enrolled(house, "orn")
    authority.shown(house)
    code, (again,) = authority.take()
    assert (code, again["before"]) == (Exit.DONE, taken["taken"])
    assert again["taken"] > taken["taken"]


def test_an_entry_states_holder_keys_address_and_successor_and_a_later_one_replaces_it(
    authority: Authority, house: House
) -> None:
    authority.listed("--since", "2026-01-01")
    authority.listed("--since", "2026-01-01", "--until", "2026-10-31", "--successor", f"{LEDGER}/2027")
    trust = ("--trust", str(authority.directory / "trust"))
    code, answer = authority.reply("directory", "show", str(authority.directory), *trust)
    assert code == 0
    (entry,) = answer["ledgers"]
    assert (entry["log"], entry["holder"], entry["since"]) == (LEDGER, "Staatsanwaltschaft Köln", "2026-01-01")
    assert (entry["until"], entry["successor"]) == ("2026-10-31", f"{LEDGER}/2027")
    assert entry["keys"][0].startswith(f"{LEDGER}+")
    assert authority.take() == (Exit.DONE, []), "a ledger that has ended is not read"


def test_the_checkpoint_of_a_ledger_is_proven_to_be_in_the_root_log(authority: Authority, house: House) -> None:
    authority.listed()
    authority.take()
    name = str(authority.folder / "karsk")
    assert authority.run("directory", "prove", str(authority.directory), LEDGER, "-o", name).exit_code == 0
    trust = ("--trust", str(authority.directory / "trust"))
    code, answer = authority.reply("directory", "check", f"{name}.note", *trust)
    assert (code, answer["log"], answer["index"], answer["size"]) == (Exit.DONE, LEDGER, 1, 2)
    assert answer["signed"] is False
    assert "was not checked" in authority.run("directory", "check", f"{name}.note", *trust).stdout
    held = ("--of", str(authority.folder / "held"))
    assert authority.reply("directory", "check", f"{name}.note", *trust, *held)[1]["signed"] is True
    note = Path(f"{name}.note").read_bytes()
    Path(f"{name}.note").write_bytes(note.replace(LEDGER.encode(), LEDGER.encode()[:-1] + b"x", 1))
    assert authority.run("directory", "check", f"{name}.note", *trust).exit_code == Exit.PROVED_BAD


def test_an_audit_reads_the_ledgers_of_a_directory_under_the_trust_that_it_states(
    authority: Authority, house: House
) -> None:
    authority.listed()
    authority.take()
    _, answer = authority.audit()
    (one,) = answer["ledgers"]
    assert (one["log"], one["verdict"], one["trusted"]) == (LEDGER, "TOTAL-PASSED", True)
    assert one["holder"] == "Staatsanwaltschaft Köln"
    code, answer = authority.reply("audit", "--directory", str(authority.directory))
    assert code == Exit.UNDECIDABLE
    assert "no trust names it" in answer["message"]


def test_a_ledger_that_shows_two_observers_two_views_is_convicted(
    authority: Authority, house: House, tmp_path: Path
) -> None:
    """The directory sees one view; the auditor, who never saw the ledger before, is shown another."""
    other = House(tmp_path / "other")
    shutil.copytree(house.folder, other.folder)
    enrolled(house, "orn")
    enrolled(other, "lab")
    authority.listed()
    authority.shown(house)
    assert authority.take()[0] == Exit.DONE
    authority.shown(other)
    code, answer = authority.audit()
    (one,) = answer["ledgers"]
    assert (code, one["verdict"], one["reasons"][0]["code"]) == (Exit.PROVED_BAD, "TOTAL-FAILED", "SPLIT-VIEW")
    assert one["reasons"][0]["where"] == f"leaf 1 of {ORIGIN}"
    evidence = authority.folder / "state" / "comity" / "auditor" / "ledgers" / "places" / "evidence"
    assert list(evidence.glob("*.split-view.json"))
    code, (taken,) = authority.take()
    assert (code, taken["code"], taken["proved"]) == (Exit.PROVED_BAD, "SPLIT-VIEW", True)
    assert taken["taken"] is None


def test_an_older_copy_than_the_directory_has_seen_is_not_passed(
    authority: Authority, house: House, tmp_path: Path
) -> None:
    older = House(tmp_path / "older")
    shutil.copytree(house.folder, older.folder)
    enrolled(house, "orn")
    authority.listed()
    authority.shown(house)
    authority.take()
    authority.shown(older)
    code, answer = authority.audit()
    assert (code, answer["ledgers"][0]["verdict"]) == (Exit.FINDINGS, "INDETERMINATE")
    assert answer["ledgers"][0]["reasons"][0]["code"] == "LOG-ROLLBACK"


def test_a_directory_that_was_changed_is_not_used(authority: Authority, house: House) -> None:
    authority.listed()
    bundle = next(
        path for path in (authority.directory / "published" / "tile" / "entries").rglob("*") if path.is_file()
    )
    data = bundle.read_bytes()
    bundle.chmod(0o600)
    bundle.write_bytes(data.replace(b"Staatsanwaltschaft", b"Staatsanwaltschoft"))
    code, answer = authority.audit()
    assert code == Exit.PROVED_BAD
    assert answer["code"] == "LOG-CORRUPT"


def test_only_the_registrar_of_the_directory_lists_ledgers(authority: Authority, house: House) -> None:
    assert authority.run("key", "new", "stranger").exit_code == 0
    key = authority.folder / "config" / "comity" / "keys" / "stranger"
    words = ("directory", "add", str(authority.directory), str(authority.folder / "held"), "--holder", "x")
    assert authority.run(*words, "--key", str(key)).exit_code == Exit.REFUSED


def test_an_unreachable_ledger_does_not_stop_the_others(authority: Authority, house: House, tmp_path: Path) -> None:
    authority.listed()
    second = House(tmp_path / "second")
    assert second.run("init", str(second.ledger), "--origin", "ledger.example/xv/ardel").exit_code == 0
    words = ("directory", "add", str(authority.directory), str(second.ledger), "--holder", "Ardel", "--at", "/nowhere")
    assert authority.run(*words).exit_code == 0
    code, (one, two) = authority.take()
    assert (code, one["code"], two["code"]) == (Exit.UNDECIDABLE, "", "LOG-UNREACHABLE")
    assert one["taken"]


@pytest.mark.parametrize("at", [2, 6, 12])
def test_a_take_that_was_killed_is_finished_by_the_next_one(authority: Authority, house: House, at: int) -> None:
    authority.listed()
    died = killed("fsync", at, authority.take)
    code, answer = authority.take()
    assert code == Exit.DONE, answer
    trust = ("--trust", str(authority.directory / "trust"))
    code, shown = authority.reply("directory", "show", str(authority.directory), *trust)
    assert (code, shown["ledgers"][0]["checkpoints"]) == (Exit.DONE, 1)
    assert died or at > 10


def test_a_ledger_whose_end_is_announced_is_read_until_then(authority: Authority, house: House) -> None:
    authority.listed("--until", "2999-12-31", "--successor", f"{LEDGER}/3000")
    assert [each["log"] for each in authority.take()[1]] == [LEDGER]
    assert [each["log"] for each in authority.audit()[1]["ledgers"]] == [LEDGER]


def test_an_entry_that_is_in_force_is_not_added_again(authority: Authority, house: House) -> None:
    first = authority.listed()
    assert authority.listed() == first
    assert authority.listed("--until", "2999-12-31")["index"] == first["index"] + 1


def test_two_ledgers_are_not_listed_at_one_place_and_no_ledger_comes_after_itself(
    authority: Authority, house: House, tmp_path: Path
) -> None:
    authority.listed("--successor", "ledger.example/xv/ardel")
    second = House(tmp_path / "second")
    assert second.run("init", str(second.ledger), "--origin", "ledger.example/xv/ardel").exit_code == 0
    words = ("directory", "add", str(authority.directory), str(second.ledger), "--holder", "Ardel", "--json")
    for more in (("--at", str(authority.place)), ("--successor", LEDGER)):
        done = authority.run(*words, *more)
        assert (done.exit_code, json.loads(done.stdout)["code"]) == (Exit.REFUSED, "DIR-FORMAT"), done.output
    assert authority.run(*words).exit_code == 0


def test_a_pipe_in_the_place_of_a_ledger_does_not_stop_a_take(authority: Authority, house: House) -> None:
    authority.listed()
    (authority.place / "entries.db").unlink()
    os.mkfifo(authority.place / "checkpoint")
    code, (taken,) = authority.take()
    assert (code, taken["code"]) == (Exit.UNDECIDABLE, "LOG-UNREACHABLE")


def leaf_that_is_proven(authority: Authority, leaf: bytes) -> str:
    """Append any leaf, as the operator of a root log can, and write its proof; return the name of the files."""
    with opened(authority.directory, authority.home, datetime.now(UTC)) as root:
        index = root._append([leaf])
        head = root._log.publish()
        path = prove_inclusion(index, head.size, root._leaves.hashes)
        proof = format_proof(index, path, head.note)
    name = authority.folder / "any"
    name.with_suffix(".note").write_bytes(leaf)
    name.with_suffix(".tlog-proof").write_bytes(proof)
    return str(name)


def test_a_note_that_no_ledger_signed_is_never_called_its_checkpoint(authority: Authority, house: House) -> None:
    root = b64(bytes(32))
    line = f"\u2014 {LEDGER} {b64(bytes(68))}\n"
    name = leaf_that_is_proven(authority, f"{LEDGER}\n5\n{root}\n\n{line}".encode())
    trust = ("--trust", str(authority.directory / "trust"))
    done = authority.run("directory", "check", f"{name}.note", *trust)
    assert (done.exit_code, "was not checked" in done.stdout) == (Exit.DONE, True)
    held = ("--of", str(authority.folder / "held"))
    code, answer = authority.reply("directory", "check", f"{name}.note", *trust, *held)
    assert (code, answer["code"]) == (Exit.PROVED_BAD, "CP-SIG")


@pytest.mark.parametrize("leaf", [b"x", b"\xff", b"comity.directory-entry/1\n{}\n\nx"])
def test_a_leaf_that_is_no_checkpoint_is_not_called_one(authority: Authority, house: House, leaf: bytes) -> None:
    name = leaf_that_is_proven(authority, leaf)
    trust = ("--trust", str(authority.directory / "trust"))
    assert authority.run("directory", "check", f"{name}.note", *trust).exit_code == Exit.PROVED_BAD
