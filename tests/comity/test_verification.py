"""`comity.verify` gives the verdict of the command on the same file, and the same refusals."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import partial
from inspect import signature
from pathlib import Path
from typing import Any

import pytest

import comity
from cli.terminal import file_io
from ledger.adapters.folders.handed_folder import read_named
from ledger.adapters.folders.read_trust import read_trust_folder
from ledger.trust.signed_policy import format_version, spoken
from tests.ledger.bundle.test_pdf_attachment import paper
from tests.support.cli import ledger_of, run

STORIES = ("S1", "S2", "S3", "S4", "S6")


def exported(story: str, folder: Path, name: str = "court.evidence.zip", *more: str) -> tuple[Path, Path]:
    """Export a bundle of a story for the court; return its path and that of its ledger."""
    ledger = ledger_of(story, folder)
    done = run("export", "main", "--audience", "COURT", "-o", str(folder / name), *more, ledger=ledger)
    assert done.exit_code == 0, done.output
    return folder / name, ledger


def said(bundle: Path, *more: str) -> Any:
    return json.loads(run("verify", str(bundle), *more, "--json").stdout)


def agree(bundle: Path, trust: Path | None = None, anchor: Path | None = None) -> None:
    typed = [word for name, path in (("--trust", trust), ("--anchor", anchor)) if path for word in (name, str(path))]
    report, command = comity.verify(bundle, trust, anchor), said(bundle, *typed)
    assert str(report.verdict) == command["verdict"]
    assert [reason.code for reason in report.reasons] == [reason["code"] for reason in command["reasons"]]
    assert [remark.code for remark in report.procedure] == [remark["code"] for remark in command["procedure"]]
    assert (report.entries, report.signatures) == (command["entries"], command["signatures"])


@pytest.mark.parametrize("story", STORIES)
def test_the_verdict_is_that_of_the_command(story: str, tmp_path: Path) -> None:
    bundle, ledger = exported(story, tmp_path)
    agree(bundle, ledger / "trust")


@pytest.fixture(scope="module")
def court(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return exported("S1", tmp_path_factory.mktemp("S1"))


def test_trust_and_anchor_mean_what_they_mean_to_the_command(court: tuple[Path, Path]) -> None:
    bundle, ledger = court
    agree(bundle)
    agree(bundle, ledger)
    agree(bundle, ledger / "trust" / "policy")
    agree(bundle, anchor=ledger / "log" / "checkpoint")


def test_bytes_and_read_trust_are_as_good_as_paths(court: tuple[Path, Path]) -> None:
    bundle, ledger = court
    anchor = (ledger / "log" / "checkpoint").read_bytes()
    trust = read_trust_folder(str(ledger / "trust"))
    now = datetime(2028, 1, 1, tzinfo=UTC)
    report = comity.verify(bundle.read_bytes(), trust, anchor, now)
    same = comity.verify(str(bundle), str(ledger / "trust"), ledger / "log" / "checkpoint", now)
    assert (report.steps, report.brackets, report.head) == (same.steps, same.brackets, same.head)
    assert report.verdict is comity.Verdict.PASSED


def test_a_bundle_that_was_cut_short_ends_in_a_report(court: tuple[Path, Path]) -> None:
    bundle, ledger = court
    report = comity.verify(bundle.read_bytes()[:-1000], ledger / "trust")
    assert (report.verdict, report.case) == (comity.Verdict.FAILED, None)


def test_a_bundle_in_a_pdf_is_taken_out(court: tuple[Path, Path]) -> None:
    bundle, ledger = court
    report = comity.verify(paper(bundle.read_bytes()), ledger / "trust")
    assert report.verdict is comity.Verdict.PASSED


def refused(code: str, *given: Any, **more: Any) -> None:
    with pytest.raises(comity.RecordError) as said:
        comity.verify(*given, **more)
    assert said.value.code == code


def test_what_is_no_bundle_is_refused_with_the_code_of_the_command(court: tuple[Path, Path], tmp_path: Path) -> None:
    bundle, ledger = court
    for data in (b"", b"hello", b"%PDF-1.7", b'{"payload":""}'):
        refused("BND-NONE", data)
    refused("TRUST-FORMAT", bundle, tmp_path)
    refused("TRUST-FORMAT", bundle, ledger / "trust", root_fingerprint="no words")
    refused("TRUST-FORMAT", bundle, ledger / "trust", root_fingerprint="ab" * 32)
    refused("CP-FORMAT", bundle, ledger / "trust", b"no checkpoint")


def test_a_link_in_a_trust_folder_is_not_followed(court: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "policy").symlink_to("/dev/zero")
    refused("NOT-A-FILE", court[0], tmp_path)


def test_a_file_without_end_is_read_up_to_the_bound_of_the_command(
    court: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert signature(read_named).parameters["most"].default == file_io.MOST == 5 << 27
    monkeypatch.setattr("comity.verification.read_named", partial(read_named, most=1 << 16))
    refused("NOT-A-FILE", "/dev/zero")
    refused("NOT-A-FILE", court[0].read_bytes(), "/dev/zero")
    refused("NOT-A-FILE", court[0].read_bytes(), None, "/dev/zero")


def test_a_file_that_is_not_there_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        comity.verify(tmp_path / "nothing.zip")
    with pytest.raises(IsADirectoryError):
        comity.verify(tmp_path)


def test_a_moment_without_a_time_zone_is_a_value_error(court: tuple[Path, Path]) -> None:
    with pytest.raises(ValueError, match="time zone"):
        comity.verify(court[0], now=datetime(2028, 1, 1))  # noqa: DTZ001


def test_signed_versions_are_believed_by_their_fingerprint(court: tuple[Path, Path], tmp_path: Path) -> None:
    from tests.ledger.trust.test_signed_policy import FIRST

    (tmp_path / "1.trust.json").write_bytes(format_version(FIRST))
    refused("NO_TRUST_ANCHOR", court[0], tmp_path)
    report = comity.verify(court[0], tmp_path, root_fingerprint=spoken(FIRST.fingerprint))
    assert report.verdict is not comity.Verdict.PASSED  # the trusted policy is that of another log
    (tmp_path / "fingerprint").write_text(FIRST.fingerprint)
    refused("NO_TRUST_ANCHOR", court[0], tmp_path)
