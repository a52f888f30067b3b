"""Two machines write to one log: its entries in one database, its guard where both compare and replace it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest

from cli.exit_codes import Exit
from ledger.adapters.folders.ledger_folder import read_folder
from ledger.adapters.guard import postgres_guard
from ledger.adapters.guard.guard_place import Place, place_in, shared_place
from ledger.adapters.guard.postgres_guard import PostgresGuard
from ledger.adapters.guard.sign_once_guard import Guard
from ledger.adapters.guard.signed_state import encode
from ledger.adapters.storage.entry_reader import EntryReader
from ledger.command_line import quoted
from ledger.errors import LedgerError
from tests.ledger.adapters.guard.every_guard import ALONE, MOVED, one_of_two_goes_on, state
from tests.ledger.adapters.log.test_crash import ROOT
from tests.postgres.machines.etcd import Etcd
from tests.postgres.machines.shared import database, first, second, state_of
from tests.postgres.server import CLERK, Server, database_of
from tests.postgres.test_postgres_ledger import Housed
from tests.support.cli import ORIGIN, House

pytestmark = pytest.mark.postgres

_numbers = count()
PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "several-machines.md"


@pytest.fixture(scope="module")
def etcd() -> Iterator[Etcd]:
    if shutil.which("etcd") is None:
        pytest.skip("needs etcd: tests/postgres/install.sh")
    etcd = Etcd()
    yield etcd
    etcd.gone()


@pytest.fixture(params=["postgres", "etcd"])
def address(request: pytest.FixtureRequest, server: Server) -> str:
    """Return the address of a place without a guard, in each backend that machines can share."""
    number = next(_numbers)
    if request.param == "postgres":
        return server.database(f"guard{number}")
    etcd: Etcd = request.getfixturevalue("etcd")
    return f"{etcd.address}/test/{number}"


@pytest.fixture
def place_of_guard(address: str) -> Place:
    return shared_place(address, ORIGIN)


@pytest.mark.parametrize("keeps", ALONE, ids=lambda f: f.__name__)
def test_a_shared_guard_keeps_what_every_guard_has_to_keep(
    place_of_guard: Place, keeps: Callable[[Place], None]
) -> None:
    keeps(place_of_guard)


@pytest.mark.parametrize("keeps", MOVED, ids=lambda f: f.__name__)
def test_a_guard_moves_from_a_file_to_a_shared_place_and_back(
    place_of_guard: Place, tmp_path: Path, keeps: Callable[[Place, Place], None]
) -> None:
    keeps(tmp_path / "guard.db", place_of_guard)


@pytest.mark.parametrize("keeps", MOVED, ids=lambda f: f.__name__)
def test_a_guard_moves_from_a_shared_place_to_a_file_and_back(
    place_of_guard: Place, tmp_path: Path, keeps: Callable[[Place, Place], None]
) -> None:
    keeps(place_of_guard, tmp_path / "guard.db")


# -- in a database -----------------------------------------------------------------------------------------------------


def test_a_database_keeps_the_guards_of_several_logs(uri: str) -> None:
    for number, origin in enumerate((ORIGIN, "ledger.example/xo/other")):
        Guard.create(shared_place(uri, origin), state(number)).close()
    for number, origin in enumerate((ORIGIN, "ledger.example/xo/other")):
        with closing(Guard(shared_place(uri, origin))) as guard:
            assert guard.last() == state(number)


@pytest.mark.parametrize(
    "change",
    ["UPDATE comity_guard.guard SET size = 1", "DELETE FROM comity_guard.guard", "TRUNCATE comity_guard.guard"],
)
def test_a_database_refuses_a_guard_that_goes_back_from_its_superuser_too(
    uri: str, server: Server, change: str
) -> None:
    Guard.create(shared_place(uri, ORIGIN), state(2)).close()
    with server.boss(database_of(uri)) as c, pytest.raises(psycopg.IntegrityError):
        c.execute(change.encode())


def test_a_writer_needs_only_the_rights_of_the_page(uri: str, server: Server) -> None:
    rights = PAGE.read_text("utf-8").split("```sql\n")[1].partition("```")[0]
    Guard.create(shared_place(uri, ORIGIN), state(2)).close()
    with psycopg.connect(uri, autocommit=True) as c:
        c.execute(rights.encode())
    with closing(Guard(shared_place(server.uri(database_of(uri), CLERK), ORIGIN))) as guard:
        assert guard.advance(state(2), state(3))
        assert guard.last() == state(3)
    with psycopg.connect(server.uri(database_of(uri), CLERK), autocommit=True) as c:
        for change in ("DELETE FROM comity_guard.guard", "DROP TABLE comity_guard.guard"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                c.execute(change.encode())


@pytest.mark.parametrize("away", [-600, 600])
def test_a_machine_with_another_time_than_the_database_signs_nothing(
    uri: str, away: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = shared_place(uri, ORIGIN)
    Guard.create(place, state(1)).close()
    with closing(Guard(place)) as guard, closing(PostgresGuard(uri, ORIGIN)) as backend:
        before = guard.last()
        monkeypatch.setattr(postgres_guard, "time", SimpleNamespace(time=lambda: time.time() + away))
        for ask in (guard.last, lambda: backend.replace(encode(before), encode(state(2)))):
            with pytest.raises(LedgerError, match="CLOCK-AHEAD"):
                ask()
        monkeypatch.undo()
        assert guard.last() == before, "nothing was written"


def test_guards_are_of_a_version_that_the_program_knows(uri: str, server: Server) -> None:
    Guard.create(shared_place(uri, ORIGIN), state(2)).close()
    with server.boss(database_of(uri)) as c:
        c.execute("UPDATE comity_guard.guard_schema SET version = 2")
    with closing(Guard(shared_place(uri, ORIGIN))) as guard, pytest.raises(LedgerError, match="LEDGER-VERSION"):
        guard.last()


def test_an_answer_of_the_database_that_was_lost_is_found_by_reading_again(
    uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(Guard.create(shared_place(uri, ORIGIN), state(2))) as guard:
        assert guard.last() == state(2)
        write = postgres_guard.PostgresGuard._write
        lost: list[bool] = []

        def lose(self: Any, c: Any, *given: Any) -> bool:
            done = write(self, c, *given)
            if not lost:
                lost.append(done)
                c.close()
                raise psycopg.OperationalError("the server closed the connection")
            return done

        monkeypatch.setattr(postgres_guard.PostgresGuard, "_write", lose)
        assert guard.advance(state(2), state(3))
        assert lost == [True]
        assert guard.last() == state(3)


def test_a_database_that_acknowledges_before_it_is_on_disk_keeps_no_guard(uri: str, server: Server) -> None:
    with server.boss() as c:
        c.execute(f"ALTER DATABASE {database_of(uri)} SET synchronous_commit = off".encode())
    with pytest.raises(LedgerError, match="STORE-UNSAFE"):
        Guard.create(shared_place(uri, ORIGIN), state(2))


def test_the_database_with_the_entries_keeps_no_guard_and_that_with_guards_no_entries(
    tmp_path: Path, uri: str, server: Server
) -> None:
    house = Housed(tmp_path / "one", uri).begun()
    moved = house.run("log", "move-guard", uri)
    assert (moved.exit_code, "STORE-SHARED" in moved.output) == (Exit.REFUSED, True)
    assert house.run("fsck").exit_code == Exit.DONE, "nothing was moved"
    guards = server.database(f"guard{next(_numbers)}")
    Guard.create(shared_place(guards, ORIGIN), state(2)).close()
    other = House(tmp_path / "two")
    begun = other.run("init", str(other.ledger), "--origin", "ledger.example/xo/two", "--store", guards)
    assert (begun.exit_code, "STORE-SHARED" in begun.output) == (Exit.REFUSED, True)


# -- two machines ------------------------------------------------------------------------------------------------------


@pytest.fixture
def two(tmp_path: Path, uri: str, address: str, server: Server) -> tuple[Housed, Housed]:
    here = first(tmp_path / "here", uri, address, database(server, "keys"))
    return here, second(here)


WRITING = """
import sys
from pathlib import Path
from cli.session.open_ledger import opened
from ledger.adapters.folders.user_folders import Home
from ledger.application.journal import Journal
from tests.ledger.application.test_journal import issued
home, first, many = Home.user(), int(sys.argv[2]), int(sys.argv[3])
with Journal.open(Path(sys.argv[1]), home) as journal:
    signer = journal.signer("ilves", "ISS", opened(str(home.keys / "ilves")))
    for n in range(first, first + many):
        receipt = journal.record(issued(f"N-{n}"), f"{n:08x}-0000-4000-8000-000000000000", signer)
        print(receipt.index, receipt.leaf, flush=True)
"""


def writing(house: Housed, first: int, many: int) -> subprocess.Popen[str]:
    """Start a process that records entries, each in a new order; it prints a line for each receipt."""
    words = [sys.executable, "-c", WRITING, str(house.ledger), str(first), str(many)]
    return subprocess.Popen(words, cwd=ROOT, env=house.surroundings(), stdout=subprocess.PIPE, text=True)


def receipts(*processes: subprocess.Popen[str]) -> list[tuple[int, str]]:
    found = []
    for process in processes:
        with process:  # `communicate` would lose what was read before into the buffer
            told = process.stdout.read() if process.stdout else ""
        assert process.returncode == 0
        found += [(int(index), leaf) for index, leaf in map(str.split, told.splitlines())]
    return found


def whole(house: Housed, given: list[tuple[int, str]]) -> None:
    """Check that every receipt that was given out is in the log, and that the ledger is consistent."""
    with closing(EntryReader(read_folder(house.ledger).entries)) as reader:
        for index, leaf in given:
            found = reader.by_leaf(bytes.fromhex(leaf))
            assert found is not None
            assert found[0] == index
    assert house.verdict() == "CONSISTENT"


def test_two_machines_write_to_one_log_in_turn(two: tuple[Housed, Housed]) -> None:
    for number in range(3):
        for house in two:
            code, said = house.record(f"PPO-{number}-{house.folder.name}")
            assert code == 0, said
    sizes = [house.reply("checkpoint")["size"] for house in two]
    assert sizes[0] == sizes[1]
    assert [house.verdict() for house in two] == ["CONSISTENT", "CONSISTENT"]
    assert "PPO-2-here" in two[1].run("orders").output


def test_two_machines_write_to_one_log_at_once_and_never_fork(two: tuple[Housed, Housed]) -> None:
    given = receipts(writing(two[0], 0, 40), writing(two[1], 1000, 40))
    assert len({index for index, _ in given}) == 80, "no index is given twice"
    for house in two:
        whole(house, given)


def test_a_database_put_back_from_an_older_dump_is_a_rollback_at_both_machines(
    two: tuple[Housed, Housed], server: Server
) -> None:
    here, there = two
    name, dump = database_of(here.uri), server.folder / f"dump{next(_numbers)}"
    server.run("pg_dump", "-h", str(server.folder), "-U", "boss", "-Fc", "-f", str(dump), name)
    assert there.record("PPO-2")[0] == 0
    server.alone(name)
    with server.boss() as c:
        c.execute(f"DROP DATABASE {name}".encode())
    server.database(name)
    server.run("pg_restore", "-h", str(server.folder), "-U", "boss", "-d", name, "--single-transaction", str(dump))
    for house in two:
        code, said = house.record("PPO-3")
        assert (code, "LOG-ROLLBACK" in said) == (Exit.PROVED_BAD, True), house.folder.name
    assert "PPO-3" not in here.run("orders").output


def test_a_machine_without_the_new_key_of_the_log_signs_nothing(two: tuple[Housed, Housed]) -> None:
    here, there = two
    assert here.run("key", "rotate-log", "--yes").exit_code == 0
    assert here.record("PPO-2")[0] == 0
    code, said = there.record("PPO-3")
    assert (code, "KEY-MISSING" in said, "trust/policy" in said) == (Exit.UNDECIDABLE, True, True)
    shutil.copy(here.ledger / "trust" / "policy", there.ledger / "trust" / "policy")
    for file in state_of(here).glob("log.*.key*"):
        shutil.copy(file, state_of(there))
    assert there.record("PPO-4")[0] == 0
    assert [house.verdict() for house in two] == ["CONSISTENT", "CONSISTENT"]


def test_a_guard_that_was_moved_by_one_machine_stops_the_other_until_it_follows(
    two: tuple[Housed, Housed], server: Server
) -> None:
    here, there = two
    to = server.database(f"guard{next(_numbers)}")
    moved = json.loads(here.run("log", "move-guard", to, "--json").stdout)
    assert moved["guard"] == to
    assert here.record("PPO-2")[0] == 0
    code, said = there.record("PPO-3")
    assert (code, "GUARD-CLOSED" in said, to in said) == (Exit.UNDECIDABLE, True, True)
    assert "GUARD-CLOSED" in there.verdict()
    assert there.run("log", "move-guard", to).exit_code == 0
    assert there.record("PPO-3")[0] == 0
    assert [house.verdict() for house in two] == ["CONSISTENT", "CONSISTENT"]


def test_a_guard_in_a_file_moves_to_a_shared_place_and_back(
    tmp_path: Path, uri: str, address: str, server: Server
) -> None:
    here = Housed(tmp_path / "here", uri)
    shared = ("--store", uri, "--keys-store", database(server, "keys"))
    assert here.run("init", str(here.ledger), "--origin", ORIGIN, *shared).exit_code == 0
    here.with_office("ilves", "ISS")
    here.order()
    old = Guard(state_of(here) / "guard.db")
    assert here.run("log", "move-guard", address).exit_code == 0
    there = second(here)
    assert there.record("PPO-2")[0] == 0
    with closing(old), pytest.raises(LedgerError, match="GUARD-CLOSED"):
        old.last()
    assert here.run("log", "move-guard", "file").exit_code == 0
    assert here.record("PPO-3")[0] == 0
    code, said = there.record("PPO-4")
    assert (code, "GUARD-CLOSED" in said) == (Exit.UNDECIDABLE, True)
    assert here.verdict() == "CONSISTENT"


@pytest.mark.parametrize("step", ["the guard here is closed", "the guard there is made"])
@pytest.mark.parametrize("back", [False, True], ids=["there", "back"])
def test_a_move_that_was_killed_signs_nothing_and_is_finished_by_the_same_command(
    tmp_path: Path, address: str, step: str, back: bool
) -> None:
    here = House(tmp_path).furnished()
    if back:
        assert here.run("log", "move-guard", address).exit_code == 0
    to = "file" if back else address
    part = "ledger.adapters.guard." + ("sign_once_guard._go_on" if "here" in step else "move_guard.point_to")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(part, killed)
        assert here.run("log", "move-guard", to).exit_code == Exit.INTERRUPTED
    said = here.run("checkpoint").output
    assert ("GUARD-CLOSED" in said, f"move-guard {quoted(to)}" in said) == (True, True)
    assert here.run("log", "move-guard", to).exit_code == 0
    assert here.run("log", "move-guard", to).exit_code == 0, "once more changes nothing"
    assert here.reply("fsck")["verdict"] == "CONSISTENT"


def killed(*_: Any) -> None:
    raise KeyboardInterrupt


def test_a_second_machine_without_a_guard_is_told_how_to_share_it(tmp_path: Path, uri: str) -> None:
    here = Housed(tmp_path / "here", uri).begun()
    here.with_office("ilves", "ISS")
    here.order()
    there = Housed(tmp_path / "there", uri)
    shutil.copytree(here.ledger, there.ledger)
    shutil.copytree(here.keys, there.keys)
    code, said = there.record()
    assert (code, "GUARD-MISSING" in said, "move-guard" in said) == (Exit.UNDECIDABLE, True, True)
    assert "succeed" not in said, "a new log is no advice for a second machine"


def test_a_shared_guard_that_was_lost_is_made_again_where_it_was(two: tuple[Housed, Housed], address: str) -> None:
    here, _ = two
    head = here.folder / "head.note"
    shutil.copy(here.ledger / "log" / "checkpoint", head)
    place = place_in(state_of(here))
    if address.startswith("etcd"):
        import httpx

        from ledger.adapters.guard.etcd_guard import EtcdGuard

        lost = EtcdGuard(address, ORIGIN)
        httpx.post(f"{lost._endpoints[0]}/v3/kv/deleterange", json={"key": lost._key})
    else:
        with psycopg.connect(address, autocommit=True) as c:
            c.execute("DROP SCHEMA comity_guard CASCADE")
    code, said = here.record("PPO-2")
    assert (code, "GUARD-MISSING" in said, "never put it back from a copy" in said) == (Exit.UNDECIDABLE, True, True)
    made = here.run("log", "remake-guard", "--anchor", str(head))
    assert made.exit_code == 0, made.output
    assert place_in(state_of(here)) == place
    assert here.record("PPO-2")[0] == 0
    assert here.verdict() == "CONSISTENT"


def test_entries_and_guard_both_put_back_are_a_rollback_where_more_was_published(
    two: tuple[Housed, Housed], server: Server, address: str
) -> None:
    """The guard agrees with the entries then; what a machine has published does not."""
    if address.startswith("etcd"):
        pytest.skip("a snapshot of etcd is one of all tests")
    here, _ = two
    dumps = [(database_of(uri), server.folder / f"dump{next(_numbers)}") for uri in (here.uri, address)]
    for name, dump in dumps:
        server.run("pg_dump", "-h", str(server.folder), "-U", "boss", "-Fc", "-f", str(dump), name)
    assert here.record("PPO-2")[0] == 0
    for name, dump in dumps:
        server.alone(name)
        with server.boss() as c:
            c.execute(f"DROP DATABASE {name}".encode())
        server.database(name)
        server.run("pg_restore", "-h", str(server.folder), "-U", "boss", "-d", name, "--single-transaction", str(dump))
    with closing(Guard(shared_place(address, ORIGIN))) as guard:
        before = guard.last()
        code, said = here.record("PPO-3")
        assert (code, "LOG-ROLLBACK" in said) == (Exit.PROVED_BAD, True)
        assert guard.last() == before, "nothing was signed"


def test_a_signer_process_signs_with_a_shared_guard(two: tuple[Housed, Housed]) -> None:
    here, there = two
    socket, folder = here.folder / "s", here.folder / "signing"
    assert here.run("signer", "use", str(socket), "--move", str(folder)).exit_code == 0
    assert {path.name for path in folder.iterdir()} >= {"guard", "log.key"}
    words = [sys.executable, "-c", "from cli.start import main; main()"]
    words += ["signer", "serve", str(folder), "--socket", str(socket)]
    process = subprocess.Popen(words, cwd=ROOT, env=here.surroundings(), stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        assert "signing for" in process.stderr.readline()
        for number, house in enumerate((here, there, here)):
            code, said = house.record(f"PPO-{number}-{house.folder.name}")
            assert code == 0, said
        assert [house.verdict() for house in two] == ["CONSISTENT", "CONSISTENT"]
    finally:
        process.terminate()
        process.communicate()


# -- etcd in members ---------------------------------------------------------------------------------------------------


def test_machines_write_on_while_a_member_of_etcd_is_killed_and_stop_when_most_are(
    tmp_path: Path, uri: str, server: Server
) -> None:
    if shutil.which("etcd") is None:
        pytest.skip("needs etcd: tests/postgres/install.sh")
    etcd = Etcd(3)
    try:
        here = first(tmp_path / "here", uri, etcd.address, database(server, "keys"))
        there = second(here)
        processes = writing(here, 0, 60), writing(there, 1000, 60)
        lines = [process.stdout.readline() for process in processes if process.stdout]
        leader = etcd.leader()
        etcd.kill(leader)
        given = receipts(*processes) + [(int(index), leaf) for index, leaf in map(str.split, lines)]
        assert len(given) == 120
        for house in (here, there):
            whole(house, given)
        etcd.kill(etcd.leader())
        code, said = here.record("PPO-9")
        assert (code, "GUARD-AWAY" in said) == (Exit.UNDECIDABLE, True)
        etcd.start(leader)
        etcd.wait(leader)
        assert here.record("PPO-9")[0] == 0
        whole(here, given)
    finally:
        etcd.gone()


def test_a_guard_in_etcd_is_reached_by_tls_with_a_client_certificate_a_user_and_a_password(tmp_path: Path) -> None:
    if shutil.which("etcd") is None:
        pytest.skip("needs etcd: tests/postgres/install.sh")
    key, pem, password = tmp_path / "key", tmp_path / "pem", tmp_path / "password"
    words = "openssl req -x509 -newkey ed25519 -nodes -days 2 -subj /O=test -addext subjectAltName=IP:127.0.0.1"
    subprocess.run([*words.split(), "-keyout", key, "-out", pem], check=True, capture_output=True)
    password.write_text("not in the address\n")
    etcd = Etcd(tls=(key, pem))
    try:
        etcd.with_user("comity", "not in the address", "comity/guard/")
        files = f"ca={pem}&cert={pem}&key={key}"
        place = shared_place(f"{etcd.address}?{files}&user=comity&password-file={password}", ORIGIN)
        one_of_two_goes_on(place)
        bad = {
            "no certificate": f"?ca={pem}&user=comity&password-file={password}",
            "no user": f"?{files}",
            "no trust": f"?cert={pem}&key={key}&user=comity&password-file={password}",
            "another prefix": f"/other?{files}&user=comity&password-file={password}",
            "another password": f"?{files}&user=comity&password-file={pem}",
        }
        for why, query in bad.items():
            with closing(Guard(shared_place(f"{etcd.address}{query}", ORIGIN))) as guard:
                with pytest.raises(LedgerError, match="GUARD-AWAY") as fault:
                    guard.last()
                assert "not in the address" not in str(fault.value), why
    finally:
        etcd.gone()
