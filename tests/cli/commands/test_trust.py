"""A signed trust policy from the command line: it is made, signed, carried to a court, installed there, and used."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from msgspec import UNSET

from cli.session import ledger_choice
from ledger.adapters.keys import key_files
from ledger.messages import LANGUAGES
from ledger.trust.signed_policy import parse_version
from tests.cli.commands.test_export_and_verify import made
from tests.cli.commands.test_log_key import Rotating
from tests.support.cli import ledger_of, run


class Office:
    """A story's ledger, three people with keys, and the folder of their policy."""

    def __init__(self, folder: Path) -> None:
        self.here = folder
        self.ledger = ledger_of("S1", folder)
        self.policy = folder / "policy"
        for name in ("ada", "bo", "cy", "dee"):
            key_files.new(folder / name)

    def new(self, *names: str, threshold: int = 2, **more: str) -> Any:
        roots = [part for name in names for part in ("--root", f"{name}={self.here / name}.pub")]
        k = ("--threshold", str(threshold)) if names else ()
        options = [part for name, value in more.items() for part in (f"--{name}", value)]
        return run("trust", "new", str(self.policy), "--from", str(self.ledger), *roots, *k, *options)

    def sign(self, *names: str) -> None:
        for name in names:
            assert run("trust", "sign", str(self.policy), "--key", str(self.here / name)).exit_code == 0

    def stick(self, name: str) -> Path:
        done = run("trust", "stick", str(self.policy), str(self.here / name))
        assert done.exit_code == 0, done.output
        return self.here / name

    def words(self) -> str:
        done = run("trust", "check", str(self.policy), "--json")
        return str(json.loads(done.stdout)["words"])


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the user of each test an own configuration folder."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture
def office(tmp_path: Path) -> Office:
    office = Office(tmp_path)
    assert office.new("ada", "bo", "cy").exit_code == 0
    office.sign("ada", "cy")
    return office


def verified(office: Office, *args: str) -> tuple[int, str]:
    bundle = office.here / "COURT.evidence.zip"
    done = run("verify", str(bundle if bundle.exists() else made(office.ledger)), *args)
    return done.exit_code, done.output


def test_a_court_that_compared_the_fingerprint_verifies_with_the_stick(office: Office) -> None:
    stick = office.stick("stick")
    code, said = verified(office, "--trust", str(stick), "--root-fingerprint", office.words())
    assert code == 0, said
    assert "TOTAL-PASSED" in said


def test_a_stick_does_not_vouch_for_itself(office: Office) -> None:
    stick = office.stick("stick")
    assert not (stick / "fingerprint").exists()
    code, said = verified(office, "--trust", str(stick))
    assert (code, "NO_TRUST_ANCHOR" in said) == (4, True)
    code, said = verified(office, "--trust", str(stick), "--root-fingerprint", "ab" * 32)
    assert (code, "POL-PIN" in said) == (4, True)
    assert run("trust", "check", str(stick)).exit_code == 3
    (stick / "fingerprint").write_text(office.words())
    for typed in ([], ["--root-fingerprint", str(stick / "fingerprint")]):
        code, said = verified(office, "--trust", str(stick), *typed)
        assert (code, "NO_TRUST_ANCHOR" in said, "TOTAL-PASSED" in said) == (4, True, False)
        assert run("trust", "check", str(stick), *typed).exit_code in (3, 4)
        assert run("trust", "update", str(office.here / "court"), str(stick), *typed).exit_code in (2, 5)


@pytest.mark.parametrize("built", [True, False])
def test_a_stick_carries_the_verifier_page_where_it_has_been_built(
    built: bool, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = office.here / "program" / "browser" / "verify.html"
    page.parent.mkdir(parents=True)
    if built:
        page.write_bytes(b"<!DOCTYPE html>")
    monkeypatch.setattr("cli.shipped_files.TREE", office.here / "program")
    stick = office.stick("stick")
    assert [path.read_bytes() for path in stick.glob("OPEN-ME-FIRST.html")] == [b"<!DOCTYPE html>"] * built
    assert ("Open OPEN-ME-FIRST.html in a browser" in (stick / "READ-ME.txt").read_text()) is built
    assert ("OPEN-ME-FIRST.html" in (stick / "SHA256SUMS").read_text()) is built


def test_what_is_kept_is_updated_step_by_step_and_never_back(office: Office) -> None:
    words, court = office.words(), str(office.here / "court")
    first = office.stick("first")
    assert run("trust", "update", court, str(first)).exit_code == 2, "the first time somebody has to compare"
    assert run("trust", "update", court, str(first), "--root-fingerprint", words).exit_code == 0
    assert office.new("cy", "dee", threshold=1).exit_code == 0
    office.sign("dee")
    assert "POL-THRESHOLD" in run("trust", "stick", str(office.policy), str(office.here / "early")).output
    office.sign("ada", "bo")
    second = office.stick("second")
    done = run("trust", "update", court, str(second))
    assert done.exit_code == 0, done.output
    assert verified(office, "--trust", court)[0] == 0
    done = run("trust", "update", court, str(first))
    assert (done.exit_code, "POL-VERSION" in done.output) == (5, True)
    (second / "1.trust.json").unlink()
    assert "POL-VERSION" in run("trust", "check", str(second)).output
    other = Office(office.here / "other")
    other.new("ada", threshold=1)
    other.sign("ada")
    done = run("trust", "update", court, str(other.stick("stick")))
    assert (done.exit_code, "keep both" in done.output) == (5, True)


def test_a_new_version_keeps_the_roots_unless_others_are_named(office: Office) -> None:
    assert office.new().exit_code == 0
    office.sign("bo", "ada")
    rows = json.loads(run("trust", "check", str(office.policy), "--json").stdout)["versions"]
    assert [(row["version"], row["roots"], sorted(row["signed_by"])) for row in rows] == [
        (1, ["ada", "bo", "cy"], ["ada", "cy"]),
        (2, ["ada", "bo", "cy"], ["ada", "bo"]),
    ]


@pytest.mark.parametrize(
    ("begun", "named"),
    [
        pytest.param(False, (), id="neither roots nor a threshold"),
        pytest.param(False, ("--threshold", "1"), id="no roots"),
        pytest.param(False, ("--root", "ada={ada}"), id="no threshold"),
        pytest.param(True, ("--root", "ada={ada}"), id="other roots without a threshold of theirs"),
    ],
)
def test_a_version_needs_roots_and_a_threshold_of_its_own_or_of_the_one_before(
    begun: bool, named: tuple[str, ...], office: Office
) -> None:
    folder = office.policy if begun else office.here / "another"
    words = [word.format(ada=office.here / "ada.pub") for word in named]
    done = run("trust", "new", str(folder), "--from", str(office.ledger), *words)
    assert (done.exit_code, "--root NAME=KEY and --threshold K" in done.stderr) == (2, True)
    assert (office.here / "another").exists() is False


def test_only_a_root_can_sign(office: Office) -> None:
    done = run("trust", "sign", str(office.policy), "--key", str(office.here / "dee"))
    assert (done.exit_code, "roots are ada, bo, cy" in done.output) == (5, True)


def test_an_expired_policy_is_not_taken_but_still_judges(tmp_path: Path) -> None:
    office = Office(tmp_path)
    assert office.new("ada", threshold=1, days="1").exit_code == 0
    office.sign("ada")
    stick, words = office.stick("stick"), office.words()
    later = ledger_choice.now().replace(year=2040)
    with pytest.MonkeyPatch.context() as at:
        at.setattr(ledger_choice, "now", lambda folder=None: later)
        done = run("trust", "update", str(tmp_path / "court"), str(stick), "--root-fingerprint", words)
        assert (done.exit_code, "POL-EXPIRED" in done.output) == (5, True)
        assert "POL-EXPIRED" in run("trust", "check", str(stick), "--root-fingerprint", words).output
        code, said = verified(office, "--trust", str(stick), "--root-fingerprint", words)
    assert (code, "POL-EXPIRED" in said) == (0, True)


def test_the_stick_says_what_to_compare_and_lists_every_file(office: Office) -> None:
    stick = office.stick("stick")
    text = (stick / "READ-ME.txt").read_text("utf-8")
    quads = re.findall(r"^    (\w{5}-\w{5}-\w{5}-\w{5})$", text, re.MULTILINE)
    assert "-".join(quads) == office.words()
    files = {str(p.relative_to(stick)) for p in stick.rglob("*") if p.is_file()} - {"SHA256SUMS"}
    assert {line.split("  ")[1] for line in (stick / "SHA256SUMS").read_text().splitlines()} == files
    assert subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=stick, check=False).returncode == 0
    assert run("trust", "stick", str(office.policy), str(stick)).exit_code == 2, "nothing is written over"


def test_plain_files_for_the_page_must_say_the_same(office: Office) -> None:
    stick = office.stick("stick")
    (stick / "page" / "policy").write_text("quorum none\n")
    assert "page/policy" in run("trust", "check", str(stick), "--root-fingerprint", office.words()).output


def test_a_policy_slipped_beside_the_versions_is_not_read(office: Office) -> None:
    stick = office.stick("stick")
    (stick / "policy").write_text("quorum none\n")
    assert verified(office, "--trust", str(stick), "--root-fingerprint", office.words())[0] == 0
    shutil.rmtree(stick)
    stick.mkdir()
    (stick / "policy").write_text("quorum none\n")
    code, said = verified(office, "--trust", str(stick), "--root-fingerprint", "ab" * 32)
    assert (code, "no signed trust policy" in said) == (4, True)


def test_the_sizes_of_a_log_whose_key_was_replaced_are_signed_with_the_rest(tmp_path: Path) -> None:
    house = Rotating(tmp_path)
    key_files.new(tmp_path / "ada")
    assert house.run("key", "rotate-log", "--yes").exit_code == 0
    house.reply("trust", "new", str(tmp_path / "policy"), "--root", f"ada={tmp_path / 'ada.pub'}", "--threshold", "1")
    said = parse_version((tmp_path / "policy" / "1.trust.json").read_bytes()).said
    old, new = said.sizes
    assert (old.first, old.end, new.end) == (0, new.first, UNSET)
    assert f"log {old.key}\nlog {new.key}\n" in said.own.policy


def test_the_sizes_of_a_second_key_are_signed_beside_those_of_the_first(tmp_path: Path) -> None:
    house = Rotating(tmp_path)
    key_files.new(tmp_path / "ada")
    assert house.run("key", "add-log", "--yes").exit_code == 0
    begins = house.reply("checkpoint")["size"] - 1
    for algorithm in ("ed25519", "ml-dsa-44"):
        assert house.run("key", "rotate-log", "--algorithm", algorithm, "--yes").exit_code == 0
    house.reply("trust", "new", str(tmp_path / "policy"), "--root", f"ada={tmp_path / 'ada.pub'}", "--threshold", "1")
    said = parse_version((tmp_path / "policy" / "1.trust.json").read_bytes()).said
    first, third, second, fourth = said.sizes
    assert said.algorithms == ("ed25519", "ml-dsa-44")
    assert (first.first, first.end, third.end) == (0, third.first, UNSET)
    assert (second.first, second.end, fourth.end) == (begins, fourth.first, UNSET)
    assert f"log {first.key}\nlog {second.key}\nlog {third.key}\nlog {fourth.key}\n" in said.own.policy


def test_who_is_to_sign_can_read_what_they_sign(office: Office) -> None:
    assert office.new().exit_code == 0
    done = run("trust", "check", str(office.policy))
    assert (done.exit_code, "POL-THRESHOLD" in done.stderr) == (4, True)
    for file in ("policy", "registrar"):
        assert (office.ledger / "trust" / file).read_text("utf-8").strip() in done.stdout


# -- a trust folder without versions -----------------------------------------------------------------------------------


def plain_stick(folder: Path, *more: str) -> tuple[Path, Path]:
    ledger, stick = ledger_of("S1", folder), folder / "stick"
    done = run("trust", "stick", str(ledger / "trust"), str(stick), *more)
    assert done.exit_code == 0, done.output
    return ledger, stick


def words_in(stick: Path) -> str:
    """Return the fingerprint as READ-ME.txt of a stick has it."""
    text = (stick / "READ-ME.txt").read_text("utf-8")
    return "-".join(re.findall(r"^    (\w{5}-\w{5}-\w{5}-\w{5})$", text, re.MULTILINE))


def test_a_stick_is_made_of_an_ordinary_trust_folder_and_of_its_ledger(tmp_path: Path) -> None:
    ledger, stick = plain_stick(tmp_path)
    bundle = made(ledger)
    assert run("verify", str(bundle), "--trust", str(stick)).exit_code == 3, "it lies beside the bundle"
    assert run("verify", str(bundle), "--trust", str(stick), "--trust-came", "apart").exit_code == 0
    assert {path.name for path in stick.iterdir()} - {"OPEN-ME-FIRST.html"} == {
        *("policy", "registrar", "READ-ME.txt", "SHA256SUMS")
    }
    assert run("trust", "stick", str(ledger), str(tmp_path / "other")).exit_code == 0
    for file in stick.iterdir():
        assert (tmp_path / "other" / file.name).read_bytes() == file.read_bytes()
    assert subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=stick, check=False).returncode == 0


def test_the_words_of_a_plain_stick_are_those_that_the_office_reads_from_its_own_folder(tmp_path: Path) -> None:
    ledger, stick = plain_stick(tmp_path)
    words = words_in(stick)
    done = run("trust", "check", str(ledger / "trust"), "--json")
    assert (done.exit_code, json.loads(done.stdout)["words"]) == (3, words)
    done = run("trust", "check", str(stick), "--root-fingerprint", words, "--json")
    assert (done.exit_code, json.loads(done.stdout)["pinned"]) == (0, True)
    bundle = str(made(ledger))
    assert run("verify", bundle, "--trust", str(stick), "--root-fingerprint", words).exit_code == 0


@pytest.mark.parametrize("file", ["policy", "registrar", "others/xv/policy", "tsa/forged.pem"])
def test_another_file_in_a_plain_stick_has_another_fingerprint(file: str, tmp_path: Path) -> None:
    ledger, stick = plain_stick(tmp_path)
    words, bundle = words_in(stick), str(made(ledger))
    (stick / file).parent.mkdir(exist_ok=True, parents=True)
    (stick / file).write_bytes((ledger / "trust" / "registrar").read_bytes().replace(b"0", b"1", 1))
    done = run("verify", bundle, "--trust", str(stick), "--root-fingerprint", words)
    assert (done.exit_code, "TRUST-FORMAT" in done.output) == (4, True)


def test_the_fingerprint_of_a_folder_can_be_computed_with_a_shell(tmp_path: Path) -> None:
    _, stick = plain_stick(tmp_path)
    done = subprocess.run(
        ["bash", "-ec", "sha256sum policy registrar | sha256sum"], cwd=stick, capture_output=True, text=True, check=True
    )
    assert done.stdout[:64] in (stick / "READ-ME.txt").read_text("utf-8")


def test_a_stick_begins_with_the_page_and_keeps_the_shell_for_its_annex(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.reports.court_folder.verifier_page", lambda: b"<html>")
    _, stick = plain_stick(tmp_path)
    text = (stick / "READ-ME.txt").read_text("utf-8")
    assert text.startswith("START HERE\n\nOpen OPEN-ME-FIRST.html in a browser")
    assert text.index("ANNEX") < min(text.index("comity "), text.index("sha256sum"))
    assert max(map(len, text.splitlines())) <= 100


@pytest.mark.parametrize("lang", LANGUAGES[1:])
def test_a_stick_speaks_each_language(lang: str, tmp_path: Path) -> None:
    from tests.generate.messages import left_in_english

    _, stick = plain_stick(tmp_path, "--lang", lang)
    assert left_in_english((stick / "READ-ME.txt").read_text("utf-8"), lang) == []


def test_a_folder_that_is_no_trust_folder_makes_no_stick(tmp_path: Path) -> None:
    done = run("trust", "stick", str(tmp_path), str(tmp_path / "stick"))
    assert (done.exit_code, "it has no file named policy" in done.output) == (4, True)
    assert not (tmp_path / "stick").exists()
