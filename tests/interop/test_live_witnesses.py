"""Live witnesses of other projects cosign our log, and refuse its forks: Debian's sigsum-witness, PyPI's aics."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from cli.exit_codes import Exit
from ledger.adapters.folders.user_folders import Home
from ledger.adapters.keys.key_files import SeedKey, new, write
from ledger.application.journal import Journal
from ledger.entries.keyring import Registrar
from ledger.entries.split_view import check_split
from ledger.tlog.note import Vkey, b64, log_vkey, open_checkpoint, parse_vkey, witness_vkey
from tests.interop.conftest import TOOLS, Ask
from tests.support.cli import reply, run

pytestmark = pytest.mark.interop

SEED = bytes(range(32))
PUBLIC = SeedKey(SEED).public
ORIGIN = f"sigsum.org/v1/tree/{sha256(PUBLIC).hexdigest()}"  # the only name under which sigsum-witness knows a log
LOG = parse_vkey(log_vkey(ORIGIN, PUBLIC))
AICS = TOOLS / "witness" / "bin" / "aics-witness"


@dataclass(frozen=True)
class Live:
    """A running witness of another project."""

    key: Vkey
    url: str
    folder: Path


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as door:
        return int(door.getsockname()[1])


@contextmanager
def running(command: Sequence[str | Path], port: int, folder: Path, **env: str) -> Iterator[None]:
    """Run a server as a separate process; enter the context when it listens."""
    with (folder / "said").open("wb") as said:
        process = subprocess.Popen(
            [str(part) for part in command], cwd=folder, env={**os.environ, **env}, stdout=said, stderr=said
        )
    try:
        for _ in range(300):
            with socket.socket() as door:
                if door.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.poll() is None, (folder / "said").read_text()
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def sigsum(folder: Path) -> Iterator[Live]:
    """Run Debian's test witness: one log, one state file."""
    if not shutil.which("sigsum-witness"):
        pytest.skip("needs sigsum-witness; `make interop` installs it")
    folder.mkdir()
    key, port = new(folder / "witness"), free_port()
    write(folder / "log", SeedKey(SEED))
    command = ["sigsum-witness", "-k", "witness", "--log-key", "log.pub", "--state-file", "state", f"127.0.0.1:{port}"]
    name = f"sigsum.org/v1/witness/{sha256(key.public).hexdigest()}"
    # Debian builds it in GOPATH mode, where Go's newer routes are off by default.
    with running(command, port, folder, GODEBUG="httpmuxgo121=0"):
        yield Live(parse_vkey(witness_vkey(name, key.public)), f"http://127.0.0.1:{port}", folder)


@contextmanager
def aics(folder: Path) -> Iterator[Live]:
    """Run a full c2sp.org/tlog-witness in Python."""
    if not AICS.exists():
        pytest.skip("needs aics-witness on Python 3.12 or later; `make interop` installs it")
    folder.mkdir()
    port, name = free_port(), "witness.example/aics"
    made = told_by(folder, "init", "--name", name, "--listen", f"127.0.0.1:{port}")
    (vkey,) = [word for word in made.split() if word.startswith(f"{name}+")]
    told_by(folder, "add-log", "--origin", ORIGIN, "--vkey", LOG.text)
    with running([AICS, "serve"], port, folder):
        yield Live(parse_vkey(vkey), f"http://127.0.0.1:{port}", folder)


def told_by(folder: Path, *arguments: str) -> str:
    return subprocess.run([AICS, *arguments], cwd=folder, capture_output=True, text=True, check=True).stdout


WITNESSES = {"sigsum": sigsum, "aics": aics}


@pytest.fixture(params=[["sigsum"], ["aics"], ["sigsum", "aics"]], ids="+".join)
def witnesses(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[list[Live]]:
    with ExitStack() as stack:
        yield [stack.enter_context(WITNESSES[name](tmp_path / name)) for name in request.param]


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """Make a ledger under the one name that every witness here can know."""
    path = tmp_path / "ledger"
    home = Home.inside(path)
    write(home.log(ORIGIN) / "log.key", SeedKey(SEED))
    registrar = new(home.keys / "registrar")
    Journal.create(path, ORIGIN, Registrar("registrar", "XO", registrar.public.hex()), home=home, test=True).close()
    return path


def asks(ledger: Path, witnesses: Sequence[Live]) -> None:
    for number, live in enumerate(witnesses):
        count = str(number + 1)
        reply("witness", "add", live.key.text, live.url, "--called", f"w{count}", "--quorum", count, ledger=ledger)


def registers(ledger: Path, *actors: str) -> None:
    for actor in actors:
        fields = (f"actor={actor}", "party=XO", "roles=ISS", "valid_from=2027-01-01", f"names=en={actor}")
        options = [part for field in fields for part in ("-f", field)]
        done = run("record", "authority-registered", *options, ledger=ledger)
        assert done.exit_code == 0, done.output


def cosigned(ledger: Path, witnesses: Sequence[Live]) -> dict[str, Any]:
    """Run `comity checkpoint`; assert that every witness has then cosigned the whole log."""
    answer = reply("checkpoint", ledger=ledger)
    head = open_checkpoint(answer["note"].encode(), ORIGIN, LOG, [live.key for live in witnesses])
    assert [key for key, _ in head.cosignatures] == [live.key for live in witnesses]
    assert all(abs(at - time.time()) < 300 for _, at in head.cosignatures)
    assert answer["quorum"] is True
    return answer


def test_they_cosign_our_log_as_it_grows_and_when_it_does_not(ledger: Path, witnesses: list[Live]) -> None:
    asks(ledger, witnesses)
    sizes = [cosigned(ledger, witnesses)["size"]]
    for actors in (["a"], ["b", "c", "d"], [f"e{n}" for n in range(9)], []):
        registers(ledger, *actors)
        sizes.append(cosigned(ledger, witnesses)["size"])
    first = len(witnesses)
    assert sizes == [first, first + 1, first + 4, first + 13, first + 13]


def test_a_receipt_with_their_cosignatures_holds_for_transparency_dev(
    ask: Ask, ledger: Path, witnesses: list[Live], tmp_path: Path
) -> None:
    asks(ledger, witnesses)
    registers(ledger, "a", "b")
    note = cosigned(ledger, witnesses)["note"].encode()
    with Journal.open(ledger) as journal:
        raw = journal.store.at(1)
        assert raw is not None
        (tmp_path / "leaf").write_bytes(raw)
        (tmp_path / "proof").write_bytes(journal.log.receipt(1, note))
    keys = [live.key.text for live in witnesses]
    said = ask("transparency-dev", tmp_path / "leaf", tmp_path / "proof", LOG.text, len(keys), *keys)
    assert said.agrees, said.text


def test_they_refuse_an_actual_fork_and_we_keep_what_proves_it(
    ledger: Path, witnesses: list[Live], tmp_path: Path
) -> None:
    asks(ledger, witnesses)
    registers(ledger, "a")
    cosigned(ledger, witnesses)
    twin = Path(shutil.copytree(ledger, tmp_path / "twin"))
    registers(ledger, "honest", "and-more")
    true = cosigned(ledger, witnesses)
    registers(twin, "forged", "and-more", "and-yet-more")
    bare = (twin / "log" / "checkpoint").read_bytes()

    done = run("checkpoint", ledger=twin)
    assert done.exit_code == Exit.REFUSED
    assert "LOG-EQUIVOCATION" in done.stderr
    assert (twin / "log" / "checkpoint").read_bytes() == bare
    evidence = {path.name.partition(".")[2]: path.read_bytes() for path in (twin / "evidence").iterdir()}
    assert bare in [path.read_bytes() for path in (twin / "evidence").glob("*.note")]
    shows = [live for live in witnesses if live.folder.name == "aics"]  # sigsum-witness has no monitoring address
    assert ("split-view.json" in evidence) == bool(shows)
    for live in shows:
        split = check_split(evidence["split-view.json"], LOG)
        assert (split.one.size, split.two.size) == (true["size"], true["size"] + 1)
        assert split.one.root.hex() == true["root"]
        assert b64(split.two.root) in told_by(live.folder, "evidence")  # the witness has stored the evidence too
    cosigned(ledger, witnesses)  # the true log is cosigned as before


def test_an_old_copy_is_stopped_by_what_they_remember(ledger: Path, witnesses: list[Live], tmp_path: Path) -> None:
    asks(ledger, witnesses)
    registers(ledger, "a")
    cosigned(ledger, witnesses)
    old = Path(shutil.copytree(ledger, tmp_path / "old"))
    registers(ledger, "b", "c")
    cosigned(ledger, witnesses)
    done = run("checkpoint", ledger=old)
    if any(live.folder.name == "aics" for live in witnesses):  # aics shows a head that our own key has signed
        assert done.exit_code == Exit.PROVED_BAD
        assert "LOG-ROLLBACK" in done.stderr
    else:  # sigsum-witness reports only a size, which proves nothing: no cosignature, and a warning
        assert "WITNESS-AHEAD" in done.stderr
