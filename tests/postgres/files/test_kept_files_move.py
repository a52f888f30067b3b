"""Links of kept files go with the entries to PostgreSQL and back; files are sent, opened and erased there as before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from secrets import token_bytes

import pytest

pytest.importorskip("starlette", reason="needs the extra `server`")

from ledger.adapters.folders.ledger_folder import FILES_DB, read_folder
from server.files.checking import StoreCheck
from server.files.settings import FileSettings
from tests.postgres.server import Server
from tests.server.files.office import Keeping
from tests.server.files.test_faults import ERASE
from tests.server.office import serving
from tests.support.cli import ledger_of, run

pytestmark = pytest.mark.postgres


@contextmanager
def kept_by(ledger: Path, tmp: Path) -> Iterator[Keeping]:
    with serving(ledger, files=FileSettings(str(tmp / "files"))) as office:
        made = Keeping(office, tmp / "files", tmp / "state")
        try:
            yield made
        finally:
            for client in made.clients.values():
                client.close()


def whole(ledger: Path) -> int:
    """Return how many files are kept, all of them with their digests."""
    with closing(StoreCheck(read_folder(ledger))) as store:
        state = store.check(digests=True)
    assert (state.damaged, state.locked, state.orphans) == ([], [], [])
    return state.kept


def test_links_of_kept_files_move_with_the_entries_and_back(server: Server, tmp_path: Path, uri: str) -> None:
    ledger, one, two = ledger_of("S2", tmp_path), token_bytes(50), token_bytes(60)
    with kept_by(ledger, tmp_path) as own:
        order = own.order()
        leaf = own.arrived(order, one)
        own.send("ilves", order, one)
    moved = run("migrate", "--store", uri, ledger=ledger)
    assert moved.exit_code == 0, moved.output
    assert not (ledger / FILES_DB).exists()
    assert whole(ledger) == 1
    with kept_by(ledger, tmp_path) as own:
        assert own.fetch(order, leaf) == {"0.zip": one}
        other = own.order()
        own.arrived(other, two)
        assert own.send("ilves", other, two).json["kept"] is True
        assert run(*ERASE, order, ledger=ledger).exit_code == 0
        assert own.offer("ilves", order, one).status == 404
    assert whole(ledger) == 1
    back = run("migrate", "--store", "file", ledger=ledger)
    assert back.exit_code == 0, back.output
    assert whole(ledger) == 1
    with kept_by(ledger, tmp_path) as own:
        assert own.send("ilves", other, two).json["kept"] is True
