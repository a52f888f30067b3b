"""A user who cannot sign is refused before a command uses a token, writes a file or sends a request."""

from __future__ import annotations

import shutil
from hashlib import sha256
from pathlib import Path

import pytest

from cli.exit_codes import Exit
from ledger.adapters.folders.user_folders import Home
from ledger.adapters.keys.key_files import load
from ledger.application.journal import Journal
from ledger.errors import RecordError
from tests.ledger.application.foreign.test_receive import Office, _original
from tests.support.cli import House


def files(folder: Path) -> dict[str, str]:
    """Return every file below a folder with its digest, except the files that SQLite makes for a reader."""
    found = (p for p in folder.rglob("*") if p.is_file() and p.suffix not in (".db-wal", ".db-shm"))
    return {str(p.relative_to(folder)): sha256(p.read_bytes()).hexdigest() for p in found if p.name != "lock"}


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path).furnished()


def test_a_role_that_is_not_held_buys_no_token(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("rfc3161_client", reason="needs the extra `tsa`")
    pytest.importorskip("httpx", reason="needs the extra `server`")
    (house.ledger / "trust" / "tsa").mkdir(exist_ok=True)
    (house.ledger / "trust" / "tsa" / "authorities").write_text("one http://127.0.0.1:9/\n")
    asked: list[str] = []
    monkeypatch.setattr("ledger.adapters.timestamps.rfc3161.obtain", lambda url, *_, **__: asked.append(url))
    done = house.run("stamp", "--as", "ilves")
    assert (done.exit_code, "KEY-ROLE" in done.output) == (Exit.REFUSED, True), done.output
    done = house.run("stamp", "--as", "nobody")
    assert (done.exit_code, "no office 'nobody'" in done.output) == (Exit.USAGE, True), done.output
    assert asked == []


def other_key(house: House) -> str:
    house.reply("key", "new", "stranger")
    return str(house.keys / "stranger")


@pytest.mark.parametrize(
    "command",
    [
        ("export", "PPO-1", "--audience", "COURT", "-o", "{0}/out.zip"),
        ("export", "PPO-1", "--audience", "SYS", "-o", "{0}/out.zip"),
        ("record", "order-transmitted", "PPO-1", "-f", "channel=post", "-f", "addressee=sky"),
        ("erase", "PPO-1", "--cause", "retention-ended", "--yes"),
    ],
    ids=lambda command: " ".join(command[:4:2]),
)
@pytest.mark.parametrize("how", ["role", "key"])
def test_who_cannot_sign_is_refused_and_nothing_is_written(command: tuple[str, ...], how: str, house: House) -> None:
    wrong = ("--role", "SP") if how == "role" else ("--key", other_key(house))
    before = files(house.folder)
    done = house.run(*(word.format(house.folder) for word in command), "--as", "ilves", *wrong)
    code = "KEY-ROLE" if how == "role" else "KEY-UNKNOWN"
    assert (done.exit_code, code in done.output) == (Exit.REFUSED, True), done.output
    assert files(house.folder) == before


def test_a_report_that_nobody_here_can_record_is_not_written(house: House) -> None:
    file = house.folder / "custody.html"
    asked = ("report", "custody", "PPO-1", "-o", str(file), "--record", "--as")
    done = house.run(*asked, "nobody")
    assert (done.exit_code, "no office 'nobody'" in done.output) == (Exit.USAGE, True), done.output
    (house.keys / "ilves").unlink()
    done = house.run(*asked, "ilves")
    assert (done.exit_code, "KEY-MISSING" in done.output) == (Exit.UNDECIDABLE, True), done.output
    assert not file.exists()


def test_a_name_that_is_taken_is_said_before_sealed_values_are_opened(house: House) -> None:
    file = house.folder / "custody.html"
    file.write_text("mine")
    before = int(house.reply("checkpoint")["size"])
    opened = ("--reveal", "--because", "trial", "--as", "ilves")
    done = house.run("report", "custody", "PPO-1", "-o", str(file), *opened)
    assert (done.exit_code, "is there already" in done.output) == (Exit.USAGE, True), done.output
    done = house.run("replay", "PPO-1", "--html", str(file), *opened)
    assert (done.exit_code, "is there already" in done.output) == (Exit.USAGE, True), done.output
    assert int(house.reply("checkpoint")["size"]) == before
    assert file.read_text() == "mine"


def test_nothing_of_what_arrived_is_kept_for_who_cannot_wrap_it(tmp_path: Path) -> None:
    root = Path(shutil.copytree(_original(), tmp_path / "offices"))
    skylark = Office(root, "skylark")
    before = files(skylark.folder)
    done = skylark.run("receive", str(root / "order.zip"), "--as", "sky", "--role", "ISS")
    assert (done.exit_code, "KEY-ROLE" in done.output) == (Exit.REFUSED, True), done.output
    assert files(skylark.folder) == before


def test_another_log_is_pinned_by_its_registrar_or_not_at_all(tmp_path: Path, house: House) -> None:
    root = Path(shutil.copytree(_original(), tmp_path / "offices"))
    before = files(house.ledger / "trust")
    done = house.run("counterparty", "add", str(root / "skylark" / "ledger"), "--key", other_key(house))
    assert (done.exit_code, "KEY-UNKNOWN" in done.output) == (Exit.REFUSED, True), done.output
    assert files(house.ledger / "trust") == before


def test_a_key_that_ended_or_waits_to_be_accepted_signs_nothing_and_is_told_apart(house: House) -> None:
    house.reply("key", "new", "linde")
    assert house.run("key", "enrol", "linde", "--role", "ISS", "--party", "XO", "--office", "L").exit_code == 0
    waiting = house.run("export", "PPO-1", "--audience", "SYS", "-o", str(house.folder / "out.zip"), "--as", "linde",
                        "--key", str(house.keys / "linde"))  # fmt: skip
    assert "is registered but not yet accepted" in waiting.output
    assert house.run("key", "revoke", "ilves", "--cause", "lost", "--yes").exit_code == 0
    with (
        Journal.open(house.ledger, Home(house.folder / "state" / "comity", house.keys)) as journal,
        pytest.raises(RecordError, match="KEY-ENDED"),
    ):
        journal.signer("ilves", "ISS", load(house.keys / "ilves"))
