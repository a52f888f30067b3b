"""A bundle is handed over under a head that its witnesses saw, and the access order records the outcome."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from cli.exit_codes import Exit
from ledger.adapters.folders.pending_exports import begin
from ledger.adapters.folders.user_folders import Home
from ledger.adapters.keys.key_files import SeedKey, load
from ledger.adapters.witness import client
from ledger.adapters.witness.witness import SIZE, Witness, WitnessReply, cosigners, logs_of
from ledger.adapters.witness.witness_state import Memory
from ledger.application.journal import Journal
from ledger.bundle.archive import unpack
from ledger.bundle.layout import MANIFEST
from ledger.bundle.manifest import open_manifest
from ledger.entries.placement import map_of
from ledger.errors import RecordError
from ledger.formats.ed25519 import public_key
from ledger.tlog.note import MLDSA44, Vkey, witness_vkey
from ledger.tlog.policy import parse_policy
from tests.support.cli import PERSON, House

pytest.importorskip("httpx", reason="needs the extra `server`")
pytest.importorskip("starlette", reason="needs the extra `server`")

from tests.cli.commands.test_witness import serving
from tests.cli.desk.test_desk import Sat, sat
from tests.ledger.adapters.witness.test_cosigning import scripted

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
WHY = "hearing on Monday"


@dataclass
class Watcher:
    """A live witness whose answers a test can change: `script` answers a request; by default the witness does."""

    witness: Witness
    vkeys: list[str]
    url: str = ""
    asked: int = 0
    script: Callable[[bytes], WitnessReply] | None = None
    honest: list[int] = field(default_factory=list)  # sizes it has cosigned

    def answer(self, body: bytes) -> WitnessReply:
        self.asked += 1
        return (self.script or self.cosigns)(body)

    def cosigns(self, body: bytes) -> WitnessReply:
        answer = self.witness.add_checkpoint(body)
        if answer.status == 200:
            self.honest.append(int(body.split(b"\n\n")[1].split(b"\n")[1]))
        return answer


class Watched(House):
    """A house with one order, and witnesses that answer on loopback."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        super().__init__(folder)
        self.stack = stack
        self.furnished()
        values = ("-f", "summary_of_facts=An online shop took payments", "-f", "case_ref=K-1")
        args = (
            "issue",
            "--unregistered",
            "--instrument",
            "2AP-7",
            "--to",
            "XV",
            "--reference",
            "PPO-2",
            *values,
            "--as",
            "ilves",
        )
        assert self.run(*args).exit_code == 0

    def watched(self, name: str, *, mldsa: bool = False) -> Watcher:
        """Start a witness that is in no policy yet."""
        from ledger.adapters.keys.mldsa import new

        seed, state = name.encode() * 32, self.folder / "witnesses" / name
        vkeys = [witness_vkey(f"witness.example/{name}", public_key(seed))]
        state.mkdir(parents=True)
        second = new(state / "mldsa.key") if mldsa else None
        if second is not None:
            vkeys.append(Vkey.of(f"witness.example/{name}", MLDSA44, second.public).text)
        logs = logs_of([parse_policy((self.ledger / "trust" / "policy").read_bytes())])
        memory = Memory.create(state / "witness.db", vkeys[0])
        self.stack.callback(memory.close)
        signs = cosigners(f"witness.example/{name}", SeedKey(seed), second)
        watcher = Watcher(Witness(memory, signs, logs), vkeys)
        watcher.url = self.stack.enter_context(scripted(watcher.answer))
        return watcher

    def asks(self, *names: str, quorum: int) -> list[Watcher]:
        """Start witnesses and add them to the ledger's policy with this quorum."""
        made = [self.watched(name) for name in names]
        for n, (name, watcher) in enumerate(zip(names, made, strict=True), 1):
            self.adds(name, watcher.vkeys[0], watcher.url, min(n, quorum))
        return made

    def adds(self, name: str, vkey: str, url: str, quorum: int) -> None:
        self.reply("witness", "add", vkey, url, "--called", name, "--quorum", str(quorum))

    @property
    def court(self) -> Path:
        return self.folder / "court.evidence.zip"

    def exports(self, *more: str, file: Path | None = None, audience: str = "COURT") -> Any:
        args = ("PPO-2", "--audience", audience, "--because", WHY, "-o", str(file or self.court), "--as", "ilves")
        return self.run("export", *args, *more)

    def size(self) -> int:
        """Return the number of entries, but for entries that commit heads; no witness is asked."""
        with self.journal() as journal:
            return journal.store.size() - journal.store.head(map_of(journal.origin))

    def tree(self) -> int:
        """Return the number of all entries in the log; no witness is asked."""
        with self.journal() as journal:
            return journal.store.size()

    def journal(self) -> Journal:
        return Journal.open(self.ledger, Home(self.folder / "state" / "comity", self.keys))

    def accesses(self) -> list[tuple[int, str, bool]]:
        """Return the access order: index in the log, reason, and whether the entry replaces another."""
        with self.journal() as journal:
            entries = journal.cases.entries(journal.access, journal.cases.opened(journal.access))
            return [(e.index, str(e.get("justification")), e.replaces is not None) for e in entries]

    def pending(self) -> list[str]:
        return [path.name for path in (self.folder / "state").rglob("pending/*")]

    def verdict(self, file: Path | None = None) -> dict[str, Any]:
        done = self.run("verify", str(file or self.court), "--trust", str(self.ledger / "trust"), "--json")
        return dict(json.loads(done.stdout))

    def passes(self, file: Path | None = None) -> None:
        """Assert that the bundle is TOTAL-PASSED with its quorum, and covers the entry that records the access."""
        report = self.verdict(file)
        assert report["verdict"] == "TOTAL-PASSED", report["reasons"]
        assert not any(says.startswith("NO-WITNESS") for says in report["not_proven"])
        assert head(file or self.court)[1] >= self.accesses()[-1][0] + 1


def head(file: Path) -> tuple[str, int]:
    """Return origin and size of the head of a bundle."""
    files = unpack(file.read_bytes())
    (note,) = (content for path, content in files.items() if path.endswith("/checkpoint"))
    origin, size, _ = note.decode().split("\n", 2)
    return origin, int(size)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Watched]:
    with ExitStack() as stack:
        yield Watched(tmp_path, stack)


@contextmanager
def refusing(address: tuple[str, int] = ("127.0.0.1", 0)) -> Iterator[str]:
    """Yield an address without a listener."""
    import socket

    with socket.create_server(address) as taken:
        port = taken.getsockname()[1]
    yield f"http://127.0.0.1:{port}"


def hangs(body: bytes) -> WitnessReply:
    time.sleep(1.5)
    return WitnessReply(500, "late\n")


BROKEN: dict[str, Callable[[bytes], WitnessReply]] = {
    "says 500": lambda body: WitnessReply(500, "no\n"),
    "says 503": lambda body: WitnessReply(503, "the clock\n"),
    "never answers": hangs,
    "has lost its memory": lambda body: WitnessReply(409, "0\n", SIZE),
    "is ahead": lambda body: WitnessReply(409, "999999\n", SIZE),
    "signs nothing": lambda body: WitnessReply(200, ""),
    "signs something else": lambda body: WitnessReply(200, "\u2014 witness.example/c aGVsbG8=\n"),
}


@pytest.fixture
def impatient(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.getfixturevalue("broken") == "never answers":
        monkeypatch.setattr(client, "SECONDS", 1.0)


# -- the bundle is made ------------------------------------------------------------------------------------------------


def test_a_bundle_with_sealed_values_is_made_under_the_quorum_of_a_live_witness(house: Watched) -> None:
    state = str(house.folder / "w")
    (vkey,) = house.reply("witness", "new", "witness.example/xo", "--state", state)["vkeys"]
    with serving(state, house.ledger / "trust" / "policy") as url:
        house.reply("witness", "add", vkey, url)
        before = house.size()
        done = house.exports()
        assert done.exit_code == 0, done.output
    house.passes()
    assert house.size() == before + 1
    assert "UNWITNESSED" not in done.stderr


@pytest.mark.parametrize(("names", "quorum"), [("a", 1), ("ab", 1), ("ab", 2), ("abc", 2), ("abc", 3)])
def test_each_policy_of_one_group_is_met_by_its_witnesses(house: Watched, names: str, quorum: int) -> None:
    house.asks(*names, quorum=quorum)
    assert house.exports().exit_code == 0
    house.passes()
    assert house.pending() == []


def test_a_policy_without_witnesses_says_so_and_asks_nobody(house: Watched) -> None:
    done = house.exports()
    assert done.exit_code == 0
    assert "NO-WITNESS" in done.stderr
    report = house.verdict()
    assert (report["verdict"], report["not_proven"][0][:10]) == ("TOTAL-PASSED", "NO-WITNESS")


def test_a_witness_that_signs_with_ml_dsa_counts(house: Watched) -> None:
    pytest.importorskip("cryptography.hazmat.primitives.asymmetric.mldsa", reason="needs cryptography 50")
    watcher = house.watched("q", mldsa=True)
    house.adds("pq", watcher.vkeys[1], watcher.url, 1)
    assert house.exports().exit_code == 0
    house.passes()


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("broken", BROKEN)
def test_a_quorum_is_met_without_the_one_witness_that_is_broken(house: Watched, broken: str) -> None:
    *_, last = house.asks("a", "b", "c", quorum=2)
    house.reply("checkpoint")
    last.script = BROKEN[broken]
    done = house.exports()
    assert done.exit_code == 0, done.output
    house.passes()
    assert [replaces for _, _, replaces in house.accesses()] == [False]


def test_a_bundle_is_under_the_head_that_was_witnessed_even_if_the_log_grows_meanwhile(house: Watched) -> None:
    (watcher,) = house.asks("a", quorum=1)

    def grows(body: bytes) -> WitnessReply:
        answer = watcher.cosigns(body)
        if watcher.asked == 2:
            with house.journal() as journal:
                hand = journal.signer("ilves", "ISS", load(house.keys / "ilves"))
                journal.note_access([], hand, view="docket", purpose="audit", because="meanwhile", person="Dina Ilves")
        return answer

    watcher.script = grows
    done = house.exports()
    assert done.exit_code == 0, done.output
    assert house.verdict()["verdict"] == "TOTAL-PASSED"
    assert head(house.court)[1] == watcher.honest[-1] == house.tree() - 1


def test_the_checkpoint_that_is_printed_is_the_one_that_was_witnessed(house: Watched) -> None:
    (watcher,) = house.asks("a", quorum=1)

    def grows(body: bytes) -> WitnessReply:
        answer = watcher.cosigns(body)
        with house.journal() as journal:
            hand = journal.signer("ilves", "ISS", load(house.keys / "ilves"))
            journal.note_access([], hand, view="docket", purpose="audit", because="meanwhile", person="Dina Ilves")
        return answer

    watcher.script = grows
    said = house.reply("checkpoint")
    assert (said["size"], said["quorum"]) == (watcher.honest[-1], True)


def test_a_container_is_made_under_witnesses_as_its_bundle_is(house: Watched) -> None:
    house.asks("a", quorum=1)
    file = house.folder / "court.asice"
    done = house.exports("--format", "asic-e", "--unsigned", file=file)
    assert done.exit_code == 0, done.output
    inside = unpack_container(file)
    house.court.write_bytes(inside)
    house.passes()


def unpack_container(file: Path) -> bytes:
    import zipfile

    with zipfile.ZipFile(file) as opened:
        (name,) = (n for n in opened.namelist() if n.endswith(".evidence.zip"))
        return opened.read(name)


def test_a_bundle_that_opens_nothing_needs_the_quorum_once_and_records_no_more_than_the_commit(house: Watched) -> None:
    (watcher,) = house.asks("a", quorum=1)
    before = house.size()
    assert house.exports(audience="SYS").exit_code == 0
    assert house.verdict()["verdict"] == "TOTAL-PASSED"
    watcher.script = BROKEN["says 500"]
    asked = watcher.asked
    again = house.folder / "again.evidence.zip"
    assert house.exports(audience="SYS", file=again).exit_code == 0
    assert (house.size(), watcher.asked) == (before, asked), "a head that a quorum saw stays seen"


def test_unwitnessed_asks_nobody_and_says_so(house: Watched) -> None:
    (watcher,) = house.asks("a", quorum=1)
    before = house.size()
    done = house.exports("--unwitnessed")
    assert (done.exit_code, watcher.asked, house.size()) == (0, 0, before + 1)
    assert "UNWITNESSED" in done.stderr
    assert house.verdict()["reasons"][0]["code"] == "CP-QUORUM"


# -- refused before anything is recorded -------------------------------------------------------------------------------


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("broken", BROKEN)
def test_without_a_quorum_nothing_is_recorded_and_nothing_handed_out(house: Watched, broken: str) -> None:
    _, second = house.asks("a", "c", quorum=2)
    house.reply("checkpoint")
    second.script = BROKEN[broken]
    before = house.size()
    done = house.exports()
    assert done.exit_code == Exit.REFUSED, done.output
    assert "--unwitnessed" in done.stderr
    assert (house.size(), house.court.exists(), house.pending()) == (before, False, [])


def test_what_a_witness_cosigned_before_does_not_show_that_it_can_be_reached(house: Watched) -> None:
    (watcher,) = house.asks("a", quorum=1)
    assert house.reply("checkpoint")["quorum"] is True
    watcher.script = BROKEN["says 500"]
    before = house.size()
    done = house.exports()
    assert (done.exit_code, house.size(), house.court.exists()) == (Exit.REFUSED, before, False)
    assert "nothing was recorded" in done.stderr


def test_a_witness_at_whose_address_nothing_listens_cannot_be_reached(house: Watched) -> None:
    watcher = house.watched("a")
    with refusing() as url:
        house.adds("a", watcher.vkeys[0], url, 1)
        before = house.size()
        assert house.exports().exit_code == Exit.REFUSED
    assert (house.size(), house.court.exists()) == (before, False)


def test_a_witness_that_contradicts_stops_everything(house: Watched) -> None:
    *_, last = house.asks("a", "b", "c", quorum=2)
    last.script = lambda body: WitnessReply(422, "it does not follow\n")
    before = house.size()
    done = house.exports()
    assert done.exit_code == Exit.REFUSED
    assert "LOG-EQUIVOCATION" in done.stderr
    assert (house.size(), house.court.exists()) == (before, False)


@pytest.mark.parametrize("place", ["", "nowhere/court.zip", "court.evidence.zip/court.zip"])
def test_a_place_that_takes_no_file_is_found_before_anything_is_recorded(house: Watched, place: str) -> None:
    before = house.size()
    house.court.write_bytes(b"")
    done = house.exports(file=house.folder / place)
    assert done.exit_code in (Exit.USAGE, Exit.UNDECIDABLE), done.output
    assert (house.size(), house.court.read_bytes()) == (before, b"")


def test_a_certificate_that_does_not_fit_is_found_before_anything_is_recorded(house: Watched) -> None:
    before = house.size()
    (house.folder / "seal.pem").write_text("no certificate")
    args = ("--no-time-stamp", "--sign", str(house.folder / "seal.pem"), "--sign-cert", str(house.folder / "seal.pem"))
    assert house.exports("--format", "asic-e", *args, file=house.folder / "court.asice").exit_code == Exit.UNDECIDABLE
    assert house.size() == before


# -- failures after the access was recorded ----------------------------------------------------------------------------


def dies(watcher: Watcher) -> None:
    """Let the witness answer once more, and then fail."""
    last = watcher.asked + 1
    watcher.script = lambda body: watcher.cosigns(body) if watcher.asked <= last else WitnessReply(500, "dead\n")


def test_a_witness_that_dies_between_leaves_an_entry_that_nothing_was_handed_out(house: Watched) -> None:
    (watcher,) = house.asks("a", quorum=1)
    dies(watcher)
    before = house.size()
    done = house.exports()
    assert done.exit_code == Exit.REFUSED
    assert f"nothing was handed out; entry {house.tree() - 1} of the log says so" in done.stderr
    assert (house.size(), house.court.exists(), house.pending()) == (before + 2, False, [])
    (first, why, _), (_, says, replaces) = house.accesses()
    assert why == f"to make a bundle for CT (court): {WHY}"
    assert says.startswith(
        f"nothing was handed out after entry {first} of the log: UNWITNESSED: no quorum of witnesses"
    )
    assert replaces
    watcher.script = None
    assert house.exports().exit_code == 0
    house.passes()
    assert [replaces for _, _, replaces in house.accesses()] == [False, True, False]


def test_the_register_says_that_nothing_was_handed_out(house: Watched) -> None:
    (watcher,) = house.asks("a", quorum=1)
    dies(watcher)
    first = house.size()
    house.exports()
    answers = house.reply("register", "PPO-2")["register"]
    reads, nothing = answers[1]["answer"].split(" | ")[-2:]
    assert "Office read the record (an export) for criminal proceedings before a court." in reads
    assert f"Nothing was handed out after entry {first} of the log. Office" in nothing
    read = json.loads(house.run("report", "dpo", "PPO-2", "--json").stdout)["reads"]
    assert [row["view"] for row in read] == ["export", "nothing was handed out"]
    german = house.run("report", "dpo", "PPO-2", "--lang", "de").stdout
    assert f"Nach Eintrag {first} des Logs wurde nichts herausgegeben." in german


def full(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def refuses(*_: object) -> bytes:
    raise RecordError("BND-MANIFEST", "too much")


def interrupted(*_: object) -> bytes:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("what", "by", "code", "says"),
    [
        ("ledger.application.export.hand_over.pack", refuses, 5, "BND-MANIFEST: too much"),
        ("ledger.application.export.hand_over.pack", interrupted, 130, "interrupted"),
        ("cli.terminal.file_io.os.link", full, 4, "no space left on device"),
        ("cli.terminal.file_io.os.fsync", full, 4, "no space left on device"),
    ],
)
def test_whatever_fails_after_the_access_is_recorded(
    what: str,
    by: Callable[..., Any],
    code: int,
    says: str,
    house: Watched,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = house.size()
    only_the_bundle(monkeypatch, what, by)
    done = house.exports()
    assert done.exit_code == code, done.output
    monkeypatch.undo()
    assert (house.size(), house.pending()) == (before + 2, [])
    assert says in house.accesses()[-1][1]
    assert [path.name for path in house.folder.iterdir() if "evidence" in path.name] == []


def only_the_bundle(monkeypatch: pytest.MonkeyPatch, what: str, by: Callable[..., Any]) -> None:
    """Break a call where the bundle is written, and keep it working where the ledger writes."""
    if not what.startswith("cli.terminal.file_io.os."):
        monkeypatch.setattr(what, by)
        return
    from cli.terminal import file_io

    class Broken:
        def __getattr__(self, name: str) -> Any:
            return by if name == what.rpartition(".")[2] else getattr(os, name)

    monkeypatch.setattr(file_io, "os", Broken())


def test_a_file_that_appears_meanwhile_is_left_alone(house: Watched) -> None:
    (watcher,) = house.asks("a", quorum=1)

    def appears(body: bytes) -> WitnessReply:
        house.court.write_bytes(b"somebody else's")
        return watcher.cosigns(body)

    watcher.script = appears
    before = house.size()
    assert house.exports().exit_code == Exit.USAGE
    assert house.court.read_bytes() == b"somebody else's"
    assert house.size() == before + 2
    assert "is there already" in house.accesses()[-1][1]
    assert [path.name for path in house.folder.iterdir() if path.name.endswith(".part")] == []


def test_where_the_failure_cannot_be_recorded_the_access_stays_open_and_is_taken_up(
    house: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ledger.application.export.access_entry import ExportAccess

    before = house.size()
    monkeypatch.setattr("ledger.application.export.hand_over.pack", refuses)
    monkeypatch.setattr(ExportAccess, "record_failure", full)
    done = house.exports()
    assert done.exit_code == 5
    assert "stays open: " in done.stderr
    monkeypatch.undo()
    assert (house.size(), len(house.pending())) == (before + 1, 1)
    done = house.exports()
    assert (done.exit_code, house.size(), house.pending()) == (0, before + 1, [])
    assert f"entry {before} of the log says already why" in done.stderr
    assert house.exports(file=house.folder / "another.zip").exit_code == 0
    assert house.size() == before + 2, "what was handed out is taken up no more"


def test_another_reason_or_reader_takes_nothing_up(house: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    from ledger.application.export.access_entry import ExportAccess

    monkeypatch.setattr("ledger.application.export.hand_over.pack", refuses)
    monkeypatch.setattr(ExportAccess, "record_failure", full)
    house.exports()
    monkeypatch.undo()
    before = house.size()
    args = ("export", "PPO-2", "--as", "ilves", "-o")
    assert house.run(*args, str(house.folder / "1"), "--audience", "COURT", "--because", "else").exit_code == 0
    assert house.run(*args, str(house.folder / "2"), "--audience", "DEF", "--because", WHY).exit_code == 0
    assert (house.size(), len(house.pending())) == (before + 2, 1)


# -- a killed process --------------------------------------------------------------------------------------------------


def beside(house: Watched, *more: str, file: Path | None = None) -> subprocess.Popen[str]:
    """Start `comity export` as a separate process."""
    code = "from cli.app import main; main()"
    args = ("PPO-2", "--audience", "COURT", "--because", WHY, "-o", str(file or house.court), "--as", "ilves", *more)
    env = {
        **os.environ,
        **house.env,
        "PYTHONPATH": str(ROOT),
        "COMITY_LEDGER": str(house.ledger),
        "COMITY_PERSON": PERSON,
    }
    return subprocess.Popen(
        [sys.executable, "-c", code, "export", *args], cwd=ROOT, env=env, stderr=subprocess.PIPE, text=True
    )


def test_killed_between_access_and_bundle_the_repeated_command_goes_on(house: Watched) -> None:
    (watcher,) = house.asks("a", quorum=1)
    second, over = threading.Event(), threading.Event()

    def stalls(body: bytes) -> WitnessReply:
        if watcher.asked == 2:
            second.set()
            over.wait(30)
        return watcher.cosigns(body)

    watcher.script = stalls
    before = house.size()
    with beside(house) as process:
        assert second.wait(30)
        process.send_signal(signal.SIGKILL)
        over.set()
    assert (house.size(), house.court.exists(), len(house.pending())) == (before + 1, False, 1)
    watcher.script = None
    done = house.exports()
    assert done.exit_code == 0, done.output
    house.passes()
    assert (house.size(), house.pending()) == (before + 1, [])


def test_two_exports_at_once_are_two_accesses_and_two_bundles_that_pass(house: Watched) -> None:
    house.asks("a", "b", "c", quorum=2)
    before = house.size()
    files = [house.folder / f"{n}.evidence.zip" for n in range(3)]
    processes = [beside(house, file=file) for file in files]
    for process in processes:
        _, said = process.communicate(timeout=60)
        assert process.returncode == 0, said
    assert house.size() == before + 3
    for file in files:
        assert house.verdict(file)["verdict"] == "TOTAL-PASSED"
    assert house.pending() == []


def test_two_exports_at_once_to_one_file_hand_out_one_and_say_so(house: Watched) -> None:
    before = house.size()
    processes = [beside(house) for _ in range(2)]
    said = [process.communicate(timeout=60) for process in processes]
    assert sorted(process.returncode for process in processes) == [0, 2], said
    assert house.verdict()["verdict"] == "TOTAL-PASSED"
    late = [replaces for _, _, replaces in house.accesses()]
    assert (house.size() - before, late) in ((1, [False]), (3, [False, False, True]))


def test_an_export_that_is_under_way_is_not_taken_up(tmp_path: Path) -> None:
    ids = iter(["1" * 32, "2" * 32, "3" * 32, "4" * 32])
    request, other = "a" * 64, "b" * 64

    def begun(what: str = request) -> Any:
        return begin(tmp_path / "pending", what, lambda: next(ids))

    first = begun()
    assert (first.entry, begun(other).entry) == ("1" * 32, "2" * 32)
    second = begun()
    assert second.entry == "3" * 32
    first.release()
    again = begun()
    assert again.entry == "1" * 32
    again.end()
    again.release()
    assert begun().entry == "4" * 32


# -- witnesses that the ledger cannot call -----------------------------------------------------------------------------


def test_for_a_witness_that_is_never_called_the_access_waits_and_is_taken_up(house: Watched, tmp_path: Path) -> None:
    state = str(house.folder / "w")
    (vkey,) = house.reply("witness", "new", "witness.example/w", "--state", state)["vkeys"]
    policy = house.ledger / "trust" / "policy"
    line = policy.read_text().splitlines()[0]
    policy.write_text(f"{line}\nwitness w {vkey}\nquorum w\n")
    before = house.size()
    waits = house.exports()
    assert waits.exit_code == Exit.REFUSED
    assert "have w cosign, `comity witness take`" in waits.stderr
    assert (house.size(), house.court.exists()) == (before + 1, False)
    note = str(tmp_path / "w.note")
    args = ("--name", "witness.example/w", "--state", state, "--policy", str(policy), "-o", note)
    house.reply("witness", "pull", str(house.ledger / "log"), *args)
    assert house.reply("witness", "take", note)["quorum"] is True
    done = house.exports()
    assert done.exit_code == 0, done.output
    house.passes()
    assert house.size() == before + 1


# -- at the desk -------------------------------------------------------------------------------------------------------


@pytest.fixture
def desk(house: Watched, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Sat]:
    for name, value in house.env.items():
        monkeypatch.setenv(name, value)
    return lambda: sat(house.stack, house.ledger, "ilves")


def asked_for(there: Sat, *, ticked: bool = False, because: str = WHY) -> Any:
    order = there.reader.find("PPO-2")
    said = {"form": there.visitor.form(f"/orders/{order}"), "audience": "CT", "because": because}
    return there.visitor.post(f"/orders/{order}/bundle", said | ({"unwitnessed": "1"} if ticked else {}))


@pytest.mark.parametrize(("names", "quorum"), [("a", 1), ("abc", 2)])
def test_the_desk_hands_over_what_the_command_would(
    house: Watched, desk: Callable[[], Sat], names: str, quorum: int
) -> None:
    house.asks(*names, quorum=quorum)
    assert house.exports().exit_code == 0
    before, (_, why, _) = house.size(), house.accesses()[-1]
    answer = asked_for(desk())
    assert answer.status_code == 200, answer.text
    file = house.folder / "desk.evidence.zip"
    file.write_bytes(answer.content)
    house.passes(file)
    assert (house.size(), house.accesses()[-1][1]) == (before + 1, why)
    ours, theirs = unpack(house.court.read_bytes()), unpack(answer.content)
    varies = ("/heads/", "/consistency/", ".tlog-proof")
    assert [p for p in ours if not any(v in p for v in varies)] == [
        p for p in theirs if not any(v in p for v in varies)
    ]
    for path, content in ours.items():
        if ("/entries/" in path and path.endswith(".json")) or "/disclosures/" in path:
            assert theirs[path] == content
    one, other = open_manifest(ours[MANIFEST]), open_manifest(theirs[MANIFEST])
    for name in ("log", "order", "audience", "purpose", "legal_basis", "tool", "rules", "heads", "withheld", "signer"):
        assert getattr(one, name) == getattr(other, name), name


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("broken", ["says 500", "never answers"])
def test_the_desk_hands_over_nothing_that_no_quorum_saw_unless_the_box_is_ticked(
    house: Watched, desk: Callable[[], Sat], broken: str
) -> None:
    (watcher,) = house.asks("a", quorum=1)
    house.reply("checkpoint")
    watcher.script = BROKEN[broken]
    before, there = house.size(), desk()
    answer = asked_for(there)
    assert answer.status_code == 403
    assert "tick the box" in answer.text
    assert house.size() == before
    answer = asked_for(there, ticked=True)
    assert answer.status_code == 200
    house.court.write_bytes(answer.content)
    assert house.verdict()["reasons"][0]["code"] == "CP-QUORUM"


def test_a_witness_that_dies_between_is_recorded_by_the_desk_too(house: Watched, desk: Callable[[], Sat]) -> None:
    (watcher,) = house.asks("a", quorum=1)
    dies(watcher)
    before, there = house.size(), desk()
    assert asked_for(there).status_code == 403
    assert house.size() == before + 2
    assert "nothing was handed out" in house.accesses()[-1][1]


def test_the_desk_asks_for_a_reason_before_it_asks_a_witness(house: Watched, desk: Callable[[], Sat]) -> None:
    (watcher,) = house.asks("a", quorum=1)
    before = house.size()
    assert asked_for(desk(), because="  ").status_code == 403
    assert (house.size(), watcher.asked) == (before, 0)
