"""The verifier page finds the bundle of a signed paper where the program finds it, and nowhere else."""

from __future__ import annotations

from base64 import b64encode

import pytest

from tests.browser.support.node import Page
from tests.support.signatures.signed_papers import CASES, case

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("name", list(CASES))
def test_the_page_finds_the_bundle_of_a_signed_paper_or_none_as_the_program_does(name: str, node: Page) -> None:
    pdf, inside = case(name)
    assert node.ask("inside", data=pdf) == (inside and b64encode(inside).decode())
