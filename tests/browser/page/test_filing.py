"""The files of one filing in the page, used as its reports instruct: the verdict is that of the program."""

from __future__ import annotations

import re
from base64 import b64encode
from pathlib import Path

import pytest

from cli.handover.trust_folder import read_trust
from cli.session import ledger_choice
from ledger.verify.evidence_bundle import verify
from tests.browser.support.node import Page
from tests.browser.support.recorder import question, report_fields
from tests.cli.commands.test_file import checkpoint, filed, printed

pytestmark = pytest.mark.browser


def test_page_and_program_agree_on_what_is_filed_with_the_lines_that_its_papers_print(
    node: Page, tmp_path: Path
) -> None:
    _, filing = filed(tmp_path)
    bundle = (filing / "court.evidence.zip").read_bytes()
    for paper in filing.glob("*.pdf"):
        assert node.ask("inside", data=paper.read_bytes()) == b64encode(bundle).decode()
        lines = checkpoint(printed(paper))
        trust, now = read_trust(str(filing / "trust")), ledger_choice.now()
        report = verify(bundle, trust, lines.encode(), now)
        said = node.ask("verify", **question(bundle, trust, lines.encode(), now))
        assert (str(report.verdict), said["verdict"]) == ("TOTAL-PASSED", "TOTAL-PASSED")
        assert said["reasons"] == report_fields(report)["reasons"] == []
        other = re.sub(r"\n(\d+)\n", lambda size: f"\n{int(size[1]) + 1}\n", lines)  # the next size of the log
        page = node.ask("verify", **question(bundle, trust, other.encode(), now))
        program = verify(bundle, trust, other.encode(), now)
        assert page["verdict"] == str(program.verdict) == "INDETERMINATE"
        assert [r["code"] for r in page["reasons"]] == [r.code for r in program.reasons] == ["ANCHOR-MISMATCH"]
