"""Each opening of sealed values is recorded with a reason; the record serves only the purposes of LED art. 25(2)."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest

from cli.exit_codes import Exit
from ledger.application.journal import Journal
from ledger.law import judge
from projections.views.timeline import office_names
from tests.support.cli import PERSON, ledger_of, reply, run, size
from tests.support.scenarios import case_from_story

ROOT = Path(__file__).parents[3]
WHY = ("--because", "hearing on Monday", "--as", "ilves")
ASKED = (*WHY, "--purpose", "rights-request")  # an issuing office states the purpose for which it opens the register
OFFICE = "Prosecutor's Office Karsk"
SECRET = "An online shop"  # the summary of facts of S1 begins with this text


@pytest.fixture
def s1(tmp_path: Path) -> Path:
    return ledger_of("S1", tmp_path)


def newest(ledger: Path) -> dict[str, Any]:
    """Return the newest entry of the log."""
    entry: dict[str, Any] = reply("log", "-n", "1", ledger=ledger)["log"][0]
    return entry


def accesses(ledger: Path) -> list[str]:
    """Return the accesses that the register shows, with their reasons opened; its own access is the last."""
    found = json.loads(run("register", "main", "--reveal", *ASKED, "--json", ledger=ledger).stdout)["register"]
    return [part for part in found[1]["answer"].split(" | ") if " read the record (" in part]


INVESTIGATION = "the investigation of criminal offences"
READS = [  # the view and the purpose, as the sentence of the access has them
    (("timeline", "main"), "the timeline", INVESTIGATION),
    (("replay", "main", "--at", "2027-04-01T00:00:00Z"), "the timeline", INVESTIGATION),
    (("replay", "main", "--diff", "2027-02-01T00:00:00Z..2027-04-01T00:00:00Z"), "the timeline", INVESTIGATION),
    (("custody", "main"), "the chain of custody", INVESTIGATION),
    (
        ("register", "main", "--purpose", "rights-request"),
        "the report on data protection",
        "the answer to a person who exercises a right",
    ),
    (("report", "custody", "main"), "the chain of custody", INVESTIGATION),
    (("report", "evidence-chain", "main"), "the evidence chain", INVESTIGATION),
    (
        ("report", "dpo", "main", "--purpose", "supervision"),
        "the report on data protection",
        "the supervision of data protection",
    ),
    (
        ("report", "certification", "main", "--form", "fre-902-13"),
        "the chain of custody",
        "criminal proceedings before a court",
    ),
    (("report", "order-form", "main"), "an export", INVESTIGATION),
]


@pytest.mark.parametrize(("command", "view", "purpose"), READS)
def test_what_is_revealed_stands_in_the_access_order_with_view_purpose_reason_and_person(
    command: tuple[str, ...], view: str, purpose: str, s1: Path
) -> None:
    before = size(s1)
    run(*command, "--reveal", *WHY, "--json", ledger=s1)
    assert size(s1) == before + 1
    assert newest(s1)["kind"] == "record-accessed"
    _, _, said = accesses(s1)[0].partition(" UTC: ")
    assert said == (
        f"{OFFICE} read the record ({view}) for {purpose}. (justification: hearing on Monday; person: {PERSON})"
    )


def test_nothing_is_revealed_or_recorded_without_a_reason_and_a_person(s1: Path) -> None:
    before = size(s1)
    for command, _, _ in READS[:5]:
        for lacking in (("--because", "x"), ("--as", "ilves"), ("--because", " ", "--as", "ilves")):
            result = run(*command, "--reveal", *lacking, ledger=s1)
            assert (result.exit_code, result.stdout) == (2, "")
            assert "--reveal --because TEXT --as ACTOR" in result.stderr
    assert size(s1) == before


NO_PERSON = ("the duty officer", "The Duty Officer", "admin", "дежурный", "Ilves", "OFFICE", "--", "")


@pytest.mark.parametrize("name", NO_PERSON)
def test_an_office_or_what_somebody_does_is_no_name_of_a_person(name: str, s1: Path) -> None:
    before = size(s1)
    with Journal.open(s1, writable=False) as journal:
        offices = office_names(journal.cases.register(reveal=False))
    name = offices["ilves"].upper() if name == "OFFICE" else name
    done = run("timeline", "main", "--reveal", *WHY, f"--person={name}", ledger=s1)
    assert (done.exit_code, done.stdout) == (Exit.REFUSED, ""), done.output
    assert size(s1) == before


@pytest.mark.parametrize(
    "name", ["Dina Ilves", "Berg", "von der Leyen, Ida", "佐藤 花子", "محمد علي", "O'Neill", "Theo Berg"]
)
def test_a_persons_name_is_taken_in_every_script(name: str, s1: Path) -> None:
    assert run("timeline", "main", "--reveal", *WHY, "--person", name, ledger=s1).exit_code == 0
    assert f"person: {name})" in accesses(s1)[0]


def test_a_reading_that_opens_nothing_leaves_no_trace(s1: Path) -> None:
    before = size(s1)
    for command, _, _ in READS[:4]:
        assert SECRET not in run(*command, "--json", ledger=s1).stdout
    assert size(s1) == before


def test_a_revealed_timeline_and_a_revealed_replay_show_the_values(s1: Path) -> None:
    assert SECRET in run("timeline", "main", "--reveal", *WHY, "--json", ledger=s1).stdout
    assert SECRET in run("replay", "main", "--at", "2027-04-01T00:00:00Z", "--reveal", *WHY, ledger=s1).stdout


def test_a_page_to_watch_opens_values_only_where_they_are_revealed(s1: Path, tmp_path: Path) -> None:
    closed, opened = tmp_path / "closed.html", tmp_path / "opened.html"
    before = size(s1)
    run("replay", "main", "--html", str(closed), ledger=s1)
    assert size(s1) == before
    run("replay", "main", "--html", str(opened), "--reveal", *WHY, ledger=s1)
    assert size(s1) == before + 1
    assert SECRET not in closed.read_text("utf-8")
    assert SECRET in opened.read_text("utf-8")


def test_a_bundle_that_opens_values_is_an_access_for_its_reader_with_its_reason(s1: Path, tmp_path: Path) -> None:
    before = size(s1)
    file = str(tmp_path / "court.zip")
    assert run("export", "main", "--audience", "COURT", "--because", "trial", "-o", file, ledger=s1).exit_code == 0
    assert size(s1) == before + 1
    _, _, said = accesses(s1)[0].partition(" UTC: ")
    assert said == (
        f"{OFFICE} read the record (an export) for criminal proceedings before a court. "
        f"(justification: to make a bundle for CT (court): trial; person: {PERSON})"
    )


def test_a_bundle_without_a_reason_of_its_own_says_at_least_for_whom_and_what_for(s1: Path, tmp_path: Path) -> None:
    assert run("export", "main", "--audience", "DEF", "-o", str(tmp_path / "d.zip"), ledger=s1).exit_code == 0
    assert "justification: to make a bundle for DEF (defence counsel): defence" in accesses(s1)[0]
    result = run("export", "main", "--audience", "DEF", "--because", " ", "-o", str(tmp_path / "e.zip"), ledger=s1)
    assert (result.exit_code, (tmp_path / "e.zip").exists()) == (2, False)


def test_a_message_or_a_graph_with_opened_values_is_an_access_too(s1: Path, tmp_path: Path) -> None:
    for n, form in enumerate(("hi1", "case")):
        before = size(s1)
        args = ("export", "main", "--format", form, "-o", str(tmp_path / form))
        assert run(*args, "--reveal", ledger=s1).exit_code == 2, form
        assert run(*args, "--reveal", *WHY, ledger=s1).exit_code == 0, form
        assert (size(s1), len(accesses(s1))) == (before + 1, 2 * n + 2)


def test_a_bundle_that_opens_nothing_is_no_access(s1: Path, tmp_path: Path) -> None:
    before = size(s1)
    assert run("export", "main", "--audience", "SYS", "-o", str(tmp_path / "node.zip"), ledger=s1).exit_code == 0
    assert size(s1) == before


def test_a_bundle_is_under_the_head_that_covers_the_entry_which_tells_of_it(s1: Path, tmp_path: Path) -> None:
    file = tmp_path / "court.zip"
    run("export", "main", "--audience", "COURT", "-o", str(file), ledger=s1)
    anchor = tmp_path / "anchor"
    anchor.write_text(run("checkpoint", ledger=s1).stdout)
    assert run("verify", str(file), "--anchor", str(anchor), "--trust-came", "apart").exit_code == 0


def test_the_reasons_for_reading_are_themselves_read_only_with_a_reason(s1: Path) -> None:
    run("custody", "main", "--reveal", *WHY, ledger=s1)
    assert "hearing on Monday" not in run("register", "main", ledger=s1).stdout


def test_the_register_of_a_person_has_the_orders_in_which_something_is_sealed_for_them(tmp_path: Path) -> None:
    ledger = ledger_of("S3", tmp_path)
    everything = json.loads(run("register", "--full", "--json", ledger=ledger).stdout)["register"]
    assert {row["order"] for row in everything} == {"main", "second"}
    person = f"target of {reply('show', 'second', ledger=ledger)['order']}"
    mine = json.loads(run("register", "--subject", person, "--json", ledger=ledger).stdout)["register"]
    assert {row["order"] for row in mine} == {"second"}
    assert run("register", "--subject", "nobody", ledger=ledger).exit_code == 2
    assert run("register", "main", "--subject", person, ledger=ledger).exit_code == 2


def test_the_register_tells_of_an_order_only_who_read_that_order(tmp_path: Path) -> None:
    ledger = ledger_of("S3", tmp_path)
    assert run("custody", "second", "--reveal", *WHY, ledger=ledger).exit_code == 0

    def told_of(*asked: str) -> dict[str, int]:
        rows = json.loads(run("register", *asked, "--json", ledger=ledger).stdout)["register"]
        return {row["order"]: row["answer"].count(" read the record (") for row in rows if row["number"] == 2}

    assert told_of("--full") == {"main": 0, "second": 1}
    assert told_of("main") == {"main": 0}
    assert told_of("second") == {"second": 1}
    reads = {order: json.loads(run("report", "dpo", order, "--format", "json", ledger=ledger).stdout)["reads"]
             for order in ("main", "second")}  # fmt: skip
    assert {order: len(found) for order, found in reads.items()} == {"main": 0, "second": 1}


# -- the purposes of the log of accesses (LED art. 25(2)) --------------------------------------------------------------

READERS = {  # files that name the access order or its entries, and the purpose that allows it
    "cli/access/recorded_access.py": "writes it",
    "cli/session/ledger_reader.py": "the one door to it",
    "cli/commands/register.py": "comity register: is the processing lawful?",
    "cli/reports/order_report.py": "comity report dpo: the same on paper",
    "cli/commands/report.py": "writes it: a report on the whole ledger was made",
    "cli/commands/log.py": "names the order in the log: integrity",
    "cli/lists/docket.py": "leaves it out",
    "cli/commands/desk.py": "writes it",
    "cli/desk/routes.py": "leaves it out",
    "cli/desk/order_pages.py": "writes it, before the page shows a value",
    "cli/handover/served_bundle.py": "writes it, at an office server",
    "comity/remote/bundles.py": "writes it, before the server opens a value",
    "comity/remote/files.py": "writes it, before the server opens a file",
    "cli/commands/files.py": "names it: why files are opened",
    "comity/remote/ledger.py": "writes it, in the same way",
    "projections/reports/data_protection/dpo_questions.py": "the ten questions: is the processing lawful?",
    "projections/reports/data_protection/processing_record.py": "the processing record: self-monitoring",
    "projections/sentences/kinds/rights.py": "the pattern of its sentence; it reads no entry",
}


def naming(path: Path) -> bool:
    """Return True if a file refers to the access order: by its kind, a method of the reader, or `cases.access`."""
    if "access" not in path.read_text("utf-8"):
        return False
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Constant) and node.value == "record-accessed":
            return True
        if isinstance(node, ast.Attribute) and node.attr in ("accesses", "note_access"):
            return True
        if isinstance(node, ast.Attribute) and node.attr == "access" and ast.unparse(node.value).endswith("cases"):
            return True
    return False


def test_only_the_data_protection_views_read_who_read_what() -> None:
    files = [path for package in ("cli", "comity", "projections") for path in (ROOT / package).rglob("*.py")]
    assert {str(f.relative_to(ROOT)) for f in files if naming(f)} <= set(READERS)


def test_the_law_draws_nothing_from_who_read_the_record() -> None:
    files = (ROOT / "ledger" / "law").rglob("*.py")
    assert [f.name for f in files if naming(f)] == []


def test_reading_an_order_changes_no_answer_but_the_data_protection_officers(s1: Path) -> None:
    def answers() -> list[str]:
        commands = (
            *(("show", "main"), ("judge", "main"), ("timeline", "main"), ("custody", "main"), ("due",), ("orders",)),
            *(("replay", "main", "--at", "2027-04-01T00:00:00Z"), ("log", "--order", "main")),
        )
        return [run(*c, "--as-of", "2027-05-01T00:00:00Z", "--json", ledger=s1).stdout if c[0] not in ("log", "replay")
                else run(*c, "--json", ledger=s1).stdout for c in commands]  # fmt: skip

    before, register = answers(), run("register", "main", "--json", ledger=s1).stdout
    run("timeline", "main", "--reveal", *WHY, ledger=s1)
    assert answers() == before
    assert run("register", "main", "--json", ledger=s1).stdout != register


def test_an_entry_about_reading_moves_no_state_and_winds_no_clock() -> None:
    import tomllib

    told_story = tomllib.loads((ROOT / "fixtures/stories/S1.toml").read_text("utf-8"))
    end = told_story["expect"][-1]["as_of"]
    plain = judge(case_from_story(told_story)["main"], end)
    told_story["facts"].append(
        {"order": "main", "type": "record-accessed", "by": "ilves", "as": "ISS", "on": end, "at": end,
         "public": {"view": "timeline", "purpose_code": "investigation"}}
    )  # fmt: skip
    read = judge(case_from_story(told_story)["main"], end)
    assert (read.state, read.regions, read.criteria) == (plain.state, plain.regions, plain.criteria)
    assert (read.deadlines, read.findings) == (plain.deadlines, plain.findings)
