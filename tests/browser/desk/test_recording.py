"""Two people take an order from its issue to the disclosure at the desk, each with a browser and a key of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("fido2", reason="needs the extra `server`")
pytest.importorskip("starlette", reason="needs the extra `server`")
pytest.importorskip("http_message_signatures", reason="needs the extra `server`")

from ledger.adapters.keys.open_key import open_key
from tests.browser.desk.people import PATIENCE, Worker
from tests.browser.support.webdriver import Browser
from tests.server.office import Office, serving
from tests.support.cli import House

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def house(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> House:
    """Return a ledger of two offices for each kind of browser."""
    return House(tmp_path_factory.mktemp("desk")).begun().with_office("ilves", "ISS").with_office("skylark", "SP")


@pytest.fixture(scope="module")
def office(house: House, signing_page: Path) -> Iterator[Office]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in house.env.items():
            patch.setenv(name, value)
        with serving(house.ledger, signing_page=signing_page.read_bytes()) as served:
            yield served


def worker(browser: Browser, office: Office, house: House, name: str, actor: str) -> Worker:
    file = house.keys / actor
    made = Worker(browser, office, name, actor, open_key(str(file)).public.hex(), file)
    made.enrol()
    return made


@pytest.fixture(scope="module")
def prosecutor(browser: Browser, office: Office, house: House) -> Worker:
    return worker(browser, office, house, "Dina Ilves", "ilves")


@pytest.fixture(scope="module")
def provider(
    browser: Browser, office: Office, house: House, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Worker]:
    """Return a second person, in another profile of the same kind of browser."""
    other = type(browser)(tmp_path_factory.mktemp("profile"), None)
    try:
        yield worker(other, office, house, "Sky Lark", "skylark")
    finally:
        other.close()


ISSUED = {
    "f.to_party": "XO",
    "f.case_ref": "47 Js 7/26",
    "f.providers.0": "skylark",
    "f.data_categories-1": "",
    "f.date_issued": "",
}


def issued(reference: str) -> dict[str, str]:
    return {**ISSUED, "f.reference": reference}


def test_an_order_goes_from_its_issue_to_the_disclosure_by_two_people(
    prosecutor: Worker, provider: Worker, office: Office
) -> None:
    place = prosecutor.record("/record/order-issued?f.instrument=VOL", issued("PPO-7"))
    order = place.split("/")[2].partition("#")[0]
    assert re.fullmatch(f"/orders/{order}#entry-1", place)
    assert "47 Js 7/26" in prosecutor.text()
    sent = {"f.addressee": "skylark", "f.channel": "mail"}
    assert prosecutor.record(f"/orders/{order}/record/order-transmitted", sent) == f"/orders/{order}#entry-2"
    provider.open("/orders?name=PPO-7")
    assert "47 Js 7/26" in provider.text()
    received = {"f.proof_kind": "own-stamp"}
    assert provider.record(f"/orders/{order}/record/order-received", received).endswith("#entry-3")
    data = {
        "f.partial-false": "",
        "f.channel": "mail",
        "f.manifest.elements.0": "name",
        "f.manifest.files.0.name": "return.zip",
        "f.manifest.files.0.size": "7",
        "f.manifest.files.0.sha256": "0" * 64,
    }
    assert provider.record(f"/orders/{order}/record/data-disclosed", data).endswith("#entry-4")
    assert "disclosed" in provider.text()
    case = office.journal.case(order)
    assert [(e.kind, e.by) for e in case.entries] == [
        ("order-issued", "ilves"),
        ("order-transmitted", "ilves"),
        ("order-received", "skylark"),
        ("data-disclosed", "skylark"),
    ]


def test_a_person_who_declines_to_sign_records_nothing_and_keeps_the_form(prosecutor: Worker, office: Office) -> None:
    before = office.running.view.size()
    prosecutor.open("/record/order-issued?f.instrument=VOL")
    prosecutor.fill(issued("PPO-8"))
    prosecutor.sign(agree=False)
    said = prosecutor.browser.wait("return document.getElementById('fault').innerText", PATIENCE)
    assert "SIGN-DECLINED" in said
    assert prosecutor.browser.run("return document.getElementById('f.reference').value") == "PPO-8"
    assert office.running.view.size() == before


def test_a_device_without_a_key_leads_to_the_keys_page(
    browser: Browser, office: Office, house: House, tmp_path: Path
) -> None:
    other = type(browser)(tmp_path, None)
    try:
        person = Worker(other, office, "New Person", "ilves", "11" * 32, house.keys / "none")
        person.open("/record/order-issued?f.instrument=VOL")
        person.fill(issued("PPO-9"))
        person.press("sign")
        link = other.wait("return document.querySelector('#fault a')?.pathname", PATIENCE)
        assert link == "/keys"
    finally:
        other.close()


def test_an_entry_of_another_person_appears_without_a_reload_and_leaves_the_part_in_which_a_person_is(
    prosecutor: Worker, provider: Worker
) -> None:
    place = prosecutor.record("/record/order-issued?f.instrument=VOL", issued("PPO-10"))
    order = place.split("/")[2].partition("#")[0]
    prosecutor.open(f"/orders/{order}")
    prosecutor.browser.run("window.same = true; document.querySelector('#part-papers summary').focus()")
    provider.record(f"/orders/{order}/record/order-received", {"f.proof_kind": "own-stamp"})
    prosecutor.browser.wait("return document.getElementById('entry-2') !== null", PATIENCE)
    assert prosecutor.browser.run("return window.same") is True
    assert prosecutor.browser.run("return document.querySelector('#part-papers summary') === document.activeElement")
    said = prosecutor.browser.wait("return document.getElementById('news').innerText", PATIENCE)
    assert "Order received" in said
    assert prosecutor.browser.run("return document.getElementById('news').getAttribute('role')") == "status"


def test_an_entry_that_another_person_recorded_first_makes_the_signing_page_ask_again(
    prosecutor: Worker, provider: Worker, office: Office
) -> None:
    place = prosecutor.record("/record/order-issued?f.instrument=VOL", issued("PPO-11"))
    order = place.split("/")[2].partition("#")[0]
    prosecutor.open(f"/orders/{order}/record/order-closed")
    prosecutor.fill({"f.outcome": "withdrawn"})
    prosecutor.press("sign")
    with prosecutor.signing_page() as page:
        page.wait("return document.querySelectorAll('.ticks input').length", PATIENCE)
    provider.record(f"/orders/{order}/record/order-received", {"f.proof_kind": "own-stamp"})
    prosecutor.agree()
    with prosecutor.signing_page() as page:
        page.wait("return document.querySelectorAll('.ticks input:not(:checked)').length === 2", PATIENCE)
    prosecutor.agree()
    assert prosecutor.recorded().endswith("#entry-3")
    assert [e.kind for e in office.journal.case(order).entries] == ["order-issued", "order-received", "order-closed"]


def bulk(prosecutor: Worker, orders: list[str]) -> None:
    """Choose orders on the list, and check one step for all of them."""
    prosecutor.open("/orders?lang=en&sort=order")
    prosecutor.browser.run(
        "for (const order of arguments[0]) document.querySelector(`.choose [value='${order}']`).click();"
        "document.getElementById('bulk-kind').value = 'order-closed';"
        "document.querySelector('#bulk button').id = 'bulk-begin'",
        orders,
    )
    prosecutor.press("bulk-begin")
    prosecutor.browser.wait("return location.pathname === '/bulk' && document.readyState === 'complete'", PATIENCE)
    prosecutor.browser.run(
        "document.getElementById('f.outcome').value = 'withdrawn';"
        "document.querySelector('#bulk-form .acts button').id = 'check-now'"
    )
    prosecutor.press("check-now")
    prosecutor.browser.wait(
        "return document.readyState === 'complete' && document.querySelectorAll('.bulk [data-recording]').length",
        PATIENCE,
    )


STATES = "return [...document.querySelectorAll('.bulk [data-recording]')].map((each) => each.dataset.state ?? '')"


def test_a_step_in_several_orders_is_signed_one_after_the_other_and_goes_on_after_a_stop(
    prosecutor: Worker, office: Office
) -> None:
    places = [prosecutor.record("/record/order-issued?f.instrument=VOL", issued(f"PPO-{n}")) for n in (21, 22, 23)]
    orders = [place.split("/")[2].partition("#")[0] for place in places]
    bulk(prosecutor, orders)
    prosecutor.press("sign-all")
    prosecutor.agree()
    prosecutor.browser.wait(f"{STATES}.filter((each) => each === 'recorded').length === 1", PATIENCE)
    prosecutor.agree(agree=False)  # the second one: the person stops
    prosecutor.browser.wait("return !document.getElementById('sign-all').disabled", PATIENCE)
    assert prosecutor.browser.run(STATES) == ["recorded", "", ""]
    assert "1 recorded, 0 failed or not certain, 2 left" in prosecutor.text()
    assert prosecutor.browser.run("return document.querySelectorAll('#bulk-form [name=o]').length") == 2
    prosecutor.press("sign-all")
    for count in (2, 3):
        prosecutor.agree()
        prosecutor.browser.wait(f"{STATES}.filter((each) => each === 'recorded').length === {count}", PATIENCE)
    assert [[e.kind for e in office.journal.case(order).entries] for order in orders] == [
        ["order-issued", "order-closed"]
    ] * 3


def test_an_entry_that_is_refused_leaves_the_others_of_a_bulk_step_as_they_are(
    prosecutor: Worker, office: Office
) -> None:
    places = [prosecutor.record("/record/order-issued?f.instrument=VOL", issued(f"PPO-{n}")) for n in (31, 32)]
    orders = [place.split("/")[2].partition("#")[0] for place in places]
    bulk(prosecutor, orders)
    prosecutor.browser.run(
        "const first = document.querySelector('.bulk [data-recording]');"
        "const { draft, permits } = JSON.parse(first.dataset.recording);"
        "first.dataset.recording = JSON.stringify({ draft: { ...draft, role: 'SP' }, permits })"
    )
    prosecutor.press("sign-all")
    prosecutor.agree()
    prosecutor.browser.wait(f"{STATES}.join() === 'failed,recorded'", PATIENCE)
    first, second = prosecutor.browser.run(
        "return [...document.querySelectorAll('.bulk [data-recording]')].map((each) => each.dataset.order)"
    )
    assert len(office.journal.case(first).entries) == 1
    assert len(office.journal.case(second).entries) == 2
