"""One more entry, not on record, is judged under the instrument of its order; what was found before is no news."""

from __future__ import annotations

from msgspec.structs import replace

from ledger.entries.case import Case
from ledger.law import judge, new_findings, with_entry
from tests.support.story_files import cases

CASE: Case = next(iter(cases("S1").values()))


def test_the_first_entry_of_an_order_brings_its_instrument_and_a_later_one_does_not() -> None:
    first, later = CASE.entries[0], replace(CASE.entries[1], instrument="EPOC")
    empty = replace(CASE, instrument="", entries=())
    assert (first.instrument, with_entry(empty, first).instrument) == (CASE.instrument, CASE.instrument)
    one = replace(CASE, entries=(first,))
    assert with_entry(one, later) == replace(one, entries=(first, later))
    assert with_entry(one, replace(later, instrument=None)).instrument == CASE.instrument
    assert with_entry(empty, replace(later, instrument=None)).instrument == ""


def test_only_what_an_entry_adds_to_the_findings_is_new() -> None:
    wrong: Case = next(iter(cases("wrong-on-every-count").values()))
    *before, last = wrong.entries
    at = last.received or last.at
    shorter = replace(wrong, entries=tuple(before))
    known = {(f.code, f.entries) for f in judge(shorter, at).findings}
    new = new_findings(shorter, last, at)
    assert known
    assert new == tuple(f for f in judge(wrong, at).findings if (f.code, f.entries) not in known)
    first = replace(wrong, instrument="", entries=())
    assert new_findings(first, before[0], at) == judge(with_entry(first, before[0]), at).findings
