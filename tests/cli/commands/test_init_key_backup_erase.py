"""Operation of a ledger from the command line: init, keys from enrolment to revocation, copies that cannot fork it."""

from __future__ import annotations

import json
import os
import shlex
import tarfile
from pathlib import Path

import pytest

from cli.exit_codes import Exit
from ledger.adapters.keys.key_files import load, public_of
from tests.support.cli import ORIGIN, House, ledger_of, reply, run, size


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path).begun()


@pytest.fixture
def played(tmp_path: Path) -> Path:
    return ledger_of("S1", tmp_path)


# -- beginning ---------------------------------------------------------------------------------------------------------


def test_a_ledger_begins_with_its_log_key_and_guard_outside(tmp_path: Path) -> None:
    house = House(tmp_path)
    made = house.reply("init", str(house.ledger), "--origin", ORIGIN)
    assert (made["origin"], made["registrar"]["party"], made["test"]) == (ORIGIN, "XO", False)
    assert sorted(path.name for path in house.ledger.iterdir()) == [
        *("entries.db", "heads.db", "heads.db-shm", "heads.db-wal", "keys.db", "log", "trust"),
    ]
    guard = Path(made["guard"])
    assert {path.name for path in guard.iterdir()} >= {"guard.db", "log.key"}
    assert not guard.is_relative_to(house.ledger)
    assert load(Path(made["registrar"]["file"])).public.hex() == made["registrar"]["key"]


def test_what_a_new_ledger_says_comes_next_does_as_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    house = House(tmp_path)
    said = house.away("init", str(house.ledger), "--origin", ORIGIN).stderr
    template, add = [line.strip() for line in said.partition("next:\n")[2].splitlines()]
    words, _, file = template.partition(" > ")
    (tmp_path / file).write_text(run(*shlex.split(words)[1:]).stdout)
    monkeypatch.chdir(tmp_path)
    assert house.away(*shlex.split(add)[1:]).exit_code == 0
    issued = house.run("issue", "--instrument", "2AP-7", "--to", "XV", "--provider", "skylark", "--as", "ilves")
    assert issued.exit_code == 0


def test_nothing_private_can_be_read_by_others(house: House) -> None:
    assert {path.name for path in house.folder.rglob("*")} >= {
        "log.key",
        "guard.db",
        "keys.db",
        "registrar.ledger.example.xo.karsk",
    }
    for path in house.folder.rglob("*"):
        if path != house.ledger.parent:
            assert path.stat().st_mode & 0o077 == 0 or path in (house.folder / "state", house.folder / "config"), path


def test_a_ledger_is_never_begun_twice(house: House) -> None:
    done = house.run("init", str(house.ledger), "--origin", ORIGIN)
    assert done.exit_code == Exit.REFUSED
    assert "LEDGER-EXISTS" in done.stderr
    assert house.reply("fsck")["verdict"] == "CONSISTENT"


@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        (("--origin", "Ledger.Example/x"), 5, "CP-ORIGIN 'Ledger.Example/x'"),
        (("--origin", "https://ledger.example/x"), 5, "CP-ORIGIN 'https://ledger.example/x'"),
        (("--origin", "ledger.example/karsk"), 2, "whose registrar is it?"),
        (("--origin", ORIGIN, "--party", "x y"), 2, "'x y' is no code of a Party"),
        (("--origin", ORIGIN, "--registrar", "Dina Ilves"), 2, "'Dina Ilves' is no name for an office"),
        (("--origin", ORIGIN, "--registrar", "a" * 201), 2, "is no name for an office"),
        ((), 2, "which name has the log?"),
    ],
)
def test_what_cannot_begin_leaves_no_ledger(args: tuple[str, ...], code: int, says: str, tmp_path: Path) -> None:
    house = House(tmp_path)
    done = house.run("init", str(house.ledger), *args)
    assert (done.exit_code, says in done.stderr) == (code, True), done.stderr
    assert not house.ledger.exists()


def test_a_test_ledger_says_so(tmp_path: Path) -> None:
    house = House(tmp_path)
    assert house.reply("init", str(house.ledger), "--origin", "ledger.example/try", "--test")["test"]
    assert (house.ledger / "TEST").exists()


# -- keys --------------------------------------------------------------------------------------------------------------


def test_a_key_signs_once_it_is_enrolled_and_accepted(house: House) -> None:
    house.reply("key", "new", "ilves")
    assert house.run("key", "enrol", "ilves", "--role", "ISS").exit_code == Exit.USAGE  # no such office yet
    assert house.run("key", "enrol", "ilves", "--role", "ISS", "--party", "XO").exit_code == 0
    assert _state(house, "ilves") == ["pending"]
    issue = ("issue", "--unregistered", "--instrument", "2AP-7", "--to", "XV", "--as", "ilves")
    assert house.run(*issue).exit_code == Exit.UNDECIDABLE
    assert house.run("key", "accept", "ilves").exit_code == 0
    assert _state(house, "ilves") == ["current"]
    assert house.run(*issue).exit_code == 0


def _state(house: House, actor: str) -> list[str]:
    return [key["state"] for key in house.reply("key", "list")["keys"] if key["actor"] == actor]


def test_an_office_is_registered_with_its_key_or_not_at_all(house: House) -> None:
    enrol = ("key", "enrol", "ilves", "--role", "ISS", "--party", "XO")
    none = house.run(*enrol)
    assert none.exit_code == Exit.UNDECIDABLE
    assert "comity key new" in none.stderr
    low_order = house.run(*enrol, "--public", "00" * 32)
    assert low_order.exit_code == Exit.REFUSED
    assert "KEY-POINT" in low_order.stderr
    assert house.reply("checkpoint")["size"] == 3, "the key of the ledger itself"


def test_a_key_is_never_overwritten(house: House) -> None:
    first = house.reply("key", "new", "ilves")["public"]
    assert house.run("key", "new", "ilves").exit_code == Exit.REFUSED
    assert (public_of(house.keys / "ilves") or b"").hex() == first


@pytest.mark.parametrize("name", ["../x", "", ".hidden", "a/b", "a b"])
def test_a_key_has_a_name_that_is_safe_as_a_files(name: str, house: House) -> None:
    assert house.run("key", "new", name).exit_code == Exit.USAGE


def test_a_passphrase_is_read_from_a_descriptor_and_never_from_a_flag(house: House) -> None:
    reader, writer = os.pipe()
    os.write(writer, b"correct horse\n")
    os.close(writer)
    file = Path(house.reply("key", "new", "ilves", "--passphrase-fd", str(reader))["file"])
    assert load(file, b"correct horse").public == public_of(file)
    assert house.run("key", "new", "other", "--passphrase-fd", "999").exit_code == Exit.USAGE


def test_a_key_is_rotated_by_itself_to_the_one_it_committed_to(house: House) -> None:
    for name in ("ilves", "ilves-2", "ilves-3"):
        house.reply("key", "new", name)
    following = str(house.keys / "ilves-2.pub")
    assert house.run("key", "enrol", "ilves", "--role", "ISS", "--party", "XO", "--next", following).exit_code == 0
    assert house.run("key", "accept", "ilves").exit_code == 0
    wrong = house.run("key", "rotate", "ilves", "--to", str(house.keys / "ilves-3.pub"))
    assert wrong.exit_code == Exit.REFUSED
    assert "KEY-ROTATION" in wrong.stderr
    assert house.run("key", "rotate", "ilves", "--to", following).exit_code == 0
    assert _state(house, "ilves") == ["ended", "current"]
    house.order()


def test_a_lost_key_is_replaced_by_the_registrar_and_the_new_one_accepts_itself(house: House) -> None:
    house.with_office("ilves", "ISS").reply("key", "new", "ilves-2")
    to = str(house.keys / "ilves-2.pub")
    assert house.run("key", "rotate", "ilves", "--to", to, "--lost").exit_code == 0
    assert house.run("key", "accept", "ilves").exit_code == 0
    assert _state(house, "ilves") == ["ended", "current"]


def test_a_revoked_key_asks_first_and_then_signs_nothing(house: House) -> None:
    house.with_office("ilves", "ISS")
    revoke = ("key", "revoke", "ilves", "--cause", "left-office")
    assert house.run(*revoke).exit_code == Exit.USAGE
    assert _state(house, "ilves") == ["current"]
    assert house.run("key", "revoke", "ilves", "--cause", "boredom", "--yes").exit_code == Exit.REFUSED
    assert house.run(*revoke, "--yes").exit_code == 0
    assert _state(house, "ilves") == ["ended"]
    issue = ("issue", "--unregistered", "--instrument", "2AP-7", "--to", "XV", "--as", "ilves")
    assert house.run(*issue).exit_code == Exit.UNDECIDABLE
    done = house.run(*issue, "--key", str(house.keys / "ilves"))
    assert done.exit_code == Exit.REFUSED
    assert "KEY-ENDED" in done.stderr


def test_a_compromised_key_is_reported_with_the_moment_since_when(house: House) -> None:
    house.with_office("ilves", "ISS")
    assert house.run("key", "compromised", "ilves", "--since", "2026-11-01T00:00:00Z", "--yes").exit_code == 0
    assert _state(house, "ilves") == ["compromised since 2026-11-01T00:00:00Z"]


def test_only_the_registrar_enrols(house: House) -> None:
    house.with_office("ilves", "ISS").reply("key", "new", "orn")
    args = ("key", "enrol", "orn", "--role", "RET", "--party", "XO", "--key", str(house.keys / "ilves"))
    before = size_of(house)
    assert house.run(*args).exit_code == Exit.REFUSED
    assert size_of(house) == before


def size_of(house: House) -> int:
    return int(house.reply("checkpoint")["size"])


# -- publishing, checking ----------------------------------------------------------------------------------------------


def test_a_checkpoint_is_printed_as_others_read_it(played: Path) -> None:
    note = run("checkpoint", ledger=played).stdout
    assert note.splitlines()[:2] == ["story.example/s1", "39"]
    assert note == (played / "log" / "checkpoint").read_text("utf-8")


def test_entries_are_published_only_where_somebody_asks_for_them(played: Path, tmp_path: Path) -> None:
    assert not (played / "log" / "tile" / "entries").exists()
    assert reply("log", "publish", str(tmp_path / "out"), ledger=played)["size"] == 39
    assert (tmp_path / "out" / "tile" / "entries").is_dir()
    assert (tmp_path / "out" / "checkpoint").read_bytes() == (played / "log" / "checkpoint").read_bytes()


def test_the_log_may_still_be_shown_as_git_shows_one(played: Path) -> None:
    assert run("log", ledger=played).exit_code == 0
    assert run("log", "-n", "1", ledger=played).exit_code == 0


@pytest.mark.parametrize("name", ["log/checkpoint", "log/tile/0/000.p/39"])
def test_a_published_file_that_was_changed_is_proved(name: str, played: Path) -> None:
    file = played / name
    data = bytearray(file.read_bytes())
    data[10] ^= 1
    file.write_bytes(data)
    done = run("fsck", ledger=played)
    assert done.exit_code == Exit.PROVED_BAD
    assert done.stdout.startswith("Ledger: INCONSISTENT")
    assert "39 entries and 39 signatures" in done.stdout


def test_an_entry_that_was_changed_on_the_shelf_is_proved_with_its_number(played: Path) -> None:
    file = played / "entries.db"
    data = file.read_bytes()
    at = data.index(b'"payloadType"')
    file.write_bytes(data[: at - 40] + bytes([data[at - 40] ^ 1]) + data[at - 39 :])
    for word, *command in (("INCONSISTENT", "fsck"), ("TOTAL-FAILED", "verify", str(played))):
        done = run(*command, "--json", ledger=played)
        assert done.exit_code == Exit.PROVED_BAD
        report = json.loads(done.stdout)
        assert report["verdict"] == word
        assert report["reasons"][0]["where"].startswith("#")


def test_a_missing_tile_is_said_and_written_again(played: Path) -> None:
    tile = played / "log" / "tile" / "0" / "000.p" / "39"
    tile.unlink()
    done = run("fsck", ledger=played)
    assert done.exit_code == 0
    assert "1 published tiles are missing" in done.stderr
    assert run("checkpoint", ledger=played).exit_code == 0
    assert tile.exists()


def test_an_older_shelf_put_in_place_is_a_rollback(played: Path) -> None:
    before = {path.name: path.read_bytes() for path in played.glob("entries.db*")}
    assert (
        run("record", "order-closed", "main", "-f", "outcome=answered", "--as", "ilves", ledger=played).exit_code == 0
    )
    for path in played.glob("entries.db*"):
        path.unlink()
    for name, data in before.items():
        (played / name).write_bytes(data)
    assert "LOG-ROLLBACK" in run("fsck", ledger=played).stdout
    done = run("record", "order-closed", "main", "-f", "outcome=answered", "--as", "ilves", ledger=played)
    assert done.exit_code == Exit.PROVED_BAD
    assert "LOG-ROLLBACK" in done.stderr


# -- copies ------------------------------------------------------------------------------------------------------------


def test_a_copy_holds_everything_but_guard_log_key_and_keys(house: House) -> None:
    house.with_office("ilves", "ISS").order()
    file = house.folder / "copy.tar"
    assert house.reply("backup", str(house.ledger), "-o", str(file))["size"] == 7
    with tarfile.open(file) as tar:
        names = set(tar.getnames())
    files = {"trust/policy", "trust/registrar", "log/checkpoint", "heads.db", "entries.db", "backup.json"}
    assert names == files | {name for name in names if name.startswith("log/tile/")}


def test_a_copy_is_put_back_verified_and_can_be_asked(house: House) -> None:
    order = house.with_office("ilves", "ISS").order()
    file, back = str(house.folder / "copy.tar"), house.folder / "back"
    house.reply("backup", str(house.ledger), "-o", file)
    assert house.reply("restore", file, str(back))["size"] == 7
    assert run("orders", "--json", ledger=back, **house.env).stdout.count(order) == 1
    assert reply("fsck", ledger=back, **house.env)["verdict"] == "CONSISTENT"


def test_a_copy_older_than_what_the_log_has_signed_cannot_go_on_writing(house: House) -> None:
    file, back = str(house.folder / "copy.tar"), house.folder / "back"
    house.reply("backup", str(house.ledger), "-o", file)
    house.with_office("ilves", "ISS")
    done = house.run("restore", file, str(back))
    assert done.exit_code == Exit.PROVED_BAD
    assert "LOG-ROLLBACK" in done.stderr
    assert not back.exists()
    assert house.run("restore", file, str(back), "--behind").exit_code == 0
    wrote = run(
        "key", "enrol", "orn", "--role", "RET", "--party", "XO", "--public", "58" + "66" * 31, ledger=back, **house.env
    )
    assert wrote.exit_code == Exit.PROVED_BAD


def test_a_damaged_copy_is_not_put_back(house: House) -> None:
    house.with_office("ilves", "ISS")
    file, back = house.folder / "copy.tar", house.folder / "back"
    house.reply("backup", str(house.ledger), "-o", str(file))
    data = file.read_bytes()
    at = data.index(b'"payloadType"')
    file.write_bytes(data[: at - 40] + bytes([data[at - 40] ^ 1]) + data[at - 39 :])
    assert house.run("restore", str(file), str(back)).exit_code != 0
    assert not back.exists()


@pytest.mark.parametrize("name", ["../outside", "/absolute", "state/guard.db", "keys/mine"])
def test_what_has_no_place_in_a_copy_is_not_unpacked(name: str, house: House) -> None:
    with tarfile.open(house.folder / "evil.tar", "w") as tar:
        tar.addfile(tarfile.TarInfo(name))
    done = house.run("restore", str(house.folder / "evil.tar"), str(house.folder / "back"))
    assert done.exit_code == Exit.UNDECIDABLE
    assert not (house.folder / "outside").exists()
    assert not (house.folder / "back").exists()


def test_a_file_that_is_no_copy_is_undecidable(house: House) -> None:
    (house.folder / "x").write_text("hello")
    done = house.run("restore", str(house.folder / "x"), str(house.folder / "back"))
    assert done.exit_code == Exit.UNDECIDABLE


# -- erasure -----------------------------------------------------------------------------------------------------------


def test_what_erasure_costs_is_shown_and_nothing_is_destroyed_before_somebody_agrees(played: Path) -> None:
    done = run("erase", "main", "--cause", "retention-ended", "--as", "orn", ledger=played)
    assert done.exit_code == Exit.USAGE
    assert "A2 DEMONSTRATED becomes GAP" in done.stderr
    assert "processing-restricted" in done.stderr
    assert size(played) == 39


def test_erasure_lists_the_values_of_each_entry_and_of_the_companion_of_an_order(tmp_path: Path) -> None:
    ledger = ledger_of("emergency-validation-refused", tmp_path)
    erase = ("erase", "destroyed", "--cause", "retention-ended", "--as", "kripo", "--role", "RET")
    done = run(*erase, ledger=ledger)
    assert done.exit_code == Exit.USAGE
    counted, *listed = [line for line in done.stderr.splitlines() if "#" in line or line.startswith("covers")]
    assert counted == "covers 11 values in 5 entries of 1 order"
    fields = "emergency_reasons, identifiers, necessity_grounds, offence_provisions, summary_of_facts"
    assert listed == [
        f"destroyed: #1 order-issued: {fields}, validation_pending",
        "destroyed: #4 data-disclosed: manifest",
        "destroyed: #5 evidence-received: manifest",
        "destroyed: companion #2 ex-post-validation-refused: reasons",
        "destroyed: #6 order-withdrawn: reason, reasons",
    ]


def test_after_erasure_the_values_are_gone_and_everything_still_verifies(played: Path, tmp_path: Path) -> None:
    done = run("erase", "main", "--cause", "retention-ended", "--as", "orn", "--yes", ledger=played)
    assert done.exit_code == 0
    fields = reply("timeline", "main", ledger=played)["timeline"][1]["fields"]
    assert fields["summary_of_facts"] == "[erased]"
    assert reply("fsck", ledger=played)["verdict"] == "CONSISTENT"
    file = tmp_path / "after.zip"
    assert run("export", "main", "--audience", "COURT", "-o", str(file), ledger=played).exit_code == 0
    assert reply("verify", str(file), "--trust", str(played))["verdict"] == "TOTAL-PASSED"
    again = run("erase", "main", "--cause", "retention-ended", "--as", "orn", "--yes", ledger=played)
    assert again.exit_code == Exit.DONE
    assert "already destroyed, entry" in again.stderr


@pytest.mark.parametrize("more", [("PPO-1",), ("--subject", "Ada"), ("--everywhere",), ("--only-here",)])
def test_what_is_lost_is_of_any_subject_and_takes_no_name_and_no_place(more: tuple[str, ...]) -> None:
    done = run("erase", "--lost", "--cause", "erasure-granted", *more)
    assert (done.exit_code, "--lost takes what keys are missing for" in done.stderr) == (Exit.USAGE, True), done.stderr
