"""The sums between the two statistical forms are the same in every run."""

from __future__ import annotations

from collections import Counter

from projections.statistics.counting import key_of
from projections.statistics.forms import OTHERS, REQUESTS, between


def test_the_sums_between_the_two_forms_name_their_terms_in_one_order() -> None:
    codes = ("2AP-7", "2AP-8", "BC-16", "BC-18", "BC-31", "COA", "SCA", "UNCC-42")
    named = {key_of(REQUESTS) | {f"instrument/{code}"} for code in codes}
    sums = [terms for key, terms, _ in between(Counter(named)) if key == key_of(OTHERS) and len(terms) == len(codes)]
    assert sums == [sorted(named, key=sorted)]
