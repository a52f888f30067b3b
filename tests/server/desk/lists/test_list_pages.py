"""A list as a page, as CSV and as a calendar: the same orders, and nothing that the page does not show."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

pytest.importorskip("starlette", reason="needs the extra `server`")

from ledger.entries.placement import access_of
from server.access import Caller
from server.desk.accesses import AccessLog
from tests.server.desk.desk import Person, person, words
from tests.server.office import Office, serving
from tests.support.cli import ledger_of, run

pytestmark = pytest.mark.usefixtures("order")


def caller(office: Office, actor: str) -> Caller:
    return office.running.view.keyring.person("", actor, (), frozenset())


def test_a_list_as_csv_has_the_orders_of_the_page(prosecutor: Person, order: str) -> None:
    reply = prosecutor.get("/orders.csv?instrument=2AP-7")
    assert reply.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(reply.body.decode("utf-8-sig"))))
    assert [row["order"] for row in rows] == [order]
    assert rows[0]["case"] == "KA-2027-0311"
    assert len(list(csv.DictReader(io.StringIO(prosecutor.get("/orders.csv?instrument=EPOC").body.decode())))) == 0


def test_a_list_as_a_calendar_has_the_deadlines_that_can_still_be_met(prosecutor: Person) -> None:
    icalendar = pytest.importorskip("icalendar", reason="needs the extra `calendar`")
    reply = prosecutor.get("/orders.ics")
    events = icalendar.Calendar.from_ical(reply.body).walk("VEVENT")
    assert [str(event["summary"]) for event in events]
    assert all("KA-2027-0311" in str(event["summary"]) for event in events)


def test_the_events_of_a_list_are_those_of_the_calendar_of_the_ledger(
    prosecutor: Person, office: Office, order: str
) -> None:
    icalendar = pytest.importorskip("icalendar", reason="needs the extra `calendar`")
    from projections.exchange.icalendar_file import calendar_file
    from projections.views.due import followed

    case, now = office.running.view.case(caller(office, "ilves"), order), office.running.view.now()
    whole = calendar_file(followed(case, now), {order: "x"}, office.running.view.origin, now, {})
    known = {str(e["uid"]) for e in icalendar.Calendar.from_ical(whole).walk("VEVENT")}
    listed = {str(e["uid"]) for e in icalendar.Calendar.from_ical(prosecutor.get("/orders.ics").body).walk("VEVENT")}
    assert listed <= known


def test_a_calendar_without_a_deadline_is_a_page_that_says_so(prosecutor: Person) -> None:
    reply = prosecutor.get("/orders.ics?time=none")
    assert reply.status == 404
    assert "there is no calendar" in words(reply)


@pytest.mark.parametrize("name", ["orders", "orders.csv", "orders.ics"])
def test_a_list_is_for_people_who_have_signed_in(office: Office, name: str) -> None:
    reply = office.send("GET", f"/{name}")
    assert (reply.status, reply.headers["location"].partition("?")[0]) == (303, "/sign-in")


def test_every_column_of_the_list_sorts_it(prosecutor: Person) -> None:
    page = words(prosecutor.get("/orders"))
    for column in ("order", "provider", "made", "last", "due", "acts", "findings", "state"):
        assert f"sort={column}" in page
    assert 'aria-sort="ascending"' in words(prosecutor.get("/orders?sort=order"))


# -- who opened sealed values ------------------------------------------------------------------------------------------


def test_the_page_of_an_order_says_who_may_see_who_opened_sealed_values(prosecutor: Person, order: str) -> None:
    assert "Only auditors, administrators and data protection officers" in words(prosecutor.get(f"/orders/{order}"))


def test_who_opened_sealed_values_is_shown_to_no_other_role(office: Office, order: str) -> None:
    view = office.running.view
    log = AccessLog(view)
    for actor in ("ilves", "harbor"):
        assert log.of(caller(office, actor), order) is None
    assert not view.behind(caller(office, "harbor"), access_of(view.origin), 0)


def test_an_opening_is_shown_to_a_data_protection_officer_with_its_purpose_and_not_why(tmp_path: Path) -> None:
    ledger = ledger_of("S2", tmp_path)
    done = run(
        "timeline", "main", "--reveal", "--because", "Grund-7", "--person", "Olga Vaht", "--as", "ilves", ledger=ledger
    )
    assert done.exit_code == 0, done.output
    with serving(ledger) as office:
        view = office.running.view
        order = view.orders_since(0)[1][0]
        officer = Caller("", "dpo", "XO", frozenset(("DPO",)), account="a")
        log = AccessLog(view)
        for _ in range(2):  # the second one reads only what is new
            (entry,) = log.of(officer, order) or []
            assert (entry.actor, entry.purpose) == ("ilves", "investigation")
        assert "Grund-7" not in repr(entry)
        assert log.of(officer, "11111111-1111-4111-8111-111111111111") == []
        page = words(person(office, "Dina Ilves", "ilves").get(f"/orders/{order}"))
        assert "Olga Vaht" not in page


def test_the_page_of_an_order_has_each_part_once_and_links_to_it(prosecutor: Person, order: str) -> None:
    page = words(prosecutor.get(f"/orders/{order}"))
    for part in ("next", "clocks", "findings", "custody", "story", "papers", "accesses", "linked"):
        assert page.count(f' id="{part}"') == 1
        assert page.count(f'href="#{part}"') == 1
