"""Whatever stands in a record, it is read: the law comments, it refuses nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.facts import KINDS
from ledger.facts.vocabulary import INSTRUMENTS, ROLES
from ledger.law import CHECKS, judge
from ledger.law.reading import Reading
from ledger.law.rules import Verdict
from ledger.order import Case, Entry, Unread
from tests.story import OFFICES, PARTIES, case, issued, leaf
from tests.told import facts

BEGINS = datetime(2026, 8, 1, tzinfo=UTC)
CODES = {check.code for check in CHECKS}
REFERENCES = ("event", "list[event]")
labels = st.integers(0, 12).map(lambda n: leaf(str(n)))


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    """An entry of any kind by anybody: well formed, its references drawn so that many reach another entry."""
    told = draw(facts())
    public = dict(told.public)
    for name, field in KINDS[told.kind].fields().items():
        if field.type in REFERENCES and name in public:
            public[name] = draw(labels if field.type == "event" else st.lists(labels, max_size=2))
    sealed = {name: draw(st.sampled_from([value, value, *Unread])) for name, value in told.sealed.items()}
    by = draw(st.sampled_from([*OFFICES, "stranger"]))
    on = BEGINS + timedelta(hours=draw(st.integers(0, 3000)))
    return Entry(
        leaf=leaf(str(draw(st.integers(0, 12)))),
        index=0,
        order="main",
        seq=1,
        kind=told.kind,
        instrument=None,
        by=by,
        role=draw(st.one_of(st.sampled_from(KINDS[told.kind].signers), st.sampled_from(sorted(ROLES)))),
        party="XO",
        key="00" * 32,
        speaks=draw(st.sampled_from(["act", "act", "observation", "import"])),
        on=on,
        at=on + timedelta(hours=draw(st.sampled_from([-5, 0, 0, 0, 1, 30, 900]))),
        on_source=draw(st.sampled_from(["own-act", "receipt-stamp"])),
        whose=draw(st.sampled_from([None, None, "skylark", "stranger"])),
        replaces=draw(st.one_of(st.none(), st.none(), labels)),
        public=public,
        sealed=sealed,
    )


@st.composite
def records(draw: st.DrawFn) -> Case:
    """An order under any instrument, with anything at all recorded after it and in the register."""
    instrument = draw(st.sampled_from(sorted(INSTRUMENTS)))
    ground = case([issued("2026-08-01T09:00Z", instrument)], instrument, parties=PARTIES, offices=OFFICES)
    said = draw(st.lists(entries(), max_size=9))
    first = len(ground.registry) + 1
    order = [*ground.entries, *(replace(e, index=first + n, leaf=leaf(str(n))) for n, e in enumerate(said))]
    more = [replace(e, index=100 + n) for n, e in enumerate(draw(st.lists(entries(), max_size=3)))]
    return replace(ground, entries=tuple(order), registry=(*ground.registry, *more))


@settings(max_examples=40, deadline=None)
@given(records(), st.integers(0, 6000))
def test_no_record_stops_the_reader_and_every_clock_makes_sense(record: Case, hours: int) -> None:
    at = BEGINS + timedelta(hours=hours)
    reading = Reading.known(record, at)
    known = {e.leaf for e in reading.case.entries}
    for clock in reading.clocks:
        assert known.issuperset(clock.entries)
        assert clock.steps or clock.count is None
        if clock.due is None:
            assert clock.verdict is Verdict.UNDETERMINED
        elif clock.verdict is Verdict.OPEN:
            assert at < clock.due + timedelta(hours=24)
    assert {f.code for f in judge(record, at).findings} <= CODES
