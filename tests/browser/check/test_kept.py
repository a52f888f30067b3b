"""The page and the program agree on bundles that the first version made."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.handover.trust_folder import read_trust
from ledger.adapters.timestamps.rfc3161 import read_stamp
from ledger.verify.evidence_bundle import verify
from tests.browser.check.test_conformance import differences
from tests.browser.support.node import Page
from tests.browser.support.recorder import question, report_fields
from tests.support.kept_files import VERDICTS, expected, unpacked
from tests.support.memory_ledger import NOW

pytestmark = pytest.mark.browser

BUNDLES = [case for case in VERDICTS if case[0].endswith(".zip") and case[1] != "stick"]


@pytest.fixture(scope="module")
def court(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpacked("court", tmp_path_factory.mktemp("kept"))


@pytest.mark.parametrize("case", BUNDLES, ids=" under ".join)
def test_the_page_says_of_a_bundle_of_the_first_version_what_the_program_says(
    case: tuple[str, str], court: Path, node: Page
) -> None:
    data = (court / case[0]).read_bytes()
    trust = read_trust(str(court / case[1])) if case[1] else None
    wanted = report_fields(verify(data, trust, None, NOW, stamps=read_stamp))
    ours = node.ask("verify", **question(data, trust, None, NOW, stamps=True))
    assert not differences(ours, wanted)
    assert ours["verdict"] == expected(case)[1]
