"""Hostile or broken input ends in a code and a sentence, quickly and in little memory."""

from __future__ import annotations

import io
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time
import tracemalloc
import zipfile
from contextlib import closing
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

from cli.exit_codes import Exit, Stop
from cli.imports.safe_xml import parse
from ledger.adapters.folders.user_folders import Home
from ledger.errors import LedgerError
from tests.support.cli import House, ledger_of, reply, run
from tests.support.import_tables import written

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ledger_of("S1", tmp_path_factory.mktemp("bad"))


# -- XML ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        b'<a xmlns="' + b"u" * 60_000 + b'">' + b"<b/>" * 30_000 + b"</a>",
        b'<a xmlns="u">' + b"<b/>" * 400_000 + b"</a>",
        b"<a " + b" ".join(b'x%d=""' % n for n in range(150_000)) + b"/>",
        b"<" + b"a" * 1_000_000 + b"/>",
        b'<a xmlns:p="' + b"u" * 60_000 + b'"><b ' + b" ".join(b'p:x%d=""' % n for n in range(9_000)) + b"/></a>",
    ],
    ids=["long namespace", "elements", "attributes", "long name", "long namespace of attributes"],
)
def test_xml_takes_little_memory_and_time_however_it_is_made(text: bytes) -> None:
    tracemalloc.start()
    began = time.process_time()
    with pytest.raises(Stop) as stop:
        parse(text, "e.xml")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert stop.value.code == Exit.UNDECIDABLE
    assert peak < 64 << 20
    assert time.process_time() - began < 5


def zipped(**files: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return stream.getvalue()


@pytest.mark.parametrize("at", range(0, 400, 7))
def test_a_container_damaged_anywhere_is_no_container(at: int, ledger: Path, tmp_path: Path) -> None:
    data = bytearray(zipped(mimetype=b"x", **{"e.xml": b"<a>text</a>" * 20, "META-INF/signatures.xml": b"<s/>"}))
    for bit in range(8):
        data[at % len(data)] ^= 1 << bit
        file = tmp_path / "e.asics"
        file.write_bytes(data)
        done = run("import", "delivery", str(file), "--order", "main", "--as", "ilves", ledger=ledger)
        assert done.exit_code in (Exit.UNDECIDABLE, Exit.REFUSED), done.output
        data[at % len(data)] ^= 1 << bit


# -- tables, JSON, TOML ------------------------------------------------------------------------------------------------

DEEP = "[" * 200_000 + "]" * 200_000


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("t.csv", "order,kind\rA,order-issued\r"),
        ("t.csv", "order,kind\nA,order-issued\rB,order-issued\n"),
        ("t.csv", "order," + "x" * (1 << 20) + "\nA,b\n"),
        ("t.csv", "order,kind,occurred\nA,order-issued," + "x" * (5 << 20) + "\n"),
        ("t.csv", '"' * 100_001),
        ("t.jsonl", '{"order": ' + DEEP + "}\n"),
        ("t.jsonl", "{" + ", ".join(f'"k{n}": 1' for n in range(20_000)) + "}\n"),
        ("t.jsonl", '{"order": ' + "9" * 50_000 + "}\n"),
    ],
    ids=["CR", "one CR", "long header", "long line", "quotes", "deep", "many members", "digits"],
)
def test_a_table_that_is_none_is_refused_soon(name: str, text: str, ledger: Path, tmp_path: Path) -> None:
    began = time.process_time()
    file = tmp_path / name
    file.write_text(text, newline="")
    done = run("import", str(file), "--as", "ilves", ledger=ledger)
    assert done.exit_code in (Exit.UNDECIDABLE, Exit.REFUSED), done.output[:500]
    assert len(done.output) < 20_000, "a cell of 800 kB is not repeated"
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    "text", [DEEP, '{"a":' * 100_000 + "1" + "}" * 100_000, "9" * 50_000, '"' + "x" * (5 << 20) + '"', "\x00"]
)
def test_json_that_is_no_fact_is_refused(text: str, ledger: Path, tmp_path: Path) -> None:
    file = written(tmp_path / "f.json", [text], "")
    for words in (
        ("record", "order-closed", "main", "--from", str(file), "--as", "ilves"),
        ("issue", "--instrument", "2AP-7", "--to", "XV", "--from", str(file), "--as", "ilves"),
        ("lint", str(file)),
        ("import", "hi1", str(file), "--as", "ilves"),
        ("verify", str(file)),
    ):
        done = run(*words, ledger=ledger)
        assert done.exit_code in (Exit.UNDECIDABLE, Exit.REFUSED, Exit.USAGE), (words, done.output[:500])


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 50_000 + "]" * 50_000,
        "a = " + "9" * 50_000,
        ".".join(["a"] * 200_000) + " = 1",
        "[" + ".".join(["a"] * 200_000) + "]",
        " . ".join(['"a"'] * 200_000) + " = 1",
        "a" * (5 << 20),
    ],
    ids=["deep", "digits", "dotted", "dotted table", "quoted", "long"],
)
def test_a_story_that_is_none_is_refused_soon(text: str, tmp_path: Path) -> None:
    file = written(tmp_path / "s.toml", [text], "")
    began = time.process_time()
    done = run("play", str(file), "--into", str(tmp_path / "l"))
    assert done.exit_code == Exit.UNDECIDABLE, done.output[:500]
    assert time.process_time() - began < 5


def test_a_file_without_end_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.terminal.file_io.MOST", 1 << 20)
    done = run("verify", "/dev/zero")
    assert (done.exit_code, "larger than" in done.stderr) == (Exit.UNDECIDABLE, True)


# -- file locations and output streams ---------------------------------------------------------------------------------


def test_without_a_home_nothing_is_written_anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, "relative")
    monkeypatch.setattr("pwd.getpwuid", {}.__getitem__)  # a user whom the machine's user table lacks
    for home in ("", "relative", "/", None):
        monkeypatch.setenv("HOME", home) if home is not None else monkeypatch.delenv("HOME")
        with pytest.raises(LedgerError) as fault:
            Home.user()
        assert fault.value.code == "NO-HOME"
    monkeypatch.setenv("HOME", "/home/ilves")
    assert Home.user() == Home(Path("/home/ilves/.local/state/comity"), Path("/home/ilves/.config/comity/keys"))


def test_a_folder_whose_path_is_too_long_is_no_place_for_a_ledger(tmp_path: Path) -> None:
    house = House(tmp_path)
    long = tmp_path
    for _ in range(5):
        long = long / ("x" * 120)
    long.mkdir(parents=True)
    done = house.run("init", str(long / "ledger"), "--origin", "ledger.example/xo/long")
    assert (done.exit_code, "cannot be opened" in done.stderr) == (Exit.NO_LEDGER, True), done.output


def test_a_folder_that_may_not_be_read_says_so_and_is_not_called_no_ledger(
    ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stat = os.stat

    def closed(path: Any, *given: Any, **more: Any) -> os.stat_result:
        if str(path).startswith(f"{ledger}/"):  # as for a user who is not root, behind a folder of mode 0
            raise PermissionError(13, "Permission denied", str(path))
        return stat(path, *given, **more)

    monkeypatch.setattr(os, "stat", closed)
    done = run("orders", ledger=ledger)
    assert (done.exit_code, "permission denied" in done.stderr) == (Exit.UNDECIDABLE, True), done.output


@pytest.mark.parametrize(("name", "words"), [("state/*/guard.db", ("checkpoint",)), ("heads.db", ("fsck",))])
def test_a_file_whose_moments_are_damaged_is_said_to_be_damaged(
    ledger: Path, tmp_path: Path, name: str, words: tuple[str, ...]
) -> None:
    copy = shutil.copytree(ledger, tmp_path / "copy")
    (path,) = copy.glob(name)
    with closing(sqlite3.connect(path)) as c:
        c.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = re.sub(rb"20\d\d-\d\d-\d\dT", b"2027-99-99T", path.read_bytes())
    assert data != path.read_bytes()
    path.write_bytes(data)
    done = run(*words, ledger=copy)
    assert (done.exit_code, "LOG-CORRUPT" in done.output) == (Exit.PROVED_BAD, True), done.output


def test_a_bundle_is_not_written_where_a_link_leads(ledger: Path, tmp_path: Path) -> None:
    (tmp_path / "z.zip").symlink_to(tmp_path / "elsewhere")
    done = run("export", "main", "--audience", "SYS", "-o", str(tmp_path / "z.zip"), ledger=ledger)
    assert (done.exit_code, "is there already" in done.stderr) == (Exit.USAGE, True)
    assert not (tmp_path / "elsewhere").exists()


def test_a_list_that_is_cut_says_how_many_there_are(ledger: Path) -> None:
    log = reply("log", "-n", "2", ledger=ledger)
    assert (len(log["log"]), log["of"] > 20) == (2, True)


def test_a_clock_beyond_what_can_be_counted_is_said_so(ledger: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def beyond() -> float:
        raise OverflowError("timestamp too large to convert to C _PyTime_t")

    monkeypatch.setattr("time.time", beyond)
    for words in (("orders",), ("fsck",), ("checkpoint",), ("verify", "z.zip")):
        done = run(*words, ledger=ledger)
        assert (done.exit_code, "beyond the year 2262" in done.stderr) == (Exit.UNDECIDABLE, True), done.output


# Send an interrupt while the first module from outside is imported.
EARLY = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job of a shell inherits that it is ignored
class Early:
    def find_spec(self, name, *_):
        if name == "click":
            os.kill(os.getpid(), 2)
sys.meta_path.insert(0, Early())
from cli.start import main
main()
"""


def test_an_interrupt_while_the_program_is_imported_ends_it_without_a_word() -> None:
    done = subprocess.run([sys.executable, "-c", EARLY, "orders"], cwd=ROOT, capture_output=True, check=False)
    assert (done.returncode, done.stderr, done.stdout) == (-2, b"", b"")


def test_the_console_script_begins_where_interrupts_are_quiet() -> None:
    (script,) = entry_points(group="console_scripts", name="comity")
    assert script.value == "cli.start:main"
    done = subprocess.run(
        [sys.executable, "-c", "from cli.start import main; main()", "--version"], cwd=ROOT, check=True
    )
    assert done.returncode == 0


COMITY = [sys.executable, "-c", "from cli.app import main; main()"]


def ended(ledger: Path, words: tuple[str, ...], redirected: str) -> int:
    """Return the exit status of a process whose streams a shell has redirected."""
    env = {**os.environ, "COMITY_LEDGER": str(ledger)}
    line = ["sh", "-c", f'exec "$@" {redirected}', "sh", *COMITY, *words]
    return subprocess.run(
        line, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, capture_output=True, check=False
    ).returncode


@pytest.mark.slow
@pytest.mark.parametrize("redirected", ["2>/dev/full", "2>&-"])
def test_an_exit_code_does_not_depend_on_who_listens(ledger: Path, tmp_path: Path, redirected: str) -> None:
    file = tmp_path / "z.evidence.zip"
    assert ended(ledger, ("verify", "nofile.zip"), redirected) == Exit.UNDECIDABLE
    assert ended(ledger, ("show", "nothing"), redirected) == Exit.USAGE
    assert ended(ledger, ("export", "main", "--audience", "SYS", "-o", str(file)), redirected) == 0
    assert file.exists()


@pytest.mark.slow
def test_a_command_without_a_standard_output_is_carried_out_all_the_same(ledger: Path) -> None:
    assert ended(ledger, ("orders",), ">&-") == 0
    assert ended(ledger, ("checkpoint", "--json"), ">&- 2>&- <&-") == 0


def test_a_bundle_is_said_to_be_there_when_it_is_there(
    ledger: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[bool] = []
    file = tmp_path / "z.zip"
    monkeypatch.setattr("cli.terminal.output.tell", lambda text: said.extend([file.exists()] * (str(file) in text)))
    assert run("export", "main", "--audience", "SYS", "-o", str(file), ledger=ledger).exit_code == 0
    assert said
    assert all(said)
