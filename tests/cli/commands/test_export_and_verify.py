"""Bundles made and verified from the command line: verdict, findings, exit status; no bundle vouches for itself."""

from __future__ import annotations

import csv
import json
import re
import shlex
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from cli.exit_codes import Exit
from cli.terminal.verdict_text import text
from ledger.bundle.archive import unpack
from ledger.tlog.note import witness_vkey
from tests.support.cli import ledger_of, run
from tests.support.memory_ledger import checked, left_out, small, two_histories


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return ledger_of("S1", tmp_path)


def made(ledger: Path, audience: str = "COURT", *more: str, order: str = "main") -> Path:
    file = ledger.parent / f"{audience}.evidence.zip"
    done = run("export", order, "--audience", audience, "-o", str(file), *more, ledger=ledger)
    assert done.exit_code == 0, done.output
    return file


def trust(ledger: Path) -> tuple[str, str]:
    return "--trust", str(ledger / "trust")


def verdict(file: Path, *args: str) -> tuple[int, dict[str, Any]]:
    done = run("verify", str(file), *args, "--json")
    return done.exit_code, json.loads(done.stdout)


@pytest.mark.parametrize("audience", ["COURT", "SP", "NOT", "DEF", "DPO", "AUD", "CUST"])
def test_a_bundle_for_any_audience_verifies_under_trust_from_elsewhere(audience: str, ledger: Path) -> None:
    code, report = verdict(made(ledger, audience), *trust(ledger))
    assert (code, report["verdict"], report["entries"], report["signatures"]) == (0, "TOTAL-PASSED", 39, 39)
    assert report["format"] == "comity.verify/1"
    assert report["not_proven"][0].startswith(("NO-WITNESS", "TEST"))
    assert set(report) >= {"verdict", "reasons", "entries", "signatures", "not_proven", "procedure", "brackets"}


def test_the_command_that_an_export_prints_verifies_the_bundle_from_where_it_was_typed(
    ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ledger.parent)
    for folder, file in ((ledger.name, "for the court.zip"), (f"./{ledger.name}/", "-x.zip")):
        done = run("export", "main", "--audience", "COURT", "--unwitnessed", "-o", f"./{file}", ledger=Path(folder))
        (typed,) = re.findall("^check it with: comity (.*)$", done.stderr, re.MULTILINE)
        assert run(*shlex.split(typed)).exit_code == 0, typed


def test_the_first_two_lines_keep_integrity_and_procedure_apart(ledger: Path) -> None:
    lines = run("verify", str(made(ledger)), *trust(ledger)).stdout.splitlines()
    assert lines[:2] == ["Integrity: TOTAL-PASSED", "Procedure: no finding"]


def test_a_violation_is_a_finding_on_the_procedure_and_leaves_integrity_alone(tmp_path: Path) -> None:
    other = ledger_of("S2", tmp_path)
    done = run("verify", str(made(other)), *trust(other))
    assert done.exit_code == 0
    assert done.stdout.splitlines()[:2] == ["Integrity: TOTAL-PASSED", "Procedure: 1 violation, 1 gap"]
    assert "V-7-5c-DISCLOSED-AGAINST-INSTRUCTION" in done.stdout


@pytest.mark.parametrize("story", ["S1", "S2", "S6", "wrong-on-every-count"])
def test_a_verifier_with_the_rules_of_the_maker_finds_what_the_maker_states(story: str, tmp_path: Path) -> None:
    other = ledger_of(story, tmp_path)
    role = ("--role", "ISS") if story == "wrong-on-every-count" else ()
    for audience in ("COURT", "SP", "DEF", "CUST", "NOT"):
        _, report = verdict(made(other, audience, *role), *trust(other))
        assert (report["makers"]["state"], report["makers"]["again"]) == ("stated", "same"), audience


def test_what_the_maker_states_stands_under_its_own_heading(tmp_path: Path) -> None:
    other = ledger_of("S2", tmp_path)
    file = made(other)
    says = run("verify", str(file), *trust(other)).stdout
    assert "What the maker says it found\n  2 findings; computed again here" in says
    assert says.count("V-7-5c-DISCLOSED-AGAINST-INSTRUCTION") == 1
    with patch("ledger.verify.makers_findings.rules_digest", lambda: "0" * 64):
        says = run("verify", str(file), *trust(other)).stdout
    assert "What the maker says it found (not checked here)" in says
    assert says.count("V-7-5c-DISCLOSED-AGAINST-INSTRUCTION") == 2
    with patch("ledger.verify.makers_findings.stated", lambda *_, **__: None):
        says = run("verify", str(file), *trust(other)).stdout
    assert "the findings on the procedure above DIFFER" in " ".join(says.split())
    row = next(
        row for row in csv.reader(run("verify", str(file), "--format", "csv").stdout.splitlines()) if "maker" in row
    )
    assert row[3].startswith("2 findings; computed again here")


def test_the_maker_of_an_older_bundle_states_no_findings() -> None:
    ledger, ilves = small()
    says = " ".join(text(checked(ledger.bundle(ilves), ledger)).split())
    assert "What the maker says it found (not checked here) The maker states no findings" in says


def test_nothing_vouches_for_itself(ledger: Path) -> None:
    code, report = verdict(made(ledger))
    assert (code, report["verdict"]) == (Exit.FINDINGS, "INDETERMINATE")
    assert report["reasons"][0]["code"] == "NO_TRUST_ANCHOR"


def test_a_checkpoint_held_independently_is_an_anchor(ledger: Path, tmp_path: Path) -> None:
    file = made(ledger)
    (tmp_path / "anchor").write_text(run("checkpoint", ledger=ledger).stdout)
    apart = ("--trust-came", "apart")
    assert verdict(file, "--anchor", str(tmp_path / "anchor"), *apart)[1]["verdict"] == "TOTAL-PASSED"
    (tmp_path / "typed").write_text("".join((tmp_path / "anchor").read_text().splitlines(keepends=True)[:3]))
    assert verdict(file, "--anchor", str(tmp_path / "typed"), *apart)[0] == 0
    (tmp_path / "none").write_text("hello")
    assert run("verify", str(file), "--anchor", str(tmp_path / "none")).exit_code == Exit.UNDECIDABLE


def test_one_changed_byte_anywhere_is_proved(ledger: Path) -> None:
    file = made(ledger)
    data = file.read_bytes()
    for at in range(0, len(data), len(data) // 12):
        file.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        done = run("verify", str(file), *trust(ledger))
        assert done.exit_code == Exit.PROVED_BAD
        assert done.stdout.startswith("Integrity: TOTAL-FAILED")


def test_another_registrar_does_not_vouch_for_these_keys(ledger: Path, tmp_path: Path) -> None:
    other = ledger_of("S2", tmp_path / "other")
    code, report = verdict(made(ledger), *trust(other))
    assert (code, report["verdict"]) == (Exit.FINDINGS, "INDETERMINATE")
    says = "You gave the trust of story.example/s2. This bundle is of story.example/s1."
    assert [(r["code"], r["says"]) for r in report["reasons"]] == [("CP-ORIGIN", says)]


@pytest.mark.parametrize("data", [b"", b"hello", b"{}", b"\x00" * 100])
def test_what_is_no_bundle_and_no_entry_is_undecidable(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "thing").write_bytes(data)
    done = run("verify", str(tmp_path / "thing"))
    assert done.exit_code == Exit.UNDECIDABLE
    assert done.stdout == ""


def test_a_file_without_end_is_read_up_to_a_bound(
    ledger: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.terminal.file_io.MOST", 1 << 16)
    zero, trust = "/dev/zero", str(ledger / "trust")
    for words in (
        ("verify", zero),
        ("verify", zero, "--trust", trust),
        ("verify", str(ledger), "--trust", zero),
        ("receive", zero, "--as", "orn"),
    ):
        done = run(*words, ledger=ledger)
        assert (done.exit_code, "larger than" in done.stderr) == (4, True), (words, done.output)


def test_a_file_that_is_not_there_is_undecidable(tmp_path: Path) -> None:
    done = run("verify", str(tmp_path / "nothing.zip"))
    assert done.exit_code == Exit.UNDECIDABLE
    assert done.stderr == f"comity: {tmp_path / 'nothing.zip'}: no such file or directory\n"


def test_trust_may_be_a_folder_a_ledger_or_a_policy_alone(ledger: Path, tmp_path: Path) -> None:
    file = made(ledger)
    assert verdict(file, "--trust", str(ledger))[0] == 0
    code, report = verdict(file, "--trust", str(ledger / "trust" / "policy"))
    assert (code, report["reasons"][0]["code"]) == (Exit.FINDINGS, "NO_TRUST_ANCHOR")
    assert run("verify", str(file), "--trust", str(tmp_path)).exit_code == Exit.UNDECIDABLE


def test_one_entry_with_its_proof_beside_it(ledger: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(made(ledger)) as bundle:
        for name in bundle.namelist():
            if "/entries/" in name:
                (tmp_path / Path(name).name).write_bytes(bundle.read(name))
    code, report = verdict(tmp_path / "0.dsse.json", *trust(ledger))
    assert (code, report["verdict"], report["entries"]) == (0, "TOTAL-PASSED", 1)  # the registrar signed it
    code, report = verdict(tmp_path / "30.dsse.json", *trust(ledger))
    assert (code, report["reasons"][0]["code"]) == (Exit.FINDINGS, "KEY-UNKNOWN")
    (tmp_path / "30.tlog-proof").unlink()
    done = run("verify", str(tmp_path / "30.dsse.json"))
    assert done.exit_code == Exit.UNDECIDABLE
    assert "30.tlog-proof" in done.stderr


def test_sealed_values_the_audience_may_not_read_are_not_in_its_bundle(ledger: Path) -> None:
    court, provider = made(ledger, "COURT"), made(ledger, "SP")
    secret = b"An online shop took payments"
    assert secret in court.read_bytes() or _opened(court, secret)
    assert not _opened(provider, secret)


def _opened(file: Path, words: bytes) -> bool:
    import base64

    with zipfile.ZipFile(file) as bundle:
        texts = [bundle.read(name) for name in bundle.namelist() if "/disclosures/" in name]
    padded = (line + b"=" * (-len(line) % 4) for text in texts for line in text.splitlines())
    return any(words in base64.urlsafe_b64decode(line) for line in padded)


def test_the_same_question_gives_the_same_bundle_to_whom_nothing_is_opened(ledger: Path) -> None:
    first = made(ledger, "SYS").read_bytes()
    (ledger.parent / "SYS.evidence.zip").unlink()
    assert made(ledger, "SYS").read_bytes() == first


def test_handing_over_the_same_values_again_is_a_new_act_under_a_new_head_and_else_the_same(ledger: Path) -> None:
    first = unpack(made(ledger).read_bytes())
    (ledger.parent / "COURT.evidence.zip").unlink()
    again = unpack(made(ledger).read_bytes())
    said = {name for name in first if (name.endswith(".dsse.json") and "/entries/" in name) or "/disclosures/" in name}
    assert {name: first[name] for name in said} == {name: again[name] for name in said}
    checkpoint = next(name for name in first if name.endswith("/checkpoint"))
    assert first[checkpoint] != again[checkpoint]


def test_documents_the_audience_may_see_travel_along(ledger: Path, tmp_path: Path) -> None:
    files = tmp_path / "files"
    files.mkdir()
    (files / "return.json").write_bytes(b"the data")
    (files / "else.txt").write_bytes(b"not named by any entry")
    args = (
        "disclose",
        str(files / "return.json"),
        "main",
        "--elements",
        "name",
        "--channel",
        "mail",
        "--as",
        "skylark",
    )
    assert run(*args, ledger=ledger).exit_code == 0
    names = zipfile.ZipFile(made(ledger, "COURT", "--documents", str(files))).namelist()
    assert len([name for name in names if name.startswith("documents/")]) == 1
    hidden = zipfile.ZipFile(made(ledger, "NOT", "--documents", str(files))).namelist()
    assert not [name for name in hidden if name.startswith("documents/")]


def test_a_bundle_is_never_overwritten(ledger: Path) -> None:
    file = made(ledger)
    before = file.read_bytes()
    done = run("export", "main", "--audience", "SP", "-o", str(file), ledger=ledger)
    assert done.exit_code == Exit.USAGE
    assert file.read_bytes() == before
    assert [path.name for path in file.parent.iterdir() if path.name.endswith(".part")] == []


@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        (("main", "--audience", "KING", "-o", "x.zip"), 2, "no role 'KING'"),
        (("nothing", "--audience", "CT", "-o", "x.zip"), 2, "nothing"),
        (("main", "--audience", "CT"), 2, "--output"),
        (("main", "--audience", "CT", "-o", "x.zip", "--as", "nobody"), 2, "no office 'nobody'"),
        (("main", "--audience", "CT", "-o", "x.zip", "--documents", "nowhere"), 4, "nowhere"),
    ],
)
def test_what_cannot_be_exported_is_said_and_no_file_is_left(
    args: tuple[str, ...], code: int, says: str, ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ledger.parent)
    done = run("export", *args, ledger=ledger)
    assert done.exit_code == code, done.output
    assert says in done.stderr
    assert [path.name for path in ledger.parent.iterdir()] == ["ledger"]


def test_without_the_quorum_the_policy_asks_for_nothing_leaves_the_house_unless_it_says_so(ledger: Path) -> None:
    policy = ledger / "trust" / "policy"
    log_line = policy.read_text().splitlines()[0]
    witness = witness_vkey("w.example", bytes([0x58, *[0x66] * 31]))
    policy.write_text(f"{log_line}\nwitness w {witness}\nquorum w\n")
    file = ledger.parent / "x.zip"
    done = run("export", "main", "--audience", "CT", "-o", str(file), ledger=ledger)
    assert done.exit_code == Exit.REFUSED
    assert "--unwitnessed" in done.stderr
    assert not file.exists()
    assert run("export", "main", "--audience", "CT", "-o", str(file), "--unwitnessed", ledger=ledger).exit_code == 0
    code, report = verdict(file, *trust(ledger))
    assert (code, report["reasons"][0]["code"]) == (Exit.FINDINGS, "CP-QUORUM")


@pytest.fixture
def histories(tmp_path: Path) -> Path:
    """Make two bundles of a log with two histories of one order, `one.zip` and `two.zip`, and its keys in `trust`."""
    ledger, ilves, places = two_histories()
    for name, hidden in zip(("one.zip", "two.zip"), places, strict=True):
        (tmp_path / name).write_bytes(left_out(ledger, ilves, hidden))
    (tmp_path / "trust").mkdir()
    (tmp_path / "trust" / "policy").write_bytes(ledger.policy())
    keeper = ledger.keeper
    (tmp_path / "trust" / "registrar").write_text(f"{keeper.actor} {keeper.party} {keeper.key}\n")
    return tmp_path


def test_two_bundles_are_held_against_each_other_and_the_exhibit_is_written_where_it_was_asked_for(
    histories: Path,
) -> None:
    one, two, exhibit = (str(histories / name) for name in ("one.zip", "two.zip", "fork.json"))
    held = ("--trust", str(histories / "trust"), "--trust-came", "apart")
    assert run("verify", one, *held).exit_code == run("verify", two, *held).exit_code == Exit.DONE
    done = run("verify", one, "--with", two, *held)
    assert (done.exit_code, "TOTAL-FAILED SPLIT-ORDER" in done.stdout) == (Exit.PROVED_BAD, True)
    assert f"{two} by itself: TOTAL-PASSED" in done.stderr
    assert run("verify", one, "--with", two, *held, "-o", exhibit).exit_code == Exit.PROVED_BAD
    done = run("verify", exhibit, *held, "--json")
    assert (done.exit_code, json.loads(done.stdout)["reasons"][0]["code"]) == (Exit.PROVED_BAD, "SPLIT-ORDER")
    assert run("verify", one, "--with", one, *held, "-o", str(histories / "none.json")).exit_code == Exit.DONE
    assert not (histories / "none.json").exists()


def test_only_what_is_whole_by_itself_is_something_to_hold_a_bundle_against(histories: Path) -> None:
    one, two = (histories / name for name in ("one.zip", "two.zip"))
    two.write_bytes(two.read_bytes()[:-1])
    done = run("verify", str(one), "--with", str(two), "--trust", str(histories / "trust"))
    assert (done.exit_code, "proved wrong by itself" in done.stderr) == (Exit.UNDECIDABLE, True)
    for words in (("--with", str(histories / "trust" / "policy")), ("-o", "x")):
        assert run("verify", str(one), *words).exit_code in (Exit.UNDECIDABLE, Exit.USAGE)
    assert run("verify", str(histories), "--with", str(one)).exit_code == Exit.USAGE


def test_a_whole_ledger_is_verified_as_a_folder(ledger: Path) -> None:
    code, report = verdict(ledger)
    assert (code, report["verdict"], report["entries"], report["signatures"]) == (3, "INDETERMINATE", 39, 39)
    assert [reason["code"] for reason in report["reasons"]] == ["NO_TRUST_ANCHOR"]
    code, report = verdict(ledger, *trust(ledger))
    assert (code, report["verdict"], report["entries"], report["signatures"]) == (0, "TOTAL-PASSED", 39, 39)
    assert report["reasons"] == []


def test_a_ledger_is_held_against_a_checkpoint_from_elsewhere(ledger: Path, tmp_path: Path) -> None:
    anchor = tmp_path / "anchor"
    anchor.write_text(run("checkpoint", ledger=ledger).stdout)
    assert verdict(ledger, *trust(ledger), "--anchor", str(anchor))[0] == 0
    origin, size, root = anchor.read_text().splitlines()[:3]
    for line, code in (
        (f"{origin}\n{int(size) + 1}\n{root}\n", "LOG-ROLLBACK"),
        (f"{origin}\n{size}\n{'A' * 43}=\n", "ANCHOR-MISMATCH"),
        (f"{origin}\n{int(size) - 1}\n{'A' * 43}=\n", "ANCHOR-MISMATCH"),
    ):
        anchor.write_text(line)
        ended, report = verdict(ledger, "--anchor", str(anchor))
        assert (ended, report["verdict"]) == (3, "INDETERMINATE"), "it may be a typing error"
        assert "ANCHOR-TYPED" in [reason["code"] for reason in report["reasons"]]
        ended, report = verdict(ledger, "--anchor", str(anchor), "--typed-as-printed")
        assert (ended, report["verdict"], report["reasons"][0]["code"]) == (1, "TOTAL-FAILED", code)
    anchor.write_text(f"other.example/x\n1\n{root}\n")
    for words in ((), ("--typed-as-printed",)):
        ended, report = verdict(ledger, "--anchor", str(anchor), *words)
        assert (ended, report["verdict"], report["reasons"][0]["code"]) == (3, "INDETERMINATE", "CP-ORIGIN")


def test_a_folder_that_is_no_ledger_is_exit_10(tmp_path: Path) -> None:
    assert run("verify", str(tmp_path)).exit_code == Exit.NO_LEDGER


def test_a_folder_that_holds_a_bundle_is_answered_with_the_command_that_verifies_it(tmp_path: Path) -> None:
    (tmp_path / "court file").mkdir()
    (tmp_path / "court file" / "court.evidence.zip").touch()
    done = run("verify", str(tmp_path / "court file"))
    assert done.exit_code == Exit.NO_LEDGER
    said = f"hint: it holds an evidence bundle: comity verify '{tmp_path}/court file/court.evidence.zip' --trust DIR"
    assert done.stderr.splitlines()[1:] == [said]


def test_a_test_ledger_says_so_on_what_it_makes(ledger: Path) -> None:
    report = verdict(made(ledger), *trust(ledger))[1]
    assert any(says.startswith("TEST") for says in report["not_proven"])


def test_a_copy_without_its_guard_can_still_be_handed_to_a_court(ledger: Path) -> None:
    for guard in ledger.glob("state/*/guard.db*"):
        guard.unlink()
    assert verdict(made(ledger), *trust(ledger))[1]["verdict"] == "TOTAL-PASSED"
    done = run("record", "order-closed", "main", "-f", "outcome=answered", "--as", "ilves", ledger=ledger)
    assert done.exit_code == Exit.UNDECIDABLE
    assert "GUARD-MISSING" in done.stderr


def test_a_copy_without_its_guard_and_without_a_published_head_hands_out_nothing(ledger: Path) -> None:
    for file in (*ledger.glob("state/*/guard.db*"), ledger / "log" / "checkpoint"):
        file.unlink()
    done = run("export", "main", "--audience", "COURT", "-o", str(ledger / "x.zip"), "--as", "ilves", ledger=ledger)
    assert (done.exit_code, "GUARD-MISSING" in done.stderr) == (Exit.UNDECIDABLE, True), done.output
    assert not (ledger / "x.zip").exists()


@pytest.mark.parametrize("keep", [0, 20_000])
def test_a_shelf_that_cannot_be_read_is_a_verdict_too(keep: int, ledger: Path) -> None:
    for file in ledger.glob("entries.db-*"):
        file.unlink()
    data = (ledger / "entries.db").read_bytes()
    (ledger / "entries.db").write_bytes(data[:keep] or b"hello" * 1000)
    code, report = verdict(ledger)
    assert (code, report["verdict"], report["reasons"][0]["code"]) == (1, "TOTAL-FAILED", "LOG-CORRUPT")


READS_FILES = {  # commands that read the named files, and import a library only where a bundle needs it
    "ledger.adapters",
    "ledger.adapters.folders",
    "ledger.adapters.folders.handed_folder",
    "ledger.application",
    "ledger.application.lazy_verifiers",
    "ledger.adapters.folders.read_trust",
}


def test_verifying_a_bundle_needs_nothing_of_a_ledger(ledger: Path) -> None:
    code = (
        "import sys; from cli.app import comity\n"
        "try: comity.main(sys.argv[1:])\n"
        "except SystemExit as end: print(end.code, *sys.modules)"
    )
    args = [sys.executable, "-c", code, "verify", str(made(ledger)), *trust(ledger)]
    done = subprocess.run(args, cwd=Path(__file__).parents[3], capture_output=True, text=True, check=True)
    ended, *loaded = done.stdout.splitlines()[-1].split()
    assert ended == "0"
    of_a_ledger = ("ledger.adapters", "ledger.application", "eventsourcing", "fcntl", "sqlite3")
    assert not [name for name in loaded if name.startswith(of_a_ledger) and name not in READS_FILES]
