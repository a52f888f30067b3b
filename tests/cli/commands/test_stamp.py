"""`comity stamp`: from a named authority to a time that a court verifies, through copies and bundles."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cli.exit_codes import Exit
from ledger.bundle.archive import unpack
from ledger.entries.case import instant
from tests.support.cli import House, run
from tests.support.time_stamp_authority import Authority

pytest.importorskip("rfc3161_client", reason="needs the extra `tsa`")
pytest.importorskip("httpx", reason="needs the extra `server`")
pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")


class Stamping(House):
    """A house with an order, and authorities that answer on loopback."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        super().__init__(folder)
        self.stack = stack
        self.authorities: dict[str, Authority] = {}
        self.furnished()

    def names(self, name: str, **more: Any) -> Authority:
        """Make an authority, start its server, and name it in the ledger."""
        made = self.authorities[name] = Authority(self.folder / name, name=f"{name} TSA", **more)
        url = self.stack.enter_context(made.served())
        (self.folder / f"{name}.pem").write_bytes(made.root)
        self.reply("stamp", "add", name, url, "--root", str(self.folder / f"{name}.pem"))
        return made

    def bundle(self) -> Path:
        file = self.folder / "court.evidence.zip"
        assert self.run("export", "PPO-1", "--audience", "COURT", "-o", str(file), "--as", "ilves").exit_code == 0
        return file

    def verdict(self, file: Path) -> dict[str, Any]:
        done = self.run("verify", str(file), "--trust", str(self.ledger / "trust"), "--json")
        return dict(json.loads(done.stdout))


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Stamping]:
    with ExitStack() as stack:
        yield Stamping(tmp_path, stack)


def test_two_authorities_stamp_the_checkpoint_and_a_court_verifies_when_the_entries_existed(house: Stamping) -> None:
    for name in ("one", "two"):
        house.names(name)
    said = house.reply("stamp")
    assert [token["authority"] for token in said["tokens"]] == ["one", "two"]
    assert house.reply("stamp", "list")["tokens"] == said["tokens"]
    house.with_office("aspen", "ISS")
    report = house.verdict(house.bundle())
    assert report["verdict"] == "TOTAL-PASSED", report["reasons"]
    last = report["brackets"][said["size"] - 1]
    assert abs(instant(last["not_after"]) - datetime.now(UTC)) < timedelta(minutes=1)
    assert report["brackets"][-1]["not_after"] is None, "recorded after the stamps"
    said_of_stamps = [line for line in report["not_proven"] if "time stamp" in line]
    assert len(said_of_stamps) == 1
    assert "time stamps show by when what they cover was there" in said_of_stamps[0]


def test_the_first_imprint_is_sha256_and_the_second_sha512(house: Stamping) -> None:
    one, two = house.names("one"), house.names("two")
    house.reply("stamp")
    sha256, sha512 = (bytes.fromhex(f"608648016503040{n}") for n in ("201", "203"))
    assert sha256 in one.asked[0]
    assert sha512 in two.asked[0]


def test_openssl_verifies_the_token_in_a_bundle_by_itself(house: Stamping) -> None:
    authority = house.names("one")
    house.reply("stamp")
    for path, content in unpack(house.bundle().read_bytes()).items():
        if path.startswith("logs/") and "/heads/" in path:
            (house.folder / path.rpartition("/")[2]).write_bytes(content)
    (token,) = house.folder.glob("*.1.tsr")
    note, ca = token.name.removesuffix(".1.tsr"), authority.folder / "ca.pem"
    command = ["openssl", "ts", "-verify", "-data", note, "-in", token.name, "-CAfile", str(ca)]
    done = subprocess.run(command, cwd=house.folder, capture_output=True, text=True, check=False)
    assert "Verification: OK" in done.stdout, done.stderr


def test_tokens_are_kept_for_ever_and_go_with_every_copy(house: Stamping) -> None:
    house.names("one")
    said = house.reply("stamp")
    with closing(sqlite3.connect(house.ledger / "heads.db")) as c:
        for statement in ("DELETE FROM token", "UPDATE token SET authority = 'x'"):
            with pytest.raises(sqlite3.IntegrityError, match="tokens are kept"):
                c.execute(statement)
    copy, back = house.folder / "copy.tar", house.folder / "back"
    assert house.run("backup", str(house.ledger), "-o", str(copy)).exit_code == 0
    assert house.run("restore", str(copy), str(back)).exit_code == 0
    there = json.loads(run("stamp", "list", "--json", ledger=back, **house.env).stdout)
    assert there["tokens"] == said["tokens"]
    report = json.loads(house.run("fsck", "--json").stdout)
    assert report["verdict"] == "CONSISTENT"


def test_a_token_that_is_damaged_on_the_shelf_is_found_by_fsck(house: Stamping) -> None:
    house.names("one")
    house.reply("stamp")
    with closing(sqlite3.connect(house.ledger / "heads.db")) as c:
        c.execute("DROP TRIGGER token_update")
        c.execute("UPDATE token SET reply = CAST(replace(hex(reply), 'x', '') AS BLOB)")
        c.commit()
    done = house.run("fsck", "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout)["reasons"][0]["code"] == "TST-FORMAT"


def test_one_authority_that_is_down_leaves_the_other_ones_stamp_and_exit_3(house: Stamping) -> None:
    with ExitStack() as soon_down:
        ours, house.stack = house.stack, soon_down
        house.names("down")
        house.stack = ours
    house.names("up")
    done = house.run("stamp", "--json")
    assert done.exit_code == 3
    assert [token["authority"] for token in json.loads(done.stdout)["tokens"]] == ["up"]
    assert "down: HTTP-SILENT" in done.stderr


def test_a_second_authority_is_asked_for_as_long_as_there_is_only_one(house: Stamping) -> None:
    says = "one authority alone can be wrong about the time"
    for name, alone in (("one", True), ("two", False)):
        house.names(name)
        done = house.run("stamp")
        assert (done.exit_code, says in done.stderr) == (0, alone)


def test_a_stamp_can_be_recorded_in_the_register_by_the_office_that_keeps_time(house: Stamping) -> None:
    house.names("one")
    house.with_office("clock", "SYS")
    before = house.reply("checkpoint")["size"]
    said = house.reply("stamp", "--as", "clock")
    newest = house.reply("log", "-n", "1")["log"][0]
    assert (newest["index"], newest["kind"], newest["by"]) == (before, "timestamp-anchored", "clock")
    assert said["size"] == before


def test_an_authority_is_named_where_stamps_can_be_checked_alone(
    house: Stamping, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Authority(tmp_path / "x")
    with monkeypatch.context() as patched:
        patched.setitem(sys.modules, "rfc3161_client", None)
        done = house.run("stamp", "add", "x", "http://127.0.0.1", "--root", str(tmp_path / "x" / "ca.pem"))
    assert (done.exit_code, "comity[tsa]" in done.stderr) == (Exit.REFUSED, True), done.stderr
    assert not (house.ledger / "trust" / "tsa" / "x").exists()


def test_an_authority_needs_a_root_a_name_and_an_address(house: Stamping, tmp_path: Path) -> None:
    authority = Authority(tmp_path / "x")
    root, leaf = tmp_path / "x" / "ca.pem", tmp_path / "x" / "tsa.pem"
    assert house.run("stamp").exit_code == 2
    assert house.run("stamp", "add", "x", "ftp://tsa.example", "--root", str(root)).exit_code == 2
    assert house.run("stamp", "add", "../x", "http://127.0.0.1", "--root", str(root)).exit_code == 2
    assert house.run("stamp", "add", "x", "http://127.0.0.1", "--root", str(leaf)).exit_code == 4
    assert house.run("stamp", "add", "x", "http://127.0.0.1", "--root", str(root)).exit_code == 0
    assert house.run("stamp", "add", "x", "http://127.0.0.1", "--root", str(root)).exit_code == 2
    assert (house.ledger / "trust" / "tsa" / "x.pem").read_bytes() == authority.root


def test_what_is_proven_of_an_entrys_time_stands_beside_what_is_claimed(house: Stamping) -> None:
    house.names("one")
    said = house.reply("stamp")
    sent = (
        "record",
        "order-transmitted",
        "PPO-1",
        "--unregistered",
        "-f",
        "addressee=skylark",
        "-f",
        "channel=mail",
        "--as",
        "ilves",
    )
    assert house.run(*sent).exit_code == 0
    first, second = house.reply("timeline", "PPO-1", "--brackets")["timeline"]
    assert first["not_before"] is None
    assert instant(first["not_after"]) == instant(said["tokens"][0]["at"]) + timedelta(seconds=1)
    assert (second["not_before"], second["not_after"]) == (None, None)
    assert "not_after" not in house.reply("timeline", "PPO-1")["timeline"][0]
    for more, bracketed in (("--brackets",), True), ((), False):
        head = house.run("timeline", "PPO-1", "--format", "csv", *more).stdout.splitlines()[0]
        assert ("not_before" in head, "not_after" in head) == (bracketed, bracketed)
    proven = f"proven: by {instant(first['not_after']):%Y-%m-%d %H:%M:%S}"
    for kind in ("custody", "evidence-chain", "dpo"):
        page = house.run("report", kind, "PPO-1").stdout
        assert page.count(proven) == 1, kind


def test_the_proven_times_of_a_bundle_are_those_of_its_verification(house: Stamping) -> None:
    house.names("one")
    house.reply("stamp")
    bundle, trust = house.bundle(), str(house.ledger / "trust")
    proven = {each["index"]: each["not_after"] for each in house.verdict(bundle)["brackets"]}
    done = house.away("timeline", "--bundle", str(bundle), "--trust", trust, "--brackets", "--json")
    (entry,) = json.loads(done.stdout)["timeline"]
    assert entry["not_after"] == proven[entry["index"]] is not None
