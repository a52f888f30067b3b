"""A ledger commits the heads of all its orders, at every export and by command; a wrong root is found by everybody."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ledger.adapters.folders.user_folders import Home
from ledger.application.commit_heads import heads_signer
from ledger.application.journal import Journal
from ledger.bundle.archive import unpack
from ledger.entries.placement import map_of
from ledger.facts import build
from tests.support.cli import House


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path).furnished()


@contextmanager
def journal(house: House) -> Iterator[Journal]:
    state = house.folder / "state" / "comity"
    with Journal.open(house.ledger, Home(state, house.keys)) as opened:
        yield opened


def lie(house: House, size: int | None = None, root: str = "00" * 32) -> int:
    """Commit to another root, with the key of the ledger itself, as an operator can who holds it."""
    with journal(house) as opened:
        size = opened.store.size() if size is None else size
        fact = build("heads-committed", {"size": size, "map_root": root}, {})
        return opened.record(fact, map_of(opened.origin), heads_signer(opened)).index


def note(house: House) -> None:
    sent = ("-f", "addressee=skylark", "-f", "channel=courier")
    done = house.run("record", "order-transmitted", "PPO-1", *sent, "--as", "ilves", "--yes", "--unregistered")
    assert done.exit_code == 0, done.output


def exported(house: House, *options: str) -> tuple[Path, Any]:
    file = house.folder / "court.evidence.zip"
    file.unlink(missing_ok=True)
    done = house.run("export", "PPO-1", "--audience", "COURT", "--as", "ilves", "-o", str(file), *options)
    assert done.exit_code == 0, done.output
    return file, done


def verified(house: House, file: Path) -> dict[str, Any]:
    done = house.away("verify", str(file), "--trust", str(house.ledger / "trust"), "--json")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


# -- committing --------------------------------------------------------------------------------------------------------


def test_a_new_ledger_has_a_key_of_its_own_and_commits(house: House) -> None:
    one = house.reply("log", "commit")
    assert (one["index"], one["fresh"], one["enrolled"]) == (one["size"], True, [])
    again = house.reply("log", "commit")
    assert (again["index"], again["fresh"]) == (one["index"], False), "nothing came since but the commit"
    note(house)
    assert house.reply("log", "commit")["size"] == one["size"] + 2
    assert house.run("fsck").exit_code == 0


def test_a_bundle_shows_that_the_ledger_committed_to_its_entries(house: House) -> None:
    file, _ = exported(house)
    answer = verified(house, file)
    assert answer["verdict"] == "TOTAL-PASSED"
    committed = answer["committed"]
    assert committed["whole"]
    assert committed["index"] == committed["size"] == answer["head"]["size"] - 1
    (order, register) = sorted(committed["entries"], key=lambda each: committed["entries"][each])
    assert committed["entries"][order] == 1
    assert register
    assert [says.partition(":")[0] for says in answer["not_proven"] if says.startswith("CMP")] == ["CMP-COMMITTED"]


def test_a_second_export_commits_again_only_if_entries_came(house: House) -> None:
    for options in ((), ("--audience", "SYS")):
        first, second = (verified(house, exported(house, *options)[0]) for _ in range(2))
        grew = second["head"]["size"] - first["head"]["size"]
        assert second["committed"]["whole"]
        assert grew in (0, 2), "nothing, or an access and a commit"


def test_a_deleted_or_damaged_map_is_made_again(house: House) -> None:
    one = house.reply("log", "commit")
    for content in (None, b"no database"):
        if content is None:
            (house.ledger / "map.db").unlink()
        else:
            (house.ledger / "map.db").write_bytes(content)
        note(house)
        assert house.reply("log", "commit")["size"] > one["size"]
        assert house.run("fsck").exit_code == 0


def test_a_ledger_without_a_key_of_its_own_exports_and_says_so(house: House) -> None:
    for key in (house.folder / "state").rglob("heads.key*"):
        key.unlink()
    file, done = exported(house)
    assert "CMP-NOT-COMMITTED" in done.stderr
    assert "comity log commit --enrol" in done.stderr
    assert not [path for path in unpack(file.read_bytes()) if path.startswith("map/")]
    answer = verified(house, file)
    assert answer["committed"] is None
    assert any(says.startswith("CMP-NOT-COMMITTED") for says in answer["not_proven"])
    refused = house.run("log", "commit")
    assert refused.exit_code == 4
    assert "KEY-MISSING" in refused.stderr


def test_a_registrar_enrols_another_key_for_a_ledger_that_lost_its_own(house: House) -> None:
    for key in (house.folder / "state").rglob("heads.key*"):
        key.unlink()
    done = house.reply("log", "commit", "--enrol")
    assert len(done["enrolled"]) == 2, "the office is there already"
    assert house.reply("log", "commit", "--enrol")["enrolled"] == []
    assert house.run("fsck").exit_code == 0


def test_a_key_is_given_for_enrolling_alone(house: House) -> None:
    key = next(path for path in house.keys.rglob("registrar*") if path.suffix != ".pub")
    refused = house.run("log", "commit", "--key", str(key))
    assert (refused.exit_code, "--key is the registrar's, for --enrol" in refused.stderr) == (2, True)
    for own in (house.folder / "state").rglob("heads.key*"):
        own.unlink()
    assert len(house.reply("log", "commit", "--enrol", "--key", str(key))["enrolled"]) == 2


def test_a_commit_says_in_words_whether_it_was_needed(house: House) -> None:
    one = house.reply("log", "commit")
    again = house.run("log", "commit").stdout
    assert f"nothing to commit since entry {one['index']}, which commits the heads of all orders" in again
    assert f"at {one['size']} entries" in again
    assert one["map_root"] in again
    note(house)
    fresh = house.run("log", "commit").stdout
    assert fresh.startswith(f"entry {one['index'] + 2} commits the heads of all orders at {one['index'] + 2} entries")


def test_a_key_that_was_revoked_commits_nothing_and_is_followed_by_another(house: House) -> None:
    house.reply("log", "commit")
    revoked = house.run("key", "revoke", "ledger", "--cause", "compromised", "--yes")
    assert revoked.exit_code == 0, revoked.output
    refused = house.run("log", "commit")
    assert (refused.exit_code, "KEY-ENDED" in refused.stderr) == (5, True)
    assert "CMP-NOT-COMMITTED" in exported(house)[1].stderr
    house.reply("log", "commit", "--enrol")
    assert [path.name for path in (house.folder / "state").rglob("heads.2.key")] == ["heads.2.key"]
    assert verified(house, exported(house)[0])["committed"]["whole"]


def test_a_commit_is_not_typed_by_hand(house: House) -> None:
    fields = ("-f", "size=1", "-f", f"map_root={'00' * 32}")
    done = house.run("record", "heads-committed", "PPO-1", *fields, "--as", "ilves")
    assert done.exit_code == 5
    assert "COMMAND-ONLY" in done.stderr


# -- an operator who commits to a wrong root ---------------------------------------------------------------------------


def test_a_wrong_root_is_found_by_the_check_of_the_own_ledger_and_by_a_verifier_of_the_folder(house: House) -> None:
    at = lie(house)
    done = house.run("fsck")
    assert done.exit_code == 1
    assert "MAP-ROOT" in done.output
    assert f"#{at}" in done.output
    other = house.away("verify", str(house.ledger), "--trust", str(house.ledger / "trust"), "--json")
    assert [reason["code"] for reason in json.loads(other.stdout)["reasons"]] == ["MAP-ROOT"]


def test_a_later_right_root_does_not_hide_a_wrong_one(house: House) -> None:
    lie(house, house.reply("log", "commit")["size"])
    note(house)
    house.reply("log", "commit")
    assert house.run("fsck").exit_code == 1


def test_a_ledger_commits_nothing_behind_a_root_that_its_entries_do_not_have(house: House) -> None:
    lie(house)
    note(house)
    done = house.run("log", "commit")
    assert (done.exit_code, "not those whose heads this ledger committed" in done.output) == (1, True), done.output


def test_a_commit_to_entries_behind_itself_is_found(house: House) -> None:
    lie(house, 999)
    done = house.run("fsck")
    assert done.exit_code == 1
    assert "MAP-SIZE" in done.output


def test_a_monitor_finds_a_wrong_root_with_an_exhibit_that_convicts(house: House) -> None:
    lie(house)
    published = house.folder / "published"
    assert house.run("log", "publish", str(published)).exit_code == 0
    trust, state = str(house.ledger / "trust"), str(house.folder / "watch")
    watch = house.away("monitor", str(published), "--trust", trust, "--state", state, "--entries")
    assert watch.exit_code == 1
    assert "MAP-ROOT" in watch.output
    (exhibit,) = Path(state).rglob("*.map-root.json")
    convicted = house.away("verify", str(exhibit), "--trust", trust)
    assert convicted.exit_code == 1
    assert "TOTAL-FAILED MAP-ROOT" in convicted.output
