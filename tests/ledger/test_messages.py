"""A message survives JSON with its values, whatever the values say."""

from __future__ import annotations

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.messages import (
    Capitalised,
    Code,
    Day,
    LongDay,
    Message,
    Moment,
    OfficeName,
    Weekday,
    built,
    either,
    joined,
    made,
    rebuilt,
)  # fmt: skip
from projections.render.translation import translation

DAYS = st.dates(date(1, 1, 1), date(9999, 12, 31))
LEAVES = st.one_of(
    st.text(),
    st.integers(),
    st.booleans(),
    st.none(),
    st.builds(Code, st.text(), st.text()),
    st.builds(OfficeName, st.text(), st.dictionaries(st.text(), st.text())),
    st.builds(Day, DAYS),
    st.builds(LongDay, DAYS),
    st.builds(Weekday, DAYS),
    st.builds(Moment, st.datetimes()),
    st.builds(Capitalised, st.text()),
)
MESSAGES = st.recursive(
    LEAVES,
    lambda inner: st.builds(lambda a, b: Message("try {0} again, {1}", a, b), inner, inner),
    max_leaves=6,
).map(lambda value: Message("{0}", value))


@given(MESSAGES)
def test_a_message_is_the_same_after_json_in_each_language(message: Message) -> None:
    again = rebuilt(json.loads(json.dumps(built(message))))
    assert (again, type(again), again.id) == (message, Message, message.id)
    assert translation("de").words(again) == translation("de").words(message)


@pytest.mark.parametrize("value", [{}, {"id": "x"}, {"values": []}, {"days": "2027-03-01"}])
def test_json_that_is_no_message_is_refused(value: object) -> None:
    with pytest.raises(ValueError):
        rebuilt(value)


def test_words_with_or_between_them_keep_each_its_values() -> None:
    assert either(("SP",)) == "SP"
    some = either(("SP", "REG", "ISS"))
    assert (some, translation("de").words(some)) == ("SP or REG or ISS", "SP oder REG oder ISS")


def test_a_message_that_is_made_once_more_stays_what_it_is() -> None:
    said = joined("; ", (Message("try again"), "a name"))
    assert made(said) is said
    assert (made("try again").id, made("try again").values) == ("try again", ())
