"""Moments in the zone of the office, days as people write them, periods in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.exit_codes import Stop
from cli.session.local_time import typed_day, typed_period
from ledger.facts import build
from tests.support.cli import House, run

BOOK = (
    "party,zone,actor,name,roles,key\nXO,Europe/Oslo,ilves,Office,ISS,new\n"
    "XA,America/New_York,away,Office Away,ISS,new\nXV,Europe/Dublin,skylark,Skylark,SP,\n"
)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    folder = tmp_path_factory.mktemp("zones")
    (folder / "offices.csv").write_text(BOOK)
    house = House(folder).begun()
    assert house.run("offices", "add", str(folder / "offices.csv")).exit_code == 0
    issue = ("issue", "--instrument", "VOL", "--to", "XV", "--provider", "skylark", "--reference", "P-1")
    assert house.run(*issue, "--on", "2026-01-01T00:00:00Z", "--as", "ilves").exit_code == 0
    return house


def dry(house: House, *words: str) -> tuple[str, str]:
    """Return the moment of a transmission that is not recorded, and what was said about it."""
    said = ("record", "order-transmitted", "P-1", "-f", "addressee=skylark", "-f", "channel=post", *words, "--dry-run")
    answer = house.reply(*said)
    return answer["on"], house.run(*said).stderr


@pytest.mark.parametrize(
    ("typed", "moment"),
    [
        ("2026-03-26", "2026-03-25T23:00:00Z"),
        ("26.3.2026", "2026-03-25T23:00:00Z"),
        ("2026-03-26 14:30", "2026-03-26T13:30:00Z"),
        ("2026-03-26T14:30:05", "2026-03-26T13:30:05Z"),
        ("26.03.2026 14:30", "2026-03-26T13:30:00Z"),
        ("2026-07-26 14:30", "2026-07-26T12:30:00Z"),
    ],
)
def test_a_moment_without_an_offset_is_in_the_zone_of_the_office_and_the_zone_is_named(
    house: House, typed: str, moment: str
) -> None:
    on, said = dry(house, "--on", typed, "--as", "ilves")
    assert on == moment
    assert f"--on {typed} is {moment}: " in said
    assert " in Europe/Oslo, the zone of XO" in said


def test_the_zone_is_that_of_the_office_that_signs_wherever_its_option_stands(house: House) -> None:
    assert dry(house, "--on", "2026-03-26 14:30", "--as", "away")[0] == "2026-03-26T18:30:00Z"
    assert dry(house, "--as", "away", "--on", "2026-03-26 14:30")[0] == "2026-03-26T18:30:00Z"
    assert "America/New_York, the zone of XA" in dry(house, "--on", "2026-03-26 14:30", "--as", "away")[1]


def test_with_an_offset_nothing_is_said_about_a_zone(house: House) -> None:
    on, said = dry(house, "--on", "2026-03-26T14:30:00+05:00", "--as", "ilves")
    assert (on, "zone of" in said) == ("2026-03-26T09:30:00Z", False)


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("2025-10-26 02:30", "2025-10-26T00:30:00Z (02:30 at +02:00) or 2025-10-26T01:30:00Z (02:30 at +01:00)"),
        ("2025-03-30 02:30", "2025-03-30T00:30:00Z (01:30 at +01:00) or 2025-03-30T01:30:00Z (03:30 at +02:00)"),
        ("03/04/2026", "2026-03-04 or 2026-04-03"),
        ("26/11/2026", "2026-11-26"),
        ("03/04/27", "another day elsewhere: 2027-03-04 or 2027-04-03"),
        ("26.11.26", "the year in four digits"),
        ("31.02.2026", "no moment of the calendar"),
        ("soon", "is not a moment"),
    ],
)
def test_what_two_readers_could_read_differently_is_refused_with_the_candidates(
    house: House, typed: str, says: str
) -> None:
    done = house.run("record", "order-closed", "P-1", "-f", "outcome=answered", "--on", typed, "--as", "ilves")
    assert done.exit_code == 2
    assert says in " ".join(done.stderr.split())


def test_a_reading_command_takes_the_zone_of_the_registrar(house: House) -> None:
    done = house.run("show", "P-1", "--as-of", "2026-05-01")
    assert "--as-of 2026-05-01 is 2026-04-30T22:00:00Z: 2026-05-01 00:00 in Europe/Oslo, the zone of XO" in done.stderr


def test_without_a_register_that_has_the_zone_an_offset_is_asked_for(tmp_path: Path) -> None:
    bare = House(tmp_path).furnished()
    done = bare.run("show", "PPO-1", "--as-of", "2026-05-01 10:00")
    assert (done.exit_code, "needs its offset or Z" in done.stderr) == (2, True)
    assert "needs its offset" in run("show", "PPO-1", "--as-of", "2026-05-01 10:00").stderr


# -- days and periods --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["2026-11-26", "26.11.2026"])
def test_a_day_is_read_as_the_office_writes_it(typed: str) -> None:
    assert typed_day(typed, "review_on").isoformat() == "2026-11-26"


@pytest.mark.parametrize("typed", ["2026-11-26 10:00", "11/12/2026", "tomorrow", "2026-02-30"])
def test_what_is_no_day_is_refused(typed: str) -> None:
    with pytest.raises(Stop):
        typed_day(typed, "review_on")


@pytest.mark.parametrize(
    ("typed", "period"),
    [
        ("20 days", "P20D"),
        ("1 day", "P1D"),
        ("10 hours", "PT10H"),
        ("2 weeks", "P2W"),
        ("1 month", "P1M"),
        ("1 month and 3 days", "P1M3D"),
        ("1 day, 12 hours", "P1DT12H"),
        ("P20D", "P20D"),
        ("PT10H", "PT10H"),
    ],
)
def test_a_period_in_words_is_one_of_the_wire(typed: str, period: str) -> None:
    assert typed_period(typed, "--within") == period
    parties = {"instrument": "EPOC", "from_party": "XO", "to_party": "XV"}
    build("order-issued", {**parties, "return_timeframe": period}, {})


@pytest.mark.parametrize("typed", ["20", "soon", "20 moons", "2 days 3 days", "1 week 2 days", ""])
def test_what_is_no_period_is_refused_with_an_example(typed: str) -> None:
    with pytest.raises(Stop) as stop:
        typed_period(typed, "--within")
    assert "'20 days'" in stop.value.hint


def test_commands_take_periods_in_words_wherever_they_ask_for_one(house: House) -> None:
    issue = ("issue", "--instrument", "EPOC", "--to", "XV", "--as", "ilves", "--dry-run")
    for words in (("--within", "20 days"), ("-f", "return_timeframe=20 days")):
        assert house.reply(*issue, *words)["public"]["return_timeframe"] == "P20D"
    assert house.run("due", "--within", "14 days").exit_code in (0, 3)
    assert "20 of what?" in house.run(*issue, "--within", "20").stderr
