"""What a signer corrected stays where readers look: struck through, with who did it, when and why, in every table."""

from __future__ import annotations

import csv
import io
import json
import re
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import click
import pytest

from cli.exit_codes import Exit
from cli.invocation import Invocation
from tests.support.cli import ledger_of, reply, run, size
from tests.support.papers.pdf_text import pdf_text

OTHER = "b" * 64
FORMS = ("fre-902-14", "bsa-63-4")
WHY = "The first reading was of the wrong medium."
STEP = ("-f", "exhibit=KA-0311/1", "-f", "released_by=lab", "-f", "received_by=orn", "--as", "lab")
LAB = ("record", "custody-transferred", "main", *STEP)


class Scene(NamedTuple):
    """A ledger in which the laboratory took back that digests differ: the leaves of both entries, and their numbers."""

    ledger: Path
    old: str
    new: str
    number: int
    by: int


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    ledger = ledger_of("S1", tmp_path_factory.mktemp("taken-back"))
    old = reply(*LAB, "-f", "check=differ", "-f", f"digest_before={OTHER}", ledger=ledger)
    assert judged(ledger)["criteria"]["A2"]["state"] == "CONTRADICTED"
    args = ("-f", "check=equal", "--replaces", old["leaf"], "--yes")
    before = size(ledger)
    for silent in (args, (*args, "--why", WHY)):  # without a reason, then without the digest
        assert run(*LAB, *silent, ledger=ledger).exit_code == Exit.REFUSED
    assert size(ledger) == before
    new = reply(*LAB, *args, "--why", WHY, "-f", f"digest_before={first(ledger)}", ledger=ledger)
    return Scene(ledger, old["leaf"], new["leaf"], old["seq"], new["seq"])


def first(ledger: Path) -> str:
    """Return the digest that the provider stated first."""
    args = ("custody", "main", "--reveal", "--because", "a test", "--as", "orn")
    return str(reply(*args, ledger=ledger)["custody"][0]["files"][0]["sha256"])


def judged(ledger: Path) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(run("judge", "main", "--json", ledger=ledger).stdout)
    return answer


def paper(scene: Scene, kind: str, form: str, *more: str) -> str:
    """Return a report of the order, as text."""
    stdout: str = run("report", *kind.split(), "--format", form, "-o", "-", *more, ledger=scene.ledger).stdout
    return stdout


def row(html: str, number: int) -> str:
    """Return the row of the first table in which an entry has this number."""
    rows: list[str] = re.findall(r"<tr[^>]*>.*?</tr>", html, re.DOTALL)
    return next(r for r in rows if f'<th scope="row"><a href="#entry-{number}">{number}</a>' in r)


def test_a_contradiction_that_was_taken_back_is_found_and_integrity_stays_open(scene: Scene) -> None:
    answer = judged(scene.ledger)
    found = {f["code"]: f for f in answer["findings"]}
    assert set(found["V-CONTRADICTION-WITHDRAWN"]["entries"]) >= {scene.old, scene.new}
    assert {scene.old, scene.new} <= set(found["W-REPLACED"]["entries"])
    assert answer["criteria"]["A2"]["state"] == "GAP"


def test_custody_shows_the_step_that_was_replaced_and_why(scene: Scene) -> None:
    steps = {s["leaf"]: s for s in reply("custody", "main", ledger=scene.ledger)["custody"]}
    old = steps[scene.old]
    assert (old["replaced_by"], old["replaced_who"], old["why"]) == (scene.new, "lab", "[sealed]")
    assert old["check"] == "differ"
    assert steps[scene.new]["replaced_by"] is None
    opened = reply("custody", "main", "--reveal", "--because", "hearing", "--as", "orn", ledger=scene.ledger)
    assert next(s for s in opened["custody"] if s["leaf"] == scene.old)["why"] == WHY


@pytest.mark.parametrize("command", [("custody",), ("timeline",), ("timeline", "--only"), ("show",)])
def test_a_terminal_shows_it_without_any_colour(scene: Scene, command: tuple[str, ...]) -> None:
    shown: str = run(command[0], "main", *command[1:], ledger=scene.ledger, NO_COLOR="1").stdout
    if command[0] != "show":
        assert re.search(rf"REPLACED by #{scene.by}, signed \S+ by lab \(LAB\): \[sealed\]", shown)
    answer = reply(*command[:1], "main", *command[1:], ledger=scene.ledger)
    assert scene.new in json.dumps(answer)


def test_a_terminal_strikes_the_row_through(scene: Scene) -> None:
    from cli.terminal.output import table

    rows = [("#1", "differ", ""), ("#2", "equal", "REPLACED by #3")]
    with click.Context(click.Command("x"), obj=Invocation(color="always")):
        lines = table(("entry", "check", "replaced"), rows, struck=[1]).split("\n")
    assert "\x1b[9m" not in lines[1]
    assert lines[2].count("\x1b[9m") == 2
    assert lines[2].endswith("REPLACED by #3")


def test_the_log_shows_it(scene: Scene) -> None:
    for more in ((), ("--order", "main", "-n", "100")):
        entries = {e["leaf"]: e for e in reply("log", *more, ledger=scene.ledger)["log"]}
        assert entries[scene.old]["replaced_by"] == scene.new
        assert entries[scene.new]["replaces"] == scene.old


@pytest.mark.parametrize(
    "kind",
    ["custody main", "evidence-chain main", "dpo main", *(f"certification main --form {form}" for form in FORMS)],
)
@pytest.mark.parametrize("lang", ["en", "de"])
def test_every_report_shows_it(scene: Scene, kind: str, lang: str) -> None:
    html = paper(scene, kind, "html", "--lang", lang)
    word = {"en": "replaced", "de": "ersetzt"}[lang]
    assert re.search(word, html, re.IGNORECASE), html[-2000:]
    assert 'class="replaced"' in html
    asked = ("--reveal", "--because", "trial", "--purpose", "trial", "--as", "orn")
    opened = paper(scene, kind, "html", "--lang", lang, *asked)
    assert WHY in opened


def test_the_custody_table_of_a_report_strikes_the_old_row_and_says_why(scene: Scene) -> None:
    html = paper(scene, "custody main", "html", "--reveal", "--because", "trial", "--as", "orn")
    old = row(html, scene.number)
    assert old.startswith('<tr class="replaced">')
    assert WHY in old
    assert "differ" in old
    assert f"#entry-{scene.by}" in old
    assert not row(html, scene.by).startswith('<tr class="replaced">')
    face = html.split('<h2 id="custody">')[0]
    assert "V-CONTRADICTION-WITHDRAWN" not in face
    assert "V-CONTRADICTION-WITHDRAWN" in html
    assert f"not counted: entry {scene.number}." in face


def test_the_values_of_a_report_say_it(scene: Scene) -> None:
    report = json.loads(paper(scene, "custody main", "json"))
    for part in (report["held"], report["story"]["events"]):
        old = next(x for x in part if x["number"] == str(scene.number))
        assert (old["replaced_by"], old["why"]) == (str(scene.by), "[sealed]")
        assert old["replaced_at"].endswith("Z")


def test_a_paper_says_it(scene: Scene, tmp_path: Path) -> None:
    pytest.importorskip("typst")
    file = tmp_path / "custody.pdf"
    args = ("report", "custody", "main", "--format", "pdf", "-o", str(file))
    assert run(*args, "--reveal", "--because", "trial", "--as", "orn", ledger=scene.ledger).exit_code in (0, 3)
    text = " ".join(pdf_text(file).split())
    assert f"REPLACED by entry {scene.by}, signed" in text
    assert WHY in text


def test_the_desk_shows_it(scene: Scene) -> None:
    from tests.cli.desk.test_desk import sat

    with ExitStack() as stack:
        desk = sat(stack, scene.ledger)
        html = desk.visitor.page(desk.url())
    custody, story = html.split('<h2 id="custody"')[1].split('<h2 id="story"')
    for part in (custody, story):
        struck = re.findall(r'<(tr|li) class="[^"]*\breplaced"(.*?)</\1>', part, re.DOTALL)
        assert len(struck) == 1
        assert "REPLACED by entry" in struck[0][1]


@pytest.mark.parametrize("form", ["timeline-csv", "custody-csv"])
def test_the_tables_of_an_export_say_it(scene: Scene, form: str, tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    assert run("export", "main", "--format", form, "-o", str(file), ledger=scene.ledger).exit_code == 0
    rows = {r["entry"]: r for r in csv.DictReader(io.StringIO(file.read_text("utf-8-sig")))}
    old = rows[str(scene.number)]
    assert (old["replaced_by"], old["why"]) == (str(scene.by), "[sealed]")
    assert old["replaced_at"].endswith("Z")
    assert rows[str(scene.by)]["replaced_by"] == ""


def test_a_graph_for_other_tools_says_it(scene: Scene, tmp_path: Path) -> None:
    file = tmp_path / "case.jsonld"
    assert run("export", "main", "--format", "case", "-o", str(file), ledger=scene.ledger).exit_code == 0
    told_of = [n["uco-core:description"] for n in json.loads(file.read_text())["@graph"] if "uco-core:description" in n]
    assert sum("REPLACED by entry" in says for says in told_of) == 2, "the action and its provenance record"


def test_a_court_that_verifies_the_bundle_is_told(scene: Scene, tmp_path: Path) -> None:
    file = tmp_path / "court.zip"
    args = ("export", "main", "--audience", "CT", "--because", "trial", "--as", "ilves", "-o", str(file))
    assert run(*args, ledger=scene.ledger).exit_code == 0
    answer = json.loads(run("verify", str(file), "--trust", str(scene.ledger / "trust"), "--json").stdout)
    assert "V-CONTRADICTION-WITHDRAWN" in json.dumps(answer)
    shown = run("verify", str(file), "--trust", str(scene.ledger / "trust")).stdout
    assert "V-CONTRADICTION-WITHDRAWN" in shown


def test_an_entry_of_another_signer_is_not_replaced_and_its_row_stays_as_it_was(scene: Scene, tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    old = reply(*LAB, "-f", "check=differ", ledger=ledger)["leaf"]
    theirs = [part if part != "lab" or n != len(STEP) - 1 else "orn" for n, part in enumerate(STEP)]
    args = ("-f", "check=equal", "--replaces", old, "--why", WHY)
    done = run("record", "custody-transferred", "main", *theirs, *args, ledger=ledger)
    assert (done.exit_code, "FORM-REPLACES" in done.output) == (5, True), done.output
    steps = {s["leaf"]: s for s in reply("custody", "main", ledger=ledger)["custody"]}
    assert steps[old]["replaced_by"] is None
    assert judged(ledger)["criteria"]["A2"]["state"] == "CONTRADICTED"


def test_a_reason_is_erased_with_the_values_it_speaks_of(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    old = reply(*LAB, "-f", "check=not-checked", ledger=ledger)["leaf"]
    reply(*LAB, "-f", "check=not-checked", "--replaces", old, "--why", WHY, ledger=ledger)
    done = run("erase", "main", "--cause", "retention-ended", "--as", "orn", "--yes", ledger=ledger)
    assert done.exit_code == 0, done.output
    opened = reply("custody", "main", "--reveal", "--because", "hearing", "--as", "orn", ledger=ledger)
    assert next(s for s in opened["custody"] if s["leaf"] == old)["why"] == "[erased]"
