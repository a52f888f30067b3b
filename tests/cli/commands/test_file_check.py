"""Before a filing is handed out, its papers are compared with its bundle, and what they say to type is typed."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cli.commands.file import check
from cli.exit_codes import Exit, Stop
from ledger.adapters.folders.read_trust import lies_beside
from tests.ledger.bundle.test_pdf_attachment import paper
from tests.support.memory_ledger import Ledger, small

NAME = "court.evidence.zip"
VERIFY = f"comity verify {NAME} --trust TRUST --anchor CHECKPOINT"


class Filing:
    """A folder with a bundle, a paper that carries it, and a trust folder; `check` runs over reports of it."""

    def __init__(self, folder: Path) -> None:
        self.ledger, ilves = small()
        bundle = self.ledger.bundle(ilves)
        self.folder, self.files = folder, {NAME: bundle, "custody.pdf": paper(bundle), "letter.pdf": paper(b"")}
        for name, data in self.files.items():
            (folder / name).write_bytes(data)
        self.trusting(self.ledger)

    def trusting(self, ledger: Ledger) -> None:
        (self.folder / "trust").mkdir(exist_ok=True)
        for name, data in ledger.trust_files().items():
            (self.folder / "trust" / name).write_bytes(data)

    def report(self, *typed: str, **head: Any) -> Any:
        """Return a report that prints these commands and the checkpoint of the bundle, changed by `head`."""
        origin, size, root = self.ledger.checkpoint().decode().split("\n")[:3]
        printed = SimpleNamespace(**({"origin": origin, "size": int(size), "root": root} | head))
        commands = [SimpleNamespace(type=each) for each in typed]
        return SimpleNamespace(face=SimpleNamespace(making=SimpleNamespace(head=printed), commands=commands))

    def check(self, *reports: Any) -> str:
        return check(self.folder, self.files, reports)

    def refused(self, *reports: Any) -> str:
        with pytest.raises(Stop) as refused:
            self.check(*reports)
        assert refused.value.code == Exit.REFUSED
        return refused.value.message


@pytest.fixture
def filing(tmp_path: Path) -> Filing:
    return Filing(tmp_path)


def test_the_verdict_of_a_filing_is_that_of_the_first_command_that_verifies(filing: Filing) -> None:
    assert filing.check(filing.report("sha256sum FILE"), filing.report(VERIFY), filing.report(VERIFY)) == "TOTAL-PASSED"


def test_a_paper_without_a_checkpoint_is_not_handed_out(filing: Filing) -> None:
    bare = filing.report(VERIFY)
    bare.face.making.head = None
    assert "names no checkpoint" in filing.refused(filing.report(VERIFY), bare)


@pytest.mark.parametrize("head", [{"origin": "ledger.test/xo/else"}, {"size": 4}, {"root": "A" * 43 + "="}], ids=str)
def test_a_paper_with_another_checkpoint_than_the_bundle_is_not_handed_out(filing: Filing, head: Any) -> None:
    assert "another checkpoint" in filing.refused(filing.report(VERIFY), filing.report(**head))


def test_papers_are_not_handed_out_if_the_bundle_fails_under_the_trust_of_the_filing(filing: Filing) -> None:
    filing.trusting(small(origin="ledger.test/xo/else")[0])
    assert "what the papers say to type ends in" in filing.refused(filing.report(VERIFY))


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "sha256sum FILE",
        f"unzip {NAME} manifest.dsse.json",
        "pdfdetach -saveall custody.pdf",
        f"comity check FILE --bundle {NAME} --trust TRUST",
    ],
)
def test_a_command_that_does_what_the_paper_says_is_handed_out(filing: Filing, typed: str) -> None:
    assert filing.check(filing.report(typed)) == ""


@pytest.mark.parametrize(
    ("ended", "held"),
    [
        (Exit.PROVED_BAD, True),
        (Exit.UNDECIDABLE, True),
        (Exit.DONE, False),
        (Exit.FINDINGS, False),
        (None, False),
    ],
)
def test_a_check_of_a_file_that_was_not_disclosed_must_not_end_well(
    ended: Exit | None, held: bool, filing: Filing, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []

    def main(words: list[str], **_: Any) -> Exit | None:
        asked.append(words)
        return ended

    monkeypatch.setattr("cli.commands.check.check.main", main)
    typed = f"comity check FILE --bundle {NAME} --trust TRUST"
    if held:
        assert filing.check(filing.report(typed)) == ""
    else:
        assert f"a paper says to type {typed!r}" in filing.refused(filing.report(typed))
    bundle = str(filing.folder / NAME)
    ((*words, trust),) = asked
    assert words == [bundle, "--bundle", bundle, "--trust"]
    assert not lies_beside(trust, bundle), "as a reader has it, to whom it came by another way"


@pytest.mark.parametrize(
    "typed",
    [f"unzip {NAME} absent.json", "pdfdetach -saveall letter.pdf", "comity judge main", "rm FILE"],
)
def test_a_command_that_does_something_else_is_not_handed_out(filing: Filing, typed: str) -> None:
    assert f"a paper says to type {typed!r}" in filing.refused(filing.report(typed))
