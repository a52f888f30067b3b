"""The reading commands on a bundle: what the bundle proves and opens, for a reader who has no ledger."""

from __future__ import annotations

import base64
import csv
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cli.exit_codes import Exit
from cli.records.bundle_reader import _rising
from ledger.bundle.archive import unpack
from ledger.bundle.manifest import open_manifest
from ledger.verify.report import DatedHead
from tests.cli.commands.test_export_and_verify import made
from tests.cli.commands.test_trust import Office
from tests.support.cli import ledger_of, run

READS = ("judge", "custody", "timeline", "show")
EVIDENCE = b"what was handed over\n"


@pytest.fixture(scope="module")
def filing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a bundle for the court, one for the provider, and the trust folder; the ledger is gone."""
    place = tmp_path_factory.mktemp("bundle")
    ledger = ledger_of("S1", place)
    for audience in ("COURT", "SP", "EXP"):
        made(ledger, audience)
    shutil.copytree(ledger / "trust", place / "trust")
    shutil.copytree(ledger, place / "kept")
    shutil.rmtree(ledger)
    return place


def trusted(filing: Path, audience: str = "COURT") -> tuple[str, ...]:
    held = ("--trust", str(filing / "trust"), "--trust-came", "apart")
    return "--bundle", str(filing / f"{audience}.evidence.zip"), *held


def answer(*args: str) -> dict[str, Any]:
    done = run(*args, "--json")
    assert done.exit_code in (Exit.DONE, Exit.FINDINGS), done.output
    return dict(json.loads(done.stdout))


# -- the answers are those of the ledger, as far as the audience may read ----------------------------------------------


@pytest.mark.parametrize("command", [*READS, "replay --at 2027-03-20T00:00:00Z"])
def test_a_bundle_for_the_court_is_answered_as_the_ledger_with_opened_values_is(command: str, filing: Path) -> None:
    words = command.split()
    read = answer(*words, *trusted(filing))
    item = read.pop("bundle")
    assert (item["verdict"], item["audience"], item["withheld"]) == ("TOTAL-PASSED", "CT", 0)
    as_of = () if words[0] == "replay" else ("--as-of", item["as_of"])
    opens = ("--reveal", "--because", "x", "--as", "ilves") if words[0] in ("custody", "timeline", "replay") else ()
    stored = json.loads(run(words[0], "main", *words[1:], *as_of, *opens, "--json", ledger=filing / "kept").stdout)
    for document in (read, stored):
        document.pop("replay", None)
        document.pop("label", None)
        for duty in (*document.get("due", ()), *document.get("matter", {}).get("due", ())):
            duty.pop("label")
        for order in (*document.get("orders", ()), *document.get("matter", {}).get("orders", ())):
            order.pop("label")
        for part in ("deadlines", "findings", "criteria", "duties"):
            rows = document.get(part, ())
            for row in rows.values() if isinstance(rows, dict) else rows:
                if isinstance(row, dict):
                    row.pop("next", None)
    assert read == stored


def test_the_judgement_is_the_one_that_verify_reports(filing: Path) -> None:
    read = answer("judge", *trusted(filing, "EXP"))
    report = json.loads(run("verify", *trusted(filing, "EXP")[1:], "--json").stdout)
    law = {p["code"] for p in report["procedure"] if not p["code"].startswith(("CMP-", "TIME-", "SD-", "BND-"))}
    assert {finding["code"] for finding in read["findings"]} == law
    assert read["as_of"] == report["as_of"]


def test_no_ledger_is_needed_and_nothing_is_written(
    filing: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for command in READS:
        assert run(command, *trusted(filing), XDG_STATE_HOME=str(tmp_path / "state")).exit_code == 0
    assert list(tmp_path.iterdir()) == []


def test_the_order_may_be_named_and_another_one_is_not_here(filing: Path) -> None:
    order = open_manifest(unpack((filing / "COURT.evidence.zip").read_bytes())["manifest.dsse.json"]).order
    for name in (order, order[:8], "KA-2027-0311"):
        assert run("show", name, *trusted(filing)).exit_code == 0
    done = run("show", "PPO-1", *trusted(filing))
    assert (done.exit_code, "no order in this bundle is called 'PPO-1'" in done.stderr) == (Exit.USAGE, True)


def test_without_a_bundle_the_order_is_asked_for_as_before(filing: Path) -> None:
    for command in (*READS, "check"):
        done = run(command, ledger=filing / "kept")
        assert (done.exit_code, "Missing argument" in done.stderr) == (Exit.USAGE, True)
    done = run("show", "main", "--trust", "trust", ledger=filing / "kept")
    assert (done.exit_code, "--trust is for a bundle" in done.stderr) == (Exit.USAGE, True)


# -- the first question of a court -------------------------------------------------------------------------------------


def test_a_file_is_compared_with_what_the_bundle_states(filing: Path, tmp_path: Path) -> None:
    files = next(step["files"] for step in answer("custody", *trusted(filing))["custody"] if step["files"])
    right, wrong = tmp_path / files[0]["name"], tmp_path / "x" / files[0]["name"]
    wrong.parent.mkdir()
    wrong.write_bytes(EVIDENCE)
    done = run("check", str(wrong), *trusted(filing), "--json")
    (row,) = json.loads(done.stdout)["files"]
    assert (done.exit_code, row["verdict"]) == (Exit.PROVED_BAD, "differs")
    right.write_bytes(b"other")
    done = run("check", str(wrong), str(right), *trusted(filing), "--json")
    assert len(json.loads(done.stdout)["files"]) == 2


def disclosed(folder: Path) -> tuple[Path, Path]:
    """Return a ledger in which EVIDENCE was disclosed, and the file."""
    ledger, file = ledger_of("S1", folder), folder / "return.zip"
    file.write_bytes(EVIDENCE)
    more = ("--as", "skylark", "--elements", "name", "--channel", "provider-portal")
    done = run("disclose", "main", str(file), *more, ledger=ledger)
    if done.exit_code:  # the order of the arguments before
        done = run("disclose", str(file), "main", *more, ledger=ledger)
    assert done.exit_code == 0, done.output
    return ledger, file


def test_the_exit_code_says_whether_it_is_the_file_and_whether_that_is_proven(tmp_path: Path) -> None:
    ledger, file = disclosed(tmp_path)
    bundle, closed = made(ledger), made(ledger, "DPO")
    trust = ("--trust", str(ledger / "trust"))
    assert run("check", str(file), "--bundle", str(bundle), *trust).exit_code == Exit.DONE
    assert run("check", str(file), "--bundle", str(bundle)).exit_code == Exit.FINDINGS, "no trust: not proven"
    file.write_bytes(EVIDENCE + b"x")
    assert run("check", str(file), "--bundle", str(bundle)).exit_code == Exit.PROVED_BAD
    assert run("check", str(file), "--bundle", str(closed), *trust).exit_code in (Exit.PROVED_BAD, Exit.UNDECIDABLE)


# -- never more than the bundle proves ---------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [*READS, "replay --at 2027-03-20T00:00:00Z"])
def test_without_trust_every_answer_says_that_nothing_vouches_for_the_bundle(command: str, filing: Path) -> None:
    done = run(*command.split(), "--bundle", str(filing / "COURT.evidence.zip"))
    assert done.exit_code == Exit.FINDINGS
    assert "INDETERMINATE NO_TRUST_ANCHOR" in done.stderr
    read = json.loads(run(*command.split(), "--bundle", str(filing / "COURT.evidence.zip"), "--json").stdout)
    assert (read["bundle"]["verdict"], read["bundle"]["reasons"][0]["code"]) == ("INDETERMINATE", "NO_TRUST_ANCHOR")


def test_a_file_that_no_disclosure_states_is_not_said_to_be_what_was_disclosed(tmp_path: Path) -> None:
    ledger, file = ledger_of("S1", tmp_path), tmp_path / "brought.zip"
    file.write_bytes(EVIDENCE)
    got = ("evidence-received", "main", "-f", f"manifest={file}", "-f", "check=equal", "-f", "exhibit=EX-9")
    assert run("record", *got, "--as", "orn", ledger=ledger).exit_code == Exit.DONE
    for held in (("--ledger", str(ledger), "main"), ("--bundle", str(made(ledger, "COURT")))):
        done = run("check", *held, str(file), "--json")
        assert done.exit_code == Exit.UNDECIDABLE, done.output
        (found,) = json.loads(done.stdout)["files"]
        assert (found["verdict"], found["disclosed_by"], found["reported_by"]) == ("equal", None, None)


@pytest.mark.parametrize("command", [*READS, "check file", "replay --at 2027-03-20T00:00:00Z", "report custody"])
def test_a_bundle_that_is_proved_wrong_is_not_read(command: str, filing: Path, tmp_path: Path) -> None:
    data = bytearray((filing / "COURT.evidence.zip").read_bytes())
    data[len(data) // 2] ^= 1
    broken = tmp_path / "broken.evidence.zip"
    broken.write_bytes(data)
    done = run(*command.split(), "--bundle", str(broken), "--trust", str(filing / "trust"))
    assert (done.exit_code, done.stdout) == (Exit.PROVED_BAD, "")
    assert "is proved wrong, and nothing in it is read" in done.stderr


def test_a_checkpoint_from_elsewhere_is_an_anchor_and_another_one_is_not(filing: Path, tmp_path: Path) -> None:
    bundle = filing / "COURT.evidence.zip"
    (note,) = (data for path, data in unpack(bundle.read_bytes()).items() if path.endswith("/checkpoint"))
    anchor = tmp_path / "anchor"
    anchor.write_bytes(b"\n".join(note.split(b"\n")[:3]))
    assert run("show", "--bundle", str(bundle), "--anchor", str(anchor)).exit_code in (0, 3)
    origin, size, root = anchor.read_text().split("\n")
    other = base64.b64encode(bytes(byte ^ 1 for byte in base64.b64decode(root))).decode()
    anchor.write_text(f"{origin}\n{size}\n{other}\n")
    words = ("show", "--bundle", str(bundle), "--anchor", str(anchor), "--trust", str(filing / "trust"))
    done = run(*words)
    assert (done.exit_code, "ANCHOR-TYPED" in done.stderr) == (Exit.FINDINGS, True)
    done = run(*words, "--typed-as-printed")
    assert (done.exit_code, "ANCHOR-MISMATCH" in done.stderr) == (Exit.PROVED_BAD, True)


def test_a_moment_after_the_bundle_was_made_is_refused(filing: Path) -> None:
    for words in (("judge", "--as-of"), ("custody", "--as-of"), ("show", "--as-of"), ("replay", "--at")):
        done = run(*words, "2035-01-01T00:00:00Z", *trusted(filing))
        assert (done.exit_code, "shows nothing of a later moment" in done.stderr) == (Exit.USAGE, True), words
    done = run("replay", "--diff", "2027-03-10T00:00:00Z..2035-01-01T00:00:00Z", *trusted(filing))
    assert done.exit_code == Exit.USAGE


def test_a_value_that_the_audience_may_not_read_is_withheld_and_said_to_be(filing: Path) -> None:
    done = run("timeline", *trusted(filing, "EXP"), "--format", "csv")
    assert "An online shop took payments" not in done.output
    assert "withheld from it, shown as [sealed]; a gap may come of that" in done.stderr
    assert any("[sealed]" in cell for row in csv.reader(done.stdout.splitlines()) for cell in row)
    assert "An online shop took payments" in run("timeline", *trusted(filing)).stdout


def test_nothing_is_recorded_so_nothing_that_would_be_is_taken(filing: Path) -> None:
    for option in (("--reveal",), ("--because", "x"), ("--as", "ilves")):
        done = run("custody", *trusted(filing), *option)
        assert (done.exit_code, "nothing is recorded" in done.stderr) == (Exit.USAGE, True)


def test_times_are_claims_where_no_witness_dates_a_state(filing: Path) -> None:
    read = answer("replay", "--at", "2027-03-20T00:00:00Z", *trusted(filing))
    assert read["replay"]["clock"] == "claimed"
    assert "as far as the signers say" in read["replay"]["says"]
    rows = answer("timeline", "--brackets", *trusted(filing))["timeline"]
    assert {(row["not_before"], row["not_after"]) for row in rows} == {(None, None)}


@pytest.mark.parametrize("audience", ["COURT", "SP", "DEF", "EXP", "CUST"])
def test_no_violation_comes_of_withholding_alone(audience: str, tmp_path: Path) -> None:
    for story in ("S1", "S6", "hand-to-hand"):
        ledger = ledger_of(story, tmp_path / story)
        order = json.loads(run("orders", "--json", ledger=ledger).stdout)["orders"][0]["order"]
        bundle = tmp_path / story / "x.zip"
        done = run("export", order, "--audience", audience, "-o", str(bundle), ledger=ledger)
        assert done.exit_code == 0, done.output
        read = answer("judge", "--bundle", str(bundle), "--trust", str(ledger / "trust"))
        stored = json.loads(run("judge", order, "--as-of", read["as_of"], "--json", ledger=ledger).stdout)
        grave = {f["code"] for f in read["findings"] if f["level"] == "V"}
        assert grave <= {f["code"] for f in stored["findings"]}


def test_no_state_is_dated_later_than_a_larger_one() -> None:
    """The smaller state existed when the larger one was seen, so the date of the smaller one says nothing."""
    day = [datetime(2027, 3, n, tzinfo=UTC) for n in range(1, 6)]

    def rising(*heads: tuple[int, int]) -> list[tuple[int, int]]:
        found = _rising([DatedHead(size, "ab" * 32, day[n]) for size, n in heads])
        return [(head.size, day.index(head.at)) for head in found]

    assert rising() == []
    assert rising((3, 0), (5, 1), (9, 4)) == [(3, 0), (5, 1), (9, 4)]
    assert rising((3, 0), (5, 3), (7, 4), (9, 2)) == [(3, 0), (9, 2)]
    assert rising((3, 1), (5, 1)) == [(5, 1)], "of one moment the larger state"
    assert rising((3, 4), (5, 0)) == [(5, 0)]


# -- reports -----------------------------------------------------------------------------------------------------------


def test_a_report_of_a_bundle_states_the_verdict_on_the_bundle(filing: Path, tmp_path: Path) -> None:
    bundle = str(filing / "COURT.evidence.zip")
    for kind in ("custody", "evidence-chain"):
        done = run("report", kind, "--bundle", bundle, "--json")
        assert done.exit_code == Exit.FINDINGS
        assert '"INDETERMINATE"' in done.stdout
        done = run("report", kind, *trusted(filing), "-o", str(tmp_path / f"{kind}.html"))
        assert done.exit_code == 0
        page = (tmp_path / f"{kind}.html").read_text("utf-8")
        assert "The evidence bundle was verified: 39 entries and 39 signatures." in page


@pytest.mark.parametrize("name", ["c\u202ex\x1b[2J.zip", "b\udcff.zip"])
def test_the_name_of_the_file_of_a_bundle_controls_no_paper_and_no_answer(
    name: str, filing: Path, tmp_path: Path
) -> None:
    file, page = tmp_path / name, tmp_path / "custody.html"
    shutil.copy(filing / "COURT.evidence.zip", file)
    held = ("--bundle", str(file), "--trust", str(filing / "trust"))
    assert run("report", "custody", *held, "-o", str(page)).exit_code == 0
    assert not {"\x1b", "\u202e"} & {*page.read_text("utf-8")}
    assert answer("judge", *held)["bundle"]["verdict"] == "TOTAL-PASSED"


def test_the_name_of_the_file_of_a_bundle_is_no_line_of_ours(filing: Path, tmp_path: Path) -> None:
    data = (filing / "COURT.evidence.zip").read_bytes()
    good, bad = tmp_path / "a.zip\nx: TOTAL-FAILED", tmp_path / "b.zip\nx: TOTAL-PASSED"
    good.write_bytes(data)
    bad.write_bytes(data + b"x")
    trust = ("--trust", str(filing / "trust"))
    held = run("verify", str(filing / "SP.evidence.zip"), "--with", str(good), *trust)
    for done in (run("judge", "--bundle", str(good), *trust), run("judge", "--bundle", str(bad), *trust), held):
        assert not any(line.startswith("x: TOTAL") for line in done.output.splitlines()), done.output


def test_a_report_that_needs_a_ledger_is_refused(filing: Path) -> None:
    for words in (("dpo",), ("letter", "--kind", "notice"), ("order-form",), ("statistics",)):
        done = run("report", *words, *trusted(filing))
        assert (done.exit_code, "needs the ledger" in done.stderr) == (Exit.USAGE, True), done.output


# -- other containers, and what is no bundle ---------------------------------------------------------------------------


def test_a_bundle_inside_a_paper_is_read(filing: Path, tmp_path: Path) -> None:
    from tests.ledger.bundle.test_pdf_attachment import paper

    file = tmp_path / "custody.pdf"
    file.write_bytes(paper((filing / "COURT.evidence.zip").read_bytes()))
    done = run("show", "--bundle", str(file), "--trust", str(filing / "trust"))
    assert (done.exit_code, "inside this PDF is verified, not the paper" in done.stderr) == (0, True)


@pytest.mark.parametrize("data", [b"", b"x", b"PK\3\4", b"%PDF-1.7\n", b'{"payload":"","payloadType":""}'])
def test_a_file_that_is_no_bundle_is_said_to_be_none(data: bytes, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(data)
    for command in READS:
        done = run(command, "--bundle", str(file))
        assert (done.exit_code, "BND-NONE" in done.stderr) == (Exit.UNDECIDABLE, True), done.output


def test_a_signed_policy_is_a_trust_for_a_bundle_too(tmp_path: Path) -> None:
    office = Office(tmp_path)
    assert office.new("ada", threshold=1).exit_code == 0
    office.sign("ada")
    bundle, stick = made(office.ledger), office.stick("stick")
    words = ("--bundle", str(bundle), "--trust", str(stick))
    assert run("show", *words, "--root-fingerprint", office.words()).exit_code == 0
    assert run("show", *words, "--root-fingerprint", "ab" * 32).exit_code == Exit.UNDECIDABLE
