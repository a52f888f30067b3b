"""An erasure reaches the notes on its orders: they may repeat what was sealed."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from ledger.adapters.folders.ledger_folder import read_folder
from server.identity.accounts import Accounts
from server.identity.database import open_database
from server.work.store import WorkStore
from tests.support.cli import ledger_of, reply, run


def test_erasing_the_values_of_an_order_deletes_its_notes_and_no_others(tmp_path: Path) -> None:
    ledger = ledger_of("S2", tmp_path)
    order = str(reply("orders", ledger=ledger)["orders"][0]["order"])
    with closing(open_database(read_folder(ledger))) as database:
        work, account = WorkStore(database), Accounts(database).add("Dina", "ilves").id
        for each in (order, "another"):
            work.add_note(each, "ilves", account, f"Jaan Tamm in {each}")
            work.watch(each, account)
            work.notify([account], each, "note")
    done = run("erase", "main", "--cause", "erasure-granted", "--as", "ilves", "--role", "ISS", "--yes", ledger=ledger)
    assert done.exit_code == 0, done.output
    assert "1 note of offices on these orders, and notices, are deleted" in done.output
    with closing(open_database(read_folder(ledger))) as database:
        work = WorkStore(database)
        assert (work.on_orders([order]), work.on_orders(["another"])) == (0, 1)
        assert work.followers() == {"another": {account}}
        assert [notice.order for notice in work.notices(account)] == ["another"]
    (file,) = ledger.glob("identity.db*")  # without a WAL: all connections are closed
    assert b"Jaan Tamm in another" in file.read_bytes()
    assert f"Jaan Tamm in {order}".encode() not in file.read_bytes()


def test_an_erasure_without_a_server_makes_no_file(tmp_path: Path) -> None:
    ledger = ledger_of("S2", tmp_path)
    run("erase", "main", "--cause", "erasure-granted", "--as", "ilves", "--yes", ledger=ledger)
    assert not (ledger / "identity.db").exists()
