"""The types of the vocabulary: what is typed has a form, and the stricter one of its type."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.facts.value_forms import FormError, check_before_signing
from ledger.facts.value_types import FileName, Language, Numbered, Reference, Treaty, Zone, form_of


@pytest.mark.parametrize(
    ("form", "good", "bad"),
    [
        (Reference, ["PPO-2026-123", "news", "a"], ["", "...", "-x", "new", "11111111-2222-4333-8444-555555555555"]),
        (Numbered, ["EX-1", "new", "-1"], ["", "...", " EX", "EX ", "a\nb"]),
        (FileName, ["a", "...", ".x"], ["", ".", "..", "a/b", "a\\b", "a\nb"]),
        (Zone, ["Europe/Oslo"], ["Europe/Oslos", "europe/oslo", ""]),
        (Treaty, ["2AP=2027-01-01"], ["2AP=2027-02-30", "=2027-01-01", "2AP=2027-01-01x", "2AP=2027"]),
        (Language, ["en"], ["EN", "eng", "e"]),
    ],
)
def test_a_value_that_is_typed_has_a_stricter_form_than_one_on_record(
    form: Any, good: list[str], bad: list[str]
) -> None:
    for text in good:
        check_before_signing(form_of(form), text)
    for text in bad:
        with pytest.raises(FormError):
            check_before_signing(form_of(form), text)
