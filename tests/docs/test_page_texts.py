"""The texts of the verifier page agree with the program."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ledger.verify.report import VerificationStep

TEXTS = Path(__file__).parents[2] / "browser" / "texts"


@pytest.mark.parametrize(("language", "step"), [("en", "step"), ("de", "Schritt")])
def test_the_page_names_the_step_that_it_leaves_to_the_program_by_its_number(language: str, step: str) -> None:
    texts = json.loads((TEXTS / f"{language}.json").read_text("utf-8"))
    assert f": {step} {VerificationStep.PROCEDURE}," in texts["page"]["law-by"]
