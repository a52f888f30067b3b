"""How the trust came: by what the user says, or by the place of what was given; and what was typed from paper."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from cli.exit_codes import Exit
from ledger.adapters.folders.user_folders import Home
from ledger.verify.exhibits import verify_exhibit
from tests.support.cli import run
from tests.support.memory_ledger import Ledger, small

ALONE = "Consistent in itself; whose it is was not shown."


def court(folder: Path) -> tuple[Ledger, Path]:
    """Return a ledger and a file with a bundle of it."""
    ledger, ilves = small()
    folder.mkdir(parents=True, exist_ok=True)
    bundle = folder / "court.evidence.zip"
    bundle.write_bytes(ledger.bundle(ilves))
    return ledger, bundle


def trusted(ledger: Ledger, folder: Path) -> str:
    folder.mkdir(parents=True)
    for name, data in ledger.trust_files().items():
        (folder / name).write_bytes(data)
    return str(folder)


def verified(bundle: Path, *args: str) -> tuple[int, str, list[str], str]:
    done = run("verify", str(bundle), *args, "--json")
    report: dict[str, Any] = json.loads(done.stdout)
    return done.exit_code, report["verdict"], [r["code"] for r in report["reasons"]], report["headline"]


@pytest.mark.parametrize("place", ["filing/trust", "filing/keys/office/trust", "trust", "filing"])
def test_trust_in_or_next_to_the_folder_of_a_bundle_came_with_it(tmp_path: Path, place: str) -> None:
    ledger, bundle = court(tmp_path / "stick" / "filing")
    held = tmp_path / "stick" / place
    if held.is_dir():
        held = held.parent / "filing"
        for name, data in ledger.trust_files().items():
            (held / name).write_bytes(data)
    else:
        trusted(ledger, held)
    alone = (Exit.FINDINGS, "INDETERMINATE", ["NO_TRUST_ANCHOR"], ALONE)
    assert verified(bundle, "--trust", str(held)) == alone
    assert verified(bundle, "--trust", str(held), "--trust-came", "with") == alone
    for came in ("apart", "voice"):
        assert verified(bundle, "--trust", str(held), "--trust-came", came)[:3] == (0, "TOTAL-PASSED", [])


def test_trust_from_elsewhere_needs_no_word_and_may_be_said_to_have_come_with_the_bundle(tmp_path: Path) -> None:
    ledger, bundle = court(tmp_path / "stick" / "filing")
    held = trusted(ledger, tmp_path / "home" / "trust")
    assert verified(bundle, "--trust", held)[:3] == (0, "TOTAL-PASSED", [])
    assert verified(bundle, "--trust", held, "--trust-came", "with")[2] == ["NO_TRUST_ANCHOR"]


def test_a_link_to_the_folder_of_the_bundle_is_that_folder(tmp_path: Path) -> None:
    ledger, bundle = court(tmp_path / "stick" / "filing")
    trusted(ledger, bundle.parent / "trust")
    (tmp_path / "mine").symlink_to(bundle.parent / "trust")
    assert verified(bundle, "--trust", str(tmp_path / "mine"))[2] == ["NO_TRUST_ANCHOR"]


def test_what_the_user_keeps_in_the_own_folders_is_apart_wherever_they_lie(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger, bundle = court(tmp_path / "home")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home" / "config"))
    held = trusted(ledger, tmp_path / "home" / "config" / "comity" / "trust")
    assert verified(bundle, "--trust", held)[:3] == (0, "TOTAL-PASSED", [])


@pytest.mark.parametrize("kept", [True, False])
def test_the_ledger_in_the_current_folder_is_the_users_own_if_the_user_keeps_the_guard_of_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: bool
) -> None:
    ledger, bundle = court(tmp_path / "office")
    trusted(ledger, bundle.parent / "trust")
    (bundle.parent / "entries.db").write_bytes(b"")
    monkeypatch.chdir(bundle.parent)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    if kept:
        Home.user().log(ledger.origin).mkdir(parents=True)
    assert verified(bundle, "--trust", "trust")[2] == ([] if kept else ["NO_TRUST_ANCHOR"])


def test_a_checkpoint_from_elsewhere_vouches_for_the_head_and_not_for_the_enclosed_trust(tmp_path: Path) -> None:
    ledger, bundle = court(tmp_path / "stick" / "filing")
    held = trusted(ledger, bundle.parent / "trust")
    typed = tmp_path / "typed.txt"
    typed.write_bytes(ledger.checkpoint().partition(b"\n\n")[0] + b"\n")
    assert verified(bundle, "--trust", held, "--anchor", str(typed))[:3] == (0, "TOTAL-PASSED", [])
    typed.write_bytes(ledger.checkpoint(2).partition(b"\n\n")[0] + b"\n")
    _, verdict, codes, _ = verified(bundle, "--trust", held, "--anchor", str(typed))
    assert (verdict, codes[0]) == ("INDETERMINATE", "NO_TRUST_ANCHOR")


def test_a_checkpoint_beside_the_bundle_and_trust_from_elsewhere_pass(tmp_path: Path) -> None:
    ledger, bundle = court(tmp_path / "stick" / "filing")
    beside = bundle.parent / "checkpoint"
    beside.write_bytes(ledger.checkpoint())
    assert verified(bundle, "--anchor", str(beside))[2] == ["NO_TRUST_ANCHOR"]
    held = trusted(ledger, tmp_path / "home" / "trust")
    assert verified(bundle, "--trust", held, "--anchor", str(beside))[:3] == (0, "TOTAL-PASSED", [])


def test_what_was_typed_is_shown_under_what_is_there_and_is_a_failure_only_as_printed(tmp_path: Path) -> None:
    ledger, bundle = court(tmp_path / "stick" / "filing")
    held = trusted(ledger, tmp_path / "home" / "trust")
    origin, size, root = ledger.checkpoint().decode().split("\n")[:3]
    wrong = f"{root[:16]}{'A' if root[16] != 'A' else 'B'}{root[17:]}"
    typed = tmp_path / "typed.txt"
    typed.write_text(f"{origin}\n{size}\n{wrong}\n", "utf-8")
    given = ("--trust", held, "--anchor", str(typed))
    done = run("verify", str(bundle), *given)
    assert done.exit_code == Exit.FINDINGS
    assert "passed" not in done.stdout.lower()
    lines = done.stdout.splitlines()
    at = lines.index(f"  you typed  {wrong}")
    assert lines[at + 1 : at + 3] == [f"  it has     {root}", f"             {' ' * 16}^"]
    assert verified(bundle, *given)[1:3] == ("INDETERMINATE", ["ANCHOR-TYPED"])
    failed = (Exit.PROVED_BAD, "TOTAL-FAILED", ["ANCHOR-MISMATCH"])
    assert verified(bundle, *given, "--typed-as-printed")[:3] == failed


def test_a_signed_checkpoint_with_another_root_is_written_with_that_of_the_bundle_as_an_exhibit(tmp_path: Path) -> None:
    ledger, bundle = court(tmp_path / "stick" / "filing")
    held = trusted(ledger, tmp_path / "home" / "trust")
    note, exhibit = tmp_path / "checkpoint", tmp_path / "split.json"
    note.write_bytes(ledger.checkpoint(root=bytes(32)))
    done = run("verify", str(bundle), "--trust", held, "--anchor", str(note), "-o", str(exhibit))
    assert done.exit_code == Exit.PROVED_BAD
    assert verify_exhibit(exhibit.read_bytes(), ledger.trust()).reasons[0].code == "SPLIT-VIEW"


@pytest.mark.parametrize("option", [("--trust-came", "apart"), ("--typed-as-printed",)])
def test_a_word_on_what_was_not_given_is_refused(tmp_path: Path, option: tuple[str, ...]) -> None:
    _, bundle = court(tmp_path)
    assert run("verify", str(bundle), *option).exit_code == Exit.USAGE


def test_a_command_that_reads_a_bundle_takes_the_same_words(tmp_path: Path) -> None:
    ledger, bundle = court(tmp_path / "stick" / "filing")
    held = trusted(ledger, bundle.parent / "trust")
    read = ("custody", "--bundle", str(bundle), "--trust", held)
    assert run(*read).exit_code == Exit.FINDINGS
    assert run(*read, "--trust-came", "apart").exit_code == 0
    other, _ = small(origin="ledger.test/xo/other")
    shutil.rmtree(held)
    trusted(other, Path(held))
    done = run(*read, "--trust-came", "apart")
    assert (done.exit_code, "was not judged, and nothing in it is read" in done.output) == (Exit.FINDINGS, True)
