"""No control character reaches a terminal unescaped, from any source."""

from __future__ import annotations

import json
import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.terminal import output
from tests.support.cli import House, ledger_of, run
from tests.support.import_tables import HEAD, opening, written

# C0 but for tab and line feed, DEL, C1, and Unicode's Bidi_Control (UAX 9), line and paragraph separator.
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
EVIL = "a\x1b]0;x\x07\x1b[2J\x9b1m\u202eb"


@given(st.text())
def test_no_text_keeps_what_a_terminal_obeys(text: str) -> None:
    assert not OBEYED.search(output.named(text))
    assert not OBEYED.search(output.dumps({"text": text}))
    assert json.loads(output.dumps({"text": text})) == {"text": text}
    assert not re.search("[\t\n]", output.in_one_line(text))
    for line in (output.dumps({"text": text}, indent=False), f"a{output.in_one_line(text)}b"):
        assert line.splitlines() == [line]


@given(st.text(st.sampled_from("ab \n\t~é漢")))
def test_a_text_without_them_stays_as_it_is(text: str) -> None:
    assert output.named(text) == text


def test_colours_of_ours_pass_where_colours_may_be_shown_and_nothing_else_does(monkeypatch: pytest.MonkeyPatch) -> None:
    painted = "\x1b[31m\x1b[1mMISSED\x1b[0m"
    assert "\x1b" not in output.named(painted)
    monkeypatch.setattr(output, "colourful", lambda stream=None: True)
    assert output.named(painted) == painted
    for hidden in ("\x1b[8m", "\x1b[30m", "\x1b[48;5;1m", "\x1b[1A", "\x1b[?25l", "\x1bc"):
        assert "\x1b" not in output.named(f"a{hidden}b"), hidden


def test_names_and_cells_of_files_are_shown_and_not_obeyed(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    table = written(tmp_path / f"{EVIL}.csv", [opening(EVIL)], HEAD)
    absent = ("import", "letters", str(tmp_path / EVIL), "--order", "main")
    for words in (("import", str(table), "--as", "ilves"), ("verify", f"no{EVIL}"), ("show", EVIL), absent):
        for more in ((), ("--json",), ("--format", "csv"), ("--format", "jsonl")):
            done = run(*words, *more, ledger=ledger)
            assert done.exit_code, words
            assert not OBEYED.search(done.output), (words, more, done.output)
            assert re.search(r"<U\+001B>|\\u001b|\\x1b", done.output), done.output


def test_a_text_of_several_lines_makes_one_row_where_it_is_piped(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    row = "#99  2027-01-01T00:00:00Z  order-closed  Court (CT)"  # a tab cannot be in it
    words = ("record", "disclosure-declined", "main", "-f", f"reasons=a\n{row}\u2028{row}", "--as", "skylark")
    before = run("timeline", "main", ledger=ledger).stdout.splitlines()
    assert run(*words, ledger=ledger).exit_code == 0
    opening = ("--reveal", "--because", "asked", "--purpose", "investigation", "--as", "ilves")
    for form in ((), ("--format", "jsonl")):
        done = run("timeline", "main", *opening, *form, ledger=ledger)
        assert done.exit_code == 0, done.output
        assert "order-closed" in done.stdout
        assert len(done.stdout.splitlines()) == len(before) + 1


class Answers(BaseHTTPRequestHandler):
    """A hostile server."""

    def do_POST(self) -> None:
        self.send_response(400)
        self.end_headers()
        self.wfile.write(EVIL.encode())

    def log_message(self, *_: object) -> None:
        pass


def test_what_a_witness_answers_is_shown_and_not_obeyed(tmp_path: Path) -> None:
    house = House(tmp_path).begun()
    (key,) = house.reply("witness", "new", "witness.example/evil", "--state", str(tmp_path / "w"))["vkeys"]
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        assert house.run("witness", "add", key, url, "--called", "w").exit_code == 0
        done = house.run("checkpoint")
        server.shutdown()
    assert "WITNESS-REFUSED" in done.stderr
    assert "<U+001B>]0;x" in done.stderr
    assert not OBEYED.search(done.output)
