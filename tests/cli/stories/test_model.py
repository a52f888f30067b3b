"""A story is read within bounds, names only what it has, and begins and ends with its facts."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from cli.exit_codes import Exit, Stop
from cli.stories import model
from cli.stories.model import Story, on_the_wire, read_story

HEAD = """
story = "T"
title = "A test"
source = "fictional"
[parties.XO]
name = "Orsinia"
zone = "Europe/Oslo"
[actors.ilves]
name = "Dina Ilves"
office = "Office"
party = "XO"
roles = ["ISS"]
[orders.main]
instrument = "2AP-7"
from = "XO"
to = "XO"
"""


def fact(**said: str) -> str:
    stated = {"type": '"order-issued"', "by": '"ilves"', "as": '"ISS"', "on": "2027-03-02T09:00:00Z", **said}
    return "[[facts]]\n" + "".join(f"{name} = {value}\n" for name, value in stated.items())


def story(*more: str) -> Story:
    return read_story((HEAD + "".join(more)).encode(), "T.toml")


def expected(as_of: str, order: str = "main") -> str:
    return f'[[expect]]\norder = "{order}"\nas_of = {as_of}\nstate = "ISSUED"\n'


def test_a_story_begins_a_day_before_its_first_fact_is_recorded_and_ends_with_the_last_thing_that_is_expected() -> None:
    first = fact(on="2027-03-01T00:30:00+02:00", at="2027-03-05T12:00:00Z")
    made = story(first, fact(on="2027-03-02T00:00:00Z"), fact(on="2027-03-04T00:00:00Z"))
    assert made.begins == datetime(2027, 3, 1, tzinfo=UTC)
    assert made.valid_from == date(2027, 2, 27), "in UTC"
    assert made.ends == datetime(2027, 3, 5, 12, tzinfo=UTC)
    assert [f.at for f in made.facts[:2]] == [made.ends, datetime(2027, 3, 2, tzinfo=UTC)]
    later = story(first, expected("2027-04-01T00:00:00Z"), expected("2027-03-31T00:00:00Z"))
    assert later.ends == datetime(2027, 4, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("roles", "key", "keeps"),
    [('["ADM"]', "own", True), ('["ISS", "ADM"]', "own", True), ('["ADM"]', "none", False), ('["ISS"]', "own", False)],
)
def test_the_registrar_is_the_actor_with_a_key_that_keeps_the_register(roles: str, key: str, keeps: bool) -> None:
    keeper = f'[actors.keeper]\nname = "K"\noffice = "O"\nparty = "XO"\nroles = {roles}\nkey = "{key}"\n'
    assert story(keeper, fact()).registrar == ("keeper" if keeps else None)


OTHER = '[actors.other]\nname = "O"\noffice = "O"\nparty = "{}"\nroles = ["SP"]\nkey = "none"\n'


@pytest.mark.parametrize(
    ("more", "says"),
    [
        pytest.param(OTHER.format("XV"), "actors.other.party: 'XV' is not in this story (there are XO)", id="party"),
        pytest.param(
            '[parties.XV]\nname = "V"\nzone = "UTC"\ndesignates = { D-1 = "nobody" }\n',
            "parties.XV.designates.D-1: 'nobody' is not in this story (there are ilves)", id="designated",
        ),
        pytest.param(
            '[orders.o]\ninstrument = "2AP-7"\nfrom = "XV"\nto = "XO"\n', "orders.o.from: 'XV' is not", id="from"
        ),
        pytest.param('[orders.o]\ninstrument = "2AP-7"\nfrom = "XO"\nto = "XV"\n', "orders.o.to: 'XV' is not", id="to"),
        pytest.param(fact(by='"x"'), "fact 1 (order-issued): by: 'x' is not in this story", id="by"),
        pytest.param(
            OTHER.format("XO") + fact(by='"other"', label='"a"'), "fact 1 (a): other has no key and signs", id="no-key"
        ),
        pytest.param(fact(order='"x"'), "fact 1 (order-issued): order: 'x' is not in this story", id="order"),
        pytest.param(fact(on="2027-03-02T09:00:00"), "fact 1 (order-issued): on needs its offset or Z", id="on"),
        pytest.param(fact(at="2027-03-02T09:00:00"), "fact 1 (order-issued): at needs its offset or Z", id="at"),
        pytest.param(
            fact(label='"a"', order='"main"') * 2, "fact 2 (a): the label a is taken in this order", id="label-twice"
        ),
        pytest.param(fact() + expected("2027-03-02T09:00:00Z", "x"), "expectation 1: order: 'x' is not", id="expected"),
        pytest.param(
            fact() + expected("2027-03-02T09:00:00Z") + '[[expect_view]]\norder = "x"\naudience = "CT"\n',
            "expectation 2: order: 'x' is not", id="expected-view",
        ),
        pytest.param(fact() + expected("2027-03-02T09:00:00"), "as_of needs its offset or Z", id="as-of"),
    ],
)  # fmt: skip
def test_what_a_story_names_is_in_it(more: str, says: str) -> None:
    with pytest.raises(Stop) as stopped:
        story(more, "" if "[[facts]]" in more else fact())
    assert stopped.value.message.startswith(f"T.toml: {says}")
    assert (stopped.value.hint, stopped.value.code) == (
        "the format of a story: fixtures/stories/README.md", Exit.UNDECIDABLE,
    )  # fmt: skip


def test_the_same_label_may_stand_in_the_register_and_in_each_order() -> None:
    other = '[orders.other]\ninstrument = "2AP-7"\nfrom = "XO"\nto = "XO"\n'
    facts = [fact(label='"a"', **order) for order in ({}, {"order": '"main"'}, {"order": '"other"'})]
    assert [f.label for f in story(other, *facts, fact(), fact()).facts] == ["a", "a", "a", None, None]


def bounded(raw: bytes) -> str:
    try:
        model._check_bounds(raw)
    except ValueError as wrong:
        return str(wrong)
    return ""


def test_bytes_that_would_take_minutes_to_read_are_refused_by_line() -> None:
    assert bounded(b"x\n" + b"." * 500) == ""
    assert bounded(b"x\n" + b"." * 501) == "line 2: more than 500 dots, which would make a key of as many parts"
    assert bounded(b"1" * 999) == bounded(b"1" * 999 + b"\n" + b"1" * 999) == ""
    assert bounded(b"x = " + b"F_" * 500) == "line 1: a number of too many digits"
    assert bounded(b" " * (1 << 22)) == ""
    assert bounded(b" " * ((1 << 22) + 1)) == "4194305 bytes are too many for a story"


def test_a_story_that_is_not_utf_8_is_told_where() -> None:
    with pytest.raises(Stop, match=r"^T: not UTF-8 at byte 3$") as stopped:
        read_story(b"abc\xff", "T")
    assert stopped.value.code is Exit.UNDECIDABLE


@pytest.mark.parametrize(
    ("value", "wire"),
    [
        (datetime(2027, 3, 1, 2, tzinfo=timezone(timedelta(hours=2))), "2027-03-01T00:00:00Z"),
        (date(2027, 3, 1), "2027-03-01"),
        ({"a": [date(2027, 3, 1), 1]}, {"a": ["2027-03-01", 1]}),
        ("text", "text"),
        (True, True),
    ],
)
def test_moments_and_days_are_written_as_on_the_wire(value: Any, wire: Any) -> None:
    assert on_the_wire(value) == wire


def test_a_moment_of_a_field_needs_its_offset() -> None:
    with pytest.raises(Stop, match="2027-03-01T00:00:00 needs its offset or Z") as stopped:
        on_the_wire([datetime(2027, 3, 1)])  # noqa: DTZ001
    assert stopped.value.code is Exit.UNDECIDABLE
