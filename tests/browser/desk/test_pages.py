"""The desk of the office server in browsers: accessible, on a phone, in the dark, checked while a form is filled in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.importorskip("fido2", reason="needs the extra `server`")
pytest.importorskip("starlette", reason="needs the extra `server`")
pytest.importorskip("http_message_signatures", reason="needs the extra `server`")

from server.desk.site import LANGUAGE
from server.identity.callers import SESSION
from tests.browser.support.webdriver import ENTER, ESCAPE, TAB, Browser, Chromium
from tests.server.desk.desk import person
from tests.server.office import Office, serving_story
from tests.support.cli import reply

pytestmark = pytest.mark.browser

PATIENCE = 20.0  # seconds
PAGES = (
    "/",
    "/orders",
    "/orders?day=due&since=x&finding=violation&sort=due",
    "/notices",
    "/persons",
    "/bulk?kind=order-closed&o={}",
    "/orders/{}",
    "/orders/{}/record",
    "/orders/{}/record/evidence-received",
    "/record/order-issued?f.instrument=EPOC",
    "/orders/{}?lang=de",
    "/orders/{}/record/order-closed?lang=fr",
)
BROKEN = "return axe.run().then(({violations}) => violations.map((v) => `${v.id}: ${v.nodes[0].html}`))"


@pytest.fixture(scope="module")
def house(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Serve a ledger to one kind of browser, in which a person has signed in."""
    with serving_story("S2", tmp_path_factory.mktemp("house"), signing="http://sign.localhost") as served:
        browser.open(f"http://localhost:{served.port}/sign-in")
        browser.set_cookie(SESSION, person(served, "Dina Ilves", "ilves").token)
        browser.set_cookie(LANGUAGE, "en")  # other tests chose one in this browser
        yield served


@pytest.fixture(scope="module")
def order(house: Office) -> str:
    return str(reply("orders", ledger=house.ledger)["orders"][0]["order"])


def show(browser: Browser, house: Office, path: str) -> None:
    mark = "&" if "?" in path else "?"
    browser.open(f"http://localhost:{house.port}{path}" + ("" if "lang=" in path else f"{mark}lang=en"))
    browser.run("document.querySelectorAll('details').forEach((each) => (each.open = true))")


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_accessible(browser: Browser, house: Office, order: str, axe: str, path: str) -> None:
    show(browser, house, path.format(order))
    assert browser.run(f"{axe}; {BROKEN}") == []


@pytest.mark.parametrize("path", PAGES)
def test_every_page_fits_a_phone_and_can_be_read_in_the_dark(
    browser: Browser, house: Office, order: str, axe: str, path: str
) -> None:
    if not isinstance(browser, Chromium):
        pytest.skip("only Chromium shows another width and colour scheme")
    try:
        browser.emulate(390, "dark")
        show(browser, house, path.format(order))
        assert browser.run("return document.documentElement.scrollWidth") == 390
        assert browser.run(f"{axe}; {BROKEN}") == []
    finally:
        browser.emulate()


def test_a_note_is_kept_by_keyboard_and_stays_while_an_entry_arrives(
    browser: Browser, house: Office, order: str
) -> None:
    show(browser, house, f"/orders/{order}")
    browser.press("w")
    browser.run("document.getElementById('note').focus()")
    browser.type("#note", "Rückfrage <b>offen</b>")
    for _ in range(3):
        if browser.run("return document.activeElement.value") == "note":
            break
        browser.press(TAB)
    browser.press(ENTER)
    browser.wait("return document.querySelector('.note .said') !== null", PATIENCE)
    assert browser.run("return document.querySelector('.note .said').innerText") == "Rückfrage <b>offen</b>"
    browser.run("[...document.querySelectorAll('[value=delete-note]')].at(0).focus()")
    browser.press(ENTER)
    browser.wait("return document.querySelector('.note') === null && document.readyState === 'complete'", PATIENCE)


def test_the_command_that_finds_a_person_is_made_in_the_page_and_quoted(browser: Browser, house: Office) -> None:
    show(browser, house, "/persons")
    browser.run(
        "for (const [id, value] of Object.entries(arguments[0])) document.getElementById(id).value = value;"
        "document.getElementById('value').dispatchEvent(new Event('input', { bubbles: true }))",
        {"value": "--as=x; $(id) O'Brien", "because": "Anfrage vom 3. Mai", "person": ""},
    )
    said = browser.run("return document.getElementById('command').innerText")
    assert said == (
        "comity subject find --purpose investigation --because 'Anfrage vom 3. Mai' --as ilves"
        " -- '--as=x; $(id) O'\\''Brien'"
    )
    browser.run("document.getElementById('value').focus()")
    browser.press(ENTER)
    assert browser.run("return location.pathname + location.search") == "/persons?lang=en", "nothing is sent"


def test_the_list_is_no_wider_than_the_page_in_every_language(browser: Browser, house: Office, order: str) -> None:
    if not isinstance(browser, Chromium):
        pytest.skip("only Chromium shows another width")
    try:
        browser.emulate(1280)
        for lang in ("en", "de", "fr"):
            show(browser, house, f"/orders?sort=order&lang={lang}")
            table, main = browser.run(
                "const main = document.querySelector('main'), style = getComputedStyle(main);"
                "return [document.querySelector('.list').offsetWidth,"
                " main.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight)]"
            )
            assert table <= main
    finally:
        browser.emulate()


def test_single_keys_lead_through_the_desk_and_a_person_may_switch_them_off(
    browser: Browser, house: Office, order: str
) -> None:
    show(browser, house, f"/orders/{order}")
    for key, part in (("f", "findings"), ("t", "story"), ("n", "next")):
        browser.press(key)
        assert browser.run("return document.activeElement.id") == part
    browser.press("k")
    assert browser.run("return document.activeElement.id").startswith("entry-")
    browser.press("?")
    assert browser.run("return document.getElementById('shortcuts').open")
    assert browser.run("return document.querySelectorAll('#shortcuts dt').length") > 8
    browser.press(ESCAPE)
    assert not browser.run("return document.getElementById('shortcuts').open")
    browser.press("/")
    assert browser.run("return document.activeElement.id") == "find"
    browser.press("o")
    assert browser.run("return document.activeElement.value") == "o", "it is typed, and leads nowhere"
    browser.run("document.activeElement.blur(); localStorage.setItem('comity-keys-off', '1')")
    try:
        browser.press("f")
        assert browser.run("return document.activeElement.id") != "findings"
    finally:
        browser.run("localStorage.removeItem('comity-keys-off')")


def form(browser: Browser, house: Office, order: str) -> None:
    show(browser, house, f"/orders/{order}/record/order-closed")


TYPE = """
const outcome = document.getElementById('f.outcome');
outcome.value = arguments[0];
outcome.dispatchEvent(new Event('change', { bubbles: true }));
"""


def test_what_would_be_signed_is_shown_while_the_form_is_filled_in(browser: Browser, house: Office, order: str) -> None:
    form(browser, house, order)
    browser.run(TYPE, "answered")
    browser.wait("return document.getElementById('sign') !== null", PATIENCE)
    assert "the order was answered" in browser.run("return document.getElementById('checked').innerText")
    browser.run(TYPE, "refused")
    assert browser.run("return document.getElementById('sign').disabled"), "until it is checked again"
    browser.wait("return document.getElementById('checked').innerText.includes('the order was refused')", PATIENCE)
    assert not browser.run("return document.getElementById('sign').disabled")


def test_an_error_has_the_focus_and_leads_to_its_field_by_keyboard(browser: Browser, house: Office, order: str) -> None:
    form(browser, house, order)
    browser.run("document.querySelector('.acts button').focus()")
    browser.press(ENTER)
    browser.wait("return document.activeElement.id === 'faults'", PATIENCE)
    browser.press(TAB)
    browser.press(ENTER)
    browser.wait("return location.hash === '#f.outcome'", PATIENCE)


def test_a_row_is_added_by_keyboard_and_has_the_focus(browser: Browser, house: Office, order: str) -> None:
    show(browser, house, f"/orders/{order}/record/order-corrected")
    browser.run("document.getElementById('f.changed_fields.add').focus()")
    browser.press(ENTER)
    browser.wait("return document.activeElement.id === 'f.changed_fields.1'", PATIENCE)


def test_a_moment_may_be_stated_in_the_time_zone_of_the_device(browser: Browser, house: Office, order: str) -> None:
    if not isinstance(browser, Chromium):
        pytest.skip("only Chromium takes another time zone")
    browser.devtools("Emulation.setTimezoneOverride", {"timezoneId": "America/Lima"})
    try:
        form(browser, house, order)
        browser.run(TYPE, "answered")
        browser.run("""
            document.getElementsByName('c.on')[0].value = '2027-04-01T09:15:37';
            document.getElementsByName('c.on@zone')[0].value = 'America/Lima';
        """)
        browser.run("document.querySelector('.acts button').focus()")
        browser.press(ENTER)
        browser.wait(
            "return document.getElementById('checked').innerText.includes('2027-04-01 14:15:37 UTC')", PATIENCE
        )
        assert browser.run("return document.getElementsByName('c.on@zone')[0].value") == "America/Lima"
    finally:
        browser.devtools("Emulation.setTimezoneOverride", {"timezoneId": ""})


def test_signing_in_leads_back_to_the_page_that_was_asked_for(house: Office, order: str, browser: Browser) -> None:
    if not isinstance(browser, Chromium):
        pytest.skip("only Chromium has a virtual authenticator")
    accounts = house.running.accounts
    account = accounts.add("New Person", "ilves").id
    with browser.authenticator():
        check_way_back(browser, house, order, accounts.make_code(account))


def check_way_back(browser: Browser, house: Office, order: str, code: str) -> None:
    browser.open(f"http://localhost:{house.port}/orders/{order}")
    assert browser.run("return location.pathname") == "/sign-in"
    browser.type("#code", code + ENTER)
    browser.wait(f"return location.pathname === '/orders/{order}'", PATIENCE)
    browser.open(f"http://localhost:{house.port}/sign-in")
    browser.wait("return !document.getElementById('in').hidden", PATIENCE)
    browser.open(f"http://localhost:{house.port}/sign-in?next=//evil.example/")
    browser.wait("return !document.getElementById('in').hidden", PATIENCE)
    assert browser.run("return location.origin") == f"http://localhost:{house.port}"
