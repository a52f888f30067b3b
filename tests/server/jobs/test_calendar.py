"""A person subscribes to what their office may see, by an address that is secret and can be ended."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ledger.errors import RecordError
from server.identity.callers import Peers
from server.jobs.calendar import calendar_at, make_calendars, new_address
from server.jobs.settings import JobSettings, Settings
from server.jobs.state import JobStore
from server.jobs.table import Place
from tests.server.office import serving
from tests.support.cli import ledger_of, reply, run

icalendar = pytest.importorskip("icalendar", reason="needs the extra `calendar`")
NOW = datetime(2027, 6, 1, 9, tzinfo=UTC).timestamp()


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    return ledger_of("S2", tmp_path)


def make(ledger: Path) -> None:
    with closing(JobStore(ledger)) as store:
        make_calendars(Settings({}), store, Place(ledger, ledger, NOW))


def secret_of(path: str) -> str:
    return path.rpartition("/")[2]


def test_a_calendar_has_the_deadlines_of_the_office_and_is_read_with_its_secret_alone(mine: Path) -> None:
    path = new_address(mine, "ilves", "Dina")
    assert calendar_at(mine, secret_of(path)) == b""
    make(mine)
    content = calendar_at(mine, secret_of(path))
    assert content
    events = icalendar.Calendar.from_ical(content).walk("VEVENT")
    ends = [event["dtend"].dt for event in events if event["status"] == "CONFIRMED"]
    assert ends == [datetime(2027, 6, 10, tzinfo=UTC)]
    assert calendar_at(mine, "another") is None


def test_the_address_is_kept_as_a_digest_and_ends_when_it_is_revoked(mine: Path) -> None:
    secret = secret_of(reply("jobs", "calendar", "ilves", "--for", "Dina", ledger=mine)["path"])
    assert secret.encode() not in (mine / "jobs.db").read_bytes()
    again = secret_of(reply("jobs", "calendar", "ilves", "--for", "Dina", ledger=mine)["path"])
    assert calendar_at(mine, secret) is None
    assert calendar_at(mine, again) == b""
    assert run("jobs", "calendar", "ilves", "--for", "Dina", "--revoke", ledger=mine).exit_code == 0
    assert calendar_at(mine, again) is None
    assert run("jobs", "calendar", "ilves", "--for", "Dina", "--revoke", ledger=mine).exit_code == 2


def test_the_address_of_a_calendar_is_printed_for_a_person(mine: Path) -> None:
    said = run("jobs", "calendar", "ilves", "--for", "Dina", ledger=mine).stdout.strip()
    assert calendar_at(mine, secret_of(said)) == b""


def test_an_office_that_may_see_nothing_gets_no_calendar(mine: Path) -> None:
    with pytest.raises(RecordError, match="KEY-UNKNOWN"):
        new_address(mine, "nobody", "Dina")
    path = new_address(mine, "ilves", "Dina")
    make(mine)
    with closing(JobStore(mine)) as store:
        store._c.execute("UPDATE feed SET office = 'nobody'")
        make_calendars(Settings({}), store, Place(mine, mine, NOW))
    assert calendar_at(mine, secret_of(path)) == b""


def test_the_server_answers_at_the_address_while_the_job_is_on(mine: Path) -> None:
    path = new_address(mine, "ilves", "Dina")
    with serving(mine, jobs={"calendar": JobSettings()}, config=mine / "absent.toml") as office:
        assert office.send("GET", path).status == 204
        make(mine)
        reply_ = office.send("GET", path)
        assert (reply_.status, reply_.headers["content-type"].partition(";")[0]) == (200, "text/calendar")
        assert reply_.body.startswith(b"BEGIN:VCALENDAR")
        assert (office.send("GET", path + "x").status, office.send("GET", path + "x").code) == (404, "API-MISSING")
    with serving(mine) as office:
        assert office.send("GET", path).code == "API-MISSING"


def test_who_guesses_addresses_keeps_no_one_else_from_a_calendar(mine: Path) -> None:
    path = new_address(mine, "ilves", "Dina")
    proxied = Peers.of(["127.0.0.1"])
    with serving(
        mine, jobs={"calendar": JobSettings()}, config=mine / "absent.toml", rate=0.5, proxies=proxied
    ) as office:
        guesses = [office.send("GET", path + "x", headers={"x-forwarded-for": "192.0.2.1"}).code for _ in range(3)]
        assert guesses == ["API-MISSING", "API-RATE", "API-RATE"]
        assert office.send("GET", path, headers={"x-forwarded-for": "192.0.2.2"}).status == 204
