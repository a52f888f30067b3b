"""The log's key is replaced at one size, which both keys sign; a size signed by the wrong key is found."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing, nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cli.commands import log_key
from cli.commands.log_key import _unrecorded
from cli.commands.trust import _sizes
from cli.exit_codes import Exit
from ledger.adapters.guard.sign_once_guard import Guard
from ledger.adapters.log.key_rotation import with_log
from ledger.adapters.storage.entry_reader import EntryReader
from ledger.adapters.witness.client import with_lines
from ledger.entries.envelope import open_
from ledger.entries.log_keys import NONE
from ledger.tlog.note import ED25519, MLDSA44, lines_of, note_digest, open_checkpoint, parse_vkey
from ledger.tlog.policy import parse_policy
from ledger.trust.signed_policy import Span
from tests.ledger.entries.test_log_keys import first, second
from tests.support.cli import ORIGIN, House, run
from tests.support.memory_ledger import resealed, small


class Rotating(House):
    """A house with an order; tests read its state folder and policies."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.furnished()
        self.state = self.state_folder()
        self.before = self.policy()

    def policy(self) -> bytes:
        return (self.ledger / "trust" / "policy").read_bytes()

    def signers(self) -> list[str]:
        """Return the keys that signed the newest checkpoint, as the policy in force names them."""
        return [key.text for key in lines_of(self.note(), parse_policy(self.policy()).logs)]

    def note(self) -> bytes:
        """Return the last signed checkpoint."""
        with closing(Guard(self.state / "guard.db")) as guard:
            return guard.last().note

    def send(self, *more: str) -> Any:
        said = (
            "record",
            "order-transmitted",
            "PPO-1",
            "--unregistered",
            "-f",
            "addressee=skylark",
            "-f",
            "channel=mail",
        )
        return self.run(*said, "--as", "ilves", *more)

    def verdict(self, policy: bytes | None = None) -> tuple[str, list[str]]:
        """Export a bundle now and verify it as a court that holds `policy`; by default the policy in force."""
        return self.judged(self.exported(), policy)

    def exported(self) -> str:
        file = self.folder / "court.evidence.zip"
        file.unlink(missing_ok=True)
        assert self.run("export", "PPO-1", "--audience", "COURT", "-o", str(file), "--as", "ilves").exit_code == 0
        return str(file)

    def judged(self, file: str, policy: bytes | None = None) -> tuple[str, list[str]]:
        """Verify a bundle or a ledger folder as a court that holds `policy`; by default the policy in force."""
        trust = self.folder / "court"
        trust.mkdir(exist_ok=True)
        (trust / "policy").write_bytes(policy or self.policy())
        (trust / "registrar").write_bytes((self.ledger / "trust" / "registrar").read_bytes())
        report = json.loads(run("verify", file, "--trust", str(trust), "--trust-came", "apart", "--json").stdout)
        return report["verdict"], [reason["code"] for reason in report["reasons"]]


@pytest.fixture
def house(tmp_path: Path) -> Rotating:
    return Rotating(tmp_path)


def test_a_new_key_signs_from_its_size_on_and_the_first_time_together_with_the_old_one(house: Rotating) -> None:
    (old,) = house.signers()
    size = house.reply("checkpoint")["size"]
    done = house.run("key", "rotate-log", "--yes")
    assert done.exit_code == 0, done.output
    _, new = (key.text for key in parse_policy(house.policy()).logs)
    assert house.signers() == [old, new]
    assert house.send().exit_code == 0
    assert house.signers() == [new]
    kinds = {e["kind"]: e for e in house.reply("log")["log"]}
    assert kinds["log-key-rotated"]["index"] == size
    assert house.run("fsck").exit_code == 0
    assert house.verdict() == ("TOTAL-PASSED", [])


def test_whoever_holds_only_the_old_key_sees_the_change_and_nothing_after_it(house: Rotating) -> None:
    assert house.run("key", "rotate-log", "--yes").exit_code == 0
    for key in parse_policy(house.policy()).logs:
        assert open_checkpoint(house.note(), ORIGIN, key, ()).checkpoint.size == house.reply("checkpoint")["size"]
    assert house.send().exit_code == 0
    assert house.verdict(house.before) == ("TOTAL-FAILED", ["CP-SIG"])


def test_a_size_that_the_old_key_signs_after_its_time_is_found(house: Rotating) -> None:
    assert house.run("key", "rotate-log", "--yes").exit_code == 0
    for path in house.state.glob("log.[0-9]*"):
        path.unlink()  # a thief has the old key
    assert house.send().exit_code == 0
    assert house.verdict() == ("TOTAL-FAILED", ["CP-KEY"])


def test_a_key_is_rotated_as_often_as_one_likes(house: Rotating) -> None:
    for _ in range(3):
        assert house.run("key", "rotate-log", "--yes").exit_code == 0
        assert house.send().exit_code == 0
    assert len(parse_policy(house.policy()).logs) == 4
    assert house.signers() == [parse_policy(house.policy()).logs[-1].text]
    assert house.run("fsck").exit_code == 0
    assert house.verdict() == ("TOTAL-PASSED", [])


@pytest.mark.parametrize("word", ["rotate-log", "add-log"])
@pytest.mark.parametrize("stops", ["cli.commands.log_key.begin", "cli.commands.log_key._record"])
def test_a_change_of_keys_that_was_interrupted_goes_on_by_the_same_command(
    house: Rotating, word: str, stops: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(stops, interrupted)
        assert house.run("key", word, "--yes").exit_code == 130
    assert house.send().exit_code == 0, "the ledger goes on meanwhile"
    done = house.run("key", word, "--yes")
    assert done.exit_code == 0, done.output
    assert len(parse_policy(house.policy()).logs) == 2
    assert [e["kind"] for e in house.reply("log")["log"]].count("log-key-rotated") == 1
    assert house.send().exit_code == 0
    assert house.verdict() == ("TOTAL-PASSED", [])


def test_the_change_asks_a_person_first(house: Rotating) -> None:
    assert house.run("key", "rotate-log").exit_code == 2
    assert house.policy() == house.before
    assert house.send().exit_code == 0


def test_a_policy_that_could_not_be_read_again_is_not_written(house: Rotating, monkeypatch: pytest.MonkeyPatch) -> None:
    policy = house.ledger / "trust" / "policy"
    before = policy.read_bytes()
    monkeypatch.setattr(log_key, "with_log", lambda policy, key: b"no policy")
    done = house.run("key", "rotate-log", "--yes")
    assert done.exit_code != Exit.DONE
    assert "POL-" in done.stderr
    assert policy.read_bytes() == before


def test_a_policy_names_the_new_key_beside_the_old_ones_and_keeps_all_else() -> None:
    text = b"# ours\nlog ledger.example/a+0a1b url\n\nwitness w x\nquorum w\n"
    key = parse_vkey("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    lines = with_log(text, key).splitlines()
    assert lines == [*text.splitlines()[:2], b"log " + key.text.encode(), *text.splitlines()[2:]]


# -- a second key: ML-DSA-44 -------------------------------------------------------------------------------------------


def without(house: Rotating, kind: int) -> None:
    """Take the lines of one signature type away from every note that the ledger keeps and publishes."""
    keys = [key for key in parse_policy(house.policy()).logs if key.type != kind]

    def bare(note: bytes) -> bytes:
        return with_lines(note, list(lines_of(note, keys).values())) if lines_of(note, keys) else note

    checkpoint = house.ledger / "log" / "checkpoint"
    checkpoint.write_bytes(bare(checkpoint.read_bytes()))
    with closing(sqlite3.connect(house.ledger / "heads.db")) as c, c:
        triggers = c.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            c.execute(f"DROP TRIGGER {name}")
        for n, note in c.execute("SELECT n, note FROM head").fetchall():
            c.execute("UPDATE head SET note = ?, digest = ? WHERE n = ?", (bare(note), note_digest(bare(note)), n))
        for _, sql in triggers:
            c.execute(sql)


def test_a_second_key_signs_beside_the_first_from_its_size_on(house: Rotating) -> None:
    size = house.reply("checkpoint")["size"]
    done = house.run("key", "add-log", "--yes")
    assert done.exit_code == 0, done.output
    first, second = parse_policy(house.policy()).logs
    assert (first.type, second.type) == (ED25519, MLDSA44)
    assert house.signers() == [first.text, second.text]
    assert house.send().exit_code == 0
    assert house.signers() == [first.text, second.text]
    (said,) = [e for e in house.reply("log")["log"] if e["kind"] == "log-key-rotated"]
    assert said["index"] == size
    assert house.run("fsck").exit_code == 0
    assert house.verdict() == ("TOTAL-PASSED", [])


def test_whoever_knows_one_of_the_two_keys_verifies_by_that_one(house: Rotating) -> None:
    assert house.run("key", "add-log", "--yes").exit_code == 0
    assert house.send().exit_code == 0
    newer = ("INDETERMINATE", ["POL-NEWER"])  # as after every change of the policy
    assert house.verdict(house.before) == newer
    second = parse_policy(house.policy()).logs[1]
    assert house.verdict(f"log {second.text}\nquorum none\n".encode()) == newer


@pytest.mark.parametrize("kind", [ED25519, MLDSA44])
def test_a_line_that_was_taken_away_is_found_by_whoever_knows_both_keys(house: Rotating, kind: int) -> None:
    assert house.run("key", "add-log", "--yes").exit_code == 0
    assert house.send().exit_code == 0
    without(house, kind)
    assert house.run("fsck").exit_code == 1
    assert house.judged(str(house.ledger)) == ("TOTAL-FAILED", ["CP-KEY"])


def test_a_bundle_from_before_the_second_key_is_doubted_by_a_policy_with_it(house: Rotating) -> None:
    file = house.exported()
    assert house.run("key", "add-log", "--yes").exit_code == 0
    assert house.judged(file, house.before) == ("TOTAL-PASSED", [])
    assert house.judged(file) == ("INDETERMINATE", ["CP-KEY"])


@pytest.mark.parametrize("order", ["ed25519 ml-dsa-44", "ml-dsa-44 ed25519"])
def test_either_key_is_rotated_and_the_other_goes_on(house: Rotating, order: str) -> None:
    assert house.run("key", "add-log", "--yes").exit_code == 0
    for algorithm in order.split():
        old = house.signers()
        assert house.run("key", "rotate-log", "--algorithm", algorithm, "--yes").exit_code == 0
        new = parse_policy(house.policy()).logs[-1].text
        assert set(house.signers()) == {*old, new}, "the first one is signed by the old key too"
        assert house.verdict() == ("TOTAL-PASSED", [])
        assert house.send().exit_code == 0
        assert len(house.signers()) == 2
        assert new in house.signers()
    assert house.run("fsck").exit_code == 0
    assert house.verdict() == ("TOTAL-PASSED", [])


def test_a_second_key_that_is_gone_stops_the_signing_of_a_checkpoint_without_it(house: Rotating) -> None:
    assert house.run("key", "add-log", "--yes").exit_code == 0
    (path,) = house.state.glob("log.mldsa.*.key")
    moved = path.rename(house.folder / "away")
    done = house.send()
    assert done.exit_code != 0
    assert "KEY-MISSING" in done.output
    moved.rename(path)
    assert house.send().exit_code == 0
    assert house.verdict() == ("TOTAL-PASSED", [])


def test_a_second_key_that_is_lost_for_good_is_replaced(house: Rotating) -> None:
    assert house.run("key", "add-log", "--yes").exit_code == 0
    for path in house.state.glob("log.mldsa.*.key"):
        path.unlink()
    assert house.send().exit_code != 0
    done = house.run("key", "add-log", "--yes")
    assert done.exit_code == 0, done.output
    first, lost, new = (key.text for key in parse_policy(house.policy()).logs)
    assert house.signers() == [first, new]
    said = [e["public"] for e in register(house) if e["kind"] == "log-key-rotated"]
    assert [(e["old_key"], e["new_key"]) for e in said] == [("none", lost), (lost, new)]
    assert house.send().exit_code == 0
    assert house.verdict() == ("TOTAL-PASSED", [])


def register(house: Rotating) -> list[dict[str, Any]]:
    """Return kind and public values of each entry of the register."""
    with closing(EntryReader(house.ledger / "entries.db")) as store:
        opened = [open_(raw).payload for page in store.pages() for _, raw in page]
    return [{"kind": payload.kind, "public": payload.public} for payload in opened]


def test_there_is_one_key_of_each_algorithm(house: Rotating) -> None:
    done = house.run("key", "rotate-log", "--algorithm", "ml-dsa-44", "--yes")
    assert done.exit_code != 0
    assert "comity key add-log" in done.output
    assert house.run("key", "add-log", "--yes").exit_code == 0
    done = house.run("key", "add-log", "--yes")
    assert done.exit_code != 0
    assert "rotate-log --algorithm ml-dsa-44" in done.output


def test_a_guard_that_is_made_again_has_both_lines_although_the_note_given_has_one(house: Rotating) -> None:
    assert house.run("key", "add-log", "--yes").exit_code == 0
    note, (first, _) = house.note(), parse_policy(house.policy()).logs
    held = house.folder / "held.note"
    held.write_bytes(with_lines(note, [lines_of(note, [first])[first]]))
    for file in house.state.glob("guard.db*"):
        file.unlink()
    done = house.run("log", "remake-guard", "--anchor", str(held))
    assert done.exit_code == 0, done.output
    assert house.note() == note


def test_a_change_of_keys_of_a_schema_that_is_not_known_here_changes_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    ledger, _ = small()
    one, two = first(ledger).text, second(ledger).text
    said = {"old_key": NONE, "new_key": two, "from_size": 9}
    raw = ledger.entries[ledger.record(ledger.keeper, "log-key-rotated", said)]
    later = resealed(raw, lambda payload: payload.update(schema=99, public={}), ledger.keeper)
    known: Any = SimpleNamespace(cases=SimpleNamespace(opened_registry=lambda: [(9, open_(raw)), (10, open_(later))]))
    assert _unrecorded(known, {two: 9, one: 0}) == (one, 0)
    monkeypatch.setattr("cli.session.ledger_reader.reading", lambda place: nullcontext(known))
    assert list(_sizes("ledger")) == [Span(two, 9)]
