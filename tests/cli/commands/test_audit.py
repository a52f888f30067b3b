"""`comity audit`: many ledgers in one report. Nothing in a ledger is believed, and none stops the others."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from click.testing import Result

from cli.audits.run_audit import PROCESSES
from cli.commands import audit
from cli.exit_codes import Exit, Stop
from ledger.application.audits.audit_state import begun
from ledger.messages import LANGUAGES
from tests.generate.messages import left_in_english
from tests.projections.render.test_translation import translated
from tests.support.cli import House, run
from tests.support.many_ledgers import change_an_entry, make_ledgers, trust_options

LATER = ("--as-of", "2027-09-01T00:00:00Z")
IN_TIME = ("--as-of", "2027-02-20T00:00:00Z")


@dataclass
class Auditor:
    """An auditor with a folder of ledgers, the trust in each, and a state."""

    folder: Path

    @property
    def ledgers(self) -> Path:
        return self.folder / "ledgers"

    def ledger(self, number: int) -> Path:
        return self.ledgers / f"office-{number:02}"

    def audit(self, *words: str, trust: bool = True) -> tuple[int, dict[str, Any]]:
        held = trust_options(self.folder) if trust else []
        places = words if any(not word.startswith("-") for word in words[:1]) else (str(self.ledgers), *words)
        done = self.run("audit", *places, *held, "--state", str(self.folder / "state"), "--json")
        return done.exit_code, json.loads(done.stdout) if done.stdout else {"error": done.output}

    def run(self, *words: str, ledger: Path | None = None) -> Result:
        return run(*words, ledger=ledger, **self.env)

    @property
    def env(self) -> dict[str, str]:
        return {"XDG_STATE_HOME": str(self.folder / "xdg"), "XDG_CONFIG_HOME": str(self.folder / "config")}


@pytest.fixture(scope="module")
def five(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("five")
    make_ledgers(folder, 5)
    return folder


@pytest.fixture
def auditor(five: Path, tmp_path: Path) -> Auditor:
    shutil.copytree(five, tmp_path / "a")
    return Auditor(tmp_path / "a")


def by_log(answer: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["log"]: each for each in answer["ledgers"]}


def codes(ledger: dict[str, Any]) -> list[str]:
    return [reason["code"] for reason in ledger["reasons"]]


@pytest.mark.slow
def test_five_ledgers_are_audited_by_one_command(auditor: Auditor) -> None:
    code, answer = auditor.audit(*IN_TIME)
    assert code == Exit.DONE, answer
    assert answer["verdicts"]["TOTAL-PASSED"] == 5
    one = by_log(answer)["story.example/office-03"]
    assert (one["entries"], one["signatures"], one["orders"]) == (35, 35, 1)
    assert (one["trusted"], one["judged"], one["head_by"]) == (True, True, "auditor")


def test_a_planted_fault_in_one_is_named_and_the_others_pass(auditor: Auditor) -> None:
    change_an_entry(auditor.ledger(2))
    code, answer = auditor.audit(*IN_TIME)
    assert code == Exit.PROVED_BAD
    worst = answer["ledgers"][0]
    assert (worst["log"], worst["verdict"]) == ("story.example/office-02", "TOTAL-FAILED")
    assert worst["reasons"][0]["where"] == "#33"
    assert not worst["judged"]
    assert answer["verdicts"]["TOTAL-PASSED"] == 4


@pytest.mark.slow
def test_violations_and_overdue_deadlines_are_counted_and_an_integrity_failure_is_worse(auditor: Auditor) -> None:
    code, answer = auditor.audit(*LATER)
    assert code == Exit.FINDINGS
    one = answer["ledgers"][0]
    assert [f["code"] for f in one["findings"] if f["level"] == "V"] == [
        "V-7-5c-DISCLOSED-AGAINST-INSTRUCTION",
        "V-NOTICE-OVERDUE",
    ]
    assert one["duties"]["overdue"] == 1
    assert one["duties"]["first"][0]["id"] == "NOTICE-REVIEW"
    change_an_entry(auditor.ledger(4))
    code, answer = auditor.audit(*LATER)
    assert code == Exit.PROVED_BAD
    assert answer["ledgers"][0]["log"] == "story.example/office-04"


def test_without_trust_from_outside_no_ledger_passes_and_the_report_says_so(auditor: Auditor) -> None:
    code, answer = auditor.audit(*IN_TIME, trust=False)
    assert code == Exit.FINDINGS
    assert {each["verdict"] for each in answer["ledgers"]} == {"INDETERMINATE"}
    assert {codes(each)[0] for each in answer["ledgers"]} == {"NO_TRUST_ANCHOR"}
    assert not (auditor.folder / "state" / "places").exists(), "an unproven head is not kept"


def test_a_ledger_under_the_trust_of_another_log_is_not_passed(auditor: Auditor) -> None:
    policy = (auditor.ledger(1) / "trust" / "policy").read_bytes()
    (auditor.ledger(0) / "trust" / "policy").write_bytes(policy)  # a ledger that says it is another
    code, answer = auditor.audit(str(auditor.ledger(0)))
    assert code == Exit.PROVED_BAD
    assert answer["ledgers"][0]["verdict"] == "TOTAL-FAILED"


@pytest.mark.slow
def test_absent_damaged_and_blocking_ledgers_are_named_and_do_not_stop_the_others(auditor: Auditor) -> None:
    (auditor.ledger(0) / "entries.db").unlink()
    os.mkfifo(auditor.ledger(0) / "entries.db")
    (auditor.ledger(1) / "entries.db").write_bytes(b"SQLite format 3\0" + b"\xff" * 4_000)
    (auditor.ledger(2) / "trust" / "policy").unlink()
    os.symlink("/dev/zero", auditor.ledger(2) / "trust" / "policy")
    (auditor.ledgers / "empty").mkdir()
    code, answer = auditor.audit(str(auditor.ledgers), str(auditor.folder / "nothing"), "http://127.0.0.1:1/log")
    assert code == Exit.PROVED_BAD, "a file that is no database any more is a proved fault"
    found = {Path(each["place"]).name: (each["verdict"], codes(each)[0]) for each in answer["ledgers"] if codes(each)}
    assert found == {
        "office-00": ("NOT-READ", "NOT-A-FILE"),
        "office-01": ("TOTAL-FAILED", "LOG-CORRUPT"),
        "office-02": ("NOT-READ", "NOT-A-FILE"),
        "empty": ("NOT-READ", "NO-LEDGER"),
        "nothing": ("NOT-READ", "NO-LEDGER"),
        "log": ("NOT-READ", "HTTP-SILENT"),
    }
    assert answer["verdicts"]["TOTAL-PASSED"] == 2


@pytest.mark.slow
def test_names_of_any_bytes_and_a_locked_file_are_audited(auditor: Auditor) -> None:
    odd = os.fsencode(auditor.ledgers) + b"/b\xff\x1b[31m\nname"
    os.rename(auditor.ledger(0), odd)
    with closing(sqlite3.connect(auditor.ledger(1) / "entries.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        page = auditor.folder / "odd.html"
        code, answer = auditor.audit(*IN_TIME, "-o", str(page))
    assert (code, answer["verdicts"]["TOTAL-PASSED"]) == (Exit.DONE, 5), answer
    assert "b\\xff\x1b[31m\nname" in by_log(answer)["story.example/office-00"]["place"]
    assert "\x1b" not in page.read_text("utf-8")
    assert "\x1b" not in auditor.run("audit", odd.decode(errors="surrogateescape")).output


def test_the_state_is_not_in_a_folder_that_is_audited(auditor: Auditor) -> None:
    for place, state in ((auditor.ledgers, auditor.ledgers / "state"), (auditor.ledger(0), auditor.ledger(0) / "x")):
        done = auditor.run("audit", str(place), "--state", str(state))
        assert (done.exit_code, state.exists()) == (Exit.REFUSED, False)


@pytest.mark.slow
def test_nothing_is_written_into_a_ledger(auditor: Auditor) -> None:
    before = {path: path.stat().st_mtime_ns for path in sorted(auditor.ledgers.rglob("*"))}
    for path in before:
        path.chmod(0o500 if path.is_dir() else 0o400)
    try:
        assert auditor.audit(*IN_TIME)[0] == Exit.DONE
        assert {path: path.stat().st_mtime_ns for path in sorted(auditor.ledgers.rglob("*"))} == before
    finally:
        for path in before:
            path.chmod(0o700 if path.is_dir() else 0o600)


@pytest.mark.slow
def test_the_next_audit_says_what_changed(auditor: Auditor) -> None:
    _, first = auditor.audit(*IN_TIME)
    assert all(each["difference"] is None for each in first["ledgers"])
    change_an_entry(auditor.ledger(1))
    _, second = auditor.audit(*LATER)
    changed = by_log(second)["story.example/office-00"]["difference"]
    assert (changed["since"], changed["verdict"], changed["entries"]) == (first["moment"], "TOTAL-PASSED", 0)
    assert (changed["new"], changed["gone"]) == (3, 0)
    assert changed["added"][0].startswith("NOTICE-REVIEW ")
    assert by_log(second)["story.example/office-01"]["difference"]["verdict"] == "TOTAL-PASSED"
    assert by_log(second)["story.example/office-01"]["verdict"] == "TOTAL-FAILED"


@pytest.mark.slow
def test_an_older_copy_in_the_place_of_a_ledger_is_a_rollback(auditor: Auditor, tmp_path: Path) -> None:
    house = House(tmp_path / "house").furnished()
    shutil.copytree(house.ledger, tmp_path / "older")
    shutil.copytree(house.ledger / "trust", tmp_path / "held")
    assert house.run("checkpoint").exit_code == 0
    held = ("--trust", str(tmp_path / "held"))
    place = tmp_path / "place"
    shutil.copytree(house.ledger, place)
    assert auditor.audit(str(place), *held)[0] in (Exit.DONE, Exit.FINDINGS)
    house.reply("key", "new", "orn")
    assert house.run("key", "enrol", "orn", "--role", "RET", "--party", "XO", "--office", "Unit").exit_code == 0
    assert house.run("checkpoint").exit_code == 0
    shutil.rmtree(place)
    shutil.copytree(house.ledger, place)
    assert auditor.audit(str(place), *held)[0] in (Exit.DONE, Exit.FINDINGS)
    shutil.rmtree(place)
    shutil.copytree(tmp_path / "older", place)
    code, answer = auditor.audit(str(place), *held)
    assert (code, codes(answer["ledgers"][0])[0]) == (Exit.PROVED_BAD, "LOG-ROLLBACK")


def forked(folder: Path) -> tuple[Path, Path, Path]:
    """Return two ledgers of one log that contradict each other, each signed with its key, and the trust in the log."""
    one, two = House(folder / "one").furnished(), House(folder / "two")
    shutil.copytree(one.folder, two.folder)
    for house, name in ((one, "orn"), (two, "lab")):
        house.reply("key", "new", name)
        assert house.run("key", "enrol", name, "--role", "RET", "--party", "XO", "--office", "Unit").exit_code == 0
        assert house.run("checkpoint").exit_code == 0
    shutil.copytree(one.ledger / "trust", folder / "held")
    return one.ledger, two.ledger, folder / "held"


@pytest.mark.slow
def test_a_log_that_shows_two_views_at_two_places_is_convicted(auditor: Auditor, tmp_path: Path) -> None:
    one, two, held = forked(tmp_path)
    code, answer = auditor.audit(str(one), str(two), "--trust", str(held), trust=False)
    assert code == Exit.PROVED_BAD
    assert [(each["verdict"], codes(each)[0]) for each in answer["ledgers"]] == [("TOTAL-FAILED", "SPLIT-VIEW")] * 2
    exhibit = next((auditor.folder / "state" / "places" / "evidence").glob("*.split-view.json"))
    assert run("verify", str(exhibit), "--trust", str(held)).exit_code == Exit.PROVED_BAD, "the log is convicted"


@pytest.mark.slow
def test_a_log_that_shows_one_auditor_two_views_after_each_other_is_convicted(auditor: Auditor, tmp_path: Path) -> None:
    one, two, held = forked(tmp_path)
    place = tmp_path / "place"
    shutil.copytree(one, place)
    assert auditor.audit(str(place), "--trust", str(held), trust=False)[0] in (Exit.DONE, Exit.FINDINGS)
    shutil.rmtree(place)
    shutil.copytree(two, place)
    code, answer = auditor.audit(str(place), "--trust", str(held), trust=False)
    assert (code, codes(answer["ledgers"][0])[0]) == (Exit.PROVED_BAD, "SPLIT-VIEW")


@pytest.mark.slow
def test_two_copies_of_one_log_do_not_contradict_each_other(auditor: Auditor) -> None:
    shutil.copytree(auditor.ledger(0), auditor.ledgers / "copy")
    code, answer = auditor.audit(*IN_TIME)
    assert (code, answer["verdicts"]["TOTAL-PASSED"]) == (Exit.DONE, 6)


@pytest.mark.slow
def test_an_audit_with_a_key_continues_behind_its_verdicts(auditor: Auditor) -> None:
    pytest.importorskip("cryptography.hazmat.primitives.asymmetric.mldsa", reason="needs cryptography 50")
    code, answer = auditor.audit(*IN_TIME, "--auditor", "auditor.example/all")
    assert code == Exit.USAGE
    assert auditor.run("audit", "new", "auditor.example/all").exit_code == 0
    for _ in range(2):
        code, answer = auditor.audit(*IN_TIME, "--auditor", "auditor.example/all")
        assert (code, answer["verdicts"]["TOTAL-PASSED"]) == (Exit.DONE, 5), "no segment of 8,192 entries is complete"
    assert len(list(auditor.folder.glob("state/places/*/verdicts.db"))) == 5


def test_a_list_names_what_is_expected_at_a_place(auditor: Auditor) -> None:
    (auditor.folder / "ledgers.toml").write_text(
        '[[ledger]]\nplace = "ledgers/office-00"\nlog = "story.example/office-00"\ntrust = "trust/office-00"\n'
        'holder = "Staatsanwaltschaft Köln"\n'
        '[[ledger]]\nplace = "ledgers/office-01"\nlog = "story.example/office-04"\ntrust = "trust/office-01"\n'
    )
    code, answer = auditor.audit(str(auditor.folder / "ledgers.toml"), *IN_TIME, trust=False)
    assert code == Exit.PROVED_BAD
    wrong, right = answer["ledgers"]
    assert (right["verdict"], right["holder"]) == ("TOTAL-PASSED", "Staatsanwaltschaft Köln")
    assert (wrong["verdict"], codes(wrong)) == ("TOTAL-FAILED", ["CP-ORIGIN"])


@pytest.mark.parametrize("text", ["[[ledger]]\nplaces = 'x'\n", "ledger = 3\n", "\xff", "[[ledger]"])
def test_a_file_that_is_no_list_is_refused(auditor: Auditor, text: str) -> None:
    (auditor.folder / "no.toml").write_text(text)
    code, answer = auditor.audit(str(auditor.folder / "no.toml"))
    assert code == Exit.USAGE
    assert "is no list of ledgers" in answer["message"]


@pytest.fixture
def published(auditor: Auditor) -> Iterator[tuple[Path, str]]:
    folder = auditor.folder / "web" / "log"
    done = auditor.run("log", "publish", str(folder), ledger=auditor.ledger(0))
    assert done.exit_code == 0, done.output

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder.parent)))
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield folder, f"http://127.0.0.1:{server.server_address[1]}/log"
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.slow
def test_a_published_log_is_audited_as_its_ledger_is(auditor: Auditor, published: tuple[Path, str]) -> None:
    folder, url = published
    code, answer = auditor.audit(str(auditor.ledger(0)), str(folder), url, *LATER)
    assert code == Exit.FINDINGS, answer
    same = [
        {name: each[name] for name in ("verdict", "root", "entries", "signatures", "orders", "findings", "duties")}
        for each in answer["ledgers"]
    ]
    assert len(same) == 3
    assert same[0] == same[1] == same[2]
    (folder / "tile" / "entries").rename(folder / "tile" / "no-entries")
    code, answer = auditor.audit(url, *LATER)
    assert code == Exit.FINDINGS, "the entries were copied before, and no new one is needed"


def test_published_entries_that_are_not_the_signed_ones_fail(auditor: Auditor, published: tuple[Path, str]) -> None:
    folder, url = published
    bundle = next(path for path in (folder / "tile" / "entries").rglob("*") if path.is_file())
    data = bundle.read_bytes()
    bundle.chmod(0o600)
    bundle.write_bytes(data[:400] + b"X" + data[401:])
    code, answer = auditor.audit(url)
    assert code == Exit.PROVED_BAD
    assert answer["ledgers"][0]["verdict"] == "TOTAL-FAILED"


@pytest.mark.slow
def test_a_checkpoint_that_is_older_than_asked_is_a_finding(auditor: Auditor) -> None:
    assert auditor.audit(str(auditor.ledger(0)), *IN_TIME, "--stale", "1")[0] == Exit.DONE
    code, answer = auditor.audit(str(auditor.ledger(0)), *IN_TIME, "--stale", "0", "--anew")
    time.sleep(1.1)
    code, answer = auditor.audit(str(auditor.ledger(0)), *IN_TIME, "--stale", "0", "--anew")
    assert (code, answer["ledgers"][0]["stale"]) == (Exit.FINDINGS, True)


@pytest.mark.slow
def test_an_audit_that_was_killed_continues_with_the_same_result(auditor: Auditor) -> None:
    _, whole = auditor.audit(*LATER)
    shutil.rmtree(auditor.folder / "state")
    words = [
        sys.executable,
        "-c",
        "from cli.start import main; main()",
        "audit",
        str(auditor.ledgers),
        *trust_options(auditor.folder),
        *LATER,
    ]
    words += ["--state", str(auditor.folder / "state"), "--json", "--processes", "1"]
    running = subprocess.Popen(words, env={**os.environ, **auditor.env}, stdout=subprocess.DEVNULL)
    until = time.monotonic() + 60
    while len(list(auditor.folder.glob("state/runs/*/*.json"))) < 2 and time.monotonic() < until:
        time.sleep(0.02)
    running.send_signal(signal.SIGKILL)
    running.wait()
    read = len(list(auditor.folder.glob("state/runs/*/*.json")))
    code, answer = auditor.audit(*LATER)
    assert 2 <= read < 5, "killed in the middle"
    assert (code, answer["continued"]) == (Exit.FINDINGS, read)
    assert [_undated(each) for each in answer["ledgers"]] == [_undated(each) for each in whole["ledgers"]]
    assert auditor.audit(*LATER)[1]["continued"] == 0, "a complete audit is not continued"


def _undated(ledger: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in ledger.items() if name not in ("head_at", "difference")}


def test_one_state_serves_one_audit_at_a_time(auditor: Auditor) -> None:
    with begun(auditor.folder / "state", b"another question", datetime.now(UTC)):
        code, _ = auditor.audit()
    assert code == Exit.BUSY


@pytest.mark.slow
def test_fifty_ledgers_are_audited_by_one_command_and_a_planted_fault_is_named(tmp_path: Path) -> None:
    make_ledgers(tmp_path, 50)
    auditor = Auditor(tmp_path)
    change_an_entry(auditor.ledger(37))
    code, answer = auditor.audit(*LATER)
    assert code == Exit.PROVED_BAD
    assert len(answer["ledgers"]) == 50
    assert answer["ledgers"][0]["log"] == "story.example/office-37"
    assert answer["verdicts"]["TOTAL-PASSED"] == 49


@pytest.mark.slow
def test_the_page_has_the_worst_ledger_first_and_shows_names_of_others_as_text(auditor: Auditor) -> None:
    change_an_entry(auditor.ledger(3))
    (auditor.folder / "all.toml").write_text(
        "".join(
            f'[[ledger]]\nplace = "ledgers/office-0{n}"\ntrust = "trust/office-0{n}"\nholder = "<b>Büro {n}</b>"\n'
            for n in range(5)
        )
    )
    pages = {lang: auditor.folder / f"{lang}.html" for lang in LANGUAGES}
    for lang, page in pages.items():
        code, _ = auditor.audit(
            str(auditor.folder / "all.toml"), *LATER, "-o", str(page), "--lang", lang, "--stale", "24", trust=False
        )
        assert code == Exit.PROVED_BAD
        # The reasons of a record that is proved bad stay as they were met.
        said = re.sub(r'<li>[^<]*<span class="soft small">\[<span class="code">.*?</li>', "", page.read_text("utf-8"))
        assert lang == "en" or left_in_english(translated(said), lang) == []
    english, german = (pages[lang].read_text("utf-8") for lang in ("en", "de"))
    rows = re.findall(r'<tr class="v\d">.*?</tr>', english, re.DOTALL)
    assert len(rows) == 5
    assert "story.example/office-03" in rows[0]
    assert "integrity failed" in rows[0]
    assert "&lt;b&gt;Büro 3&lt;/b&gt;" in english
    assert "<b>" not in english
    assert "http:" not in english
    assert "https:" not in english
    assert "1 of 5 ledgers FAILED the integrity check. 4 of 5 ledgers passed the integrity check." in english
    says = "In the 4 of 5 ledgers that were judged: violations of the rules as modelled 8, overdue deadlines 4."
    assert says in english
    assert "first audit" in english
    assert "TEST. This comes from a test ledger. It is not evidence." in english
    assert all(">TEST <" in row for row in rows)
    assert "unverändert" in german
    assert "Integrität widerlegt" in german


def test_a_report_is_written_to_new_files_of_known_kinds_only(auditor: Auditor) -> None:
    (auditor.folder / "there.html").write_text("mine")
    for name in ("there.html", "report.docx"):
        code, _ = auditor.audit("-o", str(auditor.folder / name))
        assert code in (Exit.USAGE, Exit.REFUSED)
    assert (auditor.folder / "there.html").read_text() == "mine"


@pytest.mark.slow
def test_the_report_is_typeset_as_a_paper(auditor: Auditor) -> None:
    pytest.importorskip("typst")
    change_an_entry(auditor.ledger(3))
    for lang in ("en", "de"):
        file = auditor.folder / f"{lang}.pdf"
        assert auditor.audit(*LATER, "-o", str(file), "--lang", lang)[0] == Exit.PROVED_BAD
        assert file.read_bytes().startswith(b"%PDF-1.")


# -- what the options ask for ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        "ledgers/",
        "--stale 0",
        "--auditor auditor.example/x",
        "--no-witnesses",
        "--anew",
        "-o audit.html",
        "--as-of 2027-01-01T00:00:00Z",
        "--directory here/",
    ],
)
def test_an_archive_is_audited_alone(words: str) -> None:
    done = run("audit", "--archive", "none/", *words.split())
    assert (done.exit_code, "an archive is audited alone" in done.stderr) == (2, True), done.output


@pytest.mark.parametrize("words", ["--anchor a", "--engine dask", "--workers 2", "--address tcp://host:1"])
def test_options_for_archives_are_for_archives(words: str) -> None:
    done = run("audit", "ledgers/", *words.split())
    assert (done.exit_code, "are for --archive DIR" in done.stderr) == (2, True), done.output


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Collect what an audit would ask; none is run."""
    said: list[Any] = []

    def none(question: Any, folder: Path, now: datetime, limits: Any, **more: Any) -> Any:
        said.append((question, folder, limits, more["anew"]))
        raise Stop("asked")

    monkeypatch.setattr(audit, "run_audit", none)
    monkeypatch.setattr(audit, "auditor_key", lambda name: f"key of {name}")
    return said


@pytest.mark.parametrize(
    ("words", "changed"),
    [
        ("", {}),
        ("--stale 0", {"stale": timedelta(0)}),
        ("--stale 26.5", {"stale": timedelta(hours=26, minutes=30)}),
        ("--auditor a/b", {"auditor": "key of a/b"}),
        ("--no-witnesses", {"ask": False}),
        ("--anew", {"anew": True}),
        ("--timeout 1", {"seconds": 1.0}),
        ("--memory 256", {"mib": 256}),
        ("--processes 1", {"processes": 1}),
        ("--processes 256", {"processes": 256}),
        ("--as-of 2027-01-01T00:00:00Z", {"as_of": datetime(2027, 1, 1, tzinfo=UTC)}),
    ],
)
def test_an_audit_asks_what_its_options_say(
    words: str, changed: dict[str, Any], asked: list[Any], tmp_path: Path
) -> None:
    state = tmp_path / "state"
    assert run("audit", str(tmp_path / "one"), "--state", str(state), *words.split()).exit_code != 0
    ((question, folder, limits, anew),) = asked
    assert ([each.place for each in question.places], folder) == ([str(tmp_path / "one")], state)
    found = {name: getattr(question, name) for name in ("as_of", "stale", "ask", "auditor")}
    assert (
        found
        | {
            "anew": anew,
            "seconds": limits.seconds,
            "mib": limits.mib,
            "processes": limits.processes,
        }
        == {
            "as_of": None,
            "stale": None,
            "ask": True,
            "auditor": None,
            "anew": False,
            "seconds": 3600,
            "mib": 2048,
            "processes": PROCESSES,
        }
        | changed
    )


@pytest.mark.parametrize(
    "words", ["--timeout 0.9", "--memory 255", "--processes 0", "--processes 257", "--stale -1", "-o audit.txt"]
)
def test_an_option_out_of_its_range_asks_nothing(words: str, asked: list[Any], tmp_path: Path) -> None:
    assert run("audit", str(tmp_path / "one"), "--state", str(tmp_path / "state"), *words.split()).exit_code == 2
    assert asked == []
