"""Input that means no good, or is merely broken, ends in a code and a sentence, soon and in little memory."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from cli.exit_codes import Exit, Stop
from cli.imports.safe_xml import parse
from ledger.adapters.folders.user_folders import Home
from ledger.errors import LedgerFault
from tests.support.cli import House, ledger_of, run
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


# -- where things lie, and who listens ---------------------------------------------------------------------------------


def test_without_a_home_nothing_is_written_anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, "relative")
    for home in ("", "relative", "/"):
        monkeypatch.setenv("HOME", home)
        with pytest.raises(LedgerFault) as fault:
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


COMITY = [sys.executable, "-c", "from cli.app import main; main()"]


def ended(ledger: Path, words: tuple[str, ...], redirected: str) -> int:
    """The exit code of a process whose streams a shell has redirected."""
    told = {**os.environ, "COMITY_LEDGER": str(ledger)}
    line = ["sh", "-c", f'exec "$@" {redirected}', "sh", *COMITY, *words]
    return subprocess.run(
        line, cwd=ROOT, env=told, stdin=subprocess.DEVNULL, capture_output=True, check=False
    ).returncode


@pytest.mark.parametrize("redirected", ["2>/dev/full", "2>&-"])
def test_an_exit_code_does_not_depend_on_who_listens(ledger: Path, tmp_path: Path, redirected: str) -> None:
    file = tmp_path / "z.evidence.zip"
    assert ended(ledger, ("verify", "nofile.zip"), redirected) == Exit.UNDECIDABLE
    assert ended(ledger, ("show", "nothing"), redirected) == Exit.USAGE
    assert ended(ledger, ("export", "main", "--audience", "SYS", "-o", str(file)), redirected) == 0
    assert file.exists()


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
