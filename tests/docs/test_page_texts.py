"""The texts of the verifier page agree with the program."""

from __future__ import annotations

import pytest

from browser.build import languages
from ledger.verify.report import VerificationStep


@pytest.mark.parametrize(("language", "step"), [("en", "step"), ("de", "Schritt")])
def test_the_page_names_the_step_that_it_leaves_to_the_program_by_its_number(language: str, step: str) -> None:
    assert f": {step} {VerificationStep.PROCEDURE}," in languages()[language]["page"]["law-by"]
