"""A moment that is written can be read again, whatever its year: lists of orders keep what the law computed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from msgspec.structs import replace

from ledger.entries.case import Case, Entry, Unread, check_dates, instant, joined, linked, replacements, wire
from ledger.errors import RecordError
from ledger.law.terms.computation import utc


@pytest.mark.parametrize("year", [1, 850, 999, 1000, 2026, 9999])
def test_a_moment_of_any_year_is_read_as_it_was_written(year: int) -> None:
    moment = datetime(year, 6, 1, 12, 30, 59, tzinfo=UTC)
    assert instant(wire(moment)) == moment
    assert wire(moment) == utc(moment)


def test_fractions_and_other_zones_are_not_written() -> None:
    oslo = timezone(timedelta(hours=2))
    assert wire(datetime(2026, 11, 24, 15, 37, 44, 999_999, tzinfo=oslo)) == "2026-11-24T13:37:44Z"


def one(index: int, *, on: int, at: int, received: int | None = None, **more: Any) -> Entry:
    hours = [None if hour is None else datetime(2027, 3, 1, hour, tzinfo=UTC) for hour in (on, at, received)]
    names: dict[str, Any] = {"instrument": "2AP-7", "role": "ISS", "party": "XO", "key": "k", "speaks": "act"}
    said: dict[str, Any] = {**names, "by": "ilves", "kind": "order-issued", **more}
    return Entry(f"{index:064x}", index, "o", index + 1, on=hours[0], at=hours[1], received=hours[2], **said)  # type: ignore[arg-type]


def test_a_case_at_a_moment_has_what_was_recorded_and_what_had_happened_by_then() -> None:
    entries = (one(0, on=9, at=9), one(1, on=8, at=12), one(2, on=12, at=12), one(3, on=9, at=9, received=13))
    case = Case("o", "2AP-7", entries, entries[:2], "label")
    noon = datetime(2027, 3, 1, 12, tzinfo=UTC)
    before = noon - timedelta(seconds=1)
    assert [e.index for e in case.known(noon).entries] == [0, 1, 2]
    assert [e.index for e in case.known(before).entries] == [0]
    assert [e.index for e in case.known(before).registry] == [0]
    assert [e.index for e in case.happened(noon).entries] == [0, 1, 2, 3]
    assert [e.index for e in case.happened(before).entries] == [0, 1, 3]
    assert case.happened(before).registry == case.registry
    for there in (case.known(noon), case.happened(noon)):
        assert (there.order, there.instrument, there.label) == ("o", "2AP-7", "label")


def test_an_entry_is_replaced_by_a_later_one_of_the_same_signer_and_log_that_held_its_role() -> None:
    old, noon = one(5, on=9, at=9), datetime(2027, 3, 1, 12, tzinfo=UTC)
    new = one(6, on=12, at=12, replaces=old.leaf)
    again = one(7, on=9, at=9, replaces=old.leaf)
    assert replacements([old, new, again], noon) == {old.leaf: (new, again)}
    assert replacements([old, new], noon - timedelta(seconds=1)) == {}
    for wrong in (
        one(6, on=9, at=9, replaces=old.leaf, by="other"),
        one(6, on=9, at=9, replaces=old.leaf, held=False),
        one(6, on=9, at=9, replaces=old.leaf, origin="ledger.test/xv", place=9),
        one(4, on=9, at=9, replaces=old.leaf),
        one(6, on=9, at=9, replaces="ff" * 32),
    ):
        assert replacements([old, wrong], noon) == {}
    there = one(8, on=9, at=9, origin="ledger.test/xv", place=1)
    after = one(7, on=9, at=9, origin="ledger.test/xv", place=2, replaces=there.leaf)
    assert replacements([there, after], noon) == {there.leaf: (after,)}


def test_the_orders_that_entries_name_are_listed_once_in_their_order() -> None:
    entries = [
        one(0, on=9, at=9, public={"prior_order": "a"}),
        one(1, on=9, at=9, public={"new_order": "b", "prior_order": "a"}),
        one(2, on=9, at=9, public={}),
    ]
    assert linked(entries) == ("a", "b")


@pytest.mark.parametrize(
    "text",
    ["", "2027-03-01", "2027-03-01T09:00:00", "2027-03-01T24:00:00Z", "2027-02-29T09:00:00Z", "x2027-03-01T09:00:00Z"],
)
def test_a_text_of_another_form_is_no_moment(text: str) -> None:
    with pytest.raises(ValueError):
        instant(text)


SECOND, MINUTES = timedelta(seconds=1), timedelta(minutes=5)
START = datetime(1970, 1, 1, tzinfo=UTC)


def test_an_act_is_not_before_1970_and_at_most_five_minutes_after_its_signature() -> None:
    check_dates(START, START)
    check_dates(START + MINUTES, START)
    check_dates(START, START + timedelta(days=20_000))
    for on, says in (
        (START - SECOND, "at 1969-12-31T23:59:59Z, before 1970"),
        (START + MINUTES + SECOND, "at 1970-01-01T00:05:01Z, after it is signed at 1970-01-01T00:00:00Z"),
    ):
        with pytest.raises(RecordError, match=says) as refused:
            check_dates(on, START)
        assert (refused.value.code, refused.value.hint[:16]) == ("FORM-DATE", "look at the year")


VALUES = one(
    0,
    on=9,
    at=9,
    public={"zero": 0, "no": False, "empty": "", "none": [], "both": "public"},
    sealed={"a": "b", "null": None, "here": "x", "kept": Unread.WITHHELD, "gone": Unread.ERASED, "both": "s", "o": {}},
)


def test_a_value_that_is_not_stated_or_not_read_here_is_the_default() -> None:
    assert [VALUES.get(name) for name in ("zero", "no", "empty", "both", "a")] == [0, False, "", "public", "b"]
    assert [VALUES.get(name, 7) for name in ("null", "kept", "gone", "other", "empty")] == [7, 7, 7, 7, ""]
    assert VALUES.get("other") is VALUES.get("kept") is None


def test_a_field_is_stated_if_it_is_not_empty_though_it_may_not_be_read_here() -> None:
    stated = ["zero", "no", "both", "a", "here", "kept", "gone"]
    fields = [*VALUES.public, *VALUES.sealed, "other"]
    assert {name for name in fields if VALUES.stated(name)} == set(stated)
    assert [name for name in dict.fromkeys(fields) if VALUES.erased(name)] == ["gone"]


def test_an_entry_reports_the_act_of_another_where_it_says_whose() -> None:
    assert (one(0, on=9, at=9).actor, one(0, on=9, at=9, whose="skylark").actor) == ("ilves", "skylark")


def test_an_act_is_after_its_signature_if_more_than_five_minutes_are_between_them() -> None:
    hours = timedelta(hours=1)
    assert one(0, on=9, at=10).ahead == -hours
    assert one(0, on=9, at=12, received=8).ahead == hours, "it was signed before it arrived"
    assert one(0, on=9, at=8, received=12).ahead == hours
    for extra, after in ((timedelta(0), False), (MINUTES, False), (MINUTES + SECOND, True)):
        entry = replace(one(0, on=9, at=9), on=datetime(2027, 3, 1, 9, tzinfo=UTC) + extra)
        assert entry.after_signature is after


def test_an_entry_of_another_log_replaces_one_by_its_place_there() -> None:
    noon = datetime(2027, 3, 1, 12, tzinfo=UTC)
    old = one(8, on=9, at=9, origin="ledger.test/xv", place=2)
    for place, index, counts in ((3, 7, True), (2, 9, False), (1, 9, False)):
        new = one(index, on=9, at=9, origin="ledger.test/xv", place=place, replaces=old.leaf)
        assert (replacements([old, new], noon) != {}) is counts


def joining(index: int = 4, **more: Any) -> Entry:
    said = {"public": {"first_order": "imported"}, "by": "skylark", "role": "SP", **more}
    return one(index, on=10, at=10, kind="duplicate-service-recorded", **said)


def imported(index: int = 2) -> Entry:
    """Return the first entry of the order that `joining` names."""
    return replace(one(index, on=9, at=9, by="skylark", speaks="import", whose="ilves"), order="imported", seq=1)


def about(kind: str, **more: Any) -> Entry:
    name = "settles" if kind == "court-ruled" else "about"
    return one(6, on=11, at=11, kind=kind, public={name: more.pop("leaf")}, **more)


NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("stranger", [{"role": "LAB"}, {"held": False}, {"origin": "ledger.test/xv", "received": 11}])
def test_an_office_without_a_say_about_an_arrival_joins_no_orders(stranger: dict[str, Any]) -> None:
    assert joined("o", [imported(), joining()], NOON) == ("imported",)
    assert joined("o", [imported(), joining(**stranger)], NOON) == ()


@pytest.mark.parametrize(
    "stranger",
    [
        {"role": "LAB"},
        {"role": "REG", "origin": "ledger.test/xv", "received": 11, "known_to": "ledger.test/xv"},
        {"role": "ISS", "origin": "ledger.test/xv", "received": 11},
    ],
)
def test_a_join_is_disputed_in_its_own_record_and_in_a_role_that_may(stranger: dict[str, Any]) -> None:
    join = joining()
    assert joined("o", [imported(), join, about("event-disputed", leaf=join.leaf)], NOON) == ()
    dispute = about("event-disputed", leaf=join.leaf, **stranger)
    assert joined("o", [imported(), join, dispute], NOON) == ("imported",)
    part = imported()
    assert part in Case("o", "2AP-7", (join, part, dispute), ()).known(NOON).entries


@pytest.mark.parametrize(
    ("ruling", "settled"),
    [
        ({"by": "court", "role": "CT"}, True),
        ({"by": "lab", "role": "LAB", "speaks": "observation", "whose": "court"}, True),
        ({"by": "skylark", "role": "SP", "speaks": "observation", "whose": "court"}, False),
        ({"by": "skylark", "role": "SP"}, False),
        ({"by": "court", "role": "CT", "origin": "ledger.test/xv", "received": 11}, False),
    ],
)
def test_a_dispute_of_a_join_is_settled_by_a_court_and_not_by_a_side(ruling: dict[str, Any], settled: bool) -> None:
    dispute = replace(about("event-disputed", leaf=joining().leaf), leaf="d" * 64, index=5)
    entries = [imported(), joining(), dispute, about("court-ruled", leaf=dispute.leaf, **ruling)]
    assert joined("o", entries, NOON) == (("imported",) if settled else ())
