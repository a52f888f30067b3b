"""The page and the program agree on ledgers with dishonest signers (tests/fuzz): from fixed seeds, and stored ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.support.node import Page
from tests.fuzz.cases import case
from tests.fuzz.oracle import failures
from tests.fuzz.shrink import described
from tests.fuzz.test_fuzz import KEPT, kept

pytestmark = pytest.mark.browser

CASES = 150


def test_program_and_page_agree_on_worlds_whose_signers_lie(node: Page) -> None:
    for seed in range(CASES):
        drawn = case(seed)
        found = failures(drawn.script, drawn.expects, node, honest=drawn.honest)
        assert [f for f in found if not f.open] == [], f"{seed}: {drawn.what}"


@pytest.mark.parametrize("file", KEPT, ids=lambda file: file.stem)
def test_program_and_page_agree_on_what_was_wrong_once(file: Path, node: Page) -> None:
    script = kept(file)
    found = failures(script.script, script.expects, node, thorough=True, honest=not script.expects)
    assert not found, described(script)
