"""The log's key is replaced at one size, which both keys sign; a size signed by the wrong key is found."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ledger.adapters.log.key_rotation import with_log
from ledger.adapters.log.sign_once_guard import Guard
from ledger.tlog.note import lines_of, open_checkpoint, parse_vkey
from ledger.tlog.policy import parse_policy
from tests.support.cli import ORIGIN, House, run


class Rotating(House):
    """A house with an order; tests read its state folder and policies."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.furnished()
        (self.state,) = (folder / "state" / "comity").iterdir()
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
        file, trust = self.folder / "court.evidence.zip", self.folder / "court"
        file.unlink(missing_ok=True)
        assert self.run("export", "PPO-1", "--audience", "COURT", "-o", str(file), "--as", "ilves").exit_code == 0
        trust.mkdir(exist_ok=True)
        (trust / "policy").write_bytes(policy or self.policy())
        (trust / "registrar").write_bytes((self.ledger / "trust" / "registrar").read_bytes())
        report = json.loads(run("verify", str(file), "--trust", str(trust), "--json").stdout)
        return report["verdict"], [reason["code"] for reason in report["reasons"]]


@pytest.fixture
def house(tmp_path: Path) -> Rotating:
    return Rotating(tmp_path)


def test_a_new_key_signs_from_its_size_on_and_the_first_time_together_with_the_old_one(house: Rotating) -> None:
    (old,) = house.signers()
    size = house.told("checkpoint")["size"]
    done = house.run("key", "rotate-log", "--yes")
    assert done.exit_code == 0, done.output
    _, new = (key.text for key in parse_policy(house.policy()).logs)
    assert house.signers() == [old, new]
    assert house.send().exit_code == 0
    assert house.signers() == [new]
    kinds = {e["kind"]: e for e in house.told("log")["log"]}
    assert kinds["log-key-rotated"]["index"] == size
    assert house.run("fsck").exit_code == 0
    assert house.verdict() == ("TOTAL-PASSED", [])


def test_whoever_holds_only_the_old_key_sees_the_change_and_nothing_after_it(house: Rotating) -> None:
    assert house.run("key", "rotate-log", "--yes").exit_code == 0
    for key in parse_policy(house.policy()).logs:
        assert open_checkpoint(house.note(), ORIGIN, key, ()).checkpoint.size == house.told("checkpoint")["size"]
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


@pytest.mark.parametrize("stops", ["cli.commands.log_key.begin", "cli.commands.log_key._record"])
def test_a_rotation_that_was_interrupted_goes_on_where_it_stopped(
    house: Rotating, stops: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(stops, interrupted)
        assert house.run("key", "rotate-log", "--yes").exit_code == 130
    assert house.send().exit_code == 0, "the ledger goes on meanwhile"
    done = house.run("key", "rotate-log", "--yes")
    assert done.exit_code == 0, done.output
    assert len(parse_policy(house.policy()).logs) == 2
    assert [e["kind"] for e in house.told("log")["log"]].count("log-key-rotated") == 1
    assert house.send().exit_code == 0
    assert house.verdict() == ("TOTAL-PASSED", [])


def test_the_change_asks_a_person_first(house: Rotating) -> None:
    assert house.run("key", "rotate-log").exit_code == 2
    assert house.policy() == house.before
    assert house.send().exit_code == 0


def test_a_policy_names_the_new_key_beside_the_old_ones_and_keeps_all_else() -> None:
    text = b"# ours\nlog ledger.example/a+0a1b url\n\nwitness w x\nquorum w\n"
    key = parse_vkey("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    lines = with_log(text, key).splitlines()
    assert lines == [*text.splitlines()[:2], b"log " + key.text.encode(), *text.splitlines()[2:]]
