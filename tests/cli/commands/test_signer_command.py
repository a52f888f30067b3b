"""A signer process is started at one place only; guard and log key move to it whole, or not at all."""

from __future__ import annotations

import json
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cli.commands import signer
from cli.exit_codes import Exit, Stop
from cli.invocation import Invocation
from ledger.adapters.guard.sign_once_guard import LATENESS
from ledger.adapters.guard.sqlite_guard import make_whole
from ledger.errors import LedgerError
from tests.support.cli import ORIGIN, House, run

AT = datetime(2027, 3, 1, 12, tzinfo=UTC)
ADDRESS = "tls://127.0.0.1:7443?ca=/ca.pem&cert=/me.pem&key=/me.key"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "--socket PATH, or --listen ADDRESS: where does it listen?"),
        (("--socket", "s", "--listen", ADDRESS, "--clients", "c"), "--socket PATH, or --listen ADDRESS"),
        (("--listen", ADDRESS), "--listen and --clients go together: which machines may ask?"),
        (("--socket", "s", "--clients", "c"), "--listen and --clients go together"),
        (("--socket", ADDRESS), "--socket takes a path, and --listen an address that begins with tls://"),
        (("--listen", "s", "--clients", "c"), "--socket takes a path, and --listen an address"),
    ],
)
def test_a_signer_listens_at_one_place(words: tuple[str, ...], says: str, tmp_path: Path) -> None:
    done = run("signer", "serve", str(tmp_path), *words)
    assert (done.exit_code, says in " ".join(done.stderr.split())) == (Exit.USAGE, True), done.stderr


@pytest.mark.parametrize("ended", [None, KeyboardInterrupt])
def test_a_signer_says_for_which_log_it_signs_and_that_it_stopped(
    ended: type[BaseException] | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[Any] = []

    class Server:
        origin = ORIGIN

        def __init__(self, folder: Path, *, say: Any) -> None:
            done.append(("folder", folder))

        def close(self) -> None:
            done.append("closed")

    @contextmanager
    def listening(place: Any) -> Iterator[Any]:
        done.append(("place", place))
        yield "server", "accepted"

    def answer(*asked: Any) -> None:
        done.append(asked[1:3])
        assert asked[3]("line") == ""
        assert signal.getsignal(signal.SIGTERM) is not before
        if ended:
            os.kill(os.getpid(), signal.SIGTERM)
            signal.sigtimedwait([], 1)

    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr("ledger.adapters.log.signer_process.SignerServer", Server)
    monkeypatch.setattr("ledger.adapters.log.signer_process.serve", answer)
    monkeypatch.setattr(signer, "_listening", listening)
    monkeypatch.setattr(signer, "_check_clock", lambda folder: done.append(("clock", folder)))
    ran = run("signer", "serve", str(tmp_path), "--socket", str(tmp_path / "s.sock"))
    assert ran.stderr.splitlines() == [f"signing for {ORIGIN} at {tmp_path / 's.sock'}", "stopped"]
    assert ran.exit_code == Exit.DONE
    assert done == [
        *(("clock", tmp_path), ("folder", tmp_path), ("place", tmp_path / "s.sock"), ("server", "accepted"), "closed"),
    ]
    assert signal.getsignal(signal.SIGTERM) is before


def test_over_tls_a_connection_is_refused_by_the_list_of_machines(tmp_path: Path) -> None:
    line: Any = socket.socket()
    with line:
        assert signer._refusal(None)(line) == ""
        clients = tmp_path / "machines.toml"
        with pytest.raises(Stop, match=r"--clients .*machines\.toml: No such file") as stopped:
            signer._refusal(str(clients))
        assert stopped.value.code is Exit.USAGE
        clients.write_text("not toml", "utf-8")
        with pytest.raises(Stop, match=r"--clients .*machines\.toml: "):
            signer._refusal(str(clients))
        clients.write_text('machines = ["one.office.example"]\n', "utf-8")
        refusal = signer._refusal(str(clients))
        assert refusal(line) == "the connection is without TLS"


def test_a_socket_is_removed_when_it_is_no_longer_listened_at(tmp_path: Path) -> None:
    place = tmp_path / "s.sock"
    with signer._listening(place) as (server, accepted):
        assert place.is_socket()
        assert accepted(server) is server
    assert not place.exists()
    assert server.fileno() == -1
    with pytest.raises(ZeroDivisionError), signer._listening(place):
        raise ZeroDivisionError
    assert not place.exists()


def test_an_address_that_cannot_be_listened_at_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(place: Any) -> Any:
        raise OSError(98, "Address already in use")

    monkeypatch.setattr("ledger.adapters.log.signer_place.TlsListener", fails)
    place: Any = "tls://x"
    with pytest.raises(LedgerError, match="SIGNER-RUNS: tls://x: Address already in use"), signer._listening(place):
        pass
    with socket.socket() as one:
        listener = SimpleNamespace(socket=one, accepted="accepted")
        monkeypatch.setattr("ledger.adapters.log.signer_place.TlsListener", lambda place: listener)
        with signer._listening(place) as found:
            assert [*found] == [one, "accepted"]
        assert one.fileno() == -1


def test_sigterm_ends_the_block_as_ctrl_c_does() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), signer._stopping():
        signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is before


GOES_ON = "the last head is dated 2027-03-01T12:00:00Z; it goes on now, by --clock-is-right"


@pytest.mark.parametrize(
    ("right", "behind", "set_back", "says"),
    [
        (True, timedelta(days=2), True, [GOES_ON]),
        (True, timedelta(days=2), False, []),
        (False, timedelta(days=2), True, []),
        (True, timedelta(seconds=0), True, []),
    ],
)  # fmt: skip
def test_a_guard_goes_on_behind_a_later_head_only_where_the_clock_is_said_to_be_right(
    right: bool, behind: timedelta, set_back: bool, says: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[Any] = []

    class Guard:
        def __init__(self, place: Any) -> None:
            self.place = place

        def last(self) -> Any:
            return SimpleNamespace(at=AT)

        def set_back(self, last: Any, now: datetime) -> bool:
            done.append((last.at, now))
            return set_back

        def close(self) -> None:
            done.append("closed")

    monkeypatch.setattr("ledger.adapters.guard.sign_once_guard.Guard", Guard)
    monkeypatch.setattr("ledger.adapters.guard.guard_place.place_in", lambda state: state)
    monkeypatch.setattr("ledger.adapters.system_clock.ahead", lambda now, at: ("ahead", now, at))
    monkeypatch.setattr("cli.session.clock_check.doubted", done.append)
    now = AT - LATENESS - behind
    monkeypatch.setattr("cli.session.ledger_choice.now", lambda folder=None: now)
    printed: list[str] = []
    monkeypatch.setattr("cli.terminal.output.tell", printed.append)
    monkeypatch.setattr(signer, "said", lambda: Invocation(clock_is_right=right))
    signer._check_clock(Path("state"))
    asked = [(AT, now)] if right and behind else []
    assert done == [("ahead", now, AT), *asked, "closed"]
    assert printed == says


# -- moving ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path).furnished()


MOVED = ["guard.db", "heads.key", "heads.key.pub", "log.key", "log.key.pub"]


def test_guard_and_keys_move_and_the_command_that_starts_the_process_is_said(house: House) -> None:
    state, away, place = house.state_folder(), house.folder / "away", house.folder / "s.sock"
    kept = {path.name: path.read_bytes() for path in state.iterdir()}
    done = house.run("signer", "use", str(place), "--move", str(away))
    assert (done.exit_code, done.stdout) == (Exit.DONE, f"{ORIGIN}\t{place}\t{away}\n")
    assert done.stderr == f"start it with: comity signer serve {away} --socket {place}\n"
    assert sorted(path.name for path in away.iterdir()) == MOVED
    assert all((away / name).read_bytes() == kept[name] for name in MOVED if name.endswith(("key", "pub")))
    assert not {*MOVED} & {path.name for path in state.iterdir()}
    assert away.stat().st_mode & 0o777 == 0o700
    again = house.run("signer", "use", str(place), "--move", str(away))
    assert again.exit_code == Exit.DONE, "an interrupted move is continued"
    answer = house.reply("signer", "use", str(place))
    assert (answer["origin"], answer["socket"], answer["folder"]) == (ORIGIN, str(place), str(state))
    other = house.run("signer", "use", str(place), "--move", str(house.folder / "third"))
    assert (other.exit_code, f"{state} has no guard to move" in other.stderr) == (Exit.UNDECIDABLE, True)
    tls = house.run("signer", "use", f"tls://signer.example:7443?ca={place}&cert={place}&key={place}")
    assert "start it with: comity signer serve" in tls.stderr
    assert tls.stderr.rstrip("\n").endswith("--listen ADDRESS")


def test_nothing_moves_into_a_folder_that_has_something_else(house: House) -> None:
    state, away = house.state_folder(), house.folder / "away"
    away.mkdir()
    (away / "mine").touch()
    done = house.run("signer", "use", str(house.folder / "s"), "--move", str(away))
    assert (done.exit_code, f"{away} is there already, and is not empty" in done.stderr) == (Exit.REFUSED, True)
    assert {*MOVED} <= {path.name for path in state.iterdir()}
    (away / "mine").unlink()
    assert house.run("signer", "use", str(house.folder / "s"), "--move", str(away)).exit_code == Exit.DONE


def test_an_interrupted_move_never_writes_over_a_file_that_has_moved(house: House) -> None:
    state, away = house.state_folder(), house.folder / "away"
    away.mkdir(mode=0o700)
    make_whole(state / "guard.db")
    (state / "guard.db").rename(away / "guard.db")
    (away / "log.key").write_bytes(b"another")
    done = house.run("signer", "use", str(house.folder / "s"), "--move", str(away))
    assert done.exit_code == Exit.REFUSED
    assert (away / "log.key").read_bytes() == b"another"
    (away / "log.key").unlink()
    assert house.run("signer", "use", str(house.folder / "s"), "--move", str(away)).exit_code == Exit.DONE
    assert sorted(path.name for path in away.iterdir() if path.name[-4:] not in ("-shm", "-wal")) == MOVED


def test_a_file_that_cannot_be_moved_is_named(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(self: Path, target: Path) -> Path:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(Path, "rename", fails)
    done = house.run("signer", "use", str(house.folder / "s"), "--move", str(house.folder / "away"))
    assert done.exit_code == Exit.USAGE
    assert f"{house.state_folder() / 'guard.db'}: Invalid cross-device link" in done.stderr
    assert "hint: DIR has to be on the same file system" in done.stderr


def test_a_guard_whose_last_writes_stand_in_another_file_does_not_move(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = house.state_folder()
    whole: list[Any] = []

    def not_whole(place: Path) -> None:
        whole.append(place)
        (state / "guard.db-wal").touch()

    monkeypatch.setattr("ledger.adapters.guard.sqlite_guard.make_whole", not_whole)
    done = house.run("signer", "use", str(house.folder / "s"), "--move", str(house.folder / "away"))
    assert (done.exit_code, "guard.db could not be made whole" in done.stderr) == (Exit.UNDECIDABLE, True)
    assert whole == [state / "guard.db"]
    assert not (house.folder / "away").exists()
    assert json.loads(house.run("checkpoint", "--json").stdout)["size"] == 7
